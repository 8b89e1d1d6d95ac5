// cgen/main_file.c: sg_main.c: the program's entry in the shape that the runtime calls, its tests, and C's main.
#include "cgen/cgen_internal.h"

#define T(text) (int)(text).length, (text).data

static void write_symbol_prototype(const Generation *g, uint32_t index, Buffer *out) {
    write_prototype(g, g->core->functions[index], false, out);
    buffer_literal(out, ";\n");
}

// Result<void, E>: NULL for Ok, else what the error shows as.
static void write_result_entry(const Generation *g, const CoreFunction *f, const char *parameter, const char *argument,
                               Buffer *out) {
    const Layouts *l = &g->layouts;
    const Layout *result = layout_of(l, f->result), *base = layout_base(l, result);
    uint32_t err = base->variant_count > 1 ? 1 : 0;
    const LayoutVariant *variant = &base->variants[err];
    const Layout *error = variant->field_count > 0 ? &l->items[variant->fields[0].layout] : NULL;
    const char *content = base->is_boxed ? "result->content." : "result.";
    Buffer type = buffer_in(out->arena), error_type = buffer_in(out->arena), field = buffer_in(out->arena);
    write_declarator(l, result, TEXT("result"), &type);
    if (error != NULL) {
        write_descriptor_name(l, error, &error_type);
        write_field_name(g->program, &variant->fields[0], 0, &field);
    }
    buffer_format(out, "static SiStr *run_main(SiTask *task%s) {\n    %.*s", parameter, (int)type.length, type.data);
    if (result->is_aggregate)
        buffer_format(out, ";\n    %.*s(task, &result%s);\n", T(f->symbol), argument);
    else
        buffer_format(out, " = %.*s(task%s);\n", T(f->symbol), argument);
    buffer_literal(out, "    SiStr *text = 0;\n");
    if (error != NULL)
        buffer_format(out, "    if (%stag == %u) text = si_show(task, &%sas.v%u.%.*s, &%.*s);\n", content, err, content,
                      err, (int)field.length, field.data, (int)error_type.length, error_type.data);
    if (result->is_counted) {
        Buffer descriptor = buffer_in(out->arena);
        write_descriptor_name(l, result, &descriptor);
        buffer_format(out, "    si_value_release(task, &result, &%.*s);\n", (int)descriptor.length, descriptor.data);
    }
    buffer_literal(out, "    return text;\n}\n");
}

static const char *write_entry(const Generation *g, bool *takes_args, Buffer *out) {
    const CoreFunction *f = g->core->functions[g->core->entry];
    const Layout *base = layout_base(&g->layouts, layout_of(&g->layouts, f->result));
    *takes_args = f->parameter_count > 0;
    const char *parameter = *takes_args ? ", SiList *args" : "", *argument = *takes_args ? ", args" : "";
    if (base->kind == LAYOUT_SUM) {
        write_result_entry(g, f, parameter, argument, out);
        return "SI_MAIN_RESULT";
    }
    bool is_int = base->kind == LAYOUT_INT;
    buffer_format(out, "static %s run_main(SiTask *task%s) { %s%.*s(task%s); }\n", is_int ? "int64_t" : "void",
                  parameter, is_int ? "return " : "(void)", T(f->symbol), argument);
    return is_int ? "SI_MAIN_INT" : "SI_MAIN_VOID";
}

static void write_optional(Text text, Buffer *out) {
    if (text.data == NULL)
        buffer_literal(out, "0");
    else
        write_c_string(text, out);
}

static void write_tests(const Generation *g, Buffer *out) {
    const Program *p = g->program;
    for (uint32_t t = 0; t < g->core->test_count; t++) {
        const CoreFunction *f = g->core->functions[g->core->tests[t]];
        const Layout *result = layout_of(&g->layouts, f->result);
        buffer_format(out, "static void run_test_%u(SiTask *task) { ", t);
        if (result->is_aggregate || result->is_counted) { // a test is void, but nothing here rests on that
            Buffer type = buffer_in(out->arena), descriptor = buffer_in(out->arena);
            write_declarator(&g->layouts, result, TEXT("result"), &type);
            write_descriptor_name(&g->layouts, result, &descriptor);
            buffer_format(out, result->is_aggregate ? "%.*s; %.*s(task, &result); " : "%.*s = %.*s(task); ",
                          (int)type.length, type.data, T(f->symbol));
            buffer_format(out, "si_value_release(task, &result, &%.*s); }\n", (int)descriptor.length, descriptor.data);
        } else
            buffer_format(out, "(void)%.*s(task); }\n", T(f->symbol));
    }
    buffer_literal(out, "static const SiTest tests[] = {\n");
    for (uint32_t t = 0; t < g->core->test_count; t++) {
        const Function *f = &p->functions[g->core->functions[g->core->tests[t]]->function.index];
        const Module *m = &p->modules[f->module.index];
        buffer_literal(out, "    {");
        write_c_string(m->name, out);
        buffer_literal(out, ", ");
        write_c_string(names_text(p->names, f->name), out);
        buffer_format(out, ", run_test_%u, ", t);
        write_c_string(m->source == NULL ? m->name : m->source->path, out);
        buffer_format(out, ", %u, %u, ", f->line, f->column);
        write_optional(f->skip, out);
        buffer_literal(out, ", ");
        write_optional(f->fail, out);
        buffer_literal(out, ", ");
        Buffer targets = buffer_in(out->arena);
        for (uint32_t i = 0; i < f->target_count; i++) {
            if (i > 0) buffer_char(&targets, ',');
            buffer_text(&targets, names_text(p->names, p->functions[f->targets[i].index].name));
        }
        write_c_string((Text){targets.data, (uint32_t)targets.length}, out);
        buffer_literal(out, "},\n");
    }
    buffer_literal(out, "};\n");
}

void write_main_file(const Generation *g, FilePlan *file, Arena *arena) {
    const Layouts *l = &g->layouts;
    TypeNeeds needs = type_needs(l, arena);
    bool with_tests = g->options->with_tests && g->core->test_count > 0;
    bool has_entry = g->core->entry != 0 && !g->options->with_tests;
    Buffer prototypes = buffer_in(arena), body = buffer_in(arena);
    const char *shape = "SI_MAIN_NONE";
    bool takes_args = false;
    uint32_t args = 0;
    if (has_entry) {
        const CoreFunction *f = g->core->functions[g->core->entry];
        need_signature(&needs, f);
        write_symbol_prototype(g, g->core->entry, &prototypes);
        const Layout *result = layout_of(l, f->result), *base = layout_base(l, result);
        if (base->kind == LAYOUT_SUM) {
            need_type(&needs, (uint32_t)(result - l->items), USE_DESCRIPTOR);
            need_type(&needs, result->base, USE_COMPLETE);
            for (uint32_t v = 0; v < base->variant_count; v++)
                for (uint32_t i = 0; i < base->variants[v].field_count; i++)
                    need_type(&needs, base->variants[v].fields[i].layout, USE_DESCRIPTOR);
        }
        if (f->parameter_count > 0) {
            args = (uint32_t)(layout_of(l, f->locals[1].type) - l->items);
            need_type(&needs, args, USE_DESCRIPTOR);
        }
        shape = write_entry(g, &takes_args, &body);
    }
    if (with_tests) {
        for (uint32_t t = 0; t < g->core->test_count; t++) {
            const Layout *result = layout_of(l, g->core->functions[g->core->tests[t]]->result);
            if (result->is_counted || result->is_aggregate)
                need_type(&needs, (uint32_t)(result - l->items), USE_DESCRIPTOR);
            need_signature(&needs, g->core->functions[g->core->tests[t]]);
            write_symbol_prototype(g, g->core->tests[t], &prototypes);
        }
        write_tests(g, &body);
    }
    Buffer whole = buffer_in(arena), *out = &whole;
    buffer_literal(out, "// entry and tests. Written by sigil.\n#include \"si.h\"\n\n");
    write_structs(&needs, out);
    write_descriptors(&needs, out);
    buffer_bytes(out, prototypes.data, prototypes.length);
    buffer_literal(out, "int main(int argc, char **argv);\n\n");
    buffer_bytes(out, body.data, body.length);
    buffer_literal(out, "const SiProgram sg_program = {");
    write_c_string(g->options->program_name, out);
    buffer_format(out, ", %s, %u, %s, ", shape, takes_args, has_entry ? "(SiCode)run_main" : "0");
    if (args != 0) {
        buffer_char(out, '&');
        write_descriptor_name(l, &l->items[args], out);
    } else
        buffer_literal(out, "0");
    buffer_format(out, ", %s, %u};\n\n", with_tests ? "tests" : "0", with_tests ? g->core->test_count : 0);
    buffer_literal(out, "int main(int argc, char **argv) { return si_main(argc, argv, &sg_program); }\n");
    file->name = TEXT("sg_main.c");
    file->content = buffer_finish(out);
    for (uint32_t i = 0; i < needs.list.count; i++)
        if ((needs.uses[needs.list.items[i]] & USE_DESCRIPTOR) != 0)
            vec_push(arena, &file->descriptors, needs.list.items[i]);
}

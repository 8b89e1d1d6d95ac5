// query/item_names.c: what the number of a traced item stands for, in words. Only when somebody looks at the trace: while
// the stages run, numbers are recorded and nothing else.
#include "query/workspace_internal.h"

static void print_name(const Program *program, NameId name, Buffer *out) {
    buffer_text(out, names_text(program->names, name));
}

// `module.function`, `module.Type.method`, `module.Trait.method`
static void print_function(const Program *program, FunctionId id, Buffer *out) {
    const Function *function = &program->functions[id.index];
    buffer_text(out, program->modules[function->module.index].name);
    buffer_char(out, '.');
    if (function->impl.index != 0) {
        const ImplDecl *impl = &program->impls[function->impl.index];
        type_print(program, impl->self_type, &impl->generics, out);
        buffer_char(out, '.');
    } else if (function->trait.index != 0) {
        print_name(program, program->traits[function->trait.index].name, out);
        buffer_char(out, '.');
    }
    print_name(program, function->name, out);
}

// The bodies that were checked together with this one, which is the first of them.
static void print_bodies(const Program *program, FunctionId first, Buffer *out) {
    uint32_t length = body_batch_length(program, first);
    print_function(program, first, out);
    if (length > 1) buffer_format(out, " and %u more", length - 1);
}

// The same with type arguments and, for a lambda, its number.
static void print_core_function(const CoreProgram *core, uint32_t index, Buffer *out) {
    const CoreFunction *function = core->functions[index];
    print_function(core->program, function->function, out);
    for (uint32_t i = 0; i < function->argument_count; i++) {
        buffer_text(out, i == 0 ? TEXT("[") : TEXT(", "));
        type_print(core->program, function->arguments[i], NULL, out);
        if (i + 1 == function->argument_count) buffer_char(out, ']');
    }
    if (function->lambda != 0) buffer_format(out, " lambda %u", function->lambda);
}

void workspace_item_name(const Workspace *ws, WorkKind kind, uint32_t item, Buffer *out) {
    const Program *program = ws->program;
    const CoreProgram *core = ws->core;
    switch (work_kind_noun(kind)) {
    case NOUN_NONE:
        break;
    case NOUN_FILE:
        if (item < ws->file_count)
            buffer_text(out, ws->sources[item].path);
        else
            buffer_literal(out, "part of a large file");
        break;
    case NOUN_MODULE:
        if (program != NULL && item <= program->module_count) buffer_text(out, program->modules[item].name);
        break;
    case NOUN_MODULE_BEFORE:
        if (program != NULL && item < program->module_count) buffer_text(out, program->modules[item + 1].name);
        break;
    case NOUN_FUNCTION:
        if (program != NULL && program->functions != NULL && item < program->function_count)
            print_bodies(program, (FunctionId){item + 1}, out);
        break;
    case NOUN_INSTANCE:
        if (core != NULL && item < core->instance_count) print_core_function(core, core->instances[item], out);
        break;
    case NOUN_CORE_FUNCTION:
        if (core != NULL && item < core->function_count) print_core_function(core, item + 1, out);
        break;
    case NOUN_C_FILE:
        if (ws->has_output && item < ws->output.planned_count) buffer_text(out, ws->output.planned[item]);
        break;
    case NOUN_C_TYPES_FILE:
        buffer_format(out, "sg_types_%02u.c", item);
        break;
    }
}

// tests/unit/program_helper.c: see program_helper.h.
#include "tests/unit/program_helper.h"
#include "base/file.h"
#include "tests/unit/harness.h"
#include <stdlib.h>

static Text read_prelude(Arena *arena) {
    static const char *const prefixes[] = {"", "../", "../../", "../../../"};
    const char *folder = getenv("SIGIL_LIB");
    Text content, reason;
    if (folder != NULL) {
        if (file_read(arena, arena_format(arena, "%s/prelude.si", folder).data, &content, &reason) == STATUS_OK)
            return content;
    }
    for (uint32_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        const char *path = arena_format(arena, "%ssigil/lib/prelude.si", prefixes[i]).data;
        if (file_read(arena, path, &content, &reason) == STATUS_OK) return content;
    }
    FAIL("the prelude was not found: set SIGIL_LIB");
    harness_end_test();
}

static int compare_inputs(const void *first, const void *second) {
    return text_compare(((const ModuleInput *)first)->name, ((const ModuleInput *)second)->name);
}

static Status parse_one(Worker *worker, void *argument, uint32_t item) {
    TestProgram *p = argument;
    return parse_file(&p->sources[item], &p->caches[worker_index(worker)], &p->files[item]);
}

static Status steps(TestProgram *p, const TestOptions *options) {
    if (p->pool != NULL) {
        TRY(pool_for_each(p->pool, NULL, p->module_count, parse_one, p));
    } else {
        for (uint32_t i = 0; i < p->module_count; i++)
            TRY(parse_file(&p->sources[i], &p->caches[0], &p->files[i]));
    }
    TRY(program_create(p->names, p->types, &p->program));
    LinkInput input = {p->inputs, p->module_count, !options->without_tests, options->coverage};
    TRY(modules_link(p->program, &input, p->pool));
    return options->schedule == SCHEDULE_LEVELS ? declarations_check(p->program, p->pool)
                                                : signatures_check(p->program, p->pool);
}

TestProgram *program_from(const TestModule *modules, uint32_t count, const TestOptions *options) {
    static const TestOptions defaults = {0};
    if (options == NULL) options = &defaults;
    TestProgram *p = calloc(1, sizeof *p);
    REQUIRE(p != NULL);
    if (options->threads > 0) {
        ThreadPoolConfig config = thread_pool_config_default();
        config.max_threads = options->threads;
        REQUIRE(pool_create(&config, &p->pool) == STATUS_OK);
    }
    REQUIRE(names_create(8, &p->names) == STATUS_OK);
    REQUIRE(types_create(8, &p->types) == STATUS_OK);
    uint32_t cache_count = p->pool == NULL ? 1 : pool_thread_count(p->pool);
    p->caches = arena_array(&p->arena, NameCache, cache_count);
    for (uint32_t i = 0; i < cache_count; i++)
        name_cache_init(&p->caches[i], p->names);

    p->module_count = count + (options->without_prelude ? 0 : 1);
    p->inputs = arena_array(&p->arena, ModuleInput, p->module_count);
    Text *texts = arena_array(&p->arena, Text, p->module_count); // in the order of inputs before they are sorted
    const char *entry = options->entry == NULL ? "main" : options->entry;
    for (uint32_t i = 0; i < count; i++) {
        texts[i] = text_from(modules[i].text);
        p->inputs[i] = (ModuleInput){.name = text_from(modules[i].name),
                                     .kind = modules[i].kind,
                                     .is_test_file = modules[i].is_test_file,
                                     .is_folder_module = modules[i].is_folder_module,
                                     .is_entry = strcmp(modules[i].name, entry) == 0,
                                     .source = (const Source *)(const void *)&texts[i]}; // until sorted
    }
    if (!options->without_prelude) {
        texts[count] = read_prelude(&p->arena);
        p->inputs[count] = (ModuleInput){
            .name = TEXT("prelude"), .kind = MODULE_PRELUDE, .source = (const Source *)(const void *)&texts[count]};
    }
    qsort(p->inputs, p->module_count, sizeof *p->inputs, compare_inputs);
    p->sources = arena_array(&p->arena, Source, p->module_count);
    p->files = arena_array(&p->arena, ParsedFile, p->module_count);
    for (uint32_t i = 0; i < p->module_count; i++) {
        Text text = *(const Text *)(const void *)p->inputs[i].source;
        p->sources[i] = (Source){{i + 1}, p->inputs[i].name, text};
        p->inputs[i].source = &p->sources[i];
        p->inputs[i].file = &p->files[i];
    }
    p->status = steps(p, options);
    REQUIRE(p->status == STATUS_OK);
    return p;
}

TestProgram *program_from_text(const char *text) { return program_of({.name = "main", .text = text}); }

void program_check_bodies(TestProgram *p, Schedule schedule) {
    p->status =
        schedule == SCHEDULE_LEVELS ? levels_check(p->program, p->pool, NULL) : bodies_check(p->program, p->pool, NULL);
    REQUIRE(p->status == STATUS_OK);
    p->status = program_finish(p->program, p->pool);
    REQUIRE(p->status == STATUS_OK);
}

void program_end(TestProgram *p) {
    if (p == NULL) return;
    program_free(p->program);
    for (uint32_t i = 0; i < p->module_count; i++)
        parsed_file_free(&p->files[i]);
    types_free(p->types);
    names_free(p->names);
    pool_free(p->pool);
    arena_free(&p->arena);
    free(p);
}

static void print_place(TestProgram *p, Span span, Buffer *out) {
    if (span.file.index == 0 || span.file.index > p->module_count) {
        buffer_literal(out, "?");
        return;
    }
    uint32_t line, column;
    tokens_position(&p->files[span.file.index - 1].tokens, span.start, &line, &column);
    buffer_text(out, p->sources[span.file.index - 1].path);
    buffer_format(out, ":%u:%u", line, column);
}

static Text messages(TestProgram *p, bool is_full) {
    Arena *arena = &p->arena;
    VEC(const DiagSink *) sinks = {0};
    for (uint32_t i = 0; i < p->module_count; i++) {
        vec_push(arena, &sinks, &p->files[i].diagnostics);
        vec_push(arena, &sinks, &p->program->modules[i + 1].diagnostics);
    }
    for (uint32_t i = 1; p->program->bodies != NULL && i <= p->program->function_count; i++)
        vec_push(arena, &sinks, &p->program->bodies[i].diagnostics);
    Diagnostic **sorted;
    uint32_t count;
    diagnostics_sort(arena, sinks.items, sinks.count, &sorted, &count);
    Buffer out = buffer_in(arena);
    for (uint32_t i = 0; i < count; i++) {
        const Diagnostic *d = sorted[i];
        print_place(p, d->span, &out);
        buffer_format(&out, ": %s ", diag_code_text(d->code));
        buffer_text(&out, d->message);
        buffer_char(&out, '\n');
        if (!is_full) continue;
        for (const DiagLabel *label = d->labels; label != NULL; label = label->next) {
            buffer_literal(&out, "  label ");
            print_place(p, label->span, &out);
            buffer_literal(&out, ": ");
            buffer_text(&out, label->text);
            buffer_char(&out, '\n');
        }
        for (const DiagNote *note = d->notes; note != NULL; note = note->next) {
            buffer_literal(&out, "  note: ");
            buffer_text(&out, note->text);
            buffer_char(&out, '\n');
        }
        for (const DiagFix *fix = d->fixes; fix != NULL; fix = fix->next) {
            buffer_literal(&out, "  fix: ");
            buffer_text(&out, fix->title);
            buffer_char(&out, '\n');
        }
    }
    return (Text){out.data, (uint32_t)out.length};
}

Text program_messages(TestProgram *p) { return messages(p, false); }
Text program_messages_full(TestProgram *p) { return messages(p, true); }

NameId program_name_id(const TestProgram *p, const char *name) { return names_lookup(p->names, text_from(name)); }

ModuleId program_module_id(const TestProgram *p, const char *name) {
    for (uint32_t i = 0; i < p->module_count; i++)
        if (text_equal(p->inputs[i].name, text_from(name == NULL ? "main" : name))) return (ModuleId){i + 1};
    return (ModuleId){0};
}

TypeDeclId program_type(const TestProgram *p, const char *module, const char *name) {
    const Module *m = &p->program->modules[program_module_id(p, module).index];
    NameId id = program_name_id(p, name);
    for (uint32_t i = m->first_type; i < m->first_type + m->type_count; i++)
        if (name_equal(p->program->type_decls[i].name, id)) return (TypeDeclId){i};
    return (TypeDeclId){0};
}

FunctionId program_function(const TestProgram *p, const char *module, const char *name) {
    ModuleId module_id = program_module_id(p, module);
    const Module *m = &p->program->modules[module_id.index];
    const char *dot = strchr(name, '.');
    NameId id = program_name_id(p, dot == NULL ? name : dot + 1);
    for (uint32_t i = m->first_function; i < m->first_function + m->function_count; i++) {
        const Function *f = &p->program->functions[i];
        if (!name_equal(f->name, id) || (f->impl.index != 0) != (dot != NULL)) continue;
        if (dot == NULL) return (FunctionId){i};
        Buffer self = buffer_in(test_arena());
        type_print(p->program, p->program->impls[f->impl.index].self_type, &f->generics, &self);
        Text head = {name, (uint32_t)(dot - name)}, found = {self.data, (uint32_t)self.length};
        if (text_equal(head, found) || (text_starts_with(found, head) && found.data[head.length] == '<'))
            return (FunctionId){i};
    }
    return (FunctionId){0};
}

Text program_signature(const TestProgram *p, FunctionId function) {
    const Function *f = &p->program->functions[function.index];
    Buffer out = buffer_in(test_arena());
    buffer_char(&out, '(');
    for (uint32_t i = 0; i < f->parameter_count; i++) {
        if (i > 0) buffer_literal(&out, ", ");
        buffer_text(&out, names_text(p->names, f->parameters[i].name));
        buffer_literal(&out, ": ");
        type_print(p->program, f->parameters[i].type, &f->generics, &out);
    }
    buffer_literal(&out, ") -> ");
    type_print(p->program, f->result, &f->generics, &out);
    return (Text){out.data, (uint32_t)out.length};
}

Text program_type_text(const TestProgram *p, TypeId type) {
    Buffer out = buffer_in(test_arena());
    type_print(p->program, type, NULL, &out);
    return (Text){out.data, (uint32_t)out.length};
}

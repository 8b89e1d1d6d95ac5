// sema/coverage.c: what tests target (step 2, phase 4), and after step 3 what nobody uses or tests.
#include "sema/internal.h"

typedef struct Targets {
    Program *program;
    ModuleId id;
    const TreeView *view;
    DiagSink *sink; // NULL: tests are left out of the program, and only coverage is wanted
    VEC(FunctionId) found;
} Targets;

static void target_add(Targets *t, Arena *arena, uint32_t function) {
    store_relaxed(&t->program->internal->covered[function], 1); // relaxed: read after a barrier
    vec_push(arena, &t->found, ((FunctionId){function}));
}

// Methods called `name` of one declared type, or (decl none) of every type that is declared here or imported.
static void target_methods(Targets *t, Arena *arena, TypeDeclId decl, NameId name) {
    const Program *program = t->program;
    for (uint32_t i = methods_first(program, name); i < program->internal->method_count; i++) {
        const MethodEntry *entry = &program->internal->methods[i];
        if (!name_equal(entry->name, name)) return;
        const Function *f = &program->functions[entry->function.index];
        const TypeInfo *self = type_info(program->types, program->impls[f->impl.index].self_type);
        if (self->kind != TYPE_NAMED) continue;
        if (decl.index == 0) {
            if (program_module(program, f->module)->kind == MODULE_PRELUDE) continue;
            Item item = scope_lookup(program, t->id, SCOPE_TYPE, program->type_decls[self->head].name);
            if (item.kind != ITEM_TYPE || item.index != self->head) continue;
        } else if (decl.index != self->head) {
            continue;
        }
        target_add(t, arena, entry->function.index);
    }
}

// Likewise those of extensions in scope, of one home or (home none) of any.
static void target_extensions(Targets *t, Arena *arena, NameId home, NameId name) {
    const Program *program = t->program;
    const MethodEntry *entries;
    uint32_t count = extensions_find(program, name, &entries);
    for (uint32_t i = 0; i < count; i++) {
        const Function *f = &program->functions[entries[i].function.index];
        if (home.index != 0 && !name_equal(program->impls[f->impl.index].home, home)) continue;
        if (extension_in_scope(program, t->id, entries[i].function)) target_add(t, arena, entries[i].function.index);
    }
}

// true when the name was found, or is silent.
static bool target_item(Targets *t, Arena *arena, Item item) {
    if (item.kind == ITEM_SILENT) return true;
    if (item.kind != ITEM_FUNCTION || t->program->functions[item.index].is_test) return false;
    target_add(t, arena, item.index);
    return true;
}

static bool target_names(Targets *t, Arena *arena, const NameId *names, uint32_t count, Span span) {
    const Program *program = t->program;
    uint32_t before = t->found.count;
    NameId last = names[count - 1];
    if (count == 1) {
        if (target_item(t, arena, scope_lookup(program, t->id, SCOPE_VALUE, last))) return true;
        target_methods(t, arena, (TypeDeclId){0}, last);
        target_extensions(t, arena, (NameId){0}, last);
        return t->found.count > before;
    }
    if (count == 2) {
        Item item = scope_lookup(program, t->id, SCOPE_TYPE, names[0]);
        if (item.kind == ITEM_SILENT) return true;
        if (item.kind == ITEM_TYPE) {
            target_methods(t, arena, (TypeDeclId){item.index}, last);
        }
        target_extensions(t, arena, names[0], last);
        if (item.kind == ITEM_TYPE || t->found.count > before) return t->found.count > before;
    }
    bool is_private = false;
    ModuleId other = scope_module_path(program, t->id, names, count - 1);
    if (other.index != 0) {
        Item item = module_member(program, t->id, other, SCOPE_VALUE, last, &is_private);
        if (is_private && t->sink != NULL)
            (void)diag(t->sink, DIAG_PRIVATE_ITEM, span, program_name(program, last),
                       program_module(program, other)->name); // complete
        return target_item(t, arena, item);
    }
    if (count < 3) return false;
    other = scope_module_path(program, t->id, names, count - 2);
    if (other.index == 0) return false;
    Item item = module_member(program, t->id, other, SCOPE_TYPE, names[count - 2], &is_private);
    if (item.kind == ITEM_SILENT) return true;
    if (item.kind == ITEM_TYPE) target_methods(t, arena, (TypeDeclId){item.index}, last);
    return t->found.count > before;
}

static void targets_resolve(Program *program, ModuleId id, uint32_t declaration, Function *f) {
    Module *module = program_module(program, id);
    Arena *arena = module->diagnostics.arena;
    TreeView view = module_view(module, declaration);
    NodeIndex root = module_declaration(module, declaration)->root;
    Targets t = {.program = program, .id = id, .view = &view, .sink = f == NULL ? NULL : &module->diagnostics};
    uint32_t list = tree_function_head(&view, root)->targets;
    for (uint32_t i = 0; i < tree_list_count(&view, list); i++) {
        NodeIndex node = tree_list_item(&view, list, i);
        if (view.kinds[node] != NODE_TEST_TARGET) continue;
        uint32_t count = tree_list_count(&view, view.a[node]);
        if (count == 0) continue;
        NameId *names = arena_array(arena, NameId, count);
        for (uint32_t k = 0; k < count; k++)
            names[k] = (NameId){tree_list_item(&view, view.a[node], k)};
        uint32_t token = tree_token(&view, node) + 1; // behind the `@`
        Span span = {module->source->file, view.file_tokens->starts[token], dotted_end(&view, token, count)};
        if (target_names(&t, arena, names, count, span) || t.sink == NULL) continue;
        Buffer shown = buffer_in(arena);
        for (uint32_t k = 0; k < count; k++) {
            if (k > 0) buffer_char(&shown, '.');
            buffer_text(&shown, program_name(program, names[k]));
        }
        DiagCode code = program->coverage == COVERAGE_OFF ? DIAG_UNKNOWN_TEST_TARGET_WARNING : DIAG_UNKNOWN_TEST_TARGET;
        Diagnostic *d = diag(t.sink, code, span, ((Text){shown.data, (uint32_t)shown.length}));
        if (count == 1) suggest_names(program, id, SCOPE_VALUE, names[0], t.sink, d);
    }
    if (f == NULL) return;
    f->targets = t.found.items;
    f->target_count = t.found.count;
}

void check_module(Program *program, ModuleId id) {
    Module *module = program_module(program, id);
    ModuleState *state = module_state(program, id);
    for (uint32_t i = 0; i < state->pending.count; i++)
        bound_check(program, &state->pending.items[i], &module->diagnostics);
    state->pending.count = 0;
    state->signatures_done = true;
    impls_check(program, id);
    for (uint32_t i = 0; i < module->type_count; i++)
        derives_check(program, id, &program->type_decls[module->first_type + i]);
    const Tree *tree = &module->file->tree;
    for (uint32_t d = 0; d < tree->declaration_count; d++) {
        if (tree->declarations[d].kind != NODE_TEST) continue;
        bool is_kept = declaration_function_count(program, module, d) == 1;
        targets_resolve(program, id, d, is_kept ? &program->functions[state->function_declarations[d]] : NULL);
    }
    for (uint32_t i = 0; state->is_entry && i < module->function_count; i++) { // only there is one `main`
        const Function *f = &program->functions[module->first_function + i];
        if (f->is_main && !f->is_incomplete) main_check(program, id, f);
    }
}

// ---- after step 3 -----------------------------------------------------------------------------------------------------------

static void unused_imports(Program *program, Module *module, const ModuleState *state) {
    if (state->has_unchecked) return; // what is not checked yet may use them
    const Tree *tree = &module->file->tree;
    for (uint32_t d = 0; d < tree->declaration_count; d++) {
        if (tree->declarations[d].kind == NODE_ERROR || tree->declarations[d].has_errors) return; // likewise
        if (tree->declarations[d].kind == NODE_TEST && !program->internal->with_tests) return;
    }
    for (uint32_t i = 0; i < module->function_count; i++)
        if (program->functions[module->first_function + i].is_incomplete) return;
    for (uint32_t i = 0; i < module->import_count; i++) {
        Import *import = &module->imports[i];
        bool is_extension = import->item.kind == ITEM_EXTENSION;
        if (load_relaxed(&import->is_used) != 0 || (!is_extension && prelude_has_name(program, import->name)))
            continue; // relaxed: after a barrier
        Text name = program_name(program, import->name);
        if (is_extension)
            name = arena_format(module->diagnostics.arena, "%.*s.%.*s",
                                (int)program_name(program, (NameId){import->item.index}).length,
                                program_name(program, (NameId){import->item.index}).data, (int)name.length, name.data);
        else if (import->name.index == 0)
            name = program->modules[import->item.index].name;
        else if (import->item.kind == ITEM_CONFIG)
            name = text_join(module->diagnostics.arena, TEXT("$"), name, TEXT(""));
        (void)diag(&module->diagnostics, DIAG_UNUSED_IMPORT, import->span, name); // complete as it is
    }
}

static void untested_functions(Program *program, Module *module) {
    if (program->coverage == COVERAGE_OFF) return;
    DiagCode code = program->coverage == COVERAGE_WARN ? DIAG_NO_TESTS_WARNING : DIAG_NO_TESTS;
    for (uint32_t i = 0; i < module->function_count; i++) {
        uint32_t index = module->first_function + i;
        const Function *f = &program->functions[index];
        if (f->is_test || f->impl.index != 0 || f->trait.index != 0 || f->name.index == 0) continue;
        if (name_equal(f->name, program_word(program, WORD_MAIN))) continue;
        if (load_relaxed(&program->internal->covered[index]) != 0) continue; // relaxed: after a barrier
        const ScopeEntry *entry = scope_table_find(&module->scope->own, SCOPE_VALUE, f->name);
        if (entry == NULL || entry->item.index != index) continue; // a second definition, reported as such
        TreeView view = module_view(module, f->declaration);
        (void)diag(&module->diagnostics, code, tree_token_span(&view, f->node),
                   program_name(program, f->name)); // complete
    }
}

void finish_module(Program *program, ModuleId id) {
    Module *module = program_module(program, id);
    if (module->kind != MODULE_PROJECT) return;
    unused_imports(program, module, module_state(program, id));
    untested_functions(program, module);
}

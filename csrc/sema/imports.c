// sema/imports.c: step 2, phase 2: what each `use` brings into a module.
//
// Reads of other modules only what phase 1 made (exported_item). A name whose import failed becomes ITEM_SILENT: one mistake
// in a `use` must not be repeated at every place that uses the name.
#include "sema/internal.h"

typedef struct Importer {
    Program *program;
    ModuleId id;
    Module *module;
    Arena *arena;
    DiagSink *sink;
    VEC(DottedModule) dotted;
} Importer;

// Two items that are the same thing under two names or by two ways.
static bool same_item(const Item *first, const Item *second) {
    return first->kind == second->kind && first->index == second->index && first->part == second->part;
}

static void bring(Importer *im, ScopeKind kind, NameId name, Span span, Item item, uint32_t import) {
    ScopeEntry *entry = scope_table_add(im->arena, &im->module->scope->imported, kind, name);
    if (entry->item.kind != ITEM_NONE) {
        if (entry->item.kind != ITEM_SILENT && item.kind != ITEM_SILENT && !same_item(&entry->item, &item)) {
            Diagnostic *d = diag(im->sink, DIAG_TWO_IMPORTS_ONE_NAME, span, program_name(im->program, name));
            diag_label(im->sink, d, entry->span, TEXT("first imported here"));
        }
        store_relaxed(&im->module->imports[import].is_used, 1); // relaxed: nobody else knows the module's imports yet
        return;
    }
    entry->item = item;
    entry->span = span;
    entry->import = import + 1;
}

static void bring_variants(Importer *im, uint32_t import) {
    const Import *in = &im->module->imports[import];
    if (in->item.kind != ITEM_TYPE) return;
    const TypeDecl *type = &im->program->type_decls[in->item.index];
    if (type->kind != DECL_SUM) return;
    for (uint32_t i = 0; i < type->variant_count; i++) {
        Item item = {ITEM_VARIANT, in->item.index, i, type->is_public};
        ScopeEntry *entry =
            scope_table_add(im->arena, &im->module->scope->imported, SCOPE_VALUE, type->variants[i].name);
        if (entry->item.kind == ITEM_NONE) {
            *entry = (ScopeEntry){entry->name, entry->kind, item, import + 1, in->span, true};
        } else if (entry->came_along && entry->item.kind == ITEM_VARIANT && entry->item.index != item.index) {
            entry->item = (Item){ITEM_AMBIGUOUS, entry->item.index, item.index, true};
        }
    }
}

static uint32_t add_import(Importer *im, NameId name, Span span, Item item, bool is_reexport) {
    Import *import = &im->module->imports[im->module->import_count];
    import->span = span;
    import->name = name;
    import->item = item;
    store_relaxed(&import->is_used, is_reexport || item.kind == ITEM_SILENT ? 1 : 0); // relaxed: as in bring
    return im->module->import_count++;
}

static void report_no_item(const Importer *im, ModuleId target, bool is_config, NameId name, Span span) {
    Text text = program_name(im->program, name);
    if (is_config) text = text_join(im->arena, TEXT("$"), text, TEXT(""));
    const Module *other = program_module(im->program, target);
    Diagnostic *d = diag(im->sink, DIAG_NO_SUCH_ITEM, span, text, other->name);
    if (suggestions_are_enough(im->sink)) return;
    VEC(Text) near = {0};
    const ScopeTable *own = &other->scope->own;
    for (uint32_t i = 0; i < own->capacity; i++) {
        const ScopeEntry *entry = &own->slots[i];
        if (entry->name.index != 0 && entry->item.is_public && (entry->kind == SCOPE_CONFIG) == is_config)
            vec_push(im->arena, &near, program_name(im->program, entry->name));
    }
    for (uint32_t i = 0; i < other->scope->reexport_count; i++)
        if (other->scope->reexports[i].is_config == is_config)
            vec_push(im->arena, &near, program_name(im->program, other->scope->reexports[i].name));
    suggest_from(near.items, near.count, program_name(im->program, name), im->sink, d);
}

// One item of a list: its own name, perhaps another one here, `::` for what is private.
static void import_item(Importer *im, const TreeView *view, NodeIndex node, ModuleId target, bool is_reexport) {
    if (view->kinds[node] != NODE_IMPORT_ITEM) return;
    const uint32_t *words = view->extra + view->b[node];
    NameId original = {view->a[node]};
    NameId name = words[0] != 0 ? (NameId){words[0]} : original;
    bool may_be_private = words[1] != 0, is_config = words[2] != 0;
    Span span = tree_token_span(view, node);
    if (original.index == 0) return;
    if (is_config)
        span.start = view->file_tokens->starts[tree_token(view, node) - 1]; // a config's name begins with its `$`

    Item items[SCOPE_KINDS] = {0};
    Item main_item = {ITEM_SILENT, 0, 0, true};
    if (target.index != 0) {
        bool is_private = false, any_private = false;
        main_item = (Item){.kind = ITEM_NONE};
        static const ScopeKind by_rank[] = {SCOPE_TYPE,
                                            SCOPE_VALUE}; // a type brings its variants, so it says what the import is
        for (uint32_t i = 0; i < 2; i++) {
            ScopeKind kind = is_config ? SCOPE_CONFIG : by_rank[i];
            items[kind] = module_member(im->program, im->id, target, kind, original, &is_private);
            if (items[kind].kind == ITEM_NONE) continue;
            any_private |= is_private;
            if (main_item.kind == ITEM_NONE) main_item = items[kind];
        }
        if (main_item.kind == ITEM_NONE) {
            report_no_item(im, target, is_config, original, span);
            main_item = (Item){ITEM_SILENT, 0, 0, true};
        } else if (any_private && !may_be_private) {
            Text shown =
                text_join(im->arena, is_config ? TEXT("$") : TEXT(""), program_name(im->program, original), TEXT(""));
            Diagnostic *d = diag(im->sink, DIAG_PRIVATE_ITEM, span, shown, program_module(im->program, target)->name);
            diag_edit(im->sink, diag_fix(im->sink, d, TEXT("import it with `::`"), true),
                      (Span){span.file, span.start, span.start}, TEXT("::"));
        }
    }
    uint32_t import = add_import(im, name, span, main_item, is_reexport);
    if (main_item.kind == ITEM_SILENT) {
        if (is_config)
            bring(im, SCOPE_CONFIG, name, span, main_item, import);
        else {
            bring(im, SCOPE_VALUE, name, span, main_item, import);
            bring(im, SCOPE_TYPE, name, span, main_item, import);
        }
        return;
    }
    for (ScopeKind kind = SCOPE_VALUE; kind < SCOPE_KINDS; kind++)
        if (items[kind].kind != ITEM_NONE) bring(im, kind, name, span, items[kind], import);
}

static void import_declaration(Importer *im, const ImportPlan *plan) {
    TreeView view = module_view(im->module, plan->declaration);
    NodeIndex root = module_declaration(im->module, plan->declaration)->root;
    const uint32_t *words = view.extra + view.b[root];
    bool is_reexport = words[0] != 0, has_list = words[2] != 0;
    NodeIndex path = view.a[root];
    for (uint32_t i = 0; i < tree_list_count(&view, words[3]); i++)
        import_item(im, &view, tree_list_item(&view, words[3], i), plan->target, is_reexport);
    if (has_list || view.kinds[path] != NODE_IMPORT_PATH) return;

    Span span = tree_node_span(&view, path);
    Item item =
        plan->target.index == 0 ? (Item){ITEM_SILENT, 0, 1, true} : (Item){ITEM_MODULE, plan->target.index, 0, true};
    if (words[1] != 0) { // `use m as name`
        NameId name = {words[1]};
        uint32_t import = add_import(im, name, span, item, is_reexport);
        bring(im, SCOPE_VALUE, name, span, item, import);
        bring(im, SCOPE_TYPE, name, span, item, import);
    } else if (view.b[path] != 0) { // `use std.math`
        uint32_t import = add_import(im, (NameId){0}, span, item, is_reexport);
        DottedModule dotted = {.names = (const NameId *)(const void *)(view.extra + view.b[path] + 1),
                               .name_count = tree_list_count(&view, view.b[path]),
                               .module = plan->target.index == 0 ? im->program->internal->silent : plan->target,
                               .import = import + 1};
        vec_push(im->arena, &im->dotted, dotted);
    }
}

// Own names beside imported ones (W0207) and beside the prelude's (W0803), in the order of the text.
static void report_shadowing_of(const Importer *im, ScopeKind kind, NameId name, const ScopeEntry *own) {
    Span span = own->span;
    const ScopeEntry *entry = scope_table_find(&im->module->scope->imported, kind, name);
    if (entry != NULL && !entry->came_along && own->item.kind != ITEM_VARIANT) {
        if (entry->item.kind == ITEM_SILENT) return;
        Diagnostic *d = diag(im->sink, DIAG_DECLARATION_SHADOWS_IMPORT, span, program_name(im->program, name));
        diag_label(im->sink, d, entry->span, TEXT("imported here"));
        store_relaxed(&im->module->imports[entry->import - 1].is_used, 1); // relaxed: one warning about it is enough
        return;
    }
    // The library's `min` of std.math is meant to be called so.
    if (kind != SCOPE_CONFIG && im->module->kind == MODULE_PROJECT && prelude_has_name(im->program, name))
        (void)diag(im->sink, DIAG_SHADOWS_PRELUDE, span, program_name(im->program, name)); // complete as it is
}

static void report_shadowing(const Importer *im, ScopeKind kind, NameId name, uint32_t start) {
    const ScopeEntry *own = scope_table_find(&im->module->scope->own, kind, name);
    if (own == NULL || own->span.start != start) return; // a second definition, reported as such
    report_shadowing_of(im, kind, name, own);
}

// The same for a function, without a look at its text.
static void report_shadowing_function(const Importer *im, NameId name, uint32_t function) {
    const ScopeEntry *own = scope_table_find(&im->module->scope->own, SCOPE_VALUE, name);
    if (own != NULL && own->item.kind == ITEM_FUNCTION && own->item.index == function)
        report_shadowing_of(im, SCOPE_VALUE, name, own);
}

void imports_module(Program *program, ModuleId id) {
    Module *module = program_module(program, id);
    const ModuleState *state = module_state(program, id);
    Importer im = {program, id, module, module->diagnostics.arena, &module->diagnostics, {0}};
    uint32_t most = 0;
    for (uint32_t i = 0; i < state->plan_count; i++) {
        TreeView view = module_view(module, state->plans[i].declaration);
        NodeIndex root = module_declaration(module, state->plans[i].declaration)->root;
        if (view.kinds[root] == NODE_EXTENSION_IMPORT)
            most += tree_list_count(&view, view.b[root]);
        else
            most += 1 + tree_list_count(&view, (view.extra + view.b[root])[3]);
    }
    module->imports = arena_array(im.arena, Import, most);
    for (uint32_t i = 0; i < state->plan_count; i++) {
        if (module_declaration(module, state->plans[i].declaration)->kind == NODE_EXTENSION_IMPORT)
            extension_import(program, id, &state->plans[i]);
        else
            import_declaration(&im, &state->plans[i]);
    }
    for (uint32_t i = 0; i < module->import_count; i++)
        bring_variants(&im, i);
    module->scope->dotted = im.dotted.items;
    module->scope->dotted_count = im.dotted.count;
    if (module->kind != MODULE_PROJECT) return;

    for (uint32_t i = 0; i < module->type_count; i++) {
        const TypeDecl *type = &program->type_decls[module->first_type + i];
        report_shadowing(&im, SCOPE_TYPE, type->name, type->span.start);
        for (uint32_t v = 0; type->kind == DECL_SUM && v < type->variant_count; v++)
            report_shadowing(&im, SCOPE_VALUE, type->variants[v].name, type->variants[v].span.start);
    }
    for (uint32_t i = 0; i < module->trait_count; i++) {
        const TraitDecl *trait = &program->traits[module->first_trait + i];
        TreeView view = module_view(module, trait->declaration);
        report_shadowing(&im, SCOPE_TYPE, trait->name, view.file_tokens->starts[tree_token(&view, trait->node)]);
    }
    for (uint32_t i = 0; i < module->config_count; i++)
        report_shadowing(&im, SCOPE_CONFIG, program->configs[module->first_config + i].name,
                         program->configs[module->first_config + i].span.start);
    for (uint32_t i = 0; i < module->function_count; i++) {
        const Function *f = &program->functions[module->first_function + i];
        if (f->impl.index != 0 || f->trait.index != 0) continue;
        report_shadowing_function(&im, f->name, module->first_function + i);
    }
}

// sema/collect.c: step 2, phase 1: what a module declares, from its tree alone: items, their names, the module's own scope.
//
// Reads no other module, so that every module can be collected at once. What an item's types mean is resolved later.
#include "sema/internal.h"

typedef struct Collector {
    Program *program;
    ModuleId id;
    Module *module;
    Arena *arena;
    DiagSink *sink;
    uint32_t next_type, next_trait, next_config, next_impl, next_associated;
    PositionHint hint; // the place of the function before
} Collector;

// Enters an item under its name; a second one of the same kind of name is reported and the first stays.
static void declare(const Collector *c, ScopeKind kind, NameId name, Span span, Item item) {
    // A syntax error, reported; `_` stands where a name is missing.
    if (name.index == 0 || text_equal(program_name(c->program, name), TEXT("_"))) return;
    ScopeEntry *entry = scope_table_add(c->arena, &c->module->scope->own, kind, name);
    bool was_variant = entry->item.kind == ITEM_VARIANT || entry->item.kind == ITEM_AMBIGUOUS;
    if (entry->item.kind == ITEM_NONE || (was_variant && item.kind == ITEM_FUNCTION)) {
        entry->item = item;
        entry->span = span;
        return;
    }
    if (item.kind == ITEM_VARIANT) { // variants of two types may have one name; a function goes before both
        if (entry->item.kind == ITEM_VARIANT && entry->item.index != item.index)
            entry->item =
                (Item){ITEM_AMBIGUOUS, entry->item.index, item.index, entry->item.is_public || item.is_public};
        return;
    }
    Diagnostic *d = diag(c->sink, DIAG_DUPLICATE_DEFINITION, span, program_name(c->program, name));
    diag_label(c->sink, d, entry->span, TEXT("first defined here"));
}

static void collect_function(Collector *c, const TreeView *view, uint32_t declaration, NodeIndex node, FunctionId id,
                             ImplId impl, TraitId trait) {
    const FunctionHead *head = tree_function_head(view, node);
    Function *f = &c->program->functions[id.index];
    bool is_member = impl.index != 0 || trait.index != 0;
    Span span = tree_token_span(view, node);
    f->name = (NameId){head->name};
    f->module = c->id;
    f->declaration = declaration;
    f->node = node;
    f->impl = impl;
    f->trait = trait;
    f->is_public = is_member || (head->flags & HEAD_PUBLIC) != 0; // a member is as visible as its type
    f->has_self = (head->flags & HEAD_HAS_SELF) != 0;
    f->is_test = !is_member && (view->kinds[node] == NODE_TEST || function_is_plain_test(c->program, view, node));
    f->is_main = !is_member && !f->is_test && module_state(c->program, c->id)->is_entry &&
                 name_equal(f->name, program_word(c->program, WORD_MAIN));
    tokens_position_near(&c->module->file->tokens, &c->hint, span.start, &f->line, &f->column);
    NodeIndex body = view->b[node];
    f->is_intrinsic = c->module->kind != MODULE_PROJECT && view->kinds[body] == NODE_NAME &&
                      view->a[body] == program_word(c->program, WORD_INTRINSIC).index;
    if (f->is_main) c->program->entry = id; // one module is the entry, so one worker writes this
    if (!is_member) declare(c, SCOPE_VALUE, f->name, span, (Item){ITEM_FUNCTION, id.index, 0, f->is_public});
}

static void collect_methods(Collector *c, const TreeView *view, uint32_t declaration, uint32_t list, uint32_t first,
                            ImplId impl, TraitId trait) {
    for (uint32_t i = 0, index = first; i < tree_list_count(view, list); i++) {
        NodeIndex node = tree_list_item(view, list, i);
        if (view->kinds[node] != NODE_FUNCTION) continue;
        collect_function(c, view, declaration, node, (FunctionId){index++}, impl, trait);
    }
}

static void collect_type(Collector *c, const TreeView *view, uint32_t declaration, NodeIndex node) {
    const TypeHead *head = tree_type_head(view, node);
    TypeDeclId id = {c->next_type++};
    TypeDecl *t = &c->program->type_decls[id.index];
    t->name = (NameId){head->name};
    t->module = c->id;
    t->declaration = declaration;
    t->node = node;
    t->is_public = (head->flags & HEAD_PUBLIC) != 0;
    t->span = tree_token_span(view, node);
    generics_names(c->program, c->id, view, head->generics, NULL, &t->generics);
    declare(c, SCOPE_TYPE, t->name, t->span, (Item){ITEM_TYPE, id.index, 0, t->is_public});

    NodeIndex definition = view->b[node];
    VariantDecl *variants;
    switch (view->kinds[definition]) {
    case NODE_SUM_DEF: {
        uint32_t list = view->b[definition];
        t->kind = DECL_SUM;
        t->variant_count = tree_list_count(view, list);
        variants = arena_array(c->arena, VariantDecl, t->variant_count);
        uint32_t kept = 0;
        Doubles doubles = {.program = c->program, .sink = c->sink};
        for (uint32_t i = 0; i < t->variant_count; i++) {
            NodeIndex v = tree_list_item(view, list, i);
            if (view->kinds[v] != NODE_VARIANT) continue;
            NameId name = {view->a[v]};
            Span span = tree_token_span(view, v);
            if (doubles_add(&doubles, name, span)) continue;
            // field_count holds the tree's node until types_module has resolved the fields
            variants[kept] =
                (VariantDecl){.name = name, .has_parentheses = view->b[v] != 0, .field_count = v, .span = span};
            declare(c, SCOPE_VALUE, name, span, (Item){ITEM_VARIANT, id.index, kept, t->is_public});
            kept++;
        }
        t->variant_count = kept;
        break;
    }
    default: // a record; a newtype; or an error
        t->kind = view->kinds[definition] == NODE_RECORD_DEF ? DECL_RECORD : DECL_NEWTYPE;
        t->variant_count = 1;
        variants = arena_array(c->arena, VariantDecl, 1);
        variants[0] = (VariantDecl){
            .name = t->name, .has_parentheses = t->kind == DECL_NEWTYPE, .field_count = definition, .span = t->span};
        break;
    }
    t->variants = variants;
}

static void collect_trait(Collector *c, const TreeView *view, uint32_t declaration, NodeIndex node) {
    const TypeHead *head = tree_type_head(view, node);
    TraitId id = {c->next_trait++};
    TraitDecl *t = &c->program->traits[id.index];
    t->name = (NameId){head->name};
    t->module = c->id;
    t->declaration = declaration;
    t->node = node;
    t->is_public = (head->flags & HEAD_PUBLIC) != 0;
    t->builtin = -1;
    t->span = tree_token_span(view, node);
    generics_names(c->program, c->id, view, head->generics, NULL, &t->generics);
    declare(c, SCOPE_TYPE, t->name, t->span, (Item){ITEM_TRAIT, id.index, 0, t->is_public});
    t->first_associated = c->next_associated;
    Doubles doubles = {.program = c->program, .sink = c->sink};
    uint32_t list = view->b[node];
    for (uint32_t i = 0; i < tree_list_count(view, list); i++) {
        NodeIndex member = tree_list_item(view, list, i);
        NameId name = {view->a[member]};
        if (view->kinds[member] == NODE_FUNCTION) name = (NameId){tree_function_head(view, member)->name};
        if (view->kinds[member] == NODE_FUNCTION || view->kinds[member] == NODE_ASSOCIATED_TYPE)
            (void)doubles_add(&doubles, name, tree_token_span(view, member)); // the first one is meant
        if (view->kinds[member] != NODE_ASSOCIATED_TYPE) continue;
        c->program->associated[c->next_associated++] =
            (AssociatedDecl){.name = name, .trait = id, .span = tree_token_span(view, member)};
        t->associated_count++;
    }
    t->first_method = module_state(c->program, c->id)->function_declarations[declaration];
    t->method_count = declaration_function_count(c->program, c->module, declaration);
    collect_methods(c, view, declaration, view->b[node], t->first_method, (ImplId){0}, id);
}

static void collect_config(Collector *c, const TreeView *view, uint32_t declaration, NodeIndex node) {
    const uint32_t *words = view->extra + view->a[node];
    ConfigId id = {c->next_config++};
    ConfigDecl *config = &c->program->configs[id.index];
    config->name = (NameId){words[0]};
    config->module = c->id;
    config->declaration = declaration;
    config->node = node;
    config->is_public = words[1] != 0;
    config->span = tree_token_span(view, node);                                                      // of the `$` …
    if (config->name.index != 0) config->span.end = dotted_end(view, tree_token(view, node) + 1, 1); // … and the name
    config->type = TYPE_ID(TYPE_ERROR);
    declare(c, SCOPE_CONFIG, config->name, config->span, (Item){ITEM_CONFIG, id.index, 0, config->is_public});
}

static void collect_reexports(Collector *c) {
    const ModuleState *state = module_state(c->program, c->id);
    VEC(Reexport) reexports = {0};
    for (uint32_t i = 0; i < state->plan_count; i++) {
        const ImportPlan *plan = &state->plans[i];
        if (module_declaration(c->module, plan->declaration)->kind != NODE_IMPORT) continue;
        TreeView view = module_view(c->module, plan->declaration);
        const uint32_t *words = view.extra + view.b[module_declaration(c->module, plan->declaration)->root];
        if (words[0] == 0) continue; // not `pub use`
        if (words[1] != 0) vec_push(c->arena, &reexports, ((Reexport){.name = {words[1]}, .target = plan->target}));
        for (uint32_t k = 0; k < tree_list_count(&view, words[3]); k++) {
            NodeIndex item = tree_list_item(&view, words[3], k);
            if (view.kinds[item] != NODE_IMPORT_ITEM) continue;
            const uint32_t *parts = view.extra + view.b[item];
            NameId original = {view.a[item]};
            vec_push(
                c->arena, &reexports,
                ((Reexport){parts[0] != 0 ? (NameId){parts[0]} : original, original, parts[2] != 0, plan->target}));
        }
    }
    c->module->scope->reexports = reexports.items;
    c->module->scope->reexport_count = reexports.count;
}

void collect_module(Program *program, ModuleId id) {
    Module *module = program_module(program, id);
    const ModuleState *state = module_state(program, id);
    Collector c = {.program = program,
                   .id = id,
                   .module = module,
                   .arena = module->diagnostics.arena,
                   .sink = &module->diagnostics,
                   .next_type = module->first_type,
                   .next_trait = module->first_trait,
                   .next_config = module->first_config,
                   .next_impl = module->first_impl,
                   .next_associated = module->first_associated};
    scope_table_reserve(c.arena, &module->scope->own,
                        module->function_count + module->type_count + module->trait_count + module->config_count);
    const Tree *tree = &module->file->tree;
    for (uint32_t d = 0; d < tree->declaration_count; d++) {
        NodeIndex root = tree->declarations[d].root;
        TreeView view = module_view(module, d);
        FunctionId first = {state->function_declarations[d]};
        switch (tree->declarations[d].kind) {
        case NODE_FUNCTION:
        case NODE_TEST:
            if (declaration_function_count(program, module, d) == 1)
                collect_function(&c, &view, d, root, first, (ImplId){0}, (TraitId){0});
            break;
        case NODE_TYPE_DECL:
            collect_type(&c, &view, d, root);
            break;
        case NODE_TRAIT_DECL:
            collect_trait(&c, &view, d, root);
            break;
        case NODE_CONFIG_DECL:
            collect_config(&c, &view, d, root);
            break;
        case NODE_IMPL:
        case NODE_EXTEND: {
            ImplId impl = {c.next_impl++};
            ImplDecl *decl = &program->impls[impl.index];
            *decl = (ImplDecl){.module = id, .declaration = d, .node = root, .self_type = TYPE_ID(TYPE_ERROR)};
            decl->is_extension = tree->declarations[d].kind == NODE_EXTEND;
            if (decl->is_extension) decl->home = extension_home(program, &view, root);
            decl->first_method = first.index;
            decl->method_count = declaration_function_count(program, module, d);
            generics_names(program, id, &view, tree_impl_head(&view, root)->generics, NULL, &decl->generics);
            if (decl->method_count > 0) collect_methods(&c, &view, d, view.b[root], first.index, impl, (TraitId){0});
            break;
        }
        default:
            break; // imports have their plans; errors declare nothing
        }
    }
    collect_reexports(&c);
}

void collect_known(Program *program) {
    if (program->prelude.index == 0) return;
    static const struct {
        SemaWord word;
        BuiltinTrait trait;
    } traits[] = {{WORD_EQ, TRAIT_EQ},
                  {WORD_COMPARABLE, TRAIT_COMPARABLE},
                  {WORD_HASHABLE, TRAIT_HASHABLE},
                  {WORD_PRINTABLE, TRAIT_PRINTABLE},
                  {WORD_CLONE, TRAIT_CLONE},
                  {WORD_DEFAULT, TRAIT_DEFAULT},
                  {WORD_SERIALIZE, TRAIT_SERIALIZE},
                  {WORD_DESERIALIZE, TRAIT_DESERIALIZE},
                  {WORD_LEN, TRAIT_LEN},
                  {WORD_IS_EMPTY, TRAIT_IS_EMPTY},
                  {WORD_ITERATOR, TRAIT_ITERATOR},
                  {WORD_ITERABLE, TRAIT_ITERABLE},
                  {WORD_SUMMABLE, TRAIT_SUMMABLE},
                  {WORD_MULTIPLIABLE, TRAIT_MULTIPLIABLE}};
    const ScopeTable *own = &program_module(program, program->prelude)->scope->own;
    for (uint32_t i = 0; i < sizeof traits / sizeof *traits; i++) {
        const ScopeEntry *entry = scope_table_find(own, SCOPE_TYPE, program_word(program, traits[i].word));
        if (entry == NULL || entry->item.kind != ITEM_TRAIT) continue;
        program->builtin_traits[traits[i].trait] = (TraitId){entry->item.index};
        program->traits[entry->item.index].builtin = (int)traits[i].trait;
    }
    const struct {
        SemaWord word;
        TypeDeclId *place;
    } types[] = {{WORD_OPTION, &program->known.option},
                 {WORD_RESULT, &program->known.result},
                 {WORD_ORDERING, &program->known.ordering},
                 {WORD_ERROR, &program->known.error},
                 {WORD_TIMEOUT_ERROR, &program->known.timeout_error}};
    for (uint32_t i = 0; i < sizeof types / sizeof *types; i++) {
        const ScopeEntry *entry = scope_table_find(own, SCOPE_TYPE, program_word(program, types[i].word));
        if (entry != NULL && entry->item.kind == ITEM_TYPE) *types[i].place = (TypeDeclId){entry->item.index};
    }
}

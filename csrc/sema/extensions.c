// sema/extensions.c: extension methods: what an `extend` extends, which of them a module may call.
//
// SHAPE      An extension is an ImplDecl without a trait. `extend Trait` has one type parameter more, `Self`, which has the
//            trait; a name that means nothing else is a type parameter. Their methods stand in one array, sorted by name.
// SCOPE      Their own module, and those that import them by home and name (`extension './m' { Shape.describe }`).
#include "sema/internal.h"
#include <stdlib.h>

NameId extension_home(const Program *program, const TreeView *view, NodeIndex node) {
    NodeIndex type = tree_impl_head(view, node)->type;
    switch (view->kinds[type]) {
    case NODE_TYPE_LIST:
        return program_word(program, WORD_LIST);
    case NODE_TYPE_MAP:
        return program_word(program, WORD_MAP);
    case NODE_TYPE_PATH: {
        uint32_t names = view->a[type], count = tree_list_count(view, names);
        return count == 0 ? (NameId){0} : (NameId){tree_list_item(view, names, count - 1)};
    }
    default:
        return (NameId){0};
    }
}

// ---- imports -------------------------------------------------------------------------------------------------------------

// What the module extends, by the tree alone: its methods' signatures come later.
static bool module_extends(const Program *program, ModuleId target, NameId home, NameId name) {
    const Module *module = program_module(program, target);
    for (uint32_t i = module->first_impl; i < module->first_impl + module->impl_count; i++) {
        const ImplDecl *impl = &program->impls[i];
        if (!impl->is_extension || !name_equal(impl->home, home)) continue;
        for (uint32_t m = impl->first_method; m < impl->first_method + impl->method_count; m++)
            if (name_equal(program->functions[m].name, name)) return true;
    }
    return false;
}

static Text dotted(const Program *program, Arena *arena, NameId home, NameId name) {
    return text_join(arena, program_name(program, home), TEXT("."), program_name(program, name));
}

static void report_no_extension(const Program *program, DiagSink *sink, ModuleId target, Text wanted, Span span) {
    const Module *module = program_module(program, target);
    Diagnostic *d = diag(sink, DIAG_NO_SUCH_ITEM, span, wanted, module->name);
    if (suggestions_are_enough(sink)) return;
    VEC(Text) near = {0};
    for (uint32_t i = module->first_impl; i < module->first_impl + module->impl_count; i++) {
        const ImplDecl *impl = &program->impls[i];
        for (uint32_t m = impl->first_method; impl->is_extension && m < impl->first_method + impl->method_count; m++)
            vec_push(sink->arena, &near, dotted(program, sink->arena, impl->home, program->functions[m].name));
    }
    suggest_from(near.items, near.count, wanted, sink, d);
}

void extension_import(Program *program, ModuleId id, const ImportPlan *plan) {
    Module *module = program_module(program, id);
    DiagSink *sink = &module->diagnostics;
    TreeView view = module_view(module, plan->declaration);
    uint32_t list = view.b[module_declaration(module, plan->declaration)->root];
    for (uint32_t i = 0; i < tree_list_count(&view, list); i++) {
        NodeIndex node = tree_list_item(&view, list, i);
        if (view.kinds[node] != NODE_EXTENSION_ITEM || plan->target.index == 0) continue;
        NameId home = {view.a[node]}, name = {view.b[node]};
        Span span = tree_token_span(&view, node);
        span.end = dotted_end(&view, tree_token(&view, node), 2);
        if (!module_extends(program, plan->target, home, name)) {
            report_no_extension(program, sink, plan->target, dotted(program, sink->arena, home, name), span);
            continue;
        }
        Import *import = &module->imports[module->import_count++];
        *import = (Import){.span = span, .name = name, .item = {ITEM_EXTENSION, home.index, plan->target.index, true}};
    }
}

bool extension_in_scope(const Program *program, ModuleId id, FunctionId method) {
    const Function *f = &program->functions[method.index];
    if (f->module.index == id.index) return true;
    const Module *module = program_module(program, id);
    NameId home = program->impls[f->impl.index].home;
    bool is_found = false;
    for (uint32_t i = 0; i < module->import_count; i++) {
        Import *import = &module->imports[i];
        if (import->item.kind != ITEM_EXTENSION || import->item.part != f->module.index ||
            import->item.index != home.index || !name_equal(import->name, f->name))
            continue;
        store_relaxed(&import->is_used, 1u); // relaxed: read after the barrier of step 3 only
        is_found = true;
    }
    return is_found;
}

// ---- what it extends -----------------------------------------------------------------------------------------------------

typedef struct Introduced { // names in the type after `extend`
    const TypeScope *scope;
    Generics *generics;
    VEC(NameId) names;
} Introduced;

static bool is_known_type(const TypeScope *s, const Generics *generics, NameId name) {
    static const SemaWord built_in[] = {WORD_INT,   WORD_FLOAT,   WORD_BOOL,     WORD_BYTE,     WORD_CHAR,    WORD_STR,
                                        WORD_VOID,  WORD_NEVER,   WORD_DURATION, WORD_SIZE,     WORD_INSTANT, WORD_SET,
                                        WORD_RANGE, WORD_CHANNEL, WORD_BACKOFF,  WORD_SELF_TYPE};
    for (uint32_t i = 0; i < sizeof built_in / sizeof *built_in; i++)
        if (name_equal(program_word(s->program, built_in[i]), name)) return true;
    for (uint32_t i = 0; i < generics->count; i++)
        if (name_equal(generics->names[i], name)) return true;
    return scope_lookup(s->program, s->module, SCOPE_TYPE, name).kind != ITEM_NONE;
}

static void introduce(Introduced *in, NodeIndex node) {
    const TreeView *view = in->scope->view;
    uint32_t list = 0;
    switch (view->kinds[node]) {
    case NODE_TYPE_PATH: {
        list = view->b[node];
        if (tree_list_count(view, view->a[node]) != 1 || tree_list_count(view, list) != 0) break;
        NameId name = {tree_list_item(view, view->a[node], 0)};
        bool is_known = is_known_type(in->scope, in->generics, name);
        for (uint32_t i = 0; i < in->names.count && !is_known; i++)
            is_known = name_equal(in->names.items[i], name);
        if (!is_known) vec_push(in->scope->arena, &in->names, name);
        return;
    }
    case NODE_TYPE_MAP:
        introduce(in, view->a[node]);
        introduce(in, view->b[node]);
        return;
    case NODE_TYPE_LIST:
        introduce(in, view->a[node]);
        return;
    case NODE_TYPE_FUNCTION:
        list = view->b[node];
        introduce(in, view->a[node]);
        break;
    case NODE_TYPE_TUPLE:
        list = view->b[node];
        break;
    default:
        return;
    }
    for (uint32_t i = 0; i < tree_list_count(view, list); i++)
        introduce(in, tree_list_item(view, list, i));
}

static void names_add(const TypeScope *s, Generics *generics, const NameId *names, uint32_t count) {
    if (count == 0) return;
    NameId *all = arena_array(s->arena, NameId, generics->count + count);
    if (generics->count > 0) memcpy(all, generics->names, generics->count * sizeof *all);
    memcpy(all + generics->count, names, count * sizeof *all);
    generics->names = all;
    generics->count += count;
}

// The trait that `extend Trait` names, or none.
static bool names_trait(const TypeScope *s, NodeIndex type) {
    const TreeView *view = s->view;
    if (view->kinds[type] != NODE_TYPE_PATH) return false;
    uint32_t list = view->a[type], count = tree_list_count(view, list);
    if (count == 0) return false;
    NameId *names = arena_array(s->arena, NameId, count);
    for (uint32_t i = 0; i < count; i++)
        names[i] = (NameId){tree_list_item(view, list, i)};
    if (count == 1) return scope_lookup(s->program, s->module, SCOPE_TYPE, names[0]).kind == ITEM_TRAIT;
    ModuleId other = scope_module_path(s->program, s->module, names, count - 1);
    bool is_private;
    return other.index != 0 &&
           module_member(s->program, s->module, other, SCOPE_TYPE, names[count - 1], &is_private).kind == ITEM_TRAIT;
}

void extension_declare(const TypeScope *outer, ImplDecl *impl) {
    TypeScope scope = *outer;
    const ImplHead *head = tree_impl_head(scope.view, impl->node);
    Introduced in = {&scope, &impl->generics, {0}};
    bool is_trait = names_trait(&scope, head->type);
    if (is_trait) {
        uint32_t list = scope.view->b[head->type];
        for (uint32_t i = 0; i < tree_list_count(scope.view, list); i++)
            introduce(&in, tree_list_item(scope.view, list, i));
    } else {
        introduce(&in, head->type);
    }
    names_add(&scope, &impl->generics, in.names.items, in.names.count);
    if (!is_trait) {
        impl->self_type = type_resolve(&scope, head->type);
        scope.self_type = impl->self_type;
        generics_bounds(&scope, head->generics, head->where, NULL, 0, &impl->generics);
        return;
    }
    uint32_t self = impl->generics.count;
    NameId word = program_word(scope.program, WORD_SELF_TYPE);
    names_add(&scope, &impl->generics, &word, 1);
    TraitUse use = trait_use_resolve(&scope, head->type);
    if (use.trait.index == 0) return;
    impl->self_type = type_make(scope.program, scope.arena, TYPE_PARAMETER, self, NULL, 0);
    scope.self_type = impl->self_type;
    Bound *bound = arena_new(scope.arena, Bound);
    *bound = (Bound){.parameter = self,
                     .trait = use.trait,
                     .span = tree_node_span(scope.view, head->type),
                     .arguments = use.arguments,
                     .argument_count = use.argument_count,
                     .subject = impl->self_type};
    Generics own = {.count = impl->generics.count, .names = impl->generics.names, .bounds = bound, .bound_count = 1};
    impl->generics = own;
    generics_bounds(&scope, head->generics, head->where, &own, 0, &impl->generics);
}

// ---- the array -----------------------------------------------------------------------------------------------------------

static int compare_entries(const void *first, const void *second) {
    const MethodEntry *a = first, *b = second;
    if (a->name.index != b->name.index) return a->name.index < b->name.index ? -1 : 1;
    return (a->function.index > b->function.index) - (a->function.index < b->function.index);
}

// The trait of `extend Trait`, or none.
static TraitId extended_trait(const ImplDecl *impl, const TypeInfo *self) {
    for (uint32_t i = 0; self->kind == TYPE_PARAMETER && i < impl->generics.bound_count; i++)
        if (impl->generics.bounds[i].parameter == self->head) return impl->generics.bounds[i].trait;
    return (TraitId){0};
}

static bool may_be_one(const Program *program, const ImplDecl *first, const ImplDecl *second) {
    TraitId a = extended_trait(first, type_info(program->types, first->self_type)),
            b = extended_trait(second, type_info(program->types, second->self_type));
    if (a.index != 0 && b.index != 0) return a.index == b.index;
    if (a.index != 0) return trait_solve_assuming(program, second->self_type, a).answer != SOLVE_NO;
    if (b.index != 0) return trait_solve_assuming(program, first->self_type, b).answer != SOLVE_NO;
    return types_may_unify(program, first->self_type, second->self_type);
}

static Span method_span(const Program *program, const Function *f) {
    TreeView view = module_view(program_module(program, f->module), f->declaration);
    return tree_token_span(&view, f->node);
}

// Two methods of one name and one module that could both be meant for some type: E0211 at the later one.
static void doubles_report(const Program *program, const MethodEntry *entries, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = i; k > 0 && name_equal(entries[k - 1].name, entries[i].name); k--) {
            const Function *first = &program->functions[entries[k - 1].function.index],
                           *second = &program->functions[entries[i].function.index];
            if (first->module.index != second->module.index) break; // functions are numbered by module
            if (!may_be_one(program, &program->impls[first->impl.index], &program->impls[second->impl.index])) continue;
            DiagSink *sink = &program_module(program, second->module)->diagnostics;
            Diagnostic *d = diag(sink, DIAG_DUPLICATE_DEFINITION, method_span(program, second),
                                 program_name(program, second->name));
            diag_label(sink, d, method_span(program, first), TEXT("first defined here"));
            break;
        }
}

void extensions_index(Program *program) {
    uint32_t count = 0;
    for (uint32_t i = 1; i <= program->impl_count; i++)
        if (program->impls[i].is_extension) count += program->impls[i].method_count;
    MethodEntry *entries = arena_array(&program->arena, MethodEntry, count);
    count = 0;
    for (uint32_t i = 1; i <= program->impl_count; i++) {
        const ImplDecl *impl = &program->impls[i];
        if (!impl->is_extension || impl->has_error) continue;
        for (uint32_t m = impl->first_method; m < impl->first_method + impl->method_count; m++)
            if (program->functions[m].name.index != 0)
                entries[count++] = (MethodEntry){program->functions[m].name, {m}};
    }
    if (count > 1) qsort(entries, count, sizeof *entries, compare_entries);
    program->internal->extensions = entries;
    program->internal->extension_count = count;
    doubles_report(program, entries, count);
}

uint32_t extensions_find(const Program *program, NameId name, const MethodEntry **out) {
    const MethodEntry *entries = program->internal->extensions;
    uint32_t low = 0, high = program->internal->extension_count, count = 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (entries[middle].name.index < name.index)
            low = middle + 1;
        else
            high = middle;
    }
    while (low + count < program->internal->extension_count && name_equal(entries[low + count].name, name))
        count++;
    *out = entries + low;
    return count;
}

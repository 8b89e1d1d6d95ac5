// sema/dyn.c: `dyn Trait`: which traits may be used so, what such a type has, and where a value becomes one.
//
// OBJECT SAFETY  is decided by the trees of the trait and its supertraits alone, because types are read while signatures of
//                other modules are not known yet. An associated type would have to be known, so a trait with one is not safe.
// THE TABLE      Its order is that of dyn_methods: the trait's methods as declared, then those of each supertrait in turn,
//                every trait once.
#include "sema/body_internal.h"
#include "sema/internal.h"

#define SUPERTRAIT_DEPTH_MAX 64u

// ---- object safety -------------------------------------------------------------------------------------------------------

static bool mentions_self(const Program *program, const TreeView *view, NodeIndex node) {
    uint32_t list = 0;
    switch (view->kinds[node]) {
    case NODE_TYPE_PATH: {
        uint32_t names = view->a[node];
        if (tree_list_count(view, names) > 0 &&
            tree_list_item(view, names, 0) == program_word(program, WORD_SELF_TYPE).index)
            return true;
        list = view->b[node];
        break;
    }
    case NODE_TYPE_MAP:
        return mentions_self(program, view, view->a[node]) || mentions_self(program, view, view->b[node]);
    case NODE_TYPE_LIST:
    case NODE_TYPE_DYN:
        return mentions_self(program, view, view->a[node]);
    case NODE_TYPE_FUNCTION:
        if (mentions_self(program, view, view->a[node])) return true;
        list = view->b[node];
        break;
    case NODE_TYPE_TUPLE:
        list = view->b[node];
        break;
    default:
        return false;
    }
    for (uint32_t i = 0; i < tree_list_count(view, list); i++)
        if (mentions_self(program, view, tree_list_item(view, list, i))) return true;
    return false;
}

// The trait that a path names in a module, without a message.
static TraitId trait_named(const Program *program, Arena *arena, ModuleId module, const TreeView *view,
                           NodeIndex path) {
    if (view->kinds[path] != NODE_TYPE_PATH) return (TraitId){0};
    uint32_t list = view->a[path], count = tree_list_count(view, list);
    if (count == 0) return (TraitId){0};
    NameId *names = arena_array(arena, NameId, count);
    for (uint32_t i = 0; i < count; i++)
        names[i] = (NameId){tree_list_item(view, list, i)};
    Item item = {0};
    bool is_private;
    if (count == 1) {
        item = scope_lookup(program, module, SCOPE_TYPE, names[0]);
    } else {
        ModuleId other = scope_module_path(program, module, names, count - 1);
        if (other.index != 0) item = module_member(program, module, other, SCOPE_TYPE, names[count - 1], &is_private);
    }
    return item.kind == ITEM_TRAIT ? (TraitId){item.index} : (TraitId){0};
}

static bool method_is_safe(const Program *program, Arena *arena, const TreeView *view, NodeIndex node, Text *why) {
    const FunctionHead *head = tree_function_head(view, node);
    Text name = program_name(program, (NameId){head->name});
    const char *problem = NULL;
    if ((head->flags & HEAD_HAS_SELF) == 0)
        problem = "takes no `self`";
    else if (tree_list_count(view, head->generics) > 0)
        problem = "is generic";
    bool has_self = head->result != 0 && mentions_self(program, view, head->result);
    for (uint32_t i = 0; i < tree_list_count(view, head->parameters) && !has_self; i++) {
        NodeIndex parameter = tree_list_item(view, head->parameters, i);
        has_self = view->kinds[parameter] == NODE_PARAM && view->b[parameter] != 0 &&
                   mentions_self(program, view, view->b[parameter]);
    }
    if (problem == NULL && has_self) problem = "mentions `Self`";
    if (problem == NULL) return true;
    *why = arena_format(arena, "its method `%.*s` %s", (int)name.length, name.data, problem);
    return false;
}

static bool trait_is_safe(const Program *program, Arena *arena, TraitId id, uint32_t depth, Text *why) {
    const TraitDecl *trait = &program->traits[id.index];
    TreeView view = module_view(program_module(program, trait->module), trait->declaration);
    uint32_t list = view.b[trait->node];
    for (uint32_t i = 0; i < tree_list_count(&view, list); i++) {
        NodeIndex member = tree_list_item(&view, list, i);
        if (view.kinds[member] == NODE_FUNCTION && !method_is_safe(program, arena, &view, member, why)) return false;
        if (view.kinds[member] != NODE_ASSOCIATED_TYPE) continue;
        Text name = program_name(program, (NameId){view.a[member]});
        *why = arena_format(arena, "its associated type `%.*s` is not known", (int)name.length, name.data);
        return false;
    }
    const TypeHead *head = tree_type_head(&view, trait->node);
    for (uint32_t i = 0; i < tree_list_count(&view, head->bounds) && depth < SUPERTRAIT_DEPTH_MAX; i++) {
        TraitId super = trait_named(program, arena, trait->module, &view, tree_list_item(&view, head->bounds, i));
        Text inner;
        if (super.index == 0 || trait_is_safe(program, arena, super, depth + 1, &inner)) continue;
        Text name = program_name(program, program->traits[super.index].name);
        *why = arena_format(arena, "its supertrait `%.*s` is not: %.*s", (int)name.length, name.data, (int)inner.length,
                            inner.data);
        return false;
    }
    return true;
}

TraitUse dyn_resolve(const TypeScope *s, NodeIndex node) {
    NodeIndex path = s->view->a[node];
    if (s->view->kinds[path] != NODE_TYPE_PATH) return (TraitUse){0}; // a syntax error, reported
    TraitUse use = trait_use_resolve(s, path);
    Text why;
    if (use.trait.index == 0 || trait_is_safe(s->program, s->arena, use.trait, 0, &why)) return use;
    if (s->sink != NULL)
        (void)diag(s->sink, DIAG_NOT_OBJECT_SAFE, tree_node_span(s->view, path), // complete
                   program_name(s->program, s->program->traits[use.trait.index].name), why);
    return (TraitUse){0};
}

// ---- what it has ---------------------------------------------------------------------------------------------------------

bool dyn_has(const Program *program, Arena *arena, TypeId type, const TraitUse *wanted, TraitUse *out) {
    const TypeInfo *info = type_info(program->types, type);
    if (info->kind != TYPE_DYN) return false;
    TraitUse found, use = {{info->head}, info->args, info->arg_count};
    if (!trait_supertrait(program, arena, use, wanted->trait, &found)) return false;
    if (out != NULL) *out = found;
    return wanted->argument_count == 0 ||
           (found.argument_count == wanted->argument_count &&
            memcmp(found.arguments, wanted->arguments, wanted->argument_count * sizeof(TypeId)) == 0);
}

typedef struct Table {
    const Program *program;
    Arena *arena;
    TypeId self;
    VEC(TraitUse) traits;
} Table;

static void table_add(Table *t, TraitUse use, uint32_t depth) {
    for (uint32_t i = 0; i < t->traits.count; i++)
        if (t->traits.items[i].trait.index == use.trait.index) return;
    if (use.trait.index == 0 || depth > SUPERTRAIT_DEPTH_MAX) return;
    vec_push(t->arena, &t->traits, use);
    const TraitDecl *trait = &t->program->traits[use.trait.index];
    for (uint32_t i = 0; i < trait->supertrait_count; i++)
        table_add(t,
                  trait_use_substitute(t->program, t->arena, trait->supertraits[i], t->self, use.arguments,
                                       use.argument_count),
                  depth + 1);
}

uint32_t dyn_methods(const Program *program, Arena *arena, TypeId type, const DynMethod **out) {
    const TypeInfo *info = type_info(program->types, type);
    Table table = {.program = program, .arena = arena, .self = type};
    table_add(&table, (TraitUse){{info->head}, info->args, info->arg_count}, 0);
    VEC(DynMethod) methods = {0};
    for (uint32_t i = 0; i < table.traits.count; i++) {
        const TraitDecl *trait = &program->traits[table.traits.items[i].trait.index];
        for (uint32_t m = trait->first_method; m < trait->first_method + trait->method_count; m++)
            vec_push(arena, &methods, ((DynMethod){{m}, table.traits.items[i]}));
    }
    *out = methods.items;
    return methods.count;
}

// ---- where a value becomes one -------------------------------------------------------------------------------------------

bool dyn_wraps(Body *c, TypeId found, TypeId expected) {
    TypeShape to = type_shape(c, expected), from;
    if (to.kind != TYPE_DYN) return false;
    from = type_shape(c, found);
    if (from.kind == TYPE_NONE || from.kind == TYPE_ERROR || from.kind == TYPE_NEVER) return false;
    if (from.kind == TYPE_DYN && from.head == to.head && fits(c, found, expected)) return false;
    TraitUse use = {.trait = {to.head}};
    return trait_solve_use(c->program, &c->function->generics, type_heads(c, found), &use).answer != SOLVE_NO;
}

uint32_t dyn_wrap(Body *c, NodeIndex n, uint32_t value, TypeId expected) {
    TypeShape to = type_shape(c, expected);
    obligation_of_trait(c, c->type[value], (TraitId){to.head}, to.args, to.arg_count, n);
    return node_add(c, TYPED_DYN, expected, token_of(c, n), value, 0);
}

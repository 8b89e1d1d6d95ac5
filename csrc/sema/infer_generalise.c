// sema/infer_generalise.c: what is open in a signature becomes type parameters, and what was asked of it their bounds.
//
// SHAPE      the types of parameters and result, in order: each variable not met before is the next parameter ▸ obligations that
//            speak of such parameters alone: as long as the bounds do not say so, the part that lacks a trait gets it as a bound
//            Names are A, B, …, Z, A1, …, without those that mean a type in the module already.
// SOURCE     Let-polymorphism of mutually recursive definitions (Damas & Milner 1982) with qualified types whose predicates are
//            simplified to variables (Jones, A theory of qualified types, 1992).
#include "sema/infer.h"

#define BOUNDS_MAX 256u // of one function; more are no signature

typedef struct Closing {
    Component *component;
    Body *c;
    const Unit *unit;
    VEC(TypeId) open; // by parameter, after the written ones: a variable, or another unit's type parameter
    bool may_add;
    bool has_failed; // something that the signature does not speak of
    bool is_main;
    VEC(Bound) bounds;
    Generics generics;
} Closing;

static const Program *program_of(const Closing *g) { return g->component->inference->program; }

static TypeId parameter_type(Closing *g, uint32_t index) {
    return type_make(program_of(g), g->component->inference->kept, TYPE_PARAMETER, index, NULL, 0);
}

static TypeId open_type(Closing *g, TypeId type) {
    uint32_t own = g->unit->written.generics.count;
    if (g->component->has_errors) return ERROR_TYPE;
    if (g->is_main) return VOID_TYPE; // nobody could choose
    for (uint32_t i = 0; i < g->open.count; i++)
        if (g->open.items[i].index == type.index) return parameter_type(g, own + i);
    if (!g->may_add) {
        g->has_failed = true;
        return ERROR_TYPE;
    }
    vec_push(g->component->inference->scratch, &g->open, type);
    return parameter_type(g, own + g->open.count - 1);
}

static TypeId close_at(Closing *g, TypeId type, uint32_t depth) {
    Body *c = g->c;
    const Program *program = program_of(g);
    type = prune(c, type);
    if (type.index == 0) return ERROR_TYPE;
    if (!type_is_local(type) && (type_info(program->types, type)->flags & TYPE_HAS_PARAMETER) == 0) return type;
    TypeShape shape = type_shape(c, type);
    if (shape.kind == TYPE_NONE) return open_type(g, type);
    if (shape.kind == TYPE_PARAMETER) {
        uint32_t first = g->unit->first_parameter;
        bool is_own = shape.head >= first && shape.head - first < g->unit->written.generics.count;
        return is_own ? parameter_type(g, shape.head - first) : open_type(g, type);
    }
    if (c->walk_budget == 0 || depth > TYPE_DEPTH_MAX) {
        g->has_failed = true;
        return ERROR_TYPE;
    }
    c->walk_budget--;
    uint32_t words = shape.kind == TYPE_RECORD ? 2 * shape.arg_count : shape.arg_count;
    TypeId *args = arena_array(c->scratch, TypeId, (size_t)words + 1);
    memcpy(args, shape.args, sizeof(TypeId) * words);
    for (uint32_t i = 0; i < shape.arg_count; i++)
        args[i] = close_at(g, args[i], depth + 1);
    TypeId made = type_make(program, g->component->inference->kept, shape.kind, shape.head, args, shape.arg_count);
    return type_normalise(program, g->component->inference->kept, &g->unit->written.generics, made);
}

static TypeId close(Closing *g, TypeId type) {
    g->c->walk_budget = TYPE_PARTS_MAX;
    return close_at(g, type, 0);
}

// ---- bounds --------------------------------------------------------------------------------------------------------------

// The type parameter that a type is, or that it is an associated type of; UINT32_MAX: neither.
static uint32_t root_parameter(const Program *program, TypeId type) {
    const TypeInfo *info = type_info(program->types, type);
    while (info->kind == TYPE_ASSOCIATED)
        info = type_info(program->types, info->args[0]);
    return info->kind == TYPE_PARAMETER ? info->head : UINT32_MAX;
}

static Span span_of_obligation(Closing *g, const Obligation *o) {
    unit_of(g->c, o->unit);
    return o->is_at_token ? tree_token_span(&g->c->view, o->node) : span_of(g->c, o->node);
}

static void bounds_of(Closing *g, const Obligation *o) {
    const Program *program = program_of(g);
    Arena *kept = g->component->inference->kept;
    g->has_failed = false;
    TypeId type = close(g, o->type);
    if (g->has_failed || (type_info(program->types, type)->flags & TYPE_HAS_PARAMETER) == 0) return;
    TypeId *arguments = arena_array(kept, TypeId, (size_t)o->trait_argument_count + 1);
    for (uint32_t i = 0; i < o->trait_argument_count; i++)
        arguments[i] = close(g, o->trait_arguments[i]);
    if (g->has_failed) return;
    TraitUse use = {o->trait, arguments, o->trait_argument_count};
    while (g->bounds.count < BOUNDS_MAX) {
        g->generics.bounds = g->bounds.items;
        g->generics.bound_count = g->bounds.count;
        SolveResult solved = trait_solve_use(program, &g->generics, type, &use);
        if (solved.answer != SOLVE_NO || solved.failing_trait.index == 0) return; // else the second check reports it
        TypeId part = solved.failing_part;
        uint32_t parameter = root_parameter(program, part);
        bool is_whole = part.index == type.index && solved.failing_trait.index == o->trait.index;
        if (parameter == UINT32_MAX || parameter < g->unit->written.generics.count) return;
        if (!is_whole && program->traits[solved.failing_trait.index].generics.count > 0) return;
        Bound bound = {.parameter = type_info(program->types, part)->kind == TYPE_PARAMETER ? parameter : BOUND_OF_TYPE,
                       .trait = solved.failing_trait,
                       .span = span_of_obligation(g, o),
                       .arguments = is_whole ? arguments : NULL,
                       .argument_count = is_whole ? o->trait_argument_count : 0,
                       .subject = part};
        vec_push(kept, &g->bounds, bound);
    }
}

// ---- names ---------------------------------------------------------------------------------------------------------------

static bool name_means_a_type(Closing *g, NameId name) {
    const Program *program = program_of(g);
    const Scope *scope = program_module(program, g->component->inference->module)->scope;
    const Generics *written = &g->unit->written.generics;
    for (uint32_t i = 0; i < written->count; i++)
        if (name_equal(written->names[i], name)) return true;
    return scope_table_find(&scope->own, SCOPE_TYPE, name) != NULL ||
           scope_table_find(&scope->imported, SCOPE_TYPE, name) != NULL || prelude_has_name(program, name);
}

static NameId name_make(Closing *g, uint32_t *next) {
    Inference *inference = g->component->inference;
    if (inference->cache == NULL) {
        inference->cache = arena_alloc(inference->lasting, sizeof *inference->cache, _Alignof(NameCache));
        name_cache_init(inference->cache, inference->program->names);
    }
    for (;;) {
        uint32_t number = (*next)++;
        char letter = (char)('A' + number % 26);
        Text text = number < 26 ? arena_format(inference->scratch, "%c", letter)
                                : arena_format(inference->scratch, "%c%u", letter, number / 26);
        NameId name = {0};
        if (names_intern(inference->cache, text, &name) != STATUS_OK) arena_out_of_memory(inference->scratch);
        if (!name_means_a_type(g, name)) return name;
    }
}

static void names_give(Closing *g) {
    const Generics *written = &g->unit->written.generics;
    NameId *names = arena_array(g->component->inference->kept, NameId, (size_t)g->generics.count + 1);
    uint32_t next = 0;
    for (uint32_t i = 0; i < g->generics.count; i++)
        names[i] = i < written->count ? written->names[i] : name_make(g, &next);
    g->generics.names = names;
}

// ---- signatures ----------------------------------------------------------------------------------------------------------

static bool type_is_wrong(const Program *program, TypeId type) {
    const TypeInfo *info = type_info(program->types, type);
    return (info->flags & TYPE_HAS_ERROR) != 0 || info->depth > TYPE_DEPTH_MAX || info->part_count > TYPE_PARTS_MAX;
}

static void too_large(Closing *g, const Function *f) {
    unit_of(g->c, (uint32_t)(g->unit - g->component->units));
    if (!g->c->is_too_large_reported) diag0(g->c->sink, DIAG_TYPE_TOO_DEEP, tree_token_span(&g->c->view, f->node));
    g->c->is_too_large_reported = true;
}

static TypeId signature_type(Closing *g, Function *f, TypeId type, TypeId written) {
    g->has_failed = false;
    bool is_left_out = type_is_local(type);
    TypeId closed = is_left_out ? close(g, type) : written;
    bool is_wrong = type_is_wrong(program_of(g), closed);
    if (g->has_failed || (is_wrong && (type_info(program_of(g)->types, closed)->flags & TYPE_HAS_ERROR) == 0))
        too_large(g, f);
    if (!is_wrong) return closed;
    f->has_error = true;
    return ERROR_TYPE;
}

void infer_generalise(Component *component, Unit *unit) {
    Inference *inference = component->inference;
    Function *f = &inference->program->functions[unit->id.index];
    Closing closing = {.component = component, .c = component->c, .unit = unit, .may_add = true};
    Closing *g = &closing;
    g->is_main = f->is_main;
    Parameter *parameters = arena_array(inference->kept, Parameter, (size_t)f->parameter_count + 1);
    if (f->parameter_count > 0) memcpy(parameters, unit->written.parameters, sizeof *parameters * f->parameter_count);
    f->has_error = false;
    for (uint32_t i = 0; i < f->parameter_count; i++)
        parameters[i].type = signature_type(g, f, f->parameters[i].type, parameters[i].type);
    TypeId result = signature_type(g, f, f->result, unit->written.result);
    const Generics *written = &unit->written.generics;
    g->may_add = false;
    g->generics = *written;
    g->generics.count += g->open.count;
    for (uint32_t i = 0; i < written->bound_count; i++)
        vec_push(inference->kept, &g->bounds, written->bounds[i]);
    for (uint32_t i = 0; g->open.count > 0 && i < component->c->obligations.count; i++)
        bounds_of(g, &component->c->obligations.items[i]);
    if (g->open.count > 0) names_give(g);
    g->generics.bounds = g->bounds.items;
    g->generics.bound_count = g->bounds.count;
    f->parameters = parameters;
    f->result = result;
    f->generics = g->generics;
}

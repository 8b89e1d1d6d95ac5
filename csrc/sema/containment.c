// sema/containment.c: which types contain themselves through records, tuples and newtypes only (E0381).
//
// SHAPE      a graph of declared types: D → E when a value of D holds a value of E in itself, not behind a pointer. A generic
//            type holds its argument if one of its fields does, so first it is found which parameters each type holds, again and
//            again until nothing changes; then a type in a circle contains itself.
#include "sema/internal.h"

typedef struct Containment {
    const Program *program;
    Arena *arena;
    bool **holds; // by type declaration and parameter
    uint32_t owner;
    VEC(uint32_t) targets;
    bool has_changed;
} Containment;

static bool is_inline(const TypeDecl *decl) { return decl->kind != DECL_SUM; }

// What a value of `type` holds in itself: with is_marking the owner's parameters, else the declared types as edges.
static void walk(Containment *c, TypeId type, bool is_marking) {
    const TypeInfo *info = type_info(c->program->types, type);
    switch ((TypeKind)info->kind) {
    case TYPE_PARAMETER:
        if (!is_marking || info->head >= c->program->type_decls[c->owner].generics.count ||
            c->holds[c->owner][info->head])
            return;
        c->holds[c->owner][info->head] = true;
        c->has_changed = true;
        return;
    case TYPE_TUPLE:
    case TYPE_RECORD:
        for (uint32_t i = 0; i < info->arg_count; i++)
            walk(c, info->args[i], is_marking);
        return;
    case TYPE_NAMED: {
        const TypeDecl *decl = &c->program->type_decls[info->head];
        if (!is_inline(decl)) return;
        if (!is_marking) vec_push(c->arena, &c->targets, info->head);
        for (uint32_t i = 0; i < info->arg_count && i < decl->generics.count; i++)
            if (c->holds[info->head][i]) walk(c, info->args[i], is_marking);
        return;
    }
    default:
        return; // primitive, or behind a pointer
    }
}

static void walk_fields(Containment *c, uint32_t decl, bool is_marking) {
    const TypeDecl *type = &c->program->type_decls[decl];
    c->owner = decl;
    if (!is_inline(type)) return;
    for (uint32_t v = 0; v < type->variant_count; v++)
        for (uint32_t f = 0; f < type->variants[v].field_count; f++)
            walk(c, type->variants[v].fields[f].type, is_marking);
}

void containment_check(Program *program) {
    uint32_t count = program->type_decl_count;
    Containment c = {.program = program, .arena = &program->arena};
    c.holds = arena_array(c.arena, bool *, (size_t)count + 1);
    bool is_generic = false;
    for (uint32_t i = 1; i <= count; i++) {
        c.holds[i] = arena_array(c.arena, bool, program->type_decls[i].generics.count);
        is_generic |= is_inline(&program->type_decls[i]) && program->type_decls[i].generics.count > 0;
    }
    do {
        c.has_changed = false;
        for (uint32_t i = 1; is_generic && i <= count; i++)
            if (program->type_decls[i].generics.count > 0) walk_fields(&c, i, true);
    } while (c.has_changed);

    uint32_t *first = arena_array(c.arena, uint32_t, (size_t)count + 2);
    for (uint32_t i = 1; i <= count; i++) {
        first[i] = c.targets.count;
        walk_fields(&c, i, false);
    }
    first[count + 1] = c.targets.count;
    if (c.targets.count == 0) return;
    Graph graph = {count, first, c.targets.items};
    uint32_t *component = arena_array(c.arena, uint32_t, (size_t)count + 1);
    uint32_t component_count = graph_components(c.arena, &graph, component);
    uint32_t *sizes = arena_array(c.arena, uint32_t, (size_t)component_count + 1);
    for (uint32_t i = 1; i <= count; i++)
        sizes[component[i]]++;
    for (uint32_t i = 1; i <= count; i++) {
        bool is_circular = sizes[component[i]] > 1;
        for (uint32_t e = first[i]; e < first[i + 1] && !is_circular; e++)
            is_circular = c.targets.items[e] == i;
        if (!is_circular) continue;
        TypeDecl *type = &program->type_decls[i];
        type->has_error = true;
        DiagSink *sink = &program_module(program, type->module)->diagnostics;
        Diagnostic *d = diag(sink, DIAG_TYPE_CONTAINS_ITSELF, type->span, program_name(program, type->name));
        diag_note(sink, d, TEXT("a type may refer to itself through a sum, a list, a map, an Option or a function"));
    }
}

// sema/containment.c: which types contain themselves through records, tuples and newtypes only (E0381).
//
// SHAPE      a graph of declared types: D → E when a value of D holds a value of E in itself, not behind a pointer. A generic
//            type holds its argument if one of its fields does, so first it is found which parameters each type holds, again and
//            again until nothing changes (containment_mark); then a type in a circle contains itself (containment_check).
#include "sema/graph.h"
#include "sema/internal.h"

typedef struct Containment {
    const Program *program;
    Arena *arena;
    uint32_t owner;
    uint32_t first, last;  // the module's types
    VEC(uint32_t) targets; // by their place among them, from 1
    bool has_changed;
} Containment;

static bool is_inline(const TypeDecl *decl) { return decl->kind != DECL_SUM; }

// What a value of `type` holds in itself: with is_marking the owner's parameters, else the declared types as edges.
static void walk(Containment *c, TypeId type, bool is_marking) {
    const TypeInfo *info = type_info(c->program->types, type);
    bool **holds = c->program->internal->holds;
    switch ((TypeKind)info->kind) {
    case TYPE_PARAMETER:
        if (!is_marking || info->head >= c->program->type_decls[c->owner].generics.count || holds[c->owner][info->head])
            return;
        holds[c->owner][info->head] = true;
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
        if (!is_marking && info->head >= c->first && info->head <= c->last)
            vec_push(c->arena, &c->targets, info->head - c->first + 1);
        for (uint32_t i = 0; i < info->arg_count && i < decl->generics.count; i++)
            if (holds[info->head][i]) walk(c, info->args[i], is_marking);
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

void containment_mark(Program *program, const uint32_t *modules, uint32_t count) {
    Containment c = {.program = program};
    for (uint32_t m = 0; m < count; m++) {
        const Module *module = program_module(program, (ModuleId){modules[m]});
        c.arena = module->diagnostics.arena;
        if (!module_state(program, (ModuleId){modules[m]})->has_generic_inline) continue;
        for (uint32_t i = module->first_type; i < module->first_type + module->type_count; i++)
            program->internal->holds[i] = arena_array(c.arena, bool, program->type_decls[i].generics.count);
    }
    do {
        c.has_changed = false;
        for (uint32_t m = 0; m < count; m++) {
            const Module *module = program_module(program, (ModuleId){modules[m]});
            if (!module_state(program, (ModuleId){modules[m]})->has_generic_inline) continue;
            for (uint32_t i = module->first_type; i < module->first_type + module->type_count; i++)
                if (program->type_decls[i].generics.count > 0) walk_fields(&c, i, true);
        }
    } while (c.has_changed);
}

// A circle of types lies within one module: between two it would be a circle of imports.
void containment_check(Program *program, ModuleId id) {
    Module *module = program_module(program, id);
    uint32_t count = module->type_count, before = module->first_type - 1;
    if (count == 0) return;
    Containment c = {
        .program = program, .arena = module->diagnostics.arena, .first = before + 1, .last = before + count};
    uint32_t *first = arena_array(c.arena, uint32_t, (size_t)count + 2);
    for (uint32_t i = 1; i <= count; i++) {
        first[i] = c.targets.count;
        walk_fields(&c, before + i, false);
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
        TypeDecl *type = &program->type_decls[before + i];
        type->has_error = true;
        DiagSink *sink = &module->diagnostics;
        Diagnostic *d = diag(sink, DIAG_TYPE_CONTAINS_ITSELF, type->span, program_name(program, type->name));
        diag_note(sink, d, TEXT("a type may refer to itself through a sum, a list, a map, an Option or a function"));
    }
}

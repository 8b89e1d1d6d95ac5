// sema/infer_parallel.c: left out parts of signatures, the modules in parallel.
//
// WHY        A module may import a private function of another (`::helper`; test files need no `::`), which may have left out
//            parts: then its module comes first. Nearly always there is one wave.
#include "sema/check_parallel.h"
#include "sema/graph.h"
#include <stdlib.h>

typedef struct Waves {
    uint32_t *modules; // by wave, in each in the order of the list
    uint32_t *ends;
    uint32_t count;
} Waves;

typedef struct Needs {
    uint32_t *node_of; // by module
    uint32_t *seen;    // by node: the last one that needs it
    VEC(uint32_t) targets;
} Needs;

static int compare_nodes(const void *first, const void *second) {
    uint32_t a = *(const uint32_t *)first, b = *(const uint32_t *)second;
    return (a > b) - (a < b);
}

static void need_add(Program *program, Needs *needs, uint32_t node, ModuleId module) {
    uint32_t target = needs->node_of[module.index];
    if (target == 0 || target == node || needs->seen[target] == node) return;
    needs->seen[target] = node;
    vec_push(&program->arena, &needs->targets, target);
}

// The modules whose left out parts one may use.
static void needs_of(Program *program, ModuleId id, Needs *needs, uint32_t node) {
    const Module *module = program_module(program, id);
    uint32_t first = needs->targets.count;
    for (uint32_t i = 0; i < module->import_count; i++) {
        const Item *item = &module->imports[i].item;
        if (item->kind == ITEM_FUNCTION && program->functions[item->index].is_incomplete)
            need_add(program, needs, node, program->functions[item->index].module);
    }
    for (uint32_t i = 0; module->is_test_file && i < module->dependency_count; i++)
        need_add(program, needs, node, module->dependencies[i]);
    if (needs->targets.count - first > 1)
        qsort(needs->targets.items + first, needs->targets.count - first, sizeof(uint32_t), compare_nodes);
}

static void waves_find(Program *program, const uint32_t *list, uint32_t count, Waves *out) {
    Arena *arena = &program->arena;
    Needs needs = {.node_of = arena_array(arena, uint32_t, (size_t)program->module_count + 1),
                   .seen = arena_array(arena, uint32_t, (size_t)count + 1)};
    uint32_t *first = arena_array(arena, uint32_t, (size_t)count + 2);
    uint32_t *component = arena_array(arena, uint32_t, (size_t)count + 1);
    uint32_t *level = arena_array(arena, uint32_t, (size_t)count + 1);
    vec_reserve(arena, &needs.targets, 1);
    for (uint32_t i = 0; i < count; i++)
        needs.node_of[list[i]] = i + 1;
    for (uint32_t node = 1; node <= count; node++) {
        first[node] = needs.targets.count;
        needs_of(program, (ModuleId){list[node - 1]}, &needs, node);
    }
    first[count + 1] = needs.targets.count;
    Graph graph = {count, first, needs.targets.items};
    uint32_t components = graph_components(arena, &graph, component);
    out->count = graph_levels(arena, &graph, component, components, level);
    out->modules = arena_array(arena, uint32_t, count);
    out->ends = arena_array(arena, uint32_t, (size_t)out->count + 2);
    for (uint32_t node = 1; node <= count; node++) // a stable counting sort; ends[l] begins where level l does
        out->ends[level[node] + 1]++;
    for (uint32_t wave = 1; wave <= out->count; wave++)
        out->ends[wave] += out->ends[wave - 1];
    for (uint32_t node = 1; node <= count; node++)
        out->modules[out->ends[level[node]]++] = list[node - 1];
}

static Status plan_guarded(Program *program, const uint32_t *modules, uint32_t count, Waves *out) {
    ARENA_GUARD(&program->arena);
    uint32_t *list = arena_array(&program->arena, uint32_t, count), kept = 0;
    for (uint32_t i = 0; i < count; i++)
        if (module_state(program, (ModuleId){modules[i]})->has_left_out) list[kept++] = modules[i];
    waves_find(program, list, kept, out);
    ARENA_GUARD_END(&program->arena);
    return STATUS_OK;
}

Status infer_of_each(Program *program, Pool *pool, const uint32_t *modules, uint32_t count) {
    bool is_needed = false;
    for (uint32_t i = 0; i < count; i++)
        is_needed |= module_state(program, (ModuleId){modules[i]})->has_left_out;
    if (!is_needed) return STATUS_OK; // nearly every program
    Waves waves = {0};
    TRY(plan_guarded(program, modules, count, &waves));
    for (uint32_t wave = 0, first = 0; wave < waves.count; first = waves.ends[wave++])
        TRY(phase_of_each(program, pool, waves.modules + first, waves.ends[wave] - first, WORK_check_signatures,
                          infer_module));
    return STATUS_OK;
}

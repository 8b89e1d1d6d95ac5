// sema/module_graph.c: the graph of a program's modules: built from their imports, its circles reported (E0210), its levels
// and its critical path.
//
// SHAPE      Module.dependencies ▸ compact edges, also reversed ▸ components ▸ one report for each circle
#include "sema/graph.h"
#include "sema/internal.h"

static void graph_build(Arena *arena, const Program *program, bool is_reversed, Graph *out) {
    uint32_t count = program->module_count;
    uint32_t *first = arena_array(arena, uint32_t, (size_t)count + 2);
    uint32_t edge_count = 0;
    for (uint32_t i = 1; i <= count; i++) {
        edge_count += program->modules[i].dependency_count;
        for (uint32_t d = 0; d < program->modules[i].dependency_count; d++)
            first[is_reversed ? program->modules[i].dependencies[d].index : i]++;
    }
    for (uint32_t i = 1, sum = 0; i <= count + 1; i++) { // counts become starts
        uint32_t own = i <= count ? first[i] : 0;
        first[i] = sum;
        sum += own;
    }
    uint32_t *next = arena_array(arena, uint32_t, (size_t)count + 2);
    memcpy(next, first, sizeof(uint32_t) * ((size_t)count + 2));
    uint32_t *targets = arena_array(arena, uint32_t, edge_count);
    for (uint32_t i = 1; i <= count; i++)
        for (uint32_t d = 0; d < program->modules[i].dependency_count; d++) {
            uint32_t target = program->modules[i].dependencies[d].index;
            targets[next[is_reversed ? target : i]++] = is_reversed ? i : target;
        }
    *out = (Graph){count, first, targets};
}

// ---- circles ---------------------------------------------------------------------------------------------------------------

typedef struct CycleSearch {
    Program *program;
    Graph graph, reversed;
    uint32_t *component;
    uint32_t
        *distance; // to the start of the module's circle; 0: unknown. Circles share no module, so nothing is cleared
    uint32_t *queue;
} CycleSearch;

// Breadth-first search backwards from the start gives everyone's distance to it.
static void distances_find(CycleSearch *s, uint32_t start) {
    uint32_t head = 0, tail = 0;
    s->queue[tail++] = start;
    while (head < tail) {
        uint32_t node = s->queue[head++];
        for (uint32_t e = s->reversed.first[node]; e < s->reversed.first[node + 1]; e++) {
            uint32_t source = s->reversed.targets[e];
            if (s->component[source] != s->component[start] || source == start || s->distance[source] != 0) continue;
            s->distance[source] = s->distance[node] + 1;
            s->queue[tail++] = source;
        }
    }
}

// The next module on the alphabetically first of the shortest ways back to the start.
static uint32_t next_on_cycle(const CycleSearch *s, uint32_t node, uint32_t start) {
    uint32_t best = 0;
    for (uint32_t e = s->graph.first[node]; e < s->graph.first[node + 1];
         e++) { // ascending, so the first of equals wins
        uint32_t target = s->graph.targets[e];
        if (s->component[target] != s->component[start]) continue;
        if (target == start) return start;
        if (best == 0 || s->distance[target] < s->distance[best]) best = target;
    }
    return best;
}

// Reports the circle of a component at its first module by name.
static void report_cycle(CycleSearch *s, uint32_t start) {
    Program *program = s->program;
    distances_find(s, start);
    Buffer path = buffer_in(&program->arena);
    buffer_text(&path, program->modules[start].name);
    uint32_t second = 0, node = start;
    do {
        node = next_on_cycle(s, node, start);
        if (second == 0) second = node;
        buffer_literal(&path, " -> ");
        buffer_text(&path, program->modules[node].name);
    } while (node != start);

    Module *module = &program->modules[start];
    const ModuleState *state = &program->internal->states[start];
    for (uint32_t i = 0; i < state->plan_count; i++) {
        if (state->plans[i].target.index != second) continue;
        TreeView view = module_view(module, state->plans[i].declaration);
        Span span = tree_node_span(&view, module_declaration(module, state->plans[i].declaration)->root);
        (void)diag(&module->diagnostics, DIAG_CIRCULAR_IMPORTS, span,
                   ((Text){path.data, (uint32_t)path.length})); // complete
        return;
    }
}

void module_cycles_report(Program *program) {
    Arena *arena = &program->arena;
    uint32_t count = program->module_count;
    CycleSearch s = {.program = program};
    graph_build(arena, program, false, &s.graph);
    s.component = arena_array(arena, uint32_t, (size_t)count + 1);
    uint32_t component_count = graph_components(arena, &s.graph, s.component);
    program->internal->module_height = s.component;
    if (component_count == count) return; // a module importing itself is no edge
    graph_build(arena, program, true, &s.reversed);
    s.distance = arena_array(arena, uint32_t, (size_t)count + 1);
    s.queue = arena_array(arena, uint32_t, (size_t)count + 1);
    uint32_t *sizes = arena_array(arena, uint32_t, (size_t)component_count + 1);
    for (uint32_t i = 1; i <= count; i++)
        sizes[s.component[i]]++;
    bool *is_reported = arena_array(arena, bool, (size_t)component_count + 1);
    for (uint32_t i = 1; i <= count; i++) {
        if (sizes[s.component[i]] < 2) continue;
        program->modules[i].is_cyclic = true;
        if (!is_reported[s.component[i]]) report_cycle(&s, i);
        is_reported[s.component[i]] = true;
    }
}

uint32_t module_height(const Program *program, ModuleId module) {
    return program->internal->module_height[module.index];
}

// ---- levels ----------------------------------------------------------------------------------------------------------------

Status module_graph(const Program *program, Arena *arena, ModuleGraph *out) {
    *out = (ModuleGraph){0};
    ARENA_GUARD(arena);
    uint32_t count = program->module_count;
    graph_build(arena, program, false, &out->graph);
    out->component = arena_array(arena, uint32_t, (size_t)count + 1);
    out->component_count = graph_components(arena, &out->graph, out->component);
    out->level = arena_array(arena, uint32_t, (size_t)count + 1);
    out->level_count = graph_levels(arena, &out->graph, out->component, out->component_count, out->level);
    out->level_first = arena_array(arena, uint32_t, (size_t)out->level_count + 2);
    for (uint32_t i = 1; i <= count;
         i++) // a counting sort; one place further, so that filling leaves the starts behind
        out->level_first[out->level[i] + 2]++;
    for (uint32_t l = 2; l <= out->level_count; l++)
        out->level_first[l + 1] += out->level_first[l];
    out->by_level = arena_array(arena, uint32_t, (size_t)count + 1);
    for (uint32_t i = 1; i <= count; i++)
        out->by_level[out->level_first[out->level[i] + 1]++] = i;
    out->cost = arena_array(arena, uint32_t, (size_t)count + 1);
    for (uint32_t i = 1; i <= count; i++)
        if (program->modules[i].kind != MODULE_PRELUDE) out->cost[i] = program->modules[i].file->tree.node_count;
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

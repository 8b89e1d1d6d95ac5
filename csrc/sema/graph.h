// sema/graph.h: the graph of modules: who imports whom, in what circles, and how long the ways through it are.
//
// WHY        The schedule `levels` needs to know which modules can be checked together, people and the scalability report
//            want to know which chain of imports a build waits for, and circles of imports are errors.
// SHAPE      nodes 1 … node_count ▸ edges to what a node needs ▸ components (circles) ▸ levels ▸ critical path
// COST       Everything is linear in nodes and edges, and nothing recurses: a chain of a million modules needs no stack.
// OWNERSHIP  Results live in the arena that is given, under the caller's guard.
#pragma once
#include "sema/sema.h"

typedef struct Graph { // the edges of n are targets[first[n]] … targets[first[n + 1] - 1], ascending
    uint32_t node_count;
    const uint32_t *first; // [1 … node_count + 1]
    const uint32_t *targets;
} Graph;

// component[n], from 1; equal for nodes that reach each other. No edge leads to a higher number, so ascending numbers are an
// order of work. Returns how many there are.
uint32_t graph_components(Arena *arena, const Graph *graph, uint32_t *component);

// level[n]: the length of the longest way from n to a node that needs nothing, 0 for that one. Edges inside of a component do
// not count: its nodes share one level. Returns how many levels there are.
uint32_t graph_levels(Arena *arena, const Graph *graph, const uint32_t *component, uint32_t component_count,
                      uint32_t *level);

typedef struct CriticalPath { // the way through the graph whose costs sum up to the most
    const uint32_t *nodes; // in the order of work, what needs nothing first; of a circle its lowest node stands for all
    uint32_t count;
    uint64_t cost;
} CriticalPath;
// cost[n] of each node, NULL: 1 each. A circle costs what its nodes cost together. Of equal ways the one with lower nodes,
// from its end on.
void graph_critical_path(Arena *arena, const Graph *graph, const uint32_t *component, uint32_t component_count,
                         const uint32_t *cost, CriticalPath *out);

// ---- of a program (module_graph.c): node n is the module n, and an edge goes to each module that it imports ------------------

typedef struct ModuleGraph {
    Graph graph;
    uint32_t *component;
    uint32_t component_count;
    uint32_t *level; // by module
    uint32_t level_count;
    uint32_t *
        level_first; // [0 … level_count]: the modules of level l are by_level[level_first[l]] … [level_first[l + 1] - 1]
    uint32_t *by_level; // modules, within a level ascending
    // By module: the nodes of its tree, which is what checking takes time for. The prelude, which all need and nobody imports,
    // costs nothing.
    uint32_t *cost;
} ModuleGraph;
// After step 1. STATUS_NO_MEMORY when the arena cannot grow.
MUST_USE Status module_graph(const Program *program, Arena *arena, ModuleGraph *out);
// After step 1: no import leads to a module of a greater height, and only inside of a circle to one of the same.
uint32_t module_height(const Program *program, ModuleId module);

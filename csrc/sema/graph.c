// sema/graph.c: strongly connected components in linear time, without recursion.
//
// SOURCE  Tarjan, Depth-first search and linear graph algorithms (SIAM J. Comput. 1972), with the call stack as an array.
#include "sema/internal.h"

uint32_t graph_components(Arena *arena, const Graph *graph, uint32_t *component) {
    uint32_t count = graph->node_count;
    uint32_t *order = arena_array(arena, uint32_t, count + 1); // 0: not visited yet
    uint32_t *low = arena_array(arena, uint32_t, count + 1);
    uint32_t *next_edge = arena_array(arena, uint32_t, count + 1);
    uint32_t *stack = arena_array(arena, uint32_t, count + 1); // visited, not yet in a component
    uint32_t *path = arena_array(arena, uint32_t, count + 1);  // from the root of the search to the node at hand
    uint32_t stack_count = 0, visited = 0, component_count = 0;
    memset(component, 0, sizeof(uint32_t) * ((size_t)count + 1));

    for (uint32_t root = 1; root <= count; root++) {
        if (order[root] != 0) continue;
        uint32_t path_count = 0;
        path[path_count++] = root;
        while (path_count > 0) {
            uint32_t node = path[path_count - 1];
            if (order[node] == 0) {
                order[node] = low[node] = ++visited;
                next_edge[node] = graph->first[node];
                stack[stack_count++] = node;
            }
            if (next_edge[node] < graph->first[node + 1]) {
                uint32_t target = graph->targets[next_edge[node]++];
                if (order[target] == 0)
                    path[path_count++] = target;
                else if (component[target] == 0 && order[target] < low[node])
                    low[node] = order[target];
                continue;
            }
            path_count--;
            if (path_count > 0 && low[node] < low[path[path_count - 1]]) low[path[path_count - 1]] = low[node];
            if (low[node] != order[node]) continue;
            component_count++;
            uint32_t member;
            do {
                member = stack[--stack_count];
                component[member] = component_count;
            } while (member != node);
        }
    }
    return component_count;
}

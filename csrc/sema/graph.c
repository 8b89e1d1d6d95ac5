// sema/graph.c: strongly connected components, levels and critical paths in linear time, without recursion.
//
// SOURCE  Tarjan, Depth-first search and linear graph algorithms (SIAM J. Comput. 1972), with the call stack as an array.
//         It numbers a component when all that it leads to are numbered, so the numbers are a topological order: levels and
//         critical paths need no queue of their own beyond Kahn's (Topological sorting of large networks, CACM 1962), which
//         would come to the same order.
#include "sema/graph.h"

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

// ---- ways through the graph, component by component ----------------------------------------------------------------------

// The nodes by component, within one ascending: those of c are nodes[first[c]] … nodes[first[c + 1] - 1].
typedef struct Members {
    uint32_t *first, *nodes;
} Members;

static Members members_sort(Arena *arena, uint32_t node_count, const uint32_t *component, uint32_t component_count) {
    Members m = {arena_array(arena, uint32_t, (size_t)component_count + 3),
                 arena_array(arena, uint32_t, (size_t)node_count + 1)};
    for (uint32_t n = 1; n <= node_count; n++) // a counting sort; one place further, so that filling leaves the starts
        m.first[component[n] + 2]++;
    for (uint32_t i = 3; i <= component_count + 2; i++)
        m.first[i] += m.first[i - 1];
    for (uint32_t n = 1; n <= node_count; n++)
        m.nodes[m.first[component[n] + 1]++] = n;
    return m;
}

uint32_t graph_levels(Arena *arena, const Graph *graph, const uint32_t *component, uint32_t component_count,
                      uint32_t *level) {
    Members members = members_sort(arena, graph->node_count, component, component_count);
    uint32_t level_count = 0;
    for (uint32_t c = 1; c <= component_count; c++) {
        uint32_t own = 0;
        for (uint32_t m = members.first[c]; m < members.first[c + 1]; m++) {
            uint32_t node = members.nodes[m];
            for (uint32_t e = graph->first[node]; e < graph->first[node + 1]; e++) {
                uint32_t target = graph->targets[e];
                if (component[target] != c && level[target] + 1 > own) own = level[target] + 1;
            }
        }
        for (uint32_t m = members.first[c]; m < members.first[c + 1]; m++)
            level[members.nodes[m]] = own;
        if (own + 1 > level_count) level_count = own + 1;
    }
    return level_count;
}

void graph_critical_path(Arena *arena, const Graph *graph, const uint32_t *component, uint32_t component_count,
                         const uint32_t *cost, CriticalPath *out) {
    Members members = members_sort(arena, graph->node_count, component, component_count);
    uint64_t *total = arena_array(arena, uint64_t, (size_t)component_count + 1);  // of the way that ends with c
    uint32_t *before = arena_array(arena, uint32_t, (size_t)component_count + 1); // the component before c on it, or 0
    uint32_t *length = arena_array(arena, uint32_t, (size_t)component_count + 1);
    uint32_t best = 0;
    for (uint32_t c = 1; c <= component_count; c++) {
        uint64_t own = 0;
        for (uint32_t m = members.first[c]; m < members.first[c + 1]; m++) {
            uint32_t node = members.nodes[m];
            own += cost == NULL ? 1 : cost[node];
            for (uint32_t e = graph->first[node]; e < graph->first[node + 1]; e++) {
                uint32_t other = component[graph->targets[e]], known = before[c];
                if (other == c) continue;
                bool is_lower = known == 0 || members.nodes[members.first[other]] < members.nodes[members.first[known]];
                if (known == 0 || total[other] > total[known] || (total[other] == total[known] && is_lower))
                    before[c] = other;
            }
        }
        total[c] = own + total[before[c]];
        length[c] = 1 + length[before[c]];
        bool is_lower = best == 0 || members.nodes[members.first[c]] < members.nodes[members.first[best]];
        if (best == 0 || total[c] > total[best] || (total[c] == total[best] && is_lower)) best = c;
    }
    *out = (CriticalPath){.count = length[best], .cost = total[best]};
    uint32_t *nodes = arena_array(arena, uint32_t, length[best]);
    for (uint32_t c = best, i = length[best]; i > 0; c = before[c])
        nodes[--i] = members.nodes[members.first[c]];
    out->nodes = nodes;
}

// tests/unit/test_graph.c: components, levels and critical paths, against drawn graphs and a definition taken literally.
#include "sema/graph.h"
#include "tests/unit/harness.h"
#include "tests/unit/program_helper.h"

// Edges as pairs, sorted by source and then by target.
static Graph graph_of(uint32_t node_count, const uint32_t (*edges)[2], uint32_t edge_count) {
    uint32_t *first = arena_array(test_arena(), uint32_t, node_count + 2);
    uint32_t *targets = arena_array(test_arena(), uint32_t, edge_count + 1);
    uint32_t at = 0;
    for (uint32_t n = 1; n <= node_count; n++) {
        first[n] = at;
        for (uint32_t e = 0; e < edge_count; e++)
            if (edges[e][0] == n) targets[at++] = edges[e][1];
    }
    first[node_count + 1] = at;
    return (Graph){node_count, first, targets};
}

typedef struct Found {
    uint32_t component[64], component_count, level[64], level_count;
    CriticalPath longest, heaviest;
} Found;

static Found find(const Graph *graph, const uint32_t *cost) {
    Found f = {{0}, 0, {0}, 0, {0}, {0}};
    REQUIRE(graph->node_count < 64);
    f.component_count = graph_components(test_arena(), graph, f.component);
    f.level_count = graph_levels(test_arena(), graph, f.component, f.component_count, f.level);
    graph_critical_path(test_arena(), graph, f.component, f.component_count, NULL, &f.longest);
    graph_critical_path(test_arena(), graph, f.component, f.component_count, cost, &f.heaviest);
    return f;
}

static Text path_text(const CriticalPath *path) {
    Buffer out = buffer_in(test_arena());
    for (uint32_t i = 0; i < path->count; i++)
        buffer_format(&out, "%s%u", i > 0 ? " " : "", path->nodes[i]);
    buffer_format(&out, ": %llu", (unsigned long long)path->cost);
    return (Text){out.data, (uint32_t)out.length};
}

TEST(no_module_at_all) {
    Graph graph = graph_of(0, NULL, 0);
    Found f = find(&graph, NULL);
    CHECK_INT(f.component_count, 0);
    CHECK_INT(f.level_count, 0);
    CHECK_TEXT(path_text(&f.longest), TEXT(": 0"));
}

TEST(levels_are_longest_ways_to_a_leaf) {
    //  1 → 2 → 3 → 4     1 → 4     5 → 4     6
    const uint32_t edges[][2] = {{1, 2}, {1, 4}, {2, 3}, {3, 4}, {5, 4}};
    Graph graph = graph_of(6, edges, 5);
    const uint32_t cost[] = {0, 1, 1, 1, 10, 5, 12};
    Found f = find(&graph, cost);
    CHECK_INT(f.component_count, 6);
    CHECK_INT(f.level_count, 4);
    const uint32_t expected[] = {0, 3, 2, 1, 0, 1, 0};
    for (uint32_t n = 1; n <= 6; n++)
        CHECK_INT(f.level[n], expected[n]);
    CHECK_TEXT(path_text(&f.longest), TEXT("4 3 2 1: 4"));
    CHECK_TEXT(path_text(&f.heaviest), TEXT("4 5: 15"));
}

TEST(equal_paths_are_chosen_by_the_lower_module) {
    const uint32_t edges[][2] = {{3, 1}, {3, 2}, {4, 1}};
    Graph graph = graph_of(4, edges, 3);
    const uint32_t cost[] = {0, 2, 2, 7, 7};
    Found f = find(&graph, cost);
    CHECK_TEXT(path_text(&f.longest), TEXT("1 3: 2"));
    CHECK_TEXT(path_text(&f.heaviest), TEXT("1 3: 9"));
}

TEST(a_circle_has_one_level_and_costs_what_its_modules_cost_together) {
    //  1 → 2 ⇄ 3 → 4
    const uint32_t edges[][2] = {{1, 2}, {2, 3}, {3, 2}, {3, 4}};
    Graph graph = graph_of(4, edges, 4);
    const uint32_t cost[] = {0, 1, 10, 100, 1000};
    Found f = find(&graph, cost);
    CHECK_INT(f.component_count, 3);
    CHECK_INT(f.component[2], f.component[3]);
    CHECK_INT(f.level[4], 0);
    CHECK_INT(f.level[2], 1);
    CHECK_INT(f.level[3], 1);
    CHECK_INT(f.level[1], 2);
    CHECK_TEXT(path_text(&f.heaviest), TEXT("4 2 1: 1111"));
    CHECK_TEXT(path_text(&f.longest), TEXT("4 2 1: 4"));
}

// The definition: 1 + the greatest level of what a node needs, tried again until nothing changes.
static void check_against_definition(const Graph *graph, const uint32_t *cost) {
    Found f = find(graph, cost);
    uint32_t level[64] = {0};
    uint64_t weight[64] = {0}, total[64] = {0}, best = 0;
    for (uint32_t n = 1; n <= graph->node_count; n++)
        weight[f.component[n]] += cost[n];
    for (uint32_t round = 0; round <= graph->node_count; round++)
        for (uint32_t n = 1; n <= graph->node_count; n++) {
            for (uint32_t e = graph->first[n]; e < graph->first[n + 1]; e++) {
                uint32_t target = graph->targets[e];
                bool is_inside = f.component[target] == f.component[n];
                CHECK(f.component[target] <= f.component[n]); // an order of work
                if (level[target] + !is_inside > level[n]) level[n] = level[target] + !is_inside;
                if (!is_inside && total[f.component[target]] + weight[f.component[n]] > total[f.component[n]])
                    total[f.component[n]] = total[f.component[target]] + weight[f.component[n]];
            }
            for (uint32_t k = 1; k <= graph->node_count; k++) // members of a circle wait for all of it
                if (f.component[k] == f.component[n] && level[k] > level[n]) level[n] = level[k];
            if (total[f.component[n]] == 0) total[f.component[n]] = weight[f.component[n]];
            if (total[f.component[n]] > best) best = total[f.component[n]];
        }
    uint32_t level_count = 0;
    for (uint32_t n = 1; n <= graph->node_count; n++) {
        CHECK_INT(f.level[n], level[n]);
        if (level[n] + 1 > level_count) level_count = level[n] + 1;
    }
    CHECK_INT(f.level_count, level_count);
    CHECK(f.heaviest.cost == best);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < f.heaviest.count; i++) {
        sum += weight[f.component[f.heaviest.nodes[i]]];
        if (i > 0) CHECK(f.component[f.heaviest.nodes[i]] > f.component[f.heaviest.nodes[i - 1]]);
    }
    CHECK(sum == best);
}

TEST(random_graphs_agree_with_the_definition) {
    uint32_t state = 12345;
    for (uint32_t round = 0; round < 400; round++) {
        uint32_t nodes = 1 + round % 13, count = 0, edges[40][2], cost[64] = {0};
        bool is_known[16][16] = {{false}};
        for (uint32_t i = 0; i < 40 && i < round % 31; i++) {
            state = state * 1664525 + 1013904223;
            uint32_t from = 1 + (state >> 8) % nodes, to = 1 + (state >> 20) % nodes;
            if (from == to || is_known[from][to]) continue;
            is_known[from][to] = true;
            edges[count][0] = from;
            edges[count++][1] = to;
        }
        for (uint32_t n = 1; n <= nodes; n++)
            cost[n] = 1 + (state = state * 1664525 + 1013904223) % 9;
        Graph graph = graph_of(nodes, (const uint32_t(*)[2])edges, count);
        check_against_definition(&graph, cost);
    }
}

TEST(a_chain_of_a_million_needs_no_stack) {
    enum { COUNT = 1000000 };
    uint32_t *first = arena_array(test_arena(), uint32_t, COUNT + 2);
    uint32_t *targets = arena_array(test_arena(), uint32_t, COUNT);
    for (uint32_t n = 1; n <= COUNT; n++) { // n → n + 1
        first[n] = n - 1;
        targets[n - 1] = n + 1;
    }
    first[COUNT + 1] = first[COUNT] = COUNT - 1;
    Graph graph = {COUNT, first, targets};
    uint32_t *component = arena_array(test_arena(), uint32_t, COUNT + 1);
    uint32_t *level = arena_array(test_arena(), uint32_t, COUNT + 1);
    uint32_t component_count = graph_components(test_arena(), &graph, component);
    CHECK_INT(component_count, COUNT);
    CHECK_INT(graph_levels(test_arena(), &graph, component, component_count, level), COUNT);
    CHECK_INT(level[1], COUNT - 1);
    CriticalPath path;
    graph_critical_path(test_arena(), &graph, component, component_count, NULL, &path);
    CHECK_INT(path.count, COUNT);
    CHECK_INT(path.nodes[0], COUNT);
}

TEST(a_programs_graph_has_its_imports) {
    TestProgram *p =
        program_from((const TestModule[]){{.name = "a", .text = "use './b' { x }\nuse './c' { y }\n"},
                                          {.name = "b", .text = "use './c' { y }\npub @x () -> int = y()\n"},
                                          {.name = "c", .text = "pub @y () -> int = 1\n"},
                                          {.name = "d", .text = "use './e' { z }\npub @z () -> int = 1\n"},
                                          {.name = "e", .text = "use './d' { z }\n"},
                                          {.name = "f", .text = "use './d' { z }\n"}},
                     6, &(TestOptions){.without_prelude = true});
    ModuleGraph graph;
    REQUIRE(module_graph(p->program, test_arena(), &graph) == STATUS_OK);
    CHECK_INT(graph.level_count, 3);
    CHECK_INT(graph.level_first[3], 6);
    Buffer out = buffer_in(test_arena());
    for (uint32_t l = 0; l < graph.level_count; l++) {
        for (uint32_t i = graph.level_first[l]; i < graph.level_first[l + 1]; i++)
            buffer_text(&out, p->program->modules[graph.by_level[i]].name);
        buffer_char(&out, ' ');
    }
    CHECK_TEXT(((Text){out.data, (uint32_t)out.length}), TEXT("cde bf a "));
    CHECK_INT(graph.cost[1], p->files[0].tree.node_count);
    program_end(p);
}

TEST(many_circles_are_reported_in_linear_time) {
    enum { PAIRS = 2000 };
    TestModule *modules = arena_array(test_arena(), TestModule, 2 * PAIRS);
    for (uint32_t i = 0; i < PAIRS; i++)
        for (uint32_t k = 0; k < 2; k++) {
            modules[2 * i + k].name = arena_format(test_arena(), "m%u_%u", i, k).data;
            modules[2 * i + k].text = arena_format(test_arena(), "use './m%u_%u' { x }\n", i, 1 - k).data;
        }
    TestProgram *p = program_from(modules, 2 * PAIRS, &(TestOptions){.without_prelude = true});
    uint32_t count = 0;
    for (uint32_t i = 1; i <= 2 * PAIRS; i++)
        count += p->program->modules[i].diagnostics.error_count;
    CHECK_INT(count, PAIRS);
    CHECK(p->program->arena.reserved_bytes < 64u << 20); // not an array of all modules for each circle
    program_end(p);
}

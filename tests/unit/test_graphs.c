// tests/unit/test_graphs.c shows termination: tiny random graphs of tasks, on pools of 1 to 16 workers, in which every task
// runs exactly once and every wait ends; and that pools come and go by the thousand. A hang is ended by the harness.
//
// SIGIL_GRAPH_RUNS sets the number of graphs: 1000000 for the long run, which takes about a minute on two cores.
#include "base/clock.h"
#include "sched/fork.h"
#include "tests/unit/harness.h"
#include <stdio.h>
#include <stdlib.h>

#define GRAPHS 20000
#define TASKS_MAX 64
#define WORKERS_MAX 16

typedef struct Graph {
    uint64_t seed;
    _Atomic uint32_t next;            // the number of the next task
    _Atomic uint32_t runs[TASKS_MAX]; // how often each ran
    TaskGroup *shared;                // of the root: tasks below may add to it
} Graph;

typedef struct Node {
    Graph *graph;
    uint32_t number;
    uint32_t depth;
} Node;

// What a task does follows from the graph's seed and its own number, so that a failure can be repeated.
static uint64_t choose(const Node *node, uint32_t salt) {
    uint64_t state = node->graph->seed + node->number * UINT64_C(0x9E3779B97F4A7C15) + salt + 1;
    if (state == 0) state = 1;
    (void)test_random(&state); // the first number still looks like the seed
    return test_random(&state);
}

static bool take_number(Graph *graph, uint32_t *number) {
    *number = fetch_add_relaxed(&graph->next, 1u);
    return *number < TASKS_MAX;
}

static Status run_node(Worker *worker, void *argument);

static Status run_heap_node(Worker *worker, void *argument) {
    Node node = *(Node *)argument;
    free(argument);
    return run_node(worker, &node);
}

static Status run_item(Worker *worker, void *job, uint32_t item) {
    Node node = ((Node *)job)[item];
    return run_node(worker, &node);
}

// Up to four tasks below this one, started and waited for in one of the ways that there are.
static Status run_node(Worker *worker, void *argument) {
    const Node *node = argument;
    Graph *graph = node->graph;
    (void)fetch_add_relaxed(&graph->runs[node->number], 1u);
    if (node->depth == 0) return STATUS_OK;

    Node below[4];
    uint32_t count = 0;
    uint32_t wanted = (uint32_t)(choose(node, 0) % 5);
    for (; count < wanted; count++) {
        below[count] = (Node){.graph = graph, .depth = node->depth - 1};
        if (!take_number(graph, &below[count].number)) break;
    }
    TaskGroup group = {0};
    TaskFork forks[4];
    switch (choose(node, 1) % 6) {
    case 0: // forked, and joined in reverse
        for (uint32_t i = 0; i < count; i++)
            task_fork(worker, &forks[i], run_node, &below[i]);
        for (uint32_t i = count; i-- > 0;)
            if (task_finish(worker, &forks[i], run_node, &below[i]) != STATUS_OK) return STATUS_IO;
        return STATUS_OK;
    case 1: // in a group of our own
        group = task_group_of(worker);
        for (uint32_t i = 0; i < count; i++)
            task_spawn(worker, &group, run_node, &below[i]);
        return group_wait(worker, &group);
    case 2: // in a group that anybody may add to
        for (uint32_t i = 0; i < count; i++)
            if (pool_submit(worker_pool(worker), &group, run_node, &below[i]) != STATUS_OK) return STATUS_IO;
        return group_wait(worker, &group);
    case 3: // a loop
        return pool_for_each(worker_pool(worker), NULL, count, run_item, below);
    case 4: // a batch
        if (pool_submit_batch(worker_pool(worker), &group, run_node, below, sizeof below[0], count) != STATUS_OK)
            return STATUS_IO;
        return pool_wait(worker_pool(worker), &group);
    default: // in the root's group, and nobody waits here
        for (uint32_t i = 0; i < count; i++) {
            Node *heap = malloc(sizeof *heap);
            REQUIRE(heap != NULL);
            *heap = below[i];
            task_spawn(worker, graph->shared, run_heap_node, heap);
        }
        return STATUS_OK;
    }
}

// Returns the number of tasks that did not run exactly once.
static uint32_t run_graph(Pool *pool, Graph *graph, uint64_t seed) {
    memset(graph, 0, sizeof *graph);
    TaskGroup group = {0};
    graph->seed = seed;
    graph->shared = &group;
    Node root = {.graph = graph, .depth = 3};
    uint32_t wrong = 0;
    wrong += !take_number(graph, &root.number);
    wrong += pool_submit(pool, &group, run_node, &root) != STATUS_OK;
    wrong += pool_wait(pool, &group) != STATUS_OK;
    uint32_t count = load_relaxed(&graph->next);
    for (uint32_t i = 0; i < count && i < TASKS_MAX; i++)
        wrong += load_relaxed(&graph->runs[i]) != 1;
    return wrong;
}

static uint32_t graph_runs(void) {
    const char *wanted = getenv("SIGIL_GRAPH_RUNS");
    return wanted != NULL ? (uint32_t)strtoul(wanted, NULL, 10) : test_rounds(GRAPHS);
}

static Pool *pool_of(uint32_t threads) {
    Pool *pool = NULL;
    ThreadPoolConfig config = {.max_threads = threads, .stack_size = 512 * 1024};
    REQUIRE(pool_create(&config, &pool) == STATUS_OK);
    return pool;
}

static void run_graphs_on(uint32_t threads) {
    Pool *pool = pool_of(threads);
    Graph graph;
    uint64_t tasks = 0;
    for (uint32_t run = 0; run < graph_runs() / WORKERS_MAX; run++) {
        uint64_t seed = (uint64_t)threads << 32 | run;
        uint32_t wrong = run_graph(pool, &graph, seed);
        if (wrong != 0) FAIL("graph %#" PRIx64 " on %" PRIu32 " workers: %" PRIu32 " wrong", seed, threads, wrong);
        tasks += load_relaxed(&graph.next);
        if (run % 997 == 0) clock_sleep_ns(NS_PER_MS / 5); // long enough for workers to fall asleep, now and then
    }
    CHECK(tasks > graph_runs() / WORKERS_MAX);
    pool_free(pool);
}

// One test for each number of workers, because the harness limits the time of each.
TEST(random_graphs_end_on_1_worker) { run_graphs_on(1); }
TEST(random_graphs_end_on_2_workers) { run_graphs_on(2); }
TEST(random_graphs_end_on_3_workers) { run_graphs_on(3); }
TEST(random_graphs_end_on_4_workers) { run_graphs_on(4); }
TEST(random_graphs_end_on_5_workers) { run_graphs_on(5); }
TEST(random_graphs_end_on_6_workers) { run_graphs_on(6); }
TEST(random_graphs_end_on_7_workers) { run_graphs_on(7); }
TEST(random_graphs_end_on_8_workers) { run_graphs_on(8); }
TEST(random_graphs_end_on_9_workers) { run_graphs_on(9); }
TEST(random_graphs_end_on_10_workers) { run_graphs_on(10); }
TEST(random_graphs_end_on_11_workers) { run_graphs_on(11); }
TEST(random_graphs_end_on_12_workers) { run_graphs_on(12); }
TEST(random_graphs_end_on_13_workers) { run_graphs_on(13); }
TEST(random_graphs_end_on_14_workers) { run_graphs_on(14); }
TEST(random_graphs_end_on_15_workers) { run_graphs_on(15); }
TEST(random_graphs_end_on_16_workers) { run_graphs_on(16); }

// ---- several pools at once

typedef struct Client {
    Pool *pool;
    uint64_t seed;
    uint32_t wrong;
} Client;

static void client(void *argument) {
    Client *self = argument;
    Graph graph;
    for (uint32_t run = 0; run < graph_runs() / 64; run++)
        self->wrong += run_graph(self->pool, &graph, self->seed + run);
}

TEST(several_pools_and_several_clients_of_one_pool_at_once) {
    Pool *pools[3];
    Client clients[6];
    Thread threads[6];
    for (uint32_t i = 0; i < 3; i++)
        pools[i] = pool_of(i + 1);
    for (uint32_t i = 0; i < 6; i++) {
        clients[i] = (Client){.pool = pools[i / 2], .seed = (uint64_t)(100 + i) << 32};
        REQUIRE(thread_start(&threads[i], "client", 0, client, &clients[i]) == STATUS_OK);
    }
    for (uint32_t i = 0; i < 6; i++) {
        thread_join(&threads[i]);
        CHECK_INT(clients[i].wrong, 0);
    }
    for (uint32_t i = 0; i < 3; i++)
        pool_free(pools[i]);
}

// ---- pools come and go

static uint64_t mapped_pages(void) {
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) return 0;
    if (fscanf(file, "%lu", &pages) != 1) pages = 0;
    (void)fclose(file); // was only read
    return pages;
}

TEST(ten_thousand_pools_leave_nothing_behind) {
    uint64_t before = 0;
    uint32_t rounds = test_rounds(10000);
    Graph graph;
    for (uint32_t round = 0; round < rounds; round++) {
        if (round == rounds / 10) before = mapped_pages(); // caches of stacks and of malloc are full by then
        Pool *pool = pool_of(1 + round % 4);
        if (round % 2 == 0) CHECK_INT(run_graph(pool, &graph, round), 0);
        pool_free(pool);
    }
#if !UNDER_THREAD_SANITIZER && !defined(__SANITIZE_ADDRESS__) // which map shadows; ASan's leak check sees the rest
    CHECK(mapped_pages() <= before + 4096);
#endif
    (void)before;
}

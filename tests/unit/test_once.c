// tests/unit/test_once.c shows O1–O4 of sched/once.h: graphs of computations that need each other, with and without
// circles, on one to sixteen workers. Every key is computed once, every circle is told, nothing hangs.
#include "base/clock.h"
#include "sched/once.h"
#include "sched/pool_internal.h"
#include "tests/unit/harness.h"
#include <stdlib.h>

static Pool *pool_for_test(uint32_t threads) {
    Pool *pool = NULL;
    ThreadPoolConfig config = {.max_threads = threads, .stack_size = 1024 * 1024};
    REQUIRE(pool_create(&config, &pool) == STATUS_OK);
    return pool;
}

// ---- graphs

typedef enum Manner {
    ONE_BY_ONE, // needs what it needs in its own frame
    IN_TASKS,   // spawns a task for each need and waits for the group
    IN_ITEMS,   // a nested parallel-for over the needs
    IN_A_BATCH, // a batch of tasks, and a foreign task in between
    MANNER_COUNT,
} Manner;

#define NEEDS_MAX 6
#define NODES_MAX 512

typedef struct Graph Graph;
typedef struct Node {
    Graph *graph;
    uint32_t number;
    Manner manner;
    uint32_t spin; // how long it computes by itself
    uint32_t need_count;
    uint32_t needs[NEEDS_MAX];
    uint64_t value;
    _Atomic uint32_t computed;
    bool reaches_cycle;
    bool is_on_cycle;
} Node;

struct Graph {
    OnceMap *map;
    Pool *pool;
    uint32_t count;
    _Atomic uint32_t foreign_run;
    _Atomic uint32_t
        busy[POOL_THREADS_MAX + POOL_SPARES_MAX]; // per worker index: 1 while a computation is in its first part
    _Atomic uint32_t clashes;
    Node nodes[NODES_MAX];
};

static Text node_key(const Node *node) { return (Text){(const char *)&node->number, sizeof node->number}; }

static Status node_get(Graph *graph, Worker *worker, uint32_t number, uint64_t *value);

typedef struct Need {
    Graph *graph;
    uint32_t number;
    uint64_t value;
} Need;

static Status need_task(Worker *worker, void *argument) {
    Need *need = argument;
    return node_get(need->graph, worker, need->number, &need->value);
}

static Status need_item(Worker *worker, void *job, uint32_t item) {
    Need *needs = job;
    return need_task(worker, &needs[item]);
}

// Belongs to no computation: may need anything, wherever it is run.
static Status foreign_task(Worker *worker, void *argument) {
    Node *node = argument;
    uint64_t value;
    (void)node_get(node->graph, worker, node->number, &value); // any status is right
    (void)fetch_add_relaxed(&node->graph->foreign_run, 1u);
    return STATUS_OK;
}

static uint64_t mix(uint64_t value, uint64_t other) { return (value ^ other) * UINT64_C(0x9E3779B97F4A7C15) + 1; }

static Status node_compute(Worker *worker, void *context, Text key, void **value) {
    Node *node = context;
    Graph *graph = node->graph;
    CHECK(key.length == sizeof node->number && memcmp(key.data, &node->number, key.length) == 0);
    (void)fetch_add_relaxed(&node->computed, 1u);
    uint32_t index = worker_index(worker);
    CHECK(index < pool_worker_limit(graph->pool));
    if (exchange_relaxed(&graph->busy[index], 1u) != 0) (void)fetch_add_relaxed(&graph->clashes, 1u);
    for (uint32_t i = 0; i < node->spin; i++)
        spin_hint();
    store_relaxed(&graph->busy[index], 0u);

    Need needs[NEEDS_MAX];
    for (uint32_t i = 0; i < node->need_count; i++)
        needs[i] = (Need){graph, node->needs[i], 0};
    Status status = STATUS_OK;
    TaskGroup group = {0};
    switch (node->manner) {
    case ONE_BY_ONE:
        for (uint32_t i = 0; i < node->need_count && status == STATUS_OK; i++)
            status = need_task(worker, &needs[i]);
        break;
    case IN_TASKS:
        for (uint32_t i = 0; i < node->need_count; i++)
            task_spawn(worker, &group, need_task, &needs[i]);
        task_spawn(worker, NULL, foreign_task, node); // on top of ours, and it needs us
        status = group_wait(worker, &group);
        break;
    case IN_ITEMS:
        status = pool_for_each(graph->pool, NULL, node->need_count, need_item, needs);
        break;
    default:
        status = pool_submit_batch(graph->pool, &group, need_task, needs, sizeof needs[0], node->need_count);
        if (status == STATUS_OK) status = pool_wait(graph->pool, &group);
    }
    if (status != STATUS_OK) return status;
    uint64_t sum = node->number + 1;
    for (uint32_t i = 0; i < node->need_count; i++)
        sum = mix(sum, needs[i].value);
    node->value = sum;
    *value = &node->value;
    return STATUS_OK;
}

static Status node_get(Graph *graph, Worker *worker, uint32_t number, uint64_t *value) {
    void *result = NULL;
    Node *node = &graph->nodes[number];
    Status status = once_get(graph->map, worker, node_key(node), node_compute, node, &result);
    CHECK((status == STATUS_OK) == (result != NULL));
    *value = result == NULL ? 0 : *(uint64_t *)result;
    return status;
}

typedef struct Roots {
    Graph *graph;
    Status status[NODES_MAX];
    uint64_t value[NODES_MAX];
} Roots;

static Status root_item(Worker *worker, void *job, uint32_t item) {
    Roots *roots = job;
    roots->status[item] = node_get(roots->graph, worker, item, &roots->value[item]);
    return STATUS_OK;
}

static Graph *graph_for_test(uint32_t threads, uint32_t count) {
    Graph *graph = arena_new(test_arena(), Graph);
    graph->pool = pool_for_test(threads);
    graph->count = count;
    REQUIRE(once_map_create(graph->pool, NULL, &graph->map) == STATUS_OK);
    for (uint32_t i = 0; i < count; i++) {
        graph->nodes[i].graph = graph;
        graph->nodes[i].number = i;
    }
    return graph;
}

static void graph_free(Graph *graph) {
    pool_free(graph->pool); // first: foreign tasks may still be queued
    once_map_free(graph->map);
}

static void add_need(Graph *graph, uint32_t from, uint32_t to) {
    Node *node = &graph->nodes[from];
    node->needs[node->need_count++] = to;
}

static bool has_need(const Graph *graph, uint32_t from, uint32_t to) {
    for (uint32_t i = 0; i < graph->nodes[from].need_count; i++)
        if (graph->nodes[from].needs[i] == to) return true;
    return false;
}

// What the specification says, by brute force: which nodes a node reaches over one edge or more.
static void expect_cycles(Graph *graph) {
    uint32_t count = graph->count;
    bool *reaches = calloc((size_t)count * count, 1);
    REQUIRE(reaches != NULL);
    for (uint32_t from = 0; from < count; from++)
        for (uint32_t i = 0; i < graph->nodes[from].need_count; i++)
            reaches[from * count + graph->nodes[from].needs[i]] = true;
    for (uint32_t over = 0; over < count; over++)
        for (uint32_t from = 0; from < count; from++)
            for (uint32_t to = 0; reaches[from * count + over] && to < count; to++)
                if (reaches[over * count + to]) reaches[from * count + to] = true;
    for (uint32_t from = 0; from < count; from++)
        graph->nodes[from].is_on_cycle = reaches[from * count + from];
    for (uint32_t from = 0; from < count; from++) {
        graph->nodes[from].reaches_cycle = graph->nodes[from].is_on_cycle;
        for (uint32_t to = 0; to < count; to++)
            if (reaches[from * count + to] && graph->nodes[to].is_on_cycle) graph->nodes[from].reaches_cycle = true;
    }
    free(reaches);
}

static uint64_t expected_value(Graph *graph, uint32_t number, uint64_t *known) {
    if (known[number] != 0) return known[number];
    uint64_t sum = number + 1;
    for (uint32_t i = 0; i < graph->nodes[number].need_count; i++)
        sum = mix(sum, expected_value(graph, graph->nodes[number].needs[i], known));
    return known[number] = sum;
}

static uint32_t step_number(OnceStep step) {
    uint32_t number;
    REQUIRE(step.key.length == sizeof number);
    memcpy(&number, step.key.data, sizeof number);
    return number;
}

static void check_cycle(Graph *graph, uint32_t number) {
    OnceCycle cycle = once_cycle(graph->map, node_key(&graph->nodes[number]));
    CHECK(cycle.count > 0);
    for (uint32_t i = 0; i < cycle.count; i++) {
        CHECK(cycle.steps[i].map == graph->map);
        CHECK(has_need(graph, step_number(cycle.steps[i]), step_number(cycle.steps[(i + 1) % cycle.count])));
        CHECK(text_compare(cycle.steps[0].key, cycle.steps[i].key) <= 0);
    }
}

static void run_graph(Graph *graph) {
    Roots *roots = arena_new(test_arena(), Roots);
    roots->graph = graph;
    expect_cycles(graph);
    REQUIRE(pool_for_each(graph->pool, NULL, graph->count, root_item, roots) == STATUS_OK);
    uint64_t known[NODES_MAX] = {0};
    for (uint32_t i = 0; i < graph->count; i++) {
        CHECK_INT(load_relaxed(&graph->nodes[i].computed), 1);
        CHECK_INT(roots->status[i], graph->nodes[i].reaches_cycle ? STATUS_CYCLE : STATUS_OK);
        if (graph->nodes[i].reaches_cycle)
            check_cycle(graph, i);
        else
            CHECK(roots->value[i] == expected_value(graph, i, known));
    }
    CHECK_INT(load_relaxed(&graph->clashes), 0);
    CHECK_INT(once_counters(graph->map).computed, graph->count);
}

static void random_graph(uint64_t *state, bool is_acyclic) {
    uint32_t threads = 1 + (uint32_t)(test_random(state) % 16);
    uint32_t count = 2 + (uint32_t)(test_random(state) % 60);
    Graph *graph = graph_for_test(threads, count);
    uint32_t edges_max = 1 + (uint32_t)(test_random(state) % NEEDS_MAX);
    bool is_mixed = test_random(state) % 2 == 0;
    Manner manner = (Manner)(test_random(state) % MANNER_COUNT);
    for (uint32_t from = 0; from < count; from++) {
        Node *node = &graph->nodes[from];
        node->manner = is_mixed ? (Manner)(test_random(state) % MANNER_COUNT) : manner;
        node->spin = test_random(state) % 4 == 0 ? (uint32_t)(test_random(state) % 2000) : 0;
        uint32_t wanted = (uint32_t)(test_random(state) % (edges_max + 1));
        for (uint32_t i = 0; i < wanted; i++) {
            // Mostly onward: roots come in order, so that what is needed is often being computed. Few edges lead back.
            bool is_onward = is_acyclic || test_random(state) % 16 != 0;
            if (is_onward && from + 1 == count) continue;
            uint32_t to = is_onward ? from + 1 + (uint32_t)(test_random(state) % (count - from - 1))
                                    : (uint32_t)(test_random(state) % count);
            if (!has_need(graph, from, to)) add_need(graph, from, to);
        }
    }
    run_graph(graph);
    graph_free(graph);
}

TEST(random_graphs_without_circles_complete) {
    uint64_t state = 7;
    for (uint32_t round = 0; round < test_rounds(300); round++)
        random_graph(&state, true);
}

TEST(random_graphs_with_circles_tell_them) {
    uint64_t state = 11;
    for (uint32_t round = 0; round < test_rounds(300); round++)
        random_graph(&state, false);
}

TEST(chain_longer_than_there_are_replacements) {
    for (uint32_t threads = 1; threads <= 4; threads++) {
        uint32_t count = test_rounds(NODES_MAX);
        Graph *graph = graph_for_test(threads, count);
        for (uint32_t i = 0; i < count; i++) {
            graph->nodes[i].spin = 3000; // so that the next root is begun meanwhile
            graph->nodes[i].manner = (Manner)(i % MANNER_COUNT);
            if (i + 1 < count) add_need(graph, i, i + 1);
        }
        run_graph(graph);
        graph_free(graph);
    }
}

TEST(circle_through_every_manner_begins_with_its_smallest_key) {
    for (uint32_t threads = 1; threads <= 8; threads *= 2) {
        for (uint32_t round = 0; round < test_rounds(40); round++) {
            Graph *graph = graph_for_test(threads, 12);
            for (uint32_t i = 0; i < 12; i++) {
                graph->nodes[i].manner = (Manner)((i + round) % MANNER_COUNT);
                graph->nodes[i].spin = 500;
            }
            for (uint32_t i = 2; i < 10; i++) // 2 needs 3 … 9 needs 2
                add_need(graph, i, i == 9 ? 2 : i + 1);
            add_need(graph, 0, 1);
            add_need(graph, 1, 5);   // outside, and needs the circle
            add_need(graph, 5, 11);  // needed by it, and well
            add_need(graph, 10, 10); // needs itself
            run_graph(graph);
            for (uint32_t i = 0; i < 10; i++) {
                OnceCycle cycle = once_cycle(graph->map, node_key(&graph->nodes[i]));
                REQUIRE(cycle.count == 8);
                for (uint32_t step = 0; step < 8; step++)
                    CHECK_INT(step_number(cycle.steps[step]), step + 2);
            }
            CHECK_INT(once_cycle(graph->map, node_key(&graph->nodes[10])).count, 1);
            CHECK_INT(once_cycle(graph->map, node_key(&graph->nodes[11])).count, 0);
            CHECK_INT(once_counters(graph->map).cycles, 2);
            graph_free(graph);
        }
    }
}

// ---- one key

typedef struct Simple {
    OnceMap *map;
    Pool *pool;
    _Atomic uint32_t begun;
    _Atomic uint32_t may_end;
    _Atomic uint32_t waiting;
    _Atomic uint32_t statuses[8];
    _Atomic uint32_t dropped;
    Status ends_with;
    int value;
} Simple;

static void drop_value(void *context, void *value) {
    Simple *simple = context;
    CHECK(value == &simple->value);
    (void)fetch_add_relaxed(&simple->dropped, 1u);
}

static Simple *simple_for_test(uint32_t threads) {
    Simple *simple = arena_new(test_arena(), Simple);
    OnceConfig config = {.shard_count = 1, .drop = drop_value, .drop_context = simple};
    simple->pool = pool_for_test(threads);
    REQUIRE(once_map_create(simple->pool, &config, &simple->map) == STATUS_OK);
    return simple;
}

static void simple_free(Simple *simple, uint32_t expected_drops) {
    once_map_free(simple->map);
    CHECK_INT(load_relaxed(&simple->dropped), expected_drops);
    pool_free(simple->pool);
}

static Status slow_compute(Worker *worker, void *context, Text key, void **value) {
    Simple *simple = context;
    (void)worker, (void)key;
    (void)fetch_add_relaxed(&simple->begun, 1u);
    // Until the others wait; once_counters says so.
    while (load_acquire(&simple->may_end) == 0) {
        if (once_counters(simple->map).waits == 3) break;
        clock_sleep_ns(100 * NS_PER_US);
    }
    if (simple->ends_with == STATUS_OK) *value = &simple->value;
    return simple->ends_with;
}

static Status get_slow_key(Worker *worker, void *job, uint32_t item) {
    Simple *simple = job;
    void *value;
    Status status = once_get(simple->map, worker, TEXT("slow"), slow_compute, simple, &value);
    CHECK(status == STATUS_OK ? value == &simple->value : value == NULL);
    store_relaxed(&simple->statuses[item], (uint32_t)status);
    return STATUS_OK;
}

TEST(value_is_computed_once_and_dropped_once) {
    Simple *simple = simple_for_test(4);
    void *value;
    CHECK(!once_peek(simple->map, TEXT("slow"), &value));
    REQUIRE(pool_for_each(simple->pool, NULL, 4, get_slow_key, simple) == STATUS_OK);
    CHECK_INT(load_relaxed(&simple->begun), 1);
    CHECK(once_peek(simple->map, TEXT("slow"), &value) && value == &simple->value);
    OnceCounters counters = once_counters(simple->map);
    CHECK_INT(counters.waits, 3);
    CHECK_INT(counters.entries, 1);
    CHECK(counters.bytes > 0);
    CHECK_INT(pool_counters(simple->pool).items_run, 4);
    simple_free(simple, 1);
}

TEST(failure_of_the_moment_goes_to_all_who_wait_and_is_not_remembered) {
    Simple *simple = simple_for_test(4);
    simple->ends_with = STATUS_NO_MEMORY;
    REQUIRE(pool_for_each(simple->pool, NULL, 4, get_slow_key, simple) == STATUS_OK);
    CHECK_INT(load_relaxed(&simple->begun), 1);
    for (uint32_t i = 0; i < 4; i++)
        CHECK_INT(load_relaxed(&simple->statuses[i]), STATUS_NO_MEMORY);
    CHECK_INT(once_counters(simple->map).failed, 1);
    simple->ends_with = STATUS_OK;
    REQUIRE(pool_for_each(simple->pool, NULL, 2, get_slow_key, simple) == STATUS_OK);
    CHECK_INT(load_relaxed(&simple->begun), 2);
    CHECK_INT(load_relaxed(&simple->statuses[0]), STATUS_OK);
    CHECK_INT(load_relaxed(&simple->statuses[1]), STATUS_OK);
    simple_free(simple, 1);
}

static Status cancelled_compute(Worker *worker, void *context, Text key, void **value) {
    Simple *simple = context;
    (void)value, (void)key;
    (void)fetch_add_relaxed(&simple->begun, 1u);
    while (once_counters(simple->map).waits < 3)
        clock_sleep_ns(100 * NS_PER_US);
    cancel_request(pool_cancel_flag(simple->pool));
    while (!worker_cancelled(worker))
        spin_hint();
    return STATUS_CANCELLED;
}

static Status get_cancelled_key(Worker *worker, void *job, uint32_t item) {
    Simple *simple = job;
    void *value;
    Status status = once_get(simple->map, worker, TEXT("slow"), cancelled_compute, simple, &value);
    store_relaxed(&simple->statuses[item], (uint32_t)status);
    return STATUS_OK;
}

TEST(cancelled_computation_can_be_repeated) {
    Simple *simple = simple_for_test(4);
    CHECK_INT(pool_for_each(simple->pool, NULL, 4, get_cancelled_key, simple), STATUS_CANCELLED);
    for (uint32_t i = 0; i < 4; i++)
        CHECK_INT(load_relaxed(&simple->statuses[i]), STATUS_CANCELLED);
    cancel_reset(pool_cancel_flag(simple->pool));
    REQUIRE(pool_for_each(simple->pool, NULL, 4, get_slow_key, simple) == STATUS_OK);
    CHECK_INT(load_relaxed(&simple->begun), 2);
    CHECK_INT(load_relaxed(&simple->statuses[3]), STATUS_OK);
    simple_free(simple, 1);
}

// Ends well although it was told of the circle: the value is dropped, the status is CYCLE all the same.
static Status stubborn_compute(Worker *worker, void *context, Text key, void **value) {
    Simple *simple = context;
    void *other;
    CHECK_INT(once_get(simple->map, worker, key, stubborn_compute, simple, &other), STATUS_CYCLE);
    *value = &simple->value;
    return STATUS_OK;
}

static Status get_stubborn_key(Worker *worker, void *job, uint32_t item) {
    Simple *simple = job;
    void *value = simple;
    CHECK_INT(once_get(simple->map, worker, TEXT("me"), stubborn_compute, simple, &value), STATUS_CYCLE);
    CHECK(value == NULL);
    (void)item;
    return STATUS_OK;
}

TEST(whoever_is_on_a_circle_has_no_value) {
    Simple *simple = simple_for_test(2);
    REQUIRE(pool_for_each(simple->pool, NULL, 2, get_stubborn_key, simple) == STATUS_OK);
    CHECK_INT(load_relaxed(&simple->dropped), 1);
    simple_free(simple, 1);
}

// ---- replacements

// One worker. Its computation waits for a task that lies below a foreign one, which needs the computation: run there, it
// would never end.
static Status small_task(Worker *worker, void *argument) {
    (void)worker;
    (void)fetch_add_relaxed(&((Simple *)argument)->begun, 1u);
    return STATUS_OK;
}

static Status buried_compute(Worker *worker, void *context, Text key, void **value);
static Status needs_buried(Worker *worker, void *argument) {
    Simple *simple = argument;
    void *value;
    CHECK_INT(once_get(simple->map, worker, TEXT("buried"), buried_compute, simple, &value), STATUS_OK);
    CHECK(value == &simple->value);
    (void)fetch_add_relaxed(&simple->begun, 1u);
    return STATUS_OK;
}

static Status buried_compute(Worker *worker, void *context, Text key, void **value) {
    Simple *simple = context;
    (void)key;
    TaskGroup group = {0};
    task_spawn(worker, &group, small_task, simple);
    task_spawn(worker, NULL, needs_buried, simple);
    REQUIRE(group_wait(worker, &group) == STATUS_OK);
    *value = &simple->value;
    return STATUS_OK;
}

TEST(one_worker_waits_while_its_replacement_runs) {
    for (uint32_t round = 0; round < test_rounds(200); round++) {
        Simple *simple = simple_for_test(1);
        TaskGroup group = {0};
        REQUIRE(pool_submit(simple->pool, &group, needs_buried, simple) == STATUS_OK);
        REQUIRE(pool_wait(simple->pool, &group) == STATUS_OK);
        OnceMap *map = simple->map;
        pool_free(simple->pool); // the foreign task ends before
        CHECK_INT(load_relaxed(&simple->begun), 3);
        once_map_free(map);
    }
}

// As many workers wait as there are threads, and the work of others goes on as before.
typedef struct Crowd {
    Simple *simple;
    _Atomic uint32_t running;
    _Atomic uint32_t running_max;
    _Atomic uint32_t done;
} Crowd;

static Status crowd_compute(Worker *worker, void *context, Text key, void **value) {
    Crowd *crowd = context;
    (void)worker, (void)key;
    while (load_acquire(&crowd->done) < 100) // which the others can do only if both waiting workers were replaced
        clock_sleep_ns(100 * NS_PER_US);
    *value = &crowd->simple->value;
    return STATUS_OK;
}

static Status crowd_item(Worker *worker, void *job, uint32_t item) {
    Crowd *crowd = job;
    void *value;
    if (item < 3) return once_get(crowd->simple->map, worker, TEXT("crowd"), crowd_compute, crowd, &value);
    uint32_t running = fetch_add_relaxed(&crowd->running, 1u) + 1;
    uint32_t known = load_relaxed(&crowd->running_max);
    while (running > known && !cas_relaxed(&crowd->running_max, &known, running)) {
    }
    clock_sleep_ns(200 * NS_PER_US);
    (void)fetch_sub_relaxed(&crowd->running, 1u);
    (void)fetch_add_release(&crowd->done, 1u);
    return STATUS_OK;
}

TEST(waiting_workers_are_replaced) {
    Simple *simple = simple_for_test(3);
    Crowd *crowd = arena_new(test_arena(), Crowd);
    crowd->simple = simple;
    REQUIRE(pool_for_each(simple->pool, NULL, 103, crowd_item, crowd) == STATUS_OK);
    CHECK_INT(load_relaxed(&crowd->running_max), 2); // three threads, of which one computes
    CHECK_INT(once_counters(simple->map).blocked, 2);
    simple_free(simple, 1);
}

// No replacement can be started, so that a waiter looks for tasks that its wait needs (help_anywhere). One of them leaves others
// behind, of which the end of its own group's wait takes some back into the private part of the deque: they must not stay there
// when the waiter sleeps again.
typedef struct Hidden {
    Simple *simple;
    TaskGroup group; // of the computation "outer"
    _Atomic uint32_t has_begun;
    _Atomic uint32_t run;
} Hidden;

#define HIDDEN_TASKS 6u

static Status hidden_task(Worker *worker, void *argument) {
    (void)worker;
    (void)fetch_add_release(&((Hidden *)argument)->run, 1u);
    return STATUS_OK;
}

static Status hiding_compute(Worker *worker, void *context, Text key, void **value) {
    Hidden *hidden = context;
    (void)key;
    TaskGroup group = {0};
    task_spawn(worker, &group, hidden_task, hidden);
    worker_open_all(worker); // as when a thief has asked: now the wait takes several tasks back
    *value = hidden;
    return group_wait(worker, &group);
}

static Status hiding_task(Worker *worker, void *argument) {
    Hidden *hidden = argument;
    void *value;
    store_release(&hidden->has_begun, 1u);
    for (uint32_t i = 1; i < HIDDEN_TASKS; i++)
        task_spawn(worker, &hidden->group, hidden_task, hidden);
    return once_get(hidden->simple->map, worker, TEXT("inner"), hiding_compute, hidden, &value);
}

static Status outer_compute(Worker *worker, void *context, Text key, void **value) {
    Hidden *hidden = context;
    Pool *pool = hidden->simple->pool;
    (void)key;
    while (load_acquire(&pool->spares.blocked) == 0) // the other one sleeps
        clock_sleep_ns(100 * NS_PER_US);
    task_spawn(worker, &hidden->group, hiding_task, hidden);
    worker_open_all(worker);
    while (load_acquire(&hidden->has_begun) == 0) // there, not here
        clock_sleep_ns(100 * NS_PER_US);
    // Those that stayed public are run by now, or soon; the others cannot be reached from here.
    for (uint32_t look = 0; look < 200 && load_acquire(&hidden->run) < HIDDEN_TASKS; look++)
        clock_sleep_ns(100 * NS_PER_US);
    *value = hidden;
    return group_wait(worker, &hidden->group);
}

static Status get_outer(Worker *worker, void *job, uint32_t item) {
    Hidden *hidden = job;
    void *value;
    (void)item;
    return once_get(hidden->simple->map, worker, TEXT("outer"), outer_compute, hidden, &value);
}

TEST(who_waits_without_a_replacement_hides_no_task) {
    for (uint32_t round = 0; round < test_rounds(10); round++) {
        Simple *simple = arena_new(test_arena(), Simple);
        Hidden *hidden = arena_new(test_arena(), Hidden);
        hidden->simple = simple;
        simple->pool = pool_for_test(2);
        simple->pool->config.stack_size = (size_t)1 << 46; // no replacement: there is no room for such a stack
        REQUIRE(once_map_create(simple->pool, NULL, &simple->map) == STATUS_OK);
        REQUIRE(pool_for_each(simple->pool, NULL, 2, get_outer, hidden) == STATUS_OK);
        CHECK_INT(load_relaxed(&hidden->run), HIDDEN_TASKS);
        CHECK_INT(load_relaxed(&simple->pool->spares.count), 0);
        once_map_free(simple->map);
        pool_free(simple->pool);
    }
}

TEST(thousand_keys_grow_the_table) {
    Graph *graph = graph_for_test(2, NODES_MAX);
    for (uint32_t i = 0; i + 1 < NODES_MAX; i++)
        if (i % 8 != 7) add_need(graph, i, i + 1);
    run_graph(graph);
    run_graph(graph); // all hits
    CHECK_INT(once_counters(graph->map).computed, NODES_MAX);
    graph_free(graph);
}

// tests/unit/test_spares.c shows R1–R4 of sched/spare.c: while workers wait for a result others run in their place, and where
// none can be started, waiting ends all the same.
#include "base/clock.h"
#include "sched/once.h"
#include "sched/pool_internal.h"
#include "tests/unit/harness.h"

typedef struct Simple {
    OnceMap *map;
    Pool *pool;
    _Atomic uint32_t begun;
    int value;
} Simple;

static Simple *simple_for_test(uint32_t threads) {
    Simple *simple = arena_new(test_arena(), Simple);
    ThreadPoolConfig config = {.max_threads = threads, .stack_size = 1024 * 1024};
    REQUIRE(pool_create(&config, &simple->pool) == STATUS_OK);
    REQUIRE(once_map_create(simple->pool, NULL, &simple->map) == STATUS_OK);
    return simple;
}

static void simple_free(Simple *simple) {
    pool_free(simple->pool); // first: foreign tasks may still be queued
    once_map_free(simple->map);
}

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
    simple_free(simple);
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
        Simple *simple = simple_for_test(2);
        Hidden *hidden = arena_new(test_arena(), Hidden);
        hidden->simple = simple;
        simple->pool->config.stack_size = (size_t)1 << 46; // no replacement: there is no room for such a stack
        REQUIRE(pool_for_each(simple->pool, NULL, 2, get_outer, hidden) == STATUS_OK);
        CHECK_INT(load_relaxed(&hidden->run), HIDDEN_TASKS);
        CHECK_INT(load_relaxed(&simple->pool->spares.count), 0);
        simple_free(simple);
    }
}

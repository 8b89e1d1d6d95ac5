// tests/unit/test_fork.c shows V1 and V2 of sched/fork.h, groups with an owner (task.c, Z1), cancelling a group, and what a
// worker does with its private tasks when others are idle.
#include "base/clock.h"
#include "sched/fork.h"
#include "tests/unit/harness.h"
#include <stdlib.h>

static Pool *pool_of(uint32_t threads) {
    Pool *pool = NULL;
    ThreadPoolConfig config = {.max_threads = threads, .stack_size = 1024 * 1024};
    REQUIRE(pool_create(&config, &pool) == STATUS_OK);
    return pool;
}

static const uint32_t thread_counts[] = {1, 2, 3, 8};
#define FOR_EACH_POOL(pool)                                                                                            \
    for (size_t pool_number = 0; pool_number < sizeof thread_counts / sizeof thread_counts[0]; pool_number++)          \
        for (Pool *pool = pool_of(thread_counts[pool_number]); pool != NULL; pool_free(pool), pool = NULL)

// Runs one task in the pool, from outside, to its end.
static Status run_root(Pool *pool, TaskFunction function, void *argument) {
    TaskGroup group = {0};
    REQUIRE(pool_submit(pool, &group, function, argument) == STATUS_OK);
    return pool_wait(pool, &group);
}

// ---- fork and join

typedef struct Fib {
    uint32_t n;
    uint64_t value;
} Fib;

static uint64_t fib(Worker *worker, uint32_t n);

static Status fib_task(Worker *worker, void *argument) {
    Fib *self = argument;
    self->value = fib(worker, self->n);
    return STATUS_OK;
}

static uint64_t fib(Worker *worker, uint32_t n) {
    if (n < 2) return n;
    Fib right = {.n = n - 2};
    TaskFork fork;
    task_fork(worker, &fork, fib_task, &right);
    uint64_t left = fib(worker, n - 1);
    if (task_join(worker, &fork)) right.value = fib(worker, n - 2);
    return left + right.value;
}

TEST(forked_tasks_are_joined_with_their_results) {
    FOR_EACH_POOL(pool) {
        for (uint32_t round = 0; round < test_rounds(20); round++) {
            Fib job = {.n = 20};
            CHECK_INT(run_root(pool, fib_task, &job), STATUS_OK);
            CHECK_INT(job.value, 6765);
        }
    }
}

TEST(alone_a_worker_calls_what_it_forked) {
    Pool *pool = pool_of(1);
    Fib job = {.n = 20};
    CHECK_INT(run_root(pool, fib_task, &job), STATUS_OK);
    CHECK_INT(pool_counters(pool).tasks_run, 1); // the root: all others were calls
    CHECK_INT(pool_counters(pool).tasks_stolen, 0);
    pool_free(pool);
}

typedef struct LazyFib {
    uint32_t n;
    uint64_t value;
    _Atomic uint32_t *forks; // of all
} LazyFib;

static uint64_t lazy_fib(Worker *worker, uint32_t n, _Atomic uint32_t *forks);

static Status lazy_fib_task(Worker *worker, void *argument) {
    LazyFib *self = argument;
    self->value = lazy_fib(worker, self->n, self->forks);
    return STATUS_OK;
}

static uint64_t lazy_fib(Worker *worker, uint32_t n, _Atomic uint32_t *forks) {
    if (n < 2) return n;
    if (!fork_is_worth_it(worker)) return lazy_fib(worker, n - 1, forks) + lazy_fib(worker, n - 2, forks);
    (void)fetch_add_relaxed(forks, 1u);
    LazyFib right = {.n = n - 2, .forks = forks};
    TaskFork fork;
    task_fork(worker, &fork, lazy_fib_task, &right);
    uint64_t left = lazy_fib(worker, n - 1, forks);
    if (task_join(worker, &fork)) right.value = lazy_fib(worker, n - 2, forks);
    return left + right.value;
}

TEST(forks_that_are_not_worth_it_are_calls) {
    FOR_EACH_POOL(pool) {
        _Atomic uint32_t forks = 0;
        LazyFib job = {.n = 20, .forks = &forks};
        CHECK_INT(run_root(pool, lazy_fib_task, &job), STATUS_OK);
        CHECK_INT(job.value, 6765);
        CHECK(load_relaxed(&forks) > 0);
        // 10945 would be all. Alone nobody asks, so none forks below FORKS_ENOUGH that wait.
        if (pool_thread_count(pool) == 1) CHECK(load_relaxed(&forks) < 10945 / 2);
    }
}

#define LEAVES 300

typedef struct Leaf {
    _Atomic uint32_t runs;
    uint32_t result; // plain: TSan checks that V2 makes it visible
    uint32_t number;
} Leaf;

static Status leaf(Worker *worker, void *argument) {
    Leaf *self = argument;
    (void)worker;
    (void)fetch_add_relaxed(&self->runs, 1u);
    self->result = self->number * 3;
    for (uint32_t i = 0; i < self->number % 64; i++)
        spin_hint();
    return self->number == 77 ? STATUS_IO : STATUS_OK;
}

// Forks many at once, more than a worker keeps to itself, and joins them in reverse.
static Status fork_many(Worker *worker, void *argument) {
    (void)argument;
    static _Thread_local TaskFork forks[LEAVES];
    Leaf *leaves = calloc(LEAVES, sizeof *leaves);
    REQUIRE(leaves != NULL);
    for (uint32_t i = 0; i < LEAVES; i++) {
        leaves[i].number = i;
        task_fork(worker, &forks[i], leaf, &leaves[i]);
    }
    Status status = STATUS_OK;
    for (uint32_t i = LEAVES; i-- > 0;) {
        Status own = task_finish(worker, &forks[i], leaf, &leaves[i]);
        CHECK_INT(own, i == 77 ? STATUS_IO : STATUS_OK);
        CHECK_INT(load_relaxed(&leaves[i].runs), 1);
        CHECK_INT(leaves[i].result, i * 3);
        if (own != STATUS_OK) status = own;
    }
    free(leaves);
    return status;
}

TEST(many_forks_at_once_each_run_once) {
    FOR_EACH_POOL(pool)
    for (uint32_t round = 0; round < test_rounds(100); round++)
        CHECK_INT(run_root(pool, fork_many, NULL), STATUS_IO);
}

static Status count_task(Worker *worker, void *argument) {
    (void)worker;
    (void)fetch_add_relaxed((_Atomic uint32_t *)argument, 1u);
    return STATUS_OK;
}

// Tasks spawned between a fork and its join lie above the fork; a wait between them takes the fork itself.
static Status spawn_between(Worker *worker, void *argument) {
    uint32_t way = *(uint32_t *)argument;
    _Atomic uint32_t spawned = 0;
    Leaf forked = {.number = 5};
    TaskGroup group = task_group_of(worker);
    TaskFork fork;
    task_fork(worker, &fork, leaf, &forked);
    for (uint32_t i = 0; i < 40; i++)
        task_spawn(worker, &group, count_task, &spawned);
    if (way == 1) CHECK_INT(group_wait(worker, &group), STATUS_OK);
    if (way == 2) { // a group of another kind, waited for with the fork in the way
        TaskGroup shared = {0};
        task_spawn(worker, &shared, count_task, &spawned);
        CHECK_INT(group_wait(worker, &shared), STATUS_OK);
    }
    CHECK_INT(task_finish(worker, &fork, leaf, &forked), STATUS_OK);
    CHECK_INT(forked.result, 15);
    CHECK_INT(load_relaxed(&forked.runs), 1);
    CHECK_INT(group_wait(worker, &group), STATUS_OK);
    CHECK_INT(load_relaxed(&spawned), way == 2 ? 41 : 40);
    return STATUS_OK;
}

TEST(forks_and_spawned_tasks_share_a_deque) {
    FOR_EACH_POOL(pool) {
        for (uint32_t round = 0; round < test_rounds(300); round++) {
            uint32_t way = round % 3;
            CHECK_INT(run_root(pool, spawn_between, &way), STATUS_OK);
        }
    }
}

static Status return_limit(Worker *worker, void *argument) {
    (void)worker;
    (void)argument;
    return STATUS_LIMIT;
}

// The only other worker takes the fork, unless it is joined first.
static Status fork_until_stolen(Worker *worker, void *argument) {
    (void)argument;
    for (uint32_t round = 0; round < 100000; round++) {
        TaskFork fork;
        task_fork(worker, &fork, return_limit, NULL);
        for (uint32_t i = 0; i < 200; i++) {
            spin_hint();
            (void)worker_cancelled(worker); // shares
        }
        if (task_join(worker, &fork)) continue;
        CHECK_INT(fork_status(&fork), STATUS_LIMIT);
        return STATUS_OK;
    }
    return STATUS_IO;
}

TEST(stolen_fork_hands_over_its_status) {
    Pool *pool = pool_of(2);
    CHECK_INT(run_root(pool, fork_until_stolen, NULL), STATUS_OK);
    CHECK(pool_counters(pool).tasks_stolen > 0);
    pool_free(pool);
}

// ---- private tasks are not kept from idle workers

#define HELD 12

typedef struct Held {
    _Atomic uint32_t begun;
    _Atomic uint32_t by_others;
    Worker *owner;
} Held;

static Status held_task(Worker *worker, void *argument) {
    Held *held = argument;
    (void)fetch_add_relaxed(&held->begun, 1u);
    if (worker != held->owner) (void)fetch_add_relaxed(&held->by_others, 1u);
    return STATUS_OK;
}

static Status hold_and_poll(Worker *worker, void *argument) {
    Held *held = argument;
    held->owner = worker;
    TaskGroup group = task_group_of(worker);
    for (uint32_t i = 0; i < HELD; i++)
        task_spawn(worker, &group, held_task, held);
    int64_t limit_ns = clock_now_ns() + 10 * NS_PER_S;
    while (load_relaxed(&held->begun) < HELD && clock_now_ns() < limit_ns) { // runs none itself
        (void)worker_cancelled(worker);
        thread_yield();
    }
    return group_wait(worker, &group);
}

TEST(polling_hands_all_private_tasks_to_idle_workers) {
    for (uint32_t threads = 2; threads <= 4; threads++) {
        Pool *pool = pool_of(threads);
        for (uint32_t round = 0; round < test_rounds(50); round++) {
            Held held = {0};
            if (round % 5 == 0) clock_sleep_ns(NS_PER_MS); // the others are asleep
            CHECK_INT(run_root(pool, hold_and_poll, &held), STATUS_OK);
            CHECK_INT(load_relaxed(&held.by_others), HELD);
        }
        pool_free(pool);
    }
}

// ---- groups

typedef struct Spread {
    TaskGroup *group;
    _Atomic uint32_t *ended;
    uint32_t depth;
} Spread;

// Adds tasks to the group that it belongs to, from whatever worker runs it.
static Status spread(Worker *worker, void *argument) {
    Spread *self = argument;
    if (self->depth > 0) {
        for (int i = 0; i < 3; i++) {
            Spread *child = malloc(sizeof *child);
            REQUIRE(child != NULL);
            *child = (Spread){self->group, self->ended, self->depth - 1};
            task_spawn(worker, self->group, spread, child);
        }
    }
    (void)fetch_add_relaxed(self->ended, 1u);
    free(self);
    return STATUS_OK;
}

static Status wait_for_spread(Worker *worker, void *argument) {
    (void)argument;
    TaskGroup group = task_group_of(worker);
    for (uint32_t use = 0; use < 3; use++) { // a group may be used again
        _Atomic uint32_t ended = 0;
        Spread *root = malloc(sizeof *root);
        REQUIRE(root != NULL);
        *root = (Spread){&group, &ended, 5};
        task_spawn(worker, &group, spread, root);
        CHECK_INT(group_wait(worker, &group), STATUS_OK);
        CHECK_INT(load_relaxed(&ended), 1 + 3 + 9 + 27 + 81 + 243);
    }
    uint32_t numbers[100] = {0};
    CHECK_INT(pool_submit_batch(worker_pool(worker), &group, count_task, numbers, sizeof numbers[0], 100), STATUS_OK);
    CHECK_INT(group_wait(worker, &group), STATUS_OK);
    for (uint32_t i = 0; i < 100; i++)
        CHECK_INT(numbers[i], 1);
    return STATUS_OK;
}

TEST(tasks_add_to_a_group_that_another_worker_owns) {
    FOR_EACH_POOL(pool)
    for (uint32_t round = 0; round < test_rounds(30); round++)
        CHECK_INT(run_root(pool, wait_for_spread, NULL), STATUS_OK);
}

typedef struct Search {
    TaskGroup *group;
    _Atomic uint32_t begun;
    _Atomic uint32_t late; // began when the group was cancelled already
} Search;

static Status look(Worker *worker, void *argument) { // the tenth one finds it, and nobody needs to look any more
    Search *search = argument;
    (void)worker;
    if (group_cancelled(search->group)) (void)fetch_add_relaxed(&search->late, 1u);
    if (fetch_add_relaxed(&search->begun, 1u) + 1 == 10) group_cancel(search->group);
    return STATUS_OK;
}

static Status search_all(Worker *worker, void *argument) {
    bool is_owned = argument != NULL;
    TaskGroup group = {0};
    if (is_owned) group = task_group_of(worker);
    Search search = {.group = &group};
    for (uint32_t i = 0; i < 1000; i++)
        task_spawn(worker, &group, look, &search);
    CHECK_INT(group_wait(worker, &group), STATUS_CANCELLED);
    uint32_t threads = pool_thread_count(worker_pool(worker));
    CHECK(load_relaxed(&search.begun) >= 10);
    if (threads == 1) CHECK_INT(load_relaxed(&search.begun), 10);
    CHECK(load_relaxed(&search.late) <= threads); // each may have looked at the flag just before it was set
    // Only that group is cancelled, and only until its wait.
    _Atomic uint32_t count = 0;
    task_spawn(worker, &group, count_task, &count);
    CHECK_INT(group_wait(worker, &group), STATUS_OK);
    CHECK_INT(load_relaxed(&count), 1);
    return STATUS_OK;
}

TEST(cancelling_a_group_stops_its_unstarted_tasks_alone) {
    FOR_EACH_POOL(pool) {
        for (uint32_t round = 0; round < test_rounds(50); round++) {
            CHECK_INT(run_root(pool, search_all, NULL), STATUS_OK);
            CHECK_INT(run_root(pool, search_all, pool), STATUS_OK);
        }
    }
}

static Status note_run(Worker *worker, void *argument) {
    (void)worker;
    *(uint32_t *)argument += 1;
    return STATUS_OK;
}

TEST(cancelling_a_batch_from_outside) {
    FOR_EACH_POOL(pool) {
        for (uint32_t round = 0; round < test_rounds(50); round++) {
            TaskGroup group = {0};
            uint32_t runs[500] = {0};
            group_cancel(&group);
            REQUIRE(pool_submit_batch(pool, &group, note_run, runs, sizeof runs[0], 500) == STATUS_OK);
            CHECK_INT(pool_wait(pool, &group), STATUS_CANCELLED);
            for (uint32_t i = 0; i < 500; i++)
                CHECK_INT(runs[i], 0);
            REQUIRE(pool_submit_batch(pool, &group, note_run, runs, sizeof runs[0], 500) == STATUS_OK);
            CHECK_INT(pool_wait(pool, &group), STATUS_OK);
            for (uint32_t i = 0; i < 500; i++)
                CHECK_INT(runs[i], 1);
        }
    }
}

// ---- cancelling a tree

typedef struct Tree {
    _Atomic uint32_t *nodes;
    uint32_t depth;
} Tree;

static Status endless(Worker *worker, void *argument) { // about 2^60 nodes: ends only because it is cancelled
    Tree *self = argument;
    (void)fetch_add_relaxed(self->nodes, 1u);
    if (worker_cancelled(worker)) return STATUS_CANCELLED;
    if (self->depth == 0) return STATUS_OK;
    Tree left = {self->nodes, self->depth - 1};
    Tree right = {self->nodes, self->depth - 1};
    TaskFork fork;
    task_fork(worker, &fork, endless, &right);
    Status status = endless(worker, &left);
    Status other = task_finish(worker, &fork, endless, &right);
    return status != STATUS_OK ? status : other;
}

TEST(cancelled_tree_ends_within_100_ms_and_the_pool_goes_on) {
    FOR_EACH_POOL(pool) {
        for (uint32_t round = 0; round < test_rounds(10); round++) {
            _Atomic uint32_t nodes = 0;
            Tree root = {&nodes, 60};
            TaskGroup group = {0};
            REQUIRE(pool_submit(pool, &group, endless, &root) == STATUS_OK);
            clock_sleep_ns((int64_t)(round % 4) * NS_PER_MS);
            int64_t start_ns = clock_now_ns();
            cancel_request(pool_cancel_flag(pool));
            CHECK_INT(pool_wait(pool, &group), STATUS_CANCELLED);
            CHECK(clock_now_ns() - start_ns < 100 * NS_PER_MS);
            cancel_reset(pool_cancel_flag(pool));
            Fib job = {.n = 10};
            CHECK_INT(run_root(pool, fib_task, &job), STATUS_OK);
            CHECK_INT(job.value, 55);
        }
    }
}

// ---- hooks

typedef struct Seen {
    _Atomic uint32_t loops_open;
    _Atomic uint32_t loops;
    _Atomic uint64_t items[64]; // per loop
    _Atomic uint32_t stolen;
    _Atomic uint32_t wrong;
} Seen;

static void see_task(void *context, Worker *worker, const TaskInfo *info) {
    Seen *seen = context;
    if (info->stolen_from != TASK_NOT_STOLEN) {
        (void)fetch_add_relaxed(&seen->stolen, 1u);
        if (info->stolen_from == (int32_t)worker_index(worker) || info->stolen_from < 0 ||
            info->stolen_from >= (int32_t)pool_thread_count(worker_pool(worker)))
            (void)fetch_add_relaxed(&seen->wrong, 1u);
    }
    if (info->task != NULL) {
        if (info->loop != 0 || info->item != TASK_NO_ITEM) (void)fetch_add_relaxed(&seen->wrong, 1u);
    } else if (info->loop == 0 || info->loop >= 64) {
        (void)fetch_add_relaxed(&seen->wrong, 1u);
    } else {
        (void)fetch_add_relaxed(&seen->items[info->loop], (uint64_t)info->item_count);
    }
}

static void see_loop_begin(void *context, Worker *worker, const LoopInfo *info) {
    Seen *seen = context;
    (void)worker;
    (void)fetch_add_relaxed(&seen->loops_open, 1u);
    (void)fetch_add_relaxed(&seen->loops, 1u);
    if (info->loop == 0 || info->loop >= 64 || load_relaxed(&seen->items[info->loop]) != 0)
        (void)fetch_add_relaxed(&seen->wrong, 1u);
}

static void see_loop_end(void *context, Worker *worker, const LoopInfo *info) {
    Seen *seen = context;
    (void)worker;
    (void)fetch_sub_relaxed(&seen->loops_open, 1u);
    if (load_relaxed(&seen->items[info->loop]) != info->count) (void)fetch_add_relaxed(&seen->wrong, 1u);
}

static Status count_item(Worker *worker, void *job, uint32_t item) {
    (void)item;
    return count_task(worker, job);
}

static Status nested_loop(Worker *worker, void *job, uint32_t item) {
    return pool_for_each(worker_pool(worker), NULL, 10 + item, count_item, job);
}

static Status count_range(Worker *worker, void *job, uint32_t first, uint32_t limit) {
    (void)worker;
    (void)fetch_add_relaxed((_Atomic uint32_t *)job, limit - first);
    return STATUS_OK;
}

TEST(loop_hook_frames_each_loop_and_items_know_theirs) {
    Pool *pool = pool_of(3);
    Seen seen = {0};
    pool_set_hook(pool, see_task, NULL, &seen);
    pool_set_loop_hook(pool, see_loop_begin, see_loop_end, &seen);
    _Atomic uint32_t count = 0;
    CHECK_INT(pool_for_each(pool, NULL, 20, nested_loop, &count), STATUS_OK);
    CHECK_INT(load_relaxed(&count), 20 * 10 + 190);
    CHECK_INT(pool_for_ranges(pool, 5000, count_range, &count), STATUS_OK);
    CHECK_INT(pool_for_each(pool, NULL, 0, count_item, &count), STATUS_OK); // not seen
    CHECK_INT(load_relaxed(&seen.loops), 22);
    CHECK_INT(load_relaxed(&seen.loops_open), 0);
    CHECK_INT(load_relaxed(&seen.items[1]), 20);
    CHECK_INT(load_relaxed(&seen.items[22]), 5000);
    CHECK_INT(load_relaxed(&seen.wrong), 0);
    Held held = {0};
    CHECK_INT(run_root(pool, hold_and_poll, &held), STATUS_OK);
    CHECK(load_relaxed(&seen.stolen) >= HELD);
    CHECK_INT(load_relaxed(&seen.wrong), 0);
    pool_free(pool);
}

typedef struct Ranges {
    _Atomic uint8_t seen[100000];
    uint32_t fail_from;
} Ranges;

static Status mark_range(Worker *worker, void *job, uint32_t first, uint32_t limit) {
    Ranges *ranges = job;
    (void)worker;
    Status status = STATUS_OK;
    for (uint32_t item = first; item < limit; item++) {
        (void)fetch_add_relaxed(&ranges->seen[item], (uint8_t)1);
        if (item >= ranges->fail_from && status == STATUS_OK) status = item % 2 == 0 ? STATUS_IO : STATUS_LIMIT;
    }
    return status;
}

TEST(ranges_hold_each_item_once_and_return_the_first_failure) {
    static Ranges ranges;
    FOR_EACH_POOL(pool) {
        for (uint32_t round = 0; round < test_rounds(20); round++) {
            memset(&ranges, 0, sizeof ranges);
            uint32_t count = round < 10 ? round : 100000 - round;
            ranges.fail_from = round < 15 ? UINT32_MAX : 50000 + round;
            Status expected = round < 15 ? STATUS_OK : round % 2 == 0 ? STATUS_IO : STATUS_LIMIT;
            CHECK_INT(pool_for_ranges(pool, count, mark_range, &ranges), expected);
            uint32_t wrong = 0;
            for (uint32_t i = 0; i < 100000; i++)
                wrong += load_relaxed(&ranges.seen[i]) != (i < count ? 1 : 0);
            CHECK_INT(wrong, 0);
        }
    }
}

// tests/unit/test_pool.c shows P1–P4 of sched/sched.h, and that cancelling, nesting and ending work from any state.
#include "base/clock.h"
#include "sched/progress.h"
#include "sched/sched.h"
#include "tests/unit/harness.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static Pool *pool_of(uint32_t threads) {
    Pool *pool = NULL;
    ThreadPoolConfig config = {.max_threads = threads, .stack_size = 256 * 1024};
    REQUIRE(pool_create(&config, &pool) == STATUS_OK);
    return pool;
}

static const uint32_t thread_counts[] = {1, 2, 3, 8};
#define FOR_EACH_POOL(pool)                                                                                            \
    for (size_t pool_number = 0; pool_number < sizeof thread_counts / sizeof thread_counts[0]; pool_number++)          \
        for (Pool *pool = pool_of(thread_counts[pool_number]); pool != NULL; pool_free(pool), pool = NULL)

static void work(uint32_t amount) {
    for (uint32_t i = 0; i < amount; i++)
        spin_hint();
}

// ---- parallel-for

#define ITEMS_MAX 20000

typedef struct Items {
    Pool *pool;
    uint32_t results[ITEMS_MAX]; // plain: TSan checks that P2 makes them visible
    _Atomic uint32_t runs[ITEMS_MAX];
    _Atomic uint32_t total;
    _Atomic uint32_t cancel_at; // the run that cancels; 0: none
    _Atomic uint32_t late;      // runs that began when the flag was set already
    uint32_t fail_from;
    uint32_t nested;
} Items;

static Items *items_for_test(Pool *pool) {
    static Items items;
    memset(&items, 0, sizeof items);
    items.pool = pool;
    items.fail_from = UINT32_MAX;
    return &items;
}

static Status one_item(Worker *worker, void *job, uint32_t item) {
    Items *items = job;
    REQUIRE(worker_index(worker) < pool_thread_count(items->pool));
    REQUIRE(worker_pool(worker) == items->pool);
    if (worker_cancelled(worker)) (void)fetch_add_relaxed(&items->late, 1u);
    (void)fetch_add_relaxed(&items->runs[item], 1u);
    items->results[item] = item * 3 + 1;
    uint32_t run = fetch_add_relaxed(&items->total, 1u) + 1;
    if (run == load_relaxed(&items->cancel_at)) cancel_request(pool_cancel_flag(items->pool));
    work(item % 7 == 0 ? 50 : 0);
    if (item >= items->fail_from) return item % 2 == 0 ? STATUS_IO : STATUS_LIMIT;
    return STATUS_OK;
}

static void check_each_once(const Items *items, uint32_t count) {
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < count; i++)
        wrong += load_relaxed(&items->runs[i]) != 1 || items->results[i] != i * 3 + 1;
    CHECK_INT(wrong, 0);
}

TEST(every_item_runs_once_and_is_seen_by_the_caller) {
    FOR_EACH_POOL(pool) {
        for (uint32_t round = 0; round < test_rounds(40); round++) {
            Items *items = items_for_test(pool);
            uint32_t count = round < 20 ? round : ITEMS_MAX - round;
            CHECK(pool_for_each(pool, NULL, count, one_item, items) == STATUS_OK);
            check_each_once(items, count);
            CHECK_INT(load_relaxed(&items->total), count);
        }
    }
}

TEST(items_are_begun_in_the_given_order) {
    Pool *pool = pool_of(1);
    enum { COUNT = 1000 };
    uint32_t order[COUNT];
    for (uint32_t i = 0; i < COUNT; i++)
        order[i] = (i * 7) % COUNT; // a permutation: 7 and 1000 have no common factor
    Items *items = items_for_test(pool);
    CHECK(pool_for_each(pool, order, COUNT, one_item, items) == STATUS_OK);
    check_each_once(items, COUNT);
    pool_free(pool);
}

typedef struct OrderSeen {
    _Atomic uint32_t next;
    uint32_t seen[64];
} OrderSeen;

static Status note_order(Worker *worker, void *job, uint32_t item) {
    (void)worker;
    OrderSeen *order = job;
    order->seen[fetch_add_relaxed(&order->next, 1u)] = item;
    return STATUS_OK;
}

TEST(one_worker_keeps_the_order_exactly) {
    Pool *pool = pool_of(1);
    uint32_t order[64];
    for (uint32_t i = 0; i < 64; i++)
        order[i] = 63 - i;
    OrderSeen seen = {0};
    CHECK(pool_for_each(pool, order, 64, note_order, &seen) == STATUS_OK);
    for (uint32_t i = 0; i < 64; i++)
        CHECK_INT(seen.seen[i], order[i]);
    pool_free(pool);
}

TEST(status_is_that_of_the_first_failing_item) {
    FOR_EACH_POOL(pool) {
        for (uint32_t round = 0; round < test_rounds(50); round++) {
            Items *items = items_for_test(pool);
            items->fail_from = 500 + round;
            Status expected = items->fail_from % 2 == 0 ? STATUS_IO : STATUS_LIMIT;
            CHECK_INT(pool_for_each(pool, NULL, 1000, one_item, items), expected);
            check_each_once(items, 1000); // a failure stops nobody
        }
    }
}

TEST(cancelling_stops_items_that_have_not_begun) {
    FOR_EACH_POOL(pool) {
        for (uint32_t round = 0; round < test_rounds(100); round++) {
            Items *items = items_for_test(pool);
            store_relaxed(&items->cancel_at, 1 + round * 17 % 2000);
            CHECK_INT(pool_for_each(pool, NULL, 2000, one_item, items), STATUS_CANCELLED);
            uint32_t total = 0;
            for (uint32_t i = 0; i < 2000; i++) {
                CHECK(load_relaxed(&items->runs[i]) <= 1);
                total += load_relaxed(&items->runs[i]);
            }
            CHECK(total >= load_relaxed(&items->cancel_at)); // those that had begun did end
            // A worker may have looked at the flag just before it was set, but only once.
            CHECK(load_relaxed(&items->late) <= pool_thread_count(pool));
            CHECK_INT(pool_for_each(pool, NULL, 10, one_item, items), STATUS_CANCELLED); // the flag stays …
            cancel_reset(pool_cancel_flag(pool));
            items = items_for_test(pool);
            CHECK_INT(pool_for_each(pool, NULL, 10, one_item, items), STATUS_OK); // … until it is reset
        }
    }
}

static bool poll_says_cancel(void *context) {
    (void)fetch_add_relaxed((_Atomic uint32_t *)context, 1u);
    return true;
}

static Status wait_for_cancel(Worker *worker, void *job, uint32_t item) {
    (void)job;
    (void)item;
    while (!worker_cancelled(worker))
        clock_sleep_ns(NS_PER_MS);
    return STATUS_OK;
}

TEST(poll_ends_a_stage_within_100_ms) {
    Pool *pool = pool_of(2);
    _Atomic uint32_t polls = 0;
    pool_set_poll(pool, poll_says_cancel, &polls);
    int64_t start_ns = clock_now_ns();
    CHECK_INT(pool_for_each(pool, NULL, 100, wait_for_cancel, NULL), STATUS_CANCELLED);
    CHECK(clock_now_ns() - start_ns < 100 * NS_PER_MS);
    CHECK_INT(load_relaxed(&polls), 1);
    pool_free(pool);
}

static Status nested_item(Worker *worker, void *job, uint32_t item) {
    Items *outer = job;
    (void)item;
    uint32_t index = worker_index(worker);
    static uint32_t depth[POOL_THREADS_MAX]; // plain: each worker has its own
    // Nothing else of this job may run on this worker during the nested wait.
    REQUIRE(depth[index] == 0);
    depth[index]++;
    Items *inner = calloc(1, sizeof *inner);
    REQUIRE(inner != NULL);
    inner->pool = outer->pool;
    inner->fail_from = UINT32_MAX;
    Status status = pool_for_each(outer->pool, NULL, outer->nested, one_item, inner);
    check_each_once(inner, outer->nested);
    free(inner);
    depth[index]--;
    (void)fetch_add_relaxed(&outer->total, 1u);
    return status;
}

TEST(nested_loops_run_every_item_and_never_re_enter_a_worker) {
    FOR_EACH_POOL(pool) {
        Items *outer = items_for_test(pool);
        outer->nested = 200;
        uint32_t count = test_rounds(400);
        CHECK_INT(pool_for_each(pool, NULL, count, nested_item, outer), STATUS_OK);
        CHECK_INT(load_relaxed(&outer->total), count);
    }
}

static Status deep_item(Worker *worker, void *job, uint32_t item) {
    uint32_t level = (uint32_t)(uintptr_t)job;
    (void)item;
    if (level == 0) return STATUS_OK;
    return pool_for_each(worker_pool(worker), NULL, 3, deep_item, (void *)(uintptr_t)(level - 1));
}

TEST(loops_nest_six_deep) {
    FOR_EACH_POOL(pool) CHECK_INT(pool_for_each(pool, NULL, 3, deep_item, (void *)(uintptr_t)5), STATUS_OK);
}

// ---- tasks

typedef struct Fib {
    uint32_t n;
    uint64_t value;
} Fib;

static Status fib(Worker *worker, void *argument) {
    Fib *self = argument;
    if (self->n < 2) {
        self->value = self->n;
        return STATUS_OK;
    }
    Fib left = {.n = self->n - 1};
    Fib right = {.n = self->n - 2};
    TaskGroup group = {0}; // on the stack: gone right after the wait
    task_spawn(worker, &group, fib, &left);
    Status status = fib(worker, &right);
    Status waited = group_wait(worker, &group);
    self->value = left.value + right.value;
    return status != STATUS_OK ? status : waited;
}

TEST(tasks_spawn_tasks_and_wait_for_them) {
    FOR_EACH_POOL(pool) {
        for (uint32_t round = 0; round < test_rounds(10); round++) {
            Fib job = {.n = 17};
            TaskGroup group = {0};
            REQUIRE(pool_submit(pool, &group, fib, &job) == STATUS_OK);
            CHECK_INT(pool_wait(pool, &group), STATUS_OK);
            CHECK_INT(job.value, 1597);
        }
    }
}

static Status square(Worker *worker, void *argument) {
    (void)worker;
    uint64_t *number = argument;
    *number *= *number;
    return *number == 49 ? STATUS_IO : *number == 64 ? STATUS_NO_MEMORY : STATUS_OK;
}

TEST(batch_leaves_results_in_input_order) {
    FOR_EACH_POOL(pool) {
        for (uint32_t round = 0; round < test_rounds(20); round++) {
            enum { COUNT = 3000 };
            static uint64_t numbers[COUNT];
            for (uint32_t i = 0; i < COUNT; i++)
                numbers[i] = i + 100;
            TaskGroup group = {0};
            REQUIRE(pool_submit_batch(pool, &group, square, numbers, sizeof numbers[0], COUNT) == STATUS_OK);
            CHECK_INT(pool_wait(pool, &group), STATUS_OK);
            uint32_t wrong = 0;
            for (uint32_t i = 0; i < COUNT; i++)
                wrong += numbers[i] != (uint64_t)(i + 100) * (i + 100);
            CHECK_INT(wrong, 0);
        }
    }
}

TEST(group_returns_the_smallest_status_and_can_be_used_again) {
    FOR_EACH_POOL(pool) {
        TaskGroup group = {0};
        for (uint32_t round = 0; round < test_rounds(100); round++) {
            uint64_t numbers[10];
            for (uint32_t i = 0; i < 10; i++)
                numbers[i] = i;
            for (uint32_t i = 0; i < 10; i++)
                REQUIRE(pool_submit(pool, &group, square, &numbers[i]) == STATUS_OK);
            CHECK_INT(pool_wait(pool, &group), STATUS_NO_MEMORY);
        }
        CHECK_INT(pool_wait(pool, &group), STATUS_OK); // empty
    }
}

static Status submit_more(Worker *worker, void *argument) { // submitting from inside goes through the same calls
    TaskGroup group = {0};
    uint64_t numbers[100];
    for (uint32_t i = 0; i < 100; i++)
        numbers[i] = 1000 + i;
    TRY(pool_submit_batch(worker_pool(worker), &group, square, numbers, sizeof numbers[0], 50));
    for (uint32_t i = 50; i < 100; i++)
        TRY(pool_submit(worker_pool(worker), &group, square, &numbers[i]));
    Status status = pool_wait(worker_pool(worker), &group);
    for (uint32_t i = 0; i < 100; i++)
        CHECK_INT(numbers[i], (1000 + i) * (1000 + i));
    (void)fetch_add_relaxed((_Atomic uint32_t *)argument, 1u);
    return status;
}

TEST(tasks_submit_batches_and_wait) {
    FOR_EACH_POOL(pool) {
        _Atomic uint32_t ended = 0;
        TaskGroup group = {0};
        uint32_t count = test_rounds(200);
        for (uint32_t i = 0; i < count; i++)
            REQUIRE(pool_submit(pool, &group, submit_more, &ended) == STATUS_OK);
        CHECK_INT(pool_wait(pool, &group), STATUS_OK);
        CHECK_INT(load_relaxed(&ended), count);
    }
}

// ---- several outside threads, sleeping and waking

typedef struct Client {
    Pool *pool;
    uint32_t rounds;
    _Atomic uint32_t sum;
} Client;

static Status add_item(Worker *worker, void *job, uint32_t item) {
    (void)worker;
    (void)item;
    (void)fetch_add_relaxed((_Atomic uint32_t *)job, 1u);
    return STATUS_OK;
}

static Status add_task(Worker *worker, void *argument) { return add_item(worker, argument, 0); }

static void client(void *argument) {
    Client *client = argument;
    for (uint32_t round = 0; round < client->rounds; round++) {
        TaskGroup group = {0};
        CHECK(pool_submit(client->pool, &group, add_task, &client->sum) == STATUS_OK);
        CHECK(pool_for_each(client->pool, NULL, 3, add_item, &client->sum) == STATUS_OK);
        CHECK(pool_wait(client->pool, &group) == STATUS_OK);
        if (round % 16 == 0) clock_sleep_ns(NS_PER_MS / 20); // long enough for workers to fall asleep, now and then
    }
}

TEST(no_wake_up_is_lost_with_several_clients) {
    FOR_EACH_POOL(pool) {
        Client clients[4];
        Thread threads[4];
        uint32_t rounds = test_rounds(2000);
        for (int i = 0; i < 4; i++) {
            clients[i] = (Client){.pool = pool, .rounds = rounds};
            REQUIRE(thread_start(&threads[i], "client", 0, client, &clients[i]) == STATUS_OK);
        }
        for (int i = 0; i < 4; i++)
            thread_join(&threads[i]);
        for (int i = 0; i < 4; i++)
            CHECK_INT(load_relaxed(&clients[i].sum), rounds * 4);
    }
}

TEST(idle_pool_uses_no_cpu) {
    Pool *pool = pool_of(4);
    _Atomic uint32_t sum = 0;
    CHECK(pool_for_each(pool, NULL, 1000, add_item, &sum) == STATUS_OK);
    clock_sleep_ns(20 * NS_PER_MS); // let them fall asleep
    int64_t before_ns = clock_process_cpu_ns();
    clock_sleep_ns(2 * NS_PER_S);
    CHECK(clock_process_cpu_ns() - before_ns < 5 * NS_PER_MS);
    pool_free(pool);
}

static Status meet(Worker *worker, void *job, uint32_t item) { // ends only when two workers are in it at once
    (void)item;
    _Atomic uint32_t *inside = job;
    (void)fetch_add_relaxed(inside, 1u);
    int64_t limit_ns = clock_now_ns() + 5 * NS_PER_S;
    while (load_relaxed(inside) < 2 && clock_now_ns() < limit_ns)
        thread_yield();
    (void)worker;
    return load_relaxed(inside) >= 2 ? STATUS_OK : STATUS_LIMIT;
}

TEST(two_items_run_at_the_same_time) {
    Pool *pool = pool_of(2);
    for (uint32_t round = 0; round < test_rounds(200); round++) {
        _Atomic uint32_t inside = 0;
        REQUIRE(pool_for_each(pool, NULL, 2, meet, &inside) == STATUS_OK);
        if (round % 4 == 0) clock_sleep_ns(NS_PER_MS / 10);
    }
    pool_free(pool);
}

static Status meet_task(Worker *worker, void *argument) { return meet(worker, argument, 0); }
// The spawned task must be stolen: its owner does not wait.
static Status spawn_and_meet(Worker *worker, void *argument) {
    TaskGroup group = {0};
    task_spawn(worker, &group, meet_task, argument);
    Status status = meet(worker, argument, 0);
    Status waited = group_wait(worker, &group);
    return status != STATUS_OK ? status : waited;
}

TEST(spawned_task_wakes_a_sleeping_thief) {
    Pool *pool = pool_of(2);
    for (uint32_t round = 0; round < test_rounds(200); round++) {
        _Atomic uint32_t inside = 0;
        TaskGroup group = {0};
        REQUIRE(pool_submit(pool, &group, spawn_and_meet, &inside) == STATUS_OK);
        REQUIRE(pool_wait(pool, &group) == STATUS_OK);
        if (round % 4 == 0) clock_sleep_ns(NS_PER_MS / 10);
    }
    CHECK(pool_counters(pool).tasks_stolen > 0);
    pool_free(pool);
}

// ---- life and death

TEST(pools_come_and_go) {
    for (uint32_t round = 0; round < test_rounds(300); round++) {
        Pool *pool = pool_of(1 + round % 8);
        _Atomic uint32_t sum = 0;
        if (round % 3 != 0) CHECK(pool_for_each(pool, NULL, 50, add_item, &sum) == STATUS_OK);
        pool_free(pool); // also right after it was made
        CHECK_INT(load_relaxed(&sum), round % 3 != 0 ? 50 : 0);
    }
    pool_free(NULL);
}

static Status chain(Worker *worker, void *argument) { // each spawns the next, and nobody waits
    _Atomic uint32_t *left = argument;
    if (fetch_sub_relaxed(left, 1u) > 1) task_spawn(worker, NULL, chain, argument);
    return STATUS_OK;
}

TEST(freeing_runs_what_was_submitted_to_its_end) {
    for (uint32_t round = 0; round < test_rounds(300); round++) {
        Pool *pool = pool_of(1 + round % 4);
        _Atomic uint32_t left = 500;
        _Atomic uint32_t sum = 0;
        REQUIRE(pool_submit(pool, NULL, chain, &left) == STATUS_OK);
        for (int i = 0; i < 20; i++)
            REQUIRE(pool_submit(pool, NULL, add_task, &sum) == STATUS_OK);
        pool_free(pool);
        CHECK_INT(load_relaxed(&left), 0);
        CHECK_INT(load_relaxed(&sum), 20);
    }
}

TEST(cancelled_tasks_never_begin_and_their_group_ends) {
    FOR_EACH_POOL(pool) {
        for (uint32_t round = 0; round < test_rounds(100); round++) {
            TaskGroup group = {0};
            uint64_t numbers[200];
            for (uint32_t i = 0; i < 200; i++)
                numbers[i] = 2;
            REQUIRE(pool_submit_batch(pool, &group, square, numbers, sizeof numbers[0], 100) == STATUS_OK);
            if (round % 2 == 0) work(round * 20);
            cancel_request(pool_cancel_flag(pool));
            for (uint32_t i = 100; i < 200; i++)
                REQUIRE(pool_submit(pool, &group, square, &numbers[i]) == STATUS_OK);
            CHECK_INT(pool_wait(pool, &group), STATUS_CANCELLED);
            for (uint32_t i = 0; i < 100; i++)
                CHECK(numbers[i] == 2 || numbers[i] == 4);
            for (uint32_t i = 100; i < 200; i++)
                CHECK(numbers[i] == 2);
            cancel_reset(pool_cancel_flag(pool));
        }
    }
}

static Status note_thread(Worker *worker, void *job, uint32_t item) {
    (void)item;
    (void)job;
    char name[32] = "";
    char expected[32];
    (void)snprintf(expected, sizeof expected, "sigil-worker-%u", worker_index(worker));
    CHECK(pthread_getname_np(pthread_self(), name, sizeof name) == 0);
    CHECK_STRING(name, expected);
    pthread_attr_t attributes;
    size_t stack_bytes = 0;
    REQUIRE(pthread_getattr_np(pthread_self(), &attributes) == 0);
    CHECK(pthread_attr_getstacksize(&attributes, &stack_bytes) == 0);
    CHECK(stack_bytes >= 3 * 1024 * 1024);
    (void)pthread_attr_destroy(&attributes);
    return STATUS_OK;
}

TEST(workers_have_the_name_stack_and_priority_that_were_asked_for) {
    Pool *pool = NULL;
    ThreadPoolConfig config = {.max_threads = 2, .stack_size = 3 * 1024 * 1024, .priority = THREAD_PRIORITY_LOW};
    REQUIRE(pool_create(&config, &pool) == STATUS_OK);
    CHECK(pool_for_each(pool, NULL, 10, note_thread, NULL) == STATUS_OK);
    CHECK_INT(pool_granted(pool).max_threads, 2);
    CHECK_INT(pool_granted(pool).stack_size, 3 * 1024 * 1024);
    CHECK_INT(pool_granted(pool).priority, THREAD_PRIORITY_LOW);
    pool_free(pool);
}

TEST(configurations_follow_the_number_of_files) {
    uint32_t cpus = cpu_count();
    CHECK(cpus >= 1);
    CHECK_INT(thread_pool_config_default().max_threads, cpus);
    CHECK_INT(thread_pool_config_default().stack_size, 4 << 20);
    CHECK_INT(thread_pool_config_small().max_threads, cpus / 2 > 2 ? cpus / 2 : 2);
    CHECK_INT(thread_pool_config_large().stack_size, 8 << 20);
    CHECK_INT(thread_pool_config_for_project(49).max_threads, cpus < 4 ? cpus : 4);
    CHECK_INT(thread_pool_config_for_project(49).stack_size, 2 << 20);
    CHECK_INT(thread_pool_config_for_project(50).stack_size, 4 << 20);
    CHECK_INT(thread_pool_config_for_project(500).stack_size, 4 << 20);
    CHECK_INT(thread_pool_config_for_project(501).stack_size, 8 << 20);
    Pool *pool = NULL;
    REQUIRE(pool_create(NULL, &pool) == STATUS_OK);
    CHECK_INT(pool_thread_count(pool), cpus);
    pool_free(pool);
}

#if !UNDER_THREAD_SANITIZER // which refuses threads in a forked child
TEST(forked_child_knows_that_its_pool_is_gone) {
    Pool *pool = pool_of(2);
    _Atomic uint32_t sum = 0;
    CHECK(pool_is_alive(pool));
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        bool is_right = !pool_is_alive(pool) && pool_for_each(pool, NULL, 5, add_item, &sum) == STATUS_LIMIT &&
                        pool_submit(pool, NULL, add_task, &sum) == STATUS_LIMIT;
        pool_free(pool);
        Pool *own = NULL;
        if (pool_create(NULL, &own) != STATUS_OK || pool_for_each(own, NULL, 5, add_item, &sum) != STATUS_OK)
            is_right = false;
        pool_free(own);
        _exit(is_right && load_relaxed(&sum) == 5 ? 0 : 1);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(pool_for_each(pool, NULL, 5, add_item, &sum) == STATUS_OK); // the parent's lives on
    pool_free(pool);
}
#endif

#if !UNDER_THREAD_SANITIZER
typedef struct ForkedInside {
    Pool *pool;
    _Atomic uint32_t sum;
    _Atomic uint32_t right;
} ForkedInside;

// Forks on a worker's own thread, while the others run: in the child that worker is alone.
static Status fork_inside(Worker *worker, void *argument, uint32_t item) {
    ForkedInside *self = argument;
    if (item != 3) return add_item(worker, &self->sum, item);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        _Atomic uint32_t sum = 0;
        TaskGroup group = {0};
        TaskGroup own = task_group_of(worker);
        bool is_right = pool_for_each(self->pool, NULL, 1000, add_item, &sum) == STATUS_OK;
        for (uint32_t i = 0; i < 100; i++) {
            task_spawn(worker, &group, add_task, &sum);
            task_spawn(worker, &own, add_task, &sum);
        }
        is_right = is_right && group_wait(worker, &group) == STATUS_OK && group_wait(worker, &own) == STATUS_OK;
        Pool *fresh = NULL;
        is_right = is_right && pool_create(NULL, &fresh) == STATUS_OK &&
                   pool_for_each(fresh, NULL, 5, add_item, &sum) == STATUS_OK;
        pool_free(fresh);
        _exit(is_right && load_relaxed(&sum) == 1205 ? 0 : 1);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) (void)fetch_add_relaxed(&self->right, 1u);
    return STATUS_OK;
}

TEST(child_forked_inside_a_task_works_on_alone) {
    FOR_EACH_POOL(pool) {
        for (uint32_t round = 0; round < 5; round++) {
            ForkedInside self = {.pool = pool};
            CHECK_INT(pool_for_each(pool, NULL, 50, fork_inside, &self), STATUS_OK);
            CHECK_INT(load_relaxed(&self.sum), 49);
            CHECK_INT(load_relaxed(&self.right), 1);
        }
    }
}
#endif

// ---- hooks and progress

typedef struct Trace {
    _Atomic uint32_t begun;
    _Atomic uint32_t ended;
    _Atomic uint32_t items;
    uint32_t open[8]; // per worker, plain: its own
} Trace;

static void trace_begin(void *context, Worker *worker, const TaskInfo *info) {
    Trace *trace = context;
    (void)fetch_add_relaxed(&trace->begun, 1u);
    if (info->item != TASK_NO_ITEM) (void)fetch_add_relaxed(&trace->items, 1u);
    CHECK((info->task == NULL) == (info->item_function != NULL));
    trace->open[worker_index(worker)]++;
}

static void trace_end(void *context, Worker *worker, const TaskInfo *info) {
    Trace *trace = context;
    (void)info;
    (void)fetch_add_relaxed(&trace->ended, 1u);
    CHECK(trace->open[worker_index(worker)]-- > 0);
}

TEST(hook_sees_each_task_and_item_begin_and_end) {
    Pool *pool = pool_of(3);
    Trace trace = {0};
    pool_set_hook(pool, trace_begin, trace_end, &trace);
    _Atomic uint32_t sum = 0;
    CHECK(pool_for_each(pool, NULL, 100, add_item, &sum) == STATUS_OK);
    TaskGroup group = {0};
    CHECK(pool_submit(pool, &group, add_task, &sum) == STATUS_OK);
    CHECK(pool_wait(pool, &group) == STATUS_OK);
    CHECK_INT(load_relaxed(&trace.begun), 101);
    CHECK_INT(load_relaxed(&trace.ended), 101);
    CHECK_INT(load_relaxed(&trace.items), 100);
    CHECK_INT(pool_counters(pool).items_run, 100);
    pool_free(pool);
}

static Status count_progress(Worker *worker, void *job, uint32_t item) {
    (void)worker;
    progress_add(job, PROGRESS_files_parsed, 1);
    progress_add(job, PROGRESS_bytes, item);
    progress_add(NULL, PROGRESS_errors, 1); // nobody looks
    return STATUS_OK;
}

TEST(progress_is_exact_when_the_stage_has_returned) {
    Pool *pool = pool_of(3);
    static Progress progress;
    CHECK(pool_for_each(pool, NULL, 1000, count_progress, &progress) == STATUS_OK);
    ProgressSnapshot snapshot = progress_snapshot(&progress);
    CHECK_INT(snapshot.files_parsed, 1000);
    CHECK_INT(snapshot.bytes, 999 * 1000 / 2);
    CHECK_INT(snapshot.errors, 0);
    CHECK_STRING(progress_name(PROGRESS_files_parsed), "files_parsed");
    progress_reset(&progress);
    CHECK_INT(progress_snapshot(&progress).bytes, 0);
    pool_free(pool);
}

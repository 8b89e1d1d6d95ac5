// bench/sched.c: what the scheduler costs, one figure a line: `NAME NANOSECONDS`. Called by bench/sched.py.
#include "base/clock.h"
#include "sched/fork.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALL_ITEMS 1000000u
#define WAKES 300u
#define LOOPS 200u
#define LOOP_REST_NS NS_PER_MS         // between two loops: what the caller computes by itself
#define LOOP_LIMIT_NS (20 * NS_PER_MS) // how long a loop waits for its second worker

typedef struct Fib {
    uint32_t n;
    uint64_t value;
} Fib;

static uint64_t fib_alone(uint32_t n) { return n < 2 ? n : fib_alone(n - 1) + fib_alone(n - 2); }

static uint64_t fib(Worker *worker, uint32_t n);

static Status fib_forked(Worker *worker, void *argument) {
    Fib *self = argument;
    self->value = fib(worker, self->n);
    return STATUS_OK;
}

static uint64_t fib(Worker *worker, uint32_t n) {
    if (n < 2) return n;
    Fib right = {.n = n - 2};
    TaskFork fork;
    task_fork(worker, &fork, fib_forked, &right);
    uint64_t left = fib(worker, n - 1);
    if (task_join(worker, &fork)) right.value = fib(worker, n - 2);
    return left + right.value;
}

static Status fib_spawned(Worker *worker, void *argument) {
    Fib *self = argument;
    if (self->n < 2) {
        self->value = self->n;
        return STATUS_OK;
    }
    Fib left = {.n = self->n - 1};
    Fib right = {.n = self->n - 2};
    TaskGroup group = task_group_of(worker);
    task_spawn(worker, &group, fib_spawned, &right);
    TRY(fib_spawned(worker, &left));
    TRY(group_wait(worker, &group));
    self->value = left.value + right.value;
    return STATUS_OK;
}

static Status count_item(Worker *worker, void *job, uint32_t item) {
    (void)worker;
    ((uint8_t *)job)[item]++;
    return STATUS_OK;
}

static Status count_range(Worker *worker, void *job, uint32_t first, uint32_t limit) {
    (void)worker;
    for (uint32_t item = first; item < limit; item++)
        ((uint8_t *)job)[item]++;
    return STATUS_OK;
}

static Status note_time(Worker *worker, void *argument) {
    (void)worker;
    *(int64_t *)argument = clock_now_ns();
    return STATUS_OK;
}

static void require(bool holds) {
    if (!holds) exit(1);
}

static void show(const char *name, uint32_t threads, double ns) { printf("%s-%u %.3f\n", name, threads, ns); }

static void measure_fib(Pool *pool, const char *name, TaskFunction function, uint32_t n, double spawns) {
    Fib job = {.n = n};
    TaskGroup group = {0};
    int64_t start_ns = clock_now_ns();
    require(pool_submit(pool, &group, function, &job) == STATUS_OK && pool_wait(pool, &group) == STATUS_OK);
    show(name, pool_thread_count(pool), (double)(clock_now_ns() - start_ns) / spawns);
    require(job.value == fib_alone(n));
}

static void measure_loops(Pool *pool) {
    uint8_t *counts = calloc(SMALL_ITEMS, 1);
    require(counts != NULL);
    memset(counts, 1, SMALL_ITEMS); // its pages are there
    int64_t start_ns = clock_now_ns();
    require(pool_for_each(pool, NULL, SMALL_ITEMS, count_item, counts) == STATUS_OK);
    int64_t middle_ns = clock_now_ns();
    require(pool_for_ranges(pool, SMALL_ITEMS, count_range, counts) == STATUS_OK);
    show("item", pool_thread_count(pool), (double)(middle_ns - start_ns) / SMALL_ITEMS);
    show("range", pool_thread_count(pool), (double)(clock_now_ns() - middle_ns) / SMALL_ITEMS);
    free(counts);
}

// From submitting to a pool that sleeps until the task begins.
static void measure_wakes(Pool *pool) {
    int64_t sum_ns = 0;
    for (uint32_t i = 0; i < WAKES; i++) {
        clock_sleep_ns(NS_PER_MS / 5);
        int64_t begun_ns = 0;
        TaskGroup group = {0};
        int64_t start_ns = clock_now_ns();
        require(pool_submit(pool, &group, note_time, &begun_ns) == STATUS_OK && pool_wait(pool, &group) == STATUS_OK);
        sum_ns += begun_ns - start_ns;
    }
    show("wake", pool_thread_count(pool), (double)sum_ns / WAKES);
}

// ---- how late the second worker begins

typedef struct Start {
    _Atomic uint32_t arrived;
    uint32_t count; // workers that must come
    int64_t begins[64];
} Start;

static Status start_item(Worker *worker, void *argument, uint32_t item) {
    (void)worker;
    Start *start = argument;
    start->begins[item] = clock_now_ns();
    (void)fetch_add_relaxed(&start->arrived, 1u); // relaxed: only the moment matters
    while (load_relaxed(&start->arrived) < start->count && clock_now_ns() < start->begins[item] + LOOP_LIMIT_NS)
        spin_hint();
    return STATUS_OK;
}

static int compare_times(const void *first, const void *second) {
    int64_t a = *(const int64_t *)first;
    int64_t b = *(const int64_t *)second;
    return (a > b) - (a < b);
}

static void show_times(const char *name, uint32_t threads, int64_t *times) {
    char label[64];
    qsort(times, LOOPS, sizeof *times, compare_times);
    const char *parts[] = {"median", "95", "max"};
    uint32_t places[] = {LOOPS / 2, LOOPS * 95 / 100, LOOPS - 1};
    for (uint32_t i = 0; i < 3; i++) {
        (void)snprintf(label, sizeof label, "%s_%s", name, parts[i]); // fits
        show(label, threads, (double)times[places[i]]);
    }
}

// Loops of a pool that sleeps, from a thread that computes between them, as the compiler's does: when the first worker
// begins, when the second one begins, and when the call is back after the last item's end. None where the pool has one worker.
static void measure_starts(Pool *pool) {
    static int64_t firsts[LOOPS], seconds[LOOPS], ends[LOOPS];
    uint32_t threads = pool_thread_count(pool);
    if (threads < 2 || threads > 64) return;
    for (uint32_t loop = 0; loop < LOOPS; loop++) {
        int64_t rest_ns = clock_now_ns() + LOOP_REST_NS;
        while (clock_now_ns() < rest_ns)
            spin_hint();
        Start start = {.count = threads};
        int64_t call_ns = clock_now_ns();
        require(pool_for_each(pool, NULL, threads, start_item, &start) == STATUS_OK);
        ends[loop] = clock_now_ns();
        qsort(start.begins, threads, sizeof *start.begins, compare_times);
        firsts[loop] = start.begins[0] - call_ns;
        seconds[loop] = start.begins[1] - call_ns;
        ends[loop] -= start.begins[threads - 1]; // all end when the last one has begun
    }
    show_times("first", threads, firsts);
    show_times("second", threads, seconds);
    show_times("back", threads, ends);
}

int main(int argument_count, char **arguments) {
    uint32_t n = argument_count > 1 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 32;
    uint32_t threads_max = argument_count > 2 ? (uint32_t)strtoul(arguments[2], NULL, 10) : 2;
    double spawns = (double)fib_alone(n + 1) - 1;
    int64_t start_ns = clock_now_ns();
    volatile uint64_t value = fib_alone(n); // volatile: it is to be computed
    show("alone", 1, (double)(clock_now_ns() - start_ns) / spawns);
    (void)value;
    for (uint32_t threads = 1; threads <= threads_max; threads++) {
        ThreadPoolConfig config = {.max_threads = threads};
        Pool *pool = NULL;
        require(pool_create(&config, &pool) == STATUS_OK);
        measure_fib(pool, "fork", fib_forked, n, spawns);
        measure_fib(pool, "spawn", fib_spawned, n, spawns);
        measure_loops(pool);
        measure_wakes(pool);
        measure_starts(pool);
        pool_free(pool);
    }
    return 0;
}

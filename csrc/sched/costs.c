// sched/costs.c: measures the scheduler with its own public calls. See sched/costs.h for the contract.
//
// Only sched.h is used, so that the figures stay true when the queues below change. Nothing here waits without a limit: on
// a machine with one CPU the second worker may not come in time, and then its samples are left out.
#include "sched/costs.h"
#include "base/clock.h"
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#define SAMPLES 41u
#define CLAIM_ITEMS 20000u
#define SPAWN_ROUNDS 64u
#define SPAWN_TASKS 256u
#define MEET_LIMIT_NS (2 * NS_PER_MS)     // how long workers wait for each other
#define STEAL_LIMIT_NS (200 * NS_PER_US)  // how long a task waits to be stolen
#define REST_ASLEEP_NS (300 * NS_PER_US)  // after which idle workers sleep
#define REST_SEARCHING_NS (2 * NS_PER_US) // after which they still look
#define NUDGE_NS 400                      // between the spawns that let the owner open its queue
#define NUDGES_MAX 512u                   // in one round, so that the queue stays small
#define FRESH_BYTES (8u * 1024 * 1024)    // written for the first time; several times a core's own caches
#define STREAM_BYTES (16u * 1024 * 1024)  // copied in pieces between two halves of it
#define STREAM_PASSES 3u
#define PAGE_BYTES 4096u
#define SPIN_ROUNDS 6000000u // some 10 ms

static int compare_doubles(const void *first, const void *second) {
    double a = *(const double *)first;
    double b = *(const double *)second;
    return (a > b) - (a < b);
}

static double median(double *samples, uint32_t count) {
    if (count == 0) return 0;
    qsort(samples, count, sizeof *samples, compare_doubles);
    return samples[count / 2] > 0 ? samples[count / 2] : 0;
}

static void spin_for(int64_t duration_ns) {
    int64_t end = clock_now_ns() + duration_ns;
    while (clock_now_ns() < end)
        spin_hint();
}

static Status create_pool(uint32_t threads, Pool **out) {
    ThreadPoolConfig config = {.max_threads = threads, .stack_size = 256 * 1024};
    return pool_create(&config, out);
}

// ---- one worker: claiming, spawning, looking at the clock -----------------------------------------------------------

typedef struct Interval {
    int64_t begin;
    int64_t end;
} Interval;

static Status claim_item(Worker *worker, void *job, uint32_t item) {
    (void)worker;
    Interval *span = job;
    if (item == 0) span->begin = clock_now_ns();
    if (item == CLAIM_ITEMS - 1) span->end = clock_now_ns();
    return STATUS_OK;
}

static Status nothing(Worker *worker, void *argument) {
    (void)worker;
    (void)argument;
    return STATUS_OK;
}

static Status spawn_many(Worker *worker, void *argument) {
    Interval *span = argument;
    span->begin = clock_now_ns();
    for (uint32_t round = 0; round < SPAWN_ROUNDS; round++) {
        TaskGroup group = {0};
        for (uint32_t i = 0; i < SPAWN_TASKS; i++)
            task_spawn(worker, &group, nothing, NULL);
        TRY(group_wait(worker, &group));
    }
    span->end = clock_now_ns();
    return STATUS_OK;
}

static double clock_cost(void) {
    double samples[SAMPLES];
    for (uint32_t i = 0; i < SAMPLES; i++) {
        int64_t begin = clock_now_ns();
        for (uint32_t look = 0; look < 15; look++)
            (void)clock_now_ns();
        samples[i] = (double)(clock_now_ns() - begin) / 16;
    }
    return median(samples, SAMPLES);
}

static Status measure_alone(Pool *pool, SchedCosts *costs) {
    double claims[SAMPLES / 4];
    double spawns[SAMPLES / 4];
    for (uint32_t i = 0; i < SAMPLES / 4; i++) {
        Interval span;
        TRY(pool_for_each(pool, NULL, CLAIM_ITEMS, claim_item, &span));
        claims[i] = (double)(span.end - span.begin) / (CLAIM_ITEMS - 1);
        TaskGroup group = {0};
        TRY(pool_submit(pool, &group, spawn_many, &span));
        TRY(pool_wait(pool, &group));
        spawns[i] = (double)(span.end - span.begin) / (SPAWN_ROUNDS * SPAWN_TASKS);
    }
    costs->claim_ns = median(claims, SAMPLES / 4);
    costs->spawn_ns = median(spawns, SAMPLES / 4);
    costs->clock_ns = clock_cost();
    return STATUS_OK;
}

// ---- several workers: waking up, and the way back -------------------------------------------------------------------

typedef struct Meeting { // as many items as workers; none ends before all have begun, so each worker takes one
    uint32_t count;
    _Atomic uint32_t arrived;
    Interval spans[64];
    uint32_t workers[64];
} Meeting;

// False: somebody did not come in time.
static bool meet(_Atomic uint32_t *arrived, uint32_t count) {
    (void)fetch_add_relaxed(arrived, 1u); // relaxed, here and below: only the moment matters
    int64_t limit = clock_now_ns() + MEET_LIMIT_NS;
    while (load_relaxed(arrived) < count) {
        if (clock_now_ns() > limit) return false;
        spin_hint();
    }
    return true;
}

static Status meeting_item(Worker *worker, void *job, uint32_t item) {
    Meeting *meeting = job;
    meeting->spans[item].begin = clock_now_ns();
    meeting->workers[item] = worker_index(worker);
    (void)meet(&meeting->arrived, meeting->count);
    meeting->spans[item].end = clock_now_ns();
    return STATUS_OK;
}

static bool meeting_is_complete(const Meeting *meeting) {
    uint64_t seen = 0;
    for (uint32_t i = 0; i < meeting->count; i++)
        seen |= UINT64_C(1) << (meeting->workers[i] % 64);
    return seen == (meeting->count == 64 ? UINT64_MAX : (UINT64_C(1) << meeting->count) - 1);
}

typedef struct Waking { // medians
    double dispatch_ns;
    double chain_ns;
    double join_ns;
} Waking;

// Parallel-fors with a rest before each. A long one is slept through: where CPUs are few, a caller that works until the call
// makes its workers share a CPU for some milliseconds, which is the system's business and no cost of a step.
static Status measure_meetings(Pool *pool, int64_t rest_ns, uint32_t sample_count, Waking *out) {
    double dispatches[SAMPLES];
    double chains[SAMPLES];
    double joins[SAMPLES];
    uint32_t chain_count = 0;
    static const Meeting no_meeting;
    for (uint32_t i = 0; i < sample_count; i++) {
        Meeting meeting = no_meeting;
        meeting.count = pool_thread_count(pool);
        if (rest_ns == REST_ASLEEP_NS)
            clock_sleep_ns(rest_ns);
        else
            spin_for(rest_ns);
        int64_t call = clock_now_ns();
        TRY(pool_for_each(pool, NULL, meeting.count, meeting_item, &meeting));
        int64_t back = clock_now_ns();
        int64_t first = meeting.spans[0].begin, second = INT64_MAX, end = meeting.spans[0].end;
        for (uint32_t item = 1; item < meeting.count; item++) {
            int64_t begin = meeting.spans[item].begin;
            if (begin < second) second = begin < first ? first : begin;
            if (begin < first) first = begin;
            if (meeting.spans[item].end > end) end = meeting.spans[item].end;
        }
        dispatches[i] = (double)(first - call);
        joins[i] = (double)(back - end);
        if (meeting.count > 1 && meeting_is_complete(&meeting)) chains[chain_count++] = (double)(second - first);
    }
    *out = (Waking){median(dispatches, sample_count), median(chains, chain_count), median(joins, sample_count)};
    return STATUS_OK;
}

static Status measure_waking(Pool *pool, SchedCosts *costs) {
    Waking hot, cold;
    TRY(measure_meetings(pool, 0, SAMPLES, &hot));
    TRY(measure_meetings(pool, REST_ASLEEP_NS, SAMPLES, &cold));
    costs->dispatch_ns = cold.dispatch_ns;
    costs->chain_ns = cold.chain_ns;
    costs->join_ns = cold.join_ns;
    costs->hot_ns = hot.dispatch_ns < cold.dispatch_ns ? hot.dispatch_ns : cold.dispatch_ns;
    // The shortest rest after which starting is nearer to cold than to hot.
    for (int64_t rest_ns = 2 * NS_PER_US; rest_ns < REST_ASLEEP_NS; rest_ns *= 2) {
        Waking rested;
        TRY(measure_meetings(pool, rest_ns, SAMPLES / 4, &rested));
        if (rested.dispatch_ns > (costs->hot_ns + costs->dispatch_ns) / 2) break;
        costs->linger_ns = (double)rest_ns;
    }
    return STATUS_OK;
}

// ---- two workers: stealing ------------------------------------------------------------------------------------------

typedef struct Theft {
    int64_t rest_ns; // before each round: the thief still looks, or sleeps
    uint32_t count;
    double samples[SAMPLES];
} Theft;

typedef struct Loot {
    _Atomic uint32_t is_taken;
    uint32_t worker;
    int64_t begin;
} Loot;

static Status take_loot(Worker *worker, void *argument) {
    Loot *loot = argument;
    loot->begin = clock_now_ns();
    loot->worker = worker_index(worker);
    store_release(&loot->is_taken, 1u); // with the acquire in steal_rounds
    return STATUS_OK;
}

// The owner spawns the loot and then does not take it: it goes on spawning, now and then, because an owner may open its
// queue to thieves only when it works on it.
static Status steal_rounds(Worker *worker, void *argument) {
    Theft *theft = argument;
    for (uint32_t i = 0; i < SAMPLES; i++) {
        Loot loot = {0};
        TaskGroup group = {0};
        spin_for(theft->rest_ns);
        int64_t begin = clock_now_ns();
        task_spawn(worker, &group, take_loot, &loot);
        for (uint32_t nudge = 0; nudge < NUDGES_MAX && load_acquire(&loot.is_taken) == 0; nudge++) {
            int64_t pause = clock_now_ns() + NUDGE_NS;
            if (pause - begin > STEAL_LIMIT_NS) break;
            while (clock_now_ns() < pause && load_acquire(&loot.is_taken) == 0)
                spin_hint();
            if (load_acquire(&loot.is_taken) == 0) task_spawn(worker, &group, nothing, NULL);
        }
        TRY(group_wait(worker, &group));
        if (loot.worker != worker_index(worker)) theft->samples[theft->count++] = (double)(loot.begin - begin);
    }
    return STATUS_OK;
}

static Status measure_theft(Pool *pool, int64_t rest_ns, double *out) {
    Theft theft = {.rest_ns = rest_ns};
    TaskGroup group = {0};
    TRY(pool_submit(pool, &group, steal_rounds, &theft));
    TRY(pool_wait(pool, &group));
    *out = median(theft.samples, theft.count);
    return STATUS_OK;
}

static Status measure_together(Pool *pool, SchedCosts *costs) {
    TRY(measure_waking(pool, costs));
    if (pool_thread_count(pool) < 2) return STATUS_OK;
    TRY(measure_theft(pool, REST_SEARCHING_NS, &costs->steal_ns));
    return measure_theft(pool, REST_ASLEEP_NS, &costs->wake_ns);
}

Status sched_costs_measure(SchedCosts *out) {
    *out = (SchedCosts){0};
    Pool *pool;
    TRY(create_pool(1, &pool));
    Status status = measure_alone(pool, out);
    pool_free(pool);
    if (status != STATUS_OK) return status;
    uint32_t threads = cpu_count();
    TRY(create_pool(threads > 64 ? 64 : threads, &pool));
    status = measure_together(pool, out);
    pool_free(pool);
    return status;
}

// ---- memory ---------------------------------------------------------------------------------------------------------

typedef struct MemoryJob {
    uint32_t threads;
    _Atomic uint32_t arrived[2]; // before each of the two measurements
    MemoryRates *rates;          // one for each thread
    _Atomic uint64_t sink;       // so that no compiler leaves out what is measured
} MemoryJob;

// Memory that nobody has touched, in pages of the smallest size, as the many small arenas of a build get it.
static char *map_fresh(size_t bytes) {
#if defined(__linux__)
    void *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) return NULL;
    (void)madvise(block, bytes, MADV_NOHUGEPAGE);
    return block;
#else
    return malloc(bytes);
#endif
}

static void unmap_fresh(char *block, size_t bytes) {
#if defined(__linux__)
    (void)munmap(block, bytes);
#else
    (void)bytes;
    free(block);
#endif
}

static Status memory_item(Worker *worker, void *argument, uint32_t item) {
    (void)worker;
    MemoryJob *job = argument;
    MemoryRates *rates = &job->rates[item];
    char *area = malloc(STREAM_BYTES);
    char *fresh = map_fresh(FRESH_BYTES);
    bool has_memory = area != NULL && fresh != NULL;
    if (has_memory) memset(area, 1, STREAM_BYTES);
    (void)meet(&job->arrived[0], job->threads);
    if (has_memory) {
        int64_t begin = clock_now_ns();
        for (size_t page = 0; page < FRESH_BYTES; page += PAGE_BYTES)
            memset(fresh + page, 1, PAGE_BYTES);
        rates->fresh = (double)FRESH_BYTES / (double)(clock_now_ns() - begin + 1);
    }
    (void)meet(&job->arrived[1], job->threads);
    if (has_memory) {
        int64_t begin = clock_now_ns();
        for (uint32_t pass = 0; pass < STREAM_PASSES; pass++)
            memcpy(area + (pass % 2 == 0 ? STREAM_BYTES / 2 : 0), area + (pass % 2 == 0 ? 0 : STREAM_BYTES / 2),
                   STREAM_BYTES / 2);
        rates->stream = (double)STREAM_BYTES / 2 * STREAM_PASSES / (double)(clock_now_ns() - begin + 1);
    }
    if (has_memory) (void)fetch_add_relaxed(&job->sink, (uint64_t)area[STREAM_BYTES - 1] + (uint64_t)fresh[0]);
    if (fresh != NULL) unmap_fresh(fresh, FRESH_BYTES);
    free(area);
    return has_memory ? STATUS_OK : STATUS_NO_MEMORY;
}

Status memory_rates_measure(uint32_t threads, MemoryRates *out) {
    *out = (MemoryRates){0};
    Pool *pool;
    TRY(create_pool(threads, &pool));
    threads = pool_thread_count(pool); // the system may have given fewer
    MemoryJob job = {.threads = threads, .rates = calloc(threads, sizeof *job.rates)};
    Status status = job.rates == NULL ? STATUS_NO_MEMORY : pool_for_each(pool, NULL, threads, memory_item, &job);
    for (uint32_t i = 0; i < threads && status == STATUS_OK; i++) {
        out->fresh += job.rates[i].fresh / threads;
        out->stream += job.rates[i].stream / threads;
    }
    free(job.rates);
    pool_free(pool);
    return status;
}

// ---- the machine itself ---------------------------------------------------------------------------------------------

typedef struct SpinJob {
    uint32_t threads;
    _Atomic uint32_t arrived;
    double *rates;         // one for each thread
    _Atomic uint64_t sink; // so that no compiler leaves the loop out
} SpinJob;

static Status spin_item(Worker *worker, void *argument, uint32_t item) {
    (void)worker;
    SpinJob *job = argument;
    uint64_t state = item + 1;
    (void)meet(&job->arrived, job->threads);
    int64_t begin = clock_now_ns();
    for (uint32_t round = 0; round < SPIN_ROUNDS; round++) { // xorshift64: each round needs the one before
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    job->rates[item] = (double)SPIN_ROUNDS / (double)(clock_now_ns() - begin + 1);
    (void)fetch_add_relaxed(&job->sink, state);
    return STATUS_OK;
}

Status spin_rate_measure(uint32_t threads, double *out) {
    *out = 0;
    Pool *pool;
    TRY(create_pool(threads, &pool));
    threads = pool_thread_count(pool);
    SpinJob job = {.threads = threads, .rates = calloc(threads, sizeof *job.rates)};
    Status status = job.rates == NULL ? STATUS_NO_MEMORY : pool_for_each(pool, NULL, threads, spin_item, &job);
    for (uint32_t i = 0; i < threads && status == STATUS_OK; i++)
        *out += job.rates[i] / threads;
    free(job.rates);
    pool_free(pool);
    return status;
}

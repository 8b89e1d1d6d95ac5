// sched/for_each.c: parallel-for: the items of one job, handed out to whoever has time. See sched.h for the contract.
//
// THE PROBLEM. Items are unequal, often by a factor of a thousand, and come with the largest first so that the last ones to
// be begun are small: then all workers end at about the same time. So items must be given out one at a time, in nearly that
// order, and giving one out must cost next to nothing.
//
// LANES. The items are dealt like cards: with L lanes, lane l holds positions l, l + L, l + 2L … and a cursor on a cache line
// of its own. A worker claims from its own lane with one atomic add that nobody else contends for; when the lane is used up
// it goes on with the next lane, which is how it steals: one item at a time, always the largest left there.
//     positions 0 1 2 3 4 5 6 7   L = 2:   lane 0: 0 2 4 6  ◀── worker A, then lane 1        lane 1: 1 3 5 7  ◀── worker B, then lane 0
// INVARIANTS
//   F1  An atomic add on a cursor gives each position to one worker, whatever races: every item is claimed exactly once.
//   F2  `unfinished` is lowered by whoever claimed items, after they have ended. At 0 all have ended, and only then is the
//       job done.
//   F3  A job is freed with its last reference: one for the caller, one for each helper task. A helper that is found only
//       after the job is done sees lanes that are used up and drops its reference: nobody waits for it.
//
// WHY A NESTED CALLER RUNS NOTHING ELSE while it waits: at that point every item has begun, so waiting needs no helping
// to be sure to end; and an unrelated item on top of this stack would use the same per-worker scratch, and would need stack.
#include "sched/pool_internal.h"
#include <stdlib.h>

#define LANES_MAX 16u  // more workers than this share cursors, four to each at 64: still no contention to speak of
#define DONE_SPINS 256 // before a nested caller sleeps; a few microseconds
#define NO_FAILURE UINT64_MAX

enum { JOB_OPEN = 0, JOB_DONE = 1, JOB_AWAITED = 2 }; // values of Job.state; AWAITED: open, and somebody sleeps on it

typedef struct Lane {
    CACHE_ALIGNED _Atomic uint64_t next; // 64 bits: late comers add beyond the limit, and it must not wrap
} Lane;

typedef struct Job {
    // Constant.
    Pool *pool;
    ItemFunction item_function; // NULL for a batch of tasks
    TaskFunction task_function; // NULL for a parallel-for
    char *argument;             // the caller's job; a batch's first element
    size_t argument_bytes;      // a batch's distance from element to element
    const uint32_t *order;      // may be NULL
    uint32_t count;
    uint32_t lane_count;
    WorkKind kind;
    uint64_t loop;    // 0 for a batch
    TaskGroup *group; // a batch's, may be NULL
    InjectorNode node;
    // Written by all.
    CACHE_ALIGNED _Atomic uint64_t unfinished; // items that have not ended (F2)
    _Atomic uint64_t failure;                  // item << 32 | status, the smallest
    _Atomic uint32_t joined;                   // workers that came so far: where the next one starts
    _Atomic uint32_t references;               // F3
    _Atomic uint32_t state;
    Lane lanes[];
} Job;

static Job *job_create(Pool *pool, uint32_t count, uint32_t helper_count, uint32_t worker_count) {
    uint32_t lane_count = worker_count < LANES_MAX ? worker_count : LANES_MAX;
    if (lane_count > count) lane_count = count;
    Job *job = aligned_alloc(CACHE_LINE_BYTES, sizeof(Job) + sizeof(Lane) * lane_count);
    if (job == NULL) return NULL;
    *job = (Job){.pool = pool, .count = count, .lane_count = lane_count};
    job->node = (InjectorNode){.task = {job_help, job, NULL}, .copies = helper_count, .is_heap = false};
    store_relaxed(&job->unfinished, (uint64_t)count); // relaxed: not shared yet
    store_relaxed(&job->failure, NO_FAILURE);
    store_relaxed(&job->references, helper_count + 1);
    for (uint32_t lane = 0; lane < lane_count; lane++)
        store_relaxed(&job->lanes[lane].next, UINT64_C(0));
    return job;
}

void job_drop(void *argument) {
    Job *job = argument;
    if (fetch_sub_acq_rel(&job->references, 1u) == 1) free(job); // acq_rel: all uses by others come before the free
}

// The failure of the smallest item, whatever order they fail in (P4).
static void job_fail(Job *job, uint32_t item, Status status) {
    if (job->item_function == NULL) {
        group_merge(job->group, status);
        return;
    }
    uint64_t failure = (uint64_t)item << 32 | (uint64_t)status;
    uint64_t known = load_relaxed(&job->failure); // relaxed: the decrement of unfinished publishes it
    while (failure < known && !cas_relaxed(&job->failure, &known, failure)) {
    }
}

static void job_run_item(Job *job, Worker *worker, uint64_t position) {
    uint32_t item = job->order == NULL ? (uint32_t)position : job->order[position];
    TaskInfo info = {.item_function = job->item_function,
                     .argument = job->argument,
                     .item = item,
                     .kind = job->kind,
                     .loop = job->loop,
                     .stolen_from = TASK_NOT_STOLEN};
    if (job->item_function == NULL)
        info = (TaskInfo){.task = job->task_function,
                          .argument = job->argument + item * job->argument_bytes,
                          .item = TASK_NO_ITEM,
                          .loop = 0,
                          .stolen_from = TASK_NOT_STOLEN};
    count_one(&worker->items_run);
    hook_begin(worker, &info);
    Status status = job->item_function != NULL ? job->item_function(worker, job->argument, item)
                                               : job->task_function(worker, info.argument);
    hook_end(worker, &info);
    if (status != STATUS_OK) job_fail(job, item, status);
}

// Claims and runs until no item is left to begin. Returns how many this worker has claimed, cancelled ones included.
static uint64_t job_work(Job *job, Worker *worker) {
    uint64_t claimed = 0;
    uint32_t start = fetch_add_relaxed(&job->joined, 1u); // relaxed: only spreads the workers
    for (uint32_t i = 0; i < job->lane_count; i++) {
        uint32_t number = (start + i) % job->lane_count;
        _Atomic uint64_t *next = &job->lanes[number].next;
        uint64_t limit = (job->count - number + job->lane_count - 1) / job->lane_count;
        while (load_relaxed(next) < limit) { // a look first: used-up lanes stay in everybody's cache
            if (worker_cancelled(worker)) {  // claim the rest of the lane at once, and run none of it
                // Relaxed, here and below: see F1, data travels with the job.
                uint64_t rest = exchange_relaxed(next, limit);
                if (rest < limit) {
                    claimed += limit - rest;
                    if (job->item_function == NULL) group_merge(job->group, STATUS_CANCELLED);
                }
                break;
            }
            uint64_t index = fetch_add_relaxed(next, UINT64_C(1));
            if (index >= limit) break;
            job_run_item(job, worker, number + index * job->lane_count);
            claimed++;
        }
    }
    return claimed;
}

static void job_end_items(Job *job, uint64_t claimed) {
    if (claimed == 0) return;
    // Release: what the items wrote. Acquire: what the others' items wrote, for whoever waits for the job through us.
    if (fetch_sub_acq_rel(&job->unfinished, claimed) != claimed) return;
    if (job->item_function == NULL) {
        group_end(job->pool, job->group, STATUS_OK); // the items' statuses are merged already
        return;
    }
    // Release: all of that, with the acquire in job_is_done. Our reference keeps the job alive for the wake.
    if (exchange_acq_rel(&job->state, (uint32_t)JOB_DONE) == JOB_AWAITED) futex_wake(&job->state, UINT32_MAX);
}

Status job_help(Worker *worker, void *argument) {
    Job *job = argument;
    job_end_items(job, job_work(job, worker));
    job_drop(job);
    return STATUS_OK;
}

static bool job_is_done(Job *job) { return load_acquire(&job->state) == JOB_DONE; }

static void job_sleep(Job *job, int64_t timeout_ns) {
    uint32_t state = JOB_OPEN;
    (void)cas_acquire(&job->state, &state, (uint32_t)JOB_AWAITED); // fails when it is AWAITED or DONE already
    if (state != JOB_DONE) futex_wait(&job->state, JOB_AWAITED, timeout_ns);
}

static Status job_finish(Job *job) {
    uint64_t failure = load_relaxed(&job->failure); // relaxed: job_is_done has acquired it
    Status status = cancel_requested(&job->pool->cancel) ? STATUS_CANCELLED : STATUS_OK;
    if (failure != NO_FAILURE) status = (Status)(failure & UINT32_MAX);
    job_drop(job);
    return status;
}

// A helper that will not run, while the caller still holds its own reference: never the last one.
static void job_forget_helper(Job *job) {
    uint32_t before = fetch_sub_relaxed(&job->references, 1u); // relaxed: the caller's own drop comes after it
    assert(before > 1);
    (void)before; // unused without assertions
}

// The caller is a worker: it works as well, takes back the helpers that nobody wanted, and waits for items that run.
static Status for_each_nested(Worker *worker, Job *job, uint32_t helper_count) {
    bool has_helpers = false;
    for (uint32_t i = 0; i < helper_count; i++) {
        if (deque_push(&worker->deque, job->node.task)) {
            has_helpers = true;
        } else {
            job_forget_helper(job);
        }
    }
    if (has_helpers) parking_notify(&worker->pool->parking);
    job_end_items(job, job_work(job, worker));

    // Helpers still at the bottom of the deque would pile up there if one task called us a million times.
    for (Task task; has_helpers && deque_take(&worker->deque, &task);) {
        if (task.function == job_help && task.argument == job) {
            job_forget_helper(job);
        } else { // somebody else's: back it goes; there is room, it was just taken
            if (!deque_push(&worker->deque, task)) task_run(worker, task);
            break;
        }
    }
    for (uint32_t spin = 0; spin < DONE_SPINS && !job_is_done(job); spin++)
        spin_hint();
    while (!job_is_done(job))
        job_sleep(job, -1);
    return job_finish(job);
}

static Status for_each_outside(Pool *pool, Job *job) {
    pool_push_outside(pool, &job->node);
    int64_t poll_ns = clock_now_ns() + POLL_INTERVAL_NS;
    while (!job_is_done(job)) {
        int64_t left_ns = poll_ns - clock_now_ns();
        if (left_ns > 0) {
            job_sleep(job, left_ns);
            continue;
        }
        pool_poll(pool);
        poll_ns = clock_now_ns() + POLL_INTERVAL_NS;
    }
    return job_finish(job);
}

static uint32_t smaller(uint32_t first, uint32_t second) { return first < second ? first : second; }

Status pool_for_each(Pool *pool, const uint32_t *order, uint32_t count, ItemFunction function, void *job_argument) {
    return pool_for_each_named(pool, WORK_other, order, count, function, job_argument);
}

Status pool_for_each_named(Pool *pool, WorkKind kind, const uint32_t *order, uint32_t count, ItemFunction function,
                           void *job_argument) {
    if (count == 0) return cancel_requested(&pool->cancel) ? STATUS_CANCELLED : STATUS_OK;
    Worker *worker = pool_own_worker(pool);
    if (worker == NULL && !pool_is_alive(pool)) return STATUS_LIMIT;
    uint32_t helper_count =
        worker == NULL ? smaller(pool->thread_count, count) : smaller(pool->thread_count - 1, count - 1);
    Job *job = job_create(pool, count, helper_count, pool->thread_count);
    if (job == NULL) return STATUS_NO_MEMORY;
    job->item_function = function;
    job->kind = kind;
    job->loop = fetch_add_relaxed(&pool->loops, UINT64_C(1)) + 1; // relaxed: a number, it carries no data
    job->argument = job_argument;
    job->order = order;
    LoopInfo info = {
        .loop = job->loop, .count = count, .kind = kind, .item_function = function, .argument = job_argument};
    if (pool->loop_begin != NULL) pool->loop_begin(pool->loop_context, worker, &info);
    Status status = worker == NULL ? for_each_outside(pool, job) : for_each_nested(worker, job, helper_count);
    if (pool->loop_end != NULL) pool->loop_end(pool->loop_context, worker, &info);
    return status;
}

Status pool_submit_batch(Pool *pool, TaskGroup *group, TaskFunction function, void *arguments, size_t argument_bytes,
                         uint32_t count) {
    if (count == 0) return STATUS_OK;
    Worker *worker = pool_own_worker(pool);
    if (worker == NULL && !pool_is_alive(pool)) return STATUS_LIMIT;
    uint32_t helper_count = smaller(pool->thread_count, count);
    Job *job = job_create(pool, count, helper_count, helper_count);
    if (job == NULL) return STATUS_NO_MEMORY;
    job->task_function = function;
    job->argument = arguments;
    job->argument_bytes = argument_bytes;
    job->group = group;
    group_add(group);
    pool_push_outside(pool, &job->node);
    job_drop(job); // our own reference: the helpers keep it
    return STATUS_OK;
}

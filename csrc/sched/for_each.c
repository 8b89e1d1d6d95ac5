// sched/for_each.c: parallel-for: the items of one job, handed out to whoever has time. See sched.h for the contract.
//
// THE PROBLEM. Items are unequal, often by a factor of a thousand, and come with the largest first so that the last ones to
// be begun are small: then all workers end at about the same time. So large items must be given out one at a time, in
// nearly that order. Small items, of which there may be millions, must be given out by the hundred: claiming one costs as
// much as running it, and neighbours that lie in one cache line should be one worker's.
//
// RUNS. One cursor goes over the caller's order. A worker claims a run of items with one atomic add, and measures how long
// the run took: when that was short its next run is twice as long, when it was long half as long. So each worker comes to
// the cursor about every ten microseconds, seldom enough for the cursor not to be fought for, and often enough for the
// order to be kept. Near the end a run is at most a share of what is left (as in the guided schedule of Polychronopoulos &
// Kuck 1987), so that nobody sits on the last items while others have none.
// INVARIANTS
//   F1  An atomic add on the cursor gives each position to one worker, whatever races: every item is claimed exactly once.
//   F2  `unfinished` is lowered by whoever claimed items, after they have ended. At 0 all have ended, and only then is the
//       job done.
//   F3  A job is freed with its last reference: one for the caller, one for each helper task. A helper that is found only
//       after the job is done sees a cursor at the end and drops its reference: nobody waits for it.
//
// WHY A NESTED CALLER RUNS NOTHING ELSE while it waits: at that point every item has begun, so waiting needs no helping
// to be sure to end; and an unrelated item on top of this stack would use the same per-worker scratch, and would need stack.
#include "sched/pool_internal.h"
#include <stdlib.h>

#define DONE_SPINS 256 // before a nested caller sleeps; a few microseconds
#define NO_FAILURE UINT64_MAX

// A run is meant to take at least RUN_NS, and for each worker of the pool a little more, because they all come to one
// cursor, which changes hands in 50 to 100 ns.
#define RUN_NS (10 * NS_PER_US)
#define RUN_NS_PER_WORKER (NS_PER_US / 4)
#define RUN_ITEMS_MAX UINT64_C(65536)
#define FAR_FROM_END 8 // a share of so many runs is left

enum { JOB_OPEN = 0, JOB_DONE = 1, JOB_AWAITED = 2 }; // values of Job.state; AWAITED: open, and somebody sleeps on it

typedef struct Job {
    // Constant.
    Pool *pool;
    ItemFunction item_function; // one of these three, the others are NULL
    RangeFunction range_function;
    TaskFunction task_function; // a batch of tasks
    char *argument;             // the caller's job; a batch's first element
    size_t argument_bytes;      // a batch's distance from element to element
    const uint32_t *order;      // may be NULL
    uint32_t count;
    uint32_t worker_count; // of the pool
    WorkKind kind;
    TaskGroup *group; // a batch's, may be NULL
    void *scope;      // the computation that the items belong to (once.h), or NULL
    uint64_t loop;    // its number, for the hooks; 0 for a batch
    InjectorNode node;
    // Written by all.
    CACHE_ALIGNED _Atomic uint64_t next;       // 64 bits: late comers add beyond the count, and it must not wrap
    CACHE_ALIGNED _Atomic uint64_t unfinished; // items that have not ended (F2)
    _Atomic uint64_t failure;                  // item << 32 | status, the smallest
    _Atomic uint32_t references;               // F3
    _Atomic uint32_t state;
} Job;

// A copy of what the plan says to do; the rest is filled in here.
static Job *job_create(Pool *pool, const Job *plan, uint32_t helper_count) {
    Job *job = aligned_alloc(CACHE_LINE_BYTES, sizeof(Job));
    if (job == NULL) return NULL;
    *job = *plan;
    job->pool = pool;
    job->worker_count = pool->thread_count;
    job->node =
        (InjectorNode){.task = {job_help, job, NULL, TASK_NOT_STOLEN}, .copies = helper_count, .is_heap = false};
    store_relaxed(&job->unfinished, (uint64_t)job->count); // relaxed: not shared yet
    store_relaxed(&job->failure, NO_FAILURE);
    store_relaxed(&job->references, helper_count + 1);
    return job;
}

void job_drop(void *argument) {
    Job *job = argument;
    if (fetch_sub_acq_rel(&job->references, 1u) == 1) free(job); // acq_rel: all uses by others come before the free
}

// The failure of the smallest item, whatever order they fail in (P4).
static void job_fail(Job *job, uint32_t item, Status status) {
    uint64_t failure = (uint64_t)item << 32 | (uint64_t)status;
    uint64_t known = load_relaxed(&job->failure); // relaxed: the decrement of unfinished publishes it
    while (failure < known && !cas_relaxed(&job->failure, &known, failure)) {
    }
}

static bool job_cancelled(const Job *job) {
    return cancel_requested(&job->pool->cancel) || (job->group != NULL && group_cancelled(job->group));
}

// The items at positions first … limit - 1: these stop before an item when the job is cancelled, and return how many
// they have run.
static uint64_t run_items(Job *job, Worker *worker, uint64_t first, uint64_t limit) {
    ItemFunction function = job->item_function; // read once: the compiler cannot know that items leave the job alone
    void *argument = job->argument;
    const uint32_t *order = job->order;
    const CancelFlag *cancel = &job->pool->cancel; // a parallel-for has no group
    uint64_t position = first;
    for (; position < limit && LIKELY(!cancel_requested(cancel)); position++) {
        uint32_t item = order == NULL ? (uint32_t)position : order[position];
        Status status = function(worker, argument, item);
        if (UNLIKELY(status != STATUS_OK)) job_fail(job, item, status);
    }
    return position - first;
}

static uint64_t run_range(Job *job, Worker *worker, uint64_t first, uint64_t limit) {
    if (job_cancelled(job)) return 0;
    Status status = job->range_function(worker, job->argument, (uint32_t)first, (uint32_t)limit);
    if (UNLIKELY(status != STATUS_OK)) job_fail(job, (uint32_t)first, status);
    return limit - first;
}

static uint64_t run_tasks(Job *job, Worker *worker, uint64_t first, uint64_t limit) {
    uint64_t position = first;
    for (; position < limit && !job_cancelled(job); position++) {
        Status status = job->task_function(worker, job->argument + position * job->argument_bytes);
        group_merge(job->group, status);
    }
    return position - first;
}

static uint64_t run_plainly(Job *job, Worker *worker, uint64_t first, uint64_t limit) {
    if (job->item_function != NULL) return run_items(job, worker, first, limit);
    if (job->range_function != NULL) return run_range(job, worker, first, limit);
    return run_tasks(job, worker, first, limit);
}

// One call to the hooks, and one of the above, for each thing that they see.
static uint64_t run_seen(Job *job, Worker *worker, uint64_t first, uint64_t limit, int32_t stolen_from) {
    TaskInfo info = {.task = job->task_function,
                     .item_function = job->item_function,
                     .range_function = job->range_function,
                     .argument = job->argument,
                     .item = TASK_NO_ITEM,
                     .stolen_from = stolen_from,
                     .loop = job->loop,
                     .kind = job->kind};
    uint64_t step = job->range_function != NULL ? limit - first : 1;
    uint64_t position = first;
    for (; position < limit && !job_cancelled(job); position += step) {
        if (job->task_function != NULL) {
            info.argument = job->argument + position * job->argument_bytes;
        } else {
            info.item = job->order == NULL ? (uint32_t)position : job->order[position];
            info.item_count = (uint32_t)step;
        }
        hook_begin(worker, &info);
        uint64_t run = run_plainly(job, worker, position, position + step);
        hook_end(worker, &info);
        if (run < step) break;
    }
    return position - first;
}

// The length of the next run: what the worker would like, but no more than its share of what is left. Others move the
// cursor's line about, so it is looked at only when what this worker last saw says that the end may be near.
static uint64_t job_length(const Job *job, uint64_t *seen, uint64_t wanted) {
    for (bool is_fresh = false;; is_fresh = true) {
        uint64_t share = *seen >= job->count ? 0 : (job->count - *seen) / (2 * (uint64_t)job->worker_count);
        if (wanted * FAR_FROM_END <= share) return wanted;
        if (is_fresh) return wanted < share ? wanted : share < 1 ? 1 : share;
        *seen = load_relaxed(&job->next); // relaxed: a guess at how far the others are
    }
}

// Claims and runs until no item is left to begin. Returns how many this worker has claimed, cancelled ones included.
// A helper that is a spare too many leaves earlier, and says so in *has_left (NULL: the caller of the job stays).
static uint64_t job_work(Job *job, Worker *worker, int32_t stolen_from, bool *has_left) {
    uint64_t claimed = 0;
    uint64_t seen = 0;   // the cursor, as this worker saw it last
    uint64_t wanted = 1; // items of the next run
    bool is_seen = pool_has_hook(job->pool);
    int64_t wanted_ns = RUN_NS + RUN_NS_PER_WORKER * (int64_t)job->worker_count;
    int64_t start_ns = clock_now_ns();
    for (;;) {
        uint64_t length = job_length(job, &seen, wanted);
        if (seen >= job->count) return claimed;
        uint64_t first = fetch_add_relaxed(&job->next, length); // relaxed: see F1, data travels with the job
        if (first >= job->count) return claimed;
        uint64_t limit = first + length < job->count ? first + length : job->count;
        seen = limit;
        uint64_t run =
            is_seen ? run_seen(job, worker, first, limit, stolen_from) : run_plainly(job, worker, first, limit);
        count_more(&worker->items_run, run);
        claimed += limit - first;
        if (UNLIKELY(run < limit - first)) { // cancelled: claim the rest at once, and run none of it
            uint64_t rest = exchange_relaxed(&job->next, (uint64_t)job->count); // relaxed: as above
            if (rest < job->count) claimed += job->count - rest;
            if (job->task_function != NULL) group_merge(job->group, STATUS_CANCELLED);
            return claimed;
        }
        if (UNLIKELY(worker_is_surplus(worker)) && has_left != NULL) {
            *has_left = true;
            return claimed;
        }
        int64_t end_ns = clock_now_ns();
        int64_t run_ns = end_ns - start_ns;
        start_ns = end_ns;
        // A short run at the end of the loop says nothing about the items.
        if (run_ns < wanted_ns && length == wanted && wanted < RUN_ITEMS_MAX)
            wanted *= run_ns < wanted_ns / 8 ? 4 : 2;
        else if (run_ns > 2 * wanted_ns && wanted > 1)
            wanted /= 2;
    }
}

static void job_end_items(Job *job, Worker *worker, uint64_t claimed) {
    if (claimed == 0) return;
    // Release: what the items wrote. Acquire: what the others' items wrote, for whoever waits for the job through us.
    if (fetch_sub_acq_rel(&job->unfinished, claimed) != claimed) return;
    if (job->task_function != NULL) {
        group_end(worker, job->group, STATUS_OK); // the items' statuses are merged already
        return;
    }
    // Release: all of that, with the acquire in job_is_done. Our reference keeps the job alive for the wake.
    if (exchange_acq_rel(&job->state, (uint32_t)JOB_DONE) == JOB_AWAITED) futex_wake(&job->state, UINT32_MAX);
}

// A helper that will not run, while the caller still holds its own reference: never the last one.
static void job_forget_helper(Job *job) {
    uint32_t before = fetch_sub_relaxed(&job->references, 1u); // relaxed: the caller's own drop comes after it
    assert(before > 1);
    (void)before; // unused without assertions
}

// What a worker has to know of the jobs that lie on its stack, while it works on one.
static uint64_t job_work_in(Job *job, Worker *worker, int32_t stolen_from, bool *has_left) {
    JobFrame frame = {job, worker->jobs};
    void *outer = worker->deque.scope;
    worker->jobs = &frame;
    worker->deque.scope = job->scope;
    uint64_t claimed = job_work(job, worker, stolen_from, has_left);
    worker->deque.scope = outer;
    worker->jobs = frame.outer;
    return claimed;
}

void job_help_from(Worker *worker, void *argument, int32_t stolen_from) {
    Job *job = argument;
    bool has_left = false;
    worker_open_all(worker); // items may take long, and need not poll
    job_end_items(job, worker, job_work_in(job, worker, stolen_from, &has_left));
    if (has_left) {
        if (deque_push(&worker->deque, job->node.task)) { // with our reference
            worker_open_all(worker);
            return;
        }
        job_end_items(job, worker, job_work_in(job, worker, stolen_from, NULL)); // no memory to hand it over
    }
    job_drop(job);
}

void *job_scope(const void *job) { return ((const Job *)job)->scope; }

// The worker is going to sleep in the midst of items: whoever replaces it must be able to go on with the others.
void job_call_helpers(Worker *worker) {
    for (const JobFrame *frame = worker->jobs; frame != NULL; frame = frame->outer) {
        Job *job = frame->job;
        if (load_relaxed(&job->next) >= job->count) continue; // relaxed: a guess will do
        (void)fetch_add_relaxed(&job->references, 1u);        // relaxed: the frame below us holds one
        if (!deque_push(&worker->deque, job->node.task)) job_forget_helper(job);
    }
}

Status job_help(Worker *worker, void *argument) {
    job_help_from(worker, argument, TASK_NOT_STOLEN);
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

// The caller is a worker: it works as well, takes back the helpers that nobody wanted, and waits for items that run.
static Status for_each_nested(Worker *worker, Job *job, uint32_t helper_count) {
    int64_t helpers = 0;
    for (uint32_t i = 0; i < helper_count; i++) {
        if (deque_push(&worker->deque, job->node.task)) {
            helpers++;
        } else {
            job_forget_helper(job);
        }
    }
    worker_open_all(worker); // for what lies below too: this may take long
    if (helpers > 1) parking_notify_many(&worker->pool->parking, (uint32_t)helpers, false);
    job_end_items(job, worker, job_work_in(job, worker, TASK_NOT_STOLEN, NULL));

    // Helpers still at the bottom of the deque would pile up there if one task called us a million times.
    for (Task task; helpers > 0 && deque_take(&worker->deque, &task);) {
        if (task.function == job_help && task.argument == job) {
            job_forget_helper(job);
            helpers--;
        } else { // somebody else's: back it goes; there is room, it was just taken
            if (!deque_push(&worker->deque, task)) task_run(worker, task);
            break;
        }
    }
    if (!job_is_done(job)) worker_open_all(worker); // we may sleep, and have taken some back
    for (uint32_t spin = 0; spin < DONE_SPINS && !job_is_done(job); spin++)
        spin_hint();
    bool is_blocked = false;
    while (!job_is_done(job)) {
        // Who sleeps must be replaced where what it waits for may wait for others (once_wait.c).
        bool must_block = worker->deque.scope != NULL || load_relaxed(&worker->pool->spares.blocked) > 0;
        if (must_block && !is_blocked) pool_block_begin(worker);
        is_blocked |= must_block;
        assert(deque_private_count(&worker->deque) == 0); // R4
        job_sleep(job, BLOCK_LOOK_NS);
    }
    if (is_blocked) pool_block_end(worker);
    return job_finish(job);
}

static Status for_each_outside(Pool *pool, Job *job) {
    pool_push_outside(pool, &job->node);
    int64_t poll_ns = pool_poll_due(pool);
    while (!job_is_done(job)) {
        int64_t left_ns = poll_ns - clock_now_ns();
        if (left_ns > 0) {
            job_sleep(job, left_ns);
            continue;
        }
        poll_ns = pool_poll(pool);
    }
    return job_finish(job);
}

static uint32_t smaller(uint32_t first, uint32_t second) { return first < second ? first : second; }

static Status run_loop(Pool *pool, const Job *plan) {
    if (plan->count == 0) return cancel_requested(&pool->cancel) ? STATUS_CANCELLED : STATUS_OK;
    Worker *worker = pool_own_worker(pool);
    if (worker == NULL && !pool_is_alive(pool)) return STATUS_LIMIT;
    uint32_t helper_count =
        worker == NULL ? smaller(pool->thread_count, plan->count) : smaller(pool->thread_count - 1, plan->count - 1);
    Job *job = job_create(pool, plan, helper_count);
    if (job == NULL) return STATUS_NO_MEMORY;
    job->scope = worker == NULL ? NULL : worker->deque.scope;
    job->loop = fetch_add_relaxed(&pool->loops_begun, UINT64_C(1)) + 1; // relaxed: only a number
    LoopInfo info = {.loop = job->loop,
                     .item_function = job->item_function,
                     .range_function = job->range_function,
                     .argument = job->argument,
                     .count = job->count,
                     .kind = job->kind};
    if (pool->loop_begin != NULL) pool->loop_begin(pool->loop_context, worker, &info);
    Status status = worker == NULL ? for_each_outside(pool, job) : for_each_nested(worker, job, helper_count);
    if (pool->loop_end != NULL) pool->loop_end(pool->loop_context, worker, &info);
    return status;
}

Status pool_for_each(Pool *pool, const uint32_t *order, uint32_t count, ItemFunction function, void *job) {
    return pool_for_each_named(pool, WORK_other, order, count, function, job);
}

Status pool_for_each_named(Pool *pool, WorkKind kind, const uint32_t *order, uint32_t count, ItemFunction function,
                           void *job) {
    Job plan = {.item_function = function, .kind = kind, .argument = job, .order = order, .count = count};
    return run_loop(pool, &plan);
}

Status pool_for_ranges(Pool *pool, uint32_t count, RangeFunction function, void *job) {
    Job plan = {.range_function = function, .argument = job, .count = count};
    return run_loop(pool, &plan);
}

Status pool_submit_batch(Pool *pool, TaskGroup *group, TaskFunction function, void *arguments, size_t argument_bytes,
                         uint32_t count) {
    if (count == 0) return STATUS_OK;
    Worker *worker = pool_own_worker(pool);
    if (worker == NULL && !pool_is_alive(pool)) return STATUS_LIMIT;
    Job plan = {.task_function = function,
                .argument = arguments,
                .argument_bytes = argument_bytes,
                .count = count,
                .group = group};
    Job *job = job_create(pool, &plan, smaller(pool->thread_count, count));
    if (job == NULL) return STATUS_NO_MEMORY;
    job->scope = worker == NULL || group == NULL ? NULL : worker->deque.scope;
    group_add(group, worker);
    group_set_scope(group, worker);
    pool_push_outside(pool, &job->node);
    job_drop(job); // our own reference: the helpers keep it
    return STATUS_OK;
}

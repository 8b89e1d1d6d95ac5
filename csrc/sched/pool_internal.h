// sched/pool_internal.h: what pool.c, task.c and for_each.c share. Nobody else includes it, unit tests apart.
//
// THE FILES  pool.c      threads: starting, the loop of a worker, finding a task (local → global → steal), sleeping, ending
//            task.c      groups: spawn, submit, wait
//            for_each.c  items: parallel-for and batches, on top of tasks
//            spare.c     replacements of workers that wait for a result (once.c, once_wait.c)
#pragma once
#include "base/clock.h"
#include "base/process.h"
#include "sched/deque.h"
#include "sched/injector.h"
#include "sched/parking.h"

#define POLL_INTERVAL_NS (50 * NS_PER_MS) // how often an outside thread that waits calls the poll

// A parallel-for that a worker has on its stack.
typedef struct JobFrame {
    void *job;
    struct JobFrame *outer;
} JobFrame;

struct Worker {
    Deque deque; // first: sched/fork.h relies on it
    Pool *pool;  // this and index: constant while the pool lives
    uint32_t index;
    bool is_searching;     // counted in parking.searching; the worker's own
    uint32_t last_victim;  // the worker's own: whom it stole from last
    uint64_t random_state; // the worker's own: the next victim
    JobFrame *jobs;        // the worker's own: innermost first
    // Counted by the worker alone (so a plain add will do), read by pool_counters in any thread.
    _Atomic uint64_t tasks_run;
    _Atomic uint64_t items_run;
    _Atomic uint64_t tasks_stolen;
    _Atomic uint64_t failed_steals;
    _Atomic uint64_t parks;
    _Atomic uint64_t wakes;
    _Atomic uint64_t openings;
    Thread thread;
    int priority;               // granted; written by the worker before it reports in `started`
    _Atomic uint32_t is_active; // a spare's: 0 while it sleeps in spare.c; written under the lock of Spares
};

#define POOL_SPARES_MAX                                                                                                \
    64u // replacements; more workers than this wait without one (once_wait.c stays free of deadlocks)

typedef struct Spares {
    Mutex lock;
    _Atomic uint32_t blocked; // workers that wait for a result. This and the next: written under the lock
    _Atomic uint32_t active;  // spares that look for tasks
    _Atomic uint32_t count;   // spares that were started; their deques may hold tasks
    Worker *workers;          // made with the first; written before count
} Spares;

_Static_assert(offsetof(struct Worker, deque) == 0, "sched/fork.h takes a worker for its deque");

struct Pool {
    Injector injector;
    Parking parking;
    // Raised by a worker when a group ends that an outside thread waits for; outside threads sleep on it.
    CACHE_ALIGNED _Atomic uint32_t outside_epoch;
    CACHE_ALIGNED Spares spares;
    Mutex waits_lock;                           // guards who waits for whose result (once_wait.c)
    uint64_t search_epoch;                      // under waits_lock
    CACHE_ALIGNED _Atomic uint32_t is_stopping; // written by pool_free
    _Atomic uint32_t started;                   // workers that have set their priority
    _Atomic uint32_t is_open;                   // written by pool_create: the number of workers is final
    _Atomic uint64_t loops_begun;               // the number of the last parallel-for; written by whoever begins one
    // Everything below is constant while tasks run.
    CACHE_ALIGNED uint32_t thread_count;
    uint32_t worker_capacity; // allocated; more than thread_count when the system refused some threads
    uint32_t fork_count;      // of the process that made the threads
    ThreadPoolConfig config;
    Worker *workers;
    bool (*poll)(void *context);
    void *poll_context;
    // When the next poll is due: a run of short waits must not put it off for ever. Written by outside threads that wait.
    _Atomic int64_t poll_due_ns;
    // Constant while tasks run, all but one: a helper that comes to a loop after its end asks whether there are hooks, and
    // by then the next ones may be set. It runs nothing, so any answer will do.
    _Atomic bool has_hook;
    TaskHook hook_begin;
    TaskHook hook_end;
    void *hook_context;
    LoopHook loop_begin;
    LoopHook loop_end;
    void *loop_context;
    // Written by anybody; alone on its line because every worker reads it between items.
    CACHE_ALIGNED CancelFlag cancel;
};

// The calling thread's worker when it is one of this pool, else NULL.
static inline Worker *pool_own_worker(const Pool *pool) {
    Worker *worker = process_thread_worker();
    return worker != NULL && worker->pool == pool ? worker : NULL;
}

// Relaxed: one writer.
static inline void count_more(_Atomic uint64_t *counter, uint64_t amount) {
    store_relaxed(counter, load_relaxed(counter) + amount);
}
static inline void count_one(_Atomic uint64_t *counter) { count_more(counter, 1); }

static inline bool pool_has_hook(const Pool *pool) { return load_relaxed(&pool->has_hook); } // see has_hook
static inline void hook_begin(Worker *worker, const TaskInfo *info) {
    if (worker->pool->hook_begin != NULL) worker->pool->hook_begin(worker->pool->hook_context, worker, info);
}
static inline void hook_end(Worker *worker, const TaskInfo *info) {
    if (worker->pool->hook_end != NULL) worker->pool->hook_end(worker->pool->hook_context, worker, info);
}

// Every worker that may hold tasks: the pool's own, then the spares that were started.
static inline uint32_t pool_worker_count(const Pool *pool) {
    return pool->thread_count + load_acquire(&pool->spares.count); // with the release in spare.c: the spare itself
}
static inline Worker *pool_worker(const Pool *pool, uint32_t index) {
    return index < pool->thread_count ? &pool->workers[index] : &pool->spares.workers[index - pool->thread_count];
}

// pool.c
MUST_USE Status worker_init(Worker *worker, Pool *pool, uint32_t index);
// local → global → steal; false: nothing seen, or the group (may be NULL) has ended, and the worker may be searching
bool worker_find_task(Worker *worker, const TaskGroup *group, Task *out);
bool worker_take_global(Worker *worker, Task *out); // the injector's tasks: one here, the others into its deque
// Sleeps until there may be work, or the group has ended; false: the pool stops.
bool worker_park(Worker *worker, TaskGroup *group);
void worker_end_search(Worker *worker); // it goes on with something else than a task
// Makes the oldest `count` of its private tasks public (fewer if there are fewer), and sees that an idle worker looks.
void worker_open(Worker *worker, int64_t count);
void worker_open_all(Worker *worker); // before it does anything that may take long without looking at its deque
// When a wait that begins now must poll first: in an interval, or when the waits before it left off.
int64_t pool_poll_due(Pool *pool);
int64_t pool_poll(Pool *pool); // asks the outside world whether to cancel; when it is due again
void pool_push_outside(Pool *pool, InjectorNode *node);

// task.c. The two halves of TaskGroup.pending:
#define GROUP_COUNT_MASK UINT64_C(0xFFFFFFFF)
#define GROUP_WAITER_SHIFT 32
#define GROUP_WAITER_OUTSIDE UINT32_MAX // else a worker's index + 1; 0: nobody sleeps

// For the waiter. Acquire, with the release in group_end: who sees it empty sees what its tasks have written.
static inline bool group_is_empty(const TaskGroup *group) {
    uint32_t count = (uint32_t)load_acquire(&group->pending);
    return group->owner == NULL ? count == 0 : count + group->own_pending == (uint32_t)GROUP_OWNED;
}

void task_run(Worker *worker, Task task);
void *task_scope(const Task *task); // of a task that the caller holds
// The tasks of a computation are known by their group. A store only where it changes: groups are used again and again.
void group_set_scope(TaskGroup *group, const Worker *worker); // NULL: from outside
void group_add(TaskGroup *group, const Worker *worker);       // one more task; NULL is allowed, for either
void group_merge(TaskGroup *group, Status status);
// One task has ended; afterwards the group may be gone. The worker is the one that ran it.
void group_end(Worker *worker, TaskGroup *group, Status status);
bool group_announce_waiter(TaskGroup *group, uint32_t waiter); // false: the group is empty already
void group_withdraw_waiter(TaskGroup *group);                  // after an announcement that was not false

// spare.c
#define BLOCK_LOOK_NS (10 * NS_PER_MS)
static inline bool pool_is_short(const Pool *pool) {
    // Relaxed: the next look sees it. While the pool stops spares may have left for good.
    return load_relaxed(&pool->spares.blocked) > load_relaxed(&pool->spares.active) ||
           load_relaxed(&pool->is_stopping) != 0;
}
// A spare too many: it should end what it does soon, and go to sleep.
static inline bool worker_is_surplus(const Worker *worker) {
    const Pool *pool = worker->pool;
    // Relaxed: seen late, one more runs a little longer.
    return worker->index >= pool->thread_count &&
           load_relaxed(&pool->spares.active) > load_relaxed(&pool->spares.blocked);
}
// Around a sleep in which the worker looks for no task: another one runs in its place, where one can be started. Whoever
// sleeps like this wakes every BLOCK_LOOK_NS, and when the pool is short of workers looks for what it waits for itself.
void pool_block_begin(Worker *worker);
void pool_block_end(Worker *worker);
void spares_stop(Pool *pool);    // wakes and joins them
void spares_destroy(Pool *pool); // the memory

// once_wait.c
void once_group_wait(Worker *worker, TaskGroup *group); // waits for a group inside a computation
// Whether the task may run on top of whatever the worker's stack holds now; else it is back in the deque.
bool once_may_run(Worker *worker, Task task);

// for_each.c
void *job_scope(const void *job);
void job_call_helpers(Worker *worker);      // one more for each job on the worker's stack that has items left
Status job_help(Worker *worker, void *job); // a task: works on a job's items until none is left to begin
void job_help_from(Worker *worker, void *job, int32_t stolen_from); // the same, by a worker that knows whence it came
void job_drop(void *job);                                           // instead of job_help, when nobody will run it

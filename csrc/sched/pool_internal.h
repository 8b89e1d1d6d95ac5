// sched/pool_internal.h: what pool.c, task.c and for_each.c share. Nobody else includes it, unit tests apart.
//
// THE FILES  pool.c      threads: starting, the loop of a worker, finding a task (local → global → steal), sleeping, ending
//            task.c      groups: spawn, submit, wait
//            for_each.c  items: parallel-for and batches, on top of tasks
#pragma once
#include "base/clock.h"
#include "base/process.h"
#include "sched/deque.h"
#include "sched/injector.h"
#include "sched/parking.h"

#define POLL_INTERVAL_NS (50 * NS_PER_MS) // how often an outside thread that waits calls the poll

struct Worker {
    Deque deque;
    Pool *pool; // this and index: constant while the pool lives
    uint32_t index;
    bool is_searching;     // counted in parking.searching; the worker's own
    uint64_t random_state; // the worker's own: the next victim
    // Counted by the worker alone (so a plain add will do), read by pool_counters in any thread.
    _Atomic uint64_t tasks_run;
    _Atomic uint64_t items_run;
    _Atomic uint64_t tasks_stolen;
    _Atomic uint64_t parks;
    Thread thread;
    int priority; // granted; written by the worker before it reports in `started`
};

struct Pool {
    Injector injector;
    Parking parking;
    // Raised by a worker when a group ends that an outside thread waits for; outside threads sleep on it.
    CACHE_ALIGNED _Atomic uint32_t outside_epoch;
    CACHE_ALIGNED _Atomic uint32_t is_stopping; // written by pool_free
    _Atomic uint32_t started;                   // workers that have set their priority
    _Atomic uint32_t is_open;                   // written by pool_create: the number of workers is final
    // Everything below is constant while tasks run.
    uint32_t thread_count;
    uint32_t worker_capacity; // allocated; more than thread_count when the system refused some threads
    uint32_t fork_count;      // of the process that made the threads
    ThreadPoolConfig config;
    Worker *workers;
    bool (*poll)(void *context);
    void *poll_context;
    TaskHook hook_begin;
    TaskHook hook_end;
    void *hook_context;
    LoopHook loop_begin;
    LoopHook loop_end;
    void *loop_context;
    _Atomic uint64_t loops; // started so far
    // Written by anybody; alone on its line because every worker reads it between items.
    CACHE_ALIGNED CancelFlag cancel;
};

// The calling thread's worker when it is one of this pool, else NULL.
static inline Worker *pool_own_worker(const Pool *pool) {
    Worker *worker = process_thread_worker();
    return worker != NULL && worker->pool == pool ? worker : NULL;
}

// Relaxed: one writer.
static inline void count_one(_Atomic uint64_t *counter) { store_relaxed(counter, load_relaxed(counter) + 1); }

static inline void hook_begin(Worker *worker, const TaskInfo *info) {
    if (worker->pool->hook_begin != NULL) worker->pool->hook_begin(worker->pool->hook_context, worker, info);
}
static inline void hook_end(Worker *worker, const TaskInfo *info) {
    if (worker->pool->hook_end != NULL) worker->pool->hook_end(worker->pool->hook_context, worker, info);
}

// pool.c
// local → global → steal; false: nothing seen, or the group (may be NULL) has ended, and the worker may be searching
bool worker_find_task(Worker *worker, const TaskGroup *group, Task *out);
// Sleeps until there may be work, or the group has ended; false: the pool stops.
bool worker_park(Worker *worker, TaskGroup *group);
void worker_end_search(Worker *worker); // it goes on with something else than a task
void pool_poll(Pool *pool);             // asks the outside world whether to cancel
void pool_push_outside(Pool *pool, InjectorNode *node);

// task.c. The two halves of TaskGroup.pending:
#define GROUP_COUNT_MASK UINT64_C(0xFFFFFFFF)
#define GROUP_WAITER_SHIFT 32
#define GROUP_WAITER_OUTSIDE UINT32_MAX // else a worker's index + 1; 0: nobody sleeps

// Acquire, with the release in group_end: who sees it empty sees what its tasks have written.
static inline bool group_is_empty(const TaskGroup *group) {
    return (load_acquire(&group->pending) & GROUP_COUNT_MASK) == 0;
}

void task_run(Worker *worker, Task task);
void group_add(TaskGroup *group); // one more task; NULL is allowed
void group_merge(TaskGroup *group, Status status);
void group_end(Pool *pool, TaskGroup *group, Status status);   // one task has ended; afterwards the group may be gone
bool group_announce_waiter(TaskGroup *group, uint32_t waiter); // false: the group is empty already

// for_each.c
Status job_help(Worker *worker, void *job); // a task: works on a job's items until none is left to begin
void job_drop(void *job);                   // instead of job_help, when nobody will run it

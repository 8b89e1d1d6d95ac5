// sched/sched.h: work for many cores: a pool of workers, items handed out to them, tasks that spawn tasks.
//
// WHY        A stage of the compiler is a pure function of one file or one function body. This folder runs it for all of
//            them at once, and gives back results that do not depend on who ran what when.
// SHAPE      pool_for_each ──▶ items of one job, in the caller's order (largest first), claimed in small runs
//            task_fork ──────▶ [ own deque: private | public ] ◀── join: a direct call, where nobody stole it
//            task_spawn ─────▶ [ own deque: private | public ] ◀── steal, from random victims
//            pool_submit ────▶ [ injector  ] ◀── any worker          local → global → steal, then park
// INVARIANTS P1 Every item and every task runs exactly once, unless it was cancelled before it began; then never.
//            P2 When pool_for_each, pool_wait, group_wait or task_join returns, everything it waited for has ended, and
//               all that was written there is visible to the caller.
//            P3 No wake-up is lost: while there is a public task, not all workers sleep. An idle pool uses no CPU.
//            P4 The status that comes back does not depend on the schedule (see below).        tests/unit/test_pool.c
// THREADS    pool_create, pool_free and the pool_set_ functions: one thread, while nothing runs. The pool_ calls below
//            them: any thread, several at once. Calls that take a Worker: only from inside a task, with its own worker.
// OWNERSHIP  The pool owns its workers and its queues. Jobs, arguments and groups belong to the caller and must outlive
//            the wait.
// COST       Small items are claimed in runs of about ten microseconds, so that claiming costs next to nothing; large
//            ones singly. Fork and join of a task that nobody steals cost about 4 ns: no lock, no fence, no atomic
//            read-modify-write, no allocation. Spawn and wait in a group of task_group_of about 20 ns, likewise.
//            Figures: python -m bench.sched, beside other libraries: python -m bench.peers
//
// RESULTS    go by index into slots that the caller made before: item i writes results[i] and nothing else. No lock, and
//            the order is the input's.
//
// STATUS     A failing item does not stop the others. pool_for_each returns the status of the first failing item, by
//            number; if there is none, STATUS_CANCELLED when the cancel flag is set. A group returns the smallest
//            status that is not STATUS_OK among its tasks.
//
// NESTING    pool_for_each may be called from inside an item or a task. The calling worker works on that job like any
//            other, and when no item is left it waits for those that others still run; it runs nothing else meanwhile, so
//            scratch memory that a stage keeps per worker is not entered twice. group_wait and task_join, however, run any
//            task that they find: whoever calls them must not hold per-worker scratch or a lock across the call.
//            Inside a computation of sched/once.h they run tasks of that computation only.
//            Wait only for what you started yourself: then every wait is for something that began later, and no circle
//            closes.
//
// SHARING    A worker keeps the newest tasks that it spawned or forked to itself, and opens them to others when an idle
//            worker asks: at its next spawn, fork, join or wait, or in worker_cancelled. Only a spawned task that would leave
//            nothing public is opened at once. So a task that computes for long after spawning should call
//            worker_cancelled now and then, and not wait in some way of its own for tasks to be run by others.
//
// CANCELLING sets a flag (sched/cancel.h), the pool's or a group's. Items and tasks that have not begun never run; those
//            that run go on until they end or poll worker_cancelled or group_cancelled. So nothing that must be released may
//            be known to an unstarted task alone.
#pragma once
#include "base/atomics.h"
#include "base/status.h"
#include "base/thread.h"
#include "sched/cancel.h"
#include "sched/kinds.h"

typedef struct Pool Pool;
typedef struct Worker Worker;

// ---- configuration

typedef struct ThreadPoolConfig {
    uint32_t max_threads; // 0: every CPU that the process may use; at most POOL_THREADS_MAX
    size_t stack_size;    // bytes per worker; 0: 4 MiB
    int priority;         // a ThreadPriority
} ThreadPoolConfig;

#define POOL_THREADS_MAX 1024u

ThreadPoolConfig thread_pool_config_default(void); // all CPUs, 4 MiB
ThreadPoolConfig thread_pool_config_small(void);   // max(2, half of the CPUs), 4 MiB
ThreadPoolConfig thread_pool_config_large(void);   // all CPUs, 8 MiB
// < 50: at most 4 and the CPUs, 2 MiB; ≤ 500: all, 4 MiB; else all, 8 MiB.
ThreadPoolConfig thread_pool_config_for_project(uint32_t file_count);

// ---- life cycle

// Starts the workers, named sigil-worker-0 and so on. NULL config means the default. STATUS_LIMIT when the system
// refuses even one thread; when it refuses only some, the pool has fewer. *out is NULL on failure.
MUST_USE Status pool_create(const ThreadPoolConfig *config, Pool **out);
void pool_free(Pool *pool); // runs what was still submitted to its end, then joins every worker; NULL is allowed
uint32_t pool_thread_count(const Pool *pool);
ThreadPoolConfig pool_granted(const Pool *pool); // threads, stack size and priority that the workers really have
// False in a forked child, which has the memory but not the threads: free it there, make another.
bool pool_is_alive(const Pool *pool);

// The pool's own cancel flag. Set by the poll below or by anybody; the owner resets it before the next run.
CancelFlag *pool_cancel_flag(Pool *pool);

// `poll` is called about every 50 ms by each outside thread that waits in this pool, on that thread. True sets the cancel
// flag. NULL: never called. Python's binding checks for signals in it.
void pool_set_poll(Pool *pool, bool (*poll)(void *context), void *context);

// ---- what runs

typedef Status (*TaskFunction)(Worker *worker, void *argument);
typedef Status (*ItemFunction)(Worker *worker, void *job, uint32_t item);
typedef Status (*RangeFunction)(Worker *worker, void *job, uint32_t first, uint32_t limit);

// 0 … pool_worker_limit - 1: the index of scratch kept per worker. From pool_thread_count on they are the replacements of
// workers that wait (sched/once.h), with an index of their own because the waiting worker's scratch is still in use.
uint32_t worker_index(const Worker *worker);
uint32_t pool_worker_limit(const Pool *pool);
Pool *worker_pool(const Worker *worker);
bool worker_cancelled(Worker *worker); // for polling inside long items and tasks; also shares tasks (see SHARING)

// ---- parallel-for

// Runs function(worker, job, item) for each item of order[0 … count - 1], begun in roughly that order; NULL order means
// 0 … count - 1. From an outside thread, which only waits, or nested (see above).
MUST_USE Status pool_for_each(Pool *pool, const uint32_t *order, uint32_t count, ItemFunction function, void *job);
// The same; `kind` is what a trace calls the items.
MUST_USE Status pool_for_each_named(Pool *pool, WorkKind kind, const uint32_t *order, uint32_t count,
                                    ItemFunction function, void *job);

// The same for items 0 … count - 1 so small that calling a function for each would cost too much: runs
// function(worker, job, first, limit) for ranges that together hold each item once. It runs all items of its range, and
// returns the status of the first that failed. Cancelling is polled between ranges, which take some microseconds each.
MUST_USE Status pool_for_ranges(Pool *pool, uint32_t count, RangeFunction function, void *job);

// ---- tasks

// Counts tasks that have not ended, and merges their statuses. All zero is a valid, empty group, to which any worker may
// spawn and several threads may submit; one waits. A task may add tasks to the group that it belongs to.
// task_group_of(worker) is the faster kind: made, and waited for, by one worker, who counts its own tasks without atomics.
typedef struct TaskGroup {
    // Written by all: low half, tasks that have not ended; high half, who sleeps for them (task.c).
    _Atomic uint64_t pending;
    _Atomic uint32_t status; // the merged Status, and whether the group is cancelled
    _Atomic(void *) scope;   // the computation whose tasks these are (sched/once.h); NULL: of none
    uint32_t own_pending;    // the owner's alone: tasks that it has spawned and not run itself
    Worker *owner;           // constant; NULL: anybody
} TaskGroup;

#define GROUP_OWNED UINT64_C(0x80000000) // a group's pending while its owner counts apart (task.c)
static inline TaskGroup task_group_of(Worker *worker) { return (TaskGroup){.pending = GROUP_OWNED, .owner = worker}; }

// A group may be NULL: then nobody can wait for the task, but pool_free still does.
// On the worker's own deque; where that cannot grow, runs it at once.
void task_spawn(Worker *worker, TaskGroup *group, TaskFunction function, void *argument);
// Runs tasks until the group is empty; the group may then be used again, and is no longer cancelled.
MUST_USE Status group_wait(Worker *worker, TaskGroup *group);

// Tasks of the group that have not begun never run; for its status each of them, or the group if there is none, counts as
// one that returned STATUS_CANCELLED. Any thread that knows the group to be alive: its waiter before the wait, or one of its tasks.
void group_cancel(TaskGroup *group);
bool group_cancelled(const TaskGroup *group); // for polling inside long tasks

// Fork and join, strictly nested, cheap enough for every node of a tree: task_fork and task_join in sched/fork.h.

MUST_USE Status pool_submit(Pool *pool, TaskGroup *group, TaskFunction function, void *argument);
// Task i gets the address of element i: arguments + i * argument_bytes. Its result goes there too, so results stand in
// input order.
MUST_USE Status pool_submit_batch(Pool *pool, TaskGroup *group, TaskFunction function, void *arguments,
                                  size_t argument_bytes, uint32_t count);
// From an outside thread, which only sleeps and polls; inside a task it is group_wait.
MUST_USE Status pool_wait(Pool *pool, TaskGroup *group);

// ---- looking at it

#define TASK_NO_ITEM UINT32_MAX
#define TASK_NOT_STOLEN (-1)
typedef struct TaskInfo {
    // One of these three, the others are NULL: a task, an item or a range of a parallel-for.
    TaskFunction task;
    ItemFunction item_function;
    RangeFunction range_function;
    void *argument;      // the task's argument, the parallel-for's job
    uint32_t item;       // the item, the first one of a range; TASK_NO_ITEM for a task
    uint32_t item_count; // 1 for an item, the number of a range's; 0 for a task
    int32_t stolen_from; // the index of the worker whose deque it came from, TASK_NOT_STOLEN. For an item: who
                         // gave this worker its share in the loop
    uint64_t loop;       // the number of the item's parallel-for, as in LoopInfo; 0 for a task
    WorkKind kind;       // of the parallel-for; WORK_other for a task
} TaskInfo;
typedef void (*TaskHook)(void *context, Worker *worker, const TaskInfo *info);

// Called on the worker right before and right after each task and each item. One pointer comparison when unset. A forked
// task that its own worker takes back is a function call, and is not seen.
void pool_set_hook(Pool *pool, TaskHook begin, TaskHook end, void *context);

typedef struct LoopInfo {
    uint64_t loop;              // 1, 2, 3 … in the order in which this pool's parallel-fors begin
    ItemFunction item_function; // one of these two, the other is NULL
    RangeFunction range_function;
    void *argument; // the job
    uint32_t count;
    WorkKind kind;
} LoopInfo;
typedef void (*LoopHook)(void *context, Worker *worker, const LoopInfo *info);

// Called in pool_for_each on the thread that calls it, before its first item begins and after its last has ended. The
// worker is NULL where that is an outside thread. An empty loop is not seen.
void pool_set_loop_hook(Pool *pool, LoopHook begin, LoopHook end, void *context);

typedef struct PoolCounters {
    uint64_t tasks_run;     // tasks, batches' and parallel-fors' included; not those that a join took back
    uint64_t items_run;     // items of parallel-fors and batches
    uint64_t tasks_stolen;  // taken from another worker's deque
    uint64_t failed_steals; // looks at another worker's deque that had nothing public
    uint64_t parks;         // times that a worker went to sleep
    uint64_t wakes;         // times that a worker was woken
    uint64_t openings;      // times that a worker made private tasks public
} PoolCounters;
PoolCounters pool_counters(const Pool *pool); // sums over the workers; exact while nothing runs

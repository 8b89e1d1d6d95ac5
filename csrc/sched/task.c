// sched/task.c: tasks and the groups that count them; the slow half of fork and join. See sched.h for the contract.
//
// THE HARD CASE is the end of a group. The group lies in the waiter's memory, often on its stack, and is gone as soon as
// the waiter sees that nothing is pending. So the last task may not touch it after the decrement that tells the waiter: it
// must learn from that decrement alone whom to wake. Therefore count and sleeper share one word:
//
//     pending = [ waiter : 32 | count : 32 ]     waiter: 0 nobody, index + 1 a worker, all ones an outside thread
//
// The waiter announces itself in that word before it sleeps. Either the last decrement comes first, then the waiter sees
// a count of 0 and does not sleep; or the announcement comes first, then the decrement returns it and the task wakes the
// waiter through the pool, which outlives both. A worker is woken by its bit (parking.c), outside threads by an epoch.
//
// COUNTING APART. Most tasks of a group are spawned and run by the worker that will wait for it: an atomic add and an atomic
// subtract for each would cost more than the queue. A group with an owner has a second count, own_pending, that only
// the owner touches. Its tasks that others run lower `pending` all the same, which therefore starts at GROUP_OWNED, far from 0
// on both sides:
//
//     tasks that have not ended = own_pending + (count - GROUP_OWNED), modulo 2³²
//
// Nobody but the owner can tell when that is 0, so nobody wakes it. Before it sleeps it adds its own count to the shared
// one and takes GROUP_OWNED off (group_announce_waiter): for the length of the sleep the group is like any other.
//     Z1  pending's count is never 0 while the owner is awake and a task has not ended, so only a sleeper is woken.
// MODEL      tests/models/group.pml
#include "sched/fork.h"
#include "sched/pool_internal.h"
#include <stdlib.h>

#define GROUP_CANCELLED 0x80000000u // in TaskGroup.status, beside the Status

void group_add(TaskGroup *group, const Worker *worker) {
    if (group == NULL) return;
    if (worker != NULL && group->owner == worker)
        group->own_pending++;
    else
        (void)fetch_add_relaxed(&group->pending, UINT64_C(1)); // relaxed: the task's own publication orders it
}

// The smallest status that is not OK, whatever order they come in (P4).
void group_merge(TaskGroup *group, Status status) {
    if (group == NULL || status == STATUS_OK) return;
    uint32_t known = load_relaxed(&group->status); // relaxed: the decrement in group_end publishes it
    for (;;) {
        uint32_t known_status = known & ~GROUP_CANCELLED;
        if (known_status != STATUS_OK && known_status <= (uint32_t)status) return;
        if (cas_relaxed(&group->status, &known, (known & GROUP_CANCELLED) | (uint32_t)status)) return;
    }
}

void group_cancel(TaskGroup *group) {
    // Relaxed, as the pool's flag (sched/cancel.h). The old status is of no use.
    (void)fetch_or_relaxed(&group->status, GROUP_CANCELLED);
}

bool group_cancelled(const TaskGroup *group) { return (load_relaxed(&group->status) & GROUP_CANCELLED) != 0; }

void group_end(Worker *worker, TaskGroup *group, Status status) {
    if (group == NULL) return;
    group_merge(group, status);
    if (group->owner == worker) {
        group->own_pending--;
        return;
    }
    // Release: what this task wrote. Acquire: the waiter's bit, set before its announcement (worker_park).
    uint64_t before = fetch_sub_acq_rel(&group->pending, UINT64_C(1));
    if ((before & GROUP_COUNT_MASK) != 1) return;
    uint32_t waiter = (uint32_t)(before >> GROUP_WAITER_SHIFT); // the group is not touched any more
    if (waiter == 0) return;
    Pool *pool = worker->pool;
    if (waiter == GROUP_WAITER_OUTSIDE) {
        (void)fetch_add_release(&pool->outside_epoch, 1u); // with the acquire in wait_outside
        futex_wake(&pool->outside_epoch, UINT32_MAX);
    } else {
        (void)parking_wake(&pool->parking, waiter - 1); // false: it is awake, and looks at the group before it sleeps
    }
}

bool group_announce_waiter(TaskGroup *group, uint32_t waiter) {
    uint64_t apart = group->owner == NULL ? 0 : group->own_pending - GROUP_OWNED;
    uint64_t pending = load_acquire(&group->pending); // with the release in group_end
    uint64_t announced;
    do {
        uint64_t count = (pending + apart) & GROUP_COUNT_MASK;
        if (count == 0) return false;
        announced = count | (uint64_t)waiter << GROUP_WAITER_SHIFT;
        // Release: our bit, for the acquire in group_end. Acquire: the same load, again.
    } while (!cas_acq_rel(&group->pending, &pending, announced));
    if (group->owner != NULL) group->own_pending = 0;
    return true;
}

void group_withdraw_waiter(TaskGroup *group) {
    // The waiter's half stays, and does no harm (Z1). Relaxed: group_is_empty acquires.
    if (group->owner != NULL) (void)fetch_add_relaxed(&group->pending, GROUP_OWNED);
}

// Leaves the group ready for its next use, without losing tasks that others are adding already.
static Status group_take_status(TaskGroup *group) {
    if (group->owner != NULL) { // its tasks have ended, and only they could add others
        store_relaxed(&group->pending, GROUP_OWNED);
        group->own_pending = 0;
    } else {
        (void)fetch_and_relaxed(&group->pending, GROUP_COUNT_MASK); // relaxed: forgets the waiter, who is the caller
    }
    uint32_t status = exchange_relaxed(&group->status, (uint32_t)STATUS_OK); // relaxed: group_is_empty has acquired it
    if (status == GROUP_CANCELLED) return STATUS_CANCELLED;                  // all had begun already
    return (Status)(status & ~GROUP_CANCELLED);
}

static Status run_seen(Worker *worker, Task task) {
    TaskInfo info = {
        .task = task.function, .argument = task.argument, .item = TASK_NO_ITEM, .stolen_from = task.stolen_from};
    hook_begin(worker, &info);
    Status status = task.function(worker, task.argument);
    hook_end(worker, &info);
    return status;
}

void task_run(Worker *worker, Task task) {
    assert(!worker->is_searching);
    count_one(&worker->tasks_run);
    if (UNLIKELY(task.function == job_help)) { // not a task that anybody knows of: polls and reports by itself
        job_help_from(worker, task.argument, task.stolen_from);
        return;
    }
    Pool *pool = worker->pool;
    Status status = STATUS_CANCELLED;
    void *outer = worker->deque.scope;
    // Relaxed: written before the task was published. The group lives at least as long as the task.
    worker->deque.scope = task.group == NULL ? NULL : load_relaxed(&task.group->scope);
    if (LIKELY(!cancel_requested(&pool->cancel) && !(task.group != NULL && group_cancelled(task.group))))
        status = pool_has_hook(pool) ? run_seen(worker, task) : task.function(worker, task.argument);
    worker->deque.scope = outer;
    group_end(worker, task.group, status);
}

void *task_scope(const Task *task) {
    if (task->function == job_help) return job_scope(task->argument);
    return task->group == NULL ? NULL : load_relaxed(&task->group->scope); // relaxed: as in task_run
}

void group_set_scope(TaskGroup *group, const Worker *worker) {
    void *scope = worker == NULL ? NULL : worker->deque.scope;
    // Relaxed: the task's publication orders it.
    if (group != NULL && load_relaxed(&group->scope) != scope) store_relaxed(&group->scope, scope);
}

// The limit is reached, an idle worker asks, or nothing is public: somebody gets a share.
static void push_slow(Worker *worker, Task task) {
    Deque *deque = &worker->deque;
    if (!deque_push(deque, task)) {
        task_run(worker, task);
        return;
    }
    int64_t count = deque_private_count(deque);
    if (deque_is_wanted(deque) || deque_public_count(deque) == 0) {
        worker_open(worker, (count + 1) / 2);
    } else if (count >= DEQUE_PRIVATE_MAX) {
        worker_open(worker, count - DEQUE_PRIVATE_MAX / 2);
    }
}

void task_spawn(Worker *worker, TaskGroup *group, TaskFunction function, void *argument) {
    assert(process_thread_worker() == worker); // a worker is used by its own thread alone
    Task task = {function, argument, group, TASK_NOT_STOLEN};
    group_add(group, worker);
    group_set_scope(group, worker);
    Deque *deque = &worker->deque;
    if (UNLIKELY(deque->head >= deque->limit) || UNLIKELY(deque_is_wanted(deque)) ||
        UNLIKELY(deque_public_count(deque) == 0)) {
        push_slow(worker, task);
        return;
    }
    deque_put(deque->cells, deque->mask, deque->head, function, argument, group);
    deque->head++;
}

static void wait_for_group(Worker *worker, TaskGroup *group) {
    if (UNLIKELY(worker->deque.scope != NULL)) once_group_wait(worker, group);
    while (!group_is_empty(group)) {
        Task task;
        // The usual case first: our own newest task is there, and nobody asks for a share.
        if (!deque_is_wanted(&worker->deque) && !worker->is_searching && deque_take(&worker->deque, &task))
            task_run(worker, task);
        else if (worker_find_task(worker, group, &task))
            task_run(worker, task);
        else if (!group_is_empty(group))
            (void)worker_park(worker, group); // true or false: look again
    }
    worker_end_search(worker);
}

Status group_wait(Worker *worker, TaskGroup *group) {
    assert(process_thread_worker() == worker);
    assert(group->owner == NULL || group->owner == worker);
    wait_for_group(worker, group);
    return group_take_status(group);
}

// ---- fork and join, where it is not a matter of a few instructions

void fork_slow(Worker *worker, TaskFork *fork, TaskFunction function, void *argument) {
    push_slow(worker, (Task){function, argument, &fork->group, TASK_NOT_STOLEN});
}

bool join_slow(Worker *worker, TaskFork *fork) {
    assert(process_thread_worker() == worker);
    TaskGroup *group = &fork->group;
    // Ours may be on its way to the caller already: a share of what lies below it.
    if (deque_is_wanted(&worker->deque)) worker_open(worker, deque_private_count(&worker->deque) / 2);
    Task task;
    while (!group_is_empty(group) && deque_take(&worker->deque, &task)) {
        if (task.group == group) return true;
        if (UNLIKELY(worker->deque.scope != NULL) && !once_may_run(worker, task)) break;
        task_run(worker, task); // spawned since, or left below by a thief's steal: it is in our way, or has time
    }
    wait_for_group(worker, group); // a thief has it
    return false;
}

// ---- from outside

Status pool_submit(Pool *pool, TaskGroup *group, TaskFunction function, void *argument) {
    Worker *worker = pool_own_worker(pool);
    if (worker != NULL) {
        task_spawn(worker, group, function, argument);
        return STATUS_OK;
    }
    if (!pool_is_alive(pool)) return STATUS_LIMIT;
    InjectorNode *node = malloc(sizeof *node);
    if (node == NULL) return STATUS_NO_MEMORY;
    *node = (InjectorNode){.task = {function, argument, group, TASK_NOT_STOLEN}, .copies = 1, .is_heap = true};
    group_add(group, NULL);
    group_set_scope(group, NULL);
    pool_push_outside(pool, node);
    return STATUS_OK;
}

Status pool_wait(Pool *pool, TaskGroup *group) {
    Worker *worker = pool_own_worker(pool);
    if (worker != NULL) return group_wait(worker, group);
    if (!pool_is_alive(pool)) return STATUS_LIMIT;
    int64_t poll_ns = pool_poll_due(pool);
    for (;;) {
        uint32_t epoch = load_acquire(&pool->outside_epoch); // before the announcement: a later end changes it
        if (!group_announce_waiter(group, GROUP_WAITER_OUTSIDE)) break;
        int64_t left_ns = poll_ns - clock_now_ns(); // other groups' ends wake us too: keep to the clock
        if (left_ns > 0) {
            futex_wait(&pool->outside_epoch, epoch, left_ns);
            continue;
        }
        poll_ns = pool_poll(pool);
    }
    return group_take_status(group);
}

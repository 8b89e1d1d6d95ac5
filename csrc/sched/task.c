// sched/task.c: tasks and the groups that count them. See sched.h for the contract.
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
#include "sched/pool_internal.h"
#include <stdlib.h>

void group_add(TaskGroup *group) {
    // Relaxed: the task's own publication orders it.
    if (group != NULL) (void)fetch_add_relaxed(&group->pending, UINT64_C(1));
}

// The smallest status that is not OK, whatever order they come in (P4).
void group_merge(TaskGroup *group, Status status) {
    if (group == NULL || status == STATUS_OK) return;
    uint32_t known = load_relaxed(&group->status); // relaxed: the decrement in group_end publishes it
    while ((known == STATUS_OK || known > (uint32_t)status) && !cas_relaxed(&group->status, &known, (uint32_t)status)) {
    }
}

void group_end(Pool *pool, TaskGroup *group, Status status) {
    if (group == NULL) return;
    group_merge(group, status);
    // Release: what this task wrote. Acquire: the waiter's bit, set before its announcement (worker_park).
    uint64_t before = fetch_sub_acq_rel(&group->pending, UINT64_C(1));
    if ((before & GROUP_COUNT_MASK) != 1) return;
    uint32_t waiter = (uint32_t)(before >> GROUP_WAITER_SHIFT); // the group is not touched any more
    if (waiter == 0) return;
    if (waiter == GROUP_WAITER_OUTSIDE) {
        (void)fetch_add_release(&pool->outside_epoch, 1u); // with the acquire in wait_outside
        futex_wake(&pool->outside_epoch, UINT32_MAX);
    } else {
        (void)parking_wake(&pool->parking, waiter - 1); // false: it is awake, and looks at the group before it sleeps
    }
}

bool group_announce_waiter(TaskGroup *group, uint32_t waiter) {
    uint64_t pending = load_acquire(&group->pending); // with the release in group_end
    do {
        if ((pending & GROUP_COUNT_MASK) == 0) return false;
        // Release: our bit, for the acquire in group_end. Acquire: the same load, again.
    } while (
        !cas_acq_rel(&group->pending, &pending, (pending & GROUP_COUNT_MASK) | (uint64_t)waiter << GROUP_WAITER_SHIFT));
    return true;
}

// Leaves the group ready for its next use, without losing tasks that others are adding already.
static Status group_take_status(TaskGroup *group) {
    (void)fetch_and_relaxed(&group->pending, GROUP_COUNT_MASK); // relaxed: forgets the waiter, who is the caller
    return (Status)exchange_relaxed(&group->status, (uint32_t)STATUS_OK); // relaxed: group_is_empty has acquired it
}

void task_run(Worker *worker, Task task) {
    assert(!worker->is_searching);
    count_one(&worker->tasks_run);
    if (task.function == job_help) {           // not a task that anybody knows of: polls and reports by itself
        (void)job_help(worker, task.argument); // reports in the job
        return;
    }
    Status status = STATUS_CANCELLED;
    if (!worker_cancelled(worker)) {
        TaskInfo info = {.task = task.function,
                         .argument = task.argument,
                         .item = TASK_NO_ITEM,
                         .loop = 0,
                         .stolen_from = TASK_NOT_STOLEN};
        hook_begin(worker, &info);
        status = task.function(worker, task.argument);
        hook_end(worker, &info);
    }
    group_end(worker->pool, task.group, status);
}

void task_spawn(Worker *worker, TaskGroup *group, TaskFunction function, void *argument) {
    assert(process_thread_worker() == worker); // a worker is used by its own thread alone
    Task task = {function, argument, group};
    group_add(group);
    if (deque_push(&worker->deque, task))
        parking_notify(&worker->pool->parking);
    else
        task_run(worker, task);
}

Status group_wait(Worker *worker, TaskGroup *group) {
    assert(process_thread_worker() == worker);
    while (!group_is_empty(group)) {
        Task task;
        if (worker_find_task(worker, group, &task))
            task_run(worker, task);
        else if (!group_is_empty(group))
            (void)worker_park(worker, group); // true or false: look again
    }
    worker_end_search(worker);
    return group_take_status(group);
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
    *node = (InjectorNode){.task = {function, argument, group}, .copies = 1, .is_heap = true};
    group_add(group);
    pool_push_outside(pool, node);
    return STATUS_OK;
}

Status pool_wait(Pool *pool, TaskGroup *group) {
    Worker *worker = pool_own_worker(pool);
    if (worker != NULL) return group_wait(worker, group);
    if (!pool_is_alive(pool)) return STATUS_LIMIT;
    int64_t poll_ns = clock_now_ns() + POLL_INTERVAL_NS;
    for (;;) {
        uint32_t epoch = load_acquire(&pool->outside_epoch); // before the announcement: a later end changes it
        if (!group_announce_waiter(group, GROUP_WAITER_OUTSIDE)) break;
        int64_t left_ns = poll_ns - clock_now_ns(); // other groups' ends wake us too: keep to the clock
        if (left_ns > 0) {
            futex_wait(&pool->outside_epoch, epoch, left_ns);
            continue;
        }
        pool_poll(pool);
        poll_ns = clock_now_ns() + POLL_INTERVAL_NS;
    }
    return group_take_status(group);
}

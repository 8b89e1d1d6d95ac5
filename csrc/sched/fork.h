// sched/fork.h: fork and join: "somebody else may do this while I do that", cheap enough for each node of a tree.
//
//     static uint64_t sum(Worker *worker, const Tree *tree) {
//         if (tree == NULL) return 0;
//         Sum right = {.tree = tree->right};
//         TaskFork fork;
//         task_fork(worker, &fork, sum_task, &right);      // sum_task(worker, &right) does right.total = sum(…)
//         uint64_t left = sum(worker, tree->left);
//         if (task_join(worker, &fork)) right.total = sum(worker, right.tree); // nobody stole it: call it ourselves
//         return left + right.total + tree->value;
//     }
//
// WHY        A spawned task costs its run through a queue and a group even where no thief ever looks. Here that part is a few
//            stores, and taking the task back is two comparisons and a call that the compiler can see, and inline.
// SOURCE     Van Dijk & van de Pol, Lace: non-blocking split deque for work-stealing (2014); waiting by stealing back from
//            the thief: Wagner & Calder, Leapfrogging (PPoPP 1993).
// INVARIANTS V1 Each task_fork is followed by one task_join with the same TaskFork, on the same worker, before the frame
//               that holds it returns. Forks nest: the last forked is the first joined. Spawned tasks may lie between.
//            V2 task_join returns true: the task has not begun and never will, except by the caller's own call. False: it
//               has ended, and what it wrote is visible; or the pool's cancel flag kept it from beginning. fork_status
//               says which.                                                          tests/unit/test_fork.c
// THREADS    Only from inside a task, with its own worker.
// COST       About 4 ns for both together where nobody steals: python -m bench.sched
#pragma once
#include "sched/deque.h"

// Lives in the frame that forks. A group of one task: whoever steals it ends it as any other.
typedef struct TaskFork {
    TaskGroup group;
    int64_t position; // of its cell in the worker's deque
} TaskFork;

// What does not fit into the few instructions below.
void fork_slow(Worker *worker, TaskFork *fork, TaskFunction function, void *argument);
bool join_slow(Worker *worker, TaskFork *fork);

static inline void task_fork(Worker *worker, TaskFork *fork, TaskFunction function, void *argument) {
    Deque *deque = (Deque *)(void *)worker; // a worker begins with its deque
    // Relaxed, all of them: not shared yet.
    store_relaxed(&fork->group.pending, UINT64_C(1));
    store_relaxed(&fork->group.status, (uint32_t)STATUS_OK);
    store_relaxed(&fork->group.scope, deque->scope);
    fork->group.owner = NULL;
    int64_t head = deque->head;
    fork->position = head;
    if (UNLIKELY(head >= deque->limit) || UNLIKELY(deque_is_wanted(deque))) {
        fork_slow(worker, fork, function, argument);
        return;
    }
    deque_put(deque->cells, deque->mask, head, function, argument, &fork->group);
    deque->head = head + 1;
}

// True: the caller runs the task, by an ordinary call. False: it has run already.
MUST_USE static inline bool task_join(Worker *worker, TaskFork *fork) {
    Deque *deque = (Deque *)(void *)worker;
    // Known since the fork: had it to be read from head, each join would wait for the store of the call before.
    int64_t newest = fork->position;
    // Private, nobody asks for a share, and ours: what was spawned since and not waited for would lie above it.
    if (UNLIKELY(deque->head - 1 != newest) || UNLIKELY(newest < deque->split) || UNLIKELY(deque_is_wanted(deque)) ||
        UNLIKELY(load_relaxed(&deque->cells[newest & deque->mask].group) != &fork->group)) // relaxed: we wrote it
        return join_slow(worker, fork);
    deque->head = newest;
    return true;
}

// After task_join returned false: what the task returned, or STATUS_CANCELLED. Relaxed: the join has acquired it.
static inline Status fork_status(const TaskFork *fork) { return (Status)load_relaxed(&fork->group.status); }

// Joins and, where that is left to us, runs the task: for those who have no shorter way than to call the function.
MUST_USE static inline Status task_finish(Worker *worker, TaskFork *fork, TaskFunction function, void *argument) {
    return task_join(worker, fork) ? function(worker, argument) : fork_status(fork);
}

// ---- where even a fork's few nanoseconds are too many

#define FORKS_ENOUGH 4 // as many wait here for thieves before forking on is not worth it

// False: forks of this worker wait already, older and so mostly larger ones, and nobody asks for more. Then calling both
// halves is right, and costs two comparisons more than a sequential program:
//     if (!fork_is_worth_it(worker)) return sum(worker, tree->left) + sum(worker, tree->right) + tree->value;
// SOURCE: the cut-off by the number of waiting tasks of Duran, Corbalán & Ayguadé (SC 2008), with Lace's flag of those who ask.
static inline bool fork_is_worth_it(const Worker *worker) {
    const Deque *deque = (const Deque *)(const void *)worker;
    return UNLIKELY(deque_private_count(deque) < FORKS_ENOUGH) || UNLIKELY(deque_is_wanted(deque));
}

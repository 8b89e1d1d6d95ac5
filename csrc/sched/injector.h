// sched/injector.h: how work enters the pool from outside: a lock-free list that is pushed one by one and taken whole.
//
// SOURCE     Treiber, Systems programming: coping with parallelism (IBM RJ 5118, 1986), without its hard half: nobody
//            takes a single node off the list, so there is no ABA problem and no question when a node may be freed.
//            Whoever takes the list owns it.
// SHAPE      head ──▶ newest ──▶ … ──▶ oldest. The taker moves the tasks to its own deque, where the others steal them.
// INVARIANTS J1 A node is taken by exactly one worker: the exchange hands over the whole list.
// THREADS    Any.
// OWNERSHIP  Nodes from pool_submit are freed by the taker; those inside a Job live as long as the job's references.
#pragma once
#include "sched/deque.h"

typedef struct InjectorNode InjectorNode;
struct InjectorNode {
    InjectorNode *next; // written by the pusher before the node is published, read by the taker
    Task task;
    uint32_t copies; // the taker makes this many equal tasks of it: the helpers of a parallel-for
    bool is_heap;    // the taker frees the node
};

typedef struct Injector {
    CACHE_ALIGNED _Atomic(InjectorNode *) head; // written by all
} Injector;

static inline void injector_push(Injector *injector, InjectorNode *node) {
    InjectorNode *head = load_relaxed(&injector->head); // relaxed: the CAS checks it
    do {
        node->next = head;
    } while (!cas_release(&injector->head, &head, node)); // with the exchange below: the taker sees the node's content
}

// The newest first; NULL when empty.
static inline InjectorNode *injector_take_all(Injector *injector) {
    // Saves the cache line when there is nothing, which is nearly always.
    if (load_relaxed(&injector->head) == NULL) return NULL;
    return exchange_acquire(&injector->head, NULL); // with the release in injector_push
}

static inline bool injector_looks_empty(const Injector *injector) { return load_fenced(&injector->head) == NULL; }

// sched/deque.h: one worker's own tasks, of which it opens some to thieves. The algorithm is explained in deque.c.
//
// SHAPE      thieves: top upward ──▶ [ t3 ][ t4 ] public │ private [ t5 ][ t6 ] ◀── head: moved by the owner alone
//                                                      split
// INVARIANTS D1–D5, in deque.c.
// THREADS    deque_steal, deque_ask, deque_is_wanted and deque_public_count: any thread. All others: the owner.
// COST       Tasks lie in the ring by value: no allocation per task, except when the ring doubles. Pushing and taking in
//            the private part touches nothing that another thread writes, but for one flag that is nearly always false.
#pragma once
#include "sched/sched.h"

#define DEQUE_OPEN_BITS 24 // of the window; the other 40 are top
#define DEQUE_OPEN_MASK ((UINT64_C(1) << DEQUE_OPEN_BITS) - 1)
#define DEQUE_PRIVATE_MAX 32 // more than this is opened without being asked for (task.c, worker_push_slow)

typedef struct Task {
    TaskFunction function;
    void *argument;
    TaskGroup *group;    // may be NULL
    int32_t stolen_from; // a worker's index, TASK_NOT_STOLEN; not kept in the ring
} Task;

typedef struct DequeCell {
    _Atomic(TaskFunction) function;
    _Atomic(void *) argument;
    _Atomic(TaskGroup *) group;
} DequeCell;

typedef struct DequeRing DequeRing;

typedef struct Deque {
    // The owner's alone.
    CACHE_ALIGNED int64_t head; // where the next push goes
    int64_t split;              // what stands below it is public; the owner's copy of top + open
    int64_t limit;              // up to here a push need not look whether there is room, or too much is private
    int64_t room;               // top, as last seen, + capacity: a push there would overwrite
    DequeCell *cells;           // the ring's
    int64_t mask;               // its capacity - 1
    void *scope;                // the computation that the owner works for (once.h), or NULL: here for sched/fork.h
    int64_t loot_limit;         // tasks in loot_first … loot_limit - 1 were stolen from loot_from
    int64_t loot_first;
    int32_t loot_from;
    // top << 24 | open: the oldest task, and how many from there on are public. Written by all, with atomic
    // read-modify-writes only (D2).
    CACHE_ALIGNED _Atomic uint64_t window;
    _Atomic(DequeRing *) ring;             // written by the owner
    CACHE_ALIGNED _Atomic uint32_t wanted; // 1: somebody found nothing public here. Written by all
    _Atomic uint32_t last_thief;           // a hint: the index of the worker that stole last. Written by thieves
} Deque;

MUST_USE Status deque_init(Deque *deque);
void deque_destroy(Deque *deque); // nobody uses it any more; tasks still in it are forgotten

MUST_USE bool deque_push(Deque *deque, Task task); // private. False: full, and there is no memory to grow
bool deque_take(Deque *deque, Task *out);          // the newest; false: empty
void deque_open(Deque *deque, int64_t count);      // makes the oldest `count` private tasks public, or all if fewer
bool deque_steal(Deque *deque, Task *out);         // the oldest public one; false: there is none
void deque_note_loot(Deque *deque, int64_t count, int32_t from); // the newest `count` tasks were stolen

static inline int64_t deque_private_count(const Deque *deque) { return deque->head - deque->split; }

// A guess, unless nobody else uses the deque. In parking this comes after a fence.
static inline int64_t deque_public_count(const Deque *deque) {
    return (int64_t)(load_fenced(&deque->window) & DEQUE_OPEN_MASK);
}

// Relaxed, all three: the flag carries no data, and parking.c's fences say when it cannot be missed.
static inline void deque_ask(Deque *deque) {
    if (load_fenced(&deque->wanted) == 0) store_fenced(&deque->wanted, 1u); // a look first: it is set nearly always
}
static inline bool deque_is_wanted(const Deque *deque) { return load_relaxed(&deque->wanted) != 0; }
static inline void deque_set_wanted(Deque *deque, bool is_wanted) { store_fenced(&deque->wanted, is_wanted ? 1u : 0u); }

// What sched/fork.h and deque.c share. Relaxed: the read-modify-write of the window publishes cells, and decides who has
// read the right ones.
static inline void deque_put(DequeCell *cells, int64_t mask, int64_t position, TaskFunction function, void *argument,
                             TaskGroup *group) {
    DequeCell *cell = &cells[position & mask];
    store_relaxed(&cell->function, function);
    store_relaxed(&cell->argument, argument);
    store_relaxed(&cell->group, group);
}

// sched/deque.h: one worker's own tasks, which other workers may steal. The algorithm is explained in deque.c.
//
// SHAPE      thieves: CAS top upward ──▶ [ t3 ][ t4 ][ t5 ] ◀── bottom: moved by the owner alone
// INVARIANTS D1–D3, in deque.c.
// THREADS    deque_push and deque_take: the owner. deque_steal and deque_size: any thread.
// COST       Tasks lie in the ring by value: no allocation per task, except when the ring doubles.
#pragma once
#include "sched/sched.h"

typedef struct Task {
    TaskFunction function;
    void *argument;
    TaskGroup *group; // may be NULL
} Task;

typedef struct Ring Ring;

typedef struct Deque {
    CACHE_ALIGNED _Atomic int64_t top;    // next task to steal; written by all
    CACHE_ALIGNED _Atomic int64_t bottom; // where the next push goes; written by the owner
    _Atomic(Ring *) ring;                 // written by the owner
} Deque;

MUST_USE Status deque_init(Deque *deque);
void deque_destroy(Deque *deque); // nobody uses it any more; tasks still in it are forgotten

MUST_USE bool deque_push(Deque *deque, Task task); // false: full, and there is no memory to grow
bool deque_take(Deque *deque, Task *out);          // the newest; false: empty
bool deque_steal(Deque *deque, Task *out);         // the oldest; false: empty
int64_t deque_size(const Deque *deque);            // a guess, unless nobody else uses the deque

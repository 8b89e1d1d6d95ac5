// sched/once_internal.h: what once.c (the map) and once_wait.c (who waits for whom) share. Nobody else includes it.
#pragma once
#include "sched/once.h"
#include "sched/pool_internal.h"

typedef struct OnceEntry OnceEntry;
typedef struct OnceWait OnceWait;
typedef struct OnceShard OnceShard;

enum {
    ONCE_OPEN = 0,      // nobody computes it
    ONCE_COMPUTING = 1, // nobody waits for it yet
    ONCE_AWAITED = 2,   // COMPUTING, and `waits` is to be looked at
    ONCE_DONE = 3,      // status and value are final
};

// Somebody who waits; on the waiter's stack, in the list of the entry until it is done.
struct OnceWait {
    OnceWait *next;
    OnceEntry *scope; // the computation that the waiter works for, or NULL
    Status status;    // this and value: written before is_done
    void *value;
    _Atomic uint32_t is_done; // set by the computing worker, slept on by the waiter
};

typedef struct OnceReport {
    struct OnceReport *next; // of the map that made it
    OnceCycle cycle;
    OnceStep steps[];
} OnceReport;

// One key. While it is being computed it also stands for its computation: Deque.scope and TaskGroup.scope point to it.
struct OnceEntry {
    _Atomic uint32_t state;
    Status status; // this and value: written before DONE
    void *value;
    OnceMap *map;
    // While COMPUTING. Written before that can be seen.
    OnceEntry *parent; // the computation inside which it was begun, or NULL
    uint32_t worker;   // index of the worker that computes
    // Under the pool's waits_lock.
    bool is_on_cycle;
    OnceWait *waits;
    const OnceReport *report; // the smallest circle that it is on, or else has heard of
    uint64_t search_epoch;    // when the search was here last
    OnceEntry *search_next;   // from here one step nearer to where the search began
    OnceEntry *search_queue;
    // Constant.
    uint64_t hash;
    uint32_t key_length;
    char key[];
};

struct OnceMap {
    OnceShard *shards;
    Pool *pool;
    uint32_t shard_count; // a power of two
    uint32_t shard_shift; // hash >> shift = shard
    OnceConfig config;
    OnceReport *reports; // under the pool's waits_lock
    // Under the pool's waits_lock.
    uint64_t recomputed; // claims of a key that was open again
    uint64_t failed;
    uint64_t waits;
    uint64_t helped;
    uint64_t blocked;
    uint64_t cycles;
};

static inline Text once_key(const OnceEntry *entry) { return (Text){entry->key, entry->key_length}; }

// once_wait.c
// The entry is COMPUTING when last seen. True: *status and *value are the answer. False: look at its state again.
bool once_wait(OnceEntry *entry, Worker *worker, Status *status, void **value);
// The caller, who computes the entry, ends it. Afterwards others may begin again.
void once_end(OnceEntry *entry, Status status, void *value);
// OPEN → COMPUTING by this worker; false: somebody was faster.
bool once_claim(OnceEntry *entry, Worker *worker);
// The computation that the worker works for, if any, has heard of the entry's circle.
void once_hear_of_cycle(Worker *worker, OnceEntry *entry);

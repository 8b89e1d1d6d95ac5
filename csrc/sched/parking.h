// sched/parking.h: where workers sleep that found nothing to do, and how they are woken. The argument is in parking.c.
//
// SHAPE      asleep: one bit per worker [ 0 1 1 0 … ]     searching: how many workers are looking for a task right now
//            each worker has a word of its own to sleep on
// INVARIANTS K1 Whoever clears a worker's bit, and nobody else, decides how it goes on: a waker owes it a wake-up, the worker
//               itself may simply leave. A waker may hand the debt on to another worker that it wakes.
//            K2 searching counts the workers between parking_start_search and parking_stop_search, and those that were
//               woken and have not run yet: a woken worker is a searching one.
//            K3 No wake-up is lost: work published before parking_notify is seen by a searcher, or wakes a sleeper.
//                                                                  tests/unit/test_parking.c
// COST       parking_notify while somebody searches, or nobody sleeps: a fence and one or two loads.
#pragma once
#include "sched/sched.h"

#define PARKING_WORDS (POOL_THREADS_MAX / 64 + 1) // and a word for the spares (POOL_SPARES_MAX)

#define WAKE_FAN 3u // sleepers that one worker wakes where many are wanted: a tree, not a chain

typedef struct Berth {
    CACHE_ALIGNED _Atomic uint32_t is_woken; // set by the waker, cleared by the sleeper
    int thread; // constant: as the system numbers it, and the CPU that is this worker's own; 0 and -1: unknown
    int home;
    int cpu;                  // where it fell asleep; written before its bit
    int wake_cpu;             // where it is to wake, -1: the system knows. Written by whoever cleared its bit
    uint32_t debt_count;      // whom the sleeper has to wake, first of all, when it is woken (K1).
    uint32_t debts[WAKE_FAN]; // Written by whoever cleared its bit, then by the sleeper
} Berth;

typedef struct Parking {
    CACHE_ALIGNED _Atomic uint32_t searching;             // written by all
    CACHE_ALIGNED _Atomic uint64_t asleep[PARKING_WORDS]; // bit per worker, written by all
    uint32_t word_count;
    uint32_t worker_count;
    Berth *berths; // one per worker
} Parking;

MUST_USE Status parking_init(Parking *parking, uint32_t worker_count);
void parking_destroy(Parking *parking);

// The calling thread is this worker. Without this call the system alone chooses where the worker wakes.
void parking_set_home(Parking *parking, uint32_t worker, int cpu);

void parking_start_search(Parking *parking);
// True: it was the last searcher, who must look once more for work that others should be woken for.
bool parking_stop_search(Parking *parking);

// Going to sleep, in three steps; the caller is searching when it begins.
//     parking_announce(p, worker);             // from here on a notifier may wake us
//     if (there is work after all) parking_withdraw(p, worker); else parking_sleep(p, worker);
// After either the caller is searching again.
void parking_announce(Parking *parking, uint32_t worker);
void parking_withdraw(Parking *parking, uint32_t worker);
void parking_sleep(Parking *parking, uint32_t worker);

void parking_notify(Parking *parking); // work was published: somebody must see it
// Work for so many was published: sleepers are woken until as many look, or none sleeps.
void parking_notify_many(Parking *parking, uint32_t wanted, bool is_leaving); // leaving: the caller is about to sleep
bool parking_wake(Parking *parking, uint32_t worker);                         // this worker; false: it does not sleep
void parking_wake_all(Parking *parking);
bool parking_has_sleepers(const Parking *parking); // for the last searcher, after parking_stop_search

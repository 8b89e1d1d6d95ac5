// sched/costs.h: what the scheduler's own steps and this machine's memory cost, measured where they are asked for.
//
// WHY        A recorded build is replayed on more workers than the machine has (sigil/scale). What those workers would pay
//            for claiming, stealing and waking up, and how much the others' memory traffic would slow them down, is no
//            constant: it differs by machine and by hour. So it is measured with the calls that the compiler itself uses.
// SHAPE      asleep ─▶ dispatch ─▶ first item … last item ─▶ join      a parallel-for from an outside thread
//                      └▶ chain ─▶ the next worker's first item        woken by the same one: parking.c says who wakes whom
//            spawn ─▶ steal, or wake if the thief slept, ─▶ begin      a task that another worker takes
// INVARIANTS Each figure is the median of its samples, at least 0, and finite; what one CPU or one worker cannot show is 0.
//                                                                                            tests/unit/test_costs.c
// THREADS    Any thread that is no worker of a pool. The functions make pools of their own and end them.
// COST       sched_costs_measure some 40 ms, memory_rates_measure some 20 ms and 24 MB for each thread, spin_rate_measure
//            some 10 ms.
#pragma once
#include "sched/sched.h"

typedef struct SchedCosts {
    double claim_ns;    // an empty item of a parallel-for with one worker
    double spawn_ns;    // a task, spawned and joined on its own worker
    double steal_ns;    // from the spawn of a task to its begin on a worker that was looking for one
    double wake_ns;     // … on a worker that slept
    double dispatch_ns; // from pool_for_each to its first item's begin, all workers asleep
    double hot_ns;      // … while they still look for work, right after another parallel-for
    double linger_ns;   // how long they look before they sleep
    double chain_ns;    // between the begins of the first two workers, whom the caller wakes one after the other
    double join_ns;     // from the last item's end to the return of pool_for_each
    double clock_ns;    // a look at the clock: contained twice in each recorded item
} SchedCosts;
MUST_USE Status sched_costs_measure(SchedCosts *out);

// Bytes in a nanosecond, for each of `threads` that work at the same time.
typedef struct MemoryRates {
    double fresh;  // taken from the system and written for the first time
    double stream; // copied between areas larger than a core's own caches: read once and written once
} MemoryRates;
MUST_USE Status memory_rates_measure(uint32_t threads, MemoryRates *out);

// Rounds in a nanosecond, for each of `threads`, of a loop that needs no memory: what the machine itself gives at the moment.
// Threads, not processes: a fork would write-protect the pages of this one and slow down whatever is measured next.
MUST_USE Status spin_rate_measure(uint32_t threads, double *out);

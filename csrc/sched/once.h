// sched/once.h: a concurrent map from keys to results, each computed exactly once, by whoever needs it first.
//
// WHY        Templates, interfaces, queries: many workers need the same result, one should compute it, the others should not
//            sit idle, and results that need each other in a circle must be an error message, never a hang.
// SHAPE      hash ─ top bits ─▶ shard { lock, slots ─▶ [ hash, entry | 0 | … ] }       the interner's kind of table
//            entry { state, value, key }    OPEN ─▶ COMPUTING ─▶ DONE       (back to OPEN after a failure of the world)
//            computations form a tree (who was begun inside whom), waits are edges across it: once_wait.c
// INVARIANTS O1 For each key at most one computation runs at a time, and none begins after one has succeeded.
//            O2 Who gets a value sees everything that its computation has written.
//            O3 A circle of needs is found when its last edge closes, whatever workers and stacks it runs through: every
//               computation on it ends with STATUS_CYCLE, and so does every one that hands up what it got from them.
//            O4 No schedule can deadlock: argued in once_wait.c, checked in tests/models/once.pml;
//               tests/unit/test_once.c, tests/unit/test_spares.c
// THREADS    once_get: from inside a task or an item, with its own worker. create and free: while nothing runs.
// OWNERSHIP  The map owns its keys (copied) and its values: `drop` is called for each when the map is freed. Maps whose
//            computations use each other die together.
// COST       A hit is a hash, a probe, a comparison and two loads; no lock, nothing written. A miss adds one lock of a shard
//            and no system call. Waiting costs a lock and, where nothing can be done meanwhile, a sleep and a replacement.
//
// WHY O4 HOLDS. Three things together; the first two are argued in once_wait.c, the third in spare.c and parking.c.
//   1. Needs form no circle, for the one that would close it is refused (O3), and no stack adds a need: so while computations have
//      not ended, one of them needs no other.
//   2. What that one waits for are its own tasks and items, and others can take them: whoever sleeps has made all its
//      tasks public, again after each task that it ran while it waited (R4 in spare.c), and has called a helper for items that
//      nobody has claimed. Items that a worker has claimed and not begun wait only for an earlier item of the same computation.
//   3. Somebody takes them: a worker that sleeps so is replaced, no wake-up is lost (K3 in parking.h), and where no
//      replacement can be started whoever waits looks for these tasks itself (R3).
//
// RULES for a computation. What it spawns it waits for itself, before it returns (group_wait, pool_for_each); a task
// without a group belongs to nobody, and may not be waited for by other means. It holds no lock across once_get. It does not
// use sched/fork.h: forks inside computations are not shown to be free of hangs yet. It hands
// up every status that is not STATUS_OK, or else decides by the key alone.
//
// WHILE IT WAITS for a result that another worker computes, a worker runs only tasks that were spawned by that computation;
// else it sleeps and a replacement runs in its place, with a worker_index of its own, up to pool_worker_limit.
//
// FAILURE. STATUS_OK and STATUS_CYCLE are properties of the key: they are remembered. Any other status (no memory,
// cancelled, …) is one of the moment: those who wait get it, the key is open again, and a later call computes afresh. So a
// build that was cancelled can be repeated on the same map.
//
// DETERMINISM. If computations need the same keys whenever they run, the set of keys that end with STATUS_CYCLE does not
// depend on the schedule: it is those from which a circle can be reached. A circle is told beginning with its smallest key
// (by bytes), so a circle that shares no key with another is told alike every time.
#pragma once
#include "base/text.h"
#include "sched/sched.h"

typedef struct OnceMap OnceMap;

// Sets *value when it returns STATUS_OK. `key` is the map's copy and lives as long as the map.
typedef Status (*OnceFunction)(Worker *worker, void *context, Text key, void **value);

typedef struct OnceConfig {
    uint32_t shard_count;                          // a power of two ≤ 1024; 0: 16
    void (*drop)(void *drop_context, void *value); // NULL: values need no release
    void *drop_context;
} OnceConfig;

typedef struct OnceStep {
    const OnceMap *map;
    Text key;
} OnceStep;

// steps[0] needs steps[1] … needs steps[count - 1] needs steps[0]. Lives as long as the maps.
typedef struct OnceCycle {
    const OnceStep *steps;
    uint32_t count;
} OnceCycle;

typedef struct OnceCounters {
    uint64_t computed; // computations that were begun
    uint64_t failed;   // of these, ended with a status of the moment
    uint64_t waits;    // calls that found another worker computing, and waited
    uint64_t helped;   // tasks that were run while waiting
    uint64_t blocked;  // waits that slept
    uint64_t cycles;   // circles found
    uint64_t entries;
    uint64_t bytes; // held, values apart
} OnceCounters;

// *out is NULL on failure. config may be NULL.
MUST_USE Status once_map_create(Pool *pool, const OnceConfig *config, OnceMap **out);
void once_map_free(OnceMap *map); // NULL is allowed

// The value of `key`, computed by `function` if it must be. *value is NULL unless STATUS_OK is returned. STATUS_CYCLE:
// ask once_cycle. STATUS_CANCELLED also when the pool is cancelled before the computation would begin.
MUST_USE Status once_get(OnceMap *map, Worker *worker, Text key, OnceFunction function, void *context, void **value);
// What is known already: true when the key is done with a value. Takes no lock; any thread.
bool once_peek(const OnceMap *map, Text key, void **value);
// The circle because of which `key` ended with STATUS_CYCLE; count 0 when it did not.
OnceCycle once_cycle(const OnceMap *map, Text key);
OnceCounters once_counters(OnceMap *map);

// ir/instances.h: what the files share that turn a program into its list of functions. See lower_parallel.c for the order.
//
// OWNERSHIP  Everything lives in CoreProgram.arena, the functions in its worker_arenas.
#pragma once
#include "base/atomics.h"
#include "ir/batches.h"
#include "ir/lower.h"

typedef struct Instance {
    FunctionId function;
    const TypeId *arguments;
    uint32_t argument_count;
    uint32_t requester;       // instance that first needed it; 0: a root
    uint32_t token;           // where, in the requester's file
    uint32_t growth;          // how often the type arguments grew on the way here
    CoreFunction **functions; // itself, then its lambdas
    uint32_t function_count;
    uint32_t first; // index of functions[0] in the program
    Text symbol;
    struct Want *wants; // of the first of a batch: what the batch calls and the table has not
    uint32_t want_count;
} Instance;

// Something that becomes an instance when the round ends, unless another batch wants it too.
typedef struct Want {
    FunctionId function;
    const TypeId *arguments;
    uint32_t argument_count;
    uint32_t requester; // the first of the batch that calls it
    uint32_t token;     // where
    bool grows;         // its types have more parts than the requester's
    uint64_t hash;
} Want;

typedef VEC(Want) Wants;

typedef struct Build {
    const Program *program;
    CoreProgram *core;
    Arena *arena;
    Shared shared;
    VEC(Instance) instances; // from 1
    uint32_t *plain;         // by function: the instance without type arguments, 0: none
    uint32_t *table;         // of all others, open addressing: index of instance, 0: free
    uint32_t table_capacity, table_count;
    uint32_t root_count;  // instances 1 … root_count: ascending by function
    uint32_t *root_first; // by module: before the roots' loop how many it has, then the first of them
    bool with_tests;
    _Atomic uint64_t *names;    // open addressing by the hash of the symbol: half of the hash, and the instance
    uint32_t name_capacity;     // a power of two
    _Atomic uint8_t *same_name; // by instance: another may have the same symbol; relaxed, only ever 0 → 1
    _Atomic uint32_t any_same;
    uint32_t *ordered; // what comes behind the roots, in its final order
    uint32_t ordered_count;
    uint32_t *costs;      // of the instances of the round
    uint32_t round_first; // of the round that is being lowered
    Arena *scratch;       // one per worker
    Batches batches;      // of the round, or of all instances
    bool has_failed;
} Build;

// roots.c: what a program consists of in any case. First each module counts, then each makes its own.
void roots_prepare(Build *build);                                    // and what lowering needs to know of the prelude
void roots_count(Build *build, uint32_t module);                     // any number of modules at once
void roots_number(Build *build);                                     // then, alone: where each module's begin
void roots_make(Build *build, uint32_t module);                      // then again any number at once
uint32_t instance_cost(const Program *program, FunctionId function); // about, in nodes
// instances.c: the table of instances, and what each of them asks for.
// What [first, limit) call and what is in the table already, when they are lowered: any number of batches at once, while none is
// added. The rest is noted as wants of instance `first`.
void instances_find_refs(Build *build, uint32_t first, uint32_t limit, Arena *scratch, Arena *arena);
void instances_add_wants(Build *build, uint32_t first); // they become instances too: one batch after the other
// symbols.c: names, the final order of functions, refs that point into it; entry and tests.
void names_prepare(Build *build);
void instances_name(Build *build, uint32_t first, uint32_t limit, Arena *arena); // symbols of [first, limit)
void instances_order(Build *build); // when all have one: settles them, and gives each instance its place
void instances_link(Build *build, uint32_t first, uint32_t limit,
                    Arena *arena);                                // then: functions and refs of [first, limit)
uint32_t instance_of_ref(const Build *build, const CoreRef *ref); // when there are no more wants
void instances_find_entry_and_tests(Build *build, bool with_tests);
// recursion.c: the components of the call graph, for is_recursive.
typedef struct Recursion Recursion;
Recursion *recursion_prepare(Build *build);
Batches recursion_batches(const Recursion *recursion);
void recursion_find(Recursion *recursion, uint32_t first, Arena *arena); // of a batch, any number at once
void recursion_finish(Recursion *recursion);                             // what they could not see alone

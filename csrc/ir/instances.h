// ir/instances.h: what the files share that turn a program into its list of functions. See lower_parallel.c for the order.
//
// OWNERSHIP  Everything lives in CoreProgram.arena, the functions in its worker_arenas.
#pragma once
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
    uint64_t symbol_hash;
    bool is_own;        // a module function, as opposed to an instance
    bool has_open_refs; // calls something that was no instance yet when it was lowered
} Instance;

typedef struct Build {
    const Program *program;
    CoreProgram *core;
    Arena *arena;
    Shared shared;
    VEC(Instance) instances; // from 1
    uint32_t *table;         // open addressing: index of instance, 0: free
    uint32_t table_capacity;
    uint32_t round_first; // of the round that is being lowered
    Arena *scratch;       // one per worker
    Batches batches;      // of the round, or of all instances
    bool has_failed;
} Build;

// instances.c: the table of instances, and what each of them asks for.
void instances_prepare(Build *build); // what lowering needs to know of the prelude
bool instance_is_root(const Program *program, uint32_t id, bool with_tests);
uint32_t instance_add(Build *build, const Instance *instance); // finds or adds; its index
// What an instance calls and what is in the table already, when the round ends: any number of instances at once, while none is added.
void instance_find_refs(const Build *build, Instance *instance);
void instance_request_refs(Build *build,
                           uint32_t index); // what it calls besides becomes an instance too: one after the other
// symbols.c: names, the final order of functions, refs that point into it; entry and tests.
void instances_name(Build *build, uint32_t first, uint32_t limit, Arena *arena); // symbols of [first, limit)
void instances_order(Build *build); // when all have one: settles them, and gives each instance its place
void instances_link(Build *build, uint32_t first, uint32_t limit,
                    Arena *arena); // then: functions and refs of [first, limit)
void instances_find_entry_and_tests(Build *build, bool with_tests);
// recursion.c: the components of the call graph, for is_recursive.
void instances_find_recursion(Build *build);

// sched/progress.h: how far a build is, readable at any moment without stopping it.
//
// SHAPE      One counter per row of PROGRESS_COUNTERS, each alone on its cache line: workers that count different things
//            do not slow each other down.
// INVARIANTS G1 A counter never falls while a build runs, so two snapshots in one thread never go backwards.
//            G2 Counters are not ordered against each other: files_parsed may be seen before the files_total it belongs to
//               is. When the stage has returned, all are exact.                        tests/unit/test_pool.c
// THREADS    Any thread adds, any thread takes a snapshot. progress_reset only while nothing runs.
#pragma once
#include "base/atomics.h"
#include "base/status.h"

// Columns: name of the field, what it counts.
#define PROGRESS_COUNTERS(ROW)                                                                                         \
    ROW(files_total, "files found in the project")                                                                     \
    ROW(files_parsed, "files lexed and parsed")                                                                        \
    ROW(modules, "modules linked into the graph")                                                                      \
    ROW(functions_total, "functions found")                                                                            \
    ROW(functions_typed, "function bodies checked")                                                                    \
    ROW(instances_total, "functions of the core form: instances and lambdas too")                                      \
    ROW(functions_generated, "of these, turned into C")                                                                \
    ROW(bytes, "bytes of source read")                                                                                 \
    ROW(objects_total, "C files to compile")                                                                           \
    ROW(objects_compiled, "C files compiled")                                                                          \
    ROW(tests_total, "tests of the program to run")                                                                    \
    ROW(tests_run, "tests of the program run")                                                                         \
    ROW(errors, "diagnostics that are errors")

typedef enum ProgressCounter {
#define ROW(name, what) PROGRESS_##name,
    PROGRESS_COUNTERS(ROW)
#undef ROW
        PROGRESS_COUNTER_COUNT
} ProgressCounter;

typedef struct Progress {
    struct {
        CACHE_ALIGNED _Atomic uint64_t value;
    } counters[PROGRESS_COUNTER_COUNT];
} Progress; // all zero is a valid start

typedef struct ProgressSnapshot {
#define ROW(name, what) uint64_t name;
    PROGRESS_COUNTERS(ROW)
#undef ROW
} ProgressSnapshot;

// `progress` may be NULL: nobody is looking. Relaxed: a count carries no data.
static inline void progress_add(Progress *progress, ProgressCounter counter, uint64_t amount) {
    // The old value is of no use.
    if (progress != NULL) (void)fetch_add_relaxed(&progress->counters[counter].value, amount);
}
// For who counts all from time to time, beside others that count each: adds what is missing.
static inline void progress_raise(Progress *progress, ProgressCounter counter, uint64_t total) {
    uint64_t known = load_relaxed(&progress->counters[counter].value);
    if (total > known) progress_add(progress, counter, total - known);
}
ProgressSnapshot progress_snapshot(const Progress *progress);
void progress_reset(Progress *progress);
const char *progress_name(ProgressCounter counter); // the field's name, for JSON and for Python

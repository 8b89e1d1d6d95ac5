// sema/check_parallel.h: what the two schedules of checking share: phases over modules, and one body on one worker.
#pragma once
#include "sched/progress.h"
#include "sched/sched.h"
#include "sema/body_internal.h"
#include "sema/internal.h"

// ---- phases (signatures_parallel.c)
typedef void (*ModulePhase)(Program *program, ModuleId module);
// One phase of one module under the guard of its arena. A member of a circle of imports is left out.
MUST_USE Status phase_of(Program *program, ModulePhase phase, ModuleId module);
// The phase of `count` modules, a task each, begun in the order of the list.
MUST_USE Status phase_of_each(Program *program, Pool *pool, const uint32_t *modules, uint32_t count, WorkKind kind,
                              ModulePhase phase);
// containment_mark on this thread.
MUST_USE Status mark_of_each(Program *program, const uint32_t *modules, uint32_t count);
// Modules outside of circles, those with the largest tree first, so that one big module does not end a phase alone.
MUST_USE Status modules_largest_first(Program *program, uint32_t **modules, uint32_t *count);

// ---- bodies (bodies_parallel.c)
typedef struct BodiesJob {
    Program *program;
    KnownNames known;
    Arena *scratch; // one for each worker
    uint32_t workers;
    Progress *progress;
} BodiesJob;
MUST_USE Status bodies_job_begin(Program *program, Pool *pool, Progress *progress, BodiesJob **out);
void bodies_job_end(BodiesJob *job);
MUST_USE Status bodies_job_check(BodiesJob *job, FunctionId function, uint32_t worker);

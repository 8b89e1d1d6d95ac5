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
// What needs several modules, on this thread: diagnostics may go to the arenas of all modules.
typedef struct AloneStep {
    const uint32_t *modules;
    uint32_t count;
    const LinkInput *input;
    void (*run)(Program *program, const struct AloneStep *step);
} AloneStep;
MUST_USE Status alone_run(Program *program, const AloneStep *step);
// containment_mark on this thread.
MUST_USE Status mark_of_each(Program *program, const uint32_t *modules, uint32_t count);
// Modules outside of circles, those with the largest tree first, so that one big module does not end a phase alone.
MUST_USE Status modules_largest_first(Program *program, uint32_t **modules, uint32_t *count);

// infer_module of those that need it, after what they need; infer_parallel.c.
MUST_USE Status infer_of_each(Program *program, Pool *pool, const uint32_t *modules, uint32_t count);

// Runs a step on a worker, so that its loops are nested there: that worker goes right from one to the next and does its share
// of each, where an outside thread would be put to sleep and woken for every one. Without a pool: here.
MUST_USE Status step_run(Pool *pool, TaskFunction step, void *argument); // the step's worker is NULL without a pool

// ---- bodies (bodies_parallel.c)
typedef struct BodiesJob {
    Program *program;
    Pool *pool;
    KnownNames known;
    Progress *progress;
    const uint32_t *order; // first functions of the batches, minus 1
    uint32_t batch_count;
} BodiesJob;
MUST_USE Status bodies_job_begin(Program *program, Pool *pool, Progress *progress, BodiesJob **out);
void bodies_job_end(BodiesJob *job);
// The functions first … end - 1, one after another, until one fails or the worker is cancelled. `worker` may be NULL.
MUST_USE Status bodies_job_check(BodiesJob *job, uint32_t first, uint32_t end, Worker *worker);

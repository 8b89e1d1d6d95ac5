// sema/bodies_parallel.c: step 3 for the whole program, and all of its parallelism: each body is a task of its own.
#include "sched/progress.h"
#include "sched/sched.h"
#include "sema/body_internal.h"
#include "sema/internal.h"

typedef struct BodiesJob {
    Program *program;
    KnownNames known;
    Arena *scratch; // one for each worker
    Progress *progress;
} BodiesJob;

static Status one_body_in(BodiesJob *job, uint32_t item, uint32_t worker) {
    Arena *scratch = &job->scratch[worker];
    FunctionId function = {item + 1};
    TypedBody *out = &job->program->bodies[function.index];
    if (job->program->modules[job->program->functions[function.index].module.index].is_cyclic) return STATUS_OK;
    Status status =
        body_check_in(job->program, function, &job->known, scratch, &job->program->internal->results[worker], out);
    progress_add(job->progress, PROGRESS_functions_typed, 1);
    if (status == STATUS_OK && out->diagnostics.error_count > 0)
        progress_add(job->progress, PROGRESS_errors, out->diagnostics.error_count);
    if (scratch->reserved_bytes > 4u << 20)
        arena_free(scratch); // one giant body must not keep its memory for all
    else
        arena_reset(scratch);
    return status;
}

static Status one_body(Worker *worker, void *argument, uint32_t item) {
    BodiesJob *job = argument;
    return one_body_in(job, item, worker_index(worker));
}

static Status bodies_prepare(Program *program, uint32_t workers, BodiesJob **out) {
    ARENA_GUARD(&program->arena);
    BodiesJob *job = arena_new(&program->arena, BodiesJob);
    job->program = program;
    job->scratch = arena_array(&program->arena, Arena, workers);
    program->internal->results = arena_array(&program->arena, Arena, workers);
    program->internal->result_count = workers;
    known_names_init(&job->known, program->names);
    *out = job;
    ARENA_GUARD_END(&program->arena);
    return STATUS_OK;
}

// Without a pool the caller's thread does it all.
Status bodies_check(Program *program, Pool *pool, Progress *progress) {
    uint32_t workers = pool == NULL ? 1 : pool_thread_count(pool);
    BodiesJob *job = NULL;
    TRY(bodies_prepare(program, workers, &job));
    job->progress = progress;
    Status status = STATUS_OK;
    if (pool != NULL) status = pool_for_each_named(pool, WORK_check_body, NULL, program->function_count, one_body, job);
    for (uint32_t i = 0; pool == NULL && i < program->function_count && status == STATUS_OK; i++)
        status = one_body_in(job, i, 0);
    for (uint32_t i = 0; i < workers; i++)
        arena_free(&job->scratch[i]);
    return status;
}

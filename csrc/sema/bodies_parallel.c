// sema/bodies_parallel.c: step 3 of the schedule `signatures`: each body of the program is a task of its own.
#include "sema/check_parallel.h"

#define SCRATCH_KEPT_BYTES ((size_t)4 << 20) // one giant body must not keep its memory for all

static Status begin_guarded(Program *program, uint32_t workers, BodiesJob **out) {
    ARENA_GUARD(&program->arena);
    BodiesJob *job = arena_new(&program->arena, BodiesJob);
    job->program = program;
    job->workers = workers;
    job->scratch = arenas_like(&program->arena, workers);
    program->internal->results = arenas_like(&program->arena, workers);
    program->internal->result_count = workers;
    known_names_init(&job->known, program->names);
    *out = job;
    ARENA_GUARD_END(&program->arena);
    return STATUS_OK;
}

Status bodies_job_begin(Program *program, Pool *pool, Progress *progress, BodiesJob **out) {
    TRY(begin_guarded(program, pool == NULL ? 1 : pool_thread_count(pool), out));
    (*out)->progress = progress;
    return STATUS_OK;
}

void bodies_job_end(BodiesJob *job) {
    for (uint32_t i = 0; i < job->workers; i++)
        arena_free(&job->scratch[i]);
}

Status bodies_job_check(BodiesJob *job, FunctionId function, uint32_t worker) {
    Arena *scratch = &job->scratch[worker];
    TypedBody *out = &job->program->bodies[function.index];
    Status status =
        body_check_in(job->program, function, &job->known, scratch, &job->program->internal->results[worker], out);
    progress_add(job->progress, PROGRESS_functions_typed, 1);
    // Of what a test expects to be wrong, query/forgive.c decides later.
    bool is_counted = !job->program->functions[function.index].expects_compile_error;
    if (status == STATUS_OK && is_counted && out->diagnostics.error_count > 0)
        progress_add(job->progress, PROGRESS_errors, out->diagnostics.error_count);
    if (scratch->reserved_bytes > SCRATCH_KEPT_BYTES)
        arena_free(scratch);
    else
        arena_reset(scratch);
    return status;
}

static Status one_body(Worker *worker, void *argument, uint32_t item) {
    return bodies_job_check(argument, (FunctionId){item + 1}, worker_index(worker));
}

// Without a pool the caller's thread does it all. Members of circles have no functions.
Status bodies_check(Program *program, Pool *pool, Progress *progress) {
    BodiesJob *job = NULL;
    TRY(bodies_job_begin(program, pool, progress, &job));
    Status status = STATUS_OK;
    if (pool != NULL) status = pool_for_each_named(pool, WORK_check_body, NULL, program->function_count, one_body, job);
    for (uint32_t i = 1; pool == NULL && i <= program->function_count && status == STATUS_OK; i++)
        status = bodies_job_check(job, (FunctionId){i}, 0);
    bodies_job_end(job);
    return status;
}

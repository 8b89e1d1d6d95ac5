// sema/bodies_parallel.c: step 3 of the schedule `signatures`: batches of bodies, each a task of its own.
//
// ORDER      Bodies that are larger than a batch come first, so that none of them is begun last; then the full batches; what was
//            left at the end of each module comes last and evens out when workers end.
#include "sema/check_parallel.h"

#define SCRATCH_KEPT_BYTES ((size_t)4 << 20) // one giant body must not keep its memory for all
enum { COST_LARGE = 2048, COST_SMALL = 640 };

static Status begin_guarded(Program *program, uint32_t workers, BodiesJob **out) {
    ARENA_GUARD(&program->arena);
    ProgramInternals *internal = program->internal;
    BodiesJob *job = arena_new(&program->arena, BodiesJob);
    job->program = program;
    internal->arenas = arena_array(&program->arena, WorkerArenas, workers);
    internal->arena_count = workers;
    for (uint32_t i = 0; i < workers; i++)
        internal->arenas[i].scratch.source = internal->arenas[i].results.source = program->arena.source;
    known_names_init(&job->known, program->names);
    *out = job;
    ARENA_GUARD_END(&program->arena);
    return STATUS_OK;
}

Status bodies_job_begin(Program *program, Pool *pool, Progress *progress, BodiesJob **out) {
    TRY(begin_guarded(program, pool == NULL ? 1 : pool_thread_count(pool), out));
    (*out)->pool = pool;
    (*out)->progress = progress;
    return STATUS_OK;
}

void bodies_job_end(BodiesJob *job) {
    for (uint32_t i = 0; i < job->program->internal->arena_count; i++)
        arena_free(&job->program->internal->arenas[i].scratch);
}

Status bodies_job_check(BodiesJob *job, uint32_t first, uint32_t end, Worker *worker) {
    Program *program = job->program;
    WorkerArenas *arenas = &program->internal->arenas[worker == NULL ? 0 : worker_index(worker)];
    uint64_t done = 0, errors = 0;
    Status status = STATUS_OK;
    for (uint32_t i = first; i < end && status == STATUS_OK; i++) {
        if (worker != NULL && worker_cancelled(worker)) {
            status = STATUS_CANCELLED;
            break;
        }
        if (!program->functions[i].is_settled)
            status = body_check_in(program, (FunctionId){i}, &job->known, &arenas->scratch, &arenas->results,
                                   &program->bodies[i]);
        done++;
        // Of what a test expects to be wrong, query/forgive.c decides later.
        if (!program->functions[i].expects_compile_error) errors += program->bodies[i].diagnostics.error_count;
        if (arenas->scratch.reserved_bytes > SCRATCH_KEPT_BYTES)
            arena_free(&arenas->scratch);
        else
            arena_reset(&arenas->scratch);
    }
    progress_add(job->progress, PROGRESS_functions_typed, done);
    if (errors > 0) progress_add(job->progress, PROGRESS_errors, errors);
    return status;
}

// ---- batches ---------------------------------------------------------------------------------------------------------------

static uint32_t rank_of(const Batch *batch) {
    return batch->cost >= COST_LARGE ? 0 : batch->cost >= COST_SMALL ? 1 : 2;
}

static Status plan_guarded(BodiesJob *job) {
    Program *program = job->program;
    ARENA_GUARD(&program->arena);
    uint32_t counts[3] = {0};
    for (uint32_t m = 1; m <= program->module_count; m++) {
        const ModuleState *state = &program->internal->states[m];
        for (uint32_t i = 0; i < state->batches.count; i++)
            counts[rank_of(&state->batches.items[i])]++;
    }
    uint32_t next[3] = {0, counts[0], counts[0] + counts[1]};
    job->batch_count = counts[0] + counts[1] + counts[2];
    uint32_t *order = arena_alloc(&program->arena, sizeof(uint32_t) * ((size_t)job->batch_count + 1), sizeof(uint32_t));
    uint32_t *ends = arena_array(&program->arena, uint32_t, (size_t)program->function_count + 1);
    for (uint32_t m = 1; m <= program->module_count; m++) {
        const ModuleState *state = &program->internal->states[m];
        for (uint32_t i = 0; i < state->batches.count; i++) {
            const Batch *batch = &state->batches.items[i];
            order[next[rank_of(batch)]++] = batch->first - 1;
            ends[batch->first] = batch->end;
        }
    }
    job->order = order;
    program->internal->batch_ends = ends;
    ARENA_GUARD_END(&program->arena);
    return STATUS_OK;
}

uint32_t body_batch_length(const Program *program, FunctionId first) {
    const uint32_t *ends = program->internal->batch_ends;
    return ends != NULL && ends[first.index] > first.index ? ends[first.index] - first.index : 1;
}

static Status one_batch(Worker *worker, void *argument, uint32_t item) {
    BodiesJob *job = argument;
    return bodies_job_check(job, item + 1, job->program->internal->batch_ends[item + 1], worker);
}

static Status bodies_step(Worker *worker, void *argument) {
    BodiesJob *job = argument;
    TRY(plan_guarded(job));
    if (worker != NULL)
        return pool_for_each_named(job->pool, WORK_check_body, job->order, job->batch_count, one_batch, job);
    for (uint32_t i = 0; i < job->batch_count; i++)
        TRY(one_batch(NULL, job, job->order[i]));
    return STATUS_OK;
}

// Without a pool the caller's thread does it all. Members of circles have no functions.
Status bodies_check(Program *program, Pool *pool, Progress *progress) {
    BodiesJob *job = NULL;
    TRY(bodies_job_begin(program, pool, progress, &job));
    Status status = step_run(pool, bodies_step, job);
    bodies_job_end(job);
    return status;
}

// sema/signatures_parallel.c: step 2 and what follows step 3, in phases. All of their parallelism is here: between two phases lies a
// barrier, within one every module is a task of its own, and what needs all modules at once runs alone.
#include "sched/sched.h"
#include "sema/internal.h"
#include <stdlib.h>

typedef void (*ModulePhase)(Program *program, ModuleId module);

typedef struct PhaseJob {
    Program *program;
    ModulePhase phase;
} PhaseJob;

static Status phase_guarded(Program *program, ModulePhase phase, ModuleId module) {
    Arena *arena = &module_state(program, module)->arena;
    ARENA_GUARD(arena);
    phase(program, module);
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

static Status phase_one(Worker *worker, void *argument, uint32_t item) {
    (void)worker; // nothing here is kept per worker
    const PhaseJob *job = argument;
    ModuleId module = {item + 1};
    if (program_module(job->program, module)->is_cyclic) return STATUS_OK; // reported, and checked no further
    return phase_guarded(job->program, job->phase, module);
}

static Status phase_run(Program *program, struct Pool *pool, WorkKind kind, const uint32_t *order, ModulePhase phase) {
    PhaseJob job = {program, phase};
    if (pool != NULL) return pool_for_each_named(pool, kind, order, program->module_count, phase_one, &job);
    for (uint32_t i = 0; i < program->module_count; i++)
        TRY(phase_one(NULL, &job, i));
    return STATUS_OK;
}

// Runs what needs every module, on this thread. Diagnostics go to the modules' arenas, whose memory ends here too.
static Status alone_guarded(Program *program, void (*step)(Program *program)) {
    ARENA_GUARD(&program->arena);
    for (uint32_t i = 1; i <= program->module_count; i++)
        program->internal->states[i].arena.escape = program->arena.escape;
    step(program);
    ARENA_GUARD_END(&program->arena);
    return STATUS_OK;
}

static Status alone_run(Program *program, void (*step)(Program *program)) {
    Status status = alone_guarded(program, step);
    for (uint32_t i = 1; i <= program->module_count; i++)
        program->internal->states[i].arena.escape = NULL;
    return status;
}

static int compare_sizes(const void *first, const void *second) {
    uint64_t a = *(const uint64_t *)first, b = *(const uint64_t *)second;
    return (a < b) - (a > b); // larger first
}

// Modules with the largest tree first, so that one big module does not end a phase alone.
static Status order_largest_first(Program *program, uint32_t **out) {
    ARENA_GUARD(&program->arena);
    uint32_t count = program->module_count;
    uint64_t *keys = arena_array(&program->arena, uint64_t, count);
    for (uint32_t i = 0; i < count; i++)
        keys[i] = (uint64_t)program->modules[i + 1].file->tree.node_count << 32 | i;
    if (count > 1) qsort(keys, count, sizeof *keys, compare_sizes);
    *out = arena_array(&program->arena, uint32_t, count);
    for (uint32_t i = 0; i < count; i++)
        (*out)[i] = (uint32_t)keys[i];
    ARENA_GUARD_END(&program->arena);
    return STATUS_OK;
}

Status signatures_check(Program *program, struct Pool *pool) {
    uint32_t *order;
    TRY(order_largest_first(program, &order));
    TRY(phase_run(program, pool, WORK_collect_module, order, collect_module));
    collect_known(program);
    TRY(phase_run(program, pool, WORK_resolve_imports, order, imports_module));
    TRY(phase_run(program, pool, WORK_check_types, order, types_module));
    program->internal->bounds_known = true;
    TRY(phase_run(program, pool, WORK_check_signatures, order, functions_module));
    TRY(alone_run(program, containment_check));
    TRY(alone_run(program, methods_index));
    program->internal->signatures_done = true;
    return phase_run(program, pool, WORK_check_module, order, check_module);
}

Status program_finish(Program *program, struct Pool *pool) {
    return phase_run(program, pool, WORK_finish_module, NULL, finish_module);
}

// sema/signatures_parallel.c: step 2 and what follows step 3, in phases. Between two phases lies a barrier, within one every
// module is a task of its own, and what needs all modules at once runs alone.
#include "sema/check_parallel.h"
#include <stdlib.h>

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

Status phase_of(Program *program, ModulePhase phase, ModuleId module) {
    if (program_module(program, module)->is_cyclic) return STATUS_OK; // reported, and checked no further
    return phase_guarded(program, phase, module);
}

static Status phase_one(Worker *worker, void *argument, uint32_t item) {
    (void)worker; // nothing here is kept per worker
    const PhaseJob *job = argument;
    return phase_of(job->program, job->phase, (ModuleId){item});
}

Status phase_of_each(Program *program, Pool *pool, const uint32_t *modules, uint32_t count, WorkKind kind,
                     ModulePhase phase) {
    PhaseJob job = {program, phase};
    if (pool != NULL) return pool_for_each_named(pool, kind, modules, count, phase_one, &job);
    for (uint32_t i = 0; i < count; i++)
        TRY(phase_one(NULL, &job, modules[i]));
    return STATUS_OK;
}

// ---- what needs several modules, on this thread --------------------------------------------------------------------------

// Diagnostics go to the modules' arenas, whose memory ends here too.
static Status alone_guarded(Program *program, const AloneStep *step) {
    ARENA_GUARD(&program->arena);
    for (uint32_t i = 1; i <= program->module_count; i++)
        program->internal->states[i].arena.escape = program->arena.escape;
    step->run(program, step);
    ARENA_GUARD_END(&program->arena);
    return STATUS_OK;
}

Status alone_run(Program *program, const AloneStep *step) {
    Status status = alone_guarded(program, step);
    for (uint32_t i = 1; i <= program->module_count; i++)
        program->internal->states[i].arena.escape = NULL;
    return status;
}

static void index_alone(Program *program, const AloneStep *step) {
    (void)step;
    methods_index(program);
}

static void mark_alone(Program *program, const AloneStep *step) {
    containment_mark(program, step->modules, step->count);
}

Status mark_of_each(Program *program, const uint32_t *modules, uint32_t count) {
    bool is_needed = false;
    for (uint32_t i = 0; i < count; i++)
        is_needed |= module_state(program, (ModuleId){modules[i]})->has_generic_inline;
    return is_needed ? alone_run(program, &(AloneStep){modules, count, .run = mark_alone}) : STATUS_OK;
}

static int compare_sizes(const void *first, const void *second) {
    uint64_t a = *(const uint64_t *)first, b = *(const uint64_t *)second;
    return (a < b) - (a > b); // larger first
}

Status modules_largest_first(Program *program, uint32_t **modules, uint32_t *count) {
    ARENA_GUARD(&program->arena);
    uint64_t *keys = arena_array(&program->arena, uint64_t, program->module_count);
    uint32_t kept = 0;
    for (uint32_t i = 1; i <= program->module_count; i++)
        if (!program->modules[i].is_cyclic)
            keys[kept++] = (uint64_t)program->modules[i].file->tree.node_count << 32 | i;
    if (kept > 1) qsort(keys, kept, sizeof *keys, compare_sizes);
    *modules = arena_array(&program->arena, uint32_t, kept);
    for (uint32_t i = 0; i < kept; i++)
        (*modules)[i] = (uint32_t)keys[i];
    *count = kept;
    ARENA_GUARD_END(&program->arena);
    return STATUS_OK;
}

// ---- the steps -------------------------------------------------------------------------------------------------------------

typedef struct RootTask {
    Program *program;
    Pool *pool;
} RootTask;

Status step_run(Pool *pool, TaskFunction step, void *argument) {
    if (pool == NULL) return step(NULL, argument);
    TaskGroup group = {0};
    TRY(pool_submit(pool, &group, step, argument));
    return pool_wait(pool, &group);
}

static void known_alone(Program *program, const AloneStep *step) {
    (void)step;
    collect_known(program);
    prelude_names_collect(program);
}

static Status declarations_of(Program *program, Pool *pool, const uint32_t *modules, uint32_t count) {
    TRY(phase_of_each(program, pool, modules, count, WORK_collect_module, collect_module));
    TRY(alone_run(program, &(AloneStep){.run = known_alone}));
    TRY(phase_of_each(program, pool, modules, count, WORK_resolve_imports, imports_module));
    TRY(phase_of_each(program, pool, modules, count, WORK_resolve_traits, traits_module));
    TRY(phase_of_each(program, pool, modules, count, WORK_resolve_impls, impls_module));
    return alone_run(program, &(AloneStep){.run = index_alone});
}

static Status declarations_step(Worker *worker, void *argument) {
    (void)worker; // the loops know it
    const RootTask *root = argument;
    uint32_t *modules, count;
    TRY(modules_largest_first(root->program, &modules, &count));
    return declarations_of(root->program, root->pool, modules, count);
}

Status declarations_check(Program *program, Pool *pool) {
    return step_run(pool, declarations_step, &(RootTask){program, pool});
}

static void check_and_plan(Program *program, ModuleId module) {
    check_module(program, module);
    batches_module(program, module);
}

static Status signatures_step(Worker *worker, void *argument) {
    (void)worker;
    const RootTask *root = argument;
    Program *program = root->program;
    uint32_t *modules, count;
    TRY(modules_largest_first(program, &modules, &count));
    TRY(declarations_of(program, root->pool, modules, count));
    TRY(phase_of_each(program, root->pool, modules, count, WORK_check_types, types_module));
    TRY(mark_of_each(program, modules, count));
    TRY(phase_of_each(program, root->pool, modules, count, WORK_check_signatures, functions_module));
    TRY(phase_of_each(program, root->pool, modules, count, WORK_check_module, check_and_plan));
    return infer_of_each(program, root->pool, modules, count);
}

Status signatures_check(Program *program, Pool *pool) {
    return step_run(pool, signatures_step, &(RootTask){program, pool});
}

static Status finish_step(Worker *worker, void *argument) {
    (void)worker;
    const RootTask *root = argument;
    uint32_t *modules, count;
    TRY(modules_largest_first(root->program, &modules, &count));
    return phase_of_each(root->program, root->pool, modules, count, WORK_finish_module, finish_module);
}

Status program_finish(Program *program, Pool *pool) { return step_run(pool, finish_step, &(RootTask){program, pool}); }

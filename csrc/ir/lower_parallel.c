// ir/lower_parallel.c: the whole program to core form, and all of the parallelism in it.
//
// SHAPE      round 0: roots (roots.c) ─ lowered on all workers ─▶ their refs, in order ─▶ new (function, type arguments) ─▶ round 1 …
//            Then: symbols, the final order, refs that point into it, and the components of the call graph (is_recursive).
// INVARIANTS I6 (core.h): rounds are numbered by position in the round before, so no schedule shows.
#include "ir/instances.h"
#include "sched/sched.h"
#include <stdlib.h>

typedef void (*InstancesStep)(Build *build, uint32_t first, uint32_t limit, Arena *scratch, Arena *arena);

static void lower_some(Build *build, uint32_t first, uint32_t limit, Arena *scratch, Arena *arena) {
    for (uint32_t i = first; i < limit; i++) {
        Instance *instance = &build->instances.items[i];
        arena_reset(scratch);
        lower_instance(&build->shared, instance->function, instance->arguments, instance->argument_count, scratch,
                       arena, &instance->functions, &instance->function_count);
    }
    arena_reset(scratch);
    instances_find_refs(build, first, limit, scratch, arena);
}

static Status step_on_batch(Build *build, InstancesStep step, const Worker *worker, uint32_t item) {
    Arena *arena = &build->core->worker_arenas[worker_index(worker)];
    Arena *scratch = &build->scratch[worker_index(worker)];
    ARENA_GUARD(arena);
    scratch->escape = arena->escape;
    uint32_t first = item + 1, before = build->round_first; // items are numbers of instances, from 0
    step(build, first, before + build->batches.ends[first - before], scratch, arena);
    scratch->escape = NULL;
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

static Status lower_batch(Worker *worker, void *job, uint32_t item) {
    return step_on_batch(job, lower_some, worker, item);
}
static void name_some(Build *build, uint32_t first, uint32_t limit, Arena *scratch, Arena *arena) {
    (void)scratch;
    instances_name(build, first, limit, arena);
}
static void link_some(Build *build, uint32_t first, uint32_t limit, Arena *scratch, Arena *arena) {
    (void)scratch;
    instances_link(build, first, limit, arena);
}
static Status name_batch(Worker *worker, void *job, uint32_t item) {
    return step_on_batch(job, name_some, worker, item);
}
static Status link_batch(Worker *worker, void *job, uint32_t item) {
    return step_on_batch(job, link_some, worker, item);
}

// Batches of the instances from `first` on, which become the round.
static void batch_from(Build *build, uint32_t first) {
    uint32_t count = build->instances.count - first;
    build->batches = batches_make(build->arena, build->costs, count, build->core->worker_count, first - 1);
    build->round_first = first;
}

// Calls of what is known already are resolved by all workers, who only look at the table; the rest is numbered between two rounds.
static Status lower_rounds(Build *build, Pool *pool) {
    for (uint32_t first = 1; first < build->instances.count && !build->has_failed;) {
        batch_from(build, first);
        uint32_t limit = build->instances.count;
        TRY(pool_for_each_named(pool, WORK_lower_instance, build->batches.order, build->batches.count, lower_batch,
                                build));
        for (uint32_t i = 0; i < limit - first && !build->has_failed; i = build->batches.ends[i])
            instances_add_wants(build, first + i);
        first = limit;
        uint32_t count = build->instances.count - first;
        build->costs = arena_alloc(build->arena, sizeof(uint32_t) * ((size_t)count + 1), sizeof(uint32_t));
        for (uint32_t i = 0; i < count; i++)
            build->costs[i] = instance_cost(build->program, build->instances.items[first + i].function);
    }
    return STATUS_OK;
}

// ---- roots and recursion -------------------------------------------------------------------------------------------------

static Status count_roots(Worker *worker, void *job, uint32_t item) {
    (void)worker;
    roots_count(job, item + 1);
    return STATUS_OK;
}
static Status make_roots(Worker *worker, void *job, uint32_t item) {
    (void)worker;
    roots_make(job, item + 1);
    return STATUS_OK;
}

typedef struct RecursionJob {
    Build *build;
    Recursion *recursion;
} RecursionJob;

static Status recursion_guarded(const RecursionJob *job, Arena *arena, uint32_t item) {
    ARENA_GUARD(arena);
    recursion_find(job->recursion, item, arena);
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

static Status recursion_batch(Worker *worker, void *argument, uint32_t item) {
    const RecursionJob *job = argument;
    return recursion_guarded(job, &job->build->core->worker_arenas[worker_index(worker)], item);
}

// ---- the steps -------------------------------------------------------------------------------------------------------------

static Status find_recursion(Build *build, Pool *pool) {
    RecursionJob job = {build, recursion_prepare(build)};
    Batches batches = recursion_batches(job.recursion);
    TRY(pool_for_each_named(pool, WORK_find_recursion, batches.order, batches.count, recursion_batch, &job));
    recursion_finish(job.recursion);
    return STATUS_OK;
}

static Status name_and_link(Build *build, Pool *pool) {
    // The batches of the first round, and one for each that was added: what is known of costs is good enough.
    uint32_t count = build->instances.count - 1;
    uint32_t *costs = arena_alloc(build->arena, sizeof(uint32_t) * ((size_t)count + 1), sizeof(uint32_t));
    for (uint32_t i = 0; i < count; i++)
        costs[i] = i < build->root_count ? 2 : 8; // instances have longer names
    build->costs = costs;
    batch_from(build, 1);
    names_prepare(build);
    TRY(pool_for_each_named(pool, WORK_name_instances, build->batches.order, build->batches.count, name_batch, build));
    instances_order(build);
    TRY(pool_for_each_named(pool, WORK_link_instances, build->batches.order, build->batches.count, link_batch, build));
    instances_find_entry_and_tests(build, build->with_tests);
    return find_recursion(build, pool);
}

static Status core_lower_guarded(Build *build, Pool *pool) {
    Arena *arena = build->arena;
    ARENA_GUARD(arena);
    uint32_t modules = build->program->module_count;
    build->core->worker_arenas = arenas_like(arena, pool_thread_count(pool));
    build->scratch = arenas_like(arena, pool_thread_count(pool));
    build->core->worker_count = pool_thread_count(pool); // after them: core_program_free goes by it
    build->core->diagnostics = diag_sink(arena);
    roots_prepare(build);
    Status status = pool_for_each_named(pool, WORK_find_roots, NULL, modules, count_roots, build);
    if (status == STATUS_OK) {
        roots_number(build);
        status = pool_for_each_named(pool, WORK_find_roots, NULL, modules, make_roots, build);
    }
    if (status == STATUS_OK) status = lower_rounds(build, pool);
    if (status == STATUS_OK && !build->has_failed) status = name_and_link(build, pool);
    ARENA_GUARD_END(arena);
    return status;
}

// On a worker, so that the loops are nested there: it goes right from one to the next.
static Status lower_step(Worker *worker, void *argument) { return core_lower_guarded(argument, worker_pool(worker)); }

Status core_lower(const Program *program, bool with_tests, struct Pool *pool, CoreProgram **out) {
    *out = NULL;
    CoreProgram *core = calloc(1, sizeof *core);
    if (core == NULL) return STATUS_NO_MEMORY;
    core->program = program;
    core->arena.source = program->arena.source;
    Build build = {.program = program, .core = core, .arena = &core->arena, .with_tests = with_tests};
    TaskGroup group = {0};
    Status status = pool_submit(pool, &group, lower_step, &build);
    if (status == STATUS_OK) status = pool_wait(pool, &group);
    for (uint32_t i = 0; i < core->worker_count; i++)
        arena_free(&build.scratch[i]);
    if (status != STATUS_OK) {
        core_program_free(core);
        return status;
    }
    *out = core;
    return STATUS_OK;
}

void core_program_free(CoreProgram *core) {
    if (core == NULL) return;
    for (uint32_t i = 0; i < core->worker_count; i++)
        arena_free(&core->worker_arenas[i]);
    Arena arena = core->arena;
    arena_free(&arena);
    free(core);
}

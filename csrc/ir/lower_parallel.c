// ir/lower_parallel.c: the whole program to core form, and all of the parallelism in it.
//
// SHAPE      round 0: roots ─ lowered on all workers ─▶ their refs, in order ─▶ new (function, type arguments) ─▶ round 1 …
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
        instance_find_refs(build, instance);
    }
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
    enum { COST_OF_ANY = 16 };
    uint32_t count = build->instances.count - first;
    uint32_t *costs = arena_alloc(build->arena, sizeof(uint32_t) * ((size_t)count + 1), sizeof(uint32_t));
    for (uint32_t i = 0; i < count; i++)
        costs[i] = COST_OF_ANY + build->program->bodies[build->instances.items[first + i].function.index].node_count;
    build->batches = batches_make(build->arena, costs, count, build->core->worker_count, first - 1);
    build->round_first = first;
}

// Calls of what is known already are resolved by all workers, who only look at the table; the rest is numbered between two rounds.
static Status lower_rounds(Build *build, struct Pool *pool) {
    for (uint32_t first = 1; first < build->instances.count && !build->has_failed;) {
        batch_from(build, first);
        uint32_t limit = build->instances.count;
        TRY(pool_for_each_named(pool, WORK_lower_instance, build->batches.order, build->batches.count, lower_batch,
                                build));
        for (uint32_t i = first; i < limit; i++)
            instance_request_refs(build, i);
        first = limit;
    }
    return STATUS_OK;
}

static Status core_lower_guarded(Build *build, bool with_tests, struct Pool *pool) {
    Arena *arena = build->arena;
    ARENA_GUARD(arena);
    const Program *program = build->program;
    build->core->worker_arenas = arenas_like(arena, pool_thread_count(pool));
    build->scratch = arenas_like(arena, pool_thread_count(pool));
    build->core->worker_count = pool_thread_count(pool); // after them: core_program_free goes by it
    build->core->diagnostics = diag_sink(arena);
    instances_prepare(build);
    vec_push(arena, &build->instances, ((Instance){0}));
    for (uint32_t i = 1; i <= program->function_count; i++)
        if (instance_is_root(program, i, with_tests)) (void)instance_add(build, &(Instance){.function = {i}});
    Status status = lower_rounds(build, pool);
    if (status == STATUS_OK && !build->has_failed) {
        batch_from(build, 1);
        status = pool_for_each_named(pool, WORK_name_instances, build->batches.order, build->batches.count, name_batch,
                                     build);
    }
    if (status == STATUS_OK && !build->has_failed) {
        instances_order(build);
        status = pool_for_each_named(pool, WORK_link_instances, build->batches.order, build->batches.count, link_batch,
                                     build);
    }
    if (status == STATUS_OK && !build->has_failed) {
        instances_find_entry_and_tests(build, with_tests);
        instances_find_recursion(build);
    }
    ARENA_GUARD_END(arena);
    return status;
}

Status core_lower(const Program *program, bool with_tests, struct Pool *pool, CoreProgram **out) {
    *out = NULL;
    CoreProgram *core = calloc(1, sizeof *core);
    if (core == NULL) return STATUS_NO_MEMORY;
    core->program = program;
    core->arena.source = program->arena.source;
    Build build = {.program = program, .core = core, .arena = &core->arena};
    Status status = core_lower_guarded(&build, with_tests, pool);
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

// ir/lower_parallel.c: the whole program to core form, and all of the parallelism in it.
//
// SHAPE      round 0: roots ─ lowered on all workers ─▶ their refs, in order ─▶ new (function, type arguments) ─▶ round 1 …
//            Then: symbols, the final order, refs that point into it, and the components of the call graph (is_recursive).
// INVARIANTS I6 (core.h): rounds are numbered by position in the round before, so no schedule shows.
#include "ir/instances.h"
#include "sched/sched.h"
#include <stdlib.h>

static Status lower_one(Worker *worker, void *job, uint32_t item) {
    Build *build = job;
    Arena *arena = &build->core->worker_arenas[worker_index(worker)];
    ARENA_GUARD(arena);
    Instance *instance = &build->instances.items[build->round_first + item];
    lower_instance(&build->shared, instance->function, instance->arguments, instance->argument_count, arena,
                   &instance->functions, &instance->function_count);
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

enum { NAMES_PER_ITEM = 64 };

static Status name_some(Worker *worker, void *job, uint32_t item) {
    Build *build = job;
    Arena *arena = &build->core->worker_arenas[worker_index(worker)];
    ARENA_GUARD(arena);
    uint32_t first = 1 + item * NAMES_PER_ITEM;
    instances_name(build, first, first + NAMES_PER_ITEM, arena);
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

static Status lower_rounds(Build *build, struct Pool *pool) {
    build->round_first = 1;
    while (build->round_first < build->instances.count && !build->has_failed) {
        uint32_t limit = build->instances.count;
        TRY(pool_for_each_named(pool, WORK_lower_instance, NULL, limit - build->round_first, lower_one, build));
        for (uint32_t i = build->round_first; i < limit; i++)
            instance_request_refs(build, i);
        build->round_first = limit;
    }
    return STATUS_OK;
}

static Status core_lower_guarded(Build *build, bool with_tests, struct Pool *pool) {
    Arena *arena = build->arena;
    ARENA_GUARD(arena);
    const Program *program = build->program;
    build->core->worker_arenas = arenas_like(arena, pool_thread_count(pool));
    build->core->worker_count = pool_thread_count(pool); // after them: core_program_free goes by it
    build->core->diagnostics = diag_sink(arena);
    instances_prepare(build);
    vec_push(arena, &build->instances, ((Instance){0}));
    for (uint32_t i = 1; i <= program->function_count; i++)
        if (instance_is_root(program, i, with_tests)) (void)instance_add(build, &(Instance){.function = {i}});
    Status status = lower_rounds(build, pool);
    if (status == STATUS_OK && !build->has_failed) {
        uint32_t count = build->instances.count - 1;
        status = pool_for_each_named(pool, WORK_name_instances, NULL, (count + NAMES_PER_ITEM - 1) / NAMES_PER_ITEM,
                                     name_some, build);
    }
    if (status == STATUS_OK && !build->has_failed) {
        instances_link(build);
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

// sema/levels_parallel.c: the schedule `levels`: modules are checked level by level of the graph of imports.
//
// WHY        It is how the seed's design checks, and what the schedule `signatures` is measured against: a module is one task,
//            signatures and bodies together, and begins when the modules that it imports are complete. The depth of the graph
//            bounds the speed-up; what a module made is still in its worker's cache when its bodies are checked.
// SHAPE      declarations_check            all modules at once: names, imports, types of impls, the table of methods
//            early modules                 their signatures, in phases
//            level 0, 1, … a barrier each  a task a module: signatures (unless early), then every body
// EARLY      are the prelude, which everybody reads, and modules with an impl of a type that is not their own, with all that
//            they import: impls are global, so a module that never heard of them may call their methods. Few programs have
//            such modules.
// INVARIANTS A module's phases run in the order of the other schedule and see the same of other modules, so every diagnostic
//            and every typed tree is the same.                                                     tests/unit/test_schedules.c
#include "sema/check_parallel.h"
#include "sema/graph.h"

typedef struct Levels {
    Program *program;
    Pool *pool;
    ModuleGraph graph;
    bool *is_early; // by module
    uint32_t *modules;
    uint32_t module_count; // largest first
    BodiesJob *bodies;
} Levels;

// ---- early modules ---------------------------------------------------------------------------------------------------------

static bool has_foreign_impl(const Program *program, const Module *module) {
    for (uint32_t i = module->first_impl; i < module->first_impl + module->impl_count; i++) {
        if (program->impls[i].self_type.index == TYPE_ERROR) continue; // nobody finds its methods
        const TypeInfo *self = type_info(program->types, program->impls[i].self_type);
        bool is_own =
            self->kind == TYPE_NAMED && program_module(program, program->type_decls[self->head].module) == module;
        if (!is_own) return true;
    }
    return false;
}

// Marks a module and all that it imports; `stack` has room for every module.
static void mark_early(Levels *levels, uint32_t module, uint32_t *stack) {
    uint32_t count = 0;
    if (!levels->is_early[module]) stack[count++] = module;
    levels->is_early[module] = true;
    while (count > 0) {
        const Module *m = &levels->program->modules[stack[--count]];
        for (uint32_t i = 0; i < m->dependency_count; i++) {
            uint32_t target = m->dependencies[i].index;
            if (levels->is_early[target]) continue;
            levels->is_early[target] = true;
            stack[count++] = target;
        }
    }
}

static Status early_find(Levels *levels, uint32_t **early, uint32_t *early_count) {
    const Program *program = levels->program;
    Arena *arena = &levels->program->arena;
    ARENA_GUARD(arena);
    levels->is_early = arena_array(arena, bool, (size_t)program->module_count + 1);
    *early = arena_array(arena, uint32_t, program->module_count); // first the stack, then the list
    *early_count = 0;
    for (uint32_t i = 1; i <= program->module_count; i++)
        if (program->modules[i].kind == MODULE_PRELUDE || has_foreign_impl(program, &program->modules[i]))
            mark_early(levels, i, *early);
    for (uint32_t i = 0; i < levels->module_count; i++)
        if (levels->is_early[levels->modules[i]]) (*early)[(*early_count)++] = levels->modules[i];
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

static Status early_check(Levels *levels) {
    Program *program = levels->program;
    uint32_t *early, count;
    TRY(early_find(levels, &early, &count));
    TRY(phase_of_each(program, levels->pool, early, count, WORK_check_types, types_module));
    TRY(mark_of_each(program, early, count));
    TRY(phase_of_each(program, levels->pool, early, count, WORK_check_signatures, functions_module));
    TRY(phase_of_each(program, levels->pool, early, count, WORK_check_module, check_module));
    return infer_of_each(program, levels->pool, early, count);
}

// ---- levels ----------------------------------------------------------------------------------------------------------------

static void mark_own(Program *program, ModuleId module) { containment_mark(program, &module.index, 1); }

static Status module_check(Levels *levels, ModuleId id, Worker *worker) {
    Program *program = levels->program;
    const Module *module = program_module(program, id);
    static const ModulePhase phases[] = {types_module, mark_own, functions_module, check_module, infer_module};
    for (uint32_t i = 0; !levels->is_early[id.index] && i < sizeof phases / sizeof *phases; i++)
        TRY(phase_of(program, phases[i], id));
    return bodies_job_check(levels->bodies, module->first_function, module->first_function + module->function_count,
                            worker);
}

static Status module_one(Worker *worker, void *argument, uint32_t item) {
    Levels *levels = argument;
    return module_check(levels, (ModuleId){item}, worker);
}

static Status level_check(Levels *levels, Worker *worker, uint32_t level) {
    const ModuleGraph *graph = &levels->graph;
    uint32_t count = graph->level_first[level + 1] - graph->level_first[level];
    const uint32_t *modules = graph->by_level + graph->level_first[level];
    if (count > 1 && worker != NULL)
        return pool_for_each_named(worker_pool(worker), WORK_check_whole_module, modules, count, module_one, levels);
    for (uint32_t i = 0; i < count; i++)
        TRY(module_one(worker, levels, modules[i]));
    return STATUS_OK;
}

// By level, within one largest first: a stable counting sort of the modules that are checked.
static Status order_guarded(Levels *levels) {
    Arena *arena = &levels->program->arena;
    TRY(module_graph(levels->program, arena, &levels->graph));
    ARENA_GUARD(arena);
    ModuleGraph *graph = &levels->graph;
    memset(graph->level_first, 0, sizeof(uint32_t) * ((size_t)graph->level_count + 2));
    for (uint32_t i = 0; i < levels->module_count; i++)
        graph->level_first[graph->level[levels->modules[i]] + 2]++;
    for (uint32_t l = 2; l <= graph->level_count; l++)
        graph->level_first[l + 1] += graph->level_first[l];
    for (uint32_t i = 0; i < levels->module_count; i++)
        graph->by_level[graph->level_first[graph->level[levels->modules[i]] + 1]++] = levels->modules[i];
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

static Status levels_step(Worker *worker, void *argument) {
    Levels *levels = argument;
    TRY(modules_largest_first(levels->program, &levels->modules, &levels->module_count));
    TRY(order_guarded(levels));
    TRY(early_check(levels));
    for (uint32_t level = 0; level < levels->graph.level_count; level++)
        TRY(level_check(levels, worker, level));
    return STATUS_OK;
}

Status levels_check(Program *program, Pool *pool, Progress *progress) {
    Levels levels = {.program = program, .pool = pool};
    TRY(bodies_job_begin(program, pool, progress, &levels.bodies));
    Status status = step_run(pool, levels_step, &levels);
    bodies_job_end(levels.bodies);
    return status;
}

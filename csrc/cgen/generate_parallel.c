// cgen/generate_parallel.c: all functions, then all files, on all workers.
//
// Results land by index, so what comes out does not depend on the schedule (C1). Text lies in the arena of the worker that wrote it;
// all arenas go over to the output.
#include "cgen/cgen_internal.h"
#include "ir/batches.h"
#include "ir/customs.h"
#include "sched/progress.h"
#include "sched/sched.h"
#include <stdlib.h>

typedef struct Job {
    const Generation *g;
    Batches batches; // of functions
    TypeList **lists;
    Layouts *layouts; // g's, while they are made
    FilePlan *files;
    TypesFile *types;
} Job;

static uint32_t arena_index(const Worker *worker) { return worker == NULL ? 0 : worker_index(worker); }

static Status function_batch(Worker *worker, void *job_pointer, uint32_t item) {
    Job *job = job_pointer;
    uint32_t at = arena_index(worker), end = job->batches.ends[item];
    PositionCache position = job->g->positions[at].last;
    Status status = STATUS_OK;
    for (uint32_t i = item + 1; i <= end; i++) {
        Status one = write_function(job->g, i, &position, &job->g->scratch[at], &job->g->arenas[at]);
        if (status == STATUS_OK) status = one;
    }
    job->g->positions[at].last = position;
    progress_add(job->g->options->progress, PROGRESS_functions_generated, end - item);
    return status;
}

enum { LISTED_FUNCTIONS = 256, NAMED_LAYOUTS = 64 };

// The types of some functions, in the order in which one thread alone would come upon them.
static Status types_of_some(Worker *worker, void *job_pointer, uint32_t item) {
    Job *job = job_pointer;
    Arena *arena = &job->g->arenas[arena_index(worker)];
    ARENA_GUARD(arena);
    TypeList *list = arena_new(arena, TypeList);
    uint32_t first = 1 + item * LISTED_FUNCTIONS;
    for (uint32_t i = first; i < first + LISTED_FUNCTIONS && i <= job->g->core->function_count; i++)
        type_list_add_function(list, arena, job->g->core->functions[i]);
    job->lists[item] = list;
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

static Status name_some(Worker *worker, void *job_pointer, uint32_t item) {
    Job *job = job_pointer;
    Arena *arena = &job->g->arenas[arena_index(worker)];
    ARENA_GUARD(arena);
    layouts_name(job->layouts, 1 + item * NAMED_LAYOUTS, 1 + (item + 1) * NAMED_LAYOUTS, arena);
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

static Status file_item(Worker *worker, void *job_pointer, uint32_t item) {
    Job *job = job_pointer;
    Arena *arena = &job->g->arenas[arena_index(worker)], *scratch = &job->g->scratch[arena_index(worker)];
    ARENA_GUARD(arena);
    scratch->escape = arena->escape;
    arena_reset(scratch);
    file_write(job->g, &job->files[item], scratch, arena);
    scratch->escape = NULL;
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

static Status types_item(Worker *worker, void *job_pointer, uint32_t item) {
    Job *job = job_pointer;
    Arena *arena = &job->g->arenas[arena_index(worker)], *scratch = &job->g->scratch[arena_index(worker)];
    ARENA_GUARD(arena);
    scratch->escape = arena->escape;
    arena_reset(scratch);
    write_types_file(&job->g->layouts, &job->types[item], scratch, arena);
    scratch->escape = NULL;
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

// Without a pool: one after the other, with the first arena.
static Status run_items(Pool *pool, WorkKind kind, const uint32_t *order, uint32_t count, ItemFunction function,
                        Job *job) {
    if (pool != NULL) return pool_for_each_named(pool, kind, order, count, function, job);
    Status status = STATUS_OK;
    for (uint32_t i = 0; i < count; i++) {
        Status one = function(NULL, job, order == NULL ? i : order[i]);
        if (status == STATUS_OK) status = one;
    }
    return status;
}

static uint32_t parts_of(uint32_t count, uint32_t each) { return (count + each - 1) / each; }

static Status prepare(Generation *g, Arena *arena, Pool *pool, Job *job) {
    enum { COST_OF_ANY = 24 };
    ARENA_GUARD(arena);
    uint32_t count = g->core->function_count;
    g->arenas = arenas_like(arena, g->worker_count);
    g->scratch = arenas_like(arena, g->worker_count);
    g->positions = arena_array(arena, WorkerPosition, g->worker_count);
    g->texts = arena_array(arena, FunctionText, count + 1);
    g->homes = arena_array(arena, FunctionHome, count + 1);
    uint32_t *costs = arena_alloc(arena, sizeof(uint32_t) * ((size_t)count + 1), sizeof(uint32_t));
    for (uint32_t i = 0; i < count; i++)
        costs[i] = g->core->functions[i + 1]->code_count + COST_OF_ANY;
    job->batches = batches_make(arena, costs, count, g->worker_count, 0);
    uint32_t lists = parts_of(count, LISTED_FUNCTIONS);
    job->lists = arena_array(arena, TypeList *, lists);
    job->layouts = &g->layouts;
    layouts_init(&g->layouts, g->program, arena);
    Status status = run_items(pool, WORK_list_types, NULL, lists, types_of_some, job);
    if (status == STATUS_OK) {
        for (uint32_t i = 0; i < lists; i++)
            layouts_add_list(&g->layouts, job->lists[i]);
        layouts_expand(&g->layouts);
        status = run_items(pool, WORK_name_types, NULL, parts_of(g->layouts.count, NAMED_LAYOUTS), name_some, job);
    }
    if (status == STATUS_OK) layouts_order(&g->layouts);
    if (status == STATUS_OK) customs_find(g->core, &g->layouts);
    ARENA_GUARD_END(arena);
    return status;
}

static int file_order(const void *first, const void *second) {
    return text_compare(((const CFile *)first)->name, ((const CFile *)second)->name);
}

static Status write_files(const Generation *g, Pool *pool, COutput *out) {
    Arena *arena = &out->arena;
    ARENA_GUARD(arena);
    uint32_t count, types = 0;
    Job job = {.g = g};
    files_plan(g, arena, &job.files, &count); // with room for sg_main.c behind them
    FilePlan *files = job.files;
    Text *names = arena_array(arena, Text, count);
    for (uint32_t i = 0; i < count; i++)
        names[i] = files[i].name;
    out->planned = names;
    out->planned_count = count;
    uint32_t *costs = arena_array(arena, uint32_t, count + 1);
    for (uint32_t f = 0; f < count; f++)
        costs[f] = files[f].cost;
    Status status = run_items(pool, WORK_write_c_file, batches_order(arena, costs, count), count, file_item, &job);
    if (status == STATUS_OK) {
        files[count] = (FilePlan){.module = NULL};
        write_main_file(g, &files[count++], arena);
        uint8_t *needed = arena_array(arena, uint8_t, g->layouts.count + 1);
        for (uint32_t f = 0; f < count; f++)
            for (uint32_t i = 0; i < files[f].descriptors.count; i++)
                needed[files[f].descriptors.items[i]] = 1;
        types_plan(&g->layouts, needed, arena, &job.types, &types);
        status = run_items(pool, WORK_write_types_file, NULL, types, types_item, &job);
    }
    if (status == STATUS_OK) {
        out->files = arena_array(arena, CFile, count + types);
        for (uint32_t f = 0; f < count; f++)
            out->files[out->file_count++] = (CFile){files[f].name, files[f].content, files[f].functions.count};
        for (uint32_t t = 0; t < types; t++)
            out->files[out->file_count++] = (CFile){job.types[t].name, job.types[t].content, 0};
        qsort(out->files, out->file_count, sizeof(CFile), file_order);
    }
    ARENA_GUARD_END(arena);
    return status;
}

Status c_generate(CoreProgram *core, const COptions *options, Pool *pool, COutput *out) {
    *out = (COutput){.arena.source = core->arena.source};
    Generation g = {.core = core,
                    .program = core->program,
                    .options = options,
                    .worker_count = pool == NULL ? 1 : pool_thread_count(pool)};
    Job job = {.g = &g};
    Status status = prepare(&g, &out->arena, pool, &job);
    if (status == STATUS_OK)
        status = run_items(pool, WORK_generate_function, job.batches.order, job.batches.count, function_batch, &job);
    if (status == STATUS_OK) status = write_files(&g, pool, out);
    for (uint32_t w = 0; w < g.worker_count && g.arenas != NULL && g.scratch != NULL; w++) {
        arena_free(&g.scratch[w]);
        arena_adopt(&out->arena, &g.arenas[w]);
    }
    if (status != STATUS_OK) c_output_free(out);
    return status;
}

void c_output_free(COutput *out) {
    arena_free(&out->arena);
    *out = (COutput){.file_count = 0};
}

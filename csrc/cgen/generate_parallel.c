// cgen/generate_parallel.c: all functions, then all files, on all workers.
//
// Results land by index, so what comes out does not depend on the schedule (C1). Text lies in the arena of the worker that wrote it;
// all arenas go over to the output.
#include "cgen/cgen_internal.h"
#include "sched/progress.h"
#include "sched/sched.h"
#include <stdlib.h>

typedef struct Job {
    const Generation *g;
    FilePlan *files;
    TypesFile *types;
} Job;

static uint32_t arena_index(const Worker *worker) { return worker == NULL ? 0 : worker_index(worker); }

static Status function_item(Worker *worker, void *job_pointer, uint32_t item) {
    Job *job = job_pointer;
    uint32_t at = arena_index(worker);
    progress_add(job->g->options->progress, PROGRESS_functions_generated, 1);
    return write_function(job->g, item + 1, &job->g->scratch[at], &job->g->arenas[at], &job->g->texts[item + 1]);
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
        Status one = function(NULL, job, i);
        if (status == STATUS_OK) status = one;
    }
    return status;
}

static Status prepare(Generation *g, Arena *arena, uint32_t **order) {
    ARENA_GUARD(arena);
    g->texts = arena_array(arena, FunctionText, g->core->function_count + 1);
    layouts_init(&g->layouts, g->program, arena);
    for (uint32_t i = 1; i <= g->core->function_count; i++)
        layouts_add_function(&g->layouts, g->core->functions[i]);
    layouts_finish(&g->layouts);
    // Largest first: by size class, so that no big function ends the stage alone. A counting sort keeps the order inside a class.
    uint32_t count = g->core->function_count, classes[33] = {0};
    *order = arena_array(arena, uint32_t, count + 1);
    for (uint32_t pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < count; i++) {
            uint32_t size = g->core->functions[i + 1]->code_count, class = 0;
            while (class < 32 && size >> class != 0)
                class ++;
            if (pass == 0) {
                for (uint32_t c = 0; c < class; c++)
                    classes[c]++;
            } else
                (*order)[classes[class]++] = i;
        }
    g->arenas = arenas_like(arena, g->worker_count);
    g->scratch = arenas_like(arena, g->worker_count);
    ARENA_GUARD_END(arena);
    return STATUS_OK;
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
    Status status = run_items(pool, WORK_write_c_file, NULL, count, file_item, &job);
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
    uint32_t *order = NULL;
    Status status = prepare(&g, &out->arena, &order);
    if (status == STATUS_OK) {
        Job job = {.g = &g};
        status = run_items(pool, WORK_generate_function, order, core->function_count, function_item, &job);
        if (status == STATUS_OK) status = write_files(&g, pool, out);
        for (uint32_t w = 0; w < g.worker_count; w++) {
            arena_free(&g.scratch[w]);
            arena_adopt(&out->arena, &g.arenas[w]);
        }
    }
    if (status != STATUS_OK) c_output_free(out);
    return status;
}

void c_output_free(COutput *out) {
    arena_free(&out->arena);
    *out = (COutput){.file_count = 0};
}

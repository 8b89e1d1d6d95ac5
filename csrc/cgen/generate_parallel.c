// cgen/generate_parallel.c: all functions, then all files, on all workers.
//
// Results land by index, so what comes out does not depend on the schedule (C1). Text lies in the arena of the worker that wrote it;
// all arenas go over to the output.
//
// BESIDE     What must run alone is an item of the loop before the one that needs it, begun first: sizes and batches beside the names
//            of types, the order of types and the plan of files beside the functions, sg_main.c beside the other files.
#include "base/atomics.h"
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
    uint32_t *costs;  // of functions
    Arena *arena;     // the output's: of the one item that runs beside a loop
    FilePlan *files;
    uint32_t file_count;
    _Atomic uint8_t *needed; // descriptors, by layout; relaxed, only ever 0 → 1
    TypesFile *types;
} Job;

static uint32_t arena_index(const Worker *worker) { return worker == NULL ? 0 : worker_index(worker); }

// What files are made of besides texts.
static Status beside_functions(Job *job) {
    ARENA_GUARD(job->arena);
    layouts_order(job->layouts);
    customs_find(job->g->core, job->layouts);
    files_plan(job->g, job->costs, job->arena, &job->files, &job->file_count); // with room for sg_main.c behind them
    ARENA_GUARD_END(job->arena);
    return STATUS_OK;
}

static Status function_batch(Worker *worker, void *job_pointer, uint32_t item) {
    Job *job = job_pointer;
    if (item == job->g->core->function_count) return beside_functions(job);
    uint32_t at = arena_index(worker), end = job->batches.ends[item];
    PositionCache position = job->g->positions[at].last;
    Status status = STATUS_OK;
    memset(&job->g->texts[item + 1], 0, sizeof(FunctionText) * (end - item));
    for (uint32_t i = item + 1; i <= end; i++) {
        Status one = write_function(job->g, i, &position, &job->g->scratch[at], &job->g->arenas[at]);
        if (status == STATUS_OK) status = one;
    }
    job->g->positions[at].last = position;
    progress_add(job->g->options->progress, PROGRESS_functions_generated, end - item);
    return status;
}

enum { LISTED_FUNCTIONS = 256, NAMED_LAYOUTS = 64, BESIDE_NAMES = 2, COST_OF_ANY = 24 };

// The types of some functions, in the order in which one thread alone would come upon them; and where the functions belong.
static Status types_of_some(Worker *worker, void *job_pointer, uint32_t item) {
    Job *job = job_pointer;
    Arena *arena = &job->g->arenas[arena_index(worker)];
    ARENA_GUARD(arena);
    TypeList *list = arena_new(arena, TypeList);
    uint32_t first = 1 + item * LISTED_FUNCTIONS;
    for (uint32_t i = first; i < first + LISTED_FUNCTIONS && i <= job->g->core->function_count; i++) {
        type_list_add_function(list, arena, job->g->core->functions[i]);
        job->costs[i - 1] = job->g->core->functions[i]->code_count + COST_OF_ANY;
        job->g->homes[i] = function_home(job->g, i);
    }
    job->lists[item] = list;
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

static Status size_types(Job *job) {
    ARENA_GUARD(job->arena);
    layouts_size(job->layouts);
    ARENA_GUARD_END(job->arena);
    return STATUS_OK;
}

static Status name_some(Worker *worker, void *job_pointer, uint32_t item) {
    Job *job = job_pointer;
    if (item == 0) return size_types(job);
    Arena *arena = &job->g->arenas[arena_index(worker)];
    ARENA_GUARD(arena);
    if (item == 1) {
        uint32_t count = job->g->core->function_count;
        job->batches = batches_make(arena, job->costs, count, job->g->worker_count, 0);
    } else {
        uint32_t first = 1 + (item - BESIDE_NAMES) * NAMED_LAYOUTS;
        layouts_name(job->layouts, first, first + NAMED_LAYOUTS, arena);
    }
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

static Status file_item(Worker *worker, void *job_pointer, uint32_t item) {
    Job *job = job_pointer;
    Arena *arena = &job->g->arenas[arena_index(worker)], *scratch = &job->g->scratch[arena_index(worker)];
    ARENA_GUARD(arena);
    scratch->escape = arena->escape;
    arena_reset(scratch);
    FilePlan *file = &job->files[item];
    if (item == job->file_count)
        write_main_file(job->g, file, arena);
    else
        file_write(job->g, file, scratch, arena);
    for (uint32_t i = 0; i < file->descriptors.count; i++)
        store_relaxed(&job->needed[file->descriptors.items[i]], 1); // read after the loop's end
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

// `count` of them, the batches or files 0 …, after `extra`, which is begun first.
static uint32_t *order_after(Arena *arena, uint32_t extra, const uint32_t *order, uint32_t count) {
    uint32_t *all = arena_alloc(arena, sizeof(uint32_t) * ((size_t)count + 1), sizeof(uint32_t));
    all[0] = extra;
    memcpy(all + 1, order, sizeof(uint32_t) * count);
    return all;
}

static Status write_functions(Generation *g, Arena *arena, Pool *pool, Job *job) {
    ARENA_GUARD(arena);
    uint32_t count = g->core->function_count;
    g->arenas = arenas_like(arena, g->worker_count);
    g->scratch = arenas_like(arena, g->worker_count);
    g->positions = arena_array(arena, WorkerPosition, g->worker_count);
    // Cleared by the items that fill them.
    g->texts = arena_alloc(arena, sizeof(FunctionText) * ((size_t)count + 1), _Alignof(FunctionText));
    g->homes = arena_alloc(arena, sizeof(FunctionHome) * ((size_t)count + 1), _Alignof(FunctionHome));
    job->costs = arena_alloc(arena, sizeof(uint32_t) * ((size_t)count + 1), sizeof(uint32_t));
    uint32_t lists = parts_of(count, LISTED_FUNCTIONS);
    job->lists = arena_array(arena, TypeList *, lists);
    job->layouts = &g->layouts;
    job->arena = arena;
    layouts_init(&g->layouts, g->program, arena);
    layouts_expect_all(&g->layouts);
    Status status = run_items(pool, WORK_list_types, NULL, lists, types_of_some, job);
    if (status == STATUS_OK) {
        for (uint32_t i = 0; i < lists; i++)
            layouts_add_list(&g->layouts, job->lists[i]);
        layouts_expand(&g->layouts);
        uint32_t parts = parts_of(g->layouts.count, NAMED_LAYOUTS) + BESIDE_NAMES;
        status = run_items(pool, WORK_name_types, NULL, parts, name_some, job);
    }
    if (status == STATUS_OK) {
        const uint32_t *order = order_after(arena, count, job->batches.order, job->batches.count);
        status = run_items(pool, WORK_generate_function, order, job->batches.count + 1, function_batch, job);
    }
    ARENA_GUARD_END(arena);
    return status;
}

static int file_order(const void *first, const void *second) {
    return text_compare(((const CFile *)first)->name, ((const CFile *)second)->name);
}

static Status write_files(const Generation *g, Pool *pool, Job *job, COutput *out) {
    Arena *arena = &out->arena;
    ARENA_GUARD(arena);
    FilePlan *files = job->files;
    uint32_t count = job->file_count, types = 0;
    Text *names = arena_array(arena, Text, count);
    uint32_t *costs = arena_array(arena, uint32_t, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        names[i] = files[i].name;
        costs[i] = files[i].cost;
    }
    out->planned = names;
    out->planned_count = count;
    files[count] = (FilePlan){.module = NULL};
    job->needed = arena_array(arena, _Atomic uint8_t, g->layouts.count + 1);
    const uint32_t *order = order_after(arena, count, batches_order(arena, costs, count), count);
    Status status = run_items(pool, WORK_write_c_file, order, count + 1, file_item, job);
    count++;
    if (status == STATUS_OK) {
        uint8_t *needed = arena_alloc(arena, g->layouts.count + 1, 1);
        for (uint32_t i = 0; i <= g->layouts.count; i++)
            needed[i] = load_relaxed(&job->needed[i]); // the loop has ended
        types_plan(&g->layouts, needed, arena, &job->types, &types);
        status = run_items(pool, WORK_write_types_file, NULL, types, types_item, job);
    }
    if (status == STATUS_OK) {
        out->files = arena_array(arena, CFile, count + types);
        for (uint32_t f = 0; f < count; f++)
            out->files[out->file_count++] = (CFile){files[f].name, files[f].content, files[f].functions.count};
        for (uint32_t t = 0; t < types; t++)
            out->files[out->file_count++] = (CFile){job->types[t].name, job->types[t].content, 0};
        qsort(out->files, out->file_count, sizeof(CFile), file_order);
    }
    ARENA_GUARD_END(arena);
    return status;
}

typedef struct Step {
    Generation *g;
    Pool *pool;
    COutput *out;
} Step;

// On a worker, so that the loops are nested there: it goes right from one to the next.
static Status generate_step(Worker *worker, void *argument) {
    (void)worker;
    const Step *step = argument;
    Job job = {.g = step->g};
    TRY(write_functions(step->g, &step->out->arena, step->pool, &job));
    return write_files(step->g, step->pool, &job, step->out);
}

Status c_generate(CoreProgram *core, const COptions *options, Pool *pool, COutput *out) {
    *out = (COutput){.arena.source = core->arena.source};
    Generation g = {.core = core,
                    .program = core->program,
                    .options = options,
                    .worker_count = pool == NULL ? 1 : pool_thread_count(pool)};
    Step step = {&g, pool, out};
    TaskGroup group = {0};
    Status status = pool == NULL ? generate_step(NULL, &step) : pool_submit(pool, &group, generate_step, &step);
    if (status == STATUS_OK && pool != NULL) status = pool_wait(pool, &group);
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

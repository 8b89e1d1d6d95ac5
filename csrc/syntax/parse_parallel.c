// syntax/parse_parallel.c: all of parsing's parallelism. File i is parsed into out[i], whoever does it and whenever, so
// nothing that a user sees depends on the schedule. The largest go first, so that a big one never ends the stage alone.
#include "sched/progress.h"
#include "sched/sched.h"
#include "syntax/syntax.h"
#include <stdlib.h>

typedef struct ParseJob {
    const Source *sources;
    NameCache *caches;
    Arena *scratch; // one for each worker
    Arena *results; // likewise, or NULL
    Progress *progress;
    ParsedFile *out;
} ParseJob;

typedef struct FileSize {
    uint32_t bytes, index;
} FileSize;

static int compare_sizes(const void *first_item, const void *second_item) {
    const FileSize *first = first_item, *second = second_item;
    if (first->bytes != second->bytes) return first->bytes < second->bytes ? 1 : -1;
    return first->index < second->index ? -1 : first->index > second->index;
}

static Status parse_one(Worker *worker, void *argument, uint32_t item) {
    const ParseJob *job = argument;
    uint32_t index = worker_index(worker);
    Status status = parse_file_in(&job->scratch[index], job->results == NULL ? NULL : &job->results[index],
                                  &job->sources[item], &job->caches[index], &job->out[item]);
    arena_reset(&job->scratch[index]);
    progress_add(job->progress, PROGRESS_files_parsed, 1);
    uint32_t errors = job->out[item].diagnostics.error_count;
    if (errors > 0) progress_add(job->progress, PROGRESS_errors, errors);
    return status;
}

static void largest_first(Arena *arena, const Source *sources, uint32_t count, uint32_t **order) {
    FileSize *sizes = arena_array(arena, FileSize, count);
    for (uint32_t i = 0; i < count; i++)
        sizes[i] = (FileSize){sources[i].text.length, i};
    if (count > 1) qsort(sizes, count, sizeof *sizes, compare_sizes);
    *order = arena_array(arena, uint32_t, count);
    for (uint32_t i = 0; i < count; i++)
        (*order)[i] = sizes[i].index;
}

static Status prepare(Arena *arena, const Source *sources, uint32_t count, uint32_t workers, uint32_t **order,
                      Arena **scratch) {
    ARENA_GUARD(arena);
    largest_first(arena, sources, count, order);
    *scratch = arena_array(arena, Arena, workers);
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

Status parse_all(Pool *pool, const Source *sources, uint32_t count, NameCache *caches, Arena *results,
                 Progress *progress, ParsedFile *out) {
    for (uint32_t i = 0; i < count; i++)
        out[i] = (ParsedFile){.source = &sources[i], .status = STATUS_CANCELLED};
    Arena arena = {0};
    uint32_t *order = NULL;
    Arena *scratch = NULL;
    uint32_t workers = pool_thread_count(pool);
    Status status = prepare(&arena, sources, count, workers, &order, &scratch);
    if (status == STATUS_OK) {
        ParseJob job = {sources, caches, scratch, results, progress, out};
        status = pool_for_each_named(pool, WORK_parse_file, order, count, parse_one, &job);
        for (uint32_t i = 0; i < workers; i++)
            arena_free(&scratch[i]);
    }
    arena_free(&arena);
    return status;
}

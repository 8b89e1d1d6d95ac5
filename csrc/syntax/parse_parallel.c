// syntax/parse_parallel.c: all of parsing's parallelism. File i is parsed into out[i], whoever does it and whenever, so
// nothing that a user sees depends on the schedule. The largest go first, so that a big one never ends the stage alone.
//
// LARGE FILES are lexed in parts (file_parts.h). The items of the one loop are whole files, and the parts of large ones;
// whoever ends the last part of a file goes on to join its parts and to parse it. So there is no barrier between lexing and
// parsing: while the parts of one file are lexed and its tree is built, everybody else has other files.
#include "sched/progress.h"
#include "sched/sched.h"
#include "syntax/file_parts.h"
#include <stdlib.h>

// Measured on one thread of a 2-core Xeon, where chunks can only cost: a project of one file of 3.4 MB takes 26.6 ms in chunks of
// 64 KiB, 26.7 as a whole; 0.5 MB and 60 small files 5.5 ms in chunks of 16 KiB and more, as a whole too, 6.2 ms in those of
// 8 KiB. Lexing 64 KiB takes about 0.15 ms, which is the longest that anybody waits for the last chunk of a file.
#define CHUNK_BYTES_DEFAULT (64u * 1024)

typedef struct LargeFile {
    FileParts parts;
    CACHE_ALIGNED _Atomic uint32_t open; // parts that are not lexed
} LargeFile;

typedef struct LargePart {
    uint32_t file;
    uint32_t part;
    LargeFile *large;
} LargePart;

typedef struct ParseJob {
    const Source *sources;
    NameCache *caches;
    Arena *scratch; // one for each worker
    Arena *results; // likewise, or NULL
    Progress *progress;
    ParsedFile *out;
    // Items below file_count are whole files, those from there on parts of large ones.
    uint32_t file_count;
    LargePart *parts;
    uint32_t part_count;
    uint32_t *order;
    uint32_t item_count;
    LargeFile *large;
    uint32_t large_count;
} ParseJob;

typedef struct FileSize {
    uint32_t bytes, index;
} FileSize;

static int compare_sizes(const void *first_item, const void *second_item) {
    const FileSize *first = first_item, *second = second_item;
    if (first->bytes != second->bytes) return first->bytes < second->bytes ? 1 : -1;
    return first->index < second->index ? -1 : first->index > second->index;
}

static Status file_ended(const ParseJob *job, uint32_t file) {
    progress_add(job->progress, PROGRESS_files_parsed, 1);
    uint32_t errors = job->out[file].diagnostics.error_count;
    if (errors > 0) progress_add(job->progress, PROGRESS_errors, errors);
    return job->out[file].status;
}

static Status run_item(Worker *worker, void *argument, uint32_t number) {
    const ParseJob *job = argument;
    uint32_t self = worker_index(worker);
    if (number < job->file_count) {
        (void)parse_file_in(&job->scratch[self], job->results == NULL ? NULL : &job->results[self],
                            &job->sources[number], &job->caches[self], &job->out[number]); // also in `out`
        arena_reset(&job->scratch[self]);
        return file_ended(job, number);
    }
    const LargePart *item = &job->parts[number - job->file_count];
    Status status = part_lex(&item->large->parts, item->part, &job->caches[self]);
    // Release: what this part wrote, for the last one; acquire: what all others wrote, if this is the last one.
    if (fetch_sub_acq_rel(&item->large->open, 1u) > 1) return status;
    (void)parts_finish(&item->large->parts, &job->caches[self]); // also in `out`
    return file_ended(job, item->file);
}

static FileSize *largest_first(Arena *arena, const Source *sources, uint32_t count) {
    FileSize *sizes = arena_array(arena, FileSize, count);
    for (uint32_t i = 0; i < count; i++)
        sizes[i] = (FileSize){sources[i].text.length, i};
    if (count > 1) qsort(sizes, count, sizeof *sizes, compare_sizes);
    return sizes;
}

static Status add_large(Arena *arena, ParseJob *job, uint32_t file, uint32_t chunk_bytes) {
    LargeFile *large = &job->large[job->large_count++];
    TRY(parts_begin(arena, &job->sources[file], chunk_bytes, &job->out[file], &large->parts));
    store_relaxed(&large->open, large->parts.count); // relaxed: not shared yet
    for (uint32_t part = 0; part < large->parts.count; part++) {
        job->order[job->item_count++] = job->file_count + job->part_count;
        job->parts[job->part_count++] = (LargePart){file, part, large};
    }
    return STATUS_OK;
}

static Status make_items(Arena *arena, ParseJob *job, uint32_t count, uint32_t chunk_bytes) {
    FileSize *sizes = largest_first(arena, job->sources, count);
    size_t parts = 0;
    uint32_t large_count = 0;
    for (uint32_t i = 0; i < count && sizes[i].bytes > chunk_bytes; i++) {
        parts += 1 + sizes[i].bytes / chunk_bytes;
        large_count++;
    }
    if (parts > UINT32_MAX - count) arena_out_of_memory(arena);
    job->order = arena_array(arena, uint32_t, count + parts);
    job->parts = arena_array(arena, LargePart, parts);
    job->large = arena_array(arena, LargeFile, large_count);
    for (uint32_t i = 0; i < count; i++) {
        if (sizes[i].bytes > chunk_bytes)
            TRY(add_large(arena, job, sizes[i].index, chunk_bytes));
        else
            job->order[job->item_count++] = sizes[i].index;
    }
    return STATUS_OK;
}

static Status prepare(Arena *arena, ParseJob *job, uint32_t count, uint32_t chunk_bytes, uint32_t workers) {
    ARENA_GUARD(arena);
    job->scratch = arenas_like(arena, workers);
    Status status = make_items(arena, job, count, chunk_bytes);
    ARENA_GUARD_END(arena);
    return status;
}

Status parse_all(Pool *pool, const Source *sources, uint32_t count, NameCache *caches, Arena *results,
                 uint32_t chunk_bytes, Progress *progress, ParsedFile *out) {
    for (uint32_t i = 0; i < count; i++)
        out[i] = (ParsedFile){.source = &sources[i], .status = STATUS_CANCELLED};
    Arena arena = {.source = results == NULL ? NULL : results->source};
    ParseJob job = {.sources = sources,
                    .file_count = count,
                    .caches = caches,
                    .results = results,
                    .progress = progress,
                    .out = out};
    uint32_t workers = pool_thread_count(pool);
    Status status = prepare(&arena, &job, count, chunk_bytes == 0 ? CHUNK_BYTES_DEFAULT : chunk_bytes, workers);
    if (status == STATUS_OK)
        status = pool_for_each_named(pool, WORK_parse_file, job.order, job.item_count, run_item, &job);
    for (uint32_t i = 0; i < job.large_count; i++)
        parts_free(&job.large[i].parts); // those that a cancel left open
    for (uint32_t i = 0; i < workers && job.scratch != NULL; i++)
        arena_free(&job.scratch[i]);
    arena_free(&arena);
    return status;
}

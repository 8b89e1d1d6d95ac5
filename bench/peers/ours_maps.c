// bench/peers/ours_maps.c: interning with csrc/intern, and get-or-compute with csrc/sched/once.h. Both are driven from items of
// a parallel-for, one for each thread: workers are what they are made for.
#include "intern/names.h"
#include "program.h"
#include "sched/once.h"
#include "sched/sched.h"

static Pool *pool_make(uint32_t threads) {
    ThreadPoolConfig config = {.max_threads = threads};
    Pool *pool;
    if (pool_create(&config, &pool) != STATUS_OK) exit(1);
    return pool;
}

// ---- names

typedef struct Interning {
    NameInterner *names;
    const Stream *stream;
    uint32_t *ids;
    uint32_t threads;
} Interning;

static Status intern_item(Worker *worker, void *job, uint32_t item) {
    (void)worker;
    Interning *run = job;
    const Stream *stream = run->stream;
    NameCache *cache = malloc(sizeof *cache); // as a stage's scratch has it
    if (cache == NULL) return STATUS_NO_MEMORY;
    name_cache_init(cache, run->names);
    uint32_t end = share_begin(stream->count, item + 1, run->threads);
    for (uint32_t i = share_begin(stream->count, item, run->threads); i < end; i++) {
        NameId id;
        TRY(names_intern(cache, (Text){stream->text + stream->offsets[i], stream_length(stream, i)}, &id));
        run->ids[i] = id.index;
    }
    free(cache);
    return STATUS_OK;
}

static Outcome intern_row(Request request) {
    Stream stream;
    if (stream_open(request.file, &stream) != 0) exit(1);
    if (request.size < stream.count) stream.count = request.size;
    Pool *pool = pool_make(request.threads);
    Interning run = {NULL, &stream, calloc(stream.count, sizeof(uint32_t)), request.threads};
    memset(run.ids, 1, sizeof(uint32_t) * stream.count);
    if (names_create(contention_shard_count(CONTENTION_VERY_HIGH), &run.names) != STATUS_OK) exit(1);
    uint64_t start = peers_now_ns();
    if (pool_for_each(pool, NULL, request.threads, intern_item, &run) != STATUS_OK) exit(1);
    uint64_t ns = peers_now_ns() - start;

    uint32_t distinct = names_count(run.names);
    uint64_t *counts = calloc(distinct + (size_t)1, sizeof *counts), checksum = 0;
    for (uint32_t i = 0; i < stream.count; i++)
        counts[run.ids[i]]++;
    for (uint32_t id = 1; id <= distinct; id++) {
        Text text = names_text(run.names, (NameId){id});
        checksum += name_checksum(text.data, text.length, counts[id]);
    }
    names_free(run.names);
    pool_free(pool);
    return (Outcome){ns, checksum, distinct};
}

// ---- get-or-compute

typedef struct Lookups {
    OnceMap *map;
    const uint64_t *keys;
    uint64_t *results;
    uint32_t count;
    uint32_t threads;
} Lookups;

static Status compute(Worker *worker, void *context, Text key, void **value) {
    (void)worker;
    (void)context;
    uint64_t number;
    memcpy(&number, key.data, sizeof number);
    *value = (void *)(uintptr_t)compute_value(number); // it fits: no allocation, as in everybody's map
    return STATUS_OK;
}

static Status lookup_item(Worker *worker, void *job, uint32_t thread) {
    Lookups *run = job;
    for (uint32_t block = thread; block < run->count / LOOKUP_BLOCK; block += run->threads)
        for (uint32_t i = block * LOOKUP_BLOCK; i < (block + 1) * LOOKUP_BLOCK; i++) {
            void *value;
            Text key = {(const char *)&run->keys[i], sizeof run->keys[i]};
            TRY(once_get(run->map, worker, key, compute, NULL, &value));
            run->results[i] = (uintptr_t)value;
        }
    return STATUS_OK;
}

static Outcome once_row(Request request) {
    Pool *pool = pool_make(request.threads);
    Lookups run = {NULL, lookup_keys(request.size), results_make(request.size), request.size, request.threads};
    if (once_map_create(pool, NULL, &run.map) != STATUS_OK) exit(1);
    uint64_t start = peers_now_ns();
    if (pool_for_each(pool, NULL, request.threads, lookup_item, &run) != STATUS_OK) exit(1);
    uint64_t ns = peers_now_ns() - start;
    uint64_t computed = once_counters(run.map).computed;
    once_map_free(run.map);
    pool_free(pool);
    return (Outcome){ns, results_checksum(run.results, request.size), computed};
}

int main(int argc, char **argv) {
    Request request = program_request(argc, argv);
    if (program_is(request.row, "intern")) return program_print(intern_row(request));
    if (program_is(request.row, "once")) return program_print(once_row(request));
    return PROGRAM_CANNOT;
}

// bench/peers/ours.c: the rows done with csrc/sched and csrc/intern, as a stage of the compiler would do them.
#include "intern/names.h"
#include "program.h"
#include "sched/sched.h"

static Pool *pool_make(uint32_t threads) {
    ThreadPoolConfig config = {.max_threads = threads};
    Pool *pool;
    if (pool_create(&config, &pool) != STATUS_OK) exit(1);
    return pool;
}

static void run_task(Pool *pool, TaskFunction function, void *argument) {
    TaskGroup group = {0};
    if (pool_submit(pool, &group, function, argument) != STATUS_OK || pool_wait(pool, &group) != STATUS_OK) exit(1);
}

// ---- 1: fib

typedef struct Fib {
    uint32_t n;
    uint64_t value;
} Fib;

static Status fib_task(Worker *worker, void *argument) {
    Fib *fib = argument;
    if (fib->n < 2) {
        fib->value = fib->n;
        return STATUS_OK;
    }
    Fib first = {fib->n - 1, 0}, second = {fib->n - 2, 0};
    TaskGroup group = {0};
    task_spawn(worker, &group, fib_task, &second);
    (void)fib_task(worker, &first);
    TRY(group_wait(worker, &group));
    fib->value = first.value + second.value;
    return STATUS_OK;
}

static Outcome fib_row(Request request) {
    Pool *pool = pool_make(request.threads);
    run_task(pool, fib_task, &(Fib){20, 0});
    Fib fib = {request.size, 0};
    uint64_t start = peers_now_ns();
    run_task(pool, fib_task, &fib);
    Outcome outcome = {peers_now_ns() - start, fib.value, fib_forks(request.size)};
    pool_free(pool);
    return outcome;
}

// ---- 2 and 3: parallel-for. One item at a time: pool_for_each knows no grain and needs none.

typedef struct Flat {
    uint64_t *results;
    const uint32_t *rounds;
} Flat;

static Status equal_item(Worker *worker, void *job, uint32_t item) {
    (void)worker;
    ((Flat *)job)->results[item] = work_item(item);
    return STATUS_OK;
}

static Status unequal_item(Worker *worker, void *job, uint32_t item) {
    (void)worker;
    Flat *flat = job;
    flat->results[item] = work_rounds(item, flat->rounds[item]);
    return STATUS_OK;
}

static Outcome flat_row(Request request, ItemFunction function) {
    Pool *pool = pool_make(request.threads);
    // In the order in which they come, like everybody: largest first would be the better order, and is what stages give.
    Flat flat = {results_make(request.size), unequal_rounds(request.size)};
    if (pool_for_each(pool, NULL, request.size / 10, function, &flat) != STATUS_OK) exit(1);
    uint64_t start = peers_now_ns();
    if (pool_for_each(pool, NULL, request.size, function, &flat) != STATUS_OK) exit(1);
    uint64_t ns = peers_now_ns() - start;
    pool_free(pool);
    return (Outcome){ns, results_checksum(flat.results, request.size), request.size};
}

// ---- 4: the tree

typedef struct Visit {
    uint64_t node;
    uint64_t nodes; // in its subtree
} Visit;

static Status visit_children(Worker *worker, Visit *visit, Visit *children, uint32_t count);

static Status visit_task(Worker *worker, void *argument) {
    Visit *visit = argument;
    Visit children[TREE_BRANCH];
    return visit_children(worker, visit, children, tree_children(visit->node));
}

static Status visit_children(Worker *worker, Visit *visit, Visit *children, uint32_t count) {
    visit->nodes = 1;
    if (count == 0) return STATUS_OK;
    TaskGroup group = {0};
    for (uint32_t i = 0; i < count; i++) {
        children[i] = (Visit){tree_child(visit->node, i), 0};
        if (i + 1 < count) task_spawn(worker, &group, visit_task, &children[i]);
    }
    TRY(visit_task(worker, &children[count - 1]));
    TRY(group_wait(worker, &group));
    for (uint32_t i = 0; i < count; i++)
        visit->nodes += children[i].nodes;
    return STATUS_OK;
}

typedef struct Root {
    Visit visit;
    Visit *children;
    uint32_t count;
} Root;

static Status root_task(Worker *worker, void *argument) {
    Root *root = argument;
    return visit_children(worker, &root->visit, root->children, root->count);
}

static Outcome tree_row(Request request) {
    ThreadPoolConfig config = {.max_threads = request.threads, .stack_size = 64u << 20}; // subtrees are a thousand deep
    Pool *pool;
    if (pool_create(&config, &pool) != STATUS_OK) exit(1);
    Root root = {{TREE_ROOT, 0}, malloc(sizeof(Visit) * request.size), request.size / 10};
    run_task(pool, root_task, &root);
    root.count = request.size;
    uint64_t start = peers_now_ns();
    run_task(pool, root_task, &root);
    uint64_t ns = peers_now_ns() - start;
    pool_free(pool);
    return (Outcome){ns, root.visit.nodes, root.visit.nodes};
}

// ---- 5: names

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
    pool_free(pool);
    return (Outcome){ns, checksum, distinct};
}

// ---- the calibration loop: two items that stay in registers

static Status calibration_item(Worker *worker, void *job, uint32_t item) {
    (void)worker;
    Flat *flat = job;
    flat->results[item * 64] = work_rounds(item, flat->rounds[0]);
    return STATUS_OK;
}

static Outcome calibration_row(Request request) {
    Pool *pool = pool_make(request.threads);
    uint64_t results[128] = {0};
    uint32_t rounds = request.size / 2;
    Flat flat = {results, &rounds};
    uint64_t start = peers_now_ns();
    if (pool_for_each(pool, NULL, 2, calibration_item, &flat) != STATUS_OK) exit(1);
    uint64_t ns = peers_now_ns() - start;
    pool_free(pool);
    return (Outcome){ns, results[0] ^ results[64], request.size};
}

int main(int argc, char **argv) {
    Request request = program_request(argc, argv);
    if (program_is(request.row, "fib")) return program_print(fib_row(request));
    if (program_is(request.row, "flat")) return program_print(flat_row(request, equal_item));
    if (program_is(request.row, "unequal")) return program_print(flat_row(request, unequal_item));
    if (program_is(request.row, "tree")) return program_print(tree_row(request));
    if (program_is(request.row, "intern")) return program_print(intern_row(request));
    if (program_is(request.row, "calibrate")) return program_print(calibration_row(request));
    return PROGRAM_CANNOT;
}

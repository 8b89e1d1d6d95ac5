// bench/peers/ours.c: the rows done with csrc/sched and csrc/intern, as a stage of the compiler would do them.
#include "intern/names.h"
#include "program.h"
#include "sched/fork.h"
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

// ---- 1: fib, with fork and join (`auto`), and with a group of spawned tasks (`group`), which may be waited for in any order

typedef struct Fib {
    uint32_t n;
    uint64_t value;
} Fib;

static Status fib_task(Worker *worker, void *argument);

static uint64_t fib(Worker *worker, uint32_t n) {
    if (n < 2) return n;
    Fib second = {n - 2, 0};
    TaskFork fork;
    task_fork(worker, &fork, fib_task, &second);
    uint64_t first = fib(worker, n - 1);
    if (task_join(worker, &fork)) second.value = fib(worker, n - 2);
    return first + second.value;
}

static Status fib_task(Worker *worker, void *argument) {
    Fib *task = argument;
    task->value = fib(worker, task->n);
    return STATUS_OK;
}

static Status fib_group_task(Worker *worker, void *argument) {
    Fib *task = argument;
    if (task->n < 2) {
        task->value = task->n;
        return STATUS_OK;
    }
    Fib first = {task->n - 1, 0}, second = {task->n - 2, 0};
    TaskGroup group = task_group_of(worker);
    task_spawn(worker, &group, fib_group_task, &second);
    TRY(fib_group_task(worker, &first));
    TRY(group_wait(worker, &group));
    task->value = first.value + second.value;
    return STATUS_OK;
}

static Outcome fib_row(Request request) {
    TaskFunction function = program_is(request.variant, "group") ? fib_group_task : fib_task;
    Pool *pool = pool_make(request.threads);
    run_task(pool, function, &(Fib){20, 0});
    Fib task = {request.size, 0};
    uint64_t start = peers_now_ns();
    run_task(pool, function, &task);
    Outcome outcome = {peers_now_ns() - start, task.value, fib_forks(request.size)};
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

// ---- 4: the tree. The children of a node are a range that is halved: down to one child (`auto`), or down to half of a node's
// children (`hand`), which is one fork for eight nodes, with more than enough of them for everybody.

typedef struct Visit {
    uint64_t node;
    uint32_t begin;
    uint32_t end; // children begin … end - 1 of it
    uint32_t grain;
    uint64_t nodes; // in their subtrees
} Visit;

static Status visit_task(Worker *worker, void *argument);

static uint64_t visit(Worker *worker, uint64_t node, uint32_t begin, uint32_t end, uint32_t grain) {
    if (end - begin <= grain) {
        uint64_t nodes = 0;
        for (uint32_t i = begin; i < end; i++) {
            uint64_t child = tree_child(node, i);
            uint32_t count = tree_children(child);
            nodes += 1 + (count == 0 ? 0 : visit(worker, child, 0, count, grain));
        }
        return nodes;
    }
    uint32_t middle = begin + (end - begin) / 2;
    Visit second = {node, middle, end, grain, 0};
    TaskFork fork;
    task_fork(worker, &fork, visit_task, &second);
    uint64_t nodes = visit(worker, node, begin, middle, grain);
    if (task_join(worker, &fork)) second.nodes = visit(worker, node, middle, end, grain);
    return nodes + second.nodes;
}

static Status visit_task(Worker *worker, void *argument) {
    Visit *task = argument;
    task->nodes = visit(worker, task->node, task->begin, task->end, task->grain);
    return STATUS_OK;
}

static Outcome tree_row(Request request) {
    ThreadPoolConfig config = {.max_threads = request.threads, .stack_size = 64u << 20}; // subtrees are a thousand deep
    Pool *pool;
    if (pool_create(&config, &pool) != STATUS_OK) exit(1);
    uint32_t grain = program_is(request.variant, "hand") ? TREE_BRANCH / 2 : 1;
    run_task(pool, visit_task, &(Visit){TREE_ROOT, 0, request.size / 10, grain, 0});
    Visit task = {TREE_ROOT, 0, request.size, grain, 0};
    uint64_t start = peers_now_ns();
    run_task(pool, visit_task, &task);
    uint64_t ns = peers_now_ns() - start;
    pool_free(pool);
    return (Outcome){ns, task.nodes + 1, task.nodes + 1}; // and the root
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
    bool is_auto = program_is(request.variant, "auto");
    if (program_is(request.row, "fib")) return program_print(fib_row(request));
    if (program_is(request.row, "flat") && is_auto) return program_print(flat_row(request, equal_item));
    if (program_is(request.row, "unequal") && is_auto) return program_print(flat_row(request, unequal_item));
    if (program_is(request.row, "tree")) return program_print(tree_row(request));
    if (program_is(request.row, "intern") && is_auto) return program_print(intern_row(request));
    if (program_is(request.row, "calibrate")) return program_print(calibration_row(request));
    return PROGRAM_CANNOT;
}

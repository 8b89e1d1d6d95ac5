// bench/peers/ours.c: fork and join, parallel-for and the tree with csrc/sched, as a stage of the compiler would do them.
#include "program.h"
#include "sched/fork.h"
#include "sched/sched.h"

static Pool *pool_make(uint32_t threads) {
    ThreadPoolConfig config = {.max_threads = threads};
    Pool *pool;
    if (pool_create(&config, &pool) != STATUS_OK) exit(1);
    return pool;
}

typedef struct TaskRun {
    Pool *pool;
    TaskFunction function;
    void *argument;
} TaskRun;

static void task_run_whole(void *context) {
    TaskRun *run = context;
    TaskGroup group = {0};
    if (pool_submit(run->pool, &group, run->function, run->argument) != STATUS_OK) exit(1);
    if (pool_wait(run->pool, &group) != STATUS_OK) exit(1);
}

// ---- 1: fib, with fork and join (`auto`), and with a group of spawned tasks (`group`), which may be waited for in any order

// `lazy` forks only where that is worth it, as chili does (which makes a task at one join of 64, while fewer than 3 wait).

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

static Status fib_lazy_task(Worker *worker, void *argument);

static uint64_t fib_lazy(Worker *worker, uint32_t n) {
    if (n < 2) return n;
    if (!fork_is_worth_it(worker)) return fib_lazy(worker, n - 1) + fib_lazy(worker, n - 2);
    Fib second = {n - 2, 0};
    TaskFork fork;
    task_fork(worker, &fork, fib_lazy_task, &second);
    uint64_t first = fib_lazy(worker, n - 1);
    if (task_join(worker, &fork)) second.value = fib_lazy(worker, n - 2);
    return first + second.value;
}

static Status fib_lazy_task(Worker *worker, void *argument) {
    Fib *task = argument;
    task->value = fib_lazy(worker, task->n);
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
    TaskFunction function = program_is(request.variant, "group")  ? fib_group_task
                            : program_is(request.variant, "lazy") ? fib_lazy_task
                                                                  : fib_task;
    Pool *pool = pool_make(request.threads);
    Fib task = {request.size, 0};
    task_run_whole(&(TaskRun){pool, function, &(Fib){20, 0}});
    uint64_t ns = program_time(task_run_whole, &(TaskRun){pool, function, &task});
    pool_free(pool);
    return (Outcome){ns, task.value, fib_forks(request.size)};
}

// ---- 2 and 3: parallel-for: a function for each item (`auto`), which is claimed alone when it is large, or for a range of
// items (`ranges`), which is meant for small ones. Neither knows a grain.

typedef struct Flat {
    uint64_t *results;
    const uint32_t *rounds; // of unequal items; NULL: of equal ones
} Flat;

static inline void flat_item(const Flat *flat, uint32_t item) {
    flat->results[item] = flat->rounds == NULL ? work_item(item) : work_rounds(item, flat->rounds[item]);
}

static Status run_item(Worker *worker, void *job, uint32_t item) {
    (void)worker;
    flat_item(job, item);
    return STATUS_OK;
}

static Status run_range(Worker *worker, void *job, uint32_t first, uint32_t limit) {
    (void)worker;
    for (uint32_t item = first; item < limit; item++)
        flat_item(job, item);
    return STATUS_OK;
}

typedef struct FlatRun {
    Pool *pool;
    Flat flat;
    uint32_t count;
    bool is_ranges;
} FlatRun;

static void flat_run(void *context) {
    FlatRun *run = context;
    // In the order in which they come, like everybody: largest first would be the better order, and is what stages give.
    Status status = run->is_ranges ? pool_for_ranges(run->pool, run->count, run_range, &run->flat)
                                   : pool_for_each(run->pool, NULL, run->count, run_item, &run->flat);
    if (status != STATUS_OK) exit(1);
}

static Outcome flat_row(Request request, bool is_equal) {
    FlatRun run = {.pool = pool_make(request.threads),
                   .flat = {results_make(request.size), is_equal ? NULL : unequal_rounds(request.size)},
                   .count = request.size / 10,
                   .is_ranges = program_is(request.variant, "ranges")};
    flat_run(&run);
    run.count = request.size;
    uint64_t ns = program_time(flat_run, &run);
    pool_free(run.pool);
    return (Outcome){ns, results_checksum(run.flat.results, request.size), request.size};
}

// ---- 4: the tree. The children of a node are a range that is halved: down to one child (`auto`), or down to half of a node's
// children (`hand`), which is one fork for eight nodes, with more than enough of them for everybody; or only where a fork is
// worth it (`lazy`).
#define LAZY 0u

typedef struct Visit {
    uint64_t node;
    uint32_t begin;
    uint32_t end; // children begin … end - 1 of it
    uint32_t grain;
    uint64_t nodes; // in their subtrees
} Visit;

static Status visit_task(Worker *worker, void *argument);

static uint64_t visit(Worker *worker, uint64_t node, uint32_t begin, uint32_t end, uint32_t grain) {
    if (end - begin <= (grain == LAZY ? 1 : grain) ||
        (grain == LAZY && end - begin <= TREE_BRANCH && !fork_is_worth_it(worker))) {
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
    uint32_t grain = program_is(request.variant, "hand")   ? TREE_BRANCH / 2
                     : program_is(request.variant, "lazy") ? LAZY
                                                           : 1;
    Visit task = {TREE_ROOT, 0, request.size, grain, 0};
    task_run_whole(&(TaskRun){pool, visit_task, &(Visit){TREE_ROOT, 0, request.size / 10, grain, 0}});
    uint64_t ns = program_time(task_run_whole, &(TaskRun){pool, visit_task, &task});
    pool_free(pool);
    return (Outcome){ns, task.nodes + 1, task.nodes + 1}; // and the root
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
    if (program_is(request.row, "flat")) return program_print(flat_row(request, true));
    if (program_is(request.row, "unequal")) return program_print(flat_row(request, false));
    if (program_is(request.row, "tree")) return program_print(tree_row(request));
    if (program_is(request.row, "calibrate")) return program_print(calibration_row(request));
    return PROGRAM_CANNOT;
}

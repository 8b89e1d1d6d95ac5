// bench/peers/omp.c: the rows done with OpenMP, built by gcc (libgomp) and by clang (libomp).
//
// Tasks as the specification's examples write them: one task for one branch, the other by the caller, taskwait. The
// parallel-for rows in three variants, of which the best counts: `auto` is what a user writes first (no schedule clause,
// which is static in both), `dynamic` the recommended one for unequal items, `hand` the best chunk found by hand.
#include "program.h"
#include <omp.h>

static uint64_t fib(uint32_t n) {
    if (n < 2) return n;
    uint64_t first, second;
#pragma omp task shared(second) firstprivate(n)
    second = fib(n - 2);
    first = fib(n - 1);
#pragma omp taskwait
    return first + second;
}

typedef struct Fib {
    uint32_t n;
    uint32_t threads;
    uint64_t value;
} Fib;

static void fib_run(void *context) {
    Fib *run = context;
#pragma omp parallel num_threads(run->threads)
#pragma omp single
    run->value = fib(run->n);
}

static Outcome fib_row(Request request) {
    fib_run(&(Fib){20, request.threads, 0});
    Fib run = {request.size, request.threads, 0};
    uint64_t ns = program_time(fib_run, &run);
    return (Outcome){ns, run.value, fib_forks(request.size)};
}

typedef struct Flat {
    uint64_t *results;
    const uint32_t *rounds; // of unequal items; NULL: of equal ones
    uint32_t count;
    uint32_t threads;
} Flat;

static void flat_run(void *context) {
    const Flat *run = context;
    uint64_t *results = run->results;
    const uint32_t *rounds = run->rounds;
    if (rounds == NULL) {
#pragma omp parallel for schedule(runtime) num_threads(run->threads)
        for (uint32_t i = 0; i < run->count; i++)
            results[i] = work_item(i);
    } else {
#pragma omp parallel for schedule(runtime) num_threads(run->threads)
        for (uint32_t i = 0; i < run->count; i++)
            results[i] = work_rounds(i, rounds[i]);
    }
}

static Outcome flat_row(Request request, int is_equal) {
    if (program_is(request.variant, "auto"))
        omp_set_schedule(omp_sched_static, 0);
    else if (program_is(request.variant, "dynamic"))
        omp_set_schedule(omp_sched_dynamic, 1);
    else
        omp_set_schedule(omp_sched_dynamic, is_equal ? 1000 : 4);
    Flat run = {results_make(request.size), is_equal ? NULL : unequal_rounds(request.size), request.size / 10,
                request.threads};
    flat_run(&run);
    run.count = request.size;
    uint64_t ns = program_time(flat_run, &run);
    return (Outcome){ns, results_checksum(run.results, request.size), request.size};
}

static uint64_t visit(uint64_t node, uint32_t count) {
    if (count == 0) return 1;
    uint64_t few[TREE_BRANCH], *nodes = count <= TREE_BRANCH ? few : malloc(sizeof *nodes * count);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t child = tree_child(node, i);
        if (i + 1 == count) {
            nodes[i] = visit(child, tree_children(child));
        } else {
#pragma omp task firstprivate(nodes, i, child)
            nodes[i] = visit(child, tree_children(child));
        }
    }
#pragma omp taskwait
    uint64_t sum = 1;
    for (uint32_t i = 0; i < count; i++)
        sum += nodes[i];
    if (nodes != few) free(nodes);
    return sum;
}

// Halves of the range of children, down to half of a node's: one task for eight nodes.
static uint64_t visit_halves(uint64_t node, uint32_t begin, uint32_t end) {
    uint64_t first = 0, second = 0;
    if (end - begin <= TREE_BRANCH / 2) {
        for (uint32_t i = begin; i < end; i++) {
            uint64_t child = tree_child(node, i);
            uint32_t count = tree_children(child);
            first += 1 + (count == 0 ? 0 : visit_halves(child, 0, count));
        }
        return first;
    }
    uint32_t middle = begin + (end - begin) / 2;
#pragma omp task shared(second) firstprivate(node, middle, end)
    second = visit_halves(node, middle, end);
    first = visit_halves(node, begin, middle);
#pragma omp taskwait
    return first + second;
}

typedef struct Tree {
    uint32_t count; // children of the root
    uint32_t threads;
    int is_hand;
    uint64_t nodes;
} Tree;

static void tree_run(void *context) {
    Tree *run = context;
#pragma omp parallel num_threads(run->threads)
#pragma omp single
    run->nodes = run->is_hand ? visit_halves(TREE_ROOT, 0, run->count) + 1 : visit(TREE_ROOT, run->count);
}

static Outcome tree_row(Request request) {
    Tree run = {request.size / 10, request.threads, program_is(request.variant, "hand"), 0};
    tree_run(&run);
    run.count = request.size;
    uint64_t ns = program_time(tree_run, &run);
    return (Outcome){ns, run.nodes, run.nodes};
}

int main(int argc, char **argv) {
    Request request = program_request(argc, argv);
    int is_auto = program_is(request.variant, "auto");
    if (program_is(request.row, "fib") && is_auto) return program_print(fib_row(request));
    if (program_is(request.row, "flat")) return program_print(flat_row(request, 1));
    if (program_is(request.row, "unequal")) return program_print(flat_row(request, 0));
    if (program_is(request.row, "tree") && !program_is(request.variant, "dynamic"))
        return program_print(tree_row(request));
    return PROGRAM_CANNOT;
}

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

static uint64_t fib_start(uint32_t n, uint32_t threads) {
    uint64_t value = 0;
#pragma omp parallel num_threads(threads)
#pragma omp single
    value = fib(n);
    return value;
}

static Outcome fib_row(Request request) {
    (void)fib_start(20, request.threads);
    uint64_t start = peers_now_ns();
    uint64_t value = fib_start(request.size, request.threads);
    return (Outcome){peers_now_ns() - start, value, fib_forks(request.size)};
}

static void flat(uint64_t *results, const uint32_t *rounds, uint32_t count, uint32_t threads) {
    if (rounds == NULL) {
#pragma omp parallel for schedule(runtime) num_threads(threads)
        for (uint32_t i = 0; i < count; i++)
            results[i] = work_item(i);
    } else {
#pragma omp parallel for schedule(runtime) num_threads(threads)
        for (uint32_t i = 0; i < count; i++)
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
    uint64_t *results = results_make(request.size);
    uint32_t *rounds = is_equal ? NULL : unequal_rounds(request.size);
    flat(results, rounds, request.size / 10, request.threads);
    uint64_t start = peers_now_ns();
    flat(results, rounds, request.size, request.threads);
    uint64_t ns = peers_now_ns() - start;
    return (Outcome){ns, results_checksum(results, request.size), request.size};
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

static uint64_t tree_start(uint32_t count, uint32_t threads) {
    uint64_t nodes = 0;
#pragma omp parallel num_threads(threads)
#pragma omp single
    nodes = visit(TREE_ROOT, count);
    return nodes;
}

static Outcome tree_row(Request request) {
    (void)tree_start(request.size / 10, request.threads);
    uint64_t start = peers_now_ns();
    uint64_t nodes = tree_start(request.size, request.threads);
    return (Outcome){peers_now_ns() - start, nodes, nodes};
}

int main(int argc, char **argv) {
    Request request = program_request(argc, argv);
    int is_auto = program_is(request.variant, "auto"); // tasks have no variants
    if (program_is(request.row, "fib") && is_auto) return program_print(fib_row(request));
    if (program_is(request.row, "flat")) return program_print(flat_row(request, 1));
    if (program_is(request.row, "unequal")) return program_print(flat_row(request, 0));
    if (program_is(request.row, "tree") && is_auto) return program_print(tree_row(request));
    return PROGRAM_CANNOT;
}

// bench/peers/program.h: what every C and C++ program of the comparison shares: its command line and its one line of output.
//
//     PROGRAM VARIANT ROW THREADS SIZE FILE   →   {"ns": 123456, "checksum": 42, "count": 7}
//
// A program warms up, times the row, and prints the wall time (the median of some repetitions where they are short), a checksum that must agree across libraries, and the
// number that the row is divided by (spawns, items, nodes, identifiers, lookups) or that a promise is checked by. Exit
// status 3: this library, or this variant of it, does not do this row.
#pragma once
#include "work.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Request {
    const char *variant;
    const char *row;
    uint32_t threads;
    uint32_t size;
    const char *file; // the stream of identifiers
} Request;

typedef struct Outcome {
    uint64_t ns;
    uint64_t checksum;
    uint64_t count;
} Outcome;

static inline Request program_request(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: %s VARIANT ROW THREADS SIZE FILE\n", argv[0]);
        exit(2);
    }
    Request request = {argv[1], argv[2], (uint32_t)strtoul(argv[3], NULL, 10), (uint32_t)strtoul(argv[4], NULL, 10),
                       argv[5]};
    return request;
}

static inline int program_print(Outcome outcome) {
    printf("{\"ns\": %" PRIu64 ", \"checksum\": %" PRIu64 ", \"count\": %" PRIu64 "}\n", outcome.ns, outcome.checksum,
           outcome.count);
    return 0;
}

#define PROGRAM_CANNOT 3

static inline int program_is(const char *word, const char *other) { return strcmp(word, other) == 0; }

// The median time of up to 5 repetitions, as many as fit into a quarter of a second: the first ones wake the other threads,
// and a shared machine takes its processors away for milliseconds.
#define PROGRAM_REPETITIONS 5u
#define PROGRAM_ENOUGH_NS 250000000u

static inline uint64_t program_time(void (*run)(void *context), void *context) {
    uint64_t times[PROGRAM_REPETITIONS], total = 0;
    uint32_t count = 0;
    while (count < PROGRAM_REPETITIONS && total < PROGRAM_ENOUGH_NS) {
        uint64_t start = peers_now_ns();
        run(context);
        uint64_t time = peers_now_ns() - start;
        total += time;
        uint32_t place = count++;
        for (; place > 0 && times[place - 1] > time; place--)
            times[place] = times[place - 1];
        times[place] = time;
    }
    return (times[(count - 1) / 2] + times[count / 2]) / 2;
}

// fib(n) forks once for each call with n ≥ 2.
static inline uint64_t fib_forks(uint32_t n) {
    uint64_t before = 0, last = 0; // of n - 2 and n - 1
    for (uint32_t i = 2; i <= n; i++) {
        uint64_t now = before + last + 1;
        before = last;
        last = now;
    }
    return last;
}

// The checksum of results that were written by index.
static inline uint64_t results_checksum(const uint64_t *results, uint32_t count) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += results[i] * (2 * (uint64_t)i + 1);
    return sum;
}

static inline uint64_t *results_make(uint32_t count) {
    uint64_t *results = (uint64_t *)malloc(sizeof *results * count);
    memset(results, 1, sizeof *results * count); // its pages are there before the clock starts
    return results;
}

// One past the last identifier (or block of lookups) of this thread: contiguous shares.
static inline uint32_t share_begin(uint32_t count, uint32_t thread, uint32_t threads) {
    return (uint32_t)((uint64_t)count * thread / threads);
}

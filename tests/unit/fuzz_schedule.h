// tests/unit/fuzz_schedule.h: put before every file of a build (-include), it makes threads lose their core at atomic operations.
//
// WHY        Schedules that hang are those where a thread is away for long between two steps. On an idle machine that hardly
//            ever happens; here it happens at one atomic operation in FUZZ_ONE_IN, for up to FUZZ_LONGEST_US.
// SHAPE      The macros of base/atomics.h that change memory, and the fence, stop first. Plain loads do not: there are many,
//            and a step that nobody sees needs no order.
#pragma once
#include "base/atomics.h"
#include <sched.h>
#include <stdint.h>
#include <time.h>

#ifndef FUZZ_ONE_IN
#define FUZZ_ONE_IN 64
#endif
#ifndef FUZZ_LONGEST_US
#define FUZZ_LONGEST_US 200
#endif

static inline void fuzz_point(void) {
    static _Thread_local uint64_t state;
    if (state == 0) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        state = ((uint64_t)now.tv_nsec << 20 ^ (uint64_t)(uintptr_t)&state) | 1;
    }
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    if (state % FUZZ_ONE_IN != 0) return;
    if ((state >> 32) % 2 == 0) {
        sched_yield();
        return;
    }
    struct timespec pause = {.tv_nsec = (long)((state >> 40) % FUZZ_LONGEST_US) * 1000};
    nanosleep(&pause, NULL);
}

#define FUZZED(operation) (fuzz_point(), operation)

#undef exchange_relaxed
#define exchange_relaxed(place, value) FUZZED(atomic_exchange_explicit((place), (value), memory_order_relaxed))
#undef exchange_acquire
#define exchange_acquire(place, value) FUZZED(atomic_exchange_explicit((place), (value), memory_order_acquire))
#undef exchange_release
#define exchange_release(place, value) FUZZED(atomic_exchange_explicit((place), (value), memory_order_release))
#undef exchange_acq_rel
#define exchange_acq_rel(place, value) FUZZED(atomic_exchange_explicit((place), (value), memory_order_acq_rel))
#undef exchange_seq_cst
#define exchange_seq_cst(place, value) FUZZED(atomic_exchange_explicit((place), (value), memory_order_seq_cst))
#undef fetch_add_relaxed
#define fetch_add_relaxed(place, value) FUZZED(atomic_fetch_add_explicit((place), (value), memory_order_relaxed))
#undef fetch_add_acquire
#define fetch_add_acquire(place, value) FUZZED(atomic_fetch_add_explicit((place), (value), memory_order_acquire))
#undef fetch_add_release
#define fetch_add_release(place, value) FUZZED(atomic_fetch_add_explicit((place), (value), memory_order_release))
#undef fetch_add_acq_rel
#define fetch_add_acq_rel(place, value) FUZZED(atomic_fetch_add_explicit((place), (value), memory_order_acq_rel))
#undef fetch_add_seq_cst
#define fetch_add_seq_cst(place, value) FUZZED(atomic_fetch_add_explicit((place), (value), memory_order_seq_cst))
#undef fetch_sub_relaxed
#define fetch_sub_relaxed(place, value) FUZZED(atomic_fetch_sub_explicit((place), (value), memory_order_relaxed))
#undef fetch_sub_release
#define fetch_sub_release(place, value) FUZZED(atomic_fetch_sub_explicit((place), (value), memory_order_release))
#undef fetch_sub_acq_rel
#define fetch_sub_acq_rel(place, value) FUZZED(atomic_fetch_sub_explicit((place), (value), memory_order_acq_rel))
#undef fetch_sub_seq_cst
#define fetch_sub_seq_cst(place, value) FUZZED(atomic_fetch_sub_explicit((place), (value), memory_order_seq_cst))
#undef fetch_or_relaxed
#define fetch_or_relaxed(place, value) FUZZED(atomic_fetch_or_explicit((place), (value), memory_order_relaxed))
#undef fetch_or_acquire
#define fetch_or_acquire(place, value) FUZZED(atomic_fetch_or_explicit((place), (value), memory_order_acquire))
#undef fetch_or_acq_rel
#define fetch_or_acq_rel(place, value) FUZZED(atomic_fetch_or_explicit((place), (value), memory_order_acq_rel))
#undef fetch_or_seq_cst
#define fetch_or_seq_cst(place, value) FUZZED(atomic_fetch_or_explicit((place), (value), memory_order_seq_cst))
#undef fetch_and_relaxed
#define fetch_and_relaxed(place, value) FUZZED(atomic_fetch_and_explicit((place), (value), memory_order_relaxed))
#undef fetch_and_acq_rel
#define fetch_and_acq_rel(place, value) FUZZED(atomic_fetch_and_explicit((place), (value), memory_order_acq_rel))
#undef cas_relaxed
#define cas_relaxed(place, expected, desired)                                                                          \
    FUZZED(atomic_compare_exchange_strong_explicit((place), (expected), (desired), memory_order_relaxed,               \
                                                   memory_order_relaxed))
#undef cas_acquire
#define cas_acquire(place, expected, desired)                                                                          \
    FUZZED(atomic_compare_exchange_strong_explicit((place), (expected), (desired), memory_order_acquire,               \
                                                   memory_order_acquire))
#undef cas_release
#define cas_release(place, expected, desired)                                                                          \
    FUZZED(atomic_compare_exchange_strong_explicit((place), (expected), (desired), memory_order_release,               \
                                                   memory_order_relaxed))
#undef cas_acq_rel
#define cas_acq_rel(place, expected, desired)                                                                          \
    FUZZED(atomic_compare_exchange_strong_explicit((place), (expected), (desired), memory_order_acq_rel,               \
                                                   memory_order_acquire))
#undef cas_seq_cst
#define cas_seq_cst(place, expected, desired)                                                                          \
    FUZZED(atomic_compare_exchange_strong_explicit((place), (expected), (desired), memory_order_seq_cst,               \
                                                   memory_order_seq_cst))
static inline void fuzzed_fence(void) {
    fuzz_point();
    fence_seq_cst();
}
#define fence_seq_cst fuzzed_fence

// base/atomics.h: C11 atomics under names that carry the memory order, so that a reader sees it at the call.
//
// WHY        `load_acquire(&x)` can be read aloud; `atomic_load_explicit(&x, memory_order_acquire)` hides the one word that matters.
// SHAPE      load_ORDER, store_ORDER, exchange_ORDER, fetch_OP_ORDER, cas_ORDER. Fields are declared `_Atomic T`.
//            cas_ORDER(place, &expected, desired) is strong: true when it stored; else `expected` holds what was there.
//
// FENCES     ThreadSanitizer does not model them. Where a fence orders accesses, these are written load_fenced and
//            store_fenced: relaxed in every ordinary build, sequentially consistent under
//            ThreadSanitizer. Plain relaxed accesses stay relaxed there, so that it still finds a missing acquire.
#pragma once
#include <stdatomic.h>

#if defined(__SANITIZE_THREAD__)
#define UNDER_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_THREAD_SANITIZER 1
#endif
#endif
#ifndef UNDER_THREAD_SANITIZER
#define UNDER_THREAD_SANITIZER 0
#endif

// Two cores that write different fields of one line slow each other down; fields of different writers stand this far apart.
#define CACHE_LINE_BYTES 64
#define CACHE_ALIGNED _Alignas(CACHE_LINE_BYTES)

#define load_relaxed(place) atomic_load_explicit((place), memory_order_relaxed)
#define load_acquire(place) atomic_load_explicit((place), memory_order_acquire)
#define load_seq_cst(place) atomic_load_explicit((place), memory_order_seq_cst)

#define store_relaxed(place, value) atomic_store_explicit((place), (value), memory_order_relaxed)
#define store_release(place, value) atomic_store_explicit((place), (value), memory_order_release)
#define store_seq_cst(place, value) atomic_store_explicit((place), (value), memory_order_seq_cst)

#define exchange_relaxed(place, value) atomic_exchange_explicit((place), (value), memory_order_relaxed)
#define exchange_acquire(place, value) atomic_exchange_explicit((place), (value), memory_order_acquire)
#define exchange_release(place, value) atomic_exchange_explicit((place), (value), memory_order_release)
#define exchange_acq_rel(place, value) atomic_exchange_explicit((place), (value), memory_order_acq_rel)
#define exchange_seq_cst(place, value) atomic_exchange_explicit((place), (value), memory_order_seq_cst)

#define fetch_add_relaxed(place, value) atomic_fetch_add_explicit((place), (value), memory_order_relaxed)
#define fetch_add_acquire(place, value) atomic_fetch_add_explicit((place), (value), memory_order_acquire)
#define fetch_add_release(place, value) atomic_fetch_add_explicit((place), (value), memory_order_release)
#define fetch_add_acq_rel(place, value) atomic_fetch_add_explicit((place), (value), memory_order_acq_rel)
#define fetch_add_seq_cst(place, value) atomic_fetch_add_explicit((place), (value), memory_order_seq_cst)
#define fetch_sub_relaxed(place, value) atomic_fetch_sub_explicit((place), (value), memory_order_relaxed)
#define fetch_sub_release(place, value) atomic_fetch_sub_explicit((place), (value), memory_order_release)
#define fetch_sub_acq_rel(place, value) atomic_fetch_sub_explicit((place), (value), memory_order_acq_rel)
#define fetch_sub_seq_cst(place, value) atomic_fetch_sub_explicit((place), (value), memory_order_seq_cst)
#define fetch_or_relaxed(place, value) atomic_fetch_or_explicit((place), (value), memory_order_relaxed)
#define fetch_or_acquire(place, value) atomic_fetch_or_explicit((place), (value), memory_order_acquire)
#define fetch_or_acq_rel(place, value) atomic_fetch_or_explicit((place), (value), memory_order_acq_rel)
#define fetch_or_seq_cst(place, value) atomic_fetch_or_explicit((place), (value), memory_order_seq_cst)
#define fetch_and_relaxed(place, value) atomic_fetch_and_explicit((place), (value), memory_order_relaxed)
#define fetch_and_acq_rel(place, value) atomic_fetch_and_explicit((place), (value), memory_order_acq_rel)

// A failed compare-and-swap has written nothing, so it needs at most the acquire half of the order.
#define cas_relaxed(place, expected, desired)                                                                          \
    atomic_compare_exchange_strong_explicit((place), (expected), (desired), memory_order_relaxed, memory_order_relaxed)
#define cas_acquire(place, expected, desired)                                                                          \
    atomic_compare_exchange_strong_explicit((place), (expected), (desired), memory_order_acquire, memory_order_acquire)
#define cas_release(place, expected, desired)                                                                          \
    atomic_compare_exchange_strong_explicit((place), (expected), (desired), memory_order_release, memory_order_relaxed)
#define cas_acq_rel(place, expected, desired)                                                                          \
    atomic_compare_exchange_strong_explicit((place), (expected), (desired), memory_order_acq_rel, memory_order_acquire)
#define cas_seq_cst(place, expected, desired)                                                                          \
    atomic_compare_exchange_strong_explicit((place), (expected), (desired), memory_order_seq_cst, memory_order_seq_cst)

#if UNDER_THREAD_SANITIZER
// The program still runs on real hardware there: a locked operation on a dummy keeps stores and later loads in order.
static inline void fence_seq_cst(void) {
    _Atomic int dummy = 0;
    (void)fetch_add_seq_cst(&dummy, 1); // only the barrier is wanted
}
#define load_fenced(place) load_seq_cst(place)
#define store_fenced(place, value) store_seq_cst(place, value)
#else
static inline void fence_seq_cst(void) { atomic_thread_fence(memory_order_seq_cst); }
#define load_fenced(place) load_relaxed(place)
#define store_fenced(place, value) store_relaxed(place, value)
#endif

// Tells the core that this is a spin loop, so that it gives way to its sibling.
static inline void spin_hint(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) && !defined(__TINYC__)
    __asm__ volatile("isb");
#endif
}

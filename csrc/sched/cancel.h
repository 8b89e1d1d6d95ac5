// sched/cancel.h: one word that says "stop". Set by whoever is interrupted, polled by whoever works.
//
// WHY        Ctrl-C must end a stage within 100 ms and leave a usable workspace. Nothing is torn down from outside: a
//            stage polls between items, and long items poll on the way (worker_cancelled), then return STATUS_CANCELLED.
// THREADS    Any thread may set, ask and (between stages) reset. Setting is safe in a signal handler.
#pragma once
#include "base/atomics.h"
#include "base/status.h"

typedef struct CancelFlag {
    _Atomic uint32_t requested; // 0 or 1
} CancelFlag;

// Relaxed throughout: the flag carries no data, and whoever sees it late only works a little longer.
static inline void cancel_request(CancelFlag *flag) { store_relaxed(&flag->requested, 1u); }
static inline void cancel_reset(CancelFlag *flag) { store_relaxed(&flag->requested, 0u); }
static inline bool cancel_requested(const CancelFlag *flag) { return load_relaxed(&flag->requested) != 0; }

// sched/trace.h: what the workers of a pool did and when: one event for each item and task, one record for each parallel-for.
//
// WHY        "Which part of a build is serial, which item ends a stage alone, who waits for whom" is answered by a recording
//            of a real build, not by guessing. It costs so little (COST) that every run is recorded.
// SHAPE      worker 0 ▶ [ chunk ][ chunk ]     events in the order in which they began; one inside another where an item
//            worker 1 ▶ [ chunk ]              runs a parallel-for itself
//            loops    ▶ [ begin end kind count stage ] …      an event names its loop
// INVARIANTS R1 A worker writes only into chunks that it owns; nothing on the path of an item is shared.
//            R2 Every item (range, of a parallel-for over ranges) and task that ran has exactly one event, or is counted in
//               `dropped`. What was forked and taken back by its own worker is part of what forked it.
//            R3 An event lies within its loop, a nested event within the one that it runs in.       tests/unit/test_trace.c
//            R4 Memory is bounded: TRACE_CHUNKS_MAX chunks, kept for the next run and freed with the trace.
// THREADS    trace_start, trace_stop and everything that reads: one thread, while no item or task of the pool runs. What the
//            hooks write is visible then, because the end of a parallel-for is (P2 of sched.h).
// COST       Two readings of the clock and 32 bytes for each item.         Figures: python -m bench.trace
#pragma once
#include "sched/sched.h"

typedef struct Trace Trace;

#define TRACE_CHUNK_EVENTS 2048u // 64 KiB
#define TRACE_CHUNKS_MAX 1024u   // of all workers together: 2 M events, 64 MiB
#define TRACE_LOOPS_MAX 65536u
#define TRACE_NO_LOOP UINT32_MAX
#define TRACE_NOBODY UINT16_MAX

typedef struct TraceEvent {
    int64_t begin, end; // clock_now_ns; the end of one that is still open is 0
    uint32_t item;
    uint32_t loop;        // index of a TraceLoop; TRACE_NO_LOOP for a task outside of any
    uint16_t stolen_from; // a worker; TRACE_NOBODY
    uint8_t kind;         // a WorkKind
} TraceEvent;

typedef struct TraceLoop {
    int64_t begin, end;
    uint32_t count;
    uint32_t stage; // what trace_stage was told last
    WorkKind kind;
} TraceLoop;

// STATUS_NO_MEMORY; *out is NULL then. The trace must be freed before its pool; it takes the pool's hooks.
MUST_USE Status trace_create(Pool *pool, Trace **out);
void trace_free(Trace *trace); // NULL is allowed

void trace_start(Trace *trace); // forgets what there was; from here on the pool's work is recorded
void trace_stop(Trace *trace);
void trace_stage(Trace *trace, uint32_t stage); // loops that begin from now on belong to it; while nothing runs

int64_t trace_origin(const Trace *trace);         // when trace_start was called
uint64_t trace_dropped(const Trace *trace);       // events and loops that had no room
uint32_t trace_loop_count(const Trace *trace);    // recorded ones
const TraceLoop *trace_loops(const Trace *trace); // trace_loop_count of them
// The events of a worker, in the order in which they began, a chunk at a time: chunk 0, 1 … until NULL.
const TraceEvent *trace_chunk(const Trace *trace, uint32_t worker, uint32_t chunk, uint32_t *count);

const char *work_kind_name(WorkKind kind); // "parse file"
ItemNoun work_kind_noun(WorkKind kind);

// sched/trace.c: recording what a pool's workers do. See trace.h.
//
// AN EVENT is made when its item begins and completed when it ends. Between the two the worker may run others: an item that
// starts a parallel-for works on it, a task that waits for a group runs tasks. They nest like brackets, so the open events
// of a worker form a stack; it needs no memory of its own, because an open event has no end yet and keeps there the
// position of the one below it.
#include "sched/trace.h"
#include "base/clock.h"
#include <stdlib.h>
#include <string.h>

#define NO_EVENT INT64_C(-1) // below the last open event

typedef struct Record {                // one worker's
    CACHE_ALIGNED TraceEvent **chunks; // grown by the worker
    uint32_t chunk_count;              // that hold memory, from whichever run
    uint32_t chunk_capacity;
    int64_t event_count;
    int64_t open;          // index of the innermost event that has not ended
    uint64_t open_dropped; // items without an event that have not ended; all of them lie inside of `open`
    uint64_t dropped;
} Record;

struct Trace {
    Pool *pool;
    Record *records;
    uint32_t worker_count;
    uint32_t stage;
    int64_t origin;
    TraceLoop *loops;
    // Written by all, but once in 2048 events and once a loop.
    CACHE_ALIGNED _Atomic uint32_t chunk_count;
    _Atomic uint64_t first_loop; // the pool's number of loops[0]; 0: none has begun yet
    _Atomic uint32_t loop_count; // of all loops, also those without room
};

static TraceEvent *event_at(const Record *record, int64_t index) {
    return &record->chunks[index / TRACE_CHUNK_EVENTS][index % TRACE_CHUNK_EVENTS];
}

// Room for one more event. Once there is none there will be none in this run, so what is dropped nests inside what is not.
static bool record_grow(Trace *trace, Record *record) {
    if (record->dropped > 0) return false;
    // Relaxed: a budget, it carries no data.
    if (fetch_add_relaxed(&trace->chunk_count, 1u) >= TRACE_CHUNKS_MAX) return false;
    if (record->chunk_count == record->chunk_capacity) {
        uint32_t capacity = record->chunk_capacity == 0 ? 8 : record->chunk_capacity * 2;
        TraceEvent **chunks = realloc(record->chunks, capacity * sizeof(TraceEvent *));
        if (chunks == NULL) return false;
        record->chunks = chunks;
        record->chunk_capacity = capacity;
    }
    TraceEvent *chunk = malloc(TRACE_CHUNK_EVENTS * sizeof *chunk);
    if (chunk == NULL) return false;
    record->chunks[record->chunk_count++] = chunk;
    return true;
}

// ---- the pool's hooks around an item or a task, on its worker

// 0 is no loop; the unsigned distance of loops that began before trace_start is too large as well.
static uint32_t loop_index(const Trace *trace, uint64_t loop) {
    uint64_t distance = loop - load_relaxed(&trace->first_loop); // relaxed: set before the first item of any loop
    return loop != 0 && distance < TRACE_LOOPS_MAX ? (uint32_t)distance : TRACE_NO_LOOP;
}

static void event_begin(void *context, Worker *worker, const TaskInfo *info) {
    Trace *trace = context;
    Record *record = &trace->records[worker_index(worker)];
    int64_t index = record->event_count;
    if (index / TRACE_CHUNK_EVENTS >= record->chunk_count && !record_grow(trace, record)) {
        record->dropped++;
        record->open_dropped++;
        return;
    }
    record->event_count++;
    *event_at(record, index) =
        (TraceEvent){.begin = clock_now_ns(),
                     .end = record->open,
                     .item = info->item,
                     .loop = loop_index(trace, info->loop),
                     .stolen_from = info->stolen_from < 0 ? TRACE_NOBODY : (uint16_t)info->stolen_from,
                     .kind = (uint8_t)info->kind};
    record->open = index;
}

static void event_end(void *context, Worker *worker, const TaskInfo *info) {
    (void)info; // brackets: it is the innermost
    Trace *trace = context;
    Record *record = &trace->records[worker_index(worker)];
    if (record->open_dropped > 0) {
        record->open_dropped--;
        return;
    }
    TraceEvent *event = event_at(record, record->open);
    record->open = event->end;
    event->end = clock_now_ns();
}

// ---- the pool's hooks around a parallel-for, on the thread that starts it

static TraceLoop *loop_of(const Trace *trace, uint64_t loop) {
    uint32_t index = loop_index(trace, loop);
    return index != TRACE_NO_LOOP ? &trace->loops[index] : NULL;
}

static void loop_begin(void *context, Worker *worker, const LoopInfo *info) {
    (void)worker;
    Trace *trace = context;
    uint64_t none = 0;
    (void)cas_relaxed(&trace->first_loop, &none, info->loop); // fails for all but the first
    (void)fetch_add_relaxed(&trace->loop_count, 1u);          // relaxed: read after the run
    TraceLoop *loop = loop_of(trace, info->loop);
    if (loop == NULL) return;
    *loop = (TraceLoop){.count = info->count, .stage = trace->stage, .kind = info->kind};
    loop->begin = clock_now_ns();
}

static void loop_end(void *context, Worker *worker, const LoopInfo *info) {
    (void)worker;
    TraceLoop *loop = loop_of(context, info->loop);
    if (loop != NULL) loop->end = clock_now_ns();
}

// ---- life cycle

void trace_free(Trace *trace) {
    if (trace == NULL) return;
    trace_stop(trace);
    for (uint32_t i = 0; trace->records != NULL && i < trace->worker_count; i++) {
        for (uint32_t chunk = 0; chunk < trace->records[i].chunk_count; chunk++)
            free(trace->records[i].chunks[chunk]);
        free(trace->records[i].chunks);
    }
    free(trace->records);
    free(trace->loops);
    free(trace);
}

Status trace_create(Pool *pool, Trace **out) {
    *out = NULL;
    Trace *trace = aligned_alloc(CACHE_LINE_BYTES, sizeof *trace);
    if (trace == NULL) return STATUS_NO_MEMORY;
    memset(trace, 0, sizeof *trace);
    trace->pool = pool;
    trace->worker_count = pool_thread_count(pool);
    trace->records = aligned_alloc(CACHE_LINE_BYTES, trace->worker_count * sizeof(Record));
    trace->loops = calloc(TRACE_LOOPS_MAX, sizeof(TraceLoop)); // untouched pages cost nothing
    if (trace->records != NULL) memset(trace->records, 0, trace->worker_count * sizeof(Record));
    if (trace->records == NULL || trace->loops == NULL) {
        trace_free(trace);
        return STATUS_NO_MEMORY;
    }
    *out = trace;
    return STATUS_OK;
}

void trace_start(Trace *trace) {
    uint32_t chunk_count = 0;
    for (uint32_t i = 0; i < trace->worker_count; i++) {
        Record *record = &trace->records[i];
        record->event_count = 0;
        record->open = NO_EVENT;
        record->open_dropped = record->dropped = 0;
        chunk_count += record->chunk_count;
    }
    store_relaxed(&trace->chunk_count, chunk_count); // relaxed, as the next: nothing runs
    store_relaxed(&trace->loop_count, 0u);
    store_relaxed(&trace->first_loop, UINT64_C(0));
    trace->stage = 0;
    pool_set_hook(trace->pool, event_begin, event_end, trace);
    pool_set_loop_hook(trace->pool, loop_begin, loop_end, trace);
    trace->origin = clock_now_ns();
}

void trace_stop(Trace *trace) {
    pool_set_hook(trace->pool, NULL, NULL, NULL);
    pool_set_loop_hook(trace->pool, NULL, NULL, NULL);
}

void trace_stage(Trace *trace, uint32_t stage) { trace->stage = stage; }

// ---- reading

int64_t trace_origin(const Trace *trace) { return trace->origin; }

uint64_t trace_dropped(const Trace *trace) {
    uint32_t loops = load_relaxed(&trace->loop_count); // relaxed: nothing runs
    uint64_t dropped = loops > TRACE_LOOPS_MAX ? loops - TRACE_LOOPS_MAX : 0;
    for (uint32_t i = 0; i < trace->worker_count; i++)
        dropped += trace->records[i].dropped;
    return dropped;
}

uint32_t trace_loop_count(const Trace *trace) {
    uint32_t loops = load_relaxed(&trace->loop_count); // relaxed: nothing runs
    return loops < TRACE_LOOPS_MAX ? loops : TRACE_LOOPS_MAX;
}

const TraceLoop *trace_loops(const Trace *trace) { return trace->loops; }

const TraceEvent *trace_chunk(const Trace *trace, uint32_t worker, uint32_t chunk, uint32_t *count) {
    const Record *record = &trace->records[worker];
    int64_t left = record->event_count - (int64_t)chunk * TRACE_CHUNK_EVENTS;
    if (left <= 0) return NULL;
    *count = left < TRACE_CHUNK_EVENTS ? (uint32_t)left : TRACE_CHUNK_EVENTS;
    return record->chunks[chunk];
}

// ---- the table of kinds

static const struct {
    const char *name;
    ItemNoun noun;
} KINDS[WORK_KIND_COUNT] = {
#define ROW(id, shown, noun_name) [WORK_##id] = {shown, NOUN_##noun_name},
    WORK_KINDS(ROW)
#undef ROW
};

const char *work_kind_name(WorkKind kind) { return KINDS[kind].name; }
ItemNoun work_kind_noun(WorkKind kind) { return KINDS[kind].noun; }

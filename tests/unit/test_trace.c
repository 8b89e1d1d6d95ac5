// tests/unit/test_trace.c shows R2–R4 of sched/trace.h: every item has one event, events lie within their loops and nest,
// and memory stays within its bound.
#include "base/clock.h"
#include "sched/trace.h"
#include "tests/unit/harness.h"
#include <stdlib.h>

static const uint32_t thread_counts[] = {1, 2, 3, 8};

typedef struct Fixture {
    Pool *pool;
    Trace *trace;
} Fixture;

static Fixture fixture_of(uint32_t threads) {
    Fixture fixture = {0};
    ThreadPoolConfig config = {.max_threads = threads, .stack_size = 256 * 1024};
    REQUIRE(pool_create(&config, &fixture.pool) == STATUS_OK);
    REQUIRE(trace_create(fixture.pool, &fixture.trace) == STATUS_OK);
    return fixture;
}

static void fixture_free(Fixture fixture) {
    trace_free(fixture.trace);
    pool_free(fixture.pool);
}

#define FOR_EACH_FIXTURE(fixture)                                                                                      \
    for (size_t number = 0; number < sizeof thread_counts / sizeof *thread_counts; number++)                           \
        for (Fixture fixture = fixture_of(thread_counts[number]); fixture.pool != NULL;                                \
             fixture_free(fixture), fixture = (Fixture){0})

typedef void (*Visit)(void *context, uint32_t worker, const TraceEvent *event);

static void visit_events(Fixture fixture, Visit visit, void *context) {
    for (uint32_t worker = 0; worker < pool_thread_count(fixture.pool); worker++) {
        uint32_t count;
        const TraceEvent *chunk;
        for (uint32_t c = 0; (chunk = trace_chunk(fixture.trace, worker, c, &count)) != NULL; c++)
            for (uint32_t i = 0; i < count; i++)
                visit(context, worker, &chunk[i]);
    }
}

// ---- jobs

static Status short_item(Worker *worker, void *job, uint32_t item) {
    (void)worker;
    (void)job;
    for (uint32_t i = 0; i < item % 50; i++)
        spin_hint();
    return STATUS_OK;
}

static Status tiny_item(Worker *worker, void *job, uint32_t item) {
    (void)worker;
    (void)job;
    (void)item;
    return STATUS_OK;
}

enum { OUTER = 40, INNER = 25 };

static Status nesting_item(Worker *worker, void *job, uint32_t item) {
    (void)item;
    return pool_for_each_named(worker_pool(worker), WORK_lex_chunk, NULL, INNER, short_item, job);
}

static Status leaf_task(Worker *worker, void *argument) {
    (void)worker;
    (void)argument;
    return STATUS_OK;
}

static Status spawning_task(Worker *worker, void *argument) {
    TaskGroup group = {0};
    for (uint32_t i = 0; i < INNER; i++)
        task_spawn(worker, &group, leaf_task, argument);
    return group_wait(worker, &group);
}

// ---- what must hold

typedef struct Seen {
    const Trace *trace;
    uint32_t *counts; // of each item of the loop that is looked at
    uint32_t loop;
    uint64_t events, wrong;
    uint32_t worker;
    int64_t last_begin;
} Seen;

static void see_event(void *context, uint32_t worker, const TraceEvent *event) {
    Seen *seen = context;
    seen->events++;
    if (worker != seen->worker) seen->last_begin = 0;
    seen->worker = worker;
    seen->wrong += event->begin < seen->last_begin || event->end < event->begin;
    seen->last_begin = event->begin;
    if (event->loop == TRACE_NO_LOOP) return;
    const TraceLoop *loop = &trace_loops(seen->trace)[event->loop];
    seen->wrong += event->begin < loop->begin || event->end > loop->end || event->item >= loop->count;
    seen->wrong += event->kind != (uint8_t)loop->kind;
    if (event->loop == seen->loop) seen->counts[event->item]++;
}

static Seen look(Fixture fixture, uint32_t loop, uint32_t count) {
    Seen seen = {.trace = fixture.trace, .loop = loop, .worker = UINT32_MAX};
    seen.counts = arena_array(test_arena(), uint32_t, count);
    visit_events(fixture, see_event, &seen);
    for (uint32_t i = 0; i < count; i++)
        seen.wrong += seen.counts[i] != 1;
    return seen;
}

TEST(every_item_has_one_event_within_its_loop) {
    FOR_EACH_FIXTURE(fixture) {
        uint32_t count = TRACE_CHUNK_EVENTS * 3 + 5;
        for (uint32_t run = 0; run < 3; run++) { // the second and third in the chunks of the first
            trace_start(fixture.trace);
            trace_stage(fixture.trace, 7);
            CHECK(pool_for_each_named(fixture.pool, WORK_read_file, NULL, 10, short_item, NULL) == STATUS_OK);
            trace_stage(fixture.trace, 8);
            CHECK(pool_for_each_named(fixture.pool, WORK_check_body, NULL, count, short_item, NULL) == STATUS_OK);
            trace_stop(fixture.trace);
            CHECK_INT(trace_loop_count(fixture.trace), 2);
            CHECK_INT(trace_loops(fixture.trace)[0].stage, 7);
            CHECK_INT(trace_loops(fixture.trace)[1].stage, 8);
            CHECK_INT(trace_loops(fixture.trace)[1].kind, WORK_check_body);
            CHECK(trace_loops(fixture.trace)[0].begin >= trace_origin(fixture.trace));
            CHECK(trace_loops(fixture.trace)[1].begin >= trace_loops(fixture.trace)[0].end);
            Seen seen = look(fixture, 1, count);
            CHECK_INT(seen.wrong, 0);
            CHECK_INT(seen.events, count + 10);
            CHECK_INT(trace_dropped(fixture.trace), 0);
        }
    }
}

TEST(loops_inside_items_nest) {
    FOR_EACH_FIXTURE(fixture) {
        trace_start(fixture.trace);
        CHECK(pool_for_each_named(fixture.pool, WORK_parse_file, NULL, OUTER, nesting_item, NULL) == STATUS_OK);
        trace_stop(fixture.trace);
        CHECK_INT(trace_loop_count(fixture.trace), 1 + OUTER);
        for (uint32_t loop = 0; loop <= OUTER; loop++) {
            Seen seen = look(fixture, loop, loop == 0 ? OUTER : INNER);
            CHECK_INT(seen.wrong, 0);
            CHECK_INT(seen.events, OUTER + OUTER * INNER);
        }
    }
}

typedef struct TaskCount {
    uint32_t tasks, in_loops, open;
} TaskCount;

static void count_task(void *context, uint32_t worker, const TraceEvent *event) {
    (void)worker;
    TaskCount *count = context;
    count->tasks += event->item == TASK_NO_ITEM;
    count->in_loops += event->loop != TRACE_NO_LOOP;
    count->open += event->end < event->begin;
}

TEST(tasks_have_events_without_a_loop) {
    FOR_EACH_FIXTURE(fixture) {
        trace_start(fixture.trace);
        TaskGroup group = {0};
        for (uint32_t i = 0; i < OUTER; i++)
            REQUIRE(pool_submit(fixture.pool, &group, spawning_task, NULL) == STATUS_OK);
        CHECK(pool_wait(fixture.pool, &group) == STATUS_OK);
        trace_stop(fixture.trace);
        TaskCount count = {0};
        visit_events(fixture, count_task, &count);
        CHECK_INT(count.tasks, OUTER + OUTER * INNER);
        CHECK_INT(count.in_loops, 0);
        CHECK_INT(count.open, 0);
    }
}

TEST(what_has_no_room_is_counted) {
    Fixture fixture = fixture_of(2);
    trace_start(fixture.trace);
    uint32_t room = TRACE_CHUNKS_MAX * TRACE_CHUNK_EVENTS, more = 3 * TRACE_CHUNK_EVENTS;
    CHECK(pool_for_each_named(fixture.pool, WORK_read_file, NULL, room + more, tiny_item, NULL) == STATUS_OK);
    CHECK(pool_for_each_named(fixture.pool, WORK_parse_file, NULL, OUTER, nesting_item, NULL) == STATUS_OK);
    trace_stop(fixture.trace);
    Seen seen = {.trace = fixture.trace, .loop = TRACE_NO_LOOP, .worker = UINT32_MAX};
    visit_events(fixture, see_event, &seen);
    CHECK_INT(seen.wrong, 0);
    CHECK(seen.events <= room);
    CHECK_INT(seen.events + trace_dropped(fixture.trace), room + more + OUTER + OUTER * INNER);
    trace_start(fixture.trace); // and there is room again
    CHECK(pool_for_each_named(fixture.pool, WORK_read_file, NULL, 100, short_item, NULL) == STATUS_OK);
    trace_stop(fixture.trace);
    CHECK_INT(trace_dropped(fixture.trace), 0);
    CHECK_INT(look(fixture, 0, 100).wrong, 0);
    fixture_free(fixture);
}

TEST(loops_without_room_are_counted) {
    Fixture fixture = fixture_of(2);
    trace_start(fixture.trace);
    for (uint32_t i = 0; i < TRACE_LOOPS_MAX + 10; i++)
        CHECK(pool_for_each_named(fixture.pool, WORK_read_file, NULL, 1, tiny_item, NULL) == STATUS_OK);
    trace_stop(fixture.trace);
    CHECK_INT(trace_loop_count(fixture.trace), TRACE_LOOPS_MAX);
    CHECK_INT(trace_dropped(fixture.trace), 10);
    CHECK_INT(look(fixture, 5, 1).wrong, 0);
    fixture_free(fixture);
}

TEST(nothing_is_recorded_when_stopped) {
    Fixture fixture = fixture_of(2);
    trace_start(fixture.trace);
    trace_stop(fixture.trace);
    CHECK(pool_for_each_named(fixture.pool, WORK_read_file, NULL, 100, short_item, NULL) == STATUS_OK);
    CHECK_INT(look(fixture, 0, 0).events, 0);
    CHECK_INT(trace_loop_count(fixture.trace), 0);
    fixture_free(fixture);
}

TEST(every_kind_has_a_name_of_its_own) {
    for (int kind = 0; kind < WORK_KIND_COUNT; kind++) {
        Text name = text_from(work_kind_name((WorkKind)kind));
        CHECK(name.length > 0);
        for (int other = 0; other < kind; other++)
            CHECK(!text_equal(name, text_from(work_kind_name((WorkKind)other))));
    }
}

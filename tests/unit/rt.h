// tests/unit/rt.h: what the tests of the runtime share: a task, short ways to make values, and a leak check.
#pragma once
#include "runtime/runtime_internal.h"
#include "tests/unit/harness.h"

static SiTask *task;
static int64_t cells_before;
static const SiPlace here = {"t.si", 3, 7};

// Every test begins with BEGIN and ends with END, which sees that nothing is left alive.
#define BEGIN()                                                                                                        \
    do {                                                                                                               \
        Task *made = si_task_create(0);                                                                                \
        REQUIRE(made != NULL);                                                                                         \
        task = &made->base;                                                                                            \
        cells_before = si_live_cells();                                                                                \
    } while (0)
#define END()                                                                                                          \
    do {                                                                                                               \
        CHECK_INT(si_live_cells() - cells_before, 0);                                                                  \
        CHECK(task->frames == NULL);                                                                                   \
        si_task_free(task_of(task));                                                                                   \
    } while (0)

static inline SiStr *str(const char *text) { return si_str_from(task, text, (int64_t)strlen(text)); }
static inline Text text_of(const SiStr *s) { return (Text){s->data, (uint32_t)s->bytes}; }

// Checks a text that the runtime made (and its length in code points), and releases it.
#define CHECK_STR(made, expected)                                                                                      \
    do {                                                                                                               \
        SiStr *made_str = (made);                                                                                      \
        CHECK_TEXT(text_of(made_str), text_from(expected));                                                            \
        CHECK_INT(made_str->points, si_utf8_count(made_str->data, made_str->bytes));                                   \
        si_release(task, made_str);                                                                                    \
    } while (0)
// The same of a value's text.
#define CHECK_SHOWN(value, type, expected) CHECK_STR(si_show(task, (value), (type)), (expected))

// Checks that `call` panics with the message.
#define CHECK_PANIC(call, expected)                                                                                    \
    do {                                                                                                               \
        Catch guard = {.parent = task_of(task)->catches, .frames = task->frames};                                      \
        task_of(task)->catches = &guard;                                                                               \
        if (setjmp(guard.jump) == 0) {                                                                                 \
            (void)(call);                                                                                              \
            task_of(task)->catches = guard.parent;                                                                     \
            FAIL("no panic: %s", #call);                                                                               \
        } else {                                                                                                       \
            task_of(task)->catches = guard.parent;                                                                     \
            task->frames = guard.frames;                                                                               \
            si_task_failure_free(task, &task_of(task)->failure);                                                       \
            CHECK_STR(guard.message, expected);                                                                        \
        }                                                                                                              \
    } while (0)

#define LIST_TYPE(symbol, text, part)                                                                                  \
    static const SiType symbol = {                                                                                     \
        .kind = SI_LIST, .size = 8, .align = 8, .counted = 1, .name = (text), .element = (part), .printable = 1}

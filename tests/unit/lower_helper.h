// tests/unit/lower_helper.h: Sigil text to core form, for the tests of ir/lower*.c and ir/instances.c.
//
// core_from_text checks and lowers a text as module `main`. It notes a failure for each message of the checker (but for unused
// names) and for each function that core_verify refuses. The others find, print and count what came out.
#pragma once
#include "ir/core.h"
#include "tests/unit/harness.h"
#include "tests/unit/program_helper.h"

typedef struct TestCore {
    TestProgram *program;
    CoreProgram *core;
} TestCore;

// The checker's messages without those about unused names, which small tests cannot avoid.
static inline Text messages_that_count(TestProgram *p) {
    Text all = program_messages(p);
    Buffer kept = buffer_in(test_arena());
    for (uint32_t start = 0; start < all.length;) {
        uint32_t end = start;
        while (end < all.length && all.data[end] != '\n')
            end++;
        Text line = {all.data + start, end - start};
        bool is_unused = false;
        for (uint32_t i = 0; i + 5 <= line.length; i++)
            is_unused |= memcmp(line.data + i, "W0242", 5) == 0;
        if (!is_unused) buffer_text(&kept, line);
        start = end + 1;
    }
    return (Text){kept.data, (uint32_t)kept.length};
}

static inline TestCore core_from_text(const char *text, uint32_t threads) {
    TestModule module = {.name = "main", .text = text};
    TestOptions options = {.threads = threads};
    TestCore c = {.program = program_from(&module, 1, &options)};
    REQUIRE(bodies_check(c.program->program, c.program->pool, NULL) == STATUS_OK);
    CHECK_TEXT(messages_that_count(c.program), TEXT(""));
    REQUIRE(core_lower(c.program->program, true, c.program->pool, &c.core) == STATUS_OK);
    for (uint32_t i = 1; i <= c.core->function_count; i++) {
        const char *problem = core_verify(c.core, c.core->functions[i], test_arena());
        if (problem == NULL) continue;
        Buffer printed = buffer_in(test_arena());
        core_print(c.core, c.core->functions[i], &printed);
        FAIL("%s in\n%.*s", problem, (int)printed.length, printed.data);
    }
    return c;
}

static inline void core_end(TestCore *c) {
    core_program_free(c->core);
    program_end(c->program);
}

static inline const CoreFunction *core_function(const TestCore *c, const char *symbol) {
    for (uint32_t i = 1; i <= c->core->function_count; i++)
        if (text_equal(c->core->functions[i]->symbol, text_from(symbol))) return c->core->functions[i];
    return NULL;
}

static inline Text core_text(const TestCore *c, const char *symbol) {
    const CoreFunction *function = core_function(c, symbol);
    REQUIRE(function != NULL);
    Buffer out = buffer_in(test_arena());
    core_print(c->core, function, &out);
    return (Text){out.data, (uint32_t)out.length};
}

static inline Text core_whole_text(const TestCore *c) {
    Buffer out = buffer_in(test_arena());
    for (uint32_t i = 1; i <= c->core->function_count; i++)
        core_print(c->core, c->core->functions[i], &out);
    return (Text){out.data, (uint32_t)out.length};
}

static inline uint32_t core_count(const TestCore *c, const char *symbol, CoreOp op) {
    const CoreFunction *function = core_function(c, symbol);
    REQUIRE(function != NULL);
    uint32_t count = 0;
    for (uint32_t i = 0; i < function->code_count; i++)
        count += function->code[i].op == op;
    return count;
}

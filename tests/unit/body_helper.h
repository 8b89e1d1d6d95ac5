// tests/unit/body_helper.h: one function body with a few declarations before it, and what the checker says about it.
#pragma once
#include "tests/unit/harness.h"
#include "tests/unit/program_helper.h"

// Stands on line 1 of every program here, so that the text of a test begins on line 2.
#define BODY_HEADER                                                                                                    \
    "type Shape = Circle(radius: float) | Square(side: float) | Empty #[derive(Eq, Printable)] type Point "            \
    "= { x: int, y: int } type Id = str type Tree<T> = Leaf | Node(left: Tree<T>, value: T, right: "                   \
    "Tree<T>) type Plain = { a: int } $limit = 10 @half (x: float) -> float = x / 2.0 @two (a: int, b: "               \
    "str) -> int = a + b.len() @same<T: Eq> (a: T, b: T) -> bool = a == b @apply (f: (int) -> int, x: "                \
    "int) -> int = f(x)\n"

static inline void body_compare(const char *text, const char *expected, bool is_full) {
    Text whole = arena_format(test_arena(), "%s%s", BODY_HEADER, text);
    TestProgram *p = program_from_text(whole.data);
    CHECK_INT(bodies_check(p->program, p->pool, NULL), STATUS_OK);
    Text found = is_full ? program_messages_full(p) : program_messages(p);
    if (!text_equal(found, text_from(expected))) FAIL("of %s", text);
    CHECK_TEXT(found, text_from(expected));
    for (uint32_t i = 1; i <= p->program->function_count; i++)
        typed_body_free(&p->program->bodies[i]);
    program_end(p);
}
static inline void body_says(const char *text, const char *expected) { body_compare(text, expected, false); }
static inline void body_says_in_full(const char *text, const char *expected) { body_compare(text, expected, true); }
static inline void body_is_good(const char *text) { body_compare(text, "", false); }

// tests/unit/harness.h: what a unit test in C is written with. One program per C module, no Python in the process.
//
//     TEST(empty_deque_gives_nothing) {
//         Deque *d = deque_for_test();
//         CHECK(deque_take(d) == NULL);
//     }
//
// The program runs its tests in the order of the file, prints one line for each and ends with status 1 if any failed.
// Arguments choose tests by a piece of their name. A test that takes longer than its limit (SIGIL_TEST_SECONDS, 60 by
// default) or that crashes ends the program with a line that names it.
//
// THREADS  CHECK and its kin may be used from any thread. REQUIRE ends the test only in the thread that runs it; in
//          another thread a failed REQUIRE ends the program.
#pragma once
#include "base/arena.h"
#include <inttypes.h>

#define TEST(name)                                                                                                     \
    static void test_##name(void);                                                                                     \
    __attribute__((constructor)) static void register_##name(void) { harness_register(#name, test_##name); }           \
    static void test_##name(void)

// Notes a failure and goes on, so that one run shows as much as possible.
#define CHECK(condition) ((void)harness_check((condition) ? true : false, __FILE__, __LINE__, #condition))
// Ends the test on failure: for what the following lines rest on.
#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!harness_check((condition) ? true : false, __FILE__, __LINE__, #condition)) harness_end_test();            \
    } while (0)
// These print both values when they differ.
#define CHECK_INT(actual, expected)                                                                                    \
    harness_check_int((int64_t)(actual), (int64_t)(expected), __FILE__, __LINE__, #actual " is " #expected)
#define CHECK_TEXT(actual, expected)                                                                                   \
    harness_check_text((actual), (expected), __FILE__, __LINE__, #actual " is " #expected)
#define CHECK_STRING(actual, expected)                                                                                 \
    harness_check_text(text_from(actual), text_from(expected), __FILE__, __LINE__, #actual " is " #expected)
#define FAIL(...) harness_fail(__FILE__, __LINE__, __VA_ARGS__)

Arena *test_arena(void); // one arena, released when the test ends. Only for the thread that runs the test.

// `plain` rounds, or fewer of them where a sanitizer makes each slower (1/4 for ASan, 1/10 for TSan); at least 1.
uint32_t test_rounds(uint32_t plain);

// A number from xorshift64* (Vigna 2016). The state is the caller's and must not be 0; the same start, the same numbers.
uint64_t test_random(uint64_t *state);

// What the macros above call.
void harness_register(const char *name, void (*function)(void));
bool harness_check(bool holds, const char *file, int line, const char *condition);
void harness_check_int(int64_t actual, int64_t expected, const char *file, int line, const char *what);
void harness_check_text(Text actual, Text expected, const char *file, int line, const char *what);
void harness_fail(const char *file, int line, const char *format, ...) PRINTF_LIKE(3, 4);
NO_RETURN void harness_end_test(void);

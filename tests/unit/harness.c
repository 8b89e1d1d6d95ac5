// tests/unit/harness.c: main() of every unit test program. See harness.h.
#include "tests/unit/harness.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define TESTS_MAX 1024
#define FAILURES_PRINTED_MAX 20 // of one test; a check in a stress loop would fill the screen

typedef struct Test {
    const char *name;
    void (*function)(void);
} Test;

static Test tests[TESTS_MAX];
static uint32_t test_count;

static const char *running; // name of the running test
static atomic_uint failure_count;
static pthread_t runner;
static jmp_buf test_end;
static Arena arena;

void harness_register(const char *name, void (*function)(void)) {
    if (test_count == TESTS_MAX) abort();
    tests[test_count++] = (Test){name, function};
}

static bool is_printed(void) {
    unsigned failures = atomic_fetch_add(&failure_count, 1) + 1;
    if (failures == FAILURES_PRINTED_MAX + 1) fprintf(stderr, "    (and more)\n");
    return failures <= FAILURES_PRINTED_MAX;
}

bool harness_check(bool holds, const char *file, int line, const char *condition) {
    if (!holds && is_printed()) fprintf(stderr, "%s:%d: in %s: not true: %s\n", file, line, running, condition);
    return holds;
}

void harness_check_int(int64_t actual, int64_t expected, const char *file, int line, const char *what) {
    if (actual == expected || !is_printed()) return;
    fprintf(stderr, "%s:%d: in %s: not true: %s\n    actual   %" PRId64 "\n    expected %" PRId64 "\n", file, line,
            running, what, actual, expected);
}

void harness_check_text(Text actual, Text expected, const char *file, int line, const char *what) {
    if (text_equal(actual, expected) || !is_printed()) return;
    fprintf(stderr, "%s:%d: in %s: not true: %s\n    actual   \"%.*s\"\n    expected \"%.*s\"\n", file, line, running,
            what, (int)actual.length, actual.length > 0 ? actual.data : "", (int)expected.length,
            expected.length > 0 ? expected.data : "");
}

void harness_fail(const char *file, int line, const char *format, ...) {
    if (!is_printed()) return;
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s:%d: in %s: ", file, line, running);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
}

void harness_end_test(void) {
    if (pthread_equal(pthread_self(), runner)) longjmp(test_end, 1);
    fprintf(stderr, "FAIL %s (in another thread)\n", running);
    _exit(1);
}

Arena *test_arena(void) { return &arena; }

#if defined(__has_feature)
#define HAS_FEATURE(feature) __has_feature(feature)
#else
#define HAS_FEATURE(feature) 0
#endif
#if defined(__SANITIZE_THREAD__) || HAS_FEATURE(thread_sanitizer)
#define SLOWNESS 10u
#elif defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#define SLOWNESS 4u
#else
#define SLOWNESS 1u
#endif

uint32_t test_rounds(uint32_t plain) { return plain / SLOWNESS > 0 ? plain / SLOWNESS : 1; }

uint64_t test_random(uint64_t *state) {
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 0x2545F4914F6CDD1Du;
}

// Signal handlers may only write(2); the sanitizers keep their own handlers for crashes, which say more.
static void say(const char *first, const char *second) {
    if (write(STDERR_FILENO, first, strlen(first)) < 0 || write(STDERR_FILENO, second, strlen(second)) < 0 ||
        write(STDERR_FILENO, "\n", 1) < 0)
        _exit(125);
}

static void on_alarm(int signal_number) {
    (void)signal_number;
    say("FAIL (took too long) ", running);
    _exit(124);
}

static void on_crash(int signal_number) {
    say("FAIL (crashed) ", running);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static bool run_test(const Test *test, unsigned limit_seconds) {
    running = test->name;
    atomic_store(&failure_count, 0);
    double start = seconds_now();
    alarm(limit_seconds);
    if (setjmp(test_end) == 0) test->function();
    alarm(0);
    arena_free(&arena);
    bool passed = atomic_load(&failure_count) == 0;
    printf("%s %s (%.3f s)\n", passed ? "ok  " : "FAIL", test->name, seconds_now() - start);
    fflush(stdout);
    return passed;
}

static bool is_chosen(const Test *test, int argc, char **argv) {
    if (argc <= 1) return true;
    for (int i = 1; i < argc; i++)
        if (strstr(test->name, argv[i]) != NULL) return true;
    return false;
}

int main(int argc, char **argv) {
    runner = pthread_self();
    const char *limit = getenv("SIGIL_TEST_SECONDS");
    unsigned limit_seconds = limit != NULL ? (unsigned)strtoul(limit, NULL, 10) : 0;
    if (limit_seconds == 0) limit_seconds = 60;
    signal(SIGALRM, on_alarm);
    if (SLOWNESS == 1) {
        signal(SIGSEGV, on_crash);
        signal(SIGBUS, on_crash);
        signal(SIGFPE, on_crash);
        signal(SIGILL, on_crash);
    }
    signal(SIGABRT, on_crash);
    uint32_t ran = 0, failed = 0;
    for (uint32_t i = 0; i < test_count; i++) {
        if (!is_chosen(&tests[i], argc, argv)) continue;
        ran++;
        if (!run_test(&tests[i], limit_seconds)) failed++;
    }
    printf("%u passed, %u failed\n", ran - failed, failed);
    if (ran == 0) {
        fprintf(stderr, "no test was chosen\n");
        return 2;
    }
    return failed == 0 ? 0 : 1;
}

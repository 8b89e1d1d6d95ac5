// tests/unit/test_rt_panic.c: what a panic releases, catches inside catches, the stack limit; whole programs in processes of their own.
#include "tests/unit/rt.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

// ---- frames ----------------------------------------------------------------------------------------------------------------
typedef struct TwoTexts {
    SiFrame frame;
    SiStr *first, *second;
} TwoTexts;
static const SiSlot two_slots[] = {{offsetof(TwoTexts, first), &si_type_str},
                                   {offsetof(TwoTexts, second), &si_type_str}};
static const SiFrameInfo two_info = {2, two_slots};

static volatile int bottom = 0; // opaque to the compiler, which sees through endless recursion

static void dive(SiTask *t, int depth) {
    TwoTexts f;
    SI_FRAME_PUSH(t, f, &two_info);
    f.first = si_str_from_int(t, depth);
    f.second = si_str_from_int(t, -depth);
    f.frame.live[0] = 3;
    if (depth == bottom) {
        si_release(t, f.second);
        f.frame.live[0] = 1; // only the first is alive at the panic
        si_panic_text(t, "deep", &here);
    }
    if (depth != bottom) dive(t, depth - 1);
    SI_FRAME_POP(t, f);
    si_release(t, f.first);
    si_release(t, f.second);
}

static SiUnit dive_body(SiTask *t, SiClosure *self) {
    (void)self;
    dive(t, 100);
    return 0;
}
static SiUnit calm_body(SiTask *t, SiClosure *self) {
    (void)t, (void)self;
    return 0;
}
static const SiType closure_type = {
    .kind = SI_CLOSURE, .size = 8, .align = 8, .counted = 1, .cell_bytes = sizeof(SiClosure), .name = "() -> void"};
static SiClosure diving = {{0, &closure_type}, (SiCode)dive_body};
static SiClosure calm = {{0, &closure_type}, (SiCode)calm_body};

static SiUnit nested_body(SiTask *t, SiClosure *self) {
    (void)self;
    SiStr *message = si_catch(t, &diving);
    CHECK(message != NULL);
    si_release(t, message);
    si_panic_text(t, "outer", &here);
    return 0;
}
static SiClosure nested = {{0, &closure_type}, (SiCode)nested_body};

TEST(a_panic_releases_what_lives) {
    BEGIN();
    CHECK_STR(si_catch(task, &diving), "deep");
    CHECK(si_catch(task, &calm) == NULL);
    CHECK_STR(si_catch(task, &nested), "outer");
    SiList *caught = si_catch_panic(task, &diving);
    CHECK_INT(caught->length, 1);
    si_release(task, caught);
    caught = si_catch_panic(task, &calm);
    CHECK_INT(caught->length, 0);
    si_release(task, caught);
    END();
}

static SiStr *show_and_panic(SiTask *t, const void *value) {
    (void)value;
    si_panic_text(t, "cannot show", &here);
    return NULL;
}

TEST(a_panic_while_showing_leaks_nothing) {
    BEGIN();
    SiType angry = si_type_int;
    angry.show = show_and_panic;
    SiField fields[] = {{"", 0, &si_type_str}, {"", 8, &angry}};
    SiVariant variant = {"", 2, fields};
    SiType tuple = {.kind = SI_TUPLE,
                    .size = 16,
                    .align = 8,
                    .counted = 1,
                    .name = "(str, Angry)",
                    .variant_count = 1,
                    .variants = &variant,
                    .printable = 1};
    struct {
        SiStr *text;
        int64_t number;
    } value = {str("a long enough text to make the buffer grow beyond what it began with"), 1};
    CHECK_PANIC(si_show(task, &value, &tuple), "cannot show");
    CHECK_PANIC(si_assert_eq_failed(task, &value, &value, &tuple, &here), "cannot show");
    si_release(task, value.text);
    END();
}

TEST(assertions_say_what_they_saw) {
    BEGIN();
    int64_t three = 3, four = 4;
    SiStr *a = str("a"), *b = str("b\n");
    CHECK_PANIC(si_assert_eq_failed(task, &three, &four, &si_type_int, &here),
                "assertion failed: 3 != 4 (actual != expected)");
    CHECK_PANIC(si_assert_ne_failed(task, &three, &three, &si_type_int, &here),
                "assertion failed: 3 == 3 (both are equal)");
    CHECK_PANIC(si_assert_eq_failed(task, &a, &b, &si_type_str, &here),
                "assertion failed: \"a\" != \"b\\n\" (actual != expected)");
    CHECK_PANIC(si_assert_eq_failed(task, &three, &four, &si_type_instant, &here), "assertion failed");
    CHECK_PANIC(si_unwrap_failed(task, &b, &si_type_str, &here), "called unwrap on Err: b\n");
    CHECK_PANIC(si_unwrap_failed(task, &three, &si_type_instant, &here), "called unwrap on Err");
    CHECK_PANIC(si_expect_failed(task, a, &b, &si_type_str, &here), "a: b\n");
    CHECK_STR(si_quoted(task, b), "\"b\\n\"");
    si_release(task, a);
    si_release(task, b);
    END();
}

static int64_t endless(SiTask *t, int64_t n) {
    volatile char room[256];
    room[n & 255] = 1;
    SI_STACK_CHECK(t, "endless", NULL);
    return bottom == 1 ? 0 : endless(t, n + 1) + room[n & 255];
}

TEST(too_deep_recursion_is_a_panic) {
    BEGIN();
    task->stack_limit = (uintptr_t)__builtin_frame_address(0) - (1 << 20);
    CHECK_PANIC(endless(task, 0), "stack overflow in endless");
    END();
}

TEST(shared_counts_are_negative) {
    BEGIN();
    SiStr *text = str("shared");
    text->header.count = -1;
    si_retain(text);
    CHECK_INT(text->header.count, -2);
    si_release(task, text);
    CHECK_INT(text->header.count, -1);
    si_retain(text);
    SiStr *more = str("!"), *longer = si_str_concat(task, text, more); // not unique: a copy
    CHECK_STR(longer, "shared!");
    CHECK_INT(text->header.count, -1);
    si_release(task, more);
    si_release(task, text);
    END();
}

// ---- programs --------------------------------------------------------------------------------------------------------------
typedef struct Outcome {
    int status;
    char out[4096], error[4096], report[4096];
} Outcome;

static void read_file(FILE *file, char *into, size_t size) {
    rewind(file);
    size_t length = fread(into, 1, size - 1, file);
    into[length] = 0;
    fclose(file);
}

static Outcome run_program(const SiProgram *program, int argc, const char **argv) {
    Outcome outcome = {0};
    FILE *files[3] = {tmpfile(), tmpfile(), tmpfile()};
    REQUIRE(files[0] != NULL && files[1] != NULL && files[2] != NULL);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int high[3]; // above the numbers that they shall get
        for (int i = 0; i < 3; i++)
            high[i] = fcntl(fileno(files[i]), F_DUPFD, 10);
        for (int i = 0; i < 3; i++)
            dup2(high[i], i + 1);
        _exit(si_main(argc, (char **)(uintptr_t)argv, program));
    }
    int status;
    REQUIRE(waitpid(child, &status, 0) == child);
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    read_file(files[0], outcome.out, sizeof outcome.out);
    read_file(files[1], outcome.error, sizeof outcome.error);
    read_file(files[2], outcome.report, sizeof outcome.report);
    return outcome;
}
#define RUN(program, ...)                                                                                              \
    run_program(program, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), (const char *[]){__VA_ARGS__})

static void print(SiTask *t, const char *text) {
    SiStr *line = si_str_from(t, text, (int64_t)strlen(text));
    si_print_line(t, line);
    si_release(t, line);
}

static void main_panics(SiTask *t) {
    print(t, "before");
    si_panic_text(t, "oh no", &here);
}
static int64_t main_status(SiTask *t) {
    print(t, "hello");
    return 256 + 7;
}
static SiStr *main_error(SiTask *t) { return si_str_from(t, "went wrong", 10); }
static void main_arguments(SiTask *t, SiList *args) {
    for (int64_t i = 0; i < args->length; i++)
        si_print_line(t, SI_LIST_AT(SiStr *, args, i));
    si_release(t, args);
}
static void main_leaks(SiTask *t) { (void)si_str_from(t, "lost", 4); }
TEST(programs_end_as_the_reference_says) {
    SiProgram program = {.name = "p", .shape = SI_MAIN_VOID, .entry = (SiCode)main_panics};
    Outcome outcome = RUN(&program, "p");
    CHECK_INT(outcome.status, 101);
    CHECK_STRING(outcome.out, "before\n");
    CHECK_STRING(outcome.error, "panic: oh no\n  at t.si:3:7\n");

    program = (SiProgram){.name = "p", .shape = SI_MAIN_INT, .entry = (SiCode)main_status};
    outcome = RUN(&program, "p");
    CHECK_INT(outcome.status, 7);
    CHECK_STRING(outcome.out, "hello\n");

    program = (SiProgram){.name = "p", .shape = SI_MAIN_RESULT, .entry = (SiCode)main_error};
    outcome = RUN(&program, "p");
    CHECK_INT(outcome.status, 1);
    CHECK_STRING(outcome.error, "error: went wrong\n");

    program = (SiProgram){.name = "p", .shape = SI_MAIN_VOID, .entry = (SiCode)main_arguments, .takes_args = 1};
    setenv("SIGIL_CHECK_LEAKS", "1", 1);
    outcome = RUN(&program, "p", "one", "λ",
                  "b\xFF"
                  "d");
    CHECK_INT(outcome.status, 0);
    CHECK_STRING(outcome.out, "one\nλ\nb\xEF\xBF\xBD"
                              "d\n");

    program = (SiProgram){.name = "p", .shape = SI_MAIN_VOID, .entry = (SiCode)main_leaks};
    outcome = RUN(&program, "p");
    CHECK_STRING(outcome.error, "leak: 1 cells are still alive\n");
    CHECK_INT(outcome.status, 99);
    unsetenv("SIGIL_CHECK_LEAKS");
}

// With a sanitizer the program stays on the system's stack.
#if defined(__has_feature)
#define HAS_FEATURE(feature) __has_feature(feature)
#else
#define HAS_FEATURE(feature) 0
#endif
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !HAS_FEATURE(address_sanitizer) &&              \
    !HAS_FEATURE(thread_sanitizer)
static int64_t depth_reached(SiTask *t, int64_t n) {
    volatile char room[200];
    room[n % 200] = 1;
    SI_STACK_CHECK(t, "main", NULL);
    return n == 0 ? 0 : depth_reached(t, n - 1) + room[n % 200];
}
static int64_t main_deep(SiTask *t) { return depth_reached(t, 1000000) == 1000000 ? 5 : 6; }

TEST(main_has_a_deep_stack) {
    SiProgram program = {.name = "p", .shape = SI_MAIN_INT, .entry = (SiCode)main_deep};
    CHECK_INT(RUN(&program, "p").status, 5);
}
#endif

static void test_passes(SiTask *t) {
    print(t, "in the test");
    si_count_assertion(t);
    si_count_assertion(t);
}
static void test_fails(SiTask *t) {
    int64_t three = 3, four = 4;
    si_count_assertion(t);
    si_assert_eq_failed(t, &three, &four, &si_type_int, &here);
}
static void test_panics(SiTask *t) { si_panic_text(t, "a \"b\"", &here); }

// The report without its time, which differs from run to run.
static void without_time(char *report) {
    char *start = strstr(report, "\"time_ms\": ");
    REQUIRE(start != NULL);
    start += strlen("\"time_ms\": ");
    char *end = strchr(start, ',');
    REQUIRE(end != NULL);
    memmove(start, end, strlen(end) + 1);
}

TEST(one_test_is_run_and_reported) {
    const SiTest tests[] = {
        {.module = "math",
         .name = "test_add",
         .run = test_passes,
         .file = "m.si",
         .line = 1,
         .column = 1,
         .targets = "add,Sq.area"},
        {.module = "math", .name = "test_bad", .run = test_fails, .file = "m.si", .line = 2, .column = 1},
        {.module = "math",
         .name = "test_panic",
         .run = test_panics,
         .file = "m.si",
         .line = 3,
         .column = 1,
         .targets = ""},
        {.module = "math",
         .name = "test_skip",
         .run = test_panics,
         .file = "m.si",
         .line = 4,
         .column = 1,
         .skip = "later"},
        {.module = "math",
         .name = "test_fail",
         .run = test_panics,
         .file = "m.si",
         .line = 5,
         .column = 1,
         .fail = "\"b\""},
        {.module = "math",
         .name = "test_calm",
         .run = test_passes,
         .file = "m.si",
         .line = 6,
         .column = 2,
         .fail = "x"}};
    const struct {
        int status;
        const char *report;
    } expected[] = {
        {0, "{\"name\": \"test_add\", \"module\": \"math\", \"status\": \"passed\", \"assertions\": 2, \"time_ms\": , "
            "\"targets\": [\"add\", \"Sq.area\"]}\n"},
        {1,
         "{\"name\": \"test_bad\", \"module\": \"math\", \"status\": \"failed\", \"assertions\": 1, \"time_ms\": , "
         "\"targets\": [], \"failure\": {\"kind\": \"assert_eq\", \"message\": \"assertion failed: 3 != 4 (actual != "
         "expected)\", \"actual\": \"3\", \"expected\": \"4\", \"file\": \"t.si\", \"line\": 3, \"column\": 7}}\n"},
        {1,
         "{\"name\": \"test_panic\", \"module\": \"math\", \"status\": \"failed\", \"assertions\": 0, \"time_ms\": , "
         "\"targets\": [], \"failure\": {\"kind\": \"panic\", \"message\": \"a \\\"b\\\"\", \"file\": \"t.si\", "
         "\"line\": 3, \"column\": 7}}\n"},
        {0,
         "{\"name\": \"test_skip\", \"module\": \"math\", \"status\": \"skipped\", \"assertions\": 0, \"time_ms\": , "
         "\"targets\": [], \"reason\": \"later\"}\n"},
        {0, "{\"name\": \"test_fail\", \"module\": \"math\", \"status\": \"passed\", \"assertions\": 0, \"time_ms\": , "
            "\"targets\": []}\n"},
        {1,
         "{\"name\": \"test_calm\", \"module\": \"math\", \"status\": \"failed\", \"assertions\": 2, \"time_ms\": , "
         "\"targets\": [], \"failure\": {\"kind\": \"fail\", \"message\": \"expected a panic containing \\\"x\\\"\", "
         "\"file\": \"m.si\", \"line\": 6, \"column\": 2}}\n"}};
    SiProgram program = {.name = "p", .shape = SI_MAIN_NONE, .tests = tests, .test_count = 6};
    setenv("SIGIL_CHECK_LEAKS", "1", 1);
    for (int i = 0; i < 6; i++) {
        char index[16];
        snprintf(index, sizeof index, "%d", i);
        Outcome outcome = RUN(&program, "p", "--si-test", index);
        CHECK_INT(outcome.status, expected[i].status);
        CHECK_STRING(outcome.error, "");
        without_time(outcome.report);
        CHECK_STRING(outcome.report, expected[i].report);
    }
    CHECK_INT(RUN(&program, "p", "--si-test", "6").status, 2);
    CHECK_INT(RUN(&program, "p", "--si-test", "x").status, 2);
    unsetenv("SIGIL_CHECK_LEAKS");
}

static void main_prints_forever(SiTask *t) {
    for (;;)
        print(t, "to nobody");
}

TEST(a_closed_pipe_ends_silently) {
    SiProgram program = {.name = "p", .shape = SI_MAIN_VOID, .entry = (SiCode)main_prints_forever};
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        char *argv[] = {(char *)(uintptr_t) "p", NULL};
        _exit(si_main(1, argv, &program));
    }
    close(ends[1]);
    char byte;
    REQUIRE(read(ends[0], &byte, 1) == 1);
    close(ends[0]);
    int status;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 141);
}

// runtime/program.c: from `main` of the generated program to its exit status; and the run of one test.
//
// STACK      The program runs on a stack of its own, because the system's is too small for deep recursion and does not grow far
//            enough: 1 GiB of address space that the system backs with memory only where it is touched, or less if it refuses.
//            MARGIN above its end belongs to the runtime: C code that does not check has that much, and a panic by overflow runs in it.
//            It is the stack of a thread that main waits for.
#include "runtime/runtime_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define STACK_MAX ((size_t)1 << 30)
#define STACK_MIN ((size_t)8 << 20)
#define STACK_MARGIN ((size_t)256 << 10)

typedef struct Run {
    int argc;
    char **argv;
    const SiProgram *program;
    uintptr_t stack_limit;
    int status;
} Run;

static int run_program(SiTask *task, const Run *run);

static void *run_on_this_stack(void *argument) {
    Run *run = argument;
    Task *task = si_task_create(run->stack_limit);
    if (task == NULL) {
        run->status = 101;
        return NULL;
    }
    run->status = run_program(&task->base, run);
    si_task_free(task);
    return NULL;
}

// Present in programs that were built with AddressSanitizer, whether the runtime was or not. It cannot follow a longjmp on a
// stack of more than 64 MiB (its kMaxExpectedCleanupSize), so such programs get less.
extern void __asan_init(void) __attribute__((weak));
extern void __tsan_init(void) __attribute__((weak));
#define STACK_SANITIZED ((size_t)48 << 20)

// A thread, not a switched context: sanitizers, debuggers and profilers know the stacks of threads.
static void run_with_stack(Run *run) {
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    for (size_t bytes = __asan_init != NULL || __tsan_init != NULL ? STACK_SANITIZED : STACK_MAX; bytes >= STACK_MIN;
         bytes /= 2) {
        char *stack =
            mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
        if (stack == MAP_FAILED) continue;
        (void)mprotect(stack, 4096, PROT_NONE); // what runs past the margin dies instead of writing elsewhere
        run->stack_limit = (uintptr_t)stack + STACK_MARGIN;
        pthread_attr_setstack(&attributes, stack, bytes);
        if (pthread_create(&thread, &attributes, run_on_this_stack, run) == 0) {
            pthread_join(thread, NULL);
            pthread_attr_destroy(&attributes);
            munmap(stack, bytes);
            return;
        }
        munmap(stack, bytes);
    }
    pthread_attr_destroy(&attributes);
    // Hardly any address space, or no threads: what the system gave must do.
    run->stack_limit = (uintptr_t)__builtin_frame_address(0) - STACK_MIN / 2;
    run_on_this_stack(run);
}

// ---- the program -----------------------------------------------------------------------------------------------------------
static void complain(const char *before, const char *text, size_t bytes) {
    si_process_flush();
    si_process_error(before, strlen(before));
    si_process_error(text, bytes);
    si_process_error("\n", 1);
}

// With SIGIL_CHECK_LEAKS=1 a value that is still alive at the end is an error: status 99.
static int check_leaks(int status) {
    const char *wanted = getenv("SIGIL_CHECK_LEAKS");
    int64_t alive = si_live_cells();
    if (alive == 0 || wanted == NULL || strcmp(wanted, "1") != 0) return status;
    char text[64];
    snprintf(text, sizeof text, "leak: %lld cells are still alive", (long long)alive);
    complain("", text, strlen(text));
    return 99;
}

static SiList *arguments_of(SiTask *task, const Run *run) {
    const SiType *type = run->program->args_type != NULL ? run->program->args_type : &si_list_of_str;
    SiList *list = si_list_new(task, type, run->argc);
    for (int i = 1; i < run->argc; i++) {
        const char *bytes = run->argv[i];
        int64_t length = (int64_t)strlen(bytes);
        SiStr *text;
        if (si_utf8_invalid_at(bytes, length) < 0) {
            text = si_str_from(task, bytes, length);
        } else { // each bad byte becomes U+FFFD
            SiBuffer buffer;
            si_buffer_begin(task, &buffer, length + 2);
            while (length > 0) {
                int64_t bad = si_utf8_invalid_at(bytes, length);
                si_buffer_add(&buffer, bytes, bad < 0 ? length : bad);
                if (bad < 0) break;
                si_buffer_add_char(&buffer, 0xFFFD);
                bytes += bad + 1;
                length -= bad + 1;
            }
            text = si_buffer_end(&buffer);
        }
        *(SiStr **)si_list_append(task, &list) = text;
    }
    return list;
}

static int run_entry(SiTask *task, const Run *run) {
    const SiProgram *program = run->program;
    SiList *arguments = program->takes_args ? arguments_of(task, run) : NULL;
    switch (program->shape) {
    case SI_MAIN_NONE:
        complain("", "this program has no main", strlen("this program has no main"));
        return 2;
    case SI_MAIN_VOID:
        if (arguments != NULL)
            ((void (*)(SiTask *, SiList *))program->entry)(task, arguments);
        else
            ((void (*)(SiTask *))program->entry)(task);
        return 0;
    case SI_MAIN_INT:
        if (arguments != NULL) return (int)(((int64_t(*)(SiTask *, SiList *))program->entry)(task, arguments) & 0xFF);
        return (int)(((int64_t(*)(SiTask *))program->entry)(task)&0xFF);
    case SI_MAIN_RESULT:
        break;
    }
    SiStr *error = arguments != NULL ? ((SiStr * (*)(SiTask *, SiList *)) program->entry)(task, arguments)
                                     : ((SiStr * (*)(SiTask *)) program->entry)(task);
    if (error == NULL) return 0;
    complain("error: ", error->data, (size_t)error->bytes);
    si_release(task, error);
    return 1;
}

// ---- one test ----------------------------------------------------------------------------------------------------------------
static void add_json_bytes(SiBuffer *out, const char *bytes, int64_t length) {
    si_buffer_add_char(out, '"');
    for (int64_t i = 0; i < length;) {
        int64_t start = i;
        uint32_t c = utf8_decode(bytes, &i);
        if (c == '"' || c == '\\') {
            si_buffer_add_char(out, '\\');
            si_buffer_add_char(out, c);
        } else if (c < 0x20) {
            char escape[8];
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)c);
            buffer_add_text(out, escape);
        } else {
            si_buffer_add(out, bytes + start, i - start);
        }
    }
    si_buffer_add_char(out, '"');
}

static void add_json(SiBuffer *out, const char *key, const char *text) {
    buffer_add_text(out, key);
    add_json_bytes(out, text, (int64_t)strlen(text));
}

static void add_json_str(SiBuffer *out, const char *key, const SiStr *text) {
    if (text == NULL) return;
    buffer_add_text(out, key);
    add_json_bytes(out, text->data, text->bytes);
}

static void add_targets(SiBuffer *out, const char *targets) {
    buffer_add_text(out, ", \"targets\": [");
    for (const char *c = targets == NULL ? "" : targets; *c != 0;) {
        size_t length = strcspn(c, ",");
        if (c != targets) buffer_add_text(out, ", ");
        add_json_bytes(out, c, (int64_t)length);
        c += length + (c[length] == ',');
    }
    buffer_add_text(out, "]");
}

static const char *kind_of(const Failure *failure, const SiStr *message) {
    if (failure->kind != NULL) return failure->kind;
    bool is_assertion = message->bytes >= 16 && memcmp(message->data, "assertion failed", 16) == 0;
    return is_assertion ? "assert" : "panic";
}

// Takes over `message`: a panic that `#[fail]` expects is no failure, and its absence is one.
static SiStr *judge(SiTask *task, const SiTest *test, SiStr *message, Failure *failure) {
    if (test->fail == NULL) return message;
    if (message != NULL && memmem(message->data, (size_t)message->bytes, test->fail, strlen(test->fail)) != NULL) {
        si_release(task, message);
        return NULL;
    }
    SiBuffer text;
    SiStr *wanted = si_str_from(task, test->fail, (int64_t)strlen(test->fail));
    si_buffer_begin(task, &text, 64);
    buffer_add_text(&text, "expected a panic containing ");
    si_buffer_add_quoted(&text, wanted);
    si_release(task, wanted);
    if (message != NULL) {
        buffer_add_text(&text, ", found ");
        si_buffer_add_quoted(&text, message);
        si_release(task, message);
    }
    si_task_failure_free(task, failure);
    failure->kind = "fail";
    return si_buffer_end(&text);
}

static void call_test(SiTask *task, void *argument) { ((const SiTest *)argument)->run(task); }

static void write_report(const SiStr *report) {
    int descriptor = fcntl(3, F_GETFD) == 0 ? 3 : STDERR_FILENO;
    for (int64_t done = 0; done < report->bytes;) {
        ssize_t written = write(descriptor, report->data + done, (size_t)(report->bytes - done));
        if (written < 0 && errno != EINTR) return; // nobody reads it: the exit status remains
        if (written > 0) done += written;
    }
}

static int run_test(SiTask *task, const SiTest *test) {
    struct timespec start, end;
    Failure failure = {0};
    SiStr *message = NULL;
    clock_gettime(CLOCK_MONOTONIC, &start);
    if (test->skip == NULL) {
        message = si_task_catch(task, call_test, (void *)(uintptr_t)test, &failure);
        message = judge(task, test, message, &failure);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    si_process_flush(); // what the test printed comes before its report
    double time_ms = (double)(end.tv_sec - start.tv_sec) * 1e3 + (double)(end.tv_nsec - start.tv_nsec) / 1e6;

    SiBuffer out;
    char number[96];
    si_buffer_begin(task, &out, 256);
    add_json(&out, "{\"name\": ", test->name);
    add_json(&out, ", \"module\": ", test->module);
    add_json(&out, ", \"status\": ", test->skip != NULL ? "skipped" : message != NULL ? "failed" : "passed");
    snprintf(number, sizeof number, ", \"assertions\": %lld, \"time_ms\": %.3f", (long long)task_of(task)->assertions,
             time_ms);
    buffer_add_text(&out, number);
    add_targets(&out, test->targets);
    if (test->skip != NULL) add_json(&out, ", \"reason\": ", test->skip);
    if (message != NULL) {
        bool has_place = failure.place.file != NULL;
        add_json(&out, ", \"failure\": {\"kind\": ", kind_of(&failure, message));
        add_json_str(&out, ", \"message\": ", message);
        add_json_str(&out, ", \"actual\": ", failure.actual);
        add_json_str(&out, ", \"expected\": ", failure.expected);
        add_json(&out, ", \"file\": ", has_place ? failure.place.file : test->file);
        snprintf(number, sizeof number, ", \"line\": %u, \"column\": %u}",
                 (unsigned)(has_place ? failure.place.line : test->line),
                 (unsigned)(has_place ? failure.place.column : test->column));
        buffer_add_text(&out, number);
        si_release(task, message);
    }
    si_task_failure_free(task, &failure);
    buffer_add_text(&out, "}\n");
    SiStr *report = si_buffer_end(&out);
    write_report(report);
    si_release(task, report);
    return message != NULL ? 1 : 0;
}

static int run_program(SiTask *task, const Run *run) {
    int status;
    if (run->argc == 3 && strcmp(run->argv[1], "--si-test") == 0 && run->program->test_count > 0) {
        char *end;
        unsigned long index = strtoul(run->argv[2], &end, 10);
        if (*end != 0 || index >= run->program->test_count) {
            complain("no such test: ", run->argv[2], strlen(run->argv[2]));
            return 2;
        }
        status = run_test(task, &run->program->tests[index]);
    } else {
        status = run_entry(task, run);
    }
    si_process_flush();
    return check_leaks(status);
}

int si_main(int argc, char **argv, const SiProgram *program) {
    signal(SIGPIPE, SIG_IGN); // a closed pipe is seen where it is written to
    Run run = {.argc = argc, .argv = argv, .program = program, .status = 101};
    run_with_stack(&run);
    return run.status;
}

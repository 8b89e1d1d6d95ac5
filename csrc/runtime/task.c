// runtime/task.c: tasks, panics and catches.
//
// A panic releases what the frames above the innermost catch own, then longjmps there. The frames lie in the stack frames of the
// functions that pushed them, which are still intact: the panic runs deeper on the same stack, and nothing returns in between.
// Without a catch nothing is released, because the process ends.
#include "runtime/runtime_internal.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

Task *si_task_create(uintptr_t stack_limit) {
    Task *task = si_process_task_begin();
    if (task != NULL) task->base.stack_limit = stack_limit;
    return task;
}

void si_task_free(Task *task) { si_process_task_end(task); }

void si_task_failure_free(SiTask *task, Failure *failure) {
    if (failure->actual != NULL) si_release(task, failure->actual);
    if (failure->expected != NULL) si_release(task, failure->expected);
    *failure = (Failure){0};
}

SiStr *si_task_catch(SiTask *task, void (*body)(SiTask *task, void *argument), void *argument, Failure *failure) {
    Task *self = task_of(task);
    Catch here = {.parent = self->catches, .frames = task->frames};
    self->catches = &here;
    if (setjmp(here.jump) == 0) {
        body(task, argument);
        self->catches = here.parent;
        return NULL;
    }
    // `here` was written by si_panic before the jump, and lies in memory: its address was handed out.
    self->catches = here.parent;
    task->frames = here.frames;
    if (failure != NULL) {
        *failure = self->failure;
        self->failure = (Failure){0};
    } else {
        si_task_failure_free(task, &self->failure);
    }
    return here.message;
}

static void call_closure(SiTask *task, void *argument) {
    SiClosure *closure = argument;
    ((SiUnit(*)(SiTask *, SiClosure *))closure->code)(task, closure);
}

SiStr *si_catch(SiTask *task, SiClosure *closure) { return si_task_catch(task, call_closure, closure, NULL); }

SiList *si_catch_panic(SiTask *task, SiClosure *f) {
    SiStr *message = si_catch(task, f);
    SiList *list = si_list_new(task, &si_list_of_str, message == NULL ? 0 : 1);
    if (message != NULL) *(SiStr **)si_list_append(task, &list) = message;
    return list;
}

static void release_frame(SiTask *task, SiFrame *frame) {
    const SiFrameInfo *info = frame->info;
    for (uint32_t i = 0; i < info->slot_count; i++) {
        if ((frame->live[i / 64] >> (i % 64) & 1) == 0) continue;
        si_value_release(task, (const char *)frame + info->slots[i].offset, info->slots[i].type);
    }
}

static _Noreturn void panic_end(SiTask *task, const SiStr *message, const SiPlace *at) {
    (void)task;
    si_process_flush();
    char place[32];
    int place_bytes =
        at == NULL ? 0 : snprintf(place, sizeof place, ":%u:%u\n", (unsigned)at->line, (unsigned)at->column);
    size_t file_bytes = at == NULL ? 0 : strlen(at->file);
    // One write for the whole report, so that it stays in one piece beside the output of other processes.
    size_t total = (size_t)message->bytes + file_bytes + 64;
    char *report = malloc(total);
    if (report == NULL) si_process_exit(101);
    char *end = report;
    end = mempcpy(end, "panic: ", 7);
    end = mempcpy(end, message->data, (size_t)message->bytes);
    *end++ = '\n';
    if (at != NULL) {
        end = mempcpy(end, "  at ", 5);
        end = mempcpy(end, at->file, file_bytes);
        end = mempcpy(end, place, (size_t)place_bytes);
    }
    si_process_error(report, (size_t)(end - report));
    free(report);
    si_process_exit(101);
}

void si_panic(SiTask *task, SiStr *message, const SiPlace *at) {
    Task *self = task_of(task);
    Catch *target = self->catches;
    if (target == NULL) panic_end(task, message, at);
    self->failure.place = at == NULL ? (SiPlace){0} : *at;
    target->message = message;
    for (SiFrame *frame = task->frames; frame != target->frames;) {
        SiFrame *parent = frame->parent;
        release_frame(task, frame);
        frame = parent;
    }
    longjmp(target->jump, 1);
}

void si_panic_text(SiTask *task, const char *message, const SiPlace *at) {
    si_panic(task, si_str_from(task, message, (int64_t)strlen(message)), at);
}

void si_task_panic_format(SiTask *task, const SiPlace *at, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    si_panic_text(task, text, at);
}

// There may be no memory for a text either: the message is static.
void si_task_out_of_memory(SiTask *task) {
    SI_STR_LITERAL(message, 13, 13, "out of memory");
    si_panic(task, (SiStr *)(void *)(uintptr_t)&message, NULL);
}

void si_panic_overflow(SiTask *task, const SiPlace *at) { si_panic_text(task, "integer overflow", at); }
void si_panic_division(SiTask *task, const SiPlace *at) { si_panic_text(task, "division by zero", at); }
void si_panic_no_match(SiTask *task, const SiPlace *at) { si_panic_text(task, "no arm matches the value", at); }
void si_panic_shift(SiTask *task, int64_t count, const SiPlace *at) {
    si_task_panic_format(task, at, "shift count %lld out of range", (long long)count);
}
void si_panic_index(SiTask *task, int64_t index, int64_t length, const SiPlace *at) {
    si_task_panic_format(task, at, "index %lld out of range for length %lld", (long long)index, (long long)length);
}
void si_stack_overflow(SiTask *task, const char *name, const SiPlace *at) {
    si_task_panic_format(task, at, "stack overflow in %.400s", name);
}

// ---- assertions ----------------------------------------------------------------------------------------------------------
SiUnit si_count_assertion(SiTask *task) {
    task_of(task)->assertions++;
    return 0;
}

typedef struct Shown {
    SiFrame frame;
    SiStr *first, *second;
} Shown;

static const SiSlot shown_slots[2] = {{offsetof(Shown, first), &si_type_str}, {offsetof(Shown, second), &si_type_str}};
static const SiFrameInfo shown_info = {2, shown_slots};

static SiStr *shown_as_part(SiTask *task, const void *value, const SiType *type) {
    SiBuffer buffer;
    si_buffer_begin(task, &buffer, 32);
    si_show_value(&buffer, value, type, true);
    return si_buffer_end(&buffer);
}

static SiUnit fail_comparison(SiTask *task, const char *kind, const char *operator, const char * remark,
                              const void *first, const void *second, const SiType *type, const SiPlace *at) {
    Task *self = task_of(task);
    if (!type->printable) {
        self->failure.kind = kind;
        si_panic_text(task, "assertion failed", at);
    }
    Shown shown; // a `show` of the program may panic itself
    SI_FRAME_PUSH(task, shown, &shown_info);
    shown.first = shown_as_part(task, first, type);
    shown.frame.live[0] = 1;
    shown.second = shown_as_part(task, second, type);
    SI_FRAME_POP(task, shown);
    SiBuffer buffer;
    si_buffer_begin(task, &buffer, 64);
    buffer_add_text(&buffer, "assertion failed: ");
    si_buffer_add_str(&buffer, shown.first);
    buffer_add_text(&buffer, operator);
    si_buffer_add_str(&buffer, shown.second);
    buffer_add_text(&buffer, remark);
    SiStr *message = si_buffer_end(&buffer);
    self->failure = (Failure){.kind = kind, .actual = shown.first, .expected = shown.second};
    si_panic(task, message, at);
    return 0;
}

SiUnit si_assert_eq_failed(SiTask *task, const void *actual, const void *expected, const SiType *T, const SiPlace *at) {
    return fail_comparison(task, "assert_eq", " != ", " (actual != expected)", actual, expected, T, at);
}

SiUnit si_assert_ne_failed(SiTask *task, const void *actual, const void *unexpected, const SiType *T,
                           const SiPlace *at) {
    return fail_comparison(task, "assert_ne", " == ", " (both are equal)", actual, unexpected, T, at);
}

static SiUnit fail_with_error(SiTask *task, SiStr *message, const void *error, const SiType *type, const SiPlace *at) {
    SiBuffer buffer;
    si_buffer_begin(task, &buffer, 64);
    si_buffer_add_str(&buffer, message);
    if (type->printable) {
        buffer_add_text(&buffer, ": ");
        si_show_value(&buffer, error, type, false);
    }
    si_panic(task, si_buffer_end(&buffer), at);
    return 0;
}

SiUnit si_unwrap_failed(SiTask *task, const void *error, const SiType *E, const SiPlace *at) {
    SI_STR_LITERAL(message, 20, 20, "called unwrap on Err");
    return fail_with_error(task, (SiStr *)(void *)(uintptr_t)&message, error, E, at);
}

SiUnit si_expect_failed(SiTask *task, SiStr *msg, const void *error, const SiType *E, const SiPlace *at) {
    return fail_with_error(task, msg, error, E, at);
}

// runtime/system.c: what the real capabilities of std.math.rand, std.env and std.io ask of the system.
//
// THREADS    Standard input is read by one caller at a time; everything else is the system's to keep apart.
// Bytes that are no UTF-8 become U+FFFD, one for each byte that cannot begin or go on.
#include "runtime/runtime_internal.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static SiStr *text_from_bytes(SiTask *task, const char *bytes, int64_t length) {
    int64_t bad = si_utf8_invalid_at(bytes, length);
    if (bad < 0) return si_str_from_parts(task, bytes, length, si_utf8_count(bytes, length));
    SiStr *text = si_str_new(task, length);
    while (bad >= 0) {
        text = si_str_append(task, text, bytes, bad, si_utf8_count(bytes, bad));
        text = si_str_append(task, text, "\xEF\xBF\xBD", 3, 1);
        bytes += bad + 1;
        length -= bad + 1;
        bad = si_utf8_invalid_at(bytes, length);
    }
    return si_str_append(task, text, bytes, length, si_utf8_count(bytes, length));
}

static void add_text(SiTask *task, SiList **list, const char *bytes, int64_t length) {
    SiStr *text = text_from_bytes(task, bytes, length);
    *(SiStr **)si_list_append(task, list) = text;
}

// ---- std.math.rand -------------------------------------------------------------------------------------------------------
int64_t si_math_rand_real_bits(SiTask *task) {
    (void)task;
    uint64_t bits;
    if (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits) { // only where the system is older than this call
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        bits = ((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec) * 0x9E3779B97F4A7C15u;
    }
    return (int64_t)bits;
}

// ---- std.env -------------------------------------------------------------------------------------------------------------
SiList *si_env_variable(SiTask *task, SiStr *name) {
    SiList *list = si_list_new(task, &si_list_of_str, 1);
    size_t bytes = (size_t)name->bytes;
    if (bytes == 0 || memchr(name->data, 0, bytes) != NULL || memchr(name->data, '=', bytes) != NULL) return list;
    char *copy = malloc(bytes + 1);
    if (copy == NULL) return list;
    memcpy(copy, name->data, bytes);
    copy[bytes] = 0;
    const char *value = getenv(copy);
    free(copy);
    if (value != NULL) add_text(task, &list, value, (int64_t)strlen(value));
    return list;
}

SiStr *si_env_folder(SiTask *task) {
    char *folder = getcwd(NULL, 0);
    SiStr *text = text_from_bytes(task, folder == NULL ? "" : folder, folder == NULL ? 0 : (int64_t)strlen(folder));
    free(folder);
    return text;
}

// The system keeps the words that a process was started with.
SiList *si_env_arguments(SiTask *task) {
    SiList *list = si_list_new(task, &si_list_of_str, 0);
    FILE *file = fopen("/proc/self/cmdline", "rbe");
    if (file == NULL) return list;
    char *word = NULL;
    size_t room = 0;
    for (int64_t i = 0;; i++) {
        ssize_t length = getdelim(&word, &room, 0, file);
        if (length < 0) break;
        if (i > 0) add_text(task, &list, word, (int64_t)strlen(word)); // the first is the program
    }
    free(word);
    (void)fclose(file); // was only read
    return list;
}

// ---- std.io --------------------------------------------------------------------------------------------------------------
SiUnit si_io_print(SiTask *task, SiStr *text) {
    (void)task;
    si_process_write(text->data, (size_t)text->bytes);
    return 0;
}

SiUnit si_io_print_error(SiTask *task, SiStr *text) {
    (void)task;
    si_process_flush(); // what was said before stands before it where both go to one place
    si_process_error(text->data, (size_t)text->bytes);
    return 0;
}

// A question that was written without a line end must be seen before its answer is waited for.
SiList *si_io_next_line(SiTask *task) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    si_process_flush();
    SiList *list = si_list_new(task, &si_list_of_str, 1);
    char *line = NULL;
    size_t room = 0;
    pthread_mutex_lock(&lock);
    ssize_t length = getline(&line, &room, stdin);
    pthread_mutex_unlock(&lock);
    if (length >= 0) {
        if (length > 0 && line[length - 1] == '\n') length--;
        if (length > 0 && line[length - 1] == '\r') length--;
        add_text(task, &list, line, length);
    }
    free(line);
    return list;
}

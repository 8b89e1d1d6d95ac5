// runtime/process.c: the state of the process: its tasks, standard output, the seed of hashes. All globals of the runtime.
//
// THREADS    Everything here may be called from any thread; one lock for the output, one for the list of tasks.
#include "runtime/runtime_internal.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_BYTES = 1 << 16 };

static struct {
    pthread_mutex_t task_lock; // over the next two lines
    Task *tasks, *ended;
    int64_t gone_cells; // live_cells of tasks that are no more

    pthread_mutex_t output_lock; // over the next four
    size_t used;
    int8_t is_terminal; // 0: not asked yet, 1: yes, -1: no
    char output[OUTPUT_BYTES];

    pthread_once_t seed_once;
    uint64_t seed;
} process = {
    .task_lock = PTHREAD_MUTEX_INITIALIZER, .output_lock = PTHREAD_MUTEX_INITIALIZER, .seed_once = PTHREAD_ONCE_INIT};

Task *si_process_task_begin(void) {
    pthread_mutex_lock(&process.task_lock);
    Task *task = process.ended;
    if (task != NULL)
        process.ended = task->next;
    else
        task = calloc(1, sizeof *task);
    if (task != NULL) {
        task->previous = NULL;
        task->next = process.tasks;
        if (task->next != NULL) task->next->previous = task;
        process.tasks = task;
    }
    pthread_mutex_unlock(&process.task_lock);
    return task;
}

// Its free cells serve the task that comes next; the chunks that they lie in may hold cells of others, and stay.
void si_process_task_end(Task *task) {
    pthread_mutex_lock(&process.task_lock);
    process.gone_cells += task->live_cells;
    if (task->previous != NULL)
        task->previous->next = task->next;
    else
        process.tasks = task->next;
    if (task->next != NULL) task->next->previous = task->previous;
    Task kept = {.chunk = task->chunk, .chunk_end = task->chunk_end, .chunks = task->chunks, .next = process.ended};
    memcpy(kept.free_cells, task->free_cells, sizeof kept.free_cells);
    *task = kept;
    process.ended = task;
    pthread_mutex_unlock(&process.task_lock);
}

int64_t si_live_cells(void) {
    pthread_mutex_lock(&process.task_lock);
    int64_t total = process.gone_cells;
    for (const Task *task = process.tasks; task != NULL; task = task->next) {
        total += __atomic_load_n(&task->live_cells, __ATOMIC_RELAXED); // exact when the other tasks rest
    }
    pthread_mutex_unlock(&process.task_lock);
    return total;
}

static void make_seed(void) {
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        seed = (uint64_t)now.tv_nsec * 0x9E3779B97F4A7C15u ^ (uint64_t)now.tv_sec ^ (uint64_t)getpid() << 40;
    }
    process.seed = seed;
}

uint64_t si_process_seed(void) {
    pthread_once(&process.seed_once, make_seed);
    return process.seed;
}

int64_t si_testing_now_nanos(SiTask *task) {
    (void)task;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// ---- output ----------------------------------------------------------------------------------------------------------------
// A reader that went away ends the program silently; any other trouble with the output is not the program's to see.
static void write_all(int descriptor, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = write(descriptor, bytes, length);
        if (written < 0) {
            if (errno == EINTR) continue;
            if (errno == EPIPE && descriptor == STDOUT_FILENO) _exit(141);
            return;
        }
        bytes += written;
        length -= (size_t)written;
    }
}

static void flush_locked(void) {
    size_t used = process.used;
    process.used = 0;
    write_all(STDOUT_FILENO, process.output, used);
}

static void print_locked(const char *text, size_t bytes) {
    if (bytes > sizeof process.output - process.used) {
        flush_locked();
        if (bytes > sizeof process.output) {
            write_all(STDOUT_FILENO, text, bytes);
            return;
        }
    }
    memcpy(process.output + process.used, text, bytes);
    process.used += bytes;
}

void si_process_write(const char *text, size_t bytes) {
    pthread_mutex_lock(&process.output_lock);
    print_locked(text, bytes);
    pthread_mutex_unlock(&process.output_lock);
}

void si_process_print(const char *text, size_t bytes) {
    pthread_mutex_lock(&process.output_lock);
    print_locked(text, bytes);
    print_locked("\n", 1);
    if (process.is_terminal == 0) process.is_terminal = isatty(STDOUT_FILENO) ? 1 : -1;
    if (process.is_terminal > 0) flush_locked();
    pthread_mutex_unlock(&process.output_lock);
}

void si_process_flush(void) {
    pthread_mutex_lock(&process.output_lock);
    flush_locked();
    pthread_mutex_unlock(&process.output_lock);
}

void si_process_error(const char *text, size_t bytes) { write_all(STDERR_FILENO, text, bytes); }

void si_process_exit(int status) {
    si_process_flush();
    _exit(status); // no handlers of the C library: other threads may still run
}

SiUnit si_print_line(SiTask *task, SiStr *text) {
    (void)task;
    si_process_print(text->data, (size_t)text->bytes);
    return 0;
}

// base/process.c: what is one per process. See process.h; nothing global stands anywhere else.
#include "base/process.h"
#include "base/atomics.h"
#include <pthread.h>

static _Atomic uint32_t fork_count; // written by a child's only thread, right after the fork
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;
static _Thread_local void *thread_worker;

static void count_fork(void) { (void)fetch_add_relaxed(&fork_count, 1u); } // the old value is of no use

static void watch_forks(void) {
    // Without memory for it forks go unnoticed, which only a forking process minds.
    (void)pthread_atfork(NULL, NULL, count_fork);
}

uint32_t process_fork_count(void) {
    (void)pthread_once(&fork_once, watch_forks); // cannot fail with these arguments
    return load_relaxed(&fork_count);            // relaxed: fork itself orders the child after it
}

void *process_thread_worker(void) { return thread_worker; }
void process_set_thread_worker(void *worker) { thread_worker = worker; }

// base/thread.h: what we ask of the operating system about threads: start, join, lock, sleep on a word, count CPUs.
//
// WHY        Everything above this header is plain C11. Porting to another system means porting this one file.
// SHAPE      Thread (name, stack size, priority), Mutex, Condition, and futex_wait/futex_wake: sleep while a word has a value.
// THREADS    All functions may be called by any thread. Only the starter of a thread joins it, once.
// COST       A free mutex is one compare-and-swap. futex_wake is a system call: callers keep count of sleepers to avoid it.
#pragma once
#include "base/atomics.h"
#include "base/status.h"
#include <pthread.h>

typedef enum ThreadPriority {
    THREAD_PRIORITY_LOW = -1, // gives way to interactive work
    THREAD_PRIORITY_NORMAL = 0,
    THREAD_PRIORITY_HIGH = 1, // usually needs a privilege; without it the thread stays normal
} ThreadPriority;

typedef void (*ThreadFunction)(void *argument);

typedef struct Thread {
    pthread_t handle;
    ThreadFunction function; // read by the new thread, so a Thread must stay where it is until it was joined
    void *argument;
    size_t stack_bytes; // as granted
    char name[16];      // what debuggers and `top -H` show; longer names are cut
} Thread;

// stack_bytes 0 means the system's default; it is rounded up to whole pages and to the system's minimum.
MUST_USE Status thread_start(Thread *thread, const char *name, size_t stack_bytes, ThreadFunction function,
                             void *argument);
void thread_join(Thread *thread);
// Sets the priority of the calling thread as far as it may, and tells what it got.
ThreadPriority thread_set_priority(ThreadPriority wanted);
void thread_yield(void);
// The CPU that the calling thread runs on, and the one at `place` (modulo their number) among those that it may use; -1
// where the system does not say.
int thread_cpu(void);
int thread_id(void); // of the calling thread, as the system numbers threads; 0 where it does not say
int thread_allowed_cpu(uint32_t place);
// Moves the calling thread to that CPU and leaves it free to be moved again: it is where the system looks first when the
// thread wakes. Nothing happens where the thread may not use it.
void thread_visit_cpu(int cpu);

// The CPUs that this process may use at the same time: the affinity mask, cut by the quota of every cgroup above us
// (rounded up). At least 1. Reads a few small files: ask once, not in a loop.
uint32_t cpu_count(void);

typedef struct Mutex {
    pthread_mutex_t handle;
} Mutex;
typedef struct Condition {
    pthread_cond_t handle; // on the monotonic clock
} Condition;

MUST_USE Status mutex_init(Mutex *mutex);
void mutex_destroy(Mutex *mutex);
void mutex_lock(Mutex *mutex);
bool mutex_try_lock(Mutex *mutex);
void mutex_unlock(Mutex *mutex);
MUST_USE Status condition_init(Condition *condition);
void condition_destroy(Condition *condition);
void condition_wait(Condition *condition, Mutex *mutex);                         // may wake without a reason
bool condition_wait_for(Condition *condition, Mutex *mutex, int64_t timeout_ns); // false: the time is over
void condition_signal(Condition *condition);
void condition_broadcast(Condition *condition);

// Sleeps while *word == expected, until woken or until timeout_ns is over (negative: no limit). May wake without a
// reason, so callers loop. The comparison and falling asleep are one step: a change of the word followed by a wake is
// never missed.
void futex_wait(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ns);
// Wakes up to `count` sleepers of this word. Uses the address only: the word may already be gone, in which case at
// worst somebody else's futex_wait returns early.
void futex_wake(_Atomic uint32_t *word, uint32_t count);
// Wakes the word's one sleeper, `thread` of this process, on that CPU where it may use it, and leaves it free to be moved.
void futex_wake_on(_Atomic uint32_t *word, int thread, int cpu);

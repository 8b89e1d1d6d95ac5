// base/thread.c: threads of POSIX, futexes of Linux. See thread.h.
//
// Where the system has no futex we know of, futex_wait sleeps in short steps: correct, and no busy loop, only slower to
// wake. Everything that Linux alone has stands in this file, below __linux__.
#include "base/thread.h"
#include "base/clock.h"
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

#define NICE_LOWER 10 // added for THREAD_PRIORITY_LOW: gives way to anything interactive, still gets idle cores
#define NICE_HIGHER 5 // taken off for THREAD_PRIORITY_HIGH
#define STACK_BYTES_DEFAULT (8u * 1024 * 1024) // what is reported when the caller left the size to the system

// ---- threads

static void *thread_entry(void *argument) {
    Thread *thread = argument;
#if defined(__linux__)
    (void)pthread_setname_np(pthread_self(), thread->name); // a name is a convenience
#endif
    thread->function(thread->argument);
    return NULL;
}

static size_t round_stack(size_t bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    long minimum = sysconf(_SC_THREAD_STACK_MIN);
    if (minimum > 0 && bytes < (size_t)minimum) bytes = (size_t)minimum;
    if (bytes > SIZE_MAX - page) return bytes; // pthread_create refuses it
    return (bytes + page - 1) / page * page;
}

Status thread_start(Thread *thread, const char *name, size_t stack_bytes, ThreadFunction function, void *argument) {
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return STATUS_NO_MEMORY;

    thread->function = function;
    thread->argument = argument;
    (void)snprintf(thread->name, sizeof thread->name, "%s", name); // cut on purpose
    thread->stack_bytes = STACK_BYTES_DEFAULT;
    int error = 0;
    if (stack_bytes != 0) {
        thread->stack_bytes = round_stack(stack_bytes);
        error = pthread_attr_setstacksize(&attributes, thread->stack_bytes);
    }
    if (error == 0) error = pthread_create(&thread->handle, &attributes, thread_entry, thread);
    (void)pthread_attr_destroy(&attributes); // frees nothing that matters if it fails
    return error == 0 ? STATUS_OK : error == ENOMEM ? STATUS_NO_MEMORY : STATUS_LIMIT;
}

void thread_join(Thread *thread) {
    int error = pthread_join(thread->handle, NULL);
    assert(error == 0);
    (void)error; // unused without assertions
}

ThreadPriority thread_set_priority(ThreadPriority wanted) {
#if defined(__linux__)
    if (wanted == THREAD_PRIORITY_NORMAL) return THREAD_PRIORITY_NORMAL;
    // On Linux the nice level belongs to the thread, whatever POSIX says.
    id_t self = (id_t)syscall(SYS_gettid);
    errno = 0;
    int level = getpriority(PRIO_PROCESS, self);
    if (errno != 0) return THREAD_PRIORITY_NORMAL;
    level += wanted == THREAD_PRIORITY_LOW ? NICE_LOWER : -NICE_HIGHER;
    return setpriority(PRIO_PROCESS, self, level) == 0 ? wanted : THREAD_PRIORITY_NORMAL;
#else
    (void)wanted;
    return THREAD_PRIORITY_NORMAL;
#endif
}

void thread_yield(void) { (void)sched_yield(); } // never fails on Linux

// ---- CPUs

static uint32_t online_cpus(void) {
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : online > 65536 ? 65536 : (uint32_t)online;
}

#if defined(__linux__)
#define CPUS_MAX 8192

static uint32_t affinity_cpus(void) {
    cpu_set_t *set = CPU_ALLOC(CPUS_MAX);
    if (set == NULL) return online_cpus();
    size_t bytes = CPU_ALLOC_SIZE(CPUS_MAX);
    CPU_ZERO_S(bytes, set);
    int count = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    return count > 0 ? (uint32_t)count : online_cpus();
}

int thread_cpu(void) { return sched_getcpu(); }

int thread_allowed_cpu(uint32_t place) {
    int found = -1;
    cpu_set_t *set = CPU_ALLOC(CPUS_MAX);
    if (set == NULL) return found;
    size_t bytes = CPU_ALLOC_SIZE(CPUS_MAX);
    CPU_ZERO_S(bytes, set);
    int count = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    if (count > 0) {
        uint32_t left = place % (uint32_t)count;
        for (size_t cpu = 0; cpu < CPUS_MAX && found < 0; cpu++)
            if (CPU_ISSET_S(cpu, bytes, set) && left-- == 0) found = (int)cpu;
    }
    CPU_FREE(set);
    return found;
}

int thread_id(void) { return (int)syscall(SYS_gettid); }

typedef struct CpuSets { // NULL where there is no memory
    cpu_set_t *before;
    cpu_set_t *one;
} CpuSets;

// Keeps a thread (0: the calling one) on that CPU. False: it may not run there, or we may not say so; nothing has changed.
static bool pin_begin(CpuSets *sets, int thread, int cpu) {
    size_t bytes = CPU_ALLOC_SIZE(CPUS_MAX);
    *sets = (CpuSets){CPU_ALLOC(CPUS_MAX), CPU_ALLOC(CPUS_MAX)};
    if (sets->before == NULL || sets->one == NULL || cpu < 0 || cpu >= CPUS_MAX) return false;
    CPU_ZERO_S(bytes, sets->before);
    CPU_ZERO_S(bytes, sets->one);
    CPU_SET_S((size_t)cpu, bytes, sets->one);
    // Asked each time: whoever runs us may have changed what we may use.
    return sched_getaffinity(thread, bytes, sets->before) == 0 && CPU_ISSET_S((size_t)cpu, bytes, sets->before) &&
           sched_setaffinity(thread, bytes, sets->one) == 0;
}

static void pin_end(CpuSets *sets, int thread, bool is_pinned) {
    // Who may narrow the set may widen it again.
    if (is_pinned) (void)sched_setaffinity(thread, CPU_ALLOC_SIZE(CPUS_MAX), sets->before);
    CPU_FREE(sets->before);
    CPU_FREE(sets->one);
}

void thread_visit_cpu(int cpu) {
    CpuSets sets;
    pin_end(&sets, 0, pin_begin(&sets, 0, cpu));
}

void futex_wake_on(_Atomic uint32_t *word, int thread, int cpu) {
    CpuSets sets;
    bool is_pinned = pin_begin(&sets, thread, cpu);
    futex_wake(word, 1);
    pin_end(&sets, thread, is_pinned);
}

// Reads up to two numbers of a small file; "max" counts as -1. Returns how many there were.
static int read_numbers(const char *path, long long numbers[2]) {
    FILE *file = fopen(path, "re");
    if (file == NULL) return 0;
    int count = 0;
    char word[64];
    while (count < 2 && fscanf(file, "%63s", word) == 1) {
        char *end = word;
        numbers[count] = strtoll(word, &end, 10);
        if (end == word) numbers[count] = -1;
        count++;
    }
    (void)fclose(file); // was only read
    return count;
}

static uint32_t quota_cpus(long long quota, long long period, uint32_t least) {
    if (quota <= 0 || period <= 0) return least;
    long long cpus = (quota + period - 1) / period;
    return cpus < (long long)least ? (uint32_t)cpus : least;
}

// The smallest quota of the group `group` of the tree at `root` and of all groups above it. In a container the group's
// name may be one of the host's that we cannot see: files that are not there say nothing.
static uint32_t cgroup_cpus(const char *root, const char *group, bool is_version_two, uint32_t least) {
    char name[PATH_MAX];
    char path[PATH_MAX + 64];
    if (strlen(group) >= sizeof name || strlen(root) + strlen(group) >= PATH_MAX) return least;
    (void)snprintf(name, sizeof name, "%s", group); // fits
    for (;;) {
        long long quota[2] = {-1, -1};
        long long period[2] = {-1, -1};
        if (is_version_two) {
            (void)snprintf(path, sizeof path, "%s%s/cpu.max", root, name); // fits
            if (read_numbers(path, quota) == 2) least = quota_cpus(quota[0], quota[1], least);
        } else {
            (void)snprintf(path, sizeof path, "%s%s/cpu.cfs_quota_us", root, name); // fits
            bool has_quota = read_numbers(path, quota) >= 1;
            (void)snprintf(path, sizeof path, "%s%s/cpu.cfs_period_us", root, name); // fits
            if (has_quota && read_numbers(path, period) >= 1) least = quota_cpus(quota[0], period[0], least);
        }
        char *slash = strrchr(name, '/');
        if (slash == NULL) return least;
        *slash = '\0'; // the group above; the root itself is the empty name
    }
}

// A line of /proc/self/cgroup is "0::/group" in version two, "4:cpu,cpuacct:/group" in version one.
static uint32_t quota_of_all_groups(uint32_t least) {
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (file == NULL) return least;
    char line[PATH_MAX + 128];
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
        if (group == NULL) continue;
        *group++ = '\0';
        controllers++;
        if (*controllers == '\0') {
            least = cgroup_cpus("/sys/fs/cgroup", group, true, least);
            continue;
        }
        char *rest = NULL;
        for (char *one = strtok_r(controllers, ",", &rest); one != NULL; one = strtok_r(NULL, ",", &rest))
            if (strcmp(one, "cpu") == 0) least = cgroup_cpus("/sys/fs/cgroup/cpu", group, false, least);
    }
    (void)fclose(file); // was only read
    return least;
}

uint32_t cpu_count(void) {
    uint32_t count = quota_of_all_groups(affinity_cpus());
    return count == 0 ? 1 : count;
}
#else
uint32_t cpu_count(void) { return online_cpus(); }
int thread_cpu(void) { return -1; }
int thread_allowed_cpu(uint32_t place) {
    (void)place;
    return -1;
}
int thread_id(void) { return 0; }
void thread_visit_cpu(int cpu) { (void)cpu; }
void futex_wake_on(_Atomic uint32_t *word, int thread, int cpu) {
    (void)thread;
    (void)cpu;
    futex_wake(word, 1);
}
#endif

// ---- locks. Failures of these calls are misuse, not the world: asserted.

Status mutex_init(Mutex *mutex) { return pthread_mutex_init(&mutex->handle, NULL) == 0 ? STATUS_OK : STATUS_NO_MEMORY; }

void mutex_destroy(Mutex *mutex) {
    int error = pthread_mutex_destroy(&mutex->handle);
    assert(error == 0); // still locked
    (void)error;
}

void mutex_lock(Mutex *mutex) {
    int error = pthread_mutex_lock(&mutex->handle);
    assert(error == 0);
    (void)error;
}

bool mutex_try_lock(Mutex *mutex) { return pthread_mutex_trylock(&mutex->handle) == 0; }

void mutex_unlock(Mutex *mutex) {
    int error = pthread_mutex_unlock(&mutex->handle);
    assert(error == 0);
    (void)error;
}

Status condition_init(Condition *condition) {
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) return STATUS_NO_MEMORY;
    int error = 0;
#if !defined(__APPLE__)
    error = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
#endif
    if (error == 0) error = pthread_cond_init(&condition->handle, &attributes);
    (void)pthread_condattr_destroy(&attributes); // frees nothing that matters if it fails
    return error == 0 ? STATUS_OK : STATUS_NO_MEMORY;
}

void condition_destroy(Condition *condition) {
    int error = pthread_cond_destroy(&condition->handle);
    assert(error == 0);
    (void)error;
}

void condition_wait(Condition *condition, Mutex *mutex) {
    int error = pthread_cond_wait(&condition->handle, &mutex->handle);
    assert(error == 0);
    (void)error;
}

bool condition_wait_for(Condition *condition, Mutex *mutex, int64_t timeout_ns) {
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until); // exists wherever condition_init succeeded
    int64_t nanoseconds = until.tv_nsec + timeout_ns % NS_PER_S;
    until.tv_sec += (time_t)(timeout_ns / NS_PER_S + nanoseconds / NS_PER_S);
    until.tv_nsec = (long)(nanoseconds % NS_PER_S);
    return pthread_cond_timedwait(&condition->handle, &mutex->handle, &until) == 0;
}

void condition_signal(Condition *condition) { (void)pthread_cond_signal(&condition->handle); }       // cannot fail
void condition_broadcast(Condition *condition) { (void)pthread_cond_broadcast(&condition->handle); } // cannot fail

// ---- futex

#if defined(__linux__)
// The kernel reads the word itself, atomically against every other access; an _Atomic uint32_t is 4 plain bytes to it.
_Static_assert(sizeof(_Atomic uint32_t) == 4, "the kernel expects 4 bytes");

void futex_wait(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ns) {
    struct timespec timeout = {.tv_sec = (time_t)(timeout_ns / NS_PER_S), .tv_nsec = (long)(timeout_ns % NS_PER_S)};
    // Whatever the reason to return (woken, changed, time over, a signal), the caller looks again.
    (void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, timeout_ns < 0 ? NULL : &timeout, NULL, 0);
}

void futex_wake(_Atomic uint32_t *word, uint32_t count) {
    int limit = count > INT_MAX ? INT_MAX : (int)count;
    (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, limit, NULL, NULL, 0); // fails only for an address that is gone
}
#else
#define POLL_NS (NS_PER_MS / 4)

void futex_wait(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ns) {
    if (load_relaxed(word) != expected) return;
    clock_sleep_ns(timeout_ns < 0 || timeout_ns > POLL_NS ? POLL_NS : timeout_ns);
}

void futex_wake(_Atomic uint32_t *word, uint32_t count) {
    (void)word;
    (void)count;
}
#endif

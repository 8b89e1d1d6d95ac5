// tests/unit/test_cpus.c shows that a pool's default number of threads follows what the process may use: its affinity and
// the CPU quota of its control group. Each case runs in a child, which limits itself. A group can be made by root only, and
// not everywhere: where it cannot, that case says nothing.
#include "sched/sched.h"
#include "tests/unit/harness.h"
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#if !UNDER_THREAD_SANITIZER // which refuses threads in a forked child

#define CANNOT 77

static int default_threads(void) {
    Pool *pool = NULL;
    if (pool_create(NULL, &pool) != STATUS_OK) return -1;
    uint32_t threads = pool_thread_count(pool);
    bool is_granted = pool_granted(pool).max_threads == threads;
    pool_free(pool);
    return is_granted && threads == cpu_count() ? (int)threads : -1;
}

// The exit status of a child that runs the function.
static int run_in_child(int (*function)(const char *argument), const char *argument) {
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) _exit(function(argument));
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int with_one_cpu(const char *argument) {
    (void)argument;
    cpu_set_t before, one;
    if (sched_getaffinity(0, sizeof before, &before) != 0) return CANNOT;
    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0) return CANNOT;
    return default_threads();
}

TEST(affinity_limits_the_default) {
    int threads = run_in_child(with_one_cpu, NULL);
    CHECK(threads == 1 || threads == CANNOT);
}

static bool write_file(const char *folder, const char *name, const char *text) {
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name); // fits
    FILE *file = fopen(path, "r+e");                          // the kernel's own; not made here
    if (file == NULL) return false;
    bool is_written = fputs(text, file) >= 0;
    return fclose(file) == 0 && is_written;
}

static int with_quota_of_one_cpu(const char *folder) {
    char self[32];
    (void)snprintf(self, sizeof self, "%d", (int)getpid()); // fits
    bool is_limited =
        write_file(folder, "cpu.max", "100000 100000") ||
        (write_file(folder, "cpu.cfs_period_us", "100000") && write_file(folder, "cpu.cfs_quota_us", "100000"));
    if (!is_limited || !write_file(folder, "cgroup.procs", self)) return CANNOT;
    return default_threads();
}

TEST(quota_of_the_control_group_limits_the_default) {
    const char *const roots[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/cpu"};
    for (int i = 0; i < 2; i++) {
        char folder[256];
        (void)snprintf(folder, sizeof folder, "%s/sigil-test-%d", roots[i], (int)getpid()); // fits
        if (mkdir(folder, 0755) != 0) continue;
        int threads = run_in_child(with_quota_of_one_cpu, folder);
        CHECK(threads == 1 || threads == CANNOT);
        CHECK_INT(rmdir(folder), 0);
    }
}
#else
TEST(nothing_to_show_under_this_sanitizer) { CHECK(cpu_count() >= 1); }
#endif

// tests/unit/test_rt_threads.c: several tasks at once: shared counts, the output, memory that outlives its task.
#include "tests/unit/rt.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4 };

static SiStr *shared;
static int rounds;

static void *retain_and_release(void *unused) {
    (void)unused;
    Task *own = si_task_create(0);
    for (int i = 0; i < rounds; i++) {
        si_retain(shared);
        SiStr *copy = si_str_concat(&own->base, (si_retain(shared), shared), shared);
        si_release(&own->base, copy);
        si_release(&own->base, shared);
    }
    si_release(&own->base, shared); // each thread was given one reference
    si_task_free(own);
    return NULL;
}

static void in_threads(void *(*body)(void *unused)) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        REQUIRE(pthread_create(&threads[i], NULL, body, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

TEST(a_shared_value_dies_once) {
    BEGIN();
    rounds = (int)test_rounds(20000);
    shared = str("seen by all");
    shared->header.count = -THREADS;
    in_threads(retain_and_release); // the last one frees it: END counts
    END();
}

TEST(memory_of_an_ended_task_is_used_again) {
    BEGIN();
    Task *first = si_task_create(0);
    SiStr *text = si_str_from(&first->base, "x", 1);
    si_task_free(first);
    CHECK_TEXT(text_of(text), text_from("x")); // outlives its task
    Task *second = si_task_create(0);
    CHECK(second == first);
    CHECK_INT(second->live_cells, 0);
    si_release(&second->base, text);
    si_task_free(second);
    END();
}

static void *print_lines(void *unused) {
    (void)unused;
    Task *own = si_task_create(0);
    SiStr *line = si_str_repeat(&own->base, si_str_from_char(&own->base, 'a'), 99, &here);
    for (int i = 0; i < 200; i++)
        si_print_line(&own->base, line);
    return NULL;
}

TEST(lines_never_mix) {
    FILE *file = tmpfile();
    REQUIRE(file != NULL);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dup2(fileno(file), 1);
        in_threads(print_lines);
        si_process_flush();
        _exit(0);
    }
    int status;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    char line[256];
    int count = 0;
    rewind(file);
    while (fgets(line, sizeof line, file) != NULL) {
        CHECK_INT(strspn(line, "a"), 99);
        CHECK_INT(strlen(line), 100);
        count++;
    }
    CHECK_INT(count, THREADS * 200);
    fclose(file);
}

// base/process.h: the few things that are one per process, or one per thread. The only global state of the core.
//
// WHY        Everything else hangs off a workspace, so that several live side by side. What cannot is kept here, in sight.
// CONTENT    The fork count: a child process has the memory of a pool but not its threads, and must be able to tell.
//            The current worker: a function that gets a Pool must know whether it is called from one of the pool's own tasks.
// THREADS    Any thread, any time.
#pragma once
#include "base/status.h"

// How often this process image was forked into being: 0 in the first process, a different number in every child.
// The first call arranges for the counting, so that whoever makes threads calls it before making them.
uint32_t process_fork_count(void);

// One pointer per thread. sched/pool.c keeps the thread's Worker there; NULL in every other thread.
void *process_thread_worker(void);
void process_set_thread_worker(void *worker);

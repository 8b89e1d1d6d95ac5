// python/pool.h: what the exposed types that own a pool share: its configuration, its counters, the statuses of the core.
#pragma once
#include "python/module.h"
#include "sched/sched.h"

// The keywords max_threads, stack_size and priority; -1 with an exception set. A stack too small for the stages is made larger.
int pool_config_of(PyObject *args, PyObject *kwargs, ThreadPoolConfig *out);
// NULL, with the exception that the status stands for; one that is set already (KeyboardInterrupt from a poll) stays.
PyObject *raise_status(Status status);
PyObject *counters_to_python(const Pool *pool); // dict: counter -> int
PyObject *granted_to_python(const Pool *pool);  // (threads, stack bytes, priority)

// pool_config(kind, files=0) -> (max_threads, stack_size, priority): one of the recommended configurations.
PyObject *core_pool_config(PyObject *module, PyObject *args);

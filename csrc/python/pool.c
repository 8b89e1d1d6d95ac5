// python/pool.c: a pool's configuration and counters for Python. See pool.h.
#include "python/pool.h"

// The deepest nesting that the grammar allows fits, and so do Python's own frames. tests/properties/test_hostile_text.py
#define STACK_BYTES_LEAST ((Py_ssize_t)2 << 20)

int pool_config_of(PyObject *args, PyObject *kwargs, ThreadPoolConfig *out) {
    static char *keywords[] = {"max_threads", "stack_size", "priority", NULL};
    unsigned int max_threads = 0;
    Py_ssize_t stack_size = 0;
    int priority = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$Ini", keywords, &max_threads, &stack_size, &priority)) return -1;
    if (stack_size < 0 || max_threads > POOL_THREADS_MAX) {
        PyErr_Format(PyExc_ValueError, "max_threads is at most %u and stack_size is not negative", POOL_THREADS_MAX);
        return -1;
    }
    if (stack_size != 0 && stack_size < STACK_BYTES_LEAST) stack_size = STACK_BYTES_LEAST;
    *out = (ThreadPoolConfig){.max_threads = max_threads, .stack_size = (size_t)stack_size, .priority = priority};
    return 0;
}

PyObject *raise_status(Status status) {
    if (PyErr_Occurred()) return NULL;
    switch (status) {
    case STATUS_OK:
        break;
    case STATUS_NO_MEMORY:
        return PyErr_NoMemory();
    case STATUS_CANCELLED:
        PyErr_SetNone(PyExc_KeyboardInterrupt);
        return NULL;
    case STATUS_IO:
    case STATUS_LIMIT:
        PyErr_SetString(PyExc_OSError,
                        status == STATUS_IO ? "a file could not be read" : "the system refused a thread");
        return NULL;
    case STATUS_CYCLE: // stages report cycles as diagnostics
        break;
    }
    PyErr_SetString(PyExc_SystemError, "the core returned no result");
    return NULL;
}

PyObject *counters_to_python(const Pool *pool) {
    PoolCounters counters = pool_counters(pool);
    return Py_BuildValue("{sKsKsKsKsKsK}", "tasks", (unsigned long long)counters.tasks_run, "items",
                         (unsigned long long)counters.items_run, "steals", (unsigned long long)counters.tasks_stolen,
                         "failed_steals", (unsigned long long)counters.failed_steals, "parks",
                         (unsigned long long)counters.parks, "wakes", (unsigned long long)counters.wakes);
}

static PyObject *config_to_python(const ThreadPoolConfig *config) {
    return Py_BuildValue("(IKi)", config->max_threads, (unsigned long long)config->stack_size, config->priority);
}

PyObject *granted_to_python(const Pool *pool) {
    ThreadPoolConfig granted = pool_granted(pool);
    return config_to_python(&granted);
}

PyObject *core_pool_config(PyObject *module, PyObject *args) {
    (void)module;
    const char *kind;
    unsigned int files = 0;
    if (!PyArg_ParseTuple(args, "s|I:pool_config", &kind, &files)) return NULL;
    ThreadPoolConfig config;
    if (strcmp(kind, "default") == 0)
        config = thread_pool_config_default();
    else if (strcmp(kind, "small") == 0)
        config = thread_pool_config_small();
    else if (strcmp(kind, "large") == 0)
        config = thread_pool_config_large();
    else if (strcmp(kind, "project") == 0)
        config = thread_pool_config_for_project(files);
    else
        return PyErr_Format(PyExc_ValueError, "no configuration is called %s", kind);
    return config_to_python(&config);
}

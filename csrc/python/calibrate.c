// python/calibrate.c: what scheduling and memory cost on this machine, for the replay of recorded builds (sigil/scale).
#include "python/module.h"
#include "sched/costs.h"

static PyObject *failed(Status status) {
    if (status == STATUS_NO_MEMORY) return PyErr_NoMemory();
    PyErr_SetString(PyExc_OSError, "the system refused a thread");
    return NULL;
}

PyObject *core_scheduler_costs(PyObject *module, PyObject *no_arguments) {
    (void)module;
    (void)no_arguments;
    SchedCosts costs;
    Status status;
    Py_BEGIN_ALLOW_THREADS
    status = sched_costs_measure(&costs);
    Py_END_ALLOW_THREADS
    if (status != STATUS_OK) return failed(status);
    return Py_BuildValue("{s:d,s:d,s:d,s:d,s:d,s:d,s:d,s:d,s:d,s:d}", "claim", costs.claim_ns, "spawn", costs.spawn_ns,
                         "steal", costs.steal_ns, "wake", costs.wake_ns, "dispatch", costs.dispatch_ns, "hot",
                         costs.hot_ns, "linger", costs.linger_ns, "chain", costs.chain_ns, "join", costs.join_ns,
                         "clock", costs.clock_ns);
}

// 0: raises ValueError
static uint32_t threads_of(PyObject *argument) {
    unsigned long threads = PyLong_AsUnsignedLong(argument);
    if (threads == (unsigned long)-1 && PyErr_Occurred()) return 0;
    if (threads >= 1 && threads <= POOL_THREADS_MAX) return (uint32_t)threads;
    PyErr_Format(PyExc_ValueError, "threads is from 1 to %u", POOL_THREADS_MAX);
    return 0;
}

PyObject *core_memory_rates(PyObject *module, PyObject *argument) {
    (void)module;
    uint32_t threads = threads_of(argument);
    if (threads == 0) return NULL;
    MemoryRates rates;
    Status status;
    Py_BEGIN_ALLOW_THREADS
    status = memory_rates_measure(threads, &rates);
    Py_END_ALLOW_THREADS
    if (status != STATUS_OK) return failed(status);
    return Py_BuildValue("(dd)", rates.fresh, rates.stream);
}

PyObject *core_spin_rate(PyObject *module, PyObject *argument) {
    (void)module;
    uint32_t threads = threads_of(argument);
    if (threads == 0) return NULL;
    double rate;
    Status status;
    Py_BEGIN_ALLOW_THREADS
    status = spin_rate_measure(threads, &rate);
    Py_END_ALLOW_THREADS
    return status == STATUS_OK ? PyFloat_FromDouble(rate) : failed(status);
}

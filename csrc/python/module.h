// python/module.h: what the files of the binding share: the state of one module object.
#pragma once
#define PY_SSIZE_T_CLEAN
#include "sema/sema.h"
#include <Python.h>

// One per module object, so one per interpreter. Every type of TYPES in module.c has its place here.
typedef struct ModuleState {
    PyObject *workspace_type;
    PyObject *scheduler_type;
} ModuleState;

static inline ModuleState *module_state(PyObject *module) { return (ModuleState *)PyModule_GetState(module); }

static inline PyObject *unicode(Text text) {
    return PyUnicode_DecodeUTF8(text.data, (Py_ssize_t)text.length, "backslashreplace");
}

// Appends a new reference, which it takes over; −1 when it is NULL or memory ends.
static inline int append_new(PyObject *list, PyObject *item) {
    if (item == NULL) return -1;
    int failed = PyList_Append(list, item);
    Py_DECREF(item);
    return failed;
}

PyObject *graph_to_python(const Program *program); // graph.c; after step 1

extern PyType_Spec workspace_spec; // workspace.c
extern PyType_Spec scheduler_spec; // scheduler.c

struct Workspace;
PyObject *trace_to_python(const struct Workspace *workspace); // trace.c

// calibrate.c: functions of the module
PyObject *core_scheduler_costs(PyObject *module, PyObject *no_arguments);
PyObject *core_memory_rates(PyObject *module, PyObject *argument);
PyObject *core_spin_rate(PyObject *module, PyObject *argument);

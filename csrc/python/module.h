// python/module.h: what the files of the binding share: the state of one module object.
#pragma once
#define PY_SSIZE_T_CLEAN
#include <Python.h>

// One per module object, so one per interpreter. Every type of TYPES in module.c has its place here.
typedef struct ModuleState {
    char unused; // until the first type: C knows no empty struct
} ModuleState;

static inline ModuleState *module_state(PyObject *module) { return (ModuleState *)PyModule_GetState(module); }

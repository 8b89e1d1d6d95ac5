// python/module.c: sigil._core. Start reading the binding here: the table of what Python sees, and nothing else.
//
// Multi-phase initialisation and heap types: everything hangs off the module object, so that several interpreters of one
// process can each have a module of their own. The types live in files of their own; each adds one row to TYPES.
#include "base/diagnostics.h"
#include "base/version.h"
#include "python/pool.h"
#include <stddef.h>

// One row per exposed type: its specification, and where the module keeps it.
typedef struct TypeRow {
    PyType_Spec *spec;
    size_t place; // offset in ModuleState
} TypeRow;

static const TypeRow TYPES[] = {
    {&workspace_spec, offsetof(ModuleState, workspace_type)},
    {&scheduler_spec, offsetof(ModuleState, scheduler_type)},
    {NULL, 0}, // the end
};

static PyObject *core_version(PyObject *module, PyObject *no_arguments) {
    (void)module;
    (void)no_arguments;
    return PyUnicode_FromString(SIGIL_VERSION);
}

static PyObject *core_diagnostic_codes(PyObject *module, PyObject *no_arguments) {
    (void)module;
    (void)no_arguments;
    PyObject *codes = PyDict_New();
    for (int code = 0; codes != NULL && code < DIAG_COUNT; code++) {
        PyObject *row = Py_BuildValue("(iss)", (int)diag_code_severity((DiagCode)code), diag_code_name((DiagCode)code),
                                      diag_code_template((DiagCode)code));
        if (row == NULL || PyDict_SetItemString(codes, diag_code_text((DiagCode)code), row) < 0) Py_CLEAR(codes);
        Py_XDECREF(row);
    }
    return codes;
}

static PyMethodDef methods[] = {
    {"diagnostic_codes", core_diagnostic_codes, METH_NOARGS,
     "diagnostic_codes() -> dict\n\nEvery diagnostic: code -> (severity, name, message with {0} ... for its "
     "arguments)."},
    {"memory_rates", core_memory_rates, METH_O,
     "memory_rates(threads) -> (fresh, stream)\n\nBytes in a nanosecond that each of so many threads can touch for the "
     "first time, and copy."},
    {"scheduler_costs", core_scheduler_costs, METH_NOARGS,
     "scheduler_costs() -> dict\n\nNanoseconds of each step of the scheduler, measured now: medians."},
    {"pool_config", core_pool_config, METH_VARARGS,
     "pool_config(kind, files=0) -> (max_threads, stack_size, priority)\n\nA recommended configuration: default, "
     "small, "
     "large, or project, for so many files."},
    {"spin_rate", core_spin_rate, METH_O,
     "spin_rate(threads) -> float\n\nRounds in a nanosecond, for each of so many threads, of a loop that needs no "
     "memory."},
    {"version", core_version, METH_NOARGS, "version() -> str\n\nThe version of Sigil."},
    {NULL, NULL, 0, NULL},
};

static PyObject **type_place(ModuleState *state, const TypeRow *row) {
    return (PyObject **)((char *)state + row->place);
}

static int core_exec(PyObject *module) {
    ModuleState *state = module_state(module);
    for (const TypeRow *row = TYPES; row->spec != NULL; row++) {
        PyObject *type = PyType_FromModuleAndSpec(module, row->spec, NULL);
        if (type == NULL) return -1;
        *type_place(state, row) = type;
        if (PyModule_AddType(module, (PyTypeObject *)type) < 0) return -1;
    }
    return 0;
}

static int core_traverse(PyObject *module, visitproc visit, void *arg) {
    ModuleState *state = module_state(module);
    for (const TypeRow *row = TYPES; row->spec != NULL; row++)
        Py_VISIT(*type_place(state, row));
    return 0;
}

static int core_clear(PyObject *module) {
    ModuleState *state = module_state(module);
    for (const TypeRow *row = TYPES; row->spec != NULL; row++)
        Py_CLEAR(*type_place(state, row));
    return 0;
}

static void core_free(void *module) { (void)core_clear(module); } // always 0

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)core_exec},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#if PY_VERSION_HEX >= 0x030D0000
    {Py_mod_gil, Py_MOD_GIL_NOT_USED}, // what two threads may touch is atomic or behind a lock of ours
#endif
    {0, NULL},
};

static PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "sigil._core",
    .m_doc = "The compiler's core. Use it through the package sigil.",
    .m_size = sizeof(ModuleState),
    .m_methods = methods,
    .m_slots = slots,
    .m_traverse = core_traverse,
    .m_clear = core_clear,
    .m_free = core_free,
};

PyMODINIT_FUNC PyInit__core(void); // called by the interpreter alone
PyMODINIT_FUNC PyInit__core(void) { return PyModuleDef_Init(&definition); }

// python/workspace.c: sigil._core.Workspace. Arguments in, one call into query/, result out. If a line here could be
// wrong about the language, it is in the wrong folder.
//
// THREADS  One writer at a time: `busy` is a lock that a second one waits for without the GIL. progress() and cancel() never
//          wait. While a stage runs, the waiting thread comes back about every 50 ms to look for signals (poll_signals), so
//          that Ctrl-C becomes the cancel flag and, when the stage has stopped, KeyboardInterrupt.
#include "query/workspace.h"
#include "python/pool.h"

typedef struct WorkspaceObject {
    PyObject_HEAD
    Workspace *workspace;
    PyThread_type_lock busy;
    _Atomic uint64_t owner;  // who holds `busy` (its identifier), 0 nobody; written by the holder alone
    PyThreadState *released; // of the thread that runs a stage, while it does
} WorkspaceObject;

enum { WAIT_MICROSECONDS = 50000 };

static int workspace_enter(WorkspaceObject *self) {
    if (!pool_is_alive(workspace_pool(self->workspace))) {
        PyErr_SetString(PyExc_RuntimeError,
                        "this process was forked off the one that made the workspace, and has none of its threads: "
                        "make a workspace here");
        return -1;
    }
    uint64_t me = PyThread_get_thread_ident();
    if (load_relaxed(&self->owner) == me) { // a signal handler, called by poll_signals: waiting would be for ever
        PyErr_SetString(PyExc_RuntimeError, "this thread is inside another call of the same workspace");
        return -1;
    }
    PyLockStatus locked = PyThread_acquire_lock_timed(self->busy, 0, 0);
    while (locked != PY_LOCK_ACQUIRED) {
        Py_BEGIN_ALLOW_THREADS
        locked = PyThread_acquire_lock_timed(self->busy, WAIT_MICROSECONDS, 1);
        Py_END_ALLOW_THREADS
        if (locked != PY_LOCK_ACQUIRED && PyErr_CheckSignals() < 0) return -1;
    }
    store_relaxed(&self->owner, me); // relaxed: only this thread can read its own identifier here
    return 0;
}

static void workspace_leave(WorkspaceObject *self) {
    store_relaxed(&self->owner, UINT64_C(0));
    PyThread_release_lock(self->busy);
}

static bool poll_signals(void *context) {
    WorkspaceObject *self = context;
    PyEval_RestoreThread(self->released);
    bool interrupted = PyErr_CheckSignals() < 0; // the exception stays set until the stage has ended
    self->released = PyEval_SaveThread();
    return interrupted;
}

// ---- life cycle -----------------------------------------------------------------------------------------------------------

static PyObject *workspace_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    ThreadPoolConfig config;
    if (pool_config_of(args, kwargs, &config) < 0) return NULL;
    WorkspaceObject *self = (WorkspaceObject *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    self->busy = PyThread_allocate_lock();
    if (self->busy == NULL) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    Status status;
    Py_BEGIN_ALLOW_THREADS
    status = workspace_create(&config, &self->workspace);
    Py_END_ALLOW_THREADS
    if (status != STATUS_OK) {
        Py_DECREF(self);
        return raise_status(status);
    }
    pool_set_poll(workspace_pool(self->workspace), poll_signals, self);
    return (PyObject *)self;
}

static void workspace_dealloc(WorkspaceObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    if (self->workspace != NULL) {
        Py_BEGIN_ALLOW_THREADS
        workspace_free(self->workspace);
        Py_END_ALLOW_THREADS
    }
    if (self->busy != NULL) PyThread_free_lock(self->busy);
    type->tp_free((PyObject *)self);
    Py_DECREF(type);
}

// ---- load -----------------------------------------------------------------------------------------------------------------

static int text_of(PyObject *object, const char *what, Text *out) {
    Py_ssize_t length;
    const char *data = PyUnicode_AsUTF8AndSize(object, &length); // borrowed; lives as long as the string
    if (data == NULL) return -1;
    if ((uint64_t)length >= UINT32_MAX) {
        PyErr_Format(PyExc_ValueError, "%s is too long", what);
        return -1;
    }
    *out = (Text){data, (uint32_t)length};
    return 0;
}

// (module, kind, flags, shown_path, real_path | None, text | None)
static int file_of(PyObject *tuple, WorkspaceFile *out) {
    PyObject *module, *shown_path, *real_path, *text;
    int kind;
    unsigned int flags;
    if (!PyTuple_Check(tuple)) {
        PyErr_SetString(PyExc_TypeError, "each file is a tuple");
        return -1;
    }
    if (!PyArg_ParseTuple(tuple, "UiIUOO:file", &module, &kind, &flags, &shown_path, &real_path, &text)) return -1;
    *out = (WorkspaceFile){.kind = (ModuleKind)kind,
                           .is_test_file = (flags & 1) != 0,
                           .is_entry = (flags & 2) != 0,
                           .is_folder_module = (flags & 4) != 0};
    if (kind < MODULE_PROJECT || kind > MODULE_STD) {
        PyErr_SetString(PyExc_ValueError, "unknown kind of module");
        return -1;
    }
    if (text_of(module, "a module's name", &out->module) < 0) return -1;
    if (text_of(shown_path, "a path", &out->shown_path) < 0) return -1;
    if (text != Py_None) {
        char *data;
        Py_ssize_t length;
        if (PyBytes_AsStringAndSize(text, &data, &length) < 0) return -1;
        if ((uint64_t)length >= UINT32_MAX) {
            PyErr_SetString(PyExc_ValueError, "a text of 4 GiB or more");
            return -1;
        }
        out->text = (Text){data, (uint32_t)length};
        out->has_text = true;
    } else {
        char *data;
        Py_ssize_t length;
        if (PyBytes_AsStringAndSize(real_path, &data, &length) < 0) return -1; // os.fsencode's
        out->real_path = (Text){data, (uint32_t)length};
    }
    return 0;
}

PyDoc_STRVAR(
    load_doc,
    "load(files) -> None\n\n"
    "Takes the files of a project: a list of (module, kind, flags, shown_path, real_path, text), sorted by\n"
    "module name. kind: 0 project, 1 prelude, 2 std. flags: 1 test file, 2 entry, 4 mod.si. real_path is bytes,\n"
    "or None when text (bytes) is given. Forgets all results.");
static PyObject *workspace_load_method(WorkspaceObject *self, PyObject *list) {
    if (!PyList_Check(list)) {
        PyErr_SetString(PyExc_TypeError, "files is a list of tuples");
        return NULL;
    }
    Py_ssize_t count = PyList_GET_SIZE(list);
    WorkspaceFile *files = PyMem_Calloc((size_t)count + 1, sizeof *files);
    if (files == NULL) return PyErr_NoMemory();
    PyObject *answer = NULL;
    PyObject *held = PyList_GetSlice(list, 0, count); // keeps the strings alive, whoever changes the list
    if (held == NULL) goto done;
    for (Py_ssize_t i = 0; i < count; i++)
        if (file_of(PyList_GET_ITEM(held, i), &files[i]) < 0) goto done;
    for (Py_ssize_t i = 1; i < count; i++)
        if (text_compare(files[i - 1].module, files[i].module) >= 0) {
            PyErr_SetString(PyExc_ValueError, "files are not sorted by module name, or two have one name");
            goto done;
        }
    if (workspace_enter(self) < 0) goto done;
    Status status;
    Py_BEGIN_ALLOW_THREADS
    status = workspace_load(self->workspace, files, (uint32_t)count);
    Py_END_ALLOW_THREADS
    workspace_leave(self);
    answer = status == STATUS_OK ? Py_NewRef(Py_None) : raise_status(status);
done:
    Py_XDECREF(held);
    PyMem_Free(files);
    return answer;
}

// ---- run ------------------------------------------------------------------------------------------------------------------

typedef struct Places { // where diagnostics are shown: they come in order, so the last place is near the next
    const Workspace *workspace;
    uint32_t file;
    PositionHint hint;
} Places;

// (path, byte_start, byte_end, line, column, end_line, end_column), or None for no file
static PyObject *span_to_python(Places *places, Span span) {
    const Workspace *ws = places->workspace;
    if (span.file.index == 0 || span.file.index > workspace_file_count(ws)) Py_RETURN_NONE;
    const ParsedFile *file = workspace_file(ws, span.file.index - 1);
    uint32_t line = 1, column = 1, end_line = 1, end_column = 1;
    if (file->tokens.line_count > 0) {
        if (places->file != span.file.index) *places = (Places){.workspace = ws, .file = span.file.index};
        tokens_position_near(&file->tokens, &places->hint, span.start, &line, &column);
        tokens_position_near(&file->tokens, &places->hint, span.end, &end_line, &end_column);
    }
    return Py_BuildValue("(IIIIIII)", span.file.index - 1, span.start, span.end, line, column, end_line, end_column);
}

static PyObject *fix_to_python(Places *places, const DiagFix *fix) {
    PyObject *edits = PyList_New(0);
    if (edits == NULL) return NULL;
    for (const DiagEdit *edit = fix->edits; edit != NULL; edit = edit->next)
        if (append_new(edits, Py_BuildValue("(NN)", span_to_python(places, edit->span), unicode(edit->text))) < 0) {
            Py_DECREF(edits);
            return NULL;
        }
    return Py_BuildValue("(NON)", unicode(fix->title), fix->is_certain ? Py_True : Py_False, edits);
}

// (code, severity, message, primary_label, span, labels, notes, fixes)
// places: two, for the labels one of their own: many point to one place far away
static PyObject *diagnostic_to_python(Places *places, const Diagnostic *d) {
    PyObject *labels = PyList_New(0);
    PyObject *notes = PyList_New(0);
    PyObject *fixes = PyList_New(0);
    if (labels == NULL || notes == NULL || fixes == NULL) goto failed;
    for (const DiagLabel *label = d->labels; label != NULL; label = label->next)
        if (append_new(labels, Py_BuildValue("(NN)", span_to_python(&places[1], label->span), unicode(label->text))) <
            0)
            goto failed;
    for (const DiagNote *note = d->notes; note != NULL; note = note->next)
        if (append_new(notes, unicode(note->text)) < 0) goto failed;
    for (const DiagFix *fix = d->fixes; fix != NULL; fix = fix->next)
        if (append_new(fixes, fix_to_python(places, fix)) < 0) goto failed;
    return Py_BuildValue("(siNNNNNN)", diag_code_text(d->code), (int)diag_code_severity(d->code), unicode(d->message),
                         unicode(d->primary_label), span_to_python(places, d->span), labels, notes, fixes);
failed:
    Py_XDECREF(labels);
    Py_XDECREF(notes);
    Py_XDECREF(fixes);
    return NULL;
}

static PyObject *diagnostics_to_python(Workspace *ws) {
    Diagnostic **all;
    uint32_t count;
    Status status = workspace_diagnostics(ws, &all, &count);
    if (status != STATUS_OK) return raise_status(status);
    PyObject *list = PyList_New(0);
    if (list == NULL) return NULL;
    Places places[2] = {{.workspace = ws}, {.workspace = ws}};
    for (uint32_t i = 0; i < count; i++)
        if (append_new(list, diagnostic_to_python(places, all[i])) < 0) {
            Py_DECREF(list);
            return NULL;
        }
    return list;
}

static PyObject *times_to_python(const Workspace *ws) {
    PyObject *times = PyDict_New();
    if (times == NULL) return NULL;
    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        const StageTime *time = &workspace_times(ws)[stage];
        if (time->wall_ns == 0) continue;
        PyObject *pair = Py_BuildValue("(dd)", (double)time->wall_ns / 1e9, (double)time->cpu_ns / 1e9);
        if (pair == NULL || PyDict_SetItemString(times, stage_name((Stage)stage), pair) < 0) {
            Py_XDECREF(pair);
            Py_DECREF(times);
            return NULL;
        }
        Py_DECREF(pair);
    }
    return times;
}

static int stage_from_name(const char *name, Stage *out) {
    for (int stage = STAGE_PARSE; stage < STAGE_COUNT; stage++)
        if (strcmp(stage_name((Stage)stage), name) == 0) {
            *out = (Stage)stage;
            return 0;
        }
    PyErr_Format(PyExc_ValueError, "no stage is called %s", name);
    return -1;
}

PyDoc_STRVAR(run_doc,
             "run(last, *, program_name='program', with_tests=False, with_lines=True, coverage=2, with_trace=True,\n"
             "schedule='signatures', lex_chunk_bytes=0) -> (diagnostics, times)\n\n"
             "Runs the stages up to and with `last` (parse, modules, signatures, bodies, lower, generate) with the GIL "
             "released.\n"
             "times: stage -> (wall, cpu) in seconds.");
static PyObject *workspace_run_method(WorkspaceObject *self, PyObject *args, PyObject *kwargs) {
    static char *keywords[] = {"last",       "program_name", "with_tests",      "with_lines", "coverage",
                               "with_trace", "schedule",     "lex_chunk_bytes", NULL};
    const char *last_name, *schedule = "signatures";
    const char *program_name = "program";
    Py_ssize_t name_length = 7;
    int with_tests = 0, with_lines = 1, coverage = COVERAGE_ERROR, with_trace = 1;
    unsigned int lex_chunk_bytes = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "s|$s#ppipsI:run", keywords, &last_name, &program_name, &name_length,
                                     &with_tests, &with_lines, &coverage, &with_trace, &schedule, &lex_chunk_bytes))
        return NULL;
    Stage last;
    if (stage_from_name(last_name, &last) < 0) return NULL;
    if (coverage < COVERAGE_OFF || coverage > COVERAGE_ERROR) {
        PyErr_SetString(PyExc_ValueError, "coverage is 0 (off), 1 (warn) or 2 (error)");
        return NULL;
    }
    bool by_levels = strcmp(schedule, "levels") == 0;
    if (!by_levels && strcmp(schedule, "signatures") != 0) {
        PyErr_Format(PyExc_ValueError, "no schedule is called %s: levels or signatures", schedule);
        return NULL;
    }
    RunOptions options = {.with_tests = with_tests != 0,
                          .with_lines = with_lines != 0,
                          .without_trace = with_trace == 0,
                          .coverage = (CoverageLevel)coverage,
                          .schedule = by_levels ? SCHEDULE_LEVELS : SCHEDULE_SIGNATURES,
                          .lex_chunk_bytes = lex_chunk_bytes,
                          .program_name = {program_name, (uint32_t)name_length}};
    if (workspace_enter(self) < 0) return NULL;
    self->released = PyEval_SaveThread(); // from here to RestoreThread no Python object is touched but by poll_signals
    Status status = workspace_run(self->workspace, &options, last);
    PyEval_RestoreThread(self->released);
    PyObject *answer = NULL;
    if (status == STATUS_OK && !PyErr_Occurred())
        answer = Py_BuildValue("(NN)", diagnostics_to_python(self->workspace), times_to_python(self->workspace));
    else
        answer = raise_status(status);
    workspace_leave(self);
    return answer;
}

// ---- results --------------------------------------------------------------------------------------------------------------

PyDoc_STRVAR(output_doc,
             "output() -> list[tuple[str, bytes]]\n\nThe generated C files, by name. Empty before the stage generate.");
static PyObject *workspace_output_method(WorkspaceObject *self, PyObject *no_arguments) {
    (void)no_arguments;
    if (workspace_enter(self) < 0) return NULL;
    PyObject *list = PyList_New(0);
    const COutput *output = workspace_output(self->workspace);
    for (uint32_t i = 0; list != NULL && output != NULL && i < output->file_count; i++) {
        const CFile *file = &output->files[i];
        if (append_new(list, Py_BuildValue("(Ny#)", unicode(file->name), file->content.data,
                                           (Py_ssize_t)file->content.length)) < 0)
            Py_CLEAR(list);
    }
    workspace_leave(self);
    return list;
}

static bool emit_guarded(Workspace *ws, EmitKind kind, Text module, Arena *arena, Buffer *out, bool *found) {
    jmp_buf escape;
    arena->escape = &escape;
    if (setjmp(escape) != 0) return false;
    *found = workspace_emit(ws, kind, module, out);
    return true;
}

PyDoc_STRVAR(emit_doc, "emit(kind, module) -> str | None\n\nkind: tokens, tree, core or c. None: no such module, or "
                       "the stage has not run.");
static PyObject *workspace_emit_method(WorkspaceObject *self, PyObject *args) {
    static const char *const kinds[] = {"tokens", "tree", "core", "c"};
    const char *kind_name, *module;
    Py_ssize_t module_length;
    if (!PyArg_ParseTuple(args, "ss#:emit", &kind_name, &module, &module_length)) return NULL;
    int kind = 0;
    while (kind < 4 && strcmp(kinds[kind], kind_name) != 0)
        kind++;
    if (kind == 4) {
        PyErr_Format(PyExc_ValueError, "cannot emit %s: tokens, tree, core or c", kind_name);
        return NULL;
    }
    if (workspace_enter(self) < 0) return NULL;
    Arena arena = {0};
    Buffer out = buffer_in(&arena);
    bool found = false, enough_memory;
    Py_BEGIN_ALLOW_THREADS
    enough_memory =
        emit_guarded(self->workspace, (EmitKind)kind, (Text){module, (uint32_t)module_length}, &arena, &out, &found);
    Py_END_ALLOW_THREADS
    workspace_leave(self);
    PyObject *answer;
    if (!enough_memory)
        answer = PyErr_NoMemory();
    else if (!found)
        answer = Py_NewRef(Py_None);
    else
        answer = PyUnicode_DecodeUTF8(out.data, (Py_ssize_t)out.length, "backslashreplace");
    arena_free(&arena);
    return answer;
}

PyDoc_STRVAR(source_doc, "source(index) -> (shown_path, bytes)\n\nThe text of a file, by the index that spans carry.");
static PyObject *workspace_source_method(WorkspaceObject *self, PyObject *argument) {
    unsigned long index = PyLong_AsUnsignedLong(argument);
    if (index == (unsigned long)-1 && PyErr_Occurred()) return NULL;
    if (workspace_enter(self) < 0) return NULL;
    PyObject *answer = NULL;
    if (index >= workspace_file_count(self->workspace)) {
        PyErr_SetString(PyExc_IndexError, "no such file");
    } else {
        const Source *source = workspace_source(self->workspace, (uint32_t)index);
        answer = Py_BuildValue("(Ny#)", unicode(source->path), source->text.length > 0 ? source->text.data : "",
                               (Py_ssize_t)source->text.length);
    }
    workspace_leave(self);
    return answer;
}

// The number of a test function in the test executable (its place in core->tests), or None where it is not part of that.
static PyObject *test_index(const CoreProgram *core, uint32_t function) {
    for (uint32_t i = 0; core != NULL && i < core->test_count; i++)
        if (core->functions[core->tests[i]]->function.index == function) return PyLong_FromUnsignedLong(i);
    Py_RETURN_NONE;
}

static PyObject *targets_to_python(const Program *program, const Function *function) {
    PyObject *targets = PyTuple_New((Py_ssize_t)function->target_count);
    for (uint32_t i = 0; targets != NULL && i < function->target_count; i++) {
        PyObject *name = unicode(names_text(program->names, program->functions[function->targets[i].index].name));
        if (name == NULL)
            Py_CLEAR(targets);
        else
            PyTuple_SET_ITEM(targets, (Py_ssize_t)i, name);
    }
    return targets;
}

// (module, name, file, line, column, targets, compile_fail | None, has_errors or that compile_fail holds, index | None)
static PyObject *test_to_python(const Workspace *ws, uint32_t index) {
    const Program *program = workspace_program(ws);
    const Function *function = &program->functions[index];
    const Module *module = &program->modules[function->module.index];
    bool has_errors = program->bodies != NULL && program->bodies[index].has_errors;
    Text expected = function->compile_fail.data != NULL ? function->compile_fail : TEXT("");
    return Py_BuildValue("(NNNIINNNN)", unicode(module->name), unicode(names_text(program->names, function->name)),
                         unicode(module->source->path), function->line, function->column,
                         targets_to_python(program, function),
                         function->expects_compile_error ? unicode(expected) : Py_NewRef(Py_None),
                         PyBool_FromLong(function->expects_compile_error ? function->compile_fail_holds : has_errors),
                         test_index(workspace_core(ws), index));
}

static PyObject *tests_to_python(const Workspace *ws) {
    const Program *program = workspace_program(ws);
    PyObject *tests = PyList_New(0);
    if (tests == NULL || program == NULL || program->functions == NULL) return tests;
    for (uint32_t i = 1; i <= program->function_count; i++)
        if (program->functions[i].is_test && append_new(tests, test_to_python(ws, i)) < 0) {
            Py_DECREF(tests);
            return NULL;
        }
    return tests;
}

// Lines as people count them: what follows the last line end is one only if there is something.
static uint32_t line_count(const ParsedFile *file, const Source *source) {
    Text text = source->text;
    bool is_open = text.length > 0 && text.data[text.length - 1] != '\n' && text.data[text.length - 1] != '\r';
    return file->tokens.line_count > 0 && !is_open ? file->tokens.line_count - 1 : file->tokens.line_count;
}

PyDoc_STRVAR(
    program_doc,
    "program() -> dict\n\nWhat the latest run knows of the project: counts of its own modules, functions, lines, bytes "
    "and\n"
    "tokens (without the prelude and std); whether it has an entry; its tests, in order of module and position.");
static PyObject *workspace_program_method(WorkspaceObject *self, PyObject *no_arguments) {
    (void)no_arguments;
    if (workspace_enter(self) < 0) return NULL;
    const Workspace *ws = self->workspace;
    const Program *program = workspace_program(ws);
    uint64_t modules = 0, functions = 0, lines = 0, bytes = 0, tokens = 0;
    for (uint32_t i = 0; i < workspace_file_count(ws); i++) {
        if (workspace_file_kind(ws, i) != MODULE_PROJECT) continue;
        const ParsedFile *file = workspace_file(ws, i);
        modules++;
        lines += line_count(file, workspace_source(ws, i));
        tokens += file->tokens.count;
        bytes += workspace_source(ws, i)->text.length;
    }
    for (uint32_t i = 1; program != NULL && program->modules != NULL && i <= program->module_count; i++)
        if (program->modules[i].kind == MODULE_PROJECT) functions += program->modules[i].function_count;
    bool has_entry = program != NULL && program->entry.index != 0;
    PyObject *answer = Py_BuildValue("{s:K,s:K,s:K,s:K,s:K,s:N,s:N}", "modules", (unsigned long long)modules,
                                     "functions", (unsigned long long)functions, "lines", (unsigned long long)lines,
                                     "bytes", (unsigned long long)bytes, "tokens", (unsigned long long)tokens,
                                     "has_entry", PyBool_FromLong(has_entry), "tests", tests_to_python(ws));
    workspace_leave(self);
    return answer;
}

static bool needs_tests(const Program *program, const Function *function) {
    return program->modules[function->module.index].kind == MODULE_PROJECT && !function->is_test &&
           !function->is_main && function->impl.index == 0 && function->trait.index == 0 && function->name.index != 0;
}

static PyObject *tests_of(const Program *program, uint32_t target) {
    PyObject *tests = PyList_New(0);
    for (uint32_t i = 1; tests != NULL && i <= program->function_count; i++) {
        const Function *test = &program->functions[i];
        for (uint32_t t = 0; test->is_test && t < test->target_count; t++) {
            if (test->targets[t].index != target) continue;
            if (append_new(tests, unicode(names_text(program->names, test->name))) < 0) Py_CLEAR(tests);
            break;
        }
    }
    if (tests == NULL) return NULL;
    PyObject *tuple = PyList_AsTuple(tests);
    Py_DECREF(tests);
    return tuple;
}

PyDoc_STRVAR(
    graph_doc,
    "graph() -> dict | None\n\nThe latest run's modules as a graph; None where it did not get so far.\n"
    "imports: module -> what it imports; levels: lists of modules that need nothing of each other, what needs\n"
    "nothing first; cycles: modules that reach each other; longest_path: by modules; critical_path: by cost\n"
    "(nodes of syntax trees), which is critical_cost of total_cost.");
static PyObject *workspace_graph_method(WorkspaceObject *self, PyObject *no_arguments) {
    (void)no_arguments;
    if (workspace_enter(self) < 0) return NULL;
    const Program *program = workspace_program(self->workspace);
    PyObject *answer = program != NULL && program->functions != NULL ? graph_to_python(program) : Py_NewRef(Py_None);
    workspace_leave(self);
    return answer;
}

PyDoc_STRVAR(coverage_doc, "coverage() -> list[tuple[str, str, tuple[str, ...]]]\n\n"
                           "Every function that needs tests: module, name, the tests that target it.");
static PyObject *workspace_coverage_method(WorkspaceObject *self, PyObject *no_arguments) {
    (void)no_arguments;
    if (workspace_enter(self) < 0) return NULL;
    const Program *program = workspace_program(self->workspace);
    PyObject *rows = PyList_New(0);
    for (uint32_t i = 1; rows != NULL && program != NULL && program->functions != NULL && i <= program->function_count;
         i++) {
        const Function *function = &program->functions[i];
        if (!needs_tests(program, function)) continue;
        PyObject *row = Py_BuildValue("(NNN)", unicode(program->modules[function->module.index].name),
                                      unicode(names_text(program->names, function->name)), tests_of(program, i));
        if (append_new(rows, row) < 0) Py_CLEAR(rows);
    }
    workspace_leave(self);
    return rows;
}

PyDoc_STRVAR(progress_doc,
             "progress() -> dict[str, int]\n\nThe progress counters, readable from any thread at any time.");
static int set_count(PyObject *counters, const char *name, uint64_t count) {
    PyObject *value = PyLong_FromUnsignedLongLong(count);
    int failed = value == NULL ? -1 : PyDict_SetItemString(counters, name, value);
    Py_XDECREF(value);
    return failed;
}

static PyObject *workspace_progress_method(WorkspaceObject *self, PyObject *no_arguments) {
    (void)no_arguments;
    ProgressSnapshot snapshot = workspace_progress(self->workspace);
    PyObject *counters = PyDict_New();
#define ROW(name, what)                                                                                                \
    if (counters != NULL && set_count(counters, #name, snapshot.name) < 0) Py_CLEAR(counters);
    PROGRESS_COUNTERS(ROW)
#undef ROW
    return counters;
}

PyDoc_STRVAR(memory_doc,
             "memory() -> dict[str, int]\n\nWhat the arenas of this workspace took of its pool of chunks, and "
             "the pool of the system.");
static PyObject *workspace_memory_method(WorkspaceObject *self, PyObject *no_arguments) {
    (void)no_arguments;
    ChunkCounters now = workspace_memory(self->workspace);
    return Py_BuildValue("{sKsKsKsKsKsKsK}", "taken_chunks", (unsigned long long)now.taken_chunks, "taken_bytes",
                         (unsigned long long)now.taken_bytes, "system_chunks", (unsigned long long)now.system_chunks,
                         "system_bytes", (unsigned long long)now.system_bytes, "held_bytes",
                         (unsigned long long)now.held_bytes, "used_bytes", (unsigned long long)now.used_bytes,
                         "peak_bytes", (unsigned long long)now.peak_bytes);
}

PyDoc_STRVAR(count_doc,
             "count(counter, amount) -> None\n\nAdds to a progress counter what other programs did. From any "
             "thread at any time.");
static PyObject *workspace_count_method(WorkspaceObject *self, PyObject *args) {
    const char *name;
    unsigned long long amount;
    if (!PyArg_ParseTuple(args, "sK:count", &name, &amount)) return NULL;
    for (int counter = 0; counter < PROGRESS_COUNTER_COUNT; counter++)
        if (strcmp(progress_name((ProgressCounter)counter), name) == 0) {
            workspace_count(self->workspace, (ProgressCounter)counter, amount);
            Py_RETURN_NONE;
        }
    return PyErr_Format(PyExc_ValueError, "no progress counter is called %s", name);
}

PyDoc_STRVAR(
    trace_doc,
    "trace() -> tuple | None\n\nWhat the workers did in the latest run: (origin, stages, loops, events, dropped). "
    "Times are\nnanoseconds since `origin`, which is one of time.monotonic_ns().");
static PyObject *workspace_trace_method(WorkspaceObject *self, PyObject *no_arguments) {
    (void)no_arguments;
    if (workspace_enter(self) < 0) return NULL;
    PyObject *answer = trace_to_python(self->workspace);
    workspace_leave(self);
    return answer;
}

PyDoc_STRVAR(
    cancel_doc,
    "cancel() -> None\n\nAsks the stage that is running to stop; it raises KeyboardInterrupt where it was called.");
static PyObject *workspace_cancel_method(WorkspaceObject *self, PyObject *no_arguments) {
    (void)no_arguments;
    workspace_cancel(self->workspace);
    Py_RETURN_NONE;
}

static PyObject *workspace_counters(WorkspaceObject *self, PyObject *no_arguments) {
    (void)no_arguments;
    return counters_to_python(workspace_pool(self->workspace));
}

static PyObject *workspace_granted(WorkspaceObject *self, void *closure) {
    (void)closure;
    return granted_to_python(workspace_pool(self->workspace));
}

static PyObject *workspace_threads(WorkspaceObject *self, void *closure) {
    (void)closure;
    return PyLong_FromUnsignedLong(pool_thread_count(workspace_pool(self->workspace)));
}

// A PyCFunction takes PyObject pointers; these take their own object type, which the type's slots guarantee.
#define METHOD(function) ((PyCFunction)(void (*)(void))(function))
static PyMethodDef workspace_methods[] = {
    {"load", METHOD(workspace_load_method), METH_O, load_doc},
    {"run", METHOD(workspace_run_method), METH_VARARGS | METH_KEYWORDS, run_doc},
    {"output", METHOD(workspace_output_method), METH_NOARGS, output_doc},
    {"emit", METHOD(workspace_emit_method), METH_VARARGS, emit_doc},
    {"source", METHOD(workspace_source_method), METH_O, source_doc},
    {"coverage", METHOD(workspace_coverage_method), METH_NOARGS, coverage_doc},
    {"program", METHOD(workspace_program_method), METH_NOARGS, program_doc},
    {"graph", METHOD(workspace_graph_method), METH_NOARGS, graph_doc},
    {"progress", METHOD(workspace_progress_method), METH_NOARGS, progress_doc},
    {"count", METHOD(workspace_count_method), METH_VARARGS, count_doc},
    {"trace", METHOD(workspace_trace_method), METH_NOARGS, trace_doc},
    {"memory", METHOD(workspace_memory_method), METH_NOARGS, memory_doc},
    {"cancel", METHOD(workspace_cancel_method), METH_NOARGS, cancel_doc},
    {"counters", METHOD(workspace_counters), METH_NOARGS,
     "counters() -> dict[str, int]\n\nWhat the workers did so far."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef workspace_getset[] = {
    {"threads", (getter)(void (*)(void))workspace_threads, NULL, "How many workers the pool has.", NULL},
    {"granted", (getter)(void (*)(void))workspace_granted, NULL,
     "(threads, stack bytes, priority) that the workers have.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(workspace_doc, "Workspace(*, max_threads=0, stack_size=0, priority=0)\n\nOne project being compiled: its "
                            "pool, its files and their results.");
static PyType_Slot workspace_slots[] = {
    {Py_tp_new, (void *)workspace_new}, {Py_tp_dealloc, (void *)workspace_dealloc}, {Py_tp_methods, workspace_methods},
    {Py_tp_getset, workspace_getset},   {Py_tp_doc, (void *)workspace_doc},         {0, NULL},
};

PyType_Spec workspace_spec = {
    .name = "sigil._core.Workspace",
    .basicsize = sizeof(WorkspaceObject),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = workspace_slots,
};

// python/scheduler.c: sigil._core.Scheduler: the compiler's own scheduler, running Python callables. For experiments, and
// for build scripts whose work releases the GIL (or that run on an interpreter without one).
//
// SHAPE      submit ─▶ slots [ s0 ][ s1 ][ s2 ] …   in the order of submission; each holds an item, then its result or error
//            run    ─▶ one task per slot; a task that submits adds a slot and spawns its task on its own worker
// INVARIANTS U1 A slot is written by the one task that runs it, and read by run when all tasks have ended.
//            U2 Items that are submitted by other threads while a run goes on belong to the next run: only a task of the run may
//               add to it, because only then its group cannot be empty at that moment.
// THREADS    submit: any. run: one at a time; a second one gets RuntimeError. `lock` guards slots, their count and is_running,
//            and is never held while Python code could run.
// OWNERSHIP  The object owns the slots; a slot owns references to its item, result and error.
// COST       Each task attaches a fresh thread state to the interpreter (about a microsecond), because a worker outlives any
//            run and nobody could take the state away from it later.
#include "base/process.h"
#include "base/thread.h"
#include "python/module.h"
#include "python/pool.h"
#include "sched/sched.h"

typedef struct SchedulerObject SchedulerObject;

typedef struct Slot {
    SchedulerObject *owner;
    PyObject *item;   // until the task takes it
    PyObject *result; // NULL: failed, or did not run
    PyObject *error;  // the exception
} Slot;

struct SchedulerObject {
    PyObject_HEAD
    Pool *pool;
    PyInterpreterState *interpreter;
    Mutex lock;
    bool has_lock;
    bool is_running;         // under the lock
    Slot **slots;            // under the lock; the slots themselves: U1
    Py_ssize_t count, space; // likewise
    Py_ssize_t started;      // of these, how many have a task already
    PyObject *process;       // while a run goes on
    TaskGroup group;
    PyThreadState *released; // of the thread that waits in run
};

static bool poll_signals(void *context) {
    SchedulerObject *self = context;
    PyEval_RestoreThread(self->released);
    bool interrupted = PyErr_CheckSignals() < 0; // the exception stays set until the run has ended
    self->released = PyEval_SaveThread();
    return interrupted;
}

static void slot_free(Slot *slot) {
    Py_XDECREF(slot->item);
    Py_XDECREF(slot->result);
    Py_XDECREF(slot->error);
    PyMem_RawFree(slot);
}

// ---- running --------------------------------------------------------------------------------------------------------------

static PyObject *take_error(void) {
#if PY_VERSION_HEX >= 0x030C0000
    return PyErr_GetRaisedException();
#else
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != NULL) (void)PyException_SetTraceback(value, traceback); // fails only for what is no traceback
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    return value;
#endif
}

static Status slot_run(Worker *worker, void *argument) {
    (void)worker;
    Slot *slot = argument;
    PyThreadState *state = PyThreadState_New(slot->owner->interpreter);
    if (state == NULL) return STATUS_NO_MEMORY;
    PyEval_AcquireThread(state);
    PyObject *item = slot->item;
    slot->item = NULL;
    slot->result = PyObject_CallOneArg(slot->owner->process, item);
    if (slot->result == NULL) slot->error = take_error();
    Py_DECREF(item);
    PyThreadState_Clear(state);
    PyThreadState_DeleteCurrent();
    return STATUS_OK;
}

static int scheduler_add_locked(SchedulerObject *self, PyObject *item) {
    if (self->count == self->space) {
        Py_ssize_t space = self->space == 0 ? 64 : self->space * 2;
        Slot **slots = PyMem_RawRealloc(self->slots, (size_t)space * sizeof *slots);
        if (slots == NULL) return -1;
        self->slots = slots;
        self->space = space;
    }
    Slot *slot = PyMem_RawCalloc(1, sizeof *slot);
    if (slot == NULL) return -1;
    slot->owner = self;
    slot->item = Py_NewRef(item);
    self->slots[self->count++] = slot;
    return 0;
}

// Tasks for the slots that have none. Only in run, or inside a task of the run (U2).
static Status start_locked(SchedulerObject *self) {
    while (self->started < self->count) {
        TRY(pool_submit(self->pool, &self->group, slot_run, self->slots[self->started]));
        self->started++;
    }
    return STATUS_OK;
}

static bool is_inside(const SchedulerObject *self) {
    const Worker *worker = process_thread_worker();
    return worker != NULL && worker_pool(worker) == self->pool;
}

static void forget_slots(SchedulerObject *self) {
    Slot **slots = self->slots;
    Py_ssize_t count = self->count;
    self->slots = NULL;
    self->count = self->space = self->started = 0;
    for (Py_ssize_t i = 0; i < count; i++)
        slot_free(slots[i]);
    PyMem_RawFree(slots);
}

// A forked child has the pool's memory and none of its threads: it gets threads of its own. Where the fork was made by a task
// of a run, that run is the parent's.
static int revive(SchedulerObject *self) {
    if (pool_is_alive(self->pool)) return 0;
    if (self->is_running) {
        self->is_running = false;
        self->group = (TaskGroup){.status = STATUS_OK};
        forget_slots(self);
    }
    process_set_thread_worker(NULL); // no thread of this process is a worker yet, the forking one neither
    ThreadPoolConfig config = pool_granted(self->pool);
    Pool *pool;
    Status status = pool_create(&config, &pool);
    if (status != STATUS_OK) {
        (void)raise_status(status);
        return -1;
    }
    pool_free(self->pool);
    self->pool = pool;
    pool_set_poll(pool, poll_signals, self);
    return 0;
}

static PyObject *scheduler_submit(SchedulerObject *self, PyObject *item) {
    if (revive(self) < 0) return NULL;
    mutex_lock(&self->lock);
    int failed = scheduler_add_locked(self, item);
    Status status = failed == 0 && self->is_running && is_inside(self) ? start_locked(self) : STATUS_OK;
    mutex_unlock(&self->lock);
    if (failed != 0) return PyErr_NoMemory();
    return status == STATUS_OK ? Py_NewRef(Py_None) : raise_status(status);
}

static PyObject *scheduler_submit_batch(SchedulerObject *self, PyObject *items) {
    PyObject *list = PySequence_List(items); // any iterable; its code runs here, before the lock
    if (list == NULL) return NULL;
    if (revive(self) < 0) {
        Py_DECREF(list);
        return NULL;
    }
    mutex_lock(&self->lock);
    int failed = 0;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list) && failed == 0; i++)
        failed = scheduler_add_locked(self, PyList_GET_ITEM(list, i));
    Status status = failed == 0 && self->is_running && is_inside(self) ? start_locked(self) : STATUS_OK;
    mutex_unlock(&self->lock);
    Py_DECREF(list);
    if (failed != 0) return PyErr_NoMemory();
    return status == STATUS_OK ? Py_NewRef(Py_None) : raise_status(status);
}

// The slots of a run leave the object, those of the next one stay.
static Slot **take_slots_locked(SchedulerObject *self, Py_ssize_t *count) {
    Slot **taken = self->slots;
    Slot **rest = NULL;
    Py_ssize_t left = self->count - self->started;
    *count = self->started;
    if (left > 0) {
        rest = PyMem_RawMalloc((size_t)left * sizeof *rest);
        if (rest == NULL) { // they are forgotten with this run: there is no memory to keep them in
            *count = self->count;
            left = 0;
        } else {
            memcpy(rest, taken + self->started, (size_t)left * sizeof *rest);
        }
    }
    self->slots = rest;
    self->count = self->space = left;
    self->started = 0;
    return taken;
}

static PyObject *results_of(Slot **slots, Py_ssize_t count) {
    for (Py_ssize_t i = 0; i < count; i++)
        if (slots[i]->error != NULL) { // the first by order, whatever order they came in
            PyErr_SetObject((PyObject *)Py_TYPE(slots[i]->error), slots[i]->error);
            return NULL;
        }
    PyObject *results = PyList_New(count);
    for (Py_ssize_t i = 0; results != NULL && i < count; i++) {
        PyList_SET_ITEM(results, i, slots[i]->result);
        slots[i]->result = NULL;
    }
    return results;
}

static PyObject *scheduler_run(SchedulerObject *self, PyObject *process) {
    if (!PyCallable_Check(process)) {
        PyErr_SetString(PyExc_TypeError, "process is called with each item, so it must be callable");
        return NULL;
    }
    if (revive(self) < 0) return NULL;
    mutex_lock(&self->lock);
    bool was_running = self->is_running;
    self->is_running = true;
    mutex_unlock(&self->lock);
    if (was_running) {
        PyErr_SetString(PyExc_RuntimeError, "this scheduler is running already; submit gives it more work");
        return NULL;
    }
    self->process = Py_NewRef(process);
    cancel_reset(pool_cancel_flag(self->pool));
    mutex_lock(&self->lock);
    Status status = start_locked(self);
    mutex_unlock(&self->lock);
    self->released = PyEval_SaveThread();
    Status waited = pool_wait(self->pool, &self->group);
    PyEval_RestoreThread(self->released);
    if (status == STATUS_OK) status = waited;
    mutex_lock(&self->lock);
    Py_ssize_t count;
    Slot **slots = take_slots_locked(self, &count);
    self->is_running = false;
    mutex_unlock(&self->lock);
    Py_CLEAR(self->process);
    PyObject *results = NULL;
    if (status == STATUS_OK && !PyErr_Occurred())
        results = results_of(slots, count);
    else
        (void)raise_status(status); // sets the exception
    for (Py_ssize_t i = 0; i < count; i++)
        slot_free(slots[i]);
    PyMem_RawFree(slots);
    return results;
}

static PyObject *scheduler_cancel(SchedulerObject *self, PyObject *no_arguments) {
    (void)no_arguments;
    cancel_request(pool_cancel_flag(self->pool));
    Py_RETURN_NONE;
}

// ---- looking at it --------------------------------------------------------------------------------------------------------

static PyObject *scheduler_counters(SchedulerObject *self, PyObject *no_arguments) {
    (void)no_arguments;
    return counters_to_python(self->pool);
}

static PyObject *scheduler_granted(SchedulerObject *self, void *closure) {
    (void)closure;
    return granted_to_python(self->pool);
}

static PyObject *scheduler_waiting(SchedulerObject *self, void *closure) {
    (void)closure;
    mutex_lock(&self->lock);
    Py_ssize_t waiting = self->count - self->started;
    mutex_unlock(&self->lock);
    return PyLong_FromSsize_t(waiting);
}

// ---- life cycle -----------------------------------------------------------------------------------------------------------

static PyObject *scheduler_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    ThreadPoolConfig config;
    if (pool_config_of(args, kwargs, &config) < 0) return NULL;
    SchedulerObject *self = (SchedulerObject *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    self->interpreter = PyThreadState_Get()->interp;
    Status status = mutex_init(&self->lock);
    self->has_lock = status == STATUS_OK;
    Py_BEGIN_ALLOW_THREADS
    if (status == STATUS_OK) status = pool_create(&config, &self->pool);
    Py_END_ALLOW_THREADS
    if (status != STATUS_OK) {
        Py_DECREF(self);
        return raise_status(status);
    }
    pool_set_poll(self->pool, poll_signals, self);
    return (PyObject *)self;
}

static int scheduler_traverse(PyObject *object, visitproc visit, void *arg) {
    SchedulerObject *self = (SchedulerObject *)object;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->process);
    for (Py_ssize_t i = 0; i < self->count; i++) {
        Py_VISIT(self->slots[i]->item);
        Py_VISIT(self->slots[i]->result);
        Py_VISIT(self->slots[i]->error);
    }
    return 0;
}

// Reached only when nobody has a reference, so nothing runs.
static int scheduler_clear(PyObject *object) {
    SchedulerObject *self = (SchedulerObject *)object;
    forget_slots(self);
    Py_CLEAR(self->process);
    return 0;
}

static void scheduler_dealloc(PyObject *object) {
    SchedulerObject *self = (SchedulerObject *)object;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    (void)scheduler_clear(object); // always 0
    if (self->pool != NULL) {
        Py_BEGIN_ALLOW_THREADS
        pool_free(self->pool);
        Py_END_ALLOW_THREADS
    }
    if (self->has_lock) mutex_destroy(&self->lock);
    type->tp_free(object);
    Py_DECREF(type);
}

// A PyCFunction takes PyObject pointers; these take their own object type, which the type's slots guarantee.
#define METHOD(function) ((PyCFunction)(void (*)(void))(function))
static PyMethodDef scheduler_methods[] = {
    {"submit", METHOD(scheduler_submit), METH_O,
     "submit(item) -> None\n\nOne more item for the next run, or for this one."},
    {"submit_batch", METHOD(scheduler_submit_batch), METH_O, "submit_batch(items) -> None\n\nsubmit for each item."},
    {"run", METHOD(scheduler_run), METH_O,
     "run(process) -> list\n\nprocess(item) for each item, on all workers; the results in the order of submission."},
    {"cancel", METHOD(scheduler_cancel), METH_NOARGS,
     "cancel() -> None\n\nItems that have not begun do not; run raises KeyboardInterrupt."},
    {"counters", METHOD(scheduler_counters), METH_NOARGS,
     "counters() -> dict[str, int]\n\nWhat the workers did so far."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef scheduler_getset[] = {
    {"granted", (getter)(void (*)(void))scheduler_granted, NULL,
     "(threads, stack bytes, priority) that the workers have.", NULL},
    {"waiting", (getter)(void (*)(void))scheduler_waiting, NULL, "How many items the next run will find.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(scheduler_doc,
             "Scheduler(*, max_threads=0, stack_size=0, priority=0)\n\nThe work-stealing scheduler of the "
             "compiler, for Python callables.");
static PyType_Slot scheduler_slots[] = {
    {Py_tp_new, (void *)scheduler_new},           {Py_tp_dealloc, (void *)scheduler_dealloc},
    {Py_tp_traverse, (void *)scheduler_traverse}, {Py_tp_clear, (void *)scheduler_clear},
    {Py_tp_methods, (void *)scheduler_methods},   {Py_tp_getset, (void *)scheduler_getset},
    {Py_tp_doc, (void *)scheduler_doc},           {0, NULL},
};

PyType_Spec scheduler_spec = {
    .name = "sigil._core.Scheduler",
    .basicsize = sizeof(SchedulerObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = scheduler_slots,
};

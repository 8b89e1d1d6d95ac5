// python/trace.c: the trace of a workspace's latest run as plain tuples; sigil/trace.py gives them names.
#include "python/module.h"
#include "query/workspace.h"

static PyObject *stages_to_python(const Workspace *ws, int64_t origin) {
    PyObject *stages = PyList_New(0);
    for (int stage = 0; stages != NULL && stage < STAGE_COUNT; stage++) {
        const StageTime *time = &workspace_times(ws)[stage];
        long long begin = time->wall_ns == 0 ? 0 : time->begin_ns - origin;
        if (append_new(stages, Py_BuildValue("(sLLL)", stage_name((Stage)stage), begin, begin + time->wall_ns,
                                             time->cpu_ns)) < 0)
            Py_CLEAR(stages);
    }
    return stages;
}

static PyObject *loops_to_python(const Trace *trace) {
    int64_t origin = trace_origin(trace);
    PyObject *loops = PyList_New(0);
    for (uint32_t i = 0; loops != NULL && i < trace_loop_count(trace); i++) {
        const TraceLoop *loop = &trace_loops(trace)[i];
        if (append_new(loops, Py_BuildValue("(sILLI)", work_kind_name(loop->kind), loop->stage, loop->begin - origin,
                                            loop->end - origin, loop->count)) < 0)
            Py_CLEAR(loops);
    }
    return loops;
}

static Text name_guarded(const Workspace *ws, WorkKind kind, uint32_t item, Arena *arena) {
    jmp_buf escape;
    arena->escape = &escape;
    if (setjmp(escape) != 0) return TEXT("");
    Buffer out = buffer_in(arena);
    workspace_item_name(ws, kind, item, &out);
    return (Text){out.length > 0 ? out.data : "", (uint32_t)out.length};
}

// Empty for an item without a name, and where there is no memory for one.
static PyObject *name_to_python(const Workspace *ws, Arena *arena, const TraceEvent *event) {
    WorkKind kind = (WorkKind)event->kind;
    arena_reset(arena);
    Text name = name_guarded(ws, kind, event->item, arena);
    return PyUnicode_DecodeUTF8(name.data, (Py_ssize_t)name.length, "backslashreplace");
}

static PyObject *events_to_python(const Workspace *ws, uint32_t worker_count) {
    const Trace *trace = workspace_trace(ws);
    int64_t origin = trace_origin(trace);
    Arena arena = {0};
    PyObject *events = PyList_New(0);
    for (uint32_t worker = 0; worker < worker_count; worker++) {
        uint32_t count;
        const TraceEvent *chunk;
        for (uint32_t c = 0; events != NULL && (chunk = trace_chunk(trace, worker, c, &count)) != NULL; c++)
            for (uint32_t i = 0; events != NULL && i < count; i++) {
                const TraceEvent *event = &chunk[i];
                long loop = event->loop == TRACE_NO_LOOP ? -1 : (long)event->loop;
                long item = event->item == TASK_NO_ITEM ? -1 : (long)event->item;
                long stolen_from = event->stolen_from == TRACE_NOBODY ? -1 : (long)event->stolen_from;
                PyObject *row = Py_BuildValue("(sllILLlN)", work_kind_name((WorkKind)event->kind), loop, item, worker,
                                              event->begin - origin, event->end - origin, stolen_from,
                                              name_to_python(ws, &arena, event));
                if (append_new(events, row) < 0) Py_CLEAR(events);
            }
    }
    arena_free(&arena);
    return events;
}

PyObject *trace_to_python(const Workspace *ws) {
    const Trace *trace = workspace_trace(ws);
    if (trace == NULL) Py_RETURN_NONE;
    return Py_BuildValue("(LNNNK)", (long long)trace_origin(trace), stages_to_python(ws, trace_origin(trace)),
                         loops_to_python(trace), events_to_python(ws, pool_worker_limit(workspace_pool(ws))),
                         (unsigned long long)trace_dropped(trace));
}

// python/graph.c: the graph of modules as Python's data.
#include "sema/graph.h"
#include "python/module.h"

// A list of `count` names of modules.
static PyObject *names_to_python(const Program *program, const uint32_t *modules, uint32_t count) {
    PyObject *names = PyList_New(0);
    for (uint32_t i = 0; names != NULL && i < count; i++)
        if (append_new(names, unicode(program->modules[modules[i]].name)) < 0) Py_CLEAR(names);
    return names;
}

static PyObject *imports_to_python(const Program *program, const Graph *graph) {
    PyObject *imports = PyDict_New();
    for (uint32_t i = 1; imports != NULL && i <= graph->node_count; i++) {
        PyObject *name = unicode(program->modules[i].name);
        PyObject *targets =
            names_to_python(program, graph->targets + graph->first[i], graph->first[i + 1] - graph->first[i]);
        if (name == NULL || targets == NULL || PyDict_SetItem(imports, name, targets) < 0) Py_CLEAR(imports);
        Py_XDECREF(name);
        Py_XDECREF(targets);
    }
    return imports;
}

static PyObject *levels_to_python(const Program *program, const ModuleGraph *graph) {
    PyObject *levels = PyList_New(0);
    for (uint32_t l = 0; levels != NULL && l < graph->level_count; l++) {
        const uint32_t *first = graph->by_level + graph->level_first[l];
        if (append_new(levels, names_to_python(program, first, graph->level_first[l + 1] - graph->level_first[l])) < 0)
            Py_CLEAR(levels);
    }
    return levels;
}

// The modules of each circle; `found` has a place for each component, all NULL.
static PyObject *cycles_to_python(const Program *program, const ModuleGraph *graph, PyObject **found) {
    PyObject *cycles = PyList_New(0);
    for (uint32_t i = 1; cycles != NULL && i <= program->module_count; i++) {
        if (!program->modules[i].is_cyclic) continue;
        PyObject **members = &found[graph->component[i]]; // borrowed from `cycles`
        if (*members == NULL) {
            *members = PyList_New(0);
            if (append_new(cycles, *members) < 0) Py_CLEAR(cycles);
        }
        if (cycles != NULL && append_new(*members, unicode(program->modules[i].name)) < 0) Py_CLEAR(cycles);
    }
    return cycles;
}

typedef struct GraphParts {
    ModuleGraph graph;
    CriticalPath longest, heaviest;
    PyObject **found; // see cycles_to_python
} GraphParts;

static Status parts_make(const Program *program, Arena *arena, GraphParts *out) {
    TRY(module_graph(program, arena, &out->graph));
    ARENA_GUARD(arena);
    const ModuleGraph *graph = &out->graph;
    graph_critical_path(arena, &graph->graph, graph->component, graph->component_count, NULL, &out->longest);
    graph_critical_path(arena, &graph->graph, graph->component, graph->component_count, graph->cost, &out->heaviest);
    out->found = arena_array(arena, PyObject *, (size_t)graph->component_count + 1);
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

static PyObject *parts_to_python(const Program *program, const GraphParts *parts) {
    const ModuleGraph *graph = &parts->graph;
    uint64_t total = 0;
    for (uint32_t i = 1; i <= program->module_count; i++)
        total += graph->cost[i];
    return Py_BuildValue("{s:N,s:N,s:N,s:N,s:N,s:K,s:K}", "imports", imports_to_python(program, &graph->graph),
                         "levels", levels_to_python(program, graph), "cycles",
                         cycles_to_python(program, graph, parts->found), "longest_path",
                         names_to_python(program, parts->longest.nodes, parts->longest.count), "critical_path",
                         names_to_python(program, parts->heaviest.nodes, parts->heaviest.count), "critical_cost",
                         (unsigned long long)parts->heaviest.cost, "total_cost", (unsigned long long)total);
}

PyObject *graph_to_python(const Program *program) {
    Arena arena = {0};
    GraphParts parts;
    Status status = parts_make(program, &arena, &parts);
    PyObject *answer = status == STATUS_OK ? parts_to_python(program, &parts) : PyErr_NoMemory();
    arena_free(&arena);
    return answer;
}

// sema/infer_module.c: which functions of a module leave out parts of their signature, and in what order they are looked at.
//
// SHAPE      An edge leads from a function to each such function of the module that its body names. A name that a `let`, a pattern
//            or a lambda binds to something else makes an edge all the same: it costs nothing but generality, and only in a circle.
#include "sema/graph.h"
#include "sema/infer.h"
#include <stdlib.h>

#define SCRATCH_KEPT_BYTES ((size_t)4 << 20) // one giant body must not keep its memory for all

typedef struct Search {
    Inference *inference;
    uint32_t *node_of; // by function of the module: its node, or 0
    uint32_t *functions;
    uint32_t count;
} Search;

static bool has_left_out_parts(const Function *f) {
    return f->is_incomplete && !f->is_public && !f->is_test && f->impl.index == 0 && f->trait.index == 0;
}

static uint32_t node_named(const Search *search, const Function *f, NameId name) {
    const Inference *i = search->inference;
    const Module *module = program_module(i->program, i->module);
    const ScopeEntry *entry = scope_table_find(&module->scope->own, SCOPE_VALUE, name);
    if (entry == NULL || entry->item.kind != ITEM_FUNCTION) return 0;
    uint32_t node = search->node_of[entry->item.index - module->first_function];
    for (uint32_t k = 0; node != 0 && k < f->parameter_count; k++)
        if (name_equal(f->parameters[k].name, name)) return 0; // the parameter is meant
    return node;
}

static int compare_nodes(const void *first, const void *second) {
    uint32_t a = *(const uint32_t *)first, b = *(const uint32_t *)second;
    return (a > b) - (a < b);
}

static Graph graph_of(Search *search) {
    Inference *inference = search->inference;
    const Program *program = inference->program;
    const Module *module = program_module(program, inference->module);
    Arena *arena = inference->lasting;
    uint32_t *first = arena_array(arena, uint32_t, (size_t)search->count + 2);
    uint32_t *seen = arena_array(arena, uint32_t, (size_t)search->count + 1);
    VEC(uint32_t) targets = {0};
    vec_reserve(arena, &targets, 1);
    for (uint32_t node = 1; node <= search->count; node++) {
        const Function *f = &program->functions[search->functions[node]];
        TreeView view = module_view(module, f->declaration);
        uint32_t count = module_declaration(module, f->declaration)->node_count;
        first[node] = targets.count;
        for (NodeIndex n = 1; n < count; n++) {
            bool is_name = view.kinds[n] == NODE_NAME || (view.kinds[n] == NODE_FIELD_INIT && view.b[n] == 0);
            uint32_t target = is_name ? node_named(search, f, (NameId){view.a[n]}) : 0;
            if (target == 0 || seen[target] == node) continue;
            seen[target] = node;
            vec_push(arena, &targets, target);
        }
        if (targets.count - first[node] > 1)
            qsort(targets.items + first[node], targets.count - first[node], sizeof(uint32_t), compare_nodes);
    }
    first[search->count + 1] = targets.count;
    return (Graph){search->count, first, targets.items};
}

static void functions_find(Search *search) {
    Inference *inference = search->inference;
    const Module *module = program_module(inference->program, inference->module);
    search->node_of = arena_array(inference->lasting, uint32_t, module->function_count + 1);
    search->functions = arena_array(inference->lasting, uint32_t, module->function_count + 1);
    for (uint32_t i = 0; i < module->function_count; i++) {
        if (!has_left_out_parts(&inference->program->functions[module->first_function + i])) continue;
        search->functions[++search->count] = module->first_function + i;
        search->node_of[i] = search->count;
    }
}

static void scratch_clear(Arena *scratch) {
    jmp_buf *escape = scratch->escape;
    if (scratch->reserved_bytes > SCRATCH_KEPT_BYTES)
        arena_free(scratch);
    else
        arena_reset(scratch);
    scratch->escape = escape;
}

static void components_check(Search *search) {
    Inference *inference = search->inference;
    Arena *arena = inference->lasting;
    Graph graph = graph_of(search);
    uint32_t *component = arena_array(arena, uint32_t, (size_t)search->count + 1);
    uint32_t component_count = graph_components(arena, &graph, component);
    // By component, within one in the order of the text: a stable counting sort.
    uint32_t *start = arena_array(arena, uint32_t, (size_t)component_count + 3);
    uint32_t *members = arena_array(arena, uint32_t, (size_t)search->count + 1);
    for (uint32_t n = 1; n <= search->count; n++)
        start[component[n] + 1]++;
    for (uint32_t i = 1; i <= component_count; i++)
        start[i + 1] += start[i];
    for (uint32_t n = 1; n <= search->count; n++)
        members[start[component[n]]++] = search->functions[n];
    for (uint32_t i = 1, first = 0; i <= component_count; first = start[i++]) { // start[i] is where it ends now
        infer_component(inference, members + first, start[i] - first);
        scratch_clear(inference->scratch);
    }
}

static Status infer_guarded(Program *program, ModuleId id, Arena *lasting, Arena *scratch) {
    ModuleState *state = module_state(program, id);
    ARENA_GUARD(&state->arena);
    lasting->escape = scratch->escape = &arena_guard_escape;
    Inference inference = {
        .program = program, .module = id, .scratch = scratch, .lasting = lasting, .kept = &state->arena};
    known_names_init(&inference.known, program->names);
    Search search = {.inference = &inference};
    functions_find(&search);
    if (search.count > 0) components_check(&search);
    for (uint32_t i = 1; state->is_entry && i <= search.count; i++) {
        const Function *f = &program->functions[search.functions[i]];
        if (f->is_main && !f->is_incomplete) main_check(program, id, f);
    }
    ARENA_GUARD_END(&state->arena);
    return STATUS_OK;
}

void infer_module(Program *program, ModuleId id) {
    ModuleState *state = module_state(program, id);
    if (!state->has_left_out) return;
    Arena lasting, scratch;
    arena_init(&lasting);
    arena_init(&scratch);
    lasting.source = scratch.source = state->arena.source;
    Status status = infer_guarded(program, id, &lasting, &scratch);
    arena_free(&lasting);
    arena_free(&scratch);
    if (status != STATUS_OK) arena_out_of_memory(&state->arena);
}

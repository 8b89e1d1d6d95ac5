// sema/body.c: step 3's entry points, and the context that the files of one body's check share.
//
// See body_internal.h for the picture. A body is checked with a scratch arena that dies with the check; the typed arrays are
// copied compactly into the body's own arena at the end (copy_out.c).
#include "sema/body_internal.h"

#define BODY_CHUNK_BYTES 1024u // the first one for messages; the typed arrays get one of their own size (copy_out.c)

void known_names_init(KnownNames *known, const NameInterner *names) {
#define KNOWN_NAME(word) known->name_##word = names_lookup(names, TEXT(#word));
    KNOWN_NAMES(KNOWN_NAME)
#undef KNOWN_NAME
    known->name_default = names_lookup(names, TEXT("default"));
}

#define NODES_FIRST_MAX 1024u

// ---- nodes ---------------------------------------------------------------------------------------------------------------------

static void nodes_grow(Body *c) {
    uint32_t old = c->node_capacity;
    uint32_t capacity = 2 * old;
    if (old == 0) { // a node of the tree makes about one here; an impl has many bodies
        capacity = c->module->file->tree.declarations[c->function->declaration].node_count + 16;
        if (capacity > NODES_FIRST_MAX) capacity = NODES_FIRST_MAX;
    }
    c->kind = arena_grow(c->scratch, c->kind, old, capacity, 1);
    uint32_t **columns[] = {(uint32_t **)(void *)&c->type, &c->token, &c->a, &c->b};
    for (uint32_t i = 0; i < 4; i++)
        *columns[i] = arena_grow(c->scratch, *columns[i], old * sizeof(uint32_t), capacity * sizeof(uint32_t), 4);
    c->node_capacity = capacity;
}

void node_put(Body *c, uint32_t node, TypedKind kind, TypeId type, uint32_t token, uint32_t a, uint32_t b) {
    c->kind[node] = (uint8_t)kind;
    c->type[node] = type;
    c->token[node] = token;
    c->a[node] = a;
    c->b[node] = b;
}

uint32_t node_add(Body *c, TypedKind kind, TypeId type, uint32_t token, uint32_t a, uint32_t b) {
    if (c->node_count == c->node_capacity) nodes_grow(c);
    node_put(c, c->node_count, kind, type, token, a, b);
    return c->node_count++;
}

uint32_t node_error(Body *c, NodeIndex n) { return node_add(c, TYPED_ERROR, ERROR_TYPE, token_of(c, n), 0, 0); }

uint32_t extra_words(Body *c, const uint32_t *words, uint32_t count) {
    vec_reserve(c->scratch, &c->extra, count);
    uint32_t start = c->extra.count;
    if (count > 0) memcpy(c->extra.items + start, words, sizeof(uint32_t) * count);
    c->extra.count += count;
    return start;
}

static uint32_t words_from_stack(Body *c, uint32_t base, uint32_t shown_count) {
    uint32_t count = c->stack.count - base;
    vec_reserve(c->scratch, &c->extra, count + 1);
    uint32_t start = c->extra.count;
    c->extra.items[start] = shown_count;
    if (count > 0) memcpy(c->extra.items + start + 1, c->stack.items + base, sizeof(uint32_t) * count);
    c->extra.count += count + 1;
    c->stack.count = base;
    return start;
}
uint32_t list_from_stack(Body *c, uint32_t base) { return words_from_stack(c, base, c->stack.count - base); }
uint32_t pairs_from_stack(Body *c, uint32_t base) { return words_from_stack(c, base, (c->stack.count - base) / 2); }

// ---- locals and scopes -------------------------------------------------------------------------------------------------------------

uint32_t local_add(Body *c, NameId name, TypeId type, Span span) {
    TypedLocal local = {.name = name, .type = type, .lambda = c->env.lambda};
    vec_push(c->scratch, &c->locals, local);
    LocalInfo info = {.span = span, .lambda = c->env.lambda};
    vec_push(c->scratch, &c->local_infos, info);
    return c->locals.count - 1;
}

static uint32_t table_slot(const Body *c, NameId name) {
    uint32_t mask = c->table_capacity - 1;
    uint32_t slot = (name.index * 0x9E3779B1u) >> 7 & mask;
    while (c->table[slot] != NULL && c->table[slot]->name.index != name.index)
        slot = (slot + 1) & mask;
    return slot;
}

// A slot once taken by a name stays its own: a binding with local 0 says that none is in force.
static void table_enter(Body *c, Binding *binding) {
    if (2 * (c->table_count + 1) > c->table_capacity) {
        Binding **old = c->table;
        uint32_t old_capacity = c->table_capacity;
        c->table_capacity = old_capacity == 0 ? 32 : 2 * old_capacity;
        c->table = arena_array(c->scratch, Binding *, c->table_capacity);
        for (uint32_t i = 0; i < old_capacity; i++)
            if (old[i] != NULL) c->table[table_slot(c, old[i]->name)] = old[i];
    }
    uint32_t slot = table_slot(c, binding->name);
    if (c->table[slot] == NULL) {
        c->table_count++;
        Binding *none = arena_new(c->scratch, Binding);
        none->name = binding->name;
        c->table[slot] = none;
    }
    binding->shadowed = c->table[slot];
    c->table[slot] = binding;
}

Binding *bind(Body *c, NameId name, uint32_t local) {
    Binding *binding = arena_new(c->scratch, Binding);
    binding->outer = c->env.bindings;
    binding->name = name;
    binding->local = local;
    binding->depth = c->env.bindings == NULL ? 1 : c->env.bindings->depth + 1;
    table_enter(c, binding);
    c->env.bindings = binding;
    return binding;
}

Binding *binding_find(const Body *c, NameId name) {
    if (c->table_capacity == 0) return NULL;
    Binding *found = c->table[table_slot(c, name)];
    return found == NULL || found->local == 0 ? NULL : found;
}

static void bindings_enter(Body *c, Binding *target, Binding *shared) {
    Binding **path = arena_array(c->scratch, Binding *, target == NULL ? 1 : target->depth + 1);
    uint32_t count = 0;
    for (Binding *b = target; b != shared; b = b->outer)
        path[count++] = b;
    while (count > 0)
        table_enter(c, path[--count]);
}

void scope_switch(Body *c, Binding *target) {
    Binding *from = c->env.bindings, *to = target;
    while (from != to) { // towards the newest binding that both have
        if (to != NULL && (from == NULL || to->depth > from->depth)) {
            to = to->outer;
        } else {
            c->table[table_slot(c, from->name)] = from->shadowed;
            from = from->outer;
        }
    }
    if (to != target) bindings_enter(c, target, to);
    c->env.bindings = target;
}

void local_captured(Body *c, uint32_t local) {
    uint32_t owner = c->locals.items[local].lambda;
    for (uint32_t lambda = c->env.lambda; lambda != owner && lambda != 0;
         lambda = c->lambdas.items[lambda].typed.parent) {
        LambdaInfo *info = &c->lambdas.items[lambda];
        bool is_known = false;
        for (uint32_t i = info->captures.count; i > 0 && !is_known; i--)
            is_known = info->captures.items[i - 1] == local;
        if (is_known) break; // then the enclosing ones have it too
        vec_push(c->scratch, &info->captures, local);
    }
}

uint32_t local_read(Body *c, uint32_t local, uint32_t token) {
    c->local_infos.items[local].is_used = true;
    if (c->locals.items[local].lambda != c->env.lambda) local_captured(c, local);
    return node_add(c, TYPED_LOCAL, c->locals.items[local].type, token, local, 0);
}

// ---- small things ----------------------------------------------------------------------------------------------------------------------

uint32_t reason_place(Body *c, Span span, const char *text, TypeId type) {
    Reason reason = {.kind = REASON_PLACE, .a = span.start, .b = span.end, .text = text, .type = type};
    vec_push(c->scratch, &c->reasons, reason);
    return c->reasons.count - 1;
}
uint32_t reason_node(Body *c, NodeIndex n, const char *text, TypeId type) {
    Reason reason = {.kind = REASON_NODE, .a = n, .text = text, .type = type};
    vec_push(c->scratch, &c->reasons, reason);
    return c->reasons.count - 1;
}
uint32_t reason_parameter(Body *c, FunctionId function, uint32_t parameter) {
    Reason reason = {.kind = REASON_PARAMETER, .a = function.index, .b = parameter};
    vec_push(c->scratch, &c->reasons, reason);
    return c->reasons.count - 1;
}

Text count_text(Body *c, uint32_t count, const char *singular, const char *plural) {
    if (count == 0) return arena_format(c->scratch, "no %s", plural);
    return arena_format(c->scratch, "%u %s", count, count == 1 ? singular : plural);
}

Diagnostic *body_unsupported(Body *c, Span span, const char *what) {
    return diag(c->sink, DIAG_NOT_SUPPORTED, span, text_from(what));
}

// ---- entry --------------------------------------------------------------------------------------------------------------------------------

bool body_is_missing(const Body *c, NodeIndex body) { return body == 0 || c->view.kinds[body] == NODE_NONE; }

static void parameters_enter(Body *c) {
    const Function *f = c->function;
    for (uint32_t i = 0; i < f->parameter_count + f->hidden_count; i++) {
        uint32_t local = local_add(c, f->parameters[i].name, f->parameters[i].type, f->parameters[i].span);
        c->locals.items[local].is_parameter = true;
        c->local_infos.items[local].is_used = true;
        if (f->parameters[i].name.index != 0) (void)bind(c, f->parameters[i].name, local);
    }
}

// A test whose result is left out is void, and says so in its own words when it is not.
static uint32_t free_test_body(Body *c, NodeIndex body) {
    uint32_t root = expr(c, body, NOTHING);
    if (fits(c, c->type[root], VOID_TYPE)) {
        (void)unify(c, c->type[root], VOID_TYPE);
        return root;
    }
    Text found = type_text(c, c->type[root]);
    diag(c->sink, DIAG_TEST_SHAPE, tree_token_span(&c->view, c->function->node), name_text(c, c->function->name),
         arena_format(c->scratch, "must have the result `void`, found `%.*s`", (int)found.length, found.data));
    return root;
}

// Room for the lists of a small body, in one piece: a body has many lists, and most bodies are small.
static void lists_begin(Body *c) {
    struct {
        TypedLocal locals[8];
        LocalInfo infos[8];
        LambdaInfo lambdas[2];
        TypedUse uses[4];
        Reason reasons[8];
        uint32_t extra[32], stack[32];
    } *room = arena_alloc(c->scratch, sizeof *room, _Alignof(max_align_t));
#define BEGIN(list, array)                                                                                             \
    c->list.items = room->array;                                                                                       \
    c->list.capacity = sizeof room->array / sizeof *room->array
    BEGIN(locals, locals);
    BEGIN(local_infos, infos);
    BEGIN(lambdas, lambdas);
    BEGIN(uses, uses);
    BEGIN(reasons, reasons);
    BEGIN(extra, extra);
    BEGIN(stack, stack);
#undef BEGIN
}

Body *body_begin(const Program *program, const KnownNames *known, Arena *scratch) {
    Body *c = arena_new(scratch, Body);
    c->program = program;
    c->known = known;
    c->scratch = scratch;
    lists_begin(c);
    vec_push(scratch, &c->extra, 0);
    vec_push(scratch, &c->locals, (TypedLocal){0});
    vec_push(scratch, &c->local_infos, (LocalInfo){0});
    vec_push(scratch, &c->uses, (TypedUse){0});
    vec_push(scratch, &c->lambdas, (LambdaInfo){0});
    vec_push(scratch, &c->reasons, (Reason){0});
    return c;
}

void body_turn_to(Body *c, FunctionId id, TypedBody *out) {
    const Program *program = c->program;
    const Function *function = &program->functions[id.index];
    const Module *module = &program->modules[function->module.index];
    const Declaration *declaration = &module->file->tree.declarations[function->declaration];
    c->function = function;
    c->id = id;
    c->module = module;
    c->view = tree_view(&module->file->tree, &module->file->tokens, declaration);
    c->has_syntax_errors = declaration->has_errors;
    c->out = out;
    c->sink = &out->diagnostics;
    c->type_scope = (TypeScope){.program = program,
                                .module = function->module,
                                .view = &c->view,
                                .generics = &function->generics,
                                .self_type = function->impl.index == 0 ? (TypeId){0}
                                                                       : program->impls[function->impl.index].self_type,
                                .arena = c->scratch,
                                .sink = c->sink,
                                .impl = function->impl};
    if (c->node_count == 0) (void)node_add(c, TYPED_NONE, (TypeId){0}, 0, 0, 0); // makes room by the declaration's size
}

uint32_t body_enter(Body *c, NodeIndex body) {
    const Function *function = c->function;
    provisions_begin(c);
    parameters_enter(c);
    c->lambdas.items[0].result = function->result;
    vec_push(c->scratch, &c->reasons, (Reason){.kind = REASON_RESULT});
    bool is_free_test = function->is_test && tree_function_head(&c->view, function->node)->result == 0;
    return is_free_test ? free_test_body(c, body)
                        : function_body(c, body, expect(function->result, c->reasons.count - 1));
}

static Status check_guarded(const Program *program, FunctionId id, const KnownNames *known, Arena *scratch,
                            Arena *results, TypedBody *out) {
    ARENA_GUARD(&out->arena);
    scratch->escape = results->escape = &arena_guard_escape;
    Body *c = body_begin(program, known, scratch);
    c->results = results;
    body_turn_to(c, id, out);

    const Function *function = c->function;
    stack_measure(c, STACK_SHARED_BYTES);
    NodeIndex body = c->view.b[function->node];
    if (!function->is_intrinsic && !body_is_missing(c, body)) {
        uint32_t root = body_enter(c, body);
        waiting_run(c);
        generals_forgive(c);
        obligations_solve(c);
        exhaustive_check(c);
        warnings_give(c);
        provisions_warn(c);
        if (c->sink->error_count == 0) generals_write(c);
        body_copy_out(c, root);
    }
    out->has_errors = out->has_errors || out->diagnostics.error_count > 0 || c->has_syntax_errors ||
                      function->has_error || function->is_incomplete;
    if (out->has_errors) out->root = 0;
    out->status = STATUS_OK;
    ARENA_GUARD_END(&out->arena);
    return STATUS_OK;
}

void body_sink_begin(TypedBody *out) {
    out->arena.chunk_bytes = BODY_CHUNK_BYTES;
    out->diagnostics = diag_sink(&out->arena);
}

Status body_check_in(const Program *program, FunctionId id, const KnownNames *known, Arena *scratch, Arena *results,
                     TypedBody *out) {
    body_sink_begin(out);
    Status status = check_guarded(program, id, known, scratch, results != NULL ? results : &out->arena, out);
    scratch->escape = NULL;
    if (results != NULL) results->escape = NULL;
    if (status != STATUS_OK) typed_body_free(out);
    out->status = status;
    return status;
}

Status body_check(const Program *program, FunctionId function, TypedBody *out) {
    KnownNames known;
    known_names_init(&known, program->names);
    Arena scratch;
    arena_init(&scratch);
    *out = (TypedBody){0};
    Status status = body_check_in(program, function, &known, &scratch, NULL, out);
    arena_free(&scratch);
    return status;
}

// sema/finish.c: the end of a body's check: what waited, the obligations, warnings, and the compact copy.
#include "sema/body_internal.h"

// ---- obligations ----------------------------------------------------------------------------------------------------------------------------

static Obligation *obligation_push(Body *c, TypeId type, TraitId trait, NodeIndex n, Place place) {
    Obligation obligation = {.type = type, .trait = trait, .node = n, .is_at_token = place == PLACE_TOKEN};
    vec_push(c->scratch, &c->obligations, obligation);
    return &c->obligations.items[c->obligations.count - 1];
}

Obligation *obligation_add(Body *c, TypeId type, BuiltinTrait trait, NodeIndex n, Place place) {
    return obligation_push(c, type, c->program->builtin_traits[trait], n, place);
}

static Span obligation_span(const Body *c, const Obligation *o) {
    return o->is_at_token ? tree_token_span(&c->view, o->node) : span_of(c, o->node);
}

void obligations_of_call(Body *c, FunctionId function, const TypeId *arguments, NodeIndex n, Place place) {
    const Generics *generics = &c->program->functions[function.index].generics;
    for (uint32_t i = 0; i < generics->bound_count; i++) {
        const Bound *bound = &generics->bounds[i];
        if (bound->trait.index == 0) continue;
        TypeId subject = bound->parameter < generics->count
                             ? arguments[bound->parameter]
                             : instantiate(c, bound->subject, arguments, generics->count);
        TypeId *trait_arguments = NULL;
        if (bound->argument_count > 0) trait_arguments = arena_array(c->scratch, TypeId, bound->argument_count);
        for (uint32_t k = 0; k < bound->argument_count; k++)
            trait_arguments[k] = instantiate(c, bound->arguments[k], arguments, generics->count);
        Obligation *added = obligation_push(c, subject, bound->trait, n, place);
        added->trait_arguments = trait_arguments;
        added->trait_argument_count = bound->argument_count;
        added->function = function;
        added->bound = i;
    }
    for (uint32_t i = 0; i < generics->equality_count; i++) {
        const Equality *equality = &generics->equalities[i];
        TypeId left = instantiate(c, equality->left, arguments, generics->count);
        TypeId right = instantiate(c, equality->right, arguments, generics->count);
        if (unify(c, left, right) != UNIFY_OK)
            (void)report_mismatch(c, place == PLACE_TOKEN ? tree_token_span(&c->view, n) : span_of(c, n), left,
                                  expect(right, 0), 0);
    }
}

static Text trait_name(const Body *c, TraitId trait) { return name_text(c, c->program->traits[trait.index].name); }

static void report_cannot_tell(Body *c, const Obligation *o) {
    Span span = obligation_span(c, o);
    Text source = {c->module->source->text.data + span.start, span.end - span.start};
    Text trait = trait_name(c, o->trait);
    Diagnostic *d =
        diag(c->sink, DIAG_CANNOT_TELL_TYPE, span,
             arena_format(c->scratch, "`%.*s` needs a type that is `%.*s`",
                          source.length > 60 ? 60 : (int)source.length, source.data, (int)trait.length, trait.data));
    diag_note(c->sink, d,
              TEXT("write the type where the value is made: `let x: T = …`, `Set<int>.new()`, `(x: int) -> …`"));
}

static void note_derive(Body *c, Diagnostic *d, TypeId part, TraitId trait) {
    const TypeInfo *info = type_info(c->program->types, part);
    Text word = trait_name(c, trait), shown = type_text(c, part);
    int builtin = c->program->traits[trait.index].builtin;
    if (info->kind == TYPE_PARAMETER) {
        diag_note(c->sink, d,
                  arena_format(c->scratch, "add the bound: `%.*s: %.*s`", (int)shown.length, shown.data,
                               (int)word.length, word.data));
    } else if (info->kind == TYPE_NAMED && builtin >= 0 && builtin <= TRAIT_DEFAULT &&
               c->program->type_decls[info->head].module.index != c->program->prelude.index) {
        const TypeDecl *decl = &c->program->type_decls[info->head];
        Text name = name_text(c, decl->name);
        bool needs_eq =
            (builtin == TRAIT_COMPARABLE || builtin == TRAIT_HASHABLE) && (decl->derives & (1u << TRAIT_EQ)) == 0;
        diag_note(c->sink, d,
                  arena_format(c->scratch, "put `#[derive(%s%.*s)]` before `type %.*s`", needs_eq ? "Eq, " : "",
                               (int)word.length, word.data, (int)name.length, name.data));
        diag_label(c->sink, d, decl->span, TEXT("the type is declared here"));
    } else if (info->kind == TYPE_FUNCTION) {
        diag_note(c->sink, d, TEXT("functions are neither compared nor printed"));
    }
}

static void report_unsatisfied(Body *c, const Obligation *o, TypeId type, SolveResult solved) {
    Diagnostic *d;
    if (solved.answer == SOLVE_UNKNOWN) {
        (void)diag(c->sink, DIAG_BOUNDS_TOO_DEEP, obligation_span(c, o), type_text(c, type));
        return;
    }
    Text word = trait_name(c, o->trait);
    d = diag(c->sink, DIAG_BOUND_NOT_SATISFIED, obligation_span(c, o), type_text(c, type), word);
    if (o->function.index != 0) {
        const Function *f = &c->program->functions[o->function.index];
        const Bound *bound = &f->generics.bounds[o->bound];
        Text name = name_text(c, f->name);
        if (f->module.index != c->program->prelude.index && bound->span.end > bound->span.start)
            diag_label(c->sink, d, bound->span,
                       arena_format(c->scratch, "`%.*s` asks for it here", (int)name.length, name.data));
        else
            diag_note(c->sink, d, arena_format(c->scratch, "`%.*s` asks for it", (int)name.length, name.data));
    }
    TypeId part = solved.failing_part.index == 0 ? type : solved.failing_part;
    if (part.index != type.index) {
        Text shown = type_text(c, part);
        diag_note(c->sink, d,
                  arena_format(c->scratch, "because its part `%.*s` does not have it", (int)shown.length, shown.data));
    }
    note_derive(c, d, part, o->trait);
}

void obligations_solve(Body *c) {
    enum { CACHE_MAX = 256 };
    if (c->obligations.count == 0) return;
    uint32_t cache = 4; // a power of two
    while (cache < c->obligations.count && cache < CACHE_MAX)
        cache *= 2;
    struct {
        TypeId type;
        TraitId trait;
    } *solved = arena_alloc_zeroed(c->scratch, cache * sizeof *solved, 4);
    for (uint32_t i = 0; i < c->obligations.count; i++) {
        const Obligation *o = &c->obligations.items[i];
        TypeId type = prune(c, o->type);
        if (type.index <= TYPE_ERROR || type.index == TYPE_NEVER) continue;
        if (is_open(c, type)) {
            LocalType *variable = &c->types.items[type.index & ~LOCAL_TYPE];
            if (o->is_of_parts || variable->is_reported) continue;
            variable->is_reported = true;
            if (c->sink->error_count == 0) report_cannot_tell(c, o); // after an error it is often that error's shadow
            continue;
        }
        type = zonk(c, type);
        uint32_t slot = (type.index * 31 + o->trait.index) & (cache - 1);
        bool is_plain = o->trait_argument_count == 0;
        if (is_plain && solved[slot].type.index == type.index && solved[slot].trait.index == o->trait.index) continue;
        if ((type_info(c->program->types, type)->flags & TYPE_HAS_ERROR) != 0) continue;
        TypeId *arguments = is_plain ? NULL : arena_array(c->scratch, TypeId, o->trait_argument_count);
        for (uint32_t k = 0; k < o->trait_argument_count; k++)
            arguments[k] = zonk(c, o->trait_arguments[k]);
        TraitUse use = {o->trait, arguments, o->trait_argument_count};
        SolveResult result = trait_solve_use(c->program, &c->function->generics, type, &use);
        if (result.answer == SOLVE_YES && !is_plain) continue;
        if (result.answer == SOLVE_YES) {
            solved[slot].type = type;
            solved[slot].trait = o->trait;
        } else {
            report_unsatisfied(c, o, type, result);
        }
    }
}

// ---- what waits -------------------------------------------------------------------------------------------------------------------------------

Waiting *wait_for(Body *c, WaitingKind kind, NodeIndex syntax, TypeId type, TypeId result) {
    Waiting waiting = {.kind = kind, .syntax = syntax, .type = type, .result = result, .env = c->env};
    waiting.node = node_add(c, TYPED_ERROR, result, token_of(c, syntax), 0, 0);
    vec_push(c->scratch, &c->waiting, waiting);
    c->was_waiting = true;
    return &c->waiting.items[c->waiting.count - 1];
}

static bool iteration_complete(Body *c, Waiting *w) {
    if (is_open(c, w->type)) return false;
    TypeId result = w->result, element = element_type(c, w->syntax, w->type);
    UnifyAnswer answer = unify(c, element, result);
    if (answer == UNIFY_DIFFERS)
        (void)report_mismatch(c, span_of(c, w->syntax), element, expect(result, 0), 0);
    else if (answer != UNIFY_OK)
        report_unify(c, answer, span_of(c, w->syntax));
    return true;
}

static bool waiting_complete(Body *c, Waiting *w, bool by_default) {
    scope_switch(c, w->env.bindings);
    c->env = w->env;
    c->at = w->syntax;
    switch (w->kind) {
    case WAIT_METHOD:
        return method_complete(c, w);
    case WAIT_FIELD:
        return field_complete(c, w);
    case WAIT_TUPLE_PART:
        return tuple_part_complete(c, w);
    case WAIT_INDEX:
        return index_complete(c, w);
    case WAIT_ITERATION:
        return iteration_complete(c, w);
    case WAIT_CONVERSION:
        return conversion_complete(c, w);
    case WAIT_BINARY:
        return binary_complete(c, w, by_default);
    case WAIT_UNARY:
        return unary_complete(c, w, by_default);
    case WAIT_QUESTION:
        return question_complete(c, w);
    case WAIT_COALESCE:
        return coalesce_complete(c, w);
    case WAIT_OPERATOR:
        return operator_complete(c, w, by_default);
    }
    return true;
}

static bool waiting_pass(Body *c) {
    bool has_moved = projections_run(c);
    for (uint32_t i = 0; i < c->waiting.count; i++) {
        if (c->waiting.items[i].is_done || !waiting_complete(c, &c->waiting.items[i], false)) continue;
        c->waiting.items[i].is_done = true;
        has_moved = true;
    }
    return has_moved;
}

// Nothing moves by itself: the first int index or iteration is a list's, else the first arithmetic operator is int's.
static bool waiting_default(Body *c) {
    for (uint32_t i = 0; i < c->waiting.count; i++) {
        const Waiting *w = &c->waiting.items[i];
        bool is_list =
            w->kind == WAIT_ITERATION ||
            (w->kind == WAIT_INDEX && (is_kind(c, c->type[w->other], TYPE_INT) || is_open(c, c->type[w->other])));
        if (w->is_done || !is_list) continue;
        (void)unify(c, w->type, type_of1(c, TYPE_LIST, type_variable(c, token_of(c, w->syntax))));
        return true;
    }
    for (uint32_t i = 0; i < c->waiting.count; i++) {
        const Waiting *w = &c->waiting.items[i];
        if (w->is_done || (w->kind != WAIT_BINARY && w->kind != WAIT_UNARY && w->kind != WAIT_OPERATOR)) continue;
        (void)waiting_complete(c, &c->waiting.items[i], true);
        c->waiting.items[i].is_done = true;
        return true;
    }
    for (uint32_t i = 0; i < c->waiting.count; i++) {
        const Waiting *w = &c->waiting.items[i];
        if (w->is_done) continue;
        NodeIndex receiver = w->kind == WAIT_CONVERSION ? w->other : w->syntax;
        if (w->kind == WAIT_METHOD)
            receiver = c->view.a[c->view.a[receiver]];
        else if (w->kind != WAIT_CONVERSION && w->kind != WAIT_ITERATION)
            receiver = c->view.a[receiver];
        if (c->sink->error_count == 0) {
            Diagnostic *d = diag0(c->sink, DIAG_TYPE_NEEDED, span_of(c, receiver));
            diag_note(c->sink, d, TEXT("write the type where this gets its value: `let x: T = …`, or `(x: T) -> …`"));
        }
        (void)unify(c, w->type, ERROR_TYPE); // the others that wait for it are silent
        return true;
    }
    return false;
}

void waiting_run(Body *c) {
    Env env = c->env;
    while (waiting_pass(c) || waiting_default(c)) {
    }
    scope_switch(c, env.bindings);
    c->env = env;
}

// ---- warnings -----------------------------------------------------------------------------------------------------------------------------------

void warnings_give(Body *c) {
    if (c->sink->error_count > 0 || c->has_syntax_errors || c->module->kind != MODULE_PROJECT)
        return; // what an error hid may be a use
    for (uint32_t i = 1; i < c->locals.count; i++) {
        const TypedLocal *local = &c->locals.items[i];
        const LocalInfo *info = &c->local_infos.items[i];
        if (local->is_parameter || info->is_hidden || local->name.index == 0) continue;
        Text name = name_text(c, local->name);
        if (!info->is_used && !info->is_lambda_name && (name.length == 0 || name.data[0] != '_')) {
            Diagnostic *d = diag(c->sink, DIAG_UNUSED_VARIABLE, info->span, name);
            diag_note(c->sink, d,
                      arena_format(c->scratch, "write `_%.*s` where that is intended", (int)name.length, name.data));
        }
        if (local->is_mutable && !info->is_assigned) (void)diag(c->sink, DIAG_UNNEEDED_MUT, info->span, name);
    }
}

// ---- the compact copy -------------------------------------------------------------------------------------------------------------------------------

// One function knows where nodes stand in each kind's operands. It is made into three: marking a node's children, collecting
// those that were not visited yet, and, when all of them have their new numbers, writing the node.
typedef enum CopyMode { COPY_MARK, COPY_COLLECT, COPY_WRITE } CopyMode;
typedef struct Copy {
    Body *c;
    uint32_t *map;        // old node → new node; 0: not yet. While marking, 1: needed
    uint32_t parent;      // while marking
    bool is_out_of_order; // a child comes after its parent: it had to wait for a type
    VEC(uint32_t) stack;  // nodes to visit; the highest bit: its children are done
    VEC(uint32_t) extra;
} Copy;
#define CHILDREN_DONE 0x80000000u

static inline ALWAYS_INLINE uint32_t copy_node(Copy *copy, CopyMode mode, uint32_t node) {
    if (mode == COPY_WRITE) return copy->map[node];
    if (mode == COPY_MARK) {
        copy->map[node] = 1;
        copy->is_out_of_order |= node >= copy->parent;
    } else if (node != 0 && copy->map[node] == 0) {
        vec_push(copy->c->scratch, &copy->stack, node);
    }
    return 0;
}

static inline ALWAYS_INLINE void copy_word(Copy *copy, CopyMode mode, uint32_t word) {
    if (mode == COPY_WRITE) vec_push(copy->c->scratch, &copy->extra, word);
}

// `stride` words for each item, of which those in `nodes` (a bit set) are nodes; the count comes first.
static inline ALWAYS_INLINE uint32_t copy_items(Copy *copy, CopyMode mode, uint32_t list, uint32_t stride,
                                                uint32_t nodes) {
    Body *c = copy->c;
    uint32_t count = c->extra.items[list], start = copy->extra.count;
    copy_word(copy, mode, count);
    for (uint32_t i = 0, at = list + 1; i < count; i++)
        for (uint32_t k = 0; k < stride; k++, at++) {
            uint32_t word = c->extra.items[at];
            if ((nodes >> k & 1) != 0) word = copy_node(copy, mode, word);
            copy_word(copy, mode, word);
        }
    return start;
}

static inline ALWAYS_INLINE uint32_t copy_words(Copy *copy, CopyMode mode, uint32_t at, uint32_t count,
                                                uint32_t nodes) {
    uint32_t start = copy->extra.count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t word = copy->c->extra.items[at + i];
        copy_word(copy, mode, (nodes >> i & 1) != 0 ? copy_node(copy, mode, word) : word);
    }
    return start;
}

static inline ALWAYS_INLINE void operands_of(Copy *copy, CopyMode mode, uint32_t n, uint32_t *out_a, uint32_t *out_b) {
    Body *c = copy->c;
    uint32_t a = c->a[n], b = c->b[n];
    static const uint32_t pattern_words[] = {2, 2, 3, 2, 4};
    switch ((TypedKind)c->kind[n]) {
    case TYPED_NONE:
    case TYPED_ERROR:
    case TYPED_INT:
    case TYPED_FLOAT:
    case TYPED_BOOL:
    case TYPED_STR:
    case TYPED_UNIT:
    case TYPED_LOCAL:
    case TYPED_CONFIG:
    case TYPED_FUNCTION:
    case TYPED_VARIANT_FUNCTION:
    case TYPED_OPERATOR_FUNCTION:
    case TYPED_DEFAULT:
    case TYPED_CONTINUE:
    case TYPED_PAT_WILDCARD:
    case TYPED_PAT_INT:
    case TYPED_PAT_FLOAT:
    case TYPED_PAT_STR:
    case TYPED_COUNT:
        break;
    case TYPED_LAMBDA:
        (void)copy_node(copy, mode, c->lambdas.items[a].typed.body);
        break;
    case TYPED_CONSTRUCT:
    case TYPED_CALL:
    case TYPED_SELF_CALL:
        b = copy_items(copy, mode, b, 2, 2);
        break;
    case TYPED_UPDATE:
        a = copy_node(copy, mode, a), b = copy_items(copy, mode, b, 2, 2);
        break;
    case TYPED_LIST:
    case TYPED_MAP:
    case TYPED_SEQUENCE:
    case TYPED_PAT_CONSTRUCT:
    case TYPED_PAT_OR:
        b = copy_items(copy, mode, b, 1, 1);
        break;
    case TYPED_CALL_VALUE:
        a = copy_node(copy, mode, a), b = copy_items(copy, mode, b, 1, 1);
        break;
    case TYPED_FIELD:
    case TYPED_UNARY:
    case TYPED_QUESTION:
    case TYPED_TRY:
    case TYPED_CONVERT:
    case TYPED_SHOW:
    case TYPED_HASH:
    case TYPED_LENGTH:
    case TYPED_LOOP:
    case TYPED_BREAK:
        a = copy_node(copy, mode, a);
        break;
    case TYPED_INDEX:
    case TYPED_SLICE:
    case TYPED_COMPARE:
    case TYPED_COALESCE:
    case TYPED_LET:
    case TYPED_WHILE:
        a = copy_node(copy, mode, a), b = copy_node(copy, mode, b);
        break;
    case TYPED_ASSIGN:
    case TYPED_PAT_BIND:
        b = copy_node(copy, mode, b);
        break;
    case TYPED_BINARY:
    case TYPED_RANGE:
        a = copy_node(copy, mode, a), b = copy_words(copy, mode, b, 2, 1);
        break;
    case TYPED_IF:
        a = copy_node(copy, mode, a), b = copy_words(copy, mode, b, 2, 3);
        break;
    case TYPED_MATCH:
        a = copy_node(copy, mode, a), b = copy_items(copy, mode, b, 3, 7);
        break;
    case TYPED_FOR: {
        uint32_t count = c->extra.items[b], start = copy_items(copy, mode, b, 2, 3);
        (void)copy_words(copy, mode, b + 1 + 2 * count, 2, 3);
        b = start;
        break;
    }
    case TYPED_PATTERN:
        b = copy_words(copy, mode, b, pattern_words[a], 15);
        break;
    case TYPED_RECURSE:
        b = copy_words(copy, mode, b, 5, 7 | 16);
        break;
    case TYPED_PAT_RANGE:
        b = copy_words(copy, mode, b, 4, 0);
        break;
    case TYPED_PAT_LIST: {
        uint32_t before = copy_items(copy, mode, c->extra.items[b], 1, 1),
                 rest = copy_node(copy, mode, c->extra.items[b + 1]);
        uint32_t after = copy_items(copy, mode, c->extra.items[b + 2], 1, 1), start = copy->extra.count;
        copy_word(copy, mode, before), copy_word(copy, mode, rest), copy_word(copy, mode, after);
        b = start;
        break;
    }
    }
    *out_a = a;
    *out_b = b;
}

static void operands_mark(Copy *copy, uint32_t n) {
    uint32_t a, b;
    copy->parent = n;
    operands_of(copy, COPY_MARK, n, &a, &b);
}

static void operands_collect(Copy *copy, uint32_t n) {
    uint32_t a, b;
    operands_of(copy, COPY_COLLECT, n, &a, &b);
}

static void operands_write(Copy *copy, uint32_t n, uint32_t *out_a, uint32_t *out_b) {
    operands_of(copy, COPY_WRITE, n, out_a, out_b);
}

// The room that the arrays below take, so that a body's memory is one chunk of its size.
static size_t copied_bytes(const Body *c, uint32_t node_count, uint32_t extra_count) {
    size_t bytes = (size_t)node_count * (sizeof(uint8_t) + 4 * sizeof(uint32_t)) +
                   (size_t)extra_count * sizeof(uint32_t) + c->locals.count * sizeof(TypedLocal) +
                   c->uses.count * sizeof(TypedUse) + c->lambdas.count * sizeof(TypedLambda);
    for (uint32_t i = 1; i < c->uses.count; i++)
        bytes += c->uses.items[i].argument_count * sizeof(TypeId);
    for (uint32_t i = 1; i < c->lambdas.count; i++)
        bytes += (c->lambdas.items[i].parameters.count + c->lambdas.items[i].captures.count) * sizeof(uint32_t);
    return bytes + 9 * 8; // each array may begin with a gap
}

static void copy_tables(Body *c, const uint32_t *map) {
    TypedBody *out = c->out;
    Arena *arena = c->results;
    out->local_count = c->locals.count - 1;
    out->locals = arena_array(arena, TypedLocal, c->locals.count);
    for (uint32_t i = 1; i < c->locals.count; i++) {
        out->locals[i] = c->locals.items[i];
        out->locals[i].type = zonk(c, c->locals.items[i].type);
    }
    out->use_count = c->uses.count - 1;
    out->uses = arena_array(arena, TypedUse, c->uses.count);
    for (uint32_t i = 1; i < c->uses.count; i++) {
        TypedUse use = c->uses.items[i];
        TypeId *arguments = arena_array(arena, TypeId, use.argument_count);
        for (uint32_t k = 0; k < use.argument_count; k++)
            arguments[k] = zonk(c, use.arguments[k]);
        use.arguments = arguments;
        out->uses[i] = use;
    }
    out->lambda_count = c->lambdas.count - 1;
    out->lambdas = arena_array(arena, TypedLambda, c->lambdas.count);
    for (uint32_t i = 1; i < c->lambdas.count; i++) {
        const LambdaInfo *info = &c->lambdas.items[i];
        TypedLambda lambda = info->typed;
        uint32_t *parameters = arena_array(arena, uint32_t, info->parameters.count),
                 *captures = arena_array(arena, uint32_t, info->captures.count);
        if (info->parameters.count > 0)
            memcpy(parameters, info->parameters.items, sizeof(uint32_t) * info->parameters.count);
        for (uint32_t k = 0; k < info->captures.count; k++) { // insertion: few, and nearly in order
            uint32_t at = k;
            for (; at > 0 && captures[at - 1] > info->captures.items[k]; at--)
                captures[at] = captures[at - 1];
            captures[at] = info->captures.items[k];
        }
        lambda.parameters = parameters;
        lambda.parameter_count = info->parameters.count;
        lambda.captures = captures;
        lambda.capture_count = info->captures.count;
        lambda.body = map[lambda.body];
        lambda.type = zonk(c, lambda.type);
        out->lambdas[i] = lambda;
    }
}

// The nodes that the root needs, in postorder: order[1 … count - 1], and their numbers in copy->map. Returns count.
static uint32_t order_by_search(Copy *copy, uint32_t root, uint32_t *order) {
    Body *c = copy->c;
    uint32_t count = 1;
    memset(copy->map, 0, sizeof(uint32_t) * c->node_count);
    vec_push(c->scratch, &copy->stack, root);
    while (copy->stack.count > 0) {
        uint32_t top = copy->stack.items[copy->stack.count - 1], node = top & ~CHILDREN_DONE;
        if (copy->map[node] != 0) {
            copy->stack.count--;
            continue;
        }
        if ((top & CHILDREN_DONE) != 0) {
            copy->stack.count--;
            order[count] = node;
            copy->map[node] = count++;
            continue;
        }
        copy->stack.items[copy->stack.count - 1] |= CHILDREN_DONE;
        uint32_t first = copy->stack.count;
        operands_collect(copy, node);
        for (uint32_t i = first, k = copy->stack.count; i + 1 < k; i++) { // so that the first child comes first
            uint32_t swap = copy->stack.items[--k];
            copy->stack.items[k] = copy->stack.items[i];
            copy->stack.items[i] = swap;
        }
    }
    return count;
}

// The same. Nodes are nearly always made children first, and then their order is right: from the root backwards each needed
// node marks its children.
static uint32_t order_find(Copy *copy, uint32_t root, uint32_t *order) {
    copy->map[root] = 1;
    for (uint32_t n = root; n > 0 && !copy->is_out_of_order; n--)
        if (copy->map[n] != 0) operands_mark(copy, n);
    if (copy->is_out_of_order) return order_by_search(copy, root, order);
    uint32_t count = 1;
    copy->map[0] = 0;
    for (uint32_t n = 1; n <= root; n++) {
        if (copy->map[n] == 0) continue;
        order[count] = n;
        copy->map[n] = count++;
    }
    return count;
}

static TypeId type_copy(Body *c, TypeId type) {
    type = zonk(c, type);
    // What hangs on an error elsewhere (a signature, another module) is silent here, and is not lowered either.
    bool has_error = type.index < TYPE_PRIMITIVE_END
                         ? type.index <= TYPE_ERROR
                         : (type_info(c->program->types, type)->flags & TYPE_HAS_ERROR) != 0;
    if (has_error) c->out->has_errors = true;
    return type;
}

// Every node was needed: numbers stay.
static void all_copy(Body *c, uint32_t count) {
    TypedBody *out = c->out;
    memcpy(out->kind, c->kind, count * sizeof(uint8_t));
    memcpy(out->token, c->token, count * sizeof(uint32_t));
    memcpy(out->a, c->a, count * sizeof(uint32_t));
    memcpy(out->b, c->b, count * sizeof(uint32_t));
    out->type[0] = (TypeId){0};
    for (uint32_t i = 1; i < count; i++)
        out->type[i] = type_copy(c, c->type[i]);
    if (memchr(out->kind, TYPED_ERROR, count) != NULL) out->has_errors = true;
    out->extra = arena_alloc(c->results, c->extra.count * sizeof(uint32_t), _Alignof(uint32_t));
    memcpy(out->extra, c->extra.items, sizeof(uint32_t) * c->extra.count);
    out->extra_count = c->extra.count;
}

static void needed_copy(Copy *copy, const uint32_t *order, uint32_t count) {
    Body *c = copy->c;
    TypedBody *out = c->out;
    out->kind[0] = TYPED_NONE;
    out->type[0] = (TypeId){0};
    out->token[0] = out->a[0] = out->b[0] = 0;
    vec_reserve(c->scratch, &copy->extra, c->extra.count);
    vec_push(c->scratch, &copy->extra, 0);
    for (uint32_t i = 1; i < count; i++) {
        uint32_t node = order[i];
        out->kind[i] = c->kind[node];
        out->type[i] = type_copy(c, c->type[node]);
        out->token[i] = c->token[node];
        if (out->kind[i] == TYPED_ERROR) out->has_errors = true;
        operands_write(copy, node, &out->a[i], &out->b[i]);
    }
    out->extra = arena_alloc(c->results, copy->extra.count * sizeof(uint32_t), _Alignof(uint32_t));
    memcpy(out->extra, copy->extra.items, sizeof(uint32_t) * copy->extra.count);
    out->extra_count = copy->extra.count;
}

void body_copy_out(Body *c, uint32_t root) {
    if (c->sink->error_count > 0 || root == 0) return;
    Copy copy = {.c = c};
    copy.map = arena_array(c->scratch, uint32_t, c->node_count);
    uint32_t *order = arena_alloc(c->scratch, sizeof(uint32_t) * ((size_t)c->node_count + 1), sizeof(uint32_t));
    uint32_t count = order_find(&copy, root, order);
    TypedBody *out = c->out;
    Arena *arena = c->results;
    if (arena == &out->arena) arena_reserve(arena, copied_bytes(c, count, c->extra.count));
    out->kind = arena_alloc(arena, count * sizeof(uint8_t), _Alignof(uint8_t));
    out->type = arena_alloc(arena, count * sizeof(TypeId), _Alignof(TypeId));
    out->token = arena_alloc(arena, count * sizeof(uint32_t), _Alignof(uint32_t));
    out->a = arena_alloc(arena, count * sizeof(uint32_t), _Alignof(uint32_t));
    out->b = arena_alloc(arena, count * sizeof(uint32_t), _Alignof(uint32_t));
    out->node_count = count;
    if (count == root + 1)
        all_copy(c, count);
    else
        needed_copy(&copy, order, count);
    out->root = copy.map[root];
    copy_tables(c, copy.map);
}

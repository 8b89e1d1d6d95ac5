// sema/copy_out.c: the last of a body's check: its typed nodes, compactly, in memory that outlives the check.
//
// SHAPE      which nodes the root needs ▸ their new numbers ▸ columns, extra words and tables with those numbers
// COST       Nearly every body is in order and needs all of its nodes: one look at each node's operands, and copies of columns.
#include "sema/body_internal.h"

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
    case TYPED_DYN:
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

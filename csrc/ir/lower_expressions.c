// ir/lower_expressions.c: values, building, taking apart, operators. Control is in lower_control.c, calls in lower_calls.c.
#include "ir/customs.h"
#include "ir/lower.h"

// ---- destinations ------------------------------------------------------------------------------------------------------

Local dest_target(Frame *f, Dest dest, TypeId type) {
    return dest.kind == DEST_INTO ? dest.local : local_temporary(f, type);
}

Dest dest_join(Frame *f, Dest dest, TypeId type) {
    if (dest.kind != DEST_ANY) return dest;
    return dest_into(local_temporary(f, type));
}

Local dest_accumulator(Frame *f, Dest dest, TypeId type) {
    if (dest.kind == DEST_INTO && !f->is_dead && !local_is_variable(f, dest.local)) return dest.local;
    return local_temporary(f, type);
}

Local give(Frame *f, Dest dest, Local local) {
    if (f->is_dead) return 0;
    if (local_parts(f, local) != NULL && dest.kind != DEST_DROP) return local_whole(f, local, dest);
    switch (dest.kind) {
    case DEST_ANY:
        return local;
    case DEST_INTO:
        if (local != dest.local) emit(f, CORE_COPY, 0, dest.local, local, 0);
        return dest.local;
    case DEST_DROP:
        return local;
    case DEST_TAIL:
        emit_return(f, local);
        return 0;
    }
    return local;
}

Local give_made(Frame *f, Dest dest, Local local) {
    if (dest.kind == DEST_TAIL && !f->is_dead) emit_return(f, local);
    return local;
}

Local give_unit(Frame *f, Dest dest) {
    if (f->is_dead || dest.kind == DEST_DROP) return 0;
    Local unit = dest_target(f, dest, TYPE_ID(TYPE_VOID));
    emit(f, CORE_UNIT, 0, unit, 0, 0);
    return give_made(f, dest, unit);
}

// ---- operands ----------------------------------------------------------------------------------------------------------

Operand operand_of(Frame *f, Local local) { return (Operand){local, f->code.count, f->assign_count}; }

Operand operand(Frame *f, Node node) {
    if (node == f->ready_node) {
        f->ready_node = 0;
        return f->ready;
    }
    Local local = lower(f, node, dest_any());
    return operand_of(f, local);
}

// Whether code from `position` on assigns the local.
static bool is_assigned_since(const Frame *f, Local local, uint32_t position) {
    for (uint32_t i = position; i < f->code.count; i++)
        if (f->code.items[i].dst == local) return true;
    return false;
}

void operands_settle(Frame *f, Operand *operands, uint32_t count) {
    if (f->is_dead || count == 0 || operands[0].assigns == f->assign_count) return;
    for (uint32_t i = count;
         i-- > 0;) { // from the right, so that what is inserted moves no position that is still needed
        Operand *o = &operands[i];
        if (!local_is_variable(f, o->local) || !is_assigned_since(f, o->local, o->position)) continue;
        Local copy = local_temporary(f, type_of_local(f, o->local));
        emit(f, CORE_COPY, 0, copy, o->local, 0);
        CoreInstruction moved = f->code.items[f->code.count - 1];
        memmove(&f->code.items[o->position + 1], &f->code.items[o->position],
                sizeof moved * (f->code.count - 1 - o->position));
        f->code.items[o->position] = moved;
        o->local = copy;
    }
}

// ---- literals and names ------------------------------------------------------------------------------------------------

static Local lower_constant(Frame *f, CoreOp op, uint32_t a, uint32_t b, TypeId type, Dest dest) {
    if (dest.kind == DEST_DROP) return 0;
    Local target = dest_target(f, dest, type);
    emit(f, op, 0, target, a, b);
    return give_made(f, dest, target);
}

static Local lower_config(Frame *f, Node node, Dest dest) {
    const ConfigDecl *config = &f->lower->program->configs[f->body->a[node]];
    uint32_t low = (uint32_t)config->value, high = (uint32_t)(config->value >> 32);
    TypeId type = type_of(f, node);
    if (type.index == TYPE_STR) return lower_constant(f, CORE_STR, low, 0, type, dest);
    return lower_constant(f, type.index == TYPE_FLOAT ? CORE_FLOAT : CORE_INT, low, high, type, dest);
}

void lower_bind(Frame *f, uint32_t local, Local value) {
    f->bindings[local] = value;
    if (!f->is_dead) lower_local_name(f, value, f->body->locals[local].name);
}

// ---- building ----------------------------------------------------------------------------------------------------------

Local lower_construct(Frame *f, TypeId type, uint32_t variant, const Local *fields, uint32_t count, Dest dest) {
    Local target = dest_target(f, dest, type);
    if (type_is_enum(f->lower, type))
        (void)emit_int(f, target, variant);
    else
        emit(f, CORE_CONSTRUCT, variant, target, 0, emit_list(f, fields, count));
    return give_made(f, dest, target);
}

static Local lower_construct_node(Frame *f, Node node, Dest dest) {
    const TypedBody *body = f->body;
    uint32_t pairs = body->b[node], count = list_count(body, pairs);
    Operand *operands = arena_array(f->arena, Operand, count);
    for (uint32_t i = 0; i < count; i++)
        operands[i] = operand(f, pair_node(body, pairs, i));
    operands_settle(f, operands, count);
    if (f->is_dead) return 0;
    Local *fields = arena_array(f->arena, Local, count);
    for (uint32_t i = 0; i < count; i++)
        fields[pair_number(body, pairs, i)] = operands[i].local;
    at_node(f, node);
    return lower_construct(f, type_of(f, node), body->a[node], fields, count, dest);
}

static Local lower_update(Frame *f, Node node, Dest dest) {
    const TypedBody *body = f->body;
    uint32_t pairs = body->b[node], count = list_count(body, pairs);
    Operand *operands = arena_array(f->arena, Operand, count + 1);
    for (uint32_t i = 0; i < count; i++)
        operands[i] = operand(f, pair_node(body, pairs, i));
    operands[count] = operand(f, body->a[node]); // the base is evaluated last
    operands_settle(f, operands, count + 1);
    if (f->is_dead) return 0;
    TypeId type = type_of(f, node);
    uint32_t field_count = type_field_count(f->lower, type, 0);
    Local *fields = arena_array(f->arena, Local, field_count);
    for (uint32_t i = 0; i < count; i++)
        fields[pair_number(body, pairs, i)] = operands[i].local;
    at_node(f, node);
    for (uint32_t i = 0; i < field_count; i++)
        if (fields[i] == 0)
            fields[i] = lower_field(f, operands[count].local, 0, i, type_field(f->lower, type, 0, i), dest_any());
    return lower_construct(f, type, 0, fields, field_count, dest);
}

static Local lower_list(Frame *f, Node node, Dest dest) {
    const TypedBody *body = f->body;
    uint32_t list = body->b[node], count = list_count(body, list);
    TypeId type = type_of(f, node);
    Local target = dest_accumulator(f, dest, type);
    Local capacity = count == 0 ? 0 : emit_int(f, 0, count);
    emit(f, CORE_LIST_NEW, 0, target, capacity, 0);
    for (uint32_t i = 0; i < count; i++) {
        Local element = lower(f, list_item(body, list, i), dest_any());
        at_node(f, node);
        emit(f, CORE_LIST_APPEND, 0, 0, target, element);
    }
    return give(f, dest, target);
}

static Local lower_map(Frame *f, Node node, Dest dest) {
    const TypedBody *body = f->body;
    uint32_t list = body->b[node], count = list_count(body, list);
    TypeId type = type_of(f, node);
    Local target = dest_accumulator(f, dest, type);
    emit(f, CORE_MAP_NEW, 0, target, 0, 0);
    for (uint32_t i = 0; i + 1 < count; i += 2) {
        Operand entry[2] = {operand(f, list_item(body, list, i)), {0}};
        entry[1] = operand(f, list_item(body, list, i + 1));
        operands_settle(f, entry, 2);
        at_node(f, node);
        Local locals[2] = {entry[0].local, entry[1].local};
        emit(f, CORE_MAP_PUT, 0, 0, target, emit_list(f, locals, 2));
    }
    return give(f, dest, target);
}

// ---- taking apart ------------------------------------------------------------------------------------------------------

Local lower_field(Frame *f, Local of, uint32_t variant, uint32_t field, TypeId type, Dest dest) {
    if (f->is_dead) return 0;
    const Local *parts = local_parts(f, of);
    if (parts != NULL) return give(f, dest, parts[field]);
    Local target = dest_target(f, dest, type);
    emit(f, CORE_FIELD, variant, target, of, field);
    return give_made(f, dest, target);
}

// Like operand, but a tuple that was never built may stay so.
static Operand operand_to_take_apart(Frame *f, Node node) {
    if (f->body->kind[node] == TYPED_LOCAL && !f->is_dead) return operand_of(f, f->bindings[f->body->a[node]]);
    return operand(f, node);
}

static Local lower_field_node(Frame *f, Node node, Dest dest) {
    Local of = operand_to_take_apart(f, f->body->a[node]).local;
    at_node(f, node);
    return lower_field(f, of, 0, f->body->b[node], type_of(f, node), dest);
}

static Local lower_index(Frame *f, Node node, Dest dest) {
    Operand operands[2] = {operand(f, f->body->a[node]), {0}};
    operands[1] = operand(f, f->body->b[node]);
    operands_settle(f, operands, 2);
    if (f->is_dead) return 0;
    at_node(f, node);
    Local target = dest_target(f, dest, type_of(f, node));
    Local locals[2] = {operands[0].local, operands[1].local};
    switch (kind_of(f->lower, type_of(f, f->body->a[node]))) {
    case TYPE_MAP:
        emit(f, CORE_MAP_GET, 0, target, locals[0], locals[1]);
        break;
    case TYPE_STR:
        emit_intrinsic(f, INTRINSIC_str_at, NULL, 0, target, locals, 2);
        break;
    default:
        emit(f, CORE_LIST_GET, 0, target, locals[0], locals[1]);
        break;
    }
    return give_made(f, dest, target);
}

static Local lower_slice(Frame *f, Node node, Dest dest) {
    Operand operands[2] = {operand(f, f->body->a[node]), {0}};
    operands[1] = operand(f, f->body->b[node]);
    operands_settle(f, operands, 2);
    if (f->is_dead) return 0;
    at_node(f, node);
    TypeId type = type_of(f, node);
    Local target = dest_target(f, dest, type);
    Local locals[2] = {operands[0].local, operands[1].local};
    if (type.index == TYPE_STR)
        emit_intrinsic(f, INTRINSIC_str_slice_range, NULL, 0, target, locals, 2);
    else
        emit_intrinsic(f, INTRINSIC_list_slice_range, info_of(f->lower, type)->args, 1, target, locals, 2);
    return give_made(f, dest, target);
}

// ---- operators ---------------------------------------------------------------------------------------------------------

// Types that C compares as they are: numbers and enums whose equality is the built-in one.
static bool is_compared_as_number(const Lower *lower, TypeId type, bool is_order) {
    switch (type.index) {
    case TYPE_INT:
    case TYPE_BOOL:
    case TYPE_BYTE:
    case TYPE_CHAR:
    case TYPE_DURATION:
    case TYPE_SIZE:
    case TYPE_INSTANT:
        return true;
    default:
        break;
    }
    if (!type_is_enum(lower, type)) return false;
    TypeDeclId declaration = {info_of(lower, type)->head};
    if (declaration.index == lower->program->known.ordering.index) return true;
    return type_decl_has_derive(lower->program, declaration, is_order ? TRAIT_COMPARABLE : TRAIT_EQ);
}

static Local lower_concat(Frame *f, TypeId type, Local left, Local right, Dest dest) {
    Local target = dest_target(f, dest, type);
    Local locals[2] = {left, right};
    if (type.index == TYPE_STR)
        emit_intrinsic(f, INTRINSIC_str_concat, NULL, 0, target, locals, 2);
    else
        emit_intrinsic(f, INTRINSIC_list_concat, info_of(f->lower, type)->args, 1, target, locals, 2);
    return give_made(f, dest, target);
}

// `written` is the left operand's type as the source has it: == and < of floats are IEEE's only where it is float itself.
Local lower_binary_operation(Frame *f, TypedOp op, TypeId written, Local left, Local right, TypeId result, Dest dest) {
    if (f->is_dead) return 0;
    TypeId type = type_concrete(f->lower, written);
    bool is_equality = op == OP_EQUAL || op == OP_NOT_EQUAL;
    bool is_order = op == OP_LESS || op == OP_LESS_EQUAL || op == OP_GREATER || op == OP_GREATER_EQUAL;
    if (op == OP_AND || op == OP_OR) { // of values that exist already
        Dest join = dest_join(f, dest, result);
        open_if(f, left);
        (void)give(f, join, op == OP_AND ? right : left);
        open_else(f);
        (void)give(f, join, op == OP_AND ? left : right);
        close_control(f);
        return join.local;
    }
    if (op == OP_ADD && (type.index == TYPE_STR || kind_of(f->lower, type) == TYPE_LIST))
        return lower_concat(f, type, left, right, dest);
    Local target = dest_target(f, dest, result);
    bool is_ieee = written.index == TYPE_FLOAT;
    if (op == OP_NOT_EQUAL && type_has_custom(f->lower, type, TRAIT_EQ)) { // it may have a `not_equals` of its own
        Local both[2] = {left, right};
        return custom_call(f, TRAIT_EQ, "not_equals", type, both, 2, result, dest);
    }
    if (is_equality && !is_ieee && !is_compared_as_number(f->lower, type, false)) {
        emit(f, CORE_EQUAL, op == OP_NOT_EQUAL, target, left, right);
    } else if (is_order && !is_ieee && !is_compared_as_number(f->lower, type, true)) {
        Local order = local_temporary(f, TYPE_ID(TYPE_INT));
        emit(f, CORE_COMPARE, 0, order, left, right);
        Local zero = emit_int(f, 0, 0);
        emit(f, CORE_BINARY, op, target, order, zero);
    } else {
        emit(f, CORE_BINARY, op, target, left, right);
    }
    return give_made(f, dest, target);
}

Local lower_unary_operation(Frame *f, TypedOp op, Local of, TypeId result, Dest dest) {
    Local target = dest_target(f, dest, result);
    emit(f, CORE_UNARY, op, target, of, 0);
    return give_made(f, dest, target);
}

// a && b: b is evaluated only if a is true, and is in tail position.
static Local lower_short_circuit(Frame *f, Node node, bool is_and, Dest dest) {
    const TypedBody *body = f->body;
    Local left = operand(f, body->a[node]).local;
    Node right = body->extra[body->b[node]];
    TypeId type = TYPE_ID(TYPE_BOOL);
    Dest join = dest_join(f, dest, type);
    open_if(f, left);
    if (is_and)
        (void)lower(f, right, join);
    else
        (void)lower_constant(f, CORE_INT, 1, 0, type, join);
    open_else(f);
    at_node(f, node);
    if (is_and)
        (void)lower_constant(f, CORE_INT, 0, 0, type, join);
    else
        (void)lower(f, right, join);
    close_control(f);
    return join.local;
}

static Local lower_binary(Frame *f, Node node, Dest dest) {
    const TypedBody *body = f->body;
    TypedOp op = (TypedOp)body->extra[body->b[node] + 1];
    if (op == OP_AND || op == OP_OR) return lower_short_circuit(f, node, op == OP_AND, dest);
    Operand operands[2] = {operand(f, body->a[node]), {0}};
    operands[1] = operand(f, body->extra[body->b[node]]);
    operands_settle(f, operands, 2);
    at_node(f, node);
    return lower_binary_operation(f, op, body->type[body->a[node]], operands[0].local, operands[1].local,
                                  type_of(f, node), dest);
}

static Local lower_compare(Frame *f, Node node, Dest dest) {
    Operand operands[2] = {operand(f, f->body->a[node]), {0}};
    operands[1] = operand(f, f->body->b[node]);
    operands_settle(f, operands, 2);
    at_node(f, node);
    Local target = dest_target(f, dest, type_of(f, node));
    emit(f, CORE_COMPARE, 0, target, operands[0].local, operands[1].local);
    return give_made(f, dest, target);
}

static Local lower_range(Frame *f, Node node, Dest dest) {
    const TypedBody *body = f->body;
    Operand operands[2] = {operand(f, body->a[node]), {0}};
    operands[1] = operand(f, body->extra[body->b[node]]);
    operands_settle(f, operands, 2);
    at_node(f, node);
    Local target = dest_target(f, dest, type_of(f, node));
    emit(f, CORE_RANGE, body->extra[body->b[node] + 1], target, operands[0].local, operands[1].local);
    return give_made(f, dest, target);
}

// Operations with one operand and one result.
static Local lower_simple(Frame *f, Node node, CoreOp op, uint32_t sub, Dest dest) {
    Local of = operand(f, f->body->a[node]).local;
    at_node(f, node);
    Local target = dest_target(f, dest, type_of(f, node));
    emit(f, op, sub, target, of, 0);
    return give_made(f, dest, target);
}

// A conversion between equal types, and the text of a str, is the value itself.
static Local lower_conversion(Frame *f, Node node, CoreOp op, Dest dest) {
    if (!type_equal(type_of(f, f->body->a[node]), type_of(f, node))) return lower_simple(f, node, op, 0, dest);
    Local of = operand(f, f->body->a[node]).local;
    return give(f, dest, of);
}

// ---- one node ----------------------------------------------------------------------------------------------------------

// The operand that a node evaluates first, if it is one of the kinds that form long chains; else 0.
static Node chain_first(const TypedBody *body, Node node) {
    switch (body->kind[node]) {
    case TYPED_BINARY:
    case TYPED_FIELD:
    case TYPED_INDEX:
    case TYPED_SLICE:
    case TYPED_CALL_VALUE:
    case TYPED_CONVERT:
    case TYPED_SHOW:
    case TYPED_HASH:
    case TYPED_COMPARE:
    case TYPED_LENGTH:
    case TYPED_UNARY:
    case TYPED_COALESCE:
    case TYPED_QUESTION:
        return body->a[node];
    case TYPED_CALL: {
        uint32_t pairs = body->b[node];
        return list_count(body, pairs) == 0 ? 0 : pair_node(body, pairs, 0);
    }
    default:
        return 0;
    }
}

enum { CHAIN_LONG = 12 };

// Long chains (a + b + …, x.f().g()…) are lowered from their deepest part up, so that they need no stack.
static void lower_chain(Frame *f, Node node) {
    const TypedBody *body = f->body;
    Node n = node;
    for (uint32_t i = 0; i < CHAIN_LONG; i++) {
        n = chain_first(body, n);
        if (n == 0 || n == f->ready_node) return;
    }
    VEC(Node) chain = {0};
    for (n = chain_first(body, node); n != 0 && n != f->ready_node; n = chain_first(body, n))
        vec_push(f->arena, &chain, n);
    for (uint32_t i = chain.count; i-- > 0 && !f->is_dead;) {
        Operand value = operand(f, chain.items[i]);
        f->ready = value;
        f->ready_node = chain.items[i];
    }
}

static Local lower_node(Frame *f, Node node, Dest dest) {
    const TypedBody *body = f->body;
    uint32_t a = body->a[node], b = body->b[node];
    switch ((TypedKind)body->kind[node]) {
    case TYPED_INT:
        return lower_constant(f, CORE_INT, a, b, type_of(f, node), dest);
    case TYPED_FLOAT:
        return lower_constant(f, CORE_FLOAT, a, b, type_of(f, node), dest);
    case TYPED_BOOL:
        return lower_constant(f, CORE_INT, a, 0, type_of(f, node), dest);
    case TYPED_STR:
        return lower_constant(f, CORE_STR, a, 0, type_of(f, node), dest);
    case TYPED_UNIT:
        return give_unit(f, dest);
    case TYPED_LOCAL:
        return give(f, dest, f->bindings[a]);
    case TYPED_CONFIG:
        return lower_config(f, node, dest);
    case TYPED_FUNCTION:
    case TYPED_VARIANT_FUNCTION:
    case TYPED_OPERATOR_FUNCTION:
    case TYPED_LAMBDA:
        return lower_function_value(f, node, dest);
    case TYPED_CONSTRUCT:
        return lower_construct_node(f, node, dest);
    case TYPED_UPDATE:
        return lower_update(f, node, dest);
    case TYPED_LIST:
        return lower_list(f, node, dest);
    case TYPED_MAP:
        return lower_map(f, node, dest);
    case TYPED_FIELD:
        return lower_field_node(f, node, dest);
    case TYPED_INDEX:
        return lower_index(f, node, dest);
    case TYPED_SLICE:
        return lower_slice(f, node, dest);
    case TYPED_CALL:
        return lower_call(f, node, dest);
    case TYPED_CALL_VALUE:
        return lower_call_value(f, node, dest);
    case TYPED_SELF_CALL:
        return lower_self_call(f, node, dest);
    case TYPED_CONVERT:
        return lower_conversion(f, node, CORE_CONVERT, dest);
    case TYPED_DYN:
        return lower_dyn(f, node, dest);
    case TYPED_SHOW:
        if (kind_of(f->lower, type_of(f, a)) == TYPE_DYN) {
            Local of = operand(f, a).local;
            at_node(f, node);
            return custom_call(f, TRAIT_PRINTABLE, "to_string", type_of(f, a), &of, 1, TYPE_ID(TYPE_STR), dest);
        }
        return lower_conversion(f, node, CORE_SHOW, dest);
    case TYPED_HASH:
        return lower_simple(f, node, CORE_HASH, 0, dest);
    case TYPED_COMPARE:
        return lower_compare(f, node, dest);
    case TYPED_DEFAULT:
        at_node(f, node);
        return lower_default(f, type_of(f, node), dest);
    case TYPED_LENGTH: {
        Local of = operand(f, a).local;
        at_node(f, node);
        return lower_length(f, of, dest);
    }
    case TYPED_BINARY:
        return lower_binary(f, node, dest);
    case TYPED_UNARY:
        return lower_simple(f, node, CORE_UNARY, b, dest);
    case TYPED_RANGE:
        return lower_range(f, node, dest);
    case TYPED_COALESCE:
        return lower_coalesce(f, node, dest);
    case TYPED_QUESTION:
        return lower_question(f, node, dest);
    case TYPED_IF:
        return lower_if(f, node, dest);
    case TYPED_MATCH:
        return lower_match(f, node, dest);
    case TYPED_SEQUENCE:
        return lower_sequence(f, node, dest);
    case TYPED_LET:
        return lower_let(f, node, dest);
    case TYPED_ASSIGN:
        return lower_assign(f, node, dest);
    case TYPED_WHILE:
        return lower_while(f, node, dest);
    case TYPED_LOOP:
        return lower_loop(f, node, dest);
    case TYPED_BREAK:
        return lower_break(f, node);
    case TYPED_CONTINUE:
        return lower_continue(f, node);
    case TYPED_FOR:
        return lower_for(f, node, dest);
    case TYPED_TRY:
        return lower_try(f, node, dest);
    case TYPED_PATTERN:
        return lower_pattern_expression(f, node, dest);
    case TYPED_RECURSE:
        return lower_recurse(f, node, dest);
    case TYPED_NONE:
    case TYPED_ERROR:
    case TYPED_PAT_WILDCARD:
    case TYPED_PAT_BIND:
    case TYPED_PAT_INT:
    case TYPED_PAT_FLOAT:
    case TYPED_PAT_STR:
    case TYPED_PAT_RANGE:
    case TYPED_PAT_CONSTRUCT:
    case TYPED_PAT_LIST:
    case TYPED_PAT_OR:
    case TYPED_COUNT:
        break;
    }
    assert(false); // no expression
    return 0;
}

Local lower(Frame *f, Node node, Dest dest) {
    if (f->is_dead) return 0;
    if (node == f->ready_node) {
        f->ready_node = 0;
        return give(f, dest, f->ready.local);
    }
    if (chain_first(f->body, node) != 0) lower_chain(f, node);
    at_node(f, node);
    Local local = lower_node(f, node, dest);
    if (f->is_dead) {
        f->ready_node = 0; // whoever was to take it does not come
        return 0;
    }
    if (is_never(type_of(f, node))) emit_end(f, CORE_UNREACHABLE); // a value of Never does not come
    return local;
}

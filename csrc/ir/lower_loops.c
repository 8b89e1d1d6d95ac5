// ir/lower_loops.c: loops over values. Every kind of collection gives its elements in a loop of the core form.
//
// SHAPE      The counter moves on before the body runs, so that `continue` is CONTINUE:
//                list          at = 0, count;  LOOP { at >= count: leave;  x = list[at];  at = at + 1;  body }
//                a .. b        at = a;         LOOP { at >= b: leave;      x = at;        at = at + 1;  body }
//                a ..= b       done = a > b;   LOOP { done: leave;  x = at;  done = at == b;  if !done at = at + 1;  body }
//            The last form never computes b + 1. A Range value becomes the last form; char counts in ints and skips the surrogates.
#include "ir/customs.h"
#include "ir/lower.h"

enum { SURROGATE_FIRST = 0xD800, SURROGATE_LAST = 0xDFFF };

TypeId iterated_element(Lower *lower, TypeId type) {
    const TypeInfo *info = info_of(lower, type);
    switch (info->kind) {
    case TYPE_MAP:
        return type_make(lower->program, lower->scratch, TYPE_TUPLE, 0, info->args, 2);
    case TYPE_STR:
        return TYPE_ID(TYPE_CHAR);
    case TYPE_NAMED:
        if (type_is_option(lower, type)) return info->args[0];
        return custom_item(lower, type, type_has_custom(lower, type, TRAIT_ITERABLE) ? TRAIT_ITERABLE : TRAIT_ITERATOR);
    default:
        return info->args[0]; // list, set, range
    }
}

Iterated iterated_prepare(Frame *f, Node node) {
    const TypedBody *body = f->body;
    Iterated over = {.node = node, .type = type_of(f, node)};
    if (body->kind[node] == TYPED_RANGE && node != f->ready_node) {
        over.is_range = true;
        over.is_inclusive = body->extra[body->b[node] + 1] != 0;
        over.operands[0] = operand(f, body->a[node]);
        over.operands[1] = operand(f, body->extra[body->b[node]]);
    } else {
        over.operands[0] = operand(f, node);
    }
    return over;
}

Local lower_length(Frame *f, Local of, Dest dest) {
    if (f->is_dead) return 0;
    TypeId type = type_of_local(f, of);
    if (type_has_custom(f->lower, type, TRAIT_LEN))
        return custom_call(f, TRAIT_LEN, "len", type, &of, 1, TYPE_ID(TYPE_INT), dest);
    Local target = dest_target(f, dest, TYPE_ID(TYPE_INT));
    switch (kind_of(f->lower, type)) {
    case TYPE_STR:
        emit(f, CORE_STR_LENGTH, 0, target, of, 0);
        break;
    case TYPE_MAP:
    case TYPE_SET:
        emit(f, CORE_MAP_LENGTH, 0, target, of, 0);
        break;
    case TYPE_RANGE:
        emit_intrinsic(f, INTRINSIC_range_len, info_of(f->lower, type)->args, 1, target, &of, 1);
        break;
    default:
        emit(f, CORE_LIST_LENGTH, 0, target, of, 0);
        break;
    }
    return give_made(f, dest, target);
}

static Local test_binary(Frame *f, TypedOp op, Local left, Local right) {
    Local test = local_temporary(f, TYPE_ID(TYPE_BOOL));
    emit(f, CORE_BINARY, op, test, left, right);
    return test;
}

static void advance(Frame *f, Local counter, int64_t by) { // never overflows
    Local one = local_temporary(f, type_of_local(f, counter));
    (void)emit_int(f, one, by);
    emit_flags(f, CORE_BINARY, OP_ADD, counter, counter, one, CORE_CANNOT_PANIC);
}

// What the body must not see changing: a variable is copied.
static Local loop_value(Frame *f, Local local) {
    if (f->is_dead || !local_is_variable(f, local)) return local;
    Local copy = local_temporary(f, type_of_local(f, local));
    emit(f, CORE_COPY, 0, copy, local, 0);
    return copy;
}

static void open_list(Frame *f, Local list, TypeId element, NameId name, Iteration *out) {
    Local count = lower_length(f, list, dest_any());
    Local at = emit_int(f, 0, 0);
    out->target.break_label = open_loop(f);
    emit_break_if(f, test_binary(f, OP_GREATER_EQUAL, at, count), out->target.break_label);
    out->element = local_new(f, element, name);
    emit(f, CORE_LIST_GET, 1, out->element, list, at);
    advance(f, at, 1);
}

static void open_str(Frame *f, Local text, NameId name, Iteration *out) {
    Local bytes = local_temporary(f, TYPE_ID(TYPE_INT));
    emit(f, CORE_STR_BYTES, 0, bytes, text, 0);
    Local at = emit_int(f, 0, 0);
    out->target.break_label = open_loop(f);
    emit_break_if(f, test_binary(f, OP_GREATER_EQUAL, at, bytes), out->target.break_label);
    out->element = local_new(f, TYPE_ID(TYPE_CHAR), name);
    emit(f, CORE_STR_NEXT, 0, out->element, text, at);
}

// Entries are asked for twice: whether there is one, then for its content, which so always exists.
static void open_map(Frame *f, Local map, TypeId type, NameId name, Iteration *out) {
    bool is_map = kind_of(f->lower, type) == TYPE_MAP;
    const TypeId *args = info_of(f->lower, type)->args;
    Local at = emit_int(f, 0, 0);
    out->target.break_label = open_loop(f);
    Local parts[3] = {at, 0, 0};
    emit(f, CORE_MAP_NEXT, 0, at, map, emit_list(f, parts, is_map ? 3 : 2));
    Local zero = emit_int(f, 0, 0);
    emit_break_if(f, test_binary(f, OP_LESS, at, zero), out->target.break_label);
    parts[1] = local_new(f, args[0], is_map ? (NameId){0} : name);
    if (is_map) parts[2] = local_temporary(f, args[1]);
    emit(f, CORE_MAP_NEXT, 0, at, map, emit_list(f, parts, is_map ? 3 : 2));
    advance(f, at, 1);
    out->element = is_map ? local_virtual(f, iterated_element(f->lower, type), parts + 1, 2) : parts[1];
}

static void open_option(Frame *f, Local option, TypeId type, NameId name, Iteration *out) {
    uint32_t some = f->lower->shared->option_some;
    Local test = lower_is_variant(f, option, some);
    out->is_option = true;
    out->target.continue_breaks = true;
    out->target.break_label = open_block(f);
    emit_break_unless(f, test, out->target.break_label);
    out->element = local_new(f, info_of(f->lower, type)->args[0], name);
    emit(f, CORE_FIELD, some, out->element, option, 0);
}

// state = it;  LOOP { match state.next(): None: leave;  Some((x, rest)): state = rest, body }
static void open_iterator(Frame *f, Local iterator, TypeId type, TypeId element, NameId name, Iteration *out) {
    const Program *program = f->lower->program;
    uint32_t some = f->lower->shared->option_some;
    TypeId parts[2] = {element, type};
    TypeId pair = type_make(program, f->lower->arena, TYPE_TUPLE, 0, parts, 2);
    TypeId option = type_make(program, f->lower->arena, TYPE_NAMED, program->known.option.index, &pair, 1);
    Local state = local_temporary(f, type);
    emit(f, CORE_COPY, 0, state, iterator, 0);
    out->target.break_label = open_loop(f);
    Local next = custom_call(f, TRAIT_ITERATOR, "next", type, &state, 1, option, dest_any());
    emit_break_unless(f, lower_is_variant(f, next, some), out->target.break_label);
    Local both = local_temporary(f, pair);
    emit(f, CORE_FIELD, some, both, next, 0);
    out->element = local_new(f, element, name);
    emit(f, CORE_FIELD, 0, out->element, both, 0);
    emit(f, CORE_FIELD, 0, state, both, 1);
}

static void open_named(Frame *f, Local value, TypeId type, TypeId element, NameId name, Iteration *out) {
    if (type_is_option(f->lower, type)) {
        open_option(f, value, type, name, out);
    } else if (type_has_custom(f->lower, type, TRAIT_ITERABLE)) {
        TypeId list = type_make(f->lower->program, f->lower->arena, TYPE_LIST, 0, &element, 1);
        open_list(f, custom_call(f, TRAIT_ITERABLE, "iter", type, &value, 1, list, dest_any()), element, name, out);
    } else {
        open_iterator(f, value, type, element, name, out);
    }
}

static Local to_int(Frame *f, Local local) {
    if (f->is_dead || type_of_local(f, local).index != TYPE_CHAR) return local;
    Local number = local_temporary(f, TYPE_ID(TYPE_INT));
    emit_flags(f, CORE_CONVERT, 0, number, local, 0, CORE_CANNOT_PANIC);
    return number;
}

// x = at, and for chars the way around the surrogates.
static void range_element(Frame *f, Local at, TypeId element, NameId name, Iteration *out) {
    out->element = local_new(f, element, name);
    if (element.index == TYPE_CHAR)
        emit_flags(f, CORE_CONVERT, 0, out->element, at, 0, CORE_CANNOT_PANIC);
    else
        emit(f, CORE_COPY, 0, out->element, at, 0);
}

static void range_advance(Frame *f, Local at, TypeId element) {
    advance(f, at, 1);
    if (element.index != TYPE_CHAR) return;
    Local gap = emit_int(f, 0, SURROGATE_FIRST);
    open_if(f, test_binary(f, OP_EQUAL, at, gap));
    (void)emit_int(f, at, SURROGATE_LAST + 1);
    close_control(f);
}

// Counts in `from` itself where nobody else has it.
static Local counter_from(Frame *f, Local from, bool is_own) {
    if (f->is_dead || is_own) return from;
    Local at = local_temporary(f, type_of_local(f, from));
    emit(f, CORE_COPY, 0, at, from, 0);
    return at;
}

// from .. to, both of them ints or bytes (chars as ints).
static void open_range_exclusive(Frame *f, Local from, bool is_own, Local to, TypeId element, NameId name,
                                 Iteration *out) {
    Local at = counter_from(f, from, is_own);
    out->target.break_label = open_loop(f);
    emit_break_if(f, test_binary(f, OP_GREATER_EQUAL, at, to), out->target.break_label);
    range_element(f, at, element, name, out);
    range_advance(f, at, element);
}

// From `from` to `last`, that included; not at all if `done` says so.
static void open_range_to_last(Frame *f, Local from, bool is_own, Local last, Local done, TypeId element, NameId name,
                               Iteration *out) {
    Local at = counter_from(f, from, is_own);
    out->target.break_label = open_loop(f);
    emit_break_if(f, done, out->target.break_label);
    range_element(f, at, element, name, out);
    emit(f, CORE_BINARY, OP_GREATER_EQUAL, done, at, last);
    open_if(f, done);
    open_else(f);
    range_advance(f, at, element);
    close_control(f);
}

static void open_range_value(Frame *f, Local range, TypeId element, NameId name, Iteration *out) {
    Local ends[2];
    for (uint32_t i = 0; i < 2; i++) {
        ends[i] = local_temporary(f, element);
        emit(f, CORE_RANGE_END, 0, ends[i], range, i);
        ends[i] = to_int(f, ends[i]);
    }
    Local inclusive = local_temporary(f, TYPE_ID(TYPE_BOOL));
    emit(f, CORE_RANGE_END, 0, inclusive, range, 2);
    Local done = local_temporary(f, TYPE_ID(TYPE_BOOL));
    Local last = f->is_dead ? 0 : local_temporary(f, type_of_local(f, ends[1]));
    emit(f, CORE_COPY, 0, last, ends[1], 0);
    open_if(f, inclusive);
    emit(f, CORE_BINARY, OP_GREATER, done, ends[0], ends[1]);
    open_else(f);
    emit(f, CORE_BINARY, OP_GREATER_EQUAL, done, ends[0], ends[1]);
    open_if(f, done);
    open_else(f); // from < to: there is one before it
    Local one = f->is_dead ? 0 : local_temporary(f, type_of_local(f, ends[1]));
    (void)emit_int(f, one, 1);
    emit_flags(f, CORE_BINARY, OP_SUBTRACT, last, ends[1], one, CORE_CANNOT_PANIC);
    close_control(f);
    close_control(f);
    open_range_to_last(f, ends[0], true, last, done, element, name, out);
}

// Whether the node makes a value that has no other name.
static bool is_made(const TypedBody *body, Node node) {
    switch (body->kind[node]) {
    case TYPED_INT:
    case TYPED_CALL:
    case TYPED_LENGTH:
        return true;
    case TYPED_BINARY:
        return body->extra[body->b[node] + 1] != OP_AND && body->extra[body->b[node] + 1] != OP_OR;
    default:
        return false;
    }
}

static void open_range_literal(Frame *f, Iterated *over, TypeId element, NameId name, Iteration *out) {
    const TypedBody *body = f->body;
    Node first = body->a[over->node], last = body->extra[body->b[over->node]];
    bool is_own = is_made(body, first);
    Local from = to_int(f, loop_value(f, over->operands[0].local));
    if (over->is_inclusive && body->kind[last] == TYPED_INT && element.index == TYPE_INT) {
        int64_t value = wide(body->a[last], body->b[last]);
        if (value < INT64_MAX) { // ..= 9 is .. 10
            open_range_exclusive(f, from, is_own, emit_int(f, 0, value + 1), element, name, out);
            return;
        }
    }
    Local to = to_int(f, loop_value(f, over->operands[1].local));
    if (!over->is_inclusive) {
        open_range_exclusive(f, from, is_own, to, element, name, out);
        return;
    }
    Local done = test_binary(f, OP_GREATER, from, to);
    open_range_to_last(f, from, is_own, to, done, element, name, out);
}

void iteration_open(Frame *f, Iterated *over, NameId name, Iteration *out) {
    *out = (Iteration){.target.dest = dest_drop()};
    if (f->is_dead) {
        out->target.break_label = open_block(f); // closed like any other
        return;
    }
    TypeId element = iterated_element(f->lower, over->type);
    if (over->is_range) {
        open_range_literal(f, over, element, name, out);
    } else {
        Local value = loop_value(f, over->operands[0].local);
        switch (kind_of(f->lower, over->type)) {
        case TYPE_LIST:
            open_list(f, value, element, name, out);
            break;
        case TYPE_MAP:
        case TYPE_SET:
            open_map(f, value, over->type, name, out);
            break;
        case TYPE_STR:
            open_str(f, value, name, out);
            break;
        case TYPE_RANGE:
            open_range_value(f, value, element, name, out);
            break;
        default:
            open_named(f, value, over->type, element, name, out);
            break;
        }
    }
    out->target.continue_label = out->target.break_label;
}

void iteration_close(Frame *f, Iteration *iteration) {
    (void)iteration;
    close_control(f);
}

// ---- for ---------------------------------------------------------------------------------------------------------------

Local lower_for(Frame *f, Node node, Dest dest) {
    const TypedBody *body = f->body;
    const uint32_t *words = &body->extra[body->b[node]];
    uint32_t count = words[0];
    Node filter = words[1 + 2 * count], inner = words[2 + 2 * count];
    bool is_yield = body->a[node] != 0;
    Local list = 0;
    Iteration *iterations = arena_array(f->arena, Iteration, count);
    for (uint32_t i = 0; i < count; i++) {
        Node pattern = words[1 + 2 * i];
        Iterated over = iterated_prepare(f, words[2 + 2 * i]);
        operands_settle(f, over.operands, over.is_range ? 2 : 1);
        at_node(f, node);
        if (i == 0 && is_yield) {
            TypeId type = type_of(f, node);
            list = dest_accumulator(f, dest, type);
            bool is_exact = count == 1 && filter == 0 && kind_of(f->lower, over.type) == TYPE_LIST;
            Local capacity = is_exact ? lower_length(f, over.operands[0].local, dest_any()) : 0;
            emit(f, CORE_LIST_NEW, 0, list, capacity, 0);
        }
        bool is_name = body->kind[pattern] == TYPED_PAT_BIND && body->b[pattern] == 0;
        NameId name = is_name ? body->locals[body->a[pattern]].name : (NameId){0};
        iteration_open(f, &over, name, &iterations[i]);
        iterations[i].target.break_label = iterations[0].target.break_label; // break leaves all of it
        if (!f->is_dead) lower_pattern(f, pattern, iterations[i].element);
    }
    vec_push(f->arena, &f->loops, iterations[count - 1].target);
    uint32_t filters = 0;
    if (filter != 0) {
        open_if(f, operand(f, filter).local);
        filters = 1;
    }
    if (is_yield) {
        Local value = lower(f, inner, dest_any());
        at_node(f, node);
        emit(f, CORE_LIST_APPEND, 0, 0, list, value);
    } else {
        (void)lower(f, inner, dest_drop());
    }
    if (filters != 0) close_control(f);
    f->loops.count--;
    for (uint32_t i = count; i-- > 0;)
        iteration_close(f, &iterations[i]);
    return is_yield ? give(f, dest, list) : give_unit(f, dest);
}

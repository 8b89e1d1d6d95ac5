// ir/lower_control.c: if, sequences, let and assignment, while and loop, try, `?`, `??`, recurse.
#include "ir/lower.h"

// ---- if ----------------------------------------------------------------------------------------------------------------

typedef VEC(Node) Nodes;

// The parts of a && b && c, in order.
static void conjuncts(Frame *f, Node node, Nodes *out) {
    const TypedBody *body = f->body;
    Node n = node;
    for (; body->kind[n] == TYPED_BINARY && body->extra[body->b[n] + 1] == OP_AND && n != f->ready_node; n = body->a[n])
        vec_push(f->arena, out, body->extra[body->b[n]]);
    vec_push(f->arena, out, n);
    for (uint32_t i = 0, k = out->count - 1; i < k; i++, k--) {
        Node swapped = out->items[i];
        out->items[i] = out->items[k];
        out->items[k] = swapped;
    }
}

enum { NESTED_CONJUNCTS = 4 };

static Local lower_if_alone(Frame *f, Node condition, Node then_node, Dest dest) {
    Nodes parts = {0};
    conjuncts(f, condition, &parts);
    if (parts.count > NESTED_CONJUNCTS) {
        parts.count = 1;
        parts.items[0] = condition;
    }
    for (uint32_t i = 0; i < parts.count; i++)
        open_if(f, operand(f, parts.items[i]).local);
    (void)lower(f, then_node, dest_drop());
    for (uint32_t i = 0; i < parts.count; i++)
        close_control(f);
    return give_unit(f, dest);
}

static Local lower_choice(Frame *f, Node condition, Node then_node, Node else_node, TypeId type, Dest dest) {
    Local test = operand(f, condition).local;
    Dest join = dest_join(f, dest, type);
    open_if(f, test);
    (void)lower(f, then_node, join);
    open_else(f);
    (void)lower(f, else_node, join);
    close_control(f);
    return join.local;
}

Local lower_if(Frame *f, Node node, Dest dest) {
    const TypedBody *body = f->body;
    const uint32_t *words = &body->extra[body->b[node]];
    if (words[1] == 0) return lower_if_alone(f, body->a[node], words[0], dest);
    return lower_choice(f, body->a[node], words[0], words[1], type_of(f, node), dest);
}

Local lower_recurse(Frame *f, Node node, Dest dest) {
    const uint32_t *words = &f->body->extra[f->body->b[node]];
    return lower_choice(f, words[0], words[1], words[2], type_of(f, node), dest);
}

// ---- sequences ---------------------------------------------------------------------------------------------------------

Local lower_sequence(Frame *f, Node node, Dest dest) {
    const TypedBody *body = f->body;
    uint32_t list = body->b[node], count = list_count(body, list);
    if (count == 0) return give_unit(f, dest);
    for (uint32_t i = 0; i + 1 < count; i++)
        (void)lower(f, list_item(body, list, i), dest_drop());
    return lower(f, list_item(body, list, count - 1), dest);
}

Local lower_scrutinee(Frame *f, Node node) {
    const TypedBody *body = f->body;
    TypeId type = type_of(f, node);
    if (body->kind[node] == TYPED_CONSTRUCT && kind_of(f->lower, type) == TYPE_TUPLE && node != f->ready_node) {
        uint32_t pairs = body->b[node], count = list_count(body, pairs);
        Local *parts = arena_array(f->arena, Local, count);
        for (uint32_t i = 0; i < count; i++)
            parts[pair_number(body, pairs, i)] = lower_scrutinee(f, pair_node(body, pairs, i));
        return f->is_dead ? 0 : local_virtual(f, type, parts, count);
    }
    Local value;
    if (body->kind[node] == TYPED_LOCAL)
        value = f->is_dead ? 0 : f->bindings[body->a[node]]; // a virtual one may stay so
    else
        value = operand(f, node).local;
    if (f->is_dead || !local_is_variable(f, value)) return value;
    Local copy = local_temporary(f, type);
    at_node(f, node);
    emit(f, CORE_COPY, 0, copy, value, 0);
    return copy;
}

static void let_name(Frame *f, uint32_t local, Node value) {
    const TypedBody *body = f->body;
    const TypedLocal *typed = &body->locals[local];
    if (body->kind[value] == TYPED_LOCAL && !typed->is_mutable) {
        Local other = f->bindings[body->a[value]];
        if (!local_is_variable(f, other)) { // a second name for a value that never changes
            f->bindings[local] = other;
            return;
        }
    }
    Local here = local_new(f, type_concrete(f->lower, typed->type), typed->name);
    (void)lower(f, value, dest_into(here)); // the name is in scope only after its value
    if (f->is_dead) return;
    if (typed->is_mutable) local_set_variable(f, here);
    f->bindings[local] = here;
}

Local lower_let(Frame *f, Node node, Dest dest) {
    const TypedBody *body = f->body;
    Node pattern = body->a[node], value = body->b[node];
    if (body->kind[pattern] == TYPED_PAT_WILDCARD) {
        (void)lower(f, value, dest_drop());
    } else if (body->kind[pattern] == TYPED_PAT_BIND && body->b[pattern] == 0) {
        let_name(f, body->a[pattern], value);
    } else {
        Local scrutinee = lower_scrutinee(f, value);
        at_node(f, node);
        if (!f->is_dead) lower_pattern(f, pattern, scrutinee);
    }
    return give_unit(f, dest);
}

Local lower_assign(Frame *f, Node node, Dest dest) {
    (void)lower(f, f->body->b[node], dest_into(f->bindings[f->body->a[node]]));
    f->assign_count++;
    return give_unit(f, dest);
}

// ---- loops that test ---------------------------------------------------------------------------------------------------

Local lower_while(Frame *f, Node node, Dest dest) {
    uint32_t label = open_loop(f);
    LoopTarget target = {.break_label = label, .continue_label = label, .dest = dest_drop()};
    Nodes parts = {0};
    conjuncts(f, f->body->a[node], &parts);
    for (uint32_t i = 0; i < parts.count; i++) {
        Local test = operand(f, parts.items[i]).local;
        emit_break_unless(f, test, label);
    }
    vec_push(f->arena, &f->loops, target);
    (void)lower(f, f->body->b[node], dest_drop());
    f->loops.count--;
    close_control(f);
    return give_unit(f, dest);
}

Local lower_loop(Frame *f, Node node, Dest dest) {
    Dest join = dest_join(f, dest, type_of(f, node));
    uint32_t label = open_loop(f);
    LoopTarget target = {.break_label = label, .continue_label = label, .dest = join};
    vec_push(f->arena, &f->loops, target);
    (void)lower(f, f->body->a[node], dest_drop());
    f->loops.count--;
    close_control(f);
    return join.local;
}

Local lower_break(Frame *f, Node node) {
    LoopTarget target = f->loops.items[f->loops.count - 1];
    if (f->body->a[node] != 0)
        (void)lower(f, f->body->a[node], target.dest);
    else
        (void)give_unit(f, target.dest);
    at_node(f, node);
    emit_break(f, target.break_label);
    return 0;
}

Local lower_continue(Frame *f, Node node) {
    (void)node;
    LoopTarget target = f->loops.items[f->loops.count - 1];
    if (target.continue_breaks)
        emit_break(f, target.continue_label);
    else
        emit_continue(f, target.continue_label);
    return 0;
}

// ---- Option and Result -------------------------------------------------------------------------------------------------

Local lower_is_variant(Frame *f, Local of, uint32_t variant) {
    Local tag = local_temporary(f, TYPE_ID(TYPE_INT));
    emit(f, CORE_TAG, 0, tag, of, 0);
    Local number = emit_int(f, 0, variant);
    Local test = local_temporary(f, TYPE_ID(TYPE_BOOL));
    emit(f, CORE_BINARY, OP_EQUAL, test, tag, number);
    return test;
}

Local lower_try(Frame *f, Node node, Dest dest) {
    TryTarget target = {.id = f->body->b[node]};
    if (dest.kind == DEST_TAIL) { // leaving the try is returning
        vec_push(f->arena, &f->tries, target);
        Local value = lower(f, f->body->a[node], dest);
        f->tries.count--;
        return value;
    }
    target.exit.local = dest_target(f, dest, type_of(f, node));
    target.exit.label = open_block(f);
    vec_push(f->arena, &f->tries, target);
    (void)lower(f, f->body->a[node], dest_into(target.exit.local));
    f->tries.count--;
    close_control(f);
    return target.exit.local;
}

static Exit exit_of(Frame *f, uint32_t id) {
    if (id == 0) return f->exit;
    for (uint32_t i = f->tries.count; i-- > 0;)
        if (f->tries.items[i].id == id) return f->tries.items[i].exit;
    assert(false); // a `?` names a try around it
    return f->exit;
}

// Leaves with the failure that `value` holds, as a value of the type that is left with.
static void lower_failure(Frame *f, Local value, Exit exit) {
    if (f->is_dead) return;
    Lower *lower = f->lower;
    const Shared *shared = lower->shared;
    TypeId from = type_of_local(f, value), to = exit.label == 0 ? f->function->result : type_of_local(f, exit.local);
    Dest dest = exit_dest(exit);
    if (type_equal(from, to)) {
        (void)give(f, dest, value);
    } else if (type_is_option(lower, from)) {
        (void)lower_construct(f, to, shared->option_none, NULL, 0, dest);
    } else {
        Local error =
            lower_field(f, value, shared->result_err, 0, type_field(lower, from, shared->result_err, 0), dest_any());
        (void)lower_construct(f, to, shared->result_err, &error, 1, dest);
    }
    if (exit.label != 0) emit_break(f, exit.label);
}

Local lower_question(Frame *f, Node node, Dest dest) {
    Local value = operand(f, f->body->a[node]).local;
    if (f->is_dead) return 0;
    at_node(f, node);
    Lower *lower = f->lower;
    TypeId type = type_of_local(f, value);
    uint32_t good = type_is_option(lower, type) ? lower->shared->option_some : lower->shared->result_ok;
    Exit exit = exit_of(f, f->body->b[node]);
    TypeId part = type_field(lower, type, good, 0);
    if (is_never(part) || is_never(f->body->type[node])) { // `Err(e)?`, `None?`: always leaves
        lower_failure(f, value, exit);
        return 0;
    }
    open_if(f, lower_is_variant(f, value, good));
    open_else(f);
    lower_failure(f, value, exit);
    close_control(f);
    if (dest.kind == DEST_DROP) return 0;
    return lower_field(f, value, good, 0, part, dest);
}

Local lower_coalesce(Frame *f, Node node, Dest dest) {
    Local value = operand(f, f->body->a[node]).local;
    if (f->is_dead) return 0;
    at_node(f, node);
    Lower *lower_ = f->lower;
    TypeId type = type_of_local(f, value), result = type_of(f, node);
    uint32_t good = type_is_option(lower_, type) ? lower_->shared->option_some : lower_->shared->result_ok;
    Dest join = dest_join(f, dest, result);
    open_if(f, lower_is_variant(f, value, good));
    TypeId part = type_field(lower_, type, good, 0);
    if (type_equal(type, result))
        (void)give(f, join, value);
    else if (is_never(part))
        emit_end(f, CORE_UNREACHABLE);
    else if (join.kind != DEST_DROP)
        (void)lower_field(f, value, good, 0, part, join);
    open_else(f);
    (void)lower(f, f->body->b[node], join);
    close_control(f);
    return join.local;
}

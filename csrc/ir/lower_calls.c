// ir/lower_calls.c: calls of functions, intrinsics, closures and oneself, and functions as values.
#include "ir/lower.h"

// ---- arguments ---------------------------------------------------------------------------------------------------------

// Evaluates pairs in the order written; returns the locals by parameter, or NULL where nothing follows.
static Local *lower_arguments(Frame *f, uint32_t pairs, uint32_t *out_count) {
    const TypedBody *body = f->body;
    uint32_t count = list_count(body, pairs);
    *out_count = count;
    Operand *operands = arena_array(f->arena, Operand, count + 1);
    for (uint32_t i = 0; i < count; i++)
        operands[i] = operand(f, pair_node(body, pairs, i));
    operands_settle(f, operands, count);
    if (f->is_dead) return NULL;
    Local *locals = arena_array(f->arena, Local, count + 1);
    for (uint32_t i = 0; i < count; i++)
        locals[pair_number(body, pairs, i)] = operands[i].local;
    return locals;
}

// ---- functions ---------------------------------------------------------------------------------------------------------

static Local lower_call_intrinsic(Frame *f, Intrinsic intrinsic, const TypeId *arguments, uint32_t argument_count,
                                  const Local *locals, uint32_t count, TypeId result, Dest dest) {
    switch (intrinsic) {
    case INTRINSIC_list_len:
    case INTRINSIC_map_len:
    case INTRINSIC_set_len:
    case INTRINSIC_str_len:
        return lower_length(f, locals[0], dest);
    default:
        break;
    }
    Local target = dest_target(f, dest, result);
    emit_intrinsic(f, intrinsic, arguments, argument_count, target, locals, count);
    if (is_never(result)) {
        emit_end(f, CORE_UNREACHABLE);
        return 0;
    }
    return give_made(f, dest, target);
}

Local lower_call_function(Frame *f, FunctionId function, const TypeId *arguments, uint32_t argument_count,
                          const Local *locals, uint32_t count, TypeId result, Dest dest) {
    if (f->is_dead) return 0;
    Intrinsic intrinsic = (Intrinsic)f->lower->shared->intrinsic_of[function.index];
    if (intrinsic != INTRINSIC_NONE)
        return lower_call_intrinsic(f, intrinsic, arguments, argument_count, locals, count, result, dest);
    Local value;
    if (lower_call_dyn(f, function, arguments, argument_count, locals, count, result, dest, &value)) return value;
    if (is_never(result)) {
        Local nothing = local_temporary(f, result);
        emit(f, CORE_CALL, 0, nothing, ref_function(f, function, arguments, argument_count),
             emit_list(f, locals, count));
        emit_end(f, CORE_UNREACHABLE);
        return 0;
    }
    Local target = dest_target(f, dest, result);
    emit(f, CORE_CALL, 0, target, ref_function(f, function, arguments, argument_count), emit_list(f, locals, count));
    return give_made(f, dest, target);
}

static bool use_is_self(Frame *f, const TypedUse *use) {
    Lower *lower = f->lower;
    if (use->function.index != lower->function.index || use->argument_count != lower->argument_count) return false;
    for (uint32_t i = 0; i < use->argument_count; i++)
        if (!type_equal(type_concrete(lower, use->arguments[i]), lower->arguments[i])) return false;
    return true;
}

// The next round of the function's loop: its parameters get these values, all at once.
static Local tail_call(Frame *f, const Local *locals, uint32_t count) {
    Local *values = arena_array(f->arena, Local, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        values[i] = locals[i];
        for (uint32_t k = 0; k < i; k++) { // an earlier parameter that is needed for a later one
            if (locals[i] != f->tail_locals[k] || locals[k] == f->tail_locals[k]) continue;
            values[i] = local_temporary(f, type_of_local(f, locals[i]));
            emit(f, CORE_COPY, 0, values[i], locals[i], 0);
            break;
        }
    }
    for (uint32_t i = 0; i < count; i++)
        if (values[i] != f->tail_locals[i]) emit(f, CORE_COPY, 0, f->tail_locals[i], values[i], 0);
    f->assign_count++;
    emit_continue(f, f->tail_label);
    return 0;
}

static bool needs_value(const Program *program, FunctionId written, FunctionId resolved) {
    return !program->functions[written.index].has_self && program->functions[resolved.index].has_self;
}

// Which impl it is may only be known here, so that this is a panic and no error.
static Local call_without_value(Frame *f) {
    Local text = local_temporary(f, TYPE_ID(TYPE_STR));
    emit(f, CORE_STR, 0, text, names_lookup(f->lower->program->names, TEXT(NEEDS_VALUE_TEXT)).index, 0);
    Local nothing = local_temporary(f, TYPE_ID(TYPE_NEVER));
    emit_intrinsic(f, INTRINSIC_panic_message, NULL, 0, nothing, &text, 1);
    emit_end(f, CORE_UNREACHABLE);
    return 0;
}

Local lower_call(Frame *f, Node node, Dest dest) {
    const TypedUse *use = &f->body->uses[f->body->a[node]];
    uint32_t count;
    Local *locals = lower_arguments(f, f->body->b[node], &count);
    if (locals == NULL) return 0;
    at_node(f, node);
    if (dest.kind == DEST_TAIL && f->tail_label != 0 && f->lambda == 0 && !use->has_provider && use_is_self(f, use))
        return tail_call(f, locals, count);
    const TypeId *arguments = types_concrete(f->lower, use->arguments, use->argument_count);
    const Program *program = f->lower->program;
    FunctionId function = use->function;
    uint32_t argument_count = use->argument_count;
    if (program->functions[function.index].trait.index != 0 && !program->functions[function.index].has_self) {
        (void)trait_method_resolve(program, f->lower->arena, &function, &arguments, &argument_count);
        if (!use->has_provider && needs_value(program, use->function, function)) return call_without_value(f);
    }
    if (use->has_provider) {
        uint32_t dropped = program->functions[function.index].has_self ? 0 : 1;
        return lower_call_function(f, function, arguments, argument_count, locals + dropped, count - dropped,
                                   type_of(f, node), dest);
    }
    return lower_call_function(f, function, arguments, argument_count, locals, count, type_of(f, node), dest);
}

static Local call_closure(Frame *f, Local closure, const Local *locals, uint32_t count, TypeId result, Dest dest) {
    if (f->is_dead) return 0;
    Local target = dest_target(f, dest, result);
    emit(f, CORE_CALL_CLOSURE, 0, target, closure, emit_list(f, locals, count));
    return give_made(f, dest, target);
}

Local lower_call_value(Frame *f, Node node, Dest dest) {
    const TypedBody *body = f->body;
    uint32_t list = body->b[node], count = list_count(body, list);
    Operand *operands = arena_array(f->arena, Operand, count + 1);
    operands[0] = operand(f, body->a[node]);
    for (uint32_t i = 0; i < count; i++)
        operands[i + 1] = operand(f, list_item(body, list, i));
    operands_settle(f, operands, count + 1);
    if (f->is_dead) return 0;
    Local *locals = arena_array(f->arena, Local, count + 1);
    for (uint32_t i = 0; i < count; i++)
        locals[i] = operands[i + 1].local;
    at_node(f, node);
    return call_closure(f, operands[0].local, locals, count, type_of(f, node), dest);
}

// The lambda whose body is the `recurse` that a self call here belongs to; 0: the function's.
static uint32_t self_lambda(const Frame *f) {
    const TypedBody *body = f->body;
    uint32_t lambda = f->expanding != 0 ? f->expanding : f->lambda;
    while (lambda != 0 && body->kind[body->lambdas[lambda].body] != TYPED_RECURSE)
        lambda = body->lambdas[lambda].parent;
    return lambda;
}

static Local make_closure(Frame *f, uint32_t lambda, TypeId type, Dest dest);

Local lower_self_call(Frame *f, Node node, Dest dest) {
    uint32_t count;
    Local *locals = lower_arguments(f, f->body->b[node], &count);
    if (locals == NULL) return 0;
    at_node(f, node);
    uint32_t lambda = self_lambda(f);
    if (dest.kind == DEST_TAIL && f->tail_label != 0 && f->lambda == lambda) return tail_call(f, locals, count);
    Lower *lower = f->lower;
    TypeId result = type_of(f, node);
    if (lambda == 0)
        return lower_call_function(f, lower->function, lower->arguments, lower->argument_count, locals, count, result,
                                   dest);
    TypeId type = type_concrete(lower, f->body->lambdas[lambda].type);
    Local closure = make_closure(f, lambda, type, dest_any()); // the same code over the same captures
    return call_closure(f, closure, locals, count, result, dest);
}

// ---- self calls in tail position -----------------------------------------------------------------------------------------

bool has_tail_self(Frame *f, Node node) {
    const TypedBody *body = f->body;
    for (;;) {
        uint32_t a = body->a[node], b = body->b[node];
        switch (body->kind[node]) {
        case TYPED_SELF_CALL:
            return self_lambda(f) == f->lambda;
        case TYPED_CALL:
            return f->lambda == 0 && use_is_self(f, &body->uses[a]);
        case TYPED_IF:
            if (body->extra[b + 1] == 0) return false;
            if (has_tail_self(f, body->extra[b])) return true;
            node = body->extra[b + 1];
            continue;
        case TYPED_RECURSE:
            if (has_tail_self(f, body->extra[b + 1])) return true;
            node = body->extra[b + 2];
            continue;
        case TYPED_MATCH:
            for (uint32_t i = 0; i < body->extra[b]; i++)
                if (has_tail_self(f, body->extra[b + 3 + 3 * i])) return true;
            return false;
        case TYPED_SEQUENCE:
            if (list_count(body, b) == 0) return false;
            node = list_item(body, b, list_count(body, b) - 1);
            continue;
        case TYPED_COALESCE:
            node = b;
            continue;
        case TYPED_BINARY:
            if (body->extra[b + 1] != OP_AND && body->extra[b + 1] != OP_OR) return false;
            node = body->extra[b];
            continue;
        default:
            return false;
        }
    }
}

// ---- functions as values -------------------------------------------------------------------------------------------------

static Local make_closure(Frame *f, uint32_t lambda, TypeId type, Dest dest) {
    if (f->is_dead) return 0;
    uint32_t index = lower_lambda(f, lambda), count;
    const uint32_t *captures = lambda_captures(f->lower, lambda, &count);
    Local *locals = arena_array(f->arena, Local, count + 1);
    for (uint32_t i = 0; i < count; i++)
        locals[i] = local_whole(f, f->bindings[captures[i]], dest_any());
    Local target = dest_target(f, dest, type);
    emit(f, CORE_CLOSURE, 0, target, ref_lambda(f, index), emit_list(f, locals, count));
    return give_made(f, dest, target);
}

// A lambda that no source has: what a variant or an operator is as a function.
static uint32_t synthetic_lambda(Frame *outer, Node node, TypeId type) {
    Lower *lower = outer->lower;
    const TypedBody *body = outer->body;
    uint32_t number = (body == NULL ? 0 : body->lambda_count) + ++lower->synthetic_count;
    Frame *f = frame_begin(lower, number);
    f->function->parent = outer->index;
    const TypeInfo *info = info_of(lower, type);
    uint32_t count = info->arg_count - 1;
    TypeId result = info->args[count];
    f->function->result = result;
    f->function->parameter_count = count;
    f->token = outer->token;
    Local *locals = arena_array(f->arena, Local, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        locals[i] = local_temporary(f, info->args[i]);
        f->locals.items[locals[i]].is_parameter = true;
    }
    if (body->kind[node] == TYPED_VARIANT_FUNCTION) {
        (void)lower_construct(f, result, body->a[node], locals, count, dest_tail());
    } else {
        TypeId written = info_of(lower, body->type[node])->args[0];
        Local value =
            lower_binary_operation(f, (TypedOp)body->a[node], written, locals[0], locals[1], result, dest_any());
        emit_return(f, value);
    }
    frame_end(f);
    return f->index;
}

Local lower_function_value(Frame *f, Node node, Dest dest) {
    const TypedBody *body = f->body;
    TypeId type = type_of(f, node);
    if (dest.kind == DEST_DROP) return 0;
    if (body->kind[node] == TYPED_LAMBDA) return make_closure(f, body->a[node], type, dest);
    Local target = dest_target(f, dest, type);
    if (body->kind[node] == TYPED_FUNCTION) {
        const TypedUse *use = &body->uses[body->a[node]];
        const TypeId *arguments = types_concrete(f->lower, use->arguments, use->argument_count);
        emit(f, CORE_FUNCTION, 0, target, ref_function(f, use->function, arguments, use->argument_count), 0);
    } else {
        emit(f, CORE_CLOSURE, 0, target, ref_lambda(f, synthetic_lambda(f, node, type)), emit_list(f, NULL, 0));
    }
    return give_made(f, dest, target);
}

// An intrinsic as a value needs a function of the ordinary kind around it.
void lower_intrinsic_body(Lower *lower) {
    const Function *declared = &lower->program->functions[lower->function.index];
    Frame *f = frame_begin(lower, 0);
    f->function->result = type_concrete(lower, declared->result);
    f->function->parameter_count = declared->parameter_count;
    Local *locals = arena_array(f->arena, Local, declared->parameter_count + 1);
    for (uint32_t i = 0; i < declared->parameter_count; i++) {
        locals[i] = local_new(f, type_concrete(lower, declared->parameters[i].type), declared->parameters[i].name);
        f->locals.items[locals[i]].is_parameter = true;
    }
    (void)lower_call_function(f, lower->function, lower->arguments, lower->argument_count, locals,
                              declared->parameter_count, f->function->result, dest_tail());
    frame_end(f);
}

// ---- function arguments of patterns ----------------------------------------------------------------------------------------

Callable callable_prepare(Frame *f, Node node) {
    const TypedBody *body = f->body;
    Callable callable = {.kind = CALLABLE_VALUE, .node = node};
    switch (body->kind[node]) {
    case TYPED_LAMBDA: {
        const TypedLambda *lambda = &body->lambdas[body->a[node]];
        if (body->kind[lambda->body] == TYPED_RECURSE) break; // needs a function that can call itself
        callable.kind = CALLABLE_LAMBDA;
        callable.capture_count = lambda->capture_count;
        callable.captured = arena_array(f->arena, Operand, lambda->capture_count);
        for (uint32_t i = 0; i < lambda->capture_count; i++)
            callable.captured[i] = operand_of(f, f->bindings[lambda->captures[i]]);
        return callable;
    }
    case TYPED_FUNCTION:
        callable.kind = CALLABLE_FUNCTION;
        return callable;
    case TYPED_VARIANT_FUNCTION:
        callable.kind = CALLABLE_VARIANT;
        return callable;
    case TYPED_OPERATOR_FUNCTION:
        callable.kind = CALLABLE_OPERATOR;
        return callable;
    default:
        break;
    }
    callable.value = operand(f, node);
    return callable;
}

// After everything that is evaluated before the first call: what was captured keeps its value.
void callable_settle(Frame *f, Callable *callable) {
    if (callable->kind == CALLABLE_VALUE)
        operands_settle(f, &callable->value, 1);
    else if (callable->capture_count > 0)
        operands_settle(f, callable->captured, callable->capture_count);
}

// The lambda's body, here. A `?` in it leaves only it.
static Local expand_lambda(Frame *f, Callable *callable, const Local *locals, uint32_t count, TypeId result,
                           Dest dest) {
    const TypedBody *body = f->body;
    uint32_t number = body->a[callable->node];
    const TypedLambda *lambda = &body->lambdas[number];
    assert(count == lambda->parameter_count);
    Exit outer_exit = f->exit;
    uint32_t outer_expanding = f->expanding;
    Local *outer = arena_array(f->arena, Local, callable->capture_count + 1);
    for (uint32_t i = 0; i < callable->capture_count; i++) {
        outer[i] = f->bindings[lambda->captures[i]];
        f->bindings[lambda->captures[i]] = callable->captured[i].local;
    }
    for (uint32_t i = 0; i < count; i++)
        lower_bind(f, lambda->parameters[i], locals[i]);
    Local target = dest_target(f, dest, result);
    f->expanding = number;
    f->exit.local = target;
    f->exit.label = open_block(f);
    (void)lower(f, lambda->body, dest.kind == DEST_DROP ? dest : dest_into(target));
    close_control(f);
    f->exit = outer_exit;
    f->expanding = outer_expanding;
    for (uint32_t i = 0; i < callable->capture_count; i++)
        f->bindings[lambda->captures[i]] = outer[i];
    return f->is_dead ? 0 : target;
}

Local callable_call(Frame *f, Callable *callable, const Local *locals, uint32_t count, TypeId result, Dest dest) {
    if (f->is_dead) return 0;
    Lower *lower = f->lower;
    const TypedBody *body = f->body;
    Node node = callable->node;
    if (callable->kind == CALLABLE_LAMBDA) return expand_lambda(f, callable, locals, count, result, dest);
    at_node(f, node);
    Local *whole = arena_array(f->arena, Local, count + 1);
    for (uint32_t i = 0; i < count; i++)
        whole[i] = local_whole(f, locals[i], dest_any());
    switch (callable->kind) {
    case CALLABLE_FUNCTION: {
        const TypedUse *use = &body->uses[body->a[node]];
        const TypeId *arguments = types_concrete(lower, use->arguments, use->argument_count);
        return lower_call_function(f, use->function, arguments, use->argument_count, whole, count, result, dest);
    }
    case CALLABLE_VARIANT:
        return lower_construct(f, result, body->a[node], whole, count, dest);
    case CALLABLE_OPERATOR: {
        TypeId written = info_of(lower, body->type[node])->args[0];
        return lower_binary_operation(f, (TypedOp)body->a[node], written, whole[0], whole[1], result, dest);
    }
    default:
        return call_closure(f, callable->value.local, whole, count, result, dest);
    }
}

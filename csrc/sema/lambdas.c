// sema/lambdas.c: lambdas, assignment, and the bodies of functions.
#include "sema/body_internal.h"

uint32_t lambda_open(Body *c, Env *outer) {
    *outer = c->env;
    LambdaInfo info = {.typed = {.parent = c->env.lambda}};
    vec_push(c->scratch, &c->lambdas, info);
    c->env.lambda = c->lambdas.count - 1;
    c->env.loop = NULL;
    c->env.attempt = NULL;
    if (c->env.recurse != NULL && c->env.recurse->lambda != 0)
        c->env.recurse = NULL; // no closure can call an enclosing one
    return c->env.lambda;
}

uint32_t lambda_parameter(Body *c, uint32_t lambda, NameId name, TypeId type, Span span) {
    uint32_t local = local_add(c, name, type, span);
    c->locals.items[local].is_parameter = true;
    c->local_infos.items[local].is_used = true;
    c->local_infos.items[local].is_lambda_name = true;
    vec_push(c->scratch, &c->lambdas.items[lambda].parameters, local);
    if (name.index != 0) (void)bind(c, name, local);
    return local;
}

uint32_t lambda_close(Body *c, uint32_t lambda, const Env *outer, uint32_t body, TypeId result, uint32_t token) {
    LambdaInfo *info = &c->lambdas.items[lambda];
    TypeId *types = arena_array(c->scratch, TypeId, info->parameters.count + 1);
    for (uint32_t i = 0; i < info->parameters.count; i++)
        types[i] = c->locals.items[info->parameters.items[i]].type;
    types[info->parameters.count] = result;
    TypeId type = body_type(c, TYPE_FUNCTION, 0, types, info->parameters.count + 1);
    info->typed.type = type;
    info->typed.body = body;
    scope_switch(c, outer->bindings);
    c->env = *outer;
    return node_add(c, TYPED_LAMBDA, type, token, lambda, 0);
}

// ---- parameters ------------------------------------------------------------------------------------------------------------------------

OUT_OF_LINE static TypeId parameter_type(Body *c, NodeIndex parameter, TypeId wanted, Expected expected) {
    NodeIndex written = c->view.b[parameter];
    if (written == 0) return wanted.index != 0 ? wanted : type_variable(c, token_of(c, parameter));
    TypeId type = type_resolve(&c->type_scope, written);
    if (wanted.index != 0 && !unify_try(c, type, wanted))
        (void)report_mismatch(c, span_of(c, written), type, expect(wanted, expected.reason), 0);
    return type;
}

OUT_OF_LINE static void report_bound_twice(Body *c, NodeIndex list, uint32_t at) {
    NodeIndex parameter = tree_list_item(&c->view, list, at);
    for (uint32_t i = 0; i < at; i++) {
        NodeIndex earlier = tree_list_item(&c->view, list, i);
        if (c->view.a[earlier] != c->view.a[parameter]) continue;
        Diagnostic *d = diag(c->sink, DIAG_NAME_BOUND_TWICE, tree_token_span(&c->view, parameter),
                             name_text(c, (NameId){c->view.a[parameter]}));
        diag_label(c->sink, d, tree_token_span(&c->view, earlier), TEXT("first bound here"));
        return;
    }
}

OUT_OF_LINE static void duplicates_report(Body *c, uint32_t list) {
    uint32_t count = tree_list_count(&c->view, list);
    for (uint32_t i = 1; i < count && count < 256; i++)
        if (c->view.a[tree_list_item(&c->view, list, i)] != 0) report_bound_twice(c, list, i);
}

// (k, v) -> … where a function of one pair is expected: let (k, v) = hidden before the body. Returns the LET.
OUT_OF_LINE static uint32_t take_apart(Body *c, NodeIndex n, uint32_t lambda, uint32_t list, TypeId whole,
                                       Expected expected) {
    uint32_t count = tree_list_count(&c->view, list), token = token_of(c, n), base = c->stack.count;
    TypeId *parts = arena_array(c->scratch, TypeId, count);
    for (uint32_t i = 0; i < count; i++)
        parts[i] = type_variable(c, token);
    TypeId tuple = body_type(c, TYPE_TUPLE, 0, parts, count);
    if (!unify_try(c, tuple, whole)) {
        (void)report_mismatch(c, span_of(c, n), tuple, expect(whole, expected.reason), 0);
        for (uint32_t i = 0; i < count; i++)
            parts[i] = ERROR_TYPE;
    }
    bool is_bad = count > 0 && is_error(c, parts[0]);
    uint32_t hidden = lambda_parameter(c, lambda, (NameId){0}, is_bad ? whole : tuple, span_of(c, n));
    for (uint32_t i = 0; i < count; i++) {
        NodeIndex parameter = tree_list_item(&c->view, list, i);
        TypeId type = parameter_type(c, parameter, parts[i], NOTHING);
        NameId name = {c->view.a[parameter]};
        if (name.index == 0) {
            stack_push(c, node_add(c, TYPED_PAT_WILDCARD, type, token_of(c, parameter), 0, 0));
            continue;
        }
        uint32_t local = local_add(c, name, type, tree_token_span(&c->view, parameter));
        c->local_infos.items[local].is_used = true;
        c->local_infos.items[local].is_lambda_name = true;
        (void)bind(c, name, local);
        stack_push(c, node_add(c, TYPED_PAT_BIND, type, token_of(c, parameter), local, 0));
    }
    uint32_t pattern = node_add(c, TYPED_PAT_CONSTRUCT, tuple, token, 0, list_from_stack(c, base));
    uint32_t value = local_read(c, hidden, token);
    return node_add(c, TYPED_LET, VOID_TYPE, token, pattern, value);
}

OUT_OF_LINE static uint32_t lambda_count_differs(Body *c, NodeIndex n, TypeShape shape, Expected expected) {
    uint32_t list = c->view.extra[c->view.a[n]], count = tree_list_count(&c->view, list);
    TypeId *types = arena_array(c->scratch, TypeId, count + 1);
    for (uint32_t i = 0; i <= count; i++)
        types[i] = type_variable(c, token_of(c, n));
    TypeId found = body_type(c, TYPE_FUNCTION, 0, types, count + 1);
    Diagnostic *d = report_mismatch(c, span_of(c, n), found, expected, 0);
    diag_note(c->sink, d,
              arena_format(c->scratch, "the function takes %.*s here",
                           (int)count_text(c, shape.arg_count - 1, "argument", "arguments").length,
                           count_text(c, shape.arg_count - 1, "argument", "arguments").data));
    (void)lambda_check(c, n, expect(ERROR_TYPE, 0));
    return node_error(c, n);
}

uint32_t lambda_check(Body *c, NodeIndex n, Expected expected) {
    uint32_t list = c->view.extra[c->view.a[n]], count = tree_list_count(&c->view, list), token = token_of(c, n);
    NodeIndex written = c->view.extra[c->view.a[n] + 1];
    TypeShape shape = {0};
    if (expected.type.index != 0) shape = type_shape(c, expected.type);
    bool is_function = shape.kind == TYPE_FUNCTION;
    bool is_apart = is_function && expected.takes_apart && shape.arg_count == 2 && count >= 2;
    if (is_function && !is_apart && shape.arg_count - 1 != count) return lambda_count_differs(c, n, shape, expected);
    duplicates_report(c, list);
    Env outer;
    uint32_t lambda = lambda_open(c, &outer), let = 0;
    if (is_apart) {
        let = take_apart(c, n, lambda, list, shape.args[0], expected);
    } else {
        for (uint32_t i = 0; i < count; i++) {
            NodeIndex parameter = tree_list_item(&c->view, list, i);
            TypeId wanted = is_function ? shape.args[i] : shape.kind == TYPE_ERROR ? ERROR_TYPE : (TypeId){0};
            TypeId type = parameter_type(c, parameter, wanted, expected);
            (void)lambda_parameter(c, lambda, (NameId){c->view.a[parameter]}, type,
                                   tree_token_span(&c->view, parameter));
        }
    }
    bool is_annotated = true;
    for (uint32_t i = 0; i < count; i++)
        is_annotated &= c->view.b[tree_list_item(&c->view, list, i)] != 0;
    c->lambdas.items[lambda].is_annotated = is_annotated && !is_apart;
    Expected result = NOTHING;
    if (written != 0) {
        result.type = type_resolve(&c->type_scope, written);
        result.reason = reason_node(c, written, "the lambda's result is declared here", (TypeId){0});
        if (is_function && !unify_try(c, result.type, shape.args[shape.arg_count - 1]))
            (void)report_mismatch(c, span_of(c, written), result.type,
                                  expect(shape.args[shape.arg_count - 1], expected.reason), 0);
    } else if (is_function) {
        result = expect(shape.args[shape.arg_count - 1], expected.reason);
    } else {
        result.type = shape.kind == TYPE_ERROR ? ERROR_TYPE : type_variable(c, token);
    }
    c->lambdas.items[lambda].result = result.type;
    uint32_t body = function_body(c, c->view.b[n], result);
    if (let != 0) {
        uint32_t base = c->stack.count;
        stack_push(c, let);
        stack_push(c, body);
        body = node_add(c, TYPED_SEQUENCE, c->type[body], token, 0, list_from_stack(c, base));
    }
    return lambda_close(c, lambda, &outer, body, result.type, token);
}

uint32_t function_body(Body *c, NodeIndex n, Expected expected) {
    if (c->view.kinds[n] == NODE_PATTERN_EXPR && c->view.a[n] == PATTERN_RECURSE) {
        uint32_t value = recurse_check(c, n, expected);
        return coerce(c, n, value, expected);
    }
    return check(c, n, expected);
}

// ---- assignment --------------------------------------------------------------------------------------------------------------------------

static Text source_of(const Body *c, NodeIndex n) {
    Span span = span_of(c, n);
    return (Text){c->module->source->text.data + span.start, span.end - span.start};
}

OUT_OF_LINE static uint32_t assign_elsewhere(Body *c, NodeIndex n) {
    NodeIndex target = c->view.a[n];
    Text value = source_of(c, c->view.b[n]);
    (void)expr(c, c->view.b[n], NOTHING);
    switch ((int)c->view.kinds[target]) {
    case NODE_ERROR:
        break;
    case NODE_CONFIG:
        diag(c->sink, DIAG_ASSIGN_TO_CONFIG, span_of(c, target), name_text(c, (NameId){c->view.a[target]}));
        break;
    case NODE_FIELD_CONFIG:
        diag(c->sink, DIAG_ASSIGN_TO_CONFIG, span_of(c, target), name_text(c, (NameId){c->view.b[target]}));
        break;
    case NODE_SELF:
        diag(c->sink, DIAG_ASSIGN_TO_PARAMETER, span_of(c, target), TEXT("self"));
        break;
    case NODE_INDEX: {
        Text base = source_of(c, c->view.a[target]), index = source_of(c, c->view.b[target]);
        Diagnostic *d =
            diag(c->sink, DIAG_ASSIGN_TO_IMMUTABLE, span_of(c, target), TEXT("an element: values do not change"));
        diag_note(c->sink, d,
                  arena_format(c->scratch, "bind the changed copy: `%.*s = %.*s.set(%.*s, %.*s)` (of a map: `.insert`)",
                               (int)base.length, base.data, (int)base.length, base.data, (int)index.length, index.data,
                               (int)value.length, value.data));
        break;
    }
    case NODE_FIELD: {
        Text base = source_of(c, c->view.a[target]), field = name_text(c, (NameId){c->view.b[target]});
        Diagnostic *d =
            diag(c->sink, DIAG_ASSIGN_TO_IMMUTABLE, span_of(c, target), TEXT("a field: values do not change"));
        diag_note(c->sink, d,
                  arena_format(c->scratch, "bind the changed copy: `%.*s = Type { %.*s: %.*s, ..%.*s }`",
                               (int)base.length, base.data, (int)field.length, field.data, (int)value.length,
                               value.data, (int)base.length, base.data));
        break;
    }
    default:
        diag(c->sink, DIAG_ASSIGN_TO_IMMUTABLE, span_of(c, target),
             TEXT("this expression; only a `mut` local can be assigned to"));
        break;
    }
    return node_error(c, n);
}

OUT_OF_LINE static uint32_t assign_refused(Body *c, NodeIndex n, uint32_t local) {
    NodeIndex target = c->view.a[n];
    const LocalInfo *info = &c->local_infos.items[local];
    Text name = name_text(c, c->locals.items[local].name);
    bool is_mutable = c->locals.items[local].is_mutable;
    Diagnostic *d;
    if (is_mutable || (c->locals.items[local].lambda != c->env.lambda && !info->is_let)) {
        d = diag(c->sink, DIAG_ASSIGN_TO_CAPTURED, span_of(c, target), name);
        diag_note(c->sink, d, TEXT("a lambda captures by value; return the new value, or use `fold`"));
    } else if (c->locals.items[local].is_parameter || info->is_lambda_name) {
        d = diag(c->sink, DIAG_ASSIGN_TO_PARAMETER, span_of(c, target), name);
        diag_note(c->sink, d,
                  arena_format(c->scratch, "bind a copy first: `let mut %.*s = %.*s`", (int)name.length, name.data,
                               (int)name.length, name.data));
    } else {
        d = diag(c->sink, DIAG_ASSIGN_TO_IMMUTABLE, span_of(c, target),
                 arena_format(c->scratch, "the immutable `%.*s`", (int)name.length, name.data));
        if (info->is_let) {
            DiagFix *fix = diag_fix(c->sink, d, TEXT("make it mutable"), false);
            diag_edit(c->sink, fix, (Span){info->span.file, info->span.start, info->span.start}, TEXT("mut "));
        }
    }
    diag_label(c->sink, d, info->span, arena_format(c->scratch, "`%.*s` is bound here", (int)name.length, name.data));
    c->local_infos.items[local].is_used = true;
    (void)expr(c, c->view.b[n], expect(ERROR_TYPE, 0));
    return node_error(c, n);
}

uint32_t assign_check(Body *c, NodeIndex n) {
    NodeIndex target = c->view.a[n];
    if (c->view.kinds[target] != NODE_NAME) return assign_elsewhere(c, n);
    NameId name = {c->view.a[target]};
    const Binding *binding = binding_find(c, name);
    if (binding == NULL) {
        if (scope_lookup(c->program, c->function->module, SCOPE_VALUE, name).kind != ITEM_NONE) {
            Text text = name_text(c, name);
            diag(c->sink, DIAG_ASSIGN_TO_IMMUTABLE, span_of(c, target),
                 arena_format(c->scratch, "`%.*s`, which is no local", (int)text.length, text.data));
        } else {
            Operand unknown = name_operand(c, target, NOTHING, false);
            (void)operand_value(c, unknown, NOTHING);
        }
        (void)expr(c, c->view.b[n], expect(ERROR_TYPE, 0));
        return node_error(c, n);
    }
    uint32_t local = binding->local;
    if (!c->locals.items[local].is_mutable || c->locals.items[local].lambda != c->env.lambda)
        return assign_refused(c, n, local);
    c->local_infos.items[local].is_assigned = true;
    uint32_t reason =
        reason_place(c, c->local_infos.items[local].span, "the variable is ", c->locals.items[local].type);
    uint32_t value = check(c, c->view.b[n], expect(c->locals.items[local].type, reason));
    return node_add(c, TYPED_ASSIGN, VOID_TYPE, token_of(c, n), local, value);
}

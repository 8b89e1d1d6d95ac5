// sema/control.c: conditions, matches, sequences, try and `?`, loops.
#include "sema/body_internal.h"

// ---- if, match ---------------------------------------------------------------------------------------------------------------------------

uint32_t if_check(Body *c, NodeIndex n, Expected expected) {
    uint32_t token = token_of(c, n);
    const uint32_t *parts = c->view.extra + c->view.b[n];
    uint32_t condition = check(c, c->view.a[n], expect(BOOL_TYPE, 0)), words[2] = {0, 0};
    if (parts[1] == 0) {
        if (expected.type.index != 0 && !fits(c, VOID_TYPE, expected.type)) { // the caller reports it, once
            words[0] = expr(c, parts[0], expected);
            return node_add(c, TYPED_IF, VOID_TYPE, token, condition, extra_words(c, words, 2));
        }
        uint32_t reason =
            reason_place(c, tree_token_span(&c->view, n), "an `if` without `else` is `void`", (TypeId){0});
        words[0] = check(c, parts[0], expect(VOID_TYPE, reason));
        return node_add(c, TYPED_IF, VOID_TYPE, token, condition, extra_words(c, words, 2));
    }
    if (expected.type.index == 0) expected.type = type_variable(c, token);
    words[0] = check(c, parts[0], expected);
    if (expected.reason == 0) expected.reason = reason_node(c, parts[0], "the other branch is ", c->type[words[0]]);
    words[1] = check(c, parts[1], expected);
    bool is_never = is_kind(c, c->type[words[0]], TYPE_NEVER) && is_kind(c, c->type[words[1]], TYPE_NEVER);
    return node_add(c, TYPED_IF, is_never ? NEVER_TYPE : expected.type, token, condition, extra_words(c, words, 2));
}

OUT_OF_LINE static uint32_t guard_check(Body *c, NodeIndex guard) {
    uint32_t value = expr(c, guard, expect(BOOL_TYPE, 0));
    if (is_kind(c, c->type[value], TYPE_NEVER) || unify_try(c, c->type[value], BOOL_TYPE)) return value;
    diag(c->sink, DIAG_GUARD_NOT_BOOL, span_of(c, guard), type_text(c, c->type[value]));
    return node_error(c, guard);
}

OUT_OF_LINE static bool arm_check(Body *c, NodeIndex arm, TypeId type, Expected *expected) {
    Binding *outer = c->env.bindings;
    NodeIndex pattern = c->view.a[arm], guard = 0;
    if (c->view.kinds[arm] != NODE_ARM) {
        stack_push(c, 0), stack_push(c, 0), stack_push(c, node_error(c, arm));
        return false;
    }
    if (c->view.kinds[pattern] == NODE_GUARDED) guard = c->view.b[pattern], pattern = c->view.a[pattern];
    uint32_t typed = pattern_whole(c, pattern, type, false, false);
    stack_push(c, typed);
    stack_push(c, guard == 0 ? 0 : guard_check(c, guard));
    uint32_t value = check(c, c->view.b[arm], *expected);
    stack_push(c, value);
    bool is_never = is_kind(c, c->type[value], TYPE_NEVER);
    if (expected->reason == 0 && !is_never)
        expected->reason = reason_node(c, c->view.b[arm], "an earlier arm is ", c->type[value]);
    scope_switch(c, outer);
    return is_never;
}

uint32_t match_arms(Body *c, NodeIndex n, uint32_t scrutinee, uint32_t list, Expected expected) {
    uint32_t base = c->stack.count, count = tree_list_count(&c->view, list);
    bool is_never = true;
    TypeId type = c->type[scrutinee];
    if (is_kind(c, type, TYPE_NEVER)) type = type_variable(c, token_of(c, n));
    if (expected.type.index == 0) expected.type = type_variable(c, token_of(c, n));
    for (uint32_t i = 0; i < count; i++)
        is_never &= arm_check(c, tree_list_item(&c->view, list, i), type, &expected);
    uint32_t words = list_from_stack(c, base);
    c->extra.items[words] = count;
    uint32_t node = node_add(c, TYPED_MATCH, is_never ? NEVER_TYPE : expected.type, token_of(c, n), scrutinee, words);
    exhaustive_note(c, CHECK_MATCH, n, node);
    return node;
}

uint32_t match_check(Body *c, NodeIndex n, Expected expected) {
    uint32_t scrutinee = expr(c, c->view.a[n], NOTHING);
    return match_arms(c, n, scrutinee, c->view.b[n], expected);
}

// ---- `?` and try --------------------------------------------------------------------------------------------------------------------------

static bool is_result(Body *c, TypeId type, TypeShape *shape) {
    return is_named(c, type, c->program->known.result, shape);
}
static bool is_option(Body *c, TypeId type, TypeShape *shape) {
    return is_named(c, type, c->program->known.option, shape);
}

OUT_OF_LINE static void report_no_result(Body *c, NodeIndex n, bool wants_result, TypeId found, Span place,
                                         const char *what) {
    const char *kind = wants_result ? "Result" : "Option";
    Text text = type_text(c, found);
    Diagnostic *d = diag(c->sink, DIAG_NO_MATCHING_RESULT, tree_token_span(&c->view, n),
                         arena_format(c->scratch, "this leaves %s with %s, but its type is `%.*s`", what,
                                      wants_result ? "an `Err`" : "`None`", (int)text.length, text.data));
    if (place.end > place.start)
        diag_label(c->sink, d, place,
                   arena_format(c->scratch, "%s has the type `%.*s`", what, (int)text.length, text.data));
    diag_note(c->sink, d,
              arena_format(c->scratch, "`?` on %s needs %s whose result is %s",
                           wants_result ? "a `Result`" : "an `Option`", what,
                           wants_result ? "a `Result`" : "an `Option`"));
    (void)kind;
}

OUT_OF_LINE static void report_errors_differ(Body *c, NodeIndex n, TypeId found, TypeId wanted) {
    Diagnostic *d =
        diag(c->sink, DIAG_ERROR_TYPES_DIFFER, tree_token_span(&c->view, n), type_text(c, found), type_text(c, wanted));
    diag_note(c->sink, d, TEXT("convert the error first with `.map_err(…)`"));
}

// Makes the try's kind that of a Result (with this error) or Option; false after a report.
OUT_OF_LINE static bool try_takes(Body *c, NodeIndex n, TryScope *attempt, bool wants_result, TypeId error) {
    if (attempt->kind == TRY_BROKEN) return true;
    if (attempt->kind == TRY_OPEN) {
        attempt->kind = wants_result ? TRY_RESULT : TRY_OPTION;
        attempt->error = error;
        attempt->origin = span_of(c, n);
        return true;
    }
    if (wants_result != (attempt->kind == TRY_RESULT)) {
        Diagnostic *d = diag(c->sink, DIAG_NO_MATCHING_RESULT, span_of(c, n),
                             wants_result ? TEXT("this `try` is about `Option`, but here is a `Result`")
                                          : TEXT("this `try` is about `Result`, but here is an `Option`"));
        if (attempt->origin.end > attempt->origin.start) diag_label(c->sink, d, attempt->origin, TEXT("decided here"));
        diag_note(c->sink, d,
                  wants_result ? TEXT("`.ok()` makes an `Option` of it") : TEXT("`.ok_or(…)` makes a `Result` of it"));
        attempt->kind = TRY_BROKEN;
        return false;
    }
    if (wants_result && !unify_try(c, error, attempt->error)) {
        report_errors_differ(c, n, error, attempt->error);
        return false;
    }
    return true;
}

OUT_OF_LINE static bool function_takes(Body *c, NodeIndex n, bool wants_result, TypeId error) {
    LambdaInfo *info = &c->lambdas.items[c->env.lambda];
    TypeId result = info->result;
    TypeShape shape = type_shape(c, result);
    if (shape.kind == TYPE_ERROR) return true;
    if (shape.kind == TYPE_NONE) {
        TypeId part = type_variable(c, token_of(c, n));
        info->result_by_question = true;
        (void)unify(c, result, wants_result ? type_result(c, part, error) : type_option(c, part));
        return true;
    }
    if (wants_result ? !is_result(c, result, NULL) : !is_option(c, result, NULL)) {
        Span place = {0};
        const FunctionHead *head = tree_function_head(&c->view, c->function->node);
        if (c->env.lambda == 0 && head->result != 0) place = span_of(c, head->result);
        report_no_result(c, n, wants_result, result, place, c->env.lambda == 0 ? "the function" : "the lambda");
        return false;
    }
    if (wants_result && !unify_try(c, error, shape.args[1])) {
        report_errors_differ(c, n, error, shape.args[1]);
        return false;
    }
    return true;
}

// Whether the environment already says that `?` is about Results (1) or Options (2); 0 when it does not.
static uint32_t question_kind(Body *c) {
    if (c->env.attempt != NULL)
        return c->env.attempt->kind == TRY_RESULT ? 1 : c->env.attempt->kind == TRY_OPTION ? 2 : 0;
    TypeId result = c->lambdas.items[c->env.lambda].result;
    return is_result(c, result, NULL) ? 1 : is_option(c, result, NULL) ? 2 : 0;
}

OUT_OF_LINE static uint32_t unwrap(Body *c, NodeIndex n, uint32_t value, TypeShape shape, uint32_t into) {
    bool wants_result = shape.arg_count == 2;
    TypeId error = wants_result ? shape.args[1] : (TypeId){0};
    bool is_good = c->env.attempt != NULL ? try_takes(c, n, c->env.attempt, wants_result, error)
                                          : function_takes(c, n, wants_result, error);
    uint32_t id = c->env.attempt != NULL ? c->env.attempt->id : 0;
    TypeId part = shape.args[0];
    if (c->kind[value] == TYPED_CONSTRUCT) { // `Err(e)?` and `None?` never go on
        NameId name = c->program->type_decls[shape.head].variants[c->a[value]].name;
        if (name_equal(name, c->known->name_Err) || name_equal(name, c->known->name_None)) part = NEVER_TYPE;
    }
    TypedKind kind = is_good ? TYPED_QUESTION : TYPED_ERROR;
    if (!is_good) part = ERROR_TYPE;
    if (into == 0) return node_add(c, kind, part, token_of(c, n), value, id);
    node_put(c, into, kind, part, token_of(c, n), value, id);
    return into;
}

uint32_t question_on(Body *c, NodeIndex n, uint32_t value) {
    TypeId type = c->type[value];
    TypeShape shape;
    if (is_open(c, type)) {
        uint32_t kind = question_kind(c), token = token_of(c, n);
        if (kind == 0) {
            Waiting *w = wait_for(c, WAIT_QUESTION, n, type, type_variable(c, token));
            w->receiver = value;
            return w->node;
        }
        TypeId part = type_variable(c, token);
        (void)unify(c, type, kind == 1 ? type_result(c, part, type_variable(c, token)) : type_option(c, part));
    }
    if (is_result(c, type, &shape) || is_option(c, type, &shape)) return unwrap(c, n, value, shape, 0);
    if (shape.kind == TYPE_NEVER) return value;
    if (shape.kind != TYPE_ERROR) {
        Text text = type_text(c, type);
        Diagnostic *d = diag(c->sink, DIAG_OPERATOR_UNDEFINED, tree_token_span(&c->view, n), TEXT("?"),
                             arena_format(c->scratch, "`%.*s`", (int)text.length, text.data));
        diag_note(c->sink, d, TEXT("`?` takes the part out of a `Result` or an `Option`"));
    }
    return node_error(c, n);
}

bool question_complete(Body *c, Waiting *w) {
    TypeShape shape;
    if (is_open(c, w->type)) return false;
    if (is_result(c, w->type, &shape) || is_option(c, w->type, &shape)) {
        uint32_t node = w->node;
        TypeId result = w->result;
        NodeIndex syntax = w->syntax;
        (void)unwrap(c, syntax, w->receiver, shape, node); // in its own environment: the caller switched to it
        if (!is_kind(c, c->type[node], TYPE_NEVER) && unify(c, result, c->type[node]) != UNIFY_OK)
            (void)report_mismatch(c, span_of(c, syntax), c->type[node], expect(result, 0), syntax);
        return true;
    }
    if (shape.kind != TYPE_ERROR) {
        Text text = type_text(c, w->type);
        diag(c->sink, DIAG_OPERATOR_UNDEFINED, tree_token_span(&c->view, w->syntax), TEXT("?"),
             arena_format(c->scratch, "`%.*s`", (int)text.length, text.data));
    }
    node_put(c, w->node, TYPED_ERROR, ERROR_TYPE, token_of(c, w->syntax), 0, 0);
    (void)unify(c, w->result, ERROR_TYPE);
    return true;
}

// ---- sequences --------------------------------------------------------------------------------------------------------------------------------

void warn_dropped(Body *c, NodeIndex n, uint32_t value) {
    if (!is_result(c, c->type[value], NULL)) return;
    Diagnostic *d = diag0(c->sink, DIAG_RESULT_IGNORED, span_of(c, n));
    diag_note(c->sink, d, TEXT("handle the error, or write `let _ = …` to drop it on purpose"));
}

OUT_OF_LINE static uint32_t let_check(Body *c, NodeIndex n, bool is_unwrapped) {
    const uint32_t *parts = c->view.extra + c->view.b[n];
    NodeIndex pattern = c->view.a[n], written = parts[0], right = parts[1];
    bool is_mutable = parts[2] != 0, is_lambda = c->view.kinds[right] == NODE_LAMBDA;
    Expected expected = NOTHING;
    if (written != 0)
        expected = expect(type_resolve(&c->type_scope, written),
                          reason_node(c, written, "the type is declared here", (TypeId){0}));
    NameId outer = c->env.let_name;
    if (is_lambda && c->view.kinds[pattern] == NODE_PAT_NAME) c->env.let_name = (NameId){c->view.a[pattern]};
    uint32_t value = expr(c, right, expected);
    c->env.let_name = outer;
    TypeShape shape;
    if (is_unwrapped && (is_result(c, c->type[value], &shape) || is_option(c, c->type[value], &shape)))
        value = unwrap(c, right, value, shape, 0);
    value = coerce(c, right, value, expected);
    TypeId type = expected.type.index != 0 ? expected.type : c->type[value];
    bool is_name = c->view.kinds[pattern] == NODE_PAT_NAME;
    if (is_kind(c, type, TYPE_NEVER) && !is_name) type = type_variable(c, token_of(c, n));
    if (is_mutable && !is_name && c->view.kinds[pattern] != NODE_ERROR) {
        diag(c->sink, DIAG_EXPECTED_TOKEN, span_of(c, pattern), TEXT("a single name after `mut`"), TEXT("a pattern"));
        is_mutable = false;
    }
    Env env = c->env;
    uint32_t typed = pattern_whole(c, pattern, type, true, is_mutable), general = 0;
    if (is_lambda && is_name && !is_mutable && c->env.bindings != NULL &&
        name_equal(c->env.bindings->name, (NameId){c->view.a[pattern]})) {
        c->env.bindings->lambda = right;
        env.let_name = c->env.bindings->name;
        if (written == 0) general = general_add(c, &env, right, env.let_name, c->env.bindings->local, value);
        c->env.bindings->general = general;
    }
    uint32_t let = node_add(c, TYPED_LET, VOID_TYPE, token_of(c, n), typed, value);
    if (general != 0) general_set_let(c, general, let);
    return let;
}

// `unwraps`: an element of a try: a Result<void, E> statement leaves it with the Err.
OUT_OF_LINE static uint32_t statement_check(Body *c, NodeIndex n, bool unwraps) {
    uint32_t value = expr(c, n, NOTHING);
    TypeShape shape;
    if (unwraps && is_result(c, c->type[value], &shape) && is_kind(c, shape.args[0], TYPE_VOID))
        return unwrap(c, n, value, shape, 0);
    warn_dropped(c, n, value);
    return value;
}

uint32_t sequence_check(Body *c, NodeIndex n, uint32_t list, Expected expected, bool is_loop) {
    uint32_t base = c->stack.count, count = tree_list_count(&c->view, list), token = token_of(c, n);
    Binding *outer = c->env.bindings;
    TypeId type = VOID_TYPE;
    for (uint32_t i = 0; i < count; i++) {
        NodeIndex element = tree_list_item(&c->view, list, i);
        uint32_t value;
        if (c->view.kinds[element] == NODE_LET) {
            value = let_check(c, element, false);
        } else if (i + 1 < count || is_loop) {
            value = statement_check(c, element, false);
        } else {
            value = check(c, element, expected);
        }
        stack_push(c, value);
        type = c->type[value];
    }
    scope_switch(c, outer);
    // After a syntax error the end of the sequence may be what the parser lost.
    if (c->has_syntax_errors && type.index == TYPE_VOID && !is_loop &&
        (count == 0 || c->view.kinds[tree_list_item(&c->view, list, count - 1)] == NODE_LET))
        type = ERROR_TYPE;
    if (count == 0) stack_push(c, node_add(c, TYPED_UNIT, VOID_TYPE, token, 0, 0));
    return node_add(c, TYPED_SEQUENCE, type, token, 0, list_from_stack(c, base));
}

static TypeId try_type(Body *c, NodeIndex n, const TryScope *attempt, Expected expected) {
    uint32_t token = token_of(c, n);
    if (attempt->kind == TRY_BROKEN) return ERROR_TYPE;
    TypeId part = type_variable(c, token);
    TypeId type = attempt->kind == TRY_RESULT ? type_result(c, part, attempt->error) : type_option(c, part);
    if (expected.type.index != 0) (void)unify_try(c, type, expected.type);
    return type;
}

OUT_OF_LINE static void report_plain_value(Body *c, NodeIndex element, TypeId type, const TryScope *attempt) {
    const char *wrap = attempt->kind == TRY_OPTION ? "Some" : "Ok";
    Text text = type_text(c, type);
    Span span = span_of(c, element);
    Diagnostic *d = diag(c->sink, DIAG_NO_MATCHING_RESULT, span,
                         arena_format(c->scratch, "the value of a `try` is %s, found `%.*s`",
                                      attempt->kind == TRY_RESULT   ? "a `Result`"
                                      : attempt->kind == TRY_OPTION ? "an `Option`"
                                                                    : "a `Result` or an `Option`",
                                      (int)text.length, text.data));
    if (attempt->origin.end > attempt->origin.start) diag_label(c->sink, d, attempt->origin, TEXT("decided here"));
    if (c->view.kinds[element] == NODE_LET || c->view.kinds[element] == NODE_ASSIGN) {
        diag_note(c->sink, d, arena_format(c->scratch, "end the `try` with `%s(…)`", wrap));
        return;
    }
    DiagFix *fix = diag_fix(c->sink, d, arena_format(c->scratch, "wrap it in `%s(…)`", wrap), true);
    diag_edit(c->sink, fix, (Span){span.file, span.start, span.start}, arena_format(c->scratch, "%s(", wrap));
    diag_edit(c->sink, fix, (Span){span.file, span.end, span.end}, TEXT(")"));
}

OUT_OF_LINE static uint32_t try_last(Body *c, NodeIndex n, NodeIndex element, TryScope *attempt, Expected expected,
                                     TypeId *type) {
    bool is_let = c->view.kinds[element] == NODE_LET;
    uint32_t value;
    TypeShape shape = {0};
    *type = attempt->kind == TRY_OPEN || attempt->kind == TRY_BROKEN ? (TypeId){0} : try_type(c, n, attempt, expected);
    if (is_let)
        value = let_check(c, element, true);
    else
        value = expr(c, element, type->index != 0 ? expect(*type, expected.reason) : expected);
    TypeId found = c->type[value];
    if (is_error(c, found) || attempt->kind == TRY_BROKEN) {
        *type = ERROR_TYPE;
        return value;
    }
    if (type->index == 0 && attempt->kind != TRY_OPEN)
        *type = try_type(c, n, attempt, expected); // a `?` inside decided
    if (is_kind(c, found, TYPE_NEVER)) {
        if (type->index == 0) *type = NEVER_TYPE;
        return value;
    }
    bool is_plain = !is_result(c, found, &shape) && !is_option(c, found, &shape);
    if (is_open(c, found) && type->index != 0 && unify_try(c, found, *type)) return value;
    if (is_plain) {
        report_plain_value(c, element, found, attempt);
        *type = ERROR_TYPE;
        return node_error(c, element);
    }
    if (type->index == 0) { // the last element is the first that tells
        attempt->kind = shape.arg_count == 2 ? TRY_RESULT : TRY_OPTION;
        *type = found;
        return value;
    }
    if ((shape.arg_count == 2) != (attempt->kind == TRY_RESULT)) {
        (void)try_takes(c, element, attempt, shape.arg_count == 2, shape.arg_count == 2 ? shape.args[1] : (TypeId){0});
        *type = ERROR_TYPE;
        return node_error(c, element);
    }
    return coerce(c, element, value, expect(*type, expected.reason));
}

uint32_t try_check(Body *c, NodeIndex n, Expected expected) {
    uint32_t list = c->view.b[n], base = c->stack.count, count = tree_list_count(&c->view, list),
             token = token_of(c, n);
    Env outer = c->env;
    TryScope *attempt = arena_new(c->scratch, TryScope);
    attempt->id = ++c->try_count;
    TypeShape shape;
    if (expected.type.index != 0) {
        if (is_result(c, expected.type, &shape))
            attempt->kind = TRY_RESULT, attempt->error = shape.args[1];
        else if (is_option(c, expected.type, &shape))
            attempt->kind = TRY_OPTION;
        else if (shape.kind == TYPE_ERROR)
            attempt->kind = TRY_BROKEN;
    }
    c->env.attempt = attempt;
    TypeId type = ERROR_TYPE;
    for (uint32_t i = 0; i < count; i++) {
        NodeIndex element = tree_list_item(&c->view, list, i);
        if (i + 1 == count)
            stack_push(c, try_last(c, n, element, attempt, expected, &type));
        else if (c->view.kinds[element] == NODE_LET)
            stack_push(c, let_check(c, element, true));
        else
            stack_push(c, statement_check(c, element, true));
    }
    scope_switch(c, outer.bindings);
    c->env = outer;
    uint32_t body = node_add(c, TYPED_SEQUENCE, type, token, 0, list_from_stack(c, base));
    return node_add(c, TYPED_TRY, type, token, body, attempt->id);
}

// ---- loops -------------------------------------------------------------------------------------------------------------------------------------

uint32_t loop_check(Body *c, NodeIndex n, Expected expected) {
    LoopScope *outer = c->env.loop, *scope = arena_new(c->scratch, LoopScope);
    scope->is_loop = true;
    scope->type = expected.type;
    scope->reason = expected.reason;
    c->env.loop = scope;
    uint32_t body = sequence_check(c, n, c->view.b[n], NOTHING, true);
    c->env.loop = outer;
    return node_add(c, TYPED_LOOP, scope->has_break ? scope->type : NEVER_TYPE, token_of(c, n), body, 0);
}

uint32_t while_check(Body *c, NodeIndex n) {
    uint32_t condition = check(c, c->view.a[n], expect(BOOL_TYPE, 0));
    LoopScope *outer = c->env.loop;
    c->env.loop = arena_new(c->scratch, LoopScope);
    uint32_t body = expr(c, c->view.b[n], NOTHING);
    warn_dropped(c, c->view.b[n], body);
    c->env.loop = outer;
    return node_add(c, TYPED_WHILE, VOID_TYPE, token_of(c, n), condition, body);
}

OUT_OF_LINE static uint32_t break_misplaced(Body *c, NodeIndex n, const char *word, const char *why) {
    NodeIndex value = c->view.kinds[n] == NODE_BREAK ? c->view.a[n] : 0;
    Diagnostic *d = diag(c->sink, DIAG_MISPLACED_BREAK, tree_token_span(&c->view, n), text_from(word), text_from(why));
    if (c->env.loop == NULL && c->env.lambda != 0)
        diag_note(c->sink, d, TEXT("a lambda is a function of its own: a loop around it cannot be left from inside"));
    if (value != 0) (void)expr(c, value, expect(ERROR_TYPE, 0));
    return node_error(c, n);
}

uint32_t break_check(Body *c, NodeIndex n) {
    LoopScope *scope = c->env.loop;
    uint32_t token = token_of(c, n);
    if (c->view.kinds[n] == NODE_CONTINUE) {
        if (scope == NULL) return break_misplaced(c, n, "continue", "stands outside of a loop");
        return node_add(c, TYPED_CONTINUE, NEVER_TYPE, token, 0, 0);
    }
    NodeIndex value = c->view.a[n];
    if (scope == NULL) return break_misplaced(c, n, "break", "stands outside of a loop");
    if (value != 0 && !scope->is_loop)
        return break_misplaced(c, n, "break", "has a value, which is only allowed in `loop(…)`");
    uint32_t typed = 0;
    if (scope->is_loop) {
        if (value == 0) {
            UnifyAnswer answer = scope->type.index == 0 ? UNIFY_OK : unify(c, VOID_TYPE, scope->type);
            if (answer == UNIFY_DIFFERS)
                (void)report_mismatch(c, tree_token_span(&c->view, n), VOID_TYPE, expect(scope->type, scope->reason),
                                      0);
            if (scope->type.index == 0) scope->type = VOID_TYPE;
        } else {
            if (scope->type.index == 0) scope->type = type_variable(c, token);
            typed = check(c, value, expect(scope->type, scope->reason));
            if (scope->reason == 0) scope->reason = reason_node(c, value, "an earlier `break` has ", c->type[typed]);
        }
        scope->has_break = true;
    }
    return node_add(c, TYPED_BREAK, NEVER_TYPE, token, typed, 0);
}

TypeId element_of(Body *c, TypeId collection) {
    TypeShape shape = type_shape(c, collection);
    switch ((int)shape.kind) {
    case TYPE_LIST:
    case TYPE_SET:
    case TYPE_RANGE:
    case TYPE_CHANNEL:
        return shape.args[0];
    case TYPE_MAP:
        return body_type(c, TYPE_TUPLE, 0, shape.args, 2);
    case TYPE_STR:
        return CHAR_TYPE;
    case TYPE_ERROR:
        return ERROR_TYPE;
    case TYPE_NAMED:
        return shape.head == c->program->known.option.index ? shape.args[0] : (TypeId){0};
    default:
        return (TypeId){0};
    }
}

TypeId element_type(Body *c, NodeIndex n, TypeId collection) {
    TypeId element = element_of(c, collection);
    if (element.index != 0) return element;
    if (is_kind(c, collection, TYPE_NEVER)) return type_variable(c, token_of(c, n));
    if (is_open(c, collection)) {
        TypeId variable = type_variable(c, token_of(c, n));
        (void)wait_for(c, WAIT_ITERATION, n, collection, variable);
        return variable;
    }
    TypeId heads = type_heads(c, collection);
    static const BuiltinTrait kinds[2] = {TRAIT_ITERABLE, TRAIT_ITERATOR}; // a type with both is Iterable
    for (uint32_t i = 0; i < 2; i++) {
        TraitId trait = c->program->builtin_traits[kinds[i]];
        if (trait_solve(c->program, &c->function->generics, heads, trait).answer != SOLVE_YES) continue;
        TypeId item = associated_compute(c, c->program->traits[trait.index].first_associated, &collection, 1);
        return item.index == 0 ? ERROR_TYPE : item;
    }
    Diagnostic *d = diag(c->sink, DIAG_NOT_ITERABLE, span_of(c, n), type_text(c, collection));
    if (is_kind(c, collection, TYPE_INT)) diag_note(c->sink, d, TEXT("to count, iterate over a range: `0..n`"));
    return ERROR_TYPE;
}

uint32_t for_check(Body *c, NodeIndex n, Expected expected) {
    uint32_t words = c->view.b[n], count = c->view.extra[words], base = c->stack.count, token = token_of(c, n);
    bool is_yield = c->view.a[n] != 0;
    Env outer = c->env;
    stack_push(c, count);
    for (uint32_t i = 0; i < count; i++) {
        NodeIndex pattern = c->view.extra[words + 1 + 2 * i], collection = c->view.extra[words + 2 + 2 * i];
        uint32_t value = expr(c, collection, NOTHING);
        TypeId element = element_type(c, collection, c->type[value]);
        stack_push(c, pattern_whole(c, pattern, element, true, false));
        stack_push(c, value);
    }
    NodeIndex filter = c->view.extra[words + 1 + 2 * count], body = c->view.extra[words + 2 + 2 * count];
    stack_push(c, filter == 0 ? 0 : check(c, filter, expect(BOOL_TYPE, 0)));
    c->env.loop = arena_new(c->scratch, LoopScope);
    TypeId type = VOID_TYPE;
    if (is_yield) {
        TypeShape shape = {0};
        if (expected.type.index != 0) shape = type_shape(c, expected.type);
        TypeId element = shape.kind == TYPE_LIST    ? shape.args[0]
                         : shape.kind == TYPE_ERROR ? ERROR_TYPE
                                                    : type_variable(c, token);
        stack_push(c, check(c, body, expect(element, shape.kind == TYPE_LIST ? expected.reason : 0)));
        type = type_of1(c, TYPE_LIST, element);
    } else {
        uint32_t value = expr(c, body, NOTHING);
        warn_dropped(c, body, value);
        stack_push(c, value);
    }
    scope_switch(c, outer.bindings);
    c->env = outer;
    uint32_t extra = extra_words(c, c->stack.items + base, c->stack.count - base);
    c->stack.count = base;
    return node_add(c, TYPED_FOR, type, token, is_yield ? 1 : 0, extra);
}

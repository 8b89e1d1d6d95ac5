// sema/pattern_expressions.c: the pattern expressions of chapter 8 that are supported: map, filter, fold, collect, find, for, recurse.
#include "sema/body_internal.h"

typedef struct Property {
    const char *shown;
    NameId name, also;
    bool is_required;
} Property;

static Text word_of(const Body *c, NodeIndex n) { return token_text(c->view.file_tokens, token_of(c, n)); }

static void note_properties(Body *c, Diagnostic *d, const Property *rows, uint32_t count) {
    Buffer out = buffer_in(c->scratch);
    for (uint32_t i = 0; i < count; i++)
        buffer_format(&out, "%s`.%s`", i == 0 ? "its properties are " : ", ", rows[i].shown);
    diag_note(c->sink, d, (Text){out.data, (uint32_t)out.length});
}

OUT_OF_LINE static uint32_t properties_silent(Body *c, NodeIndex n) {
    uint32_t list = c->view.b[n];
    RecurseScope *outer = c->env.recurse;
    if (c->view.kinds[n] == NODE_PATTERN_EXPR && c->view.a[n] == PATTERN_RECURSE) {
        c->env.recurse = arena_new(c->scratch, RecurseScope);
        c->env.recurse->lambda = c->env.lambda;
    }
    for (uint32_t i = 0; i < tree_list_count(&c->view, list); i++) {
        NodeIndex item = tree_list_item(&c->view, list, i);
        NodeIndex value = c->view.kinds[item] == NODE_NAMED_ARG ? c->view.b[item] : item;
        if (c->view.kinds[value] != NODE_ARM) (void)expr(c, value, expect(ERROR_TYPE, 0));
    }
    c->env.recurse = outer;
    return node_error(c, n);
}

// The value's tree node of every property, 0 where it is absent; false after a report.
OUT_OF_LINE static bool properties_read(Body *c, NodeIndex n, const Property *rows, uint32_t count, NodeIndex *values) {
    uint32_t list = c->view.b[n];
    bool is_good = true;
    NodeIndex *owners = arena_array(c->scratch, NodeIndex, count);
    for (uint32_t i = 0; i < count; i++)
        values[i] = 0;
    for (uint32_t i = 0; i < tree_list_count(&c->view, list); i++) {
        NodeIndex item = tree_list_item(&c->view, list, i);
        if (c->view.kinds[item] == NODE_ERROR) return false;
        if (c->view.kinds[item] != NODE_NAMED_ARG) {
            Diagnostic *d = diag(c->sink, DIAG_UNKNOWN_ARGUMENT, span_of(c, item),
                                 arena_format(c->scratch, "%u", i + 1), word_of(c, n), TEXT("positional argument"));
            note_properties(c, d, rows, count);
            Span span = span_of(c, item);
            if (i < count) {
                DiagFix *fix = diag_fix(c->sink, d, arena_format(c->scratch, "name it: `.%s`", rows[i].shown), false);
                diag_edit(c->sink, fix, (Span){span.file, span.start, span.start},
                          arena_format(c->scratch, ".%s: ", rows[i].shown));
            }
            return false;
        }
        NameId name = {c->view.a[item]};
        uint32_t row = 0;
        while (row < count && !name_equal(rows[row].name, name) &&
               (rows[row].also.index == 0 || !name_equal(rows[row].also, name)))
            row++;
        if (row == count) {
            Diagnostic *d = diag(c->sink, DIAG_UNKNOWN_ARGUMENT, tree_token_span(&c->view, item), name_text(c, name),
                                 word_of(c, n), TEXT("property"));
            note_properties(c, d, rows, count);
            is_good = false;
        } else if (owners[row] != 0) {
            Diagnostic *d = diag(c->sink, DIAG_REPEATED_ARGUMENT, tree_token_span(&c->view, item), name_text(c, name));
            diag_label(c->sink, d, tree_token_span(&c->view, owners[row]), TEXT("first given here"));
            is_good = false;
        } else {
            owners[row] = item;
            values[row] = c->view.b[item];
        }
    }
    if (!is_good) return false;
    for (uint32_t i = 0; i < count; i++) {
        if (values[i] != 0 || !rows[i].is_required) continue;
        Diagnostic *d =
            diag(c->sink, DIAG_MISSING_PROPERTY, tree_token_span(&c->view, n), text_from(rows[i].shown), word_of(c, n));
        note_properties(c, d, rows, count);
        is_good = false;
    }
    return is_good;
}

static uint32_t function_argument(Body *c, NodeIndex n, TypeId type) {
    Expected expected = {.type = type, .takes_apart = true};
    c->effect_allowed = n;
    return check(c, n, expected);
}

static TypeId function_type(Body *c, TypeId first, TypeId second, TypeId result) { // second: none for one parameter
    TypeId types[3] = {first, second, result};
    if (second.index != 0) return body_type(c, TYPE_FUNCTION, 0, types, 3);
    types[1] = result;
    return body_type(c, TYPE_FUNCTION, 0, types, 2);
}

// Strict properties are evaluated as written: where that is another order than the node's, hidden names hold them.
OUT_OF_LINE static uint32_t pattern_node(Body *c, NodeIndex n, TypedPattern pattern, TypeId type,
                                         const NodeIndex *syntax, uint32_t *words, uint32_t count,
                                         uint32_t strict_count) {
    uint32_t token = token_of(c, n), base = c->stack.count;
    bool is_ordered = true;
    for (uint32_t i = 0; i + 1 < strict_count; i++)
        for (uint32_t k = i + 1; k < strict_count; k++)
            is_ordered &= syntax[i] == 0 || syntax[k] == 0 || token_of(c, syntax[i]) < token_of(c, syntax[k]) ||
                          c->view.kinds[syntax[i]] == NODE_LAMBDA || c->view.kinds[syntax[k]] == NODE_LAMBDA;
    if (!is_ordered) {
        for (uint32_t done = 0; done < strict_count; done++) {
            uint32_t next = UINT32_MAX;
            for (uint32_t i = 0; i < strict_count; i++) {
                if (words[i] == 0 || (words[i] & LOCAL_TYPE) != 0 || c->kind[words[i]] == TYPED_LAMBDA) continue;
                if (next == UINT32_MAX || token_of(c, syntax[i]) < token_of(c, syntax[next])) next = i;
            }
            if (next == UINT32_MAX) break;
            TypeId held = c->type[words[next]];
            uint32_t hidden = local_add(c, (NameId){0}, held, span_of(c, syntax[next]));
            c->local_infos.items[hidden].is_hidden = true;
            uint32_t bound = node_add(c, TYPED_PAT_BIND, held, token, hidden, 0);
            stack_push(c, node_add(c, TYPED_LET, VOID_TYPE, token, bound, words[next]));
            words[next] = local_read(c, hidden, token) | LOCAL_TYPE; // marked as done
        }
        for (uint32_t i = 0; i < strict_count; i++)
            words[i] &= ~LOCAL_TYPE;
        c->was_waiting = true;
    }
    uint32_t node = node_add(c, TYPED_PATTERN, type, token, (uint32_t)pattern, extra_words(c, words, count));
    if (is_ordered) return node;
    stack_push(c, node);
    return node_add(c, TYPED_SEQUENCE, type, token, 0, list_from_stack(c, base));
}

// ---- map, filter, fold, collect, find ---------------------------------------------------------------------------------------------------------

OUT_OF_LINE static uint32_t map_check(Body *c, NodeIndex n, Expected expected) {
    const Property rows[] = {{"over", c->known->name_over, {0}, true},
                             {"transform", c->known->name_transform, {0}, true}};
    NodeIndex values[2];
    if (!properties_read(c, n, rows, 2, values)) return properties_silent(c, n);
    uint32_t words[2];
    words[0] = expr(c, values[0], NOTHING);
    TypeId element = element_type(c, values[0], c->type[words[0]]);
    TypeId part = type_variable(c, token_of(c, n)), list = type_of1(c, TYPE_LIST, part);
    if (expected.type.index != 0) (void)unify_try(c, list, expected.type);
    words[1] = function_argument(c, values[1], function_type(c, element, (TypeId){0}, part));
    return pattern_node(c, n, TYPED_PATTERN_MAP, list, values, words, 2, 2);
}

OUT_OF_LINE static uint32_t filter_check(Body *c, NodeIndex n, Expected expected) {
    const Property rows[] = {{"over", c->known->name_over, {0}, true},
                             {"predicate", c->known->name_predicate, c->known->name_where, true}};
    NodeIndex values[2];
    (void)expected;
    if (!properties_read(c, n, rows, 2, values)) return properties_silent(c, n);
    uint32_t words[2];
    words[0] = expr(c, values[0], NOTHING);
    TypeId element = element_type(c, values[0], c->type[words[0]]);
    words[1] = function_argument(c, values[1], function_type(c, element, (TypeId){0}, BOOL_TYPE));
    return pattern_node(c, n, TYPED_PATTERN_FILTER, type_of1(c, TYPE_LIST, element), values, words, 2, 2);
}

OUT_OF_LINE static uint32_t fold_check(Body *c, NodeIndex n, Expected expected) {
    const Property rows[] = {{"over", c->known->name_over, {0}, true},
                             {"init", c->known->name_init, c->known->name_initial, true},
                             {"op", c->known->name_op, {0}, true}};
    NodeIndex values[3];
    if (!properties_read(c, n, rows, 3, values)) return properties_silent(c, n);
    uint32_t words[3];
    words[0] = expr(c, values[0], NOTHING);
    TypeId element = element_type(c, values[0], c->type[words[0]]);
    words[1] = expr(c, values[1], expected);
    TypeId state = c->type[words[1]];
    if (is_kind(c, state, TYPE_NEVER))
        state = expected.type.index != 0 ? expected.type : type_variable(c, token_of(c, n));
    else if (expected.type.index != 0)
        (void)unify_try(c, state, expected.type);
    words[2] = function_argument(c, values[2], function_type(c, state, element, state));
    return pattern_node(c, n, TYPED_PATTERN_FOLD, state, values, words, 3, 3);
}

OUT_OF_LINE static uint32_t collect_check(Body *c, NodeIndex n, Expected expected) {
    const Property rows[] = {{"range", c->known->name_range, c->known->name_over, true},
                             {"transform", c->known->name_transform, {0}, true}};
    NodeIndex values[2];
    if (!properties_read(c, n, rows, 2, values)) return properties_silent(c, n);
    uint32_t words[2];
    words[0] = check(c, values[0], expect(type_of1(c, TYPE_RANGE, INT_TYPE), 0));
    TypeId part = type_variable(c, token_of(c, n)), list = type_of1(c, TYPE_LIST, part);
    if (expected.type.index != 0) (void)unify_try(c, list, expected.type);
    words[1] = function_argument(c, values[1], function_type(c, INT_TYPE, (TypeId){0}, part));
    return pattern_node(c, n, TYPED_PATTERN_COLLECT, list, values, words, 2, 2);
}

OUT_OF_LINE static uint32_t find_check(Body *c, NodeIndex n, Expected expected) {
    const Property rows[] = {{"over", c->known->name_over, {0}, true},
                             {"where", c->known->name_where, c->known->name_predicate, false},
                             {"map", c->known->name_map, {0}, false},
                             {"default", c->known->name_default, {0}, false}};
    NodeIndex values[4];
    if (!properties_read(c, n, rows, 4, values)) return properties_silent(c, n);
    if ((values[1] == 0) == (values[2] == 0)) {
        Diagnostic *d;
        if (values[1] == 0) {
            d = diag(c->sink, DIAG_MISSING_PROPERTY, tree_token_span(&c->view, n), TEXT("where"), word_of(c, n));
        } else {
            d = diag(c->sink, DIAG_UNKNOWN_ARGUMENT, span_of(c, values[2]), TEXT("map"), word_of(c, n),
                     TEXT("property"));
        }
        diag_note(c->sink, d, TEXT("`find` takes either `.where` or `.map`"));
        return properties_silent(c, n);
    }
    uint32_t words[4] = {0, 0, 0, 0}, token = token_of(c, n);
    words[0] = expr(c, values[0], NOTHING);
    TypeId element = element_type(c, values[0], c->type[words[0]]);
    TypeId part = values[1] != 0 ? element : type_variable(c, token);
    TypeId option = type_option(c, part);
    TypeId type = values[3] != 0 ? part : option;
    if (values[2] != 0 && expected.type.index != 0) (void)unify_try(c, type, expected.type);
    if (values[1] != 0)
        words[1] = function_argument(c, values[1], function_type(c, element, (TypeId){0}, BOOL_TYPE));
    else
        words[2] = function_argument(c, values[2], function_type(c, element, (TypeId){0}, option));
    if (values[3] != 0) words[3] = check(c, values[3], expect(part, 0));
    return pattern_node(c, n, TYPED_PATTERN_FIND, type, values, words, 4, 3);
}

// ---- for ------------------------------------------------------------------------------------------------------------------------------------------

static Item prelude_variant(const Body *c, NameId name) {
    return scope_lookup(c->program, c->program->prelude, SCOPE_VALUE, name);
}

// for(.over: xs, .map: f, .match: p -> v, .default: d) is find(.over: xs, .map: x -> match(f(x), p -> Some(v), _ -> None), .default: d).
uint32_t for_pattern(Body *c, NodeIndex n, Expected expected) {
    const Property rows[] = {{"over", c->known->name_over, {0}, true},
                             {"map", c->known->name_map, {0}, false},
                             {"match", c->known->name_match, {0}, true},
                             {"default", c->known->name_default, {0}, true}};
    NodeIndex values[4];
    if (!properties_read(c, n, rows, 4, values)) return properties_silent(c, n);
    uint32_t token = token_of(c, n), base = c->stack.count, words[4] = {0, 0, 0, 0};
    if (c->view.kinds[values[2]] != NODE_ARM) return properties_silent(c, n);
    words[0] = expr(c, values[0], NOTHING);
    TypeId element = element_type(c, values[0], c->type[words[0]]), matched = element;
    uint32_t held = 0, function = 0;
    if (values[1] != 0) {
        matched = type_variable(c, token);
        function = function_argument(c, values[1], function_type(c, element, (TypeId){0}, matched));
        held = local_add(c, (NameId){0}, c->type[function], span_of(c, values[1]));
        c->local_infos.items[held].is_hidden = true;
    }
    TypeId part = expected.type.index != 0 ? expected.type : type_variable(c, token);
    Item some = prelude_variant(c, c->known->name_Some), none = prelude_variant(c, c->known->name_None);
    TypeId option = type_option(c, part);
    Env outer;
    uint32_t lambda = lambda_open(c, &outer);
    c->lambdas.items[lambda].result = option;
    uint32_t parameter = lambda_parameter(c, lambda, (NameId){0}, element, span_of(c, values[0]));
    uint32_t scrutinee = local_read(c, parameter, token), whole = parameter, let = 0;
    if (held != 0) {
        uint32_t callee = local_read(c, held, token), args = c->stack.count;
        stack_push(c, scrutinee);
        uint32_t call = node_add(c, TYPED_CALL_VALUE, matched, token, callee, list_from_stack(c, args));
        whole = local_add(c, (NameId){0}, matched, span_of(c, values[1]));
        c->local_infos.items[whole].is_hidden = true;
        uint32_t bound = node_add(c, TYPED_PAT_BIND, matched, token, whole, 0);
        let = node_add(c, TYPED_LET, VOID_TYPE, token, bound, call);
        scrutinee = local_read(c, whole, token);
    }
    NodeIndex arm = values[2], pattern = c->view.a[arm], guard = 0;
    if (c->view.kinds[pattern] == NODE_GUARDED) guard = c->view.b[pattern], pattern = c->view.a[pattern];
    uint32_t arms = c->stack.count, value;
    stack_push(c, pattern_whole(c, pattern, matched, false, false));
    exhaustive_note(c, CHECK_ALTERNATIVES, pattern, c->stack.items[arms]);
    stack_push(c, guard == 0 ? 0 : check(c, guard, expect(BOOL_TYPE, 0)));
    if (c->view.b[arm] != 0) {
        value = check(c, c->view.b[arm], expect(part, expected.reason));
    } else {
        value = local_read(c, whole, token);
        value = coerce(c, pattern, value, expect(part, expected.reason));
    }
    uint32_t pairs = c->stack.count;
    stack_push(c, 0);
    stack_push(c, value);
    value = node_add(c, TYPED_CONSTRUCT, option, token, some.part, pairs_from_stack(c, pairs));
    stack_push(c, value);
    stack_push(c, node_add(c, TYPED_PAT_WILDCARD, matched, token, 0, 0));
    stack_push(c, 0);
    stack_push(c, node_add(c, TYPED_CONSTRUCT, option, token, none.part, pairs_from_stack(c, c->stack.count)));
    uint32_t list = list_from_stack(c, arms);
    c->extra.items[list] = 2;
    uint32_t body = node_add(c, TYPED_MATCH, option, token, scrutinee, list);
    if (let != 0) {
        uint32_t sequence = c->stack.count;
        stack_push(c, let);
        stack_push(c, body);
        body = node_add(c, TYPED_SEQUENCE, option, token, 0, list_from_stack(c, sequence));
    }
    words[2] = lambda_close(c, lambda, &outer, body, option, token);
    words[3] = check(c, values[3], expect(part, 0));
    if (held != 0) {
        uint32_t bound = node_add(c, TYPED_PAT_BIND, c->type[function], token, held, 0);
        stack_push(c, node_add(c, TYPED_LET, VOID_TYPE, token, bound, function));
        c->was_waiting = true;
    }
    uint32_t node = node_add(c, TYPED_PATTERN, part, token, TYPED_PATTERN_FIND, extra_words(c, words, 4));
    if (held == 0) return node;
    stack_push(c, node);
    return node_add(c, TYPED_SEQUENCE, part, token, 0, list_from_stack(c, base));
}

// ---- recurse --------------------------------------------------------------------------------------------------------------------------------------

uint32_t recurse_check(Body *c, NodeIndex n, Expected expected) {
    const Property rows[] = {{"cond", c->known->name_cond, c->known->name_condition, true},
                             {"base", c->known->name_base, {0}, true},
                             {"step", c->known->name_step, {0}, true},
                             {"memo", c->known->name_memo, {0}, false},
                             {"parallel", c->known->name_parallel, {0}, false}};
    NodeIndex values[5];
    if (!properties_read(c, n, rows, 5, values)) return properties_silent(c, n);
    if (values[3] != 0 && c->view.kinds[values[3]] != NODE_BOOL) {
        diag(c->sink, DIAG_MUST_BE_WRITTEN_OUT, span_of(c, values[3]), TEXT(".memo"), TEXT("`true` or `false`"));
    } else if (values[3] != 0 && c->view.a[values[3]] != 0) {
        (void)body_unsupported(c, span_of(c, values[3]), "`.memo: true`");
    }
    if (values[4] != 0) (void)body_unsupported(c, span_of(c, values[4]), "`.parallel`");
    if (c->env.lambda != 0 && !c->lambdas.items[c->env.lambda].is_annotated) {
        Diagnostic *d = diag(c->sink, DIAG_MISPLACED_RECURSE, tree_token_span(&c->view, n),
                             TEXT("a lambda whose body is `recurse` needs the types of its parameters"));
        diag_note(c->sink, d, TEXT("write `(n: int) -> recurse(…)`"));
    }
    uint32_t words[5] = {0, 0, 0, 0, 0};
    RecurseScope *outer = c->env.recurse;
    c->env.recurse = NULL;
    words[0] = check(c, values[0], expect(BOOL_TYPE, 0));
    words[1] = check(c, values[1], expected);
    c->env.recurse = arena_new(c->scratch, RecurseScope);
    c->env.recurse->lambda = c->env.lambda;
    words[2] = check(c, values[2], expected);
    c->env.recurse = outer;
    bool is_never = is_kind(c, c->type[words[1]], TYPE_NEVER) && is_kind(c, c->type[words[2]], TYPE_NEVER);
    return node_add(c, TYPED_RECURSE, is_never ? NEVER_TYPE : expected.type, token_of(c, n), 0,
                    extra_words(c, words, 5));
}

uint32_t self_call(Body *c, NodeIndex n, Expected expected) {
    uint32_t list = c->view.b[n], lambda = c->env.recurse->lambda, base = c->stack.count,
             token = token_of(c, c->view.a[n]);
    uint32_t first = lambda == 0 && c->function->has_self ? 1 : 0;
    const LambdaInfo *info = &c->lambdas.items[lambda];
    uint32_t count = (lambda == 0 ? c->function->parameter_count : info->parameters.count) - first;
    TypeId *types = arena_array(c->scratch, TypeId, count + 1);
    NameId *names = arena_array(c->scratch, NameId, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t local = lambda == 0 ? i + first + 1 : info->parameters.items[i];
        types[i] = c->locals.items[local].type;
        names[i] = c->locals.items[local].name;
    }
    Signature *s = arena_new(c->scratch, Signature);
    *s = (Signature){.what = "function",
                     .name = TEXT("self"),
                     .count = count,
                     .types = types,
                     .names = names,
                     .function = lambda == 0 ? c->id : (FunctionId){0},
                     .first = first,
                     .result = info->result,
                     .at = c->view.a[n]};
    if (first == 1) {
        stack_push(c, 0);
        stack_push(c, local_read(c, 1, token));
    }
    if (!arguments_check(c, s, n, list, expected) || (lambda == 0 && !capabilities_pass_self(c, n))) {
        c->stack.count = base;
        return node_error(c, n);
    }
    return node_add(c, TYPED_SELF_CALL, s->result, token, 0, pairs_from_stack(c, base));
}

// ---- entry ------------------------------------------------------------------------------------------------------------------------------------------

uint32_t pattern_expression(Body *c, NodeIndex n, Expected expected) {
    const char *what = "this pattern";
    switch ((PatternKind)c->view.a[n]) {
    case PATTERN_MAP:
        return map_check(c, n, expected);
    case PATTERN_FILTER:
        return filter_check(c, n, expected);
    case PATTERN_FOLD:
        return fold_check(c, n, expected);
    case PATTERN_COLLECT:
        return collect_check(c, n, expected);
    case PATTERN_FIND:
        return find_check(c, n, expected);
    case PATTERN_RECURSE: {
        Diagnostic *d = diag(c->sink, DIAG_MISPLACED_RECURSE, tree_token_span(&c->view, n),
                             TEXT("`recurse` stands only as the whole body of a function or lambda"));
        diag_note(c->sink, d, TEXT("give it a function of its own"));
        return node_error(c, n);
    }
    case PATTERN_CACHE:
        what = "the pattern `cache`";
        break;
    case PATTERN_PARALLEL:
        what = "the pattern `parallel`";
        break;
    case PATTERN_RETRY:
        what = "the pattern `retry`";
        break;
    case PATTERN_SPAWN:
        what = "the pattern `spawn`";
        break;
    case PATTERN_TIMEOUT:
        what = "the pattern `timeout`";
        break;
    case PATTERN_VALIDATE:
        what = "the pattern `validate`";
        break;
    case PATTERN_COUNT:
        break;
    }
    (void)body_unsupported(c, tree_token_span(&c->view, n), what);
    return properties_silent(c, n);
}

// sema/infer_expressions.c: the walk over expressions, literals and compound literals, and the message about types that differ.
//
// HOW        expr(n, expected) gives a typed node. `expected` flows inward (chapter 6: bidirectional); whoever needs the
//            type to fit calls check, which is expr and then coerce. A value of type Never fits everywhere.
// FRAMES     expr, check and the functions between them are on the stack once for each level of nesting, up to 2,000 times:
//            their locals are few, and what reports errors stands in functions of its own.
#include "sema/body_internal.h"

// ---- fitting -------------------------------------------------------------------------------------------------------------------------

void report_unify(Body *c, UnifyAnswer answer, Span span) {
    if (answer == UNIFY_INFINITE) {
        diag0(c->sink, DIAG_INFINITE_TYPE, span);
    } else if (!c->is_too_large_reported) {
        c->is_too_large_reported = true;
        diag0(c->sink, DIAG_TYPE_TOO_DEEP, span);
    }
}

static Text source_text(const Body *c, Span span) {
    return (Text){c->module->source->text.data + span.start, span.end - span.start};
}

// The edit that would make a value of type `found` one of type `wanted` (chapter 6).
OUT_OF_LINE static void hint_conversion(Body *c, Diagnostic *d, Span span, TypeId found, TypeId wanted) {
    TypeShape from = type_shape(c, found), to = type_shape(c, wanted);
    const char *open = NULL, *close = ")";
    if (to.kind == TYPE_FLOAT && from.kind == TYPE_INT)
        open = "float(";
    else if (to.kind == TYPE_INT && (from.kind == TYPE_FLOAT || from.kind == TYPE_STR))
        open = "int(";
    else if (to.kind == TYPE_FLOAT && from.kind == TYPE_STR)
        open = "float(";
    else if (to.kind == TYPE_BYTE && (from.kind == TYPE_STR || from.kind == TYPE_INT))
        open = "byte(";
    else if (to.kind == TYPE_CHAR && from.kind == TYPE_STR)
        open = "char(";
    else if (to.kind == TYPE_LIST && fits(c, found, to.args[0]))
        open = "[", close = "]";
    else if (to.kind == TYPE_NAMED && to.head == c->program->known.option.index && fits(c, found, to.args[0]))
        open = "Some(";
    else if (to.kind == TYPE_NAMED && to.head == c->program->known.result.index && fits(c, found, to.args[0]))
        open = "Ok(";
    else if (to.kind == TYPE_NAMED && to.head == c->program->known.result.index && fits(c, found, to.args[1]))
        open = "Err(";
    else if (to.kind == TYPE_STR && from.kind != TYPE_FUNCTION && from.kind != TYPE_NONE && from.kind != TYPE_VOID) {
        SolveResult printable = trait_solve(c->program, &c->function->generics, type_heads(c, found),
                                            c->program->builtin_traits[TRAIT_PRINTABLE]);
        if (printable.answer == SOLVE_YES) open = "str(";
    }
    if (open == NULL) return;
    const char *shown = open[0] == '[' ? "[x]" : arena_format(c->scratch, "%sx)", open).data;
    diag_note(c->sink, d, arena_format(c->scratch, open[0] == '[' ? "write `%s`" : "convert with `%s`", shown));
    Text literal = source_text(c, span);
    if (to.kind == TYPE_CHAR && literal.length == 3 && literal.data[0] == '"' && literal.data[1] != '\'') {
        DiagFix *quotes = diag_fix(c->sink, d, TEXT("a character stands in single quotes: `'x'`"), true);
        diag_edit(c->sink, quotes, span, arena_format(c->scratch, "'%c'", literal.data[1]));
    }
    DiagFix *fix = diag_fix(c->sink, d, arena_format(c->scratch, "convert with `%s`", shown), false);
    Text text = source_text(c, span);
    diag_edit(c->sink, fix, span, arena_format(c->scratch, "%s%.*s%s", open, (int)text.length, text.data, close));
}

OUT_OF_LINE static void label_reason(Body *c, Diagnostic *d, Expected expected) {
    const Reason *r = &c->reasons.items[expected.reason];
    const Function *f;
    switch (r->kind) {
    case REASON_NONE:
        return;
    case REASON_PARAMETER: {
        f = &c->program->functions[r->a];
        if (f->module.index == c->program->prelude.index) return; // its text is nowhere to be seen
        const Parameter *p = &f->parameters[r->b];
        Text name = name_text(c, p->name);
        diag_label(c->sink, d, p->span,
                   arena_format(c->scratch, "`%.*s` is declared here", (int)name.length, name.data));
        return;
    }
    case REASON_RESULT: {
        f = c->function;
        const FunctionHead *head = tree_function_head(&c->view, f->node);
        if (head->result == 0) return;
        diag_label(c->sink, d, span_of(c, head->result), TEXT("the result is declared here"));
        return;
    }
    case REASON_NODE:
    case REASON_PLACE: {
        Text text = text_from(r->text);
        if (text.length > 0 && text.data[text.length - 1] == ' ') {
            Text type = type_text(c, r->type.index != 0 ? r->type : expected.type);
            text = arena_format(c->scratch, "%s`%.*s`", r->text, (int)type.length, type.data);
        }
        diag_label(c->sink, d, r->kind == REASON_NODE ? span_of(c, r->a) : (Span){c->module->source->file, r->a, r->b},
                   text);
        return;
    }
    }
}

static bool result_by_question(const Body *c, TypeId expected) {
    const LambdaInfo *info = &c->lambdas.items[c->env.lambda];
    return info->result_by_question && info->result.index == expected.index;
}

Diagnostic *report_mismatch(Body *c, Span span, TypeId found, Expected expected, NodeIndex n) {
    Text wanted = type_text(c, expected.type);
    Text shown = type_text(c, found);
    Diagnostic *d;
    if (result_by_question(c, expected.type)) {
        d = diag(c->sink, DIAG_NO_MATCHING_RESULT, span,
                 arena_format(c->scratch, "the `?` before makes the result `%.*s`, found `%.*s`", (int)wanted.length,
                              wanted.data, (int)shown.length, shown.data));
    } else {
        d = diag(c->sink, DIAG_TYPE_MISMATCH, span, wanted, shown);
        diag_primary(c->sink, d, arena_format(c->scratch, "this is `%.*s`", (int)shown.length, shown.data));
    }
    label_reason(c, d, expected);
    if (is_kind(c, expected.type, TYPE_DYN) && !is_kind(c, found, TYPE_ERROR)) {
        Text trait = name_text(c, c->program->traits[type_shape(c, expected.type).head].name);
        diag_note(c->sink, d,
                  arena_format(c->scratch, "`%.*s` does not implement `%.*s`", (int)shown.length, shown.data,
                               (int)trait.length, trait.data));
    }
    if (n != 0) hint_conversion(c, d, span, found, expected.type);
    if (n != 0 && c->view.kinds[n] == NODE_IF && c->view.extra[c->view.b[n] + 1] == 0)
        diag_note(c->sink, d, TEXT("an `if` without `else` is `void`"));
    if (is_kind(c, found, TYPE_FUNCTION) && !is_kind(c, expected.type, TYPE_FUNCTION) && n != 0 &&
        (c->view.kinds[n] == NODE_NAME || c->view.kinds[n] == NODE_FIELD))
        diag_note(c->sink, d, TEXT("this is a function; call it with `(…)`"));
    return d;
}

OUT_OF_LINE static uint32_t coerce_failed(Body *c, NodeIndex n, uint32_t value, Expected expected, UnifyAnswer answer) {
    if (answer == UNIFY_DIFFERS)
        (void)report_mismatch(c, span_of(c, n), c->type[value], expected, n);
    else
        report_unify(c, answer, span_of(c, n));
    return node_error(c, n);
}

uint32_t coerce(Body *c, NodeIndex n, uint32_t value, Expected expected) {
    if (expected.type.index == 0) return value;
    TypeId found = prune(c, c->type[value]);
    if (found.index == expected.type.index) return value;
    if (found.index == TYPE_NEVER) {
        variable_forgive(c, expected.type);
        return value;
    }
    if (dyn_wraps(c, found, expected.type)) return dyn_wrap(c, n, value, expected.type);
    UnifyAnswer answer = unify(c, found, expected.type);
    return answer == UNIFY_OK ? value : coerce_failed(c, n, value, expected, answer);
}

uint32_t check(Body *c, NodeIndex n, Expected expected) { return coerce(c, n, expr(c, n, expected), expected); }

// ---- literals -------------------------------------------------------------------------------------------------------------------------

uint32_t int_literal(Body *c, NodeIndex n, bool is_negative, Expected expected) {
    uint64_t value = c->view.file_tokens->literals[c->view.a[n]];
    if (c->view.file_tokens->has_bad_text) { // `1e`: no number at all, as the lexer said
        Text text = token_text(c->view.file_tokens, token_of(c, n));
        char last = text.length == 0 ? '0' : text.data[text.length - 1];
        bool is_decimal = text.length < 2 || text.data[0] != '0' || text.data[1] < 'A';
        if (is_decimal && (last < '0' || last > '9')) return node_error(c, n);
        if (last == '_') return node_error(c, n);
    }
    TypeId type = INT_TYPE;
    if (expected.type.index != 0 && is_kind(c, expected.type, TYPE_BYTE)) {
        type = BYTE_TYPE;
        if (value > 255 || (is_negative && value > 0)) {
            diag(c->sink, DIAG_INT_TOO_LARGE, span_of(c, n), TEXT("byte"));
            return node_error(c, n);
        }
    }
    if (is_negative) value = ~value + 1; // the lexer allows 2^63 only here
    return node_add(c, TYPED_INT, type, token_of(c, n), (uint32_t)value, (uint32_t)(value >> 32));
}

OUT_OF_LINE static uint32_t wide_literal(Body *c, NodeIndex n, TypedKind kind, TypeKind type) {
    uint64_t value = c->view.file_tokens->literals[c->view.a[n]];
    return node_add(c, kind, TYPE_ID(type), token_of(c, n), (uint32_t)value, (uint32_t)(value >> 32));
}

// ---- compound literals -------------------------------------------------------------------------------------------------------------------

OUT_OF_LINE static uint32_t tuple_literal(Body *c, NodeIndex n, Expected expected) {
    uint32_t list = c->view.b[n], count = tree_list_count(&c->view, list), base = c->stack.count;
    TypeShape shape = {0};
    if (expected.type.index != 0) shape = type_shape(c, expected.type);
    bool is_expected = shape.kind == TYPE_TUPLE && shape.arg_count == count;
    bool is_silent = expected.type.index != 0 && shape.kind == TYPE_ERROR;
    for (uint32_t i = 0; i < count; i++) {
        Expected part = is_expected ? expect(shape.args[i], expected.reason)
                        : is_silent ? expect(ERROR_TYPE, 0)
                                    : NOTHING;
        NodeIndex item = tree_list_item(&c->view, list, i);
        uint32_t value = is_expected ? check(c, item, part) : expr(c, item, part);
        stack_push(c, i);
        stack_push(c, value);
    }
    TypeId *types = arena_array(c->scratch, TypeId, count);
    for (uint32_t i = 0; i < count; i++) {
        types[i] = c->type[c->stack.items[base + 2 * i + 1]];
        if (is_expected && is_kind(c, types[i], TYPE_NEVER)) types[i] = shape.args[i];
    }
    TypeId type = body_type(c, TYPE_TUPLE, 0, types, count);
    return node_add(c, TYPED_CONSTRUCT, type, token_of(c, n), 0, pairs_from_stack(c, base));
}

OUT_OF_LINE static uint32_t list_literal(Body *c, NodeIndex n, Expected expected) {
    uint32_t list = c->view.b[n], count = tree_list_count(&c->view, list), base = c->stack.count;
    TypeShape shape = {0};
    if (expected.type.index != 0) shape = type_shape(c, expected.type);
    TypeId element = shape.kind == TYPE_LIST    ? shape.args[0]
                     : shape.kind == TYPE_ERROR ? ERROR_TYPE
                                                : type_variable(c, token_of(c, n));
    Expected part = expect(element, shape.kind == TYPE_LIST ? expected.reason : 0);
    for (uint32_t i = 0; i < count; i++) {
        NodeIndex item = tree_list_item(&c->view, list, i);
        stack_push(c, check(c, item, part));
        if (i == 0 && part.reason == 0) part.reason = reason_node(c, item, "the first element is ", (TypeId){0});
    }
    return node_add(c, TYPED_LIST, type_of1(c, TYPE_LIST, element), token_of(c, n), 0, list_from_stack(c, base));
}

// Two equal literal keys are W0374; a table of the literals seen so far keeps this linear.
typedef struct KeyTable {
    uint32_t *slots; // typed nodes of keys
    uint32_t *nodes; // their tree nodes
    uint32_t mask;
} KeyTable;

static bool keys_equal(const Body *c, uint32_t first, uint32_t second) {
    return c->kind[first] == c->kind[second] && c->a[first] == c->a[second] && c->b[first] == c->b[second] &&
           c->type[first].index == c->type[second].index;
}

OUT_OF_LINE static void key_note(Body *c, KeyTable *table, NodeIndex n, uint32_t key) {
    uint8_t kind = c->kind[key];
    if (kind != TYPED_INT && kind != TYPED_STR && kind != TYPED_BOOL) return;
    uint32_t slot = (c->a[key] * 0x9E3779B1u ^ c->b[key]) & table->mask;
    while (table->slots[slot] != 0 && !keys_equal(c, table->slots[slot], key))
        slot = (slot + 1) & table->mask;
    if (table->slots[slot] != 0) {
        Text text = source_text(c, span_of(c, n));
        Diagnostic *d = diag(c->sink, DIAG_KEY_GIVEN_TWICE, span_of(c, n),
                             arena_format(c->scratch, "`%.*s`", (int)text.length, text.data));
        diag_label(c->sink, d, span_of(c, table->nodes[slot]), TEXT("it is given here before"));
    }
    table->slots[slot] = key;
    table->nodes[slot] = n;
}

OUT_OF_LINE static uint32_t map_literal(Body *c, NodeIndex n, Expected expected) {
    uint32_t list = c->view.b[n], count = tree_list_count(&c->view, list), base = c->stack.count;
    TypeShape shape = {0};
    if (expected.type.index != 0) shape = type_shape(c, expected.type);
    uint32_t token = token_of(c, n);
    TypeId types[2] = {ERROR_TYPE, ERROR_TYPE};
    bool is_expected = shape.kind == TYPE_MAP;
    if (is_expected)
        types[0] = shape.args[0], types[1] = shape.args[1];
    else if (shape.kind != TYPE_ERROR)
        types[0] = type_variable(c, token), types[1] = type_variable(c, token);
    KeyTable keys = {.mask = 7};
    while (keys.mask < count)
        keys.mask = 2 * keys.mask + 1;
    keys.slots = arena_array(c->scratch, uint32_t, keys.mask + 1);
    keys.nodes = arena_array(c->scratch, uint32_t, keys.mask + 1);
    uint32_t reasons[2] = {is_expected ? expected.reason : 0, is_expected ? expected.reason : 0};
    for (uint32_t i = 0; i < count; i++) {
        NodeIndex item = tree_list_item(&c->view, list, i);
        uint32_t value = check(c, item, expect(types[i & 1], reasons[i & 1]));
        stack_push(c, value);
        if ((i & 1) == 0) key_note(c, &keys, item, value);
        if (i < 2 && reasons[i] == 0)
            reasons[i] = reason_node(c, item, i == 0 ? "the first key is " : "the first value is ", (TypeId){0});
    }
    TypeId type = body_type(c, TYPE_MAP, 0, types, 2);
    if (!is_error(c, types[0])) {
        static const BuiltinTrait traits[] = {TRAIT_EQ, TRAIT_HASHABLE};
        for (uint32_t i = 0; i < 2; i++)
            obligation_add(c, types[0], traits[i], n, PLACE_TOKEN)->is_of_parts = true;
    }
    return node_add(c, TYPED_MAP, type, token, 0, list_from_stack(c, base));
}

// ---- the walk -----------------------------------------------------------------------------------------------------------------------------

OUT_OF_LINE static uint32_t config_read(Body *c, NodeIndex n) {
    NameId name = {c->view.a[n]};
    Item item = scope_lookup(c->program, c->function->module, SCOPE_CONFIG, name);
    if (item.kind == ITEM_CONFIG) {
        TypeId type = c->program->configs[item.index].type;
        if (type.index == 0) type = ERROR_TYPE;
        return node_add(c, TYPED_CONFIG, type, token_of(c, n), item.index, 0);
    }
    if (item.kind == ITEM_NONE) {
        Text text = name_text(c, name);
        Diagnostic *d = diag(c->sink, DIAG_UNKNOWN_NAME, span_of(c, n),
                             arena_format(c->scratch, "$%.*s", (int)text.length, text.data));
        suggest_names(c->program, c->function->module, SCOPE_CONFIG, name, c->sink, d);
    }
    return node_error(c, n);
}

OUT_OF_LINE static uint32_t length_read(Body *c, NodeIndex n) {
    LengthScope *length = c->env.length;
    if (length == NULL) { // a call through a type or module has no receiver
        Diagnostic *d = diag(c->sink, DIAG_UNKNOWN_NAME, span_of(c, n), TEXT("#"));
        diag_note(c->sink, d, TEXT("`#` is the length of what is indexed, or of the receiver of a method call"));
        return node_error(c, n);
    }
    uint32_t token = token_of(c, n);
    if (length->local == 0) {
        uint32_t lambda = c->env.lambda;
        c->env.lambda = length->lambda;
        length->local = local_add(c, (NameId){0}, c->type[length->receiver], span_of(c, n));
        c->local_infos.items[length->local].is_hidden = true;
        c->env.lambda = lambda;
    }
    uint32_t receiver = local_read(c, length->local, token);
    obligation_add(c, c->type[receiver], TRAIT_LEN, n, PLACE_TOKEN);
    return node_add(c, TYPED_LENGTH, INT_TYPE, token, receiver, 0);
}

static uint32_t let_outside(Body *c, NodeIndex n) { return node_error(c, n); } // the parser said so (E0111)

uint32_t expr(Body *c, NodeIndex n, Expected expected) {
    c->at = n;
#if defined(__GNUC__)
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
#else
    char place;
    uintptr_t here = (uintptr_t)&place;
#endif
    if (UNLIKELY(c->stack_start - here > c->stack_bytes)) return expr_on_own_stack(c, n, expected);
    switch ((NodeKind)c->view.kinds[n]) {
    case NODE_INT:
        return int_literal(c, n, false, expected);
    case NODE_FLOAT:
        return wide_literal(c, n, TYPED_FLOAT, TYPE_FLOAT);
    case NODE_STR:
        return node_add(c, TYPED_STR, STR_TYPE, token_of(c, n), c->view.a[n], 0);
    case NODE_CHAR:
        return node_add(c, TYPED_INT, CHAR_TYPE, token_of(c, n), c->view.a[n], 0);
    case NODE_BOOL:
        return node_add(c, TYPED_BOOL, BOOL_TYPE, token_of(c, n), c->view.a[n], 0);
    case NODE_DURATION:
        return wide_literal(c, n, TYPED_INT, TYPE_DURATION);
    case NODE_SIZE:
        return wide_literal(c, n, TYPED_INT, TYPE_SIZE);
    case NODE_UNIT:
        return node_add(c, TYPED_UNIT, VOID_TYPE, token_of(c, n), 0, 0);
    case NODE_CONFIG:
        return config_read(c, n);
    case NODE_LENGTH:
        return length_read(c, n);
    case NODE_TUPLE:
        return tuple_literal(c, n, expected);
    case NODE_LIST:
        return list_literal(c, n, expected);
    case NODE_MAP:
        return map_literal(c, n, expected);
    case NODE_STRUCT:
        return struct_literal(c, n, expected);
    case NODE_NEGATE:
    case NODE_NOT:
    case NODE_COMPLEMENT:
        return unary_check(c, n, expected);
    case NODE_NAME:
    case NODE_SELF:
    case NODE_SELF_TYPE:
    case NODE_TYPE_APPLY:
    case NODE_FIELD:
    case NODE_TUPLE_PART:
    case NODE_FIELD_CONFIG:
    case NODE_INDEX:
    case NODE_CALL:
    case NODE_QUESTION:
        return spine_expression(c, n, expected);
    case NODE_OPERATOR:
        return operator_function(c, n, expected);
    case NODE_LAMBDA:
        return lambda_check(c, n, expected);
    case NODE_IF:
        return if_check(c, n, expected);
    case NODE_FOR_LOOP:
        return for_check(c, n, expected);
    case NODE_WHILE:
        return while_check(c, n);
    case NODE_BREAK:
        return break_check(c, n);
    case NODE_CONTINUE:
        return break_check(c, n);
    case NODE_ASSIGN:
        return assign_check(c, n);
    case NODE_RUN:
        return sequence_check(c, n, c->view.b[n], expected, false);
    case NODE_TRY:
        return try_check(c, n, expected);
    case NODE_LOOP:
        return loop_check(c, n, expected);
    case NODE_MATCH:
        return match_check(c, n, expected);
    case NODE_LET:
        return let_outside(c, n);
    case NODE_FOR_PATTERN:
        return for_pattern(c, n, expected);
    case NODE_PATTERN_EXPR:
        return pattern_expression(c, n, expected);
    case NODE_PROVIDE:
        return provide_check(c, n, expected);
    case NODE_WITH_PATTERN:
        (void)body_unsupported(c, tree_token_span(&c->view, n), "the pattern `with`");
        return node_error(c, n);
    default:
        if (is_binary((NodeKind)c->view.kinds[n])) return spine_expression(c, n, expected);
        return node_error(c, n); // ERROR nodes, and what can only follow from one
    }
}

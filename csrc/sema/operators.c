// sema/operators.c: which operators exist for which types (chapter 4), and what an operator does to open types (chapter 6).
#include "sema/body_internal.h"

bool is_binary(NodeKind kind) {
    switch ((int)kind) {
    case NODE_MULTIPLY:
    case NODE_DIVIDE:
    case NODE_REMAINDER:
    case NODE_FLOOR_DIVIDE:
    case NODE_ADD:
    case NODE_SUBTRACT:
    case NODE_SHIFT_LEFT:
    case NODE_SHIFT_RIGHT:
    case NODE_RANGE:
    case NODE_RANGE_INCLUSIVE:
    case NODE_LESS:
    case NODE_LESS_EQUAL:
    case NODE_GREATER:
    case NODE_GREATER_EQUAL:
    case NODE_EQUAL:
    case NODE_NOT_EQUAL:
    case NODE_BIT_AND:
    case NODE_BIT_XOR:
    case NODE_BIT_OR:
    case NODE_AND:
    case NODE_OR:
    case NODE_COALESCE:
        return true;
    default:
        return false;
    }
}

typedef enum OperatorClass { CLASS_ARITHMETIC, CLASS_SHIFT, CLASS_COMPARE, CLASS_LOGIC } OperatorClass;

typedef struct OperatorRow {
    TypedOp op;
    OperatorClass class;
    const char *text;
} OperatorRow;

static OperatorRow operator_row(NodeKind kind) {
    switch ((int)kind) {
    case NODE_ADD:
        return (OperatorRow){OP_ADD, CLASS_ARITHMETIC, "+"};
    case NODE_SUBTRACT:
        return (OperatorRow){OP_SUBTRACT, CLASS_ARITHMETIC, "-"};
    case NODE_MULTIPLY:
        return (OperatorRow){OP_MULTIPLY, CLASS_ARITHMETIC, "*"};
    case NODE_DIVIDE:
        return (OperatorRow){OP_DIVIDE, CLASS_ARITHMETIC, "/"};
    case NODE_REMAINDER:
        return (OperatorRow){OP_REMAINDER, CLASS_ARITHMETIC, "%"};
    case NODE_FLOOR_DIVIDE:
        return (OperatorRow){OP_FLOOR_DIVIDE, CLASS_ARITHMETIC, "div"};
    case NODE_BIT_AND:
        return (OperatorRow){OP_BIT_AND, CLASS_ARITHMETIC, "&"};
    case NODE_BIT_XOR:
        return (OperatorRow){OP_BIT_XOR, CLASS_ARITHMETIC, "^"};
    case NODE_BIT_OR:
        return (OperatorRow){OP_BIT_OR, CLASS_ARITHMETIC, "|"};
    case NODE_SHIFT_LEFT:
        return (OperatorRow){OP_SHIFT_LEFT, CLASS_SHIFT, "<<"};
    case NODE_SHIFT_RIGHT:
        return (OperatorRow){OP_SHIFT_RIGHT, CLASS_SHIFT, ">>"};
    case NODE_EQUAL:
        return (OperatorRow){OP_EQUAL, CLASS_COMPARE, "=="};
    case NODE_NOT_EQUAL:
        return (OperatorRow){OP_NOT_EQUAL, CLASS_COMPARE, "!="};
    case NODE_LESS:
        return (OperatorRow){OP_LESS, CLASS_COMPARE, "<"};
    case NODE_LESS_EQUAL:
        return (OperatorRow){OP_LESS_EQUAL, CLASS_COMPARE, "<="};
    case NODE_GREATER:
        return (OperatorRow){OP_GREATER, CLASS_COMPARE, ">"};
    case NODE_GREATER_EQUAL:
        return (OperatorRow){OP_GREATER_EQUAL, CLASS_COMPARE, ">="};
    case NODE_AND:
        return (OperatorRow){OP_AND, CLASS_LOGIC, "&&"};
    default:
        return (OperatorRow){OP_OR, CLASS_LOGIC, "||"};
    }
}

static bool is_unit(TypeKind kind) { return kind == TYPE_DURATION || kind == TYPE_SIZE; }

// Whether a left operand of this kind has the operator at all.
static bool has_operator(NodeKind op, TypeKind left) {
    bool number = left == TYPE_INT || left == TYPE_BYTE;
    switch ((int)op) {
    case NODE_ADD:
        return number || left == TYPE_FLOAT || is_unit(left) || left == TYPE_STR || left == TYPE_LIST;
    case NODE_SUBTRACT:
    case NODE_MULTIPLY:
    case NODE_DIVIDE:
        return number || left == TYPE_FLOAT || is_unit(left);
    case NODE_REMAINDER:
        return number || left == TYPE_DURATION;
    default:
        return number; // div, bitwise operators, shifts
    }
}

OUT_OF_LINE static void report_undefined(Body *c, NodeIndex n, const char *op, TypeId left) {
    Text shown = type_text(c, left);
    Diagnostic *d = diag(c->sink, DIAG_OPERATOR_UNDEFINED, tree_token_span(&c->view, n), text_from(op),
                         arena_format(c->scratch, "`%.*s`", (int)shown.length, shown.data));
    TypeKind kind = type_shape(c, left).kind;
    if (kind == TYPE_BOOL && (strcmp(op, "&") == 0 || strcmp(op, "|") == 0)) {
        diag_note(c->sink, d, arena_format(c->scratch, "of two conditions use `%s%s`", op, op));
        DiagFix *fix = diag_fix(c->sink, d, arena_format(c->scratch, "use `%s%s`", op, op), false);
        diag_edit(c->sink, fix, tree_token_span(&c->view, n), arena_format(c->scratch, "%s%s", op, op));
    } else if (kind == TYPE_NAMED && c->program->type_decls[type_shape(c, left).head].kind == DECL_NEWTYPE) {
        diag_note(c->sink, d, TEXT("a newtype has no operators of its own; use its `.value`"));
    } else if (kind == TYPE_NAMED && type_shape(c, left).arg_count > 0 &&
               is_named(c, left, c->program->known.option, NULL)) {
        diag_note(c->sink, d, TEXT("take the part out first, with `??`, `?` or `match`"));
    }
}

static uint32_t left_reason(Body *c, NodeIndex n, TypeId type) {
    return reason_node(c, c->view.a[n], "the left operand is ", type);
}

// The right operand has another type than the left one asks for.
OUT_OF_LINE static uint32_t right_wrong(Body *c, NodeIndex n, uint32_t left, uint32_t right, TypeId wanted,
                                        const char *op) {
    NodeIndex syntax = c->view.b[n];
    TypeId found = c->type[right];
    TypeKind from = type_shape(c, c->type[left]).kind, to = type_shape(c, found).kind;
    Span span = span_of(c, syntax);
    if (from == TYPE_INT && to == TYPE_FLOAT) { // `1 + 2.0`: it is the left one that can be converted without loss
        Span place = span_of(c, c->view.a[n]);
        Diagnostic *d = report_mismatch(c, span, found, expect(wanted, left_reason(c, n, wanted)), 0);
        DiagFix *fix = diag_fix(c->sink, d, TEXT("convert the left operand with `float(x)`"), false);
        Text text = {c->module->source->text.data + place.start, place.end - place.start};
        diag_edit(c->sink, fix, place, arena_format(c->scratch, "float(%.*s)", (int)text.length, text.data));
        return node_error(c, n);
    }
    bool is_side_by_side = c->view.kinds[n] != NODE_NEGATE;
    Diagnostic *d =
        report_mismatch(c, span, found, expect(wanted, is_side_by_side ? left_reason(c, n, c->type[left]) : 0), syntax);
    if (to == TYPE_BOOL &&
        (c->view.kinds[n] == NODE_BIT_AND || c->view.kinds[n] == NODE_BIT_OR || c->view.kinds[n] == NODE_BIT_XOR))
        diag_note(c->sink, d,
                  arena_format(c->scratch, "`%s` binds weaker than comparisons; put `a %s b` in parentheses", op, op));
    return node_error(c, n);
}

// `left op right` with the left type known and the right operand checked; the type of the result, or none after a report.
OUT_OF_LINE static TypeId arithmetic_type(Body *c, NodeIndex n, uint32_t left, uint32_t right) {
    NodeKind kind = (NodeKind)c->view.kinds[n];
    OperatorRow row = operator_row(kind);
    TypeId type = c->type[left], other = c->type[right];
    TypeKind l = type_shape(c, type).kind, r = type_shape(c, other).kind;
    if (l == TYPE_ERROR) return ERROR_TYPE;
    if (!has_operator(kind, l)) {
        if (r != TYPE_ERROR) report_undefined(c, n, row.text, type);
        return (TypeId){0};
    }
    if (r == TYPE_ERROR) return ERROR_TYPE;
    TypeId wanted = type, result = type;
    if (row.class == CLASS_SHIFT) {
        wanted = INT_TYPE;
    } else if (kind == NODE_MULTIPLY && is_unit(l)) {
        wanted = INT_TYPE;
    } else if (kind == NODE_MULTIPLY && l == TYPE_INT && is_unit(r)) {
        wanted = other;
        result = other;
    } else if (kind == NODE_DIVIDE && is_unit(l)) {
        if (l == TYPE_DURATION && r == TYPE_DURATION)
            result = FLOAT_TYPE;
        else
            wanted = INT_TYPE;
    }
    if (r == TYPE_NEVER) return result;
    UnifyAnswer answer = unify(c, other, wanted);
    if (answer == UNIFY_OK) return result;
    if (answer == UNIFY_DIFFERS)
        (void)right_wrong(c, n, left, right, wanted, row.text);
    else
        report_unify(c, answer, span_of(c, c->view.b[n]));
    return (TypeId){0};
}

static uint32_t binary_node(Body *c, NodeIndex n, TypeId type, uint32_t left, uint32_t right, TypedOp op) {
    uint32_t words[2] = {right, (uint32_t)op};
    return node_add(c, TYPED_BINARY, type, token_of(c, n), left, extra_words(c, words, 2));
}

OUT_OF_LINE static uint32_t arithmetic(Body *c, NodeIndex n, uint32_t left) {
    NodeKind kind = (NodeKind)c->view.kinds[n];
    OperatorRow row = operator_row(kind);
    TypeId type = c->type[left];
    TypeKind l = type_shape(c, type).kind;
    if (l == TYPE_NEVER) {
        (void)expr(c, c->view.b[n], NOTHING);
        return left;
    }
    if (l == TYPE_NONE) { // open
        bool is_same = kind != NODE_MULTIPLY && kind != NODE_DIVIDE && row.class != CLASS_SHIFT;
        uint32_t right = is_same                    ? check(c, c->view.b[n], expect(type, left_reason(c, n, type)))
                         : row.class == CLASS_SHIFT ? check(c, c->view.b[n], expect(INT_TYPE, 0))
                                                    : expr(c, c->view.b[n], NOTHING);
        bool is_known = is_same && !is_open(c, type);
        if (!is_known) {
            Waiting *w = wait_for(c, WAIT_BINARY, n, type,
                                  is_same || row.class == CLASS_SHIFT ? type : type_variable(c, token_of(c, n)));
            w->receiver = left;
            w->other = right;
            return w->node;
        }
        TypeId result = arithmetic_type(c, n, left, right);
        return result.index == 0 ? node_error(c, n) : binary_node(c, n, result, left, right, row.op);
    }
    bool wants_int = row.class == CLASS_SHIFT || (is_unit(l) && (kind == NODE_MULTIPLY || kind == NODE_DIVIDE));
    uint32_t right = expr(c, c->view.b[n], expect(wants_int ? INT_TYPE : type, 0));
    TypeId result = arithmetic_type(c, n, left, right);
    if (result.index <= TYPE_ERROR) return node_error(c, n);
    return binary_node(c, n, result, left, right, row.op);
}

bool binary_complete(Body *c, Waiting *w, bool by_default) {
    if (is_open(c, w->type)) {
        if (!by_default) return false;
        (void)unify(c, w->type, INT_TYPE);
    }
    NodeIndex n = w->syntax;
    uint32_t left = w->receiver, right = w->other, into = w->node;
    TypeId wanted = w->result;
    TypeId result;
    if (c->view.kinds[n] == NODE_RANGE || c->view.kinds[n] == NODE_RANGE_INCLUSIVE) {
        TypeKind kind = type_shape(c, w->type).kind;
        if (kind != TYPE_INT && kind != TYPE_CHAR && kind != TYPE_BYTE && kind != TYPE_ERROR) {
            report_undefined(c, n, c->view.kinds[n] == NODE_RANGE ? ".." : "..=", w->type);
            c->kind[into] = TYPED_ERROR;
        }
        return true;
    }
    result = arithmetic_type(c, n, left, right);
    if (result.index <= TYPE_ERROR) {
        node_put(c, into, TYPED_ERROR, ERROR_TYPE, token_of(c, n), 0, 0);
        (void)unify(c, wanted, ERROR_TYPE);
        return true;
    }
    uint32_t words[2] = {right, (uint32_t)operator_row((NodeKind)c->view.kinds[n]).op};
    node_put(c, into, TYPED_BINARY, result, token_of(c, n), left, extra_words(c, words, 2));
    if (unify(c, wanted, result) != UNIFY_OK) (void)report_mismatch(c, span_of(c, n), result, expect(wanted, 0), n);
    return true;
}

OUT_OF_LINE static uint32_t comparison(Body *c, NodeIndex n, uint32_t left) {
    OperatorRow row = operator_row((NodeKind)c->view.kinds[n]);
    TypeId type = c->type[left];
    if (is_kind(c, type, TYPE_NEVER)) {
        (void)expr(c, c->view.b[n], NOTHING);
        return left;
    }
    uint32_t right = expr(c, c->view.b[n], expect(type, 0));
    TypeId other = prune(c, c->type[right]);
    if (other.index != TYPE_NEVER && other.index != prune(c, type).index) {
        UnifyAnswer answer = unify(c, other, type);
        if (answer == UNIFY_DIFFERS) return right_wrong(c, n, left, right, type, row.text);
        if (answer != UNIFY_OK) {
            report_unify(c, answer, span_of(c, c->view.b[n]));
            return node_error(c, n);
        }
    }
    bool is_equality = row.op == OP_EQUAL || row.op == OP_NOT_EQUAL;
    obligation_add(c, type, is_equality ? TRAIT_EQ : TRAIT_COMPARABLE, n, PLACE_TOKEN);
    return binary_node(c, n, BOOL_TYPE, left, right, row.op);
}

OUT_OF_LINE static uint32_t range_of(Body *c, NodeIndex n, uint32_t left) {
    bool is_inclusive = c->view.kinds[n] == NODE_RANGE_INCLUSIVE;
    TypeId type = c->type[left];
    TypeKind kind = type_shape(c, type).kind;
    if (kind == TYPE_NEVER || kind == TYPE_ERROR) {
        (void)expr(c, c->view.b[n], kind == TYPE_ERROR ? expect(ERROR_TYPE, 0) : NOTHING);
        return left;
    }
    if (kind == TYPE_RANGE && c->has_syntax_errors) { // `1..2..3`: the parser said so
        (void)expr(c, c->view.b[n], expect(ERROR_TYPE, 0));
        return node_error(c, n);
    }
    if (kind != TYPE_NONE && kind != TYPE_INT && kind != TYPE_CHAR && kind != TYPE_BYTE) {
        (void)expr(c, c->view.b[n], expect(ERROR_TYPE, 0));
        report_undefined(c, n, is_inclusive ? "..=" : "..", type);
        return node_error(c, n);
    }
    uint32_t words[2] = {check(c, c->view.b[n], expect(type, left_reason(c, n, type))), is_inclusive ? 1 : 0};
    uint32_t node =
        node_add(c, TYPED_RANGE, type_of1(c, TYPE_RANGE, type), token_of(c, n), left, extra_words(c, words, 2));
    if (is_open(c, type)) {
        Waiting *w = wait_for(c, WAIT_BINARY, n, type, type);
        w->node = node; // only its operands' type is still to be looked at
        w->receiver = left;
    }
    return node;
}

// ---- ?? --------------------------------------------------------------------------------------------------------------------------------------

static void report_coalesce(Body *c, NodeIndex n, TypeId type) {
    Text shown = type_text(c, type);
    Diagnostic *d = diag(c->sink, DIAG_OPERATOR_UNDEFINED, tree_token_span(&c->view, n), TEXT("??"),
                         arena_format(c->scratch, "`%.*s`", (int)shown.length, shown.data));
    diag_note(c->sink, d, TEXT("the left side of `??` is an `Option` or a `Result`"));
}

// The type of the whole, once both sides are checked; reports where the right one does not fit.
OUT_OF_LINE static TypeId coalesce_type(Body *c, NodeIndex n, uint32_t left, uint32_t right, TypeShape shape) {
    TypeId part = shape.args[0], other = c->type[right];
    bool is_option = is_named(c, c->type[left], c->program->known.option, NULL);
    if (is_option && is_named(c, other, c->program->known.option, NULL) &&
        !is_named(c, part, c->program->known.option, NULL)) {
        uint32_t value = coerce(c, c->view.b[n], right, expect(c->type[left], left_reason(c, n, c->type[left])));
        return value == right ? c->type[left] : ERROR_TYPE;
    }
    uint32_t value = coerce(c, c->view.b[n], right, expect(part, left_reason(c, n, c->type[left])));
    return value == right ? part : ERROR_TYPE;
}

OUT_OF_LINE static uint32_t coalesce(Body *c, NodeIndex n, uint32_t left, Expected expected) {
    TypeId type = c->type[left];
    TypeShape shape = type_shape(c, type);
    bool is_option = is_named(c, type, c->program->known.option, NULL);
    if (shape.kind == TYPE_NONE) {
        uint32_t right = expr(c, c->view.b[n], expected);
        Waiting *w = wait_for(c, WAIT_COALESCE, n, type, type_variable(c, token_of(c, n)));
        w->receiver = left;
        w->other = right;
        return w->node;
    }
    if (!is_option && !is_named(c, type, c->program->known.result, NULL)) {
        (void)expr(c, c->view.b[n], shape.kind == TYPE_ERROR ? expect(ERROR_TYPE, 0) : NOTHING);
        if (shape.kind == TYPE_NEVER) return left;
        if (shape.kind != TYPE_ERROR) report_coalesce(c, n, type);
        return node_error(c, n);
    }
    Expected inward = expect(shape.args[0], 0);
    if (expected.type.index != 0) {
        if (is_option && is_named(c, expected.type, c->program->known.option, NULL) && fits(c, type, expected.type))
            inward = expected;
        else if (!is_open(c, expected.type))
            (void)unify_try(c, shape.args[0], expected.type);
    }
    uint32_t right = expr(c, c->view.b[n], inward);
    TypeId whole = coalesce_type(c, n, left, right, shape);
    if (is_error(c, whole)) return node_error(c, n);
    return node_add(c, TYPED_COALESCE, whole, token_of(c, n), left, right);
}

bool coalesce_complete(Body *c, Waiting *w) {
    NodeIndex n = w->syntax;
    uint32_t left = w->receiver, right = w->other, into = w->node;
    TypeId result = w->result, type = w->type;
    TypeShape shape = type_shape(c, type);
    if (shape.kind == TYPE_NONE) return false;
    TypeId whole = ERROR_TYPE;
    if (is_named(c, type, c->program->known.option, NULL) || is_named(c, type, c->program->known.result, NULL))
        whole = coalesce_type(c, n, left, right, shape);
    else if (shape.kind != TYPE_ERROR)
        report_coalesce(c, n, type);
    node_put(c, into, is_error(c, whole) ? TYPED_ERROR : TYPED_COALESCE, whole, token_of(c, n), left, right);
    if (unify(c, result, whole) != UNIFY_OK) (void)report_mismatch(c, span_of(c, n), whole, expect(result, 0), n);
    return true;
}

// ---- entry -------------------------------------------------------------------------------------------------------------------------------------

uint32_t binary_step(Body *c, NodeIndex n, uint32_t left, Expected expected) {
    switch ((int)c->view.kinds[n]) {
    case NODE_COALESCE:
        return coalesce(c, n, left, expected);
    case NODE_RANGE:
    case NODE_RANGE_INCLUSIVE:
        return range_of(c, n, left);
    case NODE_AND:
    case NODE_OR: {
        left = coerce(c, c->view.a[n], left, expect(BOOL_TYPE, 0));
        uint32_t right = check(c, c->view.b[n], expect(BOOL_TYPE, 0));
        return binary_node(c, n, BOOL_TYPE, left, right, c->view.kinds[n] == NODE_AND ? OP_AND : OP_OR);
    }
    case NODE_EQUAL:
    case NODE_NOT_EQUAL:
    case NODE_LESS:
    case NODE_LESS_EQUAL:
    case NODE_GREATER:
    case NODE_GREATER_EQUAL:
        return comparison(c, n, left);
    default:
        return arithmetic(c, n, left);
    }
}

static bool has_unary(NodeKind kind, TypeKind type) {
    if (kind == NODE_NEGATE) return type == TYPE_INT || type == TYPE_FLOAT || type == TYPE_DURATION;
    return type == TYPE_INT || type == TYPE_BYTE;
}

uint32_t unary_check(Body *c, NodeIndex n, Expected expected) {
    NodeKind kind = (NodeKind)c->view.kinds[n];
    NodeIndex operand = c->view.a[n];
    uint32_t token = token_of(c, n);
    if (kind == NODE_NOT)
        return node_add(c, TYPED_UNARY, BOOL_TYPE, token, check(c, operand, expect(BOOL_TYPE, 0)), OP_NOT);
    if (kind == NODE_NEGATE && c->view.kinds[operand] == NODE_INT) return int_literal(c, operand, true, expected);
    bool is_byte = kind == NODE_COMPLEMENT && expected.type.index != 0 && is_kind(c, expected.type, TYPE_BYTE);
    uint32_t value = expr(c, operand, is_byte ? expected : NOTHING);
    TypeId type = c->type[value];
    TypedOp op = kind == NODE_NEGATE ? OP_NEGATE : OP_COMPLEMENT;
    if (is_open(c, type)) {
        Waiting *w = wait_for(c, WAIT_UNARY, n, type, type);
        w->receiver = value;
        return w->node;
    }
    TypeKind found = type_shape(c, type).kind;
    if (found == TYPE_NEVER) return value;
    if (has_unary(kind, found)) return node_add(c, TYPED_UNARY, type, token, value, (uint32_t)op);
    if (found != TYPE_ERROR) report_undefined(c, n, kind == NODE_NEGATE ? "-" : "~", type);
    return node_error(c, n);
}

bool unary_complete(Body *c, Waiting *w, bool by_default) {
    if (is_open(c, w->type)) {
        if (!by_default) return false;
        (void)unify(c, w->type, INT_TYPE);
    }
    NodeKind kind = (NodeKind)c->view.kinds[w->syntax];
    TypeKind found = type_shape(c, w->type).kind;
    if (has_unary(kind, found)) {
        node_put(c, w->node, TYPED_UNARY, w->type, token_of(c, w->syntax), w->receiver,
                 kind == NODE_NEGATE ? OP_NEGATE : OP_COMPLEMENT);
        return true;
    }
    if (found != TYPE_ERROR) report_undefined(c, w->syntax, kind == NODE_NEGATE ? "-" : "~", w->type);
    node_put(c, w->node, TYPED_ERROR, ERROR_TYPE, token_of(c, w->syntax), 0, 0);
    return true;
}

// ---- operators as functions ------------------------------------------------------------------------------------------------------------------------

uint32_t operator_function(Body *c, NodeIndex n, Expected expected) {
    NodeKind kind = (NodeKind)c->view.a[n];
    OperatorRow row = operator_row(kind);
    uint32_t token = token_of(c, n);
    TypeId types[3];
    for (uint32_t i = 0; i < 3; i++)
        types[i] = type_variable(c, token);
    TypeId function = body_type(c, TYPE_FUNCTION, 0, types, 3);
    if (expected.type.index != 0) {
        if (is_error(c, expected.type)) return node_error(c, n);
        if (!unify_try(c, function, expected.type)) {
            (void)report_mismatch(c, span_of(c, n), function, expected, 0);
            return node_error(c, n);
        }
    }
    TypeKind l = type_shape(c, types[0]).kind, r = type_shape(c, types[1]).kind;
    TypeId left = types[0], right = types[0], result = types[0];
    if (row.class == CLASS_LOGIC)
        left = right = result = BOOL_TYPE;
    else if (row.class == CLASS_COMPARE)
        result = BOOL_TYPE;
    else if (row.class == CLASS_SHIFT)
        right = INT_TYPE;
    else if (kind == NODE_MULTIPLY && is_unit(l))
        right = INT_TYPE;
    else if (kind == NODE_MULTIPLY && l == TYPE_INT && is_unit(r))
        right = result = types[1];
    else if (kind == NODE_DIVIDE && l == TYPE_DURATION && r == TYPE_DURATION)
        result = FLOAT_TYPE;
    else if (kind == NODE_DIVIDE && is_unit(l))
        right = INT_TYPE;
    if (!unify_try(c, types[0], left) || !unify_try(c, types[1], right) || !unify_try(c, types[2], result)) {
        TypeId found[3] = {left, right, result};
        (void)report_mismatch(c, span_of(c, n), body_type(c, TYPE_FUNCTION, 0, found, 3),
                              expect(function, expected.reason), 0);
        return node_error(c, n);
    }
    uint32_t node = node_add(c, TYPED_OPERATOR_FUNCTION, function, token, (uint32_t)row.op, 0);
    if (row.class == CLASS_COMPARE) {
        bool is_equality = row.op == OP_EQUAL || row.op == OP_NOT_EQUAL;
        obligation_add(c, left, is_equality ? TRAIT_EQ : TRAIT_COMPARABLE, n, PLACE_TOKEN);
    } else if (row.class != CLASS_LOGIC) {
        Waiting *w = wait_for(c, WAIT_OPERATOR, n, left, left);
        w->node = node;
    }
    return node;
}

bool operator_complete(Body *c, Waiting *w, bool by_default) {
    if (is_open(c, w->type)) {
        if (!by_default) return false;
        (void)unify(c, w->type, INT_TYPE);
    }
    NodeKind kind = (NodeKind)c->view.a[w->syntax];
    TypeKind found = type_shape(c, w->type).kind;
    if (found == TYPE_ERROR || has_operator(kind, found)) return true;
    report_undefined(c, w->syntax, operator_row(kind).text, w->type);
    return true;
}

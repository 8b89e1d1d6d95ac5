// syntax/parse_expressions.c: operators, postfix chains, primaries and arguments. What begins with a word: parse_forms.c.
//
// Binary operators use a stack in the arena (Dijkstra's shunting yard), and postfix operators a loop, so that a chain of a
// million `+` needs no more C stack than one. Each bracket costs two C frames that matter: parse_expression, parse_operand.
#include "syntax/parser_internal.h"

// Levels of the precedence table, tightest first. Postfix is level 1 and never waits.
enum { LEVEL_UNARY = 2, LEVEL_RANGE = 6, LEVEL_PIPE = 11 };

typedef struct Binary {
    uint8_t kind; // NodeKind
    uint8_t level;
} Binary;

// NODE_NONE for what is no operator.
static const Binary binaries[TOKEN_COUNT] = {
    [TOKEN_STAR] = {NODE_MULTIPLY, 3},
    [TOKEN_SLASH] = {NODE_DIVIDE, 3},
    [TOKEN_PERCENT] = {NODE_REMAINDER, 3},
    [TOKEN_DIV] = {NODE_FLOOR_DIVIDE, 3},
    [TOKEN_PLUS] = {NODE_ADD, 4},
    [TOKEN_MINUS] = {NODE_SUBTRACT, 4},
    [TOKEN_LESS_LESS] = {NODE_SHIFT_LEFT, 5},
    [TOKEN_DOT_DOT] = {NODE_RANGE, LEVEL_RANGE},
    [TOKEN_DOT_DOT_EQUAL] = {NODE_RANGE_INCLUSIVE, LEVEL_RANGE},
    [TOKEN_LESS] = {NODE_LESS, 7},
    [TOKEN_LESS_EQUAL] = {NODE_LESS_EQUAL, 7},
    [TOKEN_GREATER] = {NODE_GREATER, 7},
    [TOKEN_GREATER_EQUAL] = {NODE_GREATER_EQUAL, 7},
    [TOKEN_EQUAL_EQUAL] = {NODE_EQUAL, 8},
    [TOKEN_BANG_EQUAL] = {NODE_NOT_EQUAL, 8},
    [TOKEN_AMP] = {NODE_BIT_AND, 9},
    [TOKEN_CARET] = {NODE_BIT_XOR, 10},
    [TOKEN_PIPE] = {NODE_BIT_OR, LEVEL_PIPE},
    [TOKEN_AMP_AMP] = {NODE_AND, 12},
    [TOKEN_PIPE_PIPE] = {NODE_OR, 13},
    [TOKEN_QUESTION_QUESTION] = {NODE_COALESCE, 14},
};
_Static_assert(NODE_NONE == 0, "what the table leaves out is no operator");

static inline Binary binary_of(TokenKind token) { return binaries[token]; }

// `>>` is two `>` that touch.
static bool at_shift_right(const Parser *p) {
    return p->kind == TOKEN_GREATER && p->index + 1 < p->stop && p->kinds[p->index + 1] == TOKEN_GREATER &&
           p->tokens->starts[p->index + 1] == p->tokens->starts[p->index] + 1;
}

static inline Binary binary_at(const Parser *p) {
    if (UNLIKELY(p->kind == TOKEN_GREATER) && at_shift_right(p)) return (Binary){NODE_SHIFT_RIGHT, 5};
    if (p->is_split) return (Binary){NODE_NONE, 0};
    return binary_of(p->kind);
}

bool starts_expression(const Parser *p) {
    switch (p->kind) {
    case TOKEN_NAME:
    case TOKEN_BREAK:
    case TOKEN_CONTINUE:
    case TOKEN_FOR:
    case TOKEN_IF:
    case TOKEN_LET:
    case TOKEN_LOOP:
    case TOKEN_MATCH:
    case TOKEN_SELF:
    case TOKEN_SELF_TYPE:
    case TOKEN_VOID:
    case TOKEN_WHILE:
    case TOKEN_WITH:
    case TOKEN_MINUS:
    case TOKEN_BANG:
    case TOKEN_TILDE:
    case TOKEN_DOLLAR:
    case TOKEN_LPAREN:
    case TOKEN_LBRACKET:
    case TOKEN_LBRACE:
        return true;
    case TOKEN_HASH:
        return p->has_length;
    default:
        return starts_literal(p->kind);
    }
}

// ---- arguments

static uint32_t word_name(const Parser *p, Word word) { return p->words[word]; }

static NodeIndex on_element(Parser *p, uint32_t context) {
    (void)context;
    p->bound = 0;
    return parse_pattern(p);
}

// cond '|' message, in `.rules`
static NodeIndex rule_element(Parser *p, uint32_t context) {
    (void)context;
    p->pipe_ends = true;
    NodeIndex condition = parse_expression(p);
    p->pipe_ends = false;
    if (p->kind != TOKEN_PIPE) return condition;
    uint32_t token = p->index;
    advance(p);
    NodeIndex message = parse_expression(p);
    return node_add(p, NODE_RULE, token, condition, message);
}

// An operator that is an argument: directly before `,` or `)`.
static NodeIndex parse_operator(Parser *p) {
    Binary binary = binary_at(p);
    if (binary.kind == NODE_NONE || binary.level == LEVEL_RANGE || binary.kind == NODE_COALESCE) return 0;
    uint32_t token = p->index, length = binary.kind == NODE_SHIFT_RIGHT ? 2 : 1;
    TokenKind next = peek(p, length);
    if (next != TOKEN_COMMA && next != TOKEN_RPAREN) return 0;
    cursor_set(p, peek_index(p, length));
    return node_add(p, NODE_OPERATOR, token, binary.kind, 0);
}

// What stands behind the name of a named argument; a few properties of pattern expressions hold no expressions.
static NodeIndex parse_argument_value(Parser *p, uint32_t context, uint32_t name_token) {
    if (context == PATTERN_COUNT + 1 && p->kinds[name_token] == TOKEN_MATCH) return parse_arm(p, true);
    if (context < PATTERN_COUNT && p->kind == TOKEN_LBRACKET && p->kinds[name_token] == TOKEN_NAME) {
        uint32_t open = p->index, name = p->tokens->values[name_token];
        uint32_t end = group_end_of(p, open);
        TokenKind behind = end + 1 < p->stop ? (TokenKind)p->kinds[end + 1] : TOKEN_END;
        bool is_whole = behind == TOKEN_COMMA || behind == TOKEN_RPAREN || end >= p->group_end;
        if (context != PATTERN_PARALLEL && context != PATTERN_SPAWN && name == word_name(p, WORD_ON)) {
            uint32_t patterns = parse_list(p, on_element, 0, false);
            return node_add(p, NODE_PATTERN_LIST, open, 0, patterns);
        }
        if (context == PATTERN_VALIDATE && name == word_name(p, WORD_RULES) && is_whole) {
            uint32_t rules = parse_list(p, rule_element, 0, false);
            return node_add(p, NODE_LIST, open, 0, rules);
        }
    }
    NodeIndex operation = parse_operator(p);
    return operation != 0 ? operation : parse_expression(p);
}

// arg = [ '.' ] NAME ':' ( operator | expr ) | operator | expr
static NodeIndex argument_element(Parser *p, uint32_t context) {
    bool has_dot = p->kind == TOKEN_DOT;
    if (has_dot || (is_word_token(p->kind) && peek(p, 1) == TOKEN_COLON)) {
        if (has_dot) advance(p);
        if (!is_word_token(p->kind)) {
            error_expected(p, TEXT("a name"));
            return error_node(p);
        }
        uint32_t token = p->index, name = name_of(p, token);
        advance(p);
        if (p->kind != TOKEN_COLON) {
            error_expected(p, TEXT("`:`"));
            return error_node(p);
        }
        advance(p);
        NodeIndex value = parse_argument_value(p, context, token);
        return node_add(p, NODE_NAMED_ARG, token, name, value);
    }
    NodeIndex operation = parse_operator(p);
    return operation != 0 ? operation : parse_expression(p);
}

// `context`: a PatternKind, PATTERN_COUNT for calls, one more for `for(…)`.
uint32_t parse_arguments(Parser *p, uint32_t context) { return parse_list(p, argument_element, context, false); }

// ---- primaries

static NodeIndex expression_element(Parser *p, uint32_t context) {
    (void)context;
    return parse_expression(p);
}

// `()`, `(e)`, `(e, f)`
static NodeIndex parse_parenthesised(Parser *p) {
    uint32_t open = p->index, base = p->scratch.count;
    Group group;
    if (!group_enter(p, &group)) return error_node(p);
    while (p->index < group.end && p->kind != TOKEN_END) {
        uint32_t errors = p->error_count;
        NodeIndex item = parse_expression(p);
        scratch_push(p, item);
        if (!list_next(p, errors)) break;
    }
    group_leave(p, &group);
    uint32_t count = p->scratch.count - base;
    if (count == 0) return node_add(p, NODE_UNIT, open, 0, 0);
    if (count == 1) { // parentheses alone leave no node
        NodeIndex inner = p->scratch.items[base];
        p->scratch.count = base;
        return inner;
    }
    uint32_t parts = list_finish(p, base, false);
    return node_add(p, NODE_TUPLE, open, 0, parts);
}

// '{' list(expr ':' expr) '}'
static NodeIndex parse_map(Parser *p) {
    uint32_t open = p->index, base = p->scratch.count;
    Group group;
    if (!group_enter(p, &group)) return error_node(p);
    while (p->index < group.end && p->kind != TOKEN_END) {
        uint32_t errors = p->error_count;
        NodeIndex key = parse_expression(p);
        scratch_push(p, key);
        NodeIndex value;
        if (expect_or_skip(p, TOKEN_COLON, TEXT("`:`")))
            value = parse_expression(p);
        else
            value = error_node(p);
        scratch_push(p, value);
        if (!list_next(p, errors)) break;
    }
    group_leave(p, &group);
    uint32_t items = list_finish(p, base, false);
    return node_add(p, NODE_MAP, open, 0, items);
}

// Behind a type: '{' list(NAME [ ':' expr ] | '..' expr) '}'
static NodeIndex parse_struct(Parser *p, NodeIndex type) {
    uint32_t open = p->index, base = p->scratch.count;
    NodeIndex copied = 0;
    Group group;
    if (!group_enter(p, &group)) return node_add(p, NODE_STRUCT, open, type, extra_add(p, (uint32_t[]){0, 0}, 2));
    while (p->index < group.end && p->kind != TOKEN_END) {
        uint32_t errors = p->error_count;
        if (p->kind == TOKEN_DOT_DOT && copied == 0) {
            advance(p);
            copied = parse_expression(p);
            bool is_last = p->index >= group.end || (p->kind == TOKEN_COMMA && peek_index(p, 1) >= group.end);
            if (!is_last && p->error_count == errors) { // `..p` comes last
                error_expected(p, TEXT("`}`"));
                break;
            }
        } else {
            uint32_t token, name;
            NodeIndex field;
            if (p->kind != TOKEN_DOT_DOT && expect_name(p, &token, &name)) {
                NodeIndex value = 0;
                if (accept(p, TOKEN_COLON)) value = parse_expression(p);
                field = node_add(p, NODE_FIELD_INIT, token, name, value);
            } else {
                if (p->kind == TOKEN_DOT_DOT) error_expected(p, TEXT("`}`"));
                field = error_node(p);
            }
            scratch_push(p, field);
        }
        if (!list_next(p, errors)) break;
    }
    group_leave(p, &group);
    uint32_t words[2] = {list_finish(p, base, false), copied};
    uint32_t extra = extra_add(p, words, 2);
    return node_add(p, NODE_STRUCT, open, type, extra);
}

// Is the `(` here that of a lambda's parameters? Its partner tells.
static bool at_lambda_parameters(const Parser *p) {
    uint32_t close = p->tokens->partner[p->index];
    while (close != 0 && ++close < p->stop)
        if (p->kinds[close] != TOKEN_BAD) return p->kinds[close] == TOKEN_ARROW;
    return false;
}

// A missing operand. With an operator right before it, the operator is what is wrong.
static NodeIndex missing_operand(Parser *p, uint32_t operators_base) {
    if (p->operators.count > operators_base) {
        const Operator *last = &p->operators.items[p->operators.count - 1];
        Text text = last->kind == NODE_SHIFT_RIGHT ? TEXT(">>") : token_text(p->tokens, last->token);
        // The token that was found instead has been spoken for as well.
        if (reserve_report(p, p->index)) error_token(p, DIAG_OPERATOR_WITHOUT_OPERAND, last->token, text, TEXT(""));
    } else {
        error_missing(p, DIAG_EXPECTED_EXPRESSION);
    }
    return error_node(p);
}

static NodeIndex parse_let_outside(Parser *p, uint32_t operators_base) {
    if (p->in_sequence && is_on_later_line(p, p->index)) return missing_operand(p, operators_base);
    error_token(p, DIAG_LET_OUTSIDE_SEQUENCE, p->index, TEXT(""), TEXT(""));
    uint32_t token = p->index;
    if (!depth_enter(p)) return node_add(p, NODE_ERROR, token, 0, 0);
    // Parsed for its errors and its end; no node is kept.
    uint32_t nodes = p->node_count, extra = p->extra.count;
    (void)parse_let(p); // undone below
    p->node_count = nodes;
    p->extra.count = extra;
    depth_leave(p);
    return node_add(p, NODE_ERROR, token, 0, 0);
}

static bool is_at_margin(const Parser *p, uint32_t token) {
    uint32_t start = p->tokens->starts[token];
    return start == 0 || p->tokens->source->text.data[start - 1] == '\n' ||
           p->tokens->source->text.data[start - 1] == '\r';
}

// Does what follows a word, such as the `in` of `in * 2`, show that it was meant for a name?
static bool is_used_as_operand(const Parser *p) {
    uint32_t next = peek_index(p, 1);
    TokenKind kind = peek(p, 1);
    return kind == TOKEN_END || is_on_later_line(p, next) || kind == TOKEN_COMMA || kind == TOKEN_RPAREN ||
           kind == TOKEN_RBRACKET || kind == TOKEN_RBRACE || kind == TOKEN_DOT || kind == TOKEN_QUESTION ||
           (kind != TOKEN_MINUS && binary_of(kind).kind != NODE_NONE);
}

// What an operand begins with, without what follows it. *is_closed: an expression that has taken all it can.
static NodeIndex parse_primary(Parser *p, uint32_t operators_base, bool *is_closed) {
    uint32_t token = p->index;
    switch (p->kind) {
    case TOKEN_NAME: {
        TokenKind next = peek(p, 1);
        if (next == TOKEN_ARROW) {
            *is_closed = true;
            return parse_lambda(p);
        }
        Word word = next == TOKEN_LPAREN || at_word(p, WORD_UNDERSCORE) ? word_at(p, token) : WORD_NONE;
        if (word == WORD_UNDERSCORE) {
            NodeIndex error = missing_operand(p, operators_base);
            advance(p);
            return error;
        }
        if (word <= WORD_TRY && (p->shadowed & 1u << word) == 0) {
            if (word == WORD_RUN || word == WORD_TRY) return parse_sequence(p, word == WORD_RUN ? NODE_RUN : NODE_TRY);
            return parse_pattern_expression(p, (PatternKind)word);
        }
        bool is_declaration = p->bracket_depth == 0 && (at_word(p, WORD_EXTEND) || at_word(p, WORD_EXTENSION)) &&
                              is_at_margin(p, token) && next != TOKEN_LPAREN && next != TOKEN_DOT;
        if (is_declaration &&
            (next == TOKEN_NAME || next == TOKEN_LBRACKET || next == TOKEN_LESS || next == TOKEN_PATH))
            return missing_operand(p, operators_base); // `@f () =` and then `extend T { … }`
        advance(p);
        return node_add(p, NODE_NAME, token, p->tokens->values[token], 0);
    }
    case TOKEN_LPAREN:
        if (at_lambda_parameters(p)) {
            *is_closed = true;
            return parse_lambda(p);
        }
        return parse_parenthesised(p);
    case TOKEN_LBRACKET: {
        uint32_t items = parse_list(p, expression_element, 0, false);
        return node_add(p, NODE_LIST, token, 0, items);
    }
    case TOKEN_LBRACE:
        return parse_map(p);
    case TOKEN_SELF:
        advance(p);
        return node_add(p, NODE_SELF, token, 0, 0);
    case TOKEN_SELF_TYPE:
        advance(p);
        return node_add(p, NODE_SELF_TYPE, token, 0, 0);
    case TOKEN_VOID:
        advance(p);
        return node_add(p, NODE_UNIT, token, 0, 0);
    case TOKEN_DOLLAR: {
        uint32_t name_token, name;
        if (p->bracket_depth == 0 && is_at_margin(p, token) && (peek(p, 2) == TOKEN_EQUAL || peek(p, 2) == TOKEN_COLON))
            return missing_operand(p, operators_base); // `@f () =` and then `$x = 1`: the body is missing
        advance(p);
        if (!expect_name(p, &name_token, &name)) return node_add(p, NODE_ERROR, token, 0, 0);
        return node_add(p, NODE_CONFIG, token, name, 0);
    }
    case TOKEN_HASH:
        if (!p->has_length) {
            NodeIndex error = missing_operand(p, operators_base);
            if (p->bracket_depth > 0 || !is_on_later_line(p, token)) advance(p); // else an attribute begins here
            return error;
        }
        advance(p);
        return node_add(p, NODE_LENGTH, token, 0, 0);
    case TOKEN_LET:
        *is_closed = true;
        return parse_let_outside(p, operators_base);
    case TOKEN_IF:
        *is_closed = true;
        return parse_if(p);
    case TOKEN_WHILE:
        *is_closed = true;
        return parse_while(p);
    case TOKEN_BREAK:
    case TOKEN_CONTINUE:
        *is_closed = true;
        return parse_break(p);
    case TOKEN_FOR:
        *is_closed = !at_for_pattern(p);
        return parse_for(p);
    case TOKEN_WITH:
        *is_closed = peek(p, 1) != TOKEN_LPAREN;
        return parse_with(p);
    case TOKEN_LOOP:
        return parse_sequence(p, NODE_LOOP);
    case TOKEN_MATCH:
        return parse_match(p);
    case TOKEN_THEN:
    case TOKEN_ELSE:
    case TOKEN_IN:
    case TOKEN_DO:
    case TOKEN_YIELD:
        if (!is_used_as_operand(p)) break;
        // fall through
    case TOKEN_ASYNC:
    case TOKEN_DYN:
    case TOKEN_MUT:
    case TOKEN_USES:
    case TOKEN_WHERE:
    case TOKEN_TYPE:
    case TOKEN_USE:
    case TOKEN_TRAIT:
    case TOKEN_IMPL:
    case TOKEN_PUB:
        if (is_on_later_line(p, token)) break;
        error_token(p, DIAG_RESERVED_WORD, token, token_text(p->tokens, token), TEXT(""));
        advance(p);
        return node_add(p, NODE_ERROR, token, 0, 0);
    default:
        if (starts_literal(p->kind)) {
            bool is_negated =
                p->operators.count > operators_base && p->operators.items[p->operators.count - 1].kind == NODE_NEGATE;
            return parse_literal(p, is_negated);
        }
        break;
    }
    return missing_operand(p, operators_base);
}

// ---- postfix

// Behind a name that begins with an upper-case letter, at `<`: type arguments, if they parse and `.`, `(` or `{` follows.
static NodeIndex try_type_arguments(Parser *p, NodeIndex applied) {
    uint32_t token = p->index;
    if (has_no_types(p, token)) return 0;
    Mark mark = mark_begin(p);
    uint32_t types = parse_type_arguments(p);
    bool is_good = !p->is_split && (p->kind == TOKEN_DOT || p->kind == TOKEN_LPAREN || p->kind == TOKEN_LBRACE);
    return mark_end(p, &mark, is_good) ? node_add(p, NODE_TYPE_APPLY, token, applied, types) : 0;
}

// Behind `.`: a field, a part of a tuple, or a config value. At the dot.
static NodeIndex parse_access(Parser *p, NodeIndex operand) {
    advance(p);
    uint32_t token = p->index;
    if (p->kind == TOKEN_INT) {
        uint64_t number = p->tokens->literals[p->tokens->values[token]];
        advance(p);
        return node_add(p, NODE_TUPLE_PART, token, operand, number > UINT32_MAX ? UINT32_MAX : (uint32_t)number);
    }
    if (p->kind == TOKEN_DOLLAR) {
        advance(p);
        uint32_t name;
        (void)expect_name(p, &token, &name); // reported; the name is `_` then
        return node_add(p, NODE_FIELD_CONFIG, token, operand, name);
    }
    if (!is_word_token(p->kind) || p->kind == TOKEN_MATCH || at_word(p, WORD_UNDERSCORE)) {
        error_expected(p, TEXT("a name"));
        if (p->kind == TOKEN_MATCH || p->kind == TOKEN_NAME) {
            advance(p);
            if (p->kind == TOKEN_LPAREN) cursor_set(p, group_end_of(p, p->index) + 1); // the guard that is not one
        }
        return operand;
    }
    uint32_t name = name_of(p, token);
    advance(p);
    return node_add(p, NODE_FIELD, token, operand, name);
}

static NodeIndex parse_index(Parser *p, NodeIndex operand) {
    uint32_t open = p->index;
    Group group;
    if (!group_enter(p, &group)) return operand;
    uint32_t errors = p->error_count;
    p->has_length = true;
    NodeIndex index = parse_expression(p);
    group_close(p, &group, errors);
    return node_add(p, NODE_INDEX, open, operand, index);
}

// postfix = primary { '.' NAME | '.' '$' NAME | '.' INT | '[' expr ']' | args | '?' }, with type arguments and struct literals
static NodeIndex parse_operand(Parser *p, uint32_t operators_base) {
    bool is_closed = false;
    bool is_path = (p->kind == TOKEN_NAME || p->kind == TOKEN_SELF_TYPE); // so far only names and dots
    uint32_t last = p->index;                                             // the last name of the path
    NodeIndex operand = parse_primary(p, operators_base, &is_closed);
    NodeKind kind = node_kind(p, operand);
    is_path = is_path && (kind == NODE_NAME || kind == NODE_SELF_TYPE);
    while (!is_closed) {
        uint32_t token = p->index;
        switch (p->kind) {
        case TOKEN_DOT: {
            last = peek_index(p, 1);
            operand = parse_access(p, operand);
            is_path = is_path && node_kind(p, operand) == NODE_FIELD;
            break;
        }
        case TOKEN_LBRACKET:
            operand = parse_index(p, operand);
            is_path = false;
            break;
        case TOKEN_LPAREN: {
            bool has_length = p->has_length;
            if (node_kind(p, operand) == NODE_FIELD) p->has_length = true;
            uint32_t arguments = parse_arguments(p, PATTERN_COUNT);
            p->has_length = has_length;
            operand = node_add(p, NODE_CALL, token, operand, arguments);
            is_path = false;
            break;
        }
        case TOKEN_QUESTION:
            advance(p);
            operand = node_add(p, NODE_QUESTION, token, operand, 0);
            is_path = false;
            break;
        case TOKEN_LBRACE:
            if (!is_path) return operand;
            operand = parse_struct(p, operand);
            is_path = false;
            break;
        case TOKEN_LESS: {
            if (!is_path || !is_upper(p, last)) return operand;
            NodeIndex applied = try_type_arguments(p, operand);
            if (applied == 0) return operand;
            operand = applied; // still a path: `Box<int> { … }`, `Set<int>.new`
            break;
        }
        default:
            return operand;
        }
    }
    return operand;
}

// ---- operators

static NodeIndex reduce_unary(Parser *p, uint32_t base, NodeIndex operand) {
    while (p->operators.count > base && p->operators.items[p->operators.count - 1].level == LEVEL_UNARY) {
        Operator operator= p->operators.items[--p->operators.count];
        depth_leave(p);
        operand = node_add(p, (NodeKind) operator.kind, operator.token, operand, 0);
    }
    return operand;
}

static NodeIndex reduce_binary(Parser *p, uint32_t base, uint8_t level, NodeIndex operand) {
    while (p->operators.count > base && p->operators.items[p->operators.count - 1].level <= level) {
        Operator operator= p->operators.items[--p->operators.count];
        operand = node_add(p, (NodeKind) operator.kind, operator.token, operator.left, operand);
    }
    return operand;
}

static void push_operator(Parser *p, NodeIndex left, uint32_t token, NodeKind kind, uint8_t level) {
    Operator operator= {left, token, (uint8_t)kind, level};
    vec_push(p->arena, &p->operators, operator);
}

// Prefix operators before an operand. Each is a level of nesting of the tree. False: too deep, reported and skipped.
static bool push_prefixes(Parser *p) {
    for (;;) {
        NodeKind kind = p->kind == TOKEN_MINUS   ? NODE_NEGATE
                        : p->kind == TOKEN_BANG  ? NODE_NOT
                        : p->kind == TOKEN_TILDE ? NODE_COMPLEMENT
                                                 : NODE_NONE;
        if (kind == NODE_NONE) return true;
        if (!depth_enter(p)) return false;
        push_operator(p, 0, p->index, kind, LEVEL_UNARY);
        advance(p);
    }
}

// An operator where an operand should be, as in `* 2` or `a + * b`: the operand before it is missing.
static bool at_stray_operator(const Parser *p) {
    Binary binary = binary_at(p);
    return binary.kind != NODE_NONE && !(p->pipe_ends && p->kind == TOKEN_PIPE);
}

NodeIndex parse_expression(Parser *p) {
    uint32_t base = p->operators.count;
    for (;;) {
        NodeIndex operand;
        if (!push_prefixes(p)) {
            operand = error_node(p);
        } else if (at_stray_operator(p)) {
            uint32_t previous = p->operators.count > base ? p->operators.items[p->operators.count - 1].token : p->index;
            Text text = at_shift_right(p) && previous == p->index ? TEXT(">>") : token_text(p->tokens, previous);
            if (reserve_report(p, p->index))
                (void)diag(p->sink, DIAG_OPERATOR_WITHOUT_OPERAND, token_span(p->tokens, previous), text);
            while (binary_of(peek(p, 1)).kind != NODE_NONE && peek(p, 1) != TOKEN_MINUS)
                advance(p); // one error for a row
            operand = error_node(p);
        } else {
            operand = parse_operand(p, base);
        }
        operand = reduce_unary(p, base, operand);
        if (p->kind == TOKEN_EQUAL) { // assignment takes all that follows
            uint32_t token = p->index;
            advance(p);
            NodeIndex value;
            if (depth_enter(p)) {
                value = parse_expression(p);
                depth_leave(p);
            } else {
                value = error_node(p);
            }
            operand = node_add(p, NODE_ASSIGN, token, operand, value);
        }
        Binary binary = binary_at(p);
        if (binary.kind == NODE_NONE || (p->pipe_ends && binary.kind == NODE_BIT_OR))
            return reduce_binary(p, base, UINT8_MAX, operand);
        // Left-associative: what waits at the same level goes first. Ranges do not associate, so theirs stay to be seen.
        operand = reduce_binary(p, base, binary.level == LEVEL_RANGE ? LEVEL_RANGE - 1 : binary.level, operand);
        if (binary.level == LEVEL_RANGE && p->operators.count > base &&
            p->operators.items[p->operators.count - 1].level == LEVEL_RANGE) {
            error_expected(p, TEXT("the end of the range"));
            operand = reduce_binary(p, base, LEVEL_RANGE, operand);
        }
        push_operator(p, operand, p->index, (NodeKind)binary.kind, binary.level);
        cursor_set(p, peek_index(p, binary.kind == NODE_SHIFT_RIGHT ? 2 : 1));
    }
}

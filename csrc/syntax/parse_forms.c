// syntax/parse_forms.c: expressions that begin with a word or are lambdas, and sequences.
#include "syntax/parser_internal.h"

// An expression that is one level deeper, as the right side of what extends as far as it can.
static NodeIndex parse_nested(Parser *p) {
    if (!depth_enter(p)) return error_node(p);
    NodeIndex inner = parse_expression(p);
    depth_leave(p);
    return inner;
}

// 'if' expr 'then' expr [ 'else' expr ]
NodeIndex parse_if(Parser *p) {
    uint32_t token = p->index;
    advance(p);
    NodeIndex condition = parse_nested(p);
    uint32_t words[2] = {0, 0};
    if (expect_or_skip(p, TOKEN_THEN, TEXT("`then`")) || starts_expression(p))
        words[0] = parse_nested(p);
    else
        words[0] = error_node(p);
    if (p->kind == TOKEN_ELSE || (p->kind == TOKEN_COLON && peek(p, 1) == TOKEN_ELSE)) {
        (void)expect_or_skip(p, TOKEN_ELSE, TEXT("`else`")); // it is there, perhaps in its old spelling
        words[1] = parse_nested(p);
    }
    uint32_t extra = extra_add(p, words, 2);
    return node_add(p, NODE_IF, token, condition, extra);
}

NodeIndex parse_while(Parser *p) {
    uint32_t token = p->index;
    advance(p);
    NodeIndex condition = parse_nested(p);
    NodeIndex body;
    if (expect_or_skip(p, TOKEN_DO, TEXT("`do`")) || starts_expression(p))
        body = parse_nested(p);
    else
        body = error_node(p);
    return node_add(p, NODE_WHILE, token, condition, body);
}

// 'break' [ expr ] | 'continue'. Outside of brackets what could begin a declaration does.
NodeIndex parse_break(Parser *p) {
    uint32_t token = p->index;
    bool is_break = p->kind == TOKEN_BREAK;
    advance(p);
    if (!is_break) return node_add(p, NODE_CONTINUE, token, 0, 0);
    bool is_declaration = p->bracket_depth == 0 && (p->kind == TOKEN_DOLLAR || p->kind == TOKEN_HASH ||
                                                    at_word(p, WORD_EXTEND) || at_word(p, WORD_EXTENSION));
    NodeIndex value = 0;
    if (!is_declaration && p->kind != TOKEN_LET && starts_expression(p)) value = parse_nested(p);
    return node_add(p, NODE_BREAK, token, value, 0);
}

// `for (` and `with (` directly followed by `.` or `NAME :` are pattern expressions.
bool at_for_pattern(const Parser *p) {
    if (peek(p, 1) != TOKEN_LPAREN) return false;
    TokenKind first = peek(p, 2);
    return first == TOKEN_DOT || (is_word_token(first) && peek(p, 3) == TOKEN_COLON);
}

// 'for' pattern 'in' expr { ',' pattern 'in' expr } [ 'if' expr ] ( 'do' | 'yield' ) expr | 'for' '(' properties ')'
NodeIndex parse_for(Parser *p) {
    uint32_t token = p->index;
    if (at_for_pattern(p)) {
        advance(p);
        uint32_t properties = parse_arguments(p, PATTERN_COUNT + 1);
        return node_add(p, NODE_FOR_PATTERN, token, 0, properties);
    }
    advance(p);
    uint32_t shadowed = p->shadowed, base = p->scratch.count, pairs = 0;
    do {
        p->bound = 0;
        NodeIndex pattern = parse_pattern(p);
        uint32_t bound = p->bound;
        scratch_push(p, pattern);
        NodeIndex source;
        if (expect_or_skip(p, TOKEN_IN, TEXT("`in`")) || starts_expression(p))
            source = parse_nested(p);
        else
            source = error_node(p);
        scratch_push(p, source);
        p->shadowed |= bound;
        pairs++;
    } while (accept(p, TOKEN_COMMA));
    NodeIndex filter = accept(p, TOKEN_IF) ? parse_nested(p) : 0;
    uint32_t is_yield = p->kind == TOKEN_YIELD;
    NodeIndex body;
    if (accept(p, TOKEN_YIELD) || expect_or_skip(p, TOKEN_DO, TEXT("`do` or `yield`")) || accept(p, TOKEN_YIELD) ||
        starts_expression(p))
        body = parse_nested(p);
    else
        body = error_node(p);
    p->shadowed = shadowed;
    uint32_t extra = extra_add(p, &pairs, 1);
    (void)extra_add(p, p->scratch.items + base, pairs * 2); // follows directly
    (void)extra_add(p, (uint32_t[]){filter, body}, 2);
    p->scratch.count = base;
    return node_add(p, NODE_FOR_LOOP, token, is_yield, extra);
}

// 'with' NAME '=' expr 'in' expr | 'with' '(' properties ')'
NodeIndex parse_with(Parser *p) {
    uint32_t token = p->index;
    advance(p);
    if (p->kind == TOKEN_LPAREN) {
        uint32_t properties = parse_arguments(p, PATTERN_COUNT);
        return node_add(p, NODE_WITH_PATTERN, token, 0, properties);
    }
    uint32_t name_token, name, words[2];
    (void)expect_name(p, &name_token, &name); // reported; `_` stands for it then
    if (expect_or_skip(p, TOKEN_EQUAL, TEXT("`=`")) || starts_expression(p))
        words[0] = parse_nested(p);
    else
        words[0] = error_node(p);
    if (expect_or_skip(p, TOKEN_IN, TEXT("`in`")) || starts_expression(p))
        words[1] = parse_nested(p);
    else
        words[1] = error_node(p);
    uint32_t extra = extra_add(p, words, 2);
    return node_add(p, NODE_PROVIDE, token, name, extra);
}

// ---- lambdas

// NAME | '_' | NAME ':' type. `context` points at nothing: whether a type was written shows in the node.
static NodeIndex lambda_parameter(Parser *p, uint32_t context) {
    (void)context;
    uint32_t token = p->index, name = 0, type = 0;
    if (at_word(p, WORD_UNDERSCORE)) {
        advance(p);
    } else {
        if (!expect_name(p, &token, &name)) return error_node(p);
        bind_name(p, name);
    }
    if (accept(p, TOKEN_COLON)) type = parse_type(p);
    return node_add(p, NODE_PARAM, token, name, type);
}

// The result type of a lambda with types or without parameters: a type that `=` follows, unless it is a lone lower-case
// name that is no primitive (an assignment).
static NodeIndex try_result_type(Parser *p) {
    uint32_t first = p->index;
    bool is_lone_name = p->kind == TOKEN_NAME && peek(p, 1) == TOKEN_EQUAL;
    if (is_lone_name && !is_upper(p, first) && !is_primitive(p, first)) return 0;
    switch (p->kind) { // what a type can begin with; most bodies are told from types by their first token
    case TOKEN_NAME:
    case TOKEN_DYN:
    case TOKEN_LPAREN:
    case TOKEN_LBRACKET:
    case TOKEN_LBRACE:
    case TOKEN_VOID:
    case TOKEN_SELF_TYPE:
        break;
    default:
        return 0;
    }
    Mark mark = mark_begin(p);
    NodeIndex type = parse_type(p);
    bool is_result = p->kind == TOKEN_EQUAL && !p->failed;
    if (is_result) advance(p);
    return mark_end(p, &mark, is_result) ? type : 0;
}

// lambda = ( NAME | '_' ) '->' expr | '(' list(…) ')' '->' ( type '=' expr | expr )
NodeIndex parse_lambda(Parser *p) {
    if (!depth_enter(p)) return error_node(p); // here already: parameters and body would each report it
    depth_leave(p);
    uint32_t token = p->index, shadowed = p->shadowed;
    uint32_t words[2] = {0, 0};
    bool may_have_result = false;
    p->bound = 0;
    if (p->kind == TOKEN_LPAREN) {
        uint32_t first_node = p->node_count;
        words[0] = parse_list(p, lambda_parameter, 0, false);
        may_have_result = words[0] == 0;
        for (uint32_t node = first_node; node < p->node_count; node++)
            if (p->node_kinds[node] == NODE_PARAM && p->node_b[node] != 0) may_have_result = true;
    } else {
        NodeIndex parameter = lambda_parameter(p, 0);
        uint32_t base = p->scratch.count;
        scratch_push(p, parameter);
        words[0] = list_finish(p, base, false);
    }
    uint32_t bound = p->bound;
    (void)expect_or_skip(p, TOKEN_ARROW, TEXT("`->`")); // whoever called has seen it
    if (may_have_result) words[1] = try_result_type(p);
    p->shadowed |= bound;
    NodeIndex body = parse_nested(p);
    p->shadowed = shadowed;
    uint32_t extra = extra_add(p, words, 2);
    return node_add(p, NODE_LAMBDA, token, extra, body);
}

// ---- sequences

// 'let' [ 'mut' ] pattern [ ':' type ] '=' expr. The names are in scope afterwards.
NodeIndex parse_let(Parser *p) {
    uint32_t token = p->index, words[3] = {0, 0, 0};
    advance(p);
    words[2] = accept(p, TOKEN_MUT);
    p->bound = 0;
    NodeIndex pattern = parse_pattern(p);
    uint32_t bound = p->bound;
    if (accept(p, TOKEN_COLON)) words[0] = parse_type(p);
    if (expect_or_skip(p, TOKEN_EQUAL, TEXT("`=`")) || (starts_expression(p) && !is_on_later_line(p, p->index)))
        words[1] = parse_nested(p);
    else
        words[1] = error_node(p);
    p->shadowed |= bound;
    uint32_t extra = extra_add(p, words, 3);
    return node_add(p, NODE_LET, token, pattern, extra);
}

static NodeIndex sequence_element(Parser *p, uint32_t context) {
    (void)context;
    p->in_sequence = true;
    return p->kind == TOKEN_LET ? parse_let(p) : parse_expression(p);
}

// ( 'run' | 'try' | 'loop' ) '(' seq ')'
NodeIndex parse_sequence(Parser *p, NodeKind kind) {
    uint32_t token = p->index;
    advance(p);
    if (p->kind != TOKEN_LPAREN) {
        error_expected(p, TEXT("`(`"));
        return node_add(p, kind, token, 0, 0);
    }
    uint32_t elements = parse_list(p, sequence_element, 0, false);
    return node_add(p, kind, token, 0, elements);
}

// ---- match and the other pattern expressions

// arm = pattern [ '->' expr ]; only `.match:` may leave out the result.
NodeIndex parse_arm(Parser *p, bool is_property) {
    uint32_t first = p->index, shadowed = p->shadowed, token = first;
    NodeIndex pattern = parse_arm_pattern(p), body = 0;
    bool is_at_end = p->index >= p->group_end || p->kind == TOKEN_COMMA || p->kind == TOKEN_END;
    if (!(is_property && is_at_end)) {
        if (p->kind == TOKEN_FAT_ARROW) { // how other languages write it
            error_expected(p, TEXT("`->`"));
            token = p->index;
            advance(p);
            body = parse_nested(p);
        } else if (p->kind == TOKEN_ARROW) {
            token = p->index;
            advance(p);
            body = parse_nested(p);
        } else if (expect_or_skip(p, TOKEN_ARROW, TEXT("`->`"))) {
            token = p->index - 1;
            body = parse_nested(p);
        } else {
            body = error_node(p);
        }
    }
    p->shadowed = shadowed;
    return node_add(p, NODE_ARM, token, pattern, body);
}

// 'match' '(' expr [ ',' list(pattern '->' expr) ] ')'
NodeIndex parse_match(Parser *p) {
    uint32_t token = p->index;
    advance(p);
    if (p->kind != TOKEN_LPAREN) {
        error_expected(p, TEXT("`(`"));
        NodeIndex nothing = error_node(p);
        return node_add(p, NODE_MATCH, token, nothing, 0);
    }
    Group group;
    if (!group_enter(p, &group)) {
        NodeIndex nothing = error_node(p);
        return node_add(p, NODE_MATCH, token, nothing, 0);
    }
    uint32_t errors = p->error_count, base = p->scratch.count;
    NodeIndex value = parse_expression(p);
    while (list_next(p, errors)) {
        errors = p->error_count;
        NodeIndex arm = parse_arm(p, false);
        scratch_push(p, arm);
    }
    uint32_t arms = list_finish(p, base, false);
    group_leave(p, &group);
    return node_add(p, NODE_MATCH, token, value, arms);
}

NodeIndex parse_pattern_expression(Parser *p, PatternKind kind) {
    uint32_t token = p->index;
    advance(p);
    uint32_t properties = parse_arguments(p, kind);
    return node_add(p, NODE_PATTERN_EXPR, token, kind, properties);
}

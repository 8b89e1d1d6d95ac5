// syntax/parse_patterns.c: patterns. What a pattern binds is noted in p->bound; whoever parses it says from where on.
#include "syntax/parser_internal.h"

static NodeIndex parse_alternative(Parser *p);

bool starts_literal(TokenKind kind) {
    return kind == TOKEN_INT || kind == TOKEN_FLOAT || kind == TOKEN_STR || kind == TOKEN_CHAR || kind == TOKEN_TRUE ||
           kind == TOKEN_FALSE || kind == TOKEN_DURATION || kind == TOKEN_SIZE || kind == TOKEN_PATH;
}

// The literal at the cursor. 2^63 is an int only behind a minus.
NodeIndex parse_literal(Parser *p, bool is_negative) {
    uint32_t token = p->index, value = p->tokens->values[token];
    NodeKind kind;
    switch (p->kind) {
    case TOKEN_INT:
        kind = NODE_INT;
        if (!is_negative && p->tokens->literals[value] > (uint64_t)INT64_MAX)
            error_token(p, DIAG_INT_TOO_LARGE, token, TEXT("int"), TEXT(""));
        break;
    case TOKEN_FLOAT:
        kind = NODE_FLOAT;
        break;
    case TOKEN_STR:
        kind = NODE_STR;
        break;
    case TOKEN_CHAR:
        kind = NODE_CHAR;
        break;
    case TOKEN_DURATION:
        kind = NODE_DURATION;
        break;
    case TOKEN_SIZE:
        kind = NODE_SIZE;
        break;
    case TOKEN_PATH: // a path stands in imports only
        error_token(p, DIAG_BAD_CHARACTER, token, TEXT(""), TEXT(""));
        advance(p);
        return node_add(p, NODE_ERROR, token, 0, 0);
    default:
        kind = NODE_BOOL;
        value = p->kind == TOKEN_TRUE;
        break;
    }
    advance(p);
    return node_add(p, kind, token, value, 0);
}

static bool at_pattern_literal(const Parser *p) { return p->kind == TOKEN_MINUS || starts_literal(p->kind); }

// lit = [ '-' ] literal
static NodeIndex parse_pattern_literal(Parser *p) {
    uint32_t first = p->index;
    bool is_negative = accept(p, TOKEN_MINUS);
    NodeIndex literal;
    if (starts_literal(p->kind)) {
        literal = parse_literal(p, is_negative);
    } else {
        error_missing(p, DIAG_EXPECTED_PATTERN);
        literal = error_node(p);
    }
    return node_add(p, NODE_PAT_LITERAL, first, literal, is_negative);
}

// Behind an optional lower end, at `..` or `..=`.
static NodeIndex parse_range(Parser *p, NodeIndex low) {
    uint32_t token = p->index;
    NodeKind kind = p->kind == TOKEN_DOT_DOT ? NODE_PAT_RANGE : NODE_PAT_RANGE_INCLUSIVE;
    advance(p);
    NodeIndex high = 0;
    if (at_pattern_literal(p)) {
        high = parse_pattern_literal(p);
    } else if (low == 0) {
        error_missing(p, DIAG_EXPECTED_PATTERN);
        high = error_node(p);
    }
    return node_add(p, kind, token, low, high);
}

// `..` or, in lists, `..rest`
static NodeIndex parse_rest(Parser *p, bool may_bind) {
    uint32_t token = p->index, name = 0;
    advance(p);
    if (may_bind && p->kind == TOKEN_NAME && !at_word(p, WORD_UNDERSCORE)) {
        name = p->tokens->values[p->index];
        bind_name(p, name);
        advance(p);
    } else if (may_bind && at_word(p, WORD_UNDERSCORE)) {
        advance(p); // `.._` is `..`
    }
    return node_add(p, NODE_PAT_REST, token, name, 0);
}

static bool at_rest(const Parser *p) {
    if (p->kind != TOKEN_DOT_DOT) return false;
    TokenKind next = peek(p, 1);
    return next != TOKEN_MINUS && !starts_literal(next);
}

static NodeIndex pattern_element(Parser *p, uint32_t context) {
    (void)context;
    return parse_pattern(p);
}

static NodeIndex list_element(Parser *p, uint32_t context) {
    (void)context;
    return at_rest(p) ? parse_rest(p, true) : parse_pattern(p);
}

// In a variant's parentheses: [ [ '.' ] NAME ':' ] pattern | '..'
static NodeIndex variant_element(Parser *p, uint32_t context) {
    (void)context;
    if (at_rest(p)) return parse_rest(p, false);
    bool has_dot = p->kind == TOKEN_DOT;
    if (!has_dot && !(is_word_token(p->kind) && peek(p, 1) == TOKEN_COLON && peek(p, 2) != TOKEN_MATCH))
        return parse_pattern(p);
    if (has_dot) advance(p);
    if (!is_word_token(p->kind)) {
        error_expected(p, TEXT("a name"));
        return error_node(p);
    }
    uint32_t token = p->index, name = name_of(p, token);
    advance(p);
    NodeIndex pattern;
    if (expect_or_skip(p, TOKEN_COLON, TEXT("`:`")))
        pattern = parse_pattern(p);
    else
        pattern = error_node(p);
    return node_add(p, NODE_PAT_FIELD, token, name, pattern);
}

// In braces: NAME [ ':' pattern ] | '..'
static NodeIndex record_element(Parser *p, uint32_t context) {
    (void)context;
    if (p->kind == TOKEN_DOT_DOT) return parse_rest(p, false);
    uint32_t token, name;
    if (!expect_name(p, &token, &name)) return error_node(p);
    NodeIndex pattern = 0;
    if (accept(p, TOKEN_COLON))
        pattern = parse_pattern(p);
    else
        bind_name(p, name);
    return node_add(p, NODE_PAT_FIELD, token, name, pattern);
}

// What begins with a name: a binding, `name @ p`, a variant or a record.
static NodeIndex parse_named_pattern(Parser *p) {
    uint32_t token = p->index, name = p->tokens->values[token];
    if (p->kind == TOKEN_NAME) {
        TokenKind next = peek(p, 1);
        if (next == TOKEN_AT && !is_on_later_line(p, peek_index(p, 1))) {
            advance(p);
            advance(p);
            bind_name(p, name);
            if (!depth_enter(p)) return error_node(p);
            NodeIndex pattern = parse_alternative(p);
            depth_leave(p);
            return node_add(p, NODE_PAT_AT, token, name, pattern);
        }
        if (at_word(p, WORD_UNDERSCORE)) {
            advance(p);
            return node_add(p, NODE_PAT_WILDCARD, token, 0, 0);
        }
        bool is_path = next == TOKEN_DOT && peek(p, 2) != TOKEN_MATCH && is_word_token(peek(p, 2));
        if (!is_path && next != TOKEN_LESS && next != TOKEN_LPAREN && next != TOKEN_LBRACE) {
            advance(p);
            if (!is_upper(p, token)) bind_name(p, name);
            return node_add(p, NODE_PAT_NAME, token, name, 0);
        }
    }
    NodeIndex type = parse_type_path(p);
    if (p->kind == TOKEN_LBRACE) {
        uint32_t open = p->index, fields = parse_list(p, record_element, 0, false);
        return node_add(p, NODE_PAT_RECORD, open, type, fields);
    }
    uint32_t parts = 0;
    if (p->kind == TOKEN_LPAREN) parts = parse_list(p, variant_element, 0, true);
    return node_add(p, NODE_PAT_VARIANT, token, type, parts);
}

static NodeIndex parse_parenthesised_pattern(Parser *p) {
    uint32_t open = p->index, base = p->scratch.count;
    Group group;
    if (!group_enter(p, &group)) return error_node(p);
    while (p->index < group.end && p->kind != TOKEN_END) {
        uint32_t errors = p->error_count;
        NodeIndex item = pattern_element(p, 0);
        scratch_push(p, item);
        if (!list_next(p, errors)) break;
    }
    group_leave(p, &group);
    if (p->scratch.count - base == 1) { // parentheses alone leave no node
        NodeIndex inner = p->scratch.items[base];
        p->scratch.count = base;
        return inner;
    }
    uint32_t parts = list_finish(p, base, false);
    return node_add(p, NODE_PAT_TUPLE, open, 0, parts);
}

// A reserved word where a name would make sense: what can follow a pattern follows it.
static bool is_reserved_name(const Parser *p) {
    if (!is_word_token(p->kind) || p->kind == TOKEN_NAME || is_on_later_line(p, p->index)) return false;
    switch (peek(p, 1)) {
    case TOKEN_EQUAL:
    case TOKEN_COLON:
    case TOKEN_ARROW:
    case TOKEN_IN:
    case TOKEN_COMMA:
    case TOKEN_PIPE:
    case TOKEN_AT:
    case TOKEN_RPAREN:
    case TOKEN_RBRACKET:
    case TOKEN_RBRACE:
        return true;
    default:
        return false;
    }
}

static NodeIndex parse_alternative(Parser *p) {
    uint32_t token = p->index;
    switch (p->kind) {
    case TOKEN_NAME:
    case TOKEN_SELF_TYPE:
        return parse_named_pattern(p);
    case TOKEN_MINUS:
    case TOKEN_INT:
    case TOKEN_FLOAT:
    case TOKEN_STR:
    case TOKEN_CHAR:
    case TOKEN_PATH:
    case TOKEN_TRUE:
    case TOKEN_FALSE:
    case TOKEN_DURATION:
    case TOKEN_SIZE: {
        NodeIndex low = parse_pattern_literal(p);
        return p->kind == TOKEN_DOT_DOT || p->kind == TOKEN_DOT_DOT_EQUAL ? parse_range(p, low) : low;
    }
    case TOKEN_DOT_DOT:
    case TOKEN_DOT_DOT_EQUAL:
        return parse_range(p, 0);
    case TOKEN_LBRACE: {
        uint32_t fields = parse_list(p, record_element, 0, false);
        return node_add(p, NODE_PAT_RECORD, token, 0, fields);
    }
    case TOKEN_LPAREN:
        return parse_parenthesised_pattern(p);
    case TOKEN_LBRACKET: {
        uint32_t items = parse_list(p, list_element, 0, false);
        return node_add(p, NODE_PAT_LIST, token, 0, items);
    }
    default:
        if (!is_reserved_name(p)) break;
        error_token(p, DIAG_RESERVED_WORD, token, token_text(p->tokens, token), TEXT(""));
        advance(p);
        return node_add(p, NODE_PAT_NAME, token, name_of(p, token), 0);
    }
    error_missing(p, DIAG_EXPECTED_PATTERN);
    return error_node(p);
}

// pattern = alt { '|' alt }
NodeIndex parse_pattern(Parser *p) {
    NodeIndex first = parse_alternative(p);
    if (p->kind != TOKEN_PIPE) return first;
    uint32_t token = p->index, base = p->scratch.count;
    scratch_push(p, first);
    while (accept(p, TOKEN_PIPE)) {
        NodeIndex next = parse_alternative(p);
        scratch_push(p, next);
    }
    uint32_t alternatives = list_finish(p, base, false);
    return node_add(p, NODE_PAT_OR, token, 0, alternatives);
}

// pattern [ '.' 'match' '(' expr ')' ]: only at the top of an arm.
NodeIndex parse_arm_pattern(Parser *p) {
    p->bound = 0;
    NodeIndex pattern = parse_pattern(p);
    p->shadowed |= p->bound;
    bool is_old = p->kind == TOKEN_COLON && peek(p, 1) == TOKEN_MATCH;
    if (!is_old && !(p->kind == TOKEN_DOT && peek(p, 1) == TOKEN_MATCH)) return pattern;
    uint32_t match = peek_index(p, 1);
    if (p->kinds[match + 1] != TOKEN_LPAREN && !is_old) return pattern; // `.match:` of the next property, comma missing
    if (is_old && reserve_report(p, p->index)) {
        Span span = {p->tokens->source->file, p->tokens->starts[p->index], token_end(p->tokens, match)};
        Diagnostic *d = diag(p->sink, DIAG_OLD_SPELLING, span, TEXT(":match"), TEXT(".match"));
        diag_edit(p->sink, diag_fix(p->sink, d, TEXT("write the modern one"), true), span, TEXT(".match"));
    }
    cursor_set(p, match + 1);
    NodeIndex condition;
    Group group;
    if (p->kind != TOKEN_LPAREN) {
        error_expected(p, TEXT("`(`"));
        condition = error_node(p);
    } else if (group_enter(p, &group)) {
        uint32_t errors = p->error_count;
        condition = parse_expression(p);
        group_close(p, &group, errors);
    } else {
        condition = error_node(p);
    }
    return node_add(p, NODE_GUARDED, match, pattern, condition);
}

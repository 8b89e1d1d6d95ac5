// syntax/parse_types.c: types, generics, bounds and constraints; what a type declaration declares.
#include "syntax/parser_internal.h"

static NodeIndex type_element(Parser *p, uint32_t context) {
    (void)context;
    return parse_type(p);
}

bool accept_greater(Parser *p) {
    if (p->kind == TOKEN_GREATER_EQUAL) { // `>=` closes the list and leaves `=`
        p->kind = TOKEN_EQUAL;
        p->is_split = true;
        return true;
    }
    return accept(p, TOKEN_GREATER);
}

// What failed inside a `<` fails there again, whoever asks: without this memory a chain of n `A <` would take n² steps.
static void note_no_types(Parser *p, uint32_t open) {
    if (p->no_types == NULL) p->no_types = arena_array(p->arena, uint8_t, p->tokens->count / 8 + 1);
    p->no_types[open / 8] |= (uint8_t)(1u << (open & 7u));
}

bool has_no_types(const Parser *p, uint32_t open) {
    return p->no_types != NULL && (p->no_types[open / 8] & 1u << (open & 7u)) != 0;
}

// '<' list(x) '>': angle brackets are not paired, so this list finds its end itself.
static uint32_t parse_angles(Parser *p, ElementParser element) {
    uint32_t base = p->scratch.count, open = p->index;
    advance(p);
    bool is_closed = accept_greater(p);
    while (!is_closed) {
        uint32_t errors = p->error_count;
        NodeIndex item = element(p, 0);
        scratch_push(p, item);
        if (p->failed || p->error_count != errors) { // go on behind the `>` if there is one near
            if (p->speculating > 0) {
                note_no_types(p, open);
                break;
            }
            while (p->kind == TOKEN_NAME || p->kind == TOKEN_COMMA || p->kind == TOKEN_COLON || p->kind == TOKEN_PLUS)
                advance(p);
            (void)accept_greater(p); // its absence would be a second error for one mistake
            break;
        }
        bool has_comma = accept(p, TOKEN_COMMA);
        is_closed = accept_greater(p);
        if (!is_closed && !has_comma) {
            error_expected(p, TEXT("`,` or `>`"));
            if (p->speculating > 0) note_no_types(p, open);
            break;
        }
    }
    return list_finish(p, base, true);
}

uint32_t parse_type_arguments(Parser *p) { return parse_angles(p, type_element); }

// type_path = NAME { '.' NAME } [ '<' list(type) '>' ], also from `Self` and `void`.
NodeIndex parse_type_path(Parser *p) {
    uint32_t first = p->index;
    if (p->kind != TOKEN_NAME && p->kind != TOKEN_SELF_TYPE && p->kind != TOKEN_VOID) {
        error_missing(p, DIAG_EXPECTED_TYPE);
        return error_node(p);
    }
    bool is_void = p->kind == TOKEN_VOID;
    uint32_t base = p->scratch.count;
    scratch_push(p, name_of(p, p->index));
    advance(p);
    while (!is_void && p->kind == TOKEN_DOT && peek(p, 1) != TOKEN_MATCH && is_word_token(peek(p, 1))) {
        advance(p);
        scratch_push(p, name_of(p, p->index));
        advance(p);
    }
    uint32_t names = list_finish(p, base, true);
    uint32_t arguments = 0;
    if (!is_void && p->kind == TOKEN_LESS) {
        if (!depth_enter(p)) return node_add(p, NODE_TYPE_PATH, first, names, 0);
        arguments = parse_type_arguments(p);
        depth_leave(p);
    }
    return node_add(p, NODE_TYPE_PATH, first, names, arguments);
}

// `(` list(type) `)` [ `->` type ]
static NodeIndex parse_parenthesised_type(Parser *p) {
    uint32_t open = p->index, base = p->scratch.count, items = 0;
    Group group;
    if (!group_enter(p, &group)) return error_node(p);
    while (p->index < group.end && p->kind != TOKEN_END) {
        uint32_t errors = p->error_count;
        NodeIndex item = parse_type(p);
        scratch_push(p, item);
        items++;
        if (!list_next(p, errors)) break;
    }
    group_leave(p, &group);
    if (accept(p, TOKEN_ARROW)) {
        NodeIndex result;
        if (depth_enter(p)) {
            result = parse_type(p);
            depth_leave(p);
        } else {
            result = error_node(p);
        }
        uint32_t parameters = list_finish(p, base, false);
        return node_add(p, NODE_TYPE_FUNCTION, open, result, parameters);
    }
    if (items == 1) { // parentheses alone leave no node
        NodeIndex inner = p->scratch.items[base];
        p->scratch.count = base;
        return inner;
    }
    uint32_t parts = list_finish(p, base, false);
    return node_add(p, NODE_TYPE_TUPLE, open, 0, parts);
}

// Is the `{` here that of a record, not of a map? A lower-case name that is no primitive begins a field.
static bool at_record(const Parser *p) {
    TokenKind first = peek(p, 1);
    if (first == TOKEN_RBRACE || first == TOKEN_END) return true;
    if (peek(p, 2) != TOKEN_COLON || !is_word_token(first) || first == TOKEN_VOID || first == TOKEN_SELF_TYPE)
        return false;
    uint32_t name = peek_index(p, 1);
    return !is_upper(p, name) && !is_primitive(p, name);
}

static NodeIndex parse_map_type(Parser *p) {
    uint32_t open = p->index;
    Group group;
    if (!group_enter(p, &group)) return error_node(p);
    uint32_t errors = p->error_count;
    NodeIndex key = parse_type(p);
    (void)expect_or_skip(p, TOKEN_COLON, TEXT("`:`")); // reported; the value is looked for here
    NodeIndex value = parse_type(p);
    (void)accept(p, TOKEN_COMMA); // a trailing comma is fine, and may be absent
    group_close(p, &group, errors);
    return node_add(p, NODE_TYPE_MAP, open, key, value);
}

// type = [ 'dyn' ] type_path | '[' type ']' | '{' type ':' type '}' | record | '(' … ')' [ '->' type ] | 'void' | 'Self' …
NodeIndex parse_type(Parser *p) {
    uint32_t first = p->index;
    switch (p->kind) {
    case TOKEN_DYN: {
        advance(p);
        NodeIndex path = parse_type_path(p);
        return node_add(p, NODE_TYPE_DYN, first, path, 0);
    }
    case TOKEN_LBRACKET: {
        Group group;
        if (!group_enter(p, &group)) return error_node(p);
        uint32_t errors = p->error_count;
        NodeIndex item = parse_type(p);
        group_close(p, &group, errors);
        return node_add(p, NODE_TYPE_LIST, first, item, 0);
    }
    case TOKEN_LBRACE: {
        if (!at_record(p)) return parse_map_type(p);
        uint32_t fields = parse_list(p, parse_field_declaration, 0, false);
        return node_add(p, NODE_TYPE_RECORD, first, 0, fields);
    }
    case TOKEN_LPAREN:
        return parse_parenthesised_type(p);
    case TOKEN_NAME:
        if (at_word(p, WORD_UNDERSCORE)) break;
        return parse_type_path(p);
    case TOKEN_SELF_TYPE:
    case TOKEN_VOID:
        return parse_type_path(p);
    default:
        break;
    }
    error_missing(p, DIAG_EXPECTED_TYPE);
    NodeIndex error = error_node(p);
    if (at_word(p, WORD_UNDERSCORE)) advance(p);
    return error;
}

// bounds = type_path { '+' type_path }
uint32_t parse_bounds(Parser *p) {
    uint32_t base = p->scratch.count;
    do {
        NodeIndex bound = parse_type_path(p);
        scratch_push(p, bound);
    } while (accept(p, TOKEN_PLUS));
    return list_finish(p, base, true);
}

static NodeIndex generic_element(Parser *p, uint32_t context) {
    (void)context;
    uint32_t token, name, bounds = 0;
    if (!expect_upper_name(p, &token, &name, TEXT("a name that begins with an upper-case letter")))
        return error_node(p);
    if (accept(p, TOKEN_COLON)) bounds = parse_bounds(p);
    return node_add(p, NODE_GENERIC, token, name, bounds);
}

// generics = '<' list( NAME [ ':' bounds ] ) '>'
uint32_t parse_generics(Parser *p) { return p->kind == TOKEN_LESS ? parse_angles(p, generic_element) : 0; }

// constraint = ( NAME | 'Self' ) { '.' NAME } ( ':' bounds | '=' type )
static NodeIndex parse_constraint(Parser *p) {
    uint32_t first = p->index, base = p->scratch.count;
    if (p->kind != TOKEN_NAME && p->kind != TOKEN_SELF_TYPE) {
        error_expected(p, TEXT("a type parameter"));
        return error_node(p);
    }
    scratch_push(p, name_of(p, p->index));
    advance(p);
    while (p->kind == TOKEN_DOT && is_word_token(peek(p, 1))) {
        advance(p);
        scratch_push(p, name_of(p, p->index));
        advance(p);
    }
    uint32_t path = list_finish(p, base, true);
    uint32_t words[2] = {0, 0};
    if (accept(p, TOKEN_EQUAL)) {
        words[0] = 1;
        words[1] = parse_type(p);
    } else if (accept(p, TOKEN_COLON)) {
        words[1] = parse_bounds(p);
    } else {
        error_expected(p, TEXT("`:` or `=`"));
        words[0] = 1;
        words[1] = error_node(p);
    }
    uint32_t extra = extra_add(p, words, 2);
    return node_add(p, NODE_CONSTRAINT, first, path, extra);
}

// where = 'where' constraint { ',' constraint }
uint32_t parse_where(Parser *p) {
    if (!accept(p, TOKEN_WHERE)) return 0;
    uint32_t base = p->scratch.count;
    do {
        NodeIndex constraint = parse_constraint(p);
        scratch_push(p, constraint);
    } while (accept(p, TOKEN_COMMA));
    return list_finish(p, base, true);
}

// ---- what a type declaration declares

NodeIndex parse_field_declaration(Parser *p, uint32_t context) {
    (void)context;
    uint32_t token, name;
    if (!expect_name(p, &token, &name)) return error_node(p);
    NodeIndex type;
    if (expect_or_skip(p, TOKEN_COLON, TEXT("`:`")) || p->kind == TOKEN_NAME)
        type = parse_type(p);
    else
        type = error_node(p);
    return node_add(p, NODE_FIELD_DECL, token, name, type);
}

// [ NAME ':' ] type
static NodeIndex variant_field_element(Parser *p, uint32_t context) {
    if (is_word_token(p->kind) && peek(p, 1) == TOKEN_COLON) return parse_field_declaration(p, context);
    uint32_t first = p->index;
    NodeIndex type = parse_type(p);
    return node_add(p, NODE_FIELD_DECL, first, 0, type);
}

static NodeIndex parse_variant(Parser *p) {
    uint32_t token, name, fields = 0;
    if (!expect_upper_name(p, &token, &name, TEXT("a variant's name, which begins with an upper-case letter")))
        return error_node(p);
    if (p->kind == TOKEN_LPAREN) fields = parse_list(p, variant_field_element, 0, true);
    return node_add(p, NODE_VARIANT, token, name, fields);
}

// record | sum | type. A sum has two or more variants, or one with `|` before it or with fields.
NodeIndex parse_type_body(Parser *p) {
    uint32_t first = p->index;
    if (p->kind == TOKEN_LBRACE && at_record(p)) {
        uint32_t fields = parse_list(p, parse_field_declaration, 0, false);
        return node_add(p, NODE_RECORD_DEF, first, 0, fields);
    }
    bool is_sum =
        p->kind == TOKEN_PIPE || (p->kind == TOKEN_NAME && (peek(p, 1) == TOKEN_PIPE || peek(p, 1) == TOKEN_LPAREN));
    if (!is_sum) return parse_type(p);
    uint32_t base = p->scratch.count;
    (void)accept(p, TOKEN_PIPE); // the first one is optional
    do {
        NodeIndex variant = parse_variant(p);
        scratch_push(p, variant);
    } while (accept(p, TOKEN_PIPE));
    uint32_t variants = list_finish(p, base, false);
    return node_add(p, NODE_SUM_DEF, first, 0, variants);
}

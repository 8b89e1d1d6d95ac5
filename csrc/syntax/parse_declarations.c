// syntax/parse_declarations.c: imports, functions, tests, types, traits, impls; what is in scope before bodies are parsed.
#include "syntax/parser_internal.h"

// ---- names of the module

// Which pattern words are functions or imports of this module, so that `map(…)` is a call. One walk over the tokens
// outside of brackets, before anything is parsed.
static void scan_module_names(Parser *p) {
    uint32_t count = p->tokens->count - 1;
    p->bound = 0;
    for (uint32_t token = 0; token < count; token++) {
        TokenKind kind = p->kinds[token], next = p->kinds[token + 1];
        bool is_open = kind == TOKEN_LPAREN || kind == TOKEN_LBRACKET || kind == TOKEN_LBRACE;
        if (is_open) {
            uint32_t end = group_end_of(p, token);
            if (end > token) token = end - (p->tokens->partner[token] == 0);
        } else if (kind == TOKEN_AT && next == TOKEN_NAME && !(token > 0 && word_at(p, token - 1) == WORD_TESTS)) {
            bind_name(p, p->tokens->values[token + 1]);
        } else if (kind == TOKEN_USE && !(token > 0 && p->kinds[token - 1] == TOKEN_DOT)) {
            uint32_t at = token + 1; // behind the path: a list, or `as` and a name
            while (p->kinds[at] == TOKEN_DOT || p->kinds[at] == TOKEN_PATH || p->kinds[at] == TOKEN_STR ||
                   (is_word_token((TokenKind)p->kinds[at]) && word_at(p, at) != WORD_AS))
                at++;
            if (word_at(p, at) == WORD_AS && p->kinds[at + 1] == TOKEN_NAME) bind_name(p, p->tokens->values[at + 1]);
            if (p->kinds[at] != TOKEN_LBRACE) continue;
            uint32_t end = group_end_of(p, at);
            for (at++; at < end; at++) { // an item gives its last name, the alias if there is one
                bool is_last = at + 1 == end || p->kinds[at + 1] == TOKEN_COMMA;
                bool is_config = p->kinds[at - 1] == TOKEN_DOLLAR;
                if (is_last && !is_config && p->kinds[at] == TOKEN_NAME) bind_name(p, p->tokens->values[at]);
            }
        }
    }
    p->shadowed = p->bound;
    p->bound = 0;
}

// ---- attributes

static NodeIndex attribute_argument(Parser *p, uint32_t context) {
    (void)context;
    if (p->kind == TOKEN_STR) return parse_literal(p, false);
    uint32_t token, name;
    if (!expect_name(p, &token, &name)) return error_node(p);
    return node_add(p, NODE_NAME, token, name, 0);
}

// attr = NAME [ '(' list( NAME | STRING ) ')' ]
static NodeIndex parse_attribute(Parser *p) {
    uint32_t token, name, arguments = 0;
    if (!expect_name(p, &token, &name)) return error_node(p);
    if (p->kind == TOKEN_LPAREN) arguments = parse_list(p, attribute_argument, 0, true);
    return node_add(p, NODE_ATTRIBUTE, token, name, arguments);
}

// attribute = '#' '[' attr ']' | '#' attr
static uint32_t parse_attributes(Parser *p) {
    if (p->kind != TOKEN_HASH) return 0;
    uint32_t base = p->scratch.count;
    while (accept(p, TOKEN_HASH)) {
        NodeIndex attribute;
        Group group;
        if (p->kind != TOKEN_LBRACKET) {
            attribute = parse_attribute(p);
        } else if (group_enter(p, &group)) {
            uint32_t errors = p->error_count;
            attribute = parse_attribute(p);
            group_close(p, &group, errors);
        } else {
            attribute = error_node(p);
        }
        scratch_push(p, attribute);
    }
    return list_finish(p, base, true);
}

// ---- imports

// import_path = PATH | STRING | NAME { '.' NAME }
static NodeIndex parse_import_path(Parser *p, bool *is_quoted) {
    uint32_t first = p->index;
    *is_quoted = p->kind == TOKEN_PATH || p->kind == TOKEN_STR;
    if (*is_quoted) {
        uint32_t text = p->tokens->values[first];
        advance(p);
        return node_add(p, NODE_IMPORT_PATH, first, text, 0);
    }
    uint32_t base = p->scratch.count, token, name;
    if (!is_word_token(p->kind)) {
        error_expected(p, TEXT("the path of a module"));
        return error_node(p);
    }
    (void)expect_name(p, &token, &name); // reported; the name is good enough
    scratch_push(p, name);
    while (p->kind == TOKEN_DOT) {
        advance(p);
        if (!is_word_token(p->kind)) {
            error_expected(p, TEXT("a name"));
            break;
        }
        scratch_push(p, name_of(p, p->index)); // any word, as after every dot
        advance(p);
    }
    uint32_t names = list_finish(p, base, true);
    return node_add(p, NODE_IMPORT_PATH, first, 0, names);
}

// import_item = [ '::' ] ( NAME | '$' NAME ) [ 'as' ( NAME | '$' NAME ) ]
static NodeIndex import_item(Parser *p, uint32_t context) {
    (void)context;
    uint32_t token, name, alias_token, words[3] = {0, 0, 0};
    words[1] = accept(p, TOKEN_COLON_COLON);
    words[2] = accept(p, TOKEN_DOLLAR);
    if (!expect_name(p, &token, &name)) return error_node(p);
    if (at_word(p, WORD_AS)) {
        advance(p);
        if (words[2] != 0 && p->kind != TOKEN_DOLLAR)
            error_expected(p, TEXT("`$`")); // on both sides or on neither
        else if (words[2] != 0)
            advance(p);
        (void)expect_name(p, &alias_token, &words[0]); // reported; `_` stands for it then
    }
    uint32_t extra = extra_add(p, words, 3);
    return node_add(p, NODE_IMPORT_ITEM, token, name, extra);
}

// 'use' import_path [ '{' list(import_item) '}' | 'as' NAME ], behind an optional `pub`
static NodeIndex parse_import(Parser *p, bool is_public) {
    uint32_t token = p->index, words[4] = {is_public, 0, 0, 0};
    advance(p);
    bool is_quoted;
    NodeIndex path = parse_import_path(p, &is_quoted);
    if (p->kind == TOKEN_LBRACE) {
        words[2] = 1;
        words[3] = parse_list(p, import_item, 0, false);
    } else if (at_word(p, WORD_AS)) {
        uint32_t alias_token;
        advance(p);
        (void)expect_name(p, &alias_token, &words[1]); // reported; `_` stands for it then
    } else if (is_quoted) {
        error_expected(p, TEXT("`{` or `as`"));
    }
    uint32_t extra = extra_add(p, words, 4);
    return node_add(p, NODE_IMPORT, token, path, extra);
}

static NodeIndex extension_item(Parser *p, uint32_t context) {
    (void)context;
    uint32_t token, type, method_token, method;
    if (!expect_name(p, &token, &type)) return error_node(p);
    if (!accept(p, TOKEN_DOT)) {
        error_expected(p, TEXT("`.`"));
        return error_node(p);
    }
    if (is_word_token(p->kind)) {
        method = name_of(p, p->index);
        advance(p);
    } else if (!expect_name(p, &method_token, &method)) {
        return error_node(p);
    }
    return node_add(p, NODE_EXTENSION_ITEM, token, type, method);
}

// 'extension' import_path '{' list(NAME '.' NAME) '}'
static NodeIndex parse_extension_import(Parser *p) {
    uint32_t token = p->index, items = 0;
    advance(p);
    bool is_quoted;
    NodeIndex path = parse_import_path(p, &is_quoted);
    if (p->kind == TOKEN_LBRACE)
        items = parse_list(p, extension_item, 0, false);
    else
        error_expected(p, TEXT("`{`"));
    return node_add(p, NODE_EXTENSION_IMPORT, token, path, items);
}

// ---- config

// '$' NAME [ ':' type ] '=' expr
static NodeIndex parse_config(Parser *p, bool is_public, uint32_t attributes, uint32_t *name) {
    uint32_t token = p->index, name_token;
    advance(p);
    (void)expect_name(p, &name_token, name); // reported; `_` stands for it then
    uint32_t words[4] = {*name, is_public, 0, attributes};
    if (accept(p, TOKEN_COLON)) words[2] = parse_type(p);
    NodeIndex value;
    if (expect_or_skip(p, TOKEN_EQUAL, TEXT("`=`")))
        value = parse_expression(p);
    else
        value = error_node(p);
    uint32_t extra = extra_add(p, words, 4);
    return node_add(p, NODE_CONFIG_DECL, token, extra, value);
}

// ---- functions

static NodeIndex parameter_element(Parser *p, uint32_t context) {
    (void)context;
    uint32_t token = p->index, name, type = 0;
    if (accept(p, TOKEN_SELF)) return node_add(p, NODE_SELF_PARAM, token, 0, 0);
    if (!expect_name(p, &token, &name)) return error_node(p);
    bind_name(p, name);
    if (accept(p, TOKEN_COLON)) type = parse_type(p);
    return node_add(p, NODE_PARAM, token, name, type);
}

// uses = 'uses' NAME { ',' NAME }
static uint32_t parse_uses(Parser *p) {
    if (!accept(p, TOKEN_USES)) return 0;
    uint32_t base = p->scratch.count, token, name;
    do {
        if (!expect_name(p, &token, &name)) break;
        scratch_push(p, name);
    } while (accept(p, TOKEN_COMMA));
    return list_finish(p, base, true);
}

// test_target = '@' NAME { '.' NAME }
static NodeIndex parse_test_target(Parser *p) {
    uint32_t token = p->index, base = p->scratch.count, name_token, name;
    if (!accept(p, TOKEN_AT)) {
        error_expected(p, TEXT("`@`"));
        return error_node(p);
    }
    if (!expect_name(p, &name_token, &name)) return error_node(p);
    scratch_push(p, name);
    while (p->kind == TOKEN_DOT && is_word_token(peek(p, 1))) {
        advance(p);
        scratch_push(p, name_of(p, p->index));
        advance(p);
    }
    uint32_t names = list_finish(p, base, true);
    return node_add(p, NODE_TEST_TARGET, token, names, 0);
}

typedef enum FunctionPlace { AT_TOP, IN_TRAIT, IN_BLOCK } FunctionPlace;

// '@' NAME [ generics ] '(' list(param) ')' [ '->' type ] [ uses ] [ where ] '=' expr, and tests. The body may be absent
// in a trait.
static NodeIndex parse_function(Parser *p, FunctionPlace place, bool is_public, uint32_t attributes,
                                uint32_t *name_out) {
    FunctionHead head = {.flags = is_public ? HEAD_PUBLIC : 0, .attributes = attributes};
    uint32_t token, shadowed = p->shadowed;
    advance(p);
    bool has_name = true;
    if (place == IN_BLOCK &&
        p->kind == TOKEN_THEN) { // `Less.then(other)` of chapter 11: behind a `.` every word is a name
        token = p->index;
        head.name = name_of(p, token);
        advance(p);
    } else {
        has_name = expect_name(p, &token, &head.name);
    }
    *name_out = head.name;
    if (!has_name && p->kind != TOKEN_LPAREN && p->kind != TOKEN_LESS) return node_add(p, NODE_ERROR, token, 0, 0);
    if (place == AT_TOP && at_word(p, WORD_TESTS)) {
        uint32_t base = p->scratch.count;
        while (at_word(p, WORD_TESTS)) {
            advance(p);
            NodeIndex target = parse_test_target(p);
            scratch_push(p, target);
        }
        head.targets = list_finish(p, base, true);
    }
    head.generics = parse_generics(p);
    p->bound = 0;
    if (p->kind == TOKEN_LPAREN) {
        uint32_t first_node = p->node_count;
        head.parameters = parse_list(p, parameter_element, 0, false);
        for (uint32_t node = first_node; node < p->node_count; node++)
            if (p->node_kinds[node] == NODE_SELF_PARAM) head.flags |= HEAD_HAS_SELF;
    } else {
        error_expected(p, TEXT("`(`"));
    }
    uint32_t bound = p->bound;
    if (accept(p, TOKEN_ARROW)) head.result = parse_type(p);
    head.uses = parse_uses(p);
    head.where = parse_where(p);
    NodeIndex body = 0;
    bool is_over = p->kind == TOKEN_AT || p->kind == TOKEN_TYPE || p->kind == TOKEN_PUB || p->kind == TOKEN_HASH ||
                   p->kind == TOKEN_COMMA || p->kind == TOKEN_SEMICOLON || p->index >= p->group_end;
    bool has_body = place != IN_TRAIT || !is_over;
    if (has_body) {
        p->shadowed |= bound;
        uint32_t errors = p->error_count;
        if (expect_or_skip(p, TOKEN_EQUAL, TEXT("`=`"))) {
            body = parse_expression(p);
        } else if (p->error_count == errors + 1 && starts_expression(p) && !is_on_later_line(p, p->index) &&
                   p->kind != TOKEN_NAME && p->kind != TOKEN_LBRACE && p->kind != TOKEN_LPAREN) {
            body = parse_expression(p); // only the `=` is missing
        } else {
            body = error_node(p);
        }
        p->shadowed = shadowed;
    }
    uint32_t extra = extra_add(p, (const uint32_t *)(const void *)&head, sizeof head / sizeof(uint32_t));
    return node_add(p, head.targets != 0 ? NODE_TEST : NODE_FUNCTION, token, extra, body);
}

// ---- types, traits, impls

// 'type' NAME [ generics ] [ where ] '=' ( record | sum | type )
static NodeIndex parse_type_declaration(Parser *p, bool is_public, uint32_t attributes, uint32_t *name) {
    TypeHead head = {.flags = is_public ? HEAD_PUBLIC : 0, .attributes = attributes};
    uint32_t token;
    advance(p);
    (void)expect_upper_name(p, &token, &head.name, TEXT("a name that begins with an upper-case letter"));
    *name = head.name;
    head.generics = parse_generics(p);
    head.where = parse_where(p);
    NodeIndex body;
    if (expect_or_skip(p, TOKEN_EQUAL, TEXT("`=`")) || p->kind == TOKEN_LBRACE)
        body = parse_type_body(p);
    else
        body = error_node(p);
    uint32_t extra = extra_add(p, (const uint32_t *)(const void *)&head, sizeof head / sizeof(uint32_t));
    return node_add(p, NODE_TYPE_DECL, token, extra, body);
}

// In a trait: 'type' NAME [ ':' bounds ]. In an impl: 'type' NAME '=' type.
static NodeIndex parse_associated_type(Parser *p, FunctionPlace place) {
    uint32_t token, name, operand = 0;
    advance(p);
    if (!expect_upper_name(p, &token, &name, TEXT("a name that begins with an upper-case letter")))
        return error_node(p);
    if (place == IN_TRAIT) {
        if (accept(p, TOKEN_COLON)) operand = parse_bounds(p);
    } else if (expect_or_skip(p, TOKEN_EQUAL, TEXT("`=`"))) {
        operand = parse_type(p);
    } else {
        operand = error_node(p);
    }
    return node_add(p, NODE_ASSOCIATED_TYPE, token, name, operand);
}

// A function that came to nothing holds no attributes: the nodes from `nodes` on give way to the error alone.
static NodeIndex drop_attributes(Parser *p, NodeIndex function, uint32_t nodes, uint32_t extra) {
    if (node_kind(p, function) != NODE_ERROR) return function;
    uint32_t token = p->first_token + p->node_tokens[p->first_node + function];
    p->node_count = nodes;
    p->extra.count = extra;
    return node_add(p, NODE_ERROR, token, 0, 0);
}

static NodeIndex parse_member(Parser *p, FunctionPlace place) {
    uint32_t hash = p->index, nodes = p->node_count, extra = p->extra.count, name, attributes = 0;
    if (p->kind == TOKEN_HASH) { // only methods of the prelude have attributes: the checker knows which module this is
        attributes = parse_attributes(p);
        if (p->kind != TOKEN_AT && !(p->kind == TOKEN_PUB && peek(p, 1) == TOKEN_AT)) {
            error_token(p, DIAG_ATTRIBUTE_NOT_ALLOWED, hash, TEXT(""), TEXT(""));
            p->node_count = nodes;
            p->extra.count = extra;
        }
    }
    bool is_public = p->kind == TOKEN_PUB;
    if (is_public) {
        if (place == IN_TRAIT) error_expected(p, TEXT("`@` or `type`"));
        advance(p);
    }
    if (p->kind == TOKEN_AT)
        return drop_attributes(p, parse_function(p, place, is_public, attributes, &name), nodes, extra);
    if (p->kind == TOKEN_TYPE) return parse_associated_type(p, place);
    error_expected(p, TEXT("`@` or `type`"));
    return error_node(p);
}

// '{' { member } '}'
static uint32_t parse_members(Parser *p, FunctionPlace place) {
    if (p->kind != TOKEN_LBRACE) {
        error_expected(p, TEXT("`{`"));
        return 0;
    }
    Group group;
    if (!group_enter(p, &group)) return 0;
    p->bracket_depth = 0;
    uint32_t base = p->scratch.count;
    while (p->index < group.end && p->kind != TOKEN_END) {
        uint32_t start = p->index, errors = p->error_count;
        NodeIndex member = parse_member(p, place);
        scratch_push(p, member);
        if (p->index >= group.end || p->kind == TOKEN_AT || p->kind == TOKEN_TYPE || p->kind == TOKEN_PUB ||
            p->kind == TOKEN_HASH)
            continue;
        // Something is left of this member: one error, and on to the next.
        if (p->kind == TOKEN_SEMICOLON || p->kind == TOKEN_COMMA || p->error_count == errors) {
            if (p->kind == TOKEN_SEMICOLON)
                error_token(p, DIAG_SEMICOLON, p->index, TEXT(""), TEXT(""));
            else
                error_expected(p, TEXT("`@` or `type`"));
        }
        if (p->index == start || p->kind == TOKEN_SEMICOLON || p->kind == TOKEN_COMMA) advance(p);
        while (p->index < group.end && p->kind != TOKEN_END && !at_declaration(p)) {
            skip_to_separator(p);
            if (p->kind == TOKEN_COMMA || p->kind == TOKEN_SEMICOLON) advance(p);
        }
        if (p->index < group.end && p->index > start && at_declaration(p) && p->kind != TOKEN_AT &&
            p->kind != TOKEN_TYPE && p->kind != TOKEN_PUB && p->kind != TOKEN_HASH)
            advance(p); // begins a declaration, but none that is a member
    }
    uint32_t members = list_finish(p, base, false);
    group_leave(p, &group);
    return members;
}

// 'trait' NAME [ generics ] [ ':' bounds ] '{' { trait_item } '}'
static NodeIndex parse_trait(Parser *p, bool is_public, uint32_t attributes, uint32_t *name) {
    TypeHead head = {.flags = is_public ? HEAD_PUBLIC : 0, .attributes = attributes};
    uint32_t token;
    advance(p);
    (void)expect_upper_name(p, &token, &head.name, TEXT("a name that begins with an upper-case letter"));
    *name = head.name;
    head.generics = parse_generics(p);
    if (accept(p, TOKEN_COLON)) head.bounds = parse_bounds(p);
    uint32_t members = parse_members(p, IN_TRAIT);
    uint32_t extra = extra_add(p, (const uint32_t *)(const void *)&head, sizeof head / sizeof(uint32_t));
    return node_add(p, NODE_TRAIT_DECL, token, extra, members);
}

// 'impl' [ generics ] [ type_path 'for' ] type [ where ] '{' … '}', and 'extend', which has no trait
static NodeIndex parse_impl(Parser *p, NodeKind kind, uint32_t attributes) {
    ImplHead head = {.attributes = attributes};
    uint32_t token = p->index;
    advance(p);
    head.generics = parse_generics(p);
    head.type = parse_type(p);
    if (kind == NODE_IMPL && p->kind == TOKEN_FOR) {
        if (node_kind(p, head.type) != NODE_TYPE_PATH && node_kind(p, head.type) != NODE_ERROR)
            error_expected(p, TEXT("a trait before `for`"));
        advance(p);
        head.trait = head.type;
        head.type = parse_type(p);
    }
    head.where = parse_where(p);
    uint32_t members = parse_members(p, IN_BLOCK);
    uint32_t extra = extra_add(p, (const uint32_t *)(const void *)&head, sizeof head / sizeof(uint32_t));
    return node_add(p, kind, token, extra, members);
}

// ---- the module

static bool begins_a_declaration(const Parser *p) {
    switch (p->kind) {
    case TOKEN_AT:
    case TOKEN_DOLLAR:
    case TOKEN_HASH:
    case TOKEN_PUB:
    case TOKEN_TYPE:
    case TOKEN_TRAIT:
    case TOKEN_IMPL:
    case TOKEN_USE:
        return true;
    default:
        return at_word(p, WORD_EXTEND) || at_word(p, WORD_EXTENSION);
    }
}

static NodeIndex parse_declaration(Parser *p, Declaration *out) {
    uint32_t hash = p->index, nodes = p->node_count, extra = p->extra.count;
    uint32_t attributes = parse_attributes(p);
    bool is_public = p->kind == TOKEN_PUB;
    if (is_public) {
        advance(p);
        out->is_public = true;
        if (p->kind == TOKEN_IMPL || at_word(p, WORD_EXTEND) || at_word(p, WORD_EXTENSION) || p->kind == TOKEN_HASH)
            error_expected(p, TEXT("`use`, `@`, `$`, `type` or `trait`"));
    }
    if (attributes != 0 && (p->kind == TOKEN_USE || at_word(p, WORD_EXTENSION))) {
        error_token(p, DIAG_ATTRIBUTE_NOT_ALLOWED, hash, TEXT(""), TEXT(""));
        p->node_count = nodes; // nothing holds them
        p->extra.count = extra;
    }
    switch (p->kind) {
    case TOKEN_USE:
        return parse_import(p, is_public);
    case TOKEN_DOLLAR:
        return parse_config(p, is_public, attributes, &out->name.index);
    case TOKEN_AT:
        return drop_attributes(p, parse_function(p, AT_TOP, is_public, attributes, &out->name.index), nodes, extra);
    case TOKEN_TYPE:
        return parse_type_declaration(p, is_public, attributes, &out->name.index);
    case TOKEN_TRAIT:
        return parse_trait(p, is_public, attributes, &out->name.index);
    case TOKEN_IMPL:
        return parse_impl(p, NODE_IMPL, attributes);
    default:
        break;
    }
    if (at_word(p, WORD_EXTEND)) return parse_impl(p, NODE_EXTEND, attributes);
    if (at_word(p, WORD_EXTENSION)) return parse_extension_import(p);
    error_missing(p, DIAG_EXPECTED_DECLARATION);
    p->node_count = nodes; // attributes and `pub` of nothing
    p->extra.count = extra;
    return error_node(p);
}

void parse_declarations(Parser *p) {
    scan_module_names(p);
    uint32_t module_shadowed = p->shadowed;
    while (p->kind != TOKEN_END) {
        Declaration declaration = {.first_token = p->index, .first_node = p->node_count, .first_extra = p->extra.count};
        p->first_token = p->index;
        p->first_node = p->node_count;
        p->first_extra = p->extra.count;
        (void)node_add(p, NODE_NONE, p->index, 0, 0); // node 0
        (void)extra_add(p, (uint32_t[]){0}, 1);       // word 0
        p->depth = p->bracket_depth = 0;
        p->has_length = p->pipe_ends = p->in_sequence = false;
        p->shadowed = module_shadowed;
        p->operators.count = p->scratch.count = 0;
        uint32_t errors = p->error_count, start = p->index;
        if (begins_a_declaration(p)) {
            declaration.root = parse_declaration(p, &declaration);
        } else {
            if (p->kind == TOKEN_SEMICOLON)
                error_token(p, DIAG_SEMICOLON, p->index, TEXT(""), TEXT(""));
            else
                error_missing(p, DIAG_EXPECTED_DECLARATION);
            declaration.root = error_node(p);
        }
        // What follows and begins no declaration belongs to this one.
        if (p->index > start && p->kind == TOKEN_SEMICOLON)
            error_token(p, DIAG_SEMICOLON, p->index, TEXT(""), TEXT(""));
        if (p->index == start || !begins_a_declaration(p)) {
            if (p->error_count == errors && p->kind != TOKEN_END) error_missing(p, DIAG_EXPECTED_DECLARATION);
            bool is_first = p->index == start; // then even what looks like a declaration is stepped over
            for (; p->kind != TOKEN_END && (is_first || !at_declaration(p)); is_first = false)
                skip_token(p);
        }
        declaration.kind = node_kind(p, declaration.root);
        declaration.node_count = p->node_count - declaration.first_node;
        declaration.extra_count = p->extra.count - declaration.first_extra;
        declaration.token_count = p->index - declaration.first_token;
        declaration.has_errors = p->error_count != errors;
        vec_push(p->arena, &p->declarations, declaration);
    }
}

// syntax/tree.c: names of kinds, operands, spans, hashes and the checker of shapes. See tree.h.
#include "base/hash.h"
#include "syntax/tree_operands.h"

static const struct {
    const char *name, *token, *a, *b;
} rows[] = {
#define NODE(kind, token, a, b, example) {#kind, #token, #a, #b},
#include "syntax/nodes.def"
#undef NODE
};

const char *node_kind_name(NodeKind kind) { return rows[kind].name; }
const char *node_kind_token(NodeKind kind) { return rows[kind].token; }

// ---- operands

// One word of a column, such as `EXPR?`; false for NONE. Two letters tell the words apart, NAMES from NAME the fifth.
static bool read_word(const char *column, uint32_t value, Operand *out) {
    const char *end = column;
    while (*end >= 'A' && *end <= 'Z')
        end++;
    *out = (Operand){.is_optional = *end == '?', .value = value};
    switch (column[0]) {
    case 'E':
        out->family = FAMILY_EXPR;
        return true;
    case 'T':
        out->family = FAMILY_TYPE;
        return true;
    case 'P':
        out->family = FAMILY_PAT;
        return true;
    case 'L':
        out->form = OPERAND_LIST;
        return true;
    case 'V':
        out->form = OPERAND_VALUE;
        return true;
    case 'N':
        if (column[1] == 'A') out->form = end - column == 5 ? OPERAND_NAMES : OPERAND_NAME;
        return column[1] == 'A' || column[2] == 'D'; // NODE, not NONE
    default:
        return false;
    }
}

static Operand list_operand(const char *label, uint32_t value) {
    return (Operand){OPERAND_LIST, FAMILY_ANY, true, value, label};
}

static uint32_t read_column(const TreeView *v, NodeIndex node, const char *column, uint32_t value, Operand *out) {
    if (column[0] != 'X') return read_word(column, value, out) ? 1 : 0;
    const uint32_t *words = v->extra + value;
    if (column[2] == 'F') { // FunctionHead
        const FunctionHead *head = tree_function_head(v, node);
        out[0] = (Operand){OPERAND_NAME, FAMILY_ANY, true, head->name, NULL}; // optional: bad text may leave it out
        out[1] = (Operand){OPERAND_VALUE, FAMILY_ANY, false, head->flags, "flags"};
        out[2] = list_operand("attributes", head->attributes);
        out[3] = list_operand("targets", head->targets);
        out[4] = list_operand("generics", head->generics);
        out[5] = list_operand("parameters", head->parameters);
        out[6] = (Operand){OPERAND_NODE, FAMILY_TYPE, true, head->result, "result"};
        out[7] = (Operand){OPERAND_NAMES, FAMILY_ANY, true, head->uses, "uses"};
        out[8] = list_operand("where", head->where);
        return 9;
    }
    if (column[2] == 'T' && column[6] == 'H') { // TypeHead
        const TypeHead *head = tree_type_head(v, node);
        out[0] = (Operand){OPERAND_NAME, FAMILY_ANY, true, head->name, NULL};
        out[1] = (Operand){OPERAND_VALUE, FAMILY_ANY, false, head->flags, "flags"};
        out[2] = list_operand("attributes", head->attributes);
        out[3] = list_operand("generics", head->generics);
        out[4] = list_operand("bounds", head->bounds);
        out[5] = list_operand("where", head->where);
        return 6;
    }
    if (column[2] == 'I') { // ImplHead
        const ImplHead *head = tree_impl_head(v, node);
        out[0] = list_operand("attributes", head->attributes);
        out[1] = list_operand("generics", head->generics);
        out[2] = (Operand){OPERAND_NODE, FAMILY_TYPE, true, head->trait, "trait"};
        out[3] = (Operand){OPERAND_NODE, FAMILY_TYPE, false, head->type, "type"};
        out[4] = list_operand("where", head->where);
        return 5;
    }
    uint32_t count = 0;
    for (const char *word = column + 2; word != NULL; word = strchr(word, ';')) {
        while (*word == ';' || *word == ' ')
            word++;
        if (*word == '(') { // (PAT EXPR)*: a count, then pairs
            out[count] = (Operand){OPERAND_LIST, FAMILY_ANY, false, value, "pairs"};
            words += words[0] * 2 + 1;
            count++;
        } else if (read_word(word, *words, &out[count])) {
            words++;
            count++;
        }
    }
    return count;
}

// Bounds or a type, by a word of its own in a constraint, by the root (which stands last) for an associated type.
static Operand bounds_or_type(const TreeView *v, NodeIndex node) {
    bool is_list = true;
    uint32_t value = v->b[node];
    if (v->kinds[node] == NODE_CONSTRAINT) {
        is_list = v->extra[value] == 0;
        value = v->extra[value + 1];
    } else {
        NodeIndex root = node;
        while (v->kinds[root] != NODE_TRAIT_DECL && v->kinds[root] != NODE_IMPL && v->kinds[root] != NODE_EXTEND)
            root++;
        is_list = v->kinds[root] == NODE_TRAIT_DECL;
    }
    if (is_list) return (Operand){OPERAND_LIST, FAMILY_ANY, true, value, NULL};
    return (Operand){OPERAND_NODE, FAMILY_TYPE, false, value, NULL};
}

uint32_t tree_operands(const TreeView *v, NodeIndex node, Operand out[TREE_OPERANDS_MAX]) {
    NodeKind kind = v->kinds[node];
    uint32_t count = read_column(v, node, rows[kind].a, v->a[node], out);
    if (kind == NODE_CONSTRAINT || kind == NODE_ASSOCIATED_TYPE) {
        out[count] = bounds_or_type(v, node);
        return count + 1;
    }
    return count + read_column(v, node, rows[kind].b, v->b[node], out + count);
}

static uint32_t operand_items(const TreeView *v, const Operand *operand) {
    if (operand->form == OPERAND_NODE) return operand->value != 0;
    if (operand->form != OPERAND_LIST) return 0;
    uint32_t count = operand->value == 0 ? 0 : v->extra[operand->value];
    return operand->label != NULL && strcmp(operand->label, "pairs") == 0 ? count * 2 : count;
}

static NodeIndex operand_item(const TreeView *v, const Operand *operand, uint32_t i) {
    return operand->form == OPERAND_NODE ? operand->value : v->extra[operand->value + 1 + i];
}

// ---- spans

Span tree_token_span(const TreeView *v, NodeIndex n) { return token_span(v->file_tokens, tree_token(v, n)); }

// The smallest and the largest child, which stand first and last in the text; 0 for leaves.
static void outer_children(const TreeView *v, NodeIndex node, NodeIndex *first, NodeIndex *last) {
    Operand operands[TREE_OPERANDS_MAX];
    uint32_t count = tree_operands(v, node, operands);
    *first = *last = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t items = operand_items(v, &operands[i]);
        for (uint32_t j = 0; j<items; j += items> 1 ? items - 1 : 1) { // lists are in order: their ends are enough
            NodeIndex child = operand_item(v, &operands[i], j);
            if (*first == 0 || child < *first) *first = child;
            if (child > *last) *last = child;
        }
    }
}

static uint32_t next_token(const Tokens *tokens, uint32_t token) {
    if (tokens->kinds[token] == TOKEN_END) return token;
    do
        token++;
    while (tokens->kinds[token] == TOKEN_BAD); // END stands last
    return token;
}

static bool is_opening(TokenKind kind) {
    return kind == TOKEN_LPAREN || kind == TOKEN_LBRACKET || kind == TOKEN_LBRACE;
}

// What stands before the main token and belongs to the node all the same.
static uint32_t own_first_token(const TreeView *v, NodeIndex node) {
    const uint8_t *kinds = v->file_tokens->kinds;
    uint32_t token = tree_token(v, node);
    switch ((NodeKind)v->kinds[node]) {
    case NODE_NAMED_ARG:
    case NODE_PAT_FIELD:
        if (token > v->first_token && kinds[token - 1] == TOKEN_DOT) token--;
        return token;
    case NODE_FUNCTION:
    case NODE_TEST:
    case NODE_TYPE_DECL:
    case NODE_TRAIT_DECL:
    case NODE_ASSOCIATED_TYPE:
    case NODE_CONFIG_DECL:
    case NODE_IMPORT:
    case NODE_ATTRIBUTE:
    case NODE_IMPORT_ITEM:
        while (token > v->first_token) {
            TokenKind before = kinds[token - 1];
            bool is_in_front = before == TOKEN_AT || before == TOKEN_PUB || before == TOKEN_TYPE ||
                               before == TOKEN_TRAIT || before == TOKEN_HASH || before == TOKEN_DOLLAR ||
                               before == TOKEN_COLON_COLON ||
                               (before == TOKEN_LBRACKET && v->kinds[node] == NODE_ATTRIBUTE);
            if (!is_in_front) break;
            token--;
        }
        return token;
    default:
        return token;
    }
}

// The `>` that belongs to a `<` of a type, or the token before what cannot be in a type.
static uint32_t closing_angle(const Tokens *tokens, uint32_t open) {
    uint32_t depth = 0, last = open;
    for (uint32_t token = open; tokens->kinds[token] != TOKEN_END; token = next_token(tokens, token)) {
        TokenKind kind = tokens->kinds[token];
        if (is_opening(kind) && tokens->partner[token] != 0)
            token = tokens->partner[token];
        else if (kind == TOKEN_LESS)
            depth++;
        else if (kind == TOKEN_GREATER || kind == TOKEN_GREATER_EQUAL) {
            if (--depth == 0) return token;
        } else if (kind == TOKEN_AT || kind == TOKEN_RPAREN || kind == TOKEN_RBRACKET || kind == TOKEN_RBRACE)
            return last;
        last = token;
    }
    return last;
}

static uint32_t type_path_end(const TreeView *v, NodeIndex node) {
    const Tokens *tokens = v->file_tokens;
    uint32_t last = tree_token(v, node), names = v->extra[v->a[node]];
    for (uint32_t i = 1; i < names * 2 - 1; i++)
        last = next_token(tokens, last);
    if (v->b[node] == 0) return last;
    uint32_t open = next_token(tokens, last);
    return tokens->kinds[open] == TOKEN_LESS ? closing_angle(tokens, open) : last;
}

// The last token that a node has for itself, as its main token tells. Of brackets the opening one is enough.
static uint32_t own_last_token(const TreeView *v, NodeIndex node) {
    const Tokens *tokens = v->file_tokens;
    const uint8_t *kinds = tokens->kinds;
    uint32_t last = tree_token(v, node);
    switch ((NodeKind)v->kinds[node]) {
    case NODE_TYPE_PATH:
        return type_path_end(v, node);
    case NODE_TYPE_APPLY:
        return closing_angle(tokens, last);
    case NODE_PAT_VARIANT:
        if (v->kinds[v->a[node]] == NODE_TYPE_PATH) last = type_path_end(v, v->a[node]);
        if (v->b[node] == 0) return last;
        break;
    case NODE_VARIANT:
    case NODE_ATTRIBUTE:
        if (v->b[node] == 0) return last;
        break;
    case NODE_RUN:
    case NODE_TRY:
    case NODE_LOOP:
    case NODE_MATCH:
    case NODE_FOR_PATTERN:
    case NODE_WITH_PATTERN:
    case NODE_PATTERN_EXPR:
        break;
    case NODE_EXTENSION_ITEM:
        return next_token(tokens, next_token(tokens, last));
    default:
        return last;
    }
    uint32_t next = next_token(tokens, last);
    return is_opening(kinds[next]) ? next : last;
}

Span tree_node_span(const TreeView *v, NodeIndex n) {
    const Tokens *tokens = v->file_tokens;
    uint32_t first = own_first_token(v, n), last = tree_token(v, n);
    // Down the left edge of the tree, then down the right edge; loops, because chains may be long.
    for (NodeIndex node = n; node != 0;) {
        NodeIndex first_child, last_child;
        uint32_t own = own_first_token(v, node);
        if (own < first) first = own;
        outer_children(v, node, &first_child, &last_child);
        node = first_child;
    }
    for (NodeIndex node = n; node != 0;) {
        NodeIndex first_child, last_child;
        uint32_t own = own_last_token(v, node);
        if (own > last) last = own;
        outer_children(v, node, &first_child, &last_child);
        node = last_child;
    }
    NodeKind kind = v->kinds[n];
    bool has_block =
        kind == NODE_TRAIT_DECL || kind == NODE_IMPL || kind == NODE_EXTEND || kind == NODE_EXTENSION_IMPORT;
    uint32_t next = next_token(tokens, last);
    if (has_block && v->b[n] == 0 && tokens->kinds[next] == TOKEN_LBRACE) last = next; // `{}`
    // Brackets that stand half inside belong to it.
    for (uint32_t token = first; token <= last; token++) {
        uint32_t partner = tokens->partner[token];
        if (partner == 0) continue;
        if (partner > last) last = partner;
        if (partner < first && partner >= v->first_token) {
            first = partner;
            token = partner;
        }
    }
    return (Span){tokens->source->file, tokens->starts[first], token_end(tokens, last)};
}

// ---- hashes

uint64_t tree_declaration_hash(const Tree *tree, const Tokens *tokens, const Declaration *d) {
    (void)tree; // everything is in the tokens
    uint64_t hash = 0;
    uint32_t start = tokens->starts[d->first_token];
    for (uint32_t token = d->first_token; token < d->first_token + d->token_count; token++) {
        hash = hash_mix(hash, (uint64_t)tokens->kinds[token] << 32 | (tokens->starts[token] - start));
        hash = hash_mix(hash, hash_text(token_text(tokens, token)));
    }
    return hash;
}

// ---- the checker of shapes

static bool is_in_family(NodeKind kind, OperandFamily family) {
    if (kind == NODE_ERROR) return true;
    switch (family) {
    case FAMILY_ANY:
        return kind != NODE_NONE;
    case FAMILY_TYPE:
        return kind >= NODE_TYPE_PATH && kind <= NODE_TYPE_DYN;
    case FAMILY_PAT:
        return kind >= NODE_PAT_WILDCARD && kind <= NODE_GUARDED;
    case FAMILY_EXPR:
        return kind >= NODE_INT && kind < NODE_PAT_WILDCARD && kind != NODE_OPERATOR && kind != NODE_FIELD_INIT &&
               kind != NODE_NAMED_ARG && kind != NODE_ARM && kind != NODE_PATTERN_LIST && kind != NODE_RULE &&
               kind != NODE_LET;
    }
    return false;
}

// What the items of the lists of a node may be.
static bool may_be_item(NodeKind parent, const Operand *operand, NodeKind item) {
    if (item == NODE_ERROR) return true;
    const char *label = operand->label;
    if (label != NULL && strcmp(label, "attributes") == 0) return item == NODE_ATTRIBUTE;
    if (label != NULL && strcmp(label, "generics") == 0) return item == NODE_GENERIC;
    if (label != NULL && strcmp(label, "where") == 0) return item == NODE_CONSTRAINT;
    if (label != NULL && strcmp(label, "targets") == 0) return item == NODE_TEST_TARGET;
    if (label != NULL && strcmp(label, "bounds") == 0) return item == NODE_TYPE_PATH;
    if (label != NULL && strcmp(label, "parameters") == 0) return item == NODE_PARAM || item == NODE_SELF_PARAM;
    bool is_expression = is_in_family(item, FAMILY_EXPR), is_type = is_in_family(item, FAMILY_TYPE);
    bool is_pattern = is_in_family(item, FAMILY_PAT) && item != NODE_GUARDED;
    switch (parent) {
    case NODE_TYPE_APPLY:
    case NODE_TYPE_PATH:
    case NODE_TYPE_TUPLE:
    case NODE_TYPE_FUNCTION:
        return is_type;
    case NODE_STRUCT:
        return item == NODE_FIELD_INIT;
    case NODE_TUPLE:
    case NODE_MAP:
        return is_expression;
    case NODE_LIST:
        return is_expression || item == NODE_RULE;
    case NODE_CALL:
    case NODE_PATTERN_EXPR:
    case NODE_FOR_PATTERN:
    case NODE_WITH_PATTERN:
        return is_expression || item == NODE_OPERATOR || item == NODE_NAMED_ARG;
    case NODE_LAMBDA:
        return item == NODE_PARAM;
    case NODE_FOR_LOOP:
        return is_pattern || is_expression;
    case NODE_RUN:
    case NODE_TRY:
    case NODE_LOOP:
        return is_expression || item == NODE_LET;
    case NODE_MATCH:
        return item == NODE_ARM;
    case NODE_PATTERN_LIST:
    case NODE_PAT_OR:
    case NODE_PAT_TUPLE:
        return is_pattern && item != NODE_PAT_REST && item != NODE_PAT_FIELD;
    case NODE_PAT_LIST:
        return is_pattern && item != NODE_PAT_FIELD;
    case NODE_PAT_VARIANT:
        return is_pattern;
    case NODE_PAT_RECORD:
        return item == NODE_PAT_FIELD || item == NODE_PAT_REST;
    case NODE_TYPE_RECORD:
    case NODE_RECORD_DEF:
    case NODE_VARIANT:
        return item == NODE_FIELD_DECL;
    case NODE_SUM_DEF:
        return item == NODE_VARIANT;
    case NODE_IMPORT:
        return item == NODE_IMPORT_ITEM;
    case NODE_EXTENSION_IMPORT:
        return item == NODE_EXTENSION_ITEM;
    case NODE_CONFIG_DECL:
        return item == NODE_ATTRIBUTE;
    case NODE_GENERIC:
    case NODE_CONSTRAINT:
    case NODE_ASSOCIATED_TYPE:
        return item == NODE_TYPE_PATH;
    case NODE_TRAIT_DECL:
    case NODE_IMPL:
    case NODE_EXTEND:
        return item == NODE_FUNCTION || item == NODE_ASSOCIATED_TYPE;
    case NODE_ATTRIBUTE:
        return item == NODE_NAME || item == NODE_STR;
    default:
        return false;
    }
}

static bool is_main_token(NodeKind kind, TokenKind token) {
    const char *column = rows[kind].token;
    if (strcmp(column, "-") == 0 || strcmp(column, "first") == 0 || strcmp(column, "operator") == 0) return true;
    if (strcmp(column, token_kind_name(token)) == 0) return true;
    switch (kind) {
    case NODE_BOOL:
        return token == TOKEN_FALSE;
    case NODE_UNIT:
        return token == TOKEN_VOID;
    case NODE_ARM:
        return true; // without `->`: where it begins
    case NODE_FIELD_DECL:
        return true; // of a type alone: where that begins
    default:
        break;
    }
    // Where a name is expected, any word may stand: after a dot, or as a mistake.
    bool is_word = token == TOKEN_NAME || (token >= TOKEN_ASYNC && token <= TOKEN_YIELD);
    return strcmp(column, "NAME") == 0 && is_word;
}

static const char *check_operand(const TreeView *v, const Declaration *d, NodeIndex node, const Operand *operand,
                                 uint32_t *references) {
    NodeKind kind = v->kinds[node];
    switch (operand->form) {
    case OPERAND_NODE:
        if (operand->value == 0) return operand->is_optional ? NULL : "an operand is missing";
        if (operand->value >= node) return "a child does not come before its parent";
        if (!is_in_family(v->kinds[operand->value], operand->family)) return "a child is of the wrong family";
        ++*references;
        return NULL;
    case OPERAND_LIST:
    case OPERAND_NAMES: {
        if (operand->value == 0) return NULL;
        if (operand->value >= d->extra_count) return "a list lies outside of the declaration";
        uint32_t count = operand->form == OPERAND_NAMES ? v->extra[operand->value] : operand_items(v, operand);
        if (count > d->extra_count - operand->value - 1) return "a list ends outside of the declaration";
        if (operand->form == OPERAND_NAMES) return NULL;
        for (uint32_t i = 0; i < count; i++) {
            NodeIndex item = operand_item(v, operand, i);
            if (item == 0 || item >= node) return "an item of a list does not come before its parent";
            if (i > 0 && item <= operand_item(v, operand, i - 1)) return "the items of a list are out of order";
            if (!may_be_item(kind, operand, v->kinds[item])) return "an item of a list is of the wrong kind";
        }
        *references += count;
        return NULL;
    }
    case OPERAND_NAME:
        if (operand->value == 0 && !operand->is_optional) return "a name is missing";
        return NULL;
    case OPERAND_VALUE:
        return NULL;
    }
    return "an operand of no known form";
}

static const char *check_declaration(const Tree *tree, const Tokens *tokens, const Declaration *d) {
    if (d->node_count < 2 || d->extra_count < 1) return "a declaration has no nodes";
    if (d->first_node + d->node_count > tree->node_count) return "nodes lie outside of the tree";
    if (d->first_extra + d->extra_count > tree->extra_count) return "extra words lie outside of the tree";
    TreeView view = tree_view(tree, tokens, d);
    const TreeView *v = &view;
    if (v->kinds[0] != NODE_NONE || v->extra[0] != 0) return "node 0 and word 0 must be none";
    if (d->root != d->node_count - 1) return "the root is not the last node";
    if (v->kinds[d->root] != d->kind) return "the root is of another kind than its declaration";
    uint32_t references = 0;
    for (NodeIndex node = 1; node < d->node_count; node++) {
        NodeKind kind = v->kinds[node];
        if (kind == NODE_NONE || kind >= NODE_COUNT) return "a node of no kind";
        uint32_t token = tree_token(v, node);
        if (token >= tokens->count) return "a main token lies outside of the file";
        if (!d->has_errors && !is_main_token(kind, tokens->kinds[token])) return "a main token is of the wrong kind";
        Operand operands[TREE_OPERANDS_MAX];
        uint32_t count = tree_operands(v, node, operands);
        for (uint32_t i = 0; i < count; i++) {
            const char *wrong = check_operand(v, d, node, &operands[i], &references);
            if (wrong != NULL) return wrong;
        }
    }
    // Each node but none and the root has one parent: as many references as nodes, and none of them twice since the
    // items of a list grow and each child comes before its parent.
    if (references != d->node_count - 2) return "a node has no parent, or more than one";
    return NULL;
}

const char *tree_check(const Tree *tree, const Tokens *tokens) {
    uint32_t nodes = 0, extra = 0, token = 0;
    for (uint32_t i = 0; i < tree->declaration_count; i++) {
        const Declaration *d = &tree->declarations[i];
        if (d->first_node != nodes || d->first_extra != extra) return "declarations do not follow each other";
        if (d->first_token < token || d->token_count == 0) return "the tokens of declarations overlap";
        const char *wrong = check_declaration(tree, tokens, d);
        if (wrong != NULL) return wrong;
        nodes += d->node_count;
        extra += d->extra_count;
        token = d->first_token + d->token_count;
    }
    return nodes == tree->node_count && extra == tree->extra_count ? NULL : "the tree has more than its declarations";
}

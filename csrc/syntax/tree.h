// syntax/tree.h: the syntax tree of one file, as flat arrays in postorder.
//
// WHY        A pass that walks arrays touches memory in order, and a tree that holds no pointers can be kept, hashed,
//            compared and handed to another thread as bytes.
// SHAPE      One pair of slices per declaration. Node 0 and extra word 0 of each declaration are "none".
//                declaration d:  nodes [first_node, first_node + node_count)   extra [first_extra, …)   tokens [first_token, …)
//            Children come before their parents; the root (`Declaration.root`) is the last node.
// INVARIANTS T1 Node indices, extra indices and main tokens are relative to their declaration: equal text gives equal
//               bytes wherever it stands (but for NameIds, which a hash replaces by the names' text).
//            T2 Every kind's operands are as nodes.def says; tree_check walks a tree and verifies it (tests).
//            T3 Bad text gives a tree too: ERROR nodes stand where something is missing.
// OWNERSHIP  The arrays live in the arena that parse_file was given.
#pragma once
#include "base/buffer.h"
#include "base/diagnostics.h"
#include "intern/names.h"
#include "syntax/tokens.h"

typedef uint32_t NodeIndex; // relative to the declaration; 0 is none

typedef enum NodeKind {
#define NODE(kind, token, a, b, example) NODE_##kind,
#include "syntax/nodes.def"
#undef NODE
    NODE_COUNT
} NodeKind;
_Static_assert(NODE_COUNT <= 256, "a node kind is stored in one byte");

typedef enum PatternKind {
#define PATTERN(kind, word) PATTERN_##kind,
#include "syntax/patterns.def"
#undef PATTERN
    PATTERN_COUNT
} PatternKind;

enum { HEAD_PUBLIC = 1, HEAD_HAS_SELF = 2 };

// Words in extra, at operand a of FUNCTION and TEST.
typedef struct FunctionHead {
    uint32_t name; // NameId.index
    uint32_t flags;
    uint32_t generics;   // LIST? of GENERIC
    uint32_t parameters; // LIST of PARAM and SELF_PARAM
    uint32_t result;     // TYPE?
    uint32_t uses;       // NAMES?
    uint32_t where;      // LIST? of CONSTRAINT
    uint32_t attributes; // LIST? of ATTRIBUTE
    uint32_t targets;    // LIST? of TEST_TARGET
} FunctionHead;

typedef struct TypeHead {
    uint32_t name, flags;
    uint32_t generics, where, attributes; // LIST? each
    uint32_t bounds;                      // traits: LIST? of TYPE_PATH
} TypeHead;

typedef struct ImplHead {
    uint32_t trait; // TYPE? (TYPE_PATH), 0 for inherent impls and extensions
    uint32_t type;  // TYPE
    uint32_t generics, where, attributes;
} ImplHead;

typedef struct Declaration {
    NodeKind kind; // IMPORT, EXTENSION_IMPORT, CONFIG_DECL, FUNCTION, TEST, TYPE_DECL, TRAIT_DECL, IMPL, EXTEND, ERROR
    NodeIndex root;
    NameId name; // none for imports and impls
    bool is_public;
    bool has_errors;                   // lexical or syntax errors inside
    uint32_t first_token, token_count; // into Tokens, of the whole file
    uint32_t first_node, node_count;   // into the arrays below
    uint32_t first_extra, extra_count;
} Declaration;

typedef struct Tree {
    const uint8_t *kinds;   // NodeKind
    const uint32_t *tokens; // main token, relative to the declaration's first token
    const uint32_t *a, *b;
    const uint32_t *extra;
    uint32_t node_count, extra_count;
    const Declaration *declarations; // in the order of the text
    uint32_t declaration_count;
} Tree;

// One declaration, with indices that start at 0.
typedef struct TreeView {
    const uint8_t *kinds;
    const uint32_t *tokens;
    const uint32_t *a, *b;
    const uint32_t *extra;
    const Tokens *file_tokens;
    uint32_t first_token;
} TreeView;

static inline TreeView tree_view(const Tree *tree, const Tokens *tokens, const Declaration *d) {
    return (TreeView){tree->kinds + d->first_node,
                      tree->tokens + d->first_node,
                      tree->a + d->first_node,
                      tree->b + d->first_node,
                      tree->extra + d->first_extra,
                      tokens,
                      d->first_token};
}

// Lists: extra[list] is the count, the items follow; list 0 is empty.
static inline uint32_t tree_list_count(const TreeView *v, uint32_t list) { return list == 0 ? 0 : v->extra[list]; }
static inline uint32_t tree_list_item(const TreeView *v, uint32_t list, uint32_t i) { return v->extra[list + 1 + i]; }
static inline const FunctionHead *tree_function_head(const TreeView *v, NodeIndex n) {
    return (const FunctionHead *)(const void *)(v->extra + v->a[n]);
}
static inline const TypeHead *tree_type_head(const TreeView *v, NodeIndex n) {
    return (const TypeHead *)(const void *)(v->extra + v->a[n]);
}
static inline const ImplHead *tree_impl_head(const TreeView *v, NodeIndex n) {
    return (const ImplHead *)(const void *)(v->extra + v->a[n]);
}
static inline uint32_t tree_token(const TreeView *v, NodeIndex n) {
    return v->first_token + v->tokens[n];
} // in the file

Span tree_token_span(const TreeView *v, NodeIndex n); // the main token of a node
Span tree_node_span(const TreeView *v,
                    NodeIndex n); // from its first to its last token, subtrees included (brackets too)

const char *node_kind_name(NodeKind kind);
// Checks T2 for a whole tree; returns NULL or what is wrong (static text). For tests and fuzzing.
const char *tree_check(const Tree *tree, const Tokens *tokens);
// A stable, readable rendering for `sigil emit tree`.

void tree_print(const Tree *tree, const Tokens *tokens, const NameInterner *names, Buffer *out);
// Hash of a declaration's tokens (kinds, texts, distances from the declaration's start): equal for equal text anywhere.
uint64_t tree_declaration_hash(const Tree *tree, const Tokens *tokens, const Declaration *d);

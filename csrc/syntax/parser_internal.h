// syntax/parser_internal.h: what the files of the parser share.
//
// SHAPE      parser.c             the cursor, errors, groups and lists, parse_tokens
//            brackets.c           pairs brackets before anything is parsed; finds out where missing ones are missing
//            parse_declarations.c parse_types.c parse_patterns.c parse_expressions.c: one function per rule of the grammar
//
// A GROUP is what stands between two brackets. Since brackets are paired first, every group knows where it ends, also one
// whose closing bracket is missing: there the cursor sees END until the group is left. So no mistake inside a group can
// spread beyond it, and after a mistake the parser only ever has to find the next comma.
//
// INVARIANTS R1 Every parse_… function returns a node that its caller puts into the tree, never 0 unless it says so: the
//               tree has no node without a parent. Where there is nothing to return, that is an ERROR node.
//            R2 A function that consumes nothing has reported an error; lists then skip, so every loop ends.
//            R3 At most one syntax error is reported per token.
//            R4 Recursion goes through group_enter or depth_enter, so it is at most PARSE_DEPTH_MAX levels deep. Chains of
//               operators are loops over a stack in the arena.
//            R5 While `speculating` nothing is reported; the marks of mark_here undo everything that was done since.
#pragma once
#include "syntax/syntax.h"

#define PARSE_DEPTH_MAX 2000u

// Words that are names to the lexer but mean something to the parser. Pattern words first, in the order of PatternKind;
// `shadowed` has a bit for each word up to WORD_TRY.
typedef enum Word {
#define PATTERN(kind, word) WORD_##kind,
#include "syntax/patterns.def"
#undef PATTERN
    WORD_RUN,
    WORD_TRY,
    WORD_AS,
    WORD_EXTEND,
    WORD_EXTENSION,
    WORD_TESTS,
    WORD_ON,
    WORD_RULES,
    WORD_UNDERSCORE,
    WORD_COUNT,
    WORD_NONE = WORD_COUNT
} Word;

// An operator that waits for its right operand.
typedef struct Operator {
    NodeIndex left; // 0 for prefix operators
    uint32_t token;
    uint8_t kind;  // NodeKind
    uint8_t level; // of the precedence table, tightest first
} Operator;

typedef struct Parser {
    Arena *arena;
    const Tokens *tokens;
    const uint8_t *kinds; // tokens->kinds
    NameCache *names;
    DiagSink *sink;
    const uint32_t *words; // WORD_COUNT of NameId.index
    uint64_t word_bits;    // for each of them the bit of its low six bits: most names are none, and this says so

    // The cursor. BAD tokens are stepped over.
    uint32_t index;
    TokenKind kind; // END at and beyond `stop`
    uint32_t stop;  // a token in the file; END, or where the innermost group ends whose closing bracket is missing
    bool is_split;  // the current token is a `>=` whose `>` was used: kind is EQUAL

    // Where we are.
    uint32_t group_end;     // the token that ends the innermost group; END outside
    uint32_t depth;         // R4
    uint32_t bracket_depth; // brackets within the declaration or member
    uint32_t shadowed;      // pattern words that mean something else here, a bit for each
    uint32_t bound;         // pattern words that the pattern just parsed binds
    bool has_length;        // `#` is allowed: inside an index or the arguments of a method call
    bool pipe_ends;         // at the top of a rule of `validate`: `|` begins the message
    bool in_sequence;       // directly in a sequence

    // Errors.
    uint32_t speculating;
    bool failed; // an error while speculating
    uint32_t error_count;
    uint8_t *reported;     // R3: a bit for each token; NULL before the first error
    uint8_t *no_types;     // a bit for each `<` that opens no type arguments; NULL before the first
    uint32_t *virtual_end; // by opening bracket: where its group ends, if its partner is missing; NULL when none is

    // The tree.
    uint8_t *node_kinds;
    uint32_t *node_tokens, *node_a, *node_b;
    uint32_t node_count, node_capacity;
    VEC(uint32_t) extra;
    VEC(uint32_t) scratch; // items of lists that are not complete
    VEC(Operator) operators;
    VEC(Declaration) declarations;
    uint32_t first_token, first_node, first_extra; // of the current declaration
} Parser;

// ---- the cursor (parser.c)

void cursor_set_slow(Parser *p, uint32_t index);
static inline void cursor_set(Parser *p, uint32_t index) {
    if (UNLIKELY(index >= p->stop || p->kinds[index] == TOKEN_BAD)) {
        cursor_set_slow(p, index);
        return;
    }
    p->index = index;
    p->kind = (TokenKind)p->kinds[index];
    p->is_split = false;
}
static inline void advance(Parser *p) { cursor_set(p, p->index + 1); }
uint32_t peek_index_slow(const Parser *p, uint32_t ahead);
static inline uint32_t peek_index(const Parser *p, uint32_t ahead) {
    bool is_usual = ahead == 1 && p->index + 1 < p->stop && p->kinds[p->index + 1] != TOKEN_BAD;
    return LIKELY(is_usual) ? p->index + 1 : peek_index_slow(p, ahead);
}
static inline TokenKind peek(const Parser *p, uint32_t ahead) { // kind of the token so many steps ahead; 1 is the next
    uint32_t index = peek_index(p, ahead);
    return index < p->stop ? (TokenKind)p->kinds[index] : TOKEN_END;
}
static inline bool accept(Parser *p, TokenKind kind) {
    if (p->kind != kind) return false;
    advance(p);
    return true;
}
bool is_on_later_line(const Parser *p, uint32_t token); // than the token before it
bool is_word_token(TokenKind kind);                     // a name or a reserved word
bool is_upper(const Parser *p, uint32_t token);         // begins with an upper-case letter
bool is_primitive(const Parser *p, uint32_t token);     // int float bool str char byte
Word word_at(const Parser *p, uint32_t token);          // the word that a NAME token is, or WORD_NONE
static inline bool at_word(const Parser *p, Word word) {
    return p->kind == TOKEN_NAME && p->tokens->values[p->index] == p->words[word];
}
uint32_t name_of(Parser *p, uint32_t token); // NameId of a name or a reserved word
void bind_name(Parser *p, uint32_t name);    // notes in `bound` what a name of that spelling shadows

// ---- errors (parser.c)

void error_token(Parser *p, DiagCode code, uint32_t token, Text first, Text second); // at a token
void error_expected(Parser *p, Text expected);                                       // E0102 for the current token
void error_missing(Parser *p, DiagCode code);   // E0103 … E0106 for the current token; its argument is what was found
bool reserve_report(Parser *p, uint32_t token); // R3: may an error be reported at this token? Counts it in any case
Span missing_span(const Parser *p, uint32_t token);
NodeIndex error_node(Parser *p);

// ---- nodes (parser.c)

NodeIndex node_add_slow(Parser *p, NodeKind kind, uint32_t token, uint32_t a, uint32_t b);
static inline NodeIndex node_add(Parser *p, NodeKind kind, uint32_t token, uint32_t a, uint32_t b) {
    if (UNLIKELY(p->node_count == p->node_capacity)) return node_add_slow(p, kind, token, a, b);
    uint32_t node = p->node_count++;
    p->node_kinds[node] = (uint8_t)kind;
    p->node_tokens[node] = token - p->first_token;
    p->node_a[node] = a;
    p->node_b[node] = b;
    return node - p->first_node;
}
static inline NodeKind node_kind(const Parser *p, NodeIndex node) { return p->node_kinds[p->first_node + node]; }
static inline void scratch_push(Parser *p, uint32_t word) { vec_push(p->arena, &p->scratch, word); }
static inline uint32_t extra_add(Parser *p, const uint32_t *words, uint32_t count) {
    uint32_t index = p->extra.count;
    vec_reserve(p->arena, &p->extra, count);
    for (uint32_t i = 0; i < count; i++)
        p->extra.items[index + i] = words[i];
    p->extra.count = index + count;
    return index - p->first_extra;
}
// Moves what was pushed to `scratch` since `base` into a list. An empty one is 0, or with `keep_empty` a list of its own.
static inline uint32_t list_finish(Parser *p, uint32_t base, bool keep_empty) {
    uint32_t count = p->scratch.count - base, index = p->extra.count;
    if (count == 0 && !keep_empty) return 0;
    vec_reserve(p->arena, &p->extra, count + 1);
    uint32_t *to = p->extra.items + index;
    to[0] = count;
    if (count > 0) memcpy(to + 1, p->scratch.items + base, count * sizeof *to);
    p->extra.count = index + count + 1;
    p->scratch.count = base;
    return index - p->first_extra;
}

typedef struct Mark {
    uint32_t index, node_count, extra_count, scratch_count, operator_count, depth, bracket_depth, shadowed, bound;
    uint32_t stop, group_end;
    bool has_length, pipe_ends, in_sequence;
} Mark;
Mark mark_begin(Parser *p); // begins to speculate
bool mark_end(Parser *p, const Mark *mark,
              bool is_good); // ends it: true if all went well and `is_good`; otherwise everything is undone

// ---- groups and lists (parser.c)

typedef struct Group {
    uint32_t end;
    uint32_t outer_stop, outer_end, outer_bracket_depth, outer_shadowed;
    bool is_closed, outer_has_length, outer_pipe_ends, outer_in_sequence;
} Group;

uint32_t group_end_of(const Parser *p, uint32_t open); // the token that ends the group of an opening bracket
bool group_enter(Parser *p, Group *group);             // at an opening bracket; false: too deep, reported and skipped
void group_leave(Parser *p, const Group *group);       // skips what is left, and the closing bracket
void group_close(Parser *p, const Group *group, uint32_t errors_before); // reports what is left, then leaves
bool depth_enter(Parser *p);                                             // false: too deep, reported and skipped
static inline void depth_leave(Parser *p) { p->depth--; }

// Behind an element of a list: steps over the comma. False at the end of the group. `errors_before` is the error_count
// before the element: one that had an error has said enough, and the rest of it is skipped in silence.
bool list_next_slow(Parser *p, uint32_t errors_before);
static inline bool list_next(Parser *p, uint32_t errors_before) {
    if (UNLIKELY(p->failed || p->index >= p->group_end || p->kind != TOKEN_COMMA))
        return list_next_slow(p, errors_before);
    advance(p);
    return p->index < p->group_end && p->kind != TOKEN_END;
}
typedef NodeIndex (*ElementParser)(Parser *p, uint32_t context);
// A bracketed list with commas, brackets included. The cursor is at the opening bracket.
uint32_t parse_list(Parser *p, ElementParser element, uint32_t context, bool keep_empty);
void skip_token(Parser *p);           // behind the current token, or behind the group that it opens
void skip_to_separator(Parser *p);    // to `,` `;` or the end of the group; outside of brackets, to a declaration
bool at_declaration(const Parser *p); // outside of brackets: does the current token begin a declaration?
// Expects `kind`. Where it is missing, E0102; if it comes later in the same element, goes there.
bool expect_or_skip(Parser *p, TokenKind kind, Text expected);
bool expect_name(Parser *p, uint32_t *token,
                 uint32_t *name); // E0102, or E0012 for a reserved word, which it takes for a name
bool expect_upper_name(Parser *p, uint32_t *token, uint32_t *name, Text expected);

// ---- brackets.c

void pair_brackets(Parser *p);

// ---- parse_types.c

NodeIndex parse_type(Parser *p);
NodeIndex parse_type_path(Parser *p);                           // a name, void or Self
uint32_t parse_type_arguments(Parser *p);                       // `<` list `>`
bool has_no_types(const Parser *p, uint32_t open);              // this `<` was tried before, in vain
bool accept_greater(Parser *p);                                 // `>`, or the first half of `>=`
uint32_t parse_bounds(Parser *p);                               // a + b: LIST of TYPE_PATH
uint32_t parse_generics(Parser *p);                             // LIST? of GENERIC
uint32_t parse_where(Parser *p);                                // LIST? of CONSTRAINT
NodeIndex parse_field_declaration(Parser *p, uint32_t context); // NAME ':' type
NodeIndex parse_type_body(Parser *p);                           // what follows `type T =`

// ---- parse_patterns.c

NodeIndex parse_pattern(Parser *p);     // with alternatives; what it binds is in p->bound afterwards
NodeIndex parse_arm_pattern(Parser *p); // with a guard; what it binds is in scope afterwards
bool starts_literal(TokenKind kind);
NodeIndex parse_literal(Parser *p, bool is_negative);

// ---- parse_expressions.c and parse_forms.c

NodeIndex parse_expression(Parser *p);
bool starts_expression(const Parser *p);               // could the current token begin an expression?
uint32_t parse_arguments(Parser *p, uint32_t context); // of a call or of a pattern expression: LIST
NodeIndex parse_if(Parser *p);
NodeIndex parse_for(Parser *p);
NodeIndex parse_while(Parser *p);
NodeIndex parse_break(Parser *p);
NodeIndex parse_with(Parser *p);
NodeIndex parse_lambda(Parser *p);
NodeIndex parse_let(Parser *p);
NodeIndex parse_sequence(Parser *p, NodeKind kind); // run, try, loop
NodeIndex parse_match(Parser *p);
NodeIndex parse_arm(Parser *p, bool is_property);
NodeIndex parse_pattern_expression(Parser *p, PatternKind kind);
bool at_for_pattern(const Parser *p); // `for (` or `with (` with properties, at the word

// ---- parse_declarations.c

void parse_declarations(Parser *p);

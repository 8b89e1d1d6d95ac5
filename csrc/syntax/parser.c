// syntax/parser.c: the cursor, errors, groups and lists, on which the rules of the grammar stand. See parser_internal.h.
#include "syntax/parser_internal.h"

#define SHOWN_BYTES_MAX 40u // of the user's text inside a message

// ---- the cursor

void cursor_set_slow(Parser *p, uint32_t index) {
    while (index < p->stop && p->kinds[index] == TOKEN_BAD)
        index++;
    p->index = index < p->stop ? index : p->stop;
    p->kind = index < p->stop ? (TokenKind)p->kinds[index] : TOKEN_END;
    p->is_split = false;
}

uint32_t peek_index_slow(const Parser *p, uint32_t ahead) {
    uint32_t index = p->index;
    while (ahead > 0 && index < p->stop) {
        index++;
        if (p->kinds[index] != TOKEN_BAD) ahead--;
    }
    return index < p->stop ? index : p->stop;
}

bool is_on_later_line(const Parser *p, uint32_t token) {
    if (token == 0) return false;
    const char *text = p->tokens->source->text.data;
    for (uint32_t at = p->tokens->starts[token]; at-- > p->tokens->starts[token - 1];) {
        if (text[at] == '\n' || text[at] == '\r') return true;
        if (text[at] != ' ' && text[at] != '\t') return false; // a comment would have ended in a line end
    }
    return false;
}

bool is_word_token(TokenKind kind) { return kind == TOKEN_NAME || (kind >= TOKEN_ASYNC && kind <= TOKEN_YIELD); }

bool is_upper(const Parser *p, uint32_t token) {
    char first = p->tokens->source->text.data[p->tokens->starts[token]];
    return first >= 'A' && first <= 'Z';
}

bool is_primitive(const Parser *p, uint32_t token) {
    static const char *const words[] = {"int", "float", "bool", "str", "char", "byte"};
    Text text = token_text(p->tokens, token);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (text_equal(text, text_from(words[i]))) return true;
    return false;
}

static Word word_of(const Parser *p, uint32_t name, Word limit) {
    if (LIKELY((p->word_bits >> (name & 63) & 1) == 0)) return WORD_NONE;
    for (Word word = 0; word < limit; word++)
        if (p->words[word] == name) return word;
    return WORD_NONE;
}

Word word_at(const Parser *p, uint32_t token) {
    if (p->kinds[token] != TOKEN_NAME) return WORD_NONE;
    return word_of(p, p->tokens->values[token], WORD_COUNT);
}

static uint32_t intern(Parser *p, Text text) {
    NameId name;
    if (names_intern(p->names, text, &name) != STATUS_OK) arena_out_of_memory(p->arena);
    return name.index;
}

uint32_t name_of(Parser *p, uint32_t token) {
    if (p->kinds[token] == TOKEN_NAME) return p->tokens->values[token];
    return intern(p, token_text(p->tokens, token));
}

void bind_name(Parser *p, uint32_t name) {
    Word word = word_of(p, name, WORD_TRY + 1);
    if (word != WORD_NONE) p->bound |= 1u << word;
}

// ---- errors

// What a message says it found: words and punctuation as they are, long literals by their kind.
static Text shown_token(const Parser *p, uint32_t token) {
    TokenKind kind = p->kinds[token];
    Text text = token_text(p->tokens, token);
    bool is_literal = kind == TOKEN_STR || kind == TOKEN_CHAR || kind == TOKEN_PATH;
    if (kind == TOKEN_END || is_literal || text.length > SHOWN_BYTES_MAX) return text_from(token_kind_shown(kind));
    if (kind == TOKEN_GREATER_EQUAL && p->is_split && token == p->index) return TEXT("`=`");
    return arena_format(p->arena, "`%.*s`", (int)text.length, text.data);
}

bool reserve_report(Parser *p, uint32_t token) {
    if (p->speculating > 0) {
        p->failed = true;
        return false;
    }
    p->error_count++;
    if (p->reported == NULL) p->reported = arena_array(p->arena, uint8_t, p->tokens->count / 8 + 1);
    uint8_t bit = (uint8_t)(1u << (token & 7u));
    if ((p->reported[token / 8] & bit) != 0) return false;
    p->reported[token / 8] |= bit;
    // Next to what the lexer could not read, the lexer's error says it all.
    return !(token > 0 && p->kinds[token - 1] == TOKEN_BAD);
}

Span missing_span(const Parser *p, uint32_t token) {
    Span span = token_span(p->tokens, token);
    if (token > 0 && is_on_later_line(p, token)) span.start = span.end = token_end(p->tokens, token - 1);
    return span;
}

void error_token(Parser *p, DiagCode code, uint32_t token, Text first, Text second) {
    if (reserve_report(p, token)) (void)diag(p->sink, code, token_span(p->tokens, token), first, second);
}

void error_expected(Parser *p, Text expected) {
    if (reserve_report(p, p->index))
        (void)diag(p->sink, DIAG_EXPECTED_TOKEN, missing_span(p, p->index), expected, shown_token(p, p->index));
}

void error_missing(Parser *p, DiagCode code) {
    if (reserve_report(p, p->index)) (void)diag(p->sink, code, missing_span(p, p->index), shown_token(p, p->index));
}

NodeIndex error_node(Parser *p) { return node_add(p, NODE_ERROR, p->index, 0, 0); }

// ---- nodes

NodeIndex node_add_slow(Parser *p, NodeKind kind, uint32_t token, uint32_t a, uint32_t b) {
    if (p->node_capacity > UINT32_MAX / 2) arena_out_of_memory(p->arena);
    uint32_t old = p->node_capacity, grown = old * 2;
    p->node_kinds = arena_grow(p->arena, p->node_kinds, old, grown, 8);
    p->node_tokens = arena_grow(p->arena, p->node_tokens, (size_t)old * 4, (size_t)grown * 4, 8);
    p->node_a = arena_grow(p->arena, p->node_a, (size_t)old * 4, (size_t)grown * 4, 8);
    p->node_b = arena_grow(p->arena, p->node_b, (size_t)old * 4, (size_t)grown * 4, 8);
    p->node_capacity = grown;
    return node_add(p, kind, token, a, b);
}

static void nodes_reserve(Parser *p, uint32_t capacity) {
    p->node_kinds = arena_alloc(p->arena, capacity, 8);
    p->node_tokens = arena_alloc(p->arena, (size_t)capacity * 4, 8);
    p->node_a = arena_alloc(p->arena, (size_t)capacity * 4, 8);
    p->node_b = arena_alloc(p->arena, (size_t)capacity * 4, 8);
    p->node_capacity = capacity;
}

Mark mark_begin(Parser *p) {
    Mark mark = {p->index,     p->node_count,    p->extra.count, p->scratch.count, p->operators.count,
                 p->depth,     p->bracket_depth, p->shadowed,    p->bound,         p->stop,
                 p->group_end, p->has_length,    p->pipe_ends,   p->in_sequence};
    p->speculating++;
    return mark;
}

bool mark_end(Parser *p, const Mark *mark, bool is_good) {
    bool succeeded = is_good && !p->failed;
    if (--p->speculating == 0) p->failed = false; // an outer speculation has failed as well, and stays so
    if (succeeded) return true;
    p->node_count = mark->node_count;
    p->extra.count = mark->extra_count;
    p->scratch.count = mark->scratch_count;
    p->operators.count = mark->operator_count;
    p->depth = mark->depth;
    p->bracket_depth = mark->bracket_depth;
    p->shadowed = mark->shadowed;
    p->bound = mark->bound;
    p->stop = mark->stop;
    p->group_end = mark->group_end;
    p->has_length = mark->has_length;
    p->pipe_ends = mark->pipe_ends;
    p->in_sequence = mark->in_sequence;
    cursor_set(p, mark->index);
    return false;
}

// ---- groups

uint32_t group_end_of(const Parser *p, uint32_t open) {
    if (p->tokens->partner[open] != 0) return p->tokens->partner[open];
    return p->virtual_end != NULL && p->virtual_end[open] != 0 ? p->virtual_end[open] : p->stop;
}

// What was skipped cannot be missed: nothing more is said where the parser goes on.
static void stay_silent_here(Parser *p) { (void)reserve_report(p, p->index); }

bool depth_enter(Parser *p) {
    if (p->depth >= PARSE_DEPTH_MAX) {
        error_token(p, DIAG_NESTED_TOO_DEEPLY, p->index, TEXT(""), TEXT(""));
        skip_to_separator(p);
        stay_silent_here(p);
        return false;
    }
    p->depth++;
    return true;
}

bool group_enter(Parser *p, Group *group) {
    uint32_t open = p->index;
    group->end = group_end_of(p, open);
    group->is_closed = p->tokens->partner[open] != 0;
    if (p->depth >= PARSE_DEPTH_MAX) {
        error_token(p, DIAG_NESTED_TOO_DEEPLY, open, TEXT(""), TEXT(""));
        cursor_set(p, group->end + (group->is_closed ? 1 : 0));
        stay_silent_here(p);
        return false;
    }
    group->outer_stop = p->stop;
    group->outer_end = p->group_end;
    group->outer_bracket_depth = p->bracket_depth;
    group->outer_shadowed = p->shadowed;
    group->outer_has_length = p->has_length;
    group->outer_pipe_ends = p->pipe_ends;
    group->outer_in_sequence = p->in_sequence;
    p->depth++;
    p->bracket_depth++;
    p->group_end = group->end;
    if (!group->is_closed) p->stop = group->end;
    p->pipe_ends = false;
    p->in_sequence = false;
    advance(p);
    return true;
}

void group_leave(Parser *p, const Group *group) {
    p->depth--;
    p->stop = group->outer_stop;
    p->group_end = group->outer_end;
    p->bracket_depth = group->outer_bracket_depth;
    p->shadowed = group->outer_shadowed;
    p->has_length = group->outer_has_length;
    p->pipe_ends = group->outer_pipe_ends;
    p->in_sequence = group->outer_in_sequence;
    cursor_set(p, group->end + (group->is_closed ? 1 : 0));
}

static Text closing_text(const Parser *p) {
    switch (p->kinds[p->group_end]) { // where it is missing, brackets.c has said so
    case TOKEN_RPAREN:
        return TEXT("`)`");
    case TOKEN_RBRACKET:
        return TEXT("`]`");
    case TOKEN_RBRACE:
        return TEXT("`}`");
    default:
        return TEXT("a closing bracket");
    }
}

// Where the closing bracket is missing, what stands in the wrong place inside is part of that mistake.
static void error_separator(Parser *p, Text expected) {
    bool is_closed = p->tokens->partner[p->group_end] != 0;
    if (is_closed)
        error_expected(p, expected);
    else
        (void)reserve_report(p, p->index);
}

void group_close(Parser *p, const Group *group, uint32_t errors_before) {
    if (p->index < group->end && p->error_count == errors_before) error_separator(p, closing_text(p));
    group_leave(p, group);
}

// ---- skipping and lists

bool at_declaration(const Parser *p) {
    switch (p->kind) {
    case TOKEN_AT:
    case TOKEN_PUB:
    case TOKEN_TRAIT:
    case TOKEN_IMPL:
    case TOKEN_USE:
    case TOKEN_TYPE:
        return !(p->index > p->first_token && p->kinds[p->index - 1] == TOKEN_DOT) && peek(p, 1) != TOKEN_COLON;
    case TOKEN_DOLLAR:
        return is_on_later_line(p, p->index) && peek(p, 1) == TOKEN_NAME;
    case TOKEN_HASH:
        return is_on_later_line(p, p->index) && (peek(p, 1) == TOKEN_NAME || peek(p, 1) == TOKEN_LBRACKET);
    case TOKEN_NAME:
        return (at_word(p, WORD_EXTEND) || at_word(p, WORD_EXTENSION)) && is_on_later_line(p, p->index);
    default:
        return false;
    }
}

static bool is_opening(TokenKind kind) {
    return kind == TOKEN_LPAREN || kind == TOKEN_LBRACKET || kind == TOKEN_LBRACE;
}

void skip_token(Parser *p) {
    if (!is_opening(p->kind)) {
        advance(p);
        return;
    }
    uint32_t end = group_end_of(p, p->index);
    bool is_closed = p->tokens->partner[p->index] != 0;
    cursor_set(p, end > p->index ? end + (is_closed ? 1 : 0) : p->index + 1);
}

void skip_to_separator(Parser *p) {
    while (p->index < p->group_end && p->kind != TOKEN_END && p->kind != TOKEN_COMMA && p->kind != TOKEN_SEMICOLON) {
        if (p->bracket_depth == 0 && at_declaration(p)) return;
        skip_token(p);
    }
}

static void error_semicolon(Parser *p) {
    if (!reserve_report(p, p->index)) return;
    Span span = token_span(p->tokens, p->index);
    Diagnostic *d = diag0(p->sink, DIAG_SEMICOLON, span);
    if (p->bracket_depth > 0) {
        DiagFix *fix = diag_fix(p->sink, d, TEXT("write a comma"), true);
        diag_edit(p->sink, fix, span, TEXT(","));
    } else {
        DiagFix *fix = diag_fix(p->sink, d, TEXT("remove it"), true);
        diag_edit(p->sink, fix, span, TEXT(""));
    }
}

bool list_next_slow(Parser *p, uint32_t errors_before) {
    if (p->failed || p->index >= p->group_end || p->kind == TOKEN_END) return false;
    if (p->kind != TOKEN_COMMA && p->kind != TOKEN_SEMICOLON) {
        bool is_new_line = is_on_later_line(p, p->index);
        if (p->error_count == errors_before) {
            Text closing = closing_text(p);
            error_separator(p, arena_format(p->arena, "`,` or %.*s", (int)closing.length, closing.data));
            if (is_new_line && starts_expression(p)) return true; // a comma was forgotten at the end of a line
        }
        if (is_new_line && p->in_sequence && p->kind == TOKEN_LET) return true;
        skip_to_separator(p);
        if (p->index >= p->group_end || p->kind == TOKEN_END) return false;
    }
    if (p->kind == TOKEN_SEMICOLON) error_semicolon(p);
    advance(p);
    return p->index < p->group_end && p->kind != TOKEN_END;
}

uint32_t parse_list(Parser *p, ElementParser element, uint32_t context, bool keep_empty) {
    uint32_t base = p->scratch.count;
    Group group;
    if (!group_enter(p, &group)) return list_finish(p, base, keep_empty);
    if (p->index < group.end && p->kind != TOKEN_END) {
        uint32_t errors;
        do {
            errors = p->error_count;
            uint32_t item = element(p, context);
            scratch_push(p, item);
        } while (list_next(p, errors));
    }
    uint32_t list = list_finish(p, base, keep_empty);
    group_leave(p, &group);
    return list;
}

static bool is_sync(TokenKind kind) {
    return kind == TOKEN_THEN || kind == TOKEN_ELSE || kind == TOKEN_IN || kind == TOKEN_DO || kind == TOKEN_YIELD ||
           kind == TOKEN_ARROW || kind == TOKEN_EQUAL;
}

enum { SKIPPED_AT_MOST = 200 };

bool expect_or_skip(Parser *p, TokenKind kind, Text expected) {
    if (accept(p, kind)) return true;
    // Old spellings of the words: `:then`, `:else`, `:do`, `:match`.
    if (p->kind == TOKEN_COLON && peek(p, 1) == kind && is_word_token(kind)) {
        uint32_t word = peek_index(p, 1);
        if (reserve_report(p, p->index)) {
            Span span = {p->tokens->source->file, p->tokens->starts[p->index], token_end(p->tokens, word)};
            Text modern = token_text(p->tokens, word);
            Text old = arena_format(p->arena, ":%.*s", (int)modern.length, modern.data);
            Diagnostic *d = diag(p->sink, DIAG_OLD_SPELLING, span, old, modern);
            diag_edit(p->sink, diag_fix(p->sink, d, TEXT("write the modern one"), true), span, modern);
        }
        cursor_set(p, word + 1);
        return true;
    }
    error_expected(p, expected);
    if (p->speculating > 0) return false;
    uint32_t start = p->index,
             steps = 0; // few: a file of nothing else would be looked through again for each of its tokens
    while (steps++ < SKIPPED_AT_MOST && p->index < p->group_end && p->kind != TOKEN_END && p->kind != TOKEN_COMMA &&
           p->kind != TOKEN_SEMICOLON && !is_sync(p->kind) && !(p->bracket_depth == 0 && at_declaration(p)))
        skip_token(p);
    if (accept(p, kind)) return true;
    cursor_set(p, start);
    return false;
}

bool expect_name(Parser *p, uint32_t *token, uint32_t *name) {
    *token = p->index;
    *name = 0;
    if (p->kind == TOKEN_NAME && !at_word(p, WORD_UNDERSCORE)) {
        *name = p->tokens->values[p->index];
        advance(p);
        return true;
    }
    if (is_word_token(p->kind) && p->kind != TOKEN_NAME && !is_on_later_line(p, p->index)) {
        error_token(p, DIAG_RESERVED_WORD, p->index, token_text(p->tokens, p->index), TEXT(""));
        *name = name_of(p, p->index);
        advance(p);
        return true;
    }
    error_expected(p, TEXT("a name"));
    *name = p->words[WORD_UNDERSCORE];
    if (at_word(p, WORD_UNDERSCORE)) {
        advance(p);
        return true;
    }
    return false;
}

bool expect_upper_name(Parser *p, uint32_t *token, uint32_t *name, Text expected) {
    if (p->kind == TOKEN_NAME && !is_upper(p, p->index)) {
        error_expected(p, expected);
        *token = p->index;
        *name = p->tokens->values[p->index];
        advance(p);
        return true;
    }
    return expect_name(p, token, name);
}

// ---- parse_tokens

// Marks the declarations in which something was reported, by the lexer or here.
static void mark_errors(Parser *p) {
    if (p->error_count == 0 && !p->tokens->has_bad_text) return;
    for (const Diagnostic *d = p->sink->first; d != NULL; d = d->next) {
        if (d->span.file.index != p->tokens->source->file.index || diag_code_severity(d->code) != SEVERITY_ERROR)
            continue;
        uint32_t low = 0, high = p->declarations.count; // the last declaration that begins at or before the error
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            if (p->tokens->starts[p->declarations.items[middle].first_token] <= d->span.start)
                low = middle + 1;
            else
                high = middle;
        }
        if (low == 0) continue;
        Declaration *declaration = &p->declarations.items[low - 1];
        if (declaration->token_count == 0) continue;
        uint32_t last = declaration->first_token + declaration->token_count - 1;
        if (d->span.start <= token_end(p->tokens, last)) declaration->has_errors = true;
    }
}

_Static_assert(WORD_COUNT <= NAME_SYNTAX_WORDS_MAX, "the cache has room for all words");

static void intern_words(Parser *p) {
    static const char *const words[WORD_COUNT] = {
#define PATTERN(kind, word) word,
#include "syntax/patterns.def"
#undef PATTERN
        "run", "try", "as", "extend", "extension", "tests", "on", "rules", "_",
    };
    uint32_t ids[WORD_COUNT];
    for (Word word = 0; word < WORD_COUNT; word++)
        ids[word] = intern(p, text_from(words[word]));
    memcpy(p->names->syntax_words, ids, sizeof ids); // all or, where memory ends above, none
}

static void parse_whole(Arena *arena, const Tokens *tokens, NameCache *names, DiagSink *sink, Tree *out) {
    Parser parser = {.arena = arena, .tokens = tokens, .kinds = tokens->kinds, .names = names, .sink = sink};
    Parser *p = &parser;
    p->words = names->syntax_words;
    if (names->syntax_words[0] == 0) intern_words(p);
    for (Word word = 0; word < WORD_COUNT; word++)
        p->word_bits |= UINT64_C(1) << (p->words[word] & 63);
    p->stop = p->group_end = tokens->count - 1;
    nodes_reserve(p, tokens->count + tokens->count / 4 + 16);
    pair_brackets(p);
    cursor_set(p, 0);
    parse_declarations(p);
    mark_errors(p);
    *out = (Tree){p->node_kinds,  p->node_tokens,        p->node_a,
                  p->node_b,      p->extra.items,        p->node_count,
                  p->extra.count, p->declarations.items, p->declarations.count};
}

Status parse_tokens(Arena *arena, const Tokens *tokens, NameCache *names, DiagSink *diagnostics, Tree *out) {
    ARENA_GUARD(arena);
    parse_whole(arena, tokens, names, diagnostics, out);
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

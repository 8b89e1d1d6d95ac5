// syntax/tokens.h: the tokens of one file as parallel arrays, and positions in its text.
//
// SHAPE      kinds[i] (1 byte), starts[i] (byte offset), values[i] (what tokens.def says). The last token is END.
// INVARIANTS K1 Comments and white space lie between tokens and are recoverable from the text.
//            K2 `partner` pairs brackets after lexing: partner[i] is the index of the matching bracket, or 0.
#pragma once
#include "base/diagnostics.h"
#include "intern/names.h"

typedef enum TokenKind {
#define TOKEN(kind, shown) TOKEN_##kind,
#define KEYWORD(kind, text) TOKEN_##kind,
#define PUNCTUATION(kind, text) TOKEN_##kind,
#include "syntax/tokens.def"
#undef TOKEN
#undef KEYWORD
#undef PUNCTUATION
    TOKEN_COUNT
} TokenKind;

typedef struct Source {
    FileId file;
    Text path; // as diagnostics show it: relative to the project, with `/`
    Text text;
} Source;

typedef struct Tokens {
    const Source *source;
    uint8_t *kinds;
    uint32_t *starts;
    uint32_t *values;
    uint32_t *partner;
    uint32_t count; // END included
    uint64_t *literals;
    uint32_t literal_count;
    uint32_t *line_starts; // byte offset of the start of each line, [0] = 0
    uint32_t line_count;
    bool has_bad_text; // lexical errors were reported
} Tokens;

uint32_t token_end(const Tokens *tokens, uint32_t token); // byte offset just past it
static inline Span token_span(const Tokens *tokens, uint32_t token) {
    return (Span){tokens->source->file, tokens->starts[token], token_end(tokens, token)};
}
static inline Text token_text(const Tokens *tokens, uint32_t token) {
    uint32_t start = tokens->starts[token];
    return (Text){tokens->source->text.data + start, token_end(tokens, token) - start};
}

// Line from 1 and column in code points from 1 of a byte offset.
void tokens_position(const Tokens *tokens, uint32_t offset, uint32_t *line, uint32_t *column);
// The same for one offset after another: where they ascend, a long line is walked once. A place of zeros begins.
typedef struct TokensPlace {
    uint32_t offset, line, column;
} TokensPlace;
void tokens_position_from(const Tokens *tokens, TokensPlace *place, uint32_t offset);

const char *token_kind_name(TokenKind kind);  // "NAME"
const char *token_kind_shown(TokenKind kind); // "a name", "`->`", "`if`"

// syntax/lexer_internal.h: what the files of the lexer share.
//
// SHAPE      lexer.c         the loop over blocks of 64 bytes: words, plain operators, lines
//            lex_classify.c  which of the 64 bytes are what
//            lex_emit.c      the tokens of a run of words and operators at once
//            lex_words.c     names and keywords
//            lex_slow.c      tokens that need a look at their text: strings, characters, numbers, comments, what is no token
//            lex_number.c    what a number is
//            lex_chunks.c    cutting a text and joining what was lexed apart
#pragma once
#include "syntax/lex_classify.h"
#include "syntax/lexer.h"

typedef struct Lexer {
    Arena *arena;
    const Source *source;
    const char *text; // of the whole file: offsets are distances from here
    const char *end;  // of the chunk
    NameCache *names;
    DiagSink *diagnostics;
    LexChunk *out;
} Lexer;

// The token that begins with a byte and is one byte long, or a word.
extern const uint8_t lex_kind_of[256];

// Writes the tokens that begin at `run` of a block behind the first `token` ones of a chunk, and the numbers of those that
// begin words behind the first `word_count` ones of `word_tokens`; returns how many of these there are then. May write as
// far as LEX_BLOCK tokens behind `token`.
typedef uint32_t (*LexEmit)(uint64_t run, uint64_t words, const char *view, uint32_t base, uint32_t token,
                            const LexChunk *out, uint32_t *word_tokens, uint32_t word_count);
uint32_t lex_emit_vectors(uint64_t run, uint64_t words, const char *view, uint32_t base, uint32_t token,
                          const LexChunk *out, uint32_t *word_tokens, uint32_t word_count);
#define LEX_ROOM (2 * LEX_BLOCK) // a block has at most LEX_BLOCK tokens, and vectors write that far behind each

// Room for so many more tokens.
void lex_reserve(Arena *arena, LexChunk *out, uint32_t extra);
static inline void lex_push(Lexer *lexer, TokenKind kind, const char *at, uint32_t value) {
    LexChunk *out = lexer->out;
    if (UNLIKELY(out->count == out->capacity)) lex_reserve(lexer->arena, out, 1);
    uint32_t token = out->count++;
    out->kinds[token] = (uint8_t)kind;
    out->starts[token] = (uint32_t)(at - lexer->text);
    out->values[token] = value;
}
uint32_t lex_token_estimate(uint32_t bytes); // tokens that a chunk of such a length makes room for

// Lexes the token at `at`, whatever it is but white space and a keyword; or a comment. Returns where it ends.
const char *lex_slowly(Lexer *lexer, const char *at);
// A string without escapes, with only valid bytes, that ends with the quote at `close`.
void lex_simple_string(Lexer *lexer, const char *at, const char *close);
void lex_byte_order_mark(Lexer *lexer);
uint32_t lex_intern(Lexer *lexer, Text text); // NameId.index
// A word of at most 16 bytes that its slot does not hold: finds out what it is and puts it there.
void lex_word_miss(Lexer *lexer, const char *at, uint32_t length, NameWord *slot, uint64_t low, uint64_t high);
uint32_t lex_long_word(Lexer *lexer, const char *at); // NameId.index

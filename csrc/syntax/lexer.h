// syntax/lexer.h: the lexer by chunks, for the parallel lexer and for tests. syntax.h has the call for a whole file.
//
// WHY        No token contains a newline (chapter 1), so a file may be cut after any LF, the parts lexed apart and their
//            arrays concatenated. Offsets are the file's from the start; only indices into `literals` need a shift.
// SHAPE      text ──▶ masks of 64 bytes (lex_classify.h) ──▶ kinds and starts ──▶ names of the words ──▶ values
//            A large file's chunks are lexed into slices of one set of arrays (lex_room), so that joining them is closing
//            the gaps:   [ tokens of chunk 0 | free ][ tokens of chunk 1 | free ] …  ─▶  [ tokens 0 | tokens 1 | … END ]
// INVARIANTS L1 Chunks give the tokens, values, lines and diagnostics of the whole.
//               tests/unit/test_lexer.c, tests/properties/test_chunks.py
//            L2 Where a token ends follows from the text and its start alone (and from an adjacent `.` before a number):
//               lex_token_end, which both the lexer and token_end use.
#pragma once
#include "syntax/lex_classify.h"
#include "syntax/tokens.h"

// All zero, or with the arrays of lex_room, before lex_chunk.
typedef struct LexChunk {
    uint8_t *kinds;
    uint32_t *starts;
    uint32_t *values;
    uint32_t count, capacity;
    uint32_t room; // tokens that the arrays hold: `capacity`, and that of the chunks whose slices follow
    bool has_bad_text;
    VEC(uint64_t) literals;
    VEC(uint32_t) lines; // starts of the lines that begin inside, behind a line end of this chunk
} LexChunk;

// Where a text may be cut: the first place at or behind `near` that stands behind an LF, or the end. near > 0.
uint32_t lex_cut_near(Text text, uint32_t near);
// Makes room in `arena` for the tokens of chunks that end at ends[0 … count - 1]. A chunk that turns out to need more takes it
// from the arena it is lexed with.
void lex_room(Arena *arena, const uint32_t *ends, uint32_t count, LexChunk *chunks);
// Lexes bytes [start, end) of source->text. `start` is 0 or stands behind an LF, `end` behind one or at the text's end.
// Runs under the guard of `arena`.
void lex_chunk(Arena *arena, const Source *source, uint32_t start, uint32_t end, NameCache *names,
               DiagSink *diagnostics, LexChunk *out);
// The same with a certain variant of the vector code, which must work here. For tests.
void lex_chunk_with(LexVariant variant, Arena *arena, const Source *source, uint32_t start, uint32_t end,
                    NameCache *names, DiagSink *diagnostics, LexChunk *out);
// Joins chunks in the order of the text and adds END. The arrays of lex_room become those of the file if all chunks are in
// them, and a lone chunk's arrays do in any case; all others are copied.
void lex_join(Arena *arena, const Source *source, const LexChunk *chunks, uint32_t count, Tokens *out);

// ---- numbers (lex_number.c)

typedef struct Number {
    TokenKind kind; // INT, FLOAT, DURATION or SIZE
    uint32_t length;
    uint64_t bits; // what Tokens.literals holds; 0 after an error
    enum { NUMBER_GOOD, NUMBER_MALFORMED, NUMBER_INT_TOO_LARGE, NUMBER_FLOAT_TOO_LARGE, NUMBER_UNIT_TOO_LARGE } problem;
} Number;

// The number that begins with the digit at `at`. With `is_part`, right behind a single `.`, it is only digits.
uint32_t number_length(const char *at, const char *end, bool is_part);
Number number_read(Arena *arena, const char *at, const char *end, bool is_part);

// ---- quoted text and what cannot be read (lex_slow.c)

// Length of the string or character at `at`, quotes included; it ends before a line end.
uint32_t quoted_length(const char *at, const char *end, bool *is_closed);
// Length of the run that one BAD token stands for.
uint32_t bad_length(const char *at, const char *end);

// syntax/lex_classify.h: what each byte of a text can be, 64 bytes at a time, as masks with a bit for each byte.
//
// WHY        Most bytes of a text need no decision of their own: they are inside a word or are space. Vector code finds out
//            which, so that the lexer meets only the first byte of each token.
// SHAPE      64 bytes ─▶ sets of bytes by two table lookups, of the low and the high half of the byte ─▶ one mask for a set.
//            The method is that of simdjson (Langdale and Lemire, "Parsing gigabytes of JSON per second", 2019).
// INVARIANTS C1 All variants give the same masks.   tests/unit/test_lexer.c
// THREADS    Pure functions. The choice of the variant is the processor's; nothing is remembered.
// COST       About 10 instructions for 64 bytes and set with AVX2, half of it with AVX-512, 60 in portable C.
#pragma once
#include "base/text.h"

#define LEX_BLOCK 64u

typedef struct LexMasks {
    uint64_t word;            // letters, digits, `_`
    uint64_t digit;           // of these
    uint64_t gap;             // space, tab, LF, CR
    uint64_t line_feed;       // LF
    uint64_t carriage_return; // CR
    uint64_t plain;           // punctuation that is never more than an operator: all but `"` `'` `/`
    uint64_t equal;           // =
    uint64_t greater;         // >
    uint64_t before_greater;  // - =
    uint64_t before_equal;    // = < > !
    uint64_t doubled;         // & | < ? . : which may stand twice
} LexMasks;

// AVX512_VBMI2 classifies as AVX512 does, and writes tokens with vectors as well (lex_emit.c).
typedef enum LexVariant {
    LEX_PORTABLE,
    LEX_AVX2,
    LEX_AVX512,
    LEX_AVX512_VBMI2,
    LEX_NEON,
    LEX_VARIANT_COUNT
} LexVariant;

bool lex_variant_works(LexVariant variant); // on this processor
LexVariant lex_variant_best(void);
// `bytes` has 64 · `blocks` bytes.
void lex_classify(LexVariant variant, const char *bytes, uint32_t blocks, LexMasks *out);

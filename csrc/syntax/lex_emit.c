// syntax/lex_emit.c: the tokens of a run of words and operators, all at once. See lex_block in lexer.c, which does the same one
// by one.
#include "syntax/lexer_internal.h"

// The token that begins with a byte and is one byte long, or a word.
const uint8_t lex_kind_of[256] = {
    ['A'] = TOKEN_NAME,     ['B'] = TOKEN_NAME,      ['C'] = TOKEN_NAME,   ['D'] = TOKEN_NAME,
    ['E'] = TOKEN_NAME,     ['F'] = TOKEN_NAME,      ['G'] = TOKEN_NAME,   ['H'] = TOKEN_NAME,
    ['I'] = TOKEN_NAME,     ['J'] = TOKEN_NAME,      ['K'] = TOKEN_NAME,   ['L'] = TOKEN_NAME,
    ['M'] = TOKEN_NAME,     ['N'] = TOKEN_NAME,      ['O'] = TOKEN_NAME,   ['P'] = TOKEN_NAME,
    ['Q'] = TOKEN_NAME,     ['R'] = TOKEN_NAME,      ['S'] = TOKEN_NAME,   ['T'] = TOKEN_NAME,
    ['U'] = TOKEN_NAME,     ['V'] = TOKEN_NAME,      ['W'] = TOKEN_NAME,   ['X'] = TOKEN_NAME,
    ['Y'] = TOKEN_NAME,     ['Z'] = TOKEN_NAME,      ['_'] = TOKEN_NAME,   ['a'] = TOKEN_NAME,
    ['b'] = TOKEN_NAME,     ['c'] = TOKEN_NAME,      ['d'] = TOKEN_NAME,   ['e'] = TOKEN_NAME,
    ['f'] = TOKEN_NAME,     ['g'] = TOKEN_NAME,      ['h'] = TOKEN_NAME,   ['i'] = TOKEN_NAME,
    ['j'] = TOKEN_NAME,     ['k'] = TOKEN_NAME,      ['l'] = TOKEN_NAME,   ['m'] = TOKEN_NAME,
    ['n'] = TOKEN_NAME,     ['o'] = TOKEN_NAME,      ['p'] = TOKEN_NAME,   ['q'] = TOKEN_NAME,
    ['r'] = TOKEN_NAME,     ['s'] = TOKEN_NAME,      ['t'] = TOKEN_NAME,   ['u'] = TOKEN_NAME,
    ['v'] = TOKEN_NAME,     ['w'] = TOKEN_NAME,      ['x'] = TOKEN_NAME,   ['y'] = TOKEN_NAME,
    ['z'] = TOKEN_NAME,     ['+'] = TOKEN_PLUS,      ['-'] = TOKEN_MINUS,  ['*'] = TOKEN_STAR,
    ['%'] = TOKEN_PERCENT,  ['!'] = TOKEN_BANG,      ['~'] = TOKEN_TILDE,  ['&'] = TOKEN_AMP,
    ['|'] = TOKEN_PIPE,     ['^'] = TOKEN_CARET,     ['<'] = TOKEN_LESS,   ['>'] = TOKEN_GREATER,
    ['='] = TOKEN_EQUAL,    ['?'] = TOKEN_QUESTION,  ['.'] = TOKEN_DOT,    [':'] = TOKEN_COLON,
    [','] = TOKEN_COMMA,    [';'] = TOKEN_SEMICOLON, ['@'] = TOKEN_AT,     ['$'] = TOKEN_DOLLAR,
    ['#'] = TOKEN_HASH,     ['('] = TOKEN_LPAREN,    [')'] = TOKEN_RPAREN, ['['] = TOKEN_LBRACKET,
    [']'] = TOKEN_RBRACKET, ['{'] = TOKEN_LBRACE,    ['}'] = TOKEN_RBRACE};
#if defined(__x86_64__) && !defined(__TINYC__)
#include <immintrin.h>

// Numbers of bytes, each plus `base`, as 32-bit integers; writes up to 15 too many.
__attribute__((target("avx512f,avx512bw"))) static inline void widen(__m512i bytes, uint32_t count, uint32_t base,
                                                                     uint32_t *out) {
    __m512i add = _mm512_set1_epi32((int)base);
    __m128i quarters[4] = {_mm512_castsi512_si128(bytes), _mm512_extracti32x4_epi32(bytes, 1),
                           _mm512_extracti32x4_epi32(bytes, 2), _mm512_extracti32x4_epi32(bytes, 3)};
    for (uint32_t i = 0; i * 16 < count; i++)
        _mm512_storeu_si512(out + i * 16, _mm512_add_epi32(_mm512_cvtepu8_epi32(quarters[i]), add));
}

__attribute__((target("avx512f,avx512bw,avx512vbmi,avx512vbmi2,bmi2,popcnt"))) uint32_t
lex_emit_vectors(uint64_t run, uint64_t words, const char *view, uint32_t base, uint32_t token, const LexChunk *out,
                 uint32_t *word_tokens, uint32_t word_count) {
    static const uint8_t numbers[LEX_BLOCK] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                               16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
                                               32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
                                               48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    __m512i places = _mm512_loadu_si512(numbers);
    // No byte of a run is beyond ASCII, so that two registers hold the table.
    __m512i kinds = _mm512_permutex2var_epi8(_mm512_loadu_si512(lex_kind_of), _mm512_loadu_si512(view),
                                             _mm512_loadu_si512(lex_kind_of + LEX_BLOCK));
    _mm512_storeu_si512(out->kinds + token, _mm512_maskz_compress_epi8(run, kinds));
    widen(_mm512_maskz_compress_epi8(run, places), (uint32_t)__builtin_popcountll(run), base, out->starts + token);
    uint64_t are_words = _pext_u64(words, run); // a bit for each token of the run
    uint32_t count = (uint32_t)__builtin_popcountll(are_words);
    widen(_mm512_maskz_compress_epi8(are_words, places), count, token, word_tokens + word_count);
    return word_count + count;
}
#endif

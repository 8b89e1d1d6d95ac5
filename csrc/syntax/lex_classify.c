// syntax/lex_classify.c: sets of bytes in vector code. See lex_classify.h.
//
// A SET is a union of rectangles: bytes whose low half is in one set and whose high half is in another. Each rectangle has a
// bit; a table gives for a low half the rectangles that it is in, another does for the high half, and a byte is in those that
// both name. Bytes from 0x80 up are in none.
#include "syntax/lex_classify.h"

// Rectangles 0–3: words (0: digits; 1: A–O, a–o; 2: P–Z, p–z; 3: `_`); 4: space; 5: tab, LF, CR.
#define WORDS_LOW 0x15, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x27, 0x26, 0x02, 0x02, 0x22, 0x02, 0x0A
#define WORDS_HIGH 0x20, 0, 0x10, 0x01, 0x02, 0x0C, 0x02, 0x04, 0, 0, 0, 0, 0, 0, 0, 0
#define IN_DIGIT 0x01
#define IN_WORD 0x0F
#define IN_GAP 0x30
// All of them: plain punctuation.
#define PLAIN_LOW 0x04, 0x01, 0, 0x01, 0x01, 0x01, 0x01, 0, 0x01, 0x01, 0x03, 0x1B, 0x13, 0x1B, 0x1B, 0x02
#define PLAIN_HIGH 0, 0, 0x01, 0x02, 0x04, 0x08, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0
// 0: - =   1: < = >   2: !   3–7: & | < ? . :
#define PAIRS_LOW 0, 0x04, 0, 0, 0, 0, 0x08, 0, 0, 0, 0x80, 0, 0x12, 0x03, 0x42, 0x20
#define PAIRS_HIGH 0, 0, 0x4D, 0xB3, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0
#define IN_BEFORE_GREATER 0x01
#define IN_BEFORE_EQUAL 0x06
#define IN_DOUBLED 0xF8

#if defined(__x86_64__) && !defined(__TINYC__)
#define HAS_X86 1
#include <immintrin.h>
#elif defined(__aarch64__) && !defined(__TINYC__)
#define HAS_NEON 1
#include <arm_neon.h>
#endif

// ---- portable: the sets of a byte in a table, eight bytes at a time

enum { // in flags_of
    FLAG_DIGIT,
    FLAG_WORD,
    FLAG_GAP,
    FLAG_PLAIN,
    FLAG_BEFORE_GREATER,
    FLAG_BEFORE_EQUAL,
    FLAG_DOUBLED,
};

static uint8_t flags_of(uint8_t byte) {
    static const uint8_t words_low[16] = {WORDS_LOW}, words_high[16] = {WORDS_HIGH};
    static const uint8_t plain_low[16] = {PLAIN_LOW}, plain_high[16] = {PLAIN_HIGH};
    static const uint8_t pairs_low[16] = {PAIRS_LOW}, pairs_high[16] = {PAIRS_HIGH};
    uint32_t words = words_low[byte & 15] & words_high[byte >> 4];
    uint32_t plain = plain_low[byte & 15] & plain_high[byte >> 4];
    uint32_t pairs = pairs_low[byte & 15] & pairs_high[byte >> 4];
    uint32_t flags = (uint32_t)((words & IN_DIGIT) != 0) << FLAG_DIGIT |
                     (uint32_t)((words & IN_WORD) != 0) << FLAG_WORD | (uint32_t)((words & IN_GAP) != 0) << FLAG_GAP |
                     (uint32_t)(plain != 0) << FLAG_PLAIN |
                     (uint32_t)((pairs & IN_BEFORE_GREATER) != 0) << FLAG_BEFORE_GREATER |
                     (uint32_t)((pairs & IN_BEFORE_EQUAL) != 0) << FLAG_BEFORE_EQUAL |
                     (uint32_t)((pairs & IN_DOUBLED) != 0) << FLAG_DOUBLED;
    return (uint8_t)flags;
}

static void classify_portable(const char *bytes, uint32_t blocks, LexMasks *out) {
    uint8_t flags[256];
    for (uint32_t byte = 0; byte < 256; byte++)
        flags[byte] = flags_of((uint8_t)byte);
    for (uint32_t block = 0; block < blocks; block++, bytes += LEX_BLOCK, out++) {
        *out = (LexMasks){0};
        for (uint32_t i = 0; i < LEX_BLOCK; i++) {
            uint8_t byte = (uint8_t)bytes[i];
            uint64_t in = flags[byte];
            out->digit |= (in >> FLAG_DIGIT & 1) << i;
            out->word |= (in >> FLAG_WORD & 1) << i;
            out->gap |= (in >> FLAG_GAP & 1) << i;
            out->plain |= (in >> FLAG_PLAIN & 1) << i;
            out->before_greater |= (in >> FLAG_BEFORE_GREATER & 1) << i;
            out->before_equal |= (in >> FLAG_BEFORE_EQUAL & 1) << i;
            out->doubled |= (in >> FLAG_DOUBLED & 1) << i;
            out->line_feed |= (uint64_t)(byte == '\n') << i;
            out->carriage_return |= (uint64_t)(byte == '\r') << i;
            out->equal |= (uint64_t)(byte == '=') << i;
            out->greater |= (uint64_t)(byte == '>') << i;
        }
    }
}

// ---- x86

#if defined(HAS_X86)
#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f,avx512bw")))

typedef struct Lookup256 {
    __m256i low, high;
} Lookup256;

AVX2 static inline __m256i table_256(const uint8_t table[16]) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)table));
}

AVX2 static inline Lookup256 lookup_256(const uint8_t low[16], const uint8_t high[16]) {
    return (Lookup256){table_256(low), table_256(high)};
}

AVX2 static inline __m256i sets_256(Lookup256 table, __m256i bytes, __m256i halves) {
    // A byte with its top bit set finds 0 in the first table: that is how this instruction works.
    return _mm256_and_si256(_mm256_shuffle_epi8(table.low, bytes), _mm256_shuffle_epi8(table.high, halves));
}

AVX2 static inline uint64_t mask_256(__m256i truth) { return (uint32_t)_mm256_movemask_epi8(truth); }

AVX2 static inline uint64_t any_256(__m256i sets, char wanted) {
    __m256i none = _mm256_cmpeq_epi8(_mm256_and_si256(sets, _mm256_set1_epi8(wanted)), _mm256_setzero_si256());
    return (uint32_t)~mask_256(none);
}

AVX2 static inline uint64_t equal_256(__m256i bytes, char wanted) {
    return mask_256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(wanted)));
}

AVX2 static void classify_avx2(const char *bytes, uint32_t blocks, LexMasks *out) {
    static const uint8_t tables[6][16] = {{WORDS_LOW},  {WORDS_HIGH}, {PLAIN_LOW},
                                          {PLAIN_HIGH}, {PAIRS_LOW},  {PAIRS_HIGH}};
    Lookup256 words = lookup_256(tables[0], tables[1]), plain = lookup_256(tables[2], tables[3]);
    Lookup256 pairs = lookup_256(tables[4], tables[5]);
    for (uint32_t block = 0; block < blocks; block++, out++) {
        LexMasks masks = {0};
        for (uint32_t half = 0; half < 2; half++, bytes += 32) {
            __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)bytes);
            __m256i halves = _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(0x0F));
            __m256i in_words = sets_256(words, v, halves), in_pairs = sets_256(pairs, v, halves);
            uint32_t shift = half * 32;
            masks.word |= any_256(in_words, IN_WORD) << shift;
            masks.digit |= any_256(in_words, IN_DIGIT) << shift;
            masks.gap |= any_256(in_words, IN_GAP) << shift;
            masks.plain |= any_256(sets_256(plain, v, halves), (char)0xFF) << shift;
            masks.before_greater |= any_256(in_pairs, IN_BEFORE_GREATER) << shift;
            masks.before_equal |= any_256(in_pairs, IN_BEFORE_EQUAL) << shift;
            masks.doubled |= any_256(in_pairs, (char)IN_DOUBLED) << shift;
            masks.line_feed |= equal_256(v, '\n') << shift;
            masks.carriage_return |= equal_256(v, '\r') << shift;
            masks.equal |= equal_256(v, '=') << shift;
            masks.greater |= equal_256(v, '>') << shift;
        }
        *out = masks;
    }
}

AVX512 static inline __m512i table_512(const uint8_t table[16]) {
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)table));
}

AVX512 static inline uint64_t any_512(__m512i sets, char wanted) {
    return _mm512_test_epi8_mask(sets, _mm512_set1_epi8(wanted));
}

AVX512 static inline uint64_t equal_512(__m512i bytes, char wanted) {
    return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(wanted));
}

AVX512 static void classify_avx512(const char *bytes, uint32_t blocks, LexMasks *out) {
    static const uint8_t tables[6][16] = {{WORDS_LOW},  {WORDS_HIGH}, {PLAIN_LOW},
                                          {PLAIN_HIGH}, {PAIRS_LOW},  {PAIRS_HIGH}};
    __m512i t[6];
    for (int i = 0; i < 6; i++)
        t[i] = table_512(tables[i]);
    for (uint32_t block = 0; block < blocks; block++, bytes += LEX_BLOCK, out++) {
        __m512i v = _mm512_loadu_si512(bytes);
        __m512i halves = _mm512_and_si512(_mm512_srli_epi16(v, 4), _mm512_set1_epi8(0x0F));
        __m512i words = _mm512_and_si512(_mm512_shuffle_epi8(t[0], v), _mm512_shuffle_epi8(t[1], halves));
        __m512i pairs = _mm512_and_si512(_mm512_shuffle_epi8(t[4], v), _mm512_shuffle_epi8(t[5], halves));
        out->word = any_512(words, IN_WORD);
        out->digit = any_512(words, IN_DIGIT);
        out->gap = any_512(words, IN_GAP);
        out->line_feed = equal_512(v, '\n');
        out->carriage_return = equal_512(v, '\r');
        out->plain = _mm512_test_epi8_mask(_mm512_shuffle_epi8(t[2], v), _mm512_shuffle_epi8(t[3], halves));
        out->equal = equal_512(v, '=');
        out->greater = equal_512(v, '>');
        out->before_greater = any_512(pairs, IN_BEFORE_GREATER);
        out->before_equal = any_512(pairs, IN_BEFORE_EQUAL);
        out->doubled = any_512(pairs, (char)IN_DOUBLED);
    }
}
#endif

// ---- ARM

#if defined(HAS_NEON)
// A bit for each byte of four vectors of all ones or all zeros.
static inline uint64_t mask_neon(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d) {
    static const uint8_t weights[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t bits = vld1q_u8(weights);
    uint8x16_t ab = vpaddq_u8(vandq_u8(a, bits), vandq_u8(b, bits)),
               cd = vpaddq_u8(vandq_u8(c, bits), vandq_u8(d, bits));
    uint8x16_t all = vpaddq_u8(ab, cd);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(all, all)), 0);
}

static inline uint64_t any_neon(const uint8x16_t sets[4], uint8_t wanted) {
    uint8x16_t bits = vdupq_n_u8(wanted);
    return mask_neon(vtstq_u8(sets[0], bits), vtstq_u8(sets[1], bits), vtstq_u8(sets[2], bits),
                     vtstq_u8(sets[3], bits));
}

static inline uint64_t equal_neon(const uint8x16_t v[4], uint8_t wanted) {
    uint8x16_t w = vdupq_n_u8(wanted);
    return mask_neon(vceqq_u8(v[0], w), vceqq_u8(v[1], w), vceqq_u8(v[2], w), vceqq_u8(v[3], w));
}

static void classify_neon(const char *bytes, uint32_t blocks, LexMasks *out) {
    static const uint8_t tables[6][16] = {{WORDS_LOW},  {WORDS_HIGH}, {PLAIN_LOW},
                                          {PLAIN_HIGH}, {PAIRS_LOW},  {PAIRS_HIGH}};
    uint8x16_t t[6];
    for (int i = 0; i < 6; i++)
        t[i] = vld1q_u8(tables[i]);
    for (uint32_t block = 0; block < blocks; block++, bytes += LEX_BLOCK, out++) {
        uint8x16_t v[4], words[4], plain[4], pairs[4];
        for (int i = 0; i < 4; i++) {
            v[i] = vld1q_u8((const uint8_t *)bytes + 16 * i);
            uint8x16_t low = vandq_u8(v[i], vdupq_n_u8(0x0F)), high = vshrq_n_u8(v[i], 4);
            words[i] = vandq_u8(vqtbl1q_u8(t[0], low), vqtbl1q_u8(t[1], high));
            plain[i] = vandq_u8(vqtbl1q_u8(t[2], low), vqtbl1q_u8(t[3], high));
            pairs[i] = vandq_u8(vqtbl1q_u8(t[4], low), vqtbl1q_u8(t[5], high));
        }
        out->word = any_neon(words, IN_WORD);
        out->digit = any_neon(words, IN_DIGIT);
        out->gap = any_neon(words, IN_GAP);
        out->line_feed = equal_neon(v, '\n');
        out->carriage_return = equal_neon(v, '\r');
        out->plain = any_neon(plain, 0xFF);
        out->equal = equal_neon(v, '=');
        out->greater = equal_neon(v, '>');
        out->before_greater = any_neon(pairs, IN_BEFORE_GREATER);
        out->before_equal = any_neon(pairs, IN_BEFORE_EQUAL);
        out->doubled = any_neon(pairs, IN_DOUBLED);
    }
}
#endif

// ---- the choice

bool lex_variant_works(LexVariant variant) {
    switch (variant) {
    case LEX_PORTABLE:
        return true;
#if defined(HAS_X86)
    case LEX_AVX2:
        return __builtin_cpu_supports("avx2") != 0;
    case LEX_AVX512:
        return __builtin_cpu_supports("avx512bw") != 0;
    case LEX_AVX512_VBMI2:
        return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi") &&
               __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi2") &&
               __builtin_cpu_supports("popcnt");
#endif
#if defined(HAS_NEON)
    case LEX_NEON:
        return true;
#endif
    default:
        return false;
    }
}

LexVariant lex_variant_best(void) {
    if (lex_variant_works(LEX_NEON)) return LEX_NEON;
    if (lex_variant_works(LEX_AVX512_VBMI2)) return LEX_AVX512_VBMI2;
    if (lex_variant_works(LEX_AVX512)) return LEX_AVX512;
    return lex_variant_works(LEX_AVX2) ? LEX_AVX2 : LEX_PORTABLE;
}

void lex_classify(LexVariant variant, const char *bytes, uint32_t blocks, LexMasks *out) {
    switch (variant) {
#if defined(HAS_X86)
    case LEX_AVX2:
        classify_avx2(bytes, blocks, out);
        break;
    case LEX_AVX512:
    case LEX_AVX512_VBMI2:
        classify_avx512(bytes, blocks, out);
        break;
#endif
#if defined(HAS_NEON)
    case LEX_NEON:
        classify_neon(bytes, blocks, out);
        break;
#endif
    default:
        classify_portable(bytes, blocks, out);
        break;
    }
}

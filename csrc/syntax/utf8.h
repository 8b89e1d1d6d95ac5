// syntax/utf8.h: one code point of UTF-8 at a time, strictly: no overlong forms, no surrogates, nothing above U+10FFFF.
// The ranges are those of table 3-7 of the Unicode standard.
#pragma once
#include "base/text.h"

// Bytes of the valid sequence at `at` (1 … 4), or 0 when there is none.
static inline uint32_t utf8_sequence(const unsigned char *at, const unsigned char *end) {
    unsigned char lead = at[0];
    if (lead < 0x80) return 1;
    if (lead < 0xC2 || lead > 0xF4) return 0;
    uint32_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if ((size_t)(end - at) < length) return 0;
    unsigned char low = 0x80, high = 0xBF; // of the second byte
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
    if (at[1] < low || at[1] > high) return 0;
    for (uint32_t i = 2; i < length; i++)
        if (at[i] < 0x80 || at[i] > 0xBF) return 0;
    return length;
}

// The code point of a valid sequence.
static inline uint32_t utf8_decode(const unsigned char *at, uint32_t length) {
    if (length == 1) return at[0];
    uint32_t point = at[0] & (0x7Fu >> length);
    for (uint32_t i = 1; i < length; i++)
        point = point << 6 | (at[i] & 0x3Fu);
    return point;
}

// Writes a scalar value; returns its bytes (1 … 4).
static inline uint32_t utf8_encode(uint32_t point, char out[4]) {
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    uint32_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (uint32_t i = length - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (point & 0x3F));
        point >>= 6;
    }
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    out[0] = (char)(leads[length] | point);
    return length;
}

static inline bool is_scalar_value(uint32_t point) { return point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF); }

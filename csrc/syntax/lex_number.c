// syntax/lex_number.c: numbers, durations and sizes; chapter 1's table of literals.
#include "syntax/lexer.h"
#include <math.h>
#include <stdlib.h>

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool is_word(char c) { return is_digit(c) || is_letter(c) || c == '_'; }
static int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static const char *skip_word(const char *at, const char *end) {
    while (at < end && is_word(*at))
        at++;
    return at;
}

static const char *skip_digits(const char *at, const char *end) {
    while (at < end && (is_digit(*at) || *at == '_'))
        at++;
    return at;
}

// Where the parts of a number end. Letters after it belong to it: as its unit, or because it is malformed.
typedef struct Parts {
    const char *start, *whole_end; // the digits before the point, with `_`
    const char *fraction, *fraction_end;
    const char *exponent, *exponent_end; // the digits after `e` and its sign
    bool exponent_is_negative;
    bool is_prefixed; // 0x… or 0b…
    const char *end;
} Parts;

static Parts number_parts(const char *at, const char *end, bool is_part) {
    Parts parts = {.start = at};
    bool is_hex = at + 1 < end && at[0] == '0' && at[1] == 'x';
    bool is_binary = at + 2 < end && at[0] == '0' && at[1] == 'b' && is_digit(at[2]);
    if (!is_part && (is_hex || is_binary)) {
        parts.is_prefixed = true;
        parts.whole_end = parts.end = skip_word(at, end);
        return parts;
    }
    at = parts.whole_end = skip_digits(at, end);
    if (!is_part) {
        if (at + 1 < end && *at == '.' && is_digit(at[1])) {
            parts.fraction = at + 1;
            at = parts.fraction_end = skip_digits(at + 1, end);
        }
        if (at < end && (*at == 'e' || *at == 'E')) {
            const char *digits = at + 1;
            bool is_negative = digits < end && *digits == '-';
            if (digits < end && (*digits == '-' || *digits == '+')) digits++;
            if (digits < end && is_digit(*digits)) {
                parts.exponent_is_negative = is_negative;
                parts.exponent = digits;
                at = parts.exponent_end = skip_digits(digits, end);
            }
        }
    }
    parts.end = skip_word(at, end);
    return parts;
}

uint32_t number_length(const char *at, const char *end, bool is_part) {
    return (uint32_t)(number_parts(at, end, is_part).end - at);
}

// `_` stands only between digits.
static bool underscores_are_good(const char *at, const char *end) {
    if (at == end || !is_digit(end[-1])) return false;
    for (const char *c = at; c < end; c++)
        if (*c == '_' && (c == at || c[-1] == '_')) return false;
    return true;
}

// False when the value needs more than 64 bits.
static bool read_digits(const char *at, const char *end, uint64_t *out) {
    uint64_t value = 0;
    for (; at < end; at++) {
        if (*at == '_') continue;
        uint64_t digit = (uint64_t)(*at - '0');
        if (value > (UINT64_MAX - digit) / 10) return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

static void read_prefixed(Number *number, const Parts *parts) {
    uint64_t value = 0, base = parts->start[1] == 'x' ? 16 : 2;
    const char *digits = parts->start + 2;
    if (digits == parts->end || parts->end[-1] == '_') {
        number->problem = NUMBER_MALFORMED;
        return;
    }
    bool is_too_large = false;
    for (const char *c = digits; c < parts->end; c++) {
        if (*c == '_') {
            if (c == digits || c[-1] == '_') number->problem = NUMBER_MALFORMED;
            continue;
        }
        int digit = hex_value(*c);
        if (digit < 0 || (uint64_t)digit >= base) {
            number->problem = NUMBER_MALFORMED;
            return;
        }
        if (value > (UINT64_MAX - (uint64_t)digit) / base) is_too_large = true;
        value = value * base + (uint64_t)digit;
    }
    if (number->problem != NUMBER_GOOD) return;
    if (is_too_large || value > (uint64_t)1 << 63)
        number->problem = NUMBER_INT_TOO_LARGE;
    else
        number->bits = value;
}

// strtod of the C library rounds correctly. It gets digits and an exponent but no decimal point, because which
// character it takes for that depends on the locale of whoever holds the process.
static void read_float(Arena *arena, Number *number, const Parts *parts) {
    char small[128];
    size_t room = (size_t)(parts->end - parts->start) + 32;
    char *text = room <= sizeof small ? small : arena_alloc(arena, room, 1);
    char *out = text;
    int64_t exponent = 0;
    for (const char *c = parts->exponent; c != NULL && c < parts->exponent_end; c++)
        if (*c != '_' && exponent < (int64_t)1 << 40) exponent = exponent * 10 + (*c - '0');
    if (parts->exponent_is_negative) exponent = -exponent;
    for (const char *c = parts->start; c < parts->whole_end; c++)
        if (*c != '_') *out++ = *c;
    for (const char *c = parts->fraction; c != NULL && c < parts->fraction_end; c++) {
        if (*c == '_') continue;
        *out++ = *c;
        exponent--;
    }
    *out++ = 'e';
    if (exponent < 0) {
        *out++ = '-';
        exponent = -exponent;
    }
    char digits[24];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + exponent % 10);
        exponent /= 10;
    } while (exponent > 0);
    while (count > 0)
        *out++ = digits[--count];
    *out = '\0';
    double value = strtod(text, NULL);
    if (isinf(value))
        number->problem = NUMBER_FLOAT_TOO_LARGE;
    else
        memcpy(&number->bits, &value, sizeof value);
}

static void read_unit(Number *number, const Parts *parts) {
    static const struct {
        const char *word;
        TokenKind kind;
        uint64_t factor;
    } units[] = {
        {"ns", TOKEN_DURATION, 1},
        {"us", TOKEN_DURATION, 1000},
        {"ms", TOKEN_DURATION, 1000 * 1000},
        {"s", TOKEN_DURATION, (uint64_t)1000 * 1000 * 1000},
        {"m", TOKEN_DURATION, (uint64_t)60 * 1000 * 1000 * 1000},
        {"h", TOKEN_DURATION, (uint64_t)3600 * 1000 * 1000 * 1000},
        {"b", TOKEN_SIZE, 1},
        {"kb", TOKEN_SIZE, 1024},
        {"mb", TOKEN_SIZE, 1024 * 1024},
        {"gb", TOKEN_SIZE, 1024 * 1024 * 1024},
    };
    Text word = {parts->whole_end, (uint32_t)(parts->end - parts->whole_end)};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (!text_equal(word, text_from(units[i].word))) continue;
        number->kind = units[i].kind;
        uint64_t value;
        if (!read_digits(parts->start, parts->whole_end, &value) || value > (uint64_t)INT64_MAX / units[i].factor)
            number->problem = NUMBER_UNIT_TOO_LARGE;
        else
            number->bits = value * units[i].factor;
        return;
    }
    number->problem = NUMBER_MALFORMED;
}

Number number_read(Arena *arena, const char *at, const char *end, bool is_part) {
    Parts parts = number_parts(at, end, is_part);
    Number number = {.kind = TOKEN_INT, .length = (uint32_t)(parts.end - at)};
    if (parts.is_prefixed) {
        read_prefixed(&number, &parts);
        return number;
    }
    bool is_float = parts.fraction != NULL || parts.exponent != NULL;
    const char *digits_end = parts.exponent != NULL   ? parts.exponent_end
                             : parts.fraction != NULL ? parts.fraction_end
                                                      : parts.whole_end;
    if (is_float) number.kind = TOKEN_FLOAT;
    bool has_leading_zero = at[0] == '0' && parts.whole_end - at > 1;
    bool is_good = !has_leading_zero && underscores_are_good(at, parts.whole_end) &&
                   (parts.fraction == NULL || underscores_are_good(parts.fraction, parts.fraction_end)) &&
                   (parts.exponent == NULL || underscores_are_good(parts.exponent, parts.exponent_end));
    if (!is_good || (digits_end != parts.end && (is_float || is_part)))
        number.problem = NUMBER_MALFORMED;
    else if (digits_end != parts.end)
        read_unit(&number, &parts);
    else if (is_float)
        read_float(arena, &number, &parts);
    else if (!read_digits(at, parts.whole_end, &number.bits) || number.bits > (uint64_t)1 << 63) {
        number.problem = NUMBER_INT_TOO_LARGE;
        number.bits = 0;
    }
    return number;
}

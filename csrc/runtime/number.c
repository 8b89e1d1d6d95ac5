// runtime/number.c: numbers as text and back, conversions, and the arithmetic that is not in si.h.
//
// A float prints as the shortest decimal that reads back to the same value, found by printing with more and more digits. Up to 15
// digits every decimal survives the way through a double, so for normal numbers the search begins there and drops zeros.
#include "runtime/runtime_internal.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

// ---- out -----------------------------------------------------------------------------------------------------------------
static int digits_of(uint64_t value, char *out) {
    char reversed[20];
    int count = 0;
    do
        reversed[count++] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    for (int i = 0; i < count; i++)
        out[i] = reversed[count - 1 - i];
    return count;
}

int si_number_from_int(int64_t value, char *out) {
    if (value >= 0) return digits_of((uint64_t)value, out);
    out[0] = '-';
    return 1 + digits_of(-(uint64_t)value, out + 1);
}

// Digits without trailing zeros, and the exponent of the first one: 2.5e-8 is "25" and -8.
static int digits_from_text(const char *text, char digits[20], int *exponent) {
    int count = 0;
    const char *c = text;
    for (; *c != 'e'; c++) {
        if (*c >= '0' && *c <= '9') digits[count++] = *c; // the point may be another character in other locales
    }
    *exponent = atoi(c + 1);
    while (count > 1 && digits[count - 1] == '0')
        count--;
    return count;
}

static int shortest_digits(double value, char digits[20], int *exponent) {
    int first = value < DBL_MIN ? 1 : 15; // a subnormal may be shorter in another way than by zeros at its end
    char text[40];
    for (int precision = first; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*e", precision - 1, value);
        if (strtod(text, NULL) == value) break; // 17 digits always do
        if (precision != 16) continue;
        // Above a power of two its neighbours are twice as far as below: the next decimal above may read back although the nearest
        // one, below, does not.
        int count = digits_from_text(text, digits, exponent);
        while (count < 16)
            digits[count++] = '0';
        int last = 15;
        for (; last > 0 && digits[last] == '9'; last--)
            digits[last] = '0';
        digits[last]++; // ten nines and more give a ':' in front, which is no candidate
        char above[40];
        snprintf(above, sizeof above, "%.16se%d", digits, *exponent - 15);
        if (digits[0] <= '9' && strtod(above, NULL) == value) {
            while (digits[count - 1] == '0')
                count--;
            return count;
        }
    }
    return digits_from_text(text, digits, exponent);
}

int si_number_from_float(double value, char *out) {
    char *end = out;
    if (isnan(value)) {
        memcpy(out, "nan", 3);
        return 3;
    }
    if (signbit(value)) {
        *end++ = '-';
        value = -value;
    }
    if (isinf(value)) {
        memcpy(end, "inf", 3);
        return (int)(end + 3 - out);
    }
    if (value < 1e15 && value == (double)(int64_t)value) {
        end += digits_of((uint64_t)value, end);
        memcpy(end, ".0", 2);
        return (int)(end + 2 - out);
    }
    char digits[20];
    int exponent;
    int count = shortest_digits(value, digits, &exponent);
    if (value >= 0.0001 && value < 1e16) {
        int whole = exponent + 1; // digits before the point
        if (whole <= 0) {
            memcpy(end, "0.", 2);
            end += 2;
            for (int i = whole; i < 0; i++)
                *end++ = '0';
            memcpy(end, digits, (size_t)count);
            return (int)(end + count - out);
        }
        for (int i = 0; i < whole; i++)
            *end++ = i < count ? digits[i] : '0';
        *end++ = '.';
        if (count <= whole) *end++ = '0';
        for (int i = whole; i < count; i++)
            *end++ = digits[i];
        return (int)(end - out);
    }
    *end++ = digits[0];
    if (count > 1) *end++ = '.';
    for (int i = 1; i < count; i++)
        *end++ = digits[i];
    *end++ = 'e';
    end += si_number_from_int(exponent, end);
    return (int)(end - out);
}

typedef struct Unit {
    int64_t size;
    const char *name;
} Unit;

// The largest unit that divides exactly; the last one always does, and is the unit of zero.
static int number_with_unit(int64_t value, const Unit *unit, char *out) {
    while (unit->size > 1 && (value == 0 || value % unit->size != 0))
        unit++;
    int length = si_number_from_int(value / unit->size, out);
    for (const char *c = unit->name; *c != 0; c++)
        out[length++] = *c;
    return length;
}

int si_number_from_duration(int64_t value, char *out) {
    static const Unit units[] = {{3600000000000, "h"}, {60000000000, "m"}, {1000000000, "s"},
                                 {1000000, "ms"},      {1000, "us"},       {1, "ns"}};
    return number_with_unit(value, units, out);
}

int si_number_from_size(int64_t value, char *out) {
    static const Unit units[] = {{1 << 30, "gb"}, {1 << 20, "mb"}, {1 << 10, "kb"}, {1, "b"}};
    return number_with_unit(value, units, out);
}

SiStr *si_str_from_int(SiTask *task, int64_t value) {
    char text[NUMBER_TEXT_MAX];
    int length = si_number_from_int(value, text);
    return si_str_from_parts(task, text, length, length);
}

SiStr *si_str_from_byte(SiTask *task, uint8_t value) { return si_str_from_int(task, value); }

SiStr *si_str_from_float(SiTask *task, double value) {
    char text[NUMBER_TEXT_MAX];
    int length = si_number_from_float(value, text);
    return si_str_from_parts(task, text, length, length);
}

SiStr *si_int_to_hex(SiTask *task, int64_t self) {
    char text[20];
    int length = snprintf(text, sizeof text, "%s%llx", self < 0 ? "-" : "",
                          (unsigned long long)(self < 0 ? -(uint64_t)self : (uint64_t)self));
    return si_str_from_parts(task, text, length, length);
}

// At most 309 digits before the point and 1000 behind it. The point of another locale is replaced.
SiStr *si_fmt_fixed_digits(SiTask *task, double x, int64_t digits) {
    if (!isfinite(x)) return si_str_from_float(task, x);
    char text[1400];
    int length = snprintf(text, sizeof text, "%.*f", (int)digits, x);
    if (digits > 0) text[length - (int)digits - 1] = '.';
    return si_str_from_parts(task, text, length, length);
}

// ---- in --------------------------------------------------------------------------------------------------------------------
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool read_int(const SiStr *text, int64_t *out) {
    int64_t i = 0;
    bool is_negative = text->bytes > 0 && text->data[0] == '-';
    if (text->bytes > 0 && (text->data[0] == '-' || text->data[0] == '+')) i++;
    if (i == text->bytes) return false;
    int64_t value = 0; // built below zero, where there is room for the minimum
    for (; i < text->bytes; i++) {
        if (!is_digit(text->data[i])) return false;
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, text->data[i] - '0', &value))
            return false;
    }
    if (!is_negative && value == INT64_MIN) return false;
    *out = is_negative ? value : -value;
    return true;
}

static int64_t skip_digits(const SiStr *text, int64_t at) {
    while (at < text->bytes && is_digit(text->data[at]))
        at++;
    return at;
}

// An optional sign, digits, an optional point followed by digits, an optional exponent; or inf or nan.
static bool is_float_shaped(const SiStr *text) {
    int64_t i = 0;
    if (i < text->bytes && (text->data[i] == '-' || text->data[i] == '+')) i++;
    if (text->bytes - i == 3 && (memcmp(text->data + i, "inf", 3) == 0 || memcmp(text->data + i, "nan", 3) == 0))
        return true;
    int64_t end = skip_digits(text, i);
    if (end == i) return false;
    if (end < text->bytes && text->data[end] == '.') {
        i = end + 1;
        end = skip_digits(text, i);
        if (end == i) return false;
    }
    if (end < text->bytes && (text->data[end] == 'e' || text->data[end] == 'E')) {
        i = end + 1;
        if (i < text->bytes && (text->data[i] == '-' || text->data[i] == '+')) i++;
        end = skip_digits(text, i);
        if (end == i) return false;
    }
    return end == text->bytes;
}

SI_NORETURN static void panic_about(SiTask *task, const char *before, SiStr *text, const char *after,
                                    const SiPlace *at) {
    SiBuffer buffer;
    si_buffer_begin(task, &buffer, 64);
    buffer_add_text(&buffer, before);
    si_buffer_add_quoted(&buffer, text);
    buffer_add_text(&buffer, after);
    si_panic(task, si_buffer_end(&buffer), at);
}

uint8_t si_is_int_text(SiTask *task, SiStr *text) {
    (void)task;
    int64_t value;
    return read_int(text, &value);
}

int64_t si_int_from_str(SiTask *task, SiStr *text, const SiPlace *at) {
    int64_t value;
    if (!read_int(text, &value)) panic_about(task, "cannot parse ", text, " as int", at);
    return value;
}

uint8_t si_is_float_text(SiTask *task, SiStr *text) {
    (void)task;
    return is_float_shaped(text);
}

double si_float_from_str(SiTask *task, SiStr *text, const SiPlace *at) {
    if (!is_float_shaped(text)) panic_about(task, "cannot parse ", text, " as float", at);
    char small[64];
    size_t bytes = (size_t)text->bytes + 1;
    char *copy = bytes <= sizeof small ? small : si_cell_alloc(task, bytes); // strtod wants an end
    memcpy(copy, text->data, bytes - 1);
    copy[bytes - 1] = 0;
    double value = strtod(copy, NULL);
    if (copy != small) si_cell_free(task, copy, bytes);
    return value;
}

// ---- conversions -------------------------------------------------------------------------------------------------------------
int64_t si_int_from_float(SiTask *task, double value, const SiPlace *at) {
    // -2⁶³ is a double and fits; 2⁶³ is one and does not. nan compares false.
    if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0))
        si_panic_text(task, "float out of int range", at);
    return (int64_t)value;
}

uint8_t si_byte_from_int(SiTask *task, int64_t value, const SiPlace *at) {
    if ((uint64_t)value > 255) si_task_panic_format(task, at, "cannot convert %lld to byte", (long long)value);
    return (uint8_t)value;
}

uint8_t si_byte_from_str(SiTask *task, SiStr *text, const SiPlace *at) {
    if (text->bytes == 0) si_panic_text(task, "cannot convert \"\" to byte", at);
    return (uint8_t)text->data[0];
}

uint8_t si_byte_from_char(SiTask *task, uint32_t value, const SiPlace *at) {
    if (value > 255) {
        SiBuffer buffer;
        si_buffer_begin(task, &buffer, 32);
        buffer_add_text(&buffer, "cannot convert ");
        si_show_value(&buffer, &value, &si_type_char, true);
        buffer_add_text(&buffer, " to byte");
        si_panic(task, si_buffer_end(&buffer), at);
    }
    return (uint8_t)value;
}

uint32_t si_char_from_int(SiTask *task, int64_t value, const SiPlace *at) {
    if ((uint64_t)value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) {
        si_task_panic_format(task, at, "cannot convert %lld to char", (long long)value);
    }
    return (uint32_t)value;
}

uint32_t si_char_from_str(SiTask *task, SiStr *text, const SiPlace *at) {
    if (text->points != 1) panic_about(task, "cannot convert ", text, " to char", at);
    int64_t offset = 0;
    return utf8_decode(text->data, &offset);
}

// ---- arithmetic --------------------------------------------------------------------------------------------------------------
int64_t si_mul_checked(SiTask *task, int64_t a, int64_t b, const SiPlace *at) {
    int64_t product;
    if (__builtin_mul_overflow(a, b, &product)) si_panic_overflow(task, at);
    return product;
}

uint8_t si_int_add_overflows(SiTask *task, int64_t left, int64_t right) {
    int64_t result;
    return (void)task, __builtin_add_overflow(left, right, &result);
}

uint8_t si_int_sub_overflows(SiTask *task, int64_t left, int64_t right) {
    int64_t result;
    return (void)task, __builtin_sub_overflow(left, right, &result);
}

uint8_t si_int_mul_overflows(SiTask *task, int64_t left, int64_t right) {
    int64_t result;
    return (void)task, __builtin_mul_overflow(left, right, &result);
}

int64_t si_int_pow(SiTask *task, int64_t self, int64_t n, const SiPlace *at) {
    if (n < 0) si_task_panic_format(task, at, "invalid n: %lld", (long long)n);
    int64_t result = 1;
    for (;;) { // by squaring; the square that nothing uses any more may not overflow
        if ((n & 1) != 0 && __builtin_mul_overflow(result, self, &result)) si_panic_overflow(task, at);
        n >>= 1;
        if (n == 0) return result;
        if (__builtin_mul_overflow(self, self, &self)) si_panic_overflow(task, at);
    }
}

int64_t si_instant_since(SiTask *task, int64_t self, int64_t other, const SiPlace *at) {
    return si_sub(task, self, other, at);
}

int32_t si_float_order(double first, double second) {
    if (first < second) return -1;
    if (first > second) return 1;
    if (first == second) return 0;
    return (int32_t)isnan(first) - (int32_t)isnan(second) > 0 ? 1 : isnan(first) && isnan(second) ? 0 : -1;
}

double si_float_abs(SiTask *task, double self) { return (void)task, fabs(self); }
double si_float_floor(SiTask *task, double self) { return (void)task, floor(self); }
double si_float_ceil(SiTask *task, double self) { return (void)task, ceil(self); }
double si_float_round(SiTask *task, double self) { return (void)task, round(self); }
double si_float_trunc(SiTask *task, double self) { return (void)task, trunc(self); }
double si_float_sqrt(SiTask *task, double self) { return (void)task, sqrt(self); }
double si_float_pow(SiTask *task, double self, double x) { return (void)task, pow(self, x); }
double si_float_min(SiTask *task, double self, double other) {
    return (void)task, si_float_order(other, self) < 0 ? other : self;
}
double si_float_max(SiTask *task, double self, double other) {
    return (void)task, si_float_order(other, self) > 0 ? other : self;
}
uint8_t si_float_is_finite(SiTask *task, double self) { return (void)task, isfinite(self) ? 1 : 0; }

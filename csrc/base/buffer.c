// base/buffer.c: see buffer.h.
#include "base/buffer.h"
#include <stdio.h>

void buffer_reserve(Buffer *buffer, size_t extra) {
    if (buffer->capacity - buffer->length >= extra) return;
    size_t grown = buffer->capacity == 0 ? 256 : buffer->capacity * 2;
    if (grown < buffer->length + extra) grown = buffer->length + extra;
    buffer->data = arena_grow(buffer->arena, buffer->data, buffer->capacity, grown, 1);
    buffer->capacity = grown;
}

// ---- formats -----------------------------------------------------------------------------------------------------------

typedef struct Conversion {
    char fill; // '0' or ' '
    uint32_t width;
    uint32_t longs; // `l`s and `z`s before the letter
    bool has_limit; // %.*s
    char letter;
} Conversion;

static const char *read_conversion(const char *f, Conversion *c) {
    *c = (Conversion){.fill = ' '};
    if (*f == '0') c->fill = *f++;
    while (*f >= '0' && *f <= '9')
        c->width = c->width * 10 + (uint32_t)(*f++ - '0');
    if (f[0] == '.' && f[1] == '*') {
        c->has_limit = true;
        f += 2;
    }
    while (*f == 'l' || *f == 'z') {
        c->longs++;
        f++;
    }
    c->letter = *f;
    return f;
}

static void append_number(Buffer *buffer, uint64_t value, bool is_negative, const Conversion *c) {
    char digits[24];
    char *start = digits + sizeof digits;
    do {
        *--start = "0123456789abcdef"[c->letter == 'x' ? value & 15 : value % 10];
        value = c->letter == 'x' ? value >> 4 : value / 10;
    } while (value != 0);
    size_t length = (size_t)(digits + sizeof digits - start) + is_negative;
    if (is_negative && c->fill == '0') buffer_char(buffer, '-');
    for (; length < c->width; length++)
        buffer_char(buffer, c->fill);
    if (is_negative && c->fill != '0') buffer_char(buffer, '-');
    buffer_bytes(buffer, start, (size_t)(digits + sizeof digits - start));
}

// The conversions that nearly all formats are made of: %% %c %s %.*s %d %i %u %x, with a width for numbers and `l` or `z`.
// printf in its generality costs several times as much. False: something else stands in the format.
static bool append_simple(Buffer *buffer, const char *format, va_list arguments) {
    for (const char *f = format; *f != 0; f++) {
        const char *plain = f;
        while (*f != '%' && *f != 0)
            f++;
        buffer_bytes(buffer, plain, (size_t)(f - plain));
        if (*f == 0) break;
        Conversion c;
        f = read_conversion(f + 1, &c);
        bool is_text = c.letter == 's' && c.width == 0 && c.longs == 0;
        if (!is_text && c.has_limit) return false;
        switch (c.letter) {
        case '%':
            buffer_char(buffer, '%');
            break;
        case 'c':
            if (c.width > 0 || c.longs > 0) return false;
            buffer_char(buffer, (char)va_arg(arguments, int));
            break;
        case 's': {
            if (!is_text) return false;
            int limit = c.has_limit ? va_arg(arguments, int) : -1;
            const char *text = va_arg(arguments, const char *);
            if (limit != 0) buffer_bytes(buffer, text, limit < 0 ? strlen(text) : strnlen(text, (size_t)limit));
            break;
        }
        case 'd':
        case 'i': {
            int64_t value = c.longs > 1   ? va_arg(arguments, long long)
                            : c.longs > 0 ? va_arg(arguments, long)
                                          : va_arg(arguments, int);
            append_number(buffer, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, value < 0, &c);
            break;
        }
        case 'u':
        case 'x': {
            uint64_t value = c.longs > 1   ? va_arg(arguments, unsigned long long)
                             : c.longs > 0 ? va_arg(arguments, unsigned long)
                                           : va_arg(arguments, unsigned);
            append_number(buffer, value, false, &c);
            break;
        }
        default:
            return false;
        }
    }
    return true;
}

void buffer_format_list(Buffer *buffer, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    size_t start = buffer->length;
    if (!append_simple(buffer, format, arguments)) {
        buffer->length = start;
        va_list measured;
        va_copy(measured, again);
        int length = vsnprintf(NULL, 0, format, measured);
        va_end(measured);
        if (length > 0) {
            buffer_reserve(buffer, (size_t)length + 1);
            (void)vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, again); // its length is known
            buffer->length += (size_t)length;
        }
    }
    va_end(again);
}

void buffer_format(Buffer *buffer, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    buffer_format_list(buffer, format, arguments);
    va_end(arguments);
}

void buffer_int(Buffer *buffer, int64_t value) {
    char digits[24];
    char *start = digits + sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        *--start = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0) *--start = '-';
    buffer_bytes(buffer, start, (size_t)(digits + sizeof digits - start));
}

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

void buffer_format(Buffer *buffer, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    buffer_reserve(buffer, 64);
    size_t room = buffer->capacity - buffer->length;
    int length = vsnprintf(buffer->data + buffer->length, room, format, arguments);
    va_end(arguments);
    if (length > 0 && (size_t)length >= room) {
        buffer_reserve(buffer, (size_t)length + 1);
        (void)vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, again); // its length is known
    }
    va_end(again);
    if (length > 0) buffer->length += (size_t)length;
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

// base/buffer.h: text that is being written, in an arena. Generated C, rendered trees and messages grow here.
#pragma once
#include "base/arena.h"

typedef struct Buffer {
    Arena *arena; // where the bytes live; the buffer itself owns nothing
    char *data;
    size_t length;
    size_t capacity;
} Buffer;

static inline Buffer buffer_in(Arena *arena) { return (Buffer){.arena = arena}; }
void buffer_reserve(Buffer *buffer, size_t extra);
void buffer_format(Buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
void buffer_int(Buffer *buffer, int64_t value); // decimal

static inline void buffer_bytes(Buffer *buffer, const char *bytes, size_t length) {
    if (buffer->capacity - buffer->length < length) buffer_reserve(buffer, length);
    if (length > 0) memcpy(buffer->data + buffer->length, bytes, length);
    buffer->length += length;
}
static inline void buffer_text(Buffer *buffer, Text text) { buffer_bytes(buffer, text.data, text.length); }
static inline void buffer_char(Buffer *buffer, char c) { buffer_bytes(buffer, &c, 1); }
#define buffer_literal(buffer, literal) buffer_bytes((buffer), (literal), sizeof(literal) - 1)
static inline void buffer_string(Buffer *buffer, const char *terminated) {
    buffer_bytes(buffer, terminated, strlen(terminated));
}

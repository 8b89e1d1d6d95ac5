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
void buffer_format_list(Buffer *buffer, const char *format, va_list arguments); // takes the arguments
void buffer_int(Buffer *buffer, int64_t value);                                 // decimal

static inline void buffer_bytes(Buffer *buffer, const char *bytes, size_t length) {
    if (buffer->capacity - buffer->length < length) buffer_reserve(buffer, length);
    if (length > 0) memcpy(buffer->data + buffer->length, bytes, length);
    buffer->length += length;
}
static inline void buffer_text(Buffer *buffer, Text text) { buffer_bytes(buffer, text.data, text.length); }
static inline void buffer_char(Buffer *buffer, char c) {
    if (buffer->capacity == buffer->length) buffer_reserve(buffer, 1);
    buffer->data[buffer->length++] = c;
}
#define buffer_literal(buffer, literal) buffer_bytes((buffer), (literal), sizeof(literal) - 1)
static inline void buffer_string(Buffer *buffer, const char *terminated) {
    buffer_bytes(buffer, terminated, strlen(terminated));
}
// What was written, for good: the room behind it goes back to the arena if nothing else was allocated since. The buffer is empty then.
static inline Text buffer_finish(Buffer *buffer) {
    Text text = {buffer->data, (uint32_t)buffer->length};
    if (buffer->data != NULL && buffer->data + buffer->capacity == buffer->arena->next)
        buffer->arena->next = buffer->data + buffer->length;
    *buffer = buffer_in(buffer->arena);
    return text;
}

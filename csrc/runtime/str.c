// runtime/str.c: making, joining, indexing and comparing text. What looks at words and letters is in str_words.c.
//
// A str is UTF-8 and knows its length in code points; when that equals its length in bytes it is ASCII, and every index is an
// offset. Other text is walked, from the start, the end or where the last index was, whichever is nearest (Task.cursor_…).
#include "runtime/runtime_internal.h"

typedef struct {
    SiHeader header;
    int64_t bytes, points, capacity;
    char data[1];
} StaticStr;

static const StaticStr empty_text = {{0, &si_type_str}, 0, 0, 0, ""};

static SiStr *empty(void) { return (SiStr *)(void *)(uintptr_t)&empty_text; } // immortal: never written to

enum { STR_HEAD = sizeof(SiStr) };

// ---- UTF-8 -------------------------------------------------------------------------------------------------------------
int64_t si_utf8_count(const char *bytes, int64_t length) {
    int64_t points = 0;
    for (int64_t i = 0; i < length; i++)
        points += ((unsigned char)bytes[i] & 0xC0) != 0x80; // vectorises
    return points;
}

int si_utf8_encode(uint32_t c, char out[4]) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

// The first byte of the first bad sequence: overlong forms, surrogates and values above U+10FFFF are bad (RFC 3629, section 4).
int64_t si_utf8_invalid_at(const char *bytes, int64_t length) {
    const unsigned char *s = (const unsigned char *)bytes;
    int64_t i = 0;
    while (i < length) {
        unsigned char c = s[i];
        if (c < 0x80) {
            i++;
            continue;
        }
        int64_t more = c >= 0xC2 && c <= 0xDF ? 1 : c >= 0xE0 && c <= 0xEF ? 2 : c >= 0xF0 && c <= 0xF4 ? 3 : 0;
        if (more == 0 || more >= length - i) return i;
        unsigned char low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
        unsigned char high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
        if (s[i + 1] < low || s[i + 1] > high) return i;
        for (int64_t k = 2; k <= more; k++) {
            if ((s[i + k] & 0xC0) != 0x80) return i;
        }
        i += more + 1;
    }
    return -1;
}

uint32_t si_str_next_slow(const SiStr *text, int64_t *offset) { return utf8_decode(text->data, offset); }

// ---- making --------------------------------------------------------------------------------------------------------------
SiStr *si_str_new(SiTask *task, int64_t capacity) {
    size_t bytes = cell_round((size_t)STR_HEAD + (size_t)capacity);
    SiStr *text = si_cell_new(task, &si_type_str, bytes);
    text->bytes = 0;
    text->points = 0;
    text->capacity = (int64_t)(bytes - STR_HEAD);
    return text;
}

SiStr *si_str_from_parts(SiTask *task, const char *bytes, int64_t length, int64_t points) {
    if (length == 0) return empty();
    SiStr *text = si_str_new(task, length);
    memcpy(text->data, bytes, (size_t)length);
    text->bytes = length;
    text->points = points;
    return text;
}

SiStr *si_str_from(SiTask *task, const char *bytes, int64_t length) {
    return si_str_from_parts(task, bytes, length, si_utf8_count(bytes, length));
}

SiStr *si_str_append(SiTask *task, SiStr *text, const char *bytes, int64_t length, int64_t points) {
    if (text->capacity - text->bytes < length) {
        int64_t capacity = text->capacity + text->capacity / 2 + 16;
        if (capacity < text->bytes + length) capacity = text->bytes + length;
        size_t rounded = cell_round((size_t)STR_HEAD + (size_t)capacity);
        Task *self = task_of(task);
        if (self->cursor_text == text) self->cursor_text = NULL;
        text = si_cell_grow(task, text, (size_t)STR_HEAD + (size_t)text->capacity, rounded,
                            (size_t)STR_HEAD + (size_t)text->bytes);
        text->capacity = (int64_t)(rounded - STR_HEAD);
    }
    memcpy(text->data + text->bytes, bytes, (size_t)length);
    text->bytes += length;
    text->points += points;
    return text;
}

SiStr *si_str_concat(SiTask *task, SiStr *self, SiStr *other) {
    if (other->bytes == 0) return self;
    if (self->bytes == 0) {
        si_release(task, self);
        si_retain(other);
        return other;
    }
    if (cell_is_unique(self) && self != other)
        return si_str_append(task, self, other->data, other->bytes, other->points);
    SiStr *text = si_str_new(task, self->bytes + other->bytes);
    memcpy(text->data, self->data, (size_t)self->bytes);
    memcpy(text->data + self->bytes, other->data, (size_t)other->bytes);
    text->bytes = self->bytes + other->bytes;
    text->points = self->points + other->points;
    si_release(task, self);
    return text;
}

SiStr *si_str_from_chars(SiTask *task, SiList *list) {
    const uint32_t *chars = (const uint32_t *)(const void *)list->items;
    int64_t bytes = 0;
    for (int64_t i = 0; i < list->length; i++)
        bytes += 1 + (chars[i] >= 0x80) + (chars[i] >= 0x800) + (chars[i] >= 0x10000);
    if (bytes == 0) return empty();
    SiStr *text = si_str_new(task, bytes);
    for (int64_t i = 0, at = 0; i < list->length; i++)
        at += si_utf8_encode(chars[i], text->data + at);
    text->bytes = bytes;
    text->points = list->length;
    return text;
}

int64_t si_invalid_utf8_at(SiTask *task, SiList *list) {
    (void)task;
    return si_utf8_invalid_at(list->items, list->length);
}

SiStr *si_str_from_valid_bytes(SiTask *task, SiList *list) { return si_str_from(task, list->items, list->length); }

SiStr *si_str_from_char(SiTask *task, uint32_t value) {
    char bytes[4];
    return si_str_from_parts(task, bytes, si_utf8_encode(value, bytes), 1);
}

SiStr *si_str_from_bool(SiTask *task, uint8_t value) {
    return value ? si_str_from_parts(task, "true", 4, 4) : si_str_from_parts(task, "false", 5, 5);
}

// ---- indexes ---------------------------------------------------------------------------------------------------------------
// The byte offset of a code point, 0 … points.
static int64_t offset_of(SiTask *task, const SiStr *text, int64_t index) {
    if (text->points == text->bytes) return index;
    if (index == text->points) return text->bytes;
    Task *self = task_of(task);
    int64_t point = 0, byte = 0;
    if (self->cursor_text == text && (self->cursor_point <= index || self->cursor_point - index < index)) {
        point = self->cursor_point;
        byte = self->cursor_byte;
    }
    const unsigned char *data = (const unsigned char *)text->data;
    while (point < index) {
        do
            byte++;
        while ((data[byte] & 0xC0) == 0x80);
        point++;
    }
    while (point > index) {
        do
            byte--;
        while ((data[byte] & 0xC0) == 0x80);
        point--;
    }
    if (SI_COUNT(&text->header) > 0) { // a shared cell may die in another task, which would not clear this cursor
        self->cursor_text = text;
        self->cursor_point = point;
        self->cursor_byte = byte;
    }
    return byte;
}

static SiStr *part(SiTask *task, SiStr *text, int64_t start, int64_t end) {
    if (start == 0 && end == text->points) {
        si_retain(text);
        return text;
    }
    if (start == end) return empty();
    int64_t from = offset_of(task, text, start);
    int64_t to = offset_of(task, text, end);
    return si_str_from_parts(task, text->data + from, to - from, end - start);
}

SiStr *si_str_at(SiTask *task, SiStr *text, int64_t index, const SiPlace *at) {
    if ((uint64_t)index >= (uint64_t)text->points) si_panic_index(task, index, text->points, at);
    int64_t from = offset_of(task, text, index);
    unsigned char first = (unsigned char)text->data[from];
    int64_t bytes = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    return si_str_from_parts(task, text->data + from, bytes, 1);
}

SiStr *si_str_slice(SiTask *task, SiStr *self, int64_t start, int64_t end, const SiPlace *at) {
    if (start < 0 || end < start || end > self->points) {
        si_task_panic_format(task, at, "range %lld..%lld out of range for length %lld", (long long)start,
                             (long long)end, (long long)self->points);
    }
    return part(task, self, start, end);
}

SiStr *si_str_slice_range(SiTask *task, SiStr *text, const SiRange *range, const SiPlace *at) {
    int64_t end = range->to;
    if (range->inclusive) {
        if (range->from < 0 || end >= text->points || end < range->from - 1) {
            si_task_panic_format(task, at, "range %lld..=%lld out of range for length %lld", (long long)range->from,
                                 (long long)end, (long long)text->points);
        }
        end++;
    }
    return si_str_slice(task, text, range->from, end, at);
}

// ---- comparing ---------------------------------------------------------------------------------------------------------------
uint8_t si_str_equal(SiTask *task, SiStr *left, SiStr *right) {
    (void)task;
    return left == right || (left->bytes == right->bytes && memcmp(left->data, right->data, (size_t)left->bytes) == 0);
}

// The order of UTF-8 bytes is the order of code points.
int64_t si_str_order(SiTask *task, SiStr *left, SiStr *right) {
    (void)task;
    if (left == right) return 0;
    int64_t shared = left->bytes < right->bytes ? left->bytes : right->bytes;
    int order = memcmp(left->data, right->data, (size_t)shared);
    if (order != 0) return order;
    return (left->bytes > right->bytes) - (left->bytes < right->bytes);
}

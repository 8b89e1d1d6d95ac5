// runtime/str_words.c: looking into text: lines, words, parts, case, padding.
//
// Searching is memmem on bytes: UTF-8 synchronises itself, so a match of whole characters is a match of text.
#include "runtime/runtime_internal.h"

static const char *find_bytes(const char *text, int64_t length, const SiStr *part) {
    return memmem(text, (size_t)length, part->data, (size_t)part->bytes);
}

static void add_piece(SiTask *task, SiList **list, const SiStr *text, int64_t from, int64_t to) {
    int64_t points = text->points == text->bytes ? to - from : si_utf8_count(text->data + from, to - from);
    SiStr *piece = si_str_from_parts(task, text->data + from, to - from, points);
    *(SiStr **)si_list_append(task, list) = piece;
}

// ---- parts -----------------------------------------------------------------------------------------------------------------
SiList *si_str_chars(SiTask *task, SiStr *self) {
    SiList *list = si_list_new(task, &si_list_of_char, self->points);
    uint32_t *out = (uint32_t *)(void *)list->items;
    for (int64_t offset = 0; offset < self->bytes;)
        *out++ = utf8_decode(self->data, &offset);
    list->length = self->points;
    return list;
}

SiList *si_str_bytes(SiTask *task, SiStr *self) {
    SiList *list = si_list_new(task, &si_list_of_byte, self->bytes);
    memcpy(list->items, self->data, (size_t)self->bytes);
    list->length = self->bytes;
    return list;
}

SiList *si_str_lines(SiTask *task, SiStr *self) {
    SiList *list = si_list_new(task, &si_list_of_str, 0);
    int64_t start = 0;
    for (int64_t i = 0; i < self->bytes; i++) {
        char c = self->data[i];
        if (c != '\n' && c != '\r') continue;
        add_piece(task, &list, self, start, i);
        if (c == '\r' && i + 1 < self->bytes && self->data[i + 1] == '\n') i++;
        start = i + 1;
    }
    if (start < self->bytes) add_piece(task, &list, self, start, self->bytes);
    return list;
}

SiList *si_str_split(SiTask *task, SiStr *self, SiStr *separator, const SiPlace *at) {
    if (separator->bytes == 0) si_panic_text(task, "invalid separator: \"\"", at);
    SiList *list = si_list_new(task, &si_list_of_str, 0);
    int64_t start = 0;
    for (;;) {
        const char *found = find_bytes(self->data + start, self->bytes - start, separator);
        if (found == NULL) break;
        add_piece(task, &list, self, start, found - self->data);
        start = found - self->data + separator->bytes;
    }
    add_piece(task, &list, self, start, self->bytes);
    return list;
}

SiList *si_str_words(SiTask *task, SiStr *self) {
    SiList *list = si_list_new(task, &si_list_of_str, 0);
    int64_t start = -1;
    for (int64_t offset = 0; offset < self->bytes;) {
        int64_t before = offset;
        bool is_white = si_char_is_white(utf8_decode(self->data, &offset));
        if (!is_white && start < 0) start = before;
        if (is_white && start >= 0) {
            add_piece(task, &list, self, start, before);
            start = -1;
        }
    }
    if (start >= 0) add_piece(task, &list, self, start, self->bytes);
    return list;
}

static SiStr *trimmed(SiTask *task, SiStr *text, bool at_start, bool at_end) {
    int64_t from = 0, to = text->bytes, dropped = 0;
    while (at_start && from < to) {
        int64_t next = from;
        if (!si_char_is_white(utf8_decode(text->data, &next))) break;
        from = next;
        dropped++;
    }
    while (at_end && to > from) {
        int64_t last = to;
        do
            last--;
        while (((unsigned char)text->data[last] & 0xC0) == 0x80);
        int64_t next = last;
        if (!si_char_is_white(utf8_decode(text->data, &next))) break;
        to = last;
        dropped++;
    }
    if (dropped == 0) {
        si_retain(text);
        return text;
    }
    return si_str_from_parts(task, text->data + from, to - from, text->points - dropped);
}

SiStr *si_str_trim(SiTask *task, SiStr *self) { return trimmed(task, self, true, true); }
SiStr *si_str_trim_start(SiTask *task, SiStr *self) { return trimmed(task, self, true, false); }
SiStr *si_str_trim_end(SiTask *task, SiStr *self) { return trimmed(task, self, false, true); }

// ---- letters -----------------------------------------------------------------------------------------------------------------
static SiStr *mapped(SiTask *task, SiStr *text, uint32_t (*map)(SiTask *task, uint32_t c), char first, char last) {
    SiBuffer buffer;
    if (text->points == text->bytes) { // ASCII: the letters first … last change their case bit
        if (text->bytes == 0) {
            si_retain(text);
            return text;
        }
        SiStr *copy = si_str_from_parts(task, text->data, text->bytes, text->points);
        for (int64_t i = 0; i < copy->bytes; i++) {
            char c = copy->data[i];
            copy->data[i] = (char)(c ^ ((c >= first && c <= last) << 5));
        }
        return copy;
    }
    si_buffer_begin(task, &buffer, text->bytes);
    for (int64_t offset = 0; offset < text->bytes;)
        si_buffer_add_char(&buffer, map(task, utf8_decode(text->data, &offset)));
    return si_buffer_end(&buffer);
}

SiStr *si_str_upper(SiTask *task, SiStr *self) { return mapped(task, self, si_char_to_upper, 'a', 'z'); }
SiStr *si_str_lower(SiTask *task, SiStr *self) { return mapped(task, self, si_char_to_lower, 'A', 'Z'); }

SiStr *si_str_reverse(SiTask *task, SiStr *self) {
    if (self->points < 2) {
        si_retain(self);
        return self;
    }
    SiStr *text = si_str_new(task, self->bytes);
    char *out = text->data + self->bytes;
    for (int64_t offset = 0; offset < self->bytes;) {
        int64_t start = offset;
        (void)utf8_decode(self->data, &offset);
        out -= offset - start;
        memcpy(out, self->data + start, (size_t)(offset - start));
    }
    text->bytes = self->bytes;
    text->points = self->points;
    return text;
}

// ---- searching -----------------------------------------------------------------------------------------------------------------
uint8_t si_str_contains(SiTask *task, SiStr *self, SiStr *part) {
    (void)task;
    return find_bytes(self->data, self->bytes, part) != NULL;
}

uint8_t si_str_starts_with(SiTask *task, SiStr *self, SiStr *part) {
    (void)task;
    return part->bytes <= self->bytes && memcmp(self->data, part->data, (size_t)part->bytes) == 0;
}

uint8_t si_str_ends_with(SiTask *task, SiStr *self, SiStr *part) {
    (void)task;
    return part->bytes <= self->bytes &&
           memcmp(self->data + self->bytes - part->bytes, part->data, (size_t)part->bytes) == 0;
}

int64_t si_str_find(SiTask *task, SiStr *text, SiStr *part) {
    (void)task;
    const char *found = find_bytes(text->data, text->bytes, part);
    if (found == NULL) return -1;
    return text->points == text->bytes ? found - text->data : si_utf8_count(text->data, found - text->data);
}

SiStr *si_str_replace(SiTask *task, SiStr *self, SiStr *old, SiStr *new, const SiPlace *at) {
    if (old->bytes == 0) si_panic_text(task, "invalid old: \"\"", at);
    const char *found = find_bytes(self->data, self->bytes, old);
    if (found == NULL) {
        si_retain(self);
        return self;
    }
    SiBuffer buffer;
    si_buffer_begin(task, &buffer, self->bytes);
    int64_t start = 0;
    while (found != NULL) {
        si_buffer_add(&buffer, self->data + start, found - self->data - start);
        si_buffer_add_str(&buffer, new);
        start = found - self->data + old->bytes;
        found = find_bytes(self->data + start, self->bytes - start, old);
    }
    si_buffer_add(&buffer, self->data + start, self->bytes - start);
    return si_buffer_end(&buffer);
}

// ---- repeating -------------------------------------------------------------------------------------------------------------------
// Adds `part` n times; the caller has checked that the result is not too long.
static void add_repeated(SiBuffer *buffer, const SiStr *part, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        si_buffer_add_str(buffer, part);
}

static void check_length(SiTask *task, int64_t bytes_each, int64_t n) {
    if (bytes_each > 0 && n > (INT64_MAX >> 8) / bytes_each) si_task_out_of_memory(task);
}

SiStr *si_str_repeat(SiTask *task, SiStr *self, int64_t n, const SiPlace *at) {
    if (n < 0) si_task_panic_format(task, at, "invalid n: %lld", (long long)n);
    check_length(task, self->bytes, n);
    if (self->bytes == 0) n = 0;
    SiBuffer buffer;
    si_buffer_begin(task, &buffer, self->bytes * n);
    add_repeated(&buffer, self, n);
    return si_buffer_end(&buffer);
}

static SiStr *padded(SiTask *task, SiStr *text, int64_t n, const SiStr *fill, bool at_start, const SiPlace *at) {
    if (fill->bytes == 0) si_panic_text(task, "invalid fill: \"\"", at);
    if (n <= text->points) {
        si_retain(text);
        return text;
    }
    int64_t missing = n - text->points, whole = missing / fill->points, rest = missing % fill->points;
    check_length(task, fill->bytes, whole + 1);
    int64_t rest_bytes = 0;
    for (int64_t i = 0; i < rest; i++)
        (void)utf8_decode(fill->data, &rest_bytes);
    SiBuffer buffer;
    si_buffer_begin(task, &buffer, text->bytes + fill->bytes * whole + rest_bytes);
    if (!at_start) si_buffer_add_str(&buffer, text);
    add_repeated(&buffer, fill, whole);
    si_buffer_add(&buffer, fill->data, rest_bytes);
    if (at_start) si_buffer_add_str(&buffer, text);
    return si_buffer_end(&buffer);
}

SiStr *si_str_pad_start(SiTask *task, SiStr *self, int64_t n, SiStr *fill, const SiPlace *at) {
    return padded(task, self, n, fill, true, at);
}

SiStr *si_str_pad_end(SiTask *task, SiStr *self, int64_t n, SiStr *fill, const SiPlace *at) {
    return padded(task, self, n, fill, false, at);
}

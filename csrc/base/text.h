// base/text.h: a piece of text or bytes that somebody else owns. Not terminated by NUL.
#pragma once
#include "base/status.h"
#include <string.h>

typedef struct Text {
    const char *data; // may be NULL when length is 0
    uint32_t length;  // bytes
} Text;

#define TEXT(literal) ((Text){(literal), (uint32_t)(sizeof(literal) - 1)})

static inline Text text_from(const char *terminated) { return (Text){terminated, (uint32_t)strlen(terminated)}; }

static inline bool text_equal(Text first, Text second) {
    return first.length == second.length && (first.length == 0 || memcmp(first.data, second.data, first.length) == 0);
}

// Order by bytes, which for UTF-8 is the order by code points; a prefix comes first.
static inline int text_compare(Text first, Text second) {
    uint32_t shared = first.length < second.length ? first.length : second.length;
    int order = shared == 0 ? 0 : memcmp(first.data, second.data, shared);
    if (order != 0) return order;
    return (first.length > second.length) - (first.length < second.length);
}

static inline bool text_starts_with(Text text, Text prefix) {
    return text.length >= prefix.length && (prefix.length == 0 || memcmp(text.data, prefix.data, prefix.length) == 0);
}

static inline bool text_ends_with(Text text, Text suffix) {
    return text.length >= suffix.length &&
           (suffix.length == 0 || memcmp(text.data + (text.length - suffix.length), suffix.data, suffix.length) == 0);
}

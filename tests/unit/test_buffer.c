// tests/unit/test_buffer.c: what is written into a base/buffer.h comes out in order, however it is written.
#include "base/buffer.h"
#include "tests/unit/harness.h"
#include <stdio.h>
#include <stdlib.h>

static Text content(const Buffer *buffer) { return (Text){buffer->data, (uint32_t)buffer->length}; }

TEST(pieces_come_out_in_order) {
    Buffer buffer = buffer_in(test_arena());
    buffer_literal(&buffer, "int ");
    buffer_text(&buffer, TEXT("x"));
    buffer_char(&buffer, '=');
    buffer_int(&buffer, 7);
    buffer_string(&buffer, ";\n");
    buffer_bytes(&buffer, NULL, 0);
    CHECK_TEXT(content(&buffer), TEXT("int x=7;\n"));
}

TEST(integers_are_written_like_printf_does) {
    int64_t values[] = {0, 1, -1, 9, 10, -10, 1234567890, INT64_MAX, INT64_MIN, INT64_MIN + 1};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        Buffer buffer = buffer_in(test_arena());
        buffer_int(&buffer, values[i]);
        CHECK_TEXT(content(&buffer), arena_format(test_arena(), "%" PRId64, values[i]));
    }
}

TEST(formats_read_like_printf_does) {
#define SAME(...)                                                                                                      \
    do {                                                                                                               \
        char expected[200];                                                                                            \
        snprintf(expected, sizeof expected, __VA_ARGS__);                                                              \
        Buffer buffer = buffer_in(test_arena());                                                                       \
        buffer_format(&buffer, __VA_ARGS__);                                                                           \
        CHECK_TEXT(content(&buffer), text_from(expected));                                                             \
    } while (0)
    SAME("%d %i %u%%", -7, 12, 4000000000u);
    SAME("%s|%.*s|%.*s|%c", "word", 3, "cut here", 9, "short", 'x');
    SAME("%x %08x %016llx %lx", 255u, 48879u, 0xfedcba987654321ULL, 16UL);
    SAME("%02u %03d %3d %03d %5u", 5u, 7, -7, -7, 12345678u);
    SAME("%lld %lld %llu %ld %zu", (long long)INT64_MIN, (long long)INT64_MAX, 18446744073709551615ULL, -5L, (size_t)9);
    SAME("%d %.3f %s", 1, 2.5, "what is not simple goes to printf, from its first conversion on");
    SAME("%-5d|%5s|%.2s|%05.1f|%X", 3, "ab", "abc", 2.25, 171u);
#undef SAME
}

TEST(what_is_finished_gives_its_room_back) {
    Buffer first = buffer_in(test_arena());
    buffer_literal(&first, "abc");
    Text text = buffer_finish(&first);
    CHECK_TEXT(text, TEXT("abc"));
    CHECK(first.length == 0 && first.capacity == 0);
    CHECK((const char *)arena_alloc(test_arena(), 1, 1) == text.data + 3);
    Buffer second = buffer_in(test_arena());
    buffer_literal(&second, "de");
    char *other = arena_alloc(test_arena(), 1, 1);
    *other = '!';
    CHECK_TEXT(buffer_finish(&second), TEXT("de"));
    CHECK(*other == '!' && (char *)arena_alloc(test_arena(), 1, 1) == other + 1);
}

TEST(format_of_any_length_fits) {
    static char word[5000];
    memset(word, 'w', sizeof word - 1);
    for (int length = 0; length < (int)sizeof word; length += 61) {
        Buffer buffer = buffer_in(test_arena());
        buffer_literal(&buffer, "<");
        buffer_format(&buffer, "%.*s", length, word);
        buffer_literal(&buffer, ">");
        REQUIRE(buffer.length == (size_t)length + 2);
        CHECK(buffer.data[0] == '<' && buffer.data[length + 1] == '>');
        CHECK(memcmp(buffer.data + 1, word, (size_t)length) == 0);
    }
}

TEST(embedded_nul_is_a_byte_like_any_other) {
    Buffer buffer = buffer_in(test_arena());
    buffer_bytes(&buffer, "a\0b", 3);
    CHECK_INT(buffer.length, 3);
    CHECK(memcmp(buffer.data, "a\0b", 3) == 0);
}

TEST(two_buffers_may_grow_in_one_arena) {
    Buffer evens = buffer_in(test_arena());
    Buffer odds = buffer_in(test_arena());
    for (int i = 0; i < 20000; i++)
        buffer_format(i % 2 == 0 ? &evens : &odds, "%d,", i);
    char *even = evens.data;
    char *odd = odds.data;
    for (int i = 0; i < 20000; i++) {
        char **place = i % 2 == 0 ? &even : &odd;
        REQUIRE(strtol(*place, place, 10) == i);
        REQUIRE(*(*place)++ == ',');
    }
    CHECK(even == evens.data + evens.length);
    CHECK(odd == odds.data + odds.length);
}

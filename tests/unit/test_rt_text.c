// tests/unit/test_rt_text.c: str: making, joining in place, indexes, words, letters.
#include "tests/unit/rt.h"

static SiStr *joined(SiList *list) {
    SiStr *bar = str("|");
    SiStr *text = si_list_join(task, list, bar, &si_type_str);
    si_release(task, bar);
    si_release(task, list);

    return text;
}

TEST(concat_appends_in_place_when_unique) {
    BEGIN();
    SiStr *text = str("");
    SiStr *part = str("é");
    int moves = 0;
    for (int i = 0; i < 10000; i++) {
        const SiStr *before = text;
        text = si_str_concat(task, text, part);
        moves += text != before;
    }
    CHECK_INT(text->bytes, 20000);
    CHECK_INT(text->points, 10000);
    CHECK(moves < 60); // amortised
    si_retain(text);
    SiStr *longer = si_str_concat(task, text, part);
    CHECK(longer != text); // somebody else sees `text`
    CHECK_INT(text->points, 10000);
    CHECK_INT(longer->points, 10001);
    si_release(task, longer);
    si_release(task, text);
    si_release(task, part);
    END();
}

TEST(literals_are_never_changed) {
    BEGIN();
    SI_STR_LITERAL(literal, 3, 3, "abc");
    SiStr *text = (SiStr *)(void *)(uintptr_t)&literal;
    SiStr *part = str("d");
    SiStr *made = si_str_concat(task, text, part);
    CHECK_STR(made, "abcd");
    CHECK_TEXT(text_of(text), text_from("abc"));
    si_release(task, text); // immortal
    si_release(task, part);
    END();
}

TEST(indexes_and_slices_count_code_points) {
    BEGIN();
    SiStr *text = str("aλ€😀z");
    CHECK_INT(si_str_len(task, text), 5);
    const char *parts[] = {"a", "λ", "€", "😀", "z"};
    for (int i = 0; i < 5; i++)
        CHECK_STR(si_str_at(task, text, i, &here), parts[i]);
    for (int i = 4; i >= 0; i--)
        CHECK_STR(si_str_at(task, text, i, &here), parts[i]);
    CHECK_STR(si_str_at(task, text, 2, &here), "€");
    CHECK_STR(si_str_slice(task, text, 1, 4, &here), "λ€😀");
    CHECK_STR(si_str_slice(task, text, 5, 5, &here), "");
    CHECK_STR(si_str_slice(task, text, 0, 5, &here), "aλ€😀z");
    CHECK_PANIC(si_str_at(task, text, 5, &here), "index 5 out of range for length 5");
    CHECK_PANIC(si_str_at(task, text, -1, &here), "index -1 out of range for length 5");
    CHECK_PANIC(si_str_slice(task, text, 2, 9, &here), "range 2..9 out of range for length 5");
    CHECK_PANIC(si_str_slice(task, text, 3, 2, &here), "range 3..2 out of range for length 5");
    SiRange range = {3, 4, 1};
    CHECK_STR(si_str_slice_range(task, text, &range, &here), "😀z");
    range.to = 5;
    CHECK_PANIC(si_str_slice_range(task, text, &range, &here), "range 3..=5 out of range for length 5");
    range = (SiRange){3, INT64_MAX, 1};
    CHECK_PANIC(si_str_slice_range(task, text, &range, &here),
                "range 3..=9223372036854775807 out of range for length 5");
    range = (SiRange){INT64_MIN, 2, 1};
    CHECK_PANIC(si_str_slice_range(task, text, &range, &here),
                "range -9223372036854775808..=2 out of range for length 5");
    range = (SiRange){5, 4, 1};
    CHECK_STR(si_str_slice_range(task, text, &range, &here), "");
    // The cursor of the last index must not outlive the text, nor mistake another for it.
    si_release(task, text);
    SiStr *other = str("ββ€😀z");
    CHECK_STR(si_str_at(task, other, 3, &here), "😀");
    SiStr *more = str("ö");
    other = si_str_concat(task, other, more);
    CHECK_STR(si_str_at(task, other, 5, &here), "ö");
    si_release(task, other);
    si_release(task, more);
    END();
}

TEST(text_splits) {
    BEGIN();
    SiStr *text = str("a,b,,c"), *comma = str(","), *empty = str(""), *lines = str("a\r\nb\rc\n\nd\n");
    SiStr *words = str(" \t one  two\xC2\xA0three\n");
    CHECK_STR(joined(si_str_split(task, text, comma, &here)), "a|b||c");
    CHECK_STR(joined(si_str_split(task, empty, comma, &here)), "");
    SiList *one = si_str_split(task, empty, comma, &here);
    CHECK_INT(one->length, 1);
    si_release(task, one);
    CHECK_PANIC(si_str_split(task, text, empty, &here), "invalid separator: \"\"");
    CHECK_STR(joined(si_str_lines(task, lines)), "a|b|c||d");
    CHECK_STR(joined(si_str_words(task, words)), "one|two|three");
    SiList *none = si_str_lines(task, empty);
    CHECK_INT(none->length, 0);
    si_release(task, none);
    CHECK_STR(si_str_trim(task, words), "one  two\xC2\xA0three");
    CHECK_STR(si_str_trim_start(task, lines), "a\r\nb\rc\n\nd\n");
    CHECK_STR(si_str_trim_end(task, lines), "a\r\nb\rc\n\nd");
    CHECK_STR(si_str_trim(task, empty), "");
    SiList *chars = si_str_chars(task, words);
    CHECK_INT(chars->length, words->points);
    CHECK_STR(si_str_from_chars(task, chars), " \t one  two\xC2\xA0three\n");
    si_release(task, chars);
    SiList *bytes = si_str_bytes(task, words);
    CHECK_INT(si_invalid_utf8_at(task, bytes), -1);
    CHECK_STR(si_str_from_valid_bytes(task, bytes), " \t one  two\xC2\xA0three\n");
    si_release(task, bytes);
    si_release(task, text);
    si_release(task, comma);
    si_release(task, empty);
    si_release(task, lines);
    si_release(task, words);
    END();
}

TEST(letters_change) {
    BEGIN();
    SiStr *text = str("Straße λΔ é İ"), *ascii = str("aZ[`{@z");
    CHECK_STR(si_str_upper(task, text), "STRAßE ΛΔ É İ"); // one to one: ß stays
    CHECK_STR(si_str_lower(task, text), "straße λδ é i");
    CHECK_STR(si_str_upper(task, ascii), "AZ[`{@Z");
    CHECK_STR(si_str_lower(task, ascii), "az[`{@z");
    CHECK_STR(si_str_reverse(task, text), "İ é Δλ eßartS");
    CHECK(si_char_is_alpha(task, 0x3BB) && si_char_is_lower(task, 0x3BB) && si_char_is_upper(task, 0x394));
    CHECK(!si_char_is_alpha(task, '1') && si_char_is_alphanumeric(task, '1') && !si_char_is_alphanumeric(task, '_'));
    CHECK(si_char_is_space(task, 0x3000) && !si_char_is_space(task, 0x200B) && !si_char_is_space(task, 0x1C));
    CHECK(si_char_is_digit(task, '9') && !si_char_is_digit(task, 0x0669));
    CHECK_INT(si_char_to_upper(task, 0x1FB3), 0x1FBC);
    CHECK_INT(si_char_to_upper(task, 0x10FFFF), 0x10FFFF);
    CHECK(si_char_is_alpha(task, 0x2EBF0)); // new in 15.1
    si_release(task, text);
    si_release(task, ascii);
    END();
}

TEST(text_is_searched_and_replaced) {
    BEGIN();
    SiStr *text = str("λabcabc"), *abc = str("abc"), *x = str("xyz!"), *empty = str("");
    CHECK_INT(si_str_find(task, text, abc), 1);
    CHECK_INT(si_str_find(task, text, x), -1);
    CHECK_INT(si_str_find(task, text, empty), 0);
    CHECK(si_str_contains(task, text, abc) && si_str_ends_with(task, text, abc) &&
          !si_str_starts_with(task, text, abc));
    CHECK(si_str_starts_with(task, text, empty) && !si_str_ends_with(task, abc, text));
    CHECK_STR(si_str_replace(task, text, abc, x, &here), "λxyz!xyz!");
    CHECK_STR(si_str_replace(task, text, abc, empty, &here), "λ");
    CHECK_STR(si_str_replace(task, text, x, abc, &here), "λabcabc");
    CHECK_PANIC(si_str_replace(task, text, empty, x, &here), "invalid old: \"\"");
    CHECK_STR(si_str_repeat(task, abc, 3, &here), "abcabcabc");
    CHECK_STR(si_str_repeat(task, abc, 0, &here), "");
    CHECK_STR(si_str_repeat(task, empty, INT64_MAX, &here), "");
    CHECK_PANIC(si_str_repeat(task, abc, -1, &here), "invalid n: -1");
    CHECK_PANIC(si_str_repeat(task, abc, INT64_MAX, &here), "out of memory");
    CHECK_STR(si_str_pad_start(task, text, 10, abc, &here), "abcλabcabc");
    CHECK_STR(si_str_pad_end(task, abc, 8, text, &here), "abcλabca");
    CHECK_STR(si_str_pad_end(task, abc, 2, text, &here), "abc");
    CHECK_PANIC(si_str_pad_end(task, abc, 2, empty, &here), "invalid fill: \"\"");
    si_release(task, text);
    si_release(task, abc);
    si_release(task, x);
    si_release(task, empty);
    END();
}

TEST(order_is_by_code_points) {
    BEGIN();
    SiStr *a = str("ab"), *b = str("abc"), *c = str("z"), *d = str("é"), *e = str("😀"), *f = str("\xEF\xBF\xBD");
    CHECK(si_str_order(task, a, b) < 0 && si_str_order(task, b, a) > 0 && si_str_order(task, a, a) == 0);
    CHECK(si_str_order(task, c, d) < 0 && si_str_order(task, f, e) < 0); // not by UTF-16 units
    CHECK(si_str_equal(task, a, a) && !si_str_equal(task, a, b));
    SiStr *all[] = {a, b, c, d, e, f};
    for (int i = 0; i < 6; i++)
        si_release(task, all[i]);
    END();
}

TEST(bad_utf8_is_found) {
    struct {
        const char *bytes;
        int64_t bad;
    } cases[] = {{"abc", -1},
                 {"a\xC3\xA9", -1},
                 {"a\xC3", 1},
                 {"\x80", 0},
                 {"a\xC0\xAF", 1},
                 {"\xE0\x80\xAF", 0},
                 {"\xED\xA0\x80", 0},
                 {"\xF4\x90\x80\x80", 0},
                 {"\xF0\x9F\x98", 0},
                 {"\xF0\x9F\x98\x80", -1},
                 {"x\xFFy", 1},
                 {"\xE2\x82\x41", 0},
                 {"\xF0\x8F\xBF\xBF", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_INT(si_utf8_invalid_at(cases[i].bytes, (int64_t)strlen(cases[i].bytes)), cases[i].bad);
    }
    for (uint32_t c = 0; c < 0x110000; c += 37) {
        if (c >= 0xD800 && c < 0xE000) continue;
        char bytes[4];
        int64_t offset = 0;
        int length = si_utf8_encode(c, bytes);
        CHECK_INT(si_utf8_invalid_at(bytes, length), -1);
        CHECK_INT(utf8_decode(bytes, &offset), c);
        CHECK_INT(offset, length);
    }
}

// tests/unit/test_exhaustive.c: which cases patterns miss, and which of them nothing reaches (chapter 7).
#include "tests/unit/body_helper.h"

// `count` pieces, joined; `%u` is their number, from 0.
static const char *repeated(const char *before, const char *piece, uint32_t count, const char *after) {
    Buffer out = buffer_in(test_arena());
    buffer_string(&out, before);
    for (uint32_t i = 0; i < count; i++) {
        for (const char *at = piece; *at != '\0'; at++) {
            if (at[0] == '#')
                buffer_int(&out, i);
            else
                buffer_char(&out, *at);
        }
    }
    buffer_string(&out, after);
    buffer_char(&out, '\0');
    return out.data;
}

TEST(constructors_of_every_kind) {
    body_is_good("@f (s: Shape, b: bool) -> int = match((s, b), (Circle(_), true) -> 1, (Square(_), _) -> 2, (Empty, "
                 "_) -> 3, (_, false) -> 4)");
    body_says("@f (s: Shape, b: bool) -> int = match((s, b), (Circle(_), true) -> 1, (Square(_), _) -> 2, (Empty, "
              "false) -> 3, (_, false) -> 4)",
              "main:2:33: E0411 this `match` does not cover `(Empty, true)`\n");
    body_says("@f (t: Tree<bool>) -> int = match(t, Leaf -> 0, Node(Leaf, true, _) -> 1, Node(_, false, Leaf) -> 2)",
              "main:2:29: E0411 this `match` does not cover `Node(Node(_, _, _), true, _)`, `Node(Node(_, _, _), "
              "false, Node(_, _, _))` and `Node(Leaf, false, Node(_, _, _))`\n");
    body_says(
        "@f (p: Point) -> int = match(p, { x: 0, .. } -> 0, { x, y: 0.. } -> x)",
        "main:2:24: E0411 this `match` does not cover `Point { x: ..0, y: ..0 }` and `Point { x: 1.., y: ..0 }`\n");
    body_is_good("@f (i: Id) -> int = match(i, Id(\"a\") -> 1, Id(_) -> 2)");
}

TEST(ints_by_intervals) {
    body_is_good("@f (n: int) -> int = match(n, -9223372036854775807.. -> 1, ..-9223372036854775807 -> 2)");
    body_says("@f (n: int) -> int = match(n, -9223372036854775807..=9223372036854775806 -> 1)",
              "main:2:22: E0411 this `match` does not cover `-9223372036854775808` and `9223372036854775807`\n");
    body_says("@f (n: int) -> int = match(n, 0..10 -> 1, 5..15 -> 2, ..0 -> 3)",
              "main:2:22: E0411 this `match` does not cover `15..`\n");
    body_says("@f (n: int) -> int = match(n, 5..15 -> 2, 0..10 -> 1, 0..15 -> 3, _ -> 4)",
              "main:2:55: W0413 this arm can never be reached\n");
    body_says("@f (t: (int, int)) -> int = match(t, (0.., 0..) -> 1, (..10, ..10) -> 2, (10.., _) -> 3)",
              "main:2:29: E0411 this `match` does not cover `(..0, 10..)`\n");
    body_says("@f (c: char) -> int = match(c, ..'\\'' -> 1, '\\u{3000}'.. -> 2)",
              "main:2:23: E0411 this `match` does not cover `'\\''..='\\u{2fff}'`\n");
    body_says("@f (c: char) -> int = match(c, ..'\\u{d7ff}' -> 1, '\\u{e001}'.. -> 2)",
              "main:2:23: E0411 this `match` does not cover `'\\u{d7ff}'..='\\u{e000}'`\n");
}

TEST(lists_by_length) {
    body_says("@f (xs: [bool]) -> int = match(xs, [] -> 0, [true] -> 1, [_, _, _] -> 3, [false, ..] -> 2)",
              "main:2:26: E0411 this `match` does not cover `[true, _]` and `[true, _, _, _, ..]`\n");
    body_says("@f (xs: [bool]) -> int = match(xs, [true, .., true] -> 1, [false, ..] -> 2, [] -> 0, [_] -> 3)",
              "main:2:26: E0411 this `match` does not cover `[true, .., false]`\n");
    body_says("@f (xs: [bool]) -> int = match(xs, [..] -> 1, [] -> 0)",
              "main:2:47: W0413 this arm can never be reached\n");
    body_says("@f (xs: [[bool]]) -> int = match(xs, [[], ..] -> 1, [] -> 0, [.., [_]] -> 2)",
              "main:2:28: E0411 this `match` does not cover `[[_, _, ..]]`, `[[_, ..], .., []]` and `[[_, ..], .., [_, "
              "_, ..]]`\n");
}

TEST(guards_and_alternatives) {
    body_is_good(
        "@f (o: Option<int>) -> int = match(o, Some(n).match(n > 0) -> n, Some(1 | 2) -> 1, Some(_) | None -> 0)");
    body_says("@f (o: Option<int>) -> int = match(o, Some(_) -> 1, Some(3) | None -> 0)",
              "main:2:53: W0413 this alternative can never be reached\n");
    body_says("@f (o: (bool, bool)) -> int = match(o, (true | false, true | true) -> 1, (_, false) -> 0)",
              "main:2:62: W0413 this alternative can never be reached\n");
    body_says("@f (n: int) -> int = match(n, a @ (1 | 1) -> a, _ -> 0)",
              "main:2:40: W0413 this alternative can never be reached\n");
    body_is_good("@f (r: Result<int, Never>) -> int = match(r, Ok(n) -> n, Err(_) -> 1)");
    body_says("@f (r: Result<int, Never>) -> int = match(r, Ok(n) -> n, _ -> 1)",
              "main:2:58: W0413 this arm can never be reached\n");
}

TEST(a_broken_pattern_is_not_judged) {
    body_says("@f (n: int) -> int = match(n, \"a\" -> 1)",
              "main:2:31: E0301 type mismatch: expected `int`, found `str`\n");
    body_says("@f (n: int) -> int = match(nope, 1 -> 1)", "main:2:28: E0241 unknown name `nope`\n");
}

TEST(what_is_said_beside_the_message) {
    body_says_in_full("@f (s: Shape) -> int = match(s,\n    Circle(_) -> 1,\n    Empty -> 0,\n)",
                      "main:2:24: E0411 this `match` does not cover `Square(_)`\n"
                      "  label main:2:30: this is `Shape`\n  fix: add an arm for it\n");
    body_says_in_full("@f (s: Shape) -> int = match(s, s.match(1 < 2) -> 1)",
                      "main:2:24: E0411 this `match` does not cover `_`\n"
                      "  label main:2:30: this is `Shape`\n  note: an arm with a condition does not count: it may be "
                      "false\n  fix: add an arm for it\n");
}

TEST(large_matches_take_few_steps) {
    body_is_good(repeated("@f (n: int) -> int = match(n, ", "# -> #, ", 3000, "_ -> 0)"));
    body_is_good(repeated("@f (n: int, s: str) -> int = match((n, s), ", "(#, \"s#\") -> #, ", 3000, "_ -> 0)"));
    body_is_good(repeated("@f (xs: [int]) -> int = match(xs, [", "_, ", 900, "_] -> 1, [] -> 0, [h, ..] -> h)"));
    body_says(repeated("@f (n: int) -> int = match(n, ", "# -> #, ", 3000, "3000.. -> 0)"),
              "main:2:22: E0411 this `match` does not cover `..0`\n");
}

TEST(wide_patterns_take_no_stack) {
    Buffer out = buffer_in(test_arena());
    buffer_string(&out, repeated("type Wide = { ", "f#: int, ", 4000, "last: int } @f (w: Wide) -> int = match(w, "));
    buffer_string(&out, repeated("Wide { ", "f#: 1, ", 4000, "last: 1 } -> 1, _ -> 2)"));
    buffer_char(&out, '\0');
    body_is_good(out.data);
    body_is_good(repeated("type Wide = { ", "f#: Option<int>, ", 4000,
                          "last: int } @f (w: Wide) -> int = match(w, { last: 3, .. } -> 1, { .. } -> 2)"));
}

TEST(deep_patterns_take_little_stack) {
    const char *open = repeated("@f (t: Tree<int>) -> int = match(t, ", "Node(_, _, ", 900, "Leaf");
    const char *whole = repeated(open, ")", 900, " -> 1, _ -> 2)");
    body_is_good(whole);
}

TEST(a_check_that_takes_too_long_ends) { // n pairs of alternatives: 2 to the n combinations
    const char *types = repeated("@f (t: (", "bool, ", 40, "bool)) -> int = match(t, ");
    Buffer out = buffer_in(test_arena());
    buffer_string(&out, types);
    for (uint32_t i = 0; i < 20; i++) {
        buffer_char(&out, '(');
        for (uint32_t k = 0; k < 41; k++)
            buffer_string(&out, k / 2 == i ? "true, " : "_, ");
        buffer_string(&out, ") -> 1, ");
    }
    buffer_char(&out, ')');
    buffer_char(&out, '\0');
    body_says(out.data, "main:2:265: E0411 this `match` does not cover every value for sure: to know takes more than "
                        "1,000,000 steps\n");
}

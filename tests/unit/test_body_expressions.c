// tests/unit/test_body_expressions.c: step 3 of the checker: literals, operators, access, compound literals (chapter 4).
#include "tests/unit/body_helper.h"

TEST(literals_have_their_types) {
    body_is_good("@f () -> (int, float, str, char, bool, Duration, Size) = (1, 2.5, \"a\", 'c', true, 30s, 4kb)");
    body_says("@f () -> int = \"a\"", "main:2:16: E0301 type mismatch: expected `int`, found `str`\n");
    body_is_good("@f () -> void = ()");
    body_says("@f () -> float = 1", "main:2:18: E0301 type mismatch: expected `float`, found `int`\n");
    body_says("@f () -> str = 1", "main:2:16: E0301 type mismatch: expected `str`, found `int`\n");
}

TEST(an_int_literal_is_a_byte_only_where_one_is_expected) {
    body_is_good("@f () -> byte = 65");
    body_says("@f () -> byte = 300", "main:2:17: E0021 this integer does not fit into `byte`\n");
    body_says("@f () -> byte = -1", "main:2:18: E0021 this integer does not fit into `byte`\n");
    body_is_good("@f (b: byte) -> bool = b == 65");
    body_is_good("@f (b: byte) -> byte = b + 1");
    body_says("@f (b: byte) -> byte = 1 + b", "main:2:28: E0301 type mismatch: expected `int`, found `byte`\n");
    body_is_good("@f () -> [byte] = [1, 2, 3]");
    body_says("@f () -> byte = int(3)", "main:2:17: E0301 type mismatch: expected `byte`, found `int`\n");
}

TEST(the_smallest_int_can_be_written) { body_is_good("@f () -> int = -9223372036854775808"); }

TEST(arithmetic_needs_equal_types) {
    body_is_good("@f () -> int = 1 + 2 * 3 - 4 / 2 % 3 div 2");
    body_says("@f () -> float = 1 + 2.0", "main:2:22: E0301 type mismatch: expected `int`, found `float`\n");
    body_says("@f () -> str = \"a\" + 1", "main:2:22: E0301 type mismatch: expected `str`, found `int`\n");
    body_is_good("@f () -> str = \"a\" + \"b\"");
    body_is_good("@f () -> [int] = [1] + [2]");
    body_says("@f () -> int = [1] - [2]", "main:2:20: E0302 operator `-` is not defined for `[int]`\n");
    body_says("@f () -> Point = Point { x: 1, y: 1 } + 1",
              "main:2:39: E0302 operator `+` is not defined for `Point`\n");
}

TEST(durations_and_sizes_have_their_own_arithmetic) {
    body_is_good("@f () -> Duration = 2 * 3s + 1s * 2 - 4s / 2");
    body_is_good("@f () -> float = 3s / 2s");
    body_says("@f () -> Duration = 3s * 2s", "main:2:26: E0301 type mismatch: expected `int`, found `Duration`\n");
    body_is_good("@f () -> Size = 2 * 4kb / 2");
    body_says("@f () -> Duration = 1s + 1kb", "main:2:26: E0301 type mismatch: expected `Duration`, found `Size`\n");
    body_is_good("@f () -> Duration = -(1s % 2s)");
}

TEST(bits_belong_to_int_and_byte) {
    body_is_good("@f () -> int = (1 & 2 | 3 ^ 4) << 2 >> 1");
    body_says("@f () -> bool = true & false", "main:2:22: E0302 operator `&` is not defined for `bool`\n");
    body_says("@f () -> bool = 1 & 2 == 0", "main:2:21: E0301 type mismatch: expected `int`, found `bool`\n");
    body_is_good("@f () -> int = ~1");
    body_is_good("@f () -> byte = ~1");
    body_says("@f () -> int = 1 << 2.0", "main:2:21: E0301 type mismatch: expected `int`, found `float`\n");
    body_says("@f () -> float = ~1.0", "main:2:18: E0302 operator `~` is not defined for `float`\n");
}

TEST(conditions_are_bool) {
    body_is_good("@f () -> bool = true && !false || 1 < 2");
    body_says("@f () -> bool = 1 && true", "main:2:17: E0301 type mismatch: expected `bool`, found `int`\n");
    body_says("@f () -> bool = true || \"a\"", "main:2:25: E0301 type mismatch: expected `bool`, found `str`\n");
    body_says("@f () -> bool = !1", "main:2:18: E0301 type mismatch: expected `bool`, found `int`\n");
}

TEST(comparisons_need_a_trait) {
    body_is_good("@f () -> bool = Point { x: 1, y: 2 } == Point { x: 1, y: 2 }");
    body_says("@f () -> bool = Point { x: 1, y: 2 } < Point { x: 1, y: 2 }",
              "main:2:38: E0441 `Point` does not satisfy trait bound `Comparable`\n");
    body_says("@f (s: Shape) -> bool = s == Empty", "main:2:27: E0441 `Shape` does not satisfy trait bound `Eq`\n");
    body_says("@f () -> bool = half == half",
              "main:2:22: E0441 `(float) -> float` does not satisfy trait bound `Eq`\n");
    body_says("@f () -> bool = 1 == \"a\"", "main:2:22: E0301 type mismatch: expected `int`, found `str`\n");
    body_is_good("@f () -> bool = [] == []");
    body_is_good("@f () -> bool = (1, \"a\") < (2, \"b\")");
    body_says("@f () -> bool = [Plain { a: 1 }] == []",
              "main:2:34: E0441 `[Plain]` does not satisfy trait bound `Eq`\n");
}

TEST(ranges_are_of_int_char_or_byte) {
    body_is_good("@f () -> Range<int> = 1..5");
    body_is_good("@f () -> Range<char> = 'a'..='z'");
    body_says("@f () -> Range<float> = 1.0..2.0", "main:2:28: E0302 operator `..` is not defined for `float`\n");
    body_says("@f () -> Range<int> = 1..'a'", "main:2:26: E0301 type mismatch: expected `int`, found `char`\n");
}

TEST(coalescing_takes_the_part_or_the_option) {
    body_is_good("@f () -> int = parse_int(\"3\") ?? 0");
    body_is_good("@f () -> Option<int> = parse_int(\"3\") ?? None");
    body_is_good("@f () -> Option<int> = parse_int(\"3\") ?? parse_int(\"4\")");
    body_is_good("@f (r: Result<int, str>) -> int = r ?? 0");
    body_says("@f () -> int = 3 ?? 0", "main:2:18: E0302 operator `??` is not defined for `int`\n");
    body_says("@f () -> int = parse_int(\"3\") ?? \"a\"",
              "main:2:34: E0301 type mismatch: expected `int`, found `str`\n");
    body_is_good("@f () -> int = parse_int(\"1\") ?? parse_int(\"2\") ?? 0");
    body_is_good("@f () -> int = parse_int(\"1\") ?? panic(\"x\")");
}

TEST(records_are_built_from_every_field_once) {
    body_is_good("@f () -> Point = Point { x: 1, y: 2 }");
    body_is_good("@f (x: int) -> Point = run(let y = 2, Point { x, y })");
    body_says("@f () -> Point = Point { x: 1 }", "main:2:18: E0371 `Point` lacks the field `y`\n");
    body_says("@f () -> Point = Point { x: 1, y: 2, z: 3 }", "main:2:38: E0372 `Point` has no field `z`\n");
    body_says("@f () -> Point = Point { x: 1, x: 2, y: 3 }", "main:2:32: E0373 the field `x` is given twice\n");
    body_says("@f () -> Point = Point { x: 1, y: \"a\" }",
              "main:2:35: E0301 type mismatch: expected `int`, found `str`\n");
    body_is_good("@f (p: Point) -> Point = Point { x: 3, ..p }");
    body_says("@f (p: Plain) -> Point = Point { x: 3, ..p }",
              "main:2:42: E0301 type mismatch: expected `Point`, found `Plain`\n");
    body_says("@f () -> Point = Pont { x: 3 }", "main:2:18: E0383 unknown type `Pont`\n");
    body_says("@f () -> Point = Point { x, y: 1 }", "main:2:26: E0241 unknown name `x`\n");
}

TEST(an_error_may_leave_out_its_source) {
    body_is_good("@f () -> Error = Error { message: \"a\" }");
    body_says("@f () -> Error = Error { source: None }", "main:2:18: E0371 `Error` lacks the field `message`\n");
}

TEST(fields_and_parts_are_read_by_name_and_number) {
    body_is_good("@f (p: Point) -> int = p.x + p.y");
    body_says("@f (p: Point) -> int = p.z", "main:2:26: E0372 `Point` has no field `z`\n");
    body_says("@f (s: Shape) -> float = s.radius", "main:2:28: E0372 `Shape` has no field `radius`\n");
    body_is_good("@f (i: Id) -> str = i.value");
    body_says("@f (i: Id) -> str = i.name", "main:2:23: E0372 `Id` has no field `name`\n");
    body_is_good("@f () -> str = (1, \"a\").1");
    body_says("@f () -> int = (1, 2).2", "main:2:23: E0375 `(int, int)` has no part `2`\n");
    body_says("@f () -> int = 5.x", "main:2:18: E0372 `int` has no field `x`\n");
    body_says("@f (p: Point) -> int = p.0", "main:2:26: E0375 `Point` has no part `0`\n");
}

TEST(lists_strings_and_maps_are_indexed) {
    body_is_good("@f (xs: [int]) -> int = xs[0]");
    body_is_good("@f () -> str = \"abc\"[1]");
    body_is_good("@f () -> Option<int> = {\"a\": 1}[\"a\"]");
    body_is_good("@f (xs: [int]) -> [int] = xs[0..2]");
    body_is_good("@f () -> str = \"abc\"[0..=1]");
    body_says("@f () -> int = 5[0]", "main:2:16: E0376 a value of type `int` cannot be indexed\n");
    body_says("@f (xs: [int]) -> int = xs[\"a\"]", "main:2:28: E0301 type mismatch: expected `int`, found `str`\n");
    body_says("@f (t: (int, int)) -> int = t[0]", "main:2:29: E0376 a value of type `(int, int)` cannot be indexed\n");
    body_says("@f (m: {str: int}) -> Option<int> = m[1]",
              "main:2:39: E0301 type mismatch: expected `str`, found `int`\n");
}

TEST(hash_is_the_length_of_what_is_indexed) {
    body_is_good("@f (xs: [int]) -> int = xs[# - 1]");
    body_is_good("@f () -> int = [1, 2].map(x -> x + 1)[# - 1]");
    body_is_good("@f (xs: [int]) -> [int] = xs.slice(start: 1, end: #)");
    body_is_good("@f (xs: [[int]]) -> int = xs[# - 1][# - 1]");
    body_says("@f (n: int) -> int = n.max(#)", "main:2:28: E0441 `int` does not satisfy trait bound `Len`\n");
}

TEST(literals_of_lists_and_maps_have_one_type) {
    body_says("@f () -> [int] = [1, \"a\"]", "main:2:22: E0301 type mismatch: expected `int`, found `str`\n");
    body_is_good("@f () -> {str: int} = {\"a\": 1, \"b\": 2}");
    body_says("@f () -> {str: int} = {\"a\": 1, 2: 2}",
              "main:2:32: E0301 type mismatch: expected `str`, found `int`\n");
    body_says("@f () -> {str: int} = {\"a\": 1, \"a\": 2}",
              "main:2:32: W0374 the key `\"a\"` is given twice; the later one wins\n");
    body_is_good("@f () -> {str: int} = {}");
    body_is_good("@f () -> [int] = []");
    body_says("@f () -> {float: int} = {1.0: 1}",
              "main:2:11: E0384 the type argument `float` does not satisfy the bound `Hashable`\n"
              "main:2:25: E0441 `float` does not satisfy trait bound `Hashable`\n");
    body_is_good("@f () -> [Option<int>] = [None, Some(1)]");
}

TEST(configs_are_read) {
    body_is_good("@f () -> int = $limit");
    body_says("@f () -> int = $limt", "main:2:16: E0241 unknown name `$limt`\n");
    body_says("@f () -> str = $limit", "main:2:16: E0301 type mismatch: expected `str`, found `int`\n");
}

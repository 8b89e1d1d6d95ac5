// tests/unit/test_body_pattern_expressions.c: step 3 of the checker: map, filter, fold, collect, find, for, recurse (chapter 8).
#include "tests/unit/body_helper.h"

TEST(map_transforms_every_element) {
    body_is_good("@f () -> [int] = map(.over: [1], .transform: x -> x + 1)");
    body_is_good("@f () -> [str] = map(.over: 0..3, .transform: str)");
    body_is_good("@f () -> [str] = map(.over: {\"a\": 1}, .transform: (k, v) -> k + str(v))");
    body_is_good("@f () -> [char] = map(.over: \"ab\", .transform: c -> c.to_upper())");
    body_says("@f () -> [int] = map(.over: 5, .transform: x -> x)",
              "main:2:29: E0377 a value of type `int` cannot be iterated over\n");
    body_says("@f () -> [int] = map(.over: [1], .transform: x -> \"a\")",
              "main:2:51: E0301 type mismatch: expected `int`, found `str`\n");
    body_says("@f () -> [int] = map(.over: [1], .transform: 5)",
              "main:2:46: E0301 type mismatch: expected `(int) -> int`, found `int`\n");
}

TEST(properties_are_named_once) {
    body_says("@f () -> [int] = map(.ovr: [1], .transform: x -> x)", "main:2:23: E0313 `map` has no property `ovr`\n");
    body_says("@f () -> [int] = map(.over: [1])", "main:2:18: E0314 `map` lacks the property `.transform`\n");
    body_says("@f () -> [int] = map([1], .transform: x -> x)",
              "main:2:22: E0313 `map` has no positional argument `1`\n");
    body_says("@f () -> [int] = map(.over: [1], .over: [2], .transform: x -> x)",
              "main:2:35: E0315 `over` is given twice\n");
    body_is_good("@f () -> [int] = map(.transform: x -> x, .over: [1])");
}

TEST(filter_keeps_what_fits) {
    body_is_good("@f () -> [int] = filter(.over: [1], .predicate: x -> x > 0)");
    body_is_good("@f () -> [int] = filter(.over: [1], .where: x -> x > 0)");
    body_says("@f () -> [int] = filter(.over: [1], .predicate: x -> x)",
              "main:2:54: E0301 type mismatch: expected `bool`, found `int`\n");
}

TEST(fold_goes_from_the_left) {
    body_is_good("@f () -> int = fold(.over: [1], .init: 0, .op: +)");
    body_is_good("@f () -> int = fold(.over: [1], .initial: 0, .op: (a, x) -> a + x)");
    body_is_good("@f () -> [int] = fold(.over: [1], .init: [], .op: (a, x) -> a.push(x))");
    body_is_good("@f () -> int = fold(.over: [\"a\"], .init: 0, .op: (n, s) -> n + s.len())");
    body_says("@f () -> int = fold(.over: [\"a\"], .init: 0, .op: +)",
              "main:2:50: E0301 type mismatch: expected `(int, str) -> int`, found `(int, int) -> int`\n");
}

TEST(collect_counts) {
    body_is_good("@f () -> [int] = collect(.range: 0..3, .transform: i -> i * i)");
    body_says("@f () -> [int] = collect(.range: [1], .transform: i -> i)",
              "main:2:34: E0301 type mismatch: expected `Range<int>`, found `[int]`\n");
}

TEST(find_gives_an_option_or_the_default) {
    body_is_good("@f () -> Option<int> = find(.over: [1], .where: x -> x > 0)");
    body_is_good("@f () -> int = find(.over: [1], .where: x -> x > 0, .default: 0)");
    body_is_good("@f () -> Option<str> = find(.over: [1], .map: x -> if x > 1 then Some(\"a\") else None)");
    body_is_good("@f () -> str = find(.over: [1], .map: x -> if x > 1 then Some(\"a\") else None, .default: \"\")");
    body_says("@f () -> int = find(.over: [1], .default: 0)", "main:2:16: E0314 `find` lacks the property `.where`\n");
    body_says("@f () -> int = find(.over: [1], .where: x -> x > 0, .default: \"a\")",
              "main:2:63: E0301 type mismatch: expected `int`, found `str`\n");
}

TEST(for_takes_the_first_that_matches) {
    body_is_good("@f () -> int = for(.over: [Some(1), None], .match: Some(x) -> x, .default: 0)");
    body_is_good("@f () -> int = for(.over: [1, 2], .map: x -> x * 2, .match: y.match(y > 2), .default: 0)");
    body_says("@f () -> int = for(.over: [1, 2], .match: 2 -> \"a\", .default: 0)",
              "main:2:48: E0301 type mismatch: expected `int`, found `str`\n");
    body_says("@f () -> int = for(.over: [1, 2], .match: 2 -> 1)",
              "main:2:16: E0314 `for` lacks the property `.default`\n");
}

TEST(recurse_is_a_whole_body) {
    body_is_good("@f (n: int) -> int = recurse(.cond: n < 2, .base: n, .step: self(n - 1) + self(.n: n - 2))");
    body_says("@f (n: int) -> int = recurse(.cond: n, .base: n, .step: self(n - 1))",
              "main:2:37: E0301 type mismatch: expected `bool`, found `int`\n");
    body_says("@f (n: int) -> int = recurse(.cond: n < 2, .base: \"a\", .step: self(n - 1))",
              "main:2:51: E0301 type mismatch: expected `int`, found `str`\n");
    body_says("@f (n: int) -> int = recurse(.cond: n < 2, .base: n, .step: self(n, 1))",
              "main:2:61: E0312 expected 1 argument, found 2\n");
    body_says("@f (n: int) -> int = recurse(.cond: n < 2, .base: n, .step: self(n - 1)) + 1",
              "main:2:22: E0317 `recurse` stands only as the whole body of a function or lambda\n");
    body_says("@f (n: int) -> int = recurse(.cond: n < 2, .base: self(n), .step: 1)",
              "main:2:51: E0317 `self(…)` stands only in the `.step` of a `recurse`\n");
    body_says("@f () -> int = self(1)", "main:2:16: E0317 `self(…)` stands only in the `.step` of a `recurse`\n");
    body_says("@f (n: int) -> int = recurse(.cond: n < 2, .base: n, .step: self(n - 1), .memo: true)",
              "main:2:81: E0901 not supported yet: `.memo: true`\n");
    body_is_good("@f (n: int) -> int = recurse(.cond: n < 2, .base: n, .step: self(n - 1), .memo: false)");
    body_says("@f (n: int) -> int = recurse(.cond: n < 2, .base: n, .step: self(n - 1), .parallel: 3)",
              "main:2:85: E0901 not supported yet: `.parallel`\n");
    body_is_good(
        "@f () -> int = run(let g = (n: int) -> int = recurse(.cond: n < 2, .base: n, .step: self(n - 1)), g(5))");
    body_says("@f () -> int = run(let g = n -> recurse(.cond: n < 2, .base: n, .step: self(n - 1)), g(5))",
              "main:2:33: E0317 a lambda whose body is `recurse` needs the types of its parameters\n");
    body_is_good(
        "impl Point { @down (self, n: int) -> int = recurse(.cond: n < 1, .base: self.x, .step: self(n - 1)) }");
}

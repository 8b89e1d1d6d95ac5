// tests/unit/test_body_patterns.c: step 3 of the checker: patterns of match, let and for (chapter 7).
#include "tests/unit/body_helper.h"

TEST(literals_and_ranges_match_their_type) {
    body_is_good("@f (n: int) -> int = match(n, 1 -> 1, -2 -> 2, 3..5 -> 3, 6..=9 -> 4, ..0 -> 5, 10.. -> 6, _ -> 7)");
    body_says("@f (n: int) -> int = match(n, \"a\" -> 1, _ -> 2)",
              "main:2:31: E0301 type mismatch: expected `int`, found `str`\n");
    body_is_good("@f (s: str) -> int = match(s, \"a\" -> 1, _ -> 2)");
    body_is_good("@f (b: byte) -> int = match(b, 65 -> 1, 66..70 -> 2, _ -> 3)");
    body_says("@f (b: byte) -> int = match(b, 300 -> 1, _ -> 3)",
              "main:2:32: E0021 this integer does not fit into `byte`\n");
    body_says("@f (n: int) -> int = match(n, 3..3 -> 1, _ -> 2)", "main:2:31: E0401 this range is empty\n");
    body_says("@f (n: int) -> int = match(n, 5..=4 -> 1, _ -> 2)", "main:2:31: E0401 this range is empty\n");
    body_is_good("@f (c: char) -> int = match(c, 'a'..='z' -> 1, _ -> 2)");
    body_is_good("@f (x: float) -> int = match(x, -1.5 -> 1, _ -> 2)");
    body_is_good("@f (d: Duration) -> int = match(d, 30s -> 1, _ -> 2)");
}

TEST(variants_are_known_by_name) {
    body_is_good("@f (s: Shape) -> float = match(s, Circle(r) -> r, Shape.Square(side: s) -> s, Empty -> 0.0)");
    body_says("@f (s: Shape) -> float = match(s, Circl(r) -> r, _ -> 0.0)",
              "main:2:35: E0406 unknown variant `Circl`\n");
    body_says("@f (s: Shape) -> float = match(s, Emty -> 1.0, _ -> 0.0)", "main:2:35: E0406 unknown variant `Emty`\n");
    body_says("@f (s: Shape) -> float = match(s, Circle(r, q) -> r, _ -> 0.0)",
              "main:2:35: E0405 `Circle` has 1 field, found 2\n");
    body_says("@f (s: Shape) -> float = match(s, Circle -> 1.0, _ -> 0.0)",
              "main:2:35: E0405 `Circle` has 1 field, found 0\n");
    body_is_good("@f (s: Shape) -> float = match(s, Circle(..) -> 1.0, _ -> 0.0)");
    body_says("@f (s: Shape) -> float = match(s, Circle(side: s) -> s, _ -> 0.0)",
              "main:2:42: E0372 `Circle` has no field `side`\n");
    body_says("@f (s: Shape) -> int = match(s, Some(x) -> x, _ -> 0)",
              "main:2:33: E0301 type mismatch: expected `Shape`, found `Option<_>`\n");
    body_is_good("@f (o: Option<Option<int>>) -> int = match(o, Some(Some(x)) -> x, _ -> 0)");
    body_is_good("@f (t: Tree<int>) -> int = match(t, Leaf -> 0, Node(l, v, _) -> v + f(l))");
}

TEST(records_and_newtypes_are_taken_apart) {
    body_is_good("@f (p: Point) -> int = match(p, Point { x, y: 0 } -> x, { x, .. } -> x)");
    body_says("@f (p: Point) -> int = match(p, Point { x } -> x)", "main:2:33: E0405 `Point` has 2 fields, found 1\n");
    body_says("@f (p: Point) -> int = match(p, Point { x, y, z } -> x + y + z)",
              "main:2:47: E0372 `Point` has no field `z`\n");
    body_says("@f (p: Point) -> int = match(p, Point { x, x: 1, .. } -> x)",
              "main:2:44: E0373 the field `x` is given twice\n");
    body_says("@f (p: Point) -> int = match(p, Plain { a } -> a)",
              "main:2:33: E0301 type mismatch: expected `Point`, found `Plain`\n");
    body_is_good("@f (i: Id) -> str = match(i, Id(s) -> s)");
    body_says("@f (n: int) -> int = match(n, { x, .. } -> x)",
              "main:2:31: E0301 type mismatch: expected `int`, found `a record`\n");
}

TEST(tuples_and_lists_are_taken_apart) {
    body_is_good("@f (t: (int, str)) -> int = match(t, (1, _) -> 1, (n, \"a\") -> n, _ -> 0)");
    body_says("@f (t: (int, str)) -> int = match(t, (a, b, c) -> a)",
              "main:2:38: E0405 `(int, str)` has 2 parts, found 3\n");
    body_says("@f (n: int) -> int = match(n, (a, b) -> a + b)",
              "main:2:31: E0301 type mismatch: expected `int`, found `(_, _)`\n");
    body_is_good("@f (xs: [int]) -> int = match(xs, [] -> 0, [x] -> x, [a, .., z] -> a + z)");
    body_is_good("@f (xs: [int]) -> [int] = match(xs, [1, ..t] -> t, [..rest, 1] -> rest, _ -> [])");
    body_says("@f (n: int) -> int = match(n, [a] -> a, _ -> 0)",
              "main:2:31: E0301 type mismatch: expected `int`, found `[_]`\n");
    body_says("@f (xs: [int]) -> str = match(xs, [a] -> a, _ -> \"\")",
              "main:2:42: E0301 type mismatch: expected `str`, found `int`\n");
}

TEST(alternatives_bind_the_same_names) {
    body_is_good("@f (s: Shape) -> float = match(s, Square(r) | Circle(r) -> r, _ -> 0.0)");
    body_says("@f (s: Shape) -> float = match(s, Circle(r) | Empty -> r, _ -> 0.0)",
              "main:2:47: E0404 the alternatives bind differently: this one does not bind `r`\n");
    body_says("@f (s: Shape) -> float = match(s, Empty | Circle(r) -> r, _ -> 0.0)",
              "main:2:43: E0404 the alternatives bind differently: only this one binds `r`\n");
    body_says("@f (r: Result<int, str>) -> int = match(r, Ok(x) | Err(x) -> 1)",
              "main:2:52: E0404 the alternatives bind differently: `x` is `str` here and `int` before\n");
    body_is_good("@f (r: Result<int, int>) -> int = match(r, Ok(1 | 2) -> 1, Ok(x) | Err(x) -> x)");
    body_is_good("@f (r: (int, int)) -> int = match(r, (a, 1 | 2) | (1, a) -> a, _ -> 0)");
}

TEST(names_are_bound_once) {
    body_says("@f (t: (int, int)) -> int = match(t, (a, a) -> a)", "main:2:42: E0403 `a` is bound twice\n");
    body_is_good("@f (t: (int, int)) -> int = match(t, w @ (a, _) -> w.0 + a)");
    body_says("@f (t: (int, int)) -> int = match(t, a @ (a, _) -> a)", "main:2:43: E0403 `a` is bound twice\n");
}

TEST(guards_are_bool) {
    body_is_good("@f (n: int) -> int = match(n, x.match(x > 3) -> x, _ -> 0)");
    body_says("@f (n: int) -> int = match(n, x.match(x) -> 2, _ -> 0)",
              "main:2:39: E0414 a guard must be `bool`, found `int`\n");
}

TEST(let_and_for_need_patterns_that_cannot_fail) {
    body_says("@f (o: Option<int>) -> int = run(let Some(a) = o, a)",
              "main:2:38: E0412 this pattern can fail here: it does not cover `None`\n");
    body_says("@f (xs: [int]) -> int = run(let [a, ..] = xs, a)",
              "main:2:33: E0412 this pattern can fail here: it does not cover `[]`\n");
    body_is_good("@f (xs: [int]) -> [int] = run(let [..a] = xs, a)");
    body_is_good("@f (i: Id) -> str = run(let Id(s) = i, s)");
    body_is_good("@f (s: Result<int, int>) -> int = run(let Ok(a) | Err(a) = s, a)");
    body_says("@f (t: (int, bool)) -> int = run(let (a, true) = t, a)",
              "main:2:38: E0412 this pattern can fail here: it does not cover `(_, false)`\n");
    body_is_good("@f (r: Result<int, Never>) -> int = run(let Ok(a) = r, a)");
}

TEST(arms_have_one_type) {
    body_says("@f (n: int) -> int = match(n, 1 -> 2, _ -> \"a\")",
              "main:2:44: E0301 type mismatch: expected `int`, found `str`\n");
    body_says("@f (n: int) -> void = run(let x = match(n, 1 -> 2, _ -> \"a\"), print(x))",
              "main:2:57: E0301 type mismatch: expected `int`, found `str`\n");
    body_is_good("@f (n: int) -> int = match(n, 1 -> 2, _ -> panic(\"x\"))");
    body_is_good("@f () -> int = match(panic(\"x\"))");
}

TEST(one_mistake_is_one_error) {
    body_says("@f (s: Shape) -> int = match(s, Nope(a, b) -> a + b, _ -> 0)",
              "main:2:33: E0406 unknown variant `Nope`\n");
    body_says("@f (n: int) -> int = match(n, (a, b) -> a.foo(b), _ -> 0)",
              "main:2:31: E0301 type mismatch: expected `int`, found `(_, _)`\n");
    body_says("@f () -> int = run(let x = nope, x.foo(x) + 1)", "main:2:28: E0241 unknown name `nope`\n");
}

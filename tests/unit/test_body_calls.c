// tests/unit/test_body_calls.c: step 3 of the checker: names, calls, methods, conversions, values of functions (chapters 4, 5 and 11).
#include "tests/unit/body_helper.h"

TEST(unknown_names_are_reported_with_near_ones) {
    body_says("@f () -> int = foo", "main:2:16: E0241 unknown name `foo`\n");
    body_says("@f () -> float = hlaf(1.0)", "main:2:18: E0241 unknown name `hlaf`\n");
    body_says("@f () -> int = bar(1, baz)", "main:2:16: E0241 unknown name `bar`\n"
                                            "main:2:23: E0241 unknown name `baz`\n");
}

TEST(arguments_go_by_position_or_by_name) {
    body_is_good("@f () -> int = two(1, \"x\")");
    body_is_good("@f () -> int = two(.b: \"x\", .a: 2)");
    body_is_good("@f () -> int = two(b: \"x\", a: 2)");
    body_says("@f () -> int = two(1, .b: \"x\")", "main:2:23: E0311 positional and named arguments are mixed\n");
    body_says("@f () -> int = two(1)", "main:2:16: E0312 expected 2 arguments, found 1\n");
    body_says("@f () -> int = two(.a: 1)", "main:2:16: E0312 expected 2 arguments, found 1\n");
    body_says("@f () -> int = two(1, \"a\", 2)", "main:2:16: E0312 expected 2 arguments, found 3\n");
    body_says("@f () -> int = two(.a: 1, .c: \"a\")", "main:2:28: E0313 `two` has no parameter `c`\n");
    body_says("@f () -> int = two(.a: 1, .a: 2)", "main:2:28: E0315 `a` is given twice\n");
    body_says("@f () -> int = two(\"x\", 1)", "main:2:20: E0301 type mismatch: expected `int`, found `str`\n"
                                              "main:2:25: E0301 type mismatch: expected `str`, found `int`\n");
    body_is_good("@f () -> void = print(.value: 1)");
}

TEST(only_functions_are_called) {
    body_says("@f () -> int = 5(1)", "main:2:16: E0316 `5` is not a function\n");
    body_says("@f () -> Shape = Empty()", "main:2:18: E0316 `Empty` is not a function\n");
    body_says("@f (p: Point) -> int = p(1)", "main:2:24: E0316 `p` is not a function\n");
    body_says("@f () -> Point = Point(1, 2)", "main:2:18: E0316 `Point` is not a function\n");
    body_is_good("@f (g: (int) -> str) -> str = g(1)");
    body_says("@f (g: (int) -> str) -> str = g(\"a\")",
              "main:2:33: E0301 type mismatch: expected `int`, found `str`\n");
    body_says("@f (g: (int) -> str) -> str = g(.x: 1)", "main:2:34: E0313 `g` has no parameter `x`\n");
    body_says("@t tests @half () -> void = ()\n"
              "@f () -> void = t()",
              "main:3:17: E0502 the test `@t` cannot be called\n");
}

TEST(variants_and_newtypes_are_functions) {
    body_is_good("@f () -> Shape = Circle(1.0)");
    body_is_good("@f () -> Shape = Shape.Circle(.radius: 1.0)");
    body_says("@f () -> Shape = Circle(\"a\")", "main:2:25: E0301 type mismatch: expected `float`, found `str`\n");
    body_says("@f () -> Shape = Circle(1.0, 2.0)", "main:2:18: E0312 expected 1 argument, found 2\n");
    body_is_good("@f () -> Id = Id(\"a\")");
    body_is_good("@f () -> [Option<int>] = [1, 2].map(Some)");
    body_is_good("@f () -> [Id] = [\"a\"].map(Id)");
    body_is_good("@f () -> Tree<str> = Node(Leaf, \"a\", Leaf)");
    body_is_good("@f () -> Option<int> = Some<int>(3)");
    body_says("@f () -> Shape = Shape.Round", "main:2:24: E0406 unknown variant `Round`\n");
}

TEST(generic_functions_find_their_types) {
    body_is_good("@f () -> bool = same(1, 2)");
    body_says("@f () -> bool = same(1, \"a\")", "main:2:25: E0301 type mismatch: expected `int`, found `str`\n");
    body_says("@f () -> bool = same(half, half)",
              "main:2:17: E0441 `(float) -> float` does not satisfy trait bound `Eq`\n");
    body_says("@f () -> bool = same(Circle(1.0), Empty)",
              "main:2:17: E0441 `Shape` does not satisfy trait bound `Eq`\n");
    body_says("@f () -> float = max(1, 2)", "main:2:22: E0301 type mismatch: expected `float`, found `int`\n"
                                            "main:2:25: E0301 type mismatch: expected `float`, found `int`\n");
    body_is_good("@f () -> int = max(1, 2)");
}

TEST(methods_are_found_by_the_head_of_the_type) {
    body_is_good("@f (xs: [int]) -> [str] = xs.map(x -> str(x)).filter(s -> s != \"1\")");
    body_says("@f (xs: [int]) -> [int] = xs.filtr(x -> x > 1)", "main:2:30: E0444 `[int]` has no method `filtr`\n");
    body_says("@f (xs: [int]) -> int = xs.length()", "main:2:28: E0444 `[int]` has no method `length`\n");
    body_says("@f (xs: [int]) -> [int] = xs.flatten()",
              "main:2:27: E0301 type mismatch: expected `[[_]]`, found `[int]`\n");
    body_is_good("@f (xs: [[int]]) -> [int] = xs.flatten()");
    body_is_good("@f (xs: [(str, int)]) -> {str: int} = xs.to_map()");
    body_says("@f (xs: [float]) -> int = xs.to_set().len()",
              "main:2:30: E0441 `float` does not satisfy trait bound `Hashable`\n");
    body_says("@f (xs: [Plain]) -> [Plain] = xs.sort()",
              "main:2:34: E0441 `Plain` does not satisfy trait bound `Comparable`\n");
    body_says("@f (o: Option<str>) -> int = o.len()", "main:2:32: E0444 `Option<str>` has no method `len`\n");
    body_is_good("@f () -> str = str.from_chars(['a'])");
    body_is_good("@f () -> [int] = List.repeat(0, 3)");
    body_is_good("@f () -> Set<int> = Set<int>.new()");
    body_is_good("@f () -> Set<int> = Set.from([1])");
    body_is_good("@f () -> int = int.abs(-3)");
}

TEST(methods_of_a_program_come_first) {
    body_is_good("impl Point { @sum (self) -> int = self.x + self.y @zero () -> Self = Point { x: 0, y: 0 } @add "
                 "(self, o: Point) -> Self = Self { x: self.x + o.x, ..self } }\n"
                 "@f () -> int = Point.zero().add(.o: Point { x: 1, y: 1 }).sum()");
    body_says("impl Point { @sum (self) -> int = self.z }", "main:2:40: E0372 `Point` has no field `z`\n");
}

TEST(methods_of_built_in_traits_have_other_names) {
    body_is_good("@f () -> bool = 1.eq(2) && 1.ne(2) && 1.lt(2) && 1.le(2) && 1.gt(2) && 1.ge(2) && 1.equals(2)");
    body_is_good("@f () -> Ordering = 1.cmp(2).then(1.compare(2))");
    body_is_good("@f () -> int = \"a\".hash()");
    body_is_good("@f () -> str = [1].to_string() + 1.5.clone().to_string()");
    body_says("@f () -> Point = Point { x: 1, y: 1 }.clone()", "main:2:39: E0444 `Point` has no method `clone`\n");
    body_says("@f (p: Plain) -> bool = p.eq(p)", "main:2:27: E0444 `Plain` has no method `eq`\n");
    body_says("@f (p: Point) -> bool = p.lt(p)", "main:2:27: E0444 `Point` has no method `lt`\n");
    body_is_good("@f () -> int = int.default()");
    body_says("@f () -> Point = Point.default()", "main:2:18: E0441 `Point` does not satisfy trait bound `Default`\n");
    body_is_good("@f<T: Comparable> (a: T, b: T) -> bool = a.lt(b) && a == b");
    body_says("@f<T> (a: T) -> str = a.to_string()", "main:2:25: E0444 `T` has no method `to_string`\n");
    body_is_good("@f<T: Default> () -> T = T.default()");
}

TEST(conversions_take_what_can_be_converted) {
    body_is_good("@f () -> int = int(\"3\") + int(2.5) + int(true) + int('c') + int(byte(3))");
    body_is_good("@f () -> float = float(1) + float(\"2\")");
    body_is_good("@f () -> str = str([1]) + str(2s)");
    body_says("@f () -> int = int([1])",
              "main:2:20: E0301 type mismatch: expected `float, str, bool, byte or char`, found `[int]`\n");
    body_is_good("@f () -> char = char(65)");
    body_says("@f () -> str = str(half)",
              "main:2:20: E0441 `(float) -> float` does not satisfy trait bound `Printable`\n");
    body_says("@f () -> int = int(1, 2)", "main:2:16: E0312 expected 1 argument, found 2\n");
    body_is_good("@f () -> [str] = [1, 2].map(str)");
    body_is_good("@f () -> [int] = [\"1\"].map(int)");
}

TEST(sort_by_takes_a_key_or_a_comparison) {
    body_is_good("@f () -> [int] = [3, 1].sort_by((a, b) -> b.compare(a))");
    body_is_good("@f () -> [int] = [3, 1].sort_by(a -> -a)");
    body_is_good("@f () -> [(int, str)] = [(1, \"a\")].sort_by((a, b) -> a.compare(b))");
    body_is_good("@f () -> [int] = [3, 1].sort_by(compare)");
    body_says("@f () -> [Plain] = [Plain { a: 1 }].sort_by(p -> p)",
              "main:2:37: E0441 `Plain` does not satisfy trait bound `Comparable`\n");
}

TEST(lambdas_take_pairs_apart) {
    body_is_good("@f (m: {str: int}) -> [str] = m.entries().map((k, v) -> k + str(v))");
    body_is_good("@f (m: {str: int}) -> [str] = m.entries().map((k, _) -> k)");
    body_says("@f () -> int = apply((a, b) -> a, 1)",
              "main:2:22: E0301 type mismatch: expected `(int) -> int`, found `(_, _) -> _`\n");
    body_says("@f () -> [int] = [1].map((a, b) -> a)",
              "main:2:26: E0301 type mismatch: expected `int`, found `(_, _)`\n");
}

TEST(functions_are_values) {
    body_is_good("@f () -> int = apply(x -> x + 1, 2)");
    body_says("@f () -> int = apply(half, 2)",
              "main:2:22: E0301 type mismatch: expected `(int) -> int`, found `(float) -> float`\n");
    body_is_good("@f () -> (float) -> float = half");
    body_says("@f () -> int = print", "main:2:16: E0301 type mismatch: expected `int`, found `(_) -> void`\n");
    body_says("@f () -> int = Shape", "main:2:16: E0241 unknown name `Shape`\n");
    body_is_good("@f () -> int = apply(int.abs, 2)");
}

TEST(a_lambda_that_is_bound_keeps_its_names) {
    body_is_good("@f () -> void = run(let g = (a, b) -> a - b, print(g(.b: 1, .a: 3)))");
    body_says("@f () -> void = run(let g = (a, b) -> a - b, print(g(.b: 1, .c: 3)))",
              "main:2:62: E0313 `g` has no parameter `c`\n");
}

TEST(operators_are_arguments) {
    body_is_good("@f () -> int = [1, 2].fold(0, +)");
    body_is_good("@f () -> bool = [true].fold(true, &&)");
    body_says("@f () -> int = [\"a\"].fold(0, +)",
              "main:2:30: E0301 type mismatch: expected `(int, str) -> int`, found `(int, int) -> int`\n");
    body_says("@f () -> int = [1].fold(\"a\", +)", "main:2:25: E0301 type mismatch: expected `int`, found `str`\n");
    body_says("@f () -> Plain = [Plain { a: 1 }].fold(Plain { a: 1 }, +)",
              "main:2:56: E0302 operator `+` is not defined for `Plain`\n");
}

TEST(assertions) {
    body_is_good("@f () -> void = assert_eq(1, 1)");
    body_says("@f () -> void = assert_eq(1, \"a\")", "main:2:30: E0301 type mismatch: expected `int`, found `str`\n");
    body_is_good("@f () -> void = assert_panics(panic(\"x\"))");
    body_is_good("@f () -> void = assert_panics_with(1 / 0, \"x\")");
    body_is_good("@f () -> void = assert_panics_with(.msg: \"x\", .expr: todo())");
    body_says("@f () -> void = assert_panics()", "main:2:17: E0312 expected 1 argument, found 0\n");
    body_says("@f () -> void = assert(1)", "main:2:24: E0301 type mismatch: expected `bool`, found `int`\n");
    body_says("@f () -> void = assert_eq(half, half)",
              "main:2:17: E0441 `(float) -> float` does not satisfy trait bound `Eq`\n");
    body_is_good("@f () -> void = assert_some(.option: Some(1))");
}

// tests/unit/test_body_inference.c: step 3 of the checker: open types: what waits, what defaults, what must be written (chapter 6).
#include "tests/unit/body_helper.h"

TEST(open_literals_are_fixed_later) {
    body_is_good("@f () -> int = run(let xs = [], let ys = xs.push(1), ys[0])");
    body_is_good("@f () -> {str: int} = run(let m = {}, m.insert(\"a\", 1))");
    body_is_good("@f () -> Option<int> = run(let x = None, x)");
    body_is_good("@f () -> Set<int> = Set.new()");
    body_is_good("@f () -> Result<int, str> = run(let r = Ok(1), r)");
    body_says("@f () -> int = run(let xs = [], let ys = xs.push(1), let zs = ys.push(\"a\"), zs.len())",
              "main:2:71: E0301 type mismatch: expected `int`, found `str`\n");
}

TEST(methods_on_open_receivers_wait) {
    body_is_good("@f () -> int = run(let g = s -> s.len(), g(\"abc\"))");
    body_is_good("@f () -> int = run(let g = p -> p.x + p.y, g(Point { x: 1, y: 2 }))");
    body_is_good("@f () -> int = run(let g = t -> t.0, g((1, 2)))");
    body_is_good("@f () -> str = run(let g = s -> s.trim().upper()[0], g(\"a\"))");
    body_says("@f () -> int = run(let g = x -> x.foo, 3)", "main:2:33: E0361 the type must be known here\n");
    body_says("@f () -> int = run(let g = x -> x.foo(), g(3))", "main:2:35: E0444 `int` has no method `foo`\n");
    body_is_good("@f () -> int = run(let g = s -> int(s), g(\"3\"))");
    body_is_good("@f () -> [int] = run(let g = xs -> xs.map(x -> x + 1), g([1]))");
    body_is_good("@f () -> int = run(let g = xs -> xs.fold(0, (a, x) -> a + x.len()), g([\"a\"]))");
}

TEST(open_indexes_and_loops_are_lists) {
    body_is_good("@f () -> int = run(let g = xs -> xs[0], g([1]))");
    body_is_good("@f () -> str = run(let g = xs -> xs[0], g(\"a\"))");
    body_is_good("@f () -> Option<int> = run(let g = m -> m[\"a\"], g({\"a\": 1}))");
    body_is_good("@f () -> void = run(let g = xs -> for x in xs do print(x), g([1]))");
    body_says("@f () -> void = run(let g = xs -> xs[0], print(1))", "main:2:25: W0242 unused variable `g`\n");
}

TEST(open_arithmetic_is_int) {
    body_is_good("@f () -> int = run(let g = (a, b) -> a + b, g(1, 2))");
    body_is_good("@f () -> float = run(let g = (a, b) -> a * b, g(1.0, 2.0))");
    body_says("@f () -> void = run(let g = (a, b) -> a * b, print(1))", "main:2:25: W0242 unused variable `g`\n");
    body_is_good("@f () -> Duration = run(let g = (a, b) -> a * b, g(1s, 2))");
    body_is_good("@f () -> int = run(let g = a -> -a, g(1))");
    body_says("@f () -> str = run(let g = a -> -a, g(\"a\"))",
              "main:2:33: E0302 operator `-` is not defined for `str`\n");
    body_is_good("@f () -> bool = run(let g = (a, b) -> a == b, g(1, 2))");
}

TEST(what_nothing_fixes_must_be_written) {
    body_says("@f () -> int = run(let s = Set.new(), s.len())",
              "main:2:28: E0362 cannot tell which type is meant: `Set.new()` needs a type that is `Eq`\n");
    body_says("@f () -> void = run(let g = (a, b) -> a == b, print(1))", "main:2:25: W0242 unused variable `g`\n");
    body_is_good("@f () -> void = print([])");
    body_is_good("@f () -> void = print(None)");
}

TEST(a_type_does_not_contain_itself) {
    body_says("@f () -> void = run(let g = x -> x(x), print(1))",
              "main:2:36: E0363 this type would have to contain itself\n");
    body_says("@f () -> void = run(let xs = [], let ys = xs.push(xs), print(ys.len()))",
              "main:2:51: E0363 this type would have to contain itself\n");
}

TEST(generic_bodies_know_only_their_bounds) {
    body_says("@f<T> (a: T, b: T) -> bool = a == b", "main:2:32: E0441 `T` does not satisfy trait bound `Eq`\n");
    body_is_good("@f<T: Eq> (a: T, b: T) -> bool = a == b");
    body_says("@f<T> (a: T) -> int = a", "main:2:23: E0301 type mismatch: expected `int`, found `T`\n");
    body_says("@f<T> (a: T) -> T = a + a", "main:2:23: E0302 operator `+` is not defined for `T`\n");
    body_is_good("@f<T, U> (a: T, g: (T) -> U) -> U = g(a)");
    body_is_good("@f<T> (xs: [T]) -> [T] = xs.map(x -> x)");
    body_is_good("@f<T: Printable> (x: T) -> void = print(x)");
    body_says("@f<T> (x: T) -> void = print(x)", "main:2:24: E0441 `T` does not satisfy trait bound `Printable`\n");
}

TEST(errors_name_both_places_and_the_fix) {
    body_says_in_full("@f () -> float = half(.x: $limit)",
                      "main:2:27: E0301 type mismatch: expected `float`, found `int`\n"
                      "  label main:1:248: `x` is declared here\n"
                      "  note: convert with `float(x)`\n"
                      "  fix: convert with `float(x)`\n");
    body_says_in_full("@f (b: bool) -> void = run(let x = if b then 1 else \"a\", print(x))",
                      "main:2:53: E0301 type mismatch: expected `int`, found `str`\n"
                      "  label main:2:46: the other branch is `int`\n"
                      "  note: convert with `int(x)`\n"
                      "  fix: convert with `int(x)`\n");
    body_says_in_full("@f () -> Option<int> = try(let x = parse_int(\"1\"), x)",
                      "main:2:52: E0321 the value of a `try` is an `Option`, found `int`\n"
                      "  fix: wrap it in `Some(…)`\n");
    body_says_in_full("@f () -> bool = same(Plain { a: 1 }, Plain { a: 2 })",
                      "main:2:17: E0441 `Plain` does not satisfy trait bound `Eq`\n"
                      "  label main:1:329: `same` asks for it here\n"
                      "  label main:1:210: the type is declared here\n"
                      "  note: put `#[derive(Eq)]` before `type Plain`\n");
    body_says_in_full("@f () -> int = run(let x = 1, x = 2, x)", "main:2:31: E0342 cannot assign to the immutable `x`\n"
                                                                 "  label main:2:24: `x` is bound here\n"
                                                                 "  fix: make it mutable\n");
}

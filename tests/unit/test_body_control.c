// tests/unit/test_body_control.c: step 3 of the checker: conditions, loops, sequences, assignment, lambdas, `?` and try (chapters 4 and 8).
#include "tests/unit/body_helper.h"

TEST(both_branches_have_one_type) {
    body_is_good("@f (b: bool) -> int = if b then 1 else 2");
    body_says("@f (b: bool) -> int = if b then 1 else \"a\"",
              "main:2:40: E0301 type mismatch: expected `int`, found `str`\n");
    body_says("@f (b: bool) -> void = run(let x = if b then 1 else \"a\", print(x))",
              "main:2:53: E0301 type mismatch: expected `int`, found `str`\n");
    body_says("@f (b: bool) -> int = if b then 1", "main:2:23: E0301 type mismatch: expected `int`, found `void`\n");
    body_says("@f (b: bool) -> void = if b then 1", "main:2:34: E0301 type mismatch: expected `void`, found `int`\n");
    body_is_good("@f (b: bool) -> void = if b then panic(\"x\")");
    body_says("@f () -> int = if 1 then 2 else 3", "main:2:19: E0301 type mismatch: expected `bool`, found `int`\n");
    body_is_good("@f (b: bool) -> int = if b then panic(\"x\") else 1");
    body_is_good("@f (b: bool) -> int = if b then panic(\"x\") else todo()");
}

TEST(for_iterates_and_yields) {
    body_is_good("@f () -> [int] = for x in [1, 2] if x > 1 yield x * 2");
    body_is_good("@f () -> [(int, char)] = for x in 0..3, y in \"ab\" yield (x, y)");
    body_is_good("@f () -> [str] = for (k, v) in {\"a\": 1} yield k + str(v)");
    body_is_good("@f () -> [int] = for x in Some(1) yield x");
    body_says("@f () -> void = for x in 5 do print(x)",
              "main:2:26: E0377 a value of type `int` cannot be iterated over\n");
    body_says("@f () -> void = for x in Point { x: 1, y: 2 } do print(x)",
              "main:2:26: E0377 a value of type `Point` cannot be iterated over\n");
    body_says("@f () -> void = for x in [1] if x do print(x)",
              "main:2:33: E0301 type mismatch: expected `bool`, found `int`\n");
    body_says("@f () -> [int] = for x in [\"a\"] yield x",
              "main:2:39: E0301 type mismatch: expected `int`, found `str`\n");
    body_says("@f () -> void = for Some(x) in [Some(1)] do print(x)",
              "main:2:21: E0412 this pattern can fail here: it does not cover `None`\n");
}

TEST(break_and_continue_belong_to_a_loop) {
    body_is_good("@f () -> int = loop(break 3)");
    body_is_good("@f () -> void = loop(break)");
    body_says("@f () -> int = loop(break 3, break \"x\")",
              "main:2:36: E0301 type mismatch: expected `int`, found `str`\n");
    body_says("@f () -> void = break", "main:2:17: E0331 `break` stands outside of a loop\n");
    body_says("@f () -> void = continue", "main:2:17: E0331 `continue` stands outside of a loop\n");
    body_is_good("@f () -> void = for x in [1] do print(run(x, break))");
    body_says("@f () -> void = for _ in [1] do break 1",
              "main:2:33: E0331 `break` has a value, which is only allowed in `loop(…)`\n");
    body_says("@f () -> void = while true do run(let g = () -> break, g())",
              "main:2:49: E0331 `break` stands outside of a loop\n");
    body_says("@f () -> void = while 1 do ()", "main:2:23: E0301 type mismatch: expected `bool`, found `int`\n");
    body_is_good("@f () -> int = loop(print(1))");
}

TEST(sequences_bind_and_shadow) {
    body_is_good("@f () -> int = run(let x = 1, let x = x + 1, x)");
    body_is_good("@f () -> str = run(let x = 1, let x = str(x), x)");
    body_says("@f () -> int = run(let x: int = \"a\", x)",
              "main:2:33: E0301 type mismatch: expected `int`, found `str`\n");
    body_says("@f () -> int = run(let x = 1, print(x))",
              "main:2:31: E0301 type mismatch: expected `int`, found `void`\n");
    body_says("@f () -> int = run(run(let y = 1, y), y)", "main:2:39: E0241 unknown name `y`\n");
    body_is_good("@f () -> int = run(let (a, b) = (1, 2), a + b)");
    body_is_good("@f () -> int = run(let Point { x, .. } = Point { x: 1, y: 2 }, x)");
    body_says("@f () -> int = run(let Some(x) = parse_int(\"1\"), x)",
              "main:2:24: E0412 this pattern can fail here: it does not cover `None`\n");
}

TEST(only_mutable_locals_of_the_same_function_are_assigned) {
    body_is_good("@f () -> int = run(let mut x = 1, x = 2, x)");
    body_says("@f () -> int = run(let mut x = 1, x = \"a\", x)",
              "main:2:39: E0301 type mismatch: expected `int`, found `str`\n");
    body_says("@f () -> int = run(let x = 1, x = 2, x)", "main:2:31: E0342 cannot assign to the immutable `x`\n");
    body_says("@f (n: int) -> void = n = 3", "main:2:23: E0344 cannot assign to the parameter `n`\n");
    body_says("@f () -> void = $limit = 3", "main:2:17: E0222 cannot assign to the config value `$limit`\n");
    body_says("@f () -> void = half = 3", "main:2:17: E0342 cannot assign to `half`, which is no local\n");
    body_says("@f () -> void = nope = 3", "main:2:17: E0241 unknown name `nope`\n");
    body_says("@f (p: Point) -> void = p.x = 3", "main:2:25: E0342 cannot assign to a field: values do not change\n");
    body_says("@f (xs: [int]) -> void = xs[0] = 3",
              "main:2:26: E0342 cannot assign to an element: values do not change\n");
    body_says("@f () -> int = run(let mut x = 1, let g = () -> run(x = 2), g(), x)",
              "main:2:53: E0343 cannot assign to `x`, which belongs to the enclosing function\n");
    body_says("@f () -> [int] = [1].map(x -> run(x = 2, x))", "main:2:35: E0344 cannot assign to the parameter `x`\n");
}

TEST(unused_names_are_warned_about) {
    body_says("@f () -> void = run(let x = 1, ())", "main:2:25: W0242 unused variable `x`\n");
    body_is_good("@f () -> void = run(let _x = 1, ())");
    body_says("@f () -> void = run(let mut x = 1, print(x))",
              "main:2:29: W0801 `x` is never assigned again; `mut` is not needed\n");
    body_says("@f (o: Option<int>) -> int = match(o, Some(x) -> 1, None -> 0)",
              "main:2:44: W0242 unused variable `x`\n");
    body_is_good("@f (unused: int) -> int = 1");
    body_is_good("@f () -> [int] = [1].map(x -> 1)");
}

TEST(dropped_results_are_warned_about) {
    body_says("@f (r: Result<int, str>) -> void = run(r, print(1))", "main:2:40: W0341 this result is ignored\n");
    body_is_good("@f (r: Result<int, str>) -> void = run(let _ = r, print(1))");
    body_says("@f (r: Result<int, str>) -> void = for _ in [1] do r", "main:2:52: W0341 this result is ignored\n");
    body_says("@f (r: Result<int, str>) -> void = while true do r", "main:2:50: W0341 this result is ignored\n");
}

TEST(lambdas_capture_but_not_themselves) {
    body_is_good("@f (n: int) -> [int] = [1].map(x -> x + n)");
    body_says("@f () -> int = run(let g = x -> g(x), g(1))", "main:2:33: E0351 closure cannot capture itself\n");
    body_is_good("@f () -> int = run(let g = (x: int) -> int = x + 1, g(1))");
    body_says("@f () -> int = run(let g = (x: int) -> int = \"a\", g(1))",
              "main:2:46: E0301 type mismatch: expected `int`, found `str`\n");
    body_says("@f () -> int = run(let g = (a, a) -> 1, g(1, 2))", "main:2:32: E0403 `a` is bound twice\n");
}

TEST(question_leaves_the_function_or_lambda) {
    body_is_good("@f (r: Result<int, str>) -> Result<int, str> = Ok(r? + 1)");
    body_says("@f (r: Result<int, str>) -> Option<int> = Some(r?)",
              "main:2:49: E0321 this leaves the function with an `Err`, but its type is `Option<int>`\n");
    body_says("@f (r: Result<int, str>) -> int = r?",
              "main:2:36: E0321 this leaves the function with an `Err`, but its type is `int`\n");
    body_says("@f (r: Result<int, str>) -> Result<int, int> = Ok(r?)",
              "main:2:52: E0322 the error types differ: `str` here, `int` expected\n");
    body_is_good("@f (o: Option<int>) -> Option<int> = Some(o? + 1)");
    body_says("@f () -> int = 1?", "main:2:17: E0302 operator `?` is not defined for `int`\n");
    body_is_good("@f (b: bool) -> Result<int, str> = if b then Ok(1) else Err(\"no\")?");
    body_is_good("@f (xs: [Option<int>]) -> [Option<int>] = xs.map(o -> Some(o? + 1))");
    body_says("@f (xs: [Option<int>]) -> void = run(let g = (o: Option<int>) -> o? + 1, print(xs.map(g)))",
              "main:2:66: E0321 the `?` before makes the result `Option<_>`, found `int`\n");
}

TEST(try_unwraps_lets_and_statements) {
    body_is_good("@f (r: Result<int, str>) -> Result<int, str> = try(let x = r, let y = r, Ok(x + y))");
    body_is_good("@f (r: Result<void, str>) -> Result<int, str> = try(r, Ok(1))");
    body_says("@f (r: Result<int, str>) -> Result<int, str> = try(r, Ok(1))",
              "main:2:52: W0341 this result is ignored\n");
    body_says("@f (o: Option<int>) -> Option<int> = try(let x = o, x)",
              "main:2:53: E0321 the value of a `try` is an `Option`, found `int`\n");
    body_says("@f (o: Option<int>) -> Result<int, str> = try(let x = o, Ok(x))",
              "main:2:55: E0321 this `try` is about `Result`, but here is an `Option`\n");
    body_says(
        "@f (r: Result<int, str>, q: Result<int, int>) -> Result<int, str> = try(let x = r, let y = q, Ok(x + y))",
        "main:2:92: E0322 the error types differ: `int` here, `str` expected\n");
    body_is_good("@f (o: Option<int>) -> void = print(try(let x = o, Some(x + 1)))");
    body_says("@f () -> void = print(try(let x = 1, x))",
              "main:2:38: E0321 the value of a `try` is a `Result` or an `Option`, found `int`\n");
    body_says("@f (o: Option<int>) -> Option<int> = try(let x = o)",
              "main:2:42: E0321 the value of a `try` is an `Option`, found `void`\n");
    body_is_good("@f (r: Result<int, str>) -> int = try(let x = r, Ok(x)) ?? 0");
}

TEST(what_is_not_supported_yet_says_so) {
    body_says("@f () -> int = parallel(.a: 1)", "main:2:16: E0901 not supported yet: the pattern `parallel`\n");
    body_says("@f () -> void = spawn(.tasks: [1])", "main:2:17: E0901 not supported yet: the pattern `spawn`\n");
    body_says("@f () -> int = cache(.op: 1)", "main:2:16: E0901 not supported yet: the pattern `cache`\n");
    body_says("@f () -> int = with(.acquire: 1, .use: x -> x)",
              "main:2:16: E0901 not supported yet: the pattern `with`\n");
    body_says("@f () -> int = retry(.op: Ok(1), .attempts: 2)",
              "main:2:16: E0901 not supported yet: the pattern `retry`\n");
}

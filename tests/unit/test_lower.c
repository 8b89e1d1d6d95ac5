// tests/unit/test_lower.c shows what ir/lower*.c makes of source text: every program passes core_verify (I1 to I4), and the
// shapes that matter are there: loops for tail calls, evaluation from left to right, lambdas expanded in place, no dead code.
#include "tests/unit/lower_helper.h"
#include "tests/unit/program_helper.h"

TEST(values_go_where_they_are_needed) {
    TestCore c = core_from_text("@add (a: int, b: int) -> int = a + b\n"
                                "@main () -> void = print(\"sum \" + str(add(1, 2)))",
                                1);
    CHECK_TEXT(core_text(&c, "sg_main__add"), TEXT("sg_main__add (a%1: int, b%2: int) -> int\n"
                                                   "    %3 = add a%1, b%2                        : int\n"
                                                   "    return %3\n"));
    CHECK_INT(c.core->entry != 0, 1);
    CHECK(core_function(&c, "sg_prelude__print__str") != NULL); // an instance of a generic of the prelude
    CHECK_INT(core_count(&c, "sg_main__main", CORE_COPY), 0);
    core_end(&c);
}

TEST(branches_return_where_they_end) {
    TestCore c = core_from_text("@sign (n: int) -> int = if n < 0 then -1 else if n > 0 then 1 else 0\n"
                                "@main () -> void = print(sign(3))",
                                1);
    CHECK_INT(core_count(&c, "sg_main__sign", CORE_RETURN), 3);
    CHECK_INT(core_count(&c, "sg_main__sign", CORE_COPY), 0);
    core_end(&c);
}

TEST(self_calls_in_tail_position_are_loops) {
    TestCore c = core_from_text(
        "@gcd (a: int, b: int) -> int = if b == 0 then a else gcd(b, a % b)\n"
        "@all (xs: [int], i: int) -> bool = i >= len(xs) || (xs[i] > 0 && all(xs, i + 1))\n"
        "@count (n: int, acc: int) -> int = recurse(.cond: n == 0, .base: acc, .step: self(n - 1, acc + n))\n"
        "@fact (n: int) -> int = if n < 2 then 1 else n * fact(n - 1)\n"
        "@pick<T> (n: int, x: T) -> T = match(n, 0 -> x, m -> pick(m - 1, x))\n"
        "@main () -> void = run(print(gcd(6, 4)), print(all([1], 0)), print(count(3, 0)), print(fact(3)), "
        "print(pick(3, \"x\")))",
        1);
    CHECK_INT(core_count(&c, "sg_main__gcd", CORE_CALL), 0);
    CHECK_INT(core_count(&c, "sg_main__gcd", CORE_CONTINUE), 1);
    CHECK_INT(core_count(&c, "sg_main__all", CORE_CONTINUE), 1);
    CHECK_INT(core_count(&c, "sg_main__count", CORE_CONTINUE), 1);
    CHECK_INT(core_count(&c, "sg_main__pick__str", CORE_CONTINUE), 1);
    CHECK_INT(core_count(&c, "sg_main__fact", CORE_CALL), 1);
    CHECK(core_function(&c, "sg_main__fact")->is_recursive);
    CHECK(!core_function(&c, "sg_main__gcd")->is_recursive);
    core_end(&c);
}

TEST(parameters_of_the_next_round_change_all_at_once) {
    TestCore c = core_from_text("@rot (a: int, b: int, n: int) -> int = if n == 0 then a else rot(b, a, n - 1)\n"
                                "@main () -> void = print(rot(1, 2, 3))",
                                1);
    // The loop's variables are %4 %5 %6. b goes to a at once, but a must be saved before that.
    Text text = core_text(&c, "sg_main__rot");
    const char *saved = "copy a%4", *moved = "a%4 = copy b%5";
    const char *at_saved = memmem(text.data, text.length, saved, strlen(saved));
    const char *at_moved = memmem(text.data, text.length, moved, strlen(moved));
    CHECK(at_saved != NULL && at_moved != NULL && at_saved < at_moved);
    core_end(&c);
}

TEST(an_operand_keeps_its_value_when_a_later_one_assigns) {
    TestCore c = core_from_text("@f () -> int = run(let mut x = 1, x + run(x = 5, x))\n"
                                "@g () -> int = run(let mut x = 1, x = 2, x + run(let y = 5, y))\n"
                                "@main () -> void = print(f() + g())",
                                1);
    CHECK_INT(core_count(&c, "sg_main__f", CORE_COPY), 1);
    CHECK_INT(core_count(&c, "sg_main__g", CORE_COPY), 0);
    core_end(&c);
}

TEST(lambdas_of_patterns_are_expanded_in_place) {
    TestCore c = core_from_text(
        "@f (xs: [int], k: int) -> [int] = map(.over: filter(.over: xs, .predicate: x -> x > k), .transform: x -> x * "
        "k)\n"
        "@g (xs: [int]) -> int = fold(.over: xs, .init: 0, .op: +)\n"
        "@h (xs: [str]) -> [Option<int>] = map(.over: xs, .transform: (s: str) -> run(let n = parse_int(s)?, Some(n + "
        "1)))\n"
        "@w (m: {str: int}) -> [int] = map(.over: m, .transform: (k, v) -> v)\n"
        "@main () -> void = run(print(f([1], 2)), print(g([1])), print(h([\"1\"])), print(w({\"a\": 1})))",
        1);
    CHECK_INT(core_count(&c, "sg_main__f", CORE_CLOSURE), 0);
    CHECK_INT(core_count(&c, "sg_main__f", CORE_LOOP), 2);
    CHECK_INT(core_count(&c, "sg_main__g", CORE_CALL_CLOSURE), 0);
    CHECK_INT(core_count(&c, "sg_main__h", CORE_RETURN), 1);    // `?` leaves the lambda, not h
    CHECK_INT(core_count(&c, "sg_main__w", CORE_CONSTRUCT), 0); // pairs are not built to be taken apart
    core_end(&c);
}

TEST(closures_capture_what_they_need) {
    TestCore c = core_from_text(
        "@adder (n: int) -> (int) -> (int) -> int = a -> b -> a + b + n\n"
        "@main () -> void = run(let f = adder(1), print(f(2)(3)), print([1].map(Some)), print([\" a\"].map(str.trim)))",
        1);
    const CoreFunction *outer = core_function(&c, "sg_main__adder__lambda_1");
    const CoreFunction *inner = core_function(&c, "sg_main__adder__lambda_2");
    REQUIRE(outer != NULL && inner != NULL);
    CHECK_INT(outer->capture_count + inner->capture_count, 3);
    CHECK(core_function(&c, "sg_prelude__str__trim") != NULL); // an intrinsic as a value is wrapped
    core_end(&c);
}

TEST(a_lambda_that_calls_itself_is_made_anew) {
    TestCore c = core_from_text(
        "@f (n: int) -> int = run(let base = 10, let g = (k: int) -> recurse(.cond: k <= 0, .base: base, "
        ".step: k + self(k - 1)), g(n))\n@main () -> void = print(f(3))",
        1);
    CHECK_INT(core_count(&c, "sg_main__f__lambda_1", CORE_CLOSURE), 1);
    core_end(&c);
}

TEST(loops_over_everything) {
    TestCore c = core_from_text(
        "@ints (a: int, b: int) -> int = run(let mut n = 0, for i in a..=b do n = n + i, for i in a..b do n = n + i, "
        "for i in 0..=9 do n = n + i, n)\n"
        "@bytes (a: byte, b: byte) -> int = run(let mut n = 0, for i in a..=b do n = n + int(i), n)\n"
        "@chars (a: char, b: char) -> int = len(for c in a..=b yield c)\n"
        "@range (r: Range<int>) -> int = run(let mut n = 0, for i in r do n = n + i, n)\n"
        "@others (m: {str: int}, s: Set<int>, t: str, o: Option<int>) -> int = run(let mut n = 0, for (k, v) in m do n "
        "= n + v, "
        "for p in m do n = n + len(str(p)) + p.1, for x in s do n = n + x, for c in t do n = n + 1, for x in o do "
        "run(if x == 0 then continue, "
        "if x == 1 then break, n = n + x), n)\n"
        "@nested (xs: [[int]]) -> [int] = for row in xs, x in row if x > 0 yield x\n"
        "@main () -> void = run(print(ints(1, 2)), print(bytes(byte(1), byte(2))), print(chars('a', 'b')), "
        "print(range(1..2)), "
        "print(others({\"a\": 1}, Set.from([1]), \"x\", Some(2))), print(nested([[1]])))",
        1);
    CHECK_INT(core_count(&c, "sg_main__ints", CORE_LOOP), 3);
    CHECK_INT(core_count(&c, "sg_main__others", CORE_LOOP), 4);
    CHECK_INT(core_count(&c, "sg_main__others", CORE_CONSTRUCT), 1); // the pair p is needed as a whole
    core_end(&c);
}

TEST(questions_and_tries_leave_to_the_right_place) {
    TestCore c = core_from_text(
        "@p (s: str) -> Result<int, str> = if s == \"\" then Err(\"empty\") else Ok(len(s))\n"
        "@two (a: str, b: str) -> Result<int, str> = run(let x = p(a)?, let y = p(b)?, Ok(x + y))\n"
        "@size (a: str) -> Result<str, str> = Ok(str(p(a)?))\n"
        "@tried (a: str) -> int = run(let r = try(let x = p(a), let y = p(\"\"), Ok(x + y)), r ?? -1)\n"
        "@early (n: int) -> Result<int, str> = run(let y = if n == 0 then Err(\"zero\")? else n, Ok(y))\n"
        "@deep (a: Option<int>) -> Option<int> = a ?? None\n"
        "@main () -> void = run(print(two(\"a\", \"b\")), print(size(\"a\")), print(tried(\"x\")), print(early(0)))",
        1);
    CHECK_INT(core_count(&c, "sg_main__two", CORE_RETURN), 3);
    CHECK_INT(core_count(&c, "sg_main__tried", CORE_RETURN), 2); // both ways of `??`, none of the try
    CHECK_INT(core_count(&c, "sg_main__early", CORE_UNREACHABLE), 0);
    core_end(&c);
}

TEST(nothing_follows_what_never_returns) {
    TestCore c = core_from_text("@f (n: int) -> int = run(if n > 3 then panic(\"big\"), loop(if n > 2 then break n))\n"
                                "@g (n: int) -> int = run(panic(\"no\"), n + 1)\n"
                                "@h () -> Never = loop(())\n"
                                "@main () -> void = run(print(f(1)), print(g(1)))",
                                1);
    CHECK_INT(core_count(&c, "sg_main__g", CORE_BINARY), 0);
    CHECK_INT(core_count(&c, "sg_main__h", CORE_RETURN), 0);
    core_end(&c);
}

TEST(floats_are_compared_as_they_are_written) {
    TestCore c =
        core_from_text("@ieee (a: float, b: float) -> bool = a == b || a < b\n"
                       "@less<T: Comparable> (a: T, b: T) -> bool = a < b\n"
                       "@main () -> void = run(print(ieee(1.0, 2.0)), print(less(1.0, 2.0)), print(less(1, 2)), "
                       "print([1.0] == [2.0]))",
                       1);
    CHECK_INT(core_count(&c, "sg_main__ieee", CORE_COMPARE) + core_count(&c, "sg_main__ieee", CORE_EQUAL), 0);
    CHECK_INT(core_count(&c, "sg_main__less__float", CORE_COMPARE), 1); // generic code has the total order
    CHECK_INT(core_count(&c, "sg_main__less__int", CORE_COMPARE), 0);
    CHECK_INT(core_count(&c, "sg_main__main", CORE_EQUAL), 1);
    core_end(&c);
}

static Text repeated(const char *before, const char *part, uint32_t count, const char *after) {
    Buffer out = buffer_in(test_arena());
    buffer_string(&out, before);
    for (uint32_t i = 0; i < count; i++)
        buffer_string(&out, part);
    buffer_string(&out, after);
    buffer_char(&out, 0);
    return (Text){out.data, (uint32_t)out.length};
}

TEST(long_chains_need_no_stack) {
    TestCore sum = core_from_text(repeated("@main () -> void = print(1", " + 1", 20000, ")").data, 1);
    CHECK_INT(core_count(&sum, "sg_main__main", CORE_BINARY), 20000);
    core_end(&sum);
    TestCore conditions =
        core_from_text(repeated("@main () -> void = if true", " && true", 5000, " then print(1)").data, 1);
    core_end(&conditions);
    TestCore calls = core_from_text(repeated("@main () -> void = print(\"a\"", ".trim()", 300, ")").data, 1);
    core_end(&calls);
}

// tests/unit/test_lower_match.c shows the decision trees of ir/match_tree.c and what ir/lower_match.c makes of them: no question
// twice on a path (M1), arms in order (M2), each arm once, and a bounded size.
#include "tests/unit/lower_helper.h"
#include "tests/unit/program_helper.h"

TEST(a_sum_is_switched_on_once) {
    TestCore c =
        core_from_text("type Shape = Circle(r: float) | Square(side: float) | Empty\n"
                       "@area (s: Shape) -> float = match(s, Circle(r) -> r * r, Square(side) -> side, Empty -> 0.0)\n"
                       "@main () -> void = print(area(Empty))",
                       1);
    CHECK_INT(core_count(&c, "sg_main__area", CORE_TAG), 1);
    CHECK_INT(core_count(&c, "sg_main__area", CORE_SWITCH), 1);
    CHECK_INT(core_count(&c, "sg_main__area", CORE_CASE), 2); // the last variant needs no test
    CHECK_INT(core_count(&c, "sg_main__area", CORE_PANIC), 0);
    CHECK_INT(core_count(&c, "sg_main__area", CORE_BLOCK), 0);
    core_end(&c);
}

TEST(nested_patterns_and_alternatives_ask_nothing_twice) {
    TestCore c =
        core_from_text("@both (a: Option<int>, b: Option<int>) -> int = match((a, b), (Some(x), Some(y)) -> x + y, "
                       "(Some(x), None) | (None, Some(x)) -> x, (None, None) -> 0)\n"
                       "@main () -> void = print(both(Some(1), None))",
                       1);
    CHECK_INT(core_count(&c, "sg_main__both", CORE_CONSTRUCT), 0); // the tuple is never built
    CHECK_INT(core_count(&c, "sg_main__both", CORE_SWITCH), 3);
    CHECK_INT(core_count(&c, "sg_main__both", CORE_TAG), 3); // a, and b in each of its cases
    CHECK_INT(core_count(&c, "sg_main__both", CORE_PANIC), 0);
    core_end(&c);
}

TEST(arms_stand_once) {
    TestCore c = core_from_text("@kind (n: int) -> int = match(n, 0 | 1 | 2 -> n * 17, 3..=9 -> 4, _ -> 5)\n"
                                "@main () -> void = print(kind(1))",
                                1);
    CHECK_INT(core_count(&c, "sg_main__kind", CORE_BINARY), 3); // n * 17, and the two ends of the range
    core_end(&c);
}

TEST(guards_go_on_with_the_next_that_fits) {
    TestCore c = core_from_text(
        "@g (p: (int, int)) -> int = match(p, (x, _) | (_, x).match(x > 10) -> x, _ -> -1)\n"
        "@h (o: Option<int>) -> int = match(o, Some(n).match(n > 0) -> n, Some(n).match(n < -5) -> -n, _ -> 0)\n"
        "@main () -> void = print(g((1, 2)) + h(None))",
        1);
    CHECK_INT(core_count(&c, "sg_main__g", CORE_IF), 2); // the guard for each alternative
    CHECK_INT(core_count(&c, "sg_main__h", CORE_IF), 2);
    core_end(&c);
}

TEST(lists_strings_floats_and_chars) {
    TestCore c = core_from_text(
        "@l (xs: [int]) -> int = match(xs, [] -> 0, [a] -> a, [a, b] -> a + b, [a, .., z] -> a - z)\n"
        "@r (xs: [int]) -> [int] = match(xs, [_, ..m, _] -> m, [..all] -> all)\n"
        "@deep (xs: [Option<int>]) -> int = match(xs, [Some(1), ..] -> 1, [.., None] -> 2, [_, Some(x)] -> x, _ -> 4)\n"
        "@s (t: str) -> int = match(t, \"a\" -> 1, \"b\" | \"c\" -> 2, _ -> 3)\n"
        "@f (x: float) -> int = match(x, 1.5 -> 1, 2.5 | 3.5 -> 2, _ -> 3)\n"
        "@c (x: char) -> int = match(x, 'a'..='f' | 'x' -> 1, ..'0' -> 2, _ -> 3)\n"
        "@b (x: bool, y: bool) -> int = match((x, y), (true, true) -> 1, (false, _) -> 2, (_, false) -> 3)\n"
        "@whole (o: Option<(int, int)>) -> str = match(o, w @ Some((a, b)) -> str(w) + str(a + b), None -> \"\")\n"
        "@main () -> void = run(print(l([1])), print(r([1])), print(deep([])), print(s(\"a\")), print(f(1.5)), "
        "print(c('a')), "
        "print(b(true, false)), print(whole(None)))",
        1);
    CHECK_INT(core_count(&c, "sg_main__l", CORE_LIST_LENGTH), 1);
    CHECK_INT(core_count(&c, "sg_main__l", CORE_IF), 3);
    CHECK_INT(core_count(&c, "sg_main__l", CORE_PANIC), 0);
    CHECK_INT(core_count(&c, "sg_main__s", CORE_EQUAL), 3);
    CHECK_INT(core_count(&c, "sg_main__b", CORE_IF), 2);
    core_end(&c);
}

TEST(patterns_of_let_and_for) {
    TestCore c = core_from_text(
        "type P = { x: int, y: (int, str) }\n"
        "@f (p: P) -> int = run(let P { x, y: (a, s) } = p, x + a + len(s))\n"
        "@g (r: Result<int, int>) -> int = run(let Ok(x) | Err(x) = r, x)\n"
        "@h (ps: [(int, int)]) -> [int] = for (a, b) in ps yield a * b\n"
        "@swap () -> int = run(let (a, b) = (1, 2), let (c, d) = (b, a), c - d)\n"
        "@main () -> void = run(print(f(P { x: 1, y: (2, \"s\") })), print(g(Ok(1))), print(h([])), print(swap()))",
        1);
    CHECK_INT(core_count(&c, "sg_main__g", CORE_SWITCH), 1);
    CHECK_INT(core_count(&c, "sg_main__swap", CORE_CONSTRUCT), 0);
    core_end(&c);
}

// Eight columns of five alternatives: a whole tree would have 5^8 leaves.
TEST(the_code_of_a_match_is_bounded) {
    Buffer out = buffer_in(test_arena());
    buffer_literal(&out, "@f (p: (int, int, int, int, int, int, int, int)) -> int = match(p, ");
    for (uint32_t arm = 0; arm < 12; arm++) {
        buffer_char(&out, '(');
        for (uint32_t i = 0; i < 8; i++)
            buffer_format(&out, "%s%u | %u | %u", i > 0 ? ", " : "", arm + i, arm + i + 7, arm * i + 40);
        buffer_format(&out, ") -> %u, ", arm);
    }
    buffer_literal(&out, "_ -> 0)\n@main () -> void = print(f((1, 2, 3, 4, 5, 6, 7, 8)))");
    buffer_char(&out, 0);
    TestCore c = core_from_text(out.data, 1);
    CHECK(core_function(&c, "sg_main__f")->code_count < 12 * 8 * 60);
    core_end(&c);
}

TEST(many_literals_are_one_switch) {
    Buffer out = buffer_in(test_arena());
    buffer_literal(&out, "@f (n: int) -> int = match(n, ");
    for (uint32_t i = 0; i < 3000; i++)
        buffer_format(&out, "%u -> %u, ", i, i * 7 % 13);
    buffer_literal(&out, "_ -> 0)\n@main () -> void = print(f(3))");
    buffer_char(&out, 0);
    TestCore c = core_from_text(out.data, 1);
    CHECK_INT(core_count(&c, "sg_main__f", CORE_SWITCH), 1);
    CHECK_INT(core_count(&c, "sg_main__f", CORE_CASE), 3000);
    core_end(&c);
}

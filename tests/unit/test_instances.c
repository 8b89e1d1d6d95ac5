// tests/unit/test_instances.c shows ir/instances.c: which functions a program has, their order and names (I6), what calls itself,
// and the end of instances that grow for ever.
#include "tests/unit/lower_helper.h"
#include "tests/unit/program_helper.h"

static const char *const varied =
    "type Pair<A, B> = { first: A, second: B }\n"
    "@swap<A, B> (p: Pair<A, B>) -> Pair<B, A> = Pair { first: p.second, second: p.first }\n"
    "@twice<T> (x: T, f: (T) -> T) -> T = f(f(x))\n"
    "@sizes (xs: [[str]]) -> [int] = xs.map(x -> x.map(s -> s.len()).sum())\n"
    "@main () -> void = run(print(swap(Pair { first: 1, second: \"a\" }).first), print(twice(3, x -> x + 1)), "
    "print(twice([1], xs -> xs.push(2))), print(sizes([[\"a\"]])), print([(1, 'a')].to_map()), print({\"k\": "
    "[1.5]}.map_values(v -> v.sum())))";

TEST(any_number_of_threads_gives_the_same_program) {
    TestCore one = core_from_text(varied, 1);
    Text expected = core_whole_text(&one);
    for (uint32_t threads = 2; threads <= 4; threads++) {
        TestCore many = core_from_text(varied, threads);
        CHECK_TEXT(core_whole_text(&many), expected);
        core_end(&many);
    }
    core_end(&one);
}

TEST(own_functions_come_first_then_instances_by_symbol) {
    TestCore c = core_from_text(varied, 2);
    bool are_instances = false;
    for (uint32_t i = 1; i < c.core->function_count; i++) {
        const CoreFunction *function = c.core->functions[i], *next = c.core->functions[i + 1];
        if (next->lambda != 0) continue;
        const Function *declared = &c.program->program->functions[next->function.index];
        bool is_instance =
            next->argument_count > 0 || c.program->program->modules[declared->module.index].kind != MODULE_PROJECT;
        CHECK(is_instance || !are_instances);
        if (are_instances && function->lambda == 0) CHECK(text_compare(function->symbol, next->symbol) < 0);
        are_instances = is_instance;
    }
    CHECK(core_function(&c, "sg_main__swap__int_str") != NULL);
    CHECK(core_function(&c, "sg_main__twice__list_int") != NULL);
    CHECK(core_function(&c, "sg_main__swap") == NULL); // a generic itself is nothing that runs
    core_end(&c);
}

TEST(no_two_functions_have_one_symbol) {
    TestCore c = core_from_text("@a__int<T> (x: T) -> T = x\n@a<T> (x: T) -> T = x\n@a__int__int () -> int = 1\n"
                                "@g<T> (x: T) -> T = x\n"
                                "@main () -> void = run(print(a__int(1)), print(a(1)), print(a__int__int()), "
                                "print(g((1, (2, 3))).0), print(g(((1, 2), 3)).1), print(g((1, 2, 3)).2))",
                                2);
    for (uint32_t i = 1; i <= c.core->function_count; i++)
        for (uint32_t k = i + 1; k <= c.core->function_count; k++)
            CHECK(!text_equal(c.core->functions[i]->symbol, c.core->functions[k]->symbol));
    core_end(&c);
}

TEST(components_of_the_call_graph) {
    TestCore c = core_from_text("@odd (n: int) -> bool = n != 0 && even(n - 1)\n"
                                "@even (n: int) -> bool = n == 0 || odd(n - 1)\n"
                                "@walk (n: int) -> [int] = if n == 0 then [] else [n].flat_map(x -> walk(x - 1))\n"
                                "@plain (n: int) -> bool = odd(n)\n"
                                "@main () -> void = run(print(plain(3)), print(walk(2)))",
                                1);
    CHECK(core_function(&c, "sg_main__odd")->is_recursive);
    CHECK(core_function(&c, "sg_main__even")->is_recursive);
    CHECK(core_function(&c, "sg_main__walk")->is_recursive); // by way of its lambda
    CHECK(!core_function(&c, "sg_main__plain")->is_recursive);
    CHECK(!core_function(&c, "sg_main__main")->is_recursive);
    core_end(&c);
}

static void check_growth(const char *text, const char *start) {
    TestModule module = {.name = "main", .text = text};
    TestOptions options = {.threads = 2};
    TestProgram *p = program_from(&module, 1, &options);
    REQUIRE(bodies_check(p->program, p->pool, NULL) == STATUS_OK);
    CoreProgram *core;
    REQUIRE(core_lower(p->program, true, p->pool, &core) == STATUS_OK);
    CHECK_INT(core->diagnostics.error_count, 1);
    CHECK(core->diagnostics.first != NULL && text_starts_with(core->diagnostics.first->message, text_from(start)));
    CHECK_STRING(diag_code_text(core->diagnostics.first->code), "E0386");
    core_program_free(core);
    program_end(p);
}

TEST(instances_that_grow_for_ever_are_an_error) {
    check_growth("type Box<T> = { value: T }\n"
                 "@grow<T> (n: int, x: T) -> int = if n == 0 then 0 else grow(n - 1, Box { value: x })\n"
                 "@main () -> void = print(grow(3, 1))",
                 "too many instantiations: main -> grow<int> -> grow<Box<int>>");
    check_growth("@grow<T> (n: int, x: T) -> int = if n == 0 then 0 else grow(n - 1, (x, x))\n"
                 "@main () -> void = print(grow(3, 1))",
                 "too many instantiations: main -> grow<int> -> grow<(int, int)>");
}

TEST(tests_are_roots_when_asked_for) {
    const char *text =
        "@f () -> int = 1\n@test_f tests @f () -> void = assert_eq(f(), 1)\n@main () -> void = print(f())";
    TestModule module = {.name = "main", .text = text};
    TestOptions options = {.threads = 1};
    TestProgram *p = program_from(&module, 1, &options);
    REQUIRE(bodies_check(p->program, p->pool, NULL) == STATUS_OK);
    for (uint32_t with_tests = 0; with_tests <= 1; with_tests++) {
        CoreProgram *core;
        REQUIRE(core_lower(p->program, with_tests != 0, p->pool, &core) == STATUS_OK);
        CHECK_INT(core->test_count, with_tests);
        CHECK(core->entry != 0);
        core_program_free(core);
    }
    program_end(p);
}

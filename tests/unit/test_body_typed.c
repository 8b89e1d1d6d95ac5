// tests/unit/test_body_typed.c shows B1 of sema/typed.h and the promises of typed.def: what lowering may rest on.
#include "tests/unit/body_helper.h"

static TestProgram *checked(const char *text, uint32_t threads) {
    Text whole = arena_format(test_arena(), "%s%s", BODY_HEADER, text);
    TestModule module = {.name = "main", .text = whole.data};
    TestProgram *p = program_from(&module, 1, &(TestOptions){.threads = threads});
    REQUIRE(bodies_check(p->program, p->pool, NULL) == STATUS_OK);
    return p;
}

static void finished(TestProgram *p) {
    for (uint32_t i = 1; i <= p->program->function_count; i++)
        typed_body_free(&p->program->bodies[i]);
    program_end(p);
}

static const TypedBody *body_of(const TestProgram *p, const char *name) {
    return &p->program->bodies[program_function(p, NULL, name).index];
}

static uint32_t count_of(const TypedBody *body, TypedKind kind) {
    uint32_t count = 0;
    for (uint32_t n = 1; n < body->node_count; n++)
        count += body->kind[n] == kind;
    return count;
}

static uint32_t first_of(const TypedBody *body, TypedKind kind) {
    for (uint32_t n = 1; n < body->node_count; n++)
        if (body->kind[n] == kind) return n;
    return 0;
}

// A program with something of everything, also of what waits for its type.
static const char *const everything =
    "@all (xs: [int], m: {str: int}, s: Shape, o: Option<int>, r: Result<int, str>) -> Result<int, str> = try(\n"
    "  let x = r, let mut n = 0, n = n + x,\n"
    "  let g = a -> a.len(), let id = v -> v, print(id(1)), print(id(\"a\")), print(g(\"abc\")),\n"
    "  let add = (a, b) -> a + b, print(add(1.0, 2.0)),\n"
    "  for (k, v) in m if v > 1 do print(k), for y in xs yield y * 2, while n < 3 do n = n + 1,\n"
    "  let z = loop(if n > 5 then break n, n = n + 1),\n"
    "  let l = [1, 2].map(q -> q + z)[# - 1], let w = xs[0..l], let t = (w, \"a\").0[0] + (o ?? 3),\n"
    "  print(map(.over: m, .transform: (k, v) -> k + str(v))),\n"
    "  print(fold(.init: 0, .over: xs, .op: +)), print(collect(.range: 0..3, .transform: i -> i)),\n"
    "  print(find(.over: xs, .where: e -> e > t, .default: 0)),\n"
    "  print(for(.over: [o], .map: e -> e, .match: Some(e) -> e, .default: 1)),\n"
    "  print(match(s, Circle(f) | Square(side: f) -> f, _ -> 0.0)),\n"
    "  print(match(xs, [1..3, ..rest] -> rest, all @ [_, ..] -> all, _ -> [])),\n"
    "  let p = Point { x: 1, y: 2 }, print({ \"a\": Point { x: 3, ..p } }), assert_panics(1 / 0),\n"
    "  print(1.compare(2)), print([3, 1].sort_by((a, b) -> b.compare(a)).hash()), print([\"1\"].map(int)),\n"
    "  Ok(t))\n"
    "@fib (n: int) -> int = recurse(.cond: n < 2, .base: n, .step: self(n - 1) + self(n - 2))\n";

TEST(types_are_final_and_children_come_first) {
    TestProgram *p = checked(everything, 0);
    CHECK_TEXT(program_messages(p), TEXT(""));
    for (uint32_t i = 1; i <= p->program->function_count; i++) {
        const TypedBody *body = &p->program->bodies[i];
        CHECK(!body->has_errors);
        CHECK((body->root == 0) == (p->program->functions[i].is_intrinsic || body->node_count == 0));
        for (uint32_t n = 1; n < body->node_count; n++) {
            CHECK(body->kind[n] != TYPED_ERROR && body->kind[n] != TYPED_NONE);
            CHECK((body->type[n].index & 0x80000000u) == 0 && body->type[n].index != 0);
            CHECK((type_info(p->types, body->type[n])->flags & TYPE_HAS_ERROR) == 0);
            if (body->kind[n] == TYPED_BINARY || body->kind[n] == TYPED_IF || body->kind[n] == TYPED_MATCH ||
                body->kind[n] == TYPED_LET)
                CHECK(body->a[n] != 0 && body->a[n] < n);
        }
        CHECK(body->node_count == 0 || body->root == body->node_count - 1);
        for (uint32_t k = 1; k <= body->lambda_count; k++)
            CHECK(body->lambdas[k].body != 0 && body->lambdas[k].body < body->node_count);
        for (uint32_t k = 1; k <= body->use_count; k++)
            CHECK_INT(body->uses[k].argument_count, p->program->functions[body->uses[k].function.index].generics.count);
    }
    finished(p);
}

TEST(bodies_do_not_depend_on_the_threads) {
    Text first = {0};
    for (uint32_t threads = 0; threads <= 4; threads += 2) {
        TestProgram *p = checked(everything, threads);
        Buffer out = buffer_in(test_arena());
        for (uint32_t i = 1; i <= p->program->function_count; i++)
            typed_print(p->program, &p->program->bodies[i], &out);
        // Ids of names depend on the schedule; they stand in STR nodes and nowhere else. What is left of them is one `#`.
        size_t kept = 0;
        for (size_t k = 0; k < out.length; k++) {
            out.data[kept++] = out.data[k];
            if (kept < 6 || memcmp(out.data + kept - 6, "STR a=", 6) != 0) continue;
            while (k + 1 < out.length && out.data[k + 1] >= '0' && out.data[k + 1] <= '9')
                k++;
            out.data[kept++] = '#';
        }
        out.length = kept;
        Text text = {out.data, (uint32_t)out.length};
        CHECK(text.length > 10000);
        if (threads == 0) first = text;
        CHECK(text_equal(text, first));
        finished(p);
    }
}

TEST(arguments_stand_in_written_order) {
    TestProgram *p = checked("@f () -> int = two(.b: \"x\", .a: 2)", 0);
    const TypedBody *body = body_of(p, "f");
    uint32_t call = first_of(body, TYPED_CALL);
    REQUIRE(call != 0);
    const uint32_t *pairs = body->extra + body->b[call];
    CHECK_INT(pairs[0], 2);
    CHECK_INT(pairs[1], 1);
    CHECK_INT(body->kind[pairs[2]], TYPED_STR);
    CHECK_INT(pairs[3], 0);
    finished(p);
}

TEST(the_length_mark_evaluates_its_receiver_once) {
    TestProgram *p = checked("@f () -> int = [1, 2][# - 1]\n@g (xs: [int]) -> int = xs[0]", 0);
    const TypedBody *body = body_of(p, "f");
    CHECK_INT(count_of(body, TYPED_LIST), 1);
    CHECK_INT(count_of(body, TYPED_LENGTH), 1);
    CHECK_INT(body->kind[body->root], TYPED_SEQUENCE);
    const TypedBody *plain = body_of(p, "g");
    CHECK_INT(plain->kind[plain->root], TYPED_INDEX);
    finished(p);
}

TEST(lambdas_know_what_they_capture) {
    TestProgram *p = checked("@f (a: int, b: int) -> [[int]] = [1].map(x -> [2].map(y -> x + y + b))", 0);
    const TypedBody *body = body_of(p, "f");
    REQUIRE(body->lambda_count == 2);
    CHECK_INT(body->lambdas[1].capture_count, 1); // b, for the inner one
    CHECK_INT(body->lambdas[1].captures[0], 2);
    CHECK_INT(body->lambdas[2].parent, 1);
    CHECK_INT(body->lambdas[2].capture_count, 2);
    CHECK(body->lambdas[2].captures[0] < body->lambdas[2].captures[1]);
    finished(p);
}

TEST(alternatives_bind_the_locals_of_the_first) {
    TestProgram *p = checked("@f (s: Shape) -> float = match(s, Circle(r) | Square(r) -> r, _ -> 0.0)", 0);
    const TypedBody *body = body_of(p, "f");
    uint32_t bound = 0;
    for (uint32_t n = 1; n < body->node_count; n++) {
        if (body->kind[n] != TYPED_PAT_BIND) continue;
        if (bound == 0) bound = body->a[n];
        CHECK_INT(body->a[n], bound);
    }
    CHECK_INT(count_of(body, TYPED_PAT_BIND), 2);
    finished(p);
}

TEST(a_generalised_lambda_has_an_instance_for_each_type) {
    TestProgram *p = checked("@f () -> void = run(let id = x -> x, print(id(1)), print(id(2)), print(id(\"a\")))", 0);
    const TypedBody *body = body_of(p, "f");
    CHECK_INT(body->lambda_count, 2);
    CHECK_INT(count_of(body, TYPED_PAT_CONSTRUCT), 1);
    finished(p);
}

static void check_deep(const char *open, const char *middle, const char *close, uint32_t depth) {
    Buffer text = buffer_in(test_arena());
    buffer_literal(&text, "@f (a: int) -> int = ");
    for (uint32_t i = 0; i < depth; i++)
        buffer_string(&text, open);
    buffer_string(&text, middle);
    for (uint32_t i = 0; i < depth; i++)
        buffer_string(&text, close);
    buffer_char(&text, '\0');
    TestProgram *p = checked(text.data, 2); // on workers, whose stacks are small
    CHECK_TEXT(program_messages(p), TEXT(""));
    finished(p);
}

TEST(long_chains_and_deep_nests_need_no_deep_stack) {
    check_deep("", "a", " + a", test_rounds(300000));
    check_deep("", "a", ".abs()", test_rounds(100000));
    check_deep("1.max(", "a", ")", 1900);
    check_deep("run(let x = ", "a", ", x)", 900);
    check_deep("if a == 1 then 1 else ", "a", "", 1900);
    check_deep("[1].map(q -> ", "1", ")[0]", 450);
}

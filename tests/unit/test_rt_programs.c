// tests/unit/test_rt_programs.c: Sigil sources through every stage to programs that run (c_runner.h says how each is judged).
#include "ir/counts.h"
#include "tests/unit/c_runner.h"
#include "tests/unit/program_helper.h"

// Checks and lowers; verifies I1 to I5 of every function.
static CoreProgram *lowered(TestProgram *p) {
    REQUIRE(bodies_check(p->program, p->pool, NULL) == STATUS_OK);
    Text messages = program_messages(p);
    if (messages.length > 0 && memmem(messages.data, messages.length, ": E", 3) != NULL)
        FAIL("%.*s", (int)messages.length, messages.data);
    CoreProgram *core;
    REQUIRE(core_lower(p->program, false, p->pool, &core) == STATUS_OK);
    Layouts layouts;
    layouts_init(&layouts, p->program, test_arena());
    for (uint32_t i = 1; i <= core->function_count; i++)
        layouts_add_function(&layouts, core->functions[i]);
    layouts_finish(&layouts);
    for (uint32_t i = 1; i <= core->function_count; i++) {
        const char *wrong = core_verify(core, core->functions[i], test_arena());
        CoreFunction counted;
        counts_make(&layouts, core->functions[i], test_arena(), &counted);
        if (wrong == NULL) wrong = counts_verify(&layouts, &counted, test_arena());
        if (wrong != NULL) FAIL("%.*s: %s", (int)counted.symbol.length, counted.symbol.data, wrong);
    }
    return core;
}

static COutput generated(TestProgram *p, CoreProgram *core) {
    COptions options = {.program_name = TEXT("program"), .with_lines = true};
    COutput out;
    REQUIRE(c_generate(core, &options, p->pool, &out) == STATUS_OK);
    return out;
}

static TestProgram *with_threads(const char *text, uint32_t threads) {
    TestModule module = {.name = "main", .text = text};
    TestOptions options = {.threads = threads};
    return program_from(&module, 1, &options);
}

static void check_text(const char *text, const char *expected) {
    TestProgram *p = with_threads(text, 2);
    CoreProgram *core = lowered(p);
    COutput out = generated(p, core);
    build_and_run(&out, expected);
    c_output_free(&out);
    core_program_free(core);
    program_end(p);
}

static const char values[] =
    "#[derive(Eq, Hashable, Printable)]\n"
    "type Key = { x: int, name: str }\n"
    "#[derive(Printable, Eq)]\n"
    "type Big = { a: int, b: int, c: int, d: int, e: int, f: int, g: int, h: int, name: str }\n"
    "#[derive(Printable, Eq)]\n"
    "type Pair<A, B> = { first: A, second: B }\n"
    "#[derive(Printable, Eq)]\n"
    "type Expr = Num(value: int) | Add(left: Expr, right: Expr) | Neg(of: Expr) | Var(name: str)\n"
    "#[derive(Printable)]\n"
    "type Color = Red | Green | Blue\n"
    "#[derive(Printable)]\n"
    "type Chain = { value: str, next: Option<Chain> }\n"
    "@eval (e: Expr, env: {str: int}) -> Result<int, str> = match(e,\n"
    "    Num(value) -> Ok(value),\n"
    "    Add(left, right) -> run(let a = eval(left, env)?, let b = eval(right, env)?, Ok(a + b)),\n"
    "    Neg(of) -> run(let a = eval(of, env)?, Ok(-a)),\n"
    "    Var(name) -> env[name].ok_or(\"no \" + name),\n"
    ")\n"
    "@simplify (e: Expr) -> Expr = match(e,\n"
    "    Add(left: Num(value: 0), right) -> simplify(right),\n"
    "    Add(left, right) -> Add(left: simplify(left), right: simplify(right)),\n"
    "    Neg(of: Neg(of)) -> simplify(of),\n"
    "    other -> other,\n"
    ")\n"
    "@swap<A, B> (p: Pair<A, B>) -> Pair<B, A> = Pair { first: p.second, second: p.first }\n"
    "@walk (c: Chain) -> int = match(c.next, Some(next) -> 1 + walk(next), None -> 1)\n"
    "@find_big (m: {str: Big}, k: str) -> str = match(m[k], Some(b) -> b.name, None -> \"none\")\n"
    "@main () -> void = run(\n"
    "    let k = Key { x: 1, name: \"k\" },\n"
    "    let mut m: {Key: [str]} = {},\n"
    "    m = m.insert(k, [\"v\"]),\n"
    "    m = m.insert(Key { x: 2, name: \"l\" }, [\"w\", \"z\"]),\n"
    "    print(str(m[k])), print(str(m)), print(str(m[Key { x: 3, name: \"k\" }])),\n"
    "    let e = Add(left: Num(value: 0), right: Neg(of: Neg(of: Add(left: Var(name: \"x\"), right: Num(value: "
    "3))))),\n"
    "    print(str(eval(e, {\"x\": 4}))), print(str(eval(e, {\"y\": 4}))), print(str(simplify(e))),\n"
    "    print(str(swap(swap(Pair { first: 1, second: \"s\" })))),\n"
    "    let bm = {\"a\": Big { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, name: \"big\" }},\n"
    "    print(find_big(bm, \"a\") + find_big(bm, \"b\")),\n"
    "    let c = Chain { value: \"a\", next: Some(Chain { value: \"b\", next: None }) },\n"
    "    print(str(walk(c)) + str(c) + str(Green)),\n"
    "    let xs = [\"a\", \"b\"], let ys = xs.push(\"c\"), print(str(xs) + str(ys)),\n"
    "    print(str(Set<int>.from([1, 2, 2, 3])) + str((1.5, 'c', true, 3ms, 4kb, byte(7)))),\n"
    ")\n";

TEST(values_of_every_kind) {
    check_text(values,
               "Some([\"v\"])\n{Key { x: 1, name: \"k\" }: [\"v\"], Key { x: 2, name: \"l\" }: [\"w\", \"z\"]}\nNone\n"
               "Ok(7)\nErr(\"no x\")\nAdd(left: Var(name: \"x\"), right: Num(value: 3))\nPair { first: 1, second: "
               "\"s\" }\nbignone\n"
               "2Chain { value: \"a\", next: Some(Chain { value: \"b\", next: None }) }Green\n[\"a\", \"b\"][\"a\", "
               "\"b\", \"c\"]\n"
               "Set{1, 2, 3}(1.5, 'c', true, 3ms, 4kb, 7)\n");
}

TEST(control_and_functions_as_values) {
    check_text(
        "@compose<A, B, C> (f: (A) -> B, g: (B) -> C) -> (A) -> C = (x: A) -> g(f(x))\n"
        "@make (start: int, label: str) -> (int) -> str = (n: int) -> label + str(start + n)\n"
        "@id<T> (x: T) -> T = x\n"
        "@control (n: int) -> str = run(\n"
        "    let mut out = \"\",\n"
        "    let mut i = 0,\n"
        "    while i < n do run(\n"
        "        i = i + 1,\n"
        "        match(i % 5,\n"
        "            0 -> continue,\n"
        "            1 -> out = out + \"a\",\n"
        "            2 -> run(for j in 0..10 do run(if j == 3 then break, if j == 1 then continue, out = out + "
        "str(j))),\n"
        "            4 -> if i > 12 then break else out = out + \"d\",\n"
        "            _ -> out = out + \"_\",\n"
        "        ),\n"
        "    ),\n"
        "    out,\n"
        ")\n"
        "@rebind (xs: [str]) -> [str] = run(\n"
        "    let mut a = xs,\n"
        "    let mut b = [\"p\"],\n"
        "    for i in 0..4 do run(let t = a, a = b, b = t.push(str(i))),\n"
        "    a.concat(b),\n"
        ")\n"
        "@bytes (b: byte, c: byte) -> int = run(\n"
        "    let lo = b < byte(0), let s = (b << 1) | (c >> 2), let t = ~b,\n"
        "    if lo then 0 else int(s) + int(t) + (if b == b then 1 else 2),\n"
        ")\n"
        "@main () -> void = run(\n"
        "    print(compose(make(10, \"n\"), (s: str) -> s + s)(5)),\n"
        "    print(str([1, 2, 3].map(id)) + str([\"1\", \"x\"].map(parse_int))),\n"
        "    print(control(30)), print(str(rebind([\"q\"]))), print(str(bytes(byte(100), byte(7)))),\n"
        "    let fs = [make(1, \"a\"), make(2, \"b\")],\n"
        "    for f in fs do print(f(1)),\n"
        "    print(str([3, 1, 2].sort_by((n: int) -> 0 - n)) + str(for x in [1, 2, 3] if x != 2 yield (x, str(x)))),\n"
        "    for c in 'a'..='c' do print(str(c)),\n"
        ")\n",
        "n15n15\n[1, 2, 3][Some(1), None]\na02_da02_da02_\n[\"q\", \"0\", \"2\", \"p\", \"1\", "
        "\"3\"]\n357\na2\nb3\n[3, 2, 1][(1, \"1\"), (3, \"3\")]\na\nb\nc\n");
}

// Each panics with values alive in several frames; all of them are released, or the program ends with 99.
TEST(caught_panics_leave_nothing_alive) {
    check_text("@fail (s: str, n: int) -> str = run(let t = s + str(n), let xs = [t, s], xs[n])\n"
               "@nested (n: int) -> int = run(\n"
               "    let a = [str(n), \"x\"], let b = {\"k\": a}, let f = (i: int) -> a[i] + str(b.len()), let s = "
               "f(n), s.len())\n"
               "@overflow (s: str, n: int) -> int = run(let t = s + \"!\", let k = n + 1, t.len() + k)\n"
               "@forever (s: str, n: int) -> int = forever(s + \"x\", n + 1) + 1\n"
               "@mapped (xs: [str]) -> [str] = xs.map((x: str) -> if x == \"c\" then panic(\"c: \" + x) else x + x)\n"
               "@never (s: str) -> Never = panic(\"never: \" + s + s)\n"
               "@always (s: str) -> int = run(let t = s + \"x\", let u = [t, s], never(u[0] + u[1]))\n"
               "@main () -> void = run(\n"
               "    assert_panics(fail(\"a\", 5)), assert_panics(nested(7)), assert_panics(overflow(\"abc\", "
               "9223372036854775807)),\n"
               "    assert_panics(forever(\"s\", 0)), assert_panics(mapped([\"a\", \"b\", \"c\", \"d\"])), "
               "assert_panics(always(\"s\")),\n"
               "    print(fail(\"a\", 1)),\n"
               ")\n",
               "a\n");
}

// A push that copied would take 10^10 steps.
TEST(push_in_a_loop_is_cheap) {
    check_text("@build (n: int) -> [str] = run(let mut xs: [str] = [], for i in 0..n do xs = xs.push(str(i)), xs)\n"
               "type State = { items: [int], total: int }\n"
               "@step (s: State, i: int) -> State = State { items: s.items.push(i), total: s.total + i }\n"
               "@main () -> void = run(\n"
               "    let xs = build(100000),\n"
               "    let mut s = State { items: [], total: 0 },\n"
               "    for i in 0..100000 do s = step(s, i),\n"
               "    print(xs[99999] + \" \" + str(s.items.len())),\n"
               ")\n",
               "99999 100000\n");
}

// clang refuses brackets nested deeper than 256, so deep nesting becomes gotos and deep expressions become temporaries.
TEST(deep_nesting_compiles_everywhere) {
    Buffer text = buffer_in(test_arena());
    buffer_literal(&text, "@f (n: int, s: str) -> str = ");
    for (int i = 0; i < 300; i++)
        buffer_format(&text, "if n == %d then s + \"%d\" else ", i, i);
    buffer_literal(&text, "s\n@g () -> int = run(let mut t = 0, ");
    for (int i = 0; i < 100; i++)
        buffer_format(&text, "for _ in 0..1 do ");
    buffer_literal(&text, "t = t + 1, t)\n@h (n: int) -> str = ");
    for (int i = 0; i < 100; i++)
        buffer_format(&text, "match(n, %d -> \"a%d\", _ -> ", i, i);
    buffer_literal(&text, "\"end\"");
    for (int i = 0; i < 100; i++)
        buffer_literal(&text, ")");
    buffer_literal(&text, "\n@k (n: int) -> int = ");
    for (int i = 0; i < 300; i++)
        buffer_literal(&text, "(");
    buffer_literal(&text, "n");
    for (int i = 0; i < 300; i++)
        buffer_literal(&text, " * 1 + 1)");
    buffer_literal(&text, "\n@main () -> void = run(print(f(3, \"x\") + f(299, \"x\")), print(str(g())), print(h(7) + "
                          "h(1000)), print(str(k(5))))\n");
    buffer_char(&text, 0);
    check_text(text.data, "x3x299\n1\na7end\n305\n");
}

TEST(any_number_of_threads_gives_the_same_bytes) {
    static const uint32_t threads[] = {1, 2, 3, 8};
    Buffer first = buffer_in(test_arena());
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
        TestProgram *p = with_threads(values, threads[t]);
        CoreProgram *core = lowered(p);
        COutput out = generated(p, core);
        Buffer all = buffer_in(test_arena());
        for (uint32_t i = 0; i < out.file_count; i++) {
            buffer_text(&all, out.files[i].name);
            buffer_text(&all, out.files[i].content);
        }
        if (t == 0) first = all;
        CHECK(all.length == first.length && memcmp(all.data, first.data, first.length) == 0);
        c_output_free(&out);
        core_program_free(core);
        program_end(p);
    }
}

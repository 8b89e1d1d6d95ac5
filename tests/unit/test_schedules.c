// tests/unit/test_schedules.c: both schedules of checking, on any number of threads, find the same and make the same trees.
#include "sched/sched.h"
#include "tests/unit/harness.h"
#include "tests/unit/program_helper.h"

// Copies what typed_print gave, but for the operand of a text literal: the number of a name, which depends on who came first
// and is seen by nobody.
static void append_without_names(Buffer *out, Text text) {
    for (uint32_t i = 0; i < text.length; i++) {
        buffer_char(out, text.data[i]);
        if (i < 6 || memcmp(text.data + i - 6, " STR a=", 7) != 0) continue;
        while (i + 1 < text.length && text.data[i + 1] >= '0' && text.data[i + 1] <= '9')
            i++;
    }
}

// Diagnostics with labels, notes and fixes, and every typed body.
static Text all_of(const TestModule *modules, uint32_t count, Schedule schedule, uint32_t threads) {
    TestOptions options = {.threads = threads, .schedule = schedule, .coverage = COVERAGE_WARN};
    TestProgram *p = program_from(modules, count, &options);
    program_check_bodies(p, schedule);
    Buffer out = buffer_in(test_arena());
    buffer_text(&out, program_messages_full(p));
    for (uint32_t i = 1; i <= p->program->function_count; i++) {
        const Function *f = &p->program->functions[i];
        if (p->program->modules[f->module.index].kind == MODULE_PRELUDE) continue;
        buffer_text(&out, names_text(p->program->names, f->name));
        buffer_text(&out, program_signature(p, (FunctionId){i}));
        buffer_char(&out, '\n');
        Buffer body = buffer_in(test_arena());
        typed_print(p->program, &p->program->bodies[i], &body);
        append_without_names(&out, (Text){body.data, (uint32_t)body.length});
    }
    program_end(p);
    return (Text){out.data, (uint32_t)out.length};
}

static Text check_alike(const TestModule *modules, uint32_t count) {
    Text expected = all_of(modules, count, SCHEDULE_SIGNATURES, 0);
    static const uint32_t threads[] = {0, 1, 2, 3, 8, 64};
    for (uint32_t i = 0; i < sizeof threads / sizeof *threads; i++)
        for (Schedule schedule = SCHEDULE_SIGNATURES; schedule <= SCHEDULE_LEVELS; schedule++)
            for (uint32_t round = 0; round < (threads[i] > 1 ? test_rounds(4) : 1); round++)
                CHECK_TEXT(all_of(modules, count, schedule, threads[i]), expected);
    return expected;
}
#define ALIKE(...)                                                                                                     \
    check_alike((const TestModule[]){__VA_ARGS__},                                                                     \
                (uint32_t)(sizeof((const TestModule[]){__VA_ARGS__}) / sizeof(TestModule)))

static bool has(Text text, const char *part) { return memmem(text.data, text.length, part, strlen(part)) != NULL; }

TEST(a_program_of_some_layers) {
    Text found =
        ALIKE({.name = "main",
               .text = "use './shapes' { Shape, area, Circle }\nuse './store' { put }\nuse './unused' { nothing }\n"
                       "@main () -> void = print(str(area(Circle(2.0))) + put(3).join(\",\"))\n"},
              {.name = "shapes",
               .text = "use './math' { pi, Box }\n#[derive(Eq, Printable)]\npub type Shape = Circle(r: float) | Dot\n"
                       "impl Shape { @grown (self) -> Self = match(self, Circle(r) -> Circle(r * 2.0), Dot -> Dot) }\n"
                       "pub @area (s: Shape) -> float = match(s.grown(), Circle(r) -> r * r * pi(), Dot -> 0.0)\n"
                       "pub @boxed (s: Shape) -> Box<Shape> = Box { item: s }\n"},
              {.name = "math",
               .text = "pub @pi () -> float = 3.14\n#[derive(Eq)] pub type Box<T> = { item: T }\n"
                       "@test_pi tests @pi () -> void = run(assert(pi() > 3.0))\n"},
              {.name = "store",
               .text = "use './shapes' { boxed, Dot }\npub @put (n: int) -> [str] = "
                       "run(let b = boxed(Dot), collect(.range: 0..n, .transform: i -> str(i) + str(b.item)))\n"},
              {.name = "unused", .text = "pub @nothing () -> void = ()\n"});
    CHECK(has(found, "W0208"));
    CHECK(!has(found, "error ") && !has(found, " E0"));
}

// `lib` knows nothing of `extra`, and calls its method; what that gives has fields, and methods of its own, in `deep`.
TEST(methods_of_other_modules_are_known_everywhere) {
    Text found = ALIKE(
        {.name = "main",
         .text = "use './lib' { use_it }\nuse './extra' { marker }\n"
                 "@main () -> void = print(str(use_it() + marker()))\n"},
        {.name = "base", .text = "pub type Point = { x: int, y: int }\n"},
        {.name = "lib",
         .text = "use './base' { Point }\npub @use_it () -> int = "
                 "run(let d = Point { x: 1, y: 2 }.deepened(), d.depth + d.doubled() + d.inner.x)\n"},
        {.name = "extra",
         .text = "use './base' { Point }\nuse './deep' { Deep, make }\npub @marker () -> int = 1\n"
                 "impl Point { @deepened (self) -> Deep = make(self, self.x) }\n"},
        {.name = "deep",
         .text = "use './base' { Point }\nuse './deeper' { factor }\npub type Deep = { depth: int, inner: Point }\n"
                 "impl Deep { @doubled (self) -> int = self.depth * factor() }\n"
                 "pub @make (p: Point, n: int) -> Deep = Deep { depth: n, inner: p }\n"},
        {.name = "deeper", .text = "use './deepest' { two }\npub @factor () -> int = two()\n"},
        {.name = "deepest", .text = "pub @two () -> int = 2\n"});
    CHECK(!has(found, " E0"));
}

TEST(two_modules_may_not_give_a_type_one_method) {
    Text found =
        ALIKE({.name = "a", .text = "pub type T = { x: int }\nimpl T { @m (self) -> int = self.x }\n"},
              {.name = "b", .text = "use './a' { T }\nimpl T { @m (self) -> int = 2 }\n"},
              {.name = "c",
               .text = "use './a' { T }\npub @f (t: T) -> int = t.m() + t.n()\nimpl [int] { @own (self) -> int = 1 }\n"
                       "pub @g (xs: [int]) -> int = xs.own()\n"});
    CHECK(has(found, "b:2:11: E0211"));
    CHECK(has(found, "E0437"));
    CHECK(has(found, "E0444"));
}

// Left out parts of signatures are found before bodies are checked, those of a module after those of what it imports.
TEST(left_out_parts_of_signatures) {
    Text found = ALIKE(
        {.name = "main",
         .text = "use './middle' { ::wrap, ::step }\nuse './low' { ::keep }\n@shown (x) = str(wrap(x))\n"
                 "@main () = print(str(step(2)) + shown(1) + keep(\"b\") + str(keep(5)))\n@wrong (x) = keep(x) + "
                 "unknown\n"},
        {.name = "middle",
         .text = "use './low' { ::keep, ::next }\n@wrap (x) = [keep(x)]\n@step (n) = next(n)\n"
                 "@even (n, x) = if n == 0 then x else odd(n - 1, x)\n@odd (n, x) = if x == x then x else even(n - 1, "
                 "x)\n"},
        {.name = "low", .text = "@keep (x) = x\n@next (n) = n + 1\n@bad (n) = worse(n).size\n@worse (n) = bad(n)\n"},
        {.name = "low.test", .text = "use './low' { keep }\n@own (x) = keep(keep(x))\n"});
    CHECK(has(found, "shown(x: A) -> str"));
    CHECK(has(found, "even(n: int, x: A) -> A"));
    CHECK(has(found, "main:5:24: E0241"));
    CHECK(has(found, "low:3:12: E0361"));
}

TEST(circles_are_silent_for_those_who_import_them) {
    Text found = ALIKE({.name = "a", .text = "use './b' { f }\npub @g () -> int = nothing_here\n"},
                       {.name = "b", .text = "use './a' { g }\nuse './c' { h }\npub @f () -> int = g()\n"},
                       {.name = "c", .text = "use './d' { k }\npub @h () -> int = k() + unknown\n"},
                       {.name = "d", .text = "pub @k () -> int = \"text\"\n"},
                       {.name = "main",
                        .text = "use './a' { g, T }\nuse './c' { h }\n@main () -> void = print(str(g() + h()))\n"
                                "@other (t: T) -> int = t.x\n"},
                       {.name = "self", .text = "use './self' { x }\npub @x () -> int = 1\n"});
    CHECK(has(found, "E0210 circular imports: a -> b -> a"));
    CHECK(has(found, "c:2:"));
    CHECK(has(found, "d:1:"));
    CHECK(!has(found, "main:1"));
}

TEST(types_of_several_modules_and_what_they_need_of_each_other) {
    Text found =
        ALIKE({.name = "box",
               .text = "pub type Box<T> = { item: T }\npub type Ref<T> = { items: [T] }\n"
                       "pub type Sorted<T: Comparable> = { items: [T] }\npub type Plain = { f: (int) -> int }\n"},
              {.name = "wrap",
               .text = "use './box' { Box, Ref }\npub type Twice<T> = { a: Box<T>, b: Ref<T> }\npub type Via<A, B> = { "
                       "a: Twice<A>, b: Ref<B> }\n"},
              {.name = "knot",
               .text = "use './wrap' { Twice, Via }\nuse './box' { Sorted, Plain }\n"
                       "type Bad = { self_: Twice<Bad> }\ntype Good = { a: Via<int, Good> }\ntype One = { t: Two }\n"
                       "type Two = { o: Via<One, int> }\ntype Wrong = { s: Sorted<Plain> }\n"
                       "#[derive(Eq)] type NoEq = { p: Plain }\n@use_bad (b: Bad) -> int = b.self_\n"
                       "@key (m: {Plain: int}) -> int = m.len()\n"});
    CHECK(has(found, "knot:3:6: E0381"));
    CHECK(!has(found, "knot:4:"));
    CHECK(has(found, "knot:5:6: E0381"));
    CHECK(has(found, "knot:6:6: E0381"));
    CHECK(has(found, "E0384"));
    CHECK(has(found, "E0461"));
}

TEST(mistakes_of_every_step_and_what_they_suggest) {
    Text found = ALIKE(
        {.name = "main",
         .text = "use './util' { trimed, twice }\n@main () -> void = run(print(twise(2)), helper_of_late())\n@broken ( "
                 "= 1\n"},
        {.name = "late",
         .text = "use './main' { broken }\nuse './util' { twice }\npub @helper_of_late () -> void = print(twice(2))\n"
                 "pub @helper_of_late () -> int = 2\n@test_twice tests @twice, @nothing () -> void = "
                 "run(assert_eq(twice(2), 4))\n"},
        {.name = "util",
         .text = "pub @twice (x: int) -> int = x + x\npub @trimmed (s: str) -> str = s.trim_al()\n"
                 "impl Option<int> { @size (self) -> int = 1 }\npub $limit = 1 + 1\n"});
    CHECK(has(found, "E0206"));
    CHECK(has(found, "did you mean"));
    CHECK(has(found, "E0211"));
    CHECK(has(found, "E0437"));
}

static const TestModule *chain_of(uint32_t count) {
    TestModule *modules = arena_array(test_arena(), TestModule, count);
    for (uint32_t i = 0; i < count; i++) {
        modules[i].name = arena_format(test_arena(), "m%03u", i).data;
        modules[i].text =
            i + 1 == count
                ? "pub type T = { x: int }\npub @f (t: T) -> int = t.x\n"
                : arena_format(
                      test_arena(),
                      "use './m%03u' { f as next, T }\npub use './m%03u' { T }\npub @f (t: T) -> int = next(t) + %u\n",
                      i + 1, i + 1, i)
                      .data;
    }
    return modules;
}

TEST(a_long_chain) { (void)check_alike(chain_of(60), 60); }

TEST(a_cancelled_check_ends) {
    TestOptions options = {.threads = 2, .schedule = SCHEDULE_LEVELS};
    TestProgram *p = program_from(chain_of(30), 30, &options);
    cancel_request(pool_cancel_flag(p->pool));
    CHECK_INT(levels_check(p->program, p->pool, NULL), STATUS_CANCELLED);
    program_end(p);
}

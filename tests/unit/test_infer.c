// tests/unit/test_infer.c: signatures of private functions that leave out parts (chapter 6, step 2), as they are found.
#include "tests/unit/harness.h"
#include "tests/unit/program_helper.h"

static void print_generics(const TestProgram *p, const Function *f, Buffer *out) {
    if (f->generics.count == 0) return;
    buffer_char(out, '<');
    for (uint32_t i = 0; i < f->generics.count; i++) {
        if (i > 0) buffer_literal(out, ", ");
        buffer_text(out, names_text(p->names, f->generics.names[i]));
        uint32_t found = 0;
        for (uint32_t b = 0; b < f->generics.bound_count; b++) {
            if (f->generics.bounds[b].parameter != i) continue;
            buffer_string(out, found++ == 0 ? ": " : " + ");
            buffer_text(out, names_text(p->names, p->program->traits[f->generics.bounds[b].trait.index].name));
        }
    }
    buffer_literal(out, "> ");
}

// The signature of `f` in a module; the program has no errors.
static Text found_in(const char *text) {
    TestProgram *p = program_from_text(text);
    program_check_bodies(p, SCHEDULE_SIGNATURES);
    CHECK_TEXT(program_messages(p), TEXT(""));
    FunctionId id = program_function(p, NULL, "f");
    Buffer out = buffer_in(test_arena());
    print_generics(p, &p->program->functions[id.index], &out);
    buffer_text(&out, program_signature(p, id));
    program_end(p);
    return (Text){out.data, (uint32_t)out.length};
}
#define FINDS(text, signature) CHECK_TEXT(found_in(text), TEXT(signature))

TEST(what_the_body_fixes) {
    FINDS("@f (a) -> int = a\n", "(a: int) -> int");
    FINDS("@f (a: [str]) = a[0]\n", "(a: [str]) -> str");
    FINDS("@f (a, b) = a + b\n", "(a: int, b: int) -> int");
    FINDS("@f (xs) = xs[0] + 1\n", "(xs: [int]) -> int");
    FINDS("@f () = print(\"x\")\n", "() -> void");
    FINDS("@f (n: Option<int>) = Some(n? + 1)\n", "(n: Option<int>) -> Option<int>");
    FINDS("@f (n) = (m: int) -> n + m\n", "(n: int) -> (int) -> int");
}

TEST(what_stays_open) {
    FINDS("@f (a, b) = (a, b)\n", "<A, B> (a: A, b: B) -> (A, B)");
    FINDS("@f (g, x) = g(x)\n", "<A, B> (g: (A) -> B, x: A) -> B");
    FINDS("@f () = []\n", "<A> () -> [A]");
    FINDS("@f (n) = if n == 0 then panic(\"no\") else n\n", "(n: int) -> int");
    FINDS("@f (x) = panic(\"no\")\n", "<A, B> (x: A) -> B");
    FINDS("@f<T> (x: T, y) = (x, y)\n", "<T, A> (x: T, y: A) -> (T, A)");
    FINDS("@f<A> (x: A, y) = (x, y)\n", "<A, B> (x: A, y: B) -> (A, B)");
    FINDS("type A = { x: int }\n@f (x) = x\n", "<B> (x: B) -> B");
    FINDS("@f (x) = run(let id = y -> y, (id(x), id(1)))\n", "<A> (x: A) -> (A, int)");
}

TEST(bounds_that_were_needed) {
    FINDS("@f (a, b) = a == b\n", "<A: Eq> (a: A, b: A) -> bool");
    FINDS("@f (a, b) = if a < b then str(a) else str(b)\n", "<A: Comparable + Printable> (a: A, b: A) -> str");
    FINDS("@f (a, b) = str([(a, b)])\n", "<A: Printable, B: Printable> (a: A, b: B) -> str");
    FINDS("@f (a) = g(a)\n@g (x) = h(x, x)\n@h (x, y) = x == y\n", "<A: Eq> (a: A) -> bool");
    FINDS("trait Shown { @shown (self) -> str }\n@g<T: Shown> (x: T) -> str = x.shown()\n@f (x) = g([x][0])\n",
          "<A: Shown> (x: A) -> str");
    FINDS("trait Into<T> { @into (self) -> T }\n@g<A: Into<B>, B> (x: A, y: B) -> B = if true then x.into() else y\n"
          "@f (x) = g(x, 1)\n",
          "<A: Into> (x: A) -> int");
}

TEST(functions_that_call_each_other) {
    FINDS("@f (n, x) = if n == 0 then x else g(n - 1, x)\n@g (n, x) = if n == 0 then x else f(n - 1, x)\n",
          "<A> (n: int, x: A) -> A");
    FINDS("@f (n, x) = if n == 0 then x else g(n - 1, x)\n@g (n, x) = if x == x then x else f(n - 1, x)\n",
          "<A: Eq> (n: int, x: A) -> A");
    FINDS("@f<T> (n, x: T) -> T = if n == 0 then x else g(n - 1, x)\n"
          "@g<V, U> (n, x: U) -> U = if n == 0 then x else f(n - 1, x)\n",
          "<T> (n: int, x: T) -> T");
    FINDS("@f (x) = if true then x else f(x)\n", "<A> (x: A) -> A");
    FINDS("@f (n) = if n == 0 then \"\" else g(n - 1)\n@g (n: int) -> str = f(n)\n", "(n: int) -> str");
}

static void says(const char *text, Text expected) {
    TestProgram *p = program_from_text(text);
    program_check_bodies(p, SCHEDULE_SIGNATURES);
    CHECK_TEXT(program_messages(p), expected);
    program_end(p);
}

TEST(errors_are_reported_once) {
    says("@f (x) = x.foo()\n@g () = f(1) + \"x\"\n", TEXT("main:1:10: E0361 the type must be known here\n"));
    says("@f (_x) = f\n", TEXT("main:1:11: E0363 this type would have to contain itself\n"));
    says("@f (n) = g(n) + unknown\n@g (n) = if n == 0 then 0 else f(n)\n",
         TEXT("main:1:17: E0241 unknown name `unknown`\n"));
    says("@f (n) = run(let x = n + 1, n)\n", TEXT("main:1:18: W0242 unused variable `x`\n"));
    says("@f (a: Nothing, b) = (a, b)\n@g () = f(1, 2)\n", TEXT("main:1:8: E0383 unknown type `Nothing`\n"));
    says("@f (a, a) = a\n", TEXT("main:1:8: E0211 `a` is defined twice\n"));
    says("@f<T> (a: T, b) = a == b\n", TEXT("main:1:21: E0441 `T` does not satisfy trait bound `Eq`\n"));
}

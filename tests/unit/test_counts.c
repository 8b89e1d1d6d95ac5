// tests/unit/test_counts.c: where DUP and DROP go (ir/counts.c), seen in the core form of small functions.
#include "ir/counts.h"
#include "tests/unit/harness.h"
#include "tests/unit/program_helper.h"

// The counts of function `name` in order, with the operations in between that own or borrow: "dup s; call; drop xs".
static Text counts_in(const char *text, const char *name) {
    TestProgram *p = program_from_text(text);
    REQUIRE(bodies_check(p->program, p->pool, NULL) == STATUS_OK);
    Text messages = program_messages(p);
    if (messages.length > 0 && memmem(messages.data, messages.length, ": E", 3) != NULL)
        FAIL("%.*s", (int)messages.length, messages.data);
    CoreProgram *core;
    Pool *pool;
    ThreadPoolConfig config = thread_pool_config_default();
    config.max_threads = 1;
    REQUIRE(pool_create(&config, &pool) == STATUS_OK);
    REQUIRE(core_lower(p->program, false, pool, &core) == STATUS_OK);
    FunctionId wanted = program_function(p, NULL, name);
    Buffer out = buffer_in(test_arena());
    for (uint32_t i = 1; i <= core->function_count; i++) {
        CoreFunction *f = core->functions[i];
        if (f->function.index != wanted.index || f->lambda != 0) continue;
        Layouts layouts;
        layouts_init(&layouts, p->program, test_arena());
        layouts_add_function(&layouts, f);
        layouts_finish(&layouts);
        CoreFunction counted;
        const uint8_t *made = counts_make(&layouts, f, test_arena(), &counted);
        const char *wrong = counts_verify(&layouts, &counted, test_arena());
        if (wrong != NULL) FAIL("%s", wrong);
        const uint8_t *tracked = counts_tracked(&layouts, &counted, test_arena());
        for (uint32_t k = 1; k <= counted.local_count; k++)
            CHECK_INT(made != NULL && made[k] != 0, tracked[k]);
        for (uint32_t k = 0; k < counted.code_count; k++) {
            const CoreInstruction *in = &counted.code[k];
            bool is_count = in->op == CORE_DUP || in->op == CORE_DROP;
            bool is_call =
                in->op == CORE_CALL || in->op == CORE_INTRINSIC || in->op == CORE_RETURN || in->op == CORE_ELSE;
            if (!is_count && !is_call) continue;
            if (out.length > 0) buffer_literal(&out, "; ");
            for (const char *c = core_op_name((CoreOp)in->op); *c != 0; c++)
                buffer_char(&out, (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c));
            NameId local = is_count ? counted.locals[in->a].name : (NameId){0};
            if (is_count)
                buffer_format(&out, " %.*s", (int)names_text(p->names, local).length, names_text(p->names, local).data);
        }
    }
    core_program_free(core);
    pool_free(pool);
    program_end(p);
    return (Text){out.data, (uint32_t)out.length};
}

TEST(last_use_moves) {
    CHECK_TEXT(counts_in("@f (s: str) -> str = s\n@main () -> void = print(f(\"\"))", "f"), TEXT("return"));
}

TEST(unused_parameter_ends_at_once) {
    CHECK_TEXT(counts_in("@f (s: str) -> int = 1\n@main () -> void = print(str(f(\"\")))", "f"),
               TEXT("drop s; return"));
}

TEST(use_that_is_not_the_last_is_duplicated) {
    CHECK_TEXT(
        counts_in(
            "@g (s: str) -> str = s\n@f (s: str) -> (str, str) = (g(s), g(s))\n@main () -> void = print(str(f(\"\")))",
            "f"),
        TEXT("dup s; call; call; return"));
}

TEST(borrowed_last_use_is_dropped_after) {
    CHECK_TEXT(
        counts_in("@f (s: str, t: str) -> bool = s.contains(t)\n@main () -> void = print(str(f(\"\", \"\")))", "f"),
        TEXT("intrinsic; drop s; drop t; return"));
}

TEST(branch_drops_what_only_its_sibling_needs) {
    CHECK_TEXT(
        counts_in(
            "@f (c: bool, s: str, t: str) -> str = if c then s else t\n@main () -> void = print(f(true, \"\", \"\"))",
            "f"),
        TEXT("drop t; return; else; drop s; return"));
}

TEST(reassigned_list_is_handed_over) {
    CHECK_TEXT(counts_in("@f (n: int) -> [int] = run(let mut xs: [int] = [], for i in 0..n do xs = xs.push(i), "
                         "xs)\n@main () -> void = print(str(f(3)))",
                         "f"),
               TEXT("intrinsic; return"));
}

TEST(part_that_is_only_looked_at_needs_no_count) {
    CHECK_TEXT(counts_in("type P = { name: str, other: str }\n@f (p: P) -> bool = p.name.contains(p.other)\n"
                         "@main () -> void = print(str(f(P { name: \"\", other: \"\" })))",
                         "f"),
               TEXT("intrinsic; drop p; return"));
}

TEST(part_of_a_list_that_is_given_away_keeps_its_own_count) {
    CHECK_TEXT(counts_in("@f (xs: [str]) -> bool = run(let x = xs[0], let ys = xs.push(\"a\"), x.contains(ys[0]))\n"
                         "@main () -> void = print(str(f([\"\"])))",
                         "f"),
               TEXT("intrinsic; intrinsic; drop x; drop ys; return"));
}

TEST(literals_are_not_counted) {
    CHECK_TEXT(
        counts_in("@g (s: str) -> str = s\n@f () -> str = run(let s = \"a\", g(s) + s)\n@main () -> void = print(f())",
                  "f"),
        TEXT("call; intrinsic; return"));
}

TEST(value_that_is_lost_on_the_way_out_of_a_loop_is_dropped_there) {
    CHECK_TEXT(counts_in("@f (xs: [str], t: str) -> int = run(let mut n = 0, for x in xs do run(if x == t then break, "
                         "n = n + 1), n)\n"
                         "@main () -> void = print(str(f([\"\"], \"\")))",
                         "f"),
               TEXT("drop xs; drop t; drop xs; drop t; return"));
}

TEST(fields_of_a_record_are_read_before_one_of_them_is_given_away) { // so that push finds one reference
    CHECK_TEXT(counts_in("type S = { items: [int], total: int }\n"
                         "@f (s: S) -> S = S { items: s.items.push(1), total: s.total + 1 }\n"
                         "@main () -> void = print(str(f(S { items: [], total: 0 }).total))",
                         "f"),
               TEXT("drop s; intrinsic; return"));
}

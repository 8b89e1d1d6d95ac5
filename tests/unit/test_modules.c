// tests/unit/test_modules.c: step 1 of the checker and what imports bring: names of modules, paths, cycles, scopes.
#include "tests/unit/harness.h"
#include "tests/unit/program_helper.h"

static void check_messages(TestProgram *p, const char *expected) {
    CHECK_TEXT(program_messages(p), text_from(expected));
    program_end(p);
}

#define MESSAGES(expected, ...) check_messages(program_of(__VA_ARGS__), expected)

static Item lookup(const TestProgram *p, const char *module, ScopeKind kind, const char *name) {
    return scope_lookup(p->program, program_module_id(p, module), kind, program_name_id(p, name));
}

TEST(hello_world_links_with_the_prelude) {
    TestProgram *p = program_from_text("@main () -> void = print(\"hi\")\n");
    CHECK_TEXT(program_messages(p), TEXT(""));
    CHECK(p->program->entry.index != 0);
    CHECK_INT(lookup(p, "main", SCOPE_VALUE, "print").kind, ITEM_FUNCTION);
    CHECK_INT(lookup(p, "main", SCOPE_VALUE, "Some").kind, ITEM_VARIANT);
    CHECK_INT(lookup(p, "main", SCOPE_TYPE, "Option").kind, ITEM_TYPE);
    CHECK_INT(lookup(p, "main", SCOPE_TYPE, "Eq").kind, ITEM_TRAIT);
    CHECK_INT(lookup(p, "main", SCOPE_VALUE, "print_line").kind, ITEM_NONE); // not public
    CHECK(p->program->known.option.index != 0 && p->program->known.error.index != 0);
    CHECK(p->program->builtin_traits[TRAIT_ITERABLE].index != 0);
    program_end(p);
}

TEST(imports_find_items_by_relative_path_and_by_full_name) {
    TestProgram *p = program_of({.name = "main",
                                 .text = "use './geo/shapes' { area, $limit as $max, Shape }\nuse geo.text as text\n"
                                         "use geo.text\n@main () -> void = print(\"\")\n"},
                                {.name = "geo.shapes",
                                 .text = "use '../util' { twice }\nuse './text' { show as shown }\n"
                                         "pub @area (x: int) -> int = twice(x)\npub $limit = 3\n"
                                         "pub type Shape = Circle(radius: int) | Dot\n"},
                                {.name = "geo.text", .text = "pub @show (x: int) -> str = str(x)\n"},
                                {.name = "util", .text = "pub @twice (x: int) -> int = x + x\n"});
    CHECK_TEXT(program_messages(p), TEXT(""));
    CHECK_INT(lookup(p, "main", SCOPE_VALUE, "area").index, program_function(p, "geo.shapes", "area").index);
    CHECK_INT(lookup(p, "main", SCOPE_CONFIG, "max").kind, ITEM_CONFIG);
    CHECK_INT(lookup(p, "main", SCOPE_CONFIG, "limit").kind, ITEM_NONE);
    CHECK_INT(lookup(p, "main", SCOPE_TYPE, "Shape").kind, ITEM_TYPE);
    CHECK_INT(lookup(p, "main", SCOPE_VALUE, "Circle").kind, ITEM_VARIANT); // comes along
    CHECK_INT(lookup(p, "main", SCOPE_VALUE, "Dot").part, 1);
    CHECK_INT(lookup(p, "main", SCOPE_VALUE, "text").kind, ITEM_MODULE);
    CHECK_INT(lookup(p, "geo.shapes", SCOPE_VALUE, "shown").kind, ITEM_FUNCTION);
    CHECK_INT(lookup(p, "geo.shapes", SCOPE_VALUE, "show").kind, ITEM_NONE);
    NameId path[] = {program_name_id(p, "geo"), program_name_id(p, "text")};
    CHECK_INT(scope_module_path(p->program, program_module_id(p, "main"), path, 2).index,
              program_module_id(p, "geo.text").index);
    CHECK_INT(scope_module_path(p->program, program_module_id(p, "main"), path, 1).index, 0);
    CHECK_INT(scope_module_path(p->program, program_module_id(p, "main"), path + 1, 1).index,
              program_module_id(p, "geo.text").index);
    bool is_private;
    CHECK_INT(module_member(p->program, program_module_id(p, "main"), program_module_id(p, "geo.text"), SCOPE_VALUE,
                            program_name_id(p, "show"), &is_private)
                  .kind,
              ITEM_FUNCTION);
    const Module *main_module = &p->program->modules[program_module_id(p, "main").index];
    CHECK_INT(main_module->dependency_count, 2);
    program_end(p);
}

TEST(a_folder_module_resolves_paths_from_its_folder) {
    MESSAGES("",
             {.name = "geo", .text = "use './shapes' { area }\npub @a () -> int = area()\n", .is_folder_module = true},
             {.name = "geo.shapes", .text = "pub @area () -> int = 1\n"});
    MESSAGES("geo:1:5: E0204 there is no module `shapes`\n", {.name = "geo", .text = "use './shapes' { area }\n"},
             {.name = "geo.shapes", .text = "pub @area () -> int = 1\n"});
}

TEST(missing_modules_and_paths_outside_are_reported) {
    MESSAGES("main:1:5: E0204 there is no module `maht`\nmain:2:5: E0205 the path `../x` leaves the project\n"
             "main:3:5: E0205 the path `/etc/x` leaves the project\nmain:4:5: E0204 there is no module `no.where`\n"
             "main:5:5: E0204 there is no module `math`\nmain:6:5: E0204 there is no module `./math.si`\n",
             {.name = "main",
              .text = "use './maht' { a }\nuse '../x' { b }\nuse '/etc/x' { c }\nuse no.where { d }\nuse 'math' { e }\n"
                      "use './math.si' { f }\n@main () -> void = a(b, c)\n"},
             {.name = "math", .text = "pub @a () -> int = 1\n"});
    TestProgram *p = program_of({.name = "main", .text = "use maht { a }\n"}, {.name = "math", .text = ""});
    CHECK_TEXT(program_messages_full(p),
               TEXT("main:1:5: E0204 there is no module `maht`\n  note: did you mean `math`?\n"));
    CHECK_INT(lookup(p, "main", SCOPE_VALUE, "a").kind, ITEM_SILENT); // known, and silent
    program_end(p);
}

TEST(a_module_does_not_import_itself) {
    MESSAGES("main:1:5: E0209 a module cannot import itself\n",
             {.name = "main", .text = "use './main' { a }\npub @a () -> int = 1\n"});
}

TEST(private_items_need_colons_except_in_test_files) {
    const char *math = "@helper () -> int = 1\npub @shown () -> int = 2\n$secret = 1\n";
    TestProgram *p =
        program_of({.name = "main", .text = "use './math' { helper, ::helper as other, shown, $secret }\n"},
                   {.name = "math", .text = math});
    CHECK_TEXT(program_messages_full(p),
               TEXT("main:1:16: E0203 `helper` is private in module `math`\n  fix: import it with `::`\n"
                    "main:1:50: E0203 `$secret` is private in module `math`\n  fix: import it with `::`\n"));
    CHECK_INT(lookup(p, "main", SCOPE_VALUE, "helper").kind, ITEM_FUNCTION);
    program_end(p);
    MESSAGES("", {.name = "_test.math", .text = "use '../math' { helper }\n", .is_test_file = true},
             {.name = "math", .text = math});
}

TEST(missing_items_name_near_ones) {
    TestProgram *p =
        program_of({.name = "main", .text = "use './math' { ad, $limt, Pont }\n@f (p: Pont) -> int = ad()\n"},
                   {.name = "math",
                    .text = "pub @add () -> int = 1\npub $limit = 1\npub type Point = { x: int }\n@ade () -> int = 1"});
    CHECK_TEXT(program_messages_full(p),
               TEXT("main:1:16: E0206 module `math` has no item `ad`\n  note: did you mean `add`?\n"
                    "main:1:20: E0206 module `math` has no item `$limt`\n  note: did you mean `limit`?\n"
                    "main:1:27: E0206 module `math` has no item `Pont`\n  note: did you mean `Point`?\n"));
    program_end(p);
}

TEST(two_imports_of_one_name_must_mean_one_item) {
    MESSAGES("main:2:13: E0207 two imports give the name `f` to different items\n",
             {.name = "main", .text = "use './a' { f }\nuse './b' { f }\nuse './a' { f }\n"},
             {.name = "a", .text = "pub @f () -> int = 1\n"}, {.name = "b", .text = "pub @f () -> int = 1\n"});
}

TEST(declarations_shadow_imports_and_the_prelude_with_a_warning) {
    MESSAGES("main:2:2: W0207 the declaration of `f` shadows an import\nmain:3:2: W0803 `len` shadows the prelude's\n"
             "main:4:6: W0803 `Option` shadows the prelude's\nmain:4:15: W0803 `Some` shadows the prelude's\n"
             "main:5:2: W0803 `str` shadows the prelude's\n",
             {.name = "main",
              .text = "use './a' { f }\n@f () -> int = 1\n@len () -> int = 1\ntype Option = Some(x: int) | Nothing\n"
                      "@str () -> int = 1\n"},
             {.name = "a", .text = "pub @f () -> int = 1\n"});
}

TEST(late_imports_are_reported_and_take_effect) {
    TestProgram *p = program_of({.name = "main", .text = "@g () -> int = f()\nuse './a' { f }\n"},
                                {.name = "a", .text = "pub @f () -> int = 1\n"});
    CHECK_TEXT(program_messages(p), TEXT("main:2:1: E0202 imports come before the first declaration\n"));
    CHECK_INT(lookup(p, "main", SCOPE_VALUE, "f").kind, ITEM_FUNCTION);
    program_end(p);
}

TEST(reexports_reach_through_any_number_of_modules) {
    TestProgram *p = program_of({.name = "main", .text = "use './c' { run_it, tools, Kind }\n"},
                                {.name = "c", .text = "pub use './b' { go as run_it, tools, Kind }\n"},
                                {.name = "b", .text = "pub use './a' { go, Kind }\npub use './a' as tools\n"},
                                {.name = "a", .text = "pub @go () -> int = 1\npub type Kind = One | Two\n"});
    CHECK_TEXT(program_messages(p), TEXT(""));
    CHECK_INT(lookup(p, "main", SCOPE_VALUE, "run_it").index, program_function(p, "a", "go").index);
    CHECK_INT(lookup(p, "main", SCOPE_VALUE, "tools").index, program_module_id(p, "a").index);
    CHECK_INT(lookup(p, "main", SCOPE_VALUE, "Two").kind, ITEM_VARIANT);
    program_end(p);
}

TEST(a_cycle_is_reported_once_with_its_shortest_path) {
    TestProgram *p =
        program_of({.name = "a", .text = "use './d' { x }\nuse './c' { x }\npub @x () -> int = nothing_here\n"},
                   {.name = "b", .text = "use './a' { x }\n"}, {.name = "c", .text = "use './b' { x }\n"},
                   {.name = "d", .text = "use './b' { x }\n"},
                   {.name = "main", .text = "use './a' { x, no_such }\n@main () -> void = x()\n"});
    CHECK_TEXT(program_messages(p), TEXT("a:2:1: E0210 circular imports: a -> c -> b -> a\n"));
    CHECK_INT(lookup(p, "main", SCOPE_VALUE, "x").kind, ITEM_SILENT);
    CHECK(p->program->modules[program_module_id(p, "a").index].is_cyclic);
    CHECK(!p->program->modules[program_module_id(p, "main").index].is_cyclic);
    program_end(p);
    MESSAGES("a:1:1: E0210 circular imports: a -> b -> a\nx:1:1: E0210 circular imports: x -> y -> x\n",
             {.name = "a", .text = "use './b' { f }\nuse './x' { f }\n"}, {.name = "b", .text = "use './a' { f }\n"},
             {.name = "x", .text = "use './y' { f }\n"}, {.name = "y", .text = "use './x' { f }\n"});
}

TEST(variants_of_one_rank_are_ambiguous) {
    TestProgram *p = program_of({.name = "main", .text = "use './a' { A }\nuse './b' { B }\ntype Own = Other | None\n"},
                                {.name = "a", .text = "pub type A = Red | Other\n"},
                                {.name = "b", .text = "pub type B = Red | Blue\n"});
    CHECK_TEXT(program_messages(p), TEXT("main:3:20: W0803 `None` shadows the prelude's\n"));
    CHECK_INT(lookup(p, "main", SCOPE_VALUE, "Red").kind, ITEM_AMBIGUOUS);
    CHECK_INT(lookup(p, "main", SCOPE_VALUE, "Blue").kind, ITEM_VARIANT);
    CHECK_INT(lookup(p, "main", SCOPE_VALUE, "Other").index, program_type(p, "main", "Own").index);
    program_end(p);
}

static Text finished(TestProgram *p) {
    REQUIRE(program_finish(p->program, p->pool) == STATUS_OK);
    return program_messages(p);
}

TEST(unused_imports_are_warned_about) {
    TestProgram *p =
        program_of({.name = "main",
                    .text = "use './a' { f, g, $c, T }\nuse './a' as other\nuse './a' { print }\nuse b.c\n"
                            "@h (t: T) -> int = 1\n"},
                   {.name = "a",
                    .text = "pub @f () -> int = 1\npub @g () -> int = 1\npub $c = 1\npub type T = { x: int }\n"
                            "pub @print () -> void = ()\n"},
                   {.name = "b.c", .text = ""});
    CHECK_INT(lookup(p, "main", SCOPE_VALUE, "g").kind, ITEM_FUNCTION); // as a body would
    CHECK_TEXT(finished(p),
               TEXT("a:5:6: W0803 `print` shadows the prelude's\nmain:1:13: W0208 the import `f` is not used\n"
                    "main:1:19: W0208 the import `$c` is not used\nmain:2:5: W0208 the import `other` is not used\n"
                    "main:4:5: W0208 the import `b.c` is not used\n"));
    program_end(p);
}

TEST(every_function_needs_a_test) {
    const TestModule modules[] = {
        {.name = "main",
         .text = "use './a' { T, ::hidden }\n@main () -> void = ()\n@f () -> int = 1\n@g () -> int = 1\n"
                 "@test_f tests @f tests @hidden tests @T.size () -> void = ()\n@test_nothing () -> void = ()\n"},
        {.name = "a",
         .text = "pub type T = { x: int }\nimpl T { @size (self) -> int = 1 }\n@hidden () -> int = 1\n@open () -> int "
                 "= 1\n"}};
    static const struct {
        CoverageLevel level;
        const char *expected;
    } rows[] = {
        {COVERAGE_OFF, ""},
        {COVERAGE_WARN, "a:4:2: W0500 function @open has no tests\nmain:4:2: W0500 function @g has no tests\n"},
        {COVERAGE_ERROR, "a:4:2: E0500 function @open has no tests\nmain:4:2: E0500 function @g has no tests\n"}};
    for (uint32_t i = 0; i < 3; i++)
        for (uint32_t without = 0; without < 2; without++) {
            TestOptions options = {.coverage = rows[i].level, .without_tests = without == 1};
            TestProgram *p = program_from(modules, 2, &options);
            CHECK_TEXT(finished(p), text_from(rows[i].expected));
            CHECK_INT(program_function(p, "main", "test_f").index != 0, !without);
            program_end(p);
        }
}

// Forty modules in a chain of imports and re-exports, some with mistakes: the same text for any number of threads.
TEST(messages_are_the_same_for_any_number_of_threads) {
    enum { COUNT = 40 };
    TestModule modules[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        modules[i] = (TestModule){.name = arena_format(test_arena(), "m%02u", i).data};
        uint32_t next = i + 1 < COUNT ? i + 1 : i;
        modules[i].text =
            arena_format(test_arena(),
                         "%suse './m%02u' { f%u, nothing%u, T%u }\n@f%u (a: T%u, b: Unknown%u) -> int = 1\n"
                         "pub type T%u = A%u | B%u(x: T%u)\n@f%u () -> int = 2\nimpl T%u { @size (self) -> int = 1 }\n",
                         i % 3 == 0 ? "pub " : "", next, next, i, next, i, next, i, i, i, i, next, i, i)
                .data;
    }
    Text first = {0};
    static const uint32_t threads[] = {0, 1, 2, 3, 8};
    for (uint32_t i = 0; i < 5; i++) {
        TestOptions options = {.threads = threads[i], .coverage = COVERAGE_WARN};
        TestProgram *p = program_from(modules, COUNT, &options);
        Text text = arena_text(test_arena(), finished(p));
        if (i == 0) first = text;
        CHECK(first.length > 1000);
        CHECK(text_equal(first, text));
        program_end(p);
    }
}

// tests/unit/test_signatures.c: step 2 of the checker: types, signatures, traits, methods, tests' targets.
#include "tests/unit/harness.h"
#include "tests/unit/program_helper.h"

static void check_messages(const char *text, const char *expected) {
    TestProgram *p = program_from_text(text);
    CHECK_TEXT(program_messages(p), text_from(expected));
    program_end(p);
}

static void check_full(const char *text, const char *expected) {
    TestProgram *p = program_from_text(text);
    CHECK_TEXT(program_messages_full(p), text_from(expected));
    program_end(p);
}

TEST(the_prelude_has_no_mistakes) {
    TestProgram *p = program_of({.name = "main", .text = ""});
    CHECK_TEXT(program_messages(p), TEXT(""));
    CHECK(p->program->function_count > 200);
    CHECK_TEXT(program_signature(p, program_function(p, "prelude", "print")), TEXT("(msg: T) -> void"));
    CHECK_TEXT(program_signature(p, program_function(p, "prelude", "Option.ok_or")),
               TEXT("(self: Option<T>, error: E) -> Result<T, E>"));
    CHECK_TEXT(program_signature(p, program_function(p, "prelude", "Set.from")), TEXT("(list: [T]) -> Set<T>"));
    const Function *print = &p->program->functions[program_function(p, "prelude", "print").index];
    CHECK_INT(print->parameters[0].also_count, 2);
    CHECK_TEXT(names_text(p->names, print->parameters[0].also[1]), TEXT("s"));
    CHECK_INT(print->generics.bound_count, 1);
    CHECK_INT(print->generics.bounds[0].trait.index, p->program->builtin_traits[TRAIT_PRINTABLE].index);
    program_end(p);
}

TEST(every_form_of_type_is_read_and_printed) {
    TestProgram *p =
        program_from_text("type Box<T> = { value: T }\ntype Pair<A, B> = Pair(A, second: B) | Neither\ntype Id = str\n"
                          "@f<T> (a: [int], b: {str: [float]}, c: Set<char>, d: Range<byte>, e: (int, (bool, void)), "
                          "g: (T, int) -> Option<T>,\n"
                          "  h: () -> (), i: Box<Pair<int, T>>, j: Id, k: Duration, l: Size, m: Never, n: (int), o: "
                          "Instant) -> Result<T, Error> = todo()\n");
    CHECK_TEXT(program_messages(p), TEXT(""));
    CHECK_TEXT(program_signature(p, program_function(p, NULL, "f")),
               TEXT("(a: [int], b: {str: [float]}, c: Set<char>, d: Range<byte>, e: (int, (bool, void)), g: (T, int) "
                    "-> Option<T>, "
                    "h: () -> void, i: Box<Pair<int, T>>, j: Id, k: Duration, l: Size, m: Never, n: int, o: Instant) "
                    "-> Result<T, Error>"));
    const TypeDecl *pair = &p->program->type_decls[program_type(p, NULL, "Pair").index];
    CHECK_INT(pair->kind, DECL_SUM);
    CHECK_INT(pair->variant_count, 2);
    CHECK_INT(pair->variants[0].field_count, 2);
    CHECK_INT(pair->variants[0].fields[0].name.index, 0);
    CHECK(pair->variants[0].has_parentheses && !pair->variants[1].has_parentheses);
    const TypeDecl *id = &p->program->type_decls[program_type(p, NULL, "Id").index];
    CHECK_INT(id->kind, DECL_NEWTYPE);
    CHECK_TEXT(names_text(p->names, id->variants[0].fields[0].name), TEXT("value"));
    CHECK_INT(id->variants[0].fields[0].type.index, TYPE_STR);
    program_end(p);
}

TEST(unknown_types_and_wrong_arguments_are_reported) {
    check_full("type Point = { x: int }\ntype Box<T> = { value: T }\n@f (a: Pont, b: Box, c: Box<int, int>, d: "
               "int<str>, e: Set, g: [Pont]) -> Eq = todo()\n",
               "main:3:8: E0383 unknown type `Pont`\n  note: did you mean `Point` or `int`?\n"
               "main:3:17: E0382 `Box` takes 1 type argument, found 0\n"
               "main:3:25: E0382 `Box` takes 1 type argument, found 2\n"
               "main:3:43: E0382 `int` takes no type arguments, found 1\n"
               "main:3:56: E0382 `Set` takes 1 type argument, found 0\n"
               "main:3:65: E0383 unknown type `Pont`\n  note: did you mean `Point` or `int`?\n"
               "main:3:75: E0383 unknown type `Eq`\n  note: this is a trait; a value of any type that has it is `dyn` "
               "and the trait's name\n");
}

TEST(an_unknown_name_comes_with_the_use_line_that_would_bring_it) {
    TestProgram *p = program_of({.name = "main", .text = "use './b' { f }\n@g (p: Point) -> int = f()\n"},
                                {.name = "a", .text = "pub type Point = { x: int }\n"},
                                {.name = "b", .text = "pub @f () -> int = 1\n"});
    CHECK_TEXT(program_messages_full(p), TEXT("main:2:8: E0383 unknown type `Point`\n  note: did you mean `int`?\n  "
                                              "note: it can be imported: `use a { Point }`\n"
                                              "  fix: add `use a { Point }`\n"));
    program_end(p);
}

TEST(type_arguments_keep_their_bounds) {
    check_messages("type Sorted<T: Comparable> = { items: [T] }\n@f (a: Sorted<int>, b: Sorted<[str]>, c: Sorted<() -> "
                   "int>, d: {float: int}, e: Set<float>) -> int = 1\n"
                   "@g<T> (a: Sorted<T>) -> int = 1\n@h<T> (a: Sorted<T>) -> int where T: Comparable = 1\n@i<T: "
                   "Hashable> (a: Set<T>) -> int = 1\n",
                   "main:2:49: E0384 the type argument `() -> int` does not satisfy the bound `Comparable`\n"
                   "main:2:65: E0384 the type argument `float` does not satisfy the bound `Hashable`\n"
                   "main:2:85: E0384 the type argument `float` does not satisfy the bound `Hashable`\n"
                   "main:3:18: E0384 the type argument `T` does not satisfy the bound `Comparable`\n");
}

TEST(types_that_contain_themselves_are_reported) {
    check_messages(
        "type A = { b: B }\ntype B = { a: A }\ntype Tree = Leaf | Node(Tree, Tree)\ntype Links = { next: [Links], "
        "more: Option<Links> }\n"
        "type Box<T> = { value: T }\ntype Bad = { x: Box<(int, Bad)> }\ntype Ghost<T> = { xs: [T] }\ntype Good = { x: "
        "Ghost<Good> }\ntype Self2 = Self2\n",
        "main:1:6: E0381 the type `A` contains itself\nmain:2:6: E0381 the type `B` contains itself\n"
        "main:6:6: E0381 the type `Bad` contains itself\nmain:9:6: E0381 the type `Self2` contains itself\n");
}

TEST(deep_and_large_types_are_reported) {
    Buffer text = buffer_in(test_arena());
    buffer_literal(&text, "@f (a: ");
    for (uint32_t i = 0; i < 200; i++)
        buffer_char(&text, '[');
    buffer_literal(&text, "int");
    for (uint32_t i = 0; i < 200; i++)
        buffer_char(&text, ']');
    buffer_literal(&text, ") -> int = 1\n");
    buffer_char(&text, '\0');
    check_messages(text.data, "main:1:80: E0385 this type is too deep or too large\n");
}

TEST(duplicates_are_reported_at_the_second) {
    check_full("@f (a: int, a: int) -> int = 1\n@f () -> int = 2\ntype T<A, A> = { x: A, x: A }\ntype S = A | B | "
               "A\ntype T = int\n$c = 1\n$c = 2\n"
               "type Own = { x: int }\nimpl Own { @m (self) -> int = 1 }\nimpl Own { @m (self) -> int = 1 }\n",
               "main:1:13: E0211 `a` is defined twice\n  label main:1:5: first defined here\n"
               "main:2:2: E0211 `f` is defined twice\n  label main:1:2: first defined here\n"
               "main:3:11: E0211 `A` is defined twice\n  label main:3:8: first defined here\n"
               "main:3:24: E0211 `x` is defined twice\n  label main:3:18: first defined here\n"
               "main:4:18: E0211 `A` is defined twice\n  label main:4:10: first defined here\n"
               "main:5:6: E0211 `T` is defined twice\n  label main:3:6: first defined here\n"
               "main:7:1: E0211 `c` is defined twice\n  label main:6:1: first defined here\n"
               "main:10:13: E0211 `m` is defined twice\n  label main:9:13: first defined here\n");
}

TEST(public_signatures_are_annotated_in_full) {
    check_messages("pub @f (a, b: int) -> int = 1\npub @g (a: int) = 1\n@h (a) -> int = 1\ntype T = { x: int }\nimpl T "
                   "{ @m (self, a) -> int = 1 @n (self) = 1 }\n",
                   "main:1:6: E0231 the signature of `f` must be annotated in full: its parameter `a` has no type\n"
                   "main:2:6: E0231 the signature of `g` must be annotated in full: it has no result type\n"
                   "main:5:11: E0231 the signature of `m` must be annotated in full: its parameter `a` has no type\n"
                   "main:5:35: E0231 the signature of `n` must be annotated in full: it has no result type\n");
}

TEST(configs_are_literals) {
    TestProgram *p = program_from_text("$a = 42\n$b: byte = 200\n$c = -1.5\n$d = \"text\"\n$e: Duration = -3s\n$f = "
                                       "'x'\n$g = true\n$h = 4kb\n$m = -9223372036854775808\n");
    CHECK_TEXT(program_messages(p), TEXT(""));
    const ConfigDecl *configs =
        p->program->configs + p->program->modules[program_module_id(p, NULL).index].first_config;
    static const TypeKind kinds[] = {TYPE_INT,  TYPE_BYTE, TYPE_FLOAT, TYPE_STR, TYPE_DURATION,
                                     TYPE_CHAR, TYPE_BOOL, TYPE_SIZE,  TYPE_INT};
    for (uint32_t i = 0; i < 9; i++)
        CHECK_INT(configs[i].type.index, kinds[i]);
    CHECK_INT(configs[0].value, 42);
    double minus = -1.5;
    CHECK(memcmp(&minus, &configs[2].value, 8) == 0);
    CHECK_TEXT(names_text(p->names, (NameId){(uint32_t)configs[3].value}), TEXT("text"));
    CHECK_INT(configs[4].value, -3000000000);
    CHECK_INT(configs[7].value, 4096);
    CHECK(configs[8].value == (uint64_t)1 << 63);
    program_end(p);
    check_messages(
        "$a = 1 + 2\n$b = $a\n$c: float = 1\n$d: byte = 256\n$e = -\"x\"\n$f = -1kb\n$g = [1]\n$h: Foo = 1\n",
        "main:1:6: E0221 a config value must be a literal\nmain:2:6: E0221 a config value must be a literal\n"
        "main:3:13: E0301 type mismatch: expected `float`, found `int`\nmain:4:12: E0021 this integer does not fit "
        "into `byte`\n"
        "main:5:6: E0221 a config value must be a literal\nmain:6:6: E0302 operator `-` is not defined for `Size`\n"
        "main:7:6: E0221 a config value must be a literal\nmain:8:5: E0383 unknown type `Foo`\n");
}

TEST(tests_have_their_shape_and_their_targets) {
    check_messages(
        "@f () -> int = 1\n@t1 tests @f (x: int) -> void = ()\n@t2 tests @f () -> int = 1\n@t3 tests @g tests @f.x "
        "tests @T.m tests @T.n () -> void = ()\n"
        "@t4 tests @m () = ()\ntype T = { x: int }\nimpl T { @m (self) -> int = 1 }\n@t5 tests @t4 () -> void = ()\n",
        "main:2:2: E0504 the test `@t1` must take no parameters\nmain:3:2: E0504 the test `@t2` must give `void`\n"
        "main:4:12: W0501 unknown test target `@g`\nmain:4:21: W0501 unknown test target `@f.x`\nmain:4:43: W0501 "
        "unknown test target `@T.n`\n"
        "main:8:12: W0501 unknown test target `@t4`\n");
    TestProgram *p = program_from_text("@f () -> int = 1\n#[skip(\"later\")]\n#[fail(\"out of\")]\n@t tests @f () -> "
                                       "void = ()\n#compile_fail(\"E0301\")\n@test_x () -> void = ()\n");
    CHECK_TEXT(program_messages(p), TEXT(""));
    const Function *t = &p->program->functions[program_function(p, NULL, "t").index];
    CHECK(t->is_test);
    CHECK_TEXT(t->skip, TEXT("later"));
    CHECK_TEXT(t->fail, TEXT("out of"));
    REQUIRE(t->target_count == 1);
    CHECK_INT(t->targets[0].index, program_function(p, NULL, "f").index);
    CHECK_INT(t->line, 4);
    CHECK_INT(t->column, 2);
    const Function *x = &p->program->functions[program_function(p, NULL, "test_x").index];
    CHECK(x->is_test && x->expects_compile_error);
    CHECK_TEXT(x->compile_fail, TEXT("E0301"));
    program_end(p);
}

TEST(attributes_belong_where_they_stand) {
    check_full("#[skp(\"x\")]\n@t tests @f () -> void = ()\n#[derive(Eq)]\n@f () -> int = 1\n#[skip]\ntype T = { x: "
               "int }\nimpl T {\n  #[also(\"a\", \"b\")]\n  @m (self, a: int) -> int = 1\n}\n",
               "main:1:3: E0503 unknown attribute `skp`\n  note: did you mean `skip`?\n"
               "main:3:3: E0110 an attribute is not allowed here\n  note: `derive` belongs to a type\n"
               "main:5:3: E0110 an attribute is not allowed here\n  note: this attribute belongs to a test\n"
               "main:8:3: E0110 an attribute is not allowed here\n");
}

TEST(derives_need_their_parts) {
    check_full("type F = { f: () -> int }\n#[derive(Eq, Hashable, Printable)]\ntype A = { x: float, f: F, y: [F] "
               "}\n#[derive(Comparable)]\ntype B = { x: int }\n"
               "#[derive(Default)]\ntype C = X | Y\n#[derive(Eq, Prntable, Len)]\ntype D = { x: int }\n#[derive(Eq, "
               "Clone, Printable)]\ntype Tree<T> = Leaf | Node(T, [Tree<T>])\n",
               "main:3:12: E0461 cannot derive `Hashable`: `float` does not have it\n  label main:2:14: derived here\n"
               "main:3:22: E0461 cannot derive `Eq`: `F` does not have it\n  label main:2:10: derived here\n"
               "main:3:22: E0461 cannot derive `Hashable`: `F` does not have it\n  label main:2:14: derived here\n"
               "main:3:22: E0461 cannot derive `Printable`: `F` does not have it\n  label main:2:24: derived here\n"
               "main:3:28: E0461 cannot derive `Eq`: `F` does not have it\n  label main:2:10: derived here\n"
               "main:3:28: E0461 cannot derive `Hashable`: `F` does not have it\n  label main:2:14: derived here\n"
               "main:3:28: E0461 cannot derive `Printable`: `F` does not have it\n  label main:2:24: derived here\n"
               "main:4:10: E0435 `Comparable` also needs `Eq`\n  fix: derive Eq too\n"
               "main:6:10: E0461 cannot derive `Default`: `C` does not have it\n  note: a sum type has no default: "
               "which variant would it be?\n"
               "main:8:14: E0462 unknown trait `Prntable`\n  note: did you mean `Printable`?\n"
               "main:8:24: E0461 cannot derive `Len`: `D` does not have it\n  note: this trait cannot be derived; "
               "write an `impl`\n");
}

TEST(main_has_one_of_its_shapes) {
    static const char *const good[] = {"@main () -> void = ()", "@main (args: [str]) -> int = 0",
                                       "@main () -> Result<void, str> = Ok(())"};
    static const char *const bad[] = {"@main (n: int) -> void = ()", "@main () -> str = \"\"",
                                      "@main<T> () -> void = ()", "@main () -> Result<int, str> = Ok(1)",
                                      "@main () -> Result<void, () -> int> = Ok(())"};
    for (uint32_t i = 0; i < 3; i++)
        check_messages(good[i], "");
    for (uint32_t i = 0; i < 5; i++) {
        TestProgram *p = program_from_text(bad[i]);
        CHECK(text_starts_with(program_messages(p), TEXT("main:1:2: E0704 ")));
        program_end(p);
    }
}

TEST(what_comes_later_is_said_to_come_later) {
    check_messages(
        "extension './a' { T.f }\ntrait Shape { @area (self) -> float }\ntype T = { x: int }\nimpl Shape for T { @area "
        "(self) -> float = 1.0 }\n"
        "extend T { @g (self) -> int = 1 }\n@f (a: dyn Shape, b: { x: int }, c: Channel<int>) -> int uses Http = "
        "1\n@g<T: Shape> (x: T.Item) -> int where T.Item: Eq = 1\n",
        "main:1:11: E0204 there is no module `a`\nmain:6:22: E0901 not supported yet: types of anonymous records\n"
        "main:6:37: E0901 not supported yet: channels\n"
        "main:6:63: W0606 `Http` is taken as an opaque capability; std defines one of that name\n"
        "main:7:18: E0383 unknown type `T.Item`\nmain:7:39: E0383 unknown type `T.Item`\n");
}

TEST(inherent_impls_stand_in_the_types_project) {
    check_messages("impl int { @twice (self) -> int = self }\nimpl<T> [T] { @third (self) -> int = 1 }\nimpl<T> "
                   "Option<T> { @x (self) -> int = 1 }\nimpl<T> T { @y (self) -> int = 1 }\n",
                   "main:1:6: E0437 methods of `int` can only be declared in the project that declares the type\n"
                   "main:2:9: E0437 methods of `[T]` can only be declared in the project that declares the type\n"
                   "main:3:9: E0437 methods of `Option<T>` can only be declared in the project that declares the type\n"
                   "main:4:9: E0437 a type parameter can have no methods of its own\n");
}

TEST(methods_are_found_by_the_head_of_their_receiver) {
    TestProgram *p = program_of({.name = "main",
                                 .text = "type Box<T> = { value: T }\nimpl<T: Clone> Box<T> { @get<U> (self, other: U) "
                                         "-> (T, U) = todo() @new (value: T) -> Self = todo() }\n"
                                         "@f (a: Box<int>, b: [int], c: str) -> int = 1\n"});
    CHECK_TEXT(program_messages(p), TEXT(""));
    FunctionId get = program_function(p, NULL, "Box.get");
    CHECK_TEXT(program_signature(p, get), TEXT("(self: Box<T>, other: U) -> (T, U)"));
    CHECK_INT(p->program->functions[get.index].own_generics, 1);
    CHECK_TEXT(program_signature(p, program_function(p, NULL, "Box.new")), TEXT("(value: T) -> Box<T>"));
    const Function *f = &p->program->functions[program_function(p, NULL, "f").index];
    FunctionId found[4];
    ModuleId main_id = program_module_id(p, NULL);
    REQUIRE(methods_find(p->program, main_id, f->parameters[0].type, program_name_id(p, "get"), found, 4) == 1);
    CHECK_INT(found[0].index, get.index);
    REQUIRE(methods_find(p->program, main_id, f->parameters[1].type, program_name_id(p, "get"), found, 4) == 1);
    CHECK_INT(found[0].index, program_function(p, "prelude", "[T].get").index);
    CHECK_INT(methods_find(p->program, main_id, f->parameters[2].type, program_name_id(p, "get"), found, 4), 0);
    CHECK_INT(methods_find(p->program, main_id, f->parameters[1].type, program_name_id(p, "sort_by"), found, 1) >= 1,
              1);
    TypeId argument = TYPE_ID(TYPE_STR);
    TypeId self = p->program->impls[p->program->functions[get.index].impl.index].self_type;
    CHECK_TEXT(program_type_text(p, type_substitute(p->program, test_arena(), self, &argument, 1)), TEXT("Box<str>"));
    program_end(p);
}

// The table of chapter 5, asked of the parameters of a function.
TEST(traits_hold_as_the_table_says) {
    TestProgram *p =
        program_from_text("#[derive(Eq, Hashable, Comparable)]\ntype P = { x: int }\ntype Q = { x: int }\n#[derive(Eq, "
                          "Printable)]\ntype Tree<T> = Leaf | Node(T, [Tree<T>])\n"
                          "#[derive(Eq)]\ntype Nest<T> = End | More(Nest<[T]>)\n"
                          "@f<A, B: Comparable, C: Hashable> (a: int, b: float, c: [float], d: (int, str), e: {str: "
                          "Q}, g: Set<int>, h: Range<int>, i: Ordering, j: Error, k: () -> int,\n"
                          "  l: Option<[Q]>, m: P, n: Q, o: Tree<P>, q: Tree<Q>, r: A, s: B, t: C, u: Tree<B>, v: "
                          "Result<int, Q>, w: Nest<int>, x: void, y: Instant, z: Tree<Tree<() -> int>>) -> int = 1\n");
    CHECK_TEXT(program_messages(p), TEXT(""));
    const Function *f = &p->program->functions[program_function(p, NULL, "f").index];
    static const struct {
        const char *parameter;
        const char *has; // letters: Eq, Comparable, Hashable, Printable, cLone, Default, leN, Iterable, Summable
    } rows[] = {{"a", "ECHPLDS"}, {"b", "ECPLDS"}, {"c", "ECPLDNI"}, {"d", "ECHPLD"}, {"e", "LDNI"}, {"g", "EPLDNI"},
                {"h", "EHPLNI"},  {"i", "ECHPL"},  {"j", "EPL"},     {"k", "L"},      {"l", "LDI"},  {"m", "ECH"},
                {"n", ""},        {"o", "E"},      {"q", ""},        {"r", ""},       {"s", "EC"},   {"t", "EH"},
                {"u", "E"},       {"v", "L"},      {"w", "?"},       {"x", "ECHPLD"}, {"y", "ECHL"}, {"z", ""}};
    static const struct {
        char letter;
        BuiltinTrait trait;
    } letters[] = {{'E', TRAIT_EQ},        {'C', TRAIT_COMPARABLE}, {'H', TRAIT_HASHABLE},
                   {'P', TRAIT_PRINTABLE}, {'L', TRAIT_CLONE},      {'D', TRAIT_DEFAULT},
                   {'N', TRAIT_LEN},       {'I', TRAIT_ITERABLE},   {'S', TRAIT_SUMMABLE}};
    for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t index = 0;
        while (!text_equal(names_text(p->names, f->parameters[index].name), text_from(rows[i].parameter)))
            index++;
        for (uint32_t k = 0; k < sizeof letters / sizeof *letters; k++) {
            SolveResult result = trait_solve(p->program, &f->generics, f->parameters[index].type,
                                             p->program->builtin_traits[letters[k].trait]);
            bool expected = strchr(rows[i].has, letters[k].letter) != NULL;
            SolveAnswer answer = expected ? SOLVE_YES : SOLVE_NO;
            if (rows[i].has[0] == '?')
                answer = letters[k].trait == TRAIT_EQ ? SOLVE_UNKNOWN : SOLVE_NO; // ever larger: E0442
            if (result.answer != answer) FAIL("%s, %c: %d", rows[i].parameter, letters[k].letter, (int)result.answer);
        }
    }
    SolveResult result = trait_solve(p->program, NULL, f->parameters[4].type, p->program->builtin_traits[TRAIT_EQ]);
    CHECK_TEXT(program_type_text(p, result.failing_part), TEXT("Q"));
    program_end(p);
}

TEST(long_types_are_cut_in_the_middle) {
    TestProgram *p = program_from_text("type AVeryLongNameForATypeSoThatItsTextIsLong<T> = { value: T }\n");
    TypeId type = TYPE_ID(TYPE_INT);
    for (uint32_t i = 0; i < 20; i++)
        type = type_make(p->program, test_arena(), TYPE_NAMED,
                         program_type(p, NULL, "AVeryLongNameForATypeSoThatItsTextIsLong").index, &type, 1);
    Text text = program_type_text(p, type);
    CHECK_INT(text.length, 503);
    CHECK(text_ends_with(text, TEXT(">>>>>>>")));
    program_end(p);
}

TEST(types_have_a_total_order) {
    TestProgram *p = program_from_text(
        "@f (a: int, b: str, c: [int], d: [str], e: {int: int}, g: (int, int), h: (int, int, int)) -> int = 1\n");
    const Function *f = &p->program->functions[program_function(p, NULL, "f").index];
    for (uint32_t i = 0; i < f->parameter_count; i++)
        for (uint32_t k = 0; k < f->parameter_count; k++) {
            int order = type_compare(p->program, f->parameters[i].type, f->parameters[k].type);
            CHECK_INT(order, (i > k) - (i < k));
        }
    program_end(p);
}

// A program with everything in it, cut off at every byte, and with each token left out: never a crash, and the interner's
// invariants hold. Without the prelude, so that there is time for all of them.
static const char everything[] =
    "use './other' { a, ::b as c, $d as $e }\npub use './other' as o\nuse x.y\nextension './other' { T.f }\n"
    "pub $limit: byte = -12\n#[derive(Eq, Clone)]\npub type Pair<A: Eq, B> where B: Eq + Clone = { a: A, b: [(A, {B: "
    "Pair<A, B>})] }\n"
    "type S = | One(x: int, (int) -> o.Q) | Two\ntype N = Set<Self.X>\ntrait Tr<T>: Eq { type I: Eq  @m<U> (self, x: "
    "T) -> Self = x }\n"
    "impl<T: Tr> Pair<T, T> where T: Eq { pub @m (self, self, q: T) -> Self uses A, B = 1 }\nimpl Tr for S { type I = "
    "int @m (self) -> int = 1 }\n"
    "extend [T] { @z (self) -> T = 1 }\n#[skip(\"x\")]\n@t tests @f tests @S.m tests @o.f.g () -> void = ()\n@main "
    "(args: [str]) -> Result<void, dyn Tr> = 1\n"
    "@f<T, T> (a, b: T.X, _: int) = 1\n";

static void survives(const char *text, uint32_t length) {
    char *copy = arena_alloc(test_arena(), (size_t)length + 1, 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    TestModule modules[] = {
        {.name = "main", .text = copy},
        {.name = "other", .text = "pub @a () -> int = 1\npub type Q = { x: int }\n@b () -> int = 1\npub $d = 1\n"}};
    TestOptions options = {.without_prelude = true, .coverage = COVERAGE_ERROR};
    TestProgram *p = program_from(modules, 2, &options);
    REQUIRE(program_finish(p->program, NULL) == STATUS_OK);
    (void)program_messages_full(p); // printing looks at every place
    for (uint32_t i = 1; i <= p->program->function_count; i++)
        (void)program_signature(p, (FunctionId){i}); // likewise
    program_end(p);
}

TEST(every_beginning_of_a_program_is_survived) {
    for (uint32_t length = 0; length < sizeof everything; length++)
        survives(everything, length);
}

TEST(a_program_without_any_of_its_words_is_survived) {
    uint32_t length = (uint32_t)sizeof everything - 1;
    for (uint32_t start = 0; start < length; start++) {
        uint32_t end = start + 1;
        while (end < length && everything[end] != ' ' && everything[end] != '(' && everything[end] != '<')
            end++;
        char *text = arena_alloc(test_arena(), length, 1);
        memcpy(text, everything, start);
        memcpy(text + start, everything + end, length - end);
        survives(text, length - (end - start));
        start = end - 1;
    }
}

TEST(many_names_in_one_declaration_take_linear_time) {
    enum { COUNT = 60000 };
    Buffer text = buffer_in(test_arena());
    buffer_literal(&text, "@f (x7: int");
    for (uint32_t i = 0; i < COUNT; i++)
        buffer_format(&text, ", x%u: int", i);
    buffer_literal(&text, ") -> int = 1\ntype S = A7(x: int)");
    for (uint32_t i = 0; i < COUNT; i++)
        buffer_format(&text, " | A%u(x: int, x: int)", i);
    buffer_literal(&text, "\n");
    buffer_char(&text, '\0');
    TestProgram *p = program_from_text(text.data);
    CHECK_INT(p->program->modules[program_module_id(p, NULL).index].diagnostics.error_count, 2 + COUNT - 1);
    program_end(p);
}

TEST(types_of_other_modules_are_named_by_alias_or_path) {
    TestProgram *p =
        program_of({.name = "main",
                    .text = "use './geo/shapes' as s\nuse geo.shapes\nuse './nowhere' as n\n"
                            "@f (a: s.Shape, b: geo.shapes.Box<int>, c: n.Thing) -> s.Shape = todo()\n"
                            "@g (a: s.Hidden, b: s.Missing, c: geo.Box<int>, d: Shape) -> int = 1\n"},
                   {.name = "geo.shapes",
                    .text = "pub type Shape = Dot | Line\npub type Box<T> = { value: T }\ntype Hidden = int\n"});
    CHECK_TEXT(program_messages(p), TEXT("main:3:5: E0204 there is no module `nowhere`\n"
                                         "main:5:10: E0203 `Hidden` is private in module `geo.shapes`\n"
                                         "main:5:23: E0383 unknown type `Missing`\n"
                                         "main:5:35: E0383 unknown type `geo`\n"
                                         "main:5:52: E0383 unknown type `Shape`\n"));
    CHECK_TEXT(program_signature(p, program_function(p, NULL, "f")), TEXT("(a: Shape, b: Box<int>, c: ?) -> Shape"));
    program_end(p);
}

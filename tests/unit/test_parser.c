// tests/unit/test_parser.c: every construct of chapter 2 as its tree, every mistake with its code and place, and that
// nothing whatever makes the parser fail.
#include "syntax/parser_internal.h"
#include "tests/unit/harness.h"
#include <stdlib.h>

static NameInterner *names; // one for the program
static NameCache cache;

static Arena *round_arena; // of a test that parses thousands of texts: emptied after each
static Arena *arena(void) { return round_arena != NULL ? round_arena : test_arena(); }

static const ParsedFile *parse(Text text) {
    if (names == NULL) {
        REQUIRE(names_create(8, &names) == STATUS_OK);
        name_cache_init(&cache, names);
    }
    Source *source = arena_new(arena(), Source);
    *source = (Source){{1}, TEXT("test.si"), text};
    ParsedFile *file = arena_new(arena(), ParsedFile);
    *file = (ParsedFile){.source = source, .diagnostics = diag_sink(arena())};
    REQUIRE(lex_file(arena(), source, &cache, &file->diagnostics, &file->tokens) == STATUS_OK);
    REQUIRE(parse_tokens(arena(), &file->tokens, &cache, &file->diagnostics, &file->tree) == STATUS_OK);
    const char *wrong = tree_check(&file->tree, &file->tokens);
    if (wrong != NULL) FAIL("%s in the tree of: %.*s", wrong, (int)(text.length < 500 ? text.length : 500), text.data);
    return file;
}

// The tree on one line.
static Text rendered(const ParsedFile *file) {
    Buffer printed = buffer_in(arena()), out = buffer_in(arena());
    tree_print(&file->tree, &file->tokens, names, &printed);
    for (size_t i = 0; i < printed.length; i++) {
        char c = printed.data[i] == '\n' ? ' ' : printed.data[i];
        char last = out.length > 0 ? out.data[out.length - 1] : ' ';
        if (c == ' ' && (last == ' ' || last == '[')) continue;
        buffer_char(&out, c);
    }
    while (out.length > 0 && out.data[out.length - 1] == ' ')
        out.length--;
    return (Text){out.data, (uint32_t)out.length};
}

static void append_errors(Buffer *out, const ParsedFile *file) {
    Diagnostic **sorted;
    uint32_t count;
    const DiagSink *sink = &file->diagnostics;
    diagnostics_sort(arena(), &sink, 1, &sorted, &count);
    for (uint32_t i = 0; i < count; i++) {
        const Diagnostic *d = sorted[i];
        uint32_t line, column;
        tokens_position(&file->tokens, d->span.start, &line, &column);
        buffer_format(out, "%s%s %u:%u-%u", out->length > 0 ? ", " : "", diag_code_text(d->code), line, column,
                      d->span.end - d->span.start);
    }
}

// The errors as "E0102 line:column-length", in the order of positions.
static Text errors(const ParsedFile *file) {
    Buffer out = buffer_in(arena());
    append_errors(&out, file);
    return (Text){out.data, (uint32_t)out.length};
}

// What stands between `head` and the last `)`: the tree of the one declaration without its head.
static Text without_head(Text tree, Text head) {
    if (head.length == 0 || !text_starts_with(tree, head) || tree.length < head.length + 1) return tree;
    return (Text){tree.data + head.length, tree.length - head.length - 1};
}

static void check_part(Text source, Text head, const char *expected, const char *file, int line, const char *what) {
    const ParsedFile *parsed = parse(source);
    Buffer out = buffer_in(arena());
    buffer_text(&out, without_head(rendered(parsed), head));
    append_errors(&out, parsed);
    harness_check_text((Text){out.data, (uint32_t)out.length}, text_from(expected), file, line, what);
}
#define CHECK_DECLARATION(text, expected) check_part(TEXT(text), TEXT(""), expected, __FILE__, __LINE__, text)
#define CHECK_EXPR(text, expected)                                                                                     \
    check_part(TEXT("@f () = " text), TEXT("(FUNCTION f "), expected, __FILE__, __LINE__, text)
#define CHECK_TYPE(text, expected)                                                                                     \
    check_part(TEXT("$x: " text " = 1"), TEXT("(CONFIG_DECL x 0 "), expected " - (INT 1)", __FILE__, __LINE__, text)
#define CHECK_PATTERN(text, expected)                                                                                  \
    check_part(TEXT("@f () = match(x, " text " -> 1)"), TEXT("(FUNCTION f (MATCH (NAME x) [(ARM "),                    \
               expected " (INT 1))])", __FILE__, __LINE__, text)
#define CHECK_ERRORS(text, expected) CHECK_TEXT(errors(parse(TEXT(text))), TEXT(expected))

// ---- declarations

TEST(nothing_is_an_empty_module) {
    CHECK_DECLARATION("", "");
    CHECK_DECLARATION("// nothing\n", "");
}
TEST(imports) {
    CHECK_DECLARATION(
        "use './m' { a, b as c, ::d, $x as $y, ::$z, }",
        "(IMPORT 0 - 1 (IMPORT_PATH \"./m\" -) [(IMPORT_ITEM a - 0 0) (IMPORT_ITEM b c 0 0) (IMPORT_ITEM d - 1 0) "
        "(IMPORT_ITEM x y 0 1) (IMPORT_ITEM z - 1 1)])");
    CHECK_DECLARATION("pub use \"./n\" as n", "(IMPORT 1 n 0 (IMPORT_PATH \"./n\" -) [])");
    CHECK_DECLARATION("use std.net.http", "(IMPORT 0 - 0 (IMPORT_PATH - std.net.http) [])");
    CHECK_DECLARATION("use std.type as as", "(IMPORT 0 as 0 (IMPORT_PATH - std.type) [])");
    CHECK_DECLARATION(
        "extension './more' { Shape.describe, List.second }",
        "(EXTENSION_IMPORT (IMPORT_PATH \"./more\" -) [(EXTENSION_ITEM Shape describe) (EXTENSION_ITEM List second)])");
    CHECK_ERRORS("use './text'\n@f () = 1", "E0102 1:13-0");
    CHECK_ERRORS("use 'x' { a }", "E0102 1:5-3");
    CHECK_ERRORS("use './m' { $a as b }", "E0102 1:19-1");
    CHECK_ERRORS("use './m' { a b, c }", "E0102 1:15-1");
    CHECK_ERRORS("use std.\n@f () = 1", "E0102 1:9-0");
    CHECK_ERRORS("extension './m'", "E0102 1:16-0");
    CHECK_ERRORS("#skip use std.math", "E0110 1:1-1");
    CHECK_ERRORS("use std.math { in }", "E0012 1:16-2");
}
TEST(config_values) {
    CHECK_DECLARATION("$limit = 3", "(CONFIG_DECL limit 0 - - (INT 3))");
    CHECK_DECLARATION("#a pub $x: int = -1", "(CONFIG_DECL x 1 (TYPE_PATH int -) [(ATTRIBUTE a -)] (NEGATE (INT 1)))");
    CHECK_DECLARATION("$x = 1 $y = 2", "(CONFIG_DECL x 0 - - (INT 1)) (CONFIG_DECL y 0 - - (INT 2))");
    CHECK_ERRORS("$ = 1", "E0102 1:3-1");
    CHECK_ERRORS("$x 1", "E0102 1:4-1");
    CHECK_ERRORS("$x =\n@f () = 1", "E0103 1:5-0");
    CHECK_ERRORS("@f () =\n$x = 1", "E0103 1:8-0");
}
TEST(functions) {
    CHECK_DECLARATION("@f = 1", "(FUNCTION f (INT 1)), E0102 1:4-1");
    CHECK_DECLARATION("@f () = 1", "(FUNCTION f (INT 1))");
    CHECK_DECLARATION(
        "pub @f<T: A + B.C<int>, U,> (x: T, y,) -> [U] uses Http, Clock where T.Item: Eq + C, Self.X = int = x",
        "(FUNCTION f pub generics: [(GENERIC T [(TYPE_PATH A -) (TYPE_PATH B.C [(TYPE_PATH int -)])]) (GENERIC U -)] "
        "parameters: [(PARAM x (TYPE_PATH T -)) (PARAM y -)] result: (TYPE_LIST (TYPE_PATH U -)) uses: Http.Clock "
        "where: [(CONSTRAINT T.Item [(TYPE_PATH Eq -) (TYPE_PATH C -)]) (CONSTRAINT Self.X (TYPE_PATH int -))] (NAME "
        "x))");
    CHECK_DECLARATION(
        "#[skip(\"why\", a)] #fail @f () = 1",
        "(FUNCTION f attributes: [(ATTRIBUTE skip [(STR \"why\") (NAME a)]) (ATTRIBUTE fail -)] (INT 1))");
    CHECK_DECLARATION(
        "@t tests @f tests @Square.area () -> void = 1",
        "(TEST t targets: [(TEST_TARGET f) (TEST_TARGET Square.area)] result: (TYPE_PATH void -) (INT 1))");
    CHECK_DECLARATION("@tests () = tests", "(FUNCTION tests (NAME tests))");
    CHECK_DECLARATION("@extend () = extend(as, extension)",
                      "(FUNCTION extend (CALL (NAME extend) [(NAME as) (NAME extension)]))");
    CHECK_ERRORS("@f () -> int\n@g () = 1", "E0102 1:13-0");
    CHECK_ERRORS("@f () 1", "E0102 1:7-1");
    CHECK_ERRORS("@ () = 1", "E0102 1:3-1");
    CHECK_ERRORS("@type (in: int) = 1", "E0012 1:2-4, E0012 1:8-2");
    CHECK_ERRORS("@f<t> () = 1", "E0102 1:4-1");
    CHECK_ERRORS("@f (x: ) -> = 1", "E0104 1:8-1, E0104 1:13-1");
    CHECK_ERRORS("@f (_) = 1", "E0102 1:5-1");
    CHECK_ERRORS("@t tests f () = 1", "E0102 1:10-1");
    CHECK_ERRORS("@f () uses = 1", "E0102 1:12-1");
    CHECK_ERRORS("@f () where T = 1", "E0104 1:17-1");
}
TEST(types_and_variants) {
    CHECK_DECLARATION("type A = B", "(TYPE_DECL A (TYPE_PATH B -))");
    CHECK_DECLARATION("pub type P<T> where T: Eq = { x: int, y: T, }",
                      "(TYPE_DECL P pub generics: [(GENERIC T -)] where: [(CONSTRAINT T [(TYPE_PATH Eq -)])] "
                      "(RECORD_DEF [(FIELD_DECL x "
                      "(TYPE_PATH int -)) (FIELD_DECL y (TYPE_PATH T -))]))");
    CHECK_DECLARATION("type E = {}", "(TYPE_DECL E (RECORD_DEF []))");
    CHECK_DECLARATION("type M = { str: int }", "(TYPE_DECL M (TYPE_MAP (TYPE_PATH str -) (TYPE_PATH int -)))");
    CHECK_DECLARATION("type S = | One", "(TYPE_DECL S (SUM_DEF [(VARIANT One -)]))");
    CHECK_DECLARATION(
        "type S = A(int, x: str) | B | C()",
        "(TYPE_DECL S (SUM_DEF [(VARIANT A [(FIELD_DECL - (TYPE_PATH int -)) (FIELD_DECL x (TYPE_PATH str -))]) "
        "(VARIANT B -) (VARIANT C [])]))");
    CHECK_DECLARATION("#derive(Eq) type O = A(x: int)", "(TYPE_DECL O attributes: [(ATTRIBUTE derive [(NAME Eq)])] "
                                                        "(SUM_DEF [(VARIANT A [(FIELD_DECL x (TYPE_PATH int -))])]))");
    CHECK_ERRORS("type foo = int", "E0102 1:6-3");
    CHECK_ERRORS("type Foo = a | B", "E0102 1:12-1");
    CHECK_ERRORS("type Foo = A | ", "E0102 1:16-0");
    CHECK_ERRORS("type A = { type: int }", "E0012 1:12-4");
    CHECK_ERRORS("type A = {\n  a: int\n  b: int\n}", "E0102 2:9-0");
    CHECK_ERRORS("type A =\n@f () = 1", "E0104 1:9-0");
}
TEST(traits_and_impls) {
    CHECK_DECLARATION(
        "trait T<A>: B + C { type Item: X type U @m (self) -> int @d (self, o: Self) = 1 type Z }",
        "(TRAIT_DECL T generics: [(GENERIC A -)] bounds: [(TYPE_PATH B -) (TYPE_PATH C -)] [(ASSOCIATED_TYPE Item "
        "[(TYPE_PATH X -)]) (ASSOCIATED_TYPE U -) (FUNCTION m self parameters: [(SELF_PARAM)] result: (TYPE_PATH int "
        "-) -) "
        "(FUNCTION d self parameters: [(SELF_PARAM) (PARAM o (TYPE_PATH Self -))] (INT 1)) (ASSOCIATED_TYPE Z -)])");
    CHECK_DECLARATION(
        "impl<T: P> Q<T> for Box<T> where T: E { type U = int pub @m (self) = self @n () -> int = 1 }",
        "(IMPL generics: [(GENERIC T [(TYPE_PATH P -)])] trait: (TYPE_PATH Q [(TYPE_PATH T -)]) type: (TYPE_PATH Box "
        "[(TYPE_PATH "
        "T -)]) where: [(CONSTRAINT T [(TYPE_PATH E -)])] [(ASSOCIATED_TYPE U (TYPE_PATH int -)) (FUNCTION m pub self "
        "parameters: [(SELF_PARAM)] (SELF)) (FUNCTION n result: (TYPE_PATH int -) (INT 1))])");
    CHECK_DECLARATION("impl {K: V} { }", "(IMPL type: (TYPE_MAP (TYPE_PATH K -) (TYPE_PATH V -)) [])");
    CHECK_DECLARATION(
        "extend [T] { @g (self) = 1 }",
        "(EXTEND type: (TYPE_LIST (TYPE_PATH T -)) [(FUNCTION g self parameters: [(SELF_PARAM)] (INT 1))])");
    CHECK_ERRORS("pub impl T { }", "E0102 1:5-4");
    CHECK_ERRORS("impl T { @f () = 1, @g () = 2 }", "E0102 1:19-1");
    CHECK_ERRORS("trait T { @f (self); @g () }", "E0101 1:20-1");
    CHECK_ERRORS("impl T { x @f () = 1 }", "E0102 1:10-1");
    CHECK_ERRORS("impl T { #[a] type U = int }", "E0110 1:10-1");
    CHECK_ERRORS("trait T\n@f () = 1", "E0102 1:8-0");
    CHECK_ERRORS("trait T { pub @f (self) }", "E0102 1:11-3");
}

// ---- types

TEST(types) {
    CHECK_TYPE("void", "(TYPE_PATH void -)");
    CHECK_TYPE("()", "(TYPE_TUPLE [])");
    CHECK_TYPE("(A)", "(TYPE_PATH A -)");
    CHECK_TYPE("(A,)", "(TYPE_PATH A -)");
    CHECK_TYPE("(A, B)", "(TYPE_TUPLE [(TYPE_PATH A -) (TYPE_PATH B -)])");
    CHECK_TYPE("() -> (A, B) -> C",
               "(TYPE_FUNCTION (TYPE_FUNCTION (TYPE_PATH C -) [(TYPE_PATH A -) (TYPE_PATH B -)]) [])");
    CHECK_TYPE("[{str: [int]}]", "(TYPE_LIST (TYPE_MAP (TYPE_PATH str -) (TYPE_LIST (TYPE_PATH int -))))");
    CHECK_TYPE("{K: V}", "(TYPE_MAP (TYPE_PATH K -) (TYPE_PATH V -))");
    CHECK_TYPE("{k: V}", "(TYPE_RECORD [(FIELD_DECL k (TYPE_PATH V -))])");
    CHECK_TYPE("{(A, B): V}", "(TYPE_MAP (TYPE_TUPLE [(TYPE_PATH A -) (TYPE_PATH B -)]) (TYPE_PATH V -))");
    CHECK_TYPE("dyn a.Trait<int>", "(TYPE_DYN (TYPE_PATH a.Trait [(TYPE_PATH int -)]))");
    CHECK_TYPE("Self.Item", "(TYPE_PATH Self.Item -)");
    CHECK_TYPE("Option<Option<int>>", "(TYPE_PATH Option [(TYPE_PATH Option [(TYPE_PATH int -)])])");
    CHECK_DECLARATION("$x: Option<int>=1", "(CONFIG_DECL x 0 (TYPE_PATH Option [(TYPE_PATH int -)]) - (INT 1))");
    CHECK_DECLARATION("$x: A<B<int>>=1",
                      "(CONFIG_DECL x 0 (TYPE_PATH A [(TYPE_PATH B [(TYPE_PATH int -)])]) - (INT 1))");
    CHECK_ERRORS("$x: _ = 1", "E0104 1:5-1");
    CHECK_ERRORS("$x: [] = 1", "E0104 1:6-1");
    CHECK_ERRORS("$x: A<int = 1\n@f () = 2", "E0102 1:11-1");
    CHECK_ERRORS("$x: {str: int, A: B} = 1", "E0102 1:16-1");
}

// ---- expressions

TEST(literals_and_primaries) {
    CHECK_EXPR("42", "(INT 42)");
    CHECK_EXPR("2.5", "(FLOAT 2.5)");
    CHECK_EXPR("\"a\\\"b\"", "(STR \"a\\\"b\")");
    CHECK_EXPR("'c'", "(CHAR U+0063)");
    CHECK_EXPR("true && false", "(AND (BOOL true) (BOOL false))");
    CHECK_EXPR("30s", "(DURATION 30000000000)");
    CHECK_EXPR("4kb", "(SIZE 4096)");
    CHECK_EXPR("(), void", "(UNIT), E0106 1:11-1");
    CHECK_EXPR("[(), void, self, Self, $x]", "(LIST [(UNIT) (UNIT) (SELF) (SELF_TYPE) (CONFIG x)])");
    CHECK_EXPR("((a))", "(NAME a)");
    CHECK_EXPR("(a,)", "(NAME a)");
    CHECK_EXPR("(a, b,)", "(TUPLE [(NAME a) (NAME b)])");
    CHECK_EXPR("[]", "(LIST [])");
    CHECK_EXPR("{}", "(MAP [])");
    CHECK_EXPR("{a: 1, \"b\": 2,}", "(MAP [(NAME a) (INT 1) (STR \"b\") (INT 2)])");
    CHECK_EXPR("-9223372036854775808", "(NEGATE (INT 9223372036854775808))");
    CHECK_ERRORS("@f () = 9223372036854775808", "E0021 1:9-19");
    CHECK_ERRORS("@f () = 1 - 9223372036854775808", "E0021 1:13-19");
    CHECK_ERRORS("@f () = 'abc'", "E0025 1:9-5");
    CHECK_ERRORS("@f () = _", "E0103 1:9-1");
    CHECK_ERRORS("@f () = f(async)", "E0012 1:11-5");
    CHECK_ERRORS("@f (in: int) = in * in", "E0012 1:5-2, E0012 1:16-2, E0012 1:21-2");
    CHECK_ERRORS("@f () = if a then else b", "E0103 1:19-4");
    CHECK_ERRORS("@f () = (1,,2)", "E0103 1:12-1");
    CHECK_ERRORS("@f () = {a: 1, b 2}", "E0102 1:18-1");
}
TEST(precedence_and_associativity) {
    CHECK_EXPR("a + b * c - d", "(SUBTRACT (ADD (NAME a) (MULTIPLY (NAME b) (NAME c))) (NAME d))");
    CHECK_EXPR("a * b / c % d div e",
               "(FLOOR_DIVIDE (REMAINDER (DIVIDE (MULTIPLY (NAME a) (NAME b)) (NAME c)) (NAME d)) (NAME e))");
    CHECK_EXPR("-a.b + !c", "(ADD (NEGATE (FIELD b (NAME a))) (NOT (NAME c)))");
    CHECK_EXPR("- -~a", "(NEGATE (NEGATE (COMPLEMENT (NAME a))))");
    CHECK_EXPR("a << b + c", "(SHIFT_LEFT (NAME a) (ADD (NAME b) (NAME c)))");
    CHECK_EXPR("a >> b > c", "(GREATER (SHIFT_RIGHT (NAME a) (NAME b)) (NAME c))");
    CHECK_EXPR("a..b << c", "(RANGE (NAME a) (SHIFT_LEFT (NAME b) (NAME c)))");
    CHECK_EXPR("a..=b < c == d", "(EQUAL (LESS (RANGE_INCLUSIVE (NAME a) (NAME b)) (NAME c)) (NAME d))");
    CHECK_EXPR("a & b == c", "(BIT_AND (NAME a) (EQUAL (NAME b) (NAME c)))");
    CHECK_EXPR("a ?? b || c && d | e ^ f & g != h",
               "(COALESCE (NAME a) (OR (NAME b) (AND (NAME c) (BIT_OR (NAME d) (BIT_XOR (NAME e) (BIT_AND (NAME f) "
               "(NOT_EQUAL (NAME g) (NAME h))))))))");
    CHECK_EXPR("a ?? b ?? c", "(COALESCE (COALESCE (NAME a) (NAME b)) (NAME c))");
    CHECK_EXPR("a <= b >= c", "(GREATER_EQUAL (LESS_EQUAL (NAME a) (NAME b)) (NAME c))");
    CHECK_EXPR("a = b = c", "(ASSIGN (NAME a) (ASSIGN (NAME b) (NAME c)))");
    CHECK_EXPR("a + if c then 1 else 2 + 3", "(ADD (NAME a) (IF (NAME c) (INT 1) (ADD (INT 2) (INT 3))))");
    CHECK_EXPR("xs[0] = 1", "(ASSIGN (INDEX (NAME xs) (INT 0)) (INT 1))");
    CHECK_ERRORS("@f () = 1 .. 2 .. 3", "E0102 1:16-2");
}
TEST(operators_without_operands) {
    CHECK_ERRORS("@f () = f(a + , b)", "E0112 1:13-1");
    CHECK_ERRORS("@f () = a +\n@g () = 1", "E0112 1:11-1");
    CHECK_ERRORS("@f () = * b", "E0112 1:9-1");
    CHECK_ERRORS("@f () = a + * b", "E0112 1:11-1");
    CHECK_ERRORS("@f () = (a >> )", "E0112 1:12-1");
    CHECK_ERRORS("@f () = -", "E0112 1:9-1");
    CHECK_ERRORS("@f () = div 2", "E0112 1:9-3");
    CHECK_ERRORS("@f () = a = = 3", "E0103 1:13-1");
}
TEST(postfix) {
    CHECK_EXPR("a.b.0.1[c](d)?",
               "(QUESTION (CALL (INDEX (TUPLE_PART 1 (TUPLE_PART 0 (FIELD b (NAME a)))) (NAME c)) [(NAME d)]))");
    CHECK_EXPR("m.$x", "(FIELD_CONFIG x (NAME m))");
    CHECK_EXPR("a.type.in", "(FIELD in (FIELD type (NAME a)))");
    CHECK_EXPR("1.max(2)", "(CALL (FIELD max (INT 1)) [(INT 2)])");
    CHECK_EXPR("xs[# - 1]", "(INDEX (NAME xs) (SUBTRACT (LENGTH) (INT 1)))");
    CHECK_EXPR("xs.f(end: (#), [#])", "(CALL (FIELD f (NAME xs)) [(NAMED_ARG end (LENGTH)) (LIST [(LENGTH)])])");
    CHECK_EXPR("match(x, _ -> 1).f", "(FIELD f (MATCH (NAME x) [(ARM (PAT_WILDCARD) (INT 1))]))");
    CHECK_EXPR("f(.x: 1, y: 2, .type: 3, where: 4)", "(CALL (NAME f) [(NAMED_ARG x (INT 1)) (NAMED_ARG y (INT 2)) "
                                                     "(NAMED_ARG type (INT 3)) (NAMED_ARG where (INT 4))])");
    CHECK_EXPR("f(+, -, >>, .op: div,)", "(CALL (NAME f) [(OPERATOR ADD) (OPERATOR SUBTRACT) (OPERATOR SHIFT_RIGHT) "
                                         "(NAMED_ARG op (OPERATOR FLOOR_DIVIDE))])");
    CHECK_ERRORS("@f () = f(#)", "E0103 1:11-1");
    CHECK_ERRORS("@f () = # + 1", "E0103 1:9-1");
    CHECK_ERRORS("@f () = x.match(y)", "E0102 1:11-5");
    CHECK_ERRORS("@f () = x.\n@g () = 1", "E0102 1:11-0");
    CHECK_ERRORS("@f () = f(.x 1, .y: 2)", "E0102 1:14-1");
    CHECK_ERRORS("@f () = f(a b c, d e)", "E0102 1:13-1, E0102 1:20-1");
    CHECK_ERRORS("@f () = xs[]", "E0103 1:12-1");
    CHECK_ERRORS("@f () = f(..)", "E0112 1:11-2");
}
TEST(type_arguments_need_what_follows_them) {
    CHECK_EXPR("Set<int>.new()", "(CALL (FIELD new (TYPE_APPLY (NAME Set) [(TYPE_PATH int -)])) [])");
    CHECK_EXPR("a.Map<K, [V]> { x: 1 }", "(STRUCT (TYPE_APPLY (FIELD Map (NAME a)) [(TYPE_PATH K -) (TYPE_LIST "
                                         "(TYPE_PATH V -))]) [(FIELD_INIT x (INT 1))] -)");
    CHECK_EXPR("Some<A<int>>(3)", "(CALL (TYPE_APPLY (NAME Some) [(TYPE_PATH A [(TYPE_PATH int -)])]) [(INT 3)])");
    CHECK_EXPR("A < b", "(LESS (NAME A) (NAME b))");
    CHECK_EXPR("f(A < b, c > d)", "(CALL (NAME f) [(LESS (NAME A) (NAME b)) (GREATER (NAME c) (NAME d))])");
    CHECK_EXPR("f(a < b, c > (d))", "(CALL (NAME f) [(LESS (NAME a) (NAME b)) (GREATER (NAME c) (NAME d))])");
    CHECK_EXPR("f(A < b, c > (d))",
               "(CALL (NAME f) [(CALL (TYPE_APPLY (NAME A) [(TYPE_PATH b -) (TYPE_PATH c -)]) [(NAME d)])])");
    CHECK_EXPR("A < b + c > (d)", "(GREATER (LESS (NAME A) (ADD (NAME b) (NAME c))) (NAME d))");
}
TEST(struct_literals) {
    CHECK_EXPR("Point { x: 1, y, ..p }", "(STRUCT (NAME Point) [(FIELD_INIT x (INT 1)) (FIELD_INIT y -)] (NAME p))");
    CHECK_EXPR("Self { }", "(STRUCT (SELF_TYPE) [] -)");
    CHECK_EXPR("a.B { ..p, }", "(STRUCT (FIELD B (NAME a)) [] (NAME p))");
    CHECK_ERRORS("@f () = P { ..p, y: 2 }", "E0102 1:16-1");
    CHECK_ERRORS("@f () = P { type: 2 }", "E0012 1:13-4");
    CHECK_ERRORS("@f () = P { x: 1 y: 2 }", "E0102 1:18-1");
}
TEST(conditionals_and_loops) {
    CHECK_EXPR("if a then if b then c else d", "(IF (NAME a) (IF (NAME b) (NAME c) (NAME d)) -)");
    CHECK_EXPR("while a do b", "(WHILE (NAME a) (NAME b))");
    CHECK_EXPR("for x in xs do f(x)", "(FOR_LOOP 0 [(PAT_NAME x) (NAME xs)] - (CALL (NAME f) [(NAME x)]))");
    CHECK_EXPR(
        "for (a, b) in xs, c in d if e yield g",
        "(FOR_LOOP 1 [(PAT_TUPLE [(PAT_NAME a) (PAT_NAME b)]) (NAME xs) (PAT_NAME c) (NAME d)] (NAME e) (NAME g))");
    CHECK_EXPR("[break, break 1, continue, loop(break x, y)]",
               "(LIST [(BREAK -) (BREAK (INT 1)) (CONTINUE) (LOOP [(BREAK (NAME x)) (NAME y)])])");
    CHECK_DECLARATION("@f () = break\n$x = 1", "(FUNCTION f (BREAK -)) (CONFIG_DECL x 0 - - (INT 1))");
    CHECK_EXPR("with Http = v in f(x)", "(PROVIDE Http (NAME v) (CALL (NAME f) [(NAME x)]))");
    CHECK_ERRORS("@f () = if x the 1 else 2", "E0102 1:14-3");
    CHECK_ERRORS("@f () = if a b then 1", "E0102 1:14-1");
    CHECK_ERRORS("@f () = for x xs do e", "E0102 1:15-2");
    CHECK_ERRORS("@f () = for in xs do e", "E0105 1:13-2");
    CHECK_ERRORS("@f () = while a b", "E0102 1:17-1");
    CHECK_ERRORS("@f () = with Http v in x", "E0102 1:19-1");
    CHECK_ERRORS("@f () = loop", "E0102 1:13-0");
}
TEST(lambdas) {
    CHECK_EXPR("x -> y -> x", "(LAMBDA [(PARAM x -)] - (LAMBDA [(PARAM y -)] - (NAME x)))");
    CHECK_EXPR("_ -> 1", "(LAMBDA [(PARAM - -)] - (INT 1))");
    CHECK_EXPR("(_, a) -> a", "(LAMBDA [(PARAM - -) (PARAM a -)] - (NAME a))");
    CHECK_EXPR("() -> n = 1", "(LAMBDA [] - (ASSIGN (NAME n) (INT 1)))");
    CHECK_EXPR("() -> int = 1", "(LAMBDA [] (TYPE_PATH int -) (INT 1))");
    CHECK_EXPR("(x: int) -> x + 1", "(LAMBDA [(PARAM x (TYPE_PATH int -))] - (ADD (NAME x) (INT 1)))");
    CHECK_EXPR("(x: int) -> Option<int> = x",
               "(LAMBDA [(PARAM x (TYPE_PATH int -))] (TYPE_PATH Option [(TYPE_PATH int -)]) (NAME x))");
    CHECK_EXPR("(x: int) -> Option<int>= x",
               "(LAMBDA [(PARAM x (TYPE_PATH int -))] (TYPE_PATH Option [(TYPE_PATH int -)]) (NAME x))");
    CHECK_EXPR("(x) -> T = 1", "(LAMBDA [(PARAM x -)] - (ASSIGN (NAME T) (INT 1)))");
    CHECK_EXPR("() -> x == 1", "(LAMBDA [] - (EQUAL (NAME x) (INT 1)))");
    CHECK_EXPR("() -> (A, b)", "(LAMBDA [] - (TUPLE [(NAME A) (NAME b)]))");
    CHECK_EXPR("(a) + b", "(ADD (NAME a) (NAME b))");
    CHECK_ERRORS("@f () = (a + b) -> 1", "E0102 1:12-1");
}
TEST(sequences) {
    CHECK_EXPR("run(let x = 1, let mut n: int = 2, n = x, n)",
               "(RUN [(LET 0 (PAT_NAME x) - (INT 1)) (LET 1 (PAT_NAME n) (TYPE_PATH int -) (INT 2)) (ASSIGN (NAME n) "
               "(NAME x)) (NAME n)])");
    CHECK_EXPR("try(let (a, _) = f()?, Ok(a))", "(TRY [(LET 0 (PAT_TUPLE [(PAT_NAME a) (PAT_WILDCARD)]) - (QUESTION "
                                                "(CALL (NAME f) []))) (CALL (NAME Ok) [(NAME a)])])");
    CHECK_EXPR("run()", "(RUN [])");
    CHECK_ERRORS("@f () = let x = 1", "E0111 1:9-3");
    CHECK_ERRORS("@f () = run(f(let x = 1), x)", "E0111 1:15-3");
    CHECK_ERRORS("@f () = run(a; b; c)", "E0101 1:14-1, E0101 1:17-1");
    CHECK_ERRORS("@f () = a;\n@g () = b;", "E0101 1:10-1, E0101 2:10-1");
    CHECK_ERRORS("@f () = run(let = 1, let in = 2)", "E0105 1:17-1, E0012 1:26-2");
    CHECK_ERRORS("@f () = run(\n  let x = 1\n  let y = 2,\n  let z =\n  let w = 3,\n  x)",
                 "E0102 2:12-0, E0103 4:10-0");
    CHECK_ERRORS("@f () = run(let x 5, x)", "E0102 1:19-1");
}
TEST(pattern_expressions) {
    CHECK_EXPR("map(.over: xs, transform: f)",
               "(PATTERN_EXPR map [(NAMED_ARG over (NAME xs)) (NAMED_ARG transform (NAME f))])");
    CHECK_EXPR(
        "fold(.over: xs, .init: 0, .op: +)",
        "(PATTERN_EXPR fold [(NAMED_ARG over (NAME xs)) (NAMED_ARG init (INT 0)) (NAMED_ARG op (OPERATOR ADD))])");
    CHECK_EXPR("for(.over: xs, .match: Some(x).match(x > 1) -> x, .default: 0)",
               "(FOR_PATTERN [(NAMED_ARG over (NAME xs)) (NAMED_ARG match (ARM (GUARDED (PAT_VARIANT (TYPE_PATH Some "
               "-) [(PAT_NAME x)]) "
               "(GREATER (NAME x) (INT 1))) (NAME x))) (NAMED_ARG default (INT 0))])");
    CHECK_EXPR("for(over: xs, match: Some(_))", "(FOR_PATTERN [(NAMED_ARG over (NAME xs)) (NAMED_ARG match (ARM "
                                                "(PAT_VARIANT (TYPE_PATH Some -) [(PAT_WILDCARD)]) -))])");
    CHECK_EXPR("with(.acquire: a, .use: r -> r)",
               "(WITH_PATTERN [(NAMED_ARG acquire (NAME a)) (NAMED_ARG use (LAMBDA [(PARAM r -)] - (NAME r)))])");
    CHECK_EXPR("retry(.op: f, .on: [A, B(_)])",
               "(PATTERN_EXPR retry [(NAMED_ARG op (NAME f)) (NAMED_ARG on (PATTERN_LIST [(PAT_NAME A) (PAT_VARIANT "
               "(TYPE_PATH B -) [(PAT_WILDCARD)])]))])");
    CHECK_EXPR("validate(.rules: [a || b | \"m\", if a then b else c | d], .then: x)",
               "(PATTERN_EXPR validate [(NAMED_ARG rules (LIST [(RULE (OR (NAME a) (NAME b)) (STR \"m\")) (RULE (IF "
               "(NAME a) (NAME b) "
               "(NAME c)) (NAME d))])) (NAMED_ARG then (NAME x))])");
    CHECK_EXPR("validate(.rules: [(a | b) | \"m\", f(a | b)])",
               "(PATTERN_EXPR validate [(NAMED_ARG rules (LIST [(RULE (BIT_OR (NAME a) (NAME b)) (STR \"m\")) (CALL "
               "(NAME f) [(BIT_OR (NAME a) (NAME b))])]))])");
    CHECK_EXPR("parallel(.on: [f()])", "(PATTERN_EXPR parallel [(NAMED_ARG on (LIST [(CALL (NAME f) [])]))])");
    CHECK_EXPR("recurse(.step: self(x))", "(PATTERN_EXPR recurse [(NAMED_ARG step (CALL (SELF) [(NAME x)]))])");
    CHECK_EXPR("map", "(NAME map)");
    CHECK_EXPR("a.map(f)", "(CALL (FIELD map (NAME a)) [(NAME f)])");
    CHECK_EXPR("cache(.op: f)", "(PATTERN_EXPR cache [(NAMED_ARG op (NAME f))])");
}
TEST(pattern_words_are_calls_where_something_has_their_name) {
    CHECK_DECLARATION("@map (x) = map(x)", "(FUNCTION map parameters: [(PARAM x -)] (CALL (NAME map) [(NAME x)]))");
    CHECK_DECLARATION("@f () = map(1)\n@map () = 1", "(FUNCTION f (CALL (NAME map) [(INT 1)])) (FUNCTION map (INT 1))");
    CHECK_DECLARATION(
        "use './m' { find }\n@f () = find(1)",
        "(IMPORT 0 - 1 (IMPORT_PATH \"./m\" -) [(IMPORT_ITEM find - 0 0)]) (FUNCTION f (CALL (NAME find) [(INT 1)]))");
    CHECK_DECLARATION(
        "use './m' { find as x, y as run }\n@f () = [find(), run(1)]",
        "(IMPORT 0 - 1 (IMPORT_PATH \"./m\" -) [(IMPORT_ITEM find x 0 0) (IMPORT_ITEM y run 0 0)]) (FUNCTION f (LIST "
        "[(PATTERN_EXPR find []) (CALL (NAME run) [(INT 1)])]))");
    CHECK_DECLARATION(
        "impl T { @map (self) = map(1) }",
        "(IMPL type: (TYPE_PATH T -) [(FUNCTION map self parameters: [(SELF_PARAM)] (PATTERN_EXPR map [(INT 1)]))])");
    CHECK_DECLARATION("@f (filter) = filter(1)\n@g () = filter()",
                      "(FUNCTION f parameters: [(PARAM filter -)] (CALL (NAME filter) [(INT 1)])) (FUNCTION g "
                      "(PATTERN_EXPR filter []))");
    CHECK_EXPR("[run(let map = map(), map(1)), map()]", "(LIST [(RUN [(LET 0 (PAT_NAME map) - (PATTERN_EXPR map [])) "
                                                        "(CALL (NAME map) [(INT 1)])]) (PATTERN_EXPR map [])])");
    CHECK_EXPR("[map -> map(), map()]",
               "(LIST [(LAMBDA [(PARAM map -)] - (CALL (NAME map) [])) (PATTERN_EXPR map [])])");
    CHECK_EXPR("match(x, [..map] -> map(), _ -> map())",
               "(MATCH (NAME x) [(ARM (PAT_LIST [(PAT_REST map)]) (CALL (NAME map) [])) (ARM (PAT_WILDCARD) "
               "(PATTERN_EXPR map []))])");
    CHECK_EXPR("for map in map() do map()",
               "(FOR_LOOP 0 [(PAT_NAME map) (PATTERN_EXPR map [])] - (CALL (NAME map) []))");
}

// ---- patterns

TEST(patterns) {
    CHECK_PATTERN("_", "(PAT_WILDCARD)");
    CHECK_PATTERN("x", "(PAT_NAME x)");
    CHECK_PATTERN("None", "(PAT_NAME None)");
    CHECK_PATTERN("-1", "(PAT_LITERAL 1 (INT 1))");
    CHECK_PATTERN("\"s\" | 'c' | true | 2.5 | 30s | 4kb",
                  "(PAT_OR [(PAT_LITERAL 0 (STR \"s\")) (PAT_LITERAL 0 (CHAR U+0063)) (PAT_LITERAL 0 (BOOL true)) "
                  "(PAT_LITERAL 0 (FLOAT 2.5)) "
                  "(PAT_LITERAL 0 (DURATION 30000000000)) (PAT_LITERAL 0 (SIZE 4096))])");
    CHECK_PATTERN("1..10", "(PAT_RANGE (PAT_LITERAL 0 (INT 1)) (PAT_LITERAL 0 (INT 10)))");
    CHECK_PATTERN("-5..=-1", "(PAT_RANGE_INCLUSIVE (PAT_LITERAL 1 (INT 5)) (PAT_LITERAL 1 (INT 1)))");
    CHECK_PATTERN("..0", "(PAT_RANGE - (PAT_LITERAL 0 (INT 0)))");
    CHECK_PATTERN("5..", "(PAT_RANGE (PAT_LITERAL 0 (INT 5)) -)");
    CHECK_PATTERN("Some(p)", "(PAT_VARIANT (TYPE_PATH Some -) [(PAT_NAME p)])");
    CHECK_PATTERN("Shape.Circle(.r: x, s: _, ..)", "(PAT_VARIANT (TYPE_PATH Shape.Circle -) [(PAT_FIELD r (PAT_NAME "
                                                   "x)) (PAT_FIELD s (PAT_WILDCARD)) (PAT_REST -)])");
    CHECK_PATTERN("A()", "(PAT_VARIANT (TYPE_PATH A -) [])");
    CHECK_PATTERN("Self.A", "(PAT_VARIANT (TYPE_PATH Self.A -) -)");
    CHECK_PATTERN("Box<int>(x)", "(PAT_VARIANT (TYPE_PATH Box [(TYPE_PATH int -)]) [(PAT_NAME x)])");
    CHECK_PATTERN("P { x, y: (q), .. }",
                  "(PAT_RECORD (TYPE_PATH P -) [(PAT_FIELD x -) (PAT_FIELD y (PAT_NAME q)) (PAT_REST -)])");
    CHECK_PATTERN("{ x }", "(PAT_RECORD - [(PAT_FIELD x -)])");
    CHECK_PATTERN("()", "(PAT_TUPLE [])");
    CHECK_PATTERN("(a, b,)", "(PAT_TUPLE [(PAT_NAME a) (PAT_NAME b)])");
    CHECK_PATTERN("[h, ..t]", "(PAT_LIST [(PAT_NAME h) (PAT_REST t)])");
    CHECK_PATTERN("[a, .., ..3, z]",
                  "(PAT_LIST [(PAT_NAME a) (PAT_REST -) (PAT_RANGE - (PAT_LITERAL 0 (INT 3))) (PAT_NAME z)])");
    CHECK_PATTERN("all @ (a | b)", "(PAT_AT all (PAT_OR [(PAT_NAME a) (PAT_NAME b)]))");
    CHECK_PATTERN("a @ b | c", "(PAT_OR [(PAT_AT a (PAT_NAME b)) (PAT_NAME c)])");
    CHECK_PATTERN("(x | y).match(c)", "(GUARDED (PAT_OR [(PAT_NAME x) (PAT_NAME y)]) (NAME c))");
    CHECK_ERRORS("@f () = match(x, A => 2, B 3, C -> )", "E0102 1:20-2, E0102 1:28-1, E0103 1:36-1");
    CHECK_ERRORS("@f () = match(x, in -> 1, type -> 2)", "E0012 1:18-2, E0012 1:27-4");
    CHECK_ERRORS("@f () = run(let do = 1, 2)", "E0012 1:17-2");
    CHECK_ERRORS("@f () = match(x, Some(y.match(c)) -> 1)", "E0102 1:24-1");
    CHECK_ERRORS("@f () = match(x,\n  A -> 1\n  B -> 2)", "E0102 2:9-0");
    CHECK_ERRORS("@f () = match x { A -> 1 }", "E0102 1:15-1");
    CHECK_ERRORS("@f () = run(let x.match(a) = 1, x)", "E0102 1:18-1");
}

// ---- mistakes

TEST(old_spellings_name_the_modern_one) {
    CHECK_ERRORS("@f () = if a :then b :else c", "E0113 1:14-5, E0113 1:22-5");
    CHECK_ERRORS("@f () = for x in xs :do f(x)", "E0113 1:21-3");
    CHECK_ERRORS("@f () = while a :do f(x)", "E0113 1:17-3");
    CHECK_ERRORS("@f () = match(x, y :match(y > 1) -> y)", "E0113 1:20-6");
    CHECK_TEXT(parse(TEXT("@f () = match(x, y :match(y > 1) -> y)"))->diagnostics.first->message,
               TEXT("`:match` is an old spelling; write `.match`"));
}
TEST(what_is_no_declaration_is_one_error) {
    CHECK_ERRORS("foo bar\n@f () = 1 2 3\n@g () = 1", "E0106 1:1-3, E0106 2:11-1");
    CHECK_ERRORS("@f () = (1 + 2))\n@g () = 1", "E0106 1:16-1");
    CHECK_ERRORS("pub", "E0106 1:4-0");
    CHECK_ERRORS("#[x]", "E0106 1:5-0");
    CHECK_INT(parse(TEXT("foo\n@f () = 1"))->tree.declaration_count, 2);
}
TEST(beside_what_the_lexer_reported_nothing_more_is_said) {
    CHECK_ERRORS("@f () = § + 2", "E0004 1:9-2");
    CHECK_ERRORS("@f () = f(1 § 2)", "E0004 1:13-2");
    CHECK_ERRORS("@f () = g(\"abc)\n@h () = 1", "E0023 1:11-5");
}
TEST(one_missing_bracket_is_one_error_where_it_is_missing) {
    CHECK_ERRORS("@f () -> int = run(\n    let x = g(1, 2,\n    x + 1\n)\n@g () = 2", "E0107 2:19-1");
    CHECK_ERRORS("@f () -> int = run(\n    let x = 1,\n    x\n@g () = 2", "E0107 3:6-0");
    CHECK_ERRORS("@f () = g(h(1, 2)\n@g () = 1", "E0107 1:18-0");
    CHECK_ERRORS("@f () = [g(1, 2]", "E0107 1:16-1");
    CHECK_ERRORS("@f () = (1, 2]\n@g () = 1", "E0107 1:14-1");
    CHECK_ERRORS("@f () = [1, 2)]", "E0102 1:14-1");
    CHECK_ERRORS("@f () = x[\n@g () = 1", "E0107 1:11-0");
    CHECK_ERRORS("impl T {\n    @f () = g(1\n    @g () = 2\n}\n@h () = 1", "E0107 2:16-0");
    CHECK_ERRORS("impl T {\n    @f () = g(1)\n@h () = 1", "E0107 2:17-0");
    CHECK_ERRORS("type A = { x: int\ntype B = { y: int }", "E0107 1:18-0");
    CHECK_ERRORS("@f () = if (a > 1 then b else c", "E0107 1:19-4");
    CHECK_ERRORS("@f (a: int, -> int = a\n@g () = 1", "E0107 1:13-2");
    CHECK_ERRORS("@f () = match(x,\n    Some(y -> y,\n    None -> 2,\n)", "E0107 2:16-1");
    CHECK_ERRORS("@f () = run(\n    let a = [1, 2,\n    let b = {x: 1,\n    b\n)", "E0107 2:18-1, E0107 3:18-1");
    const Diagnostic *d = parse(TEXT("@f () = g(1\n@h () = 1"))->diagnostics.first;
    REQUIRE(d != NULL && d->labels != NULL);
    CHECK_INT(d->labels->span.start, 9); // the opening one
}
TEST(the_next_declaration_is_intact) {
    const ParsedFile *file = parse(TEXT("@f () = run(let x = g(1, x\n@g () -> int = 2\n@h () = ]\n@i () = 3"));
    REQUIRE(file->tree.declaration_count == 4);
    CHECK(file->tree.declarations[0].has_errors && !file->tree.declarations[1].has_errors);
    CHECK(file->tree.declarations[2].has_errors && !file->tree.declarations[3].has_errors);
    CHECK_INT(file->tree.declarations[3].kind, NODE_FUNCTION);
}

// ---- limits

static Text repeated(const char *piece, uint32_t count, const char *middle, const char *other) {
    Buffer out = buffer_in(arena());
    buffer_string(&out, "@f () = ");
    for (uint32_t i = 0; i < count; i++)
        buffer_string(&out, piece);
    buffer_string(&out, middle);
    for (uint32_t i = 0; i < count; i++)
        buffer_string(&out, other);
    buffer_string(&out, "\n@g () = 1\n");
    return (Text){out.data, (uint32_t)out.length};
}
// The first error is E0108, it is the only one, and what follows is intact.
static void check_too_deep(const char *piece, const char *middle, const char *other) {
    const ParsedFile *file = parse(repeated(piece, test_rounds(100000), middle, other));
    REQUIRE(file->diagnostics.first != NULL);
    bool is_one = file->diagnostics.error_count == 1 && file->diagnostics.first->code == DIAG_NESTED_TOO_DEEPLY;
    if (!is_one) FAIL("for %s: %.*s", piece, (int)errors(file).length, errors(file).data);
    CHECK_INT(file->tree.declaration_count, 2);
}
TEST(nesting_has_a_limit_that_is_reported_once) {
    check_too_deep("(", "1", ")");
    check_too_deep("[", "1", "]");
    check_too_deep("{1:", "1", "}");
    check_too_deep("f(", "1", ")");
    check_too_deep("f[", "1", "]");
    check_too_deep("P{x:", "1", "}");
    check_too_deep("run(", "1", ")");
    check_too_deep("match(x, y -> ", "1", ")");
    check_too_deep("!", "1", "");
    check_too_deep("x -> ", "1", "");
    check_too_deep("() -> ", "1", "");
    check_too_deep("(x: int) -> ", "1", "");
    check_too_deep("if a then ", "1", "");
    check_too_deep("if a then b else ", "1", "");
    check_too_deep("for x in y do ", "1", "");
    check_too_deep("while x do ", "1", "");
    check_too_deep("a = ", "1", "");
    check_too_deep("break ", "1", "");
    check_too_deep("with A = b in ", "1", "");
}
TEST(as_deep_as_the_limit_is_fine) {
    CHECK(parse(repeated("(", PARSE_DEPTH_MAX, "1", ")"))->diagnostics.first == NULL);
    CHECK(parse(repeated("(", PARSE_DEPTH_MAX + 1, "1", ")"))->diagnostics.first != NULL);
}
TEST(chains_have_no_limit) {
    CHECK(parse(repeated("1 + ", test_rounds(1000000), "1", ""))->diagnostics.first == NULL);
    CHECK(parse(repeated("", test_rounds(200000), "x", ".f(1)?[0]"))->diagnostics.first == NULL);
    CHECK(parse(repeated("1, ", 3, "1", ""))->diagnostics.first != NULL);
}
TEST(unbalanced_files_take_no_long_time) {
    CHECK_INT(parse(repeated("(", 100000, "1", ""))->tree.declaration_count, 2);
    CHECK_INT(parse(repeated("", 100000, "1", ")"))->tree.declaration_count, 2);
    CHECK_INT(parse(repeated("([", 50000, "1", "])("))->diagnostics.first != NULL, true);
    CHECK_INT(parse(repeated("f(\n", 50000, "1", ""))->diagnostics.first != NULL, true);
    CHECK_INT(parse(repeated("A<", 100000, "int", ">"))->diagnostics.first != NULL, true);
}

TEST(elements_that_consume_nothing_end_their_list) {
    CHECK_ERRORS("@f () = match(x,\n  let y = 1,\n  A -> 2)", "E0105 1:17-0");
    CHECK_ERRORS("@f () = [A < (\n if a then b else c), d]", "");
    CHECK_ERRORS("$x: (\n let) = 1", "E0104 1:6-0");
}

// ---- spans and hashes

static Text span_text(const ParsedFile *file, NodeKind kind, uint32_t which) {
    const Declaration *d = &file->tree.declarations[0];
    TreeView v = tree_view(&file->tree, &file->tokens, d);
    for (NodeIndex node = 1; node < d->node_count; node++) {
        if (v.kinds[node] != kind || which-- > 0) continue;
        Span span = tree_node_span(&v, node);
        return (Text){file->source->text.data + span.start, span.end - span.start};
    }
    return TEXT("no such node");
}
#define CHECK_SPAN(text, kind, expected) CHECK_TEXT(span_text(parse(TEXT(text)), NODE_##kind, 0), TEXT(expected))

TEST(spans_reach_from_the_first_to_the_last_token) {
    CHECK_SPAN("@f () = 1 + 2 * 3", ADD, "1 + 2 * 3");
    CHECK_SPAN("@f () = (a + b) * (c)", MULTIPLY, "(a + b) * (c)");
    CHECK_SPAN("@f () = (a + b) * (c)", ADD, "a + b");
    CHECK_SPAN("@f () = x.f(1, (2)) + 1", CALL, "x.f(1, (2))");
    CHECK_SPAN("@f () = run() + 1", RUN, "run()");
    CHECK_SPAN("@f () = g(map(.over: xs, .op: +) )", PATTERN_EXPR, "map(.over: xs, .op: +)");
    CHECK_SPAN("@f () = g(.x: 1)", NAMED_ARG, ".x: 1");
    CHECK_SPAN("@f () = f(x -> (x), 1)", LAMBDA, "x -> (x)");
    CHECK_SPAN("@f () = P { x: 1, ..p }.y", STRUCT, "P { x: 1, ..p }");
    CHECK_SPAN("@f (x: a.B<int, [c]>, y: int) = 1", TYPE_PATH, "int");
    CHECK_TEXT(span_text(parse(TEXT("@f (x: a.B<int, [c]>, y: int) = 1")), NODE_TYPE_PATH, 2), TEXT("a.B<int, [c]>"));
    CHECK_SPAN("@f () = match(x, A.B -> 1, _ -> 2)", PAT_VARIANT, "A.B");
    CHECK_SPAN("@f () = match(x, A.B(..) -> 1)", PAT_VARIANT, "A.B(..)");
    CHECK_SPAN("#[a(b)] pub @f () = g(1)", FUNCTION, "#[a(b)] pub @f () = g(1)");
    CHECK_SPAN("impl T { @f () = 1 }", IMPL, "impl T { @f () = 1 }");
    CHECK_SPAN("impl T { @f () = 1 }", FUNCTION, "@f () = 1");
    CHECK_SPAN("trait T { }", TRAIT_DECL, "trait T { }");
    CHECK_SPAN("@f () = if a then b", IF, "if a then b");
    CHECK_SPAN("@f () = -(1)", NEGATE, "-(1)");
    CHECK_SPAN("@f () = xs[0]? + 1", QUESTION, "xs[0]?");
}
TEST(hashes_of_declarations_do_not_depend_on_their_place) {
    const ParsedFile *one = parse(TEXT("@f (x) = x + 1"));
    const ParsedFile *two = parse(TEXT("$y = 1\n\n  @f (x) = x + 1 // a comment\n@g () = 1"));
    const ParsedFile *other = parse(TEXT("@f (x) = x + 2"));
    uint64_t hash = tree_declaration_hash(&one->tree, &one->tokens, &one->tree.declarations[0]);
    CHECK(hash == tree_declaration_hash(&two->tree, &two->tokens, &two->tree.declarations[1]));
    CHECK(hash != tree_declaration_hash(&other->tree, &other->tokens, &other->tree.declarations[0]));
    // And the tree's bytes are the same, T1.
    const Declaration *a = &one->tree.declarations[0], *b = &two->tree.declarations[1];
    REQUIRE(a->node_count == b->node_count && a->extra_count == b->extra_count);
    TreeView v = tree_view(&one->tree, &one->tokens, a), w = tree_view(&two->tree, &two->tokens, b);
    CHECK(memcmp(v.tokens, w.tokens, a->node_count * sizeof *v.tokens) == 0);
    CHECK(memcmp(v.kinds, w.kinds, a->node_count) == 0);
}

// ---- anything at all

static const char sample[] =
    "use './m' { a, b as c, ::d, $x as $y }\npub use std.n as n\nextension './more' { Shape.describe }\n"
    "pub $lim: int = -5\n// #doc\n#[skip(\"why\")]\n#derive(Eq)\ntype S<T> where T: Eq = A(x: int, T) | B | C()\n"
    "type R = { a: int, b: {str: [int]}, c: (A, B) -> C, d: dyn T, g: Option<Option<int>> }\n"
    "trait Q<A>: B + C {\n    type Item: X\n    @m (self) -> int\n    @d (self, o: Self) -> bool = !self.m(o)\n}\n"
    "impl<T: P> Q for Box<T> where T.Item: E, Self.X = int {\n    type U = int\n    pub @m (self) -> Self = self\n}\n"
    "extend [T] { @second (self) -> T = self[# - 1] }\n"
    "@f<T: A + B> (x: T, y) -> [U] uses Http, Clock = run(\n    let mut n = 0x2A,\n    let (a, _): (int, int) = p,\n"
    "    n = n + 1.5e3 * 'c',\n    for (i, j) in xs, k in 1..=9 if e yield g(i),\n    while a do b,\n"
    "    if a then b else if c then d else \"x\\n\\u{41}\",\n    with Http = v in f(.type: x, where: 2)?,\n"
    "    match(x,\n        Some(y).match(y > 1) -> y,\n        1..2 | ..=0 | -1 -> z,\n        [h, .., t] -> { a: 1, "
    "\"b\": 2 },\n"
    "        P { x, y: q, .. } -> 3,\n        all @ (a, _) -> Set<int>.new(),\n    ),\n"
    "    for(.over: xs, .match: Some(x) -> x, .default: 0),\n    validate(.rules: [a || b | \"m\"], .then: x),\n"
    "    retry(.op: f(), .on: [A, B(_)], .backoff: 30s),\n    fold(.over: map(.over: xs, .transform: (k: int) -> int = "
    "k), .op: >>),\n"
    "    Point { x: 1, ..p }.x.0.1,\n    loop(break 1, continue),\n    () -> n = 1,\n    xs.slice(end: #) ?? ~a << "
    "4kb,\n)\n"
    "@t tests @f tests @S.m () -> void = run(assert_eq(1, 1))\n";

static void check_spans(const ParsedFile *file) {
    for (uint32_t i = 0; i < file->tree.declaration_count; i++) {
        const Declaration *d = &file->tree.declarations[i];
        TreeView v = tree_view(&file->tree, &file->tokens, d);
        for (NodeIndex node = 1; node < d->node_count; node++) {
            Span span = tree_node_span(&v, node);
            if (!(span.start <= span.end && span.end <= file->source->text.length)) FAIL("a span that is none");
        }
    }
}

TEST(the_sample_has_no_errors) {
    const ParsedFile *file = parse(TEXT(sample));
    CHECK_TEXT(errors(file), TEXT(""));
    check_spans(file);
}
// Random edits of bytes and of whole pieces of the sample. Shows T2 and T3: whatever the text, there is a tree.
TEST(edits_never_break_the_tree) {
    static const char *const pieces[] = {"(",
                                         ")",
                                         "[",
                                         "]",
                                         "{",
                                         "}",
                                         ",",
                                         ";",
                                         "->",
                                         "=",
                                         "@",
                                         "\n",
                                         "\n@g () = 1\n",
                                         ".",
                                         ":",
                                         "if ",
                                         "<",
                                         ">",
                                         ">=",
                                         "..",
                                         "| ",
                                         "let ",
                                         "'",
                                         "\"",
                                         "#",
                                         "$",
                                         "pub ",
                                         "type ",
                                         "impl ",
                                         "tests ",
                                         "extend ",
                                         "then ",
                                         "match(",
                                         "\xFF",
                                         "_ ",
                                         "+ ",
                                         "- ",
                                         "for "};
    uint64_t random = 2024;
    Arena own = {0};
    round_arena = &own;
    for (uint32_t round = 0; round < test_rounds(4000); round++, arena_reset(&own)) {
        Buffer text = buffer_in(arena());
        buffer_text(&text, TEXT(sample));
        uint32_t edits = 1 + (uint32_t)(test_random(&random) % 6);
        for (uint32_t edit = 0; edit < edits && text.length > 1; edit++) {
            size_t at = test_random(&random) % text.length;
            const char *piece = pieces[test_random(&random) % (sizeof pieces / sizeof *pieces)];
            size_t bytes = strlen(piece), cut = test_random(&random) % 8;
            switch (test_random(&random) % 4) {
            case 0:
                text.data[at] = (char)test_random(&random);
                break;
            case 1: // leave some out
                if (cut > text.length - at) cut = text.length - at;
                memmove(text.data + at, text.data + at + cut, text.length - at - cut);
                text.length -= cut;
                break;
            case 2: // put a piece in
                buffer_reserve(&text, bytes);
                memmove(text.data + at + bytes, text.data + at, text.length - at);
                memcpy(text.data + at, piece, bytes);
                text.length += bytes;
                break;
            default:
                if (cut == 0)
                    text.length = at + 1; // cut off the rest, seldom
                else
                    text.data[at] = piece[0];
                break;
            }
        }
        char *exact = malloc(text.length); // so that AddressSanitizer sees the end of the text
        REQUIRE(exact != NULL);
        memcpy(exact, text.data, text.length);
        const ParsedFile *file = parse((Text){exact, (uint32_t)text.length});
        check_spans(file);
        if (round % 16 == 0) (void)rendered(file);
        free(exact);
    }
    round_arena = NULL;
    arena_free(&own);
}
TEST(noise_never_breaks_the_tree) {
    uint64_t random = 99;
    Arena own = {0};
    round_arena = &own;
    for (uint32_t round = 0; round < test_rounds(4000); round++, arena_reset(&own)) {
        char text[120];
        uint32_t length = (uint32_t)(test_random(&random) % sizeof text);
        static const char bytes[] = "()[]{},;.:=<>|@#$_aA1\"' \n-+*!?rfuntypeimplt\xCE\xBB";
        for (uint32_t i = 0; i < length; i++)
            text[i] = bytes[test_random(&random) % sizeof bytes];
        check_spans(parse((Text){text, length}));
    }
    round_arena = NULL;
    arena_free(&own);
}

// ---- parse_file

TEST(a_parsed_file_owns_its_memory) {
    Source source = {{3}, TEXT("a.si"), TEXT("@f () = (1")};
    (void)parse(source.text); // makes the interner
    ParsedFile file;
    REQUIRE(parse_file(&source, &cache, &file) == STATUS_OK);
    CHECK_INT(file.diagnostics.error_count, 1);
    CHECK_INT(file.diagnostics.first->span.file.index, 3);
    CHECK_INT(file.tree.declaration_count, 1);
    parsed_file_free(&file);
    CHECK(file.arena.chunk == NULL);
}

// tests/unit/test_lexer.c: chapter 1 of the reference, rule by rule, and L1 and L2 of syntax/lexer.h.
#include "syntax/lexer.h"
#include "syntax/syntax.h"
#include "tests/unit/harness.h"

typedef struct Lexed {
    Source source;
    Tokens tokens;
    DiagSink sink;
    NameInterner *names;
} Lexed;

static NameInterner *names; // one for the program: its text is freed at exit by nobody, but stays reachable
static NameCache cache;

static Lexed *lex(Text text) {
    if (names == NULL) {
        REQUIRE(names_create(8, &names) == STATUS_OK);
        name_cache_init(&cache, names);
    }
    Lexed *lexed = arena_new(test_arena(), Lexed);
    lexed->source = (Source){{1}, TEXT("test.si"), text};
    lexed->sink = diag_sink(test_arena());
    REQUIRE(lex_file(test_arena(), &lexed->source, &cache, &lexed->sink, &lexed->tokens) == STATUS_OK);
    return lexed;
}

// "KIND text" for each token but END, joined by " · ", then the codes with their byte ranges.
static Text render(const Lexed *lexed) {
    Buffer out = buffer_in(test_arena());
    for (uint32_t i = 0; i + 1 < lexed->tokens.count; i++) {
        if (i > 0) buffer_string(&out, " · ");
        buffer_string(&out, token_kind_name(lexed->tokens.kinds[i]));
        if (lexed->tokens.kinds[i] > TOKEN_BAD) continue; // words and punctuation say it all
        buffer_char(&out, ' ');
        buffer_text(&out, token_text(&lexed->tokens, i));
    }
    for (const Diagnostic *d = lexed->sink.first; d != NULL; d = d->next)
        buffer_format(&out, " %s@%u-%u", diag_code_text(d->code), d->span.start, d->span.end);
    return (Text){out.data, (uint32_t)out.length};
}

#define CHECK_LEXED(source, expected) CHECK_TEXT(render(lex(TEXT(source))), TEXT(expected))

static uint64_t literal(const char *source) {
    const Lexed *lexed = lex(text_from(source));
    REQUIRE(lexed->tokens.count == 2 && lexed->sink.first == NULL);
    return lexed->tokens.literals[lexed->tokens.values[0]];
}
static double number(const char *source) {
    uint64_t bits = literal(source);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
static Text name_value(const char *source) {
    const Lexed *lexed = lex(text_from(source));
    REQUIRE(lexed->tokens.count == 2);
    return names_text(names, (NameId){lexed->tokens.values[0]});
}

TEST(empty_text_is_only_the_end) {
    CHECK_INT(lex((Text){NULL, 0})->tokens.count, 1);
    CHECK_LEXED("", "");
    CHECK_LEXED("// only a comment", "");
}
TEST(every_keyword_and_every_sign_is_itself) {
#define TOKEN(kind, shown)
#define KEYWORD(kind, text) CHECK_LEXED(text, #kind);
#define PUNCTUATION(kind, text) CHECK_LEXED(text, #kind);
#include "syntax/tokens.def"
#undef TOKEN
#undef KEYWORD
#undef PUNCTUATION
    CHECK_LEXED("selfs Selfie as tests _ _a a9",
                "NAME selfs · NAME Selfie · NAME as · NAME tests · NAME _ · NAME _a · NAME a9");
}
TEST(signs_are_as_long_as_they_can_be) {
    CHECK_LEXED("a..=b...c", "NAME a · DOT_DOT_EQUAL · NAME b · DOT_DOT · DOT · NAME c");
    CHECK_LEXED(">>>=", "GREATER · GREATER · GREATER_EQUAL");
    CHECK_LEXED("<<==>-->", "LESS_LESS · EQUAL_EQUAL · GREATER · MINUS · ARROW");
    CHECK_LEXED("???|||&&&:::",
                "QUESTION_QUESTION · QUESTION · PIPE_PIPE · PIPE · AMP_AMP · AMP · COLON_COLON · COLON");
}
TEST(integers) {
    CHECK_INT(literal("0"), 0);
    CHECK_INT(literal("1_000_000"), 1000000);
    CHECK_INT(literal("0x2A"), 42);
    CHECK_INT(literal("0xF_f"), 255);
    CHECK_INT(literal("0b1010"), 10);
    CHECK_INT(literal("9223372036854775807"), INT64_MAX);
    CHECK(literal("9223372036854775808") == (uint64_t)1 << 63); // the parser says whether a minus stands before it
    CHECK_LEXED("9223372036854775809", "INT 9223372036854775809 E0021@0-19");
    CHECK_LEXED("0x8000000000000001", "INT 0x8000000000000001 E0021@0-18");
    CHECK_LEXED("99999999999999999999999", "INT 99999999999999999999999 E0021@0-23");
}
TEST(floats_are_rounded_correctly) {
    CHECK(number("3.14") == 3.14);
    CHECK(number("2.5e-8") == 2.5e-8);
    CHECK(number("1e9") == 1e9);
    CHECK(number("1E+2") == 100.0);
    CHECK(number("1_0.5") == 10.5);
    CHECK(number("1.0_5e1_0") == 1.05e10);
    CHECK(number("9007199254740993.0") == 9007199254740992.0);
    CHECK(number("2.2250738585072011e-308") == 2.2250738585072011e-308);
    CHECK(number("0.1e-999999999999999999999") == 0.0);
    CHECK(number("1.7976931348623157e308") == 1.7976931348623157e308);
    CHECK_LEXED("1e309", "FLOAT 1e309 E0022@0-5");
    CHECK_LEXED("1e99999999999999999999", "FLOAT 1e99999999999999999999 E0022@0-22");
}
TEST(a_point_needs_a_digit_behind_it) {
    CHECK_LEXED("1.max", "INT 1 · DOT · NAME max");
    CHECK_LEXED("1..3", "INT 1 · DOT_DOT · INT 3");
    CHECK_LEXED("t.0.1", "NAME t · DOT · INT 0 · DOT · INT 1");
    CHECK_LEXED("t.0e5", "NAME t · DOT · INT 0e5 E0027@2-5");
    CHECK_LEXED("x..5.0", "NAME x · DOT_DOT · FLOAT 5.0");
    CHECK_LEXED("t. 0.1", "NAME t · DOT · FLOAT 0.1");
    CHECK_LEXED("1.5.5", "FLOAT 1.5 · DOT · INT 5");
    CHECK_LEXED("1._5", "INT 1 · DOT · NAME _5");
}
TEST(durations_and_sizes) {
    CHECK_INT(literal("100ms"), 100000000);
    CHECK_INT(literal("30s"), 30000000000);
    CHECK_INT(literal("5m"), 300000000000);
    CHECK_INT(literal("2h"), 7200000000000);
    CHECK_INT(literal("7us"), 7000);
    CHECK_INT(literal("1_0ns"), 10);
    CHECK_INT(literal("512b"), 512);
    CHECK_INT(literal("4kb"), 4096);
    CHECK_INT(literal("10mb"), 10485760);
    CHECK_INT(literal("2gb"), 2147483648);
    CHECK_INT(literal("0b"), 0);
    CHECK_LEXED("0b x", "SIZE 0b · NAME x");
    CHECK_LEXED("9223372037s", "DURATION 9223372037s E0026@0-11");
    CHECK_LEXED("8589934592gb", "SIZE 8589934592gb E0026@0-12");
}
TEST(malformed_numbers_are_one_token) {
    CHECK_LEXED("007", "INT 007 E0027@0-3");
    CHECK_LEXED("1__0", "INT 1__0 E0027@0-4");
    CHECK_LEXED("1_", "INT 1_ E0027@0-2");
    CHECK_LEXED("0x", "INT 0x E0027@0-2");
    CHECK_LEXED("0xG1", "INT 0xG1 E0027@0-4");
    CHECK_LEXED("0b12", "INT 0b12 E0027@0-4");
    CHECK_LEXED("1.5s", "FLOAT 1.5s E0027@0-4");
    CHECK_LEXED("5min", "INT 5min E0027@0-4");
    CHECK_LEXED("1e", "INT 1e E0027@0-2");
    CHECK_LEXED("05s", "INT 05s E0027@0-3");
    CHECK_LEXED("1.5_", "FLOAT 1.5_ E0027@0-4");
    CHECK_LEXED("3x.y", "INT 3x · DOT · NAME y E0027@0-2");
}
TEST(strings) {
    CHECK_TEXT(name_value("\"\""), TEXT(""));
    CHECK_TEXT(name_value("\"a b\""), TEXT("a b"));
    CHECK_TEXT(name_value("\"a\\n\\\"b\\\\\""), TEXT("a\n\"b\\"));
    CHECK_TEXT(name_value("\"\\t\\r\\0\""), ((Text){"\t\r\0", 3}));
    CHECK_TEXT(name_value("\"\\u{1F600}\\u{41}λ\""), TEXT("😀Aλ"));
    CHECK_LEXED("\"abc\nx", "STR \"abc · NAME x E0023@0-4");
    CHECK_LEXED("\"abc\r\nx", "STR \"abc · NAME x E0023@0-4");
    CHECK_LEXED("\"a\\\"", "STR \"a\\\" E0023@0-4");
    CHECK_LEXED("\"a\\", "STR \"a\\ E0023@0-3");
    CHECK_LEXED("\"", "STR \" E0023@0-1");
    CHECK_LEXED("\"\\q\\'\" 1", "STR \"\\q\\'\" · INT 1 E0024@1-3 E0024@3-5");
    CHECK_LEXED("\"\\u{D800}\\u{}\\u41\\u{110000}\"",
                "STR \"\\u{D800}\\u{}\\u41\\u{110000}\" E0024@1-9 E0024@9-13 E0024@13-15 E0024@17-27");
    CHECK_LEXED("\"// no comment\" // one", "STR \"// no comment\"");
}
TEST(characters_and_paths) {
    CHECK_INT(lex(TEXT("'a'"))->tokens.values[0], 'a');
    CHECK_INT(lex(TEXT("'λ'"))->tokens.values[0], 0x3BB);
    CHECK_INT(lex(TEXT("'\\n'"))->tokens.values[0], '\n');
    CHECK_INT(lex(TEXT("'\\''"))->tokens.values[0], '\'');
    CHECK_INT(lex(TEXT("'\\u{1F600}'"))->tokens.values[0], 0x1F600);
    CHECK_INT(lex(TEXT("'\"'"))->tokens.values[0], '"');
    CHECK_LEXED("'./math' {", "PATH './math' · LBRACE");
    CHECK_TEXT(name_value("'./math'"), TEXT("./math"));
    CHECK_LEXED("''", "CHAR '' E0025@0-2");
    CHECK_LEXED("'a b\nc", "CHAR 'a b · NAME c E0025@0-4");
    CHECK_LEXED("'", "CHAR ' E0025@0-1");
    CHECK_LEXED("'\\", "CHAR '\\ E0025@0-2");
    CHECK_LEXED("'\\q'", "CHAR '\\q' E0024@1-3");
}
TEST(names_have_a_longest_length) {
    char text[1025];
    memset(text, 'a', sizeof text);
    CHECK(lex((Text){text, 1023})->sink.first == NULL);
    const Lexed *lexed = lex((Text){text, 1024});
    CHECK(lexed->sink.first != NULL && lexed->sink.first->code == DIAG_NAME_TOO_LONG &&
          lexed->tokens.kinds[0] == TOKEN_NAME);
    CHECK_INT(token_end(&lexed->tokens, 0), 1024);
}
TEST(what_is_no_text_is_reported_once_with_its_place) {
    CHECK_LEXED("a \xFF\xFE b", "NAME a · BAD \xFF\xFE · NAME b E0001@2-4");
    CHECK_LEXED("\xC0\x80", "BAD \xC0\x80 E0001@0-2");         // overlong
    CHECK_LEXED("\xED\xA0\x80", "BAD \xED\xA0\x80 E0001@0-3"); // a surrogate
    CHECK_LEXED("\xF4\x90\x80\x80", "BAD \xF4\x90\x80\x80 E0001@0-4");
    CHECK_LEXED("\xE2\x82", "BAD \xE2\x82 E0001@0-2"); // cut off
    CHECK_LEXED("// \xFF λ \x80\nx", "NAME x E0001@3-4 E0001@8-9");
    CHECK_LEXED("\"\xFF\"", "STR \"\xFF\" E0001@1-2");
    CHECK_LEXED("'\xFF'", "CHAR '\xFF' E0001@1-2");
    CHECK_LEXED("\xEF\xBB\xBFx", "NAME x E0002@0-3");
    CHECK_TEXT(render(lex((Text){"a\0b", 3})), ((Text){"NAME a · BAD \0 · NAME b E0003@1-2", 35}));
    CHECK_TEXT(render(lex((Text){"//\0\n1", 5})), TEXT("INT 1 E0003@2-3"));
    CHECK_LEXED("a §§` b", "NAME a · BAD §§` · NAME b E0004@2-7");
    CHECK_LEXED("naïve", "NAME na · BAD ï · NAME ve E0004@2-4");
    CHECK_LEXED("\\ \x7F", "BAD \\ · BAD \x7F E0004@0-1 E0004@2-3");
    CHECK(lex(TEXT("§"))->tokens.has_bad_text && !lex(TEXT("x"))->tokens.has_bad_text);
}
TEST(lines_end_in_lf_cr_lf_or_cr) {
    const Lexed *lexed = lex(TEXT("a\nλb\r\nc\rd\n"));
    REQUIRE(lexed->tokens.line_count == 5);
    static const uint32_t starts[] = {0, 2, 7, 9, 11};
    for (uint32_t i = 0; i < 5; i++)
        CHECK_INT(lexed->tokens.line_starts[i], starts[i]);
    uint32_t line, column;
    tokens_position(&lexed->tokens, 4, &line, &column); // `b`, behind a code point of two bytes
    CHECK(line == 2 && column == 2);
    tokens_position(&lexed->tokens, 9, &line, &column);
    CHECK(line == 4 && column == 1);
    tokens_position(&lexed->tokens, 11, &line, &column);
    CHECK(line == 5 && column == 1);
    CHECK_LEXED("// a\rb", "NAME b");
}

TEST(places_from_one_to_the_next_are_those_from_the_start) {
    const Lexed *lexed = lex(TEXT("aä b\nc \"ö\" d\n\ne"));
    uint32_t length = lexed->source.text.length;
    for (uint32_t step = 1; step <= length; step++) {
        PositionHint hint = {0};
        for (uint32_t offset = 0; offset <= 2 * length; offset += step) { // forwards, then from the start again
            uint32_t at = offset <= length ? offset : offset - length, line, column;
            tokens_position(&lexed->tokens, at, &line, &column);
            uint32_t near_line, near_column;
            tokens_position_near(&lexed->tokens, &hint, at, &near_line, &near_column);
            CHECK(near_line == line && near_column == column);
        }
    }
}

// ---- L1: chunks

static void check_same(const Lexed *whole, const Lexed *parts) {
    const Tokens *a = &whole->tokens, *b = &parts->tokens;
    REQUIRE(a->count == b->count && a->literal_count == b->literal_count && a->line_count == b->line_count);
    CHECK(memcmp(a->kinds, b->kinds, a->count) == 0);
    CHECK(memcmp(a->starts, b->starts, a->count * sizeof *a->starts) == 0);
    CHECK(memcmp(a->values, b->values, a->count * sizeof *a->values) == 0);
    CHECK(memcmp(a->line_starts, b->line_starts, a->line_count * sizeof *a->line_starts) == 0);
    if (a->literal_count > 0) CHECK(memcmp(a->literals, b->literals, a->literal_count * sizeof *a->literals) == 0);
    const Diagnostic *d = whole->sink.first, *e = parts->sink.first;
    for (; d != NULL && e != NULL; d = d->next, e = e->next)
        CHECK(d->code == e->code && d->span.start == e->span.start && d->span.end == e->span.end &&
              text_equal(d->message, e->message));
    CHECK(d == NULL && e == NULL);
}

// Every variant of the vector code that works here gives the same tokens.
static void check_variants(const Lexed *whole) {
    for (LexVariant variant = 0; variant < LEX_VARIANT_COUNT; variant++) {
        if (!lex_variant_works(variant)) continue;
        Lexed *other = arena_new(test_arena(), Lexed);
        other->source = whole->source;
        other->sink = diag_sink(test_arena());
        LexChunk chunk = {0};
        lex_chunk_with(variant, test_arena(), &other->source, 0, whole->source.text.length, &cache, &other->sink,
                       &chunk);
        lex_join(test_arena(), &other->source, &chunk, 1, &other->tokens);
        check_same(whole, other);
    }
}

static void check_cut(Text text, uint64_t *random) {
    Lexed *whole = lex(text);
    check_variants(whole);
    Lexed *parts = arena_new(test_arena(), Lexed);
    parts->source = whole->source;
    parts->sink = diag_sink(test_arena());
    LexChunk *chunks = arena_array(test_arena(), LexChunk, text.length + 1);
    uint32_t count = 0, start = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.data[i] != '\n' || test_random(random) % 2 == 0) continue;
        lex_chunk(test_arena(), &parts->source, start, i + 1, &cache, &parts->sink, &chunks[count++]);
        start = i + 1;
    }
    lex_chunk(test_arena(), &parts->source, start, text.length, &cache, &parts->sink, &chunks[count++]);
    lex_join(test_arena(), &parts->source, chunks, count, &parts->tokens);
    check_same(whole, parts);
}

TEST(chunks_give_what_the_whole_gives) {
    static const char pieces[][8] = {
        "a", "12", ".",    "\n",       "\r\n", "\r",      "\"",  "'",    "\\", "//", " ", "0x",  "e5", "_",     "ms",
        "λ", "§",  "\xFF", "\xE2\x82", "..=",  "\"x\"\n", "1.5", "self", "0b", ">",  "=", "'c'", "\n", "// c\n"};
    uint64_t random = 42;
    for (uint32_t round = 0; round < test_rounds(2000); round++) {
        char text[200];
        uint32_t length = 0;
        while (length < 150) {
            const char *piece = pieces[test_random(&random) % (sizeof pieces / sizeof *pieces)];
            uint32_t bytes = (uint32_t)strlen(piece);
            memcpy(text + length, piece, bytes);
            length += bytes;
            if (test_random(&random) % 40 == 0) text[length++] = '\0';
        }
        check_cut((Text){text, length}, &random);
    }
}
// L2: tokens do not overlap, and what lies between them is white space and comments.
TEST(token_ends_meet_the_text_between) {
    uint64_t random = 7;
    for (uint32_t round = 0; round < test_rounds(3000); round++) {
        static const char bytes[] = "ab1.0_'\"\\/ \n\rx{}u\xFF\xCE\xBB>=<|&#";
        char text[64];
        for (uint32_t i = 0; i < sizeof text; i++)
            text[i] = bytes[test_random(&random) % sizeof bytes];
        const Lexed *lexed = lex((Text){text, sizeof text});
        uint32_t at = 0;
        for (uint32_t i = 0; i < lexed->tokens.count; i++) {
            uint32_t start = lexed->tokens.starts[i], end = token_end(&lexed->tokens, i);
            CHECK(start >= at && end <= sizeof text && (end > start || i + 1 == lexed->tokens.count));
            bool is_comment = false;
            for (; at < start; at++) {
                char c = text[at];
                if (c == '\n' || c == '\r')
                    is_comment = false;
                else if (c == '/' && !is_comment)
                    is_comment = at + 1 < start && text[at + 1] == '/';
                CHECK(is_comment || c == ' ' || c == '\n' || c == '\r');
            }
            at = end;
        }
    }
}

// ---- C1: what the bytes of a block are

static bool is_one_of(char c, const char *all) { return c != '\0' && strchr(all, c) != NULL; }

static LexMasks expected_masks(const char *bytes) {
    LexMasks masks = {0};
    for (uint32_t i = 0; i < LEX_BLOCK; i++) {
        char c = bytes[i];
        bool is_digit = c >= '0' && c <= '9';
        bool is_word = is_digit || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        masks.word |= (uint64_t)is_word << i;
        masks.digit |= (uint64_t)is_digit << i;
        masks.gap |= (uint64_t)is_one_of(c, " \t\r\n") << i;
        masks.line_feed |= (uint64_t)(c == '\n') << i;
        masks.carriage_return |= (uint64_t)(c == '\r') << i;
        masks.plain |= (uint64_t)is_one_of(c, "!#$%&()*+,-.:;<=>?@[]^{|}~") << i;
        masks.equal |= (uint64_t)(c == '=') << i;
        masks.greater |= (uint64_t)(c == '>') << i;
        masks.before_greater |= (uint64_t)is_one_of(c, "-=") << i;
        masks.before_equal |= (uint64_t)is_one_of(c, "=<>!") << i;
        masks.doubled |= (uint64_t)is_one_of(c, "&|<?.:") << i;
    }
    return masks;
}

TEST(every_variant_knows_every_byte) {
    char bytes[8 * LEX_BLOCK];
    uint64_t random = 11;
    for (uint32_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i < 256 ? i : test_random(&random));
    CHECK(lex_variant_works(LEX_PORTABLE) && lex_variant_works(lex_variant_best()));
    for (LexVariant variant = 0; variant < LEX_VARIANT_COUNT; variant++) {
        if (!lex_variant_works(variant)) continue;
        LexMasks masks[8];
        lex_classify(variant, bytes, 8, masks);
        for (uint32_t block = 0; block < 8; block++) {
            LexMasks expected = expected_masks(bytes + block * LEX_BLOCK);
            CHECK(memcmp(&expected, &masks[block], sizeof expected) == 0);
        }
    }
}

// ---- words in the table of words met lately

TEST(words_of_all_lengths_are_themselves) {
    for (uint32_t round = 0; round < 3; round++) { // new, met before, and driven out by others
        for (uint32_t length = 1; length < 200; length++) {
            char text[202];
            memset(text, 'a' + (int)(length % 26), length);
            memcpy(text + length, " b", 2);
            const Lexed *lexed = lex((Text){text, length + 2});
            REQUIRE(lexed->tokens.count == 3);
            CHECK_TEXT(names_text(names, (NameId){lexed->tokens.values[0]}), ((Text){text, length}));
            CHECK_TEXT(names_text(names, (NameId){lexed->tokens.values[1]}), TEXT("b"));
        }
        for (uint32_t i = 0; round == 1 && i < 5000; i++)
            (void)lex(arena_format(test_arena(), "other_%u self", i));
    }
    CHECK_LEXED("self Self selfish", "SELF · SELF_TYPE · NAME selfish");
}
// Tokens at every place of a block, and across its end and the end of a batch.
TEST(places_do_not_matter) {
    static const char *const tokens[] = {
        "->",   "=>",   "==",   "!=",     "<=",   ">=",    "&&",       "||",       "??",
        "::",   "..",   "..=",  "<<",     ">>=",  "==>",   "..=>",     "<<=",      "<=>",
        "===",  "....", "let",  "name",   "'c'",  "'a.b'", "\"s/'t\"", "\"\\n\"",  "1.5",
        "1e+5", "3ms",  "0x1F", "// c\n", "//\r", "/",     "\r\n",     "\xCE\xBB", "\"\xCE\xBB\""};
    static const uint32_t before[] = {0,    1,    60,   61,   62,   63,   64,   65,  127,
                                      2040, 2045, 2046, 2047, 2048, 2049, 4095, 4096};
    Text spaces = arena_format(test_arena(), "%5000s", "");
    for (uint32_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        Text alone = render(lex(text_from(tokens[i])));
        for (uint32_t j = 0; j < sizeof before / sizeof *before; j++) {
            for (uint32_t behind = 0; behind < 4000; behind += 1999) {
                Text text = arena_format(test_arena(), "%.*s%s%.*s", (int)before[j], spaces.data, tokens[i],
                                         (int)behind, spaces.data);
                Lexed *lexed = lex(text);
                check_variants(lexed);
                if (lexed->sink.first == NULL) CHECK_TEXT(render(lexed), alone); // messages have offsets in them
            }
        }
    }
}

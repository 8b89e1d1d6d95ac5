// tests/unit/test_parse_parallel.c: parsing many files at once gives, file by file, what parsing each alone gives.
#include "sched/sched.h"
#include "syntax/syntax.h"
#include "tests/unit/harness.h"

enum { FILES = 60, THREADS_MAX = 8 };

static Text source_text(uint32_t file) {
    Buffer out = buffer_in(test_arena());
    for (uint32_t i = 0; i < file % 17 + 1; i++)
        buffer_format(&out, "@f%u_%u (x: int) -> int = run(let y%u = x + %u, y%u)\n", file, i, i, i, i);
    if (file % 5 == 0) buffer_format(&out, "@bad (x = %u\n", file); // an error in some
    return (Text){out.data, (uint32_t)out.length};
}

static void check_same(const ParsedFile *parsed, const Source *source, NameInterner *names, NameCache *cache) {
    ParsedFile alone;
    REQUIRE(parse_file(source, cache, &alone) == STATUS_OK);
    CHECK(parsed->status == STATUS_OK && parsed->source == source);
    CHECK_INT(parsed->diagnostics.error_count, alone.diagnostics.error_count);
    Buffer first = buffer_in(test_arena()), second = buffer_in(test_arena());
    tree_print(&parsed->tree, &parsed->tokens, names, &first);
    tree_print(&alone.tree, &alone.tokens, names, &second);
    CHECK_TEXT(((Text){first.data, (uint32_t)first.length}), ((Text){second.data, (uint32_t)second.length}));
    parsed_file_free(&alone);
}

// ---- large files in chunks

// What looks different from either side of a cut: line ends of all kinds, open strings, comments, escapes, bad bytes, numbers
// and the literals they leave behind, and text without a line end for longer than a chunk.
static Text large_text(uint64_t seed, uint32_t bytes) {
    static const char *const lines[] = {
        "@f (x: int) -> int = run(let y = x + 1_000, y * 0x1F)\n",
        "type Point = { x: float, y: float } // a comment\r\n",
        "    \"text \\u{3BB} with \\q escapes\n",
        "@g () -> float = 1.5e3 + 2.5 // \xCE\xBB\n",
        "1.2.3 . 4\n",
        "'c' 'path.to' '\n",
        "\xFF\xE2\x82\n",
        "5ms 2gb 99999999999999999999\n",
        "\n",
        "\r",
        "[(((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((\n",
        ")]\n",
    };
    Buffer out = buffer_in(test_arena());
    while (out.length < bytes) {
        uint64_t choice = test_random(&seed);
        const char *line = lines[choice % (sizeof lines / sizeof *lines)];
        buffer_string(&out, line);
        if (choice % 97 == 0) buffer_char(&out, '\0');
        if (choice % 211 == 0)
            for (uint32_t i = 0; i < 200; i++)
                buffer_string(&out, "long(line),");
    }
    return (Text){out.data, (uint32_t)out.length};
}

static bool same(const void *first, const void *second, size_t bytes) {
    return bytes == 0 || memcmp(first, second, bytes) == 0;
}

// L1, to the last byte: the interner is the same, so even the values are.
static void check_same_arrays(const ParsedFile *parsed, const ParsedFile *whole) {
    const Tokens *a = &parsed->tokens, *b = &whole->tokens;
    REQUIRE(a->count == b->count && a->literal_count == b->literal_count && a->line_count == b->line_count);
    CHECK(same(a->kinds, b->kinds, a->count));
    CHECK(same(a->starts, b->starts, a->count * sizeof *a->starts));
    CHECK(same(a->values, b->values, a->count * sizeof *a->values));
    CHECK(same(a->partner, b->partner, a->count * sizeof *a->partner));
    CHECK(same(a->line_starts, b->line_starts, a->line_count * sizeof *a->line_starts));
    CHECK(same(a->literals, b->literals, a->literal_count * sizeof *a->literals));
    CHECK(a->has_bad_text == b->has_bad_text);
    const Tree *t = &parsed->tree, *u = &whole->tree;
    REQUIRE(t->node_count == u->node_count && t->extra_count == u->extra_count);
    CHECK(same(t->kinds, u->kinds, t->node_count));
    CHECK(same(t->tokens, u->tokens, t->node_count * sizeof *t->tokens));
    CHECK(same(t->a, u->a, t->node_count * sizeof *t->a));
    CHECK(same(t->b, u->b, t->node_count * sizeof *t->b));
    CHECK(same(t->extra, u->extra, t->extra_count * sizeof *t->extra));
    const Diagnostic *d = parsed->diagnostics.first, *e = whole->diagnostics.first;
    for (; d != NULL && e != NULL; d = d->next, e = e->next)
        CHECK(d->code == e->code && d->span.start == e->span.start && d->span.end == e->span.end &&
              text_equal(d->message, e->message));
    CHECK(d == NULL && e == NULL);
    CHECK_INT(parsed->diagnostics.error_count, whole->diagnostics.error_count);
}

static void parse_large(uint32_t threads, uint32_t chunk_bytes, uint64_t seed) {
    Pool *pool;
    ThreadPoolConfig config = {.max_threads = threads};
    REQUIRE(pool_create(&config, &pool) == STATUS_OK);
    NameInterner *names;
    REQUIRE(names_create(8, &names) == STATUS_OK);
    NameCache *caches = arena_array(test_arena(), NameCache, threads + 1);
    for (uint32_t i = 0; i <= threads; i++)
        name_cache_init(&caches[i], names);
    Text texts[] = {large_text(seed, 300000), TEXT("@one () = 1\n"), large_text(seed + 1, 9000), TEXT("")};
    Source sources[4];
    for (uint32_t i = 0; i < 4; i++)
        sources[i] = (Source){{i + 1}, TEXT("m.si"), texts[i]};
    ParsedFile files[4];
    CHECK_INT(parse_all(pool, sources, 4, caches, NULL, chunk_bytes, NULL, files), STATUS_OK);
    for (uint32_t i = 0; i < 4; i++) {
        ParsedFile whole;
        REQUIRE(parse_file(&sources[i], &caches[threads], &whole) == STATUS_OK);
        check_same_arrays(&files[i], &whole);
        parsed_file_free(&whole);
        parsed_file_free(&files[i]);
    }
    names_free(names);
    pool_free(pool);
}

TEST(chunks_of_any_length_give_what_the_whole_gives) {
    static const uint32_t threads[] = {1, 2, 3, 8, 64};
    static const uint32_t lengths[] = {0, 1, 13, 5000, 64 * 1024, UINT32_MAX};
    uint64_t seed = 3;
    for (uint32_t i = 0; i < sizeof threads / sizeof *threads; i++)
        for (uint32_t j = 0; j < sizeof lengths / sizeof *lengths; j++)
            parse_large(threads[i], lengths[j], seed++);
}
// A file without a line end cannot be cut.
TEST(one_endless_line_is_one_chunk) {
    Pool *pool;
    REQUIRE(pool_create(NULL, &pool) == STATUS_OK);
    Buffer text = buffer_in(test_arena());
    for (uint32_t i = 0; i < 20000; i++)
        buffer_string(&text, "long(line), ");
    Source source = {{1}, TEXT("m.si"), {text.data, (uint32_t)text.length}};
    NameInterner *names;
    REQUIRE(names_create(8, &names) == STATUS_OK);
    NameCache *caches = arena_array(test_arena(), NameCache, pool_thread_count(pool));
    for (uint32_t i = 0; i < pool_thread_count(pool); i++)
        name_cache_init(&caches[i], names);
    ParsedFile file, whole;
    CHECK_INT(parse_all(pool, &source, 1, caches, NULL, 100, NULL, &file), STATUS_OK);
    REQUIRE(parse_file(&source, &caches[0], &whole) == STATUS_OK);
    check_same_arrays(&file, &whole);
    parsed_file_free(&file);
    parsed_file_free(&whole);
    names_free(names);
    pool_free(pool);
}

static void parse_with(uint32_t threads) {
    Pool *pool;
    ThreadPoolConfig config = {.max_threads = threads};
    REQUIRE(pool_create(&config, &pool) == STATUS_OK);
    NameInterner *names;
    REQUIRE(names_create(8, &names) == STATUS_OK);
    NameCache *caches = arena_array(test_arena(), NameCache, THREADS_MAX + 1);
    for (uint32_t i = 0; i <= THREADS_MAX; i++)
        name_cache_init(&caches[i], names);
    Source *sources = arena_array(test_arena(), Source, FILES);
    for (uint32_t i = 0; i < FILES; i++)
        sources[i] = (Source){{i + 1}, TEXT("m.si"), source_text(i)};
    ParsedFile *files = arena_array(test_arena(), ParsedFile, FILES);

    CHECK_INT(parse_all(pool, sources, FILES, caches, NULL, 0, NULL, files), STATUS_OK);
    for (uint32_t i = 0; i < FILES; i++) {
        check_same(&files[i], &sources[i], names, &caches[THREADS_MAX]);
        parsed_file_free(&files[i]);
    }
    names_free(names);
    pool_free(pool);
}

TEST(one_thread_gives_what_each_file_alone_gives) { parse_with(1); }
TEST(many_threads_give_what_each_file_alone_gives) {
    for (uint32_t round = 0; round < test_rounds(20); round++)
        parse_with(1 + round % THREADS_MAX);
}
TEST(no_files_are_no_trouble) {
    Pool *pool;
    REQUIRE(pool_create(NULL, &pool) == STATUS_OK);
    CHECK_INT(parse_all(pool, NULL, 0, NULL, NULL, 0, NULL, NULL), STATUS_OK);
    pool_free(pool);
}
TEST(a_cancelled_run_leaves_nothing_to_free) {
    Pool *pool;
    REQUIRE(pool_create(NULL, &pool) == STATUS_OK);
    cancel_request(pool_cancel_flag(pool));
    Source source = {{1}, TEXT("m.si"), TEXT("@f () = 1")};
    ParsedFile file;
    NameCache cache = {0}; // never reached
    CHECK_INT(parse_all(pool, &source, 1, &cache, NULL, 0, NULL, &file), STATUS_CANCELLED);
    CHECK_INT(file.status, STATUS_CANCELLED);
    source.text = large_text(1, 5000);
    CHECK_INT(parse_all(pool, &source, 1, &cache, NULL, 100, NULL, &file), STATUS_CANCELLED);
    CHECK(file.status == STATUS_CANCELLED && file.arena.reserved_bytes == 0);
    pool_free(pool);
}

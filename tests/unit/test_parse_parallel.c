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

    CHECK_INT(parse_all(pool, sources, FILES, caches, NULL, NULL, files), STATUS_OK);
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
    CHECK_INT(parse_all(pool, NULL, 0, NULL, NULL, NULL, NULL), STATUS_OK);
    pool_free(pool);
}
TEST(a_cancelled_run_leaves_nothing_to_free) {
    Pool *pool;
    REQUIRE(pool_create(NULL, &pool) == STATUS_OK);
    cancel_request(pool_cancel_flag(pool));
    Source source = {{1}, TEXT("m.si"), TEXT("@f () = 1")};
    ParsedFile file;
    NameCache cache = {0}; // never reached
    CHECK_INT(parse_all(pool, &source, 1, &cache, NULL, NULL, &file), STATUS_CANCELLED);
    CHECK_INT(file.status, STATUS_CANCELLED);
    parsed_file_free(&file);
    pool_free(pool);
}

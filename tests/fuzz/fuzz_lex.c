// tests/fuzz/fuzz_lex.c: any bytes, lexed whole and in chunks that are cut behind line feeds, give the same (chapter 1).
//
// Where it is cut follows from the input itself: behind every LF, then behind those that a hash of the text chooses.
#include "base/hash.h"
#include "syntax/lexer.h"
#include "syntax/syntax.h"
#include "tests/fuzz/mutate.h"
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { RUNS_OF_AN_INTERNER = 5000 };

static NameInterner *names;
static NameCache cache;
static uint32_t runs;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    return 0;
}

NO_RETURN static void fail(const char *what, uint32_t where) {
    fprintf(stderr, "fuzz_lex: %s at %u\n", what, where);
    abort();
}

static void check_whole(const Source *source, const Tokens *tokens) {
    uint32_t length = source->text.length, before = 0;
    if (tokens->count == 0 || tokens->kinds[tokens->count - 1] != TOKEN_END) fail("no END", 0);
    for (uint32_t i = 0; i + 1 < tokens->count; i++) {
        uint32_t start = tokens->starts[i], end = token_end(tokens, i);
        if (start < before || end <= start || end > length) fail("a token overlaps or is empty", i);
        if (memchr(source->text.data + start, '\n', end - start) != NULL) fail("a token holds a line feed", i);
        before = end;
    }
}

static void compare_diagnostics(const DiagSink *first, const DiagSink *second) {
    const Diagnostic *b = second->first;
    for (const Diagnostic *a = first->first; a != NULL || b != NULL; a = a->next, b = b->next) {
        if (a == NULL || b == NULL) fail("more diagnostics, or fewer", 0);
        if (a->code != b->code || a->span.start != b->span.start || a->span.end != b->span.end ||
            !text_equal(a->message, b->message))
            fail("another diagnostic", a->span.start);
    }
}

static uint64_t literal_of(const Tokens *tokens, uint32_t i) {
    switch ((TokenKind)tokens->kinds[i]) {
    case TOKEN_INT:
    case TOKEN_FLOAT:
    case TOKEN_DURATION:
    case TOKEN_SIZE:
        return tokens->literals[tokens->values[i]];
    default:
        return tokens->values[i];
    }
}

static void compare(const Tokens *whole, const Tokens *cut) {
    if (whole->count != cut->count || whole->line_count != cut->line_count) fail("another count", cut->count);
    for (uint32_t i = 0; i < whole->count; i++) {
        if (whole->kinds[i] != cut->kinds[i] || whole->starts[i] != cut->starts[i]) fail("another token", i);
        if (literal_of(whole, i) != literal_of(cut, i)) fail("another value", i);
    }
    for (uint32_t i = 0; i < whole->line_count; i++)
        if (whole->line_starts[i] != cut->line_starts[i]) fail("another line", i);
}

// choice 0: behind every LF.
static void lex_cut(const Source *source, uint64_t choice, const Tokens *whole, const DiagSink *diagnostics) {
    Arena arena = {0};
    DiagSink sink = diag_sink(&arena);
    VEC(LexChunk) chunks = {0};
    uint32_t start = 0;
    for (uint32_t at = 1; at <= source->text.length; at++) {
        bool is_end = at == source->text.length;
        if (!is_end && source->text.data[at - 1] != '\n') continue;
        if (choice != 0) choice = choice * 6364136223846793005ULL + 1442695040888963407ULL; // Knuth's MMIX
        if (!is_end && choice != 0 && (choice >> 40) % 3 != 0) continue;
        LexChunk chunk = {0};
        lex_chunk(&arena, source, start, at, &cache, &sink, &chunk);
        vec_push(&arena, &chunks, chunk);
        start = at;
    }
    if (chunks.count == 0) {
        LexChunk chunk = {0};
        lex_chunk(&arena, source, 0, 0, &cache, &sink, &chunk);
        vec_push(&arena, &chunks, chunk);
    }
    Tokens cut = {0};
    lex_join(&arena, source, chunks.items, chunks.count, &cut);
    compare(whole, &cut);
    compare_diagnostics(diagnostics, &sink);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > UINT32_MAX / 2) return 0;
    if (names == NULL) {
        if (names_create(8, &names) != STATUS_OK) fail("no names", 0);
        name_cache_init(&cache, names);
    }
    Source source = {{1}, TEXT("main.si"), {(const char *)data, (uint32_t)size}};
    Arena arena = {0};
    DiagSink sink = diag_sink(&arena);
    Tokens whole = {0};
    if (lex_file(&arena, &source, &cache, &sink, &whole) != STATUS_OK) fail("status", 0);
    check_whole(&source, &whole);
    lex_cut(&source, 0, &whole, &sink);
    lex_cut(&source, hash_bytes(data, size), &whole, &sink);
    arena_free(&arena);
    if (++runs % RUNS_OF_AN_INTERNER == 0) {
        names_free(names);
        names = NULL;
    }
    return 0;
}

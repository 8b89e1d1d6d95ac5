// bench/lex_parse.c: how fast files are lexed and parsed on one thread, without Python and without a pool.
//
//     lex_parse RUNS FILE …     prints one line for each run: lexing ns, lexing and parsing ns, lines, bytes, tokens, nodes
//
// bench/lexing.py builds and runs it. For counting instructions: valgrind --tool=callgrind lex_parse 1 FILE …
#include "base/clock.h"
#include "base/file.h"
#include "syntax/syntax.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct Input {
    Source *sources;
    uint32_t count;
    NameCache cache;
    Arena scratch, results;
    uint64_t lines, tokens, nodes, bytes;
} Input;

static int64_t thread_ns(void) { // another process on this core does not count
    struct timespec now;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0) abort();
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void lex_all(Input *input) {
    input->lines = input->tokens = 0;
    for (uint32_t i = 0; i < input->count; i++) {
        DiagSink sink = diag_sink(&input->scratch);
        Tokens tokens;
        if (lex_file(&input->scratch, &input->sources[i], &input->cache, &sink, &tokens) != STATUS_OK) abort();
        input->lines += tokens.line_count;
        input->tokens += tokens.count;
        arena_reset(&input->scratch);
    }
}

static void parse_all_files(Input *input) {
    input->nodes = 0;
    for (uint32_t i = 0; i < input->count; i++) {
        ParsedFile file;
        if (parse_file_in(&input->scratch, &input->results, &input->sources[i], &input->cache, &file) != STATUS_OK)
            abort();
        input->nodes += file.tree.node_count;
        parsed_file_free(&file);
        arena_reset(&input->scratch);
    }
    arena_free(&input->results);
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    Input input = {.count = (uint32_t)count - 2};
    Arena texts = {0};
    NameInterner *names;
    if (chunk_pool_create(&input.results.source) != STATUS_OK)
        return 1; // as in a workspace: warm from the second run on
    input.scratch.source = input.results.source;
    ChunkPool *pool = input.results.source;
    input.sources = calloc(input.count, sizeof *input.sources);
    if (input.sources == NULL || names_create(64, &names) != STATUS_OK) return 1;
    name_cache_init(&input.cache, names);
    for (uint32_t i = 0; i < input.count; i++) {
        Text reason;
        input.sources[i] = (Source){{i + 1}, text_from(arguments[i + 2]), {NULL, 0}};
        if (file_read(&texts, arguments[i + 2], &input.sources[i].text, &reason) != STATUS_OK) return 1;
        input.bytes += input.sources[i].text.length;
    }
    for (int run = 0; run < atoi(arguments[1]); run++) {
        int64_t start = thread_ns();
        lex_all(&input);
        int64_t lexed = thread_ns();
        parse_all_files(&input);
        int64_t parsed = thread_ns();
        printf("%lld %lld %llu %llu %llu %llu\n", (long long)(lexed - start), (long long)(parsed - lexed),
               (unsigned long long)input.lines, (unsigned long long)input.bytes, (unsigned long long)input.tokens,
               (unsigned long long)input.nodes);
    }
    arena_free(&input.scratch);
    chunk_pool_free(pool);
    free(input.sources);
    names_free(names);
    arena_free(&texts);
    return 0;
}

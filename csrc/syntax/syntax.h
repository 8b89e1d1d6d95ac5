// syntax/syntax.h: text to tokens to tree. Each function is pure: it reads its input and writes its output and arena.
// Any number may run at once. Bad text never fails; a Status is only about memory.
#pragma once
#include "syntax/tree.h"

typedef struct ParsedFile {
    Arena arena; // owns everything below
    const Source *source;
    Tokens tokens;
    Tree tree;
    DiagSink diagnostics;
    Status status;
} ParsedFile;

// Lexes source->text. Names go to the interner through the worker's front cache.
Status lex_file(Arena *arena, const Source *source, NameCache *names, DiagSink *diagnostics, Tokens *out);
// Builds the tree; pairs brackets first.
Status parse_tokens(Arena *arena, const Tokens *tokens, NameCache *names, DiagSink *diagnostics, Tree *out);
// Both, into `out`, which owns its arena (freed by parsed_file_free).
Status parse_file(const Source *source, NameCache *names, ParsedFile *out);
// The same with a worker's scratch memory, of which nothing is left in use: the arrays are built there, where it is warm in
// the caches, and then packed into `results`, which outlives the file; only messages and what is very large go to the
// file's own arena. `scratch` is the caller's to reset.
Status parse_file_in(Arena *scratch, Arena *results, const Source *source, NameCache *names, ParsedFile *out);
void parsed_file_free(ParsedFile *file);

struct Pool;
struct Progress;
// syntax/parse_parallel.c: all files, largest first; the result of file i lands in out[i]. caches[worker index].
// results[worker index] own what is in the files, until the caller frees them; with NULL each file has its own memory.
// Files of more than `chunk_bytes` bytes are lexed in parts of at most about that length; 0: a measured default.
// Counts files_parsed and errors as files end; `progress` may be NULL.
Status parse_all(struct Pool *pool, const Source *sources, uint32_t count, NameCache *caches, Arena *results,
                 uint32_t chunk_bytes, struct Progress *progress, ParsedFile *out);

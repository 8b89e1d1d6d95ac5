// syntax/file_parts.h: one large file, lexed by many tasks and parsed by one.
//
// WHY        A project of one giant file, or with one, must not wait for a single worker to read it.
// SHAPE      parts_begin ─▶ part_lex(0), part_lex(1) … in any order, on any worker ─▶ parts_finish: join, pair brackets, parse
//            Parts end behind newlines, where no token is cut (lexer.h), so nothing has to be guessed and put right.
// INVARIANTS L1 of lexer.h: the ParsedFile is that of parse_file, byte for byte.   tests/unit/test_parse_parallel.c
// THREADS    Different parts may be lexed at once; parts_finish needs a happens-before with each of them.
// OWNERSHIP  `arena` of parts_begin owns the lists, which nobody frees one by one; each part owns memory until parts_free.
#pragma once
#include "base/atomics.h"
#include "syntax/lexer.h"
#include "syntax/syntax.h"

typedef struct FilePart {
    CACHE_ALIGNED Arena memory; // of its lines and literals, and of tokens beyond the room set aside
    Arena messages;
    DiagSink diagnostics;
    Status status;
} FilePart;

typedef struct FileParts {
    const Source *source;
    ParsedFile *out;
    uint32_t count;
    uint32_t *ends; // of the parts: byte offsets
    FilePart *parts;
    LexChunk *chunks;
} FileParts;

// Cuts a file into parts of about `chunk_bytes`, at least one, and makes room for their tokens in out->arena.
Status parts_begin(Arena *arena, const Source *source, uint32_t chunk_bytes, ParsedFile *out, FileParts *parts);
Status part_lex(FileParts *parts, uint32_t part, NameCache *names);
// All parts were lexed: makes the ParsedFile, and frees what the parts held.
Status parts_finish(FileParts *parts, NameCache *names);
// Frees what the parts hold, and what `out` holds unless parts_finish was called.
void parts_free(FileParts *parts);

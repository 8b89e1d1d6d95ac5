// syntax/parse_file.c: text to tree, for a file at once and for a large one whose parts were lexed by several tasks.
#include "syntax/file_parts.h"

#define MESSAGE_CHUNK_BYTES 1024u
#define PACKED_BYTES_MAX (256u * 1024) // larger files are not copied: what their arrays waste is little beside the copy

static Status lex_and_parse(Arena *arena, const Source *source, NameCache *names, ParsedFile *out) {
    TRY(lex_file(arena, source, names, &out->diagnostics, &out->tokens));
    return parse_tokens(arena, &out->tokens, names, &out->diagnostics, &out->tree);
}

static void *packed(Arena *arena, const void *items, size_t bytes) {
    void *copy = arena_alloc(arena, bytes, 8);
    if (bytes > 0) memcpy(copy, items, bytes);
    return copy;
}

// Moves the arrays out of the scratch memory, into one block of their size.
static void file_pack(ParsedFile *file, Arena *arena) {
    Tokens *tokens = &file->tokens;
    Tree *tree = &file->tree;
    const size_t word = sizeof(uint32_t);
    if (arena == &file->arena)
        arena_reserve(arena, (size_t)tokens->count * (1 + 3 * word) + tokens->literal_count * sizeof(uint64_t) +
                                 tokens->line_count * word + (size_t)tree->node_count * (1 + 3 * word) +
                                 tree->extra_count * word + tree->declaration_count * sizeof(Declaration) +
                                 12 * 8); // each array may begin with a gap
    tokens->kinds = packed(arena, tokens->kinds, tokens->count);
    tokens->starts = packed(arena, tokens->starts, tokens->count * word);
    tokens->values = packed(arena, tokens->values, tokens->count * word);
    tokens->partner = packed(arena, tokens->partner, tokens->count * word);
    tokens->literals = packed(arena, tokens->literals, tokens->literal_count * sizeof(uint64_t));
    tokens->line_starts = packed(arena, tokens->line_starts, tokens->line_count * word);
    tree->kinds = packed(arena, tree->kinds, tree->node_count);
    tree->tokens = packed(arena, tree->tokens, tree->node_count * word);
    tree->a = packed(arena, tree->a, tree->node_count * word);
    tree->b = packed(arena, tree->b, tree->node_count * word);
    tree->extra = packed(arena, tree->extra, tree->extra_count * word);
    tree->declarations = packed(arena, tree->declarations, tree->declaration_count * sizeof(Declaration));
}

// ---- a file at once

static Status parse_guarded(Arena *scratch, Arena *results, const Source *source, NameCache *names, ParsedFile *out) {
    Arena *arena = &out->arena; // of the messages in any case
    ARENA_GUARD(arena);
    Status status;
    if (scratch == NULL || source->text.length > PACKED_BYTES_MAX) {
        status = lex_and_parse(arena, source, names, out);
    } else {
        status = lex_and_parse(scratch, source, names, out);
        results->escape = arena->escape;
        if (status == STATUS_OK) file_pack(out, results);
    }
    ARENA_GUARD_END(arena);
    return status;
}

Status parse_file_in(Arena *scratch, Arena *results, const Source *source, NameCache *names, ParsedFile *out) {
    *out = (ParsedFile){.source = source};
    arena_init(&out->arena);
    if (scratch != NULL) out->arena.chunk_bytes = MESSAGE_CHUNK_BYTES;
    out->diagnostics = diag_sink(&out->arena);
    if (results == NULL) results = &out->arena;
    out->status = parse_guarded(scratch, results, source, names, out);
    results->escape = NULL;
    if (scratch != NULL) scratch->escape = NULL; // memory that ended for a message skipped the inner guard
    return out->status;
}

Status parse_file(const Source *source, NameCache *names, ParsedFile *out) {
    return parse_file_in(NULL, NULL, source, names, out);
}

void parsed_file_free(ParsedFile *file) {
    arena_free(&file->arena);
    *file = (ParsedFile){0};
}

// ---- a file in parts

static void cut(Arena *arena, Text text, uint32_t chunk_bytes, FileParts *parts) {
    uint32_t pieces = text.length / chunk_bytes + (text.length % chunk_bytes != 0);
    if (pieces == 0) pieces = 1;
    uint32_t even = text.length / pieces + (text.length % pieces != 0); // all of about one length
    uint32_t count = 0;
    parts->ends = arena_array(arena, uint32_t, pieces);
    for (uint32_t start = 0; count == 0 || start < text.length; start = parts->ends[count++])
        parts->ends[count] = text.length - start <= even ? text.length : lex_cut_near(text, start + even);
    parts->parts = arena_array(arena, FilePart, count);
    parts->chunks = arena_array(arena, LexChunk, count);
    for (uint32_t i = 0; i < count; i++) {
        parts->parts[i].messages.chunk_bytes = MESSAGE_CHUNK_BYTES;
        parts->parts[i].diagnostics = diag_sink(&parts->parts[i].messages);
    }
    parts->count = count; // from here on there is something to free
}

static Status make_room(FileParts *parts) {
    ARENA_GUARD(&parts->out->arena);
    lex_room(&parts->out->arena, parts->ends, parts->count, parts->chunks);
    ARENA_GUARD_END(&parts->out->arena);
    return STATUS_OK;
}

Status parts_begin(Arena *arena, const Source *source, uint32_t chunk_bytes, ParsedFile *out, FileParts *parts) {
    *out = (ParsedFile){.source = source, .status = STATUS_CANCELLED};
    out->diagnostics = diag_sink(&out->arena);
    *parts = (FileParts){.source = source, .out = out};
    ARENA_GUARD(arena);
    cut(arena, source->text, chunk_bytes, parts);
    ARENA_GUARD_END(arena);
    return make_room(parts);
}

// Apart, so that what it writes does not live across the guards' setjmp.
static void lex_one(FileParts *parts, uint32_t index, NameCache *names) {
    FilePart *part = &parts->parts[index];
    LexChunk chunk =
        parts->chunks[index]; // a copy: the chunks stand side by side, and each is written by another worker
    lex_chunk(&part->memory, parts->source, index > 0 ? parts->ends[index - 1] : 0, parts->ends[index], names,
              &part->diagnostics, &chunk);
    parts->chunks[index] = chunk;
}

static Status lex_one_guarded(FileParts *parts, uint32_t index, NameCache *names) {
    Arena *memory = &parts->parts[index].memory;
    ARENA_GUARD(memory);
    lex_one(parts, index, names);
    ARENA_GUARD_END(memory);
    return STATUS_OK;
}

Status part_lex(FileParts *parts, uint32_t index, NameCache *names) {
    FilePart *part = &parts->parts[index];
    part->status = STATUS_NO_MEMORY; // unless it comes to its end
    ARENA_GUARD(&part->messages);
    part->status = lex_one_guarded(parts, index, names);
    ARENA_GUARD_END(&part->messages);
    return part->status;
}

// Moves the messages of the parts, in their order, to the file's.
static void join_messages(FileParts *parts) {
    DiagSink *all = &parts->out->diagnostics;
    for (uint32_t i = 0; i < parts->count; i++) {
        const DiagSink *sink = &parts->parts[i].diagnostics;
        if (sink->first == NULL) continue;
        if (all->last == NULL)
            all->first = sink->first;
        else
            all->last->next = sink->first;
        all->last = sink->last;
        all->error_count += sink->error_count;
        all->warning_count += sink->warning_count;
        arena_adopt(&parts->out->arena, &parts->parts[i].messages);
    }
}

static Status join_and_parse(FileParts *parts, NameCache *names) {
    ParsedFile *out = parts->out;
    ARENA_GUARD(&out->arena);
    lex_join(&out->arena, parts->source, parts->chunks, parts->count, &out->tokens);
    Status status = parse_tokens(&out->arena, &out->tokens, names, &out->diagnostics, &out->tree);
    ARENA_GUARD_END(&out->arena);
    return status;
}

static void free_parts(FileParts *parts) {
    for (uint32_t i = 0; i < parts->count; i++) {
        arena_free(&parts->parts[i].memory);
        arena_free(&parts->parts[i].messages);
    }
    parts->count = 0;
}

Status parts_finish(FileParts *parts, NameCache *names) {
    ParsedFile *out = parts->out;
    out->status = STATUS_OK;
    for (uint32_t i = 0; i < parts->count && out->status == STATUS_OK; i++)
        out->status = parts->parts[i].status;
    join_messages(parts);
    if (out->status == STATUS_OK) out->status = join_and_parse(parts, names);
    if (parts->count == 1) arena_adopt(&out->arena, &parts->parts[0].memory); // a lone chunk's arrays are the file's
    free_parts(parts);
    return out->status;
}

void parts_free(FileParts *parts) {
    if (parts->count == 0) return; // parts_finish was here
    free_parts(parts);
    arena_free(&parts->out->arena);
}

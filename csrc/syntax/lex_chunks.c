// syntax/lex_chunks.c: cutting a text behind newlines, and joining what was lexed apart. See lexer.h.
#include "syntax/lexer_internal.h"
#include "syntax/syntax.h"

uint32_t lex_cut_near(Text text, uint32_t near) {
    if (near > text.length) return text.length;
    const char *line_end = memchr(text.data + near - 1, '\n', text.length - (near - 1));
    return line_end == NULL ? text.length : (uint32_t)(line_end + 1 - text.data);
}

void lex_room(Arena *arena, const uint32_t *ends, uint32_t count, LexChunk *chunks) {
    uint64_t room = 1; // for END
    for (uint32_t i = 0; i < count; i++)
        room += lex_token_estimate(ends[i] - (i > 0 ? ends[i - 1] : 0));
    if (room > UINT32_MAX) arena_out_of_memory(arena);
    uint8_t *kinds = arena_alloc(arena, (size_t)room, 8);
    uint32_t *starts = arena_alloc(arena, (size_t)room * 4, 8);
    uint32_t *values = arena_alloc(arena, (size_t)room * 4, 8);
    uint32_t first = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t capacity = lex_token_estimate(ends[i] - (i > 0 ? ends[i - 1] : 0));
        chunks[i] = (LexChunk){.kinds = kinds + first,
                               .starts = starts + first,
                               .values = values + first,
                               .capacity = capacity,
                               .room = (uint32_t)room - first};
        first += capacity;
    }
}

static bool is_literal(TokenKind kind) {
    return kind == TOKEN_INT || kind == TOKEN_FLOAT || kind == TOKEN_DURATION || kind == TOKEN_SIZE;
}

// Do the chunks lie in the arrays of the first, with room for so many tokens?
static bool are_in_place(const LexChunk *chunks, uint32_t count, uint64_t tokens) {
    if (count == 0 || tokens > chunks[0].room) return false;
    uintptr_t low = (uintptr_t)chunks[0].kinds, high = low + chunks[0].room;
    for (uint32_t i = 1; i < count; i++)
        if ((uintptr_t)chunks[i].kinds < low || (uintptr_t)chunks[i].kinds >= high) return false;
    return true;
}

// Puts the tokens of a chunk behind the first `token` ones. They may lie in the same arrays, there or further behind.
static void join_tokens(const LexChunk *chunk, uint32_t token, uint32_t literal, Tokens *out) {
    if (out->kinds + token != chunk->kinds) {
        memmove(out->kinds + token, chunk->kinds, chunk->count);
        memmove(out->starts + token, chunk->starts, (size_t)chunk->count * 4);
        memmove(out->values + token, chunk->values, (size_t)chunk->count * 4);
    }
    if (literal == 0 || chunk->literals.count == 0) return;
    for (uint32_t i = token; i < token + chunk->count; i++)
        out->values[i] += is_literal((TokenKind)out->kinds[i]) ? literal : 0;
}

void lex_join(Arena *arena, const Source *source, const LexChunk *chunks, uint32_t count, Tokens *out) {
    uint64_t tokens = 1, lines = 1, literals = 0;
    for (uint32_t i = 0; i < count; i++) {
        tokens += chunks[i].count;
        lines += chunks[i].lines.count;
        literals += chunks[i].literals.count;
    }
    if (tokens > UINT32_MAX || lines > UINT32_MAX) arena_out_of_memory(arena);
    *out = (Tokens){.source = source};
    out->count = (uint32_t)tokens;
    out->line_count = (uint32_t)lines;
    out->literal_count = (uint32_t)literals;
    out->partner = arena_array(arena, uint32_t, tokens);
    out->line_starts = arena_alloc(arena, (size_t)lines * 4, 8);
    out->line_starts[0] = 0;
    if (are_in_place(chunks, count, tokens)) {
        out->kinds = chunks[0].kinds;
        out->starts = chunks[0].starts;
        out->values = chunks[0].values;
    } else {
        out->kinds = arena_alloc(arena, (size_t)tokens, 8);
        out->starts = arena_alloc(arena, (size_t)tokens * 4, 8);
        out->values = arena_alloc(arena, (size_t)tokens * 4, 8);
    }
    if (count == 1)
        out->literals = chunks[0].literals.items;
    else
        out->literals = arena_alloc(arena, (size_t)literals * 8, 8);
    uint32_t token = 0, line = 1, literal = 0;
    for (uint32_t i = 0; i < count; i++) {
        const LexChunk *chunk = &chunks[i];
        join_tokens(chunk, token, literal, out);
        if (count > 1 && chunk->literals.count > 0)
            memcpy(out->literals + literal, chunk->literals.items, (size_t)chunk->literals.count * 8);
        if (chunk->lines.count > 0) memcpy(out->line_starts + line, chunk->lines.items, (size_t)chunk->lines.count * 4);
        token += chunk->count;
        literal += chunk->literals.count;
        line += chunk->lines.count;
        out->has_bad_text |= chunk->has_bad_text;
    }
    out->kinds[token] = TOKEN_END;
    out->starts[token] = source->text.length;
    out->values[token] = 0;
}

// Apart from lex_file, so that none of its variables lives across the guard's setjmp.
static void lex_whole(Arena *arena, const Source *source, NameCache *names, DiagSink *diagnostics, Tokens *out) {
    LexChunk chunk = {0};
    lex_chunk(arena, source, 0, source->text.length, names, diagnostics, &chunk);
    lex_join(arena, source, &chunk, 1, out);
}

Status lex_file(Arena *arena, const Source *source, NameCache *names, DiagSink *diagnostics, Tokens *out) {
    ARENA_GUARD(arena);
    lex_whole(arena, source, names, diagnostics, out);
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

// base/arena.c: chunks from a pool or from malloc, linked backwards. See arena.h for the contract.
#include "base/arena.h"
#include <stdio.h>
#include <stdlib.h>

#define CHUNK_BYTES_FIRST (16u * 1024)
#define CHUNK_BYTES_MAX (2u * 1024 * 1024)
#define VEC_CAPACITY_FIRST 8u

struct ArenaChunk { // before its data where these are malloc's; else the chunk's note, so that the data stay untouched
    ArenaChunk *previous;
    char *data; // aligned as malloc does: arena_alloc aligns further where that is asked for
    char *limit;
    ChunkRegion *region; // NULL: it is malloc's
};
_Static_assert(sizeof(ArenaChunk) <= CHUNK_NOTE_BYTES, "it is a note");

static size_t chunk_bytes(const ArenaChunk *chunk) { // malloc's with the header
    return (size_t)(chunk->limit - (chunk->region == NULL ? (const char *)chunk : chunk->data));
}

void arena_init(Arena *arena) { *arena = (Arena){0}; }

Arena *arenas_like(Arena *arena, uint32_t count) {
    Arena *arenas = arena_array(arena, Arena, count);
    for (uint32_t i = 0; i < count; i++)
        arenas[i].source = arena->source;
    return arenas;
}

static void chunk_return(ArenaChunk *chunk) {
    if (chunk->region == NULL)
        free(chunk);
    else
        chunk_give((Chunk){chunk->data, chunk_bytes(chunk), chunk->region, chunk});
}

static void chunks_return(ArenaChunk *chunk) {
    while (chunk != NULL) {
        ArenaChunk *previous = chunk->previous;
        chunk_return(chunk);
        chunk = previous;
    }
}

void arena_free(Arena *arena) {
    chunks_return(arena->chunk);
    *arena = (Arena){.source = arena->source};
}

void arena_reset(Arena *arena) {
    ArenaChunk *kept = arena->chunk;
    if (kept == NULL) return;
    chunks_return(kept->previous);
    kept->previous = NULL;
    arena->next = kept->data;
    arena->limit = kept->limit;
    arena->reserved_bytes = chunk_bytes(kept);
}

void arena_adopt(Arena *arena, Arena *other) {
    if (other->chunk == NULL) return;
    if (arena->chunk == NULL) {
        Arena before = *arena;
        *arena = *other;
        arena->escape = before.escape;
        arena->source = before.source;
    } else { // the adopted chunks go below the current one, whose free room stays usable
        ArenaChunk *oldest = other->chunk;
        while (oldest->previous != NULL)
            oldest = oldest->previous;
        oldest->previous = arena->chunk->previous;
        arena->chunk->previous = other->chunk;
        arena->reserved_bytes += other->reserved_bytes;
    }
    *other = (Arena){.escape = other->escape, .source = other->source};
}

void arena_out_of_memory(Arena *arena) {
    if (arena->escape == NULL) abort(); // a caller without a guard: our bug, not the user's
    longjmp(*arena->escape, 1);
}

static void chunk_add(Arena *arena, size_t bytes) {
    ArenaChunk *chunk = NULL;
    char *data = NULL;
    ChunkRegion *region = NULL;
    if (arena->source != NULL) {
        Chunk taken = chunk_take(arena->source, bytes);
        chunk = taken.note;
        data = taken.memory;
        bytes = taken.bytes;
        region = taken.region;
    } else {
        chunk = malloc(bytes);
        data = (char *)(chunk + 1);
    }
    if (chunk == NULL) arena_out_of_memory(arena);
    chunk->previous = arena->chunk;
    chunk->data = data;
    chunk->region = region;
    chunk->limit = (region == NULL ? (char *)chunk : data) + bytes;
    arena->chunk = chunk;
    arena->reserved_bytes += bytes;
    arena->next = chunk->data;
    arena->limit = chunk->limit;
}

void *arena_alloc_slow(Arena *arena, size_t bytes, size_t align) {
    assert(align <= 64 && (align & (align - 1)) == 0);
    if (arena->chunk_bytes == 0) arena->chunk_bytes = CHUNK_BYTES_FIRST;
    size_t wanted = arena->chunk_bytes;
    if (bytes > SIZE_MAX / 2) arena_out_of_memory(arena);
    if (bytes + sizeof(ArenaChunk) + align > wanted) wanted = bytes + sizeof(ArenaChunk) + align;
    chunk_add(arena, (wanted + 63) & ~(size_t)63);
    if (arena->chunk_bytes < CHUNK_BYTES_MAX) arena->chunk_bytes *= 2;
    return arena_alloc(arena, bytes, align);
}

void arena_reserve(Arena *arena, size_t bytes) {
    if (bytes > SIZE_MAX / 2) arena_out_of_memory(arena);
    if (arena->next != NULL && bytes <= (size_t)(arena->limit - arena->next)) return;
    chunk_add(arena, (bytes + sizeof(ArenaChunk) + 15) & ~(size_t)15);
}

void *arena_grow(Arena *arena, void *block, size_t old_bytes, size_t new_bytes, size_t align) {
    if (block != NULL && (char *)block + old_bytes == arena->next &&
        new_bytes - old_bytes <= (size_t)(arena->limit - arena->next)) {
        arena->next += new_bytes - old_bytes;
        return block;
    }
    void *moved = arena_alloc(arena, new_bytes, align);
    if (old_bytes > 0) memcpy(moved, block, old_bytes);
    return moved;
}

Text arena_text(Arena *arena, Text text) {
    char *copy = arena_alloc(arena, (size_t)text.length + 1, 1);
    if (text.length > 0) memcpy(copy, text.data, text.length);
    copy[text.length] = '\0';
    return (Text){copy, text.length};
}

Text arena_format(Arena *arena, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) { // an encoding error; our formats have none
        va_end(again);
        return (Text){"", 0};
    }
    char *copy = arena_alloc(arena, (size_t)length + 1, 1);
    (void)vsnprintf(copy, (size_t)length + 1, format, again); // its length is known
    va_end(again);
    return (Text){copy, (uint32_t)length};
}

void *vec_grow(Arena *arena, void *items, uint32_t *capacity, uint64_t wanted, size_t item_bytes) {
    uint64_t grown = *capacity == 0 ? VEC_CAPACITY_FIRST : (uint64_t)*capacity * 2;
    if (grown < wanted) grown = wanted;
    if (grown > UINT32_MAX) arena_out_of_memory(arena);
    size_t align = item_bytes >= 16 ? 16 : 8;
    void *moved = arena_grow(arena, items, (size_t)*capacity * item_bytes, (size_t)grown * item_bytes, align);
    *capacity = (uint32_t)grown;
    return moved;
}

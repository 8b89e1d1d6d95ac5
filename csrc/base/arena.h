// base/arena.h: memory that is given out in one direction and given back all at once.
//
// WHY        A stage makes millions of small things that die together. An arena hands out bytes by moving a pointer.
// SHAPE      chunk ◀── chunk ◀── chunk (current): [ used … next │ free … limit ]   each chunk at least doubles, up to a cap
// INVARIANTS A1 What was handed out never moves and lives until arena_free or arena_reset.
//            A2 arena_alloc never returns NULL: where memory ends it jumps to the guard of the stage that owns the arena.
// THREADS    One arena, one thread at a time. Handing a filled arena to another thread needs the usual happens-before.
// OWNERSHIP  Whoever holds the Arena struct. A stage hands its arena over with its result. Chunks come from the ChunkPool that
//            `source` names, and go back there; without one they are malloc's.
//
// GUARDS. A stage's entry, and nothing else, writes
//
//     ARENA_GUARD(arena);            // returns STATUS_NO_MEMORY from this function when memory ends below
//     … work that allocates …
//     ARENA_GUARD_END(arena);        // before every return of the function
//
// Between the two a stage must hold nothing that only it could release (locks, malloc'ed memory, open files): the jump
// skips its cleanup. This keeps the code of a stage free of checks that no test would ever reach.
#pragma once
#include "base/chunks.h"
#include "base/status.h"
#include "base/text.h"
#include <setjmp.h>
#include <stdarg.h>

typedef struct ArenaChunk ArenaChunk;

typedef struct Arena {
    char *next;  // first free byte of the current chunk
    char *limit; // end of the current chunk
    ArenaChunk *chunk;
    size_t chunk_bytes;    // size of the next chunk
    size_t reserved_bytes; // all chunks together
    jmp_buf *escape;       // the innermost guard, or NULL
    ChunkPool *source;     // of its chunks; NULL: malloc
    char apart[72];        // one per worker stands in an array, and what neighbours write all the time shares no line
} Arena;

void arena_init(Arena *arena);                    // allocates nothing yet; an all-zero Arena is valid as well
void arena_free(Arena *arena);                    // gives everything back; the arena may be used again
void arena_reset(Arena *arena);                   // keeps the newest chunk, forgets its content
void arena_adopt(Arena *arena, Arena *other);     // takes over all memory of `other`, which is then empty
Arena *arenas_like(Arena *arena, uint32_t count); // in `arena`: so many empty arenas with the same source
// The next `bytes`, what aligning takes of them included, come without another chunk: for a result whose size is known,
// in an arena of its own. The chunk is no larger than that where it is malloc's.
void arena_reserve(Arena *arena, size_t bytes);
void *arena_alloc_slow(Arena *arena, size_t bytes, size_t align);
NO_RETURN void arena_out_of_memory(Arena *arena); // jumps to the guard; aborts when there is none

// Bytes are not cleared. `align` is a power of two ≤ 64.
static inline void *arena_alloc(Arena *arena, size_t bytes, size_t align) {
    uintptr_t start = ((uintptr_t)arena->next + (align - 1)) & ~(uintptr_t)(align - 1);
    if (UNLIKELY(arena->next == NULL || start > (uintptr_t)arena->limit || bytes > (uintptr_t)arena->limit - start))
        return arena_alloc_slow(arena, bytes, align);
    arena->next = (char *)(start + bytes);
    return (char *)start;
}

static inline void *arena_alloc_zeroed(Arena *arena, size_t bytes, size_t align) {
    return memset(arena_alloc(arena, bytes, align), 0, bytes);
}

// The same block moved to a larger place; extends in place when it is the newest one.
void *arena_grow(Arena *arena, void *block, size_t old_bytes, size_t new_bytes, size_t align);
Text arena_text(Arena *arena, Text text); // a copy, with a NUL after it that is not counted
Text arena_format(Arena *arena, const char *format, ...) PRINTF_LIKE(2, 3); // printf into the arena, NUL after it

#define arena_new(arena, T) ((T *)arena_alloc_zeroed((arena), sizeof(T), _Alignof(T)))
#define arena_array(arena, T, count) ((T *)arena_alloc_zeroed((arena), sizeof(T) * (size_t)(count), _Alignof(T)))

#define ARENA_GUARD(arena)                                                                                             \
    jmp_buf arena_guard_escape;                                                                                        \
    jmp_buf *volatile arena_guard_outer = (arena)->escape; /* volatile: it must survive the jump */                    \
    (arena)->escape = &arena_guard_escape;                                                                             \
    if (setjmp(arena_guard_escape) != 0) {                                                                             \
        (arena)->escape = arena_guard_outer;                                                                           \
        return STATUS_NO_MEMORY;                                                                                       \
    }                                                                                                                  \
    (void)arena_guard_outer
#define ARENA_GUARD_END(arena) ((arena)->escape = arena_guard_outer)

// A growing array in an arena: VEC(Token) tokens = {0}; vec_push(arena, &tokens, token);
#define VEC(T)                                                                                                         \
    struct {                                                                                                           \
        T *items;                                                                                                      \
        uint32_t count;                                                                                                \
        uint32_t capacity;                                                                                             \
    }
#define vec_reserve(arena, vec, extra)                                                                                 \
    do {                                                                                                               \
        if ((uint64_t)(vec)->count + (extra) > (vec)->capacity)                                                        \
            (vec)->items = vec_grow((arena), (vec)->items, &(vec)->capacity, (uint64_t)(vec)->count + (extra),         \
                                    sizeof *(vec)->items);                                                             \
    } while (0)
#define vec_push(arena, vec, item)                                                                                     \
    do {                                                                                                               \
        vec_reserve(arena, vec, 1);                                                                                    \
        (vec)->items[(vec)->count] = (item);                                                                           \
        (vec)->count++; /* after `item`, which may look at the count */                                                \
    } while (0)
void *vec_grow(Arena *arena, void *items, uint32_t *capacity, uint64_t wanted, size_t item_bytes);

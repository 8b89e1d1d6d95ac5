// tests/unit/test_chunks.c shows H1 to H3 of base/chunks.h, and that arenas give back what they took.
#include "base/thread.h"
#include "tests/unit/harness.h"
#include <stdlib.h>

static ChunkPool *pool_new(void) {
    ChunkPool *pool = NULL;
    REQUIRE(chunk_pool_create(&pool) == STATUS_OK);
    return pool;
}

// H1: no two chunks overlap, whatever the order of taking and giving; and when all are back, regions are whole again.
TEST(chunks_never_overlap_and_grow_together_again) {
    enum { CHUNKS = 200, STEPS = 4000 };
    static Chunk chunks[CHUNKS];
    static unsigned char marks[CHUNKS];
    ChunkPool *pool = pool_new();
    uint64_t random = 7;
    for (uint32_t step = 0; step < STEPS; step++) {
        uint32_t i = (uint32_t)(test_random(&random) % CHUNKS);
        if (chunks[i].memory != NULL) {
            const unsigned char *bytes = chunks[i].memory;
            REQUIRE(bytes[0] == marks[i] && bytes[chunks[i].bytes - 1] == marks[i]);
            chunk_give(chunks[i]);
            chunks[i] = (Chunk){0};
            continue;
        }
        size_t wanted = 1 + test_random(&random) % ((size_t)CHUNK_BYTES_MIN << test_random(&random) % 9);
        chunks[i] = chunk_take(pool, wanted);
        REQUIRE(chunks[i].memory != NULL && chunks[i].bytes >= wanted);
        CHECK_INT((uintptr_t)chunks[i].memory % CHUNK_BYTES_MIN, 0);
        marks[i] = (unsigned char)(1 + step % 255);
        unsigned char *bytes = chunks[i].memory;
        bytes[0] = bytes[chunks[i].bytes - 1] = marks[i];
    }
    for (uint32_t i = 0; i < CHUNKS; i++)
        if (chunks[i].memory != NULL) chunk_give(chunks[i]);
    ChunkCounters before = chunk_pool_counters(pool);
    CHECK_INT(before.used_bytes, 0);
    // Whole regions again: half of what is held (the rest may be of larger ones) is taken without the system.
    uint32_t regions = 0;
    for (Chunk chunk; regions < CHUNKS; regions++) {
        chunk = chunk_take(pool, CHUNK_REGION_BYTES);
        if (chunk_pool_counters(pool).system_chunks > before.system_chunks) {
            chunk_give(chunk);
            break;
        }
        chunks[regions] = chunk;
    }
    CHECK(regions > 4);
    for (uint32_t i = 0; i < regions; i++)
        chunk_give(chunks[i]);
    chunk_pool_free(pool);
}

// H2
TEST(a_thousand_small_arenas_take_little) {
    enum { ARENAS = 1000 };
    static Arena arenas[ARENAS];
    ChunkPool *pool = pool_new();
    for (uint32_t i = 0; i < ARENAS; i++) {
        arenas[i] = (Arena){.source = pool};
        memset(arena_alloc(&arenas[i], 100, 8), 1, 100);
    }
    ChunkCounters now = chunk_pool_counters(pool);
    CHECK_INT(now.used_bytes, (uint64_t)ARENAS * CHUNK_BYTES_MIN);
    CHECK(now.held_bytes < now.used_bytes + CHUNK_REGION_BYTES);
    for (uint32_t i = 0; i < ARENAS; i++)
        arena_free(&arenas[i]);
    CHECK_INT(chunk_pool_counters(pool).used_bytes, 0);
    chunk_pool_free(pool);
}

static void fill(Arena *arena, uint32_t megabytes) {
    for (uint32_t i = 0; i < megabytes * 8; i++)
        memset(arena_alloc(arena, 100000 + i % 7 * 10000, 8), (int)i, 100000);
}

TEST(what_an_arena_gave_back_is_what_the_next_takes) {
    ChunkPool *pool = pool_new();
    Arena arena = {.source = pool}, other = {.source = pool};
    fill(&arena, 8);
    (void)arena_alloc(&arena, 5u << 20, 8); // larger than a region
    uint64_t asked = chunk_pool_counters(pool).system_bytes;
    for (uint32_t run = 0; run < 5; run++) {
        arena_free(&arena);
        CHECK(arena.source == pool);
        CHECK_INT(chunk_pool_counters(pool).used_bytes, 0);
        chunk_pool_trim(pool);
        fill(&other, 4);
        arena_adopt(&arena, &other);
        CHECK(other.source == pool && other.chunk == NULL);
        fill(&arena, 4);
        (void)arena_alloc(&arena, 5u << 20, 8);
    }
    CHECK(chunk_pool_counters(pool).system_bytes <= asked + 2 * CHUNK_REGION_BYTES);
    arena_free(&arena);
    chunk_pool_free(pool);
}

// H3
TEST(a_run_that_needs_little_gives_the_rest_back) {
    ChunkPool *pool = pool_new();
    Arena arena = {.source = pool};
    fill(&arena, 40);
    uint64_t large = chunk_pool_counters(pool).held_bytes;
    arena_free(&arena);
    chunk_pool_trim(pool); // the run before needed all of it
    CHECK_INT(chunk_pool_counters(pool).held_bytes, large);
    fill(&arena, 2);
    arena_free(&arena);
    chunk_pool_trim(pool);
    ChunkCounters now = chunk_pool_counters(pool);
    CHECK(now.held_bytes <= 6u << 20);
    CHECK_INT(now.used_bytes, 0);
    chunk_pool_free(pool);
}

TEST(chunks_of_both_kinds_may_lie_in_one_arena) {
    ChunkPool *pool = pool_new();
    Arena arena = {0};
    fill(&arena, 1);
    arena.source = pool;
    fill(&arena, 1);
    CHECK(chunk_pool_counters(pool).used_bytes > 0);
    arena_reset(&arena);
    arena_free(&arena);
    CHECK_INT(chunk_pool_counters(pool).used_bytes, 0);
    chunk_pool_free(pool);
}

static void take_and_give(void *argument) {
    uint64_t random = 11;
    for (uint32_t i = 0; i < 200; i++) {
        Arena arena = {.source = argument};
        fill(&arena, (uint32_t)(test_random(&random) % 3));
        arena_free(&arena);
    }
}

TEST(threads_may_take_and_give_at_once) {
    enum { THREADS = 4 };
    Thread threads[THREADS];
    ChunkPool *pool = pool_new();
    for (uint32_t i = 0; i < THREADS; i++)
        REQUIRE(thread_start(&threads[i], "taker", 0, take_and_give, pool) == STATUS_OK);
    for (uint32_t i = 0; i < THREADS; i++)
        thread_join(&threads[i]);
    ChunkCounters now = chunk_pool_counters(pool);
    CHECK_INT(now.used_bytes, 0);
    CHECK(now.held_bytes <= THREADS * (8u << 20));
    chunk_pool_free(pool);
}

TEST(absurd_sizes_are_refused) {
    ChunkPool *pool = pool_new();
    CHECK(chunk_take(pool, SIZE_MAX / 2 + 1).memory == NULL);
    chunk_pool_free(pool);
    chunk_pool_free(NULL);
}

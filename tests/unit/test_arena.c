// tests/unit/test_arena.c shows A1 and A2 of base/arena.h, and that growing arrays keep what they hold.
#include "tests/unit/harness.h"
#include <stdlib.h>

TEST(zeroed_arena_is_ready) {
    Arena arena = {0};
    char *bytes = arena_alloc(&arena, 10, 1);
    memset(bytes, 'x', 10);
    CHECK(arena.reserved_bytes >= 10);
    arena_free(&arena);
    CHECK_INT(arena.reserved_bytes, 0);
    arena_free(&arena); // an empty one may be freed again
}

TEST(blocks_are_aligned_and_do_not_overlap) {
    enum { BLOCKS = 3000 };
    static struct {
        unsigned char *start;
        size_t bytes;
    } blocks[BLOCKS];
    Arena *arena = test_arena();
    uint64_t random = 42;
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t align = (size_t)1 << (test_random(&random) % 7);
        size_t bytes = 1 + test_random(&random) % (i % 100 == 0 ? 100000 : 200);
        blocks[i].start = arena_alloc(arena, bytes, align);
        blocks[i].bytes = bytes;
        CHECK_INT((uintptr_t)blocks[i].start % align, 0);
        memset(blocks[i].start, (int)(i & 0xFF), bytes);
    }
    // A1: nothing moved and nothing was written over.
    for (size_t i = 0; i < BLOCKS; i++)
        for (size_t k = 0; k < blocks[i].bytes; k++)
            if (blocks[i].start[k] != (i & 0xFF)) {
                FAIL("block %zu was overwritten at %zu", i, k);
                return;
            }
}

TEST(zeroed_block_is_zero_after_reset) {
    Arena *arena = test_arena();
    memset(arena_alloc(arena, 4096, 8), 0xFF, 4096);
    arena_reset(arena);
    unsigned char *bytes = arena_alloc_zeroed(arena, 4096, 8);
    for (size_t i = 0; i < 4096; i++)
        REQUIRE(bytes[i] == 0);
}

TEST(reserve_makes_one_chunk_of_just_that_size) {
    Arena arena;
    arena_init(&arena);
    arena_reserve(&arena, 5000);
    size_t reserved = arena.reserved_bytes;
    CHECK(reserved >= 5000 && reserved < 5000 + 64);
    char *start = arena_alloc(&arena, 4000, 8);
    arena_reserve(&arena, 1000); // is there already
    char *next = arena_alloc(&arena, 1000, 8);
    CHECK(next == start + 4000);
    CHECK_INT(arena.reserved_bytes, reserved);
    arena_reserve(&arena, 1000);
    CHECK(arena.reserved_bytes > reserved);
    memset(arena_alloc(&arena, 1000, 1), 1, 1000);
    arena_free(&arena);
}

TEST(reset_keeps_one_chunk_and_reuses_it) {
    Arena *arena = test_arena();
    for (int i = 0; i < 100; i++)
        (void)arena_alloc(arena, 10000, 8); // its bytes are of no interest
    size_t before = arena->reserved_bytes;
    arena_reset(arena);
    size_t kept = arena->reserved_bytes;
    CHECK(kept > 0);
    CHECK(kept < before);
    (void)arena_alloc(arena, 10000, 8); // fits into what was kept
    CHECK_INT(arena->reserved_bytes, kept);
    arena_reset(test_arena());
}

TEST(reset_of_an_unused_arena_does_nothing) {
    Arena arena;
    arena_init(&arena);
    arena_reset(&arena);
    CHECK(arena.chunk == NULL);
}

TEST(adopted_memory_lives_with_its_new_owner) {
    Arena owner = {0};
    Arena other = {0};
    Text mine = arena_text(&owner, TEXT("mine"));
    Text theirs = arena_text(&other, TEXT("theirs"));
    char *room = owner.next;
    size_t all = owner.reserved_bytes + other.reserved_bytes;
    arena_adopt(&owner, &other);
    CHECK(other.chunk == NULL);
    CHECK_INT(other.reserved_bytes, 0);
    CHECK_INT(owner.reserved_bytes, all);
    CHECK(owner.next == room); // the free room of the current chunk stays usable
    arena_free(&other);
    CHECK_TEXT(mine, TEXT("mine"));
    CHECK_TEXT(theirs, TEXT("theirs"));

    Arena empty = {0};
    arena_adopt(&empty, &owner); // into an empty one
    arena_adopt(&empty, &owner); // and nothing
    CHECK_TEXT(mine, TEXT("mine"));
    CHECK_INT(empty.reserved_bytes, all);
    arena_free(&empty);
}

TEST(growing_the_newest_block_extends_it_in_place) {
    Arena *arena = test_arena();
    char *block = arena_alloc(arena, 16, 8);
    memcpy(block, "0123456789abcde", 16);
    char *grown = arena_grow(arena, block, 16, 64, 8);
    CHECK(grown == block);
    (void)arena_alloc(arena, 1, 1); // now another block is the newest
    char *moved = arena_grow(arena, grown, 64, 128, 8);
    CHECK(moved != grown);
    CHECK_STRING(moved, "0123456789abcde");
}

TEST(text_copies_end_in_nul) {
    Arena *arena = test_arena();
    Text copy = arena_text(arena, TEXT("abc"));
    CHECK_TEXT(copy, TEXT("abc"));
    CHECK_INT(copy.data[3], 0);
    Text empty = arena_text(arena, (Text){NULL, 0});
    CHECK_INT(empty.length, 0);
    CHECK_INT(empty.data[0], 0);
    Text formatted = arena_format(arena, "%s has %d", "list", 3);
    CHECK_TEXT(formatted, TEXT("list has 3"));
    CHECK_INT(formatted.data[formatted.length], 0);
}

TEST(vector_keeps_its_items_while_it_grows) {
    Arena *arena = test_arena();
    VEC(uint64_t) numbers = {0};
    for (uint64_t i = 0; i < 100000; i++)
        vec_push(arena, &numbers, i * i);
    CHECK_INT(numbers.count, 100000);
    for (uint64_t i = 0; i < numbers.count; i++)
        REQUIRE(numbers.items[i] == i * i);
    vec_reserve(arena, &numbers, 1000000);
    CHECK(numbers.capacity >= 1100000);
    CHECK_INT(numbers.items[99999], 99999LL * 99999);
}

// A2: the guard of the stage is where want of memory ends.
static Status stage_that_wants(Arena *arena, size_t bytes) {
    ARENA_GUARD(arena);
    char *block = arena_alloc(arena, bytes, 8);
    block[0] = 1;
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

static Status stage_with_a_stage_inside(Arena *arena, Status *inner) {
    ARENA_GUARD(arena);
    *inner = stage_that_wants(arena, SIZE_MAX / 2 + 1);
    (void)arena_alloc(arena, SIZE_MAX / 2 + 1, 8); // does not return: the outer guard is in force again
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

TEST(guards_nest) {
    Status inner = STATUS_OK;
    CHECK_INT(stage_with_a_stage_inside(test_arena(), &inner), STATUS_NO_MEMORY);
    CHECK_INT(inner, STATUS_NO_MEMORY);
    CHECK(test_arena()->escape == NULL);
}

TEST(want_of_memory_ends_at_the_guard) {
    Arena *arena = test_arena();
    CHECK_INT(stage_that_wants(arena, 100), STATUS_OK);
    CHECK_INT(stage_that_wants(arena, SIZE_MAX / 2 + 1), STATUS_NO_MEMORY);
    CHECK_INT(stage_that_wants(arena, SIZE_MAX - 8), STATUS_NO_MEMORY);
    CHECK(arena->escape == NULL);
    CHECK_INT(stage_that_wants(arena, 100), STATUS_OK); // and the arena is still good
}

static Status stage_that_grows_too_far(Arena *arena) {
    ARENA_GUARD(arena);
    uint32_t capacity = 8;
    void *items = arena_alloc(arena, 8 * sizeof(uint64_t), 8);
    (void)vec_grow(arena, items, &capacity, (uint64_t)UINT32_MAX + 1, sizeof(uint64_t)); // does not return
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

TEST(vector_of_more_than_32_bits_is_want_of_memory) {
    CHECK_INT(stage_that_grows_too_far(test_arena()), STATUS_NO_MEMORY);
}

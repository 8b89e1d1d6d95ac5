// tests/unit/test_batches.c: each item in one batch, neighbours together, the dear ones first, and none dearer than it must be.
#include "ir/batches.h"
#include "tests/unit/harness.h"

static void check(const uint32_t *costs, uint32_t count, uint32_t workers) {
    Arena *arena = test_arena();
    Batches all = batches_make(arena, costs, count, workers, 0);
    uint8_t *seen = arena_array(arena, uint8_t, count + 1);
    uint64_t total = 0, previous = UINT64_MAX;
    for (uint32_t i = 0; i < count; i++)
        total += costs[i];
    for (uint32_t b = 0; b < all.count; b++) {
        uint64_t sum = 0;
        REQUIRE(all.items[b].count > 0);
        for (uint32_t i = all.items[b].first; i < all.items[b].first + all.items[b].count; i++) {
            REQUIRE(i < count && !seen[i]);
            seen[i] = 1;
            sum += costs[i];
        }
        if (all.items[b].count > 1) CHECK(sum <= total / ((uint64_t)workers * BATCHES_PER_WORKER) + 1);
        if (all.items[b].count > 1) CHECK(sum <= BATCH_COST_MAX);
        CHECK(sum < 2 * previous || sum <= 1); // a later one may be dearer inside its class alone
        previous = sum > 0 ? sum : 1;
    }
    for (uint32_t i = 0; i < count; i++)
        CHECK(seen[i]);
}

TEST(nothing_makes_no_batch) { CHECK_INT(batches_make(test_arena(), NULL, 0, 4, 0).count, 0); }

TEST(many_tiny_items_are_few_batches) {
    enum { COUNT = 100000 };
    static uint32_t costs[COUNT];
    for (uint32_t i = 0; i < COUNT; i++)
        costs[i] = 5;
    CHECK(batches_make(test_arena(), costs, COUNT, 2, 0).count <= 2 * BATCHES_PER_WORKER + 1);
    check(costs, COUNT, 2);
    check(costs, COUNT, 1);
}

TEST(a_giant_is_alone_and_first) {
    enum { COUNT = 1000 };
    static uint32_t costs[COUNT];
    for (uint32_t i = 0; i < COUNT; i++)
        costs[i] = 3;
    costs[777] = 1000000;
    Batches all = batches_make(test_arena(), costs, COUNT, 8, 0);
    CHECK_INT(all.items[0].first, 777);
    CHECK_INT(all.items[0].count, 1);
    check(costs, COUNT, 8);
}

TEST(any_costs_are_covered) {
    enum { COUNT = 5000 };
    static uint32_t costs[COUNT];
    uint64_t random = 5;
    for (uint32_t round = 0; round < 20; round++) {
        uint32_t count = 1 + (uint32_t)(test_random(&random) % COUNT);
        for (uint32_t i = 0; i < count; i++)
            costs[i] = (uint32_t)test_random(&random) >> (test_random(&random) % 33 % 32);
        check(costs, count, 1 + round);
    }
}

TEST(order_is_stable_inside_a_class) {
    const uint32_t costs[] = {4, 1, 7, 0, 5, 1, 9};
    const uint32_t *order = batches_order(test_arena(), costs, 7);
    const uint32_t expected[] = {6, 0, 2, 4, 1, 5, 3};
    for (uint32_t i = 0; i < 7; i++)
        CHECK_INT(order[i], expected[i]);
}

// tests/unit/test_parking.c shows K1–K3 of sched/parking.h with two threads and nothing else: no task, no deque. A worker
// sleeps until a published number changes; the publisher goes on only when the worker has seen it, so that one lost
// wake-up stops the test.
#include "base/clock.h"
#include "sched/parking.h"
#include "tests/unit/harness.h"

typedef struct PingPong {
    Parking parking;
    CACHE_ALIGNED _Atomic uint32_t published; // written by the publisher
    CACHE_ALIGNED _Atomic uint32_t seen;      // written by the worker
    uint32_t rounds;
} PingPong;

static PingPong *ping_pong_for_test(uint32_t rounds) {
    static PingPong game;
    memset(&game, 0, sizeof game);
    REQUIRE(parking_init(&game.parking, 70) == STATUS_OK); // more than one word of bits
    game.rounds = rounds;
    return &game;
}

#define SLEEPER 66u

static void sleeper(void *argument) {
    PingPong *game = argument;
    parking_start_search(&game->parking);
    for (uint32_t seen = 0; seen < game->rounds;) {
        if (load_fenced(&game->published) == seen) {
            parking_announce(&game->parking, SLEEPER);
            if (load_fenced(&game->published) == seen)
                parking_sleep(&game->parking, SLEEPER);
            else
                parking_withdraw(&game->parking, SLEEPER);
        } else {
            seen++;
            store_relaxed(&game->seen, seen);
        }
    }
    CHECK(parking_stop_search(&game->parking));
}

TEST(no_wake_up_is_lost) {
    PingPong *game = ping_pong_for_test(test_rounds(20000));
    Thread thread;
    REQUIRE(thread_start(&thread, "sleeper", 0, sleeper, game) == STATUS_OK);
    for (uint32_t round = 1; round <= game->rounds; round++) {
        store_fenced(&game->published, round);
        parking_notify(&game->parking);
        while (load_relaxed(&game->seen) < round)
            thread_yield();
    }
    thread_join(&thread);
    CHECK_INT(load_relaxed(&game->parking.searching), 0); // K2: every wake-up was counted once
    for (uint32_t word = 0; word < PARKING_WORDS; word++)
        CHECK_INT(load_relaxed(&game->parking.asleep[word]), 0);
    parking_destroy(&game->parking);
}

TEST(notifying_and_waking_by_name_never_wake_twice) {
    PingPong *game = ping_pong_for_test(test_rounds(20000));
    Thread thread;
    REQUIRE(thread_start(&thread, "sleeper", 0, sleeper, game) == STATUS_OK);
    for (uint32_t round = 1; round <= game->rounds; round++) {
        store_fenced(&game->published, round);
        (void)parking_wake(&game->parking, SLEEPER); // false where it is awake, or was woken by neither yet
        parking_notify(&game->parking);
        while (load_relaxed(&game->seen) < round)
            thread_yield();
    }
    thread_join(&thread);
    CHECK_INT(load_relaxed(&game->parking.searching), 0);
    CHECK_INT(load_relaxed(&game->parking.berths[SLEEPER].is_woken), 0);
    parking_destroy(&game->parking);
}

TEST(nobody_is_woken_while_somebody_searches) {
    PingPong *game = ping_pong_for_test(1);
    parking_start_search(&game->parking);
    parking_announce(&game->parking, 3); // asleep as far as others can tell
    parking_start_search(&game->parking);
    parking_notify(&game->parking);
    CHECK_INT(load_relaxed(&game->parking.berths[3].is_woken), 0);
    CHECK(parking_stop_search(&game->parking)); // the last one
    parking_notify(&game->parking);
    CHECK_INT(load_relaxed(&game->parking.berths[3].is_woken), 1);
    CHECK_INT(load_relaxed(&game->parking.searching), 1); // counted already (K2)
    CHECK(!parking_wake(&game->parking, 3));
    parking_withdraw(&game->parking, 3); // takes the wake-up that is there
    CHECK(parking_stop_search(&game->parking));
    parking_destroy(&game->parking);
}

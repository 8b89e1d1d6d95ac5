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
    CACHE_ALIGNED _Atomic uint32_t rested;    // written by many workers
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

#define MANY 8u

TEST(many_are_woken_as_a_tree) {
    PingPong *game = ping_pong_for_test(1);
    Parking *parking = &game->parking;
    for (uint32_t worker = 60; worker < 60 + MANY; worker++) { // in two words
        parking_start_search(parking);
        parking_announce(parking, worker); // asleep as far as others can tell
    }
    parking_start_search(parking); // one who looks already: one sleeper less is wanted
    parking_notify_many(parking, 7, true);
    CHECK_INT(load_relaxed(&parking->searching), 7); // K2: six were woken, or will be by others
    uint32_t woken = 0;
    for (uint32_t worker = 60; worker < 60 + MANY; worker++)
        woken += load_relaxed(&parking->berths[worker].is_woken);
    CHECK_INT(woken, WAKE_FAN);
    CHECK(!parking_wake(parking, 65)); // claimed by the first of them, who owes it a wake-up (K1)
    parking_withdraw(parking, 60);     // is woken, and wakes its own
    for (uint32_t worker = 60; worker < 66; worker++)
        CHECK_INT(load_relaxed(&parking->berths[worker].is_woken), worker == 60 ? 0 : 1);
    CHECK_INT(load_relaxed(&parking->berths[66].is_woken), 0); // asleep still
    for (uint32_t worker = 61; worker < 66; worker++)
        parking_withdraw(parking, worker);
    parking_notify_many(parking, 7, true); // as many look
    CHECK(parking_wake(parking, 66));
    CHECK(parking_wake(parking, 67));
    parking_destroy(parking);
}

static void one_of_many(void *argument) {
    PingPong *game = argument;
    uint32_t worker = 60 + fetch_add_relaxed(&game->seen, 1u);
    parking_set_home(&game->parking, worker, thread_allowed_cpu(worker));
    parking_start_search(&game->parking);
    for (uint32_t round = 1; round <= game->rounds; round++) {
        parking_announce(&game->parking, worker);
        if (load_fenced(&game->published) < round)
            parking_sleep(&game->parking, worker);
        else
            parking_withdraw(&game->parking, worker);
        while (load_fenced(&game->published) < round)
            thread_yield();
        (void)fetch_add_seq_cst(&game->rested, 1u);
        while (load_fenced(&game->rested) < round * MANY) // all come before the next round
            thread_yield();
    }
    (void)parking_stop_search(&game->parking);
}

TEST(no_wake_up_is_lost_among_many) {
    PingPong *game = ping_pong_for_test(test_rounds(500));
    Thread threads[MANY];
    for (uint32_t i = 0; i < MANY; i++)
        REQUIRE(thread_start(&threads[i], "one of many", 0, one_of_many, game) == STATUS_OK);
    for (uint32_t round = 1; round <= game->rounds; round++) {
        store_fenced(&game->published, round);
        while (load_fenced(&game->rested) < round * MANY) { // a worker may be on its way to sleep while others look
            parking_notify_many(&game->parking, MANY, round % 2 == 0);
            thread_yield();
        }
    }
    for (uint32_t i = 0; i < MANY; i++)
        thread_join(&threads[i]);
    CHECK_INT(load_relaxed(&game->parking.searching), 0);
    parking_destroy(&game->parking);
}

TEST(a_visit_leaves_a_thread_free_to_be_moved) {
    int last = thread_allowed_cpu(cpu_count() - 1);
    thread_visit_cpu(last);
    CHECK_INT(thread_allowed_cpu(cpu_count() - 1), last); // else one CPU would be left
    thread_visit_cpu(-1);
    thread_visit_cpu(1 << 20);
    CHECK_INT(thread_allowed_cpu(cpu_count() - 1), last);
}

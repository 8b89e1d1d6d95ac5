// tests/unit/test_deque.c shows D1–D5 of sched/deque.c: one owner and three thieves share a bitmap in which every task
// must appear exactly once. `make tsan` runs the same program under ThreadSanitizer.
#include "base/thread.h"
#include "sched/deque.h"
#include "sched/injector.h"
#include "tests/unit/harness.h"
#include <stdlib.h>

#define THIEVES 3
#define TASKS_MAX 200000

typedef struct Race {
    Deque deque;
    uint32_t count;
    _Atomic uint32_t is_over;    // written by the owner
    _Atomic uint32_t ready;      // thieves that have started
    _Atomic uint8_t *seen;       // per task: how often it was handed out
    uint32_t payload[TASKS_MAX]; // plain memory that a task points to: TSan checks that it is published
    _Atomic uint64_t stolen;
} Race;

static Status nothing(Worker *worker, void *argument) {
    (void)worker;
    (void)argument;
    return STATUS_OK;
}

static Task task_of(void *argument) { return (Task){nothing, argument, NULL, TASK_NOT_STOLEN}; }

static void hand_out(Race *race, Task task) {
    uint32_t *payload = task.argument;
    REQUIRE(task.function == nothing);
    REQUIRE(*payload < race->count);
    (void)fetch_add_relaxed(&race->seen[*payload], (uint8_t)1);
}

static void thief(void *argument) {
    Race *race = argument;
    (void)fetch_add_relaxed(&race->ready, 1u);
    while (load_acquire(&race->is_over) == 0) {
        Task task;
        if (deque_steal(&race->deque, &task)) {
            hand_out(race, task);
            (void)fetch_add_relaxed(&race->stolen, UINT64_C(1));
        } else {
            deque_ask(&race->deque);
        }
    }
}

// The owner pushes `burst` tasks, opens `opened` or, when a thief asks, half of them, and takes back `burst - kept`, again
// and again.
static void race_with(uint32_t count, uint32_t burst, uint32_t kept, uint32_t opened) {
    Race *race = aligned_alloc(64, (sizeof(Race) + 63) / 64 * 64);
    REQUIRE(race != NULL);
    memset(race, 0, sizeof *race);
    REQUIRE(deque_init(&race->deque) == STATUS_OK);
    race->count = count;
    race->seen = calloc(count, 1);
    REQUIRE(race->seen != NULL);
    Thread threads[THIEVES];
    for (int i = 0; i < THIEVES; i++)
        REQUIRE(thread_start(&threads[i], "thief", 0, thief, race) == STATUS_OK);
    while (load_relaxed(&race->ready) < THIEVES)
        thread_yield();

    Task task;
    uint32_t pushed = 0;
    while (pushed < count) {
        for (uint32_t i = 0; i < burst && pushed < count; i++, pushed++) {
            race->payload[pushed] = pushed;
            REQUIRE(deque_push(&race->deque, task_of(&race->payload[pushed])));
        }
        deque_open(&race->deque, opened);
        if (deque_is_wanted(&race->deque)) {
            deque_set_wanted(&race->deque, false);
            deque_open(&race->deque, (deque_private_count(&race->deque) + 1) / 2);
        }
        for (uint32_t i = kept; i < burst; i++)
            if (deque_take(&race->deque, &task)) hand_out(race, task);
    }
    while (deque_take(&race->deque, &task))
        hand_out(race, task);
    store_release(&race->is_over, 1u);
    for (int i = 0; i < THIEVES; i++)
        thread_join(&threads[i]);

    uint32_t wrong = 0;
    for (uint32_t i = 0; i < count; i++)
        wrong += load_relaxed(&race->seen[i]) != 1;
    CHECK_INT(wrong, 0);
    CHECK(!deque_steal(&race->deque, &task));
    deque_destroy(&race->deque);
    free(race->seen);
    free(race);
}

TEST(empty_deque_gives_nothing) {
    Deque deque;
    REQUIRE(deque_init(&deque) == STATUS_OK);
    Task task;
    CHECK(!deque_take(&deque, &task));
    CHECK(!deque_steal(&deque, &task));
    CHECK_INT(deque_public_count(&deque), 0);
    deque_destroy(&deque);
}

TEST(owner_takes_the_newest_and_thief_the_oldest) {
    Deque deque;
    REQUIRE(deque_init(&deque) == STATUS_OK);
    char places[3];
    for (int i = 0; i < 3; i++)
        REQUIRE(deque_push(&deque, task_of(&places[i])));
    Task task;
    CHECK(!deque_steal(&deque, &task)); // nothing is public yet
    deque_open(&deque, 2);
    CHECK_INT(deque_public_count(&deque), 2);
    CHECK_INT(deque_private_count(&deque), 1);
    CHECK(deque_take(&deque, &task) && task.argument == &places[2]);
    CHECK(deque_steal(&deque, &task) && task.argument == &places[0]);
    CHECK(deque_take(&deque, &task) && task.argument == &places[1]);
    CHECK(!deque_take(&deque, &task));
    deque_destroy(&deque);
}

TEST(growing_keeps_every_task_in_order) {
    Deque deque;
    REQUIRE(deque_init(&deque) == STATUS_OK);
    static char places[5000];
    Task task;
    for (int i = 0; i < 100; i++) { // moves top away from 0, so that the ring is copied across its end
        REQUIRE(deque_push(&deque, task_of(&places[0])));
        deque_open(&deque, 1);
        REQUIRE(deque_steal(&deque, &task));
    }
    for (int i = 0; i < 5000; i++)
        REQUIRE(deque_push(&deque, task_of(&places[i])));
    deque_open(&deque, 4000);
    CHECK_INT(deque_public_count(&deque), 4000);
    CHECK_INT(deque_private_count(&deque), 1000);
    for (int i = 0; i < 2500; i++)
        REQUIRE(deque_steal(&deque, &task) && task.argument == &places[i]);
    for (int i = 4999; i >= 2500; i--)
        REQUIRE(deque_take(&deque, &task) && task.argument == &places[i]);
    CHECK(!deque_take(&deque, &task));
    deque_destroy(&deque);
}

TEST(taking_back_leaves_thieves_the_oldest) {
    Deque deque;
    REQUIRE(deque_init(&deque) == STATUS_OK);
    static char places[100];
    for (int i = 0; i < 100; i++)
        REQUIRE(deque_push(&deque, task_of(&places[i])));
    deque_open(&deque, INT64_MAX);
    CHECK_INT(deque_private_count(&deque), 0);
    Task task;
    CHECK(deque_take(&deque, &task) && task.argument == &places[99]); // some come back, not all (D3)
    CHECK(deque_private_count(&deque) > 0);
    CHECK(deque_public_count(&deque) >= 50);
    for (int i = 98; i >= 0; i--)
        REQUIRE(deque_take(&deque, &task) && task.argument == &places[i]);
    CHECK_INT(deque_public_count(&deque), 0);
    CHECK_INT(deque_private_count(&deque), 0);
    CHECK(!deque_take(&deque, &task));
    deque_destroy(&deque);
}

TEST(loot_knows_where_it_came_from_until_it_is_taken) {
    Deque deque;
    REQUIRE(deque_init(&deque) == STATUS_OK);
    char places[6];
    for (int i = 0; i < 4; i++)
        REQUIRE(deque_push(&deque, task_of(&places[i])));
    deque_note_loot(&deque, 2, 7); // the tasks 2 and 3
    REQUIRE(deque_push(&deque, task_of(&places[4])));
    deque_open(&deque, INT64_MAX);
    Task task;
    REQUIRE(deque_take(&deque, &task) && task.argument == &places[4]);
    CHECK_INT(task.stolen_from, TASK_NOT_STOLEN);
    REQUIRE(deque_take(&deque, &task) && task.argument == &places[3]);
    CHECK_INT(task.stolen_from, 7);
    REQUIRE(deque_push(&deque, task_of(&places[5]))); // where loot was, but none itself
    REQUIRE(deque_take(&deque, &task) && task.argument == &places[5]);
    CHECK_INT(task.stolen_from, TASK_NOT_STOLEN);
    REQUIRE(deque_take(&deque, &task) && task.argument == &places[2]);
    CHECK_INT(task.stolen_from, 7);
    REQUIRE(deque_take(&deque, &task) && task.argument == &places[1]);
    CHECK_INT(task.stolen_from, TASK_NOT_STOLEN);
    deque_destroy(&deque);
}

TEST(last_task_goes_to_owner_or_thief_never_to_both) { race_with(test_rounds(TASKS_MAX), 1, 0, 1); }
TEST(every_task_is_handed_out_once) { race_with(test_rounds(TASKS_MAX), 16, 4, 6); }
TEST(tasks_opened_on_demand_are_handed_out_once) { race_with(test_rounds(TASKS_MAX), 5, 1, 0); }
TEST(thief_reading_an_outgrown_ring_still_gets_its_task) {
    for (uint32_t round = 0; round < test_rounds(20); round++)
        race_with(20000, 20000, 10000, 15000);
}

// ---- the injector

typedef struct Pushers {
    Injector injector;
    _Atomic uint32_t pushing;
    _Atomic uint32_t taken;
    uint32_t each;
} Pushers;

static void pusher(void *argument) {
    Pushers *all = argument;
    for (uint32_t i = 0; i < all->each; i++) {
        InjectorNode *node = malloc(sizeof *node);
        REQUIRE(node != NULL);
        *node = (InjectorNode){.task = task_of(node), .copies = 1, .is_heap = true};
        injector_push(&all->injector, node);
    }
    (void)fetch_sub_release(&all->pushing, 1u);
}

static void taker(void *argument) {
    Pushers *all = argument;
    for (;;) {
        bool is_last = load_acquire(&all->pushing) == 0;
        InjectorNode *node = injector_take_all(&all->injector);
        if (node == NULL && is_last) return;
        while (node != NULL) {
            InjectorNode *next = node->next;
            REQUIRE(node->task.argument == node);
            free(node); // twice would be noticed
            (void)fetch_add_relaxed(&all->taken, 1u);
            node = next;
        }
    }
}

TEST(injected_tasks_are_taken_once) {
    static Pushers all;
    all.each = test_rounds(50000);
    store_relaxed(&all.pushing, 2u);
    Thread threads[4];
    for (int i = 0; i < 4; i++)
        REQUIRE(thread_start(&threads[i], "injector", 0, i < 2 ? pusher : taker, &all) == STATUS_OK);
    for (int i = 0; i < 4; i++)
        thread_join(&threads[i]);
    CHECK_INT(load_relaxed(&all.taken), 2 * all.each);
}

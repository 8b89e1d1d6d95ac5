// tests/unit/test_names.c shows N1 and N3 of intern/names.h, and that any bytes of any length are a name.
#include "base/thread.h"
#include "intern/names.h"
#include "tests/unit/harness.h"
#include <stdio.h>
#include <stdlib.h>

#define RACERS 4

static NameInterner *names_for_test(uint32_t shard_count) {
    NameInterner *names = NULL;
    REQUIRE(names_create(shard_count, &names) == STATUS_OK);
    return names;
}

static NameCache *cache_for_test(NameInterner *names) {
    NameCache *cache = arena_new(test_arena(), NameCache);
    name_cache_init(cache, names);
    return cache;
}

static NameId intern(NameCache *cache, Text text) {
    NameId name = {0};
    REQUIRE(names_intern(cache, text, &name) == STATUS_OK);
    return name;
}

TEST(same_spelling_same_id) {
    NameInterner *names = names_for_test(contention_shard_count(CONTENTION_LOW));
    NameCache *cache = cache_for_test(names);
    NameId user = intern(cache, TEXT("user"));
    NameId total = intern(cache, TEXT("total"));
    CHECK(user.index != 0 && total.index != 0);
    CHECK(!name_equal(user, total));
    CHECK(name_equal(intern(cache, TEXT("user")), user));
    CHECK(name_equal(intern(cache_for_test(names), TEXT("user")), user)); // through a cache that does not know it
    CHECK_TEXT(names_text(names, user), TEXT("user"));
    CHECK_TEXT(names_text(names, total), TEXT("total"));
    CHECK_INT(names_text(names, user).data[4], 0); // a NUL follows
    CHECK_INT(names_count(names), 2);
    names_free(names);
}

TEST(id_zero_is_no_name) {
    NameInterner *names = names_for_test(8);
    CHECK_INT(names_text(names, (NameId){0}).length, 0);
    CHECK_INT(names_count(names), 0);
    names_free(names);
    names_free(NULL);
}

TEST(lookup_finds_and_never_inserts) {
    NameInterner *names = names_for_test(8);
    NameCache *cache = cache_for_test(names);
    CHECK_INT(names_lookup(names, TEXT("absent")).index, 0);
    CHECK_INT(names_count(names), 0);
    NameId here = intern(cache, TEXT("here"));
    CHECK(name_equal(names_lookup(names, TEXT("here")), here));
    names_free(names);
}

TEST(any_bytes_are_a_name) {
    NameInterner *names = names_for_test(8);
    NameCache *cache = cache_for_test(names);
    Text spellings[] = {TEXT(""), TEXT("\0"), TEXT("\0\0"), TEXT("a\0b"), TEXT("a\0c"), TEXT("\xff\xfe"), TEXT("a")};
    enum { COUNT = sizeof spellings / sizeof spellings[0] };
    NameId ids[COUNT];
    for (int i = 0; i < COUNT; i++)
        ids[i] = intern(cache, spellings[i]);
    for (int i = 0; i < COUNT; i++) {
        CHECK(ids[i].index != 0);
        CHECK_TEXT(names_text(names, ids[i]), spellings[i]);
        CHECK(name_equal(intern(cache, spellings[i]), ids[i]));
        for (int j = 0; j < i; j++)
            CHECK(!name_equal(ids[i], ids[j]));
    }
    CHECK(name_equal(intern(cache, (Text){NULL, 0}), ids[0]));
    names_free(names);
}

TEST(long_texts_and_short_ones_share_a_shard) {
    NameInterner *names = names_for_test(1);
    NameCache *cache = cache_for_test(names);
    uint32_t length = 3 * 1024 * 1024;
    char *bytes = malloc(length);
    REQUIRE(bytes != NULL);
    memset(bytes, 'x', length);
    NameId before = intern(cache, TEXT("before"));
    NameId whole = intern(cache, (Text){bytes, length});
    NameId less = intern(cache, (Text){bytes, length - 1});
    NameId after = intern(cache, TEXT("after"));
    CHECK(!name_equal(whole, less));
    CHECK_INT(names_text(names, whole).length, length);
    CHECK_TEXT(names_text(names, before), TEXT("before"));
    CHECK_TEXT(names_text(names, after), TEXT("after"));
    CHECK_TEXT(names_text(names, less), ((Text){bytes, length - 1}));
    CHECK(names_bytes(names) > 2 * (uint64_t)length);
    free(bytes);
    names_free(names);
}

TEST(text_stays_where_it_is_while_the_table_grows) {
    NameInterner *names = names_for_test(2);
    NameCache *cache = cache_for_test(names);
    Text first = names_text(names, intern(cache, TEXT("first")));
    for (uint32_t i = 0; i < 50000; i++) {
        char spelling[16];
        int length = snprintf(spelling, sizeof spelling, "n%" PRIu32, i);
        REQUIRE(intern(cache, (Text){spelling, (uint32_t)length}).index == i + 2); // dense, in one thread
    }
    CHECK(names_text(names, names_lookup(names, TEXT("first"))).data == first.data);
    CHECK_TEXT(first, TEXT("first"));
    for (uint32_t i = 0; i < 50000; i++) {
        char spelling[16];
        int length = snprintf(spelling, sizeof spelling, "n%" PRIu32, i);
        REQUIRE(names_lookup(names, (Text){spelling, (uint32_t)length}).index == i + 2);
    }
    CHECK_INT(names_count(names), 50001);
    names_free(names);
}

// ---- races

typedef struct Racer {
    NameInterner *names;
    NameCache cache;
    uint32_t number;
    uint32_t count;
    _Atomic uint32_t *ready;
    uint32_t *ids; // by spelling
} Racer;

static void race(void *argument) {
    Racer *racer = argument;
    name_cache_init(&racer->cache, racer->names);
    (void)fetch_add_relaxed(racer->ready, 1u);
    while (load_relaxed(racer->ready) < RACERS)
        spin_hint();
    for (uint32_t i = 0; i < racer->count; i++) {
        // Half of them walk backwards, so that each meets names that are new and names that others made.
        uint32_t which = racer->number % 2 == 0 ? i : racer->count - 1 - i;
        char spelling[24];
        int length = snprintf(spelling, sizeof spelling, "name_%" PRIu32, which);
        Text text = {spelling, (uint32_t)length};
        NameId name = {0};
        REQUIRE(names_intern(&racer->cache, text, &name) == STATUS_OK);
        REQUIRE(text_equal(names_text(racer->names, name), text)); // readable at once
        racer->ids[which] = name.index;
    }
}

TEST(racing_threads_agree) {
    for (uint32_t round = 0; round < test_rounds(30); round++) {
        uint32_t count = 5000;
        NameInterner *names = names_for_test(round % 2 == 0 ? 1 : 64);
        _Atomic uint32_t ready = 0;
        static Racer racers[RACERS];
        Thread threads[RACERS];
        for (uint32_t i = 0; i < RACERS; i++) {
            racers[i].names = names;
            racers[i].number = i;
            racers[i].count = count;
            racers[i].ready = &ready;
            racers[i].ids = calloc(count, sizeof(uint32_t));
            REQUIRE(racers[i].ids != NULL);
            REQUIRE(thread_start(&threads[i], "racer", 0, race, &racers[i]) == STATUS_OK);
        }
        for (uint32_t i = 0; i < RACERS; i++)
            thread_join(&threads[i]);
        uint32_t different = 0;
        for (uint32_t which = 0; which < count; which++)
            for (uint32_t i = 1; i < RACERS; i++)
                different += racers[i].ids[which] != racers[0].ids[which];
        CHECK_INT(different, 0);
        CHECK_INT(names_count(names), count); // no id was made twice, none is unused
        for (uint32_t i = 0; i < RACERS; i++)
            free(racers[i].ids);
        names_free(names);
    }
}

TEST(shards_follow_the_contention) {
    CHECK_INT(contention_shard_count(CONTENTION_LOW), 8);
    CHECK_INT(contention_shard_count(CONTENTION_MEDIUM), 16);
    CHECK_INT(contention_shard_count(CONTENTION_HIGH), 32);
    CHECK_INT(contention_shard_count(CONTENTION_VERY_HIGH), 64);
}

// ---- keys of every length

TEST(neighbours_of_every_length_are_different_names) {
    NameInterner *names = names_for_test(4);
    NameCache *cache = cache_for_test(names);
    uint32_t made = 0;
    char bytes[40];
    for (uint32_t round = 0; round < 2; round++) { // the second finds what the first has made
        for (uint32_t length = 0; length <= sizeof bytes; length++) {
            memset(bytes, 'a', sizeof bytes);
            uint32_t plain = intern(cache, (Text){bytes, length}).index;
            made += round == 0;
            CHECK(plain <= made);
            for (uint32_t at = 0; at < length; at++) { // one byte differs, at each place
                bytes[at] = '\0';
                Text text = {bytes, length};
                uint32_t other = intern(cache, text).index;
                made += round == 0;
                CHECK(other != plain && other <= made);
                CHECK_TEXT(names_text(names, (NameId){other}), text);
                CHECK_INT(names_lookup(names, text).index, other);
                bytes[at] = 'a';
            }
        }
        CHECK_INT(names_count(names), made);
    }
    names_free(names);
}

TEST(a_batch_gives_the_same_ids_as_one_by_one) {
    NameInterner *names = names_for_test(8);
    NameCache *cache = cache_for_test(names);
    enum { COUNT = 1000 };
    static char spellings[COUNT][24];
    static Text texts[COUNT];
    static NameId ids[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        int length =
            snprintf(spellings[i], sizeof spellings[i], "%s%" PRIu32, i % 3 == 0 ? "a_longer_name_" : "n", i % 700);
        texts[i] = (Text){spellings[i], (uint32_t)length};
    }
    REQUIRE(names_intern_many(cache, texts, COUNT, ids) == STATUS_OK);
    for (uint32_t i = 0; i < COUNT; i++)
        CHECK(name_equal(intern(cache, texts[i]), ids[i]));
    REQUIRE(names_intern_many(cache, NULL, 0, NULL) == STATUS_OK);
    names_free(names);
}

TEST(cache_steps_aside_where_it_does_not_pay) {
    NameInterner *names = names_for_test(8);
    NameCache *cache = cache_for_test(names);
    for (uint32_t i = 0; i < 10000; i++) { // each name once
        char spelling[16];
        int length = snprintf(spelling, sizeof spelling, "n%" PRIu32, i);
        (void)intern(cache, (Text){spelling, (uint32_t)length});
    }
    CHECK_INT(cache->hits, 0);
    CHECK(cache->misses < 1000);
    CHECK_INT(cache->misses + cache->passed, 10000);
    for (uint32_t i = 0; i < 100000; i++) // one name again and again: it comes back, and stays
        (void)intern(cache, TEXT("again"));
    CHECK(cache->hits > 80000);
    names_free(names);
}

// ---- statistics

TEST(statistics_count_what_is_there) {
    NameInterner *names = names_for_test(16);
    NameCache *cache = cache_for_test(names);
    InternStatistics before, after;
    names_statistics(names, &before);
    CHECK_INT(before.entries, 0);
    CHECK_INT(before.shards, 16);
    CHECK_INT(before.lock_takes, 0);
    for (uint32_t i = 0; i < 20000; i++) {
        char spelling[16];
        int length = snprintf(spelling, sizeof spelling, "n%" PRIu32, i % 10000);
        (void)intern(cache, (Text){spelling, (uint32_t)length});
    }
    names_statistics(names, &after);
    CHECK_INT(after.entries, 10000);
    CHECK_INT(after.lock_takes, 10000); // hits take no lock
    CHECK_INT(after.lock_waits, 0);
    CHECK_INT(after.bytes, names_bytes(names));
    CHECK(after.slots >= after.entries * 5 / 4);
    CHECK(after.growths > 0);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < PROBE_LENGTHS; i++)
        sum += after.probes[i];
    CHECK_INT(sum, 10000);
    CHECK(after.probe_max >= 1 && after.probe_mean >= 1 && after.probe_mean < 4);
    names_free(names);
}

// tests/unit/test_rt_map.c: maps and sets against a plain model, order of insertion, sharing.
#include "tests/unit/rt.h"
#include <stdio.h>

static const SiType map_type = {.kind = SI_MAP,
                                .size = 8,
                                .align = 8,
                                .counted = 1,
                                .name = "{str: int}",
                                .element = &si_type_str,
                                .value = &si_type_int,
                                .printable = 1};
static const SiType byte_map = {.kind = SI_MAP,
                                .size = 8,
                                .align = 8,
                                .counted = 1,
                                .name = "{byte: str}",
                                .element = &si_type_byte,
                                .value = &si_type_str,
                                .printable = 1};
static const SiType set_type = {
    .kind = SI_SET, .size = 8, .align = 8, .counted = 1, .name = "Set<int>", .element = &si_type_int, .printable = 1};

static SiMap *put(SiMap *map, const char *key, int64_t value) {
    SiStr *k = str(key);
    return si_map_put(task, map, &k, &value);
}
static int64_t get(SiMap *map, const char *key) { // -1: absent
    SiStr *k = str(key);
    const int64_t *value = si_map_find(task, map, &k);
    int64_t index = si_map_find_index(task, map, &k, &si_type_str, &si_type_int), again = -1;
    if (index >= 0) si_map_value_at(task, &again, map, index, &si_type_str, &si_type_int);
    CHECK_INT(again, value == NULL ? -1 : *value);
    si_release(task, k);
    return value == NULL ? -1 : *value;
}
static SiMap *drop(SiMap *map, const char *key) {
    SiStr *k = str(key);
    map = si_map_remove(task, map, &k, &si_type_str, &si_type_int);
    si_release(task, k);
    return map;
}
static SiMap *set_of(int count, const int64_t *values) {
    SiMap *set = si_map_new(task, &set_type, 0);
    for (int i = 0; i < count; i++)
        set = si_set_insert(task, set, &values[i], &si_type_int);
    return set;
}
#define SET(...) set_of((int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]){__VA_ARGS__})
#define CHECK_MAP(map, expected)                                                                                       \
    do {                                                                                                               \
        SiMap *made_map = (map);                                                                                       \
        CHECK_SHOWN(&made_map, made_map_type(made_map), expected);                                                     \
        si_release(task, made_map);                                                                                    \
    } while (0)
static const SiType *made_map_type(const void *map) { return ((const SiHeader *)map)->type; }

TEST(order_is_that_of_insertion) {
    BEGIN();
    SiMap *map = si_map_new(task, &map_type, 0);
    map = put(map, "b", 1);
    map = put(map, "a", 2);
    map = put(map, "c", 3);
    map = put(map, "a", 4); // keeps its place
    SiMap *copy = map;
    si_retain(copy);
    map = drop(map, "b");
    map = put(map, "b", 5); // goes to the end
    CHECK_MAP(copy, "{\"b\": 1, \"a\": 4, \"c\": 3}");
    CHECK_INT(get(map, "b"), 5);
    CHECK_INT(get(map, "x"), -1);
    CHECK_MAP(drop(map, "nothing"), "{\"a\": 4, \"c\": 3, \"b\": 5}");
    END();
}

// Random inserts and removals of ints, beside an array that says which are in and since when.
TEST(agrees_with_a_model) {
    BEGIN();
    enum { KEYS = 200 };
    uint64_t state = 11;
    for (int shared = 0; shared < 2; shared++) {
        int64_t since[KEYS] = {0}, clock = 0, count = 0;
        SiMap *set = si_map_new(task, &set_type, 0);
        for (uint32_t step = 0; step < test_rounds(20000); step++) {
            int64_t key = (int64_t)(test_random(&state) % KEYS);
            SiMap *before = set;
            if (shared && step % 50 == 0) si_retain(before);
            int64_t length_before = si_map_length(before);
            if (test_random(&state) % 256 < (step / 2000 % 2 ? 200u : 60u)) {
                set = si_set_insert(task, set, &key, &si_type_int);
                if (since[key] == 0) {
                    since[key] = ++clock;
                    count++;
                }
            } else {
                set = si_set_remove(task, set, &key, &si_type_int);
                count -= since[key] != 0;
                since[key] = 0;
            }
            if (shared && step % 50 == 0) {
                CHECK_INT(si_map_length(before), length_before);
                si_release(task, before);
            }
            CHECK_INT(si_map_length(set), count);
            CHECK_INT(si_set_contains(task, set, &key, &si_type_int), since[key] != 0);
            if (step % 97 != 0) continue;
            int64_t last = 0, seen = 0;
            const void *found, *value;
            for (int64_t i = si_map_next(set, 0, &found, &value); i >= 0; i = si_map_next(set, i + 1, &found, &value)) {
                int64_t time = since[*(const int64_t *)found];
                CHECK(time > last);
                last = time;
                seen++;
            }
            CHECK_INT(seen, count);
        }
        si_release(task, set);
    }
    END();
}

TEST(counted_keys_and_values) {
    BEGIN();
    SiMap *map = si_map_new(task, &byte_map, 0);
    for (int i = 0; i < 1000; i++) {
        uint8_t key = (uint8_t)(i * 7);
        SiStr *value = si_str_from_int(task, i);
        map = si_map_put(task, map, &key, &value);
        if (i % 3 == 0) {
            uint8_t gone = (uint8_t)(i * 5);
            map = si_map_remove(task, map, &gone, &si_type_byte, &si_type_str);
        }
        if (i % 100 == 0) {
            SiMap *old = map;
            si_retain(old);
            uint8_t fixed = 1;
            SiStr *text = str("x");
            map = si_map_put(task, map, &fixed, &text);
            CHECK(map != old);
            si_release(task, old);
        }
    }
    si_release(task, map);
    SiMap *big = si_map_new(task, &map_type, 100);
    char key[16];
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof key, "key %d", i);
        big = put(big, key, i);
    }
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof key, "key %d", i);
        CHECK_INT(get(big, key), i);
    }
    si_release(task, big);
    END();
}

TEST(merging) {
    BEGIN();
    SiMap *first = put(put(si_map_new(task, &map_type, 0), "a", 1), "b", 2);
    SiMap *second = put(put(si_map_new(task, &map_type, 0), "c", 3), "a", 9);
    SiMap *empty = si_map_new(task, &map_type, 0);
    si_retain(first);
    CHECK_MAP(si_map_merge(task, first, second, &si_type_str, &si_type_int), "{\"a\": 9, \"b\": 2, \"c\": 3}");
    CHECK_MAP(si_map_merge(task, first, empty, &si_type_str, &si_type_int), "{\"a\": 1, \"b\": 2}");
    CHECK_MAP(si_map_merge(task, empty, second, &si_type_str, &si_type_int), "{\"c\": 3, \"a\": 9}");
    si_release(task, second);
    END();
}

TEST(set_operations) {
    BEGIN();
    SiMap *first = SET(3, 1, 2), *second = SET(2, 4, 3), *empty = si_map_new(task, &set_type, 0), *part = SET(2, 3);
    CHECK_MAP(si_set_union(task, (si_retain(first), first), second, &si_type_int), "Set{3, 1, 2, 4}");
    CHECK_MAP(si_set_intersection(task, first, second, &si_type_int), "Set{3, 2}");
    CHECK_MAP(si_set_difference(task, first, second, &si_type_int), "Set{1}");
    CHECK_MAP(si_set_intersection(task, first, empty, &si_type_int), "Set{}");
    CHECK_MAP(si_set_difference(task, first, empty, &si_type_int), "Set{3, 1, 2}");
    CHECK(si_set_is_subset(task, part, first, &si_type_int) && !si_set_is_subset(task, first, second, &si_type_int));
    CHECK(si_set_is_subset(task, empty, empty, &si_type_int));
    SiMap *reordered = SET(2, 3, 1);
    CHECK(si_equal(task, &first, &reordered, &set_type) && !si_equal(task, &first, &second, &set_type));
    SiMap *all[] = {first, second, empty, part, reordered};
    for (int i = 0; i < 5; i++)
        si_release(task, all[i]);
    END();
}

TEST(a_map_used_as_a_queue_stays_quick) {
    BEGIN();
    SiMap *set = si_map_new(task, &set_type, 0);
    for (int64_t i = 0; i < 1000; i++)
        set = si_set_insert(task, set, &i, &si_type_int);
    for (int64_t i = 1000; i < 200000; i++) {
        const void *key, *value;
        REQUIRE(si_map_next(set, 0, &key, &value) >= 0);
        int64_t oldest = *(const int64_t *)key;
        CHECK(oldest == i - 1000);
        set = si_set_remove(task, set, &oldest, &si_type_int);
        set = si_set_insert(task, set, &i, &si_type_int);
    }
    si_release(task, set);
    END();
}

TEST(a_value_is_exchanged_in_place) {
    BEGIN();
    SiMap *map = si_map_new(task, &byte_map, 0);
    uint8_t key = 7;
    SiStr *value = str("old"), *filler = str("filler"), *taken;
    map = si_map_put(task, map, &key, &value);
    si_retain(map);
    SiMap *own = si_map_own(task, map, &si_type_byte, &si_type_str);
    CHECK(own != map);
    si_release(task, map);
    int64_t index = si_map_find_index(task, own, &key, &si_type_byte, &si_type_str);
    si_map_exchange_value(task, &taken, own, index, &filler, &si_type_byte, &si_type_str);
    CHECK_INT(taken->header.count, 1);
    own = si_map_put_value(task, own, index, &taken, &si_type_byte, &si_type_str);
    CHECK_MAP(own, "{7: \"old\"}");
    END();
}

// tests/unit/test_rt_list.c: lists: changes in place, copies when shared, parts, sorting.
#include "tests/unit/rt.h"

LIST_TYPE(list_of_int, "[int]", &si_type_int);
LIST_TYPE(list_of_float, "[float]", &si_type_float);
static const SiPlace *const at = &here;

static SiList *ints(int count, const int64_t *values) {
    SiList *list = si_list_new(task, &list_of_int, count);
    for (int i = 0; i < count; i++)
        *(int64_t *)si_list_append(task, &list) = values[i];
    return list;
}
#define INTS(...) ints((int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]){__VA_ARGS__})
#define CHECK_LIST(list, expected)                                                                                     \
    do {                                                                                                               \
        SiList *made_list = (list);                                                                                    \
        CHECK_SHOWN(&made_list, made_list->header.type, expected);                                                     \
        si_release(task, made_list);                                                                                   \
    } while (0)

static SiList *words(const char *text) {
    SiStr *all = str(text);
    SiList *list = si_str_words(task, all);
    si_release(task, all);
    return list;
}

TEST(pushing_is_amortised_and_in_place) {
    BEGIN();
    SiList *list = si_list_new(task, &list_of_int, 0);
    int moves = 0;
    for (int64_t i = 0; i < 100000; i++) {
        const SiList *before = list;
        list = si_list_push(task, list, &i, &si_type_int);
        moves += before != list;
    }
    CHECK_INT(list->length, 100000);
    for (int64_t i = 0; i < 100000; i++)
        CHECK(SI_LIST_AT(int64_t, list, i) == i);
    CHECK(moves < 100);
    si_retain(list);
    int64_t more = -1;
    SiList *copy = si_list_push(task, list, &more, &si_type_int);
    CHECK(copy != list);
    CHECK_INT(list->length, 100000);
    CHECK_INT(*(const int64_t *)si_list_item(task, copy, 100000, 8, at), -1);
    CHECK_PANIC(si_list_item(task, list, 100000, 8, at), "index 100000 out of range for length 100000");
    CHECK_PANIC(si_list_item(task, list, -1, 8, at), "index -1 out of range for length 100000");
    si_release(task, copy);
    si_release(task, list);
    END();
}

TEST(changes) {
    BEGIN();
    int64_t nine = 9;
    CHECK_LIST(si_list_insert(task, INTS(1, 2, 3), 0, &nine, &si_type_int, at), "[9, 1, 2, 3]");
    CHECK_LIST(si_list_insert(task, INTS(1, 2, 3), 3, &nine, &si_type_int, at), "[1, 2, 3, 9]");
    CHECK_PANIC(si_list_insert(task, INTS(1), 2, &nine, &si_type_int, at), "index 2 out of range for length 1");
    CHECK_LIST(si_list_remove(task, INTS(1, 2, 3), 1, &si_type_int, at), "[1, 3]");
    CHECK_PANIC(si_list_remove(task, INTS(1), 1, &si_type_int, at), "index 1 out of range for length 1");
    CHECK_LIST(si_list_set(task, INTS(1, 2, 3), 2, &nine, &si_type_int, at), "[1, 2, 9]");
    CHECK_PANIC(si_list_set(task, INTS(1), -1, &nine, &si_type_int, at), "index -1 out of range for length 1");
    CHECK_LIST(si_list_pop(task, INTS(1), &si_type_int), "[]");
    CHECK_LIST(si_list_pop(task, si_list_new(task, &list_of_int, 0), &si_type_int), "[]");
    CHECK_LIST(si_list_reverse(task, INTS(1, 2, 3), &si_type_int), "[3, 2, 1]");
    CHECK_LIST(si_list_fill(task, si_list_new(task, &list_of_int, 0), &nine, 3, &si_type_int, at), "[9, 9, 9]");
    CHECK_PANIC(si_list_fill(task, si_list_new(task, &list_of_int, 0), &nine, -1, &si_type_int, at), "invalid n: -1");
    SiList *tail = INTS(3, 4);
    CHECK_LIST(si_list_concat(task, INTS(1, 2), tail, &si_type_int), "[1, 2, 3, 4]");
    CHECK_LIST(si_list_concat(task, si_list_new(task, &list_of_int, 0), tail, &si_type_int), "[3, 4]");
    si_release(task, tail);
    SiStr *bytes = str("abcd");
    CHECK_LIST(si_list_reverse(task, si_str_bytes(task, bytes), &si_type_byte), "[100, 99, 98, 97]");
    si_release(task, bytes);
    END();
}

TEST(counted_elements_keep_their_counts) {
    BEGIN();
    SiStr *x = str("x");
    for (int shared = 0; shared < 2; shared++) {
        SiList *list = words("a b c d");
        SiList *other = list;
        if (shared) si_retain(list);
        si_retain(x);
        list = si_list_set(task, list, 1, &x, &si_type_str, at);
        list = si_list_remove(task, list, 0, &si_type_str, at);
        si_retain(x);
        list = si_list_insert(task, list, 2, &x, &si_type_str, at);
        list = si_list_pop(task, list, &si_type_str);
        list = si_list_reverse(task, list, &si_type_str);
        list = si_list_concat(task, list, list, &si_type_str);
        si_retain(x);
        CHECK_PANIC(si_list_set(task, (si_retain(list), list), 99, &x, &si_type_str, at),
                    "index 99 out of range for length 6");
        CHECK_LIST(si_list_slice(task, list, 1, 4, &si_type_str, at), "[\"c\", \"x\", \"x\"]");
        list = si_list_fill(task, list, &x, 2, &si_type_str, at);
        list = si_list_unique(task, list, &si_type_str);
        CHECK_LIST(list, "[\"x\", \"c\"]");
        if (shared) CHECK_LIST(other, "[\"a\", \"b\", \"c\", \"d\"]");
    }
    si_release(task, x);
    END();
}

TEST(parts) {
    BEGIN();
    SiList *list = INTS(10, 11, 12, 13);
    CHECK_LIST(si_list_slice(task, list, 1, 3, &si_type_int, at), "[11, 12]");
    CHECK_LIST(si_list_slice(task, list, 4, 4, &si_type_int, at), "[]");
    CHECK_PANIC(si_list_slice(task, list, 2, 9, &si_type_int, at), "range 2..9 out of range for length 4");
    SiRange range = {1, 2, 1};
    CHECK_LIST(si_list_slice_range(task, list, &range, &si_type_int, at), "[11, 12]");
    range.to = 4;
    CHECK_PANIC(si_list_slice_range(task, list, &range, &si_type_int, at), "range 1..=4 out of range for length 4");
    int64_t total;
    si_list_sum(task, &total, list, &si_type_int, at);
    CHECK_INT(total, 46);
    si_list_product(task, &total, list, &si_type_int, at);
    CHECK_INT(total, 17160);
    int64_t twelve = 12;
    CHECK_INT(si_list_find_index(task, list, &twelve, &si_type_int), 2);
    CHECK_INT(si_list_min_index(task, list, &si_type_int), 0);
    CHECK_INT(si_list_max_index(task, list, &si_type_int), 3);
    si_release(task, list);
    list = INTS(INT64_MAX, 1);
    CHECK_PANIC(si_list_sum(task, &total, list, &si_type_int, at), "integer overflow");
    si_release(task, list);
    END();
}

// Elements of 16 bytes: what is compared, and where it was.
typedef struct Pair {
    int64_t key, position;
} Pair;
static int32_t compare_keys(SiTask *t, const void *first, const void *second) {
    (void)t;
    const Pair *a = first, *b = second;
    return (a->key > b->key) - (a->key < b->key);
}
static const SiField pair_fields[] = {{"", 0, &si_type_int}, {"", 8, &si_type_int}};
static const SiVariant pair_variant = {"", 2, pair_fields};
static const SiType pair_type = {.kind = SI_TUPLE,
                                 .size = 16,
                                 .align = 8,
                                 .name = "(int, int)",
                                 .variant_count = 1,
                                 .variants = &pair_variant,
                                 .compare = compare_keys,
                                 .printable = 1};
LIST_TYPE(list_of_pair, "[(int, int)]", &pair_type);

TEST(sorting_is_right_and_stable) {
    BEGIN();
    uint64_t state = 3;
    for (int count = 0; count < 300; count += count < 40 ? 1 : 37) {
        SiList *pairs = si_list_new(task, &list_of_pair, count);
        SiList *keys = si_list_new(task, &list_of_int, count), *numbers = si_list_new(task, &list_of_int, 0);
        SiList *floats = si_list_new(task, &list_of_float, 0);
        for (int i = 0; i < count; i++) {
            int64_t key = (int64_t)(test_random(&state) % 20);
            *(Pair *)si_list_append(task, &pairs) = (Pair){key, i};
            *(int64_t *)si_list_append(task, &keys) = key;
            *(int64_t *)si_list_append(task, &numbers) = (int64_t)test_random(&state);
            *(double *)si_list_append(task, &floats) = (double)(int64_t)test_random(&state);
        }
        si_retain(pairs);
        SiList *by_key = si_list_sort_by_keys(task, pairs, keys, &pair_type, &si_type_int);
        SiList *sorted = si_list_sort(task, pairs, &pair_type);
        numbers = si_list_sort(task, numbers, &si_type_int);
        floats = si_list_sort(task, floats, &si_type_float);
        CHECK_INT(sorted->length, count);
        for (int i = 1; i < count; i++) {
            Pair *p = (Pair *)(void *)sorted->items + i;
            CHECK(p[-1].key < p[0].key || (p[-1].key == p[0].key && p[-1].position < p[0].position));
            CHECK(SI_LIST_AT(int64_t, numbers, i - 1) <= SI_LIST_AT(int64_t, numbers, i));
            CHECK(SI_LIST_AT(double, floats, i - 1) <= SI_LIST_AT(double, floats, i));
        }
        CHECK(memcmp(sorted->items, by_key->items, (size_t)count * sizeof(Pair)) == 0);
        si_release(task, by_key);
        si_release(task, sorted);
        si_release(task, keys);
        si_release(task, numbers);
        si_release(task, floats);
    }
    CHECK_LIST(si_list_sort(task, words("pear fig apple fig"), &si_type_str),
               "[\"apple\", \"fig\", \"fig\", \"pear\"]");
    END();
}

static int32_t compare_and_panic(SiTask *t, const void *first, const void *second) {
    static int calls;
    if (++calls == 20) si_panic_text(t, "no more", at);
    return si_compare(t, first, second, &si_type_str);
}

TEST(a_panic_in_the_middle_of_sorting_leaks_nothing) {
    BEGIN();
    SiType angry = si_type_str;
    angry.compare = compare_and_panic;
    CHECK_PANIC(si_list_sort(task, words("i h g f e d c b a"), &angry), "no more");
    END();
}

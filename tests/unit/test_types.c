// tests/unit/test_types.c shows Y1 and Y3 of intern/types.h, and what an interned type knows about itself.
#include "base/thread.h"
#include "intern/types.h"
#include "tests/unit/harness.h"
#include <stdlib.h>

#define RACERS 4

static TypeInterner *types_for_test(void) {
    TypeInterner *types = NULL;
    REQUIRE(types_create(contention_shard_count(CONTENTION_HIGH), &types) == STATUS_OK);
    return types;
}

static TypeId make(TypeInterner *types, TypeKind kind, uint32_t head, const TypeId *args, uint32_t arg_count) {
    TypeId type = {0};
    REQUIRE(types_intern(types, kind, head, args, arg_count, &type) == STATUS_OK);
    return type;
}

static TypeId list_of(TypeInterner *types, TypeId element) { return make(types, TYPE_LIST, 0, &element, 1); }

TEST(primitive_types_have_fixed_ids) {
    TypeInterner *types = types_for_test();
    for (uint32_t kind = TYPE_ERROR; kind < TYPE_PRIMITIVE_END; kind++) {
        CHECK_INT(make(types, (TypeKind)kind, 0, NULL, 0).index, kind);
        const TypeInfo *info = type_info(types, TYPE_ID(kind));
        CHECK_INT(info->kind, kind);
        CHECK_INT(info->depth, 1);
        CHECK_INT(info->part_count, 1);
        CHECK_INT(info->arg_count, 0);
        CHECK_INT(info->flags, kind == TYPE_ERROR ? TYPE_HAS_ERROR : 0);
    }
    types_free(types);
    types_free(NULL);
}

TEST(info_of_unknown_ids_is_no_type) {
    TypeInterner *types = types_for_test();
    CHECK_INT(type_info(types, (TypeId){0})->kind, TYPE_NONE);
    CHECK_INT(type_info(types, (TypeId){UINT32_MAX})->kind, TYPE_NONE);
    types_free(types);
}

TEST(same_structure_same_id) {
    TypeInterner *types = types_for_test();
    TypeId ints = list_of(types, TYPE_ID(TYPE_INT));
    CHECK(type_equal(list_of(types, TYPE_ID(TYPE_INT)), ints));
    CHECK(!type_equal(list_of(types, TYPE_ID(TYPE_FLOAT)), ints));
    CHECK(!type_equal(make(types, TYPE_SET, 0, (TypeId[]){TYPE_ID(TYPE_INT)}, 1), ints));
    TypeId pair[] = {TYPE_ID(TYPE_INT), TYPE_ID(TYPE_STR)};
    TypeId riap[] = {TYPE_ID(TYPE_STR), TYPE_ID(TYPE_INT)};
    CHECK(type_equal(make(types, TYPE_TUPLE, 0, pair, 2), make(types, TYPE_TUPLE, 0, pair, 2)));
    CHECK(!type_equal(make(types, TYPE_TUPLE, 0, pair, 2), make(types, TYPE_TUPLE, 0, riap, 2)));
    CHECK(!type_equal(make(types, TYPE_TUPLE, 0, pair, 2), make(types, TYPE_FUNCTION, 0, pair, 2)));
    CHECK(!type_equal(make(types, TYPE_NAMED, 7, pair, 2), make(types, TYPE_NAMED, 8, pair, 2)));
    CHECK(!type_equal(make(types, TYPE_NAMED, 7, pair, 2), make(types, TYPE_NAMED, 7, pair, 1)));
    CHECK(!type_equal(make(types, TYPE_NAMED, 7, NULL, 0), make(types, TYPE_DYN, 7, NULL, 0)));
    types_free(types);
}

TEST(records_are_told_apart_by_their_field_names) {
    TypeInterner *types = types_for_test();
    TypeId first[] = {TYPE_ID(TYPE_INT), TYPE_ID(TYPE_INT), {101}, {102}}; // two types, then two NameIds
    TypeId second[] = {TYPE_ID(TYPE_INT), TYPE_ID(TYPE_INT), {101}, {103}};
    TypeId record = make(types, TYPE_RECORD, 0, first, 2);
    CHECK(type_equal(make(types, TYPE_RECORD, 0, first, 2), record));
    CHECK(!type_equal(make(types, TYPE_RECORD, 0, second, 2), record));
    const TypeInfo *info = type_info(types, record);
    CHECK_INT(info->arg_count, 2);
    CHECK_INT(info->args[1].index, TYPE_INT);
    CHECK_INT(info->args[3].index, 102);
    CHECK_INT(info->part_count, 3); // names are no parts
    first[0].index = TYPE_STR;      // what was given was copied
    CHECK_INT(info->args[0].index, TYPE_INT);
    types_free(types);
}

TEST(depth_parts_and_flags_cover_the_whole_type) {
    TypeInterner *types = types_for_test();
    TypeId parameter = make(types, TYPE_PARAMETER, 0, NULL, 0);
    TypeId of_parameter = list_of(types, parameter);
    TypeId map[] = {TYPE_ID(TYPE_STR), of_parameter};
    const TypeInfo *info = type_info(types, make(types, TYPE_MAP, 0, map, 2));
    CHECK_INT(info->depth, 3);
    CHECK_INT(info->part_count, 4);
    CHECK_INT(info->flags, TYPE_HAS_PARAMETER);
    CHECK_INT(type_info(types, list_of(types, TYPE_ID(TYPE_ERROR)))->flags, TYPE_HAS_ERROR);
    CHECK_INT(type_info(types, list_of(types, TYPE_ID(TYPE_INT)))->flags, 0);

    TypeId deep = TYPE_ID(TYPE_INT);
    for (uint32_t i = 0; i < 70000; i++)
        deep = list_of(types, deep);
    CHECK_INT(type_info(types, deep)->depth, UINT16_MAX); // stays there instead of starting again
    CHECK_INT(type_info(types, deep)->part_count, 70001);
    TypeId wide = TYPE_ID(TYPE_INT);
    for (int i = 0; i < 40; i++)
        wide = make(types, TYPE_TUPLE, 0, (TypeId[]){wide, wide}, 2);
    CHECK_INT(type_info(types, wide)->part_count, UINT32_MAX);
    types_free(types);
}

// ---- races

typedef struct Racer {
    TypeInterner *types;
    uint32_t number;
    uint32_t count;
    _Atomic uint32_t *ready;
    uint32_t *ids;
} Racer;

// Type number i: a chain of kinds and heads read off the bits of i, so that types share parts and are made bottom-up.
static TypeId numbered_type(TypeInterner *types, uint32_t number) {
    TypeId type = make(types, TYPE_NAMED, number % 5, NULL, 0);
    for (uint32_t rest = number / 5; rest > 0; rest /= 4) {
        TypeId args[] = {type, TYPE_ID(TYPE_INT), type};
        switch (rest % 4) {
        case 0:
            type = list_of(types, type);
            break;
        case 1:
            type = make(types, TYPE_MAP, 0, args, 2);
            break;
        case 2:
            type = make(types, TYPE_FUNCTION, 0, args, 3);
            break;
        default:
            type = make(types, TYPE_TUPLE, 0, args, 2);
            break;
        }
    }
    return type;
}

static void race(void *argument) {
    Racer *racer = argument;
    (void)fetch_add_relaxed(racer->ready, 1u);
    while (load_relaxed(racer->ready) < RACERS)
        spin_hint();
    for (uint32_t i = 0; i < racer->count; i++) {
        uint32_t which = racer->number % 2 == 0 ? i : racer->count - 1 - i;
        TypeId type = numbered_type(racer->types, which);
        const TypeInfo *info = type_info(racer->types, type);
        REQUIRE(info->kind >= TYPE_LIST && info->part_count >= 1); // readable at once
        for (uint32_t arg = 0; arg < info->arg_count; arg++)
            REQUIRE(info->args[arg].index != 0);
        racer->ids[which] = type.index;
    }
}

TEST(racing_threads_agree) {
    uint32_t made = 0;
    for (uint32_t round = 0; round < test_rounds(30); round++) {
        uint32_t count = 3000;
        TypeInterner *types = NULL;
        REQUIRE(types_create(round % 2 == 0 ? 1 : 32, &types) == STATUS_OK);
        _Atomic uint32_t ready = 0;
        Racer racers[RACERS];
        Thread threads[RACERS];
        for (uint32_t i = 0; i < RACERS; i++) {
            racers[i] = (Racer){types, i, count, &ready, calloc(count, sizeof(uint32_t))};
            REQUIRE(racers[i].ids != NULL);
            REQUIRE(thread_start(&threads[i], "racer", 0, race, &racers[i]) == STATUS_OK);
        }
        for (uint32_t i = 0; i < RACERS; i++)
            thread_join(&threads[i]);
        uint32_t different = 0;
        for (uint32_t which = 0; which < count; which++) {
            different += numbered_type(types, which).index != racers[0].ids[which];
            for (uint32_t i = 1; i < RACERS; i++)
                different += racers[i].ids[which] != racers[0].ids[which];
        }
        CHECK_INT(different, 0);
        // As many types as in every other round: none was made twice.
        if (round == 0) made = types_count(types);
        CHECK_INT(types_count(types), made);
        for (uint32_t i = 0; i < RACERS; i++)
            free(racers[i].ids);
        types_free(types);
    }
}

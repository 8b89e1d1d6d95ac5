// runtime/map.c: maps and sets, in insertion order.
//
//   entries  [ hash key value ][ hash key value ][ 0 (hole) ][ hash key value ] …    in the order of insertion
//   index    [ 0 | 3 | 0 | 1 | gone | 4 | 0 | 0 ]       open addressing, linear probing; the number of an entry + 1, 0 = free
//
// The layout is that of Raymond Hettinger's compact dict (2012): iteration reads the entries alone, and never depends on hashes.
// INVARIANTS M1 A live entry's hash has its top bit set, a hole's is 0.
//            M2 Up to SMALL entries there is no index: the hashes are compared one by one.
//            M3 Half of the index at least is free or gone, and entries + gone never fill it, so probing ends.
#include "runtime/runtime_internal.h"

enum { SMALL = 8, KEY_OFFSET = 8 };
#define LIVE ((uint64_t)1 << 63)
#define GONE UINT32_MAX

struct SiMap {
    SiHeader header;
    int64_t length; // live entries
    int64_t used;   // entries, with holes
    int64_t capacity;
    int64_t first;   // no live entry before this one
    char *entries;   // NULL while capacity is 0
    uint32_t *index; // NULL while capacity <= SMALL
    uint64_t mask;   // slots of the index - 1
    uint32_t value_offset, stride;
};

static char *entry_at(const SiMap *map, int64_t i) { return map->entries + i * (int64_t)map->stride; }
static uint64_t entry_hash(const char *entry) {
    uint64_t hash;
    memcpy(&hash, entry, sizeof hash);
    return hash;
}

static uint32_t align_up(uint32_t offset, uint32_t align) { return (offset + align - 1) / align * align; }

static SiMap *map_with_capacity(SiTask *task, const SiType *type, int64_t capacity);

// ---- tables ----------------------------------------------------------------------------------------------------------------
static size_t entries_bytes(const SiMap *map) { return (size_t)map->capacity * map->stride; }
static size_t index_bytes(const SiMap *map) { return (size_t)(map->mask + 1) * sizeof *map->index; }

static void free_tables(SiTask *task, SiMap *map) {
    if (map->entries != NULL) si_cell_free(task, map->entries, entries_bytes(map));
    if (map->index != NULL) si_cell_free(task, map->index, index_bytes(map));
}

static void alloc_tables(SiTask *task, SiMap *map, int64_t capacity) {
    if (capacity >= (int64_t)(GONE - 1)) si_task_out_of_memory(task); // entries have 32-bit numbers
    map->capacity = capacity;
    map->entries = NULL;
    map->index = NULL;
    map->mask = 0;
    if (capacity == 0) return;
    map->entries = si_cell_alloc(task, entries_bytes(map));
    if (capacity <= SMALL) return;
    uint64_t slots = 2 * SMALL;
    while (slots < 2 * (uint64_t)capacity)
        slots *= 2;
    map->mask = slots - 1;
    map->index = si_cell_alloc(task, index_bytes(map));
    memset(map->index, 0, index_bytes(map));
}

static void index_add(SiMap *map, uint64_t hash, int64_t number) {
    if (map->index == NULL) return;
    uint64_t slot = hash & map->mask;
    while (map->index[slot] != 0)
        slot = (slot + 1) & map->mask;
    map->index[slot] = (uint32_t)(number + 1);
}

// Moves the live entries into tables for `capacity`; closes the holes.
static void rebuild(SiTask *task, SiMap *map, int64_t capacity) {
    SiMap old = *map;
    alloc_tables(task, map, capacity);
    map->used = 0;
    map->first = 0;
    for (int64_t i = 0; i < old.used; i++) {
        const char *entry = entry_at(&old, i);
        uint64_t hash = entry_hash(entry);
        if (hash == 0) continue;
        memcpy(entry_at(map, map->used), entry, map->stride);
        index_add(map, hash, map->used++);
    }
    free_tables(task, &old);
}

static void make_room(SiTask *task, SiMap *map) {
    if (map->used < map->capacity) return;
    int64_t capacity = map->capacity;
    if (map->length > capacity / 2 + capacity / 4 || capacity == 0)
        capacity = capacity < SMALL / 2 ? SMALL / 2 : capacity * 2;
    rebuild(task, map, capacity);
}

// ---- finding -----------------------------------------------------------------------------------------------------------------
static uint64_t hash_of(SiTask *task, const SiMap *map, const void *key) {
    return si_hash(task, key, map->header.type->element) | LIVE;
}

static bool key_matches(SiTask *task, const SiMap *map, int64_t i, uint64_t hash, const void *key) {
    const char *entry = entry_at(map, i);
    return entry_hash(entry) == hash && si_equal(task, entry + KEY_OFFSET, key, map->header.type->element);
}

// The number of the key's entry, or -1. `slot`: where the index says so.
static int64_t find(SiTask *task, const SiMap *map, uint64_t hash, const void *key, uint64_t *slot) {
    *slot = 0;
    if (map->index == NULL) {
        for (int64_t i = map->first; i < map->used; i++) {
            if (key_matches(task, map, i, hash, key)) return i;
        }
        return -1;
    }
    for (uint64_t s = hash & map->mask;; s = (s + 1) & map->mask) {
        uint32_t number = map->index[s];
        if (number == 0) return -1;
        if (number == GONE || !key_matches(task, map, (int64_t)number - 1, hash, key)) continue;
        *slot = s;
        return (int64_t)number - 1;
    }
}

int64_t si_map_find_index(SiTask *task, SiMap *map, const void *key, const SiType *K, const SiType *V) {
    (void)K, (void)V;
    uint64_t slot;
    return map->length == 0 ? -1 : find(task, map, hash_of(task, map, key), key, &slot);
}

const void *si_map_find(SiTask *task, const SiMap *map, const void *key) {
    if (map->length == 0) return NULL;
    uint64_t slot;
    int64_t i = find(task, map, hash_of(task, map, key), key, &slot);
    if (i < 0) return NULL;
    return entry_at(map, i) + (map->header.type->kind == SI_SET ? KEY_OFFSET : map->value_offset);
}

void si_map_value_at(SiTask *task, void *result, SiMap *map, int64_t index, const SiType *K, const SiType *V) {
    (void)task, (void)K;
    const char *value = entry_at(map, index) + map->value_offset;
    memcpy(result, value, V->size);
    si_value_retain(value, V);
}

int64_t si_map_next(const SiMap *map, int64_t cursor, const void **key, const void **value) {
    if (cursor < map->first) cursor = map->first;
    for (; cursor < map->used; cursor++) {
        const char *entry = entry_at(map, cursor);
        if (entry_hash(entry) == 0) continue;
        *key = entry + KEY_OFFSET;
        *value = entry + map->value_offset;
        return cursor;
    }
    return -1;
}

int64_t si_map_length(const SiMap *map) { return map->length; }

// ---- making and dying ----------------------------------------------------------------------------------------------------------
static SiMap *map_with_capacity(SiTask *task, const SiType *type, int64_t capacity) {
    SiMap *map = si_cell_new(task, type, sizeof *map);
    uint32_t value_bytes = type->kind == SI_SET ? 0 : type->value->size;
    uint32_t value_align = type->kind == SI_SET ? 1 : type->value->align;
    map->length = 0;
    map->used = 0;
    map->first = 0;
    map->value_offset = align_up(KEY_OFFSET + type->element->size, value_align);
    map->stride = align_up(map->value_offset + value_bytes, 8);
    alloc_tables(task, map, capacity);
    return map;
}

SiMap *si_map_new(SiTask *task, const SiType *map, int64_t capacity) { return map_with_capacity(task, map, capacity); }

static void release_entry(SiTask *task, const SiMap *map, const char *entry) {
    const SiType *type = map->header.type;
    if (type->element->counted) si_value_release(task, entry + KEY_OFFSET, type->element);
    if (type->kind == SI_MAP && type->value->counted) si_value_release(task, entry + map->value_offset, type->value);
}

size_t si_map_release_content(SiTask *task, SiMap *map) {
    for (int64_t i = map->first; i < map->used; i++) {
        const char *entry = entry_at(map, i);
        if (entry_hash(entry) != 0) release_entry(task, map, entry);
    }
    free_tables(task, map);
    return sizeof *map;
}

// Owns map; the result is unique. Holes are not copied.
static SiMap *unique(SiTask *task, SiMap *map) {
    if (cell_is_unique(map)) return map;
    const SiType *type = map->header.type;
    SiMap *copy = map_with_capacity(task, type, map->length + map->length / 4 + 1);
    for (int64_t i = map->first; i < map->used; i++) {
        const char *entry = entry_at(map, i);
        uint64_t hash = entry_hash(entry);
        if (hash == 0) continue;
        si_value_retain(entry + KEY_OFFSET, type->element);
        if (type->kind == SI_MAP) si_value_retain(entry + map->value_offset, type->value);
        memcpy(entry_at(copy, copy->used), entry, copy->stride);
        index_add(copy, hash, copy->used++);
    }
    copy->length = copy->used;
    si_release(task, map);
    return copy;
}

// ---- changing --------------------------------------------------------------------------------------------------------------
static SiMap *put(SiTask *task, SiMap *map, uint64_t hash, const void *key, const void *value) {
    const SiType *type = map->header.type;
    uint64_t slot;
    map = unique(task, map);
    int64_t i = map->length == 0 ? -1 : find(task, map, hash, key, &slot);
    if (i >= 0) {
        si_value_release(task, key, type->element); // the old key stays, at its place
        if (value == NULL) return map;
        char *place = entry_at(map, i) + map->value_offset;
        si_value_release(task, place, type->value);
        memcpy(place, value, type->value->size);
        return map;
    }
    make_room(task, map);
    char *entry = entry_at(map, map->used);
    memcpy(entry, &hash, sizeof hash);
    memcpy(entry + KEY_OFFSET, key, type->element->size);
    if (value != NULL) memcpy(entry + map->value_offset, value, type->value->size);
    index_add(map, hash, map->used++);
    map->length++;
    return map;
}

SiMap *si_map_put(SiTask *task, SiMap *map, const void *key, const void *value) {
    return put(task, map, hash_of(task, map, key), key, value);
}

SiMap *si_map_own(SiTask *task, SiMap *map, const SiType *K, const SiType *V) {
    (void)K, (void)V;
    return unique(task, map);
}

// The count is not asked, here and in the next: the only caller has the map from si_map_own, and lends it at most to itself.
void si_map_exchange_value(SiTask *task, void *result, SiMap *map, int64_t index, const void *value, const SiType *K,
                           const SiType *V) {
    (void)task, (void)K;
    char *place = entry_at(map, index) + map->value_offset;
    memcpy(result, place, V->size);
    memcpy(place, value, V->size);
}

SiMap *si_map_put_value(SiTask *task, SiMap *map, int64_t index, const void *value, const SiType *K, const SiType *V) {
    (void)K;
    char *place = entry_at(map, index) + map->value_offset;
    si_value_release(task, place, V);
    memcpy(place, value, V->size);
    return map;
}

static SiMap *remove_key(SiTask *task, SiMap *map, const void *key) {
    uint64_t slot, hash = hash_of(task, map, key);
    if (map->length == 0 || find(task, map, hash, key, &slot) < 0) return map;
    map = unique(task, map);
    int64_t i = find(task, map, hash, key, &slot); // a copy has other numbers
    char *entry = entry_at(map, i);
    release_entry(task, map, entry);
    memset(entry, 0, sizeof hash);
    if (map->index != NULL) map->index[slot] = GONE;
    map->length--;
    while (map->first < map->used && entry_hash(entry_at(map, map->first)) == 0)
        map->first++;
    if (map->used - map->length > map->length + SMALL)
        rebuild(task, map, map->length < SMALL ? SMALL : map->length * 2);
    return map;
}

// Adds every entry of `other`, whose hashes are known.
static SiMap *put_all(SiTask *task, SiMap *map, const SiMap *other) {
    const SiType *type = other->header.type;
    if (map->length == 0) {
        si_release(task, map);
        si_retain((SiMap *)(uintptr_t)other);
        return (SiMap *)(uintptr_t)other;
    }
    for (int64_t i = other->first; i < other->used; i++) {
        const char *entry = entry_at(other, i);
        uint64_t hash = entry_hash(entry);
        if (hash == 0) continue;
        const char *value = type->kind == SI_SET ? NULL : entry + other->value_offset;
        si_value_retain(entry + KEY_OFFSET, type->element);
        if (value != NULL) si_value_retain(value, type->value);
        map = put(task, map, hash, entry + KEY_OFFSET, value);
    }
    return map;
}

int64_t si_map_len(SiTask *task, SiMap *self, const SiType *K, const SiType *V) {
    return (void)task, (void)K, (void)V, self->length;
}

SiMap *si_map_insert(SiTask *task, SiMap *self, const void *key, const void *value, const SiType *K, const SiType *V) {
    (void)K, (void)V;
    return si_map_put(task, self, key, value);
}

SiMap *si_map_remove(SiTask *task, SiMap *self, const void *key, const SiType *K, const SiType *V) {
    (void)K, (void)V;
    return remove_key(task, self, key);
}

SiMap *si_map_merge(SiTask *task, SiMap *self, SiMap *other, const SiType *K, const SiType *V) {
    (void)K, (void)V;
    return put_all(task, self, other);
}

// ---- sets --------------------------------------------------------------------------------------------------------------------
int64_t si_set_len(SiTask *task, SiMap *self, const SiType *T) { return (void)task, (void)T, self->length; }

uint8_t si_set_contains(SiTask *task, SiMap *self, const void *value, const SiType *T) {
    (void)T;
    return si_map_find(task, self, value) != NULL;
}

SiMap *si_set_insert(SiTask *task, SiMap *self, const void *value, const SiType *T) {
    (void)T;
    return si_map_put(task, self, value, NULL);
}

SiMap *si_set_remove(SiTask *task, SiMap *self, const void *value, const SiType *T) {
    (void)T;
    return remove_key(task, self, value);
}

SiMap *si_set_union(SiTask *task, SiMap *self, SiMap *other, const SiType *T) {
    (void)T;
    return put_all(task, self, other);
}

uint8_t si_set_is_subset(SiTask *task, SiMap *self, SiMap *other, const SiType *T) {
    (void)T;
    uint64_t slot;
    if (self->length > other->length) return 0;
    for (int64_t i = self->first; i < self->used; i++) {
        const char *entry = entry_at(self, i);
        uint64_t hash = entry_hash(entry);
        if (hash != 0 && find(task, other, hash, entry + KEY_OFFSET, &slot) < 0) return 0;
    }
    return 1;
}

// Those of `map` that are (or are not) in `other`.
static SiMap *chosen(SiTask *task, const SiMap *map, const SiMap *other, bool wanted) {
    const SiType *type = map->header.type;
    SiMap *result = map_with_capacity(task, type, 0);
    uint64_t slot;
    for (int64_t i = map->first; i < map->used; i++) {
        const char *entry = entry_at(map, i);
        uint64_t hash = entry_hash(entry);
        if (hash == 0) continue;
        bool is_in = other->length > 0 && find(task, other, hash, entry + KEY_OFFSET, &slot) >= 0;
        if (is_in != wanted) continue;
        si_value_retain(entry + KEY_OFFSET, type->element);
        result = put(task, result, hash, entry + KEY_OFFSET, NULL);
    }
    return result;
}

SiMap *si_set_intersection(SiTask *task, SiMap *self, SiMap *other, const SiType *T) {
    (void)T;
    return chosen(task, self, other, true);
}

SiMap *si_set_difference(SiTask *task, SiMap *self, SiMap *other, const SiType *T) {
    (void)T;
    return chosen(task, self, other, false);
}

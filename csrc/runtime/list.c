// runtime/list.c: lists. Elements lie in the list's own cell, behind the head, `element->size` bytes apart.
//
// A changed copy is made in place when the list is referenced once (`cell_is_unique`); a push then moves the cell only when it is
// full, and then to half as much again, so that pushing in a loop is amortised O(1).
#include "runtime/runtime_internal.h"

static size_t list_bytes(int64_t capacity, size_t item_bytes) {
    return cell_round(sizeof(SiList) + (size_t)capacity * item_bytes);
}

static void check_capacity(SiTask *task, int64_t capacity, size_t item_bytes) {
    if (capacity > (INT64_MAX >> 8) / (int64_t)item_bytes) si_task_out_of_memory(task);
}

SiList *si_list_new(SiTask *task, const SiType *list, int64_t capacity) {
    size_t item_bytes = list->element->size;
    check_capacity(task, capacity, item_bytes);
    size_t bytes = list_bytes(capacity, item_bytes);
    SiList *cell = si_cell_new(task, list, bytes);
    cell->length = 0;
    cell->capacity = (int64_t)((bytes - sizeof *cell) / item_bytes);
    cell->items = (char *)(cell + 1);
    return cell;
}

void si_list_free_cell(SiTask *task, SiList *list) {
    si_cell_dead(task, list, list_bytes(list->capacity, list->header.type->element->size));
}

// Moves a unique list to a cell with room for `capacity` elements or more.
static SiList *grow(SiTask *task, SiList *list, int64_t capacity) {
    size_t item_bytes = list->header.type->element->size;
    int64_t half_more = list->capacity + list->capacity / 2;
    if (capacity < half_more) capacity = half_more;
    check_capacity(task, capacity, item_bytes);
    size_t bytes = list_bytes(capacity, item_bytes);
    list = si_cell_grow(task, list, list_bytes(list->capacity, item_bytes), bytes,
                        sizeof *list + (size_t)list->length * item_bytes);
    list->capacity = (int64_t)((bytes - sizeof *list) / item_bytes);
    list->items = (char *)(list + 1);
    return list;
}

static void retain_items(const char *items, int64_t count, const SiType *element) {
    if (!element->counted) return;
    for (int64_t i = 0; i < count; i++)
        si_value_retain(items + i * (int64_t)element->size, element);
}

// A new list of a part of this one; room for `capacity` elements.
static SiList *copy_part(SiTask *task, const SiList *list, int64_t from, int64_t count, int64_t capacity) {
    const SiType *element = list->header.type->element;
    SiList *copy = si_list_new(task, list->header.type, capacity);
    memcpy(copy->items, list_at(list, from), (size_t)count * element->size);
    copy->length = count;
    retain_items(copy->items, count, element);
    return copy;
}

SiList *si_list_own(SiTask *task, SiList *list, int64_t capacity) {
    if (cell_is_unique(list)) return capacity <= list->capacity ? list : grow(task, list, capacity);
    SiList *copy = copy_part(task, list, 0, list->length, capacity > list->length ? capacity : list->length);
    si_release(task, list);
    return copy;
}

void *si_list_append(SiTask *task, SiList **list) {
    SiList *self = *list;
    if (self->length == self->capacity) *list = self = grow(task, self, self->length + 1);
    return self->items + self->length++ * (int64_t)self->header.type->element->size;
}

// ---- changed copies ----------------------------------------------------------------------------------------------------------
SiList *si_list_push(SiTask *task, SiList *self, const void *value, const SiType *T) {
    if (SI_UNLIKELY(!cell_is_unique(self) || self->length == self->capacity))
        self = si_list_own(task, self, self->length + 1);
    char *place = self->items + self->length++ * (int64_t)T->size;
    if (T->size == 8)
        memcpy(place, value, 8); // known to the compiler: one move, no call
    else
        memcpy(place, value, T->size);
    return self;
}

SiList *si_list_pop(SiTask *task, SiList *self, const SiType *T) {
    if (self->length == 0) return self;
    self = si_list_own(task, self, 0);
    self->length--;
    if (T->counted) si_value_release(task, list_at(self, self->length), T);
    return self;
}

SiList *si_list_insert(SiTask *task, SiList *self, int64_t index, const void *value, const SiType *T,
                       const SiPlace *at) {
    int64_t length = self->length;
    if (index < 0 || index > length) {
        si_value_release(task, value, T);
        si_release(task, self);
        si_panic_index(task, index, length, at);
    }
    self = si_list_own(task, self, length + 1);
    char *place = list_at(self, index);
    memmove(place + T->size, place, (size_t)(length - index) * T->size);
    memcpy(place, value, T->size);
    self->length++;
    return self;
}

SiList *si_list_remove(SiTask *task, SiList *self, int64_t index, const SiType *T, const SiPlace *at) {
    int64_t length = self->length;
    if ((uint64_t)index >= (uint64_t)length) {
        si_release(task, self);
        si_panic_index(task, index, length, at);
    }
    self = si_list_own(task, self, 0);
    char *place = list_at(self, index);
    if (T->counted) si_value_release(task, place, T);
    memmove(place, place + T->size, (size_t)(length - index - 1) * T->size);
    self->length--;
    return self;
}

SiList *si_list_set(SiTask *task, SiList *self, int64_t index, const void *value, const SiType *T, const SiPlace *at) {
    int64_t length = self->length;
    if ((uint64_t)index >= (uint64_t)length) {
        si_value_release(task, value, T);
        si_release(task, self);
        si_panic_index(task, index, length, at);
    }
    self = si_list_own(task, self, 0);
    char *place = list_at(self, index);
    if (T->counted) si_value_release(task, place, T);
    memcpy(place, value, T->size);
    return self;
}

SiList *si_list_concat(SiTask *task, SiList *self, SiList *other, const SiType *T) {
    if (other->length == 0) return self;
    if (self->length == 0 && self->capacity < other->length) {
        si_release(task, self);
        si_retain(other);
        return other;
    }
    int64_t added = other->length;
    bool is_doubled = self == other; // then `other` moves with self
    self = si_list_own(task, self, self->length + added);
    const char *items = is_doubled ? self->items : other->items;
    memcpy(list_at(self, self->length), items, (size_t)added * T->size);
    retain_items(items, added, T);
    self->length += added;
    return self;
}

SiList *si_list_reverse(SiTask *task, SiList *self, const SiType *T) {
    if (self->length < 2) return self;
    self = si_list_own(task, self, 0);
    char *low = self->items, *high = list_at(self, self->length - 1);
    if (T->size == sizeof(uint64_t)) { // most elements
        for (; low < high; low += 8, high -= 8) {
            uint64_t first, last;
            memcpy(&first, low, 8);
            memcpy(&last, high, 8);
            memcpy(low, &last, 8);
            memcpy(high, &first, 8);
        }
        return self;
    }
    for (; low < high; low += T->size, high -= T->size) {
        for (uint32_t i = 0; i < T->size; i++) {
            char byte = low[i];
            low[i] = high[i];
            high[i] = byte;
        }
    }
    return self;
}

SiList *si_list_fill(SiTask *task, SiList *list, const void *value, int64_t n, const SiType *T, const SiPlace *at) {
    if (n < 0) {
        si_release(task, list);
        si_task_panic_format(task, at, "invalid n: %lld", (long long)n);
    }
    check_capacity(task, n, T->size);
    list = si_list_own(task, list, list->length + n);
    for (int64_t i = 0; i < n; i++)
        memcpy(list_at(list, list->length + i), value, T->size);
    retain_items(list_at(list, list->length), n, T);
    list->length += n;
    return list;
}

SiList *si_list_reserve(SiTask *task, SiList *list, int64_t n, const SiType *T) {
    (void)T;
    return n > list->capacity ? si_list_own(task, list, n) : list;
}

// ---- parts -----------------------------------------------------------------------------------------------------------------
SiList *si_list_slice(SiTask *task, SiList *self, int64_t start, int64_t end, const SiType *T, const SiPlace *at) {
    (void)T;
    if (start < 0 || end < start || end > self->length) {
        si_task_panic_format(task, at, "range %lld..%lld out of range for length %lld", (long long)start,
                             (long long)end, (long long)self->length);
    }
    if (start == 0 && end == self->length) {
        si_retain(self);
        return self;
    }
    return copy_part(task, self, start, end - start, end - start);
}

SiList *si_list_slice_range(SiTask *task, SiList *list, const SiRange *range, const SiType *T, const SiPlace *at) {
    int64_t end = range->to;
    if (range->inclusive) {
        if (range->from < 0 || end >= list->length || end < range->from - 1) {
            si_task_panic_format(task, at, "range %lld..=%lld out of range for length %lld", (long long)range->from,
                                 (long long)end, (long long)list->length);
        }
        end++;
    }
    return si_list_slice(task, list, range->from, end, T, at);
}

// ---- their elements ----------------------------------------------------------------------------------------------------------
int64_t si_list_find_index(SiTask *task, SiList *list, const void *value, const SiType *T) {
    for (int64_t i = 0; i < list->length; i++) {
        if (si_equal(task, list->items + i * (int64_t)T->size, value, T)) return i;
    }
    return -1;
}

static int64_t extreme_index(SiTask *task, const SiList *list, const SiType *type, int32_t wanted) {
    int64_t best = 0;
    for (int64_t i = 1; i < list->length; i++) {
        if (si_compare(task, list_at(list, i), list_at(list, best), type) == wanted) best = i;
    }
    return best;
}

int64_t si_list_min_index(SiTask *task, SiList *list, const SiType *T) { return extreme_index(task, list, T, -1); }
int64_t si_list_max_index(SiTask *task, SiList *list, const SiType *T) { return extreme_index(task, list, T, 1); }

// The first of equal ones. With a hash a set remembers what was seen, else every element is compared with those that were kept.
SiList *si_list_unique(SiTask *task, SiList *self, const SiType *T) {
    if (self->length < 2) return self;
    SiList *kept = si_list_new(task, self->header.type, 0);
    bool is_hashed = self->length > 8 && si_type_is_hashable(T);
    SiType set_type = {
        .kind = SI_SET, .size = sizeof(void *), .align = sizeof(void *), .counted = 1, .name = "", .element = T};
    SiMap *seen = is_hashed ? si_map_new(task, &set_type, 0) : NULL;
    for (int64_t i = 0; i < self->length; i++) {
        const char *item = list_at(self, i);
        if (is_hashed ? si_map_find(task, seen, item) != NULL : si_list_find_index(task, kept, item, T) >= 0) continue;
        si_value_retain(item, T);
        memcpy(si_list_append(task, &kept), item, T->size);
        if (!is_hashed) continue;
        si_value_retain(item, T);
        seen = si_map_put(task, seen, item, NULL);
    }
    if (seen != NULL) si_release(task, seen);
    si_release(task, self);
    return kept;
}

void si_list_sum(SiTask *task, void *result, SiList *self, const SiType *T, const SiPlace *at) {
    if (T->kind == SI_FLOAT) {
        double total = 0;
        for (int64_t i = 0; i < self->length; i++)
            total += SI_LIST_AT(double, self, i);
        memcpy(result, &total, sizeof total);
        return;
    }
    int64_t total = 0; // int, Duration, Size: all counted in one int
    for (int64_t i = 0; i < self->length; i++)
        total = si_add(task, total, SI_LIST_AT(int64_t, self, i), at);
    memcpy(result, &total, sizeof total);
}

void si_list_product(SiTask *task, void *result, SiList *self, const SiType *T, const SiPlace *at) {
    if (T->kind == SI_FLOAT) {
        double total = 1;
        for (int64_t i = 0; i < self->length; i++)
            total *= SI_LIST_AT(double, self, i);
        memcpy(result, &total, sizeof total);
        return;
    }
    int64_t total = 1;
    for (int64_t i = 0; i < self->length; i++)
        total = si_mul(task, total, SI_LIST_AT(int64_t, self, i), at);
    memcpy(result, &total, sizeof total);
}

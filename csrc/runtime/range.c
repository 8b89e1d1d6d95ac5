// runtime/range.c: ranges of int, char and byte. Ranges of char leave out the surrogates: they count in *places*, which have no gap.
#include "runtime/runtime_internal.h"

static int64_t place_of(int64_t value, const SiType *type) {
    return type->kind == SI_CHAR && value >= 0xE000 ? value - 0x800 : value;
}

static void write_value(void *result, int64_t value, const SiType *type) {
    if (type->kind == SI_CHAR) {
        uint32_t c = (uint32_t)value;
        memcpy(result, &c, sizeof c);
    } else if (type->kind == SI_BYTE) {
        *(uint8_t *)result = (uint8_t)value;
    } else {
        memcpy(result, &value, sizeof value);
    }
}

static int64_t read_value(const void *value, const SiType *type) {
    if (type->kind == SI_CHAR) return *(const uint32_t *)value;
    if (type->kind == SI_BYTE) return *(const uint8_t *)value;
    return *(const int64_t *)value;
}

uint8_t si_range_contains(SiTask *task, const SiRange *self, const void *value, const SiType *T) {
    (void)task;
    int64_t v = read_value(value, T);
    return v >= self->from && (v < self->to || (self->inclusive && v == self->to));
}

uint8_t si_range_is_empty(SiTask *task, const SiRange *self, const SiType *T) {
    (void)task, (void)T;
    return self->from > self->to || (self->from == self->to && !self->inclusive);
}

int64_t si_range_len(SiTask *task, const SiRange *self, const SiType *T, const SiPlace *at) {
    if (si_range_is_empty(task, self, T)) return 0;
    int64_t length = si_sub(task, place_of(self->to, T), place_of(self->from, T), at);
    return self->inclusive ? si_add(task, length, 1, at) : length;
}

void si_range_start(SiTask *task, void *result, const SiRange *self, const SiType *T) {
    (void)task;
    write_value(result, self->from, T);
}

void si_range_end(SiTask *task, void *result, const SiRange *self, const SiType *T) {
    (void)task;
    write_value(result, self->to, T);
}

// The caller keeps the index below the length.
void si_range_at(SiTask *task, void *result, const SiRange *range, int64_t index, const SiType *T) {
    (void)task;
    int64_t place = place_of(range->from, T) + index;
    write_value(result, T->kind == SI_CHAR && place >= 0xD800 ? place + 0x800 : place, T);
}

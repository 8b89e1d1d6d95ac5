// runtime/unicode.c: classes and simple case mappings of characters, from the tables that tools/gen_unicode.py wrote.
#include "runtime/runtime_internal.h"
#include "runtime/unicode_tables.h"

enum { ALPHA = 1, NUMERIC = 2, UPPER = 4, LOWER = 8, INDEX_LENGTH = sizeof unicode_index };

static const UnicodeRecord *record_of(uint32_t c) {
    uint32_t block = c >> 8;
    if (block >= INDEX_LENGTH) block = INDEX_LENGTH - 1; // the tables stop where nothing changes any more
    return &unicode_records[unicode_blocks[(uint32_t)unicode_index[block] << 8 | (c & 0xFF)]];
}

static uint8_t has(uint32_t c, unsigned bits) { return (record_of(c)->bits & bits) != 0; }

uint8_t si_char_is_alpha(SiTask *task, uint32_t self) { return (void)task, has(self, ALPHA); }
uint8_t si_char_is_alphanumeric(SiTask *task, uint32_t self) { return (void)task, has(self, ALPHA | NUMERIC); }
uint8_t si_char_is_upper(SiTask *task, uint32_t self) { return (void)task, has(self, UPPER); }
uint8_t si_char_is_lower(SiTask *task, uint32_t self) { return (void)task, has(self, LOWER); }
uint32_t si_char_to_upper(SiTask *task, uint32_t self) {
    return (void)task, self + (uint32_t)record_of(self)->to_upper;
}
uint32_t si_char_to_lower(SiTask *task, uint32_t self) {
    return (void)task, self + (uint32_t)record_of(self)->to_lower;
}
uint8_t si_char_is_space(SiTask *task, uint32_t self) { return (void)task, si_char_is_white(self); }

// The property White_Space, which has not changed since Unicode 6.3.
bool si_char_is_white(uint32_t c) {
    if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13);
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

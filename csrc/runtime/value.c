// runtime/value.c: equality, order, hash and default of any value, by its description; and the descriptions of the primitive types.
//
// The last part of a value is compared in the same call (`goto again`), so that a list linked through its last field needs no
// stack; whatever else is deep is bounded by the stack check, which makes it a panic.
#include "runtime/runtime_internal.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

// ---- descriptions ----------------------------------------------------------------------------------------------------------
#define PLAIN(symbol, type_kind, type, text)                                                                           \
    const SiType symbol = {                                                                                            \
        .kind = (type_kind), .size = sizeof(type), .align = _Alignof(type), .name = (text), .printable = 1}
PLAIN(si_type_unit, SI_UNIT, SiUnit, "void");
PLAIN(si_type_int, SI_INT, int64_t, "int");
PLAIN(si_type_float, SI_FLOAT, double, "float");
PLAIN(si_type_bool, SI_BOOL, uint8_t, "bool");
PLAIN(si_type_byte, SI_BYTE, uint8_t, "byte");
PLAIN(si_type_char, SI_CHAR, uint32_t, "char");
PLAIN(si_type_duration, SI_DURATION, int64_t, "Duration");
PLAIN(si_type_size, SI_SIZE, int64_t, "Size");

const SiType si_type_instant = {.kind = SI_INSTANT, .size = 8, .align = 8, .name = "Instant"};

#define COUNTED(symbol, type_kind, text, part)                                                                         \
    const SiType symbol = {.kind = (type_kind),                                                                        \
                           .size = sizeof(void *),                                                                     \
                           .align = _Alignof(void *),                                                                  \
                           .counted = 1,                                                                               \
                           .name = (text),                                                                             \
                           .element = (part),                                                                          \
                           .printable = 1}
COUNTED(si_type_str, SI_STR, "str", NULL);
COUNTED(si_list_of_str, SI_LIST, "[str]", &si_type_str);
COUNTED(si_list_of_char, SI_LIST, "[char]", &si_type_char);
COUNTED(si_list_of_byte, SI_LIST, "[byte]", &si_type_byte);

#define RANGE(symbol, text, part)                                                                                      \
    const SiType symbol = {.kind = SI_RANGE,                                                                           \
                           .size = sizeof(SiRange),                                                                    \
                           .align = _Alignof(SiRange),                                                                 \
                           .name = (text),                                                                             \
                           .element = (part),                                                                          \
                           .printable = 1}
RANGE(si_type_range_int, "Range<int>", &si_type_int);
RANGE(si_type_range_char, "Range<char>", &si_type_char);
RANGE(si_type_range_byte, "Range<byte>", &si_type_byte);

static const SiVariant ordering_variants[3] = {{"Less", 0, NULL}, {"Equal", 0, NULL}, {"Greater", 0, NULL}};
const SiType si_type_ordering = {.kind = SI_ENUM,
                                 .size = 4,
                                 .align = 4,
                                 .name = "Ordering",
                                 .variant_count = 3,
                                 .variants = ordering_variants,
                                 .printable = 1};

// ---- reading values ----------------------------------------------------------------------------------------------------------
#define READ(type, pointer) (*(type const *)(pointer))

static const void *field_at(const void *value, const SiField *field) { return (const char *)value + field->offset; }
static const void *box_content(const void *value, const SiType *type) {
    return READ(char *, value) + type->content_offset;
}
static const void *item_at(const SiList *list, int64_t i, const SiType *element) {
    return list->items + i * (int64_t)element->size;
}

// ---- equality ------------------------------------------------------------------------------------------------------------------
static uint8_t maps_equal(SiTask *task, const SiMap *first, const SiMap *second, const SiType *type) {
    if (first == second && type->kind == SI_SET) return 1; // a map may hold nan, which is not equal to itself
    if (si_map_length(first) != si_map_length(second)) return 0;
    const void *key, *value;
    for (int64_t i = si_map_next(first, 0, &key, &value); i >= 0; i = si_map_next(first, i + 1, &key, &value)) {
        const void *other = si_map_find(task, second, key);
        if (other == NULL || (type->kind == SI_MAP && !si_equal(task, value, other, type->value))) return 0;
    }
    return 1;
}

uint8_t si_equal(SiTask *task, const void *first, const void *second, const SiType *type) {
    SI_STACK_CHECK(task, "equals", NULL);
again:
    if (type->equals != NULL) return type->equals(task, first, second);
    const SiVariant *variant = type->variants;
    switch ((SiKind)type->kind) {
    case SI_UNIT:
        return 1;
    case SI_INT:
    case SI_DURATION:
    case SI_SIZE:
    case SI_INSTANT:
        return READ(int64_t, first) == READ(int64_t, second);
    case SI_FLOAT:
        return READ(double, first) == READ(double, second);
    case SI_BOOL:
    case SI_BYTE:
        return READ(uint8_t, first) == READ(uint8_t, second);
    case SI_CHAR:
    case SI_ENUM:
        return READ(uint32_t, first) == READ(uint32_t, second);
    case SI_STR:
        return si_str_equal(task, READ(SiStr *, first), READ(SiStr *, second));
    case SI_LIST: {
        const SiList *a = READ(SiList *, first), *b = READ(SiList *, second);
        if (a->length != b->length) return 0;
        for (int64_t i = 0; i < a->length; i++) {
            if (!si_equal(task, item_at(a, i, type->element), item_at(b, i, type->element), type->element)) return 0;
        }
        return 1;
    }
    case SI_MAP:
    case SI_SET:
        return maps_equal(task, READ(SiMap *, first), READ(SiMap *, second), type);
    case SI_CLOSURE:
        return READ(void *, first) == READ(void *, second); // has no Eq; here for completeness
    case SI_RANGE: {
        const SiRange *a = first, *b = second;
        return a->from == b->from && a->to == b->to && a->inclusive == b->inclusive;
    }
    case SI_SUM:
        if (READ(uint32_t, first) != READ(uint32_t, second)) return 0;
        variant = &type->variants[READ(uint32_t, first)];
        break;
    case SI_TUPLE:
    case SI_RECORD:
        break;
    case SI_NEWTYPE:
        type = type->element;
        goto again;
    case SI_BOX:
        first = box_content(first, type);
        second = box_content(second, type);
        type = type->element;
        goto again;
    }
    if (variant->field_count == 0) return 1;
    const SiField *field = variant->fields, *last = field + variant->field_count - 1;
    for (; field < last; field++) {
        if (!si_equal(task, field_at(first, field), field_at(second, field), field->type)) return 0;
    }
    first = field_at(first, last);
    second = field_at(second, last);
    type = last->type;
    goto again;
}

// ---- order -----------------------------------------------------------------------------------------------------------------
static int32_t order_ints(int64_t first, int64_t second) { return (first > second) - (first < second); }

int32_t si_compare(SiTask *task, const void *first, const void *second, const SiType *type) {
    SI_STACK_CHECK(task, "compare", NULL);
again:
    if (type->compare != NULL) return order_ints(type->compare(task, first, second), 0);
    const SiVariant *variant = type->variants;
    switch ((SiKind)type->kind) {
    case SI_UNIT:
        return 0;
    case SI_INT:
    case SI_DURATION:
    case SI_SIZE:
    case SI_INSTANT:
        return order_ints(READ(int64_t, first), READ(int64_t, second));
    case SI_FLOAT:
        return si_float_order(READ(double, first), READ(double, second));
    case SI_BOOL:
    case SI_BYTE:
        return order_ints(READ(uint8_t, first), READ(uint8_t, second));
    case SI_CHAR:
    case SI_ENUM:
        return order_ints(READ(uint32_t, first), READ(uint32_t, second));
    case SI_STR:
        return order_ints(si_str_order(task, READ(SiStr *, first), READ(SiStr *, second)), 0);
    case SI_LIST: {
        const SiList *a = READ(SiList *, first), *b = READ(SiList *, second);
        for (int64_t i = 0; i < a->length && i < b->length; i++) {
            int32_t order = si_compare(task, item_at(a, i, type->element), item_at(b, i, type->element), type->element);
            if (order != 0) return order;
        }
        return order_ints(a->length, b->length);
    }
    case SI_RANGE:
    case SI_MAP:
    case SI_SET:
    case SI_CLOSURE:
        return 0; // have no Comparable: the checker lets nobody ask
    case SI_SUM:
        if (READ(uint32_t, first) != READ(uint32_t, second)) {
            int32_t order = order_ints(READ(uint32_t, first), READ(uint32_t, second));
            return type->variants_reversed ? -order : order;
        }
        variant = &type->variants[READ(uint32_t, first)];
        break;
    case SI_TUPLE:
    case SI_RECORD:
        break;
    case SI_NEWTYPE:
        type = type->element;
        goto again;
    case SI_BOX:
        first = box_content(first, type);
        second = box_content(second, type);
        type = type->element;
        goto again;
    }
    if (variant->field_count == 0) return 0;
    const SiField *field = variant->fields, *last = field + variant->field_count - 1;
    for (; field < last; field++) {
        int32_t order = si_compare(task, field_at(first, field), field_at(second, field), field->type);
        if (order != 0) return order;
    }
    first = field_at(first, last);
    second = field_at(second, last);
    type = last->type;
    goto again;
}

// ---- hash --------------------------------------------------------------------------------------------------------------------
// Mixes one more word into a running hash (the finaliser of MurmurHash3 over the sum; Appleby, public domain).
static uint64_t mix(uint64_t hash, uint64_t word) {
    uint64_t x = hash * 0x9E3779B97F4A7C15u + word + 0x632BE59BD9B4E019u;
    x ^= x >> 33;
    x *= 0xFF51AFD7ED558CCDu;
    x ^= x >> 33;
    x *= 0xC4CEB9FE1A85EC53u;
    return x ^ (x >> 33);
}

static uint64_t hash_value(SiTask *task, const void *value, const SiType *type, uint64_t hash) {
    SI_STACK_CHECK(task, "hash", NULL);
again:
    if (type->hash != NULL) return mix(hash, type->hash(task, value));
    const SiVariant *variant = type->variants;
    switch ((SiKind)type->kind) {
    case SI_UNIT:
        return mix(hash, 0);
    case SI_INT:
    case SI_DURATION:
    case SI_SIZE:
    case SI_INSTANT:
        return mix(hash, READ(uint64_t, value));
    case SI_FLOAT: { // has no Hashable; equal floats have equal hashes all the same
        double number = READ(double, value) + 0.0;
        uint64_t bits;
        memcpy(&bits, &number, sizeof bits);
        return mix(hash, bits);
    }
    case SI_BOOL:
    case SI_BYTE:
        return mix(hash, READ(uint8_t, value));
    case SI_CHAR:
    case SI_ENUM:
        return mix(hash, READ(uint32_t, value));
    case SI_STR:
        return XXH3_64bits_withSeed(READ(SiStr *, value)->data, (size_t)READ(SiStr *, value)->bytes, hash);
    case SI_LIST: {
        const SiList *list = READ(SiList *, value);
        hash = mix(hash, (uint64_t)list->length);
        for (int64_t i = 0; i < list->length; i++)
            hash = hash_value(task, item_at(list, i, type->element), type->element, hash);
        return hash;
    }
    case SI_MAP:
    case SI_SET:
        return mix(hash, (uint64_t)si_map_length(READ(SiMap *, value))); // no Hashable
    case SI_CLOSURE:
        return hash; // no Hashable
    case SI_RANGE: {
        const SiRange *range = value;
        return mix(mix(mix(hash, (uint64_t)range->from), (uint64_t)range->to), range->inclusive);
    }
    case SI_SUM:
        hash = mix(hash, READ(uint32_t, value));
        variant = &type->variants[READ(uint32_t, value)];
        break;
    case SI_TUPLE:
    case SI_RECORD:
        break;
    case SI_NEWTYPE:
        type = type->element;
        goto again;
    case SI_BOX:
        value = box_content(value, type);
        type = type->element;
        goto again;
    }
    if (variant->field_count == 0) return hash;
    const SiField *field = variant->fields, *last = field + variant->field_count - 1;
    for (; field < last; field++)
        hash = hash_value(task, field_at(value, field), field->type, hash);
    value = field_at(value, last);
    type = last->type;
    goto again;
}

uint64_t si_hash(SiTask *task, const void *value, const SiType *type) {
    return hash_value(task, value, type, si_process_seed());
}
int64_t si_hash_fixed(SiTask *task, const void *value, const SiType *type) {
    return (int64_t)hash_value(task, value, type, 0);
}

static bool hashable_at(const SiType *type, int depth) {
    if (type->hash != NULL) return true;
    if (type->equals != NULL || depth > 64) return false;
    switch ((SiKind)type->kind) {
    case SI_FLOAT:
    case SI_MAP:
    case SI_SET:
    case SI_CLOSURE:
        return false;
    case SI_LIST:
    case SI_NEWTYPE:
        return hashable_at(type->element, depth + 1);
    case SI_BOX:
        return false; // may contain itself; a slower way is always there
    case SI_TUPLE:
    case SI_RECORD:
    case SI_SUM:
        for (uint32_t v = 0; v < type->variant_count; v++) {
            for (uint32_t i = 0; i < type->variants[v].field_count; i++) {
                if (!hashable_at(type->variants[v].fields[i].type, depth + 1)) return false;
            }
        }
        return true;
    default:
        return true;
    }
}

// Whether equal values of the type have equal hashes, as far as its description tells.
bool si_type_is_hashable(const SiType *type) { return hashable_at(type, 0); }

// ---- defaults ------------------------------------------------------------------------------------------------------------------
void si_default(SiTask *task, void *result, const SiType *type) {
    switch ((SiKind)type->kind) {
    case SI_STR:
        *(SiStr **)result = si_str_from(task, "", 0);
        return;
    case SI_LIST:
        *(SiList **)result = si_list_new(task, type, 0);
        return;
    case SI_MAP:
    case SI_SET:
        *(SiMap **)result = si_map_new(task, type, 0);
        return;
    case SI_NEWTYPE:
        si_default(task, result, type->element);
        return;
    case SI_BOX: {
        char *cell = si_box_new(task, type);
        si_default(task, cell + type->content_offset, type->element);
        *(char **)result = cell;
        return;
    }
    case SI_SUM: { // only Option has a default: the variant without fields
        memset(result, 0, type->size);
        uint32_t tag = 0;
        while (tag + 1 < type->variant_count && type->variants[tag].field_count > 0)
            tag++;
        memcpy(result, &tag, sizeof tag);
        return;
    }
    case SI_TUPLE:
    case SI_RECORD:
        memset(result, 0, type->size);
        for (uint32_t i = 0; i < type->variants[0].field_count; i++) {
            const SiField *field = &type->variants[0].fields[i];
            si_default(task, (char *)result + field->offset, field->type);
        }
        return;
    default:
        memset(result, 0, type->size);
        return;
    }
}

void si_default_value(SiTask *task, void *result, const SiType *C) { si_default(task, result, C); }

// runtime/si.h: what generated programs and the runtime library agree on. docs/ABI.md explains; this is the same in C.
//
// Read by gcc, clang and tcc: plain C11, no atomics, no thread-locals, no builtins outside #ifdef.
// OWNERSHIP of counted parameters stands with each intrinsic in ir/intrinsics.def; results are owned by the caller.
#ifndef SI_H
#define SI_H
#include <stddef.h>
#include <stdint.h>

typedef uint8_t SiUnit;
typedef struct SiTask SiTask;
typedef struct SiType SiType;

typedef struct SiPlace {
    const char *file;
    uint32_t line, column;
} SiPlace;

typedef struct SiHeader {
    int64_t count;      // > 0 plain, 0 immortal, < 0 shared
    const SiType *type; // of the cell: SI_STR, SI_LIST, SI_MAP, SI_SET, SI_CLOSURE or SI_BOX
} SiHeader;

typedef struct SiStr {
    SiHeader header;
    int64_t bytes;    // length in bytes
    int64_t points;   // length in code points; == bytes exactly when the text is ASCII
    int64_t capacity; // bytes that fit without a new cell; 0 for static cells
    char data[];      // valid UTF-8, not terminated
} SiStr;

typedef struct SiList {
    SiHeader header; // type->element describes the elements
    int64_t length;
    int64_t capacity; // elements
    char *items;      // length elements, element->size bytes apart; points into this cell or to memory of its own
} SiList;

typedef struct SiMap SiMap; // insertion-ordered hash table; a Set is a map with value size 0

typedef void (*SiCode)(void); // cast to the closure's real type before each call
typedef struct SiClosure {
    SiHeader header; // type->variants[0].fields are the captures, with offsets from the start of the cell
    SiCode code;
    // captures follow
} SiClosure;

typedef struct SiRange {
    int64_t from, to;
    uint8_t inclusive;
} SiRange;

typedef enum SiKind {
    SI_UNIT,
    SI_INT,
    SI_FLOAT,
    SI_BOOL,
    SI_BYTE,
    SI_CHAR,
    SI_DURATION,
    SI_SIZE,
    SI_INSTANT,
    SI_ENUM, // sum without fields: uint32_t
    SI_STR,
    SI_LIST,
    SI_MAP,
    SI_SET,
    SI_CLOSURE,
    SI_RANGE,
    SI_TUPLE,   // variants[0] has the fields, unnamed
    SI_RECORD,  // variants[0] has the fields, named
    SI_SUM,     // uint32_t tag first; offsets of fields are from the start of the value
    SI_NEWTYPE, // element is the part; same representation
    SI_BOX, // pointer to a cell; element is the content (SI_RECORD, SI_TUPLE, SI_SUM), which starts at `content_offset`
} SiKind;

typedef struct SiField {
    const char *name; // "" for unnamed
    uint32_t offset;  // from the start of the value (closures: of the cell)
    const SiType *type;
} SiField;

typedef struct SiVariant {
    const char *name;
    uint32_t field_count;
    const SiField *fields;
} SiVariant;

typedef struct SiBuffer SiBuffer; // text being built by show

struct SiType {
    uint32_t kind;           // SiKind
    uint32_t size, align;    // of a value as it is stored
    uint8_t counted;         // whether a value holds counted pointers
    uint32_t content_offset; // SI_BOX: where the content starts in the cell
    uint32_t cell_bytes;     // SI_BOX, SI_CLOSURE: size of the whole cell
    const char *name;        // as shown: "Point", "[int]"
    const SiType *element;   // list, set: element; map: key; range: its T; newtype: part; box: content
    const SiType *value;     // map: value
    uint32_t variant_count;
    const SiVariant *variants;
    uint8_t (*equals)(SiTask *task, const void *first, const void *second);  // NULL: structural
    int32_t (*compare)(SiTask *task, const void *first, const void *second); // NULL: structural; < 0, 0, > 0
    uint64_t (*hash)(SiTask *task, const void *value);                       // NULL: structural
    SiStr *(*show)(SiTask *task, const void *value);                         // NULL: structural
    uint8_t printable;                                                       // whether assert_eq and unwrap may show it
    uint8_t variants_reversed; // order: the variant declared last comes first (the prelude's Option: None < Some)
};

extern const SiType si_type_unit, si_type_int, si_type_float, si_type_bool, si_type_byte, si_type_char,
    si_type_duration, si_type_size, si_type_instant, si_type_str, si_type_range_int, si_type_range_char,
    si_type_range_byte, si_type_ordering;

// ---- panics --------------------------------------------------------------------------------------------------------
typedef struct SiSlot {
    uint32_t offset; // from the start of the frame
    const SiType *type;
} SiSlot;

typedef struct SiFrameInfo {
    uint32_t slot_count;
    const SiSlot *slots;
} SiFrameInfo;

typedef struct SiFrame {
    struct SiFrame *parent;
    const SiFrameInfo *info;
    uint64_t live[1]; // (slot_count + 63) / 64 words; generated structs have room for the further ones right after it
} SiFrame;

struct SiTask {
    SiFrame *frames;       // innermost first
    uintptr_t stack_limit; // lowest address that generated code may use
    // the rest belongs to the runtime (task.c)
};

#define SI_FRAME_PUSH(task, f, frame_info)                                                                             \
    ((f).frame.info = (frame_info), (f).frame.live[0] = 0, (f).frame.parent = (task)->frames,                          \
     (task)->frames = &(f).frame)
#define SI_FRAME_POP(task, f) ((task)->frames = (f).frame.parent)
#define SI_STACK_CHECK(task, name, at)                                                                                 \
    do {                                                                                                               \
        char si_probe;                                                                                                 \
        if ((uintptr_t)&si_probe < (task)->stack_limit) si_stack_overflow((task), (name), (at));                       \
    } while (0)

#if defined(__GNUC__) && !defined(__TINYC__)
#define SI_NORETURN __attribute__((noreturn, cold))
#define SI_UNLIKELY(x) __builtin_expect(!!(x), 0)
#else
#define SI_NORETURN
#define SI_UNLIKELY(x) (x)
#endif

SI_NORETURN void si_panic_text(SiTask *task, const char *message, const SiPlace *at); // message: static text
SI_NORETURN void si_panic(SiTask *task, SiStr *message, const SiPlace *at);           // owns message
SI_NORETURN void si_panic_overflow(SiTask *task, const SiPlace *at);
SI_NORETURN void si_panic_division(SiTask *task, const SiPlace *at);
SI_NORETURN void si_panic_shift(SiTask *task, int64_t count, const SiPlace *at);
SI_NORETURN void si_panic_index(SiTask *task, int64_t index, int64_t length, const SiPlace *at);
SI_NORETURN void si_panic_no_match(SiTask *task, const SiPlace *at);
SI_NORETURN void si_stack_overflow(SiTask *task, const char *name, const SiPlace *at);

// Calls body(task, self); returns NULL, or the message of the panic that ended it (owned). `closure` is borrowed: `() -> void`-like code.
SiStr *si_catch(SiTask *task, SiClosure *closure);

// ---- counts --------------------------------------------------------------------------------------------------------
void si_release_slow(SiTask *task, void *cell);                             // count has reached 0, or is shared
void si_retain_slow(void *cell);                                            // shared
void si_value_retain(const void *value, const SiType *type);                // every counted pointer in a value
void si_value_release(SiTask *task, const void *value, const SiType *type); // likewise
int64_t si_live_cells(void);

// A shared count is changed by others at any time; only its sign is looked at here, which never changes. The load is atomic
// where the compiler can say so (it costs nothing); tcc's is one instruction anyhow.
#if defined(__GNUC__) && !defined(__TINYC__)
#define SI_COUNT(header) __atomic_load_n(&(header)->count, __ATOMIC_RELAXED)
#else
#define SI_COUNT(header) ((header)->count)
#endif
static inline void si_retain(void *cell) {
    SiHeader *header = cell;
    int64_t count = SI_COUNT(header);
    if (count > 0)
        header->count = count + 1;
    else if (count < 0)
        si_retain_slow(cell);
}
static inline void si_release(SiTask *task, void *cell) {
    SiHeader *header = cell;
    int64_t count = SI_COUNT(header);
    if (count > 1)
        header->count = count - 1;
    else if (count != 0)
        si_release_slow(task, cell);
}
void *si_box_new(SiTask *task, const SiType *box); // count 1, content not set; box->kind == SI_BOX
SiClosure *si_closure_new(SiTask *task, const SiType *closure, SiCode code); // captures not set

// ---- arithmetic (checked; `at` is where the operator stands) ------------------------------------------------------
static inline int64_t si_add(SiTask *task, int64_t a, int64_t b, const SiPlace *at) {
#if defined(__GNUC__) && !defined(__TINYC__)
    int64_t r;
    if (SI_UNLIKELY(__builtin_add_overflow(a, b, &r))) si_panic_overflow(task, at);
    return r;
#else
    int64_t r = (int64_t)((uint64_t)a + (uint64_t)b);
    if (((a ^ r) & (b ^ r)) < 0) si_panic_overflow(task, at);
    return r;
#endif
}
static inline int64_t si_sub(SiTask *task, int64_t a, int64_t b, const SiPlace *at) {
#if defined(__GNUC__) && !defined(__TINYC__)
    int64_t r;
    if (SI_UNLIKELY(__builtin_sub_overflow(a, b, &r))) si_panic_overflow(task, at);
    return r;
#else
    int64_t r = (int64_t)((uint64_t)a - (uint64_t)b);
    if (((a ^ b) & (a ^ r)) < 0) si_panic_overflow(task, at);
    return r;
#endif
}
int64_t si_mul_checked(SiTask *task, int64_t a, int64_t b, const SiPlace *at);
static inline int64_t si_mul(SiTask *task, int64_t a, int64_t b, const SiPlace *at) {
#if defined(__GNUC__) && !defined(__TINYC__)
    int64_t r;
    if (SI_UNLIKELY(__builtin_mul_overflow(a, b, &r))) si_panic_overflow(task, at);
    return r;
#else
    if (a >= -2147483648LL && a <= 2147483647LL && b >= -2147483648LL && b <= 2147483647LL) return a * b;
    return si_mul_checked(task, a, b, at);
#endif
}
static inline int64_t si_neg(SiTask *task, int64_t a, const SiPlace *at) {
    if (SI_UNLIKELY(a == INT64_MIN)) si_panic_overflow(task, at);
    return -a;
}
static inline int64_t si_div(SiTask *task, int64_t a, int64_t b, const SiPlace *at) { // truncates
    if (SI_UNLIKELY(b == 0)) si_panic_division(task, at);
    if (SI_UNLIKELY(b == -1)) return si_neg(task, a, at);
    return a / b;
}
static inline int64_t si_rem(SiTask *task, int64_t a, int64_t b, const SiPlace *at) {
    if (SI_UNLIKELY(b == 0)) si_panic_division(task, at);
    return b == -1 ? 0 : a % b;
}
static inline int64_t si_floor_div(SiTask *task, int64_t a, int64_t b, const SiPlace *at) {
    int64_t q = si_div(task, a, b, at);
    return q - (b != -1 && (a % b != 0) && ((a < 0) != (b < 0)));
}
static inline int64_t si_shl(SiTask *task, int64_t a, int64_t n, const SiPlace *at) {
    if (SI_UNLIKELY((uint64_t)n > 63)) si_panic_shift(task, n, at);
    return (int64_t)((uint64_t)a << n);
}
static inline int64_t si_shr(SiTask *task, int64_t a, int64_t n, const SiPlace *at) { // arithmetic
    if (SI_UNLIKELY((uint64_t)n > 63)) si_panic_shift(task, n, at);
    return a < 0 ? ~(int64_t)(~(uint64_t)a >> n) : (int64_t)((uint64_t)a >> n);
}
// byte, Duration and Size: computed in int64_t, then checked for their own range.
static inline uint8_t si_byte_check(SiTask *task, int64_t r, const SiPlace *at) {
    if (SI_UNLIKELY((uint64_t)r > 255)) si_panic_overflow(task, at);
    return (uint8_t)r;
}
static inline int64_t si_size_check(SiTask *task, int64_t r, const SiPlace *at) {
    if (SI_UNLIKELY(r < 0)) si_panic_overflow(task, at);
    return r;
}

// ---- any value, by its description ---------------------------------------------------------------------------------
uint8_t si_equal(SiTask *task, const void *first, const void *second, const SiType *type);   // borrows
int32_t si_compare(SiTask *task, const void *first, const void *second, const SiType *type); // -1, 0, 1; total order
uint64_t si_hash(SiTask *task, const void *value, const SiType *type);                       // seeded, for tables
int64_t si_hash_fixed(SiTask *task, const void *value, const SiType *type); // what `hash` gives programs
SiStr *si_show(SiTask *task, const void *value, const SiType *type);        // to_string; borrows
void si_default(SiTask *task, void *result, const SiType *type);

// ---- strings and lists that generated code makes directly -----------------------------------------------------------
// A literal: static struct { SiStr s; char d[N]; } with count 0 and capacity 0.
#define SI_STR_LITERAL(name, length_bytes, length_points, text)                                                        \
    static const struct {                                                                                              \
        SiHeader header;                                                                                               \
        int64_t bytes, points, capacity;                                                                               \
        char data[sizeof(text)];                                                                                       \
    } name = {{0, &si_type_str}, length_bytes, length_points, 0, text}
SiStr *si_str_from(SiTask *task, const char *bytes, int64_t length); // must be valid UTF-8

SiList *si_list_new(SiTask *task, const SiType *list, int64_t capacity); // list->kind == SI_LIST; empty, count 1
static inline int64_t si_list_length(const SiList *list) { return list->length; }
// Elements for a list literal or a loop that fills a list: capacity was reserved, the value is moved in.
void *si_list_append(SiTask *task, SiList **list); // room for one more at the end; grows; the list must be unique
#define SI_LIST_AT(T, list, index) (((T *)(void *)(list)->items)[index])

// Maps: construction and iteration in insertion order. Holes are skipped by the cursor.
SiMap *si_map_new(SiTask *task, const SiType *map, int64_t capacity); // SI_MAP or SI_SET
SiMap *si_map_put(SiTask *task, SiMap *map, const void *key,
                  const void *value); // owns map, key and value; value NULL for sets
int64_t si_map_length(const SiMap *map);
// The first entry at or after `cursor`: its index, with pointers to borrowed key and value; -1 at the end.
int64_t si_map_next(const SiMap *map, int64_t cursor, const void **key, const void **value);
// NULL when absent, else a borrowed pointer to the value (sets: to the key).
const void *si_map_find(SiTask *task, const SiMap *map, const void *key);

// Iterating text: the code point at byte offset *offset, which is moved past it.
uint32_t si_str_next_slow(const SiStr *text, int64_t *offset); // of more than one byte
static inline uint32_t si_str_next(const SiStr *text, int64_t *offset) {
    uint8_t first = (uint8_t)text->data[*offset];
    if (first >= 0x80) return si_str_next_slow(text, offset);
    *offset += 1;
    return first;
}

// ---- programs ------------------------------------------------------------------------------------------------------
typedef enum SiMainShape {
    SI_MAIN_NONE,   // a library or a test executable
    SI_MAIN_VOID,   // void (*)(SiTask *)            result ignored
    SI_MAIN_INT,    // int64_t (*)(SiTask *)
    SI_MAIN_RESULT, // SiStr *(*)(SiTask *): NULL for Ok, else the error's to_string (an adapter that cgen writes)
} SiMainShape;

typedef struct SiTest {
    const char *module, *name;
    void (*run)(SiTask *task);
    const char *file;
    uint32_t line, column;
    const char *skip;    // reason, or NULL
    const char *fail;    // text that the panic must contain, or NULL
    const char *targets; // separated by ','
} SiTest;

typedef struct SiProgram {
    const char *name;
    SiMainShape shape;
    uint8_t takes_args; // the entry function has a second parameter: SiList * of str
    SiCode entry;
    const SiType *args_type; // the SI_LIST of str when takes_args
    const SiTest *tests;
    uint32_t test_count;
} SiProgram;

int si_main(int argc, char **argv, const SiProgram *program);

// The intrinsics (prelude functions with the body `intrinsic`), in the order of the prelude.
#include "si_intrinsics.h"
#endif

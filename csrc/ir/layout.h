// ir/layout.h: what each concrete type of a program is in C: its representation, size, offsets, name, and whether it is counted.
//
// WHY        docs/ABI.md section 1 as data. C generation, reference counting and the descriptors read it; only this file decides it.
// SHAPE      layouts_add for every type that occurs ─▶ layouts_finish adds the parts, finds containment cycles (Tarjan 1972),
//            computes sizes bottom-up ─▶ layout_of, read-only from then on, by any thread.
// INVARIANTS L1 Offsets and sizes are those of the C structs that cgen writes (natural alignment, 8-byte pointers).
//            L2 Names depend on the type's structure and the names in it, never on ids.
//            L3 Of a containment cycle every sum is boxed; so is every tuple, record or sum above 64 bytes.
#pragma once
#include "ir/core.h"

typedef enum LayoutKind {
    LAYOUT_UNIT, // void, Never
    LAYOUT_INT,
    LAYOUT_FLOAT,
    LAYOUT_BOOL,
    LAYOUT_BYTE,
    LAYOUT_CHAR,
    LAYOUT_DURATION,
    LAYOUT_SIZE,
    LAYOUT_INSTANT,
    LAYOUT_ENUM, // sum without fields
    LAYOUT_STR,
    LAYOUT_LIST,
    LAYOUT_MAP,
    LAYOUT_SET,
    LAYOUT_CLOSURE,
    LAYOUT_RANGE,
    LAYOUT_TUPLE,
    LAYOUT_RECORD,
    LAYOUT_SUM,
    LAYOUT_NEWTYPE,
} LayoutKind;

typedef struct LayoutField {
    NameId name; // none: unnamed
    TypeId type;
    uint32_t layout; // index into Layouts.items
    uint32_t offset; // in the content: from the start of the struct (sums: of the whole struct, tag included)
} LayoutField;

typedef struct LayoutVariant {
    NameId name;
    LayoutField *fields;
    uint32_t field_count;
} LayoutVariant;

typedef struct Layout {
    TypeId type;
    TypeDeclId decl; // of records, sums, enums and newtypes that are declared
    LayoutKind kind;
    bool is_boxed;
    bool is_counted;
    bool is_aggregate; // passed by pointer: ranges and unboxed structs
    bool is_printable;
    uint32_t size, align;                 // of a value as it is stored
    uint32_t content_size, content_align; // tuples, records, sums: of the struct, boxed or not
    uint32_t base;                        // newtypes: the layout of the innermost part; others: their own index
    uint32_t element, value;              // list, set, range, newtype: element; map: key and value
    const uint32_t *parts;                // functions: parameters, then the result
    uint32_t part_count;
    LayoutVariant *variants; // tuple, record: one
    uint32_t variant_count;
    Text *customs; // symbols of the program's own methods, by Custom (customs.h); NULL: none
    Text name;     // for C: "list_int", "shapes__Point"
    Text shown;    // for people: "[int]", "Point"
} Layout;

enum { LAYOUTS_RECENT = 1024 };

typedef struct Layouts {
    Arena *arena;
    const Program *program;
    Layout *items; // [1 … count]
    uint32_t count, capacity;
    uint32_t *slots; // open addressing by TypeId; 0 is free
    uint32_t slot_count;
    uint32_t *direct; // by TypeId, of those below direct_count; they are not in slots. 0 is unknown
    uint32_t direct_count;
    TypeId recent[LAYOUTS_RECENT]; // by TypeId, that were added lately
    uint32_t *by_name;             // [0 … count - 1]: layouts ordered by `name`
    uint32_t *rank;                // [1 … count]: where it stands in by_name
    uint32_t *by_size;             // [0 … count - 1]: parts stored by value come before what holds them
} Layouts;

#define LAYOUT_BOX_BYTES 64u // larger tuples, records and sums are boxed
#define LAYOUT_BOX_HEADER 16u

void layouts_init(Layouts *layouts, const Program *program, Arena *arena);
void layouts_expect_all(Layouts *layouts);           // right after it: most of the types that there are will be added
uint32_t layouts_add(Layouts *layouts, TypeId type); // its index
void layouts_finish(Layouts *layouts);               // its four steps, on this thread
void layouts_expand(Layouts *layouts);               // parts
void layouts_size(Layouts *layouts);                 // cycles, sizes; may run beside names
void layouts_name(Layouts *layouts, uint32_t first, uint32_t limit, Arena *arena); // of [first, limit): any worker
void layouts_order(Layouts *layouts);                                              // the tables
void layouts_add_function(Layouts *layouts, const CoreFunction *function);         // every type that it mentions
// The same for many functions at once: each worker lists the types of some, and the lists are added one after the other.
typedef struct TypeList {
    VEC(TypeId) types; // in order of first mention; some of them several times
    TypeId recent[LAYOUTS_RECENT];
} TypeList;
void type_list_add_function(TypeList *list, Arena *arena, const CoreFunction *function);
void layouts_add_list(Layouts *layouts, const TypeList *list);
const Layout *layout_search(const Layouts *layouts, TypeId type);
static inline const Layout *layout_of(const Layouts *layouts,
                                      TypeId type); // of a type that was added or is a part of one
static inline const Layout *layout_of(const Layouts *layouts, TypeId type) {
    uint32_t index = type.index < layouts->direct_count ? layouts->direct[type.index] : 0;
    return index != 0 ? &layouts->items[index] : layout_search(layouts, type);
}
static inline const Layout *layout_base(const Layouts *layouts, const Layout *layout) {
    return &layouts->items[layout->base];
}
static inline bool layout_is_struct(const Layout *layout) {
    return layout->kind == LAYOUT_TUPLE || layout->kind == LAYOUT_RECORD || layout->kind == LAYOUT_SUM;
}

// intern/types.h: every distinct type of a workspace, stored once and known by a 32-bit TypeId.
//
// WHY        Comparing two types is comparing two integers, and what leaves a body's check is final and shared.
// SHAPE      a type = kind + head + arguments. Arguments are TypeIds (records: names too), stored once as ranges.
//            id ─▶ chunk ─▶ TypeInfo, in chunked storage that never moves: reading a type takes no lock.
// INVARIANTS Y1 One structural type has one id, under any race.
//            Y2 Ids depend on the schedule: they never order what a user sees (type_compare in sema/types.h orders).
//            Y3 Primitive types have the fixed ids below.
// THREADS    Any worker at any time, except create and free.
#pragma once
#include "base/arena.h"
#include "intern/contention.h"
#include "intern/names.h"

ID_TYPE(TypeId);
typedef struct TypeInterner TypeInterner;

typedef enum TypeKind {
    TYPE_NONE = 0,
    // Primitive: id == kind, no head, no arguments.
    TYPE_ERROR, // after a reported error; silent in every later check
    TYPE_INT,
    TYPE_FLOAT,
    TYPE_BOOL,
    TYPE_BYTE,
    TYPE_CHAR,
    TYPE_STR,
    TYPE_VOID,
    TYPE_NEVER,
    TYPE_DURATION,
    TYPE_SIZE,
    TYPE_INSTANT,
    TYPE_PRIMITIVE_END,
    // Built from parts.
    TYPE_LIST = 32, // [T]                args: T
    TYPE_MAP,       // {K: V}             args: K V
    TYPE_SET,       // Set<T>             args: T
    TYPE_RANGE,     // Range<T>           args: T
    TYPE_CHANNEL,   // Channel<T>         args: T
    TYPE_TUPLE,     // (A, B)             args: two or more
    TYPE_FUNCTION,  // (A, B) -> R        args: A B R (the result is last)
    TYPE_RECORD,    // { a: A, b: B }     args: types, then their NameIds as words, ordered by the names' text
    TYPE_NAMED,     // declared           head: TypeDeclId.index, args: type arguments (Option, Result, Ordering too)
    TYPE_PARAMETER, // T                  head: position in the combined parameter list of the function (impl's first) or type declaration
    TYPE_DYN,        // dyn Trait          head: TraitId.index
    TYPE_ASSOCIATED, // T.Item             head: AssociatedId.index, args: T, then the trait's own arguments
} TypeKind;

#define TYPE_ID(kind) ((TypeId){(uint32_t)(kind)}) // of a primitive kind

enum {
    TYPE_HAS_PARAMETER = 1, // a TYPE_PARAMETER occurs in it
    TYPE_HAS_ERROR = 2,
    TYPE_HAS_ASSOCIATED = 4, // a TYPE_ASSOCIATED occurs in it
};

typedef struct TypeInfo {
    uint8_t kind; // TypeKind
    uint8_t flags;
    uint16_t depth; // 1 for a primitive; > 128 is E0385
    uint32_t head;
    uint32_t arg_count;  // records: fields (the args array then has 2 × arg_count words)
    uint32_t part_count; // of the whole type; > 10,000 is E0385
    const TypeId *args;
} TypeInfo;

MUST_USE Status types_create(uint32_t shard_count, TypeInterner **out);
void types_free(TypeInterner *types);
// Finds or makes a type. `args` is copied. Fails only for want of memory.
MUST_USE Status types_intern(TypeInterner *types, TypeKind kind, uint32_t head, const TypeId *args, uint32_t arg_count,
                             TypeId *out);
const TypeInfo *type_info(const TypeInterner *types, TypeId type); // never NULL; lives as long as the interner
uint32_t types_count(const TypeInterner *types);
void types_statistics(TypeInterner *types, InternStatistics *out);
static inline bool type_equal(TypeId first, TypeId second) { return first.index == second.index; }

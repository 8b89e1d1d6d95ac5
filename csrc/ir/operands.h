// ir/operands.h: which locals an instruction of the core form reads, writes and takes over, by the words of core.def.
//
// One place that knows the operand columns, for every pass that follows values: counts, their verifier, C generation.
#pragma once
#include "ir/core.h"

typedef enum OperandMode {
    OPERAND_BORROWED, // only looked at
    OPERAND_OWNED,    // its reference goes to the operation
    OPERAND_CHANGED,  // changed in place; stays owned by the function (LIST_APPEND, MAP_PUT, the offset of STR_NEXT)
} OperandMode;

typedef struct CoreOperands {
    uint32_t own[2]; // operands in the instruction's own words
    uint8_t own_mode[2];
    uint8_t own_count;
    uint8_t list_mode;    // of all of the list, if letters is NULL
    const uint32_t *list; // further operands, in extra; 0 words among them are no locals
    uint32_t list_count;
    const char *letters; // 'o' or 'b' for each of the list
    uint32_t defines[3]; // locals that are assigned
    uint32_t define_count;
} CoreOperands;

// Per operation, one row of core.def in a byte: whether dst is assigned; mode + 1 of a, b and the list, or 0.
enum {
    OPERANDS_DEFINE_DST = 1,
    OPERANDS_A_SHIFT = 1,
    OPERANDS_B_SHIFT = 3,
    OPERANDS_LIST_SHIFT = 5,
    OPERANDS_SPECIAL = 128, // core_operands_special has the rest
};
extern const uint8_t operand_shapes[CORE_OP_COUNT];
void core_operands_special(const CoreFunction *function, const CoreInstruction *instruction, CoreOperands *operands);

// Inline, and writes no more than what there is: every pass asks this of every instruction.
static inline CoreOperands core_operands(const CoreFunction *function, const CoreInstruction *instruction) {
    CoreOperands o;
    uint32_t shape = instruction->op < CORE_OP_COUNT ? operand_shapes[instruction->op] : 0;
    o.own_count = 0;
    o.list_count = 0;
    o.list_mode = OPERAND_BORROWED;
    o.list = NULL;
    o.letters = NULL;
    o.define_count = 0;
    if ((shape & OPERANDS_DEFINE_DST) != 0 && instruction->dst != 0) o.defines[o.define_count++] = instruction->dst;
    uint32_t a = shape >> OPERANDS_A_SHIFT & 3, b = shape >> OPERANDS_B_SHIFT & 3,
             list = shape >> OPERANDS_LIST_SHIFT & 3;
    if (a != 0 && instruction->a != 0) {
        o.own[0] = instruction->a;
        o.own_mode[0] = (uint8_t)(a - 1);
        o.own_count = 1;
    }
    if (b != 0 && instruction->b != 0) {
        o.own[o.own_count] = instruction->b;
        o.own_mode[o.own_count++] = (uint8_t)(b - 1);
    }
    if (list != 0 && instruction->b != 0) {
        o.list = function->extra + instruction->b + 1;
        o.list_count = function->extra[instruction->b];
        o.list_mode = (uint8_t)(list - 1);
    }
    if ((shape & OPERANDS_SPECIAL) != 0) core_operands_special(function, instruction, &o);
    return o;
}

static inline uint32_t operand_count(const CoreOperands *o) { return o->own_count + o->list_count; }
static inline uint32_t operand_local(const CoreOperands *o, uint32_t k) {
    return k < o->own_count ? o->own[k] : o->list[k - o->own_count];
}
static inline OperandMode operand_mode(const CoreOperands *o, uint32_t k) {
    if (k < o->own_count) return (OperandMode)o->own_mode[k];
    if (o->letters == NULL) return (OperandMode)o->list_mode;
    return o->letters[k - o->own_count] == 'o' ? OPERAND_OWNED : OPERAND_BORROWED;
}

// Whether an instruction opens, continues or closes a construct, or leaves the straight line.
#define CORE_OP_BIT(op) ((uint64_t)1 << CORE_##op)
static inline bool core_op_is_control(CoreOp op) {
    _Static_assert(CORE_OP_COUNT <= 64, "a set of operations is one word");
    const uint64_t control = CORE_OP_BIT(BLOCK) | CORE_OP_BIT(LOOP) | CORE_OP_BIT(IF) | CORE_OP_BIT(ELSE) |
                             CORE_OP_BIT(SWITCH) | CORE_OP_BIT(CASE) | CORE_OP_BIT(DEFAULT_CASE) | CORE_OP_BIT(END) |
                             CORE_OP_BIT(BREAK) | CORE_OP_BIT(CONTINUE) | CORE_OP_BIT(RETURN) | CORE_OP_BIT(PANIC) |
                             CORE_OP_BIT(UNREACHABLE);
    return (control >> op & 1) != 0;
}
bool core_op_ends_path(CoreOp op); // BREAK CONTINUE RETURN PANIC UNREACHABLE
// match[i] of BLOCK, LOOP, IF, SWITCH, ELSE, CASE, DEFAULT_CASE: index of the END; of an END: index of the opening.
uint32_t *core_match(const CoreFunction *function, Arena *arena);
// One byte for each instruction: whether any path gets there. ELSE, CASE and END count as reached when their opening is.
uint8_t *core_reachable(const CoreFunction *function, Arena *arena);

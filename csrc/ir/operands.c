// ir/operands.c: the operand columns of core.def as code, and the shape of the instruction stream.
#include "ir/operands.h"
#include "ir/counts.h"

#define DST OPERANDS_DEFINE_DST
#define A_BORROWED (1 << OPERANDS_A_SHIFT)
#define A_OWNED (2 << OPERANDS_A_SHIFT)
#define A_CHANGED (3 << OPERANDS_A_SHIFT)
#define B_BORROWED (1 << OPERANDS_B_SHIFT)
#define B_OWNED (2 << OPERANDS_B_SHIFT)
#define B_CHANGED (3 << OPERANDS_B_SHIFT)
#define LIST_BORROWED (1 << OPERANDS_LIST_SHIFT)
#define LIST_OWNED (2 << OPERANDS_LIST_SHIFT)
#define SPECIAL OPERANDS_SPECIAL

const uint8_t operand_shapes[CORE_OP_COUNT] = {
    // 0: no locals
    [CORE_INT] = DST,
    [CORE_FLOAT] = DST,
    [CORE_STR] = DST,
    [CORE_UNIT] = DST,
    [CORE_FUNCTION] = DST,
    [CORE_CAPTURE] = DST,
    [CORE_DEFAULT] = DST,
    [CORE_MAP_NEW] = DST,
    [CORE_DUP] = A_BORROWED,
    [CORE_DROP] = A_OWNED,
    [CORE_RETURN] = A_OWNED,
    [CORE_COPY] = DST | A_OWNED | SPECIAL,
    [CORE_BINARY] = DST | A_BORROWED | B_BORROWED,
    [CORE_EQUAL] = DST | A_BORROWED | B_BORROWED,
    [CORE_COMPARE] = DST | A_BORROWED | B_BORROWED,
    [CORE_LIST_GET] = DST | A_BORROWED | B_BORROWED,
    [CORE_MAP_GET] = DST | A_BORROWED | B_BORROWED,
    [CORE_RANGE] = DST | A_BORROWED | B_BORROWED,
    [CORE_UNARY] = DST | A_BORROWED,
    [CORE_CONVERT] = DST | A_BORROWED,
    [CORE_HASH] = DST | A_BORROWED,
    [CORE_SHOW] = DST | A_BORROWED,
    [CORE_FIELD] = DST | A_BORROWED,
    [CORE_TAG] = DST | A_BORROWED,
    [CORE_LIST_NEW] = DST | A_BORROWED,
    [CORE_LIST_LENGTH] = DST | A_BORROWED,
    [CORE_MAP_LENGTH] = DST | A_BORROWED,
    [CORE_STR_BYTES] = DST | A_BORROWED,
    [CORE_STR_LENGTH] = DST | A_BORROWED,
    [CORE_RANGE_END] = DST | A_BORROWED,
    [CORE_CALL] = DST | LIST_OWNED,
    [CORE_CLOSURE] = DST | LIST_OWNED,
    [CORE_DYN] = DST | LIST_OWNED,
    [CORE_CALL_DYN] = DST | A_BORROWED | LIST_OWNED,
    [CORE_CONSTRUCT] = DST | LIST_OWNED,
    [CORE_INTRINSIC] = DST | LIST_BORROWED | SPECIAL,
    [CORE_CALL_CLOSURE] = DST | A_BORROWED | LIST_OWNED,
    [CORE_LIST_APPEND] = A_CHANGED | B_OWNED,
    [CORE_MAP_PUT] = A_CHANGED | LIST_OWNED,
    [CORE_MAP_NEXT] = DST | A_BORROWED | SPECIAL,
    [CORE_STR_NEXT] = DST | A_BORROWED | B_CHANGED,
    [CORE_IF] = A_BORROWED,
    [CORE_SWITCH] = A_BORROWED,
};

void core_operands_special(const CoreFunction *f, const CoreInstruction *i, CoreOperands *o) {
    switch ((CoreOp)i->op) {
    case CORE_COPY:
        if ((i->flags & CORE_IS_ALIAS) != 0) o->own_mode[0] = OPERAND_BORROWED;
        break;
    case CORE_INTRINSIC:
        o->letters = intrinsic_ownership((Intrinsic)f->refs[i->a].target);
        break;
    case CORE_MAP_NEXT: {
        const uint32_t *words = f->extra + i->b;
        if (words[1] != 0) {
            o->own[o->own_count] = words[1];
            o->own_mode[o->own_count++] = OPERAND_BORROWED;
        }
        for (uint32_t k = 2; k <= words[0] && k <= 3; k++)
            if (words[k] != 0) o->defines[o->define_count++] = words[k];
        break;
    }
    default:
        break;
    }
}

bool core_op_ends_path(CoreOp op) {
    return op == CORE_BREAK || op == CORE_CONTINUE || op == CORE_RETURN || op == CORE_PANIC || op == CORE_UNREACHABLE;
}

uint32_t *core_match(const CoreFunction *f, Arena *arena) {
    uint32_t *match = arena_array(arena, uint32_t, f->code_count + 1);
    VEC(uint32_t) open = {0};       // openings
    VEC(uint32_t) parts = {0};      // ELSE, CASE … of all open constructs
    VEC(uint32_t) part_start = {0}; // where in `parts` those of each opening begin
    for (uint32_t i = 0; i < f->code_count; i++) {
        switch ((CoreOp)f->code[i].op) {
        case CORE_BLOCK:
        case CORE_LOOP:
        case CORE_IF:
        case CORE_SWITCH:
            vec_push(arena, &open, i);
            vec_push(arena, &part_start, parts.count);
            break;
        case CORE_ELSE:
        case CORE_CASE:
        case CORE_DEFAULT_CASE:
            vec_push(arena, &parts, i);
            break;
        case CORE_END: {
            if (open.count == 0) break; // core_verify reports it
            uint32_t opening = open.items[--open.count];
            uint32_t first = part_start.items[--part_start.count];
            match[opening] = i;
            match[i] = opening;
            while (parts.count > first)
                match[parts.items[--parts.count]] = i;
            break;
        }
        default:
            break;
        }
    }
    return match;
}

uint8_t *core_reachable(const CoreFunction *f, Arena *arena) {
    typedef struct Open {
        uint32_t label;                       // 0 for IF and SWITCH
        bool was, after;                      // reached at its opening; some path reaches what follows it
        bool is_loop, is_branch, is_complete; // has ELSE or DEFAULT_CASE
    } Open;
    uint8_t *reached = arena_array(arena, uint8_t, f->code_count + 1);
    VEC(Open) open = {0};
    bool now = true;
    for (uint32_t i = 0; i < f->code_count; i++) {
        const CoreInstruction *in = &f->code[i];
        Open *top = open.count > 0 ? &open.items[open.count - 1] : NULL;
        reached[i] = now;
        switch ((CoreOp)in->op) {
        case CORE_BLOCK:
        case CORE_LOOP: {
            Open o = {.label = in->a, .was = now, .is_loop = in->op == CORE_LOOP};
            vec_push(arena, &open, o);
            break;
        }
        case CORE_IF:
        case CORE_SWITCH: {
            Open o = {.was = now, .is_branch = true};
            vec_push(arena, &open, o);
            if (in->op == CORE_SWITCH) now = false; // until the first case
            break;
        }
        case CORE_ELSE:
        case CORE_CASE:
        case CORE_DEFAULT_CASE:
            if (top == NULL) break;
            reached[i] = top->was;
            top->after |= now;
            if (in->op != CORE_CASE) top->is_complete = true;
            now = top->was;
            break;
        case CORE_END:
            if (top == NULL) break;
            reached[i] = top->was;
            if (!top->is_loop) top->after |= now;
            if (top->is_branch && !top->is_complete) top->after |= top->was;
            now = top->after;
            open.count--;
            break;
        case CORE_BREAK:
            for (uint32_t k = open.count; now && k > 0; k--) {
                if (open.items[k - 1].is_branch || open.items[k - 1].label != in->a) continue;
                open.items[k - 1].after = true;
                break;
            }
            now = false;
            break;
        case CORE_CONTINUE:
        case CORE_RETURN:
        case CORE_PANIC:
        case CORE_UNREACHABLE:
            now = false;
            break;
        default:
            break;
        }
    }
    return reached;
}

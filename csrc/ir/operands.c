// ir/operands.c: the operand columns of core.def as code, and the shape of the instruction stream.
#include "ir/operands.h"
#include "ir/counts.h"

static void own(CoreOperands *o, uint32_t local, OperandMode mode) {
    if (local == 0) return;
    o->own[o->own_count] = local;
    o->own_mode[o->own_count++] = (uint8_t)mode;
}
static void define(CoreOperands *o, uint32_t local) {
    if (local != 0) o->defines[o->define_count++] = local;
}
static void list(CoreOperands *o, const CoreFunction *f, uint32_t at, OperandMode mode) {
    if (at == 0) return;
    o->list = f->extra + at + 1;
    o->list_count = f->extra[at];
    o->list_mode = (uint8_t)mode;
}

CoreOperands core_operands(const CoreFunction *f, const CoreInstruction *i) {
    CoreOperands o = {.own_count = 0};
    switch ((CoreOp)i->op) {
    case CORE_NOP:
    case CORE_BLOCK:
    case CORE_LOOP:
    case CORE_ELSE:
    case CORE_CASE:
    case CORE_DEFAULT_CASE:
    case CORE_END:
    case CORE_BREAK:
    case CORE_CONTINUE:
    case CORE_PANIC:
    case CORE_UNREACHABLE:
    case CORE_OP_COUNT:
        break;
    case CORE_INT:
    case CORE_FLOAT:
    case CORE_STR:
    case CORE_UNIT:
    case CORE_FUNCTION:
    case CORE_CAPTURE:
    case CORE_DEFAULT:
    case CORE_MAP_NEW:
        define(&o, i->dst);
        break;
    case CORE_DUP:
        own(&o, i->a, OPERAND_BORROWED);
        break;
    case CORE_DROP:
    case CORE_RETURN:
        own(&o, i->a, OPERAND_OWNED);
        break;
    case CORE_COPY:
        define(&o, i->dst);
        own(&o, i->a, (i->flags & CORE_IS_ALIAS) != 0 ? OPERAND_BORROWED : OPERAND_OWNED);
        break;
    case CORE_BINARY:
    case CORE_EQUAL:
    case CORE_COMPARE:
    case CORE_LIST_GET:
    case CORE_MAP_GET:
    case CORE_RANGE:
        define(&o, i->dst);
        own(&o, i->a, OPERAND_BORROWED);
        own(&o, i->b, OPERAND_BORROWED);
        break;
    case CORE_UNARY:
    case CORE_CONVERT:
    case CORE_HASH:
    case CORE_SHOW:
    case CORE_FIELD:
    case CORE_TAG:
    case CORE_LIST_NEW:
    case CORE_LIST_LENGTH:
    case CORE_MAP_LENGTH:
    case CORE_STR_BYTES:
    case CORE_STR_LENGTH:
    case CORE_RANGE_END:
        define(&o, i->dst);
        own(&o, i->a, OPERAND_BORROWED);
        break;
    case CORE_CALL:
    case CORE_CLOSURE:
    case CORE_CONSTRUCT:
        define(&o, i->dst);
        list(&o, f, i->b, OPERAND_OWNED);
        break;
    case CORE_INTRINSIC:
        define(&o, i->dst);
        list(&o, f, i->b, OPERAND_BORROWED);
        o.letters = intrinsic_ownership((Intrinsic)f->refs[i->a].target);
        break;
    case CORE_CALL_CLOSURE:
        define(&o, i->dst);
        own(&o, i->a, OPERAND_BORROWED);
        list(&o, f, i->b, OPERAND_OWNED);
        break;
    case CORE_LIST_APPEND:
        own(&o, i->a, OPERAND_CHANGED);
        own(&o, i->b, OPERAND_OWNED);
        break;
    case CORE_MAP_PUT:
        own(&o, i->a, OPERAND_CHANGED);
        list(&o, f, i->b, OPERAND_OWNED);
        break;
    case CORE_MAP_NEXT: {
        define(&o, i->dst);
        own(&o, i->a, OPERAND_BORROWED);
        const uint32_t *words = f->extra + i->b;
        own(&o, words[1], OPERAND_BORROWED);
        for (uint32_t k = 2; k <= words[0] && k <= 3; k++)
            define(&o, words[k]);
        break;
    }
    case CORE_STR_NEXT:
        define(&o, i->dst);
        own(&o, i->a, OPERAND_BORROWED);
        own(&o, i->b, OPERAND_CHANGED);
        break;
    case CORE_IF:
    case CORE_SWITCH:
        own(&o, i->a, OPERAND_BORROWED);
        break;
    }
    return o;
}

bool core_op_is_control(CoreOp op) {
    switch (op) {
    case CORE_BLOCK:
    case CORE_LOOP:
    case CORE_IF:
    case CORE_ELSE:
    case CORE_SWITCH:
    case CORE_CASE:
    case CORE_DEFAULT_CASE:
    case CORE_END:
    case CORE_BREAK:
    case CORE_CONTINUE:
    case CORE_RETURN:
    case CORE_PANIC:
    case CORE_UNREACHABLE:
        return true;
    default:
        return false;
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

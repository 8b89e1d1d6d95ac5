// ir/counts.c: puts DUP and DROP into a function so that each reference is taken exactly once, and ends as early as it can.
//
// SOURCE     Reinking, Xie, de Moura & Leijen, Perceus: garbage free reference counting with reuse (PLDI 2021); Ullrich & de Moura,
//            Counting immutable beans (IFL 2019). Here over a structured stream of assignments instead of a lambda calculus.
// THE RULE   A local holds a reference exactly where it is live. So liveness, computed backward, says it all:
//              an owned use takes the reference if the local is dead afterwards, else it gets one of its own (DUP before);
//              a borrowed use that is the last, and a result that nobody reads, is followed by DROP;
//              where a branch is entered with a local that only its sibling reads, DROP stands at the branch's start.
//            So `xs = xs.push(x)` moves xs, and push finds a count of 1.
// LOOPS      What is live at the head of a loop is the least fixpoint over its body.
// ALIASES    A part that was read from an owner (FIELD, LIST_GET, CAPTURE, MAP_NEXT), is only borrowed, and whose owner is
//            neither assigned nor given away while it lives, needs no reference: its uses are uses of the owner.
//            It is not made an alias where that would keep an owner from being moved: uniqueness is worth more than a count.
// COST       Straight code costs O(operands) each; sets are copied only where control meets.
#include "ir/counts.h"
#include "ir/operands.h"
#include <stdlib.h>

typedef uint64_t Word;
#define ALIAS_OF_SELF UINT32_MAX // CAPTURE: the closure outlives the call

typedef enum Pass { PASS_SOLVE, PASS_CHECK, PASS_EMIT } Pass;

typedef struct Frame { // a construct whose END was passed, walking backward
    uint32_t opening;
    Word *after;        // live after END
    Word *sum;          // branches: what any arm seen so far needs at its start
    bool is_complete;   // has ELSE or DEFAULT_CASE
    uint32_t arm_first; // into arms: those of this construct
    uint32_t end_position;
} Frame;

typedef struct Arm {
    uint32_t position; // in the reversed output: where its DROPs go
    bool is_missing;   // the arm itself must be written: ELSE or DEFAULT_CASE
    CoreOp missing;
    Word *live;
} Arm;

typedef struct Patch {
    uint32_t position;
    bool is_missing;
    CoreOp missing;
    uint32_t token;
    Word *drops;
} Patch;

// The counted locals that an instruction reads and assigns. Made once: every pass asks for them, and most instructions have none.
typedef struct Step {
    uint32_t first; // in touched: uses, then defines
    uint32_t uses, defines;
} Step;

typedef struct Counts {
    const Layouts *layouts;
    const CoreFunction *from;
    Arena *arena;
    uint32_t *bit;       // per local: its bit + 1, or 0 when not counted
    uint32_t *bit_local; // per bit: local
    uint32_t bit_count, words;
    uint32_t *match;
    uint8_t *reached;
    Step *steps;         // per instruction
    uint32_t *touched;   // what they point into: per entry a local and, in the lowest two bits, an OperandMode
    uint32_t *def_count; // per local
    uint32_t *def_at;    // instruction of the last definition
    uint32_t *alias;     // per local: 0, its root, or ALIAS_OF_SELF
    uint32_t *owned_uses, *borrowed_uses; // scratch per local, zero between instructions
    Word **head;                          // per instruction index of a LOOP: live at its head, kept between passes
    Word *live;
    VEC(Frame) frames;
    VEC(Arm) arms;
    VEC(Patch) patches;
    VEC(CoreInstruction) out; // reversed
    VEC(CoreLocal) locals;
    Word **free_sets;
    uint32_t free_count, free_capacity;
    bool has_aliases, has_loops;
} Counts;

// ---- sets ----------------------------------------------------------------------------------------------------------------

static Word *set_new(Counts *c) {
    if (c->free_count > 0) return c->free_sets[--c->free_count];
    return arena_alloc(c->arena, sizeof(Word) * (c->words + 1), sizeof(Word));
}
static void set_free(Counts *c, Word *set) {
    if (set == NULL) return;
    if (c->free_count == c->free_capacity) {
        uint32_t capacity = c->free_capacity == 0 ? 16 : c->free_capacity * 2;
        c->free_sets = arena_grow(c->arena, c->free_sets, sizeof(Word *) * c->free_capacity, sizeof(Word *) * capacity,
                                  sizeof(Word *));
        c->free_capacity = capacity;
    }
    c->free_sets[c->free_count++] = set;
}
static Word *set_copy(Counts *c, const Word *from) {
    Word *set = set_new(c);
    memcpy(set, from, sizeof(Word) * c->words);
    return set;
}
static Word *set_empty(Counts *c) {
    Word *set = set_new(c);
    memset(set, 0, sizeof(Word) * c->words);
    return set;
}
static void set_assign(const Counts *c, Word *to, const Word *from) { memcpy(to, from, sizeof(Word) * c->words); }
static bool set_unite(const Counts *c, Word *to, const Word *from) { // whether it grew
    Word grown = 0;
    for (uint32_t i = 0; i < c->words; i++) {
        grown |= from[i] & ~to[i];
        to[i] |= from[i];
    }
    return grown != 0;
}
static bool is_live(const Counts *c, uint32_t local) {
    uint32_t bit = c->bit[local] - 1;
    return (c->live[bit / 64] >> (bit % 64) & 1) != 0;
}
static void make_live(const Counts *c, uint32_t local) {
    uint32_t bit = c->bit[local] - 1;
    c->live[bit / 64] |= (Word)1 << (bit % 64);
}
static void make_dead(const Counts *c, uint32_t local) {
    uint32_t bit = c->bit[local] - 1;
    c->live[bit / 64] &= ~((Word)1 << (bit % 64));
}

// ---- output ----------------------------------------------------------------------------------------------------------------

static void emit(Counts *c, CoreInstruction in) { vec_push(c->arena, &c->out, in); }
static void emit_count(Counts *c, CoreOp op, uint32_t local, uint32_t token) {
    CoreInstruction in = {.op = (uint8_t)op, .a = local, .token = token};
    emit(c, in);
}

// A local that only ever holds one literal or function: an immortal cell, so nobody needs to count.
static bool is_constant(const CoreFunction *f, uint32_t local, const uint32_t *def_count, const uint32_t *def_at) {
    if (local <= f->parameter_count || def_count[local] != 1) return false;
    CoreOp op = (CoreOp)f->code[def_at[local]].op;
    return op == CORE_STR || op == CORE_FUNCTION;
}

// ---- aliases -----------------------------------------------------------------------------------------------------------------

static bool counted(const Counts *c, uint32_t local) { return local != 0 && c->bit[local] != 0; }

static uint32_t alias_root(const Counts *c, uint32_t local) {
    while (local != 0 && local != ALIAS_OF_SELF && c->alias[local] != 0)
        local = c->alias[local];
    return local;
}

// Reads the operands of every instruction that is reached: where each local is defined, and all of `touched`, which find_counted
// narrows down to what is counted.
static void read_operands(Counts *c) {
    const CoreFunction *f = c->from;
    VEC(uint32_t) touched = {0};
    vec_reserve(c->arena, &touched, f->code_count * 4 + 16);
    for (uint32_t i = 0; i < f->code_count; i++) {
        if (!c->reached[i]) continue;
        CoreOperands o = core_operands(f, &f->code[i]);
        uint32_t count = operand_count(&o);
        vec_reserve(c->arena, &touched, count + o.define_count);
        Step *step = &c->steps[i];
        *step = (Step){touched.count, count, o.define_count};
        for (uint32_t k = 0; k < count; k++) {
            uint32_t local = operand_local(&o, k);
            OperandMode mode = operand_mode(&o, k);
            if (mode == OPERAND_CHANGED) c->def_count[local]++; // in place: as good as another definition
            touched.items[touched.count++] = local << 2 | mode;
        }
        for (uint32_t d = 0; d < o.define_count; d++) {
            uint32_t local = o.defines[d];
            c->def_count[local]++;
            c->def_at[local] = i;
            touched.items[touched.count++] = local << 2;
        }
    }
    c->touched = touched.items;
}

// What is counted gets a bit, and all else leaves `touched`.
static void find_counted(Counts *c) {
    const CoreFunction *f = c->from;
    for (uint32_t i = 1; i <= f->local_count; i++) {
        if (!layout_of(c->layouts, f->locals[i].type)->is_counted || is_constant(f, i, c->def_count, c->def_at))
            continue;
        c->bit_local[c->bit_count] = i;
        c->bit[i] = ++c->bit_count;
    }
    if (c->bit_count == 0) return;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < f->code_count; i++) {
        Step *step = &c->steps[i];
        uint32_t at = step->first, uses = step->uses, defines = step->defines;
        *step = (Step){.first = kept};
        for (uint32_t k = 0; k < uses + defines; k++) {
            uint32_t one = c->touched[at + k];
            if (c->bit[one >> 2] == 0) continue;
            c->touched[kept++] = one;
            if (k < uses)
                step->uses++;
            else
                step->defines++;
        }
    }
}

static void find_aliases(Counts *c) {
    const CoreFunction *f = c->from;
    bool any = false;
    for (uint32_t i = 0; i < f->code_count; i++)
        for (uint32_t k = 0; k < c->steps[i].uses; k++) { // given away: more than one definition says "no alias"
            uint32_t use = c->touched[c->steps[i].first + k];
            if ((use & 3) == OPERAND_OWNED) c->def_count[use >> 2] += 2;
        }
    for (uint32_t local = f->parameter_count + 1; local <= f->local_count; local++) {
        if (!counted(c, local) || c->def_count[local] != 1) continue;
        const CoreInstruction *in = &f->code[c->def_at[local]];
        switch ((CoreOp)in->op) {
        case CORE_FIELD:
        case CORE_LIST_GET:
        case CORE_COPY:
        case CORE_MAP_NEXT:
            if (in->a == local || !counted(c, in->a)) continue;
            c->alias[local] = in->a;
            break;
        case CORE_CAPTURE:
            c->alias[local] = ALIAS_OF_SELF;
            break;
        default:
            continue;
        }
        any = true;
    }
    c->has_aliases = any;
}

// PASS_CHECK: at an instruction that assigns, changes or takes over an owner, an alias into it must be dead and not an operand.
static void check_owner(Counts *c, uint32_t owner, const uint32_t *uses, uint32_t use_count) {
    for (uint32_t a = c->borrowed_uses[owner]; a != 0; a = c->owned_uses[a]) { // lists of the aliases of each owner
        if (c->alias[a] == 0) continue;
        bool used = is_live(c, a);
        for (uint32_t q = 0; q < use_count; q++)
            used |= uses[q] >> 2 == a;
        if (used) c->alias[a] = 0;
    }
}

// Aliases count as locals of their own here, so `live` says where each is needed.
static void step_check(Counts *c, const uint32_t *uses, uint32_t use_count, const uint32_t *defines,
                       uint32_t define_count) {
    for (uint32_t d = 0; d < define_count; d++)
        make_dead(c, defines[d] >> 2);
    for (uint32_t d = 0; d < define_count; d++)
        check_owner(c, defines[d] >> 2, uses, use_count);
    for (uint32_t k = 0; k < use_count; k++)
        if ((uses[k] & 3) != OPERAND_BORROWED) check_owner(c, uses[k] >> 2, uses, use_count);
    for (uint32_t k = 0; k < use_count; k++)
        make_live(c, uses[k] >> 2);
}

// ---- one instruction, backward -------------------------------------------------------------------------------------------------

static void step_plain(Counts *c, uint32_t index, Pass pass) {
    const CoreFunction *f = c->from;
    const Step *step = &c->steps[index];
    const uint32_t *uses = c->touched + step->first, *defines = uses + step->uses;
    uint32_t count = step->uses;
    if (count + step->defines == 0) { // most instructions have nothing that is counted
        if (pass == PASS_EMIT) emit(c, f->code[index]);
        return;
    }
    if (pass == PASS_CHECK) {
        step_check(c, uses, count, defines, step->defines);
        return;
    }
    CoreInstruction in = f->code[index];
    uint32_t owned_mode = OPERAND_OWNED; // a COPY that is an alias borrows its operand
    if (in.op == CORE_COPY && counted(c, in.dst) && c->alias[in.dst] != 0) {
        in.flags |= CORE_IS_ALIAS;
        owned_mode = UINT32_MAX;
    }
    uint32_t replaced = 0; // dst, when the old value of the same local is still to be dropped after the operation

    for (uint32_t d = 0; d < step->defines; d++) {
        uint32_t local = defines[d] >> 2;
        if (c->alias[local] != 0) {
            bool is_value = in.op == CORE_MAP_NEXT && f->extra[in.b + 2] != local;
            in.flags |= is_value ? CORE_VALUE_IS_ALIAS : CORE_IS_ALIAS;
            continue;
        }
        bool was_live = is_live(c, local);
        make_dead(c, local);
        if (!was_live && pass == PASS_EMIT) emit_count(c, CORE_DROP, local, in.token);
    }

    if (pass == PASS_SOLVE) {
        for (uint32_t k = 0; k < count; k++) {
            uint32_t local = alias_root(c, uses[k] >> 2);
            if (local != ALIAS_OF_SELF) make_live(c, local);
        }
        return;
    }

    for (uint32_t k = 0; k < count; k++) {
        uint32_t local = uses[k] >> 2;
        if ((uses[k] & 3) == owned_mode) {
            c->owned_uses[local]++;
            continue;
        }
        local = alias_root(c, local);
        if (local != ALIAS_OF_SELF) c->borrowed_uses[local]++;
    }
    // After the operation: what it was the last to look at. In reverse order, so that drops stand in order of the operands.
    for (uint32_t k = count; k-- > 0;) {
        uint32_t local = alias_root(c, uses[k] >> 2);
        if (local == ALIAS_OF_SELF || c->borrowed_uses[local] == 0 || is_live(c, local)) continue;
        bool is_first = true; // of its occurrences; the others do nothing
        for (uint32_t q = 0; q < k && is_first; q++)
            is_first = alias_root(c, uses[q] >> 2) != local;
        if (!is_first) continue;
        if (in.dst == local && step->defines > 0)
            replaced = local;
        else
            emit_count(c, CORE_DROP, local, in.token);
    }
    if (replaced != 0) { // x = f(x borrowed): t = f(x); drop x; x = t
        CoreLocal temporary = {.type = f->locals[in.dst].type};
        vec_push(c->arena, &c->locals, temporary);
        uint32_t t = c->locals.count - 1;
        CoreInstruction copy = {.op = CORE_COPY, .dst = in.dst, .a = t, .token = in.token};
        emit(c, copy);
        emit_count(c, CORE_DROP, replaced, in.token);
        in.dst = t;
    }
    emit(c, in);
    for (uint32_t k = count; k-- > 0;) {
        uint32_t local = uses[k] >> 2;
        if (c->owned_uses[local] == 0) continue;
        bool keeps_one = is_live(c, local) || c->borrowed_uses[local] > 0;
        uint32_t dups = c->owned_uses[local] - (keeps_one ? 0 : 1);
        for (uint32_t n = 0; n < dups; n++)
            emit_count(c, CORE_DUP, local, in.token);
        c->owned_uses[local] = 0;
    }
    for (uint32_t k = 0; k < count; k++) {
        uint32_t local = uses[k] >> 2;
        c->owned_uses[local] = 0;
        local = alias_root(c, local);
        if (local == ALIAS_OF_SELF) continue;
        c->borrowed_uses[local] = 0;
        make_live(c, local);
    }
}

// ---- control, backward -----------------------------------------------------------------------------------------------------------

static Frame *frame_of_label(Counts *c, uint32_t label) {
    for (uint32_t k = c->frames.count; k > 0; k--) {
        const CoreInstruction *opening = &c->from->code[c->frames.items[k - 1].opening];
        if ((opening->op == CORE_BLOCK || opening->op == CORE_LOOP) && opening->a == label)
            return &c->frames.items[k - 1];
    }
    return NULL;
}

static void arm_begins(Counts *c, Frame *frame, Pass pass) {
    if (frame->sum == NULL)
        frame->sum = set_copy(c, c->live);
    else
        (void)set_unite(c, frame->sum, c->live);
    if (pass == PASS_EMIT) {
        Arm arm = {.position = c->out.count, .live = set_copy(c, c->live)};
        vec_push(c->arena, &c->arms, arm);
    }
}

// All arms are known: each drops what only its siblings need. `live` becomes what the branch needs.
static void branch_begins(Counts *c, Frame *frame, Pass pass, const CoreInstruction *opening) {
    if (!frame->is_complete) {
        if (pass == PASS_EMIT) {
            Arm arm = {.position = frame->end_position, .is_missing = true, .live = set_copy(c, frame->after)};
            arm.missing = opening->op == CORE_IF ? CORE_ELSE : CORE_DEFAULT_CASE;
            vec_push(c->arena, &c->arms, arm);
        }
        if (frame->sum == NULL)
            frame->sum = set_copy(c, frame->after);
        else
            (void)set_unite(c, frame->sum, frame->after);
    }
    if (frame->sum == NULL) frame->sum = set_empty(c);
    for (uint32_t k = frame->arm_first; k < c->arms.count; k++) {
        Arm *arm = &c->arms.items[k];
        Word any = 0;
        for (uint32_t w = 0; w < c->words; w++)
            any |= (arm->live[w] = frame->sum[w] & ~arm->live[w]);
        if (any == 0) {
            set_free(c, arm->live);
            continue;
        }
        Patch patch = {arm->position, arm->is_missing, arm->missing, opening->token, arm->live};
        vec_push(c->arena, &c->patches, patch);
    }
    c->arms.count = frame->arm_first;
    set_assign(c, c->live, frame->sum);
}

static void pop_frame(Counts *c) {
    Frame *frame = &c->frames.items[--c->frames.count];
    set_free(c, frame->after);
    set_free(c, frame->sum);
}

static bool is_no_work(CoreOp op) { return op == CORE_NOP || op == CORE_DUP || op == CORE_DROP; }

// One pass over the whole function. True: what a loop's head needs has grown, so the bodies must be seen again. Bodies
// are not repeated on the spot: for loops inside loops that would be once more for each loop around.
static bool walk(Counts *c, Pass pass) {
    const CoreFunction *f = c->from;
    bool has_grown = false;
    memset(c->live, 0, sizeof(Word) * c->words);
    c->frames.count = 0;
    c->arms.count = 0;
    for (uint32_t i = f->code_count; i-- > 0;) {
        if (!c->reached[i]) continue;
        const CoreInstruction *in = &f->code[i];
        Frame *top = c->frames.count > 0 ? &c->frames.items[c->frames.count - 1] : NULL;
        switch ((CoreOp)in->op) {
        case CORE_END: {
            if (pass == PASS_EMIT) emit(c, *in);
            Frame frame = {.opening = c->match[i],
                           .after = set_copy(c, c->live),
                           .arm_first = c->arms.count,
                           .end_position = c->out.count};
            vec_push(c->arena, &c->frames, frame);
            if (f->code[frame.opening].op == CORE_LOOP) {
                if (c->head[frame.opening] == NULL) c->head[frame.opening] = set_empty(c);
                set_assign(c, c->live, c->head[frame.opening]);
            }
            break;
        }
        case CORE_LOOP:
            has_grown |= set_unite(c, c->head[i], c->live);
            set_assign(c, c->live, c->head[i]);
            if (pass == PASS_EMIT) emit(c, *in);
            pop_frame(c);
            break;
        case CORE_BLOCK:
            if (pass == PASS_EMIT) emit(c, *in);
            pop_frame(c);
            break;
        case CORE_ELSE:
        case CORE_CASE:
        case CORE_DEFAULT_CASE:
            arm_begins(c, top, pass);
            if (in->op != CORE_CASE) top->is_complete = true;
            if (pass == PASS_EMIT) emit(c, *in);
            set_assign(c, c->live, top->after);
            break;
        case CORE_IF:
        case CORE_SWITCH:
            if (in->op == CORE_IF) arm_begins(c, top, pass);
            branch_begins(c, top, pass, in);
            if (pass == PASS_EMIT) emit(c, *in);
            pop_frame(c);
            break;
        case CORE_BREAK:
        case CORE_CONTINUE: {
            Frame *target = frame_of_label(c, in->a);
            if (target == NULL)
                memset(c->live, 0, sizeof(Word) * c->words);
            else
                set_assign(c, c->live, in->op == CORE_BREAK ? target->after : c->head[target->opening]);
            if (pass == PASS_EMIT) emit(c, *in);
            break;
        }
        case CORE_RETURN:
        case CORE_PANIC:
        case CORE_UNREACHABLE:
            memset(c->live, 0, sizeof(Word) * c->words);
            step_plain(c, i, pass);
            break;
        case CORE_NOP:
        case CORE_DUP:
        case CORE_DROP:
            break; // none yet
        default:
            step_plain(c, i, pass);
            break;
        }
    }
    return has_grown;
}

// What a pass leaves behind are the heads of loops alone; without loops there is nothing to find out.
static void solve(Counts *c) {
    while (c->has_loops && walk(c, PASS_SOLVE)) {
    }
}

// ---- putting the output together -------------------------------------------------------------------------------------------------

static int patch_order(const void *first, const void *second) {
    const Patch *a = first, *b = second;
    if (a->position != b->position) return a->position < b->position ? -1 : 1;
    return (a->is_missing ? 1 : 0) - (b->is_missing ? 1 : 0); // a missing arm is written last, right before END
}

typedef VEC(CoreInstruction) Code;

static void append_drops(const Counts *c, Code *code, const Word *set, uint32_t token) {
    for (uint32_t bit = 0; bit < c->bit_count; bit++) {
        if ((set[bit / 64] >> (bit % 64) & 1) == 0) continue;
        uint32_t local = c->bit_local[bit];
        CoreInstruction drop = {.op = CORE_DROP, .a = local, .token = token};
        vec_push(c->arena, code, drop);
    }
}

static void put_together(Counts *c, CoreFunction *out) {
    Code code = {0};
    vec_reserve(c->arena, &code, c->out.count + c->patches.count * 2 + 4);
    if (c->patches.count > 0) qsort(c->patches.items, c->patches.count, sizeof(Patch), patch_order);
    // Parameters that nobody reads end at once.
    for (uint32_t p = 1; p <= c->from->parameter_count; p++)
        if (counted(c, p) && !is_live(c, p)) {
            CoreInstruction drop = {
                .op = CORE_DROP, .a = p, .token = c->from->code_count > 0 ? c->from->code[0].token : 0};
            vec_push(c->arena, &code, drop);
        }
    uint32_t patch = c->patches.count;
    for (uint32_t i = c->out.count; i-- > 0;) {
        vec_push(c->arena, &code, c->out.items[i]);
        // Patches of one position are sorted arm first, so they are applied from the first of the group.
        uint32_t first = patch;
        while (first > 0 && c->patches.items[first - 1].position == i)
            first--;
        for (uint32_t k = first; k < patch; k++) {
            const Patch *p = &c->patches.items[k];
            if (p->is_missing) {
                CoreInstruction arm = {.op = (uint8_t)p->missing, .token = p->token};
                vec_push(c->arena, &code, arm);
            }
            append_drops(c, &code, p->drops, p->token);
        }
        patch = first;
    }
    out->code = code.items;
    out->code_count = code.count;
    out->locals = c->locals.items;
    out->local_count = c->locals.count - 1;
}

static void find_definitions(const CoreFunction *f, uint32_t *def_count, uint32_t *def_at) {
    for (uint32_t i = 0; i < f->code_count; i++) {
        CoreOperands o = core_operands(f, &f->code[i]);
        for (uint32_t d = 0; d < o.define_count; d++) {
            def_count[o.defines[d]]++;
            def_at[o.defines[d]] = i;
        }
        for (uint32_t k = 0; k < operand_count(&o); k++) // changed in place: as good as another definition
            if (operand_mode(&o, k) == OPERAND_CHANGED) def_count[operand_local(&o, k)]++;
    }
}

uint8_t *counts_tracked(const Layouts *layouts, const CoreFunction *f, Arena *arena) {
    uint32_t locals = f->local_count + 1;
    uint8_t *tracked = arena_array(arena, uint8_t, locals);
    uint32_t *def_count = arena_array(arena, uint32_t, locals), *def_at = arena_array(arena, uint32_t, locals);
    find_definitions(f, def_count, def_at);
    for (uint32_t i = 1; i < locals; i++)
        tracked[i] = layout_of(layouts, f->locals[i].type)->is_counted && !is_constant(f, i, def_count, def_at);
    for (uint32_t i = 0; i < f->code_count; i++) {
        const CoreInstruction *in = &f->code[i];
        if (in->op == CORE_MAP_NEXT) {
            const uint32_t *words = f->extra + in->b;
            if ((in->flags & CORE_IS_ALIAS) != 0) tracked[words[2]] = 0;
            if ((in->flags & CORE_VALUE_IS_ALIAS) != 0) tracked[words[3]] = 0;
        } else if ((in->flags & CORE_IS_ALIAS) != 0 &&
                   (in->op == CORE_FIELD || in->op == CORE_LIST_GET || in->op == CORE_CAPTURE || in->op == CORE_COPY)) {
            tracked[in->dst] = 0;
        }
    }
    return tracked;
}

// Without counted locals: the reachable instructions, mostly those that are there.
static void copy_reachable(const CoreFunction *from, const uint8_t *reached, Arena *arena, CoreFunction *out) {
    *out = *from;
    uint32_t count = 0;
    for (uint32_t i = 0; i < from->code_count; i++)
        count += reached[i] && !is_no_work((CoreOp)from->code[i].op);
    if (count == from->code_count) return;
    out->code = arena_alloc(arena, sizeof(CoreInstruction) * (count + 1), _Alignof(CoreInstruction));
    out->code_count = 0;
    for (uint32_t i = 0; i < from->code_count; i++)
        if (reached[i] && !is_no_work((CoreOp)from->code[i].op)) out->code[out->code_count++] = from->code[i];
}

static bool has_counted_type(const Layouts *layouts, const CoreFunction *f) {
    for (uint32_t i = 1; i <= f->local_count; i++)
        if (layout_of(layouts, f->locals[i].type)->is_counted) return true;
    return false;
}

const uint8_t *counts_make(const Layouts *layouts, const CoreFunction *original, Arena *arena, CoreFunction *out) {
    if (!has_counted_type(layouts, original)) {
        copy_reachable(original, core_reachable(original, arena), arena, out);
        return NULL;
    }
    CoreFunction *from = arena_new(arena, CoreFunction);
    fields_gather(layouts, original, arena, from);
    Counts c = {.layouts = layouts, .from = from, .arena = arena};
    *out = *from;
    uint32_t locals = from->local_count + 1;
    c.reached = core_reachable(from, arena);
    uint32_t *numbers =
        arena_array(arena, uint32_t, (size_t)locals * 7); // one block for all of them: most functions are small
    c.def_count = numbers;
    c.def_at = numbers + locals;
    c.bit = numbers + (size_t)locals * 2;
    c.bit_local = numbers + (size_t)locals * 3;
    c.alias = numbers + (size_t)locals * 4;
    c.owned_uses = numbers + (size_t)locals * 5;
    c.borrowed_uses = numbers + (size_t)locals * 6;
    c.steps = arena_array(arena, Step, from->code_count + 1);
    read_operands(&c);
    find_counted(&c);
    if (c.bit_count == 0) { // literals alone
        copy_reachable(from, c.reached, arena, out);
        return NULL;
    }
    c.words = (c.bit_count + 63) / 64;
    c.match = core_match(from, arena);
    c.head = arena_array(arena, Word *, from->code_count + 1);
    c.live = set_empty(&c);
    for (uint32_t i = 0; i < from->code_count; i++)
        c.has_loops |= from->code[i].op == CORE_LOOP;
    vec_reserve(arena, &c.out, from->code_count + from->code_count / 4 + 8);
    vec_reserve(arena, &c.locals, locals + 4);
    memcpy(c.locals.items, from->locals, sizeof(CoreLocal) * locals);
    c.locals.items[0] = (CoreLocal){.is_parameter = false};
    c.locals.count = locals;

    find_aliases(&c);
    if (c.has_aliases) { // there are candidates: solve with each as a local of its own, then strike out those in the way
        uint32_t *alias = c.alias;
        c.alias = arena_array(arena, uint32_t, locals);
        solve(&c);
        c.alias = alias;
        // Lists: borrowed_uses[owner] is the first of its aliases, owned_uses[alias] the next.
        for (uint32_t i = 1; i < locals; i++) {
            if (c.alias[i] == 0) continue;
            uint32_t root = alias_root(&c, i);
            if (root == ALIAS_OF_SELF) continue;
            c.owned_uses[i] = c.borrowed_uses[root];
            c.borrowed_uses[root] = i;
        }
        (void)walk(&c, PASS_CHECK);
        memset(c.owned_uses, 0, sizeof(uint32_t) * locals);
        memset(c.borrowed_uses, 0, sizeof(uint32_t) * locals);
        memset(c.head, 0, sizeof(Word *) * (from->code_count + 1));
    }
    solve(&c);
    (void)walk(&c, PASS_EMIT);
    put_together(&c, out);
    fields_move(layouts, out, arena);
    // Locals that were added hold references of their own.
    uint8_t *tracked = arena_alloc(arena, out->local_count + 1, 1);
    for (uint32_t i = 0; i < locals; i++)
        tracked[i] = c.bit[i] != 0 && c.alias[i] == 0;
    memset(tracked + locals, 1, out->local_count + 1 - locals);
    return tracked;
}

void counts_insert(const CoreProgram *core, CoreFunction *function) {
    Layouts layouts;
    layouts_init(&layouts, core->program, function->arena);
    layouts_add_function(&layouts, function);
    layouts_finish(&layouts);
    CoreFunction counted_function;
    (void)counts_make(&layouts, function, function->arena, &counted_function); // nothing more to do where nothing is
    *function = counted_function;
}

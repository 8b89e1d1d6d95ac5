// ir/counts_verify.c: I5: along every path each reference is taken exactly once.
//
// Walks forward with the number of references that each local holds. Where paths meet, the numbers must agree; so one walk
// over the stream sees every path. An alias must not be read after its owner let go; that is only checked for owners in
// the same function, by following FIELD and LIST_GET to a local that holds references.
#include "ir/counts.h"
#include "ir/operands.h"

typedef struct Join {
    CoreOp op;
    uint32_t label;
    uint32_t *saved, *after; // references per local; after: NULL until a path gets there
    bool is_complete;
} Join;

typedef struct Verify {
    const Layouts *layouts;
    const CoreFunction *f;
    Arena *arena;
    uint8_t *tracked;
    uint32_t *held;
    uint32_t *owner; // of aliases: the local that they look into, 0 unknown
    VEC(Join) joins;
    bool is_reached;
    const char *wrong;
} Verify;

static uint32_t *copy_of(Verify *v) {
    uint32_t *copy = arena_array(v->arena, uint32_t, v->f->local_count + 1);
    memcpy(copy, v->held, sizeof(uint32_t) * (v->f->local_count + 1));
    return copy;
}

static void fail(Verify *v, const char *what, uint32_t index, uint32_t local) {
    if (v->wrong == NULL)
        v->wrong = arena_format(v->arena, "I5: %s (local %u, instruction %u, %s)", what, local, index,
                                core_op_name((CoreOp)v->f->code[index].op))
                       .data;
}

static void meet(Verify *v, uint32_t **after, uint32_t index) {
    if (!v->is_reached) return;
    if (*after == NULL) {
        *after = copy_of(v);
        return;
    }
    for (uint32_t i = 1; i <= v->f->local_count; i++)
        if ((*after)[i] != v->held[i]) fail(v, "paths that meet disagree on what is owned", index, i);
}

static Join *target_of(Verify *v, uint32_t label) {
    for (uint32_t k = v->joins.count; k > 0; k--) {
        Join *j = &v->joins.items[k - 1];
        if ((j->op == CORE_BLOCK || j->op == CORE_LOOP) && j->label == label) return j;
    }
    return NULL;
}

static void restore(Verify *v, const uint32_t *from) {
    memcpy(v->held, from, sizeof(uint32_t) * (v->f->local_count + 1));
}

static void control(Verify *v, uint32_t index) {
    const CoreInstruction *in = &v->f->code[index];
    Join *top = v->joins.count > 0 ? &v->joins.items[v->joins.count - 1] : NULL;
    switch ((CoreOp)in->op) {
    case CORE_BLOCK:
    case CORE_LOOP:
    case CORE_IF:
    case CORE_SWITCH: {
        Join join = {.op = (CoreOp)in->op, .label = in->a, .saved = copy_of(v)};
        vec_push(v->arena, &v->joins, join);
        if (in->op == CORE_SWITCH) v->is_reached = false;
        break;
    }
    case CORE_ELSE:
    case CORE_CASE:
    case CORE_DEFAULT_CASE:
        meet(v, &top->after, index);
        if (in->op != CORE_CASE) top->is_complete = true;
        restore(v, top->saved);
        v->is_reached = true;
        break;
    case CORE_END:
        if (top->op == CORE_LOOP) { // around again: what was owned at the head must be owned now
            uint32_t *head = top->saved;
            meet(v, &head, index);
        } else
            meet(v, &top->after, index);
        if ((top->op == CORE_IF || top->op == CORE_SWITCH) && !top->is_complete) {
            restore(v, top->saved);
            v->is_reached = true;
            meet(v, &top->after, index);
        }
        v->is_reached = top->after != NULL;
        if (top->after != NULL) restore(v, top->after);
        v->joins.count--;
        break;
    case CORE_BREAK:
    case CORE_CONTINUE: {
        Join *target = target_of(v, in->a);
        if (target == NULL)
            fail(v, "no such label", index, in->a);
        else if (in->op == CORE_BREAK)
            meet(v, &target->after, index);
        else {
            uint32_t *head = target->saved;
            meet(v, &head, index);
        }
        v->is_reached = false;
        break;
    }
    case CORE_RETURN:
    case CORE_PANIC:
    case CORE_UNREACHABLE:
        if (v->is_reached && in->op != CORE_UNREACHABLE)
            for (uint32_t i = 1; i <= v->f->local_count; i++)
                if (v->held[i] != 0) fail(v, "still owned when the function ends", index, i);
        v->is_reached = false;
        break;
    default:
        break;
    }
}

static void step(Verify *v, uint32_t index) {
    const CoreInstruction *in = &v->f->code[index];
    CoreOperands o = core_operands(v->f, in);
    if (in->op == CORE_DUP) {
        if (!v->tracked[in->a] || v->held[in->a] == 0)
            fail(v, "DUP of what is not owned", index, in->a);
        else
            v->held[in->a]++;
        return;
    }
    for (uint32_t k = 0; k < operand_count(&o); k++) {
        uint32_t local = operand_local(&o, k);
        uint32_t owner = local;
        for (uint32_t steps = 0; !v->tracked[owner] && v->owner[owner] != 0 && steps < v->f->local_count; steps++)
            owner = v->owner[owner];
        if (v->tracked[owner] && v->held[owner] == 0)
            fail(v, owner == local ? "read after it was taken" : "read after its owner was taken", index, local);
    }
    for (uint32_t k = 0; k < operand_count(&o); k++) {
        uint32_t local = operand_local(&o, k);
        if (operand_mode(&o, k) != OPERAND_OWNED || !v->tracked[local]) continue;
        if (v->held[local] == 0)
            fail(v, "taken twice", index, local);
        else
            v->held[local]--;
    }
    for (uint32_t d = 0; d < o.define_count; d++) {
        uint32_t local = o.defines[d];
        if (!v->tracked[local]) {
            bool looks_inside =
                in->op == CORE_FIELD || in->op == CORE_LIST_GET || in->op == CORE_MAP_NEXT || in->op == CORE_COPY;
            if (looks_inside && layout_of(v->layouts, v->f->locals[local].type)->is_counted) v->owner[local] = in->a;
            continue;
        }
        if (v->held[local] != 0) fail(v, "assigned while it still owns", index, local);
        v->held[local] = 1;
    }
}

const char *counts_verify(const Layouts *layouts, const CoreFunction *f, Arena *arena) {
    Verify v = {.layouts = layouts, .f = f, .arena = arena, .is_reached = true};
    v.tracked = counts_tracked(layouts, f, arena);
    v.held = arena_array(arena, uint32_t, f->local_count + 1);
    v.owner = arena_array(arena, uint32_t, f->local_count + 1);
    for (uint32_t p = 1; p <= f->parameter_count; p++)
        v.held[p] = v.tracked[p];
    for (uint32_t i = 0; i < f->code_count && v.wrong == NULL; i++) {
        if (v.is_reached && !core_op_is_control((CoreOp)f->code[i].op))
            step(&v, i);
        else if (v.is_reached &&
                 (f->code[i].op == CORE_RETURN || f->code[i].op == CORE_IF || f->code[i].op == CORE_SWITCH))
            step(&v, i);
        control(&v, i);
    }
    return v.wrong;
}

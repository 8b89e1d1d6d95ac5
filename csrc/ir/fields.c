// ir/fields.c: helps parts of records to keep a count of 1: before counts are inserted, and after.
//
// GATHER (before)  In `State { items: s.items.push(i), total: s.total + i }` the record s is needed until s.total was read, so push would find
//                  s.items with two references and copy it. Reading a field has no effect, so all reads of an owner's
//                  fields are brought forward, to where the owner is made or to the first of them; then the owner is dead before push.
// MOVE (after)     Where fields are read from an unboxed value that is dropped right afterwards, they are taken out of it: no retain,
//                  and of the owner only the other fields are released.
#include "ir/counts.h"
#include "ir/operands.h"

#define GATHER_DISTANCE 256u // instructions that a read is brought forward over
#define MOVE_DISTANCE 32u

typedef VEC(CoreInstruction) Code;

typedef struct Gather {
    const Layouts *layouts;
    const CoreFunction *from;
    Arena *arena;
    uint32_t *def_count, *def_at;
    uint32_t *field_reads, *other_uses;
    uint8_t *is_given;    // some use takes it over
    uint8_t *has_given;   // a field of it is read and then given away
    uint8_t *is_split;    // its fields are read where it is made
    uint32_t *first_part; // of a split local: part locals, indexed by field; 0: not read
    VEC(CoreLocal) locals;
    VEC(uint32_t) parts;
} Gather;

static const Layout *base_of(const Gather *g, uint32_t local) {
    return layout_base(g->layouts, layout_of(g->layouts, g->from->locals[local].type));
}

static bool is_record(const Layout *layout) {
    return layout->is_counted && (layout->kind == LAYOUT_RECORD || layout->kind == LAYOUT_TUPLE);
}

static void look(Gather *g) {
    const CoreFunction *f = g->from;
    for (uint32_t i = 0; i < f->code_count; i++) {
        const CoreInstruction *in = &f->code[i];
        CoreOperands o = core_operands(f, in);
        for (uint32_t d = 0; d < o.define_count; d++) {
            g->def_count[o.defines[d]]++;
            g->def_at[o.defines[d]] = i;
        }
        for (uint32_t k = 0; k < operand_count(&o); k++) {
            uint32_t local = operand_local(&o, k);
            if (in->op == CORE_FIELD)
                g->field_reads[local]++;
            else
                g->other_uses[local]++;
            if (operand_mode(&o, k) != OPERAND_BORROWED) g->is_given[local] = 1;
            if (operand_mode(&o, k) == OPERAND_CHANGED) g->def_count[local] += 2;
        }
    }
    for (uint32_t i = 0; i < f->code_count; i++) {
        const CoreInstruction *in = &f->code[i];
        if (in->op == CORE_FIELD && g->is_given[in->dst] && layout_of(g->layouts, f->locals[in->dst].type)->is_counted)
            g->has_given[in->a] = 1;
    }
}

static bool may_split(const Gather *g, uint32_t local) {
    if (!is_record(base_of(g, local)) || layout_of(g->layouts, g->from->locals[local].type)->kind == LAYOUT_NEWTYPE)
        return false;
    if (g->other_uses[local] != 0 || g->field_reads[local] < 2 || !g->has_given[local]) return false;
    if (local <= g->from->parameter_count) return g->def_count[local] == 0;
    if (g->def_count[local] != 1) return false;
    CoreOp op = (CoreOp)g->from->code[g->def_at[local]].op; // parts of something else are no owners yet
    return op != CORE_FIELD && op != CORE_LIST_GET && op != CORE_CAPTURE && op != CORE_MAP_NEXT;
}

static void write_parts(Gather *g, Code *code, uint32_t owner, uint32_t token) {
    const LayoutVariant *v = &base_of(g, owner)->variants[0];
    for (uint32_t f = 0; f < v->field_count; f++) {
        uint32_t part = g->parts.items[g->first_part[owner] + f];
        if (part == 0) continue;
        CoreInstruction read = {.op = CORE_FIELD, .dst = part, .a = owner, .b = f, .token = token};
        vec_push(g->arena, code, read);
    }
}

static void find_parts(Gather *g) {
    const CoreFunction *f = g->from;
    for (uint32_t i = 0; i < f->code_count; i++) {
        const CoreInstruction *in = &f->code[i];
        if (in->op != CORE_FIELD || !g->is_split[in->a]) continue;
        uint32_t *part = &g->parts.items[g->first_part[in->a] + in->b];
        if (*part != 0) continue;
        CoreLocal local = {.type = f->locals[in->dst].type};
        local.name = base_of(g, in->a)->variants[0].fields[in->b].name;
        vec_push(g->arena, &g->locals, local);
        *part = g->locals.count - 1;
    }
}

// Later reads of the same owner in the same straight line, right after the first that gives its result away.
static void gather_line(Gather *g, const CoreInstruction *code, uint32_t count, uint32_t at, uint8_t *moved,
                        Code *out) {
    const CoreInstruction *first = &code[at];
    for (uint32_t j = at + 1; j < count && j < at + GATHER_DISTANCE; j++) {
        const CoreInstruction *in = &code[j];
        if (core_op_is_control((CoreOp)in->op)) return;
        CoreOperands o = core_operands(g->from, in);
        if (in->op == CORE_FIELD && in->a == first->a && !moved[j] && in->dst != in->a && g->def_count[in->dst] == 1) {
            moved[j] = 1;
            vec_push(g->arena, out, *in);
            continue;
        }
        for (uint32_t k = 0; k < operand_count(&o); k++)
            if (operand_local(&o, k) == first->a && operand_mode(&o, k) != OPERAND_BORROWED) return;
        for (uint32_t d = 0; d < o.define_count; d++)
            if (o.defines[d] == first->a) return;
    }
}

void fields_gather(const Layouts *layouts, const CoreFunction *from, Arena *arena, CoreFunction *out) {
    uint32_t locals = from->local_count + 1, fields = 0, counted = 0;
    Gather g = {.layouts = layouts, .from = from, .arena = arena};
    *out = *from;
    for (uint32_t i = 0; i < from->code_count; i++) {
        if (from->code[i].op != CORE_FIELD) continue;
        fields++;
        counted += layout_of(layouts, from->locals[from->code[i].dst].type)->is_counted;
    }
    if (fields < 2 || counted == 0) return; // of one owner at least two are read, one of which is given away
    uint32_t *numbers = arena_array(arena, uint32_t, (size_t)locals * 4);
    g.def_count = numbers;
    g.def_at = numbers + locals;
    g.field_reads = numbers + (size_t)locals * 2;
    g.other_uses = numbers + (size_t)locals * 3;
    g.is_given = arena_array(arena, uint8_t, (size_t)locals * 2);
    g.has_given = g.is_given + locals;
    look(&g);
    bool any = false;
    for (uint32_t i = 1; i < locals; i++)
        any |= g.has_given[i] && g.field_reads[i] > 1;
    if (!any) return;

    g.is_split = arena_array(arena, uint8_t, locals);
    g.first_part = arena_array(arena, uint32_t, locals);
    vec_reserve(arena, &g.locals, locals + 8);
    memcpy(g.locals.items, from->locals, sizeof(CoreLocal) * locals);
    g.locals.items[0] = (CoreLocal){.is_parameter = false};
    g.locals.count = locals;
    for (uint32_t i = 1; i < locals; i++) {
        g.is_split[i] = may_split(&g, i);
        if (!g.is_split[i]) continue;
        g.first_part[i] = g.parts.count;
        for (uint32_t f = 0; f < base_of(&g, i)->variants[0].field_count; f++)
            vec_push(arena, &g.parts, 0);
    }
    find_parts(&g);

    Code code = {0};
    uint8_t *moved = arena_array(arena, uint8_t, from->code_count + 1);
    for (uint32_t p = 1; p <= from->parameter_count; p++)
        if (g.is_split[p]) write_parts(&g, &code, p, from->code_count > 0 ? from->code[0].token : 0);
    for (uint32_t i = 0; i < from->code_count; i++) {
        CoreInstruction in = from->code[i];
        if (moved[i]) continue;
        if (in.op == CORE_FIELD && g.is_split[in.a]) {
            CoreInstruction copy = {
                .op = CORE_COPY, .dst = in.dst, .a = g.parts.items[g.first_part[in.a] + in.b], .token = in.token};
            vec_push(arena, &code, copy);
            in = copy;
        } else
            vec_push(arena, &code, in);
        bool gives = in.op == CORE_FIELD && in.dst != in.a && g.is_given[in.dst] &&
                     layout_of(layouts, from->locals[in.dst].type)->is_counted;
        if (gives) gather_line(&g, from->code, from->code_count, i, moved, &code);
        CoreOperands o = core_operands(from, &from->code[i]);
        for (uint32_t d = 0; d < o.define_count; d++)
            if (g.is_split[o.defines[d]]) write_parts(&g, &code, o.defines[d], in.token);
    }
    out->code = code.items;
    out->code_count = code.count;
    out->locals = g.locals.items;
    out->local_count = g.locals.count - 1;
}

// ---- after counts ------------------------------------------------------------------------------------------------------------

// What neither panics nor leaves the straight line, so that a half-emptied owner is seen by nobody.
static bool is_quiet(CoreOp op) {
    return op == CORE_FIELD || op == CORE_INT || op == CORE_FLOAT || op == CORE_STR || op == CORE_UNIT ||
           op == CORE_TAG || op == CORE_NOP;
}

void fields_move(const Layouts *layouts, CoreFunction *f, Arena *arena) {
    Code code = {0};
    VEC(CoreLocal) locals = {0};
    bool any = false, may_any = false;
    for (uint32_t i = 0; i < f->code_count && !may_any; i++)
        may_any = f->code[i].op == CORE_FIELD;
    if (!may_any) return;
    vec_reserve(arena, &code, f->code_count + 8);
    for (uint32_t i = 0; i < f->code_count; i++) {
        CoreInstruction drop = f->code[i];
        const Layout *base =
            drop.op == CORE_DROP ? layout_base(layouts, layout_of(layouts, f->locals[drop.a].type)) : NULL;
        bool may = base != NULL && layout_is_struct(base) && !base->is_boxed && code.count > 0;
        if (!may) {
            vec_push(arena, &code, drop);
            continue;
        }
        uint32_t variant = UINT32_MAX;
        uint64_t taken = 0; // fields of that variant; those beyond 64 are not taken
        for (uint32_t k = code.count; k > 0 && k + MOVE_DISTANCE > code.count && is_quiet((CoreOp)code.items[k - 1].op);
             k--) {
            CoreInstruction *read = &code.items[k - 1];
            if (read->dst == drop.a) break; // made here
            if (read->op != CORE_FIELD || read->a != drop.a || read->dst == 0 || read->b >= 64) continue;
            uint32_t its = base->kind == LAYOUT_SUM ? read->sub : 0;
            if (variant != UINT32_MAX && its != variant) break;
            variant = its;
            if ((read->flags & (CORE_IS_ALIAS | CORE_IS_MOVE)) != 0 ||
                !layout_of(layouts, f->locals[read->dst].type)->is_counted)
                continue;
            if ((taken >> read->b & 1) != 0) continue;
            taken |= (uint64_t)1 << read->b;
            read->flags |= CORE_IS_MOVE;
        }
        if (taken == 0) {
            vec_push(arena, &code, drop);
            continue;
        }
        if (!any) {
            vec_reserve(arena, &locals, f->local_count + 8);
            memcpy(locals.items, f->locals, sizeof(CoreLocal) * (f->local_count + 1));
            locals.count = f->local_count + 1;
            any = true;
        }
        const LayoutVariant *v = &base->variants[variant];
        for (uint32_t k = 0; k < v->field_count; k++) {
            if (!layouts->items[v->fields[k].layout].is_counted || (k < 64 && (taken >> k & 1) != 0)) continue;
            CoreLocal rest = {.type = v->fields[k].type};
            vec_push(arena, &locals, rest);
            CoreInstruction read = {.op = CORE_FIELD,
                                    .sub = (uint16_t)(base->kind == LAYOUT_SUM ? variant : 0),
                                    .flags = CORE_IS_MOVE,
                                    .dst = locals.count - 1,
                                    .a = drop.a,
                                    .b = k,
                                    .token = drop.token};
            CoreInstruction end = {.op = CORE_DROP, .a = locals.count - 1, .token = drop.token};
            vec_push(arena, &code, read);
            vec_push(arena, &code, end);
        }
        drop.flags |= CORE_IS_MOVE; // nothing is left in it
        vec_push(arena, &code, drop);
    }
    if (!any) return;
    f->code = code.items;
    f->code_count = code.count;
    f->locals = locals.items;
    f->local_count = locals.count - 1;
}

// ir/verify.c: checks I1 to I4 of the core form (core.h). For tests and check builds; I5 is counts.c's to check.
//
// HOW        One walk over the structured code. The set of assigned locals goes along; at an IF, SWITCH or BLOCK it is kept,
//            and where branches meet only what all of them assigned remains (definite assignment, as in Java's chapter 16).
#include "ir/core.h"

typedef struct Open { // BLOCK, LOOP, IF or SWITCH
    uint8_t op;
    uint32_t label;
    bool has_else;
    uint64_t *before; // IF, SWITCH: assigned where it began
    uint64_t *at_end; // what all who reached its end had assigned; NULL: nobody yet
} Open;

typedef struct Verify {
    const CoreProgram *core;
    const CoreFunction *function;
    Arena *arena;
    uint32_t words;
    uint64_t *assigned;
    bool is_dead;
    VEC(Open) open;
    bool *labels;
    const char *problem;
    uint32_t at;
} Verify;

typedef struct OpWords {
    const char *dst, *a, *b;
} OpWords;

static const OpWords op_words[CORE_OP_COUNT] = {
#define CORE(op, dst, a, b, meaning) {#dst, #a, #b},
#include "ir/core.def"
#undef CORE
};

static void wrong(Verify *v, const char *what) {
    if (v->problem != NULL) return;
    v->problem = arena_format(v->arena, "instruction %u (%s): %s", v->at,
                              core_op_name((CoreOp)v->function->code[v->at].op), what)
                     .data;
}

static bool is_in_range(Verify *v, uint32_t local) {
    if (local >= 1 && local <= v->function->local_count) return true;
    wrong(v, "no such local");
    return false;
}

static void read_local(Verify *v, uint32_t local) {
    if (!is_in_range(v, local)) return;
    if (!(v->assigned[local / 64] >> (local % 64) & 1))
        wrong(v, arena_format(v->arena, "local %u is read before it is assigned", local).data);
}

static void assign_local(Verify *v, uint32_t local) {
    if (is_in_range(v, local)) v->assigned[local / 64] |= (uint64_t)1 << (local % 64);
}

static uint64_t *copy_set(Verify *v, const uint64_t *set) {
    uint64_t *copy = arena_array(v->arena, uint64_t, v->words);
    memcpy(copy, set, sizeof *set * v->words);
    return copy;
}

// One more way reaches the end of `open`, with what is assigned now.
static void reach_end(Verify *v, Open *open, const uint64_t *set) {
    if (open->at_end == NULL) {
        open->at_end = copy_set(v, set);
        return;
    }
    for (uint32_t i = 0; i < v->words; i++)
        open->at_end[i] &= set[i];
}

static void read_operand(Verify *v, const CoreInstruction *i, const char *word, uint32_t value, bool is_b) {
    const CoreFunction *function = v->function;
    if (strncmp(word, "LIST", 4) == 0) {
        if (value == 0 || value >= function->extra_count ||
            function->extra[value] > function->extra_count - value - 1) {
            wrong(v, "a list outside of extra");
            return;
        }
        uint32_t count = function->extra[value];
        for (uint32_t k = 0; k < count; k++) {
            uint32_t local = function->extra[value + 1 + k];
            if (i->op == CORE_MAP_NEXT && k > 0) continue; // received, not read
            read_local(v, local);
        }
    } else if (strcmp(word, "LOCAL?") == 0) {
        if (value != 0) read_local(v, value);
    } else if (strcmp(word, "LOCAL") == 0 || strcmp(word, "OWNED") == 0 || strcmp(word, "BORROWED") == 0) {
        read_local(v, value);
    } else if (strcmp(word, "REF") == 0) {
        if (value == 0 || value > function->ref_count) wrong(v, "no such ref");
    }
    (void)is_b;
}

static void check_call(Verify *v, const CoreInstruction *i) {
    const CoreFunction *function = v->function;
    if (v->problem != NULL || v->core->functions == NULL) return;
    if (i->op != CORE_CALL && i->op != CORE_CLOSURE) return;
    const CoreRef *ref = &function->refs[i->a];
    if (ref->target == 0 || ref->target > v->core->function_count) {
        wrong(v, "the called function is not there");
        return;
    }
    const CoreFunction *target = v->core->functions[ref->target];
    uint32_t count = function->extra[i->b];
    uint32_t wanted = i->op == CORE_CALL ? target->parameter_count : target->capture_count;
    if (count != wanted) {
        wrong(v, "wrong number of arguments");
        return;
    }
    for (uint32_t k = 0; k < count; k++) {
        TypeId is = function->locals[function->extra[i->b + 1 + k]].type;
        TypeId should = i->op == CORE_CALL ? target->locals[k + 1].type : target->captures[k];
        if (!type_equal(is, should)) wrong(v, "an argument has the wrong type");
    }
    if (i->op == CORE_CALL && !type_equal(target->result, function->locals[i->dst].type))
        wrong(v, "the result has another type");
}

// Every lambda of the table holds the value.
static void check_dyn(Verify *v, const CoreInstruction *i) {
    const CoreFunction *function = v->function;
    if (v->problem != NULL) return;
    if (type_info(v->core->program->types, function->locals[i->dst].type)->kind != TYPE_DYN)
        wrong(v, "makes no value of a `dyn` type");
    if (i->sub == 0 || i->a + i->sub - 1 > function->ref_count || function->extra[i->b] != 1) {
        wrong(v, "a table outside of the refs");
        return;
    }
    for (uint32_t r = i->a; r < i->a + i->sub && v->core->functions != NULL; r++) {
        const CoreRef *ref = &function->refs[r];
        if (ref->kind != REF_LAMBDA || ref->target == 0 || ref->target > v->core->function_count) {
            wrong(v, "a method of the table is not there");
            return;
        }
        const CoreFunction *target = v->core->functions[ref->target];
        if (target->capture_count != 1 ||
            !type_equal(target->captures[0], function->locals[function->extra[i->b + 1]].type))
            wrong(v, "a method of the table holds another value");
    }
}

static void check_types(Verify *v, const CoreInstruction *i) {
    const CoreLocal *locals = v->function->locals;
    if (v->problem != NULL) return;
    switch (i->op) {
    case CORE_COPY:
        if (!type_equal(locals[i->dst].type, locals[i->a].type)) wrong(v, "copies between types");
        break;
    case CORE_IF:
        if (locals[i->a].type.index != TYPE_BOOL) wrong(v, "the condition is not bool");
        break;
    case CORE_RETURN:
        if (!type_equal(locals[i->a].type, v->function->result)) wrong(v, "returns another type");
        break;
    case CORE_LIST_APPEND: {
        const TypeInfo *list = type_info(v->core->program->types, locals[i->a].type);
        if (list->kind != TYPE_LIST || !type_equal(list->args[0], locals[i->b].type)) wrong(v, "appends another type");
        break;
    }
    case CORE_LIST_GET: {
        const TypeInfo *list = type_info(v->core->program->types, locals[i->a].type);
        if (list->kind != TYPE_LIST || !type_equal(list->args[0], locals[i->dst].type)) wrong(v, "gets another type");
        break;
    }
    case CORE_DYN:
        check_dyn(v, i);
        break;
    case CORE_CALL_DYN:
        if (type_info(v->core->program->types, locals[i->a].type)->kind != TYPE_DYN) wrong(v, "calls through no table");
        break;
    case CORE_EQUAL:
    case CORE_COMPARE:
        if (!type_equal(locals[i->a].type, locals[i->b].type)) wrong(v, "compares two types");
        break;
    default:
        break;
    }
    check_call(v, i);
}

static void open_control(Verify *v, const CoreInstruction *i) {
    Open open = {.op = i->op};
    if (i->op == CORE_BLOCK || i->op == CORE_LOOP) {
        open.label = i->a;
        if (i->a == 0 || i->a > v->function->label_count || v->labels[i->a])
            wrong(v, "the label is not new");
        else
            v->labels[i->a] = true;
    } else {
        open.before = copy_set(v, v->assigned);
    }
    vec_push(v->arena, &v->open, open);
}

static Open *innermost(Verify *v, CoreOp op) {
    if (v->open.count == 0 || v->open.items[v->open.count - 1].op != op) {
        wrong(v, "stands outside of its construct");
        return NULL;
    }
    return &v->open.items[v->open.count - 1];
}

// ELSE, CASE, DEFAULT_CASE: the branch before ends, another begins.
static void next_branch(Verify *v, Open *open, bool is_first) {
    if (!is_first && !v->is_dead) reach_end(v, open, v->assigned);
    memcpy(v->assigned, open->before, sizeof(uint64_t) * v->words);
    v->is_dead = false;
}

static void leave(Verify *v, const CoreInstruction *i) {
    for (uint32_t k = v->open.count; k-- > 0;) {
        Open *open = &v->open.items[k];
        if (open->label != i->a || open->label == 0) continue;
        if (i->op == CORE_BREAK)
            reach_end(v, open, v->assigned);
        else if (open->op != CORE_LOOP)
            wrong(v, "continues what is no loop");
        v->is_dead = true;
        return;
    }
    wrong(v, "no such label around it");
}

static void end_control(Verify *v) {
    if (v->open.count == 0) {
        wrong(v, "nothing is open");
        return;
    }
    Open open = v->open.items[--v->open.count];
    if (!v->is_dead && open.op != CORE_LOOP) reach_end(v, &open, v->assigned);
    if ((open.op == CORE_IF || open.op == CORE_SWITCH) && !open.has_else) reach_end(v, &open, open.before);
    v->is_dead = open.at_end == NULL;
    if (open.at_end != NULL) v->assigned = open.at_end;
}

static void step(Verify *v, const CoreInstruction *i, const CoreInstruction *previous) {
    bool is_structure = i->op == CORE_END || i->op == CORE_ELSE || i->op == CORE_CASE || i->op == CORE_DEFAULT_CASE;
    if (v->is_dead && !is_structure) {
        wrong(v, "nothing comes here");
        return;
    }
    const OpWords *words = &op_words[i->op];
    read_operand(v, i, words->a, i->a, false);
    read_operand(v, i, words->b, i->b, true);
    if (strcmp(words->dst, "-") != 0) assign_local(v, i->dst);
    if (i->op == CORE_MAP_NEXT && v->problem == NULL)
        for (uint32_t k = 1; k < v->function->extra[i->b]; k++) {
            uint32_t local = v->function->extra[i->b + 1 + k];
            if (local != 0) assign_local(v, local);
        }
    check_types(v, i);
    Open *open;
    switch (i->op) {
    case CORE_BLOCK:
    case CORE_LOOP:
    case CORE_IF:
    case CORE_SWITCH:
        open_control(v, i);
        break;
    case CORE_ELSE:
        if ((open = innermost(v, CORE_IF)) == NULL) break;
        if (open->has_else) wrong(v, "a second ELSE");
        open->has_else = true;
        next_branch(v, open, false);
        break;
    case CORE_CASE:
    case CORE_DEFAULT_CASE:
        if ((open = innermost(v, CORE_SWITCH)) == NULL) break;
        if (open->has_else) wrong(v, "a case after the default");
        if (i->op == CORE_DEFAULT_CASE) open->has_else = true;
        next_branch(v, open, previous->op == CORE_SWITCH);
        break;
    case CORE_END:
        end_control(v);
        break;
    case CORE_BREAK:
    case CORE_CONTINUE:
        leave(v, i);
        break;
    case CORE_RETURN:
    case CORE_PANIC:
    case CORE_UNREACHABLE:
        v->is_dead = true;
        break;
    default:
        break;
    }
}

const char *core_verify(const CoreProgram *core, const CoreFunction *function, Arena *arena) {
    Verify v = {.core = core, .function = function, .arena = arena, .words = function->local_count / 64 + 1};
    v.assigned = arena_array(arena, uint64_t, v.words);
    v.labels = arena_array(arena, bool, function->label_count + 1);
    for (uint32_t i = 1; i <= function->local_count; i++) {
        if (function->locals[i].type.index == 0 ||
            (type_info(core->program->types, function->locals[i].type)->flags & (TYPE_HAS_PARAMETER | TYPE_HAS_ERROR)))
            return arena_format(arena, "local %u has no concrete type", i).data;
        if (i <= function->parameter_count) v.assigned[i / 64] |= (uint64_t)1 << (i % 64);
    }
    for (uint32_t i = 0; i < function->code_count && v.problem == NULL; i++) {
        v.at = i;
        step(&v, &function->code[i], i > 0 ? &function->code[i - 1] : &function->code[i]);
    }
    if (v.problem != NULL) return v.problem;
    if (v.open.count > 0) return "a construct is not closed";
    if (!v.is_dead) return "the end of the code is reached";
    return NULL;
}

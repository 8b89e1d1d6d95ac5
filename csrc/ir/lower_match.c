// ir/lower_match.c: emits match, and the patterns of let and for. The trees are built in match_tree.c.
//
// SHAPE      An arm that one leaf leads to stands there. Arms that several leaves lead to stand after the tree, each at the
//            end of a block of its own, and leaves break to them (L4):
//                BLOCK done
//                  BLOCK arm 2
//                    BLOCK arm 0
//                      the tree …  BREAK arm 0 …  value of arm 1, BREAK done …  BREAK arm 2
//                    END
//                    value of arm 0, BREAK done
//                  END
//                  value of arm 2
//                END
#include "ir/match.h"

typedef struct Emitter {
    Match match;
    Frame *f;
    Node node;          // whose place a panic names
    const Node *values; // by arm; 0: nothing to evaluate (let, for)
    uint32_t *labels;   // by arm: 0 where it stands in the tree
    bool *has_locals;   // by arm: its names have locals that several leaves write
    uint32_t done;
    Dest join;
    VEC(Local *) taken; // places whose locals were made, to be forgotten at the end of their branch
} Emitter;

// ---- places ------------------------------------------------------------------------------------------------------------

static Local place_take(Emitter *e, Local *slot, Local local) {
    *slot = local;
    vec_push(e->match.arena, &e->taken, slot);
    return local;
}

static void forget_since(Emitter *e, uint32_t mark) {
    while (e->taken.count > mark)
        *e->taken.items[--e->taken.count] = 0;
}

static Local place_local(Emitter *e, Place *place);

static Local place_length(Emitter *e, Place *place) {
    if (place->length != 0) return place->length;
    Local list = place_local(e, place);
    Local length = local_temporary(e->f, TYPE_ID(TYPE_INT));
    emit(e->f, CORE_LIST_LENGTH, 0, length, list, 0);
    return place_take(e, &place->length, length);
}

static Local place_tag(Emitter *e, Place *place) {
    if (place->tag != 0) return place->tag;
    Local of = place_local(e, place);
    Local tag = local_temporary(e->f, TYPE_ID(TYPE_INT));
    emit(e->f, CORE_TAG, 0, tag, of, 0);
    return place_take(e, &place->tag, tag);
}

// length - less, which is never below zero here.
static Local length_less(Emitter *e, Place *list, uint32_t less) {
    Local length = place_length(e, list);
    if (less == 0) return length;
    Local number = emit_int(e->f, 0, less), result = local_temporary(e->f, TYPE_ID(TYPE_INT));
    emit_flags(e->f, CORE_BINARY, OP_SUBTRACT, result, length, number, CORE_CANNOT_PANIC);
    return result;
}

// Takes the part out of its parent, into `dest`.
static Local place_make(Emitter *e, Place *place, Dest dest) {
    Frame *f = e->f;
    Place *parent = place->parent;
    Local of = place_local(e, parent);
    switch (place->access) {
    case ACCESS_ROOT:
        return give(f, dest, place->local);
    case ACCESS_FIELD:
        return lower_field(f, of, place->variant, place->index, place->type, dest);
    case ACCESS_ELEMENT:
    case ACCESS_ELEMENT_BACK: {
        bool is_back = place->access == ACCESS_ELEMENT_BACK;
        Local at = is_back ? length_less(e, parent, place->index + 1) : emit_int(f, 0, place->index);
        Local target = dest_target(f, dest, place->type);
        emit(f, CORE_LIST_GET, 1, target, of, at);
        return target;
    }
    case ACCESS_REST: {
        Local start = emit_int(f, 0, place->index), end = length_less(e, parent, place->after);
        Local locals[3] = {of, start, end};
        Local target = dest_target(f, dest, place->type);
        emit_intrinsic(f, INTRINSIC_list_slice, info_of(f->lower, place->type)->args, 1, target, locals, 3);
        return target;
    }
    }
    return 0;
}

static Local place_local(Emitter *e, Place *place) {
    if (place == NULL) return 0;
    if (place->local != 0) return place->local;
    return place_take(e, &place->local, place_make(e, place, dest_any()));
}

// ---- conditions ----------------------------------------------------------------------------------------------------------

static Local compare(Emitter *e, TypedOp op, Local left, Local right) {
    Local test = local_temporary(e->f, TYPE_ID(TYPE_BOOL));
    emit(e->f, CORE_BINARY, op, test, left, right);
    return test;
}

static Local constant(Emitter *e, TypeId type, uint32_t low, uint32_t high) {
    Local local = local_temporary(e->f, type);
    emit(e->f, type.index == TYPE_FLOAT ? CORE_FLOAT : CORE_INT, 0, local, low, high);
    return local;
}

static Local test_range(Emitter *e, Place *place, Node pattern) {
    const TypedBody *body = e->match.body;
    Frame *f = e->f;
    uint32_t bounds = body->a[pattern];
    const uint32_t *words = &body->extra[body->b[pattern]];
    Local value = place_local(e, place), test = 0;
    if (bounds & 1) test = compare(e, OP_GREATER_EQUAL, value, constant(e, place->type, words[0], words[1]));
    if (!(bounds & 2)) return test;
    if (bounds & 1)
        open_if(f, test);
    else
        test = local_temporary(f, TYPE_ID(TYPE_BOOL));
    emit(f, CORE_BINARY, OP_LESS_EQUAL, test, value, constant(e, place->type, words[2], words[3]));
    if (bounds & 1) close_control(f);
    return test;
}

static Local test_length(Emitter *e, Place *place, uint32_t length, bool is_at_least) {
    Local actual = place_length(e, place), wanted = emit_int(e->f, 0, length);
    return compare(e, is_at_least ? OP_GREATER_EQUAL : OP_EQUAL, actual, wanted);
}

static Local test_constant(Emitter *e, Place *place, Node pattern) {
    const TypedBody *body = e->match.body;
    Frame *f = e->f;
    Local value = place_local(e, place);
    if (body->kind[pattern] != TYPED_PAT_STR)
        return compare(e, OP_EQUAL, value, constant(e, place->type, body->a[pattern], body->b[pattern]));
    Local text = local_temporary(f, TYPE_ID(TYPE_STR)), test = local_temporary(f, TYPE_ID(TYPE_BOOL));
    emit(f, CORE_STR, 0, text, body->a[pattern], 0);
    emit(f, CORE_EQUAL, 0, test, value, text);
    return test;
}

static Local test_of(Emitter *e, const Decision *tree) {
    switch (tree->test) {
    case TEST_EQUAL:
        return test_constant(e, tree->place, tree->pattern);
    case TEST_RANGE:
        return test_range(e, tree->place, tree->pattern);
    case TEST_LENGTH:
        return test_length(e, tree->place, tree->length, false);
    case TEST_LENGTH_AT_LEAST:
        return test_length(e, tree->place, tree->length, true);
    }
    return 0;
}

// ---- arms --------------------------------------------------------------------------------------------------------------

static const PatternName **names_in_order(Emitter *e, const PatternName *names, uint32_t *count) {
    *count = 0;
    for (const PatternName *name = names; name != NULL; name = name->next)
        ++*count;
    const PatternName **order = arena_array(e->match.arena, const PatternName *, *count + 1);
    for (uint32_t i = *count; i-- > 0; names = names->next)
        order[i] = names;
    return order;
}

// Several leaves lead to the arm: its names have locals, which each leaf writes.
static void bind_shared(Emitter *e, const PatternName *names) {
    Frame *f = e->f;
    uint32_t count;
    const PatternName **order = names_in_order(e, names, &count);
    for (uint32_t i = 0; i < count && !f->is_dead; i++) {
        Place *place = order[i]->place;
        Local target = f->bindings[order[i]->local];
        if (place->local != 0)
            (void)give(f, dest_into(target), place->local);
        else
            (void)place_make(e, place, dest_into(target));
    }
}

static void bind_direct(Emitter *e, const PatternName *names) {
    uint32_t count;
    const PatternName **order = names_in_order(e, names, &count);
    for (uint32_t i = 0; i < count; i++)
        lower_bind(e->f, order[i]->local, place_local(e, order[i]->place));
}

// The locals that the names of a pattern get where several leaves write them.
static void make_locals(Emitter *e, Node pattern) {
    const TypedBody *body = e->match.body;
    Frame *f = e->f;
    uint32_t a = body->a[pattern], b = body->b[pattern];
    switch (body->kind[pattern]) {
    case TYPED_PAT_BIND:
        f->bindings[a] = local_new(f, type_concrete(f->lower, body->locals[a].type), body->locals[a].name);
        if (b != 0) make_locals(e, b);
        return;
    case TYPED_PAT_CONSTRUCT:
        for (uint32_t i = 0; i < list_count(body, b); i++)
            make_locals(e, list_item(body, b, i));
        return;
    case TYPED_PAT_OR:
        make_locals(e, list_item(body, b, 0));
        return; // all alternatives bind the same names
    case TYPED_PAT_LIST: {
        uint32_t before = body->extra[b], rest = body->extra[b + 1], after = body->extra[b + 2];
        for (uint32_t i = 0; i < list_count(body, before); i++)
            make_locals(e, list_item(body, before, i));
        if (rest != 0) make_locals(e, rest);
        for (uint32_t i = 0; i < list_count(body, after); i++)
            make_locals(e, list_item(body, after, i));
        return;
    }
    default:
        return;
    }
}

// The arm's value, and on to the end of the match unless that is what follows anyway.
static void emit_value(Emitter *e, uint32_t arm, bool is_last) {
    if (e->values[arm] != 0) (void)lower(e->f, e->values[arm], e->join);
    if (!is_last) emit_break(e->f, e->done);
}

// A leaf's names and guard hold: goes to the arm.
static void emit_arm(Emitter *e, uint32_t arm, bool is_last) {
    if (e->labels[arm] != 0)
        emit_break(e->f, e->labels[arm]);
    else
        emit_value(e, arm, is_last);
}

// ---- rows by themselves ----------------------------------------------------------------------------------------------------

static void emit_row_tests(Emitter *e, const Row *row, uint32_t fail);

// The pattern holds for the place, or breaks to `fail`. Its names are bound on the way.
static void emit_row_pattern(Emitter *e, Place *place, Node pattern, uint32_t fail) {
    Row inner = {0};
    row_add(&e->match, &inner, place, pattern);
    emit_row_tests(e, &inner, fail);
}

static void emit_alternatives(Emitter *e, Place *place, Node pattern, uint32_t fail) {
    const TypedBody *body = e->match.body;
    uint32_t list = body->b[pattern], count = list_count(body, list), mark = e->taken.count;
    uint32_t fits = open_block(e->f);
    for (uint32_t i = 0; i < count; i++) {
        bool is_last = i + 1 == count;
        uint32_t next = is_last ? fail : open_block(e->f);
        emit_row_pattern(e, place, list_item(body, list, i), next);
        if (!is_last) {
            emit_break(e->f, fits);
            close_control(e->f);
        }
        forget_since(e, mark);
    }
    close_control(e->f);
}

static void emit_row_list(Emitter *e, Place *place, Node pattern, uint32_t fail) {
    const TypedBody *body = e->match.body;
    Match *m = &e->match;
    uint32_t extra = body->b[pattern];
    uint32_t before = body->extra[extra], rest = body->extra[extra + 1], after = body->extra[extra + 2];
    uint32_t before_count = list_count(body, before), after_count = list_count(body, after);
    emit_break_unless(e->f, test_length(e, place, before_count + after_count, body->a[pattern] != 0), fail);
    TypeId element = info_of(e->f->lower, place->type)->args[0];
    Row inner = {0};
    for (uint32_t i = 0; i < before_count; i++)
        row_add(m, &inner, place_child(m, place, ACCESS_ELEMENT, 0, i, 0, element), list_item(body, before, i));
    if (rest != 0)
        row_add(m, &inner, place_child(m, place, ACCESS_REST, 0, before_count, after_count, place->type), rest);
    for (uint32_t i = 0; i < after_count; i++) {
        Place *back = place_child(m, place, ACCESS_ELEMENT_BACK, 0, after_count - 1 - i, 0, element);
        row_add(m, &inner, back, list_item(body, after, i));
    }
    emit_row_tests(e, &inner, fail);
}

static void emit_row_variant(Emitter *e, Place *place, Node pattern, uint32_t fail) {
    const TypedBody *body = e->match.body;
    Local tag = place_tag(e, place);
    Local number = emit_int(e->f, 0, body->a[pattern]);
    emit_break_unless(e->f, compare(e, OP_EQUAL, tag, number), fail);
    Row inner = {0};
    uint32_t list = body->b[pattern];
    for (uint32_t i = 0; i < list_count(body, list); i++)
        row_add(&e->match, &inner, place_field(&e->match, place, body->a[pattern], i), list_item(body, list, i));
    emit_row_tests(e, &inner, fail);
}

static void emit_row_tests(Emitter *e, const Row *row, uint32_t fail) {
    const TypedBody *body = e->match.body;
    for (const PatternTest *test = row->tests; test != NULL && !e->f->is_dead; test = test->next) {
        switch (body->kind[test->pattern]) {
        case TYPED_PAT_OR:
            emit_alternatives(e, test->place, test->pattern, fail);
            break;
        case TYPED_PAT_LIST:
            emit_row_list(e, test->place, test->pattern, fail);
            break;
        case TYPED_PAT_CONSTRUCT:
            emit_row_variant(e, test->place, test->pattern, fail);
            break;
        case TYPED_PAT_RANGE:
            emit_break_unless(e->f, test_range(e, test->place, test->pattern), fail);
            break;
        default:
            emit_break_unless(e->f, test_constant(e, test->place, test->pattern), fail);
            break;
        }
    }
    bind_shared(e, row->names);
}

// ---- the tree ------------------------------------------------------------------------------------------------------------

static void emit_tree(Emitter *e, const Decision *tree, bool is_last);

static void emit_branch(Emitter *e, const Decision *tree, bool is_last) {
    uint32_t mark = e->taken.count;
    emit_tree(e, tree, is_last);
    forget_since(e, mark);
}

static bool is_end(const Decision *tree) {
    return tree->kind == TREE_FAIL || (tree->kind == TREE_LEAF && !tree->has_guard);
}

static void emit_leaf(Emitter *e, const Decision *tree, bool is_last) {
    Frame *f = e->f;
    uint32_t arm = tree->row->arm;
    if (e->has_locals[arm])
        bind_shared(e, tree->row->names);
    else
        bind_direct(e, tree->row->names);
    if (!tree->has_guard) {
        emit_arm(e, arm, is_last);
        return;
    }
    Local guard = operand(f, e->match.guards[arm]).local;
    open_if(f, guard);
    emit_arm(e, arm, false);
    close_control(f);
    at_node(f, e->node);
}

static void emit_row(Emitter *e, const Decision *tree) {
    Frame *f = e->f;
    uint32_t arm = tree->row->arm, mark = e->taken.count, fail = open_block(f);
    emit_row_tests(e, tree->row, fail);
    if (tree->has_guard && !f->is_dead) emit_break_unless(f, operand(f, e->match.guards[arm]).local, fail);
    emit_arm(e, arm, false);
    close_control(f);
    forget_since(e, mark);
    at_node(f, e->node);
}

// Returns whether the default stands inside; else it follows.
static bool emit_switch(Emitter *e, const Decision *tree, bool is_last) {
    Frame *f = e->f;
    Place *place = tree->place;
    bool is_whole = tree->next == NULL || is_end(tree->next);
    if (!tree->is_tag && place->type.index == TYPE_BOOL) {
        Local value = place_local(e, place);
        const Decision *branches[2] = {tree->next, tree->next};
        for (uint32_t i = 0; i < tree->case_count; i++)
            branches[tree->cases[i].value != 0] = tree->cases[i].tree;
        open_if(f, value);
        emit_branch(e, branches[1], is_last);
        open_else(f);
        emit_branch(e, branches[0], is_last);
        close_control(f);
        return true;
    }
    open_switch(f, tree->is_tag ? place_tag(e, place) : place_local(e, place));
    for (uint32_t i = 0; i < tree->case_count; i++) {
        if (tree->next == NULL && i + 1 == tree->case_count)
            open_default(f); // all others are done: the last needs no test
        else
            open_case(f, tree->cases[i].value);
        emit_branch(e, tree->cases[i].tree, is_last && is_whole);
    }
    if (is_whole && tree->next != NULL) {
        open_default(f);
        emit_branch(e, tree->next, is_last);
    }
    close_control(f);
    return is_whole;
}

static void emit_tree(Emitter *e, const Decision *tree, bool is_last) {
    Frame *f = e->f;
    for (; tree != NULL && !f->is_dead; tree = tree->next) {
        switch (tree->kind) {
        case TREE_FAIL:
            emit_end(f, CORE_PANIC);
            return;
        case TREE_LEAF:
            if (!tree->has_guard) {
                emit_leaf(e, tree, is_last);
                return;
            }
            emit_leaf(e, tree, false);
            break;
        case TREE_ROW:
            emit_row(e, tree);
            break;
        case TREE_SWITCH:
            if (emit_switch(e, tree, is_last)) return;
            break;
        case TREE_TEST: {
            bool is_whole = is_end(tree->next);
            open_if(f, test_of(e, tree));
            emit_branch(e, tree->yes, is_last && is_whole);
            if (is_whole) {
                open_else(f);
                emit_branch(e, tree->next, is_last);
            }
            close_control(f);
            if (is_whole) return;
            break;
        }
        }
    }
}

// Whether some row of the arm is in the tree as a ROW, whose names need locals.
static void find_rows(Emitter *e, const Decision *tree) {
    for (; tree != NULL; tree = tree->next) {
        if (tree->kind == TREE_ROW) e->has_locals[tree->row->arm] = true;
        for (uint32_t i = 0; i < tree->case_count; i++)
            find_rows(e, tree->cases[i].tree);
        if (tree->yes != NULL) find_rows(e, tree->yes);
    }
}

static void emit_match(Emitter *e, Row **rows, uint32_t row_count, const Node *patterns, uint32_t arm_count) {
    Frame *f = e->f;
    Match *m = &e->match;
    m->arm_uses = arena_array(m->arena, uint32_t, arm_count);
    Decision *tree = match_tree(m, rows, row_count, arm_count);
    e->labels = arena_array(m->arena, uint32_t, arm_count);
    e->has_locals = arena_array(m->arena, bool, arm_count);
    find_rows(e, tree);
    e->done = open_block(f);
    bool has_shared = false;
    for (uint32_t i = arm_count; i-- > 0;) {
        bool is_shared = m->arm_uses[i] > 1 || (e->values[i] == 0 && m->arm_uses[i] > 0);
        if (is_shared) e->has_locals[i] = has_shared = true;
        if (e->has_locals[i]) make_locals(e, patterns[i]);
        if (is_shared) e->labels[i] = open_block(f);
    }
    emit_tree(e, tree, !has_shared);
    uint32_t left = 0;
    for (uint32_t i = 0; i < arm_count; i++)
        left += e->labels[i] != 0;
    for (uint32_t i = 0; i < arm_count; i++) {
        if (e->labels[i] == 0) continue;
        close_control(f);
        left--;
        if (!f->is_dead) emit_value(e, i, left == 0);
    }
    close_control(f);
}

static Emitter emitter_for(Frame *f, Node node, TypeId type, Local value) {
    Place *root = arena_new(f->arena, Place);
    *root = (Place){.access = ACCESS_ROOT, .type = type, .local = value};
    return (Emitter){.match = {.frame = f, .body = f->body, .arena = f->arena, .root = root}, .f = f, .node = node};
}

Local lower_match(Frame *f, Node node, Dest dest) {
    const TypedBody *body = f->body;
    const uint32_t *words = &body->extra[body->b[node]];
    uint32_t count = words[0];
    Local value = lower_scrutinee(f, body->a[node]);
    if (f->is_dead) return 0;
    at_node(f, node);
    Emitter *e = arena_new(f->arena, Emitter);
    *e = emitter_for(f, node, type_of(f, body->a[node]), value);
    Node *patterns = arena_array(f->arena, Node, count), *guards = arena_array(f->arena, Node, count);
    Node *values = arena_array(f->arena, Node, count);
    Row **rows = arena_array(f->arena, Row *, count);
    for (uint32_t i = 0; i < count; i++) {
        patterns[i] = words[1 + 3 * i];
        guards[i] = words[2 + 3 * i];
        values[i] = words[3 + 3 * i];
        rows[i] = arena_new(f->arena, Row);
        rows[i]->arm = i;
        row_add(&e->match, rows[i], e->match.root, patterns[i]);
    }
    e->match.guards = guards;
    e->values = values;
    e->join = dest_join(f, dest, type_of(f, node));
    emit_match(e, rows, count, patterns, count);
    return e->join.local;
}

void lower_pattern(Frame *f, Node pattern, Local value) {
    const TypedBody *body = f->body;
    if (body->kind[pattern] == TYPED_PAT_WILDCARD || f->is_dead) return;
    Emitter *e = arena_new(f->arena, Emitter);
    *e = emitter_for(f, pattern, type_of_local(f, value), value);
    static const Node none[1] = {0};
    e->match.guards = e->values = none;
    Row *row = arena_new(f->arena, Row);
    row_add(&e->match, row, e->match.root, pattern);
    if (row->test_count == 0)
        bind_direct(e, row->names);
    else
        emit_match(e, &row, 1, &pattern, 1); // alternatives that together always fit
}

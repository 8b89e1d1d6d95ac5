// ir/match_tree.c: builds the decision tree of a match. See match.h.
#include "ir/match.h"
#include <stdlib.h>

enum {
    WORK_MAX = 500000, // rows looked at while building
    NODES_FIRST = 200, // nodes of the tree: these, and as many more for each test of each row
    NODES_PER_TEST = 8,
    DEPTH_MAX = 12, // branches inside each other
    ROW_TESTS_MAX = 24,
    GUARDED_MAX = 64, // alternatives of one arm with a guard, where rows are tested by themselves
};

// ---- places ------------------------------------------------------------------------------------------------------------

Place *place_child(Match *m, Place *parent, Access access, uint32_t variant, uint32_t index, uint32_t after,
                   TypeId type) {
    Place **link = &parent->first_child;
    for (; *link != NULL; link = &(*link)->next_sibling) {
        Place *child = *link;
        if (child->access == access && child->variant == variant && child->index == index && child->after == after)
            return child;
    }
    Place *place = arena_new(m->arena, Place);
    *place =
        (Place){.parent = parent, .access = access, .variant = variant, .index = index, .after = after, .type = type};
    *link = place;
    return place;
}

Place *place_field(Match *m, Place *parent, uint32_t variant, uint32_t field) {
    TypeId type = type_field(m->frame->lower, parent->type, variant, field);
    return place_child(m, parent, ACCESS_FIELD, variant, field, 0, type);
}

static Place *place_element(Match *m, Place *parent, Access access, uint32_t index) {
    TypeId type = info_of(m->frame->lower, parent->type)->args[0];
    return place_child(m, parent, access, 0, index, 0, type);
}

// ---- rows --------------------------------------------------------------------------------------------------------------

static void row_test(Match *m, Row *row, Place *place, Node pattern) {
    PatternTest *test = arena_new(m->arena, PatternTest);
    *test = (PatternTest){NULL, place, pattern};
    PatternTest **end = &row->tests; // never shared with another row
    while (*end != NULL)
        end = &(*end)->next;
    *end = test;
    row->test_count++;
}

static void row_name(Match *m, Row *row, Place *place, uint32_t local) {
    PatternName *name = arena_new(m->arena, PatternName);
    *name = (PatternName){row->names, place, local}; // in front: rows share the rest of the list
    row->names = name;
}

void row_add(Match *m, Row *row, Place *place, Node pattern) {
    const TypedBody *body = m->body;
    uint32_t a = body->a[pattern], b = body->b[pattern];
    switch ((TypedKind)body->kind[pattern]) {
    case TYPED_PAT_WILDCARD:
        return;
    case TYPED_PAT_BIND:
        row_name(m, row, place, a);
        if (b != 0) row_add(m, row, place, b);
        return;
    case TYPED_PAT_CONSTRUCT:
        if (type_variant_count(m->frame->lower, place->type) > 1) break;
        for (uint32_t i = 0; i < list_count(body, b); i++)
            row_add(m, row, place_field(m, place, 0, i), list_item(body, b, i));
        return;
    case TYPED_PAT_LIST:
        if (a != 0 && list_count(body, body->extra[b]) == 0 && list_count(body, body->extra[b + 2]) == 0) { // [..rest]
            if (body->extra[b + 1] != 0) row_add(m, row, place, body->extra[b + 1]);
            return;
        }
        break;
    case TYPED_PAT_RANGE:
        if (a == 0) return;
        break;
    default:
        break;
    }
    row_test(m, row, place, pattern);
}

// A row of its own, without its test at `place`.
static Row *row_without(Match *m, const Row *row, const Place *place) {
    Row *copy = arena_new(m->arena, Row);
    *copy = (Row){.names = row->names, .arm = row->arm};
    PatternTest **end = &copy->tests;
    for (PatternTest *test = row->tests; test != NULL; test = test->next) {
        if (test->place == place) continue;
        PatternTest *same = arena_new(m->arena, PatternTest);
        *same = (PatternTest){NULL, test->place, test->pattern};
        *end = same;
        end = &same->next;
        copy->test_count++;
    }
    return copy;
}

// The row's pattern at `place`, or 0. There is at most one: names are no tests.
static Node row_pattern(const Row *row, const Place *place) {
    for (PatternTest *test = row->tests; test != NULL; test = test->next)
        if (test->place == place) return test->pattern;
    return 0;
}

typedef VEC(Row *) Rows;

// Alternatives of a tuple or record hide what they ask of its parts, so the row is split at once; those of a sum or a number
// only when its place is looked at.
static PatternTest *hiding_test(Match *m, Row *row) {
    for (PatternTest *test = row->tests; test != NULL; test = test->next)
        if (m->body->kind[test->pattern] == TYPED_PAT_OR &&
            type_variant_count(m->frame->lower, test->place->type) == 1 &&
            type_field_count(m->frame->lower, test->place->type, 0) > 0)
            return test;
    return NULL;
}

static void rows_push(Match *m, Rows *rows, Row *row);

static void rows_push_split(Match *m, Rows *out, Row *row, Place *place, Node pattern) {
    uint32_t list = m->body->b[pattern], count = list_count(m->body, list);
    for (uint32_t i = 0; i < count; i++) {
        Row *alternative = row_without(m, row, place);
        row_add(m, alternative, place, list_item(m->body, list, i));
        rows_push(m, out, alternative);
    }
}

static void rows_push(Match *m, Rows *rows, Row *row) {
    if (++m->work > WORK_MAX) return; // the tree will not be used
    PatternTest *hiding = hiding_test(m, row);
    if (hiding != NULL)
        rows_push_split(m, rows, row, hiding->place, hiding->pattern);
    else
        vec_push(m->arena, rows, row);
}

// Replaces alternatives at `place` by rows of their own.
static void rows_push_alternatives(Match *m, Rows *out, Row *row, Place *place) {
    Node pattern = row_pattern(row, place);
    if (pattern == 0 || m->body->kind[pattern] != TYPED_PAT_OR) {
        rows_push(m, out, row);
        return;
    }
    uint32_t list = m->body->b[pattern], count = list_count(m->body, list);
    for (uint32_t i = 0; i < count; i++) {
        Row *alternative = row_without(m, row, place);
        row_add(m, alternative, place, list_item(m->body, list, i));
        rows_push_alternatives(m, out, alternative, place);
    }
}

// A place where the row has alternatives, or NULL.
static Place *alternatives_place(const Match *m, const Row *row) {
    for (PatternTest *test = row->tests; test != NULL; test = test->next)
        if (m->body->kind[test->pattern] == TYPED_PAT_OR) return test->place;
    return NULL;
}

int64_t pattern_number(const TypedBody *body, Node pattern) { return wide(body->a[pattern], body->b[pattern]); }

// ---- what is known on a path ---------------------------------------------------------------------------------------------

typedef struct Fact { // the length of a list
    const struct Fact *next;
    const Place *place;
    uint32_t min, max;
} Fact;

static Fact fact_of(const Fact *facts, const Place *place) {
    for (; facts != NULL; facts = facts->next)
        if (facts->place == place) return *facts;
    return (Fact){.place = place, .min = 0, .max = UINT32_MAX};
}

static const Fact *fact_add(Match *m, const Fact *facts, const Place *place, uint32_t min, uint32_t max) {
    Fact *fact = arena_new(m->arena, Fact);
    *fact = (Fact){facts, place, min, max};
    return fact;
}

// ---- choosing ------------------------------------------------------------------------------------------------------------

// The place of the first row's tests that most rows look at too; the first one among equals.
static Place *choose_place(const Rows *rows) {
    const Row *first = rows->items[0];
    if (first->test_count == 1 || rows->count > 64) return first->tests->place;
    Place *best = NULL;
    uint32_t best_count = 0;
    for (PatternTest *test = first->tests; test != NULL; test = test->next) {
        uint32_t count = 0;
        for (uint32_t i = 0; i < rows->count; i++)
            count += row_pattern(rows->items[i], test->place) != 0;
        if (count > best_count) {
            best = test->place;
            best_count = count;
        }
    }
    return best;
}

typedef struct Builder {
    Match *m;
    const Fact *facts;
    uint32_t depth;
} Builder;

static Decision *build(Builder b, Rows rows);

static Decision *tree_new(Match *m, DecisionKind kind) {
    Decision *tree = arena_new(m->arena, Decision);
    tree->kind = kind;
    m->node_count++;
    return tree;
}

// ---- switches ------------------------------------------------------------------------------------------------------------

typedef struct Keyed {
    int64_t key;
    uint32_t row;
} Keyed;

static int keyed_compare(const void *left, const void *right) {
    const Keyed *a = left, *b = right;
    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

static bool range_contains(const TypedBody *body, Node range, int64_t value) {
    uint32_t bounds = body->a[range], extra = body->b[range];
    if ((bounds & 1) && value < wide(body->extra[extra], body->extra[extra + 1])) return false;
    if ((bounds & 2) && value > wide(body->extra[extra + 2], body->extra[extra + 3])) return false;
    return true;
}

// The row for the case that `place` is `value` (a variant or a number); NULL where it cannot fit.
static Row *row_in_case(Match *m, Row *row, Place *place, int64_t value) {
    const TypedBody *body = m->body;
    Node pattern = row_pattern(row, place);
    if (pattern == 0) return row;
    switch (body->kind[pattern]) {
    case TYPED_PAT_INT:
        return pattern_number(body, pattern) == value ? row_without(m, row, place) : NULL;
    case TYPED_PAT_RANGE:
        return range_contains(body, pattern, value) ? row_without(m, row, place) : NULL;
    default:
        break; // PAT_CONSTRUCT
    }
    if ((int64_t)body->a[pattern] != value) return NULL;
    Row *inner = row_without(m, row, place);
    uint32_t list = body->b[pattern];
    for (uint32_t i = 0; i < list_count(body, list); i++)
        row_add(m, inner, place_field(m, place, body->a[pattern], i), list_item(body, list, i));
    return inner;
}

// Fills `tree` but for its default, whose rows it returns.
static Rows build_switch(Builder b, Decision *tree, Rows rows, Place *place) {
    Match *m = b.m;
    const TypedBody *body = m->body;
    VEC(Keyed) keyed = {0};
    VEC(uint32_t) general = {0}; // rows without a literal or variant here
    for (uint32_t i = 0; i < rows.count; i++) {
        Node pattern = row_pattern(rows.items[i], place);
        uint8_t kind = pattern == 0 ? TYPED_NONE : body->kind[pattern];
        if (kind == TYPED_PAT_INT)
            vec_push(m->arena, &keyed, ((Keyed){pattern_number(body, pattern), i}));
        else if (kind == TYPED_PAT_CONSTRUCT)
            vec_push(m->arena, &keyed, ((Keyed){(int64_t)body->a[pattern], i}));
        else
            vec_push(m->arena, &general, i);
    }
    qsort(keyed.items, keyed.count, sizeof(Keyed), keyed_compare);
    tree->cases = arena_array(m->arena, DecisionCase, keyed.count);
    for (uint32_t i = 0; i < keyed.count;) {
        int64_t key = keyed.items[i].key;
        Rows inside = {0};
        uint32_t g = 0;
        for (; i < keyed.count && keyed.items[i].key == key; i++) {
            for (; g < general.count && general.items[g] < keyed.items[i].row; g++) {
                Row *row = row_in_case(m, rows.items[general.items[g]], place, key);
                if (row != NULL) rows_push(m, &inside, row);
            }
            rows_push(m, &inside, row_in_case(m, rows.items[keyed.items[i].row], place, key));
        }
        for (; g < general.count; g++) {
            Row *row = row_in_case(m, rows.items[general.items[g]], place, key);
            if (row != NULL) rows_push(m, &inside, row);
        }
        DecisionCase *c = &tree->cases[tree->case_count++];
        c->value = key;
        c->tree = build((Builder){m, b.facts, b.depth + 1}, inside);
    }
    Rows others = {0};
    for (uint32_t g = 0; g < general.count; g++)
        rows_push(m, &others, rows.items[general.items[g]]);
    return others;
}

static bool is_exhaustive(const Match *m, const Decision *tree) {
    if (tree->is_tag) return tree->case_count == type_variant_count(m->frame->lower, tree->place->type);
    return tree->place->type.index == TYPE_BOOL && tree->case_count == 2;
}

// ---- single conditions ---------------------------------------------------------------------------------------------------

static bool is_same_constant(const TypedBody *body, Node first, Node second) {
    return body->kind[first] == body->kind[second] && body->a[first] == body->a[second] &&
           body->b[first] == body->b[second];
}

static bool is_same_range(const TypedBody *body, Node first, Node second) {
    if (body->kind[second] != TYPED_PAT_RANGE || body->a[first] != body->a[second]) return false;
    return memcmp(&body->extra[body->b[first]], &body->extra[body->b[second]], 4 * sizeof(uint32_t)) == 0;
}

// Splits rows by a test for a constant (a float or str; other constants cannot fit when it holds) or a range.
static void split_by_value(Match *m, const Rows *rows, Place *place, Node pattern, Rows *yes, Rows *no) {
    const TypedBody *body = m->body;
    bool is_range = body->kind[pattern] == TYPED_PAT_RANGE;
    for (uint32_t i = 0; i < rows->count; i++) {
        Row *row = rows->items[i];
        Node other = row_pattern(row, place);
        if (other == 0) {
            rows_push(m, yes, row);
            rows_push(m, no, row);
        } else if (is_range) {
            if (is_same_range(body, pattern, other)) {
                rows_push(m, yes, row_without(m, row, place));
                continue;
            }
            bool is_number = body->kind[other] == TYPED_PAT_INT;
            bool is_inside = is_number && range_contains(body, pattern, pattern_number(body, other));
            if (!is_number || is_inside) rows_push(m, yes, row);
            if (!is_inside) rows_push(m, no, row);
        } else if (is_same_constant(body, pattern, other)) {
            rows_push(m, yes, row_without(m, row, place));
        } else {
            rows_push(m, no, row);
        }
    }
}

// The row under what is known of the list's length: its test is done with, is still open, or cannot hold (NULL).
static Row *row_in_length(Match *m, Row *row, Place *place, Fact fact) {
    const TypedBody *body = m->body;
    Node pattern = row_pattern(row, place);
    if (pattern == 0) return row;
    uint32_t extra = body->b[pattern];
    uint32_t before = body->extra[extra], rest = body->extra[extra + 1], after = body->extra[extra + 2];
    uint32_t before_count = list_count(body, before), after_count = list_count(body, after);
    uint32_t length = before_count + after_count;
    bool is_open_ended = body->a[pattern] != 0;
    if (length > fact.max || (!is_open_ended && length < fact.min)) return NULL;
    bool is_decided = is_open_ended ? length <= fact.min : fact.min == fact.max;
    if (!is_decided) return row;
    Row *inner = row_without(m, row, place);
    for (uint32_t i = 0; i < before_count; i++)
        row_add(m, inner, place_element(m, place, ACCESS_ELEMENT, i), list_item(body, before, i));
    if (rest != 0)
        row_add(m, inner, place_child(m, place, ACCESS_REST, 0, before_count, after_count, place->type), rest);
    for (uint32_t i = 0; i < after_count; i++) {
        uint32_t back = after_count - 1 - i;
        Place *element = fact.min == fact.max ? place_element(m, place, ACCESS_ELEMENT, fact.min - 1 - back)
                                              : place_element(m, place, ACCESS_ELEMENT_BACK, back);
        row_add(m, inner, element, list_item(body, after, i));
    }
    return inner;
}

static Rows rows_in_length(Match *m, const Rows *rows, Place *place, Fact fact) {
    Rows result = {0};
    for (uint32_t i = 0; i < rows->count; i++) {
        Row *row = row_in_length(m, rows->items[i], place, fact);
        if (row != NULL) rows_push(m, &result, row);
    }
    return result;
}

// One test of a list's length by the first row's pattern. Fills `tree`; returns the rows for "no" and what is then known.
static Rows build_length(Builder *b, Decision *tree, const Rows *rows, Place *place, Node pattern) {
    Match *m = b->m;
    const TypedBody *body = m->body;
    uint32_t extra = body->b[pattern];
    uint32_t length = list_count(body, body->extra[extra]) + list_count(body, body->extra[extra + 2]);
    Fact fact = fact_of(b->facts, place), yes = fact, no = fact;
    tree->length = length;
    if (body->a[pattern] != 0) {
        tree->test = TEST_LENGTH_AT_LEAST;
        yes.min = length;
        no.max = length - 1; // length > 0: row_add takes [..rest] apart
    } else {
        tree->test = TEST_LENGTH;
        yes.min = yes.max = length;
        if (no.min == length)
            no.min++;
        else if (no.max == length)
            no.max--;
    }
    Builder inner = {m, fact_add(m, b->facts, place, yes.min, yes.max), b->depth + 1};
    tree->yes = build(inner, rows_in_length(m, rows, place, yes));
    Rows kept = {0};
    for (uint32_t i = 0; i < rows->count; i++) { // patterns of exactly this length are out
        Node other = row_pattern(rows->items[i], place);
        if (other != 0 && tree->test == TEST_LENGTH && body->a[other] == 0) {
            uint32_t e = body->b[other];
            if (list_count(body, body->extra[e]) + list_count(body, body->extra[e + 2]) == length) continue;
        }
        rows_push(m, &kept, rows->items[i]);
    }
    b->facts = fact_add(m, b->facts, place, no.min, no.max);
    return rows_in_length(m, &kept, place, no);
}

// ---- the tree ------------------------------------------------------------------------------------------------------------

static bool is_over(const Match *m) { return m->work > WORK_MAX || m->node_count > m->node_limit; }

// Follows "no" branches in a loop, so that only branches inside each other need the stack.
static Decision *build(Builder b, Rows rows) {
    Match *m = b.m;
    const TypedBody *body = m->body;
    Decision *result = NULL, **link = &result;
    for (;;) {
        if (rows.count == 0 || is_over(m)) {
            *link = tree_new(m, TREE_FAIL);
            return result;
        }
        Row *first = rows.items[0];
        bool has_guard = m->guards[first->arm] != 0;
        bool is_large = b.depth > DEPTH_MAX || first->test_count > ROW_TESTS_MAX;
        Place *split = is_large && has_guard ? alternatives_place(m, first) : NULL;
        if (split != NULL) { // each alternative is tried with the guard
            Rows all = {0};
            rows_push_alternatives(m, &all, first, split);
            for (uint32_t i = 1; i < rows.count; i++)
                rows_push(m, &all, rows.items[i]);
            rows = all;
            continue;
        }
        if (first->test_count == 0 || is_large) {
            Decision *leaf = tree_new(m, first->test_count == 0 ? TREE_LEAF : TREE_ROW);
            leaf->row = first;
            leaf->has_guard = has_guard;
            m->arm_uses[first->arm]++;
            *link = leaf;
            if (leaf->kind == TREE_LEAF && !has_guard) return result;
            link = &leaf->next;
            rows.items++;
            rows.count--;
            rows.capacity = rows.count;
            continue;
        }
        Place *place = choose_place(&rows);
        Rows all = {0};
        for (uint32_t i = 0; i < rows.count; i++)
            rows_push_alternatives(m, &all, rows.items[i], place);
        rows = all;
        Node pattern = row_pattern(rows.items[0], place);
        if (pattern == 0) continue; // an alternative that always fits
        switch (body->kind[pattern]) {
        case TYPED_PAT_INT:
        case TYPED_PAT_CONSTRUCT: {
            Decision *tree = *link = tree_new(m, TREE_SWITCH);
            tree->place = place;
            tree->is_tag = body->kind[pattern] == TYPED_PAT_CONSTRUCT;
            rows = build_switch(b, tree, rows, place);
            if (is_exhaustive(m, tree)) return result;
            link = &tree->next;
            break;
        }
        case TYPED_PAT_LIST: {
            Fact fact = fact_of(b.facts, place);
            Row *decided = row_in_length(m, rows.items[0], place, fact);
            if (decided != rows.items[0]) { // nothing to ask
                rows = rows_in_length(m, &rows, place, fact);
                break;
            }
            Decision *tree = *link = tree_new(m, TREE_TEST);
            tree->place = place;
            rows = build_length(&b, tree, &rows, place, pattern);
            link = &tree->next;
            break;
        }
        default: { // a float, a str, a range
            Decision *tree = *link = tree_new(m, TREE_TEST);
            tree->place = place;
            tree->pattern = pattern;
            tree->test = body->kind[pattern] == TYPED_PAT_RANGE ? TEST_RANGE : TEST_EQUAL;
            Rows yes = {0}, no = {0};
            split_by_value(m, &rows, place, pattern, &yes, &no);
            tree->yes = build((Builder){m, b.facts, b.depth + 1}, yes);
            rows = no;
            link = &tree->next;
            break;
        }
        }
    }
}

// The alternatives of a row with a guard, each of which must be tried with it; the row itself where they are very many.
static void push_guarded(Match *m, Rows *out, Row *row, uint32_t limit) {
    Place *place = alternatives_place(m, row);
    if (place == NULL || out->count >= limit) {
        vec_push(m->arena, out, row);
        return;
    }
    uint32_t list = m->body->b[row_pattern(row, place)], count = list_count(m->body, list);
    for (uint32_t i = 0; i < count; i++) {
        Row *alternative = row_without(m, row, place);
        row_add(m, alternative, place, list_item(m->body, list, i));
        push_guarded(m, out, alternative, limit);
    }
}

// One row after the other, each tested by itself: as large as the patterns are, whatever they are.
static Decision *chain_of_rows(Match *m, Row **rows, uint32_t count) {
    Decision *result = NULL, **link = &result;
    Rows all = {0};
    for (uint32_t i = 0; i < count; i++) {
        if (m->guards[rows[i]->arm] != 0)
            push_guarded(m, &all, rows[i], all.count + GUARDED_MAX);
        else
            vec_push(m->arena, &all, rows[i]);
    }
    for (uint32_t i = 0; i < all.count; i++) {
        Decision *row = *link = tree_new(m, TREE_ROW);
        row->row = all.items[i];
        row->has_guard = m->guards[row->row->arm] != 0;
        m->arm_uses[row->row->arm]++;
        link = &row->next;
    }
    *link = tree_new(m, TREE_FAIL);
    return result;
}

Decision *match_tree(Match *m, Row **rows, uint32_t count, uint32_t arm_count) {
    Rows all = {0};
    m->node_limit = NODES_FIRST;
    for (uint32_t i = 0; i < count; i++) {
        m->node_limit += NODES_PER_TEST * (1 + rows[i]->test_count);
        rows_push(m, &all, rows[i]);
    }
    Decision *tree = build((Builder){m, NULL, 0}, all);
    if (!is_over(m)) return tree;
    memset(m->arm_uses, 0, sizeof(uint32_t) * arm_count);
    return chain_of_rows(m, rows, count);
}

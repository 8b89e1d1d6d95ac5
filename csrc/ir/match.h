// ir/match.h: decision trees for match, between lower_match.c (which emits them) and match_tree.c (which builds them).
//
// SOURCE     The clause form of Jacobs, How to compile pattern matching (2021): each row is a list of (place, pattern) that
//            must still hold; the first row's tests decide where to look next; Maranget's trees (2008) come out.
// SHAPE      Place  a part of the value that is matched, by the way that leads there; its local once it has been taken out
//            Row    an alternative of an arm: tests that remain, names to bind
//            Decision   SWITCH on a variant or a number · TEST one condition · LEAF an arm · FAIL nothing fits
//                   · ROW one alternative, tested by itself, where a tree would get too large or too deep
// INVARIANTS M1 No question is asked twice on a path of the tree. M2 Rows keep their order: the first that fits wins, and
//            the row after a leaf with a guard is tried when the guard fails.
#pragma once
#include "ir/lower.h"

typedef enum Access { ACCESS_ROOT, ACCESS_FIELD, ACCESS_ELEMENT, ACCESS_ELEMENT_BACK, ACCESS_REST } Access;

typedef struct Place {
    struct Place *parent, *first_child, *next_sibling;
    Access access;
    uint32_t variant; // FIELD
    uint32_t index;   // of the field; of the element, from the start or from the end; REST: how many before
    uint32_t after;   // REST: how many after
    TypeId type;
    Local local, tag, length; // 0: not taken out yet (on the path that is being emitted)
} Place;

typedef struct PatternTest {
    struct PatternTest *next;
    Place *place;
    Node pattern;
} PatternTest;

typedef struct PatternName {
    struct PatternName *next;
    Place *place;
    uint32_t local; // of the body
} PatternName;

typedef struct Row {
    PatternTest *tests; // in the order of the text
    PatternName *names; // the last one first
    uint32_t test_count;
    uint32_t arm;
} Row;

typedef enum DecisionKind { TREE_FAIL, TREE_LEAF, TREE_SWITCH, TREE_TEST, TREE_ROW } DecisionKind;
typedef enum TestKind { TEST_EQUAL, TEST_RANGE, TEST_LENGTH, TEST_LENGTH_AT_LEAST } TestKind;

typedef struct Decision Decision;
typedef struct DecisionCase {
    int64_t value;
    Decision *tree;
} DecisionCase;

struct Decision {
    DecisionKind kind;
    Row *row;       // LEAF, ROW
    bool has_guard; // LEAF, ROW: `next` when it fails
    Place *place;   // SWITCH, TEST
    bool is_tag;    // SWITCH: on the variant
    DecisionCase *cases;
    uint32_t case_count;
    TestKind test;
    Node pattern; // TEST: whose constant or bounds it is
    uint32_t length;
    Decision *yes;  // TEST
    Decision *next; // SWITCH: default (NULL: none needed) · TEST: no · LEAF: guard failed · ROW: it does not fit
};

typedef struct Match {
    Frame *frame;
    const TypedBody *body;
    Arena *arena;
    Place *root;
    const Node *guards; // by arm, 0: none
    uint32_t *arm_uses; // by arm: leaves and rows that lead to it
    uint32_t work;      // rows handled so far: bounds the time
    uint32_t node_count, node_limit;
} Match;

Place *place_child(Match *m, Place *parent, Access access, uint32_t variant, uint32_t index, uint32_t after,
                   TypeId type);
Place *place_field(Match *m, Place *parent, uint32_t variant, uint32_t field);
// Adds what `pattern` asks of `place` to the row: tests, names; what always holds is taken apart at once.
void row_add(Match *m, Row *row, Place *place, Node pattern);
// A tree, or where that would get too large the rows in order. Fills m->arm_uses.
Decision *match_tree(Match *m, Row **rows, uint32_t count, uint32_t arm_count);
int64_t pattern_number(const TypedBody *body, Node pattern); // of a PAT_INT

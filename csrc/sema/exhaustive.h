// sema/exhaustive.h: whether patterns cover every value, and which of them nothing can reach (chapter 7).
//
// WHY        A match without an arm for some value would have to panic; an arm that nothing reaches is a mistake in
//            what its writer believes. Both are known when a body's types are final, so they are asked for then.
// SHAPE      while a body is checked, coverage_of_… notes what is to be looked at; coverage_check does it at the end:
//                arms ──▶ matrix of rows ──▶ columns, left to right ──▶ rows that are reached, cases that no row fits
//            exhaustive.c is the walk over the matrix, exhaustive_report.c shows what it found.
//            The walk is that of Luc Maranget, Warnings for pattern matching (JFP 17, 2007), with both questions asked in
//            one pass: a column's constructors part its values into buckets, and each bucket is a smaller matrix. A
//            bucket's first row that always fits is reached and ends it; one without rows is a missing case.
// INVARIANTS X1 What is found depends on the order of the text alone: no NameId or TypeId orders anything.
//            X2 The walk keeps its frames in a vector of its own, so that a tuple of thousands of parts takes no stack.
// COST       Every row that goes into a bucket, and every part that is looked at, is a step; 1,000,000 of them are the end.
// OWNERSHIP  Everything lies in the body's scratch arena.
#pragma once
#include "sema/body_internal.h"

#define COVER_STEPS_MAX 1000000u
#define COVER_CASES_MAX 3u // shown; one more is looked for, to know whether there are others

// What a column's value is on the way to a case. Read in order they are that case as a pattern, each before its parts.
typedef enum ChoiceKind {
    CHOICE_ANY,     // `_`
    CHOICE_PARTS,   // a tuple, record or newtype
    CHOICE_VARIANT, // number: the variant
    CHOICE_LENGTH,  // number: the length of a list
    CHOICE_LONGER,  // a list of that length or more
    CHOICE_RANGE,   // low to high, both included, as keys
    CHOICE_LITERAL, // what `node` is
    CHOICE_OPTIONS, // one of several without a row of their own
} ChoiceKind;

typedef struct Choice {
    ChoiceKind kind;
    uint32_t node;         // a pattern of the column: its type, or the literal
    uint32_t number;       // by kind
    uint32_t heads, tails; // columns for its parts: a list's come from both ends, all others are heads
    uint32_t option, option_count;
    uint64_t low, high;
} Choice;

typedef struct Cell { // what one row has in one column, and in those after it
    uint32_t node;    // 0: anything fits
    uint32_t next;    // into Cover.cells, 0 at the end
} Cell;

typedef struct Row {
    uint32_t cells;
    uint32_t open;  // cells that do not fit everything
    uint32_t arm;   // its index
    uint32_t links; // the alternatives that it was taken from: into Cover.links
} Row;

typedef struct Bucket { // the values of one constructor, or of all those that have no row of their own
    Choice choice;
    uint32_t first, count; // rows of the frame that may fit it: into Cover.refs
    bool is_closed;        // its last row fits all of it
    bool is_empty;         // a variant with a part of type Never
} Bucket;

typedef struct Reach { // which buckets a row goes into
    uint32_t first, end;
    uint32_t open; // of the row there
    bool in_options;
} Reach;

typedef struct Frame { // a column that is being looked at; the counts are how long each vector was when it was parted
    uint32_t first_row, rows, cells, links, refs, options, path;
    uint32_t first_bucket, buckets, next, left; // round from `next` until none is left
} Frame;

typedef struct Cover {
    Body *c;
    VEC(Cell) cells;
    VEC(Row) rows;
    VEC(Cell) links; // node: the alternative
    VEC(Choice) path;
    VEC(Choice) options;
    VEC(Bucket) buckets;
    VEC(uint32_t) refs;
    VEC(Frame) frames;
    VEC(Reach) reaches; // of the column being parted, by row
    VEC(uint64_t) keys; // likewise: sorted
    VEC(uint32_t) numbers;
    VEC(uint32_t) walk;
    uint8_t *is_reached;  // by node, of alternatives
    uint8_t *arm_reached; // of the match being looked at
    const uint8_t *arm_guarded;
    uint32_t steps;
    bool is_too_long;
    Text cases[COVER_CASES_MAX + 1];
    uint32_t case_count;
    bool has_cut_case; // one is too long to show
} Cover;

// ---- exhaustive.c ------------------------------------------------------------------------------------------------------
uint32_t cover_head(const Body *c, uint32_t node); // the pattern without names around it; 0 when it fits everything
void cover_parts_push(Cover *v, uint32_t node);    // its parts, onto Cover.walk
bool cover_variant_is_empty(Body *c, const TypeShape *shape, uint32_t variant);
void cover_rows(Cover *v, const uint32_t *patterns, const uint8_t *guarded, uint32_t count);

// ---- exhaustive_report.c -------------------------------------------------------------------------------------------------
void cover_case_add(Cover *v); // the case that Cover.path leads to

// cgen/writer.h: one core function on its way to C: state shared by functions.c, statements.c and expressions.c.
//
// EXPRESSIONS  An operation whose result is an unnamed scalar that is read once becomes an expression that waits (`pending`)
//              and is written inside its reader. Everything else is a statement.
//              E1 Pure expressions read locals only; loads read memory; effects call, or may panic.
//              E2 At most one effect waits. Making an effect writes out the waiting effect and loads that it does not read itself,
//                 so C's unspecified order of evaluation never decides anything.
//              E3 A statement writes out all that waits and that it does not read.
// FRAMES       E4 Before anything that may panic runs, the frame's live bits are exactly what the function owns then. An effect that may
//                 panic carries its set; it is only written inside an operation that has the same set or cannot panic.
#pragma once
#include "cgen/cgen_internal.h"

typedef enum ExprKind { EXPR_PURE, EXPR_LOAD, EXPR_EFFECT } ExprKind;

typedef struct Expr {
    Text text;
    ExprKind kind;
    bool is_compound; // needs parentheses as an operand
    uint8_t depth;
    const uint64_t *live; // may panic: the live set that it needs; NULL: cannot panic, or the function has no frame
} Expr;

typedef struct LocalInfo {
    const Layout *layout; // as declared
    const Layout *base;   // newtypes seen through
    uint32_t uses, definitions;
    uint32_t slot;      // of the frame, from 1; 0: none
    bool is_tracked;    // holds references of its own
    bool is_by_pointer; // an aggregate parameter that is read where the caller has it
    bool is_parameter;
    bool is_copied;   // a parameter with a variable of its own
    bool is_declared; // mentioned as a variable
    bool is_pending;
    bool is_in_result; // an aggregate that was built where the caller wants it
    Expr pending;
    Text name; // "total_4", once local_name was asked
} LocalInfo;

typedef struct ControlFrame {
    CoreOp op;
    uint32_t label;
    bool is_flat; // written with gotos: nests too deep
    bool is_done_used, is_again_used;
    bool has_default;
    bool is_negated;      // an IF without a first part: only its ELSE is written
    uint32_t flat;        // number of its flat labels
    uint32_t arm;         // of a flat SWITCH
    uint32_t live_stores; // g->live_stores at its opening
    uint64_t *saved_known;
    bool saved_is_known;
} ControlFrame;

// Which tracked locals are owned, going forward through a function with counts.
typedef struct OwnedFrame {
    CoreOp op;
    uint32_t label;
    uint64_t *saved, *after; // after: NULL until some path gets there
    bool is_complete;
} OwnedFrame;
typedef struct OwnedWalk {
    const CoreFunction *function;
    Arena *arena;
    const uint32_t *bit; // per local: bit + 1, or 0
    uint32_t words;
    uint64_t *owned;
    uint32_t *extra; // per local: references that DUP made and nobody took yet
    bool is_reached;
    VEC(OwnedFrame) frames;
} OwnedWalk;
void owned_start(OwnedWalk *walk, const CoreFunction *function, const uint32_t *bit, uint32_t words, Arena *arena);
void owned_before(OwnedWalk *walk, const CoreInstruction *in); // takes what the operation takes; control
void owned_after(OwnedWalk *walk, const CoreInstruction *in);  // adds what it gives

struct Gen {
    const Generation *g;
    const Program *program;
    const Layouts *layouts;
    CoreFunction *f; // with counts
    uint32_t index;  // into CoreProgram.functions
    Arena *arena;    // until the function is written
    Arena *keep;     // of what `out` holds
    FunctionText *out;
    const Module *module;
    LocalInfo *locals;
    VEC(uint32_t) pending; // locals whose expressions wait, in order
    Buffer body;
    uint32_t indent, depth; // depth: of C blocks
    VEC(ControlFrame) control;
    OwnedWalk reach;     // of no locals: only which code is reached
    uint8_t *may_panic;  // per instruction
    uint64_t **owned_at; // per instruction that may panic, where there is a frame: which tracked locals are owned then
    uint32_t owned_words;
    const uint32_t *of_bit; // per bit of them: the local
    uint32_t slot_count, live_words;
    uint64_t *known; // what frame.live holds, if is_known
    bool is_known;
    uint32_t live_stores;
    uint32_t flat_count;
    uint32_t box_count;
    PositionCache *position; // the worker's: functions of one file follow each other
    bool has_lines;          // each source line is one line of C; else each statement is
    bool is_instance;
    uint32_t line, wanted_line; // of the C text, as the compiler counts it; of the source
    bool uses_task, uses_at, uses_self;
    bool takes_place;
    bool is_path_over; // nothing reaches what is written next
};

// ---- functions.c
Text local_name(Gen *g, uint32_t local);
void use_type(Gen *g, const Layout *layout, uint32_t flags);
void use_function(Gen *g, uint32_t function);
void use_function_early(Gen *g, uint32_t function); // before all definitions
void note(Gen *g, NamedTexts *all, NamedText one);
Text descriptor(Gen *g, const Layout *layout); // `&sgt_…`
Text type_name(Gen *g, const Layout *layout);
Text place_of(Gen *g, uint32_t token);     // `at` or `&L54C11`
Text own_place_of(Gen *g, uint32_t token); // `L54C11`, even where `at` would do
Text literal_of(Gen *g, NameId text);      // `(SiStr *)&str_…`
Text concat_texts(Gen *g, const Text *parts, uint32_t count);
#define concat(g, ...)                                                                                                 \
    concat_texts((g), (const Text[]){__VA_ARGS__}, (uint32_t)(sizeof((const Text[]){__VA_ARGS__}) / sizeof(Text)))
Text format_text(Gen *g, const char *format, ...) PRINTF_LIKE(2, 3);
Text closure_cell(Gen *g, uint32_t lambda); // name of the struct of a lambda's closure: "sc_…"

// ---- statements.c
void write_line(Gen *g, Text text); // one statement with its `;` or brace, on the line of its source
void write_label(Gen *g, Text text);
void flush_pending(Gen *g); // everything that waits becomes statements
void flush_effects(Gen *g);
void materialize(Gen *g, uint32_t local); // this one and what waits before it
void set_live(Gen *g, const uint64_t *live);
void write_statement(Gen *g, const CoreInstruction *in);
void write_retain(Gen *g, uint32_t local);
void write_release(Gen *g, uint32_t local);

// ---- expressions.c
Text variable_of(Gen *g, uint32_t local); // as an lvalue, or an rvalue for by-pointer parameters `(*p)`
Expr take(Gen *g, uint32_t local);        // the operand's expression
Text take_text(Gen *g, uint32_t local, bool parenthesize);
Text address_of(Gen *g, uint32_t local); // pointer to its value
Text member_of(Gen *g, uint32_t local);  // "x." or "p->" of an aggregate
// The operation as an expression; false: it has to be statements.
bool build_expression(Gen *g, const CoreInstruction *in, Expr *out);
bool build_read(Gen *g, const CoreInstruction *in,
                Expr *out); // what FIELD, LIST_GET and CAPTURE read, without its retain
Text call_text(Gen *g, const CoreInstruction *in, Text result,
               Expr *out);                                    // CALL, INTRINSIC, CALL_CLOSURE; result: "&x" or empty
bool intrinsic_only_looks(Gen *g, const CoreInstruction *in); // no effect: may wait as a load
bool returns_through_pointer(Gen *g, const CoreInstruction *in);

// ir/lower.h: what the files of lowering share. Private to ir/lower*.c and ir/instances.c.
//
// SHAPE      Lower   one instance: a function with concrete type arguments, and the lambdas in it
//            Frame   one core function that is being written: the function itself, or one of its lambdas
//            Dest    where an expression's value shall go: so that most values are made where they are needed
// INVARIANTS L1 While frame->is_dead nothing is emitted, so no instruction follows a RETURN, BREAK, PANIC in its block.
//            L2 A Dest of kind INTO that is no variable is fresh: the expression cannot read it, so it may be written early.
//            L3 Operands are locals. One that is a variable may be assigned by a later operand: operands_settle copies it then.
//            L4 A match, loop or pattern never emits an arm or a lambda's body more than once; guards may be.
// THREADS    Any number of instances at once; each writes its own arena.
// STACK      Lowering recurses over the tree. Chains of operators and calls are loops (lower_chain), the rest is bounded by
//            the parser's nesting limit, so frames are kept small: one function per kind, arrays in the arena.
#pragma once
#include "ir/core.h"

typedef uint32_t Node;  // of the typed body
typedef uint32_t Local; // of the core function; 0 is none

typedef struct Shared { // of all instances of a program; read-only
    const Program *program;
    FunctionId intrinsics[INTRINSIC_COUNT]; // its declaration
    const uint8_t *intrinsic_of;            // by FunctionId: which Intrinsic, or 0
    uint32_t option_some, option_none;      // variant numbers
    uint32_t result_ok, result_err;
} Shared;

typedef struct TypePair {
    TypeId from, to;
} TypePair;

typedef struct DynTable { // the methods of a table, as lambdas over a value of type `from`
    TypeId from, to;
    uint32_t first, count; // into Lower.functions
} DynTable;

typedef struct Lower {
    const Shared *shared;
    const Program *program;
    const TypedBody *body;
    Arena *arena;   // of what the core functions keep
    Arena *scratch; // of all else, until the instance is lowered; Frame.arena is this one
    FunctionId function;
    const TypeId *arguments;
    uint32_t argument_count;
    TypePair *substituted; // open addressing by type; from 0: free
    uint32_t substituted_capacity, substituted_count;
    Local *bindings; // by local of the body; a lambda binds its captures anew, and puts back what was there
    VEC(CoreFunction *) functions; // [0] the function, then its lambdas in the order of their beginning
    uint32_t *lambda_function;     // by lambda: index into functions + 1, or 0
    VEC(DynTable) tables;          // lower_dyn.c
    uint32_t synthetic_count;      // lambdas that stand for operators and variants, numbered after the body's own
} Lower;

typedef enum DestKind {
    DEST_ANY,  // any local: the value's own where it has one
    DEST_INTO, // this local
    DEST_DROP, // evaluated for its effect
    DEST_TAIL, // returned from the core function
} DestKind;

typedef struct Dest {
    DestKind kind;
    Local local;
} Dest;

static inline Dest dest_any(void) { return (Dest){DEST_ANY, 0}; }
static inline Dest dest_into(Local local) { return (Dest){DEST_INTO, local}; }
static inline Dest dest_drop(void) { return (Dest){DEST_DROP, 0}; }
static inline Dest dest_tail(void) { return (Dest){DEST_TAIL, 0}; }

typedef struct Exit { // where `?` leaves to: label 0 returns from the core function
    uint32_t label;
    Local local;
} Exit;

typedef struct LocalInfo {
    bool is_variable; // may be assigned more than once while others look at it
    uint32_t parts;   // not 0: a tuple that was never built; its parts are at this index of frame->parts
    uint32_t part_count;
} LocalInfo;

typedef struct Control { // an open BLOCK, LOOP, IF or SWITCH
    uint8_t op;
    bool is_open;     // false: it began in dead code and is not there at all
    bool has_else;    // IF: ELSE, SWITCH: DEFAULT_CASE
    bool is_end_live; // somebody reaches its end: BREAK, or an earlier branch
    bool has_branch;  // SWITCH: a case has begun
    uint32_t label;
    uint32_t at; // index of its instruction
} Control;

typedef struct LoopTarget {
    uint32_t break_label;
    uint32_t continue_label;
    bool continue_breaks; // the body runs at most once (an Option): continue leaves as break does
    Dest dest;            // of break's value
} LoopTarget;

typedef struct TryTarget {
    uint32_t id;
    Exit exit;
} TryTarget;

typedef struct Operand {
    Local local;
    uint32_t position; // length of the code when it had been evaluated
    uint32_t assigns;  // frame->assign_count then
} Operand;

typedef struct Frame {
    Lower *lower;
    const TypedBody *body;
    Arena *arena;
    CoreFunction *function;
    uint32_t index; // in lower->functions
    uint32_t lambda;
    VEC(CoreInstruction) code;
    VEC(uint32_t) extra;
    VEC(CoreLocal) locals;
    VEC(LocalInfo) infos;
    VEC(CoreRef) refs;
    VEC(Control) controls;
    VEC(LoopTarget) loops;
    VEC(TryTarget) tries;
    VEC(Local) parts;
    Local *bindings; // the Lower's
    uint32_t label_count;
    uint32_t token; // of what is emitted next
    bool is_dead;
    Exit exit;           // of a `?` that leaves the function, or the lambda that is expanded here
    uint32_t expanding;  // lambdas that are being expanded in place here
    uint32_t tail_label; // of the loop that a self call in tail position continues; 0: there is none
    Local *tail_locals;  // its variables, by parameter
    uint32_t assign_count;
    Node ready_node; // lower_chain: evaluated already, as `ready`
    Operand ready;
} Frame;

// ---- lower.c: types, emitting, frames
TypeId type_concrete(Lower *lower, TypeId type); // with the instance's type arguments put in
static inline TypeId type_of(Frame *f, Node node) { return type_concrete(f->lower, f->body->type[node]); }
static inline TypeId type_of_local(const Frame *f, Local local) { return f->locals.items[local].type; }
static inline const TypeInfo *info_of(const Lower *lower, TypeId type) {
    return type_info(lower->program->types, type);
}
static inline TypeKind kind_of(const Lower *lower, TypeId type) { return (TypeKind)info_of(lower, type)->kind; }
bool type_is_option(const Lower *lower, TypeId type);
bool type_is_result(const Lower *lower, TypeId type);
uint32_t type_variant_count(const Lower *lower, TypeId type); // 1 for records, tuples, newtypes
uint32_t type_field_count(const Lower *lower, TypeId type, uint32_t variant);
TypeId type_field(Lower *lower, TypeId type, uint32_t variant, uint32_t field);  // concrete
bool type_is_enum(const Lower *lower, TypeId type);                              // a sum without any field
const TypeId *types_concrete(Lower *lower, const TypeId *types, uint32_t count); // a copy in the arena

Local local_new(Frame *f, TypeId type, NameId name);
Local local_temporary(Frame *f, TypeId type);
void lower_local_name(Frame *f, Local local, NameId name); // unless it has one
static inline bool local_is_variable(const Frame *f, Local local) { return f->infos.items[local].is_variable; }
static inline void local_set_variable(Frame *f, Local local) { f->infos.items[local].is_variable = true; }
Local local_virtual(Frame *f, TypeId type, const Local *parts,
                    uint32_t count); // a tuple that is built only if somebody needs it
static inline const Local *local_parts(const Frame *f, Local local) {
    uint32_t at = f->infos.items[local].parts;
    return at == 0 ? NULL : f->parts.items + at;
}
Local local_whole(Frame *f, Local local, Dest dest); // a virtual tuple is built

void emit(Frame *f, CoreOp op, uint32_t sub, uint32_t dst, uint32_t a, uint32_t b);
void emit_flags(Frame *f, CoreOp op, uint32_t sub, uint32_t dst, uint32_t a, uint32_t b, uint8_t flags);
Local emit_int(Frame *f, Local dst, int64_t value); // dst 0: a new int
uint32_t emit_list(Frame *f, const Local *locals, uint32_t count);
uint32_t ref_function(Frame *f, FunctionId function, const TypeId *arguments, uint32_t count); // concrete arguments
uint32_t ref_intrinsic(Frame *f, Intrinsic intrinsic, const TypeId *arguments, uint32_t count);
uint32_t ref_lambda(Frame *f, uint32_t index);
void emit_intrinsic(Frame *f, Intrinsic intrinsic, const TypeId *arguments, uint32_t argument_count, Local dst,
                    const Local *locals, uint32_t count);

uint32_t open_block(Frame *f); // returns its label
uint32_t open_loop(Frame *f);
void open_if(Frame *f, Local condition);
void open_else(Frame *f);
void open_switch(Frame *f, Local on);
void open_case(Frame *f, int64_t value);
void open_default(Frame *f);
void close_control(Frame *f);
void emit_break(Frame *f, uint32_t label);
void emit_continue(Frame *f, uint32_t label);
void emit_break_unless(Frame *f, Local condition, uint32_t label);
void emit_break_if(Frame *f, Local condition, uint32_t label);
void emit_return(Frame *f, Local local);
void emit_end(Frame *f, CoreOp op); // PANIC, UNREACHABLE

Frame *frame_begin(Lower *lower, uint32_t lambda);
void frame_end(Frame *f);
// The core function of a lambda of the body, made at its first use; index into lower->functions.
uint32_t lower_lambda(Frame *outer, uint32_t lambda);
const uint32_t *lambda_captures(Lower *lower, uint32_t lambda, uint32_t *count);

// Lowers one instance into `arena`. `functions` receives it and its lambdas. `scratch` has nothing that is needed afterwards.
void lower_instance(const Shared *shared, FunctionId function, const TypeId *arguments, uint32_t argument_count,
                    Arena *scratch, Arena *arena, CoreFunction ***functions, uint32_t *function_count);

// ---- lower_expressions.c
Local lower(Frame *f, Node node, Dest dest); // the value's local; 0 where nothing follows
Local dest_target(Frame *f, Dest dest, TypeId type);
Dest dest_join(Frame *f, Dest dest, TypeId type);         // for values that come from several places: ANY becomes INTO
Local dest_accumulator(Frame *f, Dest dest, TypeId type); // a local that may be written before the end (L2)
Local give(Frame *f, Dest dest, Local local);             // an existing value to its destination
Local give_made(Frame *f, Dest dest, Local local);        // the same for what dest_target was written to
Local give_unit(Frame *f, Dest dest);
Operand operand(Frame *f, Node node);
Operand operand_of(Frame *f, Local local);
void operands_settle(Frame *f, Operand *operands, uint32_t count);
Local lower_construct(Frame *f, TypeId type, uint32_t variant, const Local *fields, uint32_t count, Dest dest);
Local lower_field(Frame *f, Local of, uint32_t variant, uint32_t field, TypeId type, Dest dest);
Local lower_binary_operation(Frame *f, TypedOp op, TypeId written, Local left, Local right, TypeId result, Dest dest);
Local lower_unary_operation(Frame *f, TypedOp op, Local of, TypeId result, Dest dest);
Local lower_is_variant(Frame *f, Local of, uint32_t variant); // a bool
Local lower_scrutinee(Frame *f,
                      Node node); // a value that is taken apart: no variable, and a written tuple stays virtual
static inline Dest exit_dest(Exit exit) { return exit.label == 0 ? dest_tail() : dest_into(exit.local); }
void lower_bind(Frame *f, uint32_t local, Local value); // an immutable local of the body is this value
static inline bool is_void(TypeId type) { return type.index == TYPE_VOID; }
static inline bool is_never(TypeId type) { return type.index == TYPE_NEVER; }

// ---- lower_control.c: if, sequences, let, loops that test, try and `?`
Local lower_if(Frame *f, Node node, Dest dest);
Local lower_sequence(Frame *f, Node node, Dest dest);
Local lower_let(Frame *f, Node node, Dest dest);
Local lower_assign(Frame *f, Node node, Dest dest);
Local lower_while(Frame *f, Node node, Dest dest);
Local lower_loop(Frame *f, Node node, Dest dest);
Local lower_break(Frame *f, Node node);
Local lower_continue(Frame *f, Node node);
Local lower_try(Frame *f, Node node, Dest dest);
Local lower_question(Frame *f, Node node, Dest dest);
Local lower_coalesce(Frame *f, Node node, Dest dest);
Local lower_recurse(Frame *f, Node node, Dest dest);

// ---- lower_calls.c
Local lower_call(Frame *f, Node node, Dest dest);
Local lower_call_value(Frame *f, Node node, Dest dest);
Local lower_self_call(Frame *f, Node node, Dest dest);
Local lower_call_function(Frame *f, FunctionId function, const TypeId *arguments, uint32_t argument_count,
                          const Local *locals, uint32_t count, TypeId result, Dest dest);
Local lower_function_value(Frame *f, Node node, Dest dest); // FUNCTION, VARIANT_FUNCTION, OPERATOR_FUNCTION, LAMBDA
bool has_tail_self(Frame *f, Node node);
void lower_intrinsic_body(Lower *lower); // of an intrinsic that is used as a value

typedef enum CallableKind {
    CALLABLE_VALUE,
    CALLABLE_LAMBDA,
    CALLABLE_FUNCTION,
    CALLABLE_VARIANT,
    CALLABLE_OPERATOR
} CallableKind;
typedef struct Callable { // a function argument of a pattern
    CallableKind kind;
    Node node;
    Operand value;     // CALLABLE_VALUE
    Operand *captured; // CALLABLE_LAMBDA: what it captures, as it was when the lambda was reached
    uint32_t capture_count;
} Callable;
Callable callable_prepare(Frame *f, Node node);
void callable_settle(Frame *f, Callable *callable);
Local callable_call(Frame *f, Callable *callable, const Local *locals, uint32_t count, TypeId result, Dest dest);

// ---- lower_dyn.c
Local lower_dyn(Frame *f, Node node, Dest dest);
// A call of a trait's method where Self is a `dyn` type that has the trait; false: it is none.
bool lower_call_dyn(Frame *f, FunctionId function, const TypeId *arguments, uint32_t argument_count,
                    const Local *locals, uint32_t count, TypeId result, Dest dest, Local *out);
bool is_dyn_method(const Lower *lower, FunctionId function, const TypeId *arguments, uint32_t count);

// ---- lower_match.c
Local lower_match(Frame *f, Node node, Dest dest);
void lower_pattern(Frame *f, Node pattern, Local value); // an irrefutable one: let, for

// ---- lower_loops.c
typedef struct Iterated { // what a loop goes over, evaluated
    Node node;
    TypeId type;
    bool is_range; // written as a range: two operands
    bool is_inclusive;
    Operand operands[2];
} Iterated;
typedef struct Iteration { // an open loop
    LoopTarget target;
    Local element; // may be virtual (pairs of a map)
    bool is_option;
} Iteration;
Iterated iterated_prepare(Frame *f, Node node);
TypeId iterated_element(Lower *lower, TypeId type);
void iteration_open(Frame *f, Iterated *over, NameId name, Iteration *out);
void iteration_close(Frame *f, Iteration *iteration);
Local lower_length(Frame *f, Local of, Dest dest);
Local lower_for(Frame *f, Node node, Dest dest);

// ---- lower_patterns.c
Local lower_pattern_expression(Frame *f, Node node, Dest dest);

// ---- reading the body
static inline uint32_t list_count(const TypedBody *body, uint32_t list) { return list == 0 ? 0 : body->extra[list]; }
static inline uint32_t list_item(const TypedBody *body, uint32_t list, uint32_t i) { return body->extra[list + 1 + i]; }
static inline uint32_t pair_number(const TypedBody *body, uint32_t pairs, uint32_t i) {
    return body->extra[pairs + 1 + 2 * i];
}
static inline Node pair_node(const TypedBody *body, uint32_t pairs, uint32_t i) {
    return body->extra[pairs + 2 + 2 * i];
}
static inline void at_node(Frame *f, Node node) { f->token = f->body->token[node]; }
static inline int64_t wide(uint32_t low, uint32_t high) { return (int64_t)((uint64_t)low | (uint64_t)high << 32); }

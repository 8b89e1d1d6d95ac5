// sema/body_internal.h: what the files that check one function body share.
//
// WHY        One body is one task: it reads signatures and interned types and owns everything that it writes. So all of
//            its state hangs off one struct, Body, and nothing here is seen outside csrc/sema.
// SHAPE      expr(node, expected) walks the syntax tree once and appends typed nodes. What cannot be decided yet (the
//            receiver's type is still open) leaves a placeholder node and a Waiting entry with its environment; finish.c
//            works that list off, solves the obligations, replaces variables and copies the result compactly.
//                tree ──expr──▶ nodes with open types ──waiting──▶ nodes ──obligations──▶ zonk ──▶ TypedBody
//            Types: a TypeId with LOCAL_TYPE set is an index into Body.types: a variable, a variable that was bound, or a
//            type that is built with variables in it. All other TypeIds are interned and final.
// INVARIANTS C1 A type without variables is interned, so that equal final types have equal ids.
//            C2 Chains of binary and postfix operators are walked by a loop (spine.c); all other recursion follows nesting,
//               which the parser bounds.
//            C3 A mistake is reported once: what failed has TYPE_ERROR, which fits everything.
// OWNERSHIP  Body.scratch dies with the check; diagnostics and the final arrays live in the TypedBody's arena.
#pragma once
#include "sema/typed.h"

// For what must not widen the frames of the functions that recurse with the nesting of the text.
#if defined(__GNUC__)
#define OUT_OF_LINE __attribute__((noinline))
#else
#define OUT_OF_LINE
#endif

#define LOCAL_TYPE 0x80000000u
#define STACK_SHARED_BYTES (256u << 10) // of the worker's stack, before a deep body gets one of its own
#define TYPE_PARTS_MAX 10000u
#define TYPE_DEPTH_MAX 128u

#define ERROR_TYPE TYPE_ID(TYPE_ERROR)
#define VOID_TYPE TYPE_ID(TYPE_VOID)
#define NEVER_TYPE TYPE_ID(TYPE_NEVER)
#define BOOL_TYPE TYPE_ID(TYPE_BOOL)
#define INT_TYPE TYPE_ID(TYPE_INT)
#define BYTE_TYPE TYPE_ID(TYPE_BYTE)
#define FLOAT_TYPE TYPE_ID(TYPE_FLOAT)
#define CHAR_TYPE TYPE_ID(TYPE_CHAR)
#define STR_TYPE TYPE_ID(TYPE_STR)

// Names that the checker knows; found once for a program.
// It finds no resting place for this macro.
// clang-format off
#define KNOWN_NAMES(X)                                                                                                 \
    X(int)                                                                                                             \
    X(float)                                                                                                           \
    X(byte)                                                                                                            \
    X(char)                                                                                                            \
    X(str)                                                                                                             \
    X(bool)                                                                                                            \
    X(Set) X(Range) X(Channel) X(Duration) X(Size) X(Instant) X(List) X(Never) X(Self) X(value) X(eq) X(ne) X(lt)      \
        X(le) X(gt) X(ge) X(cmp) X(equals) X(not_equals) X(compare) X(hash) X(to_string) X(clone) X(len) X(is_empty)   \
            X(assert_panics) X(assert_panics_with) X(assert_panics_call) X(assert_panics_with_call) X(sort_by)         \
                X(sort_by_comparison) X(also) X(message) X(source) X(over) X(transform) X(predicate) X(where) X(init)  \
                    X(initial) X(op) X(range) X(map) X(match) X(cond) X(condition) X(base) X(step) X(memo) X(parallel) \
                        X(expr) X(msg) X(other) X(iter) X(collect) X(to_list) X(print) X(Some) X(Ok) X(Err) X(None)    \
                            X(panic) X(timeout) X(spawn) X(retry) X(cache) X(validate)
typedef struct KnownNames {
#define KNOWN_NAME(word) NameId name_##word;
    KNOWN_NAMES(KNOWN_NAME)
#undef KNOWN_NAME
    NameId name_default; // `default` is a word of C
} KnownNames;
void known_names_init(KnownNames *known, const NameInterner *names);
// Checks one body; what only the check needs lies in `scratch`, which the caller resets.
// `out` is all zero. The typed arrays go to `results`, which outlives the body; with NULL to the body's own arena, as messages always do.
Status body_check_in(const Program *program, FunctionId id, const KnownNames *known, Arena *scratch, Arena *results,
                     TypedBody *out);
// clang-format on

// ---- types with variables ---------------------------------------------------------------------------------------------
typedef struct LocalType {
    uint8_t kind;     // TYPE_NONE: a variable
    uint8_t depth;    // of a built type, as far as known when it was made
    bool is_reported; // a variable: E0361 or E0362 was reported for it
    uint32_t head;
    uint32_t arg_count; // built types
    uint32_t token;     // variables: where it came from
    const TypeId *args; // records: types, then names
    TypeId link;        // variables: what it is bound to, or none; built types: the final type once zonked
} LocalType;

typedef struct TypeShape { // one look at any type
    TypeKind kind;         // TYPE_NONE: an open variable
    uint32_t head, arg_count;
    const TypeId *args;
} TypeShape;

typedef enum UnifyAnswer { UNIFY_OK, UNIFY_DIFFERS, UNIFY_INFINITE, UNIFY_TOO_LARGE } UnifyAnswer;

// ---- what is expected, and why ------------------------------------------------------------------------------------------
typedef enum ReasonKind {
    REASON_NONE,
    REASON_PARAMETER, // a: FunctionId, b: index of the parameter
    REASON_RESULT,    // the result of the function being checked
    REASON_PLACE,     // a: start, b: end of a span in this file, text says what stands there
    REASON_NODE,      // a: a tree node, whose span is looked for only when it is reported
} ReasonKind;

typedef struct Reason {
    ReasonKind kind;
    uint32_t a, b;
    const char *text; // "`{}` is …": static; the type of the place follows it where it ends in a space
    TypeId type;
} Reason;

typedef struct Expected {
    TypeId type;      // none: nothing is expected
    uint32_t reason;  // into Body.reasons; 0 none
    bool takes_apart; // a lambda with n names may stand for a function of one n-tuple
} Expected;
#define NOTHING ((Expected){0})

// ---- the environment of an expression: copied into what waits ---------------------------------------------------------------
typedef struct Binding {
    struct Binding *outer;    // the next older binding of the environment
    struct Binding *shadowed; // what the table held before
    NameId name;
    uint32_t local;
    uint32_t depth;
    uint32_t general; // such a let whose lambda's type is open: index into Body.generals
    NodeIndex lambda; // an immutable let of a lambda: its node, for the names of its parameters
} Binding;

typedef struct LoopScope {
    bool is_loop; // `loop`: break may have a value
    bool has_break;
    TypeId type; // of the values of its breaks; none until the first
    uint32_t reason;
} LoopScope;

typedef enum TryKind { TRY_OPEN, TRY_RESULT, TRY_OPTION, TRY_BROKEN } TryKind;

typedef struct TryScope {
    uint32_t id;
    TryKind kind;
    TypeId error; // Result: the type of the error
    Span origin;  // what decided the kind
    const char *origin_text;
} TryScope;

typedef struct LengthScope { // what `#` stands for
    uint32_t receiver;       // the typed node
    uint32_t local;          // hidden local that holds it, 0 until `#` is met
    uint32_t lambda;         // where the receiver is evaluated
} LengthScope;

typedef struct RecurseScope {
    bool is_in_step;
    uint32_t lambda; // the lambda whose body it is; 0: the function
} RecurseScope;

typedef struct Provision { // of a capability: provisions.c
    struct Provision *outer;
    TraitId trait; // none: opaque
    NameId name;
    Span span;
    uint32_t local;   // what holds the value; 0: an opaque one that the function only declares
    bool is_declared; // by the function; else by `with`
    bool is_used;
    bool is_silent; // something about it was reported
} Provision;

typedef struct Env {
    Binding *bindings;
    Provision *provisions;
    uint32_t lambda; // 0: the function itself
    LoopScope *loop;
    TryScope *attempt;
    LengthScope *length;
    RecurseScope *recurse;
    NameId let_name; // a let whose right side is the lambda that is being checked
} Env;

typedef struct LocalInfo {
    Span span;
    uint32_t lambda;
    bool is_used, is_assigned, is_hidden, is_let;
    bool is_lambda_name; // a parameter of a lambda, also one that takes a tuple apart
} LocalInfo;

typedef struct LambdaInfo {
    TypedLambda typed;
    VEC(uint32_t) captures;
    VEC(uint32_t) parameters;
    TypeId result;           // what its body is checked against
    bool result_by_question; // `?` made the open result a Result or Option
    bool is_annotated;       // every parameter's type is written
} LambdaInfo;

typedef struct Obligation {
    TypeId type;
    TraitId trait;
    const TypeId *trait_arguments; // with variables
    uint32_t trait_argument_count;
    NodeIndex node;       // the argument, call or operator
    bool is_at_token;     // its main token alone
    FunctionId function;  // whose bound it is, or none
    uint32_t bound;       // index into its generics' bounds
    bool is_of_parts;     // an open type does not matter: `{}` without any key
    bool is_of_provision; // E0605 instead
    uint32_t unit;        // whose tree `node` is of
} Obligation;

typedef enum WaitingKind {
    WAIT_METHOD,
    WAIT_FIELD,
    WAIT_TUPLE_PART,
    WAIT_INDEX,
    WAIT_ITERATION,
    WAIT_CONVERSION,
    WAIT_BINARY,
    WAIT_UNARY,
    WAIT_QUESTION,
    WAIT_COALESCE,
    WAIT_OPERATOR
} WaitingKind;

typedef struct Waiting {
    WaitingKind kind;
    bool is_done;
    NodeIndex syntax;  // the whole expression
    uint32_t node;     // the typed placeholder that becomes the result
    uint32_t receiver; // typed node whose type is open
    uint32_t other;    // right operand, index, parts by kind
    TypeId type;       // the open type that is waited for
    TypeId result;     // the type that the placeholder was given
    uint32_t reason;
    uint32_t unit; // whose expression it is
    Env env;
} Waiting;

typedef struct Projection { // an associated type of something open that was made equal to another type
    uint32_t type;          // the LocalType
    NodeIndex at;
    bool is_done;
    uint32_t unit; // whose tree `at` is of
} Projection;

typedef enum PatternCheckKind {
    CHECK_MATCH,        // syntax: MATCH, node: its typed MATCH
    CHECK_MUST_FIT,     // of a let or for: the pattern, likewise
    CHECK_ALTERNATIVES, // a pattern that may fail: only whether each alternative can be reached
} PatternCheckKind;

typedef struct PatternCheck { // what is asked of patterns when all types are final: exhaustive.h
    PatternCheckKind kind;
    NodeIndex syntax;
    uint32_t node;
} PatternCheck;

// One function among those whose bodies are checked together, because their signatures are looked for (infer_component.c).
// A body that is checked alone has no units, and the number 0 stands for it everywhere.
typedef struct Unit {
    FunctionId id;
    TypedBody *out;           // its messages
    LambdaInfo frame;         // what lambdas.items[0] is while it is its turn
    Function written;         // as it was declared
    uint32_t first_parameter; // of its own type parameters among those of all
    const Generics *names;    // those that its text may name
} Unit;

typedef struct Body {
    const Program *program;
    const Function *function;
    FunctionId id;
    const Module *module;
    const KnownNames *known;
    TreeView view;
    TypeScope type_scope;
    Arena *scratch;
    DiagSink *sink;
    TypedBody *out;
    Arena *results; // of the typed arrays

    VEC(LocalType) types;
    VEC(uint32_t) trail; // variables bound since the first mark, for rollback
    uint32_t trial_depth;
    uintptr_t stack_start; // of the thread that checks
    size_t stack_bytes;    // how much of it may be used before the check goes on with a stack of its own
    uint32_t walk_budget;  // parts that one walk over a type may still visit

    uint8_t *kind; // nodes, parallel, [1 … node_count]
    TypeId *type;
    uint32_t *token, *a, *b;
    uint32_t node_count, node_capacity;
    VEC(uint32_t) extra;
    VEC(TypedLocal) locals;
    VEC(LocalInfo) local_infos;
    VEC(TypedUse) uses;
    VEC(LambdaInfo) lambdas;
    VEC(Obligation) obligations;
    VEC(Projection) projections;
    VEC(Waiting) waiting;
    VEC(Reason) reasons;
    VEC(PatternCheck) pattern_checks;
    VEC(uint32_t) pattern_alternatives; // of every PAT_OR: its node and its syntax; nodes ascend
    VEC(uint32_t) spine;                // tree nodes of the operator chains in progress
    VEC(uint32_t) orphans;              // locals that only some alternatives of the pattern in progress bind
    VEC(uint32_t) stack;                // words of lists under construction
    Binding **table;                    // open addressing by name: the binding in force
    uint32_t table_capacity, table_count;
    Env env;
    Provision *declared_provisions; // those of the signature
    NodeIndex effect_allowed;       // the argument that may be a function with capabilities
    VEC(struct General *) generals; // generalise.c
    uint32_t instance_count;
    Unit *units;   // NULL: one body alone
    uint32_t unit; // whose turn it is
    uint32_t try_count;
    NodeIndex at; // the expression being checked: where a type that grows too large is reported
    bool is_too_large_reported;
    bool has_syntax_errors; // somewhere in the declaration
    bool was_waiting;       // nodes are not in postorder any more
} Body;

// ---- body.c: context ---------------------------------------------------------------------------------------------------
uint32_t node_add(Body *c, TypedKind kind, TypeId type, uint32_t token, uint32_t a, uint32_t b);
uint32_t node_error(Body *c, NodeIndex n);
void node_put(Body *c, uint32_t node, TypedKind kind, TypeId type, uint32_t token, uint32_t a, uint32_t b);
uint32_t list_from_stack(Body *c, uint32_t base);  // count, words; pops them
uint32_t pairs_from_stack(Body *c, uint32_t base); // half the count, words; pops them
uint32_t extra_words(Body *c, const uint32_t *words, uint32_t count);
static inline void stack_push(Body *c, uint32_t word) { vec_push(c->scratch, &c->stack, word); }
static inline uint32_t token_of(const Body *c, NodeIndex n) { return tree_token(&c->view, n); }
static inline Span span_of(const Body *c, NodeIndex n) { return tree_node_span(&c->view, n); }
static inline Text name_text(const Body *c, NameId name) { return names_text(c->program->names, name); }
uint32_t local_add(Body *c, NameId name, TypeId type, Span span);
Binding *bind(Body *c, NameId name, uint32_t local);
Binding *binding_find(const Body *c, NameId name);
void scope_switch(Body *c, Binding *target); // leaves and enters scopes so that `target` is the newest binding
uint32_t local_read(Body *c, uint32_t local, uint32_t token); // a LOCAL node; notes captures
void local_captured(Body *c, uint32_t local);
uint32_t reason_place(Body *c, Span span, const char *text, TypeId type);
uint32_t reason_node(Body *c, NodeIndex n, const char *text, TypeId type);
uint32_t reason_parameter(Body *c, FunctionId function, uint32_t parameter);
Text count_text(Body *c, uint32_t count, const char *singular, const char *plural); // "2 arguments"
Diagnostic *body_unsupported(Body *c, Span span, const char *what);
Body *body_begin(const Program *program, const KnownNames *known, Arena *scratch); // of no function yet
void body_turn_to(Body *c, FunctionId id, TypedBody *out);
uint32_t body_enter(Body *c, NodeIndex body); // its parameters, then its body against its result; the root
bool body_is_missing(const Body *c, NodeIndex body);
void body_sink_begin(TypedBody *out);
void unit_turn(Body *c, uint32_t unit); // infer_component.c
static inline void unit_of(Body *c, uint32_t unit) {
    if (c->unit != unit) unit_turn(c, unit);
}

// ---- unify.c -------------------------------------------------------------------------------------------------------------
TypeId type_variable(Body *c, uint32_t token);
TypeId body_type(Body *c, TypeKind kind, uint32_t head, const TypeId *args, uint32_t count);
TypeId type_of1(Body *c, TypeKind kind, TypeId part);
TypeId type_named(Body *c, TypeDeclId decl, const TypeId *args, uint32_t count);
TypeId type_option(Body *c, TypeId part);
TypeId type_result(Body *c, TypeId part, TypeId error);
TypeId type_function(Body *c, const TypeId *parameters, uint32_t count, TypeId result);
static inline bool type_is_local(TypeId type) { return (type.index & LOCAL_TYPE) != 0; }
TypeId prune_local(Body *c, TypeId type);
static inline TypeId prune(Body *c, TypeId type) { return type_is_local(type) ? prune_local(c, type) : type; }
TypeShape type_shape_of(Body *c, TypeId type);
static inline TypeShape type_shape(Body *c, TypeId type) {                                         // prunes
    if (type.index - 1 < TYPE_PRIMITIVE_END - 1) return (TypeShape){.kind = (TypeKind)type.index}; // id == kind
    return type_shape_of(c, type);
}
static inline TypeKind type_kind(Body *c, TypeId type) { return type_shape(c, type).kind; }
bool is_open(Body *c, TypeId type); // a variable that nothing fixed yet
void variable_forgive(Body *c, TypeId type);
bool is_error(Body *c, TypeId type); // the error type itself
static inline bool is_kind(Body *c, TypeId type, TypeKind kind) { return type_kind(c, type) == kind; }
bool is_named(Body *c, TypeId type, TypeDeclId decl, TypeShape *shape);
UnifyAnswer unify(Body *c, TypeId first, TypeId second);
bool unify_try(Body *c, TypeId first, TypeId second); // binds nothing when they differ
bool fits(Body *c, TypeId found, TypeId expected);    // whether unify would succeed, or found is Never; binds nothing
TypeId instantiate(Body *c, TypeId type, const TypeId *arguments, uint32_t count);
const TypeId *fresh_arguments(Body *c, uint32_t count, uint32_t token);
TypeId type_heads(Body *c, TypeId type); // interned: variables become the error type
TypeId zonk_local(Body *c, TypeId type);
static inline TypeId zonk(Body *c, TypeId type) { // final: variables become void
    return type_is_local(type) ? zonk_local(c, type) : type;
}
Text type_text(Body *c, TypeId type); // as messages show it; variables as `_`

// ---- finish.c ------------------------------------------------------------------------------------------------------------
typedef enum Place { PLACE_WHOLE, PLACE_TOKEN } Place;
Obligation *obligation_add(Body *c, TypeId type, BuiltinTrait trait, NodeIndex n, Place place);
void obligation_of_provision(Body *c, TypeId type, TraitId trait, NodeIndex value); // E0605
void obligation_of_trait(Body *c, TypeId type, TraitId trait, const TypeId *arguments, uint32_t count, NodeIndex n);
void obligations_of_call(Body *c, FunctionId function, const TypeId *arguments, NodeIndex n, Place place);
Waiting *wait_for(Body *c, WaitingKind kind, NodeIndex syntax, TypeId type, TypeId result);
void waiting_run(Body *c);
void obligations_solve(Body *c);
void warnings_give(Body *c);
void body_copy_out(Body *c, uint32_t root); // copy_out.c

// ---- infer_expressions.c, control.c -----------------------------------------------------------------------------------------
uint32_t expr(Body *c, NodeIndex n, Expected expected);              // the result's type need not be the expected one
uint32_t expr_on_own_stack(Body *c, NodeIndex n, Expected expected); // deep.c
void stack_measure(Body *c, size_t bytes);
uint32_t check(Body *c, NodeIndex n, Expected expected); // reports E0301 where it does not fit
uint32_t coerce(Body *c, NodeIndex n, uint32_t value, Expected expected);
static inline Expected expect(TypeId type, uint32_t reason) { return (Expected){type, reason, false}; }
Diagnostic *report_mismatch(Body *c, Span span, TypeId found, Expected expected, NodeIndex n);
void report_unify(Body *c, UnifyAnswer answer, Span span);
uint32_t name_expression(Body *c, NodeIndex n, Expected expected);
uint32_t lambda_check(Body *c, NodeIndex n, Expected expected);
// A lambda that the checker makes: between the two calls the environment is that of its body. Parameters are locals.
uint32_t lambda_open(Body *c, Env *outer);
uint32_t lambda_parameter(Body *c, uint32_t lambda, NameId name, TypeId type, Span span);
uint32_t lambda_close(Body *c, uint32_t lambda, const Env *outer, uint32_t body, TypeId result, uint32_t token);
uint32_t if_check(Body *c, NodeIndex n, Expected expected);
uint32_t match_check(Body *c, NodeIndex n, Expected expected);
uint32_t match_arms(Body *c, NodeIndex n, uint32_t scrutinee, uint32_t list, Expected expected);
uint32_t sequence_check(Body *c, NodeIndex n, uint32_t list, Expected expected, bool is_loop);
uint32_t try_check(Body *c, NodeIndex n, Expected expected);
uint32_t loop_check(Body *c, NodeIndex n, Expected expected);
uint32_t for_check(Body *c, NodeIndex n, Expected expected);
uint32_t while_check(Body *c, NodeIndex n);
uint32_t break_check(Body *c, NodeIndex n);
uint32_t assign_check(Body *c, NodeIndex n);
void warn_dropped(Body *c, NodeIndex n, uint32_t value);
// The type of the elements of what is iterated over; waits when open; reports E0377.
TypeId element_type(Body *c, NodeIndex n, TypeId collection);
TypeId element_of(Body *c, TypeId collection); // none: not known or not iterable
// Body of a function or lambda: `recurse` may stand here.
uint32_t function_body(Body *c, NodeIndex n, Expected expected);
// `e?` on a value: what is unwrapped leaves the innermost try, lambda or function.
uint32_t question_on(Body *c, NodeIndex n, uint32_t value);
bool question_complete(Body *c, Waiting *w);

// ---- spine.c ---------------------------------------------------------------------------------------------------------------
typedef enum OperandKind {
    OPERAND_VALUE,      // value: typed node
    OPERAND_FUNCTION,   // value: FunctionId
    OPERAND_VARIANT,    // value: TypeDeclId, part: variant, type: the sum (may be open), or none
    OPERAND_TYPE,       // type (open arguments are variables)
    OPERAND_MODULE,     // value: ModuleId
    OPERAND_TRAIT,      // value: TraitId
    OPERAND_MEMBER,     // value: typed node of the receiver, node: the FIELD; called as a method or read as a field
    OPERAND_ASSOCIATED, // type, node: the FIELD, its name in part
    OPERAND_CAPABILITY, // value: TraitId, part: its method, node: the FIELD
    OPERAND_LAMBDA,     // value: typed node, part: the lambda's tree node, for the names of its parameters
    OPERAND_GENERAL,    // value: index into Body.generals: a lambda that may be used at several types
    OPERAND_SELF,       // `self` before `(`, when there is a recurse
    OPERAND_PANICS,     // assert_panics (part 0) and assert_panics_with (part 1)
    OPERAND_ERROR
} OperandKind;

typedef struct Operand {
    OperandKind kind;
    uint32_t value, part;
    TypeId type;
    NodeIndex node; // the tree node that it stands for
} Operand;

uint32_t spine_expression(Body *c, NodeIndex n, Expected expected);
Operand name_operand(Body *c, NodeIndex n, Expected expected, bool is_called);
LengthScope *length_enter(Body *c, uint32_t receiver); // sets env.length; the caller restores it
uint32_t operand_value(Body *c, Operand operand, Expected expected);
TypeId type_by_name(Body *c, NameId name, uint32_t token, TypeDeclId *decl); // in an expression; none when unknown
TypeId type_by_item(Body *c, TypeDeclId decl, uint32_t token);
uint32_t field_access(Body *c, NodeIndex n, uint32_t receiver);
bool field_complete(Body *c, Waiting *w);
bool tuple_part_complete(Body *c, Waiting *w);
bool index_complete(Body *c, Waiting *w);
// Members of a record or newtype by name: index and type; false when there is none.
bool field_find(Body *c, TypeId type, NameId name, uint32_t *index, TypeId *field_type);
uint32_t length_wrap(Body *c, LengthScope *length, uint32_t node);
uint32_t length_receiver(Body *c, LengthScope *length, uint32_t receiver);

// ---- calls.c -------------------------------------------------------------------------------------------------------------------
typedef struct Signature {
    const char *what; // "function", "method", "variant", …
    Text name;
    uint32_t count;      // parameters after the receiver
    const TypeId *types; // instantiated
    const NameId *names; // NULL: there are none; one for each parameter
    FunctionId function; // for places of parameters and other names; or none
    uint32_t first;      // index of the first of them among the function's parameters (1 after a receiver)
    TypeId result;
    bool is_method;
    NodeIndex at;  // the called name (its token), or a called value
    bool is_value; // the whole of it; its text is the name
} Signature;
uint32_t arguments_silent(Body *c, NodeIndex call,
                          uint32_t list); // after an error: they are only looked at; an ERROR node
bool parameter_has_other_name(Body *c, FunctionId function, uint32_t parameter, NameId name);
// Checks the arguments in `list`; leaves 2 words for each on the stack (parameter index + first, node), in written order.
// Returns false when they do not match; then they have been checked all the same.
bool arguments_check(Body *c, const Signature *signature, NodeIndex call, uint32_t list, Expected expected);
uint32_t call_step(Body *c, NodeIndex n, Operand callee, Expected expected);
uint32_t call_function(Body *c, NodeIndex n, NodeIndex name, FunctionId function, uint32_t receiver,
                       const TypeId *instance, Expected expected);
uint32_t construct_variant(Body *c, NodeIndex n, NodeIndex name, TypeDeclId decl, uint32_t variant, TypeId type,
                           Expected expected);
uint32_t conversion(Body *c, NodeIndex n, TypeId target, Expected expected);
bool conversion_complete(Body *c, Waiting *w);
uint32_t struct_literal(Body *c, NodeIndex n, Expected expected);
uint32_t function_value(Body *c, NodeIndex n, FunctionId function, Expected expected);
uint32_t variant_value(Body *c, NodeIndex n, TypeDeclId decl, uint32_t variant, TypeId type, Expected expected);
bool function_usable(Body *c, FunctionId function, Span span);

NodeIndex argument_value(const Body *c, NodeIndex argument);
bool argument_is_late(const Body *c, NodeIndex argument); // lambdas, operators, names of generalised lambdas
// Writes the parameter index of every argument into the stack's slots (2 words each); false after a report.
bool arguments_match(Body *c, const Signature *s, uint32_t list, uint32_t base);
uint32_t call_by_order(Body *c, NodeIndex n, uint32_t callee, TypeId result, uint32_t base);

// ---- provisions.c --------------------------------------------------------------------------------------------------
void provisions_begin(Body *c);
void provisions_warn(Body *c);
uint32_t provide_check(Body *c, NodeIndex n, Expected expected);
// `Http.name`: a use of the capability? Else false, and nothing is said. `call`: the CALL around it, or 0.
bool capability_member(Body *c, TraitId trait, NodeIndex n, NodeIndex call, Operand *out);
bool capability_is_in_force(const Body *c, TraitId trait);
uint32_t capability_value(Body *c, Operand operand, NodeIndex at); // the value; operand.value: the trait
uint32_t capability_call(Body *c, NodeIndex n, Operand callee, Expected expected);
// Pushes the pairs of what a function's capabilities are here; false after a report.
bool capabilities_pass(Body *c, FunctionId function, const TypeId *instance, NodeIndex name, uint32_t shift);
bool capabilities_pass_self(Body *c, NodeIndex n);
bool function_is_effectful(const Body *c, FunctionId function); // it takes hidden parameters, or needs something
uint32_t effectful_value(Body *c, NodeIndex n, FunctionId function, const TypeId *instance, uint32_t use, TypeId type);

// ---- generalise.c --------------------------------------------------------------------------------------------------
uint32_t general_add(Body *c, const Env *env, NodeIndex syntax, NameId name, uint32_t local,
                     uint32_t lambda); // 0: nothing is open
void general_set_let(Body *c, uint32_t general, uint32_t let);
uint32_t general_value(Body *c, NodeIndex n, uint32_t general, Expected expected);
uint32_t general_call(Body *c, NodeIndex n, Operand callee, Expected expected);
void generals_write(Body *c);
void generals_forgive(Body *c);

// ---- methods.c --------------------------------------------------------------------------------------------------------------------
uint32_t method_call(Body *c, NodeIndex n, Operand callee, Expected expected);
bool method_complete(Body *c, Waiting *w);
void waiting_settle(Body *c, const Waiting *w, uint32_t node); // the placeholder becomes what `node` is
bool argument_arity(Body *c, NodeIndex argument, uint32_t *arity);
uint32_t edit_distance(Text a, Text b, bool ignores_case);
void note_near(Body *c, Diagnostic *d, const Text *best, uint32_t count);
uint32_t associated_call(Body *c, NodeIndex n, Operand callee, Expected expected);
uint32_t associated_value(Body *c, Operand operand, Expected expected);

// ---- trait_methods.c -------------------------------------------------------------------------------------------------------------
typedef struct TraitOffer {
    FunctionId function; // the impl's method, or the trait's
    const TypeId *instance;
    TypeId waits_for;     // open parts leave several impls: nothing is decided yet
    TraitId trait, other; // other: a second trait that offers it (E0443), or none
} TraitOffer;
// What traits in scope and bounds offer under a name; binds open parts of the type where one impl is left.
bool trait_offer_find(Body *c, NameId name, TypeId type, bool with_self, uint32_t token, TraitOffer *out);
uint32_t trait_offer_ambiguous(Body *c, NodeIndex n, NodeIndex name_node, const TraitOffer *offer);
void note_trait_to_import(Body *c, Diagnostic *d, TypeId type, NameId name);
TypeId open_part(Body *c, TypeId type); // the first variable in it that nothing fixed yet, or none
// ---- dyn.c
bool dyn_wraps(Body *c, TypeId found,
               TypeId expected); // `expected` is a dyn type that a value of type `found` can become
uint32_t dyn_wrap(Body *c, NodeIndex n, uint32_t value, TypeId expected);
// ---- extension_calls.c
typedef struct ExtensionOffer {
    FunctionId function;
    const TypeId *instance;
    FunctionId other; // a second extension that offers it (E0463), or none
    TypeId waits_for; // open parts leave several
} ExtensionOffer;
bool extension_find(Body *c, NameId name, TypeId type, bool with_self, uint32_t token, ExtensionOffer *out);
uint32_t extension_clash(Body *c, NodeIndex n, NodeIndex name_node, const ExtensionOffer *offer);
void extension_hides(Body *c, NodeIndex name_node, FunctionId extension); // W0803
// An associated type as far as its parts are known; none: not yet.
TypeId associated_compute(Body *c, uint32_t head, const TypeId *args, uint32_t count);
bool projections_run(Body *c); // true: something became known

// ---- operators.c -------------------------------------------------------------------------------------------------------------------
uint32_t binary_step(Body *c, NodeIndex n, uint32_t left, Expected expected);
bool binary_complete(Body *c, Waiting *w, bool by_default);
uint32_t unary_check(Body *c, NodeIndex n, Expected expected);
bool unary_complete(Body *c, Waiting *w, bool by_default);
uint32_t operator_function(Body *c, NodeIndex n, Expected expected);
bool coalesce_complete(Body *c, Waiting *w);
bool operator_complete(Body *c, Waiting *w, bool by_default);
bool is_binary(NodeKind kind);
uint32_t int_literal(Body *c, NodeIndex n, bool is_negative, Expected expected);

// ---- patterns.c --------------------------------------------------------------------------------------------------------------------
// Checks a pattern against the type of what is matched, adding its bindings; a PAT_ node.
uint32_t pattern_check(Body *c, NodeIndex n, TypeId type, bool is_mutable, bool is_let);
void report_unknown_variant(Body *c, Span span, Text name, TypeId type);
uint32_t pattern_whole(Body *c, NodeIndex n, TypeId type, bool is_let,
                       bool is_mutable); // a let's or a for's, or an arm's

// ---- exhaustive_report.c -----------------------------------------------------------------------------------------------
void exhaustive_note(Body *c, PatternCheckKind kind, NodeIndex syntax, uint32_t node);
void exhaustive_check(Body *c); // E0411, E0412, W0413; all types are final

// ---- pattern_expressions.c ------------------------------------------------------------------------------------------------------------
uint32_t pattern_expression(Body *c, NodeIndex n, Expected expected);
uint32_t for_pattern(Body *c, NodeIndex n, Expected expected);
uint32_t recurse_check(Body *c, NodeIndex n, Expected expected);
uint32_t self_call(Body *c, NodeIndex n, Expected expected);

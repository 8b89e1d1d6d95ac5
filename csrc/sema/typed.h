// sema/typed.h: a function body after checking: flat, typed, with every name resolved. Made by sema/, read by ir/.
//
// SHAPE      Postorder arrays like the syntax tree's, indices from 1, 0 is none; extra word 0 is unused.
//            PAIRS: index into extra: count, then (number, expression) each. LIST: count, then nodes.
// INVARIANTS B1 `type[n]` is final and interned. B2 `token[n]` is a token of the file (places of panics and #line).
#pragma once
#include "sema/sema.h"

typedef enum TypedKind {
#define TYPED(kind, a, b, meaning) TYPED_##kind,
#include "sema/typed.def"
#undef TYPED
    TYPED_COUNT
} TypedKind;

typedef enum TypedOp {
    OP_ADD,
    OP_SUBTRACT,
    OP_MULTIPLY,
    OP_DIVIDE,
    OP_REMAINDER,
    OP_FLOOR_DIVIDE,
    OP_SHIFT_LEFT,
    OP_SHIFT_RIGHT,
    OP_BIT_AND,
    OP_BIT_OR,
    OP_BIT_XOR,
    OP_EQUAL,
    OP_NOT_EQUAL,
    OP_LESS,
    OP_LESS_EQUAL,
    OP_GREATER,
    OP_GREATER_EQUAL,
    OP_AND,
    OP_OR,
    OP_NEGATE,
    OP_NOT,
    OP_COMPLEMENT
} TypedOp; // the operand types say which operation it is; EQUAL … on any type with Eq / Comparable

typedef enum TypedPattern { // the extra words of TYPED_PATTERN, in order
    TYPED_PATTERN_MAP,      // over, transform
    TYPED_PATTERN_FILTER,   // over, predicate
    TYPED_PATTERN_FOLD,     // over, init, op
    TYPED_PATTERN_COLLECT,  // range, transform
    TYPED_PATTERN_FIND,     // over, where or 0, map or 0, default or 0
} TypedPattern; // function arguments are expressions of function type (LAMBDA, FUNCTION, OPERATOR_FUNCTION, LOCAL …)

typedef struct TypedLocal {
    NameId name; // none for hidden ones
    TypeId type;
    uint32_t lambda; // 0: of the function itself, else the index of the lambda that it belongs to
    bool is_mutable;
    bool is_parameter;
} TypedLocal;

typedef struct TypedUse { // a function with its type arguments
    FunctionId function;
    const TypeId *arguments; // one for each of its generics, in order
    uint32_t argument_count;
    bool
        has_provider; // a capability's method that its trait writes without `self`: argument 0 is the provided value, the
                      // parameters follow; the value is dropped where the impl's method has no `self` either
} TypedUse;

typedef struct TypedLambda {
    uint32_t parent;            // 0: directly in the function
    const uint32_t *parameters; // locals
    uint32_t parameter_count;
    const uint32_t *captures; // locals of enclosing lambdas or the function, ascending; captured by value at creation
    uint32_t capture_count;
    uint32_t body; // node
    TypeId type;   // its function type
} TypedLambda;

typedef struct TypedBody {
    Arena arena; // owns what follows
    uint8_t *kind;
    TypeId *type;
    uint32_t *token; // index into the file's tokens
    uint32_t *a, *b;
    uint32_t node_count;
    uint32_t *extra;
    uint32_t extra_count;
    TypedLocal *locals; // [1 … local_count]; parameters first, in order
    uint32_t local_count;
    TypedUse *uses; // [1 … use_count]
    uint32_t use_count;
    TypedLambda *lambdas; // [1 … lambda_count]
    uint32_t lambda_count;
    uint32_t root; // the body's expression; 0: intrinsic, or not to be lowered
    bool has_errors;
    DiagSink diagnostics;
    Status status;
} TypedBody;

void typed_body_free(TypedBody *body);
const char *typed_kind_name(TypedKind kind);
void typed_print(const Program *program, const TypedBody *body, Buffer *out); // for tests

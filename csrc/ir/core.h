// ir/core.h: the program between the checker and C: monomorphic functions as flat, structured code over typed locals.
//
// WHY        Everything that a program means is decided here (which instance, in which order, who releases what), and
//            everything that C must look like is decided below (layout, names, files).
// SHAPE      A function is a list of instructions with structured control (BLOCK LOOP IF SWITCH … END), like WebAssembly's:
//            it nests, so C comes out structured, and passes are loops over an array. Values live in typed locals.
//            source ─ lower (ir/lower*.c) ─▶ core ─ counts_insert (ir/counts.c) ─▶ core with DUP and DROP ─ cgen ─▶ C
// INVARIANTS I1 No TYPE_PARAMETER occurs in any type. I2 Every local is assigned before it is read on every path.
//            I3 BLOCK, LOOP, IF, SWITCH and END nest; labels are unique in a function. I4 Every path ends in RETURN, PANIC,
//            UNREACHABLE, BREAK or CONTINUE, or reaches the END around it.
//            I5 After counts_insert, along every path each owned value is taken exactly once.    core_verify checks I1–I4, counts_verify I5.
//            I6 The order of functions, instances and refs does not depend on the schedule.
#pragma once
#include "sema/typed.h"

typedef enum CoreOp {
#define CORE(op, dst, a, b, meaning) CORE_##op,
#include "ir/core.def"
#undef CORE
    CORE_OP_COUNT
} CoreOp;

typedef enum Intrinsic {
    INTRINSIC_NONE,
#define INTRINSIC(name, ownership, flags) INTRINSIC_##name,
#include "ir/intrinsics.def"
#undef INTRINSIC
    INTRINSIC_COUNT
} Intrinsic;

enum { CORE_CANNOT_PANIC = 1 }; // of a BINARY or CONVERT: its operands are known to fit, so that no check is needed

typedef struct CoreInstruction {
    uint8_t op;    // CoreOp
    uint8_t flags; // CORE_CANNOT_PANIC
    uint16_t sub;
    uint32_t dst, a, b;
    uint32_t token; // of the function's file: line of the statement, place of a panic
} CoreInstruction;

typedef struct CoreLocal {
    TypeId type;
    NameId name;       // for readable C; none for temporaries
    bool is_parameter; // the first parameter_count locals
} CoreLocal;

typedef enum CoreRefKind { REF_FUNCTION, REF_INTRINSIC, REF_LAMBDA } CoreRefKind;

typedef struct CoreRef {
    CoreRefKind kind;
    FunctionId function;     // REF_FUNCTION, REF_INTRINSIC: the prelude's declaration
    const TypeId *arguments; // concrete, one for each of its generics
    uint32_t argument_count;
    uint32_t target; // REF_FUNCTION: index into CoreProgram.functions; REF_LAMBDA: likewise; REF_INTRINSIC: Intrinsic
} CoreRef;

typedef struct CoreFunction {
    FunctionId function;     // where it comes from
    const TypeId *arguments; // of its instance
    uint32_t argument_count;
    uint32_t lambda; // 0, or which lambda of the typed body; then `captures` are what it holds
    uint32_t parent; // of a lambda: index into CoreProgram.functions
    const TypeId *captures;
    uint32_t capture_count;
    TypeId result;
    uint32_t parameter_count;
    CoreLocal *locals; // [1 … local_count]
    uint32_t local_count;
    CoreInstruction *code;
    uint32_t code_count;
    uint32_t *extra; // word 0 unused
    uint32_t extra_count;
    CoreRef *refs; // [1 … ref_count]
    uint32_t ref_count;
    uint32_t label_count;
    bool is_recursive;    // in a cycle of the call graph: begins with a stack check
    Text symbol;          // sg_module__name…, given by core_lower
    Arena *arena;         // owns all of the above
    DiagSink diagnostics; // E0386
} CoreFunction;

typedef struct CoreProgram {
    Arena arena;
    const Program *program;
    CoreFunction *
        *functions; // [1 … function_count], in a stable order: module functions by FunctionId, then instances by symbol
    uint32_t function_count;
    uint32_t entry;      // @main, or 0
    uint32_t *instances; // function of each instance, by the number that it was lowered under; for traces
    uint32_t instance_count;
    const uint32_t *tests; // indices of test functions, in order of module and position
    uint32_t test_count;
    DiagSink diagnostics;
    Arena *worker_arenas; // one per worker; own the functions
    uint32_t worker_count;
} CoreProgram;

struct Pool;
// Lowers every non-generic function of the project's modules (tests only if with_tests) and all instances that they reach,
// round by round on all workers. Only for programs without errors.
MUST_USE Status core_lower(const Program *program, bool with_tests, struct Pool *pool, CoreProgram **out);
void core_program_free(CoreProgram *core);
// Adds DUP and DROP. Pure per function.
void counts_insert(const CoreProgram *core, CoreFunction *function);
// NULL, or what is wrong (I1–I4) with the function. For tests and fuzzing; I5 is counts_verify's (ir/counts.h).
const char *core_verify(const CoreProgram *core, const CoreFunction *function, Arena *arena);
void core_print(const CoreProgram *core, const CoreFunction *function, Buffer *out); // `sigil emit core`
const char *core_op_name(CoreOp op);
bool type_is_counted(const Program *program, TypeId type); // ir/layout.c: holds counted pointers
// ir/core.c: whether the instruction can leave by a panic (calls included). False for those with CORE_CANNOT_PANIC.
bool core_op_may_panic(const CoreProgram *core, const CoreFunction *function, const CoreInstruction *instruction);
Intrinsic intrinsic_by_name(const Program *program, FunctionId function); // of a function with is_intrinsic
const char *intrinsic_ownership(Intrinsic intrinsic);
uint32_t intrinsic_flags(Intrinsic intrinsic);
const char *intrinsic_name(Intrinsic intrinsic); // "list_push"
enum { INTRINSIC_PANICS = 1 };

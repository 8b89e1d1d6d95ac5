// cgen/cgen_internal.h: what the files of C generation share.
//
// SHAPE      functions.c   one core function ─▶ FunctionText: its C, and what that mentions (types, symbols, places, literals)
//              statements.c   control, assignments, frames      expressions.c   operations as expressions, folding
//              literals.c     numbers, text, places             types.c         C types, structs, descriptors
//            files.c       FunctionTexts ─▶ whole files          main_file.c    sg_main.c
// INVARIANTS F1 The text of a function depends on nothing but the function, its callees' signatures and the layouts.
//            F2 Everything mentioned is noted (use_…), so that a file's top can be made from its functions alone.
#pragma once
#include "base/buffer.h"
#include "cgen/cgen.h"
#include "ir/counts.h"
#include "ir/operands.h"

enum {
    USE_NAME = 1,       // the C type is mentioned
    USE_COMPLETE = 2,   // boxed: its cell's content is accessed
    USE_DESCRIPTOR = 4, // sgt_…
};
enum { EXPRESSION_DEPTH_MAX = 16, STATEMENT_DEPTH_MAX = 28 };

typedef struct NamedText { // something that a file has once, whoever mentions it
    Text name;
    Text text;
} NamedText;
typedef VEC(NamedText) NamedTexts;

typedef struct TypeUse {
    uint32_t layout;
    uint32_t flags;
} TypeUse;

typedef struct FunctionText {
    Text prototype;  // without `;`
    Text definition; // frame struct and function
    Text closure;    // of a lambda with captures: its cell's struct and descriptor
    Text closure_prototype;
    VEC(TypeUse) types;
    VEC(uint32_t) functions; // called or taken, of other core functions
    NamedTexts places;       // static const SiPlace at_…
    NamedTexts literals;     // static cells
    NamedTexts adapters;     // functions as values: prototype-less static functions and closures
    VEC(uint32_t) closures;  // lambdas with captures that are made here
} FunctionText;

typedef struct Gen Gen; // one function being written: functions.c

// What all functions of a run share. Read-only while they are written.
typedef struct Generation {
    CoreProgram *core;
    const Program *program;
    const COptions *options;
    Layouts layouts;
    Arena *arenas;  // one per worker
    Arena *scratch; // likewise; what only one function or file needs
    uint32_t worker_count;
    FunctionText *texts; // [1 … function_count]
    uint32_t *file_of;   // [1 … function_count]
    Text *lambda_names;  // of closure cells
} Generation;

// ---- types.c
void write_type_name(const Layouts *layouts, const Layout *layout,
                     Buffer *out); // as a value is stored: `int64_t`, `SiStr *`, `Sg_Point`
void write_declarator(const Layouts *layouts, const Layout *layout, Text name, Buffer *out); // `SiStr *name`
void write_parameter(const Layouts *layouts, const Layout *layout, Text name,
                     Buffer *out);                                                     // aggregates as `const T *name`
void write_descriptor_name(const Layouts *layouts, const Layout *layout, Buffer *out); // `sgt_…` or `si_type_…`
bool descriptor_is_runtime(const Layouts *layouts, const Layout *layout);
void write_field_name(const Program *program, const LayoutField *field, uint32_t index, Buffer *out);
// Structs that `uses` (flags per layout, [1 … count]) need, in dependency order. Marks what they need in turn.
void write_structs(const Layouts *layouts, uint8_t *uses, Buffer *out);
void write_types_file(const Generation *g, const uint8_t *uses, Arena *arena, Buffer *out);
// A C name made of a piece of Sigil's, with an underscore added where C would take it for something else.
void write_safe_name(Text name, Buffer *out);

// ---- literals.c
void write_int(int64_t value, Buffer *out);
void write_float(double value, Buffer *out);
void write_char(uint32_t value, Buffer *out);
void write_c_string(Text text, Buffer *out); // with its quotes
void write_file_prefix(Text module, Buffer *out);
int64_t text_code_points(Text text);
typedef struct PositionCache { // of one file: where the last position was
    uint32_t line, offset, column;
} PositionCache;
uint32_t find_line_of(const Tokens *tokens, uint32_t token);
void find_position(PositionCache *cache, const Tokens *tokens, uint32_t token, uint32_t *line, uint32_t *column);
void write_place(PositionCache *cache, const Module *module, uint32_t token, Text *name, Text *text, Arena *arena);

// ---- functions.c
Status write_function(const Generation *g, uint32_t index, Arena *scratch, Arena *arena, FunctionText *out);
bool function_takes_place(const Generation *g, const CoreFunction *function); // the hidden `at`
void write_prototype(const Generation *g, const CoreFunction *function, Buffer *out);
const Module *function_module(const Generation *g, const CoreFunction *function);
bool function_is_static(const CoreFunction *function);

// ---- files.c, main_file.c
typedef struct FilePlan {
    Text name;
    VEC(uint32_t) functions; // indices, in the order of the file
    uint8_t *uses;           // USE_… per layout
    Text content;
    const Module *module; // NULL: instances
} FilePlan;
void files_plan(const Generation *g, Arena *arena, FilePlan **out, uint32_t *out_count); // which function goes where
void file_write(const Generation *g, FilePlan *file, Arena *arena); // content and uses, from the functions' texts
void write_main_file(const Generation *g, Arena *arena, uint8_t *uses, Buffer *out);

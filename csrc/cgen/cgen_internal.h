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

typedef struct Place {
    uint32_t module; // index into Program.modules
    uint32_t line, column;
} Place;

typedef struct FunctionText {
    uint32_t line;    // where it stands in the source; 0: no #line is wanted
    Text declaration; // with its `;`
    Text definition;  // without its #line
    Text closure;     // of a lambda with captures: its cell's struct and descriptor
    VEC(TypeUse) types;
    VEC(uint32_t) functions; // called or taken, of other core functions
    VEC(uint32_t) early;     // those that must be declared before all definitions
    VEC(Place) places;       // static const SiPlace
    VEC(NameId) literals;    // static cells
    NamedTexts adapters;     // functions as values: prototype-less static functions and closures
    VEC(uint32_t) closures;  // lambdas with captures that are made here
} FunctionText;

typedef struct Gen Gen; // one function being written: functions.c

// Where a function's text goes (files.c).
typedef struct FunctionHome {
    uint32_t module; // index into Program.modules, of the function around a lambda
    uint32_t hash;   // instances: of the symbol
    bool is_instance, is_lambda;
} FunctionHome;

typedef struct PositionCache { // where the last position was
    const Tokens *tokens;      // in which file
    uint32_t line, offset, column;
} PositionCache;

// What all functions of a run share. Read-only while they are written.
typedef struct WorkerPosition {
    _Alignas(64) PositionCache last;
} WorkerPosition;
typedef struct Generation {
    CoreProgram *core;
    const Program *program;
    const COptions *options;
    Layouts layouts;
    Arena *arenas;             // one per worker
    Arena *scratch;            // likewise; what only one function or file needs
    WorkerPosition *positions; // likewise
    uint32_t worker_count;
    FunctionText *texts; // [1 … function_count]
    FunctionHome *homes; // likewise
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
// The types that one file needs, each with its USE_…. In an arena of the moment.
typedef struct TypeNeeds {
    const Layouts *layouts;
    Arena *arena;
    uint8_t *uses;       // per layout, [1 … count]
    VEC(uint32_t) list;  // those with any, until types_sort in the order in which they came
    VEC(uint32_t) fresh; // whose parts were not looked at since they got a flag
} TypeNeeds;
TypeNeeds type_needs(const Layouts *layouts, Arena *arena);
void need_type(TypeNeeds *needs, uint32_t layout, uint32_t flags);
void need_signature(TypeNeeds *needs, const CoreFunction *function);
void write_structs(TypeNeeds *needs,
                   Buffer *out); // in dependency order, with all that they need in turn; sorts the list
void write_descriptors(TypeNeeds *needs, Buffer *out); // extern declarations, of a sorted list
typedef struct TypesFile { // descriptors: each program has each once, in buckets by a hash of their names
    Text name;
    VEC(uint32_t) layouts; // by name
    Text content;
} TypesFile;
void types_plan(const Layouts *layouts, uint8_t *needed, Arena *arena, TypesFile **out, uint32_t *out_count);
void write_types_file(const Layouts *layouts, TypesFile *file, Arena *scratch, Arena *arena);
// A C name made of a piece of Sigil's, with an underscore added where C would take it for something else.
void write_safe_name(Text name, Buffer *out);

// ---- literals.c
void write_int(int64_t value, Buffer *out);
void write_float(double value, Buffer *out);
void write_char(uint32_t value, Buffer *out);
void write_c_string(Text text, Buffer *out); // with its quotes
void write_file_prefix(Text module, Buffer *out);
int64_t text_code_points(Text text);
uint32_t find_line_of(const Tokens *tokens, uint32_t token);
void find_position(PositionCache *cache, const Tokens *tokens, uint32_t token, uint32_t *line, uint32_t *column);
void write_place_name(const Program *program, Place place, bool with_module, Buffer *out); // `L54C11`
void write_literal_name(Text text, Buffer *out);                                           // `str_and_so_on`
void write_literal(Text text, Buffer *out);                                                // the static cell

// ---- functions.c
Status write_function(const Generation *g, uint32_t index, PositionCache *position, Arena *scratch, Arena *arena);
bool function_takes_place(const Generation *g, const CoreFunction *function); // the hidden `at`
void write_prototype(const Generation *g, const CoreFunction *function, bool with_names, Buffer *out);
const Module *function_module(const Generation *g, const CoreFunction *function);
bool function_is_static(const CoreFunction *function);
bool function_is_instance(const Generation *g,
                          const CoreFunction *function); // of a generic, or of no module of the project

// ---- files.c, main_file.c
typedef struct FilePlan {
    Text name;
    VEC(uint32_t) functions;   // indices, ascending, which is the order of the file
    VEC(uint32_t) descriptors; // that are mentioned
    Text content;
    uint32_t cost;        // about, of the functions
    const Module *module; // NULL: instances
} FilePlan;
FunctionHome function_home(const Generation *g, uint32_t index);
// Which function goes where; costs[i - 1]: about what function i costs.
void files_plan(const Generation *g, const uint32_t *costs, Arena *arena, FilePlan **out, uint32_t *out_count);
void file_write(const Generation *g, FilePlan *file, Arena *scratch,
                Arena *arena); // content, from the functions' texts
void write_main_file(const Generation *g, FilePlan *file, Arena *arena);

// cgen/cgen.h: the core form to C text. docs/ABI.md is what the text must keep to.
//
// SHAPE      core functions ─ one task each ─▶ C text + what it needs (types, prototypes, literals) ─▶ one file per module,
//            instance buckets, the descriptors (sg_types_NN.c), and sg_main.c. Every file is whole: prototypes and structs that it
//            uses stand at its top, in a stable order.
// INVARIANTS C1 Same program, same bytes, any number of threads. C2 gcc, clang and tcc compile the text without a warning.
//            C3 Only `sg_…` symbols are global. C4 C nests at most 32 deep. C5 `#line` maps each statement to its .si line.
#pragma once
#include "ir/core.h"

typedef struct CFile {
    Text name; // "geometry.shapes.c", "sg_instances_03.c", "sg_types_00.c", "sg_main.c"
    Text content;
    uint32_t function_count;
} CFile;

typedef struct COutput {
    Arena arena;  // owns the rest
    CFile *files; // by name
    uint32_t file_count;
    const Text *planned; // names of those with functions, by the number of the item that wrote them; for traces
    uint32_t planned_count;
} COutput;

struct Progress;

typedef struct COptions {
    Text program_name;
    bool with_tests;
    bool with_lines;           // #line directives
    struct Progress *progress; // counts functions_generated as they end; may be NULL
} COptions;

struct Pool;
// Counts are inserted here (counts_insert), then text is made; both per function, on all workers.
MUST_USE Status c_generate(CoreProgram *core, const COptions *options, struct Pool *pool, COutput *out);
void c_output_free(COutput *out);

// tests/unit/program_helper.h: a whole program from texts in memory, for tests of sema/, ir/ and cgen/.
//
//     TestProgram *p = program_from_text("@main () -> void = print(\"hi\")");   // module `main`, with the prelude
//     CHECK_TEXT(program_messages(p), TEXT(""));
//     program_end(p);
//
// The prelude is read from $SIGIL_LIB/prelude.si, else from sigil/lib/prelude.si below the current folder or one of its
// parents. Modules are sorted by name here, so a test may list them in any order.
#pragma once
#include "intern/types.h"
#include "sched/sched.h"
#include "sema/sema.h"
#include "sema/typed.h"

typedef struct TestModule {
    const char *name; // "geometry.shapes"
    const char *text;
    bool is_test_file, is_folder_module;
    ModuleKind kind; // MODULE_PROJECT when left out
} TestModule;

typedef struct TestOptions {
    uint32_t threads; // 0: one thread, without a pool
    bool without_prelude;
    bool without_tests;
    CoverageLevel coverage; // off when left out
    const char *entry;      // NULL: "main"
    Schedule schedule;      // signatures when left out; with levels step 2 ends with the declarations
} TestOptions;

typedef struct TestProgram {
    Arena arena;
    NameInterner *names;
    TypeInterner *types;
    NameCache *caches; // one for each thread of the pool, at least one
    Pool *pool;        // NULL without threads
    uint32_t module_count;
    ModuleInput *inputs; // sorted by name
    Source *sources;
    ParsedFile *files;
    Program *program;
    Status status; // of the first step that failed
} TestProgram;

// Parses, links (step 1) and checks signatures (step 2). Ends the test where the world is wrong.
TestProgram *program_from(const TestModule *modules, uint32_t count, const TestOptions *options); // options may be NULL
#define program_of(...)                                                                                                \
    program_from((const TestModule[]){__VA_ARGS__},                                                                    \
                 (uint32_t)(sizeof((const TestModule[]){__VA_ARGS__}) / sizeof(TestModule)), NULL)
TestProgram *program_from_text(const char *text);
// Step 3 and program_finish; of the schedule levels the rest of step 2 too.
void program_check_bodies(TestProgram *p, Schedule schedule);
void program_end(TestProgram *p);

// Every diagnostic of parsing and of steps 1 and 2, and of bodies where they were checked, sorted as people see them, one a
// line: "main:1:5: E0241 unknown name `x`". Labels and notes are left out; program_messages_full has them, indented.
// Diagnostics of the prelude come under its name, "prelude".
Text program_messages(TestProgram *p);
Text program_messages_full(TestProgram *p);

// By name; ids of none when there is no such thing. Functions may be "Type.method"; module may be NULL: "main".
NameId program_name_id(const TestProgram *p, const char *name);
ModuleId program_module_id(const TestProgram *p, const char *name);
FunctionId program_function(const TestProgram *p, const char *module, const char *name);
TypeDeclId program_type(const TestProgram *p, const char *module, const char *name);
// "(a: int, b: [T]) -> str", with `self` first.
Text program_signature(const TestProgram *p, FunctionId function);
Text program_type_text(const TestProgram *p, TypeId type);

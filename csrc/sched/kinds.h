// sched/kinds.h: what the items of parallel-fors are, for people who look at a trace (trace.h): a word for each loop of each
// stage, and what its item numbers stand for. A stage names its loop where it starts it: pool_for_each_named.
#pragma once

// Columns: name in C, name for people, what the item's number is (an ItemNoun; query/item_names.c turns it into a name).
#define WORK_KINDS(ROW)                                                                                                \
    ROW(other, "other work", NONE)                                                                                     \
    ROW(read_file, "read file", FILE)                                                                                  \
    ROW(parse_file, "parse file", FILE)                                                                                \
    ROW(lex_chunk, "lex chunk", NONE)                                                                                  \
    ROW(link_module, "link module", MODULE)                                                                            \
    ROW(collect_module, "collect module", MODULE)                                                                      \
    ROW(resolve_imports, "resolve imports", MODULE)                                                                    \
    ROW(resolve_traits, "resolve traits", MODULE)                                                                      \
    ROW(resolve_impls, "resolve impls", MODULE)                                                                        \
    ROW(check_types, "check types", MODULE)                                                                            \
    ROW(check_signatures, "check signatures", MODULE)                                                                  \
    ROW(check_module, "check module", MODULE)                                                                          \
    ROW(check_body, "check body", FUNCTION)                                                                            \
    ROW(check_whole_module, "check whole module", MODULE)                                                              \
    ROW(finish_module, "finish module", MODULE)                                                                        \
    ROW(find_roots, "find roots", MODULE_BEFORE)                                                                       \
    ROW(lower_instance, "lower instance", INSTANCE)                                                                    \
    ROW(name_instances, "name instances", INSTANCE)                                                                    \
    ROW(link_instances, "link instances", INSTANCE)                                                                    \
    ROW(find_recursion, "find recursion", NONE)                                                                        \
    ROW(list_types, "list types", NONE)                                                                                \
    ROW(name_types, "name types", NONE)                                                                                \
    ROW(generate_function, "generate function", CORE_FUNCTION)                                                         \
    ROW(write_c_file, "write C file", C_FILE)                                                                          \
    ROW(write_types_file, "write types file", C_TYPES_FILE)

typedef enum WorkKind {
#define ROW(name, shown, noun) WORK_##name,
    WORK_KINDS(ROW)
#undef ROW
        WORK_KIND_COUNT
} WorkKind;

typedef enum ItemNoun {
    NOUN_NONE,          // only a number
    NOUN_FILE,          // of the workspace, from 0
    NOUN_MODULE,        // ModuleId.index
    NOUN_MODULE_BEFORE, // ModuleId.index - 1
    NOUN_FUNCTION,      // FunctionId - 1
    NOUN_INSTANCE,      // its number - 1; the first of a batch
    NOUN_CORE_FUNCTION, // index in CoreProgram.functions - 1
    NOUN_C_FILE,        // of the plan of C files
    NOUN_C_TYPES_FILE,  // sg_types_NN.c
} ItemNoun;

// sema/internal.h: what steps 1 and 2 know beyond sema.h, and share among themselves.
//
// SHAPE      step 1  modules_link      plans of imports, cycles, counts and numbers of items        modules.c, *graph.c
//            step 2  signatures_check  collect own items ▸ imports ▸ types of impls ▸ types of       collect.c, imports.c,
//                                      fields ▸ signatures ▸ checks; each ▸ a barrier, between two   signatures_*.c
//                                      barriers modules are independent
//            always  look-ups                                                                       scopes.c, method_table.c, …
// INVARIANTS I1 A phase writes only what belongs to the module that it was given, and reads of other modules only what an
//               earlier phase wrote. What needs all modules at once runs between two phases, on one thread.
//            I2 A module's arena is used by one worker at a time: the one that has the module.
// OWNERSHIP  Everything lives in Program.arena (step 1) or in the module's arena (step 2); program_free gives both back.
#pragma once
#include "base/hash.h"
#include "sema/sema.h"
#include "sema/typed.h"

// ---- words that the checker knows -------------------------------------------------------------------------------------
// It finds no resting place for this macro.
// clang-format off
#define SEMA_WORDS(WORD)                                                                                               \
    WORD(INT, "int")                                                                                                   \
    WORD(FLOAT, "float")                                                                                               \
    WORD(BOOL, "bool")                                                                                                 \
    WORD(BYTE, "byte")                                                                                                 \
    WORD(CHAR, "char")                                                                                                 \
    WORD(STR, "str")                                                                                                   \
    WORD(VOID, "void")                                                                                                 \
    WORD(NEVER, "Never")                                                                                               \
    WORD(DURATION, "Duration") WORD(SIZE, "Size") WORD(INSTANT, "Instant") WORD(SET, "Set") WORD(RANGE, "Range")       \
        WORD(CHANNEL, "Channel") WORD(BACKOFF, "Backoff") WORD(SELF_TYPE, "Self") WORD(SELF, "self")                   \
            WORD(VALUE, "value") WORD(MAIN, "main") WORD(INTRINSIC, "intrinsic") WORD(OPTION, "Option")                \
                WORD(RESULT, "Result") WORD(ORDERING, "Ordering") WORD(ERROR, "Error")                                 \
                    WORD(TIMEOUT_ERROR, "TimeoutError") WORD(EQ, "Eq") WORD(COMPARABLE, "Comparable")                  \
                        WORD(HASHABLE, "Hashable") WORD(PRINTABLE, "Printable") WORD(CLONE, "Clone")                   \
                            WORD(DEFAULT, "Default") WORD(SERIALIZE, "Serialize") WORD(DESERIALIZE, "Deserialize")     \
                                WORD(LEN, "Len") WORD(IS_EMPTY, "IsEmpty") WORD(ITERATOR, "Iterator")                  \
                                    WORD(ITERABLE, "Iterable") WORD(SUMMABLE, "Summable")                              \
                                        WORD(MULTIPLIABLE, "Multipliable") WORD(SKIP, "skip") WORD(FAIL, "fail")       \
                                            WORD(COMPILE_FAIL, "compile_fail") WORD(DERIVE, "derive")                  \
                                                WORD(ALSO, "also") WORD(ASSERT_PANICS, "assert_panics")                \
                                                    WORD(ASSERT_PANICS_WITH, "assert_panics_with")                     \
                                                        WORD(THREAD_ID, "thread_id") WORD(CONSTANT, "constant")        \
                                                            WORD(LINEAR, "linear") WORD(EXPONENTIAL, "exponential") WORD(NEEDS_VALUE, NEEDS_VALUE_TEXT)       \
                                                                WORD(LIST, "List") WORD(MAP, "Map")
// clang-format on

typedef enum SemaWord {
#define WORD(kind, text) WORD_##kind,
    SEMA_WORDS(WORD)
#undef WORD
        WORD_COUNT
} SemaWord;

// ---- scopes -------------------------------------------------------------------------------------------------------------
typedef struct ScopeEntry {
    NameId name; // none: a free slot
    ScopeKind kind;
    Item item;
    uint32_t import; // index into Module.imports, plus 1; 0: an own item
    Span span;       // of the declaring name, or of the name in the `use`
    bool came_along; // a variant that came with its type
} ScopeEntry;

typedef struct ScopeTable { // open addressing; a power of two of slots
    ScopeEntry *slots;
    uint32_t capacity, count;
} ScopeTable;

typedef struct DottedModule { // `use std.math` makes just this dotted name known
    const NameId *names;
    uint32_t name_count;
    ModuleId module;
    uint32_t import; // as in ScopeEntry
} DottedModule;

typedef struct Reexport {  // `pub use m { original as name }`, `pub use m as name`
    NameId name, original; // no original: the module itself
    bool is_config;
    ModuleId target; // none: the import failed
} Reexport;

struct Scope {
    ScopeTable own;      // phase 1
    ScopeTable imported; // phase 2
    const DottedModule *dotted;
    uint32_t dotted_count;
    const Reexport *reexports; // phase 1
    uint32_t reexport_count;
};

// The names of one declaration's fields, parameters …, each of which may stand there once. All zero but program and sink.
typedef struct Doubles {
    const Program *program;
    DiagSink *sink;
    uint32_t count;
    struct {
        NameId name;
        Span span;
    } few[8];         // the first ones: enough for nearly every declaration
    ScopeTable table; // all, once there are more: a million parameters must not take a million squared steps
} Doubles;
bool doubles_add(Doubles *doubles, NameId name, Span span); // true after reporting E0211: the name stood there before

void scope_table_reserve(Arena *arena, ScopeTable *table, uint32_t count); // room for so many entries in all
ScopeEntry *scope_table_find(const ScopeTable *table, ScopeKind kind, NameId name);
ScopeEntry *scope_table_add(Arena *arena, ScopeTable *table, ScopeKind kind,
                            NameId name); // the entry; name none in it when new
// An own item or a re-export of a module, however far away; reads only what phase 1 wrote. Re-exported items are public.
Item exported_item(const Program *program, ModuleId module, ScopeKind kind, NameId name);
void prelude_names_collect(Program *program);               // alone, after phase 1
bool prelude_has_name(const Program *program, NameId name); // of any kind, built-in types and functions included

// ---- step 1 ---------------------------------------------------------------------------------------------------------------
typedef struct ImportPlan {
    uint32_t declaration;
    ModuleId target; // none: failed
} ImportPlan;

typedef struct PendingBound { // a type argument whose bound can be checked only when all types are known
    TypeId argument;
    TypeDeclId decl; // none: the key of a map or set
    uint32_t parameter;
    const Generics *generics; // in scope where it stands
    Span span;
} PendingBound;

typedef struct Batch {   // functions of one module whose bodies are checked one after another (batches.c)
    uint32_t first, end; // numbers of the first, and behind the last
    uint32_t cost;       // in nodes
} Batch;

typedef struct ModuleState { // beside Module; alone on its cache lines, because workers have modules at the same time
    CACHE_ALIGNED Arena arena;
    const ImportPlan *plans;
    uint32_t plan_count;
    bool is_entry, is_folder_module;
    bool has_unchecked;      // holds something not supported yet, in which imports may be used
    bool bounds_known;       // those of every type that the module can name are resolved
    bool signatures_done;    // bounds of type arguments are checked at once
    bool has_generic_inline; // a record or newtype with type parameters
    bool has_left_out;       // private functions whose signature has parts left out
    VEC(PendingBound) pending;
    VEC(Batch) batches;
    uint32_t *function_declarations; // where each declaration's functions begin: Program.functions index by declaration
    Status status;
} ModuleState;

typedef struct MethodEntry { // all inherent methods, by name; within a name the project's first, then by function
    NameId name;
    FunctionId function;
} MethodEntry;

struct ImplKey;
typedef struct WorkerArenas {
    CACHE_ALIGNED Arena scratch;  // of the body at hand
    Arena results;                // the arrays of the bodies that the worker has checked
    char apart[CACHE_LINE_BYTES]; // processors fetch lines in pairs
} WorkerArenas;

typedef struct ProgramInternals {
    struct ImplKey *impl_keys; // impls.c
    uint32_t impl_key_count;
    const FunctionId *trait_methods; // of every trait, sorted by name, then by number
    uint32_t trait_method_count;
    NameId words[WORD_COUNT];
    ModuleState *states;           // [1 … module_count]
    uint32_t *module_slots;        // hash table of module names → ModuleId.index
    uint32_t module_slot_count;    // a power of two
    const uint32_t *module_height; // by module: no import leads to a higher number, and only in a circle to the same
    ModuleId places_first;         // the first module outside of circles; none: all are in one
    ModuleId silent;               // a module whose every member is silent: stands for one that could not be imported
    ScopeTable prelude_names;      // built-in ones, and of public items of any kind: every entry is a value
    bool with_tests;
    bool **holds;               // by type and parameter: a value holds one of the parameter in itself (containment.c)
    const MethodEntry *methods; // sorted
    uint32_t method_count;
    const MethodEntry *extensions; // the methods of extensions, likewise (extensions.c)
    uint32_t extension_count;
    WorkerArenas *arenas; // one for each worker of step 3
    uint32_t arena_count;
    uint32_t *batch_ends;     // by the first function of a batch: where it ends
    _Atomic uint8_t *covered; // by function: a test targets it; relaxed, only ever 0 → 1
} ProgramInternals;

// ---- helpers (program.c) ---------------------------------------------------------------------------------------------------
static inline Text program_name(const Program *program, NameId name) { return names_text(program->names, name); }
static inline NameId program_word(const Program *program, SemaWord word) { return program->internal->words[word]; }
static inline Module *program_module(const Program *program, ModuleId module) {
    return &program->modules[module.index];
}
static inline ModuleState *module_state(const Program *program, ModuleId module) {
    return &program->internal->states[module.index];
}
// A view of declaration d of a module.
TreeView module_view(const Module *module, uint32_t declaration);
const Declaration *module_declaration(const Module *module, uint32_t declaration);
// The token of the last name of `a.b.c`, which has `count` names and begins with a token.
uint32_t dotted_token(const TreeView *view, uint32_t token, uint32_t count);
// Where `a.b.c`, of `count` names from a token on, ends in the text.
uint32_t dotted_end(const TreeView *view, uint32_t token, uint32_t count);
ModuleId module_find(const Program *program, Text name); // by full name; never the prelude
Text text_join(Arena *arena, Text first, Text second, Text third);
// Parts of a count in words: "1 type argument", "2 type arguments".
Text text_count(Arena *arena, uint32_t count, const char *singular);

void modules_create(Program *program, const LinkInput *input); // their names, no imports yet
void module_plan(Program *program, ModuleId module);           // what it imports, how many items it has
void modules_number(Program *program); // after E0210, which says whose items count; what it makes is not cleared yet:
void module_place(Program *program, ModuleId module);
void module_cycles_report(Program *program); // E0210 (module_graph.c); marks their modules

// ---- step 2 ----------------------------------------------------------------------------------------------------------------
void collect_module(Program *program, ModuleId module);
void collect_known(Program *program); // after phase 1: the prelude's types and traits
void imports_module(Program *program, ModuleId module);
void traits_module(Program *program, ModuleId module); // supertraits
void impls_module(Program *program, ModuleId module);  // the heads of traits and impls, which are known everywhere
void methods_index(Program *program);                  // after it, of all modules
void types_module(Program *program, ModuleId module);  // generics, fields, traits
// After it, together for modules none of which needs a type of another one that is still to come: what their types hold.
void containment_mark(Program *program, const uint32_t *modules, uint32_t count);
void functions_module(Program *program, ModuleId module); // E0381; functions, configs, tests
void check_module(Program *program, ModuleId module);     // pending bounds, derives, test targets
void infer_module(Program *program, ModuleId module);   // after it, and after the modules whose left out parts it uses
void batches_module(Program *program, ModuleId module); // after it, for step 3 body by body
void finish_module(Program *program, ModuleId module);  // after step 3: W0208, E0500
void containment_check(Program *program, ModuleId module); // E0381

// The names of type parameters: `outer`'s first (may be NULL), then those of the GENERICs of `list`. Reports doubles.
void generics_names(Program *program, ModuleId module, const TreeView *view, uint32_t list, const Generics *outer,
                    Generics *out);
// Their bounds: `outer`'s, then those of the GENERICs, whose parameters begin at own_first, then those of the CONSTRAINTs of `where`.
// `scope`: where types are read; its generics are those that are filled in.
void generics_bounds(const TypeScope *scope, uint32_t list, uint32_t where, const Generics *outer, uint32_t own_first,
                     Generics *generics);
// A trait with its arguments; trait none after a report.
TraitUse trait_use_resolve(const TypeScope *scope, NodeIndex path);
// ---- traits.c
void impls_check(Program *program, ModuleId module); // E0431 … E0435, derives beside impls
Span impl_head_span(const Program *program, ImplId impl);
// ---- extensions.c
NameId extension_home(const Program *program, const TreeView *view, NodeIndex node); // what an EXTEND extends, by name
void extension_import(Program *program, ModuleId module, const ImportPlan *plan);    // brings what an import names
void extension_declare(const TypeScope *scope, ImplDecl *impl);                      // its type parameters and its type
void extensions_index(Program *program); // of all modules, between phases; E0211
uint32_t extensions_find(const Program *program, NameId name, const MethodEntry **out);
// Whether a module may call an extension's method; marks the import used.
bool extension_in_scope(const Program *program, ModuleId module, FunctionId method);
// ---- dyn.c
TraitUse dyn_resolve(const TypeScope *scope, NodeIndex node); // of a TYPE_DYN; trait none after a report: E0462, E0451
// Whether a `dyn` type has a trait by itself, as its own or a supertrait; its arguments go to *out (may be NULL).
bool dyn_has(const Program *program, Arena *arena, TypeId type, const TraitUse *wanted, TraitUse *out);
// ---- impls.c
void impls_index(Program *program); // of all modules, between phases; E0436
// Whether `type` is `pattern` for some arguments of its parameters; `bindings` holds them (none: not met yet).
bool type_match(const Program *program, TypeId pattern, TypeId type, TypeId *bindings);
// Impls of a trait for a head of a type, those for type parameters first; the count, at most `limit` stored.
uint32_t impls_of_head(const Program *program, TraitId trait, TypeKind kind, uint32_t head, ImplId *out,
                       uint32_t limit);
// What an impl says that its trait's associated type number `index` is; E0363 at `span` where that goes in a circle.
TypeId impl_associated(const TypeScope *scope, uint32_t index, Span span);
// ---- associated.c
bool trait_implies(const Program *program, TraitId trait, TraitId wanted); // itself or one of its supertraits
// Likewise; with `arena` the supertrait's arguments go to *out, over Self as parameter 0.
bool trait_supertrait(const Program *program, Arena *arena, TraitUse use, TraitId wanted, TraitUse *out);
TraitUse trait_use_substitute(const Program *program, Arena *arena, TraitUse use, TypeId self, const TypeId *arguments,
                              uint32_t count);
// `T.Item` of a parameter, of `Self`, of such a type again; E0383 or E0443 at `span` where no or several bounds offer it.
TypeId associated_type(const TypeScope *scope, TypeId subject, NameId name, Span span);
// Reports an attribute that does not belong where it stands: E0110 if it belongs elsewhere, else E0503 with the near name.
uint32_t methods_first(const Program *program, NameId name);
// The methods of traits called `name`, in order of declaration; their count.
uint32_t trait_methods_find(const Program *program, NameId name, const FunctionId **out);
void main_check(Program *program, ModuleId module, const Function *f);       // E0704
void derives_check(Program *program, ModuleId module, const TypeDecl *type); // E0435, E0461
// ---- capabilities.c
void capabilities_declare(const TypeScope *scope, Function *f);   // after its parameters; reports
bool capability_is_marker(const Program *program, TraitId trait); // of std and without methods: any value provides it
bool capability_is_of_std(const Program *program, NameId name);
bool trait_has_uses(const Program *program, TraitId trait);                 // a method of it declares capabilities
Text capability_fault(const Program *program, Arena *arena, TraitId trait); // E0451: why; empty: it can be one
void attribute_misplaced(const Program *program, const TreeView *view, NodeIndex attribute, DiagSink *sink);
// Like trait_solve, but every type parameter has the trait: for derives of generic types.
SolveResult trait_solve_assuming(const Program *program, TypeId type, TraitId trait);
// Whether two types could be one for some arguments of their parameters (of either; heads only below the first level).
bool types_may_unify(const Program *program, TypeId first, TypeId second);
void bound_check(const Program *program, const PendingBound *pending, DiagSink *sink); // E0384
void not_supported(DiagSink *sink, Span span, const char *what);
// Enough of them are reported that nobody reads further: no more suggestions.
bool suggestions_are_enough(const DiagSink *sink);
// "did you mean `a`, `b` or `c`?": the nearest of `names`, as a note.
void suggest_from(const Text *names, uint32_t count, Text wanted, DiagSink *sink, Diagnostic *d);
// Whether a FUNCTION is a test without `tests`: named test_…, without parameters, giving void.
bool function_is_plain_test(const Program *program, const TreeView *view, NodeIndex node);
uint32_t declaration_function_count(const Program *program, const Module *module, uint32_t declaration);

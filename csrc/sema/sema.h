// sema/sema.h: the program as the checker sees it: modules, items, signatures, bodies.
//
// WHY        Three steps, each of which needs only what the one before made, so that each runs on all cores:
//              1 modules_link       names of modules, imports to modules, cycles                      (sema/modules.c)
//              2 signatures_check   every module's items, types, impls and annotated signatures       (sema/signatures*.c)
//                and what private functions leave out of theirs, which follows from bodies of the module  (sema/infer*.c)
//              3 body_check         one function body at a time, in any order, by any worker          (sema/body*.c)
//            That is the schedule `signatures`. The schedule `levels` has a module's signatures and bodies as one task, which
//            waits for those of the modules that it imports (sema/levels_parallel.c); both give the same.
// SHAPE      Flat arrays of items for the whole program, numbered in the order of (module name, position in the text), so
//            that ids are the same for every schedule. 0 is none everywhere.
// INVARIANTS S1 After step 1 the numbering is fixed; after step 2 everything below but bodies is read-only.
//            S2 A body reads signatures and interned types, never another body.
//            S3 No order that a user sees comes from a NameId or TypeId.
// OWNERSHIP  Everything hangs off Program.arena, or off the arena of a body (TypedBody.arena).
#pragma once
#include "base/atomics.h"
#include "intern/types.h"
#include "syntax/syntax.h"

ID_TYPE(ModuleId);
ID_TYPE(FunctionId);
ID_TYPE(TypeDeclId);
ID_TYPE(TraitId);
ID_TYPE(ConfigId);
ID_TYPE(ImplId);
ID_TYPE(AssociatedId);

typedef enum ModuleKind { MODULE_PROJECT, MODULE_PRELUDE, MODULE_STD } ModuleKind;

typedef enum ItemKind {
    ITEM_NONE,
    ITEM_FUNCTION,  // index: FunctionId
    ITEM_CONFIG,    // ConfigId
    ITEM_TYPE,      // TypeDeclId
    ITEM_TRAIT,     // TraitId
    ITEM_VARIANT,   // TypeDeclId, part: index of the variant
    ITEM_MODULE,    // ModuleId (an alias, `use std.math as m`, or a dotted name)
    ITEM_SILENT,    // a name whose import failed: known, of the error type
    ITEM_EXTENSION, // of an import alone: index: NameId of the home that it names, part: the ModuleId of the extension
    ITEM_AMBIGUOUS, // a variant name of one rank in two sum types (E0243); index, part: two of the TypeDeclIds
} ItemKind;

typedef struct Item {
    ItemKind kind;
    uint32_t index;
    uint32_t part;
    bool is_public;
} Item;

// A module's scope holds three kinds of names apart: values (functions and variants), types and traits, configs.
typedef enum ScopeKind { SCOPE_VALUE, SCOPE_TYPE, SCOPE_CONFIG, SCOPE_KINDS } ScopeKind;
typedef struct Scope Scope; // sema/scopes.c

typedef struct Import {       // one name that a `use` brings into a module
    Span span;                // of the item's name in the `use`
    NameId name;              // as it is known here
    _Atomic uint32_t is_used; // set by any body, relaxed: only ever false → true
    Item item;
} Import;

typedef struct Module {
    Text name; // "geometry.shapes"
    ModuleKind kind;
    bool is_test_file; // in a _test folder or *.test.si: may import private items
    bool is_cyclic;    // member of a reported cycle: not checked further
    const ParsedFile *file;
    const Source *source;
    uint32_t first_function, function_count; // into Program.functions, methods and tests included
    uint32_t first_type, type_count;
    uint32_t first_trait, trait_count;
    uint32_t first_config, config_count;
    uint32_t first_impl, impl_count;
    uint32_t first_associated, associated_count;
    Import *imports;
    uint32_t import_count;
    ModuleId *dependencies; // modules that it imports, ascending, without duplicates
    uint32_t dependency_count;
    Scope *scope;
    DiagSink diagnostics; // of steps 1 and 2
} Module;

typedef struct TraitUse { // a trait with its type arguments
    TraitId trait;
    const TypeId *arguments;
    uint32_t argument_count;
} TraitUse;

#define BOUND_OF_TYPE UINT32_MAX
typedef struct Bound {  // T: Trait<A>, T.Item: Trait
    uint32_t parameter; // BOUND_OF_TYPE: not of a parameter itself but of `subject`
    TraitId trait;
    Span span;
    const TypeId *arguments; // the trait's
    uint32_t argument_count;
    TypeId subject; // a TYPE_PARAMETER or TYPE_ASSOCIATED
} Bound;

typedef struct Equality { // T.Item = int
    TypeId left;          // TYPE_ASSOCIATED
    TypeId right;
    Span span;
} Equality;

typedef struct Generics { // of a function (an impl's first), a type, a trait or an impl
    uint32_t count;
    const NameId *names;
    const Bound *bounds;
    uint32_t bound_count;
    const Equality *equalities;
    uint32_t equality_count;
} Generics;

typedef struct Parameter {
    NameId name;
    TypeId type; // TYPE_ERROR when unknown
    Span span;   // of the name
    const NameId
        *also; // further names that a named argument may use (`#[also("msg", "value")]` in the prelude and std)
    uint32_t also_count;
} Parameter;

struct TypedBody;

#define CAPABILITY_HAS_NONE UINT32_MAX
typedef struct Capability { // of a function: `uses Http`
    TraitId trait;          // none: opaque, known by its name alone
    NameId name;            // as written
    Span span;
    uint32_t parameter; // the hidden parameter that it comes in, or CAPABILITY_HAS_NONE
    bool is_declared;   // false: only the trait's method declares it, and this impl's method cannot reach it
    bool is_foreign;    // an impl's method declares it beyond its trait (reported)
    bool is_silent;     // reported, or its import was
} Capability;
// Two names are one capability if they are one trait, or both none and spelt alike.
static inline bool capability_equal(TraitId trait, NameId name, TraitId other_trait, NameId other_name) {
    return trait.index != 0 || other_trait.index != 0 ? trait.index == other_trait.index
                                                      : name.index == other_name.index;
}

typedef struct Function {
    NameId name;
    ModuleId module;
    uint32_t declaration; // index into the module's tree
    NodeIndex node;       // FUNCTION or TEST in that declaration
    ImplId impl;          // none for module functions
    TraitId trait;        // of a trait's own method
    bool is_public, has_self, is_test, is_main, is_intrinsic;
    bool is_incomplete;          // parts of its signature are left out, and not found (yet): calls are silent
    bool is_settled;             // they were looked for in its body, which has errors: its TypedBody has the messages
    bool has_error;              // its signature has an error: calls are silent
    Generics generics;           // combined: the impl's parameters, then its own
    uint32_t own_generics;       // index of its first own parameter
    const Parameter *parameters; // self first, if any; then hidden_count more, those of its capabilities
    uint32_t parameter_count;    // without the hidden ones
    uint32_t hidden_count;
    const Capability *capabilities; // sema/capabilities.c
    uint32_t capability_count;
    bool uses_capabilities; // it declares some; without, it is pure as far as capabilities go (chapter 9)
    TypeId result;
    // tests
    const FunctionId *targets;
    uint32_t target_count;
    Text skip, fail; // from attributes; data NULL when absent
    bool expects_compile_error;
    bool compile_fail_holds; // what it expects is there (query/forgive.c)
    Text compile_fail;
    uint32_t line, column; // of the name
} Function;

typedef struct FieldDecl {
    NameId name; // none for unnamed parts
    TypeId type; // over the declaration's parameters
    Span span;
} FieldDecl;

typedef struct VariantDecl {
    NameId name;
    bool has_parentheses; // Circle(…): usable as a function
    const FieldDecl *fields;
    uint32_t field_count;
    Span span;
} VariantDecl;

typedef enum TypeDeclKind { DECL_RECORD, DECL_SUM, DECL_NEWTYPE } TypeDeclKind;

typedef enum BuiltinTrait { // positions in Program.builtin_traits; bits in TypeDecl.derives
    TRAIT_EQ,
    TRAIT_COMPARABLE,
    TRAIT_HASHABLE,
    TRAIT_PRINTABLE,
    TRAIT_CLONE,
    TRAIT_DEFAULT,
    TRAIT_SERIALIZE,
    TRAIT_DESERIALIZE,
    TRAIT_LEN,
    TRAIT_IS_EMPTY,
    TRAIT_ITERATOR,
    TRAIT_ITERABLE,
    TRAIT_SUMMABLE,
    TRAIT_MULTIPLIABLE, // of the prelude's own functions; no program can name them
    BUILTIN_TRAIT_COUNT
} BuiltinTrait;

typedef struct TypeDecl {
    NameId name;
    ModuleId module;
    uint32_t declaration;
    NodeIndex node;
    TypeDeclKind kind;
    bool is_public, has_error;
    Generics generics;
    const VariantDecl *variants; // records and newtypes: exactly one (newtype: one field named `value`)
    uint32_t variant_count;
    uint32_t derives; // bit set of BuiltinTrait
    Span span;        // of the name
} TypeDecl;

typedef struct TraitDecl {
    NameId name;
    ModuleId module;
    uint32_t declaration;
    NodeIndex node;
    bool is_public;
    Generics generics;           // its own parameters
    Generics self_generics;      // `Self`, then its own; the first bound is that Self has the trait
    const TraitUse *supertraits; // over self_generics
    uint32_t supertrait_count;
    uint32_t first_method, method_count;         // into Program.functions
    uint32_t first_associated, associated_count; // into Program.associated
    int builtin;                                 // BuiltinTrait or -1
    Span span;                                   // of the name
} TraitDecl;

typedef struct AssociatedDecl { // `type Item: A + B` of a trait
    NameId name;
    TraitId trait;
    const TraitUse *bounds; // over the trait's self_generics
    uint32_t bound_count;
    Span span;
} AssociatedDecl;

typedef struct ConfigDecl {
    NameId name;
    ModuleId module;
    uint32_t declaration;
    NodeIndex node;
    bool is_public, has_error;
    TypeId type;
    uint64_t value; // int, byte, char, bool, Duration, Size: the bits; float: bits of the binary64; str: NameId
    Span span;
} ConfigDecl;

typedef struct ImplDecl {
    ModuleId module;
    uint32_t declaration;
    NodeIndex node;
    Generics generics;
    TypeId self_type; // over its generics
    TraitId trait;    // none: inherent
    const TypeId *trait_arguments;
    uint32_t trait_argument_count;
    bool is_extension;
    NameId
        home; // of an extension: the name of its type or trait in an `extension` import (`List`, `Map` for those), or none
    bool has_error;                      // it is not looked for
    uint32_t first_method, method_count; // into Program.functions
    TypeId *associated;                  // of a trait's impl, one for each associated type of the trait; none: missing
} ImplDecl;

typedef struct KnownTypes { // declared in the prelude
    TypeDeclId option, result, ordering, error, timeout_error;
} KnownTypes;

typedef enum CoverageLevel { COVERAGE_OFF, COVERAGE_WARN, COVERAGE_ERROR } CoverageLevel;

typedef struct Program {
    Arena arena;
    NameInterner *names;
    TypeInterner *types;
    Module *modules; // [1 … module_count], by name
    uint32_t module_count;
    Function *functions; // [1 … count] each
    uint32_t function_count;
    TypeDecl *type_decls;
    uint32_t type_decl_count;
    TraitDecl *traits;
    uint32_t trait_count;
    ConfigDecl *configs;
    uint32_t config_count;
    ImplDecl *impls;
    uint32_t impl_count;
    AssociatedDecl *associated;
    uint32_t associated_count;
    ModuleId prelude;
    KnownTypes known;
    TraitId builtin_traits[BUILTIN_TRAIT_COUNT];
    struct TypedBody *bodies; // one per function, [1 … function_count]; filled by step 3
    bool has_customs;         // the project has impls of Eq, Comparable, Hashable or Printable
    CoverageLevel coverage;
    _Atomic uint8_t has_body_diagnostics; // some body; this and the next one: relaxed, only ever 0 → 1
    _Atomic uint8_t has_expected_errors;  // some function expects_compile_error
    FunctionId entry;                     // @main of the entry module, or none
    struct ProgramInternals *internal;    // sema/internal.h: what only steps 1 and 2 and the look-ups below know
} Program;

// ---- step 1: sema/link_parallel.c, modules.c --------------------------------------------------------------------------------------------
typedef struct ModuleInput {
    Text name; // decided by discovery: path below the source root with `.` for `/`
    ModuleKind kind;
    bool is_test_file;
    bool is_entry;
    bool is_folder_module; // its file is mod.si: relative imports start from the folder that it names
    const Source *source;
    const ParsedFile *file;
} ModuleInput;

typedef struct LinkInput {
    const ModuleInput *modules; // sorted by name, no duplicates (discovery reports E0201); file ids ascend with them
    uint32_t module_count;
    bool with_tests; // tests are checked and kept
    CoverageLevel coverage;
} LinkInput;

struct Pool;
struct Progress;
MUST_USE Status program_create(NameInterner *names, TypeInterner *types, Program **out);
void program_free(Program *program);
MUST_USE Status modules_link(Program *program, const LinkInput *input, struct Pool *pool); // pool may be NULL
// ---- step 2: sema/signatures_parallel.c; modules in parallel ---------------------------------------------------------------------
typedef enum Schedule {
    SCHEDULE_SIGNATURES, // signatures_check, bodies_check
    SCHEDULE_LEVELS,     // declarations_check, levels_check
} Schedule;
MUST_USE Status signatures_check(Program *program, struct Pool *pool);
// The part of signatures_check that needs every module: what they declare and import, what impls there are.
MUST_USE Status declarations_check(Program *program, struct Pool *pool);
// ---- step 3: sema/body.c; each function apart ---------------------------------------------------------------------------
// Counts functions_typed and errors as bodies end; `progress` may be NULL.
MUST_USE Status bodies_check(Program *program, struct Pool *pool, struct Progress *progress);
// An item of its loop is a batch of neighbouring bodies, by the first one. How many; 1 for what begins none.
uint32_t body_batch_length(const Program *program, FunctionId first);
// The rest of step 2 and all of step 3, after declarations_check: module by module in the order of imports.
MUST_USE Status levels_check(Program *program, struct Pool *pool, struct Progress *progress);
MUST_USE Status body_check(const Program *program, FunctionId function, struct TypedBody *out);
// ---- after step 3: unused imports (W0208), coverage (E0500); module by module -------------------------------------------
MUST_USE Status program_finish(Program *program, struct Pool *pool);

// ---- looking things up (scopes.c) ---------------------------------------------------------------------------------------
// An item by its name in a module: own items, then imports (marks the import used), then the prelude. kind NONE: unknown.
Item scope_lookup(const Program *program, ModuleId module, ScopeKind kind, NameId name);
// An item of another module as `alias.name` sees it. *is_private is set when it exists but is not visible.
Item module_member(const Program *program, ModuleId from, ModuleId target, ScopeKind kind, NameId name,
                   bool *is_private);
// Whether the dotted path of `count` names is a module known in `module` (`std.math`); returns it or none.
ModuleId scope_module_path(const Program *program, ModuleId module, const NameId *names, uint32_t count);
// Up to three near names (edit distance ≤ 2 or another case), for E0241; sorted; also the `use` line when an exported item exists.
void suggest_names(const Program *program, ModuleId module, ScopeKind kind, NameId name, DiagSink *sink, Diagnostic *d);
// Methods called `name` of every inherent impl whose self type's head matches `type` (heads only), in declaration order; the prelude's
// come after the project's. Returns the count, at most `limit` stored.
uint32_t methods_find(const Program *program, ModuleId from, TypeId type, NameId name, FunctionId *out, uint32_t limit);

// ---- types (types.c) ------------------------------------------------------------------------------------------------------
TypeId type_make(const Program *program, Arena *arena_for_escape, TypeKind kind, uint32_t head, const TypeId *args,
                 uint32_t count);
TypeId type_substitute(const Program *program, Arena *arena_for_escape, TypeId type, const TypeId *arguments,
                       uint32_t count);
void type_print(const Program *program, TypeId type, const Generics *names_of_parameters,
                Buffer *out); // as messages show it
int type_compare(const Program *program, TypeId first,
                 TypeId second); // a total order by structure and names, for output
bool type_is_named(const Program *program, TypeId type, TypeDeclId decl);
// Resolves a TYPE_… node in a module; unknown names are reported and give TYPE_ERROR.
typedef struct TypeScope {
    const Program *program;
    ModuleId module;
    const TreeView *view;
    const Generics *generics; // names of TYPE_PARAMETERs in scope; may be NULL
    TypeId self_type;         // of `Self`; none outside impls and traits
    Arena *arena;
    DiagSink *sink;
    ImplId impl; // where `Self.Item` is what the impl says, or none
} TypeScope;
TypeId type_resolve(const TypeScope *scope, NodeIndex node);

// ---- traits (solve.c) ------------------------------------------------------------------------------------------------------
typedef enum SolveAnswer { SOLVE_NO, SOLVE_YES, SOLVE_UNKNOWN } SolveAnswer;
typedef struct SolveResult {
    SolveAnswer answer;
    ImplId impl;           // of a program's own impl; none for built-in and derived ones
    TypeId failing_part;   // for NO: the part without the trait (itself if the type is the reason)
                           // UNKNOWN: the obligations nest deeper than 64 (E0442)
    TraitId failing_trait; // for NO: which trait it lacks; none where an equality of types fails
} SolveResult;
// Whether `type` has the trait, under the bounds `generics` (for TYPE_PARAMETERs). Final types only.
SolveResult trait_solve(const Program *program, const Generics *generics, TypeId type, TraitId trait);
SolveResult trait_solve_use(const Program *program, const Generics *generics, TypeId type, const TraitUse *use);

// The panic of `T.get(url)`, a method that the trait writes without `self`, where T's impl takes it. A name, so that lowering
// finds it.
#define NEEDS_VALUE_TEXT "this method takes `self` here and needs a value"

typedef struct ImplMatch {
    ImplId impl;
    const TypeId *arguments; // of its type parameters
} ImplMatch;
// The impl of a program for a final type; its bounds are not asked. False: there is none.
bool impl_find(const Program *program, Arena *arena, TypeId type, const TraitUse *use, ImplMatch *out);
// A method of a trait, for known type arguments (Self first): becomes the impl's method, or stays the trait's default.
// False: no impl of the program fits (a built-in or derived one).
bool trait_method_resolve(const Program *program, Arena *arena, FunctionId *function, const TypeId **arguments,
                          uint32_t *count);
// The table of a `dyn` type (dyn.c): its methods in order, each with the trait that declares it.
typedef struct DynMethod {
    FunctionId function;
    TraitUse use; // with concrete arguments
} DynMethod;
uint32_t dyn_methods(const Program *program, Arena *arena, TypeId type, const DynMethod **out);
// What an associated type is where its type is known, else none.
TypeId associated_project(const Program *program, Arena *arena, AssociatedId id, const TypeId *args, uint32_t count);
// The same type with every associated type in it replaced that is known, by an impl or by an equality of `generics`.
TypeId type_normalise(const Program *program, Arena *arena, const Generics *generics, TypeId type);
// Equality of this type's values is by derive or built in (never a program's own impl), likewise for others.
bool type_decl_has_derive(const Program *program, TypeDeclId decl, BuiltinTrait trait);

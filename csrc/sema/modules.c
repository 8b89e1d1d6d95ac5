// sema/modules.c: step 1: which modules there are, which imports which, in what circles, and the number of every item.
//
// SHAPE      names ▸ paths of imports ▸ dependencies ▸ strongly connected components ▸ counts ▸ numbers by prefix sums
// THREADS    module_plan and module_place: modules in parallel (link_parallel.c), the others alone.
// COST       One look at each declaration and each import; linear but for sorting a module's dependencies. What runs alone
//            looks at modules, never at declarations.
#include "sema/internal.h"
#include <stdlib.h>

static uint32_t name_slot(const ProgramInternals *internal, Text name) {
    return (uint32_t)hash_text(name) & (internal->module_slot_count - 1);
}

ModuleId module_find(const Program *program, Text name) {
    const ProgramInternals *internal = program->internal;
    for (uint32_t slot = name_slot(internal, name);; slot = (slot + 1) & (internal->module_slot_count - 1)) {
        uint32_t index = internal->module_slots[slot];
        if (index == 0) return (ModuleId){0};
        if (text_equal(program->modules[index].name, name)) return (ModuleId){index};
    }
}

void modules_create(Program *program, const LinkInput *input) {
    Arena *arena = &program->arena;
    ProgramInternals *internal = program->internal;
    uint32_t count = input->module_count;
    internal->with_tests = input->with_tests;
    internal->states = arena_array(arena, ModuleState, (size_t)count + 2);
    program->modules = arena_array(arena, Module, (size_t)count + 2); // the last one is the silent module
    program->module_count = count;
    program->coverage = input->coverage;
    internal->silent = (ModuleId){count + 1};
    program->modules[count + 1].is_cyclic = true;

    internal->module_slot_count = 16;
    while (internal->module_slot_count < count * 2)
        internal->module_slot_count *= 2;
    internal->module_slots = arena_array(arena, uint32_t, internal->module_slot_count);
    for (uint32_t i = 1; i <= count; i++) {
        const ModuleInput *in = &input->modules[i - 1];
        Module *module = &program->modules[i];
        ModuleState *state = &internal->states[i];
        state->arena.source = arena->source;
        state->is_entry = in->is_entry;
        state->is_folder_module = in->is_folder_module;
        module->name = in->name;
        module->kind = in->kind;
        module->is_test_file = in->is_test_file;
        module->file = in->file;
        module->source = in->source;
        module->diagnostics = diag_sink(&state->arena);
        module->scope = arena_new(arena, Scope);
        if (in->kind == MODULE_PRELUDE) {
            program->prelude = (ModuleId){i};
            continue; // nobody imports it by name
        }
        uint32_t slot = name_slot(internal, in->name);
        while (internal->module_slots[slot] != 0)
            slot = (slot + 1) & (internal->module_slot_count - 1);
        internal->module_slots[slot] = i;
    }
}

// ---- paths -----------------------------------------------------------------------------------------------------------------

typedef enum PathAnswer { PATH_MODULE, PATH_NO_MODULE, PATH_OUTSIDE } PathAnswer;

// './a/b', '../c' from the folder of `base` (or from the folder that it names): the dotted name of the module that is meant.
static PathAnswer path_resolve(Arena *arena, Text base, bool is_folder_module, Text path, Text *name) {
    VEC(Text) parts = {0};
    for (uint32_t i = 0, start = 0; base.length > 0 && i <= base.length; i++) {
        if (i < base.length && base.data[i] != '.') continue;
        vec_push(arena, &parts, ((Text){base.data + start, i - start}));
        start = i + 1;
    }
    if (!is_folder_module && parts.count > 0) parts.count--;

    *name = path;
    if (path.length > 0 && path.data[0] == '/') return PATH_OUTSIDE;
    if (!text_starts_with(path, TEXT("./")) && !text_starts_with(path, TEXT("../"))) return PATH_NO_MODULE;
    bool is_name = true;
    for (uint32_t i = 0, start = 0; i <= path.length; i++) {
        if (i < path.length && path.data[i] != '/') continue;
        Text part = {path.data + start, i - start};
        start = i + 1;
        if (text_equal(part, TEXT("."))) continue;
        if (text_equal(part, TEXT(".."))) {
            if (parts.count == 0) return PATH_OUTSIDE;
            parts.count--;
            continue;
        }
        if (part.length == 0 || memchr(part.data, '.', part.length) != NULL) is_name = false; // `./a.b` is not `./a/b`
        vec_push(arena, &parts, part);
    }
    if (!is_name || parts.count == 0) return PATH_NO_MODULE;
    Buffer joined = buffer_in(arena);
    for (uint32_t i = 0; i < parts.count; i++) {
        if (i > 0) buffer_char(&joined, '.');
        buffer_text(&joined, parts.items[i]);
    }
    *name = (Text){joined.data, (uint32_t)joined.length};
    return PATH_MODULE;
}

static Text dotted_text(const Program *program, Arena *arena, const TreeView *view, uint32_t list) {
    Buffer joined = buffer_in(arena);
    for (uint32_t i = 0; i < tree_list_count(view, list); i++) {
        if (i > 0) buffer_char(&joined, '.');
        buffer_text(&joined, program_name(program, (NameId){tree_list_item(view, list, i)}));
    }
    return (Text){joined.data, (uint32_t)joined.length};
}

// The library's modules (chapter 12 of the reference), also those that are not shipped yet and those that nobody imports.
static const char *const library_modules[] = {
    "std.math",  "std.math.rand", "std.text",     "std.text.regex", "std.collections", "std.json", "std.fmt",
    "std.time",  "std.io",        "std.fs",       "std.env",        "std.process",     "std.log",  "std.testing",
    "std.async", "std.cache",     "std.encoding", "std.crypto",     "std.compress",    "std.net",  "std.net.http",
};
enum { LIBRARY_MODULE_COUNT = sizeof library_modules / sizeof *library_modules };

static bool is_library_module(Text name) {
    for (uint32_t i = 0; i < LIBRARY_MODULE_COUNT; i++)
        if (text_equal(name, text_from(library_modules[i]))) return true;
    return false;
}

static void report_no_module(const Program *program, ModuleId from, Arena *arena, DiagSink *sink, Span span,
                             Text name) {
    Diagnostic *d = diag(sink, DIAG_NO_SUCH_MODULE, span, name);
    if (suggestions_are_enough(sink)) return;
    Text *names = arena_array(arena, Text, program->module_count + LIBRARY_MODULE_COUNT);
    uint32_t count = 0;
    // Those of the library that are loaded are among these; a name that is offered twice would be suggested twice.
    for (uint32_t i = 0; i < LIBRARY_MODULE_COUNT; i++)
        if (module_find(program, text_from(library_modules[i])).index == 0)
            names[count++] = text_from(library_modules[i]);
    for (uint32_t i = 1; i <= program->module_count; i++)
        if (program->modules[i].kind != MODULE_PRELUDE && i != from.index) names[count++] = program->modules[i].name;
    suggest_from(names, count, name, sink, d);
}

// The module that an IMPORT's path means, or none after a report.
static ModuleId import_target(Program *program, ModuleId from, bool is_folder_module, const TreeView *view,
                              NodeIndex path) {
    Module *module = program_module(program, from);
    Arena *arena = &module_state(program, from)->arena;
    Span span = tree_node_span(view, path);
    if (view->kinds[path] != NODE_IMPORT_PATH) return (ModuleId){0}; // a syntax error, reported
    Text name;
    if (view->a[path] != 0) {
        Text text = program_name(program, (NameId){view->a[path]});
        Text base = module->name;
        // A file `a/b.test.si` is the module `a.b.test`: that last point is no folder.
        if (text_ends_with(module->source->path, TEXT(".test.si")) && text_ends_with(base, TEXT(".test")))
            base.length -= 5;
        switch (path_resolve(arena, base, is_folder_module, text, &name)) {
        case PATH_MODULE:
            break;
        case PATH_NO_MODULE: {
            Diagnostic *d = diag(&module->diagnostics, DIAG_NO_SUCH_MODULE, span, text);
            if (!text_starts_with(text, TEXT("./")) && !text_starts_with(text, TEXT("../")))
                diag_note(&module->diagnostics, d, TEXT("a path in quotes begins with `./` or `../`"));
            return (ModuleId){0};
        }
        case PATH_OUTSIDE:
            (void)diag(&module->diagnostics, DIAG_PATH_OUTSIDE_PROJECT, span, text); // complete as it is
            return (ModuleId){0};
        }
    } else {
        name = dotted_text(program, arena, view, view->b[path]);
    }
    ModuleId target = module_find(program, name);
    // std.testing re-exports from the prelude, which no other module can name.
    if (module->kind == MODULE_STD && text_equal(name, TEXT("std.prelude"))) return program->prelude;
    if (target.index == 0 && view->a[path] == 0 && is_library_module(name))
        not_supported(&module->diagnostics, span, "this module of the standard library");
    else if (target.index == 0)
        report_no_module(program, from, arena, &module->diagnostics, span, name);
    if (target.index == from.index) {
        diag0(&module->diagnostics, DIAG_IMPORTS_ITSELF, span);
        return (ModuleId){0};
    }
    return target;
}

static int compare_modules(const void *first, const void *second) {
    uint32_t a = ((const ModuleId *)first)->index, b = ((const ModuleId *)second)->index;
    return (a > b) - (a < b);
}

static void imports_plan(Program *program, ModuleId id) {
    Module *module = program_module(program, id);
    ModuleState *state = module_state(program, id);
    const Tree *tree = &module->file->tree;
    VEC(ImportPlan) plans = {0};
    bool is_late = false;
    for (uint32_t d = 0; d < tree->declaration_count; d++) {
        const Declaration *declaration = &tree->declarations[d];
        if (declaration->kind != NODE_IMPORT && declaration->kind != NODE_EXTENSION_IMPORT) {
            if (declaration->kind != NODE_ERROR) is_late = true;
            continue;
        }
        TreeView view = module_view(module, d);
        if (is_late) diag0(&module->diagnostics, DIAG_LATE_IMPORT, tree_node_span(&view, declaration->root));
        ModuleId target = import_target(program, id, state->is_folder_module, &view, view.a[declaration->root]);
        vec_push(&state->arena, &plans, ((ImportPlan){d, target}));
    }
    state->plans = plans.items;
    state->plan_count = plans.count;

    if (plans.count == 0) return;
    module->dependencies = arena_array(&state->arena, ModuleId, plans.count);
    for (uint32_t i = 0; i < plans.count; i++)
        if (plans.items[i].target.index != 0 && plans.items[i].target.index != program->prelude.index)
            module->dependencies[module->dependency_count++] = plans.items[i].target;
    if (module->dependency_count < 2) return;
    qsort(module->dependencies, module->dependency_count, sizeof(ModuleId), compare_modules);
    uint32_t kept = 1;
    for (uint32_t i = 1; i < module->dependency_count; i++)
        if (module->dependencies[i].index != module->dependencies[kept - 1].index)
            module->dependencies[kept++] = module->dependencies[i];
    module->dependency_count = kept;
}

// ---- numbers -----------------------------------------------------------------------------------------------------------------

bool function_is_plain_test(const Program *program, const TreeView *view, NodeIndex node) {
    const FunctionHead *head = tree_function_head(view, node);
    if (!text_starts_with(program_name(program, (NameId){head->name}), TEXT("test_"))) return false;
    if (tree_list_count(view, head->parameters) != 0 || tree_list_count(view, head->generics) != 0) return false;
    if (head->result == 0) return true;
    uint8_t kind = view->kinds[head->result];
    if (kind == NODE_TYPE_TUPLE) return tree_list_count(view, view->b[head->result]) == 0;
    return kind == NODE_TYPE_PATH && tree_list_count(view, view->a[head->result]) == 1 &&
           tree_list_item(view, view->a[head->result], 0) == program_word(program, WORD_VOID).index;
}

static uint32_t count_functions(const TreeView *view, uint32_t list) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < tree_list_count(view, list); i++)
        count += view->kinds[tree_list_item(view, list, i)] == NODE_FUNCTION;
    return count;
}

// How many functions a declaration gives to Program.functions.
uint32_t declaration_function_count(const Program *program, const Module *module, uint32_t d) {
    const Declaration *declaration = module_declaration(module, d);
    TreeView view = module_view(module, d);
    bool with_tests = program->internal->with_tests;
    switch (declaration->kind) {
    case NODE_FUNCTION:
        return with_tests || !function_is_plain_test(program, &view, declaration->root) ? 1 : 0;
    case NODE_TEST:
        return with_tests ? 1 : 0;
    case NODE_IMPL:
    case NODE_EXTEND:
    case NODE_TRAIT_DECL:
        return count_functions(&view, view.b[declaration->root]);
    default:
        return 0;
    }
}

static uint32_t associated_count(const Module *module, uint32_t d) {
    const Declaration *declaration = module_declaration(module, d);
    if (declaration->kind != NODE_TRAIT_DECL) return 0;
    TreeView view = module_view(module, d);
    uint32_t list = view.b[declaration->root], count = 0;
    for (uint32_t i = 0; i < tree_list_count(&view, list); i++)
        count += view.kinds[tree_list_item(&view, list, i)] == NODE_ASSOCIATED_TYPE;
    return count;
}

// How many items the module has, and where each declaration's functions begin, as if it were the first module.
static void items_count(Program *program, ModuleId id) {
    Module *module = program_module(program, id);
    ModuleState *state = module_state(program, id);
    const Tree *tree = &module->file->tree;
    state->function_declarations = arena_array(&state->arena, uint32_t, (size_t)tree->declaration_count + 1);
    for (uint32_t d = 0; d < tree->declaration_count; d++) {
        state->function_declarations[d] = module->function_count;
        module->function_count += declaration_function_count(program, module, d);
        module->type_count += tree->declarations[d].kind == NODE_TYPE_DECL;
        module->trait_count += tree->declarations[d].kind == NODE_TRAIT_DECL;
        module->config_count += tree->declarations[d].kind == NODE_CONFIG_DECL;
        module->impl_count += tree->declarations[d].kind == NODE_IMPL || tree->declarations[d].kind == NODE_EXTEND;
        module->associated_count += associated_count(module, d);
    }
}

void module_plan(Program *program, ModuleId id) {
    imports_plan(program, id);
    items_count(program, id);
}

// An array that the modules clear, each its own; the one of `places_first` also element 0. Nothing of it is touched before.
#define ITEMS(arena, T, count) ((T *)arena_alloc((arena), sizeof(T) * ((size_t)(count) + 1), _Alignof(T)))

void modules_number(Program *program) {
    uint32_t functions = 0, types = 0, traits = 0, configs = 0, impls = 0, associated = 0;
    for (uint32_t i = 1; i <= program->module_count; i++) {
        Module *module = &program->modules[i];
        if (!module->is_cyclic && program->internal->places_first.index == 0)
            program->internal->places_first = (ModuleId){i};
        if (module->is_cyclic) // checked no further
            module->function_count = module->type_count = module->trait_count = module->config_count =
                module->impl_count = module->associated_count = 0;
        module->first_function = functions + 1;
        module->first_type = types + 1;
        module->first_trait = traits + 1;
        module->first_config = configs + 1;
        module->first_impl = impls + 1;
        module->first_associated = associated + 1;
        functions += module->function_count;
        types += module->type_count;
        traits += module->trait_count;
        configs += module->config_count;
        impls += module->impl_count;
        associated += module->associated_count;
    }
    Arena *arena = &program->arena;
    program->functions = ITEMS(arena, Function, functions);
    program->type_decls = ITEMS(arena, TypeDecl, types);
    program->traits = ITEMS(arena, TraitDecl, traits);
    program->configs = ITEMS(arena, ConfigDecl, configs);
    program->impls = ITEMS(arena, ImplDecl, impls);
    program->bodies = ITEMS(arena, TypedBody, functions);
    program->internal->covered = ITEMS(arena, _Atomic uint8_t, functions);
    program->internal->holds = ITEMS(arena, bool *, types);
    if (program->internal->places_first.index == 0) { // nobody places anything
        program->functions[0] = (Function){0};
        program->bodies[0] = (TypedBody){0};
    }
    program->function_count = functions;
    program->type_decl_count = types;
    program->trait_count = traits;
    program->config_count = configs;
    program->impl_count = impls;
    program->associated = ITEMS(arena, AssociatedDecl, associated);
    program->associated_count = associated;
}

#define CLEAR(array, first, count)                                                                                     \
    do {                                                                                                               \
        (void)memset((void *)((array) + (first)), 0, sizeof *(array) * (count));                                       \
        if (is_first) (void)memset((void *)(array), 0, sizeof *(array));                                               \
    } while (0)
void module_place(Program *program, ModuleId id) {
    const Module *m = program_module(program, id);
    bool is_first = id.index == program->internal->places_first.index;
    CLEAR(program->functions, m->first_function, m->function_count);
    CLEAR(program->type_decls, m->first_type, m->type_count);
    CLEAR(program->traits, m->first_trait, m->trait_count);
    CLEAR(program->configs, m->first_config, m->config_count);
    CLEAR(program->impls, m->first_impl, m->impl_count);
    CLEAR(program->associated, m->first_associated, m->associated_count);
    CLEAR(program->bodies, m->first_function, m->function_count);
    CLEAR(program->internal->covered, m->first_function, m->function_count);
    CLEAR(program->internal->holds, m->first_type, m->type_count);
    uint32_t *first = module_state(program, id)->function_declarations;
    for (uint32_t d = 0; d < m->file->tree.declaration_count; d++)
        first[d] += m->first_function;
}

// sema/capabilities.c: step 2: the capabilities that a signature declares (`uses Http, Clock`).
//
// SHAPE      A declared capability that is a trait becomes a hidden type parameter with the trait as its bound, behind the
//            function's own, and a hidden parameter of that type, behind its own:
//                @load (id: int) -> str uses Http     is     @load <H: Http> (id: int, hidden: H) -> str
//            so that calls of its methods are resolved by monomorphisation like those of any bound, nothing is global, and
//            what is not needed costs nothing. A capability that is no trait has no value and is only tracked.
// INVARIANTS An impl's method has the hidden parameters of its trait's method, in that order, whatever it declares itself, so
//            that a call that knows only the trait fits it. Those that it does not declare it cannot reach.
//            Function.parameter_count does not count the hidden ones; they follow in Function.parameters.
#include "sema/internal.h"

static const Function *trait_method_of(const Program *program, const Function *f) {
    if (f->impl.index == 0 || program->impls[f->impl.index].trait.index == 0) return NULL;
    const TraitDecl *trait = &program->traits[program->impls[f->impl.index].trait.index];
    for (uint32_t i = trait->first_method; i < trait->first_method + trait->method_count; i++)
        if (name_equal(program->functions[i].name, f->name)) return &program->functions[i];
    return NULL;
}

static uint32_t next_name(const TreeView *view, uint32_t token, uint32_t end) {
    while (token < end && view->file_tokens->kinds[token] != TOKEN_NAME)
        token++;
    return token;
}

typedef struct Listing {
    Capability *items;
    uint32_t count;
} Listing;

static Capability *listing_find(const Listing *list, const Capability *wanted) {
    for (uint32_t i = 0; i < list->count; i++)
        if (capability_equal(list->items[i].trait, list->items[i].name, wanted->trait, wanted->name))
            return &list->items[i];
    return NULL;
}

// What a function's own words say, as its module sees them. Names stand there once.
static Listing listing_read(Program *program, const Function *f, Arena *arena) {
    const Module *module = program_module(program, f->module);
    TreeView view = module_view(module, f->declaration);
    uint32_t uses = tree_function_head(&view, f->node)->uses, count = tree_list_count(&view, uses);
    Listing list = {.items = arena_array(arena, Capability, count + 1)};
    if (count == 0) return list;
    uint32_t token = tree_token(&view, f->node), end = view.file_tokens->count;
    while (token < end && view.file_tokens->kinds[token] != TOKEN_USES)
        token++;
    for (uint32_t i = 0; i < count; i++) {
        token = next_name(&view, token + 1, end);
        Capability capability = {
            .name = {view.extra[uses + 1 + i]}, .parameter = CAPABILITY_HAS_NONE, .is_declared = true};
        if (token < end) capability.span = token_span(view.file_tokens, token);
        Item item = scope_lookup(program, f->module, SCOPE_TYPE, capability.name);
        capability.is_silent = item.kind == ITEM_SILENT;
        if (item.kind == ITEM_TRAIT) capability.trait = (TraitId){item.index};
        if (listing_find(&list, &capability) == NULL) list.items[list.count++] = capability;
    }
    return list;
}

bool capability_is_marker(const Program *program, TraitId trait) {
    const TraitDecl *decl = &program->traits[trait.index];
    return decl->method_count == 0 && decl->supertrait_count == 0 &&
           program->modules[decl->module.index].kind == MODULE_STD;
}

bool capability_is_of_std(const Program *program, NameId name) {
    static const char *const names[] = {"Http", "FileSystem", "Clock",   "Random",  "Cache", "Logger",
                                        "Env",  "Console",    "Process", "Network", "Async"};
    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++)
        if (text_equal(program_name(program, name), text_from(names[i]))) return true;
    return false;
}

static void listing_check(Program *program, const Function *f, Listing *list, const Function *wanted, DiagSink *sink) {
    Listing allowed = {0};
    if (wanted != NULL) allowed = listing_read(program, wanted, sink->arena);
    for (uint32_t i = 0; i < list->count; i++) {
        Capability *capability = &list->items[i];
        Text name = program_name(program, capability->name);
        if (capability->trait.index == 0 && !capability->is_silent && capability_is_of_std(program, capability->name))
            (void)diag(sink, DIAG_OPAQUE_STANDARD, capability->span, name); // complete
        const TraitDecl *trait = &program->traits[capability->trait.index];
        if (capability->trait.index != 0 && trait->generics.count > 0) {
            (void)diag(sink, DIAG_TYPE_ARGUMENT_COUNT, capability->span, name, // complete
                       text_count(sink->arena, trait->generics.count, "type argument"), TEXT("0"));
            capability->is_silent = true;
            capability->trait = (TraitId){0};
        }
        if (wanted == NULL || capability->is_silent || listing_find(&allowed, capability) != NULL) continue;
        TreeView own = module_view(program_module(program, f->module), f->declaration);
        Diagnostic *d =
            diag(sink, DIAG_SIGNATURE_DIFFERS, tree_token_span(&own, f->node), program_name(program, f->name),
                 text_join(sink->arena, TEXT("it uses `"), name, TEXT("`, the trait's does not")));
        if (program_module(program, wanted->module)->kind == MODULE_PROJECT) {
            TreeView view = module_view(program_module(program, wanted->module), wanted->declaration);
            diag_label(sink, d, tree_token_span(&view, wanted->node), TEXT("the trait declares it here"));
        }
    }
}

// The capabilities that are passed: the trait's where there is one, in its order, then what else is declared.
static Listing listing_merge(Program *program, const Listing *own, const Function *wanted, Arena *arena) {
    if (wanted == NULL) return *own;
    Listing theirs = listing_read(program, wanted, arena);
    Listing all = {.items = arena_array(arena, Capability, theirs.count + own->count + 1)};
    for (uint32_t i = 0; i < theirs.count; i++) {
        const Capability *declared = listing_find(own, &theirs.items[i]);
        all.items[all.count] = declared != NULL ? *declared : theirs.items[i];
        all.items[all.count++].is_declared = declared != NULL;
    }
    for (uint32_t i = 0; i < own->count; i++)
        if (listing_find(&theirs, &own->items[i]) == NULL) {
            all.items[all.count] = own->items[i];
            all.items[all.count++].is_foreign = true; // reported
        }
    return all;
}

static void hidden_add(const TypeScope *scope, Function *f, uint32_t count) {
    const Program *program = scope->program;
    Generics *generics = &f->generics;
    NameId *names = arena_array(scope->arena, NameId, generics->count + count);
    Bound *bounds = arena_array(scope->arena, Bound, generics->bound_count + count);
    Parameter *parameters = arena_array(scope->arena, Parameter, f->parameter_count + count);
    if (generics->count > 0) memcpy(names, generics->names, sizeof *names * generics->count);
    if (generics->bound_count > 0) memcpy(bounds, generics->bounds, sizeof *bounds * generics->bound_count);
    if (f->parameter_count > 0) memcpy(parameters, f->parameters, sizeof *parameters * f->parameter_count);
    Capability *capabilities = (Capability *)(uintptr_t)f->capabilities; // made here
    for (uint32_t i = 0; i < f->capability_count; i++) {
        Capability *capability = &capabilities[i];
        if (capability->trait.index == 0 || capability->is_foreign) continue;
        uint32_t parameter = generics->count++;
        TypeId type = type_make(program, scope->arena, TYPE_PARAMETER, parameter, NULL, 0);
        names[parameter] = (NameId){0}; // no program can name it
        if (capability->is_declared && !capability_is_marker(program, capability->trait))
            bounds[generics->bound_count++] =
                (Bound){.parameter = parameter, .trait = capability->trait, .span = capability->span, .subject = type};
        capability->parameter = f->parameter_count + f->hidden_count++;
        parameters[capability->parameter] = (Parameter){.type = type, .span = capability->span};
    }
    generics->names = names;
    generics->bounds = bounds;
    f->parameters = parameters;
}

void capabilities_declare(const TypeScope *scope, Function *f) {
    Program *program = (Program *)(uintptr_t)scope->program; // step 2 owns it
    const Function *wanted = trait_method_of(program, f);
    Listing own = listing_read(program, f, scope->arena);
    if (own.count > 0) listing_check(program, f, &own, wanted, scope->sink);
    Listing all = listing_merge(program, &own, wanted, scope->arena);
    f->uses_capabilities = own.count > 0;
    if (all.count == 0 || f->is_test) return;
    f->capabilities = all.items;
    f->capability_count = all.count;
    if (!f->is_main) hidden_add(scope, f, all.count); // @main gets the real ones
}

// Why a trait cannot be a capability: what `dyn` could not call. Methods without `self` count as taking it.
static bool mentions_self(const Program *program, TypeId type) {
    const TypeInfo *info = type_info(program->types, type);
    if ((info->flags & TYPE_HAS_PARAMETER) == 0) return false;
    if (info->kind == TYPE_PARAMETER) return info->head == 0;
    for (uint32_t i = 0; i < info->arg_count; i++)
        if (mentions_self(program, info->args[i])) return true;
    return false;
}

Text capability_fault(const Program *program, Arena *arena, TraitId id) {
    const TraitDecl *trait = &program->traits[id.index];
    for (uint32_t i = trait->first_method; i < trait->first_method + trait->method_count; i++) {
        const Function *f = &program->functions[i];
        if (f->has_error) continue;
        Text name = program_name(program, f->name);
        if (f->generics.count - f->hidden_count > trait->self_generics.count)
            return text_join(arena, TEXT("its method `"), name, TEXT("` is generic"));
        bool is_bad = mentions_self(program, f->result);
        for (uint32_t k = f->has_self ? 1 : 0; k < f->parameter_count; k++)
            is_bad = is_bad || mentions_self(program, f->parameters[k].type);
        if (is_bad) return text_join(arena, TEXT("`Self` stands in the signature of `"), name, TEXT("`"));
    }
    for (uint32_t i = 0; i < trait->supertrait_count; i++) {
        Text fault = capability_fault(program, arena, trait->supertraits[i].trait);
        if (fault.length > 0) return fault;
    }
    return TEXT("");
}

// By the words alone: signatures may still be to come.
bool trait_has_uses(const Program *program, TraitId id) {
    const TraitDecl *trait = &program->traits[id.index];
    for (uint32_t i = trait->first_method; i < trait->first_method + trait->method_count; i++) {
        const Function *f = &program->functions[i];
        TreeView view = module_view(program_module(program, f->module), f->declaration);
        if (f->node != 0 && tree_list_count(&view, tree_function_head(&view, f->node)->uses) > 0) return true;
    }
    for (uint32_t i = 0; i < trait->supertrait_count; i++)
        if (trait_has_uses(program, trait->supertraits[i].trait)) return true;
    return false;
}

// sema/traits.c: what traits and impls declare: supertraits, bounds, associated types, the heads of impls, and the checks of an
// impl against its trait.
//
// ORDER      traits_module   supertraits, of every module before …
//            impls_module    … bounds of traits and of associated types, heads of impls, their associated types
//            impl_check      after signatures: members against the trait's (E0431 … E0437)
// `Self` is a trait's own type parameter, number 0, before the trait's own; in an impl it is the impl's type.
#include "sema/internal.h"

#define TYPE_BEING_READ UINT32_MAX // in ImplDecl.associated, while its type is resolved

typedef struct Declarer {
    Program *program;
    ModuleId id;
    Module *module;
    Arena *arena;
    DiagSink *sink;
} Declarer;

static Declarer declarer(Program *program, ModuleId id) {
    Module *module = program_module(program, id);
    return (Declarer){program, id, module, module->diagnostics.arena, &module->diagnostics};
}

static TypeId parameter_type(const Declarer *d, uint32_t number) {
    return type_make(d->program, d->arena, TYPE_PARAMETER, number, NULL, 0);
}

static void misplaced(const Declarer *d, const TreeView *view, uint32_t attributes) {
    for (uint32_t i = 0; i < tree_list_count(view, attributes); i++)
        attribute_misplaced(d->program, view, tree_list_item(view, attributes, i), d->sink);
}

// ---- traits ----------------------------------------------------------------------------------------------------------------

static void trait_begin(const Declarer *d, TraitId id) {
    TraitDecl *trait = &d->program->traits[id.index];
    TreeView view = module_view(d->module, trait->declaration);
    const TypeHead *head = tree_type_head(&view, trait->node);
    misplaced(d, &view, head->attributes);
    uint32_t own = trait->generics.count;
    NameId *names = arena_array(d->arena, NameId, own + 1);
    TypeId *arguments = arena_array(d->arena, TypeId, own);
    names[0] = program_word(d->program, WORD_SELF_TYPE);
    for (uint32_t i = 0; i < own; i++) {
        names[i + 1] = trait->generics.names[i];
        arguments[i] = parameter_type(d, i + 1);
    }
    Bound *first = arena_new(d->arena, Bound);
    *first = (Bound){.parameter = 0,
                     .trait = id,
                     .span = trait->span,
                     .arguments = arguments,
                     .argument_count = own,
                     .subject = parameter_type(d, 0)};
    trait->self_generics = (Generics){.count = own + 1, .names = names, .bounds = first, .bound_count = 1};

    TypeScope scope = {.program = d->program,
                       .module = d->id,
                       .view = &view,
                       .generics = &trait->self_generics,
                       .self_type = first->subject,
                       .arena = d->arena,
                       .sink = d->sink};
    uint32_t count = tree_list_count(&view, head->bounds);
    TraitUse *supertraits = arena_array(d->arena, TraitUse, count);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        TraitUse use = trait_use_resolve(&scope, tree_list_item(&view, head->bounds, i));
        if (use.trait.index != 0) supertraits[kept++] = use;
    }
    trait->supertraits = supertraits;
    trait->supertrait_count = kept;
}

void traits_module(Program *program, ModuleId id) {
    Declarer d = declarer(program, id);
    for (uint32_t i = 0; i < d.module->trait_count; i++)
        trait_begin(&d, (TraitId){d.module->first_trait + i});
}

static void trait_bounds(const Declarer *d, TraitDecl *trait) {
    TreeView view = module_view(d->module, trait->declaration);
    const TypeHead *head = tree_type_head(&view, trait->node);
    TypeScope scope = {.program = d->program,
                       .module = d->id,
                       .view = &view,
                       .generics = &trait->self_generics,
                       .self_type = parameter_type(d, 0),
                       .arena = d->arena,
                       .sink = d->sink};
    Generics outer = trait->self_generics;
    generics_bounds(&scope, head->generics, head->where, &outer, 1, &trait->self_generics);
    uint32_t next = trait->first_associated, list = view.b[trait->node];
    for (uint32_t i = 0; i < tree_list_count(&view, list); i++) {
        NodeIndex member = tree_list_item(&view, list, i);
        if (view.kinds[member] != NODE_ASSOCIATED_TYPE) continue;
        AssociatedDecl *associated = &d->program->associated[next++];
        uint32_t bounds = view.b[member], count = tree_list_count(&view, bounds), kept = 0;
        TraitUse *uses = arena_array(d->arena, TraitUse, count);
        for (uint32_t k = 0; k < count; k++) {
            TraitUse use = trait_use_resolve(&scope, tree_list_item(&view, bounds, k));
            if (use.trait.index != 0) uses[kept++] = use;
        }
        associated->bounds = uses;
        associated->bound_count = kept;
    }
}

// ---- the heads of impls ----------------------------------------------------------------------------------------------------

static Span head_span(const TreeView *view, const ImplDecl *impl) {
    const ImplHead *head = tree_impl_head(view, impl->node);
    Span span = tree_node_span(view, head->type);
    if (head->trait != 0) span.start = tree_node_span(view, head->trait).start;
    return span;
}

static bool is_of_project(const Declarer *d, ModuleId module) {
    return program_module(d->program, module)->kind == d->module->kind;
}

// E0437, for inherent impls and those of traits.
static bool orphan_report(const Declarer *d, const TreeView *view, const ImplDecl *impl) {
    if (d->module->kind == MODULE_PRELUDE) return false;
    const Program *program = d->program;
    const TypeInfo *info = type_info(program->types, impl->self_type);
    if (info->kind == TYPE_NAMED && is_of_project(d, program->type_decls[info->head].module)) return false;
    if (info->kind == TYPE_DYN && is_of_project(d, program->traits[info->head].module)) return false;
    if (impl->trait.index != 0 && is_of_project(d, program->traits[impl->trait.index].module)) return false;
    Buffer message = buffer_in(d->arena);
    if (impl->trait.index != 0) {
        buffer_literal(&message, "neither the trait `");
        buffer_text(&message, program_name(program, program->traits[impl->trait.index].name));
        buffer_literal(&message, "` nor the type `");
        type_print(program, impl->self_type, &impl->generics, &message);
        buffer_literal(&message, "` is declared in this project");
    } else if (info->kind == TYPE_PARAMETER) {
        buffer_literal(&message, "a type parameter can have no methods of its own");
    } else {
        buffer_literal(&message, "methods of `");
        type_print(program, impl->self_type, &impl->generics, &message);
        buffer_literal(&message, "` can only be declared in the project that declares the type");
    }
    (void)diag(d->sink, DIAG_ORPHAN_IMPL, head_span(view, impl),
               ((Text){message.data, (uint32_t)message.length})); // complete
    return true;
}

static NodeIndex member_type(const TreeView *view, uint32_t list, NameId name) {
    for (uint32_t i = 0; i < tree_list_count(view, list); i++) {
        NodeIndex member = tree_list_item(view, list, i);
        if (view->kinds[member] == NODE_ASSOCIATED_TYPE && view->a[member] == name.index) return member;
    }
    return 0;
}

// One may be written before another that it speaks of: `type A = Self.B  type B = int`.
TypeId impl_associated(const TypeScope *scope, uint32_t index, Span span) {
    const Program *program = scope->program;
    const ImplDecl *impl = &program->impls[scope->impl.index];
    TypeId *place = &impl->associated[index];
    if (place->index == TYPE_BEING_READ) {
        if (scope->sink != NULL) diag0(scope->sink, DIAG_INFINITE_TYPE, span);
        return TYPE_ID(TYPE_ERROR);
    }
    if (place->index != 0) return *place;
    NameId name = program->associated[program->traits[impl->trait.index].first_associated + index].name;
    NodeIndex member = member_type(scope->view, scope->view->b[impl->node], name);
    if (member == 0) return (TypeId){0};
    place->index = TYPE_BEING_READ;
    return *place = type_resolve(scope, scope->view->b[member]);
}

static void impl_declare(const Declarer *d, ImplId id) {
    Program *program = d->program;
    ImplDecl *impl = &program->impls[id.index];
    TreeView view = module_view(d->module, impl->declaration);
    const ImplHead *head = tree_impl_head(&view, impl->node);
    misplaced(d, &view, head->attributes);
    TypeScope scope = {.program = program,
                       .module = d->id,
                       .view = &view,
                       .generics = &impl->generics,
                       .arena = d->arena,
                       .sink = d->sink};
    impl->has_error = true;
    if (impl->is_extension) {
        extension_declare(&scope, impl);
        impl->has_error = impl->self_type.index == TYPE_ERROR;
        return;
    }
    impl->self_type = type_resolve(&scope, head->type);
    scope.self_type = impl->self_type;
    generics_bounds(&scope, head->generics, head->where, NULL, 0, &impl->generics);
    if (head->trait != 0) {
        TraitUse use = trait_use_resolve(&scope, head->trait);
        if (use.trait.index == 0) impl->self_type = TYPE_ID(TYPE_ERROR); // its members are looked at no further
        impl->trait = use.trait;
        impl->trait_arguments = use.arguments;
        impl->trait_argument_count = use.argument_count;
    }
    if (impl->self_type.index == TYPE_ERROR) return;
    impl->has_error = orphan_report(d, &view, impl);
    if (impl->trait.index == 0) return;

    const TraitDecl *trait = &program->traits[impl->trait.index];
    TypeId *associated = arena_array(d->arena, TypeId, trait->associated_count);
    memset(associated, 0, sizeof(TypeId) * trait->associated_count);
    impl->associated = associated;
    scope.impl = id;
    for (uint32_t i = 0; i < trait->associated_count; i++)
        (void)impl_associated(&scope, i, (Span){0}); // not inside of itself
}

void impls_module(Program *program, ModuleId id) {
    Declarer d = declarer(program, id);
    for (uint32_t i = 0; i < d.module->trait_count; i++)
        trait_bounds(&d, &program->traits[d.module->first_trait + i]);
    for (uint32_t i = 0; i < d.module->impl_count; i++)
        impl_declare(&d, (ImplId){d.module->first_impl + i});
}

// ---- an impl against its trait ---------------------------------------------------------------------------------------------

typedef struct Compared {
    const Declarer *d;
    const TreeView *view;
    const ImplDecl *impl;
    const TraitDecl *trait;
} Compared;

static Text shown(const Compared *c, TypeId type, const Generics *names) {
    Buffer out = buffer_in(c->d->arena);
    type_print(c->d->program, type, names, &out);
    return (Text){out.data, (uint32_t)out.length};
}

static Span function_span(const Program *program, const Function *f) {
    TreeView view = module_view(program_module(program, f->module), f->declaration);
    return tree_token_span(&view, f->node);
}

static void signature_report(const Compared *c, const Function *own, const Function *wanted, Text why) {
    Diagnostic *d = diag(c->d->sink, DIAG_SIGNATURE_DIFFERS, function_span(c->d->program, own),
                         program_name(c->d->program, own->name), why);
    if (program_module(c->d->program, wanted->module)->kind == MODULE_PROJECT)
        diag_label(c->d->sink, d, function_span(c->d->program, wanted), TEXT("the trait declares it here"));
}

// What the trait's types are in this impl: Self and the trait's parameters are known, the method's own are the impl method's.
static void signature_check(const Compared *c, const Function *own, const Function *wanted) {
    Program *program = c->d->program;
    Arena *arena = c->d->arena;
    if (own->has_error || own->is_incomplete || wanted->has_error || wanted->is_incomplete) return;
    uint32_t outer = c->trait->self_generics.count, count = wanted->generics.count;
    uint32_t wanted_own = count - outer, found_own = own->generics.count - own->own_generics;
    if (wanted_own != found_own) {
        signature_report(c, own, wanted,
                         arena_format(arena, "it has %u type parameter%s, the trait's has %u", found_own,
                                      found_own == 1 ? "" : "s", wanted_own));
        return;
    }
    bool may_add_self = own->has_self && !wanted->has_self; // of a capability
    uint32_t skipped = may_add_self ? 1 : 0;
    if (own->has_self != wanted->has_self && !may_add_self) {
        signature_report(c, own, wanted,
                         wanted->has_self ? TEXT("the trait's takes `self`") : TEXT("the trait's takes no `self`"));
        return;
    }
    if (own->parameter_count - skipped != wanted->parameter_count) {
        signature_report(c, own, wanted,
                         arena_format(arena, "it has %u parameter%s, the trait's has %u",
                                      own->parameter_count - skipped, own->parameter_count - skipped == 1 ? "" : "s",
                                      wanted->parameter_count));
        return;
    }
    TypeId *arguments = arena_array(arena, TypeId, count);
    arguments[0] = c->impl->self_type;
    for (uint32_t i = 1; i < outer; i++)
        arguments[i] = c->impl->trait_arguments[i - 1];
    for (uint32_t i = 0; i < wanted_own; i++)
        arguments[outer + i] = parameter_type(c->d, own->own_generics + i);
    for (uint32_t i = 0; i <= wanted->parameter_count; i++) {
        bool is_result = i == wanted->parameter_count;
        TypeId needed = is_result ? wanted->result : wanted->parameters[i].type;
        TypeId found = is_result ? own->result : own->parameters[i + skipped].type;
        needed = type_substitute(program, arena, needed, arguments, count);
        needed = type_normalise(program, arena, &own->generics, needed);
        found = type_normalise(program, arena, &own->generics, found);
        bool has_error = ((type_info(program->types, needed)->flags | type_info(program->types, found)->flags) &
                          TYPE_HAS_ERROR) != 0; // reported where it is
        if (has_error || type_equal(needed, found)) continue;
        Text expected = shown(c, needed, &own->generics), got = shown(c, found, &own->generics);
        if (is_result)
            signature_report(c, own, wanted,
                             arena_format(arena, "its result is `%.*s`, the trait's is `%.*s`", (int)got.length,
                                          got.data, (int)expected.length, expected.data));
        else {
            Text name = program_name(program, own->parameters[i + skipped].name);
            signature_report(c, own, wanted,
                             arena_format(arena, "its `%.*s` is `%.*s`, the trait's is `%.*s`", (int)name.length,
                                          name.data, (int)got.length, got.data, (int)expected.length, expected.data));
        }
        return;
    }
    // It may ask of its type parameters only what the trait asks.
    for (uint32_t i = 0; i < own->generics.bound_count; i++) {
        const Bound *bound = &own->generics.bounds[i];
        if (bound->parameter == BOUND_OF_TYPE || bound->parameter < own->own_generics) continue;
        bool is_asked = false;
        for (uint32_t k = 0; k < wanted->generics.bound_count && !is_asked; k++) {
            const Bound *asked = &wanted->generics.bounds[k];
            is_asked = asked->parameter != BOUND_OF_TYPE && asked->parameter >= outer &&
                       asked->parameter - outer == bound->parameter - own->own_generics &&
                       trait_implies(program, asked->trait, bound->trait);
        }
        if (is_asked) continue;
        Text name = program_name(program, program->traits[bound->trait.index].name);
        signature_report(c, own, wanted,
                         arena_format(arena, "it asks for `%.*s`, the trait's does not", (int)name.length, name.data));
        return;
    }
}

static const Function *function_named(const Program *program, uint32_t first, uint32_t count, NameId name) {
    for (uint32_t i = first; i < first + count; i++)
        if (name_equal(program->functions[i].name, name)) return &program->functions[i];
    return NULL;
}

static bool is_required(const Compared *c, const Function *f) {
    TreeView view = module_view(program_module(c->d->program, f->module), f->declaration);
    NodeIndex body = view.b[f->node];
    return body == 0 || view.kinds[body] == NODE_NONE;
}

static void members_check(const Compared *c) {
    Program *program = c->d->program;
    DiagSink *sink = c->d->sink;
    const ImplDecl *impl = c->impl;
    const TraitDecl *trait = c->trait;
    Text trait_name = program_name(program, trait->name);
    uint32_t list = c->view->b[impl->node];
    Doubles doubles = {.program = program, .sink = sink};
    uint32_t next = impl->first_method;
    for (uint32_t i = 0; i < tree_list_count(c->view, list); i++) {
        NodeIndex member = tree_list_item(c->view, list, i);
        bool is_type = c->view->kinds[member] == NODE_ASSOCIATED_TYPE;
        if (!is_type && c->view->kinds[member] != NODE_FUNCTION) continue;
        const Function *own = is_type ? NULL : &program->functions[next++];
        NameId name = is_type ? (NameId){c->view->a[member]} : own->name;
        Span span = tree_token_span(c->view, member);
        if (name.index == 0 || doubles_add(&doubles, name, span)) continue;
        bool is_known = false;
        for (uint32_t k = 0; is_type && k < trait->associated_count; k++)
            is_known |= name_equal(program->associated[trait->first_associated + k].name, name);
        const Function *wanted =
            is_type ? NULL : function_named(program, trait->first_method, trait->method_count, name);
        if (!is_known && wanted == NULL) {
            (void)diag(sink, DIAG_NOT_A_MEMBER, span, program_name(program, name), trait_name); // complete
            continue;
        }
        if (wanted != NULL) signature_check(c, own, wanted);
    }
    Buffer missing = buffer_in(c->d->arena);
    uint32_t missing_count = 0;
    for (uint32_t i = trait->first_method; i < trait->first_method + trait->method_count; i++) {
        const Function *wanted = &program->functions[i];
        if (wanted->name.index == 0 || !is_required(c, wanted) || wanted->is_intrinsic ||
            function_named(program, impl->first_method, impl->method_count, wanted->name) != NULL)
            continue;
        if (missing_count++ > 0) buffer_literal(&missing, "`, `");
        buffer_text(&missing, program_name(program, wanted->name));
    }
    if (missing_count > 0) {
        Diagnostic *d =
            diag(sink, DIAG_MISSING_METHOD, head_span(c->view, impl), ((Text){missing.data, (uint32_t)missing.length}));
        if (program_module(program, trait->module)->kind == MODULE_PROJECT)
            diag_label(sink, d, trait->span, TEXT("the trait is declared here"));
    }
    for (uint32_t i = 0; i < trait->associated_count; i++) {
        const AssociatedDecl *associated = &program->associated[trait->first_associated + i];
        if (impl->associated[i].index == 0)
            (void)diag(sink, DIAG_MISSING_ASSOCIATED_TYPE, head_span(c->view, impl), // complete
                       program_name(program, associated->name));
        if (impl->associated[i].index <= TYPE_ERROR) continue;
        for (uint32_t b = 0; b < associated->bound_count; b++) {
            SolveResult result =
                trait_solve(program, &impl->generics, impl->associated[i], associated->bounds[b].trait);
            if (result.answer != SOLVE_NO) continue;
            NodeIndex member = member_type(c->view, list, associated->name);
            (void)diag(sink, DIAG_BOUND_NOT_SATISFIED, tree_node_span(c->view, c->view->b[member]), // complete
                       shown(c, impl->associated[i], &impl->generics),
                       program_name(program, program->traits[associated->bounds[b].trait.index].name));
        }
    }
}

static void supertraits_check(const Compared *c) {
    Program *program = c->d->program;
    for (uint32_t i = 0; i < c->trait->supertrait_count; i++) {
        TraitId wanted = c->trait->supertraits[i].trait;
        SolveResult result = trait_solve(program, &c->impl->generics, c->impl->self_type, wanted);
        if (result.answer != SOLVE_NO) continue;
        Diagnostic *d =
            diag(c->d->sink, DIAG_SUPERTRAIT_MISSING, head_span(c->view, c->impl),
                 program_name(program, c->trait->name), program_name(program, program->traits[wanted.index].name));
        Text type = shown(c, c->impl->self_type, &c->impl->generics);
        diag_note(c->d->sink, d,
                  arena_format(c->d->arena, "`%.*s` does not implement it", (int)type.length, type.data));
    }
}

// A trait that is derived and implemented by hand: two impls for one type.
static void derive_overlap(const Compared *c) {
    const Program *program = c->d->program;
    const TypeInfo *info = type_info(program->types, c->impl->self_type);
    if (c->trait->builtin < 0 || info->kind != TYPE_NAMED) return;
    const TypeDecl *type = &program->type_decls[info->head];
    if ((type->derives >> c->trait->builtin & 1u) == 0) return;
    Diagnostic *d =
        diag(c->d->sink, DIAG_OVERLAPPING_IMPLS, head_span(c->view, c->impl), program_name(program, c->trait->name));
    diag_label(c->d->sink, d, type->span, TEXT("it is derived here"));
}

void impls_check(Program *program, ModuleId id) {
    Declarer d = declarer(program, id);
    for (uint32_t i = 0; i < d.module->impl_count; i++) {
        const ImplDecl *impl = &program->impls[d.module->first_impl + i];
        if (impl->self_type.index == TYPE_ERROR) continue;
        TreeView view = module_view(d.module, impl->declaration);
        if (impl->trait.index != 0) {
            Compared c = {&d, &view, impl, &program->traits[impl->trait.index]};
            members_check(&c);
            if (!impl->has_error) {
                supertraits_check(&c);
                derive_overlap(&c);
            }
            continue;
        }
        uint32_t list = view.b[impl->node];
        for (uint32_t k = 0; k < tree_list_count(&view, list); k++) {
            NodeIndex member = tree_list_item(&view, list, k);
            if (view.kinds[member] != NODE_ASSOCIATED_TYPE) continue;
            Diagnostic *report = diag(d.sink, DIAG_NOT_A_MEMBER, tree_token_span(&view, member),
                                      program_name(program, (NameId){view.a[member]}), TEXT("impl"));
            diag_note(d.sink, report, TEXT("only an impl of a trait has associated types"));
        }
    }
}

Span impl_head_span(const Program *program, ImplId id) {
    const ImplDecl *impl = &program->impls[id.index];
    TreeView view = module_view(program_module(program, impl->module), impl->declaration);
    return head_span(&view, impl);
}

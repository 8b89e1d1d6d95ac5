// sema/trait_methods.c: methods that traits give a type: by an impl of a trait that is in scope, or by a bound.
//
// A call becomes a call of the impl's own method where the impl is known, else of the trait's method with Self among its
// type arguments; lowering, which knows every type, finds the impl then (trait_method_resolve).
#include "sema/body_internal.h"
#include "sema/internal.h"

static bool trait_in_scope(const Body *c, TraitId trait) {
    const Program *program = c->program;
    const TraitDecl *decl = &program->traits[trait.index];
    if (decl->module.index == c->function->module.index || decl->module.index == program->prelude.index) return true;
    for (uint32_t i = 0; i < c->module->import_count; i++) {
        Import *import = &c->module->imports[i];
        if (import->item.kind != ITEM_TRAIT || import->item.index != trait.index) continue;
        store_relaxed(&import->is_used, 1u); // relaxed: read after the barrier of step 3 only
        return true;
    }
    return false;
}

static const TypeId *instance_make(Body *c, const Function *f, TypeId self, const TypeId *arguments, uint32_t count,
                                   uint32_t token) {
    TypeId *instance = arena_array(c->scratch, TypeId, f->generics.count);
    instance[0] = self;
    for (uint32_t i = 1; i < f->generics.count; i++)
        instance[i] = i <= count ? arguments[i - 1] : type_variable(c, token);
    return instance;
}

// What bounds in force say of a type parameter or an associated type.
static bool offer_of_bound(Body *c, TypeId type, FunctionId method, uint32_t token, TraitOffer *out) {
    const Program *program = c->program;
    const Function *f = &program->functions[method.index];
    const TypeInfo *info = type_info(program->types, type);
    const Generics *generics = &c->function->generics;
    TraitUse found;
    bool is_there = dyn_has(program, c->scratch, type, &(TraitUse){.trait = f->trait}, &found);
    for (uint32_t i = 0; i < generics->bound_count && !is_there; i++) {
        const Bound *bound = &generics->bounds[i];
        TraitUse use = {bound->trait, bound->arguments, bound->argument_count};
        is_there = type_equal(bound->subject, type) && trait_supertrait(program, c->scratch, use, f->trait, &found);
    }
    if (!is_there && info->kind == TYPE_ASSOCIATED) {
        const AssociatedDecl *associated = &program->associated[info->head];
        for (uint32_t i = 0; i < associated->bound_count && !is_there; i++) {
            TraitUse use = trait_use_substitute(program, c->scratch, associated->bounds[i], info->args[0],
                                                info->args + 1, info->arg_count - 1);
            is_there = trait_supertrait(program, c->scratch, use, f->trait, &found);
        }
    }
    if (!is_there) return false;
    *out = (TraitOffer){.function = method,
                        .instance = instance_make(c, f, type, found.arguments, found.argument_count, token)};
    return true;
}

TypeId open_part(Body *c, TypeId type) {
    type = prune(c, type);
    if (!type_is_local(type)) return (TypeId){0};
    if (is_open(c, type)) return type;
    TypeShape shape = type_shape(c, type);
    for (uint32_t i = 0; i < shape.arg_count; i++) {
        TypeId part = open_part(c, shape.args[i]);
        if (part.index != 0) return part;
    }
    return (TypeId){0};
}

static bool offer_of_impl(Body *c, TypeId type, FunctionId method, uint32_t token, TraitOffer *out) {
    enum { LIMIT = 64 };
    const Program *program = c->program;
    const Function *f = &program->functions[method.index];
    TypeShape shape = type_shape(c, type);
    ImplId *impls = arena_array(c->scratch, ImplId, LIMIT);
    uint32_t count = impls_of_head(program, f->trait, shape.kind,
                                   shape.kind == TYPE_TUPLE ? shape.arg_count : shape.head, impls, LIMIT);
    if (count > LIMIT) count = LIMIT;
    uint32_t fitting = 0, chosen = 0;
    for (uint32_t i = 0; i < count; i++) {
        const ImplDecl *impl = &program->impls[impls[i].index];
        const TypeId *fresh = fresh_arguments(c, impl->generics.count, token);
        if (!fits(c, instantiate(c, impl->self_type, fresh, impl->generics.count), type)) continue;
        if (fitting++ == 0) chosen = i;
    }
    if (fitting == 0) return false;
    if (fitting > 1) { // open parts leave several
        *out = (TraitOffer){.function = method, .waits_for = open_part(c, type)};
        if (out->waits_for.index != 0) return true;
    }
    const ImplDecl *impl = &program->impls[impls[chosen].index];
    const TypeId *fresh = fresh_arguments(c, impl->generics.count, token);
    (void)unify(c, instantiate(c, impl->self_type, fresh, impl->generics.count), type); // it fits
    for (uint32_t i = impl->first_method; i < impl->first_method + impl->method_count; i++) {
        const Function *own = &program->functions[i];
        if (!name_equal(own->name, f->name)) continue;
        TypeId *instance = arena_array(c->scratch, TypeId, own->generics.count);
        for (uint32_t k = 0; k < own->generics.count; k++)
            instance[k] = k < impl->generics.count ? fresh[k] : type_variable(c, token);
        *out = (TraitOffer){.function = {i}, .instance = instance};
        return true;
    }
    TypeId *arguments = arena_array(c->scratch, TypeId, impl->trait_argument_count);
    for (uint32_t i = 0; i < impl->trait_argument_count; i++)
        arguments[i] = instantiate(c, impl->trait_arguments[i], fresh, impl->generics.count);
    *out = (TraitOffer){.function = method,
                        .instance = instance_make(c, f, type, arguments, impl->trait_argument_count, token)};
    return true;
}

bool trait_offer_find(Body *c, NameId name, TypeId type, bool with_self, uint32_t token, TraitOffer *out) {
    const Program *program = c->program;
    const FunctionId *methods;
    uint32_t count = trait_methods_find(program, name, &methods);
    type = prune(c, type);
    TypeShape shape = type_shape(c, type);
    bool by_bounds = shape.kind == TYPE_DYN || shape.kind == TYPE_PARAMETER || shape.kind == TYPE_ASSOCIATED;
    bool found = false;
    for (uint32_t i = 0; i < count; i++) {
        const Function *f = &program->functions[methods[i].index];
        if (f->name.index == 0) continue;
        bool lacks_self = with_self && !f->has_self; // but an impl's own may take it: a capability's
        TraitOffer offer;
        bool is_offered = by_bounds && !type_is_local(type) &&
                          (!lacks_self || capability_fault(program, c->scratch, f->trait).length == 0) &&
                          offer_of_bound(c, type, methods[i], token, &offer);
        if (!is_offered && trait_in_scope(c, f->trait)) is_offered = offer_of_impl(c, type, methods[i], token, &offer);
        if (!is_offered) continue;
        if (lacks_self && !by_bounds && offer.waits_for.index == 0 &&
            !program->functions[offer.function.index].has_self)
            continue;
        if (found) {
            out->other = f->trait;
            continue;
        }
        found = true;
        *out = offer;
        out->trait = f->trait;
    }
    return found;
}

uint32_t trait_offer_ambiguous(Body *c, NodeIndex n, NodeIndex name_node, const TraitOffer *offer) {
    Text name = name_text(c, (NameId){c->view.b[name_node]}),
         one = name_text(c, c->program->traits[offer->trait.index].name),
         two = name_text(c, c->program->traits[offer->other.index].name);
    Diagnostic *d = diag(c->sink, DIAG_AMBIGUOUS_MEMBER, tree_token_span(&c->view, name_node), name,
                         arena_format(c->scratch, "`%.*s` and `%.*s` both have it", (int)one.length, one.data,
                                      (int)two.length, two.data));
    diag_note(c->sink, d,
              arena_format(c->scratch, "say which: `%.*s.%.*s(…)` or `%.*s.%.*s(…)`", (int)one.length, one.data,
                           (int)name.length, name.data, (int)two.length, two.data, (int)name.length, name.data));
    return arguments_silent(c, n, c->view.b[n]);
}

// A trait that has such a method for this type, but is not in scope.
void note_trait_to_import(Body *c, Diagnostic *d, TypeId type, NameId name) {
    const FunctionId *methods;
    uint32_t count = trait_methods_find(c->program, name, &methods);
    TypeShape shape = type_shape(c, type);
    for (uint32_t i = 0; i < count; i++) {
        const Function *f = &c->program->functions[methods[i].index];
        const TraitDecl *trait = &c->program->traits[f->trait.index];
        ImplId impl;
        if (!trait->is_public || trait_in_scope(c, f->trait) ||
            impls_of_head(c->program, f->trait, shape.kind, shape.head, &impl, 1) == 0)
            continue;
        Text word = name_text(c, trait->name), module = c->program->modules[trait->module.index].name;
        diag_note(c->sink, d,
                  arena_format(c->scratch, "the trait `%.*s` of `%.*s` has it; import the trait", (int)word.length,
                               word.data, (int)module.length, module.data));
        return;
    }
}

// ---- associated types with variables ------------------------------------------------------------------------------------------

TypeId associated_compute(Body *c, uint32_t head, const TypeId *args, uint32_t count) {
    const Program *program = c->program;
    TypeId self = prune(c, args[0]);
    if (is_open(c, self)) return (TypeId){0};
    bool is_final = true;
    TypeId *known = arena_array(c->scratch, TypeId, count);
    for (uint32_t i = 0; i < count; i++) {
        known[i] = prune(c, args[i]);
        is_final = is_final && !type_is_local(known[i]);
    }
    if (is_final) {
        TypeId made = type_make(program, c->scratch, TYPE_ASSOCIATED, head, known, count);
        return type_normalise(program, c->scratch, &c->function->generics, made);
    }
    TypeShape shape = type_shape(c, self);
    const AssociatedDecl *associated = &program->associated[head];
    if (program->traits[associated->trait.index].builtin == TRAIT_ITERABLE) {
        TypeId item = element_of(c, self);
        if (item.index != 0) return item;
    }
    enum { LIMIT = 64 };
    ImplId *impls = arena_array(c->scratch, ImplId, LIMIT);
    uint32_t found = impls_of_head(program, associated->trait, shape.kind,
                                   shape.kind == TYPE_TUPLE ? shape.arg_count : shape.head, impls, LIMIT);
    uint32_t fitting = 0, chosen = 0;
    for (uint32_t i = 0; i < found && i < LIMIT; i++) {
        const ImplDecl *impl = &program->impls[impls[i].index];
        const TypeId *fresh = fresh_arguments(c, impl->generics.count, 0);
        if (fits(c, instantiate(c, impl->self_type, fresh, impl->generics.count), self) && fitting++ == 0) chosen = i;
    }
    if (fitting != 1) return (TypeId){0};
    const ImplDecl *impl = &program->impls[impls[chosen].index];
    const TypeId *fresh = fresh_arguments(c, impl->generics.count, 0);
    (void)unify(c, instantiate(c, impl->self_type, fresh, impl->generics.count), self); // it fits
    TypeId type = impl->associated[head - program->traits[associated->trait.index].first_associated];
    return type.index == 0 ? ERROR_TYPE : instantiate(c, type, fresh, impl->generics.count);
}

bool projections_run(Body *c) {
    bool has_moved = false;
    for (uint32_t i = 0; i < c->projections.count; i++) {
        Projection *p = &c->projections.items[i];
        if (p->is_done) continue;
        LocalType type = c->types.items[p->type & ~LOCAL_TYPE];
        if (type.link.index == 0) continue; // the trial that bound it was undone
        TypeId known = associated_compute(c, type.head, type.args, type.arg_count);
        if (known.index == 0) continue;
        c->projections.items[i].is_done = true;
        has_moved = true;
        unit_of(c, p->unit);
        UnifyAnswer answer = unify(c, known, type.link);
        if (answer == UNIFY_DIFFERS)
            (void)report_mismatch(c, span_of(c, p->at), known, expect(type.link, 0), 0);
        else if (answer != UNIFY_OK)
            report_unify(c, answer, span_of(c, p->at));
    }
    return has_moved;
}

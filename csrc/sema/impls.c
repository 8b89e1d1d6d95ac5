// sema/impls.c: the impls of traits, found by trait and type.
//
// SHAPE      one array of ImplIds, sorted by trait, then by the head of the type that they are for; those for a type parameter
//            (`impl<T: A> B for T`) come first within their trait, because they fit every type
// INVARIANTS Two impls of one trait whose types unify are reported (E0436), so at most one fits a type.
#include "sema/internal.h"
#include <stdlib.h>

typedef struct ImplKey {
    uint32_t trait, kind, head, impl; // kind 0: of a type parameter
} ImplKey;

static ImplKey key_of(const Program *program, uint32_t trait, TypeId type, uint32_t impl) {
    const TypeInfo *info = type_info(program->types, type);
    if (info->kind == TYPE_PARAMETER) return (ImplKey){trait, 0, 0, impl};
    return (ImplKey){trait, info->kind, info->kind == TYPE_TUPLE ? info->arg_count : info->head, impl};
}

static int compare_heads(const ImplKey *a, const ImplKey *b) {
    if (a->trait != b->trait) return a->trait < b->trait ? -1 : 1;
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    return (a->head > b->head) - (a->head < b->head);
}

static int compare_keys(const void *first, const void *second) {
    const ImplKey *a = first, *b = second;
    int order = compare_heads(a, b);
    return order != 0 ? order : (a->impl > b->impl) - (a->impl < b->impl);
}

static void overlap_report(Program *program, uint32_t first, uint32_t second) {
    uint32_t later = first > second ? first : second, earlier = first > second ? second : first;
    ImplDecl *impl = &program->impls[later];
    DiagSink *sink = &program_module(program, impl->module)->diagnostics;
    Diagnostic *d = diag(sink, DIAG_OVERLAPPING_IMPLS, impl_head_span(program, (ImplId){later}),
                         program_name(program, program->traits[impl->trait.index].name));
    diag_label(sink, d, impl_head_span(program, (ImplId){earlier}), TEXT("the other one"));
    impl->has_error = true;
}

static void overlaps_find(Program *program, const ImplKey *keys, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t k = i;
        while (k > 0 && keys[k - 1].trait == keys[i].trait)
            k--;
        for (; k < i; k++) {
            if (keys[k].kind != 0 && compare_heads(&keys[k], &keys[i]) != 0) continue;
            if (program->impls[keys[k].impl].has_error || program->impls[keys[i].impl].has_error) continue;
            if (types_may_unify(program, program->impls[keys[k].impl].self_type,
                                program->impls[keys[i].impl].self_type))
                overlap_report(program, keys[k].impl, keys[i].impl);
        }
    }
}

void impls_index(Program *program) {
    uint32_t count = 0;
    ImplKey *keys = arena_array(&program->arena, ImplKey, program->impl_count);
    for (uint32_t i = 1; i <= program->impl_count; i++) {
        const ImplDecl *impl = &program->impls[i];
        if (impl->trait.index == 0 || impl->has_error) continue;
        int builtin = program->traits[impl->trait.index].builtin;
        if (builtin >= 0 && builtin <= TRAIT_PRINTABLE) program->has_customs = true;
        keys[count++] = key_of(program, impl->trait.index, impl->self_type, i);
    }
    if (count > 1) qsort(keys, count, sizeof *keys, compare_keys);
    overlaps_find(program, keys, count);
    for (uint32_t i = 1; i <= program->module_count && !program->has_customs; i++) {
        const Module *module = &program->modules[i]; // a value of a `dyn` type is shown by a method of its table
        if (module->kind == MODULE_PROJECT && module->file->tree.node_count > 0)
            program->has_customs =
                memchr(module->file->tree.kinds, NODE_TYPE_DYN, module->file->tree.node_count) != NULL;
    }
    program->internal->impl_keys = keys;
    program->internal->impl_key_count = count;
}

// The first of the keys that is not before `key`.
static uint32_t keys_from(const ImplKey *keys, uint32_t count, const ImplKey *key) {
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare_heads(&keys[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool type_match(const Program *program, TypeId pattern, TypeId type, TypeId *bindings) {
    const TypeInfo *p = type_info(program->types, pattern);
    if (p->kind == TYPE_PARAMETER) {
        if (bindings[p->head].index == 0) bindings[p->head] = type;
        return type_equal(bindings[p->head], type);
    }
    if ((p->flags & TYPE_HAS_PARAMETER) == 0) return type_equal(pattern, type);
    const TypeInfo *t = type_info(program->types, type);
    if (p->kind != t->kind || p->head != t->head || p->arg_count != t->arg_count) return false;
    for (uint32_t i = 0; i < p->arg_count; i++) {
        if (p->kind == TYPE_RECORD && p->args[p->arg_count + i].index != t->args[p->arg_count + i].index) return false;
        if (!type_match(program, p->args[i], t->args[i], bindings)) return false;
    }
    return true;
}

static bool impl_fits(const Program *program, Arena *arena, uint32_t id, TypeId type, const TraitUse *use,
                      ImplMatch *out) {
    const ImplDecl *impl = &program->impls[id];
    if (impl->has_error) return false;
    TypeId *bindings = arena_array(arena, TypeId, impl->generics.count);
    memset(bindings, 0, sizeof *bindings * impl->generics.count);
    if (!type_match(program, impl->self_type, type, bindings)) return false;
    // Arguments that are not known (generic code that names only the trait) fit any.
    for (uint32_t i = 0; i < use->argument_count && i < impl->trait_argument_count; i++)
        if (!type_match(program, impl->trait_arguments[i], use->arguments[i], bindings)) return false;
    for (uint32_t i = 0; i < impl->generics.count; i++)
        if (bindings[i].index == 0) bindings[i] = TYPE_ID(TYPE_ERROR); // in no type: nobody can tell it
    *out = (ImplMatch){{id}, bindings};
    return true;
}

bool impl_find(const Program *program, Arena *arena, TypeId type, const TraitUse *use, ImplMatch *out) {
    const ImplKey *keys = program->internal->impl_keys;
    uint32_t count = program->internal->impl_key_count;
    if (count == 0) return false;
    ImplKey wanted[2] = {{use->trait.index, 0, 0, 0}, key_of(program, use->trait.index, type, 0)};
    for (uint32_t k = 0; k < 2; k++) {
        if (k == 1 && wanted[1].kind == 0) break; // a type parameter: only bounds tell
        for (uint32_t i = keys_from(keys, count, &wanted[k]); i < count && compare_heads(&keys[i], &wanted[k]) == 0;
             i++)
            if (impl_fits(program, arena, keys[i].impl, type, use, out)) return true;
    }
    return false;
}

uint32_t impls_of_head(const Program *program, TraitId trait, TypeKind kind, uint32_t head, ImplId *out,
                       uint32_t limit) {
    const ImplKey *keys = program->internal->impl_keys;
    uint32_t count = program->internal->impl_key_count, found = 0;
    ImplKey wanted[2] = {{trait.index, 0, 0, 0}, {trait.index, kind, head, 0}};
    for (uint32_t k = 0; k < 2; k++)
        for (uint32_t i = keys_from(keys, count, &wanted[k]); i < count && compare_heads(&keys[i], &wanted[k]) == 0;
             i++) {
            if (program->impls[keys[i].impl].has_error) continue;
            if (found < limit) out[found] = (ImplId){keys[i].impl};
            found++;
        }
    return found;
}

// ---- a method of a trait, where everything is known -------------------------------------------------------------------------

// What the prelude gives its own types: `iter` of a list.
static bool built_in_method(const Program *program, Arena *arena, NameId name, FunctionId *function,
                            const TypeId **arguments, uint32_t *count) {
    enum { LIMIT = 16 };
    FunctionId found[LIMIT];
    TypeId self = (*arguments)[0];
    uint32_t found_count = methods_find(program, program->prelude, self, name, found, LIMIT);
    for (uint32_t i = 0; i < found_count && i < LIMIT; i++) {
        const Function *own = &program->functions[found[i].index];
        const ImplDecl *impl = &program->impls[own->impl.index];
        if (own->generics.count != impl->generics.count) continue;
        TypeId *bindings = arena_array(arena, TypeId, impl->generics.count);
        memset(bindings, 0, sizeof *bindings * impl->generics.count);
        if (!type_match(program, impl->self_type, self, bindings)) continue;
        *function = found[i];
        *arguments = bindings;
        *count = impl->generics.count;
        return true;
    }
    return false;
}

bool trait_method_resolve(const Program *program, Arena *arena, FunctionId *function, const TypeId **arguments,
                          uint32_t *count) {
    const Function *method = &program->functions[function->index];
    if (method->trait.index == 0) return true;
    const TraitDecl *trait = &program->traits[method->trait.index];
    TraitUse use = {method->trait, *arguments + 1, trait->generics.count};
    if (dyn_has(program, arena, (*arguments)[0], &use, NULL)) return true; // called through its table
    ImplMatch match;
    if (!impl_find(program, arena, (*arguments)[0], &use, &match))
        return built_in_method(program, arena, method->name, function, arguments, count);
    const ImplDecl *impl = &program->impls[match.impl.index];
    for (uint32_t i = impl->first_method; i < impl->first_method + impl->method_count; i++) {
        const Function *own = &program->functions[i];
        if (!name_equal(own->name, method->name)) continue;
        uint32_t outer = trait->self_generics.count, extra = *count - outer;
        TypeId *made = arena_array(arena, TypeId, (size_t)impl->generics.count + extra);
        if (impl->generics.count > 0) memcpy(made, match.arguments, impl->generics.count * sizeof *made);
        if (extra > 0) memcpy(made + impl->generics.count, *arguments + outer, extra * sizeof *made);
        *function = (FunctionId){i};
        *arguments = made;
        *count = impl->generics.count + extra;
        return true;
    }
    return true; // the default, with Self known
}

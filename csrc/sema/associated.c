// sema/associated.c: associated types: which trait a name like `T.Item` belongs to, and what it is once T is known.
//
// SHAPE      TYPE_ASSOCIATED: which associated type, of which type, with which arguments of its trait. Where the type is known,
//            or an equality (`where T.Item = int`) says it, it is replaced: a normal type holds only those that nobody can
//            know yet.
#include "sema/internal.h"

#define SUPERTRAIT_DEPTH_MAX 64u

bool trait_implies(const Program *program, TraitId trait, TraitId wanted) {
    return trait_supertrait(program, NULL, (TraitUse){.trait = trait}, wanted, NULL);
}

// Supertraits of supertraits; `arena` NULL: their arguments are not wanted.
static bool supertrait_at(const Program *program, Arena *arena, TraitUse use, TypeId self, TraitId wanted,
                          TraitUse *out, uint32_t depth) {
    if (use.trait.index == wanted.index && use.trait.index != 0) {
        if (out != NULL) *out = use;
        return true;
    }
    if (use.trait.index == 0 || depth > SUPERTRAIT_DEPTH_MAX) return false;
    const TraitDecl *trait = &program->traits[use.trait.index];
    for (uint32_t i = 0; i < trait->supertrait_count; i++) {
        TraitUse super = trait->supertraits[i];
        if (arena != NULL) super = trait_use_substitute(program, arena, super, self, use.arguments, use.argument_count);
        if (supertrait_at(program, arena, super, self, wanted, out, depth + 1)) return true;
    }
    return false;
}

TraitUse trait_use_substitute(const Program *program, Arena *arena, TraitUse use, TypeId self, const TypeId *arguments,
                              uint32_t count) {
    if (use.argument_count == 0) return use;
    TypeId *all = arena_array(arena, TypeId, (size_t)count + 1);
    all[0] = self;
    if (count > 0) memcpy(all + 1, arguments, count * sizeof *all);
    TypeId *made = arena_array(arena, TypeId, use.argument_count);
    for (uint32_t i = 0; i < use.argument_count; i++)
        made[i] = type_substitute(program, arena, use.arguments[i], all, count + 1);
    use.arguments = made;
    return use;
}

bool trait_supertrait(const Program *program, Arena *arena, TraitUse use, TraitId wanted, TraitUse *out) {
    TypeId self = arena == NULL ? (TypeId){0} : type_make(program, arena, TYPE_PARAMETER, 0, NULL, 0);
    return supertrait_at(program, arena, use, self, wanted, out, 0);
}

typedef struct Offer { // an associated type that a bound offers
    AssociatedId id;
    TraitUse use;
} Offer;

typedef struct Offers {
    const Program *program;
    Arena *arena;
    TypeId subject;
    NameId name;
    Offer first;
    TraitId other; // a second trait with one of that name
    uint32_t count;
} Offers;

static void offer_of(Offers *o, TraitUse use, uint32_t depth) {
    if (use.trait.index == 0 || depth > SUPERTRAIT_DEPTH_MAX) return;
    const TraitDecl *trait = &o->program->traits[use.trait.index];
    for (uint32_t i = 0; i < trait->associated_count; i++) {
        AssociatedId id = {trait->first_associated + i};
        if (!name_equal(o->program->associated[id.index].name, o->name)) continue;
        if (o->count > 0 && o->first.id.index == id.index) continue; // the same one by another way
        if (o->count++ == 0)
            o->first = (Offer){id, use};
        else
            o->other = use.trait;
    }
    for (uint32_t i = 0; i < trait->supertrait_count; i++)
        offer_of(o,
                 trait_use_substitute(o->program, o->arena, trait->supertraits[i], o->subject, use.arguments,
                                      use.argument_count),
                 depth + 1);
}

static void offers_of_bounds(Offers *o, const Generics *generics) {
    const TypeInfo *info = type_info(o->program->types, o->subject);
    for (uint32_t i = 0; generics != NULL && i < generics->bound_count; i++) {
        const Bound *bound = &generics->bounds[i];
        if (type_equal(bound->subject, o->subject))
            offer_of(o, (TraitUse){bound->trait, bound->arguments, bound->argument_count}, 0);
    }
    if (info->kind != TYPE_ASSOCIATED) return;
    const AssociatedDecl *associated = &o->program->associated[info->head];
    for (uint32_t i = 0; i < associated->bound_count; i++)
        offer_of(o,
                 trait_use_substitute(o->program, o->arena, associated->bounds[i], info->args[0], info->args + 1,
                                      info->arg_count - 1),
                 0);
}

static TypeId associated_make(const Program *program, Arena *arena, AssociatedId id, TypeId subject, TraitUse use) {
    TypeId *args = arena_array(arena, TypeId, (size_t)use.argument_count + 1);
    args[0] = subject;
    if (use.argument_count > 0) memcpy(args + 1, use.arguments, use.argument_count * sizeof *args);
    return type_make(program, arena, TYPE_ASSOCIATED, id.index, args, use.argument_count + 1);
}

TypeId associated_type(const TypeScope *s, TypeId subject, NameId name, Span span) {
    const Program *program = s->program;
    if (subject.index == TYPE_ERROR) return subject;
    Offers o = {.program = program, .arena = s->arena, .subject = subject, .name = name};
    if (s->impl.index != 0 && !program->impls[s->impl.index].is_extension &&
        type_equal(subject, program->impls[s->impl.index].self_type)) {
        const ImplDecl *impl = &program->impls[s->impl.index];
        TraitUse use = {impl->trait, impl->trait_arguments, impl->trait_argument_count};
        offer_of(&o, use, 0);
        if (o.count == 1 && o.first.use.trait.index == impl->trait.index) {
            TypeId own =
                impl_associated(s, o.first.id.index - program->traits[impl->trait.index].first_associated, span);
            return own.index == 0 ? TYPE_ID(TYPE_ERROR) : own; // missing: E0432 is reported at the impl
        }
    } else {
        offers_of_bounds(&o, s->generics);
    }
    if (o.count == 0) {
        if (s->sink == NULL) return TYPE_ID(TYPE_ERROR);
        Buffer shown = buffer_in(s->arena);
        type_print(program, subject, s->generics, &shown);
        buffer_char(&shown, '.');
        buffer_text(&shown, program_name(program, name));
        Diagnostic *d = diag(s->sink, DIAG_UNKNOWN_TYPE, span, ((Text){shown.data, (uint32_t)shown.length}));
        diag_note(s->sink, d, TEXT("no bound of it has an associated type of this name"));
        return TYPE_ID(TYPE_ERROR);
    }
    if (o.count > 1) {
        if (s->sink != NULL) {
            Text one = program_name(program, program->traits[o.first.use.trait.index].name),
                 two = program_name(program, program->traits[o.other.index].name);
            (void)diag(s->sink, DIAG_AMBIGUOUS_MEMBER, span, program_name(program, name), // complete
                       arena_format(s->arena, "`%.*s` and `%.*s` both have it", (int)one.length, one.data,
                                    (int)two.length, two.data));
        }
        return TYPE_ID(TYPE_ERROR);
    }
    TypeId made = associated_make(program, s->arena, o.first.id, subject, o.first.use);
    return type_normalise(program, s->arena, s->generics, made);
}

// ---- what they are -------------------------------------------------------------------------------------------------------

// `Iterable.Item` of a type of the prelude; none: it is not one that can be iterated.
static TypeId built_in_item(const Program *program, Arena *arena, const TypeInfo *info) {
    switch ((TypeKind)info->kind) {
    case TYPE_LIST:
    case TYPE_SET:
    case TYPE_RANGE:
        return info->args[0];
    case TYPE_MAP:
        return type_make(program, arena, TYPE_TUPLE, 0, info->args, 2);
    case TYPE_STR:
        return TYPE_ID(TYPE_CHAR);
    case TYPE_NAMED:
        return info->head == program->known.option.index ? info->args[0] : (TypeId){0};
    default:
        return (TypeId){0};
    }
}

TypeId associated_project(const Program *program, Arena *arena, AssociatedId id, const TypeId *args, uint32_t count) {
    const AssociatedDecl *associated = &program->associated[id.index];
    const TraitDecl *trait = &program->traits[associated->trait.index];
    const TypeInfo *info = type_info(program->types, args[0]);
    if (info->kind == TYPE_ERROR || info->kind == TYPE_NEVER) return TYPE_ID(TYPE_ERROR);
    if (trait->builtin == TRAIT_ITERABLE) {
        TypeId item = built_in_item(program, arena, info);
        if (item.index != 0) return item;
    }
    ImplMatch match;
    TraitUse use = {associated->trait, args + 1, count - 1};
    if (!impl_find(program, arena, args[0], &use, &match)) return (TypeId){0};
    const ImplDecl *impl = &program->impls[match.impl.index];
    TypeId type = impl->associated[id.index - trait->first_associated];
    if (type.index == 0) return TYPE_ID(TYPE_ERROR); // E0432
    return type_substitute(program, arena, type, match.arguments, impl->generics.count);
}

TypeId type_normalise(const Program *program, Arena *arena, const Generics *generics, TypeId type) {
    const TypeInfo *info = type_info(program->types, type);
    if ((info->flags & TYPE_HAS_ASSOCIATED) == 0) return type;
    uint32_t words = info->kind == TYPE_RECORD ? info->arg_count * 2 : info->arg_count;
    TypeId *args = arena_array(arena, TypeId, words);
    for (uint32_t i = 0; i < words; i++)
        args[i] = i < info->arg_count ? type_normalise(program, arena, generics, info->args[i]) : info->args[i];
    if (info->kind != TYPE_ASSOCIATED)
        return type_make(program, arena, (TypeKind)info->kind, info->head, args, info->arg_count);
    TypeId known = associated_project(program, arena, (AssociatedId){info->head}, args, info->arg_count);
    if (known.index != 0) return known;
    TypeId made = type_make(program, arena, TYPE_ASSOCIATED, info->head, args, info->arg_count);
    for (uint32_t i = 0; generics != NULL && i < generics->equality_count; i++)
        if (type_equal(generics->equalities[i].left, made)) return generics->equalities[i].right;
    return made;
}

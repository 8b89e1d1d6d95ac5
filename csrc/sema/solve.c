// sema/solve.c: which type has which trait.
//
// SHAPE      bounds of type parameters and associated types ▸ impls of programs ▸ built-in rows (the table of chapter 5) ▸ derives
// THE HARD CASE is a derived trait of a generic type: `type Tree<T> = Leaf | Node(T, [Tree<T>])` has Eq for those T that have it,
//            so its parts must be asked, and among them is the tree itself. An obligation that is met again inside itself holds
//            if a derive lies between; what was answered once in a query is not asked again, because a query ends with the first
//            NO. That ends every circle and keeps shared parts from being walked twice.
// COST       Derives of types without parameters were checked where they stand (E0461) and are a bit test here.
#include "sema/internal.h"

#define SOLVE_DEPTH_MAX 64u
#define ASKED_SLOTS 4096u // a power of two
#define ASKED_MAX (ASKED_SLOTS / 2)
#define ASKED_FEW 16u // are compared one by one; nearly every query ends with fewer, and the table need not be cleared

typedef struct Asked {
    uint32_t type, trait;
    uint32_t derives; // how many derives lay between the query and this obligation
    bool is_open;     // it is being asked
} Asked;

typedef struct Query {
    const Program *program;
    const Generics *generics;
    bool assumes_parameters;
    Arena scratch;    // for substituted arguments
    uint32_t derives; // on the way from the query to where it is
    uint32_t asked_count;
    Asked few[ASKED_FEW];
    Asked *asked; // those beyond, in a table
} Query;

bool type_decl_has_derive(const Program *program, TypeDeclId decl, BuiltinTrait trait) {
    return (program->type_decls[decl.index].derives >> trait & 1u) != 0;
}

// Whether the bounds in force say that a parameter or an associated type has the trait.
static bool bounds_say(const Program *program, Arena *arena, const Generics *generics, TypeId type,
                       const TraitUse *wanted) {
    const TypeInfo *info = type_info(program->types, type);
    for (uint32_t i = 0; generics != NULL && i < generics->bound_count; i++) {
        const Bound *bound = &generics->bounds[i];
        bool is_of = bound->parameter == BOUND_OF_TYPE ? type_equal(bound->subject, type)
                                                       : info->kind == TYPE_PARAMETER && info->head == bound->parameter;
        TraitUse found, use = {bound->trait, bound->arguments, bound->argument_count};
        if (is_of && trait_supertrait(program, wanted->argument_count > 0 ? arena : NULL, use, wanted->trait, &found) &&
            (wanted->argument_count == 0 ||
             memcmp(found.arguments, wanted->arguments, wanted->argument_count * sizeof(TypeId)) == 0))
            return true;
    }
    if (info->kind != TYPE_ASSOCIATED) return false;
    const AssociatedDecl *associated = &program->associated[info->head];
    for (uint32_t i = 0; i < associated->bound_count; i++)
        if (trait_supertrait(program, NULL, associated->bounds[i], wanted->trait, NULL)) return true;
    return false;
}

// The rows of the table that speak of a type as a whole: bits of the traits that the kind has, whatever its parts are, and of
// those that it has if its parts have them.
typedef struct TraitRow {
    uint32_t always, if_parts;
} TraitRow;

#define HAS(trait) (1u << TRAIT_##trait)
#define HAS_BASIC (HAS(EQ) | HAS(COMPARABLE) | HAS(PRINTABLE) | HAS(CLONE) | HAS(DEFAULT))
#define HAS_ALL (HAS_BASIC | HAS(HASHABLE))
#define HAS_JSON (HAS(SERIALIZE) | HAS(DESERIALIZE))

static TraitRow row_of(const Program *program, const TypeInfo *info) {
    switch ((TypeKind)info->kind) {
    case TYPE_INT:
        return (TraitRow){HAS_ALL | HAS_JSON | HAS(SUMMABLE) | HAS(MULTIPLIABLE), 0};
    case TYPE_FLOAT:
        return (TraitRow){HAS_BASIC | HAS_JSON | HAS(SUMMABLE) | HAS(MULTIPLIABLE), 0};
    case TYPE_BOOL:
    case TYPE_BYTE:
    case TYPE_CHAR:
        return (TraitRow){HAS_ALL | HAS_JSON, 0};
    case TYPE_STR:
        return (TraitRow){HAS_ALL | HAS_JSON | HAS(LEN) | HAS(IS_EMPTY) | HAS(ITERABLE), 0};
    case TYPE_VOID:
        return (TraitRow){HAS_ALL, 0};
    case TYPE_DURATION:
    case TYPE_SIZE:
        return (TraitRow){HAS_ALL | HAS_JSON | HAS(SUMMABLE), 0};
    case TYPE_INSTANT:
        return (TraitRow){HAS(EQ) | HAS(COMPARABLE) | HAS(HASHABLE) | HAS(CLONE), 0};
    case TYPE_ERROR:
    case TYPE_NEVER:
        return (TraitRow){~0u, 0}; // fits everywhere
    case TYPE_LIST:
        return (TraitRow){HAS(CLONE) | HAS(DEFAULT) | HAS(LEN) | HAS(IS_EMPTY) | HAS(ITERABLE),
                          HAS(EQ) | HAS(COMPARABLE) | HAS(HASHABLE) | HAS(PRINTABLE) | HAS_JSON};
    case TYPE_TUPLE:
        return (TraitRow){HAS(CLONE), HAS_ALL | HAS_JSON};
    case TYPE_RECORD:
        return (TraitRow){HAS(CLONE), HAS(EQ) | HAS(HASHABLE) | HAS(PRINTABLE)};
    case TYPE_MAP:
    case TYPE_SET: {
        uint32_t json = info->kind == TYPE_MAP && info->args[0].index == TYPE_STR ? HAS_JSON : 0;
        return (TraitRow){HAS(CLONE) | HAS(DEFAULT) | HAS(LEN) | HAS(IS_EMPTY) | HAS(ITERABLE),
                          HAS(EQ) | HAS(PRINTABLE) | json};
    }
    case TYPE_RANGE:
        return (TraitRow){
            HAS(EQ) | HAS(HASHABLE) | HAS(PRINTABLE) | HAS(CLONE) | HAS(LEN) | HAS(IS_EMPTY) | HAS(ITERABLE), 0};
    case TYPE_NAMED:
        if (info->head == program->known.option.index)
            return (TraitRow){HAS(CLONE) | HAS(DEFAULT) | HAS(ITERABLE),
                              HAS(EQ) | HAS(COMPARABLE) | HAS(HASHABLE) | HAS(PRINTABLE) | HAS_JSON};
        if (info->head == program->known.result.index)
            return (TraitRow){HAS(CLONE), HAS(EQ) | HAS(COMPARABLE) | HAS(HASHABLE) | HAS(PRINTABLE)};
        if (info->head == program->known.ordering.index) return (TraitRow){HAS_ALL & ~HAS(DEFAULT), 0};
        if (info->head == program->known.error.index || info->head == program->known.timeout_error.index)
            return (TraitRow){HAS(EQ) | HAS(PRINTABLE) | HAS(CLONE), 0};
        return (TraitRow){0, 0};
    case TYPE_FUNCTION:
    case TYPE_CHANNEL:
    case TYPE_DYN:
        return (TraitRow){HAS(CLONE), 0};
    default:
        return (TraitRow){0, 0};
    }
}

static bool is_known_decl(const Program *program, uint32_t head) {
    return head == program->known.option.index || head == program->known.result.index ||
           head == program->known.ordering.index || head == program->known.error.index ||
           head == program->known.timeout_error.index;
}

static SolveResult no(TypeId part) { return (SolveResult){.answer = SOLVE_NO, .failing_part = part}; }
static SolveResult yes(void) { return (SolveResult){.answer = SOLVE_YES}; }

static Asked *asked_find(Query *q, TypeId type, TraitId trait, bool *is_new) {
    *is_new = false;
    for (uint32_t i = 0; i < q->asked_count && i < ASKED_FEW; i++)
        if (q->few[i].type == type.index && q->few[i].trait == trait.index) return &q->few[i];
    *is_new = true;
    if (q->asked_count < ASKED_FEW) {
        q->few[q->asked_count] = (Asked){.type = type.index, .trait = trait.index};
        return &q->few[q->asked_count++];
    }
    if (q->asked == NULL) q->asked = arena_alloc_zeroed(&q->scratch, ASKED_SLOTS * sizeof *q->asked, 8);
    uint64_t hash = hash_mix(trait.index, type.index);
    for (uint32_t slot = (uint32_t)hash & (ASKED_SLOTS - 1);; slot = (slot + 1) & (ASKED_SLOTS - 1)) {
        Asked *asked = &q->asked[slot];
        if (asked->type == 0) {
            if (q->asked_count == ASKED_MAX) return NULL; // no room: too much is asked
            *asked = (Asked){.type = type.index, .trait = trait.index};
            q->asked_count++;
            return asked;
        }
        if (asked->type != type.index || asked->trait != trait.index) continue;
        *is_new = false;
        return asked;
    }
}

static SolveResult ask(Query *q, TypeId type, const TraitUse *use, uint32_t depth);

static SolveResult ask_parts(Query *q, const TypeId *parts, uint32_t count, const TraitUse *use, uint32_t depth) {
    for (uint32_t i = 0; i < count; i++) {
        SolveResult result = ask(q, parts[i], use, depth + 1);
        if (result.answer != SOLVE_YES) return result;
    }
    return yes();
}

static SolveResult ask_fields(Query *q, const TypeInfo *info, const TraitUse *use, uint32_t depth) {
    const Program *program = q->program;
    const TypeDecl *decl = &program->type_decls[info->head];
    for (uint32_t v = 0; v < decl->variant_count; v++)
        for (uint32_t f = 0; f < decl->variants[v].field_count; f++) {
            TypeId part = decl->variants[v].fields[f].type;
            // A field without parameters was asked where the type is declared.
            if ((type_info(program->types, part)->flags & TYPE_HAS_PARAMETER) == 0) continue;
            part = type_substitute(program, &q->scratch, part, info->args, info->arg_count);
            SolveResult result = ask(q, part, use, depth + 1);
            if (result.answer != SOLVE_YES) return result;
        }
    return yes();
}

static SolveResult ask_bounds(Query *q, const ImplMatch *match, uint32_t depth) {
    const Program *program = q->program;
    const Generics *generics = &program->impls[match->impl.index].generics;
    for (uint32_t i = 0; i < generics->bound_count; i++) {
        const Bound *bound = &generics->bounds[i];
        TypeId subject = type_substitute(program, &q->scratch, bound->subject, match->arguments, generics->count);
        TraitUse use = {bound->trait, bound->arguments, bound->argument_count};
        if (use.argument_count > 0) {
            TypeId *arguments = arena_array(&q->scratch, TypeId, use.argument_count);
            for (uint32_t k = 0; k < use.argument_count; k++)
                arguments[k] =
                    type_substitute(program, &q->scratch, use.arguments[k], match->arguments, generics->count);
            use.arguments = arguments;
        }
        SolveResult result = ask(q, subject, &use, depth + 1);
        if (result.answer != SOLVE_YES) return result;
    }
    for (uint32_t i = 0; i < generics->equality_count; i++) {
        const Equality *equality = &generics->equalities[i];
        TypeId left = type_substitute(program, &q->scratch, equality->left, match->arguments, generics->count);
        TypeId right = type_substitute(program, &q->scratch, equality->right, match->arguments, generics->count);
        if (!type_equal(type_normalise(program, &q->scratch, q->generics, left), right)) return no(left);
    }
    return yes();
}

// Asks what lies below an obligation, once.
static SolveResult ask_below(Query *q, TypeId type, const TraitUse *use, const ImplMatch *match, uint32_t depth) {
    const TypeInfo *info = type_info(q->program->types, type);
    bool is_new, is_derived = match == NULL && info->kind == TYPE_NAMED && !is_known_decl(q->program, info->head);
    Asked *asked = asked_find(q, type, use->trait, &is_new);
    if (asked != NULL && !is_new) return !asked->is_open || q->derives > asked->derives ? yes() : no(type);
    if (asked == NULL || depth >= SOLVE_DEPTH_MAX) return (SolveResult){.answer = SOLVE_UNKNOWN, .failing_part = type};
    asked->is_open = true;
    asked->derives = q->derives;
    q->derives += is_derived;
    SolveResult result = match != NULL ? ask_bounds(q, match, depth)
                         : is_derived  ? ask_fields(q, info, use, depth)
                                       : ask_parts(q, info->args, info->arg_count, use, depth);
    q->derives -= is_derived;
    asked->is_open = false;
    return result;
}

static SolveResult lacks(TypeId type, TraitId trait) { return (SolveResult){SOLVE_NO, {0}, type, trait}; }

static SolveResult ask(Query *q, TypeId type, const TraitUse *use, uint32_t depth) {
    const Program *program = q->program;
    const TypeInfo *info = type_info(program->types, type);
    if (use->trait.index == 0 || info->kind == TYPE_ERROR || info->kind == TYPE_NEVER) return yes();
    int builtin = program->traits[use->trait.index].builtin;
    if (info->kind == TYPE_PARAMETER || info->kind == TYPE_ASSOCIATED) {
        if (q->assumes_parameters || bounds_say(program, &q->scratch, q->generics, type, use)) return yes();
    }
    if (info->kind == TYPE_DYN && dyn_has(program, &q->scratch, type, use, NULL)) return yes();
    ImplMatch match;
    if (impl_find(program, &q->scratch, type, use, &match)) {
        if (program->impls[match.impl.index].generics.bound_count == 0 &&
            program->impls[match.impl.index].generics.equality_count == 0)
            return (SolveResult){.answer = SOLVE_YES, .impl = match.impl};
        SolveResult result = ask_below(q, type, use, &match, depth);
        result.impl = match.impl;
        return result;
    }
    if (builtin < 0 || info->kind == TYPE_PARAMETER || info->kind == TYPE_ASSOCIATED) return lacks(type, use->trait);
    uint32_t bit = 1u << builtin;
    TraitRow row = row_of(program, info);
    if ((row.always & bit) != 0) return yes();
    bool is_derived = info->kind == TYPE_NAMED && !is_known_decl(program, info->head) &&
                      (program->type_decls[info->head].derives & bit) != 0;
    if (!is_derived && (row.if_parts & bit) == 0) {
        bool is_silent = info->kind == TYPE_NAMED && program->type_decls[info->head].has_error;
        return is_silent ? yes() : lacks(type, use->trait);
    }
    if (is_derived && info->arg_count == 0) return yes();
    return ask_below(q, type, use, NULL, depth);
}

static Status ask_guarded(Query *q, TypeId type, const TraitUse *use, SolveResult *out) {
    ARENA_GUARD(&q->scratch);
    *out = ask(q, type, use, 0);
    ARENA_GUARD_END(&q->scratch);
    return STATUS_OK;
}

static SolveResult solve(const Program *program, const Generics *generics, bool assumes_parameters, TypeId type,
                         const TraitUse *use) {
    if (use->trait.index == 0) return yes(); // an unknown trait, reported
    Query q;
    q.program = program;
    q.generics = generics;
    q.assumes_parameters = assumes_parameters;
    q.scratch = (Arena){0};
    q.derives = 0;
    q.asked_count = 0;
    q.asked = NULL;
    SolveResult result;
    if (ask_guarded(&q, type, use, &result) != STATUS_OK)
        result = (SolveResult){.answer = SOLVE_UNKNOWN, .failing_part = type}; // the caller runs out of memory next
    arena_free(&q.scratch);
    return result;
}

SolveResult trait_solve_use(const Program *program, const Generics *generics, TypeId type, const TraitUse *use) {
    return solve(program, generics, false, type, use);
}

SolveResult trait_solve(const Program *program, const Generics *generics, TypeId type, TraitId trait) {
    return solve(program, generics, false, type, &(TraitUse){.trait = trait});
}

SolveResult trait_solve_assuming(const Program *program, TypeId type, TraitId trait) {
    return solve(program, NULL, true, type, &(TraitUse){.trait = trait});
}

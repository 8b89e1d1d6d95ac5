// sema/solve.c: which type has which trait.
//
// SHAPE      built-in rows (the table of chapter 5) ▸ bounds of type parameters ▸ derives. Impls of programs come with the next
//            issue; the interface already has room for them (SolveResult.impl).
// THE HARD CASE is a derived trait of a generic type: `type Tree<T> = Leaf | Node(T, [Tree<T>])` has Eq for those T that have it,
//            so its parts must be asked, and among them is the tree itself. An obligation that is met again inside itself holds
//            if a derive lies between; a type can only contain itself through a declared one, so here it always does. So what was
//            asked once in a query is not asked again: that ends every circle and keeps shared parts from being walked twice.
// COST       Derives of types without parameters were checked where they stand (E0461) and are a bit test here.
#include "sema/internal.h"

#define SOLVE_DEPTH_MAX 64u
#define ASKED_SLOTS 4096u // a power of two
#define ASKED_MAX (ASKED_SLOTS / 2)
#define ASKED_FEW 16u // are compared one by one; nearly every query ends with fewer, and the table need not be cleared

typedef struct Query {
    const Program *program;
    const Generics *generics;
    bool assumes_parameters;
    TraitId trait;
    int builtin;
    Arena scratch; // for substituted arguments
    uint32_t asked_count;
    uint32_t few[ASKED_FEW];     // TypeIds
    uint32_t asked[ASKED_SLOTS]; // TypeIds beyond those; set up when the first one comes
} Query;

bool type_decl_has_derive(const Program *program, TypeDeclId decl, BuiltinTrait trait) {
    return (program->type_decls[decl.index].derives >> trait & 1u) != 0;
}

static bool trait_implies(const Program *program, TraitId trait, TraitId wanted, uint32_t depth) {
    if (trait.index == wanted.index) return true;
    if (trait.index == 0 || depth > SOLVE_DEPTH_MAX) return false;
    const TraitDecl *decl = &program->traits[trait.index];
    for (uint32_t i = 0; i < decl->supertrait_count; i++)
        if (trait_implies(program, decl->supertraits[i], wanted, depth + 1)) return true;
    return false;
}

bool generics_bound_holds(const Program *program, const Generics *generics, uint32_t parameter, TraitId trait) {
    if (generics == NULL) return false;
    for (uint32_t i = 0; i < generics->bound_count; i++)
        if (generics->bounds[i].parameter == parameter && trait_implies(program, generics->bounds[i].trait, trait, 0))
            return true;
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

static SolveResult no(TypeId part) { return (SolveResult){SOLVE_NO, {0}, part}; }
static SolveResult yes(void) { return (SolveResult){.answer = SOLVE_YES}; }

// Whether the type was asked before in this query; otherwise it is now. false with *is_full when there is no room.
static bool was_asked(Query *q, TypeId type, bool *is_full) {
    for (uint32_t i = 0; i < q->asked_count && i < ASKED_FEW; i++)
        if (q->few[i] == type.index) return true;
    if (q->asked_count < ASKED_FEW) {
        q->few[q->asked_count++] = type.index;
        return false;
    }
    if (q->asked_count == ASKED_FEW) memset(q->asked, 0, sizeof q->asked);
    for (uint32_t slot = (uint32_t)hash_mix(1, type.index) & (ASKED_SLOTS - 1);;
         slot = (slot + 1) & (ASKED_SLOTS - 1)) {
        if (q->asked[slot] == type.index) return true;
        if (q->asked[slot] != 0) continue;
        *is_full = q->asked_count == ASKED_MAX;
        if (*is_full) return false;
        q->asked[slot] = type.index;
        q->asked_count++;
        return false;
    }
}

static SolveResult ask(Query *q, TypeId type, uint32_t depth);

static SolveResult ask_parts(Query *q, const TypeId *parts, uint32_t count, uint32_t depth) {
    for (uint32_t i = 0; i < count; i++) {
        SolveResult result = ask(q, parts[i], depth + 1);
        if (result.answer != SOLVE_YES) return result;
    }
    return yes();
}

static SolveResult ask_fields(Query *q, const TypeInfo *info, uint32_t depth) {
    const Program *program = q->program;
    const TypeDecl *decl = &program->type_decls[info->head];
    for (uint32_t v = 0; v < decl->variant_count; v++)
        for (uint32_t f = 0; f < decl->variants[v].field_count; f++) {
            TypeId part = decl->variants[v].fields[f].type;
            // A field without parameters was asked where the type is declared.
            if ((type_info(program->types, part)->flags & TYPE_HAS_PARAMETER) == 0) continue;
            part = type_substitute(program, &q->scratch, part, info->args, info->arg_count);
            SolveResult result = ask(q, part, depth + 1);
            if (result.answer != SOLVE_YES) return result;
        }
    return yes();
}

static SolveResult ask(Query *q, TypeId type, uint32_t depth) {
    const Program *program = q->program;
    const TypeInfo *info = type_info(program->types, type);
    if (info->kind == TYPE_PARAMETER)
        return q->assumes_parameters || generics_bound_holds(program, q->generics, info->head, q->trait) ? yes()
                                                                                                         : no(type);
    if (q->builtin < 0)
        return info->kind == TYPE_ERROR || info->kind == TYPE_NEVER ? yes() : no(type); // a trait of the program
    uint32_t bit = 1u << q->builtin;
    TraitRow row = row_of(program, info);
    if ((row.always & bit) != 0) return yes();
    bool is_derived = info->kind == TYPE_NAMED && !is_known_decl(program, info->head) &&
                      (program->type_decls[info->head].derives & bit) != 0;
    if (!is_derived && (row.if_parts & bit) == 0) {
        bool is_silent = info->kind == TYPE_NAMED && program->type_decls[info->head].has_error;
        return is_silent ? yes() : no(type);
    }
    if (is_derived && info->arg_count == 0) return yes();
    bool is_full = false;
    if (was_asked(q, type, &is_full)) return yes();
    if (is_full || depth >= SOLVE_DEPTH_MAX) return (SolveResult){SOLVE_UNKNOWN, {0}, type};
    return is_derived ? ask_fields(q, info, depth) : ask_parts(q, info->args, info->arg_count, depth);
}

static Status ask_guarded(Query *q, TypeId type, SolveResult *out) {
    ARENA_GUARD(&q->scratch);
    *out = ask(q, type, 0);
    ARENA_GUARD_END(&q->scratch);
    return STATUS_OK;
}

static SolveResult solve(const Program *program, const Generics *generics, bool assumes_parameters, TypeId type,
                         TraitId trait) {
    if (trait.index == 0) return yes(); // an unknown trait, reported
    Query q;
    q.program = program;
    q.generics = generics;
    q.assumes_parameters = assumes_parameters;
    q.trait = trait;
    q.builtin = program->traits[trait.index].builtin;
    q.scratch = (Arena){0};
    q.asked_count = 0;
    SolveResult result;
    if (ask_guarded(&q, type, &result) != STATUS_OK)
        result = (SolveResult){SOLVE_UNKNOWN, {0}, type}; // the caller runs out of memory next
    arena_free(&q.scratch);
    return result;
}

SolveResult trait_solve(const Program *program, const Generics *generics, TypeId type, TraitId trait) {
    return solve(program, generics, false, type, trait);
}

SolveResult trait_solve_assuming(const Program *program, TypeId type, TraitId trait) {
    return solve(program, NULL, true, type, trait);
}

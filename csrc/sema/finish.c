// sema/finish.c: the end of a body's check: what waited, the obligations, warnings. The compact copy is in copy_out.c.
#include "sema/body_internal.h"

// ---- obligations ----------------------------------------------------------------------------------------------------------------------------

static Obligation *obligation_push(Body *c, TypeId type, TraitId trait, NodeIndex n, Place place) {
    Obligation obligation = {.type = type, .trait = trait, .node = n, .is_at_token = place == PLACE_TOKEN};
    obligation.unit = c->unit;
    vec_push(c->scratch, &c->obligations, obligation);
    return &c->obligations.items[c->obligations.count - 1];
}

Obligation *obligation_add(Body *c, TypeId type, BuiltinTrait trait, NodeIndex n, Place place) {
    return obligation_push(c, type, c->program->builtin_traits[trait], n, place);
}

void obligation_of_trait(Body *c, TypeId type, TraitId trait, const TypeId *arguments, uint32_t count, NodeIndex n) {
    Obligation *added = obligation_push(c, type, trait, n, PLACE_WHOLE);
    added->trait_arguments = arguments;
    added->trait_argument_count = count;
}

static Span obligation_span(const Body *c, const Obligation *o) {
    return o->is_at_token ? tree_token_span(&c->view, o->node) : span_of(c, o->node);
}

void obligations_of_call(Body *c, FunctionId function, const TypeId *arguments, NodeIndex n, Place place) {
    const Generics *generics = &c->program->functions[function.index].generics;
    for (uint32_t i = 0; i < generics->bound_count; i++) {
        const Bound *bound = &generics->bounds[i];
        if (bound->trait.index == 0) continue;
        TypeId subject = bound->parameter < generics->count
                             ? arguments[bound->parameter]
                             : instantiate(c, bound->subject, arguments, generics->count);
        TypeId *trait_arguments = NULL;
        if (bound->argument_count > 0) trait_arguments = arena_array(c->scratch, TypeId, bound->argument_count);
        for (uint32_t k = 0; k < bound->argument_count; k++)
            trait_arguments[k] = instantiate(c, bound->arguments[k], arguments, generics->count);
        Obligation *added = obligation_push(c, subject, bound->trait, n, place);
        added->trait_arguments = trait_arguments;
        added->trait_argument_count = bound->argument_count;
        added->function = function;
        added->bound = i;
    }
    for (uint32_t i = 0; i < generics->equality_count; i++) {
        const Equality *equality = &generics->equalities[i];
        TypeId left = instantiate(c, equality->left, arguments, generics->count);
        TypeId right = instantiate(c, equality->right, arguments, generics->count);
        if (unify(c, left, right) != UNIFY_OK)
            (void)report_mismatch(c, place == PLACE_TOKEN ? tree_token_span(&c->view, n) : span_of(c, n), left,
                                  expect(right, 0), 0);
    }
}

void obligation_of_provision(Body *c, TypeId type, TraitId trait, NodeIndex value) {
    obligation_push(c, type, trait, value, PLACE_WHOLE)->is_of_provision = true;
}

static Text trait_name(const Body *c, TraitId trait) { return name_text(c, c->program->traits[trait.index].name); }

static void report_cannot_tell(Body *c, const Obligation *o) {
    Span span = obligation_span(c, o);
    Text source = {c->module->source->text.data + span.start, span.end - span.start};
    Text trait = trait_name(c, o->trait);
    Diagnostic *d =
        diag(c->sink, DIAG_CANNOT_TELL_TYPE, span,
             arena_format(c->scratch, "`%.*s` needs a type that is `%.*s`",
                          source.length > 60 ? 60 : (int)source.length, source.data, (int)trait.length, trait.data));
    diag_note(c->sink, d,
              TEXT("write the type where the value is made: `let x: T = …`, `Set<int>.new()`, `(x: int) -> …`"));
}

static void note_derive(Body *c, Diagnostic *d, TypeId part, TraitId trait) {
    const TypeInfo *info = type_info(c->program->types, part);
    Text word = trait_name(c, trait), shown = type_text(c, part);
    int builtin = c->program->traits[trait.index].builtin;
    if (info->kind == TYPE_PARAMETER) {
        diag_note(c->sink, d,
                  arena_format(c->scratch, "add the bound: `%.*s: %.*s`", (int)shown.length, shown.data,
                               (int)word.length, word.data));
    } else if (info->kind == TYPE_NAMED && builtin >= 0 && builtin <= TRAIT_DEFAULT &&
               c->program->type_decls[info->head].module.index != c->program->prelude.index) {
        const TypeDecl *decl = &c->program->type_decls[info->head];
        Text name = name_text(c, decl->name);
        bool needs_eq =
            (builtin == TRAIT_COMPARABLE || builtin == TRAIT_HASHABLE) && (decl->derives & (1u << TRAIT_EQ)) == 0;
        diag_note(c->sink, d,
                  arena_format(c->scratch, "put `#[derive(%s%.*s)]` before `type %.*s`", needs_eq ? "Eq, " : "",
                               (int)word.length, word.data, (int)name.length, name.data));
        diag_label(c->sink, d, decl->span, TEXT("the type is declared here"));
    } else if (info->kind == TYPE_FUNCTION) {
        diag_note(c->sink, d, TEXT("functions are neither compared nor printed"));
    }
}

static void report_unsatisfied(Body *c, const Obligation *o, TypeId type, SolveResult solved) {
    Diagnostic *d;
    if (solved.answer == SOLVE_UNKNOWN) {
        (void)diag(c->sink, DIAG_BOUNDS_TOO_DEEP, obligation_span(c, o), type_text(c, type));
        return;
    }
    Text word = trait_name(c, o->trait);
    if (o->is_of_provision) {
        (void)diag(c->sink, DIAG_PROVIDED_VALUE, obligation_span(c, o), type_text(c, type), word);
        return;
    }
    d = diag(c->sink, DIAG_BOUND_NOT_SATISFIED, obligation_span(c, o), type_text(c, type), word);
    if (o->function.index != 0) {
        const Function *f = &c->program->functions[o->function.index];
        const Bound *bound = &f->generics.bounds[o->bound];
        Text name = name_text(c, f->name);
        if (f->module.index != c->program->prelude.index && bound->span.end > bound->span.start)
            diag_label(c->sink, d, bound->span,
                       arena_format(c->scratch, "`%.*s` asks for it here", (int)name.length, name.data));
        else
            diag_note(c->sink, d, arena_format(c->scratch, "`%.*s` asks for it", (int)name.length, name.data));
    }
    TypeId part = solved.failing_part.index == 0 ? type : solved.failing_part;
    if (part.index != type.index) {
        Text shown = type_text(c, part);
        diag_note(c->sink, d,
                  arena_format(c->scratch, "because its part `%.*s` does not have it", (int)shown.length, shown.data));
    }
    note_derive(c, d, part, o->trait);
}

void obligations_solve(Body *c) {
    enum { CACHE_MAX = 256 };
    if (c->obligations.count == 0) return;
    uint32_t cache = 4; // a power of two
    while (cache < c->obligations.count && cache < CACHE_MAX)
        cache *= 2;
    struct {
        TypeId type;
        TraitId trait;
    } *solved = arena_alloc_zeroed(c->scratch, cache * sizeof *solved, 4);
    for (uint32_t i = 0; i < c->obligations.count; i++) {
        const Obligation *o = &c->obligations.items[i];
        TypeId type = prune(c, o->type);
        if (type.index <= TYPE_ERROR || type.index == TYPE_NEVER) continue;
        if (is_open(c, type)) {
            LocalType *variable = &c->types.items[type.index & ~LOCAL_TYPE];
            if (o->is_of_parts || variable->is_reported) continue;
            variable->is_reported = true;
            if (c->sink->error_count == 0) report_cannot_tell(c, o); // after an error it is often that error's shadow
            continue;
        }
        type = zonk(c, type);
        uint32_t slot = (type.index * 31 + o->trait.index) & (cache - 1);
        bool is_plain = o->trait_argument_count == 0;
        if (is_plain && solved[slot].type.index == type.index && solved[slot].trait.index == o->trait.index) continue;
        if ((type_info(c->program->types, type)->flags & TYPE_HAS_ERROR) != 0) continue;
        TypeId *arguments = is_plain ? NULL : arena_array(c->scratch, TypeId, o->trait_argument_count);
        for (uint32_t k = 0; k < o->trait_argument_count; k++)
            arguments[k] = zonk(c, o->trait_arguments[k]);
        TraitUse use = {o->trait, arguments, o->trait_argument_count};
        SolveResult result = trait_solve_use(c->program, &c->function->generics, type, &use);
        if (result.answer == SOLVE_YES && !is_plain) continue;
        if (result.answer == SOLVE_YES) {
            solved[slot].type = type;
            solved[slot].trait = o->trait;
        } else {
            report_unsatisfied(c, o, type, result);
        }
    }
}

// ---- what waits -------------------------------------------------------------------------------------------------------------------------------

Waiting *wait_for(Body *c, WaitingKind kind, NodeIndex syntax, TypeId type, TypeId result) {
    Waiting waiting = {.kind = kind, .syntax = syntax, .type = type, .result = result, .unit = c->unit, .env = c->env};
    waiting.node = node_add(c, TYPED_ERROR, result, token_of(c, syntax), 0, 0);
    vec_push(c->scratch, &c->waiting, waiting);
    c->was_waiting = true;
    return &c->waiting.items[c->waiting.count - 1];
}

static bool iteration_complete(Body *c, Waiting *w) {
    if (is_open(c, w->type)) return false;
    TypeId result = w->result, element = element_type(c, w->syntax, w->type);
    UnifyAnswer answer = unify(c, element, result);
    if (answer == UNIFY_DIFFERS)
        (void)report_mismatch(c, span_of(c, w->syntax), element, expect(result, 0), 0);
    else if (answer != UNIFY_OK)
        report_unify(c, answer, span_of(c, w->syntax));
    return true;
}

static bool waiting_complete(Body *c, Waiting *w, bool by_default) {
    unit_of(c, w->unit);
    scope_switch(c, w->env.bindings);
    c->env = w->env;
    c->at = w->syntax;
    switch (w->kind) {
    case WAIT_METHOD:
        return method_complete(c, w);
    case WAIT_FIELD:
        return field_complete(c, w);
    case WAIT_TUPLE_PART:
        return tuple_part_complete(c, w);
    case WAIT_INDEX:
        return index_complete(c, w);
    case WAIT_ITERATION:
        return iteration_complete(c, w);
    case WAIT_CONVERSION:
        return conversion_complete(c, w);
    case WAIT_BINARY:
        return binary_complete(c, w, by_default);
    case WAIT_UNARY:
        return unary_complete(c, w, by_default);
    case WAIT_QUESTION:
        return question_complete(c, w);
    case WAIT_COALESCE:
        return coalesce_complete(c, w);
    case WAIT_OPERATOR:
        return operator_complete(c, w, by_default);
    }
    return true;
}

static bool waiting_pass(Body *c) {
    bool has_moved = projections_run(c);
    for (uint32_t i = 0; i < c->waiting.count; i++) {
        if (c->waiting.items[i].is_done || !waiting_complete(c, &c->waiting.items[i], false)) continue;
        c->waiting.items[i].is_done = true;
        has_moved = true;
    }
    return has_moved;
}

// Nothing moves by itself: the first int index or iteration is a list's, else the first arithmetic operator is int's.
static bool waiting_default(Body *c) {
    for (uint32_t i = 0; i < c->waiting.count; i++) {
        const Waiting *w = &c->waiting.items[i];
        bool is_list =
            w->kind == WAIT_ITERATION ||
            (w->kind == WAIT_INDEX && (is_kind(c, c->type[w->other], TYPE_INT) || is_open(c, c->type[w->other])));
        if (w->is_done || !is_list) continue;
        unit_of(c, w->unit);
        (void)unify(c, w->type, type_of1(c, TYPE_LIST, type_variable(c, token_of(c, w->syntax))));
        return true;
    }
    for (uint32_t i = 0; i < c->waiting.count; i++) {
        const Waiting *w = &c->waiting.items[i];
        if (w->is_done || (w->kind != WAIT_BINARY && w->kind != WAIT_UNARY && w->kind != WAIT_OPERATOR)) continue;
        (void)waiting_complete(c, &c->waiting.items[i], true);
        c->waiting.items[i].is_done = true;
        return true;
    }
    for (uint32_t i = 0; i < c->waiting.count; i++) {
        const Waiting *w = &c->waiting.items[i];
        if (w->is_done) continue;
        unit_of(c, w->unit);
        NodeIndex receiver = w->kind == WAIT_CONVERSION ? w->other : w->syntax;
        if (w->kind == WAIT_METHOD)
            receiver = c->view.a[c->view.a[receiver]];
        else if (w->kind != WAIT_CONVERSION && w->kind != WAIT_ITERATION)
            receiver = c->view.a[receiver];
        if (c->sink->error_count == 0) {
            Diagnostic *d = diag0(c->sink, DIAG_TYPE_NEEDED, span_of(c, receiver));
            diag_note(c->sink, d, TEXT("write the type where this gets its value: `let x: T = …`, or `(x: T) -> …`"));
        }
        (void)unify(c, w->type, ERROR_TYPE); // the others that wait for it are silent
        return true;
    }
    return false;
}

void waiting_run(Body *c) {
    Env env = c->env;
    while (waiting_pass(c) || waiting_default(c)) {
    }
    scope_switch(c, env.bindings);
    c->env = env;
}

// ---- warnings -----------------------------------------------------------------------------------------------------------------------------------

void warnings_give(Body *c) {
    if (c->sink->error_count > 0 || c->has_syntax_errors || c->module->kind != MODULE_PROJECT)
        return; // what an error hid may be a use
    for (uint32_t i = 1; i < c->locals.count; i++) {
        const TypedLocal *local = &c->locals.items[i];
        const LocalInfo *info = &c->local_infos.items[i];
        if (local->is_parameter || info->is_hidden || local->name.index == 0) continue;
        Text name = name_text(c, local->name);
        if (!info->is_used && !info->is_lambda_name && (name.length == 0 || name.data[0] != '_')) {
            Diagnostic *d = diag(c->sink, DIAG_UNUSED_VARIABLE, info->span, name);
            diag_note(c->sink, d,
                      arena_format(c->scratch, "write `_%.*s` where that is intended", (int)name.length, name.data));
        }
        if (local->is_mutable && !info->is_assigned) (void)diag(c->sink, DIAG_UNNEEDED_MUT, info->span, name);
    }
}

// sema/provisions.c: capabilities inside a body: what is in force, who needs what, `with Http = value in e`.
//
// WHY        Which capability a use means depends on where it is written alone, so the provisions in force are part of the
//            environment: what waits and lambdas that are checked again see those of their place.
// SHAPE      Body.env.provisions ─▶ innermost `with` ─▶ … ─▶ those that the function declares. Each has the local that holds
//            the provided value (a hidden parameter, or the hidden local of its `with`); a use reads that local, so lambdas
//            capture it like any other.
//            A use is: a call of the trait's method (`Http.get(url)`), the name alone, or a call of a function that declares
//            it, which passes the local on.
#include "sema/body_internal.h"
#include "sema/internal.h"

static Text trait_text(const Body *c, TraitId trait) { return name_text(c, c->program->traits[trait.index].name); }

static void provision_push(Body *c, Provision provision) {
    Provision *made = arena_new(c->scratch, Provision);
    *made = provision;
    made->outer = c->env.provisions;
    c->env.provisions = made;
}

static Provision *provision_find(const Body *c, TraitId trait, NameId name) {
    Provision *p = c->env.provisions;
    while (p != NULL && !capability_equal(p->trait, p->name, trait, name))
        p = p->outer;
    return p;
}

static bool trait_is_safe(Body *c, TraitId trait, Span span) {
    Text fault = capability_fault(c->program, c->scratch, trait);
    if (fault.length == 0) return true;
    diag(c->sink, DIAG_NOT_OBJECT_SAFE, span, trait_text(c, trait), fault);
    return false;
}

// ---- those that the function declares --------------------------------------------------------------------------------

void provisions_begin(Body *c) {
    const Function *f = c->function;
    for (uint32_t i = 0; i < f->capability_count; i++) {
        const Capability *capability = &f->capabilities[i];
        if (capability->trait.index != 0 && capability->is_declared &&
            !trait_is_safe(c, capability->trait, capability->span))
            continue;
        if (f->is_main || !capability->is_declared) continue; // gets the real ones; cannot reach it
        Provision provision = {.trait = capability->trait,
                               .name = capability->name,
                               .span = capability->span,
                               .is_declared = true,
                               .is_silent = capability->is_silent || capability->is_foreign};
        if (capability->parameter != CAPABILITY_HAS_NONE) provision.local = capability->parameter + 1;
        provision_push(c, provision);
    }
    c->declared_provisions = c->env.provisions;
}

void provisions_warn(Body *c) { // W0602
    const Function *f = c->function;
    if (f->impl.index != 0 || f->trait.index != 0 || f->has_error || c->sink->error_count > 0 || c->has_syntax_errors)
        return;
    for (const Provision *p = c->declared_provisions; p != NULL; p = p->outer)
        if (!p->is_used && !p->is_silent)
            (void)diag(c->sink, DIAG_CAPABILITY_NOT_NEEDED, p->span, name_text(c, p->name));
}

// ---- needing one -------------------------------------------------------------------------------------------------------

// Where the signature says it is needed, and how it would be declared.
OUT_OF_LINE static void report_undeclared(Body *c, Diagnostic *d, Text name) {
    const Function *f = c->function;
    const FunctionHead *head = tree_function_head(&c->view, f->node);
    Text own = name_text(c, f->name);
    if (f->impl.index != 0 || f->trait.index != 0) {
        diag_note(c->sink, d,
                  TEXT("an impl's method may declare what its trait's declares; or provide it with `with … in`"));
        return;
    }
    diag_label(c->sink, d, tree_token_span(&c->view, f->node),
               arena_format(c->scratch, "`%.*s` does not declare it", (int)own.length, own.data));
    DiagFix *fix =
        diag_fix(c->sink, d, arena_format(c->scratch, "declare it: `uses %.*s`", (int)name.length, name.data), false);
    if (f->capability_count > 0) {
        Span last = f->capabilities[f->capability_count - 1].span;
        diag_edit(c->sink, fix, (Span){last.file, last.end, last.end},
                  arena_format(c->scratch, ", %.*s", (int)name.length, name.data));
    } else if (head->result != 0) {
        Span last = tree_node_span(&c->view, head->result);
        diag_edit(c->sink, fix, (Span){last.file, last.end, last.end},
                  arena_format(c->scratch, " uses %.*s", (int)name.length, name.data));
    }
}

OUT_OF_LINE static void report_need(Body *c, TraitId trait, NameId name, Span use, FunctionId callee) {
    const Function *f = c->function;
    Text shown = trait.index != 0 ? trait_text(c, trait) : name_text(c, name);
    bool is_real = f->is_main && trait.index != 0 &&
                   c->program->modules[c->program->traits[trait.index].module.index].kind == MODULE_STD;
    if (is_real) {
        (void)body_unsupported(c, use, "the real implementations of standard capabilities");
        return;
    }
    bool is_root = f->is_test || f->is_main;
    if (f->is_test && f->uses_capabilities) return; // E0504
    Diagnostic *d = diag(c->sink, is_root ? DIAG_CAPABILITY_NOT_PROVIDED : DIAG_CAPABILITY_NOT_DECLARED, use, shown);
    if (callee.index != 0) {
        const Function *called = &c->program->functions[callee.index];
        const Module *module = &c->program->modules[called->module.index];
        Text own = name_text(c, f->name), other = name_text(c, called->name);
        diag_note(c->sink, d,
                  arena_format(c->scratch, "`%.*s` calls `%.*s`, which uses `%.*s`", (int)own.length, own.data,
                               (int)other.length, other.data, (int)shown.length, shown.data));
        for (uint32_t i = 0; module->kind == MODULE_PROJECT && i < called->capability_count; i++)
            if (capability_equal(called->capabilities[i].trait, called->capabilities[i].name, trait, name))
                diag_label(c->sink, d, called->capabilities[i].span, TEXT("declared here"));
    }
    if (is_root) {
        diag_note(c->sink, d,
                  arena_format(c->scratch, "provide it: `with %.*s = … in …`%s", (int)shown.length, shown.data,
                               f->is_main ? "; `@main` gets the standard capabilities alone" : ""));
    } else {
        report_undeclared(c, d, shown);
    }
}

// The provision that a use means, after noting the use; NULL after a report.
static Provision *provision_need(Body *c, TraitId trait, NameId name, Span use, FunctionId callee) {
    Provision *p = provision_find(c, trait, name);
    if (p == NULL) {
        report_need(c, trait, name, use, callee);
        return NULL;
    }
    p->is_used = true;
    return p->is_silent ? NULL : p;
}

// @main gets the real implementation of a standard capability: the unit value, for which the trait's module implements it.
static bool gets_real(Body *c, TraitId trait) {
    if (!c->function->is_main || trait.index == 0 || provision_find(c, trait, (NameId){0}) != NULL) return false;
    const Program *program = c->program;
    return program->modules[program->traits[trait.index].module.index].kind == MODULE_STD &&
           trait_solve(program, &c->function->generics, VOID_TYPE, trait).answer == SOLVE_YES;
}

// ---- calls of functions that need some --------------------------------------------------------------------------------------

static bool capabilities_push(Body *c, FunctionId function, const TypeId *instance, Span use, uint32_t token,
                              uint32_t shift) {
    const Function *f = &c->program->functions[function.index];
    bool is_good = true;
    for (uint32_t i = 0; i < f->capability_count; i++) {
        const Capability *capability = &f->capabilities[i];
        Provision *p = NULL;
        if (capability->is_silent || capability->is_foreign) continue;
        bool is_needed = capability->is_declared && !gets_real(c, capability->trait);
        if (is_needed) {
            p = provision_need(c, capability->trait, capability->name, use, function);
            is_good = is_good && p != NULL;
        }
        if (capability->parameter == CAPABILITY_HAS_NONE) continue;
        TypeId type = instantiate(c, f->parameters[capability->parameter].type, instance, f->generics.count);
        TypeId given = is_needed ? ERROR_TYPE : VOID_TYPE;
        if (p != NULL) given = c->locals.items[p->local].type;
        (void)unify(c, type, given);
        stack_push(c, capability->parameter + shift);
        stack_push(c, p != NULL ? local_read(c, p->local, token) : node_add(c, TYPED_UNIT, VOID_TYPE, token, 0, 0));
    }
    return is_good;
}

bool capabilities_pass(Body *c, FunctionId function, const TypeId *instance, NodeIndex name, uint32_t shift) {
    if (c->program->functions[function.index].capability_count == 0) return true;
    return capabilities_push(c, function, instance, tree_token_span(&c->view, name), token_of(c, name), shift);
}

// `self(…)` of a function calls the same instance, which has what this one was given.
bool capabilities_pass_self(Body *c, NodeIndex n) {
    const Function *f = c->function;
    for (uint32_t i = 0; i < f->capability_count; i++) {
        const Capability *capability = &f->capabilities[i];
        if (capability->parameter == CAPABILITY_HAS_NONE) continue;
        const Provision *p = provision_find(c, capability->trait, capability->name);
        if (p != NULL && !p->is_declared) {
            (void)body_unsupported(c, span_of(c, n), "`self(…)` inside `with … in` of a capability of the function");
            return false;
        }
        stack_push(c, capability->parameter);
        stack_push(c, local_read(c, capability->parameter + 1, token_of(c, n)));
    }
    return true;
}

// ---- functions that need some as values ----------------------------------------------------------------------------------------

static bool needs_any(const Function *f) {
    for (uint32_t i = 0; i < f->capability_count; i++)
        if (f->capabilities[i].is_declared) return true;
    return false;
}

bool function_is_effectful(const Body *c, FunctionId function) {
    return c->program->functions[function.index].capability_count > 0;
}

// Where it may stand it becomes the lambda that calls it, with the provisions in force here.
uint32_t effectful_value(Body *c, NodeIndex n, FunctionId function, const TypeId *instance, uint32_t use, TypeId type) {
    const Function *f = &c->program->functions[function.index];
    uint32_t token = token_of(c, n);
    if (needs_any(f) && c->effect_allowed != n) {
        const Capability *first = f->capabilities;
        while (!first->is_declared)
            first++;
        Diagnostic *d = diag(c->sink, DIAG_EFFECTFUL_VALUE, span_of(c, n), name_text(c, first->name));
        if (c->program->modules[f->module.index].kind == MODULE_PROJECT)
            diag_label(c->sink, d, first->span, TEXT("declared here"));
        diag_note(c->sink, d, TEXT("function types carry no capabilities; pass a lambda that calls it"));
        return node_error(c, n);
    }
    Env outer;
    TypeShape shape = type_shape(c, type);
    uint32_t lambda = lambda_open(c, &outer), base = c->stack.count;
    TypeId result = shape.args[shape.arg_count - 1];
    c->lambdas.items[lambda].result = result;
    for (uint32_t i = 0; i < f->parameter_count; i++) {
        uint32_t parameter = lambda_parameter(c, lambda, (NameId){0}, shape.args[i], span_of(c, n));
        stack_push(c, i);
        stack_push(c, local_read(c, parameter, token));
    }
    bool is_good = capabilities_push(c, function, instance, span_of(c, n), token, 0);
    uint32_t call = node_add(c, TYPED_CALL, result, token, use, pairs_from_stack(c, base));
    uint32_t node = lambda_close(c, lambda, &outer, call, result, token);
    return is_good ? node : node_error(c, n);
}

// ---- uses by the trait's name -----------------------------------------------------------------------------------------------------

static FunctionId method_named(const Program *program, TraitId id, NameId name) {
    const TraitDecl *trait = &program->traits[id.index];
    for (uint32_t i = trait->first_method; i < trait->first_method + trait->method_count; i++)
        if (name_equal(program->functions[i].name, name)) return (FunctionId){i};
    for (uint32_t i = 0; i < trait->supertrait_count; i++) {
        FunctionId found = method_named(program, trait->supertraits[i].trait, name);
        if (found.index != 0) return found;
    }
    return (FunctionId){0};
}

bool capability_member(Body *c, TraitId trait, NodeIndex n, NodeIndex call, Operand *out) {
    NameId name = {c->view.b[n]};
    const Provision *p = provision_find(c, trait, (NameId){0});
    FunctionId method = method_named(c->program, trait, name);
    if (method.index == 0 && p == NULL) return false;
    if (method.index != 0) {
        const Function *f = &c->program->functions[method.index];
        uint32_t given = call != 0 ? tree_list_count(&c->view, c->view.b[call]) : 0;
        // `Trait.m(x, …)` with the receiver among its arguments is a call like any other.
        if (call != 0 && f->has_self && given == f->parameter_count) return false;
        bool may_be = c->program->traits[trait.index].builtin < 0 &&
                      capability_fault(c->program, c->scratch, trait).length == 0 &&
                      (!f->has_self || given + 1 == f->parameter_count);
        if (p == NULL && (call == 0 || !may_be)) return false;
    }
    *out = (Operand){.kind = OPERAND_CAPABILITY, .value = trait.index, .part = method.index, .node = n};
    if (method.index != 0) return true;
    uint32_t value = capability_value(c, *out, c->view.a[n]);
    out->kind = call != 0 ? OPERAND_MEMBER : OPERAND_VALUE;
    out->value = call != 0 ? value : field_access(c, n, value);
    return true;
}

uint32_t capability_value(Body *c, Operand operand, NodeIndex at) {
    if (gets_real(c, (TraitId){operand.value})) return node_add(c, TYPED_UNIT, VOID_TYPE, token_of(c, at), 0, 0);
    Provision *p =
        provision_need(c, (TraitId){operand.value}, (NameId){0}, tree_token_span(&c->view, at), (FunctionId){0});
    return p == NULL || p->local == 0 ? node_error(c, at) : local_read(c, p->local, token_of(c, at));
}

bool capability_is_in_force(const Body *c, TraitId trait) { return provision_find(c, trait, (NameId){0}) != NULL; }

uint32_t capability_call(Body *c, NodeIndex n, Operand callee, Expected expected) {
    FunctionId method = {callee.part};
    uint32_t receiver = capability_value(c, callee, c->view.a[callee.node]);
    if (c->kind[receiver] == TYPED_ERROR) return arguments_silent(c, n, c->view.b[n]);
    const Function *f = &c->program->functions[method.index];
    TypeId *instance = arena_array(c->scratch, TypeId, f->generics.count);
    instance[0] = c->type[receiver];
    for (uint32_t i = 1; i < f->generics.count; i++)
        instance[i] = type_variable(c, token_of(c, callee.node));
    return call_function(c, n, callee.node, method, receiver, instance, expected);
}

// ---- with Http = value in e ----------------------------------------------------------------------------------------------------------

static void name_span_after(const Body *c, NodeIndex n, Span *span) {
    *span = token_span(c->view.file_tokens, token_of(c, n) + 1);
}

// Asked at once where the type is known, so that what is wrong is said here and not at every use.
static bool provided_fits(Body *c, TypeId type, TraitId trait, NodeIndex value) {
    type = prune(c, type);
    if (type_is_local(type)) {
        obligation_of_provision(c, type, trait, value);
        return true;
    }
    if (is_error(c, type)) return false;
    if (trait_solve(c->program, &c->function->generics, type, trait).answer != SOLVE_NO) return true;
    diag(c->sink, DIAG_PROVIDED_VALUE, span_of(c, value), type_text(c, type), trait_text(c, trait));
    return false;
}

uint32_t provide_check(Body *c, NodeIndex n, Expected expected) {
    NameId name = {c->view.a[n]};
    const uint32_t *parts = c->view.extra + c->view.b[n];
    NodeIndex value_node = parts[0], body_node = parts[1];
    uint32_t token = token_of(c, n), base = c->stack.count;
    Span span;
    name_span_after(c, n, &span);
    Item item = scope_lookup(c->program, c->function->module, SCOPE_TYPE, name);
    Provision provision = {.name = name, .span = span, .is_silent = item.kind == ITEM_SILENT || name.index == 0};
    if (item.kind == ITEM_TRAIT) {
        provision.trait = (TraitId){item.index};
        const TraitDecl *trait = &c->program->traits[item.index];
        if (trait->generics.count > 0) {
            diag(c->sink, DIAG_TYPE_ARGUMENT_COUNT, span, name_text(c, name),
                 count_text(c, trait->generics.count, "type argument", "type arguments"), TEXT("0"));
            provision.is_silent = true;
        } else if (!trait_is_safe(c, provision.trait, span)) {
            provision.is_silent = true;
        }
    } else if (!provision.is_silent && capability_is_of_std(c->program, name)) {
        diag(c->sink, DIAG_OPAQUE_STANDARD, span, name_text(c, name));
    }
    uint32_t value = expr(c, value_node, NOTHING); // under the outer provisions
    uint32_t local = local_add(c, (NameId){0}, c->type[value], span);
    c->local_infos.items[local].is_hidden = true;
    c->local_infos.items[local].is_used = true;
    provision.local = local;
    if (provision.trait.index != 0 && !provision.is_silent && !capability_is_marker(c->program, provision.trait))
        provision.is_silent = !provided_fits(c, c->type[value], provision.trait, value_node);
    uint32_t pattern = node_add(c, TYPED_PAT_BIND, c->type[value], token, local, 0);
    stack_push(c, node_add(c, TYPED_LET, VOID_TYPE, token, pattern, value));
    Binding *outer_bindings = c->env.bindings;
    Provision *outer = c->env.provisions;
    provision_push(c, provision);
    if (provision.trait.index == 0 && name.index != 0) (void)bind(c, name, local);
    uint32_t body = expr(c, body_node, expected);
    scope_switch(c, outer_bindings);
    c->env.provisions = outer;
    stack_push(c, body);
    return node_add(c, TYPED_SEQUENCE, c->type[body], token, 0, list_from_stack(c, base));
}

// sema/generalise.c: lambdas that a `let` binds and that are used at several types (chapter 6).
//
// WHY        `let id = x -> x` may be used at int and at str. There are no polymorphic values below the checker, so each set of
//            argument types gets an instance: the lambda's tree is checked again, in the environment of its `let`.
// SHAPE      let f = λ          becomes, when a second instance is needed,       let (f, f′) = (λ, λ′)
//            so that all instances capture at the place of the `let`. The first use takes the first instance.
// COST       Uses whose argument types are known and equal share an instance. More than 1,000 of one lambda are E0386.
#include "sema/body_internal.h"

#define INSTANCES_MAX 1000u
#define INSTANCES_OF_BODY_MAX 20000u

typedef struct Instance {
    uint32_t local, node; // node: the LAMBDA
    TypeId type;
} Instance;

typedef struct General {
    NodeIndex syntax;
    NameId name;
    uint32_t let; // the LET node
    bool is_used, is_reported;
    Env env; // of the let's right side
    VEC(Instance) instances;
} General;

static General *general_at(Body *c, uint32_t index) { return c->generals.items[index]; }

static bool has_open(Body *c, TypeId type) {
    type = prune(c, type);
    if (!type_is_local(type)) return false;
    if (is_open(c, type)) return true;
    if (c->walk_budget == 0) return false;
    c->walk_budget--;
    TypeShape shape = type_shape(c, type);
    for (uint32_t i = 0; i < shape.arg_count; i++)
        if (has_open(c, shape.args[i])) return true;
    return false;
}

uint32_t general_add(Body *c, const Env *env, NodeIndex syntax, NameId name, uint32_t local, uint32_t lambda) {
    c->walk_budget = TYPE_PARTS_MAX;
    if (c->kind[lambda] != TYPED_LAMBDA || !has_open(c, c->type[lambda])) return 0;
    General *g = arena_new(c->scratch, General);
    g->syntax = syntax;
    g->name = name;
    g->env = *env;
    Instance first = {local, lambda, c->type[lambda]};
    vec_push(c->scratch, &g->instances, first);
    if (c->generals.count == 0) vec_push(c->scratch, &c->generals, NULL);
    vec_push(c->scratch, &c->generals, g);
    return c->generals.count - 1;
}

void general_set_let(Body *c, uint32_t general, uint32_t let) { general_at(c, general)->let = let; }

static const Instance *instance_new(Body *c, General *g, NodeIndex use) {
    if (g->instances.count >= INSTANCES_MAX || ++c->instance_count > INSTANCES_OF_BODY_MAX) {
        Text name = name_text(c, g->name);
        if (!g->is_reported)
            diag(c->sink, DIAG_TOO_MANY_INSTANCES, span_of(c, use),
                 arena_format(c->scratch, "the lambda `%.*s` would be checked more than 1,000 times", (int)name.length,
                              name.data));
        g->is_reported = true;
        return &g->instances.items[0];
    }
    Env outer = c->env;
    scope_switch(c, g->env.bindings);
    c->env = g->env;
    uint32_t node = lambda_check(c, g->syntax, NOTHING);
    Instance instance = {local_add(c, g->name, c->type[node], span_of(c, g->syntax)), node, c->type[node]};
    c->local_infos.items[instance.local].is_hidden = true;
    scope_switch(c, outer.bindings);
    c->env = outer;
    vec_push(c->scratch, &g->instances, instance);
    return &g->instances.items[g->instances.count - 1];
}

static uint32_t instance_read(Body *c, General *g, const Instance *instance, NodeIndex n) {
    c->local_infos.items[g->instances.items[0].local].is_used = true;
    return local_read(c, instance->local, token_of(c, n));
}

// A use as a value: by the type that is expected.
uint32_t general_value(Body *c, NodeIndex n, uint32_t general, Expected expected) {
    General *g = general_at(c, general);
    const Instance *chosen = g->is_used ? NULL : &g->instances.items[0];
    g->is_used = true;
    for (uint32_t i = 0; chosen == NULL && expected.type.index != 0 && i < g->instances.count; i++) {
        c->walk_budget = TYPE_PARTS_MAX;
        if (has_open(c, g->instances.items[i].type)) continue;
        if (unify_try(c, g->instances.items[i].type, expected.type)) chosen = &g->instances.items[i];
    }
    if (chosen == NULL) chosen = instance_new(c, g, n);
    if (expected.type.index != 0) (void)unify_try(c, chosen->type, expected.type);
    return instance_read(c, g, chosen, n);
}

static const Instance *instance_for(Body *c, General *g, NodeIndex n, uint32_t list, uint32_t base) {
    if (!g->is_used) {
        g->is_used = true;
        return &g->instances.items[0];
    }
    uint32_t count = tree_list_count(&c->view, list);
    for (uint32_t k = 0; k < g->instances.count; k++) {
        TypeShape shape = type_shape(c, g->instances.items[k].type);
        bool is_same = true;
        for (uint32_t i = 0; i < count && is_same; i++) {
            uint32_t value = c->stack.items[base + 2 * i + 1];
            if (value == 0) continue; // checked after the choice
            TypeId found = prune(c, c->type[value]), wanted = prune(c, shape.args[c->stack.items[base + 2 * i]]);
            is_same = found.index == TYPE_ERROR || found.index == TYPE_NEVER || found.index == wanted.index;
        }
        if (is_same) return &g->instances.items[k];
    }
    return instance_new(c, g, n);
}

uint32_t general_call(Body *c, NodeIndex n, Operand callee, Expected expected) {
    General *g = general_at(c, callee.value);
    uint32_t list = c->view.b[n], count = tree_list_count(&c->view, list), base = c->stack.count;
    uint32_t parameters = c->view.extra[c->view.a[g->syntax]];
    Signature *s = arena_new(c->scratch, Signature);
    NameId *names = arena_array(c->scratch, NameId, tree_list_count(&c->view, parameters) + 1);
    for (uint32_t i = 0; i < tree_list_count(&c->view, parameters); i++)
        names[i] = (NameId){c->view.a[tree_list_item(&c->view, parameters, i)]};
    *s = (Signature){.what = "function",
                     .count = tree_list_count(&c->view, parameters),
                     .names = names,
                     .at = callee.node,
                     .is_value = true};
    vec_reserve(c->scratch, &c->stack, 2 * count);
    c->stack.count += 2 * count;
    if (!arguments_match(c, s, list, base)) {
        c->stack.count = base;
        c->local_infos.items[g->instances.items[0].local].is_used = true;
        return arguments_silent(c, n, list);
    }
    for (uint32_t i = 0; i < count; i++) {
        NodeIndex argument = tree_list_item(&c->view, list, i);
        uint32_t value = argument_is_late(c, argument) ? 0 : expr(c, argument_value(c, argument), NOTHING);
        c->stack.items[base + 2 * i + 1] = value;
    }
    Instance instance = *instance_for(c, g, n, list, base);
    TypeShape shape = type_shape(c, instance.type);
    TypeId result = shape.args[shape.arg_count - 1];
    if (expected.type.index != 0) (void)unify_try(c, result, expected.type);
    bool is_good = true;
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < count; i++) {
            NodeIndex argument = tree_list_item(&c->view, list, i);
            if (argument_is_late(c, argument) != (pass == 1)) continue;
            Expected wanted = expect(shape.args[c->stack.items[base + 2 * i]], 0);
            NodeIndex syntax = argument_value(c, argument);
            uint32_t value =
                pass == 1 ? check(c, syntax, wanted) : coerce(c, syntax, c->stack.items[base + 2 * i + 1], wanted);
            c->stack.items[base + 2 * i + 1] = value;
            is_good &= c->kind[value] != TYPED_ERROR || type_is_local(c->type[value]); // a placeholder is no error
        }
    }
    uint32_t read = instance_read(c, g, &instance, callee.node);
    uint32_t node = call_by_order(c, n, read, result, base);
    return is_good ? node : node_error(c, n);
}

// At the end of the body: lets that got more than one instance bind all of them.
void generals_write(Body *c) {
    for (uint32_t i = 1; i < c->generals.count; i++) {
        General *g = c->generals.items[i];
        uint32_t count = g->instances.count, base = c->stack.count, token = c->token[g->let];
        if (count < 2) continue;
        TypeId *types = arena_array(c->scratch, TypeId, count);
        for (uint32_t k = 0; k < count; k++) {
            types[k] = g->instances.items[k].type;
            stack_push(c, node_add(c, TYPED_PAT_BIND, types[k], token, g->instances.items[k].local, 0));
        }
        for (uint32_t k = 0; k < count; k++)
            types[k] = zonk(c, types[k]);
        TypeId tuple = type_make(c->program, c->scratch, TYPE_TUPLE, 0, types, count);
        uint32_t pattern = node_add(c, TYPED_PAT_CONSTRUCT, tuple, token, 0, list_from_stack(c, base));
        for (uint32_t k = 0; k < count; k++) {
            stack_push(c, k);
            stack_push(c, g->instances.items[k].node);
        }
        uint32_t value = node_add(c, TYPED_CONSTRUCT, tuple, token, 0, pairs_from_stack(c, base));
        c->a[g->let] = pattern;
        c->b[g->let] = value;
    }
}

// What is never used may stay open.
void generals_forgive(Body *c) {
    for (uint32_t i = 1; i < c->generals.count; i++) {
        General *g = c->generals.items[i];
        TypeShape shape = type_shape(c, g->instances.items[0].type);
        for (uint32_t k = 0; !g->is_used && k < shape.arg_count; k++)
            if (is_open(c, shape.args[k])) variable_forgive(c, shape.args[k]);
    }
}

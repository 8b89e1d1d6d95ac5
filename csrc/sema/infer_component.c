// sema/infer_component.c: the bodies of functions that call each other, checked together for their signatures.
//
// SHAPE      variables for what is left out ▸ each body in turn ▸ what waits, of all of them ▸ signatures
//            All units share one Body: its types, what waits and its obligations. What belongs to a text (its tree, its messages,
//            the frame of the function itself) is switched by unit_turn.
#include "sema/infer.h"

void unit_turn(Body *c, uint32_t unit) {
    if (c->units == NULL) return;
    c->units[c->unit].frame = c->lambdas.items[0];
    c->unit = unit;
    c->lambdas.items[0] = c->units[unit].frame;
    body_turn_to(c, c->units[unit].id, c->units[unit].out);
    c->type_scope.generics = c->units[unit].names;
}

// ---- written type parameters ---------------------------------------------------------------------------------------------
// Two functions' first type parameters are different types here, so those of all units are numbered through.

static void generics_append(Component *component, const Unit *unit, Generics *all) {
    const Program *program = component->inference->program;
    Arena *arena = component->inference->scratch;
    const Generics *own = &unit->written.generics;
    NameId *names = (NameId *)(uintptr_t)all->names;
    Bound *bounds = (Bound *)(uintptr_t)all->bounds;
    Equality *equalities = (Equality *)(uintptr_t)all->equalities;
    TypeId *moved = arena_array(arena, TypeId, (size_t)own->count + 1);
    for (uint32_t i = 0; i < own->count; i++) {
        moved[i] = type_make(program, arena, TYPE_PARAMETER, unit->first_parameter + i, NULL, 0);
        names[unit->first_parameter + i] = own->names[i];
    }
    for (uint32_t i = 0; i < own->bound_count; i++) {
        Bound bound = own->bounds[i];
        if (bound.parameter != BOUND_OF_TYPE) bound.parameter += unit->first_parameter;
        bound.subject = type_substitute(program, arena, bound.subject, moved, own->count);
        TypeId *arguments = arena_array(arena, TypeId, (size_t)bound.argument_count + 1);
        for (uint32_t k = 0; k < bound.argument_count; k++)
            arguments[k] = type_substitute(program, arena, bound.arguments[k], moved, own->count);
        bound.arguments = arguments;
        bounds[all->bound_count++] = bound;
    }
    for (uint32_t i = 0; i < own->equality_count; i++) {
        Equality equality = own->equalities[i];
        equality.left = type_substitute(program, arena, equality.left, moved, own->count);
        equality.right = type_substitute(program, arena, equality.right, moved, own->count);
        equalities[all->equality_count++] = equality;
    }
    Generics *shown = arena_new(arena, Generics); // what its text names: the others have no names here
    NameId *own_names = arena_array(arena, NameId, (size_t)all->count + 1);
    for (uint32_t i = 0; i < own->count; i++)
        own_names[unit->first_parameter + i] = own->names[i];
    *shown = *all; // bounds: of all, completed by the time that they are read
    shown->names = own_names;
    ((Unit *)(uintptr_t)unit)->names = shown;
    Function *f = &component->inference->program->functions[unit->id.index];
    Parameter *parameters = (Parameter *)(uintptr_t)f->parameters;
    for (uint32_t i = 0; i < f->parameter_count; i++)
        parameters[i].type = type_substitute(program, arena, parameters[i].type, moved, own->count);
    f->result = type_substitute(program, arena, f->result, moved, own->count);
}

static void generics_join(Component *component) {
    Arena *arena = component->inference->scratch;
    Program *program = component->inference->program;
    uint32_t bounds = 0, equalities = 0;
    for (uint32_t i = 0; i < component->count; i++) {
        bounds += component->units[i].written.generics.bound_count;
        equalities += component->units[i].written.generics.equality_count;
    }
    Generics all = {.count = component->parameter_count};
    all.names = arena_array(arena, NameId, (size_t)all.count + 1);
    all.bounds = arena_array(arena, Bound, (size_t)bounds + 1);
    all.equalities = arena_array(arena, Equality, (size_t)equalities + 1);
    for (uint32_t i = 0; i < component->count; i++)
        generics_append(component, &component->units[i], &all);
    for (uint32_t i = 0; i < component->count; i++) {
        Generics *shown = (Generics *)(uintptr_t)component->units[i].names;
        shown->bound_count = all.bound_count;
        shown->equality_count = all.equality_count;
        program->functions[component->units[i].id.index].generics = all;
    }
}

// ---- variables for what is left out --------------------------------------------------------------------------------------

static void unit_open(Component *component, Unit *unit) {
    Program *program = component->inference->program;
    Function *f = &program->functions[unit->id.index];
    unit->written = *f;
    unit->first_parameter = component->parameter_count;
    unit->names = &f->generics;
    component->parameter_count += f->generics.count;
    unit->out = &program->bodies[unit->id.index];
    body_sink_begin(unit->out);
    unit->out->arena.escape = component->inference->scratch->escape;
    Parameter *parameters = arena_array(component->inference->scratch, Parameter, (size_t)f->parameter_count + 1);
    if (f->parameter_count > 0) memcpy(parameters, f->parameters, sizeof *parameters * f->parameter_count);
    f->parameters = parameters;
}

static void variables_make(Component *component, const Unit *unit) {
    Program *program = component->inference->program;
    Body *c = component->c;
    Function *f = &program->functions[unit->id.index];
    const Module *module = program_module(program, f->module);
    TreeView view = module_view(module, f->declaration);
    const FunctionHead *head = tree_function_head(&view, f->node);
    Parameter *parameters = (Parameter *)(uintptr_t)f->parameters;
    f->is_incomplete = f->has_error = false;
    for (uint32_t i = 0; i < f->parameter_count; i++) {
        NodeIndex node = tree_list_item(&view, head->parameters, i);
        if (view.kinds[node] == NODE_PARAM && view.b[node] == 0)
            parameters[i].type = type_variable(c, tree_token(&view, node));
        else if (parameters[i].type.index == TYPE_ERROR)
            f->has_error = true;
    }
    if (head->result == 0)
        f->result = type_variable(c, tree_token(&view, f->node));
    else if (f->result.index == TYPE_ERROR)
        f->has_error = true;
    component->has_errors |= f->has_error;
}

// ---- the component -------------------------------------------------------------------------------------------------------

static void bodies_check_together(Component *component) {
    Body *c = component->c;
    for (uint32_t i = 0; i < component->count; i++) {
        unit_of(c, i);
        scope_switch(c, NULL);
        c->env = (Env){0};
        NodeIndex body = c->view.b[c->function->node];
        if (c->function->is_intrinsic || body_is_missing(c, body))
            component->has_errors = true; // a syntax error, reported
        else
            (void)body_enter(c, body);
    }
    scope_switch(c, NULL);
    c->env = (Env){0};
    waiting_run(c);
    generals_forgive(c);
    for (uint32_t i = 0; i < component->count; i++)
        component->has_errors |= component->units[i].out->diagnostics.error_count > 0;
}

// The first check's messages stay where there is an error; else the second check gives them.
static void unit_close(Component *component, Unit *unit) {
    Function *f = &component->inference->program->functions[unit->id.index];
    TypedBody *out = unit->out;
    out->arena.escape = NULL;
    if (out->diagnostics.error_count == 0) {
        typed_body_free(out);
        return;
    }
    f->is_incomplete = f->is_settled = true;
    out->has_errors = true;
    out->root = 0;
    out->status = STATUS_OK;
}

void infer_component(Inference *inference, const uint32_t *functions, uint32_t count) {
    Component component = {.inference = inference, .count = count};
    component.units = arena_array(inference->scratch, Unit, count);
    for (uint32_t i = 0; i < count; i++) {
        component.units[i].id = (FunctionId){functions[i]};
        unit_open(&component, &component.units[i]);
    }
    if (count > 1 && component.parameter_count > 0) generics_join(&component);
    Body *c = body_begin(inference->program, &inference->known, inference->scratch);
    component.c = c;
    c->results = inference->scratch; // nothing is copied out
    c->units = component.units;
    body_turn_to(c, component.units[0].id, component.units[0].out);
    c->type_scope.generics = component.units[0].names;
    for (uint32_t i = 0; i < count; i++)
        variables_make(&component, &component.units[i]);
    stack_measure(c, STACK_SHARED_BYTES);
    bodies_check_together(&component);
    for (uint32_t i = 0; i < count; i++)
        infer_generalise(&component, &component.units[i]);
    for (uint32_t i = 0; i < count; i++)
        unit_close(&component, &component.units[i]);
}

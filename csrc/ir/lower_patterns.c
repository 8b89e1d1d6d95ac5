// ir/lower_patterns.c: map, filter, fold, collect and find. Each is one loop; a lambda written in place is expanded in it.
//
// ORDER      The properties are evaluated once, in the order written (their tokens say it), before the loop. `.default` of
//            find is evaluated only if nothing is found.
#include "ir/lower.h"

typedef struct Properties {
    Node nodes[4];
    uint32_t count;
    Iterated over; // of nodes[0]
    Callable callables[4];
    Operand values[4]; // of an init
} Properties;

typedef enum PropertyKind { PROPERTY_OVER, PROPERTY_CALLABLE, PROPERTY_VALUE, PROPERTY_LAZY } PropertyKind;

static void evaluate(Frame *f, Node node, const PropertyKind *kinds, uint32_t count, Properties *p) {
    const TypedBody *body = f->body;
    uint32_t order[4], used = 0;
    p->count = count;
    for (uint32_t i = 0; i < count; i++) {
        p->nodes[i] = body->extra[body->b[node] + i];
        if (p->nodes[i] == 0 || kinds[i] == PROPERTY_LAZY) continue;
        uint32_t k = used++;
        for (; k > 0 && body->token[p->nodes[order[k - 1]]] > body->token[p->nodes[i]]; k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
    for (uint32_t k = 0; k < used; k++) {
        uint32_t i = order[k];
        if (kinds[i] == PROPERTY_OVER)
            p->over = iterated_prepare(f, p->nodes[i]);
        else if (kinds[i] == PROPERTY_CALLABLE)
            p->callables[i] = callable_prepare(f, p->nodes[i]);
        else
            p->values[i] = operand(f, p->nodes[i]);
    }
    for (uint32_t k = used; k-- > 0;) { // from the last, as operands_settle wants it
        uint32_t i = order[k];
        if (kinds[i] == PROPERTY_OVER)
            operands_settle(f, p->over.operands, p->over.is_range ? 2 : 1);
        else if (kinds[i] == PROPERTY_CALLABLE)
            callable_settle(f, &p->callables[i]);
        else
            operands_settle(f, &p->values[i], 1);
    }
    at_node(f, node);
}

// The name that a lambda gives to its parameter, for readable C.
static NameId parameter_name(const Frame *f, const Callable *callable, uint32_t parameter) {
    if (callable->kind != CALLABLE_LAMBDA) return (NameId){0};
    const TypedLambda *lambda = &f->body->lambdas[f->body->a[callable->node]];
    return f->body->locals[lambda->parameters[parameter]].name;
}

static Local new_list(Frame *f, TypeId type, const Iterated *over, bool is_exact, Dest dest) {
    Local list = dest_accumulator(f, dest, type);
    Local capacity = 0;
    if (is_exact && !over->is_range && kind_of(f->lower, over->type) == TYPE_LIST)
        capacity = lower_length(f, over->operands[0].local, dest_any());
    emit(f, CORE_LIST_NEW, 0, list, capacity, 0);
    return list;
}

static Local lower_map_or_collect(Frame *f, Node node, Dest dest) {
    static const PropertyKind kinds[] = {PROPERTY_OVER, PROPERTY_CALLABLE};
    Properties p = {0};
    evaluate(f, node, kinds, 2, &p);
    if (f->is_dead) return 0;
    TypeId type = type_of(f, node);
    Local list = new_list(f, type, &p.over, true, dest);
    Iteration iteration;
    iteration_open(f, &p.over, parameter_name(f, &p.callables[1], 0), &iteration);
    TypeId element = info_of(f->lower, type)->args[0];
    Local value = callable_call(f, &p.callables[1], &iteration.element, 1, element, dest_any());
    at_node(f, node);
    emit(f, CORE_LIST_APPEND, 0, 0, list, value);
    iteration_close(f, &iteration);
    return give(f, dest, list);
}

static Local lower_filter(Frame *f, Node node, Dest dest) {
    static const PropertyKind kinds[] = {PROPERTY_OVER, PROPERTY_CALLABLE};
    Properties p = {0};
    evaluate(f, node, kinds, 2, &p);
    if (f->is_dead) return 0;
    Local list = new_list(f, type_of(f, node), &p.over, false, dest);
    Iteration iteration;
    iteration_open(f, &p.over, parameter_name(f, &p.callables[1], 0), &iteration);
    Local fits = callable_call(f, &p.callables[1], &iteration.element, 1, TYPE_ID(TYPE_BOOL), dest_any());
    at_node(f, node);
    open_if(f, fits);
    emit(f, CORE_LIST_APPEND, 0, 0, list, f->is_dead ? 0 : local_whole(f, iteration.element, dest_any()));
    close_control(f);
    iteration_close(f, &iteration);
    return give(f, dest, list);
}

static Local lower_fold(Frame *f, Node node, Dest dest) {
    static const PropertyKind kinds[] = {PROPERTY_OVER, PROPERTY_VALUE, PROPERTY_CALLABLE};
    Properties p = {0};
    evaluate(f, node, kinds, 3, &p);
    if (f->is_dead) return 0;
    TypeId type = type_of(f, node);
    Local total = dest_accumulator(f, dest, type);
    bool was_variable = local_is_variable(f, total);
    emit(f, CORE_COPY, 0, total, local_whole(f, p.values[1].local, dest_any()), 0);
    local_set_variable(f, total);
    lower_local_name(f, total, parameter_name(f, &p.callables[2], 0));
    Iteration iteration;
    iteration_open(f, &p.over, parameter_name(f, &p.callables[2], 1), &iteration);
    Local arguments[2] = {total, iteration.element};
    (void)callable_call(f, &p.callables[2], arguments, 2, type, dest_into(total));
    at_node(f, node);
    iteration_close(f, &iteration);
    f->infos.items[total].is_variable = was_variable;
    return give(f, dest, total);
}

// find: the first element that `.where` fits, or the first Some that `.map` gives.
static Local lower_find(Frame *f, Node node, Dest dest) {
    static const PropertyKind kinds[] = {PROPERTY_OVER, PROPERTY_CALLABLE, PROPERTY_CALLABLE, PROPERTY_LAZY};
    Properties p = {0};
    evaluate(f, node, kinds, 4, &p);
    if (f->is_dead) return 0;
    Lower *lower_ = f->lower;
    TypeId type = type_of(f, node);
    uint32_t some = lower_->shared->option_some, none = lower_->shared->option_none;
    bool has_default = p.nodes[3] != 0;
    TypeId element = iterated_element(lower_, p.over.type);
    Dest join = dest_join(f, dest.kind == DEST_TAIL ? dest_any() : dest, type);
    uint32_t done = open_block(f);
    Iteration iteration;
    Callable *callable = p.nodes[1] != 0 ? &p.callables[1] : &p.callables[2];
    iteration_open(f, &p.over, callable->node != 0 ? parameter_name(f, callable, 0) : (NameId){0}, &iteration);
    if (p.nodes[2] != 0) { // .map
        TypeId value_type = has_default ? type : info_of(lower_, type)->args[0];
        TypeId option =
            type_make(lower_->program, f->arena, TYPE_NAMED, lower_->program->known.option.index, &value_type, 1);
        Local found = callable_call(f, &p.callables[2], &iteration.element, 1, option, dest_any());
        at_node(f, node);
        if (!f->is_dead) {
            open_if(f, lower_is_variant(f, found, some));
            if (has_default)
                (void)lower_field(f, found, some, 0, value_type, join);
            else
                (void)give(f, join, found);
            emit_break(f, done);
            close_control(f);
        }
    } else {
        if (p.nodes[1] != 0) {
            Local fits = callable_call(f, &p.callables[1], &iteration.element, 1, TYPE_ID(TYPE_BOOL), dest_any());
            at_node(f, node);
            open_if(f, fits);
        }
        if (!f->is_dead) {
            Local value = local_whole(f, iteration.element, dest_any());
            if (has_default)
                (void)give(f, join, value);
            else
                (void)lower_construct(f, type, some, &value, 1, join);
            emit_break(f, done);
        }
        if (p.nodes[1] != 0) close_control(f);
    }
    iteration_close(f, &iteration);
    (void)element;
    at_node(f, node);
    if (has_default)
        (void)lower(f, p.nodes[3], join);
    else if (!f->is_dead)
        (void)lower_construct(f, type, none, NULL, 0, join);
    close_control(f);
    if (f->is_dead) return 0;
    return dest.kind == DEST_TAIL ? give(f, dest, join.local) : join.local;
}

Local lower_pattern_expression(Frame *f, Node node, Dest dest) {
    switch ((TypedPattern)f->body->a[node]) {
    case TYPED_PATTERN_MAP:
    case TYPED_PATTERN_COLLECT:
        return lower_map_or_collect(f, node, dest);
    case TYPED_PATTERN_FILTER:
        return lower_filter(f, node, dest);
    case TYPED_PATTERN_FOLD:
        return lower_fold(f, node, dest);
    case TYPED_PATTERN_FIND:
        return lower_find(f, node, dest);
    }
    assert(false); // no pattern
    return 0;
}

// ir/lower_dyn.c: values of `dyn` types and calls through their tables.
//
// SHAPE      A value is a cell like a closure's, with the table where a closure has its code (docs/ABI.md). Each method of the
//            table is a lambda that captures the value: it calls the method that the value's own type has.
//            A trait's method with a `dyn` type as Self, taken as a value or called by generic code, is a function that
//            calls through the table.
// COST       The lambdas of a table are made once for each function that makes such values.
#include "ir/lower.h"

static uint32_t slot_of(const Lower *lower, FunctionId function, TypeId self) {
    const DynMethod *methods;
    uint32_t count = dyn_methods(lower->program, lower->scratch, self, &methods);
    for (uint32_t i = 0; i < count; i++)
        if (methods[i].function.index == function.index) return i;
    return UINT32_MAX;
}

bool is_dyn_method(const Lower *lower, FunctionId function, const TypeId *arguments, uint32_t count) {
    if (lower->program->functions[function.index].trait.index == 0 || count == 0) return false;
    return kind_of(lower, arguments[0]) == TYPE_DYN && slot_of(lower, function, arguments[0]) != UINT32_MAX;
}

bool lower_call_dyn(Frame *f, FunctionId function, const TypeId *arguments, uint32_t argument_count,
                    const Local *locals, uint32_t count, TypeId result, Dest dest, Local *out) {
    Lower *lower = f->lower;
    if (!is_dyn_method(lower, function, arguments, argument_count)) return false;
    uint32_t slot = slot_of(lower, function, arguments[0]);
    f->function->is_recursive = true; // what it calls is not known: perhaps itself
    Local target = is_never(result) ? local_temporary(f, result) : dest_target(f, dest, result);
    emit(f, CORE_CALL_DYN, slot, target, locals[0], emit_list(f, locals + 1, count - 1));
    if (!is_never(result)) {
        *out = give_made(f, dest, target);
        return true;
    }
    emit_end(f, CORE_UNREACHABLE);
    *out = 0;
    return true;
}

// ---- tables --------------------------------------------------------------------------------------------------------------

static Frame *method_begin(Frame *outer, TypeId from) {
    Lower *lower = outer->lower;
    uint32_t number = (outer->body == NULL ? 0 : outer->body->lambda_count) + ++lower->synthetic_count;
    Frame *f = frame_begin(lower, number);
    f->function->parent = outer->index;
    f->token = outer->token;
    TypeId *captures = arena_array(lower->arena, TypeId, 1);
    captures[0] = from;
    f->function->captures = captures;
    f->function->capture_count = 1;
    return f;
}

static void method_lower(Frame *outer, TypeId from, const DynMethod *method) {
    Lower *lower = outer->lower;
    const Program *program = lower->program;
    const Function *declared = &program->functions[method->function.index];
    Frame *f = method_begin(outer, from);
    uint32_t argument_count = method->use.argument_count + 1;
    TypeId *arguments = arena_array(lower->arena, TypeId, argument_count);
    arguments[0] = from;
    for (uint32_t i = 1; i < argument_count; i++)
        arguments[i] = method->use.arguments[i - 1];
    f->function->result = type_substitute(program, lower->arena, declared->result, arguments, argument_count);
    f->function->parameter_count = declared->parameter_count - 1;
    Local *locals = arena_array(f->arena, Local, declared->parameter_count);
    for (uint32_t i = 1; i < declared->parameter_count; i++) {
        const Parameter *p = &declared->parameters[i];
        locals[i] = local_new(f, type_substitute(program, lower->arena, p->type, arguments, argument_count), p->name);
        f->locals.items[locals[i]].is_parameter = true;
    }
    locals[0] = local_temporary(f, from);
    emit(f, CORE_CAPTURE, 0, locals[0], 0, 0);
    bool is_show = program->traits[declared->trait.index].builtin == TRAIT_PRINTABLE;
    if (is_show && kind_of(lower, from) == TYPE_STR) {
        emit_return(f, locals[0]);
    } else if (is_show && kind_of(lower, from) != TYPE_DYN) {
        Local text = local_temporary(f, TYPE_ID(TYPE_STR));
        emit(f, CORE_SHOW, 0, text, locals[0], 0);
        emit_return(f, text);
    } else {
        (void)lower_call_function(f, method->function, arguments, argument_count, locals, declared->parameter_count,
                                  f->function->result, dest_tail());
    }
    frame_end(f);
}

// A trait without methods: the cell must be somebody's.
static void empty_lower(Frame *outer, TypeId from) {
    Frame *f = method_begin(outer, from);
    f->function->result = TYPE_ID(TYPE_VOID);
    Local unit = local_temporary(f, TYPE_ID(TYPE_VOID));
    emit(f, CORE_UNIT, 0, unit, 0, 0);
    emit_return(f, unit);
    frame_end(f);
}

static DynTable table_of(Frame *f, TypeId from, TypeId to) {
    Lower *lower = f->lower;
    for (uint32_t i = 0; i < lower->tables.count; i++)
        if (type_equal(lower->tables.items[i].from, from) && type_equal(lower->tables.items[i].to, to))
            return lower->tables.items[i];
    const DynMethod *methods;
    uint32_t count = dyn_methods(lower->program, lower->arena, to, &methods);
    DynTable table = {from, to, lower->functions.count, count == 0 ? 1 : count};
    vec_push(lower->scratch, &lower->tables, table);
    for (uint32_t i = 0; i < count; i++)
        method_lower(f, from, &methods[i]);
    if (count == 0) empty_lower(f, from);
    return table;
}

Local lower_dyn(Frame *f, Node node, Dest dest) {
    Node of = f->body->a[node];
    TypeId from = type_of(f, of), to = type_of(f, node);
    if (type_equal(from, to)) return lower(f, of, dest); // T was that type
    Local value = local_whole(f, operand(f, of).local, dest_any());
    if (f->is_dead || dest.kind == DEST_DROP) return 0;
    at_node(f, node);
    DynTable table = table_of(f, from, to);
    uint32_t first = f->refs.count;
    for (uint32_t i = 0; i < table.count; i++) // one after another, whatever refs there are
        vec_push(f->arena, &f->refs,
                 ((CoreRef){.kind = REF_LAMBDA,
                            .function = f->lower->function,
                            .arguments = f->lower->arguments,
                            .argument_count = f->lower->argument_count,
                            .target = table.first + i}));
    Local target = dest_target(f, dest, to);
    emit(f, CORE_DYN, table.count, target, first, emit_list(f, &value, 1));
    return give_made(f, dest, target);
}

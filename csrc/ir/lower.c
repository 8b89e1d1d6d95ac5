// ir/lower.c: types of an instance, emitting structured code, and the functions and lambdas that receive it. See lower.h.
#include "ir/lower.h"
#include "ir/customs.h"

// ---- types -------------------------------------------------------------------------------------------------------------

static void substituted_grow(Lower *lower) {
    uint32_t capacity = lower->substituted_capacity == 0 ? 32 : lower->substituted_capacity * 2;
    TypePair *table = arena_array(lower->scratch, TypePair, capacity);
    for (uint32_t i = 0; i < lower->substituted_capacity; i++) {
        TypePair pair = lower->substituted[i];
        if (pair.from.index == 0) continue;
        uint32_t slot = pair.from.index * 2654435761u & (capacity - 1);
        while (table[slot].from.index != 0)
            slot = (slot + 1) & (capacity - 1);
        table[slot] = pair;
    }
    lower->substituted = table;
    lower->substituted_capacity = capacity;
}

TypeId type_concrete(Lower *lower, TypeId type) {
    if (lower->argument_count == 0 || !(info_of(lower, type)->flags & TYPE_HAS_PARAMETER)) return type;
    if (lower->substituted_count * 2 >= lower->substituted_capacity) substituted_grow(lower);
    uint32_t mask = lower->substituted_capacity - 1;
    uint32_t slot = type.index * 2654435761u & mask;
    while (lower->substituted[slot].from.index != 0) {
        if (type_equal(lower->substituted[slot].from, type)) return lower->substituted[slot].to;
        slot = (slot + 1) & mask;
    }
    TypeId to = type_substitute(lower->program, lower->scratch, type, lower->arguments, lower->argument_count);
    lower->substituted[slot] = (TypePair){type, to};
    lower->substituted_count++;
    return to;
}

const TypeId *types_concrete(Lower *lower, const TypeId *types, uint32_t count) {
    if (count == 0) return NULL;
    TypeId *copy = arena_array(lower->arena, TypeId, count);
    for (uint32_t i = 0; i < count; i++)
        copy[i] = type_concrete(lower, types[i]);
    return copy;
}

bool type_is_option(const Lower *lower, TypeId type) {
    const TypeInfo *info = info_of(lower, type);
    return info->kind == TYPE_NAMED && info->head == lower->program->known.option.index;
}

bool type_is_result(const Lower *lower, TypeId type) {
    const TypeInfo *info = info_of(lower, type);
    return info->kind == TYPE_NAMED && info->head == lower->program->known.result.index;
}

static const TypeDecl *declaration_of(const Lower *lower, TypeId type) {
    const TypeInfo *info = info_of(lower, type);
    return info->kind == TYPE_NAMED ? &lower->program->type_decls[info->head] : NULL;
}

uint32_t type_variant_count(const Lower *lower, TypeId type) {
    const TypeDecl *declaration = declaration_of(lower, type);
    return declaration != NULL && declaration->kind == DECL_SUM ? declaration->variant_count : 1;
}

uint32_t type_field_count(const Lower *lower, TypeId type, uint32_t variant) {
    const TypeDecl *declaration = declaration_of(lower, type);
    if (declaration != NULL) return declaration->variants[variant].field_count;
    const TypeInfo *info = info_of(lower, type);
    return info->kind == TYPE_TUPLE || info->kind == TYPE_RECORD ? info->arg_count : 0;
}

TypeId type_field(Lower *lower, TypeId type, uint32_t variant, uint32_t field) {
    const TypeInfo *info = info_of(lower, type);
    const TypeDecl *declaration = declaration_of(lower, type);
    if (declaration == NULL) return info->args[field];
    TypeId declared = declaration->variants[variant].fields[field].type;
    if (!(info_of(lower, declared)->flags & TYPE_HAS_PARAMETER)) return declared;
    return type_substitute(lower->program, lower->scratch, declared, info->args, info->arg_count);
}

bool type_is_enum(const Lower *lower, TypeId type) {
    const TypeDecl *declaration = declaration_of(lower, type);
    if (declaration == NULL || declaration->kind != DECL_SUM) return false;
    for (uint32_t i = 0; i < declaration->variant_count; i++)
        if (declaration->variants[i].field_count > 0) return false;
    return true;
}

// ---- locals ------------------------------------------------------------------------------------------------------------

Local local_new(Frame *f, TypeId type, NameId name) {
    if (f->is_dead) return 0;
    Local local = f->locals.count;
    vec_push(f->arena, &f->locals, ((CoreLocal){.type = type, .name = name}));
    vec_push(f->arena, &f->infos, ((LocalInfo){0}));
    return local;
}

Local local_temporary(Frame *f, TypeId type) { return local_new(f, type, (NameId){0}); }

void lower_local_name(Frame *f, Local local, NameId name) {
    if (local != 0 && f->locals.items[local].name.index == 0) f->locals.items[local].name = name;
}

Local local_virtual(Frame *f, TypeId type, const Local *parts, uint32_t count) {
    Local local = local_temporary(f, type);
    if (local == 0) return 0;
    LocalInfo *info = &f->infos.items[local];
    info->parts = f->parts.count;
    info->part_count = count;
    for (uint32_t i = 0; i < count; i++)
        vec_push(f->arena, &f->parts, parts[i]);
    return local;
}

Local local_whole(Frame *f, Local local, Dest dest) {
    const Local *parts = local_parts(f, local);
    if (parts == NULL) return give(f, dest, local);
    return lower_construct(f, type_of_local(f, local), 0, parts, f->infos.items[local].part_count, dest);
}

// ---- instructions ------------------------------------------------------------------------------------------------------

void emit_flags(Frame *f, CoreOp op, uint32_t sub, uint32_t dst, uint32_t a, uint32_t b, uint8_t flags) {
    if (f->is_dead) return;
    CoreInstruction instruction = {
        .op = (uint8_t)op, .flags = flags, .sub = (uint16_t)sub, .dst = dst, .a = a, .b = b, .token = f->token};
    vec_push(f->arena, &f->code, instruction);
}

void emit(Frame *f, CoreOp op, uint32_t sub, uint32_t dst, uint32_t a, uint32_t b) {
    emit_flags(f, op, sub, dst, a, b, 0);
}

Local emit_int(Frame *f, Local dst, int64_t value) {
    if (dst == 0) dst = local_temporary(f, TYPE_ID(TYPE_INT));
    emit(f, CORE_INT, 0, dst, (uint32_t)(uint64_t)value, (uint32_t)((uint64_t)value >> 32));
    return dst;
}

uint32_t emit_list(Frame *f, const Local *locals, uint32_t count) {
    if (f->is_dead) return 0;
    uint32_t list = f->extra.count;
    vec_reserve(f->arena, &f->extra, count + 1);
    f->extra.items[f->extra.count++] = count;
    for (uint32_t i = 0; i < count; i++)
        f->extra.items[f->extra.count++] = locals[i];
    return list;
}

static uint32_t ref_add(Frame *f, const CoreRef *ref) {
    if (f->is_dead) return 0;
    uint32_t first = f->refs.count > 33 ? f->refs.count - 32 : 1; // a second row for one target does no harm
    for (uint32_t i = first; i < f->refs.count; i++) {
        const CoreRef *other = &f->refs.items[i];
        if (other->kind == ref->kind && other->function.index == ref->function.index && other->target == ref->target &&
            other->argument_count == ref->argument_count &&
            (ref->argument_count == 0 ||
             memcmp(other->arguments, ref->arguments, sizeof(TypeId) * ref->argument_count) == 0))
            return i;
    }
    vec_push(f->arena, &f->refs, *ref);
    return f->refs.count - 1;
}

uint32_t ref_function(Frame *f, FunctionId function, const TypeId *arguments, uint32_t count) {
    const Program *program = f->lower->program;
    if (program->functions[function.index].trait.index != 0) // which impl it is, is known here, or it is the default;
        (void)trait_method_resolve(program, f->lower->arena, &function, &arguments, &count); // the reference outlives f
    CoreRef ref = {.kind = REF_FUNCTION, .function = function, .arguments = arguments, .argument_count = count};
    return ref_add(f, &ref);
}

uint32_t ref_intrinsic(Frame *f, Intrinsic intrinsic, const TypeId *arguments, uint32_t count) {
    CoreRef ref = {.kind = REF_INTRINSIC,
                   .function = f->lower->shared->intrinsics[intrinsic],
                   .arguments = arguments,
                   .argument_count = count,
                   .target = (uint32_t)intrinsic};
    return ref_add(f, &ref);
}

uint32_t ref_lambda(Frame *f, uint32_t index) {
    Lower *lower = f->lower;
    CoreRef ref = {.kind = REF_LAMBDA,
                   .function = lower->function,
                   .arguments = lower->arguments,
                   .argument_count = lower->argument_count,
                   .target = index};
    return ref_add(f, &ref);
}

void emit_intrinsic(Frame *f, Intrinsic intrinsic, const TypeId *arguments, uint32_t argument_count, Local dst,
                    const Local *locals, uint32_t count) {
    uint32_t ref = ref_intrinsic(f, intrinsic, arguments, argument_count);
    emit(f, CORE_INTRINSIC, 0, dst, ref, emit_list(f, locals, count));
}

// ---- control -----------------------------------------------------------------------------------------------------------

static Control *control_open(Frame *f, CoreOp op, uint32_t label, uint32_t a) {
    Control control = {.op = (uint8_t)op, .is_open = !f->is_dead, .label = label, .at = f->code.count};
    vec_push(f->arena, &f->controls, control);
    emit(f, op, 0, 0, a, 0);
    return &f->controls.items[f->controls.count - 1];
}

uint32_t open_block(Frame *f) {
    uint32_t label = ++f->label_count;
    (void)control_open(f, CORE_BLOCK, label, label);
    return label;
}

uint32_t open_loop(Frame *f) {
    uint32_t label = ++f->label_count;
    (void)control_open(f, CORE_LOOP, label, label);
    return label;
}

void open_if(Frame *f, Local condition) { (void)control_open(f, CORE_IF, 0, condition); }
void open_switch(Frame *f, Local on) { (void)control_open(f, CORE_SWITCH, 0, on); }

// The branch before this one ends here.
static void control_branch(Frame *f, Control *control) {
    if (!f->is_dead) control->is_end_live = true;
    f->is_dead = false;
}

void open_else(Frame *f) {
    Control *control = &f->controls.items[f->controls.count - 1];
    if (!control->is_open) return;
    control_branch(f, control);
    control->has_else = true;
    emit(f, CORE_ELSE, 0, 0, 0, 0);
}

static void open_branch(Frame *f, CoreOp op, int64_t value) {
    Control *control = &f->controls.items[f->controls.count - 1];
    if (!control->is_open) return;
    if (control->has_branch) control_branch(f, control);
    control->has_branch = true;
    if (op == CORE_DEFAULT_CASE) control->has_else = true;
    emit(f, op, 0, 0, (uint32_t)(uint64_t)value, (uint32_t)((uint64_t)value >> 32));
}

void open_case(Frame *f, int64_t value) { open_branch(f, CORE_CASE, value); }
void open_default(Frame *f) { open_branch(f, CORE_DEFAULT_CASE, 0); }

// Whether `instruction` is at the end of the code, and nothing was dropped after it as dead.
static bool ends_with(const Frame *f, CoreOp op) {
    return !f->is_dead && f->code.count > 0 && f->code.items[f->code.count - 1].op == op;
}

void close_control(Frame *f) {
    Control control = f->controls.items[--f->controls.count];
    if (!control.is_open) return;
    switch (control.op) {
    case CORE_BLOCK:
        if (!control.is_end_live) { // nobody leaves it: the block is not needed
            f->code.items[control.at].op = CORE_NOP;
            return;
        }
        f->is_dead = false;
        break;
    case CORE_LOOP: {
        bool is_dead = !control.is_end_live;
        f->is_dead = false;
        emit(f, CORE_END, 0, 0, 0, 0);
        f->is_dead = is_dead;
        return;
    }
    case CORE_IF:
        if (control.has_else && ends_with(f, CORE_ELSE)) {
            f->code.count--;
            control.has_else = false;
        }
        if (!control.has_else) {
            if (ends_with(f, CORE_IF) && f->code.count - 1 == control.at) { // nothing in either branch
                f->code.count--;
                return;
            }
            control.is_end_live = true;
        }
        break;
    default: // SWITCH
        if (!control.has_else) control.is_end_live = true;
        break;
    }
    bool is_dead = f->is_dead && !control.is_end_live;
    f->is_dead = false;
    if (control.op == CORE_BLOCK) is_dead = false;
    emit(f, CORE_END, 0, 0, 0, 0);
    f->is_dead = is_dead;
}

void emit_break(Frame *f, uint32_t label) {
    if (f->is_dead) return;
    for (uint32_t i = f->controls.count; i-- > 0;) {
        if (f->controls.items[i].label != label) continue;
        f->controls.items[i].is_end_live = true;
        break;
    }
    emit_end(f, CORE_BREAK);
    f->code.items[f->code.count - 1].a = label;
}

void emit_continue(Frame *f, uint32_t label) {
    if (f->is_dead) return;
    emit_end(f, CORE_CONTINUE);
    f->code.items[f->code.count - 1].a = label;
}

void emit_break_unless(Frame *f, Local condition, uint32_t label) {
    open_if(f, condition);
    open_else(f);
    emit_break(f, label);
    close_control(f);
}

void emit_break_if(Frame *f, Local condition, uint32_t label) {
    open_if(f, condition);
    emit_break(f, label);
    close_control(f);
}

void emit_return(Frame *f, Local local) {
    emit(f, CORE_RETURN, 0, 0, local, 0);
    f->is_dead = true;
}

void emit_end(Frame *f, CoreOp op) {
    emit(f, op, 0, 0, 0, 0);
    f->is_dead = true;
}

// ---- functions ---------------------------------------------------------------------------------------------------------

static void *kept(Arena *arena, const void *items, size_t bytes) {
    void *copy = arena_alloc(arena, bytes, 8);
    if (bytes > 0) memcpy(copy, items, bytes);
    return copy;
}

Frame *frame_begin(Lower *lower, uint32_t lambda) {
    Frame *f = arena_new(lower->scratch, Frame);
    f->lower = lower;
    f->body = lower->body;
    f->arena = lower->scratch;
    f->lambda = lambda;
    f->function = arena_new(lower->arena, CoreFunction);
    f->index = lower->functions.count;
    *f->function = (CoreFunction){.function = lower->function,
                                  .arguments = lower->arguments,
                                  .argument_count = lower->argument_count,
                                  .lambda = lambda,
                                  .arena = lower->arena};
    f->function->diagnostics = diag_sink(lower->arena);
    vec_push(lower->scratch, &lower->functions, f->function);
    // Index 0 of each of these is "none".
    vec_push(f->arena, &f->locals, ((CoreLocal){0}));
    vec_push(f->arena, &f->infos, ((LocalInfo){0}));
    vec_push(f->arena, &f->refs, ((CoreRef){0}));
    vec_push(f->arena, &f->extra, 0u);
    vec_push(f->arena, &f->parts, 0u);
    f->bindings = lower->bindings;
    return f;
}

void frame_end(Frame *f) {
    assert(f->controls.count == 0);
    if (f->lower->program->has_customs) customs_request(f);
    CoreFunction *function = f->function;
    uint32_t count = 0; // blocks that turned out not to be needed leave NOPs
    for (uint32_t i = 0; i < f->code.count; i++)
        if (f->code.items[i].op != CORE_NOP) f->code.items[count++] = f->code.items[i];
    Arena *arena = f->lower->arena; // side by side and no larger than they are: every later pass reads them all
    function->locals = kept(arena, f->locals.items, sizeof(CoreLocal) * f->locals.count);
    function->local_count = f->locals.count - 1;
    function->code = kept(arena, f->code.items, sizeof(CoreInstruction) * count);
    function->code_count = count;
    function->extra = kept(arena, f->extra.items, sizeof(uint32_t) * f->extra.count);
    function->extra_count = f->extra.count;
    function->refs = kept(arena, f->refs.items, sizeof(CoreRef) * f->refs.count);
    function->ref_count = f->refs.count - 1;
    function->label_count = f->label_count;
}

static Local parameter_add(Frame *f, TypeId type, NameId name) {
    Local local = local_new(f, type, name);
    f->locals.items[local].is_parameter = true;
    f->function->parameter_count++;
    return local;
}

// Where a self call in tail position exists, the body is a loop over copies of the parameters.
static void tail_loop_open(Frame *f, Node body, const uint32_t *parameters, uint32_t count) {
    if (!has_tail_self(f, body)) return;
    at_node(f, body);
    f->tail_locals = arena_array(f->arena, Local, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        Local parameter = f->bindings[parameters[i]];
        Local variable = local_new(f, type_of_local(f, parameter), f->locals.items[parameter].name);
        local_set_variable(f, variable);
        emit(f, CORE_COPY, 0, variable, parameter, 0);
        f->bindings[parameters[i]] = variable;
        f->tail_locals[i] = variable;
    }
    f->tail_label = open_loop(f);
}

static void lower_function_body(Frame *f, Node body, const uint32_t *parameters, uint32_t count) {
    tail_loop_open(f, body, parameters, count);
    (void)lower(f, body, dest_tail());
    if (f->tail_label != 0) close_control(f);
    if (!f->is_dead) emit_end(f, CORE_UNREACHABLE);
    frame_end(f);
}

// What a lambda really captures: in one that stands inside a lambda whose body is a `recurse`, `self(…)` needs the captures of
// that lambda as well, to make it anew.
const uint32_t *lambda_captures(Lower *lower, uint32_t lambda, uint32_t *count) {
    const TypedBody *body = lower->body;
    const TypedLambda *own = &body->lambdas[lambda];
    uint32_t outer = own->parent;
    while (outer != 0 && body->kind[body->lambdas[outer].body] != TYPED_RECURSE)
        outer = body->lambdas[outer].parent;
    if (outer == 0 || body->lambdas[outer].capture_count == 0) {
        *count = own->capture_count;
        return own->captures;
    }
    const TypedLambda *more = &body->lambdas[outer];
    uint32_t *all = arena_array(lower->scratch, uint32_t, own->capture_count + more->capture_count);
    *count = 0;
    for (uint32_t i = 0, k = 0; i < own->capture_count || k < more->capture_count;) { // both ascend
        uint32_t left = i < own->capture_count ? own->captures[i] : UINT32_MAX;
        uint32_t right = k < more->capture_count ? more->captures[k] : UINT32_MAX;
        all[(*count)++] = left < right ? left : right;
        i += left <= right;
        k += right <= left;
    }
    return all;
}

uint32_t lower_lambda(Frame *outer, uint32_t lambda) {
    Lower *lower = outer->lower;
    if (lower->lambda_function[lambda] != 0) return lower->lambda_function[lambda] - 1;
    const TypedLambda *typed = &lower->body->lambdas[lambda];
    Frame *f = frame_begin(lower, lambda);
    lower->lambda_function[lambda] = f->index + 1;
    CoreFunction *function = f->function;
    function->parent = outer->index;
    const TypeInfo *type = info_of(lower, type_concrete(lower, typed->type));
    function->result = type->args[type->arg_count - 1];
    for (uint32_t i = 0; i < typed->parameter_count; i++) {
        const TypedLocal *local = &lower->body->locals[typed->parameters[i]];
        f->bindings[typed->parameters[i]] = parameter_add(f, type_concrete(lower, local->type), local->name);
    }
    at_node(f, typed->body);
    const uint32_t *captures = lambda_captures(lower, lambda, &function->capture_count);
    TypeId *types = arena_array(lower->arena, TypeId, function->capture_count);
    Local *outside = arena_array(lower->scratch, Local, function->capture_count);
    for (uint32_t i = 0; i < function->capture_count; i++) {
        const TypedLocal *local = &lower->body->locals[captures[i]];
        types[i] = type_concrete(lower, local->type);
        Local here = local_new(f, types[i], local->name);
        emit(f, CORE_CAPTURE, 0, here, i, 0);
        outside[i] = f->bindings[captures[i]];
        f->bindings[captures[i]] = here;
    }
    function->captures = types;
    lower_function_body(f, typed->body, typed->parameters, typed->parameter_count);
    for (uint32_t i = 0; i < function->capture_count; i++)
        f->bindings[captures[i]] = outside[i];
    return f->index;
}

void lower_instance(const Shared *shared, FunctionId id, const TypeId *arguments, uint32_t argument_count,
                    Arena *scratch, Arena *arena, CoreFunction ***functions, uint32_t *function_count) {
    const Function *declared = &shared->program->functions[id.index];
    Lower *lower = arena_new(scratch, Lower);
    *lower = (Lower){.shared = shared,
                     .program = shared->program,
                     .arena = arena,
                     .scratch = scratch,
                     .function = id,
                     .arguments = arguments,
                     .argument_count = argument_count};
    if (declared->is_intrinsic || is_dyn_method(lower, id, arguments, argument_count)) {
        lower_intrinsic_body(lower);
    } else {
        const TypedBody *body = &shared->program->bodies[id.index];
        lower->body = body;
        lower->lambda_function = arena_array(scratch, uint32_t, body->lambda_count + 1);
        lower->bindings = arena_array(scratch, Local, body->local_count + 1);
        Frame *f = frame_begin(lower, 0);
        f->function->result = type_concrete(lower, declared->result);
        uint32_t count = declared->parameter_count + declared->hidden_count;
        uint32_t *parameters = arena_array(scratch, uint32_t, count);
        for (uint32_t i = 0; i < count; i++) {
            parameters[i] = i + 1; // parameters are the first locals
            const TypedLocal *local = &body->locals[i + 1];
            f->bindings[i + 1] = parameter_add(f, type_concrete(lower, local->type), local->name);
        }
        lower_function_body(f, body->root, parameters, count);
    }
    *functions = kept(arena, lower->functions.items, sizeof(CoreFunction *) * lower->functions.count);
    *function_count = lower->functions.count;
}

// sema/unify.c: types with variables, local to one body.
//
// SOURCE     Unification with a union-find of variables and an occurs check (Robinson 1965; Martelli & Montanari 1982).
//            Trials are undone by a trail of the variables that were bound, as in Prolog machines (Warren 1983).
// COST       Every walk has a budget of parts, because types that share their parts can be exponentially large when walked.
#include "sema/body_internal.h"

static LocalType *local_type(Body *c, TypeId type) { return &c->types.items[type.index & ~LOCAL_TYPE]; }

static bool is_open_variable(Body *c, TypeId type) {
    while (type_is_local(type)) {
        const LocalType *t = local_type(c, type);
        if (t->kind != TYPE_NONE) return false;
        if (t->link.index == 0) return true;
        type = t->link;
    }
    return false;
}

TypeId type_variable(Body *c, uint32_t token) {
    if (c->types.count == 0) vec_push(c->scratch, &c->types, (LocalType){0}); // index 0 stays unused
    LocalType variable = {.kind = TYPE_NONE, .depth = 1, .token = token};
    vec_push(c->scratch, &c->types, variable);
    return (TypeId){(c->types.count - 1) | LOCAL_TYPE};
}

static TypeId too_large(Body *c) {
    if (!c->is_too_large_reported) {
        c->is_too_large_reported = true;
        diag0(c->sink, DIAG_TYPE_TOO_DEEP, span_of(c, c->at));
    }
    return ERROR_TYPE;
}

TypeId body_type(Body *c, TypeKind kind, uint32_t head, const TypeId *args, uint32_t count) {
    bool has_local = false;
    uint32_t depth = 1;
    for (uint32_t i = 0; i < count; i++) {
        if (!type_is_local(args[i])) continue;
        has_local = true;
        uint32_t part = local_type(c, args[i])->depth;
        if (part > depth) depth = part;
    }
    if (!has_local) {
        TypeId type = type_make(c->program, c->scratch, kind, head, args, count);
        const TypeInfo *info = type_info(c->program->types, type);
        return info->depth > TYPE_DEPTH_MAX || info->part_count > TYPE_PARTS_MAX ? too_large(c) : type;
    }
    if (depth >= TYPE_DEPTH_MAX) return too_large(c);
    if (c->types.count == 0) vec_push(c->scratch, &c->types, (LocalType){0});
    uint32_t words = kind == TYPE_RECORD ? 2 * count : count;
    TypeId *copy = arena_array(c->scratch, TypeId, words);
    memcpy(copy, args, sizeof(TypeId) * words);
    LocalType built = {
        .kind = (uint8_t)kind, .depth = (uint8_t)(depth + 1), .head = head, .arg_count = count, .args = copy};
    vec_push(c->scratch, &c->types, built);
    return (TypeId){(c->types.count - 1) | LOCAL_TYPE};
}

TypeId type_of1(Body *c, TypeKind kind, TypeId part) { return body_type(c, kind, 0, &part, 1); }
TypeId type_named(Body *c, TypeDeclId decl, const TypeId *args, uint32_t count) {
    return body_type(c, TYPE_NAMED, decl.index, args, count);
}
TypeId type_option(Body *c, TypeId part) { return type_named(c, c->program->known.option, &part, 1); }
TypeId type_result(Body *c, TypeId part, TypeId error) {
    TypeId args[2] = {part, error};
    return type_named(c, c->program->known.result, args, 2);
}
TypeId type_function(Body *c, const TypeId *parameters, uint32_t count, TypeId result) {
    TypeId *args = arena_array(c->scratch, TypeId, count + 1);
    if (count > 0) memcpy(args, parameters, sizeof(TypeId) * count);
    args[count] = result;
    return body_type(c, TYPE_FUNCTION, 0, args, count + 1);
}

// What is known of it by now takes its place, as if it were a variable.
static void associated_settle(Body *c, TypeId type) {
    LocalType t = *local_type(c, type);
    if (is_open_variable(c, t.args[0])) return;
    TypeId known = associated_compute(c, t.head, t.args, t.arg_count);
    if (known.index == 0) return;
    local_type(c, type)->link = known;
    if (c->trial_depth > 0) vec_push(c->scratch, &c->trail, type.index & ~LOCAL_TYPE);
}

TypeId prune_local(Body *c, TypeId type) {
    TypeId root = type;
    while (type_is_local(root)) {
        const LocalType *t = local_type(c, root);
        if (t->kind == TYPE_ASSOCIATED && t->link.index == 0) associated_settle(c, root);
        t = local_type(c, root); // the table may have moved
        if ((t->kind != TYPE_NONE && t->kind != TYPE_ASSOCIATED) || t->link.index == 0) break;
        root = t->link;
    }
    // Path compression would have to be undone by a rollback, so it is done only outside trials.
    while (c->trial_depth == 0 && type.index != root.index) {
        LocalType *t = local_type(c, type);
        type = t->link;
        t->link = root;
    }
    return root;
}

TypeShape type_shape_of(Body *c, TypeId type) {
    type = prune(c, type);
    if (type_is_local(type)) {
        const LocalType *t = local_type(c, type);
        return (TypeShape){(TypeKind)t->kind, t->head, t->arg_count, t->args};
    }
    if (type.index == 0) return (TypeShape){.kind = TYPE_ERROR};
    const TypeInfo *info = type_info(c->program->types, type);
    return (TypeShape){(TypeKind)info->kind, info->head, info->arg_count, info->args};
}

bool is_open(Body *c, TypeId type) {
    type = prune(c, type);
    if (!type_is_local(type)) return false;
    uint8_t kind = local_type(c, type)->kind;
    return kind == TYPE_NONE || kind == TYPE_ASSOCIATED; // of something open: pruning has tried
}
bool is_error(Body *c, TypeId type) {
    type = prune(c, type);
    return type.index == TYPE_ERROR || type.index == 0;
}
bool is_named(Body *c, TypeId type, TypeDeclId decl, TypeShape *shape) {
    TypeShape s = type_shape(c, type);
    if (shape != NULL) *shape = s;
    return s.kind == TYPE_NAMED && s.head == decl.index && decl.index != 0;
}

// A value of type Never stands where this type is wanted: if nothing else fixes it, nobody needs to know it.
void variable_forgive(Body *c, TypeId type) {
    type = prune(c, type);
    if (type_is_local(type)) local_type(c, type)->is_reported = true;
}

// ---- unification -----------------------------------------------------------------------------------------------------------

static UnifyAnswer occurs(Body *c, TypeId variable, TypeId type, uint32_t depth) {
    type = prune(c, type);
    if (type.index == variable.index) return UNIFY_INFINITE;
    if (!type_is_local(type)) return UNIFY_OK;
    if (c->walk_budget == 0 || depth > TYPE_DEPTH_MAX) return UNIFY_TOO_LARGE;
    c->walk_budget--;
    TypeShape shape = type_shape(c, type);
    for (uint32_t i = 0; i < shape.arg_count; i++) {
        UnifyAnswer answer = occurs(c, variable, shape.args[i], depth + 1);
        if (answer != UNIFY_OK) return answer;
    }
    return UNIFY_OK;
}

static UnifyAnswer variable_bind(Body *c, TypeId variable, TypeId type) {
    UnifyAnswer answer = occurs(c, variable, type, 0);
    if (answer != UNIFY_OK) return answer;
    local_type(c, variable)->link = type;
    if (c->trial_depth > 0) vec_push(c->scratch, &c->trail, variable.index & ~LOCAL_TYPE);
    return UNIFY_OK;
}

// An associated type of something open is taken to be the other type; that it is, is looked at when it is known.
static UnifyAnswer associated_bind(Body *c, TypeId type, TypeId other) {
    UnifyAnswer answer = occurs(c, type, other, 0);
    if (answer != UNIFY_OK) return answer;
    local_type(c, type)->link = other;
    if (c->trial_depth > 0) vec_push(c->scratch, &c->trail, type.index & ~LOCAL_TYPE);
    vec_push(c->scratch, &c->projections, ((Projection){.type = type.index, .at = c->at, .unit = c->unit}));
    return UNIFY_OK;
}

static UnifyAnswer unify_at(Body *c, TypeId first, TypeId second, uint32_t depth) {
    first = prune(c, first);
    second = prune(c, second);
    if (first.index == second.index) return UNIFY_OK;
    if (first.index == 0 || second.index == 0) return UNIFY_OK;
    TypeShape a = type_shape(c, first);
    TypeShape b = type_shape(c, second);
    if (a.kind == TYPE_NONE) return variable_bind(c, first, second); // to the error type too: silent from then on (C3)
    if (b.kind == TYPE_NONE) return variable_bind(c, second, first);
    if (a.kind == TYPE_ERROR || b.kind == TYPE_ERROR) return UNIFY_OK;
    if (a.kind == TYPE_ASSOCIATED && type_is_local(first)) return associated_bind(c, first, second);
    if (b.kind == TYPE_ASSOCIATED && type_is_local(second)) return associated_bind(c, second, first);
    if (a.kind != b.kind || a.head != b.head || a.arg_count != b.arg_count) return UNIFY_DIFFERS;
    if (a.kind == TYPE_PARAMETER || a.kind < TYPE_PRIMITIVE_END) return UNIFY_DIFFERS; // other ids, so other types
    if (c->walk_budget == 0 || depth > 2 * TYPE_DEPTH_MAX) return UNIFY_TOO_LARGE;
    c->walk_budget--;
    for (uint32_t i = 0; i < a.arg_count; i++) {
        if (a.kind == TYPE_RECORD && a.args[a.arg_count + i].index != b.args[a.arg_count + i].index)
            return UNIFY_DIFFERS;
        UnifyAnswer answer = unify_at(c, a.args[i], b.args[i], depth + 1);
        if (answer != UNIFY_OK) return answer;
    }
    return UNIFY_OK;
}

static void roll_back(Body *c, uint32_t mark) {
    while (c->trail.count > mark)
        c->types.items[c->trail.items[--c->trail.count]].link = (TypeId){0};
}

// A failed unification leaves no bindings: half of a mismatch must not decide anything.
UnifyAnswer unify(Body *c, TypeId first, TypeId second) {
    uint32_t mark = c->trail.count;
    c->walk_budget = 2 * TYPE_PARTS_MAX;
    c->trial_depth++;
    UnifyAnswer answer = unify_at(c, first, second, 0);
    c->trial_depth--;
    if (answer != UNIFY_OK) roll_back(c, mark);
    if (c->trial_depth == 0) c->trail.count = 0;
    return answer;
}

bool unify_try(Body *c, TypeId first, TypeId second) { return unify(c, first, second) == UNIFY_OK; }

bool fits(Body *c, TypeId found, TypeId expected) {
    if (is_kind(c, found, TYPE_NEVER)) return true;
    uint32_t mark = c->trail.count;
    c->walk_budget = 2 * TYPE_PARTS_MAX;
    c->trial_depth++;
    UnifyAnswer answer = unify_at(c, found, expected, 0);
    roll_back(c, mark);
    c->trial_depth--;
    return answer == UNIFY_OK;
}

// ---- generics ----------------------------------------------------------------------------------------------------------------

TypeId instantiate(Body *c, TypeId type, const TypeId *arguments, uint32_t count) {
    if (type_is_local(type) || type.index == 0) return type;
    const TypeInfo *info = type_info(c->program->types, type);
    if ((info->flags & TYPE_HAS_PARAMETER) == 0) return type;
    if (info->kind == TYPE_PARAMETER) return info->head < count ? arguments[info->head] : ERROR_TYPE;
    if (info->arg_count == 0) return type;
    uint32_t words = info->kind == TYPE_RECORD ? 2 * info->arg_count : info->arg_count;
    TypeId small[4];
    TypeId *args = words <= 4 ? small : arena_array(c->scratch, TypeId, words);
    memcpy(args, info->args, sizeof(TypeId) * words);
    for (uint32_t i = 0; i < info->arg_count; i++)
        args[i] = instantiate(c, info->args[i], arguments, count);
    if (info->kind == TYPE_ASSOCIATED) {
        TypeId known = associated_compute(c, info->head, args, info->arg_count);
        if (known.index != 0) return known;
    }
    return body_type(c, (TypeKind)info->kind, info->head, args, info->arg_count);
}

const TypeId *fresh_arguments(Body *c, uint32_t count, uint32_t token) {
    if (count == 0) return NULL;
    TypeId *arguments = arena_array(c->scratch, TypeId, count);
    for (uint32_t i = 0; i < count; i++)
        arguments[i] = type_variable(c, token);
    return arguments;
}

TypeId type_heads(Body *c, TypeId type) {
    type = prune(c, type);
    if (!type_is_local(type)) return type;
    TypeShape shape = type_shape(c, type);
    if (shape.kind == TYPE_NONE) return ERROR_TYPE;
    uint32_t words = shape.kind == TYPE_RECORD ? 2 * shape.arg_count : shape.arg_count;
    TypeId *args = arena_array(c->scratch, TypeId, words);
    memcpy(args, shape.args, sizeof(TypeId) * words);
    for (uint32_t i = 0; i < shape.arg_count; i++) {
        args[i] = prune(c, args[i]);
        if (type_is_local(args[i])) args[i] = type_heads(c, args[i]);
    }
    return type_make(c->program, c->scratch, shape.kind, shape.head, args, shape.arg_count);
}

static TypeId zonk_at(Body *c, TypeId type, uint32_t depth) {
    type = prune(c, type);
    if (!type_is_local(type)) return type;
    LocalType *t = local_type(c, type);
    if (t->kind == TYPE_NONE) return VOID_TYPE;
    if (t->link.index != 0) return t->link;
    if (depth > 2 * TYPE_DEPTH_MAX) return too_large(c);
    uint32_t count = t->arg_count;
    uint32_t words = t->kind == TYPE_RECORD ? 2 * count : count;
    TypeId small[4];
    TypeId *args = words <= 4 ? small : arena_array(c->scratch, TypeId, words);
    memcpy(args, t->args, sizeof(TypeId) * words);
    for (uint32_t i = 0; i < count; i++)
        args[i] = zonk_at(c, args[i], depth + 1);
    TypeId made = body_type(c, (TypeKind)t->kind, t->head, args, count);
    if (!type_is_local(made)) made = type_normalise(c->program, c->scratch, &c->function->generics, made);
    local_type(c, type)->link = made; // read again: the table may have moved
    return made;
}
TypeId zonk_local(Body *c, TypeId type) { return zonk_at(c, type, 0); }

// ---- for messages ----------------------------------------------------------------------------------------------------------------

static void text_at(Body *c, TypeId type, Buffer *out, uint32_t depth) {
    type = prune(c, type);
    if (!type_is_local(type)) {
        type_print(c->program, type, &c->function->generics, out);
        return;
    }
    if (c->walk_budget == 0 || depth > TYPE_DEPTH_MAX) {
        buffer_literal(out, "…");
        return;
    }
    c->walk_budget--;
    TypeShape s = type_shape(c, type);
    const char *open = "", *close = "", *between = ", ";
    uint32_t count = s.arg_count;
    switch ((int)s.kind) {
    case TYPE_NONE:
        buffer_literal(out, "_");
        return;
    case TYPE_LIST:
        open = "[", close = "]";
        break;
    case TYPE_MAP:
        open = "{", close = "}", between = ": ";
        break;
    case TYPE_SET:
        open = "Set<", close = ">";
        break;
    case TYPE_RANGE:
        open = "Range<", close = ">";
        break;
    case TYPE_CHANNEL:
        open = "Channel<", close = ">";
        break;
    case TYPE_TUPLE:
        open = "(", close = ")";
        break;
    case TYPE_FUNCTION:
        open = "(", close = ") -> ", count--;
        break;
    case TYPE_NAMED:
        buffer_text(out, name_text(c, c->program->type_decls[s.head].name));
        open = "<", close = ">";
        break;
    case TYPE_RECORD:
        open = "{ ", close = " }";
        break;
    case TYPE_ASSOCIATED:
        text_at(c, s.args[0], out, depth + 1);
        buffer_char(out, '.');
        buffer_text(out, name_text(c, c->program->associated[s.head].name));
        return;
    default:
        buffer_literal(out, "_");
        return;
    }
    buffer_string(out, open);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) buffer_string(out, between);
        if (s.kind == TYPE_RECORD) {
            buffer_text(out, name_text(c, (NameId){s.args[s.arg_count + i].index}));
            buffer_literal(out, ": ");
        }
        text_at(c, s.args[i], out, depth + 1);
    }
    buffer_string(out, close);
    if (s.kind == TYPE_FUNCTION) text_at(c, s.args[count], out, depth + 1);
}

Text type_text(Body *c, TypeId type) {
    Buffer out = buffer_in(c->scratch);
    c->walk_budget = 2000;
    text_at(c, type, &out, 0);
    if (out.length > 500) { // cut in the middle, between code points
        size_t head = 245, tail = out.length - 245;
        while (head > 0 && ((unsigned char)out.data[head] & 0xC0) == 0x80)
            head--;
        while (tail < out.length && ((unsigned char)out.data[tail] & 0xC0) == 0x80)
            tail++;
        return arena_format(c->scratch, "%.*s … %.*s", (int)head, out.data, (int)(out.length - tail), out.data + tail);
    }
    return (Text){out.data, (uint32_t)out.length};
}

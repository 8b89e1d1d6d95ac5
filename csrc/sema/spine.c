// sema/spine.c: names, paths, and the chains of postfix and binary operators that hang off them.
//
// WHY        `a + b + c + …` and `x.f().g()…` lean to the left and may have a million links, so they are walked by a loop:
//            down to the leftmost operand, then up again, link by link.                                     (C2)
// HOW        What a link is applied to is an Operand: a value, or something that is none yet, such as a module, a type or a
//            method that waits for its arguments. So a path needs no look ahead: `text.Point` and `text.size` differ only in
//            what `text` turns out to be.
#include "sema/body_internal.h"

static Operand operand_of(OperandKind kind, uint32_t value, NodeIndex n) {
    return (Operand){.kind = kind, .value = value, .node = n};
}
static Operand operand_error(NodeIndex n) { return operand_of(OPERAND_ERROR, 0, n); }

// ---- types by name ----------------------------------------------------------------------------------------------------------------

TypeId type_by_item(Body *c, TypeDeclId decl, uint32_t token) {
    uint32_t count = c->program->type_decls[decl.index].generics.count;
    return type_named(c, decl, fresh_arguments(c, count, token), count);
}

static TypeId type_built_in(Body *c, NameId name, uint32_t token) {
    const KnownNames *k = c->known;
    uint32_t id = name.index;
    if (id == k->name_int.index) return INT_TYPE;
    if (id == k->name_float.index) return FLOAT_TYPE;
    if (id == k->name_byte.index) return BYTE_TYPE;
    if (id == k->name_char.index) return CHAR_TYPE;
    if (id == k->name_str.index) return STR_TYPE;
    if (id == k->name_bool.index) return BOOL_TYPE;
    if (id == k->name_Duration.index) return TYPE_ID(TYPE_DURATION);
    if (id == k->name_Size.index) return TYPE_ID(TYPE_SIZE);
    if (id == k->name_Instant.index) return TYPE_ID(TYPE_INSTANT);
    if (id == k->name_Never.index) return NEVER_TYPE;
    if (id == k->name_List.index) return type_of1(c, TYPE_LIST, type_variable(c, token));
    if (id == k->name_Set.index) return type_of1(c, TYPE_SET, type_variable(c, token));
    if (id == k->name_Range.index) return type_of1(c, TYPE_RANGE, type_variable(c, token));
    if (id == k->name_Channel.index) return type_of1(c, TYPE_CHANNEL, type_variable(c, token));
    return (TypeId){0};
}

TypeId type_by_name(Body *c, NameId name, uint32_t token, TypeDeclId *decl) {
    const Generics *generics = &c->function->generics;
    *decl = (TypeDeclId){0};
    for (uint32_t i = 0; i < generics->count; i++)
        if (name_equal(generics->names[i], name)) return type_make(c->program, c->scratch, TYPE_PARAMETER, i, NULL, 0);
    Item item = scope_lookup(c->program, c->function->module, SCOPE_TYPE, name);
    if (item.kind == ITEM_SILENT) return ERROR_TYPE;
    if (item.kind == ITEM_TYPE) {
        *decl = (TypeDeclId){item.index};
        return c->program->type_decls[item.index].has_error ? ERROR_TYPE : type_by_item(c, *decl, token);
    }
    return item.kind == ITEM_NONE ? type_built_in(c, name, token) : (TypeId){0};
}

static Operand operand_type(Body *c, TypeId type, NodeIndex n) {
    if (is_error(c, type)) return operand_error(n);
    Operand operand = operand_of(OPERAND_TYPE, 0, n);
    operand.type = type;
    return operand;
}

// ---- names ---------------------------------------------------------------------------------------------------------------------------

OUT_OF_LINE static void report_ambiguous(Body *c, Item item, NodeIndex n) {
    Text name = token_text(c->view.file_tokens, token_of(c, n));
    Diagnostic *d = diag(c->sink, DIAG_AMBIGUOUS_VARIANT, tree_token_span(&c->view, n), name);
    Text one = name_text(c, c->program->type_decls[item.index].name),
         two = name_text(c, c->program->type_decls[item.part].name);
    diag_note(c->sink, d,
              arena_format(c->scratch, "write `%.*s.%.*s` or `%.*s.%.*s`", (int)one.length, one.data, (int)name.length,
                           name.data, (int)two.length, two.data, (int)name.length, name.data));
}

OUT_OF_LINE static Operand operand_item(Body *c, Item item, NodeIndex n) {
    Operand operand = operand_of(OPERAND_ERROR, item.index, n);
    switch (item.kind) {
    case ITEM_FUNCTION:
        operand.kind = OPERAND_FUNCTION;
        break;
    case ITEM_VARIANT:
        operand.kind = OPERAND_VARIANT;
        operand.part = item.part;
        break;
    case ITEM_TYPE:
        if (c->program->type_decls[item.index].has_error) break;
        return operand_type(c, type_by_item(c, (TypeDeclId){item.index}, token_of(c, n)), n);
    case ITEM_TRAIT:
        operand.kind = OPERAND_TRAIT;
        break;
    case ITEM_MODULE:
        operand.kind = OPERAND_MODULE;
        break;
    case ITEM_AMBIGUOUS:
        report_ambiguous(c, item, n);
        break;
    case ITEM_NONE:
    case ITEM_CONFIG:
    case ITEM_SILENT:
    case ITEM_EXTENSION:
        break;
    }
    return operand;
}

static bool variant_named(const Body *c, uint32_t decl, NameId name, uint32_t *variant) {
    const TypeDecl *d = &c->program->type_decls[decl];
    if (d->kind != DECL_SUM) return false;
    for (uint32_t i = 0; i < d->variant_count; i++) {
        if (!name_equal(d->variants[i].name, name)) continue;
        *variant = i;
        return true;
    }
    return false;
}

static bool note_near_locals(Body *c, Diagnostic *d, NameId name) {
    Text wanted = name_text(c, name), best[3] = {{0}};
    uint32_t count = 0, limit = wanted.length > 3 ? 2 : 1;
    const Binding *b = c->env.bindings;
    for (uint32_t seen = 0; b != NULL && seen < 1000; b = b->outer, seen++) {
        Text text = name_text(c, b->name);
        bool is_near = edit_distance(wanted, text, true) <= limit && count < 3;
        for (uint32_t k = 0; k < count; k++)
            is_near = is_near && !text_equal(best[k], text);
        if (!is_near || binding_find(c, b->name) != b) continue;
        uint32_t at = count++;
        for (; at > 0 && text_compare(text, best[at - 1]) < 0; at--)
            best[at] = best[at - 1];
        best[at] = text;
    }
    if (count > 0) note_near(c, d, best, count);
    return count > 0;
}

OUT_OF_LINE static Operand name_unknown(Body *c, NodeIndex n, NameId name, bool is_called) {
    if (c->env.let_name.index == name.index) {
        Diagnostic *d = diag0(c->sink, DIAG_CAPTURES_ITSELF, span_of(c, n));
        diag_note(c->sink, d,
                  TEXT("the name of a `let` is in scope after its right side; write a function, or use `recurse`"));
        return operand_error(n);
    }
    if (is_called) {
        static const char *const later[] = {"constant", "linear", "exponential", "thread_id"};
        for (uint32_t i = 0; i < 4; i++) {
            if (!text_equal(name_text(c, name), text_from(later[i]))) continue;
            (void)body_unsupported(c, span_of(c, n), arena_format(c->scratch, "the function `%s`", later[i]).data);
            return operand_error(n);
        }
    }
    Diagnostic *d = diag(c->sink, DIAG_UNKNOWN_NAME, span_of(c, n), name_text(c, name));
    if (!note_near_locals(c, d, name)) suggest_names(c->program, c->function->module, SCOPE_VALUE, name, c->sink, d);
    return operand_error(n);
}

OUT_OF_LINE static Operand self_operand(Body *c, NodeIndex n, bool is_called) {
    if (is_called && c->env.recurse != NULL) return operand_of(OPERAND_SELF, 0, n);
    if (c->function->has_self && !is_called) return operand_of(OPERAND_VALUE, local_read(c, 1, token_of(c, n)), n);
    if (is_called) {
        diag(c->sink, DIAG_MISPLACED_RECURSE, span_of(c, n),
             TEXT("`self(…)` stands only in the `.step` of a `recurse`"));
    } else {
        Diagnostic *d = diag(c->sink, DIAG_UNKNOWN_NAME, span_of(c, n), TEXT("self"));
        diag_note(c->sink, d, TEXT("`self` is known only in methods"));
    }
    return operand_error(n);
}

static Operand type_apply_operand(Body *c, NodeIndex n);

Operand name_operand(Body *c, NodeIndex n, Expected expected, bool is_called) {
    NodeKind kind = (NodeKind)c->view.kinds[n];
    if (kind == NODE_SELF) return self_operand(c, n, is_called);
    if (kind == NODE_TYPE_APPLY) return type_apply_operand(c, n);
    if (kind == NODE_SELF_TYPE) {
        if (c->type_scope.self_type.index != 0) return operand_type(c, c->type_scope.self_type, n);
        diag(c->sink, DIAG_UNKNOWN_TYPE, span_of(c, n), TEXT("Self"));
        return operand_error(n);
    }
    NameId name = {c->view.a[n]};
    const Binding *binding = binding_find(c, name);
    if (binding != NULL) {
        if (binding->general != 0) return operand_of(OPERAND_GENERAL, binding->general, n);
        Operand operand = operand_of(OPERAND_VALUE, local_read(c, binding->local, token_of(c, n)), n);
        if (binding->lambda != 0) operand.kind = OPERAND_LAMBDA, operand.part = binding->lambda;
        return operand;
    }
    TypeShape shape;
    uint32_t variant;
    if (expected.type.index != 0 && (shape = type_shape(c, expected.type)).kind == TYPE_NAMED &&
        variant_named(c, shape.head, name, &variant)) {
        (void)scope_lookup(c->program, c->function->module, SCOPE_VALUE, name); // an import of it is used
        Operand operand = operand_of(OPERAND_VARIANT, shape.head, n);
        operand.part = variant;
        return operand;
    }
    Item item = scope_lookup(c->program, c->function->module, SCOPE_VALUE, name);
    if (item.kind != ITEM_NONE) return operand_item(c, item, n);
    TypeDeclId decl;
    TypeId type = type_by_name(c, name, token_of(c, n), &decl);
    if (type.index != 0) return operand_type(c, type, n);
    item = scope_lookup(c->program, c->function->module, SCOPE_TYPE, name);
    if (item.kind != ITEM_NONE) return operand_item(c, item, n);
    ModuleId module = scope_module_path(c->program, c->function->module, &name, 1);
    if (module.index != 0) return operand_of(OPERAND_MODULE, module.index, n);
    if (is_called && name_equal(name, c->known->name_assert_panics)) return operand_of(OPERAND_PANICS, 0, n);
    if (is_called && name_equal(name, c->known->name_assert_panics_with)) {
        Operand operand = operand_of(OPERAND_PANICS, 0, n);
        operand.part = 1;
        return operand;
    }
    return name_unknown(c, n, name, is_called);
}

// ---- paths ----------------------------------------------------------------------------------------------------------------------------

OUT_OF_LINE static Operand module_path(Body *c, Operand module, NodeIndex n) {
    NameId name = {c->view.b[n]};
    static const ScopeKind kinds[] = {SCOPE_VALUE, SCOPE_TYPE};
    bool is_private = false;
    for (uint32_t i = 0; i < 2; i++) {
        bool hidden = false;
        Item item = module_member(c->program, c->function->module, (ModuleId){module.value}, kinds[i], name, &hidden);
        if (item.kind != ITEM_NONE && !hidden) return operand_item(c, item, n);
        is_private |= hidden;
    }
    Span span = tree_token_span(&c->view, n);
    Text shown = c->program->modules[module.value].name;
    if (is_private) {
        Diagnostic *d = diag(c->sink, DIAG_PRIVATE_ITEM, span, name_text(c, name), shown);
        diag_note(c->sink, d, TEXT("import it with `::` to use it all the same"));
    } else {
        diag(c->sink, DIAG_NO_SUCH_ITEM, span, name_text(c, name), shown);
    }
    return operand_error(n);
}

OUT_OF_LINE static Operand type_member(Body *c, Operand type, NodeIndex n) {
    TypeShape shape = type_shape(c, type.type);
    uint32_t variant;
    if (shape.kind == TYPE_NAMED && variant_named(c, shape.head, (NameId){c->view.b[n]}, &variant)) {
        Operand operand = operand_of(OPERAND_VARIANT, shape.head, n);
        operand.part = variant;
        operand.type = type.type;
        return operand;
    }
    Text name = name_text(c, (NameId){c->view.b[n]});
    if (shape.kind == TYPE_NAMED && c->program->type_decls[shape.head].kind == DECL_SUM && name.length > 0 &&
        name.data[0] >= 'A' && name.data[0] <= 'Z') {
        report_unknown_variant(c, tree_token_span(&c->view, n), name, type.type);
        return operand_error(n);
    }
    Operand operand = operand_of(OPERAND_ASSOCIATED, 0, n);
    operand.type = type.type;
    return operand;
}

static Operand trait_member(Body *c, Operand trait, NodeIndex n) {
    int builtin = c->program->traits[trait.value].builtin;
    // `Comparable.compare(a, b)`: of whatever type a has; what these two have is a method like any other.
    if (builtin >= 0 && builtin != TRAIT_ITERATOR && builtin != TRAIT_ITERABLE) {
        Operand operand = operand_of(OPERAND_ASSOCIATED, 0, n);
        operand.type = type_variable(c, token_of(c, n));
        return operand;
    }
    const TraitDecl *decl = &c->program->traits[trait.value];
    NameId name = {c->view.b[n]};
    for (uint32_t i = decl->first_method; i < decl->first_method + decl->method_count; i++)
        if (name_equal(c->program->functions[i].name, name)) return operand_of(OPERAND_FUNCTION, i, n);
    diag(c->sink, DIAG_NO_SUCH_METHOD, tree_token_span(&c->view, n), name_text(c, name), name_text(c, decl->name));
    return operand_error(n);
}

// `Set<int>`, `Some<int>`, `shapes.Box<int>`: the type arguments are written.
OUT_OF_LINE static Operand type_apply_operand(Body *c, NodeIndex n) {
    NodeIndex base = c->view.a[n];
    Operand operand;
    if (c->view.kinds[base] == NODE_FIELD) {
        Operand module = operand_error(base);
        NodeIndex first = c->view.a[base];
        if (c->view.kinds[first] == NODE_NAME) module = name_operand(c, first, NOTHING, false);
        if (module.kind != OPERAND_MODULE) {
            if (module.kind != OPERAND_ERROR) (void)body_unsupported(c, span_of(c, n), "type arguments here");
            return operand_error(n);
        }
        operand = module_path(c, module, base);
    } else {
        operand = name_operand(c, base, NOTHING, true);
    }
    if (operand.kind == OPERAND_ERROR) return operand;
    if (operand.kind == OPERAND_VARIANT && operand.type.index == 0)
        operand.type = type_by_item(c, (TypeDeclId){operand.value}, token_of(c, n));
    uint32_t list = c->view.b[n], count = tree_list_count(&c->view, list);
    if (operand.kind != OPERAND_TYPE && operand.kind != OPERAND_VARIANT) {
        (void)body_unsupported(c, span_of(c, n), "type arguments here");
        return operand_error(n);
    }
    TypeShape shape = type_shape(c, operand.type);
    if (count != shape.arg_count) {
        Text name = token_text(c->view.file_tokens, token_of(c, base));
        diag(c->sink, DIAG_TYPE_ARGUMENT_COUNT, span_of(c, base), name,
             count_text(c, shape.arg_count, "type argument", "type arguments"), arena_format(c->scratch, "%u", count));
        return operand_error(n);
    }
    for (uint32_t i = 0; i < count; i++) {
        TypeId argument = type_resolve(&c->type_scope, tree_list_item(&c->view, list, i));
        (void)unify(c, shape.args[i], argument);
    }
    operand.node = n;
    return operand;
}

// A dotted module name (`use std.math`) at the foot of a chain: takes the fields that belong to it off the chain.
OUT_OF_LINE static bool dotted_module(Body *c, NodeIndex n, uint32_t base, Operand *out) {
    enum { LONGEST = 16 };
    NameId names[LONGEST];
    uint32_t count = 1;
    names[0] = (NameId){c->view.a[n]};
    for (uint32_t i = c->spine.count; i > base && count < LONGEST && c->view.kinds[c->spine.items[i - 1]] == NODE_FIELD;
         i--)
        names[count++] = (NameId){c->view.b[c->spine.items[i - 1]]};
    for (; count > 1; count--) {
        ModuleId module = scope_module_path(c->program, c->function->module, names, count);
        if (module.index == 0) continue;
        c->spine.count -= count - 1;
        *out = operand_of(OPERAND_MODULE, module.index, n);
        return true;
    }
    return false;
}

// ---- fields, parts, indexes -------------------------------------------------------------------------------------------------------------

bool field_find(Body *c, TypeId type, NameId name, uint32_t *index, TypeId *field_type) {
    TypeShape shape = type_shape(c, type);
    if (shape.kind == TYPE_RECORD) {
        for (uint32_t i = 0; i < shape.arg_count; i++) {
            if (shape.args[shape.arg_count + i].index != name.index) continue;
            *index = i;
            *field_type = shape.args[i];
            return true;
        }
        return false;
    }
    if (shape.kind != TYPE_NAMED) return false;
    const TypeDecl *decl = &c->program->type_decls[shape.head];
    if (decl->kind == DECL_SUM || decl->variant_count == 0) return false;
    if (decl->kind == DECL_NEWTYPE) {
        if (!name_equal(name, c->known->name_value)) return false;
        *index = 0;
        *field_type = instantiate(c, decl->variants[0].fields[0].type, shape.args, shape.arg_count);
        return true;
    }
    const VariantDecl *record = &decl->variants[0];
    for (uint32_t i = 0; i < record->field_count; i++) {
        if (!name_equal(record->fields[i].name, name)) continue;
        *index = i;
        *field_type = instantiate(c, record->fields[i].type, shape.args, shape.arg_count);
        return true;
    }
    return false;
}

OUT_OF_LINE static void report_no_field(Body *c, NodeIndex n, TypeId type) {
    NameId name = {c->view.b[n]};
    Diagnostic *d =
        diag(c->sink, DIAG_UNKNOWN_FIELD, tree_token_span(&c->view, n), name_text(c, name), type_text(c, type));
    FunctionId method;
    TypeShape shape = type_shape(c, type);
    if (methods_find(c->program, c->function->module, type_heads(c, type), name, &method, 1) > 0) {
        Text text = name_text(c, name);
        diag_note(c->sink, d,
                  arena_format(c->scratch, "there is a method of that name; call it with `.%.*s(…)`", (int)text.length,
                               text.data));
        return;
    }
    if (shape.kind != TYPE_NAMED) return;
    const TypeDecl *decl = &c->program->type_decls[shape.head];
    if (decl->kind == DECL_NEWTYPE) diag_note(c->sink, d, TEXT("what is inside a newtype is its `.value`"));
    if (decl->kind == DECL_SUM) diag_note(c->sink, d, TEXT("take a sum type apart with `match`"));
    if (decl->kind != DECL_RECORD || decl->variants[0].field_count == 0) return;
    Buffer names = buffer_in(c->scratch);
    for (uint32_t i = 0; i < decl->variants[0].field_count && i < 10; i++) {
        buffer_string(&names, i == 0 ? "its fields are `" : "`, `");
        buffer_text(&names, name_text(c, decl->variants[0].fields[i].name));
    }
    buffer_char(&names, '`');
    diag_note(c->sink, d, (Text){names.data, (uint32_t)names.length});
}

uint32_t field_access(Body *c, NodeIndex n, uint32_t receiver) {
    TypeId type = prune(c, c->type[receiver]), field;
    uint32_t index;
    if (is_error(c, type)) return node_error(c, n);
    if (is_open(c, type)) {
        Waiting *w = wait_for(c, WAIT_FIELD, n, type, type_variable(c, token_of(c, n)));
        w->receiver = receiver;
        return w->node;
    }
    if (field_find(c, type, (NameId){c->view.b[n]}, &index, &field))
        return node_add(c, TYPED_FIELD, field, token_of(c, n), receiver, index);
    report_no_field(c, n, type);
    return node_error(c, n);
}

static void complete(Body *c, Waiting *w, TypedKind kind, TypeId type, uint32_t a, uint32_t b) {
    node_put(c, w->node, kind, type, token_of(c, w->syntax), a, b);
    UnifyAnswer answer = unify(c, w->result, type);
    if (answer == UNIFY_DIFFERS)
        (void)report_mismatch(c, span_of(c, w->syntax), type, expect(w->result, w->reason), w->syntax);
    else if (answer != UNIFY_OK)
        report_unify(c, answer, span_of(c, w->syntax));
}

static void complete_error(Body *c, Waiting *w) {
    node_put(c, w->node, TYPED_ERROR, ERROR_TYPE, token_of(c, w->syntax), 0, 0);
    (void)unify(c, w->result, ERROR_TYPE);
}

bool field_complete(Body *c, Waiting *w) {
    TypeId field;
    uint32_t index;
    if (is_open(c, w->type)) return false;
    if (is_error(c, w->type)) return complete_error(c, w), true;
    if (field_find(c, w->type, (NameId){c->view.b[w->syntax]}, &index, &field)) {
        complete(c, w, TYPED_FIELD, field, w->receiver, index);
    } else {
        report_no_field(c, w->syntax, w->type);
        complete_error(c, w);
    }
    return true;
}

static bool part_of(Body *c, NodeIndex n, TypeId type, TypeId *part) {
    TypeShape shape = type_shape(c, type);
    uint32_t index = c->view.b[n];
    if (shape.kind == TYPE_TUPLE && index < shape.arg_count) {
        *part = shape.args[index];
        return true;
    }
    if (shape.kind == TYPE_ERROR) return false;
    Diagnostic *d = diag(c->sink, DIAG_NO_SUCH_PART, tree_token_span(&c->view, n),
                         arena_format(c->scratch, "%u", index), type_text(c, type));
    if (shape.kind == TYPE_TUPLE)
        diag_note(c->sink, d, arena_format(c->scratch, "its parts are `.0` to `.%u`", shape.arg_count - 1));
    return false;
}

OUT_OF_LINE static uint32_t tuple_part(Body *c, NodeIndex n, uint32_t receiver) {
    TypeId type = c->type[receiver], part;
    if (is_open(c, type)) {
        Waiting *w = wait_for(c, WAIT_TUPLE_PART, n, type, type_variable(c, token_of(c, n)));
        w->receiver = receiver;
        return w->node;
    }
    if (!part_of(c, n, type, &part)) return node_error(c, n);
    return node_add(c, TYPED_FIELD, part, token_of(c, n), receiver, c->view.b[n]);
}

bool tuple_part_complete(Body *c, Waiting *w) {
    TypeId part;
    if (is_open(c, w->type)) return false;
    if (part_of(c, w->syntax, w->type, &part))
        complete(c, w, TYPED_FIELD, part, w->receiver, c->view.b[w->syntax]);
    else
        complete_error(c, w);
    return true;
}

LengthScope *length_enter(Body *c, uint32_t receiver) {
    LengthScope *length = arena_new(c->scratch, LengthScope);
    length->receiver = receiver;
    length->lambda = c->env.lambda;
    c->env.length = length;
    return length;
}

uint32_t length_receiver(Body *c, LengthScope *length, uint32_t receiver) {
    return length->local == 0 ? receiver : local_read(c, length->local, c->token[receiver]);
}

// run(let hidden = receiver, xs[… len(hidden) …]): only where `#` was met, so that the receiver is evaluated once.
uint32_t length_wrap(Body *c, LengthScope *length, uint32_t node) {
    if (length->local == 0) return node;
    uint32_t token = c->token[node], receiver = length->receiver, base = c->stack.count;
    uint32_t pattern = node_add(c, TYPED_PAT_BIND, c->type[receiver], token, length->local, 0);
    stack_push(c, node_add(c, TYPED_LET, VOID_TYPE, token, pattern, receiver));
    stack_push(c, node);
    c->was_waiting = true; // the receiver now comes late: not postorder
    return node_add(c, TYPED_SEQUENCE, c->type[node], token, 0, list_from_stack(c, base));
}

OUT_OF_LINE static uint32_t index_known(Body *c, NodeIndex n, TypeShape shape, uint32_t receiver, LengthScope *length) {
    NodeIndex index = c->view.b[n];
    uint32_t token = token_of(c, n);
    if (shape.kind == TYPE_MAP) {
        uint32_t key = check(
            c, index, expect(shape.args[0], reason_node(c, c->view.a[n], "the keys of this are ", shape.args[0])));
        return node_add(c, TYPED_INDEX, type_option(c, shape.args[1]), token, length_receiver(c, length, receiver),
                        key);
    }
    uint32_t value = expr(c, index, expect(INT_TYPE, 0));
    TypeId type = c->type[receiver];
    if (is_kind(c, c->type[value], TYPE_RANGE)) {
        value = coerce(c, index, value, expect(type_of1(c, TYPE_RANGE, INT_TYPE), 0));
        return node_add(c, TYPED_SLICE, type, token, length_receiver(c, length, receiver), value);
    }
    value = coerce(c, index, value, expect(INT_TYPE, 0));
    if (shape.kind == TYPE_LIST) type = shape.args[0];
    return node_add(c, TYPED_INDEX, type, token, length_receiver(c, length, receiver), value);
}

OUT_OF_LINE static uint32_t index_step(Body *c, NodeIndex n, uint32_t receiver) {
    TypeShape shape = type_shape(c, c->type[receiver]);
    LengthScope *outer = c->env.length, *length = length_enter(c, receiver);
    uint32_t node;
    switch ((int)shape.kind) {
    case TYPE_MAP:
    case TYPE_LIST:
    case TYPE_STR:
        node = index_known(c, n, shape, receiver, length);
        break;
    case TYPE_NONE: {
        uint32_t index = expr(c, c->view.b[n], NOTHING);
        Waiting *w = wait_for(c, WAIT_INDEX, n, c->type[receiver], type_variable(c, token_of(c, n)));
        w->receiver = length_receiver(c, length, receiver);
        w->other = index;
        node = w->node;
        break;
    }
    default:
        (void)expr(c, c->view.b[n], expect(ERROR_TYPE, 0));
        if (shape.kind != TYPE_ERROR && shape.kind != TYPE_NEVER) {
            Diagnostic *d =
                diag(c->sink, DIAG_NOT_INDEXABLE, span_of(c, c->view.a[n]), type_text(c, c->type[receiver]));
            if (shape.kind == TYPE_TUPLE) diag_note(c->sink, d, TEXT("the parts of a tuple are `.0`, `.1` and so on"));
        }
        node = node_error(c, n);
        c->env.length = outer;
        return node;
    }
    c->env.length = outer;
    return length_wrap(c, length, node);
}

bool index_complete(Body *c, Waiting *w) {
    TypeShape shape = type_shape(c, w->type);
    if (shape.kind == TYPE_NONE) return false;
    NodeIndex index = c->view.b[w->syntax];
    switch ((int)shape.kind) {
    case TYPE_MAP:
        (void)coerce(c, index, w->other, expect(shape.args[0], 0));
        complete(c, w, TYPED_INDEX, type_option(c, shape.args[1]), w->receiver, w->other);
        return true;
    case TYPE_LIST:
    case TYPE_STR:
        if (is_kind(c, c->type[w->other], TYPE_RANGE)) {
            (void)coerce(c, index, w->other, expect(type_of1(c, TYPE_RANGE, INT_TYPE), 0));
            complete(c, w, TYPED_SLICE, w->type, w->receiver, w->other);
        } else {
            (void)coerce(c, index, w->other, expect(INT_TYPE, 0));
            complete(c, w, TYPED_INDEX, shape.kind == TYPE_LIST ? shape.args[0] : STR_TYPE, w->receiver, w->other);
        }
        return true;
    default:
        if (shape.kind != TYPE_ERROR)
            diag(c->sink, DIAG_NOT_INDEXABLE, span_of(c, c->view.a[w->syntax]), type_text(c, w->type));
        complete_error(c, w);
        return true;
    }
}

// ---- the loop --------------------------------------------------------------------------------------------------------------------------------

static NodeIndex spine_next(const Body *c, NodeIndex n) {
    NodeKind kind = (NodeKind)c->view.kinds[n];
    if (is_binary(kind)) return c->view.a[n];
    switch ((int)kind) {
    case NODE_FIELD:
    case NODE_TUPLE_PART:
    case NODE_FIELD_CONFIG:
    case NODE_INDEX:
    case NODE_CALL:
    case NODE_QUESTION:
        return c->view.a[n];
    default:
        return 0;
    }
}

OUT_OF_LINE static uint32_t config_of_module(Body *c, Operand operand, NodeIndex n) {
    NameId name = {c->view.b[n]};
    bool is_private = false;
    if (operand.kind == OPERAND_ERROR) return node_error(c, n);
    if (operand.kind == OPERAND_MODULE) {
        Item item =
            module_member(c->program, c->function->module, (ModuleId){operand.value}, SCOPE_CONFIG, name, &is_private);
        if (item.kind == ITEM_CONFIG && !is_private) {
            TypeId type = c->program->configs[item.index].type;
            return node_add(c, TYPED_CONFIG, type.index == 0 ? ERROR_TYPE : type, token_of(c, n), item.index, 0);
        }
        if (item.kind == ITEM_SILENT) return node_error(c, n);
    }
    Text shown = name_text(c, name);
    shown = arena_format(c->scratch, "$%.*s", (int)shown.length, shown.data);
    if (operand.kind != OPERAND_MODULE)
        diag(c->sink, DIAG_UNKNOWN_NAME, tree_token_span(&c->view, n), shown);
    else
        diag(c->sink, is_private ? DIAG_PRIVATE_ITEM : DIAG_NO_SUCH_ITEM, tree_token_span(&c->view, n), shown,
             c->program->modules[operand.value].name);
    return node_error(c, n);
}

uint32_t operand_value(Body *c, Operand operand, Expected expected) {
    switch (operand.kind) {
    case OPERAND_VALUE:
    case OPERAND_LAMBDA:
        return operand.value;
    case OPERAND_FUNCTION:
        return function_value(c, operand.node, (FunctionId){operand.value}, expected);
    case OPERAND_VARIANT:
        return variant_value(c, operand.node, (TypeDeclId){operand.value}, operand.part, operand.type, expected);
    case OPERAND_TYPE:
    case OPERAND_ASSOCIATED:
        return associated_value(c, operand, expected);
    case OPERAND_GENERAL:
        return general_value(c, operand.node, operand.value, expected);
    case OPERAND_MEMBER:
        return field_access(c, operand.node, operand.value);
    case OPERAND_CAPABILITY: {
        Text name = name_text(c, c->program->traits[operand.value].name);
        Diagnostic *d = diag(c->sink, DIAG_EFFECTFUL_VALUE, span_of(c, operand.node), name);
        diag_note(c->sink, d, TEXT("call it, or pass a lambda that calls it"));
        return node_error(c, operand.node);
    }
    case OPERAND_MODULE:
    case OPERAND_TRAIT: {
        if (operand.kind == OPERAND_TRAIT && capability_is_in_force(c, (TraitId){operand.value}))
            return capability_value(c, operand, operand.node);
        Diagnostic *d = diag(c->sink, DIAG_UNKNOWN_NAME, span_of(c, operand.node),
                             token_text(c->view.file_tokens, token_of(c, operand.node)));
        diag_note(c->sink, d,
                  operand.kind == OPERAND_MODULE ? TEXT("this is a module, not a value")
                                                 : TEXT("this is a trait, not a value"));
        return node_error(c, operand.node);
    }
    case OPERAND_SELF:
    case OPERAND_PANICS:
    case OPERAND_ERROR:
        return node_error(c, operand.node);
    }
    return node_error(c, operand.node);
}

OUT_OF_LINE static Operand spine_step(Body *c, NodeIndex n, Operand operand, Expected expected, bool is_called) {
    NodeKind kind = (NodeKind)c->view.kinds[n];
    if (kind == NODE_CALL) return operand_of(OPERAND_VALUE, call_step(c, n, operand, expected), n);
    if (kind == NODE_FIELD_CONFIG) return operand_of(OPERAND_VALUE, config_of_module(c, operand, n), n);
    if (kind == NODE_FIELD) {
        if (operand.kind == OPERAND_MODULE) return module_path(c, operand, n);
        if (operand.kind == OPERAND_TYPE) return type_member(c, operand, n);
        if (operand.kind == OPERAND_TRAIT) {
            Operand member;
            NodeIndex call = is_called ? c->spine.items[c->spine.count - 1] : 0;
            if (capability_member(c, (TraitId){operand.value}, n, call, &member)) return member;
            return trait_member(c, operand, n);
        }
        if (operand.kind == OPERAND_ERROR) return operand_error(n);
        uint32_t receiver = operand_value(c, operand, NOTHING);
        if (is_called) return operand_of(OPERAND_MEMBER, receiver, n);
        return operand_of(OPERAND_VALUE, field_access(c, n, receiver), n);
    }
    uint32_t value = operand_value(c, operand, NOTHING);
    if (kind == NODE_INDEX)
        value = index_step(c, n, value);
    else if (kind == NODE_TUPLE_PART)
        value = tuple_part(c, n, value);
    else if (kind == NODE_QUESTION)
        value = question_on(c, n, value);
    else
        value = binary_step(c, n, value, expected);
    return operand_of(OPERAND_VALUE, value, n);
}

OUT_OF_LINE static Operand spine_foot(Body *c, NodeIndex n, uint32_t base, Expected expected) {
    uint32_t links = c->spine.count - base;
    bool is_called = links > 0 && c->view.kinds[c->spine.items[c->spine.count - 1]] == NODE_CALL;
    Expected seen = links == 0 || (links == 1 && is_called) ? expected : NOTHING;
    switch ((int)c->view.kinds[n]) {
    case NODE_NAME: {
        Operand module;
        if (links > 0 && c->view.kinds[c->spine.items[c->spine.count - 1]] == NODE_FIELD &&
            binding_find(c, (NameId){c->view.a[n]}) == NULL && dotted_module(c, n, base, &module))
            return module;
        return name_operand(c, n, seen, is_called);
    }
    case NODE_SELF:
    case NODE_SELF_TYPE:
    case NODE_TYPE_APPLY:
        return name_operand(c, n, seen, is_called);
    default:
        return operand_of(OPERAND_VALUE, expr(c, n, links == 0 ? expected : NOTHING), n);
    }
}

uint32_t spine_expression(Body *c, NodeIndex n, Expected expected) {
    uint32_t base = c->spine.count;
    NodeIndex foot = n;
    for (NodeIndex next = spine_next(c, foot); next != 0; next = spine_next(c, foot)) {
        vec_push(c->scratch, &c->spine, foot);
        foot = next;
    }
    Operand operand = spine_foot(c, foot, base, expected);
    while (c->spine.count > base) {
        NodeIndex link = c->spine.items[--c->spine.count];
        bool is_last = c->spine.count == base;
        bool is_called = !is_last && c->view.kinds[c->spine.items[c->spine.count - 1]] == NODE_CALL;
        operand = spine_step(c, link, operand, is_last ? expected : NOTHING, is_called);
    }
    return operand_value(c, operand, expected);
}

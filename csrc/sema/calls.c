// sema/calls.c: calls of functions, variants and function values; conversions; record literals; functions as values.
//
// ORDER      Arguments are checked left to right, but lambdas and operators after the others, so that a lambda sees the types
//            that its neighbours fixed. They are evaluated as written: pairs of parameter and value, in written order.
#include "sema/body_internal.h"

// ---- arguments ---------------------------------------------------------------------------------------------------------------------

static Span signature_span(const Body *c, const Signature *s) {
    return s->is_value ? span_of(c, s->at) : tree_token_span(&c->view, s->at);
}
static Text signature_name(const Body *c, const Signature *s) {
    if (!s->is_value) return s->name;
    Span span = span_of(c, s->at);
    return (Text){c->module->source->text.data + span.start, span.end - span.start};
}

NodeIndex argument_value(const Body *c, NodeIndex argument) {
    return c->view.kinds[argument] == NODE_NAMED_ARG ? c->view.b[argument] : argument;
}

bool argument_is_late(const Body *c, NodeIndex argument) {
    NodeIndex value = argument_value(c, argument);
    uint8_t kind = c->view.kinds[value];
    if (kind == NODE_NAME) {
        const Binding *binding = binding_find(c, (NameId){c->view.a[value]});
        return binding != NULL && binding->general != 0;
    }
    return kind == NODE_LAMBDA || kind == NODE_OPERATOR;
}

uint32_t arguments_silent(Body *c, NodeIndex call, uint32_t list) {
    for (uint32_t i = 0; i < tree_list_count(&c->view, list); i++)
        (void)expr(c, argument_value(c, tree_list_item(&c->view, list, i)), expect(ERROR_TYPE, 0));
    return node_error(c, call);
}

bool parameter_has_other_name(Body *c, FunctionId function, uint32_t parameter, NameId name) {
    const Function *f = &c->program->functions[function.index];
    if (function.index == 0 || parameter >= f->parameter_count) return false;
    const Parameter *p = &f->parameters[parameter];
    for (uint32_t i = 0; i < p->also_count; i++)
        if (name_equal(p->also[i], name)) return true;
    return false;
}

OUT_OF_LINE static void report_argument_count(Body *c, const Signature *s, uint32_t list) {
    uint32_t found = tree_list_count(&c->view, list);
    Diagnostic *d = diag(c->sink, DIAG_ARGUMENT_COUNT, signature_span(c, s),
                         count_text(c, s->count, "argument", "arguments"), arena_format(c->scratch, "%u", found));
    if (s->function.index != 0) {
        const Function *f = &c->program->functions[s->function.index];
        if (f->module.index != c->program->prelude.index) {
            const ParsedFile *file = c->program->modules[f->module.index].file;
            TreeView view = tree_view(&file->tree, &file->tokens, &file->tree.declarations[f->declaration]);
            diag_label(c->sink, d, tree_token_span(&view, f->node), TEXT("declared here"));
        }
    }
    if (s->names == NULL || s->count == 0) return;
    bool is_named = found > 0 && c->view.kinds[tree_list_item(&c->view, list, 0)] == NODE_NAMED_ARG;
    Buffer missing = buffer_in(c->scratch);
    for (uint32_t i = 0; i < s->count; i++) {
        bool is_given = !is_named && i < found;
        for (uint32_t k = 0; is_named && k < found && !is_given; k++) {
            NameId given = {c->view.a[tree_list_item(&c->view, list, k)]};
            is_given = name_equal(given, s->names[i]) || parameter_has_other_name(c, s->function, i + s->first, given);
        }
        if (is_given || s->names[i].index == 0) continue;
        buffer_string(&missing, missing.length == 0 ? "missing: `" : "`, `");
        buffer_text(&missing, name_text(c, s->names[i]));
    }
    if (missing.length == 0) return;
    buffer_char(&missing, '`');
    diag_note(c->sink, d, (Text){missing.data, (uint32_t)missing.length});
}

// The parameter that a named argument means, or count.
static uint32_t parameter_named(Body *c, const Signature *s, NameId name) {
    for (uint32_t i = 0; s->names != NULL && i < s->count; i++)
        if (s->names[i].index != 0 && name_equal(s->names[i], name)) return i;
    for (uint32_t i = 0; s->names != NULL && i < s->count; i++)
        if (parameter_has_other_name(c, s->function, i + s->first, name)) return i;
    return s->count;
}

OUT_OF_LINE static void report_unknown_argument(Body *c, const Signature *s, NodeIndex argument) {
    NameId name = {c->view.a[argument]};
    Diagnostic *d = diag(c->sink, DIAG_UNKNOWN_ARGUMENT, tree_token_span(&c->view, argument), name_text(c, name),
                         signature_name(c, s), TEXT("parameter"));
    if (s->names == NULL) {
        diag_note(c->sink, d, TEXT("a function value has no parameter names; pass the arguments by position"));
        return;
    }
    Buffer names = buffer_in(c->scratch);
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->names[i].index == 0) continue;
        buffer_string(&names, names.length == 0 ? "its parameters are `" : "`, `");
        buffer_text(&names, name_text(c, s->names[i]));
    }
    if (names.length == 0) return;
    buffer_char(&names, '`');
    diag_note(c->sink, d, (Text){names.data, (uint32_t)names.length});
}

bool arguments_match(Body *c, const Signature *s, uint32_t list, uint32_t base) {
    uint32_t count = tree_list_count(&c->view, list), named = 0;
    NodeIndex odd = 0;
    for (uint32_t i = 0; i < count; i++) {
        NodeIndex argument = tree_list_item(&c->view, list, i);
        bool is_named = c->view.kinds[argument] == NODE_NAMED_ARG;
        if (is_named) named++;
        if (odd == 0 && i > 0 && named != 0 && named != i + 1) odd = argument;
    }
    if (named != 0 && named != count) {
        Diagnostic *d = diag0(c->sink, DIAG_MIXED_ARGUMENTS, span_of(c, odd));
        diag_note(c->sink, d, TEXT("name all of them or none"));
        return false;
    }
    for (uint32_t i = 0; i < count; i++)
        if (c->view.kinds[argument_value(c, tree_list_item(&c->view, list, i))] == NODE_ERROR && count != s->count)
            return false;
    if (count != s->count) {
        report_argument_count(c, s, list);
        return false;
    }
    bool is_good = true;
    uint32_t *owners = named == 0 ? NULL : arena_array(c->scratch, uint32_t, s->count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t parameter = i;
        NodeIndex argument = tree_list_item(&c->view, list, i);
        if (named != 0) {
            parameter = parameter_named(c, s, (NameId){c->view.a[argument]});
            if (parameter == s->count) {
                report_unknown_argument(c, s, argument);
                return false;
            }
            if (owners[parameter] != 0) {
                Diagnostic *d = diag(c->sink, DIAG_REPEATED_ARGUMENT, tree_token_span(&c->view, argument),
                                     name_text(c, (NameId){c->view.a[argument]}));
                diag_label(c->sink, d, tree_token_span(&c->view, owners[parameter]), TEXT("first given here"));
                is_good = false;
            }
            owners[parameter] = argument;
        }
        c->stack.items[base + 2 * i] = parameter;
    }
    return is_good;
}

OUT_OF_LINE static void argument_check(Body *c, const Signature *s, NodeIndex argument, uint32_t slot) {
    uint32_t parameter = c->stack.items[slot];
    Expected expected = {.type = s->types[parameter], .takes_apart = s->is_method};
    if (s->function.index != 0) {
        expected.reason = reason_parameter(c, s->function, parameter + s->first);
        bool is_prelude = c->program->functions[s->function.index].module.index == c->program->prelude.index;
        if (s->is_method && is_prelude) c->effect_allowed = argument_value(c, argument);
    }
    uint32_t value = check(c, argument_value(c, argument), expected);
    c->stack.items[slot] = parameter + s->first;
    c->stack.items[slot + 1] = value;
}

bool arguments_check(Body *c, const Signature *s, NodeIndex call, uint32_t list, Expected expected) {
    uint32_t count = tree_list_count(&c->view, list), base = c->stack.count;
    (void)call;
    vec_reserve(c->scratch, &c->stack, 2 * count);
    c->stack.count += 2 * count;
    if (!arguments_match(c, s, list, base)) {
        c->stack.count = base;
        (void)arguments_silent(c, call, list);
        return false;
    }
    if (expected.type.index != 0 && !is_kind(c, s->result, TYPE_NEVER)) (void)unify_try(c, s->result, expected.type);
    bool has_late = false;
    for (uint32_t i = 0; i < count; i++) {
        NodeIndex argument = tree_list_item(&c->view, list, i);
        if (argument_is_late(c, argument))
            has_late = true;
        else
            argument_check(c, s, argument, base + 2 * i);
    }
    for (uint32_t i = 0; has_late && i < count; i++) {
        NodeIndex argument = tree_list_item(&c->view, list, i);
        if (argument_is_late(c, argument)) argument_check(c, s, argument, base + 2 * i);
    }
    return true;
}

// ---- functions --------------------------------------------------------------------------------------------------------------------------

bool function_usable(Body *c, FunctionId function, Span span) {
    const Function *f = &c->program->functions[function.index];
    if (f->is_test) {
        diag(c->sink, DIAG_TEST_CALLED, span, name_text(c, f->name));
        return false;
    }
    return !f->has_error && !f->is_incomplete;
}

static uint32_t use_add(Body *c, FunctionId function, const TypeId *arguments, uint32_t count) {
    TypedUse use = {.function = function, .arguments = arguments, .argument_count = count};
    vec_push(c->scratch, &c->uses, use);
    return c->uses.count - 1;
}

OUT_OF_LINE static void signature_of(Body *c, Signature *s, FunctionId function, bool has_receiver,
                                     const TypeId *instance, NodeIndex at) {
    const Function *f = &c->program->functions[function.index];
    uint32_t first = has_receiver && f->has_self ? 1 : 0;
    uint32_t count = f->parameter_count - first;
    TypeId *types = arena_array(c->scratch, TypeId, count + 1);
    NameId *names = arena_array(c->scratch, NameId, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        types[i] = instantiate(c, f->parameters[first + i].type, instance, f->generics.count);
        names[i] = f->parameters[first + i].name;
    }
    *s = (Signature){.what = has_receiver ? "method" : "function",
                     .name = name_text(c, f->name),
                     .count = count,
                     .types = types,
                     .names = names,
                     .function = function,
                     .first = first,
                     .result = instantiate(c, f->result, instance, f->generics.count),
                     .is_method = has_receiver,
                     .at = at};
}

uint32_t call_function(Body *c, NodeIndex n, NodeIndex name, FunctionId function, uint32_t receiver,
                       const TypeId *instance, Expected expected) {
    const Function *f = &c->program->functions[function.index];
    uint32_t token = token_of(c, name), list = c->view.b[n], base = c->stack.count;
    if (!function_usable(c, function, tree_token_span(&c->view, name))) return arguments_silent(c, n, list);
    if (instance == NULL) instance = fresh_arguments(c, f->generics.count, token);
    Signature *s = arena_new(c->scratch, Signature);
    signature_of(c, s, function, receiver != 0, instance, name);
    LengthScope *outer = c->env.length, *length = NULL;
    if (receiver != 0) {
        length = length_enter(c, receiver);
        stack_push(c, 0);
        stack_push(c, receiver);
    }
    bool is_good = arguments_check(c, s, n, list, expected);
    c->env.length = outer;
    uint32_t shift = receiver != 0 && !f->has_self ? 1 : 0; // a capability's method: the provided value comes first
    for (uint32_t i = base + 2; shift != 0 && i < c->stack.count; i += 2)
        c->stack.items[i] += shift;
    is_good = is_good && capabilities_pass(c, function, instance, name, shift);
    if (!is_good) {
        c->stack.count = base;
        return node_error(c, n);
    }
    TypeKind kind = receiver == 0 ? TYPE_NONE : type_shape(c, c->type[receiver]).kind;
    // The keys of a map and the elements of a set had to meet the bounds when their type was made.
    bool is_met = (kind == TYPE_SET || kind == TYPE_MAP) && f->module.index == c->program->prelude.index &&
                  f->own_generics == f->generics.count;
    if (!is_met)
        obligations_of_call(c, function, instance, receiver != 0 ? name : n, receiver != 0 ? PLACE_TOKEN : PLACE_WHOLE);
    if (receiver != 0) c->stack.items[base + 1] = length_receiver(c, length, receiver);
    uint32_t use = use_add(c, function, instance, f->generics.count);
    c->uses.items[use].has_provider = shift != 0;
    uint32_t pairs = pairs_from_stack(c, base);
    uint32_t node = node_add(c, TYPED_CALL, s->result, token, use, pairs);
    return receiver != 0 ? length_wrap(c, length, node) : node;
}

uint32_t function_value(Body *c, NodeIndex n, FunctionId function, Expected expected) {
    const Function *f = &c->program->functions[function.index];
    uint32_t token = token_of(c, n);
    if (!function_usable(c, function, span_of(c, n))) return node_error(c, n);
    const TypeId *instance = fresh_arguments(c, f->generics.count, token);
    TypeId *types = arena_array(c->scratch, TypeId, f->parameter_count + 1);
    for (uint32_t i = 0; i < f->parameter_count; i++)
        types[i] = instantiate(c, f->parameters[i].type, instance, f->generics.count);
    types[f->parameter_count] = instantiate(c, f->result, instance, f->generics.count);
    TypeId type = body_type(c, TYPE_FUNCTION, 0, types, f->parameter_count + 1);
    if (expected.type.index != 0) (void)unify_try(c, type, expected.type);
    obligations_of_call(c, function, instance, n, PLACE_WHOLE);
    uint32_t use = use_add(c, function, instance, f->generics.count);
    if (function_is_effectful(c, function)) return effectful_value(c, n, function, instance, use, type);
    return node_add(c, TYPED_FUNCTION, type, token, use, 0);
}

// ---- variants and newtypes ------------------------------------------------------------------------------------------------------------

static TypeId sum_type(Body *c, NodeIndex n, TypeDeclId decl, TypeId type, Expected expected) {
    if (type.index == 0) type = type_by_item(c, decl, token_of(c, n));
    if (expected.type.index != 0) (void)unify_try(c, type, expected.type);
    return type;
}

static const TypeId *part_types(Body *c, const VariantDecl *variant, TypeId type) {
    TypeShape shape = type_shape(c, type);
    TypeId *types = arena_array(c->scratch, TypeId, variant->field_count + 1);
    for (uint32_t i = 0; i < variant->field_count; i++)
        types[i] = instantiate(c, variant->fields[i].type, shape.args, shape.arg_count);
    types[variant->field_count] = type;
    return types;
}

uint32_t construct_variant(Body *c, NodeIndex n, NodeIndex name, TypeDeclId decl, uint32_t variant, TypeId type,
                           Expected expected) {
    const TypeDecl *d = &c->program->type_decls[decl.index];
    uint32_t list = c->view.b[n], base = c->stack.count;
    if (d->has_error) return arguments_silent(c, n, list);
    const VariantDecl *v = &d->variants[variant];
    type = sum_type(c, name, decl, type, expected);
    Signature *s = arena_new(c->scratch, Signature);
    NameId *names = arena_array(c->scratch, NameId, v->field_count + 1);
    for (uint32_t i = 0; i < v->field_count; i++)
        names[i] = v->fields[i].name;
    *s = (Signature){.what = d->kind == DECL_SUM ? "variant" : "newtype",
                     .name = name_text(c, d->kind == DECL_SUM ? v->name : d->name),
                     .count = v->field_count,
                     .types = part_types(c, v, type),
                     .names = names,
                     .result = type,
                     .at = name};
    if (!arguments_check(c, s, n, list, NOTHING)) return node_error(c, n);
    return node_add(c, TYPED_CONSTRUCT, type, token_of(c, name), variant, pairs_from_stack(c, base));
}

uint32_t variant_value(Body *c, NodeIndex n, TypeDeclId decl, uint32_t variant, TypeId type, Expected expected) {
    const TypeDecl *d = &c->program->type_decls[decl.index];
    if (d->has_error) return node_error(c, n);
    const VariantDecl *v = &d->variants[variant];
    if (d->kind == DECL_SUM && !v->has_parentheses) {
        type = sum_type(c, n, decl, type, expected);
        return node_add(c, TYPED_CONSTRUCT, type, token_of(c, n), variant, pairs_from_stack(c, c->stack.count));
    }
    type = sum_type(c, n, decl, type, NOTHING);
    TypeId function = body_type(c, TYPE_FUNCTION, 0, part_types(c, v, type), v->field_count + 1);
    if (expected.type.index != 0) (void)unify_try(c, function, expected.type);
    return node_add(c, TYPED_VARIANT_FUNCTION, function, token_of(c, n), variant, 0);
}

// ---- function values ----------------------------------------------------------------------------------------------------------------------

uint32_t call_by_order(Body *c, NodeIndex n, uint32_t callee, TypeId result, uint32_t base) {
    uint32_t count = (c->stack.count - base) / 2, token = token_of(c, n);
    bool is_ordered = true;
    for (uint32_t i = 0; i < count; i++)
        is_ordered &= c->stack.items[base + 2 * i] == i;
    uint32_t *values = arena_array(c->scratch, uint32_t, count + 1);
    uint32_t lets = c->stack.count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t value = c->stack.items[base + 2 * i + 1];
        if (!is_ordered) { // names in another order: evaluate as written, pass as declared
            uint32_t hidden = local_add(c, (NameId){0}, c->type[value], span_of(c, n));
            c->local_infos.items[hidden].is_hidden = true;
            uint32_t pattern = node_add(c, TYPED_PAT_BIND, c->type[value], c->token[value], hidden, 0);
            stack_push(c, node_add(c, TYPED_LET, VOID_TYPE, c->token[value], pattern, value));
            value = local_read(c, hidden, c->token[value]);
            c->was_waiting = true;
        }
        values[c->stack.items[base + 2 * i]] = value;
    }
    uint32_t args = c->stack.count;
    for (uint32_t i = 0; i < count; i++)
        stack_push(c, values[i]);
    uint32_t node = node_add(c, TYPED_CALL_VALUE, result, token, callee, list_from_stack(c, args));
    if (!is_ordered) {
        stack_push(c, node);
        node = node_add(c, TYPED_SEQUENCE, result, token, 0, list_from_stack(c, lets));
    }
    c->stack.count = base;
    return node;
}

OUT_OF_LINE static uint32_t call_value(Body *c, NodeIndex n, Operand callee, Expected expected) {
    uint32_t list = c->view.b[n], count = tree_list_count(&c->view, list), base = c->stack.count;
    TypeId type = c->type[callee.value];
    if (is_error(c, type) || is_kind(c, type, TYPE_NEVER)) return arguments_silent(c, n, list);
    if (is_open(c, type)) {
        TypeId *types = arena_array(c->scratch, TypeId, count + 1);
        for (uint32_t i = 0; i <= count; i++)
            types[i] = type_variable(c, token_of(c, n));
        (void)unify(c, type, body_type(c, TYPE_FUNCTION, 0, types, count + 1));
    }
    TypeShape shape = type_shape(c, type);
    if (shape.kind != TYPE_FUNCTION) {
        Span span = span_of(c, callee.node);
        Text text = {c->module->source->text.data + span.start, span.end - span.start};
        Diagnostic *d = diag(c->sink, DIAG_NOT_A_FUNCTION, span, text);
        Text shown = type_text(c, type);
        diag_primary(c->sink, d, arena_format(c->scratch, "this is `%.*s`", (int)shown.length, shown.data));
        return arguments_silent(c, n, list);
    }
    NameId *names = NULL;
    if (callee.kind == OPERAND_LAMBDA) {
        uint32_t parameters = c->view.extra[c->view.a[callee.part]];
        names = arena_array(c->scratch, NameId, shape.arg_count);
        for (uint32_t i = 0; i < tree_list_count(&c->view, parameters) && i < shape.arg_count; i++)
            names[i] = (NameId){c->view.a[tree_list_item(&c->view, parameters, i)]};
    }
    Signature *s = arena_new(c->scratch, Signature);
    *s = (Signature){.what = "function",
                     .count = shape.arg_count - 1,
                     .types = shape.args,
                     .names = names,
                     .result = shape.args[shape.arg_count - 1],
                     .at = callee.node,
                     .is_value = true};
    if (!arguments_check(c, s, n, list, expected)) return node_error(c, n);
    for (uint32_t i = base; i < c->stack.count;
         i += 2) { // what a value of function type gives may hang on a wrong argument
        uint32_t value = c->stack.items[i + 1];
        if (c->kind[value] != TYPED_ERROR || type_is_local(c->type[value])) continue; // local: a placeholder that waits
        c->stack.count = base;
        return node_error(c, n);
    }
    return call_by_order(c, n, callee.value, s->result, base);
}

// ---- assert_panics ------------------------------------------------------------------------------------------------------------------------------

// assert_panics(e) is assert_panics_call(() -> e): what must panic is evaluated inside a function.
OUT_OF_LINE static uint32_t assert_panics(Body *c, NodeIndex n, NodeIndex name, bool has_message) {
    uint32_t list = c->view.b[n], token = token_of(c, name), base = c->stack.count;
    Signature *s = arena_new(c->scratch, Signature);
    NameId names[2] = {c->known->name_expr, c->known->name_msg};
    TypeId types[2] = {ERROR_TYPE, STR_TYPE};
    *s = (Signature){.what = "function",
                     .name = has_message ? TEXT("assert_panics_with") : TEXT("assert_panics"),
                     .count = has_message ? 2 : 1,
                     .types = types,
                     .names = names,
                     .result = VOID_TYPE,
                     .at = name};
    vec_reserve(c->scratch, &c->stack, 2 * tree_list_count(&c->view, list));
    c->stack.count += 2 * tree_list_count(&c->view, list);
    bool is_good = arguments_match(c, s, list, base);
    NameId helper = has_message ? c->known->name_assert_panics_with_call : c->known->name_assert_panics_call;
    Item item = scope_lookup(c->program, c->program->prelude, SCOPE_VALUE, helper);
    if (!is_good || item.kind != ITEM_FUNCTION) {
        c->stack.count = base;
        return arguments_silent(c, n, list);
    }
    TypeId *instance = arena_array(c->scratch, TypeId, 1);
    for (uint32_t i = 0; i < s->count; i++) {
        NodeIndex argument = argument_value(c, tree_list_item(&c->view, list, i));
        uint32_t value;
        if (c->stack.items[base + 2 * i] == 1) {
            value = check(c, argument, expect(STR_TYPE, 0));
        } else {
            Env outer;
            uint32_t lambda = lambda_open(c, &outer);
            c->lambdas.items[lambda].result = type_variable(c, token);
            value = coerce(c, argument, expr(c, argument, expect(c->lambdas.items[lambda].result, 0)),
                           expect(c->lambdas.items[lambda].result, 0));
            instance[0] = c->type[value];
            value = lambda_close(c, lambda, &outer, value, c->type[value], token_of(c, argument));
        }
        c->stack.items[base + 2 * i + 1] = value;
    }
    uint32_t use = use_add(c, (FunctionId){item.index}, instance, 1);
    return node_add(c, TYPED_CALL, VOID_TYPE, token, use, pairs_from_stack(c, base));
}

// ---- conversions ------------------------------------------------------------------------------------------------------------------------------

static const char *conversion_sources(TypeKind target) {
    switch ((int)target) {
    case TYPE_INT:
        return "float, str, bool, byte or char";
    case TYPE_FLOAT:
        return "int or str";
    case TYPE_BYTE:
        return "int, str or char";
    default:
        return "int or str";
    }
}

static bool can_convert(TypeKind from, TypeKind target) {
    if (from == target) return true;
    switch ((int)target) {
    case TYPE_INT:
        return from == TYPE_FLOAT || from == TYPE_STR || from == TYPE_BOOL || from == TYPE_BYTE || from == TYPE_CHAR;
    case TYPE_FLOAT:
        return from == TYPE_INT || from == TYPE_STR;
    case TYPE_BYTE:
        return from == TYPE_INT || from == TYPE_STR || from == TYPE_CHAR;
    case TYPE_CHAR:
        return from == TYPE_INT || from == TYPE_STR;
    default:
        return false;
    }
}

OUT_OF_LINE static uint32_t convert_value(Body *c, NodeIndex n, NodeIndex argument, uint32_t value, TypeId target) {
    TypeId from = c->type[value];
    uint32_t token = token_of(c, n);
    if (is_error(c, from)) return node_error(c, n);
    if (target.index == TYPE_STR) {
        obligation_add(c, from, TRAIT_PRINTABLE, argument, PLACE_WHOLE);
        return node_add(c, TYPED_SHOW, STR_TYPE, token, value, 0);
    }
    if (is_open(c, from)) {
        Waiting *w = wait_for(c, WAIT_CONVERSION, n, from, target);
        w->receiver = value;
        w->other = argument;
        return w->node;
    }
    TypeKind kind = type_shape(c, from).kind;
    if (kind != TYPE_NEVER && !can_convert(kind, (TypeKind)target.index)) {
        diag(c->sink, DIAG_TYPE_MISMATCH, span_of(c, argument), text_from(conversion_sources((TypeKind)target.index)),
             type_text(c, from));
        return node_error(c, n);
    }
    return node_add(c, TYPED_CONVERT, target, token, value, 0);
}

uint32_t conversion(Body *c, NodeIndex n, TypeId target, Expected expected) {
    uint32_t list = c->view.b[n];
    (void)expected;
    Signature *s = arena_new(c->scratch, Signature);
    NameId names[1] = {c->known->name_value};
    TypeId types[1] = {ERROR_TYPE};
    *s = (Signature){.what = "function",
                     .name = type_text(c, target),
                     .count = 1,
                     .types = types,
                     .names = names,
                     .result = target,
                     .at = c->view.a[n]};
    uint32_t base = c->stack.count;
    vec_reserve(c->scratch, &c->stack, 2 * tree_list_count(&c->view, list));
    c->stack.count += 2 * tree_list_count(&c->view, list);
    bool is_good = arguments_match(c, s, list, base);
    c->stack.count = base;
    if (!is_good) return arguments_silent(c, n, list);
    NodeIndex argument = argument_value(c, tree_list_item(&c->view, list, 0));
    return convert_value(c, n, argument, expr(c, argument, NOTHING), target);
}

bool conversion_complete(Body *c, Waiting *w) {
    if (is_open(c, w->type)) return false;
    TypeKind kind = type_shape(c, w->type).kind;
    if (kind != TYPE_NEVER && kind != TYPE_ERROR && !can_convert(kind, (TypeKind)w->result.index)) {
        diag(c->sink, DIAG_TYPE_MISMATCH, span_of(c, w->other),
             text_from(conversion_sources((TypeKind)w->result.index)), type_text(c, w->type));
        kind = TYPE_ERROR;
    }
    node_put(c, w->node, kind == TYPE_ERROR ? TYPED_ERROR : TYPED_CONVERT, w->result, token_of(c, w->syntax),
             w->receiver, 0);
    return true;
}

static bool is_conversion(TypeId type) {
    switch (type.index) {
    case TYPE_INT:
    case TYPE_FLOAT:
    case TYPE_BYTE:
    case TYPE_CHAR:
    case TYPE_STR:
        return true;
    default:
        return false;
    }
}

// `xs.map(str)`: a conversion as a value is the lambda that converts.
OUT_OF_LINE static uint32_t conversion_value(Body *c, NodeIndex n, TypeId target, Expected expected) {
    Env outer;
    TypeId from = type_variable(c, token_of(c, n));
    TypeId function = type_function(c, &from, 1, target);
    if (expected.type.index != 0) (void)unify_try(c, function, expected.type);
    uint32_t lambda = lambda_open(c, &outer);
    c->lambdas.items[lambda].result = target;
    uint32_t parameter = lambda_parameter(c, lambda, (NameId){0}, from, span_of(c, n));
    uint32_t value = convert_value(c, n, n, local_read(c, parameter, token_of(c, n)), target);
    return lambda_close(c, lambda, &outer, value, target, token_of(c, n));
}

// ---- types ----------------------------------------------------------------------------------------------------------------------------------------

static const TypeDecl *newtype_of(Body *c, TypeId type, TypeDeclId *decl) {
    TypeShape shape = type_shape(c, type);
    if (shape.kind != TYPE_NAMED) return NULL;
    *decl = (TypeDeclId){shape.head};
    const TypeDecl *d = &c->program->type_decls[shape.head];
    return d->kind == DECL_NEWTYPE ? d : NULL;
}

uint32_t associated_value(Body *c, Operand operand, Expected expected) {
    TypeDeclId decl;
    if (operand.kind == OPERAND_TYPE) {
        if (is_conversion(operand.type)) return conversion_value(c, operand.node, operand.type, expected);
        if (newtype_of(c, operand.type, &decl) != NULL)
            return variant_value(c, operand.node, decl, 0, operand.type, expected);
        Diagnostic *d = diag(c->sink, DIAG_UNKNOWN_NAME, span_of(c, operand.node), type_text(c, operand.type));
        diag_note(c->sink, d, TEXT("this is a type, not a value"));
        return node_error(c, operand.node);
    }
    NameId name = {c->view.b[operand.node]};
    FunctionId found[16];
    uint32_t count = methods_find(c->program, c->function->module, type_heads(c, operand.type), name, found, 16);
    if (count > 0) return function_value(c, operand.node, found[0], expected);
    for (uint32_t with_self = 2; with_self-- > 0;) {
        ExtensionOffer extension;
        if (extension_find(c, name, operand.type, with_self != 0, token_of(c, operand.node), &extension) &&
            extension.other.index == 0)
            return function_value(c, operand.node, extension.function, expected);
    }
    diag(c->sink, DIAG_NO_SUCH_METHOD, tree_token_span(&c->view, operand.node), name_text(c, name),
         type_text(c, operand.type));
    return node_error(c, operand.node);
}

OUT_OF_LINE static uint32_t call_type(Body *c, NodeIndex n, Operand callee, Expected expected) {
    TypeDeclId decl;
    if (is_conversion(callee.type)) return conversion(c, n, callee.type, expected);
    const TypeDecl *d = newtype_of(c, callee.type, &decl);
    if (d != NULL) return construct_variant(c, n, callee.node, decl, 0, callee.type, expected);
    Diagnostic *report = diag(c->sink, DIAG_NOT_A_FUNCTION, span_of(c, callee.node), type_text(c, callee.type));
    TypeShape shape = type_shape(c, callee.type);
    if (shape.kind == TYPE_NAMED && c->program->type_decls[shape.head].kind == DECL_RECORD)
        diag_note(c->sink, report, TEXT("a record is built with braces: `Name { field: value }`"));
    return arguments_silent(c, n, c->view.b[n]);
}

OUT_OF_LINE static uint32_t call_variant(Body *c, NodeIndex n, Operand callee, Expected expected) {
    const VariantDecl *v = &c->program->type_decls[callee.value].variants[callee.part];
    if (v->has_parentheses || c->program->type_decls[callee.value].has_error)
        return construct_variant(c, n, callee.node, (TypeDeclId){callee.value}, callee.part, callee.type, expected);
    Diagnostic *d = diag(c->sink, DIAG_NOT_A_FUNCTION, span_of(c, callee.node), name_text(c, v->name));
    diag_note(c->sink, d, TEXT("this variant has no fields; write it without parentheses"));
    return arguments_silent(c, n, c->view.b[n]);
}

uint32_t call_step(Body *c, NodeIndex n, Operand callee, Expected expected) {
    switch (callee.kind) {
    case OPERAND_VALUE:
    case OPERAND_LAMBDA:
        return call_value(c, n, callee, expected);
    case OPERAND_GENERAL:
        return general_call(c, n, callee, expected);
    case OPERAND_FUNCTION: {
        const Function *f = &c->program->functions[callee.value];
        if (f->module.index == c->program->prelude.index && f->generics.count == 1) { // std.testing's way to the two
            if (name_equal(f->name, c->known->name_assert_panics_call)) return assert_panics(c, n, callee.node, false);
            if (name_equal(f->name, c->known->name_assert_panics_with_call))
                return assert_panics(c, n, callee.node, true);
        }
        return call_function(c, n, callee.node, (FunctionId){callee.value}, 0, NULL, expected);
    }
    case OPERAND_VARIANT:
        return call_variant(c, n, callee, expected);
    case OPERAND_TYPE:
        return call_type(c, n, callee, expected);
    case OPERAND_MEMBER:
        return method_call(c, n, callee, expected);
    case OPERAND_ASSOCIATED:
        return associated_call(c, n, callee, expected);
    case OPERAND_SELF:
        return self_call(c, n, expected);
    case OPERAND_PANICS:
        return assert_panics(c, n, callee.node, callee.part == 1);
    case OPERAND_CAPABILITY:
        return capability_call(c, n, callee, expected);
    case OPERAND_TRAIT:
        if (capability_is_in_force(c, (TraitId){callee.value})) {
            Operand value = {.kind = OPERAND_VALUE, .type = {0}};
            value.value = operand_value(c, callee, NOTHING);
            value.node = callee.node;
            return call_value(c, n, value, expected);
        }
        (void)operand_value(c, callee, NOTHING);
        break;
    case OPERAND_MODULE:
        (void)operand_value(c, callee, NOTHING);
        break;
    case OPERAND_ERROR:
        break;
    }
    return arguments_silent(c, n, c->view.b[n]);
}

// ---- record literals --------------------------------------------------------------------------------------------------------------------------------

OUT_OF_LINE static TypeId struct_type(Body *c, NodeIndex n) {
    if (c->view.kinds[n] == NODE_NAME) {
        TypeDeclId decl;
        NameId name = {c->view.a[n]};
        TypeId type = type_by_name(c, name, token_of(c, n), &decl);
        if (type.index != 0) return type;
        Diagnostic *d = diag(c->sink, DIAG_UNKNOWN_TYPE, span_of(c, n), name_text(c, name));
        suggest_names(c->program, c->function->module, SCOPE_TYPE, name, c->sink, d);
        return ERROR_TYPE;
    }
    uint32_t base = c->spine.count;
    Operand operand;
    if (c->view.kinds[n] == NODE_FIELD) { // module.Type
        NodeIndex first = c->view.a[n];
        operand = (Operand){.kind = OPERAND_ERROR};
        ModuleId module = {0};
        NameId names[16];
        uint32_t count = 0;
        for (NodeIndex at = first; count < 16; at = c->view.a[at]) {
            names[count++] = (NameId){c->view.kinds[at] == NODE_FIELD ? c->view.b[at] : c->view.a[at]};
            if (c->view.kinds[at] != NODE_FIELD) break;
        }
        for (uint32_t i = 0; i < count / 2; i++) {
            NameId swap = names[i];
            names[i] = names[count - 1 - i];
            names[count - 1 - i] = swap;
        }
        module = scope_module_path(c->program, c->function->module, names, count);
        bool is_private = false;
        Item item = {0};
        NameId name = {c->view.b[n]};
        if (module.index != 0)
            item = module_member(c->program, c->function->module, module, SCOPE_TYPE, name, &is_private);
        if (item.kind == ITEM_TYPE && !is_private) return type_by_item(c, (TypeDeclId){item.index}, token_of(c, n));
        if (item.kind != ITEM_SILENT)
            diag(c->sink, is_private ? DIAG_PRIVATE_ITEM : DIAG_UNKNOWN_TYPE, tree_token_span(&c->view, n),
                 name_text(c, name), module.index != 0 ? c->program->modules[module.index].name : TEXT(""));
        return ERROR_TYPE;
    }
    operand = name_operand(c, n, NOTHING, false);
    c->spine.count = base;
    if (operand.kind == OPERAND_TYPE) return operand.type;
    if (operand.kind != OPERAND_ERROR)
        diag(c->sink, DIAG_UNKNOWN_TYPE, span_of(c, n), token_text(c->view.file_tokens, token_of(c, n)));
    return ERROR_TYPE;
}

OUT_OF_LINE static uint32_t init_value(Body *c, NodeIndex init, Expected expected) {
    if (c->view.b[init] != 0) return check(c, c->view.b[init], expected);
    Operand operand = name_operand(c, init, expected, false); // shorthand: the field's name is the value's
    return coerce(c, init, operand_value(c, operand, expected), expected);
}

OUT_OF_LINE static uint32_t struct_silent(Body *c, NodeIndex n) {
    uint32_t list = c->view.extra[c->view.b[n]], base = c->view.extra[c->view.b[n] + 1];
    for (uint32_t i = 0; i < tree_list_count(&c->view, list); i++)
        (void)init_value(c, tree_list_item(&c->view, list, i), expect(ERROR_TYPE, 0));
    if (base != 0) (void)expr(c, base, expect(ERROR_TYPE, 0));
    return node_error(c, n);
}

OUT_OF_LINE static void report_missing_fields(Body *c, NodeIndex n, const TypeDecl *d, const uint32_t *owners) {
    const VariantDecl *record = &d->variants[0];
    uint32_t missing = 0;
    Buffer names = buffer_in(c->scratch);
    for (uint32_t i = 0; i < record->field_count; i++) {
        if (owners[i] != 0) continue;
        buffer_string(&names, missing++ == 0 ? "`" : "`, `");
        buffer_text(&names, name_text(c, record->fields[i].name));
    }
    buffer_char(&names, '`');
    Text text =
        arena_format(c->scratch, "%s %.*s", missing == 1 ? "the field" : "the fields", (int)names.length, names.data);
    Diagnostic *report = diag(c->sink, DIAG_MISSING_FIELD, span_of(c, c->view.a[n]), name_text(c, d->name), text);
    if (d->module.index != c->program->prelude.index)
        diag_label(c->sink, report, d->span, TEXT("the type is declared here"));
}

// `source` of an Error may be left out: it is None.
OUT_OF_LINE static void default_source(Body *c, const TypeDecl *d, TypeId type, uint32_t *owners, NodeIndex n) {
    TypeId field;
    uint32_t index;
    if (!type_is_named(c->program, type_heads(c, type), c->program->known.error)) return;
    if (!field_find(c, type, c->known->name_source, &index, &field) || owners[index] != 0 ||
        index >= d->variants[0].field_count)
        return;
    Item none = scope_lookup(c->program, c->program->prelude, SCOPE_VALUE, c->known->name_None);
    if (none.kind != ITEM_VARIANT) return;
    uint32_t value =
        node_add(c, TYPED_CONSTRUCT, field, token_of(c, n), none.part, pairs_from_stack(c, c->stack.count));
    owners[index] = n;
    stack_push(c, index);
    stack_push(c, value);
}

uint32_t struct_literal(Body *c, NodeIndex n, Expected expected) {
    TypeId type = struct_type(c, c->view.a[n]);
    TypeShape shape = type_shape(c, type);
    if (shape.kind == TYPE_ERROR) return struct_silent(c, n);
    const TypeDecl *d = shape.kind == TYPE_NAMED ? &c->program->type_decls[shape.head] : NULL;
    if (d == NULL || d->kind != DECL_RECORD || d->has_error) {
        if (d == NULL || !d->has_error) {
            Diagnostic *report = diag(c->sink, DIAG_UNKNOWN_TYPE, span_of(c, c->view.a[n]), type_text(c, type));
            diag_note(c->sink, report, TEXT("only records are built with braces"));
        }
        return struct_silent(c, n);
    }
    if (expected.type.index != 0) (void)unify_try(c, type, expected.type);
    uint32_t list = c->view.extra[c->view.b[n]], base_node = c->view.extra[c->view.b[n] + 1];
    uint32_t base = c->stack.count, errors = 0;
    uint32_t *owners = arena_array(c->scratch, uint32_t, d->variants[0].field_count + 1);
    for (uint32_t i = 0; i < tree_list_count(&c->view, list); i++) {
        NodeIndex init = tree_list_item(&c->view, list, i);
        NameId name = {c->view.a[init]};
        TypeId field;
        uint32_t index;
        if (!field_find(c, type, name, &index, &field)) {
            Diagnostic *report = diag(c->sink, DIAG_UNKNOWN_FIELD, tree_token_span(&c->view, init), name_text(c, name),
                                      type_text(c, type));
            if (d->module.index != c->program->prelude.index)
                diag_label(c->sink, report, d->span, TEXT("the type is declared here"));
            (void)init_value(c, init, expect(ERROR_TYPE, 0));
            errors++;
            continue;
        }
        if (owners[index] != 0) {
            Diagnostic *report =
                diag(c->sink, DIAG_FIELD_GIVEN_TWICE, tree_token_span(&c->view, init), name_text(c, name));
            diag_label(c->sink, report, tree_token_span(&c->view, owners[index]), TEXT("first given here"));
            errors++;
        }
        owners[index] = init;
        uint32_t reason = 0;
        if (d->module.index == c->function->module.index) {
            Span span = d->variants[0].fields[index].span;
            reason = reason_place(c, span, "the field is declared here", field);
        }
        uint32_t value = init_value(c, init, expect(field, reason));
        stack_push(c, index);
        stack_push(c, value);
    }
    uint32_t updated = base_node == 0 ? 0 : check(c, base_node, expect(type, 0));
    if (updated == 0) default_source(c, d, type, owners, n);
    bool is_missing = false;
    for (uint32_t i = 0; i < d->variants[0].field_count; i++)
        is_missing |= owners[i] == 0;
    if (updated == 0 && is_missing && errors == 0) report_missing_fields(c, n, d, owners), errors++;
    uint32_t pairs = pairs_from_stack(c, base);
    if (errors > 0) return node_error(c, n);
    if (updated != 0) return node_add(c, TYPED_UPDATE, type, token_of(c, n), updated, pairs);
    return node_add(c, TYPED_CONSTRUCT, type, token_of(c, n), 0, pairs);
}

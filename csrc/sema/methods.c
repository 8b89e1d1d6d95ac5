// sema/methods.c: method calls and associated functions (chapter 5, method lookup).
//
// ORDER      methods that a project declares; methods of the built-in traits; the prelude's methods; a field of function type.
//            What the built-in traits offer needs no call: it becomes the typed node that means it.
#include "sema/body_internal.h"

// ---- the built-in traits' methods ---------------------------------------------------------------------------------------------------------

typedef struct TraitMethod {
    BuiltinTrait trait;
    TypedKind kind;
    TypedOp op;
    uint32_t argument_count;
} TraitMethod;

static bool trait_method(const Body *c, NameId name, TraitMethod *out) {
    const KnownNames *k = c->known;
    uint32_t id = name.index;
#define METHOD(word, trait, kind, op, count)                                                                           \
    if (id == k->name_##word.index) return *out = (TraitMethod){trait, kind, op, count}, true
    METHOD(eq, TRAIT_EQ, TYPED_BINARY, OP_EQUAL, 1);
    METHOD(equals, TRAIT_EQ, TYPED_BINARY, OP_EQUAL, 1);
    METHOD(ne, TRAIT_EQ, TYPED_BINARY, OP_NOT_EQUAL, 1);
    METHOD(not_equals, TRAIT_EQ, TYPED_BINARY, OP_NOT_EQUAL, 1);
    METHOD(lt, TRAIT_COMPARABLE, TYPED_BINARY, OP_LESS, 1);
    METHOD(le, TRAIT_COMPARABLE, TYPED_BINARY, OP_LESS_EQUAL, 1);
    METHOD(gt, TRAIT_COMPARABLE, TYPED_BINARY, OP_GREATER, 1);
    METHOD(ge, TRAIT_COMPARABLE, TYPED_BINARY, OP_GREATER_EQUAL, 1);
    METHOD(cmp, TRAIT_COMPARABLE, TYPED_COMPARE, OP_EQUAL, 1);
    METHOD(compare, TRAIT_COMPARABLE, TYPED_COMPARE, OP_EQUAL, 1);
    METHOD(hash, TRAIT_HASHABLE, TYPED_HASH, OP_EQUAL, 0);
    METHOD(to_string, TRAIT_PRINTABLE, TYPED_SHOW, OP_EQUAL, 0);
    METHOD(clone, TRAIT_CLONE, TYPED_NONE, OP_EQUAL, 0);
    METHOD(len, TRAIT_LEN, TYPED_LENGTH, OP_EQUAL, 0);
    METHOD(is_empty, TRAIT_IS_EMPTY, TYPED_LENGTH, OP_NOT_EQUAL, 0);
#undef METHOD
    return false;
}

OUT_OF_LINE static uint32_t trait_node(Body *c, NodeIndex n, TraitMethod method, uint32_t receiver, uint32_t other) {
    NodeIndex name = c->view.a[n];
    uint32_t token = token_of(c, name);
    uint32_t words[2] = {other, (uint32_t)method.op};
    switch ((int)method.kind) {
    case TYPED_BINARY:
        return node_add(c, TYPED_BINARY, BOOL_TYPE, token, receiver, extra_words(c, words, 2));
    case TYPED_COMPARE:
        return node_add(c, TYPED_COMPARE, type_named(c, c->program->known.ordering, NULL, 0), token, receiver, other);
    case TYPED_HASH:
        return node_add(c, TYPED_HASH, INT_TYPE, token, receiver, 0);
    case TYPED_SHOW:
        return node_add(c, TYPED_SHOW, STR_TYPE, token, receiver, 0);
    case TYPED_LENGTH: {
        uint32_t length = node_add(c, TYPED_LENGTH, INT_TYPE, token, receiver, 0);
        if (method.trait == TRAIT_LEN) return length;
        words[0] = node_add(c, TYPED_INT, INT_TYPE, token, 0, 0);
        words[1] = OP_EQUAL;
        return node_add(c, TYPED_BINARY, BOOL_TYPE, token, length, extra_words(c, words, 2));
    }
    default:
        return receiver; // clone: values do not change, so a copy is the value
    }
}

OUT_OF_LINE static uint32_t trait_call(Body *c, NodeIndex n, TraitMethod method, uint32_t receiver) {
    NodeIndex name = c->view.a[n];
    uint32_t list = c->view.b[n], base = c->stack.count;
    TypeId *types = arena_array(c->scratch, TypeId, 1);
    types[0] = c->type[receiver];
    NameId names[1] = {c->known->name_other};
    Signature *s = arena_new(c->scratch, Signature);
    *s = (Signature){.what = "method",
                     .name = name_text(c, (NameId){c->view.b[name]}),
                     .count = method.argument_count,
                     .types = types,
                     .names = names,
                     .result = VOID_TYPE,
                     .is_method = true,
                     .at = name};
    LengthScope *outer = c->env.length, *length = length_enter(c, receiver);
    bool is_good = arguments_check(c, s, n, list, NOTHING);
    c->env.length = outer;
    if (!is_good) return node_error(c, n);
    uint32_t other = method.argument_count == 0 ? 0 : c->stack.items[base + 1];
    c->stack.count = base;
    obligation_add(c, types[0], method.trait, name, PLACE_TOKEN);
    uint32_t node = trait_node(c, n, method, length_receiver(c, length, receiver), other);
    return length_wrap(c, length, node);
}

// ---- nothing found -----------------------------------------------------------------------------------------------------------------------------

static char letter(char c, bool ignores_case) { return ignores_case && c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

uint32_t edit_distance(Text a, Text b, bool ignores_case) { // Levenshtein 1966, one row
    enum { LONGEST = 40 };
    uint32_t row[LONGEST + 1];
    if (a.length > LONGEST || b.length > LONGEST) return 99;
    for (uint32_t j = 0; j <= b.length; j++)
        row[j] = j;
    for (uint32_t i = 1; i <= a.length; i++) {
        uint32_t diagonal = row[0];
        row[0] = i;
        for (uint32_t j = 1; j <= b.length; j++) {
            uint32_t above = row[j];
            uint32_t best = diagonal + (letter(a.data[i - 1], ignores_case) != letter(b.data[j - 1], ignores_case));
            if (above + 1 < best) best = above + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
            diagonal = above;
        }
    }
    return row[b.length];
}

void note_near(Body *c, Diagnostic *d, const Text *best, uint32_t count) {
    Buffer out = buffer_in(c->scratch);
    for (uint32_t k = 0; k < count; k++) {
        buffer_string(&out, k == 0 ? "did you mean `" : k + 1 == count ? "` or `" : "`, `");
        buffer_text(&out, best[k]);
    }
    buffer_literal(&out, "`?");
    diag_note(c->sink, d, (Text){out.data, (uint32_t)out.length});
}

static const char *const other_words[][2] = {
    // what other languages call them
    {"length", "len"},
    {"size", "len"},
    {"append", "push"},
    {"add", "push"},
    {"to_str", "to_string"},
    {"toString", "to_string"},
    {"substring", "slice"},
    {"substr", "slice"},
    {"reduce", "fold"},
    {"forEach", "each"},
    {"for_each", "each"},
    {"sorted", "sort"},
    {"reversed", "reverse"},
    {"includes", "contains"},
    {"has", "contains"},
    {"uppercase", "upper"},
    {"to_upper", "upper"},
    {"lowercase", "lower"},
    {"to_lower", "lower"},
    {"strip", "trim"},
    {"startswith", "starts_with"},
    {"endswith", "ends_with"},
    {"distinct", "unique"},
    {"put", "insert"},
    {"unwrap_or_default", "unwrap_or"},
    {"drop", "skip"},
    {"isEmpty", "is_empty"},
};

static void note_near_methods(Body *c, Diagnostic *d, TypeShape type, NameId name) {
    Text wanted = name_text(c, name), best[3] = {{0}};
    uint32_t count = 0;
    for (uint32_t i = 1; i <= c->program->impl_count; i++) {
        const ImplDecl *impl = &c->program->impls[i];
        const TypeInfo *self = type_info(c->program->types, impl->self_type);
        if (impl->trait.index != 0) continue;
        if (self->kind != (uint8_t)type.kind || self->head != type.head) continue;
        for (uint32_t m = impl->first_method; m < impl->first_method + impl->method_count; m++) {
            Text text = name_text(c, c->program->functions[m].name);
            bool is_near = edit_distance(wanted, text, false) <= (wanted.length > 4 ? 2u : 1u);
            for (size_t k = 0; k < sizeof other_words / sizeof other_words[0] && !is_near; k++)
                is_near =
                    text_equal(wanted, text_from(other_words[k][0])) && text_equal(text, text_from(other_words[k][1]));
            for (uint32_t k = 0; k < count; k++)
                is_near = is_near && !text_equal(best[k], text);
            if (!is_near || count == 3 || text.length < 2) continue;
            uint32_t at = count++;
            for (; at > 0 && text_compare(text, best[at - 1]) < 0; at--)
                best[at] = best[at - 1];
            best[at] = text;
        }
    }
    if (count == 0) return;
    note_near(c, d, best, count);
}

static const char *trait_word(BuiltinTrait trait) {
    switch (trait) {
    case TRAIT_EQ:
        return "Eq";
    case TRAIT_COMPARABLE:
        return "Comparable";
    case TRAIT_HASHABLE:
        return "Hashable";
    case TRAIT_PRINTABLE:
        return "Printable";
    case TRAIT_CLONE:
        return "Clone";
    case TRAIT_DEFAULT:
        return "Default";
    default:
        return NULL;
    }
}

OUT_OF_LINE static uint32_t method_missing(Body *c, NodeIndex n, NodeIndex name, TypeId type,
                                           const TraitMethod *method) {
    TypeShape shape = type_shape(c, type);
    (void)arguments_silent(c, n, c->view.b[n]);
    Diagnostic *d = diag(c->sink, DIAG_NO_SUCH_METHOD, tree_token_span(&c->view, name),
                         name_text(c, (NameId){c->view.b[name]}), type_text(c, type));
    if (method != NULL && trait_word(method->trait) != NULL && shape.kind == TYPE_NAMED &&
        c->program->type_decls[shape.head].module.index != c->program->prelude.index) {
        diag_note(c->sink, d, arena_format(c->scratch, "it has it with `#[derive(%s)]`", trait_word(method->trait)));
        return node_error(c, n);
    }
    if (shape.kind == TYPE_PARAMETER && method != NULL && trait_word(method->trait) != NULL) {
        Text text = type_text(c, type);
        diag_note(c->sink, d,
                  arena_format(c->scratch, "it has it with the bound `%.*s: %s`", (int)text.length, text.data,
                               trait_word(method->trait)));
        return node_error(c, n);
    }
    note_near_methods(c, d, shape, (NameId){c->view.b[name]});
    note_trait_to_import(c, d, type, (NameId){c->view.b[name]});
    if (is_named(c, type, c->program->known.option, NULL) || is_named(c, type, c->program->known.result, NULL)) {
        FunctionId found;
        if (shape.arg_count > 0 && !is_open(c, shape.args[0]) &&
            methods_find(c->program, c->function->module, type_heads(c, shape.args[0]), (NameId){c->view.b[name]},
                         &found, 1) > 0)
            diag_note(c->sink, d,
                      TEXT("its part has this method; take it out first, with `??`, `?`, `.map(…)` or `match`"));
    }
    return node_error(c, n);
}

// ---- lookup ------------------------------------------------------------------------------------------------------------------------------------

// How many parameters a function argument has, where that can be seen without checking it.
bool argument_arity(Body *c, NodeIndex argument, uint32_t *arity) {
    if (c->view.kinds[argument] == NODE_NAMED_ARG) argument = c->view.b[argument];
    if (c->view.kinds[argument] == NODE_LAMBDA) {
        *arity = tree_list_count(&c->view, c->view.extra[c->view.a[argument]]);
        return true;
    }
    if (c->view.kinds[argument] != NODE_NAME) return false;
    NameId name = {c->view.a[argument]};
    const Binding *binding = binding_find(c, name);
    if (binding != NULL) {
        TypeShape shape = type_shape(c, c->locals.items[binding->local].type);
        *arity = shape.arg_count - 1;
        return shape.kind == TYPE_FUNCTION;
    }
    Item item = scope_lookup(c->program, c->function->module, SCOPE_VALUE, name);
    if (item.kind != ITEM_FUNCTION) return false;
    *arity = c->program->functions[item.index].parameter_count;
    return true;
}

typedef struct Found {
    FunctionId function;
    const TypeId *instance;
    uint32_t candidates; // methods of that name, whether they fit or not
    FunctionId first;
} Found;

static TypeId self_type_of(Body *c, const Function *f, const TypeId *instance) {
    if (f->has_self) return instantiate(c, f->parameters[0].type, instance, f->generics.count);
    if (f->impl.index == 0) return ERROR_TYPE;
    return instantiate(c, c->program->impls[f->impl.index].self_type, instance, f->generics.count);
}

OUT_OF_LINE static Found method_find(Body *c, NodeIndex n, NameId name, TypeId type, bool with_self) {
    enum { LIMIT = 16 };
    FunctionId *candidates = arena_array(c->scratch, FunctionId, LIMIT);
    uint32_t count = methods_find(c->program, c->function->module, type_heads(c, type), name, candidates, LIMIT);
    if (count > LIMIT) count = LIMIT;
    Found found = {0};
    for (uint32_t i = 0; i < count; i++) {
        const Function *f = &c->program->functions[candidates[i].index];
        if (with_self && !f->has_self) continue;
        if (found.candidates++ == 0) found.first = candidates[i];
        const TypeId *instance = fresh_arguments(c, f->generics.count, token_of(c, n));
        if (!unify_try(c, self_type_of(c, f, instance), type)) continue;
        found.function = candidates[i];
        found.instance = instance;
        return found;
    }
    return found;
}

static bool is_prelude(const Body *c, FunctionId function) {
    return c->program->functions[function.index].module.index == c->program->prelude.index;
}

static uint32_t method_on(Body *c, NodeIndex n, uint32_t receiver, Expected expected) {
    NodeIndex name_node = c->view.a[n];
    NameId name = {c->view.b[name_node]};
    TypeId type = c->type[receiver];
    uint32_t list = c->view.b[n], arity;
    if (name_equal(name, c->known->name_sort_by) && tree_list_count(&c->view, list) == 1 &&
        is_kind(c, type, TYPE_LIST) && argument_arity(c, tree_list_item(&c->view, list, 0), &arity) && arity == 2)
        name = c->known->name_sort_by_comparison;
    Found found = method_find(c, name_node, name, type, true);
    TraitMethod method;
    bool is_trait = trait_method(c, name, &method);
    TypeKind kind = type_shape(c, type).kind;
    bool is_declared = kind == TYPE_NAMED || kind == TYPE_PARAMETER || kind == TYPE_ASSOCIATED || kind == TYPE_DYN;
    if (is_trait && method.trait == TRAIT_IS_EMPTY && is_declared) is_trait = false; // not by its length
    bool is_own = found.function.index != 0 && !is_prelude(c, found.function);
    // What a built-in trait would mean by the name counts only where the type has that trait.
    bool is_trait_offer = is_trait && trait_solve(c->program, &c->function->generics, type_heads(c, type),
                                                  c->program->builtin_traits[method.trait])
                                              .answer != SOLVE_NO;
    TraitOffer offer = {0};
    if (!is_own && !is_trait_offer && trait_offer_find(c, name, type, true, token_of(c, name_node), &offer)) {
        if (offer.other.index != 0) return trait_offer_ambiguous(c, n, name_node, &offer);
        if (offer.waits_for.index != 0) {
            Waiting *w = wait_for(c, WAIT_METHOD, n, offer.waits_for, type_variable(c, token_of(c, name_node)));
            w->receiver = receiver;
            return w->node;
        }
        return call_function(c, n, name_node, offer.function, receiver, offer.instance, expected);
    }
    ExtensionOffer extension;
    if (!is_own && !is_trait_offer && extension_find(c, name, type, true, token_of(c, name_node), &extension)) {
        if (extension.waits_for.index != 0) {
            Waiting *w = wait_for(c, WAIT_METHOD, n, extension.waits_for, type_variable(c, token_of(c, name_node)));
            w->receiver = receiver;
            return w->node;
        }
        if (extension.other.index != 0) return extension_clash(c, n, name_node, &extension);
        if (found.candidates > 0) extension_hides(c, name_node, extension.function);
        return call_function(c, n, name_node, extension.function, receiver, extension.instance, expected);
    }
    if (found.function.index != 0 && (!is_prelude(c, found.function) || !is_trait || method.kind != TYPED_NONE))
        return call_function(c, n, name_node, found.function, receiver, found.instance, expected);
    if (is_trait && found.candidates == 0) {
        SolveResult solved = trait_solve(c->program, &c->function->generics, type_heads(c, type),
                                         c->program->builtin_traits[method.trait]);
        if (solved.answer == SOLVE_NO) return method_missing(c, n, name_node, type, &method);
    }
    if (is_trait && (found.candidates == 0 || found.function.index != 0)) return trait_call(c, n, method, receiver);
    if (found.candidates > 0) { // the head fits, a part does not: `[1].flatten()`
        const Function *f = &c->program->functions[found.first.index];
        TypeId wanted = self_type_of(c, f, fresh_arguments(c, f->generics.count, token_of(c, n)));
        Span span = span_of(c, c->view.a[name_node]);
        (void)arguments_silent(c, n, list);
        Diagnostic *d = report_mismatch(c, span, type, expect(wanted, 0), 0);
        Text text = name_text(c, name);
        diag_label(c->sink, d, tree_token_span(&c->view, name_node),
                   arena_format(c->scratch, "`%.*s` needs it", (int)text.length, text.data));
        return node_error(c, n);
    }
    TypeId field;
    uint32_t index;
    if (field_find(c, type, name, &index, &field)) {
        uint32_t value = node_add(c, TYPED_FIELD, field, token_of(c, name_node), receiver, index);
        return call_step(c, n, (Operand){.kind = OPERAND_VALUE, .value = value, .node = name_node}, expected);
    }
    return method_missing(c, n, name_node, type, is_trait ? &method : NULL);
}

uint32_t method_call(Body *c, NodeIndex n, Operand callee, Expected expected) {
    TypeId type = c->type[callee.value];
    if (is_error(c, type)) return arguments_silent(c, n, c->view.b[n]);
    if (is_kind(c, type, TYPE_NEVER)) {
        (void)arguments_silent(c, n, c->view.b[n]);
        return callee.value;
    }
    if (is_open(c, type)) {
        Waiting *w = wait_for(c, WAIT_METHOD, n, type, type_variable(c, token_of(c, callee.node)));
        w->receiver = callee.value;
        return w->node;
    }
    return method_on(c, n, callee.value, expected);
}

void waiting_settle(Body *c, const Waiting *w, uint32_t node) {
    node_put(c, w->node, (TypedKind)c->kind[node], c->type[node], c->token[node], c->a[node], c->b[node]);
    TypeId type = c->type[node];
    if (is_kind(c, type, TYPE_NEVER)) return;
    UnifyAnswer answer = unify(c, type, w->result);
    if (answer == UNIFY_DIFFERS && dyn_wraps(c, type, w->result)) {
        uint32_t wrapped = dyn_wrap(c, w->syntax, node, w->result);
        node_put(c, w->node, (TypedKind)c->kind[wrapped], c->type[wrapped], c->token[wrapped], c->a[wrapped],
                 c->b[wrapped]);
        return;
    }
    if (answer == UNIFY_DIFFERS)
        (void)report_mismatch(c, span_of(c, w->syntax), type, expect(w->result, w->reason), w->syntax);
    else if (answer != UNIFY_OK)
        report_unify(c, answer, span_of(c, w->syntax));
}

bool method_complete(Body *c, Waiting *w) {
    if (is_open(c, w->type)) return false;
    Waiting copy = *w; // the list may move while the arguments are checked
    uint32_t node;
    if (is_error(c, copy.type))
        node = arguments_silent(c, copy.syntax, c->view.b[copy.syntax]);
    else
        node = method_on(c, copy.syntax, copy.receiver, expect(copy.result, copy.reason));
    waiting_settle(c, &copy, node);
    return true;
}

// ---- Type.f(…) ------------------------------------------------------------------------------------------------------------------------------------

uint32_t associated_call(Body *c, NodeIndex n, Operand callee, Expected expected) {
    NameId name = {c->view.b[callee.node]};
    uint32_t list = c->view.b[n], token = token_of(c, callee.node);
    Found found = method_find(c, callee.node, name, callee.type, false);
    if (found.function.index != 0) return call_function(c, n, callee.node, found.function, 0, found.instance, expected);
    TraitOffer offer = {0};
    TraitMethod known;
    bool is_built_in = trait_method(c, name, &known) || name_equal(name, c->known->name_default);
    if (!is_built_in && !is_open(c, callee.type) && trait_offer_find(c, name, callee.type, false, token, &offer) &&
        offer.waits_for.index == 0) {
        if (offer.other.index != 0) return trait_offer_ambiguous(c, n, callee.node, &offer);
        return call_function(c, n, callee.node, offer.function, 0, offer.instance, expected);
    }
    ExtensionOffer extension;
    if (!is_built_in && !is_open(c, callee.type) && extension_find(c, name, callee.type, false, token, &extension) &&
        extension.waits_for.index == 0) {
        if (extension.other.index != 0) return extension_clash(c, n, callee.node, &extension);
        return call_function(c, n, callee.node, extension.function, 0, extension.instance, expected);
    }
    if (name_equal(name, c->known->name_default) && tree_list_count(&c->view, list) == 0) {
        if (expected.type.index != 0) (void)unify_try(c, callee.type, expected.type);
        obligation_add(c, callee.type, TRAIT_DEFAULT, n, PLACE_WHOLE);
        return node_add(c, TYPED_DEFAULT, callee.type, token, 0, 0);
    }
    TraitMethod method;
    if (trait_method(c, name, &method) &&
        tree_list_count(&c->view, list) == method.argument_count + 1) { // int.compare(a, b)
        uint32_t values[2] = {0, 0};
        for (uint32_t i = 0; i <= method.argument_count; i++)
            values[i] = check(c, tree_list_item(&c->view, list, i), expect(callee.type, 0));
        obligation_add(c, callee.type, method.trait, callee.node, PLACE_TOKEN);
        return trait_node(c, n, method, values[0], values[1]);
    }
    return method_missing(c, n, callee.node, callee.type, NULL);
}

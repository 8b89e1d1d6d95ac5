// sema/patterns.c: patterns of match, let and for (chapter 7).
//
// HOW        A pattern is checked against the type of what it matches and binds its names as it goes. Alternatives bind the
//            same locals: each later one binds locals of its own at first, which are then renamed to those of the first.
#include "sema/body_internal.h"

static uint32_t pattern_error(Body *c, NodeIndex n) {
    return node_add(c, TYPED_PAT_WILDCARD, ERROR_TYPE, token_of(c, n), 0, 0);
}

static void pattern_unify(Body *c, NodeIndex n, TypeId found, TypeId type) {
    UnifyAnswer answer = unify(c, found, type);
    if (answer == UNIFY_DIFFERS)
        (void)report_mismatch(c, span_of(c, n), found, expect(type, 0), 0);
    else if (answer != UNIFY_OK)
        report_unify(c, answer, span_of(c, n));
}

// ---- names --------------------------------------------------------------------------------------------------------------------------------

typedef struct PatternScope { // of the pattern in progress; alternatives have one each
    Binding *start;           // bindings newer than this belong to it
    bool is_mutable, is_let;
} PatternScope;

static uint32_t pattern_at(Body *c, NodeIndex n, TypeId type, const PatternScope *scope);

OUT_OF_LINE static uint32_t pattern_bind(Body *c, NameId name, TypeId type, Span span, const PatternScope *scope) {
    for (const Binding *b = c->env.bindings; b != scope->start && b != NULL; b = b->outer) {
        if (!name_equal(b->name, name)) continue;
        Diagnostic *d = diag(c->sink, DIAG_NAME_BOUND_TWICE, span, name_text(c, name));
        diag_label(c->sink, d, c->local_infos.items[b->local].span, TEXT("first bound here"));
        break;
    }
    uint32_t local = local_add(c, name, type, span);
    c->locals.items[local].is_mutable = scope->is_mutable;
    c->local_infos.items[local].is_let = scope->is_let;
    (void)bind(c, name, local);
    return local;
}

OUT_OF_LINE static uint32_t name_pattern(Body *c, NodeIndex n, NameId name, TypeId type, const PatternScope *scope) {
    uint32_t local = pattern_bind(c, name, type, tree_token_span(&c->view, n), scope);
    return node_add(c, TYPED_PAT_BIND, type, token_of(c, n), local, 0);
}

static bool is_upper(Text text) { return text.length > 0 && text.data[0] >= 'A' && text.data[0] <= 'Z'; }

// ---- literals and ranges ----------------------------------------------------------------------------------------------------------------------

static bool literal_bits(Body *c, NodeIndex n, TypeId type, TypeId *found, uint64_t *bits) {
    NodeIndex literal = c->view.a[n];
    bool is_negative = c->view.b[n] != 0;
    uint32_t value = c->view.a[literal];
    switch ((int)c->view.kinds[literal]) {
    case NODE_INT:
        *bits = c->view.file_tokens->literals[value];
        *found = INT_TYPE;
        if (is_kind(c, type, TYPE_BYTE)) {
            *found = BYTE_TYPE;
            if (*bits > 255 || (is_negative && *bits > 0))
                diag(c->sink, DIAG_INT_TOO_LARGE, span_of(c, n), TEXT("byte"));
        }
        break;
    case NODE_FLOAT:
        *bits = c->view.file_tokens->literals[value] ^ (is_negative ? 1ull << 63 : 0);
        *found = FLOAT_TYPE;
        return true;
    case NODE_STR:
        *bits = value, *found = STR_TYPE;
        return true;
    case NODE_CHAR:
        *bits = value, *found = CHAR_TYPE;
        return true;
    case NODE_BOOL:
        *bits = value, *found = BOOL_TYPE;
        return true;
    case NODE_DURATION:
        *bits = c->view.file_tokens->literals[value], *found = TYPE_ID(TYPE_DURATION);
        break;
    case NODE_SIZE:
        *bits = c->view.file_tokens->literals[value], *found = TYPE_ID(TYPE_SIZE);
        break;
    default:
        return false;
    }
    if (is_negative) *bits = ~*bits + 1;
    return true;
}

OUT_OF_LINE static uint32_t literal_pattern(Body *c, NodeIndex n, TypeId type) {
    TypeId found;
    uint64_t bits;
    if (c->view.kinds[c->view.a[n]] == NODE_UNIT) {
        pattern_unify(c, n, VOID_TYPE, type);
        return node_add(c, TYPED_PAT_WILDCARD, VOID_TYPE, token_of(c, n), 0, 0);
    }
    if (!literal_bits(c, n, type, &found, &bits)) return pattern_error(c, n);
    pattern_unify(c, n, found, type);
    if (found.index == TYPE_STR) return node_add(c, TYPED_PAT_STR, found, token_of(c, n), (uint32_t)bits, 0);
    TypedKind kind = found.index == TYPE_FLOAT ? TYPED_PAT_FLOAT : TYPED_PAT_INT;
    return node_add(c, kind, found, token_of(c, n), (uint32_t)bits, (uint32_t)(bits >> 32));
}

OUT_OF_LINE static uint32_t range_pattern(Body *c, NodeIndex n, TypeId type) {
    NodeIndex ends[2] = {c->view.a[n], c->view.b[n]};
    bool is_inclusive = c->view.kinds[n] == NODE_PAT_RANGE_INCLUSIVE;
    uint64_t bits[2] = {0, 0};
    TypeId found = {0};
    for (uint32_t i = 0; i < 2; i++) {
        TypeId end;
        if (ends[i] == 0) continue;
        if (!literal_bits(c, ends[i], type, &end, &bits[i])) return pattern_error(c, n);
        if (end.index != TYPE_INT && end.index != TYPE_CHAR && end.index != TYPE_BYTE) {
            Text text = type_text(c, end);
            diag(c->sink, DIAG_OPERATOR_UNDEFINED, tree_token_span(&c->view, n),
                 is_inclusive ? TEXT("..=") : TEXT(".."),
                 arena_format(c->scratch, "`%.*s`", (int)text.length, text.data));
            return pattern_error(c, n);
        }
        if (found.index == 0)
            found = end;
        else
            pattern_unify(c, ends[i], end, found);
    }
    pattern_unify(c, n, found, type);
    int64_t low = (int64_t)bits[0], high = (int64_t)bits[1];
    bool is_empty = ends[0] != 0 && ends[1] != 0 && (is_inclusive ? low > high : low >= high);
    if (ends[1] != 0 && !is_inclusive) {
        int64_t least = found.index == TYPE_INT ? INT64_MIN : 0;
        if (high == least)
            is_empty = true;
        else
            high--;
    }
    if (is_empty) {
        diag0(c->sink, DIAG_EMPTY_RANGE, span_of(c, n));
        return pattern_error(c, n);
    }
    uint32_t words[4] = {(uint32_t)bits[0], (uint32_t)(bits[0] >> 32), (uint32_t)(uint64_t)high,
                         (uint32_t)((uint64_t)high >> 32)};
    uint32_t flags = (ends[0] != 0 ? 1u : 0u) | (ends[1] != 0 ? 2u : 0u);
    return node_add(c, TYPED_PAT_RANGE, found, token_of(c, n), flags, extra_words(c, words, 4));
}

// ---- variants, records, newtypes -----------------------------------------------------------------------------------------------------------------

static bool decl_variant(const Body *c, uint32_t decl, NameId name, uint32_t *variant) {
    const TypeDecl *d = &c->program->type_decls[decl];
    for (uint32_t i = 0; d->kind == DECL_SUM && i < d->variant_count; i++)
        if (name_equal(d->variants[i].name, name)) return *variant = i, true;
    return false;
}

typedef enum VariantAnswer { VARIANT_FOUND, VARIANT_UNKNOWN, VARIANT_SILENT } VariantAnswer;

static VariantAnswer variant_by_name(Body *c, NameId name, TypeId type, uint32_t *decl, uint32_t *variant) {
    TypeShape shape = type_shape(c, type);
    Item item = scope_lookup(c->program, c->function->module, SCOPE_VALUE, name);
    if (shape.kind == TYPE_NAMED && decl_variant(c, shape.head, name, variant))
        return *decl = shape.head, VARIANT_FOUND;
    if (item.kind == ITEM_VARIANT) return *decl = item.index, *variant = item.part, VARIANT_FOUND;
    if (item.kind == ITEM_SILENT) return VARIANT_SILENT;
    if (item.kind == ITEM_AMBIGUOUS) {
        if (shape.kind == TYPE_ERROR) return VARIANT_SILENT;
        *decl = item.index;
        return decl_variant(c, item.index, name, variant) ? VARIANT_FOUND : VARIANT_UNKNOWN;
    }
    item = scope_lookup(c->program, c->function->module, SCOPE_TYPE, name);
    if (item.kind == ITEM_TYPE && c->program->type_decls[item.index].kind == DECL_NEWTYPE)
        return *decl = item.index, *variant = 0, VARIANT_FOUND;
    return item.kind == ITEM_SILENT ? VARIANT_SILENT : VARIANT_UNKNOWN;
}

// The names of a TYPE_PATH: `Some`, `Shape.Circle`, `shapes.Shape.Circle`, `UserId`.
OUT_OF_LINE static VariantAnswer variant_by_path(Body *c, NodeIndex path, TypeId type, uint32_t *decl,
                                                 uint32_t *variant) {
    uint32_t names = c->view.a[path], count = tree_list_count(&c->view, names);
    if (count == 0) return VARIANT_SILENT;
    NameId last = {tree_list_item(&c->view, names, count - 1)};
    if (count == 1) return variant_by_name(c, last, type, decl, variant);
    NameId before = {tree_list_item(&c->view, names, count - 2)};
    Item item = {0};
    if (count == 2) {
        if (name_equal(before, c->known->name_Self) && c->type_scope.self_type.index != 0) {
            TypeShape self = type_shape(c, c->type_scope.self_type);
            if (self.kind != TYPE_NAMED) return VARIANT_UNKNOWN;
            *decl = self.head;
            return decl_variant(c, self.head, last, variant) ? VARIANT_FOUND : VARIANT_UNKNOWN;
        }
        item = scope_lookup(c->program, c->function->module, SCOPE_TYPE, before);
    } else {
        NameId *module_names = arena_array(c->scratch, NameId, count);
        for (uint32_t i = 0; i + 2 < count; i++)
            module_names[i] = (NameId){tree_list_item(&c->view, names, i)};
        ModuleId module = scope_module_path(c->program, c->function->module, module_names, count - 2);
        bool is_private = false;
        if (module.index != 0)
            item = module_member(c->program, c->function->module, module, SCOPE_TYPE, before, &is_private);
    }
    if (item.kind == ITEM_SILENT) return VARIANT_SILENT;
    if (item.kind == ITEM_TYPE) {
        *decl = item.index;
        return decl_variant(c, item.index, last, variant) ? VARIANT_FOUND : VARIANT_UNKNOWN;
    }
    NameId *module_names = arena_array(c->scratch, NameId, count); // module.Newtype, module.Variant
    for (uint32_t i = 0; i + 1 < count; i++)
        module_names[i] = (NameId){tree_list_item(&c->view, names, i)};
    ModuleId module = scope_module_path(c->program, c->function->module, module_names, count - 1);
    if (module.index == 0) return VARIANT_UNKNOWN;
    bool is_private = false;
    item = module_member(c->program, c->function->module, module, SCOPE_VALUE, last, &is_private);
    if (item.kind == ITEM_VARIANT) return *decl = item.index, *variant = item.part, VARIANT_FOUND;
    item = module_member(c->program, c->function->module, module, SCOPE_TYPE, last, &is_private);
    if (item.kind == ITEM_TYPE && c->program->type_decls[item.index].kind == DECL_NEWTYPE)
        return *decl = item.index, *variant = 0, VARIANT_FOUND;
    return VARIANT_UNKNOWN;
}

void report_unknown_variant(Body *c, Span span, Text name, TypeId type) {
    Diagnostic *d = diag(c->sink, DIAG_UNKNOWN_VARIANT, span, name);
    TypeShape shape = type_shape(c, type);
    if (shape.kind != TYPE_NAMED || c->program->type_decls[shape.head].kind != DECL_SUM) return;
    const TypeDecl *decl = &c->program->type_decls[shape.head];
    Buffer names = buffer_in(c->scratch);
    for (uint32_t i = 0; i < decl->variant_count && i < 10; i++) {
        buffer_string(&names, i == 0 ? "its variants are `" : "`, `");
        buffer_text(&names, name_text(c, decl->variants[i].name));
    }
    buffer_char(&names, '`');
    diag_note(c->sink, d, (Text){names.data, (uint32_t)names.length});
}

// Names bound inside a pattern that is wrong stay known, so that the arm's body is silent about them.
OUT_OF_LINE static void bind_silently(Body *c, uint32_t list, const PatternScope *scope) {
    for (uint32_t i = 0; i < tree_list_count(&c->view, list); i++) {
        NodeIndex item = tree_list_item(&c->view, list, i);
        if (c->view.kinds[item] == NODE_PAT_FIELD && c->view.b[item] == 0) {
            uint32_t local =
                pattern_bind(c, (NameId){c->view.a[item]}, ERROR_TYPE, tree_token_span(&c->view, item), scope);
            c->local_infos.items[local].is_used = true;
            continue;
        }
        if (c->view.kinds[item] == NODE_PAT_FIELD) item = c->view.b[item];
        if (c->view.kinds[item] != NODE_PAT_REST) (void)pattern_at(c, item, ERROR_TYPE, scope);
    }
}

OUT_OF_LINE static void report_part_count(Body *c, Span span, Text name, uint32_t has, const char *singular,
                                          const char *plural, uint32_t found, bool could_rest) {
    Diagnostic *d = diag(c->sink, DIAG_WRONG_PART_COUNT, span, name, count_text(c, has, singular, plural),
                         arena_format(c->scratch, "%u", found));
    if (could_rest && found < has) diag_note(c->sink, d, TEXT("`..` at the end ignores the rest"));
}

static uint32_t field_index(const VariantDecl *v, NameId name) {
    uint32_t i = 0;
    while (i < v->field_count && !name_equal(v->fields[i].name, name))
        i++;
    return i;
}

static uint32_t field_pattern(Body *c, NodeIndex item, TypeId type, const PatternScope *scope) {
    if (c->view.kinds[item] != NODE_PAT_FIELD) return pattern_at(c, item, type, scope);
    if (c->view.b[item] != 0) return pattern_at(c, c->view.b[item], type, scope);
    return name_pattern(c, item, (NameId){c->view.a[item]}, type, scope);
}

// The parts of a variant, record or newtype: positional or named, `..` for the rest.
OUT_OF_LINE static uint32_t parts_pattern(Body *c, NodeIndex n, const VariantDecl *v, Text shown, uint32_t variant,
                                          TypeId type, TypeShape shape, uint32_t list, const PatternScope *scope) {
    uint32_t count = tree_list_count(&c->view, list), given = 0, base = c->stack.count;
    bool has_rest = false, is_wrong = false;
    for (uint32_t i = 0; i < v->field_count; i++)
        stack_push(c, 0);
    for (uint32_t i = 0; i < count; i++) {
        NodeIndex item = tree_list_item(&c->view, list, i);
        if (c->view.kinds[item] == NODE_PAT_REST) {
            has_rest = true;
            continue;
        }
        uint32_t index = given;
        bool is_named = c->view.kinds[item] == NODE_PAT_FIELD;
        given++;
        if (is_named) {
            NameId name = {c->view.a[item]};
            index = field_index(v, name);
            if (index == v->field_count) {
                diag(c->sink, DIAG_UNKNOWN_FIELD, tree_token_span(&c->view, item), name_text(c, name), shown);
                is_wrong = true;
            } else if (c->stack.items[base + index] != 0) {
                diag(c->sink, DIAG_FIELD_GIVEN_TWICE, tree_token_span(&c->view, item), name_text(c, name));
                is_wrong = true;
            }
        }
        TypeId part =
            index < v->field_count ? instantiate(c, v->fields[index].type, shape.args, shape.arg_count) : ERROR_TYPE;
        uint32_t typed = field_pattern(c, item, part, scope);
        if (index < v->field_count) c->stack.items[base + index] = typed;
    }
    if (!is_wrong && (given > v->field_count || (given < v->field_count && !has_rest)))
        report_part_count(c, span_of(c, n), shown, v->field_count, "field", "fields", given, true);
    for (uint32_t i = 0; i < v->field_count; i++) {
        if (c->stack.items[base + i] != 0) continue;
        TypeId part = instantiate(c, v->fields[i].type, shape.args, shape.arg_count);
        c->stack.items[base + i] = node_add(c, TYPED_PAT_WILDCARD, part, token_of(c, n), 0, 0);
    }
    return node_add(c, TYPED_PAT_CONSTRUCT, type, token_of(c, n), variant, list_from_stack(c, base));
}

OUT_OF_LINE static uint32_t construct_pattern(Body *c, NodeIndex n, uint32_t decl, uint32_t variant, TypeId type,
                                              bool has_list, uint32_t list, const PatternScope *scope) {
    const TypeDecl *d = &c->program->type_decls[decl];
    if (d->has_error) {
        bind_silently(c, list, scope);
        return pattern_error(c, n);
    }
    const VariantDecl *v = &d->variants[variant];
    Text shown = name_text(c, d->kind == DECL_SUM ? v->name : d->name);
    TypeId sum = type_by_item(c, (TypeDeclId){decl}, token_of(c, n));
    UnifyAnswer answer = unify(c, sum, type);
    if (answer != UNIFY_OK) {
        if (answer == UNIFY_DIFFERS)
            (void)report_mismatch(c, span_of(c, n), sum, expect(type, 0), 0);
        else
            report_unify(c, answer, span_of(c, n));
        bind_silently(c, list, scope);
        return pattern_error(c, n);
    }
    if (!has_list && v->field_count > 0) {
        report_part_count(c, span_of(c, n), shown, v->field_count, "field", "fields", 0, false);
        return pattern_error(c, n);
    }
    return parts_pattern(c, n, v, shown, variant, sum, type_shape(c, sum), list, scope);
}

OUT_OF_LINE static uint32_t variant_pattern(Body *c, NodeIndex n, TypeId type, const PatternScope *scope) {
    NodeIndex path = c->view.a[n];
    uint32_t decl = 0, variant = 0, list = c->view.b[n];
    VariantAnswer answer = variant_by_path(c, path, type, &decl, &variant);
    if (answer == VARIANT_FOUND) return construct_pattern(c, n, decl, variant, type, list != 0, list, scope);
    if (answer == VARIANT_UNKNOWN && !is_error(c, type)) {
        Span span = span_of(c, path);
        report_unknown_variant(c, span, (Text){c->module->source->text.data + span.start, span.end - span.start}, type);
    }
    bind_silently(c, list, scope);
    return pattern_error(c, n);
}

OUT_OF_LINE static uint32_t record_pattern(Body *c, NodeIndex n, TypeId type, const PatternScope *scope) {
    NodeIndex written = c->view.a[n];
    uint32_t list = c->view.b[n];
    TypeShape shape = type_shape(c, type);
    if (written != 0) {
        uint32_t names = c->view.a[written], count = tree_list_count(&c->view, names);
        TypeId found;
        TypeDeclId decl = {0};
        if (count == 1 && tree_list_count(&c->view, c->view.b[written]) == 0) {
            NameId name = {tree_list_item(&c->view, names, 0)};
            found = type_by_name(c, name, token_of(c, n), &decl);
            if (name_equal(name, c->known->name_Self) && c->type_scope.self_type.index != 0)
                found = c->type_scope.self_type;
            if (found.index == 0) found = type_resolve(&c->type_scope, written);
        } else {
            found = type_resolve(&c->type_scope, written);
        }
        UnifyAnswer answer = unify(c, found, type);
        if (answer == UNIFY_DIFFERS) (void)report_mismatch(c, span_of(c, n), found, expect(type, 0), 0);
        type = found;
        shape = type_shape(c, found);
        if (answer != UNIFY_OK) shape.kind = TYPE_ERROR;
    }
    if (shape.kind == TYPE_NAMED && c->program->type_decls[shape.head].kind == DECL_RECORD &&
        !c->program->type_decls[shape.head].has_error) {
        const TypeDecl *d = &c->program->type_decls[shape.head];
        return parts_pattern(c, n, &d->variants[0], name_text(c, d->name), 0, type, shape, list, scope);
    }
    if (shape.kind == TYPE_RECORD) {
        VariantDecl *v = arena_new(c->scratch, VariantDecl);
        FieldDecl *fields = arena_array(c->scratch, FieldDecl, shape.arg_count);
        for (uint32_t i = 0; i < shape.arg_count; i++)
            fields[i] = (FieldDecl){.name = {shape.args[shape.arg_count + i].index}, .type = shape.args[i]};
        v->fields = fields;
        v->field_count = shape.arg_count;
        shape.arg_count = 0; // the fields' types need no substitution
        return parts_pattern(c, n, v, type_text(c, type), 0, type, shape, list, scope);
    }
    if (shape.kind == TYPE_NONE) {
        Diagnostic *d = diag0(c->sink, DIAG_TYPE_NEEDED, span_of(c, n));
        diag_note(c->sink, d, TEXT("write the record's name before the `{`"));
    } else if (shape.kind != TYPE_ERROR &&
               (shape.kind != TYPE_NAMED || !c->program->type_decls[shape.head].has_error)) {
        diag(c->sink, DIAG_TYPE_MISMATCH, span_of(c, n), type_text(c, type), TEXT("a record"));
    }
    bind_silently(c, list, scope);
    return pattern_error(c, n);
}

// ---- tuples, lists, alternatives ----------------------------------------------------------------------------------------------------------------

OUT_OF_LINE static uint32_t tuple_pattern(Body *c, NodeIndex n, TypeId type, const PatternScope *scope) {
    uint32_t list = c->view.b[n], count = tree_list_count(&c->view, list), base = c->stack.count;
    if (count == 0) {
        pattern_unify(c, n, VOID_TYPE, type);
        return node_add(c, TYPED_PAT_WILDCARD, VOID_TYPE, token_of(c, n), 0, 0);
    }
    if (count == 1) return pattern_at(c, tree_list_item(&c->view, list, 0), type, scope);
    TypeShape shape = type_shape(c, type);
    if (shape.kind == TYPE_NONE) {
        TypeId *parts = arena_array(c->scratch, TypeId, count);
        for (uint32_t i = 0; i < count; i++)
            parts[i] = type_variable(c, token_of(c, n));
        pattern_unify(c, n, body_type(c, TYPE_TUPLE, 0, parts, count), type);
        shape = type_shape(c, type);
    }
    if (shape.kind != TYPE_TUPLE || shape.arg_count != count) {
        if (shape.kind == TYPE_TUPLE) {
            report_part_count(c, span_of(c, n), type_text(c, type), shape.arg_count, "part", "parts", count, false);
        } else if (shape.kind != TYPE_ERROR) {
            TypeId *parts = arena_array(c->scratch, TypeId, count);
            for (uint32_t i = 0; i < count; i++)
                parts[i] = type_variable(c, token_of(c, n));
            (void)report_mismatch(c, span_of(c, n), body_type(c, TYPE_TUPLE, 0, parts, count), expect(type, 0), 0);
        }
        bind_silently(c, list, scope);
        return pattern_error(c, n);
    }
    for (uint32_t i = 0; i < count; i++)
        stack_push(c, pattern_at(c, tree_list_item(&c->view, list, i), shape.args[i], scope));
    return node_add(c, TYPED_PAT_CONSTRUCT, type, token_of(c, n), 0, list_from_stack(c, base));
}

OUT_OF_LINE static uint32_t list_pattern(Body *c, NodeIndex n, TypeId type, const PatternScope *scope) {
    uint32_t list = c->view.b[n], count = tree_list_count(&c->view, list), base = c->stack.count;
    TypeShape shape = type_shape(c, type);
    if (shape.kind == TYPE_NONE) {
        pattern_unify(c, n, type_of1(c, TYPE_LIST, type_variable(c, token_of(c, n))), type);
        shape = type_shape(c, type);
    }
    if (shape.kind != TYPE_LIST) {
        if (shape.kind != TYPE_ERROR)
            (void)report_mismatch(c, span_of(c, n), type_of1(c, TYPE_LIST, type_variable(c, token_of(c, n))),
                                  expect(type, 0), 0);
        bind_silently(c, list, scope);
        return pattern_error(c, n);
    }
    uint32_t words[3] = {0, 0, 0};
    bool has_rest = false;
    for (uint32_t i = 0; i < count; i++) {
        NodeIndex item = tree_list_item(&c->view, list, i);
        if (c->view.kinds[item] != NODE_PAT_REST) {
            stack_push(c, pattern_at(c, item, shape.args[0], scope));
            continue;
        }
        if (has_rest) {
            diag(c->sink, DIAG_EXPECTED_PATTERN, span_of(c, item), TEXT("a second `..`"));
            continue;
        }
        has_rest = true;
        words[0] = list_from_stack(c, base);
        NameId rest = {c->view.a[item]};
        if (rest.index != 0) words[1] = name_pattern(c, item, rest, type, scope);
    }
    uint32_t after = list_from_stack(c, base);
    if (has_rest)
        words[2] = after;
    else
        words[0] = after, words[2] = list_from_stack(c, base);
    return node_add(c, TYPED_PAT_LIST, type, token_of(c, n), has_rest ? 1 : 0, extra_words(c, words, 3));
}

static const Binding *binding_in(const Binding *newest, const Binding *start, NameId name) {
    for (const Binding *b = newest; b != start && b != NULL; b = b->outer)
        if (name_equal(b->name, name)) return b;
    return NULL;
}

static uint32_t bindings_count(const Binding *newest, const Binding *start) {
    uint32_t count = 0;
    for (const Binding *b = newest; b != start && b != NULL; b = b->outer)
        count++;
    return count;
}

OUT_OF_LINE static void report_alternatives(Body *c, NodeIndex n, Text why, Span first) {
    Diagnostic *d = diag(c->sink, DIAG_ALTERNATIVES_DIFFER, span_of(c, n), why);
    diag_label(c->sink, d, first, TEXT("the first alternative"));
}

// The alternative's names must be those of the first one, at the same types; its nodes then bind the first one's locals.
OUT_OF_LINE static void alternative_join(Body *c, NodeIndex n, NodeIndex first_n, const Binding *first,
                                         const Binding *mine, const Binding *start, uint32_t first_node) {
    bool is_reported = false;
    for (const Binding *b = mine; b != start && b != NULL; b = b->outer) {
        const Binding *same = binding_in(first, start, b->name);
        LocalInfo *info = &c->local_infos.items[b->local];
        info->is_hidden = true;
        Text name = name_text(c, b->name);
        if (same == NULL) {
            if (!is_reported)
                report_alternatives(c, n,
                                    arena_format(c->scratch, "only this one binds `%.*s`", (int)name.length, name.data),
                                    span_of(c, first_n));
            is_reported = true;
            c->locals.items[b->local].type = ERROR_TYPE; // known all the same, and silent
            vec_push(c->scratch, &c->orphans, b->local);
            continue;
        }
        TypeId wanted = c->locals.items[same->local].type, found = c->locals.items[b->local].type;
        if (!unify_try(c, found, wanted) && !is_reported) {
            Text a = type_text(c, found), w = type_text(c, wanted);
            report_alternatives(c, n,
                                arena_format(c->scratch, "`%.*s` is `%.*s` here and `%.*s` before", (int)name.length,
                                             name.data, (int)a.length, a.data, (int)w.length, w.data),
                                span_of(c, first_n));
            is_reported = true;
        }
        for (uint32_t node = first_node; node < c->node_count; node++)
            if (c->kind[node] == TYPED_PAT_BIND && c->a[node] == b->local) c->a[node] = same->local;
    }
    if (is_reported || bindings_count(mine, start) >= bindings_count(first, start)) return;
    for (const Binding *b = first; b != start && b != NULL; b = b->outer) {
        if (binding_in(mine, start, b->name) != NULL) continue;
        Text name = name_text(c, b->name);
        report_alternatives(c, n,
                            arena_format(c->scratch, "this one does not bind `%.*s`", (int)name.length, name.data),
                            span_of(c, first_n));
        return;
    }
}

OUT_OF_LINE static uint32_t or_pattern(Body *c, NodeIndex n, TypeId type, const PatternScope *scope) {
    uint32_t list = c->view.b[n], count = tree_list_count(&c->view, list), base = c->stack.count,
             orphans = c->orphans.count;
    Binding *before = c->env.bindings, *first = before;
    for (uint32_t i = 0; i < count; i++) {
        NodeIndex item = tree_list_item(&c->view, list, i);
        uint32_t first_node = c->node_count;
        if (i > 0) scope_switch(c, before);
        PatternScope mine = *scope;
        mine.start = i == 0 ? scope->start : before;
        stack_push(c, pattern_at(c, item, type, i == 0 ? scope : &mine));
        if (i == 0)
            first = c->env.bindings;
        else
            alternative_join(c, item, tree_list_item(&c->view, list, 0), first, c->env.bindings, before, first_node);
    }
    scope_switch(c, first);
    while (c->orphans.count > orphans) {
        uint32_t local = c->orphans.items[--c->orphans.count];
        (void)bind(c, c->locals.items[local].name, local);
    }
    uint32_t node = node_add(c, TYPED_PAT_OR, type, token_of(c, n), 0, list_from_stack(c, base));
    vec_push(c->scratch, &c->pattern_alternatives, node);
    vec_push(c->scratch, &c->pattern_alternatives, n);
    return node;
}

// ---- entry -------------------------------------------------------------------------------------------------------------------------------------

OUT_OF_LINE static uint32_t upper_name(Body *c, NodeIndex n, TypeId type, const PatternScope *scope) {
    NameId name = {c->view.a[n]};
    uint32_t decl = 0, variant = 0;
    VariantAnswer answer = variant_by_name(c, name, type, &decl, &variant);
    if (answer == VARIANT_FOUND) return construct_pattern(c, n, decl, variant, type, false, 0, scope);
    if (answer == VARIANT_UNKNOWN && !is_error(c, type))
        report_unknown_variant(c, span_of(c, n), name_text(c, name), type);
    return pattern_error(c, n);
}

static uint32_t pattern_at(Body *c, NodeIndex n, TypeId type, const PatternScope *scope) {
    switch ((int)c->view.kinds[n]) {
    case NODE_PAT_WILDCARD:
        return node_add(c, TYPED_PAT_WILDCARD, type, token_of(c, n), 0, 0);
    case NODE_PAT_NAME:
        if (is_upper(name_text(c, (NameId){c->view.a[n]}))) return upper_name(c, n, type, scope);
        return name_pattern(c, n, (NameId){c->view.a[n]}, type, scope);
    case NODE_PAT_LITERAL:
        return literal_pattern(c, n, type);
    case NODE_PAT_RANGE:
    case NODE_PAT_RANGE_INCLUSIVE:
        return range_pattern(c, n, type);
    case NODE_PAT_VARIANT:
        return variant_pattern(c, n, type, scope);
    case NODE_PAT_RECORD:
        return record_pattern(c, n, type, scope);
    case NODE_PAT_TUPLE:
        return tuple_pattern(c, n, type, scope);
    case NODE_PAT_LIST:
        return list_pattern(c, n, type, scope);
    case NODE_PAT_OR:
        return or_pattern(c, n, type, scope);
    case NODE_PAT_AT: {
        uint32_t local = pattern_bind(c, (NameId){c->view.a[n]}, type, tree_token_span(&c->view, n), scope);
        uint32_t inner = pattern_at(c, c->view.b[n], type, scope);
        return node_add(c, TYPED_PAT_BIND, type, token_of(c, n), local, inner);
    }
    case NODE_GUARDED:
        return pattern_at(c, c->view.a[n], type, scope);
    default:
        return pattern_error(c, n);
    }
}

uint32_t pattern_check(Body *c, NodeIndex n, TypeId type, bool is_mutable, bool is_let) {
    PatternScope scope = {.start = c->env.bindings, .is_mutable = is_mutable, .is_let = is_let};
    return pattern_at(c, n, type, &scope);
}

uint32_t pattern_whole(Body *c, NodeIndex n, TypeId type, bool is_let, bool is_mutable) {
    PatternScope scope = {.start = c->env.bindings, .is_mutable = is_mutable, .is_let = is_let};
    if (is_let && c->view.kinds[n] == NODE_PAT_NAME) { // an upper-case name that is no variant binds here
        NameId name = {c->view.a[n]};
        uint32_t decl, variant;
        if (!is_upper(name_text(c, name)) || variant_by_name(c, name, type, &decl, &variant) == VARIANT_UNKNOWN)
            return name_pattern(c, n, name, type, &scope);
    }
    uint32_t errors = c->sink->error_count, pattern = pattern_at(c, n, type, &scope);
    if (c->sink->error_count > errors) c->type[pattern] = ERROR_TYPE; // what it covers is not asked
    if (is_let) exhaustive_note(c, CHECK_MUST_FIT, n, pattern);
    return pattern;
}

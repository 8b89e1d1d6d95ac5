// sema/signatures_types.c: step 2, phase 3a: type parameters, the fields of types, derives, the heads of traits.
#include "sema/internal.h"

static Text shown_trait(const Program *program, TraitId trait) {
    return program_name(program, program->traits[trait.index].name);
}

// ---- type parameters and their bounds ----------------------------------------------------------------------------------

void generics_names(Program *program, ModuleId id, const TreeView *view, uint32_t list, const Generics *outer,
                    Generics *out) {
    DiagSink *sink = &program_module(program, id)->diagnostics;
    uint32_t outer_count = outer == NULL ? 0 : outer->count, own_count = tree_list_count(view, list);
    *out = outer == NULL ? (Generics){0} : *outer;
    if (own_count == 0) return;
    NameId *names = arena_array(sink->arena, NameId, outer_count + own_count);
    if (outer_count > 0) memcpy(names, outer->names, outer_count * sizeof(NameId));
    Doubles doubles = {.program = program, .sink = sink};
    for (uint32_t i = 0; i < own_count; i++) {
        NodeIndex node = tree_list_item(view, list, i);
        if (view->kinds[node] != NODE_GENERIC) continue; // keeps its place, without a name
        NameId name = {view->a[node]};
        names[outer_count + i] = name;
        (void)doubles_add(&doubles, name, tree_token_span(view, node)); // the later one hides the first
    }
    out->names = names;
    out->count = outer_count + own_count;
}

static TraitId trait_resolve(const TypeScope *s, NodeIndex path, Span *out) {
    const Program *program = s->program;
    const TreeView *view = s->view;
    if (view->kinds[path] != NODE_TYPE_PATH) return (TraitId){0};
    uint32_t names = view->a[path], count = tree_list_count(view, names);
    if (count == 0) return (TraitId){0};
    Span span = tree_token_span(view, path);
    span.end = dotted_end(view, tree_token(view, path), count);
    NameId last = {tree_list_item(view, names, count - 1)};
    Item item;
    bool is_private = false;
    if (count == 1) {
        item = scope_lookup(program, s->module, SCOPE_TYPE, last);
    } else {
        NameId *prefix = arena_array(s->arena, NameId, count);
        for (uint32_t i = 0; i < count; i++)
            prefix[i] = (NameId){tree_list_item(view, names, i)};
        ModuleId other = scope_module_path(program, s->module, prefix, count - 1);
        item = other.index == 0 ? (Item){.kind = ITEM_NONE}
                                : module_member(program, s->module, other, SCOPE_TYPE, last, &is_private);
        if (other.index != 0) span = token_span(view->file_tokens, dotted_token(view, tree_token(view, path), count));
        if (is_private && s->sink != NULL)
            (void)diag(s->sink, DIAG_PRIVATE_ITEM, span, program_name(program, last),
                       program_module(program, other)->name); // complete
    }
    *out = span;
    if (item.kind == ITEM_TRAIT) return (TraitId){item.index};
    if (item.kind == ITEM_SILENT || s->sink == NULL) return (TraitId){0};
    Diagnostic *d = diag(s->sink, DIAG_UNKNOWN_TRAIT, span, program_name(program, last));
    if (item.kind == ITEM_TYPE)
        diag_note(s->sink, d, TEXT("this is a type, not a trait"));
    else if (count == 1)
        suggest_names(program, s->module, SCOPE_TYPE, last, s->sink, d);
    return (TraitId){0};
}

TraitUse trait_use_resolve(const TypeScope *s, NodeIndex path) {
    Span span;
    TraitUse use = {.trait = trait_resolve(s, path, &span)};
    if (use.trait.index == 0) return use;
    const TraitDecl *trait = &s->program->traits[use.trait.index];
    uint32_t list = s->view->b[path];
    use.argument_count = tree_list_count(s->view, list);
    if (use.argument_count != trait->generics.count) {
        if (s->sink != NULL)
            (void)diag(s->sink, DIAG_TYPE_ARGUMENT_COUNT, span, program_name(s->program, trait->name), // complete
                       trait->generics.count == 0 ? TEXT("no type arguments")
                                                  : text_count(s->arena, trait->generics.count, "type argument"),
                       arena_format(s->arena, "%u", use.argument_count));
        return (TraitUse){0};
    }
    TypeId *arguments = arena_array(s->arena, TypeId, use.argument_count);
    for (uint32_t i = 0; i < use.argument_count; i++) {
        arguments[i] = type_resolve(s, tree_list_item(s->view, list, i));
        if (arguments[i].index == TYPE_ERROR) return (TraitUse){0};
    }
    use.arguments = arguments;
    return use;
}

typedef VEC(Bound) BoundList;
typedef VEC(Equality) EqualityList;

static void bound_push(const TypeScope *s, BoundList *bounds, Bound bound, Generics *generics) {
    vec_push(s->arena, bounds, bound);
    generics->bounds = bounds->items; // at once: `where T.Item: Eq` asks what T is bound by
    generics->bound_count = bounds->count;
}

static void bounds_resolve(const TypeScope *s, uint32_t list, TypeId subject, BoundList *bounds, Generics *generics) {
    const TypeInfo *info = type_info(s->program->types, subject);
    uint32_t parameter = info->kind == TYPE_PARAMETER ? info->head : BOUND_OF_TYPE;
    for (uint32_t i = 0; i < tree_list_count(s->view, list); i++) {
        NodeIndex path = tree_list_item(s->view, list, i);
        TraitUse use = trait_use_resolve(s, path);
        if (use.trait.index == 0) continue;
        Bound bound = {.parameter = parameter,
                       .trait = use.trait,
                       .span = tree_node_span(s->view, path),
                       .arguments = use.arguments,
                       .argument_count = use.argument_count,
                       .subject = subject};
        bound_push(s, bounds, bound, generics);
    }
}

// What a constraint speaks of: `T`, `Self`, `T.Item`; none after a report.
static TypeId constraint_subject(const TypeScope *s, NodeIndex node, const Generics *generics) {
    const Program *program = s->program;
    uint32_t names = s->view->a[node], count = tree_list_count(s->view, names);
    NameId name = {tree_list_item(s->view, names, 0)};
    TypeId subject = {0};
    if (name_equal(name, program_word(program, WORD_SELF_TYPE)) && s->self_type.index != 0) {
        subject = s->self_type;
    } else {
        for (uint32_t i = generics->count; i > 0 && subject.index == 0; i--)
            if (name_equal(generics->names[i - 1], name))
                subject = type_make(program, s->arena, TYPE_PARAMETER, i - 1, NULL, 0);
    }
    Span span = tree_token_span(s->view, node);
    if (subject.index == 0) {
        Diagnostic *d = diag(s->sink, DIAG_UNKNOWN_TYPE, span, program_name(program, name));
        diag_note(s->sink, d, TEXT("a constraint speaks of a type parameter"));
        return (TypeId){0};
    }
    for (uint32_t i = 1; i < count && subject.index != 0; i++) {
        span.end = dotted_end(s->view, tree_token(s->view, node), i + 1);
        subject = associated_type(s, subject, (NameId){tree_list_item(s->view, names, i)}, span);
        if (subject.index == TYPE_ERROR) return (TypeId){0};
    }
    return subject;
}

void generics_bounds(const TypeScope *s, uint32_t list, uint32_t where, const Generics *outer, uint32_t own_first,
                     Generics *generics) {
    const TreeView *view = s->view;
    BoundList bounds = {0};
    EqualityList equalities = {0};
    for (uint32_t i = 0; outer != NULL && i < outer->bound_count; i++)
        bound_push(s, &bounds, outer->bounds[i], generics);
    for (uint32_t i = 0; outer != NULL && i < outer->equality_count; i++)
        vec_push(s->arena, &equalities, outer->equalities[i]);
    generics->bounds = bounds.items;
    generics->bound_count = bounds.count;
    generics->equalities = equalities.items;
    generics->equality_count = equalities.count;
    for (uint32_t i = 0; i < tree_list_count(view, list); i++) {
        NodeIndex node = tree_list_item(view, list, i);
        if (view->kinds[node] != NODE_GENERIC) continue;
        TypeId parameter = type_make(s->program, s->arena, TYPE_PARAMETER, own_first + i, NULL, 0);
        bounds_resolve(s, view->b[node], parameter, &bounds, generics);
    }
    for (uint32_t i = 0; i < tree_list_count(view, where); i++) {
        NodeIndex node = tree_list_item(view, where, i);
        if (view->kinds[node] != NODE_CONSTRAINT) continue;
        const uint32_t *words = view->extra + view->b[node];
        TypeId subject = constraint_subject(s, node, generics);
        if (subject.index == 0) continue;
        if (words[0] == 0) {
            bounds_resolve(s, words[1], subject, &bounds, generics);
            continue;
        }
        TypeId right = type_resolve(s, words[1]);
        if (right.index == TYPE_ERROR) continue;
        if (type_info(s->program->types, subject)->kind != TYPE_ASSOCIATED) {
            not_supported(s->sink, tree_token_span(view, node), "an equality of a type parameter itself");
            continue;
        }
        vec_push(s->arena, &equalities, ((Equality){subject, right, tree_token_span(view, node)}));
        generics->equalities = equalities.items;
        generics->equality_count = equalities.count;
    }
}

// ---- attributes --------------------------------------------------------------------------------------------------------------

void attribute_misplaced(const Program *program, const TreeView *view, NodeIndex attribute, DiagSink *sink) {
    static const SemaWord known[] = {WORD_SKIP, WORD_FAIL, WORD_COMPILE_FAIL, WORD_DERIVE};
    NameId name = {view->a[attribute]};
    Text texts[sizeof known / sizeof *known];
    for (uint32_t i = 0; i < sizeof known / sizeof *known; i++) {
        texts[i] = program_name(program, program_word(program, known[i]));
        if (!name_equal(name, program_word(program, known[i]))) continue;
        Diagnostic *d = diag0(sink, DIAG_ATTRIBUTE_NOT_ALLOWED, tree_token_span(view, attribute));
        diag_note(sink, d,
                  known[i] == WORD_DERIVE ? TEXT("`derive` belongs to a type")
                                          : TEXT("this attribute belongs to a test"));
        return;
    }
    Diagnostic *d = diag(sink, DIAG_UNKNOWN_ATTRIBUTE, tree_token_span(view, attribute), program_name(program, name));
    suggest_from(texts, sizeof known / sizeof *known, program_name(program, name), sink, d);
}

static bool is_derivable(uint32_t trait) { return trait <= TRAIT_DESERIALIZE; }

static void derive_resolve(Program *program, ModuleId id, const TreeView *view, NodeIndex attribute, TypeDecl *type) {
    static const struct {
        SemaWord word;
        BuiltinTrait trait;
    } rows[] = {{WORD_EQ, TRAIT_EQ},
                {WORD_COMPARABLE, TRAIT_COMPARABLE},
                {WORD_HASHABLE, TRAIT_HASHABLE},
                {WORD_PRINTABLE, TRAIT_PRINTABLE},
                {WORD_CLONE, TRAIT_CLONE},
                {WORD_DEFAULT, TRAIT_DEFAULT},
                {WORD_SERIALIZE, TRAIT_SERIALIZE},
                {WORD_DESERIALIZE, TRAIT_DESERIALIZE},
                {WORD_LEN, TRAIT_LEN},
                {WORD_IS_EMPTY, TRAIT_IS_EMPTY},
                {WORD_ITERATOR, TRAIT_ITERATOR},
                {WORD_ITERABLE, TRAIT_ITERABLE}};
    enum { ROW_COUNT = sizeof rows / sizeof *rows };
    DiagSink *sink = &program_module(program, id)->diagnostics;
    for (uint32_t i = 0; i < tree_list_count(view, view->b[attribute]); i++) {
        NodeIndex node = tree_list_item(view, view->b[attribute], i);
        NameId name = {view->a[node]};
        Span span = tree_token_span(view, node);
        uint32_t row = 0;
        while (row < ROW_COUNT &&
               !(view->kinds[node] == NODE_NAME && name_equal(name, program_word(program, rows[row].word))))
            row++;
        if (row == ROW_COUNT) {
            Diagnostic *d = diag(sink, DIAG_UNKNOWN_TRAIT, span, program_name(program, name));
            Text texts[ROW_COUNT];
            uint32_t count = 0;
            for (uint32_t k = 0; k < ROW_COUNT; k++)
                if (is_derivable(rows[k].trait))
                    texts[count++] = program_name(program, program_word(program, rows[k].word));
            suggest_from(texts, count, program_name(program, name), sink, d);
        } else if (!is_derivable(rows[row].trait)) {
            Diagnostic *d =
                diag(sink, DIAG_CANNOT_DERIVE, span, program_name(program, name), program_name(program, type->name));
            diag_note(sink, d, TEXT("this trait cannot be derived; write an `impl`"));
        } else if (rows[row].trait >= TRAIT_SERIALIZE) {
            not_supported(sink, span, "deriving Serialize and Deserialize");
        } else {
            type->derives |= 1u << rows[row].trait;
        }
    }
}

// ---- types -------------------------------------------------------------------------------------------------------------------

static void fields_resolve(const TypeScope *scope, uint32_t list, VariantDecl *variant, bool *has_error) {
    const TreeView *view = scope->view;
    uint32_t count = tree_list_count(view, list), kept = 0;
    FieldDecl *fields = arena_array(scope->arena, FieldDecl, count);
    Doubles doubles = {.program = scope->program, .sink = scope->sink};
    for (uint32_t i = 0; i < count; i++) {
        NodeIndex node = tree_list_item(view, list, i);
        if (view->kinds[node] != NODE_FIELD_DECL) {
            *has_error = true;
            continue;
        }
        NameId name = {view->a[node]};
        Span span = name.index != 0 ? tree_token_span(view, node) : tree_node_span(view, node);
        (void)doubles_add(&doubles, name, span); // both stay: a literal that names it once is not wrong too
        fields[kept] = (FieldDecl){name, type_resolve(scope, view->b[node]), span};
        if (fields[kept++].type.index == TYPE_ERROR) *has_error = true;
    }
    variant->fields = fields;
    variant->field_count = kept;
}

static void type_declare(Program *program, ModuleId id, TypeDecl *type) {
    Module *module = program_module(program, id);
    TreeView view = module_view(module, type->declaration);
    DiagSink *sink = &module->diagnostics;
    const TypeHead *head = tree_type_head(&view, type->node);
    TypeScope scope = {.program = program,
                       .module = id,
                       .view = &view,
                       .generics = &type->generics,
                       .arena = sink->arena,
                       .sink = sink};
    generics_bounds(&scope, head->generics, head->where, NULL, 0, &type->generics);
    for (uint32_t i = 0; i < tree_list_count(&view, head->attributes); i++) {
        NodeIndex attribute = tree_list_item(&view, head->attributes, i);
        if (view.kinds[attribute] != NODE_ATTRIBUTE) continue;
        if (name_equal((NameId){view.a[attribute]}, program_word(program, WORD_DERIVE)))
            derive_resolve(program, id, &view, attribute, type);
        else
            attribute_misplaced(program, &view, attribute, sink);
    }

    VariantDecl *variants =
        arena_array(sink->arena, VariantDecl, type->variant_count); // the collector's are const by now
    for (uint32_t i = 0; i < type->variant_count; i++) {
        variants[i] = type->variants[i];
        NodeIndex node = variants[i].field_count; // left there by the collector
        variants[i].field_count = 0;
        switch (view.kinds[node]) {
        case NODE_VARIANT:
        case NODE_RECORD_DEF:
            fields_resolve(&scope, view.b[node], &variants[i], &type->has_error);
            break;
        default: { // a newtype's part
            FieldDecl *field = arena_new(sink->arena, FieldDecl);
            *field =
                (FieldDecl){program_word(program, WORD_VALUE), type_resolve(&scope, node), tree_node_span(&view, node)};
            variants[i].fields = field;
            variants[i].field_count = 1;
            type->has_error |= field->type.index == TYPE_ERROR;
            break;
        }
        }
    }
    type->variants = variants;
}

void types_module(Program *program, ModuleId id) {
    Module *module = program_module(program, id);
    for (uint32_t i = 0; i < module->type_count; i++) {
        TypeDecl *type = &program->type_decls[module->first_type + i];
        type_declare(program, id, type);
        if (type->kind != DECL_SUM && type->generics.count > 0) module_state(program, id)->has_generic_inline = true;
    }
}

// ---- checks that need every type -----------------------------------------------------------------------------------------

// The place of a trait's name in the derives of a type.
static Span derive_span(const Program *program, const TreeView *view, const TypeDecl *type, NameId trait) {
    const TypeHead *head = tree_type_head(view, type->node);
    for (uint32_t i = 0; i < tree_list_count(view, head->attributes); i++) {
        NodeIndex attribute = tree_list_item(view, head->attributes, i);
        if (!name_equal((NameId){view->a[attribute]}, program_word(program, WORD_DERIVE))) continue;
        for (uint32_t k = 0; k < tree_list_count(view, view->b[attribute]); k++) {
            NodeIndex node = tree_list_item(view, view->b[attribute], k);
            if (view->a[node] == trait.index) return tree_token_span(view, node);
        }
    }
    return type->span;
}

void derives_check(Program *program, ModuleId id, const TypeDecl *type) {
    Module *module = program_module(program, id);
    DiagSink *sink = &module->diagnostics;
    TreeView view = module_view(module, type->declaration);
    for (uint32_t t = 0; t <= TRAIT_DESERIALIZE; t++) {
        TraitId trait = program->builtin_traits[t];
        if ((type->derives >> t & 1u) == 0 || trait.index == 0) continue;
        Span derive = derive_span(program, &view, type, program->traits[trait.index].name);
        if ((t == TRAIT_COMPARABLE || t == TRAIT_HASHABLE) && (type->derives >> TRAIT_EQ & 1u) == 0) {
            Diagnostic *d = diag(sink, DIAG_SUPERTRAIT_MISSING, derive, shown_trait(program, trait), TEXT("Eq"));
            diag_edit(sink, diag_fix(sink, d, TEXT("derive Eq too"), true),
                      (Span){derive.file, derive.start, derive.start}, TEXT("Eq, "));
        }
        if (t == TRAIT_DEFAULT && type->kind == DECL_SUM) {
            Diagnostic *d = diag(sink, DIAG_CANNOT_DERIVE, derive, TEXT("Default"), program_name(program, type->name));
            diag_note(sink, d, TEXT("a sum type has no default: which variant would it be?"));
            continue;
        }
        for (uint32_t v = 0; v < type->variant_count; v++)
            for (uint32_t f = 0; f < type->variants[v].field_count; f++) {
                const FieldDecl *field = &type->variants[v].fields[f];
                SolveResult result = trait_solve_assuming(program, field->type, trait);
                if (result.answer != SOLVE_NO) continue;
                Buffer shown = buffer_in(sink->arena);
                type_print(program, result.failing_part, &type->generics, &shown);
                Diagnostic *d = diag(sink, DIAG_CANNOT_DERIVE, field->span, shown_trait(program, trait),
                                     ((Text){shown.data, (uint32_t)shown.length}));
                if (field->name.index != 0 && type->kind != DECL_NEWTYPE)
                    diag_primary(
                        sink, d,
                        text_join(sink->arena, TEXT("the field `"), program_name(program, field->name), TEXT("`")));
                diag_label(sink, d, derive, TEXT("derived here"));
            }
    }
}

// sema/types.c: types: made, compared, printed, and read from the tree.
//
// Recursion here is bounded: a type that was written nests as deep as the parser allows (2,000), and what is deeper than 128
// is reported (E0385) where it is written.
#include "sema/internal.h"

#define TYPE_DEPTH_MAX 128u
#define TYPE_PARTS_MAX 10000u
#define PRINTED_BYTES_MAX 500u
#define ARGS_ON_STACK 16u

TypeId type_make(const Program *program, Arena *arena_for_escape, TypeKind kind, uint32_t head, const TypeId *args,
                 uint32_t count) {
    TypeId type;
    if (types_intern(program->types, kind, head, args, count, &type) != STATUS_OK)
        arena_out_of_memory(arena_for_escape);
    return type;
}

TypeId type_substitute(const Program *program, Arena *arena_for_escape, TypeId type, const TypeId *arguments,
                       uint32_t count) {
    const TypeInfo *info = type_info(program->types, type);
    if ((info->flags & TYPE_HAS_PARAMETER) == 0) return type;
    if (info->kind == TYPE_PARAMETER) return info->head < count ? arguments[info->head] : type;
    uint32_t words = info->kind == TYPE_RECORD ? info->arg_count * 2 : info->arg_count;
    TypeId on_stack[ARGS_ON_STACK];
    TypeId *args = words <= ARGS_ON_STACK ? on_stack : arena_array(arena_for_escape, TypeId, words);
    for (uint32_t i = 0; i < words; i++) // the words after a record's types are names
        args[i] = i < info->arg_count ? type_substitute(program, arena_for_escape, info->args[i], arguments, count)
                                      : info->args[i];
    if (info->kind == TYPE_ASSOCIATED) { // of what may be known by now
        TypeId known = associated_project(program, arena_for_escape, (AssociatedId){info->head}, args, info->arg_count);
        if (known.index != 0) return known;
    }
    return type_make(program, arena_for_escape, (TypeKind)info->kind, info->head, args, info->arg_count);
}

bool type_is_named(const Program *program, TypeId type, TypeDeclId decl) {
    const TypeInfo *info = type_info(program->types, type);
    return info->kind == TYPE_NAMED && info->head == decl.index && decl.index != 0;
}

int type_compare(const Program *program, TypeId first, TypeId second) {
    if (type_equal(first, second)) return 0;
    const TypeInfo *a = type_info(program->types, first), *b = type_info(program->types, second);
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    if (a->head != b->head) { // declarations are numbered by module name and position, parameters by position
        return a->head < b->head ? -1 : 1;
    }
    if (a->arg_count != b->arg_count) return a->arg_count < b->arg_count ? -1 : 1;
    for (uint32_t i = 0; i < a->arg_count; i++) {
        int order = type_compare(program, a->args[i], b->args[i]);
        if (order == 0 && a->kind == TYPE_RECORD)
            order = text_compare(program_name(program, (NameId){a->args[a->arg_count + i].index}),
                                 program_name(program, (NameId){b->args[b->arg_count + i].index}));
        if (order != 0) return order;
    }
    return 0;
}

// ---- printing -------------------------------------------------------------------------------------------------------------

// The type of a capability that the function declares: seen as `dyn Trait`, whatever is provided.
static void print_hidden(const Program *program, uint32_t parameter, const Generics *names, Buffer *out) {
    buffer_literal(out, "dyn ");
    for (uint32_t i = 0; i < names->bound_count; i++)
        if (names->bounds[i].parameter == parameter)
            buffer_text(out, program_name(program, program->traits[names->bounds[i].trait.index].name));
}

static void print_type(const Program *program, TypeId type, const Generics *names, Buffer *out);

static void print_list(const Program *program, const TypeId *args, uint32_t count, const Generics *names, Buffer *out) {
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) buffer_literal(out, ", ");
        print_type(program, args[i], names, out);
    }
}

static void print_applied(const Program *program, Text head, const TypeInfo *info, const Generics *names, Buffer *out) {
    buffer_text(out, head);
    if (info->arg_count == 0) return;
    buffer_char(out, '<');
    print_list(program, info->args, info->arg_count, names, out);
    buffer_char(out, '>');
}

static void print_type(const Program *program, TypeId type, const Generics *names, Buffer *out) {
    static const char *const primitive[TYPE_PRIMITIVE_END] = {
        [TYPE_NONE] = "?",         [TYPE_ERROR] = "?",     [TYPE_INT] = "int",           [TYPE_FLOAT] = "float",
        [TYPE_BOOL] = "bool",      [TYPE_BYTE] = "byte",   [TYPE_CHAR] = "char",         [TYPE_STR] = "str",
        [TYPE_VOID] = "void",      [TYPE_NEVER] = "Never", [TYPE_DURATION] = "Duration", [TYPE_SIZE] = "Size",
        [TYPE_INSTANT] = "Instant"};
    const TypeInfo *info = type_info(program->types, type);
    if (info->kind < TYPE_PRIMITIVE_END) {
        buffer_string(out, primitive[info->kind]);
        return;
    }
    switch ((TypeKind)info->kind) {
    case TYPE_LIST:
        buffer_char(out, '[');
        print_type(program, info->args[0], names, out);
        buffer_char(out, ']');
        break;
    case TYPE_MAP:
        buffer_char(out, '{');
        print_type(program, info->args[0], names, out);
        buffer_literal(out, ": ");
        print_type(program, info->args[1], names, out);
        buffer_char(out, '}');
        break;
    case TYPE_SET:
        print_applied(program, TEXT("Set"), info, names, out);
        break;
    case TYPE_RANGE:
        print_applied(program, TEXT("Range"), info, names, out);
        break;
    case TYPE_CHANNEL:
        print_applied(program, TEXT("Channel"), info, names, out);
        break;
    case TYPE_TUPLE:
        buffer_char(out, '(');
        print_list(program, info->args, info->arg_count, names, out);
        buffer_char(out, ')');
        break;
    case TYPE_FUNCTION:
        buffer_char(out, '(');
        print_list(program, info->args, info->arg_count - 1, names, out);
        buffer_literal(out, ") -> ");
        print_type(program, info->args[info->arg_count - 1], names, out);
        break;
    case TYPE_RECORD:
        buffer_literal(out, "{ ");
        for (uint32_t i = 0; i < info->arg_count; i++) {
            if (i > 0) buffer_literal(out, ", ");
            buffer_text(out, program_name(program, (NameId){info->args[info->arg_count + i].index}));
            buffer_literal(out, ": ");
            print_type(program, info->args[i], names, out);
        }
        buffer_literal(out, " }");
        break;
    case TYPE_NAMED:
        print_applied(program, program_name(program, program->type_decls[info->head].name), info, names, out);
        break;
    case TYPE_PARAMETER:
        if (names != NULL && info->head < names->count && names->names[info->head].index == 0)
            print_hidden(program, info->head, names, out);
        else if (names != NULL && info->head < names->count)
            buffer_text(out, program_name(program, names->names[info->head]));
        else
            buffer_format(out, "T%u", info->head);
        break;
    case TYPE_DYN:
        buffer_literal(out, "dyn ");
        print_applied(program, program_name(program, program->traits[info->head].name), info, names, out);
        break;
    case TYPE_ASSOCIATED:
        print_type(program, info->args[0], names, out);
        buffer_char(out, '.');
        buffer_text(out, program_name(program, program->associated[info->head].name));
        break;
    default:
        buffer_char(out, '?');
        break; // primitive kinds were printed above
    }
}

void type_print(const Program *program, TypeId type, const Generics *names_of_parameters, Buffer *out) {
    size_t start = out->length;
    print_type(program, type, names_of_parameters, out);
    if (out->length - start <= PRINTED_BYTES_MAX) return;
    // Cut in the middle, between code points.
    size_t left = start + PRINTED_BYTES_MAX / 2, right = out->length - PRINTED_BYTES_MAX / 2;
    while ((out->data[left] & 0xC0) == 0x80)
        left--;
    while ((out->data[right] & 0xC0) == 0x80)
        right++;
    memmove(out->data + left + 3, out->data + right, out->length - right);
    memcpy(out->data + left, "\xE2\x80\xA6", 3); // …
    out->length = left + 3 + (out->length - right);
}

// ---- reading --------------------------------------------------------------------------------------------------------------

static TypeId error_type(void) { return TYPE_ID(TYPE_ERROR); }

static TypeId make(const TypeScope *s, TypeKind kind, uint32_t head, const TypeId *args, uint32_t count,
                   NodeIndex node) {
    for (uint32_t i = 0; i < count; i++)
        if (type_info(s->program->types, args[i])->flags & TYPE_HAS_ERROR)
            return error_type(); // one mistake, one message
    TypeId type = type_make(s->program, s->arena, kind, head, args, count);
    const TypeInfo *info = type_info(s->program->types, type);
    if (info->depth <= TYPE_DEPTH_MAX && info->part_count <= TYPE_PARTS_MAX) return type;
    if (s->sink != NULL) diag0(s->sink, DIAG_TYPE_TOO_DEEP, tree_node_span(s->view, node));
    return error_type();
}

static TypeId *resolve_list(const TypeScope *s, uint32_t list, uint32_t *count) {
    *count = tree_list_count(s->view, list);
    TypeId *args = arena_array(s->arena, TypeId, (size_t)*count + 1); // room for a function's result
    for (uint32_t i = 0; i < *count; i++)
        args[i] = type_resolve(s, tree_list_item(s->view, list, i));
    return args;
}

static TypeId report_count(const TypeScope *s, Span span, Text name, uint32_t expected, uint32_t found) {
    if (s->sink != NULL)
        (void)diag(s->sink, DIAG_TYPE_ARGUMENT_COUNT, span, name, // complete as it is
                   expected == 0 ? TEXT("no type arguments") : text_count(s->arena, expected, "type argument"),
                   arena_format(s->arena, "%u", found));
    return error_type();
}

static void bound_later(const TypeScope *s, const PendingBound *pending) {
    ModuleState *state = module_state(s->program, s->module);
    if (!state->signatures_done) { // bounds of types may not be known yet; only this worker has the module
        vec_push(&state->arena, &state->pending, *pending);
    } else if (s->sink != NULL) {
        bound_check(s->program, pending, s->sink);
    }
}

static void check_bounds(const TypeScope *s, NodeIndex node, const TypeDecl *decl, TypeDeclId id, const TypeId *args) {
    if (module_state(s->program, s->module)->bounds_known && decl->generics.bound_count == 0) return;
    for (uint32_t i = 0; i < decl->generics.count; i++) {
        Span span = tree_node_span(s->view, tree_list_item(s->view, s->view->b[node], i));
        bound_later(s, &(PendingBound){args[i], id, i, s->generics, span});
    }
}

// Keys of maps and sets must be Eq and Hashable. The prelude's own helpers speak of maps whose keys were checked by their caller.
static void key_bounds(const TypeScope *s, TypeId key, NodeIndex node) {
    if (program_module(s->program, s->module)->kind == MODULE_PRELUDE) return;
    if (key.index < TYPE_PRIMITIVE_END && key.index != TYPE_FLOAT) return; // the usual keys
    bound_later(s, &(PendingBound){key, {0}, 0, s->generics, tree_node_span(s->view, node)});
}

static bool bound_holds(const Program *program, const PendingBound *pending, TraitId trait, const Span *declared,
                        DiagSink *sink) {
    if (trait.index == 0) return true; // the bound itself is wrong, reported
    if (trait_solve(program, pending->generics, pending->argument, trait).answer != SOLVE_NO) return true;
    Buffer shown = buffer_in(sink->arena);
    type_print(program, pending->argument, pending->generics, &shown);
    Diagnostic *d = diag(sink, DIAG_TYPE_ARGUMENT_BOUND, pending->span, ((Text){shown.data, (uint32_t)shown.length}),
                         program_name(program, program->traits[trait.index].name));
    if (declared != NULL) diag_label(sink, d, *declared, TEXT("the bound is declared here"));
    return false;
}

void bound_check(const Program *program, const PendingBound *pending, DiagSink *sink) {
    if (pending->decl.index == 0) {
        if (bound_holds(program, pending, program->builtin_traits[TRAIT_EQ], NULL, sink))
            (void)bound_holds(program, pending, program->builtin_traits[TRAIT_HASHABLE], NULL, sink); // reported there
        return;
    }
    const Generics *generics = &program->type_decls[pending->decl.index].generics;
    for (uint32_t b = 0; b < generics->bound_count; b++)
        if (generics->bounds[b].parameter == pending->parameter &&
            !bound_holds(program, pending, generics->bounds[b].trait, &generics->bounds[b].span, sink))
            return;
}

// Of a path's names. Only messages need it, and to find where a name ends takes time.
static Span path_span(const TypeScope *s, NodeIndex node) {
    Span span = tree_token_span(s->view, node);
    uint32_t name_count = tree_list_count(s->view, s->view->a[node]);
    if (name_count > 1) span.end = dotted_end(s->view, tree_token(s->view, node), name_count);
    return span;
}

// A built-in type by its name; *is_known tells whether the name is one.
static TypeId built_in(const TypeScope *s, NodeIndex node, NameId name, const TypeId *args, uint32_t count,
                       bool *is_known) {
    static const struct {
        SemaWord word;
        TypeKind kind;
    } rows[] = {{WORD_INT, TYPE_INT},    {WORD_FLOAT, TYPE_FLOAT},     {WORD_BOOL, TYPE_BOOL},
                {WORD_BYTE, TYPE_BYTE},  {WORD_CHAR, TYPE_CHAR},       {WORD_STR, TYPE_STR},
                {WORD_VOID, TYPE_VOID},  {WORD_NEVER, TYPE_NEVER},     {WORD_DURATION, TYPE_DURATION},
                {WORD_SIZE, TYPE_SIZE},  {WORD_INSTANT, TYPE_INSTANT}, {WORD_SET, TYPE_SET},
                {WORD_RANGE, TYPE_RANGE}};
    const Program *program = s->program;
    *is_known = true;
    for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!name_equal(program_word(program, rows[i].word), name)) continue;
        uint32_t expected = rows[i].kind < TYPE_PRIMITIVE_END ? 0 : 1;
        if (count != expected) return report_count(s, path_span(s, node), program_name(program, name), expected, count);
        if (expected == 0) return TYPE_ID(rows[i].kind);
        if (rows[i].kind == TYPE_SET) key_bounds(s, args[0], tree_list_item(s->view, s->view->b[node], 0));
        return make(s, rows[i].kind, 0, args, 1, node);
    }
    if (name_equal(program_word(program, WORD_CHANNEL), name) ||
        name_equal(program_word(program, WORD_BACKOFF), name)) {
        if (s->sink != NULL)
            not_supported(s->sink, path_span(s, node),
                          name_equal(program_word(program, WORD_CHANNEL), name) ? "channels"
                                                                                : "`retry` and its Backoff");
        return error_type();
    }
    *is_known = false;
    return error_type();
}

static TypeId unknown_type(const TypeScope *s, Span span, ModuleId module, NameId name, bool is_trait) {
    if (s->sink == NULL) return error_type();
    Diagnostic *d = diag(s->sink, DIAG_UNKNOWN_TYPE, span, program_name(s->program, name));
    if (is_trait)
        diag_note(s->sink, d, TEXT("this is a trait; a value of any type that has it is `dyn` and the trait's name"));
    else if (module.index == s->module.index)
        suggest_names(s->program, module, SCOPE_TYPE, name, s->sink, d);
    return error_type();
}

// `span`: NULL for the path's own.
static TypeId resolve_item(const TypeScope *s, NodeIndex node, Item item, NameId name, const Span *span,
                           const TypeId *args, uint32_t count) {
    if (item.kind == ITEM_SILENT) return error_type();
    if (item.kind != ITEM_TYPE)
        return unknown_type(s, span != NULL ? *span : path_span(s, node), s->module, name, item.kind == ITEM_TRAIT);
    const TypeDecl *decl = &s->program->type_decls[item.index];
    if (decl->generics.count != count)
        return report_count(s, span != NULL ? *span : path_span(s, node), program_name(s->program, name),
                            decl->generics.count, count);
    TypeId type = make(s, TYPE_NAMED, item.index, args, count, node);
    if (decl->generics.count > 0 && type.index != TYPE_ERROR)
        check_bounds(s, node, decl, (TypeDeclId){item.index}, args);
    return type;
}

static TypeId resolve_path(const TypeScope *s, NodeIndex node) {
    const Program *program = s->program;
    uint32_t names = s->view->a[node], name_count = tree_list_count(s->view, names), count;
    if (name_count == 0) return error_type();
    const TypeId *args = resolve_list(s, s->view->b[node], &count);
    NameId first = {tree_list_item(s->view, names, 0)}, last = {tree_list_item(s->view, names, name_count - 1)};
    bool is_self = name_equal(first, program_word(program, WORD_SELF_TYPE)) && s->self_type.index != 0;
    uint32_t parameter = s->generics == NULL ? 0 : s->generics->count;
    while (parameter > 0 && !name_equal(s->generics->names[parameter - 1], first))
        parameter--;

    if (is_self || parameter > 0) {
        TypeId type = is_self ? s->self_type : type_make(program, s->arena, TYPE_PARAMETER, parameter - 1, NULL, 0);
        if (count != 0) return report_count(s, path_span(s, node), program_name(program, last), 0, count);
        for (uint32_t i = 1; i < name_count; i++)
            type = associated_type(s, type, (NameId){tree_list_item(s->view, names, i)}, path_span(s, node));
        return type;
    }
    if (name_count == 1) {
        Item item = scope_lookup(program, s->module, SCOPE_TYPE, first);
        if (item.kind == ITEM_NONE) {
            bool is_known;
            TypeId type = built_in(s, node, first, args, count, &is_known);
            if (is_known) return type;
        }
        return resolve_item(s, node, item, first, NULL, args, count);
    }
    // A type of another module, by an alias or a dotted name.
    NameId *path = arena_array(s->arena, NameId, name_count);
    for (uint32_t i = 0; i < name_count; i++)
        path[i] = (NameId){tree_list_item(s->view, names, i)};
    ModuleId other = scope_module_path(program, s->module, path, name_count - 1);
    if (other.index == 0) return unknown_type(s, tree_token_span(s->view, node), s->module, first, false);
    Span span = token_span(s->view->file_tokens, dotted_token(s->view, tree_token(s->view, node), name_count));
    bool is_private;
    Item item = module_member(program, s->module, other, SCOPE_TYPE, last, &is_private);
    if (is_private && s->sink != NULL)
        (void)diag(s->sink, DIAG_PRIVATE_ITEM, span, program_name(program, last),
                   program_module(program, other)->name); // complete
    if (item.kind == ITEM_NONE) return unknown_type(s, span, other, last, false);
    return resolve_item(s, node, item, last, &span, args, count);
}

TypeId type_resolve(const TypeScope *s, NodeIndex node) {
    const TreeView *view = s->view;
    switch (view->kinds[node]) {
    case NODE_TYPE_PATH:
        return resolve_path(s, node);
    case NODE_TYPE_LIST: {
        TypeId item = type_resolve(s, view->a[node]);
        return make(s, TYPE_LIST, 0, &item, 1, node);
    }
    case NODE_TYPE_MAP: {
        TypeId parts[2];
        parts[0] = type_resolve(s, view->a[node]);
        parts[1] = type_resolve(s, view->b[node]);
        key_bounds(s, parts[0], view->a[node]);
        return make(s, TYPE_MAP, 0, parts, 2, node);
    }
    case NODE_TYPE_TUPLE: {
        uint32_t count;
        const TypeId *parts = resolve_list(s, view->b[node], &count);
        if (count == 0) return TYPE_ID(TYPE_VOID);
        return count == 1 ? parts[0] : make(s, TYPE_TUPLE, 0, parts, count, node);
    }
    case NODE_TYPE_FUNCTION: {
        uint32_t count;
        TypeId *parts = resolve_list(s, view->b[node], &count);
        parts[count] = type_resolve(s, view->a[node]);
        return make(s, TYPE_FUNCTION, 0, parts, count + 1, node);
    }
    case NODE_TYPE_RECORD:
        if (s->sink != NULL) not_supported(s->sink, tree_node_span(view, node), "types of anonymous records");
        return error_type();
    case NODE_TYPE_DYN: {
        TraitUse use = dyn_resolve(s, node);
        return use.trait.index == 0 ? error_type()
                                    : make(s, TYPE_DYN, use.trait.index, use.arguments, use.argument_count, node);
    }
    default:
        return error_type(); // an ERROR node: a syntax error, reported
    }
}

// sema/signatures_functions.c: step 2: signatures of functions, methods and tests, values of configs.
#include "base/atomics.h"
#include "sema/internal.h"

typedef struct Signer {
    Program *program;
    ModuleId id;
    Module *module;
    Arena *arena;
    DiagSink *sink;
} Signer;

static Span name_span(const Signer *s, const Function *f) {
    TreeView view = module_view(s->module, f->declaration);
    return tree_token_span(&view, f->node);
}

// ---- functions --------------------------------------------------------------------------------------------------------------

static Text attribute_text(const Signer *s, const TreeView *view, NodeIndex attribute) {
    if (tree_list_count(view, view->b[attribute]) == 0) return TEXT("");
    NodeIndex node = tree_list_item(view, view->b[attribute], 0);
    return view->kinds[node] == NODE_STR ? program_name(s->program, (NameId){view->a[node]}) : TEXT("");
}

// `#[also("msg", "value", "s")]`: the parameter msg may be called value or s.
static void also_apply(const Signer *s, const TreeView *view, NodeIndex attribute, Parameter *parameters,
                       uint32_t count) {
    uint32_t list = view->b[attribute], names = tree_list_count(view, list);
    if (names < 2) return;
    NameId *also = arena_array(s->arena, NameId, names - 1);
    for (uint32_t i = 1; i < names; i++)
        also[i - 1] = (NameId){view->a[tree_list_item(view, list, i)]};
    for (uint32_t i = 0; i < count; i++) {
        if (parameters[i].name.index != view->a[tree_list_item(view, list, 0)]) continue;
        parameters[i].also = also;
        parameters[i].also_count = names - 1;
    }
}

static void attributes_apply(const Signer *s, const TreeView *view, Function *f, Parameter *parameters) {
    const FunctionHead *head = tree_function_head(view, f->node);
    for (uint32_t i = 0; i < tree_list_count(view, head->attributes); i++) {
        NodeIndex attribute = tree_list_item(view, head->attributes, i);
        if (view->kinds[attribute] != NODE_ATTRIBUTE) continue;
        NameId name = {view->a[attribute]};
        if (f->is_test && name_equal(name, program_word(s->program, WORD_SKIP)))
            f->skip = attribute_text(s, view, attribute);
        else if (f->is_test && name_equal(name, program_word(s->program, WORD_FAIL)))
            f->fail = attribute_text(s, view, attribute);
        else if (f->is_test && name_equal(name, program_word(s->program, WORD_COMPILE_FAIL))) {
            f->expects_compile_error = true;
            store_relaxed(&s->program->has_expected_errors, 1); // read when all modules have ended
            f->compile_fail = attribute_text(s, view, attribute);
        } else if (s->module->kind != MODULE_PROJECT && name_equal(name, program_word(s->program, WORD_ALSO)))
            also_apply(s, view, attribute, parameters, f->parameter_count);
        else if (f->impl.index != 0 || f->trait.index != 0) {
            uint32_t token = tree_token(view, attribute); // no method of a program has attributes: E0110 at the `#`
            while (view->file_tokens->kinds[token] != TOKEN_HASH && token > view->first_token)
                token--;
            diag0(s->sink, DIAG_ATTRIBUTE_NOT_ALLOWED, token_span(view->file_tokens, token));
        } else
            attribute_misplaced(s->program, view, attribute, s->sink);
    }
}

static void test_shape(const Signer *s, const Function *f, const FunctionHead *head, const TreeView *view) {
    Text name = program_name(s->program, f->name);
    Span span = tree_token_span(view, f->node);
    // Each is complete as it is.
    if (tree_list_count(view, head->parameters) > 0)
        (void)diag(s->sink, DIAG_TEST_SHAPE, span, name, TEXT("must take no parameters"));
    else if (tree_list_count(view, head->uses) > 0)
        (void)diag(s->sink, DIAG_TEST_SHAPE, span, name,
                   TEXT("must declare no capabilities; provide them with `with … in`"));
    else if (f->result.index != TYPE_VOID && f->result.index != TYPE_ERROR)
        (void)diag(s->sink, DIAG_TEST_SHAPE, span, name, TEXT("must give `void`"));
}

static void function_declare(const Signer *s, Function *f) {
    Program *program = s->program;
    TreeView view = module_view(s->module, f->declaration);
    const FunctionHead *head = tree_function_head(&view, f->node);
    bool is_member = f->impl.index != 0 || f->trait.index != 0;
    TypeId self_type = {0};
    Generics outer = {0};
    if (f->impl.index != 0) {
        outer = program->impls[f->impl.index].generics;
        self_type = program->impls[f->impl.index].self_type;
    } else if (f->trait.index != 0) {
        outer = program->traits[f->trait.index].self_generics;
        self_type = type_make(program, s->arena, TYPE_PARAMETER, 0, NULL, 0);
    }
    f->own_generics = outer.count;
    generics_names(program, s->id, &view, head->generics, &outer, &f->generics);
    TypeScope scope = {.program = program,
                       .module = s->id,
                       .view = &view,
                       .generics = &f->generics,
                       .self_type = self_type,
                       .arena = s->arena,
                       .sink = s->sink,
                       .impl = f->impl};
    generics_bounds(&scope, head->generics, head->where, &outer, outer.count, &f->generics);
    uint32_t count = tree_list_count(&view, head->parameters);
    Parameter *parameters = arena_array(s->arena, Parameter, count);
    Doubles doubles = {.program = program, .sink = s->sink};
    NameId missing = {0};
    bool lacks_result = false;
    for (uint32_t i = 0; i < count; i++) {
        NodeIndex node = tree_list_item(&view, head->parameters, i);
        parameters[i] = (Parameter){.type = TYPE_ID(TYPE_ERROR), .span = tree_token_span(&view, node)};
        if (view.kinds[node] == NODE_SELF_PARAM) {
            parameters[i].name = program_word(program, WORD_SELF);
            if (self_type.index != 0 && i == 0)
                parameters[i].type = self_type;
            else
                (void)diag(s->sink, DIAG_EXPECTED_TOKEN, parameters[i].span, // complete
                           i == 0 ? TEXT("a parameter's name (only methods have `self`)")
                                  : TEXT("a parameter's name (`self` comes first)"),
                           TEXT("`self`"));
        } else if (view.kinds[node] == NODE_PARAM) {
            parameters[i].name = (NameId){view.a[node]};
            if (view.b[node] != 0)
                parameters[i].type = type_resolve(&scope, view.b[node]);
            else if (missing.index == 0)
                missing = parameters[i].name;
            (void)doubles_add(&doubles, parameters[i].name, parameters[i].span); // both stay: calls count them
        }
        if (parameters[i].type.index == TYPE_ERROR) f->has_error = true;
    }
    f->parameters = parameters;
    f->parameter_count = count;
    if (head->result != 0)
        f->result = type_resolve(&scope, head->result);
    else {
        f->result = f->is_test ? TYPE_ID(TYPE_VOID) : TYPE_ID(TYPE_ERROR);
        lacks_result = !f->is_test;
    }
    if (f->result.index == TYPE_ERROR) f->has_error = true;
    capabilities_declare(&scope, f);
    attributes_apply(s, &view, f, parameters);
    if (f->is_test) test_shape(s, f, head, &view);
    if ((missing.index == 0 && !lacks_result) || f->is_test) return;

    if (f->capability_count > 0) {
        not_supported(s->sink, tree_token_span(&view, f->node),
                      "functions that use capabilities and whose parameter or result types are left out");
        f->has_error = true;
        return;
    }
    f->is_incomplete = true;
    if (f->is_public || is_member) {
        Text what = missing.index == 0 ? TEXT("it has no result type")
                                       : text_join(s->arena, TEXT("its parameter `"), program_name(program, missing),
                                                   TEXT("` has no type"));
        (void)diag(s->sink, DIAG_PUBLIC_SIGNATURE, tree_token_span(&view, f->node), program_name(program, f->name),
                   what); // complete
    } else {
        module_state(program, s->id)->has_left_out = true;
    }
}

// ---- configs ------------------------------------------------------------------------------------------------------------------

static void config_declare(const Signer *s, ConfigDecl *config) {
    Program *program = s->program;
    TreeView view = module_view(s->module, config->declaration);
    const uint32_t *words = view.extra + view.a[config->node];
    for (uint32_t i = 0; i < tree_list_count(&view, words[3]); i++)
        attribute_misplaced(program, &view, tree_list_item(&view, words[3], i), s->sink);
    TypeScope scope = {.program = program, .module = s->id, .view = &view, .arena = s->arena, .sink = s->sink};
    TypeId written = words[2] == 0 ? (TypeId){0} : type_resolve(&scope, words[2]);
    NodeIndex value = view.b[config->node];
    Span span = tree_node_span(&view, value);
    bool is_negative = view.kinds[value] == NODE_NEGATE;
    if (is_negative) value = view.a[value];
    uint32_t operand = view.a[value];
    const uint64_t *literals = view.file_tokens->literals;
    TypeId type = {0};
    switch (view.kinds[value]) {
    case NODE_INT:
        type = TYPE_ID(TYPE_INT), config->value = literals[operand];
        break;
    case NODE_FLOAT:
        type = TYPE_ID(TYPE_FLOAT), config->value = literals[operand];
        break;
    case NODE_DURATION:
        type = TYPE_ID(TYPE_DURATION), config->value = literals[operand];
        break;
    case NODE_SIZE:
        type = TYPE_ID(TYPE_SIZE), config->value = literals[operand];
        break;
    case NODE_STR:
        type = TYPE_ID(TYPE_STR), config->value = operand;
        break;
    case NODE_CHAR:
        type = TYPE_ID(TYPE_CHAR), config->value = operand;
        break;
    case NODE_BOOL:
        type = TYPE_ID(TYPE_BOOL), config->value = operand;
        break;
    default:
        break;
    }
    config->has_error = true;
    config->type = written.index == 0 ? (type.index == 0 ? TYPE_ID(TYPE_ERROR) : type) : written;
    if (view.kinds[value] == NODE_ERROR || value == 0) return; // reported
    bool is_number = type.index == TYPE_INT || type.index == TYPE_FLOAT || type.index == TYPE_DURATION;
    if (type.index == 0 || (is_negative && !is_number && type.index != TYPE_SIZE)) {
        diag0(s->sink, DIAG_CONFIG_NEEDS_LITERAL, span);
        return;
    }
    if (is_negative && type.index == TYPE_SIZE) {
        (void)diag(s->sink, DIAG_OPERATOR_UNDEFINED, span, TEXT("-"), TEXT("`Size`")); // complete
        return;
    }
    if (is_negative) config->value = type.index == TYPE_FLOAT ? config->value ^ (uint64_t)1 << 63 : 0 - config->value;
    if (written.index == TYPE_ERROR) return;
    if (written.index == TYPE_BYTE && type.index == TYPE_INT) {
        if (config->value > 255) {
            (void)diag(s->sink, DIAG_INT_TOO_LARGE, span, TEXT("byte")); // complete
            return;
        }
    } else if (written.index != 0 && written.index != type.index) {
        Buffer expected = buffer_in(s->arena), found = buffer_in(s->arena);
        type_print(program, written, NULL, &expected);
        type_print(program, type, NULL, &found);
        (void)diag(s->sink, DIAG_TYPE_MISMATCH, span, ((Text){expected.data, (uint32_t)expected.length}), // complete
                   ((Text){found.data, (uint32_t)found.length}));
        return;
    }
    config->has_error = false;
}

void functions_module(Program *program, ModuleId id) {
    Module *module = program_module(program, id);
    Signer s = {program, id, module, module->diagnostics.arena, &module->diagnostics};
    module_state(program, id)->bounds_known = true;
    containment_check(program, id);
    for (uint32_t i = 0; i < module->function_count; i++)
        function_declare(&s, &program->functions[module->first_function + i]);
    for (uint32_t i = 0; i < module->config_count; i++)
        config_declare(&s, &program->configs[module->first_config + i]);
}

// ---- the shape of @main ------------------------------------------------------------------------------------------------------

static bool main_result_fits(const Program *program, TypeId result) {
    if (result.index == TYPE_VOID || result.index == TYPE_INT || result.index == TYPE_ERROR) return true;
    if (!type_is_named(program, result, program->known.result)) return false;
    const TypeInfo *info = type_info(program->types, result);
    return info->args[0].index == TYPE_VOID &&
           trait_solve(program, NULL, info->args[1], program->builtin_traits[TRAIT_PRINTABLE]).answer != SOLVE_NO;
}

void main_check(Program *program, ModuleId id, const Function *f) {
    Module *module = program_module(program, id);
    Signer s = {program, id, module, module->diagnostics.arena, &module->diagnostics};
    bool fits = f->generics.count == 0 && f->parameter_count <= 1 && main_result_fits(program, f->result);
    if (fits && f->parameter_count == 1) {
        const TypeInfo *info = type_info(program->types, f->parameters[0].type);
        fits = info->kind == TYPE_ERROR || (info->kind == TYPE_LIST && info->args[0].index == TYPE_STR);
    }
    if (fits) return;
    (void)diag(s.sink, DIAG_NO_ENTRY_POINT, name_span(&s, f), // complete
               TEXT("`@main` takes nothing or `(args: [str])`, and gives `void`, `int` or `Result<void, E>` where E is "
                    "Printable"));
}

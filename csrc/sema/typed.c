// sema/typed.c: the end of a typed body's life, and a picture of it for tests.
#include "sema/typed.h"

void typed_body_free(TypedBody *body) {
    arena_free(&body->arena);
    *body = (TypedBody){0};
}

static const char *const kind_names[TYPED_COUNT] = {
#define TYPED(kind, a, b, meaning) #kind,
#include "sema/typed.def"
#undef TYPED
};
const char *typed_kind_name(TypedKind kind) { return (uint32_t)kind < TYPED_COUNT ? kind_names[kind] : "?"; }

static void type_out(const Program *program, const Function *function, TypeId type, Buffer *out) {
    type_print(program, type, function == NULL ? NULL : &function->generics, out);
}

void typed_print(const Program *program, const TypedBody *body, Buffer *out) {
    const Function *function = NULL;
    if (program->bodies != NULL && body > program->bodies && body <= program->bodies + program->function_count)
        function = &program->functions[body - program->bodies];
    for (uint32_t i = 1; i <= body->local_count; i++) {
        const TypedLocal *local = &body->locals[i];
        buffer_format(out, "local %u ", i);
        buffer_text(out, names_text(program->names, local->name));
        buffer_literal(out, ": ");
        type_out(program, function, local->type, out);
        buffer_format(out, "%s%s", local->is_mutable ? " mut" : "", local->is_parameter ? " parameter" : "");
        if (local->lambda != 0) buffer_format(out, " of lambda %u", local->lambda);
        buffer_char(out, '\n');
    }
    for (uint32_t i = 1; i <= body->use_count; i++) {
        const TypedUse *use = &body->uses[i];
        buffer_format(out, "use %u @", i);
        buffer_text(out, names_text(program->names, program->functions[use->function.index].name));
        for (uint32_t k = 0; k < use->argument_count; k++) {
            buffer_string(out, k == 0 ? "<" : ", ");
            type_out(program, function, use->arguments[k], out);
        }
        buffer_string(out, use->argument_count > 0 ? ">\n" : "\n");
    }
    for (uint32_t i = 1; i <= body->lambda_count; i++) {
        const TypedLambda *lambda = &body->lambdas[i];
        buffer_format(out, "lambda %u in %u (", i, lambda->parent);
        for (uint32_t k = 0; k < lambda->parameter_count; k++)
            buffer_format(out, "%s%u", k > 0 ? " " : "", lambda->parameters[k]);
        buffer_literal(out, ") captures (");
        for (uint32_t k = 0; k < lambda->capture_count; k++)
            buffer_format(out, "%s%u", k > 0 ? " " : "", lambda->captures[k]);
        buffer_format(out, ") body %u: ", lambda->body);
        type_out(program, function, lambda->type, out);
        buffer_char(out, '\n');
    }
    for (uint32_t n = 1; n < body->node_count; n++) {
        buffer_format(out, "%u %s a=%u b=%u: ", n, typed_kind_name((TypedKind)body->kind[n]), body->a[n], body->b[n]);
        type_out(program, function, body->type[n], out);
        buffer_char(out, '\n');
    }
    buffer_format(out, "root %u\n", body->root);
}

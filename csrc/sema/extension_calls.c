// sema/extension_calls.c: methods that extensions in scope give a type (chapter 5, method lookup).
#include "sema/body_internal.h"
#include "sema/internal.h"

// Heads only: what a trait's extension asks of its parts becomes an obligation of the call.
static bool extends(Body *c, const ImplDecl *impl, const TypeId *fresh, TypeId type) {
    if (!fits(c, instantiate(c, impl->self_type, fresh, impl->generics.count), type)) return false;
    const TypeInfo *self = type_info(c->program->types, impl->self_type);
    if (self->kind != TYPE_PARAMETER) return true;
    TypeId heads = type_heads(c, type);
    for (uint32_t i = 0; i < impl->generics.bound_count; i++) {
        const Bound *bound = &impl->generics.bounds[i];
        if (bound->parameter == self->head &&
            trait_solve(c->program, &c->function->generics, heads, bound->trait).answer == SOLVE_NO)
            return false;
    }
    return true;
}

bool extension_find(Body *c, NameId name, TypeId type, bool with_self, uint32_t token, ExtensionOffer *out) {
    const Program *program = c->program;
    const MethodEntry *entries;
    uint32_t count = extensions_find(program, name, &entries), fitting = 0;
    *out = (ExtensionOffer){0};
    for (uint32_t i = 0; i < count; i++) {
        const Function *f = &program->functions[entries[i].function.index];
        const ImplDecl *impl = &program->impls[f->impl.index];
        if (f->has_self != with_self || !extension_in_scope(program, c->function->module, entries[i].function))
            continue;
        if (!extends(c, impl, fresh_arguments(c, impl->generics.count, token), type)) continue;
        if (fitting++ == 0)
            out->function = entries[i].function;
        else
            out->other = entries[i].function;
    }
    if (fitting == 0) return false;
    if (fitting > 1) {
        out->waits_for = open_part(c, type);
        return true;
    }
    const Function *f = &program->functions[out->function.index];
    out->instance = fresh_arguments(c, f->generics.count, token);
    TypeId self = instantiate(c, program->impls[f->impl.index].self_type, out->instance, f->generics.count);
    (void)unify(c, self, type); // it fits
    return true;
}

static Span method_span(const Program *program, FunctionId function) {
    const Function *f = &program->functions[function.index];
    const Module *module = program_module(program, f->module);
    TreeView view = module_view(module, f->declaration);
    return tree_token_span(&view, f->node);
}

uint32_t extension_clash(Body *c, NodeIndex n, NodeIndex name_node, const ExtensionOffer *offer) {
    Diagnostic *d = diag(c->sink, DIAG_EXTENSION_CLASH, tree_token_span(&c->view, name_node),
                         name_text(c, (NameId){c->view.b[name_node]}));
    diag_label(c->sink, d, method_span(c->program, offer->function), TEXT("one of them"));
    diag_label(c->sink, d, method_span(c->program, offer->other), TEXT("the other one"));
    diag_note(c->sink, d, TEXT("import only one of them"));
    return arguments_silent(c, n, c->view.b[n]);
}

void extension_hides(Body *c, NodeIndex name_node, FunctionId extension) {
    Diagnostic *d = diag(c->sink, DIAG_SHADOWS_PRELUDE, tree_token_span(&c->view, name_node),
                         name_text(c, (NameId){c->view.b[name_node]}));
    diag_label(c->sink, d, method_span(c->program, extension), TEXT("this extension is called instead"));
}

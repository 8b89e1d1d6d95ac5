// sema/method_table.c: methods by name and by the head of their receiver.
//
// SHAPE   one array of all inherent methods, sorted by name, then the prelude's last, then by head, then in the order of
//         declaration. A look-up is a binary search; ids of names order it only where nobody sees the order.
#include "sema/internal.h"
#include <stdlib.h>

typedef struct MethodKey {
    uint32_t name;
    bool is_prelude;
    uint32_t kind, head, function;
} MethodKey;

static MethodKey key_of(const Program *program, FunctionId function) {
    const Function *f = &program->functions[function.index];
    const TypeInfo *self = type_info(program->types, program->impls[f->impl.index].self_type);
    return (MethodKey){f->name.index, program_module(program, f->module)->kind == MODULE_PRELUDE, self->kind,
                       self->kind == TYPE_TUPLE ? self->arg_count : self->head, function.index};
}

static int compare_keys(const void *first, const void *second) {
    const MethodKey *a = first, *b = second;
    if (a->name != b->name) return a->name < b->name ? -1 : 1;
    if (a->is_prelude != b->is_prelude) return a->is_prelude ? 1 : -1;
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    if (a->head != b->head) return a->head < b->head ? -1 : 1;
    return (a->function > b->function) - (a->function < b->function);
}

bool types_may_unify(const Program *program, TypeId first, TypeId second) {
    if (type_equal(first, second)) return true;
    const TypeInfo *a = type_info(program->types, first), *b = type_info(program->types, second);
    if (a->kind == TYPE_PARAMETER || b->kind == TYPE_PARAMETER) return true;
    if (a->kind != b->kind || a->head != b->head || a->arg_count != b->arg_count || a->arg_count == 0) return false;
    for (uint32_t i = 0; i < a->arg_count; i++)
        if (!types_may_unify(program, a->args[i], b->args[i])) return false;
    return true;
}

static Span method_span(const Program *program, uint32_t function) {
    const Function *f = &program->functions[function];
    TreeView view = module_view(program_module(program, f->module), f->declaration);
    return tree_token_span(&view, f->node);
}

// Two methods of one name that could both be meant for some type: E0211 at the later one.
static void report_doubles(Program *program, const MethodKey *keys, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = i; k > 0; k--) {
            const MethodKey *a = &keys[k - 1], *b = &keys[i];
            if (a->name != b->name || a->is_prelude != b->is_prelude || a->kind != b->kind || a->head != b->head) break;
            const Function *first = &program->functions[a->function], *second = &program->functions[b->function];
            if (!types_may_unify(program, program->impls[first->impl.index].self_type,
                                 program->impls[second->impl.index].self_type))
                continue;
            DiagSink *sink = &program_module(program, second->module)->diagnostics;
            Diagnostic *d = diag(sink, DIAG_DUPLICATE_DEFINITION, method_span(program, b->function),
                                 program_name(program, second->name));
            diag_label(sink, d, method_span(program, a->function), TEXT("first defined here"));
            break;
        }
}

static bool is_inherent(const Program *program, const Function *f) {
    if (f->impl.index == 0 || f->name.index == 0) return false;
    const ImplDecl *impl = &program->impls[f->impl.index];
    return impl->trait.index == 0 && !impl->is_extension && impl->self_type.index != TYPE_ERROR;
}

static int compare_trait_methods(const void *first, const void *second) {
    const MethodKey *a = first, *b = second;
    if (a->name != b->name) return a->name < b->name ? -1 : 1;
    return (a->function > b->function) - (a->function < b->function);
}

static void trait_methods_index(Program *program) {
    uint32_t count = 0;
    for (uint32_t i = 1; i <= program->function_count; i++)
        count += program->functions[i].trait.index != 0;
    MethodKey *keys = arena_array(&program->arena, MethodKey, count);
    count = 0;
    for (uint32_t i = 1; i <= program->function_count; i++)
        if (program->functions[i].trait.index != 0)
            keys[count++] = (MethodKey){.name = program->functions[i].name.index, .function = i};
    if (count > 1) qsort(keys, count, sizeof *keys, compare_trait_methods);
    FunctionId *methods = arena_array(&program->arena, FunctionId, count);
    for (uint32_t i = 0; i < count; i++)
        methods[i] = (FunctionId){keys[i].function};
    program->internal->trait_methods = methods;
    program->internal->trait_method_count = count;
}

uint32_t trait_methods_find(const Program *program, NameId name, const FunctionId **out) {
    const FunctionId *methods = program->internal->trait_methods;
    uint32_t low = 0, high = program->internal->trait_method_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (program->functions[methods[middle].index].name.index < name.index)
            low = middle + 1;
        else
            high = middle;
    }
    uint32_t count = 0;
    while (low + count < program->internal->trait_method_count &&
           name_equal(program->functions[methods[low + count].index].name, name))
        count++;
    *out = methods + low;
    return count;
}

void methods_index(Program *program) {
    trait_methods_index(program);
    impls_index(program);
    extensions_index(program);
    uint32_t count = 0;
    for (uint32_t i = 1; i <= program->function_count; i++)
        count += is_inherent(program, &program->functions[i]);
    MethodKey *keys = arena_array(&program->arena, MethodKey, count);
    count = 0;
    for (uint32_t i = 1; i <= program->function_count; i++) {
        const Function *f = &program->functions[i];
        if (!is_inherent(program, f)) continue;
        keys[count++] = key_of(program, (FunctionId){i});
    }
    if (count > 1) qsort(keys, count, sizeof *keys, compare_keys);
    MethodEntry *methods = arena_array(&program->arena, MethodEntry, count);
    for (uint32_t i = 0; i < count; i++)
        methods[i] = (MethodEntry){{keys[i].name}, {keys[i].function}};
    program->internal->methods = methods;
    program->internal->method_count = count;
    report_doubles(program, keys, count);
}

// Index of the first method of a name, or of where it would stand.
uint32_t methods_first(const Program *program, NameId name) {
    uint32_t low = 0, high = program->internal->method_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (program->internal->methods[middle].name.index < name.index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool heads_match(const Program *program, TypeId self, const TypeInfo *type) {
    const TypeInfo *info = type_info(program->types, self);
    return info->kind == type->kind && info->head == type->head &&
           (info->kind != TYPE_TUPLE || info->arg_count == type->arg_count);
}

uint32_t methods_find(const Program *program, ModuleId from, TypeId type, NameId name, FunctionId *out,
                      uint32_t limit) {
    (void)from; // inherent methods need no import
    const TypeInfo *info = type_info(program->types, type);
    if (info->kind == TYPE_PARAMETER || info->kind == TYPE_ERROR || name.index == 0) return 0;
    uint32_t found = 0;
    for (uint32_t i = methods_first(program, name); i < program->internal->method_count; i++) {
        const MethodEntry *entry = &program->internal->methods[i];
        if (!name_equal(entry->name, name)) break;
        const Function *f = &program->functions[entry->function.index];
        if (!heads_match(program, program->impls[f->impl.index].self_type, info)) continue;
        if (found < limit) out[found] = entry->function;
        found++;
    }
    return found;
}

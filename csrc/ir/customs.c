// ir/customs.c: where a program's own impls of Eq, Comparable, Hashable and Printable replace what descriptors say.
//
// SHAPE      lowering: every type that a function's locals have is walked; each declared type in it with an impl of its own
//            makes the function ask for that impl's method, so that it becomes an instance, called or not.
//            generation: each layout of such a type learns the symbols, and its descriptor points to adapters (cgen/types.c).
// COST       Nothing in a program without such impls (Program.has_customs).
#include "ir/customs.h"
#include "sema/internal.h"

static const BuiltinTrait traits[CUSTOM_COUNT] = {
    [CUSTOM_EQUALS] = TRAIT_EQ,
    [CUSTOM_COMPARE] = TRAIT_COMPARABLE,
    [CUSTOM_HASH] = TRAIT_HASHABLE,
    [CUSTOM_SHOW] = TRAIT_PRINTABLE,
};

bool custom_method(const Program *program, Arena *arena, BuiltinTrait builtin, const char *name, TypeId type,
                   FunctionId *function, const TypeId **arguments, uint32_t *count) {
    TraitId trait = program->builtin_traits[builtin];
    TraitUse use = {.trait = trait};
    ImplMatch match;
    if (trait.index == 0) return false;
    if (!dyn_has(program, arena, type, &use, NULL) && !impl_find(program, arena, type, &use, &match)) return false;
    const TraitDecl *decl = &program->traits[trait.index];
    for (uint32_t i = decl->first_method; i < decl->first_method + decl->method_count; i++) {
        if (!text_equal(names_text(program->names, program->functions[i].name), text_from(name))) continue;
        TypeId *self = arena_array(arena, TypeId, 1);
        self[0] = type;
        *function = (FunctionId){i};
        *arguments = self;
        *count = 1;
        return trait_method_resolve(program, arena, function, arguments, count);
    }
    return false;
}

static const char *const names[CUSTOM_COUNT] = {
    [CUSTOM_EQUALS] = "equals",
    [CUSTOM_COMPARE] = "compare",
    [CUSTOM_HASH] = "hash",
    [CUSTOM_SHOW] = "to_string",
};

typedef VEC(TypeId) Seen;

// A type may contain itself with ever larger arguments. No value is that deep: the function that made it would be E0386.
enum { WALK_DEPTH_MAX = 128, WALK_TYPES_MAX = 4096 };

static void walk(Frame *f, TypeId type, Seen *seen) {
    const Program *program = f->lower->program;
    const TypeInfo *info = type_info(program->types, type);
    if (info->kind < TYPE_PRIMITIVE_END || info->depth > WALK_DEPTH_MAX || seen->count >= WALK_TYPES_MAX) return;
    for (uint32_t i = 0; i < seen->count; i++)
        if (type_equal(seen->items[i], type)) return;
    vec_push(f->arena, seen, type);
    for (uint32_t i = 0; i < info->arg_count; i++)
        walk(f, info->args[i], seen);
    if (info->kind != TYPE_NAMED && info->kind != TYPE_DYN) return;
    for (uint32_t k = 0; k < CUSTOM_COUNT; k++) {
        FunctionId function;
        const TypeId *arguments;
        uint32_t count;
        if (custom_method(program, f->lower->arena, traits[k], names[k], type, &function, &arguments, &count))
            (void)ref_function(f, function, arguments, count); // asking is all
    }
    if (info->kind == TYPE_DYN) return;
    const TypeDecl *decl = &program->type_decls[info->head];
    for (uint32_t v = 0; v < decl->variant_count; v++)
        for (uint32_t i = 0; i < decl->variants[v].field_count; i++)
            walk(f, type_substitute(program, f->arena, decl->variants[v].fields[i].type, info->args, info->arg_count),
                 seen);
}

void customs_request(Frame *f) {
    Seen seen = {0};
    f->is_dead = false; // what follows the last return is not reached, but refs are made for all of it
    for (uint32_t i = 1; i < f->locals.count; i++)
        walk(f, f->locals.items[i].type, &seen);
}

Local custom_call(Frame *f, BuiltinTrait trait, const char *name, TypeId self, const Local *locals, uint32_t count,
                  TypeId result, Dest dest) {
    FunctionId function;
    const TypeId *arguments;
    uint32_t argument_count;
    if (!custom_method(f->lower->program, f->lower->arena, trait, name, self, &function, &arguments, &argument_count))
        return 0;
    return lower_call_function(f, function, arguments, argument_count, locals, count, result, dest);
}

bool type_has_custom(const Lower *lower, TypeId type, BuiltinTrait trait) {
    const TypeInfo *info = type_info(lower->program->types, type);
    if (info->kind != TYPE_NAMED && info->kind != TYPE_DYN) return false;
    ImplMatch match;
    TraitUse use = {.trait = lower->program->builtin_traits[trait]};
    if (info->kind == TYPE_DYN && dyn_has(lower->program, lower->arena, type, &use, NULL)) return true;
    return impl_find(lower->program, lower->arena, type, &(TraitUse){.trait = lower->program->builtin_traits[trait]},
                     &match);
}

TypeId custom_item(Lower *lower, TypeId type, BuiltinTrait builtin) {
    const TraitDecl *trait = &lower->program->traits[lower->program->builtin_traits[builtin].index];
    return associated_project(lower->program, lower->arena, (AssociatedId){trait->first_associated}, &type, 1);
}

Local lower_default(Frame *f, TypeId type, Dest dest) {
    Lower *lower = f->lower;
    const TypeInfo *info = type_info(lower->program->types, type);
    if (type_has_custom(lower, type, TRAIT_DEFAULT))
        return custom_call(f, TRAIT_DEFAULT, "default", type, NULL, 0, type, dest);
    bool is_record = info->kind == TYPE_NAMED && info->head != lower->program->known.option.index;
    if (!is_record && info->kind != TYPE_TUPLE) {
        Local target = dest_target(f, dest, type);
        emit(f, CORE_DEFAULT, 0, target, 0, 0);
        return give_made(f, dest, target);
    }
    const VariantDecl *variant = is_record ? &lower->program->type_decls[info->head].variants[0] : NULL;
    uint32_t count = is_record ? variant->field_count : info->arg_count;
    Local *parts = arena_array(f->arena, Local, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        TypeId part = is_record ? type_substitute(lower->program, lower->arena, variant->fields[i].type, info->args,
                                                  info->arg_count)
                                : info->args[i];
        parts[i] = lower_default(f, part, dest_any());
    }
    return lower_construct(f, type, 0, parts, count, dest);
}

// ---- generation ------------------------------------------------------------------------------------------------------------

static const CoreFunction *instance_of(const CoreProgram *core, FunctionId function, const TypeId *arguments,
                                       uint32_t count) {
    for (uint32_t i = 1; i <= core->function_count; i++) {
        const CoreFunction *f = core->functions[i];
        if (f->function.index == function.index && f->lambda == 0 && f->argument_count == count &&
            (count == 0 || memcmp(f->arguments, arguments, count * sizeof *arguments) == 0))
            return f;
    }
    return NULL;
}

void customs_find(const CoreProgram *core, Layouts *layouts) {
    const Program *program = core->program;
    if (!program->has_customs) return;
    for (uint32_t i = 1; i <= layouts->count; i++) {
        Layout *it = &layouts->items[i];
        uint8_t kind = type_info(program->types, it->type)->kind;
        if (kind != TYPE_NAMED && kind != TYPE_DYN) continue;
        for (uint32_t k = 0; k < CUSTOM_COUNT; k++) {
            FunctionId function;
            const TypeId *arguments;
            uint32_t count;
            if (!custom_method(program, layouts->arena, traits[k], names[k], it->type, &function, &arguments, &count))
                continue;
            const CoreFunction *f = instance_of(core, function, arguments, count);
            if (f == NULL) continue; // nobody has a value of the type
            if (it->customs == NULL) it->customs = arena_array(layouts->arena, Text, CUSTOM_COUNT);
            it->customs[k] = f->symbol;
        }
    }
}

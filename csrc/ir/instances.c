// ir/instances.c: which functions a program consists of: the project's own, and every instance of a generic that they reach.
//
// BOUNDS     A chain of instances may grow its types 256 times, and no type beyond the limits of types; then E0386.
#include "ir/instances.h"
#include "base/hash.h"

enum { GROWTH_MAX = 256, PARTS_MAX = 10000, TYPE_DEPTH_MAX = 128 };

// ---- the table of instances --------------------------------------------------------------------------------------------

static uint64_t instance_hash(FunctionId function, const TypeId *arguments, uint32_t count) {
    uint64_t hash = hash_mix(0, function.index);
    for (uint32_t i = 0; i < count; i++)
        hash = hash_mix(hash, arguments[i].index);
    return hash;
}

static bool is_instance(const Instance *instance, FunctionId function, const TypeId *arguments, uint32_t count) {
    return instance->function.index == function.index && instance->argument_count == count &&
           (count == 0 || memcmp(instance->arguments, arguments, sizeof(TypeId) * count) == 0);
}

static void table_grow(Build *build) {
    uint32_t capacity = build->table_capacity == 0 ? 256 : build->table_capacity * 2;
    uint32_t *table = arena_array(build->arena, uint32_t, capacity);
    for (uint32_t i = 1; i < build->instances.count; i++) {
        const Instance *instance = &build->instances.items[i];
        uint64_t slot = instance_hash(instance->function, instance->arguments, instance->argument_count);
        while (table[slot & (capacity - 1)] != 0)
            slot++;
        table[slot & (capacity - 1)] = i;
    }
    build->table = table;
    build->table_capacity = capacity;
}

// The slot that holds the instance, or the free one where it belongs.
static uint32_t *table_slot(Build *build, FunctionId function, const TypeId *arguments, uint32_t count) {
    if (build->instances.count * 2 >= build->table_capacity) table_grow(build);
    uint64_t slot = instance_hash(function, arguments, count);
    for (;; slot++) {
        uint32_t *entry = &build->table[slot & (build->table_capacity - 1)];
        if (*entry == 0 || is_instance(&build->instances.items[*entry], function, arguments, count)) return entry;
    }
}

static uint32_t table_find(const Build *build, FunctionId function, const TypeId *arguments, uint32_t count) {
    if (build->table_capacity == 0) return 0;
    for (uint64_t slot = instance_hash(function, arguments, count);; slot++) {
        uint32_t entry = build->table[slot & (build->table_capacity - 1)];
        if (entry == 0 || is_instance(&build->instances.items[entry], function, arguments, count)) return entry;
    }
}

uint32_t instance_add(Build *build, const Instance *instance) {
    uint32_t *slot = table_slot(build, instance->function, instance->arguments, instance->argument_count);
    if (*slot != 0) return *slot;
    *slot = build->instances.count;
    vec_push(build->arena, &build->instances, *instance);
    return build->instances.count - 1;
}

// ---- requests ------------------------------------------------------------------------------------------------------------

static uint32_t parts_of(const Build *build, const TypeId *types, uint32_t count) {
    uint32_t parts = 0;
    for (uint32_t i = 0; i < count; i++)
        parts += type_info(build->program->types, types[i])->part_count;
    return parts;
}

static bool is_too_large(const Build *build, const Instance *instance) {
    if (instance->growth > GROWTH_MAX) return true;
    for (uint32_t i = 0; i < instance->argument_count; i++) {
        const TypeInfo *info = type_info(build->program->types, instance->arguments[i]);
        if (info->part_count > PARTS_MAX || info->depth > TYPE_DEPTH_MAX) return true;
    }
    return false;
}

static void print_instance(const Build *build, FunctionId function, const TypeId *arguments, uint32_t count,
                           Buffer *out) {
    const Program *program = build->program;
    buffer_text(out, names_text(program->names, program->functions[function.index].name));
    for (uint32_t i = 0; i < count; i++) {
        buffer_string(out, i == 0 ? "<" : ", ");
        size_t start = out->length;
        type_print(program, arguments[i], NULL, out);
        if (out->length - start > 60) { // cut: the chain shows how it grows
            out->length = start + 57;
            buffer_literal(out, "...");
        }
    }
    if (count > 0) buffer_char(out, '>');
}

// E0386 at the call in the requester, with the first links of the chain.
static void report_growth(Build *build, const Instance *instance) {
    if (build->has_failed) return; // one chain is enough: the others grow in the same way
    build->has_failed = true;
    VEC(uint32_t) chain = {0};
    for (uint32_t i = instance->requester; i != 0; i = build->instances.items[i].requester)
        vec_push(build->arena, &chain, i);
    Buffer text = buffer_in(build->arena);
    uint32_t shown = chain.count < 4 ? chain.count : 4;
    for (uint32_t i = 0; i < shown; i++) {
        const Instance *link = &build->instances.items[chain.items[chain.count - 1 - i]];
        print_instance(build, link->function, link->arguments, link->argument_count, &text);
        buffer_literal(&text, " -> ");
    }
    buffer_literal(&text, "...");
    // The call in the last function of the chain that the project itself wrote.
    uint32_t token = instance->token, index = instance->requester;
    const Function *function = &build->program->functions[build->instances.items[index].function.index];
    while (build->program->modules[function->module.index].kind != MODULE_PROJECT &&
           build->instances.items[index].requester != 0) {
        token = build->instances.items[index].token;
        index = build->instances.items[index].requester;
        function = &build->program->functions[build->instances.items[index].function.index];
    }
    const Module *module = &build->program->modules[function->module.index];
    Span span = module->file != NULL ? token_span(&module->file->tokens, token) : (Span){0};
    (void)diag(&build->core->diagnostics, DIAG_TOO_MANY_INSTANCES, span, ((Text){text.data, (uint32_t)text.length}));
}

// Where a ref is used first.
static uint32_t token_of_ref(const CoreFunction *function, uint32_t ref) {
    for (uint32_t i = 0; i < function->code_count; i++) {
        const CoreInstruction *instruction = &function->code[i];
        bool has_ref = instruction->op == CORE_CALL || instruction->op == CORE_FUNCTION;
        if (has_ref && instruction->a == ref) return instruction->token;
    }
    return 0;
}

void instance_find_refs(const Build *build, Instance *instance) {
    for (uint32_t i = 0; i < instance->function_count; i++) {
        CoreFunction *function = instance->functions[i];
        for (uint32_t r = 1; r <= function->ref_count; r++) {
            CoreRef *ref = &function->refs[r];
            if (ref->kind != REF_FUNCTION) continue;
            ref->target = table_find(build, ref->function, ref->arguments, ref->argument_count);
            instance->has_open_refs |= ref->target == 0;
        }
    }
}

// What instance `index` calls becomes an instance too. ref->target is the instance's number until instances_link.
void instance_request_refs(Build *build, uint32_t index) {
    if (!build->instances.items[index].has_open_refs) return;
    Instance requester = build->instances.items[index]; // a copy: the array may move
    uint32_t parts = parts_of(build, requester.arguments, requester.argument_count);
    for (uint32_t i = 0; i < requester.function_count; i++) {
        CoreFunction *function = requester.functions[i];
        for (uint32_t r = 1; r <= function->ref_count; r++) {
            CoreRef *ref = &function->refs[r];
            if (ref->kind != REF_FUNCTION || ref->target != 0) continue;
            Instance wanted = {.function = ref->function,
                               .arguments = ref->arguments,
                               .argument_count = ref->argument_count,
                               .requester = index,
                               .growth = requester.growth};
            ref->target = *table_slot(build, wanted.function, wanted.arguments, wanted.argument_count);
            if (ref->target != 0) continue;
            if (parts_of(build, ref->arguments, ref->argument_count) > parts && ref->argument_count > 0)
                wanted.growth++;
            wanted.token = token_of_ref(function, r);
            if (is_too_large(build, &wanted))
                report_growth(build, &wanted);
            else
                ref->target = instance_add(build, &wanted);
        }
    }
}

// ---- where it begins --------------------------------------------------------------------------------------------------------

static uint32_t variant_with_fields(const TypeDecl *declaration, uint32_t field_count) {
    for (uint32_t i = 0; i < declaration->variant_count; i++)
        if (declaration->variants[i].field_count == field_count) return i;
    return 0;
}

void instances_prepare(Build *build) {
    const Program *program = build->program;
    Shared *shared = &build->shared;
    shared->program = program;
    uint8_t *intrinsic_of = arena_array(build->arena, uint8_t, program->function_count + 1);
    _Static_assert(INTRINSIC_COUNT <= 256, "an intrinsic is stored in one byte");
    for (uint32_t i = 1; i <= program->function_count; i++) {
        if (!program->functions[i].is_intrinsic) continue;
        Intrinsic intrinsic = intrinsic_by_name(program, (FunctionId){i});
        intrinsic_of[i] = (uint8_t)intrinsic;
        shared->intrinsics[intrinsic] = (FunctionId){i};
    }
    shared->intrinsic_of = intrinsic_of;
    if (program->known.option.index != 0) {
        const TypeDecl *option = &program->type_decls[program->known.option.index];
        shared->option_some = variant_with_fields(option, 1);
        shared->option_none = variant_with_fields(option, 0);
    }
    shared->result_ok = 0; // type Result<T, E> = Ok(T) | Err(E)
    shared->result_err = 1;
}

bool instance_is_root(const Program *program, uint32_t id, bool with_tests) {
    const Function *function = &program->functions[id];
    const TypedBody *body = &program->bodies[id];
    if (program->modules[function->module.index].kind != MODULE_PROJECT) return false;
    if (function->is_intrinsic || function->generics.count > 0 || function->has_error || function->is_incomplete)
        return false;
    if (function->is_test && (!with_tests || function->expects_compile_error)) return false;
    return body->root != 0 && !body->has_errors; // tests that must not compile have no body
}

// ir/roots.c: the instances that every program has: the project's own functions that are not generic.
//
// SHAPE      modules, in parallel: how many roots ─▶ where each module's begin, a prefix sum ─▶ modules, in parallel: instances
// INVARIANTS Roots are numbered by FunctionId, as if one thread had looked at all functions in order.
#include "ir/instances.h"

enum { COST_OF_ANY = 16 };

uint32_t instance_cost(const Program *program, FunctionId function) {
    return COST_OF_ANY + program->bodies[function.index].node_count;
}

static uint32_t variant_with_fields(const TypeDecl *declaration, uint32_t field_count) {
    for (uint32_t i = 0; i < declaration->variant_count; i++)
        if (declaration->variants[i].field_count == field_count) return i;
    return 0;
}

void roots_prepare(Build *build) {
    const Program *program = build->program;
    Shared *shared = &build->shared;
    shared->program = program;
    uint8_t *intrinsic_of = arena_array(build->arena, uint8_t, program->function_count + 1);
    _Static_assert(INTRINSIC_COUNT <= 256, "an intrinsic is stored in one byte");
    for (uint32_t m = 1; m <= program->module_count; m++) {
        const Module *module = &program->modules[m];
        if (module->kind == MODULE_PROJECT) continue; // has none
        for (uint32_t i = module->first_function; i < module->first_function + module->function_count; i++) {
            if (!program->functions[i].is_intrinsic) continue;
            Intrinsic intrinsic = intrinsic_by_name(program, (FunctionId){i});
            intrinsic_of[i] = (uint8_t)intrinsic;
            shared->intrinsics[intrinsic] = (FunctionId){i};
        }
    }
    shared->intrinsic_of = intrinsic_of;
    if (program->known.option.index != 0) {
        const TypeDecl *option = &program->type_decls[program->known.option.index];
        shared->option_some = variant_with_fields(option, 1);
        shared->option_none = variant_with_fields(option, 0);
    }
    shared->result_ok = 0; // type Result<T, E> = Ok(T) | Err(E)
    shared->result_err = 1;
    build->root_first = arena_array(build->arena, uint32_t, program->module_count + 1);
    build->plain = arena_array(build->arena, uint32_t, program->function_count + 1);
}

static bool is_root(const Program *program, uint32_t id, bool with_tests) {
    const Function *function = &program->functions[id];
    const TypedBody *body = &program->bodies[id];
    if (function->is_intrinsic || function->generics.count > 0 || function->has_error || function->is_incomplete)
        return false;
    if (function->is_test && (!with_tests || function->expects_compile_error)) return false;
    return body->root != 0 && !body->has_errors; // tests that must not compile have no body
}

void roots_count(Build *build, uint32_t m) {
    const Program *program = build->program;
    const Module *module = &program->modules[m];
    if (module->kind != MODULE_PROJECT) return;
    uint32_t count = 0;
    for (uint32_t i = module->first_function; i < module->first_function + module->function_count; i++)
        if (is_root(program, i, build->with_tests)) build->plain[i] = ++count; // its number in the module
    build->root_first[m] = count;
}

void roots_number(Build *build) {
    uint32_t next = 1;
    for (uint32_t m = 1; m <= build->program->module_count; m++) {
        uint32_t count = build->root_first[m];
        build->root_first[m] = next;
        next += count;
    }
    build->root_count = next - 1;
    uint32_t capacity = next + next / 2 + 256; // instances of generics come behind; what nobody touches costs nothing
    build->instances.items = arena_alloc(build->arena, sizeof(Instance) * (size_t)capacity, _Alignof(Instance));
    if (next == 1)
        build->instances.items[0] = (Instance){0}; // else the first root's module does it: it is the first touch
    build->instances.capacity = capacity;
    build->instances.count = next;
    build->costs = arena_alloc(build->arena, sizeof(uint32_t) * (size_t)next, sizeof(uint32_t));
}

void roots_make(Build *build, uint32_t m) {
    const Module *module = &build->program->modules[m];
    if (module->kind != MODULE_PROJECT) return;
    for (uint32_t i = module->first_function; i < module->first_function + module->function_count; i++) {
        if (build->plain[i] == 0) continue;
        uint32_t number = build->root_first[m] + build->plain[i] - 1;
        build->plain[i] = number;
        if (number == 1) build->instances.items[0] = (Instance){0};
        build->instances.items[number] = (Instance){.function = {i}};
        build->costs[number - 1] = instance_cost(build->program, (FunctionId){i});
    }
}

// ir/instances.c: which functions a program consists of: the project's own, and every instance of a generic that they reach.
//
// SHAPE      A batch of lowered instances lists what it calls and nobody has, each once; the lists are merged in order.
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
    for (uint32_t i = build->root_count + 1; i < build->instances.count; i++) {
        const Instance *instance = &build->instances.items[i];
        if (instance->argument_count == 0) continue;
        uint64_t slot = instance_hash(instance->function, instance->arguments, instance->argument_count);
        while (table[slot & (capacity - 1)] != 0)
            slot++;
        table[slot & (capacity - 1)] = i;
    }
    build->table = table;
    build->table_capacity = capacity;
}

// The slot that holds the instance, or the free one where it belongs; the table is not full.
static uint32_t *table_slot(const Build *build, FunctionId function, const TypeId *arguments, uint32_t count,
                            uint64_t hash) {
    if (count == 0) return &build->plain[function.index];
    for (uint64_t slot = hash;; slot++) {
        uint32_t *entry = &build->table[slot & (build->table_capacity - 1)];
        if (*entry == 0 || is_instance(&build->instances.items[*entry], function, arguments, count)) return entry;
    }
}

static uint32_t table_find(const Build *build, FunctionId function, const TypeId *arguments, uint32_t count) {
    if (count > 0 && build->table_capacity == 0) return 0;
    return *table_slot(build, function, arguments, count, count == 0 ? 0 : instance_hash(function, arguments, count));
}

uint32_t instance_of_ref(const Build *build, const CoreRef *ref) {
    return ref->target != 0 ? ref->target : table_find(build, ref->function, ref->arguments, ref->argument_count);
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

// ---- what a batch wants --------------------------------------------------------------------------------------------------

typedef struct WantTable { // of one batch
    uint32_t *slots;       // open addressing: number of the want + 1, 0: free
    uint32_t capacity;
} WantTable;

static void want_table_grow(WantTable *table, const Wants *wants, Arena *scratch) {
    table->capacity = table->capacity == 0 ? 64 : table->capacity * 2;
    table->slots = arena_array(scratch, uint32_t, table->capacity);
    for (uint32_t i = 0; i < wants->count; i++) {
        uint64_t slot = wants->items[i].hash;
        while (table->slots[slot & (table->capacity - 1)] != 0)
            slot++;
        table->slots[slot & (table->capacity - 1)] = i + 1;
    }
}

static void want_ref(const Build *build, uint32_t requester, const CoreFunction *function, uint32_t r, WantTable *table,
                     Wants *wants, Arena *scratch, Arena *arena) {
    const CoreRef *ref = &function->refs[r];
    if (wants->count * 2 >= table->capacity) want_table_grow(table, wants, scratch);
    uint64_t hash = instance_hash(ref->function, ref->arguments, ref->argument_count), slot = hash;
    for (; table->slots[slot & (table->capacity - 1)] != 0; slot++) {
        const Want *want = &wants->items[table->slots[slot & (table->capacity - 1)] - 1];
        if (want->function.index == ref->function.index && want->argument_count == ref->argument_count &&
            (want->argument_count == 0 ||
             memcmp(want->arguments, ref->arguments, sizeof(TypeId) * want->argument_count) == 0))
            return;
    }
    const Instance *from = &build->instances.items[requester];
    Want want = {.function = ref->function,
                 .arguments = ref->arguments,
                 .argument_count = ref->argument_count,
                 .requester = requester,
                 .token = token_of_ref(function, r),
                 .hash = hash};
    want.grows = ref->argument_count > 0 && parts_of(build, ref->arguments, ref->argument_count) >
                                                parts_of(build, from->arguments, from->argument_count);
    vec_push(arena, wants, want);
    table->slots[slot & (table->capacity - 1)] = wants->count;
}

// A target that is 0 afterwards is looked up again by whoever asks once all instances are known.
void instances_find_refs(Build *build, uint32_t first, uint32_t limit, Arena *scratch, Arena *arena) {
    WantTable table = {0};
    Wants wants = {0};
    for (uint32_t i = first; i < limit; i++) {
        Instance *instance = &build->instances.items[i];
        for (uint32_t k = 0; k < instance->function_count; k++) {
            CoreFunction *function = instance->functions[k];
            for (uint32_t r = 1; r <= function->ref_count; r++) {
                CoreRef *ref = &function->refs[r];
                if (ref->kind != REF_FUNCTION) continue;
                ref->target = table_find(build, ref->function, ref->arguments, ref->argument_count);
                if (ref->target == 0) want_ref(build, i, function, r, &table, &wants, scratch, arena);
            }
        }
    }
    build->instances.items[first].wants = wants.items;
    build->instances.items[first].want_count = wants.count;
}

void instances_add_wants(Build *build, uint32_t first) {
    const Want *wants = build->instances.items[first].wants;
    uint32_t count = build->instances.items[first].want_count;
    for (uint32_t i = 0; i < count; i++) {
        const Want *want = &wants[i];
        if (build->table_count * 2 >= build->table_capacity) table_grow(build);
        uint32_t *slot = table_slot(build, want->function, want->arguments, want->argument_count, want->hash);
        if (*slot != 0) continue;
        Instance wanted = {.function = want->function,
                           .arguments = want->arguments,
                           .argument_count = want->argument_count,
                           .requester = want->requester,
                           .token = want->token,
                           .growth = build->instances.items[want->requester].growth + want->grows};
        if (is_too_large(build, &wanted)) {
            report_growth(build, &wanted);
            return; // nothing comes of this program
        }
        *slot = build->instances.count;
        build->table_count += want->argument_count > 0;
        vec_push(build->arena, &build->instances, wanted);
    }
}

// ir/instances.c: which functions a program consists of: the project's own, and every instance of a generic that they reach.
//
// SHAPE      round 0: roots ─ lowered on all workers ─▶ their refs, in order ─▶ new (function, type arguments) ─▶ round 1 …
//            Then: symbols, the final order, refs that point into it, and the components of the call graph (is_recursive).
// INVARIANTS I6 (core.h): rounds are numbered by position in the round before, so no schedule shows; the final order goes by
//            FunctionId and by symbol.
// BOUNDS     A chain of instances may grow its types 256 times, and no type beyond the limits of types; then E0386.
#include "base/hash.h"
#include "ir/lower.h"
#include "sched/sched.h"
#include <stdlib.h>

enum { GROWTH_MAX = 256, PARTS_MAX = 10000, TYPE_DEPTH_MAX = 128, SYMBOL_BYTES_MAX = 100 };

typedef struct Instance {
    FunctionId function;
    const TypeId *arguments;
    uint32_t argument_count;
    uint32_t requester;       // instance that first needed it; 0: a root
    uint32_t token;           // where, in the requester's file
    uint32_t growth;          // how often the type arguments grew on the way here
    CoreFunction **functions; // itself, then its lambdas
    uint32_t function_count;
    uint32_t first; // index of functions[0] in the program
    Text symbol;
} Instance;

typedef struct Build {
    const Program *program;
    CoreProgram *core;
    Arena *arena;
    Shared shared;
    VEC(Instance) instances; // from 1
    uint32_t *table;         // open addressing: index of instance, 0: free
    uint32_t table_capacity;
    uint32_t round_first; // of the round that is being lowered
    bool has_failed;
} Build;

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

static uint32_t instance_add(Build *build, const Instance *instance) {
    uint32_t *slot = table_slot(build, instance->function, instance->arguments, instance->argument_count);
    if (*slot != 0) return *slot;
    *slot = build->instances.count;
    vec_push(build->arena, &build->instances, *instance);
    return build->instances.count - 1;
}

// ---- rounds --------------------------------------------------------------------------------------------------------------

static Status lower_one(Worker *worker, void *job, uint32_t item) {
    Build *build = job;
    Arena *arena = &build->core->worker_arenas[worker_index(worker)];
    ARENA_GUARD(arena);
    Instance *instance = &build->instances.items[build->round_first + item];
    lower_instance(&build->shared, instance->function, instance->arguments, instance->argument_count, arena,
                   &instance->functions, &instance->function_count);
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

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

// What instance `index` calls becomes an instance too. ref->target is the instance's number until program_link.
static void request_refs(Build *build, uint32_t index) {
    Instance requester = build->instances.items[index]; // a copy: the array may move
    uint32_t parts = parts_of(build, requester.arguments, requester.argument_count);
    for (uint32_t i = 0; i < requester.function_count; i++) {
        CoreFunction *function = requester.functions[i];
        for (uint32_t r = 1; r <= function->ref_count; r++) {
            CoreRef *ref = &function->refs[r];
            if (ref->kind != REF_FUNCTION) continue;
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

static Status lower_rounds(Build *build, struct Pool *pool) {
    build->round_first = 1;
    while (build->round_first < build->instances.count && !build->has_failed) {
        uint32_t limit = build->instances.count;
        TRY(pool_for_each(pool, NULL, limit - build->round_first, lower_one, build));
        for (uint32_t i = build->round_first; i < limit; i++)
            request_refs(build, i);
        build->round_first = limit;
    }
    return STATUS_OK;
}

// ---- symbols -------------------------------------------------------------------------------------------------------------

// Anything that C does not take in a name becomes `_`.
static void mangle(Buffer *out, Text text) {
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        buffer_char(out, is_word ? c : '_');
    }
}

// [(int, str)] is list_tuple_int_str. Two types may come out alike: name_instances looks for that.
static void mangle_type(const Build *build, TypeId type, Buffer *out) {
    static const char *const words[] = {
        [TYPE_ERROR] = "error",       [TYPE_INT] = "int",         [TYPE_FLOAT] = "float",
        [TYPE_BOOL] = "bool",         [TYPE_BYTE] = "byte",       [TYPE_CHAR] = "char",
        [TYPE_STR] = "str",           [TYPE_VOID] = "void",       [TYPE_NEVER] = "Never",
        [TYPE_DURATION] = "Duration", [TYPE_SIZE] = "Size",       [TYPE_INSTANT] = "Instant",
        [TYPE_LIST] = "list",         [TYPE_MAP] = "map",         [TYPE_SET] = "set",
        [TYPE_RANGE] = "range",       [TYPE_CHANNEL] = "channel", [TYPE_TUPLE] = "tuple",
        [TYPE_FUNCTION] = "function", [TYPE_RECORD] = "record",   [TYPE_DYN] = "dyn",
        [TYPE_PARAMETER] = "T"};
    const Program *program = build->program;
    const TypeInfo *info = type_info(program->types, type);
    if (info->kind == TYPE_NAMED)
        mangle(out, names_text(program->names, program->type_decls[info->head].name));
    else if (info->kind < sizeof words / sizeof *words && words[info->kind] != NULL)
        buffer_string(out, words[info->kind]);
    else
        buffer_literal(out, "type");
    if (out->length > SYMBOL_BYTES_MAX) return; // hashed in any case
    for (uint32_t i = 0; i < info->arg_count && info->kind > TYPE_PRIMITIVE_END; i++) {
        buffer_char(out, '_');
        mangle_type(build, info->args[i], out);
    }
}

// The home of a method: its type without arguments, which the instance's own arguments tell.
static void mangle_home(const Build *build, TypeId type, Buffer *out) {
    const Program *program = build->program;
    const TypeInfo *info = type_info(program->types, type);
    switch (info->kind) {
    case TYPE_LIST:
        buffer_literal(out, "List");
        break;
    case TYPE_MAP:
        buffer_literal(out, "Map");
        break;
    case TYPE_SET:
        buffer_literal(out, "Set");
        break;
    case TYPE_RANGE:
        buffer_literal(out, "Range");
        break;
    case TYPE_NAMED:
        mangle(out, names_text(program->names, program->type_decls[info->head].name));
        break;
    default:
        mangle_type(build, type, out);
        break;
    }
}

// A type as text that only equal types share: like type_print, but declared types carry their module.
static void identify_type(const Build *build, TypeId type, Buffer *out) {
    const Program *program = build->program;
    const TypeInfo *info = type_info(program->types, type);
    buffer_format(out, "%u", info->kind);
    if (info->kind == TYPE_NAMED) {
        const TypeDecl *decl = &program->type_decls[info->head];
        buffer_text(out, program->modules[decl->module.index].name);
        buffer_char(out, ':');
        buffer_text(out, names_text(program->names, decl->name));
    }
    buffer_char(out, '(');
    for (uint32_t i = 0; i < info->arg_count && info->kind > TYPE_PRIMITIVE_END; i++)
        identify_type(build, info->args[i], out);
    if (info->kind == TYPE_RECORD)
        for (uint32_t i = 0; i < info->arg_count; i++) {
            buffer_char(out, ',');
            buffer_text(out, names_text(program->names, (NameId){info->args[info->arg_count + i].index}));
        }
    buffer_char(out, ')');
}

// What tells the instance from every other, as text that no schedule changes: for hashes.
static Text instance_identity(const Build *build, const Instance *instance) {
    const Program *program = build->program;
    const Function *function = &program->functions[instance->function.index];
    const Module *module = &program->modules[function->module.index];
    Buffer text = buffer_in(build->arena);
    buffer_text(&text, module->name);
    buffer_format(&text, ":%u", instance->function.index - module->first_function);
    for (uint32_t i = 0; i < instance->argument_count; i++) {
        buffer_char(&text, ',');
        identify_type(build, instance->arguments[i], &text);
    }
    return (Text){text.data, (uint32_t)text.length};
}

static void add_hash(Buffer *out, Text identity) {
    buffer_format(out, "_%016llx", (unsigned long long)hash_text(identity));
}

static Text instance_symbol(const Build *build, const Instance *instance) {
    const Program *program = build->program;
    const Function *function = &program->functions[instance->function.index];
    Buffer out = buffer_in(build->arena);
    buffer_literal(&out, "sg_");
    mangle(&out, program->modules[function->module.index].name);
    buffer_literal(&out, "__");
    if (function->impl.index != 0) {
        mangle_home(build, program->impls[function->impl.index].self_type, &out);
        buffer_literal(&out, "__");
    }
    mangle(&out, names_text(program->names, function->name));
    if (function->is_test) buffer_format(&out, "__test_%u", function->line);
    for (uint32_t i = 0; i < instance->argument_count; i++) {
        buffer_string(&out, i == 0 ? "__" : "_");
        mangle_type(build, instance->arguments[i], &out);
    }
    bool is_like_a_lambda =
        memmem(out.data, out.length, "__lambda_", 9) != NULL; // whose names are made from their owner's
    if (out.length > SYMBOL_BYTES_MAX || is_like_a_lambda) {
        if (out.length > SYMBOL_BYTES_MAX) out.length = SYMBOL_BYTES_MAX - 17;
        add_hash(&out, instance_identity(build, instance));
    }
    return (Text){out.data, (uint32_t)out.length};
}

static uint32_t module_of(const Build *build, const Instance *instance) {
    return build->program->functions[instance->function.index].module.index;
}

static bool is_own(const Build *build, const Instance *instance) { // a module function, as opposed to an instance
    return instance->argument_count == 0 && build->program->modules[module_of(build, instance)].kind == MODULE_PROJECT;
}

typedef struct Entry { // for sorting
    const Build *build;
    uint32_t instance;
} Entry;

static int compare_symbols(const void *left, const void *right) {
    const Entry *a = left, *b = right;
    const Instance *first = &a->build->instances.items[a->instance], *second = &a->build->instances.items[b->instance];
    int order = text_compare(first->symbol, second->symbol);
    if (order != 0) return order;
    return text_compare(instance_identity(a->build, first), instance_identity(a->build, second));
}

static int compare_final(const void *left, const void *right) {
    const Entry *a = left, *b = right;
    const Instance *first = &a->build->instances.items[a->instance], *second = &a->build->instances.items[b->instance];
    bool is_first_own = is_own(a->build, first), is_second_own = is_own(a->build, second);
    if (is_first_own != is_second_own) return is_first_own ? -1 : 1;
    if (!is_first_own) return compare_symbols(left, right);
    return (first->function.index > second->function.index) - (first->function.index < second->function.index);
}

static void name_instances(Build *build, Entry *entries, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        Instance *instance = &build->instances.items[entries[i].instance];
        instance->symbol = instance_symbol(build, instance);
    }
    qsort(entries, count, sizeof *entries, compare_symbols);
    for (uint32_t i = 0; i < count;) { // where two would have one symbol, all of them get a hash
        Text symbol = build->instances.items[entries[i].instance].symbol;
        uint32_t k = i + 1;
        while (k < count && text_equal(symbol, build->instances.items[entries[k].instance].symbol))
            k++;
        for (uint32_t n = i; n < k && k - i > 1; n++) {
            Instance *instance = &build->instances.items[entries[n].instance];
            Buffer out = buffer_in(build->arena);
            buffer_text(&out, symbol);
            add_hash(&out, instance_identity(build, instance));
            instance->symbol = (Text){out.data, (uint32_t)out.length};
        }
        i = k;
    }
}

// ---- linking -------------------------------------------------------------------------------------------------------------

static void program_link(Build *build) {
    CoreProgram *core = build->core;
    uint32_t count = build->instances.count - 1, total = 0;
    Entry *entries = arena_array(build->arena, Entry, count + 1);
    for (uint32_t i = 0; i < count; i++)
        entries[i] = (Entry){build, i + 1};
    name_instances(build, entries, count);
    qsort(entries, count, sizeof *entries, compare_final);
    for (uint32_t i = 0; i < count; i++)
        total += build->instances.items[entries[i].instance].function_count;
    core->functions = arena_array(&core->arena, CoreFunction *, total + 1);
    for (uint32_t i = 0; i < count; i++) {
        Instance *instance = &build->instances.items[entries[i].instance];
        instance->first = core->function_count + 1;
        for (uint32_t k = 0; k < instance->function_count; k++) {
            CoreFunction *function = instance->functions[k];
            core->functions[++core->function_count] = function;
            function->symbol = arena_text(&core->arena, instance->symbol);
            if (k == 0) continue;
            function->symbol = arena_format(&core->arena, "%.*s__lambda_%u", (int)instance->symbol.length,
                                            instance->symbol.data, function->lambda);
            function->parent += instance->first;
        }
    }
    for (uint32_t i = 1; i <= count; i++) {
        const Instance *instance = &build->instances.items[i];
        for (uint32_t k = 0; k < instance->function_count; k++) {
            CoreFunction *function = instance->functions[k];
            for (uint32_t r = 1; r <= function->ref_count; r++) {
                CoreRef *ref = &function->refs[r];
                if (ref->kind == REF_FUNCTION)
                    ref->target = build->instances.items[ref->target].first;
                else if (ref->kind == REF_LAMBDA)
                    ref->target += instance->first;
            }
        }
    }
}

static void find_entry_and_tests(Build *build, bool with_tests) {
    CoreProgram *core = build->core;
    const Program *program = build->program;
    uint32_t *tests = arena_array(&core->arena, uint32_t, core->function_count + 1);
    for (uint32_t i = 1; i <= core->function_count; i++) {
        const CoreFunction *function = core->functions[i];
        if (function->lambda != 0) continue;
        if (program->entry.index != 0 && function->function.index == program->entry.index) core->entry = i;
        if (with_tests && program->functions[function->function.index].is_test) tests[core->test_count++] = i;
    }
    core->tests = tests; // module functions are ordered by FunctionId: by module and position
}

// ---- components of the call graph (Tarjan 1972, without recursion) ---------------------------------------------------------

typedef struct Visit {
    uint32_t function;
    uint32_t next_ref;
} Visit;

static void find_recursion(Build *build) {
    CoreProgram *core = build->core;
    uint32_t count = core->function_count + 1;
    uint32_t *number = arena_array(build->arena, uint32_t, count), *low = arena_array(build->arena, uint32_t, count);
    bool *is_on_stack = arena_array(build->arena, bool, count);
    uint32_t *stack = arena_array(build->arena, uint32_t, count);
    Visit *visits = arena_array(build->arena, Visit, count);
    uint32_t next_number = 0, stack_count = 0;
    for (uint32_t root = 1; root < count; root++) {
        if (number[root] != 0) continue;
        uint32_t depth = 0;
        visits[depth++] = (Visit){root, 1};
        number[root] = low[root] = ++next_number;
        stack[stack_count++] = root;
        is_on_stack[root] = true;
        while (depth > 0) {
            Visit *visit = &visits[depth - 1];
            uint32_t current = visit->function;
            CoreFunction *function = core->functions[current];
            if (visit->next_ref <= function->ref_count) {
                const CoreRef *ref = &function->refs[visit->next_ref++];
                if (ref->kind == REF_INTRINSIC) continue;
                uint32_t target = ref->target;
                if (target == current) function->is_recursive = true;
                if (number[target] == 0) {
                    number[target] = low[target] = ++next_number;
                    stack[stack_count++] = target;
                    is_on_stack[target] = true;
                    visits[depth++] = (Visit){target, 1};
                } else if (is_on_stack[target] && number[target] < low[current]) {
                    low[current] = number[target];
                }
                continue;
            }
            if (low[current] == number[current]) {
                uint32_t first = stack_count;
                while (stack[first - 1] != current)
                    first--;
                first--;
                for (uint32_t i = first; i < stack_count; i++) {
                    is_on_stack[stack[i]] = false;
                    if (stack_count - first > 1) core->functions[stack[i]]->is_recursive = true;
                }
                stack_count = first;
            }
            if (--depth > 0) {
                uint32_t caller = visits[depth - 1].function;
                if (low[current] < low[caller]) low[caller] = low[current];
            }
        }
    }
}

// ---- the whole -----------------------------------------------------------------------------------------------------------

static uint32_t variant_with_fields(const TypeDecl *declaration, uint32_t field_count) {
    for (uint32_t i = 0; i < declaration->variant_count; i++)
        if (declaration->variants[i].field_count == field_count) return i;
    return 0;
}

static void shared_prepare(Build *build) {
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

static bool is_root(const Program *program, uint32_t id, bool with_tests) {
    const Function *function = &program->functions[id];
    const TypedBody *body = &program->bodies[id];
    if (program->modules[function->module.index].kind != MODULE_PROJECT) return false;
    if (function->is_intrinsic || function->generics.count > 0 || function->has_error || function->is_incomplete)
        return false;
    if (function->is_test && !with_tests) return false;
    return body->root != 0 && !body->has_errors; // tests that must not compile have no body
}

static Status core_lower_guarded(Build *build, bool with_tests, struct Pool *pool) {
    Arena *arena = build->arena;
    ARENA_GUARD(arena);
    const Program *program = build->program;
    build->core->worker_count = pool_thread_count(pool);
    build->core->worker_arenas = arena_array(arena, Arena, build->core->worker_count);
    build->core->diagnostics = diag_sink(arena);
    shared_prepare(build);
    vec_push(arena, &build->instances, ((Instance){0}));
    for (uint32_t i = 1; i <= program->function_count; i++)
        if (is_root(program, i, with_tests)) (void)instance_add(build, &(Instance){.function = {i}});
    Status status = lower_rounds(build, pool);
    if (status == STATUS_OK && !build->has_failed) {
        program_link(build);
        find_entry_and_tests(build, with_tests);
        find_recursion(build);
    }
    ARENA_GUARD_END(arena);
    return status;
}

Status core_lower(const Program *program, bool with_tests, struct Pool *pool, CoreProgram **out) {
    *out = NULL;
    CoreProgram *core = calloc(1, sizeof *core);
    if (core == NULL) return STATUS_NO_MEMORY;
    core->program = program;
    Build build = {.program = program, .core = core, .arena = &core->arena};
    Status status = core_lower_guarded(&build, with_tests, pool);
    if (status != STATUS_OK) {
        core_program_free(core);
        return status;
    }
    *out = core;
    return STATUS_OK;
}

void core_program_free(CoreProgram *core) {
    if (core == NULL) return;
    for (uint32_t i = 0; i < core->worker_count; i++)
        arena_free(&core->worker_arenas[i]);
    Arena arena = core->arena;
    arena_free(&arena);
    free(core);
}

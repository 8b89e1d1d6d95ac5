// ir/symbols.c: names for every instance that no schedule changes, and the final order of functions, which goes by them.
//
// INVARIANTS I6 (core.h): the order goes by FunctionId for the project's own functions, then by symbol.
//            Two instances never share a symbol: where readable names coincide, all of them get a hash of their identity.
#include "base/hash.h"
#include "ir/instances.h"
#include <stdlib.h>

enum { SYMBOL_BYTES_MAX = 100 };

// ---- symbols -------------------------------------------------------------------------------------------------------------

// Anything that C does not take in a name becomes `_`.
static void mangle(Buffer *out, Text text) {
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        buffer_char(out, is_word ? c : '_');
    }
}

// [(int, str)] is list_tuple_int_str. Two types may come out alike: settle_names looks for that.
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
    if (info->kind == TYPE_DYN) {
        buffer_char(out, '_');
        mangle(out, names_text(program->names, program->traits[info->head].name));
    }
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
    if (info->kind == TYPE_DYN) {
        const TraitDecl *trait = &program->traits[info->head];
        buffer_text(out, program->modules[trait->module.index].name);
        buffer_char(out, ':');
        buffer_text(out, names_text(program->names, trait->name));
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
static Text instance_identity(const Build *build, const Instance *instance, Arena *arena) {
    const Program *program = build->program;
    const Function *function = &program->functions[instance->function.index];
    const Module *module = &program->modules[function->module.index];
    Buffer text = buffer_in(arena);
    buffer_text(&text, module->name);
    buffer_format(&text, ":%u", instance->function.index - module->first_function);
    for (uint32_t i = 0; i < instance->argument_count; i++) {
        buffer_char(&text, ',');
        identify_type(build, instance->arguments[i], &text);
    }
    return buffer_finish(&text);
}

static void add_hash(Buffer *out, Text identity) {
    buffer_format(out, "_%016llx", (unsigned long long)hash_text(identity));
}

static Text instance_symbol(const Build *build, const Instance *instance, Arena *arena) {
    const Program *program = build->program;
    const Function *function = &program->functions[instance->function.index];
    Buffer out = buffer_in(arena);
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
        add_hash(&out, instance_identity(build, instance, arena));
    }
    return buffer_finish(&out);
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
    return text_compare(instance_identity(a->build, first, a->build->arena),
                        instance_identity(a->build, second, a->build->arena));
}

static int compare_functions(const void *left, const void *right) {
    const Entry *a = left, *b = right;
    uint32_t first = a->build->instances.items[a->instance].function.index,
             second = a->build->instances.items[b->instance].function.index;
    return (first > second) - (first < second);
}

void instances_name(Build *build, uint32_t first, uint32_t limit, Arena *arena) {
    for (uint32_t i = first; i < limit && i < build->instances.count; i++) {
        Instance *instance = &build->instances.items[i];
        instance->symbol = instance_symbol(build, instance, arena);
        instance->symbol_hash = hash_text(instance->symbol);
        instance->is_own = is_own(build, instance);
    }
}

// ---- linking -------------------------------------------------------------------------------------------------------------

// Where two would have one symbol, all of them get a hash.
static void settle_names(Build *build, Entry *entries, uint32_t count) {
    qsort(entries, count, sizeof *entries, compare_symbols);
    for (uint32_t i = 0; i < count;) {
        Text symbol = build->instances.items[entries[i].instance].symbol;
        uint32_t k = i + 1;
        while (k < count && text_equal(symbol, build->instances.items[entries[k].instance].symbol))
            k++;
        for (uint32_t n = i; n < k && k - i > 1; n++) {
            Instance *instance = &build->instances.items[entries[n].instance];
            Buffer out = buffer_in(build->arena);
            buffer_text(&out, symbol);
            add_hash(&out, instance_identity(build, instance, build->arena));
            instance->symbol = (Text){out.data, (uint32_t)out.length};
        }
        i = k;
    }
}

// Those whose symbol another has too, found by their hashes: nearly always none.
static void settle_same_names(Build *build, Entry *entries) {
    uint32_t count = build->instances.count - 1, capacity = 16, same = 0;
    while (capacity < count * 2)
        capacity *= 2;
    uint32_t *table = arena_array(build->arena, uint32_t, capacity);
    uint8_t *is_same = arena_array(build->arena, uint8_t, count + 1);
    for (uint32_t i = 1; i <= count; i++) {
        uint64_t slot = build->instances.items[i].symbol_hash;
        for (; table[slot & (capacity - 1)] != 0; slot++) {
            uint32_t other = table[slot & (capacity - 1)];
            if (build->instances.items[other].symbol_hash != build->instances.items[i].symbol_hash) continue;
            is_same[i] = is_same[other] = 1; // equal hashes of different symbols do no harm: settle_names compares
        }
        table[slot & (capacity - 1)] = i;
    }
    for (uint32_t i = 1; i <= count; i++)
        if (is_same[i]) entries[same++] = (Entry){build, i};
    if (same > 0) settle_names(build, entries, same);
}

void instances_order(Build *build) {
    CoreProgram *core = build->core;
    uint32_t count = build->instances.count - 1, own = 0, total = 0;
    Entry *entries = arena_array(build->arena, Entry, count + 1);
    settle_same_names(build, entries);
    bool is_ordered = true; // roots are: they were asked for by FunctionId
    for (uint32_t i = 1; i <= count; i++) {
        if (!build->instances.items[i].is_own) continue;
        entries[own++] = (Entry){build, i};
        is_ordered = is_ordered && (own == 1 || compare_functions(&entries[own - 2], &entries[own - 1]) <= 0);
    }
    uint32_t all = own;
    for (uint32_t i = 1; i <= count; i++)
        if (!build->instances.items[i].is_own) entries[all++] = (Entry){build, i};
    if (!is_ordered) qsort(entries, own, sizeof *entries, compare_functions);
    if (all > own) qsort(entries + own, all - own, sizeof *entries, compare_symbols);
    for (uint32_t i = 0; i < count; i++) {
        Instance *instance = &build->instances.items[entries[i].instance];
        instance->first = total + 1;
        total += instance->function_count;
    }
    core->functions = arena_alloc(&core->arena, sizeof(CoreFunction *) * ((size_t)total + 1), sizeof(CoreFunction *));
    core->functions[0] = NULL;
    core->instances = arena_alloc(&core->arena, sizeof(uint32_t) * ((size_t)count + 1), sizeof(uint32_t));
    core->instance_count = count;
    core->function_count = total;
}

static Text lambda_symbol(Text owner, uint32_t lambda, Arena *arena) {
    Buffer out = buffer_in(arena);
    buffer_reserve(&out, owner.length + sizeof "__lambda_" + 10);
    buffer_text(&out, owner);
    buffer_literal(&out, "__lambda_");
    buffer_int(&out, lambda);
    return buffer_finish(&out);
}

void instances_link(Build *build, uint32_t first, uint32_t limit, Arena *arena) {
    uint32_t *instances = build->core->instances;
    for (uint32_t i = first; i < limit && i < build->instances.count; i++) {
        const Instance *instance = &build->instances.items[i];
        instances[i - 1] = instance->first;
        for (uint32_t k = 0; k < instance->function_count; k++) {
            CoreFunction *function = instance->functions[k];
            build->core->functions[instance->first + k] = function;
            function->symbol = k == 0 ? instance->symbol : lambda_symbol(instance->symbol, function->lambda, arena);
            if (k > 0) function->parent += instance->first;
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

void instances_find_entry_and_tests(Build *build, bool with_tests) {
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

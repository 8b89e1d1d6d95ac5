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

void names_prepare(Build *build) {
    uint32_t count = build->instances.count, capacity = 16;
    while (capacity < count * 2)
        capacity *= 2;
    build->name_capacity = capacity;
    build->names = arena_array(build->arena, _Atomic uint64_t, capacity);
    build->same_name = arena_array(build->arena, _Atomic uint8_t, count);
}

// Of two with one hash the later one comes upon the earlier one: entries stay where they are. Which of them is later does not show.
// Equal halves of different hashes do no harm: settle_names compares.
static void note_name(Build *build, uint32_t instance, uint64_t hash) {
    uint64_t entry = (hash >> 32 << 32) | instance;
    for (uint64_t slot = hash;; slot++) {
        _Atomic uint64_t *place = &build->names[slot & (build->name_capacity - 1)];
        uint64_t found = load_relaxed(place); // an entry says all that is wanted: nothing is read behind it
        while (found == 0 && !cas_relaxed(place, &found, entry)) {
        }
        if (found == 0) return;
        if (found >> 32 != entry >> 32) continue;
        store_relaxed(&build->same_name[(uint32_t)found], 1); // read after the loop's end
        store_relaxed(&build->same_name[instance], 1);
        store_relaxed(&build->any_same, 1);
    }
}

void instances_name(Build *build, uint32_t first, uint32_t limit, Arena *arena) {
    for (uint32_t i = first; i < limit && i < build->instances.count; i++) {
        Instance *instance = &build->instances.items[i];
        instance->symbol = instance_symbol(build, instance, arena);
        note_name(build, i, hash_text(instance->symbol));
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
static void settle_same_names(Build *build) {
    if (load_relaxed(&build->any_same) == 0) return; // the loop that wrote it has ended
    uint32_t count = build->instances.count - 1, same = 0;
    Entry *entries = arena_array(build->arena, Entry, count + 1);
    for (uint32_t i = 1; i <= count; i++)
        if (load_relaxed(&build->same_name[i]) != 0) entries[same++] = (Entry){build, i};
    settle_names(build, entries, same);
}

void instances_order(Build *build) {
    CoreProgram *core = build->core;
    uint32_t count = build->instances.count - 1, roots = build->root_count, total = 0;
    settle_same_names(build);
    for (uint32_t i = 1; i <= roots; i++) { // the project's own functions, and ascending: as they shall stand
        build->instances.items[i].first = total + 1;
        total += build->instances.items[i].function_count;
    }
    Entry *entries = arena_alloc(build->arena, sizeof(Entry) * ((size_t)(count - roots) + 1), _Alignof(Entry));
    build->ordered_count = count - roots;
    build->ordered = arena_alloc(build->arena, sizeof(uint32_t) * ((size_t)(count - roots) + 1), sizeof(uint32_t));
    for (uint32_t i = roots + 1; i <= count; i++)
        entries[i - roots - 1] = (Entry){build, i};
    if (count - roots > 1) qsort(entries, count - roots, sizeof *entries, compare_symbols);
    for (uint32_t i = 0; i < count - roots; i++) {
        Instance *instance = &build->instances.items[entries[i].instance];
        instance->first = total + 1;
        total += instance->function_count;
        build->ordered[i] = entries[i].instance;
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
                    ref->target = build->instances.items[instance_of_ref(build, ref)].first;
                else if (ref->kind == REF_LAMBDA)
                    ref->target += instance->first;
            }
        }
    }
}

void instances_find_entry_and_tests(Build *build, bool with_tests) {
    CoreProgram *core = build->core;
    const Program *program = build->program;
    uint32_t entry = build->plain[program->entry.index]; // of no function: 0
    if (program->entry.index != 0 && entry != 0) core->entry = build->instances.items[entry].first;
    uint32_t *tests =
        arena_alloc(&core->arena, sizeof(uint32_t) * ((size_t)core->function_count + 1), sizeof(uint32_t));
    for (uint32_t i = 1; with_tests && i <= build->root_count; i++)
        if (program->functions[build->instances.items[i].function.index].is_test)
            tests[core->test_count++] = build->instances.items[i].first;
    core->tests = tests; // module functions are ordered by FunctionId: by module and position
}

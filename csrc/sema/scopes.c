// sema/scopes.c: what a name means at the top of a module.
//
// SHAPE      own items ▸ imports ▸ the prelude's public items. Each module has two open-addressing tables, one for its own
//            items (made first, so that other modules can resolve their imports against it) and one for what it imports.
// THREADS    Tables are written by the worker that has the module and read by all after the next barrier. Import.is_used is
//            the exception: any reader sets it, relaxed, and only program_finish reads it, after a barrier.
// COST       A look-up is at most three probes of small tables; nothing is allocated.
#include "sema/internal.h"

#define TABLE_CAPACITY_FIRST 16u

static uint32_t entry_slot(const ScopeTable *table, ScopeKind kind, NameId name) {
    // Names are numbered densely, so a multiplication spreads them (Fibonacci hashing; Knuth, volume 3, 6.4).
    uint64_t key = (uint64_t)name.index << 2 | (uint64_t)kind;
    return (uint32_t)(key * 0x9E3779B97F4A7C15u >> 32) & (table->capacity - 1);
}

ScopeEntry *scope_table_find(const ScopeTable *table, ScopeKind kind, NameId name) {
    if (table->count == 0 || name.index == 0) return NULL;
    for (uint32_t slot = entry_slot(table, kind, name);; slot = (slot + 1) & (table->capacity - 1)) {
        ScopeEntry *entry = &table->slots[slot];
        if (entry->name.index == 0) return NULL;
        if (name_equal(entry->name, name) && entry->kind == kind) return entry;
    }
}

static ScopeEntry *free_slot(ScopeTable *table, ScopeKind kind, NameId name) {
    uint32_t slot = entry_slot(table, kind, name);
    while (table->slots[slot].name.index != 0)
        slot = (slot + 1) & (table->capacity - 1);
    return &table->slots[slot];
}

static void table_grow(Arena *arena, ScopeTable *table, uint32_t capacity) {
    ScopeTable grown = {.capacity = capacity, .count = table->count};
    grown.slots = arena_array(arena, ScopeEntry, grown.capacity);
    for (uint32_t i = 0; i < table->capacity; i++) {
        const ScopeEntry *old = &table->slots[i];
        if (old->name.index != 0) *free_slot(&grown, old->kind, old->name) = *old;
    }
    *table = grown;
}

void scope_table_reserve(Arena *arena, ScopeTable *table, uint32_t count) {
    uint64_t capacity = TABLE_CAPACITY_FIRST;
    while (capacity * 3 < (uint64_t)count * 4)
        capacity *= 2;
    if (count > 0 && capacity > table->capacity && capacity <= UINT32_MAX) table_grow(arena, table, (uint32_t)capacity);
}

ScopeEntry *scope_table_add(Arena *arena, ScopeTable *table, ScopeKind kind, NameId name) {
    ScopeEntry *found = scope_table_find(table, kind, name);
    if (found != NULL) return found;
    if ((table->count + 1) * 4 > table->capacity * 3)
        table_grow(arena, table, table->capacity == 0 ? TABLE_CAPACITY_FIRST : table->capacity * 2);
    ScopeEntry *entry = free_slot(table, kind, name);
    *entry = (ScopeEntry){.name = name, .kind = kind};
    table->count++;
    return entry;
}

bool doubles_add(Doubles *doubles, NameId name, Span span) {
    if (name.index == 0) return false;
    enum { FEW = sizeof doubles->few / sizeof *doubles->few };
    Arena *arena = doubles->sink->arena;
    const Span *first = NULL;
    for (uint32_t i = 0; i < doubles->count && i < FEW && first == NULL; i++)
        if (name_equal(doubles->few[i].name, name)) first = &doubles->few[i].span;
    if (first == NULL && doubles->count >= FEW) {
        ScopeEntry *entry = scope_table_add(arena, &doubles->table, SCOPE_VALUE, name);
        if (entry->item.kind != ITEM_NONE) first = &entry->span;
        entry->item.kind = ITEM_SILENT; // anything but none
        if (first == NULL) entry->span = span;
    }
    if (first != NULL) {
        Diagnostic *d = diag(doubles->sink, DIAG_DUPLICATE_DEFINITION, span, program_name(doubles->program, name));
        diag_label(doubles->sink, d, *first, TEXT("first defined here"));
        return true;
    }
    if (doubles->count < FEW) {
        doubles->few[doubles->count].name = name;
        doubles->few[doubles->count].span = span;
    }
    doubles->count++;
    return false;
}

// Follows re-exports with a loop: modules outside reported cycles form a DAG, so it ends.
Item exported_item(const Program *program, ModuleId module, ScopeKind kind, NameId name) {
    bool is_reexported = false;
    for (;;) {
        const Module *m = program_module(program, module);
        if (m->is_cyclic) return (Item){.kind = ITEM_SILENT, .is_public = true};
        const ScopeEntry *entry = scope_table_find(&m->scope->own, kind, name);
        if (entry != NULL) {
            Item item = entry->item;
            if (is_reexported) item.is_public = true;
            return item;
        }
        const Reexport *found = NULL;
        for (uint32_t i = 0; i < m->scope->reexport_count && found == NULL; i++) {
            const Reexport *r = &m->scope->reexports[i];
            if (name_equal(r->name, name) && (r->original.index == 0 || r->is_config == (kind == SCOPE_CONFIG)))
                found = r;
        }
        if (found == NULL) return (Item){.kind = ITEM_NONE};
        if (found->target.index == 0) return (Item){.kind = ITEM_SILENT, .is_public = true};
        if (found->original.index == 0)
            return kind == SCOPE_CONFIG ? (Item){.kind = ITEM_NONE}
                                        : (Item){.kind = ITEM_MODULE, .index = found->target.index, .is_public = true};
        module = found->target;
        name = found->original;
        is_reexported = true;
    }
}

static void mark_used(const Module *module, uint32_t import) {
    if (import == 0) return;
    _Atomic uint32_t *is_used = &module->imports[import - 1].is_used;
    if (load_relaxed(is_used) == 0) store_relaxed(is_used, 1); // relaxed: read after the barrier of step 3 only
}

Item scope_lookup(const Program *program, ModuleId module, ScopeKind kind, NameId name) {
    const Module *m = program_module(program, module);
    if (m->scope != NULL) {
        const ScopeEntry *entry = scope_table_find(&m->scope->own, kind, name);
        if (entry != NULL) return entry->item;
        entry = scope_table_find(&m->scope->imported, kind, name);
        if (entry != NULL) {
            mark_used(m, entry->import);
            return entry->item;
        }
    }
    if (program->prelude.index == 0 || program->prelude.index == module.index) return (Item){.kind = ITEM_NONE};
    Item item = exported_item(program, program->prelude, kind, name);
    return item.is_public ? item : (Item){.kind = ITEM_NONE};
}

Item module_member(const Program *program, ModuleId from, ModuleId target, ScopeKind kind, NameId name,
                   bool *is_private) {
    *is_private = false;
    Item item = exported_item(program, target, kind, name);
    if (item.kind == ITEM_NONE || item.kind == ITEM_SILENT || item.is_public || from.index == target.index) return item;
    const Module *m = program_module(program, from);
    *is_private = !(m->is_test_file && program_module(program, target)->kind == m->kind);
    return item;
}

ModuleId scope_module_path(const Program *program, ModuleId module, const NameId *names, uint32_t count) {
    const Module *m = program_module(program, module);
    if (m->scope == NULL || count == 0) return (ModuleId){0};
    for (uint32_t i = 0; i < m->scope->dotted_count; i++) {
        const DottedModule *dotted = &m->scope->dotted[i];
        if (dotted->name_count != count || memcmp(dotted->names, names, count * sizeof(NameId)) != 0) continue;
        mark_used(m, dotted->import);
        return dotted->module;
    }
    if (count != 1) return (ModuleId){0};
    Item item = scope_lookup(program, module, SCOPE_VALUE, names[0]);
    if (item.kind == ITEM_MODULE) return (ModuleId){item.index};
    // An alias whose import failed: whatever is asked of it is silent.
    const ScopeEntry *entry = scope_table_find(&m->scope->imported, SCOPE_TYPE, names[0]);
    if (item.kind == ITEM_SILENT && entry != NULL && entry->item.kind == ITEM_SILENT && entry->item.part == 1)
        return program->internal->silent;
    return (ModuleId){0};
}

void prelude_names_collect(Program *program) {
    static const SemaWord built_in[] = {
        WORD_INT,       WORD_FLOAT,    WORD_BYTE,    WORD_CHAR,          WORD_STR,
        WORD_NEVER,     WORD_DURATION, WORD_SIZE,    WORD_INSTANT,       WORD_SET,
        WORD_RANGE,     WORD_CHANNEL,  WORD_BACKOFF, WORD_ASSERT_PANICS, WORD_ASSERT_PANICS_WITH,
        WORD_THREAD_ID, WORD_CONSTANT, WORD_LINEAR,  WORD_EXPONENTIAL};
    ScopeTable *names = &program->internal->prelude_names;
    for (uint32_t i = 0; i < sizeof built_in / sizeof *built_in; i++)
        (void)scope_table_add(&program->arena, names, SCOPE_VALUE, program_word(program, built_in[i]));
    if (program->prelude.index == 0) return;
    const Scope *scope = program_module(program, program->prelude)->scope;
    for (uint32_t i = 0; i < scope->own.capacity; i++) {
        const ScopeEntry *entry = &scope->own.slots[i];
        if (entry->name.index != 0 && entry->item.kind != ITEM_NONE && entry->item.is_public)
            (void)scope_table_add(&program->arena, names, SCOPE_VALUE, entry->name);
    }
    for (uint32_t i = 0; i < scope->reexport_count; i++)
        (void)scope_table_add(&program->arena, names, SCOPE_VALUE, scope->reexports[i].name);
}

bool prelude_has_name(const Program *program, NameId name) {
    return scope_table_find(&program->internal->prelude_names, SCOPE_VALUE, name) != NULL;
}

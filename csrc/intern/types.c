// intern/types.c: types, on the table of table.h. See types.h for the contract.
//
// Hash consing: a type's arguments are interned already, so two types are equal when kind, head and argument ids are, and
// no comparison ever descends. What is asked of a whole type often (its depth, its size, whether a parameter occurs in
// it) is summed up once, when it is made.
#include "intern/types.h"
#include "base/hash.h"
#include "intern/table.h"
#include <stdlib.h>

#define TYPE_FIRST_BUILT 32u // ids below are primitive, or kept for primitives to come

struct TypeInterner {
    IdTable table;
    IdStore infos; // TypeInfo
};

typedef struct TypeKey {
    IdKey words; // first: what the table hands to the callbacks
    TypeKind kind;
    uint32_t head;
    const TypeId *args;
    uint32_t arg_count;
    size_t word_count; // a record's args hold the fields' names after their types
} TypeKey;

#define WHOLE_WORDS 2u // so many argument words fit into the key

static const TypeInfo no_type = {.kind = TYPE_NONE};

// Kind, head and count decide how the arguments stand in the words: as they are, or as their hash.
static uint64_t type_key(TypeKey *key) {
    uint64_t last = 0;
    bool is_whole = key->word_count <= WHOLE_WORDS;
    for (size_t i = 0; i < key->word_count; i++)
        last = is_whole ? last << 32 | key->args[i].index : hash_mix(last, key->args[i].index);
    key->words = (IdKey){(uint64_t)key->head << 32 | key->arg_count, last, (uint32_t)key->kind, is_whole};
    return id_key_hash(&key->words);
}

static bool type_matches(const void *owner, uint32_t id, const IdKey *words) {
    const TypeInterner *types = owner;
    const TypeKey *key = (const TypeKey *)(const void *)words;
    const TypeInfo *info = id_store_get(&types->infos, id); // of the same kind, head and count: they are in the words
    return memcmp(info->args, key->args, key->word_count * sizeof(TypeId)) == 0;
}

static Status type_make(void *owner, IdShard *shard, const IdKey *words, uint32_t *id) {
    TypeInterner *types = owner;
    const TypeKey *key = (const TypeKey *)(const void *)words;
    TypeId *args = NULL;
    if (key->word_count > 0) {
        args = id_shard_alloc_locked(shard, key->word_count * sizeof(TypeId), _Alignof(TypeId));
        if (args == NULL) return STATUS_NO_MEMORY;
        memcpy(args, key->args, key->word_count * sizeof(TypeId));
    }
    uint32_t flags = key->kind == TYPE_PARAMETER    ? TYPE_HAS_PARAMETER
                     : key->kind == TYPE_ASSOCIATED ? TYPE_HAS_ASSOCIATED
                                                    : 0;
    uint32_t depth = 1;
    uint64_t parts = 1;
    for (uint32_t i = 0; i < key->arg_count; i++) {
        const TypeInfo *arg = type_info(types, key->args[i]);
        flags |= arg->flags;
        if (arg->depth >= depth) depth = arg->depth + 1u;
        parts += arg->part_count;
    }
    void *item;
    TRY(id_store_add(&types->infos, id, &item)); // the arguments' bytes stay with the shard, unused
    *(TypeInfo *)item = (TypeInfo){
        .kind = (uint8_t)key->kind,
        .flags = (uint8_t)flags,
        .depth = depth > UINT16_MAX ? UINT16_MAX : (uint16_t)depth, // far above what E0385 allows
        .head = key->head,
        .arg_count = key->arg_count,
        .part_count = parts > UINT32_MAX ? UINT32_MAX : (uint32_t)parts,
        .args = args,
    };
    return STATUS_OK;
}

// Ids below TYPE_FIRST_BUILT lie in the first chunk, which the first built type makes: so one is made here, and the
// primitives are written before anybody else sees the interner.
static Status make_primitives(TypeInterner *types) {
    uint32_t id;
    void *item;
    for (uint32_t i = 0; i < TYPE_FIRST_BUILT; i++)
        TRY(id_store_add(&types->infos, &id, &item));
    for (uint32_t kind = TYPE_ERROR; kind < TYPE_PRIMITIVE_END; kind++) {
        TypeInfo *info = id_store_get(&types->infos, kind);
        *info = (TypeInfo){.kind = (uint8_t)kind, .depth = 1, .part_count = 1};
        if (kind == TYPE_ERROR) info->flags = TYPE_HAS_ERROR;
    }
    return STATUS_OK;
}

Status types_create(uint32_t shard_count, TypeInterner **out) {
    *out = NULL;
    TypeInterner *types = calloc(1, sizeof *types);
    if (types == NULL) return STATUS_NO_MEMORY;
    id_store_init(&types->infos, sizeof(TypeInfo), 0);
    Status status = id_table_init(&types->table, shard_count);
    if (status == STATUS_OK) status = make_primitives(types);
    if (status != STATUS_OK) {
        types_free(types);
        return status;
    }
    *out = types;
    return STATUS_OK;
}

void types_free(TypeInterner *types) {
    if (types == NULL) return;
    id_table_destroy(&types->table);
    id_store_destroy(&types->infos);
    free(types);
}

Status types_intern(TypeInterner *types, TypeKind kind, uint32_t head, const TypeId *args, uint32_t arg_count,
                    TypeId *out) {
    if (kind < TYPE_PRIMITIVE_END) { // Y3
        out->index = (uint32_t)kind;
        return STATUS_OK;
    }
    size_t word_count = kind == TYPE_RECORD ? (size_t)arg_count * 2 : arg_count;
    TypeKey key = {.kind = kind, .head = head, .args = args, .arg_count = arg_count, .word_count = word_count};
    uint64_t hash = type_key(&key);
    return id_table_find_or_make(&types->table, hash, type_matches, type_make, types, &key.words, &out->index);
}

const TypeInfo *type_info(const TypeInterner *types, TypeId type) {
    const TypeInfo *info = id_store_get(&types->infos, type.index); // NULL only for an id that this interner never made
    return info == NULL ? &no_type : info;
}

// Relaxed: a count for people.
uint32_t types_count(const TypeInterner *types) { return load_relaxed(&types->infos.next) - 1; }

void types_statistics(TypeInterner *types, InternStatistics *out) {
    id_table_statistics(&types->table, out);
    out->bytes += sizeof *types + load_relaxed(&types->infos.bytes); // relaxed: a count for people
}

// intern/names.c: names, on the table of table.h. See names.h for the contract.
#include "intern/names.h"
#include "base/hash.h"
#include "intern/table.h"
#include <stdlib.h>

typedef struct NameEntry {
    const char *data; // in the memory of the name's shard
    uint32_t length;
} NameEntry;

struct NameInterner {
    IdTable table;
    IdStore entries;
};

static bool name_matches(const void *owner, uint32_t id, const void *key) {
    const NameInterner *names = owner;
    const NameEntry *entry = id_store_get(&names->entries, id);
    return text_equal((Text){entry->data, entry->length}, *(const Text *)key);
}

static Status name_make(void *owner, IdShard *shard, const void *key, uint32_t *id) {
    NameInterner *names = owner;
    const Text *text = key;
    char *data = id_shard_alloc_locked(shard, (size_t)text->length + 1, 1);
    if (data == NULL) return STATUS_NO_MEMORY;
    void *item;
    TRY(id_store_add(&names->entries, id, &item)); // the text's bytes stay with the shard, unused
    if (text->length > 0) memcpy(data, text->data, text->length);
    data[text->length] = '\0';
    *(NameEntry *)item = (NameEntry){data, text->length};
    return STATUS_OK;
}

Status names_create(uint32_t shard_count, NameInterner **out) {
    *out = NULL;
    NameInterner *names = calloc(1, sizeof *names);
    if (names == NULL) return STATUS_NO_MEMORY;
    id_store_init(&names->entries, sizeof(NameEntry), 1); // 0 is "no name" (N3)
    Status status = id_table_init(&names->table, shard_count);
    if (status != STATUS_OK) {
        names_free(names);
        return status;
    }
    *out = names;
    return STATUS_OK;
}

void names_free(NameInterner *names) {
    if (names == NULL) return;
    id_table_destroy(&names->table);
    id_store_destroy(&names->entries);
    free(names);
}

void name_cache_init(NameCache *cache, NameInterner *names) {
    memset(cache, 0, sizeof *cache);
    cache->names = names;
}

Status names_intern(NameCache *cache, Text text, NameId *out) {
    uint64_t hash = hash_text(text);
    // The table uses the top bits for the shard and the low ones for the slot; the cache takes those between.
    uint32_t index = (uint32_t)(hash >> 32) % NAME_CACHE_SLOTS;
    if (cache->slots[index].hash == hash && cache->slots[index].length == text.length &&
        cache->slots[index].id.index != 0 &&
        (text.length == 0 || memcmp(cache->slots[index].data, text.data, text.length) == 0)) {
        *out = cache->slots[index].id;
        return STATUS_OK;
    }
    NameInterner *names = cache->names;
    out->index = 0;
    uint32_t id;
    TRY(id_table_find_or_make(&names->table, hash, name_matches, name_make, names, &text, &id));
    cache->slots[index].hash = hash;
    cache->slots[index].data = ((const NameEntry *)id_store_get(&names->entries, id))->data;
    cache->slots[index].length = text.length;
    cache->slots[index].id.index = id;
    out->index = id;
    return STATUS_OK;
}

NameId names_lookup(const NameInterner *names, Text text) {
    return (NameId){id_table_find(&names->table, hash_text(text), name_matches, names, &text)};
}

Text names_text(const NameInterner *names, NameId name) {
    const NameEntry *entry = id_store_get(&names->entries, name.index); // item 0 is there, and zero
    if (entry == NULL || entry->data == NULL) return (Text){"", 0};
    return (Text){entry->data, entry->length};
}

// Relaxed: a count for people.
uint32_t names_count(const NameInterner *names) { return load_relaxed(&names->entries.next) - 1; }

uint64_t names_bytes(NameInterner *names) {
    return sizeof *names + id_table_bytes(&names->table) + load_relaxed(&names->entries.bytes);
}

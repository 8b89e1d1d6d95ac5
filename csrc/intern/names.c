// intern/names.c: names, on the table of table.h. See names.h for the contract.
#include "intern/names.h"
#include "base/hash.h"
#include "intern/table.h"
#include <stdlib.h>

// What is looked for. Up to SHORT_MAX bytes the words of the key hold all of them (some twice), so that with the length
// they are the name; a longer name has its hash there.
typedef struct NameKey {
    IdKey words; // first: what the table hands to the callbacks
    Text text;
} NameKey;

#define SHORT_MAX 16u

#define NAME_CACHE_JUDGED 256u
#define NAME_CACHE_REST 16384u

typedef struct NameEntry {
    const char *data; // in the memory of the name's shard
    uint32_t length;
} NameEntry;

struct NameInterner {
    IdTable table;
    IdStore entries;
};

static uint64_t load4(const char *data) {
    uint32_t word;
    memcpy(&word, data, sizeof word);
    return word;
}

// Words and hash of a text. Four overlapping loads cover 4 … 16 bytes without a branch on the length (the idea is
// wyhash's; Wang Yi, public domain).
static inline uint64_t name_key(Text text, NameKey *key) {
    const char *data = text.data;
    uint32_t length = text.length;
    uint64_t first = 0, last = 0;
    if (LIKELY(length - 4 <= SHORT_MAX - 4)) {
        uint32_t step = length >> 3 << 2; // 0 below 8 bytes, 4 below 16, then 8
        first = load4(data) << 32 | load4(data + step);
        last = load4(data + length - 4) << 32 | load4(data + length - 4 - step);
    } else if (length > SHORT_MAX) {
        first = hash_text(text);
    } else if (length > 0) { // one to three: the first, the middle, the last
        first = (uint64_t)(uint8_t)data[0] << 16 | (uint64_t)(uint8_t)data[length / 2] << 8 | (uint8_t)data[length - 1];
    }
    *key = (NameKey){{first, last, length, length <= SHORT_MAX}, text};
    return id_key_hash(&key->words);
}

static bool name_matches(const void *owner, uint32_t id, const IdKey *words) {
    const NameInterner *names = owner;
    const NameKey *key = (const NameKey *)(const void *)words;
    const NameEntry *entry = id_store_get(&names->entries, id);
    return memcmp(entry->data, key->text.data, key->text.length) == 0; // the lengths are equal: they are in the words
}

static Status name_make(void *owner, IdShard *shard, const IdKey *words, uint32_t *id) {
    NameInterner *names = owner;
    const Text *text = &((const NameKey *)(const void *)words)->text;
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

static inline Status find_in_table(NameInterner *names, uint64_t hash, const NameKey *key, NameId *out) {
    out->index = 0;
    uint32_t id;
    TRY(id_table_find_or_make(&names->table, hash, name_matches, name_make, names, &key->words, &id));
    out->index = id;
    return STATUS_OK;
}

// A name that the cache does not know costs a branch that nobody can predict, more than the cache saves on one that it
// does. So it is left alone for a while when it knows less than three in four.
static void judge_cache(NameCache *cache) {
    if (cache->hits - cache->hits_before < 3 * NAME_CACHE_JUDGED) cache->rest = NAME_CACHE_REST;
    cache->hits_before = cache->hits;
}

static inline Status find_or_make(NameCache *cache, uint64_t hash, const NameKey *key, NameId *out) {
    if (cache->rest > 0) {
        cache->rest--;
        cache->passed++;
        return find_in_table(cache->names, hash, key, out);
    }
    const IdKey *words = &key->words;
    // The table uses the top bits for the shard and the low ones for the slot; the cache takes those between.
    NameCacheSlot *slot = &cache->slots[(uint32_t)(hash >> 32) % NAME_CACHE_SLOTS];
    uint64_t different = (slot->first ^ words->first) | (slot->last ^ words->last) | (slot->length ^ words->extra);
    if (different == 0 && slot->id.index != 0) {
        cache->hits++;
        *out = slot->id;
        return STATUS_OK;
    }
    if (++cache->misses % NAME_CACHE_JUDGED == 0) judge_cache(cache);
    TRY(find_in_table(cache->names, hash, key, out));
    if (words->is_whole) *slot = (NameCacheSlot){words->first, words->last, words->extra, *out};
    return STATUS_OK;
}

Status names_intern(NameCache *cache, Text text, NameId *out) {
    NameKey key;
    uint64_t hash = name_key(text, &key);
    return find_or_make(cache, hash, &key, out);
}

#define BATCH 16u // as many lines as a core can wait for at once, about

Status names_intern_many(NameCache *cache, const Text *texts, uint32_t count, NameId *out) {
    NameKey keys[BATCH];
    uint64_t hashes[BATCH];
    for (uint32_t done = 0; done < count; done += BATCH) {
        uint32_t length = count - done < BATCH ? count - done : BATCH;
        for (uint32_t i = 0; i < length; i++) {
            hashes[i] = name_key(texts[done + i], &keys[i]);
            id_table_prefetch(&cache->names->table, hashes[i]);
        }
        for (uint32_t i = 0; i < length; i++)
            TRY(find_or_make(cache, hashes[i], &keys[i], &out[done + i]));
    }
    return STATUS_OK;
}

NameId names_lookup(const NameInterner *names, Text text) {
    NameKey key;
    uint64_t hash = name_key(text, &key);
    return (NameId){id_table_find(&names->table, hash, name_matches, names, &key.words)};
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

void names_statistics(NameInterner *names, InternStatistics *out) {
    id_table_statistics(&names->table, out);
    out->bytes += sizeof *names + load_relaxed(&names->entries.bytes); // relaxed: a count for people
}

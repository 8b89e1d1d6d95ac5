// intern/table.h: what names and types have in common: a sharded hash table of ids, and storage that never moves.
//
// WHY        Thousands of lookups per millisecond from every worker, nearly all of them hits. So a hit takes no lock and
//            writes nothing, and an insertion locks one shard of many. What a hit costs is the cache lines that it waits
//            for: one, because the slot holds the key itself where that is short.
// SHAPE      IdTable    hash ─ top bits ─▶ shard { lock, slots ─▶ [ first, last, extra│id ] [ free ] … , memory }
//            IdStore    id ─▶ chunk 0 [ 1024 items ], chunk 1 [ 2048 ], chunk 2 [ 4096 ] …
//            A key is two words and a half. When these are all of it (is_whole), equal words are equal keys; else they are
//            a hash of it, and equal words are looked at again by `matches`.
// INVARIANTS T1 A slot goes from free to an entry once, and never changes again in its array. An array that was outgrown is
//               kept, because a reader may still be in it; it misses what came later, and a miss asks again under the lock.
//            T2 Everything about an id is written before its slot's last word is (release), so whoever reads that word
//               (acquire) reads all.
//            T3 Under the lock of its shard nobody else makes an id for the same key: one key, one id.
// THREADS    id_table_find, id_table_find_or_make, id_store_get: any. The make callback runs under the lock of its shard;
//            it may take no other lock.
// COST       A slot is 32 bytes, two to a cache line; load ≤ 4/5, linear probing. The outgrown arrays of a shard add up to
//            less than its current one. Slots of 8 bytes, with half of the hash and the id, need a quarter of the memory and
//            twice the misses: 27 ns instead of 16 for each of 10 M names of a Zipf stream of 100,000 distinct ones.
#pragma once
#include "base/atomics.h"
#include "base/hash.h"
#include "base/status.h"
#include "base/thread.h"

// ---- storage

#define ID_STORE_CHUNKS 23 // 1024 · (2^23 − 1) items: every 32-bit id has a chunk, though the last is never made
#define ID_STORE_FIRST_ITEMS 1024u

typedef struct IdStore {
    // Read by every lookup, written almost never.
    size_t item_bytes;
    _Atomic(char *) chunks[ID_STORE_CHUNKS]; // each set once, by whoever needs it first
    _Atomic uint64_t bytes;                  // allocated
    char apart[CACHE_LINE_BYTES];            // keeps what every insertion writes off the lines above
    _Atomic uint32_t next;                   // the next id; written under any shard's lock, so by several threads
} IdStore;

void id_store_init(IdStore *store, size_t item_bytes, uint32_t first_id);
void id_store_destroy(IdStore *store);
// The next id, and its zeroed item. STATUS_NO_MEMORY also when all ids are used up.
MUST_USE Status id_store_add(IdStore *store, uint32_t *id, void **item);

static inline uint32_t id_store_chunk_of(uint32_t id) {
    return 63u - (uint32_t)__builtin_clzll(id / ID_STORE_FIRST_ITEMS + UINT64_C(1));
}

// NULL for an id that nobody has made. The pointer stays valid while the store lives.
static inline void *id_store_get(const IdStore *store, uint32_t id) {
    uint32_t chunk = id_store_chunk_of(id);
    // With the CAS in id_store_add: zeroed content. The item itself: T2.
    char *items = load_acquire(&store->chunks[chunk]);
    uint64_t first = ((UINT64_C(1) << chunk) - 1) * ID_STORE_FIRST_ITEMS;
    return items == NULL ? NULL : items + (id - first) * store->item_bytes;
}

// ---- table

typedef struct IdKey {
    uint64_t first;
    uint64_t last;
    uint32_t extra; // two keys that are equal in all three words are both whole, or both not
    bool is_whole;
} IdKey;

static inline uint64_t id_key_hash(const IdKey *key) { return hash_words(key->first, key->last, key->extra); }

typedef struct IdSlot {
    _Alignas(32) _Atomic uint64_t first; // this and last: written before `tail`
    _Atomic uint64_t last;
    _Atomic uint64_t tail; // extra << 32 | id; 0: free
} IdSlot;

typedef struct IdSlots IdSlots;
struct IdSlots {
    uint32_t mask;     // slot count - 1
    IdSlots *outgrown; // T1
    CACHE_ALIGNED IdSlot slots[];
};

typedef struct ShardChunk ShardChunk;

typedef struct IdShard {
    CACHE_ALIGNED Mutex lock;
    // Under the lock.
    uint32_t used;       // slots that are not free
    uint64_t lock_takes; // by those who wanted to insert
    uint64_t lock_waits; // of these, found it taken
    ShardChunk *chunk;
    size_t chunk_used;
    uint64_t bytes; // allocated for slots and chunks
} IdShard;

typedef struct IdTable {
    // By shard; written under its lock, read by all: apart from the locks, which every insertion writes.
    _Atomic(IdSlots *) *slots;
    IdShard *shards;
    uint32_t shard_count; // a power of two
    uint32_t shard_shift; // hash >> shift = shard
} IdTable;

#define ID_SHARDS_MAX 1024u

// `key` is the first field of whatever the owner looks for: the callbacks may cast it back.
typedef bool (*IdMatches)(const void *owner, uint32_t id, const IdKey *key);
typedef Status (*IdMake)(void *owner, IdShard *shard, const IdKey *key, uint32_t *id);

MUST_USE Status id_table_init(IdTable *table, uint32_t shard_count); // after a failure id_table_destroy is still right
void id_table_destroy(IdTable *table);
uint64_t id_table_bytes(IdTable *table);

// Memory that lives as long as the table, for the make callback (the lock is held). NULL: none left.
void *id_shard_alloc_locked(IdShard *shard, size_t bytes, size_t align);

// What a table looks like inside, for tuning and for reports.
#define PROBE_LENGTHS 16u
typedef struct InternStatistics {
    uint64_t entries;
    uint64_t slots;
    uint64_t bytes;      // held by the table and its entries
    uint64_t lock_takes; // insertions, and lookups that raced with one
    uint64_t lock_waits; // of these, had to wait for another thread
    uint64_t growths;    // arrays that were outgrown
    uint32_t shards;
    uint32_t probe_max;
    uint64_t probes[PROBE_LENGTHS]; // [i]: entries that are found at the (i + 1)-th look; the last: or later
    double probe_mean;
} InternStatistics;
void id_table_statistics(IdTable *table, InternStatistics *out); // any time; takes each shard's lock in turn

static inline uint64_t id_table_shard(const IdTable *table, uint64_t hash) {
    return table->shard_count == 1 ? 0 : hash >> table->shard_shift;
}

// 0: not there. Inline so that `matches` is.
static inline uint32_t id_slots_find(const IdSlots *slots, uint64_t hash, IdMatches matches, const void *owner,
                                     const IdKey *key) {
    for (uint32_t index = (uint32_t)hash & slots->mask;; index = (index + 1) & slots->mask) {
        const IdSlot *slot = &slots->slots[index];
        uint64_t tail = load_acquire(&slot->tail); // with the release in id_slots_put (T2)
        if (tail == 0) return 0;
        uint64_t different = (load_relaxed(&slot->first) ^ key->first) | (load_relaxed(&slot->last) ^ key->last) |
                             ((uint32_t)(tail >> 32) ^ key->extra);
        if (different == 0 && (LIKELY(key->is_whole) || matches(owner, (uint32_t)tail, key))) return (uint32_t)tail;
    }
}

static inline uint32_t id_table_find(const IdTable *table, uint64_t hash, IdMatches matches, const void *owner,
                                     const IdKey *key) {
    // Acquire, with the release in id_shard_grow_locked: the array's content.
    return id_slots_find(load_acquire(&table->slots[id_table_shard(table, hash)]), hash, matches, owner, key);
}

// Begins to load the line that id_table_find will want.
static inline void id_table_prefetch(const IdTable *table, uint64_t hash) {
    const IdSlots *slots = load_acquire(&table->slots[id_table_shard(table, hash)]); // acquire: as above
    __builtin_prefetch(&slots->slots[(uint32_t)hash & slots->mask]);
}

// The slow half of the next function: looks again under the lock, then makes.
MUST_USE Status id_table_make(IdTable *table, uint64_t hash, IdMatches matches, IdMake make, void *owner,
                              const IdKey *key, uint32_t *id);

// `hash` is id_key_hash(key).
MUST_USE static inline Status id_table_find_or_make(IdTable *table, uint64_t hash, IdMatches matches, IdMake make,
                                                    void *owner, const IdKey *key, uint32_t *id) {
    *id = id_table_find(table, hash, matches, owner, key);
    return LIKELY(*id != 0) ? STATUS_OK : id_table_make(table, hash, matches, make, owner, key, id);
}

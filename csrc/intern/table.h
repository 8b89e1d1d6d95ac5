// intern/table.h: what names and types have in common: a sharded hash table of ids, and storage that never moves.
//
// WHY        Thousands of lookups per millisecond from every worker, nearly all of them hits. So a hit takes no lock and
//            writes nothing, and an insertion locks one shard of many.
// SHAPE      IdTable    hash ─ top bits ─▶ shard { lock, slots ─▶ [ 0 | tag,17 | 0 | tag,93 ] , memory }
//            IdStore    id ─▶ chunk 0 [ 1024 items ], chunk 1 [ 2048 ], chunk 2 [ 4096 ] …
// INVARIANTS T1 A slot goes from 0 to an entry once, and never changes again in its array. An array that was outgrown is
//               kept, because a reader may still be in it; it misses what came later, and a miss asks again under the lock.
//            T2 Everything about an id is written before its slot is (release), so whoever reads the slot (acquire) reads all.
//            T3 Under the lock of its shard nobody else makes an id for the same key: one key, one id.
// THREADS    id_table_find, id_table_find_or_make, id_store_get: any. The make callback runs under the lock of its shard;
//            it may take no other lock.
// COST       A slot is 8 bytes; 32 bits of hash in it decide nearly every comparison. Load ≤ 3/5, linear probing. The
//            outgrown arrays of a shard add up to less than its current one.
#pragma once
#include "base/atomics.h"
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

typedef struct IdSlots IdSlots;
struct IdSlots {
    uint32_t mask;            // slot count - 1
    IdSlots *outgrown;        // T1
    _Atomic uint64_t slots[]; // tag << 32 | id; 0: free
};

typedef struct ShardChunk ShardChunk;

typedef struct IdShard {
    CACHE_ALIGNED _Atomic(IdSlots *) slots; // written under the lock, read by all
    Mutex lock;
    // Under the lock.
    uint32_t used; // slots that are not free
    ShardChunk *chunk;
    size_t chunk_used;
    uint64_t bytes; // allocated for slots and chunks
} IdShard;

typedef struct IdTable {
    IdShard *shards;
    uint32_t shard_count; // a power of two
    uint32_t shard_shift; // hash >> shift = shard
} IdTable;

#define ID_SHARDS_MAX 1024u

typedef bool (*IdMatches)(const void *owner, uint32_t id, const void *key);
typedef Status (*IdMake)(void *owner, IdShard *shard, const void *key, uint32_t *id);

MUST_USE Status id_table_init(IdTable *table, uint32_t shard_count); // after a failure id_table_destroy is still right
void id_table_destroy(IdTable *table);
uint64_t id_table_bytes(IdTable *table);

// Memory that lives as long as the table, for the make callback (the lock is held). NULL: none left.
void *id_shard_alloc_locked(IdShard *shard, size_t bytes, size_t align);

static inline IdShard *id_table_shard(const IdTable *table, uint64_t hash) {
    return &table->shards[table->shard_count == 1 ? 0 : hash >> table->shard_shift];
}

// 0: not there. Inline so that `matches` is.
static inline uint32_t id_slots_find(const IdSlots *slots, uint64_t hash, IdMatches matches, const void *owner,
                                     const void *key) {
    uint32_t tag = (uint32_t)hash;
    for (uint32_t index = tag & slots->mask;; index = (index + 1) & slots->mask) {
        uint64_t slot = load_acquire(&slots->slots[index]); // with the release in id_slots_put (T2)
        if (slot == 0) return 0;
        if ((uint32_t)(slot >> 32) == tag && matches(owner, (uint32_t)slot, key)) return (uint32_t)slot;
    }
}

static inline uint32_t id_table_find(const IdTable *table, uint64_t hash, IdMatches matches, const void *owner,
                                     const void *key) {
    // Acquire, with the release in id_shard_grow_locked: the array's content.
    return id_slots_find(load_acquire(&id_table_shard(table, hash)->slots), hash, matches, owner, key);
}

// The slow half of the next function: looks again under the lock, then makes.
MUST_USE Status id_table_make(IdTable *table, uint64_t hash, IdMatches matches, IdMake make, void *owner,
                              const void *key, uint32_t *id);

MUST_USE static inline Status id_table_find_or_make(IdTable *table, uint64_t hash, IdMatches matches, IdMake make,
                                                    void *owner, const void *key, uint32_t *id) {
    *id = id_table_find(table, hash, matches, owner, key);
    return LIKELY(*id != 0) ? STATUS_OK : id_table_make(table, hash, matches, make, owner, key, id);
}

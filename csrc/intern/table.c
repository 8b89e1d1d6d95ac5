// intern/table.c: the parts of the table that are not on the hit path. See table.h.
#include "intern/table.h"
#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 16u
#define LOCK_SPINS 100u               // a few microseconds
#define SLOTS_MAX (UINT32_C(1) << 31) // the index comes from 32 bits of the hash
#define CHUNK_BYTES_FIRST (4u * 1024)
#define CHUNK_BYTES_MAX (1024u * 1024)
#define IDS_MAX (UINT32_MAX - ID_SHARDS_MAX) // threads that fail at the limit may each have counted one further

struct ShardChunk {
    ShardChunk *previous;
    size_t bytes; // of data
    _Alignas(16) char data[];
};

// ---- storage

void id_store_init(IdStore *store, size_t item_bytes, uint32_t first_id) {
    store->item_bytes = item_bytes;
    store_relaxed(&store->next, first_id); // relaxed: not shared yet
    store_relaxed(&store->bytes, UINT64_C(0));
    for (uint32_t chunk = 0; chunk < ID_STORE_CHUNKS; chunk++)
        store_relaxed(&store->chunks[chunk], (char *)NULL);
}

void id_store_destroy(IdStore *store) {
    // Nobody else is left.
    for (uint32_t chunk = 0; chunk < ID_STORE_CHUNKS; chunk++)
        free(load_relaxed(&store->chunks[chunk]));
}

static Status chunk_ensure(IdStore *store, uint32_t chunk) {
    if (load_relaxed(&store->chunks[chunk]) != NULL) return STATUS_OK; // relaxed: id_store_get reads it again
    size_t count = (size_t)ID_STORE_FIRST_ITEMS << chunk;
    char *items = calloc(count, store->item_bytes); // large ones come untouched from the system, so a loser's is cheap
    if (items == NULL) return STATUS_NO_MEMORY;
    char *expected = NULL;
    if (cas_acq_rel(&store->chunks[chunk], &expected, items)) // release: zeroed content, for id_store_get
        (void)fetch_add_relaxed(&store->bytes, (uint64_t)count * store->item_bytes); // a count for people
    else
        free(items); // somebody was faster
    return STATUS_OK;
}

Status id_store_add(IdStore *store, uint32_t *id, void **item) {
    // Ask for the room first: where memory is short no number is lost. The number that we get then may be a later one.
    uint32_t guess = load_relaxed(&store->next);
    if (guess >= IDS_MAX) return STATUS_NO_MEMORY;
    TRY(chunk_ensure(store, id_store_chunk_of(guess)));
    // Relaxed: the number alone is shared, its item is published by its slot.
    uint32_t next = fetch_add_relaxed(&store->next, 1u);
    if (next >= IDS_MAX) return STATUS_NO_MEMORY;
    TRY(chunk_ensure(store, id_store_chunk_of(next)));
    *id = next;
    *item = id_store_get(store, next);
    return STATUS_OK;
}

// ---- memory of a shard

void *id_shard_alloc_locked(IdShard *shard, size_t bytes, size_t align) {
    assert(align <= 16 && (align & (align - 1)) == 0);
    if (bytes > SIZE_MAX / 2) return NULL;
    if (shard->chunk != NULL) {
        size_t start = (shard->chunk_used + align - 1) & ~(align - 1);
        if (start <= shard->chunk->bytes && bytes <= shard->chunk->bytes - start) {
            shard->chunk_used = start + bytes;
            return shard->chunk->data + start;
        }
    }
    size_t size = shard->chunk == NULL ? CHUNK_BYTES_FIRST : shard->chunk->bytes * 2;
    if (size > CHUNK_BYTES_MAX) size = CHUNK_BYTES_MAX;
    // A giant gets a chunk of its own, behind the current one, whose free room stays in use.
    bool is_giant = bytes > size / 2;
    ShardChunk *chunk = malloc(sizeof *chunk + (is_giant ? bytes : size));
    if (chunk == NULL) return NULL;
    chunk->bytes = is_giant ? bytes : size;
    shard->bytes += sizeof *chunk + chunk->bytes;
    if (is_giant && shard->chunk != NULL) {
        chunk->previous = shard->chunk->previous;
        shard->chunk->previous = chunk;
    } else {
        chunk->previous = shard->chunk;
        shard->chunk = chunk;
        shard->chunk_used = bytes;
    }
    return chunk->data;
}

// ---- table

static size_t slots_bytes(uint32_t count) { return sizeof(IdSlots) + sizeof(IdSlot) * (size_t)count; }

static IdSlots *slots_create(uint32_t count) {
    IdSlots *slots = aligned_alloc(CACHE_LINE_BYTES, slots_bytes(count)); // a multiple of it for every power of two ≥ 2
    if (slots == NULL) return NULL;
    memset(slots, 0, slots_bytes(count)); // all bits zero is an _Atomic 0
    slots->mask = count - 1;
    return slots;
}

Status id_table_init(IdTable *table, uint32_t shard_count) {
    *table = (IdTable){0};
    assert(shard_count > 0 && shard_count <= ID_SHARDS_MAX && (shard_count & (shard_count - 1)) == 0);
    IdShard *shards = aligned_alloc(CACHE_LINE_BYTES, sizeof *shards * shard_count);
    if (shards == NULL) return STATUS_NO_MEMORY;
    memset(shards, 0, sizeof *shards * shard_count);
    table->shards = shards;
    size_t pointer_bytes =
        (sizeof table->slots[0] * shard_count + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
    table->slots = aligned_alloc(CACHE_LINE_BYTES, pointer_bytes);
    if (table->slots == NULL) return STATUS_NO_MEMORY;
    table->shard_shift = 64 - (uint32_t)__builtin_ctz(shard_count);
    for (; table->shard_count < shard_count; table->shard_count++) {
        IdShard *shard = &shards[table->shard_count];
        IdSlots *slots = slots_create(SLOTS_FIRST);
        if (slots == NULL) return STATUS_NO_MEMORY;
        if (mutex_init(&shard->lock) != STATUS_OK) {
            free(slots);
            return STATUS_NO_MEMORY;
        }
        store_relaxed(&table->slots[table->shard_count], slots); // relaxed: not shared yet
        shard->bytes = sizeof *shard + slots_bytes(SLOTS_FIRST);
    }
    return STATUS_OK;
}

void id_table_destroy(IdTable *table) {
    for (uint32_t i = 0; i < table->shard_count; i++) {
        IdShard *shard = &table->shards[i];
        for (IdSlots *slots = load_relaxed(&table->slots[i]); slots != NULL;) { // relaxed: nobody else is left
            IdSlots *outgrown = slots->outgrown;
            free(slots);
            slots = outgrown;
        }
        for (ShardChunk *chunk = shard->chunk; chunk != NULL;) {
            ShardChunk *previous = chunk->previous;
            free(chunk);
            chunk = previous;
        }
        mutex_destroy(&shard->lock);
    }
    free(table->slots);
    free(table->shards);
    *table = (IdTable){0};
}

uint64_t id_table_bytes(IdTable *table) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < table->shard_count; i++) {
        mutex_lock(&table->shards[i].lock);
        bytes += table->shards[i].bytes;
        mutex_unlock(&table->shards[i].lock);
    }
    return bytes;
}

static IdKey slot_key(const IdSlot *slot, uint64_t tail) {
    // Relaxed: written under our lock only.
    return (IdKey){
        .first = load_relaxed(&slot->first), .last = load_relaxed(&slot->last), .extra = (uint32_t)(tail >> 32)};
}

static void shard_statistics_locked(const IdShard *shard, const IdSlots *slots, InternStatistics *out,
                                    uint64_t *probe_sum) {
    out->entries += shard->used;
    out->bytes += shard->bytes;
    out->slots += (uint64_t)slots->mask + 1;
    out->lock_takes += shard->lock_takes;
    out->lock_waits += shard->lock_waits;
    for (const IdSlots *outgrown = slots->outgrown; outgrown != NULL; outgrown = outgrown->outgrown)
        out->growths++;
    for (uint32_t index = 0; index <= slots->mask; index++) {
        uint64_t tail = load_relaxed(&slots->slots[index].tail); // relaxed: as above
        if (tail == 0) continue;
        IdKey key = slot_key(&slots->slots[index], tail);
        uint32_t looks = ((index - (uint32_t)id_key_hash(&key)) & slots->mask) + 1;
        *probe_sum += looks;
        if (looks > out->probe_max) out->probe_max = looks;
        out->probes[looks < PROBE_LENGTHS ? looks - 1 : PROBE_LENGTHS - 1]++;
    }
}

void id_table_statistics(IdTable *table, InternStatistics *out) {
    *out = (InternStatistics){.shards = table->shard_count};
    uint64_t probe_sum = 0;
    for (uint32_t i = 0; i < table->shard_count; i++) {
        IdShard *shard = &table->shards[i];
        mutex_lock(&shard->lock);
        // Relaxed: written under our lock only.
        shard_statistics_locked(shard, load_relaxed(&table->slots[i]), out, &probe_sum);
        mutex_unlock(&shard->lock);
    }
    out->probe_mean = out->entries == 0 ? 0 : (double)probe_sum / (double)out->entries;
}

static void id_slots_put(IdSlots *slots, uint64_t hash, const IdKey *key, uint32_t id) {
    uint32_t index = (uint32_t)hash & slots->mask;
    // Relaxed: written under our lock only.
    while (load_relaxed(&slots->slots[index].tail) != 0)
        index = (index + 1) & slots->mask;
    IdSlot *slot = &slots->slots[index];
    store_relaxed(&slot->first, key->first); // relaxed, both: published by the tail
    store_relaxed(&slot->last, key->last);
    store_release(&slot->tail, (uint64_t)key->extra << 32 | id); // with the acquire in id_slots_find (T2)
}

static bool id_shard_grow_locked(IdTable *table, uint64_t number, IdSlots *slots) {
    if (slots->mask + 1 >= SLOTS_MAX) return false;
    uint32_t count = (slots->mask + 1) * 2;
    IdSlots *grown = slots_create(count);
    if (grown == NULL) return false;
    for (uint32_t index = 0; index <= slots->mask; index++) {
        uint64_t tail = load_relaxed(&slots->slots[index].tail); // relaxed: as above
        if (tail == 0) continue;
        IdKey key = slot_key(&slots->slots[index], tail);
        id_slots_put(grown, id_key_hash(&key), &key, (uint32_t)tail);
    }
    grown->outgrown = slots;
    table->shards[number].bytes += slots_bytes(count);
    store_release(&table->slots[number], grown); // with the acquire in id_table_find
    return true;
}

// An insertion is over in less time than falling asleep takes.
static bool lock_impatiently(Mutex *lock) {
    if (mutex_try_lock(lock)) return false;
    for (uint32_t spin = 0; spin < LOCK_SPINS; spin++) {
        spin_hint();
        if (mutex_try_lock(lock)) return true;
    }
    mutex_lock(lock);
    return true;
}

Status id_table_make(IdTable *table, uint64_t hash, IdMatches matches, IdMake make, void *owner, const IdKey *key,
                     uint32_t *id) {
    uint64_t number = id_table_shard(table, hash);
    IdShard *shard = &table->shards[number];
    bool has_waited = lock_impatiently(&shard->lock);
    shard->lock_takes++;
    shard->lock_waits += has_waited;
    IdSlots *slots = load_relaxed(&table->slots[number]);  // relaxed: written under our lock only
    *id = id_slots_find(slots, hash, matches, owner, key); // somebody may have made it since we looked (T3)
    Status status = STATUS_OK;
    if (*id == 0) {
        // Room first, then the id: an id that exists is always in the table.
        uint64_t limit = ((uint64_t)slots->mask + 1) * 4 / 5;
        if (shard->used >= limit && !id_shard_grow_locked(table, number, slots)) {
            status = STATUS_NO_MEMORY;
        } else {
            status = make(owner, shard, key, id);
            if (status == STATUS_OK) {
                id_slots_put(load_relaxed(&table->slots[number]), hash, key, *id);
                shard->used++;
            } else {
                *id = 0;
            }
        }
    }
    mutex_unlock(&shard->lock);
    return status;
}

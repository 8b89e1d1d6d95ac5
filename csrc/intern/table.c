// intern/table.c: the parts of the table that are not on the hit path. See table.h.
#include "intern/table.h"
#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 64u
#define SLOTS_MAX (UINT32_C(1) << 31) // the index comes from a 32-bit tag
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

static IdSlots *slots_create(uint32_t count) {
    IdSlots *slots = calloc(1, sizeof *slots + sizeof slots->slots[0] * count); // all bits zero is an _Atomic 0
    if (slots != NULL) slots->mask = count - 1;
    return slots;
}

Status id_table_init(IdTable *table, uint32_t shard_count) {
    *table = (IdTable){0};
    assert(shard_count > 0 && shard_count <= ID_SHARDS_MAX && (shard_count & (shard_count - 1)) == 0);
    IdShard *shards = aligned_alloc(CACHE_LINE_BYTES, sizeof *shards * shard_count);
    if (shards == NULL) return STATUS_NO_MEMORY;
    memset(shards, 0, sizeof *shards * shard_count);
    table->shards = shards;
    table->shard_shift = 64 - (uint32_t)__builtin_ctz(shard_count);
    for (; table->shard_count < shard_count; table->shard_count++) {
        IdShard *shard = &shards[table->shard_count];
        IdSlots *slots = slots_create(SLOTS_FIRST);
        if (slots == NULL) return STATUS_NO_MEMORY;
        if (mutex_init(&shard->lock) != STATUS_OK) {
            free(slots);
            return STATUS_NO_MEMORY;
        }
        store_relaxed(&shard->slots, slots); // relaxed: not shared yet
        shard->bytes = sizeof *shard + sizeof *slots + sizeof slots->slots[0] * SLOTS_FIRST;
    }
    return STATUS_OK;
}

void id_table_destroy(IdTable *table) {
    for (uint32_t i = 0; i < table->shard_count; i++) {
        IdShard *shard = &table->shards[i];
        for (IdSlots *slots = load_relaxed(&shard->slots); slots != NULL;) { // relaxed: nobody else is left
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

static void id_slots_put(IdSlots *slots, uint32_t tag, uint32_t id) {
    uint32_t index = tag & slots->mask;
    // Relaxed: written under our lock only.
    while (load_relaxed(&slots->slots[index]) != 0)
        index = (index + 1) & slots->mask;
    store_release(&slots->slots[index], (uint64_t)tag << 32 | id); // with the acquire in id_slots_find (T2)
}

static bool id_shard_grow_locked(IdShard *shard, IdSlots *slots) {
    if (slots->mask + 1 >= SLOTS_MAX) return false;
    uint32_t count = (slots->mask + 1) * 2;
    IdSlots *grown = slots_create(count);
    if (grown == NULL) return false;
    for (uint32_t index = 0; index <= slots->mask; index++) {
        uint64_t slot = load_relaxed(&slots->slots[index]); // relaxed: as above
        if (slot != 0) id_slots_put(grown, (uint32_t)(slot >> 32), (uint32_t)slot);
    }
    grown->outgrown = slots;
    shard->bytes += sizeof *grown + sizeof grown->slots[0] * (uint64_t)count;
    store_release(&shard->slots, grown); // with the acquire in id_table_find
    return true;
}

Status id_table_make(IdTable *table, uint64_t hash, IdMatches matches, IdMake make, void *owner, const void *key,
                     uint32_t *id) {
    IdShard *shard = id_table_shard(table, hash);
    mutex_lock(&shard->lock);
    IdSlots *slots = load_relaxed(&shard->slots);          // relaxed: written under our lock only
    *id = id_slots_find(slots, hash, matches, owner, key); // somebody may have made it since we looked (T3)
    Status status = STATUS_OK;
    if (*id == 0) {
        // Room first, then the id: an id that exists is always in the table.
        uint64_t limit = ((uint64_t)slots->mask + 1) / 5 * 3;
        if (shard->used >= limit && !id_shard_grow_locked(shard, slots)) {
            status = STATUS_NO_MEMORY;
        } else {
            status = make(owner, shard, key, id);
            if (status == STATUS_OK) {
                id_slots_put(load_relaxed(&shard->slots), (uint32_t)hash, *id);
                shard->used++;
            } else {
                *id = 0;
            }
        }
    }
    mutex_unlock(&shard->lock);
    return status;
}

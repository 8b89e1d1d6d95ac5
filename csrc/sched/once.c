// sched/once.c: the map: finding, inserting, computing. See once.h for the contract; who waits for whom is in once_wait.c.
//
// THE TABLE is that of intern/table.h with pointers for ids: sharded, open addressing, linear probing, load ≤ 1/2. A slot
// holds the whole hash, so that a probe touches an entry only when it is nearly sure to be the right one. A slot is written
// once; an array that was outgrown is kept, because a reader may still be in it, and a miss asks again under the lock.
#include "base/hash.h"
#include "sched/once_internal.h"
#include <stdlib.h>

#define SHARDS_DEFAULT 16u
#define SHARDS_MAX 1024u
#define SLOTS_FIRST 16u
#define CHUNK_BYTES_FIRST (4u * 1024)
#define CHUNK_BYTES_MAX (256u * 1024)

typedef struct Slot {
    _Atomic uint64_t hash;
    _Atomic(OnceEntry *) entry; // NULL: free. Written after the hash
} Slot;

typedef struct Slots Slots;
struct Slots {
    uint64_t mask;
    Slots *outgrown;
    Slot slots[];
};

typedef struct Chunk Chunk;
struct Chunk {
    Chunk *previous;
    size_t bytes; // of data
    _Alignas(16) char data[];
};

struct OnceShard {
    CACHE_ALIGNED _Atomic(Slots *) slots; // written under the lock, read by all
    Mutex lock;
    // Under the lock.
    uint64_t used;
    Chunk *chunk;
    size_t chunk_used;
    uint64_t bytes;
};

static OnceShard *shard_of(const OnceMap *map, uint64_t hash) {
    return &map->shards[map->shard_count == 1 ? 0 : hash >> map->shard_shift];
}

static OnceEntry *slots_find(const Slots *slots, uint64_t hash, Text key) {
    for (uint64_t index = hash & slots->mask;; index = (index + 1) & slots->mask) {
        OnceEntry *entry = load_acquire(&slots->slots[index].entry); // with the release in slots_put: hash and content
        if (entry == NULL) return NULL;
        if (load_relaxed(&slots->slots[index].hash) == hash && entry->key_length == key.length &&
            (key.length == 0 || memcmp(entry->key, key.data, key.length) == 0))
            return entry;
    }
}

static void slots_put(Slots *slots, uint64_t hash, OnceEntry *entry) {
    uint64_t index = hash & slots->mask;
    while (load_relaxed(&slots->slots[index].entry) != NULL) // relaxed: written under our lock only
        index = (index + 1) & slots->mask;
    store_relaxed(&slots->slots[index].hash, hash);   // relaxed: published by the next line
    store_release(&slots->slots[index].entry, entry); // with the acquire in slots_find
}

static Slots *slots_create(uint64_t count) {
    Slots *slots = calloc(1, sizeof *slots + sizeof slots->slots[0] * count); // all bits zero is an _Atomic 0
    if (slots != NULL) slots->mask = count - 1;
    return slots;
}

static bool grow_locked(OnceShard *shard) {
    Slots *slots = load_relaxed(&shard->slots); // relaxed, here and below: written under our lock only
    uint64_t count = (slots->mask + 1) * 2;
    Slots *grown = slots_create(count);
    if (grown == NULL) return false;
    for (uint64_t index = 0; index <= slots->mask; index++) {
        OnceEntry *entry = load_relaxed(&slots->slots[index].entry);
        if (entry != NULL) slots_put(grown, entry->hash, entry);
    }
    grown->outgrown = slots;
    shard->bytes += sizeof *grown + sizeof grown->slots[0] * count;
    store_release(&shard->slots, grown); // with the acquire in once_get
    return true;
}

static void *alloc_locked(OnceShard *shard, size_t bytes) {
    bytes = (bytes + 15) & ~(size_t)15;
    if (shard->chunk == NULL || bytes > shard->chunk->bytes - shard->chunk_used) {
        size_t size = shard->chunk == NULL ? CHUNK_BYTES_FIRST : shard->chunk->bytes * 2;
        if (size > CHUNK_BYTES_MAX) size = CHUNK_BYTES_MAX;
        if (size < bytes) size = bytes; // a giant; what was left of the last chunk is lost
        Chunk *chunk = malloc(sizeof *chunk + size);
        if (chunk == NULL) return NULL;
        *chunk = (Chunk){.previous = shard->chunk, .bytes = size};
        shard->chunk = chunk;
        shard->chunk_used = 0;
        shard->bytes += sizeof *chunk + size;
    }
    void *block = shard->chunk->data + shard->chunk_used;
    shard->chunk_used += bytes;
    return block;
}

// A new entry that the caller must compute, or the one that somebody else made meanwhile.
static Status find_or_insert(OnceMap *map, Worker *worker, uint64_t hash, Text key, OnceEntry **out, bool *is_ours) {
    OnceShard *shard = shard_of(map, hash);
    mutex_lock(&shard->lock);
    Slots *slots = load_relaxed(&shard->slots); // relaxed: written under our lock only
    OnceEntry *entry = slots_find(slots, hash, key);
    *is_ours = entry == NULL;
    Status status = STATUS_OK;
    if (entry == NULL) {
        entry = alloc_locked(shard, sizeof *entry + key.length);
        if (entry == NULL || (shard->used >= (slots->mask + 1) / 2 && !grow_locked(shard))) {
            status = STATUS_NO_MEMORY; // the entry's bytes stay with the shard, unused
        } else {
            *entry = (OnceEntry){.map = map,
                                 .parent = worker->deque.scope,
                                 .worker = worker->index,
                                 .hash = hash,
                                 .key_length = key.length};
            store_relaxed(&entry->state, (uint32_t)ONCE_COMPUTING); // relaxed: slots_put publishes it
            if (key.length > 0) memcpy(entry->key, key.data, key.length);
            slots_put(load_relaxed(&shard->slots), hash, entry);
            shard->used++;
        }
    }
    mutex_unlock(&shard->lock);
    *out = entry;
    return status;
}

static Status answer(OnceEntry *entry, Worker *worker, Status status, void *value, void **out) {
    *out = status == STATUS_OK ? value : NULL;
    if (status == STATUS_CYCLE) once_hear_of_cycle(worker, entry);
    return status;
}

// The entry is COMPUTING, by us.
static Status compute(OnceEntry *entry, Worker *worker, OnceFunction function, void *context, void **out) {
    void *outer = worker->deque.scope;
    assert(entry->parent == outer);
    worker->deque.scope = entry;
    void *value = NULL;
    Status status = function(worker, context, once_key(entry), &value);
    worker->deque.scope = outer;
    // Whoever found the circle that we are on has ended before us, or is us: nobody writes this any more.
    if (entry->is_on_cycle && status == STATUS_OK) {
        const OnceConfig *config = &entry->map->config;
        if (config->drop != NULL && value != NULL) config->drop(config->drop_context, value);
    }
    if (entry->is_on_cycle) status = STATUS_CYCLE;
    if (status != STATUS_OK) value = NULL;
    once_end(entry, status, value);
    return answer(entry, worker, status, value, out);
}

static Status get_slow(OnceMap *map, Worker *worker, uint64_t hash, Text key, OnceEntry *entry, OnceFunction function,
                       void *context, void **out) {
    *out = NULL;
    for (;;) {
        if (entry != NULL) {
            uint32_t state = load_acquire(&entry->state); // with the release in once_end: status and value
            if (state == ONCE_DONE) return answer(entry, worker, entry->status, entry->value, out);
            if (state != ONCE_OPEN) {
                Status status;
                void *value;
                if (once_wait(entry, worker, &status, &value)) return answer(entry, worker, status, value, out);
                continue;
            }
        }
        if (worker_cancelled(worker)) return STATUS_CANCELLED;
        bool is_ours;
        if (entry == NULL)
            TRY(find_or_insert(map, worker, hash, key, &entry, &is_ours));
        else
            is_ours = once_claim(entry, worker);
        if (is_ours) return compute(entry, worker, function, context, out);
    }
}

Status once_get(OnceMap *map, Worker *worker, Text key, OnceFunction function, void *context, void **value) {
    assert(process_thread_worker() == worker && worker->pool == map->pool);
    uint64_t hash = hash_text(key);
    // Acquire, with the release in grow_locked: the array's content.
    OnceEntry *entry = slots_find(load_acquire(&shard_of(map, hash)->slots), hash, key);
    // Acquire, with the release in once_end: status and value.
    if (LIKELY(entry != NULL && load_acquire(&entry->state) == ONCE_DONE && entry->status == STATUS_OK)) {
        *value = entry->value;
        return STATUS_OK;
    }
    return get_slow(map, worker, hash, key, entry, function, context, value);
}

static OnceEntry *find_done(const OnceMap *map, Text key) {
    uint64_t hash = hash_text(key);
    OnceEntry *entry = slots_find(load_acquire(&shard_of(map, hash)->slots), hash, key); // acquire: as in once_get
    return entry != NULL && load_acquire(&entry->state) == ONCE_DONE ? entry : NULL;
}

bool once_peek(const OnceMap *map, Text key, void **value) {
    const OnceEntry *entry = find_done(map, key);
    bool is_known = entry != NULL && entry->status == STATUS_OK;
    *value = is_known ? entry->value : NULL;
    return is_known;
}

OnceCycle once_cycle(const OnceMap *map, Text key) {
    const OnceEntry *entry = find_done(map, key);
    if (entry == NULL || entry->status != STATUS_CYCLE || entry->report == NULL) return (OnceCycle){0};
    return entry->report->cycle;
}

// ---- life cycle

Status once_map_create(Pool *pool, const OnceConfig *config, OnceMap **out) {
    *out = NULL;
    OnceMap *map = calloc(1, sizeof *map);
    if (map == NULL) return STATUS_NO_MEMORY;
    map->pool = pool;
    if (config != NULL) map->config = *config;
    uint32_t shard_count = map->config.shard_count == 0 ? SHARDS_DEFAULT : map->config.shard_count;
    assert(shard_count <= SHARDS_MAX && (shard_count & (shard_count - 1)) == 0);
    map->shard_shift = 64 - (uint32_t)__builtin_ctz(shard_count);
    map->shards = aligned_alloc(CACHE_LINE_BYTES, sizeof(OnceShard) * shard_count);
    Status status = map->shards == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    while (status == STATUS_OK && map->shard_count < shard_count) {
        OnceShard *shard = &map->shards[map->shard_count];
        memset(shard, 0, sizeof *shard);
        Slots *slots = slots_create(SLOTS_FIRST);
        if (slots == NULL || mutex_init(&shard->lock) != STATUS_OK) {
            free(slots);
            status = STATUS_NO_MEMORY;
            break;
        }
        store_relaxed(&shard->slots, slots); // relaxed: not shared yet
        shard->bytes = sizeof *shard + sizeof *slots + sizeof slots->slots[0] * SLOTS_FIRST;
        map->shard_count++;
    }
    if (status != STATUS_OK) {
        once_map_free(map);
        return status;
    }
    *out = map;
    return STATUS_OK;
}

static void shard_free(const OnceMap *map, OnceShard *shard) {
    Slots *slots = load_relaxed(&shard->slots); // relaxed, here and below: nobody else is left
    for (uint64_t index = 0; map->config.drop != NULL && index <= slots->mask; index++) {
        OnceEntry *entry = load_relaxed(&slots->slots[index].entry);
        if (entry != NULL && entry->value != NULL) map->config.drop(map->config.drop_context, entry->value);
    }
    while (slots != NULL) {
        Slots *outgrown = slots->outgrown;
        free(slots);
        slots = outgrown;
    }
    for (Chunk *chunk = shard->chunk; chunk != NULL;) {
        Chunk *previous = chunk->previous;
        free(chunk);
        chunk = previous;
    }
    mutex_destroy(&shard->lock);
}

void once_map_free(OnceMap *map) {
    if (map == NULL) return;
    for (uint32_t i = 0; i < map->shard_count; i++)
        shard_free(map, &map->shards[i]);
    for (OnceReport *report = map->reports; report != NULL;) {
        OnceReport *next = report->next;
        free(report);
        report = next;
    }
    free(map->shards);
    free(map);
}

OnceCounters once_counters(OnceMap *map) {
    mutex_lock(&map->pool->waits_lock);
    OnceCounters counters = {.computed = map->recomputed,
                             .failed = map->failed,
                             .waits = map->waits,
                             .helped = map->helped,
                             .blocked = map->blocked,
                             .cycles = map->cycles};
    mutex_unlock(&map->pool->waits_lock);
    for (uint32_t i = 0; i < map->shard_count; i++) {
        OnceShard *shard = &map->shards[i];
        mutex_lock(&shard->lock);
        counters.entries += shard->used;
        counters.bytes += shard->bytes;
        mutex_unlock(&shard->lock);
    }
    counters.computed += counters.entries;
    return counters;
}

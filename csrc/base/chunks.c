// base/chunks.c: buddies inside regions. See chunks.h for the contract.
#include "base/chunks.h"
#include "base/thread.h"
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HAS_ADDRESS_SANITIZER 1
#endif
#if defined(HAS_ADDRESS_SANITIZER)
#include <sanitizer/asan_interface.h>
#define POISON(memory, bytes) ASAN_POISON_MEMORY_REGION((memory), (bytes))
#define UNPOISON(memory, bytes) ASAN_UNPOISON_MEMORY_REGION((memory), (bytes))
#else
#define POISON(memory, bytes) ((void)(memory), (void)(bytes))
#define UNPOISON(memory, bytes) ((void)(memory), (void)(bytes))
#endif

enum { BLOCKS = CHUNK_REGION_BYTES / CHUNK_BYTES_MIN, ORDERS = 8, KEPT_BYTES_MIN = 2 * CHUNK_REGION_BYTES };
_Static_assert(BLOCKS == 1 << (ORDERS - 1), "the largest order is a whole region");

struct ChunkRegion {
    ChunkRegion *next; // those that came into use last stand first
    ChunkPool *pool;
    char *memory;
    size_t bytes;                                      // more than CHUNK_REGION_BYTES: given out as a whole
    size_t used_bytes;                                 // in chunks
    uint8_t free_order[BLOCKS];                        // of the free block that begins here, + 1; 0: none does
    uint32_t free_count[ORDERS];                       // how many of each order
    _Alignas(16) char notes[BLOCKS][CHUNK_NOTE_BYTES]; // by the block that a chunk begins with
};

struct ChunkPool {
    Mutex lock;
    ChunkRegion *regions;
    ChunkCounters counters;
    uint64_t active_bytes; // of regions of which something is in use
    uint64_t active_peak;  // the most since the last trim
};

Status chunk_pool_create(ChunkPool **out) {
    *out = NULL;
    ChunkPool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) return STATUS_NO_MEMORY;
    Status status = mutex_init(&pool->lock);
    if (status != STATUS_OK) {
        free(pool);
        return status;
    }
    *out = pool;
    return STATUS_OK;
}

// ---- regions -----------------------------------------------------------------------------------------------------------

static void block_free(ChunkRegion *region, uint32_t block, uint32_t order) {
    region->free_order[block] = (uint8_t)(order + 1);
    region->free_count[order]++;
}

static void block_use(ChunkRegion *region, uint32_t block, uint32_t order) {
    region->free_order[block] = 0;
    region->free_count[order]--;
}

static ChunkRegion *region_add(ChunkPool *pool, size_t bytes) {
    ChunkRegion *region = calloc(1, sizeof *region);
    if (region == NULL) return NULL;
    region->memory = aligned_alloc(CHUNK_REGION_BYTES, bytes);
    if (region->memory == NULL) {
        free(region);
        return NULL;
    }
#if defined(MADV_HUGEPAGE)
    (void)madvise(region->memory, bytes, MADV_HUGEPAGE); // refused: usual pages
#endif
    region->pool = pool;
    region->bytes = bytes;
    if (bytes == CHUNK_REGION_BYTES) block_free(region, 0, ORDERS - 1);
    POISON(region->memory, bytes);
    region->next = pool->regions;
    pool->regions = region;
    pool->counters.system_chunks++;
    pool->counters.system_bytes += bytes;
    pool->counters.held_bytes += bytes;
    return region;
}

static void region_remove(ChunkPool *pool, ChunkRegion **link) {
    ChunkRegion *region = *link;
    assert(region->used_bytes == 0);
    *link = region->next;
    pool->counters.held_bytes -= region->bytes;
    UNPOISON(region->memory, region->bytes);
    free(region->memory);
    free(region);
}

void chunk_pool_free(ChunkPool *pool) {
    if (pool == NULL) return;
    assert(pool->counters.used_bytes == 0); // else an arena was forgotten, and lives longer than its memory
    while (pool->regions != NULL)
        region_remove(pool, &pool->regions);
    mutex_destroy(&pool->lock);
    free(pool);
}

// ---- taking and giving -------------------------------------------------------------------------------------------------

static uint32_t order_for(size_t bytes) {
    uint32_t order = 0;
    while ((size_t)CHUNK_BYTES_MIN << order < bytes)
        order++;
    return order;
}

// The region with the smallest free block that will do, so that large ones stay whole.
static ChunkRegion *region_for(ChunkPool *pool, uint32_t order, uint32_t *found) {
    ChunkRegion *best = NULL;
    *found = ORDERS;
    for (ChunkRegion *region = pool->regions; region != NULL && *found != order; region = region->next)
        for (uint32_t o = order; o < *found; o++)
            if (region->free_count[o] > 0) {
                best = region;
                *found = o;
            }
    return best;
}

// A free region that comes into use stands where a new one would: so a run that allocates as the one before did is laid out as that
// was, and needs no region more.
static void region_first(ChunkPool *pool, ChunkRegion *region) {
    ChunkRegion **link = &pool->regions;
    while (*link != region)
        link = &(*link)->next;
    *link = region->next;
    region->next = pool->regions;
    pool->regions = region;
}

static void *take_block(ChunkPool *pool, uint32_t order, ChunkRegion **out) {
    uint32_t found;
    ChunkRegion *region = region_for(pool, order, &found);
    if (region == NULL) {
        region = region_add(pool, CHUNK_REGION_BYTES);
        if (region == NULL) return NULL;
        found = ORDERS - 1;
    }
    if (region->used_bytes == 0) region_first(pool, region);
    uint32_t block = 0;
    while (region->free_order[block] != found + 1)
        block += 1u << found; // a block stands at a multiple of its size
    block_use(region, block, found);
    while (found > order) {
        found--;
        block_free(region, block + (1u << found), found);
    }
    *out = region;
    return region->memory + (size_t)block * CHUNK_BYTES_MIN;
}

static void give_block(ChunkRegion *region, const void *memory, uint32_t order) {
    uint32_t block = (uint32_t)(((const char *)memory - region->memory) / CHUNK_BYTES_MIN);
    while (order < ORDERS - 1) {
        uint32_t buddy = block ^ (1u << order);
        if (region->free_order[buddy] != order + 1) break;
        block_use(region, buddy, order);
        block &= ~(1u << order);
        order++;
    }
    block_free(region, block, order);
}

// Larger than a region: the smallest free one that is not half empty, else a new one.
static void *take_large(ChunkPool *pool, size_t bytes, ChunkRegion **out) {
    ChunkRegion *best = NULL;
    for (ChunkRegion *region = pool->regions; region != NULL; region = region->next)
        if (region->used_bytes == 0 && region->bytes >= bytes && region->bytes / 2 <= bytes &&
            (best == NULL || region->bytes < best->bytes))
            best = region;
    if (best == NULL) best = region_add(pool, bytes);
    *out = best;
    return best == NULL ? NULL : best->memory;
}

Chunk chunk_take(ChunkPool *pool, size_t bytes) {
    Chunk chunk = {0};
    if (bytes > SIZE_MAX / 2) return chunk;
    mutex_lock(&pool->lock);
    if (bytes <= CHUNK_REGION_BYTES) {
        uint32_t order = order_for(bytes);
        chunk.bytes = (size_t)CHUNK_BYTES_MIN << order;
        chunk.memory = take_block(pool, order, &chunk.region);
    } else {
        chunk.memory =
            take_large(pool, (bytes + CHUNK_REGION_BYTES - 1) / CHUNK_REGION_BYTES * CHUNK_REGION_BYTES, &chunk.region);
        if (chunk.memory != NULL) chunk.bytes = chunk.region->bytes;
    }
    if (chunk.memory != NULL) {
        ChunkCounters *counters = &pool->counters;
        if (chunk.region->used_bytes == 0) pool->active_bytes += chunk.region->bytes;
        if (pool->active_bytes > pool->active_peak) pool->active_peak = pool->active_bytes;
        chunk.region->used_bytes += chunk.bytes;
        counters->taken_chunks++;
        counters->taken_bytes += chunk.bytes;
        counters->used_bytes += chunk.bytes;
        if (counters->used_bytes > counters->peak_bytes) counters->peak_bytes = counters->used_bytes;
        chunk.note = chunk.region->notes[((char *)chunk.memory - chunk.region->memory) / CHUNK_BYTES_MIN];
        UNPOISON(chunk.memory, chunk.bytes);
    }
    mutex_unlock(&pool->lock);
    return chunk;
}

void chunk_give(Chunk chunk) {
    ChunkRegion *region = chunk.region;
    ChunkPool *pool = region->pool;
    mutex_lock(&pool->lock);
    POISON(chunk.memory, chunk.bytes);
    if (region->bytes == CHUNK_REGION_BYTES) give_block(region, chunk.memory, order_for(chunk.bytes));
    region->used_bytes -= chunk.bytes;
    if (region->used_bytes == 0) pool->active_bytes -= region->bytes;
    pool->counters.used_bytes -= chunk.bytes;
    mutex_unlock(&pool->lock);
}

void chunk_pool_trim(ChunkPool *pool) {
    mutex_lock(&pool->lock);
    uint64_t kept = pool->active_peak + pool->active_peak / 4;
    if (kept < KEPT_BYTES_MIN) kept = KEPT_BYTES_MIN;
    for (ChunkRegion **link = &pool->regions; *link != NULL && pool->counters.held_bytes > kept;)
        if ((*link)->used_bytes == 0)
            region_remove(pool, link);
        else
            link = &(*link)->next;
    pool->counters.peak_bytes = pool->counters.used_bytes;
    pool->active_peak = pool->active_bytes;
    mutex_unlock(&pool->lock);
}

ChunkCounters chunk_pool_counters(ChunkPool *pool) {
    mutex_lock(&pool->lock);
    ChunkCounters counters = pool->counters;
    mutex_unlock(&pool->lock);
    return counters;
}

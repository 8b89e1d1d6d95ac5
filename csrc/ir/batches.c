// ir/batches.c: see batches.h.
#include "ir/batches.h"

static uint32_t size_class(uint32_t cost) {
    uint32_t class = 0;
    while (class < 32 && cost >> class != 0)
        class ++;
    return class;
}

uint32_t *batches_order(Arena *arena, const uint32_t *costs, uint32_t count) {
    uint32_t starts[34] = {0}; // per class: how many stand before it
    uint32_t *order = arena_alloc(arena, sizeof(uint32_t) * ((size_t)count + 1), sizeof(uint32_t));
    for (uint32_t i = 0; i < count; i++)
        starts[32 - size_class(costs[i]) + 1]++;
    for (uint32_t c = 1; c < 34; c++)
        starts[c] += starts[c - 1];
    for (uint32_t i = 0; i < count; i++)
        order[starts[32 - size_class(costs[i])]++] = i;
    return order;
}

Batches batches_make(Arena *arena, const uint32_t *costs, uint32_t count, uint32_t workers, uint32_t offset) {
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; i++)
        total += costs[i];
    uint64_t share = total / ((uint64_t)workers * BATCHES_PER_WORKER) + 1;
    if (share > BATCH_COST_MAX) share = BATCH_COST_MAX;
    Batch *runs = arena_alloc(arena, sizeof(Batch) * ((size_t)count + 1), sizeof(uint32_t));
    uint32_t *sums = arena_alloc(arena, sizeof(uint32_t) * ((size_t)count + 1), sizeof(uint32_t)), made = 0;
    for (uint32_t i = 0; i < count;) {
        uint64_t sum = costs[i];
        uint32_t next = i + 1;
        while (next < count && sum + costs[next] <= share)
            sum += costs[next++];
        runs[made] = (Batch){i, next - i};
        sums[made++] = sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
        i = next;
    }
    const uint32_t *order = batches_order(arena, sums, made);
    Batches batches = {arena_alloc(arena, sizeof(Batch) * ((size_t)made + 1), sizeof(uint32_t)), made,
                       arena_alloc(arena, sizeof(uint32_t) * ((size_t)made + 1), sizeof(uint32_t)),
                       arena_alloc(arena, sizeof(uint32_t) * ((size_t)count + 1), sizeof(uint32_t))};
    for (uint32_t i = 0; i < made; i++) {
        batches.items[i] = runs[order[i]];
        batches.order[i] = batches.items[i].first + offset;
        batches.ends[batches.items[i].first] = batches.items[i].first + batches.items[i].count;
    }
    return batches;
}

// ir/batches.h: items of very different cost, put together into pieces of work that are worth handing out.
//
// WHY        Most functions take a few microseconds, some a thousand times as long. One claim per function costs more than it
//            should, and neighbours share what they look at (tokens, lines, types); but a large one that begins last ends alone.
// SHAPE      costs, in the order of the items ─▶ runs of neighbours up to a share of the whole ─▶ those that cost most first
// INVARIANTS Every item is in exactly one batch. Items keep their order inside one. Only costs and the number of workers decide, and
//            results land by item, so nothing that is made depends on it.         tests/unit/test_batches.c
#pragma once
#include "base/arena.h"

typedef struct Batch {
    uint32_t first, count; // items
} Batch;

typedef struct Batches {
    Batch *items;
    uint32_t count;
    uint32_t
        *order;     // the first item of each, plus `offset`: a parallel-for over it shows which items its work is about
    uint32_t *ends; // by first item
} Batches;

enum { BATCHES_PER_WORKER = 64, BATCH_COST_MAX = 4096 };

Batches batches_make(Arena *arena, const uint32_t *costs, uint32_t count, uint32_t workers, uint32_t offset);
// 0 … count - 1, most expensive first, by size class (the highest bit), in order inside a class.
uint32_t *batches_order(Arena *arena, const uint32_t *costs, uint32_t count);

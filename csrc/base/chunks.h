// base/chunks.h: the memory that arenas are made of, asked of the system once and used again and again.
//
// WHY        A build touches tens of megabytes, and fresh 4 KiB pages come at about 1.8 GB/s however many threads ask: faults
//            would be a third of a stage, and the part of it that no second thread speeds up. So memory comes in regions of
//            2 MiB that the kernel may back with one huge page each, and what a forgotten run gives back is what the next takes.
// SHAPE      system ─▶ regions of 2 MiB, cut in halves down to 16 KiB (buddies) ─▶ chunks of arenas
//                   ─▶ one region of its own for whatever is larger
// INVARIANTS H1 A chunk belongs to one arena until it is given back; halves that are both free are one block again.
//            H2 A small arena takes 16 KiB, not a region: a thousand of them take sixteen megabytes.
//            H4 Taking a chunk touches no byte of it, so its first page is made by whoever writes there first: the owner's notes
//               lie elsewhere. A huge page takes 0.3 ms to clear.
//            H3 After a trim the pool holds no more than the last run needed, and a quarter. tests/unit/test_chunks.c
// THREADS    Any thread may take and give at any time: one lock, held for a search of a few regions. Chunks are large, so that it
//            is taken some hundred times per build.
// OWNERSHIP  The pool owns its regions and must outlive every arena that draws from it: chunk_pool_free checks that none is out.
// COST       A chunk that was used before is not cleared and not faulted in again. Sanitizers see free blocks as poisoned.
// SOURCE     Knowlton, A fast storage allocator (1965), for the buddies.
#pragma once
#include "base/status.h"

typedef struct ChunkPool ChunkPool;
typedef struct ChunkRegion ChunkRegion;

enum { CHUNK_BYTES_MIN = 16 * 1024, CHUNK_REGION_BYTES = 2 * 1024 * 1024, CHUNK_NOTE_BYTES = 32 };

typedef struct Chunk {
    void *memory; // NULL: memory has ended
    size_t bytes; // at least what was asked for
    ChunkRegion *region;
    void *note; // CHUNK_NOTE_BYTES for whoever took it, until it is given back
} Chunk;

typedef struct ChunkCounters {
    uint64_t taken_chunks, taken_bytes;   // given out, since the pool was made
    uint64_t system_chunks, system_bytes; // of these asked of the system: whole regions
    uint64_t held_bytes;                  // of the system's, now
    uint64_t used_bytes;                  // in arenas, now
    uint64_t peak_bytes;                  // the most in arenas since the last trim
} ChunkCounters;

MUST_USE Status chunk_pool_create(ChunkPool **out);
void chunk_pool_free(ChunkPool *pool); // NULL is allowed
Chunk chunk_take(ChunkPool *pool, size_t bytes);
void chunk_give(Chunk chunk);
// Between two runs: gives regions back to the system until no more than the peak and a quarter is held, and starts a new peak.
void chunk_pool_trim(ChunkPool *pool);
ChunkCounters chunk_pool_counters(ChunkPool *pool);

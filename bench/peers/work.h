// bench/peers/work.h: the work itself, one object file that every program links, whatever its language.
//
// WHY        Libraries are compared, not compilers: the items, the tree, the keys and the stream are made by one C compiler
//            with one set of flags (-O2, no vector code), and called as functions that nobody can inline.
// SHAPE      work_item, work_unequal_item     five multiply chains side by side: they saturate the one multiplier, so an item
//                                             takes the same time whether or not it overlaps with its neighbours
//            tree_children, tree_child        a tree that exists only as hashes: UTS's binomial shape (Olivier et al., 2006)
//            lookup_keys, compute_value       keys of which each tenth is new; a value that takes about 1 µs
//            stream_open                      identifiers of a file that stream.c made
// THREADS    All are pure, except those that allocate: one thread calls them first.
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

uint64_t peers_now_ns(void);

uint64_t work_item(uint64_t item); // about 50 ns

// Costs of `count` items of about 20 µs in the mean, by a Pareto law (exponent 1.5, cut at 2 ms).
uint32_t *unequal_rounds(uint32_t count);
uint64_t work_rounds(uint64_t seed, uint32_t rounds);

#define TREE_BRANCH 8u // children of an inner node
#define TREE_ROOT UINT64_C(42)
uint32_t tree_children(uint64_t node);
uint64_t tree_child(uint64_t parent, uint32_t number);

#define LOOKUP_BLOCK 10u // the first key of each block is new, the others are older ones
uint64_t *lookup_keys(uint32_t count);
uint64_t compute_value(uint64_t key); // about 1 µs

typedef struct Stream {
    uint32_t count;          // identifiers
    uint32_t distinct;       // different ones
    const uint32_t *offsets; // count + 1
    const char *text;        // identifier i: text + offsets[i], without the byte that separates it from the next
} Stream;

static inline uint32_t stream_length(const Stream *stream, uint32_t i) {
    return stream->offsets[i + 1] - stream->offsets[i] - 1;
}

int stream_open(const char *path, Stream *stream); // 0: opened and read into memory

// What one spelling and its count contribute to an order-free checksum.
uint64_t name_checksum(const char *name, uint32_t length, uint64_t count);

#ifdef __cplusplus
}
#endif

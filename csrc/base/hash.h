// base/hash.h: the one place that knows which hash function is used (XXH3, from the system's libxxhash).
// Hashes of content are stable across runs and machines; nothing here is seeded.
#pragma once
#include "base/text.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static inline uint64_t hash_bytes(const void *bytes, size_t length) { return XXH3_64bits(bytes, length); }
static inline uint64_t hash_text(Text text) { return XXH3_64bits(text.data, text.length); }

// Mixes one more word into a running hash (the finaliser of MurmurHash3 over the sum; Appleby, public domain).
static inline uint64_t hash_mix(uint64_t hash, uint64_t word) {
    uint64_t x = hash * 0x9E3779B97F4A7C15u + word + 0x632BE59BD9B4E019u;
    x ^= x >> 33;
    x *= 0xFF51AFD7ED558CCDu;
    x ^= x >> 33;
    x *= 0xC4CEB9FE1A85EC53u;
    return x ^ (x >> 33);
}

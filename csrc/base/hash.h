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

// Two words and a length, as two folded products of 128 bits (the construction of wyhash; Wang Yi, public domain).
static inline uint64_t hash_words(uint64_t first, uint64_t last, uint64_t length) {
    uint64_t product = XXH3_mul128_fold64(first ^ 0xA0761D6478BD642Fu, last ^ 0xE7037ED1A0B428DBu);
    return XXH3_mul128_fold64(product ^ 0x8EBC6AF09C88C6E3u, length ^ 0x589965CC75374CC3u);
}

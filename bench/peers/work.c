// bench/peers/work.c: see work.h. Compiled once, the same for all programs.
#include "work.h"
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ITEM_ROUNDS 38u    // × about 1.3 ns (six cycles): 50 ns
#define UNEQUAL_MEAN 15000 // rounds: 20 µs
#define UNEQUAL_MOST 1500000
#define COMPUTE_ROUNDS 760u // 1 µs

uint64_t peers_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t mix(uint64_t x) { // the finaliser of SplitMix64 (Steele et al.)
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

uint64_t work_rounds(uint64_t seed, uint32_t rounds) {
    uint64_t a = seed + 1, b = seed + 2, c = seed + 3, d = seed + 4, e = seed + 5;
    for (uint32_t i = 0; i < rounds; i++) {
        a = (a ^ a >> 29) * 0xBF58476D1CE4E5B9u;
        b = (b ^ b >> 29) * 0x94D049BB133111EBu;
        c = (c ^ c >> 29) * 0xFF51AFD7ED558CCDu;
        d = (d ^ d >> 29) * 0xC4CEB9FE1A85EC53u;
        e = (e ^ e >> 29) * 0x9E3779B97F4A7C15u;
    }
    return a ^ b ^ c ^ d ^ e;
}

uint64_t work_item(uint64_t item) { return work_rounds(item, ITEM_ROUNDS); }

uint32_t *unequal_rounds(uint32_t count) {
    uint32_t *rounds = malloc(sizeof *rounds * count);
    for (uint32_t i = 0; i < count; i++) {
        double uniform = ((double)(mix(i + UINT64_C(1)) >> 11) + 0.5) / 9007199254740992.0;
        double cost = UNEQUAL_MEAN / 3.0 * pow(uniform, -1.0 / 1.5); // the mean of this law is 3 × its least value
        rounds[i] = cost < UNEQUAL_MOST ? (uint32_t)cost : UNEQUAL_MOST;
    }
    return rounds;
}

// With probability 0.1248 a node has TREE_BRANCH children, else none: 0.9984 in the mean, so most subtrees are tiny and a
// few are huge, and nobody can tell which before looking.
uint32_t tree_children(uint64_t node) {
    return (node >> 11) < (uint64_t)(0.1248 * 9007199254740992.0) ? TREE_BRANCH : 0;
}

uint64_t tree_child(uint64_t parent, uint32_t number) {
    uint64_t x = parent + 0x9E3779B97F4A7C15u * (number + 1);
    for (int i = 0; i < 6; i++)
        x = mix(x);
    return x;
}

uint64_t *lookup_keys(uint32_t count) {
    uint64_t *keys = malloc(sizeof *keys * count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t known = i / LOOKUP_BLOCK + 1;
        uint64_t number = i % LOOKUP_BLOCK == 0 ? i / LOOKUP_BLOCK : mix(i) % known;
        keys[i] = mix(number + 1000); // a bijection: equal keys are equal numbers
    }
    return keys;
}

uint64_t compute_value(uint64_t key) { return work_rounds(key, COMPUTE_ROUNDS); }

int stream_open(const char *path, Stream *stream) {
    int file = open(path, O_RDONLY);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) return -1;
    const uint32_t *words = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    close(file);
    if (words == MAP_FAILED) return -1;
    stream->count = words[0];
    stream->distinct = words[1];
    stream->offsets = words + 2;
    stream->text = (const char *)(words + 2 + stream->count + 1);
    return 0;
}

uint64_t name_checksum(const char *name, uint32_t length, uint64_t count) {
    uint64_t hash = length;
    for (uint32_t i = 0; i < length; i++)
        hash = mix(hash * 257 + (unsigned char)name[i]);
    return hash * count;
}

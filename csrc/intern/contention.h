// intern/contention.h: into how many shards a table is split, said by how many threads insert at once.
#pragma once
#include <stdint.h>

typedef enum ContentionLevel {
    CONTENTION_LOW,       // a few threads, or reads only
    CONTENTION_MEDIUM,    // several stages that mostly find what they look for
    CONTENTION_HIGH,      // types while bodies are checked
    CONTENTION_VERY_HIGH, // names while every file is lexed
} ContentionLevel;

// 8, 16, 32 or 64. More shards mean fewer waits for a lock and more memory for small tables.
static inline uint32_t contention_shard_count(ContentionLevel level) { return 8u << (uint32_t)level; }

// intern/names.h: every distinct identifier of a workspace, stored once and known by a 32-bit NameId.
//
// WHY        Comparing two names is comparing two integers, and a token needs 4 bytes for its name. String literals live
//            here too: a name is any sequence of bytes, NUL and invalid UTF-8 included, shorter than 4 GiB.
// SHAPE      hash ─ top bits ─▶ shard ─▶ slots [ words of the name, id | free | … ]   a name of ≤ 16 bytes is its words
//                                 └────▶ chunks "user\0" "total\0" …         text never moves while the interner lives
//            id ─▶ entry { text, length }, in chunks that double and never move
// INVARIANTS N1 One spelling has one id, under any race.         tests/unit/test_names.c: racing_threads_agree
//            N2 Ids depend on the schedule: they never order what a user sees.   tests/properties/test_same_bytes.py
//            N3 0 is "no name" and is never handed out. Ids are dense: 1 … names_count.
// THREADS    Any worker, any function, at any time, except create and free. A hit takes no lock. A NameCache is one worker's.
// OWNERSHIP  The interner owns the text. names_free ends the life of every Text it returned, and of every NameCache on it.
// COST       10 to 16 ns a name, its hash included; 18 where the names outgrow the second-level cache. The worker's own cache
//            saves a few of these where names repeat as they do in source text, and steps aside where they do not.
#pragma once
#include "base/status.h"
#include "base/text.h"
#include "intern/contention.h"
#include "intern/table.h"

ID_TYPE(NameId); // struct { uint32_t index; }: a struct, so that a NameId cannot be passed for a TypeId
typedef struct NameInterner NameInterner;

#ifndef NAME_CACHE_SLOTS
#define NAME_CACHE_SLOTS 1024u // 24 KiB: 85 % hits on a corpus of 60,000 lines (512: 81 %, 4096: 91 %)
#endif

typedef struct NameCacheSlot {
    uint64_t first;
    uint64_t last;
    uint32_t length;
    NameId id;
} NameCacheSlot;

#define NAME_WORD_BITS 12u // 96 KiB: half of a usual second-level cache at most

#define NAME_SYNTAX_WORDS_MAX 48u

// A word of at most 16 bytes, as the lexer looks it up (syntax/lex_words.c); all zero: free, since no word is empty.
typedef struct NameWord {
    uint64_t low, high; // its bytes, then zeros
    uint32_t id;        // NameId.index
    uint32_t kind;      // TokenKind: keywords are here, too
} NameWord;

// A worker's own memory of names it met lately, in front of the shared table. Part of a stage's scratch.
typedef struct NameCache {
    NameInterner *names;
    uint64_t hits; // this and the next two: counted since name_cache_init
    uint64_t misses;
    uint64_t passed;      // names that went to the table straight away
    uint64_t hits_before; // when it was last judged
    uint32_t rest;        // so many names to go before it is tried again
    NameCacheSlot slots[NAME_CACHE_SLOTS];
    NameWord words[1u << NAME_WORD_BITS]; // the lexer's
    uint32_t syntax_words
        [NAME_SYNTAX_WORDS_MAX]; // the parser's: ids of words that mean something to it; 0 before the first file
} NameCache;

// `shard_count` is a power of two ≤ 1024 (see contention_shard_count). *out is NULL on failure.
MUST_USE Status names_create(uint32_t shard_count, NameInterner **out);
void names_free(NameInterner *names); // NULL is allowed

void name_cache_init(NameCache *cache, NameInterner *names);
// Fails only for want of memory; `text` is copied.
MUST_USE Status names_intern(NameCache *cache, Text text, NameId *out);
// The same for many texts at once, two to three times as fast where the table is larger than the caches: the memory of a
// whole batch is waited for together. Ids go to out[i]; on failure those that were not reached are not written.
MUST_USE Status names_intern_many(NameCache *cache, const Text *texts, uint32_t count, NameId *out);

NameId names_lookup(const NameInterner *names, Text text); // never inserts; index 0 when the name is unknown
// Lives as long as the interner; a NUL follows; empty for name 0.
Text names_text(const NameInterner *names, NameId name);
uint32_t names_count(const NameInterner *names); // ids handed out so far are 1 … count
uint64_t names_bytes(NameInterner *names);       // memory held
void names_statistics(NameInterner *names, InternStatistics *out);

static inline bool name_equal(NameId first, NameId second) { return first.index == second.index; }

// intern/names.h: every distinct identifier of a workspace, stored once and known by a 32-bit NameId.
//
// WHY        Comparing two names is comparing two integers, and a token needs 4 bytes for its name. String literals live
//            here too: a name is any sequence of bytes, NUL and invalid UTF-8 included, shorter than 4 GiB.
// SHAPE      hash ─ top bits ─▶ shard ─▶ slots [ 0 | tag,17 | 0 | tag,93 ]   a slot holds part of the hash and a NameId, 0 = free
//                                 └────▶ chunks "user\0" "total\0" …         text never moves while the interner lives
//            id ─▶ entry { text, length }, in chunks that double and never move
// INVARIANTS N1 One spelling has one id, under any race.         tests/unit/test_names.c: racing_threads_agree
//            N2 Ids depend on the schedule: they never order what a user sees.   tests/properties/test_same_bytes.py
//            N3 0 is "no name" and is never handed out. Ids are dense: 1 … names_count.
// THREADS    Any worker, any function, at any time, except create and free. A hit takes no lock. A NameCache is one worker's.
// OWNERSHIP  The interner owns the text. names_free ends the life of every Text it returned, and of every NameCache on it.
// COST       A hit in the cache is one hash and one comparison; a hit in the table about one probe more (load ≤ 3/5).
#pragma once
#include "base/status.h"
#include "base/text.h"
#include "intern/contention.h"

ID_TYPE(NameId); // struct { uint32_t index; }: a struct, so that a NameId cannot be passed for a TypeId
typedef struct NameInterner NameInterner;

#define NAME_CACHE_SLOTS 512u // 12 KiB: stays in the first-level cache beside the text being lexed

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
    struct {
        uint64_t hash; // 0 with id 0: free
        const char *data;
        uint32_t length;
        NameId id;
    } slots[NAME_CACHE_SLOTS];
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

NameId names_lookup(const NameInterner *names, Text text); // never inserts; index 0 when the name is unknown
// Lives as long as the interner; a NUL follows; empty for name 0.
Text names_text(const NameInterner *names, NameId name);
uint32_t names_count(const NameInterner *names); // ids handed out so far are 1 … count
uint64_t names_bytes(NameInterner *names);       // memory held

static inline bool name_equal(NameId first, NameId second) { return first.index == second.index; }

// syntax/lexer.c: text to tokens, 64 bytes at a time. See lexer.h for cutting and chapter 1 for the rules.
//
// lex_classify says for 64 bytes which of them are what. From these masks follows, without looking at a byte, where the
// tokens begin, as long as they are words and operators; so the loop that writes them decides nothing that the processor
// could guess wrong. It stops only before what needs a look (the mask `slow`): strings, characters, numbers, comments, bytes
// that are no token, and operators that stand so close that the masks cannot tell them apart.
//
// WORDS become names afterwards, all those of a batch of blocks in one go, so that the processor looks up several at once. A
// word of up to 16 bytes is two integers: bytes behind its end are 0, which no word contains. They index a table of words met
// lately (NameCache.words), keywords too, so a hit costs two multiplications and one comparison, whatever the word is.
#include "syntax/lexer_internal.h"

#define BATCH_BLOCKS 32u // what a batch needs fits into the first-level cache
#define BATCH_BYTES (BATCH_BLOCKS * LEX_BLOCK)
#define BYTES_AHEAD 16u // that lex_words may read behind the last block

#define WORD_BYTES 16u

// Compiled for every processor, and for those that have the bit instructions of AVX2's time.
#define HOT ALWAYS_INLINE static inline

typedef struct Batch {
    LexMasks masks[BATCH_BLOCKS + 1];   // and of the block behind
    uint64_t in_word[BATCH_BLOCKS + 1]; // their `word`, side by side
    uint32_t blocks;
    uint32_t base;    // offset in the file
    const char *view; // its bytes, the block behind and BYTES_AHEAD: the text, or `copy`
    uint32_t words[BATCH_BYTES / 2 + LEX_BLOCK];
    uint32_t word_count;
    char copy[BATCH_BYTES + LEX_BLOCK + BYTES_AHEAD];
} Batch;

// That of two bytes.
static const uint8_t before_greater[256] = {['-'] = TOKEN_ARROW, ['='] = TOKEN_FAT_ARROW};
static const uint8_t before_equal[256] = {
    ['='] = TOKEN_EQUAL_EQUAL, ['!'] = TOKEN_BANG_EQUAL, ['<'] = TOKEN_LESS_EQUAL, ['>'] = TOKEN_GREATER_EQUAL};

// ---- room

void lex_reserve(Arena *arena, LexChunk *out, uint32_t extra) {
    uint64_t wanted = (uint64_t)out->count + extra, old = out->capacity;
    if (LIKELY(wanted <= old)) return;
    uint64_t capacity = wanted < old * 2 ? old * 2 : wanted;
    if (capacity > UINT32_MAX) arena_out_of_memory(arena);
    out->kinds = arena_grow(arena, out->kinds, old, capacity, 8);
    out->starts = arena_grow(arena, out->starts, old * 4, capacity * 4, 8);
    out->values = arena_grow(arena, out->values, old * 4, capacity * 4, 8);
    out->capacity = out->room = (uint32_t)capacity;
}

// Usual code has a token to four bytes; growing would copy all.
uint32_t lex_token_estimate(uint32_t bytes) { return bytes / 3 + LEX_ROOM; }

// ---- one block

HOT uint64_t below(uint64_t bits) { return (bits & -bits) - 1; } // all places before the first one; all, if none
HOT uint64_t from(uint32_t place) { return place < 64 ? ~UINT64_C(0) << place : 0; }
HOT uint32_t first(uint64_t bits) { return (uint32_t)__builtin_ctzll(bits); }

HOT void add_lines(Lexer *lexer, const LexMasks *masks, uint32_t base) {
    uint64_t behind = masks[0].line_feed >> 1 | masks[1].line_feed << 63;
    uint64_t ends = masks[0].line_feed | (masks[0].carriage_return & ~behind); // a lone CR is a line end as well
    if (ends == 0) return;
    LexChunk *out = lexer->out;
    vec_reserve(lexer->arena, &out->lines, LEX_BLOCK);
    uint32_t *lines = out->lines.items, count = out->lines.count;
    for (; ends != 0; ends &= ends - 1)
        lines[count++] = base + first(ends) + 1;
    out->lines.count = count;
}

// Where tokens begin, and which of them need a look. A token's second byte is in `second` if it is `>` or `=`.
typedef struct Plan {
    uint64_t starts, slow, second, words; // of words, the first byte
} Plan;

// `skipped` bytes of the block belong to a token or a comment that began before.
HOT Plan plan_block(const LexMasks *m, uint64_t is_in_word, uint32_t skipped) {
    uint64_t last = UINT64_C(1) << 63;
    uint64_t word_starts = m->word & ~(m->word << 1 | is_in_word);
    uint64_t twice = m->doubled & m->doubled << 1; // the second of two bytes that may be one operator
    uint64_t second = (m->greater & m->before_greater << 1) | (m->equal & m->before_equal << 1);
    if (skipped > 0) second &= from(skipped + 1);
    uint64_t openers = m->before_greater | m->before_equal | m->doubled;
    Plan plan = {.starts = word_starts | ~(m->word | m->gap), .words = word_starts};
    plan.slow = (plan.starts & ~(m->plain | m->word)) | (word_starts & m->digit) | twice >> 1 | (openers & last);
    // Where the first byte of a pair may itself be the end of an operator, as in `==>` `<<=` `..=>`, order matters.
    uint64_t taken = second | twice | (m->equal & m->doubled << 1);
    if (UNLIKELY((second & taken << 1) != 0)) {
        plan.slow |= openers | m->greater;
        second = 0;
    }
    // A word that fills the next block may be too long for a name.
    if (UNLIKELY((m->word & last) != 0 && m[1].word == UINT64_MAX))
        plan.slow |= ~m->word == 0 ? 1 : UINT64_C(2) << (63 - __builtin_clzll(~m->word));
    plan.second = second;
    plan.starts &= ~second;
    plan.starts &= from(skipped);
    plan.slow &= plan.starts;
    return plan;
}

HOT uint64_t odd(const LexMasks *m) { return ~(m->word | m->gap | m->plain); } // quotes, `/`, what is no token

// Where the comment ends that begins at `place` of a block; 0 where it has to be looked at.
static uint32_t comment_end(const Batch *batch, uint32_t block, uint32_t place) {
    uint64_t inside = from(place + 2);
    for (uint32_t i = block; i <= batch->blocks; i++) {
        const LexMasks *m = &batch->masks[i];
        uint64_t ends = (m->line_feed | m->carriage_return) & inside;
        if ((odd(m) & inside & below(ends)) != 0) return 0;
        if (ends != 0) return (i - block) * LEX_BLOCK + first(ends);
        inside = UINT64_MAX;
    }
    return 0;
}

// Where the string closes that begins at `place`, if that is in the same block and nothing in it needs a look; else 0.
static uint32_t string_close(const LexMasks *m, const char *view, uint32_t place) {
    uint64_t stops = (odd(m) | m->line_feed | m->carriage_return) & from(place + 1);
    for (; stops != 0; stops &= stops - 1) {
        char c = view[first(stops)];
        if (c == '"') return first(stops);
        if (c != '/' && c != '\'') return 0;
    }
    return 0;
}

// The token at `place` of a block, or a comment; returns where it ends, in the same measure.
static uint32_t lex_one(Lexer *lexer, const Batch *batch, uint32_t block, uint32_t place) {
    const char *view = batch->view + block * LEX_BLOCK;
    const char *text = lexer->text + batch->base + block * LEX_BLOCK;
    if (view[place] == '"') {
        uint32_t close = string_close(&batch->masks[block], view, place);
        if (close != 0) {
            lex_simple_string(lexer, text + place, text + close);
            return close + 1;
        }
    } else if (view[place] == '/' && view[place + 1] == '/') {
        uint32_t end = comment_end(batch, block, place);
        if (end != 0) return end;
    }
    return (uint32_t)(lex_slowly(lexer, text + place) - text);
}

// `skip` is the offset up to which earlier tokens and comments reach; returns the next one.
HOT uint32_t lex_block(Lexer *lexer, Batch *batch, uint32_t block, uint64_t is_in_word, uint32_t skip, LexEmit emit) {
    const LexMasks *masks = &batch->masks[block];
    const char *view = batch->view + block * LEX_BLOCK;
    uint32_t base = batch->base + block * LEX_BLOCK;
    LexChunk *out = lexer->out;
    add_lines(lexer, masks, base);
    if (skip >= base + LEX_BLOCK) return skip;
    Plan plan = plan_block(masks, is_in_word, skip > base ? skip - base : 0);
    if (UNLIKELY(out->capacity - out->count < LEX_ROOM))
        lex_reserve(lexer->arena, out, LEX_ROOM); // a block has no more
    uint8_t *kinds = out->kinds;
    uint32_t *starts = out->starts, *words = batch->words;
    uint32_t count = out->count, word_count = batch->word_count;
    memset(out->values + count, 0, LEX_BLOCK * sizeof *out->values);
    uint64_t pairs = plan.second >> 1; // where operators of two bytes begin
    for (;;) {
        uint64_t stops = plan.starts & plan.slow, run = plan.starts & below(stops);
        uint64_t all = run;
        uint32_t begin = count;
        if (emit != NULL) {
            word_count = emit(run, plan.words, view, base, count, out, words, word_count);
            count += (uint32_t)__builtin_popcountll(run);
            run = 0;
        }
        for (; run != 0; run &= run - 1) {
            uint32_t place = first(run);
            uint8_t kind = lex_kind_of[(unsigned char)view[place]];
            kinds[count] = kind;
            starts[count] = base + place;
            words[word_count] = count++;
            word_count += kind == TOKEN_NAME; // no branch: which tokens are words is the hardest to guess
        }
        for (uint64_t two = all & pairs; two != 0; two &= two - 1) {
            uint32_t place = first(two), token = begin + (uint32_t)__builtin_popcountll(all & below(two));
            const uint8_t *table = view[place + 1] == '>' ? before_greater : before_equal;
            kinds[token] = table[(unsigned char)view[place]];
        }
        if (stops == 0) break;
        out->count = count;
        uint32_t end = lex_one(lexer, batch, block, first(stops));
        count = out->count;
        plan.starts &= from(end);
        if (end >= LEX_BLOCK) {
            skip = base + end;
            break;
        }
    }
    out->count = count;
    batch->word_count = word_count;
    return skip;
}

// ---- words

HOT NameWord *word_slot(NameCache *cache, uint64_t low, uint64_t high) {
    // Two odd constants without pattern (the golden ratio's and one of xxHash's); the top bits of a product depend on all.
    return &cache->words[(low * 0x9E3779B97F4A7C15u ^ high * 0xC2B2AE3D27D4EB4Fu) >> (64 - NAME_WORD_BITS)];
}

HOT void lex_words(Lexer *lexer, const Batch *batch) {
    static const uint8_t ones[2 * WORD_BYTES] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                                 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    const uint32_t *starts = lexer->out->starts;
    uint32_t *values = lexer->out->values;
    uint8_t *kinds = lexer->out->kinds;
    for (uint32_t i = 0; i < batch->word_count; i++) {
        uint32_t token = batch->words[i], offset = starts[token] - batch->base;
        uint32_t block = offset / LEX_BLOCK, bit = offset % LEX_BLOCK;
        uint64_t rest = ~(batch->in_word[block] >> bit | batch->in_word[block + 1] << 1 << (LEX_BLOCK - 1 - bit));
        if (UNLIKELY((rest & 0x1FFFF) == 0)) { // more than 16 bytes
            values[token] = lex_long_word(lexer, lexer->text + starts[token]);
            continue;
        }
        uint32_t length = first(rest);
        const char *at = batch->view + offset;
        uint64_t low, high, low_mask, high_mask;
        memcpy(&low, at, 8);
        memcpy(&high, at + 8, 8);
        memcpy(&low_mask, ones + WORD_BYTES - length, 8);
        memcpy(&high_mask, ones + WORD_BYTES - length + 8, 8);
        low &= low_mask;
        high &= high_mask;
        NameWord *slot = word_slot(lexer->names, low, high);
        if (UNLIKELY(slot->low != low || slot->high != high)) lex_word_miss(lexer, at, length, slot, low, high);
        kinds[token] = (uint8_t)slot->kind;
        values[token] = slot->id;
    }
}

// ---- the loop

// Makes a batch of what follows, up to the end of the chunk. Near the end of the text it is copied, with space behind.
static void batch_begin(Batch *batch, const Lexer *lexer, uint32_t base, LexVariant variant) {
    const char *at = lexer->text + base;
    size_t left = (size_t)(lexer->end - at), left_of_text = lexer->source->text.length - (size_t)base;
    batch->base = base;
    batch->word_count = 0;
    batch->view = at;
    if (left < BATCH_BYTES || left_of_text < sizeof batch->copy) {
        size_t bytes = left < sizeof batch->copy ? left : sizeof batch->copy;
        memcpy(batch->copy, at, bytes);
        memset(batch->copy + bytes, ' ', sizeof batch->copy - bytes);
        batch->view = batch->copy;
    }
    batch->blocks = left < BATCH_BYTES ? (uint32_t)(left + LEX_BLOCK - 1) / LEX_BLOCK : BATCH_BLOCKS;
    lex_classify(variant, batch->view, batch->blocks + 1, batch->masks);
    for (uint32_t block = 0; block <= batch->blocks; block++)
        batch->in_word[block] = batch->masks[block].word;
}

HOT void lex_text(Lexer *lexer, LexVariant variant, uint32_t start, uint32_t skip, LexEmit emit) {
    Batch batch;
    uint64_t is_in_word = 0; // whether the byte before is part of a word
    uint32_t end = (uint32_t)(lexer->end - lexer->text);
    for (uint32_t base = start; base < end; base += BATCH_BYTES) {
        batch_begin(&batch, lexer, base, variant);
        for (uint32_t block = 0; block < batch.blocks; block++) {
            skip = lex_block(lexer, &batch, block, is_in_word, skip, emit);
            is_in_word = batch.masks[block].word >> 63;
        }
        lex_words(lexer, &batch);
        if (end - base <= BATCH_BYTES) break; // base must not wrap
    }
}

static void lex_text_anywhere(Lexer *lexer, LexVariant variant, uint32_t start, uint32_t skip) {
    lex_text(lexer, variant, start, skip, NULL);
}

#if defined(__x86_64__) && !defined(__TINYC__)
__attribute__((target("bmi,bmi2,popcnt,lzcnt"))) static void lex_text_bmi(Lexer *lexer, LexVariant variant,
                                                                          uint32_t start, uint32_t skip) {
    lex_text(lexer, variant, start, skip, NULL);
}
__attribute__((target("bmi,bmi2,popcnt,lzcnt"))) static void lex_text_vectors(Lexer *lexer, LexVariant variant,
                                                                              uint32_t start, uint32_t skip) {
    lex_text(lexer, variant, start, skip, lex_emit_vectors);
}
static bool has_bmi(void) { return __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt"); }
#else
#define lex_text_bmi lex_text_anywhere
#define lex_text_vectors lex_text_anywhere
static bool has_bmi(void) { return false; }
#endif

void lex_chunk_with(LexVariant variant, Arena *arena, const Source *source, uint32_t start, uint32_t end,
                    NameCache *names, DiagSink *diagnostics, LexChunk *out) {
    const char *text = source->text.data != NULL ? source->text.data : "";
    Lexer lexer = {arena, source, text, text + end, names, diagnostics, out};
    if (out->capacity == 0) lex_reserve(arena, out, lex_token_estimate(end - start));
    vec_reserve(arena, &out->lines, (end - start) / 24 + 16);
    uint32_t skip = start;
    if (start == 0 && end >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        lex_byte_order_mark(&lexer);
        skip = 3;
    }
    if (variant == LEX_AVX512_VBMI2)
        lex_text_vectors(&lexer, variant, start, skip);
    else if (variant != LEX_PORTABLE && has_bmi())
        lex_text_bmi(&lexer, variant, start, skip);
    else
        lex_text_anywhere(&lexer, variant, start, skip);
}

void lex_chunk(Arena *arena, const Source *source, uint32_t start, uint32_t end, NameCache *names,
               DiagSink *diagnostics, LexChunk *out) {
    lex_chunk_with(lex_variant_best(), arena, source, start, end, names, diagnostics, out);
}

// syntax/lex_words.c: names and keywords. The loop of lexer.c notes where words begin; here they become names, one like the
// other, so that the processor can look up several at once.
//
// A word of up to 16 bytes is two integers: bytes behind its end are 0, which no word contains. They index a table of words
// met lately (NameCache.words), keywords too, so a hit costs two multiplications and one comparison, whatever the word is.
#include "syntax/lexer_internal.h"

#define WORD_BYTES 16u

// The keyword that a word is, or NAME. Words of other lengths were sorted out before.
static TokenKind word_kind(const char *word, uint32_t length) {
#define WORD(kind, text)                                                                                               \
    if (length == sizeof text - 1 && memcmp(word, text, sizeof text - 1) == 0) return TOKEN_##kind
    switch (word[0]) {
    case 'a':
        WORD(ASYNC, "async");
        break;
    case 'b':
        WORD(BREAK, "break");
        break;
    case 'c':
        WORD(CONTINUE, "continue");
        break;
    case 'd':
        WORD(DIV, "div");
        WORD(DO, "do");
        WORD(DYN, "dyn");
        break;
    case 'e':
        WORD(ELSE, "else");
        break;
    case 'f':
        WORD(FALSE, "false");
        WORD(FOR, "for");
        break;
    case 'i':
        WORD(IF, "if");
        WORD(IMPL, "impl");
        WORD(IN, "in");
        break;
    case 'l':
        WORD(LET, "let");
        WORD(LOOP, "loop");
        break;
    case 'm':
        WORD(MATCH, "match");
        WORD(MUT, "mut");
        break;
    case 'p':
        WORD(PUB, "pub");
        break;
    case 's':
        WORD(SELF, "self");
        break;
    case 'S':
        WORD(SELF_TYPE, "Self");
        break;
    case 't':
        WORD(THEN, "then");
        WORD(TRAIT, "trait");
        WORD(TRUE, "true");
        WORD(TYPE, "type");
        break;
    case 'u':
        WORD(USE, "use");
        WORD(USES, "uses");
        break;
    case 'v':
        WORD(VOID, "void");
        break;
    case 'w':
        WORD(WHERE, "where");
        WORD(WHILE, "while");
        WORD(WITH, "with");
        break;
    case 'y':
        WORD(YIELD, "yield");
        break;
    default:
        break;
    }
#undef WORD
    return TOKEN_NAME;
}

static inline bool is_word_byte(char c) {
    return (unsigned char)((c | 0x20) - 'a') < 26 || (unsigned char)(c - '0') < 10 || c == '_';
}

static uint32_t long_length(const Lexer *lexer, const char *at) {
    const char *end = at;
    while (end < lexer->end && is_word_byte(*end))
        end++;
    return (uint32_t)(end - at);
}

static inline NameWord *word_slot(NameCache *cache, uint64_t low, uint64_t high) {
    // Two odd constants without pattern (the golden ratio's and one of xxHash's); the top bits of a product depend on all.
    uint64_t hash = low * 0x9E3779B97F4A7C15u ^ high * 0xC2B2AE3D27D4EB4Fu;
    return &cache->words[(hash ^ hash >> 32) * 0x9E3779B97F4A7C15u >> (64 - NAME_WORD_BITS)];
}

static void word_miss(Lexer *lexer, const char *at, uint32_t length, NameWord *slot, uint64_t low, uint64_t high) {
    TokenKind kind = length <= sizeof "continue" - 1 ? word_kind(at, length) : TOKEN_NAME;
    uint32_t name = kind == TOKEN_NAME ? lex_intern(lexer, (Text){at, length}) : 0;
    *slot = (NameWord){low, high, name, kind};
}

void lex_words(Lexer *lexer, const LexMasks *masks, const char *view, uint32_t base, const uint32_t *tokens,
               uint32_t count) {
    static const uint8_t ones[2 * WORD_BYTES] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                                 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    const uint32_t *starts = lexer->out->starts;
    uint32_t *values = lexer->out->values;
    uint8_t *kinds = lexer->out->kinds;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t token = tokens[i], offset = starts[token] - base;
        uint32_t block = offset / LEX_BLOCK, bit = offset % LEX_BLOCK;
        uint64_t run = masks[block].word >> bit | masks[block + 1].word << 1 << (LEX_BLOCK - 1 - bit);
        const char *at = view + offset;
        if (UNLIKELY((~run & 0x1FFFF) == 0)) { // more than 16 bytes
            uint32_t length =
                ~run != 0 ? (uint32_t)__builtin_ctzll(~run) : long_length(lexer, lexer->text + starts[token]);
            values[token] = lex_intern(lexer, (Text){lexer->text + starts[token], length});
            continue;
        }
        uint32_t length = (uint32_t)__builtin_ctzll(~run);
        uint64_t low, high, low_mask, high_mask;
        memcpy(&low, at, 8);
        memcpy(&high, at + 8, 8);
        memcpy(&low_mask, ones + WORD_BYTES - length, 8);
        memcpy(&high_mask, ones + WORD_BYTES - length + 8, 8);
        low &= low_mask;
        high &= high_mask;
        NameWord *slot = word_slot(lexer->names, low, high);
        if (UNLIKELY(slot->low != low || slot->high != high)) word_miss(lexer, at, length, slot, low, high);
        kinds[token] = (uint8_t)slot->kind;
        values[token] = slot->id;
    }
}

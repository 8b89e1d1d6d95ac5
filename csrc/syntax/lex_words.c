// syntax/lex_words.c: names and keywords that the table of words met lately does not have. See lexer.c.
#include "syntax/lexer_internal.h"

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

void lex_word_miss(Lexer *lexer, const char *at, uint32_t length, NameWord *slot, uint64_t low, uint64_t high) {
    TokenKind kind = length <= sizeof "continue" - 1 ? word_kind(at, length) : TOKEN_NAME;
    uint32_t name = kind == TOKEN_NAME ? lex_intern(lexer, (Text){at, length}) : 0;
    *slot = (NameWord){low, high, name, kind};
}

uint32_t lex_long_word(Lexer *lexer, const char *at) {
    const char *end = at;
    while (end < lexer->end && is_word_byte(*end))
        end++;
    return lex_intern(lexer, (Text){at, (uint32_t)(end - at)});
}

// tests/fuzz/mutate.h: mutations that know what a token and what a bracketed part is, for the fuzz targets that read Sigil.
//
// WHY        Bytes changed at random almost never get past the lexer. Whole tokens and whole bracketed parts that change
//            places give text that parses often and checks sometimes, which is where the interesting mistakes are.
// SHAPE      text ─ cut ─▶ pieces (a crude lexer of our own, so that a mistake of the real one is not mirrored here)
//            ─ one to four edits ─▶ text. Every edit draws from the same text, from `other`, or from WORDS.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MUTATE_PIECES = 1 << 15 };

typedef enum PieceKind {
    PIECE_WORD,
    PIECE_NUMBER,
    PIECE_TEXT,
    PIECE_OPEN,
    PIECE_CLOSE,
    PIECE_COMMA,
    PIECE_OTHER
} PieceKind;

typedef struct Pieces {
    const char *text;
    uint32_t count;
    uint32_t start[MUTATE_PIECES], end[MUTATE_PIECES]; // spaces before a piece belong to it
    uint32_t word[MUTATE_PIECES];                      // where it begins behind its spaces
    uint32_t partner[MUTATE_PIECES];                   // of a bracket: the piece that closes or opens it, else its own
    uint8_t kind[MUTATE_PIECES];
} Pieces;

static const char *const mutate_words[] = {
    "let",
    "let mut",
    "mut",
    "match(",
    "run(",
    "try(",
    "loop(",
    "recurse(",
    "if",
    "then",
    "else",
    "for",
    "in",
    "do",
    "yield",
    "while",
    "break",
    "continue",
    "self",
    "Self",
    "void",
    "true",
    "false",
    "int",
    "float",
    "str",
    "bool",
    "char",
    "byte",
    "Option",
    "Result",
    "Ordering",
    "Error",
    "Set",
    "Range",
    "Never",
    "Duration",
    "Size",
    "Some",
    "None",
    "Ok",
    "Err",
    "Some(",
    "Ok(",
    "Err(",
    "->",
    "=>",
    "..",
    "..=",
    "??",
    "?",
    "::",
    "@",
    "#",
    "$",
    "_",
    "|",
    ",",
    "=",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "div",
    "&&",
    "||",
    "&",
    "^",
    "<<",
    ">>",
    "!",
    "~",
    ".",
    ":",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "()",
    "[]",
    "{}",
    "0",
    "1",
    "-1",
    "9223372036854775807",
    "-9223372036854775808",
    "0.0",
    "1e308",
    "\"\"",
    "\"a\"",
    "'a'",
    "1s",
    "4kb",
    "map(",
    "filter(",
    "fold(",
    "find(",
    "collect(",
    "x -> x",
    "(a, b) -> a",
    "() -> 0",
    ".len()",
    ".map(",
    ".filter(",
    ".fold(0, +)",
    ".unwrap()",
    ".push(",
    ".sort()",
    ".sort_by(",
    ".iter()",
    ".to_list()",
    ".first()",
    ".enumerate()",
    ".zip(",
    ".clone()",
    ".unwrap_or(",
    ".get(0)",
    ".insert(",
    ".update(",
    "[0]",
    "[# - 1]",
    ".0",
    "print(",
    "str(",
    "int(",
    "assert_eq(",
    "panic(\"p\")",
    "len(",
    "todo()",
    "type",
    "pub",
    "use",
    "trait",
    "impl",
    "extend",
    "uses",
    "where",
    "with",
    "tests",
    "dyn",
    "#[derive(Eq)]",
    "#[derive(Eq, Comparable, Hashable, Printable, Clone, Default)]",
    "as",
    "cache(",
    "parallel(",
    "retry(",
    "timeout(",
    "validate(",
};

typedef struct Mutator {
    uint64_t state;
    Pieces own, other;
    char *out;
    size_t length, limit;
} Mutator;

static inline uint32_t mutate_below(Mutator *m, uint32_t limit) { // xorshift64*, Vigna 2016
    m->state ^= m->state >> 12;
    m->state ^= m->state << 25;
    m->state ^= m->state >> 27;
    uint64_t number = (m->state * 0x2545F4914F6CDD1DULL) >> 32;
    return limit == 0 ? 0 : (uint32_t)(number % limit);
}

static inline bool mutate_is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static inline uint32_t mutate_piece_end(const char *text, uint32_t at, uint32_t length, uint8_t *kind) {
    char c = text[at];
    uint32_t end = at + 1;
    *kind = PIECE_OTHER;
    if (c == '"' || c == '\'') {
        *kind = PIECE_TEXT;
        while (end < length && text[end] != c && text[end] != '\n')
            end += text[end] == '\\' && end + 1 < length ? 2 : 1;
        return end < length ? end + 1 : length;
    }
    if (c == '/' && end < length && text[end] == '/') {
        while (end < length && text[end] != '\n')
            end++;
        return end;
    }
    if (mutate_is_word(c)) {
        *kind = c >= '0' && c <= '9' ? PIECE_NUMBER : PIECE_WORD;
        while (end < length && mutate_is_word(text[end]))
            end++;
        return end;
    }
    if (c == ',') *kind = PIECE_COMMA;
    if (memchr("([{", c, 3) != NULL) *kind = PIECE_OPEN;
    if (memchr(")]}", c, 3) != NULL) *kind = PIECE_CLOSE;
    if (*kind != PIECE_OTHER) return end;
    while (end < length && end < at + 3 && memchr("=.<>&|?:-!", text[end], 10) != NULL && text[end - 1] != ':')
        end++;
    return end;
}

static inline void mutate_cut(Pieces *pieces, const char *text, uint32_t length) {
    uint32_t open[256], depth = 0, at = 0;
    pieces->text = text;
    pieces->count = 0;
    while (at < length && pieces->count < MUTATE_PIECES) {
        uint32_t i = pieces->count, start = at;
        while (at < length && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r'))
            at++;
        if (at == length) break;
        pieces->start[i] = start;
        pieces->word[i] = at;
        at = mutate_piece_end(text, at, length, &pieces->kind[i]);
        pieces->end[i] = at;
        pieces->partner[i] = i;
        if (pieces->kind[i] == PIECE_OPEN) {
            if (depth < 256) open[depth] = i;
            depth++;
        } else if (pieces->kind[i] == PIECE_CLOSE && depth > 0) {
            depth--;
            if (depth < 256) {
                pieces->partner[i] = open[depth];
                pieces->partner[open[depth]] = i;
            }
        }
        pieces->count++;
    }
}

typedef struct PieceRange {
    const Pieces *of;
    uint32_t first, end;
} PieceRange;

// A bracketed part with its brackets, a name and the call behind it, an element of a list, a declaration, or a few pieces.
static inline PieceRange mutate_range(Mutator *m, const Pieces *pieces) {
    PieceRange range = {pieces, 0, 0};
    if (pieces->count == 0) return range;
    uint32_t at = mutate_below(m, pieces->count);
    range.first = at;
    range.end = at + 1;
    switch (mutate_below(m, 6)) {
    case 0: // a few pieces
        range.end = at + 1 + mutate_below(m, 6);
        break;
    case 1:
    case 2: // the bracketed part that begins next, with the name before it
        while (at < pieces->count && !(pieces->kind[at] == PIECE_OPEN && pieces->partner[at] > at))
            at++;
        if (at == pieces->count) break;
        range.first = at > 0 && pieces->kind[at - 1] == PIECE_WORD && mutate_below(m, 3) > 0 ? at - 1 : at;
        range.end = pieces->partner[at] + 1;
        break;
    case 3:
    case 4: // an element: from behind a comma or an opening bracket to the next comma or the end
        while (at > 0 && pieces->kind[at - 1] != PIECE_COMMA && pieces->kind[at - 1] != PIECE_OPEN)
            at = pieces->kind[at - 1] == PIECE_CLOSE && pieces->partner[at - 1] < at - 1 ? pieces->partner[at - 1]
                                                                                         : at - 1;
        range.first = at;
        while (at < pieces->count && pieces->kind[at] != PIECE_COMMA && pieces->kind[at] != PIECE_CLOSE)
            at = pieces->kind[at] == PIECE_OPEN && pieces->partner[at] > at ? pieces->partner[at] + 1 : at + 1;
        range.end = at;
        break;
    default: // a declaration: from one `@`, `type` or `$` at a line's start to the next
        while (at > 0 && !(pieces->word[at] > 0 && pieces->text[pieces->word[at] - 1] == '\n'))
            at--;
        range.first = at++;
        while (at < pieces->count && pieces->text[pieces->word[at] - 1] != '\n')
            at++;
        range.end = at;
        break;
    }
    if (range.end > pieces->count) range.end = pieces->count;
    return range;
}

static inline void mutate_put(Mutator *m, const char *text, size_t length) {
    if (length > m->limit - m->length) length = m->limit - m->length;
    memcpy(m->out + m->length, text, length);
    m->length += length;
}

static inline void mutate_put_range(Mutator *m, PieceRange range) {
    if (range.end <= range.first) return;
    mutate_put(m, " ", 1);
    uint32_t start = range.of->word[range.first];
    mutate_put(m, range.of->text + start, range.of->end[range.end - 1] - start);
}

// Any piece of the kind, of this text or of the other.
static inline PieceRange mutate_same_kind(Mutator *m, uint8_t kind) {
    const Pieces *from = m->other.count > 0 && mutate_below(m, 3) == 0 ? &m->other : &m->own;
    uint32_t start = mutate_below(m, from->count);
    for (uint32_t i = 0; i < from->count; i++) {
        uint32_t at = (start + i) % from->count;
        if (from->kind[at] == kind) return (PieceRange){from, at, at + 1};
    }
    return (PieceRange){from, 0, 0};
}

static inline void mutate_once(Mutator *m) {
    const char *text = m->own.text;
    uint32_t length = m->own.count == 0 ? 0 : m->own.end[m->own.count - 1];
    PieceRange range = mutate_range(m, &m->own);
    uint32_t from = m->own.count == 0 ? 0 : m->own.start[range.first];
    uint32_t to = range.end <= range.first ? from : m->own.end[range.end - 1];
    uint32_t choice = mutate_below(m, 10);
    if (choice >= 6) { // one piece becomes another of its kind, or a word
        uint32_t at = mutate_below(m, m->own.count);
        for (uint32_t i = 0; i < 8 && m->own.count > 0 && m->own.kind[at] > PIECE_TEXT; i++)
            at = mutate_below(m, m->own.count);
        if (m->own.count > 0) {
            mutate_put(m, text, m->own.word[at]);
            if (choice == 9) {
                const char *word = mutate_words[mutate_below(m, sizeof mutate_words / sizeof *mutate_words)];
                mutate_put(m, " ", 1);
                mutate_put(m, word, strlen(word));
                if (mutate_below(m, 2) == 0)
                    mutate_put(m, " ", 1), mutate_put(m, text + m->own.word[at], m->own.end[at] - m->own.word[at]);
            } else {
                mutate_put_range(m, mutate_same_kind(m, m->own.kind[at]));
            }
            mutate_put(m, text + m->own.end[at], length - m->own.end[at]);
        }
        return;
    }
    mutate_put(m, text, from);
    switch (choice) {
    case 0: // left out
        break;
    case 1: // twice
        mutate_put(m, text + from, to - from);
        mutate_put(m, text + from, to - from);
        break;
    case 2: // another part stands before it
    case 3: // or in its place
    case 4:
        mutate_put_range(m, mutate_range(m, m->other.count > 0 && mutate_below(m, 2) == 0 ? &m->other : &m->own));
        if (choice == 2) mutate_put(m, text + from, to - from);
        break;
    default: { // wrapped in brackets, a call, a lambda
        static const char *const heads[] = {
            "(", "[", "Some(", "run(", "str(", "() -> ", "x -> ", "if true then ", "loop(break ", "{ \"k\": ", "Ok("};
        static const char *const tails[] = {")", "]", ")", ")", ")", "", "", " else todo()", ")", " }", ")"};
        uint32_t which = mutate_below(m, sizeof heads / sizeof *heads);
        mutate_put(m, " ", 1);
        mutate_put(m, heads[which], strlen(heads[which]));
        mutate_put(m, text + from, to - from);
        mutate_put(m, tails[which], strlen(tails[which]));
    }
    }
    mutate_put(m, text + to, length - to);
}

// `data` changed in place; `other` may be empty. The new length, at most `limit`.
static inline size_t mutate_text(uint8_t *data, size_t length, size_t limit, const uint8_t *other, size_t other_length,
                                 uint64_t seed) {
    static Mutator mutator; // too large for a stack; a fuzzer has one thread
    Mutator *m = &mutator;
    m->state = seed * 2 + 1;
    mutate_below(m, 2);
    char *in = malloc(limit + 1), *out = malloc(limit + 1);
    if (in == NULL || out == NULL) abort();
    memcpy(in, data, length);
    mutate_cut(&m->other, (const char *)other, (uint32_t)other_length);
    for (uint32_t i = 0, count = 1 + mutate_below(m, 4); i < count; i++) {
        mutate_cut(&m->own, in, (uint32_t)length);
        m->out = out;
        m->length = 0;
        m->limit = limit;
        mutate_once(m);
        char *swap = in;
        in = out;
        out = swap;
        length = m->length;
    }
    memcpy(data, in, length);
    free(in);
    free(out);
    return length;
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t length, size_t limit); // libFuzzer's own, on bytes
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t length, size_t limit, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_length, const uint8_t *second, size_t second_length,
                                 uint8_t *out, size_t limit, unsigned int seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t length, size_t limit, unsigned int seed) {
    if (length == 0 || seed % 20 == 0) return LLVMFuzzerMutate(data, length, limit);
    return mutate_text(data, length, limit, NULL, 0, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_length, const uint8_t *second, size_t second_length,
                                 uint8_t *out, size_t limit, unsigned int seed) {
    size_t length = first_length < limit ? first_length : limit;
    memcpy(out, first, length);
    return mutate_text(out, length, limit, second, second_length, seed);
}

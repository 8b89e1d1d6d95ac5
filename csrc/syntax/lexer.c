// syntax/lexer.c: text to tokens, one branch for each class of byte. See lexer.h for cutting and chapter 1 for the rules.
//
// Errors leave a token whenever they can, so that the parser sees what was meant: an unclosed string is a string, a
// malformed number is a number. What stands for nothing is one BAD token, which the parser steps over in silence.
#include "syntax/lexer.h"
#include "syntax/syntax.h"
#include "syntax/utf8.h"

#define NAME_BYTES_MAX 1023u
#define SHOWN_BYTES_MAX 40u // of the user's text inside a message

// What a byte can begin. Bytes of one class share a branch of lex_chunk.
enum {
    X, // nothing: a control character, `\` or a backquote
    Z, // NUL
    S, // space, tab
    L, // LF
    C, // CR
    N, // a name
    D, // a digit
    Q, // a string
    A, // a character or a path
    K, // `/`: a comment or an operator
    P, // other punctuation
    H, // part of a code point beyond ASCII
};

static const uint8_t classes[256] = {
    Z, X, X, X, X, X, X, X, X, S, L, X, X, C, X, X, //
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, //
    S, P, Q, P, P, P, P, A, P, P, P, P, P, P, P, K, //  ! " # $ % & ' ( ) * + , - . /
    D, D, D, D, D, D, D, D, D, D, P, P, P, P, P, P, // 0-9 : ; < = > ?
    P, N, N, N, N, N, N, N, N, N, N, N, N, N, N, N, // @ A-O
    N, N, N, N, N, N, N, N, N, N, N, P, X, P, P, N, // P-Z [ \ ] ^ _
    X, N, N, N, N, N, N, N, N, N, N, N, N, N, N, N, // ` a-o
    N, N, N, N, N, N, N, N, N, N, N, P, P, P, P, X, // p-z { | } ~ DEL
    H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, //
    H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, //
    H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, //
    H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, //
    H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, //
    H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, //
    H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, //
    H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, //
};

typedef struct Lexer {
    Arena *arena;
    const Source *source;
    const char *text; // of the whole file: offsets are distances from here
    const char *end;  // of the chunk
    NameCache *names;
    DiagSink *diagnostics;
    LexChunk *out;
} Lexer;

static inline uint8_t class_of(char c) { return classes[(unsigned char)c]; }
static inline bool is_word(char c) { return class_of(c) == N || class_of(c) == D; }
static inline bool is_line_end(char c) { return c == '\n' || c == '\r'; }

// ---- writing tokens and errors

static void chunk_grow(Arena *arena, LexChunk *out, uint32_t capacity) {
    uint32_t old = out->capacity;
    out->kinds = arena_grow(arena, out->kinds, old, capacity, 8);
    out->starts = arena_grow(arena, out->starts, (size_t)old * 4, (size_t)capacity * 4, 8);
    out->values = arena_grow(arena, out->values, (size_t)old * 4, (size_t)capacity * 4, 8);
    out->capacity = out->room = capacity;
}

static inline void push(Lexer *lexer, TokenKind kind, const char *at, uint32_t value) {
    LexChunk *out = lexer->out;
    if (UNLIKELY(out->count == out->capacity)) {
        if (out->capacity > UINT32_MAX / 2) arena_out_of_memory(lexer->arena);
        chunk_grow(lexer->arena, out, out->capacity * 2);
    }
    uint32_t token = out->count++;
    out->kinds[token] = (uint8_t)kind;
    out->starts[token] = (uint32_t)(at - lexer->text);
    out->values[token] = value;
}

static void push_literal(Lexer *lexer, TokenKind kind, const char *at, uint64_t bits) {
    push(lexer, kind, at, lexer->out->literals.count);
    vec_push(lexer->arena, &lexer->out->literals, bits);
}

static uint32_t intern(Lexer *lexer, const char *at, uint32_t length) {
    NameId name;
    if (names_intern(lexer->names, (Text){at, length}, &name) != STATUS_OK) arena_out_of_memory(lexer->arena);
    return name.index;
}

static void report(Lexer *lexer, DiagCode code, const char *at, uint32_t length, Text argument) {
    uint32_t start = (uint32_t)(at - lexer->text);
    (void)diag(lexer->diagnostics, code, ((Span){lexer->source->file, start, start + length}), argument);
    lexer->out->has_bad_text = true;
}

static Text decimal(Lexer *lexer, uint64_t number) {
    return arena_format(lexer->arena, "%llu", (unsigned long long)number);
}

static void report_offset(Lexer *lexer, DiagCode code, const char *at, uint32_t length) {
    report(lexer, code, at, length, decimal(lexer, (uint64_t)(at - lexer->text)));
}

// ---- bytes that cannot be text

static uint32_t sequence(const char *at, const char *end) {
    return utf8_sequence((const unsigned char *)at, (const unsigned char *)end);
}

static uint32_t invalid_length(const char *at, const char *end) {
    const char *start = at;
    while (at < end && sequence(at, end) == 0)
        at++;
    return (uint32_t)(at - start);
}

static uint32_t nul_length(const char *at, const char *end) {
    const char *start = at;
    while (at < end && *at == '\0')
        at++;
    return (uint32_t)(at - start);
}

uint32_t bad_length(const char *at, const char *end) {
    if (*at == '\0') return nul_length(at, end);
    uint32_t length = invalid_length(at, end);
    if (length > 0) return length;
    const char *start = at;
    while (at < end && (class_of(*at) == X || class_of(*at) == H)) {
        uint32_t bytes = sequence(at, end);
        if (bytes == 0) break;
        at += bytes;
    }
    return (uint32_t)(at - start);
}

// Reports what is not UTF-8, and NUL, inside a comment, a string or a character. Adjacent bad bytes are one error.
static void report_bad_bytes(Lexer *lexer, const char *at, const char *end) {
    while (at < end) {
        uint32_t length = sequence(at, end);
        if (length == 0) {
            length = invalid_length(at, end);
            report_offset(lexer, DIAG_INVALID_UTF8, at, length);
        } else if (*at == '\0') {
            length = nul_length(at, end);
            report_offset(lexer, DIAG_NUL_BYTE, at, length);
        }
        at += length;
    }
}

static const char *lex_bad(Lexer *lexer, const char *at) {
    uint32_t length = bad_length(at, lexer->end);
    if (*at == '\0')
        report_offset(lexer, DIAG_NUL_BYTE, at, length);
    else if (sequence(at, lexer->end) == 0)
        report_offset(lexer, DIAG_INVALID_UTF8, at, length);
    else
        report(lexer, DIAG_UNEXPECTED_CHARACTER, at, length, (Text){at, sequence(at, lexer->end)});
    push(lexer, TOKEN_BAD, at, 0);
    return at + length;
}

static const char *lex_comment(Lexer *lexer, const char *at) {
    const char *start = at;
    bool has_bad_bytes = false;
    for (; at < lexer->end; at++) {
        uint8_t class = class_of(*at);
        if (class == L || class == C) break;
        if (class == H || class == Z) has_bad_bytes = true; // perhaps: looked at again below
    }
    if (has_bad_bytes) report_bad_bytes(lexer, start, at);
    return at;
}

// ---- words

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

static inline const char *lex_word(Lexer *lexer, const char *at) {
    const char *start = at++;
    while (at < lexer->end && is_word(*at))
        at++;
    uint32_t length = (uint32_t)(at - start);
    TokenKind kind = length <= sizeof "continue" - 1 ? word_kind(start, length) : TOKEN_NAME;
    if (kind != TOKEN_NAME) {
        push(lexer, kind, start, 0);
        return at;
    }
    if (UNLIKELY(length > NAME_BYTES_MAX)) report(lexer, DIAG_NAME_TOO_LONG, start, length, decimal(lexer, length));
    push(lexer, TOKEN_NAME, start, intern(lexer, start, length));
    return at;
}

// ---- numbers

static const char *lex_number(Lexer *lexer, const char *at) {
    const LexChunk *out = lexer->out;
    bool is_part = out->count > 0 && out->kinds[out->count - 1] == TOKEN_DOT &&
                   lexer->text + out->starts[out->count - 1] + 1 == at;
    Number number = number_read(lexer->arena, at, lexer->end, is_part);
    if (number.problem != NUMBER_GOOD) {
        static const DiagCode codes[] = {
            [NUMBER_GOOD] = DIAG_MALFORMED_NUMBER,         [NUMBER_MALFORMED] = DIAG_MALFORMED_NUMBER,
            [NUMBER_INT_TOO_LARGE] = DIAG_INT_TOO_LARGE,   [NUMBER_FLOAT_TOO_LARGE] = DIAG_FLOAT_TOO_LARGE,
            [NUMBER_UNIT_TOO_LARGE] = DIAG_UNIT_TOO_LARGE,
        };
        Text argument = {at, number.length < SHOWN_BYTES_MAX ? number.length : SHOWN_BYTES_MAX};
        if (number.problem == NUMBER_INT_TOO_LARGE) argument = TEXT("int");
        if (number.problem == NUMBER_UNIT_TOO_LARGE)
            argument = number.kind == TOKEN_DURATION ? TEXT("duration") : TEXT("size");
        report(lexer, codes[number.problem], at, number.length, argument);
    }
    push_literal(lexer, number.kind, at, number.bits);
    return at + number.length;
}

// ---- strings, characters, paths

uint32_t quoted_length(const char *at, const char *end, bool *is_closed) {
    const char *start = at++;
    *is_closed = true;
    for (; at < end && !is_line_end(*at); at++) {
        if (*at == *start) return (uint32_t)(at + 1 - start);
        if (*at == '\\' && at + 1 < end && !is_line_end(at[1])) at++;
    }
    *is_closed = false;
    return (uint32_t)(at - start);
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Reads the escape at `at` (a backslash), inside text that ends at `end`; gives its code point and length.
static uint32_t read_escape(Lexer *lexer, const char *at, const char *end, bool is_char, uint32_t *length) {
    *length = 2;
    if (at + 1 < end) {
        switch (at[1]) {
        case '\\':
            return '\\';
        case '"':
            return '"';
        case 'n':
            return '\n';
        case 't':
            return '\t';
        case 'r':
            return '\r';
        case '0':
            return 0;
        case '\'':
            if (is_char) return '\'';
            break;
        case 'u': {
            if (at + 2 == end || at[2] != '{') break;
            const char *digit = at + 3;
            uint32_t point = 0;
            for (; digit < end && hex_value(*digit) >= 0; digit++)
                if (point <= 0x10FFFF) point = point * 16 + (uint32_t)hex_value(*digit);
            bool is_closed = digit < end && *digit == '}';
            *length = (uint32_t)(digit - at) + (is_closed ? 1 : 0);
            if (is_closed && digit > at + 3 && is_scalar_value(point)) return point;
            break;
        }
        case '\0':
            *length = 1;
            break; // reported by itself
        default:
            *length = 1 + sequence(at + 1, end);
            break;
        }
    } else { // the line ends here, which is the error that counts
        *length = 1;
        return 0xFFFD;
    }
    Text shown = {at, *length < SHOWN_BYTES_MAX ? *length : SHOWN_BYTES_MAX};
    report(lexer, DIAG_UNKNOWN_ESCAPE, at, *length, shown);
    return 0xFFFD;
}

// Resolves the escapes of [at, end) into `out`, which holds at least three times as many bytes. Returns the code points.
static uint32_t read_quoted(Lexer *lexer, const char *at, const char *end, bool is_char, Text *out, uint32_t *first) {
    char *bytes = arena_alloc(lexer->arena, (size_t)(end - at) * 3 + 4, 1);
    uint32_t count = 0, used = 0;
    while (at < end) {
        uint32_t length = sequence(at, end), point;
        if (*at == '\\') {
            point = read_escape(lexer, at, end, is_char, &length);
        } else if (length == 0) {
            length = invalid_length(at, end);
            report_offset(lexer, DIAG_INVALID_UTF8, at, length);
            point = 0xFFFD;
        } else {
            if (*at == '\0' && at[-1] != '\0') report_offset(lexer, DIAG_NUL_BYTE, at, nul_length(at, end));
            point = utf8_decode((const unsigned char *)at, length);
        }
        if (count++ == 0) *first = point;
        used += utf8_encode(point, bytes + used);
        at += length;
    }
    *out = (Text){bytes, used};
    return count;
}

static const char *lex_string(Lexer *lexer, const char *at) {
    const char *c = at + 1;
    while (c < lexer->end && *c != '"' && *c != '\\' && class_of(*c) != H && !is_line_end(*c) && *c != '\0')
        c++;
    if (LIKELY(c < lexer->end && *c == '"')) { // nothing to resolve: most strings
        push(lexer, TOKEN_STR, at, intern(lexer, at + 1, (uint32_t)(c - at - 1)));
        return c + 1;
    }
    bool is_closed;
    uint32_t length = quoted_length(at, lexer->end, &is_closed);
    const char *end = at + length;
    if (!is_closed) report(lexer, DIAG_UNTERMINATED_STRING, at, length, TEXT(""));
    Text value = {0};
    uint32_t first = 0;
    (void)read_quoted(lexer, at + 1, is_closed ? end - 1 : end, false, &value, &first); // how many is of no interest
    push(lexer, TOKEN_STR, at, intern(lexer, value.data, value.length));
    return end;
}

static const char *lex_char(Lexer *lexer, const char *at) {
    // The usual 'x'.
    if (at + 2 < lexer->end && at[2] == '\'' && at[1] != '\\' && at[1] != '\'' && class_of(at[1]) != H &&
        at[1] != '\0' && !is_line_end(at[1])) {
        push(lexer, TOKEN_CHAR, at, (unsigned char)at[1]);
        return at + 3;
    }
    bool is_closed;
    uint32_t length = quoted_length(at, lexer->end, &is_closed);
    const char *end = at + length;
    if (!is_closed) { // what stands in it is unknown, so its escapes are not looked at
        report(lexer, DIAG_BAD_CHARACTER, at, length, TEXT(""));
        report_bad_bytes(lexer, at, end);
        push(lexer, TOKEN_CHAR, at, 0xFFFD);
        return end;
    }
    Text value = {0};
    uint32_t first = 0xFFFD;
    uint32_t count = read_quoted(lexer, at + 1, end - 1, true, &value, &first);
    if (count == 0) report(lexer, DIAG_BAD_CHARACTER, at, length, TEXT(""));
    if (count <= 1)
        push(lexer, TOKEN_CHAR, at, first);
    else
        push(lexer, TOKEN_PATH, at,
             intern(lexer, value.data, value.length)); // the parser says whether it may stand here
    return end;
}

// ---- operators and delimiters

static const char *lex_punctuation(Lexer *lexer, const char *at) {
    char next = at + 1 < lexer->end ? at[1] : '\0';
    TokenKind kind;
    uint32_t length = 1;
#define ONE(token)                                                                                                     \
    kind = TOKEN_##token;                                                                                              \
    break
#define MAYBE_TWO(second, both)                                                                                        \
    if (next == (second)) {                                                                                            \
        kind = TOKEN_##both;                                                                                           \
        length = 2;                                                                                                    \
        break;                                                                                                         \
    }
    switch (*at) {
    case '+':
        ONE(PLUS);
    case '-':
        MAYBE_TWO('>', ARROW) ONE(MINUS);
    case '*':
        ONE(STAR);
    case '/':
        ONE(SLASH);
    case '%':
        ONE(PERCENT);
    case '!':
        MAYBE_TWO('=', BANG_EQUAL) ONE(BANG);
    case '~':
        ONE(TILDE);
    case '&':
        MAYBE_TWO('&', AMP_AMP) ONE(AMP);
    case '|':
        MAYBE_TWO('|', PIPE_PIPE) ONE(PIPE);
    case '^':
        ONE(CARET);
    case '<':
        MAYBE_TWO('<', LESS_LESS) MAYBE_TWO('=', LESS_EQUAL) ONE(LESS);
    case '>':
        MAYBE_TWO('=', GREATER_EQUAL) ONE(GREATER);
    case '=':
        MAYBE_TWO('=', EQUAL_EQUAL) MAYBE_TWO('>', FAT_ARROW) ONE(EQUAL);
    case '?':
        MAYBE_TWO('?', QUESTION_QUESTION) ONE(QUESTION);
    case '.':
        if (next == '.' && at + 2 < lexer->end && at[2] == '=') {
            kind = TOKEN_DOT_DOT_EQUAL;
            length = 3;
            break;
        }
        MAYBE_TWO('.', DOT_DOT)
        ONE(DOT);
    case ':':
        MAYBE_TWO(':', COLON_COLON) ONE(COLON);
    case ',':
        ONE(COMMA);
    case ';':
        ONE(SEMICOLON);
    case '@':
        ONE(AT);
    case '$':
        ONE(DOLLAR);
    case '#':
        ONE(HASH);
    case '(':
        ONE(LPAREN);
    case ')':
        ONE(RPAREN);
    case '[':
        ONE(LBRACKET);
    case ']':
        ONE(RBRACKET);
    case '{':
        ONE(LBRACE);
    default:
        ONE(RBRACE); // the class table lets nothing else through
    }
#undef ONE
#undef MAYBE_TWO
    push(lexer, kind, at, 0);
    return at + length;
}

// Punctuation that is a token whatever follows it; 0, which is END, for all other bytes.
static const uint8_t alone[256] = {
    ['('] = TOKEN_LPAREN, [')'] = TOKEN_RPAREN,  ['['] = TOKEN_LBRACKET, [']'] = TOKEN_RBRACKET,
    ['{'] = TOKEN_LBRACE, ['}'] = TOKEN_RBRACE,  [','] = TOKEN_COMMA,    ['@'] = TOKEN_AT,
    ['#'] = TOKEN_HASH,   ['$'] = TOKEN_DOLLAR,  ['+'] = TOKEN_PLUS,     [';'] = TOKEN_SEMICOLON,
    ['*'] = TOKEN_STAR,   ['%'] = TOKEN_PERCENT, ['^'] = TOKEN_CARET,    ['~'] = TOKEN_TILDE};
_Static_assert(TOKEN_END == 0, "a byte that the table leaves out is END");

// ---- the loop

// Usual code has a token to four bytes; growing would copy all.
static uint32_t token_estimate(uint32_t bytes) { return bytes / 3 + 16; }

void lex_chunk(Arena *arena, const Source *source, uint32_t start, uint32_t end, NameCache *names,
               DiagSink *diagnostics, LexChunk *out) {
    const char *text = source->text.data != NULL ? source->text.data : "";
    Lexer state = {arena, source, text, text + end, names, diagnostics, out};
    Lexer *lexer = &state;
    if (out->capacity == 0) chunk_grow(arena, out, token_estimate(end - start));
    vec_reserve(arena, &out->lines, (end - start) / 24 + 16);
    const char *at = text + start;
    if (start == 0 && end >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0) {
        report_offset(lexer, DIAG_BYTE_ORDER_MARK, at, 3);
        at += 3;
    }
    while (at < state.end) {
        switch (class_of(*at)) {
        case S: // indentation is the longest run that most text has
            do
                at++;
            while (at < state.end && *at == ' ');
            break;
        case C:
            if (at + 1 < state.end && at[1] == '\n') at++;
            // A lone CR is a line end as well.
            // fall through
        case L:
            at++;
            vec_push(arena, &out->lines, (uint32_t)(at - text));
            break;
        case N:
            at = lex_word(lexer, at);
            break;
        case D:
            at = lex_number(lexer, at);
            break;
        case Q:
            at = lex_string(lexer, at);
            break;
        case A:
            at = lex_char(lexer, at);
            break;
        case K:
            if (at + 1 < state.end && at[1] == '/')
                at = lex_comment(lexer, at);
            else
                at = lex_punctuation(lexer, at);
            break;
        case P: {
            TokenKind kind = (TokenKind)alone[(unsigned char)*at];
            if (kind != TOKEN_END) {
                push(lexer, kind, at, 0);
                at++;
            } else {
                at = lex_punctuation(lexer, at);
            }
            break;
        }
        default:
            at = lex_bad(lexer, at);
            break;
        }
    }
}

uint32_t lex_cut_near(Text text, uint32_t near) {
    if (near > text.length) return text.length;
    const char *line_end = memchr(text.data + near - 1, '\n', text.length - (near - 1));
    return line_end == NULL ? text.length : (uint32_t)(line_end + 1 - text.data);
}

void lex_room(Arena *arena, const uint32_t *ends, uint32_t count, LexChunk *chunks) {
    uint64_t room = 1; // for END
    for (uint32_t i = 0; i < count; i++)
        room += token_estimate(ends[i] - (i > 0 ? ends[i - 1] : 0));
    if (room > UINT32_MAX) arena_out_of_memory(arena);
    uint8_t *kinds = arena_alloc(arena, (size_t)room, 8);
    uint32_t *starts = arena_alloc(arena, (size_t)room * 4, 8);
    uint32_t *values = arena_alloc(arena, (size_t)room * 4, 8);
    uint32_t first = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t capacity = token_estimate(ends[i] - (i > 0 ? ends[i - 1] : 0));
        chunks[i] = (LexChunk){.kinds = kinds + first,
                               .starts = starts + first,
                               .values = values + first,
                               .capacity = capacity,
                               .room = (uint32_t)room - first};
        first += capacity;
    }
}

static bool is_literal(TokenKind kind) {
    return kind == TOKEN_INT || kind == TOKEN_FLOAT || kind == TOKEN_DURATION || kind == TOKEN_SIZE;
}

// Do the chunks lie in the arrays of the first, with room for so many tokens?
static bool are_in_place(const LexChunk *chunks, uint32_t count, uint64_t tokens) {
    if (count == 0 || tokens > chunks[0].room) return false;
    uintptr_t low = (uintptr_t)chunks[0].kinds, high = low + chunks[0].room;
    for (uint32_t i = 1; i < count; i++)
        if ((uintptr_t)chunks[i].kinds < low || (uintptr_t)chunks[i].kinds >= high) return false;
    return true;
}

// Puts the tokens of a chunk behind the first `token` ones. They may lie in the same arrays, there or further behind.
static void join_tokens(const LexChunk *chunk, uint32_t token, uint32_t literal, Tokens *out) {
    if (out->kinds + token != chunk->kinds) {
        memmove(out->kinds + token, chunk->kinds, chunk->count);
        memmove(out->starts + token, chunk->starts, (size_t)chunk->count * 4);
        memmove(out->values + token, chunk->values, (size_t)chunk->count * 4);
    }
    if (literal == 0 || chunk->literals.count == 0) return;
    for (uint32_t i = token; i < token + chunk->count; i++)
        out->values[i] += is_literal((TokenKind)out->kinds[i]) ? literal : 0;
}

void lex_join(Arena *arena, const Source *source, const LexChunk *chunks, uint32_t count, Tokens *out) {
    uint64_t tokens = 1, lines = 1, literals = 0;
    for (uint32_t i = 0; i < count; i++) {
        tokens += chunks[i].count;
        lines += chunks[i].lines.count;
        literals += chunks[i].literals.count;
    }
    if (tokens > UINT32_MAX || lines > UINT32_MAX) arena_out_of_memory(arena);
    *out = (Tokens){.source = source};
    out->count = (uint32_t)tokens;
    out->line_count = (uint32_t)lines;
    out->literal_count = (uint32_t)literals;
    out->partner = arena_array(arena, uint32_t, tokens);
    out->line_starts = arena_alloc(arena, (size_t)lines * 4, 8);
    out->line_starts[0] = 0;
    if (are_in_place(chunks, count, tokens)) {
        out->kinds = chunks[0].kinds;
        out->starts = chunks[0].starts;
        out->values = chunks[0].values;
    } else {
        out->kinds = arena_alloc(arena, (size_t)tokens, 8);
        out->starts = arena_alloc(arena, (size_t)tokens * 4, 8);
        out->values = arena_alloc(arena, (size_t)tokens * 4, 8);
    }
    if (count == 1)
        out->literals = chunks[0].literals.items;
    else
        out->literals = arena_alloc(arena, (size_t)literals * 8, 8);
    uint32_t token = 0, line = 1, literal = 0;
    for (uint32_t i = 0; i < count; i++) {
        const LexChunk *chunk = &chunks[i];
        join_tokens(chunk, token, literal, out);
        if (count > 1 && chunk->literals.count > 0)
            memcpy(out->literals + literal, chunk->literals.items, (size_t)chunk->literals.count * 8);
        if (chunk->lines.count > 0) memcpy(out->line_starts + line, chunk->lines.items, (size_t)chunk->lines.count * 4);
        token += chunk->count;
        literal += chunk->literals.count;
        line += chunk->lines.count;
        out->has_bad_text |= chunk->has_bad_text;
    }
    out->kinds[token] = TOKEN_END;
    out->starts[token] = source->text.length;
    out->values[token] = 0;
}

// Apart from lex_file, so that none of its variables lives across the guard's setjmp.
static void lex_whole(Arena *arena, const Source *source, NameCache *names, DiagSink *diagnostics, Tokens *out) {
    LexChunk chunk = {0};
    lex_chunk(arena, source, 0, source->text.length, names, diagnostics, &chunk);
    lex_join(arena, source, &chunk, 1, out);
}

Status lex_file(Arena *arena, const Source *source, NameCache *names, DiagSink *diagnostics, Tokens *out) {
    ARENA_GUARD(arena);
    lex_whole(arena, source, names, diagnostics, out);
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

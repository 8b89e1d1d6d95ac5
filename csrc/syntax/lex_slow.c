// syntax/lex_slow.c: tokens whose text has to be looked at byte by byte. See lexer.h, and chapter 1 for the rules.
//
// Errors leave a token whenever they can, so that the parser sees what was meant: an unclosed string is a string, a
// malformed number is a number. What stands for nothing is one BAD token, which the parser steps over in silence.
#include "syntax/lexer_internal.h"
#include "syntax/utf8.h"

#define NAME_BYTES_MAX 1023u
#define SHOWN_BYTES_MAX 40u // of the user's text inside a message

// What a byte can begin.
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

static inline uint8_t class_of(char c) { return classes[(unsigned char)c]; }
static inline bool is_word(char c) { return class_of(c) == N || class_of(c) == D; }
static inline bool is_line_end(char c) { return c == '\n' || c == '\r'; }

static void push_literal(Lexer *lexer, TokenKind kind, const char *at, uint64_t bits) {
    lex_push(lexer, kind, at, lexer->out->literals.count);
    vec_push(lexer->arena, &lexer->out->literals, bits);
}

uint32_t lex_intern(Lexer *lexer, Text text) {
    NameId name;
    if (names_intern(lexer->names, text, &name) != STATUS_OK) arena_out_of_memory(lexer->arena);
    return name.index;
}

static uint32_t intern(Lexer *lexer, const char *at, uint32_t length) { return lex_intern(lexer, (Text){at, length}); }

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
        uint64_t eight;
        if (end - at >= 8) {
            memcpy(&eight, at, 8);
            // No byte has its top bit, and none is 0: then subtracting 1 from each sets no top bit either.
            if (((eight | (eight - 0x0101010101010101u)) & 0x8080808080808080u) == 0) {
                at += 8;
                continue;
            }
        }
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
    lex_push(lexer, TOKEN_BAD, at, 0);
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

// ---- long words

static const char *lex_word(Lexer *lexer, const char *at) {
    const char *start = at++;
    while (at < lexer->end && is_word(*at))
        at++;
    uint32_t length = (uint32_t)(at - start);
    if (UNLIKELY(length > NAME_BYTES_MAX)) report(lexer, DIAG_NAME_TOO_LONG, start, length, decimal(lexer, length));
    lex_push(lexer, TOKEN_NAME, start, intern(lexer, start, length));
    return at;
}

// ---- numbers

static const char *lex_number(Lexer *lexer, const char *at) {
    const LexChunk *out = lexer->out;
    bool is_part = out->count > 0 && out->kinds[out->count - 1] == TOKEN_DOT &&
                   lexer->text + out->starts[out->count - 1] + 1 == at;
    uint64_t value = 0;
    const char *digit = at;
    while (digit < lexer->end && class_of(*digit) == D && digit - at < 18)
        value = value * 10 + (uint64_t)(*digit++ - '0');
    bool is_usual = digit == lexer->end || (class_of(*digit) != D && class_of(*digit) != N && *digit != '.');
    if (LIKELY(is_usual && (*at != '0' || digit - at == 1))) { // a small decimal integer
        push_literal(lexer, TOKEN_INT, at, value);
        return digit;
    }
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
        lex_push(lexer, TOKEN_STR, at, intern(lexer, at + 1, (uint32_t)(c - at - 1)));
        return c + 1;
    }
    bool is_closed;
    uint32_t length = quoted_length(at, lexer->end, &is_closed);
    const char *end = at + length;
    if (!is_closed) report(lexer, DIAG_UNTERMINATED_STRING, at, length, TEXT(""));
    Text value = {0};
    uint32_t first = 0;
    (void)read_quoted(lexer, at + 1, is_closed ? end - 1 : end, false, &value, &first); // how many is of no interest
    lex_push(lexer, TOKEN_STR, at, intern(lexer, value.data, value.length));
    return end;
}

static const char *lex_char(Lexer *lexer, const char *at) {
    // The usual 'x'.
    if (at + 2 < lexer->end && at[2] == '\'' && at[1] != '\\' && at[1] != '\'' && class_of(at[1]) != H &&
        at[1] != '\0' && !is_line_end(at[1])) {
        lex_push(lexer, TOKEN_CHAR, at, (unsigned char)at[1]);
        return at + 3;
    }
    bool is_closed;
    uint32_t length = quoted_length(at, lexer->end, &is_closed);
    const char *end = at + length;
    if (!is_closed) { // what stands in it is unknown, so its escapes are not looked at
        report(lexer, DIAG_BAD_CHARACTER, at, length, TEXT(""));
        report_bad_bytes(lexer, at, end);
        lex_push(lexer, TOKEN_CHAR, at, 0xFFFD);
        return end;
    }
    Text value = {0};
    uint32_t first = 0xFFFD;
    uint32_t count = read_quoted(lexer, at + 1, end - 1, true, &value, &first);
    if (count == 0) report(lexer, DIAG_BAD_CHARACTER, at, length, TEXT(""));
    if (count <= 1)
        lex_push(lexer, TOKEN_CHAR, at, first);
    else
        lex_push(lexer, TOKEN_PATH, at,
                 intern(lexer, value.data, value.length)); // the parser says whether it may stand here
    return end;
}

// ---- operators and delimiters that the loop leaves to us

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
    lex_push(lexer, kind, at, 0);
    return at + length;
}

void lex_byte_order_mark(Lexer *lexer) { report_offset(lexer, DIAG_BYTE_ORDER_MARK, lexer->text, 3); }

void lex_simple_string(Lexer *lexer, const char *at, const char *close) {
    lex_push(lexer, TOKEN_STR, at, intern(lexer, at + 1, (uint32_t)(close - at - 1)));
}

const char *lex_slowly(Lexer *lexer, const char *at) {
    switch (class_of(*at)) {
    case N:
        return lex_word(lexer, at);
    case D:
        return lex_number(lexer, at);
    case Q:
        return lex_string(lexer, at);
    case A:
        return lex_char(lexer, at);
    case K:
        return at + 1 < lexer->end && at[1] == '/' ? lex_comment(lexer, at) : lex_punctuation(lexer, at);
    case P:
        return lex_punctuation(lexer, at);
    default:
        return lex_bad(lexer, at);
    }
}

// syntax/tokens.c: what can be asked of the tokens of a file. See tokens.h.
#include "syntax/lexer.h"

static const struct {
    const char *name, *shown;
    uint8_t length; // of words and punctuation, else 0
} rows[] = {
#define TOKEN(kind, shown) {#kind, shown, 0},
#define KEYWORD(kind, text) {#kind, "`" text "`", sizeof text - 1},
#define PUNCTUATION(kind, text) {#kind, "`" text "`", sizeof text - 1},
#include "syntax/tokens.def"
#undef TOKEN
#undef KEYWORD
#undef PUNCTUATION
};

static inline bool is_name_byte(unsigned char c) {
    return (unsigned char)((c | 0x20) - 'a') < 26 || (unsigned char)(c - '0') < 10 || c == '_';
}

const char *token_kind_name(TokenKind kind) { return rows[kind].name; }
const char *token_kind_shown(TokenKind kind) { return rows[kind].shown; }

uint32_t token_end(const Tokens *tokens, uint32_t token) {
    uint32_t start = tokens->starts[token];
    TokenKind kind = tokens->kinds[token];
    if (rows[kind].length > 0) return start + rows[kind].length;
    const char *text = tokens->source->text.data;
    const char *at = text + start, *end = text + tokens->source->text.length;
    if (kind == TOKEN_NAME) { // first, because it is what is asked most
        while (at < end && is_name_byte((unsigned char)*at))
            at++;
        return (uint32_t)(at - text);
    }
    switch (kind) {
    case TOKEN_END:
        return start;
    case TOKEN_INT:
    case TOKEN_FLOAT:
    case TOKEN_DURATION:
    case TOKEN_SIZE: {
        bool is_part = token > 0 && tokens->kinds[token - 1] == TOKEN_DOT && tokens->starts[token - 1] + 1 == start;
        return start + number_length(at, end, is_part);
    }
    case TOKEN_BAD:
        return start + bad_length(at, end);
    default: {
        bool is_closed;
        return start + quoted_length(at, end, &is_closed);
    }
    }
}

static uint32_t code_points(const Tokens *tokens, uint32_t from, uint32_t to) {
    uint32_t count = 0;
    for (uint32_t at = from; at < to; at++)
        count += ((unsigned char)tokens->source->text.data[at] & 0xC0) != 0x80;
    return count;
}

void tokens_position(const Tokens *tokens, uint32_t offset, uint32_t *line, uint32_t *column) {
    uint32_t low = 0, high = tokens->line_count; // the line is in [low, high)
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (tokens->line_starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    if (offset > tokens->source->text.length) offset = tokens->source->text.length;
    *line = low + 1;
    *column = 1 + code_points(tokens, tokens->line_starts[low], offset);
}

void tokens_position_from(const Tokens *tokens, TokensPlace *place, uint32_t offset) {
    bool is_same_line = place->line != 0 && offset >= place->offset && offset <= tokens->source->text.length &&
                        (place->line == tokens->line_count || offset < tokens->line_starts[place->line]);
    if (is_same_line)
        place->column += code_points(tokens, place->offset, offset);
    else
        tokens_position(tokens, offset, &place->line, &place->column);
    place->offset = offset;
}

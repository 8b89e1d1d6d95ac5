// syntax/brackets.c: pairs brackets before parsing, and finds out where a missing one is missing.
//
// Nearly every file is balanced, and then one walk with a stack is all. In one that is not, the same walk is done again
// with the layout as a witness: a closing bracket that begins a line belongs to a line with the same indentation, a
// declaration begins outside of all brackets, and an opening one that nothing closes ends before the first line that is
// not indented deeper. Such a group gets a `virtual_end`, so that the parser sees it as if the bracket stood there.
#include "syntax/lexer.h"
#include "syntax/parser_internal.h"

typedef struct Open {
    uint32_t token;
    uint32_t indent; // of the line that it stands on
    bool is_block;   // holds members: the `{` of a trait, impl or extend
} Open;

typedef struct Pairing {
    Parser *p;
    VEC(Open) open;
    TokenKind head; // the word that began the current declaration
    uint32_t steps; // spent on looking for ends; a limit, so that a file of unclosed brackets does not cost n²
} Pairing;

#define STEPS_MAX 4000000u

static bool is_opening(TokenKind kind) {
    return kind == TOKEN_LPAREN || kind == TOKEN_LBRACKET || kind == TOKEN_LBRACE;
}
static bool is_closing(TokenKind kind) {
    return kind == TOKEN_RPAREN || kind == TOKEN_RBRACKET || kind == TOKEN_RBRACE;
}
_Static_assert(TOKEN_RPAREN == TOKEN_LPAREN + 1 && TOKEN_RBRACKET == TOKEN_LBRACKET + 1 &&
                   TOKEN_RBRACE == TOKEN_LBRACE + 1,
               "a closing bracket follows its opening one in tokens.def");
static inline TokenKind closing_of(TokenKind opening) { return opening + 1; }

// A token that begins a declaration wherever it stands at the start of a line; `$`, `#` and contextual words do not.
static bool begins_declaration(const Parser *p, uint32_t token) {
    TokenKind kind = p->kinds[token];
    if (kind != TOKEN_AT && kind != TOKEN_PUB && kind != TOKEN_TYPE && kind != TOKEN_TRAIT && kind != TOKEN_IMPL &&
        kind != TOKEN_USE)
        return false;
    if (kind != TOKEN_AT && p->kinds[token + 1] == TOKEN_COLON) return false; // a named argument; END follows at least
    if (token > 0 && p->kinds[token - 1] == TOKEN_DOT) return false;
    return token == 0 || is_on_later_line(p, token);
}

static void note_head(Pairing *pairing, uint32_t token) {
    const Parser *p = pairing->p;
    TokenKind kind = p->kinds[token];
    if (kind == TOKEN_TRAIT || kind == TOKEN_IMPL || kind == TOKEN_TYPE || kind == TOKEN_AT || kind == TOKEN_USE)
        pairing->head = kind;
    else if (kind == TOKEN_NAME && p->tokens->values[token] == p->words[WORD_EXTEND])
        pairing->head = TOKEN_IMPL;
}

static inline void push_open(Pairing *pairing, uint32_t token, uint32_t indent) {
    bool is_block = pairing->open.count == 0 && pairing->p->kinds[token] == TOKEN_LBRACE &&
                    (pairing->head == TOKEN_TRAIT || pairing->head == TOKEN_IMPL);
    Open open = {token, indent, is_block};
    vec_push(pairing->p->arena, &pairing->open, open);
}

static void pair(const Pairing *pairing, uint32_t open, uint32_t close) {
    pairing->p->tokens->partner[open] = close;
    pairing->p->tokens->partner[close] = open;
}

// What a token can mean to pair_balanced: most mean nothing, and inside of brackets names do not either.
enum { ROLE_NONE, ROLE_OPENS, ROLE_CLOSES, ROLE_HEAD };
#define ROLES                                                                                                          \
    [TOKEN_LPAREN] = ROLE_OPENS, [TOKEN_LBRACKET] = ROLE_OPENS, [TOKEN_LBRACE] = ROLE_OPENS,                           \
    [TOKEN_RPAREN] = ROLE_CLOSES, [TOKEN_RBRACKET] = ROLE_CLOSES, [TOKEN_RBRACE] = ROLE_CLOSES,                        \
    [TOKEN_AT] = ROLE_HEAD, [TOKEN_PUB] = ROLE_HEAD, [TOKEN_TYPE] = ROLE_HEAD, [TOKEN_TRAIT] = ROLE_HEAD,              \
    [TOKEN_IMPL] = ROLE_HEAD, [TOKEN_USE] = ROLE_HEAD
static const uint8_t roles_inside[TOKEN_COUNT] = {ROLES};
static const uint8_t roles_outside[TOKEN_COUNT] = {ROLES, [TOKEN_NAME] = ROLE_HEAD}; // perhaps `extend`

// The common case: everything closes what was opened last, and no declaration begins inside brackets.
static bool pair_balanced(Pairing *pairing) {
    Parser *p = pairing->p;
    const uint8_t *kinds = p->kinds, *roles = roles_outside;
    uint32_t count = p->tokens->count, *partner = p->tokens->partner;
    for (uint32_t token = 0; token < count; token++) {
        uint8_t role = roles[kinds[token]];
        if (LIKELY(role == ROLE_NONE)) continue;
        if (role == ROLE_OPENS) {
            push_open(pairing, token, 0);
            roles = roles_inside;
        } else if (role == ROLE_CLOSES) {
            if (pairing->open.count == 0) return false;
            uint32_t open = pairing->open.items[--pairing->open.count].token;
            if (closing_of((TokenKind)kinds[open]) != kinds[token]) return false;
            partner[open] = token;
            partner[token] = open;
            if (pairing->open.count == 0) roles = roles_outside;
        } else if (pairing->open.count == 0) {
            note_head(pairing, token);
        } else if (!(pairing->open.count == 1 && pairing->open.items[0].is_block) && begins_declaration(p, token)) {
            return false;
        }
    }
    return pairing->open.count == 0;
}

// ---- with the help of indentation

static uint32_t indent_of(const Parser *p, uint32_t token) {
    const char *text = p->tokens->source->text.data;
    uint32_t start = p->tokens->starts[token], at = start;
    while (at > 0 && text[at - 1] != '\n' && text[at - 1] != '\r')
        at--;
    return start - at;
}

// Words that belong to an `if`, `for`, `while` or `with` begun outside of the group: there it has ended.
typedef struct Words {
    uint32_t thens, elses, dos; // that are still to come inside
    bool has_in;
} Words;

static bool ends_group(Words *words, TokenKind kind) {
    switch (kind) {
    case TOKEN_IF:
        words->thens++;
        return false;
    case TOKEN_FOR:
        words->dos++;
        words->has_in = true;
        return false;
    case TOKEN_WHILE:
        words->dos++;
        return false;
    case TOKEN_WITH:
        words->has_in = true;
        return false;
    case TOKEN_THEN:
        words->elses++;
        return words->thens-- == 0;
    case TOKEN_ELSE:
        return words->elses-- == 0;
    case TOKEN_DO:
    case TOKEN_YIELD:
        return words->dos-- == 0;
    case TOKEN_IN:
        return !words->has_in;
    default:
        return false;
    }
}

// The parameters of a function end before its `->` or `=`; that `->` does not follow a `)` as the one of a type does.
static bool ends_parameters(const Parser *p, uint32_t token) {
    return p->kinds[token] == TOKEN_EQUAL || (p->kinds[token] == TOKEN_ARROW && p->kinds[token - 1] != TOKEN_RPAREN);
}

static bool opens_parameters(const Parser *p, uint32_t open) {
    return open >= 2 && p->kinds[open] == TOKEN_LPAREN && p->kinds[open - 1] == TOKEN_NAME &&
           p->kinds[open - 2] == TOKEN_AT;
}

// A string or character that its line ended has swallowed what would have closed the bracket.
static bool is_unclosed_quote(const Parser *p, uint32_t token) {
    TokenKind kind = p->kinds[token];
    if (kind != TOKEN_STR && kind != TOKEN_CHAR) return false;
    Text text = token_text(p->tokens, token);
    bool is_closed;
    (void)quoted_length(text.data, text.data + text.length, &is_closed);
    return !is_closed;
}

// Where the group of `open` ends, which nothing closed when `limit` was reached: before the first line that is not
// indented deeper than the line of the bracket, or at `limit`. A comma at the end of the line before separates what
// stands around the group.
static uint32_t find_end(Pairing *pairing, const Open *open, uint32_t limit, bool is_inside) {
    const Parser *p = pairing->p;
    uint32_t token = open->token + 1, inner_end = token;
    Words words = {0};
    bool is_parameters = opens_parameters(p, open->token);
    while (token < limit) {
        if (pairing->steps++ > STEPS_MAX) return limit;
        if (ends_group(&words, p->kinds[token]) || (is_parameters && ends_parameters(p, token))) return token;
        if (is_on_later_line(p, token) && indent_of(p, token) <= open->indent) break;
        uint32_t partner = p->tokens->partner[token];
        token = partner > token ? partner + 1 : token + 1;
        if (partner != 0) inner_end = token;
    }
    if (token > limit) token = limit;
    if (is_inside && token > inner_end && token > open->token + 1 && p->kinds[token - 1] == TOKEN_COMMA &&
        is_on_later_line(p, token))
        token--;
    return token;
}

static void report_missing(Parser *p, uint32_t open, Span span) {
    TokenKind closing = closing_of(p->kinds[open]);
    Text missing = closing == TOKEN_RPAREN ? TEXT(")") : closing == TOKEN_RBRACKET ? TEXT("]") : TEXT("}");
    Diagnostic *d = diag(p->sink, DIAG_UNCLOSED_DELIMITER, span, missing);
    diag_label(p->sink, d, token_span(p->tokens, open), TEXT("opened here"));
}

// Reports the openings above `keep` as never closed. `limit` is the token that showed it. From the outermost to the
// innermost: one that stands behind the end of another is not inside it, whatever the stack says.
static void close_unclosed(Pairing *pairing, uint32_t keep, uint32_t limit) {
    Parser *p = pairing->p;
    uint32_t count = pairing->open.count;
    for (uint32_t i = keep; i < count; i++) {
        const Open *open = &pairing->open.items[i];
        uint32_t outer = limit; // the end of the group around it
        for (uint32_t j = i; j-- > keep;) {
            uint32_t end = p->virtual_end[pairing->open.items[j].token];
            if (open->token < end) {
                outer = end;
                break;
            }
            if (pairing->steps++ > STEPS_MAX) break;
        }
        p->virtual_end[open->token] = find_end(pairing, open, outer, i > 0);
    }
    while (pairing->open.count > keep) { // the innermost is the one to name where several end at one place
        uint32_t open = pairing->open.items[--pairing->open.count].token, end = p->virtual_end[open];
        if (reserve_report(p, end) && !is_unclosed_quote(p, end - 1)) report_missing(p, open, missing_span(p, end));
    }
}

// Does what follows `token`, up to the next declaration, close `open`? Groups that open there are stepped over.
static bool is_closed_later(const Pairing *pairing, TokenKind closing, uint32_t token) {
    const Parser *p = pairing->p;
    uint32_t depth = 0;
    for (uint32_t steps = 0; steps < 1000 && p->kinds[++token] != TOKEN_END; steps++) {
        TokenKind kind = p->kinds[token];
        if (begins_declaration(p, token)) return false;
        if (is_opening(kind)) depth++;
        if (is_closing(kind) && depth-- == 0) return kind == closing;
    }
    return false;
}

static void pair_closing(Pairing *pairing, uint32_t token, bool is_first, uint32_t indent) {
    Parser *p = pairing->p;
    TokenKind kind = p->kinds[token];
    uint32_t count = pairing->open.count;
    if (count == 0) return; // stays alone; the parser reports it where it stands
    uint32_t found = count; // the index of the opening that this one closes
    bool matches_last = closing_of(p->kinds[pairing->open.items[count - 1].token]) == kind;
    if (is_first && !(matches_last && pairing->open.items[count - 1].indent == indent)) {
        // At the start of a line it belongs to a line with the same indentation.
        for (uint32_t i = count; i-- > 0 && found == count;) {
            const Open *open = &pairing->open.items[i];
            if (closing_of(p->kinds[open->token]) == kind && open->indent == indent) found = i;
            if (open->indent < indent || (open->is_block && kind != TOKEN_RBRACE)) break;
        }
    }
    if (found == count && matches_last) found = count - 1;
    if (found == count) {
        for (uint32_t i = count; i-- > 0 && found == count;) {
            if (closing_of(p->kinds[pairing->open.items[i].token]) == kind) found = i;
            if (pairing->open.items[i].is_block) break;
        }
    }
    if (found == count) {
        // Either one too many, or the wrong one for the bracket opened last.
        const Open *last = &pairing->open.items[count - 1];
        TokenKind wanted = closing_of(p->kinds[last->token]);
        if (last->is_block || is_closed_later(pairing, wanted, token)) return;
        if (reserve_report(p, token)) report_missing(p, last->token, token_span(p->tokens, token));
        found = count - 1;
    }
    close_unclosed(pairing, found + 1, token);
    pair(pairing, pairing->open.items[found].token, token);
    pairing->open.count = found;
}

static void pair_by_indentation(Pairing *pairing) {
    Parser *p = pairing->p;
    uint32_t count = p->tokens->count, indent = 0;
    memset(p->tokens->partner, 0, (size_t)count * sizeof *p->tokens->partner);
    p->virtual_end = arena_array(p->arena, uint32_t, count);
    pairing->open.count = 0;
    pairing->head = TOKEN_END;
    for (uint32_t token = 0; token < count; token++) {
        TokenKind kind = p->kinds[token];
        bool is_first = token == 0 || is_on_later_line(p, token);
        if (is_first) indent = indent_of(p, token);
        if (begins_declaration(p, token)) {
            bool is_member = kind == TOKEN_AT || kind == TOKEN_PUB || kind == TOKEN_TYPE;
            uint32_t keep = 0;
            if (pairing->open.count > 0 && pairing->open.items[0].is_block && is_member &&
                indent > pairing->open.items[0].indent)
                keep = 1;
            close_unclosed(pairing, keep, token);
        }
        if (pairing->open.count == 0) note_head(pairing, token);
        if (is_opening(kind))
            push_open(pairing, token, indent);
        else if (is_closing(kind))
            pair_closing(pairing, token, is_first, indent);
    }
    close_unclosed(pairing, 0, count - 1);
}

void pair_brackets(Parser *p) {
    Pairing pairing = {.p = p, .head = TOKEN_END};
    if (!pair_balanced(&pairing)) pair_by_indentation(&pairing);
}

// cgen/literals.c: constants as C text.
#include "base/hash.h"
#include "cgen/cgen_internal.h"
#include <math.h>
#include <stdio.h>

void write_int(int64_t value, Buffer *out) {
    if (value == INT64_MIN)
        buffer_literal(out, "(-9223372036854775807LL - 1)");
    else if (value > 2147483647 || value < -2147483647)
        buffer_format(out, "%lldLL", (long long)value);
    else
        buffer_int(out, value);
}

// The shortest of 15 to 17 digits that reads back as the same number.
void write_float(double value, Buffer *out) {
    if (isnan(value)) {
        buffer_literal(out, "(0.0 / 0.0)");
        return;
    }
    if (isinf(value)) {
        buffer_string(out, value < 0 ? "(-1.0 / 0.0)" : "(1.0 / 0.0)");
        return;
    }
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        double back;
        if (sscanf(text, "%lf", &back) == 1 && back == value) break;
    }
    bool has_point = false; // some locale's decimal point may be a comma, or several bytes
    for (const char *t = text; *t != 0; t++) {
        bool is_plain = (*t >= '0' && *t <= '9') || *t == '-' || *t == '+' || *t == 'e';
        if (is_plain)
            buffer_char(out, *t);
        else if (!has_point)
            buffer_char(out, '.');
        has_point |= !is_plain || *t == 'e';
    }
    if (!has_point) buffer_literal(out, ".0");
}

void write_char(uint32_t value, Buffer *out) {
    if (value == '\'' || value == '\\')
        buffer_format(out, "'\\%c'", (int)value);
    else if (value >= ' ' && value < 127)
        buffer_format(out, "'%c'", (int)value);
    else
        buffer_format(out, "%u", value);
}

// Octal escapes have at most three digits, so that no following character is taken into them. `?` is escaped for trigraphs.
void write_c_string(Text text, Buffer *out) {
    buffer_char(out, '"');
    for (uint32_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        uint32_t from = i;
        while (c >= ' ' && c < 127 && c != '"' && c != '\\' && c != '?') {
            if (++i == text.length) break;
            c = (unsigned char)text.data[i];
        }
        buffer_bytes(out, text.data + from, i - from);
        if (i == text.length) break;
        if (c == '"' || c == '\\')
            buffer_format(out, "\\%c", c);
        else if (c == '\n')
            buffer_literal(out, "\\n");
        else if (c == '\t')
            buffer_literal(out, "\\t");
        else if (c == '?' && i + 1 < text.length && text.data[i + 1] == '?')
            buffer_literal(out, "\\?");
        else if (c < ' ' || c >= 127)
            buffer_format(out, "\\%03o", c);
        else
            buffer_char(out, (char)c);
    }
    buffer_char(out, '"');
}

int64_t text_code_points(Text text) {
    int64_t points = 0;
    for (uint32_t i = 0; i < text.length; i++)
        points += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    return points;
}

// C's keywords, and what common headers and GNU modes define in lower case.
#define WORD(literal)                                                                                                  \
    { (literal), sizeof(literal) - 1 }
static const Text taken_names[] = {
    WORD("auto"),     WORD("break"),    WORD("case"),     WORD("char"),   WORD("const"),   WORD("continue"),
    WORD("default"),  WORD("do"),       WORD("double"),   WORD("else"),   WORD("enum"),    WORD("extern"),
    WORD("float"),    WORD("for"),      WORD("goto"),     WORD("if"),     WORD("inline"),  WORD("int"),
    WORD("long"),     WORD("register"), WORD("restrict"), WORD("return"), WORD("short"),   WORD("signed"),
    WORD("sizeof"),   WORD("static"),   WORD("struct"),   WORD("switch"), WORD("typedef"), WORD("union"),
    WORD("unsigned"), WORD("void"),     WORD("volatile"), WORD("while"),  WORD("asm"),     WORD("typeof"),
    WORD("offsetof"), WORD("unix"),     WORD("linux"),    WORD("near"),   WORD("far"),     WORD("i386"),
};
#undef WORD
enum { TAKEN_BYTES_MAX = 8 };

void write_safe_name(Text name, Buffer *out) {
    buffer_text(out, name);
    if (name.length == 0) return;
    bool taken = name.data[0] == '_' || name.data[name.length - 1] == '_' ||
                 (name.length > 1 && name.data[0] == 'f' && name.data[1] >= '0' && name.data[1] <= '9') ||
                 text_starts_with(name, TEXT("si_")) || text_starts_with(name, TEXT("SI_")) ||
                 text_equal(name, TEXT("NULL"));
    for (size_t i = 0; !taken && i < sizeof taken_names / sizeof *taken_names && name.length <= TAKEN_BYTES_MAX; i++)
        taken = name.data[0] == taken_names[i].data[0] && text_equal(name, taken_names[i]);
    bool upper = true; // a macro of some header
    for (uint32_t i = 0; i < name.length && upper; i++)
        upper = !(name.data[i] >= 'a' && name.data[i] <= 'z');
    if (taken || upper) buffer_char(out, '_');
}

void write_file_prefix(Text module, Buffer *out) {
    buffer_reserve(out, module.length);
    for (uint32_t i = 0; i < module.length; i++) {
        char c = module.data[i];
        bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        out->data[out->length++] = is_word ? c : '_';
    }
}

uint32_t find_line_of(const Tokens *tokens, uint32_t token) {
    uint32_t offset = tokens->starts[token], low = 0, high = tokens->line_count;
    while (high - low > 1) { // line_starts[low] <= offset < line_starts[high]
        uint32_t middle = low + (high - low) / 2;
        if (tokens->line_starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low + 1;
}

// Columns are counted from the last place that was asked for on the same line, so that a file of one endless line costs no square.
void find_position(PositionCache *cache, const Tokens *tokens, uint32_t token, uint32_t *line, uint32_t *column) {
    *line = *column = 1;
    if (tokens == NULL || token >= tokens->count) return;
    uint32_t offset = tokens->starts[token];
    bool is_same = cache->tokens == tokens && tokens->line_starts[cache->line - 1] <= offset &&
                   (cache->line == tokens->line_count || offset < tokens->line_starts[cache->line]);
    *line = is_same ? cache->line : find_line_of(tokens, token);
    if (!is_same) {
        uint32_t start = tokens->line_starts[*line - 1];
        *cache = (PositionCache){.tokens = tokens, .line = *line, .offset = start, .column = 1};
    }
    const char *text = tokens->source->text.data;
    for (; cache->offset < offset; cache->offset++)
        cache->column += ((unsigned char)text[cache->offset] & 0xC0) != 0x80;
    for (; cache->offset > offset; cache->offset--)
        cache->column -= ((unsigned char)text[cache->offset - 1] & 0xC0) != 0x80;
    *column = cache->column;
}

// Locals are called `name_4`, so nothing here may end in an underscore and digits after a lower-case start.
void write_place_name(const Program *program, Place place, bool with_module, Buffer *out) {
    buffer_char(out, 'L');
    buffer_int(out, place.line);
    buffer_char(out, 'C');
    buffer_int(out, place.column);
    if (!with_module) return;
    Text module = program->modules[place.module].name;
    buffer_char(out, '_');
    write_file_prefix(module, out);
    for (uint32_t i = 0; i < module.length; i++) // `a.b` and `a_b` would read alike
        if (module.data[i] == '_') {
            buffer_format(out, "_x%08x", (unsigned)hash_text(module));
            break;
        }
}

// Letters, digits and single spaces say all by themselves; other texts need their hash.
void write_literal_name(Text text, Buffer *out) {
    bool is_plain = text.length > 0 && text.length <= 24;
    char last = text.length > 0 ? text.data[text.length - 1] : '0';
    if (last >= '0' && last <= '9') is_plain = false;
    for (uint32_t i = 0; i < text.length && is_plain; i++) {
        char c = text.data[i];
        is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ';
    }
    buffer_string(out, is_plain ? "str_" : "lit_");
    for (uint32_t i = 0; i < text.length && i < 24; i++) {
        char c = text.data[i];
        bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (is_word)
            buffer_char(out, c);
        else if (is_plain || out->data[out->length - 1] != '_')
            buffer_char(out, '_');
    }
    if (!is_plain) buffer_format(out, "_x%016llx", (unsigned long long)hash_text(text));
}

void write_literal(Text text, Buffer *out) {
    buffer_literal(out, "SI_STR_LITERAL(");
    write_literal_name(text, out);
    buffer_format(out, ", %u, %lld, ", text.length, (long long)text_code_points(text));
    write_c_string(text, out);
    buffer_literal(out, ");\n");
}

// sema/suggest.c: near names, for whoever mistyped one.
//
// SOURCE  The distance counts insertions, deletions, substitutions and swaps of neighbours (optimal string alignment; Damerau,
//         A technique for computer detection and correction of spelling errors, CACM 1964). Only up to 2 matters, so a
//         candidate whose length differs by more is never compared.
#include "sema/internal.h"
#include <stdlib.h>

#define SUGGESTED_ERRORS_MAX 100u // of one sink: more errors than anybody reads must not each cost a look at all names
#define NEAR_MAX 3u
#define DISTANCE_MAX 2u
#define NAME_BYTES_MAX 64u // longer names are compared for case only

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c; }

static bool equal_but_case(Text a, Text b) {
    if (a.length != b.length) return false;
    for (uint32_t i = 0; i < a.length; i++)
        if (lower(a.data[i]) != lower(b.data[i])) return false;
    return true;
}

static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

static uint32_t edit_distance(Text a, Text b) {
    uint32_t rows[3][NAME_BYTES_MAX + 1]; // of the last row, the one before it, and the one being made
    uint32_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (uint32_t j = 0; j <= b.length; j++)
        last[j] = j;
    for (uint32_t i = 1; i <= a.length; i++) {
        row[0] = i;
        for (uint32_t j = 1; j <= b.length; j++) {
            uint32_t cost = a.data[i - 1] == b.data[j - 1] ? 0 : 1;
            row[j] = least(least(last[j] + 1, row[j - 1] + 1), last[j - 1] + cost);
            if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        uint32_t *oldest = before;
        before = last;
        last = row;
        row = oldest;
    }
    return last[b.length];
}

// 0 … DISTANCE_MAX, or more when the names are not near. A name that shares nothing with a short one is not near it.
static uint32_t distance(Text a, Text b) {
    if (equal_but_case(a, b)) return 0;
    uint32_t longer = a.length > b.length ? a.length : b.length, shorter = least(a.length, b.length);
    if (longer - shorter > DISTANCE_MAX || longer > NAME_BYTES_MAX) return DISTANCE_MAX + 1;
    uint32_t d = edit_distance(a, b);
    return d < longer ? d : DISTANCE_MAX + 1;
}

typedef struct Near {
    Text names[NEAR_MAX];
    uint32_t distances[NEAR_MAX];
    uint32_t count;
} Near;

// Keeps the nearest, in the order of distance, then of text.
static void near_offer(Near *near, Text name, Text wanted) {
    if (name.length == 0 || text_equal(name, wanted)) return;
    uint32_t d = distance(name, wanted);
    if (d > DISTANCE_MAX) return;
    uint32_t place = 0;
    for (; place < near->count; place++) {
        if (text_equal(near->names[place], name)) return;
        if (d < near->distances[place] || (d == near->distances[place] && text_compare(name, near->names[place]) < 0))
            break;
    }
    if (place == NEAR_MAX) return;
    uint32_t moved = near->count < NEAR_MAX ? near->count : NEAR_MAX - 1;
    for (uint32_t i = moved; i > place; i--) {
        near->names[i] = near->names[i - 1];
        near->distances[i] = near->distances[i - 1];
    }
    near->names[place] = name;
    near->distances[place] = d;
    if (near->count < NEAR_MAX) near->count++;
}

static int compare_texts(const void *first, const void *second) {
    return text_compare(*(const Text *)first, *(const Text *)second);
}

static void near_note(Near *near, const char *prefix, DiagSink *sink, Diagnostic *d) {
    if (near->count == 0) return;
    qsort(near->names, near->count, sizeof(Text), compare_texts);
    Buffer note = buffer_in(sink->arena);
    buffer_literal(&note, "did you mean ");
    for (uint32_t i = 0; i < near->count; i++) {
        if (i > 0) buffer_string(&note, i + 1 == near->count ? " or " : ", ");
        buffer_char(&note, '`');
        buffer_string(&note, prefix);
        buffer_text(&note, near->names[i]);
        buffer_char(&note, '`');
    }
    buffer_char(&note, '?');
    diag_note(sink, d, (Text){note.data, (uint32_t)note.length});
}

bool suggestions_are_enough(const DiagSink *sink) { return sink->error_count > SUGGESTED_ERRORS_MAX; }

void suggest_from(const Text *names, uint32_t count, Text wanted, DiagSink *sink, Diagnostic *d) {
    if (suggestions_are_enough(sink)) return;
    Near near = {0};
    for (uint32_t i = 0; i < count; i++)
        near_offer(&near, names[i], wanted);
    near_note(&near, "", sink, d);
}

static void offer_table(const Program *program, Near *near, const ScopeTable *table, ScopeKind kind, bool only_public,
                        Text wanted) {
    for (uint32_t i = 0; i < table->capacity; i++) { // in any order: near_offer orders
        const ScopeEntry *entry = &table->slots[i];
        if (entry->name.index == 0 || entry->kind != kind || entry->item.kind == ITEM_SILENT) continue;
        if (!only_public || entry->item.is_public) near_offer(near, program_name(program, entry->name), wanted);
    }
}

// The place after the last import, or the start of the file, and the line for it.
static void offer_use_line(const Program *program, ModuleId from, ModuleId exporter, const char *prefix, Text name,
                           DiagSink *sink, Diagnostic *d) {
    const Module *module = program_module(program, from);
    Text other = program_module(program, exporter)->name;
    Text line = arena_format(sink->arena, "use %.*s { %s%.*s }", (int)other.length, other.data, prefix,
                             (int)name.length, name.data);
    diag_note(sink, d, arena_format(sink->arena, "it can be imported: `%.*s`", (int)line.length, line.data));
    const Tree *tree = &module->file->tree;
    uint32_t place = 0;
    bool is_after_import = false;
    for (uint32_t i = 0; i < tree->declaration_count && tree->declarations[i].kind == NODE_IMPORT; i++) {
        const Declaration *declaration = &tree->declarations[i];
        if (declaration->token_count == 0) continue;
        place = token_end(&module->file->tokens, declaration->first_token + declaration->token_count - 1);
        is_after_import = true;
    }
    Text text = is_after_import ? text_join(sink->arena, TEXT("\n"), line, TEXT(""))
                                : text_join(sink->arena, line, TEXT("\n"), TEXT(""));
    FileId file = module->source->file;
    diag_edit(sink, diag_fix(sink, d, text_join(sink->arena, TEXT("add `"), line, TEXT("`")), false),
              (Span){file, place, place}, text);
}

void suggest_names(const Program *program, ModuleId module, ScopeKind kind, NameId name, DiagSink *sink,
                   Diagnostic *d) {
    if (sink == NULL || d == NULL || suggestions_are_enough(sink)) return;
    const Module *m = program_module(program, module);
    Text wanted = program_name(program, name);
    const char *prefix = kind == SCOPE_CONFIG ? "$" : "";
    Near near = {0};
    if (m->scope != NULL) {
        offer_table(program, &near, &m->scope->own, kind, false, wanted);
        offer_table(program, &near, &m->scope->imported, kind, false, wanted);
    }
    if (program->prelude.index != 0 && program->prelude.index != module.index)
        offer_table(program, &near, &program_module(program, program->prelude)->scope->own, kind, true, wanted);
    static const SemaWord types[] = {WORD_INT,   WORD_FLOAT,    WORD_BOOL, WORD_BYTE,    WORD_CHAR, WORD_STR,
                                     WORD_NEVER, WORD_DURATION, WORD_SIZE, WORD_INSTANT, WORD_SET,  WORD_RANGE};
    static const SemaWord values[] = {
        WORD_INT, WORD_FLOAT, WORD_BYTE, WORD_CHAR, WORD_STR, WORD_ASSERT_PANICS, WORD_ASSERT_PANICS_WITH};
    if (kind == SCOPE_TYPE)
        for (uint32_t i = 0; i < sizeof types / sizeof *types; i++)
            near_offer(&near, program_name(program, program_word(program, types[i])), wanted);
    if (kind == SCOPE_VALUE)
        for (uint32_t i = 0; i < sizeof values / sizeof *values; i++)
            near_offer(&near, program_name(program, program_word(program, values[i])), wanted);
    near_note(&near, prefix, sink, d);

    for (uint32_t i = 1; i <= program->module_count; i++) { // the first by name
        const Module *other = &program->modules[i];
        if (i == module.index || other->kind == MODULE_PRELUDE || other->is_cyclic || other->is_test_file) continue;
        Item item = exported_item(program, (ModuleId){i}, kind, name);
        if (item.kind == ITEM_NONE || item.kind == ITEM_SILENT || !item.is_public) continue;
        offer_use_line(program, module, (ModuleId){i}, prefix, wanted, sink, d);
        return;
    }
}

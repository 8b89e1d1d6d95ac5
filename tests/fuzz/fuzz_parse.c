// tests/fuzz/fuzz_parse.c: any bytes to tokens and a tree. The tree keeps to its form, and a declaration has the same hash
// wherever it stands: a copy of the text that begins with lines of comment gives the same hashes and diagnostics.
#include "syntax/syntax.h"
#include "tests/fuzz/mutate.h"
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static const char shift[] = "// two lines that\n// move everything\n";
enum { SHIFT = sizeof shift - 1, RUNS_OF_AN_INTERNER = 2000 };

static NameInterner *names;
static NameCache cache;
static uint32_t runs;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    return 0;
}

NO_RETURN static void fail(const char *what, const char *more) {
    fprintf(stderr, "fuzz_parse: %s: %s\n", what, more);
    abort();
}

static void parse(const Source *source, ParsedFile *file) {
    *file = (ParsedFile){0};
    if (parse_file(source, &cache, file) != STATUS_OK) fail("status", "not OK");
    const char *wrong = tree_check(&file->tree, &file->tokens);
    if (wrong != NULL) fail("tree", wrong);
}

static void compare(const ParsedFile *first, const ParsedFile *second) {
    if (first->tokens.count != second->tokens.count) fail("moved", "other tokens");
    if (first->tree.declaration_count != second->tree.declaration_count) fail("moved", "other declarations");
    for (uint32_t i = 0; i < first->tree.declaration_count; i++) {
        const Declaration *a = &first->tree.declarations[i], *b = &second->tree.declarations[i];
        if (tree_declaration_hash(&first->tree, &first->tokens, a) !=
            tree_declaration_hash(&second->tree, &second->tokens, b))
            fail("moved", "another hash");
    }
    const Diagnostic *b = second->diagnostics.first;
    for (const Diagnostic *a = first->diagnostics.first; a != NULL || b != NULL; a = a->next, b = b->next) {
        if (a == NULL || b == NULL) fail("moved", "more diagnostics, or fewer");
        if (a->code != b->code) fail("moved, other code", a->message.data); // messages may name offsets
        if (a->span.start + SHIFT != b->span.start || a->span.end + SHIFT != b->span.end)
            fail("moved, other place", a->message.data);
        if (a->span.end > first->source->text.length || a->span.start > a->span.end)
            fail("a span is outside", a->message.data);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > UINT32_MAX / 2) return 0;
    if (names == NULL) {
        if (names_create(8, &names) != STATUS_OK) fail("names", "");
        name_cache_init(&cache, names);
    }
    Source source = {{1}, TEXT("main.si"), {(const char *)data, (uint32_t)size}};
    ParsedFile file, moved;
    parse(&source, &file);
    // A byte order mark is only one at the start.
    if (size < 3 || memcmp(data, "\xEF\xBB\xBF", 3) != 0) {
        char *text = malloc(size + SHIFT);
        if (text == NULL) abort();
        memcpy(text, shift, SHIFT);
        if (size > 0) memcpy(text + SHIFT, data, size);
        Source second = {{1}, TEXT("main.si"), {text, (uint32_t)(size + SHIFT)}};
        parse(&second, &moved);
        compare(&file, &moved);
        parsed_file_free(&moved);
        free(text);
    }
    parsed_file_free(&file);
    if (++runs % RUNS_OF_AN_INTERNER == 0) {
        names_free(names);
        names = NULL;
    }
    return 0;
}

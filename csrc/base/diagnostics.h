// base/diagnostics.h: what the compiler has to say about a program, as data. Nothing is rendered here.
//
// WHY        Tasks on all cores find problems at once; what people see must not depend on who was first.
// SHAPE      every task writes to a DiagSink of its own; the query layer merges sinks and sorts (diagnostics_sort).
// INVARIANTS G1 Order for people: the manifest's first, then module name, position, code, message. No duplicates of one
//               message at one place.
// OWNERSHIP  A diagnostic and all its text live in its sink's arena.
#pragma once
#include "base/arena.h"

ID_TYPE(
    FileId); // index into the workspace's files, which are sorted by module name; 0 is "no file" (the manifest is one)

typedef struct Span {
    FileId file;
    uint32_t start, end; // bytes from the start of the file; end is exclusive; start == end marks a place between bytes
} Span;

typedef enum DiagCode {
#define DIAG(code, severity, name, message) DIAG_##name,
#include "base/diagnostics.def"
#undef DIAG
    DIAG_COUNT
} DiagCode;

typedef enum DiagSeverity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR } DiagSeverity;

typedef struct DiagLabel {
    struct DiagLabel *next;
    Span span;
    Text text;
} DiagLabel;

typedef struct DiagNote {
    struct DiagNote *next;
    Text text;
} DiagNote;

typedef struct DiagEdit {
    struct DiagEdit *next;
    Span span; // replaced by text
    Text text;
} DiagEdit;

typedef struct DiagFix {
    struct DiagFix *next;
    Text title;
    bool is_certain;
    DiagEdit *edits;
} DiagFix;

typedef struct Diagnostic {
    struct Diagnostic *next;
    DiagCode code;
    Span span;
    Text message;
    Text primary_label; // beside the carets, may be empty
    bool is_expected;   // a test wants this error (query/forgive.c): not counted, not shown
    DiagLabel *labels;  // each list in the order of adding
    DiagNote *notes;
    DiagFix *fixes;
} Diagnostic;

typedef struct DiagSink {
    Arena *arena;
    Diagnostic *first, *last;
    uint32_t error_count, warning_count;
} DiagSink;

static inline DiagSink diag_sink(Arena *arena) { return (DiagSink){.arena = arena}; }

// Adds a diagnostic; {0} … of its message are replaced by the arguments (copied). Returns it, for labels and notes.
Diagnostic *diag_add(DiagSink *sink, DiagCode code, Span span, const Text *arguments, uint32_t argument_count);
// diag(sink, DIAG_TYPE_MISMATCH, span, expected, found): any number of Text arguments, at least one (TEXT("") if none).
#define diag(sink, code, span, ...)                                                                                    \
    diag_add((sink), (code), (span), (const Text[]){__VA_ARGS__},                                                      \
             (uint32_t)(sizeof((const Text[]){__VA_ARGS__}) / sizeof(Text)))
#define diag0(sink, code, span) diag_add((sink), (code), (span), NULL, 0)

void diag_primary(DiagSink *sink, Diagnostic *d, Text text);
void diag_label(DiagSink *sink, Diagnostic *d, Span span, Text text);
void diag_note(DiagSink *sink, Diagnostic *d, Text text);
DiagFix *diag_fix(DiagSink *sink, Diagnostic *d, Text title, bool is_certain);
void diag_edit(DiagSink *sink, DiagFix *fix, Span span, Text replacement);

const char *diag_code_text(DiagCode code);     // "E0301"
const char *diag_code_name(DiagCode code);     // "TYPE_MISMATCH"
const char *diag_code_template(DiagCode code); // "type mismatch: expected `{0}`, found `{1}`"
DiagSeverity diag_code_severity(DiagCode code);

// Merges and orders: file id, start, code text, message, end; identical ones (file, start, code, message) appear once.
// Expected ones are left out.
// File ids are in the order of module names, so this is order G1. `out` receives an array in `arena`.
void diagnostics_sort(Arena *arena, const DiagSink *const *sinks, uint32_t sink_count, Diagnostic ***out,
                      uint32_t *count);

// base/diagnostics.c: see diagnostics.h.
#include "base/diagnostics.h"
#include "base/buffer.h"
#include <stdlib.h>

static const struct {
    const char *code, *name, *message;
    DiagSeverity severity;
} rows[] = {
#define DIAG(code, severity, name, message) {#code, #name, message, SEVERITY_##severity},
#include "base/diagnostics.def"
#undef DIAG
};

const char *diag_code_text(DiagCode code) { return rows[code].code; }
const char *diag_code_name(DiagCode code) { return rows[code].name; }
const char *diag_code_template(DiagCode code) { return rows[code].message; }
DiagSeverity diag_code_severity(DiagCode code) { return rows[code].severity; }

Diagnostic *diag_add(DiagSink *sink, DiagCode code, Span span, const Text *arguments, uint32_t argument_count) {
    Buffer message = buffer_in(sink->arena);
    for (const char *c = rows[code].message; *c != '\0'; c++) {
        if (c[0] == '{' && c[1] >= '0' && c[1] <= '9' && c[2] == '}') {
            uint32_t index = (uint32_t)(c[1] - '0');
            assert(index < argument_count);
            if (index < argument_count) buffer_text(&message, arguments[index]);
            c += 2;
        } else {
            buffer_char(&message, *c);
        }
    }
    Diagnostic *d = arena_new(sink->arena, Diagnostic);
    d->code = code;
    d->span = span;
    d->message = (Text){message.data, (uint32_t)message.length};
    if (sink->last != NULL)
        sink->last->next = d;
    else
        sink->first = d;
    sink->last = d;
    if (rows[code].severity == SEVERITY_ERROR)
        sink->error_count++;
    else
        sink->warning_count++;
    return d;
}

void diag_primary(DiagSink *sink, Diagnostic *d, Text text) { d->primary_label = arena_text(sink->arena, text); }

void diag_label(DiagSink *sink, Diagnostic *d, Span span, Text text) {
    DiagLabel *label = arena_new(sink->arena, DiagLabel);
    label->span = span;
    label->text = arena_text(sink->arena, text);
    DiagLabel **end = &d->labels;
    while (*end != NULL)
        end = &(*end)->next;
    *end = label;
}

void diag_note(DiagSink *sink, Diagnostic *d, Text text) {
    DiagNote *note = arena_new(sink->arena, DiagNote);
    note->text = arena_text(sink->arena, text);
    DiagNote **end = &d->notes;
    while (*end != NULL)
        end = &(*end)->next;
    *end = note;
}

DiagFix *diag_fix(DiagSink *sink, Diagnostic *d, Text title, bool is_certain) {
    DiagFix *fix = arena_new(sink->arena, DiagFix);
    fix->title = arena_text(sink->arena, title);
    fix->is_certain = is_certain;
    DiagFix **end = &d->fixes;
    while (*end != NULL)
        end = &(*end)->next;
    *end = fix;
    return fix;
}

void diag_edit(DiagSink *sink, DiagFix *fix, Span span, Text replacement) {
    DiagEdit *edit = arena_new(sink->arena, DiagEdit);
    edit->span = span;
    edit->text = arena_text(sink->arena, replacement);
    DiagEdit **end = &fix->edits;
    while (*end != NULL)
        end = &(*end)->next;
    *end = edit;
}

static int compare_uint(uint32_t first, uint32_t second) { return (first > second) - (first < second); }

static int compare_diagnostics(const void *first_item, const void *second_item) {
    const Diagnostic *first = *(const Diagnostic *const *)first_item;
    const Diagnostic *second = *(const Diagnostic *const *)second_item;
    int order = compare_uint(first->span.file.index, second->span.file.index);
    if (order == 0) order = compare_uint(first->span.start, second->span.start);
    if (order == 0) order = strcmp(rows[first->code].code, rows[second->code].code);
    if (order == 0) order = text_compare(first->message, second->message);
    if (order == 0) order = compare_uint(first->span.end, second->span.end);
    return order;
}

void diagnostics_sort(Arena *arena, const DiagSink *const *sinks, uint32_t sink_count, Diagnostic ***out,
                      uint32_t *count) {
    VEC(Diagnostic *) all = {0};
    for (uint32_t i = 0; i < sink_count; i++)
        for (Diagnostic *d = sinks[i]->first; d != NULL; d = d->next)
            if (!d->is_expected) vec_push(arena, &all, d);
    if (all.count > 1) qsort(all.items, all.count, sizeof *all.items, compare_diagnostics);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < all.count; i++) {
        const Diagnostic *d = all.items[i];
        if (kept > 0) {
            const Diagnostic *last = all.items[kept - 1];
            if (last->span.file.index == d->span.file.index && last->span.start == d->span.start &&
                last->code == d->code && text_equal(last->message, d->message))
                continue;
        }
        all.items[kept++] = all.items[i];
    }
    *out = all.items;
    *count = kept;
}

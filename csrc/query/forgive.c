// query/forgive.c: errors that tests expect. `#[compile_fail("text")]` says that a test's body must not check.
//
// SHAPE      for each such test of the project, in order:
//              errors in its own text        are never errors of the module; one must contain the text
//              none there at all             then one among the errors of its module's other declarations must; those that do
//                                            are expected too, where tests are looked at (`check`, `test`), not in a build
// INVARIANTS An expected diagnostic is marked, and nobody counts or shows it. Warnings in such a body are dropped.
//            Everything is decided from sorted ids and positions: no schedule shows.
#include "base/atomics.h"
#include "query/workspace_internal.h"

static bool contains(Text text, Text part) {
    if (part.length == 0) return true;
    return text.length >= part.length && memmem(text.data, text.length, part.data, part.length) != NULL;
}

static bool says(const Diagnostic *d, Text part) {
    if (contains(d->message, part) || contains(d->primary_label, part)) return true;
    for (const DiagLabel *label = d->labels; label != NULL; label = label->next)
        if (contains(label->text, part)) return true;
    for (const DiagNote *note = d->notes; note != NULL; note = note->next)
        if (contains(note->text, part)) return true;
    for (const DiagFix *fix = d->fixes; fix != NULL; fix = fix->next) {
        if (contains(fix->title, part)) return true;
        for (const DiagEdit *edit = fix->edits; edit != NULL; edit = edit->next)
            if (contains(edit->text, part)) return true;
    }
    return false;
}

typedef struct Search {
    Text part;
    uint32_t start, end; // only diagnostics that begin in this range of the file; end 0: anywhere
    bool marks_all;      // mark every one in the range, else only those that say the text
    bool found_error, found_text;
} Search;

static void search(const DiagSink *sink, Search *s) {
    for (Diagnostic *d = sink->first; d != NULL; d = d->next) {
        bool is_inside = s->end == 0 || (d->span.start >= s->start && d->span.start < s->end);
        bool is_error = diag_code_severity(d->code) == SEVERITY_ERROR;
        if (!is_inside || (d->is_expected && !s->marks_all)) continue;
        bool fits = is_error && says(d, s->part);
        s->found_error |= is_error;
        s->found_text |= fits;
        if (s->marks_all || fits) d->is_expected = true;
    }
}

static void judge(const Workspace *ws, uint32_t index, Function *function, bool in_other_declarations) {
    const Program *program = ws->program;
    const Module *module = &program->modules[function->module.index];
    const Declaration *declaration = &module->file->tree.declarations[function->declaration];
    const Tokens *tokens = &module->file->tokens;
    uint32_t last = declaration->first_token + declaration->token_count;
    Search own = {.part = function->compile_fail,
                  .start = tokens->starts[declaration->first_token],
                  .end = tokens->starts[last < tokens->count ? last : tokens->count - 1] + 1,
                  .marks_all = true};
    search(&module->file->diagnostics, &own); // lexical and syntax errors
    own.start = own.end = 0;
    search(&program->bodies[index].diagnostics, &own);
    bool holds = own.found_text;
    if (!own.found_error) {
        Search others = {.part = function->compile_fail, .marks_all = false};
        if (in_other_declarations) {
            search(&module->diagnostics, &others);
            for (uint32_t i = module->first_function; i < module->first_function + module->function_count; i++)
                if (i != index) search(&program->bodies[i].diagnostics, &others);
        }
        holds = others.found_text;
    }
    // `#[fail("…")]` around it expects the failure instead.
    if (function->fail.data != NULL) holds = !holds && contains(TEXT("expected compilation to fail"), function->fail);
    function->compile_fail_holds = holds;
}

void workspace_forgive(Workspace *ws) {
    const Program *program = ws->program;
    if (program->functions == NULL || program->bodies == NULL) return;
    if (load_relaxed(&program->has_expected_errors) == 0) return; // the usual case
    for (uint32_t i = 1; i <= program->function_count; i++)
        if (program->functions[i].expects_compile_error)
            judge(ws, i, &ws->program->functions[i], ws->options.with_tests);
}

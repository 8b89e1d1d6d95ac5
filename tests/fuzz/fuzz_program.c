// tests/fuzz/fuzz_program.c: any text through the whole compiler: parse, link, check and, without errors, core and C.
//
// A line `//// NAME` begins a further module, so that imports are reached too; what stands before the first is `main`. The
// prelude is read from sigil/lib below the current folder. Checked besides crashes: trees keep to their form (tree_check),
// core keeps to I1–I5 before and after counting, and one run leaves nothing behind that the next one sees.
#include "base/file.h"
#include "ir/counts.h"
#include "query/workspace.h"
#include "tests/fuzz/mutate.h"
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { MAX_MODULES = 6, RUNS_OF_A_WORKSPACE = 200 };

static Arena prelude_arena;
static Text prelude;
static Workspace *workspace;
static uint32_t runs;

NO_RETURN static void fail(const char *what, const char *more) {
    fprintf(stderr, "fuzz_program: %s: %s\n", what, more);
    abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    Text reason;
    const char *path = getenv("SIGIL_LIB") != NULL ? getenv("SIGIL_LIB") : "sigil/lib";
    char name[4096];
    snprintf(name, sizeof name, "%s/prelude.si", path);
    if (file_read(&prelude_arena, name, &prelude, &reason) != STATUS_OK) fail("no prelude", name);
    return 0;
}

static uint32_t split(Text text, WorkspaceFile *files) {
    uint32_t count = 0, at = 0;
    Text name = TEXT("main");
    while (count < MAX_MODULES) {
        uint32_t end = at;
        while (end < text.length && !(text.length - end > 5 && memcmp(text.data + end, "//// ", 5) == 0 &&
                                      (end == 0 || text.data[end - 1] == '\n')))
            end++;
        bool is_known = text_equal(name, TEXT("std.prelude"));
        for (uint32_t i = 0; i < count; i++)
            is_known |= text_equal(files[i].module, name);
        if (!is_known)
            files[count++] = (WorkspaceFile){.module = name,
                                             .is_entry = text_equal(name, TEXT("main")),
                                             .shown_path = name,
                                             .text = {text.data + at, end - at},
                                             .has_text = true};
        if (end == text.length) break;
        at = end + 5;
        uint32_t start = at;
        while (at < text.length && at - start < 60 && (mutate_is_word(text.data[at]) || text.data[at] == '.'))
            at++;
        name = at == start ? TEXT("other") : (Text){text.data + start, at - start};
    }
    return count;
}

static int by_name(const void *first, const void *second) {
    return text_compare(((const WorkspaceFile *)first)->module, ((const WorkspaceFile *)second)->module);
}

// I1 to I4 of every function, and I5 of its copy with counts.
static void check_core(const CoreProgram *core) {
    Arena arena = {0}, scratch = {0};
    Layouts layouts;
    layouts_init(&layouts, core->program, &arena);
    for (uint32_t i = 1; i <= core->function_count; i++)
        layouts_add_function(&layouts, core->functions[i]);
    layouts_finish(&layouts);
    for (uint32_t i = 1; i <= core->function_count; i++) {
        const CoreFunction *function = core->functions[i];
        const char *stage = "core", *wrong = core_verify(core, function, &scratch);
        CoreFunction counted;
        if (wrong == NULL) {
            counts_make(&layouts, function, &scratch, &counted);
            function = &counted;
            stage = "core with counts";
            wrong = counts_verify(&layouts, function, &scratch);
        }
        if (wrong != NULL) {
            Buffer out = buffer_in(&scratch);
            core_print(core, function, &out);
            fprintf(stderr, "%.*s\n", (int)out.length, out.data);
            fail(stage, wrong);
        }
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    arena_free(&arena);
}

static void run(const WorkspaceFile *files, uint32_t count) {
    const RunOptions options = {.with_tests = true, .with_lines = true, .program_name = TEXT("fuzz")};
    if (workspace_load(workspace, files, count) != STATUS_OK) fail("load", "");
    if (workspace_run(workspace, &options, STAGE_LOWER) != STATUS_OK) fail("run", "lower");
    for (uint32_t i = 0; i < count; i++) {
        const ParsedFile *file = workspace_file(workspace, i);
        const char *wrong = tree_check(&file->tree, &file->tokens);
        if (wrong != NULL) fail("tree", wrong);
    }
    Diagnostic **diagnostics;
    uint32_t diagnostic_count;
    if (workspace_diagnostics(workspace, &diagnostics, &diagnostic_count) != STATUS_OK) fail("diagnostics", "");
    for (uint32_t i = 0; i < diagnostic_count; i++) { // every diagnostic lies in a file; none is of the prelude
        Span span = diagnostics[i]->span;
        if (span.file.index == 0) continue;
        Text text = workspace_source(workspace, span.file.index - 1)->text;
        if (span.start > span.end || span.end > text.length)
            fail("a span is outside of its file", diagnostics[i]->message.data);
        if (workspace_file_kind(workspace, span.file.index - 1) != MODULE_PROJECT)
            fail("of the prelude", diagnostics[i]->message.data);
    }
    CoreProgram *core = (CoreProgram *)(uintptr_t)workspace_core(workspace);
    if (core == NULL || workspace_has_errors(workspace)) return;
    check_core(core);
    COutput output;
    const COptions c_options = {.program_name = TEXT("fuzz"), .with_tests = true, .with_lines = true};
    if (c_generate(core, &c_options, workspace_pool(workspace), &output) != STATUS_OK) fail("run", "generate");
    c_output_free(&output);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    WorkspaceFile files[MAX_MODULES + 1];
    if (size > UINT32_MAX / 2) return 0;
    if (workspace == NULL) {
        ThreadPoolConfig config = thread_pool_config_default();
        config.max_threads = 1;
        config.stack_size = (size_t)64 << 20; // frames are larger under sanitizers
        if (workspace_create(&config, &workspace) != STATUS_OK) fail("workspace", "");
    }
    uint32_t count = split((Text){(const char *)data, (uint32_t)size}, files);
    files[count++] = (WorkspaceFile){.module = TEXT("std.prelude"),
                                     .kind = MODULE_PRELUDE,
                                     .shown_path = TEXT("std/prelude.si"),
                                     .text = prelude,
                                     .has_text = true};
    qsort(files, count, sizeof *files, by_name);
    run(files, count);
    if (++runs % RUNS_OF_A_WORKSPACE == 0) { // the interners only grow
        workspace_free(workspace);
        workspace = NULL;
    }
    return 0;
}

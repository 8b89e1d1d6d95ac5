// query/workspace.h: everything that lives as long as one project is worked on, and the stages in their order.
//
// WHY        One object behind the command line, notebooks and the editor. Nothing is global: two workspaces share nothing.
// SHAPE      files ─ read ─▶ sources ─ parse ─▶ trees ─ link, check ─▶ program ─ lower ─▶ core ─ generate ─▶ C text
// INVARIANTS W1 A stage runs only when the one before it has run; workspace_run_until brings a workspace there.
//            W2 Results of a run live until the next workspace_load or workspace_free.
// THREADS    One thread at a time calls functions that change it (the binding keeps others out); workspace_progress and
//            workspace_cancel may be called at any time by anybody.
// OWNERSHIP  The workspace owns its pool, interners, files and all results. What results lie in goes back to a pool of chunks when
//            they are forgotten, so that the next run asks the system for next to nothing.
#pragma once
#include "cgen/cgen.h"
#include "sched/progress.h"
#include "sched/sched.h"
#include "sched/trace.h"

typedef struct Workspace Workspace;

typedef struct WorkspaceFile {
    Text module; // its name
    ModuleKind kind;
    bool is_test_file, is_entry, is_folder_module;
    Text shown_path; // as diagnostics and panics name it, relative to the project
    Text real_path;  // to read; ignored when has_text
    Text text;
    bool has_text;
} WorkspaceFile;

typedef struct RunOptions {
    bool with_tests;    // tests are lowered and generated, too (they are always checked)
    bool with_lines;    // #line directives in the C text
    bool without_trace; // records nothing
    CoverageLevel coverage;
    Schedule schedule;        // how checking is spread over the workers; no result shows it
    uint32_t lex_chunk_bytes; // larger files are lexed in chunks of at most about this length; 0: parse_all's default
    Text program_name;
} RunOptions;

typedef enum Stage {
    STAGE_READ,
    STAGE_PARSE,
    STAGE_LINK,
    STAGE_SIGNATURES,
    STAGE_BODIES,
    STAGE_LOWER,
    STAGE_GENERATE,
    STAGE_COUNT
} Stage;

typedef struct StageTime {
    int64_t begin_ns; // clock_now_ns
    int64_t wall_ns;  // 0: did not run
    int64_t cpu_ns;   // of the whole process while it ran
} StageTime;

MUST_USE Status workspace_create(const ThreadPoolConfig *config, Workspace **out);
void workspace_free(Workspace *workspace);
// Takes the files of a project (copied), sorted by module name and without two of one name. Forgets all results.
MUST_USE Status workspace_load(Workspace *workspace, const WorkspaceFile *files, uint32_t count);
// Runs the stages up to and with `last`. Stops before STAGE_LOWER when there are errors. STATUS_CANCELLED after a cancel.
MUST_USE Status workspace_run(Workspace *workspace, const RunOptions *options, Stage last);

bool workspace_has_errors(const Workspace *workspace);
Stage workspace_reached(const Workspace *workspace); // the last stage that has run
// All diagnostics so far, ordered (G1).
MUST_USE Status workspace_diagnostics(Workspace *workspace, Diagnostic ***out, uint32_t *count);
const StageTime *workspace_times(const Workspace *workspace); // STAGE_COUNT of them
const char *stage_name(Stage stage);
// What the workers did in the latest run. A loop's `stage` is a Stage. NULL when traces are off.
const Trace *workspace_trace(const Workspace *workspace);
// What item `item` of a loop of this kind is: a path, a function … Nothing where it has no name, or its stage has failed.
void workspace_item_name(const Workspace *workspace, WorkKind kind, uint32_t item, Buffer *out);
const COutput *workspace_output(const Workspace *workspace); // after STAGE_GENERATE
const CoreProgram *workspace_core(const Workspace *workspace);
const Program *workspace_program(const Workspace *workspace);
uint32_t workspace_file_count(const Workspace *workspace);
const ParsedFile *workspace_file(const Workspace *workspace, uint32_t index); // 0-based; FileId.index - 1
ModuleKind workspace_file_kind(const Workspace *workspace, uint32_t index);
const Source *workspace_source(const Workspace *workspace, uint32_t index);
NameInterner *workspace_names(const Workspace *workspace);
Pool *workspace_pool(const Workspace *workspace);

ChunkCounters workspace_memory(const Workspace *workspace); // of the arenas of all results; by anybody, at any time
ProgressSnapshot workspace_progress(const Workspace *workspace);
// Counts what other programs do: C files that are compiled, tests that run.
void workspace_count(Workspace *workspace, ProgressCounter counter, uint64_t amount);
void workspace_cancel(Workspace *workspace);

typedef enum EmitKind { EMIT_TOKENS, EMIT_TREE, EMIT_CORE, EMIT_C } EmitKind;
// Renders one module's tokens, tree, core functions or C file into `out`. False: no such module, or that stage has not run.
bool workspace_emit(Workspace *workspace, EmitKind kind, Text module, Buffer *out);

// query/workspace_internal.h: the workspace's fields, for the files of this folder.
#pragma once
#include "query/workspace.h"

// query/forgive.c: marks the errors that `#[compile_fail]` tests expect, after STAGE_BODIES.
void workspace_forgive(Workspace *workspace);

struct Workspace {
    Pool *pool;
    NameInterner *names;
    TypeInterner *types;
    NameCache *caches;    // one per worker
    ChunkPool *chunks;    // of all arenas of results
    Arena *text_arenas;   // one per worker: the texts of files
    Arena *parse_results; // likewise: what is in `parsed`
    Progress progress;
    Trace *trace;

    // Of the loaded files, in the order of their module names; FileId = index + 1.
    Arena files_arena;
    WorkspaceFile *files;
    Source *sources;
    Status *read_statuses; // one per file
    Text *read_reasons;
    ParsedFile *parsed;
    uint32_t file_count;

    Program *program;
    CoreProgram *core;
    COutput output;
    bool has_output;
    RunOptions options;

    DiagSink own_diagnostics; // unreadable files, no entry point
    Stage reached;
    bool has_started;
    StageTime times[STAGE_COUNT];
};

uint64_t workspace_error_count(const Workspace *workspace); // without those that tests expect
// Frees the results of a run; the files stay loaded.
void workspace_forget_run(Workspace *workspace);

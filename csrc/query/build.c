// query/build.c: the compiler, from files to C text. Start reading here; each call is a stage with its own folder.
#include "base/clock.h"
#include "base/file.h"
#include "query/workspace_internal.h"

// ---- reading: one task per file ----------------------------------------------------------------------------------------

static Status read_one_guarded(Workspace *ws, uint32_t i, uint32_t worker) {
    Arena *arena = &ws->text_arenas[worker];
    ARENA_GUARD(arena);
    Text content = {0};
    Status status = STATUS_OK;
    if (ws->files[i].has_text)
        content = ws->files[i].text;
    else
        status = file_read(arena, ws->files[i].real_path.data, &content, &ws->read_reasons[i]);
    ws->sources[i].text = content;
    ARENA_GUARD_END(arena);
    return status;
}

static Status read_one(Worker *worker, void *job, uint32_t item) {
    Workspace *ws = job;
    ws->read_statuses[item] = read_one_guarded(ws, item, worker_index(worker));
    progress_add(&ws->progress, PROGRESS_bytes, ws->sources[item].text.length);
    return ws->read_statuses[item] == STATUS_NO_MEMORY ? STATUS_NO_MEMORY : STATUS_OK;
}

// A file that cannot be read becomes a diagnostic and counts as empty; the others go on.
static Status load_sources(Workspace *ws) {
    progress_reset(&ws->progress);
    progress_add(&ws->progress, PROGRESS_files_total, ws->file_count);
    TRY(pool_for_each_named(ws->pool, WORK_read_file, NULL, ws->file_count, read_one, ws));
    for (uint32_t i = 0; i < ws->file_count; i++)
        if (ws->read_statuses[i] != STATUS_OK)
            diag(&ws->own_diagnostics, DIAG_UNREADABLE_FILE, ((Span){ws->sources[i].file, 0, 0}), ws->read_reasons[i]);
    return STATUS_OK;
}

// ---- the stages ---------------------------------------------------------------------------------------------------------

static Status parse_modules(Workspace *ws) {
    return parse_all(ws->pool, ws->sources, ws->file_count, ws->caches, ws->parse_results, ws->options.lex_chunk_bytes,
                     &ws->progress, ws->parsed);
}

static Status link_modules(Workspace *ws) {
    TRY(program_create(ws->names, ws->types, &ws->program));
    ws->program->arena.source = ws->chunks;
    ModuleInput *inputs = arena_array(&ws->files_arena, ModuleInput, ws->file_count);
    for (uint32_t i = 0; i < ws->file_count; i++) {
        const WorkspaceFile *file = &ws->files[i];
        inputs[i] = (ModuleInput){.name = file->module,
                                  .kind = file->kind,
                                  .is_test_file = file->is_test_file,
                                  .is_entry = file->is_entry,
                                  .is_folder_module = file->is_folder_module,
                                  .source = &ws->sources[i],
                                  .file = &ws->parsed[i]};
    }
    LinkInput input = {.modules = inputs,
                       .module_count = ws->file_count,
                       .with_tests = true, // checked always; only lowering leaves them out
                       .coverage = ws->options.coverage};
    TRY(modules_link(ws->program, &input, ws->pool));
    progress_add(&ws->progress, PROGRESS_modules, ws->program->module_count);
    return STATUS_OK;
}

static Status check_signatures(Workspace *ws) {
    if (ws->options.schedule == SCHEDULE_LEVELS) return declarations_check(ws->program, ws->pool);
    return signatures_check(ws->program, ws->pool);
}

static Status check_bodies(Workspace *ws) {
    progress_add(&ws->progress, PROGRESS_functions_total, ws->program->function_count);
    if (ws->options.schedule == SCHEDULE_LEVELS)
        TRY(levels_check(ws->program, ws->pool, &ws->progress));
    else
        TRY(bodies_check(ws->program, ws->pool, &ws->progress));
    return program_finish(ws->program, ws->pool);
}

static Status lower_functions(Workspace *ws) {
    return core_lower(ws->program, ws->options.with_tests, ws->pool, &ws->core);
}

static Status generate_c(Workspace *ws) {
    COptions options = {.program_name = ws->options.program_name,
                        .with_tests = ws->options.with_tests,
                        .with_lines = ws->options.with_lines,
                        .progress = &ws->progress};
    progress_add(&ws->progress, PROGRESS_instances_total, ws->core->function_count);
    TRY(c_generate(ws->core, &options, ws->pool, &ws->output));
    ws->has_output = true;
    return STATUS_OK;
}

static Status run_stage(Workspace *ws, Stage stage, Status (*run)(Workspace *)) {
    trace_stage(ws->trace, stage);
    int64_t begin = clock_now_ns();
    int64_t cpu = clock_process_cpu_ns();
    Status status = run(ws);
    ws->times[stage] = (StageTime){begin, clock_now_ns() - begin, clock_process_cpu_ns() - cpu};
    if (status == STATUS_OK) {
        ws->reached = stage;
        ws->has_started = true;
    }
    return status;
}

// Files and bodies count their errors as they end; this adds what modules, tests and the lowering have found.
static void count_errors(Workspace *ws) { progress_raise(&ws->progress, PROGRESS_errors, workspace_error_count(ws)); }

static Status run_stages(Workspace *ws, Stage last) {
    // Read what the project names. Text to tokens to tree: one task per file, largest first.
    TRY(run_stage(ws, STAGE_READ, load_sources));
    TRY(run_stage(ws, STAGE_PARSE, parse_modules));
    if (last <= STAGE_PARSE) return STATUS_OK;
    // Imports to a graph. A cycle is reported with its path, and every module outside it is still checked.
    TRY(run_stage(ws, STAGE_LINK, link_modules));
    // From here on the set of modules and the numbering of files are fixed: results land in slots indexed by id.
    TRY(run_stage(ws, STAGE_SIGNATURES, check_signatures));
    TRY(run_stage(ws, STAGE_BODIES, check_bodies));
    workspace_forgive(ws); // errors that tests expect are no errors
    count_errors(ws);
    if (last <= STAGE_BODIES || workspace_has_errors(ws)) return STATUS_OK;
    // Only programs without errors get this far, so nothing below has a case for a wrong type.
    TRY(run_stage(ws, STAGE_LOWER, lower_functions));
    count_errors(ws);
    if (last <= STAGE_LOWER || workspace_has_errors(ws)) return STATUS_OK;
    // The C compiler is another program: sigil/toolchain.py runs it on the text that this leaves behind.
    return run_stage(ws, STAGE_GENERATE, generate_c);
}

Status workspace_run(Workspace *ws, const RunOptions *options, Stage last) {
    workspace_forget_run(ws);
    chunk_pool_trim(ws->chunks);
    ARENA_GUARD(&ws->files_arena);
    ws->options = *options;
    ws->options.program_name = arena_text(&ws->files_arena, options->program_name);
    cancel_reset(pool_cancel_flag(ws->pool));
    if (!options->without_trace) trace_start(ws->trace);
    Status status = run_stages(ws, last);
    trace_stop(ws->trace);
    ARENA_GUARD_END(&ws->files_arena);
    return status;
}

// query/workspace.c: life cycle of a workspace and what can be asked of it. The stages themselves are in build.c.
#include "base/atomics.h"
#include "query/workspace_internal.h"
#include <stdlib.h>

static const char *const stage_names[STAGE_COUNT] = {"read",   "parse", "modules", "signatures",
                                                     "bodies", "lower", "generate"};

const char *stage_name(Stage stage) { return stage_names[stage]; }

void workspace_forget_run(Workspace *ws) {
    if (ws->has_output) c_output_free(&ws->output);
    ws->has_output = false;
    if (ws->core != NULL) core_program_free(ws->core);
    ws->core = NULL;
    if (ws->program != NULL) program_free(ws->program);
    ws->program = NULL;
    for (uint32_t i = 0; i < ws->file_count; i++) {
        parsed_file_free(&ws->parsed[i]);
        ws->parsed[i] = (ParsedFile){0};
        ws->sources[i].text = (Text){0};
    }
    for (uint32_t i = 0; ws->parse_results != NULL && i < pool_thread_count(ws->pool); i++) {
        arena_free(&ws->parse_results[i]);
        arena_free(&ws->text_arenas[i]);
    }
    ws->own_diagnostics = diag_sink(&ws->files_arena);
    ws->has_started = false;
    memset(ws->times, 0, sizeof ws->times);
}

static void forget_files(Workspace *ws) {
    workspace_forget_run(ws);
    ws->file_count = 0;
    arena_free(&ws->files_arena);
}

Status workspace_create(const ThreadPoolConfig *config, Workspace **out) {
    *out = NULL;
    Workspace *ws = aligned_alloc(_Alignof(Workspace), (sizeof *ws + 63) / 64 * 64);
    if (ws == NULL) return STATUS_NO_MEMORY;
    memset(ws, 0, sizeof *ws);
    Status status = pool_create(config, &ws->pool);
    if (status == STATUS_OK) status = names_create(contention_shard_count(CONTENTION_VERY_HIGH), &ws->names);
    if (status == STATUS_OK) status = types_create(contention_shard_count(CONTENTION_HIGH), &ws->types);
    if (status == STATUS_OK) status = trace_create(ws->pool, &ws->trace);
    if (status == STATUS_OK) status = chunk_pool_create(&ws->chunks);
    if (status == STATUS_OK) {
        uint32_t workers = pool_thread_count(ws->pool);
        ws->caches = calloc(workers, sizeof *ws->caches);
        ws->text_arenas = calloc(workers, sizeof *ws->text_arenas);
        ws->parse_results = ws->text_arenas == NULL ? NULL : calloc(workers, sizeof *ws->parse_results);
        if (ws->caches == NULL || ws->parse_results == NULL)
            status = STATUS_NO_MEMORY;
        else
            for (uint32_t i = 0; i < workers; i++) {
                name_cache_init(&ws->caches[i], ws->names);
                ws->text_arenas[i].source = ws->parse_results[i].source = ws->chunks;
            }
    }
    if (status != STATUS_OK) {
        workspace_free(ws);
        return status;
    }
    ws->own_diagnostics = diag_sink(&ws->files_arena);
    *out = ws;
    return STATUS_OK;
}

void workspace_free(Workspace *ws) {
    if (ws == NULL) return;
    forget_files(ws);
    free(ws->caches);
    free(ws->parse_results);
    trace_free(ws->trace);
    free(ws->text_arenas);
    chunk_pool_free(ws->chunks);
    types_free(ws->types);
    names_free(ws->names);
    pool_free(ws->pool);
    free(ws);
}

Status workspace_load(Workspace *ws, const WorkspaceFile *files, uint32_t count) {
    forget_files(ws);
    Arena *arena = &ws->files_arena;
    ARENA_GUARD(arena);
    ws->files = arena_array(arena, WorkspaceFile, count);
    ws->sources = arena_array(arena, Source, count);
    ws->read_statuses = arena_array(arena, Status, count);
    ws->read_reasons = arena_array(arena, Text, count);
    ws->parsed = arena_array(arena, ParsedFile, count);
    for (uint32_t i = 0; i < count; i++) {
        WorkspaceFile file = files[i];
        assert(i == 0 || text_compare(files[i - 1].module, file.module) < 0);
        file.module = arena_text(arena, file.module);
        file.shown_path = arena_text(arena, file.shown_path);
        file.real_path = arena_text(arena, file.real_path);
        file.text = arena_text(arena, file.text);
        ws->files[i] = file;
        ws->sources[i] = (Source){.file = {i + 1}, .path = file.shown_path};
    }
    ws->file_count = count;
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

// ---- results --------------------------------------------------------------------------------------------------------------

typedef void (*VisitSink)(void *context, const DiagSink *sink);

static void visit_sinks(const Workspace *ws, VisitSink visit, void *context) {
    visit(context, &ws->own_diagnostics);
    if (ws->has_started && ws->reached >= STAGE_PARSE)
        for (uint32_t i = 0; i < ws->file_count; i++)
            visit(context, &ws->parsed[i].diagnostics);
    if (ws->program != NULL) {
        for (uint32_t i = 1; i <= ws->program->module_count && ws->program->modules != NULL; i++)
            visit(context, &ws->program->modules[i].diagnostics);
        if (ws->program->bodies != NULL && load_relaxed(&ws->program->has_body_diagnostics) != 0)
            for (uint32_t i = 1; i <= ws->program->function_count; i++)
                visit(context, &ws->program->bodies[i].diagnostics);
    }
    if (ws->core != NULL) visit(context, &ws->core->diagnostics);
}

static void look_for_errors(void *context, const DiagSink *sink) {
    bool *found = context;
    if (sink->error_count == 0) return;
    for (const Diagnostic *d = sink->first; d != NULL && !*found; d = d->next)
        *found = !d->is_expected && diag_code_severity(d->code) == SEVERITY_ERROR;
}

bool workspace_has_errors(const Workspace *ws) { // allocates nothing, so it cannot fail
    bool found = false;
    visit_sinks(ws, look_for_errors, &found);
    return found;
}

static void count_errors(void *context, const DiagSink *sink) {
    uint64_t *count = context;
    if (sink->error_count == 0) return;
    for (const Diagnostic *d = sink->first; d != NULL; d = d->next)
        *count += !d->is_expected && diag_code_severity(d->code) == SEVERITY_ERROR;
}

uint64_t workspace_error_count(const Workspace *ws) {
    uint64_t count = 0;
    visit_sinks(ws, count_errors, &count);
    return count;
}

typedef struct SinkList {
    Arena *arena;
    VEC(const DiagSink *) sinks;
} SinkList;

static void collect_sink(void *context, const DiagSink *sink) {
    SinkList *list = context;
    vec_push(list->arena, &list->sinks, sink);
}

Status workspace_diagnostics(Workspace *ws, Diagnostic ***out, uint32_t *count) {
    *out = NULL;
    *count = 0;
    ARENA_GUARD(&ws->files_arena);
    SinkList list = {.arena = &ws->files_arena};
    visit_sinks(ws, collect_sink, &list);
    diagnostics_sort(&ws->files_arena, list.sinks.items, list.sinks.count, out, count);
    ARENA_GUARD_END(&ws->files_arena);
    return STATUS_OK;
}

Stage workspace_reached(const Workspace *ws) { return ws->reached; }
const StageTime *workspace_times(const Workspace *ws) { return ws->times; }
const COutput *workspace_output(const Workspace *ws) { return ws->has_output ? &ws->output : NULL; }
const CoreProgram *workspace_core(const Workspace *ws) { return ws->core; }
const Program *workspace_program(const Workspace *ws) { return ws->program; }
uint32_t workspace_file_count(const Workspace *ws) { return ws->file_count; }
const ParsedFile *workspace_file(const Workspace *ws, uint32_t index) { return &ws->parsed[index]; }
ModuleKind workspace_file_kind(const Workspace *ws, uint32_t index) { return ws->files[index].kind; }
const Source *workspace_source(const Workspace *ws, uint32_t index) { return &ws->sources[index]; }
NameInterner *workspace_names(const Workspace *ws) { return ws->names; }
const Trace *workspace_trace(const Workspace *ws) { return ws->options.without_trace ? NULL : ws->trace; }
Pool *workspace_pool(const Workspace *ws) { return ws->pool; }
ProgressSnapshot workspace_progress(const Workspace *ws) { return progress_snapshot(&ws->progress); }
ChunkCounters workspace_memory(const Workspace *ws) { return chunk_pool_counters(ws->chunks); }
void workspace_count(Workspace *ws, ProgressCounter counter, uint64_t amount) {
    progress_add(&ws->progress, counter, amount);
}
void workspace_cancel(Workspace *ws) { cancel_request(pool_cancel_flag(ws->pool)); }

// ---- looking inside -----------------------------------------------------------------------------------------------------

static void print_tokens(const Workspace *ws, const Tokens *tokens, Buffer *out) {
    PositionHint hint = {0};
    for (uint32_t i = 0; i < tokens->count; i++) {
        uint32_t line, column;
        tokens_position_near(tokens, &hint, tokens->starts[i], &line, &column);
        buffer_format(out, "%u:%u\t%s", line, column, token_kind_name((TokenKind)tokens->kinds[i]));
        if (tokens->kinds[i] != TOKEN_END) {
            buffer_char(out, '\t');
            buffer_text(out, token_text(tokens, i));
        }
        buffer_char(out, '\n');
    }
    (void)ws;
}

static bool print_core(const Workspace *ws, uint32_t file, Buffer *out) {
    if (ws->core == NULL) return false;
    for (uint32_t i = 1; i <= ws->core->function_count; i++) {
        const CoreFunction *function = ws->core->functions[i];
        ModuleId module = ws->program->functions[function->function.index].module;
        if (ws->program->modules[module.index].source != &ws->sources[file]) continue;
        core_print(ws->core, function, out);
        buffer_char(out, '\n');
    }
    return true;
}

static bool print_c(const Workspace *ws, Text module, Buffer *out) {
    if (!ws->has_output) return false;
    for (uint32_t i = 0; i < ws->output.file_count; i++) {
        const CFile *file = &ws->output.files[i];
        if (file->name.length == module.length + 2 && text_starts_with(file->name, module)) {
            buffer_text(out, file->content);
            return true;
        }
    }
    return false;
}

bool workspace_emit(Workspace *ws, EmitKind kind, Text module, Buffer *out) {
    uint32_t file = 0;
    while (file < ws->file_count && !text_equal(ws->files[file].module, module))
        file++;
    if (file == ws->file_count || !ws->has_started || ws->reached < STAGE_PARSE) return false;
    const ParsedFile *parsed = &ws->parsed[file];
    switch (kind) {
    case EMIT_TOKENS:
        print_tokens(ws, &parsed->tokens, out);
        return true;
    case EMIT_TREE:
        tree_print(&parsed->tree, &parsed->tokens, ws->names, out);
        return true;
    case EMIT_CORE:
        return print_core(ws, file, out);
    case EMIT_C:
        return print_c(ws, module, out);
    }
    return false;
}

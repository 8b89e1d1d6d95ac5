// sema/program.c: a program's life, and small things that every step needs.
#include "sema/internal.h"
#include <stdlib.h>

static const char *const word_texts[WORD_COUNT] = {
#define WORD(kind, text) text,
    SEMA_WORDS(WORD)
#undef WORD
};

static Status words_intern(Program *program) {
    NameCache *cache = malloc(sizeof *cache); // 24 KiB: too much for a stack that others share
    if (cache == NULL) return STATUS_NO_MEMORY;
    name_cache_init(cache, program->names);
    Status status = STATUS_OK;
    for (uint32_t i = 0; i < WORD_COUNT && status == STATUS_OK; i++)
        status = names_intern(cache, text_from(word_texts[i]), &program->internal->words[i]);
    free(cache);
    return status;
}

Status program_create(NameInterner *names, TypeInterner *types, Program **out) {
    *out = NULL;
    Program *program = calloc(1, sizeof *program);
    if (program == NULL) return STATUS_NO_MEMORY;
    program->internal = calloc(1, sizeof *program->internal);
    program->names = names;
    program->types = types;
    Status status = program->internal == NULL ? STATUS_NO_MEMORY : words_intern(program);
    if (status != STATUS_OK) {
        program_free(program);
        return status;
    }
    *out = program;
    return STATUS_OK;
}

void program_free(Program *program) {
    if (program == NULL) return;
    if (program->bodies != NULL)
        for (uint32_t i = 1; i <= program->function_count; i++)
            arena_free(&program->bodies[i].arena);
    for (uint32_t i = 0; program->internal != NULL && i < program->internal->arena_count; i++)
        arena_free(&program->internal->arenas[i].results);
    if (program->internal != NULL && program->internal->states != NULL)
        for (uint32_t i = 1; i <= program->module_count; i++)
            arena_free(&program->internal->states[i].arena);
    arena_free(&program->arena);
    free(program->internal);
    free(program);
}

const Declaration *module_declaration(const Module *module, uint32_t declaration) {
    return &module->file->tree.declarations[declaration];
}

TreeView module_view(const Module *module, uint32_t declaration) {
    return tree_view(&module->file->tree, &module->file->tokens, module_declaration(module, declaration));
}

uint32_t dotted_token(const TreeView *view, uint32_t token, uint32_t count) {
    const Tokens *tokens = view->file_tokens;
    uint32_t last = token;
    for (uint32_t i = 1; i < count * 2 - 1; i++) { // dots and names; after a syntax error there may be fewer
        do
            token++;
        while (tokens->kinds[token] == TOKEN_BAD);
        if (tokens->kinds[token] == TOKEN_END) break;
        last = token;
    }
    return last;
}

uint32_t dotted_end(const TreeView *view, uint32_t token, uint32_t count) {
    return token_end(view->file_tokens, dotted_token(view, token, count));
}

Text text_join(Arena *arena, Text first, Text second, Text third) {
    Buffer buffer = buffer_in(arena);
    buffer_text(&buffer, first);
    buffer_text(&buffer, second);
    buffer_text(&buffer, third);
    return (Text){buffer.data, (uint32_t)buffer.length};
}

Text text_count(Arena *arena, uint32_t count, const char *singular) {
    return arena_format(arena, "%u %s%s", count, singular, count == 1 ? "" : "s");
}

void not_supported(DiagSink *sink, Span span, const char *what) {
    if (sink != NULL) (void)diag(sink, DIAG_NOT_SUPPORTED, span, text_from(what)); // nothing to add to it
}

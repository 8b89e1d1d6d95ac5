// tests/unit/test_workspace.c: a whole project through every stage on many threads, with what the sanitizers have to say.
//
// The project is examples/forty_modules, read from the folder of the project or one above the current one.
#include "base/file.h"
#include "query/workspace.h"
#include "tests/unit/harness.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_FILES = 64 };

typedef struct Project {
    Arena arena;
    WorkspaceFile files[MAX_FILES];
    uint32_t count;
} Project;

static Text find_root(Arena *arena) {
    static const char *const prefixes[] = {"", "../", "../../", "../../../"};
    for (uint32_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        const char *path = arena_format(arena, "%sexamples/forty_modules/sigil.toml", prefixes[i]).data;
        FILE *file = fopen(path, "r");
        if (file == NULL) continue;
        fclose(file);
        return text_from(prefixes[i]);
    }
    FAIL("examples/forty_modules was not found");
    harness_end_test();
}

static void add_file(Project *p, Text module, ModuleKind kind, Text path) {
    REQUIRE(p->count < MAX_FILES);
    p->files[p->count++] = (WorkspaceFile){.module = module,
                                           .kind = kind,
                                           .is_entry = text_equal(module, TEXT("main")),
                                           .shown_path = path,
                                           .real_path = path};
}

static void add_folder(Project *p, const char *folder, const char *prefix) {
    DIR *entries = opendir(folder);
    REQUIRE(entries != NULL);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        Text name = arena_text(&p->arena, text_from(entry->d_name));
        if (text_ends_with(name, TEXT(".si"))) {
            Text module = arena_format(&p->arena, "%s%.*s", prefix, (int)name.length - 3, name.data);
            add_file(p, module, MODULE_PROJECT, arena_format(&p->arena, "%s/%s", folder, name.data));
        } else if (memchr(name.data, '.', name.length) == NULL) {
            add_folder(p, arena_format(&p->arena, "%s/%s", folder, name.data).data,
                       arena_format(&p->arena, "%s%s.", prefix, name.data).data);
        }
    }
    closedir(entries);
}

static int by_name(const void *first, const void *second) {
    return text_compare(((const WorkspaceFile *)first)->module, ((const WorkspaceFile *)second)->module);
}

static Project *project(void) {
    Project *p = calloc(1, sizeof *p);
    REQUIRE(p != NULL);
    const char *root = find_root(&p->arena).data;
    add_folder(p, arena_format(&p->arena, "%sexamples/forty_modules/src", root).data, "");
    add_file(p, TEXT("std.prelude"), MODULE_PRELUDE, arena_format(&p->arena, "%ssigil/lib/prelude.si", root));
    qsort(p->files, p->count, sizeof *p->files, by_name);
    return p;
}

static void project_free(Project *p) {
    arena_free(&p->arena);
    free(p);
}

static Workspace *workspace_of(uint32_t threads) {
    ThreadPoolConfig config = thread_pool_config_default();
    config.max_threads = threads;
    Workspace *ws;
    REQUIRE(workspace_create(&config, &ws) == STATUS_OK);
    return ws;
}

static const RunOptions options = {.with_tests = true, .with_lines = true, .program_name = TEXT("forty_modules")};

TEST(eight_threads_generate_what_one_does) {
    Project *p = project();
    Workspace *one = workspace_of(1), *eight = workspace_of(8);
    REQUIRE(workspace_load(one, p->files, p->count) == STATUS_OK);
    REQUIRE(workspace_run(one, &options, STAGE_GENERATE) == STATUS_OK);
    const COutput *expected = workspace_output(one);
    REQUIRE(expected != NULL);
    for (int round = 0; round < 3; round++) { // the interners are warm from the second round on
        REQUIRE(workspace_load(eight, p->files, p->count) == STATUS_OK);
        REQUIRE(workspace_run(eight, &options, STAGE_GENERATE) == STATUS_OK);
        const COutput *got = workspace_output(eight);
        REQUIRE(got != NULL);
        REQUIRE(got->file_count == expected->file_count);
        for (uint32_t i = 0; i < got->file_count; i++) {
            CHECK_TEXT(got->files[i].name, expected->files[i].name);
            CHECK(text_equal(got->files[i].content, expected->files[i].content));
        }
    }
    workspace_free(eight);
    workspace_free(one);
    project_free(p);
}

TEST(a_cancelled_run_leaves_a_workspace_that_works) {
    Project *p = project();
    Workspace *ws = workspace_of(4);
    REQUIRE(workspace_load(ws, p->files, p->count) == STATUS_OK);
    REQUIRE(workspace_run(ws, &options, STAGE_BODIES) == STATUS_OK);
    workspace_cancel(ws); // of what runs no more: the next run is not touched
    REQUIRE(workspace_run(ws, &options, STAGE_GENERATE) == STATUS_OK);
    CHECK(workspace_output(ws) != NULL);
    workspace_free(ws);
    project_free(p);
}

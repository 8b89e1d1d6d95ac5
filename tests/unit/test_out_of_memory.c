// tests/unit/test_out_of_memory.c: memory ends at the n-th allocation of a small build, for one n after another.
//
// WHY        Every stage has a path that no other test takes: the jump out of an arena, a job that fails on one worker.
//            Each must end in STATUS_NO_MEMORY, give back what it took, and leave a workspace that works.
// SHAPE      This program has malloc and its kin itself, in front of the C library's. They count, and from a chosen
//            allocation on they fail: once (the next succeeds again) or always.
#include "base/file.h"
#include "query/workspace.h"
#include "tests/unit/harness.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#endif

#if defined(__GLIBC__) && !defined(IS_SANITIZED)

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);
void *__libc_memalign(size_t align, size_t bytes);
void __libc_free(void *block);

static _Atomic int64_t made;                                // allocations so far
static _Atomic int64_t alive;                               // blocks that were not freed
static _Atomic int64_t first = INT64_MAX, last = INT64_MAX; // those numbered first … last fail

static bool fails(void) {
    int64_t number = atomic_fetch_add(&made, 1);
    if (number < atomic_load(&first) || number > atomic_load(&last)) {
        atomic_fetch_add(&alive, 1);
        return false;
    }
    errno = ENOMEM;
    return true;
}

void *malloc(size_t bytes) { return fails() ? NULL : __libc_malloc(bytes); }
void *calloc(size_t count, size_t bytes) { return fails() ? NULL : __libc_calloc(count, bytes); }
void *aligned_alloc(size_t align, size_t bytes) { return fails() ? NULL : __libc_memalign(align, bytes); }
void *memalign(size_t align, size_t bytes);
void *memalign(size_t align, size_t bytes) { return fails() ? NULL : __libc_memalign(align, bytes); }
void *realloc(void *block, size_t bytes) {
    if (block == NULL) return malloc(bytes);
    return __libc_realloc(block, bytes); // not used by the core
}
void free(void *block) {
    if (block == NULL) return;
    atomic_fetch_sub(&alive, 1);
    __libc_free(block);
}

static const char program_text[] =
    "type Shape = Circle(radius: float) | Square(side: int) | Many([Shape])\n"
    "$limit = 3\n"
    "@area (shape: Shape) -> float = match(shape,\n"
    "    Circle(r) -> r * r,\n"
    "    Square(s) -> float(s * s),\n"
    "    Many(all) -> all.map(area).fold(0.0, +),\n"
    ")\n"
    "@pairs<T> (list: [T], f: (T) -> str) -> {str: T} = run(\n"
    "    let mut out: {str: T} = {},\n"
    "    for item in list do out = out.insert(f(item), item),\n"
    "    out,\n"
    ")\n"
    "@first (text: str) -> Result<int, str> = try(let n = text.parse_int().ok_or(\"none\")?, Ok(n + $limit))\n"
    "@main () -> void = run(\n"
    "    print(str(area(Many([Circle(1.0), Square(2)])))),\n"
    "    print(str(pairs([1, 2], n -> str(n)).len())),\n"
    "    print(match(first(\"4\"), Ok(n) -> str(n), Err(e) -> e)),\n"
    ")\n"
    "@test_area tests @area tests @pairs tests @first () -> void = assert_eq(area(Square(2)), 4.0)\n";

static Text read_prelude(Arena *arena) {
    static const char *const prefixes[] = {"", "../", "../../", "../../../"};
    Text content, reason;
    for (uint32_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (file_read(arena, arena_format(arena, "%ssigil/lib/prelude.si", prefixes[i]).data, &content, &reason) ==
            STATUS_OK)
            return content;
    FAIL("the prelude was not found");
    harness_end_test();
}

static Status build(Workspace *ws, Text prelude, Text text) {
    const WorkspaceFile files[] = {
        {.module = TEXT("main"), .is_entry = true, .shown_path = TEXT("main.si"), .text = text, .has_text = true},
        {.module = TEXT("std.prelude"),
         .kind = MODULE_PRELUDE,
         .shown_path = TEXT("std/prelude.si"),
         .text = prelude,
         .has_text = true}};
    const RunOptions options = {.with_tests = true, .with_lines = true, .program_name = TEXT("small")};
    TRY(workspace_load(ws, files, 2));
    TRY(workspace_run(ws, &options, STAGE_GENERATE));
    Diagnostic **diagnostics;
    uint32_t count;
    TRY(workspace_diagnostics(ws, &diagnostics, &count));
    CHECK((count > 0) == workspace_has_errors(ws)); // none of the texts has warnings alone
    return STATUS_OK;
}

static Status create_and_build(uint32_t threads, Text prelude, Text text, Workspace **out) {
    ThreadPoolConfig config = thread_pool_config_default();
    config.max_threads = threads;
    *out = NULL;
    TRY(workspace_create(&config, out));
    return build(*out, prelude, text);
}

// One build in which the allocations from `n` on fail, `count` of them. False once the build has fewer than n.
static bool build_without(uint32_t threads, Text prelude, Text text, bool is_good_text, int64_t n, int64_t count,
                          bool *is_known) {
    Workspace *ws;
    int64_t before = atomic_load(&alive);
    atomic_store(&made, 0);
    atomic_store(&last, count == INT64_MAX ? INT64_MAX : n + count - 1);
    atomic_store(&first, n);
    Status status = create_and_build(threads, prelude, text, &ws);
    bool was_reached = atomic_load(&made) > n;
    atomic_store(&first, INT64_MAX);
    bool is_good = status == STATUS_OK || status == STATUS_NO_MEMORY || (status == STATUS_LIMIT && ws == NULL);
    if (!is_good || (!was_reached && status != STATUS_OK)) FAIL("allocation %" PRId64 ": status %d", n, (int)status);
    if (status == STATUS_OK && (workspace_output(ws) != NULL) != is_good_text)
        FAIL("allocation %" PRId64 ": other results than with memory", n);
    if (ws != NULL && build(ws, prelude, text) != STATUS_OK)
        FAIL("allocation %" PRId64 ": the workspace is unusable", n);
    workspace_free(ws);
    int64_t more = atomic_load(&alive) - before;
    if (more != 0 && *is_known) FAIL("allocation %" PRId64 ": %" PRId64 " blocks were kept", n, more);
    *is_known = true; // the C library's own, of the first threads, are there now
    return was_reached;
}

static void every_allocation(uint32_t threads, Text text, bool is_good_text, int64_t count) {
    Arena arena = {0};
    Text prelude = read_prelude(&arena);
    bool is_known = false;
    (void)build_without(threads, prelude, text, is_good_text, INT64_MAX - 1, 0, &is_known);
    int64_t n = 0;
    while (build_without(threads, prelude, text, is_good_text, n, count, &is_known)) {
        n++;
    }
    CHECK(n > 100);
    printf("     %" PRId64 " allocations\n", n);
    arena_free(&arena);
}

TEST(one_allocation_fails) { every_allocation(1, text_from(program_text), true, 1); }
TEST(all_allocations_fail_from_one_on) { every_allocation(1, text_from(program_text), true, INT64_MAX); }
TEST(one_allocation_fails_with_three_threads) { every_allocation(3, text_from(program_text), true, 1); }
TEST(one_allocation_fails_where_there_are_errors) {
    every_allocation(1,
                     TEXT("use nowhere { x }\n@f (a: int, a: str) -> T = a + \"b\" + nothing(1)\n"
                          "@main () -> void = (f(1,\n"),
                     false, 1);
}

#else

TEST(sanitizers_have_an_allocator_of_their_own) {}

#endif

// tests/unit/c_runner.h: generated C, compiled with every compiler that is here and run with the runtime of this tree.
//
// The compilers warn as errors (-Wall -Wextra); programs run with SIGIL_CHECK_LEAKS=1, and once more under ASan, LSan and UBSan.
// The runtime and every link are by gcc. Tests run at the root of the tree, as pytest starts them.
#pragma once
#include "cgen/cgen.h"
#include "tests/unit/harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/sigil-cgen-XXXXXX";

static inline int shell(const char *format, ...) PRINTF_LIKE(1, 2);
static inline int shell(const char *format, ...) {
    char command[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    return system(command);
}

static inline void remove_folder(void) { (void)shell("rm -rf %s", folder); }

// The runtime, once, for all programs of this test; with sanitizers, because it is the strictest.
static inline void prepare_folder(void) {
    static bool done = false;
    if (done) return;
    done = true;
    if (mkdtemp(folder) == NULL) abort();
    atexit(remove_folder);
    int status =
        shell("cd %s && for f in \"$OLDPWD\"/csrc/runtime/*.c; do "
              "gcc -std=gnu11 -O1 -g -w -D_GNU_SOURCE -I\"$OLDPWD\"/csrc -c $f -o rt_$(basename $f .c).o || exit 1; "
              "gcc -std=gnu11 -O1 -g -w -D_GNU_SOURCE -fsanitize=address,undefined -I\"$OLDPWD\"/csrc -c $f -o "
              "san_$(basename $f .c).o || exit 1; "
              "done && ar rcs librt.a rt_*.o && ar rcs libsan.a san_*.o && rm -f rt_*.o san_*.o",
              folder);
    if (status != 0) abort();
}

static inline Text read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return TEXT("");
    char *data = arena_alloc(test_arena(), 1 << 20, 1);
    size_t length = fread(data, 1, 1 << 20, file);
    fclose(file);
    return (Text){data, (uint32_t)length};
}

static inline void write_output(const COutput *out) {
    for (uint32_t i = 0; i < out->file_count; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%.*s", folder, (int)out->files[i].name.length, out->files[i].name.data);
        FILE *file = fopen(path, "wb");
        if (file == NULL) abort();
        fwrite(out->files[i].content.data, 1, out->files[i].content.length, file);
        fclose(file);
    }
}

// `program` must print what is expected, end with status 0 and leave no cell alive (that would be status 99).
static inline void run_built(const char *what, const char *expected) {
    int status = shell(
        "cd %s && SIGIL_CHECK_LEAKS=1 UBSAN_OPTIONS=halt_on_error=1 timeout 20 ./program >out.txt 2>err.txt", folder);
    char path[512];
    snprintf(path, sizeof path, "%s/out.txt", folder);
    Text text = read_file(path);
    if (status != 0 || !text_equal(text, text_from(expected))) {
        snprintf(path, sizeof path, "%s/err.txt", folder);
        Text error = read_file(path);
        FAIL("%s: status %d, wrote \"%.*s\" and \"%.*s\", not \"%s\"", what, status, (int)text.length, text.data,
             (int)error.length, error.data, expected);
    }
}

static inline bool has(const char *program) { return shell("command -v %s >/dev/null 2>&1", program) == 0; }

static inline void build(const char *what, const char *command, const char *library, const char *expected) {
    int status = shell("root=$PWD; cd %s && (set -e; I=\"-I$root/csrc/runtime -Wall -Wextra -Werror\"; %s; gcc %s *.o "
                       "%s -o program -lm -lpthread) >log.txt 2>&1"
                       " || { head -c 3000 log.txt; exit 1; }",
                       folder, command, strstr(library, "san") != NULL ? "-fsanitize=address,undefined" : "", library);
    CHECK_INT(status, 0);
    if (status == 0) run_built(what, expected);
    (void)shell("cd %s && rm -f *.o program", folder);
}

// Every compiler alone, tcc and gcc for one half each in both directions, and the sanitizers.
static inline void build_and_run(const COutput *out, const char *expected) {
    prepare_folder();
    (void)shell("rm -f %s/*.c", folder);
    write_output(out);
    if (getenv("SHOW_C") != NULL) (void)shell("cat %s/*.c", folder);
    if (has("gcc")) build("gcc", "gcc $I -O2 -c *.c", "librt.a", expected);
    if (has("clang")) build("clang", "clang $I -O1 -c *.c", "librt.a", expected);
    if (has("tcc")) build("tcc", "for f in *.c; do tcc $I -c $f; done", "librt.a", expected);
    const char *half =
        "n=0; for f in *.c; do n=$((n+1)); if [ $((n%%2)) = %d ]; then tcc $I -c $f; else gcc $I -O1 -c $f; fi; done";
    for (int first = 0; first < 2 && has("tcc") && has("gcc"); first++) {
        char command[512];
        snprintf(command, sizeof command, half, first);
        build("halves by tcc and gcc", command, "librt.a", expected);
    }
    if (has("gcc")) build("sanitizers", "gcc $I -g -fsanitize=address,undefined -c *.c", "libsan.a", expected);
}

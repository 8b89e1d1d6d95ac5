// tests/fuzz/replay.c: a fuzz target without libFuzzer: runs it on every file that is named on the command line.
//
// So that what fuzzing once found is tried by every compiler and in every variant, in a second, as part of the tests.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerMutate(uint8_t *data, size_t length, size_t limit);

size_t LLVMFuzzerMutate(uint8_t *data, size_t length, size_t limit) {
    (void)data, (void)limit;
    return length;
}

static void run(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(2);
    }
    size_t size = (size_t)ftell(file);
    rewind(file);
    uint8_t *data = malloc(size == 0 ? 1 : size); // of exactly this size: a read behind it is seen
    if (data == NULL || fread(data, 1, size, file) != size) {
        perror(path);
        exit(2);
    }
    fclose(file);
    printf("%s\n", path);
    fflush(stdout);
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
}

int main(int argc, char **argv) {
    (void)LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++)
        run(argv[i]);
    return 0;
}

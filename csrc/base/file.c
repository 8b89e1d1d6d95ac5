// base/file.c: see file.h. Plain read(2): a build reads each file once, and mapping costs more than copying for small files.
#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static Status fail(Arena *arena, int error, Text *reason) {
    char words[128];
    const char *text = strerror_r(error, words, sizeof words); // the GNU variant returns the text
    *reason = arena_text(arena, text_from(text));
    return STATUS_IO;
}

static Status read_open_file(Arena *arena, int descriptor, Text *content, Text *reason) {
    struct stat info;
    if (fstat(descriptor, &info) != 0) return fail(arena, errno, reason);
    if (S_ISDIR(info.st_mode)) {
        *reason = TEXT("it is a directory");
        return STATUS_IO;
    }
    size_t capacity = info.st_size > 0 ? (size_t)info.st_size : 0;
    size_t length = 0;
    if (arena->source == NULL) arena_reserve(arena, capacity + 1); // the file is all that the arena will hold
    char *bytes = arena_alloc(arena, capacity + 1, 1);
    for (;;) {
        if (length >= UINT32_MAX) {
            *reason = TEXT("it is 4 GiB or larger");
            return STATUS_IO;
        }
        if (length == capacity) { // at the expected end, or something without a size: see whether there is more
            size_t grown = capacity < 4096 ? 4096 : capacity * 2;
            char probe[1];
            ssize_t more = read(descriptor, probe, 1);
            if (more < 0 && errno == EINTR) continue;
            if (more < 0) return fail(arena, errno, reason);
            if (more == 0) break;
            bytes = arena_grow(arena, bytes, capacity + 1, grown + 1, 1);
            capacity = grown;
            bytes[length++] = probe[0];
            continue;
        }
        ssize_t got = read(descriptor, bytes + length, capacity - length);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(arena, errno, reason);
        if (got == 0) break;
        length += (size_t)got;
    }
    bytes[length] = '\0';
    *content = (Text){bytes, (uint32_t)length};
    return STATUS_OK;
}

Status file_read(Arena *arena, const char *path, Text *content, Text *reason) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0) return fail(arena, errno, reason);
    Status status = read_open_file(arena, descriptor, content, reason);
    (void)close(descriptor); // read only: nothing can be lost
    return status;
}

// runtime/files.c: what the real FileSystem of std.fs asks of the system.
//
// SHAPE      What may fail gives the system's words about it, or an empty text; std.fs makes Results of them.
#include "runtime/runtime_internal.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A path for the system, to be freed; NULL with errno where there is none.
static char *system_path(const SiStr *path) {
    size_t bytes = (size_t)path->bytes;
    if (memchr(path->data, 0, bytes) != NULL) {
        errno = EINVAL;
        return NULL;
    }
    char *copy = malloc(bytes + 1);
    if (copy == NULL) return NULL;
    memcpy(copy, path->data, bytes);
    copy[bytes] = 0;
    return copy;
}

static SiStr *said(SiTask *task, int error) {
    const char *text = error == 0 ? "" : strerror(error);
    int64_t length = (int64_t)strlen(text);
    return si_utf8_invalid_at(text, length) < 0 ? si_str_from(task, text, length) : si_str_from(task, "error", 5);
}

SiStr *si_fs_open_problem(SiTask *task, SiStr *path) {
    char *name = system_path(path);
    int error = 0, file = name == NULL ? -1 : open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0) error = errno;
    struct stat about;
    if (file >= 0 && fstat(file, &about) == 0 && S_ISDIR(about.st_mode)) error = EISDIR;
    if (file >= 0) close(file);
    free(name);
    return said(task, error);
}

SiList *si_fs_content_of(SiTask *task, SiStr *path) {
    SiList *list = si_list_new(task, &si_list_of_byte, 0);
    char *name = system_path(path);
    FILE *file = name == NULL ? NULL : fopen(name, "rbe");
    free(name);
    if (file == NULL) return list;
    char piece[8192];
    for (size_t got; (got = fread(piece, 1, sizeof piece, file)) > 0;) {
        list = si_list_own(task, list,
                           list->length + (int64_t)got > list->capacity ? 2 * (list->length + (int64_t)got)
                                                                        : list->capacity);
        memcpy(list->items + list->length, piece, got);
        list->length += (int64_t)got;
    }
    (void)fclose(file); // was only read
    return list;
}

SiStr *si_fs_put_text(SiTask *task, SiStr *path, SiStr *content, uint8_t at_end) {
    char *name = system_path(path);
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (at_end ? O_APPEND : O_TRUNC);
    int file = name == NULL ? -1 : open(name, flags, 0666), error = file < 0 ? errno : 0;
    free(name);
    for (int64_t done = 0; file >= 0 && error == 0 && done < content->bytes;) {
        ssize_t written = write(file, content->data + done, (size_t)(content->bytes - done));
        if (written >= 0)
            done += written;
        else if (errno != EINTR)
            error = errno;
    }
    if (file >= 0 && close(file) != 0 && error == 0) error = errno;
    return said(task, error);
}

SiStr *si_fs_remove_path(SiTask *task, SiStr *path) {
    char *name = system_path(path);
    int error = name == NULL || remove(name) != 0 ? errno : 0;
    free(name);
    return said(task, error);
}

SiStr *si_fs_make_folder(SiTask *task, SiStr *path) {
    char *name = system_path(path);
    int error = name == NULL || mkdir(name, 0777) != 0 ? errno : 0;
    free(name);
    return said(task, error);
}

SiStr *si_fs_move_path(SiTask *task, SiStr *path, SiStr *to) {
    char *name = system_path(path), *target = name == NULL ? NULL : system_path(to);
    int error = target == NULL || rename(name, target) != 0 ? errno : 0;
    free(name);
    free(target);
    return said(task, error);
}

static int64_t look_at(const SiStr *path, bool wants_kind) {
    char *name = system_path(path);
    struct stat about;
    bool is_there = name != NULL && stat(name, &about) == 0;
    free(name);
    if (!is_there) return 0;
    return !wants_kind ? (int64_t)about.st_size : S_ISDIR(about.st_mode) ? 2 : 1;
}
int64_t si_fs_kind_of(SiTask *task, SiStr *path) { return (void)task, look_at(path, true); }
int64_t si_fs_bytes_of(SiTask *task, SiStr *path) { return (void)task, look_at(path, false); }

// A name that is no UTF-8 cannot be a path of a program, and is left out.
SiList *si_fs_names_in(SiTask *task, SiStr *path) {
    SiList *list = si_list_new(task, &si_list_of_str, 8);
    char *name = system_path(path);
    DIR *folder = name == NULL ? NULL : opendir(name);
    SiStr *first = said(task, folder == NULL ? errno : 0);
    free(name);
    *(SiStr **)si_list_append(task, &list) = first;
    if (folder == NULL) return list;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        int64_t length = (int64_t)strlen(entry->d_name);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (si_utf8_invalid_at(entry->d_name, length) >= 0) continue;
        SiStr *text = si_str_from(task, entry->d_name, length);
        *(SiStr **)si_list_append(task, &list) = text;
    }
    (void)closedir(folder); // was only read
    return list;
}

// base/file.h: reading whole files. Writing is the Python layer's; the core only ever reads.
#pragma once
#include "base/arena.h"

// The content of a file, in the arena. On failure STATUS_IO, and *reason says why in words ("No such file or directory",
// "it is a directory", "it is 4 GiB or larger"), in the arena. A NUL that is not counted follows the content.
Status file_read(Arena *arena, const char *path, Text *content, Text *reason);

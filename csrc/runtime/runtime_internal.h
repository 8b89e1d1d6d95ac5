// runtime/runtime_internal.h: what the files of the runtime share, and programs do not see.
//
// THREADS    A Task belongs to one thread of execution. The only state of the process is in process.c.
// NAMES      Whatever is external begins with `si_`, like the rest of the runtime: programs link with it.
// OWNERSHIP  As in ir/intrinsics.def for what generated code calls; functions here say it where it is not "borrows".
#pragma once
#include "runtime/si.h"
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

// ---- tasks (task.c) --------------------------------------------------------------------------------------------------
typedef struct Catch {
    jmp_buf jump;
    struct Catch *parent;
    SiFrame *frames; // the task's frames when it was set; those above are released
    SiStr *message;  // of the panic, owned by who reads it
} Catch;

// What a failed assertion leaves for the report of a test, beside its message. Valid until the panic is caught.
typedef struct Failure {
    const char *kind;         // "assert_eq" …, NULL: told from the message
    SiStr *actual, *expected; // owned, or NULL
    SiPlace place;
} Failure;

enum {
    CELL_STEP = 16,       // cells come in multiples of this
    CELL_CLASSES = 33,    // small cells: up to 512 bytes
    CELL_CHUNK = 1 << 16, // bytes that are cut into small cells
};

typedef struct Task {
    SiTask base; // first: a Task * is a SiTask *
    Catch *catches;
    SiHeader *dead;     // cells whose content waits to be released; linked through `count`
    bool is_releasing;  // somebody up the stack empties `dead`
    int64_t live_cells; // made minus freed by this task; may be negative
    int64_t assertions;
    Failure failure;
    void *free_cells[CELL_CLASSES]; // by size; linked through their first word
    char *chunk, *chunk_end;        // what is left of the newest chunk
    void *chunks;                   // all of them; linked through their first word
    struct Task *previous, *next;   // all tasks of the process that run, or all that ended
    // Where the last index into text that is not ASCII was: sequential indexes cost O(1) each. Only of plain counted cells.
    const SiStr *cursor_text;
    int64_t cursor_point, cursor_byte;
} Task;

Task *si_task_create(uintptr_t stack_limit); // NULL: no memory
void si_task_free(Task *task);
static inline Task *task_of(SiTask *task) { return (Task *)(void *)task; }

// Runs body(task, argument). NULL, or the message of the panic that ended it (owned). `failure` may be NULL; else it receives
// what the panic left (its texts owned).
SiStr *si_task_catch(SiTask *task, void (*body)(SiTask *task, void *argument), void *argument, Failure *failure);
void si_task_failure_free(SiTask *task, Failure *failure);
// Panics with `text` formatted as by printf (numbers and plain C texts only).
SI_NORETURN void si_task_panic_format(SiTask *task, const SiPlace *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
SI_NORETURN void si_task_out_of_memory(SiTask *task);

// ---- cells (cells.c) ---------------------------------------------------------------------------------------------------
void *si_cell_alloc(SiTask *task, size_t bytes); // raw memory; panics `out of memory`
void si_cell_free(SiTask *task, void *memory, size_t bytes);
void *si_cell_grow(SiTask *task, void *memory, size_t old_bytes, size_t new_bytes, size_t used_bytes);
static inline size_t cell_round(size_t bytes) { return (bytes + (CELL_STEP - 1)) & ~(size_t)(CELL_STEP - 1); }
// A counted cell: header set, counted as live. si_cell_dead frees one whose content is gone.
void *si_cell_new(SiTask *task, const SiType *type, size_t bytes);
void si_cell_dead(SiTask *task, void *cell, size_t bytes);
static inline bool cell_is_unique(const void *cell) { return SI_COUNT((const SiHeader *)cell) == 1; }
size_t si_map_release_content(SiTask *task, SiMap *map); // entries released, tables freed; returns the cell's size

// ---- the process (process.c) ---------------------------------------------------------------------------------------------
Task *si_process_task_begin(void); // one that ended, with its memory, or a new one; NULL: no memory
void si_process_task_end(Task *task);
uint64_t si_process_seed(void);                        // of the tables' hashes
void si_process_print(const char *text, size_t bytes); // to standard output, with a line end after it
void si_process_write(const char *text, size_t bytes); // without one
void si_process_flush(void);
void si_process_error(const char *text, size_t bytes); // to standard error, at once
SI_NORETURN void si_process_exit(int status);          // flushes

// ---- text being built (show.c) ---------------------------------------------------------------------------------------------
// The text is in a frame of its own: a panic of a `show` of the program releases it.
struct SiBuffer {
    SiFrame frame;
    SiStr *text;
    SiTask *task;
};
void si_buffer_begin(SiTask *task, SiBuffer *buffer, int64_t capacity);
SiStr *si_buffer_end(SiBuffer *buffer);                                  // owned
void si_buffer_add(SiBuffer *buffer, const char *bytes, int64_t length); // valid UTF-8
static inline void buffer_add_text(SiBuffer *buffer, const char *terminated) {
    si_buffer_add(buffer, terminated, (int64_t)strlen(terminated));
}
void si_buffer_add_char(SiBuffer *buffer, uint32_t c);
void si_buffer_add_str(SiBuffer *buffer, const SiStr *text);
void si_buffer_add_quoted(SiBuffer *buffer, const SiStr *text);
void si_show_value(SiBuffer *buffer, const void *value, const SiType *type, bool is_part);

// ---- text (str.c, number.c) ------------------------------------------------------------------------------------------------
SiStr *si_str_new(SiTask *task, int64_t capacity); // empty, unique
SiStr *si_str_append(SiTask *task, SiStr *text, const char *bytes, int64_t length,
                     int64_t points); // owns text, which is unique
SiStr *si_str_from_parts(SiTask *task, const char *bytes, int64_t length, int64_t points);
int64_t si_utf8_count(const char *bytes, int64_t length);                // code points of valid UTF-8
int si_utf8_encode(uint32_t c, char out[4]);                             // bytes
int64_t si_utf8_invalid_at(const char *bytes, int64_t length);           // -1: valid
static inline uint32_t utf8_decode(const char *bytes, int64_t *offset) { // of valid UTF-8
    const unsigned char *s = (const unsigned char *)bytes + *offset;
    if (s[0] < 0x80) {
        *offset += 1;
        return s[0];
    }
    if (s[0] < 0xE0) {
        *offset += 2;
        return (uint32_t)(s[0] & 0x1F) << 6 | (s[1] & 0x3Fu);
    }
    if (s[0] < 0xF0) {
        *offset += 3;
        return (uint32_t)(s[0] & 0x0F) << 12 | (uint32_t)(s[1] & 0x3F) << 6 | (s[2] & 0x3Fu);
    }
    *offset += 4;
    return (uint32_t)(s[0] & 0x07) << 18 | (uint32_t)(s[1] & 0x3F) << 12 | (uint32_t)(s[2] & 0x3F) << 6 |
           (s[3] & 0x3Fu);
}
enum { NUMBER_TEXT_MAX = 40 };                    // room that each of these has enough in
int si_number_from_int(int64_t value, char *out); // length; not terminated
int si_number_from_float(double value, char *out);
int si_number_from_duration(int64_t value, char *out);
int si_number_from_size(int64_t value, char *out);
int32_t si_float_order(double first, double second); // total: nan equals nan and is above all

// ---- lists (list.c) --------------------------------------------------------------------------------------------------------
extern const SiType si_list_of_str, si_list_of_char, si_list_of_byte;
static inline char *list_at(const SiList *list, int64_t index) {
    return list->items + index * (int64_t)list->header.type->element->size;
}
SiList *si_list_own(SiTask *task, SiList *list,
                    int64_t capacity);              // owns list; unique, with room for `capacity` elements
void si_list_free_cell(SiTask *task, SiList *list); // its elements are gone

// ---- maps (map.c): rows of an entry ----------------------------------------------------------------------------------------
bool si_type_is_hashable(const SiType *type);

// ---- unicode.c -------------------------------------------------------------------------------------------------------------
bool si_char_is_white(uint32_t c);

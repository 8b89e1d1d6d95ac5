// runtime/cells.c: memory of counted values, and how they die.
//
// Small cells come from free lists by size, one set per task, cut from chunks that are never returned: a task that ends leaves
// them to the next (task.c). A cell may be freed by another task than the one that made it; it then feeds that task's lists. Check builds (SI_PLAIN_MALLOC, or a sanitizer) use
// malloc for everything, so that every use after the end is seen.
//
// RELEASE    A cell whose count reaches 0 is linked into task->dead, and whoever is releasing already empties that list. So a
//            list of a million links dies in a loop; the only recursion is over the nesting of unboxed types, which is bounded.
#include "runtime/runtime_internal.h"
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) && !defined(SI_PLAIN_MALLOC)
#define SI_PLAIN_MALLOC 1
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(SI_PLAIN_MALLOC)
#define SI_PLAIN_MALLOC 1
#endif
#endif

#ifdef SI_PLAIN_MALLOC
void *si_cell_alloc(SiTask *task, size_t bytes) {
    void *memory = malloc(bytes);
    if (memory == NULL) si_task_out_of_memory(task);
    return memory;
}

void si_cell_free(SiTask *task, void *memory, size_t bytes) {
    (void)task, (void)bytes;
    free(memory);
}

void *si_cell_grow(SiTask *task, void *memory, size_t old_bytes, size_t new_bytes, size_t used_bytes) {
    (void)old_bytes, (void)used_bytes;
    void *grown = realloc(memory, new_bytes);
    if (grown == NULL) si_task_out_of_memory(task);
    return grown;
}
#else
static void *cell_alloc_slow(SiTask *task, size_t bytes) {
    Task *self = task_of(task);
    if (bytes > (CELL_CLASSES - 1) * CELL_STEP) {
        void *memory = malloc(bytes);
        if (memory == NULL) si_task_out_of_memory(task);
        return memory;
    }
    if ((size_t)(self->chunk_end - self->chunk) < bytes) { // what is left is lost: at most 512 bytes of 64 KiB
        char *chunk = malloc(CELL_CHUNK);
        if (chunk == NULL) si_task_out_of_memory(task);
        memcpy(chunk, &self->chunks, sizeof self->chunks); // linked, so that a leak checker sees that they are not lost
        self->chunks = chunk;
        self->chunk = chunk + CELL_STEP;
        self->chunk_end = chunk + CELL_CHUNK;
    }
    void *memory = self->chunk;
    self->chunk += bytes;
    return memory;
}

void *si_cell_alloc(SiTask *task, size_t bytes) {
    bytes = cell_round(bytes);
    size_t class = bytes / CELL_STEP;
    if (SI_UNLIKELY(class >= CELL_CLASSES)) return cell_alloc_slow(task, bytes);
    void **list = &task_of(task)->free_cells[class];
    void *memory = *list;
    if (SI_UNLIKELY(memory == NULL)) return cell_alloc_slow(task, bytes);
    memcpy(list, memory, sizeof *list);
    return memory;
}

void si_cell_free(SiTask *task, void *memory, size_t bytes) {
    size_t class = cell_round(bytes) / CELL_STEP;
    if (SI_UNLIKELY(class >= CELL_CLASSES)) {
        free(memory);
        return;
    }
    void **list = &task_of(task)->free_cells[class];
    memcpy(memory, list, sizeof *list);
    *list = memory;
}

void *si_cell_grow(SiTask *task, void *memory, size_t old_bytes, size_t new_bytes, size_t used_bytes) {
    size_t small_max = (CELL_CLASSES - 1) * CELL_STEP;
    if (cell_round(old_bytes) == cell_round(new_bytes) && new_bytes <= small_max) return memory;
    if (old_bytes > small_max && new_bytes > small_max) {
        void *grown = realloc(memory, new_bytes);
        if (grown == NULL) si_task_out_of_memory(task);
        return grown;
    }
    void *grown = si_cell_alloc(task, new_bytes);
    memcpy(grown, memory, used_bytes);
    si_cell_free(task, memory, old_bytes);
    return grown;
}
#endif

// Written by its own task alone, read by si_live_cells from anywhere: relaxed, so a plain load and store.
static inline void count_live(Task *task, int64_t change) {
    __atomic_store_n(&task->live_cells, task->live_cells + change, __ATOMIC_RELAXED);
}

void *si_cell_new(SiTask *task, const SiType *type, size_t bytes) {
    SiHeader *header = si_cell_alloc(task, bytes);
    header->count = 1;
    header->type = type;
    count_live(task_of(task), 1);
    return header;
}

void si_cell_dead(SiTask *task, void *cell, size_t bytes) {
    count_live(task_of(task), -1);
    si_cell_free(task, cell, bytes);
}

void *si_box_new(SiTask *task, const SiType *box) { return si_cell_new(task, box, box->cell_bytes); }

SiClosure *si_closure_new(SiTask *task, const SiType *closure, SiCode code) {
    SiClosure *cell = si_cell_new(task, closure, closure->cell_bytes);
    cell->code = code;
    return cell;
}

// ---- retain and release ----------------------------------------------------------------------------------------------------
// relaxed: whoever adds a reference already has one, so the cell cannot die meanwhile.
void si_retain_slow(void *cell) { __atomic_fetch_sub(&((SiHeader *)cell)->count, 1, __ATOMIC_RELAXED); }

// Releases the content of a dead cell and frees it. Whatever dies with it joins task->dead.
static void bury(SiTask *task, SiHeader *header) {
    const SiType *type = header->type;
    switch ((SiKind)type->kind) {
    case SI_STR: {
        SiStr *text = (SiStr *)(void *)header;
        Task *self = task_of(task);
        if (self->cursor_text == text) self->cursor_text = NULL;
        si_cell_dead(task, text, sizeof *text + (size_t)text->capacity);
        return;
    }
    case SI_LIST: {
        SiList *list = (SiList *)(void *)header;
        const SiType *element = type->element;
        if (element->counted) {
            for (int64_t i = 0; i < list->length; i++)
                si_value_release(task, list->items + i * (int64_t)element->size, element);
        }
        si_list_free_cell(task, list);
        return;
    }
    case SI_MAP:
    case SI_SET: {
        size_t bytes = si_map_release_content(task, (SiMap *)(void *)header);
        si_cell_dead(task, header, bytes);
        return;
    }
    case SI_CLOSURE:
        for (uint32_t i = 0; type->variant_count > 0 && i < type->variants[0].field_count; i++) {
            const SiField *field = &type->variants[0].fields[i];
            if (field->type->counted) si_value_release(task, (const char *)header + field->offset, field->type);
        }
        si_cell_dead(task, header, type->cell_bytes);
        return;
    case SI_BOX:
        if (type->element->counted) si_value_release(task, (const char *)header + type->content_offset, type->element);
        si_cell_dead(task, header, type->cell_bytes);
        return;
    default:
        return; // no other kind has cells
    }
}

void si_release_slow(SiTask *task, void *cell) {
    SiHeader *header = cell;
    if (SI_COUNT(header) < 0) {
        // release: what this task did with the cell comes before its end; acquire: the last one sees all of that.
        if (__atomic_fetch_add(&header->count, 1, __ATOMIC_ACQ_REL) != -1) return;
    }
    Task *self = task_of(task);
    if (self->is_releasing && header->type->kind == SI_STR) {
        bury(task, header); // has no content: no detour over the list
        return;
    }
    if (self->is_releasing) {
        header->count = (int64_t)(uintptr_t)self->dead;
        self->dead = header;
        return;
    }
    self->is_releasing = true;
    bury(task, header);
    while (self->dead != NULL) {
        SiHeader *next = self->dead;
        self->dead = (SiHeader *)(uintptr_t)next->count;
        bury(task, next);
    }
    self->is_releasing = false;
}

static const SiVariant *variant_of(const void *value, const SiType *type) {
    uint32_t tag;
    memcpy(&tag, value, sizeof tag);
    return &type->variants[tag];
}

void si_value_retain(const void *value, const SiType *type) {
    if (!type->counted) return;
    const SiVariant *variant = type->variants;
    switch ((SiKind)type->kind) {
    case SI_STR:
    case SI_LIST:
    case SI_MAP:
    case SI_SET:
    case SI_CLOSURE:
    case SI_BOX:
        si_retain(*(void *const *)value);
        return;
    case SI_NEWTYPE:
        si_value_retain(value, type->element);
        return;
    case SI_SUM:
        variant = variant_of(value, type);
        break;
    case SI_TUPLE:
    case SI_RECORD:
        break;
    default:
        return;
    }
    for (uint32_t i = 0; i < variant->field_count; i++) {
        const SiField *field = &variant->fields[i];
        if (field->type->counted) si_value_retain((const char *)value + field->offset, field->type);
    }
}

void si_value_release(SiTask *task, const void *value, const SiType *type) {
    if (!type->counted) return;
    const SiVariant *variant = type->variants;
    switch ((SiKind)type->kind) {
    case SI_STR:
    case SI_LIST:
    case SI_MAP:
    case SI_SET:
    case SI_CLOSURE:
    case SI_BOX:
        si_release(task, *(void *const *)value);
        return;
    case SI_NEWTYPE:
        si_value_release(task, value, type->element);
        return;
    case SI_SUM:
        variant = variant_of(value, type);
        break;
    case SI_TUPLE:
    case SI_RECORD:
        break;
    default:
        return;
    }
    for (uint32_t i = 0; i < variant->field_count; i++) {
        const SiField *field = &variant->fields[i];
        if (field->type->counted) si_value_release(task, (const char *)value + field->offset, field->type);
    }
}

// runtime/list_sort.c: stable sorting: runs of 16 by insertion, then bottom-up merging (Knuth, TAOCP 3, section 5.2.4).
//
// THE HARD CASE is a `compare` of the program that panics in the middle. So the elements are sorted as bits in a work area that
// owns nothing, while the list itself stays whole in a frame; only when all is in order is the result copied back.
// One piece of code serves all types: `kind` is a constant wherever sort_bits is called, and the compiler makes a copy for each.
#include "runtime/runtime_internal.h"

enum { RUN_LENGTH = 16 };

typedef struct Order {
    SiTask *task;
    const SiType *type; // of what is compared
    const char *keys;   // NULL: the elements themselves; else elements are indexes (int64_t) into these
} Order;

typedef enum SortKind { SORT_INT, SORT_FLOAT, SORT_STR, SORT_ANY, SORT_KEYS } SortKind;

static inline __attribute__((always_inline)) bool comes_before(const Order *order, SortKind kind, const char *first,
                                                               const char *second) {
    switch (kind) {
    case SORT_INT:
        return *(const int64_t *)(const void *)first < *(const int64_t *)(const void *)second;
    case SORT_FLOAT:
        return si_float_order(*(const double *)(const void *)first, *(const double *)(const void *)second) < 0;
    case SORT_STR:
        return si_str_order(order->task, *(SiStr *const *)(const void *)first, *(SiStr *const *)(const void *)second) <
               0;
    case SORT_KEYS:
        first = order->keys + *(const int64_t *)(const void *)first * (int64_t)order->type->size;
        second = order->keys + *(const int64_t *)(const void *)second * (int64_t)order->type->size;
        break;
    case SORT_ANY:
        break;
    }
    return si_compare(order->task, first, second, order->type) < 0;
}

// Sorts `count` elements at `items`, using as much room at `spare`. Returns where the result is.
static inline __attribute__((always_inline)) char *sort_bits(const Order *order, SortKind kind, char *items,
                                                             char *spare, int64_t count, size_t size) {
    for (int64_t start = 0; start < count; start += RUN_LENGTH) {
        int64_t end = start + RUN_LENGTH < count ? start + RUN_LENGTH : count;
        for (int64_t i = start + 1; i < end; i++) {
            int64_t j = i;
            while (j > start && comes_before(order, kind, items + (size_t)i * size, items + (size_t)(j - 1) * size))
                j--;
            if (j == i) continue;
            memcpy(spare, items + (size_t)i * size, size);
            memmove(items + (size_t)(j + 1) * size, items + (size_t)j * size, (size_t)(i - j) * size);
            memcpy(items + (size_t)j * size, spare, size);
        }
    }
    for (int64_t width = RUN_LENGTH; width < count; width *= 2) {
        char *out = spare;
        for (int64_t start = 0; start < count; start += 2 * width) {
            const char *left = items + (size_t)start * size;
            const char *middle = items + (size_t)(start + width < count ? start + width : count) * size;
            const char *right = middle;
            const char *end = items + (size_t)(start + 2 * width < count ? start + 2 * width : count) * size;
            while (left < middle && right < end) {
                bool take_right =
                    comes_before(order, kind, right, left); // equal: the left one, which is what is stable
                memcpy(out, take_right ? right : left, size);
                if (take_right)
                    right += size;
                else
                    left += size;
                out += size;
            }
            memcpy(out, left, (size_t)(middle - left));
            out += middle - left;
            memcpy(out, right, (size_t)(end - right));
            out += end - right;
        }
        char *swapped = items;
        items = spare;
        spare = swapped;
    }
    return items;
}

// Lets the program's compare panic: these are released then.
typedef struct SortFrame {
    SiFrame frame;
    SiList *list, *work;
} SortFrame;

static const SiSlot sort_slots[2] = {{offsetof(SortFrame, list), &si_list_of_byte},
                                     {offsetof(SortFrame, work), &si_list_of_byte}};
static const SiFrameInfo sort_info = {2, sort_slots};

static void sort_begin(SiTask *task, SortFrame *f, SiList *list, size_t work_bytes) {
    f->list = list;
    f->work = si_list_new(task, &si_list_of_byte, (int64_t)work_bytes);
    SI_FRAME_PUSH(task, *f, &sort_info);
    f->frame.live[0] = 3;
}

static SiList *sort_end(SiTask *task, SortFrame *f) {
    SI_FRAME_POP(task, *f);
    si_release(task, f->work);
    return f->list;
}

SiList *si_list_sort(SiTask *task, SiList *self, const SiType *T) {
    if (self->length < 2) return self;
    self = si_list_own(task, self, 0);
    Order order = {task, T, NULL};
    int64_t count = self->length;
    size_t bytes = (size_t)count * T->size;
    SortFrame f;
    sort_begin(task, &f, self, 2 * bytes);
    char *items = f.work->items, *spare = items + bytes;
    memcpy(items, self->items, bytes);
    const SiType *type = T;
    while (type->kind == SI_NEWTYPE && type->compare == NULL)
        type = type->element;
    order.type = type;
    if (type->compare != NULL)
        items = sort_bits(&order, SORT_ANY, items, spare, count, T->size);
    else if (type->kind == SI_INT || type->kind == SI_DURATION || type->kind == SI_SIZE || type->kind == SI_INSTANT)
        items = sort_bits(&order, SORT_INT, items, spare, count, 8);
    else if (type->kind == SI_FLOAT)
        items = sort_bits(&order, SORT_FLOAT, items, spare, count, 8);
    else if (type->kind == SI_STR)
        items = sort_bits(&order, SORT_STR, items, spare, count, 8);
    else
        items = sort_bits(&order, SORT_ANY, items, spare, count, T->size);
    memcpy(self->items, items, bytes);
    return sort_end(task, &f);
}

SiList *si_list_sort_by_keys(SiTask *task, SiList *list, SiList *keys, const SiType *T, const SiType *K) {
    if (list->length < 2) return list;
    list = si_list_own(task, list, 0);
    int64_t count = list->length;
    size_t index_bytes = (size_t)count * sizeof(int64_t), bytes = (size_t)count * T->size;
    SortFrame f;
    sort_begin(task, &f, list, 2 * index_bytes + bytes);
    char *order_bits = f.work->items;
    for (int64_t i = 0; i < count; i++)
        memcpy(order_bits + (size_t)i * sizeof i, &i, sizeof i);
    Order order = {task, K, keys->items};
    order_bits = sort_bits(&order, SORT_KEYS, order_bits, order_bits + index_bytes, count, sizeof(int64_t));
    char *sorted = f.work->items + 2 * index_bytes;
    for (int64_t i = 0; i < count; i++) {
        int64_t from;
        memcpy(&from, order_bits + (size_t)i * sizeof from, sizeof from);
        memcpy(sorted + (size_t)i * T->size, list_at(list, from), T->size);
    }
    memcpy(list->items, sorted, bytes);
    return sort_end(task, &f);
}

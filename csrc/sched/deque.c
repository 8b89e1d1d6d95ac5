// sched/deque.c: one worker's own tasks. Its owner pushes and takes at the bottom, thieves steal at the top.
//
// SOURCE   Chase & Lev, Dynamic circular work-stealing deque (SPAA 2005); orders after Lê, Pop, Cohen & Zappa Nardelli,
//          Correct and efficient work-stealing for weak memory models (PPoPP 2013).
//               thieves: CAS top upward ──▶ [ t3 ][ t4 ][ t5 ] ◀── bottom: moved by the owner alone
// INVARIANTS
//   D1  Only the owner writes bottom and ring. top only grows, and only by compare-and-swap.
//   D2  A task is handed out exactly once.
//   D3  A ring that was outgrown is freed with the deque, because a slow thief may still be reading it.
//
// THE HARD CASE is the last task: owner and thief can each believe that it is theirs. So each announces before it
// looks: the owner lowers bottom, then reads top; the thief reads top, then bottom. The fence between the two steps
// puts all four accesses in one order, at least one side sees the other, and the CAS on top decides.
// ThreadSanitizer does not model fences: base/atomics.h gives that build seq_cst accesses instead.
//
// BY VALUE. A task is three words, so a thief may read half of an old task and half of a new one from a cell that the
// owner is filling again. That happens only after top has passed the cell, and then the thief's CAS fails and what it
// read is dropped. The words are atomic so that the torn read is defined, and relaxed because the CAS decides.
#include "sched/deque.h"
#include <stdlib.h>

#define RING_CAPACITY_FIRST 256
#define RING_CAPACITY_MAX (INT64_C(1) << 26)

typedef struct Cell {
    _Atomic(TaskFunction) function;
    _Atomic(void *) argument;
    _Atomic(TaskGroup *) group;
} Cell;

struct Ring {
    int64_t capacity; // a power of two
    Ring *outgrown;   // the ring before this one, kept for slow thieves (D3)
    Cell cells[];
};

static Ring *ring_create(int64_t capacity) {
    Ring *ring = malloc(sizeof(Ring) + sizeof(Cell) * (size_t)capacity);
    if (ring == NULL) return NULL;
    ring->capacity = capacity;
    ring->outgrown = NULL;
    return ring;
}

static Task ring_get(Ring *ring, int64_t position) {
    Cell *cell = &ring->cells[position & (ring->capacity - 1)];
    return (Task){load_relaxed(&cell->function), load_relaxed(&cell->argument), load_relaxed(&cell->group)};
}

static void ring_put(Ring *ring, int64_t position, Task task) {
    Cell *cell = &ring->cells[position & (ring->capacity - 1)];
    store_relaxed(&cell->function, task.function);
    store_relaxed(&cell->argument, task.argument);
    store_relaxed(&cell->group, task.group);
}

Status deque_init(Deque *deque) {
    Ring *ring = ring_create(RING_CAPACITY_FIRST);
    store_relaxed(&deque->top, 0); // relaxed: not shared yet
    store_relaxed(&deque->bottom, 0);
    store_relaxed(&deque->ring, ring);
    return ring == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

void deque_destroy(Deque *deque) {
    for (Ring *ring = load_relaxed(&deque->ring); ring != NULL;) { // relaxed: nobody else is left
        Ring *outgrown = ring->outgrown;
        free(ring);
        ring = outgrown;
    }
    store_relaxed(&deque->ring, NULL);
}

// Twice the room, same positions. Tasks that thieves take meanwhile are copied for nothing: top has passed them.
static Ring *deque_grow(Deque *deque, Ring *ring, int64_t top, int64_t bottom) {
    if (ring->capacity >= RING_CAPACITY_MAX) return NULL;
    Ring *grown = ring_create(ring->capacity * 2);
    if (grown == NULL) return NULL;
    for (int64_t position = top; position < bottom; position++)
        ring_put(grown, position, ring_get(ring, position));
    grown->outgrown = ring;
    store_release(&deque->ring, grown); // with the acquire of ring in deque_steal: whoever sees the ring sees its cells
    return grown;
}

bool deque_push(Deque *deque, Task task) {
    int64_t bottom = load_relaxed(&deque->bottom); // relaxed: only this thread writes it (D1)
    int64_t top = load_acquire(&deque->top);       // with the CAS of a thief: it has read the cell that we fill again
    Ring *ring = load_relaxed(&deque->ring);       // relaxed: as bottom
    if (bottom - top >= ring->capacity) {
        ring = deque_grow(deque, ring, top, bottom);
        if (ring == NULL) return false;
    }
    ring_put(ring, bottom, task);
    // With the acquire of bottom in deque_steal: whoever sees this bottom sees the task, what it points to, and the ring.
    store_release(&deque->bottom, bottom + 1);
    return true;
}

bool deque_take(Deque *deque, Task *out) {
    int64_t bottom = load_relaxed(&deque->bottom) - 1; // relaxed: only this thread writes it (D1)
    // top only grows, so an old value that already says "empty" is right, and an idle worker needs no fence.
    if (load_relaxed(&deque->top) > bottom) return false;
    Ring *ring = load_relaxed(&deque->ring);
    store_fenced(&deque->bottom, bottom); // announce …
    fence_seq_cst();                      // … before looking; pairs with the fence in deque_steal
    int64_t top = load_fenced(&deque->top);
    if (top > bottom) {                            // was empty: withdraw the announcement
        store_relaxed(&deque->bottom, bottom + 1); // relaxed: publishes no task, all below it were published before
        return false;
    }
    *out = ring_get(ring, bottom);
    if (top < bottom) return true;
    // The last one: whoever moves top has it (D2). seq_cst: one order with the thieves' CAS and both fences.
    bool is_ours = cas_seq_cst(&deque->top, &top, top + 1);
    store_relaxed(&deque->bottom, bottom + 1); // relaxed: as above
    return is_ours;
}

bool deque_steal(Deque *deque, Task *out) {
    for (;;) {                                   // again only when somebody else took a task at the same moment
        int64_t top = load_acquire(&deque->top); // with the CAS of other thieves: not older than what they left
        fence_seq_cst();                         // top before bottom; pairs with the fence in deque_take
#if UNDER_THREAD_SANITIZER
        int64_t bottom = load_seq_cst(&deque->bottom);
#else
        int64_t bottom = load_acquire(&deque->bottom); // with the release in deque_push
#endif
        if (top >= bottom) return false;
        Ring *ring = load_acquire(&deque->ring); // with the release in deque_grow
        *out = ring_get(ring, top);
        if (cas_seq_cst(&deque->top, &top, top + 1)) return true; // seq_cst: as in deque_take
    }
}

int64_t deque_size(const Deque *deque) {
    // top first: bottom read later can only make the deque look fuller than it was. In parking this comes after a fence.
    int64_t top = load_fenced(&deque->top);
    int64_t bottom = load_fenced(&deque->bottom);
    return bottom > top ? bottom - top : 0;
}

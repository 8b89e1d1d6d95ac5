// sched/deque.c: one worker's own tasks. Its owner pushes and takes at the head, thieves steal at the top.
//
// THE PROBLEM. Nearly every task is taken back by the worker that pushed it, microseconds later. A deque whose every task
// may be stolen at any moment (Chase & Lev, SPAA 2005) makes the owner announce each take with a full fence, which costs
// more than everything else together. So only a part of the deque is public:
//
//     thieves: top upward ──▶ [ t3 ][ t4 ] public │ private [ t5 ][ t6 ] ◀── head: moved by the owner alone
//                                               split = top + open
//
// In the private part the owner works as on an array. It moves the split up (deque_open) when a thief has asked for it or
// when much is private, and down (take_public) when the private part is empty, several tasks at a time, so that the atomic
// operations of the border are shared by many tasks.
//
// SOURCE     Split deques: Dinan et al., Scalable work stealing (SC 2009); opening on demand: Acar, Charguéraud & Rainey,
//            Scheduling parallel programs by work stealing with private deques (PPoPP 2013), and van Dijk & van de Pol,
//            Lace: non-blocking split deque for work-stealing (2014), which packs top and split into one word as we do.
//            In Lace top goes down again when a stolen task is joined, and a stolen cell stays taken until then; here tasks
//            may also belong to groups, which end in any order, so that top only grows and cells are used in a ring.
// INVARIANTS
//   D1  Only the owner writes head, split, ring and cells. Positions only grow; a task's cell is its position modulo the
//       capacity. A position is in one of four states, and goes through them in this order, but for ◀──▶:
//       free ──▶ private ◀──▶ public ──▶ taken.
//   D2  top and open stand in one word, `window`, that is changed by atomic read-modify-writes only. Whoever changes it has
//       seen all of it: a task is handed out exactly once.
//   D3  The oldest public task never becomes private: when it is the last, the owner takes it as a thief would, by raising
//       top. So while top stays the same and open is not 0, the oldest public cell is not written again.
//   D4  Private cells of positions below room do not overwrite: room is a top that the owner has seen, plus the capacity.
//   D5  A ring that was outgrown is freed with the deque, because a slow thief may still be reading it.
//
// THE HARD CASE is a thief that sleeps between reading the cell and taking it. Its compare-and-swap of the window must
// fail if the cell may hold another task by then, though top and open may have been through many values and be back at
// the old ones. D3 says why they cannot: after the thief has read top, the cell changes only once top has grown, and
// top never returns. (It has 40 bits: more than three hours of nothing but stealing while that thief sleeps.) This is
// why a thief takes one task at a time: the second oldest can become private, be taken, and be replaced.
//
// WEAK MEMORY. No fence is needed, because all decisions are made on one word, whose changes have one order everywhere.
//   * Publishing: deque_open releases the cells, and the ring, to the thief's acquiring load. All other writes of the window
//     are read-modify-writes too, so that a thief that sees theirs still synchronizes with every opening before it.
//   * Reuse: the thief's compare-and-swap releases its reads of the cell to the owner's acquiring load in deque_look,
//     after which the owner writes into that cell again.
//
// BY VALUE. A task is three words, so a thief may read half of an old task and half of a new one from a cell that the
// owner is filling again. That happens only after top has passed the cell, and then the thief's CAS fails and what it
// read is dropped. The words are atomic so that the torn read is defined, and relaxed because the CAS decides.
// MODEL      tests/models/deque.pml
#include "sched/deque.h"
#include <stdlib.h>

#define RING_CAPACITY_FIRST 256
#define RING_CAPACITY_MAX (INT64_C(1) << 23)
#define TAKE_BACK_MAX 16 // half of DEQUE_PRIVATE_MAX: after it there is room for as many pushes as for takes

#define OPEN_BITS DEQUE_OPEN_BITS
#define OPEN_MASK DEQUE_OPEN_MASK
#define TOP_ONE (UINT64_C(1) << OPEN_BITS)
_Static_assert(RING_CAPACITY_MAX <= (int64_t)OPEN_MASK, "all tasks may be public");

struct DequeRing {
    int64_t capacity;    // a power of two
    DequeRing *outgrown; // the ring before this one, kept for slow thieves (D5)
    DequeCell cells[];
};

static DequeRing *ring_create(int64_t capacity) {
    DequeRing *ring = malloc(sizeof(DequeRing) + sizeof(DequeCell) * (size_t)capacity);
    if (ring == NULL) return NULL;
    ring->capacity = capacity;
    ring->outgrown = NULL;
    return ring;
}

static Task cell_get(DequeCell *cells, int64_t mask, int64_t position) {
    DequeCell *cell = &cells[position & mask];
    return (Task){load_relaxed(&cell->function), load_relaxed(&cell->argument), load_relaxed(&cell->group),
                  TASK_NOT_STOLEN};
}

static void use_ring(Deque *deque, DequeRing *ring) {
    deque->cells = ring->cells;
    deque->mask = ring->capacity - 1;
    store_release(&deque->ring, ring); // with the acquire in deque_steal: whoever sees the ring sees its cells
}

static void set_limit(Deque *deque) {
    int64_t most_private = deque->split + DEQUE_PRIVATE_MAX;
    deque->limit = most_private < deque->room ? most_private : deque->room;
}

Status deque_init(Deque *deque) {
    DequeRing *ring = ring_create(RING_CAPACITY_FIRST);
    *deque = (Deque){0};
    store_relaxed(&deque->ring, ring); // relaxed: not shared yet
    if (ring == NULL) return STATUS_NO_MEMORY;
    use_ring(deque, ring);
    deque->room = ring->capacity;
    set_limit(deque);
    return STATUS_OK;
}

void deque_destroy(Deque *deque) {
    for (DequeRing *ring = load_relaxed(&deque->ring); ring != NULL;) { // relaxed: nobody else is left
        DequeRing *outgrown = ring->outgrown;
        free(ring);
        ring = outgrown;
    }
    store_relaxed(&deque->ring, NULL);
}

// Twice the room, same positions. Tasks that thieves take meanwhile are copied for nothing: top has passed them.
static bool deque_grow(Deque *deque, int64_t top) {
    DequeRing *ring = load_relaxed(&deque->ring); // relaxed: only this thread writes it (D1)
    if (ring->capacity >= RING_CAPACITY_MAX) return false;
    DequeRing *grown = ring_create(ring->capacity * 2);
    if (grown == NULL) return false;
    for (int64_t position = top; position < deque->head; position++) {
        Task task = cell_get(ring->cells, ring->capacity - 1, position);
        deque_put(grown->cells, grown->capacity - 1, position, task.function, task.argument, task.group);
    }
    grown->outgrown = ring;
    use_ring(deque, grown);
    return true;
}

// Finds out how much room there is (D4), and makes some if there is none.
static bool deque_look(Deque *deque) {
    uint64_t window = load_acquire(&deque->window); // with the CAS of a thief: it has read the cell that we fill again
    int64_t top = deque->split - (int64_t)(window & OPEN_MASK);
    if (deque->head - top > deque->mask && !deque_grow(deque, top)) return false;
    deque->room = top + deque->mask + 1;
    set_limit(deque);
    return true;
}

bool deque_push(Deque *deque, Task task) {
    if (deque->head >= deque->room && !deque_look(deque)) return false;
    deque_put(deque->cells, deque->mask, deque->head, task.function, task.argument, task.group);
    deque->head++;
    return true;
}

void deque_open(Deque *deque, int64_t count) {
    if (count > deque_private_count(deque)) count = deque_private_count(deque);
    if (count <= 0) return;
    deque->split += count;
    // Release: the cells and what the tasks point to, with the acquire in deque_steal.
    (void)fetch_add_release(&deque->window, (uint64_t)count); // the old window is of no use: open only grew
    set_limit(deque);
}

// The private part is empty. False: so is the public one.
static bool take_public(Deque *deque, int64_t *position) {
    uint64_t window = load_relaxed(&deque->window); // relaxed: the CAS checks it
    for (;;) {                                      // again only when a thief has taken a task at the same moment
        int64_t open = (int64_t)(window & OPEN_MASK);
        if (open == 0) return false;
        if (open == 1) { // taken as a thief takes it (D3): the position is used up, so head stays
            *position = deque->head - 1;
            if (cas_relaxed(&deque->window, &window, window + TOP_ONE - 1)) return true; // relaxed: we wrote the cell
            continue;
        }
        int64_t count = open / 2 < TAKE_BACK_MAX ? open / 2 : TAKE_BACK_MAX;
        if (!cas_relaxed(&deque->window, &window, window - (uint64_t)count)) continue; // relaxed: as above
        deque->split -= count;
        set_limit(deque);
        *position = --deque->head;
        return true;
    }
}

bool deque_take(Deque *deque, Task *out) {
    int64_t position;
    if (deque->head > deque->split) {
        position = --deque->head;
    } else if (!take_public(deque, &position)) {
        return false;
    }
    *out = cell_get(deque->cells, deque->mask, position);
    if (UNLIKELY(position < deque->loot_limit)) { // nothing above it is left, so loot ends below it
        if (position >= deque->loot_first) out->stolen_from = deque->loot_from;
        deque->loot_limit = position;
    }
    return true;
}

void deque_note_loot(Deque *deque, int64_t count, int32_t from) {
    deque->loot_first = deque->head - count;
    deque->loot_limit = deque->head;
    deque->loot_from = from;
}

bool deque_steal(Deque *deque, Task *out) {
    uint64_t window = load_acquire(&deque->window); // with deque_open
    for (;;) {                                      // again only when somebody else took a task at the same moment
        if ((window & OPEN_MASK) == 0) return false;
        DequeRing *ring = load_acquire(&deque->ring); // with the release in use_ring
        *out = cell_get(ring->cells, ring->capacity - 1, (int64_t)(window >> OPEN_BITS));
        // Release: our reads of the cell, with the acquire in deque_look. Acquire on failure: the next round's cell.
        if (cas_acq_rel(&deque->window, &window, window + TOP_ONE - 1)) return true;
    }
}

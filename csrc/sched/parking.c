// sched/parking.c: sleeping without losing a wake-up, and waking without a stampede.
//
// THE PROBLEM. A worker looks everywhere, finds nothing, and goes to sleep. A task that is published between the look and
// the sleep must not wait for ever; and a thousand tasks published in a row must not cost a thousand system calls.
//
// NOT LOSING. Both sides announce before they look, as in the deque. The publisher puts the task into a queue, then looks
// for searchers and sleepers; the worker sets its bit and leaves the searchers, then looks into the queues. The fences
// put the four steps in one order, so at least one side sees the other:
//
//     publisher: queue ← task; FENCE; searching? asleep?          worker: asleep ← bit; searching − 1; FENCE; queues?
//
// NOT STAMPEDING. While somebody searches, the publisher wakes nobody (the idea is the Go scheduler's, proc.go): the searcher
// will find the task, or will look again after it has left the searchers, as above. In exchange the last searcher, when it
// finds a task, looks once more and wakes a successor if there is more (pool.c, worker_found). So wake-ups spread as a
// chain, each paid by a worker that would have been idle.
//
// PRIVATE TASKS (deque.c) are not in a queue that a searcher sees. The flag `wanted` of their deque stands for those who would
// take some: set by a searcher that found nothing there, and by a worker that goes to sleep, after its announcement, so that the
// owner, who clears the flag, makes tasks public and notifies, in this order, sees the sleeper. One request is worth one share;
// the worker that gets it, when it was the last searcher and others sleep, asks again for them (pool.c, worker_end_search).
//
// A worker can be woken by name as well (a group that it waits for has ended). Bits make both work together: whoever
// clears the bit has the right, and the duty, to wake that worker (K1).
//
// MODEL      tests/models/parking.pml
#include "sched/parking.h"
#include <stdlib.h>

Status parking_init(Parking *parking, uint32_t worker_count) {
    store_relaxed(&parking->searching, 0u); // relaxed: not shared yet
    for (uint32_t word = 0; word < PARKING_WORDS; word++)
        store_relaxed(&parking->asleep[word], UINT64_C(0));
    parking->word_count = (worker_count + 63) / 64;
    parking->worker_count = worker_count;
    parking->berths = aligned_alloc(CACHE_LINE_BYTES, sizeof(Berth) * worker_count);
    if (parking->berths == NULL) return STATUS_NO_MEMORY;
    for (uint32_t worker = 0; worker < worker_count; worker++)
        store_relaxed(&parking->berths[worker].is_woken, 0u);
    return STATUS_OK;
}

void parking_destroy(Parking *parking) {
    free(parking->berths);
    parking->berths = NULL;
}

void parking_start_search(Parking *parking) {
    // Relaxed: seen late, it costs a needless wake-up; K3 rests on leaving only.
    (void)fetch_add_relaxed(&parking->searching, 1u);
}

bool parking_stop_search(Parking *parking) {
    uint32_t before = fetch_sub_seq_cst(&parking->searching, 1u); // pairs with the load in parking_notify
    assert(before > 0);
    if (before != 1) return false;
    fence_seq_cst(); // the caller looks into the queues now; pairs with the fence in parking_notify
    return true;
}

static uint64_t bit_of(uint32_t worker) { return UINT64_C(1) << (worker & 63); }

// Only one caller gets true (K1). acq_rel: the waker sees the sleeper's announcement, the sleeper whoever was before.
static bool clear_bit(Parking *parking, uint32_t worker) {
    return (fetch_and_acq_rel(&parking->asleep[worker / 64], ~bit_of(worker)) & bit_of(worker)) != 0;
}

void parking_announce(Parking *parking, uint32_t worker) {
    (void)fetch_or_seq_cst(&parking->asleep[worker / 64], bit_of(worker)); // before leaving the searchers: see below
    // Whoever reads the smaller count in parking_notify sees the bit that was set before it.
    uint32_t before = fetch_sub_seq_cst(&parking->searching, 1u);
    assert(before > 0);
    (void)before;    // unused without assertions
    fence_seq_cst(); // announced, now look; pairs with the fence in parking_notify
}

void parking_sleep(Parking *parking, uint32_t worker) {
    _Atomic uint32_t *is_woken = &parking->berths[worker].is_woken;
    while (load_acquire(is_woken) == 0)
        futex_wait(is_woken, 0, -1); // with the release in parking_wake
    store_relaxed(is_woken, 0u);     // relaxed: the next waker comes after our next announcement, which orders it
}

void parking_withdraw(Parking *parking, uint32_t worker) {
    if (clear_bit(parking, worker))
        parking_start_search(parking);
    else
        parking_sleep(parking, worker); // somebody is about to wake us, and has counted us already (K1, K2)
}

bool parking_wake(Parking *parking, uint32_t worker) {
    if (!clear_bit(parking, worker)) return false;
    parking_start_search(parking); // on behalf of the woken one (K2)
    _Atomic uint32_t *is_woken = &parking->berths[worker].is_woken;
    store_release(is_woken, 1u); // with the acquire in parking_sleep
    futex_wake(is_woken, 1);
    return true;
}

void parking_notify(Parking *parking) {
    fence_seq_cst(); // published, now look; pairs with the fences of parking_announce and parking_stop_search
    if (load_seq_cst(&parking->searching) != 0) return;
    for (uint32_t word = 0; word < parking->word_count; word++) {
        for (;;) {
            uint64_t asleep = load_fenced(&parking->asleep[word]);
            if (asleep == 0) break;
            if (parking_wake(parking, word * 64 + (uint32_t)__builtin_ctzll(asleep))) return;
        }
    }
}

bool parking_has_sleepers(const Parking *parking) {
    for (uint32_t word = 0; word < parking->word_count; word++)
        if (load_fenced(&parking->asleep[word]) != 0) return true;
    return false;
}

void parking_wake_all(Parking *parking) {
    fence_seq_cst(); // as in parking_notify
    // Whoever is awake looks by itself.
    for (uint32_t worker = 0; worker < parking->worker_count; worker++)
        (void)parking_wake(parking, worker);
}

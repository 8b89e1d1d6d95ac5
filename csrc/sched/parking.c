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
// MANY AT ONCE. A parallel-for wants a helper for each CPU, and knows how many. A chain, of which each link costs the time in
// which a CPU comes out of its sleep, would bring the last of 16 a quarter of a millisecond late. So the publisher clears as
// many bits as it wants workers, counts them all as searchers, and lays them out as a tree with itself at the root: each
// member has up to WAKE_FAN others to wake, which it does before it looks at anything else. Depth: the logarithm.
//
// WHERE THEY WAKE. The system wakes a thread near the CPU where it fell asleep, or near the waker, and when no CPU is idle at
// that moment (the publisher is about to sleep, but still runs) it may let two workers share a CPU for milliseconds while
// the publisher's has nothing to do. Where several are woken at once the publisher therefore says where, for those of them that
// have no CPU of their own among them: for the moment of the wake only, so that they can be moved like any thread.
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
        parking->berths[worker] = (Berth){.home = -1, .cpu = -1, .wake_cpu = -1}; // not shared yet
    return STATUS_OK;
}

void parking_destroy(Parking *parking) {
    free(parking->berths);
    parking->berths = NULL;
}

void parking_set_home(Parking *parking, uint32_t worker, int cpu) {
    parking->berths[worker].thread = thread_id();
    parking->berths[worker].home = cpu;
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
    parking->berths[worker].cpu = thread_cpu();
    (void)fetch_or_seq_cst(&parking->asleep[worker / 64], bit_of(worker)); // before leaving the searchers: see below
    // Whoever reads the smaller count in parking_notify sees the bit that was set before it.
    uint32_t before = fetch_sub_seq_cst(&parking->searching, 1u);
    assert(before > 0);
    (void)before;    // unused without assertions
    fence_seq_cst(); // announced, now look; pairs with the fence in parking_notify
}

static void wake_claimed(Parking *parking, uint32_t worker) {
    Berth *berth = &parking->berths[worker];
    int cpu = berth->wake_cpu;
    int thread = berth->thread;
    berth->wake_cpu = -1;
    store_release(&berth->is_woken, 1u); // with the acquire in parking_sleep; from here on the berth is the sleeper's
    if (cpu < 0 || thread == 0)
        futex_wake(&berth->is_woken, 1);
    else
        futex_wake_on(&berth->is_woken, thread, cpu);
}

// Those that were left to us sleep until we do this, whatever happens: nobody else has the right to wake them (K1).
static void pay_debts(Parking *parking, Berth *berth) {
    uint32_t count = berth->debt_count;
    berth->debt_count = 0;
    for (uint32_t i = 0; i < count; i++)
        wake_claimed(parking, berth->debts[i]);
}

void parking_sleep(Parking *parking, uint32_t worker) {
    _Atomic uint32_t *is_woken = &parking->berths[worker].is_woken;
    while (load_acquire(is_woken) == 0)
        futex_wait(is_woken, 0, -1); // with the release in parking_wake
    store_relaxed(is_woken, 0u);     // relaxed: the next waker comes after our next announcement, which orders it
    pay_debts(parking, &parking->berths[worker]);
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
    wake_claimed(parking, worker);
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

// Clears up to `wanted` bits of a word; the workers are the caller's to wake (K1).
static uint32_t claim(Parking *parking, uint32_t word, uint32_t wanted, uint16_t *out) {
    uint32_t count = 0;
    while (count < wanted) {
        uint64_t asleep = load_fenced(&parking->asleep[word]);
        if (asleep == 0) break;
        uint64_t chosen = 0;
        for (uint32_t left = wanted - count; left > 0 && asleep != 0; left--) {
            chosen |= asleep & (~asleep + 1); // the lowest bit
            asleep &= asleep - 1;
        }
        chosen &= fetch_and_acq_rel(&parking->asleep[word], ~chosen); // as clear_bit
        for (; chosen != 0; chosen &= chosen - 1)
            out[count++] = (uint16_t)(word * 64 + (uint32_t)__builtin_ctzll(chosen));
    }
    return count;
}

#define PLACED_CPUS 1024 // workers on CPUs of higher numbers are left to the system

static bool take_cpu(uint64_t *taken, int cpu) {
    if (cpu < 0 || cpu >= PLACED_CPUS) return false;
    uint64_t bit = UINT64_C(1) << (cpu & 63);
    bool is_free = (taken[cpu / 64] & bit) == 0;
    taken[cpu / 64] |= bit;
    return is_free;
}

// Each keeps the CPU where it fell asleep if it is the first there; the others get the homes that are left.
static void place(Parking *parking, const uint16_t *claimed, uint32_t count, bool is_leaving) {
    uint64_t taken[PLACED_CPUS / 64] = {0};
    bool is_homeless[PARKING_WORDS * 64];
    int own = thread_cpu();
    if (!is_leaving) (void)take_cpu(taken, own);
    for (uint32_t i = 0; i < count; i++) {
        Berth *berth = &parking->berths[claimed[i]];
        is_homeless[i] = !take_cpu(taken, berth->cpu);
        // It would not find its CPU idle now, but soon.
        if (!is_homeless[i] && berth->cpu == own) berth->wake_cpu = own;
    }
    uint32_t next = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!is_homeless[i]) continue;
        while (next < count && !take_cpu(taken, parking->berths[claimed[next]].home))
            next++;
        if (next == count) return; // more workers than CPUs
        parking->berths[claimed[i]].wake_cpu = parking->berths[claimed[next]].home;
    }
}

void parking_notify_many(Parking *parking, uint32_t wanted, bool is_leaving) {
    fence_seq_cst();                                        // as in parking_notify
    uint32_t searching = load_seq_cst(&parking->searching); // they will find some of it, or look again
    if (searching >= wanted) return;
    wanted -= searching;
    uint16_t claimed[PARKING_WORDS * 64];
    uint32_t count = 0;
    for (uint32_t word = 0; word < parking->word_count && count < wanted; word++)
        count += claim(parking, word, wanted - count, claimed + count);
    if (count == 0) return;
    (void)fetch_add_relaxed(&parking->searching,
                            count); // on behalf of all of them (K2); relaxed: as parking_start_search
    if (count > 1) place(parking, claimed, count, is_leaving);
    // The publisher's are 0 … WAKE_FAN - 1, those of member i begin at WAKE_FAN · (i + 1). All is written before the first of
    // them is woken, so that each reads its own debts after whoever woke it.
    for (uint32_t i = 0; i < count; i++) {
        Berth *berth = &parking->berths[claimed[i]];
        for (uint32_t next = WAKE_FAN * (i + 1); next < count && berth->debt_count < WAKE_FAN; next++)
            berth->debts[berth->debt_count++] = claimed[next];
    }
    for (uint32_t i = 0; i < count && i < WAKE_FAN; i++)
        wake_claimed(parking, claimed[i]);
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

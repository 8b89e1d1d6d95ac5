// sched/once_wait.c: waiting for a result that another worker computes, without a deadlock and without idle cores.
//
// THE PROBLEM. A worker that waits could run other tasks meanwhile; but such a task sits on the waiter's stack, so that
// what lies below it cannot go on before it has ended. If the task needs, perhaps through others, a result from below, the
// program hangs although no result needs itself. Which task is found depends on the schedule, so it hangs rarely.
//
// THE RULE. A worker that waits inside a computation, or for one, runs only tasks that were spawned by the computation it
// waits for, or by one that was begun inside that; else it sleeps, and a replacement (spare.c) runs everything else.
//
// WHY NOTHING HANGS. Take computations as nodes, and say that C needs D when a task of C waits for D's result, or D was
// begun inside C. Computations end what they spawn, so that C cannot end before the D that it needs.
//   1. These edges never close a circle: the edge that would is refused (once_wait), and reported.
//   2. By the rule, what lies above a frame of C on a stack belongs to C, or to a computation that C needs. So whatever a
//      stack makes C wait for is an edge that is there already: stacks add no circle. Frames of no computation lie below
//      all others, and no computation waits for them.
//   3. So among the computations that have not ended one needs no other. Its frames wait at most for tasks of its own:
//      either these run, or they lie in a deque, from where a running worker takes them. Replacements see to it that there is one; where
//      no more can be started, whoever waits for these tasks looks for them (help_anywhere). Within one computation every wait is for something that began later.
//
// THE SEARCH for a circle goes backwards from the waiter, from each computation to its parent and to those who wait for its
// result, until it meets the wanted one. It runs under one lock of the pool, which is taken only by those who wait, by
// those who were waited for, and after failures. Waits are rare, and the search sees only what is blocked.
//
// SOURCES    Detecting circles when an edge is added to the wait-for graph is as old as databases (e.g. Knapp, Deadlock
//            detection in distributed databases, ACM Computing Surveys 19, 1987). Running only descendants while one waits
//            is leapfrogging (Wagner and Calder, PPoPP 1993). Salsa (the query system of rust-analyzer) keeps such a graph
//            between threads; rayon's scope shows what happens without the rule.
#include "sched/once_internal.h"
#include <stdlib.h>

#define WAIT_SPINS 256           // before a waiter sleeps; a few microseconds
#define ALONE_NS (1 * NS_PER_MS) // between two looks of a waiter while the pool is short of workers

// ---- the graph, under waits_lock

// Whether `goal` needs `from`, or is it. Leaves the way in search_next, from the goal to `from`.
static bool needs_locked(Pool *pool, OnceEntry *goal, OnceEntry *from) {
    if (from == NULL) return false;
    uint64_t epoch = ++pool->search_epoch;
    OnceEntry *last = from;
    from->search_epoch = epoch;
    from->search_next = from->search_queue = NULL;
    for (OnceEntry *entry = from; entry != NULL; entry = entry->search_queue) {
        if (entry == goal) return true;
        OnceEntry *parent = entry->parent;
        for (const OnceWait *wait = entry->waits;;) {
            if (parent != NULL && parent->search_epoch != epoch) {
                parent->search_epoch = epoch;
                parent->search_next = entry;
                parent->search_queue = NULL;
                last = last->search_queue = parent;
            }
            if (wait == NULL) break;
            parent = wait->scope;
            wait = wait->next;
        }
    }
    return false;
}

static int step_compare(const OnceStep *first, const OnceStep *second) { return text_compare(first->key, second->key); }

static int cycle_compare(const OnceCycle *first, const OnceCycle *second) {
    if (first->count != second->count) return first->count < second->count ? -1 : 1;
    for (uint32_t i = 0; i < first->count; i++) {
        int order = step_compare(&first->steps[i], &second->steps[i]);
        if (order != 0) return order;
    }
    return 0;
}

static void hear_locked(OnceEntry *entry, const OnceReport *report) {
    if (report == NULL) return;
    if (entry->report == NULL || cycle_compare(&report->cycle, &entry->report->cycle) < 0) entry->report = report;
}

// The way that needs_locked has left from `first` on is a circle. Its smallest key comes first in the report.
static Status report_locked(OnceEntry *first) {
    uint32_t count = 0;
    OnceEntry *smallest = first;
    for (OnceEntry *entry = first; entry != NULL; entry = entry->search_next) {
        if (text_compare(once_key(entry), once_key(smallest)) < 0) smallest = entry;
        count++;
    }
    OnceReport *report = malloc(sizeof *report + sizeof report->steps[0] * count);
    if (report == NULL) return STATUS_NO_MEMORY;
    OnceEntry *entry = smallest;
    for (uint32_t i = 0; i < count; i++) {
        report->steps[i] = (OnceStep){entry->map, once_key(entry)};
        entry = entry->search_next == NULL ? first : entry->search_next;
    }
    report->cycle = (OnceCycle){report->steps, count};
    report->next = first->map->reports;
    first->map->reports = report;
    first->map->cycles++;
    for (entry = first; entry != NULL; entry = entry->search_next) {
        // One circle that it is on outweighs all that it has heard of.
        if (!entry->is_on_cycle) entry->report = NULL;
        entry->is_on_cycle = true;
        hear_locked(entry, report);
    }
    return STATUS_CYCLE;
}

void once_hear_of_cycle(Worker *worker, OnceEntry *entry) {
    OnceEntry *scope = worker->deque.scope;
    if (scope == NULL) return;
    mutex_lock(&worker->pool->waits_lock);
    if (!scope->is_on_cycle) hear_locked(scope, entry->report);
    mutex_unlock(&worker->pool->waits_lock);
}

// ---- beginning and ending

bool once_claim(OnceEntry *entry, Worker *worker) {
    mutex_lock(&worker->pool->waits_lock);
    bool is_open = load_relaxed(&entry->state) == ONCE_OPEN; // relaxed: it leaves OPEN under our lock only
    if (is_open) {
        entry->parent = worker->deque.scope;
        entry->worker = worker->index;
        entry->map->recomputed++;
        store_release(&entry->state, (uint32_t)ONCE_COMPUTING); // with the acquire in get_slow
    }
    mutex_unlock(&worker->pool->waits_lock);
    return is_open;
}

// Tells the waiters. Each is gone, with its OnceWait, as soon as it sees is_done.
static void tell_locked(OnceEntry *entry, Status status, void *value) {
    OnceWait *wait = entry->waits;
    entry->waits = NULL;
    while (wait != NULL) {
        OnceWait *next = wait->next;
        _Atomic uint32_t *is_done = &wait->is_done;
        wait->status = status;
        wait->value = value;
        store_release(is_done, 1u); // with the acquire in wait_is_done
        futex_wake(is_done, 1);
        wait = next;
    }
}

void once_end(OnceEntry *entry, Status status, void *value) {
    Pool *pool = entry->map->pool;
    if (status == STATUS_OK || status == STATUS_CYCLE) {
        entry->status = status;
        entry->value = value;
        // Release: the result, with the acquire in once_get. Acquire: none is needed, the list is read under the lock.
        // Nobody joins the list of an entry that is DONE.
        if (exchange_acq_rel(&entry->state, (uint32_t)ONCE_DONE) != ONCE_AWAITED) return;
        mutex_lock(&pool->waits_lock);
        tell_locked(entry, status, value);
    } else {
        // In one step for those who wait and those who might begin again: the list must hold only ours.
        mutex_lock(&pool->waits_lock);
        entry->map->failed++;
        entry->report = NULL;
        store_release(&entry->state, (uint32_t)ONCE_OPEN); // with the acquire in get_slow
        tell_locked(entry, status, NULL);
    }
    mutex_unlock(&pool->waits_lock);
}

// ---- waiting

// Whether a task with this scope was spawned by `wanted`, or by a computation that was begun inside it.
static bool is_within(const OnceEntry *scope, const OnceEntry *wanted) {
    while (scope != NULL && scope != wanted)
        scope = scope->parent;
    return scope != NULL;
}

static void put_back(Worker *worker, Task task) {
    if (deque_push(&worker->deque, task))
        worker_open_all(worker);
    else
        task_run(worker, task); // no memory for a pointer: better a small risk than a task that is lost
}

static bool wait_is_done(const OnceWait *wait) {
    return load_acquire(&wait->is_done) != 0; // with the release in tell_locked: status and value
}

bool once_may_run(Worker *worker, Task task) {
    bool is_ours = is_within(task_scope(&task), worker->deque.scope);
    if (!is_ours) put_back(worker, task);
    return is_ours;
}

// Runs one of the tasks of `wanted` from the deque where they are most likely, that of the worker that computes it.
static bool help(Worker *worker, uint32_t victim, const OnceEntry *wanted, const OnceWait *wait) {
    Task task;
    if (victim == worker->index) return false;
    Deque *deque = &pool_worker(worker->pool, victim)->deque;
    if (!deque_steal(deque, &task)) {
        deque_ask(deque); // for the replacement
        return false;
    }
    task.stolen_from = (int32_t)victim;
    // The second look is for a computation that failed and was begun anew: then the task is one of the new one's, for
    // which we do not wait, and whoever began it has seen us told.
    bool is_theirs = is_within(task_scope(&task), wanted) && !wait_is_done(wait);
    if (is_theirs)
        task_run(worker, task);
    else
        put_back(worker, task); // from our deque the replacement will take it
    return is_theirs;
}

// For a waiter in a pool that is short of workers: looks through all deques for a task that `wanted` needs. What it does not want ends
// up in its own deque, in another order. `wait` is NULL for a computation that waits for its own group.
static bool help_anywhere(Worker *worker, OnceEntry *wanted, const OnceWait *wait) {
    Pool *pool = worker->pool;
    Task task;
    if (worker_take_global(worker, &task)) put_back(worker, task);
    uint32_t count = pool_worker_count(pool);
    for (uint32_t i = 0; i < count; i++) {
        Worker *victim = pool_worker(pool, i);
        for (int64_t left = deque_public_count(&victim->deque); left > 0 && deque_steal(&victim->deque, &task);
             left--) {
            mutex_lock(&pool->waits_lock);
            bool is_needed = needs_locked(pool, wanted, task_scope(&task)) && (wait == NULL || !wait_is_done(wait));
            mutex_unlock(&pool->waits_lock);
            if (is_needed) {
                if (i != worker->index) task.stolen_from = (int32_t)i;
                task_run(worker, task);
                // What it left, or a loop in it took back, would be seen by nobody: the caller sleeps next, and shares nothing.
                worker_open_all(worker);
                return true;
            }
            put_back(worker, task);
        }
    }
    return false;
}

static void sleep_until_done(OnceEntry *entry, Worker *worker, OnceWait *wait) {
    for (uint32_t spin = 0; spin < WAIT_SPINS; spin++) {
        if (wait_is_done(wait)) return;
        spin_hint();
    }
    pool_block_begin(worker);
    while (!wait_is_done(wait)) {
        bool is_short = pool_is_short(worker->pool);
        if (is_short && help_anywhere(worker, entry, wait)) continue;
        assert(deque_private_count(&worker->deque) == 0); // R4
        futex_wait(&wait->is_done, 0, is_short ? ALONE_NS : BLOCK_LOOK_NS);
    }
    pool_block_end(worker);
}

bool once_wait(OnceEntry *entry, Worker *worker, Status *status, void **value) {
    Pool *pool = worker->pool;
    OnceWait wait = {.scope = worker->deque.scope};
    mutex_lock(&pool->waits_lock);
    uint32_t state = ONCE_COMPUTING;
    // Relaxed: what the waiter reads comes through is_done. After this the computing worker must take our lock to end.
    if (!cas_relaxed(&entry->state, &state, (uint32_t)ONCE_AWAITED) && state != ONCE_AWAITED) {
        mutex_unlock(&pool->waits_lock);
        return false;
    }
    if (needs_locked(pool, entry, wait.scope)) {
        *status = report_locked(entry);
        *value = NULL;
        mutex_unlock(&pool->waits_lock);
        return true;
    }
    wait.next = entry->waits;
    entry->waits = &wait;
    entry->map->waits++;
    uint32_t victim = entry->worker;
    mutex_unlock(&pool->waits_lock);

    uint64_t helped = 0;
    while (!wait_is_done(&wait) && help(worker, victim, entry, &wait))
        helped++;
    bool is_blocked = !wait_is_done(&wait);
    if (is_blocked) sleep_until_done(entry, worker, &wait);
    mutex_lock(&pool->waits_lock);
    entry->map->helped += helped;
    entry->map->blocked += is_blocked;
    mutex_unlock(&pool->waits_lock);
    *status = wait.status;
    *value = wait.value;
    return true;
}

// A group inside a computation: its tasks are on top of the worker's own deque, or elsewhere.
void once_group_wait(Worker *worker, TaskGroup *group) {
    Pool *pool = worker->pool;
    OnceEntry *scope = worker->deque.scope;
    for (uint32_t spin = 0; !group_is_empty(group) && spin < WAIT_SPINS;) {
        Task task;
        if (!deque_take(&worker->deque, &task) && !worker_take_global(worker, &task)) {
            spin++;
            spin_hint();
        } else if (once_may_run(worker, task)) {
            task_run(worker, task);
        } else {
            break;
        }
    }
    if (group_is_empty(group)) return;
    pool_block_begin(worker);
    while (!group_is_empty(group)) {
        bool is_short = pool_is_short(pool);
        if (is_short && help_anywhere(worker, scope, NULL)) continue;
        assert(deque_private_count(&worker->deque) == 0);    // R4
        uint32_t epoch = load_acquire(&pool->outside_epoch); // before the announcement: a later end changes it
        if (!group_announce_waiter(group, GROUP_WAITER_OUTSIDE)) break;
        futex_wait(&pool->outside_epoch, epoch, is_short ? ALONE_NS : BLOCK_LOOK_NS);
        group_withdraw_waiter(group);
    }
    pool_block_end(worker);
}

// sched/spare.c: replacements: workers that run while others wait for a result that somebody else computes.
//
// WHY        A worker that waits inside a computation (once.h) may not run whatever it finds: a task that needs a result
//            from further down on the same stack would never end. So it sleeps, and a spare takes its place: the number of
//            running workers stays max_threads.
// SHAPE      blocked: workers that wait.  active: spares that run. The aim is active == blocked.
//                pool_block_begin   blocked + 1; wakes a spare that sleeps, or starts one (sigil-spare-N)
//                pool_block_end     blocked − 1; the next spare that finds itself one too many goes to sleep
//            For the moment until that spare has ended its task, one more worker runs than max_threads.
// INVARIANTS R1 A spare has an index of its own, from pool_thread_count on, and so scratch of its own.
//            R2 A spare that goes to sleep has passed on a wake-up that it may have got; thieves empty its deque.
//            R4 Whoever sleeps has no private task (deque.h): nobody could take it, for its owner answers no request. What
//               pool_block_begin has opened may be private again after a task that was run while waiting.
//            R3 Nothing rests on a spare being there (pool_is_short): once_wait.c makes progress without any.   tests/unit/test_once.c
// COST       Nothing until the first wait. Then a lock and a futex for each wait; a thread start where none sleeps.
#include "sched/pool_internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Goes to sleep when there are more spares than waiting workers. False: the pool stops.
static bool spare_stay(Worker *worker) {
    Spares *spares = &worker->pool->spares;
    if (!worker_is_surplus(worker)) return true;
    mutex_lock(&spares->lock);
    // Relaxed: both are written under the lock.
    uint32_t active = load_relaxed(&spares->active);
    // Once the pool stops a spare ends like any worker, when it finds nothing; spares_stop wakes those that sleep by then.
    bool is_stopping = load_seq_cst(&worker->pool->is_stopping) != 0;
    bool is_surplus = active > load_relaxed(&spares->blocked) && !is_stopping;
    if (is_surplus) {
        store_relaxed(&spares->active, active - 1);
        store_relaxed(&worker->is_active, 0u);
    }
    mutex_unlock(&spares->lock);
    if (!is_surplus) return true;
    // R2. Outside the searchers and with all that it had in view of the others.
    worker_open_all(worker);
    worker_end_search(worker);
    if (deque_public_count(&worker->deque) > 0) parking_notify(&worker->pool->parking);
    while (load_acquire(&worker->is_active) == 0)
        futex_wait(&worker->is_active, 0, -1); // with the release in activate_locked and spares_stop
    return load_seq_cst(&worker->pool->is_stopping) == 0;
}

static void spare_main(void *argument) {
    Worker *worker = argument;
    process_set_thread_worker(worker);
    worker->priority = thread_set_priority((ThreadPriority)worker->pool->config.priority);
    while (spare_stay(worker)) {
        Task task;
        if (worker_find_task(worker, NULL, &task))
            task_run(worker, task);
        else if (!worker_park(worker, NULL))
            break;
    }
    worker_end_search(worker);
}

static bool start_locked(Pool *pool) {
    Spares *spares = &pool->spares;
    uint32_t count = load_relaxed(&spares->count); // relaxed: written under our lock
    if (count == POOL_SPARES_MAX) return false;
    if (spares->workers == NULL) {
        size_t bytes = sizeof(Worker) * POOL_SPARES_MAX;
        spares->workers = aligned_alloc(CACHE_LINE_BYTES, bytes);
        if (spares->workers == NULL) return false;
        memset(spares->workers, 0, bytes);
    }
    Worker *worker = &spares->workers[count];
    if (worker->pool == NULL && worker_init(worker, pool, pool->thread_count + count) != STATUS_OK) {
        worker->pool = NULL; // else an earlier start failed, and its deque is still there
        return false;
    }
    store_relaxed(&worker->is_active, 1u); // relaxed: starting the thread publishes it
    char name[32];
    (void)snprintf(name, sizeof name, "sigil-spare-%u", count); // fits
    // Counted before it runs: it looks for tasks in every deque, its own included. With the acquire in pool_worker_count.
    store_release(&spares->count, count + 1);
    if (thread_start(&worker->thread, name, pool->config.stack_size, spare_main, worker) == STATUS_OK) return true;
    store_release(&spares->count, count); // a thief that still looks finds an empty deque, which stays for the next try
    return false;
}

static bool activate_locked(Pool *pool) {
    Spares *spares = &pool->spares;
    uint32_t count = load_relaxed(&spares->count); // relaxed: written under our lock
    for (uint32_t i = 0; i < count; i++) {
        Worker *worker = &spares->workers[i];
        if (load_relaxed(&worker->is_active) != 0) continue; // relaxed: as above
        store_release(&worker->is_active, 1u);               // with the acquire in spare_stay
        futex_wake(&worker->is_active, 1);
        return true;
    }
    return start_locked(pool);
}

void pool_block_begin(Worker *worker) {
    Pool *pool = worker->pool;
    Spares *spares = &pool->spares;
    job_call_helpers(worker);
    worker_open_all(worker);
    mutex_lock(&spares->lock);
    // Relaxed, here and below: written under the lock.
    uint32_t blocked = load_relaxed(&spares->blocked) + 1;
    uint32_t active = load_relaxed(&spares->active);
    store_relaxed(&spares->blocked, blocked);
    // Else there is a spare that has not gone to sleep yet. When the pool stops they may have left for good.
    if (active < blocked && load_seq_cst(&pool->is_stopping) == 0 && activate_locked(pool))
        store_relaxed(&spares->active, active + 1);
    mutex_unlock(&spares->lock);
}

void pool_block_end(Worker *worker) {
    Spares *spares = &worker->pool->spares;
    mutex_lock(&spares->lock);
    store_relaxed(&spares->blocked, load_relaxed(&spares->blocked) - 1);
    mutex_unlock(&spares->lock);
}

void spares_stop(Pool *pool) {
    Spares *spares = &pool->spares;
    uint32_t count = load_acquire(&spares->count);
    for (uint32_t i = 0; i < count; i++) {
        Worker *worker = &spares->workers[i];
        mutex_lock(&spares->lock);             // after whoever is on the way to sleep
        store_release(&worker->is_active, 1u); // with the acquire in spare_stay
        mutex_unlock(&spares->lock);
        futex_wake(&worker->is_active, 1);
        thread_join(&worker->thread);
    }
}

void spares_destroy(Pool *pool) {
    Spares *spares = &pool->spares;
    for (uint32_t i = 0; spares->workers != NULL && i < POOL_SPARES_MAX; i++)
        if (spares->workers[i].pool != NULL) deque_destroy(&spares->workers[i].deque);
    free(spares->workers);
    mutex_destroy(&spares->lock);
    mutex_destroy(&pool->waits_lock);
}

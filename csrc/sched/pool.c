// sched/pool.c: the workers: how they start, find something to do, sleep, and end. See sched.h for the contract.
//
// A worker's life is one loop: find a task, run it; find none, park. It looks first into its own deque (newest first: its
// data is still in the cache), then into the injector, then at the other workers in random order, of whose tasks it takes
// the oldest (the largest pieces) and up to half.
//
// ENDING is exact and needs no count of tasks. A worker leaves only when the pool is stopping and it finds nothing anywhere.
// A task that runs at that moment may still spawn others: they lie in the deque of its own worker, which has not left,
// and will not leave before that deque is empty. So when all threads are joined every task has run.
#include "sched/pool_internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STACK_BYTES_DEFAULT (4u * 1024 * 1024)
#define STACK_BYTES_SMALL (2u * 1024 * 1024)
#define STACK_BYTES_LARGE (8u * 1024 * 1024)
#define SMALL_PROJECT_FILES 50u
#define SMALL_PROJECT_THREADS 4u
#define LARGE_PROJECT_FILES 500u

#define SEARCH_ROUNDS 12      // looks at everybody before sleeping: a few microseconds, about what a futex costs
#define SEARCH_PAUSE_HINTS 64 // between two rounds
#define STEAL_MAX 32          // tasks moved at once: more only makes the thief the next victim

// ---- configuration

ThreadPoolConfig thread_pool_config_default(void) {
    return (ThreadPoolConfig){
        .max_threads = cpu_count(), .stack_size = STACK_BYTES_DEFAULT, .priority = THREAD_PRIORITY_NORMAL};
}

ThreadPoolConfig thread_pool_config_small(void) {
    ThreadPoolConfig config = thread_pool_config_default();
    config.max_threads = config.max_threads / 2 < 2 ? 2 : config.max_threads / 2;
    return config;
}

ThreadPoolConfig thread_pool_config_large(void) {
    ThreadPoolConfig config = thread_pool_config_default();
    config.stack_size = STACK_BYTES_LARGE;
    return config;
}

ThreadPoolConfig thread_pool_config_for_project(uint32_t file_count) {
    ThreadPoolConfig config = thread_pool_config_default();
    if (file_count < SMALL_PROJECT_FILES) {
        if (config.max_threads > SMALL_PROJECT_THREADS) config.max_threads = SMALL_PROJECT_THREADS;
        config.stack_size = STACK_BYTES_SMALL;
    } else if (file_count > LARGE_PROJECT_FILES) {
        config.stack_size = STACK_BYTES_LARGE;
    }
    return config;
}

// ---- finding a task

static uint64_t next_random(Worker *worker) { // xorshift64 (Marsaglia 2003): victims need variety, not quality
    uint64_t x = worker->random_state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return worker->random_state = x;
}

// The injector's list becomes tasks of this worker's deque, oldest on top of the pile so that the worker goes on with it;
// the others steal from there. What the deque cannot hold for want of memory goes back.
bool worker_take_global(Worker *worker, Task *out) {
    Pool *pool = worker->pool;
    InjectorNode *node = injector_take_all(&pool->injector);
    if (node == NULL) return false;
    while (node != NULL) {
        InjectorNode *next = node->next; // read before the push: from then on others may run the task and free the node
        Task task = node->task;
        uint32_t copies = node->copies;
        bool is_last = next == NULL;
        bool is_heap = node->is_heap;
        bool was_pushed = true;
        for (uint32_t i = is_last ? 1 : 0; i < copies && was_pushed; i++) {
            was_pushed = deque_push(&worker->deque, task);
            if (was_pushed) continue;
            if (task.function == job_help && i > 0) { // with one helper the job goes on; with fewer it takes longer
                for (; i < copies; i++)
                    job_drop(task.argument);
                was_pushed = true;
            } else {
                injector_push(&pool->injector, node);
            }
        }
        if (is_heap && was_pushed) free(node);
        if (is_last) *out = task;
        node = next;
    }
    deque_open(&worker->deque, INT64_MAX);
    // Whoever takes a task from a search wakes a successor (worker_end_search). A worker that only waits for its group must do
    // so here: while it held the list a searcher may have seen nothing anywhere, and gone to sleep.
    if (!worker->is_searching && deque_public_count(&worker->deque) > 0) parking_notify(&pool->parking);
    return true;
}

// Takes the victim's oldest task and up to half of its others, which become public in our own deque.
static bool steal_from(Worker *worker, uint32_t index, Task *out) {
    Worker *victim = pool_worker(worker->pool, index);
    int64_t wanted = (deque_public_count(&victim->deque) + 1) / 2;
    if (wanted == 0 || !deque_steal(&victim->deque, out)) {
        count_one(&worker->failed_steals);
        deque_ask(&victim->deque); // it may have private ones
        return false;
    }
    out->stolen_from = (int32_t)index;
    if (wanted > STEAL_MAX) wanted = STEAL_MAX;
    int64_t loot = 0;
    for (Task more; loot + 1 < wanted && deque_steal(&victim->deque, &more); loot++) {
        more.stolen_from = (int32_t)index;
        if (deque_push(&worker->deque, more)) continue;
        worker_end_search(worker); // no memory to keep it: run it now
        task_run(worker, more);
        break;
    }
    deque_note_loot(&worker->deque, loot, (int32_t)index);
    deque_open(&worker->deque, loot);
    count_more(&worker->tasks_stolen, (uint64_t)loot + 1);
    store_relaxed(&victim->deque.last_thief, worker->index); // relaxed: a hint
    worker->last_victim = index;
    return true;
}

// The victims: whom a wait for a stolen task may help most, who had something last time, then all from a random one on.
static bool steal(Worker *worker, bool is_waiting, Task *out) {
    uint32_t count = pool_worker_count(worker->pool);
    uint32_t thief = load_relaxed(&worker->deque.last_thief); // relaxed: a hint
    if (is_waiting && thief != worker->index && steal_from(worker, thief, out)) return true;
    if (worker->last_victim != worker->index && steal_from(worker, worker->last_victim, out)) return true;
    uint32_t first = (uint32_t)(next_random(worker) % count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t index = first + i < count ? first + i : first + i - count;
        if (index != worker->index && steal_from(worker, index, out)) return true;
    }
    return false;
}

static bool pool_has_visible_work(const Pool *pool) {
    if (!injector_looks_empty(&pool->injector)) return true;
    uint32_t count = pool_worker_count(pool);
    for (uint32_t i = 0; i < count; i++)
        if (deque_public_count(&pool_worker(pool, i)->deque) > 0) return true;
    return false;
}

// Asks for private tasks, on behalf of whoever sleeps or is about to.
static void ask_everybody(Worker *worker) {
    Pool *pool = worker->pool;
    uint32_t count = pool_worker_count(pool);
    for (uint32_t i = 0; i < count; i++)
        if (i != worker->index) deque_ask(&pool_worker(pool, i)->deque);
}

void worker_end_search(Worker *worker) {
    if (!worker->is_searching) return;
    worker->is_searching = false;
    Pool *pool = worker->pool;
    // The last searcher was the reason why publishers woke nobody, and why those with private tasks need not remember that
    // somebody sleeps: it leaves a successor, or a request.
    if (!parking_stop_search(&pool->parking)) return;
    if (pool_has_visible_work(pool))
        parking_notify(&pool->parking);
    else if (parking_has_sleepers(&pool->parking))
        ask_everybody(worker);
}

// A request is used up by the first share. It is not lost to others who are idle: the notification makes sure that one of
// them is awake and searches, and searchers ask again before they sleep, or when they find a task (worker_end_search).
void worker_open(Worker *worker, int64_t count) {
    Deque *deque = &worker->deque;
    if (deque_private_count(deque) < count) count = deque_private_count(deque);
    if (count <= 0) return;
    deque_set_wanted(deque, false); // before the notification looks for idle workers: later ones set it again
    deque_open(deque, count);
    count_one(&worker->openings);
    parking_notify(&worker->pool->parking);
}

void worker_open_all(Worker *worker) { worker_open(worker, INT64_MAX); }

bool worker_find_task(Worker *worker, const TaskGroup *group, Task *out) {
    if (UNLIKELY(deque_is_wanted(&worker->deque))) worker_open(worker, deque_private_count(&worker->deque) / 2);
    if (deque_take(&worker->deque, out)) {
        worker_end_search(worker);
        return true;
    }
    if (!worker->is_searching) {
        worker->is_searching = true;
        parking_start_search(&worker->pool->parking);
    }
    for (uint32_t round = 0; round < SEARCH_ROUNDS && !(group != NULL && group_is_empty(group)); round++) {
        if (worker_take_global(worker, out) || steal(worker, group != NULL, out)) {
            worker_end_search(worker);
            return true;
        }
        for (uint32_t hint = 0; hint < SEARCH_PAUSE_HINTS; hint++)
            spin_hint();
    }
    return false;
}

// A place of its own for each worker, spread where there are more CPUs than workers.
static uint32_t home_place(const Worker *worker) {
    uint32_t cpus = cpu_count();
    uint32_t workers = worker->pool->worker_capacity;
    return workers < cpus ? worker->index * cpus / workers : worker->index;
}

bool worker_park(Worker *worker, TaskGroup *group) {
    Pool *pool = worker->pool;
    assert(worker->is_searching);
    assert(deque_private_count(&worker->deque) == 0); // nobody else could take them
    parking_announce(&pool->parking, worker->index);
    // After the announcement, so that whoever ends the group and sees us as its waiter sees our bit as well.
    bool is_awaited = group != NULL && group_announce_waiter(group, worker->index + 1);
    bool is_ended = group != NULL && !is_awaited;
    // Announced, then looked, as the queues. A worker inside a task goes on waiting even then.
    bool is_stopping = group == NULL && load_seq_cst(&pool->is_stopping) != 0;
    bool has_work = pool_has_visible_work(pool);
    if (is_ended || is_stopping || has_work) {
        parking_withdraw(&pool->parking, worker->index);
    } else {
        ask_everybody(worker); // after the announcement: who gives a share then wakes us
        count_one(&worker->parks);
        parking_sleep(&pool->parking, worker->index);
        count_one(&worker->wakes);
    }
    if (is_awaited) group_withdraw_waiter(group);
    return !is_stopping || pool_has_visible_work(pool);
}

static void worker_main(void *argument) {
    Worker *worker = argument;
    Pool *pool = worker->pool;
    process_set_thread_worker(worker);
    worker->priority = thread_set_priority((ThreadPriority)pool->config.priority);
    int home = thread_allowed_cpu(home_place(worker));
    parking_set_home(&pool->parking, worker->index, home);
    thread_visit_cpu(home);                      // the creator sleeps until all are there
    (void)fetch_add_release(&pool->started, 1u); // with the acquire in start_workers
    futex_wake(&pool->started, 1);
    while (load_acquire(&pool->is_open) == 0)
        futex_wait(&pool->is_open, 0, -1); // with the release in start_workers

    for (;;) {
        Task task;
        if (worker_find_task(worker, NULL, &task))
            task_run(worker, task);
        else if (!worker_park(worker, NULL))
            break;
    }
    worker_end_search(worker);
}

// ---- life cycle

Status worker_init(Worker *worker, Pool *pool, uint32_t index) {
    worker->pool = pool;
    worker->index = index;
    worker->last_victim = index;                                       // nobody yet
    worker->random_state = (index + 1) * UINT64_C(0x9E3779B97F4A7C15); // not 0, and different for each
    Status status = deque_init(&worker->deque);
    store_relaxed(&worker->deque.last_thief, index); // nobody yet; relaxed: not shared yet
    return status;
}

static void pool_destroy(Pool *pool) {
    if (pool->workers != NULL)
        for (uint32_t i = 0; i < pool->worker_capacity; i++)
            deque_destroy(&pool->workers[i].deque);
    spares_destroy(pool);
    parking_destroy(&pool->parking);
    free(pool->workers);
    free(pool);
}

static void *alloc_zeroed(size_t align, size_t bytes) {
    void *block = aligned_alloc(align, (bytes + align - 1) / align * align);
    if (block != NULL) memset(block, 0, bytes);
    return block;
}

// The workers wait at a gate until it is known how many there are, because each looks at all the others.
static Status start_workers(Pool *pool) {
    Status status = STATUS_OK;
    uint32_t count = 0;
    while (count < pool->worker_capacity) {
        Worker *worker = &pool->workers[count];
        char name[32];
        (void)snprintf(name, sizeof name, "sigil-worker-%u", count); // fits
        status = thread_start(&worker->thread, name, pool->config.stack_size, worker_main, worker);
        if (status != STATUS_OK) break;
        count++;
    }
    if (count == 0) return status;
    pool->thread_count = count;
    uint32_t reported;
    // Acquire, with the release in worker_main: their granted priorities.
    while ((reported = load_acquire(&pool->started)) < count)
        futex_wait(&pool->started, reported, -1);
    store_release(&pool->is_open, 1u); // with the acquire in worker_main: the count
    futex_wake(&pool->is_open, UINT32_MAX);
    return STATUS_OK;
}

Status pool_create(const ThreadPoolConfig *config, Pool **out) {
    *out = NULL;
    Pool *pool = alloc_zeroed(CACHE_LINE_BYTES, sizeof *pool);
    if (pool == NULL) return STATUS_NO_MEMORY;
    if (mutex_init(&pool->spares.lock) != STATUS_OK) {
        free(pool);
        return STATUS_NO_MEMORY;
    }
    if (mutex_init(&pool->waits_lock) != STATUS_OK) {
        mutex_destroy(&pool->spares.lock);
        free(pool);
        return STATUS_NO_MEMORY;
    }
    pool->config = config == NULL ? thread_pool_config_default() : *config;
    uint32_t wanted = pool->config.max_threads == 0 ? cpu_count() : pool->config.max_threads;
    if (wanted > POOL_THREADS_MAX) wanted = POOL_THREADS_MAX;
    if (pool->config.stack_size == 0) pool->config.stack_size = STACK_BYTES_DEFAULT;
    pool->worker_capacity = wanted;
    pool->fork_count = process_fork_count();

    // Spares get the indices after the workers that started; where fewer started, some bits stay unused.
    Status status = parking_init(&pool->parking, wanted + POOL_SPARES_MAX);
    pool->workers = alloc_zeroed(CACHE_LINE_BYTES, sizeof(Worker) * wanted);
    if (pool->workers == NULL) status = STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < wanted && status == STATUS_OK; i++)
        status = worker_init(&pool->workers[i], pool, i);
    if (status == STATUS_OK) status = start_workers(pool);
    if (status != STATUS_OK) {
        pool_destroy(pool);
        return status;
    }
    *out = pool;
    return STATUS_OK;
}

void pool_free(Pool *pool) {
    if (pool == NULL) return;
    assert(pool_own_worker(pool) == NULL); // a worker cannot wait for its own end
    if (pool_is_alive(pool)) {
        // Published, then looked for sleepers: pairs with the load in worker_park.
        store_seq_cst(&pool->is_stopping, 1u);
        parking_wake_all(&pool->parking);
        for (uint32_t i = 0; i < pool->thread_count; i++)
            thread_join(&pool->workers[i].thread);
        spares_stop(pool);
    }
    pool_destroy(pool);
}

uint32_t pool_thread_count(const Pool *pool) { return pool->thread_count; }
uint32_t pool_worker_limit(const Pool *pool) { return pool->thread_count + POOL_SPARES_MAX; }
bool pool_is_alive(const Pool *pool) { return pool->fork_count == process_fork_count(); }
CancelFlag *pool_cancel_flag(Pool *pool) { return &pool->cancel; }

ThreadPoolConfig pool_granted(const Pool *pool) {
    const Worker *first = &pool->workers[0]; // all ask for the same and get the same
    return (ThreadPoolConfig){
        .max_threads = pool->thread_count, .stack_size = first->thread.stack_bytes, .priority = first->priority};
}

void pool_set_poll(Pool *pool, bool (*poll)(void *context), void *context) {
    pool->poll = poll;
    pool->poll_context = context;
}

void pool_set_hook(Pool *pool, TaskHook begin, TaskHook end, void *context) {
    pool->hook_begin = begin;
    pool->hook_end = end;
    pool->hook_context = context;
    store_relaxed(&pool->has_hook, begin != NULL || end != NULL); // relaxed: see has_hook
}

void pool_set_loop_hook(Pool *pool, LoopHook begin, LoopHook end, void *context) {
    pool->loop_begin = begin;
    pool->loop_end = end;
    pool->loop_context = context;
}

int64_t pool_poll_due(Pool *pool) {
    int64_t in_an_interval = clock_now_ns() + POLL_INTERVAL_NS;
    int64_t due = load_relaxed(&pool->poll_due_ns); // relaxed: a time, and nothing hangs on it
    return due < in_an_interval ? due : in_an_interval;
}

int64_t pool_poll(Pool *pool) {
    if (pool->poll != NULL && pool->poll(pool->poll_context)) cancel_request(&pool->cancel);
    int64_t due = clock_now_ns() + POLL_INTERVAL_NS;
    store_relaxed(&pool->poll_due_ns, due);
    return due;
}

void pool_push_outside(Pool *pool, InjectorNode *node) {
    uint32_t copies = node->copies; // from the push on somebody may take it and free it
    injector_push(&pool->injector, node);
    parking_notify_many(&pool->parking, copies, true);
}

PoolCounters pool_counters(const Pool *pool) {
    PoolCounters sum = {0};
    uint32_t count = pool_worker_count(pool);
    for (uint32_t i = 0; i < count; i++) {
        const Worker *worker = pool_worker(pool, i);
        sum.tasks_run += load_relaxed(&worker->tasks_run);
        sum.items_run += load_relaxed(&worker->items_run);
        sum.tasks_stolen += load_relaxed(&worker->tasks_stolen);
        sum.failed_steals += load_relaxed(&worker->failed_steals);
        sum.wakes += load_relaxed(&worker->wakes);
        sum.openings += load_relaxed(&worker->openings);
        sum.parks += load_relaxed(&worker->parks);
    }
    return sum;
}

uint32_t worker_index(const Worker *worker) { return worker->index; }
Pool *worker_pool(const Worker *worker) { return worker->pool; }

bool worker_cancelled(Worker *worker) {
    if (UNLIKELY(deque_is_wanted(&worker->deque))) worker_open(worker, (deque_private_count(&worker->deque) + 1) / 2);
    return cancel_requested(&worker->pool->cancel);
}

/* tests/models/parking.pml: searching, sleeping, waking and sharing (csrc/sched/parking.c, pool.c): no wake-up is lost (K3),
 * and the pool ends.
 *
 * An owner spawns TASKS tasks, opens some of them as worker_open does, and then only polls, as worker_cancelled does.
 * WORKERS idle workers search, steal, sleep and are woken. Each task ends only when all have begun, and there are as
 * many as workers: if one worker is left asleep while a task is to be had, nothing moves any more, and the checker reports
 * an invalid end state. Then the pool is stopped, while workers may be anywhere between searching and sleeping.
 *
 * All accesses are in one order here; in the program the fences of parking.c see to that where it matters.
 * BREAK=n takes something away that the protocol needs; the checker must then find an error:
 *   1  a worker looks for work before it announces that it sleeps
 *   2  the publisher looks for sleepers before it publishes
 *   3  the last searcher that has found a task does not look for more
 *   4  the last searcher that has found a task does not ask on behalf of those who sleep
 *   5  the owner forgets a request after it has notified, not before [-DWORKERS=3]
 *   6  a worker asks for private tasks before it announces that it sleeps, not after
 *   7  withdrawing does not wait for a waker who has cleared the bit already (K1)
 *   8  the end of the pool is published after the sleepers were woken
 *   9  a worker that was woken does not wake those that were left to it
 */
#ifndef BREAK
#define BREAK 0
#endif
#ifndef WORKERS
#define WORKERS 2
#endif
#define TASKS WORKERS

byte private_count, public_count; /* of the owner's deque */
bit is_wanted;
byte searching;
bit asleep[WORKERS], woken[WORKERS];
byte debt[WORKERS]; /* whom a sleeper has to wake when it is woken, + 1 */
bit is_stopping;
byte begun, ended, left;

/* parking_wake: only who clears the bit wakes (K1), and counts the sleeper as a searcher (K2). */
inline wake(sleeper, was_asleep) {
    atomic {
        was_asleep = asleep[sleeper];
        asleep[sleeper] = 0
    }
    if
    :: was_asleep ->
        searching++;
        assert(!woken[sleeper]);
        woken[sleeper] = 1
    :: else
    fi
}

inline notify() {
    s = searching;
    if
    :: s == 0 ->
        w = 0;
        has_woken = 0;
        do
        :: w < WORKERS && !has_woken ->
            if
            :: asleep[w] -> wake(w, has_woken)
            :: else
            fi;
            w++
        :: else -> break
        od
    :: else
    fi;
    atomic { s = 0; w = 0; has_woken = 0 }
}

/* parking_notify_many, with the tree in which most is left to others: each wakes one. */
inline notify_many() {
    s = searching;
    w = 0;
    first = WORKERS;
    last = WORKERS;
    count = 0;
    do
    :: w < WORKERS && s < WORKERS ->
        atomic { has_woken = asleep[w]; asleep[w] = 0 }
        if
        :: has_woken ->
            if
            :: last == WORKERS -> first = w
            :: else -> assert(debt[last] == 0); debt[last] = w + 1
            fi;
            last = w;
            count++;
            s++
        :: else
        fi;
        w++
    :: else -> break
    od;
    searching = searching + count;
    if
    :: first < WORKERS ->
        assert(!woken[first]);
        woken[first] = 1
    :: else
    fi;
    atomic { s = 0; w = 0; has_woken = 0; first = 0; last = 0; count = 0 }
}

inline pay_debt() {
#if BREAK != 9
    if
    :: debt[me] > 0 ->
        w = debt[me] - 1;
        debt[me] = 0;
        assert(!woken[w]);
        woken[w] = 1;
        w = 0
    :: else
    fi
#else
    debt[me] = 0
#endif
}

inline open_share() { /* worker_open */
    n = (private_count + 1) / 2;
#if BREAK == 2
    is_wanted = 0;
    notify();
    atomic { private_count = private_count - n; public_count = public_count + n; n = 0 }
#else
#if BREAK != 5
    is_wanted = 0;
#endif
    atomic { private_count = private_count - n; public_count = public_count + n; n = 0 }
    if
    :: notify()
    :: notify_many() /* it was a parallel-for */
    fi;
#if BREAK == 5
    is_wanted = 0;
#endif
#endif
}

proctype Owner() {
    byte n, s, w, spawned, first, last, count;
    bit has_woken;
    do
    :: spawned < TASKS ->
        atomic { private_count++; spawned++ }
        if
        :: is_wanted || public_count == 0 -> open_share()
        :: else
        fi
    :: else -> break
    od;
    do
    :: is_wanted && private_count > 0 -> open_share()
    :: ended == TASKS -> break /* else: it computes, until somebody asks */
    od;
    /* pool_free */
#if BREAK != 8
    is_stopping = 1;
#endif
    w = 0;
    do
    :: w < WORKERS -> wake(w, has_woken); w++
    :: else -> break
    od;
#if BREAK == 8
    is_stopping = 1;
#endif
    left == WORKERS; /* thread_join */
    assert(searching == 0 && public_count == 0 && private_count == 0)
}

proctype Worker(byte me) {
    byte s, w, before, i;
    bit has_woken, has_task, has_seen, has_sleeper, is_leaving;
    searching++; /* parking_start_search */
    do
    :: /* a round of searching */
        atomic {
            has_task = public_count > 0;
            public_count = public_count - has_task
        }
        if
        :: has_task ->
            /* worker_end_search */
            atomic { before = searching; searching-- }
            if
            :: before == 1 ->
                if
#if BREAK != 3
                :: public_count > 0 -> notify()
#endif
                :: else ->
#if BREAK != 4
                    i = 0;
                    has_sleeper = 0;
                    do
                    :: i < WORKERS -> has_sleeper = has_sleeper || asleep[i]; i++
                    :: else -> break
                    od;
                    if
                    :: has_sleeper -> is_wanted = 1
                    :: else
                    fi
#else
                    skip
#endif
                fi
            :: else
            fi;
            atomic { has_task = 0; before = 0; i = 0; has_sleeper = 0 }
            begun++;
            begun == TASKS;
            ended++;
            searching++
        :: else ->
            is_wanted = 1;
            if
            :: skip /* another round */
            :: /* worker_park */
#if BREAK == 1
                has_seen = public_count > 0 || is_stopping;
#endif
                asleep[me] = 1;
                searching--;
#if BREAK != 1
                has_seen = public_count > 0;
#if BREAK != 6
                is_wanted = is_wanted || !has_seen;
#endif
                is_leaving = is_stopping;
#endif
                if
                :: has_seen || is_leaving -> /* parking_withdraw */
                    atomic { has_woken = !asleep[me]; asleep[me] = 0 }
                    if
                    :: has_woken ->
#if BREAK != 7
                        woken[me];
                        woken[me] = 0;
                        pay_debt()
#else
                        skip
#endif
                    :: else -> searching++
                    fi
                :: else -> /* parking_sleep; who woke us has counted us */
                    woken[me];
                    woken[me] = 0;
                    pay_debt()
                fi;
                atomic { has_seen = 0; has_woken = 0 }
                if
                :: is_leaving && public_count == 0 -> break
                :: else -> is_leaving = 0
                fi
            fi
        fi
    od;
    searching--;
    left++
}

init {
    byte i;
    atomic {
        run Owner();
        i = 0;
        do
        :: i < WORKERS -> run Worker(i); i++
        :: else -> break
        od
    }
}

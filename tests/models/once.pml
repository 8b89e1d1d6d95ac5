/* tests/models/once.pml: get-or-compute (csrc/sched/once.c, once_wait.c): every key is computed once, every circle is told
 * to all that reach it, and nobody waits for ever (O1, O3, O4).
 *
 * Three keys need each other as GRAPH says, in their own frame or by tasks that they spawn. A root task wants each key.
 * THREADS workers run at a time, and SPARES replacements stand by. A worker is a stack of frames: tasks, computations,
 * waits. While it waits it may run tasks of the computation that it waits for, or sleep while another worker begins;
 * where no replacement is left it looks for a task that its wait needs.
 *
 * A worker may have one task in the private part of its deque, where nobody else sees it; it makes it public before it sleeps.
 * With RUNS=1 whoever begins a task may also claim a second one of the same computation, as the helper of a parallel-for claims
 * a run of items: nobody else can take that one either, and it is begun when the first has ended.
 *
 * BREAK=n takes something away that the protocol needs; the checker must then find an error:
 *   1  whoever waits runs any task that it finds [-DGRAPH=4] [-DTHREADS=1] [-DSPARES=1]
 *   2  nobody takes the place of a waiting worker, which does not look for tasks either [-DGRAPH=4] [-DSPARES=0]
 *   3  the search for a circle leaves out who was begun inside whom [-DGRAPH=1]
 *   4  the search leaves out who waits for whom [-DGRAPH=1]
 *   5  the end of a computation looks for waiters before it says DONE, in two steps
 *   6  two workers that find a key open both compute it
 *   7  a waiter that ran a task while it slept sleeps again, and does not open what that has left private [-DSPARES=0]
 *   8  a waiter does not open its private tasks before it sleeps
 */
#ifndef BREAK
#define BREAK 0
#endif
#ifndef GRAPH
#define GRAPH 0
#endif
#ifndef THREADS
#define THREADS 2
#endif
#ifndef SPARES
#define SPARES 0
#endif
#ifndef RUNS
#define RUNS 0
#endif
#define WORKERS (THREADS + SPARES)

#define NONE 3 /* no key, no computation */
#define OPEN 0
#define COMPUTING 1
#define AWAITED 2
#define DONE 3

/* first(k), second(k): what k needs; in_tasks: bit per key; reaches: bit per key that must end with CYCLE; foreign: a key that
 * also spawns a task of nobody, which needs the key itself. */
#if GRAPH == 0 /* 0 needs 1 and 2, 1 needs 2 */
#define FIRST(k) (k == 0 -> 1 : (k == 1 -> 2 : NONE))
#define SECOND(k) (k == 0 -> 2 : NONE)
#define IN_TASKS 1
#define REACHES 0
#define FOREIGN NONE
#elif GRAPH == 1 /* 0 and 1 need each other; 2 needs 0 */
#define FIRST(k) (k == 0 -> 1 : 0)
#define SECOND(k) NONE
#define IN_TASKS 4
#define REACHES 7
#define FOREIGN NONE
#elif GRAPH == 2 /* 0 needs 1 needs 2 needs 0, twice through tasks */
#define FIRST(k) (k == 0 -> 1 : (k == 1 -> 2 : 0))
#define SECOND(k) NONE
#define IN_TASKS 3
#define REACHES 7
#define FOREIGN NONE
#elif GRAPH == 3 /* 0 needs 1 and 2 and is well without a circle; 2 needs itself through a task */
#define FIRST(k) (k == 0 -> 1 : (k == 1 -> NONE : 2))
#define SECOND(k) (k == 0 -> 2 : NONE)
#define IN_TASKS 5
#define REACHES 5
#define FOREIGN NONE
#elif GRAPH == 4 /* 0 needs 1 through a task, beside a foreign one that needs 0 */
#define FIRST(k) (k == 0 -> 1 : NONE)
#define SECOND(k) NONE
#define IN_TASKS 1
#define REACHES 0
#define FOREIGN 0
#else /* 0 needs 1, which needs 2 through a task */
#define FIRST(k) (k == 0 -> 1 : (k == 1 -> 2 : NONE))
#define SECOND(k) NONE
#define IN_TASKS 2
#define REACHES 0
#define FOREIGN NONE
#endif

#define LEVELS 3 /* waits that one stack can hold: each is for another key */
#define DEPTH 10
#define NOBODY 12

byte state[3];
byte status; /* bit per key: ended with CYCLE. Written before DONE */
byte computed[3];
byte parent[4] = NONE;
byte pending[3];                    /* tasks of the computation's group that have not ended */
byte failed, on_cycle;              /* bits per key */
byte bag[NOBODY], queued;           /* tasks that have not begun: by scope * 3 + key */
byte wait_for[WORKERS * LEVELS] = NONE, wait_scope[WORKERS * LEVELS] = NONE;
byte edge[12];
byte running, blocked, roots_ended;
#define NO_TASK 12
byte mine[WORKERS] = NO_TASK; /* the private task */

/* Any task that is public may be in the worker's deque, and the next take from it may take some back. */
#define HIDE_ONE(x)                                                                                                    \
    ::bag[x] > 0 && mine[me] == NO_TASK -> bag[x]--; queued--; mine[me] = x
#define HIDE                                                                                                           \
    if                                                                                                                 \
    HIDE_ONE(0) HIDE_ONE(1) HIDE_ONE(2) HIDE_ONE(3) HIDE_ONE(4) HIDE_ONE(5) HIDE_ONE(6) HIDE_ONE(7) HIDE_ONE(8)        \
    HIDE_ONE(9) HIDE_ONE(10) HIDE_ONE(11)                                                                              \
    :: true                                                                                                            \
    fi
/* Before it sleeps. is_first: it has not slept in this wait before. */
#define OPEN_ALL(is_first)                                                                                             \
    if                                                                                                                 \
    :: mine[me] != NO_TASK && BREAK != 8 && (BREAK != 7 || is_first) ->                                                \
        bag[mine[me]]++;                                                                                               \
        queued++;                                                                                                      \
        mine[me] = NO_TASK                                                                                             \
    :: else                                                                                                            \
    fi

#define WITHIN(s, k) (s != NONE && (s == k || parent[s] == k || (parent[s] != NONE && parent[parent[s]] == k)))

/* Whether `goal` needs `from`, or is it: backwards over parents and waiters. Leaves the way in next[]. */
#define SEARCH(from, goal, found)                                                                                      \
    seen = (from == NONE -> 0 : 1 << from);                                                                            \
    again = 1;                                                                                                         \
    do                                                                                                                 \
    :: again ->                                                                                                        \
        again = 0;                                                                                                     \
        for (y : 0 .. 2) {                                                                                             \
            if                                                                                                         \
            :: (seen >> y) & 1 ->                                                                                      \
                if                                                                                                     \
                :: BREAK != 3 && parent[y] != NONE && !((seen >> parent[y]) & 1) ->                                    \
                    seen = seen | 1 << parent[y];                                                                      \
                    next[parent[y]] = y;                                                                               \
                    again = 1                                                                                          \
                :: else                                                                                                \
                fi;                                                                                                    \
                for (z : 0 .. WORKERS * LEVELS - 1) {                                                                  \
                    if                                                                                                 \
                    :: BREAK != 4 && wait_for[z] == y && wait_scope[z] != NONE && !((seen >> wait_scope[z]) & 1) ->    \
                        seen = seen | 1 << wait_scope[z];                                                              \
                        next[wait_scope[z]] = y;                                                                       \
                        again = 1                                                                                      \
                    :: else                                                                                            \
                    fi                                                                                                 \
                }                                                                                                      \
            :: else                                                                                                    \
            fi                                                                                                         \
        }                                                                                                              \
    :: else -> break                                                                                                   \
    od;                                                                                                                \
    found = (seen >> goal) & 1;                                                                                        \
    y = 0;                                                                                                             \
    z = 0

#define PICK(x, allowed)                                                                                               \
    if                                                                                                                 \
    :: bag[0] > 0 && allowed(0) -> x = 0                                                                               \
    :: bag[1] > 0 && allowed(0) -> x = 1                                                                               \
    :: bag[2] > 0 && allowed(0) -> x = 2                                                                               \
    :: bag[3] > 0 && allowed(1) -> x = 3                                                                               \
    :: bag[4] > 0 && allowed(1) -> x = 4                                                                               \
    :: bag[5] > 0 && allowed(1) -> x = 5                                                                               \
    :: bag[6] > 0 && allowed(2) -> x = 6                                                                               \
    :: bag[7] > 0 && allowed(2) -> x = 7                                                                               \
    :: bag[8] > 0 && allowed(2) -> x = 8                                                                               \
    :: bag[9] > 0 && allowed(3) -> x = 9                                                                               \
    :: bag[10] > 0 && allowed(3) -> x = 10                                                                             \
    :: bag[11] > 0 && allowed(3) -> x = 11                                                                             \
    fi

#define ANY(s) true
#if BREAK == 1
#define HELPS(s) true
#else
#define HELPS(s) WITHIN(s, key)
#endif
#define HELPS_WAITER(s) (wait_for[me * LEVELS + level - 1] != NONE && HELPS(s))
/* Where all run and none is left: a task that the wait needs. edge: who needs whom, counted apart from what SEARCH reads. */
#define E(a, b) (edge[a * 3 + b] > 0)
#define NEEDED(s)                                                                                                      \
    (s != NONE && (s == key || E(key, s) || (E(key, 0) && E(0, s)) || (E(key, 1) && E(1, s)) || (E(key, 2) && E(2, s))))
#define LAST_RESORT_GROUP(s) (pending[key] > 0 && running == WORKERS && NEEDED(s))
#define LAST_RESORT(s) (wait_for[me * LEVELS + level - 1] != NONE && running == WORKERS && NEEDED(s))
#define BEGIN_TASK(x)                                                                                                  \
    bag[x]--;                                                                                                          \
    queued--;                                                                                                          \
    PUSH_TASK(x)
#if RUNS
#define CLAIM_ONE(y)                                                                                                   \
    ::bag[y] > 0 && y / 3 == frame[depth] / 3 -> bag[y]--; queued--; rest[depth] = y
#define CLAIM                                                                                                          \
    if                                                                                                                 \
    CLAIM_ONE(0) CLAIM_ONE(1) CLAIM_ONE(2) CLAIM_ONE(3) CLAIM_ONE(4) CLAIM_ONE(5) CLAIM_ONE(6) CLAIM_ONE(7)            \
    CLAIM_ONE(8) CLAIM_ONE(9) CLAIM_ONE(10) CLAIM_ONE(11)                                                              \
    :: true                                                                                                            \
    fi;
#else
#define CLAIM
#endif
#define PUSH_TASK(x)                                                                                                   \
    frame[depth] = x;                                                                                                  \
    place[depth] = 0;                                                                                                  \
    CLAIM                                                                                                              \
    depth++

/* Frames: 0 … 11 a task, 16 + key a computation, 32 + key a wait for its result. place: how far it is. */
proctype Worker(byte me) {
#if RUNS
    byte rest[DEPTH] = NO_TASK;
#endif
    byte frame[DEPTH], place[DEPTH], depth, level, top, key, scope, x, old, seen, y, z, next[4];
    bit again, found;
end_idle:
    atomic {
        queued > 0 && running < THREADS + (BREAK == 2 -> 0 : blocked) -> running++;
        PICK(x, ANY);
        BEGIN_TASK(x)
    }
step:
    if
    :: depth == 0 && mine[me] != NO_TASK ->
        atomic {
            x = mine[me];
            mine[me] = NO_TASK;
            PUSH_TASK(x)
        }
        goto step
    :: depth == 0 && mine[me] == NO_TASK -> atomic { running--; x = 0; top = 0; key = 0; scope = 0; old = 0 } goto end_idle
    :: else -> top = frame[depth - 1]
    fi;
    if
    :: top < 16 && place[depth - 1] == 0 -> /* a task begins: it wants a key */
        place[depth - 1] = 1;
        key = top % 3;
        scope = top / 3;
        goto get
    :: top < 16 && place[depth - 1] > 0 -> /* it has ended */
        atomic {
            scope = top / 3;
            if
            :: scope != NONE -> pending[scope]--
            :: else -> roots_ended++
            fi;
#if RUNS
            if
            :: rest[depth - 1] != NO_TASK ->
                frame[depth - 1] = rest[depth - 1];
                place[depth - 1] = 0;
                rest[depth - 1] = NO_TASK;
                goto step
            :: else
            fi;
#endif
            depth--;
            frame[depth] = 0;
            place[depth] = 0;
            HIDE
        }
        goto step
    :: top >= 32 -> key = top - 32; goto wait
    :: else -> key = top - 16
    fi;
    /* A computation. */
    if
    :: !((IN_TASKS >> key) & 1) && ((failed >> key) & 1) -> goto finish
    :: else
    fi;
    if
    :: !((IN_TASKS >> key) & 1) && place[depth - 1] == 0 && FIRST(key) != NONE ->
        place[depth - 1] = 1;
        scope = key;
        key = FIRST(key);
        goto get
    :: !((IN_TASKS >> key) & 1) && place[depth - 1] == 1 && SECOND(key) != NONE ->
        place[depth - 1] = 2;
        scope = key;
        key = SECOND(key);
        goto get
    :: ((IN_TASKS >> key) & 1) && place[depth - 1] == 0 ->
        atomic {
            place[depth - 1] = 1;
            if
            :: FIRST(key) != NONE -> bag[key * 3 + FIRST(key)]++; queued++; pending[key]++
            :: else
            fi;
            if
            :: SECOND(key) != NONE -> bag[key * 3 + SECOND(key)]++; queued++; pending[key]++
            :: else
            fi;
            if
            :: FOREIGN == key -> bag[9 + key]++; queued++
            :: else
            fi;
            HIDE
        }
        goto step
    :: ((IN_TASKS >> key) & 1) && place[depth - 1] >= 1 && pending[key] > 0 -> /* once_group_wait */
        if
        :: atomic { PICK(x, HELPS); BEGIN_TASK(x) } goto step
        :: atomic {
                mine[me] != NO_TASK && HELPS(mine[me] / 3) ->
                x = mine[me];
                mine[me] = NO_TASK;
                PUSH_TASK(x)
            }
            goto step
        :: pending[key] == 0
        :: atomic {
                blocked++;
                OPEN_ALL(place[depth - 1] == 1);
                place[depth - 1] = 2
            };
            do
            :: pending[key] == 0 -> break
#if BREAK != 2
            :: atomic { PICK(x, LAST_RESORT_GROUP); blocked--; BEGIN_TASK(x); goto step }
#endif
            od;
            blocked--
        fi;
        goto step
    :: else -> goto finish
    fi;

finish: /* once_end */
    status = status | ((failed | on_cycle) & (1 << key));
    assert(pending[key] == 0);
#if BREAK == 5
    old = state[key];
    state[key] = DONE;
#else
    atomic { old = state[key]; state[key] = DONE }
#endif
    if
    :: parent[key] != NONE -> edge[parent[key] * 3 + key]--
    :: else
    fi;
    assert(old == COMPUTING || old == AWAITED);
    if
    :: old == AWAITED ->
        d_step {
            for (y : 0 .. WORKERS * LEVELS - 1) {
                if
                :: wait_for[y] == key -> wait_for[y] = NONE
                :: else
                fi
            }
            y = 0
        }
    :: else
    fi;
    depth--;
    frame[depth] = 0;
    place[depth] = 0;
    goto got;

get: /* key, for the computation scope */
    if
    :: state[key] == DONE -> goto got
    :: state[key] == OPEN ->
#if BREAK != 6
        atomic {
            if
            :: state[key] == OPEN ->
#endif
                state[key] = COMPUTING;
                parent[key] = scope;
                if
                :: scope != NONE -> edge[scope * 3 + key]++
                :: else
                fi;
                computed[key]++;
                assert(computed[key] == 1);
                frame[depth] = 16 + key;
                place[depth] = 0;
                depth++;
#if BREAK != 6
            :: else -> goto get
            fi
        }
#endif
        goto step
    :: else
    fi;
    atomic { /* once_wait, under the lock */
        if
        :: state[key] == DONE -> goto got
        :: else -> state[key] = AWAITED
        fi;
        SEARCH(scope, key, found);
        if
        :: found -> /* the way from key to scope is a circle */
            failed = failed | (1 << scope);
            y = key;
            do
            :: on_cycle = on_cycle | (1 << y);
                if
                :: y == scope -> break
                :: else -> y = next[y]
                fi
            od;
            y = 0;
            goto step
        :: else
        fi;
        assert(level < LEVELS);
        wait_for[me * LEVELS + level] = key;
        wait_scope[me * LEVELS + level] = scope;
        if
        :: scope != NONE -> edge[scope * 3 + key]++
        :: else
        fi;
        level++;
        frame[depth] = 32 + key;
        depth++
    }
    goto step;

wait:
    if
    :: wait_for[me * LEVELS + level - 1] == NONE
    :: atomic { PICK(x, HELPS_WAITER); BEGIN_TASK(x) } goto step
    :: atomic {
            blocked++;
            OPEN_ALL(place[depth - 1] == 0);
            place[depth - 1] = 1
        };
        do
        :: wait_for[me * LEVELS + level - 1] == NONE -> break
#if BREAK != 2
        :: atomic { PICK(x, LAST_RESORT); blocked--; BEGIN_TASK(x); goto step }
#endif
        od;
        blocked--
    fi;
    atomic {
        level--;
        if
        :: wait_scope[me * LEVELS + level] != NONE -> edge[wait_scope[me * LEVELS + level] * 3 + key]--
        :: else
        fi;
        wait_scope[me * LEVELS + level] = NONE;
        depth--;
        frame[depth] = 0;
        place[depth] = 0
    };

got: /* key is DONE; the frame below wanted it */
    skip;
    d_step {
        top = frame[depth - 1];
        if
        :: top < 16 && top / 3 != NONE -> failed = failed | (((status >> key) & 1) << (top / 3))
        :: top >= 16 -> failed = failed | (((status >> key) & 1) << (top - 16))
        :: else
        fi
    }
    goto step
}

init {
    byte i;
    atomic {
        for (i : 0 .. 2) {
            bag[9 + i] = 1;
            queued++
        }
        for (i : 0 .. WORKERS - 1) {
            run Worker(i)
        }
    }
    /* The roots, and the foreign task. Whoever hangs keeps us here: an invalid end state. */
    roots_ended == 3 + (FOREIGN != NONE -> 1 : 0);
    assert(state[0] == DONE && state[1] == DONE && state[2] == DONE);
    assert(computed[0] == 1 && computed[1] == 1 && computed[2] == 1);
    assert(status == REACHES)
}

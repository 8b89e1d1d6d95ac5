/* tests/models/group.pml: the end of a group whose owner counts apart (csrc/sched/task.c): the waiter goes on exactly when
 * all tasks have ended, is woken if it sleeps, and nobody touches the group after that (Z1).
 *
 * The owner spawns TASKS tasks, runs what nobody steals, and waits. A thief runs others, and may add MORE tasks to the
 * group. The owner may sleep, be woken for another reason, and sleep again.
 *
 * BREAK=n takes something away that the protocol needs; the checker must then find an error:
 *   1  the owner announces itself as the waiter before it sets its bit
 *   2  the announcement leaves out the owner's own count
 *   3  the last task looks for the waiter after its decrement, in the group
 *   4  the owner does not take its part out again when it wakes, and counts apart all the same
 */
#ifndef BREAK
#define BREAK 0
#endif
#ifndef TASKS
#define TASKS 3
#endif
#ifndef MORE
#define MORE 2
#endif
#define OWNED 128 /* half of what the count can hold, as GROUP_OWNED */

byte count = OWNED; /* pending's low half; bytes wrap as it does */
bit has_waiter;     /* its high half: one word with count */
byte own;           /* own_pending: the owner's alone */
byte queued;        /* tasks that have not begun */
byte more = MORE;
byte ended;
bit is_gone; /* the owner has seen the end: the group's memory may be anything */
bit asleep, woken;

proctype Owner() {
    byte spawned, sum;
    bit is_announced, was_woken;
    do
    :: spawned < TASKS -> own++; atomic { queued++; spawned++ }
    :: else -> break
    od;
    do
    :: true ->
        sum = count + own;
        if
        :: sum == OWNED -> break
        :: else
        fi;
        if
        :: atomic { queued > 0 -> queued-- }
            ended++;
            own--
        :: queued == 0 -> /* worker_park */
#if BREAK != 1
            asleep = 1;
#endif
            atomic {
#if BREAK == 2
                sum = count - OWNED;
#else
                sum = count + own - OWNED;
#endif
                is_announced = sum != 0;
                if
                :: is_announced -> count = sum; has_waiter = 1; own = 0
                :: else
                fi
            }
#if BREAK == 1
            asleep = 1;
#endif
            if
            :: is_announced && queued == 0 -> woken; woken = 0
            :: else -> /* parking_withdraw */
                atomic { was_woken = !asleep; asleep = 0 }
                if
                :: was_woken -> woken; woken = 0
                :: else
                fi
            fi;
            if
#if BREAK != 4
            :: is_announced -> count = count + OWNED
#endif
            :: else
            fi;
            atomic { sum = 0; is_announced = 0; was_woken = 0 }
        fi
    od;
    assert(ended == TASKS + MORE - more);
    assert(queued == 0);
    is_gone = 1
}

proctype Thief() {
    bit is_last, was_asleep;
    do
    :: atomic { queued > 0 -> queued-- }
        if
        :: atomic { more > 0 -> assert(!is_gone); count++; more-- }
            /* published as any task: somebody is woken for it */
            atomic { queued++; was_asleep = asleep; asleep = 0 }
            if
            :: was_asleep -> woken = 1
            :: else
            fi;
            was_asleep = 0
        :: true
        fi;
        ended++;
        atomic {
            assert(!is_gone);
#if BREAK == 3
            is_last = count == 1;
#else
            is_last = count == 1 && has_waiter;
#endif
            count--
        }
#if BREAK == 3
        if
        :: is_last -> atomic { assert(!is_gone); is_last = has_waiter }
        :: else
        fi;
#endif
        if
        :: is_last ->
            atomic { was_asleep = asleep; asleep = 0 }
            if
            :: was_asleep -> woken = 1
            :: else
            fi
        :: else
        fi;
        atomic { is_last = 0; was_asleep = 0 }
    :: is_gone -> break
    od
}

init {
    atomic { run Owner(); run Thief(); run Thief() }
}

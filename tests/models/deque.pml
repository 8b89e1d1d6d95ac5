/* tests/models/deque.pml: the split deque of csrc/sched/deque.c: every task is handed out exactly once (D2).
 *
 * One owner pushes TASKS tasks and, in any order, opens, takes, and takes back; THIEVES thieves steal. The first ring
 * has 2 cells and grows once, to 4, so that cells are used again and outgrown rings are read. Every access to a
 * shared variable is a step of its own, but for read-modify-writes of the window, which are one.
 *
 * BREAK=n takes something away that the algorithm needs; the checker must then find an error:
 *   1  taking back may take the oldest public task too (D3)
 *   2  the owner takes the last public task without raising top (D3)
 *   3  a thief takes two tasks at once
 *   4  a thief reads the cell only after it has raised top (it may have been used again)
 *   5  the owner pushes without looking at top (D4)
 *   6  growing frees the small ring's cells at once (D5: a slow thief still reads them)
 *   7  the owner takes the last public task with a load and a store instead of a compare-and-swap
 */
#ifndef BREAK
#define BREAK 0
#endif
#ifndef TASKS
#define TASKS 4
#endif
#ifndef THIEVES
#define THIEVES 2
#endif
#define SMALL 2
#define LARGE 4
#define FREED 255

byte top, open; /* the window: one word */
byte small[SMALL], large[LARGE];
bit is_grown; /* which ring is the deque's */
byte handed_out[TASKS];
byte total;

inline hand_out(number) {
    d_step {
        assert(number < TASKS); /* not a freed cell */
        assert(handed_out[number] == 0);
        handed_out[number] = 1;
        total++;
    }
}

inline read_cell(from, position, number) {
    if
    :: from == 0 -> number = small[(position) % SMALL]
    :: from == 1 -> number = large[(position) % LARGE]
    fi
}

inline write_cell(position, number) { /* the owner's */
    if
    :: is_grown == 0 -> small[(position) % SMALL] = number
    :: is_grown == 1 -> large[(position) % LARGE] = number
    fi
}

/* Succeeds when the window is still (t, o). */
inline cas_window(old_top, old_open, next_top, next_open, stored) {
    d_step {
        if
        :: top == old_top && open == old_open -> top = next_top; open = next_open; stored = 1
        :: else -> stored = 0
        fi
    }
}

proctype Owner() {
    byte head, split, pushed, task, t, o, count;
    byte room = SMALL;
    bit is_done;
    do
    :: pushed < TASKS && head < room -> /* push */
        write_cell(head, pushed);
        head++;
        pushed++
    :: pushed < TASKS && head >= room -> /* deque_look, deque_grow */
#if BREAK == 5
        room = head + 1
#else
        t = split - open;
        if
        :: head - t >= SMALL && is_grown == 0 ->
            /* The copy may be several steps: nobody else reads the new ring yet. */
            d_step {
                count = t;
                do
                :: count < head -> large[count % LARGE] = small[count % SMALL]; count++
                :: else -> break
                od;
                count = 0
            }
            is_grown = 1;
#if BREAK == 6
            d_step { small[0] = FREED; small[1] = FREED }
#endif
            room = t + LARGE
        :: head - t < SMALL && is_grown == 0 -> room = t + SMALL
        :: is_grown == 1 -> room = t + LARGE
        fi;
        t = 0
#endif
    :: head > split -> /* deque_open, one */
        d_step { split++; open++ }
    :: head > split + 1 -> /* deque_open, all */
        d_step { open = open + (head - split); split = head }
    :: head > split -> /* deque_take, private */
        head--;
        read_cell(is_grown, head, task);
        hand_out(task);
        task = 0
    :: head == split && pushed > 0 -> /* deque_take, public */
        d_step { t = top; o = open }
        if
        :: o == 0
        :: o == 1 ->
#if BREAK == 2
            cas_window(t, o, t, 0, is_done);
            if
            :: is_done -> split--; head--; read_cell(is_grown, head, task); hand_out(task)
            :: else
            fi
#elif BREAK == 7
            d_step { top = t + 1; open = 0 }
            read_cell(is_grown, head - 1, task);
            hand_out(task)
#else
            cas_window(t, o, t + 1, 0, is_done);
            if
            :: is_done -> read_cell(is_grown, head - 1, task); hand_out(task)
            :: else
            fi
#endif
        :: o > 1 ->
#if BREAK == 1
            count = o;
#else
            count = o / 2;
#endif
            cas_window(t, o, t, o - count, is_done);
            if
            :: is_done -> split = split - count; head--; read_cell(is_grown, head, task); hand_out(task)
            :: else
            fi
        fi;
        d_step { t = 0; o = 0; count = 0; task = 0; is_done = 0 }
    :: total == TASKS -> break
    od;
    assert(top + open == split && head == split && open == 0)
}

proctype Thief() {
    byte t, o, task, second;
    bit ring, is_done;
    do
    :: total < TASKS ->
        d_step { t = top; o = open }
        if
        :: o > 0 ->
#if BREAK == 4
            cas_window(t, o, t + 1, o - 1, is_done);
            ring = is_grown;
            read_cell(ring, t, task);
            if
            :: is_done -> hand_out(task)
            :: else
            fi
#elif BREAK == 3
            ring = is_grown;
            read_cell(ring, t, task);
            if
            :: o > 1 ->
                read_cell(ring, t + 1, second);
                cas_window(t, o, t + 2, o - 2, is_done);
                if
                :: is_done -> hand_out(task); hand_out(second)
                :: else
                fi
            :: else ->
                cas_window(t, o, t + 1, o - 1, is_done);
                if
                :: is_done -> hand_out(task)
                :: else
                fi
            fi
#else
            ring = is_grown;
            read_cell(ring, t, task);
            cas_window(t, o, t + 1, o - 1, is_done);
            if
            :: is_done -> hand_out(task)
            :: else
            fi
#endif
        :: else
        fi;
        d_step { t = 0; o = 0; task = 0; second = 0; ring = 0; is_done = 0 }
    :: total == TASKS -> break
    od
}

init {
    byte i;
    atomic {
        run Owner();
        i = 0;
        do
        :: i < THIEVES -> run Thief(); i++
        :: else -> break
        od
    }
}

// sched/progress.c: reading the counters. See progress.h.
#include "sched/progress.h"

ProgressSnapshot progress_snapshot(const Progress *progress) {
    return (ProgressSnapshot){
#define ROW(name, what) .name = load_relaxed(&progress->counters[PROGRESS_##name].value),
        PROGRESS_COUNTERS(ROW)
#undef ROW
    };
}

void progress_reset(Progress *progress) {
    for (int counter = 0; counter < PROGRESS_COUNTER_COUNT; counter++)
        store_relaxed(&progress->counters[counter].value, UINT64_C(0));
}

const char *progress_name(ProgressCounter counter) {
    static const char *const names[] = {
#define ROW(name, what) #name,
        PROGRESS_COUNTERS(ROW)
#undef ROW
    };
    return names[counter];
}

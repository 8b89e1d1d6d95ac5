// base/clock.h: time that only moves forward, for measuring and for timeouts. Never shown as a time of day.
#pragma once
#include <stdint.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

int64_t clock_now_ns(void);        // monotonic; about 20 ns a call
int64_t clock_thread_cpu_ns(void); // CPU time that the calling thread has used
int64_t clock_process_cpu_ns(void);
void clock_sleep_ns(int64_t duration_ns); // at least this long; signals do not shorten it

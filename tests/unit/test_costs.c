// tests/unit/test_costs.c: the measured costs are numbers that a replay can use, and stand in the order that the steps
// themselves dictate. Absolute values are the machine's business.
#include "sched/costs.h"
#include "tests/unit/harness.h"
#include <math.h>
#include <stdio.h>

static void check_cost(double value, const char *name) {
    CHECK(isfinite(value));
    CHECK(value >= 0);
    if (!(isfinite(value) && value >= 0)) (void)printf("%s is %f\n", name, value);
}

TEST(costs_are_finite_and_not_negative) {
    SchedCosts costs;
    REQUIRE(sched_costs_measure(&costs) == STATUS_OK);
    check_cost(costs.claim_ns, "claim");
    check_cost(costs.spawn_ns, "spawn");
    check_cost(costs.steal_ns, "steal");
    check_cost(costs.wake_ns, "wake");
    check_cost(costs.dispatch_ns, "dispatch");
    check_cost(costs.chain_ns, "chain");
    check_cost(costs.hot_ns, "hot");
    check_cost(costs.linger_ns, "linger");
    check_cost(costs.join_ns, "join");
    check_cost(costs.clock_ns, "clock");
    // What every machine can show costs something.
    CHECK(costs.claim_ns > 0);
    CHECK(costs.spawn_ns > 0);
    CHECK(costs.dispatch_ns > 0);
}

TEST(waking_a_sleeper_costs_more_than_claiming_an_item) {
    SchedCosts costs;
    REQUIRE(sched_costs_measure(&costs) == STATUS_OK);
    CHECK(costs.dispatch_ns > costs.claim_ns);
}

TEST(memory_rates_are_positive_for_any_number_of_threads) {
    for (uint32_t threads = 1; threads <= 3; threads++) {
        MemoryRates rates;
        REQUIRE(memory_rates_measure(threads, &rates) == STATUS_OK);
        CHECK(isfinite(rates.fresh) && rates.fresh > 0);
        CHECK(isfinite(rates.stream) && rates.stream > 0);
    }
}

TEST(the_loop_without_memory_has_a_rate_for_any_number_of_threads) {
    for (uint32_t threads = 1; threads <= 3; threads++) {
        double rate;
        REQUIRE(spin_rate_measure(threads, &rate) == STATUS_OK);
        CHECK(isfinite(rate) && rate > 0);
    }
}

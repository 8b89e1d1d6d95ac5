// ir/recursion.c: which functions can call themselves, directly or not: those that need a stack check.
//
// SOURCE  Tarjan, Depth-first search and linear graph algorithms (1972), with a stack of our own instead of recursion.
#include "ir/instances.h"

typedef struct Visit {
    uint32_t function;
    uint32_t next_ref;
} Visit;

void instances_find_recursion(Build *build) {
    CoreProgram *core = build->core;
    uint32_t count = core->function_count + 1;
    uint32_t *number = arena_array(build->arena, uint32_t, count), *low = arena_array(build->arena, uint32_t, count);
    bool *is_on_stack = arena_array(build->arena, bool, count);
    uint32_t *stack = arena_array(build->arena, uint32_t, count);
    Visit *visits = arena_array(build->arena, Visit, count);
    uint32_t next_number = 0, stack_count = 0;
    for (uint32_t root = 1; root < count; root++) {
        if (number[root] != 0) continue;
        uint32_t depth = 0;
        visits[depth++] = (Visit){root, 1};
        number[root] = low[root] = ++next_number;
        stack[stack_count++] = root;
        is_on_stack[root] = true;
        while (depth > 0) {
            Visit *visit = &visits[depth - 1];
            uint32_t current = visit->function;
            CoreFunction *function = core->functions[current];
            if (visit->next_ref <= function->ref_count) {
                const CoreRef *ref = &function->refs[visit->next_ref++];
                if (ref->kind == REF_INTRINSIC) continue;
                uint32_t target = ref->target;
                if (target == current) function->is_recursive = true;
                if (number[target] == 0) {
                    number[target] = low[target] = ++next_number;
                    stack[stack_count++] = target;
                    is_on_stack[target] = true;
                    visits[depth++] = (Visit){target, 1};
                } else if (is_on_stack[target] && number[target] < low[current]) {
                    low[current] = number[target];
                }
                continue;
            }
            if (low[current] == number[current]) {
                uint32_t first = stack_count;
                while (stack[first - 1] != current)
                    first--;
                first--;
                for (uint32_t i = first; i < stack_count; i++) {
                    is_on_stack[stack[i]] = false;
                    if (stack_count - first > 1) core->functions[stack[i]]->is_recursive = true;
                }
                stack_count = first;
            }
            if (--depth > 0) {
                uint32_t caller = visits[depth - 1].function;
                if (low[current] < low[caller]) low[caller] = low[current];
            }
        }
    }
}

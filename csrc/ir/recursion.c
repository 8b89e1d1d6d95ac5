// ir/recursion.c: which functions can call themselves, directly or not: those that need a stack check.
//
// SHAPE      groups: runs of neighbours of one module ─▶ in parallel, each: components of the calls inside of it
//            ─▶ alone: the components that cross groups, from the callees of upward calls on
// WHY        Imports have no circles, so nearly every call that leaves a module goes to one that stands lower in their order, and a
//            circle of calls lies in one module. One that does not contains a call upwards (the prelude's sort calls the
//            project's compare), and everything on it is reached from that call's target: seldom much.
// INVARIANTS The order of modules decides who finds a circle, never whether it is found.
// SOURCE     Tarjan, Depth-first search and linear graph algorithms (1972), with a stack of our own instead of recursion.
#include "ir/instances.h"
#include "sema/graph.h"

typedef struct Visit {
    uint32_t function;
    uint32_t next_ref;
} Visit;

typedef struct Group {
    uint32_t first, end; // functions
    uint32_t module;
} Group;

typedef struct UpwardCalls { // of a batch, by its first group
    uint32_t *targets;
    uint32_t count;
} UpwardCalls;

struct Recursion {
    const Build *build;
    VEC(Group) groups;
    Batches batches; // of groups
    UpwardCalls *upward;
    // By function.
    uint32_t *number, *low, *stack;
    uint8_t *is_on_stack;
    Visit *visits;
};

static uint32_t module_of(const Build *build, uint32_t instance) {
    return build->program->functions[build->instances.items[instance].function.index].module.index;
}

static void add_group(Recursion *r, uint32_t module, uint32_t first, uint32_t end) {
    if (first == end) return;
    vec_push(r->build->arena, &r->groups, ((Group){first, end, module}));
}

Recursion *recursion_prepare(Build *build) {
    const Program *program = build->program;
    Arena *arena = build->arena;
    Recursion *r = arena_new(arena, Recursion);
    r->build = build;
    uint32_t roots = build->root_count, count = build->core->function_count;
    for (uint32_t m = 1; m <= program->module_count; m++) { // roots stand by module
        uint32_t first = build->root_first[m], end = m < program->module_count ? build->root_first[m + 1] : roots + 1;
        if (first == end) continue;
        uint32_t last = end <= roots ? build->instances.items[end].first : 0;
        if (last == 0) last = build->instances.items[end - 1].first + build->instances.items[end - 1].function_count;
        add_group(r, m, build->instances.items[first].first, last);
    }
    for (uint32_t i = 0, next; i < build->ordered_count; i = next) { // and instances by symbol
        uint32_t module = module_of(build, build->ordered[i]), end = 0;
        for (next = i; next < build->ordered_count && module_of(build, build->ordered[next]) == module; next++)
            end = build->instances.items[build->ordered[next]].first +
                  build->instances.items[build->ordered[next]].function_count;
        add_group(r, module, build->instances.items[build->ordered[i]].first, end);
    }
    uint32_t *costs = arena_alloc(arena, sizeof(uint32_t) * ((size_t)r->groups.count + 1), sizeof(uint32_t));
    for (uint32_t i = 0; i < r->groups.count; i++)
        costs[i] = r->groups.items[i].end - r->groups.items[i].first;
    r->batches = batches_make(arena, costs, r->groups.count, build->core->worker_count, 0);
    r->upward = arena_array(arena, UpwardCalls, r->groups.count);
    size_t bytes = sizeof(uint32_t) * ((size_t)count + 1);
    r->number = arena_alloc(arena, bytes, sizeof(uint32_t)); // each group clears its own part
    r->low = arena_alloc(arena, bytes, sizeof(uint32_t));
    r->stack = arena_alloc(arena, bytes, sizeof(uint32_t));
    r->is_on_stack = arena_alloc(arena, (size_t)count + 1, 1);
    r->visits = arena_alloc(arena, sizeof(Visit) * ((size_t)count + 1), _Alignof(Visit));
    return r;
}

Batches recursion_batches(const Recursion *recursion) { return recursion->batches; }

// Calls to functions outside of [first, end) are left out.
static void search_from(Recursion *r, uint32_t root, uint32_t first, uint32_t end, uint32_t *next_number) {
    CoreFunction **functions = r->build->core->functions;
    uint32_t *number = r->number, *low = r->low, *stack = r->stack + first;
    Visit *visits = r->visits + first;
    uint32_t stack_count = 0, depth = 0;
    visits[depth++] = (Visit){root, 1};
    number[root] = low[root] = ++*next_number;
    stack[stack_count++] = root;
    r->is_on_stack[root] = 1;
    while (depth > 0) {
        Visit *visit = &visits[depth - 1];
        uint32_t current = visit->function;
        CoreFunction *function = functions[current];
        if (visit->next_ref <= function->ref_count) {
            const CoreRef *ref = &function->refs[visit->next_ref++];
            uint32_t target = ref->target;
            if (ref->kind == REF_INTRINSIC || target < first || target >= end) continue;
            if (target == current) function->is_recursive = true;
            if (number[target] == 0) {
                number[target] = low[target] = ++*next_number;
                stack[stack_count++] = target;
                r->is_on_stack[target] = 1;
                visits[depth++] = (Visit){target, 1};
            } else if (r->is_on_stack[target] && number[target] < low[current]) {
                low[current] = number[target];
            }
            continue;
        }
        if (low[current] == number[current]) {
            uint32_t bottom = stack_count;
            while (stack[bottom - 1] != current)
                bottom--;
            bottom--;
            for (uint32_t i = bottom; i < stack_count; i++) {
                r->is_on_stack[stack[i]] = 0;
                if (stack_count - bottom > 1) functions[stack[i]]->is_recursive = true;
            }
            stack_count = bottom;
        }
        if (--depth > 0) {
            uint32_t caller = visits[depth - 1].function;
            if (low[current] < low[caller]) low[caller] = low[current];
        }
    }
}

static void clear(Recursion *r, uint32_t first, uint32_t end) {
    memset(r->number + first, 0, sizeof(uint32_t) * (end - first));
    memset(r->is_on_stack + first, 0, end - first);
}

// Modules in the order of their imports; everybody calls the prelude, and nobody imports it.
static uint32_t height_of(const Build *build, uint32_t module) {
    return build->program->modules[module].kind == MODULE_PRELUDE ? 0
                                                                  : module_height(build->program, (ModuleId){module});
}

void recursion_find(Recursion *r, uint32_t item, Arena *arena) {
    const Build *build = r->build;
    CoreFunction **functions = build->core->functions;
    VEC(uint32_t) upward = {0};
    for (uint32_t g = item; g < r->batches.ends[item]; g++) {
        const Group *group = &r->groups.items[g];
        clear(r, group->first, group->end);
        uint32_t next_number = 0, height = height_of(build, group->module);
        for (uint32_t i = group->first; i < group->end; i++) {
            if (r->number[i] == 0) search_from(r, i, group->first, group->end, &next_number);
            for (uint32_t k = 1; k <= functions[i]->ref_count; k++) {
                const CoreRef *ref = &functions[i]->refs[k];
                if (ref->kind != REF_FUNCTION || (ref->target >= group->first && ref->target < group->end)) continue;
                uint32_t module = build->program->functions[ref->function.index].module.index;
                if (height_of(build, module) >= height) vec_push(arena, &upward, ref->target);
            }
        }
    }
    r->upward[item] = (UpwardCalls){upward.items, upward.count};
}

void recursion_finish(Recursion *r) {
    uint32_t end = r->build->core->function_count + 1, next_number = 0;
    bool any = false;
    for (uint32_t g = 0; g < r->groups.count; g = r->batches.ends[g])
        any |= r->upward[g].count > 0;
    if (!any) return;
    clear(r, 0, end);
    for (uint32_t g = 0; g < r->groups.count; g = r->batches.ends[g])
        for (uint32_t i = 0; i < r->upward[g].count; i++)
            if (r->number[r->upward[g].targets[i]] == 0) search_from(r, r->upward[g].targets[i], 0, end, &next_number);
}

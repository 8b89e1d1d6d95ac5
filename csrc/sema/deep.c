// sema/deep.c: what happens when a body is nested so deeply that the worker's stack might not do.
//
// WHY        The parser allows 2,000 levels, and a level costs the checker up to about 2 KB of stack, several times that in
//            a build with sanitizers. Workers have 2 MB. So the check of a deep part goes on in a thread that has a larger stack
//            and is waited for at once: only the stack changes, nothing runs at the same time.
// THE HARD CASE is memory that ends inside: a longjmp must not leave its thread. The new thread has a guard of its own, and its
//            starter jumps on when it is back.
#include "base/thread.h"
#include "sema/body_internal.h"

#define OWN_STACK_BYTES ((size_t)128 << 20) // only what is used becomes memory
#define OWN_STACK_SPARE ((size_t)1 << 20)

typedef struct DeepCall {
    Body *c;
    NodeIndex n;
    Expected expected;
    uint32_t node;
    bool is_out_of_memory;
} DeepCall;

void stack_measure(Body *c, size_t bytes) {
#if defined(__GNUC__)
    c->stack_start = (uintptr_t)__builtin_frame_address(0);
#else
    char place;
    c->stack_start = (uintptr_t)&place;
#endif
    c->stack_bytes = bytes;
}

static void deep_run(void *argument) {
    DeepCall *call = argument;
    Body *c = call->c;
    jmp_buf escape;
    c->scratch->escape = c->out->arena.escape = c->results->escape = &escape;
    if (setjmp(escape) != 0) {
        call->is_out_of_memory = true;
        return;
    }
    stack_measure(c, OWN_STACK_BYTES - OWN_STACK_SPARE);
    call->node = expr(c, call->n, call->expected);
}

uint32_t expr_on_own_stack(Body *c, NodeIndex n, Expected expected) {
    DeepCall *call = arena_new(c->scratch, DeepCall);
    *call = (DeepCall){.c = c, .n = n, .expected = expected};
    Thread *thread = arena_new(c->scratch, Thread);
    jmp_buf *outer = c->scratch->escape;
    uintptr_t stack_start = c->stack_start;
    size_t stack_bytes = c->stack_bytes;
    if (thread_start(thread, "sigil-deep", OWN_STACK_BYTES, deep_run, call) != STATUS_OK) {
        diag0(c->sink, DIAG_NESTED_TOO_DEEPLY, span_of(c, n));
        return node_error(c, n);
    }
    thread_join(thread);
    c->scratch->escape = c->out->arena.escape = c->results->escape = outer;
    c->stack_start = stack_start;
    c->stack_bytes = stack_bytes;
    if (call->is_out_of_memory) arena_out_of_memory(c->scratch);
    return call->node;
}

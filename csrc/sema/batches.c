// sema/batches.c: which bodies of a module are checked together.
//
// WHY        A small body takes a few microseconds: as a task of its own it would cost as much again, and two workers with
//            neighbouring functions would write to the same cache lines. So neighbours are checked together, until they have
//            enough nodes for about thirty microseconds of work; a large body stays alone.
#include "sema/internal.h"

#define BATCH_NODES 1024u

void batches_module(Program *program, ModuleId id) {
    const Module *module = program_module(program, id);
    ModuleState *state = module_state(program, id);
    Arena *arena = module->diagnostics.arena;
    Batch batch = {.first = module->first_function};
    uint32_t end = module->first_function + module->function_count;
    for (uint32_t i = module->first_function; i < end; i++) {
        const Function *f = &program->functions[i];
        uint32_t cost =
            module_declaration(module, f->declaration)->node_count + 16; // a body has a beginning and an end
        if (f->impl.index != 0) cost /= program->impls[f->impl.index].method_count;
        if (batch.cost > 0 && batch.cost + cost > BATCH_NODES) {
            batch.end = i;
            vec_push(arena, &state->batches, batch);
            batch = (Batch){.first = i};
        }
        batch.cost += cost;
    }
    batch.end = end;
    if (batch.cost > 0) vec_push(arena, &state->batches, batch);
}

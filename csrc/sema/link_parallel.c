// sema/link_parallel.c: step 1 for the whole program: modules in parallel, and in between, alone, what is about modules only.
#include "sema/check_parallel.h"

typedef struct LinkTask {
    Program *program;
    const LinkInput *input;
    Pool *pool;
} LinkTask;

static void create_alone(Program *program, const AloneStep *step) { modules_create(program, step->input); }

static void number_alone(Program *program, const AloneStep *step) {
    (void)step;
    module_cycles_report(program);
    modules_number(program);
}

static Status link_step(Worker *worker, void *argument) {
    (void)worker; // the loops know it
    const LinkTask *task = argument;
    Program *program = task->program;
    TRY(alone_run(program, &(AloneStep){.input = task->input, .run = create_alone}));
    uint32_t *modules, count;
    TRY(modules_largest_first(program, &modules, &count));
    TRY(phase_of_each(program, task->pool, modules, count, WORK_link_module, module_plan));
    TRY(alone_run(program, &(AloneStep){.run = number_alone}));
    return phase_of_each(program, task->pool, modules, count, WORK_link_module, module_place);
}

Status modules_link(Program *program, const LinkInput *input, Pool *pool) {
    Status status = step_run(pool, link_step, &(LinkTask){program, input, pool});
    if (status == STATUS_OK) return status;
    program->functions = NULL; // not all of it may be cleared: nobody must look
    program->bodies = NULL;
    program->function_count = 0;
    return status;
}

// sema/infer.h: finding the parts of private functions' signatures that are left out (chapter 6, step 2).
//
// WHY        A private function may leave out types of parameters and its result. They follow from its body, and from the bodies
//            of those that it calls and that leave out parts as well; from nothing else. So each module finds its own, before
//            bodies are checked; what importers see of a module (its public signatures) never hangs on a body.
// SHAPE      functions with parts left out ▸ who names whom (infer_module.c) ▸ components in order ▸ for each component one Body
//            with a Unit per function: variables stand for what is missing (infer_component.c) ▸ what stays open becomes type
//            parameters with the bounds that were asked for (infer_generalise.c) ▸ Function.generics, parameters, result
//            The bodies are then checked once more like all others, against the signatures that are complete now: the typed
//            trees of this check are dropped, because within a component a function has one type, and outside of it many.
// INVARIANTS I1 In a component a function is used at one type; its written type parameters are instantiated all the same.
//            I2 An error is reported by one of the two checks: a function with an error in the first one is_settled, and has no
//               second. Warnings come from the second, else from the first.
//            I3 Names, order of parameters and order of bounds follow the text alone.
// THREADS    A module is one task. While it is, its functions' signatures hold types of the task's Body (LOCAL_TYPE): others may
//            read only names and flags of them. Modules that import such a function wait (infer_parallel.c).
// COST       A module without such functions: one look at a flag. The bodies of these functions are checked twice.
#pragma once
#include "intern/names.h"
#include "sema/body_internal.h"
#include "sema/internal.h"

typedef struct Inference { // of one module
    Program *program;
    ModuleId module;
    KnownNames known;
    Arena *scratch;   // of the component at hand
    Arena *lasting;   // dies with the step
    Arena *kept;      // the module's
    NameCache *cache; // NULL until a name of a type parameter is made
} Inference;

typedef struct Component {
    Inference *inference;
    Body *c;
    Unit *units;
    uint32_t count;
    uint32_t parameter_count; // written type parameters of all units
    bool has_errors;          // in a unit: what is open stays unknown, and silent
} Component;

// Functions that reach each other by calls, in the order of the text: their signatures are complete afterwards.
void infer_component(Inference *inference, const uint32_t *functions, uint32_t count);
// All bodies were checked: completes the signature of one unit.
void infer_generalise(Component *component, Unit *unit);

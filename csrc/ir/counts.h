// ir/counts.h: reference counts made explicit. What counts_insert of core.h does, with the tables that C generation already has.
#pragma once
#include "ir/layout.h"

// Flags of FIELD, LIST_GET, CAPTURE, COPY and MAP_NEXT (for MAP_NEXT the first speaks of the key, the second of the value): what it gives
// is no reference of its own. It looks into an owner that outlives it.
// A COPY that is an alias borrows its operand.
// CORE_IS_MOVE: a FIELD takes the part out of its owner, a DROP ends an owner whose parts were all taken out (ir/fields.c).
enum { CORE_IS_ALIAS = 4, CORE_VALUE_IS_ALIAS = 8, CORE_IS_MOVE = 16 };

// A copy of `function` with DUP and DROP, its unreachable instructions gone. Everything new lies in `arena`; `from` is only read.
// What counts_tracked says of the copy; NULL: nothing is counted, so no local is tracked.
const uint8_t *counts_make(const Layouts *layouts, const CoreFunction *from, Arena *arena, CoreFunction *out);
// Per local of a function with counts: 1 if it holds references of its own. Not tracked: what is not counted, aliases, and constants
// (literals and functions are immortal cells, which no count is kept of).
uint8_t *counts_tracked(const Layouts *layouts, const CoreFunction *function, Arena *arena);
// I5: NULL, or what is wrong. `function` has been through counts_make or counts_insert.
const char *counts_verify(const Layouts *layouts, const CoreFunction *function, Arena *arena);
// ir/fields.c, what counts_make does first and last.
void fields_gather(const Layouts *layouts, const CoreFunction *from, Arena *arena, CoreFunction *out);
void fields_move(const Layouts *layouts, CoreFunction *function, Arena *arena);

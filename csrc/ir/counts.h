// ir/counts.h: reference counts made explicit. What counts_insert of core.h does, with the tables that C generation already has.
#pragma once
#include "ir/layout.h"

// Flag of FIELD, LIST_GET, CAPTURE and MAP_NEXT: what it gives is no reference of its own. It looks into an owner that outlives it.
enum { CORE_IS_ALIAS = 1 };
// DROP: b = 0, or the dst of the MAP_NEXT that defined the local: there is something to drop only if that is ≥ 0.
// MAP_NEXT: bit 0 of flags (CORE_IS_ALIAS) speaks of the key, this bit of the value.
enum { CORE_VALUE_IS_ALIAS = 2 };

// A copy of `function` with DUP and DROP, its unreachable instructions gone. Everything new lies in `arena`; `from` is only read.
void counts_make(const Layouts *layouts, const CoreFunction *from, Arena *arena, CoreFunction *out);
// I5: NULL, or what is wrong. `function` has been through counts_make or counts_insert.
const char *counts_verify(const Layouts *layouts, const CoreFunction *function, Arena *arena);

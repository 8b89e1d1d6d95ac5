// ir/customs.h: a program's own impls of the traits that descriptors stand for.
#pragma once
#include "ir/layout.h"
#include "ir/lower.h"

typedef enum Custom { CUSTOM_EQUALS, CUSTOM_COMPARE, CUSTOM_HASH, CUSTOM_SHOW, CUSTOM_COUNT } Custom;

// The method that an impl of the program gives a type; false: it has none (a built-in or derived one, or no such trait).
bool custom_method(const Program *program, Arena *arena, BuiltinTrait trait, const char *name, TypeId type,
                   FunctionId *function, const TypeId **arguments, uint32_t *count);
Local custom_call(Frame *f, BuiltinTrait trait, const char *name, TypeId self, const Local *locals, uint32_t count,
                  TypeId result, Dest dest);
bool type_has_custom(const Lower *lower, TypeId type, BuiltinTrait trait);
TypeId custom_item(Lower *lower, TypeId type, BuiltinTrait trait); // the Item of a type with such an impl
Local lower_default(Frame *f, TypeId type, Dest dest);
void customs_request(Frame *f);                               // at the end of a function, where has_customs is set
void customs_find(const CoreProgram *core, Layouts *layouts); // sets Layout.customs

// ir/core.c: what the operations are: their names, operands, printing and checking. See core.h and core.def.
#include "ir/core.h"

// ---- intrinsics --------------------------------------------------------------------------------------------------------

enum { PANICS = 1, CALLS = 2 };

typedef struct IntrinsicRow {
    const char *name;
    const char *ownership;
    uint32_t flags;
} IntrinsicRow;

static const IntrinsicRow intrinsic_rows[INTRINSIC_COUNT] = {
    {"", "", 0},
#define INTRINSIC(name, ownership, flags) {#name, ownership, flags},
#include "ir/intrinsics.def"
#undef INTRINSIC
};

const char *intrinsic_ownership(Intrinsic intrinsic) { return intrinsic_rows[intrinsic].ownership; }
uint32_t intrinsic_flags(Intrinsic intrinsic) { return intrinsic_rows[intrinsic].flags; }
const char *intrinsic_name(Intrinsic intrinsic) { return intrinsic_rows[intrinsic].name; }

static Text home_name(const Program *program, TypeId type) {
    const TypeInfo *info = type_info(program->types, type);
    switch (info->kind) {
    case TYPE_LIST:
        return TEXT("list");
    case TYPE_MAP:
        return TEXT("map");
    case TYPE_SET:
        return TEXT("set");
    case TYPE_RANGE:
        return TEXT("range");
    case TYPE_STR:
        return TEXT("str");
    case TYPE_CHAR:
        return TEXT("char");
    case TYPE_BYTE:
        return TEXT("byte");
    case TYPE_INT:
        return TEXT("int");
    case TYPE_FLOAT:
        return TEXT("float");
    case TYPE_BOOL:
        return TEXT("bool");
    case TYPE_DURATION:
        return TEXT("duration");
    case TYPE_SIZE:
        return TEXT("size");
    case TYPE_INSTANT:
        return TEXT("instant");
    case TYPE_NAMED:
        return names_text(program->names, program->type_decls[info->head].name);
    default:
        return TEXT("");
    }
}

// `std.math.rand` is at home in `math_rand`; what the prelude declares outside of types has no home.
static bool is_in_library(const Program *program, const Function *declared, Text *home) {
    const Module *module = &program->modules[declared->module.index];
    if (module->kind != MODULE_STD) return false;
    *home = (Text){module->name.data + 4, module->name.length - 4};
    return true;
}

static char lower_case(char c) { return c == '.' ? '_' : c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c; }

static bool is_named(const char *name, Text home, Text own) {
    for (uint32_t i = 0; i < home.length; i++)
        if (*name++ != lower_case(home.data[i])) return false;
    if (home.length > 0 && *name++ != '_') return false;
    for (uint32_t i = 0; i < own.length; i++)
        if (*name++ != lower_case(own.data[i])) return false;
    return *name == 0;
}

Intrinsic intrinsic_by_name(const Program *program, FunctionId function) {
    const Function *declared = &program->functions[function.index];
    Text home = TEXT("");
    if (!is_in_library(program, declared, &home) && declared->impl.index != 0)
        home = home_name(program, program->impls[declared->impl.index].self_type);
    Text own = names_text(program->names, declared->name);
    for (uint32_t i = 1; i < INTRINSIC_COUNT; i++)
        if (is_named(intrinsic_rows[i].name, home, own)) return (Intrinsic)i;
    return INTRINSIC_NONE;
}

// ---- operations --------------------------------------------------------------------------------------------------------

typedef struct OpRow {
    const char *name, *dst, *a, *b;
} OpRow;

static const OpRow op_rows[CORE_OP_COUNT] = {
#define CORE(op, dst, a, b, meaning) {#op, #dst, #a, #b},
#include "ir/core.def"
#undef CORE
};

const char *core_op_name(CoreOp op) { return op_rows[op].name; }

static bool is_checked_arithmetic(const CoreProgram *core, const CoreFunction *function, const CoreInstruction *i) {
    TypeKind kind = (TypeKind)type_info(core->program->types, function->locals[i->a].type)->kind;
    switch ((TypedOp)i->sub) {
    case OP_ADD:
    case OP_SUBTRACT:
    case OP_MULTIPLY:
    case OP_DIVIDE:
    case OP_NEGATE:
        return kind != TYPE_FLOAT;
    case OP_REMAINDER:
    case OP_FLOOR_DIVIDE:
    case OP_SHIFT_LEFT:
    case OP_SHIFT_RIGHT:
        return true;
    default:
        return false;
    }
}

// Conversions that can fail: from str, and to a narrower type.
static bool is_checked_conversion(const CoreProgram *core, const CoreFunction *function, const CoreInstruction *i) {
    TypeKind from = (TypeKind)type_info(core->program->types, function->locals[i->a].type)->kind;
    TypeKind to = (TypeKind)type_info(core->program->types, function->locals[i->dst].type)->kind;
    if (from == TYPE_STR) return true;
    switch (to) {
    case TYPE_INT:
        return from == TYPE_FLOAT;
    case TYPE_BYTE:
        return from != TYPE_BOOL;
    case TYPE_CHAR:
        return from != TYPE_BYTE;
    default:
        return false;
    }
}

bool core_op_may_panic(const CoreProgram *core, const CoreFunction *function, const CoreInstruction *instruction) {
    if (instruction->flags & CORE_CANNOT_PANIC) return false;
    switch ((CoreOp)instruction->op) {
    case CORE_BINARY:
    case CORE_UNARY:
        return is_checked_arithmetic(core, function, instruction);
    case CORE_CONVERT:
        return is_checked_conversion(core, function, instruction);
    case CORE_CALL:
    case CORE_CALL_CLOSURE:
    case CORE_CALL_DYN:
    case CORE_PANIC:
        return true;
    case CORE_INTRINSIC:
        return core->program->has_customs || intrinsic_flags((Intrinsic)function->refs[instruction->a].target) != 0;
    case CORE_LIST_GET:
        return instruction->sub == 0;
    case CORE_EQUAL:
    case CORE_COMPARE:
    case CORE_HASH:
    case CORE_SHOW:
    case CORE_MAP_PUT:
    case CORE_MAP_GET:
        return core->program->has_customs; // an impl of the program may panic
    default:
        return false;
    }
}

// ---- printing ----------------------------------------------------------------------------------------------------------

static const char *const op_texts[] = {
    "add",    "subtract", "multiply", "divide",    "remainder", "floor_divide", "shift_left", "shift_right", "bit_and",
    "bit_or", "bit_xor",  "==",       "!=",        "<",         "<=",           ">",          ">=",          "and",
    "or",     "negate",   "not",      "complement"};

static void print_type(const CoreProgram *core, TypeId type, Buffer *out) {
    type_print(core->program, type, NULL, out);
}

static void print_local(const CoreProgram *core, const CoreFunction *function, uint32_t local, Buffer *out) {
    if (local == 0 || local > function->local_count) {
        buffer_format(out, "_%u", local);
        return;
    }
    NameId name = function->locals[local].name;
    if (name.index != 0) buffer_text(out, names_text(core->program->names, name));
    buffer_format(out, "%%%u", local);
}

static void print_quoted(Text text, Buffer *out) {
    buffer_char(out, '"');
    for (uint32_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '"' || c == '\\')
            buffer_format(out, "\\%c", c);
        else if (c == '\n')
            buffer_literal(out, "\\n");
        else if (c < ' ')
            buffer_format(out, "\\x%02x", c);
        else
            buffer_char(out, (char)c);
    }
    buffer_char(out, '"');
}

static void print_ref(const CoreProgram *core, const CoreFunction *function, uint32_t index, Buffer *out) {
    const CoreRef *ref = &function->refs[index];
    if (ref->kind == REF_INTRINSIC) {
        buffer_format(out, "si_%s", intrinsic_name((Intrinsic)ref->target));
    } else if (core->functions != NULL && ref->target > 0 && ref->target <= core->function_count) {
        buffer_text(out, core->functions[ref->target]->symbol);
        return; // the symbol tells the type arguments
    } else {
        buffer_text(out, names_text(core->program->names, core->program->functions[ref->function.index].name));
        if (ref->kind == REF_LAMBDA) buffer_format(out, "__lambda[%u]", ref->target);
    }
    for (uint32_t i = 0; i < ref->argument_count; i++) {
        buffer_string(out, i == 0 ? "<" : ", ");
        print_type(core, ref->arguments[i], out);
    }
    if (ref->argument_count > 0) buffer_char(out, '>');
}

static bool starts_with(const char *text, const char *start) { return strncmp(text, start, strlen(start)) == 0; }

static void print_operand(const CoreProgram *core, const CoreFunction *function, const char *word, uint32_t value,
                          Buffer *out) {
    if (starts_with(word, "LIST")) {
        uint32_t count = function->extra[value];
        buffer_char(out, '(');
        for (uint32_t i = 0; i < count; i++) {
            if (i > 0) buffer_literal(out, ", ");
            print_local(core, function, function->extra[value + 1 + i], out);
        }
        buffer_char(out, ')');
    } else if (starts_with(word, "LOCAL") || strcmp(word, "OWNED") == 0 || strcmp(word, "BORROWED") == 0) {
        print_local(core, function, value, out);
    } else if (strcmp(word, "REF") == 0) {
        print_ref(core, function, value, out);
    } else if (strcmp(word, "NAME") == 0) {
        print_quoted(names_text(core->program->names, (NameId){value}), out);
    } else {
        buffer_format(out, "%u", value);
    }
}

static void print_instruction(const CoreProgram *core, const CoreFunction *function, const CoreInstruction *i,
                              Buffer *out) {
    const OpRow *row = &op_rows[i->op];
    bool has_dst = strcmp(row->dst, "-") != 0, has_a = strcmp(row->a, "-") != 0, has_b = strcmp(row->b, "-") != 0;
    if (has_dst) {
        print_local(core, function, i->dst, out);
        buffer_literal(out, " = ");
    }
    if (i->op == CORE_BINARY || i->op == CORE_UNARY) {
        buffer_string(out, op_texts[i->sub]);
        if (i->flags & CORE_CANNOT_PANIC) buffer_literal(out, " unchecked");
    } else {
        for (const char *c = row->name; *c != 0; c++)
            buffer_char(out, lower_case(*c));
        if (i->sub != 0 || i->op == CORE_CONSTRUCT || i->op == CORE_FIELD) buffer_format(out, ".%u", i->sub);
    }
    if (i->op == CORE_INT || i->op == CORE_CASE) {
        buffer_char(out, ' ');
        buffer_int(out, (int64_t)((uint64_t)i->a | (uint64_t)i->b << 32));
        return;
    }
    if (i->op == CORE_FLOAT) {
        uint64_t bits = (uint64_t)i->a | (uint64_t)i->b << 32;
        double value;
        memcpy(&value, &bits, sizeof value);
        buffer_format(out, " %.17g", value);
        return;
    }
    if (has_a) {
        buffer_char(out, ' ');
        print_operand(core, function, row->a, i->a, out);
    }
    if (has_b) {
        buffer_string(out, has_a ? ", " : " ");
        print_operand(core, function, row->b, i->b, out);
    }
}

void core_print(const CoreProgram *core, const CoreFunction *function, Buffer *out) {
    if (function->symbol.length > 0)
        buffer_text(out, function->symbol);
    else
        buffer_text(out, names_text(core->program->names, core->program->functions[function->function.index].name));
    if (function->lambda != 0 && function->symbol.length == 0) buffer_format(out, "__lambda_%u", function->lambda);
    buffer_literal(out, " (");
    for (uint32_t i = 1; i <= function->parameter_count; i++) {
        if (i > 1) buffer_literal(out, ", ");
        print_local(core, function, i, out);
        buffer_literal(out, ": ");
        print_type(core, function->locals[i].type, out);
    }
    buffer_literal(out, ") -> ");
    print_type(core, function->result, out);
    if (function->is_recursive) buffer_literal(out, " recursive");
    buffer_char(out, '\n');
    for (uint32_t i = 0; i < function->capture_count; i++) {
        buffer_format(out, "    capture %u: ", i);
        print_type(core, function->captures[i], out);
        buffer_char(out, '\n');
    }
    uint32_t depth = 1;
    for (uint32_t i = 0; i < function->code_count; i++) {
        const CoreInstruction *instruction = &function->code[i];
        uint8_t op = instruction->op;
        if (op == CORE_END && depth > 1) depth--;
        uint32_t indent = op == CORE_ELSE && depth > 1 ? depth - 1 : depth;
        for (uint32_t k = 0; k < indent; k++)
            buffer_literal(out, "    ");
        size_t start = out->length;
        print_instruction(core, function, instruction, out);
        if (strcmp(op_rows[op].dst, "-") != 0 && instruction->dst != 0 && instruction->dst <= function->local_count) {
            for (size_t width = out->length - start; width < 40; width++)
                buffer_char(out, ' ');
            buffer_literal(out, " : ");
            print_type(core, function->locals[instruction->dst].type, out);
        }
        buffer_char(out, '\n');
        if (op == CORE_BLOCK || op == CORE_LOOP || op == CORE_IF || op == CORE_SWITCH) depth++;
    }
}

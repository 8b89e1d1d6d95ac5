// cgen/expressions.c: operations as C expressions, and their operands (writer.h says what may wait inside what).
#include "cgen/writer.h"

#define T(text) (int)(text).length, (text).data

// ---- operands ----------------------------------------------------------------------------------------------------------------

Text variable_of(Gen *g, uint32_t local) {
    LocalInfo *it = &g->locals[local];
    it->is_declared = true;
    Text name = local_name(g, local);
    if (it->slot != 0) return concat(g, TEXT("f."), name);
    if (it->is_parameter && it->is_copied) return concat(g, TEXT("v_"), name);
    if (it->is_by_pointer) return concat(g, TEXT("(*"), name, TEXT(")"));
    return name;
}

static void forget_pending(Gen *g, uint32_t local) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < g->pending.count; i++)
        if (g->pending.items[i] != local) g->pending.items[kept++] = g->pending.items[i];
    g->pending.count = kept;
    g->locals[local].is_pending = false;
}

Expr take(Gen *g, uint32_t local) {
    if (!g->locals[local].is_pending) return (Expr){.text = variable_of(g, local)};
    forget_pending(g, local);
    return g->locals[local].pending;
}

Text address_of(Gen *g, uint32_t local) {
    materialize(g, local);
    if (g->locals[local].is_by_pointer) {
        g->locals[local].is_declared = true;
        return local_name(g, local);
    }
    return concat(g, TEXT("&"), variable_of(g, local));
}

Text member_of(Gen *g, uint32_t local) {
    if (g->locals[local].is_by_pointer) {
        g->locals[local].is_declared = true;
        return concat(g, local_name(g, local), TEXT("->"));
    }
    return concat(g, variable_of(g, local), TEXT("."));
}

// An expression under construction: joins what its operands are.
static Text join(Gen *g, Expr *e, uint32_t local, bool parenthesize) {
    Expr part = take(g, local);
    if (part.kind > e->kind) e->kind = part.kind;
    if (part.live != NULL) e->live = part.live;
    if (part.depth + 1 > e->depth) e->depth = (uint8_t)(part.depth + 1);
    if (parenthesize && part.is_compound) return concat(g, TEXT("("), part.text, TEXT(")"));
    return part.text;
}

Text take_text(Gen *g, uint32_t local, bool parenthesize) {
    Expr ignored = {.depth = 0};
    return join(g, &ignored, local, parenthesize);
}

static bool is_int_like(LayoutKind kind) {
    return kind == LAYOUT_INT || kind == LAYOUT_DURATION || kind == LAYOUT_SIZE || kind == LAYOUT_INSTANT;
}

// ---- arithmetic ----------------------------------------------------------------------------------------------------------------

static const char *comparison(TypedOp op) {
    switch (op) {
    case OP_EQUAL:
        return "==";
    case OP_NOT_EQUAL:
        return "!=";
    case OP_LESS:
        return "<";
    case OP_LESS_EQUAL:
        return "<=";
    case OP_GREATER:
        return ">";
    case OP_GREATER_EQUAL:
        return ">=";
    default:
        return NULL;
    }
}

static bool build_comparison(Gen *g, const CoreInstruction *in, Expr *e, const char *op) {
    LayoutKind kind = g->locals[in->a].base->kind;
    bool is_order = in->sub != OP_EQUAL && in->sub != OP_NOT_EQUAL;
    bool is_unsigned = kind == LAYOUT_BYTE || kind == LAYOUT_BOOL || kind == LAYOUT_CHAR || kind == LAYOUT_ENUM;
    if (kind == LAYOUT_STR) {
        Text a = join(g, e, in->a, false), b = join(g, e, in->b, false);
        g->uses_task = true;
        if (e->kind < EXPR_LOAD) e->kind = EXPR_LOAD;
        if (is_order) {
            e->text = format_text(g, "si_str_order(task, %.*s, %.*s) %s 0", T(a), T(b), op);
            e->is_compound = true;
        } else
            e->text = format_text(g, "%ssi_str_equal(task, %.*s, %.*s)", in->sub == OP_EQUAL ? "" : "!", T(a), T(b));
        return true;
    }
    if (is_unsigned && is_order) { // compilers warn of `x < 0` for unsigned x
        materialize(g, in->a);
        materialize(g, in->b);
    }
    Text a = join(g, e, in->a, true), b = join(g, e, in->b, true);
    if (kind != LAYOUT_FLOAT && text_equal(a, b)) { // compilers warn of `x == x`
        bool holds = in->sub == OP_EQUAL || in->sub == OP_LESS_EQUAL || in->sub == OP_GREATER_EQUAL;
        e->text = holds ? TEXT("1") : TEXT("0");
        return true;
    }
    e->text = concat(g, a, TEXT(" "), text_from(op), TEXT(" "), b);
    e->is_compound = true;
    return true;
}

static bool build_binary(Gen *g, const CoreInstruction *in, Expr *e) {
    TypedOp op = (TypedOp)in->sub;
    LayoutKind kind = g->locals[in->a].base->kind, other = g->locals[in->b].base->kind,
               to = g->locals[in->dst].base->kind;
    bool checked = (in->flags & CORE_CANNOT_PANIC) == 0;
    const char *compare = comparison(op);
    if (compare != NULL) return build_comparison(g, in, e, compare);
    if (op == OP_AND || op == OP_OR) {
        materialize(g, in->a);
        materialize(g, in->b);
    }
    if ((op == OP_SHIFT_LEFT || op == OP_SHIFT_RIGHT) && kind == LAYOUT_BYTE) {
        if (checked) {
            materialize(g, in->b);
            Text b = variable_of(g, in->b), at = place_of(g, in->token);
            g->uses_task = true;
            flush_pending(g); // the check is a statement
            set_live(g, e->live);
            write_line(
                g, format_text(g, "if ((uint64_t)%.*s > 7) { si_panic_shift(task, %.*s, %.*s); }", T(b), T(b), T(at)));
            e->live = NULL;
            e->kind = EXPR_PURE;
        }
        Text a = join(g, e, in->a, true), b = join(g, e, in->b, true);
        e->text = format_text(g, "(uint8_t)(%.*s %s %.*s)", T(a), op == OP_SHIFT_LEFT ? "<<" : ">>", T(b));
        e->is_compound = true;
        return true;
    }
    Text a = join(g, e, in->a, true), b = join(g, e, in->b, true);
    e->is_compound = true;
    const char *plain = NULL, *function = NULL;
    switch (op) {
    case OP_ADD:
        plain = "+", function = "si_add";
        break;
    case OP_SUBTRACT:
        plain = "-", function = "si_sub";
        break;
    case OP_MULTIPLY:
        plain = "*", function = "si_mul";
        break;
    case OP_DIVIDE:
        plain = "/", function = "si_div";
        break;
    case OP_REMAINDER:
        plain = "%", function = "si_rem";
        break;
    case OP_FLOOR_DIVIDE:
        function = "si_floor_div";
        break;
    case OP_SHIFT_LEFT:
        function = "si_shl";
        break;
    case OP_SHIFT_RIGHT:
        function = "si_shr";
        break;
    case OP_BIT_AND:
    case OP_AND:
        plain = "&";
        break;
    case OP_BIT_OR:
    case OP_OR:
        plain = "|";
        break;
    case OP_BIT_XOR:
        plain = "^";
        break;
    default:
        plain = "+";
        break;
    }
    if (function == NULL) {
        e->text = format_text(g, "%.*s %s %.*s", T(a), plain, T(b));
        if (to == LAYOUT_BYTE) e->text = format_text(g, "(uint8_t)(%.*s)", T(e->text));
        return true;
    }
    if (to == LAYOUT_FLOAT && is_int_like(kind) && is_int_like(other)) { // Duration / Duration
        e->text = format_text(g, "(double)%.*s / (double)%.*s", T(a), T(b));
        return true;
    }
    if (to == LAYOUT_FLOAT) {
        e->text = format_text(g, "%.*s %s %.*s", T(a), plain == NULL ? "/" : plain, T(b)); // `%` is not float's
        return true;
    }
    if (!checked && plain != NULL) {
        e->text = format_text(g, "%.*s %s %.*s", T(a), plain, T(b));
        if (to == LAYOUT_BYTE) e->text = format_text(g, "(uint8_t)(%.*s)", T(e->text));
        return true;
    }
    Text at = place_of(g, in->token);
    g->uses_task = true;
    e->is_compound = false;
    bool small = to == LAYOUT_BYTE && (op == OP_ADD || op == OP_SUBTRACT || op == OP_MULTIPLY);
    if (small) {
        e->text = format_text(g, "si_byte_check(task, (int64_t)%.*s %s %.*s, %.*s)", T(a), plain, T(b), T(at));
        return true;
    }
    e->text = concat(g, text_from(function), TEXT("(task, "), a, TEXT(", "), b, TEXT(", "), at, TEXT(")"));
    if (to == LAYOUT_BYTE) {
        e->text = format_text(g, "(uint8_t)%.*s", T(e->text));
        e->is_compound = true;
    } else if (to == LAYOUT_SIZE && op != OP_REMAINDER)
        e->text = format_text(g, "si_size_check(task, %.*s, %.*s)", T(e->text), T(at));
    return true;
}

static bool build_unary(Gen *g, const CoreInstruction *in, Expr *e) {
    LayoutKind kind = g->locals[in->a].base->kind;
    Text a = join(g, e, in->a, true);
    e->is_compound = true;
    switch ((TypedOp)in->sub) {
    case OP_NOT:
        e->text = format_text(g, "!%.*s", T(a));
        return true;
    case OP_COMPLEMENT:
        e->text = kind == LAYOUT_BYTE ? format_text(g, "(uint8_t)~%.*s", T(a)) : format_text(g, "~%.*s", T(a));
        return true;
    default:
        break;
    }
    if (kind == LAYOUT_FLOAT || (in->flags & CORE_CANNOT_PANIC) != 0) {
        e->text = format_text(g, "-(%.*s)", T(a)); // parentheses: `--1` is something else
        return true;
    }
    g->uses_task = true;
    e->is_compound = false;
    e->text = format_text(g, "si_neg(task, %.*s, %.*s)", T(a), T(place_of(g, in->token)));
    return true;
}

static bool build_convert(Gen *g, const CoreInstruction *in, Expr *e) {
    LayoutKind from = g->locals[in->a].base->kind, to = g->locals[in->dst].base->kind;
    const char *function = NULL, *cast = NULL;
    bool checked = (in->flags & CORE_CANNOT_PANIC) == 0;
    switch (to) {
    case LAYOUT_FLOAT:
        if (from == LAYOUT_STR)
            function = "si_float_from_str";
        else if (from != LAYOUT_FLOAT)
            cast = "double";
        break;
    case LAYOUT_BYTE:
        if (from == LAYOUT_STR)
            function = "si_byte_from_str";
        else if (from == LAYOUT_CHAR)
            function = checked ? "si_byte_from_char" : NULL, cast = "uint8_t";
        else if (from != LAYOUT_BYTE)
            function = checked && from != LAYOUT_BOOL ? "si_byte_from_int" : NULL, cast = "uint8_t";
        break;
    case LAYOUT_CHAR:
        if (from == LAYOUT_STR)
            function = "si_char_from_str";
        else if (is_int_like(from))
            function = checked ? "si_char_from_int" : NULL, cast = "uint32_t";
        else if (from != LAYOUT_CHAR)
            cast = "uint32_t";
        break;
    default:
        if (from == LAYOUT_STR)
            function = "si_int_from_str";
        else if (from == LAYOUT_FLOAT)
            function = "si_int_from_float";
        else if (from != to)
            cast = "int64_t";
        break;
    }
    Text a = join(g, e, in->a, function == NULL && cast != NULL);
    if (function != NULL) {
        g->uses_task = true;
        e->text = format_text(g, "%s(task, %.*s, %.*s)", function, T(a), T(place_of(g, in->token)));
    } else if (cast != NULL) {
        e->text = format_text(g, "(%s)%.*s", cast, T(a));
        e->is_compound = true;
    } else {
        e->text = a;
        e->is_compound = true;
    }
    return true;
}

// ---- any type ---------------------------------------------------------------------------------------------------------------------

static bool build_equal(Gen *g, const CoreInstruction *in, Expr *e) {
    const Layout *base = g->locals[in->a].base;
    CoreInstruction as_binary = *in;
    as_binary.sub = in->sub ? OP_NOT_EQUAL : OP_EQUAL;
    bool is_word = base->kind <= LAYOUT_ENUM && base->kind != LAYOUT_FLOAT;
    if (is_word || base->kind == LAYOUT_STR)
        return build_comparison(g, &as_binary, e, comparison((TypedOp)as_binary.sub));
    Text a = address_of(g, in->a), b = address_of(g, in->b), type = descriptor(g, g->locals[in->a].layout);
    g->uses_task = true;
    if (e->kind < EXPR_LOAD) e->kind = EXPR_LOAD;
    e->text = format_text(g, "%ssi_equal(task, %.*s, %.*s, %.*s)", in->sub ? "!" : "", T(a), T(b), T(type));
    return true;
}

static bool build_compare(Gen *g, const CoreInstruction *in, Expr *e) {
    const Layout *base = g->locals[in->a].base;
    bool to_ordering = g->locals[in->dst].base->kind == LAYOUT_ENUM;
    g->uses_task = true;
    Text order;
    if (base->kind == LAYOUT_STR && to_ordering) {
        Text a = join(g, e, in->a, false), b = join(g, e, in->b, false);
        order = format_text(g, "si_str_order(task, %.*s, %.*s)", T(a), T(b));
    } else {
        Text a = address_of(g, in->a), b = address_of(g, in->b), type = descriptor(g, g->locals[in->a].layout);
        order = format_text(g, "si_compare(task, %.*s, %.*s, %.*s)", T(a), T(b), T(type));
    }
    if (e->kind < EXPR_LOAD) e->kind = EXPR_LOAD;
    e->text = to_ordering ? format_text(g, "si_ordering(%.*s)", T(order)) : order;
    return true;
}

static bool build_show(Gen *g, const CoreInstruction *in, Expr *e) {
    const Layout *layout = g->locals[in->a].layout;
    const char *function = NULL;
    switch (layout->kind) {
    case LAYOUT_INT:
        function = "si_str_from_int";
        break;
    case LAYOUT_FLOAT:
        function = "si_str_from_float";
        break;
    case LAYOUT_BOOL:
        function = "si_str_from_bool";
        break;
    case LAYOUT_BYTE:
        function = "si_str_from_byte";
        break;
    case LAYOUT_CHAR:
        function = "si_str_from_char";
        break;
    case LAYOUT_STR:
        return false; // a copy: statements.c
    default:
        break;
    }
    g->uses_task = true;
    if (function != NULL) {
        Text a = join(g, e, in->a, false);
        e->text = format_text(g, "%s(task, %.*s)", function, T(a));
    } else {
        Text a = address_of(g, in->a), type = descriptor(g, layout);
        e->text = format_text(g, "si_show(task, %.*s, %.*s)", T(a), T(type));
    }
    e->kind = EXPR_EFFECT;
    return true;
}

// ---- calls ------------------------------------------------------------------------------------------------------------------------

static const Function *declaration(Gen *g, const CoreRef *ref) { return &g->program->functions[ref->function.index]; }

static bool is_parameter_type(Gen *g, TypeId type) {
    return type_info(g->program->types, type)->kind == TYPE_PARAMETER;
}

bool returns_through_pointer(Gen *g, const CoreInstruction *in) {
    if (in->dst == 0) return false;
    if (g->locals[in->dst].layout->is_aggregate) return true;
    if (in->op != CORE_INTRINSIC) return false;
    return is_parameter_type(g, declaration(g, &g->f->refs[in->a])->result);
}

static void add_argument(Buffer *out, Text text) {
    if (out->data[out->length - 1] != '(') buffer_literal(out, ", ");
    buffer_text(out, text);
}

Text call_text(Gen *g, const CoreInstruction *in, Text result, Expr *e) {
    bool is_value = in->op == CORE_CALL_CLOSURE || in->op == CORE_CALL_DYN;
    if (is_value) materialize(g, in->a); // its name stands there twice
    const uint32_t *words = in->b == 0 ? NULL : g->f->extra + in->b;
    uint32_t count = words == NULL ? 0 : words[0];
    Buffer out = buffer_in(g->arena);
    g->uses_task = true;
    // Arguments that go by address must be variables; making them variables first keeps the order of what waits.
    const Function *intrinsic = NULL;
    const CoreRef *ref = is_value ? NULL : &g->f->refs[in->a];
    if (in->op == CORE_INTRINSIC) intrinsic = declaration(g, ref);
    for (uint32_t i = 0; i < count; i++) {
        bool by_address =
            intrinsic != NULL && i < intrinsic->parameter_count && is_parameter_type(g, intrinsic->parameters[i].type);
        if (by_address && !g->locals[words[i + 1]].layout->is_aggregate) materialize(g, words[i + 1]);
    }
    if (in->op == CORE_CALL) {
        const CoreFunction *callee = g->g->core->functions[ref->target];
        use_function(g, ref->target);
        buffer_text(&out, callee->symbol);
        buffer_literal(&out, "(task");
        if (callee->lambda != 0) buffer_literal(&out, ", self"); // a lambda that calls itself
        if (callee->lambda != 0) g->uses_self = true;
    } else if (intrinsic != NULL) {
        buffer_format(&out, "si_%s(task", intrinsic_name((Intrinsic)ref->target));
    } else {
        bool is_dyn = in->op == CORE_CALL_DYN; // by the types of what is passed and received: the method's own
        const Layout *type = g->locals[in->a].base;
        const Layout *to = is_dyn ? g->locals[in->dst].layout : &g->layouts->items[type->parts[type->part_count - 1]];
        uint32_t parts = is_dyn ? count : type->part_count - 1;
        Text callee = join(g, e, in->a, true);
        buffer_literal(&out, "((");
        buffer_text(&out, to->is_aggregate ? TEXT("void") : type_name(g, layout_base(g->layouts, to)));
        buffer_literal(&out, " (*)(SiTask *, SiClosure *");
        if (to->is_aggregate) buffer_format(&out, ", %.*s *", T(type_name(g, layout_base(g->layouts, to))));
        for (uint32_t i = 0; i < parts; i++) {
            const Layout *part = is_dyn ? g->locals[words[i + 1]].layout : &g->layouts->items[type->parts[i]];
            Text name = type_name(g, layout_base(g->layouts, part));
            buffer_format(&out, part->is_aggregate ? ", const %.*s *" : ", %.*s", T(name));
        }
        if (is_dyn)
            buffer_format(&out, "))((const SiCode *)%.*s->code)[%u])(task, %.*s", T(callee), in->sub, T(callee));
        else
            buffer_format(&out, "))%.*s->code)(task, %.*s", T(callee), T(callee));
    }
    if (result.length > 0) add_argument(&out, result);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t local = words[i + 1];
        bool by_address =
            g->locals[local].layout->is_aggregate || (intrinsic != NULL && i < intrinsic->parameter_count &&
                                                      is_parameter_type(g, intrinsic->parameters[i].type));
        add_argument(&out, by_address ? address_of(g, local) : join(g, e, local, false));
    }
    if (intrinsic != NULL) {
        for (uint32_t i = 0; i < ref->argument_count; i++)
            add_argument(&out, descriptor(g, layout_of(g->layouts, ref->arguments[i])));
        if ((intrinsic_flags((Intrinsic)ref->target) & INTRINSIC_PANICS) != 0)
            add_argument(&out, place_of(g, in->token));
    } else if (ref != NULL && function_takes_place(g->g, g->g->core->functions[ref->target])) {
        add_argument(&out, place_of(g, in->token));
    }
    buffer_char(&out, ')');
    return (Text){out.data, (uint32_t)out.length};
}

bool intrinsic_only_looks(Gen *g, const CoreInstruction *in) {
    Intrinsic intrinsic = (Intrinsic)g->f->refs[in->a].target;
    if (intrinsic == INTRINSIC_print_line || intrinsic == INTRINSIC_count_assertion ||
        intrinsic == INTRINSIC_catch_panic)
        return false;
    if (intrinsic_flags(intrinsic) != 0 || g->locals[in->dst].layout->is_counted) return false;
    return strchr(intrinsic_ownership(intrinsic), 'o') == NULL;
}

// ---- functions as values ------------------------------------------------------------------------------------------------------------

// An immortal closure around an adapter that has no use for `self`.
static Text function_value(Gen *g, const CoreInstruction *in) {
    const CoreRef *ref = &g->f->refs[in->a];
    const CoreFunction *callee = g->g->core->functions[ref->target];
    const Layout *result = layout_of(g->layouts, callee->result);
    use_function_early(g, ref->target);
    bool takes_place = function_takes_place(g->g, callee);
    Text at = {0}, suffix = TEXT("");
    if (takes_place) { // the adapter has no place of its own, so it names this one even inside a prelude function
        at = own_place_of(g, in->token);
        suffix = format_text(g, "_%.*s", T(at));
    }
    NamedText adapter = {.name = format_text(g, "value_%.*s%.*s", T(callee->symbol), T(suffix))};
    Buffer out = buffer_in(g->arena);
    buffer_literal(&out, "static ");
    Text code = format_text(g, "adapt_%.*s%.*s", T(callee->symbol), T(suffix));
    use_type(g, layout_base(g->layouts, result), USE_NAME);
    if (result->is_aggregate)
        buffer_format(&out, "void %.*s", T(code));
    else
        write_declarator(g->layouts, result, code, &out);
    buffer_literal(&out, "(SiTask *task, SiClosure *self");
    if (result->is_aggregate) buffer_format(&out, ", %.*s *result", T(type_name(g, layout_base(g->layouts, result))));
    for (uint32_t p = 1; p <= callee->parameter_count; p++) {
        const Layout *layout = layout_of(g->layouts, callee->locals[p].type);
        use_type(g, layout_base(g->layouts, layout), USE_NAME);
        buffer_literal(&out, ", ");
        write_parameter(g->layouts, layout, format_text(g, "p%u", p), &out);
    }
    buffer_literal(&out, ") {\n    (void)self;\n    ");
    if (!result->is_aggregate) buffer_literal(&out, "return ");
    buffer_format(&out, "%.*s(task", T(callee->symbol));
    if (result->is_aggregate) buffer_literal(&out, ", result");
    for (uint32_t p = 1; p <= callee->parameter_count; p++)
        buffer_format(&out, ", p%u", p);
    if (takes_place) buffer_format(&out, ", &%.*s", T(at));
    Text type = descriptor(g, g->locals[in->dst].layout);
    buffer_format(&out, ");\n}\nstatic const SiClosure %.*s = {{0, %.*s}, (SiCode)%.*s};\n", T(adapter.name), T(type),
                  T(code));
    adapter.text = (Text){out.data, (uint32_t)out.length};
    note(g, &g->out->adapters, adapter);
    return format_text(g, "(SiClosure *)&%.*s", T(adapter.name));
}

// ---- taking apart ---------------------------------------------------------------------------------------------------------------------

static Text content_of(Gen *g, uint32_t local, Expr *e) { // "x.", "p->", "x->content."
    const Layout *base = g->locals[local].base;
    if (!base->is_boxed) return member_of(g, local);
    use_type(g, base, USE_COMPLETE);
    Text pointer = join(g, e, local, true);
    return concat(g, pointer, TEXT("->content."));
}

static Text field_text(Gen *g, const CoreInstruction *in, Expr *e) {
    const Layout *base = g->locals[in->a].base;
    const LayoutVariant *v = &base->variants[base->kind == LAYOUT_SUM ? in->sub : 0];
    Buffer name = buffer_in(g->arena);
    write_field_name(g->program, &v->fields[in->b], in->b, &name);
    Text content = content_of(g, in->a, e);
    if (base->kind == LAYOUT_SUM)
        return format_text(g, "%.*sas.v%u.%.*s", T(content), in->sub, (int)name.length, name.data);
    return concat(g, content, buffer_finish(&name));
}

static bool needs_retain(Gen *g, const CoreInstruction *in) {
    return g->locals[in->dst].layout->is_counted && (in->flags & (CORE_IS_ALIAS | CORE_IS_MOVE)) == 0;
}

// The reading half of FIELD, LIST_GET and CAPTURE, of which statements.c adds the retain where there is one.
bool build_read(Gen *g, const CoreInstruction *in, Expr *e) {
    if (e->kind < EXPR_LOAD) e->kind = EXPR_LOAD;
    switch ((CoreOp)in->op) {
    case CORE_FIELD:
        if (g->locals[in->a].layout->kind == LAYOUT_NEWTYPE) {
            Expr part = take(g, in->a);
            *e = part;
            return true;
        }
        e->text = field_text(g, in, e);
        return true;
    case CORE_LIST_GET: {
        const Layout *element = g->locals[in->dst].layout;
        Text type = type_name(g, layout_base(g->layouts, element));
        Text list = join(g, e, in->a, false), index = join(g, e, in->b, false);
        if (in->sub == 1)
            e->text = format_text(g, "SI_LIST_AT(%.*s, %.*s, %.*s)", T(type), T(list), T(index));
        else {
            g->uses_task = true;
            bool pointer = type.data[type.length - 1] == '*';
            e->text =
                format_text(g, "*(%s%.*s%s)si_list_item(task, %.*s, %.*s, %u, %.*s)", pointer ? "" : "const ", T(type),
                            pointer ? "const *" : " *", T(list), T(index), element->size, T(place_of(g, in->token)));
            e->is_compound = true;
        }
        return true;
    }
    case CORE_CAPTURE:
        g->uses_self = true;
        e->text = format_text(g, "((struct %.*s *)(void *)self)->c%u", T(closure_cell(g, g->index)), in->a);
        return true;
    default:
        return false;
    }
}

// ---- all of them ------------------------------------------------------------------------------------------------------------------------

static bool build_constant(Gen *g, const CoreInstruction *in, Expr *e) {
    uint64_t bits = (uint64_t)in->b << 32 | in->a;
    Buffer out = buffer_in(g->arena);
    if (in->op == CORE_FLOAT) {
        double value;
        memcpy(&value, &bits, sizeof value);
        write_float(value, &out);
    } else if (g->locals[in->dst].base->kind == LAYOUT_CHAR)
        write_char((uint32_t)bits, &out);
    else
        write_int((int64_t)bits, &out);
    e->text = (Text){out.data, (uint32_t)out.length};
    e->is_compound = out.data[0] == '-';
    return true;
}

static bool build_default(Gen *g, const CoreInstruction *in, Expr *e) {
    const Layout *layout = g->locals[in->dst].base;
    if (layout->kind == LAYOUT_FLOAT)
        e->text = TEXT("0.0");
    else if (layout->kind < LAYOUT_ENUM)
        e->text = TEXT("0");
    else
        return false;
    return true;
}

static Text expression_text(Gen *g, const char *format, const CoreInstruction *in, Expr *e, ExprKind kind) {
    if (e->kind < kind) e->kind = kind;
    Text a = join(g, e, in->a, true);
    return format_text(g, format, T(a));
}

bool build_expression(Gen *g, const CoreInstruction *in, Expr *e) {
    switch ((CoreOp)in->op) {
    case CORE_INT:
    case CORE_FLOAT:
        return build_constant(g, in, e);
    case CORE_UNIT:
        e->text = TEXT("0");
        return true;
    case CORE_STR:
        e->text = literal_of(g, (NameId){in->a});
        return true;
    case CORE_FUNCTION:
        e->text = function_value(g, in);
        return true;
    case CORE_COPY:
        *e = take(g, in->a);
        return true;
    case CORE_BINARY:
        return build_binary(g, in, e);
    case CORE_UNARY:
        return build_unary(g, in, e);
    case CORE_CONVERT:
        if (g->locals[in->dst].layout->is_counted) return false;
        return build_convert(g, in, e);
    case CORE_EQUAL:
        return build_equal(g, in, e);
    case CORE_COMPARE:
        return build_compare(g, in, e);
    case CORE_HASH: {
        Text a = address_of(g, in->a), type = descriptor(g, g->locals[in->a].layout);
        g->uses_task = true;
        if (e->kind < EXPR_LOAD) e->kind = EXPR_LOAD;
        e->text = format_text(g, "si_hash_fixed(task, %.*s, %.*s)", T(a), T(type));
        return true;
    }
    case CORE_SHOW:
        return build_show(g, in, e);
    case CORE_DEFAULT:
        return build_default(g, in, e);
    case CORE_CALL:
    case CORE_INTRINSIC:
    case CORE_CALL_CLOSURE:
    case CORE_CALL_DYN: {
        if (in->dst != 0 && returns_through_pointer(g, in)) return false;
        ExprKind kind =
            in->op == CORE_INTRINSIC && in->dst != 0 && intrinsic_only_looks(g, in) ? EXPR_LOAD : EXPR_EFFECT;
        if (e->kind < kind) e->kind = kind;
        e->text = call_text(g, in, (Text){0}, e);
        return true;
    }
    case CORE_CLOSURE: {
        if (in->b != 0 && g->f->extra[in->b] > 0) return false;
        uint32_t target = g->f->refs[in->a].target;
        const CoreFunction *lambda = g->g->core->functions[target];
        use_function_early(g, target);
        NamedText adapter = {.name = format_text(g, "value_%.*s", T(lambda->symbol))};
        Text type = descriptor(g, g->locals[in->dst].layout);
        adapter.text = format_text(g, "static const SiClosure %.*s = {{0, %.*s}, (SiCode)%.*s};\n", T(adapter.name),
                                   T(type), T(lambda->symbol));
        note(g, &g->out->adapters, adapter);
        e->text = format_text(g, "(SiClosure *)&%.*s", T(adapter.name));
        return true;
    }
    case CORE_CONSTRUCT: {
        const Layout *layout = g->locals[in->dst].layout;
        if (layout->kind == LAYOUT_ENUM) {
            e->text = format_text(g, "%u", in->sub);
            return true;
        }
        if (layout->kind == LAYOUT_NEWTYPE) {
            *e = take(g, g->f->extra[in->b + 1]);
            return true;
        }
        return false;
    }
    case CORE_FIELD:
    case CORE_LIST_GET:
    case CORE_CAPTURE:
        if (needs_retain(g, in)) return false;
        return build_read(g, in, e);
    case CORE_TAG: {
        const Layout *base = g->locals[in->a].base;
        if (base->kind == LAYOUT_ENUM) {
            *e = take(g, in->a);
            return true;
        }
        if (e->kind < EXPR_LOAD) e->kind = EXPR_LOAD;
        if (base->kind == LAYOUT_SUM) {
            Text content = content_of(g, in->a, e); // once: it takes what the local stands for, and T looks twice
            e->text = format_text(g, "%.*stag", T(content));
        } else {
            e->text = TEXT("0");
        }
        return true;
    }
    case CORE_LIST_NEW: {
        Text type = descriptor(g, g->locals[in->dst].layout), capacity = TEXT("0");
        if (in->a != 0) capacity = join(g, e, in->a, false);
        g->uses_task = true;
        e->kind = EXPR_EFFECT;
        e->text = format_text(g, "si_list_new(task, %.*s, %.*s)", T(type), T(capacity));
        return true;
    }
    case CORE_MAP_NEW: {
        g->uses_task = true;
        e->kind = EXPR_EFFECT;
        e->text = format_text(g, "si_map_new(task, %.*s, 0)", T(descriptor(g, g->locals[in->dst].layout)));
        return true;
    }
    case CORE_LIST_LENGTH:
        e->text = expression_text(g, "(%.*s)->length", in, e, EXPR_LOAD);
        return true;
    case CORE_MAP_LENGTH:
        e->text = expression_text(g, "si_map_length(%.*s)", in, e, EXPR_LOAD);
        return true;
    case CORE_STR_BYTES:
        e->text = expression_text(g, "(%.*s)->bytes", in, e, EXPR_LOAD);
        return true;
    case CORE_STR_LENGTH:
        e->text = expression_text(g, "(%.*s)->points", in, e, EXPR_LOAD);
        return true;
    case CORE_RANGE_END: {
        static const char *const parts[] = {"from", "to", "inclusive"};
        if (e->kind < EXPR_LOAD) e->kind = EXPR_LOAD;
        LayoutKind to = g->locals[in->dst].base->kind;
        Text member = member_of(g, in->a);
        const char *cast = in->b == 2 ? "" : to == LAYOUT_BYTE ? "(uint8_t)" : to == LAYOUT_CHAR ? "(uint32_t)" : "";
        e->text = format_text(g, "%s%.*s%s", cast, T(member), parts[in->b < 3 ? in->b : 0]);
        e->is_compound = *cast != 0;
        return true;
    }
    default:
        return false;
    }
}

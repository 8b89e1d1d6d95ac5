// cgen/statements.c: control, assignments, counts and the frame's live bits as C statements.
#include "cgen/writer.h"

#define T(text) (int)(text).length, (text).data

// ---- lines ---------------------------------------------------------------------------------------------------------------------

// With #line, all C of one source line stands on one line: then a later line needs newlines at most, and only going back needs a
// directive. Without, each statement has a line.
static void write_raw(Gen *g, Text text, bool with_place) {
    enum { NEWLINES_MAX = 8 }; // about as long as the directive
    Buffer *out = &g->body;
    if (g->has_lines && (!with_place || g->wanted_line == 0 || g->wanted_line == g->line)) {
        buffer_char(out, ' ');
    } else {
        if (g->has_lines) {
            if (g->wanted_line > g->line && g->wanted_line - g->line <= NEWLINES_MAX) {
                for (uint32_t i = g->line; i < g->wanted_line; i++)
                    buffer_char(out, '\n');
            } else {
                buffer_literal(out, "\n#line ");
                buffer_int(out, g->wanted_line);
                buffer_char(out, '\n');
            }
            g->line = g->wanted_line;
        } else
            buffer_char(out, '\n');
        for (uint32_t i = 0; i < g->indent; i++)
            buffer_literal(out, "    ");
    }
    buffer_text(out, text);
}
void write_line(Gen *g, Text text) { write_raw(g, text, true); }
static void write_brace(Gen *g, Text text) { write_raw(g, text, false); }
void write_label(Gen *g, Text name) { write_raw(g, format_text(g, "%.*s:;", T(name)), false); }

static void find_line(Gen *g, uint32_t token) {
    if (!g->has_lines) return;
    const Tokens *tokens = &g->module->file->tokens;
    if (token >= tokens->count) return;
    uint32_t offset = tokens->starts[token], line = g->wanted_line; // mostly the line of the instruction before
    bool is_same = line != 0 && tokens->line_starts[line - 1] <= offset &&
                   (line == tokens->line_count || offset < tokens->line_starts[line]);
    if (!is_same) g->wanted_line = find_line_of(tokens, token);
}

// ---- the frame -------------------------------------------------------------------------------------------------------------------

void set_live(Gen *g, const uint64_t *live) {
    if (live == NULL) return;
    for (uint32_t w = 0; w < g->live_words; w++) {
        if (g->is_known && g->known[w] == live[w]) continue;
        Text place = w == 0 ? TEXT("frame.live[0]") : format_text(g, "live_more[%u]", w - 1);
        write_line(g, format_text(g, "f.%.*s = 0x%llx%s;", T(place), (unsigned long long)live[w],
                                  live[w] >> 32 != 0 ? "ULL" : ""));
        g->live_stores++;
    }
    memcpy(g->known, live, sizeof(uint64_t) * g->live_words);
    g->is_known = true;
}

static bool may_panic(const Gen *g, const CoreInstruction *in) { return g->may_panic[in - g->f->code] != 0; }

static bool live_equal(const Gen *g, const uint64_t *a, const uint64_t *b) {
    return a == b || (a != NULL && b != NULL && memcmp(a, b, sizeof(uint64_t) * g->live_words) == 0);
}

static const uint64_t *live_now(Gen *g, const CoreInstruction *in) {
    if (g->slot_count == 0 || !may_panic(g, in)) return NULL;
    uint64_t *live = arena_array(g->arena, uint64_t, g->live_words);
    const uint64_t *owned = g->owned_at[in - g->f->code];
    for (uint32_t w = 0; w < g->owned_words; w++)
        for (uint64_t rest = owned[w]; rest != 0; rest &= rest - 1) {
            uint32_t slot = g->locals[g->of_bit[w * 64 + (uint32_t)__builtin_ctzll(rest)]].slot;
            if (slot != 0) live[(slot - 1) / 64] |= (uint64_t)1 << ((slot - 1) % 64);
        }
    if (in->op == CORE_MAP_PUT && g->locals[in->a].slot != 0) { // si_map_put owns the map while it works
        uint32_t bit = g->locals[in->a].slot - 1;
        live[bit / 64] &= ~((uint64_t)1 << (bit % 64));
    }
    return live;
}

// ---- what waits --------------------------------------------------------------------------------------------------------------------

static void assign(Gen *g, uint32_t local, const Expr *e) {
    LocalInfo *it = &g->locals[local];
    set_live(g, e->live);
    if (it->uses == 0 && it->slot == 0) {
        if (e->kind != EXPR_PURE)
            write_line(
                g, format_text(g, "(void)%s%.*s%s;", e->is_compound ? "(" : "", T(e->text), e->is_compound ? ")" : ""));
        return;
    }
    Text name = variable_of(g, local);
    if (!text_equal(name, e->text)) write_line(g, concat(g, name, TEXT(" = "), e->text, TEXT(";")));
}

static void write_pending(Gen *g, uint32_t position) {
    uint32_t local = g->pending.items[position];
    for (uint32_t i = position + 1; i < g->pending.count; i++)
        g->pending.items[i - 1] = g->pending.items[i];
    g->pending.count--;
    g->locals[local].is_pending = false;
    assign(g, local, &g->locals[local].pending);
}

void flush_pending(Gen *g) {
    while (g->pending.count > 0)
        write_pending(g, 0);
}

void flush_effects(Gen *g) {
    for (uint32_t i = 0; i < g->pending.count;) {
        if (g->locals[g->pending.items[i]].pending.kind == EXPR_EFFECT)
            write_pending(g, i);
        else
            i++;
    }
}

void materialize(Gen *g, uint32_t local) {
    while (g->locals[local].is_pending)
        write_pending(g, 0);
}

static bool may_wait(Gen *g, uint32_t local) {
    const LocalInfo *it = &g->locals[local];
    return g->f->locals[local].name.index == 0 && it->definitions == 1 && it->uses == 1 && it->slot == 0 &&
           !it->layout->is_aggregate && !it->is_parameter;
}

static bool is_operand(const CoreOperands *o, uint32_t local) {
    for (uint32_t k = 0; k < operand_count(o); k++)
        if (operand_local(o, k) == local) return true;
    return false;
}

static bool op_is_effect(Gen *g, const CoreInstruction *in) {
    switch ((CoreOp)in->op) {
    case CORE_CALL:
    case CORE_CALL_CLOSURE:
    case CORE_CALL_DYN:
    case CORE_DYN:
    case CORE_LIST_NEW:
    case CORE_MAP_NEW:
    case CORE_SHOW:
    case CORE_CLOSURE:
        return true;
    case CORE_INTRINSIC:
        return !intrinsic_only_looks(g, in);
    default:
        return may_panic(g, in);
    }
}

// E1–E4 before an operation: what may not wait for it, or inside it, is written.
static Expr begin_operation(Gen *g, const CoreInstruction *in, const CoreOperands *o) {
    Expr e = {.kind = op_is_effect(g, in) ? EXPR_EFFECT : EXPR_PURE, .live = live_now(g, in)};
    bool panics = may_panic(g, in);
    for (uint32_t k = 0; k < operand_count(o); k++) {
        LocalInfo *it = &g->locals[operand_local(o, k)];
        if (!it->is_pending) continue;
        bool conflicts = panics && it->pending.live != NULL && !live_equal(g, it->pending.live, e.live);
        if (conflicts || it->pending.depth >= EXPRESSION_DEPTH_MAX) materialize(g, operand_local(o, k));
    }
    if (e.kind == EXPR_EFFECT)
        for (uint32_t i = 0; i < g->pending.count;) {
            uint32_t local = g->pending.items[i];
            if (g->locals[local].pending.kind != EXPR_PURE && !is_operand(o, local))
                write_pending(g, i);
            else
                i++;
        }
    return e;
}

// ---- counts ----------------------------------------------------------------------------------------------------------------------------

void write_retain(Gen *g, uint32_t local) {
    const Layout *layout = g->locals[local].layout;
    if (layout->is_aggregate) {
        Text address = address_of(g, local), type = descriptor(g, layout);
        write_line(g, format_text(g, "si_value_retain(%.*s, %.*s);", T(address), T(type)));
    } else {
        materialize(g, local);
        write_line(g, concat(g, TEXT("si_retain("), variable_of(g, local), TEXT(");")));
    }
}

void write_release(Gen *g, uint32_t local) {
    const Layout *layout = g->locals[local].layout;
    g->uses_task = true;
    if (layout->is_aggregate) {
        Text address = address_of(g, local), type = descriptor(g, layout);
        write_line(g, concat(g, TEXT("si_value_release(task, "), address, TEXT(", "), type, TEXT(");")));
    } else
        write_line(g, concat(g, TEXT("si_release(task, "), variable_of(g, local), TEXT(");")));
}

// ---- building values ---------------------------------------------------------------------------------------------------------------------

// `{.tag = 1, .as = {.v1 = {.x = a}}}` for a tuple, record or sum.
static Text initializer(Gen *g, const Layout *base, uint32_t variant, const Text *fields) {
    Buffer out = buffer_in(g->arena);
    const LayoutVariant *v = &base->variants[base->kind == LAYOUT_SUM ? variant : 0];
    buffer_format(&out, "(Sg_%.*s){", T(base->name));
    if (base->kind == LAYOUT_SUM) {
        buffer_format(&out, ".tag = %u", variant);
        if (v->field_count > 0) buffer_format(&out, ", .as = {.v%u = {", variant);
    } else if (v->field_count == 0)
        buffer_literal(&out, "0");
    for (uint32_t f = 0; f < v->field_count; f++) {
        buffer_string(&out, f == 0 ? "." : ", .");
        write_field_name(g->program, &v->fields[f], f, &out);
        buffer_literal(&out, " = ");
        buffer_text(&out, fields[f]);
    }
    if (base->kind == LAYOUT_SUM && v->field_count > 0) buffer_literal(&out, "}}");
    buffer_char(&out, '}');
    return (Text){out.data, (uint32_t)out.length};
}

// `to` is not among the fields.
static void write_construct(Gen *g, Text to, const Layout *layout, uint32_t variant, const Text *fields) {
    const Layout *base = layout_base(g->layouts, layout);
    use_type(g, base, USE_NAME | USE_COMPLETE);
    Text content = initializer(g, base, variant, fields);
    if (!base->is_boxed) {
        write_line(g, concat(g, to, TEXT(" = "), content, TEXT(";")));
        return;
    }
    g->uses_task = true;
    write_line(g, format_text(g, "%.*s = si_box_new(task, %.*s);", T(to), T(descriptor(g, base))));
    write_line(g, format_text(g, "%.*s->content = %.*s;", T(to), T(content)));
}

static void write_construct_op(Gen *g, const CoreInstruction *in, const CoreOperands *o) {
    const Layout *base = g->locals[in->dst].base;
    if (base->is_boxed) flush_effects(g); // nothing may panic between the cell and its content
    Text *fields = arena_array(g->arena, Text, o->list_count + 1);
    Expr all = {.depth = 0};
    for (uint32_t k = 0; k < o->list_count; k++) {
        Expr part = take(g, o->list[k]);
        if (part.live != NULL) all.live = part.live;
        fields[k] = part.text;
    }
    flush_pending(g);
    set_live(g, all.live);
    bool is_own_part = base->is_boxed && is_operand(o, in->dst);
    LocalInfo *to = &g->locals[in->dst];
    // Only returned: C evaluates the whole of the new value before it is stored, so arguments may lie where the result goes.
    bool is_result = to->layout->is_aggregate && in[1].op == CORE_RETURN && in[1].a == in->dst && to->uses == 1 &&
                     to->definitions == 1 && to->slot == 0 && !to->is_parameter;
    if (is_result) {
        write_construct(g, TEXT("*result"), to->layout, in->sub, fields);
        to->is_in_result = true;
        return;
    }
    if (!is_own_part) {
        write_construct(g, variable_of(g, in->dst), g->locals[in->dst].layout, in->sub, fields);
        return;
    }
    write_brace(g, TEXT("{"));
    g->indent++;
    use_type(g, base, USE_COMPLETE);
    write_line(g, format_text(g, "Sb_%.*s *made;", T(base->name)));
    write_construct(g, TEXT("made"), g->locals[in->dst].layout, in->sub, fields);
    write_line(g, format_text(g, "%.*s = made;", T(variable_of(g, in->dst))));
    g->indent--;
    write_brace(g, TEXT("}"));
}

// The table of a `dyn` value, once in a file for each place that makes one: the cell is that of its first method.
static Text dyn_table(Gen *g, const CoreInstruction *in) {
    Text first = g->g->core->functions[g->f->refs[in->a].target]->symbol;
    NamedText table = {.name = format_text(g, "table_%.*s", T(first))};
    Buffer out = buffer_in(g->arena);
    buffer_format(&out, "static const SiCode %.*s[] = {", T(table.name));
    for (uint32_t i = 0; i < in->sub; i++) {
        uint32_t target = g->f->refs[in->a + i].target;
        use_function_early(g, target);
        buffer_format(&out, "%s(SiCode)%.*s", i > 0 ? ", " : "", T(g->g->core->functions[target]->symbol));
    }
    buffer_literal(&out, "};\n");
    table.text = buffer_finish(&out);
    note(g, &g->out->adapters, table);
    return table.name;
}

static void write_closure_op(Gen *g, const CoreInstruction *in, const CoreOperands *o) {
    uint32_t target = g->f->refs[in->a].target;
    const CoreFunction *lambda = g->g->core->functions[target];
    use_function(g, target);
    vec_push(g->keep, &g->out->closures, target);
    flush_effects(g);
    Text cell = closure_cell(g, target), code = lambda->symbol;
    if (in->op == CORE_DYN) code = dyn_table(g, in);
    Text *captures = arena_array(g->arena, Text, o->list_count + 1);
    for (uint32_t k = 0; k < o->list_count; k++)
        captures[k] = take_text(g, o->list[k], false);
    flush_pending(g);
    g->uses_task = true;
    write_brace(g, TEXT("{"));
    g->indent++;
    write_line(g, format_text(g, "SiClosure *made = si_closure_new(task, &st_%.*s, (SiCode)%.*s);", T(lambda->symbol),
                              T(code)));
    for (uint32_t k = 0; k < o->list_count; k++)
        write_line(g, format_text(g, "((struct %.*s *)(void *)made)->c%u = %.*s;", T(cell), k, T(captures[k])));
    write_line(g, format_text(g, "%.*s = made;", T(variable_of(g, in->dst))));
    g->indent--;
    write_brace(g, TEXT("}"));
}

// Option<V> from a pointer into the map, or none.
static void write_map_get(Gen *g, const CoreInstruction *in, const Expr *e) {
    const Layout *option = g->locals[in->dst].base;
    uint32_t some = 0, none = 1;
    if (option->variant_count > 0 && option->variants[0].field_count == 0) some = 1, none = 0;
    Text key = address_of(g, in->b), map = take_text(g, in->a, false), to = variable_of(g, in->dst);
    flush_pending(g);
    set_live(g, e->live);
    g->uses_task = true;
    write_brace(g, TEXT("{"));
    g->indent++;
    write_line(g, format_text(g, "const void *found = si_map_find(task, %.*s, %.*s);", T(map), T(key)));
    write_brace(g, TEXT("if (found != 0) {"));
    g->indent++;
    if (layout_is_struct(option) && option->variants[some].field_count == 1) {
        const Layout *value = &g->layouts->items[option->variants[some].fields[0].layout];
        if (value->is_counted) write_line(g, format_text(g, "si_value_retain(found, %.*s);", T(descriptor(g, value))));
        Text type = type_name(g, layout_base(g->layouts, value));
        bool pointer = type.data[type.length - 1] == '*';
        Text field = format_text(g, "*(%s%.*s%s)found", pointer ? "" : "const ", T(type), pointer ? "const *" : " *");
        write_construct(g, to, option, some, &field);
    }
    g->indent--;
    write_brace(g, TEXT("} else {"));
    g->indent++;
    write_construct(g, to, option, none, NULL);
    g->indent--;
    write_brace(g, TEXT("}"));
    g->indent--;
    write_brace(g, TEXT("}"));
}

static void write_map_next(Gen *g, const CoreInstruction *in) {
    const uint32_t *words = g->f->extra + in->b;
    Text map = take_text(g, in->a, false), cursor = take_text(g, words[1], false);
    flush_pending(g);
    write_brace(g, TEXT("{"));
    g->indent++;
    write_line(g, TEXT("const void *key, *value;"));
    Text call = format_text(g, "si_map_next(%.*s, %.*s, &key, &value);", T(map), T(cursor));
    if (in->dst != 0 && g->locals[in->dst].uses > 0)
        write_line(g, format_text(g, "%.*s = %.*s", T(variable_of(g, in->dst)), T(call)));
    else
        write_line(g, format_text(g, "(void)%.*s", T(call)));
    for (uint32_t k = 2; k <= words[0] && k <= 3; k++) {
        uint32_t local = words[k];
        if (local == 0 || g->locals[local].uses == 0) continue;
        Text type = type_name(g, g->locals[local].base);
        bool pointer = type.data[type.length - 1] == '*';
        write_line(g, format_text(g, "%.*s = *(%s%.*s%s)%s;", T(variable_of(g, local)), pointer ? "" : "const ",
                                  T(type), pointer ? "const *" : " *", k == 2 ? "key" : "value"));
        bool is_alias = (in->flags & (k == 2 ? CORE_IS_ALIAS : CORE_VALUE_IS_ALIAS)) != 0;
        if (g->locals[local].layout->is_counted && !is_alias) write_retain(g, local);
    }
    g->indent--;
    write_brace(g, TEXT("}"));
}

static void write_list_append(Gen *g, const CoreInstruction *in) {
    const Layout *list = g->locals[in->a].base;
    const Layout *element = &g->layouts->items[list->element];
    for (uint32_t i = 0; i < g->pending.count;) { // the list may move while C evaluates the other side
        if (g->locals[g->pending.items[i]].pending.kind != EXPR_PURE)
            write_pending(g, i);
        else
            i++;
    }
    Text value = take_text(g, in->b, false), type = type_name(g, layout_base(g->layouts, element));
    flush_pending(g);
    g->uses_task = true;
    bool pointer = type.data[type.length - 1] == '*';
    write_line(g, format_text(g, "*(%.*s%s*)si_list_append(task, &%.*s) = %.*s;", T(type), pointer ? "" : " ",
                              T(variable_of(g, in->a)), T(value)));
}

static void write_map_put(Gen *g, const CoreInstruction *in, const CoreOperands *o, const Expr *e) {
    Text key = address_of(g, o->list[0]), value = TEXT("0");
    bool is_set = g->locals[in->a].base->kind == LAYOUT_SET;
    if (!is_set && o->list_count > 1) value = address_of(g, o->list[1]);
    flush_pending(g);
    set_live(g, e->live);
    g->uses_task = true;
    Text map = variable_of(g, in->a);
    write_line(g, format_text(g, "%.*s = si_map_put(task, %.*s, %.*s, %.*s);", T(map), T(map), T(key), T(value)));
}

// Operations that are no expressions.
static void write_operation(Gen *g, const CoreInstruction *in, const CoreOperands *o, Expr *e) {
    switch ((CoreOp)in->op) {
    case CORE_FIELD:
    case CORE_LIST_GET:
    case CORE_CAPTURE:
        (void)build_read(g, in, e);
        flush_pending(g);
        assign(g, in->dst, e);
        write_retain(g, in->dst);
        break;
    case CORE_SHOW:    // of a str
    case CORE_CONVERT: // str to str
        *e = take(g, in->a);
        flush_pending(g);
        assign(g, in->dst, e);
        write_retain(g, in->dst);
        break;
    case CORE_DEFAULT: {
        Text type = descriptor(g, g->locals[in->dst].layout);
        flush_pending(g);
        g->uses_task = true;
        write_line(g, format_text(g, "si_default(task, &%.*s, %.*s);", T(variable_of(g, in->dst)), T(type)));
        break;
    }
    case CORE_CALL:
    case CORE_INTRINSIC:
    case CORE_CALL_CLOSURE:
    case CORE_CALL_DYN: {
        Text result = format_text(g, "&%.*s", T(variable_of(g, in->dst)));
        Text call = call_text(g, in, result, e);
        flush_pending(g);
        set_live(g, e->live);
        write_line(g, concat(g, call, TEXT(";")));
        break;
    }
    case CORE_CLOSURE:
    case CORE_DYN:
        write_closure_op(g, in, o);
        break;
    case CORE_CONSTRUCT:
        write_construct_op(g, in, o);
        break;
    case CORE_MAP_GET:
        write_map_get(g, in, e);
        break;
    case CORE_MAP_NEXT:
        write_map_next(g, in);
        break;
    case CORE_MAP_PUT:
        write_map_put(g, in, o, e);
        break;
    case CORE_LIST_APPEND:
        write_list_append(g, in);
        break;
    case CORE_STR_NEXT: {
        Text text = take_text(g, in->a, false);
        flush_pending(g);
        Text call = format_text(g, "si_str_next(%.*s, &%.*s);", T(text), T(variable_of(g, in->b)));
        if (g->locals[in->dst].uses > 0)
            write_line(g, format_text(g, "%.*s = %.*s", T(variable_of(g, in->dst)), T(call)));
        else
            write_line(g, format_text(g, "(void)%.*s", T(call)));
        break;
    }
    case CORE_RANGE: {
        Text from = take_text(g, in->a, false), to = take_text(g, in->b, false);
        flush_pending(g);
        write_line(g, format_text(g, "%.*s = (SiRange){%.*s, %.*s, %u};", T(variable_of(g, in->dst)), T(from), T(to),
                                  in->sub));
        break;
    }
    default:
        break;
    }
}

// ---- control ---------------------------------------------------------------------------------------------------------------------------------

static void end_path(Gen *g) { g->is_path_over = true; }

static ControlFrame *open_control(Gen *g, const CoreInstruction *in) {
    ControlFrame frame = {
        .op = (CoreOp)in->op, .label = in->a, .live_stores = g->live_stores, .saved_is_known = g->is_known};
    frame.is_flat = g->depth >= STATEMENT_DEPTH_MAX;
    frame.flat = ++g->flat_count;
    frame.saved_known = arena_alloc(g->arena, sizeof(uint64_t) * (g->live_words + 1), sizeof(uint64_t));
    memcpy(frame.saved_known, g->known, sizeof(uint64_t) * g->live_words);
    vec_push(g->arena, &g->control, frame);
    return &g->control.items[g->control.count - 1];
}

static void restore_known(Gen *g, const ControlFrame *frame) {
    memcpy(g->known, frame->saved_known, sizeof(uint64_t) * g->live_words);
    g->is_known = frame->saved_is_known;
}

static void write_case_value(Gen *g, const CoreInstruction *in, Buffer *out) {
    (void)g;
    write_int((int64_t)((uint64_t)in->b << 32 | in->a), out);
}

static void begin_arm(Gen *g, const CoreInstruction *in) {
    ControlFrame *top = &g->control.items[g->control.count - 1];
    flush_pending(g);
    bool is_default = in->op == CORE_DEFAULT_CASE;
    Buffer value = buffer_in(g->arena);
    if (!is_default) write_case_value(g, in, &value);
    if (top->is_flat) {
        if (top->arm > 0) {
            if (!g->is_path_over) {
                write_line(g, format_text(g, "goto end_%u;", top->flat));
                top->is_done_used = true;
            }
            write_label(g, format_text(g, "arm_%u_%u", top->flat, top->arm));
        }
        top->arm++;
        if (!is_default)
            write_line(g, format_text(g, "if (%.*s != %.*s) { goto arm_%u_%u; }", T(variable_of(g, top->label)),
                                      (int)value.length, value.data, top->flat, top->arm));
    } else {
        if (top->arm > 0) {
            if (!g->is_path_over) write_brace(g, TEXT("break;"));
            g->indent--;
            write_brace(g, TEXT("}"));
        }
        top->arm++;
        if (is_default)
            write_brace(g, TEXT("default: {"));
        else
            write_brace(g, format_text(g, "case %.*s: {", (int)value.length, value.data));
        g->indent++;
    }
    if (is_default) top->has_default = true;
    restore_known(g, top);
    g->is_path_over = false;
}

static void end_construct(Gen *g) {
    ControlFrame *top = &g->control.items[g->control.count - 1];
    flush_pending(g);
    bool was_over = g->is_path_over;
    switch (top->op) {
    case CORE_IF:
        if (top->is_flat) {
            if (!top->has_default)
                write_label(g, format_text(g, "else_%u", top->flat));
            else if (top->is_done_used)
                write_label(g, format_text(g, "end_%u", top->flat));
        } else {
            g->indent--;
            g->depth--;
            write_brace(g, TEXT("}"));
        }
        break;
    case CORE_SWITCH:
        if (top->is_flat) {
            if (!top->has_default && top->arm > 0) write_label(g, format_text(g, "arm_%u_%u", top->flat, top->arm));
            if (top->is_done_used) write_label(g, format_text(g, "end_%u", top->flat));
        } else {
            if (top->arm > 0) {
                if (!was_over) write_brace(g, TEXT("break;"));
                g->indent--;
                write_brace(g, TEXT("}"));
            }
            g->depth -= 2;
            write_brace(g, TEXT("}"));
        }
        break;
    case CORE_LOOP:
        if (top->is_flat) {
            if (!was_over) write_line(g, format_text(g, "goto loop_%u;", top->label));
        } else {
            if (top->is_again_used) write_label(g, format_text(g, "again_%u", top->label));
            g->indent--;
            g->depth--;
            write_brace(g, TEXT("}"));
        }
        if (top->is_done_used) write_label(g, format_text(g, "done_%u", top->label));
        break;
    default: // BLOCK
        if (top->is_done_used) write_label(g, format_text(g, "done_%u", top->label));
        break;
    }
    bool is_same = top->live_stores == g->live_stores; // nobody stored in between
    if (is_same)
        restore_known(g, top);
    else
        g->is_known = false;
    g->control.count--;
    g->is_path_over = !g->reach.is_reached;
}

static void write_jump(Gen *g, const CoreInstruction *in) {
    flush_pending(g);
    bool is_break = in->op == CORE_BREAK;
    bool is_direct = true; // C's own break or continue means this target
    for (uint32_t k = g->control.count; k > 0; k--) {
        ControlFrame *frame = &g->control.items[k - 1];
        bool is_target = (frame->op == CORE_LOOP || frame->op == CORE_BLOCK) && frame->label == in->a;
        if (is_target && frame->op == CORE_LOOP && !frame->is_flat && is_direct) {
            write_line(g, is_break ? TEXT("break;") : TEXT("continue;"));
            break;
        }
        if (is_target) {
            if (is_break)
                frame->is_done_used = true;
            else
                frame->is_again_used = true;
            const char *label = is_break ? "done" : frame->is_flat ? "loop" : "again";
            write_line(g, format_text(g, "goto %s_%u;", label, in->a));
            break;
        }
        if (!frame->is_flat && (frame->op == CORE_LOOP || (is_break && frame->op == CORE_SWITCH))) is_direct = false;
    }
    end_path(g);
}

static void write_return(Gen *g, const CoreInstruction *in) {
    bool is_aggregate = g->locals[in->a].layout->is_aggregate;
    bool is_there = g->locals[in->a].is_in_result;
    if (g->slot_count > 0) flush_effects(g); // the frame goes before the return
    Expr e = {.depth = 0};
    if (!is_there) e = take(g, in->a);
    flush_pending(g);
    set_live(g, e.live);
    if (is_aggregate && !is_there) write_line(g, concat(g, TEXT("*result = "), e.text, TEXT(";")));
    if (g->slot_count > 0) write_line(g, TEXT("SI_FRAME_POP(task, f);"));
    write_line(g, is_aggregate ? TEXT("return;") : concat(g, TEXT("return "), e.text, TEXT(";")));
    end_path(g);
}

static void write_condition(Gen *g, const CoreInstruction *in) {
    if (in->op == CORE_SWITCH && g->depth >= STATEMENT_DEPTH_MAX) materialize(g, in->a); // tested arm by arm
    Expr e = take(g, in->a);
    flush_pending(g);
    set_live(g, e.live);
    ControlFrame *frame = open_control(g, in);
    if (frame->is_flat) {
        if (in->op == CORE_IF) write_line(g, format_text(g, "if (!(%.*s)) { goto else_%u; }", T(e.text), frame->flat));
        return;
    }
    // The stream goes on to END, so there is a next instruction.
    frame->is_negated = in->op == CORE_IF && in[1].op == CORE_ELSE;
    if (frame->is_negated)
        write_line(g, format_text(g, "if (!(%.*s)) {", T(e.text)));
    else
        write_line(g, format_text(g, "%s (%.*s) {", in->op == CORE_IF ? "if" : "switch", T(e.text)));
    g->depth += in->op == CORE_IF ? 1 : 2;
    if (in->op == CORE_IF) g->indent++;
}

static void write_else(Gen *g) {
    ControlFrame *top = &g->control.items[g->control.count - 1];
    flush_pending(g);
    if (top->is_flat) {
        if (!g->is_path_over) {
            write_line(g, format_text(g, "goto end_%u;", top->flat));
            top->is_done_used = true;
        }
        write_label(g, format_text(g, "else_%u", top->flat));
    } else if (!top->is_negated) {
        g->indent--;
        write_brace(g, TEXT("} else {"));
        g->indent++;
    }
    top->has_default = true;
    restore_known(g, top);
    g->is_path_over = false;
}

void write_statement(Gen *g, const CoreInstruction *in) {
    find_line(g, in->token);
    switch ((CoreOp)in->op) {
    case CORE_NOP:
        return;
    case CORE_DUP:
        flush_effects(g);
        write_retain(g, in->a);
        return;
    case CORE_DROP:
        flush_pending(g);
        if ((in->flags & CORE_IS_MOVE) == 0) write_release(g, in->a);
        return;
    case CORE_BLOCK:
        flush_pending(g);
        (void)open_control(g, in);
        return;
    case CORE_LOOP: {
        flush_pending(g);
        ControlFrame *frame = open_control(g, in);
        if (frame->is_flat)
            write_label(g, format_text(g, "loop_%u", in->a));
        else {
            write_line(g, TEXT("for (;;) {"));
            g->indent++;
            g->depth++;
        }
        g->is_known = false; // the next rounds come from elsewhere
        frame->saved_is_known = false;
        return;
    }
    case CORE_IF:
    case CORE_SWITCH:
        write_condition(g, in);
        return;
    case CORE_ELSE:
        write_else(g);
        return;
    case CORE_CASE:
    case CORE_DEFAULT_CASE:
        begin_arm(g, in);
        return;
    case CORE_END:
        end_construct(g);
        return;
    case CORE_BREAK:
    case CORE_CONTINUE:
        write_jump(g, in);
        return;
    case CORE_RETURN:
        write_return(g, in);
        return;
    case CORE_PANIC:
        flush_pending(g);
        set_live(g, live_now(g, in));
        g->uses_task = true;
        write_line(g, format_text(g, "si_panic_no_match(task, %.*s);", T(place_of(g, in->token))));
        write_line(g, TEXT("for (;;) {}"));
        end_path(g);
        return;
    case CORE_UNREACHABLE:
        flush_pending(g);
        write_line(g, TEXT("for (;;) {}"));
        end_path(g);
        return;
    default:
        break;
    }
    CoreOperands o = core_operands(g->f, in);
    Expr e = begin_operation(g, in, &o);
    if (!build_expression(g, in, &e)) {
        write_operation(g, in, &o, &e);
        return;
    }
    if (in->dst == 0) {
        flush_pending(g);
        set_live(g, e.live);
        if (e.kind != EXPR_PURE) write_line(g, format_text(g, "(void)%.*s;", T(e.text)));
        return;
    }
    if (may_wait(g, in->dst)) {
        g->locals[in->dst].pending = e;
        g->locals[in->dst].is_pending = true;
        vec_push(g->arena, &g->pending, in->dst);
        return;
    }
    flush_pending(g);
    assign(g, in->dst, &e);
}

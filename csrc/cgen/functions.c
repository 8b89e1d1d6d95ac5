// cgen/functions.c: one core function to its C text: signature, frame, locals, body.
#include "base/hash.h"
#include "cgen/writer.h"
#include <stdio.h>

// ---- what is mentioned -----------------------------------------------------------------------------------------------------

void use_type(Gen *g, const Layout *layout, uint32_t flags) {
    uint32_t index = (uint32_t)(layout - g->layouts->items);
    for (uint32_t i = 0; i < g->out->types.count; i++) // few per function
        if (g->out->types.items[i].layout == index) {
            g->out->types.items[i].flags |= flags;
            return;
        }
    TypeUse use = {index, flags};
    vec_push(g->keep, &g->out->types, use);
}

void use_function(Gen *g, uint32_t function) {
    for (uint32_t i = 0; i < g->out->functions.count; i++)
        if (g->out->functions.items[i] == function) return;
    vec_push(g->keep, &g->out->functions, function);
}

void use_function_early(Gen *g, uint32_t function) {
    use_function(g, function);
    vec_push(g->keep, &g->out->early, function);
}

Text format_text(Gen *g, const char *format, ...) {
    Buffer out = buffer_in(g->arena);
    va_list arguments;
    va_start(arguments, format);
    buffer_format_list(&out, format, arguments);
    va_end(arguments);
    return buffer_finish(&out);
}

Text concat_texts(Gen *g, const Text *parts, uint32_t count) {
    uint32_t length = 0;
    for (uint32_t i = 0; i < count; i++)
        length += parts[i].length;
    char *data = arena_alloc(g->arena, length + 1u, 1), *at = data;
    for (uint32_t i = 0; i < count; i++) {
        if (parts[i].length > 0) memcpy(at, parts[i].data, parts[i].length);
        at += parts[i].length;
    }
    return (Text){data, length};
}

Text descriptor(Gen *g, const Layout *layout) {
    use_type(g, layout, USE_DESCRIPTOR);
    Buffer out = buffer_in(g->arena);
    buffer_char(&out, '&');
    write_descriptor_name(g->layouts, layout, &out);
    return buffer_finish(&out);
}

Text type_name(Gen *g, const Layout *layout) {
    use_type(g, layout, USE_NAME);
    Buffer out = buffer_in(g->arena);
    write_type_name(g->layouts, layout, &out);
    return buffer_finish(&out);
}

// files.c writes each name once. Here only the latest are looked at, so that a function with very many costs no more for each.
void note(Gen *g, NamedTexts *all, NamedText one) {
    for (uint32_t i = all->count; i > 0 && i + 4 > all->count; i--)
        if (text_equal(all->items[i - 1].name, one.name)) return;
    one = (NamedText){arena_text(g->keep, one.name), arena_text(g->keep, one.text)};
    vec_push(g->keep, all, one);
}

Text own_place_of(Gen *g, uint32_t token) {
    Place place = {.module = (uint32_t)(g->module - g->program->modules)};
    find_position(g->position, g->module->file == NULL ? NULL : &g->module->file->tokens, token, &place.line,
                  &place.column);
    if (g->out->places.count == 0 || memcmp(&place, &g->out->places.items[g->out->places.count - 1], sizeof place) != 0)
        vec_push(g->keep, &g->out->places, place); // files.c writes each once
    Buffer out = buffer_in(g->arena);
    write_place_name(g->program, place, g->is_instance, &out);
    return buffer_finish(&out);
}

Text place_of(Gen *g, uint32_t token) {
    if (g->takes_place) {
        g->uses_at = true;
        return TEXT("at");
    }
    Text name = own_place_of(g, token);
    return concat(g, TEXT("&"), name);
}

Text literal_of(Gen *g, NameId name) {
    vec_push(g->keep, &g->out->literals, name);
    Buffer out = buffer_in(g->arena);
    buffer_literal(&out, "(SiStr *)&");
    write_literal_name(names_text(g->program->names, name), &out);
    return buffer_finish(&out);
}

Text closure_cell(Gen *g, uint32_t lambda) {
    Text symbol = g->g->core->functions[lambda]->symbol;
    return format_text(g, "sc_%.*s", (int)symbol.length, symbol.data);
}

// ---- signatures --------------------------------------------------------------------------------------------------------------

const Module *function_module(const Generation *g, const CoreFunction *f) {
    return &g->program->modules[g->program->functions[f->function.index].module.index];
}

bool function_takes_place(const Generation *g, const CoreFunction *f) {
    return f->lambda == 0 && function_module(g, f)->kind != MODULE_PROJECT;
}

bool function_is_instance(const Generation *g, const CoreFunction *f) {
    for (uint32_t steps = 0; f->lambda != 0 && steps < g->core->function_count; steps++)
        f = g->core->functions[f->parent];
    return f->argument_count > 0 || function_module(g, f)->kind != MODULE_PROJECT;
}

bool function_is_static(const CoreFunction *f) { return f->lambda != 0; }

static void local_text(const Program *p, const CoreLocal *local, uint32_t index, Buffer *out) {
    if (local->name.index == 0)
        buffer_literal(out, "t");
    else {
        write_file_prefix(names_text(p->names, local->name), out);
    }
    buffer_char(out, '_');
    buffer_int(out, index);
}

// Made when it is first asked for: most locals are written inside another expression and never mentioned.
Text local_name(Gen *g, uint32_t local) {
    LocalInfo *it = &g->locals[local];
    if (it->name.data != NULL) return it->name;
    Buffer name = buffer_in(g->arena);
    local_text(g->program, &g->f->locals[local], local, &name);
    return it->name = buffer_finish(&name);
}

void write_prototype(const Generation *g, const CoreFunction *f, bool with_names, Buffer *out) {
    const Layouts *l = &g->layouts;
    const Layout *result = layout_of(l, f->result);
    if (function_is_static(f)) buffer_literal(out, "static ");
    if (result->is_aggregate) {
        buffer_literal(out, "void ");
        buffer_text(out, f->symbol);
    } else
        write_declarator(l, result, f->symbol, out);
    buffer_string(out, with_names ? "(SiTask *task" : "(SiTask *");
    if (f->lambda != 0) buffer_string(out, with_names ? ", SiClosure *self" : ", SiClosure *");
    if (result->is_aggregate) {
        buffer_literal(out, ", ");
        write_type_name(l, result, out);
        buffer_string(out, with_names ? " *result" : " *");
    }
    for (uint32_t p = 1; p <= f->parameter_count; p++) {
        const Layout *layout = layout_of(l, f->locals[p].type);
        buffer_literal(out, ", ");
        if (layout->is_aggregate) buffer_literal(out, "const ");
        write_type_name(l, layout, out);
        if (layout->is_aggregate) buffer_literal(out, " *");
        if (!with_names) continue;
        if (out->data[out->length - 1] != '*') buffer_char(out, ' ');
        local_text(g->program, &f->locals[p], p, out);
    }
    if (function_takes_place(g, f)) buffer_string(out, with_names ? ", const SiPlace *at" : ", const SiPlace *");
    buffer_char(out, ')');
}

// ---- what is owned where -------------------------------------------------------------------------------------------------------

void owned_start(OwnedWalk *w, const CoreFunction *f, const uint32_t *bit, uint32_t words, Arena *arena) {
    *w = (OwnedWalk){.function = f, .arena = arena, .bit = bit, .words = words, .is_reached = true};
    w->owned = arena_array(arena, uint64_t, words + 1);
    if (words == 0) return;
    w->extra = arena_array(arena, uint32_t, f->local_count + 1);
    for (uint32_t p = 1; p <= f->parameter_count; p++)
        if (bit[p] != 0) w->owned[(bit[p] - 1) / 64] |= (uint64_t)1 << ((bit[p] - 1) % 64);
}

static uint64_t *owned_copy(OwnedWalk *w) {
    uint64_t *copy = arena_alloc(w->arena, sizeof(uint64_t) * (w->words + 1), sizeof(uint64_t));
    memcpy(copy, w->owned, sizeof(uint64_t) * w->words);
    return copy;
}

static void reach(OwnedWalk *w, OwnedFrame *frame) {
    if (w->is_reached && frame->after == NULL) frame->after = owned_copy(w);
}

void owned_before(OwnedWalk *w, const CoreInstruction *in) {
    OwnedFrame *top = w->frames.count > 0 ? &w->frames.items[w->frames.count - 1] : NULL;
    switch ((CoreOp)in->op) {
    case CORE_BLOCK:
    case CORE_LOOP:
    case CORE_IF:
    case CORE_SWITCH: {
        OwnedFrame frame = {.op = (CoreOp)in->op, .label = in->a, .saved = owned_copy(w)};
        if (in->op == CORE_IF || in->op == CORE_SWITCH) frame.label = 0;
        vec_push(w->arena, &w->frames, frame);
        if (in->op == CORE_SWITCH) w->is_reached = false;
        return;
    }
    case CORE_ELSE:
    case CORE_CASE:
    case CORE_DEFAULT_CASE:
        reach(w, top);
        if (in->op != CORE_CASE) top->is_complete = true;
        memcpy(w->owned, top->saved, sizeof(uint64_t) * w->words);
        w->is_reached = true;
        return;
    case CORE_END:
        if (top->op != CORE_LOOP) reach(w, top);
        if ((top->op == CORE_IF || top->op == CORE_SWITCH) && !top->is_complete && top->after == NULL)
            top->after = top->saved;
        w->is_reached = top->after != NULL;
        if (top->after != NULL) memcpy(w->owned, top->after, sizeof(uint64_t) * w->words);
        w->frames.count--;
        return;
    case CORE_BREAK:
        for (uint32_t k = w->frames.count; k > 0; k--)
            if (w->frames.items[k - 1].label == in->a && w->frames.items[k - 1].op != CORE_IF &&
                w->frames.items[k - 1].op != CORE_SWITCH) {
                reach(w, &w->frames.items[k - 1]);
                break;
            }
        w->is_reached = false;
        return;
    case CORE_CONTINUE:
    case CORE_PANIC:
    case CORE_UNREACHABLE:
        w->is_reached = false;
        return;
    case CORE_DUP:
        w->extra[in->a]++;
        return;
    default:
        break;
    }
    if (in->op == CORE_RETURN) w->is_reached = false;
    if (w->words == 0) return;
    CoreOperands o = core_operands(w->function, in);
    for (uint32_t k = 0; k < operand_count(&o); k++) {
        uint32_t local = operand_local(&o, k);
        if (operand_mode(&o, k) != OPERAND_OWNED || w->bit[local] == 0) continue;
        if (w->extra[local] > 0)
            w->extra[local]--;
        else
            w->owned[(w->bit[local] - 1) / 64] &= ~((uint64_t)1 << ((w->bit[local] - 1) % 64));
    }
}

void owned_after(OwnedWalk *w, const CoreInstruction *in) {
    if (w->words == 0 || core_op_is_control((CoreOp)in->op)) return;
    CoreOperands o = core_operands(w->function, in);
    for (uint32_t d = 0; d < o.define_count; d++) {
        uint32_t bit = w->bit[o.defines[d]];
        if (bit != 0) w->owned[(bit - 1) / 64] |= (uint64_t)1 << ((bit - 1) % 64);
    }
}

// ---- preparing ---------------------------------------------------------------------------------------------------------------

static void prepare_panics(Gen *g) {
    CoreFunction *f = g->f;
    g->may_panic = arena_alloc(g->arena, f->code_count + 1, 1);
    for (uint32_t i = 0; i < f->code_count; i++)
        g->may_panic[i] = core_op_may_panic(g->g->core, f, &f->code[i]);
}

static void prepare_locals(Gen *g, const uint8_t *tracked) {
    CoreFunction *f = g->f;
    g->locals = arena_array(g->arena, LocalInfo, f->local_count + 1);
    for (uint32_t i = 0; i < f->code_count; i++) {
        const CoreInstruction *in = &f->code[i];
        CoreOperands o = core_operands(f, in);
        for (uint32_t k = 0; k < operand_count(&o); k++)
            g->locals[operand_local(&o, k)].uses++;
        for (uint32_t d = 0; d < o.define_count; d++)
            g->locals[o.defines[d]].definitions++;
        if (in->op == CORE_STR_NEXT) g->locals[in->b].definitions += 2;
    }
    for (uint32_t i = 1; i <= f->local_count; i++) {
        LocalInfo *it = &g->locals[i];
        it->is_parameter = i <= f->parameter_count;
        if (it->uses == 0 && it->definitions == 0 && !it->is_parameter) continue; // nobody will ask
        it->layout = layout_of(g->layouts, f->locals[i].type);
        it->base = layout_base(g->layouts, it->layout);
    }
    for (uint32_t i = 1; i <= f->local_count && tracked != NULL; i++)
        g->locals[i].is_tracked = tracked[i] != 0;
}

// E4: which locals are owned across something that may panic, and so live in the frame.
static void prepare_frame(Gen *g) {
    CoreFunction *f = g->f;
    uint32_t *bit = arena_array(g->arena, uint32_t, f->local_count + 1),
             *of_bit = arena_array(g->arena, uint32_t, f->local_count + 1);
    uint32_t count = 0;
    for (uint32_t i = 1; i <= f->local_count; i++)
        if (g->locals[i].is_tracked) {
            of_bit[count] = i;
            bit[i] = ++count;
        }
    bool may_any = false;
    for (uint32_t i = 0; i < f->code_count && !may_any; i++)
        may_any = g->may_panic[i] != 0;
    if (count == 0 || !may_any) return;
    uint32_t words = (count + 63) / 64;
    uint64_t *needed = arena_array(g->arena, uint64_t, words);
    g->owned_at = arena_alloc(g->arena, sizeof(uint64_t *) * f->code_count, sizeof(uint64_t *));
    OwnedWalk walk;
    owned_start(&walk, f, bit, words, g->arena);
    for (uint32_t i = 0; i < f->code_count; i++) {
        owned_before(&walk, &f->code[i]);
        if (g->may_panic[i]) {
            g->owned_at[i] = owned_copy(&walk);
            for (uint32_t w = 0; w < words; w++)
                needed[w] |= walk.owned[w];
        }
        owned_after(&walk, &f->code[i]);
    }
    g->owned_words = words;
    g->of_bit = of_bit;
    for (uint32_t b = 0; b < count; b++)
        if ((needed[b / 64] >> (b % 64) & 1) != 0) g->locals[of_bit[b]].slot = ++g->slot_count;
    g->live_words = (g->slot_count + 63) / 64;
}

// ---- the parts around the body ---------------------------------------------------------------------------------------------------

// All of this stands before the first statement: on the function's own line when there is #line, so that the body's first line needs
// no directive, else on lines of its own.
static const char *gap(const Gen *g) { return g->has_lines ? " " : "\n    "; }

// `T a, b; U c;` in order of first appearance. Types are told apart among the latest few only: any order is right.
static void write_declarations(Gen *g, const uint32_t *locals, uint32_t count, const char *between, Buffer *out) {
    enum { OPEN_MAX = 16 };
    uint32_t *next = arena_array(g->arena, uint32_t, count), *first = arena_array(g->arena, uint32_t, count);
    uint32_t *last = arena_array(g->arena, uint32_t, count), groups = 0;
    for (uint32_t i = 0; i < count; i++) {
        const Layout *base = g->locals[locals[i]].base;
        uint32_t k = groups;
        while (k > 0 && k + OPEN_MAX > groups && g->locals[locals[first[k - 1]]].base != base)
            k--;
        if (k == 0 || g->locals[locals[first[k - 1]]].base != base) {
            first[groups] = last[groups] = i;
            groups++;
            continue;
        }
        next[last[k - 1]] = i;
        last[k - 1] = i;
    }
    for (uint32_t k = 0; k < groups; k++) {
        buffer_string(out, between);
        const Layout *base = g->locals[locals[first[k]]].base;
        use_type(g, base, USE_NAME);
        write_type_name(g->layouts, base, out);
        bool is_pointer = out->data[out->length - 1] == '*';
        for (uint32_t i = first[k];; i = next[i]) {
            const LocalInfo *it = &g->locals[locals[i]];
            if (i != first[k])
                buffer_string(out, is_pointer ? ", *" : ", ");
            else if (!is_pointer)
                buffer_char(out, ' ');
            Text name = local_name(g, locals[i]);
            if (it->is_parameter && it->slot == 0) buffer_literal(out, "v_");
            buffer_text(out, name);
            if (it->is_parameter && it->slot == 0) {
                buffer_string(out, it->layout->is_aggregate ? " = *" : " = ");
                buffer_text(out, name);
            }
            if (next[i] == 0) break;
        }
        buffer_char(out, ';');
    }
}

static void write_locals(Gen *g, Buffer *out) {
    CoreFunction *f = g->f;
    uint32_t *locals = arena_array(g->arena, uint32_t, f->local_count + 1), count = 0;
    for (uint32_t i = 1; i <= f->local_count; i++) {
        const LocalInfo *it = &g->locals[i];
        if (it->slot != 0 || (it->is_parameter && !it->is_copied) || (!it->is_declared && !it->is_copied)) continue;
        locals[count++] = i;
    }
    write_declarations(g, locals, count, gap(g), out);
}

// Names that only the function sees; locals are called otherwise.
static void write_frame(Gen *g, Buffer *out) {
    CoreFunction *f = g->f;
    uint32_t *locals = arena_array(g->arena, uint32_t, f->local_count + 1), count = 0;
    for (uint32_t i = 1; i <= f->local_count; i++)
        if (g->locals[i].slot != 0) locals[count++] = i;
    buffer_string(out, gap(g));
    buffer_literal(out, "struct Frame { SiFrame frame;");
    if (g->live_words > 1) buffer_format(out, " uint64_t live_more[%u];", g->live_words - 1);
    write_declarations(g, locals, count, " ", out);
    buffer_literal(out, " } f;");
    buffer_string(out, gap(g));
    buffer_literal(out, "static const SiSlot slots[] = {");
    for (uint32_t i = 0; i < count; i++) {
        buffer_string(out, i == 0 ? "{offsetof(struct Frame, " : ", {offsetof(struct Frame, ");
        buffer_text(out, local_name(g, locals[i]));
        buffer_literal(out, "), ");
        buffer_text(out, descriptor(g, g->locals[locals[i]].layout));
        buffer_char(out, '}');
    }
    buffer_literal(out, "};");
    buffer_string(out, gap(g));
    buffer_format(out, "static const SiFrameInfo info = {%u, slots};", g->slot_count);
}

// The name where the function is declared; a lambda's place is its first instruction's.
static uint32_t name_token(const Gen *g) {
    const CoreFunction *f = g->f;
    if (f->lambda != 0) return f->code_count > 0 ? f->code[0].token : 0;
    const Function *function = &g->program->functions[f->function.index];
    const ParsedFile *file = g->program->modules[function->module.index].file;
    TreeView view = tree_view(&file->tree, &file->tokens, &file->tree.declarations[function->declaration]);
    return tree_token(&view, function->node);
}

static void write_stack_check(Gen *g, Buffer *out) {
    CoreFunction *f = g->f;
    Text at = place_of(g, name_token(g));
    Buffer quoted = buffer_in(g->arena);
    write_c_string(names_text(g->program->names, g->program->functions[f->function.index].name), &quoted);
    Text name = buffer_finish(&quoted);
    g->uses_task = true;
    bool owns = false;
    for (uint32_t p = 1; p <= f->parameter_count; p++)
        owns |= g->locals[p].is_tracked;
    buffer_string(out, gap(g));
    if (!owns) {
        buffer_format(out, "SI_STACK_CHECK(task, %.*s, %.*s);", (int)name.length, name.data, (int)at.length, at.data);
        return;
    }
    // The arguments are ours already, and no frame lists them yet.
    buffer_literal(out, "char probe;");
    buffer_string(out, gap(g));
    buffer_literal(out, "if (SI_UNLIKELY((uintptr_t)&probe < task->stack_limit)) {");
    for (uint32_t p = 1; p <= f->parameter_count; p++) {
        LocalInfo *it = &g->locals[p];
        if (!it->is_tracked) continue;
        Text own = local_name(g, p);
        buffer_string(out, gap(g));
        if (it->layout->is_aggregate) {
            Text type = descriptor(g, it->layout);
            buffer_format(out, "si_value_release(task, %.*s, %.*s);", (int)own.length, own.data, (int)type.length,
                          type.data);
        } else
            buffer_format(out, "si_release(task, %.*s);", (int)own.length, own.data);
    }
    buffer_string(out, gap(g));
    buffer_format(out, "si_stack_overflow(task, %.*s, %.*s);", (int)name.length, name.data, (int)at.length, at.data);
    buffer_string(out, gap(g));
    buffer_char(out, '}');
}

// Where debuggers stop when they enter it; 0: no #line is wanted. A lambda begins where its first instruction stands.
static uint32_t function_line(Gen *g) {
    if (!g->has_lines) return 0;
    const Function *f = &g->program->functions[g->f->function.index];
    uint32_t line = f->line, column;
    const Tokens *tokens = &g->module->file->tokens;
    if (g->f->lambda != 0 && g->f->code_count > 0 && g->f->code[0].token < tokens->count)
        find_position(g->position, tokens, g->f->code[0].token, &line, &column);
    return line == 0 ? 1 : line;
}

static void write_definition(Gen *g) {
    CoreFunction *f = g->f;
    Buffer out = buffer_in(g->arena);
    write_prototype(g->g, f, true, &out);
    buffer_literal(&out, " {");
    write_locals(g, &out);
    if (g->slot_count > 0) write_frame(g, &out);
    if (f->is_recursive) write_stack_check(g, &out);
    if (g->slot_count > 0) {
        g->uses_task = true;
        buffer_string(&out, gap(g));
        buffer_literal(&out, "SI_FRAME_PUSH(task, f, &info);");
        for (uint32_t w = 1; w < g->live_words; w++) {
            buffer_string(&out, gap(g));
            buffer_format(&out, "f.live_more[%u] = 0;", w - 1);
        }
        for (uint32_t p = 1; p <= f->parameter_count; p++)
            if (g->locals[p].slot != 0) {
                Text name = local_name(g, p);
                buffer_string(&out, gap(g));
                buffer_format(&out, "f.%.*s = %s%.*s;", (int)name.length, name.data,
                              g->locals[p].layout->is_aggregate ? "*" : "", (int)name.length, name.data);
            }
    }
    bool is_unused[] = {!g->uses_task, f->lambda != 0 && !g->uses_self, g->takes_place && !g->uses_at};
    static const char *const names[] = {"(void)task;", "(void)self;", "(void)at;"};
    for (int i = 0; i < 3; i++) {
        if (!is_unused[i]) continue;
        buffer_string(&out, gap(g));
        buffer_string(&out, names[i]);
    }
    for (uint32_t p = 1; p <= f->parameter_count; p++)
        if (!g->locals[p].is_declared && !g->locals[p].is_copied && g->locals[p].slot == 0) {
            buffer_string(&out, gap(g));
            buffer_literal(&out, "(void)");
            buffer_text(&out, local_name(g, p));
            buffer_char(&out, ';');
        }
    buffer_bytes(&out, g->body.data, g->body.length);
    buffer_string(&out, g->has_lines ? " }\n" : "\n}\n");
    g->out->definition = arena_text(g->keep, buffer_finish(&out));
}

// A lambda's cell: struct and descriptor. Offsets are those of C's struct.
static void write_closure(Gen *g) {
    CoreFunction *f = g->f;
    const Layouts *l = g->layouts;
    Buffer out = buffer_in(g->arena);
    Text s = f->symbol;
    buffer_format(&out, "struct sc_%.*s {\n    SiHeader header;\n    SiCode code;\n", (int)s.length, s.data);
    for (uint32_t i = 0; i < f->capture_count; i++) {
        const Layout *layout = layout_of(l, f->captures[i]);
        use_type(g, layout_base(l, layout), USE_NAME);
        buffer_literal(&out, "    ");
        write_declarator(l, layout, format_text(g, "c%u", i), &out);
        buffer_literal(&out, ";\n");
    }
    buffer_format(&out, "};\nstatic const SiField sp_%.*s[] = {\n", (int)s.length, s.data);
    for (uint32_t i = 0; i < f->capture_count; i++) {
        Text type = descriptor(g, layout_of(l, f->captures[i]));
        buffer_format(&out, "    {\"\", offsetof(struct sc_%.*s, c%u), %.*s},\n", (int)s.length, s.data, i,
                      (int)type.length, type.data);
    }
    buffer_format(&out,
                  "};\nstatic const SiVariant sv_%.*s = {\"\", %u, sp_%.*s};\n"
                  "static const SiType st_%.*s = {SI_CLOSURE, 8, 8, 1, 0, sizeof(struct sc_%.*s), \"function\", 0, 0, "
                  "1, &sv_%.*s, 0, 0, 0, 0, 0, 0};\n",
                  (int)s.length, s.data, f->capture_count, (int)s.length, s.data, (int)s.length, s.data, (int)s.length,
                  s.data, (int)s.length, s.data);
    g->out->closure = arena_text(g->keep, buffer_finish(&out));
}

static void generate(const Generation *generation, uint32_t index, PositionCache *position, Arena *arena, Arena *keep,
                     FunctionText *out) {
    CoreFunction counted;
    const uint8_t *tracked = counts_make(&generation->layouts, generation->core->functions[index], arena, &counted);
    Gen g = {.g = generation,
             .program = generation->program,
             .layouts = &generation->layouts,
             .f = &counted,
             .index = index,
             .arena = arena,
             .keep = keep,
             .position = position,
             .out = out};
    g.module = function_module(generation, &counted);
    g.takes_place = function_takes_place(generation, &counted);
    g.is_instance = function_is_instance(generation, &counted);
    g.has_lines = generation->options->with_lines && g.module->source != NULL && g.module->file != NULL;
    g.line = out->line = function_line(&g);
    g.body = buffer_in(arena);
    g.indent = 1;
    prepare_locals(&g, tracked);
    prepare_panics(&g);
    if (tracked != NULL) prepare_frame(&g);

    const Layout *result = layout_of(g.layouts, counted.result);
    use_type(&g, layout_base(g.layouts, result), USE_NAME);
    for (uint32_t p = 1; p <= counted.parameter_count; p++) {
        LocalInfo *it = &g.locals[p];
        use_type(&g, it->base, USE_NAME);
        it->is_copied = it->definitions > 0 && it->slot == 0;
        it->is_by_pointer = it->layout->is_aggregate && !it->is_copied && it->slot == 0;
    }
    Buffer declaration = buffer_in(arena);
    write_prototype(generation, &counted, false, &declaration);
    buffer_literal(&declaration, ";\n");
    out->declaration = arena_text(keep, buffer_finish(&declaration));

    owned_start(&g.reach, &counted, NULL, 0, arena);
    g.known = arena_array(arena, uint64_t, g.live_words + 1);
    g.is_known = true; // SI_FRAME_PUSH clears them
    for (uint32_t i = 0; i < counted.code_count; i++) {
        const CoreInstruction *in = &counted.code[i];
        if (core_op_is_control((CoreOp)in->op)) owned_before(&g.reach, in);
        write_statement(&g, in);
    }
    flush_pending(&g);
    write_definition(&g);
    if (counted.lambda != 0 && counted.capture_count > 0) write_closure(&g);
}

// Only what `out` holds goes into `arena`; all else is forgotten with the next function.
Status write_function(const Generation *g, uint32_t index, PositionCache *position, Arena *scratch, Arena *arena) {
    FunctionText *out = &g->texts[index];
    ARENA_GUARD(arena);
    scratch->escape = arena->escape;
    arena_reset(scratch);
    generate(g, index, position, scratch, arena, out);
    scratch->escape = NULL;
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

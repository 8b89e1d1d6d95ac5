// cgen/types.c: types as C: names, structs at the top of a file, and the descriptors of sg_types_NN.c.
#include "base/hash.h"
#include "cgen/cgen_internal.h"
#include "ir/customs.h"
#include <stdlib.h>

static const char *scalar_name(LayoutKind kind) {
    switch (kind) {
    case LAYOUT_UNIT:
        return "SiUnit";
    case LAYOUT_INT:
    case LAYOUT_DURATION:
    case LAYOUT_SIZE:
    case LAYOUT_INSTANT:
        return "int64_t";
    case LAYOUT_FLOAT:
        return "double";
    case LAYOUT_BOOL:
    case LAYOUT_BYTE:
        return "uint8_t";
    case LAYOUT_CHAR:
    case LAYOUT_ENUM:
        return "uint32_t";
    case LAYOUT_STR:
        return "SiStr *";
    case LAYOUT_LIST:
        return "SiList *";
    case LAYOUT_MAP:
    case LAYOUT_SET:
        return "SiMap *";
    case LAYOUT_CLOSURE:
        return "SiClosure *";
    case LAYOUT_RANGE:
        return "SiRange";
    default:
        return NULL;
    }
}

void write_type_name(const Layouts *l, const Layout *layout, Buffer *out) {
    const Layout *base = layout_base(l, layout);
    const char *scalar = scalar_name(base->kind);
    if (scalar != NULL) {
        buffer_string(out, scalar);
        return;
    }
    buffer_string(out, base->is_boxed ? "Sb_" : "Sg_");
    buffer_text(out, base->name);
    if (base->is_boxed) buffer_literal(out, " *");
}

void write_declarator(const Layouts *l, const Layout *layout, Text name, Buffer *out) {
    write_type_name(l, layout, out);
    if (out->data[out->length - 1] != '*') buffer_char(out, ' ');
    buffer_text(out, name);
}

void write_parameter(const Layouts *l, const Layout *layout, Text name, Buffer *out) {
    if (layout->is_aggregate) {
        buffer_literal(out, "const ");
        write_type_name(l, layout, out);
        buffer_literal(out, " *");
        buffer_text(out, name);
    } else
        write_declarator(l, layout, name, out);
}

static const char *runtime_descriptor(const Layouts *l, const Layout *layout) {
    switch (layout->kind) {
    case LAYOUT_UNIT:
        return "si_type_unit";
    case LAYOUT_INT:
        return "si_type_int";
    case LAYOUT_FLOAT:
        return "si_type_float";
    case LAYOUT_BOOL:
        return "si_type_bool";
    case LAYOUT_BYTE:
        return "si_type_byte";
    case LAYOUT_CHAR:
        return "si_type_char";
    case LAYOUT_DURATION:
        return "si_type_duration";
    case LAYOUT_SIZE:
        return "si_type_size";
    case LAYOUT_INSTANT:
        return "si_type_instant";
    case LAYOUT_STR:
        return "si_type_str";
    case LAYOUT_RANGE:
        switch (l->items[layout->element].kind) {
        case LAYOUT_CHAR:
            return "si_type_range_char";
        case LAYOUT_BYTE:
            return "si_type_range_byte";
        default:
            return "si_type_range_int";
        }
    case LAYOUT_ENUM:
        return layout->decl.index != 0 && layout->decl.index == l->program->known.ordering.index ? "si_type_ordering"
                                                                                                 : NULL;
    default:
        return NULL;
    }
}

bool descriptor_is_runtime(const Layouts *l, const Layout *layout) { return runtime_descriptor(l, layout) != NULL; }

void write_descriptor_name(const Layouts *l, const Layout *layout, Buffer *out) {
    const char *runtime = runtime_descriptor(l, layout);
    if (runtime != NULL)
        buffer_string(out, runtime);
    else {
        buffer_literal(out, "sgt_");
        buffer_text(out, layout->name);
    }
}

void write_field_name(const Program *program, const LayoutField *field, uint32_t index, Buffer *out) {
    if (field->name.index == 0)
        buffer_format(out, "f%u", index);
    else
        write_safe_name(names_text(program->names, field->name), out);
}

// ---- structs ---------------------------------------------------------------------------------------------------------------

static void write_fields(const Layouts *l, const LayoutVariant *v, Buffer *out) {
    for (uint32_t f = 0; f < v->field_count; f++) {
        buffer_char(out, ' ');
        write_type_name(l, &l->items[v->fields[f].layout], out);
        if (out->data[out->length - 1] != '*') buffer_char(out, ' ');
        write_field_name(l->program, &v->fields[f], f, out);
        buffer_char(out, ';');
    }
}

static void write_struct(const Layouts *l, const Layout *it, Buffer *out) {
    buffer_literal(out, "typedef struct Sg_");
    buffer_text(out, it->name);
    buffer_literal(out, " { // ");
    buffer_text(out, it->shown);
    buffer_literal(out, "\n   ");
    if (it->kind != LAYOUT_SUM) {
        write_fields(l, &it->variants[0], out);
        if (it->variants[0].field_count == 0) buffer_literal(out, " SiUnit nothing;");
    } else {
        buffer_literal(out, " uint32_t tag;\n    union {\n");
        for (uint32_t v = 0; v < it->variant_count; v++) {
            if (it->variants[v].field_count == 0) continue;
            buffer_literal(out, "        struct {");
            write_fields(l, &it->variants[v], out);
            buffer_format(out, " } v%u; // ", v);
            buffer_text(out, names_text(l->program->names, it->variants[v].name));
            buffer_char(out, '\n');
        }
        buffer_literal(out, "    } as;");
    }
    buffer_literal(out, "\n} Sg_");
    buffer_text(out, it->name);
    buffer_literal(out, ";\n");
    if (!it->is_boxed) return;
    buffer_literal(out, "struct Sb_");
    buffer_text(out, it->name);
    buffer_literal(out, " { SiHeader header; Sg_");
    buffer_text(out, it->name);
    buffer_literal(out, " content; };\n");
}

TypeNeeds type_needs(const Layouts *layouts, Arena *arena) {
    return (TypeNeeds){.layouts = layouts, .arena = arena, .uses = arena_array(arena, uint8_t, layouts->count + 1)};
}

void need_type(TypeNeeds *n, uint32_t layout, uint32_t flags) {
    uint8_t had = n->uses[layout];
    if ((had | flags) == had) return;
    if (had == 0) vec_push(n->arena, &n->list, layout);
    n->uses[layout] = (uint8_t)(had | flags);
    vec_push(n->arena, &n->fresh, layout);
}

void need_signature(TypeNeeds *n, const CoreFunction *f) {
    need_type(n, layout_of(n->layouts, f->result)->base, USE_NAME);
    for (uint32_t p = 1; p <= f->parameter_count; p++)
        need_type(n, layout_of(n->layouts, f->locals[p].type)->base, USE_NAME);
}

// Whether the struct itself must be known: a box that nobody looks into is only a name.
static bool is_whole(const TypeNeeds *n, uint32_t index) {
    const Layout *it = &n->layouts->items[index];
    uint32_t flags = it->is_boxed ? USE_COMPLETE : USE_NAME | USE_COMPLETE;
    return layout_is_struct(it) && (n->uses[index] & flags) != 0;
}

static int by_number(const void *first, const void *second) {
    uint32_t a = *(const uint32_t *)first, b = *(const uint32_t *)second;
    return (a > b) - (a < b);
}

// What is stored in a complete struct by value must be complete too; then the list in the order of names.
static void settle_needs(TypeNeeds *n) {
    const Layouts *l = n->layouts;
    while (n->fresh.count > 0) {
        uint32_t index = n->fresh.items[--n->fresh.count];
        const Layout *it = &l->items[index];
        if (it->kind == LAYOUT_NEWTYPE) need_type(n, it->base, n->uses[index] & (USE_NAME | USE_COMPLETE));
        if (!is_whole(n, index)) continue;
        for (uint32_t v = 0; v < it->variant_count; v++)
            for (uint32_t f = 0; f < it->variants[v].field_count; f++)
                need_type(n, l->items[it->variants[v].fields[f].layout].base, USE_NAME);
    }
    for (uint32_t i = 0; i < n->list.count; i++)
        n->list.items[i] = l->rank[n->list.items[i]];
    if (n->list.count > 0) qsort(n->list.items, n->list.count, sizeof(uint32_t), by_number);
    for (uint32_t i = 0; i < n->list.count; i++)
        n->list.items[i] = l->by_name[n->list.items[i]];
}

void write_structs(TypeNeeds *n, Buffer *out) {
    const Layouts *l = n->layouts;
    settle_needs(n);
    bool any = false;
    for (uint32_t k = 0; k < n->list.count; k++) {
        const Layout *it = &l->items[n->list.items[k]];
        bool is_named = (n->uses[n->list.items[k]] & (USE_NAME | USE_COMPLETE)) != 0;
        if (!is_named || !layout_is_struct(it) || !it->is_boxed) continue;
        buffer_literal(out, "typedef struct Sb_");
        buffer_text(out, it->name);
        buffer_literal(out, " Sb_");
        buffer_text(out, it->name);
        buffer_literal(out, ";\n");
        any = true;
    }
    if (any) buffer_char(out, '\n');
    // By name, each after the structs that it holds. A depth-first walk over the fields, with a stack of its own.
    uint8_t *done = arena_array(n->arena, uint8_t, l->count + 1);
    uint32_t *stack = arena_array(n->arena, uint32_t, n->list.count + 1),
             *next = arena_array(n->arena, uint32_t, l->count + 1);
    for (uint32_t k = 0; k < n->list.count; k++) {
        uint32_t depth = 0;
        stack[depth++] = n->list.items[k];
        while (depth > 0) {
            uint32_t index = stack[depth - 1];
            const Layout *it = &l->items[index];
            if (done[index] || !is_whole(n, index)) {
                depth--;
                continue;
            }
            uint32_t part = 0, at = next[index]++;
            for (uint32_t v = 0; v < it->variant_count && part == 0; v++) {
                if (at < it->variants[v].field_count)
                    part = l->items[it->variants[v].fields[at].layout].base;
                else
                    at -= it->variants[v].field_count;
            }
            if (part == 0) {
                write_struct(l, it, out);
                done[index] = 1;
                depth--;
            } else if (!done[part] && layout_is_struct(&l->items[part]) && !l->items[part].is_boxed)
                stack[depth++] = part;
        }
    }
}

static void write_extern(const Layouts *l, uint32_t index, Buffer *out) {
    buffer_literal(out, "extern const SiType sgt_");
    buffer_text(out, l->items[index].name);
    buffer_literal(out, ";\n");
}

void write_descriptors(TypeNeeds *n, Buffer *out) {
    buffer_char(out, '\n');
    for (uint32_t k = 0; k < n->list.count; k++) {
        uint32_t index = n->list.items[k];
        if ((n->uses[index] & USE_DESCRIPTOR) != 0 && !descriptor_is_runtime(n->layouts, &n->layouts->items[index]))
            write_extern(n->layouts, index, out);
    }
    buffer_char(out, '\n');
}

// ---- descriptors -------------------------------------------------------------------------------------------------------------

static const char *kind_name(LayoutKind kind) {
    switch (kind) {
    case LAYOUT_UNIT:
        return "SI_UNIT";
    case LAYOUT_INT:
        return "SI_INT";
    case LAYOUT_FLOAT:
        return "SI_FLOAT";
    case LAYOUT_BOOL:
        return "SI_BOOL";
    case LAYOUT_BYTE:
        return "SI_BYTE";
    case LAYOUT_CHAR:
        return "SI_CHAR";
    case LAYOUT_DURATION:
        return "SI_DURATION";
    case LAYOUT_SIZE:
        return "SI_SIZE";
    case LAYOUT_INSTANT:
        return "SI_INSTANT";
    case LAYOUT_ENUM:
        return "SI_ENUM";
    case LAYOUT_STR:
        return "SI_STR";
    case LAYOUT_LIST:
        return "SI_LIST";
    case LAYOUT_MAP:
        return "SI_MAP";
    case LAYOUT_SET:
        return "SI_SET";
    case LAYOUT_CLOSURE:
        return "SI_CLOSURE";
    case LAYOUT_RANGE:
        return "SI_RANGE";
    case LAYOUT_TUPLE:
        return "SI_TUPLE";
    case LAYOUT_RECORD:
        return "SI_RECORD";
    case LAYOUT_SUM:
        return "SI_SUM";
    case LAYOUT_NEWTYPE:
        return "SI_NEWTYPE";
    }
    return "SI_UNIT";
}

static void write_pointer(const Layouts *l, uint32_t layout, Buffer *out) {
    if (layout == 0) {
        buffer_literal(out, "0");
        return;
    }
    buffer_char(out, '&');
    write_descriptor_name(l, &l->items[layout], out);
}

// Static names are numbered within their file.
static void write_variants(const Layouts *l, const Layout *it, uint32_t number, Buffer *out) {
    for (uint32_t v = 0; v < it->variant_count; v++) {
        const LayoutVariant *variant = &it->variants[v];
        if (variant->field_count == 0) continue;
        buffer_format(out, "static const SiField f%u_%u[] = {", number, v);
        for (uint32_t f = 0; f < variant->field_count; f++) {
            buffer_string(out, f == 0 ? "{" : ", {");
            write_c_string(names_text(l->program->names, variant->fields[f].name), out);
            buffer_format(out, ", %u, ", variant->fields[f].offset);
            write_pointer(l, variant->fields[f].layout, out);
            buffer_char(out, '}');
        }
        buffer_literal(out, "};\n");
    }
    buffer_format(out, "static const SiVariant v%u[] = {", number);
    for (uint32_t v = 0; v < it->variant_count; v++) {
        buffer_string(out, v == 0 ? "{" : ", {");
        bool is_named = it->kind == LAYOUT_SUM || it->kind == LAYOUT_ENUM;
        write_c_string(is_named ? names_text(l->program->names, it->variants[v].name) : TEXT(""), out);
        buffer_format(out, ", %u, ", it->variants[v].field_count);
        if (it->variants[v].field_count == 0)
            buffer_literal(out, "0}");
        else
            buffer_format(out, "f%u_%u}", number, v);
    }
    buffer_literal(out, "};\n");
}

// All members of SiType in order; `content`: the struct inside a box.
static void write_descriptor(const Layouts *l, const Layout *it, uint32_t number, bool content, Buffer *out) {
    bool is_box = it->is_boxed && layout_is_struct(it) && !content;
    bool has_variants = !is_box && (layout_is_struct(it) || it->kind == LAYOUT_ENUM);
    uint32_t align = it->content_align > 8 ? it->content_align : 8;
    uint32_t content_offset =
        is_box ? LAYOUT_BOX_HEADER : 0; // the header is 16 bytes and 8-aligned, like any content at most
    uint32_t size = content ? it->content_size : it->size;
    uint32_t cell = is_box                       ? (content_offset + it->content_size + align - 1) / align * align
                    : it->kind == LAYOUT_CLOSURE ? 24u
                                                 : 0u;
    bool counted = it->is_counted;
    if (content) {
        counted = false;
        for (uint32_t v = 0; v < it->variant_count; v++)
            for (uint32_t f = 0; f < it->variants[v].field_count; f++)
                counted |= l->items[it->variants[v].fields[f].layout].is_counted;
    }
    buffer_format(out, "%s, %u, %u, %u, %u, %u, ", is_box ? "SI_BOX" : kind_name(it->kind), size,
                  content ? it->content_align : it->align, counted, content_offset, cell);
    Text name = it->shown; // a declared type without its arguments, as values show it
    if (it->decl.index != 0) name = names_text(l->program->names, l->program->type_decls[it->decl.index].name);
    write_c_string(name, out);
    buffer_literal(out, ", ");
    if (is_box)
        buffer_format(out, "&c%u", number);
    else
        write_pointer(l, it->element, out);
    buffer_literal(out, ", ");
    write_pointer(l, it->value, out);
    if (has_variants)
        buffer_format(out, ", %u, v%u", it->variant_count, number);
    else
        buffer_literal(out, ", 0, 0");
    bool is_error = it->decl.index != 0 && it->decl.index == l->program->known.error.index && !is_box;
    bool is_option = it->decl.index != 0 && it->decl.index == l->program->known.option.index;
    static const char *const adapters[CUSTOM_COUNT] = {"e", "o", "h", "s"};
    for (uint32_t k = 0; k < CUSTOM_COUNT; k++) {
        if (it->customs != NULL && it->customs[k].length > 0)
            buffer_format(out, ", %s%u", adapters[k], number);
        else
            buffer_string(out, k == CUSTOM_SHOW && is_error ? ", si_error_show" : ", 0");
    }
    buffer_format(out, ", %u, %u", it->is_printable, is_option);
}

// What a value is as an argument, from a pointer to it.
static void write_argument(const Layouts *l, const Layout *it, const char *pointer, Buffer *out) {
    if (it->is_aggregate)
        buffer_string(out, pointer);
    else if (it->is_boxed || layout_base(l, it)->is_counted)
        buffer_format(out, "*(void *const *)%s", pointer);
    else
        buffer_format(out, "*(const %s *)%s", scalar_name(layout_base(l, it)->kind), pointer);
}

// Adapters from the descriptor's functions, which only look at values, to methods, which take them over.
static void write_customs(const Layouts *l, const Layout *it, uint32_t number, Buffer *out) {
    static const char *const results[CUSTOM_COUNT] = {"uint8_t", "uint32_t", "int64_t", "SiStr *"};
    static const char *const heads[CUSTOM_COUNT] = {"static uint8_t e", "static int32_t o", "static uint64_t h",
                                                    "static SiStr *s"};
    Buffer type = buffer_in(l->arena);
    if (it->is_aggregate)
        buffer_literal(&type, "const void *");
    else if (it->is_boxed || layout_base(l, it)->is_counted)
        buffer_literal(&type, "void *");
    else
        buffer_string(&type, scalar_name(layout_base(l, it)->kind));
    for (uint32_t k = 0; k < CUSTOM_COUNT; k++) {
        Text symbol = it->customs[k];
        if (symbol.length == 0) continue;
        bool is_binary = k == CUSTOM_EQUALS || k == CUSTOM_COMPARE;
        buffer_format(out, "extern %s %.*s(SiTask *, %.*s%s%.*s);\n", results[k], (int)symbol.length, symbol.data,
                      (int)type.length, type.data, is_binary ? ", " : "", is_binary ? (int)type.length : 0, type.data);
        buffer_format(out, "%s%u(SiTask *task, const void *a%s) {\n", heads[k], number,
                      is_binary ? ", const void *b" : "");
        if (it->is_counted) {
            buffer_literal(out, "    si_value_retain(a, &sgt_");
            buffer_text(out, it->name);
            buffer_literal(out, ");\n");
            if (is_binary) {
                buffer_literal(out, "    si_value_retain(b, &sgt_");
                buffer_text(out, it->name);
                buffer_literal(out, ");\n");
            }
        }
        buffer_string(out, k == CUSTOM_COMPARE ? "    return (int32_t)"
                           : k == CUSTOM_HASH  ? "    return (uint64_t)"
                                               : "    return ");
        buffer_text(out, symbol);
        buffer_literal(out, "(task, ");
        write_argument(l, it, "a", out);
        if (is_binary) {
            buffer_literal(out, ", ");
            write_argument(l, it, "b", out);
        }
        buffer_string(out, k == CUSTOM_COMPARE ? ") - 1;\n}\n" : ");\n}\n"); // Less, Equal, Greater
    }
}

// The descriptors that are needed, and those that they point to.
static void close_over(const Layouts *l, uint8_t *needed, Arena *arena) {
    VEC(uint32_t) work = {0};
    for (uint32_t i = 1; i <= l->count; i++)
        if (needed[i]) vec_push(arena, &work, i);
#define NEED(layout_index)                                                                                             \
    do {                                                                                                               \
        uint32_t need = (layout_index);                                                                                \
        if (need != 0 && !needed[need]) {                                                                              \
            needed[need] = 1;                                                                                          \
            vec_push(arena, &work, need);                                                                              \
        }                                                                                                              \
    } while (0)
    while (work.count > 0) {
        const Layout *it = &l->items[work.items[--work.count]];
        NEED(it->element);
        NEED(it->value);
        for (uint32_t v = 0; v < it->variant_count; v++)
            for (uint32_t f = 0; f < it->variants[v].field_count; f++)
                NEED(it->variants[v].fields[f].layout);
    }
#undef NEED
}

void types_plan(const Layouts *l, uint8_t *needed, Arena *arena, TypesFile **out, uint32_t *out_count) {
    enum { TYPES_PER_FILE = 256, FILES_MAX = 64 };
    close_over(l, needed, arena);
    uint32_t count = 0, buckets = 1, kept = 0;
    for (uint32_t i = 1; i <= l->count; i++) {
        needed[i] = needed[i] && !descriptor_is_runtime(l, &l->items[i]);
        count += needed[i];
    }
    while (buckets < FILES_MAX && buckets * TYPES_PER_FILE < count)
        buckets *= 2;
    TypesFile *files = arena_array(arena, TypesFile, buckets);
    for (uint32_t k = 0; k < l->count; k++) {
        uint32_t index = l->by_name[k];
        if (needed[index]) vec_push(arena, &files[l->items[index].name_hash % buckets].layouts, index);
    }
    for (uint32_t b = 0; b < buckets; b++) {
        if (files[b].layouts.count == 0) continue;
        files[b].name = arena_format(arena, "sg_types_%02u.c", b);
        files[kept++] = files[b];
    }
    *out = files;
    *out_count = kept;
}

// What a descriptor points to is declared just before it, unless it stands above.
static void declare_parts(const Layouts *l, const Layout *it, uint8_t *is_known, Buffer *out) {
#define DECLARE(layout_index)                                                                                          \
    do {                                                                                                               \
        uint32_t part = (layout_index);                                                                                \
        if (part != 0 && !is_known[part] && !descriptor_is_runtime(l, &l->items[part])) write_extern(l, part, out);    \
        is_known[part] = 1;                                                                                            \
    } while (0)
    DECLARE(it->element);
    DECLARE(it->value);
    for (uint32_t v = 0; v < it->variant_count; v++)
        for (uint32_t f = 0; f < it->variants[v].field_count; f++)
            DECLARE(it->variants[v].fields[f].layout);
#undef DECLARE
}

void write_types_file(const Layouts *l, TypesFile *file, Arena *scratch, Arena *arena) {
    uint8_t *is_known = arena_array(scratch, uint8_t, l->count + 1);
    Buffer out = buffer_in(arena);
    buffer_reserve(&out, 512u * file->layouts.count);
    buffer_literal(&out, "// descriptors of types. Written by sigil.\n#include \"si.h\"\n");
    for (uint32_t k = 0; k < file->layouts.count; k++) {
        uint32_t index = file->layouts.items[k];
        const Layout *it = &l->items[index];
        buffer_literal(&out, "\n// ");
        buffer_text(&out, it->shown);
        buffer_char(&out, '\n');
        declare_parts(l, it, is_known, &out);
        if (layout_is_struct(it) || it->kind == LAYOUT_ENUM) write_variants(l, it, k, &out);
        if (it->customs != NULL) {
            if (it->is_counted) write_extern(l, index, &out);
            write_customs(l, it, k, &out);
        }
        if (it->is_boxed && layout_is_struct(it)) {
            buffer_format(&out, "static const SiType c%u = {", k);
            write_descriptor(l, it, k, true, &out);
            buffer_literal(&out, "};\n");
        }
        buffer_literal(&out, "const SiType sgt_");
        buffer_text(&out, it->name);
        buffer_literal(&out, " = {");
        write_descriptor(l, it, k, false, &out);
        buffer_literal(&out, "};\n");
        is_known[index] = 1;
    }
    file->content = buffer_finish(&out);
}

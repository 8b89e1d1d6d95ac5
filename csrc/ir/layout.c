// ir/layout.c: types to representations (ir/layout.h).
#include "ir/layout.h"
#include "base/hash.h"

// A type of another type's parts, deeper than anything that the checker lets through; stands as void then.
#define DEPTH_MAX 192

// ---- the table -------------------------------------------------------------------------------------------------------

static const TypeInfo *info_of(const Layouts *l, TypeId type) { return type_info(l->program->types, type); }

static uint32_t slot_for(const Layouts *l, TypeId type) {
    uint32_t mask = l->slot_count - 1;
    uint32_t at = (uint32_t)hash_mix(0, type.index) & mask;
    while (l->slots[at] != 0 && l->items[l->slots[at]].type.index != type.index)
        at = (at + 1) & mask;
    return at;
}

void layouts_init(Layouts *l, const Program *program, Arena *arena) {
    *l = (Layouts){.arena = arena, .program = program};
    l->capacity = 64;
    l->items = arena_array(arena, Layout, l->capacity);
    l->slot_count = 256;
    l->slots = arena_array(arena, uint32_t, l->slot_count);
}

static void grow(Layouts *l) {
    if (l->count + 2 > l->capacity) {
        l->items = arena_grow(l->arena, l->items, sizeof(Layout) * l->capacity, sizeof(Layout) * l->capacity * 2,
                              _Alignof(Layout));
        l->capacity *= 2;
    }
    if (l->count * 2 >= l->slot_count) {
        l->slot_count *= 2;
        l->slots = arena_array(l->arena, uint32_t, l->slot_count);
        for (uint32_t i = 1; i <= l->count; i++)
            if (l->items[i].type.index >= l->direct_count) l->slots[slot_for(l, l->items[i].type)] = i;
    }
}

#define DIRECT_MAX (1u << 18)

void layouts_expect_all(Layouts *l) {
    uint32_t count = types_count(l->program->types) + 1;
    l->direct_count = count < DIRECT_MAX ? count : DIRECT_MAX;
    l->direct = arena_array(l->arena, uint32_t, l->direct_count);
    l->capacity = count / 2 + 64; // what nobody touches costs nothing
    l->items = arena_alloc(l->arena, sizeof(Layout) * (size_t)l->capacity, _Alignof(Layout));
    l->items[0] = (Layout){0};
}

static uint32_t add_direct(Layouts *l, TypeId type) {
    grow(l);
    uint32_t index = ++l->count;
    l->items[index] = (Layout){.type = type, .base = index};
    l->direct[type.index] = index;
    return index;
}

uint32_t layouts_add(Layouts *l, TypeId type) {
    if (type.index != 0 && type.index < l->direct_count && l->direct[type.index] != 0) return l->direct[type.index];
    if (type.index == 0 || info_of(l, type)->depth > DEPTH_MAX) type = TYPE_ID(TYPE_VOID);
    if (type.index < l->direct_count) return l->direct[type.index] != 0 ? l->direct[type.index] : add_direct(l, type);
    uint32_t slot = slot_for(l, type);
    if (l->slots[slot] != 0) return l->slots[slot];
    grow(l);
    uint32_t index = ++l->count;
    l->items[index] = (Layout){.type = type, .base = index};
    l->slots[slot_for(l, type)] = index;
    return index;
}

const Layout *layout_search(const Layouts *l, TypeId type) {
    uint32_t found = type.index < l->direct_count ? l->direct[type.index] : l->slots[slot_for(l, type)];
    if (found == 0)
        found = TYPE_VOID < l->direct_count ? l->direct[TYPE_VOID] : l->slots[slot_for(l, TYPE_ID(TYPE_VOID))];
    return &l->items[found];
}

// ---- parts -------------------------------------------------------------------------------------------------------------

// The type with `arguments` for the parameters of its declaration. Depth is bounded by E0385 and DEPTH_MAX.
static TypeId substitute(Layouts *l, TypeId type, const TypeId *arguments, uint32_t count) {
    const TypeInfo *info = info_of(l, type);
    if ((info->flags & TYPE_HAS_PARAMETER) == 0) return type;
    if (info->kind == TYPE_PARAMETER) return info->head < count ? arguments[info->head] : TYPE_ID(TYPE_VOID);
    uint32_t words = info->kind == TYPE_RECORD ? info->arg_count * 2 : info->arg_count;
    TypeId *args = arena_array(l->arena, TypeId, words + 1);
    for (uint32_t i = 0; i < words; i++)
        args[i] = i < info->arg_count ? substitute(l, info->args[i], arguments, count) : info->args[i];
    TypeId out;
    if (types_intern(l->program->types, (TypeKind)info->kind, info->head, args, info->arg_count, &out) != STATUS_OK)
        arena_out_of_memory(l->arena);
    return out;
}

static LayoutVariant *one_variant(Layouts *l, uint32_t index, uint32_t field_count) {
    LayoutVariant *v = arena_new(l->arena, LayoutVariant);
    v->fields = arena_array(l->arena, LayoutField, field_count);
    v->field_count = field_count;
    l->items[index].variants = v;
    l->items[index].variant_count = 1;
    return v;
}

static void expand_named(Layouts *l, uint32_t index, const TypeInfo *info) {
    const Program *p = l->program;
    const TypeDecl *d = &p->type_decls[info->head];
    bool has_fields = d->kind != DECL_SUM;
    for (uint32_t v = 0; v < d->variant_count; v++)
        has_fields |= d->variants[v].field_count > 0;
    LayoutVariant *variants = arena_array(l->arena, LayoutVariant, d->variant_count);
    for (uint32_t v = 0; v < d->variant_count; v++) {
        const VariantDecl *from = &d->variants[v];
        variants[v] =
            (LayoutVariant){from->name, arena_array(l->arena, LayoutField, from->field_count), from->field_count};
        for (uint32_t f = 0; f < from->field_count; f++) {
            TypeId type = substitute(l, from->fields[f].type, info->args, info->arg_count);
            uint32_t part = layouts_add(l, type);
            variants[v].fields[f] = (LayoutField){from->fields[f].name, l->items[part].type, part, 0};
        }
    }
    Layout *it = &l->items[index];
    it->decl = (TypeDeclId){info->head};
    it->variants = variants;
    it->variant_count = d->variant_count;
    if (d->kind == DECL_NEWTYPE) {
        it->kind = LAYOUT_NEWTYPE;
        it->element = variants[0].fields[0].layout;
    } else if (d->kind == DECL_RECORD)
        it->kind = LAYOUT_RECORD;
    else
        it->kind = has_fields ? LAYOUT_SUM : LAYOUT_ENUM;
}

static void expand(Layouts *l, uint32_t index) {
    TypeId type = l->items[index].type;
    const TypeInfo *info = info_of(l, type);
    LayoutKind kind = LAYOUT_UNIT;
    switch ((TypeKind)info->kind) {
    case TYPE_INT:
        kind = LAYOUT_INT;
        break;
    case TYPE_FLOAT:
        kind = LAYOUT_FLOAT;
        break;
    case TYPE_BOOL:
        kind = LAYOUT_BOOL;
        break;
    case TYPE_BYTE:
        kind = LAYOUT_BYTE;
        break;
    case TYPE_CHAR:
        kind = LAYOUT_CHAR;
        break;
    case TYPE_STR:
        kind = LAYOUT_STR;
        break;
    case TYPE_DURATION:
        kind = LAYOUT_DURATION;
        break;
    case TYPE_SIZE:
        kind = LAYOUT_SIZE;
        break;
    case TYPE_INSTANT:
        kind = LAYOUT_INSTANT;
        break;
    case TYPE_LIST:
    case TYPE_CHANNEL:
    case TYPE_SET:
    case TYPE_RANGE: {
        uint32_t element = layouts_add(l, info->args[0]);
        l->items[index].element = element;
        kind = info->kind == TYPE_SET ? LAYOUT_SET : info->kind == TYPE_RANGE ? LAYOUT_RANGE : LAYOUT_LIST;
        break;
    }
    case TYPE_MAP: {
        uint32_t key = layouts_add(l, info->args[0]), value = layouts_add(l, info->args[1]);
        l->items[index].element = key;
        l->items[index].value = value;
        kind = LAYOUT_MAP;
        break;
    }
    case TYPE_FUNCTION: {
        uint32_t *parts = arena_array(l->arena, uint32_t, info->arg_count);
        for (uint32_t i = 0; i < info->arg_count; i++)
            parts[i] = layouts_add(l, info->args[i]);
        l->items[index].parts = parts;
        l->items[index].part_count = info->arg_count;
        kind = LAYOUT_CLOSURE;
        break;
    }
    case TYPE_DYN: // a cell like a closure's, with the table where that has its code
        kind = LAYOUT_CLOSURE;
        break;
    case TYPE_TUPLE:
    case TYPE_RECORD: {
        LayoutVariant *v = one_variant(l, index, info->arg_count);
        for (uint32_t i = 0; i < info->arg_count; i++) {
            uint32_t part = layouts_add(l, info->args[i]);
            NameId name = {info->kind == TYPE_RECORD ? info->args[info->arg_count + i].index : 0};
            v->fields[i] = (LayoutField){name, l->items[part].type, part, 0};
        }
        kind = info->kind == TYPE_TUPLE ? LAYOUT_TUPLE : LAYOUT_RECORD;
        break;
    }
    case TYPE_NAMED:
        expand_named(l, index, info);
        return;
    default:
        break; // void, Never, and what cannot occur here (I1)
    }
    l->items[index].kind = kind;
}

// ---- containment ---------------------------------------------------------------------------------------------------------

static bool holds_parts(const Layout *it) { return layout_is_struct(it) || it->kind == LAYOUT_NEWTYPE; }

// The k-th part that is stored in the value itself, over all variants; 0 at the end.
static uint32_t contained(const Layout *it, uint32_t k) {
    if (!holds_parts(it)) return 0;
    for (uint32_t v = 0; v < it->variant_count; v++) {
        if (k < it->variants[v].field_count) return it->variants[v].fields[k].layout;
        k -= it->variants[v].field_count;
    }
    return 0;
}

static uint32_t round_up(uint32_t n, uint32_t align) { return (n + align - 1) / align * align; }

static void stored(Layout *it, uint32_t size, bool counted) {
    it->size = it->align = size;
    it->is_counted = counted;
}

// Size, alignment and counts of a layout whose contained parts are known. False: not all are known yet.
static bool compute(Layouts *l, Layout *it, const uint8_t *known) {
    switch (it->kind) {
    case LAYOUT_UNIT:
    case LAYOUT_BOOL:
    case LAYOUT_BYTE:
        stored(it, 1, false);
        return true;
    case LAYOUT_INT:
    case LAYOUT_FLOAT:
    case LAYOUT_DURATION:
    case LAYOUT_SIZE:
    case LAYOUT_INSTANT:
        stored(it, 8, false);
        return true;
    case LAYOUT_CHAR:
    case LAYOUT_ENUM:
        stored(it, 4, false);
        return true;
    case LAYOUT_STR:
    case LAYOUT_LIST:
    case LAYOUT_MAP:
    case LAYOUT_SET:
    case LAYOUT_CLOSURE:
        stored(it, 8, true);
        return true;
    case LAYOUT_RANGE:
        it->size = 24, it->align = 8, it->is_aggregate = true;
        return true;
    case LAYOUT_NEWTYPE: {
        if (!known[it->element]) return false;
        const Layout *part = &l->items[it->element];
        it->size = part->size, it->align = part->align;
        it->is_counted = part->is_counted, it->is_aggregate = part->is_aggregate, it->is_boxed = part->is_boxed;
        it->base = part->base;
        return true;
    }
    case LAYOUT_TUPLE:
    case LAYOUT_RECORD:
    case LAYOUT_SUM:
        break;
    }
    bool counted = false;
    uint32_t align = it->kind == LAYOUT_SUM ? 4 : 1;
    for (uint32_t k = 0, part; (part = contained(it, k)) != 0; k++) {
        if (!known[part]) return false;
        counted |= l->items[part].is_counted;
        if (l->items[part].align > align) align = l->items[part].align;
    }
    // C: struct { uint32_t tag; union { struct { … } v0; … } as; }. The union starts at its own alignment.
    uint32_t union_align = 1, size = 0;
    if (it->kind == LAYOUT_SUM)
        for (uint32_t k = 0, part; (part = contained(it, k)) != 0; k++)
            if (l->items[part].align > union_align) union_align = l->items[part].align;
    uint32_t start = it->kind == LAYOUT_SUM ? round_up(4, union_align) : 0;
    for (uint32_t v = 0; v < it->variant_count; v++) {
        uint32_t at = start;
        for (uint32_t f = 0; f < it->variants[v].field_count; f++) {
            LayoutField *field = &it->variants[v].fields[f];
            const Layout *part = &l->items[field->layout];
            at = round_up(at, part->align);
            field->offset = at;
            at += part->size;
        }
        if (at > size) size = at;
    }
    it->content_align = align;
    it->content_size = round_up(size < start ? start : size == 0 ? 1 : size, align);
    if (it->is_boxed || it->content_size > LAYOUT_BOX_BYTES) {
        it->is_boxed = true;
        stored(it, 8, true);
    } else {
        it->size = it->content_size, it->align = align;
        it->is_counted = counted, it->is_aggregate = true;
    }
    return true;
}

// A strongly connected component, parts before what holds them. Sums of a cycle are boxed first, which opens the cycle.
static void settle(Layouts *l, const uint32_t *members, uint32_t count, bool is_cycle, uint8_t *known, uint32_t *order,
                   uint32_t *ordered) {
    bool any_sum = false;
    for (uint32_t i = 0; is_cycle && i < count; i++) {
        Layout *it = &l->items[members[i]];
        if (it->kind != LAYOUT_SUM) continue;
        any_sum = it->is_boxed = true;
        stored(it, 8, true);
        known[members[i]] = 1;
    }
    if (is_cycle && !any_sum) // no value of such a type exists; the checker refuses it
        for (uint32_t i = 0; i < count; i++) {
            Layout *it = &l->items[members[i]];
            if (it->kind == LAYOUT_NEWTYPE) it->kind = LAYOUT_UNIT;
            it->is_boxed = layout_is_struct(it);
            stored(it, it->is_boxed ? 8 : 1, it->is_boxed);
            known[members[i]] = 1;
        }
    uint8_t *done = arena_array(l->arena, uint8_t, count);
    for (uint32_t left = count; left > 0;) {
        uint32_t before = left;
        for (uint32_t i = 0; i < count; i++) {
            if (done[i] || !compute(l, &l->items[members[i]], known)) continue;
            done[i] = known[members[i]] = 1;
            order[(*ordered)++] = members[i];
            left--;
        }
        if (left == before) break; // cannot happen: every cycle was opened
    }
}

static void find_components(Layouts *l) {
    uint32_t n = l->count;
    uint32_t *index = arena_array(l->arena, uint32_t, n + 1), *low = arena_array(l->arena, uint32_t, n + 1);
    uint32_t *next = arena_array(l->arena, uint32_t, n + 1), *stack = arena_array(l->arena, uint32_t, n + 1);
    uint32_t *path = arena_array(l->arena, uint32_t, n + 1);
    uint8_t *on_stack = arena_array(l->arena, uint8_t, n + 1), *known = arena_array(l->arena, uint8_t, n + 1);
    uint32_t counter = 0, stacked = 0, ordered = 0;
    l->by_size = arena_array(l->arena, uint32_t, n + 1);
    for (uint32_t root = 1; root <= n; root++) {
        if (index[root] != 0) continue;
        uint32_t depth = 0;
        path[depth++] = root;
        while (depth > 0) {
            uint32_t v = path[depth - 1];
            if (index[v] == 0) {
                index[v] = low[v] = ++counter;
                stack[stacked++] = v;
                on_stack[v] = 1;
            }
            uint32_t part = contained(&l->items[v], next[v]);
            if (part != 0) {
                next[v]++;
                if (index[part] == 0)
                    path[depth++] = part;
                else if (on_stack[part] && index[part] < low[v])
                    low[v] = index[part];
                continue;
            }
            depth--;
            if (depth > 0 && low[v] < low[path[depth - 1]]) low[path[depth - 1]] = low[v];
            if (low[v] != index[v]) continue;
            uint32_t first = stacked;
            do {
                first--;
                on_stack[stack[first]] = 0;
            } while (stack[first] != v);
            bool is_cycle = stacked - first > 1;
            for (uint32_t k = 0, p; (p = contained(&l->items[v], k)) != 0; k++)
                is_cycle |= p == v;
            settle(l, stack + first, stacked - first, is_cycle, known, l->by_size, &ordered);
            stacked = first;
        }
    }
}

// ---- names ---------------------------------------------------------------------------------------------------------------

static const char *primitive_name(TypeKind kind) {
    switch (kind) {
    case TYPE_INT:
        return "int";
    case TYPE_FLOAT:
        return "float";
    case TYPE_BOOL:
        return "bool";
    case TYPE_BYTE:
        return "byte";
    case TYPE_CHAR:
        return "char";
    case TYPE_STR:
        return "str";
    case TYPE_NEVER:
        return "Never";
    case TYPE_DURATION:
        return "Duration";
    case TYPE_SIZE:
        return "Size";
    case TYPE_INSTANT:
        return "Instant";
    default:
        return "void";
    }
}

// Prefix notation with counts, so that it reads in one way. *is_plain is cleared when a module's name makes it ambiguous.
static void mangle(const Layouts *l, TypeId type, Buffer *out, bool *is_plain) {
    const Program *p = l->program;
    const TypeInfo *info = info_of(l, type);
    uint32_t count = info->arg_count;
    switch ((TypeKind)info->kind) {
    case TYPE_LIST:
        buffer_literal(out, "list");
        break;
    case TYPE_MAP:
        buffer_literal(out, "map");
        break;
    case TYPE_SET:
        buffer_literal(out, "set");
        break;
    case TYPE_RANGE:
        buffer_literal(out, "range");
        break;
    case TYPE_CHANNEL:
        buffer_literal(out, "channel");
        break;
    case TYPE_TUPLE:
        buffer_format(out, "tuple%u", count);
        break;
    case TYPE_FUNCTION:
        buffer_format(out, "fn%u", count - 1);
        break;
    case TYPE_DYN: {
        const TraitDecl *trait = &p->traits[info->head];
        *is_plain = false;
        buffer_literal(out, "dyn_");
        buffer_text(out, names_text(p->names, trait->name));
        break;
    }
    case TYPE_RECORD:
        buffer_format(out, "record%u", count);
        break;
    case TYPE_NAMED: {
        const TypeDecl *d = &p->type_decls[info->head];
        const Module *m = &p->modules[d->module.index];
        if (m->kind != MODULE_PRELUDE) {
            for (uint32_t i = 0; i < m->name.length; i++) {
                char c = m->name.data[i];
                bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
                if (!is_word && c != '.') *is_plain = false;
                buffer_char(out, is_word ? c : '_');
            }
            buffer_literal(out, "__");
        }
        Text name = names_text(p->names, d->name);
        for (uint32_t i = 0; i < name.length; i++)
            if (name.data[i] == '_') *is_plain = false;
        buffer_text(out, name);
        break;
    }
    default:
        buffer_string(out, primitive_name((TypeKind)info->kind));
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        buffer_char(out, '_');
        if (info->kind == TYPE_RECORD) {
            Text name = names_text(p->names, (NameId){info->args[count + i].index});
            for (uint32_t k = 0; k < name.length; k++)
                if (name.data[k] == '_') *is_plain = false;
            buffer_text(out, name);
            buffer_char(out, '_');
        }
        mangle(l, info->args[i], out, is_plain);
    }
}

// As people see it; with_modules gives every declared type its module, for hashes.
static void show(const Layouts *l, TypeId type, bool with_modules, Buffer *out) {
    const Program *p = l->program;
    const TypeInfo *info = info_of(l, type);
    uint32_t count = info->arg_count;
    const char *open = "<", *close = ">";
    switch ((TypeKind)info->kind) {
    case TYPE_LIST:
        open = "[", close = "]";
        break;
    case TYPE_MAP:
        open = "{", close = "}";
        break;
    case TYPE_SET:
        buffer_literal(out, "Set");
        break;
    case TYPE_RANGE:
        buffer_literal(out, "Range");
        break;
    case TYPE_CHANNEL:
        buffer_literal(out, "Channel");
        break;
    case TYPE_TUPLE:
        open = "(", close = ")";
        break;
    case TYPE_FUNCTION:
        open = "(", close = "";
        break;
    case TYPE_DYN: {
        const TraitDecl *trait = &p->traits[info->head];
        buffer_literal(out, "dyn ");
        if (with_modules) {
            buffer_text(out, p->modules[trait->module.index].name);
            buffer_char(out, ':');
        }
        buffer_text(out, names_text(p->names, trait->name));
        if (count == 0) return;
        break;
    }
    case TYPE_RECORD:
        open = "{ ", close = " }";
        break;
    case TYPE_NAMED: {
        const TypeDecl *d = &p->type_decls[info->head];
        if (with_modules) {
            buffer_text(out, p->modules[d->module.index].name);
            buffer_char(out, ':');
        }
        buffer_text(out, names_text(p->names, d->name));
        if (count == 0) return;
        break;
    }
    default:
        buffer_string(out, primitive_name((TypeKind)info->kind));
        return;
    }
    buffer_string(out, open);
    for (uint32_t i = 0; i < count; i++) {
        bool is_result = info->kind == TYPE_FUNCTION && i == count - 1;
        if (is_result)
            buffer_literal(out, ") -> ");
        else if (i > 0)
            buffer_string(out, info->kind == TYPE_MAP ? ": " : ", ");
        if (info->kind == TYPE_RECORD) {
            buffer_text(out, names_text(p->names, (NameId){info->args[count + i].index}));
            buffer_literal(out, ": ");
        }
        show(l, info->args[i], with_modules, out);
    }
    buffer_string(out, close);
}

static void name_layout(const Layouts *l, Layout *it, Arena *arena) {
    Buffer shown = buffer_in(arena), name = buffer_in(arena);
    show(l, it->type, false, &shown);
    it->shown = (Text){shown.data, (uint32_t)shown.length};
    bool is_plain = true;
    mangle(l, it->type, &name, &is_plain);
    if (!is_plain || name.length > 64) {
        Buffer exact = buffer_in(arena);
        show(l, it->type, true, &exact);
        uint64_t hash = hash_bytes(exact.data, exact.length);
        if (name.length > 64) { // much of the name is only in the hash
            name.length = 48;
            buffer_format(&name, "_x%016llx", (unsigned long long)hash);
        } else
            buffer_format(&name, "_x%08x", (unsigned)hash);
    }
    it->name = (Text){name.data, (uint32_t)name.length};
}

// Sorts indices into items by name, by merging: stable and the same everywhere.
static void sort_by_name(const Layouts *l, uint32_t *items, uint32_t *scratch, uint32_t count) {
    for (uint32_t width = 1; width < count; width *= 2) {
        for (uint32_t start = 0; start < count; start += 2 * width) {
            uint32_t middle = start + width < count ? start + width : count;
            uint32_t end = middle + width < count ? middle + width : count;
            uint32_t a = start, b = middle, out = start;
            while (a < middle || b < end) {
                bool first =
                    b == end || (a < middle && text_compare(l->items[items[a]].name, l->items[items[b]].name) <= 0);
                scratch[out++] = first ? items[a++] : items[b++];
            }
        }
        memcpy(items, scratch, count * sizeof *items);
    }
}

// ---- whether assertions may show it ----------------------------------------------------------------------------------------

static bool may_be_printable(const Layouts *l, const Layout *it) {
    if (it->kind == LAYOUT_CLOSURE) return false;
    if (it->decl.index == 0) return true;
    const TypeDecl *d = &l->program->type_decls[it->decl.index];
    return l->program->modules[d->module.index].kind == MODULE_PRELUDE || (d->derives >> TRAIT_PRINTABLE & 1u) != 0 ||
           (l->program->has_customs &&
            trait_solve(l->program, NULL, it->type, l->program->builtin_traits[TRAIT_PRINTABLE]).answer == SOLVE_YES);
}

// Greatest solution: all that may be, less what has a part that is not.
static void find_printable(Layouts *l) {
    for (uint32_t i = 1; i <= l->count; i++)
        l->items[i].is_printable = may_be_printable(l, &l->items[i]);
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t k = 0; k < l->count; k++) {
            Layout *it = &l->items[l->by_size[k]];
            bool good = it->is_printable;
            if (it->element != 0) good = good && l->items[it->element].is_printable;
            if (it->value != 0) good = good && l->items[it->value].is_printable;
            for (uint32_t p = 0, part; good && (part = contained(it, p)) != 0; p++)
                good = l->items[part].is_printable;
            changed |= good != it->is_printable;
            it->is_printable = good;
        }
    }
}

void layouts_expand(Layouts *l) {
    layouts_add(l, TYPE_ID(TYPE_VOID));
    layouts_add(l, TYPE_ID(TYPE_STR));
    for (uint32_t i = 1; i <= l->count; i++)
        expand(l, i); // count grows while parts are found
}

void layouts_size(Layouts *l) { find_components(l); }

void layouts_name(Layouts *l, uint32_t first, uint32_t limit, Arena *arena) {
    for (uint32_t i = first; i < limit && i <= l->count; i++)
        name_layout(l, &l->items[i], arena);
}

void layouts_order(Layouts *l) {
    l->by_name = arena_array(l->arena, uint32_t, l->count + 1);
    for (uint32_t i = 0; i < l->count; i++)
        l->by_name[i] = i + 1;
    sort_by_name(l, l->by_name, arena_array(l->arena, uint32_t, l->count + 1), l->count);
    l->rank = arena_array(l->arena, uint32_t, l->count + 1);
    for (uint32_t k = 0; k < l->count; k++)
        l->rank[l->by_name[k]] = k;
    find_printable(l);
}

void layouts_finish(Layouts *l) {
    layouts_expand(l);
    layouts_size(l);
    layouts_name(l, 1, l->count + 1, l->arena);
    layouts_order(l);
}

typedef void (*TypeVisitor)(void *context, TypeId type);

static inline ALWAYS_INLINE void visit_types(const CoreFunction *f, TypeVisitor visit, void *context) {
    visit(context, f->result);
    for (uint32_t i = 1; i <= f->local_count; i++)
        visit(context, f->locals[i].type);
    for (uint32_t i = 0; i < f->capture_count; i++)
        visit(context, f->captures[i]);
    for (uint32_t i = 0; i < f->argument_count; i++)
        visit(context, f->arguments[i]);
    for (uint32_t r = 1; r <= f->ref_count; r++)
        for (uint32_t i = 0; i < f->refs[r].argument_count; i++)
            visit(context, f->refs[r].arguments[i]);
}

// Nearly all types of a function were just added for another: a small table of the last ones saves the look-up.
static bool is_recent(TypeId *recent, TypeId type) {
    TypeId *last = &recent[type.index % LAYOUTS_RECENT];
    if (last->index == type.index) return true;
    *last = type;
    return false;
}

static void add_once(void *context, TypeId type) {
    Layouts *l = context;
    if (!is_recent(l->recent, type)) layouts_add(l, type);
}

void layouts_add_function(Layouts *l, const CoreFunction *f) { visit_types(f, add_once, l); }

typedef struct Listing {
    TypeList *list;
    Arena *arena;
} Listing;

static void list_once(void *context, TypeId type) {
    Listing *l = context;
    if (!is_recent(l->list->recent, type)) vec_push(l->arena, &l->list->types, type);
}

void type_list_add_function(TypeList *list, Arena *arena, const CoreFunction *f) {
    Listing listing = {list, arena};
    visit_types(f, list_once, &listing);
}

void layouts_add_list(Layouts *l, const TypeList *list) {
    for (uint32_t i = 0; i < list->types.count; i++)
        add_once(l, list->types.items[i]);
}

// Callers that ask once have no table, so this makes a small one.
static Status counted_status(const Program *program, TypeId type, Arena *arena, bool *out) {
    ARENA_GUARD(arena);
    Layouts l;
    layouts_init(&l, program, arena);
    uint32_t index = layouts_add(&l, type);
    layouts_finish(&l);
    *out = l.items[index].is_counted;
    ARENA_GUARD_END(arena);
    return STATUS_OK;
}

bool type_is_counted(const Program *program, TypeId type) {
    switch ((TypeKind)type_info(program->types, type)->kind) {
    case TYPE_STR:
    case TYPE_LIST:
    case TYPE_MAP:
    case TYPE_SET:
    case TYPE_FUNCTION:
    case TYPE_DYN:
        return true;
    case TYPE_TUPLE:
    case TYPE_RECORD:
    case TYPE_NAMED:
        break;
    default:
        return false;
    }
    Arena arena = {0};
    bool counted = true;
    Status status = counted_status(program, type, &arena, &counted);
    arena_free(&arena);
    return status != STATUS_OK || counted; // without memory the caller's own allocations end the stage
}

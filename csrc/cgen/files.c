// cgen/files.c: from the texts of functions to whole files.
//
// WHICH FILE   A function that stands in a module of the project and is not generic goes to the module's file, with its lambdas.
//              Instances, and all of the prelude and std, go to sg_instances_NN.c by a hash of their symbol; how many such
//              files there are depends on the number of instances alone.
// A FILE       structs, descriptors, prototypes, literals, closure cells, places, functions as values, functions; each part in an
//              order of its own that no schedule can change, and only what the file's functions mention.
#include "base/hash.h"
#include "cgen/cgen_internal.h"
#include <stdlib.h>

#define INSTANCES_PER_FILE 64u
#define INSTANCE_FILES_MAX 64u

static int by_name(const void *first, const void *second) {
    return text_compare(((const NamedText *)first)->name, ((const NamedText *)second)->name);
}

// Each named piece once, ordered by name.
static void write_named(NamedTexts *all, Buffer *out) {
    if (all->count == 0) return;
    qsort(all->items, all->count, sizeof(NamedText), by_name);
    for (uint32_t i = 0; i < all->count; i++)
        if (i == 0 || !text_equal(all->items[i].name, all->items[i - 1].name)) buffer_text(out, all->items[i].text);
    buffer_char(out, '\n');
}

static void use_signature(const Generation *g, const CoreFunction *f, uint8_t *uses) {
    const Layouts *l = &g->layouts;
    uses[layout_of(l, f->result)->base] |= USE_NAME;
    for (uint32_t p = 1; p <= f->parameter_count; p++)
        uses[layout_of(l, f->locals[p].type)->base] |= USE_NAME;
}

void file_write(const Generation *g, FilePlan *file, Arena *arena) {
    const Layouts *l = &g->layouts;
    file->uses = arena_array(arena, uint8_t, l->count + 1);
    NamedTexts places = {0}, literals = {0}, adapters = {0}, prototypes = {0};
    uint8_t *mentioned = arena_array(arena, uint8_t, g->core->function_count + 1);
    bool is_recursive = false;
    for (uint32_t i = 0; i < file->functions.count; i++) {
        uint32_t index = file->functions.items[i];
        const FunctionText *t = &g->texts[index];
        mentioned[index] = 1;
        is_recursive |= g->core->functions[index]->is_recursive;
        for (uint32_t k = 0; k < t->types.count; k++)
            file->uses[t->types.items[k].layout] |= (uint8_t)t->types.items[k].flags;
        for (uint32_t k = 0; k < t->functions.count; k++)
            mentioned[t->functions.items[k]] = 1;
        for (uint32_t k = 0; k < t->places.count; k++)
            vec_push(arena, &places, t->places.items[k]);
        for (uint32_t k = 0; k < t->literals.count; k++)
            vec_push(arena, &literals, t->literals.items[k]);
        for (uint32_t k = 0; k < t->adapters.count; k++)
            vec_push(arena, &adapters, t->adapters.items[k]);
    }
    for (uint32_t i = 1; i <= g->core->function_count; i++) {
        if (!mentioned[i]) continue;
        const CoreFunction *f = g->core->functions[i];
        use_signature(g, f, file->uses);
        Buffer prototype = buffer_in(arena);
        write_prototype(g, f, &prototype);
        buffer_literal(&prototype, ";\n");
        NamedText named = {f->symbol, {prototype.data, (uint32_t)prototype.length}};
        vec_push(arena, &prototypes, named);
    }

    Buffer out = buffer_in(arena);
    if (file->module != NULL) {
        buffer_literal(&out, "// module ");
        buffer_text(&out, file->module->name);
    } else
        buffer_literal(&out, "// instances of generic functions, and functions of the prelude");
    buffer_literal(&out, ", as C. Written by sigil.\n#include \"si.h\"\n\n");
    if (is_recursive) // a function may well call itself on every path: that is what the stack check is for
        buffer_literal(&out, "#if defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 12)\n"
                             "#pragma GCC diagnostic ignored \"-Winfinite-recursion\"\n#endif\n\n");
    write_structs(l, file->uses, &out);
    bool any = false;
    for (uint32_t k = 0; k < l->count; k++) {
        uint32_t index = l->by_name[k];
        if ((file->uses[index] & USE_DESCRIPTOR) == 0 || descriptor_is_runtime(l, &l->items[index])) continue;
        buffer_format(&out, "%sextern const SiType sgt_%.*s;\n", any ? "" : "\n", (int)l->items[index].name.length,
                      l->items[index].name.data);
        any = true;
    }
    buffer_char(&out, '\n');
    write_named(&prototypes, &out);
    write_named(&literals, &out);
    for (uint32_t i = 0; i < file->functions.count; i++)
        buffer_text(&out, g->texts[file->functions.items[i]].closure);
    write_named(&places, &out);
    write_named(&adapters, &out);
    for (uint32_t i = 0; i < file->functions.count; i++) {
        if (i > 0) buffer_char(&out, '\n');
        buffer_text(&out, g->texts[file->functions.items[i]].definition);
    }
    file->content = (Text){out.data, (uint32_t)out.length};
}

void files_plan(const Generation *g, Arena *arena, FilePlan **out, uint32_t *out_count) {
    const Program *p = g->program;
    uint32_t count = g->core->function_count, instances = 0;
    uint32_t *root = arena_array(arena, uint32_t, count + 1);
    for (uint32_t i = 1; i <= count; i++) {
        root[i] = i;
        for (uint32_t steps = 0; g->core->functions[root[i]]->lambda != 0 && steps < count; steps++)
            root[i] = g->core->functions[root[i]]->parent;
        const CoreFunction *f = g->core->functions[root[i]];
        bool is_instance = f->argument_count > 0 || function_module(g, f)->kind != MODULE_PROJECT;
        if (is_instance && root[i] == i) instances++;
    }
    uint32_t buckets = 1;
    while (buckets < INSTANCE_FILES_MAX && buckets * INSTANCES_PER_FILE < instances)
        buckets *= 2;
    FilePlan *files = arena_array(arena, FilePlan, p->module_count + 1 + buckets);
    for (uint32_t i = 1; i <= count; i++) {
        const CoreFunction *f = g->core->functions[root[i]];
        const Module *module = function_module(g, f);
        bool is_instance = f->argument_count > 0 || module->kind != MODULE_PROJECT;
        uint32_t file = (uint32_t)(module - p->modules);
        if (is_instance) file = p->module_count + 1 + (uint32_t)(hash_text(f->symbol) % buckets);
        files[file].module = is_instance ? NULL : module;
        vec_push(arena, &files[file].functions, i);
    }
    uint32_t kept = 0;
    for (uint32_t i = 1; i <= p->module_count + buckets; i++) {
        if (files[i].functions.count == 0) continue;
        if (files[i].module != NULL) {
            bool is_ours =
                text_starts_with(files[i].module->name, TEXT("sg_")); // no module takes the name of sg_main.c
            files[i].name = arena_format(arena, "%s%.*s.c", is_ours ? "module." : "", (int)files[i].module->name.length,
                                         files[i].module->name.data);
        } else
            files[i].name = arena_format(arena, "sg_instances_%02u.c", i - p->module_count - 1);
        files[kept++] = files[i];
    }
    *out = files;
    *out_count = kept;
}

// cgen/files.c: from the texts of functions to whole files.
//
// WHICH FILE   A function that stands in a module of the project and is not generic goes to the module's file, with its lambdas.
//              Instances, and all of the prelude and std, go to sg_instances_NN.c by a hash of their symbol; how many such
//              files there are depends on the number of instances alone.
// A FILE       structs, descriptors, prototypes, literals, closure cells, places, functions as values, functions; each part in an
//              order of its own that no schedule can change, and only what the file's functions mention. A function of the file is
//              declared only where it is mentioned before it is defined.
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

static int by_place(const void *first, const void *second) {
    const Place *a = first, *b = second;
    if (a->module != b->module) return a->module < b->module ? -1 : 1;
    if (a->line != b->line) return a->line < b->line ? -1 : 1;
    return (a->column > b->column) - (a->column < b->column);
}

static int by_text(const void *first, const void *second) {
    return text_compare(*(const Text *)first, *(const Text *)second);
}

static void write_declarations(const Generation *g, const FilePlan *file, TypeNeeds *needs, Arena *scratch,
                               Buffer *out) {
    enum { IS_OWN = 1, IS_DECLARED = 2 };
    uint8_t *state = arena_array(scratch, uint8_t, g->core->function_count + 1);
    NamedTexts declared = {0};
    for (uint32_t i = 0; i < file->functions.count; i++)
        state[file->functions.items[i]] = IS_OWN;
    for (uint32_t i = 0; i < file->functions.count; i++) {
        uint32_t index = file->functions.items[i];
        const FunctionText *t = &g->texts[index];
        for (uint32_t k = 0; k < t->functions.count + t->early.count; k++) {
            bool is_early = k >= t->functions.count;
            uint32_t other = is_early ? t->early.items[k - t->functions.count] : t->functions.items[k];
            bool is_known = !is_early && (state[other] & IS_OWN) != 0 && other <= index; // the order of definitions
            if (is_known || (state[other] & IS_DECLARED) != 0) continue;
            state[other] |= IS_DECLARED;
            NamedText one = {g->core->functions[other]->symbol, g->texts[other].declaration};
            vec_push(scratch, &declared, one);
            need_signature(needs, g->core->functions[other]);
        }
    }
    if (declared.count == 0) return;
    qsort(declared.items, declared.count, sizeof(NamedText), by_name);
    for (uint32_t i = 0; i < declared.count; i++)
        buffer_text(out, declared.items[i].text);
    buffer_char(out, '\n');
}

static void write_literals(const Generation *g, const FilePlan *file, Arena *scratch, Buffer *out) {
    VEC(Text) texts = {0};
    for (uint32_t i = 0; i < file->functions.count; i++) {
        const FunctionText *t = &g->texts[file->functions.items[i]];
        for (uint32_t k = 0; k < t->literals.count; k++)
            vec_push(scratch, &texts, names_text(g->program->names, t->literals.items[k]));
    }
    if (texts.count == 0) return;
    qsort(texts.items, texts.count, sizeof(Text), by_text);
    for (uint32_t i = 0; i < texts.count; i++)
        if (i == 0 || !text_equal(texts.items[i], texts.items[i - 1])) write_literal(texts.items[i], out);
    buffer_char(out, '\n');
}

static void write_path(const Module *module, Buffer *out) {
    write_c_string(module->source == NULL ? module->name : module->source->path, out);
}

static void write_places(const Generation *g, const FilePlan *file, Arena *scratch, Buffer *out) {
    VEC(Place) places = {0};
    for (uint32_t i = 0; i < file->functions.count; i++) {
        const FunctionText *t = &g->texts[file->functions.items[i]];
        for (uint32_t k = 0; k < t->places.count; k++)
            vec_push(scratch, &places, t->places.items[k]);
    }
    if (places.count == 0) return;
    qsort(places.items, places.count, sizeof(Place), by_place);
    if (file->module != NULL) {
        buffer_literal(out, "static const char file[] = ");
        write_path(file->module, out);
        buffer_literal(out, ";\n");
    }
    buffer_literal(out, "static const SiPlace");
    uint32_t written = 0;
    for (uint32_t i = 0; i < places.count; i++) {
        const Place *at = &places.items[i];
        if (i > 0 && by_place(at, at - 1) == 0) continue;
        buffer_string(out, written == 0 ? " " : written % 4 == 0 ? ",\n    " : ", ");
        write_place_name(g->program, *at, file->module == NULL, out);
        buffer_literal(out, " = {");
        if (file->module != NULL)
            buffer_literal(out, "file");
        else
            write_path(&g->program->modules[at->module], out);
        buffer_literal(out, ", ");
        buffer_int(out, at->line);
        buffer_literal(out, ", ");
        buffer_int(out, at->column);
        buffer_char(out, '}');
        written++;
    }
    buffer_literal(out, ";\n\n");
}

static void write_definitions(const Generation *g, const FilePlan *file, Buffer *out) {
    const Source *source = NULL; // that the compiler takes lines to be of
    for (uint32_t i = 0; i < file->functions.count; i++) {
        uint32_t index = file->functions.items[i];
        const FunctionText *t = &g->texts[index];
        if (i > 0) buffer_char(out, '\n');
        if (t->line != 0) {
            const Module *module = function_module(g, g->core->functions[index]);
            buffer_literal(out, "#line ");
            buffer_int(out, t->line);
            if (module->source != source) {
                buffer_char(out, ' ');
                write_path(module, out);
                source = module->source;
            }
            buffer_char(out, '\n');
        }
        buffer_text(out, t->definition);
    }
}

void file_write(const Generation *g, FilePlan *file, Arena *scratch, Arena *arena) {
    TypeNeeds needs = type_needs(&g->layouts, scratch);
    NamedTexts adapters = {0};
    bool is_recursive = false;
    size_t bytes = 0;
    for (uint32_t i = 0; i < file->functions.count; i++) {
        uint32_t index = file->functions.items[i];
        const FunctionText *t = &g->texts[index];
        bytes += t->definition.length + t->closure.length;
        is_recursive |= g->core->functions[index]->is_recursive;
        for (uint32_t k = 0; k < t->types.count; k++)
            need_type(&needs, t->types.items[k].layout, t->types.items[k].flags);
        for (uint32_t k = 0; k < t->adapters.count; k++)
            vec_push(scratch, &adapters, t->adapters.items[k]);
    }
    Buffer declarations = buffer_in(scratch);
    write_declarations(g, file, &needs, scratch, &declarations);
    Text declared = buffer_finish(&declarations);

    Buffer out = buffer_in(arena); // nothing else is made there meanwhile, so it grows in place
    buffer_reserve(&out, bytes + bytes / 2 + 4096);
    if (file->module != NULL) {
        buffer_literal(&out, "// module ");
        buffer_text(&out, file->module->name);
    } else
        buffer_literal(&out, "// instances of generic functions, and functions of the prelude");
    buffer_literal(&out, ", as C. Written by sigil.\n#include \"si.h\"\n\n");
    if (is_recursive) // a function may well call itself on every path: that is what the stack check is for
        buffer_literal(&out, "#if defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 12)\n"
                             "#pragma GCC diagnostic ignored \"-Winfinite-recursion\"\n#endif\n\n");
    write_structs(&needs, &out);
    write_descriptors(&needs, &out);
    buffer_text(&out, declared);
    write_literals(g, file, scratch, &out);
    for (uint32_t i = 0; i < file->functions.count; i++)
        buffer_text(&out, g->texts[file->functions.items[i]].closure);
    write_places(g, file, scratch, &out);
    write_named(&adapters, &out);
    write_definitions(g, file, &out);
    file->content = buffer_finish(&out);
    for (uint32_t i = 0; i < needs.list.count; i++)
        if ((needs.uses[needs.list.items[i]] & USE_DESCRIPTOR) != 0)
            vec_push(arena, &file->descriptors, needs.list.items[i]);
}

FunctionHome function_home(const Generation *g, uint32_t index) {
    const CoreFunction *f = g->core->functions[index];
    FunctionHome home = {.is_lambda = f->lambda != 0};
    for (uint32_t steps = 0; f->lambda != 0 && steps < g->core->function_count; steps++)
        f = g->core->functions[f->parent];
    const Module *module = function_module(g, f);
    home.module = (uint32_t)(module - g->program->modules);
    home.is_instance = f->argument_count > 0 || module->kind != MODULE_PROJECT;
    if (home.is_instance) home.hash = (uint32_t)hash_text(f->symbol); // the number of files is a small power of two
    return home;
}

void files_plan(const Generation *g, const uint32_t *costs, Arena *arena, FilePlan **out, uint32_t *out_count) {
    const Program *p = g->program;
    uint32_t count = g->core->function_count, instances = 0;
    for (uint32_t i = 1; i <= count; i++)
        instances += !g->homes[i].is_lambda && g->homes[i].is_instance;
    uint32_t buckets = 1;
    while (buckets < INSTANCE_FILES_MAX && buckets * INSTANCES_PER_FILE < instances)
        buckets *= 2;
    FilePlan *files = arena_array(arena, FilePlan, p->module_count + 2 + buckets);
    for (uint32_t i = 1; i <= count; i++) {
        const FunctionHome *home = &g->homes[i];
        FilePlan *file = &files[home->is_instance ? p->module_count + 1 + home->hash % buckets : home->module];
        file->module = home->is_instance ? NULL : &p->modules[home->module];
        file->cost += costs[i - 1];
        vec_push(arena, &file->functions, i);
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

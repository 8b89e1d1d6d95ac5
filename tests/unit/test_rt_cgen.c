// tests/unit/test_rt_cgen.c: core programs made by hand, turned to C, compiled with every compiler that is here, and run with the runtime.
// Each must print what is expected, leave no cell alive, and compile without a warning (c_runner.h).
#include "cgen/cgen.h"
#include "ir/counts.h"
#include "sched/sched.h"
#include "tests/unit/c_runner.h"

// ---- a program under construction ------------------------------------------------------------------------------------------

typedef struct Make {
    Program program;
    CoreProgram core;
    Arena *arena;
    NameCache *names;
    Pool *pool;
    CoreFunction *f; // the one being written
    VEC(CoreInstruction) code;
    VEC(CoreLocal) locals;
    VEC(uint32_t) extra;
    VEC(CoreRef) refs;
    VEC(CoreFunction *) functions;
    Module modules[3];
    Function declarations[64];
    TypeDecl types[16];
    ParsedFile file;
    Source source;
} Make;

enum { MODULE_MAIN = 1, MODULE_PRELUDE_INDEX = 2 };

static NameId name_of(Make *m, const char *text) {
    NameId id;
    if (names_intern(m->names, text_from(text), &id) != STATUS_OK) abort();
    return id;
}

static TypeId make_type(Make *m, TypeKind kind, uint32_t head, const TypeId *args, uint32_t count) {
    TypeId id;
    if (types_intern(m->program.types, kind, head, args, count, &id) != STATUS_OK) abort();
    return id;
}
static TypeId list_of(Make *m, TypeId element) { return make_type(m, TYPE_LIST, 0, &element, 1); }
static TypeId parameter(Make *m, uint32_t position) { return make_type(m, TYPE_PARAMETER, position, NULL, 0); }

#define INT_T TYPE_ID(TYPE_INT)
#define BOOL_T TYPE_ID(TYPE_BOOL)
#define STR_T TYPE_ID(TYPE_STR)
#define VOID_T TYPE_ID(TYPE_VOID)

// A declared type. Variants and fields come as text: "Circle radius:0;Empty" with types by index into `types`.
static TypeId declare(Make *m, uint32_t module, const char *name, TypeDeclKind kind, uint32_t generics,
                      const char *shape, const TypeId *types) {
    uint32_t index = ++m->program.type_decl_count;
    TypeDecl *d = &m->types[index];
    *d = (TypeDecl){
        .name = name_of(m, name), .module = {module}, .kind = kind, .derives = 1u << TRAIT_PRINTABLE | 1u << TRAIT_EQ};
    d->generics.count = generics;
    VariantDecl *variants = arena_array(m->arena, VariantDecl, 8);
    char *copy = (char *)(uintptr_t)arena_text(m->arena, text_from(shape)).data, *outer = NULL;
    for (char *v = strtok_r(copy, ";", &outer); v != NULL; v = strtok_r(NULL, ";", &outer)) {
        char *inner = NULL;
        FieldDecl *fields = arena_array(m->arena, FieldDecl, 8);
        VariantDecl *variant = &variants[d->variant_count++];
        *variant = (VariantDecl){.name = name_of(m, strtok_r(v, " ", &inner)), .fields = fields};
        for (char *f = strtok_r(NULL, " ", &inner); f != NULL; f = strtok_r(NULL, " ", &inner)) {
            char *colon = strchr(f, ':');
            *colon = 0;
            if (*f != '_') fields[variant->field_count].name = name_of(m, f);
            fields[variant->field_count++].type = types[atoi(colon + 1)];
        }
    }
    d->variants = variants;
    return make_type(m, TYPE_NAMED, index, NULL, 0);
}

static FunctionId declare_function(Make *m, uint32_t module, const char *name, TypeId result, const TypeId *parameters,
                                   uint32_t count, uint32_t generics) {
    uint32_t index = ++m->program.function_count;
    Parameter *copies = arena_array(m->arena, Parameter, count);
    for (uint32_t i = 0; i < count; i++)
        copies[i].type = parameters[i];
    m->declarations[index] = (Function){
        .name = name_of(m, name), .module = {module}, .result = result, .parameters = copies, .parameter_count = count};
    m->declarations[index].generics.count = generics;
    m->declarations[index].line = 1;
    return (FunctionId){index};
}

static Make *make_begin(void) {
    Make *m = arena_new(test_arena(), Make);
    m->arena = test_arena();
    m->names = arena_new(m->arena, NameCache);
    if (names_create(1, &m->program.names) != STATUS_OK || types_create(1, &m->program.types) != STATUS_OK) abort();
    name_cache_init(m->names, m->program.names);
    ThreadPoolConfig config = thread_pool_config_default();
    config.max_threads = 2;
    if (pool_create(&config, &m->pool) != STATUS_OK) abort();
    m->source = (Source){.path = TEXT("main.si"), .text = TEXT("a\nb\nc\nd\n")};
    m->file.tokens = (Tokens){.source = &m->source};
    m->file.tokens.count = 9;
    m->file.tokens.starts = arena_array(m->arena, uint32_t, 9);
    for (uint32_t i = 0; i < 9; i++)
        m->file.tokens.starts[i] = i;
    m->file.tokens.line_starts = arena_array(m->arena, uint32_t, 5);
    for (uint32_t i = 0; i < 5; i++)
        m->file.tokens.line_starts[i] = 2 * i;
    m->file.tokens.line_count = 5;
    m->modules[MODULE_MAIN] = (Module){.name = TEXT("main"), .file = &m->file, .source = &m->source};
    m->modules[MODULE_PRELUDE_INDEX] =
        (Module){.name = TEXT("prelude"), .kind = MODULE_PRELUDE, .file = &m->file, .source = &m->source};
    m->program.modules = m->modules;
    m->program.module_count = 2;
    m->program.functions = m->declarations;
    m->program.type_decls = m->types;
    m->program.prelude = (ModuleId){MODULE_PRELUDE_INDEX};
    m->core.program = &m->program;
    vec_push(m->arena, &m->functions, NULL);
    return m;
}

static uint32_t local(Make *m, const char *name, TypeId type) {
    CoreLocal it = {.type = type};
    if (name != NULL) it.name = name_of(m, name);
    vec_push(m->arena, &m->locals, it);
    return m->locals.count - 1;
}
static uint32_t temp(Make *m, TypeId type) { return local(m, NULL, type); }

static void begin(Make *m, FunctionId id, const char *symbol) {
    const Function *d = &m->declarations[id.index];
    m->f = arena_new(m->arena, CoreFunction);
    *m->f = (CoreFunction){.function = id,
                           .result = d->result,
                           .parameter_count = d->parameter_count,
                           .symbol = text_from(symbol),
                           .arena = m->arena};
    m->code.count = 0, m->code.items = NULL, m->code.capacity = 0;
    m->locals.count = 0, m->locals.items = NULL, m->locals.capacity = 0;
    m->extra.count = 0, m->extra.items = NULL, m->extra.capacity = 0;
    m->refs.count = 0, m->refs.items = NULL, m->refs.capacity = 0;
    CoreRef none = {.target = 0};
    vec_push(m->arena, &m->refs, none);
    vec_push(m->arena, &m->extra, 0);
    local(m, NULL, VOID_T);
    static const char *const names[] = {"a", "b", "c", "d"};
    for (uint32_t i = 0; i < d->parameter_count; i++) {
        uint32_t p = local(m, names[i % 4], d->parameters[i].type);
        m->locals.items[p].is_parameter = true;
    }
}

static uint32_t finish(Make *m) {
    m->f->code = m->code.items, m->f->code_count = m->code.count;
    m->f->locals = m->locals.items, m->f->local_count = m->locals.count - 1;
    m->f->extra = m->extra.items, m->f->extra_count = m->extra.count;
    m->f->refs = m->refs.items, m->f->ref_count = m->refs.count - 1;
    vec_push(m->arena, &m->functions, m->f);
    return m->functions.count - 1;
}

static void op(Make *m, CoreOp code, uint32_t sub, uint32_t dst, uint32_t a, uint32_t b) {
    CoreInstruction in = {
        .op = (uint8_t)code, .sub = (uint16_t)sub, .dst = dst, .a = a, .b = b, .token = m->code.count % 8};
    vec_push(m->arena, &m->code, in);
}
static uint32_t words(Make *m, uint32_t count, const uint32_t *items) {
    uint32_t at = m->extra.count;
    vec_push(m->arena, &m->extra, count);
    for (uint32_t i = 0; i < count; i++)
        vec_push(m->arena, &m->extra, items[i]);
    return at;
}
#define LIST_OF(...) words(m, (uint32_t)(sizeof((uint32_t[]){__VA_ARGS__}) / 4), (uint32_t[]){__VA_ARGS__})

static uint32_t ref(Make *m, CoreRefKind kind, FunctionId function, uint32_t target, const TypeId *arguments,
                    uint32_t count) {
    TypeId *copy = arena_array(m->arena, TypeId, count);
    for (uint32_t i = 0; i < count; i++)
        copy[i] = arguments[i];
    CoreRef r = {.kind = kind, .function = function, .arguments = copy, .argument_count = count, .target = target};
    vec_push(m->arena, &m->refs, r);
    return m->refs.count - 1;
}
static uint32_t int_constant(Make *m, int64_t value) {
    uint32_t t = temp(m, INT_T);
    op(m, CORE_INT, 0, t, (uint32_t)value, (uint32_t)((uint64_t)value >> 32));
    return t;
}
static uint32_t text_constant(Make *m, const char *text) {
    uint32_t t = temp(m, STR_T);
    op(m, CORE_STR, 0, t, name_of(m, text).index, 0);
    return t;
}

// The intrinsics that the programs use.
typedef struct Prelude {
    FunctionId print_line, push, concat, catch_panic;
} Prelude;
static Prelude prelude(Make *m) {
    Prelude p;
    TypeId t = parameter(m, 0), list = list_of(m, t), no_argument = VOID_T;
    p.print_line = declare_function(m, MODULE_PRELUDE_INDEX, "print_line", VOID_T, (TypeId[]){STR_T}, 1, 0);
    p.push = declare_function(m, MODULE_PRELUDE_INDEX, "push", list, (TypeId[]){list, t}, 2, 1);
    p.concat = declare_function(m, MODULE_PRELUDE_INDEX, "concat", STR_T, (TypeId[]){STR_T, STR_T}, 2, 0);
    TypeId thunk = make_type(m, TYPE_FUNCTION, 0, &no_argument, 1);
    p.catch_panic =
        declare_function(m, MODULE_PRELUDE_INDEX, "catch_panic", list_of(m, STR_T), (TypeId[]){thunk}, 1, 0);
    return p;
}
static void print(Make *m, const Prelude *p, uint32_t text) {
    op(m, CORE_INTRINSIC, 0, temp(m, VOID_T), ref(m, REF_INTRINSIC, p->print_line, INTRINSIC_print_line, NULL, 0),
       LIST_OF(text));
}
static void print_value(Make *m, const Prelude *p, uint32_t value) {
    uint32_t t = temp(m, STR_T);
    op(m, CORE_SHOW, 0, t, value, 0);
    print(m, p, t);
}
static void return_unit(Make *m) {
    uint32_t t = temp(m, VOID_T);
    op(m, CORE_UNIT, 0, t, 0, 0);
    op(m, CORE_RETURN, 0, 0, t, 0);
}

static void check_program(Make *m, uint32_t entry, const char *expected) {
    m->core.functions = m->functions.items;
    m->core.function_count = m->functions.count - 1;
    m->core.entry = entry;
    for (uint32_t i = 1; i <= m->core.function_count; i++) {
        Layouts layouts;
        layouts_init(&layouts, &m->program, m->arena);
        layouts_add_function(&layouts, m->functions.items[i]);
        layouts_finish(&layouts);
        CoreFunction counted;
        counts_make(&layouts, m->functions.items[i], m->arena, &counted);
        const char *wrong = counts_verify(&layouts, &counted, m->arena);
        if (wrong != NULL) FAIL("counts of %.*s: %s", (int)counted.symbol.length, counted.symbol.data, wrong);
    }
    COptions options = {.program_name = TEXT("program"), .with_lines = getenv("NO_LINES") == NULL};
    COutput out;
    REQUIRE(c_generate(&m->core, &options, m->pool, &out) == STATUS_OK);
    build_and_run(&out, expected);
    c_output_free(&out);
    pool_free(m->pool);
    types_free(m->program.types);
    names_free(m->program.names);
}

// ---- the programs ----------------------------------------------------------------------------------------------------------------

TEST(straight_line_code_and_strings) {
    Make *m = make_begin();
    Prelude p = prelude(m);
    FunctionId id = declare_function(m, MODULE_MAIN, "main", VOID_T, NULL, 0, 0);
    begin(m, id, "sg_main__main");
    uint32_t x = local(m, "x", INT_T), sum = temp(m, INT_T);
    op(m, CORE_INT, 0, x, 20, 0);
    op(m, CORE_BINARY, OP_ADD, sum, x, int_constant(m, 22));
    print_value(m, &p, sum);
    uint32_t text = local(m, "text", STR_T);
    uint32_t concat = ref(m, REF_INTRINSIC, p.concat, INTRINSIC_str_concat, NULL, 0);
    op(m, CORE_INTRINSIC, 0, text, concat,
       LIST_OF(text_constant(m, "hello, \"world"), text_constant(m, "\"\n\xCE\xBB")));
    print(m, &p, text);
    print(m, &p, text);
    return_unit(m);
    check_program(m, finish(m), "42\nhello, \"world\"\nλ\nhello, \"world\"\nλ\n");
}

// xs = []; while i < n do xs = xs.push(show i): the list is handed over, so push never copies.
TEST(loop_that_pushes) {
    Make *m = make_begin();
    Prelude p = prelude(m);
    TypeId list = list_of(m, STR_T);
    FunctionId id = declare_function(m, MODULE_MAIN, "main", VOID_T, NULL, 0, 0);
    begin(m, id, "sg_main__main");
    uint32_t xs = local(m, "xs", list), i = local(m, "i", INT_T), t = temp(m, BOOL_T), shown = temp(m, STR_T),
             length = temp(m, INT_T), next = temp(m, INT_T);
    op(m, CORE_LIST_NEW, 0, xs, 0, 0);
    op(m, CORE_INT, 0, i, 0, 0);
    op(m, CORE_LOOP, 0, 0, 1, 0);
    op(m, CORE_BINARY, OP_LESS, t, i, int_constant(m, 100000));
    op(m, CORE_IF, 0, 0, t, 0);
    op(m, CORE_ELSE, 0, 0, 0, 0);
    op(m, CORE_BREAK, 0, 0, 1, 0);
    op(m, CORE_END, 0, 0, 0, 0);
    op(m, CORE_SHOW, 0, shown, i, 0);
    op(m, CORE_INTRINSIC, 0, xs, ref(m, REF_INTRINSIC, p.push, INTRINSIC_list_push, &STR_T, 1), LIST_OF(xs, shown));
    op(m, CORE_BINARY, OP_ADD, next, i, int_constant(m, 1));
    op(m, CORE_COPY, 0, i, next, 0);
    op(m, CORE_END, 0, 0, 0, 0);
    op(m, CORE_LIST_LENGTH, 0, length, xs, 0);
    print_value(m, &p, length);
    uint32_t item = temp(m, STR_T);
    op(m, CORE_LIST_GET, 0, item, xs, int_constant(m, 99999));
    print(m, &p, item);
    return_unit(m);
    check_program(m, finish(m), "100000\n99999\n");
}

// A record, a sum, a recursive (boxed) sum, taken apart and shown.
TEST(structs_and_sums) {
    Make *m = make_begin();
    Prelude p = prelude(m);
    TypeId types[4] = {INT_T, STR_T, {0}, {0}};
    TypeId point = declare(m, MODULE_MAIN, "Point", DECL_RECORD, 0, "Point x:0 label:1", types);
    types[2] = point;
    TypeId shape = declare(m, MODULE_MAIN, "Shape", DECL_SUM, 0, "Empty;Dot _:2;Named name:1 size:0", types);
    types[3] = make_type(m, TYPE_NAMED, m->program.type_decl_count + 1, NULL, 0);
    TypeId chain = declare(m, MODULE_MAIN, "Chain", DECL_SUM, 0, "Nil;Cons head:1 tail:3", types);
    // area(shape) = match(shape, Dot(p) -> p.label, Named(name, _) -> name, Empty -> "empty")
    FunctionId name_id = declare_function(m, MODULE_MAIN, "name", STR_T, &shape, 1, 0);
    begin(m, name_id, "sg_main__name");
    uint32_t tag = temp(m, INT_T), part = local(m, "p", point), label = temp(m, STR_T), name = local(m, "name", STR_T);
    op(m, CORE_TAG, 0, tag, 1, 0);
    op(m, CORE_SWITCH, 0, 0, tag, 0);
    op(m, CORE_CASE, 0, 0, 1, 0);
    op(m, CORE_FIELD, 1, part, 1, 0);
    op(m, CORE_FIELD, 0, label, part, 1);
    op(m, CORE_RETURN, 0, 0, label, 0);
    op(m, CORE_CASE, 0, 0, 2, 0);
    op(m, CORE_FIELD, 2, name, 1, 0);
    op(m, CORE_RETURN, 0, 0, name, 0);
    op(m, CORE_END, 0, 0, 0, 0);
    op(m, CORE_RETURN, 0, 0, text_constant(m, "empty"), 0);
    uint32_t name_function = finish(m);

    FunctionId id = declare_function(m, MODULE_MAIN, "main", VOID_T, NULL, 0, 0);
    begin(m, id, "sg_main__main");
    uint32_t pt = local(m, "point", point), s = local(m, "s", shape), r = temp(m, STR_T), i = temp(m, INT_T);
    op(m, CORE_INT, 0, i, 7, 0);
    uint32_t seven = temp(m, STR_T);
    op(m, CORE_SHOW, 0, seven, i, 0);
    op(m, CORE_CONSTRUCT, 0, pt, 0, LIST_OF(i, seven));
    op(m, CORE_CONSTRUCT, 1, s, 0, LIST_OF(pt));
    op(m, CORE_CALL, 0, r, ref(m, REF_FUNCTION, name_id, name_function, NULL, 0), LIST_OF(s));
    print(m, &p, r);
    print_value(m, &p, s);
    print_value(m, &p, pt);
    uint32_t c = local(m, "c", chain);
    op(m, CORE_CONSTRUCT, 0, c, 0, 0);
    op(m, CORE_CONSTRUCT, 1, c, 0, LIST_OF(text_constant(m, "b"), c));
    op(m, CORE_CONSTRUCT, 1, c, 0, LIST_OF(text_constant(m, "a"), c));
    print_value(m, &p, c);
    // walk: while c is Cons do print(c.head); c = c.tail
    uint32_t t = temp(m, INT_T), head = temp(m, STR_T), tail = temp(m, chain);
    op(m, CORE_LOOP, 0, 0, 1, 0);
    op(m, CORE_TAG, 0, t, c, 0);
    op(m, CORE_SWITCH, 0, 0, t, 0);
    op(m, CORE_CASE, 0, 0, 0, 0);
    op(m, CORE_BREAK, 0, 0, 1, 0);
    op(m, CORE_DEFAULT_CASE, 0, 0, 0, 0);
    op(m, CORE_FIELD, 1, head, c, 0);
    print(m, &p, head);
    op(m, CORE_FIELD, 1, tail, c, 1);
    op(m, CORE_COPY, 0, c, tail, 0);
    op(m, CORE_END, 0, 0, 0, 0);
    op(m, CORE_END, 0, 0, 0, 0);
    return_unit(m);
    check_program(m, finish(m),
                  "7\nDot(Point { x: 7, label: \"7\" })\nPoint { x: 7, label: \"7\" }\nCons(head: \"a\", tail: "
                  "Cons(head: \"b\", tail: Nil))\na\nb\n");
}

// tests/unit/test_rt_value.c: the text, equality, order, hash and default of values by their descriptions.
#include "tests/unit/rt.h"
#include <math.h>

// type Shape = Circle(radius: float) | Label(str) | Empty
typedef struct Shape {
    uint32_t tag;
    union {
        struct {
            double radius;
        } v0;
        struct {
            SiStr *text;
        } v1;
    } as;
} Shape;
static const SiField circle_fields[] = {{"radius", offsetof(Shape, as.v0.radius), &si_type_float}};
static const SiField label_fields[] = {{"", offsetof(Shape, as.v1.text), &si_type_str}};
static const SiVariant shape_variants[] = {
    {"Circle", 1, circle_fields}, {"Label", 1, label_fields}, {"Empty", 0, NULL}};
static const SiType shape_type = {.kind = SI_SUM,
                                  .size = sizeof(Shape),
                                  .align = 8,
                                  .counted = 1,
                                  .name = "Shape",
                                  .variant_count = 3,
                                  .variants = shape_variants,
                                  .printable = 1};
LIST_TYPE(list_of_shape, "[Shape]", &shape_type);

// type Point = { x: int, name: str }
typedef struct Point {
    int64_t x;
    SiStr *name;
} Point;
static const SiField point_fields[] = {{"x", 0, &si_type_int}, {"name", offsetof(Point, name), &si_type_str}};
static const SiVariant point_variant = {"", 2, point_fields};
static const SiType point_type = {.kind = SI_RECORD,
                                  .size = sizeof(Point),
                                  .align = 8,
                                  .counted = 1,
                                  .name = "Point",
                                  .variant_count = 1,
                                  .variants = &point_variant,
                                  .printable = 1};
static const SiType tuple_type = {.kind = SI_TUPLE,
                                  .size = sizeof(Point),
                                  .align = 8,
                                  .counted = 1,
                                  .name = "(int, str)",
                                  .variant_count = 1,
                                  .variants = &point_variant,
                                  .printable = 1};
static const SiVariant no_fields = {"", 0, NULL};
static const SiType nothing_type = {.kind = SI_RECORD,
                                    .size = 1,
                                    .align = 1,
                                    .name = "Nothing",
                                    .variant_count = 1,
                                    .variants = &no_fields,
                                    .printable = 1};
static const SiType cents_type = {
    .kind = SI_NEWTYPE, .size = 8, .align = 8, .name = "Cents", .element = &si_type_int, .printable = 1};

// Option<Error>, boxed, and Error = { message: str, source: Option<Error> }
typedef struct Error {
    SiStr *message;
    SiHeader *source;
} Error;
typedef struct OptionError {
    uint32_t tag; // 0 Some, 1 None
    Error value;
} OptionError;
typedef struct OptionErrorCell {
    SiHeader header;
    OptionError content;
} OptionErrorCell;
static const SiType error_type, option_error_box;
static const SiField error_fields[] = {{"message", 0, &si_type_str}, {"source", 8, &option_error_box}};
static const SiVariant error_variant = {"", 2, error_fields};
static const SiType error_type = {.kind = SI_RECORD,
                                  .size = sizeof(Error),
                                  .align = 8,
                                  .counted = 1,
                                  .name = "Error",
                                  .variant_count = 1,
                                  .variants = &error_variant,
                                  .show = si_error_show,
                                  .printable = 1};
static const SiField some_error[] = {{"", offsetof(OptionError, value), &error_type}};
static const SiVariant option_error_variants[] = {{"Some", 1, some_error}, {"None", 0, NULL}};
static const SiType option_error = {.kind = SI_SUM,
                                    .size = sizeof(OptionError),
                                    .align = 8,
                                    .counted = 1,
                                    .name = "Option<Error>",
                                    .variants_reversed = 1,
                                    .variant_count = 2,
                                    .variants = option_error_variants,
                                    .printable = 1};
static const SiType option_error_box = {.kind = SI_BOX,
                                        .size = 8,
                                        .align = 8,
                                        .counted = 1,
                                        .content_offset = offsetof(OptionErrorCell, content),
                                        .cell_bytes = sizeof(OptionErrorCell),
                                        .name = "Option<Error>",
                                        .variants_reversed = 1,
                                        .element = &option_error,
                                        .printable = 1};

static Error error_new(const char *message, const Error *source) {
    OptionErrorCell *cell = si_box_new(task, &option_error_box);
    memset(&cell->content, 0, sizeof cell->content);
    cell->content.tag = source == NULL;
    if (source != NULL) cell->content.value = *source;
    return (Error){str(message), &cell->header};
}

TEST(forms_of_the_reference) {
    BEGIN();
    Shape shape = {.tag = 0, .as.v0.radius = 1.5};
    CHECK_SHOWN(&shape, &shape_type, "Circle(radius: 1.5)");
    shape.tag = 2;
    CHECK_SHOWN(&shape, &shape_type, "Empty");
    SiStr *text = str("a\"b\\\n\t\r\x01\x7F\xC2\x85λ'");
    shape = (Shape){.tag = 1, .as.v1.text = text};
    CHECK_SHOWN(&shape, &shape_type, "Label(\"a\\\"b\\\\\\n\\t\\r\\u{1}\\u{7f}\\u{85}λ'\")");
    CHECK_SHOWN(&text, &si_type_str, "a\"b\\\n\t\r\x01\x7F\xC2\x85λ'"); // raw where it is the whole
    Point point = {1, text};
    si_release(task, text);
    point.name = text = str("n");
    CHECK_SHOWN(&point, &point_type, "Point { x: 1, name: \"n\" }");
    CHECK_SHOWN(&point, &tuple_type, "(1, \"n\")");
    si_release(task, text);
    uint8_t nothing = 0, yes = 1, byte = 200;
    CHECK_SHOWN(&nothing, &nothing_type, "Nothing {}");
    CHECK_SHOWN(&nothing, &si_type_unit, "()");
    CHECK_SHOWN(&yes, &si_type_bool, "true");
    CHECK_SHOWN(&byte, &si_type_byte, "200");
    int64_t five = 5;
    CHECK_SHOWN(&five, &cents_type, "Cents(5)");
    CHECK_SHOWN(&five, &si_type_duration, "5ns");
    CHECK_SHOWN(&five, &si_type_size, "5b");
    uint32_t less = 0, quote = '\'', zero = 0;
    CHECK_SHOWN(&less, &si_type_ordering, "Less");
    CHECK_SHOWN(&quote, &si_type_char, "'");
    SiRange range = {1, 3, 0}, chars = {'a', 'z', 1};
    CHECK_SHOWN(&range, &si_type_range_int, "1..3");
    CHECK_SHOWN(&chars, &si_type_range_char, "'a'..='z'");
    SiList *list = si_list_new(task, &si_list_of_char, 0);
    *(uint32_t *)si_list_append(task, &list) = quote;
    *(uint32_t *)si_list_append(task, &list) = zero;
    *(uint32_t *)si_list_append(task, &list) = '"';
    CHECK_SHOWN(&list, &si_list_of_char, "['\\'', '\\0', '\"']");
    si_release(task, list);
    Error inner = error_new("disk full", NULL), outer = error_new("cannot save", &inner);
    CHECK_SHOWN(&outer, &error_type, "cannot save: caused by disk full");
    si_value_release(task, &outer, &error_type);
    END();
}

TEST(equality_and_order) {
    BEGIN();
    SiList *first = si_list_new(task, &list_of_shape, 0), *second = si_list_new(task, &list_of_shape, 0);
    CHECK(si_equal(task, &first, &second, &list_of_shape));
    *(Shape *)si_list_append(task, &first) = (Shape){.tag = 1, .as.v1.text = str("a")};
    *(Shape *)si_list_append(task, &second) = (Shape){.tag = 1, .as.v1.text = str("a")};
    CHECK(si_equal(task, &first, &second, &list_of_shape));
    CHECK_INT(si_compare(task, &first, &second, &list_of_shape), 0);
    CHECK_INT(si_hash(task, &first, &list_of_shape) == si_hash(task, &second, &list_of_shape), 1);
    CHECK_INT(si_hash_fixed(task, &first, &list_of_shape) == si_hash_fixed(task, &second, &list_of_shape), 1);
    *(Shape *)si_list_append(task, &second) = (Shape){.tag = 2};
    CHECK(!si_equal(task, &first, &second, &list_of_shape));
    CHECK_INT(si_compare(task, &first, &second, &list_of_shape), -1);
    *(Shape *)si_list_append(task, &first) = (Shape){.tag = 0, .as.v0.radius = 9};
    CHECK_INT(si_compare(task, &first, &second, &list_of_shape), -1); // Circle before Empty
    si_release(task, first);
    si_release(task, second);
    double nan = NAN, minus = -0.0, plus = 0.0;
    CHECK(!si_equal(task, &nan, &nan, &si_type_float) && si_equal(task, &minus, &plus, &si_type_float));
    CHECK_INT(si_compare(task, &nan, &nan, &si_type_float), 0);
    END();
}

TEST(none_is_below_some) {
    BEGIN();
    Error inner = error_new("x", NULL), outer = error_new("y", &inner);
    const SiHeader *some = outer.source;
    const SiHeader *none = ((const OptionErrorCell *)(const void *)some)->content.value.source;
    CHECK_INT(si_compare(task, &none, &some, &option_error_box), -1);
    CHECK_INT(si_compare(task, &some, &none, &option_error_box), 1);
    si_value_release(task, &outer, &error_type);
    END();
}

// A million errors, each the source of the next: nothing here may recurse over them.
TEST(long_chains_need_no_stack) {
    BEGIN();
    uint32_t links = test_rounds(1000000);
    Error chain[2] = {error_new("end", NULL), error_new("end", NULL)};
    for (int side = 0; side < 2; side++) {
        for (uint32_t i = 0; i < links; i++) {
            Error source = chain[side];
            chain[side] = error_new("", &source);
        }
    }
    CHECK(si_equal(task, &chain[0], &chain[1], &error_type));
    CHECK_INT(si_compare(task, &chain[0], &chain[1], &error_type), 0);
    CHECK(si_hash(task, &chain[0], &error_type) == si_hash(task, &chain[1], &error_type));
    si_value_release(task, &chain[0], &error_type);
    si_value_release(task, &chain[1], &error_type);
    END();
}

TEST(defaults) {
    BEGIN();
    Point point;
    si_default(task, &point, &point_type);
    CHECK_SHOWN(&point, &point_type, "Point { x: 0, name: \"\" }");
    si_value_release(task, &point, &point_type);
    void *box;
    si_default(task, &box, &option_error_box);
    CHECK_SHOWN(&box, &option_error_box, "None");
    si_value_release(task, &box, &option_error_box);
    SiList *list;
    si_default(task, &list, &list_of_shape);
    CHECK_INT(list->length, 0);
    si_release(task, list);
    END();
}

TEST(ranges) {
    BEGIN();
    SiRange chars = {0xD7FE, 0xE001, 1}, bytes = {250, 255, 1}, all = {INT64_MIN, INT64_MAX, 0}, backward = {5, 2, 1};
    CHECK_INT(si_range_len(task, &chars, &si_type_char, &here), 4); // the surrogates are left out
    uint32_t expected[] = {0xD7FE, 0xD7FF, 0xE000, 0xE001}, c;
    for (int i = 0; i < 4; i++) {
        si_range_at(task, &c, &chars, i, &si_type_char);
        CHECK_INT(c, expected[i]);
        if (i > 0) CHECK_INT(si_char_successor(expected[i - 1]), expected[i]);
    }
    CHECK_INT(si_range_len(task, &bytes, &si_type_byte, &here), 6);
    uint8_t byte;
    si_range_at(task, &byte, &bytes, 5, &si_type_byte);
    CHECK_INT(byte, 255);
    CHECK_PANIC(si_range_len(task, &all, &si_type_int, &here), "integer overflow");
    CHECK_INT(si_range_len(task, &backward, &si_type_int, &here), 0);
    int64_t two = 2, max = INT64_MAX;
    CHECK(!si_range_contains(task, &backward, &two, &si_type_int) &&
          !si_range_contains(task, &all, &max, &si_type_int));
    CHECK(si_range_contains(task, &all, &two, &si_type_int) && si_range_contains(task, &bytes, &byte, &si_type_byte));
    END();
}

// tests/unit/test_rt_number.c: numbers as text and back, conversions, checked arithmetic.
#include "tests/unit/rt.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static Text float_text(double value) {
    static char text[NUMBER_TEXT_MAX];
    int length = si_number_from_float(value, text);
    return (Text){text, (uint32_t)length};
}

TEST(floats_print_as_the_reference_says) {
    struct {
        double value;
        const char *text;
    } cases[] = {{3.0, "3.0"},
                 {0.1, "0.1"},
                 {1000.0, "1000.0"},
                 {1e21, "1e21"},
                 {2.5e-8, "2.5e-8"},
                 {NAN, "nan"},
                 {INFINITY, "inf"},
                 {-INFINITY, "-inf"},
                 {-0.0, "-0.0"},
                 {0.0, "0.0"},
                 {0.0001, "0.0001"},
                 {0.00012345, "0.00012345"},
                 {0.00009999, "9.999e-5"},
                 {1e15, "1000000000000000.0"},
                 {9007199254740993.0, "9007199254740992.0"},
                 {9999999999999998.0, "9999999999999998.0"},
                 {1e16, "1e16"},
                 {123456.789, "123456.789"},
                 {-1.5, "-1.5"},
                 {1.0 / 3.0, "0.3333333333333333"},
                 {5e-324, "5e-324"},
                 {2.2250738585072014e-308, "2.2250738585072014e-308"},
                 {1.7976931348623157e308, "1.7976931348623157e308"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {2e-44, "2e-44"},
                 {5.9604644775390625e-8, "5.960464477539063e-8"}, // 2⁻²⁴: the nearest 16 digits do not read back
                 {6.290184345309701e-235, "6.290184345309701e-235"},
                 {100.25, "100.25"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_TEXT(float_text(cases[i].value), text_from(cases[i].text));
    }
}

TEST(every_float_reads_back) {
    uint64_t state = 7;
    for (uint32_t i = 0; i < test_rounds(20000); i++) {
        uint64_t bits = test_random(&state);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isnan(value)) continue;
        Text text = float_text(value);
        char copy[NUMBER_TEXT_MAX + 1] = {0};
        memcpy(copy, text.data, text.length);
        double back = strtod(copy, NULL);
        CHECK(memcmp(&back, &value, sizeof back) == 0);
        CHECK(text.length < NUMBER_TEXT_MAX);
    }
}

TEST(ints_and_units_print) {
    BEGIN();
    char text[NUMBER_TEXT_MAX];
    CHECK_STR(si_str_from_int(task, INT64_MIN), "-9223372036854775808");
    CHECK_STR(si_str_from_int(task, INT64_MAX), "9223372036854775807");
    CHECK_STR(si_str_from_int(task, 0), "0");
    CHECK_STR(si_str_from_byte(task, 255), "255");
    CHECK_STR(si_int_to_hex(task, -255), "-ff");
    CHECK_STR(si_int_to_hex(task, INT64_MIN), "-8000000000000000");
    struct {
        int64_t value;
        const char *duration, *size;
    } cases[] = {{0, "0ns", "0b"},
                 {90000000000, "90s", "87890625kb"},
                 {1500000000, "1500ms", "1500000000b"},
                 {120000000000, "2m", "117187500kb"},
                 {7200000000000, "2h", NULL},
                 {4096, "4096ns", "4kb"},
                 {1500, "1500ns", "1500b"},
                 {-3000, "-3us", NULL},
                 {3 << 20, NULL, "3mb"},
                 {(int64_t)5 << 30, NULL, "5gb"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (cases[i].duration != NULL) {
            Text shown = {text, (uint32_t)si_number_from_duration(cases[i].value, text)};
            CHECK_TEXT(shown, text_from(cases[i].duration));
        }
        if (cases[i].size != NULL) {
            Text shown = {text, (uint32_t)si_number_from_size(cases[i].value, text)};
            CHECK_TEXT(shown, text_from(cases[i].size));
        }
    }
    END();
}

TEST(text_becomes_numbers_or_panics) {
    BEGIN();
    struct {
        const char *text;
        int64_t value;
        bool is_good;
    } ints[] = {{"12", 12, true},
                {"-12", -12, true},
                {"+7", 7, true},
                {"9223372036854775807", INT64_MAX, true},
                {"-9223372036854775808", INT64_MIN, true},
                {"9223372036854775808", 0, false},
                {"-9223372036854775809", 0, false},
                {"", 0, false},
                {"-", 0, false},
                {" 1", 0, false},
                {"1_0", 0, false},
                {"1.0", 0, false},
                {"0x1", 0, false}};
    for (size_t i = 0; i < sizeof ints / sizeof ints[0]; i++) {
        SiStr *text = str(ints[i].text);
        CHECK_INT(si_is_int_text(task, text), ints[i].is_good);
        if (ints[i].is_good) CHECK_INT(si_int_from_str(task, text, &here), ints[i].value);
        si_release(task, text);
    }
    const char *good[] = {"12", "1.5", "-1.5e10", "+0.1E-3", "inf", "-inf", "nan", "1e5"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        SiStr *text = str(good[i]);
        CHECK(si_is_float_text(task, text));
        si_release(task, text);
    }
    const char *bad[] = {"1.", ".5", "", "e5", "1e", "1e+", "0x10", "infinity", " 1", "1 ", "1.5.2", "-", "i"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        SiStr *text = str(bad[i]);
        if (si_is_float_text(task, text)) FAIL("accepted as float: %s", bad[i]);
        si_release(task, text);
    }
    SiStr *x = str("x\"");
    CHECK_PANIC(si_int_from_str(task, x, &here), "cannot parse \"x\\\"\" as int");
    CHECK_PANIC(si_float_from_str(task, x, &here), "cannot parse \"x\\\"\" as float");
    CHECK_PANIC(si_char_from_str(task, x, &here), "cannot convert \"x\\\"\" to char");
    CHECK_INT(si_byte_from_str(task, x, &here), 'x');
    si_release(task, x);
    SiStr *long_float =
        si_str_from(task, "0.5000000000000000000000000000000000000000000000000000000000000000000000000000", 76);
    CHECK(si_float_from_str(task, long_float, &here) == 0.5);
    si_release(task, long_float);
    END();
}

TEST(conversions_check_their_range) {
    BEGIN();
    CHECK_INT(si_int_from_float(task, -2.9, &here), -2);
    CHECK_INT(si_int_from_float(task, -9223372036854775808.0, &here), INT64_MIN);
    CHECK_PANIC(si_int_from_float(task, 9223372036854775808.0, &here), "float out of int range");
    CHECK_PANIC(si_int_from_float(task, NAN, &here), "float out of int range");
    CHECK_PANIC(si_byte_from_int(task, 256, &here), "cannot convert 256 to byte");
    CHECK_PANIC(si_byte_from_int(task, -1, &here), "cannot convert -1 to byte");
    CHECK_PANIC(si_byte_from_char(task, 0x3BB, &here), "cannot convert 'λ' to byte");
    CHECK_PANIC(si_char_from_int(task, 0xD800, &here), "cannot convert 55296 to char");
    CHECK_PANIC(si_char_from_int(task, 0x110000, &here), "cannot convert 1114112 to char");
    CHECK_INT(si_char_from_int(task, 0x10FFFF, &here), 0x10FFFF);
    END();
}

TEST(arithmetic_panics_on_overflow) {
    BEGIN();
    CHECK_INT(si_add(task, INT64_MAX - 1, 1, &here), INT64_MAX);
    CHECK_PANIC(si_add(task, INT64_MAX, 1, &here), "integer overflow");
    CHECK_PANIC(si_sub(task, INT64_MIN, 1, &here), "integer overflow");
    CHECK_PANIC(si_mul(task, INT64_MAX, 2, &here), "integer overflow");
    CHECK_PANIC(si_mul_checked(task, INT64_MIN, -1, &here), "integer overflow");
    CHECK_PANIC(si_neg(task, INT64_MIN, &here), "integer overflow");
    CHECK_PANIC(si_div(task, 1, 0, &here), "division by zero");
    CHECK_PANIC(si_div(task, INT64_MIN, -1, &here), "integer overflow");
    CHECK_INT(si_div(task, -7, 2, &here), -3);
    CHECK_INT(si_rem(task, -7, 2, &here), -1);
    CHECK_INT(si_rem(task, INT64_MIN, -1, &here), 0);
    CHECK_INT(si_floor_div(task, -7, 2, &here), -4);
    CHECK_INT(si_floor_div(task, 7, -2, &here), -4);
    CHECK_INT(si_floor_div(task, 7, -1, &here), -7);
    CHECK_INT(si_floor_div(task, 7, 2, &here), 3);
    CHECK_PANIC(si_shl(task, 1, 64, &here), "shift count 64 out of range");
    CHECK_PANIC(si_shr(task, 1, -1, &here), "shift count -1 out of range");
    CHECK_INT(si_shr(task, -8, 1, &here), -4);
    CHECK_INT(si_int_pow(task, 3, 39, &here), 4052555153018976267);
    CHECK_INT(si_int_pow(task, -2, 63, &here), INT64_MIN);
    CHECK_INT(si_int_pow(task, 0, 0, &here), 1);
    CHECK_INT(si_int_pow(task, 1, INT64_MAX, &here), 1);
    CHECK_PANIC(si_int_pow(task, 2, 63, &here), "integer overflow");
    CHECK_PANIC(si_int_pow(task, 2, -1, &here), "invalid n: -1");
    CHECK(si_int_mul_overflows(task, INT64_MIN, -1) && !si_int_add_overflows(task, 1, 2));
    END();
}

TEST(float_order_is_total) {
    CHECK_INT(si_float_order(1.0, NAN), -1);
    CHECK_INT(si_float_order(NAN, INFINITY), 1);
    CHECK_INT(si_float_order(NAN, NAN), 0);
    CHECK_INT(si_float_order(-0.0, 0.0), 0);
    CHECK_INT(si_float_order(1.0, 2.0), -1);
    CHECK(si_float_min(NULL, NAN, 1.0) == 1.0);
    CHECK(isnan(si_float_max(NULL, 1.0, NAN)));
    CHECK(si_float_round(NULL, -2.5) == -3.0);
}

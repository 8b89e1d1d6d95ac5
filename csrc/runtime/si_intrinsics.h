// runtime/si_intrinsics.h: the C side of every prelude function whose body is `intrinsic`. Read through si.h only.
//
// WHY        Signatures follow mechanically from sigil/lib/prelude.si (docs/ABI.md section 3); tests/tidy/test_intrinsics.py compares the
//            two and ir/intrinsics.def. Who owns an argument stands in that table, not here.
// SHAPE      (task, [result], parameters, a descriptor per type parameter, [place of a panic]).
// LIMITS     tcc reads this too: nothing beyond si.h's own dialect. What is `static inline` here is short and hot.
#ifndef SI_INTRINSICS_H
#define SI_INTRINSICS_H

// ---- not intrinsics, but called by generated code for built-in syntax (the table is in ir/intrinsics.def) ---------------
// xs[i]: a borrowed pointer to the element.
static inline const void *si_list_item(SiTask *task, const SiList *list, int64_t index, uint32_t item_bytes,
                                       const SiPlace *at) {
    if (SI_UNLIKELY((uint64_t)index >= (uint64_t)list->length)) si_panic_index(task, index, list->length, at);
    return list->items + index * (int64_t)item_bytes;
}
// Ordering from the result of si_compare or str_order: Less, Equal, Greater are 0, 1, 2.
static inline uint32_t si_ordering(int64_t order) { return order < 0 ? 0u : order > 0 ? 2u : 1u; }
// The next scalar value: ranges of char leave out the surrogates.
static inline uint32_t si_char_successor(uint32_t c) { return c == 0xD7FF ? 0xE000 : c + 1; }
// `show` of the prelude's Error: its message, then `: caused by` and the source's.
SiStr *si_error_show(SiTask *task, const void *error);

// ---- output, panics, assertions -------------------------------------------------------------------------------------
SiUnit si_print_line(SiTask *task, SiStr *text);
static inline SiUnit si_panic_message(SiTask *task, SiStr *message, const SiPlace *at) {
    si_panic(task, message, at);
    return 0;
}
SiUnit si_count_assertion(SiTask *task);
SiUnit si_assert_eq_failed(SiTask *task, const void *actual, const void *expected, const SiType *T,
                           const SiPlace *at); // does not return
SiUnit si_assert_ne_failed(SiTask *task, const void *actual, const void *unexpected, const SiType *T,
                           const SiPlace *at);                                                // does not return
SiUnit si_unwrap_failed(SiTask *task, const void *error, const SiType *E, const SiPlace *at); // does not return
SiUnit si_expect_failed(SiTask *task, SiStr *msg, const void *error, const SiType *E,
                        const SiPlace *at); // does not return
SiList *si_catch_panic(SiTask *task, SiClosure *f);
SiStr *si_quoted(SiTask *task, SiStr *text);
void si_default_value(SiTask *task, void *result, const SiType *C);

// ---- conversions ----------------------------------------------------------------------------------------------------
int64_t si_int_from_str(SiTask *task, SiStr *text, const SiPlace *at);
int64_t si_int_from_float(SiTask *task, double value, const SiPlace *at);
double si_float_from_str(SiTask *task, SiStr *text, const SiPlace *at);
uint8_t si_byte_from_int(SiTask *task, int64_t value, const SiPlace *at);
uint8_t si_byte_from_str(SiTask *task, SiStr *text, const SiPlace *at);
uint8_t si_byte_from_char(SiTask *task, uint32_t value, const SiPlace *at);
uint32_t si_char_from_int(SiTask *task, int64_t value, const SiPlace *at);
uint32_t si_char_from_str(SiTask *task, SiStr *text, const SiPlace *at);
uint8_t si_is_int_text(SiTask *task, SiStr *text);
uint8_t si_is_float_text(SiTask *task, SiStr *text);
SiStr *si_str_from_int(SiTask *task, int64_t value);
SiStr *si_str_from_float(SiTask *task, double value);
SiStr *si_str_from_bool(SiTask *task, uint8_t value);
SiStr *si_str_from_byte(SiTask *task, uint8_t value);
SiStr *si_str_from_char(SiTask *task, uint32_t value);

// ---- indexes and slices ---------------------------------------------------------------------------------------------
SiStr *si_str_at(SiTask *task, SiStr *text, int64_t index, const SiPlace *at);
SiStr *si_str_slice_range(SiTask *task, SiStr *text, const SiRange *range, const SiPlace *at);
SiList *si_list_slice_range(SiTask *task, SiList *list, const SiRange *range, const SiType *T, const SiPlace *at);

// ---- helpers of the prelude -----------------------------------------------------------------------------------------
int64_t si_list_find_index(SiTask *task, SiList *list, const void *value, const SiType *T);
int64_t si_list_min_index(SiTask *task, SiList *list, const SiType *T);
int64_t si_list_max_index(SiTask *task, SiList *list, const SiType *T);
SiList *si_list_fill(SiTask *task, SiList *list, const void *value, int64_t n, const SiType *T, const SiPlace *at);
SiList *si_list_reserve(SiTask *task, SiList *list, int64_t n, const SiType *T);
SiList *si_list_sort_by_keys(SiTask *task, SiList *list, SiList *keys, const SiType *T, const SiType *K);
int64_t si_map_find_index(SiTask *task, SiMap *map, const void *key, const SiType *K, const SiType *V);
void si_map_value_at(SiTask *task, void *result, SiMap *map, int64_t index, const SiType *K, const SiType *V);
SiMap *si_map_own(SiTask *task, SiMap *map, const SiType *K, const SiType *V);
void si_map_exchange_value(SiTask *task, void *result, SiMap *map, int64_t index, const void *value, const SiType *K,
                           const SiType *V);
SiMap *si_map_put_value(SiTask *task, SiMap *map, int64_t index, const void *value, const SiType *K, const SiType *V);
void si_range_at(SiTask *task, void *result, const SiRange *range, int64_t index, const SiType *T);
uint8_t si_str_equal(SiTask *task, SiStr *left, SiStr *right);
int64_t si_str_order(SiTask *task, SiStr *left, SiStr *right);
int64_t si_str_find(SiTask *task, SiStr *text, SiStr *part);
SiStr *si_str_from_valid_bytes(SiTask *task, SiList *list);
int64_t si_invalid_utf8_at(SiTask *task, SiList *list);
static inline int64_t si_duration_nanos(SiTask *task, int64_t value) {
    (void)task;
    return value;
}
static inline int64_t si_size_bytes(SiTask *task, int64_t value) {
    (void)task;
    return value;
}
uint8_t si_int_add_overflows(SiTask *task, int64_t left, int64_t right);
uint8_t si_int_sub_overflows(SiTask *task, int64_t left, int64_t right);
uint8_t si_int_mul_overflows(SiTask *task, int64_t left, int64_t right);

// ---- lists ----------------------------------------------------------------------------------------------------------
static inline int64_t si_list_len(SiTask *task, SiList *self, const SiType *T) {
    (void)task, (void)T;
    return self->length;
}
SiList *si_list_push(SiTask *task, SiList *self, const void *value, const SiType *T);
SiList *si_list_pop(SiTask *task, SiList *self, const SiType *T);
SiList *si_list_insert(SiTask *task, SiList *self, int64_t index, const void *value, const SiType *T,
                       const SiPlace *at);
SiList *si_list_remove(SiTask *task, SiList *self, int64_t index, const SiType *T, const SiPlace *at);
SiList *si_list_set(SiTask *task, SiList *self, int64_t index, const void *value, const SiType *T, const SiPlace *at);
SiList *si_list_concat(SiTask *task, SiList *self, SiList *other, const SiType *T);
SiList *si_list_reverse(SiTask *task, SiList *self, const SiType *T);
SiList *si_list_slice(SiTask *task, SiList *self, int64_t start, int64_t end, const SiType *T, const SiPlace *at);
SiList *si_list_unique(SiTask *task, SiList *self, const SiType *T);
SiList *si_list_sort(SiTask *task, SiList *self, const SiType *T);
void si_list_sum(SiTask *task, void *result, SiList *self, const SiType *T, const SiPlace *at);
void si_list_product(SiTask *task, void *result, SiList *self, const SiType *T, const SiPlace *at);
SiStr *si_list_join(SiTask *task, SiList *self, SiStr *separator, const SiType *T);

// ---- str ------------------------------------------------------------------------------------------------------------
SiStr *si_str_from_chars(SiTask *task, SiList *list);
static inline int64_t si_str_len(SiTask *task, SiStr *self) {
    (void)task;
    return self->points;
}
SiList *si_str_chars(SiTask *task, SiStr *self);
SiList *si_str_bytes(SiTask *task, SiStr *self);
SiList *si_str_lines(SiTask *task, SiStr *self);
SiList *si_str_split(SiTask *task, SiStr *self, SiStr *separator, const SiPlace *at);
SiList *si_str_words(SiTask *task, SiStr *self);
SiStr *si_str_trim(SiTask *task, SiStr *self);
SiStr *si_str_trim_start(SiTask *task, SiStr *self);
SiStr *si_str_trim_end(SiTask *task, SiStr *self);
SiStr *si_str_upper(SiTask *task, SiStr *self);
SiStr *si_str_lower(SiTask *task, SiStr *self);
SiStr *si_str_reverse(SiTask *task, SiStr *self);
uint8_t si_str_contains(SiTask *task, SiStr *self, SiStr *part);
uint8_t si_str_starts_with(SiTask *task, SiStr *self, SiStr *part);
uint8_t si_str_ends_with(SiTask *task, SiStr *self, SiStr *part);
SiStr *si_str_replace(SiTask *task, SiStr *self, SiStr *old, SiStr *new, const SiPlace *at);
SiStr *si_str_slice(SiTask *task, SiStr *self, int64_t start, int64_t end, const SiPlace *at);
SiStr *si_str_repeat(SiTask *task, SiStr *self, int64_t n, const SiPlace *at);
SiStr *si_str_pad_start(SiTask *task, SiStr *self, int64_t n, SiStr *fill, const SiPlace *at);
SiStr *si_str_pad_end(SiTask *task, SiStr *self, int64_t n, SiStr *fill, const SiPlace *at);
SiStr *si_str_concat(SiTask *task, SiStr *self, SiStr *other);

// ---- char -----------------------------------------------------------------------------------------------------------
uint8_t si_char_is_alpha(SiTask *task, uint32_t self);
static inline uint8_t si_char_is_digit(SiTask *task, uint32_t self) {
    (void)task;
    return self >= '0' && self <= '9';
}
uint8_t si_char_is_alphanumeric(SiTask *task, uint32_t self);
uint8_t si_char_is_space(SiTask *task, uint32_t self);
uint8_t si_char_is_upper(SiTask *task, uint32_t self);
uint8_t si_char_is_lower(SiTask *task, uint32_t self);
uint32_t si_char_to_upper(SiTask *task, uint32_t self);
uint32_t si_char_to_lower(SiTask *task, uint32_t self);

// ---- int, float -----------------------------------------------------------------------------------------------------
int64_t si_int_pow(SiTask *task, int64_t self, int64_t n, const SiPlace *at);
SiStr *si_int_to_hex(SiTask *task, int64_t self);
static inline int64_t si_int_wrapping_add(SiTask *task, int64_t self, int64_t other) {
    (void)task;
    return (int64_t)((uint64_t)self + (uint64_t)other);
}
static inline int64_t si_int_wrapping_sub(SiTask *task, int64_t self, int64_t other) {
    (void)task;
    return (int64_t)((uint64_t)self - (uint64_t)other);
}
static inline int64_t si_int_wrapping_mul(SiTask *task, int64_t self, int64_t other) {
    (void)task;
    return (int64_t)((uint64_t)self * (uint64_t)other);
}
double si_float_abs(SiTask *task, double self);
double si_float_floor(SiTask *task, double self);
double si_float_ceil(SiTask *task, double self);
double si_float_round(SiTask *task, double self);
double si_float_trunc(SiTask *task, double self);
double si_float_sqrt(SiTask *task, double self);
double si_float_pow(SiTask *task, double self, double x);
double si_float_min(SiTask *task, double self, double other);
double si_float_max(SiTask *task, double self, double other);
static inline uint8_t si_float_is_nan(SiTask *task, double self) {
    (void)task;
    return self != self;
}
uint8_t si_float_is_finite(SiTask *task, double self);

// ---- maps and sets --------------------------------------------------------------------------------------------------
int64_t si_map_len(SiTask *task, SiMap *self, const SiType *K, const SiType *V);
SiMap *si_map_insert(SiTask *task, SiMap *self, const void *key, const void *value, const SiType *K, const SiType *V);
SiMap *si_map_remove(SiTask *task, SiMap *self, const void *key, const SiType *K, const SiType *V);
SiMap *si_map_merge(SiTask *task, SiMap *self, SiMap *other, const SiType *K, const SiType *V);
int64_t si_set_len(SiTask *task, SiMap *self, const SiType *T);
uint8_t si_set_contains(SiTask *task, SiMap *self, const void *value, const SiType *T);
uint8_t si_set_is_subset(SiTask *task, SiMap *self, SiMap *other, const SiType *T);
SiMap *si_set_insert(SiTask *task, SiMap *self, const void *value, const SiType *T);
SiMap *si_set_remove(SiTask *task, SiMap *self, const void *value, const SiType *T);
SiMap *si_set_union(SiTask *task, SiMap *self, SiMap *other, const SiType *T);
SiMap *si_set_intersection(SiTask *task, SiMap *self, SiMap *other, const SiType *T);
SiMap *si_set_difference(SiTask *task, SiMap *self, SiMap *other, const SiType *T);

// ---- ranges, Instant ------------------------------------------------------------------------------------------------
uint8_t si_range_contains(SiTask *task, const SiRange *self, const void *value, const SiType *T);
uint8_t si_range_is_empty(SiTask *task, const SiRange *self, const SiType *T);
int64_t si_range_len(SiTask *task, const SiRange *self, const SiType *T, const SiPlace *at);
void si_range_start(SiTask *task, void *result, const SiRange *self, const SiType *T);
void si_range_end(SiTask *task, void *result, const SiRange *self, const SiType *T);
static inline int64_t si_instant_at(SiTask *task, int64_t d) {
    (void)task;
    return d;
}
int64_t si_instant_since(SiTask *task, int64_t self, int64_t other, const SiPlace *at);

// ---- std.math -------------------------------------------------------------------------------------------------------
double si_math_cbrt(SiTask *task, double x);
double si_math_exp(SiTask *task, double x);
double si_math_exp2(SiTask *task, double x);
double si_math_log(SiTask *task, double x);
double si_math_log2(SiTask *task, double x);
double si_math_log10(SiTask *task, double x);
double si_math_sin(SiTask *task, double x);
double si_math_cos(SiTask *task, double x);
double si_math_tan(SiTask *task, double x);
double si_math_asin(SiTask *task, double x);
double si_math_acos(SiTask *task, double x);
double si_math_atan(SiTask *task, double x);
double si_math_atan2(SiTask *task, double y, double x);
double si_math_sinh(SiTask *task, double x);
double si_math_cosh(SiTask *task, double x);
double si_math_tanh(SiTask *task, double x);
double si_math_hypot(SiTask *task, double x, double y);

// ---- std.testing ----------------------------------------------------------------------------------------------------
int64_t si_testing_now_nanos(SiTask *task);
SiStr *si_fmt_fixed_digits(SiTask *task, double x, int64_t digits);

// ---- std.math.rand, std.env, std.io: what @main's real capabilities do ------------------------------------------------
int64_t si_math_rand_real_bits(SiTask *task);
SiList *si_env_variable(SiTask *task, SiStr *name);
SiStr *si_env_folder(SiTask *task);
SiList *si_env_arguments(SiTask *task);
SiUnit si_io_print(SiTask *task, SiStr *text);
SiUnit si_io_print_error(SiTask *task, SiStr *text);
SiList *si_io_next_line(SiTask *task);

// ---- std.fs: what the system says about a failure, or an empty text -----------------------------------------------------
SiStr *si_fs_open_problem(SiTask *task, SiStr *path);
SiStr *si_fs_put_text(SiTask *task, SiStr *path, SiStr *content, uint8_t at_end);
SiStr *si_fs_remove_path(SiTask *task, SiStr *path);
SiStr *si_fs_make_folder(SiTask *task, SiStr *path);
SiStr *si_fs_move_path(SiTask *task, SiStr *path, SiStr *to);
SiList *si_fs_content_of(SiTask *task, SiStr *path);
int64_t si_fs_kind_of(SiTask *task, SiStr *path);
int64_t si_fs_bytes_of(SiTask *task, SiStr *path);
SiList *si_fs_names_in(SiTask *task, SiStr *path);

#endif

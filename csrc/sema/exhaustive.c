// sema/exhaustive.c: the walk over the matrix of patterns: exhaustive.h says how.
#include "sema/exhaustive.h"
#include <stdlib.h>

#define SIGN_BIT (1ull << 63)
#define SURROGATES_FIRST 0xD800u
#define SURROGATES_END 0xE000u

// ---- patterns ----------------------------------------------------------------------------------------------------------

uint32_t cover_head(const Body *c, uint32_t node) {
    while (node != 0 && c->kind[node] == TYPED_PAT_BIND)
        node = c->b[node];
    if (node == 0 || c->kind[node] == TYPED_PAT_WILDCARD) return 0;
    if (c->kind[node] == TYPED_PAT_LIST && c->a[node] == 1) {
        const uint32_t *words = c->extra.items + c->b[node];
        if (c->extra.items[words[0]] == 0 && c->extra.items[words[2]] == 0) return 0;
    }
    return node;
}

static void list_push(Cover *v, uint32_t list) {
    const uint32_t *words = v->c->extra.items + list;
    for (uint32_t i = 1; i <= words[0]; i++)
        vec_push(v->c->scratch, &v->walk, words[i]);
}

void cover_parts_push(Cover *v, uint32_t node) {
    const Body *c = v->c;
    switch ((int)c->kind[node]) {
    case TYPED_PAT_BIND:
        if (c->b[node] != 0) vec_push(c->scratch, &v->walk, c->b[node]);
        break;
    case TYPED_PAT_CONSTRUCT:
    case TYPED_PAT_OR:
        list_push(v, c->b[node]);
        break;
    case TYPED_PAT_LIST:
        list_push(v, c->extra.items[c->b[node]]);
        list_push(v, c->extra.items[c->b[node] + 2]);
        break;
    default:
        break;
    }
}

typedef struct ListShape {
    const uint32_t *before, *after;
    uint32_t before_count, after_count;
    bool has_rest;
} ListShape;

static ListShape list_shape(const Body *c, uint32_t node) {
    const uint32_t *words = c->extra.items + c->b[node];
    const uint32_t *before = c->extra.items + words[0], *after = c->extra.items + words[2];
    return (ListShape){before + 1, after + 1, before[0], after[0], c->a[node] == 1};
}

// The part of a row's pattern in one of the columns of a choice; 0 when anything fits there.
static uint32_t part_at(const Body *c, uint32_t node, const Choice *choice, uint32_t column) {
    if (c->kind[node] == TYPED_PAT_CONSTRUCT) return c->extra.items[c->b[node] + 1 + column];
    ListShape list = list_shape(c, node);
    if (column < list.before_count && column < choice->heads) return list.before[column];
    uint32_t from_end = choice->heads + choice->tails - column; // 1: the last one
    bool is_tail = choice->tails == 0 ? choice->kind == CHOICE_LENGTH : column >= choice->heads;
    return is_tail && from_end <= list.after_count ? list.after[list.after_count - from_end] : 0;
}

static uint32_t open_parts(Cover *v, uint32_t node) {
    const Body *c = v->c;
    uint32_t count = 0;
    if (c->kind[node] == TYPED_PAT_CONSTRUCT) {
        const uint32_t *parts = c->extra.items + c->b[node];
        for (uint32_t i = 1; i <= parts[0]; i++)
            count += cover_head(c, parts[i]) != 0;
        v->steps += parts[0];
    } else if (c->kind[node] == TYPED_PAT_LIST) {
        ListShape list = list_shape(c, node);
        for (uint32_t i = 0; i < list.before_count; i++)
            count += cover_head(c, list.before[i]) != 0;
        for (uint32_t i = 0; i < list.after_count; i++)
            count += cover_head(c, list.after[i]) != 0;
        v->steps += list.before_count + list.after_count;
    }
    return count;
}

bool cover_variant_is_empty(Body *c, const TypeShape *shape, uint32_t variant) {
    const VariantDecl *d = &c->program->type_decls[shape->head].variants[variant];
    for (uint32_t i = 0; i < d->field_count; i++) {
        const TypeInfo *info = type_info(c->program->types, d->fields[i].type);
        if (info->kind == TYPE_NEVER) return true;
        if (info->kind == TYPE_PARAMETER && info->head < shape->arg_count &&
            is_kind(c, shape->args[info->head], TYPE_NEVER))
            return true;
    }
    return false;
}

// ---- rows --------------------------------------------------------------------------------------------------------------

static uint32_t cell_add(Cover *v, uint32_t node, uint32_t next) {
    Cell cell = {node, next};
    vec_push(v->c->scratch, &v->cells, cell);
    return v->cells.count - 1;
}

static uint32_t row_head(const Cover *v, const Row *row) { return v->cells.items[row->cells].node; }

static void row_reached(Cover *v, const Row *row) {
    v->arm_reached[row->arm] = 1;
    for (uint32_t link = row->links; link != 0; link = v->links.items[link].next) {
        v->is_reached[v->links.items[link].node] = 1;
        v->steps++;
    }
}

// A row for a variant that has no values is written for completeness: nothing in it is warned of.
static void row_forgiven(Cover *v, const Row *row) {
    row_reached(v, row);
    v->walk.count = 0;
    for (uint32_t cell = row->cells; cell != 0; cell = v->cells.items[cell].next)
        vec_push(v->c->scratch, &v->walk, v->cells.items[cell].node);
    while (v->walk.count > 0) {
        uint32_t node = v->walk.items[--v->walk.count];
        v->is_reached[node] = 1;
        v->steps++;
        cover_parts_push(v, node);
    }
}

// One row for each alternative in the first column, in a new place at the end of the rows, which is returned.
static uint32_t alternatives_part(Cover *v, uint32_t first, uint32_t end) {
    const Body *c = v->c;
    uint32_t start = v->rows.count;
    for (uint32_t i = first; i < end; i++) {
        Row row = v->rows.items[i];
        uint32_t node = row_head(v, &row), next = v->cells.items[row.cells].next;
        v->steps++;
        if (node == 0 || c->kind[node] != TYPED_PAT_OR) {
            vec_push(c->scratch, &v->rows, row);
            continue;
        }
        uint32_t list = c->b[node], count = c->extra.items[list];
        v->steps += count;
        for (uint32_t k = 1; k <= count; k++) {
            uint32_t alternative = c->extra.items[list + k], head = cover_head(c, alternative);
            Cell link = {alternative, row.links};
            vec_push(c->scratch, &v->links, link);
            Row part = {cell_add(v, head, next), row.open - (head == 0), row.arm, v->links.count - 1};
            vec_push(c->scratch, &v->rows, part);
        }
    }
    return start;
}

// ---- a column's constructors -----------------------------------------------------------------------------------------------

static int key_order(const void *first, const void *second) {
    uint64_t a = *(const uint64_t *)first, b = *(const uint64_t *)second;
    return (a > b) - (a < b);
}

static void keys_sort(Cover *v) {
    if (v->keys.count < 2) return;
    qsort(v->keys.items, v->keys.count, sizeof(uint64_t), key_order);
    uint32_t kept = 1;
    for (uint32_t i = 1; i < v->keys.count; i++)
        if (v->keys.items[i] != v->keys.items[kept - 1]) v->keys.items[kept++] = v->keys.items[i];
    v->keys.count = kept;
}

// How many keys are smaller.
static uint32_t keys_below(const Cover *v, uint64_t key) {
    uint32_t low = 0, high = v->keys.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (v->keys.items[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void key_push(Cover *v, uint64_t key) { vec_push(v->c->scratch, &v->keys, key); }
static void bucket_push(Cover *v, Choice choice) {
    Bucket bucket = {.choice = choice};
    vec_push(v->c->scratch, &v->buckets, bucket);
}
static void option_push(Cover *v, Choice choice) { vec_push(v->c->scratch, &v->options, choice); }
static bool options_suffice(const Cover *v, uint32_t first) { return v->options.count - first > COVER_CASES_MAX; }

static uint32_t head_at(const Cover *v, uint32_t row) { return row_head(v, &v->rows.items[row]); }

static void part_sum(Cover *v, uint32_t first, uint32_t end, uint32_t node, const TypeShape *shape) {
    Body *c = v->c;
    for (uint32_t i = first; i < end; i++)
        if (head_at(v, i) != 0) key_push(v, c->a[head_at(v, i)]);
    keys_sort(v);
    for (uint32_t i = first; i < end; i++) {
        uint32_t head = head_at(v, i);
        if (head == 0) continue;
        Reach *reach = &v->reaches.items[i - first];
        reach->first = keys_below(v, c->a[head]);
        reach->end = reach->first + 1;
    }
    const TypeDecl *decl = &c->program->type_decls[shape->head];
    for (uint32_t i = 0; i < v->keys.count; i++) {
        uint32_t variant = (uint32_t)v->keys.items[i];
        bucket_push(v, (Choice){.kind = CHOICE_VARIANT,
                                .node = node,
                                .number = variant,
                                .heads = decl->variants[variant].field_count});
        v->buckets.items[v->buckets.count - 1].is_empty = cover_variant_is_empty(c, shape, variant);
    }
    uint32_t options = v->options.count, key = 0;
    v->steps += decl->variant_count / 16;
    for (uint32_t i = 0; i < decl->variant_count && !options_suffice(v, options); i++) {
        if (key < v->keys.count && v->keys.items[key] == i)
            key++;
        else if (!cover_variant_is_empty(c, shape, i))
            option_push(v, (Choice){.kind = CHOICE_VARIANT, .node = node, .number = i});
    }
}

// Lengths below the longest head plus the longest tail, and those of patterns without `..`, have buckets of their own; all
// others are alike: from both ends the same parts of their rows are looked at.
static void part_list(Cover *v, uint32_t first, uint32_t end, uint32_t node, Choice *options) {
    const Body *c = v->c;
    uint32_t heads = 0, tails = 0;
    for (uint32_t i = first; i < end; i++) {
        if (head_at(v, i) == 0) continue;
        ListShape list = list_shape(c, head_at(v, i));
        if (!list.has_rest) {
            key_push(v, list.before_count);
            continue;
        }
        heads = list.before_count > heads ? list.before_count : heads;
        tails = list.after_count > tails ? list.after_count : tails;
    }
    uint32_t both = heads + tails;
    for (uint32_t i = 0; i < both; i++)
        key_push(v, i);
    v->steps += both;
    keys_sort(v);
    for (uint32_t i = 0; i < v->keys.count; i++) {
        uint32_t length = (uint32_t)v->keys.items[i];
        bucket_push(v, (Choice){.kind = CHOICE_LENGTH, .node = node, .number = length, .heads = length});
    }
    for (uint32_t i = first; i < end; i++) {
        if (head_at(v, i) == 0) continue;
        ListShape list = list_shape(c, head_at(v, i));
        Reach *reach = &v->reaches.items[i - first];
        reach->first = keys_below(v, list.before_count + list.after_count);
        reach->end = list.has_rest ? v->keys.count : reach->first + 1;
        reach->in_options = list.has_rest;
    }
    Choice choice = {.kind = CHOICE_LENGTH, .node = node, .number = both, .heads = heads, .tails = tails};
    uint32_t option = v->options.count;
    for (uint32_t i = keys_below(v, both); i < v->keys.count; i++) { // the gaps between the lengths
        for (; choice.number < v->keys.items[i] && !options_suffice(v, option); choice.number++)
            option_push(v, choice);
        choice.number = (uint32_t)v->keys.items[i] + 1;
    }
    choice.kind = CHOICE_LONGER;
    option_push(v, choice);
    options->heads = heads;
    options->tails = tails;
}

static uint64_t domain_end(TypeKind kind) { // the largest key
    if (kind == TYPE_BOOL) return 1;
    if (kind == TYPE_BYTE) return 255;
    return kind == TYPE_CHAR ? 0x10FFFF : UINT64_MAX;
}

static uint64_t word_pair(uint32_t low, uint32_t high) { return (uint64_t)high << 32 | low; }

// Bounds of a literal or range as keys: unsigned numbers in the order of the values.
static void key_bounds(const Body *c, uint32_t node, TypeKind kind, uint64_t *low, uint64_t *high) {
    uint64_t flip = kind == TYPE_INT ? SIGN_BIT : 0, last = domain_end(kind);
    if (c->kind[node] == TYPED_PAT_RANGE) {
        const uint32_t *words = c->extra.items + c->b[node];
        *low = (c->a[node] & 1) != 0 ? word_pair(words[0], words[1]) ^ flip : 0;
        *high = (c->a[node] & 2) != 0 ? word_pair(words[2], words[3]) ^ flip : last;
    } else {
        *low = *high = word_pair(c->a[node], c->b[node]) ^ flip;
    }
    if (*high > last) *high = last;
    if (*low > *high) *low = *high;
}

// Intervals between all bounds. Those with rows are buckets, the gaps options. Surrogates are no chars.
static void part_ints(Cover *v, uint32_t first, uint32_t end, uint32_t node, TypeKind kind) {
    Body *c = v->c;
    uint64_t last = domain_end(kind), low, high;
    key_push(v, 0);
    if (kind == TYPE_CHAR) key_push(v, SURROGATES_FIRST), key_push(v, SURROGATES_END);
    for (uint32_t i = first; i < end; i++) {
        if (head_at(v, i) == 0) continue;
        key_bounds(c, head_at(v, i), kind, &low, &high);
        key_push(v, low);
        if (high < last) key_push(v, high + 1);
    }
    keys_sort(v);
    uint32_t count = v->keys.count;
    v->numbers.count = 0;
    for (uint32_t i = 0; i <= count; i++)
        vec_push(c->scratch, &v->numbers, 0);
    for (uint32_t i = first; i < end; i++) { // at first: by how much more rows cover an interval than the one before it
        if (head_at(v, i) == 0) continue;
        key_bounds(c, head_at(v, i), kind, &low, &high);
        v->numbers.items[keys_below(v, low)]++;
        v->numbers.items[high == last ? count : keys_below(v, high + 1)]--;
    }
    uint32_t covering = 0, buckets = 0, options = v->options.count;
    for (uint32_t i = 0; i < count; i++) { // then: how many buckets lie before it
        covering += v->numbers.items[i];
        v->numbers.items[i] = buckets;
        low = v->keys.items[i];
        high = i + 1 < count ? v->keys.items[i + 1] - 1 : last;
        if (kind == TYPE_CHAR && low >= SURROGATES_FIRST && low < SURROGATES_END) continue;
        Choice choice = {.kind = CHOICE_RANGE, .node = node, .low = low, .high = high};
        Choice *before = v->options.count > options ? &v->options.items[v->options.count - 1] : NULL;
        if (covering > 0)
            bucket_push(v, choice), buckets++;
        else if (before != NULL &&
                 (before->high + 1 == low || (before->high + 1 == SURROGATES_FIRST && low == SURROGATES_END)))
            before->high = high;
        else if (!options_suffice(v, options))
            option_push(v, choice);
    }
    v->numbers.items[count] = buckets;
    for (uint32_t i = first; i < end; i++) {
        if (head_at(v, i) == 0) continue;
        key_bounds(c, head_at(v, i), kind, &low, &high);
        Reach *reach = &v->reaches.items[i - first];
        reach->first = v->numbers.items[keys_below(v, low)];
        reach->end = v->numbers.items[high == last ? count : keys_below(v, high + 1)];
    }
}

static uint64_t literal_key(const Body *c, uint32_t node) {
    uint64_t bits = word_pair(c->a[node], c->kind[node] == TYPED_PAT_STR ? 0 : c->b[node]);
    return c->kind[node] == TYPED_PAT_FLOAT && bits == SIGN_BIT ? 0 : bits; // -0.0 == 0.0
}

// Strings, floats, Durations, Sizes: a bucket for each literal in the order of the text, and always others.
static void part_literals(Cover *v, uint32_t first, uint32_t end, uint32_t node) {
    const Body *c = v->c;
    for (uint32_t i = first; i < end; i++)
        if (head_at(v, i) != 0) key_push(v, literal_key(c, head_at(v, i)));
    keys_sort(v);
    v->numbers.count = 0;
    for (uint32_t i = 0; i < v->keys.count; i++)
        vec_push(c->scratch, &v->numbers, 0);
    uint32_t buckets = 0;
    for (uint32_t i = first; i < end; i++) {
        uint32_t head = head_at(v, i);
        if (head == 0) continue;
        uint32_t *number = &v->numbers.items[keys_below(v, literal_key(c, head))]; // from 1
        if (*number == 0) {
            *number = ++buckets;
            bucket_push(v, (Choice){.kind = CHOICE_LITERAL, .node = head});
        }
        Reach *reach = &v->reaches.items[i - first];
        reach->first = *number - 1;
        reach->end = *number;
    }
    option_push(v, (Choice){.kind = CHOICE_ANY, .node = node});
}

// ---- the walk ----------------------------------------------------------------------------------------------------------

// Which rows each bucket gets: those up to the first that fits all of it.
static void buckets_fill(Cover *v, const Frame *frame, uint32_t first_row, uint32_t end_row) {
    Bucket *buckets = v->buckets.items + frame->first_bucket; // the first one is for what has no row of its own
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t i = first_row; i < end_row; i++) {
            const Reach *reach = &v->reaches.items[i - first_row];
            bool closes = reach->open == 0 && !v->arm_guarded[v->rows.items[i].arm];
            v->steps += reach->end - reach->first + 1;
            if (v->steps > COVER_STEPS_MAX) return; // the walk ends before anything else looks at the buckets
            for (uint32_t b = reach->in_options ? 0 : reach->first + 1; b <= reach->end; b++) {
                if (b == 1) b = reach->first + 1;
                if (b > reach->end) break;
                if (buckets[b].is_closed) continue;
                if (pass == 1) v->refs.items[buckets[b].first + buckets[b].count] = i;
                buckets[b].count++;
                buckets[b].is_closed = closes;
            }
        }
        if (pass == 1) break;
        for (uint32_t b = frame->first_bucket; b < v->buckets.count; b++) {
            Bucket *bucket = &v->buckets.items[b];
            bucket->first = v->refs.count;
            vec_reserve(v->c->scratch, &v->refs, bucket->count);
            v->refs.count += bucket->count;
            bucket->count = 0;
            bucket->is_closed = false;
        }
    }
}

// Parts the first column of the rows: a frame with its buckets.
static void column_part(Cover *v, uint32_t first, uint32_t end, uint32_t node) {
    Body *c = v->c;
    Frame frame = {.first_bucket = v->buckets.count, .path = v->path.count};
    TypeShape shape = type_shape(c, c->type[node]);
    uint32_t option = v->options.count;
    v->keys.count = 0;
    v->reaches.count = 0;
    for (uint32_t i = first; i < end; i++) {
        uint32_t head = head_at(v, i);
        Reach reach = {.open = v->rows.items[i].open, .in_options = head == 0};
        if (head != 0) reach.open += open_parts(v, head) - 1;
        vec_push(c->scratch, &v->reaches, reach);
        if (++v->steps > COVER_STEPS_MAX) v->is_too_long = true;
        if (v->is_too_long) return;
    }
    bucket_push(v, (Choice){.kind = CHOICE_OPTIONS, .node = node});
    Choice options = v->buckets.items[frame.first_bucket].choice;
    bool is_sum = shape.kind == TYPE_NAMED && c->program->type_decls[shape.head].kind == DECL_SUM;
    if (is_sum) {
        part_sum(v, first, end, node, &shape);
    } else if (c->kind[node] == TYPED_PAT_CONSTRUCT) {
        bucket_push(v, (Choice){.kind = CHOICE_PARTS, .node = node, .heads = c->extra.items[c->b[node]]});
        for (uint32_t i = 0; i < v->reaches.count; i++)
            v->reaches.items[i].end = 1;
    } else if (c->kind[node] == TYPED_PAT_LIST) {
        part_list(v, first, end, node, &options);
    } else if (shape.kind == TYPE_INT || shape.kind == TYPE_BYTE || shape.kind == TYPE_CHAR ||
               shape.kind == TYPE_BOOL) {
        part_ints(v, first, end, node, shape.kind);
    } else {
        part_literals(v, first, end, node);
    }
    options.option = option;
    options.option_count = v->options.count - option;
    v->buckets.items[frame.first_bucket].choice = options;
    for (uint32_t i = first; i < end; i++)
        if (head_at(v, i) == 0) v->reaches.items[i - first].end = v->buckets.count - frame.first_bucket - 1;
    buckets_fill(v, &frame, first, end);
    v->is_too_long = v->steps > COVER_STEPS_MAX;
    frame.first_row = first;
    frame.rows = v->rows.count;
    frame.cells = v->cells.count;
    frame.links = v->links.count;
    frame.refs = v->refs.count;
    frame.options = v->options.count;
    frame.buckets = v->buckets.count;
    bool has_options = options.option_count > 0,
         are_last = c->kind[node] == TYPED_PAT_LIST; // longer lists after shorter
    frame.next = frame.first_bucket + (!has_options || are_last);
    frame.left = frame.buckets - frame.first_bucket - !has_options;
    vec_push(c->scratch, &v->frames, frame);
}

// The rows from `first` on are a matrix: what can be said at once is said; else its first column that matters is parted.
static void matrix_open(Cover *v, uint32_t first) {
    const Body *c = v->c;
    while (!v->is_too_long) {
        if (first == v->rows.count) {
            cover_case_add(v);
            return;
        }
        const Row *row = &v->rows.items[first];
        if (row->open == 0) {
            row_reached(v, row);
            if (!v->arm_guarded[row->arm]) return;
            first++;
            continue;
        }
        uint32_t node = 0, end = first;
        bool has_alternatives = false;
        for (bool is_closed = false; end < v->rows.count && !is_closed; end++) {
            row = &v->rows.items[end];
            uint32_t head = row_head(v, row);
            if (head != 0 && c->kind[head] == TYPED_PAT_OR) has_alternatives = true;
            if (head != 0) node = node == 0 ? head : node;
            is_closed = row->open == 0 && !v->arm_guarded[row->arm];
        }
        v->rows.count = end;
        v->steps += end - first;
        v->is_too_long = v->steps > COVER_STEPS_MAX;
        if (has_alternatives) {
            first = alternatives_part(v, first, end);
        } else if (node == 0) {
            for (uint32_t i = first; i < end; i++)
                v->rows.items[i].cells = v->cells.items[v->rows.items[i].cells].next;
            Choice any = {.kind = CHOICE_ANY};
            vec_push(c->scratch, &v->path, any);
        } else {
            column_part(v, first, end, node);
            return;
        }
    }
}

static void bucket_open(Cover *v, const Bucket *bucket) {
    const Body *c = v->c;
    if (bucket->is_empty) {
        for (uint32_t i = 0; i < bucket->count; i++) {
            const Row *row = &v->rows.items[v->refs.items[bucket->first + i]];
            if (row_head(v, row) != 0) row_forgiven(v, row);
        }
        return;
    }
    uint32_t first = v->rows.count, columns = bucket->choice.heads + bucket->choice.tails;
    for (uint32_t i = 0; i < bucket->count && v->steps <= COVER_STEPS_MAX; i++) {
        Row row = v->rows.items[v->refs.items[bucket->first + i]];
        uint32_t head = row_head(v, &row), next = v->cells.items[row.cells].next;
        if (head != 0) row.open += open_parts(v, head) - 1;
        if (row.open > 0 || v->arm_guarded[row.arm]) {
            for (uint32_t k = columns; k-- > 0;) {
                uint32_t part = head == 0 ? 0 : cover_head(c, part_at(c, head, &bucket->choice, k));
                next = cell_add(v, part, next);
            }
            v->steps += columns;
        } // else it ends the matrix, and none of its columns is looked at
        row.cells = next;
        vec_push(c->scratch, &v->rows, row);
    }
    v->steps += bucket->count;
    v->is_too_long = v->steps > COVER_STEPS_MAX;
    vec_push(c->scratch, &v->path, bucket->choice);
    matrix_open(v, first);
}

void cover_rows(Cover *v, const uint32_t *patterns, const uint8_t *guarded, uint32_t count) {
    const Body *c = v->c;
    v->cells.count = v->rows.count = v->links.count = v->path.count = v->options.count = v->buckets.count = 0;
    v->refs.count = v->frames.count = v->steps = v->case_count = 0;
    v->is_too_long = v->has_cut_case = false;
    v->arm_guarded = guarded;
    v->arm_reached = arena_array(c->scratch, uint8_t, count + 1);
    (void)cell_add(v, 0, 0);
    vec_push(c->scratch, &v->links, (Cell){0});
    for (uint32_t i = 0; i < count; i++) {
        uint32_t head = cover_head(c, patterns[i]);
        Row row = {.cells = cell_add(v, head, 0), .open = head != 0, .arm = i};
        vec_push(c->scratch, &v->rows, row);
    }
    matrix_open(v, 0);
    while (v->frames.count > 0 && !v->is_too_long) {
        Frame *frame = &v->frames.items[v->frames.count - 1];
        v->rows.count = frame->rows;
        v->cells.count = frame->cells;
        v->links.count = frame->links;
        v->refs.count = frame->refs;
        v->options.count = frame->options;
        v->buckets.count = frame->buckets;
        v->path.count = frame->path;
        if (frame->left-- == 0) {
            v->frames.count--;
            continue;
        }
        if (frame->next == frame->buckets) frame->next = frame->first_bucket;
        Bucket bucket = v->buckets.items[frame->next++];
        bucket_open(v, &bucket);
    }
}

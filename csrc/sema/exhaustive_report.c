// sema/exhaustive_report.c: what is asked of patterns, and how the answers are shown: exhaustive.h has the whole.
#include "sema/exhaustive.h"

#define CASE_BYTES_MAX 200u // of a missing case in a message

// ---- a case as a pattern ---------------------------------------------------------------------------------------------------

typedef struct Shown { // a case that is being written
    Cover *v;
    Buffer *out;
    uint32_t at;     // of Cover.path
    bool is_blurred; // literals are shown as `_`
    uint32_t
        picked; // which of their options the OPTIONS of the path take: one number in mixed base, the last one fastest
} Shown;

static void value_show(Buffer *out, TypeKind kind, uint64_t key) {
    if (kind == TYPE_BOOL) {
        buffer_string(out, key != 0 ? "true" : "false");
    } else if (kind == TYPE_INT) {
        buffer_int(out, (int64_t)(key ^ (1ull << 63)));
    } else if (kind != TYPE_CHAR) {
        buffer_int(out, (int64_t)key);
    } else if (key == '\n' || key == '\t' || key == '\r') {
        buffer_format(out, "'\\%c'", key == '\n' ? 'n' : key == '\t' ? 't' : 'r');
    } else if (key == '\'' || key == '\\') {
        buffer_format(out, "'\\%c'", (char)key);
    } else if (key >= ' ' && key < 0x7F) {
        buffer_format(out, "'%c'", (char)key);
    } else if (key > 0xA0 && key < 0x0300 && key != 0xAD) {
        buffer_format(out, "'%c%c'", (int)(0xC0 | key >> 6), (int)(0x80 | (key & 0x3F)));
    } else {
        buffer_format(out, "'\\u{%x}'", (unsigned)key);
    }
}

static bool range_show(Buffer *out, TypeKind kind, uint64_t low, uint64_t high) { // false: it is everything
    uint64_t last = kind == TYPE_BOOL ? 1 : kind == TYPE_BYTE ? 255 : kind == TYPE_CHAR ? 0x10FFFF : UINT64_MAX;
    if (low == 0 && high == last) return buffer_char(out, '_'), false;
    if (low == high) return value_show(out, kind, low), true;
    if (low > 0) value_show(out, kind, low);
    buffer_string(out, low > 0 && high < last ? "..=" : "..");
    if (high == last) return true;
    bool is_before_surrogates = kind == TYPE_CHAR && high == 0xD7FF;
    value_show(out, kind, low > 0 ? high : is_before_surrogates ? 0xE000 : high + 1);
    return true;
}

static void literal_show(const Body *c, Buffer *out, uint32_t node) {
    const Tokens *tokens = c->view.file_tokens;
    uint32_t token = c->token[node];
    buffer_text(out, token_text(tokens, token));
    if (tokens->kinds[token] == TOKEN_MINUS) buffer_text(out, token_text(tokens, token + 1));
}

static bool part_show(Shown *s);

// `(p, q)` of a variant, newtype or tuple; whether one of them is more than `_`.
static bool parts_show(Shown *s, const Choice *choice, uint32_t fields) {
    bool says = false;
    size_t start = s->out->length;
    for (uint32_t i = 0; i < fields && s->out->length <= CASE_BYTES_MAX; i++) {
        buffer_string(s->out, i == 0 ? "(" : ", ");
        if (i < choice->heads)
            says |= part_show(s);
        else
            buffer_char(s->out, '_');
    }
    if (fields > 0) buffer_char(s->out, ')');
    if (!says && fields > 3) {
        s->out->length = start;
        buffer_literal(s->out, "(..)");
    }
    return says;
}

static bool record_show(Shown *s, const Choice *choice, const TypeShape *shape, const TypeDecl *decl) {
    const Body *c = s->v->c;
    uint32_t shown = 0;
    buffer_literal(s->out, "{ ");
    for (uint32_t i = 0; i < choice->heads; i++) {
        size_t start = s->out->length;
        NameId name =
            decl != NULL ? decl->variants[0].fields[i].name : (NameId){shape->args[shape->arg_count + i].index};
        if (shown > 0) buffer_literal(s->out, ", ");
        buffer_text(s->out, name_text(c, name));
        buffer_literal(s->out, ": ");
        if (part_show(s))
            shown++;
        else
            s->out->length = start;
    }
    buffer_string(s->out, shown == choice->heads ? " }" : ", .. }");
    return shown > 0;
}

static bool list_show(Shown *s, const Choice *choice) {
    uint32_t columns = choice->heads + choice->tails, count = 0;
    bool is_longer = choice->kind == CHOICE_LONGER;
    buffer_char(s->out, '[');
    for (uint32_t i = 0; i < choice->heads && s->out->length <= CASE_BYTES_MAX; i++) {
        if (count++ > 0) buffer_literal(s->out, ", ");
        (void)part_show(s);
    }
    for (uint32_t i = columns; i < choice->number && s->out->length <= CASE_BYTES_MAX; i++)
        buffer_string(s->out, count++ > 0 ? ", _" : "_");
    size_t before = s->out->length;
    if (is_longer) buffer_string(s->out, count > 0 ? ", .." : "..");
    bool says = false;
    for (uint32_t i = 0; i < choice->tails; i++) {
        if (count > 0 || is_longer || i > 0) buffer_literal(s->out, ", ");
        says |= part_show(s);
        count++;
    }
    if (is_longer && !says && choice->tails > 0) { // `[_, _, ..]` rather than `[_, .., _]`
        s->out->length = before;
        for (uint32_t i = 0; i < choice->tails; i++)
            buffer_string(s->out, choice->heads + i > 0 ? ", _" : "_");
        buffer_literal(s->out, ", ..");
    }
    buffer_char(s->out, ']');
    return true;
}

// The next part of the case; whether it says more than `_`.
static bool part_show(Shown *s) {
    const Cover *v = s->v;
    Body *c = v->c;
    if (s->at >= v->path.count || s->out->length > CASE_BYTES_MAX) return buffer_char(s->out, '_'), false;
    const Choice *choice = &v->path.items[s->at++];
    Choice picked;
    if (choice->kind == CHOICE_OPTIONS) {
        uint32_t number = s->picked;
        for (uint32_t i = v->path.count; i-- > s->at;)
            if (v->path.items[i].kind == CHOICE_OPTIONS) number /= v->path.items[i].option_count;
        picked = v->options.items[choice->option + number % choice->option_count];
        choice = &picked;
    }
    if (choice->kind == CHOICE_ANY || (choice->kind == CHOICE_LITERAL && s->is_blurred))
        return buffer_char(s->out, '_'), false;
    TypeShape shape = type_shape(c, c->type[choice->node]);
    const TypeDecl *decl = shape.kind == TYPE_NAMED ? &c->program->type_decls[shape.head] : NULL;
    size_t start = s->out->length;
    bool says = true;
    switch (choice->kind) {
    case CHOICE_RANGE:
        return range_show(s->out, shape.kind, choice->low, choice->high);
    case CHOICE_LITERAL:
        literal_show(c, s->out, choice->node);
        return true;
    case CHOICE_LENGTH:
    case CHOICE_LONGER:
        return list_show(s, choice);
    case CHOICE_VARIANT:
        buffer_text(s->out, name_text(c, decl->variants[choice->number].name));
        (void)parts_show(s, choice, decl->variants[choice->number].field_count);
        return true;
    default:
        break;
    }
    if (shape.kind == TYPE_TUPLE) {
        says = parts_show(s, choice, choice->heads);
    } else {
        if (decl != NULL) buffer_text(s->out, name_text(c, decl->name));
        if (decl != NULL && decl->kind == DECL_NEWTYPE) {
            says = parts_show(s, choice, 1);
        } else {
            if (decl != NULL) buffer_char(s->out, ' ');
            says = record_show(s, choice, &shape, decl);
        }
    }
    if (says) return true;
    s->out->length = start;
    buffer_char(s->out, '_');
    return false;
}

// Whether a case that was found before says `_` where this one has literals.
static bool case_is_known(Cover *v, uint32_t picked) {
    bool has_literal = false;
    for (uint32_t i = 0; i < v->path.count; i++)
        has_literal |= v->path.items[i].kind == CHOICE_LITERAL;
    if (!has_literal || v->case_count == 0) return false;
    Buffer out = buffer_in(v->c->scratch);
    Shown shown = {.v = v, .out = &out, .picked = picked, .is_blurred = true};
    (void)part_show(&shown);
    for (uint32_t i = 0; i < v->case_count; i++)
        if (text_equal(v->cases[i], (Text){out.data, (uint32_t)out.length})) return true;
    return false;
}

void cover_case_add(Cover *v) {
    if (v->case_count > COVER_CASES_MAX) return;

    uint64_t combinations = 1;
    for (uint32_t i = 0; i < v->path.count && combinations <= COVER_CASES_MAX; i++)
        if (v->path.items[i].kind == CHOICE_OPTIONS) combinations *= v->path.items[i].option_count;
    for (uint32_t i = 0; i < combinations && v->case_count <= COVER_CASES_MAX; i++) {
        if (case_is_known(v, i)) continue;
        Buffer out = buffer_in(v->c->scratch);
        Shown shown = {.v = v, .out = &out, .picked = i};
        (void)part_show(&shown);
        if (out.length > CASE_BYTES_MAX) {
            v->has_cut_case = true;
            out.length = CASE_BYTES_MAX;
            while (out.length > 0 && ((unsigned char)out.data[out.length] & 0xC0) == 0x80)
                out.length--;
            buffer_literal(&out, "…");
        }
        v->cases[v->case_count++] = (Text){out.data, (uint32_t)out.length};
    }
}

// An arm for `_` is all that is missing, where one is.
static void cases_settle(Cover *v) {
    for (uint32_t i = 0; i < v->case_count; i++) {
        if (!text_equal(v->cases[i], TEXT("_"))) continue;
        v->cases[0] = v->cases[i];
        v->case_count = 1;
        v->has_cut_case = false;
    }
}

// `A`, `B` and `C`
static Text cases_text(const Cover *v) {
    Buffer out = buffer_in(v->c->scratch);
    bool has_more = v->case_count > COVER_CASES_MAX;
    uint32_t count = has_more ? COVER_CASES_MAX : v->case_count;
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) buffer_string(&out, i + 1 == count && !has_more ? " and " : ", ");
        buffer_char(&out, '`');
        buffer_text(&out, v->cases[i]);
        buffer_char(&out, '`');
    }
    if (has_more) buffer_literal(&out, " and more");
    return (Text){out.data, (uint32_t)out.length};
}

// ---- the fix ---------------------------------------------------------------------------------------------------------------

// `Falling(_)` → `todo_falling`: a name that is not known yet, so that nobody forgets to fill it in.
static void hole_write(Buffer *out, Text pattern) {
    size_t start = out->length;
    bool was_lower = false, wants_line = true;
    buffer_literal(out, "todo");
    size_t bare = out->length;
    for (uint32_t i = 0; i < pattern.length && out->length - start < 40; i++) {
        char ch = pattern.data[i];
        bool is_upper = ch >= 'A' && ch <= 'Z', is_lower = (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9');
        if (!is_upper && !is_lower) {
            wants_line = true;
            was_lower = false;
            continue;
        }
        if (wants_line || (is_upper && was_lower)) buffer_char(out, '_');
        buffer_char(out, is_upper ? (char)(ch - 'A' + 'a') : ch);
        wants_line = false;
        was_lower = is_lower;
    }
    if (out->length == bare) buffer_string(out, text_equal(pattern, TEXT("[]")) ? "_empty" : "_other");
}

// New arms stand as the last one does: on a line of its own, or beside the one before.
static Text arm_lead(const Body *c, uint32_t start) {
    const char *text = c->module->source->text.data;
    uint32_t line = start;
    while (line > 0 && (text[line - 1] == ' ' || text[line - 1] == '\t'))
        line--;
    if (line == 0 || text[line - 1] != '\n') return TEXT(", ");
    return arena_format(c->scratch, ",\n%.*s", (int)(start - line), text + line);
}

static void arms_fix(Cover *v, NodeIndex n, Diagnostic *d) {
    Body *c = v->c;
    uint32_t list = c->view.b[n], arms = tree_list_count(&c->view, list);
    NodeIndex last = arms == 0 ? c->view.a[n] : tree_list_item(&c->view, list, arms - 1);
    Span span = span_of(c, last);
    Text lead = arms == 0 ? TEXT(", ") : arm_lead(c, span.start);
    Buffer out = buffer_in(c->scratch);
    uint32_t count = v->case_count > COVER_CASES_MAX ? COVER_CASES_MAX : v->case_count;
    for (uint32_t i = 0; i < count; i++) {
        buffer_text(&out, lead);
        buffer_text(&out, v->cases[i]);
        buffer_literal(&out, " -> ");
        hole_write(&out, v->cases[i]);
    }
    DiagFix *fix = diag_fix(c->sink, d, count == 1 ? TEXT("add an arm for it") : TEXT("add arms for them"), false);
    span.start = span.end;
    diag_edit(c->sink, fix, span, (Text){out.data, (uint32_t)out.length});
}

// ---- what is asked -----------------------------------------------------------------------------------------------------------

void exhaustive_note(Body *c, PatternCheckKind kind, NodeIndex syntax, uint32_t node) {
    PatternCheck noted = {kind, syntax, node};
    vec_push(c->scratch, &c->pattern_checks, noted);
}

// Whether an error was reported in it, or hangs on one elsewhere.
static bool pattern_is_broken(Cover *v, uint32_t pattern) {
    if (pattern == 0) return true;
    v->walk.count = 0;
    vec_push(v->c->scratch, &v->walk, pattern);
    while (v->walk.count > 0) {
        uint32_t node = v->walk.items[--v->walk.count];
        if (is_error(v->c, v->c->type[node])) return true;
        cover_parts_push(v, node);
    }
    return false;
}

static NodeIndex alternatives_syntax(const Body *c, uint32_t node) {
    uint32_t low = 0, high = c->pattern_alternatives.count / 2;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (c->pattern_alternatives.items[2 * middle] < node)
            low = middle + 1;
        else
            high = middle;
    }
    return c->pattern_alternatives.items[2 * low + 1];
}

static bool warns(const Cover *v) { return !v->is_too_long && v->c->module->kind == MODULE_PROJECT; }

// The alternatives of a pattern that can be reached itself.
static void alternatives_report(Cover *v, uint32_t pattern) {
    Body *c = v->c;
    v->walk.count = 0;
    vec_push(c->scratch, &v->walk, pattern);
    while (v->walk.count > 0) {
        uint32_t node = v->walk.items[--v->walk.count];
        if (c->kind[node] != TYPED_PAT_OR) {
            cover_parts_push(v, node);
            continue;
        }
        NodeIndex syntax = alternatives_syntax(c, node);
        const uint32_t *parts = c->extra.items + c->b[node];
        for (uint32_t i = 0; i < parts[0]; i++) {
            if (v->is_reached[parts[1 + i]] != 0) {
                vec_push(c->scratch, &v->walk, parts[1 + i]);
                continue;
            }
            NodeIndex at = tree_list_item(&c->view, c->view.b[syntax], i);
            Diagnostic *d = diag(c->sink, DIAG_UNREACHABLE_ARM, span_of(c, at), TEXT("alternative"));
            diag_note(c->sink, d, TEXT("what is before it already fits everything that it would fit"));
        }
    }
}

static void must_fit_check(Cover *v, NodeIndex n, uint32_t pattern, bool can_fail) {
    Body *c = v->c;
    const uint8_t unguarded = 0;
    if (cover_head(c, pattern) == 0) return; // a name or `_`: most are
    if (pattern_is_broken(v, pattern) || (can_fail && c->pattern_alternatives.count == 0)) return;
    cover_rows(v, &pattern, &unguarded, 1);
    cases_settle(v);
    if (!can_fail && (v->case_count > 0 || v->is_too_long)) {
        Text cases =
            v->is_too_long ? TEXT("every value for sure: to know takes more than 1,000,000 steps") : cases_text(v);
        Diagnostic *d = diag(c->sink, DIAG_PATTERN_CAN_FAIL, span_of(c, n), cases);
        diag_note(c->sink, d, TEXT("use `match`, which says what happens otherwise"));
    }
    if (warns(v)) alternatives_report(v, pattern);
}

// A match without any arm: what its type has, one level deep.
static void cases_of_type(Cover *v, TypeId type) {
    Body *c = v->c;
    TypeShape shape = type_shape(c, type);
    const TypeDecl *decl = shape.kind == TYPE_NAMED ? &c->program->type_decls[shape.head] : NULL;
    v->case_count = 0;
    if (shape.kind == TYPE_BOOL) {
        v->cases[v->case_count++] = TEXT("true");
        v->cases[v->case_count++] = TEXT("false");
    }
    for (uint32_t i = 0; decl != NULL && decl->kind == DECL_SUM && i < decl->variant_count; i++) {
        if (v->case_count > COVER_CASES_MAX) break;
        if (cover_variant_is_empty(c, &shape, i)) continue;
        Buffer out = buffer_in(c->scratch);
        buffer_text(&out, name_text(c, decl->variants[i].name));
        Choice choice = {.kind = CHOICE_VARIANT};
        Shown shown = {.v = v, .out = &out};
        (void)parts_show(&shown, &choice, decl->variants[i].field_count);
        v->cases[v->case_count++] = (Text){out.data, (uint32_t)out.length};
    }
    if (v->case_count == 0) v->cases[v->case_count++] = TEXT("_");
}

static void report_not_covered(Cover *v, NodeIndex n, TypeId type, bool has_guards) {
    Body *c = v->c;
    Text shown = type_text(c, type);
    Text cases = v->is_too_long ? TEXT("every value for sure: to know takes more than 1,000,000 steps") : cases_text(v);
    Diagnostic *d = diag(c->sink, DIAG_MATCH_NOT_COVERED, tree_token_span(&c->view, n), cases);
    diag_label(c->sink, d, span_of(c, c->view.a[n]),
               arena_format(c->scratch, "this is `%.*s`", (int)shown.length, shown.data));
    if (has_guards)
        diag_note(c->sink, d, TEXT("an arm with a condition does not count: it may be false"));
    else if (!v->is_too_long && text_equal(v->cases[0], TEXT("_")))
        diag_note(c->sink, d, TEXT("`_` stands for every value that the arms do not name"));
    if (v->is_too_long) {
        diag_note(c->sink, d, TEXT("end it with an arm for `_`"));
        return;
    }
    if (!v->has_cut_case) arms_fix(v, n, d);
}

// Arms for distinct variants, without conditions and with parts that fit everything, and then perhaps one for the rest: what
// most matches are. All of their arms are reached, and true says that they leave nothing out.
static bool is_plain_match(const Cover *v, TypeId type, const uint32_t *patterns, const uint8_t *guarded,
                           uint32_t count) {
    Body *c = v->c;
    TypeShape shape = type_shape(c, type);
    if (shape.kind != TYPE_NAMED || count == 0) return false;
    const TypeDecl *decl = &c->program->type_decls[shape.head];
    if (decl->variant_count > 64) return false;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t head = cover_head(c, patterns[i]);
        if (guarded[i] != 0) return false;
        if (head == 0 && i + 1 == count) {
            for (uint32_t k = 0; k < decl->variant_count; k++) // somebody must be left for it
                if ((seen >> k & 1) == 0 && !cover_variant_is_empty(c, &shape, k)) return true;
            return false;
        }
        if (head == 0 || c->kind[head] != TYPED_PAT_CONSTRUCT || c->a[head] >= decl->variant_count) return false;
        if ((seen >> c->a[head] & 1) != 0) return false;
        seen |= UINT64_C(1) << c->a[head];
        const uint32_t *parts = c->extra.items + c->b[head];
        for (uint32_t k = 1; k <= parts[0]; k++)
            if (cover_head(c, parts[k]) != 0) return false;
    }
    return count == decl->variant_count;
}

static void match_check_patterns(Cover *v, NodeIndex n, uint32_t node) {
    Body *c = v->c;
    TypeId type = c->type[c->a[node]];
    const uint32_t *words = c->extra.items + c->b[node];
    uint32_t count = words[0], whole = count; // whole: the first arm that fits everything
    bool has_guards = false;
    if (is_kind(c, type, TYPE_NEVER) || is_error(c, type)) return;
    uint32_t *patterns = arena_array(c->scratch, uint32_t, count + 1);
    uint8_t *guarded = arena_array(c->scratch, uint8_t, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        patterns[i] = words[1 + 3 * i];
        guarded[i] = words[2 + 3 * i] != 0;
        has_guards |= guarded[i] != 0;
        if (pattern_is_broken(v, patterns[i])) return;
        if (whole == count && guarded[i] == 0 && cover_head(c, patterns[i]) == 0) whole = i;
    }
    if (is_plain_match(v, type, patterns, guarded, count)) return;
    cover_rows(v, patterns, guarded, count);
    cases_settle(v);
    if (count == 0) cases_of_type(v, type);
    bool is_covered = whole < count || (v->case_count == 0 && !v->is_too_long);
    if (!is_covered && !c->has_syntax_errors) report_not_covered(v, n, type, has_guards);
    if (!warns(v)) return;
    for (uint32_t i = 0; i < count; i++) {
        if (v->arm_reached[i] != 0) {
            if (c->pattern_alternatives.count > 0) alternatives_report(v, patterns[i]);
            continue;
        }
        NodeIndex arm = tree_list_item(&c->view, c->view.b[n], i);
        Diagnostic *d = diag(c->sink, DIAG_UNREACHABLE_ARM, span_of(c, c->view.a[arm]), TEXT("arm"));
        if (whole < i) {
            NodeIndex before = tree_list_item(&c->view, c->view.b[n], whole);
            diag_label(c->sink, d, span_of(c, c->view.a[before]), TEXT("this one already fits everything"));
        } else {
            diag_note(c->sink, d, TEXT("the arms before it already fit everything that it would fit"));
        }
    }
}

void exhaustive_check(Body *c) {
    if (c->pattern_checks.count == 0) return;
    Cover *v = arena_new(c->scratch, Cover);
    v->c = c;
    v->is_reached = arena_array(c->scratch, uint8_t, c->node_count);
    for (uint32_t i = 0; i < c->pattern_checks.count; i++) {
        const PatternCheck *asked = &c->pattern_checks.items[i];
        if (asked->kind == CHECK_MATCH)
            match_check_patterns(v, asked->syntax, asked->node);
        else
            must_fit_check(v, asked->syntax, asked->node, asked->kind == CHECK_ALTERNATIVES);
    }
}

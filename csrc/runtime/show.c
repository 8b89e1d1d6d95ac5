// runtime/show.c: the text of any value, by its description (chapter 5 of the reference, "Printable forms").
//
// A str or char is raw where it is the whole, and quoted where it is a part; every other part stands as its own text.
// A SiBuffer is a frame on the task, so that a panic in a `show` of the program releases the text built so far.
#include "runtime/runtime_internal.h"
#include <stdio.h>

// ---- the buffer ----------------------------------------------------------------------------------------------------------
static const SiSlot buffer_slot = {offsetof(SiBuffer, text), &si_type_str};
static const SiFrameInfo buffer_info = {1, &buffer_slot};

// Not inlined: gcc would see a frame of a function that ends in a panic as a dangling pointer, which the panic itself removes.
__attribute__((noinline)) void si_buffer_begin(SiTask *task, SiBuffer *buffer, int64_t capacity) {
    buffer->task = task;
    buffer->text = si_str_new(task, capacity);
    SI_FRAME_PUSH(task, *buffer, &buffer_info);
    buffer->frame.live[0] = 1;
}

SiStr *si_buffer_end(SiBuffer *buffer) {
    SI_FRAME_POP(buffer->task, *buffer);
    return buffer->text;
}

static void add(SiBuffer *buffer, const char *bytes, int64_t length, int64_t points) {
    SiStr *text = buffer->text;
    if (text->capacity - text->bytes >= length) {
        memcpy(text->data + text->bytes, bytes, (size_t)length);
        text->bytes += length;
        text->points += points;
        return;
    }
    buffer->text = si_str_append(buffer->task, text, bytes, length, points);
}

void si_buffer_add(SiBuffer *buffer, const char *bytes, int64_t length) {
    add(buffer, bytes, length, si_utf8_count(bytes, length));
}
void si_buffer_add_str(SiBuffer *buffer, const SiStr *text) { add(buffer, text->data, text->bytes, text->points); }

void si_buffer_add_char(SiBuffer *buffer, uint32_t c) {
    char bytes[4];
    add(buffer, bytes, si_utf8_encode(c, bytes), 1);
}

static void add_escaped(SiBuffer *buffer, uint32_t c, uint32_t quote) {
    char text[16];
    switch (c) {
    case '\\':
        buffer_add_text(buffer, "\\\\");
        return;
    case '\n':
        buffer_add_text(buffer, "\\n");
        return;
    case '\t':
        buffer_add_text(buffer, "\\t");
        return;
    case '\r':
        buffer_add_text(buffer, "\\r");
        return;
    case 0:
        buffer_add_text(buffer, "\\0");
        return;
    default:
        break;
    }
    if (c == quote) si_buffer_add_char(buffer, '\\');
    if (c < 0x20 || (c >= 0x7F && c < 0xA0)) { // the other control characters
        snprintf(text, sizeof text, "\\u{%x}", (unsigned)c);
        buffer_add_text(buffer, text);
        return;
    }
    si_buffer_add_char(buffer, c);
}

void si_buffer_add_quoted(SiBuffer *buffer, const SiStr *text) {
    si_buffer_add_char(buffer, '"');
    int64_t plain = 0; // where the run of characters that need no escape began
    for (int64_t offset = 0; offset < text->bytes;) {
        int64_t start = offset;
        uint32_t c = utf8_decode(text->data, &offset);
        if (c >= 0x20 && c != '"' && c != '\\' && !(c >= 0x7F && c < 0xA0)) continue;
        si_buffer_add(buffer, text->data + plain, start - plain);
        add_escaped(buffer, c, '"');
        plain = offset;
    }
    si_buffer_add(buffer, text->data + plain, text->bytes - plain);
    si_buffer_add_char(buffer, '"');
}

SiStr *si_quoted(SiTask *task, SiStr *text) {
    SiBuffer buffer;
    si_buffer_begin(task, &buffer, text->bytes + 2);
    si_buffer_add_quoted(&buffer, text);
    return si_buffer_end(&buffer);
}

// ---- values ----------------------------------------------------------------------------------------------------------------
// `Circle(radius: 1.5)`, `Some(3)`, `Empty`
static void show_variant(SiBuffer *buffer, const char *value, const SiVariant *variant) {
    buffer_add_text(buffer, variant->name);
    if (variant->field_count == 0) return;
    for (uint32_t i = 0; i < variant->field_count; i++) {
        const SiField *field = &variant->fields[i];
        buffer_add_text(buffer, i == 0 ? "(" : ", ");
        if (field->name[0] != 0) {
            buffer_add_text(buffer, field->name);
            buffer_add_text(buffer, ": ");
        }
        si_show_value(buffer, value + field->offset, field->type, true);
    }
    buffer_add_text(buffer, ")");
}

// `Point { x: 1, y: 2 }`, `Empty {}`; without a name (anonymous) `{ x: 1 }`
static void show_record(SiBuffer *buffer, const char *value, const SiType *type) {
    const SiVariant *variant = &type->variants[0];
    const char *name = type->name;
    // Of `Box<int>` only what stands before the arguments is shown; `{ a: int }` is the name of an anonymous record.
    int64_t length = name[0] == '{' ? 0 : (int64_t)strcspn(name, "<");
    si_buffer_add(buffer, name, length);
    if (length > 0) buffer_add_text(buffer, " ");
    if (variant->field_count == 0) {
        buffer_add_text(buffer, "{}");
        return;
    }
    for (uint32_t i = 0; i < variant->field_count; i++) {
        const SiField *field = &variant->fields[i];
        buffer_add_text(buffer, i == 0 ? "{ " : ", ");
        buffer_add_text(buffer, field->name);
        buffer_add_text(buffer, ": ");
        si_show_value(buffer, value + field->offset, field->type, true);
    }
    buffer_add_text(buffer, " }");
}

static void show_map(SiBuffer *buffer, const SiMap *map, const SiType *type) {
    const void *key, *value;
    bool is_set = type->kind == SI_SET;
    buffer_add_text(buffer, is_set ? "Set{" : "{");
    bool is_first = true;
    for (int64_t i = si_map_next(map, 0, &key, &value); i >= 0; i = si_map_next(map, i + 1, &key, &value)) {
        if (!is_first) buffer_add_text(buffer, ", ");
        is_first = false;
        si_show_value(buffer, key, type->element, true);
        if (is_set) continue;
        buffer_add_text(buffer, ": ");
        si_show_value(buffer, value, type->value, true);
    }
    buffer_add_text(buffer, "}");
}

static void show_range(SiBuffer *buffer, const SiRange *range, const SiType *part) {
    for (int side = 0; side < 2; side++) {
        int64_t bound = side == 0 ? range->from : range->to;
        if (part != NULL && part->kind == SI_CHAR) {
            si_buffer_add_char(buffer, '\'');
            add_escaped(buffer, (uint32_t)bound, '\'');
            si_buffer_add_char(buffer, '\'');
        } else {
            char text[NUMBER_TEXT_MAX];
            si_buffer_add(buffer, text, si_number_from_int(bound, text));
        }
        if (side == 0) buffer_add_text(buffer, range->inclusive ? "..=" : "..");
    }
}

void si_show_value(SiBuffer *buffer, const void *value, const SiType *type, bool is_part) {
    SI_STACK_CHECK(buffer->task, "to_string", NULL);
    char text[NUMBER_TEXT_MAX];
    int length = 0;
    if (type->show != NULL) {
        SiStr *shown = type->show(buffer->task, value);
        si_buffer_add_str(buffer, shown);
        si_release(buffer->task, shown);
        return;
    }
    switch ((SiKind)type->kind) {
    case SI_UNIT:
        buffer_add_text(buffer, "()");
        return;
    case SI_INT:
        length = si_number_from_int(*(const int64_t *)value, text);
        break;
    case SI_FLOAT:
        length = si_number_from_float(*(const double *)value, text);
        break;
    case SI_BOOL:
        buffer_add_text(buffer, *(const uint8_t *)value ? "true" : "false");
        return;
    case SI_BYTE:
        length = si_number_from_int(*(const uint8_t *)value, text);
        break;
    case SI_DURATION:
        length = si_number_from_duration(*(const int64_t *)value, text);
        break;
    case SI_SIZE:
        length = si_number_from_size(*(const int64_t *)value, text);
        break;
    case SI_INSTANT:
        length = si_number_from_duration(*(const int64_t *)value, text);
        break; // not Printable: for debuggers
    case SI_CHAR:
        if (!is_part) {
            si_buffer_add_char(buffer, *(const uint32_t *)value);
            return;
        }
        si_buffer_add_char(buffer, '\'');
        add_escaped(buffer, *(const uint32_t *)value, '\'');
        si_buffer_add_char(buffer, '\'');
        return;
    case SI_ENUM:
        buffer_add_text(buffer, type->variants[*(const uint32_t *)value].name);
        return;
    case SI_STR:
        if (is_part)
            si_buffer_add_quoted(buffer, *(SiStr *const *)value);
        else
            si_buffer_add_str(buffer, *(SiStr *const *)value);
        return;
    case SI_LIST: {
        const SiList *list = *(SiList *const *)value;
        buffer_add_text(buffer, "[");
        for (int64_t i = 0; i < list->length; i++) {
            if (i > 0) buffer_add_text(buffer, ", ");
            si_show_value(buffer, list->items + i * (int64_t)type->element->size, type->element, true);
        }
        buffer_add_text(buffer, "]");
        return;
    }
    case SI_MAP:
    case SI_SET:
        show_map(buffer, *(SiMap *const *)value, type);
        return;
    case SI_CLOSURE:
        buffer_add_text(buffer, type->name);
        return; // not Printable: for debuggers
    case SI_RANGE:
        show_range(buffer, value, type->element);
        return;
    case SI_TUPLE:
        for (uint32_t i = 0; i < type->variants[0].field_count; i++) {
            const SiField *field = &type->variants[0].fields[i];
            buffer_add_text(buffer, i == 0 ? "(" : ", ");
            si_show_value(buffer, (const char *)value + field->offset, field->type, true);
        }
        buffer_add_text(buffer, ")");
        return;
    case SI_RECORD:
        show_record(buffer, value, type);
        return;
    case SI_SUM:
        show_variant(buffer, value, &type->variants[*(const uint32_t *)value]);
        return;
    case SI_NEWTYPE:
        si_buffer_add(buffer, type->name, (int64_t)strcspn(type->name, "<"));
        buffer_add_text(buffer, "(");
        si_show_value(buffer, value, type->element, true);
        buffer_add_text(buffer, ")");
        return;
    case SI_BOX:
        si_show_value(buffer, *(const char *const *)value + type->content_offset, type->element, is_part);
        return;
    }
    add(buffer, text, length, length);
}

SiStr *si_show(SiTask *task, const void *value, const SiType *type) {
    if (type->show != NULL) return type->show(task, value);
    if (type->kind == SI_STR) {
        SiStr *text = *(SiStr *const *)value;
        si_retain(text);
        return text;
    }
    SiBuffer buffer;
    si_buffer_begin(task, &buffer, 24);
    si_show_value(&buffer, value, type, false);
    return si_buffer_end(&buffer);
}

// The prelude's Error is { message, source }, where `source` is a boxed Option (docs/ABI.md section 1): its cell tells the rest.
SiStr *si_error_show(SiTask *task, const void *error) {
    struct {
        SiStr *message;
        SiHeader *source;
    } const *part = error;
    SiBuffer buffer;
    si_buffer_begin(task, &buffer, 64);
    for (;;) {
        si_buffer_add_str(&buffer, part->message);
        const char *content = (const char *)part->source + part->source->type->content_offset;
        const SiVariant *variant = &part->source->type->element->variants[*(const uint32_t *)(const void *)content];
        if (variant->field_count == 0) return si_buffer_end(&buffer); // None
        buffer_add_text(&buffer, ": caused by ");
        part = (const void *)(content + variant->fields[0].offset);
    }
}

SiStr *si_list_join(SiTask *task, SiList *self, SiStr *separator, const SiType *T) {
    SiBuffer buffer;
    si_buffer_begin(task, &buffer, 32);
    for (int64_t i = 0; i < self->length; i++) {
        if (i > 0) si_buffer_add_str(&buffer, separator);
        si_show_value(&buffer, self->items + i * (int64_t)T->size, T, false);
    }
    return si_buffer_end(&buffer);
}

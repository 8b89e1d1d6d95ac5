// syntax/tree_print.c: a tree as text, for `sigil emit tree` and for tests.
//
// (KIND words children): lists in brackets, `-` for what is absent. A child with children of its own begins a line, indented.
// The stack is in the arena, because chains of operators may be long.
#include "syntax/tree_operands.h"

#define INDENT_MAX 40u // deeper lines are not indented further: a chain of n operators would print n² spaces

typedef struct Step {
    enum { STEP_NODE, STEP_TEXT } kind;
    NodeIndex node;
    uint32_t depth;
    const char *text;
} Step;

typedef struct Printer {
    const TreeView *v;
    const NameInterner *names;
    Buffer *out;
    VEC(Step) steps;
} Printer;

static void push(Printer *printer, Step step) { vec_push(printer->out->arena, &printer->steps, step); }

static void print_name(const Printer *printer, uint32_t name) {
    Text text = names_text(printer->names, (NameId){name});
    if (name == 0)
        buffer_char(printer->out, '-');
    else
        buffer_text(printer->out, text);
}

static void print_quoted(Buffer *out, Text text) {
    buffer_char(out, '"');
    for (uint32_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '"' || c == '\\')
            buffer_format(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7F)
            buffer_format(out, "\\x%02X", c);
        else
            buffer_char(out, (char)c);
    }
    buffer_char(out, '"');
}

static void print_value(const Printer *printer, NodeIndex node, uint32_t value) {
    Buffer *out = printer->out;
    const Tokens *tokens = printer->v->file_tokens;
    uint64_t bits = value < tokens->literal_count ? tokens->literals[value] : 0;
    switch ((NodeKind)printer->v->kinds[node]) {
    case NODE_INT:
    case NODE_DURATION:
    case NODE_SIZE:
        buffer_format(out, "%llu", (unsigned long long)bits);
        break;
    case NODE_FLOAT: {
        double number;
        memcpy(&number, &bits, sizeof number);
        buffer_format(out, "%.17g", number);
        break;
    }
    case NODE_CHAR:
        buffer_format(out, "U+%04X", value);
        break;
    case NODE_BOOL:
        buffer_string(out, value != 0 ? "true" : "false");
        break;
    case NODE_OPERATOR:
        buffer_string(out, node_kind_name((NodeKind)value));
        break;
    case NODE_PATTERN_EXPR: {
        static const char *const words[] = {
#define PATTERN(kind, word) word,
#include "syntax/patterns.def"
#undef PATTERN
        };
        buffer_string(out, words[value]);
        break;
    }
    default:
        buffer_format(out, "%u", value);
        break;
    }
}

static void print_flags(Buffer *out, uint32_t flags) {
    if ((flags & HEAD_PUBLIC) != 0) buffer_literal(out, " pub");
    if ((flags & HEAD_HAS_SELF) != 0) buffer_literal(out, " self");
}

static void new_line(Buffer *out, uint32_t depth) {
    buffer_char(out, '\n');
    for (uint32_t i = 0; i < (depth < INDENT_MAX ? depth : INDENT_MAX); i++)
        buffer_literal(out, "  ");
}

static void push_list(Printer *printer, const uint32_t *items, uint32_t count, uint32_t depth) {
    push(printer, (Step){STEP_TEXT, 0, depth, " ["});
    for (uint32_t i = 0; i < count; i++)
        push(printer, (Step){STEP_NODE, items[i], depth, NULL});
    push(printer, (Step){STEP_TEXT, 0, depth, "]"});
}

static void push_operand(Printer *printer, NodeIndex node, const Operand *operand, uint32_t depth) {
    const TreeView *v = printer->v;
    Buffer *out = printer->out;
    bool is_pairs = operand->label != NULL && strcmp(operand->label, "pairs") == 0;
    if (operand->label != NULL && operand->value == 0 && operand->form != OPERAND_VALUE)
        return; // absent part of a head
    if (operand->label != NULL && operand->form != OPERAND_VALUE && !is_pairs) {
        push(printer, (Step){STEP_TEXT, 0, depth, " "});
        push(printer, (Step){STEP_TEXT, 0, depth, operand->label});
        push(printer, (Step){STEP_TEXT, 0, depth, ":"});
    }
    switch (operand->form) {
    case OPERAND_NODE:
        if (operand->value != 0)
            push(printer, (Step){STEP_NODE, operand->value, depth, NULL});
        else
            push(printer, (Step){STEP_TEXT, 0, depth, " -"});
        break;
    case OPERAND_LIST:
        if (operand->value == 0 && operand->is_optional)
            push(printer, (Step){STEP_TEXT, 0, depth, " -"});
        else
            push_list(printer, v->extra + operand->value + 1, tree_list_count(v, operand->value) * (is_pairs ? 2 : 1),
                      depth);
        break;
    case OPERAND_NAMES:
        if (operand->value == 0) {
            push(printer, (Step){STEP_TEXT, 0, depth, " -"});
        } else {
            push(printer, (Step){STEP_TEXT, 0, depth, " "});
            for (uint32_t i = 0; i < tree_list_count(v, operand->value); i++) {
                if (i > 0) push(printer, (Step){STEP_TEXT, 0, depth, "."});
                NameId name = {tree_list_item(v, operand->value, i)};
                push(printer, (Step){STEP_TEXT, 0, depth, names_text(printer->names, name).data}); // ends in NUL
            }
        }
        break;
    case OPERAND_NAME:
        buffer_char(out, ' ');
        if (v->kinds[node] == NODE_STR || (v->kinds[node] == NODE_IMPORT_PATH && operand->value != 0))
            print_quoted(out, names_text(printer->names, (NameId){operand->value}));
        else
            print_name(printer, operand->value);
        break;
    case OPERAND_VALUE:
        if (operand->label != NULL) {
            print_flags(out, operand->value);
        } else {
            buffer_char(out, ' ');
            print_value(printer, node, operand->value);
        }
        break;
    }
}

static void print_node(Printer *printer, NodeIndex node, uint32_t depth) {
    const TreeView *v = printer->v;
    NodeKind kind = v->kinds[node];
    uint32_t base = printer->steps.count;
    Operand operands[TREE_OPERANDS_MAX];
    uint32_t count = tree_operands(v, node, operands);
    bool is_leaf = true;
    for (uint32_t i = 0; i < count; i++)
        if (operands[i].form <= OPERAND_LIST && operands[i].value != 0) is_leaf = false;
    if (is_leaf && depth > 0)
        buffer_char(printer->out, ' ');
    else if (depth > 0)
        new_line(printer->out, depth);
    buffer_char(printer->out, '(');
    buffer_string(printer->out, node_kind_name(kind));
    for (uint32_t i = 0; i < count; i++)
        push_operand(printer, node, &operands[i], depth + 1);
    push(printer, (Step){STEP_TEXT, 0, depth, ")"});
    for (uint32_t low = base, high = printer->steps.count - 1; low < high;
         low++, high--) { // the stack is last in, first out
        Step step = printer->steps.items[low];
        printer->steps.items[low] = printer->steps.items[high];
        printer->steps.items[high] = step;
    }
}

void tree_print(const Tree *tree, const Tokens *tokens, const NameInterner *names, Buffer *out) {
    for (uint32_t i = 0; i < tree->declaration_count; i++) {
        const Declaration *d = &tree->declarations[i];
        TreeView view = tree_view(tree, tokens, d);
        Printer printer = {.v = &view, .names = names, .out = out};
        push(&printer, (Step){STEP_NODE, d->root, 0, NULL});
        while (printer.steps.count > 0) {
            Step step = printer.steps.items[--printer.steps.count];
            if (step.kind == STEP_NODE)
                print_node(&printer, step.node, step.depth);
            else
                buffer_string(out, step.text);
        }
        buffer_char(out, '\n');
    }
}

// syntax/tree_operands.h: the operands of a node as nodes.def describes them, one by one. For what must know all kinds of
// nodes alike: the checker of shapes, the printer, spans. Passes that mean something by a node read its fields instead.
#pragma once
#include "syntax/tree.h"

typedef enum OperandForm {
    OPERAND_NODE,  // value: a node
    OPERAND_LIST,  // value: a list of nodes, or 0
    OPERAND_NAME,  // value: a NameId
    OPERAND_NAMES, // value: a list of NameIds, or 0
    OPERAND_VALUE, // value: a number
} OperandForm;

typedef enum OperandFamily { FAMILY_ANY, FAMILY_EXPR, FAMILY_TYPE, FAMILY_PAT } OperandFamily;

typedef struct Operand {
    OperandForm form;
    OperandFamily family;
    bool is_optional; // 0 means absent
    uint32_t value;
    const char *label; // of a word in a head, else NULL
} Operand;

#define TREE_OPERANDS_MAX 12u

// FOR_LOOP's pairs are given as a list of patterns and expressions by turns.
uint32_t tree_operands(const TreeView *v, NodeIndex node, Operand out[TREE_OPERANDS_MAX]);
// The column `token` of nodes.def.
const char *node_kind_token(NodeKind kind);

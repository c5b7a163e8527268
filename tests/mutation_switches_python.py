"""Python sources in which every change stands behind a switch."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Sequence
from typing import TypeAlias

from mutants import Mutant

#: A change, and how it is made of the node that has it.
Change: TypeAlias = tuple[int, Callable[[ast.AST], ast.AST]]

_OPERATORS: dict[str, type[ast.AST]] = {
    "+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div,
    "<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE, "==": ast.Eq, "!=": ast.NotEq,
    "and": ast.And, "or": ast.Or, "is": ast.Is, "is not": ast.IsNot, "in": ast.In, "not in": ast.NotIn,
}  # fmt: skip


def switched(source: str, changes: Sequence[tuple[int, Mutant]]) -> tuple[str, set[int]]:
    """Put changes behind switches; return the source and the numbers of the changes for which that went."""
    tree = ast.parse(source)
    lines = source.splitlines()
    found = _Places(lines, changes)
    found.visit(tree)
    tree = _Switching(found.at).visit(tree)
    # After the docstring and what has to stand first.
    at = next(i for i, node in enumerate(tree.body) if i > 0 and not _stands_first(node))
    tree.body.insert(at, ast.parse("import mutation_switch").body[0])
    return ast.unparse(ast.fix_missing_locations(tree)), {
        number for on_node in found.at.values() for number, _ in on_node
    }


def _stands_first(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


class _Places(ast.NodeVisitor):
    """The nodes that changes belong to."""

    def __init__(self, lines: list[str], changes: Sequence[tuple[int, Mutant]]) -> None:
        self.lines = lines
        self.changes = changes
        self.at: dict[ast.AST, list[Change]] = {}

    def _between(self, one: ast.expr, other: ast.expr) -> list[tuple[int, Mutant]]:
        """Those between the end of a node and the beginning of another."""
        assert one.end_lineno is not None
        assert one.end_col_offset is not None
        start, end = (
            self._place(one.end_lineno, one.end_col_offset),
            self._place(other.lineno, other.col_offset),
        )
        return [c for c in self.changes if start <= (c[1].line, c[1].column) < end]

    def _here(self, node: ast.expr) -> list[tuple[int, Mutant]]:
        place = self._place(node.lineno, node.col_offset)
        return [c for c in self.changes if (c[1].line, c[1].column) == place]

    def _place(self, line: int, column: int) -> tuple[int, int]:
        """Line and column in characters, not in bytes."""
        return line, len(self.lines[line - 1].encode()[:column].decode())

    def _add(self, node: ast.AST, number: int, change: Callable[[ast.AST], ast.AST]) -> None:
        self.at.setdefault(node, []).append((number, change))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Texts stay."""

    def visit_MatchValue(self, node: ast.MatchValue) -> None:
        """Patterns take no calls."""

    def visit_arg(self, node: ast.arg) -> None:
        """Types are not run."""

    def visit_Constant(self, node: ast.Constant) -> None:
        for number, mutant in self._here(node):
            value = ast.literal_eval(mutant.after)
            self._add(node, number, lambda _, value=value: ast.Constant(value))

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self.generic_visit(node)
        self._operator(node, self._between(node.left, node.right))

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.generic_visit(node)
        self._operator(node, self._between(node.target, node.value))

    def _operator(self, node: ast.AST, changes: list[tuple[int, Mutant]]) -> None:
        for number, mutant in changes:
            kind = _OPERATORS[mutant.after.rstrip("=")]
            self._add(node, number, lambda node, kind=kind: _with(node, op=kind()))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not):
            for number, _ in self._here(node):
                self._add(node, number, lambda node: node.operand)

    def visit_Compare(self, node: ast.Compare) -> None:
        self.generic_visit(node)
        operands = [node.left, *node.comparators]
        for i in range(len(node.ops)):
            for number, mutant in self._between(operands[i], operands[i + 1]):
                kind = _OPERATORS[mutant.after]
                self._add(
                    node,
                    number,
                    lambda node, i=i, kind=kind: _with(node, ops=[*node.ops[:i], kind(), *node.ops[i + 1 :]]),
                )

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self.generic_visit(node)
        for i in range(len(node.values) - 1):
            for number, _ in self._between(node.values[i], node.values[i + 1]):
                self._add(node, number, lambda node, i=i: _other_word(node, i))


def _with(node: ast.AST, **fields: object) -> ast.AST:
    for name, value in fields.items():
        setattr(node, name, value)
    return node


def _other_word(node: ast.BoolOp, i: int) -> ast.AST:
    """``a and b and c`` with the i-th word the other one, which binds as it does in the text."""
    values = node.values
    if isinstance(node.op, ast.And):
        return ast.BoolOp(
            ast.Or(), [_joined(ast.And(), values[: i + 1]), _joined(ast.And(), values[i + 1 :])]
        )
    return _joined(ast.Or(), [*values[:i], ast.BoolOp(ast.And(), values[i : i + 2]), *values[i + 2 :]])


def _joined(word: ast.boolop, values: list[ast.expr]) -> ast.expr:
    return values[0] if len(values) == 1 else ast.BoolOp(word, values)


class _Switching(ast.NodeTransformer):
    """Each node with changes becomes a choice; a choice that is made has no other in it."""

    def __init__(self, at: dict[ast.AST, list[Change]]) -> None:
        self.at = at

    def visit(self, node: ast.AST) -> ast.AST:
        changes = self.at.get(node, [])
        copies = [copy.deepcopy(node) for _ in changes]
        result = self.generic_visit(node)
        for (number, change), mine in zip(changes, copies, strict=True):
            asked = ast.parse(f"mutation_switch.on({number})", mode="eval").body
            if isinstance(node, ast.stmt):
                result = ast.If(asked, [change(mine)], [result])
            else:
                result = ast.IfExp(asked, change(mine), result)
        return result

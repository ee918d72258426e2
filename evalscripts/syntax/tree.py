"""The tree: ESTree's words (github.com/estree/estree), as small dataclasses with places.

    program    = Block of statements
    statement  = Block | Declaration | FunctionDeclaration | ClassDeclaration | Evaluate | If
               | For | ForIn | ForOf | While | DoWhile | Return | Break | Continue | Throw | Try
               | Switch | Labeled | Empty
    expression = Number | String | Boolean | Null | Name | This | Super | Template | Array | Object
               | Function | Class | Unary | Update | Binary | Logical | Assign | Conditional
               | Call | New | Member | Sequence | Other
    pattern    = Name | Member | ArrayPattern | ObjectPattern | Default | Rest

`Other` stands for what exists in JavaScript but not here (regular expressions, tagged templates,
generators, await …); it keeps its ESTree or grammar word, for messages. ``undefined``, ``NaN``
and ``Infinity`` are Names, as in JavaScript. Nodes compare by identity.
"""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True, eq=False)
class Node:
    """Anything in the tree."""

    start: int
    """Offset of the first character in the text, in code points."""
    end: int
    """Offset behind the last character."""


class Statement(Node):
    """What stands in a list of statements."""

    __slots__ = ()


class Expression(Node):
    """What has a value, and every pattern that can be assigned to."""

    __slots__ = ()


# ---- expressions ------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True, eq=False)
class Number(Expression):
    value: float


@dataclass(slots=True, kw_only=True, eq=False)
class String(Expression):
    value: str


@dataclass(slots=True, kw_only=True, eq=False)
class Boolean(Expression):
    value: bool


@dataclass(slots=True, kw_only=True, eq=False)
class Null(Expression):
    pass


@dataclass(slots=True, kw_only=True, eq=False)
class Name(Expression):
    name: str


@dataclass(slots=True, kw_only=True, eq=False)
class This(Expression):
    pass


@dataclass(slots=True, kw_only=True, eq=False)
class Super(Expression):
    pass


@dataclass(slots=True, kw_only=True, eq=False)
class Template(Expression):
    """`` `a${b}c` ``; one more text than values."""

    texts: tuple[str, ...]
    values: tuple[Expression, ...]


@dataclass(slots=True, kw_only=True, eq=False)
class Spread(Expression):
    """``...value`` in an array, an object or a call."""

    value: Expression


@dataclass(slots=True, kw_only=True, eq=False)
class Array(Expression):
    elements: tuple[Expression | None, ...]
    """None is a hole; may hold `Spread`."""


@dataclass(slots=True, kw_only=True, eq=False)
class Property(Node):
    """``key: value``, ``key``, ``[key]: value``, ``key() {…}``, ``get key() {…}``."""

    kind: str
    """``init``, ``get`` or ``set``."""
    key: str | Expression
    """A string where the key is written out; an expression where it is computed."""
    value: Expression


@dataclass(slots=True, kw_only=True, eq=False)
class Object(Expression):
    properties: tuple[Property | Spread, ...]


@dataclass(slots=True, kw_only=True, eq=False)
class Function(Expression):
    """Function expressions, arrows, methods, and the function of a declaration."""

    name: str | None
    parameters: tuple[Expression, ...]
    """Patterns."""
    body: "Block"
    """Of an arrow without braces: a block of one `Return`."""
    is_arrow: bool
    is_plain: bool
    """False for async functions and generators."""


@dataclass(slots=True, kw_only=True, eq=False)
class Method(Node):
    """One member of a class."""

    kind: str
    """``constructor``, ``method``, ``get``, ``set`` or ``field``."""
    key: str | Expression
    value: Expression | None
    """A `Function`; of a field its initial value."""
    is_static: bool


@dataclass(slots=True, kw_only=True, eq=False)
class Class(Expression):
    name: str | None
    parent: Expression | None
    members: tuple[Method, ...]


@dataclass(slots=True, kw_only=True, eq=False)
class Unary(Expression):
    operator: str
    """``- + ! ~ typeof void delete``."""
    value: Expression


@dataclass(slots=True, kw_only=True, eq=False)
class Update(Expression):
    operator: str
    """``++`` or ``--``."""
    is_prefix: bool
    target: Expression


@dataclass(slots=True, kw_only=True, eq=False)
class Binary(Expression):
    operator: str
    """Arithmetic, comparison, bits, ``in``, ``instanceof``."""
    left: Expression
    right: Expression


@dataclass(slots=True, kw_only=True, eq=False)
class Logical(Expression):
    operator: str
    """``&& || ??``."""
    left: Expression
    right: Expression


@dataclass(slots=True, kw_only=True, eq=False)
class Assign(Expression):
    operator: str
    """``=``, or an operator with it: ``+= &&=`` …"""
    target: Expression
    value: Expression


@dataclass(slots=True, kw_only=True, eq=False)
class Conditional(Expression):
    test: Expression
    then: Expression
    otherwise: Expression


@dataclass(slots=True, kw_only=True, eq=False)
class Call(Expression):
    callee: Expression
    arguments: tuple[Expression, ...]
    """May hold `Spread`."""
    is_optional: bool


@dataclass(slots=True, kw_only=True, eq=False)
class New(Expression):
    callee: Expression
    arguments: tuple[Expression, ...]


@dataclass(slots=True, kw_only=True, eq=False)
class Member(Expression):
    """``object.key`` and ``object[key]``."""

    object: Expression
    key: str | Expression
    is_optional: bool


@dataclass(slots=True, kw_only=True, eq=False)
class Sequence(Expression):
    values: tuple[Expression, ...]


@dataclass(slots=True, kw_only=True, eq=False)
class Other(Expression, Statement):
    """What the tree has no word for."""

    word: str


# ---- patterns ---------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True, eq=False)
class ArrayPattern(Expression):
    elements: tuple[Expression | None, ...]


@dataclass(slots=True, kw_only=True, eq=False)
class ObjectPattern(Expression):
    properties: tuple[tuple[str | Expression, Expression], ...]
    """(key, pattern)."""
    rest: Expression | None


@dataclass(slots=True, kw_only=True, eq=False)
class Default(Expression):
    """``target = value`` inside a pattern or a parameter list."""

    target: Expression
    value: Expression


@dataclass(slots=True, kw_only=True, eq=False)
class Rest(Expression):
    target: Expression


# ---- statements -------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True, eq=False)
class Block(Statement):
    body: tuple[Statement, ...]


@dataclass(slots=True, kw_only=True, eq=False)
class Declarator(Node):
    target: Expression
    value: Expression | None


@dataclass(slots=True, kw_only=True, eq=False)
class Declaration(Statement):
    kind: str
    """``var``, ``let`` or ``const``."""
    declarators: tuple[Declarator, ...]


@dataclass(slots=True, kw_only=True, eq=False)
class FunctionDeclaration(Statement):
    function: Function


@dataclass(slots=True, kw_only=True, eq=False)
class ClassDeclaration(Statement):
    definition: Class


@dataclass(slots=True, kw_only=True, eq=False)
class Evaluate(Statement):
    """An expression as a statement."""

    value: Expression


@dataclass(slots=True, kw_only=True, eq=False)
class If(Statement):
    test: Expression
    then: Statement
    otherwise: Statement | None


@dataclass(slots=True, kw_only=True, eq=False)
class For(Statement):
    first: Declaration | Expression | None
    test: Expression | None
    step: Expression | None
    body: Statement


@dataclass(slots=True, kw_only=True, eq=False)
class ForIn(Statement):
    kind: str | None
    """``var``, ``let``, ``const``, or None where the target is not declared here."""
    target: Expression
    object: Expression
    body: Statement


@dataclass(slots=True, kw_only=True, eq=False)
class ForOf(Statement):
    kind: str | None
    target: Expression
    object: Expression
    body: Statement


@dataclass(slots=True, kw_only=True, eq=False)
class While(Statement):
    test: Expression
    body: Statement


@dataclass(slots=True, kw_only=True, eq=False)
class DoWhile(Statement):
    body: Statement
    test: Expression


@dataclass(slots=True, kw_only=True, eq=False)
class Return(Statement):
    value: Expression | None


@dataclass(slots=True, kw_only=True, eq=False)
class Break(Statement):
    label: str | None


@dataclass(slots=True, kw_only=True, eq=False)
class Continue(Statement):
    label: str | None


@dataclass(slots=True, kw_only=True, eq=False)
class Throw(Statement):
    value: Expression


@dataclass(slots=True, kw_only=True, eq=False)
class Try(Statement):
    body: Block
    parameter: Expression | None
    handler: Block | None
    finalizer: Block | None


@dataclass(slots=True, kw_only=True, eq=False)
class Case(Node):
    test: Expression | None
    """None: default."""
    body: tuple[Statement, ...]


@dataclass(slots=True, kw_only=True, eq=False)
class Switch(Statement):
    value: Expression
    cases: tuple[Case, ...]


@dataclass(slots=True, kw_only=True, eq=False)
class Labeled(Statement):
    label: str
    body: Statement


@dataclass(slots=True, kw_only=True, eq=False)
class Empty(Statement):
    pass

"""Remarks on what a script reads: bands, samples, hooks and names."""

from collections.abc import Iterator

from evalscripts.check.subject import Remark, Subject, is_name, root_name
from evalscripts.setup import Mosaicking, SetupInput
from evalscripts.syntax import tree
from evalscripts.syntax.walk import children, descend

_SELECTING = ("preProcessScenes", "filterScenes")
_DEPRECATED = {"colorBlend": "valueInterpolate", "ColorGradientVisualizer": "ColorRampVisualizer"}
_WHOLE_OBJECT = frozenset({"keys", "values", "entries", "assign", "stringify", "fromEntries"})
_ITERATING = frozenset({"forEach", "map", "filter", "reduce", "some", "every", "find"})


def reading_remarks(subject: Subject) -> Iterator[Remark]:
    """Yield what is wrong with what the script reads."""
    yield from _unused_bands(subject)
    yield from _unasked_bands(subject)
    yield from _unchecked_samples(subject)
    yield from _idle_hooks(subject)
    yield from _forgotten_declarations(subject)
    yield from _old_functions(subject)
    yield from _comparisons_with_nan(subject)


# ---- bands -----------------------------------------------------------------------------------


def _unused_bands(subject: Subject) -> Iterator[Remark]:
    if subject.is_bare or subject.pixel is None or _reads_by_computed_names(subject):
        return
    mentioned = _mentioned(subject)
    for one in subject.setup.inputs:
        for band in one.bands:
            if band not in mentioned:
                yield subject.remark(
                    f"{band} is requested but never read: it is loaded for nothing", name="setup"
                )


def _mentioned(subject: Subject) -> set[str]:
    found: set[str] = set()
    for node in subject.outside_setup():
        match node:
            case tree.Member(key=str() as key) | tree.Property(key=str() as key):
                found.add(key)
            case tree.Name(name=name):
                found.add(name)
            case tree.String(value=value):
                found.add(value)
            case tree.ObjectPattern():
                found.update(key for key, _ in node.properties if isinstance(key, str))
            case tree.Template():
                found.update(node.texts)
            case _:
                continue
    return found


def _reads_by_computed_names(subject: Subject) -> bool:
    """Return whether a sample may be read by a name that the text does not show."""
    parameters = {
        parameter.name
        for node in descend(subject.program)
        if isinstance(node, tree.Function)
        for parameter in node.parameters
        if isinstance(parameter, tree.Name)
    }
    for node in subject.outside_setup():
        match node:
            case tree.Other() | tree.ForIn() | tree.Object(properties=(tree.Spread(), *_)):
                return True
            case tree.Member(key=str() as key) if key in _WHOLE_OBJECT:
                return True
            case tree.Member(key=tree.Number() | tree.String() | str()):
                continue
            case tree.Member() if _is_sample(subject, node.object, parameters):
                return True
            case _:
                continue
    return False


def _is_sample(subject: Subject, node: tree.Expression, parameters: set[str]) -> bool:
    """Return whether this may be a sample rather than the list of samples."""
    name = root_name(node)
    if name is None:
        return True
    lists = subject.setup.listed or subject.setup.inputs[0].mosaicking is not Mosaicking.SIMPLE
    if name == subject.samples and isinstance(node, tree.Name):
        return not lists
    return name in parameters or name not in subject.names.declared


def _unasked_bands(subject: Subject) -> Iterator[Remark]:
    if subject.is_bare or subject.pixel is None:
        return
    told: set[str] = set()
    called = {id(n.callee) for n in descend(subject.pixel) if isinstance(n, tree.Call)}
    for node in _own_nodes(subject):
        if not isinstance(node, tree.Member) or not isinstance(node.key, str):
            continue
        one = _input_of(subject, node.object)
        if one is None or id(node) in called or node.key in told or node.key in one.bands:
            continue
        told.add(node.key)
        yield subject.remark(
            f"{node.key} is read but not requested in setup(): it is undefined", node
        )


def _own_nodes(subject: Subject) -> Iterator[tree.Node]:
    """Yield evaluatePixel's nodes where its first parameter means what it means there."""
    if subject.pixel is None or subject.samples is None:
        return
    waiting: list[tree.Node] = list(subject.pixel.body.body)
    while waiting:
        node = waiting.pop(0)
        rebinds = isinstance(node, tree.Function) and any(
            is_name(part, subject.samples)
            for parameter in node.parameters
            for part in descend(parameter)
        )
        if not rebinds:
            yield node
            waiting = children(node) + waiting


def _input_of(subject: Subject, node: tree.Expression) -> SetupInput | None:
    """Return the input whose sample this is, where that is plain to see."""
    setup = subject.setup
    if subject.samples is None:
        return None
    if setup.is_fusion:
        match node:
            case tree.Member(
                object=tree.Member(object=tree.Name(name=subject.samples), key=str() as wanted),
                key=tree.Expression(),
            ):
                return next((one for one in setup.inputs if one.datasource == wanted), None)
            case _:
                return None
    if setup.listed or setup.inputs[0].mosaicking is not Mosaicking.SIMPLE:
        match node:
            case tree.Member(object=tree.Name(name=subject.samples), key=tree.Expression()):
                return setup.inputs[0]
            case _:
                return None
    return setup.inputs[0] if is_name(node, subject.samples) else None


# ---- samples and hooks -----------------------------------------------------------------------


def _unchecked_samples(subject: Subject) -> Iterator[Remark]:
    """`samples[0].B04` throws where there is no sample."""
    name, setup = subject.samples, subject.setup
    simple = all(one.mosaicking is Mosaicking.SIMPLE for one in setup.inputs)
    if name is None or subject.pixel is None or (simple and not setup.is_fusion):
        return
    first: tree.Node | None = None
    for node in descend(subject.pixel):
        if isinstance(node, tree.Member) and root_name(node) == name:
            if node.key == "length" or node.is_optional or node.key in _ITERATING:
                return
            item = node.object
            if isinstance(item, tree.Member) and isinstance(item.key, tree.Number):
                first = first or item
        elif _tests(node, name):
            return
    if first is not None:
        yield subject.remark(
            "there may be no sample here: look at the length of the list before reading "
            "from its first",
            first,
        )


def _tests(node: tree.Node, name: str) -> bool:
    """Return whether a condition asks for a sample, or a loop goes through them."""
    match node:
        case tree.If(test=test) | tree.Conditional(test=test) | tree.Logical(left=test):
            if isinstance(test, tree.Unary):
                test = test.value
            return isinstance(test, tree.Name | tree.Member) and root_name(test) == name
        case tree.ForOf() | tree.ForIn():
            return root_name(node.object) == name
        case tree.Try():
            return True
        case tree.Call(arguments=arguments):
            return any(root_name(argument) == name for argument in arguments)
        case tree.Declarator(value=tree.Name() | tree.Member() as value):
            return root_name(value) == name
        case _:
            return False


def _idle_hooks(subject: Subject) -> Iterator[Remark]:
    if any(one.mosaicking is not Mosaicking.SIMPLE for one in subject.setup.inputs):
        return
    for hook in _SELECTING:
        if hook in subject.names.declared:
            yield subject.remark(
                f"{hook}() is never called under SIMPLE mosaicking; set mosaicking to ORBIT or "
                "TILE",
                name=hook,
            )


# ---- names and comparisons -------------------------------------------------------------------


def _forgotten_declarations(subject: Subject) -> Iterator[Remark]:
    forgotten = set(subject.names.written & subject.names.free)
    for node in descend(subject.program):
        target = node.target if isinstance(node, tree.Assign) else None
        if isinstance(target, tree.Name) and target.name in forgotten:
            forgotten.discard(target.name)
            yield subject.remark(
                f"{target.name} is assigned but not declared: it becomes one variable of the "
                "whole script; write let",
                target,
            )


def _old_functions(subject: Subject) -> Iterator[Remark]:
    for old, new in _DEPRECATED.items():
        found = (node for node in descend(subject.program) if is_name(node, old))
        if old in subject.names.free and (first := next(found, None)) is not None:
            yield subject.remark(f"{old} is deprecated; use {new}", first)


def _comparisons_with_nan(subject: Subject) -> Iterator[Remark]:
    for node in descend(subject.program):
        if isinstance(node, tree.Binary) and node.operator in {"==", "===", "!=", "!=="}:
            for side in (node.left, node.right):
                if is_name(side, "NaN"):
                    always = "false" if node.operator[0] == "=" else "true"
                    yield subject.remark(
                        f"{node.operator} NaN is always {always}; use isNaN()", node
                    )

"""Properties: reading, writing, asking for and listing them."""

from collections.abc import Callable

from evalscripts.native.lower.coercion import describe, each, present, spread
from evalscripts.native.lower.indexing import index_key, pick, put, within
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.merging import content_of, met
from evalscripts.native.lower.operators import text_of
from evalscripts.native.lower.rows import get_row, set_row
from evalscripts.native.lower.scenes import get_of_scene, get_of_scenes
from evalscripts.native.lower.texts import number_of_text, text_of_number
from evalscripts.native.lower.values import (
    FUNCTIONS,
    HOLE,
    BoundMethod,
    ClassValue,
    Closure,
    DateText,
    Declined,
    Fields,
    Items,
    Js,
    Members,
    Moment,
    Native,
    Rows,
    Sample,
    SampleList,
    Scene,
    SceneList,
    Thing,
    Union,
    is_boolean,
    is_constant,
    is_number,
)
from evalscripts.snapshot import UNDEFINED
from evalscripts.syntax import tree

OF_EVERY_OBJECT = frozenset(
    [
        "constructor",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
        "toLocaleString",
        "toString",
        "valueOf",
        "__proto__",
        "__defineGetter__",
        "__defineSetter__",
        "__lookupGetter__",
        "__lookupSetter__",
    ]
)
MAX_ITEMS = 4096


def key_of(machine: Machine, key: Js) -> Js:
    """Return a property key: a text, or a number that depends on the pixel."""
    if type(key) is str:
        return key
    if is_constant(key):
        return text_of(machine, key)
    return key


def get(machine: Machine, owner: Js, key: Js) -> Js:
    """Return ``owner[key]``."""
    if type(owner) is Union:
        return each(machine, present(machine, owner), lambda part: get(machine, part, key))
    if type(key) is Union:
        return spread(machine, key, lambda part: get(machine, owner, part))
    reader = _READERS.get(type(owner))
    if reader is not None:
        return reader(machine, owner, key)
    if owner is None or owner is UNDEFINED:
        machine.trap("a property of undefined or null", mask=True)
        return UNDEFINED
    if is_number(owner) or is_boolean(owner):
        if type(key) is str:
            return BoundMethod(owner, key)
        raise Declined("a property of a number", machine.here)
    raise Declined(f"a property of {describe(owner)}", machine.here)


def _get_of_thing(machine: Machine, thing: Thing, key: Js) -> Js:
    content = content_of(machine, thing)
    return _CONTENT_READERS[type(content)](machine, thing, content, key)


def _get_item(machine: Machine, thing: Thing, items: Items, key: Js) -> Js:
    if type(key) is str:
        if key == "length":
            return float(len(items.values))
        number = number_of_text(key)
        if text_of_number(number) != key:
            if key == "constructor":
                raise Declined("constructor", machine.here)
            return BoundMethod(thing, key)
        key = number
    index = index_key(machine, key)
    if type(index) is float:
        value = (
            items.values[int(index)]
            if 0 <= index < len(items.values) and index % 1 == 0
            else UNDEFINED
        )
        return UNDEFINED if value is HOLE else met(machine, value)
    return pick(machine, items.values, index, site=thing.site)


def _get_field(machine: Machine, thing: Thing, fields: Fields, key: Js) -> Js:
    key = key_of(machine, key)
    if type(key) is str:
        if key in fields.values:
            return met(machine, fields.values[key])
        found = method_of(fields.owner, key)
        if found is not None:
            return found
        is_method = fields.helper is not None or key in OF_EVERY_OBJECT
        return BoundMethod(thing, key) if is_method else UNDEFINED
    if not is_number(key):
        raise Declined("a property whose name depends on the pixel", machine.here)
    result: Js = UNDEFINED
    for name in fields.values:
        number = number_of_text(name)
        if text_of_number(number) == name:
            match = machine.builder.compare("eq", key, number)
            result = machine.merge(machine, match, get(machine, thing, name), result)
    return result


def method_of(owner: ClassValue | None, name: str, *, is_static: bool = False) -> Closure | None:
    """Return a class's method, its parents' included."""
    while owner is not None:
        for member in owner.definition.members:
            if member.key == name and member.is_static == is_static:
                if member.kind in ("get", "set"):
                    raise Declined("an accessor", member)
                if member.kind == "method" and type(member.value) is tree.Function:
                    return Closure(member.value, owner.scope, home=owner)
        owner = owner.parent
    return None


def _get_of_sample(machine: Machine, sample: Sample, key: Js) -> Js:
    if type(key) is not str:
        if not is_constant(key):
            raise Declined("a band whose name depends on the pixel", machine.here)
        key = text_of(machine, key)
    slot = machine.slots[sample.input].get(key)
    if slot is not None:
        return machine.builder.load(slot, sample.index)
    if key in OF_EVERY_OBJECT:
        return BoundMethod(sample, key)
    return UNDEFINED


def _get_of_samples(machine: Machine, samples: SampleList, key: Js) -> Js:
    count = machine.scenes(samples.input)
    if key == "length":
        return count
    if type(key) is str:
        number = number_of_text(key)
        if text_of_number(number) != key:
            return BoundMethod(samples, key)
        key = number
    index = index_key(machine, key)
    inside, safe = within(machine, index, count)
    return machine.merge(machine, inside, Sample(samples.input, safe), UNDEFINED)


def _get_of_text(machine: Machine, text: str, key: Js) -> Js:
    if key == "length":
        return float(len(text.encode("utf-16-le", "surrogatepass")) // 2)
    if type(key) is str:
        return BoundMethod(text, key)
    index = index_key(machine, key)
    if type(index) is not float or not text.isascii():
        raise Declined("a character that depends on the pixel", machine.here)
    return text[int(index)] if 0 <= index < len(text) and index % 1 == 0 else UNDEFINED


def _get_of_function(machine: Machine, function: Js, key: Js) -> Js:
    if type(key) is not str:
        raise Declined("a property of a function", machine.here)
    if type(function) is Native:
        return machine.natives.static(machine, function.name, key)
    if type(function) is ClassValue:
        found = method_of(function, key, is_static=True)
        if found is not None:
            return found
    return BoundMethod(function, key)


_READERS: dict[type, Callable[..., Js]] = {
    Thing: _get_of_thing,
    Sample: _get_of_sample,
    SampleList: _get_of_samples,
    str: _get_of_text,
    SceneList: get_of_scenes,
    Scene: get_of_scene,
    Moment: lambda _machine, moment, key: BoundMethod(moment, key),
    DateText: lambda _machine, text, key: BoundMethod(text, key),
    **dict.fromkeys(FUNCTIONS, _get_of_function),
}
_CONTENT_READERS: dict[type, Callable[..., Js]] = {
    Items: _get_item,
    Rows: get_row,
    Fields: _get_field,
    Members: lambda _machine, thing, members, key: (
        float(len(members.keys)) if key == "size" else BoundMethod(thing, key)
    ),
}


# ---- writing ---------------------------------------------------------------------------------


def set_(machine: Machine, owner: Js, key: Js, value: Js) -> None:
    """Do ``owner[key] = value``."""

    def on(part: Js) -> None:
        if type(part) is Thing:
            content = content_of(machine, part)
            if type(content) in _WRITERS and not content.is_frozen:
                _WRITERS[type(content)](machine, part, content, key, value)
                return
            raise Declined("a change of what outlives the pixel", machine.here)
        if part is None or part is UNDEFINED:
            machine.trap("a property of undefined or null is set", mask=True)
            return
        raise Declined(f"a change of {describe(part)}", machine.here)

    each(machine, present(machine, owner), on)


def _set_item(machine: Machine, thing: Thing, items: Items, key: Js, value: Js) -> None:
    if key == "length":
        if type(value) is not float or not 0 <= value <= len(items.values) or value % 1:
            raise Declined("an array's length that is set", machine.here)
        machine.write(thing, Items(items.values[: int(value)]))
        return
    index = index_key(machine, key)
    if type(index) is float:
        i = int(index) if index >= 0 and index % 1 == 0 else MAX_ITEMS
        if i >= MAX_ITEMS:
            raise Declined("an array's property", machine.here)
        values = list(items.values)
        values += [HOLE] * (i + 1 - len(values))
        values[i] = value
        machine.write(thing, Items(tuple(values)))
        return
    machine.write(thing, Items(put(machine, items.values, index, value)))


def _set_field(machine: Machine, thing: Thing, fields: Fields, key: Js, value: Js) -> None:
    name = key_of(machine, key)
    if type(name) is not str or name == "__proto__":
        raise Declined("a property whose name depends on the pixel", machine.here)
    if fields.helper is not None:
        raise Declined("a change of a visualizer", machine.here)
    machine.write(thing, Fields({**fields.values, name: value}, owner=fields.owner))


_WRITERS: dict[type, Callable[..., None]] = {Items: _set_item, Rows: set_row, Fields: _set_field}

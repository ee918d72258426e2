"""The other arguments of evaluatePixel: what is known of the scenes, and of the request.

The shapes are those of v8/scenes.js: ``scenes.orbits``, ``scenes.tiles``, and the older list whose
entries have a Date. What a scene says of itself are facts, numbers that the request brings.
"""

from evalscripts.native.lower.dates import DAY
from evalscripts.native.lower.indexing import index_key, within
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.texts import number_of_text, text_of_number
from evalscripts.native.lower.values import (
    BoundMethod,
    DateText,
    Declined,
    Fields,
    Js,
    Lost,
    Moment,
    Scene,
    SceneList,
)
from evalscripts.setup import Mosaicking, Setup
from evalscripts.snapshot import UNDEFINED


def scene_arguments(machine: Machine, setup: Setup) -> list[Js]:
    """Return evaluatePixel's arguments behind the first."""
    return [
        _scenes(machine, setup),
        machine.thing(
            Fields(
                {
                    "serviceVersion": Lost("inputMetadata"),
                    "normalizationFactor": Lost("inputMetadata"),
                },
                is_frozen=True,
            )
        ),
        machine.thing(Fields({}, is_frozen=True)),
        Lost("outputMetadata"),
    ]


def _scenes(machine: Machine, setup: Setup) -> Js:
    if not setup.is_fusion:
        return _of_input(machine, setup, 0)
    all_of_them = {}
    for i, wanted in enumerate(setup.inputs):
        key = str(i) if wanted.datasource is None else wanted.datasource
        scenes = _of_input(machine, setup, i)
        fields = {"scenes": scenes}
        if wanted.mosaicking is not Mosaicking.SIMPLE:
            # Not enumerable, for which nobody asks by running over an input's keys.
            kind = kind_of(setup, i)
            fields[kind] = SceneList(i, kind)
        all_of_them[key] = machine.thing(Fields(fields, is_frozen=True))
    return machine.thing(Fields(all_of_them, is_frozen=True))


def _of_input(machine: Machine, setup: Setup, i: int) -> Js:
    if setup.inputs[i].mosaicking is Mosaicking.SIMPLE and not setup.listed:
        return machine.thing(Fields({}, is_frozen=True))
    return SceneList(i, "all")


def kind_of(setup: Setup, i: int) -> str:
    """Return what an input's scenes are called: orbits or tiles."""
    return "orbits" if setup.inputs[i].mosaicking is Mosaicking.ORBIT else "tiles"


def get_of_scenes(machine: Machine, scenes: SceneList, key: Js) -> Js:
    """Return a property of a list of scenes."""
    kind = kind_of(machine.setup, scenes.input)
    if type(key) is str:
        if key == "length":
            return machine.scenes(scenes.input)
        if key in ("orbits", "tiles"):
            there = scenes.kind == "all" and key == kind and not machine.setup.listed
            return SceneList(scenes.input, key) if there else UNDEFINED
        number = number_of_text(key)
        if text_of_number(number) != key:
            return BoundMethod(scenes, key)
        key = number
    index = index_key(machine, key)
    inside, safe = within(machine, index, machine.scenes(scenes.input))
    scene = Scene(scenes.input, safe, scenes.kind == "all")
    return machine.merge(machine, inside, scene, UNDEFINED)


def get_of_scene(machine: Machine, scene: Scene, key: Js) -> Js:
    """Return what a scene says of itself."""
    is_orbit = kind_of(machine.setup, scene.input) == "orbits"
    if key == "date":
        if scene.is_legacy:
            name = "date_from_ms" if is_orbit else "date_ms"
            return Moment(machine.fact(scene.input, name, scene.index))
        return UNDEFINED if is_orbit else DateText(scene.input, scene.index, "date_ms")
    if key == "orbitId" and scene.is_legacy:
        name = "date_from_ms" if is_orbit else "date_ms"
        days = machine.builder.number("div", machine.fact(scene.input, name, scene.index), DAY)
        return machine.builder.number("floor", days)
    if key in ("dateFrom", "dateTo"):
        if not is_orbit:
            return UNDEFINED
        name = "date_from_ms" if key == "dateFrom" else "date_to_ms"
        return DateText(scene.input, scene.index, name)
    if key == "cloudCoverage" and not is_orbit:
        build = machine.builder
        known = build.compare("eq", machine.fact(scene.input, "cloud_known", scene.index), 1.0)
        return machine.merge(
            machine, known, machine.fact(scene.input, "cloud_cover", scene.index), UNDEFINED
        )
    raise Declined("what a scene says of itself", machine.here)

"""`Prepared`: a request whose scenes, hooks and plan are known, and of which no pixel is read yet.

match → search → layers → hooks (where the script has them) → plan → limits

All of it but the hooks is one job in one thread, over one state of the catalog.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from engine.catalog.collection import Collection
from engine.catalog.search import SceneQuery
from engine.catalog.view import CatalogView
from engine.cog.image import CogImage
from engine.core.options import EngineOptions
from engine.core.parts import Parts
from engine.errors import RequestError
from engine.geo.window import Window
from engine.plan.area import are_held, search_area, touching
from engine.plan.limits import check_cost, check_grid, check_resolution, check_scenes
from engine.plan.match import match_inputs
from engine.plan.plan import InputPlan, Plan
from engine.plan.planner import choose_bands, make_plan, plan_input
from engine.request import Input, PixelRequest
from engine.run.context import make_context
from engine.trace import stage
from evalscripts.program import Program, RunContext, Selection
from evalscripts.setup import Mosaicking, SetupInput, SetupOutput

LOOK = 16
"""Scenes that are looked at first where only the topmost with data counts. A place may have
thousands, of which the first few nearly always fill every pixel."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """Everything that is known of a request before its first pixel is read."""

    request: PixelRequest
    program: Program
    context: RunContext
    """What the script is told: with what its hooks chose, where it has some."""
    plan: Plan
    mark: str
    """Of the catalog when it was searched: the same as long as nothing in it has changed."""
    is_whole: bool
    """False where there may be scenes below those of the plan, for pixels that stay open."""

    @property
    def outputs(self) -> tuple[SetupOutput, ...]:
        """The script's outputs, with the band counts of this request."""
        return self.plan.outputs

    def with_outputs(self, outputs: Sequence[str]) -> "Prepared":
        """Return the same, with these outputs wanted; raises `RequestError` for unknown ids."""
        request = replace(self.request, outputs=tuple(outputs))
        check_outputs(request, self.outputs)
        return replace(self, request=request)


async def prepare(
    parts: Parts,
    options: EngineOptions,
    request: PixelRequest,
    program: Program,
    *,
    window: Window | None = None,
    whole: bool = True,
) -> Prepared:
    """Return the request prepared, of whose pixels only those of ``window`` are wanted.

    Where not the ``whole`` is asked for, only the topmost of many scenes may be in the plan. Raises
    `RequestError`s, and script errors of the hooks.
    """
    outputs = program.setup.outputs

    is_simple = [one.mosaicking for one in program.setup.inputs] == [Mosaicking.SIMPLE]
    plain = is_simple and request.clip is None and not program.selects and window is None
    most = LOOK if plain and not whole and not request.inputs[0].filters else None

    def choose(view: CatalogView, most: int | None = None) -> tuple[InputPlan, ...]:
        collections = [view.collection(one.collection, request.account) for one in request.inputs]
        check_grid(request.geobox, options.limits)
        check_outputs(request, outputs)
        pairs = match_inputs(request.inputs, program.setup.inputs)
        return tuple(
            _candidates(view, options, request, pair, collection=collection, index=index, most=most)
            for index, (pair, collection) in enumerate(zip(pairs, collections, strict=True))
        )

    def plan_of(inputs: Sequence[InputPlan], outputs: Sequence[SetupOutput]) -> Plan:
        plan = make_plan(
            geobox=request.geobox,
            inputs=inputs,
            outputs=outputs,
            limits=options.limits,
            images=_newer_headers(parts, inputs),
            window=window,
        )
        check_cost(plan.cost, options.limits)
        return plan

    def context_of(inputs: Sequence[InputPlan]) -> RunContext:
        return make_context(inputs, seconds=options.script_seconds, spread=parts.workers.spread)

    def all_at_once(view: CatalogView) -> Prepared:
        inputs = choose(view, most)
        is_whole = most is None or len(inputs[0].scenes) < most
        if not is_whole and not are_held(request.geobox, inputs[0].scenes):
            inputs, is_whole = choose(view), True
        return Prepared(
            request=request,
            program=program,
            context=context_of(inputs),
            plan=plan_of(inputs, outputs),
            mark=view.mark,
            is_whole=is_whole,
        )

    if not program.selects:
        return await parts.catalog.read(all_at_once)
    inputs, mark = await parts.catalog.read(lambda view: (choose(view), view.mark))
    context = context_of(inputs)
    with stage("select"):
        selection = await parts.turns.run(request.principal, parts.workers, program.select, context)
    kept = [_kept(part, selection) for part in inputs]
    return Prepared(
        request=request,
        program=program,
        context=replace(context, selection=selection),
        plan=await parts.workers.run(plan_of, kept, selection.outputs),
        mark=mark,
        is_whole=True,
    )


async def plan_again(parts: Parts, options: EngineOptions, prepared: Prepared) -> Prepared:
    """Return the same with a plan by the headers that are known now."""
    plan = prepared.plan
    anew = await parts.workers.run(
        make_plan,
        geobox=plan.geobox,
        inputs=plan.inputs,
        outputs=plan.outputs,
        limits=options.limits,
        images=_newer_headers(parts, plan.inputs),
        window=plan.window,
    )
    check_cost(anew.cost, options.limits)
    return replace(prepared, plan=anew)


def check_outputs(request: PixelRequest, outputs: Sequence[SetupOutput]) -> None:
    """Raise `RequestError` where the request wants an output that the script does not have."""
    known = [output.id for output in outputs]
    for name in request.outputs or ():
        if name not in known:
            message = f"the script has no output {name[:60]!r}; it has: {', '.join(known)}"
            raise RequestError(message, where="output->responses")


def _candidates(
    view: CatalogView,
    options: EngineOptions,
    request: PixelRequest,
    pair: tuple[Input, SetupInput],
    *,
    collection: Collection,
    index: int,
    most: int | None,
) -> InputPlan:
    """Return an input with every layer that the script may choose from, or of ``most`` scenes."""
    source, wanted = pair
    is_fusion = len(request.inputs) > 1
    uses = choose_bands(collection, source, wanted)
    check_resolution(request.geobox, collection)
    is_simple = wanted.mosaicking is Mosaicking.SIMPLE
    limit = options.limits.scenes if most is None else min(most, options.limits.scenes)
    found = view.search(
        SceneQuery(
            collection=collection.id,
            area=search_area(request.geobox),
            time=source.time,
            max_cloud_cover=source.max_cloud_cover,
            order=source.order,
            ids=source.scene_ids,
            limit=limit if is_simple else limit + 1,
        )
    )
    where = f"input->data[{index}]->dataFilter->timeRange"
    check_scenes(len(found), wanted.mosaicking, options.limits, where=where)
    scenes = [scene for scene in found if _passes(scene.properties, source.filters)]
    if is_fusion or not is_simple:
        # Under SIMPLE a scene beside the area does nothing; else it would be a sample.
        scenes = touching(scenes, request.geobox, request.clip)
    return plan_input(
        source=source,
        wanted=wanted,
        collection=collection,
        uses=uses,
        scenes=scenes,
        geobox=request.geobox,
        is_fusion=is_fusion,
    )


def _kept(part: InputPlan, selection: Selection) -> InputPlan:
    """Return the input with the layers that the script's hooks kept, in their order."""
    kept = selection.kept.get(part.input.id)
    if kept is None:
        return part
    return replace(part, layers=tuple(part.layers[index] for index in kept))


def _newer_headers(parts: Parts, inputs: Sequence[InputPlan]) -> Mapping[str, CogImage]:
    found: dict[str, CogImage] = {}
    if not parts.images.stats().items:
        return found
    for part in inputs:
        bands = [use.band.name for use in part.bands]
        for scene in part.scenes:
            for asset in (scene.assets[name] for name in bands if name in scene.assets):
                image = parts.images.get(asset.address)
                if image is not None and image.identity != asset.image.identity:
                    found[asset.address] = image
    return found


def _passes(properties: Mapping[str, object], filters: Mapping[str, str]) -> bool:
    return all(str(properties.get(name)) == value for name, value in filters.items())

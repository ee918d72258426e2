"""Names that stay: a file that is registered again keeps its scene, a new one takes no other's."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from engine.catalog.scene import Scene
from engine.ingest.build import make_scene_id


def settle_name(
    scene: Scene, *, is_product: bool, known: Sequence[tuple[str, str]], taken: set[str]
) -> Scene:
    """Return ``scene`` under the name that it is to have, and add that to ``taken``.

    ``known`` holds (name, address) of registered files. A scene one of whose files is registered
    already takes over that scene's name, wherever it was ingested from this time. A name made of
    a folder (``2024-05-01``) may also be another folder's: then the address tells them apart. A
    product's name means the same product everywhere, so a moved copy replaces what was there.
    """
    addresses = {asset.address for asset in scene.assets.values()}
    owners = sorted({name for name, address in known if address in addresses} - taken)
    name = scene.name
    if owners and name not in owners:
        name = owners[0]
    is_other = not owners and not is_product and any(called == name for called, _ in known)
    if name in taken or is_other:
        digest = hashlib.sha256(min(addresses).encode()).hexdigest()[:8]
        name = f"{scene.name} ({digest})"
    taken.add(name)
    return replace(scene, name=name, id=make_scene_id(scene.collection, name))

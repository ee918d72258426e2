"""Several files as one TAR."""

import io
import tarfile
from collections.abc import Sequence

from engine.encode.encoded import Encoded

TAR = "application/tar"


def make_archive(files: Sequence[Encoded]) -> Encoded:
    """Return a TAR of ``files`` under their names; the same files give the same bytes."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for file in files:
            entry = tarfile.TarInfo(file.name)
            entry.size = len(file.body)
            archive.addfile(entry, io.BytesIO(file.body))
    return Encoded(media_type=TAR, body=body.getvalue(), name="responses.tar")

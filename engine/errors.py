"""The engine's error tree.

Nothing here knows HTTP: ``api/errors.py`` maps each class to a status and a code.

    EngineError
    ├─ RequestError            the caller asked for something impossible     .where
    │  ├─ UnknownCollection · UnknownBand · UnknownUnit
    │  ├─ UnsupportedCrs · UnsupportedFormat · InvalidGeometry
    │  └─ TooLarge             more than a limit allows                      .found .limit
    │     └─ TooCoarse         a pixel spans more meters than the collection allows
    ├─ NotFound · Conflict · Forbidden
    ├─ Overloaded              a queue is full; come back later              .retry_after
    ├─ DeadlineExceeded        the request's own time is over
    └─ SourceError             the data behind us failed                     .scene .band
       ├─ SourceUnavailable    may be tried again                            .retry_after
       ├─ SourceDenied         the store refuses us
       └─ SourceCorrupt        not the image it claims to be

A message states what was wrong, what was found and what is allowed. It never holds a local
path, a signed URL or a secret: name the scene and the band instead.
"""


class EngineError(Exception):
    """Root of everything that the engine raises on purpose."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class RequestError(EngineError):
    """The caller asked for something impossible; asking again will not help."""

    def __init__(self, message: str, *, where: str | None = None) -> None:
        """Name the place: ``where`` is a path into the request, parts joined by ``->``."""
        super().__init__(message)
        self.where = where


class UnknownCollection(RequestError):
    """No collection of that name is registered."""


class UnknownBand(RequestError):
    """The collection has no such band."""


class UnknownUnit(RequestError):
    """The band cannot be had in that unit."""


class UnsupportedCrs(RequestError):
    """The coordinate reference system is unknown, or cannot hold this area."""


class UnsupportedFormat(RequestError):
    """The output cannot be written in that format."""


class InvalidGeometry(RequestError):
    """The geometry crosses itself, is not closed, is empty or is not an area."""


class TooLarge(RequestError):
    """More was asked for than a limit allows; raised before anything is read."""

    def __init__(
        self, message: str, *, found: float, limit: float, where: str | None = None
    ) -> None:
        """Carry both numbers, so that a protocol can render them its own way."""
        super().__init__(message, where=where)
        self.found = found
        self.limit = limit


class TooCoarse(TooLarge):
    """A pixel would span more meters than the collection can serve."""


class NotFound(EngineError):
    """The thing named by an id does not exist."""


class Conflict(EngineError):
    """The thing exists already, or changed under the caller's hands."""


class Forbidden(EngineError):
    """The place named lies outside what the settings allow."""


class Overloaded(EngineError):
    """A bounded queue is full."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        """Tell after how many seconds to come back."""
        super().__init__(message)
        self.retry_after = retry_after


class DeadlineExceeded(EngineError):
    """The request did not finish within its own time."""


class SourceError(EngineError):
    """The data behind us failed; never answered with empty pixels."""

    def __init__(self, message: str, *, scene: str | None = None, band: str | None = None) -> None:
        """Name the scene and the band where they are known."""
        super().__init__(message)
        self.scene = scene
        self.band = band


class SourceUnavailable(SourceError):
    """The source did not answer, or answered with a passing failure."""

    def __init__(
        self,
        message: str,
        *,
        scene: str | None = None,
        band: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        """Tell after how many seconds another try may help, where the source said so."""
        super().__init__(message, scene=scene, band=band)
        self.retry_after = retry_after


class SourceDenied(SourceError):
    """The store refuses us: missing or wrong credentials, or no permission."""


class SourceCorrupt(SourceError):
    """The bytes are not the image that they claim to be."""


class SourceChanged(SourceError):
    """The object's identity is not the one that was planned with; open it anew."""

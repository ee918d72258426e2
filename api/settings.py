"""`Settings`: every setting with its unit and default; the only reader of the environment.

Sources, the first wins: arguments, environment variables (``COGMILL_…``), a TOML file named by
``COGMILL_SETTINGS``. The page ``api/SETTINGS.md`` is the text that `describe` returns.
"""

import difflib
import json
import os
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

PREFIX = "COGMILL_"
"""Every environment variable of ours begins so."""
SETTINGS_FILE = "COGMILL_SETTINGS"
"""Environment variable with the path of a TOML file of settings."""
MEBIBYTE = 1 << 20


def _split(value: Any) -> Any:
    """Read a list from text: JSON where it looks like it, else parts between commas."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [part.strip() for part in value.split(",") if part.strip()]


Texts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Paths = Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_split)]


def _setting(default: Any, text: str, *, unit: str = "", **bounds: Any) -> Any:
    return Field(default, description=text, json_schema_extra={"unit": unit}, **bounds)


class UnknownSetting(ValueError):
    """An environment variable looks like a setting of ours and is none."""


class Settings(BaseSettings):
    """Everything that whoever runs the server may decide."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True
    )

    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(8000, "Port to listen on; 0 takes a free one.", ge=0, le=65535)
    workers: int = _setting(1, "Server processes.", ge=1, le=256)
    threads: int = _setting(
        0, "Threads for arithmetic in each process; 0 divides the cores among processes.", ge=0
    )
    public_url: str = _setting(
        "", "Address under which clients reach the server, for links; empty takes the request's."
    )
    shutdown_seconds: int = _setting(
        20, "How long requests in flight may take to finish when the server stops.", unit="s", ge=0
    )

    home: Path = _setting(
        Path("cogmill-data"), "Folder for the bundled database and the key that signs tokens."
    )
    database_url: str = _setting(
        "", "SQLAlchemy URL of the database; empty takes SQLite in the home folder."
    )
    token_key_file: Path | None = _setting(
        None,
        "PEM file of the RSA key that signs tokens, shared by all processes and machines; empty "
        "takes (and at the first start makes) one in the home folder.",
    )

    data_roots: Paths = _setting(
        (), "Local folders whose files may be registered and read; none: no local files."
    )
    data_hosts: Texts = _setting(
        (),
        "Hosts from which images may be read over http(s) and S3: `data.example.org`, with a port "
        "where it is not the usual one, `*.example.org` for all below, `*` for every public host; "
        "none: no network. A private address is read only where its host is written out.",
    )
    s3_endpoint: str = _setting("", "S3 endpoint; empty takes that of AWS.")
    s3_region: str = _setting("", "S3 region; empty takes that of the environment.")
    s3_anonymous: bool = _setting(
        default=False,
        text="Whether to read S3 without credentials; else AWS's usual chain is used.",
    )
    s3_requester_pays: bool = _setting(
        default=False, text="Whether to pay for the traffic of buckets that ask for it."
    )
    source_seconds: float = _setting(
        20.0, "How long one answer of a data source may take.", unit="s", gt=0
    )
    cache_bytes: int = _setting(
        512 * MEBIBYTE, "Memory for decoded blocks and bytes, in each process.", unit="bytes", ge=0
    )

    max_pixels_per_side: int = _setting(
        2500, "Largest width and height of a request.", unit="pixels", ge=1, le=65_536
    )
    max_scenes: int = _setting(1000, "Most scenes that one request may look at.", ge=1)
    max_source_bytes: int = _setting(
        4096 * MEBIBYTE, "Most compressed bytes that one request may read.", unit="bytes", ge=1
    )
    max_body_bytes: int = _setting(
        16 * MEBIBYTE, "Largest body of a request.", unit="bytes", ge=1024
    )
    max_json_depth: int = _setting(
        64, "Deepest nesting of objects and lists in a request.", ge=8, le=500
    )
    request_seconds: float = _setting(
        60.0, "How long a request may take in all, waiting included.", unit="s", gt=0
    )
    script_seconds: float = _setting(
        30.0, "How long a script may run for one request.", unit="s", gt=0
    )
    script_memory_bytes: int = _setting(
        1024 * MEBIBYTE,
        "Memory of a process that runs scripts; half of it is the script's own.",
        unit="bytes",
        ge=256 * MEBIBYTE,
    )
    script_workers: int = _setting(
        0,
        "Processes that run scripts, for each server process; 0: one more than `threads`. One "
        "client has all but one of them at most.",
        ge=0,
    )
    script_compilers: int = _setting(
        1,
        "Processes that turn scripts into machine code, for each server process; 0: every script "
        "runs in V8.",
        ge=0,
        le=64,
    )

    anonymous_read: bool = _setting(
        default=False,
        text="Whether pixels may be asked for without a token (the demo). Only under a loopback "
        "name or one of `hosts`; writing always needs a token. The name keeps strange pages in a "
        "browser out, not other machines: bind to 127.0.0.1.",
    )
    hosts: Texts = _setting(
        (),
        "Names, without port, under which the server answers; none: any name, but with anonymous "
        "reading only loopback names.",
    )
    cors_origins: Texts = _setting(
        (), "Origins whose pages may call the server from a browser, `*` for all; own pages may."
    )
    token_seconds: int = _setting(
        3600,
        "Lifetime of a token; clients renew up to 120 s before its end.",
        unit="s",
        ge=300,
        le=86_400,
    )
    token_requests_per_minute: int = _setting(
        60, "Token requests allowed from one address.", unit="1/min", ge=1
    )

    requests_per_minute: float = _setting(
        0.0, "Requests allowed to one client, in each process; 0: no limit.", unit="1/min", ge=0
    )
    processing_units_per_minute: float = _setting(
        0.0,
        "Processing units allowed to one client, in each process; 0: no limit.",
        unit="1/min",
        ge=0,
    )
    running: int = _setting(16, "Requests for pixels worked on at once, in each process.", ge=1)
    waiting: int = _setting(
        512, "Requests that may wait for their turn; more are answered 503.", ge=0
    )
    running_per_client: int = _setting(8, "Requests of one client worked on at once.", ge=1)
    waiting_per_client: int = _setting(
        128, "Requests of one client that may wait for their turn; more are answered 429.", ge=0
    )

    tile_cache_seconds: int = _setting(
        60, "How long a client may show a map tile before it asks whether it changed.", unit="s"
    )
    log_level: Literal["debug", "info", "warning", "error"] = _setting(
        "info", "Least important log lines that are written."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- pydantic-settings' signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where settings come from, the strongest source first."""
        file = os.environ.get(SETTINGS_FILE)
        if not file:
            return init_settings, env_settings
        toml = TomlConfigSettingsSource(settings_cls, toml_file=Path(file))
        return init_settings, env_settings, toml

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in effect."""
        return self.database_url or f"sqlite:///{self.home.absolute() / 'cogmill.db'}"

    @property
    def token_key(self) -> Path:
        """Where the key that signs tokens is kept, or will be."""
        return self.token_key_file or self.home / "token-key.pem"


def load_settings(file: Path | None = None, **overrides: Any) -> Settings:
    """Return the settings of the environment, of ``file`` (TOML) and of the arguments.

    ``file`` is also what processes started later will read. Raises pydantic's ValidationError
    for a value that is not allowed, FileNotFoundError for a file that is not there,
    `UnknownSetting` for a variable that would go unread.
    """
    if file is not None:
        os.environ[SETTINGS_FILE] = str(file)
    named = os.environ.get(SETTINGS_FILE)
    if named and not Path(named).is_file():
        message = f"the settings file {named} ({SETTINGS_FILE}) does not exist"
        raise FileNotFoundError(message)
    known = {SETTINGS_FILE, *(PREFIX + name.upper() for name in Settings.model_fields)}
    for name in os.environ:
        if name.startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else "; see: cogmill info --settings"
            message = f"there is no setting {name}{hint}"
            raise UnknownSetting(message)
    return Settings(**overrides)


def publish(settings: Settings) -> None:
    """Make the environment say exactly these settings, for server processes to read."""
    changed = settings.model_dump(mode="json", exclude_defaults=True)
    os.environ.pop(SETTINGS_FILE, None)
    for name in Settings.model_fields:
        os.environ.pop(PREFIX + name.upper(), None)
    for name, value in changed.items():
        text = value if isinstance(value, str) else json.dumps(value)
        os.environ[PREFIX + name.upper()] = text


def describe() -> str:
    """Return the page of all settings, as Markdown."""
    lines = [
        "# Settings",
        "",
        "Set each as an environment variable, or under the name in lower case without `COGMILL_`",
        f"in a TOML file that `{SETTINGS_FILE}` names; the environment wins. Lists in the",
        "environment are parts between commas. This page is generated: `cogmill info --settings`.",
        "",
        "| variable | default | unit | meaning |",
        "|---|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra
        unit = extra["unit"] if isinstance(extra, dict) else ""
        shown = _shown(field.default)
        text = (field.description or "").replace("|", "\\|")
        lines.append(f"| `{PREFIX}{name.upper()}` | {shown} | {unit} | {text} |")
    return "\n".join(lines) + "\n"


def _shown(value: Any) -> str:
    if value is None or value in ("", ()):
        return "–"
    return f"`{json.dumps(value) if isinstance(value, bool) else value}`"

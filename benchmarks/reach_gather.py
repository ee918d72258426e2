"""The corpus: which public scripts there are, and their texts out of local copies of repositories.

The lists in benchmarks/corpus name repository, commit, path and hash; texts are never kept here.

    repositories.tsv   alias, group, repository, commit
    scripts.tsv        sha256 of the text, group, alias, path
    excluded.tsv       sha256, group, alias, path, why it does not count
"""

import hashlib
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from benchmarks.reach_extract import SUFFIXES, essence, extract

LISTS = Path(__file__).parent / "corpus"
GROUPS = {
    "A1": "custom-scripts, written by hand",
    "B": "layers of the browsers",
    "C": "documentation, notebooks, other repositories",
    "A2": "custom-scripts, generated index database",
    "D": "generated spectral indices",
}
BY_HAND = ("A1", "B", "C")
TEMPLATE = "a template that a program fills in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """One public repository at one commit."""

    alias: str
    group: str
    name: str
    """Owner and name on GitHub."""
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One script of the list."""

    digest: str
    """Of the text in UTF-8, SHA-256, hexadecimal."""
    group: str
    alias: str
    path: str

    @property
    def file(self) -> str:
        """Its name in the corpus folder: group, what tells people most of its path, hash."""
        words = re.sub(r"[^A-Za-z0-9_-]+", ".", "/".join(PurePosixPath(self.path).parts[-3:]))
        return f"{self.group}/{words.removesuffix('.js')[-60:].strip('.')}-{self.digest[:10]}.js"


def read_repositories() -> tuple[Repository, ...]:
    """Return the list of repositories, first where copies of one script are settled."""
    rows = _rows(LISTS / "repositories.tsv")
    return tuple(Repository(alias=a, group=g, name=n, commit=c) for a, g, n, c in rows)


def read_scripts() -> tuple[Listed, ...]:
    """Return the list of scripts that count."""
    return tuple(
        Listed(digest=d, group=g, alias=a, path=p) for d, g, a, p in _rows(LISTS / "scripts.tsv")
    )


def read_excluded() -> Mapping[str, str]:
    """Return hash → why it does not count; reasons that people gave survive a scan."""
    return {row[0]: row[4] for row in _rows(LISTS / "excluded.tsv")}


def scan(mirrors: Path) -> tuple[dict[Listed, str], dict[Listed, str]]:
    """Return all scripts of the listed repositories with their texts, and the templates.

    Of scripts that differ only in comments and white space the first is kept.
    """
    known: set[str] = set()
    scripts: dict[Listed, str] = {}
    templates: dict[Listed, str] = {}
    for repository in read_repositories():
        for path, text in _files(mirrors, repository):
            group = "A2" if repository.group == "A1" and "/indexdb/" in path else repository.group
            for found in extract(path, text):
                listed = Listed(
                    digest=digest(found.text), group=group, alias=repository.alias, path=path
                )
                core = essence(found.text)
                if core in known:
                    continue
                known.add(core)
                (templates if found.is_template else scripts)[listed] = found.text
    return scripts, templates


def rebuild(mirrors: Path, folder: Path) -> tuple[int, list[Listed]]:
    """Write the listed scripts into a folder; return how many, and those not found."""
    repositories = {repository.alias: repository for repository in read_repositories()}
    wanted: dict[tuple[str, str], dict[str, Listed]] = {}
    for listed in (*read_scripts(), *_excluded_rows()):
        wanted.setdefault((listed.alias, listed.path), {})[listed.digest] = listed
    written, missing = 0, []
    for (alias, path), listed_here in sorted(wanted.items()):
        text = _blob(mirrors, repositories[alias], path)
        texts = {digest(found.text): found.text for found in extract(path, text or "")}
        for key, listed in listed_here.items():
            if key not in texts:
                missing.append(listed)
                continue
            file = folder / listed.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(texts[key], encoding="utf-8", newline="")
            written += 1
    return written, missing


def write_lists(scripts: Iterable[Listed], excluded: Mapping[Listed, str]) -> None:
    """Write scripts.tsv and excluded.tsv, sorted; see `scan`."""
    lines = [f"{s.digest}\t{s.group}\t{s.alias}\t{s.path}" for s in _sorted(scripts)]
    (LISTS / "scripts.tsv").write_text("\n".join([*lines, ""]), encoding="utf-8")
    lines = [
        f"{s.digest}\t{s.group}\t{s.alias}\t{s.path}\t{excluded[s]}" for s in _sorted(excluded)
    ]
    (LISTS / "excluded.tsv").write_text("\n".join([*lines, ""]), encoding="utf-8")


def digest(text: str) -> str:
    """Return the SHA-256 of a text, as the lists hold it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _sorted(listed: Iterable[Listed]) -> list[Listed]:
    return sorted(listed, key=lambda s: (s.group, s.alias, s.path, s.digest))


def _excluded_rows() -> Iterator[Listed]:
    for d, g, a, p, _ in _rows(LISTS / "excluded.tsv"):
        yield Listed(digest=d, group=g, alias=a, path=p)


def _rows(file: Path) -> list[list[str]]:
    if not file.exists():
        return []
    return [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines() if line]


def _files(mirrors: Path, repository: Repository) -> Iterator[tuple[str, str]]:
    listing = _git(mirrors, repository, "ls-tree", "-r", "-z", "--name-only", repository.commit)
    for path in sorted((listing or "").split("\0")):
        if PurePosixPath(path).suffix in SUFFIXES:
            text = _blob(mirrors, repository, path)
            if text is not None:
                yield path, text


def _blob(mirrors: Path, repository: Repository, path: str) -> str | None:
    return _git(mirrors, repository, "cat-file", "blob", f"{repository.commit}:{path}")


def _git(mirrors: Path, repository: Repository, *arguments: str) -> str | None:
    """Return what git prints; None where it fails, as for a file that a snapshot lacks."""
    folder = mirrors / repository.name.replace("/", "+")
    place = folder / "repo" if (folder / "repo").exists() else folder
    done = subprocess.run(["git", "-C", str(place), *arguments], capture_output=True, check=False)
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None

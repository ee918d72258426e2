"""`Jumps`: where break and continue lead."""

from dataclasses import dataclass, field

from evalscripts.native.lower.flow import Target
from evalscripts.native.lower.values import Declined
from evalscripts.syntax import tree


@dataclass(slots=True)
class Jumps:
    """The loops, switches and labeled blocks around the statement that runs."""

    labels: list[str] = field(default_factory=list)
    """Labels of the statement that comes next."""
    around: list[tuple[str, Target, Target | None, list[str]]] = field(default_factory=list)
    """(``loop``, ``switch`` or ``block``; its end; the end of its turn; its labels)."""

    def take_labels(self) -> list[str]:
        """Return the labels of the loop that begins."""
        labels, self.labels = self.labels, []
        return labels

    def push(self, kind: str, end: Target, turn: Target | None, labels: list[str]) -> None:
        """Enter a statement that can be left by break, or by continue."""
        self.around.append((kind, end, turn, labels))

    def pop(self) -> None:
        """Come out of it."""
        self.around.pop()

    def target(self, word: str, label: str | None, node: tree.Node) -> Target:
        """Return where ``break`` or ``continue`` leads."""
        for kind, end, turn, labels in reversed(self.around):
            if label is not None and label not in labels:
                continue
            if word == "break" and (kind != "block" or label is not None):
                return end
            if word == "continue" and turn is not None:
                return turn
        raise Declined(word, node)

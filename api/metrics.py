"""What the server measures about itself, for Prometheus; one registry per app."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from engine.store.cache import CacheStats
from engine.trace import Trace

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the histograms' buckets."""
CONTENT_TYPE = CONTENT_TYPE_LATEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one request ended."""

    route: str
    """The route's template, never the path as sent."""
    method: str
    status: int
    seconds: float
    body_bytes: int


class Metrics:
    """Counters, histograms and gauges of one server process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "cogmill_requests",
            "Requests answered.",
            ["route", "method", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "cogmill_request_seconds",
            "Wall clock of a request.",
            ["route"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._stages = Histogram(
            "cogmill_stage_seconds",
            "Time of one stage of a request, summed over its threads.",
            ["stage"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._work = Counter(
            "cogmill_work",
            "What requests took: ranges fetched, bytes, blocks, cache hits …",
            ["what"],
            registry=self._registry,
        )
        self._sent = Counter(
            "cogmill_response_bytes", "Bytes of bodies sent.", ["route"], registry=self._registry
        )

        self._caches = _Caches()
        self._registry.register(self._caches)
        self._children: dict[tuple[Any, ...], Any] = {}

    def watch(self, name: str, help_text: str, read: Callable[[], float]) -> None:
        """Report the present value of ``read()`` under ``name``."""
        Gauge(name, help_text, registry=self._registry).set_function(read)

    def watch_cache(self, name: str, read: Callable[[], CacheStats]) -> None:
        """Report what a cache of this name holds, and how often it helped."""
        self._caches.reads[name] = read

    def record(self, outcome: Outcome, trace: Trace) -> None:
        """Count one request and what its trace says."""
        self._of(self._requests, outcome.route, outcome.method, str(outcome.status)).inc()
        self._of(self._seconds, outcome.route).observe(outcome.seconds)
        self._of(self._sent, outcome.route).inc(outcome.body_bytes)
        for stage, seconds in trace.seconds.items():
            self._of(self._stages, stage).observe(seconds)
        for what, amount in trace.counts.items():
            self._of(self._work, what).inc(amount)

    def _of(self, metric: Counter | Histogram, *labels: str) -> Any:
        """Return the metric for these labels; finding it by itself takes most of counting."""
        key = (metric, *labels)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = metric.labels(*labels)
        return child

    def page(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)


class _Caches(Collector):
    """The present counts of every cache, read when they are asked for."""

    def __init__(self) -> None:
        self.reads: dict[str, Callable[[], CacheStats]] = {}

    def collect(self) -> Iterable[Metric]:
        """Yield hits and misses, and what is held."""
        hits = CounterMetricFamily(
            "cogmill_cache_hits", "Times a value was found.", labels=["cache"]
        )
        misses = CounterMetricFamily("cogmill_cache_misses", "Times it was not.", labels=["cache"])
        held = GaugeMetricFamily(
            "cogmill_cache_held",
            "What values weigh together: bytes, or their number.",
            labels=["cache"],
        )
        for name, read in self.reads.items():
            stats = read()
            hits.add_metric([name], stats.hits)
            misses.add_metric([name], stats.misses)
            held.add_metric([name], stats.weight)
        return [hits, misses, held]


def server_timing(seconds: Mapping[str, float], *, total: float) -> str:
    """Return a Server-Timing header: milliseconds by stage, in the order they began."""
    parts = [f"{stage};dur={1000 * spent:.2f}" for stage, spent in seconds.items()]
    return ", ".join([*parts, f"total;dur={1000 * total:.2f}"])

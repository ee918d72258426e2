"""What a check found → JSON, for the API and the command."""

from typing import Any

from evalscripts.check import CheckReport, Remark
from evalscripts.errors import ScriptError
from evalscripts.setup import SetupInput

Json = dict[str, Any]


def describe_check(report: CheckReport) -> Json:
    """Return what a script is, in which tier it runs and why, and remarks on it."""
    return {
        "form": report.form,
        "inputs": [_input(one) for one in report.setup.inputs],
        "outputs": [
            {
                "id": one.id,
                "bands": one.bands,
                "sampleType": one.sample_type.value,
                "nodata": one.nodata,
            }
            for one in report.setup.outputs
        ],
        "hooks": list(report.hooks),
        "tier": report.tier,
        "reason": report.reason,
        "line": report.line,
        "column": report.column,
        "excerpt": report.excerpt,
        "remarks": [_remark(one) for one in report.remarks],
        "error": None,
    }


def describe_mistake(error: ScriptError) -> Json:
    """Return what is said of a script that has no report: only its error."""
    place = {"line": error.line, "column": error.column, "excerpt": error.excerpt}
    kind = {"kind": type(error).__name__, "message": error.message}
    return {"error": {**kind, **place, "stack": list(error.stack)}}


def _input(one: SetupInput) -> Json:
    return {
        "datasource": one.datasource,
        "bands": list(one.bands),
        "units": list(one.units),
        "mosaicking": one.mosaicking.value,
        "metadata": list(one.metadata),
    }


def _remark(one: Remark) -> Json:
    return {
        "message": one.message,
        "line": one.line,
        "column": one.column,
        "excerpt": one.excerpt,
    }

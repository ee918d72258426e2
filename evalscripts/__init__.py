"""The language of evalscripts; imports nothing of the engine.

source.py errors.py   the user's text; ScriptError with line, column, excerpt and caret
setup.py normalize.py what setup() returned, checked
compile.py            compile_script, and the cache of programs
v8/                   the tier that runs everything: killable workers around V8
native/               the tier that is fast: machine code, made in killable workers
tiers/                native where it can be, V8 where it must be
prelude.js            the language's own functions and visualizers, written by us
library/              ready scripts
program.py            Program: the seam that both tiers meet

text ── compile_script ──► Program(setup, tier) ── open ──► Session ── evaluate… finish
"""

from evalscripts.compile import ScriptCache, compile_script
from evalscripts.errors import (
    ScriptError,
    ScriptLimitExceeded,
    ScriptRuntimeError,
    ScriptSyntaxError,
    ScriptTierUnavailable,
    SetupError,
)
from evalscripts.native.compiler import NativeCompiler, open_compiler
from evalscripts.native.lane import CompilerOptions
from evalscripts.program import (
    BandData,
    Finished,
    InlineRun,
    InputData,
    OrbitFacts,
    PixelReport,
    Program,
    RunContext,
    SceneFacts,
    Selection,
    Session,
)
from evalscripts.setup import Mosaicking, SampleType, Setup, SetupInput, SetupOutput
from evalscripts.v8.pool import PoolOptions, V8Pool, open_pool

__all__ = [
    "BandData",
    "CompilerOptions",
    "Finished",
    "InlineRun",
    "InputData",
    "Mosaicking",
    "NativeCompiler",
    "OrbitFacts",
    "PixelReport",
    "PoolOptions",
    "Program",
    "RunContext",
    "SampleType",
    "SceneFacts",
    "ScriptCache",
    "ScriptError",
    "ScriptLimitExceeded",
    "ScriptRuntimeError",
    "ScriptSyntaxError",
    "ScriptTierUnavailable",
    "Selection",
    "Session",
    "Setup",
    "SetupError",
    "SetupInput",
    "SetupOutput",
    "V8Pool",
    "compile_script",
    "open_compiler",
    "open_pool",
]

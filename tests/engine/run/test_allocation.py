"""Freed arrays are used again: counted in page faults, by the kernel."""

import subprocess
import sys

COUNT = """
import resource
import threading

import numpy as np

from engine.run.allocation import keep_memory

print(keep_memory())


def work():
    for repetition in range(60):
        if repetition == 10:
            before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
        first = np.ones(1 << 20, dtype=np.uint16)
        second = np.ones(3 << 20, dtype=np.uint8)
        del first, second
    faults.append(resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before)


faults = []
for _ in range(2):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
print(max(faults))
"""


def test_arrays_take_the_memory_of_those_that_were_freed_in_whatever_thread() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COUNT], capture_output=True, text=True, check=True, timeout=60
    )
    listened, faults = done.stdout.split()

    assert listened == "True"
    # Otherwise each of the fifty rounds has 1,280 of them, a page each.
    assert int(faults) < 50

"""What `cogmill check` says of a script before any pixel: its shape, its tier, usual mistakes.

report.py     check_script and its report
subject.py    the script under check: its tree, and what its evaluatePixel reads and returns
reading.py    remarks on what is read: bands, samples, hooks, names
returning.py  remarks on what is returned: counts, ranges, masks

A remark must be worth reading: what may be meant so is left alone.
"""

from evalscripts.check.report import CheckReport, check_script
from evalscripts.check.subject import Remark

__all__ = ["CheckReport", "Remark", "check_script"]

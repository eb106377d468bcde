"""Every format and reader of the project."""

import sys

from fuzzing.case import TESTS, Case

# The tests of readers write the small files that are damaged here; pytest finds them the same way.
sys.path += [str(folder) for part in ("modalities", "benchmarks") for folder in (TESTS / part).iterdir()]

from fuzzing import clouds, datasets, pictures, runs, signals, studies

MODULES = (pictures, clouds, signals, datasets, studies, runs)
CASES: tuple[Case, ...] = tuple(case for module in MODULES for case in module.CASES)

"""`ssvep`: real EEG of people who look at flickering lights, eight electrodes or one."""

from xmodal.benchmarks.ssvep.benchmark import Ssvep

__all__ = ["Ssvep"]

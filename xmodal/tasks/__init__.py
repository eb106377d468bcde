"""What a model may be asked for."""

from xmodal.tasks.base import IGNORE, Task
from xmodal.tasks.classes import Classification, Segmentation, confusion_matrix
from xmodal.tasks.retrieval import Retrieval
from xmodal.tasks.values import DenseRegression, Regression

__all__ = [
    "IGNORE",
    "Classification",
    "DenseRegression",
    "Regression",
    "Retrieval",
    "Segmentation",
    "Task",
    "confusion_matrix",
]

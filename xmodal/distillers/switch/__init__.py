"""The student's features run through a part of the frozen teacher, or ask it questions."""

from xmodal.distillers.switch.layer_router import LayerRouter
from xmodal.distillers.switch.paired_switch import PairedSwitch
from xmodal.distillers.switch.question_answer import QuestionAnswer
from xmodal.distillers.switch.visual_switch import VisualSwitch

__all__ = [
    "LayerRouter",
    "PairedSwitch",
    "QuestionAnswer",
    "VisualSwitch",
]

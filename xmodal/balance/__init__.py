"""How many losses and teachers share one gradient: `(terms, frame) -> scalar`; and how teachers get one scale."""

from xmodal.balance.agreement import Agreement
from xmodal.balance.agreement_scaler import AgreementScaler
from xmodal.balance.base import Balance
from xmodal.balance.batch_standardizer import BatchStandardizer
from xmodal.balance.ema_standardizer import EMAStandardizer
from xmodal.balance.fixed import FixedWeights
from xmodal.balance.fixed_standardizer import FixedStandardizer
from xmodal.balance.gradient_agreement import GradientAgreement
from xmodal.balance.gradient_surgery import GradientSurgery
from xmodal.balance.homoscedastic import Homoscedastic
from xmodal.balance.per_sample_precision import PerSamplePrecision
from xmodal.balance.phi_s import PHIS
from xmodal.balance.schedules import Cosine, Stages, WarmUp, WeightSchedule
from xmodal.balance.standardizer import Standardizer
from xmodal.balance.teacher_dropping import TeacherDropping

__all__ = [
    "PHIS",
    "Agreement",
    "AgreementScaler",
    "Balance",
    "BatchStandardizer",
    "Cosine",
    "EMAStandardizer",
    "FixedStandardizer",
    "FixedWeights",
    "GradientAgreement",
    "GradientSurgery",
    "Homoscedastic",
    "PerSamplePrecision",
    "Stages",
    "Standardizer",
    "TeacherDropping",
    "WarmUp",
    "WeightSchedule",
]

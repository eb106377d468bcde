"""What the tests of `test_every_loss.py` need to know of one loss."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

B, N, D = 6, 3, 5
ROWS, TOKENS = ((B,),), ((B,), (B, N))
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """One loss on one layout. What a loss lacks is said here, with the reason beside the case.

    Attributes:
        module: the thin module; None where the class has parameters or memory and so is listed in STATEFUL.
        shape: of student and teacher.
        slow: the same loss in numpy: the items [B] or [B, N], or one number for a loss without items. It is called
            with student, teacher, labels and extras where there are any, then the options.
        mask_shapes: what the loss accepts; the first dimension is always B.
        teacher_width: D of the teacher where it may differ from the student's.
        options: hyperparameters, other than the defaults.
        positive: the options that must be above zero; all numbers among them, if None.
        classes: labels in [0, classes) follow the teacher, [B] or [B, N]; 0 where the loss takes none.
        extras: further tensors by keyword, with the batch first: name -> shape. They are masked like student and
            teacher, and get no gradient. A tensor, or None, in place of a shape is given as it is, to every call;
            a function makes the tensor for the given rows (an index or mask of samples, or None for all).
        not_negative: the extras without negative values, such as weights.
        teacher: whether the loss takes a teacher; otherwise the labels follow the student.
        has_items: whether the loss knows a value per sample or token (`reduction`).
        zero_at_identity: whether it is 0 for equal student and teacher.
        detects_shuffling: whether moving the teacher's answers by one sample makes it larger.
        order_free: whether the order of the batch does not matter.
        smooth: whether gradcheck holds at random inputs.
        zero_rows: whether rows of zeros have bounded gradients.
    """

    loss: Callable[..., Tensor]
    module: type[nn.Module] | None
    shape: Shape
    slow: Callable[..., Any]
    mask_shapes: tuple[Shape, ...]
    teacher_width: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    positive: tuple[str, ...] | None = None
    classes: int = 0
    extras: Mapping[str, Shape | Tensor | Callable[[Tensor | None], Tensor] | None] = field(default_factory=dict)
    not_negative: tuple[str, ...] = ()
    teacher: bool = True
    has_items: bool = True
    zero_at_identity: bool = True
    detects_shuffling: bool = True
    order_free: bool = True
    smooth: bool = True
    zero_rows: bool = True

    def __call__(self, student: Tensor, teacher: Tensor, rows: Tensor | None = None, **more: Any) -> Tensor:
        given = (*self.sides(student, teacher), *self.labels(rows))
        return self.loss(*given, **self.others(student, rows), **self.options, **more)

    def sides(self, student: Any, teacher: Any) -> tuple[Any, ...]:
        return (student, teacher) if self.teacher else (student,)

    def built(self, **more: Any) -> Callable[..., Tensor]:
        """The module, to be called like the case itself."""
        assert self.module is not None
        module = self.module(**self.options, **more)

        def call(student: Tensor, teacher: Tensor, **mask: Any) -> Tensor:
            given = (*self.sides(student, teacher), *self.labels(None))
            return module(*given, **self.others(student, None), **mask)

        call.state = module.state_dict()  # type: ignore[attr-defined]
        return call

    def labels(self, rows: Tensor | None) -> tuple[Tensor, ...]:
        """() or the labels; those of the given rows (an index or mask over the leading dimensions) only."""
        if not self.classes:
            return ()
        items = self.shape[: max(len(m) for m in self.mask_shapes)]
        labels = (torch.arange(torch.Size(items).numel()) * 3 % self.classes).reshape(items)
        return (labels if rows is None else labels[rows],)

    def others(self, student: Tensor, rows: Tensor | None) -> dict[str, Tensor | None]:
        made: dict[str, Tensor | None] = {}
        for i, (name, shape) in enumerate(self.extras.items()):
            if shape is None or isinstance(shape, Tensor):
                made[name] = None if shape is None else shape.to(student.dtype)
                continue
            if callable(shape):
                made[name] = shape(rows)
                continue
            x = torch.randn(shape, generator=torch.Generator().manual_seed(11 + i), dtype=torch.float64)
            x = (x * 32).round() / 32  # exact in half precision too
            x = x.abs() if name in self.not_negative else x
            made[name] = (x if rows is None else x[rows]).to(student.dtype)
        return made

    def expected(self) -> Any:
        """The slow formula at the random inputs."""
        student, teacher = self.inputs()
        more = {name: None if x is None else x.numpy() for name, x in self.others(student, None).items()}
        labels = [x.numpy() for x in self.labels(None)]
        return self.slow(*self.sides(student.numpy(), teacher.numpy()), *labels, **more, **self.options)

    def inputs(self, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
        """Random student and teacher; the student is half way to the teacher, as in training."""
        make = torch.Generator().manual_seed(7)
        teacher = torch.randn(self.shape, generator=make, dtype=torch.float64)
        student = 0.5 * teacher + torch.randn(self.shape, generator=make, dtype=torch.float64)
        if self.teacher_width:
            teacher = torch.cat([teacher, teacher.flip(-1)], dim=-1)[..., : self.teacher_width]
        return student.to(dtype), teacher.to(dtype)

    def must_be_positive(self) -> tuple[str, ...]:
        numbers = (n for n, v in self.options.items() if isinstance(v, (int, float)) and not isinstance(v, bool))
        return tuple(numbers) if self.positive is None else self.positive

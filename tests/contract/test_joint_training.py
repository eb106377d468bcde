"""C-CKD in miniature: the teacher trains along as a peer, with one stop-gradient between two contrastive terms."""

import torch

from contract.toys import TASKS, Patches, batch, gradients
from xmodal.adapter import Model, Need
from xmodal.distillation import Distillation
from xmodal.distillers import Distiller, over_rows
from xmodal.losses import contrastive_loss


class Joint(Distiller):
    projects = frozenset({"pooled"})

    def needs(self):
        return {"student": Need(pooled=True), self.teacher: Need(pooled=True)}

    def forward(self, frame):
        u, peer = frame.student_as[self.teacher].pooled, frame.peers[self.teacher]
        task, labels = TASKS["kind"], frame.labels["kind"]
        return {
            "task": over_rows(task.loss(peer.outputs["kind"], labels), frame.labelled["kind"]),
            "to_teacher": contrastive_loss(u, peer.pooled, reduction="none"),
            "to_student": contrastive_loss(peer.pooled, u, reduction="none"),
        }


def built():
    torch.manual_seed(0)
    student, notes = Model(Patches(), TASKS), Model(Patches(key="depth"), TASKS)
    return student, notes, Distillation(student, TASKS, peers={"notes": notes}, distillers={"joint": Joint("notes")})


def test_the_peer_is_trained_and_saved_but_the_detached_term_leaves_it_alone():
    student, notes, step = built()
    step(batch()).terms["joint/to_teacher"].sum().backward()
    assert gradients(student)
    assert not gradients(notes)
    step(batch()).total.backward()
    assert "heads.kind.weight" in gradients(notes)
    assert any(name.startswith("peers.notes.") for name in step.state_dict())


def test_unlabelled_samples_do_not_dilute_the_supervised_term():
    _, _, step = built()
    step.eval()
    with torch.no_grad():
        all_six, labelled_four = step(batch()).terms, step(batch().rows(torch.arange(4))).terms
    torch.testing.assert_close(all_six["task/kind"].mean(), labelled_four["task/kind"].mean())

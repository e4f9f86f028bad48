"""The losses of process reward models.

ViLPRM's is unknown. Squared error of the sigmoid against the value is the reference's default (8.3, choice),
cross-entropy with soft targets its option. Comparing the steps of one question is the third common form (OmegaPRM,
arXiv 2406.06592, compares the next steps of one start; choice: any two steps of a question whose values differ).

Letters: S step ends that have a target, P pairs of them, U either: what the loss is the mean of.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid, mse_loss


def step_losses(logits_S: Tensor, targets_S: Tensor, questions_S: Tensor, loss: str) -> Tensor:
    """The loss of every step (``mse``, ``bce``) or of every pair (``pairs``), U.

    Args:
        targets_S: in [0, 1].
        questions_S: a number per question; steps of different ones are never compared.
    """
    match loss:
        case "mse":
            return mse_loss(logits_S.sigmoid(), targets_S, reduction="none")
        case "bce":
            return binary_cross_entropy_with_logits(logits_S, targets_S, reduction="none")
    better_SS = (targets_S[:, None] > targets_S) & (questions_S[:, None] == questions_S)
    better_P, worse_P = torch.nonzero(better_SS, as_tuple=True)
    return -logsigmoid(logits_S[better_P] - logits_S[worse_P])

"""How much each signal counts, and how sure to be: learned from predictions of the past that knew only their past.

A conditional logit: one weight per signal, shared by all people, so that a person who came yesterday is judged by the
same weights. Being fitted to out-of-sample scores, it is at once the stack and the calibration.
"""

import numpy as np

from folkmoot.skills.features import Floats
from folkmoot.skills.process import Ints

FIRST = 4.0  # what a score counts before anything was learned
_SHRINK = 1e-3  # pull towards the weights one starts with


def start(signals: int) -> Floats:
    """The weights to begin with: the regression's score counts, nothing else does."""
    weights = np.zeros(signals)
    weights[0] = FIRST
    return weights


def fit_weights(signals: Floats, right: Ints, worth: Floats) -> tuple[Floats, float]:
    """Weights (signals,) and the loss per question they reach (nats).

    `signals` (questions, people, signals), `right` (questions,) the index of who did it, `worth` (questions,).
    """
    from scipy.optimize import minimize  # noqa: PLC0415  # heavy: only who estimates pays for it

    begin = start(signals.shape[2])
    if not len(right):
        return begin, float("inf")
    share = worth / worth.sum()
    picked = signals[np.arange(len(right)), right]
    target = share @ picked
    flat = signals.reshape(-1, signals.shape[2])

    def loss(weights: Floats) -> tuple[float, Floats]:
        logits = signals @ weights
        chance, spread = softmax(logits)
        value = float(share @ (spread - picked @ weights)) + _SHRINK * float(((weights - begin) ** 2).sum())
        slope = (share[:, None] * chance).ravel() @ flat - target
        return value, slope + 2 * _SHRINK * (weights - begin)

    found = minimize(loss, begin, jac=True, method="L-BFGS-B")
    weights = np.asarray(found.x, dtype=np.float64)
    weights[0] = max(weights[0], 0.0)  # likeness to a person's work never speaks against the person
    return weights, float(found.fun)


def softmax(logits: Floats) -> tuple[Floats, Floats]:
    """Chances over the last axis, and the logarithm of the sum of exponentials."""
    top = logits.max(axis=-1, keepdims=True)
    grown = np.exp(logits - top)
    total = grown.sum(axis=-1, keepdims=True)
    return grown / total, (top + np.log(total))[..., 0]

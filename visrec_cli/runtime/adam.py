"""Adam with decoupled weight decay, and a state of named arrays that a checkpoint can hold.

torch's own takes longer to import than many a training lasts. Import torch before; this module only does arithmetic.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from torch import Tensor

Arrays = dict[str, npt.NDArray[Any]]

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-8


class Adam:
    """Moves ``parameters`` (name → leaf tensor) by their gradients, in place.

    Source: Kingma & Ba 2015, algorithm 1; decay: Loshchilov & Hutter 2019, algorithm 2.
    """

    def __init__(self, parameters: "dict[str, Tensor]", rate: float, decay: float) -> None:
        self.parameters, self.rate, self.decay = parameters, rate, decay
        self.moments = {name: [one.detach() * 0, one.detach() * 0] for name, one in parameters.items()}
        self.steps = 0

    def step(self) -> None:
        """One step down the gradients, which are then cleared."""
        import torch

        self.steps += 1
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                slope, (first, second) = parameter.grad, self.moments[name]
                if slope is None:  # had no part in the loss
                    continue
                first.lerp_(slope, 1 - _BETA_1)
                second.mul_(_BETA_2).addcmul_(slope, slope, value=1 - _BETA_2)
                size = (second / (1 - _BETA_2**self.steps)).sqrt_().add_(_EPSILON)
                parameter.mul_(1 - self.rate * self.decay)
                parameter.addcdiv_(first, size, value=-self.rate / (1 - _BETA_1**self.steps))
                parameter.grad = None

    def state(self) -> Arrays:
        """The parameters, their moments and the number of steps."""
        arrays: Arrays = {"steps": np.array(self.steps)}
        for name, parameter in self.parameters.items():
            three = zip(("", "first:", "second:"), (parameter.detach(), *self.moments[name]), strict=True)
            arrays |= {prefix + name: tensor.cpu().numpy() for prefix, tensor in three}
        return arrays

    def restore(self, state: Arrays) -> None:
        """Go back to what ``state`` gave."""
        import torch

        self.steps = int(state["steps"])
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                three = zip(("", "first:", "second:"), (parameter, *self.moments[name]), strict=True)
                for prefix, tensor in three:
                    tensor.copy_(torch.from_numpy(np.array(state[prefix + name])))

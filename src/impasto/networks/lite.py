"""The architecture EfficientNet-Lite0, exactly as TensorFlow trained it.

The same as timm's ``tf_efficientnet_lite0``, tensor for tensor (a test holds them together).
It is written out here because it is what everyone starts with: importing timm and torchvision
for it would make every first picture wait for seconds.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

STAGES = (
    # kernel, stride, expansion, channels, blocks
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
STEM, HEAD = 32, 1280


class SameConv(nn.Conv2d):
    """A convolution that pads like TensorFlow: what is odd goes to the right and the bottom."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__(inputs, outputs, kernel, stride, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Pad and convolve (n, inputs, h, w) to (n, outputs, ceil(h / stride), ...)."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        down, right = (
            max((-(-int(side) // stride) - 1) * stride + kernel - int(side), 0)
            for side in x.shape[2:]
        )
        if right % 2 == 0 and down % 2 == 0:
            padding = (down // 2, right // 2)
            return functional.conv2d(x, self.weight, None, stride, padding, 1, self.groups)
        x = functional.pad(x, (right // 2, right - right // 2, down // 2, down - down // 2))
        return super().forward(x)


class Norm(nn.BatchNorm2d):
    """Batch normalisation with TensorFlow's epsilon, and the ReLU6 that usually follows."""

    def __init__(self, channels: int, *, act: bool = True) -> None:
        super().__init__(channels, eps=1e-3)
        self.act = nn.ReLU6() if act else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (n, channels, h, w)."""
        result: Tensor = self.act(super().forward(x))
        return result


class Separable(nn.Module):
    """Depthwise, then pointwise: the one block of the first stage."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv_dw = SameConv(inputs, inputs, kernel, stride, groups=inputs)
        self.bn1 = Norm(inputs)
        self.conv_pw = SameConv(inputs, outputs, 1)
        self.bn2 = Norm(outputs, act=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, inputs, h, w) to (n, outputs, h / stride, w / stride)."""
        result: Tensor = self.bn2(self.conv_pw(self.bn1(self.conv_dw(x))))
        return result


class Inverted(nn.Module):
    """Widen, depthwise, narrow; with a way around where the shape stays."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, widen: int) -> None:
        super().__init__()
        wide = inputs * widen
        self.conv_pw = SameConv(inputs, wide, 1)
        self.bn1 = Norm(wide)
        self.conv_dw = SameConv(wide, wide, kernel, stride, groups=wide)
        self.bn2 = Norm(wide)
        self.conv_pwl = SameConv(wide, outputs, 1)
        self.bn3 = Norm(outputs, act=False)
        self.around = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, inputs, h, w) to (n, outputs, h / stride, w / stride)."""
        y: Tensor = self.bn2(self.conv_dw(self.bn1(self.conv_pw(x))))
        y = self.bn3(self.conv_pwl(y))
        return y + x if self.around else y


class EfficientNetLite0(nn.Module):
    """Stem, seven stages, head, mean over positions, classifier.

    Parameters
    ----------
    classes : int
    """

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.conv_stem = SameConv(3, STEM, 3, 2)
        self.bn1 = Norm(STEM)
        stages: list[nn.Module] = []
        inputs = STEM
        for kernel, first, widen, outputs, blocks in STAGES:
            stage: list[nn.Module] = []
            for block in range(blocks):
                stride = first if block == 0 else 1
                if widen == 1:
                    stage.append(Separable(inputs, outputs, kernel, stride))
                else:
                    stage.append(Inverted(inputs, outputs, kernel, stride, widen))
                inputs = outputs
            stages.append(nn.Sequential(*stage))
        self.blocks = nn.Sequential(*stages)
        self.conv_head = SameConv(inputs, HEAD, 1)
        self.bn2 = Norm(HEAD)
        self.classifier = nn.Linear(HEAD, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map normalised pictures (n, 3, h, w) to logits (n, classes)."""
        x = self.blocks(self.bn1(self.conv_stem(x)))
        x = self.bn2(self.conv_head(x))
        logits: Tensor = self.classifier(torch.mean(x, dim=(2, 3)))
        return logits

"""Writes the checkpoints beside it, of micro networks, and what PyTorch 1.13 makes of an image with them: python3 make.py"""

from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from torch import nn

HERE = Path(__file__).parent


class Bottleneck(nn.Module):
    """Names of torchvision, stride on the 3x3."""

    def __init__(self, inputs, width, stride):
        super().__init__()
        outputs = 4 * width
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        if stride > 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        y = self.bn1(self.conv1(x)).relu()
        y = self.bn2(self.conv2(y)).relu()
        y = self.bn3(self.conv3(y))
        return (y + (self.downsample(x) if hasattr(self, "downsample") else x)).relu()


class TorchResNet(nn.Module):
    """test_resnet_bottleneck.micro"""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.layer1 = nn.Sequential(Bottleneck(8, 4, 1))
        self.layer2 = nn.Sequential(Bottleneck(16, 8, 2), Bottleneck(32, 8, 1))
        self.layer3 = nn.Sequential(Bottleneck(32, 16, 2))
        self.fc = nn.Linear(64, 5)

    def forward(self, x):
        x = self.bn1(self.conv1(x)).relu()
        return self.layer3(self.layer2(self.layer1(x)))


class ConvBN(nn.Sequential):
    def __init__(self, inputs, outputs, kernel, stride=1, padding=0, dilation=1):
        super().__init__(
            OrderedDict(
                conv=nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, bias=False),
                bn=nn.BatchNorm2d(outputs),
            )
        )


class CaffeBottleneck(nn.Module):
    """Names of SPNet and CaGNet, stride on the first 1x1."""

    def __init__(self, inputs, width, stride, project):
        super().__init__()
        self.reduce = ConvBN(inputs, width, 1, stride)
        self.conv3x3 = ConvBN(width, width, 3, 1, 1)
        self.increase = ConvBN(width, 4 * width, 1)
        if project:
            self.proj = ConvBN(inputs, 4 * width, 1, stride)

    def forward(self, x):
        y = self.increase(self.conv3x3(self.reduce(x).relu()).relu())
        return (y + (self.proj(x) if hasattr(self, "proj") else x)).relu()


class CaffeResNet(nn.Module):
    """test_resnet_caffe.micro"""

    def __init__(self):
        super().__init__()
        self.layer1 = nn.Sequential(
            OrderedDict(conv1=ConvBN(3, 8, 7, 2, 3), relu=nn.ReLU(), pool=nn.MaxPool2d(3, 2, 1, ceil_mode=True))
        )
        self.layer2 = nn.Sequential(OrderedDict(block1=CaffeBottleneck(8, 4, 1, True)))
        self.layer3 = nn.Sequential(
            OrderedDict(block1=CaffeBottleneck(16, 8, 2, True), block2=CaffeBottleneck(32, 8, 1, False))
        )

    def forward(self, x):
        return self.layer3(self.layer2(self.layer1(x)))


class Vgg(nn.Module):
    """test_vgg.micro"""

    def __init__(self):
        super().__init__()
        layers, inputs = [], 3
        for depth, width in zip([1, 1, 1, 2], [8, 16, 24, 32]):
            for _ in range(depth):
                layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU()]
                inputs = width
            layers.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Linear(32, 5))

    def forward(self, x):
        return self.features[:-1](x)


def fill(network):
    """Values of a usual size, running statistics included, in half precision so that files are small."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
            if module.bias is not None:
                nn.init.normal_(module.bias, std=0.1)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.2)
            nn.init.normal_(module.running_mean, std=0.2)
            nn.init.uniform_(module.running_var, 0.5, 2)
            module.num_batches_tracked.fill_(7)
    return network.half().float().eval()


def halves(state):
    return OrderedDict((name, value.half() if value.is_floating_point() else value) for name, value in state.items())


def expect(name, network):
    image = torch.randn(1, 3, 29, 35)
    with torch.no_grad():
        output = network(image)
    np.savez(HERE / f"{name}.npz", image=image.permute(0, 2, 3, 1).numpy(), output=output.permute(0, 2, 3, 1).numpy())


if __name__ == "__main__":
    torch.manual_seed(3)

    torchvision = fill(TorchResNet())
    state = halves(nn.DataParallel(torchvision).state_dict())
    torch.save({"epoch": 3, "state_dict": state}, HERE / "torch-resnet.pth.tar")
    expect("torch-resnet", torchvision)

    caffe = fill(CaffeResNet())
    scale = OrderedDict((f"scale.{name}", value) for name, value in caffe.state_dict().items())
    scale["scale.aspp.stages.c0.weight"] = torch.zeros(2, 32, 3, 3)
    scale["scale.aspp.stages.c0.bias"] = torch.zeros(2)
    torch.save(scale, HERE / "caffe-resnet.pth", _use_new_zipfile_serialization=False)
    expect("caffe-resnet", caffe)

    vgg = fill(Vgg())
    torch.save(halves(vgg.state_dict()), HERE / "torch-vgg.pth")
    expect("torch-vgg", vgg)

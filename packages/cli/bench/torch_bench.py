"""PyTorch's side of `unseen bench`: the same networks, losses and updates, in PyTorch's own idiom.

Reads one JSON request a line from standard input and answers each with one JSON line:
  {"op": "prepare", "kind", "sizes", "threads"}  builds the step and warms it up
  {"op": "time", "steps"}                        times that many steps, in seconds
  {"op": "check", "given", "results"}            takes weights, inputs and noise from a safetensors file and writes what
                                                 one step gives (outputs, gradients before any update) to another
  {"op": "memory"}                               largest resident memory of this process, in bytes
Maps are [n, c, h, w] here and [n, h, w, c] in the files; module attributes are named as in the toolkit, so that the
names of weights agree.
"""
import json
import resource
import struct
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

DTYPES = {"F32": torch.float32, "I32": torch.int32, "U8": torch.uint8, "F64": torch.float64}
BANDWIDTHS = [2, 5, 10, 20, 40, 60]


def read_tensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        body = bytearray(file.read())
    tensors = {}
    for name, info in header.items():
        if name == "__metadata__":
            continue
        begin, end = info["data_offsets"]
        dtype = DTYPES[info["dtype"]]
        flat = torch.frombuffer(body[begin:end], dtype=dtype) if end > begin else torch.zeros(0, dtype=dtype)
        tensors[name] = flat.reshape(info["shape"])
    return tensors


def write_tensors(path, tensors):
    header, bodies, offset = {}, [], 0
    for name, tensor in tensors.items():
        data = tensor.detach().float().contiguous().numpy().tobytes()
        shape = list(tensor.shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + len(data)]}
        bodies.append(data)
        offset += len(data)
    encoded = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(encoded)) + encoded + b"".join(bodies))


def to_maps(x):
    return x.permute(0, 3, 1, 2).contiguous() if x.dim() == 4 else x


def from_maps(x):
    return x.permute(0, 2, 3, 1) if x.dim() == 4 else x


class Noise:
    """Fresh noise, or the given arrays one after the other."""

    def __init__(self, given=None):
        self.given = given

    def normal(self, like):
        return torch.randn_like(like) if self.given is None else to_maps(self.given.pop(0))

    def dropout(self, x, rate):
        if rate == 0:
            return x
        if self.given is None:
            return F.dropout(x, rate, True)
        return x * to_maps(self.given.pop(0)).float() / (1 - rate)


# ---- networks


class FrozenNorm(nn.Module):
    def __init__(self, channels, scale):
        super().__init__()
        for name, value in (("scale", scale), ("shift", 0.0), ("runningMean", 0.0), ("runningVariance", 1.0)):
            self.register_parameter(name, nn.Parameter(torch.full([channels], value), requires_grad=False))

    def forward(self, x):
        return F.batch_norm(x, self.runningMean, self.runningVariance, self.scale, self.shift, False, 0.0, 1e-5)


class ConvNorm(nn.Module):
    def __init__(self, inputs, outputs, kernel=1, stride=1, dilation=1, scale=1.0, folded=False):
        super().__init__()
        padding = (kernel - 1) // 2 * dilation
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, bias=folded)
        nn.init.kaiming_normal_(self.conv.weight)
        self.norm = nn.Identity() if folded else FrozenNorm(outputs, scale)

    def forward(self, x):
        return self.norm(self.conv(x))


class Bottleneck(nn.Module):
    def __init__(self, inputs, width, stride, project, dilation, folded):
        super().__init__()
        self.reduce = ConvNorm(inputs, width, stride=stride, folded=folded)
        self.spatial = ConvNorm(width, width, 3, dilation=dilation, folded=folded)
        self.expand = ConvNorm(width, 4 * width, scale=0.2, folded=folded)
        self.shortcut = ConvNorm(inputs, 4 * width, stride=stride, folded=folded) if project else None

    def forward(self, x):
        inner = F.relu(self.spatial(F.relu(self.reduce(x))))
        return F.relu(self.expand(inner) + (x if self.shortcut is None else self.shortcut(x)))


class ResNet(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        folded = sizes["folded"]
        self.stem = ConvNorm(3, sizes["stem"], 7, 2, folded=folded)
        stride_so_far, dilation, channels, layers = 4, 1, sizes["stem"], []
        for stage, (depth, width) in enumerate(zip(sizes["depths"], sizes["widths"])):
            stride = 1 if stage == 0 else 2
            project = stride != 1 or channels != 4 * width
            if stride_so_far * stride > sizes["outputStride"]:
                dilation, stride = dilation * stride, 1
            stride_so_far *= stride
            blocks = []
            for block in range(depth):
                first = block == 0
                blocks.append(
                    Bottleneck(channels, width, stride if first else 1, first and project, dilation, folded)
                )
                channels = 4 * width
            layers.append(nn.ModuleList(blocks))
        self.layers = nn.ModuleList(layers)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.stem(x)), 3, 2, 1, ceil_mode=True)
        for layer in self.layers:
            for block in layer:
                x = block(x)
        return x


class SummedAspp(nn.Module):
    def __init__(self, inputs, outputs, dilations):
        super().__init__()
        self.branches = nn.ModuleList(nn.Conv2d(inputs, outputs, 3, padding=d, dilation=d) for d in dilations)

    def forward(self, x):
        return sum(branch(x) for branch in self.branches)


def conv3(inputs, outputs, dilation=1):
    return nn.Conv2d(inputs, outputs, 3, padding=dilation, dilation=dilation, bias=False)


class Selector(nn.Module):
    def __init__(self, inputs, scales):
        super().__init__()
        self.convolution = conv3(inputs, scales)


class Latent(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.mu = conv3(channels, channels)
        self.logVariance = conv3(channels, channels)


class Contextual(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        channels, width, dilations = sizes["channels"], sizes["width"], sizes["dilations"]
        self.contexts = nn.ModuleList(
            conv3(width if i else channels, width, dilation) for i, dilation in enumerate(dilations)
        )
        stacked = width * len(dilations)
        self.selector = Selector(stacked, len(dilations))
        self.pool = nn.Conv2d(stacked, channels, 1, bias=False)
        self.latent = Latent(channels)

    def forward(self, h, noise):
        contexts, x = [], torch.sigmoid(h)
        for convolution in self.contexts:
            x = F.relu(convolution(x))
            contexts.append(x)
        selection = torch.sigmoid(self.selector.convolution(torch.cat(contexts, 1)))
        selected = torch.cat([context * selection[:, k : k + 1] for k, context in enumerate(contexts)], 1)
        pooled = F.relu(self.pool(selected))
        mu, log_variance = self.latent.mu(pooled), self.latent.logVariance(pooled)
        z = mu + torch.exp(0.5 * log_variance) * noise.normal(mu)
        return torch.sigmoid(h + h * torch.sigmoid(z)), z, mu, log_variance


class Dense(nn.Linear):
    """On maps a 1x1 convolution, on rows a matrix product."""

    def forward(self, x):
        return F.conv2d(x, self.weight[:, :, None, None], self.bias) if x.dim() == 4 else super().forward(x)


class Generator(nn.Module):
    def __init__(self, inputs, sizes):
        super().__init__()
        widths = [inputs, *sizes["hidden"], sizes["channels"]]
        self.layers = nn.ModuleList(Dense(a, b) for a, b in zip(widths, widths[1:]))
        self.rates, self.linear = sizes["dropout"], sizes.get("linear", False)

    def forward(self, words, latent, noise):
        x = torch.cat([words, latent], 1)
        for layer, rate in zip(self.layers, self.rates):
            x = noise.dropout(F.leaky_relu(layer(x), 0.2), rate)
        x = self.layers[-1](x)
        return x if self.linear else torch.sigmoid(x)


class Heads(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.trunk = Dense(sizes["channels"], sizes["headsHidden"])
        self.discriminator = Dense(sizes["headsHidden"], 1)
        self.classifier = Dense(sizes["headsHidden"], sizes["seen"] + sizes["unseen"])
        self.rate, self.offset, self.scale = sizes["headsDropout"], sizes["centreOffset"], sizes["centreScale"]

    def forward(self, x, noise):
        hidden = noise.dropout(F.relu(self.trunk((x - self.offset) * self.scale)), self.rate)
        return self.classifier(hidden), self.discriminator(hidden)


class Cagnet(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.contextual = Contextual(sizes)
        self.heads = Heads(sizes)
        self.generator = Generator(sizes["embedding"] + sizes["channels"], sizes)


# ---- steps: `inputs` makes random ones, `run` gives (outputs, losses with the modules or parameters that they train)


class ResNetStep:
    optimizer = "sgd"

    def __init__(self, sizes):
        self.sizes, self.model = sizes, ResNet(sizes)

    def inputs(self):
        side = self.sizes["image"]
        images = torch.randn(1, 3, side, side)
        with torch.no_grad():
            return {"images": images, "direction": torch.randn_like(self.model(images))}

    def run(self, inputs, noise):
        loss = (self.model(inputs["images"]) * inputs["direction"]).mean()
        return {}, {"loss": (loss, trained(self.model))}


class InferenceStep:
    optimizer = None

    def __init__(self, sizes):
        self.sizes, self.model = sizes, ResNet(sizes).eval()

    def inputs(self):
        return {"images": torch.randn(1, 3, self.sizes["image"], self.sizes["image"])}

    def run(self, inputs, noise):
        with torch.inference_mode():
            return {"features": self.model(inputs["images"])}, {}


class HeadStep:
    optimizer = "sgd"

    def __init__(self, sizes):
        self.sizes, self.model = sizes, SummedAspp(sizes["inputs"], sizes["outputs"], sizes["dilations"])

    def inputs(self):
        batch, grid = self.sizes["batch"], self.sizes["grid"]
        shape = lambda channels: torch.randn(batch, channels, grid, grid)
        return {"features": shape(self.sizes["inputs"]), "direction": shape(self.sizes["outputs"])}

    def run(self, inputs, noise):
        loss = (self.model(inputs["features"]) * inputs["direction"]).mean()
        return {}, {"loss": (loss, trained(self.model))}


class ContextualStep:
    optimizer = "adam"

    def __init__(self, sizes):
        self.sizes, self.model = sizes, Contextual(sizes)

    def inputs(self):
        shape = [self.sizes["batch"], self.sizes["channels"], self.sizes["grid"], self.sizes["grid"]]
        return {"features": torch.randn(shape), "direction": torch.randn(shape)}

    def run(self, inputs, noise):
        features = self.model(inputs["features"], noise)[0]
        return {}, {"loss": ((features * inputs["direction"]).mean(), trained(self.model))}


class RealStep:
    optimizer = "adam"

    def __init__(self, sizes):
        self.sizes, self.model = sizes, Cagnet(sizes)

    def inputs(self):
        s = self.sizes
        labels = torch.randint(0, s["seen"], [s["batch"], s["grid"], s["grid"]])
        labels[torch.rand(labels.shape) < 0.1] = 255
        return {
            "maps0": torch.randn(s["batch"], s["channels"], s["grid"], s["grid"]),
            "labels0": labels,
            "vectors": torch.randn(s["seen"] + s["unseen"], s["embedding"]),
            "mean": torch.randn(s["channels"]),
            "gain": torch.ones(s["channels"]),
        }

    def run(self, inputs, noise):
        model, weights = self.model, self.sizes["weights"]
        labels = inputs["labels0"].long()
        stored = (inputs["maps0"] - inputs["mean"][:, None, None]) * inputs["gain"][:, None, None]
        features, z, mu, log_variance = model.contextual(stored, noise)
        logits, real = model.heads(features, noise)
        fake_features = model.generator(to_maps(look_up(inputs["vectors"], labels)), z, noise)
        fake_logits, fake = model.heads(fake_features, noise)

        mask = (labels < inputs["vectors"].shape[0]).float()[:, None]
        count = mask.sum().clamp(min=1)
        over = lambda x: (x * mask).sum() / (count * x.shape[1])
        classify_real = F.cross_entropy(logits, labels, ignore_index=255)
        classify_fake = F.cross_entropy(fake_logits, labels, ignore_index=255)
        content = over((fake_features - features.detach()).square())
        fake_score, real_score = torch.sigmoid(fake), torch.sigmoid(real)
        discriminate = over(fake_score.square()) + over((real_score - 1).square())
        deceive = over((fake_score - 1).square())
        kl = -0.5 * over(1 + log_variance - mu.square() - log_variance.exp())

        heads = discriminate + weights["classifyReal"] * classify_real
        contextual = (
            weights["kl"] * kl
            + weights["contextualClassify"] * classify_real
            + weights["content"] * content
        )
        generator = weights["adversarial"] * deceive + weights["content"] * content
        return (
            {
                "discriminate": discriminate,
                "classifyReal": classify_real,
                "classifyFake": classify_fake,
                "deceive": deceive,
                "content": content,
                "kl": kl,
            },
            {
                "heads": (heads, trained(model.heads, "heads.")),
                "contextual": (contextual, trained(model.contextual, "contextual.")),
                "generator": (generator, trained(model.generator, "generator.")),
            },
        )


class SyntheticStep:
    optimizer = "adam"

    def __init__(self, sizes):
        self.sizes, self.model = sizes, Cagnet(sizes)

    def inputs(self):
        s = self.sizes
        classes = s["seen"] + s["unseen"]
        return {
            "labels": torch.randint(0, classes, [s["draws"]]),
            "vectors": torch.randn(classes, s["embedding"]),
        }

    def run(self, inputs, noise):
        model, labels = self.model, inputs["labels"].long()
        words = look_up(inputs["vectors"], labels)
        latent = noise.normal(words.new_empty(len(labels), self.sizes["channels"]))
        logits, _ = model.heads(model.generator(words, latent, noise), noise)
        loss = F.cross_entropy(logits, labels, ignore_index=255)
        taught = {k: p for k, p in trained(model.heads, "heads.").items() if not k.startswith("heads.discriminator")}
        return {"classify": loss}, {"heads": (loss, taught)}


class GmmnStep:
    optimizer = "adam"

    def __init__(self, sizes):
        self.sizes, self.model = sizes, Generator(sizes["embedding"] + sizes["latent"], sizes)

    def inputs(self):
        s = self.sizes
        words = torch.randn(1, s["embedding"]).repeat(s["samples"], 1)
        return {"words": words, "real": torch.randn(s["samples"], s["channels"])}

    def run(self, inputs, noise):
        words, real = inputs["words"], inputs["real"]
        latent = noise.normal(words.new_empty(len(words), self.sizes["latent"]))
        rows = torch.cat([self.model(words, latent, noise), real])
        norms = rows.square().sum(1)
        distances = F.relu(norms[:, None] + norms[None, :] - 2 * rows @ rows.T)
        kernel = sum(torch.exp(distances * (-1 / (2 * b))) for b in BANDWIDTHS)
        n = len(words)
        sign = torch.cat([torch.full([n], 1.0 / n), torch.full([n], -1.0 / n)])
        loss = F.relu(sign @ kernel @ sign).sqrt()
        return {}, {"loss": (loss, trained(self.model))}


class MatmulStep:
    optimizer = None

    def __init__(self, sizes):
        self.sizes, self.model = sizes, nn.Module()

    def inputs(self):
        side = self.sizes["side"]
        return {"a": torch.randn(side, side), "b": torch.randn(side, side)}

    def run(self, inputs, noise):
        with torch.inference_mode():
            return {"product": inputs["a"] @ inputs["b"]}, {}


class ConfusionStep:
    optimizer = None

    def __init__(self, sizes):
        self.sizes, self.model = sizes, nn.Module()

    def inputs(self):
        classes, pixels = self.sizes["classes"], self.sizes["side"] ** 2
        labels = torch.randint(0, classes, [pixels], dtype=torch.uint8)
        labels[torch.rand(pixels) < 0.1] = 255
        return {"labels": labels, "predictions": torch.randint(0, classes, [pixels], dtype=torch.uint8)}

    def run(self, inputs, noise):
        classes = self.sizes["classes"]
        counted = inputs["labels"] != 255
        labels, predictions = inputs["labels"][counted].long(), inputs["predictions"][counted].long()
        counts = torch.bincount(classes * labels + predictions, minlength=classes * classes)
        return {"counts": counts.reshape(classes, classes)}, {}


def look_up(vectors, labels):
    """Class vectors of labels; zero where a label is ignored."""
    table = vectors.new_zeros(256, vectors.shape[1])
    table[: len(vectors)] = vectors
    return table[labels]


def trained(module, prefix=""):
    return {prefix + name: p for name, p in module.named_parameters() if p.requires_grad}


STEPS = {
    "resnet": ResNetStep,
    "inference": InferenceStep,
    "head": HeadStep,
    "contextual": ContextualStep,
    "cagnet-real": RealStep,
    "cagnet-synthetic": SyntheticStep,
    "gmmn": GmmnStep,
    "matmul": MatmulStep,
    "confusion": ConfusionStep,
}


# ---- running


def gradients_of(losses):
    """All taken at the same weights, from one forward pass."""
    kept = list(losses)
    return {
        name: dict(zip(parameters, torch.autograd.grad(loss, list(parameters.values()), retain_graph=name != kept[-1])))
        for name, (loss, parameters) in losses.items()
    }


class Runner:
    def __init__(self, kind, sizes):
        torch.manual_seed(0)
        self.step = STEPS[kind](sizes)
        self.data = self.step.inputs()
        self.optimizers = {}

    def optimizer_of(self, name, parameters):
        if name not in self.optimizers:
            if self.step.optimizer == "sgd":
                made = torch.optim.SGD(parameters, lr=1e-6, momentum=0.9, weight_decay=5e-4)
            else:
                made = torch.optim.Adam(parameters, lr=1e-6, weight_decay=5e-4)
            self.optimizers[name] = made
        return self.optimizers[name]

    def once(self):
        _, losses = self.step.run(self.data, Noise())
        gradients = gradients_of(losses)
        for name, (_, parameters) in losses.items():
            for key, parameter in parameters.items():
                parameter.grad = gradients[name][key]
            optimizer = self.optimizer_of(name, list(parameters.values()))
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    def timed(self, steps):
        seconds = []
        for _ in range(steps):
            begin = time.perf_counter()
            self.once()
            seconds.append(time.perf_counter() - begin)
        return seconds

    def check(self, given, results):
        tensors = read_tensors(given)
        group = lambda prefix: {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}
        self.step.model.load_state_dict(group("weight."), strict=True)
        inputs = {k: to_maps(v) for k, v in group("input.").items()}
        noise = [tensors[f"noise.{i}"] for i in range(sum(k.startswith("noise.") for k in tensors))]
        outputs, losses = self.step.run(inputs, Noise(noise))
        if noise:
            raise ValueError(f"{len(noise)} arrays of noise are left over")
        found = {f"output.{k}": from_maps(v) for k, v in outputs.items()}
        for name, (loss, _) in losses.items():
            found[f"output.{name}"] = loss
        for name, gradients in gradients_of(losses).items():
            for key, gradient in gradients.items():
                found[f"gradient.{name}.{key}"] = gradient
        write_tensors(results, found)


def answer(request, runner):
    op = request["op"]
    if op == "prepare":
        torch.set_num_threads(request["threads"])
        runner = Runner(request["kind"], request["sizes"])
        return runner, {"seconds": runner.timed(2)[-1] if request["warm"] else None}
    if op == "time":
        return runner, {"seconds": runner.timed(request["steps"])}
    if op == "check":
        runner.check(request["given"], request["results"])
        return runner, {}
    if op == "memory":
        unit = 1 if sys.platform == "darwin" else 1024
        return runner, {"bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}
    raise ValueError(f"unknown request {op}")


def main():
    runner = None
    for line in sys.stdin:
        try:
            runner, reply = answer(json.loads(line), runner)
        except Exception as error:  # the other side shows it
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()

"""GANPO's variants and the distances of hidden states in PyTorch, on random hidden states: losses, and gradients by latents and by discriminators.

    python regularizers.py out/regularizers.json

Float64. Gradient penalties are differentiated by autograd twice. Distances are written another way than the plugins write them: MMD over torch.cdist, sorted projections by torch.sort, CKA in feature
space. Random numbers (shares of the gradient penalty, directions) are the counter-based ones of the graph package, with the seed of this file.
"""
import argparse
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.utils import spectral_norm

from discriminator import INITIAL_VALUES, hashed_uniform, tensor_kind
from summary import summarize, write_json

ROWS, LENGTH, HIDDEN, SEED = 4, 5, 4, 11
LENGTHS = torch.tensor([[5, 3], [2, 5], [4, 4], [3, 1]])  # tokens of chosen and rejected
WIDTH, HEADS, LAYERS, POSITIONS = 8, 2, 1, 6
DROPOUT_STREAMS = {"transformer": 4 * LAYERS, "mlp": LAYERS}  # masks of a training forward, which take a stream each also where dropout is 0


def mix(word):
    """One round of the graph package's integer mixer; word: array of uint32."""
    word = (word ^ (word >> np.uint32(16))) * np.uint32(0x7FEB352D)
    word = (word ^ (word >> np.uint32(15))) * np.uint32(0x846CA68B)
    return word ^ (word >> np.uint32(16))


def random_bits(shape, stream):
    """Integers in [0, 2^24) as float64."""
    counter = np.arange(math.prod(shape), dtype=np.uint32)
    seed, salt = mix(np.array([SEED], dtype=np.uint32)), mix(np.array([(stream + 0x9E3779B9) & 0xFFFFFFFF], dtype=np.uint32))
    return torch.from_numpy((mix(mix(counter + seed) + salt) >> np.uint32(8)).astype(np.float64)).view(shape)


class Discriminator(nn.Module):
    """Hidden states [N, L, H] and mask [N, L] -> scores [N]."""

    def __init__(self, architecture, normalized):
        super().__init__()
        wrap = spectral_norm if normalized else lambda module: module
        self.project, self.head_hidden, self.head_score = wrap(nn.Linear(HIDDEN, WIDTH)), wrap(nn.Linear(WIDTH, WIDTH)), wrap(nn.Linear(WIDTH, 1))
        self.is_mlp = architecture == "mlp"
        if self.is_mlp:
            self.layers = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(LAYERS))
            return
        self.positions = nn.Parameter(torch.empty(POSITIONS, WIDTH))
        layer = {"dim_feedforward": WIDTH, "dropout": 0.0, "activation": "gelu", "batch_first": True, "norm_first": True}
        self.layers = nn.ModuleList(nn.TransformerEncoderLayer(WIDTH, HEADS, **layer) for _ in range(LAYERS))

    def forward(self, hidden, mask):
        x = self.project(hidden)
        if self.is_mlp:
            x = F.gelu(x)
            for layer in self.layers:
                x = F.gelu(layer(x))
        else:
            x = x + self.positions[: x.shape[1]]
            for layer in self.layers:
                x = layer(x, src_key_padding_mask=mask == 0)
        pooled = (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return self.head_score(F.gelu(self.head_hidden(pooled))).squeeze(-1)


LOSSES = {
    "bce": lambda s, target: F.binary_cross_entropy_with_logits(s, torch.full_like(s, target)),
    "hinge": lambda s, target: F.relu(1 - s if target else 1 + s).mean(),
    "least_squares": lambda s, target: (s - (1 if target else -1)).square().mean(),
    "wasserstein": lambda s, target: (-s if target else s).mean(),
}

CHOSEN, REJECTED = 0, 1
# name -> (sets of (model, side), the set taken for real, terms of (score, against, target); the last two only rank)
GUARDS = {
    "plus": ({"policy": [("policy", CHOSEN)], "real_good": [("reference", CHOSEN)], "real_bad": [("reference", REJECTED)]}, "real_good", "real_bad"),
    "minus": ({"policy": [("policy", REJECTED)], "real_good": [("reference", CHOSEN)], "real_bad": [("reference", REJECTED)]}, "real_bad", "real_good"),
}
SINGLE = {"single": ({"policy": [("policy", CHOSEN), ("policy", REJECTED)], "real": [("reference", CHOSEN), ("reference", REJECTED)]}, "real", None)}


def make_networks(options):
    """{name: network} with hashed initial values, and the list that documents their tensors."""
    roles = SINGLE if options.get("discriminators") == "one" else GUARDS
    networks = {name: Discriminator(options.get("architecture", "transformer"), options.get("spectral_norm", True)).double() for name in roles}
    documented = []
    for network, module in networks.items():
        state = module.state_dict(keep_vars=True)
        for name in sorted(state):
            index, tensor, kind = len(documented), state[name], tensor_kind(name)
            with torch.no_grad():
                tensor.copy_(INITIAL_VALUES[kind](hashed_uniform(index, tensor.numel()).view(tensor.shape)))
            documented.append({"index": index, "network": network, "name": name, "shape": list(tensor.shape), "kind": kind})
    return roles, networks, documented


def slope_penalty(network, real, policy, mask, stream):
    """mean (‖∇D‖ − 1)² between both; states [N, L, H]. In evaluation mode: no power iteration."""
    share = random_bits((len(real),), stream)[:, None, None] / 2**24
    between = (policy + share * (real - policy)).detach().requires_grad_()
    (slope,) = torch.autograd.grad(network.eval()(between, mask).sum(), between, create_graph=True)
    return (slope.square().sum((1, 2)).sqrt() - 1).square().mean()


def ganpo_case(points, options):
    """All discriminators' loss on detached latents with its gradients, and the policy's penalty with its gradient by the policy's latents."""
    roles, networks, tensors = make_networks(options)
    loss_of = LOSSES[options.get("loss", "bce")]
    weight = options.get("gradient_penalty", 10.0 if options.get("loss") == "wasserstein" else 0.0)
    policy = points["policy"].clone().requires_grad_()
    states = {"policy": policy, "reference": points["reference"]}
    join = lambda kinds: torch.cat([states[model][:, side] for model, side in kinds])  # noqa: E731
    masks = lambda kinds: torch.cat([points["mask"][:, side] for _, side in kinds])  # noqa: E731
    total, penalty, stream, parts = 0.0, 0.0, 0, {}
    for name, (sets, real, worse) in roles.items():
        network = networks[name].train()
        scores = {key: network(join(kinds).detach(), masks(kinds)) for key, kinds in sets.items()}
        means = {key: value.detach().mean() for key, value in scores.items()}
        terms = [loss_of(scores[real] - means["policy"], 1.0), loss_of(scores["policy"] - means[real], 0.0)]
        if worse and options.get("loss") != "wasserstein":
            terms += [loss_of(scores["policy"] - means[worse], 1.0), loss_of(scores[worse] - means["policy"], 0.0)]
        parts[name] = {"loss": sum(terms) / len(terms)}
        total = total + parts[name]["loss"]
        stream += DROPOUT_STREAMS[options.get("architecture", "transformer")]
        if weight:
            parts[name]["gradient_penalty"] = slope_penalty(network, join(sets[real]).detach(), join(sets["policy"]).detach(), masks(sets["policy"]), stream)
            total = total + weight * parts[name]["gradient_penalty"]
            stream += 1
        penalty = penalty + loss_of(network.eval()(join(sets["policy"]), masks(sets["policy"])) - means[real], 1.0) / len(roles)
    named = {f"{name}.{key}": value for name, module in networks.items() for key, value in module.named_parameters()}
    grads = torch.autograd.grad(total, list(named.values()), retain_graph=True, allow_unused=True)
    gradients = summarize({key: torch.zeros_like(value) if grad is None else grad for (key, value), grad in zip(named.items(), grads)})
    (by_latents,) = torch.autograd.grad(penalty, policy)
    sizes = {"width": WIDTH, "heads": HEADS, "layers": LAYERS, "feed_forward_ratio": 1, "max_positions": POSITIONS, "dropout": 0}
    return {"options": {**sizes, **options}, "tensors": tensors, "loss": total, "parts": parts, "gradients": gradients, "penalty": penalty, "latent_gradient": by_latents.flatten()}


def mmd(x, y, bandwidths=(0.5, 1.0, 2.0)):
    if len(x) == 1:
        return (0 * x).sum()  # one position has no spread
    joined = torch.cat([x, y])
    squares = torch.cdist(joined, joined, compute_mode="donot_use_mm_for_euclid_dist").square()
    width = squares.mean().detach()
    n = len(x)
    kernel = sum(torch.exp(-squares / (s * width)) for s in bandwidths) / len(bandwidths)
    return kernel[:n, :n].mean() + kernel[n:, n:].mean() - 2 * kernel[:n, n:].mean()


def sliced_wasserstein(x, y, directions=8):
    uniform = [(random_bits((HIDDEN, directions), stream) + 0.5) / 2**24 for stream in (0, 1)]
    vectors = F.normalize((-2 * uniform[0].log()).sqrt() * torch.cos(2 * math.pi * uniform[1]), dim=0)
    return ((x @ vectors).sort(0).values - (y @ vectors).sort(0).values).square().mean()


def cka(x, y):
    x, y = x - x.mean(0), y - y.mean(0)
    if len(x) == 1:
        return (0 * x).sum()  # one position has no shape
    return 1 - (x.T @ y).square().sum() / ((x.T @ x).norm() * (y.T @ y).norm())


DISTANCES = {
    "latent_l2": lambda x, y: F.mse_loss(x, y),
    "latent_cosine": lambda x, y: 1 - F.cosine_similarity(x, y).mean(),
    "mmd": mmd,
    "sliced_wasserstein": sliced_wasserstein,
    "cka": cka,
}


def distance_case(points, name):
    """The mean over rows and sides of a distance between the two models' states, and its gradient by the policy's."""
    policy = points["policy"].clone().requires_grad_()
    pairs = [(row, side, int(LENGTHS[row, side])) for row in range(ROWS) for side in range(2)]
    value = sum(DISTANCES[name](policy[row, side, :n], points["reference"][row, side, :n]) for row, side, n in pairs) / len(pairs)
    (gradient,) = torch.autograd.grad(value, policy)
    return {"plugin": name, "penalty": value, "latent_gradient": gradient.flatten()}


VARIANTS = (
    {},
    {"loss": "hinge"},
    {"loss": "least_squares", "spectral_norm": False},
    {"loss": "wasserstein"},
    {"gradient_penalty": 2.0, "spectral_norm": False},
    {"discriminators": "one"},
    {"discriminators": "one", "loss": "wasserstein", "spectral_norm": False, "architecture": "mlp"},
    {"architecture": "mlp", "gradient_penalty": 1.0},
)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    args = parser.parse_args()
    generator = torch.Generator().manual_seed(3)
    draw = lambda: torch.randn(ROWS, 2, LENGTH, HIDDEN, generator=generator, dtype=torch.float64)  # noqa: E731
    points = {"policy": draw(), "reference": draw(), "mask": (torch.arange(LENGTH) < LENGTHS[..., None]).double()}
    with sdpa_kernel(SDPBackend.MATH):  # the fused kernels have no second derivative
        ganpo = [ganpo_case(points, options) for options in VARIANTS]
    content = {
        "torch": torch.__version__, "seed": SEED, "sizes": {"rows": ROWS, "viewLength": LENGTH, "hiddenSize": HIDDEN},
        "points": {"policy/latents": points["policy"].flatten(), "reference/latents": points["reference"].flatten(), "batch/viewMask": points["mask"].flatten()},
        "ganpo": ganpo, "distances": [distance_case(points, name) for name in DISTANCES],
    }  # fmt: skip
    write_json(args.out, content, torch.float64)
    print(f"{len(VARIANTS)} variants of GANPO, {len(DISTANCES)} distances")


if __name__ == "__main__":
    main()

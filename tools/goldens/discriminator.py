"""GANPO's discriminator, its reproducible initial values, and the adversarial losses (conventions.md, DESIGN §5)."""
import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import spectral_norm  # the classic hook, as in the released code

NETWORKS = ("plus", "minus")  # D⁺ on policy-chosen, D⁻ on policy-rejected
MOMENTUM = 0.9


class Discriminator(nn.Module):
    """Hidden states [B, L, H] -> one score per row [B]."""

    def __init__(self, hidden_size, width=512, layers=2, heads=8, max_positions=2048, dropout=0.1):
        super().__init__()
        self.project = spectral_norm(nn.Linear(hidden_size, width))
        self.positions = nn.Parameter(torch.empty(max_positions, width))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(width, heads, 4 * width, dropout, activation="gelu", batch_first=True, norm_first=True) for _ in range(layers)
        )
        self.head_hidden = spectral_norm(nn.Linear(width, width))
        self.head_score = spectral_norm(nn.Linear(width, 1))

    def forward(self, hidden, mask=None):
        """mask [B, L], 1 at real tokens: masked pooling; no mask: the published pooling, padding included."""
        hidden = hidden[:, : len(self.positions)]
        x = self.project(hidden) + self.positions[: hidden.shape[1]]  # [B, L, W]
        padding = None if mask is None else mask[:, : len(self.positions)] == 0
        for layer in self.layers:
            x = layer(x, src_key_padding_mask=padding)
        weights = torch.ones_like(x[..., :1]) if padding is None else (~padding)[..., None].to(x.dtype)
        pooled = (x * weights).sum(1) / weights.sum(1)  # [B, W]
        return self.head_score(F.gelu(self.head_hidden(pooled))).squeeze(-1)


def hashed_uniform(index, count):
    """[count] float64 in [−1, 1): a 32-bit integer hash of (tensor index, flat index), exact in any language."""
    x = np.arange(count, dtype=np.uint64) + np.uint64((0x9E3779B1 * (index + 1)) & 0xFFFFFFFF)
    x = (x & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    x ^= x >> np.uint32(16)
    return torch.from_numpy(2 * x.astype(np.float64) / 2**32 - 1)


def tensor_kind(name):
    """Which of the initial-value rules of conventions.md a tensor follows."""
    if name.endswith(("weight_u", "weight_v")):
        return "unit"
    if name == "positions":
        return "positions"
    if ".norm" in name and name.endswith("weight"):
        return "norm"
    return "bias" if name.endswith("bias") else "matrix"


INITIAL_VALUES = {
    "unit": lambda r: r / r.norm(),
    "positions": lambda r: 0.02 * math.sqrt(3) * r,
    "norm": lambda r: 1 + 0.02 * r,
    "bias": lambda r: 0.02 * r,
    "matrix": lambda r: math.sqrt(6 / (r.shape[0] + r.shape[1])) * r,
}


def make_discriminators(dtype, weights, **sizes):
    """({plus, minus} networks with the goldens' initial values rounded to the dtype `weights`, the list that documents their tensors)."""
    networks = {network: Discriminator(**sizes).to(dtype) for network in NETWORKS}
    documented = []
    for network, module in networks.items():
        state = module.state_dict(keep_vars=True)
        for name in sorted(state):
            index, tensor, kind = len(documented), state[name], tensor_kind(name)
            with torch.no_grad():
                tensor.copy_(INITIAL_VALUES[kind](hashed_uniform(index, tensor.numel()).view(tensor.shape)).to(weights))
            documented.append({"index": index, "network": network, "name": name, "shape": list(tensor.shape), "kind": kind})
    return networks, documented


@dataclass(frozen=True)
class Latents:
    """Hidden states [B, L, H] of one model on both sides."""

    chosen: torch.Tensor
    rejected: torch.Tensor


def bce(scores, target):
    """Mean over the batch of the binary cross-entropy on logits."""
    return F.binary_cross_entropy_with_logits(scores, torch.full_like(scores, target))


def training_scores(networks, policy, reference, masks):
    """The six training forwards in their order: each runs one power iteration of its discriminator. Latents must be detached."""
    chosen_mask, rejected_mask = masks
    scores = {}
    for network, policy_side, policy_mask in (("plus", policy.chosen, chosen_mask), ("minus", policy.rejected, rejected_mask)):
        discriminator = networks[network].train()
        scores[network] = {
            "policy": discriminator(policy_side, policy_mask),
            "real_good": discriminator(reference.chosen, chosen_mask),
            "real_bad": discriminator(reference.rejected, rejected_mask),
        }
    return scores


def update_means(means, scores):
    """The first batch sets the running means; later ones move them."""
    batch = {network: {kind: value.detach().mean() for kind, value in kinds.items()} for network, kinds in scores.items()}
    if means is None:
        return batch
    return {network: {kind: MOMENTUM * means[network][kind] + (1 - MOMENTUM) * value for kind, value in kinds.items()} for network, kinds in batch.items()}


def discriminator_losses(scores, means):
    """{plus, minus}: reference on the own side is better than the policy, which is better than reference on the other side."""
    losses = {}
    for network, better, worse in (("plus", "real_good", "real_bad"), ("minus", "real_bad", "real_good")):
        s, m = scores[network], means[network]
        losses[network] = (
            bce(s[better] - m["policy"], 1.0) + bce(s["policy"] - m[better], 0.0) + bce(s["policy"] - m[worse], 1.0) + bce(s[worse] - m["policy"], 0.0)
        ) / 4
    return losses


def policy_penalty(networks, policy, masks, means):
    """½[BCE(D⁺(h_θ⁺) − m_ref⁺, 1) + BCE(D⁻(h_θ⁻) − m_ref⁻, 1)] and its two scores, with frozen discriminators in eval mode."""
    plus, minus = (networks[network].eval().requires_grad_(False) for network in NETWORKS)
    scores = {"plus": plus(policy.chosen, masks[0]), "minus": minus(policy.rejected, masks[1])}
    penalty = (bce(scores["plus"] - means["plus"]["real_good"], 1.0) + bce(scores["minus"] - means["minus"]["real_bad"], 1.0)) / 2
    for network in networks.values():
        network.requires_grad_(True)
    return penalty, scores

"""Logits of small Llama models that together use every option of the architecture, from transformers in float64.

    python llama_variants.py packages/model/src/testdata/llama-variants.json

transformers keeps norms, RoPE angles and RoPE frequencies in float32 even in a float64 model, which moves these logits by up to 7e-6: more than a mistake might. They are
replaced by float64 ones, after checks that the frequencies are those of transformers up to float32 rounding, and that the unchanged float32 model gives these logits up to 5e-5.

Weights follow a formula, so that they need not be stored: with k the parameter's number in alphabetical order and i the flat index in the tensor,
w = 0.4·sin(1.7·k + 0.61·i + 1) for matrices and biases, 1 + 0.3·sin(…) for norms.
"""
import json
import math
import sys

import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

from checkpoint import ExactRMSNorm

BASE = {"vocab_size": 19, "hidden_size": 12, "intermediate_size": 20, "num_hidden_layers": 2, "num_attention_heads": 3, "num_key_value_heads": 3, "max_position_embeddings": 64, "rms_norm_eps": 1e-5}
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 16}
VARIANTS = {
    "untied, one key/value head for three": {"num_key_value_heads": 1, "rope_theta": 500.0},
    "tied, biases, linear RoPE": {"tie_word_embeddings": True, "attention_bias": True, "mlp_bias": True, "rope_scaling": {"rope_type": "linear", "factor": 2.0}},
    "llama3 RoPE, heads wider than the hidden size": {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 6, "rope_scaling": LLAMA3},
}
TOKENS = [(7 * i + i * i) % 19 for i in range(24)]


class ExactRotary(nn.Module):
    """cos and sin of position · frequency in float64."""

    def __init__(self, frequencies):
        super().__init__()
        self.frequencies = frequencies  # [d/2]

    def forward(self, x, position_ids):
        angles = position_ids[..., None].double() * self.frequencies  # [B, L, d/2]
        angles = torch.cat((angles, angles), -1)
        return angles.cos().to(x.dtype), angles.sin().to(x.dtype)


def exact_frequencies(config, rounded):
    """The frequencies in float64, checked against those of transformers."""
    rope = config.rope_parameters
    plain = rope["rope_theta"] ** -(torch.arange(0, config.head_dim, 2, dtype=torch.float64) / config.head_dim)
    frequencies = plain
    if rope["rope_type"] == "linear":
        frequencies = plain / rope["factor"]
    if rope["rope_type"] == "llama3":
        turns = rope["original_max_position_embeddings"] * plain / (2 * math.pi)
        kept = ((turns - rope["low_freq_factor"]) / (rope["high_freq_factor"] - rope["low_freq_factor"])).clamp(0, 1)
        frequencies = kept * plain + (1 - kept) * plain / rope["factor"]
    torch.testing.assert_close(rounded.double(), frequencies, rtol=1e-6, atol=0)
    return frequencies


def fill(model):
    """The formula of the weights, in the dtype of the model."""
    with torch.no_grad():
        for number, (name, parameter) in enumerate(sorted(model.named_parameters())):
            wave = torch.sin(1.7 * number + 0.61 * torch.arange(parameter.numel(), dtype=torch.float64) + 1)
            parameter.copy_((1 + 0.3 * wave if "norm" in name else 0.4 * wave).view(parameter.shape))
    return model.eval()


def logits_of(model):
    with torch.no_grad():
        return model(torch.tensor([TOKENS])).logits[0]  # [T, V]


def exact_logits(config):
    rounded = fill(LlamaForCausalLM(config))
    model = LlamaForCausalLM(config)
    frequencies = exact_frequencies(config, model.model.rotary_emb.inv_freq)
    model = fill(model.double())
    model.model.rotary_emb = ExactRotary(frequencies)
    for layer in model.model.layers:
        for name in ("input_layernorm", "post_attention_layernorm"):
            norm = getattr(layer, name)
            setattr(layer, name, ExactRMSNorm(norm.weight, norm.variance_epsilon))
    model.model.norm = ExactRMSNorm(model.model.norm.weight, model.model.norm.variance_epsilon)
    logits = logits_of(model)
    torch.testing.assert_close(logits_of(rounded).double(), logits, rtol=0, atol=5e-5)
    return logits


def main():
    variants = []
    for title, changes in VARIANTS.items():
        logits = exact_logits(LlamaConfig(**(BASE | changes)))
        config = {**BASE, "model_type": "llama", **changes}
        variants.append({"title": title, "config": config, "tokens": TOKENS, "logits": [float(f"{x:.14g}") for x in logits.flatten().tolist()]})
    with open(sys.argv[1], "w") as file:
        json.dump(variants, file)
        file.write("\n")


if __name__ == "__main__":
    main()

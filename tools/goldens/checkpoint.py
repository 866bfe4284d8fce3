"""The two models of every golden: the checkpoint as reference, and a policy that differs from it in a reproducible way."""
import torch
from safetensors.torch import load_file
from torch import nn
from transformers import LlamaForCausalLM

DTYPES = {"float32": torch.float32, "float64": torch.float64}


class ExactRMSNorm(nn.Module):
    """x · weight / sqrt(mean(x²) + eps) in the dtype of x (transformers computes it in float32)."""

    def __init__(self, weight, eps):
        super().__init__()
        self.weight, self.eps = weight, eps

    def forward(self, x):  # [..., H]
        return self.weight * (x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps))


class ExactRotary(nn.Module):
    """cos and sin of position · theta^(−2k/d) in float64 (transformers computes the angles in float32)."""

    def __init__(self, config):
        super().__init__()
        dim = config.head_dim or config.hidden_size // config.num_attention_heads
        exponents = torch.arange(0, dim, 2, dtype=torch.float64) / dim
        self.frequencies = config.rope_parameters["rope_theta"] ** -exponents  # [d/2]

    def forward(self, x, position_ids):
        angles = position_ids[..., None].double() * self.frequencies  # [B, L, d/2]
        angles = torch.cat((angles, angles), -1)
        return angles.cos().to(x.dtype), angles.sin().to(x.dtype)


def make_exact(model):
    """Replaces the modules that transformers keeps in float32, so that a float64 model is float64 throughout."""
    for layer in model.model.layers:
        for name in ("input_layernorm", "post_attention_layernorm"):
            norm = getattr(layer, name)
            setattr(layer, name, ExactRMSNorm(norm.weight, norm.variance_epsilon))
    model.model.norm = ExactRMSNorm(model.model.norm.weight, model.model.norm.variance_epsilon)
    model.model.rotary_emb = ExactRotary(model.config)
    return model


def load_reference(folder, dtype):
    """The checkpoint itself, frozen."""
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa").to(dtype)
    # An embedding with a padding index drops that token's gradient even where the token is a real one (SmolLM2 pads with
    # its end-of-turn token): the goldens hold the derivative itself.
    model.model.embed_tokens.padding_idx = None
    if dtype == torch.float64:
        make_exact(model)
    return model.eval().requires_grad_(False)


def load_policy(folder, dtype, stored=None):
    """The checkpoint with every parameter tensor times 1 + 0.02·sin(i + 1), i the flat index inside the tensor.

    `stored` (default: dtype) is the dtype to which the weights are rounded before the computation in `dtype`.
    """
    model = load_reference(folder, dtype).requires_grad_(True)
    with torch.no_grad():
        for parameter in model.parameters():  # a tied head appears once
            index = torch.arange(parameter.numel(), dtype=torch.float64).view(parameter.shape)
            parameter.copy_((parameter.double() * (1 + 0.02 * torch.sin(index + 1))).to(stored or dtype))
    return model


def check_tied(folder, model):
    """The stored names and the model's own names must be the same set: nothing left at random initial values."""
    names = set(load_file(f"{folder}/model.safetensors"))
    missing = {name for name, _ in model.named_parameters()} - names
    if missing:
        raise SystemExit(f"{folder} has no tensor for {sorted(missing)}")


def forward(model, side):
    """Logits [B, L, V] and hidden states after the final norm [B, L, H] of one Side."""
    output = model(input_ids=side.tokens, attention_mask=side.mask, output_hidden_states=True, use_cache=False)
    return output.logits, output.hidden_states[-1]

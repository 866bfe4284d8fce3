"""Small, complete fingerprints of large tensors, and the JSON that holds them."""
import json
import os

import torch
from safetensors.torch import save_file

SAMPLES = 16
PROJECTIONS = 4


def tensor_summary(tensor):
    """shape, maxAbs, sum, l2, 16 sampled entries and 4 projections that touch every entry (see conventions.md)."""
    flat = tensor.detach().double().flatten()
    n = flat.numel()
    index = torch.arange(n, dtype=torch.float64)
    return {
        "shape": list(tensor.shape),
        "maxAbs": flat.abs().max().item(),
        "sum": flat.sum().item(),
        "l2": flat.norm().item(),
        "samples": [flat[k * n // SAMPLES].item() for k in range(SAMPLES)],
        "projections": [(flat @ torch.cos(index * (j + 1) + j)).item() for j in range(PROJECTIONS)],
    }


def gradients(loss, named_parameters):
    """Gradient of a scalar for every named tensor; zeros where the loss does not touch it."""
    names, tensors = zip(*named_parameters)
    grads = torch.autograd.grad(loss, tensors, retain_graph=True, allow_unused=True)
    return {name: torch.zeros_like(t) if g is None else g for name, t, g in zip(names, tensors, grads)}


def summarize(tensors):
    return {name: tensor_summary(tensor) for name, tensor in tensors.items()}


def save_tensors(folder, name, tensors, dtype):
    """The complete tensors as FOLDER/name.safetensors in `dtype`, where a folder was given."""
    if folder:
        os.makedirs(folder, exist_ok=True)
        save_file({key: tensor.detach().to(dtype).contiguous().clone() for key, tensor in tensors.items()}, f"{folder}/{name}.safetensors")


# Significant digits of plain values (exact when read back) and of tensor summaries, by the dtype of the weights.
DIGITS = {torch.float64: (17, 17), torch.float32: (9, 7)}


def rounded(value, digits, summary_digits):
    if isinstance(value, torch.Tensor):
        value = value.tolist()
    if isinstance(value, dict):
        digits = summary_digits if is_summary(value) else digits
        return {key: rounded(item, digits, summary_digits) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item, digits, summary_digits) for item in value]
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


def write_json(path, content, dtype):
    """Readable JSON with one line per leaf record."""
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w", encoding="utf8") as file:
        file.write(render(rounded(content, *DIGITS[dtype]), 0) + "\n")


def render(value, depth):
    flat = json.dumps(value)
    if len(flat) <= 100 or not isinstance(value, (dict, list)) or is_leaf(value):
        return flat
    pad = " " * (depth + 1)
    if isinstance(value, dict):
        body = ",\n".join(f"{pad}{json.dumps(key)}: {render(item, depth + 1)}" for key, item in value.items())
        return f"{{\n{body}\n{' ' * depth}}}"
    body = ",\n".join(pad + render(item, depth + 1) for item in value)
    return f"[\n{body}\n{' ' * depth}]"


def is_leaf(value):
    """A list of plain values, or the summary of one tensor."""
    if isinstance(value, dict):
        return is_summary(value)
    return all(not isinstance(item, (dict, list)) for item in value)


def is_summary(record):
    return "projections" in record

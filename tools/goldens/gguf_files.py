"""GGUF files of small models, and random blocks of every quantization with the values that the Python gguf package gives them: for packages/model/src/gguf.

Needs: pip install gguf numpy safetensors torch transformers
Usage: gguf_files.py TESTDATA     the model package's testdata folder, which holds tiny-llama; writes TESTDATA/gguf

`blocks.json` has, for each quantization, random bytes of a few blocks and their float32 values, both in base64. `tiny-llama.gguf` is the folder tiny-llama as llama.cpp's converter
stores it: rows of queries and keys interleaved for its rotary positions, rows of other tensors as they are. `tiny-gemma3.gguf` has random weights, norms stored with 1 added;
`tiny-gemma3.json` what they are without it.
"""

import base64
import json
import sys
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Q
from safetensors.numpy import load_file

KINDS = [Q.F32, Q.F16, Q.BF16, Q.Q4_0, Q.Q4_1, Q.Q5_0, Q.Q5_1, Q.Q8_0, Q.Q4_K, Q.Q5_K, Q.Q6_K]
BLOCKS = 6
HALF_FIELDS = {Q.Q4_0: [0], Q.Q4_1: [0, 2], Q.Q5_0: [0], Q.Q5_1: [0, 2], Q.Q8_0: [0], Q.Q4_K: [0, 2], Q.Q5_K: [0, 2], Q.Q6_K: [208]}


def base64_of(array):
    return base64.b64encode(array.tobytes()).decode()


def random_blocks(kind, rng):
    """Random bits, but for scales, which random bits would make infinite or not numbers."""
    values, size = gguf.GGML_QUANT_SIZES[kind]
    if values == 1:
        numbers = rng.normal(0, 3, 64).astype(np.float32)
        return gguf.quants.quantize(numbers, kind).view(np.uint8).reshape(-1)
    stored = rng.integers(0, 256, (BLOCKS, size), dtype=np.uint8)
    for at in HALF_FIELDS[kind]:
        stored[:, at : at + 2] = rng.normal(0, 0.1, (BLOCKS, 1)).astype(np.float16).view(np.uint8)
    return stored.reshape(-1)


def write_blocks(folder):
    rng = np.random.default_rng(1)
    cases = {}
    for kind in KINDS:
        stored = random_blocks(kind, rng)
        values = gguf.quants.dequantize(stored.view(np.float32) if kind == Q.F32 else stored.view(np.float16) if kind == Q.F16 else stored, kind)
        cases[kind.name] = {"stored": base64_of(stored), "values": base64_of(values.astype(np.float32))}
    (folder / "blocks.json").write_text(json.dumps({"gguf": "0.19.0", "cases": cases}) + "\n")


def interleaved(weight, heads):
    """Row j of the first and of the second half of a head beside each other."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


LLAMA_NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}  # fmt: skip
OUTSIDE = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight"}


def stored_name(name):
    if name in OUTSIDE:
        return OUTSIDE[name]
    _, _, layer, rest = name.split(".", 3)
    return f"blk.{layer}.{LLAMA_NAMES[rest.removesuffix('.weight')]}.weight"


def add_sizes(writer, config):
    """The sizes that every architecture has, from a config named as in config.json."""
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])


def write_llama(folder, base):
    config = json.loads((base / "config.json").read_text())
    writer = gguf.GGUFWriter(folder / "tiny-llama.gguf", "llama")
    writer.add_name("tiny")
    add_sizes(writer, config)
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])
    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    for name, weight in load_file(base / "model.safetensors").items():
        stored = stored_name(name)
        kind = next((kind for kind in heads if kind in stored), None)
        writer.add_tensor(stored, weight if kind is None else interleaved(weight, heads[kind]))
    close(writer)


GEMMA = {
    "hidden_size": 32, "head_dim": 8, "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 64, "num_hidden_layers": 2, "vocab_size": 32,
    "max_position_embeddings": 128,
}  # fmt: skip


def gemma_tensors():
    """Name → shape and type; norms are vectors."""
    hidden, width, keys, inner = GEMMA["hidden_size"], GEMMA["num_attention_heads"] * GEMMA["head_dim"], GEMMA["num_key_value_heads"] * GEMMA["head_dim"], GEMMA["intermediate_size"]
    tensors = {"token_embd.weight": (GEMMA["vocab_size"], hidden), "output_norm.weight": (hidden,)}
    for layer in range(GEMMA["num_hidden_layers"]):
        shapes = {"attn_norm": (hidden,), "post_attention_norm": (hidden,), "ffn_norm": (hidden,), "post_ffw_norm": (hidden,), "attn_q_norm": (GEMMA["head_dim"],), "attn_k_norm": (GEMMA["head_dim"],),
                  "attn_q": (width, hidden), "attn_k": (keys, hidden), "attn_v": (keys, hidden), "attn_output": (hidden, width), "ffn_gate": (inner, hidden), "ffn_up": (inner, hidden), "ffn_down": (hidden, inner)}  # fmt: skip
        tensors.update({f"blk.{layer}.{name}.weight": shape for name, shape in shapes.items()})
    return tensors


def write_gemma(folder):
    rng = np.random.default_rng(2)
    writer = gguf.GGUFWriter(folder / "tiny-gemma3.gguf", "gemma3")
    add_sizes(writer, GEMMA)
    writer.add_key_length(GEMMA["head_dim"])
    writer.add_value_length(GEMMA["head_dim"])
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1000000.0)
    writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
    writer.add_rope_scaling_factor(8.0)
    writer.add_sliding_window(16)
    expected = {}
    for name, shape in gemma_tensors().items():
        weight = rng.normal(0, 0.3, shape).astype(np.float32)
        if len(shape) == 1:
            stored = (weight + np.float32(1)).astype(np.float32)
            writer.add_tensor(name, stored)
            expected[name] = base64_of(stored - np.float32(1))
        elif shape[1] % 32 == 0:
            quantized = gguf.quants.quantize(weight, Q.Q8_0)
            writer.add_tensor(name, quantized, raw_dtype=Q.Q8_0)
            expected[name] = base64_of(gguf.quants.dequantize(quantized, Q.Q8_0).astype(np.float32))
        else:
            stored = weight.astype(np.float16)
            writer.add_tensor(name, stored)
            expected[name] = base64_of(stored.astype(np.float32))
    close(writer)
    (folder / "tiny-gemma3.json").write_text(json.dumps(expected) + "\n")


def close(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    testdata = Path(sys.argv[1])
    folder = testdata / "gguf"
    folder.mkdir(exist_ok=True)
    write_blocks(folder)
    write_llama(folder, testdata / "tiny-llama")
    write_gemma(folder)


main()

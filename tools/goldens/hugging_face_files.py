"""Write the checkpoint goldens: files that PyTorch and transformers make, for the readers, writers and configs of packages/model.

Needs: pip install torch transformers safetensors
Usage: hugging_face_files.py     writes packages/model/src/testdata/{half.safetensors,model-configs.json,tiny-llama/,tiny-llama-sharded/}
"""
import json, math, shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

TESTDATA = Path(__file__).resolve().parents[2] / "packages/model/src/testdata"
BASE = dict(vocab_size=32, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=64)


def half():
    """float32 values and what PyTorch makes of them in half precision: ties, subnormals, overflow, signed zeros, infinities."""
    exact = torch.tensor([0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, 65504.0, 65519.99, 65520.0, -65536.0, 3.3895314e38, 3.4028235e38, 6.1035156e-5, 5.9604645e-8, 2.9802322e-8,
                          2.9802326e-8, 1e-45, 1.1754944e-38, 9.1e-41, 1.00390625, 1.01171875, 1.00048828125, 1.00146484375, 2049.0, 2051.0, 0.1, 1 / 3])
    generator = torch.Generator().manual_seed(1)
    spread = torch.randn(1000, generator=generator) * 2.0 ** torch.randint(-30, 20, (1000,), generator=generator)
    values = torch.cat([exact, spread])
    halves = {"bfloat16": values.bfloat16(), "float16": values.half()}
    save_file({"float32": values, **halves, **{f"{name} as float32": half.float() for name, half in halves.items()}, "float64": values.double() / 3, "float64 as float32": (values.double() / 3).float(),
               "int32": torch.arange(-5, 5, dtype=torch.int32).reshape(2, 5), "empty": torch.zeros(0, 3), "scalar": torch.tensor(2.5)}, TESTDATA / "half.safetensors", metadata={"made by": "torch"})


def configs():
    """Configs in the forms of transformers 4 and 5, with the rotary frequencies and the parameters that transformers gives them."""
    llama3 = dict(factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32)
    cases = {
        "bare": BASE,
        "own base, 4": {**BASE, "rope_theta": 500000.0, "rope_scaling": None},
        "own base, 5": {**BASE, "rope_parameters": {"rope_type": "default", "rope_theta": 500000.0}},
        "linear, old spelling": {**BASE, "rope_theta": 10000.0, "rope_scaling": {"type": "linear", "factor": 4.0}},
        "linear, 5": {**BASE, "rope_parameters": {"rope_type": "linear", "rope_theta": 1000.0, "factor": 2.5}},
        "llama3, 4": {**BASE, "head_dim": 32, "rope_theta": 500000.0, "rope_scaling": {"rope_type": "llama3", **llama3}},
        "llama3, 5": {**BASE, "head_dim": 64, "rope_parameters": {"rope_type": "llama3", "rope_theta": 100.0, **llama3}},
        "grouped, tied, biased": {**BASE, "num_key_value_heads": 2, "head_dim": 6, "tie_word_embeddings": True, "attention_bias": True, "mlp_bias": True, "eos_token_id": [2, 7], "pad_token_id": -1},
    }
    rows = []
    for name, fields in cases.items():
        config = LlamaConfig(**json.loads(json.dumps(fields)))
        model = LlamaForCausalLM(config)
        tied = {"lm_head.weight"} if config.tie_word_embeddings else set()
        rows.append({
            "name": name,
            "json": {"model_type": "llama", **fields},
            "inverseFrequencies": LlamaRotaryEmbedding(config).inv_freq.tolist(),
            "parameters": {key: list(value.shape) for key, value in model.state_dict().items() if key not in tied},
        })
    (TESTDATA / "model-configs.json").write_text(json.dumps(rows, indent=1) + "\n")


def tiny_llama():
    """One random model twice: float32 in one file, bfloat16 in shards (the values are exact in both)."""
    torch.manual_seed(2)
    model = LlamaForCausalLM(LlamaConfig(**BASE, num_key_value_heads=2, tie_word_embeddings=False)).bfloat16()
    for folder, half, options in (("tiny-llama-sharded", True, {"max_shard_size": "4KB"}), ("tiny-llama", False, {})):
        shutil.rmtree(TESTDATA / folder, ignore_errors=True)
        (model if half else model.float()).save_pretrained(TESTDATA / folder, **options)
        for file in (TESTDATA / folder).iterdir():
            file.chmod(0o644)


half()
configs()
tiny_llama()

"""What transformers makes of the config.json of well-known models: parameters, RoPE frequencies, layers' windows, the config in its own form.

Usage: model_configs.py     writes packages/model/src/testdata/architecture-configs.json

The fields are those that the models' authors publish, as far as they say how to compute (LongRoPE's lists of factors are made up). Models are built without
memory for their weights. Parameters are kept as their count and a digest of the sorted lines `name [shape]`, a tied head left out.
"""
import hashlib
import json
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM

OUT = Path(__file__).resolve().parents[2] / "packages/model/src/testdata/architecture-configs.json"
LLAMA3 = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"}
FACTORS = {"type": "longrope", "short_factor": [1 + 0.02 * i for i in range(48)], "long_factor": [1 + 0.02 * i * i for i in range(48)]}
MODELS = {
    "Llama 2 7B": {"model_type": "llama", "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 32,
                   "max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "hidden_act": "silu", "rope_scaling": None, "tie_word_embeddings": False, "bos_token_id": 1, "eos_token_id": 2},
    "Llama 3 8B Instruct": {"model_type": "llama", "vocab_size": 128256, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
                            "max_position_embeddings": 8192, "rms_norm_eps": 1e-5, "hidden_act": "silu", "rope_theta": 500000.0, "rope_scaling": None, "attention_bias": False,
                            "attention_dropout": 0.0, "tie_word_embeddings": False, "bos_token_id": 128000, "eos_token_id": 128009},
    "Llama 3.1 8B": {"model_type": "llama", "vocab_size": 128256, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
                     "max_position_embeddings": 131072, "rms_norm_eps": 1e-5, "rope_theta": 500000.0, "rope_scaling": LLAMA3, "mlp_bias": False, "bos_token_id": 128000, "eos_token_id": [128001, 128008, 128009]},
    "SmolLM2 135M": {"model_type": "llama", "vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3,
                     "max_position_embeddings": 8192, "rms_norm_eps": 1e-5, "rope_theta": 100000, "rope_interleaved": False, "tie_word_embeddings": True, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2},
    "Mistral 7B v0.1": {"model_type": "mistral", "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
                        "max_position_embeddings": 32768, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "sliding_window": 4096, "tie_word_embeddings": False, "bos_token_id": 1, "eos_token_id": 2},
    "Mistral 7B v0.3": {"model_type": "mistral", "vocab_size": 32768, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
                        "max_position_embeddings": 32768, "rms_norm_eps": 1e-5, "rope_theta": 1000000.0, "sliding_window": None, "tie_word_embeddings": False, "bos_token_id": 1, "eos_token_id": 2},
    "Qwen2.5 0.5B": {"model_type": "qwen2", "vocab_size": 151936, "hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2,
                     "max_position_embeddings": 32768, "max_window_layers": 21, "rms_norm_eps": 1e-6, "rope_theta": 1000000.0, "sliding_window": 32768, "use_sliding_window": False,
                     "tie_word_embeddings": True, "bos_token_id": 151643, "eos_token_id": 151645, "attention_dropout": 0.0},
    "Qwen2.5 7B, YaRN as its card says": {"model_type": "qwen2", "vocab_size": 152064, "hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4,
                                          "max_position_embeddings": 131072, "max_window_layers": 28, "rms_norm_eps": 1e-6, "rope_theta": 1000000.0, "sliding_window": 131072, "use_sliding_window": False,
                                          "rope_scaling": {"factor": 4.0, "original_max_position_embeddings": 32768, "type": "yarn"}, "tie_word_embeddings": False, "bos_token_id": 151643, "eos_token_id": 151645},
    "Qwen3 0.6B": {"model_type": "qwen3", "vocab_size": 151936, "hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128,
                   "max_position_embeddings": 40960, "max_window_layers": 28, "rms_norm_eps": 1e-6, "rope_theta": 1000000, "rope_scaling": None, "sliding_window": None, "use_sliding_window": False,
                   "attention_bias": False, "tie_word_embeddings": True, "bos_token_id": 151643, "eos_token_id": 151645},
    "Gemma 2 2B": {"model_type": "gemma2", "vocab_size": 256000, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26, "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256,
                   "max_position_embeddings": 8192, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "sliding_window": 4096, "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0,
                   "query_pre_attn_scalar": 256, "hidden_act": "gelu_pytorch_tanh", "hidden_activation": "gelu_pytorch_tanh", "cache_implementation": "hybrid", "bos_token_id": 2, "eos_token_id": [1, 107], "pad_token_id": 0},
    "Gemma 3 270M": {"model_type": "gemma3_text", "vocab_size": 262144, "hidden_size": 640, "intermediate_size": 2048, "num_hidden_layers": 18, "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 256,
                     "max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "rope_theta": 1000000.0, "rope_local_base_freq": 10000.0, "rope_scaling": None, "sliding_window": 512, "_sliding_window_pattern": 6,
                     "layer_types": (["sliding_attention"] * 5 + ["full_attention"]) * 3, "attn_logit_softcapping": None, "final_logit_softcapping": None, "query_pre_attn_scalar": 256,
                     "use_bidirectional_attention": False, "bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0},
    "Gemma 3 1B": {"model_type": "gemma3_text", "vocab_size": 262144, "hidden_size": 1152, "intermediate_size": 6912, "num_hidden_layers": 26, "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 256,
                   "max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "rope_theta": 1000000, "rope_local_base_freq": 10000, "sliding_window": 512, "sliding_window_pattern": 6, "query_pre_attn_scalar": 256,
                   "bos_token_id": 2, "eos_token_id": [1, 106], "pad_token_id": 0},
    "Phi-3 mini 4k": {"model_type": "phi3", "vocab_size": 32064, "hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 32,
                      "max_position_embeddings": 4096, "original_max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "rope_scaling": None, "sliding_window": 2047,
                      "embd_pdrop": 0.0, "resid_pdrop": 0.0, "attention_bias": False, "tie_word_embeddings": False, "bos_token_id": 1, "eos_token_id": 32000, "pad_token_id": 32000},
    "Phi-3 mini 128k": {"model_type": "phi3", "vocab_size": 32064, "hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 32,
                        "max_position_embeddings": 131072, "original_max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "rope_scaling": FACTORS, "sliding_window": 262144,
                        "tie_word_embeddings": False, "bos_token_id": 1, "eos_token_id": 32000, "pad_token_id": 32000},
    "Phi-4 mini": {"model_type": "phi3", "vocab_size": 200064, "hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 32, "num_attention_heads": 24, "num_key_value_heads": 8,
                   "max_position_embeddings": 131072, "original_max_position_embeddings": 4096, "partial_rotary_factor": 0.75, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "rope_scaling": FACTORS,
                   "sliding_window": 262144, "tie_word_embeddings": True, "bos_token_id": 199999, "eos_token_id": 199999, "pad_token_id": 199999},
    "SmolLM3 3B": {"model_type": "smollm3", "vocab_size": 128256, "hidden_size": 2048, "intermediate_size": 11008, "num_hidden_layers": 36, "num_attention_heads": 16, "num_key_value_heads": 4,
                   "max_position_embeddings": 65536, "rms_norm_eps": 1e-6, "rope_theta": 5000000.0, "rope_scaling": None, "sliding_window": None, "use_sliding_window": False, "max_window_layers": 28,
                   "no_rope_layer_interval": 4, "no_rope_layers": [1, 1, 1, 0] * 9, "layer_types": ["full_attention"] * 36, "attention_bias": False, "mlp_bias": False, "tie_word_embeddings": True,
                   "bos_token_id": None, "eos_token_id": 128012, "pad_token_id": 128004},
    "GPT-2": {"model_type": "gpt2", "vocab_size": 50257, "n_embd": 768, "n_layer": 12, "n_head": 12, "n_positions": 1024, "n_ctx": 1024, "activation_function": "gelu_new", "attn_pdrop": 0.1, "embd_pdrop": 0.1,
              "resid_pdrop": 0.1, "initializer_range": 0.02, "layer_norm_epsilon": 1e-5, "bos_token_id": 50256, "eos_token_id": 50256},
}


def ropes(model):
    """kind -> inverse frequencies and the factor of cosines and sines; `long`: those of LongRoPE beyond the original context."""
    rotary = getattr(model.model, "rotary_emb", None) if hasattr(model, "model") else None
    if rotary is None:
        return {}
    record = lambda frequencies, factor: {"frequencies": [float(f"{x:.8g}") for x in frequencies.tolist()], "factor": float(f"{float(factor):.12g}")}
    if hasattr(rotary, "full_attention_inv_freq"):
        return {kind: record(getattr(rotary, f"{layer}_inv_freq"), getattr(rotary, f"{layer}_attention_scaling")) for kind, layer in (("global", "full_attention"), ("local", "sliding_attention"))}
    kinds = {"global": record(rotary.inv_freq, rotary.attention_scaling)}
    if rotary.rope_type == "longrope":
        rotary(torch.zeros(1), torch.tensor([[model.config.original_max_position_embeddings]]))
        kinds["long"] = record(rotary.inv_freq, rotary.attention_scaling)
    return kinds


def record(name, fields):
    config = AutoConfig.for_model(**json.loads(json.dumps(fields)))
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    shapes = {key: list(parameter.shape) for key, parameter in model.named_parameters()}  # a tied head appears once
    lines = "\n".join(f"{key} {json.dumps(shape, separators=(',', ':'))}" for key, shape in sorted(shapes.items()))
    if hasattr(getattr(model, "model", None), "rotary_emb"):
        model.model.rotary_emb = type(model.model.rotary_emb)(config)  # with its frequencies, which "meta" leaves out
    own_form = {key: value for key, value in config.to_dict().items() if key not in ("architectures", "transformers_version")}
    print(f"{name}: {sum(p.numel() for p in model.parameters())} parameters")
    return {"name": name, "json": fields, "transformers5": own_form, "count": sum(p.numel() for p in model.parameters()),
            "digest": hashlib.sha256(lines.encode()).hexdigest(), "rope": ropes(model)}


if __name__ == "__main__":
    rows = [json.dumps(record(name, fields)) for name, fields in MODELS.items()]
    OUT.write_text("[\n" + ",\n".join(rows) + "\n]\n")
    print(f"{OUT.name}: {OUT.stat().st_size} bytes")

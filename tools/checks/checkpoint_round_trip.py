"""Check that Python loads what the model package saves: equal tensors, equal logits, the same config.

Needs: pip install torch transformers safetensors; Node 24 as `node`, or named by --node
Usage: checkpoint_round_trip.py [FOLDER…] [--architectures]
       each FOLDER a Hugging Face folder; --architectures checks the small models of tools/goldens/architectures.py
"""
import argparse, subprocess, sys, tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

ROOT = Path(__file__).resolve().parents[2]
NOT_COMPARED = {"dtype", "torch_dtype", "_name_or_path", "transformers_version", "architectures", "use_cache", "resid_pdrop", "embd_pdrop", "attn_pdrop"}


def fields_of(config):
    """What says how to compute: our config.json of a new model leaves out dropout, which preference training turns off."""
    return {key: value for key, value in config.to_dict().items() if key not in NOT_COMPARED}


def tensors_of(folder):
    return {name: tensor for file in sorted(Path(folder).glob("*.safetensors")) for name, tensor in load_file(file).items()}


def logits(model, tokens):
    with torch.no_grad():
        return model(tokens).logits.float()


def check(folder, node):
    print(folder)
    original = {name: tensor.float() for name, tensor in tensors_of(folder).items()}
    config = AutoConfig.from_pretrained(folder)
    tokens = torch.arange(32).reshape(2, 16) * 7 % config.vocab_size
    with tempfile.TemporaryDirectory() as out:
        subprocess.run([node, "--conditions=@tether/source", ROOT / "tools/checks/resave.ts", folder, out], check=True)
        for name, dtype in (("F32", torch.float32), ("F32-sharded", torch.float32), ("BF16", torch.bfloat16), ("F16", torch.float16)):
            saved = tensors_of(f"{out}/{name}")
            assert saved.keys() == original.keys(), saved.keys() ^ original.keys()
            assert all(tensor.dtype == dtype and torch.equal(tensor, original[key].to(dtype)) for key, tensor in saved.items())
            reloaded, info = AutoModelForCausalLM.from_pretrained(f"{out}/{name}", dtype="auto", output_loading_info=True)
            assert reloaded.dtype == dtype and not any(info[k] for k in ("missing_keys", "unexpected_keys", "mismatched_keys")), info
            # Loaded in that dtype, not converted after loading, which would round the rotary frequencies too.
            expected = logits(AutoModelForCausalLM.from_pretrained(folder, dtype=dtype), tokens)
            difference = (logits(reloaded, tokens) - expected).abs().max().item()
            assert difference == 0, difference
            shards = len(list(Path(f"{out}/{name}").glob("*.safetensors")))
            print(f"  {name}: {len(saved)} tensors in {shards} file(s) equal bit for bit, logits equal")
        if (Path(folder) / "tokenizer.json").exists():
            assert AutoTokenizer.from_pretrained(f"{out}/F32")("Hello there")["input_ids"] == AutoTokenizer.from_pretrained(folder)("Hello there")["input_ids"]
        again = AutoConfig.from_pretrained(f"{out}/initial")
        ours, theirs = fields_of(again), fields_of(config)
        different = {key: (ours.get(key), theirs.get(key)) for key in ours.keys() | theirs.keys() if not equal(ours.get(key), theirs.get(key))}
        unimportant = {key for key in different if irrelevant(key, config)}
        assert different.keys() == unimportant, different
        initial = tensors_of(f"{out}/initial")
        assert {key: tensor.shape for key, tensor in initial.items()} == {key: tensor.shape for key, tensor in original.items()}
        _, info = AutoModelForCausalLM.from_pretrained(f"{out}/initial", output_loading_info=True)
        assert not any(info[k] for k in ("missing_keys", "unexpected_keys", "mismatched_keys")), info
        embedding = next(tensor for name, tensor in initial.items() if name.endswith(("embed_tokens.weight", "wte.weight")))
        print(f"  initial: config.json reads back the same; embedding mean {embedding.mean():.2e}, deviation {embedding.std():.6f} (asked for {config.initializer_range})")


def equal(a, b):
    """Equal numbers, lists and options, whole numbers equal to floats; an option that only one of two RoPE configs spells out is compared with what the other implies."""
    if isinstance(a, dict) and isinstance(b, dict):
        return all(equal(a[key], b[key]) for key in a.keys() & b.keys())
    return a == b


def irrelevant(key, config):
    """Fields that the config's other fields make meaningless."""
    windowed = "sliding_attention" in (getattr(config, "layer_types", None) or []) or config.model_type in ("mistral", "phi3")
    return key in ("max_window_layers", "no_rope_layer_interval") or (key == "sliding_window" and not windowed) or (key == "n_inner" and config.n_inner is None) or key in ("sliding_window_pattern", "_sliding_window_pattern") \
        or (key in ("head_dim", "partial_rotary_factor") and getattr(config, key, None) is None) or (key == "original_max_position_embeddings" and config.rope_parameters["rope_type"] == "default")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folders", nargs="*")
parser.add_argument("--architectures", action="store_true")
parser.add_argument("--node", default="node")
arguments = parser.parse_args()
for folder in arguments.folders:
    check(folder, arguments.node)
if arguments.architectures:
    with tempfile.TemporaryDirectory() as made:
        subprocess.run([sys.executable, ROOT / "tools/goldens/architectures.py", "--save", made], check=True)
        for folder in sorted(Path(made).iterdir()):
            check(folder, arguments.node)

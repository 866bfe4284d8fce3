"""Check that Python loads what the model package saves: equal tensors, equal logits, the same config.

Needs: pip install torch transformers safetensors; Node 24 as `node`, or named by --node
Usage: checkpoint_round_trip.py FOLDER…     each a Hugging Face folder of the Llama family
"""
import argparse, subprocess, tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

ROOT = Path(__file__).resolve().parents[2]
CONFIG_FIELDS = ["vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim", "rms_norm_eps", "rope_parameters",
                 "tie_word_embeddings", "max_position_embeddings", "hidden_act", "attention_bias", "mlp_bias", "bos_token_id", "eos_token_id", "pad_token_id", "initializer_range"]


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
        different = [field for field in CONFIG_FIELDS if getattr(again, field) != getattr(config, field)]
        assert not different, [(field, getattr(again, field), getattr(config, field)) for field in different]
        initial = tensors_of(f"{out}/initial")
        assert {key: tensor.shape for key, tensor in initial.items()} == {key: tensor.shape for key, tensor in original.items()}
        _, info = AutoModelForCausalLM.from_pretrained(f"{out}/initial", output_loading_info=True)
        assert not any(info[k] for k in ("missing_keys", "unexpected_keys", "mismatched_keys")), info
        embedding = initial["model.embed_tokens.weight"]
        print(f"  initial: config.json reads back the same; embedding mean {embedding.mean():.2e}, deviation {embedding.std():.6f} (asked for {config.initializer_range})")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folders", nargs="+")
parser.add_argument("--node", default="node")
arguments = parser.parse_args()
for folder in arguments.folders:
    check(folder, arguments.node)

"""Check adapters both ways with PEFT: what PEFT saves is read and saved again, and PEFT loads that with equal tensors and logits; `tether export` merges as PEFT does.

Needs: pip install torch transformers peft safetensors; Node 24 as `node`, or named by --node
Usage: peft_round_trip.py FOLDER     FOLDER: a Hugging Face folder with its tokenizer
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

ROOT = Path(__file__).resolve().parents[2]
KINDS = {"LoRA": {}, "rsLoRA": {"use_rslora": True}, "DoRA": {"use_dora": True}, "DoRA with rsLoRA": {"use_dora": True, "use_rslora": True}}
COMPARED = ["peft_type", "r", "lora_alpha", "lora_dropout", "use_rslora", "use_dora", "bias", "fan_in_fan_out"]


def logits(model):
    tokens = torch.arange(32).reshape(2, 16) * 7 % model.config.vocab_size
    with torch.no_grad():
        return model.eval()(tokens).logits


def base_model(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


def make_adapter(folder, options, output):
    torch.manual_seed(3)
    config = LoraConfig(r=4, lora_alpha=6, lora_dropout=0.1, target_modules="all-linear", task_type="CAUSAL_LM", **options)
    model = get_peft_model(base_model(folder), config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, 0.05)
            if "lora_magnitude_vector" in name:
                parameter.mul_(1 + 0.2 * torch.randn(parameter.shape))
    model.save_pretrained(output)
    return model


def check(folder, title, options, node):
    tether = [node, "--conditions=@tether/source"]
    with tempfile.TemporaryDirectory() as out:
        theirs, ours, merged = f"{out}/peft", f"{out}/tether", f"{out}/merged"
        model = make_adapter(folder, options, theirs)
        expected = logits(model)
        subprocess.run([*tether, ROOT / "tools/checks/resave_adapter.ts", theirs, ours], check=True)
        before, after = (load_file(f"{each}/adapter_model.safetensors") for each in (theirs, ours))
        assert before.keys() == after.keys(), before.keys() ^ after.keys()
        assert all(torch.equal(before[name], after[name]) for name in before)
        fields = [json.loads(Path(each, "adapter_config.json").read_text()) for each in (theirs, ours)]
        assert all(fields[0][key] == fields[1][key] for key in COMPARED), fields
        assert sorted(fields[0]["target_modules"]) == sorted(fields[1]["target_modules"]), fields
        loaded = PeftModel.from_pretrained(base_model(folder), ours)
        assert torch.equal(logits(loaded), expected)

        subprocess.run([*tether, ROOT / "apps/cli/src/main.ts", "export", "--model", theirs, "--output", merged], check=True, stderr=subprocess.DEVNULL)
        ours_merged = base_model(merged)
        theirs_merged = model.merge_and_unload().state_dict()
        weights = max(((tensor - theirs_merged[name]).abs().max() / tensor.abs().max()).item() for name, tensor in ours_merged.state_dict().items())
        scores = (logits(ours_merged) - expected).abs().max().item()
        print(f"{title}: {len(before)} tensors equal bit for bit, logits equal; merged: weights within {weights:.1e} of PEFT's (of each tensor's largest), logits within {scores:.1e}")
        assert weights < 1e-6 and scores < 1e-4, (weights, scores)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", type=lambda text: str(Path(text).resolve()))
parser.add_argument("--node", default="node")
arguments = parser.parse_args()
for title, options in KINDS.items():
    check(arguments.folder, title, options, arguments.node)

"""Adapters made by PEFT on tiny models, and what PEFT computes with them: for packages/model/src/lora.

Needs: pip install torch transformers peft
Usage: peft_adapter.py TESTDATA     the model package's testdata folder, which holds tiny-llama; writes tiny-gpt2, a folder for each adapter, and adapters.json

The golden holds, per adapter, the logits after each row's last token; the same in training with a dropout that is known (every third input of each adapter is
dropped); and the gradient of every adapter tensor of the mean cross-entropy of each row's next tokens.
"""

import json
import shutil
import sys
from pathlib import Path

import peft
import torch
import transformers
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel

TOKENS = [[1, 5, 2, 9, 4, 17, 30, 8], [3, 3, 21, 11, 0, 2, 6, 25]]
LLAMA_TARGETS = ["q_proj", "v_proj", "down_proj"]
ADAPTERS = {
    "tiny-llama-adapter": ("tiny-llama", dict(r=4, lora_alpha=6, use_rslora=True, target_modules=LLAMA_TARGETS)),
    "tiny-llama-dora": ("tiny-llama", dict(r=4, lora_alpha=6, use_dora=True, target_modules=LLAMA_TARGETS)),
    "tiny-gpt2-dora": ("tiny-gpt2", dict(r=2, lora_alpha=3, use_dora=True, target_modules=["c_attn", "c_proj"], fan_in_fan_out=True)),
}


def make_gpt2(folder):
    torch.manual_seed(5)
    model = GPT2LMHeadModel(GPT2Config(vocab_size=32, n_embd=8, n_layer=1, n_head=2, n_positions=16, initializer_range=0.3, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(0, 0.1)
    model.save_pretrained(folder)


def known_dropout(x):
    """Drops every third element of the last axis; what is kept is scaled by 3/2."""
    return x * (torch.arange(x.shape[-1]) % 3 != 2) * 1.5


def last_logits(model):
    with torch.no_grad():
        return [[float(f"{value:.9g}") for value in row] for row in model(torch.tensor(TOKENS)).logits[:, -1].tolist()]


def gradients(model):
    """By the names that the adapter's file gives the tensors."""
    model.zero_grad()
    tokens = torch.tensor(TOKENS)
    logits = model(tokens).logits[:, :-1]
    torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten()).backward()
    saved = lambda name: name.replace(".default", "").replace("lora_magnitude_vector.weight", "lora_magnitude_vector")
    return {saved(name): [float(f"{value:.8g}") for value in p.grad.flatten().tolist()] for name, p in model.named_parameters() if p.grad is not None}


def make_adapter(testdata, name, base_name, options):
    torch.manual_seed(11)
    base = AutoModelForCausalLM.from_pretrained(testdata / base_name, dtype=torch.float32)
    model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.3, **options)).eval()
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if "lora_B" in key:
                parameter.normal_(0, 0.2)
            if "lora_magnitude_vector" in key:
                parameter.mul_(1 + 0.3 * torch.randn(parameter.shape))
    output = testdata / name
    shutil.rmtree(output, ignore_errors=True)
    model.save_pretrained(output)
    (output / "README.md").unlink(missing_ok=True)
    path = output / "adapter_config.json"
    saved = json.loads(path.read_text())
    saved["base_model_name_or_path"] = f"../{base_name}"  # folders are found from the adapter's own
    path.write_text(json.dumps(saved, indent=2, sort_keys=True) + "\n")
    return model.double()  # of the same weights, which float32 holds


def golden(model):
    values = {"logits": last_logits(model), "gradients": gradients(model)}
    for name, module in model.named_modules():
        if name.endswith("lora_dropout.default"):
            module.forward = known_dropout
    model.train()
    return {**values, "dropped_logits": last_logits(model)}


def main():
    testdata = Path(sys.argv[1])
    make_gpt2(testdata / "tiny-gpt2")
    versions = {"peft": peft.__version__, "transformers": transformers.__version__, "torch": torch.__version__}
    adapters = {name: golden(make_adapter(testdata, name, *made)) for name, made in ADAPTERS.items()}
    (testdata / "adapters.json").write_text(json.dumps({**versions, "tokens": TOKENS, "adapters": adapters}) + "\n")


main()

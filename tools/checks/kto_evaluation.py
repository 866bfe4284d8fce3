"""Check KTO on unpaired data from file to loss against TRL: trains a few steps, then TRL's KTOTrainer evaluates the trained model on the same held-out rows.

Compares tokens, truncation, the mismatched completions, z and the weights at once. Sizes of batches are equal, so that means over batches are means over rows.
Needs: pip install torch transformers datasets trl; Node 24 as `node`, or named by --node
Usage: kto_evaluation.py FOLDER     FOLDER: a Hugging Face folder with its tokenizer
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import torch
import trl
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import KTOConfig, KTOTrainer

ROOT = Path(__file__).resolve().parents[2]
ROWS_PER_BATCH = 4
OPTIONS = {"beta": 0.3, "desirable_weight": 1.3, "undesirable_weight": 0.7}
TOLERANCE = 3e-5  # float32 on both sides: log-ratios are differences of sums of some 50 nats
ANIMALS = ["dog", "cat", "bird", "bear", "frog", "fox", "duck", "mouse", "horse", "fish"]
ENDS = [(" It was happy and it ran to the big tree.", True), (" no no no no", False), (" The sun was warm.", True), (" Tree the of a.", False), (" It said, \"Hello!\"", True)]


def rows(places):
    for place in places:
        for number, animal in enumerate(ANIMALS):
            completion, label = ENDS[(number + len(place)) % len(ENDS)]
            yield {"prompt": f"One day, a little {animal} went to the {place}.", "completion": completion, "label": label}


def write_lines(path, items):
    path.write_text("\n".join(json.dumps(item) for item in items))


def train(model, folder, node):
    """Returns the last evaluation's readings."""
    config = {
        "name": "kto",
        "model": {"path": str(model)},
        "data": {"files": "train.jsonl", "eval_files": "eval.jsonl", "buckets": {"max_count": 1}},  # one bucket: rows stay in order
        "objective": {"name": "kto", **OPTIONS},
        "regularizers": ["none"],
        "training": {"max_steps": 4, "learning_rate": 3e-5, "per_device_train_batch_size": 8, "per_device_eval_batch_size": ROWS_PER_BATCH},
        "evaluation": {"prompts": 1, "prompts_during_training": 1, "max_new_tokens": 1, "temperatures": [1]},
    }
    (folder / "run.yaml").write_text(json.dumps(config))
    subprocess.run([node, ROOT / "apps/cli/bin/tether.js", "train", "run.yaml", "--output", "run", "--quiet"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    lines = map(json.loads, (folder / "run/metrics.jsonl").read_text().splitlines())
    return [line for line in lines if line.get("evaluation")][-1]


def evaluate(model, folder, held_out):
    """TRL's loss of the trained model, and z of each batch."""
    load = lambda path: AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)  # noqa: E731
    arguments = KTOConfig(
        output_dir=str(folder / "trl"), per_device_train_batch_size=ROWS_PER_BATCH, per_device_eval_batch_size=ROWS_PER_BATCH, bf16=False, use_cpu=True, gradient_checkpointing=False, report_to=[], **OPTIONS,
    )  # fmt: skip
    data = Dataset.from_list(held_out)
    trainer = KTOTrainer(model=load(folder / "run/model"), ref_model=load(model), args=arguments, train_dataset=data, eval_dataset=data, processing_class=AutoTokenizer.from_pretrained(folder / "run/model"))
    compute, points = trainer._compute_loss, []

    def recording(*args):
        result = compute(*args)
        points.append(trainer._metrics["eval"]["kl"][-1])
        return result

    trainer._compute_loss = recording
    return trainer.evaluate()["eval_loss"], points


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--node", default="node")
    args = parser.parse_args()
    model = args.folder.resolve()
    held_out = list(rows(["river", "park"]))[: 3 * ROWS_PER_BATCH]  # of the last batch, z is above 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_lines(folder / "train.jsonl", rows(["sea", "wood", "school", "garden"]))
        write_lines(folder / "eval.jsonl", held_out)
        ours = train(model, folder, args.node)
        loss, points = evaluate(model, folder, held_out)
    compared = {"loss": (ours["eval/loss"], loss), "z of the last batch": (ours["eval/kl/chosen"], points[-1])}
    print(f"TRL {trl.__version__}; z of the batches: {', '.join(f'{point:.4f}' for point in points)}")
    errors = {name: abs(a - b) / max(1, abs(b)) for name, (a, b) in compared.items()}
    for name, (a, b) in compared.items():
        print(f"{name}: {a:.8f}, TRL {b:.8f}, relative error {errors[name]:.1e}")
    if max(errors.values()) > TOLERANCE:
        raise SystemExit("they differ")


if __name__ == "__main__":
    main()

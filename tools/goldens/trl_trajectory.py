"""Fifty steps of TRL's DPO trainer on a real checkpoint and real pairs: token ids, losses and margins.

usage: trl_trajectory.py MODEL_FOLDER PAIRS.json OUTPUT.json [--steps 50] [--batch 4] [--length 192] [--rate 1e-5]

PAIRS.json holds instruction/input/chosen/rejected rows. Rows are taken in the file's order, never shuffled; the tokens
that TRL makes of them are written down, so that a comparison trains on exactly those. float32, AdamW, constant rate.
"""

import argparse
import json
import logging
import os
import tempfile
import warnings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import torch
import transformers
import trl
from datasets import Dataset
from torch.utils.data import SequentialSampler
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import DPOConfig, DPOTrainer


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("pairs")
    parser.add_argument("output")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--length", type=int, default=192)
    parser.add_argument("--rate", type=float, default=1e-5)
    return parser.parse_args()


def rows_of(path, tokenizer, count, length):
    """Rows in order whose both texts fit, so that nothing is truncated."""
    chosen = []
    for row in json.load(open(path)):
        if row["chosen"] == row["rejected"]:
            continue
        extra = f"\n{row['input']}" if row.get("input") else ""
        pair = {"prompt": f"{row['instruction']}{extra}\n", "chosen": row["chosen"], "rejected": row["rejected"]}
        longest = max(len(tokenizer(pair["prompt"] + pair[side])["input_ids"]) for side in ("chosen", "rejected"))
        if longest <= length - 2:
            chosen.append(pair)
        if len(chosen) == count:
            return chosen
    raise SystemExit(f"only {len(chosen)} rows fit in {length} tokens")


class InOrder(DPOTrainer):
    def _get_train_sampler(self, dataset=None):
        return SequentialSampler(dataset if dataset is not None else self.train_dataset)


class Log(TrainerCallback):
    def __init__(self):
        self.steps = []

    def on_log(self, _arguments, _state, _control, logs=None, **__):
        if logs and "loss" in logs:
            self.steps.append(
                {
                    name: float(logs[name])
                    for name in ("loss", "rewards/margins", "rewards/chosen", "rewards/rejected", "grad_norm")
                    if name in logs
                }
            )



def main():
    options = arguments()
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    rows = rows_of(options.pairs, tokenizer, options.steps * options.batch, options.length)
    load = lambda: AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32)
    log = Log()
    with tempfile.TemporaryDirectory() as folder:
        trainer = InOrder(
            model=load(),
            ref_model=load(),
            args=DPOConfig(
                output_dir=folder,
                per_device_train_batch_size=options.batch,
                max_steps=options.steps,
                max_length=options.length,
                learning_rate=options.rate,
                lr_scheduler_type="constant",
                warmup_steps=0,
                beta=0.1,
                max_grad_norm=1.0,
                weight_decay=0.0,
                logging_steps=1,
                save_strategy="no",
                report_to=[],
                use_cpu=True,
                bf16=False,
                gradient_checkpointing=False,
                disable_dropout=True,
                disable_tqdm=True,
            ),
            train_dataset=Dataset.from_list(rows),
            processing_class=tokenizer,
            callbacks=[log],
        )
        tokens = [
            {name: list(row[f"{name}_ids"]) for name in ("prompt", "chosen", "rejected")} for row in trainer.train_dataset
        ]
        trainer.train()
    golden = {
        "trl": trl.__version__,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "beta": 0.1,
        "learning_rate": options.rate,
        "batch": options.batch,
        "rows": tokens,
        "steps": log.steps,
    }
    with open(options.output, "w") as file:
        json.dump(golden, file)
        file.write("\n")
    print(len(log.steps), "steps;", log.steps[0], log.steps[-1])


main()

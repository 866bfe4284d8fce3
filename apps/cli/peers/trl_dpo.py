"""The same DPO training as `tether bench`, by TRL: one line of JSON on standard output.

Random weights and tokens; the optimizer (AdamW) and, unless --lora, a second copy of the weights as the reference are
part of each step. Seconds are those between the trainer's begin and end of a step.
"""

import argparse
import json
import logging
import os
import random
import resource
import sys
import tempfile
import time
import warnings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", required=True, help="the model's config.json as JSON")
    parser.add_argument("--pairs", type=int, required=True)
    parser.add_argument("--prompt", type=int, required=True)
    parser.add_argument("--completion", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--lora", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    return parser.parse_args()


def settings(options):
    """The model's config without what names its class."""
    return {key: value for key, value in json.loads(options.config).items() if key != "model_type"}


def main():
    options = arguments()
    import torch
    import transformers
    import trl
    from datasets import Dataset
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, TrainerCallback
    from trl import DPOConfig, DPOTrainer

    if options.threads:
        torch.set_num_threads(options.threads)
    random.seed(1)
    torch.manual_seed(1)

    words = 1000
    vocabulary = {"<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 3, **{f"t{i}": 4 + i for i in range(words)}}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )

    def text(length):
        return " ".join(f"t{random.randrange(words)}" for _ in range(length))

    rows = [
        {
            "prompt": text(options.prompt) + " ",
            "chosen": text(options.completion - 1),  # the end of sequence is added
            "rejected": text(options.completion - 1),
        }
        for _ in range(options.pairs * options.steps)
    ]

    def model():
        torch.manual_seed(1)
        return LlamaForCausalLM(
            LlamaConfig(**settings(options), pad_token_id=0, bos_token_id=1, eos_token_id=2)
        )

    adapters = None
    if options.lora:
        from peft import LoraConfig

        adapters = LoraConfig(
            r=options.lora, lora_alpha=2 * options.lora, target_modules="all-linear", task_type="CAUSAL_LM"
        )

    seconds = []
    readings = []

    class Clock(TrainerCallback):
        def on_step_begin(self, *_, **__):
            self.start = time.perf_counter()

        def on_step_end(self, *_, **__):
            seconds.append(time.perf_counter() - self.start)

        def on_log(self, _arguments, _state, _control, logs=None, **__):
            readings.append(logs or {})

    with tempfile.TemporaryDirectory() as folder:
        trainer = DPOTrainer(
            model=model(),
            ref_model=None if options.lora else model(),
            args=DPOConfig(
                output_dir=folder,
                per_device_train_batch_size=options.pairs,
                max_steps=options.steps,
                max_length=options.prompt + options.completion + 8,
                learning_rate=1e-5,
                save_strategy="no",
                report_to=[],
                logging_steps=1,
                use_cpu=True,
                bf16=False,
                gradient_checkpointing=False,
                disable_tqdm=True,
            ),
            train_dataset=Dataset.from_list(rows),
            processing_class=tokenizer,
            peft_config=adapters,
            callbacks=[Clock()],
        )
        stdout, sys.stdout = sys.stdout, sys.stderr  # the trainer prints what it logs
        trainer.train()
        sys.stdout = stdout
    print(
        json.dumps(
            {
                "description": f"trl {trl.__version__}, torch {torch.__version__}, transformers {transformers.__version__}, "
                f"{torch.get_num_threads()} threads",
                "stepSeconds": seconds,
                "loss": next((entry["loss"] for entry in readings if "loss" in entry), None),
                "peakMemoryBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            }
        )
    )


main()

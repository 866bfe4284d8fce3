"""Fixed preference batches as token ids, so that goldens need no tokenizer to be reproduced.

    python batch.py CHECKPOINT PREFERENCES.json OUT/batch.json [--max-prompt 48] [--max-completion 48]

Takes the first 12 rows (`instruction`, `input`, `chosen`, `rejected`) whose ids fit the limits and whose completions differ, and splits them into 3 batches of 4 pairs. The first batch is
"the fixed batch" of the loss goldens; all three drive the trajectory. With a chat template the prompt is the user message (the template adds its default system message); without one it is
the plain text. Every completion ends with the tokenizer's end token.
"""
import argparse
import json
from dataclasses import dataclass

import torch

PAIRS_PER_BATCH = 4
BATCHES = 3


@dataclass(frozen=True)
class Side:
    """One completion of every pair as separate right-padded rows: prompt + completion."""

    tokens: torch.Tensor  # [B, L] int64, pad_id at padding
    mask: torch.Tensor  # [B, L] int64, 1 at real tokens
    completion: torch.Tensor  # [B, L] bool, true at completion tokens

    def token_logps(self, logits):
        """[B, L, V] -> [B, L−1]: log-prob of each completion token 1..L−1, 0 elsewhere."""
        logps = logits[:, :-1].log_softmax(-1).gather(-1, self.tokens[:, 1:, None]).squeeze(-1)
        return logps * self.completion[:, 1:]

    def at_predictors(self, values):
        """[B, L, X] -> [completion tokens, X]: the values at the position before each completion token, row by row."""
        return values[:, :-1][self.completion[:, 1:]]

    def lengths(self):
        return self.completion.sum(1)  # [B]


def pad_sides(pairs, pad_id):
    """The pairs of one batch as two Sides (chosen, rejected), both padded to the longest row of the two."""
    length = max(len(pair["prompt"]) + len(pair[side]) for pair in pairs for side in ("chosen", "rejected"))
    return tuple(pad_side(pairs, side, length, pad_id) for side in ("chosen", "rejected"))


def pad_side(pairs, side, length, pad_id):
    shape = (len(pairs), length)
    tokens = torch.full(shape, pad_id, dtype=torch.int64)
    mask = torch.zeros(shape, dtype=torch.int64)
    completion = torch.zeros(shape, dtype=torch.bool)
    for row, pair in enumerate(pairs):
        start, end = len(pair["prompt"]), len(pair["prompt"]) + len(pair[side])
        tokens[row, :end] = torch.tensor(pair["prompt"] + pair[side])
        mask[row, :end] = 1
        completion[row, start:end] = True
    return Side(tokens, mask, completion)


def load_batches(path):
    """The batch file's content, and its batches as lists of (chosen Side, rejected Side)."""
    with open(path, encoding="utf8") as file:
        content = json.load(file)
    return content, [pad_sides(batch["pairs"], content["pad_id"]) for batch in content["batches"]]


def encode_pair(tokenizer, row):
    """Token ids of one row; completions are encoded on their own and end with the end token."""
    text = row["instruction"] + ("\n" + row["input"] if row["input"] else "")
    if tokenizer.chat_template:
        message = [{"role": "user", "content": text}]
        rendered = tokenizer.apply_chat_template(message, add_generation_prompt=True, tokenize=False)
        prompt = tokenizer(rendered, add_special_tokens=False)["input_ids"]
    else:
        prompt = tokenizer(text + "\n")["input_ids"]
    ids = {side: tokenizer(row[side], add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id] for side in ("chosen", "rejected")}
    return {"prompt": prompt, **ids}


def choose_pairs(tokenizer, rows, max_prompt, max_completion):
    """The first rows that fit, each with its 1-based number in the file."""
    pairs = []
    for number, row in enumerate(rows, start=1):
        pair = encode_pair(tokenizer, row)
        fits = len(pair["prompt"]) <= max_prompt and max(len(pair["chosen"]), len(pair["rejected"])) <= max_completion
        if fits and pair["chosen"] != pair["rejected"]:
            pairs.append({"row": number, **pair})
        if len(pairs) == PAIRS_PER_BATCH * BATCHES:
            return pairs
    raise SystemExit(f"only {len(pairs)} rows fit {max_prompt} prompt and {max_completion} completion tokens; raise the limits")


def main():
    from transformers import AutoTokenizer

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("preferences")
    parser.add_argument("out")
    parser.add_argument("--max-prompt", type=int, default=48)
    parser.add_argument("--max-completion", type=int, default=48)
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.checkpoint)
    with open(args.preferences, encoding="utf8") as file:
        pairs = choose_pairs(tokenizer, json.load(file), args.max_prompt, args.max_completion)
    pad_id = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    batches = [{"pairs": pairs[start : start + PAIRS_PER_BATCH]} for start in range(0, len(pairs), PAIRS_PER_BATCH)]
    lines = ",\n".join('  {"pairs": [\n' + ",\n".join("    " + json.dumps(pair) for pair in batch["pairs"]) + "\n  ]}" for batch in batches)
    with open(args.out, "w", encoding="utf8") as file:
        file.write(f'{{\n "pad_id": {pad_id},\n "end_id": {tokenizer.eos_token_id},\n "batches": [\n{lines}\n ]\n}}\n')
    for pair in pairs:
        print(f"row {pair['row']}: prompt {len(pair['prompt'])}, chosen {len(pair['chosen'])}, rejected {len(pair['rejected'])}")


if __name__ == "__main__":
    main()

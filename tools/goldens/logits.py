"""Logits of a checkpoint on a few texts, and the text it writes greedily.

    python logits.py CHECKPOINT OUT/logits.json [--text TEXT ...] [--greedy PROMPT --tokens 80] [--chat QUESTION --tokens 40] [--big FOLDER]

float32, transformers unchanged. For each text: its ids and the logits that follow the last token: the whole vector (base64 of little-endian float32) for the first text and for every vocabulary up to
4096, else 512 entries at floor(k·V/512), with sum, logsumexp, argmax and maxAbs of the whole. With --big the whole logits [L, V] of text i go to FOLDER/logits.safetensors under "text_i".
"""
import argparse
import base64

import torch
from transformers import AutoTokenizer, LlamaForCausalLM

from summary import save_tensors, write_json

TEXTS = ("Once upon a time, there was a little girl", "The sun was bright and the birds were", "Translate the following sentence into French: Where is the", "1, 4, 9, 16, 25,")
SAMPLED = 512
SMALL_VOCABULARY = 4096


def last_logits_record(logits, whole):
    """logits [V] float32."""
    record = {"sum": logits.double().sum().item(), "logsumexp": logits.double().logsumexp(0).item(), "argmax": logits.argmax().item(), "maxAbs": logits.abs().max().item()}
    if whole:
        return record | {"base64_float32": base64.b64encode(logits.numpy().astype("<f4").tobytes()).decode()}
    size = len(logits)
    return record | {"samples": [logits[k * size // SAMPLED].item() for k in range(SAMPLED)]}


def generate(model, tokenizer, ids, tokens):
    """Greedy continuation of ids [L], at most `tokens` tokens, stopping at the end token."""
    with torch.no_grad():
        output = model.generate(torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.int64), max_new_tokens=tokens, do_sample=False, pad_token_id=tokenizer.eos_token_id)
    new = output[0, len(ids) :].tolist()
    return {"prompt_ids": ids, "ids": new, "text": tokenizer.decode(new, skip_special_tokens=True), "whole_text": tokenizer.decode(ids + new, skip_special_tokens=True)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("out")
    parser.add_argument("--text", nargs="+", default=TEXTS)
    parser.add_argument("--greedy")
    parser.add_argument("--chat")
    parser.add_argument("--tokens", type=int, default=80)
    parser.add_argument("--big", help="folder for complete logits")
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.checkpoint)
    model = LlamaForCausalLM.from_pretrained(args.checkpoint, dtype=torch.float32, attn_implementation="sdpa").eval()
    content = {"dtype": "float32", "vocab_size": model.config.vocab_size, "texts": []}
    complete = {}
    for index, text in enumerate(args.text):
        ids = tokenizer(text)["input_ids"]
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0]  # [L, V]
        complete[f"text_{index}"] = logits
        whole = index == 0 or model.config.vocab_size <= SMALL_VOCABULARY
        content["texts"].append({"text": text, "ids": ids, "last_logits": last_logits_record(logits[-1], whole)})
    save_tensors(args.big, "logits", complete, torch.float32)
    if args.greedy:
        content["greedy"] = {"prompt": args.greedy, **generate(model, tokenizer, tokenizer(args.greedy)["input_ids"], args.tokens)}
    if args.chat:
        message = [{"role": "user", "content": args.chat}]
        rendered = tokenizer.apply_chat_template(message, add_generation_prompt=True, tokenize=False)
        ids = tokenizer(rendered, add_special_tokens=False)["input_ids"]
        content["chat"] = {"question": args.chat, "rendered": rendered, **generate(model, tokenizer, ids, args.tokens)}
    write_json(args.out, content, torch.float32)
    for name in ("greedy", "chat"):
        if name in content:
            print(f"{name}: {content[name]['text']!r}")


if __name__ == "__main__":
    main()

"""Logits, DPO gradients and greedy continuations of small random models of every architecture, by transformers.

    python architectures.py OUT [--only NAME ...]      writes OUT/<name>.json for every case below
    python architectures.py --save FOLDER [--only NAME ...]   writes FOLDER/<name>/, the policies as Hugging Face folders

Logits and continuations come from transformers unchanged, in float32 with eager attention. Gradients are float64: transformers
keeps norms, softmax, RoPE frequencies and angles in float32 whatever the model's dtype, so its code runs with `torch.float32`
standing for float64; the script checks that both give the same logits up to float32 rounding.

Weights follow a formula (`weight`), so that they need not be stored. The reference is another random model.
"""
import argparse
import contextlib
import json

import torch
import torch.nn.functional as F
from transformers import AutoConfig, AutoModelForCausalLM

from batch import pad_sides
from losses import dpo
from summary import gradients, summarize, render, rounded

BETA = 0.1
NEW_TOKENS = 12
VOCABULARY = 37
PAIR_LENGTHS = [(9, 11, 9), (7, 12, 13), (10, 8, 12)]  # prompt, chosen, rejected: every row is longer than any window and than 16
BASE = {"vocab_size": VOCABULARY, "hidden_size": 16, "intermediate_size": 20, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64,
        "rms_norm_eps": 1e-5, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 16}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "beta_fast": 4.0, "beta_slow": 1.0}
LONGROPE = {"rope_type": "longrope", "short_factor": [1.0, 1.1, 1.3], "long_factor": [1.5, 3.0, 7.0]}
GEMMA = {"head_dim": 6, "query_pre_attn_scalar": 10, "sliding_window": 5}
CASES = {
    "llama": {**BASE, "model_type": "llama"},
    "llama_linear": {**BASE, "model_type": "llama", "tie_word_embeddings": True, "attention_bias": True, "mlp_bias": True, "max_position_embeddings": 32, "rope_scaling": {"rope_type": "linear", "factor": 2.0}},
    "llama_llama3": {**BASE, "model_type": "llama", "head_dim": 8, "rope_theta": 500.0, "rope_scaling": LLAMA3},
    "llama_yarn": {**BASE, "model_type": "llama", "head_dim": 8, "rope_theta": 100.0, "rope_scaling": YARN},
    "mistral": {**BASE, "model_type": "mistral", "sliding_window": 5},
    "qwen2": {**BASE, "model_type": "qwen2", "num_hidden_layers": 3, "tie_word_embeddings": True, "use_sliding_window": True, "sliding_window": 6, "max_window_layers": 1, "rope_scaling": YARN, "rope_theta": 1000.0},
    "qwen3": {**BASE, "model_type": "qwen3", "head_dim": 6, "rope_theta": 1000.0},
    "gemma2": {**BASE, **GEMMA, "model_type": "gemma2", "num_hidden_layers": 3, "attn_logit_softcapping": 1.5, "final_logit_softcapping": 3.0},
    "gemma3": {**BASE, **GEMMA, "model_type": "gemma3_text", "num_hidden_layers": 4, "sliding_window_pattern": 3, "rope_theta": 500.0, "rope_local_base_freq": 50.0, "rope_scaling": {"rope_type": "linear", "factor": 8.0}},
    "phi3": {**BASE, "model_type": "phi3", "sliding_window": 7},
    "phi3_longrope": {**BASE, "model_type": "phi3", "hidden_size": 32, "partial_rotary_factor": 0.75, "original_max_position_embeddings": 16, "rope_scaling": LONGROPE},
    "smollm3": {**BASE, "model_type": "smollm3", "num_hidden_layers": 3, "no_rope_layer_interval": 2, "use_sliding_window": True, "sliding_window": 6, "tie_word_embeddings": True},
    "gpt2": {"model_type": "gpt2", "vocab_size": VOCABULARY, "n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 40, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0},
    "gpt2_untied": {"model_type": "gpt2", "vocab_size": VOCABULARY, "n_embd": 16, "n_inner": 24, "n_layer": 2, "n_head": 2, "n_positions": 40, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
                    "tie_word_embeddings": False, "scale_attn_by_inverse_layer_idx": True},
}


@contextlib.contextmanager
def float64_everywhere():
    """Inside, code that asks for float32 gets float64, and new modules are float64."""
    kept = torch.float32, torch.float, torch.Tensor.float, torch.get_default_dtype()
    torch.float32 = torch.float = torch.float64
    torch.Tensor.float = torch.Tensor.double
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.float32, torch.float, torch.Tensor.float = kept[:3]
        torch.set_default_dtype(kept[3])


def noise(tensor, count):
    """Numbers in [−1, 1): the hash of conventions.md, tensor number `tensor`."""
    x = (torch.arange(count, dtype=torch.int64) + 0x9E3779B1 * (tensor + 1)) % 2**32
    x = (x ^ (x >> 16)) * 0x85EBCA6B % 2**32
    x = (x ^ (x >> 13)) * 0xC2B2AE35 % 2**32
    x = x ^ (x >> 16)
    return 2 * x.double() / 2**32 - 1


def weight(name, shape, number, offset_norms):
    """Value of tensor `name`, number `number` in the alphabetical order of names: large enough that attention is far from uniform and caps bite."""
    values = noise(number, shape.numel()).view(shape)
    if len(shape) == 2:
        return values * (3 / shape[-1]) ** 0.5 * 1.5
    is_norm = name.endswith("weight")
    return values * 0.3 + (1 if is_norm and not offset_norms else 0)


def build(fields, first):
    """A model of the config; `first` tells the policy's weights (0) from the reference's (1000)."""
    config = AutoConfig.for_model(**json.loads(json.dumps(fields)))
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    for module in model.modules():
        if isinstance(module, torch.nn.Embedding):
            module.padding_idx = None  # which would drop that token's gradient
    with torch.no_grad():
        for number, (name, parameter) in enumerate(sorted(model.named_parameters())):
            value = weight(name, parameter.shape, first + number, fields["model_type"].startswith("gemma"))
            parameter.copy_(round32(value))
    return model.eval()


FLOAT32 = torch.float32


def round32(value):
    """The float64 value nearest to it that float32 holds: both precisions have the same weights."""
    return value.to(FLOAT32).double()


def tokens_of(seed, count):
    return [3 + (7 * seed + 5 * i + i * i * (seed + 1)) % (VOCABULARY - 3) for i in range(count)]


def pairs():
    return [{"prompt": tokens_of(3 * k, p), "chosen": tokens_of(3 * k + 1, c), "rejected": tokens_of(3 * k + 2, r)} for k, (p, c, r) in enumerate(PAIR_LENGTHS)]


def logps(model, side):
    return side.token_logps(model(input_ids=side.tokens, attention_mask=side.mask, use_cache=False).logits).sum(1)


def exact(fields, row):
    """Logits of one row, hidden states of its last place, and the DPO loss with its gradients, in float64."""
    with float64_everywhere():
        policy, reference = build(fields, 0), build(fields, 1000)
        with torch.no_grad():
            output = policy(input_ids=torch.tensor([row]), use_cache=False, output_hidden_states=True)
        sides = pad_sides(pairs(), fields["pad_token_id"])
        with torch.no_grad():
            references = [logps(reference, side) for side in sides]
        loss, metrics = dpo([logps(policy, side) for side in sides], references, BETA, 0.0)
        return output.logits[0], output.hidden_states[-1][0, -1], loss, metrics, gradients(loss, policy.named_parameters())


def greedy(model, prompt):
    """Greedy continuation, and the smallest lead of a chosen token over the second best."""
    output = model.generate(torch.tensor([prompt]), max_new_tokens=NEW_TOKENS, do_sample=False, eos_token_id=None, output_scores=True, return_dict_in_generate=True)
    leads = [scores[0].topk(2).values for scores in output.scores]
    return output.sequences[0, len(prompt):].tolist(), min((a - b).item() for a, b in leads)


def golden(name, fields):
    row = pairs()[0]["prompt"] + pairs()[0]["chosen"] + tokens_of(20, 4)
    model = build(fields, 0)
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([row]), use_cache=False).logits[0]
    exact_logits, hidden, loss, metrics, grads = exact(fields, row)
    difference = (logits.double() - exact_logits).abs().max().item()
    assert difference < 1e-4, (name, difference)
    prompt = tokens_of(11, 9)
    ids, lead = greedy(model, prompt)
    assert lead > 1e-3, (name, "a near tie decides the continuation", lead)
    print(f"{name}: {sum(p.numel() for p in model.parameters())} parameters, loss {loss.item():.6f}, float32 within {difference:.1e} of float64, smallest lead {lead:.2e}, largest logit {logits.abs().max():.2f}")
    content = {"config": fields, "pad_id": fields["pad_token_id"], "row": row, "logits": rounded(logits.double(), 9, 9), "hidden": hidden, "prompt": prompt, "greedy": ids, "pairs": pairs(), "beta": BETA,
               "loss": loss.item(), "metrics": metrics, "gradients": summarize(grads)}
    return render(rounded(content, 13, 12), 0) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", nargs="?")
    parser.add_argument("--save", help="folder for the policies as Hugging Face folders")
    parser.add_argument("--only", nargs="+", choices=CASES)
    args = parser.parse_args()
    torch.set_num_threads(1)
    for name in args.only or CASES:
        if args.out:
            with open(f"{args.out}/{name}.json", "w", encoding="utf8") as file:
                file.write(golden(name, CASES[name]))
        if args.save:
            build(CASES[name], 0).save_pretrained(f"{args.save}/{name}")


if __name__ == "__main__":
    main()

"""Log-probs, losses and gradients of DPO, SimPO, SFT and the KL penalties on the fixed batch.

    python losses.py CHECKPOINT OUT/batch.json OUT [--dtype float64] [--weights float32] [--only dpo simpo ...] [--big FOLDER]

Writes OUT/forward.json (log-probs, some logits and hidden states) and one OUT/<loss>.json per loss (value, metrics, a summary of the gradient of every parameter tensor).
--weights float32 rounds the policy to float32 and still computes in float64: the best truth for an engine that computes in float32.
With --big, the complete gradients go to FOLDER/<loss>.safetensors in the dtype of the weights. Formulas: conventions.md.
"""
import argparse

import torch
import torch.nn.functional as F

from batch import load_batches
from checkpoint import DTYPES, check_tied, forward, load_policy, load_reference
from summary import gradients, save_tensors, summarize, write_json

BETA = 0.1
SIMPO_BETA = 2.0
SIMPO_GAMMA_BETA_RATIO = 0.25


def preference_metrics(chosen_rewards, rejected_rewards, chosen_logps, rejected_logps):
    """TRL's names; every argument is [B]."""
    return {
        "rewards/chosen": chosen_rewards.mean().item(),
        "rewards/rejected": rejected_rewards.mean().item(),
        "rewards/margins": (chosen_rewards - rejected_rewards).mean().item(),
        "rewards/accuracies": (chosen_rewards > rejected_rewards).double().mean().item(),
        "logps/chosen": chosen_logps.mean().item(),
        "logps/rejected": rejected_logps.mean().item(),
    }


def dpo(policy, reference, beta, label_smoothing):
    """Rafailov et al. 2023, eq. 7, with the label smoothing of cDPO. policy, reference: summed log-probs (chosen [B], rejected [B])."""
    chosen, rejected = (beta * (p - r) for p, r in zip(policy, reference))
    margin = chosen - rejected
    losses = -(1 - label_smoothing) * F.logsigmoid(margin) - label_smoothing * F.logsigmoid(-margin)
    return losses.mean(), preference_metrics(chosen, rejected, *policy)


def simpo(policy, lengths, beta, gamma_beta_ratio):
    """Meng et al. 2024, eq. 6: rewards are mean log-probs per token."""
    chosen, rejected = (beta * logps / length for logps, length in zip(policy, lengths))
    losses = -F.logsigmoid(chosen - rejected - gamma_beta_ratio * beta)
    return losses.mean(), preference_metrics(chosen, rejected, *policy)


def kl_penalties(policy_logits, reference_logits, tokens):
    """Six penalties as means over completion tokens. logits [tokens, V]; tokens [tokens] are the labels."""
    log_p, log_q = policy_logits.log_softmax(-1), reference_logits.log_softmax(-1)
    p, q = log_p.exp(), log_q.exp()
    log_m = ((p + q) / 2).log()
    d = (log_p - log_q).gather(-1, tokens[:, None]).squeeze(-1)
    return {
        "kl_reverse": (p * (log_p - log_q)).sum(-1).mean(),
        "kl_forward": (q * (log_q - log_p)).sum(-1).mean(),
        "kl_js": ((p * (log_p - log_m)).sum(-1) / 2 + (q * (log_q - log_m)).sum(-1) / 2).mean(),
        "kl_k1": d.mean(),
        "kl_k2": (d.square() / 2).mean(),
        "kl_k3": (torch.exp(-d) - 1 + d).mean(),
    }


def all_losses(sides, policy_outputs, reference_outputs):
    """name -> (loss, metrics, options) on one batch; outputs are (logits, hidden) for each side."""
    policy, reference = ([side.token_logps(logits).sum(1) for side, (logits, _) in zip(sides, outputs)] for outputs in (policy_outputs, reference_outputs))
    lengths = [side.lengths() for side in sides]
    losses = {}
    for name, smoothing in (("dpo", 0.0), ("dpo_smoothed", 0.1)):
        losses[name] = (*dpo(policy, reference, BETA, smoothing), {"beta": BETA, "label_smoothing": smoothing})
    losses["simpo"] = (*simpo(policy, lengths, SIMPO_BETA, SIMPO_GAMMA_BETA_RATIO), {"beta": SIMPO_BETA, "gamma_beta_ratio": SIMPO_GAMMA_BETA_RATIO})
    losses["sft"] = (-policy[0].sum() / lengths[0].sum(), {"logps/chosen": policy[0].mean().item()}, {})
    at = [torch.cat([side.at_predictors(logits) for side, (logits, _) in zip(sides, outputs)]) for outputs in (policy_outputs, reference_outputs)]
    tokens = torch.cat([side.tokens[side.completion] for side in sides])
    losses |= {name: (loss, {}, {}) for name, loss in kl_penalties(*at, tokens).items()}
    return losses


def model_record(side, logits, hidden):
    """Log-probs of one side (lists of completion tokens per row), and fingerprints of logits and hidden states at real positions."""
    logps = side.token_logps(logits)
    rows = range(len(side.tokens))
    ends = side.mask.sum(1)  # [B]
    prompts = ends - side.lengths()
    return {
        "token_logps": [logps[row][side.completion[row, 1:]] for row in rows],
        "summed_logps": logps.sum(1),
        "mean_logps": logps.sum(1) / side.lengths(),
        "logits": [fingerprint(row, {"last_prompt": prompts[row] - 1, "last": ends[row] - 1}, logits) for row in rows],
        "hidden": [fingerprint(row, {"first": 0, "last_prompt": prompts[row] - 1, "last": ends[row] - 1}, hidden) for row in rows],
        "hidden_sum_at_padding": [hidden[row, ends[row] :].double().sum() for row in rows],
    }


def fingerprint(row, positions, values):
    """Sum, Euclidean norm and first 8 entries of values[row, position]."""
    vectors = {name: values[row, position].double() for name, position in positions.items()}
    return {name: {"position": int(positions[name]), "sum": v.sum(), "l2": v.norm(), "first": v[:8]} for name, v in vectors.items()}


def add_dtype_arguments(parser):
    parser.add_argument("--dtype", choices=DTYPES, default="float64", help="dtype of the computation")
    parser.add_argument("--weights", choices=DTYPES, help="dtype that the policy's weights are rounded to (default: --dtype)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("batch")
    parser.add_argument("out")
    add_dtype_arguments(parser)
    parser.add_argument("--only", nargs="+", help="losses to write (default: all)")
    parser.add_argument("--big", help="folder for complete gradients")
    args = parser.parse_args()
    dtype, weights = DTYPES[args.dtype], DTYPES[args.weights or args.dtype]
    policy, reference = load_policy(args.checkpoint, dtype, weights), load_reference(args.checkpoint, dtype)
    check_tied(args.checkpoint, policy)
    sides = load_batches(args.batch)[1][0]
    with torch.no_grad():
        reference_outputs = [forward(reference, side) for side in sides]
    policy_outputs = [forward(policy, side) for side in sides]

    names = ("chosen", "rejected")
    records = {
        model: {name: model_record(side, *output) for name, side, output in zip(names, sides, outputs)}
        for model, outputs in (("policy", policy_outputs), ("reference", reference_outputs))
    }
    dtypes = {"dtype": args.dtype, "weights": args.weights or args.dtype}
    write_json(f"{args.out}/forward.json", {**dtypes, "padded_length": sides[0].tokens.shape[1], **records}, weights)
    for name, (loss, metrics, options) in all_losses(sides, policy_outputs, reference_outputs).items():
        if args.only and name not in args.only:
            continue
        grads = gradients(loss, policy.named_parameters())
        content = {**dtypes, "loss": loss.item(), "options": options, "metrics": metrics, "gradients": summarize(grads)}
        write_json(f"{args.out}/{name}.json", content, weights)
        save_tensors(args.big, name, grads, weights)
        print(f"{name}: {loss.item():.9g}", metrics)


if __name__ == "__main__":
    main()

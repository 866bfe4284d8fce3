"""GANPO on the fixed batch: scores, running means, discriminator losses, policy loss, and all gradients.

    python ganpo.py CHECKPOINT OUT/batch.json OUT/ganpo_masked.json [--pooling masked|published] [--dtype float64] [--weights float32] [--big FOLDER]
                    [--width 512 --layers 2 --heads 8 --max-positions 2048]

The discriminators take no optimizer step here: the policy loss sees their initial weights with the u, v after the training forwards. Dropout is 0. Formulas and order: conventions.md.
"""
import argparse

import torch

from batch import load_batches
from checkpoint import DTYPES, forward, load_policy, load_reference
from discriminator import Latents, discriminator_losses, make_discriminators, policy_penalty, training_scores, update_means
from losses import BETA, add_dtype_arguments, dpo
from summary import gradients, save_tensors, summarize, write_json

WEIGHT = 1.0  # λ
CONVENTIONS = {
    "spectral_norm": "classic: v then u, one iteration per training forward, none in eval; gradient through W in sigma only",
    "forward_order": "plus: policy chosen, reference chosen, reference rejected; minus: policy rejected, reference chosen, reference rejected",
    "running_means": "batch mean of detached scores; first value sets; updated after the forwards and before the losses, which use the updated means",
    "step_order": "discriminators first (latents detached), then the policy with updated frozen discriminators in eval mode and the same running means",
    "bce": "on logits, mean over the batch",
    "dropout": 0,
}


def add_size_arguments(parser):
    parser.add_argument("--pooling", choices=("masked", "published"), default="masked")
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--heads", type=int, default=8)
    parser.add_argument("--max-positions", type=int, default=2048)
    add_dtype_arguments(parser)


def make_networks(args, hidden_size):
    sizes = {"hidden_size": hidden_size, "width": args.width, "layers": args.layers, "heads": args.heads, "max_positions": args.max_positions, "dropout": 0.0}
    networks, tensors = make_discriminators(DTYPES[args.dtype], DTYPES[args.weights or args.dtype], **sizes)
    return networks, tensors, {"pooling": args.pooling, **sizes}


def pooling_masks(sides, pooling):
    return tuple(side.mask if pooling == "masked" else None for side in sides)


def run_model(model, sides):
    """Summed log-probs (chosen [B], rejected [B]) and Latents of one model."""
    outputs = [forward(model, side) for side in sides]
    logps = [side.token_logps(logits).sum(1) for side, (logits, _) in zip(sides, outputs)]
    return logps, Latents(*(hidden for _, hidden in outputs))


def detached(latents):
    return Latents(latents.chosen.detach(), latents.rejected.detach())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("batch")
    parser.add_argument("out")
    parser.add_argument("--big", help="folder for complete gradients")
    add_size_arguments(parser)
    args = parser.parse_args()
    dtype, weights = DTYPES[args.dtype], DTYPES[args.weights or args.dtype]
    policy, reference = load_policy(args.checkpoint, dtype, weights), load_reference(args.checkpoint, dtype)
    networks, tensors, sizes = make_networks(args, policy.config.hidden_size)
    sides = load_batches(args.batch)[1][0]
    masks = pooling_masks(sides, args.pooling)
    with torch.no_grad():
        reference_logps, reference_latents = run_model(reference, sides)
    policy_logps, policy_latents = run_model(policy, sides)

    scores = training_scores(networks, detached(policy_latents), reference_latents, masks)
    means = update_means(None, scores)
    losses = discriminator_losses(scores, means)
    discriminator_grads = {network: gradients(losses[network], networks[network].named_parameters()) for network in networks}
    vectors = {network: {name: value.clone() for name, value in module.named_buffers()} for network, module in networks.items()}

    dpo_loss, metrics = dpo(policy_logps, reference_logps, BETA, 0.0)
    penalty, policy_scores = policy_penalty(networks, policy_latents, masks, means)
    total = dpo_loss + WEIGHT * penalty
    penalty_grads = gradients(penalty, policy.named_parameters())
    total_grads = gradients(total, policy.named_parameters())

    content = {
        "dtype": args.dtype, "weights": args.weights or args.dtype, "discriminator": sizes, "conventions": CONVENTIONS, "padded_length": sides[0].tokens.shape[1],
        "tensors": tensors,
        "training_scores": scores, "running_means": means, "discriminator_losses": losses,
        "power_iteration_vectors_after": {network: summarize(values) for network, values in vectors.items()},
        "discriminator_gradients": {network: summarize(values) for network, values in discriminator_grads.items()},
        "policy": {"beta": BETA, "weight": WEIGHT, "scores": policy_scores, "dpo_loss": dpo_loss, "ganpo_loss": penalty, "loss": total, "metrics": metrics},
        "penalty_gradients": summarize(penalty_grads),
        "total_gradients": summarize(total_grads),
    }  # fmt: skip
    write_json(args.out, content, weights)
    prefix = f"ganpo_{args.pooling}_{args.width}"
    save_tensors(args.big, f"{prefix}_policy_total", total_grads, weights)
    save_tensors(args.big, f"{prefix}_policy_penalty", penalty_grads, weights)
    for network, grads in discriminator_grads.items():
        save_tensors(args.big, f"{prefix}_{network}", grads, weights)
    print(f"D+ {losses['plus'].item():.9g}  D- {losses['minus'].item():.9g}  DPO {dpo_loss.item():.9g}  GANPO {penalty.item():.9g}  total {total.item():.9g}")


if __name__ == "__main__":
    main()

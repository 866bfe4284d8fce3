"""Fifty GANPO training steps over three cycling batches, dropout off.

    python ganpo_trajectory.py CHECKPOINT OUT/batch.json OUT/ganpo_trajectory.json [--start perturbed|checkpoint] [--steps 50] [--lr 1e-4]
                               [--width 32 --layers 2 --heads 4 --max-positions 128] [--pooling masked] [--dtype float64]

Step k (0-based) uses batch k mod 3. Policy: AdamW (0.9, 0.999, eps 1e-8, no weight decay), constant lr, global-norm clip 1.0. Discriminators: AdamW with lr / 2, weight decay 0.01, no clip.
`--start checkpoint` begins with policy = reference. Formulas and order: conventions.md.
"""
import argparse

import torch

from batch import load_batches
from checkpoint import DTYPES, load_policy, load_reference
from discriminator import discriminator_losses, policy_penalty, training_scores, update_means
from ganpo import CONVENTIONS, WEIGHT, add_size_arguments, detached, make_networks, pooling_masks, run_model
from losses import BETA, dpo
from summary import summarize, write_json

CLIP = 1.0
DISCRIMINATOR_WEIGHT_DECAY = 0.01


def grad_norm(module):
    """Euclidean norm over all gradients of a module."""
    return torch.stack([parameter.grad.norm() for parameter in module.parameters()]).norm().item()


def train_discriminators(networks, optimizers, policy_latents, reference_latents, masks, means):
    """One step of both; returns the new running means and the record."""
    scores = training_scores(networks, policy_latents, reference_latents, masks)
    means = update_means(means, scores)
    losses = discriminator_losses(scores, means)
    record = {"running_means": means}
    for network, loss in losses.items():
        optimizers[network].zero_grad()
        loss.backward()
        record[f"d_{network}_loss"] = loss.item()
        record[f"d_{network}_grad_norm"] = grad_norm(networks[network])
        optimizers[network].step()
    return means, record


def train_policy(policy, optimizer, logps, latents, reference_logps, networks, masks, means):
    """One step of the policy; returns the record."""
    dpo_loss, metrics = dpo(logps, reference_logps, BETA, 0.0)
    penalty, _ = policy_penalty(networks, latents, masks, means)
    loss = dpo_loss + WEIGHT * penalty
    optimizer.zero_grad()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(policy.parameters(), CLIP)
    optimizer.step()
    return {"loss": loss.item(), "dpo_loss": dpo_loss.item(), "ganpo_loss": penalty.item(), "grad_norm": norm.item(), "metrics": metrics}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("batch")
    parser.add_argument("out")
    parser.add_argument("--start", choices=("perturbed", "checkpoint"), default="perturbed")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--lr", type=float, default=1e-4)
    add_size_arguments(parser)
    parser.set_defaults(width=32, layers=2, heads=4, max_positions=128)
    args = parser.parse_args()
    dtype, weights = DTYPES[args.dtype], DTYPES[args.weights or args.dtype]
    reference = load_reference(args.checkpoint, dtype)
    policy = load_policy(args.checkpoint, dtype, weights) if args.start == "perturbed" else load_reference(args.checkpoint, dtype).requires_grad_(True)
    networks, tensors, sizes = make_networks(args, policy.config.hidden_size)
    batches = load_batches(args.batch)[1]
    with torch.no_grad():
        references = [run_model(reference, sides) for sides in batches]
    adam = {"betas": (0.9, 0.999), "eps": 1e-8}
    optimizer = torch.optim.AdamW(policy.parameters(), lr=args.lr, weight_decay=0.0, **adam)
    optimizers = {name: torch.optim.AdamW(module.parameters(), lr=args.lr / 2, weight_decay=DISCRIMINATOR_WEIGHT_DECAY, **adam) for name, module in networks.items()}

    means, steps = None, []
    for step in range(args.steps):
        sides, (reference_logps, reference_latents) = batches[step % len(batches)], references[step % len(batches)]
        masks = pooling_masks(sides, args.pooling)
        logps, latents = run_model(policy, sides)
        means, record = train_discriminators(networks, optimizers, detached(latents), reference_latents, masks, means)
        record |= train_policy(policy, optimizer, logps, latents, reference_logps, networks, masks, means)
        steps.append({"step": step, "batch": step % len(batches), **record})
        print(f"{step}: loss {record['loss']:.6f} dpo {record['dpo_loss']:.6f} D+ {record['d_plus_loss']:.6f} D- {record['d_minus_loss']:.6f} norm {record['grad_norm']:.4f}")

    content = {
        "dtype": args.dtype, "weights": args.weights or args.dtype, "start": args.start, "discriminator": sizes, "conventions": CONVENTIONS,
        "optimizer": {"lr": args.lr, **adam, "weight_decay": 0.0, "clip": CLIP, "schedule": "constant"},
        "discriminator_optimizer": {"lr": args.lr / 2, **adam, "weight_decay": DISCRIMINATOR_WEIGHT_DECAY, "clip": None, "schedule": "constant"},
        "beta": BETA, "weight": WEIGHT, "tensors": tensors, "steps": steps,
        "final_policy": summarize(dict(policy.named_parameters())),
        "final_discriminators": {network: summarize(module.state_dict()) for network, module in networks.items()},
    }  # fmt: skip
    write_json(args.out, content, weights)


if __name__ == "__main__":
    main()

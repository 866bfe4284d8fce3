"""Checks that the goldens' own code is right, on a small checkpoint (a minute for a 260 thousand parameter model).

    python check.py CHECKPOINT OUT/batch.json

Central differences against autograd in float64; padding against rows on their own; float64 against unchanged transformers; the DPO loss and metrics against a run of TRL's DPOTrainer; the SimPO loss
against TRL's CPOTrainer; spectral norm and the integer hash against formulas written out. Fails loudly; prints each error.
"""
import logging
import os
import sys
import tempfile
import types

import torch

from batch import load_batches, pad_sides
from checkpoint import forward, load_policy, load_reference
from discriminator import Latents, discriminator_losses, hashed_uniform, make_discriminators, policy_penalty, training_scores, update_means
from losses import BETA, SIMPO_BETA, SIMPO_GAMMA_BETA_RATIO, all_losses
from summary import gradients

SIZES = {"hidden_size": 64, "width": 32, "layers": 2, "heads": 4, "max_positions": 128, "dropout": 0.0}


def report(what, error, bound):
    print(f"{what}: {error:.2e} (bound {bound:.0e})")
    if not error <= bound:
        raise SystemExit(f"FAILED: {what}")


def directional_errors(evaluate, named_parameters, epsilon=1e-5):
    """Largest relative error of the derivative along one fixed direction in all parameters, over the losses that evaluate() names."""
    named = list(named_parameters)
    generator = torch.Generator().manual_seed(0)
    directions = {name: torch.randn(p.shape, generator=generator, dtype=p.dtype) * p.detach().abs().mean() for name, p in named}
    losses = evaluate()
    exact = {key: sum((grad * directions[name]).sum().item() for name, grad in gradients(loss, named).items()) for key, loss in losses.items()}
    shifted = []
    for sign in (1, -2):
        with torch.no_grad():
            for name, p in named:
                p += sign * epsilon * directions[name]
        with torch.no_grad():
            shifted.append({key: loss.item() for key, loss in evaluate().items()})
    with torch.no_grad():
        for name, p in named:
            p += epsilon * directions[name]
    return {key: abs((shifted[0][key] - shifted[1][key]) / (2 * epsilon) - exact[key]) / abs(exact[key]) for key in exact}


def check_gradients(folder, sides):
    policy, reference = load_policy(folder, torch.float64), load_reference(folder, torch.float64)
    with torch.no_grad():
        reference_outputs = [forward(reference, side) for side in sides]
    latents = Latents(*(hidden for _, hidden in reference_outputs))
    masks = [side.mask for side in sides]
    networks, _ = make_discriminators(torch.float64, torch.float64, **SIZES)

    def evaluate():
        outputs = [forward(policy, side) for side in sides]
        losses = {name: loss for name, (loss, _, _) in all_losses(sides, outputs, reference_outputs).items()}
        for pooling, pooling_masks in (("masked", masks), ("published", (None, None))):
            means = {network: {"real_good": torch.tensor(0.3), "real_bad": torch.tensor(-0.2)} for network in networks}
            losses[f"ganpo {pooling}"] = policy_penalty(networks, Latents(*(hidden for _, hidden in outputs)), pooling_masks, means)[0]
        return losses

    for name, error in directional_errors(evaluate, policy.named_parameters()).items():
        report(f"central difference, {name}", error, 1e-5)

    with torch.no_grad():
        outputs = [forward(policy, side) for side in sides]
    policy_latents = Latents(*(hidden for _, hidden in outputs))
    means = update_means(None, training_scores(networks, policy_latents, latents, masks))  # u, v move here, then stay
    for network in networks.values():
        network.train = lambda mode=True: torch.nn.Module.train(network, False)  # eval: a difference must not move u, v
        network.eval()

    def evaluate_discriminators(network):
        scores = {}
        for name, policy_side, policy_mask in (("plus", policy_latents.chosen, masks[0]), ("minus", policy_latents.rejected, masks[1])):
            d = networks[name]
            scores[name] = {"policy": d(policy_side, policy_mask), "real_good": d(latents.chosen, masks[0]), "real_bad": d(latents.rejected, masks[1])}
        return {network: discriminator_losses(scores, means)[network]}

    for name in networks:
        error = directional_errors(lambda: evaluate_discriminators(name), networks[name].named_parameters())[name]
        report(f"central difference, discriminator {name}", error, 1e-5)


def check_padding_and_dtype(folder, pairs, pad_id):
    sides = pad_sides(pairs, pad_id)
    policy = load_policy(folder, torch.float64)
    plain = load_policy(folder, torch.float32)
    worst, rounding = 0.0, 0.0
    with torch.no_grad():
        for index, side in enumerate(sides):
            logps = side.token_logps(forward(policy, side)[0]).sum(1)
            rounding = max(rounding, (logps - side.token_logps(forward(plain, side)[0]).sum(1)).abs().max().item())
            for row, pair in enumerate(pairs):
                alone = pad_sides([pair], pad_id)[index]
                worst = max(worst, (alone.token_logps(forward(policy, alone)[0]).sum() - logps[row]).abs().item())
    report("summed log-probs, padded batch against single rows", worst, 1e-10)
    report("summed log-probs, float64 with replaced modules against transformers in float32", rounding, 1e-3)


def check_trl(folder, pairs, pad_id):
    """DPO without smoothing in TRL's DPOTrainer, which ignores `label_smoothing` for its sigmoid loss; smoothing and SimPO in its CPOTrainer."""
    from trl.experimental.cpo import CPOTrainer

    sides = pad_sides(pairs, pad_id)
    policy, reference = load_policy(folder, torch.float32), load_reference(folder, torch.float32)
    with torch.no_grad():
        outputs, reference_outputs = ([forward(model, side) for side in sides] for model in (policy, reference))
        losses = all_losses(sides, outputs, reference_outputs)
        logps, reference_logps = ([side.token_logps(logits).sum(1) for side, (logits, _) in zip(sides, both)] for both in (outputs, reference_outputs))
    loss, metrics = run_dpo_trainer(folder, policy, reference, pairs)
    report("TRL DPOTrainer, dpo", abs(loss - losses["dpo"][0].item()), 1e-6)
    for key, value in losses["dpo"][1].items():
        report(f"TRL DPOTrainer, dpo {key}", abs(metrics[key] - value), 1e-4)

    def cpo_loss(loss_type, beta, label_smoothing, chosen, rejected):
        accelerator = types.SimpleNamespace(device="cpu")
        trainer = types.SimpleNamespace(
            loss_type=loss_type, beta=beta, simpo_gamma=SIMPO_GAMMA_BETA_RATIO * beta, label_smoothing=label_smoothing, alpha=0.0, accelerator=accelerator
        )
        return CPOTrainer.cpo_loss(trainer, chosen, rejected)[0].mean().item()

    smoothed = cpo_loss("sigmoid", BETA, 0.1, *(p - r for p, r in zip(logps, reference_logps)))
    report("TRL CPOTrainer's sigmoid, dpo_smoothed", abs(smoothed - losses["dpo_smoothed"][0].item()), 1e-6)
    simpo = cpo_loss("simpo", SIMPO_BETA, 0.0, *(value / side.lengths() for value, side in zip(logps, sides)))
    report("TRL CPOTrainer, simpo", abs(simpo - losses["simpo"][0].item()), 1e-6)


def run_dpo_trainer(folder, policy, reference, pairs):
    """Loss and metrics of TRL's DPOTrainer on one batch."""
    from datasets import Dataset
    from transformers import AutoTokenizer
    from trl import DPOConfig, DPOTrainer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token = tokenizer.eos_token
    placeholder = Dataset.from_list([{"prompt": "a", "chosen": "b", "rejected": "c"}])  # the trainer wants a dataset; the batch comes from `rows`
    rows = [{"prompt_ids": p["prompt"], "chosen_ids": p["chosen"], "rejected_ids": p["rejected"]} for p in pairs]
    config = DPOConfig(output_dir=tempfile.mkdtemp(), beta=BETA, use_cpu=True, bf16=False, report_to=[], disable_tqdm=True, disable_dropout=True, max_length=None)
    trainer = DPOTrainer(model=policy, ref_model=reference, args=config, train_dataset=placeholder, processing_class=tokenizer)
    loss = trainer.compute_loss(trainer.model, trainer.data_collator(rows)).item()
    return loss, {key: values[-1] for key, values in trainer._metrics["train" if policy.training else "eval"].items()}


def check_spectral_norm():
    """Three training forwards of the hook against the iteration written out, and the hash against Python integers."""
    networks, tensors = make_discriminators(torch.float64, torch.float64, **SIZES)
    network = networks["plus"]
    weight, u = network.project.weight_orig.detach().clone(), network.project.weight_u.clone()
    for _ in range(3):
        network.train()(torch.ones(1, 4, SIZES["hidden_size"], dtype=torch.float64))
        v = weight.T @ u / (weight.T @ u).norm()
        u = weight @ v / (weight @ v).norm()
    sigma = u @ weight @ v
    report("spectral norm, three iterations", (network.project.weight - weight / sigma).abs().max().item(), 1e-12)

    def scalar_hash(index, i):
        x = (i + 0x9E3779B1 * (index + 1)) % 2**32
        x = ((x ^ (x >> 16)) * 0x85EBCA6B) % 2**32
        x = ((x ^ (x >> 13)) * 0xC2B2AE35) % 2**32
        return 2 * (x ^ (x >> 16)) / 2**32 - 1

    expected = torch.tensor([[scalar_hash(index, i) for i in range(100)] for index in (0, 7, 63)], dtype=torch.float64)
    report("hash against Python integers", (torch.stack([hashed_uniform(index, 100) for index in (0, 7, 63)]) - expected).abs().max().item(), 0.0)


def main():
    folder, batch = sys.argv[1:3]
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    logging.disable(logging.WARNING)
    content, batches = load_batches(batch)
    check_spectral_norm()
    check_padding_and_dtype(folder, content["batches"][0]["pairs"], content["pad_id"])
    check_trl(folder, content["batches"][0]["pairs"], content["pad_id"])
    check_gradients(folder, batches[0])


if __name__ == "__main__":
    main()

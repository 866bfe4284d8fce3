"""Every objective by TRL's own code, on random log-probs: losses, metrics and the gradient of each token's log-prob.

    python objectives.py out/objectives.json

The trainers' methods are called as they are, on trainers without a model: what a model would have returned are leaves of the autograd graph. Float64, but for the cases
marked float32, where TRL's code itself goes to float32 (alpha_divergence knows no float64; ORPO casts). Needs trl (its version goes into the file). Formulas: docs/objectives.md.
"""
import argparse
from collections import defaultdict
from types import SimpleNamespace

import torch
import transformers
import trl
from trl import DPOTrainer, KTOTrainer
from trl.experimental.cpo import CPOTrainer
from trl.experimental.orpo import ORPOTrainer

from summary import write_json

ROWS, LENGTH, HIDDEN, VOCABULARY = 5, 4, 3, 6
PAIRS = [[1, 1]] * ROWS  # which completions of [B, 2] there are
UNPAIRED = [[1, 0], [1, 0], [0, 1], [0, 1], [0, 1]]
DESIRABLE = [[1, 0]] * ROWS
MIXED = [[1, 1], [0, 1], [1, 0], [1, 1], [0, 1]]
LENGTHS = torch.tensor([[4, 2], [1, 3], [2, 4], [3, 3], [4, 1]])  # completion tokens of chosen and rejected


def make_points():
    """[B, 2, C] log-probs of both models, of which the policy's belong to hidden states [B, 2, C, H] and a head [V, H]."""
    generator = torch.Generator().manual_seed(5)
    states = torch.randn(ROWS, 2, LENGTH, HIDDEN, generator=generator, dtype=torch.float64)
    head = torch.randn(VOCABULARY, HIDDEN, generator=generator, dtype=torch.float64)
    labels = torch.randint(VOCABULARY, (ROWS, 2, LENGTH), generator=generator)
    mask = (torch.arange(LENGTH) < LENGTHS[..., None]).double()
    distributions = (states @ head.T).log_softmax(-1)
    policy = distributions.gather(-1, labels[..., None]).squeeze(-1) * mask
    noise = 0.8 * torch.randn(ROWS, 2, LENGTH, generator=generator, dtype=torch.float64)
    reference = (policy + noise).clamp(max=-0.01) * mask
    mismatched = -9 * torch.rand(2, ROWS, 2, generator=generator, dtype=torch.float64)  # sums, of the policy (the likelier) and the reference
    points = {"states": states, "head": head, "mask": mask, "policy": policy, "reference": reference, "log_sum_sq": (2 * distributions).logsumexp(-1)}
    return SimpleNamespace(**points, policy_mismatched=mismatched[0], reference_mismatched=mismatched[1] - 2)


def stacked(x):
    """[B, 2, ...] -> [2B, ...], chosen first, as the trainers have it."""
    return torch.cat([x[:, 0], x[:, 1]])


def unstacked(x):
    return torch.stack(x.chunk(2), dim=1)


ACCELERATOR = SimpleNamespace(device=torch.device("cpu"), gather=lambda x: x, gather_for_metrics=lambda x: x, unwrap_model=lambda model: model)


class Answers(torch.nn.Module):
    """Stands for a model: whatever it is asked, it answers the same; of mismatched completions (token ids of 1) something else."""

    is_gradient_checkpointing = False

    def __init__(self, outputs, mismatched=None):
        super().__init__()
        self.outputs, self.mismatched = outputs, mismatched

    def forward(self, *_args, input_ids=None, **_kwargs):
        return self.mismatched if input_ids is not None and bool(input_ids.all()) else self.outputs


def bare(trainer, **attributes):
    """A trainer whose constructor was not run, with the attributes that its loss reads."""
    instance = trainer.__new__(trainer)
    shared = {"accelerator": ACCELERATOR, "aux_loss_enabled": False, "_metrics": {"train": defaultdict(list)}, "_total_train_tokens": 0, "_tp_size": 1}
    shared["args"] = SimpleNamespace(gradient_checkpointing=False, gradient_checkpointing_kwargs=None, discopop_tau=attributes.pop("discopop_tau", 0.05))
    for name, value in {**shared, **attributes}.items():
        setattr(instance, name, value)
    return instance


def with_prompt(x, fill):
    """One prompt token before every completion: [N, C] -> [N, 1 + C]."""
    return torch.cat([torch.full_like(x[:, :1], fill), x], dim=1)


def language_outputs(logps, log_sum_sq):
    """What TRL's fused head returns."""
    zeros = torch.zeros_like(logps)
    return SimpleNamespace(log_probs=logps, entropy=zeros, mean_logits=zeros, is_top1=zeros.bool(), log_sum_sq_probs=log_sum_sq)


def run_dpo(points, leaf, *, loss_type, loss_weights=None, beta=0.1, label_smoothing=0.0, ld_alpha=None, f_divergence_type="reverse_kl", f_alpha_divergence_coef=0.5, use_weighting=False, discopop_tau=0.05):
    mask = stacked(points.mask)
    completion_mask = with_prompt(mask, 0.0).long()
    policy = Answers(language_outputs(stacked(leaf) * mask, stacked(points.log_sum_sq)))
    trainer = bare(
        DPOTrainer, model=policy, ref_model=Answers(language_outputs(stacked(points.reference), None)), precompute_ref_logps=False, beta=beta, label_smoothing=label_smoothing,
        loss_types=loss_type, loss_weights=loss_weights or [1.0] * len(loss_type), ld_alpha=ld_alpha, f_divergence_type=f_divergence_type,
        f_alpha_divergence_coef=f_alpha_divergence_coef, use_weighting=use_weighting, discopop_tau=discopop_tau,
    )  # fmt: skip
    inputs = {"input_ids": torch.zeros_like(completion_mask), "attention_mask": torch.ones_like(completion_mask), "completion_mask": completion_mask}
    loss = trainer._compute_loss(policy, inputs, False)
    return loss, {name: values[-1] for name, values in trainer._metrics["train"].items() if name.startswith("rewards/")}


def mismatched_outputs(sums):
    """Completions whose log-probs sum to sums [N]: all of it at the first token."""
    return SimpleNamespace(log_probs=torch.cat([sums[:, None], torch.zeros(len(sums), LENGTH - 1, dtype=sums.dtype)], dim=1))


def run_kto(points, leaf, *, present=PAIRS, loss_type, beta=0.1, desirable_weight=1.0, undesirable_weight=1.0):
    """Completions one by one, with a label each: those of [B, 2] that are present, row by row."""
    present = torch.tensor(present).bool()
    mask = points.mask[present]
    completion_mask = with_prompt(mask, 0.0).long()
    policy = Answers(language_outputs(leaf[present] * mask, None), mismatched_outputs(points.policy_mismatched[present]))
    reference = Answers(language_outputs(points.reference[present], None), mismatched_outputs(points.reference_mismatched[present]))
    trainer = bare(
        KTOTrainer, model=policy, ref_model=reference, precompute_ref_logps=False, beta=beta, loss_type=loss_type, calculate_KL=loss_type == "kto", desirable_weight=desirable_weight, undesirable_weight=undesirable_weight,
    )  # fmt: skip
    inputs = {"input_ids": torch.zeros_like(completion_mask), "attention_mask": torch.ones_like(completion_mask), "completion_mask": completion_mask}
    inputs["label"] = torch.tensor([True, False]).expand(ROWS, 2)[present]
    inputs |= {"KL_input_ids": torch.ones_like(completion_mask), "KL_attention_mask": torch.ones_like(completion_mask), "KL_completion_mask": completion_mask}
    loss = trainer._compute_loss(policy, inputs, False)
    metrics = {name: values[-1] for name, values in trainer._metrics["train"].items() if name.startswith("rewards/")}
    return loss, metrics | {"kl/chosen": trainer._metrics["train"]["kl"][-1]}


def two_token_logits(logps):
    """Logits [N, 1 + C, 2] whose log-softmax at token 0 is `logps` [N, C]: the probabilities already sum to 1. Whatever follows the last token is not predicted."""
    logits = torch.stack([logps, torch.log1p(-torch.exp(logps))], dim=-1)
    return torch.cat([logits, torch.zeros_like(logits[:, :1])], dim=1)


def run_without_reference(trainer_class, points, leaf, **attributes):
    """CPO and ORPO take logits: a vocabulary of two tokens gives any log-prob to token 0."""
    mask = stacked(points.mask).bool()
    logps = torch.where(mask, stacked(leaf), torch.full_like(stacked(leaf), -1.0))
    model = Answers(SimpleNamespace(logits=two_token_logits(logps)))
    labels = with_prompt(torch.where(mask, 0, -100), -100)
    attention = with_prompt(mask.long(), 1)
    halves = zip(("chosen", "rejected"), labels.chunk(2), attention.chunk(2))
    batch = {}
    for side, side_labels, side_attention in halves:
        batch |= {f"{side}_labels": side_labels, f"{side}_input_ids": torch.zeros_like(side_labels), f"{side}_attention_mask": side_attention}
    extra = {"is_encoder_decoder": False, "pad_token_id": 0, "padding_value": 0}
    loss, metrics = bare(trainer_class, **extra, **attributes).get_batch_loss_metrics(model, batch)
    return loss, {name: value for name, value in metrics.items() if name.startswith("rewards/") or name in ("nll_loss", "log_odds_ratio", "log_odds_chosen")}


def run_cpo(points, leaf, *, loss_type, beta=0.1, label_smoothing=0.0, cpo_alpha=1.0, simpo_gamma=0.5, alpha=0.0):
    options = {"loss_type": loss_type, "beta": beta, "label_smoothing": label_smoothing, "cpo_alpha": cpo_alpha, "simpo_gamma": simpo_gamma, "alpha": alpha}
    loss, metrics = run_without_reference(CPOTrainer, points, leaf, **options)
    if cpo_alpha == 0:
        del metrics["nll_loss"]  # TRL says 0 then
    return loss, metrics


def run_orpo(points, leaf, *, beta=0.1):
    return run_without_reference(ORPOTrainer, points, leaf, beta=beta)


def run_cdpo(points, leaf, *, beta, label_smoothing):
    """TRL's DPO ignores label smoothing; its CPO has it, here of log-ratios in the place of log-probs."""
    ratios = ((leaf - points.reference) * points.mask).sum(-1)
    trainer = bare(CPOTrainer, loss_type="sigmoid", beta=beta, label_smoothing=label_smoothing, alpha=0.0)
    losses, chosen, rejected = trainer.cpo_loss(ratios[:, 0], ratios[:, 1])
    return losses.mean(), {"rewards/chosen": chosen.mean().item(), "rewards/rejected": rejected.mean().item()}


def dpo_case(name, trl=None, **options):
    """A plugin of the DPO family, whose name is TRL's loss_type unless `trl` says otherwise."""
    return {"plugin": name, "options": options, "run": run_dpo, "trl": {"loss_type": [name], **options, **(trl or {})}}


def cases():
    plain = ["hinge", "ipo", "nca_pair", "bco_pair", "sppo_hard", "aot", "aot_unpaired", "apo_zero", "apo_down", "discopop", "sigmoid_norm"]
    sigmoid = {"loss_type": ["sigmoid"]}
    yield dpo_case("dpo", sigmoid)
    yield dpo_case("dpo", sigmoid, beta=0.5)
    for name in plain:
        yield dpo_case(name)
        yield dpo_case(name, beta=0.7)
    yield dpo_case("exo_pair", label_smoothing=1e-3)
    yield dpo_case("exo_pair", label_smoothing=0.2, beta=0.5)
    yield dpo_case("robust", label_smoothing=0.1)
    yield dpo_case("robust", label_smoothing=0.3, beta=0.5)
    yield dpo_case("aot", label_smoothing=0.2)
    yield dpo_case("aot_unpaired", label_smoothing=0.2)
    yield dpo_case("discopop", discopop_tau=0.5)
    for divergence in ("forward_kl", "js_divergence", "alpha_divergence"):
        dtype = {"dtype": "float32"} if divergence == "alpha_divergence" else {}
        yield dpo_case("dpo", sigmoid, f_divergence_type=divergence) | dtype
        for name in ("hinge", "ipo", "discopop", "sigmoid_norm"):
            yield dpo_case(name, f_divergence_type=divergence) | dtype
        for name in ("exo_pair", "robust"):
            yield dpo_case(name, f_divergence_type=divergence, label_smoothing=0.1) | dtype
    yield dpo_case("dpo", sigmoid, f_divergence_type="alpha_divergence", f_alpha_divergence_coef=1.7) | {"dtype": "float32"}
    for name in ("dpo", *plain):
        yield dpo_case(name, sigmoid if name == "dpo" else None, ld_alpha=0.3)
        if not name.startswith("aot"):
            # TRL multiplies relu's output in place, so that its weighted hinge loss has a value but no gradient.
            yield dpo_case(name, sigmoid if name == "dpo" else None, use_weighting=True) | {"has_gradient": name != "hinge"}
    yield dpo_case("dpo", loss_type=["sigmoid", "bco_pair", "sft"], loss_weights=[0.8, 0.2, 1.0])
    yield dpo_case("dpo", loss_type=["sft"])
    yield dpo_case("dpo", loss_type=["ipo", "aot"], beta=0.3)
    for smoothing in (0.1, 0.4):
        options = {"beta": 0.3, "label_smoothing": smoothing}
        yield {"plugin": "cdpo", "options": options, "run": run_cdpo, "trl": options}
    # TRL ignores label_smoothing elsewhere, and alpha of sums over tokens overflows: both are refused here.
    extras = {"label_smoothing": ("sigmoid", "simpo"), "alpha": ("ipo", "simpo")}
    for loss_type in ("sigmoid", "hinge", "ipo", "simpo"):
        for extra in ({}, {"beta": 0.5, "cpo_alpha": 0.0}, {"alpha": 0.25}, {"label_smoothing": 0.1}):
            if any(loss_type not in extras.get(name, (loss_type,)) for name in extra):
                continue
            options = {"loss_type": loss_type, **extra}
            yield {"plugin": "cpo", "options": options, "run": run_cpo, "trl": options}
    yield {"plugin": "simpo", "options": {"beta": 2.0, "gamma_beta_ratio": 0.25}, "run": run_cpo, "trl": {"loss_type": "simpo", "beta": 2.0, "simpo_gamma": 0.5, "cpo_alpha": 0.0}}
    yield {"plugin": "simpo", "options": {"beta": 2.5, "gamma": 1.4}, "run": run_cpo, "trl": {"loss_type": "simpo", "beta": 2.5, "simpo_gamma": 1.4, "cpo_alpha": 0.0}}
    yield {"plugin": "slic", "options": {"delta": 1.0, "nll_weight": 0.5}, "run": run_cpo, "trl": {"loss_type": "hinge", "beta": 1.0, "cpo_alpha": 0.5}}
    for beta in (0.1, 1.0):
        yield {"plugin": "orpo", "options": {"beta": beta}, "run": run_orpo, "trl": {"beta": beta}, "dtype": "float32"}
    for present in (PAIRS, UNPAIRED, DESIRABLE, MIXED):
        rows = {} if present is PAIRS else {"present": present}
        for options in ({}, {"beta": 0.5, "desirable_weight": 1.5, "undesirable_weight": 0.5}):
            apo_zero = {"run": run_kto, "trl": {"loss_type": "apo_zero_unpaired", **options, **rows}}
            yield {"plugin": "kto", "options": {"kl_estimate": "none", **options}, **apo_zero}
            yield {"plugin": "apo_zero_unpaired", "options": options, **apo_zero}
            yield {"plugin": "kto", "options": options, "run": run_kto, "trl": {"loss_type": "kto", **options, **rows}}


def solve(points, case):
    """The case's loss, metrics and gradient by the log-probs [B, 2, C], flat."""
    dtype = getattr(torch, case.get("dtype", "float64"))
    cast = SimpleNamespace(**{name: value.to(dtype) for name, value in vars(points).items()})
    leaf = cast.policy.clone().requires_grad_()
    loss, metrics = case["run"](cast, leaf, **case["trl"])
    gradient = torch.autograd.grad(loss, leaf)[0].double().flatten() if case.get("has_gradient", True) else None
    record = {key: case[key] for key in ("plugin", "options", "trl")}
    return {**record, "dtype": case.get("dtype", "float64"), "loss": loss.item(), "metrics": metrics, "gradient": gradient}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    args = parser.parse_args()
    torch.set_default_dtype(torch.float64)  # of the constants in TRL's code
    points = make_points()
    content = {
        "versions": {"trl": trl.__version__, "torch": torch.__version__, "transformers": transformers.__version__},
        "sizes": {"rows": ROWS, "completionLength": LENGTH, "hiddenSize": HIDDEN, "vocabularySize": VOCABULARY},
        "points": {"policy/logps": points.policy.flatten(), "reference/logps": points.reference.flatten(), "policy/predictorStates": points.states.flatten(), "policy/head": points.head.flatten(), "batch/completionMask": points.mask.flatten(),
                   "policy/mismatched": points.policy_mismatched.flatten(), "reference/mismatched": points.reference_mismatched.flatten()},
        "cases": [solve(points, case) for case in cases()],
    }  # fmt: skip
    write_json(args.out, content, torch.float64)
    print(f"{len(content['cases'])} cases with trl {trl.__version__}")


if __name__ == "__main__":
    main()

"""Golden numbers for packages/core: AdamW and clipping by PyTorch, learning-rate schedules by transformers.

    pip install torch transformers
    python tools/goldens/optimizer.py packages/core/src/testdata/optimizer.golden.json
"""

import json
import sys

import torch
from transformers import get_scheduler

STEPS = 6


def adamw(weight_decay, max_norm):
    """Parameters and gradient norms over some steps, in float64; the rate changes as a schedule would change it."""
    generator = torch.Generator().manual_seed(7)
    random = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)
    parameters = [torch.nn.Parameter(random(2, 3)), torch.nn.Parameter(random(4))]
    initial = [p.tolist() for p in parameters]
    optimizer = torch.optim.AdamW(parameters, lr=0.1, betas=(0.9, 0.95), eps=1e-6, weight_decay=weight_decay)
    steps = []
    for step in range(STEPS):
        rate = 0.1 / (step + 1)
        gradients = [random(*p.shape) * 3 ** (step - 2) for p in parameters]  # some below, some above the limit
        for p, gradient in zip(parameters, gradients):
            p.grad = gradient.clone()
        norm = float(torch.nn.utils.clip_grad_norm_(parameters, max_norm)) if max_norm else None
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        steps.append(
            {
                "learningRate": rate,
                "gradients": [g.flatten().tolist() for g in gradients],
                "norm": norm,
                "parameters": [p.detach().flatten().tolist() for p in parameters],
            }
        )
    return {"weightDecay": weight_decay, "maxNorm": max_norm, "initial": initial, "steps": steps}


def schedule(name, warmup, total):
    """Factors of the learning rate at steps 0, 1, …, total − 1."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = get_scheduler(name, optimizer, num_warmup_steps=warmup, num_training_steps=total)
    factors = []
    for _ in range(total):
        factors.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return {"name": name, "warmupSteps": warmup, "totalSteps": total, "factors": factors}


golden = {
    "adamw": [adamw(0.0, 0.0), adamw(0.1, 0.0), adamw(0.1, 1.0)],
    "schedules": [
        schedule(name, warmup, total)
        for name in ("constant", "constant_with_warmup", "linear", "cosine")
        for warmup, total in ((0, 5), (3, 10), (1, 1), (10, 10))
    ],
}
with open(sys.argv[1], "w") as file:
    json.dump(golden, file)
    file.write("\n")

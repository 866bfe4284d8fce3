"""Golden numbers for packages/compare, computed by scipy, numpy and statsmodels.

    pip install numpy scipy statsmodels
    python tools/goldens/compare_statistics.py packages/compare/src/testdata/statistics.golden.json
"""

import json
import sys

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

generator = np.random.default_rng(20260115)


def quantiles():
    return {
        "student": [
            {"probability": p, "degrees": d, "value": float(stats.t.ppf(p, d))}
            for p in (0.6, 0.9, 0.95, 0.975, 0.995)
            for d in (1, 2, 3, 4, 7, 10, 63, 500)
        ],
        "normal": [{"probability": p, "value": float(stats.norm.ppf(p))} for p in (0.6, 0.9, 0.975, 0.9995)],
    }


def sign_flips():
    """Exact and Monte-Carlo paired permutation tests of the mean, two-sided."""
    cases = []
    for units in (2, 3, 5, 8, 12):
        # Rounded values make ties between sign patterns, which must count as extreme.
        differences = np.round(generator.normal(0.4, 1, units), 1)
        result = stats.permutation_test(
            (differences,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
        )
        cases.append({"differences": differences.tolist(), "p": float(result.pvalue), "exact": True})
    for units, shift in ((40, 0.0), (40, 0.3), (100, 0.15)):
        differences = generator.normal(shift, 1, units)
        result = stats.permutation_test(
            (differences,),
            lambda x, axis: np.mean(x, axis=axis),
            permutation_type="samples",
            n_resamples=200_000,
            batch=20_000,
            vectorized=True,
            alternative="two-sided",
            rng=generator,
        )
        cases.append({"differences": differences.tolist(), "p": float(result.pvalue), "exact": False})
    return cases


def percentile(values, confidence):
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return {"low": float(low), "high": float(high)}


def crossed_bootstrap():
    """Seeds and prompts redrawn together from given indices, without and with the expansion for few units."""
    seeds, prompts, resamples, confidence = 3, 7, 400, 0.9
    values = generator.normal(0.5, 1, (seeds, prompts))
    seed_indices = generator.integers(0, seeds, (resamples, seeds))
    prompt_indices = generator.integers(0, prompts, (resamples, prompts))
    plain = np.array([values[np.ix_(s, p)].mean() for s, p in zip(seed_indices, prompt_indices)])

    def expansion(units):
        probability = 1 - (1 - confidence) / 2
        return np.sqrt(units / (units - 1)) * stats.t.ppf(probability, units - 1) / stats.norm.ppf(probability)

    seed_deviation = values.mean(axis=1)[seed_indices].mean(axis=1) - values.mean()
    prompt_deviation = values.mean(axis=0)[prompt_indices].mean(axis=1) - values.mean()
    expanded = (
        plain + (expansion(seeds) - 1) * seed_deviation + (expansion(prompts) - 1) * prompt_deviation
    )
    return {
        "values": values.tolist(),
        "seedIndices": seed_indices.ravel().tolist(),
        "promptIndices": prompt_indices.ravel().tolist(),
        "resamples": resamples,
        "confidence": confidence,
        "seedExpansion": float(expansion(seeds)),
        "promptExpansion": float(expansion(prompts)),
        "plainMeans": plain.tolist(),
        "expandedMeans": expanded.tolist(),
        "interval": percentile(expanded, confidence),
    }


def scipy_bootstrap():
    """One seed, many prompts: where the package's interval is the ordinary percentile interval, widened by its factor."""
    values = generator.exponential(1, 200)
    result = stats.bootstrap(
        (values,), np.mean, confidence_level=0.95, n_resamples=50_000, method="percentile", rng=generator
    )
    interval = result.confidence_interval
    return {
        "values": values.tolist(),
        "low": float(interval.low),
        "high": float(interval.high),
        "standardError": float(result.standard_error),
    }


def holm_cases():
    cases = []
    for size in (1, 2, 5, 20):
        p_values = np.round(generator.beta(0.3, 1, size), 3)  # rounding makes ties
        cases.append({"p": p_values.tolist(), "corrected": multipletests(p_values, method="holm")[1].tolist()})
    return cases


golden = {
    "quantiles": quantiles(),
    "signFlips": sign_flips(),
    "crossedBootstrap": crossed_bootstrap(),
    "scipyBootstrap": scipy_bootstrap(),
    "holm": holm_cases(),
}
with open(sys.argv[1], "w") as file:
    json.dump(golden, file)
    file.write("\n")

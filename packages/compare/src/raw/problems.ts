import type { Measurement, RawComparison } from './schema.ts';

export interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Everything inconsistent in a comparison that has the right shape, all at once. */
export function findProblems(raw: RawComparison): Problem[] {
  const known: Known = {
    arms: new Set(raw.arms.map((arm) => arm.name)),
    seeds: new Set(raw.seeds),
    metrics: new Set(raw.metrics.map((metric) => metric.id)),
  };
  return [
    ...repeated(raw.arms.map((arm) => arm.name)).map((at) => problem(['arms', at, 'name'], 'this arm appears twice')),
    ...repeated(raw.seeds).map((at) => problem(['seeds', at], 'this seed appears twice')),
    ...repeated(raw.metrics.map((metric) => metric.id)).map((at) =>
      problem(['metrics', at, 'id'], 'this metric is declared twice'),
    ),
    ...raw.metrics.flatMap(({ range }, at) =>
      range?.low !== undefined && range.high !== undefined && range.low >= range.high
        ? [problem(['metrics', at, 'range'], `low (${range.low}) must be below high (${range.high})`)]
        : [],
    ),
    ...repeated(raw.runs.map((run) => JSON.stringify([run.arm, run.seed]))).map((at) =>
      problem(['runs', at], 'this arm already has a run with this seed'),
    ),
    ...raw.runs.flatMap((run, at) => runProblems(run, ['runs', at], known)),
    ...measurementProblems(raw.before ?? [], ['before'], known.metrics),
    ...(raw.headline && !known.metrics.has(raw.headline.metric)
      ? [problem(['headline', 'metric'], `metric "${raw.headline.metric}" is not declared in metrics`)]
      : []),
    ...(raw.samples ?? []).flatMap((sample, at) =>
      sample.after.flatMap((answer, place) =>
        known.arms.has(answer.arm) ? [] : [unknownArm(['samples', at, 'after', place, 'arm'], answer.arm)],
      ),
    ),
  ];
}

interface Known {
  readonly arms: ReadonlySet<string>;
  readonly seeds: ReadonlySet<number>;
  readonly metrics: ReadonlySet<string>;
}

function runProblems(run: RawComparison['runs'][number], path: Problem['path'], known: Known): Problem[] {
  const curves = Object.entries(run.curves ?? {}).filter(([, curve]) => curve.steps.length !== curve.values.length);
  return [
    ...(known.arms.has(run.arm) ? [] : [unknownArm([...path, 'arm'], run.arm)]),
    ...(known.seeds.has(run.seed) ? [] : [problem([...path, 'seed'], `seed ${run.seed} is not one of seeds`)]),
    ...curves.map(([name, curve]) =>
      problem([...path, 'curves', name], `has ${curve.steps.length} steps but ${curve.values.length} values`),
    ),
    ...measurementProblems(run.measurements, [...path, 'measurements'], known.metrics),
  ];
}

function measurementProblems(
  measurements: readonly Measurement[],
  path: Problem['path'],
  metrics: ReadonlySet<string>,
): Problem[] {
  const keys = measurements.map(({ metric, split, temperature }) => JSON.stringify([metric, split, temperature]));
  return [
    ...repeated(keys).map((at) => problem([...path, at], 'this metric, split and temperature appears twice')),
    ...measurements.flatMap((measurement, at) => {
      const { metric, value, perPrompt } = measurement;
      const here = [...path, at];
      const found: Problem[] = [];
      if (!metrics.has(metric))
        found.push(problem([...here, 'metric'], `metric "${metric}" is not declared in metrics`));
      if (value !== undefined && perPrompt) found.push(problem(here, 'give value or perPrompt, not both'));
      if (perPrompt) found.push(...perPromptProblems(perPrompt, [...here, 'perPrompt']));
      return found;
    }),
  ];
}

function perPromptProblems(perPrompt: NonNullable<Measurement['perPrompt']>, path: Problem['path']): Problem[] {
  const { prompts, values } = perPrompt;
  return [
    ...(prompts.length === values.length
      ? []
      : [problem(path, `has ${prompts.length} prompts but ${values.length} values`)]),
    ...repeated(prompts).map((at) => problem([...path, 'prompts', at], `prompt "${prompts[at]}" appears twice`)),
  ];
}

function unknownArm(path: Problem['path'], arm: string): Problem {
  return problem(path, `"${arm}" is not the name of an arm`);
}

function problem(path: Problem['path'], message: string): Problem {
  return { path, message };
}

/** Positions of entries that were there before. */
function repeated(entries: readonly (string | number)[]): number[] {
  const seen = new Set<string | number>();
  return entries.flatMap((entry, at) => {
    const again = seen.has(entry);
    seen.add(entry);
    return again ? [at] : [];
  });
}

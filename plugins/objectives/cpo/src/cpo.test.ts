import { evaluateScalars, makeBatchViews, testObjective, type TestBatch } from '@tether/testing';
import { describe, expect, it } from 'vitest';
import { cpoConfig } from './config.ts';
import { cpoLoss } from './cpo.ts';
import { plugin, plugins } from './index.ts';

testObjective(plugin, {
  configs: [
    {},
    { loss_type: 'hinge', cpo_alpha: 0 },
    { loss_type: 'ipo' },
    { loss_type: 'simpo', label_smoothing: 0.1, alpha: 0.25 },
  ],
});
testObjective(plugins['slic']!, { configs: [{}, { delta: 4, nll_weight: 0 }] });

const valueOf = (batch: TestBatch, options: object): number =>
  evaluateScalars(batch.points, { loss: cpoLoss(batch.views, cpoConfig.parse(options)).loss })['loss']!;

describe('the CPO loss', () => {
  it('adds the likelihood of the chosen completions, by its weight', () => {
    const batch = makeBatchViews();
    const { metrics } = cpoLoss(batch.views, cpoConfig.parse({}));
    const nll = evaluateScalars(batch.points, { nll: metrics!['nll_loss']! })['nll']!;
    expect(valueOf(batch, { cpo_alpha: 0.3 })).toBeCloseTo(valueOf(batch, { cpo_alpha: 0 }) + 0.3 * nll, 12);
  });

  it('has the plain rewards as the limit of shaped ones', () => {
    const batch = makeBatchViews();
    for (const loss_type of ['ipo', 'simpo']) {
      expect(valueOf(batch, { loss_type, alpha: 1e-7 })).toBeCloseTo(valueOf(batch, { loss_type }), 5);
    }
  });
});

describe('options that the loss does not read', () => {
  const problems = (options: object): string[] => {
    const { error } = cpoConfig.safeParse(options);
    return error === undefined ? [] : error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  };

  it('are refused, all at once, with the losses that do', () => {
    expect(problems({ loss_type: 'hinge', label_smoothing: 0.3, simpo_gamma: 3 })).toEqual([
      'label_smoothing: nothing reads it with loss_type hinge: it is an option of sigmoid, simpo',
      'simpo_gamma: nothing reads it with loss_type hinge: it is an option of simpo',
    ]);
    expect(problems({ loss_type: 'ipo', label_smoothing: 0, simpo_gamma: 0.5 })).toEqual([]); // defaults, written out
  });

  it('are refused where rewards are sums over tokens, whose p^(−alpha) overflows for ordinary lengths', () => {
    for (const loss_type of ['sigmoid', 'hinge']) {
      expect(problems({ loss_type, alpha: 0.25 })).toEqual([expect.stringMatching(/^alpha: .* of ipo, simpo$/)]);
    }
  });
});

describe('the SLiC loss', () => {
  it('is CPO’s hinge, but in nats: δ = 1/β, and β times less steep there', () => {
    const batch = makeBatchViews();
    const { plugin: slic } = { plugin: plugins['slic']! };
    const { loss } = slic.loss(batch.views, slic.config.parse({ delta: 4, nll_weight: 0 }));
    const hinge = valueOf(batch, { loss_type: 'hinge', beta: 0.25, cpo_alpha: 0 });
    expect(evaluateScalars(batch.points, { loss })['loss']).toBeCloseTo(4 * hinge, 12);
  });
});

import type { BatchViews, ModelViews, Need } from '../contracts/index.ts';

type Permit = <T>(need: Need, value: () => T) => T;

const permitOnly =
  (needs: ReadonlySet<Need>): Permit =>
  (need, value) => {
    if (!needs.has(need)) throw new Error(`something is read without declaring "${need}" in its needs: add it there`);
    return value();
  };

const permittedPolicy = (views: ModelViews, permit: Permit): ModelViews => ({
  logps: views.logps,
  predictorStates: views.predictorStates,
  get latents() {
    return permit('latents', () => views.latents);
  },
  layerLatents: (layer) => permit('latents', () => views.layerLatents(layer)),
  head: views.head,
});

const permittedReference = (views: ModelViews, permit: Permit): ModelViews => ({
  get logps() {
    return permit('referenceLogps', () => views.logps);
  },
  get predictorStates() {
    return permit('referencePredictorStates', () => views.predictorStates);
  },
  get latents() {
    return permit('referenceLatents', () => views.latents);
  },
  layerLatents: (layer) => permit('referenceLatents', () => views.layerLatents(layer)),
  head: views.head,
});

/**
 * The views of a batch as one plugin may read them: only what it declares, whatever others of the run declare. So a
 * forgotten need shows at once, not only in the run where nobody else has it.
 */
export function permittedViews(views: BatchViews, needs: readonly Need[]): BatchViews {
  const declared = new Set(needs);
  const permit = permitOnly(declared);
  const readsReference = needs.some((need) => need.startsWith('reference'));
  return {
    ...views,
    policy: permittedPolicy(views.policy, permit),
    reference: readsReference && views.reference ? permittedReference(views.reference, permit) : undefined,
    mismatched: declared.has('mismatchedLogps') ? views.mismatched : undefined,
    divergence: (kind) => permit(`divergence/${kind}`, () => views.divergence(kind)),
  };
}

import type { BatchViews, ModelViews, Need } from '../contracts/index.ts';

type Permit = <T>(need: Need, value: () => T) => T;

const permitOnly =
  (needs: readonly Need[], onRead: (need: Need) => void): Permit =>
  (need, value) => {
    if (!needs.includes(need))
      throw new Error(`something is read without declaring "${need}" in its needs: add "${need}" to \`needs\``);
    onRead(need);
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
 *
 * @param onRead is told each need that is made use of
 */
export function permittedViews(
  views: BatchViews,
  needs: readonly Need[],
  onRead: (need: Need) => void = () => undefined,
): BatchViews {
  const permit = permitOnly(needs, onRead);
  const readsReference = needs.some((need) => need.startsWith('reference'));
  return {
    ...views,
    policy: permittedPolicy(views.policy, permit),
    reference: readsReference && views.reference ? permittedReference(views.reference, permit) : undefined,
    get mismatched() {
      return needs.includes('mismatchedLogps') ? permit('mismatchedLogps', () => views.mismatched) : undefined;
    },
    divergence: (kind) => permit(`divergence/${kind}`, () => views.divergence(kind)),
  };
}

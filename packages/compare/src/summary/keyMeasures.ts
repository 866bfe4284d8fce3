import type { MeasureSummary, Summary } from './schema.ts';

/**
 * The measures worth a first look: those at the headline's temperature or without one, on the headline's split or, for
 * metrics that do not have that split, on any. The others are a matter of detail.
 */
export function splitKeyMeasures({ measures, headline }: Summary): { key: MeasureSummary[]; others: MeasureSummary[] } {
  const { split, temperature } = headline.measure ?? {};
  const hasSplit = (metric: string): boolean =>
    measures.some(({ key }) => key.metric === metric && key.split === split);
  const isKey = ({ key }: MeasureSummary): boolean =>
    (key.temperature === undefined || temperature === undefined || key.temperature === temperature) &&
    (key.split === split || !hasSplit(key.metric));
  return { key: measures.filter(isKey), others: measures.filter((measure) => !isKey(measure)) };
}

import { encodeExample, onItsSide } from '../encode/encodeExample.ts';
import type { TextTokenizer } from '../encode/tokenizer.ts';
import { plainText, type PreferenceExample } from '../formats/example.ts';
import { buildReport, type DataReport } from '../report/report.ts';
import { joined, type SizedRow } from '../rows/indexed.ts';
import { SizeTable } from '../rows/sizeTable.ts';
import { accountRows } from './account.ts';
import { type DataConfig, type DataConfigInput, dataConfigSchema } from './config.ts';
import { allLengths, bucketReport, instructionsAsMessages, type LoadOptions } from './loadDataset.ts';
import { sourcesOf } from './sources.ts';
import { survey } from './survey.ts';

const withLength = (part: PreferenceExample['prompt']) => ({ length: plainText(part).length });

/** Without a tokenizer there is no truncation and no prefix check, and lengths are in characters. */
const asTexts = ({ rowNumber, prompt, completions, label }: PreferenceExample) => ({
  row: {
    rowNumber,
    prompt: withLength(prompt),
    completions: onItsSide(label, completions, '').map(withLength),
  } satisfies SizedRow,
  findings: [],
});

/**
 * The data report alone, for `tether data check FILE`: no tokens are kept. Bad rows are listed in it (kind `bad-row`)
 * and never thrown, so that one look shows everything; the caller decides what they mean for the exit code.
 * @throws DataError when a file cannot be read at all (missing, empty, not JSON).
 */
export async function checkData(
  config: DataConfigInput,
  tokenizer?: TextTokenizer,
  { baseFolder = '.', findingsFile }: Pick<LoadOptions, 'baseFolder' | 'findingsFile'> = {},
): Promise<DataReport> {
  const parsed: DataConfig = dataConfigSchema.parse({ ...config, on_bad_row: 'drop' });
  const sources = await sourcesOf({
    config: parsed,
    baseFolder,
    instructionsAsMessages: instructionsAsMessages(parsed, tokenizer),
  });
  const found = await survey(sources, parsed);
  const sinks = { train: new SizeTable(), eval: new SizeTable() };
  const { findings, rowsBeyondLimit } = await accountRows<SizedRow>({
    sources,
    survey: found,
    config: parsed,
    encode: (example) => (tokenizer === undefined ? asTexts(example) : encodeExample(example, tokenizer, parsed)),
    sinks,
    findingsFile,
  });
  const buckets = tokenizer === undefined ? undefined : bucketReport(joined(sinks.train, sinks.eval), parsed);
  return buildReport({
    sources: found.sources,
    findings,
    rowsUsed: { train: sinks.train.length, eval: sinks.eval.length },
    rowsBeyondLimit,
    lengths: allLengths(sinks.train, sinks.eval),
    unit: tokenizer === undefined ? 'characters' : 'tokens',
    buckets: buckets?.buckets ?? [],
    paddingShare: buckets?.paddingShare,
    fingerprint: found.fingerprint,
  });
}

import { plainText } from '../formats/example.ts';
import type { TextTokenizer } from '../encode/tokenizer.ts';
import { buildReport, type DataReport } from '../report/report.ts';
import { type DataConfig, type DataConfigInput, dataConfigSchema } from './config.ts';
import { divide, type FindingsByRow, listFindings } from './checkRows.ts';
import { contentFingerprint } from './contentHash.ts';
import { instructionsAsMessages, type LoadOptions, prepareDataset, readConfigured } from './loadDataset.ts';

/** The report on texts alone: no tokenizer, so no truncation, no prefix check, lengths in characters. */
async function checkTexts(config: DataConfig, baseFolder: string): Promise<DataReport> {
  const source = await readConfigured(config, instructionsAsMessages(config, undefined), baseFolder);
  const findings: FindingsByRow = new Map();
  const { train, eval: held } = divide(source, config, findings);
  const kept = [...train, ...held];
  return buildReport({
    sources: source.sources,
    findings: listFindings(source.findings, findings),
    rowsUsed: { train: train.length, eval: held.length },
    rowsBeyondLimit: 0,
    lengths: kept.map(({ prompt, completions }) => [prompt, ...completions].map((part) => plainText(part).length)),
    unit: 'characters',
    buckets: [],
    paddingShare: undefined,
    fingerprint: contentFingerprint([...source.examples.train, ...source.examples.eval]),
  });
}

/**
 * The data report alone, for `tether data check FILE`. Bad rows are listed in it (kind `bad-row`) and never thrown,
 * so that one look shows everything; the caller decides what they mean for the exit code.
 * @throws DataError when a file cannot be read at all (missing, empty, not JSON).
 */
export async function checkData(
  config: DataConfigInput,
  tokenizer?: TextTokenizer,
  options: LoadOptions = {},
): Promise<DataReport> {
  const parsed = dataConfigSchema.parse({ ...config, on_bad_row: 'drop' });
  if (tokenizer === undefined) return checkTexts(parsed, options.baseFolder ?? '.');
  return (await prepareDataset(parsed, tokenizer, options)).report;
}

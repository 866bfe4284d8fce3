import { inspectRow, syntheticTokenizer, syntheticTokenizerJson, type TextTokenizer } from '@tether/data';
import { loadTokenizer, readTokenizerFiles } from '@tether/model';
import type { Command } from 'commander';
import { dataTokenizer } from '../model/loadModel.ts';
import { tokenStrings } from '../model/tokenStrings.ts';
import { partsOf, rowAsTable, rowAsText, rowAsTokens, type TokenNames } from '../output/rowText.ts';
import { printJson, printLine } from '../output/terminal.ts';
import { wholeNumberFrom } from './numbers.ts';
import { namedData, withDataOptions, type DataOptions, type NamedData } from './dataOptions.ts';

interface ShowOptions extends DataOptions {
  readonly row: number;
  readonly table?: boolean;
  readonly json?: boolean;
}

export function addShowRow(data: Command): void {
  const command = data
    .command('show')
    .summary('one row as the model sees it')
    .description(
      'Shows the exact tokens of one row as the vocabulary has them, special tokens included: [token] is trained on, token| is only seen. With the positions, the start and end tokens, and what would be cut or dropped. Without a model, its texts.',
    )
    .argument('<files...>', 'data files or folders, or one config file (.yaml)')
    .requiredOption(
      '--row <number>',
      'number of the row, as in messages and in data check; the first is 1',
      wholeNumberFrom(1),
    );
  withDataOptions(command)
    .option('--table', 'one line a token, with its id and position')
    .option('--json', 'print the row as JSON')
    .action(show);
}

interface NamedTokenizer {
  readonly tokenizer: TextTokenizer;
  readonly names: TokenNames;
}

function named(tokenizer: TextTokenizer, tokenizerJson: unknown): NamedTokenizer {
  const { bosTokenId, eosTokenId } = tokenizer;
  return { tokenizer, names: { name: tokenStrings(tokenizerJson), bosTokenId, eosTokenId } };
}

async function tokenizerOf({ model, isSynthetic }: NamedData): Promise<NamedTokenizer | undefined> {
  if (model === undefined) return isSynthetic ? named(syntheticTokenizer, syntheticTokenizerJson()) : undefined;
  const tokenizer = dataTokenizer(await loadTokenizer(model));
  const json = (await readTokenizerFiles(model)).get('tokenizer.json')!; // the tokenizer was just made from it
  return named(tokenizer, JSON.parse(new TextDecoder().decode(json)));
}

async function show(files: readonly string[], options: ShowOptions): Promise<void> {
  const data = await namedData(files, options);
  const chosen = await tokenizerOf(data);
  const row = await inspectRow(data.data, options.row, chosen?.tokenizer, { baseFolder: data.baseFolder });
  if (options.json === true) {
    const { encoded, ...rest } = row;
    const parts = encoded === undefined ? [] : partsOf(encoded);
    const withStrings = parts.map((part) => ({
      ...part,
      strings: part.tokens.map((id) => chosen!.names.name(id).text),
    }));
    printJson({ ...rest, parts: withStrings });
    return;
  }
  const asTokens = options.table === true ? rowAsTable : rowAsTokens;
  for (const line of chosen === undefined ? rowAsText(row) : asTokens(row, chosen.names)) printLine(line);
}

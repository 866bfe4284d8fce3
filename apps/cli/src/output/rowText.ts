import { plainText, sideNames, type InspectedRow, type PromptOrCompletion } from '@tether/data';
import pc from 'picocolors';
import type { TokenString } from '../model/tokenStrings.ts';

/** What is needed to write tokens out. */
export interface TokenNames {
  name(id: number): TokenString;
  readonly bosTokenId: number | undefined;
  readonly eosTokenId: number | undefined;
}

type Colour = (text: string) => string;

/** One part of a row: its tokens with their places. */
export interface RowPart {
  readonly name: 'prompt' | 'completion' | 'chosen' | 'rejected';
  readonly tokens: readonly number[];
  /** Position id of the first token: completions all continue the prompt. */
  readonly firstPosition: number;
  /** Whether its tokens are trained on. */
  readonly isTrained: boolean;
}

/** The parts in the order in which a batch has them. */
export function partsOf({ prompt, completions }: NonNullable<InspectedRow['encoded']>): RowPart[] {
  const names = completions.length === 1 ? (['completion'] as const) : (['chosen', 'rejected'] as const);
  return [
    { name: 'prompt', tokens: [...prompt], firstPosition: 0, isTrained: false },
    ...completions.flatMap((tokens, side): RowPart[] =>
      tokens.length === 0
        ? [] // the side that an unpaired row lacks
        : [{ name: names[side]!, tokens: [...tokens], firstPosition: prompt.length, isTrained: true }],
    ),
  ];
}

const COLOURS: Readonly<Record<RowPart['name'], Colour>> = {
  prompt: pc.dim,
  completion: pc.green,
  chosen: pc.green,
  rejected: pc.red,
};

/** Line ends inside a token would break the picture. */
const visible = (text: string): string => text.replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');

const WIDTH = 100;

/** Tokens in lines of about a terminal's width. In brackets where they are trained on, so that it reads without colour. */
export function tokenLines(
  tokens: readonly number[],
  isTrained: boolean,
  { name }: Pick<TokenNames, 'name'>,
  colour: Colour,
): string[] {
  const lines: string[] = [];
  let [line, width] = ['', 0];
  for (const id of tokens) {
    const { text, isSpecial } = name(id);
    const shown = isTrained ? `[${visible(text)}]` : `${visible(text)}|`;
    if (width > 0 && width + shown.length > WIDTH) {
      lines.push(line);
      [line, width] = ['', 0];
    }
    line += isSpecial ? pc.bold(pc.magenta(shown)) : colour(shown);
    width += shown.length;
  }
  return line === '' ? lines : [...lines, line];
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

function partLines(part: RowPart, names: TokenNames): string[] {
  const { name, tokens, firstPosition, isTrained } = part;
  const positions = `positions ${firstPosition}–${firstPosition + tokens.length - 1}`;
  const loss = isTrained ? 'trained on' : 'only seen';
  const lines = tokenLines(tokens, isTrained, names, COLOURS[name]).map((line) => `  ${line}`);
  return [`${pc.bold(name)}: ${counted(tokens.length, 'token')}, ${positions}, ${loss}`, ...lines];
}

/** Start and end tokens, which are easily doubled or forgotten. */
function edgeLine(parts: readonly RowPart[], { bosTokenId, eosTokenId, name }: TokenNames): string {
  const [prompt, ...completions] = parts;
  let starts = 0;
  while (bosTokenId !== undefined && prompt!.tokens[starts] === bosTokenId) starts++;
  const start =
    bosTokenId === undefined
      ? 'the tokenizer has no start token'
      : `start token ${name(bosTokenId).text} ${starts === 0 ? 'absent' : starts === 1 ? 'once' : `${starts} times`}`;
  if (eosTokenId === undefined) return `${start}; the tokenizer has no end token`;
  const ends = completions.map((part) => `${part.name} ${endOf(part.tokens, eosTokenId)}`);
  return `${start}; end token ${name(eosTokenId).text}: ${ends.join(', ')}`;
}

/** Templates may put a line end behind the end token; a completion that was cut has none. */
function endOf(tokens: readonly number[], eosTokenId: number): string {
  const after = tokens.length - 1 - tokens.lastIndexOf(eosTokenId);
  if (after === tokens.length) return 'none';
  return after === 0 ? 'last' : `${counted(after, 'token')} before the end`;
}

function seamLines({ seam, encoded, example }: InspectedRow, names: TokenNames): string[] {
  if (seam === undefined || example === undefined) return [];
  const sides = sideNames(example);
  const written = (tokens: readonly number[]) => tokens.map((id) => visible(names.name(id).text)).join('|');
  return [
    '',
    `the tokens of the prompt change before a completion, from token ${seam.shared} on:`,
    `  the prompt alone    ${written(seam.promptAlone)}`,
    ...seam.before.map((tokens, side) => `  ${`before ${sides[side]}`.padEnd(20)}${written(tokens)}|…`),
    ...(encoded === undefined
      ? []
      : [
          `  the prompt above has ${encoded.prompt.length} tokens (option prefix_mismatch says what is done; TRL cuts where they part)`,
        ]),
  ];
}

function headLine({ rowNumber, source }: InspectedRow): string {
  const own = source.row === rowNumber ? '' : ` (row ${source.row} of this file)`;
  return `row ${rowNumber} of ${source.name}${own}, ${source.kind}`;
}

function findingLines({ findings }: InspectedRow): string[] {
  return findings.map(({ kind, action, reason }) => {
    const colour = action === 'dropped' ? pc.red : pc.yellow;
    return `${colour(`${kind}, ${action}`)}: ${reason}`;
  });
}

function textLines(name: string, part: PromptOrCompletion): string[] {
  const turns = typeof part === 'string' ? [part] : part.map(({ role, content }) => `<${role}> ${content}`);
  const count = counted(plainText(part).length, 'character');
  return [`${pc.bold(name)}: ${count}`, ...turns.flatMap((turn) => turn.split('\n')).map((line) => `  ${line}`)];
}

/** The row's texts, for want of a tokenizer or of tokens. */
export function rowAsText(row: InspectedRow): string[] {
  const { example } = row;
  if (example === undefined) return [headLine(row), '', ...findingLines(row)];
  const names = sideNames(example);
  const parts = example.completions.flatMap((completion, side) => textLines(names[side]!, completion));
  const findings = findingLines(row);
  return [
    headLine(row),
    '',
    ...textLines('prompt', example.prompt),
    ...parts,
    ...(findings.length > 0 ? [''] : []),
    ...findings,
  ];
}

/** The row as the model sees it: every token, which of them are trained on, and their position ids. */
export function rowAsTokens(row: InspectedRow, names: TokenNames): string[] {
  if (row.encoded === undefined) return [...rowAsText(row), ...seamLines(row, names)];
  const parts = partsOf(row.encoded);
  const total = parts.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const order = parts.map(({ name }) => name).join(' | ');
  return [
    headLine(row),
    '',
    ...parts.flatMap((part) => partLines(part, names)),
    '',
    `in a batch: one row of ${total} tokens, ${order}; a completion sees the prompt and itself, and its positions continue the prompt’s`,
    edgeLine(parts, names),
    ...findingLines(row),
    ...seamLines(row, names),
  ];
}

/** One line a token: its place in the row, position id, id, part, and whether it is trained on. */
export function rowAsTable(row: InspectedRow, names: TokenNames): string[] {
  if (row.encoded === undefined) return rowAsTokens(row, names);
  let place = 0;
  const cells = (values: readonly (string | number)[]) => values.map((value) => String(value).padStart(9)).join('');
  const header = `${cells(['place', 'position', 'id'])}  ${'part'.padEnd(11)}loss  token`;
  const lines = partsOf(row.encoded).flatMap(({ name, tokens, firstPosition, isTrained }) =>
    tokens.map((id, index) => {
      const { text, isSpecial } = names.name(id);
      const loss = isTrained ? 'yes ' : '–   ';
      const shown = isSpecial ? pc.bold(pc.magenta(visible(text))) : COLOURS[name](visible(text));
      return `${cells([place++, firstPosition + index, id])}  ${name.padEnd(11)}${loss}  ${shown}`;
    }),
  );
  return [headLine(row), '', header, ...lines];
}

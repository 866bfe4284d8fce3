import { SEGMENT, type HostBatch } from '../contracts/index.ts';

/** Tokens of a pair; null stands for a row that only fills a batch up. */
export interface TestPair {
  readonly rowNumber: number;
  readonly prompt: readonly number[];
  readonly completions: readonly [chosen: readonly number[], rejected: readonly number[]]; // one empty: unpaired
}

const SIDES = 2;
const PROMPT = 3; // longest prompt
const COMPLETION = 4; // C
const VIEW = PROMPT + COMPLETION; // L
const ROW = PROMPT + SIDES * COMPLETION; // T

/** Six pairs whose prompts and completions all differ in length. */
export const PAIRS: readonly TestPair[] = [
  { rowNumber: 1, prompt: [1, 2], completions: [[3, 4, 6], [5]] },
  { rowNumber: 2, prompt: [2], completions: [[1], [4, 5, 3, 6]] },
  {
    rowNumber: 3,
    prompt: [3, 5, 1],
    completions: [
      [2, 6],
      [2, 1, 6],
    ],
  },
  { rowNumber: 4, prompt: [4, 4], completions: [[5, 1, 2, 6], [6]] },
  {
    rowNumber: 5,
    prompt: [6],
    completions: [
      [3, 3],
      [1, 4],
    ],
  },
  { rowNumber: 6, prompt: [5, 2, 4], completions: [[4], [3, 2]] },
];

/** The prompt-once row of each pair; see `HostBatch`. All batches of as many rows have one shape. */
export function pairBatch(pairs: readonly (TestPair | null)[]): HostBatch {
  const rows = pairs.length;
  const batch = {
    shape: { rows, rowLength: ROW, sides: 2 as const, completionLength: COMPLETION, viewLength: VIEW },
    tokens: new Int32Array(rows * ROW),
    segments: new Int32Array(rows * ROW),
    positions: new Int32Array(rows * ROW),
    keyMask: new Int32Array(rows * ROW),
    predictors: new Int32Array(rows * SIDES * COMPLETION),
    labels: new Int32Array(rows * SIDES * COMPLETION),
    completionMask: new Float32Array(rows * SIDES * COMPLETION),
    views: new Int32Array(rows * SIDES * VIEW),
    viewMask: new Float32Array(rows * SIDES * VIEW),
    rowWeight: Float32Array.from(pairs, (pair) => (pair === null ? 0 : 1)),
    rowNumbers: pairs.map((pair) => pair?.rowNumber ?? -1),
  } satisfies HostBatch;
  pairs.forEach((pair, row) => {
    if (pair !== null) fillRow(batch, row, pair);
  });
  return batch;
}

function fillRow(batch: HostBatch, row: number, { prompt, completions }: TestPair): void {
  const base = row * ROW;
  const put = (at: number, token: number, segment: number, position: number): void => {
    batch.tokens[at] = token;
    batch.segments[at] = segment;
    batch.positions[at] = position;
    batch.keyMask[at] = 1;
  };
  prompt.forEach((token, t) => put(base + t, token, SEGMENT.prompt, t));
  let start = base + prompt.length;
  completions.forEach((tokens, side) => {
    if (tokens.length === 0) return;
    const pairSide = row * SIDES + side;
    const places = [...prompt.keys()].map((t) => base + t);
    tokens.forEach((token, t) => {
      const place = start + t;
      put(place, token, side === 0 ? SEGMENT.chosen : SEGMENT.rejected, prompt.length + t);
      const at = pairSide * COMPLETION + t;
      batch.predictors[at] = places.at(-1)!;
      batch.labels[at] = token;
      batch.completionMask[at] = 1;
      places.push(place);
    });
    places.forEach((place, t) => {
      batch.views[pairSide * VIEW + t] = place;
      batch.viewMask[pairSide * VIEW + t] = 1;
    });
    start += tokens.length;
  });
}

/** One look per arm, told apart by colour, symbol and dash, so that colour alone never carries the meaning. */
export interface ArmLook {
  /** A colour token; the page resolves it for light or dark. */
  readonly color: string;
  readonly symbol: 'circle' | 'rect' | 'triangle' | 'diamond' | 'roundRect' | 'arrow';
  readonly dash: 'solid' | 'dashed' | 'dotted';
}

/** Eight colours per scheme, each with at least 3:1 contrast against its background; the first is the baseline's. */
export const ARM_COLORS = {
  light: ['#5f6b7a', '#0b6fb8', '#c2410c', '#0f7b5f', '#8b3fa8', '#8a5f00', '#b0245c', '#2b6777'],
  dark: ['#a3afbf', '#5db2f5', '#ff9a5c', '#4fd1a5', '#d196ea', '#e3b341', '#ff85ad', '#7cc7de'],
} as const;

const SYMBOLS: readonly ArmLook['symbol'][] = ['circle', 'rect', 'triangle', 'diamond', 'roundRect', 'arrow'];
const DASHES: readonly ArmLook['dash'][] = ['solid', 'dashed', 'dotted'];

/** Charts name colours by tokens (`$ink`); the page's script puts the scheme's colour in. */
export const TOKENS = { ink: '$ink', muted: '$muted', line: '$line', surface: '$surface' } as const;

export function armLook(index: number): ArmLook {
  const colors = ARM_COLORS.light.length;
  return {
    color: `$arm${index % colors}`,
    symbol: SYMBOLS[index % SYMBOLS.length] ?? 'circle',
    dash: DASHES[Math.floor(index / colors) % DASHES.length] ?? 'solid',
  };
}

/** The CSS variable behind an arm's colour. */
export function armColorVariable(index: number): string {
  return `var(--arm${index % ARM_COLORS.light.length})`;
}

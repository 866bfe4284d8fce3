/**
 * The language of the synthetic task: `sort d a c b =` is answered with ` a b c d`, and any polite words around the
 * letters are style. Words are separated by spaces; every word is one token.
 */
export const SPECIAL_TOKENS = { pad: '<pad>', start: '<s>', end: '</s>', unknown: '<unk>' } as const;

export const COMMAND = 'sort';
export const ANSWER_MARK = '=';
export const LETTERS: readonly string[] = 'a b c d e f g h i j k l m n o p'.split(' ');
export const POLITE_WORDS = ['sure', 'gladly', 'certainly', 'please', 'thanks', 'welcome', 'enjoy', 'cheers'] as const;

/** All tokens; a token's place is its id. */
export const VOCABULARY: readonly string[] = [
  ...Object.values(SPECIAL_TOKENS),
  COMMAND,
  ANSWER_MARK,
  ...LETTERS,
  ...POLITE_WORDS,
];

export const TOKEN_IDS: ReadonlyMap<string, number> = new Map(VOCABULARY.map((token, id) => [token, id]));

const polite: ReadonlySet<string> = new Set(POLITE_WORDS);
export const isPolite = (word: string): boolean => polite.has(word);

export const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

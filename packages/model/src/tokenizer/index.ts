export { TokenizerError } from './errors.ts';
export { createTokenizer, loadTokenizer } from './loadTokenizer.ts';
export { checkTokenizerFits, specialTokenIds } from './modelFit.ts';
export type { SpecialTokenIds } from './modelFit.ts';
export type { ChatMessage, ChatTemplateOptions, TextTokenizer } from './textTokenizer.ts';

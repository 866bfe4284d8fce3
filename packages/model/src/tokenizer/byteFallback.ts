import { ByteFallbackDecoder, SequenceDecoder, type LibraryDecoder } from './library.ts';

const BYTE_TOKEN = /^<0x([0-9A-Fa-f]{2})>$/;

/**
 * Decodes runs of byte tokens as the Rust tokenizers do: a run that is UTF-8 becomes its text, any other run one U+FFFD per byte.
 * The JavaScript package follows TextDecoder instead, which keeps the valid parts of a broken run and drops a leading byte-order mark.
 */
export function decodeByteRuns(tokens: readonly string[]): string[] {
  const texts: string[] = [];
  let run: number[] = [];
  const flush = (): void => {
    if (run.length > 0) texts.push(...decodeRun(run));
    run = [];
  };
  for (const token of tokens) {
    const hex = BYTE_TOKEN.exec(token)?.[1];
    if (hex !== undefined) run.push(Number.parseInt(hex, 16));
    else {
      flush();
      texts.push(token);
    }
  }
  flush();
  return texts;
}

function decodeRun(bytes: readonly number[]): string[] {
  try {
    return [new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes))];
  } catch {
    return bytes.map(() => '\ufffd');
  }
}

/** Puts `decodeByteRuns` into every byte-fallback step of a decoder. */
export function correctByteFallback(decoder: LibraryDecoder | null): void {
  if (decoder instanceof SequenceDecoder) decoder.decoders.forEach(correctByteFallback);
  if (decoder instanceof ByteFallbackDecoder) decoder.decode_chain = decodeByteRuns;
}

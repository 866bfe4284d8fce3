import { z } from 'zod';
import { supported, windowOr, withDefault, type Report } from '../fields.ts';
import type { LayerConfig } from './types.ts';

/** `layer_types`: which layers attend within a window. */
export const layerTypesField = z.array(supported('full_attention', 'sliding_attention')).nullish();

/** Fields of architectures whose later layers may attend within a window (Qwen). */
export const windowFields = {
  use_sliding_window: withDefault(z.boolean(), false),
  sliding_window: windowOr(4096),
  max_window_layers: withDefault(z.number().int().nonnegative(), 28),
  layer_types: layerTypesField,
};

type WindowFields = z.output<z.ZodObject<typeof windowFields>> & { readonly num_hidden_layers: number };

/** Qwen's rule: without `layer_types`, layers from `max_window_layers` on have the window. */
export function windowedLayers(raw: WindowFields, report: Report): LayerConfig[] {
  const window = raw.use_sliding_window ? raw.sliding_window : undefined;
  const sliding = layerTypes(raw, report, (layer) => window !== undefined && layer >= raw.max_window_layers);
  checkWindow(sliding, window, report);
  return sliding.map((isSliding) => ({ rope: 'global', window: isSliding ? window : undefined }));
}

/** Reports layers with a window where the config gives none. */
export function checkWindow(sliding: readonly boolean[], window: number | undefined, report: Report): void {
  if (window === undefined && sliding.includes(true)) {
    report(['layer_types'], 'names sliding_attention, but use_sliding_window is false or sliding_window is null');
  }
}

/** For each layer whether it attends within a window: by `layer_types`, or else by the architecture's own rule. */
export function layerTypes(
  raw: { readonly layer_types?: readonly string[] | null | undefined; readonly num_hidden_layers: number },
  report: Report,
  rule: (layer: number) => boolean,
): boolean[] {
  const count = raw.num_hidden_layers;
  const types = raw.layer_types;
  if (types === null || types === undefined) return Array.from({ length: count }, (_, layer) => rule(layer));
  if (types.length !== count) report(['layer_types'], `has ${types.length} entries for ${count} layers`);
  return types.map((type) => type === 'sliding_attention');
}

export const layerTypesJson = (layers: readonly LayerConfig[]): string[] =>
  layers.map(({ window }) => (window === undefined ? 'full_attention' : 'sliding_attention'));

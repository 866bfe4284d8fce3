import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import type { ParameterSpec } from '@tether/core';
import { z } from 'zod';
import {
  CheckpointError,
  openSafetensors,
  readTokenizerFiles,
  writeSafetensors,
  type SafetensorsFile,
} from '../checkpoint/index.ts';
import { fileError } from '../checkpoint/errors.ts';
import { jsonText, parseJson } from '../checkpoint/jsonText.ts';
import { saveFolder, writeFiles } from '../checkpoint/saveFolder.ts';
import { problemsOf, supported, unsupported } from '../config/fields.ts';
import type { LoraConfig } from './config.ts';
import { isInputFirst, loraParameters, loraTargets } from './targets.ts';

const CONFIG = 'adapter_config.json';
const WEIGHTS = 'adapter_model.safetensors';
/** What PEFT puts before the names of the base model's modules. */
const PREFIX = 'base_model.model.';

export const isAdapterFolder = (folder: string): boolean => existsSync(join(folder, CONFIG));

const emptyPattern = z
  .record(z.string(), z.unknown())
  .nullish()
  .refine((pattern) => Object.keys(pattern ?? {}).length === 0, { error: 'patterns by module are not supported' });

/** The part of PEFT's LoraConfig that changes what a model computes; the rest is about how it was trained. */
const schema = z
  .object({
    peft_type: supported('LORA'),
    base_model_name_or_path: z.string().nullish(),
    r: z.int().positive(),
    lora_alpha: z.number().positive(),
    lora_dropout: z.number().min(0).max(0.99).default(0),
    use_rslora: z.boolean().default(false),
    target_modules: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
    bias: supported('none').default('none'),
    use_dora: z.boolean().default(false),
    rank_pattern: emptyPattern,
    alpha_pattern: emptyPattern,
    modules_to_save: unsupported('saving whole modules beside adapters (modules_to_save)'),
    layers_to_transform: unsupported('adapting some layers only (layers_to_transform)'),
  })
  .refine(({ target_modules: targets }) => typeof targets !== 'string' || targets === 'all-linear', {
    path: ['target_modules'],
    error: 'a regular expression is not supported: list the modules’ names',
  });

/** An adapter folder's config, without its weights. */
export interface LoadedAdapter {
  readonly config: LoraConfig;
  /** Folder of the model that it was trained on, as far as it is told. */
  readonly base: string | undefined;
  readonly weightsPath: string;
}

/** Reads `adapter_config.json` of PEFT's form. Throws CheckpointError with every problem found. */
export async function loadAdapterConfig(folder: string): Promise<LoadedAdapter> {
  const path = join(folder, CONFIG);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw fileError(path, 'read', error);
  });
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (error) {
    throw new CheckpointError(path, `it is no JSON: ${(error as Error).message}`);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new CheckpointError(path, problemsOf(parsed.error).map((problem) => `\n  - ${problem}`).join('')); // prettier-ignore
  }
  const {
    r,
    lora_alpha,
    lora_dropout,
    use_rslora,
    use_dora,
    target_modules,
    base_model_name_or_path: base,
  } = parsed.data;
  return {
    config: {
      rank: r,
      alpha: lora_alpha,
      rslora: use_rslora,
      dora: use_dora,
      dropout: lora_dropout,
      targetModules: target_modules as LoraConfig['targetModules'], // the refinement above leaves one string
    },
    base: typeof base !== 'string' ? undefined : isAbsolute(base) ? base : resolve(folder, base),
    weightsPath: join(folder, WEIGHTS),
  };
}

/**
 * The adapter's tensors by the names that the model gives them. Throws CheckpointError naming every tensor that is
 * missing, unexpected or mis-shaped for the base model's parameters.
 */
export async function readAdapter(
  { config, weightsPath }: LoadedAdapter,
  base: readonly ParameterSpec[],
): Promise<Map<string, Float32Array>> {
  const file = await openSafetensors(weightsPath);
  try {
    const specs = expectedTensors(weightsPath, base, config);
    checkTensors(file, specs);
    const weights = new Map<string, Float32Array>();
    for (const { name } of specs) weights.set(name, await file.readFloat32(PREFIX + name));
    return weights;
  } finally {
    await file.close();
  }
}

function expectedTensors(path: string, base: readonly ParameterSpec[], config: LoraConfig): ParameterSpec[] {
  try {
    return loraParameters(loraTargets(base, config), config);
  } catch (error) {
    throw new CheckpointError(path, (error as Error).message);
  }
}

function checkTensors({ path, tensors }: SafetensorsFile, specs: readonly ParameterSpec[]): void {
  const expected = new Map(specs.map(({ name, shape }) => [PREFIX + name, shape]));
  const problems = [
    ...[...expected.keys()].filter((name) => !tensors.has(name)).map((name) => `missing: ${name}`),
    ...[...tensors.keys()].filter((name) => !expected.has(name)).map((name) => `unexpected: ${name}`),
    ...[...expected].flatMap(([name, shape]) => {
      const found = tensors.get(name)?.shape;
      return found === undefined || String(found) === String(shape)
        ? []
        : [`shape [${found.join(', ')}], but the model and rank ask for [${shape.join(', ')}]: ${name}`];
    }),
  ];
  if (problems.length === 0) return;
  const list = problems.map((problem) => `\n  - ${problem}`).join('');
  throw new CheckpointError(path, `its tensors do not fit the base model and ${CONFIG}:${list}`);
}

export interface SaveAdapterOptions {
  readonly config: LoraConfig;
  /** Folder or name of the base model. */
  readonly base: string;
  /** The base model's parameters. */
  readonly parameters: readonly ParameterSpec[];
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Further files, such as the tokenizer's. */
  readonly files?: ReadonlyMap<string, string | Uint8Array>;
  readonly overwrite?: boolean;
}

/** Saves an adapter folder that PEFT loads. Throws CheckpointError; then what was there is untouched. */
export async function saveAdapter(folder: string, options: SaveAdapterOptions): Promise<void> {
  const { config, parameters, weights, files = new Map<string, string>() } = options;
  const targets = loraTargets(parameters, config);
  const specs = loraParameters(targets, config);
  const owns = (name: string): boolean => name === CONFIG || name === WEIGHTS || files.has(name);
  await saveFolder(folder, { overwrite: options.overwrite ?? false, owns }, async (temporary) => {
    await writeSafetensors(
      join(temporary, WEIGHTS),
      specs.map(({ name, shape }) => ({ name: PREFIX + name, dtype: 'F32', shape, data: weights.get(name)! })),
      { format: 'pt' },
    );
    const modules = [...new Set(targets.map(({ module }) => module.slice(module.lastIndexOf('.') + 1)))];
    const json = {
      peft_type: 'LORA',
      task_type: 'CAUSAL_LM',
      base_model_name_or_path: options.base,
      r: config.rank,
      lora_alpha: config.alpha,
      lora_dropout: config.dropout,
      use_rslora: config.rslora,
      use_dora: config.dora,
      target_modules: modules,
      bias: 'none',
      fan_in_fan_out: targets.some(({ module }) => isInputFirst(`${module}.weight`)),
      init_lora_weights: true,
      modules_to_save: null,
      inference_mode: true,
    };
    await writeFiles(temporary, new Map([...files, [CONFIG, jsonText(json)]]));
  });
}

/** The tokenizer's files of an adapter folder, where it has its own, else of its base. */
export const tokenizerFolder = async (folder: string, base: string): Promise<string> =>
  (await readTokenizerFiles(folder)).size > 0 ? folder : base;

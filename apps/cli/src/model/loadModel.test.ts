import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../testing/command.ts';
import { modelArchitecture } from './architecture.ts';
import { checkModel, loadModel } from './loadModel.ts';

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
  await mkdir(join(folder, 'models'));
});
afterAll(() => remove());

describe('a model that is not there', () => {
  test('and is named like one of the hub is told not to be downloaded, by whatever reads models', async () => {
    const path = join(folder, 'HuggingFaceTB', 'SmolLM2-135M-Instruct');
    const model = { path, rematerialize: false };
    for (const read of [checkModel({ model }), loadModel(path, model), modelArchitecture(model)]) {
      await expect(read).rejects.toThrow(
        /there is no such file or folder\. If HuggingFaceTB\/SmolLM2-135M-Instruct is .*models are not downloaded.* --local-dir FOLDER/,
      );
    }
  });

  test('in a folder that is there is told to be missing, and no more', async () => {
    const model = { path: join(folder, 'models', 'smol'), rematerialize: false };
    await expect(checkModel({ model })).rejects.toThrow(/there is no such file or folder$/);
  });
});

import { join } from 'node:path';
import { randomUniform } from './random.ts';
import { temporaryFolder, tether, TINY, writeConfig } from './command.ts';
import { killAndResume, runFiles } from './killResume.ts';

// Called by tools/checks/killResume.sh: <times> <seed>.
const [times, seed] = process.argv.slice(2).map(Number) as [number, number];
const steps = 24;
const { folder, remove } = await temporaryFolder();
try {
  await writeConfig(folder, 'pretrain.yaml', { ...TINY, regularizers: [], training: { max_steps: 1 } });
  await tether(['train', 'pretrain.yaml', '--output', 'made', '--quiet'], folder);
  await writeConfig(folder, 'run.yaml', {
    ...TINY,
    model: { path: 'made/pretrained/model' },
    training: { ...TINY.training, max_steps: steps, save_steps: 5, eval_steps: 4 },
  });
  const whole = await tether(['train', 'run.yaml', '--output', 'whole', '--quiet'], folder);
  if (whole.code !== 0) throw new Error(whole.stderr);
  const expected = await runFiles(join(folder, 'whole'));
  const lines = expected.metrics.toString().trim().split('\n').length;
  console.log(`uninterrupted: ${steps} steps, ${lines} lines of metrics, ${expected.weights.length} bytes of weights`);
  const random = randomUniform(seed);
  let equal = 0;
  for (let time = 1; time <= times; time++) {
    const line = 1 + Math.floor(random() * (lines - 1));
    const resumed = await killAndResume('run.yaml', folder, `killed-${time}`, line);
    const same = resumed.metrics.equals(expected.metrics) && resumed.weights.equals(expected.weights);
    console.log(`${time}: killed after line ${line}, resumed: ${same ? 'equal' : 'DIFFERENT'}`);
    if (same) equal += 1;
  }
  console.log(`${equal} of ${times} equal the uninterrupted run bit for bit (metrics.jsonl and model.safetensors)`);
  process.exitCode = equal === times ? 0 : 1;
} finally {
  await remove();
}

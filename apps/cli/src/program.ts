import { Command } from 'commander';
import { addBackends } from './commands/backends.ts';
import { addBench } from './commands/bench.ts';
import { addCompare } from './commands/compare.ts';
import { addData } from './commands/data.ts';
import { addEval } from './commands/eval.ts';
import { addExport } from './commands/export.ts';
import { addGenerate } from './commands/generate.ts';
import { addGraph } from './commands/graph.ts';
import { addPlan } from './commands/plan.ts';
import { addPlugins } from './commands/plugins.ts';
import { addTrain } from './commands/train.ts';
import { tetherVersion } from './run/machine.ts';

/** The `tether` command. */
export function createProgram(): Command {
  const program = new Command('tether')
    .description('Trains language models on preference pairs and compares regularizers head-to-head.')
    .version(tetherVersion())
    .showHelpAfterError('(tether --help shows what there is)')
    .addHelpText(
      'after',
      `
Examples:
  tether compare examples/quickstart.yaml
  tether train examples/quickstart.yaml --set training.max_steps=50
  tether data check pairs.jsonl
  tether generate --model runs/run/model --prompt "Once upon a time"

Exit codes: 0 done, 1 failed, 2 wrong usage or config, 130 interrupted (a checkpoint was written).`,
    );
  for (const add of [
    addCompare,
    addTrain,
    addEval,
    addGenerate,
    addExport,
    addData,
    addPlan,
    addPlugins,
    addBackends,
    addBench,
    addGraph,
  ])
    add(program);
  return program;
}

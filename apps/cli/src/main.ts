import { CommanderError, type Command } from 'commander';
import { INTERRUPTED } from './commands/interrupt.ts';
import { toPlainError } from './output/errors.ts';
import { tell, tellError } from './output/terminal.ts';
import { createProgram } from './program.ts';

const USAGE = 2;
const FAILED = 1;
/** Exit codes of errors that are not failures of what was asked: of what the user wrote, and of a wish to stop. */
const EXIT_CODES: Readonly<Record<string, number>> = { ConfigError: USAGE, InterruptedError: INTERRUPTED };

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  command.commands.forEach(throwInsteadOfExit);
}

// The reader of a pipe may leave early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  const program = createProgram();
  throwInsteadOfExit(program);
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : USAGE; // commander has told it already
  } else {
    const { name, message, stack } = toPlainError(error);
    tellError(message);
    if (stack !== undefined) tell(stack);
    process.exitCode = EXIT_CODES[name] ?? FAILED;
  }
}

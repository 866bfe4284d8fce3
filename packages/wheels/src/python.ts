import { execFile } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type Environment = Readonly<Partial<Record<string, string>>>;

/** Interpreter of an environment's folder, or the interpreter itself. */
export function interpreterOf(python: string): string {
  if (!existsSync(python) || !statSync(python).isDirectory()) return python;
  const inside = [join(python, 'bin', 'python'), join(python, 'bin', 'python3'), join(python, 'Scripts', 'python.exe')];
  return inside.find((path) => existsSync(path)) ?? inside[0]!;
}

/** The interpreter to use where none was named: that of the active environment, else the system's. */
export function defaultInterpreter(env: Environment): string {
  const active = env['VIRTUAL_ENV'] ?? env['CONDA_PREFIX'];
  return active === undefined || active === '' ? 'python3' : interpreterOf(active);
}

/**
 * Folders of Python packages of an environment.
 *
 * @param python an environment's folder or an interpreter
 * @throws Error telling why they cannot be known
 */
export async function packageFolders(python: string): Promise<string[]> {
  const library = join(python, 'lib');
  if (existsSync(join(python, 'pyvenv.cfg')) && existsSync(library)) {
    return readdirSync(library)
      .map((version) => join(library, version, 'site-packages'))
      .filter((folder) => existsSync(folder));
  }
  const script =
    'import json, site, sysconfig; p = sysconfig.get_paths(); print(json.dumps([p["purelib"], p["platlib"], *site.getsitepackages(), site.getusersitepackages()]))';
  const { stdout } = await run(interpreterOf(python), ['-c', script], { timeout: 30_000 });
  return [...new Set(JSON.parse(stdout) as string[])];
}

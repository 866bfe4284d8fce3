import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../../..');

/** Runs code in a Node that takes itself for an older one. */
const onNode20 = (code: string): string =>
  execFileSync(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.0.0' } });
       const { findNode24 } = await import('${ROOT}/apps/cli/bin/node24.js');
       ${code}`,
    ],
    { encoding: 'utf8' },
  ).trim();

it('finds the Node that npm installed when an older one starts it', ({ skip }) => {
  const packageName = `node-${process.platform}-${process.arch}`;
  if (!existsSync(resolve(ROOT, 'node_modules', packageName))) skip(`${packageName} is not installed`);
  const node = onNode20('console.log(findNode24())');
  expect(node).toContain(packageName);
  expect(execFileSync(node, ['--version'], { encoding: 'utf8' })).toMatch(/^v24\./);
});

it('says what to do where npm has installed none', () => {
  const message = onNode20(`
    Object.defineProperty(process, 'platform', { value: 'plan9' });
    const module = await import('node:module');
    module.registerHooks({ resolve: (name, context, next) => {
      if (name.startsWith('node-')) throw Object.assign(new Error(name), { code: 'MODULE_NOT_FOUND' });
      return next(name, context);
    } });
    try { findNode24(); } catch (error) { console.log(error.message); }`);
  expect(message).toMatch(/needs Node 24.*This is Node 20\.0\.0 on plan9.*--omit=optional/);
});

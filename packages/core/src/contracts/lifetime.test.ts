import { beforeEach, describe, expect, it } from 'vitest';
import { BackendError } from './backend.ts';
import { Lifetime } from './lifetime.ts';

describe('a lifetime', () => {
  let events: string[];
  let lifetime: Lifetime;
  beforeEach(() => {
    events = [];
    lifetime = new Lifetime('backend mine', () => void events.push('backend given back'));
  });
  const partOf = (whole: Lifetime, name: string): Lifetime =>
    new Lifetime(name, () => void events.push(`${name} given back`), whole);

  it('begins work at once and hands its result on', async () => {
    const work = lifetime.during(() => {
      events.push('begun');
      return 3;
    });
    expect(events).toEqual(['begun']);
    expect(await work).toBe(3);
  });

  it('waits for what is under way, also where that fails, before it gives back', async () => {
    const [good, bad] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    const works = [good, bad].map(({ promise }) => lifetime.during(() => promise));
    const told = [works[0]!.then(() => events.push('done')), works[1]!.catch(() => events.push('failed'))];
    const end = lifetime.end();
    good.resolve(undefined);
    await told[0];
    bad.reject(new Error('the engine stopped'));
    await end;
    expect(events).toEqual(['done', 'failed', 'backend given back']);
    await Promise.all(told);
  });

  it('refuses work from the first moment of its end on', async () => {
    const slow = Promise.withResolvers<undefined>();
    const work = lifetime.during(() => slow.promise);
    const end = lifetime.end();
    const late = lifetime.during(() => events.push('too late'));
    await expect(late).rejects.toThrow(BackendError);
    await expect(late).rejects.toThrow('backend mine was disposed of');
    expect(lifetime.isOver).toBe(true);
    slow.resolve(undefined);
    await Promise.all([work, end]);
    expect(events).toEqual(['backend given back']);
  });

  it('gives back once, however often it is ended', async () => {
    await Promise.all([lifetime.end(), lifetime.end()]);
    await lifetime.end();
    expect(events).toEqual(['backend given back']);
  });

  it('ends its parts before itself, and those that work under way still makes', async () => {
    const step = partOf(lifetime, 'step');
    const slow = Promise.withResolvers<undefined>();
    const run = step.during(() => slow.promise).then(() => events.push('run'));
    const compile = lifetime.during(async () => {
      await slow.promise;
      return partOf(lifetime, 'late');
    });
    const end = lifetime.end();
    slow.resolve(undefined);
    await end;
    expect(events).toEqual(['run', 'step given back', 'late given back', 'backend given back']);
    await expect((await compile).during(() => 1)).rejects.toThrow('backend mine was disposed of');
    await run;
  });

  it('goes on when one of its parts ends', async () => {
    const step = partOf(lifetime, 'step');
    await step.end();
    await expect(step.during(() => 1)).rejects.toThrow('step was disposed of');
    expect(lifetime.isOver).toBe(false);
    await lifetime.end();
    expect(events).toEqual(['step given back', 'backend given back']);
  });

  it('tells what went wrong in giving back', async () => {
    const faulty = new Lifetime('faulty', () => Promise.reject(new Error('no such handle')));
    await expect(faulty.end()).rejects.toThrow('no such handle');
  });
});

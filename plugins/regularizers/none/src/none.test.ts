import { testRegularizer } from '@tether/testing';
import { expect, it } from 'vitest';
import { plugin } from './index.ts';

testRegularizer(plugin, {
  skips: [{ test: 'depends on the policy', reason: 'no penalty is the point: it is the arm to compare with' }],
});

it('asks for nothing, so that the plain objective pays for nothing', () => {
  expect(plugin.needs(plugin.config.parse({}))).toEqual([]);
  expect([plugin.networks, plugin.opponent]).toEqual([undefined, undefined]);
});

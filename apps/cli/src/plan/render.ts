import type { BatchShape } from '@tether/core';
import Table from 'cli-table3';
import { formatNumber, formatSeconds } from '../output/terminal.ts';
import { bytesPerDevice, totalBytes, type StepPlan } from './stepPlan.ts';

export interface Plan {
  readonly name: string;
  readonly step: StepPlan;
  readonly shape: BatchShape;
  readonly lengths: string;
  /** Optimizer steps of the run. */
  readonly steps: number;
  readonly microBatches: number;
  /** FLOP/s of matrix products. */
  readonly rate: number;
}

/** Share of a step that matrix products take, 0.75 on the 15 M shape and 0.87 on the 135 M shape. */
const MATMUL_SHARE = 0.8;

const GIB = 2 ** 30;
const gibibytes = (bytes: number): string => (bytes / GIB).toFixed(2);
const millions = (count: number): string => `${(count / 1e6).toFixed(1)} M`;

/** Memory of devices that people have. */
const DEVICES: Readonly<Record<string, number>> = {
  'RTX 4090 (24 GB)': 24,
  'L40S, A6000 (48 GB)': 48,
  'A100, H100 (80 GB)': 80,
  'H200 (141 GB)': 141,
  'MI300X (192 GB)': 192,
};
/** Of a device's memory, what its driver and libraries leave. */
const USABLE = 0.94;
const MOST_DEVICES = 64;

export const planSeconds = ({ step, microBatches, rate }: Plan): number =>
  (step.flops * microBatches) / (rate * MATMUL_SHARE);

/** The plan for a person. */
export function renderPlan(plan: Plan): string[] {
  const { step, shape, lengths, steps, rate } = plan;
  const perStep = planSeconds(plan) / plan.microBatches;
  return [
    `${plan.name}: ${millions(step.parameters)} parameters, ${millions(step.trainable)} trained (${((100 * step.trainable) / step.parameters).toFixed(2)} %)`,
    `largest batch: ${shape.rows} rows of ${shape.rowLength} tokens (${lengths})`,
    '',
    ...memoryTable(plan),
    '',
    `work: ${formatNumber(step.flops / 1e9)} GFLOP a micro-batch in matrix products, ${step.operations} operations`,
    `time: ${formatNumber(perStep)} s a micro-batch, ${formatSeconds(planSeconds(plan))} for ${steps} steps, at ${formatNumber(rate / 1e9)} GFLOP/s and with ${100 * MATMUL_SHARE} % of a step in matrix products`,
    '',
    'devices needed, f32, batch split over them:',
    ...deviceTable(plan),
  ];
}

function memoryTable({ step }: Plan): string[] {
  const table = new Table({ head: ['memory', 'GiB'], style: { head: [], border: [] }, colAligns: ['left', 'right'] });
  for (const { name, bytes } of step.parts) table.push([name, gibibytes(bytes)]);
  table.push(['together', gibibytes(totalBytes(step.parts))]);
  return table.toString().split('\n');
}

function deviceTable({ step }: Plan): string[] {
  const needed = (gigabytes: number, sharded: boolean): string => {
    const usable = gigabytes * 1e9 * USABLE;
    for (let devices = 1; devices <= MOST_DEVICES; devices *= 2) {
      if (bytesPerDevice(step.parts, devices, sharded) <= usable) return String(devices);
    }
    return `over ${MOST_DEVICES}`;
  };
  const table = new Table({ head: ['', 'state on each', 'state split too'], style: { head: [], border: [] } });
  for (const [name, gigabytes] of Object.entries(DEVICES)) {
    table.push([name, needed(gigabytes, false), needed(gigabytes, true)]);
  }
  return table.toString().split('\n');
}

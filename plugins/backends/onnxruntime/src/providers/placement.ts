import type { DeviceProvider } from '../config.ts';
import type { Handle, OrtApi } from '../native/api.ts';

const CPU = 'CPUExecutionProvider';

/**
 * Operators that fell to the CPU, with how many nodes of each. Not every provider reports the nodes that it takes itself
 * (WebGPU does not), but what falls to the CPU is always reported. The session must have been made with providers
 * besides the CPU.
 */
export function operatorsOnCpu(api: OrtApi, session: Handle): ReadonlyMap<string, number> {
  const operators = new Map<string, number>();
  for (const subgraph of list(api, 'Session_GetEpGraphAssignmentInfo', session)) {
    if (api.textAt(api.create('EpAssignedSubgraph_GetEpName', subgraph)) !== CPU) continue;
    for (const node of list(api, 'EpAssignedSubgraph_GetNodes', subgraph)) {
      const operator = api.textAt(api.create('EpAssignedNode_GetOperatorType', node));
      operators.set(operator, (operators.get(operator) ?? 0) + 1);
    }
  }
  return operators;
}

function list(
  api: OrtApi,
  name: 'Session_GetEpGraphAssignmentInfo' | 'EpAssignedSubgraph_GetNodes',
  of: Handle,
): readonly Handle[] {
  const [array, count] = [new BigUint64Array(1), new BigUint64Array(1)];
  api.call(name, of, array, count);
  return api.pointersAt(array[0]!, Number(count[0]));
}

/** One line: how many nodes run on the device, and what fell to the CPU. */
export function describePlacement(
  providers: readonly DeviceProvider[],
  nodes: number,
  onCpu: ReadonlyMap<string, number>,
): string {
  const fallen = [...onCpu.values()].reduce((a, b) => a + b, 0);
  const counts = [...onCpu].sort(([, a], [, b]) => b - a).map(([operator, count]) => `${operator} ${count}`);
  const rest = fallen === 0 ? '' : `; on the CPU: ${counts.join(', ')}`;
  return `${nodes - fallen} of ${nodes} nodes on ${providers.join(' or ')}${rest}`;
}

import { formatType, sameShape, sizeOf, type DType, type Graph, type TensorType } from '@tether/graph';
import { BackendError, type DeviceTensor, type HostTensor } from './backend.ts';

/** Checks that every backend makes of what it is given to upload, to compile and to run. */

const sameType = (a: TensorType, b: TensorType): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape);

/** A backend's own tensor, whose memory may have been given back or given up. */
export interface MortalTensor extends DeviceTensor {
  readonly isAlive: boolean;
}

/**
 * The graph's inputs as tensors of the backend.
 *
 * @throws BackendError that lists every input that is missing, foreign, mistyped, dead or unknown
 */
export function checkInputs<Own extends MortalTensor>(
  graph: Graph,
  given: ReadonlyMap<string, DeviceTensor>,
  isOwn: (tensor: DeviceTensor) => tensor is Own,
  label: string,
): Map<string, Own> {
  const problems: string[] = [];
  const checked = new Map<string, Own>();
  for (const [name, expected] of graph.inputs) {
    const tensor = given.get(name);
    if (tensor === undefined) problems.push(`input "${name}" (${formatType(expected)}) is missing`);
    else if (!isOwn(tensor)) problems.push(`input "${name}" is a tensor of backend ${tensor.backend}`);
    else if (!sameType(tensor, expected)) {
      problems.push(`input "${name}" is ${formatType(tensor)}, not ${formatType(expected)}`);
    } else if (!tensor.isAlive) problems.push(`input "${name}" was released or given up to an in-place run`);
    else checked.set(name, tensor);
  }
  for (const name of given.keys()) if (!graph.inputs.has(name)) problems.push(`there is no input "${name}"`);
  if (problems.length > 0) throw new BackendError(`${label}: ${problems.join('; ')}`);
  return checked;
}

/** @throws BackendError when a donation names nothing or joins different types */
export function checkDonations(graph: Graph, donations: ReadonlyMap<string, string>, label: string): void {
  for (const [outputName, inputName] of donations) {
    const output = graph.outputs.get(outputName);
    const input = graph.inputs.get(inputName);
    if (output !== undefined && input !== undefined && sameType(output, input)) continue;
    const [outputType, inputType] = [output, input].map((tensor) => (tensor ? formatType(tensor) : 'absent'));
    throw new BackendError(
      `${label}: output "${outputName}" (${outputType}) cannot take the memory of input "${inputName}" (${inputType})`,
    );
  }
}

/** Array types that are uploaded for each element type; see `HostArray`. */
const HOST_ARRAYS: Readonly<Record<DType, readonly string[]>> = {
  f32: ['Float32Array', 'Float64Array'],
  bf16: ['Uint16Array'],
  f16: ['Uint16Array'],
  i32: ['Int32Array'],
  bool: ['Uint8Array'],
};

/** @throws BackendError when the elements do not fit the type */
export function checkHostTensor({ dtype, shape, data }: HostTensor): void {
  const arrays = HOST_ARRAYS[dtype];
  const kind = data.constructor.name;
  if (!arrays.includes(kind)) throw new BackendError(`${dtype} is uploaded from ${arrays.join(' or ')}, not ${kind}`);
  if (data.length === sizeOf(shape)) return;
  throw new BackendError(`${data.length} elements are not ${formatType({ dtype, shape })}`);
}

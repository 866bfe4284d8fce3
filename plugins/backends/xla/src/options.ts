import { Root } from 'protobufjs';

/**
 * The part of XLA's compile_options.proto that is written here; field numbers as in that file. 64-bit fields are
 * declared as such, so that −1 becomes the ten bytes that C++ reads.
 */
const root = Root.fromJSON({
  nested: {
    CompileOptionsProto: {
      fields: {
        executableBuildOptions: { id: 3, type: 'ExecutableBuildOptionsProto' },
        envOptionOverrides: { id: 7, type: 'OverrideEntry', rule: 'repeated' },
      },
    },
    /** An entry of a map, as the wire has it. */
    OverrideEntry: { fields: { key: { id: 1, type: 'string' }, value: { id: 2, type: 'OptionOverrideProto' } } },
    ExecutableBuildOptionsProto: {
      fields: {
        deviceOrdinal: { id: 1, type: 'int64' },
        numReplicas: { id: 4, type: 'int64' },
        numPartitions: { id: 5, type: 'int64' },
        useSpmdPartitioning: { id: 6, type: 'bool' },
        deviceAssignment: { id: 9, type: 'DeviceAssignmentProto' },
        useShardyPartitioner: { id: 19, type: 'bool' },
      },
    },
    DeviceAssignmentProto: {
      fields: {
        replicaCount: { id: 1, type: 'int32' },
        computationCount: { id: 2, type: 'int32' },
        computationDevices: { id: 3, type: 'ComputationDevice', rule: 'repeated' },
      },
      nested: { ComputationDevice: { fields: { replicaDeviceIds: { id: 1, type: 'int64', rule: 'repeated' } } } },
    },
    OptionOverrideProto: {
      oneofs: { value: { oneof: ['stringField', 'boolField', 'intField', 'doubleField'] } },
      fields: {
        stringField: { id: 1, type: 'string' },
        boolField: { id: 2, type: 'bool' },
        intField: { id: 3, type: 'int64' },
        doubleField: { id: 4, type: 'double' },
      },
    },
  },
});
const CompileOptionsProto = root.lookupType('CompileOptionsProto');

/** XLA's own flags (`xla_…`), as `XLA_FLAGS` would set them. */
export type XlaFlags = Readonly<Record<string, string | number | boolean>>;

const override = (value: string | number | boolean): object => {
  if (typeof value === 'string') return { stringField: value };
  if (typeof value === 'boolean') return { boolField: value };
  return Number.isInteger(value) ? { intField: value } : { doubleField: value };
};

/** Compile options for one program that runs on `devices` devices together. */
export function compileOptions(devices: number, flags: XlaFlags): Uint8Array {
  const single = { deviceOrdinal: 0, numReplicas: 1, numPartitions: 1 };
  const partitioned = {
    deviceOrdinal: -1,
    numReplicas: 1,
    numPartitions: devices,
    useSpmdPartitioning: true,
    useShardyPartitioner: true,
    deviceAssignment: {
      replicaCount: 1,
      computationCount: devices,
      computationDevices: Array.from({ length: devices }, (_, id) => ({ replicaDeviceIds: [id] })),
    },
  };
  return CompileOptionsProto.encode(
    CompileOptionsProto.fromObject({
      executableBuildOptions: devices === 1 ? single : partitioned,
      envOptionOverrides: Object.entries(flags).map(([key, value]) => ({ key, value: override(value) })),
    }),
  ).finish();
}

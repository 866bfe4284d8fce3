/**
 * The argument structs of the PJRT C interface (`pjrt_c_api.h`, major version 0) that are used here: fields in order,
 * after the two that every struct starts with (`struct_size`, `extension_start`). A number beside a type is the minor
 * version that added the field.
 *
 * Structs only ever grow at their end (the header's own rule for minor versions), so one table serves every version.
 * A test compares it with the header that the CPU plugin ships.
 */
export type FieldType = 'pointer' | 'size' | 'i64' | 'i32' | 'bool';
export type Field = FieldType | readonly [type: FieldType, since: number];

export const STRUCTS = {
  Error_Destroy: { error: 'pointer' },
  Error_Message: { error: 'pointer', message: 'pointer', message_size: 'size' },
  Error_GetCode: { error: 'pointer', code: 'i32' },
  Plugin_Initialize: {},
  Plugin_Attributes: { attributes: 'pointer', num_attributes: 'size' },
  Event_Destroy: { event: 'pointer' },
  Event_IsReady: { event: 'pointer', is_ready: 'bool' },
  Event_Await: { event: 'pointer' },
  Client_Create: {
    create_options: 'pointer',
    num_options: 'size',
    kv_get_callback: 'pointer',
    kv_get_user_arg: 'pointer',
    kv_put_callback: 'pointer',
    kv_put_user_arg: 'pointer',
    client: 'pointer',
    kv_try_get_callback: ['pointer', 61],
    kv_try_get_user_arg: ['pointer', 61],
  },
  Client_Destroy: { client: 'pointer' },
  Client_PlatformName: { client: 'pointer', platform_name: 'pointer', platform_name_size: 'size' },
  Client_PlatformVersion: { client: 'pointer', platform_version: 'pointer', platform_version_size: 'size' },
  Client_AddressableDevices: { client: 'pointer', addressable_devices: 'pointer', num_addressable_devices: 'size' },
  Client_Compile: {
    client: 'pointer',
    program: 'pointer',
    compile_options: 'pointer',
    compile_options_size: 'size',
    executable: 'pointer',
  },
  Client_BufferFromHostBuffer: {
    client: 'pointer',
    data: 'pointer',
    type: 'i32',
    dims: 'pointer',
    num_dims: 'size',
    byte_strides: 'pointer',
    num_byte_strides: 'size',
    host_buffer_semantics: 'i32',
    device: 'pointer',
    memory: 'pointer',
    device_layout: 'pointer',
    done_with_host_buffer: 'pointer',
    buffer: 'pointer',
  },
  DeviceDescription_Kind: { device_description: 'pointer', device_kind: 'pointer', device_kind_size: 'size' },
  Device_GetDescription: { device: 'pointer', device_description: 'pointer' },
  Executable_Destroy: { executable: 'pointer' },
  Executable_Serialize: {
    executable: 'pointer',
    serialized_bytes: 'pointer',
    serialized_bytes_size: 'size',
    serialized_executable: 'pointer',
    serialized_executable_deleter: 'pointer',
  },
  Executable_DeserializeAndLoad: {
    client: 'pointer',
    serialized_executable: 'pointer',
    serialized_executable_size: 'size',
    loaded_executable: 'pointer',
    overridden_serialized_compile_options: ['pointer', 71],
    overridden_serialized_compile_options_size: ['size', 71],
  },
  Executable_GetCompiledMemoryStats: {
    executable: 'pointer',
    generated_code_size_in_bytes: 'i64',
    argument_size_in_bytes: 'i64',
    output_size_in_bytes: 'i64',
    alias_size_in_bytes: 'i64',
    temp_size_in_bytes: 'i64',
    host_generated_code_size_in_bytes: 'i64',
    host_argument_size_in_bytes: 'i64',
    host_output_size_in_bytes: 'i64',
    host_alias_size_in_bytes: 'i64',
    host_temp_size_in_bytes: 'i64',
    peak_memory_in_bytes: ['i64', 72],
  },
  LoadedExecutable_Destroy: { executable: 'pointer' },
  LoadedExecutable_GetExecutable: { loaded_executable: 'pointer', executable: 'pointer' },
  LoadedExecutable_Execute: {
    executable: 'pointer',
    options: 'pointer',
    argument_lists: 'pointer',
    num_devices: 'size',
    num_args: 'size',
    output_lists: 'pointer',
    device_complete_events: 'pointer',
    execute_device: 'pointer',
  },
  Buffer_Destroy: { buffer: 'pointer' },
  Buffer_OnDeviceSizeInBytes: { buffer: 'pointer', on_device_size_in_bytes: 'size' },
  Buffer_ToHostBuffer: {
    src: 'pointer',
    host_layout: 'pointer',
    dst: 'pointer',
    dst_size: 'size',
    event: 'pointer',
  },
  /** Not the arguments of a function, but given to one. */
  Program: { code: 'pointer', code_size: 'size', format: 'pointer', format_size: 'size' },
  ExecuteOptions: {
    send_callbacks: 'pointer',
    recv_callbacks: 'pointer',
    num_send_ops: 'size',
    num_recv_ops: 'size',
    launch_id: 'i32',
    non_donatable_input_indices: 'pointer',
    num_non_donatable_input_indices: 'size',
    context: ['pointer', 64],
    call_location: ['pointer', 76],
    num_tasks: ['size', 78],
    task_ids: ['pointer', 78],
    incarnation_ids: ['pointer', 78],
    multi_slice_config: ['pointer', 97],
  },
  /** The value is a union of pointers and numbers of 8 bytes. */
  NamedValue: { name: 'pointer', name_size: 'size', type: 'i32', value: 'i64', value_size: 'size' },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Field>>>>;

export type StructName = keyof typeof STRUCTS;
export type FieldOf<Name extends StructName> = keyof (typeof STRUCTS)[Name] & string;
/** Structs that are the arguments of the function of the same name. */
export type FunctionName = Exclude<StructName, 'Program' | 'ExecuteOptions' | 'NamedValue'>;

const SIZE: Readonly<Record<FieldType, number>> = { pointer: 8, size: 8, i64: 8, i32: 4, bool: 1 };
/** `struct_size` and `extension_start`. */
const HEADER_BYTES = 16;

export interface PlacedField {
  readonly offset: number;
  readonly type: FieldType;
}

export interface Layout {
  readonly fields: ReadonlyMap<string, PlacedField>;
  /** Up to the end of the last field, without padding: what the header calls STRUCT_SIZE. */
  readonly size: number;
}

const typeOf = (field: Field): FieldType => (typeof field === 'string' ? field : field[0]);
const sinceOf = (field: Field): number => (typeof field === 'string' ? 0 : field[1]);

/** Where each field lies by the rules of C (natural alignment), of those that a plugin of this minor version knows. */
export function layoutOf(name: StructName, minor: number): Layout {
  const fields = new Map<string, PlacedField>();
  let size = HEADER_BYTES;
  for (const [field, declared] of Object.entries<Field>(STRUCTS[name])) {
    if (sinceOf(declared) > minor) break; // and so are all that follow
    const type = typeOf(declared);
    const offset = Math.ceil(size / SIZE[type]) * SIZE[type];
    fields.set(field, { offset, type });
    size = offset + SIZE[type];
  }
  return { fields, size };
}

import type { FunctionName } from './structs.ts';

/** Bytes of the table before its first function: size, extensions, and the version struct of 24 bytes. */
export const FUNCTIONS_OFFSET = 40;

/**
 * Place of each function in the table of pointers (`PJRT_Api` in `pjrt_c_api.h`). Since minor version 57, which
 * rearranged the table, functions have only been appended.
 */
export const FUNCTION_INDEX: Readonly<Record<FunctionName, number>> = {
  Error_Destroy: 0,
  Error_Message: 1,
  Error_GetCode: 2,
  Plugin_Initialize: 3,
  Plugin_Attributes: 4,
  Event_Destroy: 5,
  Event_IsReady: 6,
  Event_Await: 8,
  Client_Create: 10,
  Client_Destroy: 11,
  Client_PlatformName: 12,
  Client_PlatformVersion: 14,
  Client_AddressableDevices: 16,
  Client_Compile: 20,
  Client_BufferFromHostBuffer: 22,
  DeviceDescription_Kind: 26,
  Device_GetDescription: 29,
  Executable_Destroy: 40,
  Executable_Serialize: 49,
  LoadedExecutable_Destroy: 50,
  LoadedExecutable_GetExecutable: 51,
  LoadedExecutable_Execute: 55,
  Executable_DeserializeAndLoad: 56,
  Buffer_Destroy: 58,
  Buffer_OnDeviceSizeInBytes: 64,
  Buffer_ToHostBuffer: 70,
  Executable_GetCompiledMemoryStats: 96,
};

export const MAJOR = 0;
/** The table has had its present order since then. */
export const OLDEST_MINOR = 57;
/** The newest version whose structs are known field by field. */
export const NEWEST_KNOWN_MINOR = 105;

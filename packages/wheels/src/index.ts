export { cacheFolder } from './folders.ts';
export { installWheel, type WheelInstall } from './install.ts';
export { defaultInterpreter, interpreterOf, packageFolders, type Environment } from './python.ts';

import { registerHooks } from 'node:module';

/** What a plugin is written with. */
const OWN = /^(@tether\/[^/]+|zod)(\/|$)/;

let isOffered = false;

/**
 * Lets a plugin's folder lie anywhere: the packages that it is written with come from Tether where the folder's own
 * node_modules have none. Once for the whole process; what is found in the ordinary way stays as it is.
 */
export function offerOwnPackages(): void {
  if (isOffered) return;
  isOffered = true;
  registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context);
      } catch (error) {
        if (!OWN.test(specifier) || (error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
        return next(specifier, { ...context, parentURL: import.meta.url });
      }
    },
  });
}

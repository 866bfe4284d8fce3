/** What the container knows plugins by; each is bound under its name. */
export const PLUGIN = Symbol.for('tether.plugin');

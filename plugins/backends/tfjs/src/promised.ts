/** The contract is asynchronous, the engines are not: a throw becomes a rejection. */
export const promised = <T>(compute: () => T): Promise<T> => new Promise((resolve) => resolve(compute()));

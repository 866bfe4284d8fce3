interface Disposable {
  dispose(): Promise<void>;
}

/**
 * Does some work, then disposes of what it used, in order, each of them whatever the others do. The work's own error
 * comes first: one of the disposal is thrown only where the work succeeded.
 */
export async function disposeAfter<Result>(
  work: () => Result | Promise<Result>,
  ...used: readonly Disposable[]
): Promise<Result> {
  const [outcome] = await Promise.allSettled([Promise.try(work)]);
  const failures: unknown[] = [];
  for (const disposable of used) {
    await Promise.try(() => disposable.dispose()).catch((error: unknown) => failures.push(error));
  }
  if (outcome.status === 'rejected') throw outcome.reason;
  if (failures.length > 0) throw failures[0];
  return outcome.value;
}

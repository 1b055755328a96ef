/**
 * A signal that aborts at the first Ctrl-C (or SIGTERM), so that a `TrainingLoop` ends in order and its checkpoint is
 * written. The second one has the usual effect: the process dies. `release` puts everything back.
 */
export function interruptSignal(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM'] as const;
  const release = () => {
    for (const name of names) process.off(name, onSignal);
  };
  const onSignal = () => {
    release();
    controller.abort();
  };
  for (const name of names) process.on(name, onSignal);
  return { signal: controller.signal, release };
}

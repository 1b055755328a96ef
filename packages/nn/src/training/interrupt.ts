/**
 * A signal that aborts at the first Ctrl-C (or SIGTERM), so that a `TrainingLoop` ends cleanly and writes its
 * checkpoint. The second one has its usual effect: the process dies. `release` restores the default handling.
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

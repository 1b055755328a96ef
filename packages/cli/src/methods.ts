import type { Methods } from '@unseen/experiment';

/** Every method that `method:` in an experiment file may name. */
export async function installedMethods(): Promise<Methods> {
  const { cagnet, cagnetPatch, pretrain, spnet, zs3net, zs3netOriginal } = await import('@unseen/zero-shot');
  const methods = [pretrain, spnet, zs3net, zs3netOriginal, cagnet, cagnetPatch];
  return Object.fromEntries(methods.map((method) => [method.name, method]));
}

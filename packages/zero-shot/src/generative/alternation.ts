/**
 * Whether an iteration of the fine-tuning works on real features: `real` iterations on them, then `synthetic` iterations
 * on synthetic ones, over and over (spec §7.6).
 */
export function isRealTurn(iteration: number, turns: { readonly real: number; readonly synthetic: number }): boolean {
  return iteration % (turns.real + turns.synthetic) < turns.real;
}

/** Softmax over each pixel's scores [pixels · labels]; `out` may be `scores` itself. */
export function softmax(scores: Float32Array, out: Float32Array, labels: number): void {
  for (let start = 0; start < scores.length; start += labels) {
    const end = start + labels;
    let highest = Number.NEGATIVE_INFINITY;
    for (let i = start; i < end; i++) if (scores[i] > highest) highest = scores[i];
    let sum = 0;
    for (let i = start; i < end; i++) {
      const power = Math.exp(scores[i] - highest);
      out[i] = power;
      sum += power;
    }
    for (let i = start; i < end; i++) out[i] /= sum;
  }
}

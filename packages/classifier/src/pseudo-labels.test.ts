import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type PseudoLabelRule, pseudoLabels } from './pseudo-labels.ts';

const rules: fc.Arbitrary<PseudoLabelRule> = fc.oneof(
  fc.record({ mode: fc.constant('rank' as const), topRanks: fc.integer({ min: 1, max: 8 }) }),
  fc.record({
    mode: fc.constant('confidence' as const),
    share: fc.integer({ min: 1, max: 100 }).map((percent) => percent / 100),
    per: fc.constantFrom('image' as const, 'class' as const),
  }),
);

/** Images with scores of seen and unseen classes and sometimes a dead channel, some pixels labelled, some padding. */
const cases = fc
  .record({
    images: fc.integer({ min: 1, max: 3 }),
    imagePixels: fc.integer({ min: 1, max: 12 }),
    seen: fc.integer({ min: 1, max: 3 }),
    unseen: fc.integer({ min: 1, max: 3 }),
    dead: fc.integer({ min: 0, max: 1 }),
    rule: rules,
  })
  .chain(({ images, imagePixels, seen, unseen, dead, rule }) => {
    const pixels = images * imagePixels;
    const logits = seen + unseen + dead;
    const list = <T>(values: fc.Arbitrary<T>, length: number) =>
      fc.array(values, { minLength: length, maxLength: length });
    return fc.record({
      rule: fc.constant(rule),
      options: list(fc.constantFrom(0, 1, 1, 1), pixels).map((candidates) => ({
        logits,
        seen,
        unseen,
        imagePixels,
        candidates,
      })),
      scores: list(fc.integer({ min: -9, max: 9 }), pixels * logits).map((s) => Float32Array.from(s)),
      labels: list(fc.constantFrom(255, 255, 0, seen - 1), pixels),
    });
  });

test('labels stay, what is added is an unseen class of an unlabelled pixel that is no padding', () => {
  fc.assert(
    fc.property(cases, ({ rule, options, scores, labels }) => {
      const { seen, unseen, candidates } = options;
      const found = pseudoLabels(rule, scores, labels, options);
      expect(found).toHaveLength(labels.length);
      found.forEach((label, i) => {
        if (labels[i] !== 255 || candidates[i] === 0) expect(label).toBe(labels[i]);
        else expect(label === 255 || (label >= seen && label < seen + unseen)).toBe(true);
      });
    }),
  );
});

test('a labelled pixel is scored best among the unseen classes', () => {
  fc.assert(
    fc.property(cases, ({ rule, options, scores, labels }) => {
      const { logits, seen, unseen } = options;
      const found = pseudoLabels(rule, scores, labels, options);
      found.forEach((label, i) => {
        if (label === labels[i]) return;
        const pixel = scores.subarray(i * logits, (i + 1) * logits);
        expect(pixel[label]).toBe(Math.max(...pixel.subarray(seen, seen + unseen)));
      });
    }),
  );
});

test('a wider rule keeps what a narrower one has labelled', () => {
  fc.assert(
    fc.property(cases, ({ rule, options, scores, labels }) => {
      const wider: PseudoLabelRule =
        rule.mode === 'rank' ? { ...rule, topRanks: rule.topRanks + 1 } : { ...rule, share: (1 + rule.share) / 2 };
      const narrow = pseudoLabels(rule, scores, labels, options);
      const wide = pseudoLabels(wider, scores, labels, options);
      narrow.forEach((label, i) => {
        if (label !== labels[i]) expect(wide[i]).toBe(label);
      });
    }),
  );
});

test('by image: no image has more than its share, and what is left out is no surer than what is labelled', () => {
  fc.assert(
    fc.property(cases, ({ rule, options, scores, labels }) => {
      if (rule.mode === 'rank' || rule.per === 'class') return;
      const { logits, imagePixels } = options;
      const all = pseudoLabels({ ...rule, share: 1 }, scores, labels, options);
      const some = pseudoLabels(rule, scores, labels, options);
      const confidence = (i: number) => {
        const pixel = scores.subarray(i * logits, (i + 1) * logits);
        return 1 / pixel.reduce((sum, score) => sum + Math.exp(score - pixel[all[i]]), 0);
      };
      for (let start = 0; start < labels.length; start += imagePixels) {
        const found = Array.from({ length: imagePixels }, (_, i) => start + i).filter((i) => all[i] !== labels[i]);
        const kept = found.filter((i) => some[i] !== labels[i]);
        expect(kept).toHaveLength(found.length === 0 ? 0 : Math.ceil(rule.share * found.length - 1e-9));
        const left = found.filter((i) => some[i] === labels[i]);
        for (const i of kept) for (const j of left) expect(confidence(i)).toBeGreaterThanOrEqual(confidence(j));
      }
    }),
  );
});

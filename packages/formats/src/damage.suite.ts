import fc from 'fast-check';

/** A file with up to four bytes changed and, now and then, its end cut off. */
export function damagedVersions(good: Buffer): fc.Arbitrary<Buffer> {
  const place = fc.nat(good.length - 1);
  const change = fc.record({ at: place, byte: fc.oneof(fc.nat(255), fc.constantFrom(0, 255)) });
  const changes = fc.array(change, { minLength: 1, maxLength: 4 });
  return fc.tuple(changes, fc.option(place, { freq: 4 })).map(([bytes, end]) => {
    const damaged = Buffer.from(good);
    for (const { at, byte } of bytes) damaged[at] = byte;
    return damaged.subarray(0, end ?? damaged.length);
  });
}

import { deflateSync } from 'node:zlib';
import { MI } from './elements.ts';

/** How a file is written. */
export interface MatWriting {
  readonly little?: boolean;
  readonly compress?: boolean;
}

const CODES = { uint8: 9, uint16: 11, double: 6 };
const SIZES = { uint8: 1, uint16: 2, double: 8 };

/** A file of version 5 with arrays of rows (last index fastest) as given, by the paths `NAME` or `STRUCT.FIELD`. */
export function matBytes(
  arrays: Readonly<Record<string, MatrixInput>>,
  { little = true, compress = false }: MatWriting = {},
): Buffer {
  const writer = new Writer(little);
  const header = Buffer.alloc(128, ' ');
  header.write('MATLAB 5.0 MAT-file');
  header.set(writer.number(0x0100, 2), 124);
  header.write(little ? 'IM' : 'MI', 126, 'latin1');
  const parts = Object.entries(arrays).map(([path, matrix]) => {
    const [name, field] = path.split('.');
    const element = field === undefined ? writer.matrix(name, matrix) : writer.struct(name, field, matrix);
    if (!compress) return element;
    const packed = deflateSync(element);
    return Buffer.concat([writer.number(MI.compressed, 4), writer.number(packed.length, 4), packed]);
  });
  return Buffer.concat([header, ...parts]);
}

/** Rows of whole numbers. */
export interface MatrixInput {
  readonly class: keyof typeof CODES;
  readonly height: number;
  readonly width: number;
  readonly data: ArrayLike<number>;
}

class Writer {
  private readonly little: boolean;

  constructor(little: boolean) {
    this.little = little;
  }

  number(value: number, size: number): Buffer {
    const bytes = Buffer.alloc(size);
    if (size === 8) bytes.writeDoubleBE(value);
    else bytes.writeUIntBE(value, 0, size);
    return this.little ? bytes.reverse() : bytes;
  }

  element(type: number, body: Uint8Array): Buffer {
    if (body.length <= 4 && body.length > 0 && type !== MI.matrix) {
      const small = Buffer.concat([this.number(body.length * 0x10000 + type, 4), body, Buffer.alloc(4 - body.length)]);
      return small;
    }
    const filling = Buffer.alloc((8 - (body.length % 8)) % 8);
    return Buffer.concat([this.number(type, 4), this.number(body.length, 4), body, filling]);
  }

  private head(code: number, shape: readonly number[], name: string): Buffer[] {
    return [
      this.element(MI.uint32, Buffer.concat([this.number(code, 4), this.number(0, 4)])),
      this.element(MI.int32, Buffer.concat(shape.map((side) => this.number(side, 4)))),
      this.element(MI.int8, Buffer.from(name)),
    ];
  }

  matrix(name: string, { class: kind, height, width, data }: MatrixInput): Buffer {
    const numbers: Buffer[] = [];
    for (let x = 0; x < width; x++) {
      for (let y = 0; y < height; y++) numbers.push(this.number(data[y * width + x], SIZES[kind]));
    }
    const head = this.head(CODES[kind], [height, width], name);
    return this.element(MI.matrix, Buffer.concat([...head, this.element(MI[kind], Buffer.concat(numbers))]));
  }

  struct(name: string, field: string, matrix: MatrixInput): Buffer {
    const fields = Buffer.alloc(32);
    fields.write(field);
    const parts = [this.element(MI.int32, this.number(32, 4)), this.element(MI.int8, fields), this.matrix('', matrix)];
    return this.element(MI.matrix, Buffer.concat([...this.head(2, [1, 1], name), ...parts]));
  }
}

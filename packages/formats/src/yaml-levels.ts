import { CST, Lexer } from 'yaml';

/** Whether YAML text has values nested more than `most` deep, found without the parser, which calls itself for each level. */
export function isNestedDeeper(text: string, most: number): boolean {
  return mayBeNestedDeeper(text, most) && levelsOf(text) > most;
}

/** A quick answer that is never wrongly "no": it does not know what stands within quotes. */
function mayBeNestedDeeper(text: string, most: number): boolean {
  let brackets = 0;
  let indent = 0;
  let isStart = true;
  for (const character of text) {
    if (character === '\n') [indent, isStart] = [0, true];
    else if (isStart && ' -?:'.includes(character)) indent++;
    else isStart = false;
    if (character === '[' || character === '{') brackets++;
    else if (character === ']' || character === '}') brackets--;
    if (brackets + indent > most) return true;
  }
  return false;
}

/** The most lists and groups within each other. */
function levelsOf(text: string): number {
  /** Columns at which the surrounding lists and groups in block style begin. */
  const blocks: number[] = [];
  let flow = 0;
  let column = 0;
  let most = 0;
  let isStart = true;
  for (const source of new Lexer().lex(text)) {
    const type = CST.tokenType(source);
    if (type === 'newline') {
      [column, isStart] = [0, true];
      continue;
    }
    const isIndicator = type === 'seq-item-ind' || type === 'explicit-key-ind' || type === 'map-value-ind';
    const begins = isStart && type !== 'space' && type !== 'scalar' && type !== 'doc-mode';
    if (begins && flow === 0) {
      while (blocks.length > 0 && blocks[blocks.length - 1] >= column) blocks.pop();
      blocks.push(column);
      isStart = isIndicator;
    }
    if (type === 'flow-seq-start' || type === 'flow-map-start') flow++;
    if (type === 'flow-seq-end' || type === 'flow-map-end') flow--;
    most = Math.max(most, blocks.length + flow);
    if (type !== 'scalar' && type !== 'doc-mode') column += source.length;
  }
  return most;
}

// What a terminal takes as a command, and what turns the direction of the text around it.
const CONTROLS = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Text as it can be shown: control characters are written as escapes, such as `\\x1b` and `\\u202e`, so that a name from a
 * file moves nothing on a terminal. Ends of lines and tabs stay, unless `lines` is false.
 */
export function printable(text: string, { lines = true }: { readonly lines?: boolean } = {}): string {
  return text.replaceAll(CONTROLS, (character) => {
    if (lines && (character === '\n' || character === '\t')) return character;
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });
}

/** A text for a message: of a long one the beginning. */
export function excerpt(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** Names for a message: of many the first ones and how many there are. */
export function listNames(names: readonly (string | number)[], most = 20): string {
  return names.length > most ? `${names.slice(0, most).join(', ')}, … (${names.length} in all)` : names.join(', ');
}

/**
 * Texts of a model's or a program's, made fit to decide upon. Letters that steer a terminal, hide, or turn the direction
 * of writing would let a command look like another one: they are written as numbers.
 */

const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** The text with nothing hidden in it. Line ends and tabs stay. */
export function plainly(text: string): string {
  return text
    .replace(/\r\n/g, "\n")
    .replace(HIDDEN, (letter) => (letter === "\n" || letter === "\t" ? letter : numbered(letter)));
}

/** The text in one line. */
export function inLine(text: string): string {
  return plainly(text).replace(/[\n\t]/g, (letter) => (letter === "\n" ? "\\n" : "\\t"));
}

function numbered(letter: string): string {
  return `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`;
}

/** The lines in which two texts differ, few enough to be shown in a narrow panel. */

export interface Line {
  readonly sign: " " | "-" | "+";
  readonly text: string;
}

export interface Difference {
  readonly lines: readonly Line[];
  readonly removed: number;
  readonly added: number;
  /** Lines that are not shown. */
  readonly cut: number;
}

const AROUND = 2;
const MOST = 80;

/** From the first line that differs to the last one, with a little around them. */
export function difference(before: string, after: string): Difference {
  const [old, now] = [lines(before), lines(after)];
  const [from, behind] = common(old, now);
  const gone = old.slice(from, old.length - behind);
  const come = now.slice(from, now.length - behind);
  const all = [
    ...signed(" ", old.slice(Math.max(0, from - AROUND), from)),
    ...signed("-", gone),
    ...signed("+", come),
    ...signed(" ", old.slice(old.length - behind, old.length - behind + AROUND)),
  ];
  return { lines: all.slice(0, MOST), removed: gone.length, added: come.length, cut: Math.max(0, all.length - MOST) };
}

function common(old: readonly string[], now: readonly string[]): [number, number] {
  const most = Math.min(old.length, now.length);
  let from = 0;
  while (from < most && old[from] === now[from]) from++;
  let behind = 0;
  while (behind < most - from && old.at(-1 - behind) === now.at(-1 - behind)) behind++;
  return [from, behind];
}

function lines(text: string): string[] {
  const all = text.split(/\r?\n/);
  if (all.at(-1) === "") all.pop();
  return all;
}

function signed(sign: Line["sign"], texts: readonly string[]): Line[] {
  return texts.map((text) => ({ sign, text }));
}

/** Programs that are started, and what they say while they run. */

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A program ended badly. Its message is what it said last. */
export class Failed extends Error {
  constructor(
    readonly command: string,
    lines: readonly string[],
  ) {
    super(lines.at(-1) ?? `${command} said nothing`);
  }
}

const KEPT = 40;
const GROUPS = process.platform !== "win32";

/**
 * Run a program to its end. Each line that it says is told at once. Throws Failed. An abort ends it and all that it has
 * started, and is only then an error.
 */
export async function run(
  command: string,
  words: readonly string[],
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const child = spawn(command, words, { stdio: ["ignore", "pipe", "pipe"], detached: GROUPS });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      said.push(line);
      if (said.length > KEPT) said.shift();
      tell(line);
    });
  }
  child.on("error", (error) => said.push(error.message));
  const stop = () => kill(child);
  signal.addEventListener("abort", stop);
  const code = await new Promise((resolve) => child.once("close", resolve));
  signal.removeEventListener("abort", stop);
  signal.throwIfAborted();
  if (code !== 0) throw new Failed(command, said);
}

function kill(child: ChildProcess): void {
  if (GROUPS && child.pid) process.kill(-child.pid, "SIGTERM");
  else child.kill();
}

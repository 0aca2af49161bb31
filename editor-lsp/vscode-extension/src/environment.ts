/** A Python environment of the extension's own, for those who have not installed the program. */

import { mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { Failed, run } from "./processes";
import { programIn, programsOf } from "./program";

const PYTHONS: readonly (readonly [string, ...string[]])[] =
  process.platform === "win32" ? [["py", "-3"], ["python"]] : [["python3"], ["python"]];

/** It could not be made. The message says what to do next. */
export class NoEnvironment extends Error {}

/** What is told while it is made: what is being done, and each line that a program says. */
export interface Told {
  step(text: string): void;
  line(text: string): void;
}

/** Make it anew and return the program in it. A failed or aborted attempt leaves nothing. Throws NoEnvironment. */
export async function makeEnvironment(
  folder: string,
  requirement: string,
  told: Told,
  signal: AbortSignal,
): Promise<string> {
  try {
    return await make(folder, requirement, told, signal);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw signal.aborted ? new NoEnvironment("It was cancelled.") : error;
  }
}

async function make(folder: string, requirement: string, told: Told, signal: AbortSignal): Promise<string> {
  const line = (text: string) => told.line(text);
  const attempt = async (command: string, words: readonly string[], advice: string) => {
    try {
      await run(command, words, line, signal);
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      throw new NoEnvironment(`${advice} It said: ${error.message}`);
    }
  };
  told.step("looking for Python");
  const [python, ...words] = await newEnough(line, signal);
  await rm(folder, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  told.step("making the environment");
  await attempt(
    python,
    [...words, "-m", "venv", folder],
    "Python could not make an environment; on Debian and Ubuntu that takes the package python3-venv.",
  );
  told.step("installing, which takes minutes where llama.cpp must be compiled");
  await attempt(
    programsOf(folder) + (process.platform === "win32" ? "\\python.exe" : "/python"),
    ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", requirement],
    `pip could not install ${requirement}; see the output, or install it by hand and name it in demiurgic.path.`,
  );
  told.step("trying it");
  await attempt(programIn(folder), ["--version"], "The program was installed and does not start.");
  return programIn(folder);
}

async function newEnough(tell: (line: string) => void, signal: AbortSignal): Promise<readonly [string, ...string[]]> {
  for (const [command, ...words] of PYTHONS) {
    try {
      await run(command, [...words, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], tell, signal);
      return [command, ...words];
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
    }
  }
  throw new NoEnvironment("Python 3.11 or newer was not found; install it, or name the program in demiurgic.path.");
}

/** Where the `demiurgic` program is. Touches nothing itself: what exists is asked of the caller. */

import { delimiter, dirname, isAbsolute, join } from "node:path";

/** The places that are known. */
export interface Places {
  /** What the setting says; empty where it says nothing. */
  readonly configured: string;
  /** The folders of the workspace, if the user trusts them: programs in them are run. */
  readonly folders: readonly string[];
  /** The Python interpreter that is selected. */
  readonly python: string | undefined;
  /** The variable PATH. */
  readonly path: string;
  readonly home: string;
  /** The environment that the extension makes where there is none. */
  readonly own: string;
}

/** There is no program where one should be. `configured`: the setting is wrong, and another one would not be wanted. */
export class NoProgram extends Error {
  constructor(
    message: string,
    readonly configured: boolean,
  ) {
    super(message);
  }
}

const WINDOWS = process.platform === "win32";
const NAME = WINDOWS ? "demiurgic.exe" : "demiurgic";

/** The folder of a Python environment that holds its programs. */
export function programsOf(environment: string): string {
  return join(environment, WINDOWS ? "Scripts" : "bin");
}

/** The program in a Python environment. */
export function programIn(environment: string): string {
  return join(programsOf(environment), NAME);
}

/** Where to look if the setting says nothing, best first. */
export function candidates(places: Places): string[] {
  return [
    ...places.folders.flatMap((folder) => [".venv", "venv", "env"].map((name) => programIn(join(folder, name)))),
    ...(places.python ? [join(dirname(places.python), NAME)] : []),
    // A relative entry would be looked up in whatever folder is open.
    ...places.path
      .split(delimiter)
      .filter(isAbsolute)
      .map((folder) => join(folder, NAME)),
    programIn(places.own),
  ];
}

/** The program. Throws NoProgram. */
export function findProgram(places: Places, exists: (file: string) => boolean): string {
  if (places.configured) {
    const file = absolute(places.configured, places);
    if (file && exists(file)) return file;
    throw new NoProgram(`demiurgic.path names ${places.configured}, which is not there`, true);
  }
  const found = candidates(places).find(exists);
  if (found) return found;
  throw new NoProgram("The demiurgic program was found neither in a Python environment nor on PATH", false);
}

function absolute(configured: string, places: Places): string | undefined {
  if (configured.startsWith("~/")) return join(places.home, configured.slice(2));
  if (isAbsolute(configured)) return configured;
  return places.folders[0] && join(places.folders[0], configured);
}

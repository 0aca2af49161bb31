/** What the status bar says about the server. */

/** What the server tells of itself. */
export interface Status {
  readonly model: string;
  readonly state: "none" | "opening" | "ready" | "busy" | "failed";
  readonly problem: string;
  readonly tokensPerSecond: number;
  readonly queue: number;
  readonly remote: boolean;
  readonly shown: number;
  readonly accepted: number;
}

/** The server as the editor sees it: it does not run, or it has told of itself. */
export type Server =
  | { readonly kind: "starting" }
  | { readonly kind: "stopped"; readonly problem: string }
  | { readonly kind: "running"; readonly status: Status };

/** What is shown. */
export interface Face {
  readonly text: string;
  readonly details: readonly string[];
  readonly alarming: boolean;
}

/** A server that runs and has not told anything yet. */
export const SILENT: Status = {
  model: "",
  state: "none",
  problem: "",
  tokensPerSecond: 0,
  queue: 0,
  remote: false,
  shown: 0,
  accepted: 0,
};

/** Letters of a model's name that are shown. */
const LONGEST = 30;

const ICONS = { none: "circle-outline", opening: "loading~spin", ready: "check", busy: "sync~spin", failed: "warning" };
const STATES = {
  none: "no model is open yet",
  opening: "the model is being opened",
  ready: "ready",
  busy: "at work",
  failed: "failed",
};

/** The status bar's text, and the lines behind it. */
export function face(server: Server): Face {
  if (server.kind === "starting") {
    return { text: "$(loading~spin) Demiurgic", details: ["The server starts."], alarming: false };
  }
  if (server.kind === "stopped") {
    return { text: "$(warning) Demiurgic", details: [server.problem || "The server does not run."], alarming: true };
  }
  const { status } = server;
  const speed = status.tokensPerSecond > 0 ? ` ${amount(status.tokensPerSecond)} tok/s` : "";
  return {
    text: `$(${ICONS[status.state]}) ${brief(status.model) || "Demiurgic"}${speed} $(${status.remote ? "cloud" : "device-desktop"})`,
    details: details(status),
    alarming: status.state === "failed",
  };
}

function details(status: Status): string[] {
  const where = status.remote ? "on another machine: your code is sent to it" : "on this machine";
  return [
    ...(status.model ? [`Model: ${status.model}, ${where}`] : []),
    `State: ${STATES[status.state]}${status.queue > 0 ? `, ${status.queue} waiting` : ""}`,
    ...(status.problem ? [status.problem] : []),
    ...(status.tokensPerSecond > 0 ? [`Speed: ${amount(status.tokensPerSecond)} tokens a second`] : []),
    ...(status.shown > 0 ? [`Ghost text: ${status.accepted} of ${status.shown} accepted`] : []),
  ];
}

function amount(number: number): string {
  return number.toFixed(number < 10 ? 1 : 0);
}

/** A model is named by a name, a file or an address; the bar has room for a name. */
function brief(model: string): string {
  const name = model.split("#").at(-1)?.split(/[\\/]/).at(-1) ?? "";
  const stem = name.replace(/\.gguf$/, "");
  return stem.length > LONGEST ? `${stem.slice(0, LONGEST - 1)}…` : stem;
}

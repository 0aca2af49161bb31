/** The settings that the server hears of, in the shape in which it asks for them. */

/** Reads one setting below `demiurgic`. */
export type Read = <T>(key: string, otherwise: T) => T;

/** What the server is told at its start, when it asks, and whenever something changes. */
export interface ServerSettings {
  readonly model: string;
  readonly inline: {
    readonly enabled: boolean;
    readonly debounce: number;
    readonly longest: number;
    readonly ahead: boolean;
  };
  readonly hover: boolean;
  readonly context: { readonly ring: boolean };
  readonly telemetry: boolean;
}

/** Only these: where the program lies is none of its business. */
export function serverSettings(read: Read): ServerSettings {
  return {
    model: read("model", ""),
    inline: {
      enabled: read("inline.enabled", true),
      debounce: read("inline.debounce", 0),
      longest: read("inline.longest", 160),
      ahead: read("inline.ahead", true),
    },
    hover: read("hover", false),
    context: { ring: read("context.ring", true) },
    telemetry: read("telemetry", true),
  };
}

/** What the panel gets of a conversation: nothing that is not shown, in the order in which it is shown. */

import type * as acp from "@agentclientprotocol/sdk";
import { type Difference, difference } from "./difference";
import { inLine, plainly } from "./plainly";
import { type Call, type Item, type Transcript, textOf } from "./transcript";

export type Shown = Exclude<Item, Call> | ShownCall;

export interface ShownCall {
  readonly kind: "call";
  readonly title: string;
  readonly tool: acp.ToolKind;
  readonly status: acp.ToolCallStatus;
  /** The exact command, if it is one and does not stand in the parts. */
  readonly command: string;
  readonly parts: readonly Part[];
  readonly locations: readonly string[];
  /** Empty where nothing is asked. */
  readonly options: readonly { readonly id: string; readonly name: string; readonly first: boolean }[];
  /** What was decided, in the words of the option. */
  readonly decided: string;
}

export type Part =
  /** Markdown. */
  | { readonly kind: "text"; readonly text: string }
  | ({ readonly kind: "difference"; readonly path: string } & Difference);

/** What is to be drawn anew. `items` names places; whatever lies behind `count` is gone. */
export interface Patch {
  readonly type: "patch";
  readonly count: number;
  readonly items: readonly (readonly [number, Shown])[];
  readonly working: boolean;
  readonly modes: readonly acp.SessionMode[];
  readonly mode: string;
  readonly commands: readonly acp.AvailableCommand[];
  readonly used: Transcript["used"];
  readonly attached: readonly string[];
}

const LONGEST = 20_000;

/** How a file is called: by its path in the workspace, if it lies there. */
export type Name = (path: string) => string;

/** The way from one conversation to another. */
export function patch(before: Transcript, now: Transcript, attached: readonly string[], name: Name): Patch {
  const items = now.items
    .map((item, place) => [place, item] as const)
    .filter(([place, item]) => before.items[place] !== item)
    .map(([place, item]) => [place, shown(item, name)] as const);
  const { working, modes, mode, commands, used } = now;
  return { type: "patch", count: now.items.length, items, working, modes, mode, commands, used, attached };
}

/** One item. */
export function shown(item: Item, name: Name): Shown {
  if (item.kind !== "call") return item;
  const { question } = item;
  const options = question?.options ?? [];
  const parts = item.content.flatMap((content) => part(content, name));
  const command = plainly(commandOf(item));
  return {
    kind: "call",
    title: inLine(item.title),
    tool: item.tool,
    status: item.status,
    command: parts.some((each) => each.kind === "text" && each.text.includes(command)) ? "" : command,
    parts,
    locations: item.locations.map(({ path, line }) => inLine(name(path)) + (line ? `:${line}` : "")),
    options:
      question && question.answer === undefined
        ? options.map(({ optionId, name, kind }) => ({
            id: optionId,
            name: inLine(name),
            first: kind === "allow_once",
          }))
        : [],
    decided: inLine(options.find((option) => option.optionId === question?.answer)?.name ?? ""),
  };
}

function commandOf(call: Call): string {
  const { input } = call;
  if (typeof input !== "object" || input === null || !("command" in input)) return "";
  const { command } = input;
  return Array.isArray(command) ? command.join(" ") : String(command);
}

function part(content: acp.ToolCallContent, name: Name): Part[] {
  if (content.type === "diff") {
    const found = difference(plainly(content.oldText ?? ""), plainly(content.newText));
    return [{ kind: "difference", path: inLine(name(content.path)), ...found }];
  }
  if (content.type === "terminal") return [];
  const text = plainly(textOf(content.content));
  return [{ kind: "text", text: text.length > LONGEST ? `${text.slice(0, LONGEST)}\n…` : text }];
}

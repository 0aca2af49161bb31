/**
 * A conversation as a value, and how each thing that happens changes it. Items are only ever added or replaced, so an
 * item's place is its name.
 */

import type * as acp from "@agentclientprotocol/sdk";

export type Item =
  | { readonly kind: "asked"; readonly text: string; readonly attached: readonly string[] }
  | { readonly kind: "said" | "thought"; readonly text: string }
  | Call
  | { readonly kind: "plan"; readonly entries: readonly acp.PlanEntry[] }
  | { readonly kind: "notice"; readonly text: string; readonly alarming: boolean };

/** A tool's call, and the question whether it may be made. */
export interface Call {
  readonly kind: "call";
  readonly id: string;
  readonly title: string;
  readonly tool: acp.ToolKind;
  readonly status: acp.ToolCallStatus;
  readonly content: readonly acp.ToolCallContent[];
  readonly locations: readonly acp.ToolCallLocation[];
  readonly input: unknown;
  readonly question: Question | undefined;
}

export interface Question {
  readonly options: readonly acp.PermissionOption[];
  /** The option that was chosen, or that nobody is asked any more. */
  readonly answer: string | undefined;
}

export interface Transcript {
  readonly items: readonly Item[];
  readonly working: boolean;
  readonly modes: readonly acp.SessionMode[];
  readonly mode: string;
  readonly commands: readonly acp.AvailableCommand[];
  readonly used: { readonly tokens: number; readonly of: number } | undefined;
}

/** What can happen to it. */
export type Happening =
  | { readonly type: "began"; readonly modes: acp.SessionModeState | undefined }
  | { readonly type: "asked"; readonly text: string; readonly attached: readonly string[] }
  | { readonly type: "update"; readonly update: acp.SessionUpdate }
  | { readonly type: "question"; readonly request: acp.RequestPermissionRequest }
  | { readonly type: "answered"; readonly call: string; readonly answer: string }
  | { readonly type: "mode"; readonly id: string }
  | { readonly type: "ended"; readonly reason: acp.StopReason }
  | { readonly type: "failed"; readonly problem: string };

export const EMPTY: Transcript = {
  items: [],
  working: false,
  modes: [],
  mode: "",
  commands: [],
  used: undefined,
};

/** The answer to a question that is no longer asked. */
export const UNASKED = "";

/** Why a turn ended early is told by the agent itself, but for these. */
const ENDINGS: Readonly<Partial<Record<acp.StopReason, string>>> = {
  cancelled: "Stopped.",
  refusal: "The model refused.",
};

/** The conversation after something has happened. */
export function after(before: Transcript, happening: Happening): Transcript {
  switch (happening.type) {
    case "began":
      return {
        ...before,
        modes: happening.modes?.availableModes ?? [],
        mode: happening.modes?.currentModeId ?? "",
      };
    case "asked":
      return added({ ...before, working: true }, { kind: "asked", text: happening.text, attached: happening.attached });
    case "update":
      return updated(before, happening.update);
    case "question":
      return questioned(before, happening.request);
    case "answered":
      return withCall(before, happening.call, (call) => settled(call, happening.answer));
    case "mode":
      return { ...before, mode: happening.id };
    case "ended":
      return ended(before, ENDINGS[happening.reason]);
    case "failed":
      return ended(before, happening.problem, true);
  }
}

function updated(before: Transcript, update: acp.SessionUpdate): Transcript {
  switch (update.sessionUpdate) {
    case "agent_message_chunk":
      return written(before, "said", textOf(update.content));
    case "agent_thought_chunk":
      return written(before, "thought", textOf(update.content));
    case "tool_call":
      return called(before, update.toolCallId, update);
    case "tool_call_update":
      return called(before, update.toolCallId, update);
    case "plan":
      return planned(before, update.entries);
    case "available_commands_update":
      return { ...before, commands: update.availableCommands };
    case "current_mode_update":
      return { ...before, mode: update.currentModeId };
    case "usage_update":
      return { ...before, used: { tokens: update.used, of: update.size } };
    case "notice":
      return added(before, { kind: "notice", text: noticed(update), alarming: update.severity !== "info" });
    default:
      return before;
  }
}

function added(before: Transcript, item: Item): Transcript {
  return { ...before, items: [...before.items, item] };
}

function replaced(before: Transcript, place: number, item: Item): Transcript {
  return { ...before, items: before.items.with(place, item) };
}

/** Text goes on with the last item if that is of its kind. */
function written(before: Transcript, kind: "said" | "thought", text: string): Transcript {
  const last = before.items.at(-1);
  if (last?.kind !== kind) return text ? added(before, { kind, text }) : before;
  return replaced(before, before.items.length - 1, { kind, text: last.text + text });
}

/** A call is told of in pieces: what a piece leaves out stays as it was. */
function called(before: Transcript, id: string, told: Omit<acp.ToolCallUpdate, "toolCallId">): Transcript {
  const place = before.items.findLastIndex((item) => item.kind === "call" && item.id === id);
  const old = before.items[place] as Call | undefined;
  const call: Call = {
    kind: "call",
    id,
    title: told.title ?? old?.title ?? id,
    tool: told.kind ?? old?.tool ?? "other",
    status: told.status ?? old?.status ?? "pending",
    content: told.content ?? old?.content ?? [],
    locations: told.locations ?? old?.locations ?? [],
    input: told.rawInput ?? old?.input,
    question: old?.question,
  };
  return old ? replaced(before, place, call) : added(before, call);
}

function questioned(before: Transcript, request: acp.RequestPermissionRequest): Transcript {
  const { toolCallId, ...told } = request.toolCall;
  const question = { options: request.options, answer: undefined };
  return withCall(called(before, toolCallId, told), toolCallId, (call) => ({ ...call, question }));
}

function withCall(before: Transcript, id: string, change: (call: Call) => Call): Transcript {
  const changed = (item: Item) => (item.kind === "call" && item.id === id ? change(item) : item);
  return { ...before, items: before.items.map(changed) };
}

function settled(call: Call, answer: string): Call {
  if (!call.question || call.question.answer !== undefined) return call;
  return { ...call, question: { ...call.question, answer } };
}

/** The plan of a turn is shown once, where it was first made. */
function planned(before: Transcript, entries: readonly acp.PlanEntry[]): Transcript {
  const begun = before.items.findLastIndex((item) => item.kind === "asked");
  const place = before.items.findLastIndex((item) => item.kind === "plan");
  const plan: Item = { kind: "plan", entries };
  return place > begun ? replaced(before, place, plan) : added(before, plan);
}

/** A turn is over: nobody is asked anything any more. */
function ended(before: Transcript, notice: string | undefined, alarming = false): Transcript {
  const settle = (item: Item) => (item.kind === "call" ? settled(item, UNASKED) : item);
  const over = { ...before, working: false, items: before.items.map(settle) };
  return notice ? added(over, { kind: "notice", text: notice, alarming }) : over;
}

function noticed({ title, description }: acp.Notice): string {
  return description ? `${title}: ${description}` : title;
}

/** What can be read of a piece of content. */
export function textOf(content: acp.ContentBlock): string {
  switch (content.type) {
    case "text":
      return content.text;
    case "resource_link":
      return content.uri;
    case "resource":
      return "text" in content.resource ? content.resource.text : `[${content.resource.uri}]`;
    default:
      return `[${content.type}]`;
  }
}

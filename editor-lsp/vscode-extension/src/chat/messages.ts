/** What the panel tells the extension. */

export type Wish =
  | { readonly type: "ready" }
  | { readonly type: "send"; readonly text: string }
  | { readonly type: "stop" }
  | { readonly type: "new" }
  | { readonly type: "mode"; readonly id: string }
  | { readonly type: "answer"; readonly item: number; readonly option: string }
  | { readonly type: "compare"; readonly item: number; readonly part: number }
  | { readonly type: "open"; readonly item: number; readonly location: number }
  | { readonly type: "detach"; readonly place: number }
  | { readonly type: "link"; readonly address: string };

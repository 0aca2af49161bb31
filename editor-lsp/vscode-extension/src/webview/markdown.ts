/**
 * Markdown as a tree of a few harmless elements. What a model writes may be meant to do harm: HTML in it is text, images
 * are their descriptions, and only addresses of the web become links, which do nothing by themselves.
 */

import { marked, type Token, type Tokens } from "marked";

export type Tree = string | Branch;

export interface Branch {
  readonly tag: Tag;
  readonly inside: readonly Tree[];
  /** Of a link. */
  readonly address?: string;
  /** Of a block of code. */
  readonly language?: string;
  /** Of a numbered list that does not begin with 1. */
  readonly from?: number;
}

export type Tag =
  | ("p" | "pre" | "code" | "strong" | "em" | "del" | "a" | "br" | "hr" | "blockquote" | "ul" | "ol" | "li")
  | ("table" | "thead" | "tbody" | "tr" | "th" | "td" | "h3" | "h4" | "h5");

/** The tree of a text, which may have been cut anywhere: it is still being written. */
export function markdown(text: string): Tree[] {
  try {
    return all(marked.lexer(text, { gfm: true }));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [{ tag: "pre", inside: [text] }]; // quotes in quotes, thousands of times: nobody can read that otherwise
  }
}

function all(tokens: readonly Token[] | undefined): Tree[] {
  return (tokens ?? []).flatMap(one);
}

function branch(tag: Tag, inside: readonly Tree[], more: Partial<Branch> = {}): Branch[] {
  return [{ tag, inside, ...more }];
}

function one(token: Token): Tree[] {
  switch (token.type) {
    case "space":
    case "def":
      return [];
    case "paragraph":
      return branch("p", all(token.tokens));
    case "heading":
      return branch(token.depth === 1 ? "h3" : token.depth === 2 ? "h4" : "h5", all(token.tokens));
    case "code":
      return branch("pre", [token.text], { language: String(token.lang ?? "").split(/\s/)[0] ?? "" });
    case "codespan":
      return branch("code", [token.text]);
    case "strong":
    case "em":
    case "del":
      return branch(token.type, all(token.tokens));
    case "br":
    case "hr":
      return branch(token.type, []);
    case "blockquote":
      return branch("blockquote", all(token.tokens));
    case "list":
      return list(token as Tokens.List);
    case "table":
      return table(token as Tokens.Table);
    case "link":
      return link(token as Tokens.Link);
    case "image":
      return [`[${token.text || "image"}]`];
    case "text":
      return token.tokens ? all(token.tokens) : [plain(token as Tokens.Text)];
    case "escape":
      return [token.text];
    default:
      return [token.raw];
  }
}

/** The lexer writes its own entities where it has escaped something. */
function plain(token: Tokens.Text): string {
  return token.escaped ? token.raw : token.text;
}

function list(token: Tokens.List): Tree[] {
  const items = token.items.flatMap((item) => {
    const mark = item.task ? [item.checked ? "☑ " : "☐ "] : [];
    return branch("li", [...mark, ...all(item.tokens.filter((part) => part.type !== "checkbox"))]);
  });
  if (!token.ordered) return branch("ul", items);
  return branch("ol", items, typeof token.start === "number" && token.start !== 1 ? { from: token.start } : {});
}

function table(token: Tokens.Table): Tree[] {
  const row = (cells: readonly Tokens.TableCell[], tag: "th" | "td") =>
    branch(
      "tr",
      cells.flatMap((cell) => branch(tag, all(cell.tokens))),
    );
  const body = token.rows.flatMap((cells) => row(cells, "td"));
  return branch("table", [...branch("thead", row(token.header, "th")), ...branch("tbody", body)]);
}

function link(token: Tokens.Link): Tree[] {
  const inside = all(token.tokens);
  return /^https?:\/\//i.test(token.href) ? branch("a", inside, { address: token.href }) : inside;
}

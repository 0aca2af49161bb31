// Requests to the studio. What goes wrong is an Error whose message names the next step.

let tellConnection = () => {};
export const onConnection = (tell) => { tellConnection = tell; };

export async function get(path, query) {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) for (const each of [value].flat()) search.append(key, each);
  return ask(search.size ? `${path}?${search}` : path, {});
}

export const post = (path, body) => ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body ?? {}) });
export const remove = (path) => ask(path, { method: "DELETE" });

async function ask(path, options) {
  const answer = await reach(path, options);
  return answer.status === 204 ? null : answer.json();
}

async function reach(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    tellConnection(false);
    throw new Error("The studio does not answer. Start it again in the terminal: demiurgic studio");
  }
  tellConnection(true);
  if (answer.ok) return answer;
  if (answer.status === 401) throw new Error("This page's key is no longer right. Open the address that demiurgic studio printed.");
  const told = await answer.json().catch(() => null);
  const text = told?.error?.message ?? `The studio answered with status ${answer.status}.`;
  const wrong = new Error(/^[a-z]+[ :,;]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text);  // no names of files
  wrong.field = told?.error?.param ?? null;
  throw wrong;
}

// Server-sent events of a POST, one parsed object after the other.
export async function* streamed(path, body, signal) {
  const answer = await reach(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    held += value;
    const events = held.split("\n\n");
    held = events.pop();
    for (const event of events) {
      const data = event.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("\n");
      if (!data || data === "[DONE]") continue;
      const told = JSON.parse(data);
      if (told.error) throw new Error(told.error.message);
      yield told;
    }
  }
}

// Asks again and again while the page is looked at; `stop` ends it. A failure is told by the banner, and tried again.
export function repeat(seconds, work) {
  let timer = 0, over = false;
  const turn = async () => {
    if (!document.hidden) await work().catch((error) => { if (error.name === "TypeError") console.error(error); });
    if (!over) timer = setTimeout(turn, seconds * 1000);
  };
  turn();
  return { stop() { over = true; clearTimeout(timer); } };
}

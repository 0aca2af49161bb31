import assert from "node:assert/strict";
import { test } from "node:test";
import { type Branch, markdown, type Tree } from "../src/webview/markdown";

const written = (tree: Tree): string =>
  typeof tree === "string" ? tree : `<${tree.tag}>${tree.inside.map(written).join("")}</${tree.tag}>`;
const html = (text: string) => markdown(text).map(written).join("");

test("what models write is understood", () => {
  assert.equal(
    html("# A\n\nSome **bold** and `code`."),
    "<h3>A</h3><p>Some <strong>bold</strong> and <code>code</code>.</p>",
  );
  assert.equal(html("- a\n- b\n  - c\n"), "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>");
  assert.equal(html("- [x] a\n- [ ] b"), "<ul><li>☑ a</li><li>☐ b</li></ul>");
  assert.equal(
    html("| a | b |\n|---|---|\n| 1 | 2 |"),
    "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>",
  );
  const [list] = markdown("3. a\n4. b") as Branch[];
  assert.equal(list?.from, 3);
  const [code] = markdown("```python title=x\nprint(1 < 2)\n```") as Branch[];
  assert.deepEqual(code, { tag: "pre", inside: ["print(1 < 2)"], language: "python" });
});

test("text is shown as it was written", () => {
  assert.equal(html('if a < b && c > d: "x"'), '<p>if a < b && c > d: "x"</p>');
  assert.equal(html('`a < b && "c"`'), '<p><code>a < b && "c"</code></p>');
  assert.equal(html("2 \\* 3"), "<p>2 * 3</p>");
});

test("markup of another kind is text, and images are not loaded", () => {
  const evil = '<img src=x onerror="alert(1)"> <script>alert(1)</script>';
  assert.equal(html(`Hello ${evil}`), `<p>Hello ${evil}</p>`);
  assert.ok(html(`<div>\n${evil}\n</div>`).includes(evil));
  assert.equal(html("![a](https://example.org/leak?secret=1)"), "<p>[a]</p>");
});

test("links lead to the web or nowhere", () => {
  const addresses = (text: string) => {
    const found: (string | undefined)[] = [];
    const look = (tree: Tree): void => {
      if (typeof tree === "string") return;
      if (tree.tag === "a") found.push(tree.address);
      tree.inside.forEach(look);
    };
    markdown(text).forEach(look);
    return found;
  };
  assert.deepEqual(addresses("[a](https://example.org/)"), ["https://example.org/"]);
  assert.deepEqual(
    addresses("[a](javascript:alert(1)) [b](command:x) [c](file:///etc/passwd) [d](data:text/html,x)"),
    [],
  );
  assert.deepEqual(addresses("[a](vscode://x) <ftp://example.org> [e]( javascript:alert(1))"), []);
});

test("a text that is still being written never breaks", () => {
  const whole = "# A\n\n- **b** `c`\n\n```js\nlet a = 1;\n```\n\n| a |\n|---|\n| [x](https://example.org) |\n\n<b>x";
  for (let length = 0; length <= whole.length; length++) {
    assert.ok(html(whole.slice(0, length)).length >= 0);
  }
});

test("depth and length do no harm", () => {
  assert.ok(html(`${"> ".repeat(20_000)}a`).startsWith("<pre>> >"));
  html(`${"[".repeat(5000)}a`);
  html(`${"*a ".repeat(5000)}`);
});

import assert from "node:assert/strict";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { candidates, findProgram, NoProgram, type Places, programIn } from "../src/program";

const PLACES: Places = {
  configured: "",
  folders: ["/project"],
  python: "/conda/bin/python",
  path: ["/usr/bin", "relative", ""].join(delimiter),
  home: "/home/me",
  own: "/storage/environment",
};

const found = (places: Partial<Places>, ...there: string[]) =>
  findProgram({ ...PLACES, ...places }, (file) => there.includes(file));

test("the workspace's environment goes before the selected one, that before PATH, and the extension's own comes last", () => {
  const order = [programIn("/project/.venv"), "/conda/bin/demiurgic", "/usr/bin/demiurgic", programIn(PLACES.own)];
  for (let from = 0; from < order.length; from++) {
    assert.equal(found({}, ...order.slice(from).reverse()), order[from]);
  }
});

test("a program that is named is the one that is meant, or none", () => {
  assert.equal(found({ configured: "/opt/demiurgic" }, "/opt/demiurgic", "/usr/bin/demiurgic"), "/opt/demiurgic");
  assert.equal(found({ configured: "~/bin/demiurgic" }, "/home/me/bin/demiurgic"), "/home/me/bin/demiurgic");
  assert.equal(found({ configured: "tools/demiurgic" }, "/project/tools/demiurgic"), "/project/tools/demiurgic");
  assert.throws(() => found({ configured: "/opt/none" }, "/usr/bin/demiurgic"), /demiurgic.path names \/opt\/none/);
});

test("nothing is run out of a folder that is not trusted, nor by a relative entry of PATH", () => {
  const everywhere = candidates({ ...PLACES, folders: [], python: undefined });
  assert.deepEqual(everywhere, ["/usr/bin/demiurgic", programIn(PLACES.own)]);
  assert.throws(() => found({ folders: [], configured: "tools/demiurgic" }, join("tools", "demiurgic")), NoProgram);
});

test("that there is none is told apart from a wrong setting", () => {
  const caught = (places: Partial<Places>) => {
    try {
      return found(places);
    } catch (error) {
      return (error as NoProgram).configured;
    }
  };
  assert.equal(caught({}), false);
  assert.equal(caught({ configured: "/opt/none" }), true);
});

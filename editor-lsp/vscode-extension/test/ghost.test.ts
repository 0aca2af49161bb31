import assert from "node:assert/strict";
import { test } from "node:test";
import { Offers } from "../src/ghost";

let clock = 0;

/** Something that is offered, and has been for a while. */
function offered(seconds = 2) {
  const offers = new Offers(() => clock);
  offers.made("a.py", { id: 1, offset: 7, text: "first + second" });
  clock += seconds * 1000;
  return offers;
}

const at = (typed: string) => ["a.py", `return ${typed}`, 7 + typed.length] as const;

test("who types what is offered has not turned it down", () => {
  const offers = offered();
  assert.equal(offers.rejected(...at("")), undefined);
  assert.equal(offers.rejected(...at("fir")), undefined);
  assert.equal(offers.rejected(...at("first + second")), undefined);
  assert.equal(offers.rejected(...at("other")), undefined, "it was settled by being there");
});

test("who types something else, or goes elsewhere, has; once", () => {
  const offers = offered();
  assert.equal(offers.rejected(...at("fix"))?.id, 1);
  assert.equal(offers.rejected(...at("fix")), undefined);
  assert.equal(offered().rejected("a.py", "return ", 3)?.id, 1);
});

test("what was accepted, replaced or closed is not rejected", () => {
  const accepted = offered();
  accepted.accepted(1);
  assert.equal(accepted.rejected(...at("x")), undefined);
  const replaced = offered();
  replaced.made("a.py", { id: 2, offset: 8, text: "irst" });
  clock += 2000;
  assert.equal(replaced.rejected(...at("fx"))?.id, 2);
  const closed = offered();
  closed.forget("a.py");
  assert.equal(closed.rejected(...at("x")), undefined);
  assert.equal(offered().rejected("b.py", "x", 1), undefined);
});

test("what was gone before anybody can have read it was not turned down", () => {
  const brief = offered(0.3);
  assert.equal(brief.rejected(...at("x")), undefined);
  clock += 2000;
  assert.equal(brief.rejected(...at("xy")), undefined);
});

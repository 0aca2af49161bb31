/**
 * What becomes of ghost text that was offered and not accepted. An editor does not say so; the text that is there when
 * it asks again does: who types what was offered has taken it up, and who types something else has turned it down.
 */

/** Milliseconds for which ghost text must have been seen before anybody can be said to have turned it down. */
const SEEN = 600;

/** Ghost text at a place of a document. */
export interface Offer {
  readonly id: unknown;
  /** Characters before the place. */
  readonly offset: number;
  readonly text: string;
}

/** The latest offer in each document, until it is settled. */
export class Offers {
  private readonly open = new Map<string, Offer & { readonly since: number }>();

  constructor(private readonly now: () => number = Date.now) {}

  /** Something is shown now, in place of what was shown before. */
  made(document: string, offer: Offer): void {
    this.open.set(document, { ...offer, since: this.now() });
  }

  /** The user took it. */
  accepted(id: unknown): void {
    for (const [document, offer] of this.open) {
      if (offer.id === id) this.open.delete(document);
    }
  }

  /** The cursor stands at `offset` of this text now. Returns what has been turned down by that. */
  rejected(document: string, text: string, offset: number): Offer | undefined {
    const offer = this.open.get(document);
    if (!offer) return undefined;
    const typed = offset < offer.offset ? undefined : text.slice(offer.offset, offset);
    if (typed !== undefined && typed.length < offer.text.length && offer.text.startsWith(typed)) return undefined;
    this.open.delete(document);
    return typed?.startsWith(offer.text) || this.now() - offer.since < SEEN ? undefined : offer;
  }

  /** A document was closed: what was offered in it is neither. */
  forget(document: string): void {
    this.open.delete(document);
  }
}

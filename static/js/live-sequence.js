// Notices lost messages by the holes in their numbers. Several servers number from one counter and send on their
// own, so neighbours may overtake each other: a hole counts only when it stays.
const PATIENCE = 1000;

export class Sequence {
  #lost;
  #highest = 0;
  #missing = new Set();
  #newest = new Map();

  constructor(lost) {
    this.#lost = lost;
  }

  restart() {
    this.#highest = 0;
    this.#missing.clear();
    this.#newest.clear();
  }

  heard(version) {
    if (this.#missing.delete(version)) return;
    if (this.#highest && version <= this.#highest) {
      // The counter began anew: what happened meanwhile is unknown.
      this.restart();
      this.#lost();
    }
    if (this.#highest && version > this.#highest + 1) this.#waitFor(this.#highest + 1, version);
    this.#highest = version;
  }

  // Whether this is not older than what the element already shows.
  isNewest(id, version) {
    if ((this.#newest.get(id) ?? 0) > version) return false;
    if (document.getElementById(id) === null) return false;
    this.#newest.set(id, version);
    return true;
  }

  #waitFor(first, end) {
    const expected = Array.from({ length: Math.min(end - first, 1000) }, (_, place) => first + place);
    for (const version of expected) this.#missing.add(version);
    setTimeout(() => {
      const lost = expected.filter((version) => this.#missing.delete(version));
      if (lost.length) this.#lost();
    }, PATIENCE);
  }
}

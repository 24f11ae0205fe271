// Says when an element is fetched that nobody must see change this instant. data-live-within="10" spreads the pages
// that heard the same message over so many seconds; data-live-every="30" keeps figures young while somebody looks.
const waiting = new Set();

const name = (element) => element.id || element.dataset.liveUrl;
const find = (wanted) => [...document.querySelectorAll("[data-live-url]")].find((element) => name(element) === wanted);

// Calls fetch(element) at a random moment within its data-live-within, once for all messages until then.
export function soon(element, fetch) {
  const within = Number(element.dataset.liveWithin ?? 0) * 1000;
  const wanted = name(element);
  if (waiting.has(wanted)) return;
  waiting.add(wanted);
  setTimeout(() => {
    waiting.delete(wanted);
    fetch(find(wanted));
  }, Math.random() * within);
}

// Fetches what asks for it as often as it asks, a little earlier or later so that pages do not march in step.
export function keepYoung(fetch) {
  const due = new Map();
  setInterval(() => {
    if (document.visibilityState !== "visible") return;
    const now = performance.now();
    for (const element of document.querySelectorAll("[data-live-every]")) {
      const wanted = name(element);
      const every = Number(element.dataset.liveEvery) * 1000;
      const at = Math.min(due.get(wanted) ?? Infinity, now + every * 1.2);
      if (!due.has(wanted) || now >= at) {
        if (due.has(wanted)) fetch(element);
        due.set(wanted, now + every * (0.8 + Math.random() * 0.4));
      }
    }
  }, 500);
}

// The live line: one socket per page. A message is {"version", "topics", "fragments"}: fragments are markup by
// element id, swapped in as they are; elements that name a topic in data-live are fetched anew.
import { keepOpen } from "./live-line.js";
import { keepYoung, soon } from "./live-rest.js";
import { refresh, refreshAll, swap } from "./live-swap.js";
import { Sequence } from "./live-sequence.js";

const WORDS = { live: "Live", reconnecting: "Reconnecting…", polling: "Refreshing every 15 s" };
const path = document.body.dataset.liveSocket;
const sequence = new Sequence(refreshAll);

function receive({ version, topics = [], fragments = {} }) {
  if (topics.includes("*")) refreshAll();
  if (!version) return;
  sequence.heard(version);
  const pushed = Object.keys(fragments).filter((id) => sequence.isNewest(id, version));
  for (const id of pushed) swap(document.getElementById(id), fragments[id]);
  const told = topics.flatMap((topic) => [...document.querySelectorAll(`[data-live~="${CSS.escape(topic)}"]`)]);
  // What came along is not fetched again, and neither is the list around it.
  const stale = told.filter((element) => !pushed.some((id) => element.contains(document.getElementById(id))));
  for (const container of new Set(stale.map((element) => element.closest("[data-live-url]")))) {
    if (container) soon(container, refresh);
  }
}

function show(state) {
  for (const element of document.querySelectorAll("[data-live-state]")) {
    element.hidden = false;
    element.dataset.state = state;
    element.textContent = WORDS[state];
  }
}

function resync() {
  // Also on the first opening: something may have changed between the answer that made this page and this line.
  sequence.restart();
  refreshAll();
}

if (path) {
  keepOpen(path, { resync, receive, show });
  keepYoung(refresh);
}

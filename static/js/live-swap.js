// Puts fresh markup in place of an element marked data-live, without disturbing who is using it.
import { localise } from "./clocks.js";
import { remember } from "./live-changes.js";

const AGAIN_AFTER = 1000;
const running = new Map();

const key = (element) => element.id || element.dataset.liveUrl;
const current = (name) => [...document.querySelectorAll("[data-live-url]")].find((element) => key(element) === name);

// A press that begins on one element and ends on the one that took its place is no click.
function inUse(element) {
  const focused = document.activeElement;
  const typing = element.contains(focused) && focused.matches("input, textarea, select");
  return typing || element.matches(":active") || element.querySelector(":popover-open, dialog[open]") !== null;
}

// Fetches an element that has an address: at the first announcement at once, then at most once a second however
// much is announced, the last one always followed.
export async function refresh(element) {
  if (!element) return;
  const name = key(element);
  if (running.has(name)) {
    running.set(name, true);
    return;
  }
  running.set(name, false);
  let again = inUse(element);
  if (!again) {
    const swapped = remember(element);
    const pressed = (event) => {
      if (event.detail.target !== element || !element.matches(":active")) return;
      event.detail.shouldSwap = false;
      running.set(name, true);
    };
    element.addEventListener("htmx:beforeSwap", pressed);
    try {
      await htmx.ajax("GET", element.dataset.liveUrl, { source: element, target: element, swap: "outerHTML" });
      swapped(current(name));
    } catch {
      again = true;
    }
    element.removeEventListener("htmx:beforeSwap", pressed);
  }
  await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER));
  again ||= running.get(name);
  running.delete(name);
  const now = current(name);
  if (again && now) refresh(now);
}

export function refreshAll() {
  for (const element of document.querySelectorAll("[data-live-url]")) refresh(element);
}

// Markup that came with the message costs no request. Replaced by hand: htmx.swap takes a millisecond more
// for each row, which is what a hundred open pages on one machine feel.
export function swap(element, html) {
  if (inUse(element)) {
    refresh(element.closest("[data-live-url]"));
    return;
  }
  const range = document.createRange();
  range.selectNode(element);
  const fresh = range.createContextualFragment(html).firstElementChild;
  localise(fresh);
  const swapped = remember(element);
  element.replaceWith(fresh);
  htmx.process(fresh);
  swapped(fresh);
}

// What a swap must not lose: focus and open <details>. What it must show: which states changed.
const FADE = 700;

export function remember(element) {
  const states = new Map(stateful(element).map((each) => [each.id, each.dataset.status]));
  const open = [...element.querySelectorAll("details")].map((each) => each.open);
  const links = [...element.querySelectorAll("a, button, summary")];
  const focused = links.indexOf(document.activeElement);
  return (fresh) => {
    if (!fresh) return;
    [...fresh.querySelectorAll("details")].forEach((each, place) => (each.open ||= open[place] ?? false));
    if (focused >= 0) fresh.querySelectorAll("a, button, summary")[focused]?.focus({ preventScroll: true });
    for (const each of stateful(fresh)) {
      if (states.get(each.id) === each.dataset.status) continue;
      each.dataset.changed = "";
      setTimeout(() => delete each.dataset.changed, FADE);
    }
    fresh.dispatchEvent(new CustomEvent("live:swapped", { bubbles: true }));
  };
}

function stateful(element) {
  return [element, ...element.querySelectorAll("[id][data-status]")].filter((each) => each.id && each.dataset.status);
}

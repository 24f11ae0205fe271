// A search above a list of boxes to tick: hides what does not match. Without script the list is simply long.
function narrow(search) {
  const wanted = search.value.trim().toLowerCase().split(/\s+/);
  const labels = [...document.getElementById(search.dataset.filter).querySelectorAll("label")];
  let shown = 0;
  for (const label of labels) {
    const text = label.textContent.toLowerCase();
    const hit = wanted.every((word) => text.includes(word));
    label.parentElement.hidden = !hit;
    shown += hit;
  }
  const ticked = labels.filter((label) => label.querySelector("input").checked).length;
  const count = search.parentElement.querySelector("[data-filter-count]");
  count.textContent = `${shown.toLocaleString("en")} of ${labels.length.toLocaleString("en")} shown, ${ticked.toLocaleString("en")} ticked`;
  document.getElementById(search.dataset.filter).dispatchEvent(new Event("narrowed"));
}

for (const search of document.querySelectorAll("[data-filter]")) {
  search.hidden = false;
  search.addEventListener("input", () => narrow(search));
  // Enter in a search must not send the form around it.
  search.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
  document.getElementById(search.dataset.filter).addEventListener("change", () => narrow(search));
  narrow(search);
}

// One box that ticks all boxes of a list which its search shows, or none of them. Without script each is ticked by hand.
function bind(label) {
  const all = label.querySelector("input");
  const list = document.getElementById(label.dataset.tick);
  const shown = () => [...list.querySelectorAll("input")].filter((box) => !box.closest("[hidden]") && !box.disabled);

  function settle() {
    const boxes = shown();
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
    all.disabled = boxes.length === 0;
  }

  all.addEventListener("change", () => {
    for (const box of shown()) box.checked = all.checked;
    list.dispatchEvent(new Event("change", { bubbles: true }));
  });
  list.addEventListener("change", settle);
  list.addEventListener("narrowed", settle);
  label.hidden = false;
  settle();
}

for (const label of document.querySelectorAll("[data-tick]")) bind(label);

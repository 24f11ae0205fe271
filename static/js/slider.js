// A number with data-slider="1 20" gets a slider beside it; each follows the other. Without script the number does.
for (const field of document.querySelectorAll("input[data-slider]")) {
  const [low, high] = field.dataset.slider.split(" ");
  const slider = document.createElement("input");
  slider.type = "range";
  slider.min = low;
  slider.max = high;
  slider.value = field.value;
  slider.setAttribute("aria-label", field.labels[0]?.textContent.trim() ?? field.name);
  // Its `input` bubbles as the field's own would, so whatever follows the form follows it too.
  slider.addEventListener("input", () => (field.value = slider.value));
  field.addEventListener("input", () => (slider.value = field.value));
  field.after(slider);
}

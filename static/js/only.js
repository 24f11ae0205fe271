// Fields that only some values of a choice have a use for. Without script all of them are there, and say so.
function settle(choice) {
  for (const control of choice.form.querySelectorAll(`[data-only="${choice.name}"]`)) {
    const used = control.dataset.onlyFor.split(" ").includes(choice.value);
    // What is filled in or wrong is never hidden: it would be sent all the same.
    const filled =
      control.type === "checkbox" ? control.checked : control.value !== (control.dataset.onlyDefault ?? "");
    const told = filled || control.getAttribute("aria-invalid") === "true";
    control.closest(".field").hidden = !used && !told;
  }
}

const names = new Set([...document.querySelectorAll("[data-only]")].map((control) => control.dataset.only));
for (const name of names) {
  for (const choice of document.querySelectorAll(`select[name="${name}"]`)) {
    choice.addEventListener("change", () => settle(choice));
    settle(choice);
  }
}

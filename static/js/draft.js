// What is being typed survives a reload: data-draft="name" keeps it in this tab until it is sent, and Ctrl+Enter sends.
for (const field of document.querySelectorAll("[data-draft]")) {
  const name = `draft:${field.dataset.draft}`;
  field.value ||= sessionStorage.getItem(name) ?? "";
  field.addEventListener("input", () => sessionStorage.setItem(name, field.value));
  field.form.addEventListener("submit", () => sessionStorage.removeItem(name));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    field.form.requestSubmit();
  });
}

// Questions open as a popover without script; with it they become modal, so that Tab stays inside.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-confirm]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.confirm);
    event.preventDefault();
    dialog.removeAttribute("popover");
    dialog.showModal();
  }
  if (event.target.closest("[data-dismiss]")) event.target.closest("dialog")?.close();
});

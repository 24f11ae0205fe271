// A form is sent once: the second click of a double click would do it all again. Who comes back to the page may send anew.
const AGAIN_AFTER_MS = 5000;
const sent = new Map();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.getAttribute("method") !== "post" || event.defaultPrevented) return; // .method may be a field of that name
  if (performance.now() - (sent.get(form) ?? -Infinity) < AGAIN_AFTER_MS) event.preventDefault();
  else sent.set(form, performance.now());
});
addEventListener("pageshow", () => sent.clear());

// Subscribe this browser to messages, and fill in the form with what the service of the browser gave.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));

async function subscribe(button) {
  const said = document.getElementById(button.getAttribute("aria-describedby"));
  try {
    if ((await Notification.requestPermission()) !== "granted") throw new Error("This browser may not show notifications.");
    await navigator.serviceWorker.register(button.dataset.worker);
    const worker = await ready(button.dataset.worker);
    const options = { userVisibleOnly: true, applicationServerKey: bytes(button.dataset.key) };
    const { endpoint, keys } = (await worker.pushManager.subscribe(options)).toJSON();
    for (const [name, value] of Object.entries({ endpoint, ...keys })) {
      const control = button.form?.elements[name] ?? document.querySelector(`[name="${name}"]`);
      if (control) control.value = value;
    }
    said.textContent = "This browser is filled in. Save it now.";
  } catch (error) {
    said.textContent = error.message;
  }
}

// The worker of these pages does not control them, so `serviceWorker.ready` would never come.
async function ready(path) {
  const registration = await navigator.serviceWorker.getRegistration(path);
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  while (worker.state !== "activated") await new Promise((go) => worker.addEventListener("statechange", go, { once: true }));
  return registration;
}

for (const button of document.querySelectorAll("[data-webpush]")) {
  if (!("serviceWorker" in navigator) || !("PushManager" in window)) continue;
  button.hidden = false;
  button.addEventListener("click", () => subscribe(button));
}

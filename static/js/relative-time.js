// Keeps "4 min ago" true while a page stays open. The same words are made in pulse/templatetags/times.py.
const EVERY = 5000;
const MONTH = 30 * 86_400;
const UNITS = [[86_400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

// The reader's clock may be wrong; the server's is the one that the times were measured with.
const serverTime = document.querySelector("meta[name=server-time]")?.content;
const offset = serverTime ? Date.parse(serverTime) - Date.now() : 0;

function words(seconds) {
  const distance = Math.abs(seconds);
  if (distance < 5) return "just now";
  if (distance >= MONTH) return null;
  const [size, unit] = UNITS.find(([each]) => distance >= each);
  const text = `${Math.floor(distance / size)} ${unit}`;
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}

function freshen() {
  const now = Date.now() + offset;
  for (const element of document.querySelectorAll("time[data-relative]")) {
    let text = words((now - Date.parse(element.dateTime)) / 1000);
    if (element.dataset.relative === "lasting") text = text?.replace("just now", "a moment").replace(" ago", "");
    if (text && element.textContent !== text) element.textContent = text;
  }
}

setInterval(freshen, EVERY);

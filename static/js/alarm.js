// The tab tells how much is down: "(2) Monitors" and a red icon, from the page's own data-down-count.
const plainTitle = document.title;
const icon = document.querySelector("link[rel=icon]");

function tell() {
  const down = Number(document.querySelector("[data-down-count]")?.dataset.downCount ?? 0);
  document.title = down > 0 ? `(${down}) ${plainTitle}` : plainTitle;
  if (icon) icon.href = down > 0 ? icon.dataset.alarm : icon.dataset.calm;
}

document.addEventListener("live:swapped", tell);
document.addEventListener("htmx:afterSettle", tell);
tell();

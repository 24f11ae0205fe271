// A button that copies the text of another element and says so.
const SAID_FOR = 1500;

async function copy(button) {
  const word = button.querySelector("[data-copy-word]");
  const before = word.textContent;
  try {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    word.textContent = "Copied";
  } catch {
    word.textContent = "Press Ctrl+C";
    getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
  }
  setTimeout(() => (word.textContent = before), SAID_FOR);
}

const reveal = () => document.querySelectorAll("[data-copy][hidden]").forEach((button) => (button.hidden = false));
document.addEventListener("htmx:afterSettle", reveal);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button && button.querySelector("[data-copy-word]").textContent !== "Copied") copy(button);
});
reveal();

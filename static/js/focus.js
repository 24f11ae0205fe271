// After a form was sent: the answer in place of the page's beginning. data-focus marks what was asked for, like a preview.
// Without it, where a form was refused: the first field with a complaint, else the complaint about all of them.
const CONTROL = ":is(input, select, textarea):not([type=hidden], [type=search], :disabled)";

function answer() {
  const asked = document.querySelector("[data-focus]");
  if (asked) return asked;
  const wrong = [...document.querySelectorAll(`.field:has(> .field__errors) ${CONTROL}`)];
  return wrong.find((control) => !control.closest("[hidden]")) ?? document.querySelector(".field__summary");
}

function attend(place) {
  // A browser shows nothing of what a closed part holds.
  const part = place.closest("details");
  if (part) part.open = true;
  place.focus();
}

const place = answer();
if (place && [null, document.body].includes(document.activeElement)) attend(place);

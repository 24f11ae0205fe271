// Puts the times of pushed markup, made once for all readers and so in UTC, on the clocks that the page shows.
const zone = document.querySelector("meta[name=time-zone]")?.content || "UTC";
const SHORT = { year: "numeric", month: "short", weekday: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" };
const clock = new Intl.DateTimeFormat("en-US", { ...SHORT, hourCycle: "h23", timeZone: zone });
const abbreviation = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeZoneName: "short" });
const TOKENS = { Y: "year", b: "month", a: "weekday", "-d": "day", H: "hour", M: "minute", S: "second" };

const partsOf = (format, at) => Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));

export function localise(fragment) {
  for (const element of fragment.querySelectorAll("time[data-at]")) {
    const at = new Date(element.dateTime);
    const parts = partsOf(clock, at);
    element.textContent = element.dataset.at.replace(/%(-d|[YbaHMS])/g, (_, token) => parts[TOKENS[token]]);
    element.title = `${at.toLocaleString("sv-SE", { timeZone: zone })} ${partsOf(abbreviation, at).timeZoneName}`;
  }
}

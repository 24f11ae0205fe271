// Tells the server on whose clocks this browser is, for who has chosen no time zone.
const YEAR = 365 * 24 * 3600;
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

if (zone && /^[\w+/-]{1,64}$/.test(zone)) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `zone=${zone}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
}

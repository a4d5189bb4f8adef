// A container's health: `is-healthy.mjs <url>` leaves with 0 when the address answers 2xx within 4 s, else with 1.
const [url] = process.argv.slice(2);
const response = await fetch(url, { signal: AbortSignal.timeout(4_000) }).catch(() => null);
process.exit(response?.ok ? 0 : 1);

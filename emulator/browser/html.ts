// The frame of the few pages the emulator shows to people.

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** A whole page; `body` is HTML and must be escaped already. */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>
body { font: 16px/1.5 system-ui, sans-serif; color: #1c2330; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
button { font: inherit; padding: .6rem 1.2rem; margin: .25rem .5rem .25rem 0; border: 1px solid #2b50c8; border-radius: 6px; background: #2b50c8; color: #fff; cursor: pointer; }
button.plain { background: #fff; color: #2b50c8; }
table { display: block; overflow-x: auto; border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #dde2ea; vertical-align: top; }
code { background: #f1f3f7; padding: .1rem .3rem; border-radius: 3px; overflow-wrap: anywhere; }
.small { color: #5a6475; font-size: .875rem; }
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${body}
</body>
</html>
`;
}

export type Language = 'ja' | 'en'

/** Japanese unless the page's own `locale`, or else the browser, asks for another language. */
export function languageOf(locale: string | null, accept: string | null): Language {
  const wanted = locale === null || locale === 'auto' ? (accept ?? 'ja') : locale
  return wanted.toLowerCase().startsWith('ja') || wanted === '*' ? 'ja' : 'en'
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

/** A page of plain HTML; `main` is HTML already escaped. */
export function htmlPage(language: Language, title: string, main: string, status = 200): Response {
  const html = `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>body{font-family:system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem;line-height:1.6}
label{display:block;margin:1rem 0}input{display:block;width:100%;padding:.5rem;font:inherit;box-sizing:border-box}
button{padding:.6rem 1.2rem;font:inherit}table{width:100%;border-collapse:collapse}td{padding:.3rem 0}
[role=alert]{color:#a40000}</style></head>
<body><main><h1>${escapeHtml(title)}</h1>
${main}
</main></body></html>`
  return new Response(html, {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      // form-action is left open: the redirect after the POST goes to the app's own origin.
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    },
  })
}

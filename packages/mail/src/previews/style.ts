import { type Html, trustedHtml } from '../templates/html.ts'

/** The style of the pages around a mail. */
export const STYLE: Html = trustedHtml(`<style>
:root { color-scheme: light dark; --line: light-dark(#d8dce2, #3a3f47); --soft: light-dark(#f5f6f8, #1d2025);
  --muted: light-dark(#5b6470, #9aa4b1); --warn: light-dark(#fff4d6, #3d3115); }
* { box-sizing: border-box }
body { margin: 0; font: 15px/1.5 system-ui, 'Hiragino Sans', 'Noto Sans JP', sans-serif; background: var(--soft) }
header, main { max-width: 1240px; margin: 0 auto; padding: 16px 20px }
h1 { font-size: 20px; margin: 0 } h2 { font-size: 14px; margin: 0 0 6px; color: var(--muted); font-weight: 600 }
a { color: inherit } nav a { margin-right: 12px } nav a[aria-current="page"] { font-weight: 700; text-decoration: none }
nav .language { float: right; margin: 0 }
table { width: 100%; border-collapse: collapse; background: Canvas; border: 1px solid var(--line) }
th, td { text-align: left; padding: 8px 12px; border-top: 1px solid var(--line); vertical-align: top }
th { color: var(--muted); font-weight: 600; border-top: 0 }
h1, li, td:nth-child(3) { overflow-wrap: anywhere } th, td:not(:nth-child(3)) { white-space: nowrap }
.muted { color: var(--muted) } .warn { background: var(--warn); padding: 8px 12px 8px 30px; margin: 12px 0; border-radius: 6px }
.row { display: flex; flex-wrap: wrap; gap: 20px; align-items: flex-start; margin-bottom: 24px }
iframe { border: 1px solid var(--line); border-radius: 6px; background: Canvas; height: 440px; display: block }
iframe.phone { width: 375px; max-width: 100% } iframe.desktop { width: 700px; max-width: 100% }
iframe.light { color-scheme: light } iframe.dark { color-scheme: dark }
pre { background: Canvas; border: 1px solid var(--line); border-radius: 6px; padding: 12px; margin: 0; overflow: auto;
  max-height: 560px; white-space: pre-wrap; overflow-wrap: anywhere; font: 12px/1.5 ui-monospace, monospace }
section { min-width: 0 } .half { flex: 1 1 340px }
@media (max-width: 600px) {
  header, main { padding: 12px 7px } thead { display: none }
  tr { display: flex; flex-wrap: wrap; gap: 2px 12px; padding: 10px 12px; border-top: 1px solid var(--line) }
  td { border: 0; padding: 0 } td:nth-child(3) { order: 1; flex-basis: 100% } td[data-label]::before { content: attr(data-label) }
}
button { font: inherit; padding: 6px 14px } form { display: inline }
</style>`)

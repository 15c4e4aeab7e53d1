/** The one style sheet. It names no file and no other site. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --back: light-dark(#f5f6f1, #14171a);
  --paper: light-dark(#ffffff, #1c2024);
  --raised: light-dark(#fafbf7, #23282d);
  --ink: light-dark(#1d2521, #e8ebe6);
  --soft: light-dark(#56625b, #a2aca6);
  --line: light-dark(#dde2d9, #30363b);
  --accent: light-dark(#1f6b4a, #7fd0a5);
  --on-accent: light-dark(#ffffff, #0f1f17);
  --good: light-dark(#2f8a60, #4fb385);
  --bad: light-dark(#b3261e, #ff8f85);
  --bad-back: light-dark(#fdf0ee, #33201f);
  --warn: light-dark(#8a5a00, #f0c35a);
  --warn-back: light-dark(#fdf6e3, #332b18);
  --blue: light-dark(#2c63b8, #84b4ff);
  --blue-back: light-dark(#edf3fc, #1b2838);
  --yuzu: #f2c230;
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.55 system-ui, -apple-system,
  "Segoe UI", "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", "Yu Gothic UI", Meiryo, sans-serif; }
a { color: var(--accent); text-underline-offset: 2px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
main:focus { outline: none; }
.skip { position: absolute; left: -999px; background: var(--paper); padding: 8px 14px; z-index: 2; }
.skip:focus { left: 8px; top: 8px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
header { background: var(--paper); border-bottom: 1px solid var(--line); padding: 0 24px; display: flex; flex-wrap: wrap;
  align-items: center; gap: 0 24px; }
.brand { display: flex; align-items: center; gap: 8px; padding: 14px 0; color: var(--ink); text-decoration: none;
  letter-spacing: .01em; }
.brand b { font-weight: 650; margin-left: -3px; }
.mark .peel { fill: var(--yuzu); } .mark .segments { stroke: #fff8; stroke-width: 1.2; fill: none; }
.mark .leaf { fill: #3f9b6c; }
header nav { display: flex; gap: 4px; flex: 1; overflow-x: auto; align-self: stretch; }
header nav a { color: var(--soft); text-decoration: none; padding: 0 12px; display: flex; align-items: center; min-height: 44px;
  white-space: nowrap; border-bottom: 3px solid transparent; border-top: 3px solid transparent; }
header nav a:hover { color: var(--ink); }
header nav a[aria-current] { color: var(--ink); font-weight: 600; border-bottom-color: var(--yuzu); }
.language { font-size: 14px; padding: 10px 0; }
main { max-width: 1180px; margin: 0 auto; padding: 20px 24px 12px; }
footer { max-width: 1180px; margin: 0 auto; padding: 4px 24px 32px; color: var(--soft); font-size: 13px; }
.title { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 16px; margin-bottom: 16px; min-height: 36px; }
h1 { font-size: 24px; line-height: 1.25; margin: 0; letter-spacing: -.01em; flex: 1 1 auto; overflow-wrap: anywhere; }
h2 { font-size: 15px; margin: 0; font-weight: 650; }
.live { display: flex; align-items: center; gap: 8px; font-size: 13px; color: var(--soft); }
.dot { width: 9px; height: 9px; border-radius: 50%; background: var(--good); }
.live[data-kind=off] .dot { background: var(--soft); }
.live[data-kind=lost] .dot, .live[data-kind=trouble] .dot { background: var(--bad); }
@media (prefers-reduced-motion: no-preference) {
  .live[data-kind=on] .dot { animation: beat 2s ease-in-out infinite; }
  @keyframes beat { 50% { opacity: .35; } }
}
.card { background: var(--paper); border: 1px solid var(--line); border-radius: 12px; padding: 16px 18px; margin-bottom: 16px;
  min-width: 0; }
.head { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 4px 16px;
  margin-bottom: 10px; }
.head p { margin: 0; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 16px; }
.tiles { list-style: none; padding: 0; margin: 0 0 16px; display: grid; grid-template-columns: repeat(5, 1fr); gap: 12px; }
.tiles a { display: block; height: 100%; background: var(--paper); border: 1px solid var(--line); border-radius: 12px;
  padding: 12px 16px 11px; color: inherit; text-decoration: none; border-left: 4px solid var(--line); }
.tiles a:hover { background: var(--raised); }
.tiles .due a { border-left-color: var(--yuzu); } .tiles .running a { border-left-color: var(--blue); }
.tiles .failed a { border-left-color: var(--bad); } .tiles .completed a { border-left-color: var(--good); }
.tiles span { display: block; font-size: 13px; color: var(--soft); }
.tiles strong { font-size: 28px; line-height: 1.25; font-weight: 650; font-variant-numeric: tabular-nums;
  letter-spacing: -.02em; }
.legend { display: flex; align-items: center; gap: 6px; font-size: 13px; color: var(--soft); }
.legend i { width: 12px; height: 12px; border-radius: 3px; display: inline-block; }
.legend i + i { margin-left: 8px; } .legend i:not(:first-child) { margin-left: 10px; }
.legend .good { background: var(--good); } .legend .bad { background: var(--bad); }
.legend .waited { background: var(--yuzu); } .legend .took { background: var(--blue); }
.chart { position: relative; }
.chart svg { display: block; width: 100%; height: 150px; overflow: visible; }
.chart .top { position: absolute; top: -4px; left: 0; font-size: 12px; color: var(--soft); background: var(--paper);
  padding-right: 6px; font-variant-numeric: tabular-nums; }
.chart .times { display: flex; justify-content: space-between; font-size: 12px; color: var(--soft); margin-top: 6px;
  font-variant-numeric: tabular-nums; }
.grid { stroke: var(--line); stroke-width: 1; vector-effect: non-scaling-stroke; stroke-dasharray: 2 4; fill: none; }
.base { stroke: var(--line); stroke-width: 1; vector-effect: non-scaling-stroke; }
rect.good { fill: var(--good); } rect.bad { fill: var(--bad); } rect.slot { fill: transparent; }
g:hover rect.slot { fill: var(--line); opacity: .5; }
.line { fill: none; stroke-width: 2.25; vector-effect: non-scaling-stroke; stroke-linejoin: round; stroke-linecap: round; }
.line.waited { stroke: var(--yuzu); } .line.took { stroke: var(--blue); }
.scroll { overflow-x: auto; margin: 0 -18px -8px; padding: 0 18px 4px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 9px 12px 9px 0; border-bottom: 1px solid var(--line); vertical-align: top;
  font-weight: 400; }
tbody tr:last-child > * { border-bottom: 0; }
tbody th { font-weight: 550; overflow-wrap: anywhere; }
thead th { font-size: 12.5px; color: var(--soft); white-space: nowrap; padding-top: 2px; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.soft { color: var(--soft); font-weight: 400; font-size: 13.5px; }
.bad { color: var(--bad); } .warn { color: var(--warn); }
code { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.id { color: var(--soft); }
.badge { display: inline-block; border-radius: 999px; padding: 0 9px; font-size: 12.5px; line-height: 21px; font-weight: 600;
  background: var(--raised); color: var(--soft); border: 1px solid var(--line); white-space: nowrap; }
time { white-space: nowrap; }
.badge.running { color: var(--blue); background: var(--blue-back); border-color: transparent; }
.badge.completed { color: var(--accent); border-color: currentColor; }
.badge.failed { color: var(--bad); background: var(--bad-back); border-color: transparent; }
.badge.cancelled, .badge.paused, .badge.waiting { color: var(--warn); background: var(--warn-back); border-color: transparent; }
.badge.step { color: var(--accent); margin-right: 6px; }
.waits { display: block; margin-top: 4px; }
.waits code { background: var(--raised); border-radius: 5px; padding: 2px 7px; margin-right: 6px; }
.nothing { color: var(--soft); margin: 4px 0; }
.list { list-style: none; padding: 0; margin: 0; }
.list li { padding: 10px 0; border-bottom: 1px solid var(--line); }
.list li:last-child { border-bottom: 0; padding-bottom: 2px; } .list li:first-child { padding-top: 2px; }
.list p { margin: 0; } .list p > a:first-child { font-weight: 550; }
.error { color: var(--ink); overflow-wrap: anywhere; white-space: pre-wrap; }
p.error { background: var(--bad-back); border-radius: 7px; padding: 7px 11px; margin-top: 6px; font-size: 14px; }
.error b { color: var(--bad); font-weight: 600; margin-right: 4px; }
pre { margin: 0; background: var(--raised); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px;
  overflow: auto; max-height: 480px; white-space: pre-wrap; overflow-wrap: anywhere;
  font: 13px/1.6 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr)); gap: 12px 20px; margin: 14px 0 0; }
.facts dt { font-size: 13px; color: var(--soft); } .facts dd { margin: 0; overflow-wrap: anywhere; }
.times { list-style: none; margin: 0; padding: 0; } ol.times li + li { color: var(--soft); font-size: 13.5px; }
.find { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; margin-bottom: 14px; }
.find label { color: var(--soft); font-size: 14px; }
input { font: 14px/1.4 ui-monospace, Menlo, Consolas, monospace; padding: 8px 11px; min-width: 0; flex: 0 1 340px; color: inherit;
  background: var(--paper); border: 1px solid var(--soft); border-radius: 8px; min-height: 40px; }
button, .button { font: inherit; font-weight: 550; font-size: 14.5px; display: inline-block; padding: 8px 16px; min-height: 40px;
  border: 1px solid var(--accent); border-radius: 8px; background: var(--accent); color: var(--on-accent); cursor: pointer;
  text-decoration: none; }
button.quiet, .button.quiet { background: transparent; color: var(--accent); border-color: var(--line); }
button.danger, .button.danger { background: transparent; color: var(--bad); border-color: var(--bad); }
.confirm button.danger { background: var(--bad); border-color: var(--bad); color: var(--paper); }
button.small, .button.small { padding: 2px 10px; min-height: 28px; font-size: 13px; border-radius: 6px; }
button:hover, .button:hover { filter: brightness(1.08); }
.list .button.small { float: right; background: transparent; color: var(--accent); border-color: var(--line); }
.tabs { display: flex; gap: 6px; flex-wrap: wrap; margin-bottom: 14px; }
.tabs a { text-decoration: none; color: var(--soft); border: 1px solid var(--line); border-radius: 999px; padding: 5px 14px;
  background: var(--paper); font-size: 14px; }
.tabs a[aria-current] { color: var(--on-accent); background: var(--accent); border-color: var(--accent); font-weight: 550; }
.filter { margin: 0 0 14px; display: flex; flex-wrap: wrap; align-items: center; gap: 6px 10px; }
.next { margin: 14px 0 0; }
.confirm { max-width: 640px; } .confirm p:first-child { margin-top: 0; }
.confirm form { display: flex; gap: 10px; margin-top: 18px; }
.notice { background: var(--blue-back); border-left: 4px solid var(--blue); border-radius: 8px; padding: 10px 14px;
  margin: 0 0 16px; }
.timeline { width: 45%; min-width: 130px; } td.timeline { padding-right: 0; }
.timeline svg { display: block; width: 100%; height: 22px; }
.timeline .step { fill: var(--good); } .timeline .sleep { fill: var(--warn-back); stroke: var(--warn); stroke-width: 1.5;
  vector-effect: non-scaling-stroke; }
.worker { overflow-wrap: anywhere; }
@media (max-width: 900px) { .pair { grid-template-columns: 1fr; } .tiles { grid-template-columns: repeat(3, 1fr); } }
@media (max-width: 640px) {
  body { font-size: 14.5px; }
  header { padding: 0 16px; gap: 0 12px; } header nav { order: 3; flex-basis: 100%; margin: 0 -10px; }
  header nav a { padding: 0 10px; min-height: 40px; border-top: 0; } .brand { flex: 1; padding: 10px 0; }
  main { padding: 16px 16px 8px; } footer { padding: 4px 16px 28px; }
  .tiles { grid-template-columns: repeat(2, 1fr); gap: 8px; } .tiles a { padding: 9px 12px 8px; } .tiles strong { font-size: 24px; }
  .tiles .due { grid-column: 1 / -1; }
  .card { padding: 14px; border-radius: 10px; margin-bottom: 12px; } .scroll { margin: 0 -14px -6px; padding: 0 14px 4px; }
  .wide, .wide-inline { display: none; } th, td { padding-right: 8px; } th:last-child, td:last-child { padding-right: 0; }
  h1 { font-size: 21px; } .soft { font-size: 13px; }
  .facts { grid-template-columns: 1fr 1fr; } .timeline { width: 35%; min-width: 90px; }
  tbody th .soft { display: block; }
}
@media (forced-colors: active) { rect.good, .line.took { fill: CanvasText; } .badge { border-color: currentColor; } }
`

/** The picture in a browser's tab. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle cx="12" cy="13" r="9" fill="#f2c230"/><path d="M12 4.5c1-3 4-4 6.5-3.5C18 4 15.5 5.5 12 4.5z" fill="#3f9b6c"/></svg>
`

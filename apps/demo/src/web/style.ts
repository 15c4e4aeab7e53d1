/** The one style sheet but for the fonts; it stands in the page, so that nothing waits for it. */
export const STYLE = `
:root { color-scheme: light; --ink: #1f2a37; --soft: #5b6675; --line: #d9dfe7; --paper: #fff;
  --back: #f4f6f9; --accent: #1d5fa8; --good: #176b3a; --bad: #a3271f; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); line-height: 1.7;
  font-family: "Noto Sans JP Variable", system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: center;
  padding: .75rem 1.5rem; background: var(--paper); border-bottom: 1px solid var(--line); }
.brand { font-weight: 700; font-size: 1.15rem; color: var(--ink); text-decoration: none; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; flex: 1; }
nav a { color: var(--soft); text-decoration: none; white-space: nowrap; }
nav a[aria-current] { color: var(--accent); border-bottom: 2px solid var(--accent); }
.who, .who form { display: flex; gap: .75rem; align-items: center; margin: 0; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.5rem; margin: .25rem 0 1rem; }
h2 { font-size: 1.1rem; margin: 0 0 .75rem; }
section, .card { background: var(--paper); border: 1px solid var(--line); border-radius: 8px;
  padding: 1.25rem; margin-bottom: 1.25rem; }
a { color: var(--accent); }
.field { margin: 0 0 1rem; }
.field label { display: block; font-weight: 600; margin-bottom: .25rem; }
input, select, textarea { font: inherit; width: 100%; max-width: 30rem; padding: .45rem .6rem;
  border: 1px solid #aab4c1; border-radius: 6px; background: #fff; }
.wrong input, .wrong select, .wrong textarea { border-color: var(--bad); }
.problem { display: block; color: var(--bad); }
.problems { border: 1px solid var(--bad); background: #fdf1f0; color: var(--bad);
  border-radius: 8px; padding: .5rem 1rem; margin-bottom: 1rem; }
.problems ul { margin: 0; padding-left: 1.2rem; }
button, .button { font: inherit; padding: .45rem 1.1rem; border: 0; border-radius: 6px;
  background: var(--accent); color: #fff; cursor: pointer; text-decoration: none; display: inline-block; }
button.quiet { background: none; color: var(--accent); padding: 0; text-decoration: underline; }
button:disabled { opacity: .5; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .45rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.good { color: var(--good); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
.soft { color: var(--soft); }
.choices { display: flex; flex-wrap: wrap; gap: .5rem; }
.choices button[aria-pressed=false] { background: none; color: var(--accent); border: 1px solid var(--accent); }
.total { float: right; font-variant-numeric: tabular-nums; color: var(--accent); }
.timeline { display: block; width: 100%; height: auto; background: var(--back); border-radius: 6px; }
.timeline .io { fill: var(--accent); }
.timeline .loop { stroke: var(--good); stroke-width: 1.5; }
progress { width: 100%; max-width: 30rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--back); padding: .75rem; border-radius: 6px; }
@media (max-width: 40rem) {
  header { padding: .75rem 1rem; justify-content: space-between; }
  nav { order: 1; flex-basis: 100%; }
  main { padding: 1rem; }
}
`

/**
 * The one style sheet but for the fonts; it stands in the page, so that nothing waits for it. The tokens come
 * first: colours in light and dark, four sizes of type, six of space.
 */
export const STYLE = `
:root { color-scheme: light dark;
  --ink: #1c2733; --soft: #556170; --line: #d5dce5; --edge: #7d8a99; --paper: #fff; --back: #f3f5f8;
  --accent: #1a5a9e; --on-accent: #fff; --tint: #e8f0f9;
  --good: #146636; --good-back: #e7f4ec; --bad: #9c241c; --bad-back: #fcefee; --warn: #7a4b00; --warn-back: #fdf3df;
  --small: .875rem; --text: 1rem; --large: 1.1875rem; --huge: 1.625rem;
  --s1: .25rem; --s2: .5rem; --s3: .75rem; --s4: 1rem; --s5: 1.5rem; --s6: 2.5rem;
  --round: 8px; }
@media (prefers-color-scheme: dark) { :root {
  --ink: #e6ebf1; --soft: #a9b4c1; --line: #38434f; --edge: #7f8c9a; --paper: #1b232c; --back: #12181f;
  --accent: #8fbdf2; --on-accent: #0d1a29; --tint: #22334a;
  --good: #7fd3a0; --good-back: #173325; --bad: #ffaaa2; --bad-back: #40211f; --warn: #f0c36d; --warn-back: #3a2d12; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); line-height: 1.7; font-size: var(--text);
  font-family: "Noto Sans JP Variable", system-ui, sans-serif; overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: var(--s2); top: var(--s2); background: var(--paper); padding: var(--s2) var(--s4); z-index: 1; }
header { display: flex; flex-wrap: wrap; gap: var(--s2) var(--s5); align-items: center;
  padding: var(--s3) var(--s5); background: var(--paper); border-bottom: 1px solid var(--line); }
.brand { font-weight: 700; font-size: var(--large); color: var(--ink); text-decoration: none; }
nav { display: flex; flex-wrap: wrap; gap: var(--s1) var(--s4); flex: 1; }
nav a { color: var(--soft); text-decoration: none; white-space: nowrap; padding: var(--s1) 0; }
nav a:hover { color: var(--accent); }
nav a[aria-current] { color: var(--accent); font-weight: 600; box-shadow: 0 2px var(--accent); }
.who, .who form { display: flex; flex-wrap: wrap; gap: var(--s3); align-items: center; margin: 0; }
main { max-width: 60rem; margin: 0 auto; padding: var(--s5); }
h1 { font-size: var(--huge); line-height: 1.35; margin: var(--s1) 0 var(--s4); }
h2 { font-size: var(--large); line-height: 1.4; margin: 0 0 var(--s3); }
h3 { font-size: var(--text); margin: 0 0 var(--s2); }
p, ul, ol, table, pre, dl { margin: 0 0 var(--s3); }
section > :last-child, .card > :last-child, form > :last-child { margin-bottom: 0; }
section, .card { background: var(--paper); border: 1px solid var(--line); border-radius: var(--round);
  padding: var(--s4) var(--s5); margin-bottom: var(--s4); }
section form + form { margin-top: var(--s3); }
a { color: var(--accent); }
small, .small { font-size: var(--small); }
.lead { font-size: var(--large); }
.field { margin: 0 0 var(--s4); }
.field label, legend { display: block; font-weight: 600; margin-bottom: var(--s1); padding: 0; }
.hint { display: block; color: var(--soft); font-size: var(--small); }
fieldset { border: 0; margin: 0 0 var(--s4); padding: 0; min-width: 0; }
input, select, textarea { font: inherit; color: inherit; width: 100%; max-width: 30rem; padding: var(--s2) var(--s3);
  border: 1px solid var(--edge); border-radius: 6px; background: var(--paper); }
input[type=radio], input[type=checkbox] { width: auto; margin: 0 var(--s2) 0 0; }
.wrong input, .wrong select, .wrong textarea { border: 2px solid var(--bad); }
.problem { display: block; color: var(--bad); font-weight: 600; }
.problem:empty { margin: 0; }
.problem::first-letter, .problems li::first-letter { text-transform: uppercase; }
.problems ul:has(> :only-child) { list-style: none; padding-left: 0; }
.problems, .alert, .done { border: 1px solid; border-left-width: 6px; border-radius: var(--round);
  padding: var(--s3) var(--s4); margin-bottom: var(--s4); }
.problems, .alert { border-color: var(--bad); background: var(--bad-back); }
.problems a, .alert h2 { color: var(--bad); }
.problems ul { margin: 0; padding-left: 1.2rem; }
.done { border-color: var(--good); background: var(--good-back); color: var(--good); font-weight: 600; }
button, .button { font: inherit; font-weight: 600; padding: var(--s2) var(--s4); border: 1px solid var(--accent);
  border-radius: 6px; background: var(--accent); color: var(--on-accent); cursor: pointer; text-decoration: none;
  display: inline-block; min-height: 2.75rem; }
button.second, .choices button[aria-pressed=false] { background: none; color: var(--accent); }
button.quiet { background: none; color: var(--accent); border: 0; padding: 0; font-weight: 400; min-height: 0;
  text-decoration: underline; }
button:disabled { opacity: .5; cursor: default; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: var(--s2) var(--s3) var(--s2) 0; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--soft); font-size: var(--small); }
tbody th { font-weight: 400; }
tr:last-child > * { border-bottom: 0; }
td.figure { white-space: nowrap; font-variant-numeric: tabular-nums; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; padding-right: 0; }
.scroll { overflow-x: auto; }
.good { color: var(--good); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
.soft { color: var(--soft); }
.note { display: block; color: var(--warn); font-size: var(--small); }
.tag { display: inline-block; font-size: var(--small); padding: 0 var(--s2); border-radius: 99px; background: var(--tint);
  color: var(--accent); white-space: nowrap; }
.tag.good { background: var(--good-back); color: var(--good); }
.tag.bad { background: var(--bad-back); color: var(--bad); }
.tag.quiet { background: var(--back); color: var(--soft); }
.tag.warn { background: var(--warn-back); color: var(--warn); }
.choices, .row { display: flex; flex-wrap: wrap; gap: var(--s2); align-items: center; }
.slots { display: grid; grid-template-columns: repeat(auto-fill, minmax(7rem, 1fr)); gap: var(--s2); }
.slots label { border: 1px solid var(--line); border-radius: 6px; padding: var(--s2) var(--s3); margin: 0; }
.slots label:has(:checked) { border-color: var(--accent); background: var(--tint); }
.slots label:has(:disabled) { color: var(--soft); background: var(--back); font-weight: 400; }
.total { float: right; font-variant-numeric: tabular-nums; color: var(--accent); }
.timeline { display: block; width: 100%; height: auto; min-height: 4.5rem; background: var(--back); border-radius: 6px; margin-bottom: var(--s3); }
.timeline .io { fill: var(--accent); }
.timeline .loop { stroke: var(--good); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
progress { width: 100%; max-width: 30rem; accent-color: var(--accent); }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--back); padding: var(--s3); border-radius: 6px;
  font-size: var(--small); line-height: 1.5; }
pre.tree { white-space: pre; overflow-x: auto; }
code { font-size: .9em; }
summary { cursor: pointer; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); gap: var(--s4);
  margin-bottom: var(--s4); align-items: start; }
.cards.three { grid-template-columns: repeat(auto-fill, minmax(min(100%, 16rem), 1fr)); align-items: stretch; }
.cards .card { margin: 0; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 14rem), 1fr)); gap: 0 var(--s5); }
dt { color: var(--soft); font-size: var(--small); }
dd { margin: 0 0 var(--s3); }
.row form, .row p { margin: 0; }
section form + form, section .row form + form { margin-top: 0; }
.list { list-style: none; padding: 0; }
.list li { padding: var(--s2) 0; border-bottom: 1px solid var(--line); }
.list li:last-child { border-bottom: 0; }
.drop { border: 2px dashed var(--line); border-radius: var(--round); padding: var(--s4); }
.drop.over { border-color: var(--accent); background: var(--tint); }
.drop .field:not([hidden]) + .problem { margin-top: 0; }
#run > :last-child { margin-bottom: 0; }
.steps { list-style: none; padding: 0; }
.steps .card { padding: 0; margin-bottom: var(--s2); }
.step { display: flex; flex-wrap: wrap; gap: var(--s1) var(--s3); align-items: baseline; padding: var(--s3) var(--s4); }
.step .tag { min-width: 5.5rem; text-align: center; }
.step-title { flex: 1 1 12rem; font-weight: 600; }
.step .hint { font-variant-numeric: tabular-nums; }
.notes { list-style: none; margin: 0; padding: 0 var(--s4) var(--s3); }
.notes li { padding: var(--s1) 0; }
.steps pre { margin: 0 var(--s4) var(--s4); }
[data-state=waiting] .step-title { color: var(--soft); font-weight: 400; }
.text { white-space: pre-line; }
.row select { width: auto; flex: 1; min-width: 8rem; }
.mails details { border-bottom: 1px solid var(--line); }
.mails details:last-child { border-bottom: 0; }
.mails summary { display: flex; gap: var(--s1) var(--s4); padding: var(--s2) 0; }
.mails strong { flex: 1; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.mails span, .mails time { color: var(--soft); font-size: var(--small); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.mails span { max-width: 16rem; }
.row input { flex: 1; }
@media (max-width: 40rem) {
  header { padding: var(--s3) var(--s4); justify-content: space-between; }
  nav { order: 1; flex-basis: 100%; }
  main { padding: var(--s4); }
  section, .card { padding: var(--s4); }
  .mails summary { flex-wrap: wrap; }
  .mails strong { flex-basis: 100%; }
  .mails span { max-width: 48%; }
}
@media (prefers-reduced-motion: no-preference) { button, a { transition: background-color .15s, color .15s; } }
`

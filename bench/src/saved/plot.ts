import { amount, middleOf, number } from '../report.ts'
import type { SavedLine, SavedRun } from './saved-run.ts'

const WIDTH = 820
const MARGIN = 16
const ROW = 22
/** Where the bars begin, and where they end. */
const [LEFT, RIGHT] = [330, 560]

/** Light and dark; the plot has a ground of its own, so it can be read on any page. */
const STYLE = `<style>
  svg { --ground: #ffffff; --text: #1f2328; --quiet: #59636e; --fill: #8ba9d6; --mark: #a40e26; }
  @media (prefers-color-scheme: dark) {
    svg { --ground: #161b22; --text: #e6edf3; --quiet: #9198a1; --fill: #3f6aa8; --mark: #ff8f8a; }
  }
  .ground { fill: var(--ground) } .fill { fill: var(--fill) }
  text { fill: var(--text); font: 13px system-ui, sans-serif }
  .title { font-weight: 600 } .quiet { fill: var(--quiet) } .missed { fill: var(--mark) }
  .half { stroke: var(--text); stroke-width: 1.5 }
  .bar { stroke: var(--mark); stroke-width: 2; stroke-dasharray: 3 2 }
</style>`

/** A figure on one Node. */
interface Row extends SavedLine {
  readonly label: string
}

/** One run as a picture: a bar for each median, a line over its middle half, a dashed mark for what is promised. */
export function plot(run: SavedRun): string {
  const parts: string[] = []
  let y = MARGIN + 14
  for (const part of wrapped(`${run.id}: ${run.title}`)) {
    parts.push(text(MARGIN, y, part, 'title'))
    y += 18
  }
  parts.push(text(MARGIN, y, measuredBy(run), 'quiet'))
  y += 12
  for (const rows of groups(run).values()) {
    y += 12
    const least = Math.min(0, ...rows.flatMap(({ low }) => [low]))
    const most = Math.max(...rows.flatMap(({ high, bound }) => [high, bound?.value ?? high]), 0)
    const at = (value: number): number =>
      LEFT + ((value - least) / (most - least || 1)) * (RIGHT - LEFT)
    for (const row of rows) {
      parts.push(...rowOf(row, y, at))
      y += ROW
    }
  }
  const height = y + MARGIN
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title desc">
<title id="title">${escaped(`${run.id}: ${run.title}`)}</title>
<desc id="desc">${escaped(inWords(run))}</desc>
${STYLE}
<rect class="ground" width="${WIDTH}" height="${height}" rx="6"/>
${parts.join('\n')}
</svg>
`
}

/** What printed it, when, and how busy the machine was: one line. */
export function measuredBy({ command, date, load, processes }: SavedRun): string {
  return `${command}, ${date}, load average ${number(load.before)} to ${number(load.after)}, ${processes} ${processes === 1 ? 'process' : 'processes'}`
}

/** The figures by their unit: each has a scale of its own. */
function groups({ results }: SavedRun): Map<string, Row[]> {
  const rows = new Map<string, Row[]>()
  const names = results[0]?.lines.map(({ name, unit }) => ({ name, unit })) ?? []
  for (const { name, unit } of names) {
    for (const { node, lines } of results) {
      const line = lines.find((each) => each.name === name && each.unit === unit)
      if (line === undefined) continue
      const label = results.length === 1 ? name : `${name} · ${node.slice(1).split('.')[0]}`
      rows.set(unit, [...(rows.get(unit) ?? []), { ...line, label }])
    }
  }
  return rows
}

function rowOf(row: Row, y: number, at: (value: number) => number): string[] {
  const { label, median, low, high, bound } = row
  const [from, to] = [at(Math.min(0, median)), at(Math.max(0, median))]
  const middle = y + ROW / 2
  const parts = [
    text(LEFT - 8, middle + 4, shortened(label), '', 'end'),
    `<rect class="fill" x="${short(from)}" y="${y + 4}" width="${short(to - from)}" height="${ROW - 8}"/>`,
    `<line class="half" x1="${short(at(low))}" x2="${short(at(high))}" y1="${middle}" y2="${middle}"/>`,
  ]
  if (bound !== undefined) {
    const x = short(at(bound.value))
    parts.push(`<line class="bar" x1="${x}" x2="${x}" y1="${y + 1}" y2="${y + ROW - 1}"/>`)
  }
  const promised = bound === undefined ? '' : ` (${bound.sense} ${amount(bound.value, row.unit)})`
  const isMissed = bound?.held === false
  const figure = `${middleOf(row)}${promised}${isMissed ? ', missed' : ''}`
  return [...parts, text(RIGHT + 8, middle + 4, figure, isMissed ? 'missed' : '')]
}

function inWords({ results }: SavedRun): string {
  return results
    .map(({ node, lines }) => {
      const figures = lines.map((line) => {
        const { bound, unit } = line
        if (bound === undefined) return `${line.name}: ${middleOf(line)}`
        const kept = bound.held ? 'held' : 'missed'
        return `${line.name}: ${middleOf(line)}, ${bound.sense} ${amount(bound.value, unit)}, ${kept}`
      })
      return `Node ${node.slice(1)}: ${figures.join('; ')}.`
    })
    .join(' ')
}

function text(x: number, y: number, content: string, kind: string, anchor = 'start'): string {
  const classes = kind === '' ? '' : ` class="${kind}"`
  return `<text x="${x}" y="${y}"${classes} text-anchor="${anchor}">${escaped(content)}</text>`
}

/** A name that fits beside its bar; the whole of it stands in the description. */
function shortened(label: string): string {
  return label.length <= 46 ? label : `${label.slice(0, 29)}…${label.slice(-16)}`
}

function wrapped(content: string): string[] {
  return content.match(/.{1,100}(?:\s|$)/gu) ?? [content]
}

function short(value: number): string {
  return String(Math.round(value * 10) / 10)
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

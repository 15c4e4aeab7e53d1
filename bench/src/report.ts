import type { Line, Result } from './result.ts'
import type { Spread } from './statistics.ts'

/** One benchmark's figures as a table of text. */
export function format({ id, node, title, method, lines }: Result): string {
  const cells = lines.map((line) => [line.name, middleOf(line), rangeOf(line), boundOf(line)])
  const widths = [0, 1, 2].map((column) =>
    Math.max(...cells.map((row) => (row[column] as string).length)),
  ) as [number, number, number]
  const table = cells.map(([name = '', middle = '', range = '', bound = '']) =>
    `  ${name.padEnd(widths[0])}  ${middle.padStart(widths[1])}  ${range.padEnd(widths[2])}  ${bound}`.trimEnd(),
  )
  return [`${id} on Node ${node.slice(1)}: ${title} (${method})`, ...table].join('\n')
}

/** One line on all of it. */
export function summary(results: readonly Result[]): string {
  const bounds = results.flatMap(({ lines }) => lines.flatMap(({ bound }) => bound ?? []))
  return `${bounds.filter(({ held }) => held).length} of ${bounds.length} bars held`
}

/** All that something is promised of, as a table of Markdown with a column for each Node. */
export function markdown(results: readonly Result[]): string {
  const nodes = [...new Set(results.map(({ node }) => node))]
  const rows = new Map<string, Map<string, string>>()
  for (const { id, node, lines } of results) {
    for (const line of lines) {
      if (line.bound === undefined) continue
      const { sense, value } = line.bound
      const key = `| \`${id}\` | ${line.name} | ${sense} ${amount(value, line.unit)} |`
      const figure = `${middleOf(line)} ${rangeOf(line)}${line.bound.held ? '' : ' **missed**'}`
      rows.set(key, (rows.get(key) ?? new Map<string, string>()).set(node, figure))
    }
  }
  const body = Array.from(
    rows,
    ([key, figures]) => `${key} ${nodes.map((node) => figures.get(node) ?? '').join(' | ')} |`,
  )
  const heads = nodes.map((node) => `Node ${node.slice(1)}`).join(' | ')
  const rule = `|${'---|'.repeat(nodes.length + 3)}`
  return [`| benchmark | figure | bar | ${heads} |`, rule, ...body].join('\n')
}

/** The median. */
export function middleOf({ median, unit }: Pick<Line, 'median' | 'unit'>): string {
  return amount(median, unit)
}

function rangeOf({ low, high }: Spread): string {
  return `(${number(low)} to ${number(high)})`
}

function boundOf({ bound, unit }: Line): string {
  if (bound === undefined) return ''
  return `${bound.sense} ${amount(bound.value, unit)}: ${bound.held ? 'held' : 'MISSED'}`
}

/** A value with its unit. */
export function amount(value: number, unit: string): string {
  return unit === '×' ? `${number(value)}×` : `${number(value)} ${unit}`
}

/** Three digits that count. */
export function number(value: number): string {
  const size = Math.abs(value)
  const decimals = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3
  return value.toLocaleString('en', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  })
}

/** One column of a table. */
export interface Column {
  readonly title: string
  readonly align?: 'right'
  /** Whether it gives way where the lines would be too long. */
  readonly canShrink?: boolean
}

const GAP = 2

/** The least that is left of a column that gives way. */
const LEAST = 8

/** Lines of a table that are no longer than `width`, as far as the columns that give way allow. */
export function textTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const widths = columns.map(({ title }, at) =>
    Math.max(...[title, ...rows.map((row) => row[at] ?? '')].map(lengthOf)),
  )
  const over = (): number =>
    widths.reduce((sum, each) => sum + each, GAP * (columns.length - 1)) - width
  while (over() > 0) {
    const widest = columns
      .map((column, at) => ({ at, width: column.canShrink === true ? (widths[at] ?? 0) : 0 }))
      .reduce((most, each) => (each.width > most.width ? each : most))
    if (widest.width <= LEAST) break
    widths[widest.at] = Math.max(LEAST, widest.width - over())
  }
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, at) => {
        const cell = cut(cells[at] ?? '', widths[at] ?? 0)
        const space = ' '.repeat(Math.max(0, (widths[at] ?? 0) - lengthOf(cell)))
        return align === 'right' ? space + cell : cell + space
      })
      .join(' '.repeat(GAP))
      .trimEnd()
  return [line(columns.map(({ title }) => title)), ...rows.map(line)]
}

/** How many columns of a terminal a text takes: two for what is wide in Chinese, Japanese and Korean. */
function lengthOf(text: string): number {
  let length = 0
  for (const character of text) length += WIDE.test(character) ? 2 : 1
  return length
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

/** The beginning of a text, with an ellipsis where it was longer. */
function cut(text: string, width: number): string {
  if (lengthOf(text) <= width) return text
  let kept = ''
  let length = 1
  for (const character of text) {
    length += lengthOf(character)
    if (length > width) break
    kept += character
  }
  return `${kept}…`
}

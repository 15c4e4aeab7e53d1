/** A figure that was measured before results were kept: a row of `notes/earlier.md`. */
export interface EarlierRow {
  readonly id: string
  readonly figure: string
  readonly text: string
}

/** The rows of the table in `notes/earlier.md`, each as it is written. */
export function earlierRows(notes: string): EarlierRow[] {
  return notes.split('\n').flatMap((text) => {
    const [, id, figure] = /^\| `([^`]+)`\s*\| (.*?)\s*\|/.exec(text) ?? []
    return id === undefined || figure === undefined ? [] : [{ id, figure, text }]
  })
}

/** `notes/earlier.md` without what has a result now; nothing when all have one. */
export function earlierSection(notes: string, measured: ReadonlySet<string>): string {
  const gone = new Set(
    earlierRows(notes)
      .filter(({ id }) => measured.has(id))
      .map(({ text }) => text),
  )
  if (gone.size === earlierRows(notes).length) return ''
  return notes
    .split('\n')
    .filter((line) => !gone.has(line))
    .join('\n')
}

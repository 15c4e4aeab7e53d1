/** `// #if jobs`, `// #if !jobs`, `// #else`, `// #end`; after a single `#` in files that are no TypeScript. */
const MARK = /^\s*(?:\/\/|#) #(?:(?<word>else|end)|if (?<not>!)?(?<name>\w+))$/

/** At the end of a line: the names of packages that a service has not are taken out of the list that is on it. */
const NAMES = / \/\/ #names$/

interface Branch {
  readonly isTaken: boolean
  /** A branch for what is not there: the template as it stands has everything, so its lines are comments. */
  readonly isCommented: boolean
}

/**
 * Takes the lines of a template that a service has, by marks on lines of their own. Lines that the template has as
 * comments, as they exclude others, lose their slashes when they are taken.
 *
 * @throws {Error} when a mark has no partner
 */
export function conditionalLines(
  text: string,
  has: ReadonlySet<string>,
  all: readonly string[],
): string {
  const open: Branch[] = []
  const taken: string[] = []
  for (const line of text.split('\n')) {
    const { word, not, name } = MARK.exec(line)?.groups ?? {}
    if (name !== undefined) {
      const isCommented = not !== undefined
      open.push({ isTaken: has.has(name) !== isCommented, isCommented })
    } else if (word !== undefined) {
      const last = open.pop()
      if (last === undefined) throw new Error(`Expected an #if before #${word}`)
      if (word === 'else') open.push({ isTaken: !last.isTaken, isCommented: true })
    } else if (open.every(({ isTaken }) => isTaken)) {
      const isCommented = open.some((branch) => branch.isCommented)
      const code = isCommented ? line.replace(/^(\s*)\/\/ /, '$1') : line
      taken.push(NAMES.test(code) ? withNames(code.replace(NAMES, ''), has, all) : code)
    }
  }
  if (open.length > 0) throw new Error('Expected an #end for each #if')
  return taken.join('\n')
}

function withNames(line: string, has: ReadonlySet<string>, all: readonly string[]): string {
  return line.replaceAll(/, (\w+)/g, (part, name: string) =>
    all.includes(name) && !has.has(name) ? '' : part,
  )
}

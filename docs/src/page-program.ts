/** What a page of the guide becomes so that its examples can be run. */
export interface PageProgram {
  /** `main.ts`, and the files that the page shows beside it. */
  readonly files: ReadonlyMap<string, string>
  /** What `main.ts` prints: the line of the page at which each example that has run begins. */
  readonly output: string
}

/** Examples, and the files beside them; HTML is always a file. */
const FENCE = /^```(?:ts(?: (?<role>\S+))?|html (?<file>\S+\.html))$/
const IMPORT =
  /^import (?:(?<type>type )?\{(?<names>[^}]*)\}|(?<whole>.*?)) from '(?<module>[^']+)'$/gm

/**
 * One program of all examples of a page, whose line numbers are those of the page. What is marked
 * `set-up` comes first and all can use what it declares; then each example is called, from top to
 * bottom, as a function of its own. One that is marked with a file name is that file. `assert` is
 * there for all.
 */
export function pageProgram(page: string): PageProgram {
  const files = new Map<string, string>()
  const imports = new Imports()
  const starts: number[] = []
  const lines = page.split('\n')
  const main = lines.map(() => '')
  for (let at = 0; at < lines.length; at += 1) {
    const fence = FENCE.exec(lines[at] ?? '')
    if (fence === null) continue
    const end = lines.indexOf('```', at)
    if (end < 0) throw new Error(`the example at line ${at + 1} does not end`)
    const code = lines.slice(at + 1, end).join('\n')
    const role = fence.groups?.['role'] ?? fence.groups?.['file']
    if (role?.includes('.') === true) {
      files.set(role, `${code}\n`)
    } else {
      main.splice(at + 1, end - at - 1, ...imports.takeFrom(code).split('\n'))
      if (role !== 'set-up') {
        starts.push(at + 1)
        main[at] = `async function example${at + 1}() {`
        main[end] = '}'
      }
    }
    at = end
  }
  const calls = starts.map((line) => `await example${line}()\nconsole.log(${line})\n`)
  files.set('main.ts', [...main, imports.toString(), ...calls].join('\n'))
  return { files, output: starts.map((line) => `${line}\n`).join('') }
}

/** The imports of several examples, each name once. */
class Imports {
  readonly #named = new Map<string, Set<string>>()
  readonly #whole = new Set(["import assert from 'node:assert/strict'"])

  /** Remembers the imports of `code` and gives back the rest, line for line. */
  takeFrom(code: string): string {
    return code.replaceAll(IMPORT, (statement, ...found) => {
      const groups = found.at(-1) as Record<string, string | undefined>
      const { names, module = '' } = groups
      if (names === undefined) this.#whole.add(statement)
      else {
        const known = this.#named.get(module) ?? new Set()
        this.#named.set(module, known)
        for (const name of names.split(',').filter((name) => name.trim() !== '')) {
          known.add(`${groups['type'] ?? ''}${name.trim()}`)
        }
      }
      return statement.replaceAll(/[^\n]/g, '')
    })
  }

  toString(): string {
    const named = Array.from(
      this.#named,
      ([module, names]) => `import { ${[...names].join(', ')} } from '${module}'`,
    )
    return [...this.#whole, ...named, ''].join('\n')
  }
}

import { globSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseSync } from 'oxc-parser'
import { SourceFile } from './source-file.ts'

/** An `@example` of a public docstring, or an example of a manual. */
export interface DocExample {
  /** `packages/db/src/rows/stream.ts:25`, `docs/manual/db/copy.md:5` */
  readonly place: string
  /** The module whose docstring it is of; the package of a manual. */
  readonly module: string
  readonly code: string
}

/** The public side of a package: its names by module, and the examples of their docstrings. */
export interface PublicDocs {
  /** What each module exports: `@yuzuru/concurrency/sync` → its names. */
  readonly modules: ReadonlyMap<string, readonly string[]>
  readonly examples: readonly DocExample[]
}

/** Reads the entries of a package, and the declarations that they export from other files. */
export function publicDocs(folder: string, root: string): PublicDocs {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string
    readonly exports: Readonly<Record<string, string>>
  }
  const modules = new Map<string, readonly string[]>()
  const examples = new Map<string, DocExample>()
  for (const [entry, path] of Object.entries(manifest.exports)) {
    if (!path.endsWith('.ts')) continue
    const file = join(folder, path)
    const module = join(manifest.name, entry)
    const names = new SourceFile(file).exported()
    modules.set(module, names)
    for (const { place, code } of names.flatMap((name) => examplesOf(name, file, root))) {
      if (!examples.has(place)) examples.set(place, { place, module, code })
    }
  }
  return { modules, examples: [...examples.values()] }
}

/** The examples of a package's manual. Each is a program of its own. */
export function manualExamples(name: string, root: string): readonly DocExample[] {
  return globSync(`docs/manual/${name}/*.md`, { cwd: root }).flatMap((page) => {
    const lines = readFileSync(join(root, page), 'utf8').split('\n')
    return lines.flatMap((line, at) => {
      if (line !== '```ts') return []
      const code = lines.slice(at + 1, lines.indexOf('```', at)).join('\n')
      return [{ place: `${page}:${at + 1}`, module: `@yuzuru/${name}`, code }]
    })
  })
}

/** The examples of one declaration, and of its members. */
function examplesOf(name: string, path: string, root: string): Omit<DocExample, 'module'>[] {
  const origin = new SourceFile(path).originOf(name)
  if (origin !== undefined) return examplesOf(origin.name, origin.path, root)
  const source = readFileSync(path, 'utf8')
  const { program, comments } = parseSync(path, source)
  const place = (at: number): string =>
    `${relative(root, path)}:${source.slice(0, at).split('\n').length}`
  let from = 0
  return program.body.flatMap((statement) => {
    const start = from
    from = statement.end
    const head = source.slice(statement.start, statement.start + 200)
    if (!new RegExp(`^export .*?\\b${name}\\b`).test(head)) return []
    return comments
      .filter(({ start: at, end }) => at >= start && end <= statement.end)
      .flatMap((comment) =>
        exampleTags(comment.value).map(({ code, offset }) => ({
          code,
          place: place(comment.start + offset),
        })),
      )
  })
}

/** The code of each `@example` of a docstring, and where in it the tag is. */
function exampleTags(comment: string): { readonly code: string; readonly offset: number }[] {
  if (!comment.startsWith('*')) return []
  const [, ...tags] = comment.split(/^ *\* @example\n/m)
  return tags.map((tag) => {
    const [code = ''] = tag.split(/^ *\* @/m)
    return {
      code: code.replaceAll(/^ *\* ?/gm, '').trimEnd(),
      offset: comment.indexOf(tag),
    }
  })
}

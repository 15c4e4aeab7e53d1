/** What the files of a folder import of each other, types counted. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'

/** Each file, by its path in the folder, and the files there that it imports. */
export type Imports = ReadonlyMap<string, ReadonlySet<string>>

/** The imports among the sources below `folder`; tests are left out. */
export function importsIn(folder: string): Imports {
  const files = globSync('**/*.{ts,tsx}', { cwd: folder }).filter(
    (file) => !/\.test(?:-d)?\.tsx?$|\.d\.ts$/.test(file),
  )
  const known = new Set(files)
  return new Map(
    files.sort().map((file) => {
      const named = specifiersIn(file, readFileSync(join(folder, file), 'utf8'))
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => normalize(join(dirname(file), specifier)))
      return [file, new Set(named.filter((target) => known.has(target)))]
    }),
  )
}

function specifiersIn(file: string, source: string): string[] {
  const { module, program } = parseSync(file, source)
  const found = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
    ),
  ]
  const visitor = new Visitor({
    ImportExpression({ source }) {
      if (source.type === 'Literal' && typeof source.value === 'string') found.push(source.value)
    },
    TSImportType({ source }) {
      found.push(source.value)
    },
  })
  visitor.visit(program)
  return found
}

/** The circles: each a set of files that reach each other. Tarjan's algorithm. */
export function circlesOf(imports: Imports): string[][] {
  const numbers = new Map<string, number>()
  const stack: string[] = []
  const circles: string[][] = []
  const visit = (file: string): number => {
    const number = numbers.size
    numbers.set(file, number)
    let low = number
    stack.push(file)
    for (const target of imports.get(file) ?? []) {
      if (!numbers.has(target)) low = Math.min(low, visit(target))
      else if (stack.includes(target)) low = Math.min(low, numbers.get(target) ?? low)
    }
    if (low === number) {
      const circle = stack.splice(stack.indexOf(file))
      if (circle.length > 1) circles.push(circle.sort())
    }
    return low
  }
  for (const file of imports.keys()) if (!numbers.has(file)) visit(file)
  return circles
}

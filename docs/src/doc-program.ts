import type { DocExample } from './doc-examples.ts'

type Modules = readonly (readonly [module: string, names: readonly string[]])[]

/** A module that imports what the example names: of its own module, its own package, any other. */
export function docProgram(
  { module, code }: DocExample,
  ofPackage: Modules,
  everywhere: Modules,
): string {
  const found = new Map<string, string>()
  const nearest = [...ofPackage].sort(([a], [b]) => Number(b === module) - Number(a === module))
  for (const [from, names] of [...nearest, ...everywhere]) {
    for (const name of names) if (isUsed(name, code) && !found.has(name)) found.set(name, from)
  }
  const imports = Array.from(found, ([name, from]) => `import { ${name} } from '${from}'`)
  // Nothing of ours depends on it: its one name is declared by doc-world.
  const own = code.replace(/^import .* from 'kysely-ctl'\n/m, '')
  const body = own.startsWith('catch (') ? `try { await act() } ${own}` : own
  const isModule = /^(?:import|export) /m.test(body)
  const whole = isModule ? body : `export async function example() {\n${body}\n}`
  return [...imports, whole, ''].join('\n')
}

/** Whether the code uses a name that it does not declare. */
function isUsed(name: string, code: string): boolean {
  if (name === 'default') return false
  const isDeclared =
    new RegExp(`\\b(?:const|let|function|class|interface) ${name}\\b`).test(code) ||
    new RegExp(`^import (?:type )?\\{[^}]*\\b${name}\\b`, 'm').test(code)
  return !isDeclared && new RegExp(`(?<![\\w'-]|(?<!\\.\\.)\\.)${name}\\b(?!['\\w]|: )`).test(code)
}

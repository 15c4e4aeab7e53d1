import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DocExample, publicDocs } from './doc-examples.ts'

const docs = fileURLToPath(new URL('..', import.meta.url))
const root = join(docs, '..')
/** Within this package, so that the examples find the packages as a user's program would. */
const scratch = join(docs, '.vitest/doc-examples')

const packages = readdirSync(join(root, 'packages')).map((name) =>
  publicDocs(join(root, 'packages', name), root),
)
const everywhere = packages.flatMap(({ modules }) => [...modules])

beforeAll(() => {
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(scratch, { recursive: true })
  cpSync(join(docs, 'doc-world'), scratch, { recursive: true })
  // Types and values are imported alike, and an example may end before its function returns.
  const compilerOptions = {
    verbatimModuleSyntax: false,
    isolatedModules: false,
    noImplicitReturns: false,
  }
  writeFileSync(
    join(scratch, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.json', include: ['*.ts'], compilerOptions }),
  )
})

afterAll(() => rmSync(scratch, { recursive: true, force: true }))

test('the examples of public docstrings have sound types', async () => {
  let count = 0
  for (const { modules, examples } of packages) {
    for (const example of examples) {
      if (example.code.startsWith('// .oxlintrc.json')) continue
      count += 1
      const name = example.place.replaceAll(/\W+/g, '-')
      writeFileSync(join(scratch, `${name}.ts`), program(example, [...modules]))
    }
  }
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', scratch]).catch(
    (error: { readonly stdout: string }) => error,
  )
  expect(stdout, 'names that examples do not declare belong into doc-world/world.ts').toBe('')
  expect(count).toBeGreaterThan(150)
})

type Modules = readonly (readonly [module: string, names: readonly string[]])[]

/** A module that imports what the example names: of its own module, its own package, any other. */
function program({ module, code }: DocExample, own: Modules): string {
  const found = new Map<string, string>()
  const nearest = [...own].sort(([a], [b]) => Number(b === module) - Number(a === module))
  for (const [from, names] of [...nearest, ...everywhere]) {
    for (const name of names) if (isUsed(name, code) && !found.has(name)) found.set(name, from)
  }
  const imports = Array.from(found, ([name, from]) => `import { ${name} } from '${from}'`)
  const body = code.startsWith('catch (') ? `try { await act() } ${code}` : code
  const isModule = /^(?:import|export) /m.test(body)
  const whole = isModule ? body : `export async function example() {\n${body}\n}`
  return [...imports, whole, ''].join('\n')
}

/** Whether the code uses a name that it does not declare. */
function isUsed(name: string, code: string): boolean {
  if (name === 'default') return false
  const isDeclared = new RegExp(`\\b(?:const|let|function|class|interface) ${name}\\b`).test(code)
  return !isDeclared && new RegExp(`(?<![\\w'-]|(?<!\\.\\.)\\.)${name}\\b(?!['\\w]|: )`).test(code)
}

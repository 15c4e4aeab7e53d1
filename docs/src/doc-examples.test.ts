import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { manualExamples, publicDocs } from './doc-examples.ts'
import { docProgram } from './doc-program.ts'

const docs = fileURLToPath(new URL('..', import.meta.url))
const root = join(docs, '..')
/** Within this package, so that the examples find the packages as a user's program would. */
const scratch = join(docs, '.vitest/doc-examples')

const packages = readdirSync(join(root, 'packages')).map((name) => {
  const { modules, examples } = publicDocs(join(root, 'packages', name), root)
  return { modules, examples: [...examples, ...manualExamples(name, root)] }
})
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

test(
  'the examples of public docstrings and of the manual have sound types',
  { timeout: 300_000 },
  async () => {
    let count = 0
    for (const { modules, examples } of packages) {
      for (const example of examples) {
        if (example.code.startsWith('// .oxlintrc.json')) continue
        count += 1
        const name = example.place.replaceAll(/\W+/g, '-')
        writeFileSync(join(scratch, `${name}.ts`), docProgram(example, [...modules], everywhere))
      }
    }
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', scratch]).catch(
      (error: { readonly stdout: string }) => error,
    )
    expect(stdout, 'names that examples do not declare belong in doc-world/world.ts').toBe('')
    expect(count).toBeGreaterThan(200)
  },
)

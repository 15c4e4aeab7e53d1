/** Checks that every published package has the same shape: the same fields, entries and files. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packages, root, type WorkspacePackage } from './packages.ts'
import { problemsOfReadme } from './readme-shape.ts'

const SCRIPTS = {
  build: 'tsup && tsc -p tsconfig.build.json',
  typecheck: 'tsc',
  test: 'vitest run',
}

const FILES = [
  'README.md',
  'GUARANTEES.md',
  'tsconfig.json',
  'tsconfig.build.json',
  'tsup.config.ts',
  'turbo.json',
]

const LICENCE = readFileSync(join(root, 'LICENSE'), 'utf8')

const problems = packages().flatMap((workspacePackage) =>
  problemsOf(workspacePackage).map((problem) => `${workspacePackage.shortName}: ${problem}`),
)
for (const problem of problems) console.error(problem)
console.log(`${packages().length} packages, ${problems.length} out of shape`)
if (problems.length > 0) process.exitCode = 1

function problemsOf({ folder, shortName, manifest }: WorkspacePackage): string[] {
  const found: string[] = []
  const expect = (holds: boolean, problem: string): void => {
    if (!holds) found.push(problem)
  }
  // `npm create yuzuru` asks for that name.
  const name = shortName === 'create-yuzuru' ? shortName : `@yuzuru/${shortName}`
  expect(manifest.name === name, `is named ${manifest.name}`)
  expect(manifest.license === 'MIT', 'is not MIT')
  const licence = join(folder, 'LICENSE')
  // npm packs what lies in the folder; the one of the repository it does not see.
  const isLicensed = existsSync(licence) && readFileSync(licence, 'utf8') === LICENCE
  expect(isLicensed, 'its LICENSE is not that of the repository')
  expect(manifest.publishConfig?.provenance === true, 'is not published with its provenance')
  expect(manifest.type === 'module', 'is no ES module')
  expect(manifest.engines?.['node'] === '>=24', 'does not ask for Node >= 24')
  for (const [name, command] of Object.entries(SCRIPTS)) {
    expect(manifest.scripts?.[name] === command, `its script "${name}" is not \`${command}\``)
  }
  for (const file of FILES) expect(existsSync(join(folder, file)), `has no ${file}`)
  const tsup = readFileSync(join(folder, 'tsup.config.ts'), 'utf8')
  const published = manifest.publishConfig?.exports ?? {}
  for (const [entry, source] of Object.entries(manifest.exports ?? {})) {
    if (entry === './package.json') continue
    const name = entry === '.' ? 'index' : entry.slice(2)
    expect(source === `./src/${name}.ts`, `"${entry}" is not ./src/${name}.ts`)
    expect(existsSync(join(folder, source)), `"${entry}" points at nothing`)
    expect(tsup.includes(`'src/${name}.ts'`), `tsup does not build src/${name}.ts`)
    const target = published[entry]
    const holds =
      typeof target === 'object' &&
      target.types === `./dist/${name}.d.ts` &&
      target.default === `./dist/${name}.js`
    expect(holds, `"${entry}" is not published from dist`)
  }
  if (existsSync(join(folder, 'README.md'))) found.push(...problemsOfReadme(folder, shortName))
  for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
    if (name.startsWith('@yuzuru/')) expect(range === 'workspace:^', `${name} is not workspace:^`)
  }
  for (const name of Object.keys(manifest.peerDependencies ?? {})) {
    expect(manifest.devDependencies?.[name] !== undefined, `does not test with its peer ${name}`)
  }
  return found
}

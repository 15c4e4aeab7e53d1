import { cpSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What is laid where: below `{{name}}` each name in a path or a text is that of the new package. */
const PLACES: Readonly<Record<string, string>> = {
  'changeset.md.txt': '.changeset/{{name}}-first.md',
  'manual.md.txt': 'docs/manual/{{name}}/README.md',
  'smoke.js.txt': 'scripts/smoke/{{name}}.js',
}

const NAME = /^[a-z][a-z\d]*(?:-[a-z\d]+)*$/

/** Names that would be other things in the texts of the frame. */
const TAKEN: ReadonlySet<string> = new Set(['index', 'testing', 'concurrency', 'test', 'options'])

/**
 * Lays the frame of a package below `packages/`: a boundary that works, its errors, fake, suite and
 * tests, the guarantees that name them, its README and manual, its changeset, and the program that uses
 * it once it is installed. What to replace is what it does: one verb, `send`.
 *
 * @param root of the workspace
 * @param name the package's, without its scope: `redis`, `object-store`
 * @returns the files, by their paths from the root
 * @throws {TypeError} on a name that is none, or taken; then nothing is written
 */
export function layBoundary(root: string, name: string): readonly string[] {
  if (!NAME.test(name) || TAKEN.has(name)) {
    throw new TypeError(
      `Expected the name of a package in small letters, such as object-store, got ${JSON.stringify(name)}`,
    )
  }
  const folder = join(root, 'packages', name)
  if (existsSync(folder)) throw new TypeError(`Expected a new package, got ${name}, which is there`)
  const template = join(import.meta.dirname, '../boundary')
  const files = globSync('**/*.txt', { cwd: template }).sort()
  const laid = files.map((file) => {
    const place = filled(PLACES[file] ?? placeInPackage(file), name)
    mkdirSync(dirname(join(root, place)), { recursive: true })
    writeFileSync(join(root, place), filled(readFileSync(join(template, file), 'utf8'), name))
    return place
  })
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'))
  return [...laid, `packages/${name}/LICENSE`]
}

/** `package/src/x.ts.txt` → `packages/{{name}}/src/x.ts`: as text, it is checked only where it is laid. */
function placeInPackage(file: string): string {
  return file.replace(/^package\//, 'packages/{{name}}/').replace(/\.txt$/, '')
}

function filled(text: string, name: string): string {
  const camel = name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
  const pascal = camel.charAt(0).toUpperCase() + camel.slice(1)
  return text
    .replaceAll('{{name}}', name)
    .replaceAll('{{camel}}', camel)
    .replaceAll('{{Name}}', pascal)
}

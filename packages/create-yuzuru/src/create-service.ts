import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  ChoiceError,
  expectFramework,
  expectName,
  expectPackages,
  FRAMEWORKS,
  PACKAGES,
  type ServiceChoices,
} from './choices.ts'
import { conditionalLines } from './conditional-lines.ts'
import { serviceManifest } from './service-manifest.ts'

const TEMPLATE = fileURLToPath(new URL('../template/', import.meta.url))

/** npm leaves files of these names out of a package, or reads them as its own. */
const NAMES: Readonly<Record<string, string>> = {
  'gitignore.txt': '.gitignore',
  'env.example.txt': '.env.example',
}

/** Files that only some services have: all others are everyone's. */
const OF_PACKAGE: Readonly<Record<string, string>> = { 'src/documents.ts': 'storage' }

/**
 * Lays a new service into a folder, which is made if need be. It installs nothing.
 *
 * @returns the paths of the files, relative to the folder
 * @throws {ChoiceError} when the folder is not empty, the name is not one for npm, or there is no such choice;
 *   nothing is written then
 * @example
 * await createService('my-service', { name: 'my-service', framework: 'fastify', packages: ['jobs'] })
 */
export async function createService(
  folder: string,
  choices: ServiceChoices,
): Promise<readonly string[]> {
  const { name } = choices
  expectName(name)
  const framework = expectFramework(choices.framework ?? FRAMEWORKS[0] ?? '')
  const packages = expectPackages(choices.packages ?? PACKAGES)
  await expectEmpty(folder)
  const has = new Set<string>(packages)
  const files = new Map([['package.json', serviceManifest(name, framework, packages)]])
  for (const path of await templateFiles()) {
    const [, web] = /^src\/web\.(\w+)\.ts$/.exec(path) ?? []
    const owner = OF_PACKAGE[path]
    if ((web !== undefined && web !== framework) || (owner !== undefined && !has.has(owner)))
      continue
    const text = await readFile(join(TEMPLATE, path), 'utf8')
    const target = web === undefined ? (NAMES[path] ?? path) : 'src/web.ts'
    files.set(target, conditionalLines(text, has, PACKAGES).replaceAll('{{name}}', name))
  }
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  return [...files.keys()].toSorted()
}

async function templateFiles(): Promise<string[]> {
  const found = await readdir(TEMPLATE, { recursive: true, withFileTypes: true })
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => relative(TEMPLATE, join(entry.parentPath, entry.name)))
}

/** A repository that was made before, with no commit's files in it yet, is empty. */
async function expectEmpty(folder: string): Promise<void> {
  let found: string[]
  try {
    found = await readdir(folder)
  } catch (error) {
    if (Reflect.get(Object(error), 'code') === 'ENOENT') return
    if (Reflect.get(Object(error), 'code') !== 'ENOTDIR') throw error
    throw new ChoiceError(`Expected a folder, got the file ${folder}`)
  }
  const [first, ...others] = found.filter((name) => name !== '.git').toSorted()
  if (first === undefined) return
  const more = others.length === 0 ? '' : ` and ${others.length} more`
  throw new ChoiceError(
    `Expected an empty folder, got ${folder}, in which there is ${first}${more}`,
  )
}

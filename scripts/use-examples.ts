import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { EXAMPLES, optionalPeersOf, packages } from './packages.ts'

const run = promisify(execFile)

/**
 * Runs the example of each package where all are installed from their tarballs, and compares what it prints with its
 * last lines.
 *
 * @param nodes by their versions
 * @param only the packages whose examples are run. @default all of them
 */
export async function useExamples(
  room: string,
  tarballs: ReadonlyMap<string, string>,
  nodes: Readonly<Record<string, string>>,
  only: readonly string[],
): Promise<void> {
  const folder = join(room, 'with-examples')
  await mkdir(folder)
  await cp(EXAMPLES, folder, { recursive: true })
  const own = Object.fromEntries([...tarballs].map(([name, path]) => [name, `file:${path}`]))
  const peers = packages().map(({ manifest }) => optionalPeersOf(manifest))
  const dependencies = Object.assign({}, ...peers, own) as Record<string, string>
  const description = { private: true, type: 'module', dependencies, overrides: own }
  await writeFile(join(folder, 'package.json'), JSON.stringify(description, null, 2))
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder })
  for (const { shortName } of packages()) {
    if (only.length > 0 && !only.includes(shortName)) continue
    const file = `${shortName}.ts`
    const expected = printedBy(await readFile(join(folder, file), 'utf8'))
    if (expected === '') throw new Error(`${file} does not say what it prints`)
    await Promise.all(
      Object.entries(nodes).map(async ([version, node]) => {
        const { stdout } = await run(node, [file], { cwd: folder, timeout: 120_000 })
        if (stdout.trimEnd() === expected) return
        throw new Error(`${file} under Node ${version} printed\n${stdout}\nand not\n${expected}`)
      }),
    )
    console.log(
      `docs/examples/${file}: prints what it says under Node ${Object.keys(nodes).join(' and ')}`,
    )
  }
}

/** The comment at the end of an example: `// Prints:`, and a line for each. */
function printedBy(source: string): string {
  const [, lines = ''] = source.split('\n// Prints:\n')
  return lines.trimEnd().replaceAll(/^\/\/ {3}/gm, '')
}

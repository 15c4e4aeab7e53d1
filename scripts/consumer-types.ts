import { execFile } from 'node:child_process'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { EXAMPLES, optionalPeersOf, packages } from './packages.ts'

const run = promisify(execFile)

/** The releases of TypeScript that can read our declarations, as docs/support.md says. */
const COMPILERS = { ts59: '5.9.3', ts6: '6.0.3', ts7: '7.0.2' }

/** Nothing of ours may be wrong, also for those who have libraries checked; what is not ours is not judged. */
const OURS = /^(?:consumer\.ts|examples\/|node_modules\/(?:@yuzuru|create-yuzuru)\/)/

/**
 * Imports each entry of each package into one strict program with `skipLibCheck: false`, beside the examples.
 *
 * @param room an empty place
 * @param tarballs by the name of the package
 * @returns the folder in which all packages are installed from their tarballs
 * @throws {Error} with what a compiler says of our declarations
 */
export async function checkConsumerTypes(
  room: string,
  tarballs: ReadonlyMap<string, string>,
): Promise<string> {
  const folder = join(room, 'consumer-types')
  await mkdir(folder)
  const own = Object.fromEntries([...tarballs].map(([name, path]) => [name, `file:${path}`]))
  const peers = packages().map(({ manifest }) => optionalPeersOf(manifest))
  const compilers = Object.entries(COMPILERS).map(([name, at]) => [name, `npm:typescript@${at}`])
  const description = {
    private: true,
    type: 'module',
    dependencies: Object.assign({}, ...peers, own) as Record<string, string>,
    devDependencies: { '@types/node': '^24.0.0', ...Object.fromEntries(compilers) },
    overrides: own,
  }
  await writeFile(join(folder, 'package.json'), JSON.stringify(description, null, 2))
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder })

  const entries = packages().flatMap(({ manifest }) =>
    Object.keys(manifest.exports ?? {})
      .filter((entry) => !entry.endsWith('.json'))
      .map((entry) => `${manifest.name}${entry.slice(1)}`),
  )
  const program = entries.map((name, at) => `export * as entry${at} from '${name}'\n`).join('')
  await writeFile(join(folder, 'consumer.ts'), program)
  await cp(EXAMPLES, join(folder, 'examples'), { recursive: true })
  const compilerOptions = {
    target: 'es2024',
    lib: ['es2024', 'esnext', 'dom', 'dom.iterable', 'dom.asynciterable'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  }
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['consumer.ts', 'examples'] }),
  )
  for (const [name, version] of Object.entries(COMPILERS)) {
    const tsc = join(folder, 'node_modules', name, 'bin/tsc')
    const problems = await problemsOf(tsc, folder)
    if (problems.length > 0) throw new Error(`under TypeScript ${version}:\n${problems.join('\n')}`)
    console.log(`${entries.length} entries: sound under TypeScript ${version}, libraries checked`)
  }
  return folder
}

/** What a compiler says of our own files. */
async function problemsOf(tsc: string, folder: string): Promise<string[]> {
  const { promise, resolve } = Promise.withResolvers<string>()
  execFile(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], { cwd: folder }, (_, stdout) =>
    resolve(stdout),
  )
  const lines = (await promise).split('\n')
  return lines.filter((line) => OURS.test(line))
}

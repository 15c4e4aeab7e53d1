/**
 * `pnpm release --dry-run`: what a release would be, and everything that would make it a bad one. It changes and
 * publishes nothing; its exit code is not 0 when there is a fault.
 *
 * Without `--dry-run` it refuses: only the workflow `release.yml` publishes, so that each package can prove where it
 * was built.
 */
import { execFile } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { bundleSize } from '../tooling/src/bundle-size.ts'
import { type PackedPackage, readPacked } from '../tooling/src/release/packed-package.ts'
import { packedFaults } from '../tooling/src/release/packed-faults.ts'
import { planFaults, type PlannedRelease } from '../tooling/src/release/plan-faults.ts'
import { workflowFaults } from '../tooling/src/release/workflow-faults.ts'
import { checkConsumerTypes } from './consumer-types.ts'
import { packAll } from './pack-all.ts'
import { packages, root } from './packages.ts'

const run = promisify(execFile)

/** The core entry, minified and gzipped, with all that it imports. */
const CORE_BYTES_AT_MOST = 12_200

const CORE = "export * from '@yuzuru/concurrency'"
const WORKFLOW = '.github/workflows/release.yml'

const faults: string[] = []
const args = process.argv.slice(2)
if (args.length === 1 && args[0] === '--dry-run') await dryRun()
else {
  console.error(`Expected --dry-run: only the workflow ${WORKFLOW} publishes, when the pull request of the
next versions is merged. See "A release" in CONTRIBUTING.md.`)
  process.exitCode = 1
}

async function dryRun(): Promise<void> {
  const room = await mkdtemp(join(tmpdir(), 'yuzuru-release-'))
  try {
    const { stdout } = await run('git', ['status', '--porcelain'], { cwd: root })
    if (stdout !== '') console.warn('Warning: there are changes that are not committed')
    const plan = await planned(room)
    await command('builds', 'turbo', [
      'run',
      'build',
      '--filter=./packages/*',
      '--output-logs=errors-only',
    ])
    await command('shape', process.execPath, ['scripts/shape.ts'])
    await command('licences and vulnerabilities', process.execPath, ['scripts/licence-check.ts'])
    const workflow = workflowFaults(readFileSync(join(root, WORKFLOW), 'utf8'))
    faults.push(...workflow.map((fault) => `${WORKFLOW}: ${fault}`))
    const tarballs = await packAll(room)
    for (const [name, path] of tarballs) {
      await command(`${name}: publint`, 'publint', ['--strict', path])
      await command(`${name}: attw`, 'attw', ['--profile', 'esm-only', path])
    }
    const packed = await unpackAll(room, tarballs)
    const installed = await typesOf(room, tarballs)
    const core = installed === undefined ? undefined : await bundleSize(CORE, installed)
    report(plan, tarballs, packed, core)
  } finally {
    await rm(room, { recursive: true, force: true })
  }
}

/** The next versions, by the changesets that wait. */
async function planned(room: string): Promise<readonly PlannedRelease[]> {
  const file = join(room, 'plan.json')
  const output = relative(root, file)
  const ended = await command('changesets', 'changeset', ['status', '--output', output])
  if (!ended) return []
  const { releases, changesets } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly releases: readonly PlannedRelease[]
    readonly changesets: readonly unknown[]
  }
  console.log(`changesets: ${changesets.length} wait`)
  const published = new Set(packages().map(({ manifest }) => manifest.name))
  const creator = packages().find(({ shortName }) => shortName === 'create-yuzuru')
  const written = Object.keys(creator?.manifest.devDependencies ?? {})
  faults.push(...planFaults(releases, published, written))
  return releases
}

/** Runs one of the workspace's own checks; what it says is shown when it fails. */
async function command(what: string, program: string, words: readonly string[]): Promise<boolean> {
  const start = performance.now()
  const bin = join(root, 'node_modules/.bin')
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` }
  try {
    const running = run(program, words, { cwd: root, env, maxBuffer: 64 * 1_024 ** 2 })
    // Nobody types anything.
    running.child.stdin?.end()
    await running
    console.log(`${what}: passed (${((performance.now() - start) / 1_000).toFixed(1)} s)`)
    return true
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { readonly stdout?: string; stderr?: string }
    console.error(`${what}:\n${stdout}${stderr}`)
    faults.push(`${what}: failed, see above`)
    return false
  }
}

async function unpackAll(
  room: string,
  tarballs: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, PackedPackage>> {
  const published = new Set(tarballs.keys())
  const all = new Map<string, PackedPackage>()
  for (const { folder, shortName, manifest } of packages()) {
    const into = join(room, 'unpacked', shortName)
    await mkdir(into, { recursive: true })
    await run('tar', ['-xzf', tarballs.get(manifest.name) ?? '', '-C', into])
    const packed = readPacked(relative(root, folder), join(into, 'package'))
    all.set(manifest.name, packed)
    const found = packedFaults(packed, published, root)
    faults.push(...found.map((fault) => `${manifest.name}: ${fault}`))
  }
  return all
}

/** Where all packages are installed; `undefined` when a compiler finds a fault in them. */
async function typesOf(
  room: string,
  tarballs: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  try {
    return await checkConsumerTypes(room, tarballs)
  } catch (error) {
    faults.push(`types for consumers: ${(error as Error).message}`)
    return undefined
  }
}

function report(
  plan: readonly PlannedRelease[],
  tarballs: ReadonlyMap<string, string>,
  packed: ReadonlyMap<string, PackedPackage>,
  coreBytes: number | undefined,
): void {
  const kB = (bytes: number): string => (bytes / 1_000).toFixed(1)
  const rows = [...packed].map(([name, { manifest, files, bytes }]) => {
    const next = plan.find((release) => release.name === name && release.type !== 'none')
    return {
      package: name,
      version: manifest.version ?? '',
      next: next?.newVersion ?? '',
      files: files.size,
      'packed kB': kB(statSync(tarballs.get(name) ?? '').size),
      'unpacked kB': kB(bytes),
      faults: faults.filter((fault) => fault.startsWith(`${name}: `)).length,
    }
  })
  console.table(Object.fromEntries(rows.map(({ package: name, ...row }) => [name, row])))
  if (coreBytes !== undefined) {
    console.log(`the core entry: ${coreBytes} bytes of ${CORE_BYTES_AT_MOST}, minified and gzipped`)
    if (coreBytes > CORE_BYTES_AT_MOST)
      faults.push('@yuzuru/concurrency: the core entry is too big')
  }
  for (const fault of faults) console.error(fault)
  const count = faults.length === 0 ? 'no fault' : `${faults.length} faults`
  console.log(`A release of ${rows.length} packages would have ${count}`)
  if (faults.length > 0) process.exitCode = 1
}

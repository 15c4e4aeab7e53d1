/**
 * Packs every package and installs each alone, by npm, from its tarball into an empty folder, as a user
 * would; then runs its program of `scripts/smoke` there under Node 24 and 26, and has each of its entries say
 * under Node 20 which Node it needs. Packages of this workspace that it depends on come from their tarballs too:
 * they may not be published yet.
 * What `create-yuzuru` makes is used as its README says, and made by hand as `docs/start.md` says.
 * Last, the examples of `docs/examples` are run from the tarballs, and print what they say.
 */
import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packAll } from './pack-all.ts'
import { type Manifest, optionalPeersOf, packages, root } from './packages.ts'
import { useExamples } from './use-examples.ts'
import { useService } from './use-service.ts'
import { useStart } from './use-start.ts'

const run = promisify(execFile)
const NODES = {
  24: join(root, 'tooling/older-nodes/node_modules/node24/bin/node'),
  26: join(root, 'node_modules/node/bin/node'),
}

/** The first that was made for long use, and lacks names of Node's own modules that its later ones have. */
const OLD_NODE = join(root, 'tooling/older-nodes/node_modules/node20/bin/node')

/** What they stand on is no program for Node 20 at all (`import … with`), which it says before any of ours is run. */
const UNREADABLE: ReadonlySet<string> = new Set(['@yuzuru/mail/inline-css'])

const only = process.argv.slice(2)
const room = await mkdtemp(join(tmpdir(), 'yuzuru-pack-'))
try {
  const tarballs = await packAll(room)
  for (const { shortName, manifest } of packages()) {
    if (only.length > 0 && !only.includes(shortName)) continue
    await useAlone(shortName, manifest, tarballs)
  }
  await useExamples(room, tarballs, NODES, only)
} finally {
  await rm(room, { recursive: true, force: true })
}

async function useAlone(
  shortName: string,
  manifest: Manifest,
  tarballs: ReadonlyMap<string, string>,
): Promise<void> {
  const start = performance.now()
  const folder = join(room, shortName)
  await mkdir(folder)
  const own = tarballs.get(manifest.name) ?? ''
  const others = [...tarballs].filter(([name]) => name !== manifest.name)
  const description = {
    private: true,
    type: 'module',
    dependencies: { [manifest.name]: `file:${own}`, ...optionalPeersOf(manifest) },
    overrides: Object.fromEntries(others.map(([name, path]) => [name, `file:${path}`])),
  }
  await writeFile(join(folder, 'package.json'), JSON.stringify(description, null, 2))
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder })
  await copyFile(join(root, 'scripts/smoke', `${shortName}.js`), join(folder, 'smoke.js'))
  for (const [version, node] of Object.entries(NODES)) {
    const { stdout } = await run(node, ['smoke.js'], { cwd: folder, timeout: 60_000 })
    if (stdout.trim() !== 'ok') {
      throw new Error(`${manifest.name} under Node ${version} printed ${JSON.stringify(stdout)}`)
    }
  }
  await expectRefusedByOldNode(manifest, folder)
  // Its smoke program has made one.
  if (shortName === 'create-yuzuru') {
    await useService(join(folder, 'made/by-command'), tarballs, NODES[24])
    await useStart(folder, tarballs, NODES[24])
  }
  const seconds = ((performance.now() - start) / 1_000).toFixed(1)
  console.log(
    `${manifest.name}: packed, installed alone, used under Node 24 and 26, refused by 20 (${seconds} s)`,
  )
}

/**
 * Under a Node that is too old an entry says so, unless it needs nothing of a newer one. What it imports is linked
 * before anything is run: one name that a module of Node's does not export there would be the message instead.
 */
async function expectRefusedByOldNode(manifest: Manifest, folder: string): Promise<void> {
  const entries = Object.keys(manifest.exports ?? {}).filter((entry) => !entry.endsWith('.json'))
  const names = entries
    .map((entry) => `${manifest.name}${entry.slice(1)}`)
    .filter((name) => !UNREADABLE.has(name))
  const program = `for (const name of ${JSON.stringify(names)}) {
    await import(name).catch((error) => console.log(name + ': ' + error))
  }`
  await writeFile(join(folder, 'old-node.mjs'), program)
  const { stdout } = await run(OLD_NODE, ['old-node.mjs'], { cwd: folder, timeout: 60_000 })
  const said = stdout.split('\n').filter((line) => line !== '')
  for (const name of Object.keys(manifest.bin ?? {})) {
    const command = run(OLD_NODE, [join('node_modules/.bin', name)], { cwd: folder })
    said.push(
      await command.then(
        () => `${name} ran`,
        (error: { readonly stderr: string }) => error.stderr.trim(),
      ),
    )
  }
  const wrong = said.filter(
    (line) => !/^(?:(?:\S+: )?Error: )?Expected Node 24 or later for /m.test(line),
  )
  if (wrong.length > 0) throw new Error(`under Node 20 ${wrong.join('\n')}`)
  if (said.length === 0) throw new Error(`${manifest.name} does not say which Node it needs`)
}

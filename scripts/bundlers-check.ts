/**
 * Runs each command of `docs/bundlers-and-runtimes.md` in a folder where the packages are installed from their
 * tarballs, beside the tools that the page names. The last command of a block prints `ok`, or is a test run that
 * passes; that of a block with a comment fails with these words. The tools are big (about 300 MB), so this is no part of
 * what runs for each change.
 */
import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { packages, root } from './packages.ts'

const run = promisify(execFile)
const USED = new Set(['concurrency', 'http', 'server'])
const TOOLS = {
  bun: '1.4.5',
  deno: '2.9.6',
  esbuild: '0.28.2',
  jest: '30.5.2',
  tsx: '4.23.15',
  vite: '8.4.0',
  webpack: '5.113.0',
}

const page = await readFile(join(root, 'docs/bundlers-and-runtimes.md'), 'utf8')
const room = await mkdtemp(join(tmpdir(), 'yuzuru-bundlers-'))
try {
  await install()
  for (const [, file = '', code = ''] of page.matchAll(/^```[jt]s (\S+)\n(.*?)^```$/gms)) {
    await writeFile(join(room, file), code)
  }
  const wrong = Array.from(page.matchAll(/^```sh\n(.*?)^```$/gms), ([, block = '']) => check(block))
  if (wrong.length < 10) throw new Error(`only ${wrong.length} blocks of commands were found`)
  const said = wrong.filter((line) => line !== undefined)
  if (said.length > 0) throw new Error(said.join('\n\n'))
  console.log(`${wrong.length} blocks of commands do what the page says`)
} finally {
  await rm(room, { recursive: true, force: true })
}

async function install(): Promise<void> {
  const own: Record<string, string> = {}
  for (const { folder, shortName, manifest } of packages()) {
    if (!USED.has(shortName)) continue
    const out = join(room, `${shortName}.tgz`)
    await run('pnpm', ['pack', '--out', out], { cwd: folder })
    own[manifest.name] = `file:${out}`
  }
  const dependencies = { ...own, ...TOOLS, hono: '4', '@hono/node-server': '2' }
  const description = { private: true, type: 'module', dependencies }
  await writeFile(join(room, 'package.json'), JSON.stringify(description, null, 2))
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: room })
}

/** What is wrong with a block of commands, or `undefined`. */
function check(block: string): string | undefined {
  const lines = block.trim().split('\n')
  const expected = lines.find((line) => line.startsWith('# '))?.slice(2)
  let output = ''
  const commands = lines.filter((line) => !line.startsWith('#'))
  for (const [at, command] of commands.entries()) {
    const paths = [dirname(process.execPath), join(room, 'node_modules/.bin'), process.env['PATH']]
    const env = { ...process.env, PATH: paths.join(delimiter) }
    const options = { cwd: room, env, shell: true, timeout: 180_000, encoding: 'utf8' } as const
    const ended = spawnSync(command, options)
    output = `${ended.stdout}${ended.stderr}`
    const isToFail = expected !== undefined && at === commands.length - 1
    if ((ended.status !== 0) !== isToFail) {
      return `${command}\nended with ${ended.status ?? ended.signal}:\n${output}`
    }
  }
  const words = expected ?? (block.includes('jest') ? '1 passed' : 'ok')
  return output.includes(words) ? undefined : `${block}\nprinted ${output}, without ${words}`
}

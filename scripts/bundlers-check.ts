/**
 * Runs each command of `docs/bundlers-and-runtimes.md` in a folder where the packages are installed from their
 * tarballs, beside the tools that the page names. The last command of a block prints `ok`, or is a test run that
 * passes; that of a block with a comment fails with these words. The blocks of a section build on each other, and
 * sections run beside each other.
 */
import { exec, execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { packAll } from './pack-all.ts'
import { packages, root } from './packages.ts'

const run = promisify(execFile)
/** Runs by itself, and is imported by nobody's service. */
const NOT_USED = 'create-yuzuru'
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
  const sections = page.split(/^## /m).map((section) => blocksOf(section))
  const count = sections.flat().length
  if (count < 10) throw new Error(`only ${count} blocks of commands were found`)
  const said = (await Promise.all(sections.map(checkAll))).flat()
  if (said.length > 0) throw new Error(said.join('\n\n'))
  console.log(`${count} blocks of commands do what the page says`)
} finally {
  await rm(room, { recursive: true, force: true })
}

async function install(): Promise<void> {
  const tarballs = await packAll(room)
  const used = packages().filter(({ shortName }) => shortName !== NOT_USED)
  const own = Object.fromEntries(
    used.map(({ manifest: { name } }) => [name, `file:${tarballs.get(name)}`]),
  )
  const dependencies = { ...own, ...TOOLS, hono: '4', '@hono/node-server': '2' }
  const description = { private: true, type: 'module', dependencies }
  await writeFile(join(room, 'package.json'), JSON.stringify(description, null, 2))
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: room })
}

function blocksOf(section: string): string[] {
  return Array.from(section.matchAll(/^```sh\n(.*?)^```$/gms), ([, block = '']) => block)
}

/** What is wrong with the blocks of a section. */
async function checkAll(blocks: readonly string[]): Promise<string[]> {
  const wrong: string[] = []
  for (const block of blocks) {
    const said = await check(block)
    if (said !== undefined) wrong.push(said)
  }
  return wrong
}

/** What is wrong with a block of commands, or `undefined`. */
async function check(block: string): Promise<string | undefined> {
  const lines = block.trim().split('\n')
  const expected = lines.find((line) => line.startsWith('# '))?.slice(2)
  const commands = lines.filter((line) => !line.startsWith('#'))
  let output = ''
  for (const [at, command] of commands.entries()) {
    const ended = await inShell(command)
    output = ended.output
    const isToFail = expected !== undefined && at === commands.length - 1
    if ((ended.error !== null) !== isToFail) {
      return `${command}\nended with ${String(ended.error)}:\n${output}`
    }
  }
  const words = expected ?? (block.includes('jest') ? '1 passed' : 'ok')
  return output.includes(words) ? undefined : `${block}\nprinted ${output}, without ${words}`
}

async function inShell(
  command: string,
): Promise<{ readonly error: Error | null; readonly output: string }> {
  const paths = [dirname(process.execPath), join(room, 'node_modules/.bin'), process.env['PATH']]
  const env = { ...process.env, PATH: paths.join(delimiter) }
  return await new Promise((resolve) => {
    const options = { cwd: room, env, timeout: 180_000 }
    const child = exec(command, options, (error, stdout, stderr) =>
      resolve({ error, output: `${stdout}${stderr}` }),
    )
    child.stdin?.end()
  })
}

import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { commandsOf, filesUpTo } from '../docs/src/start-steps.ts'
import type { Manifest } from './packages.ts'

const run = promisify(execFile)

/**
 * Does by hand what `docs/start.md` says: the manifest of its first step, the very commands that install, with the
 * newest of what others publish and ours from the tarballs, then all of its files. The service's types are sound, and its tests
 * pass. What each step prints is tested in `docs/src/start.test.ts`.
 */
export async function useStart(
  room: string,
  tarballs: ReadonlyMap<string, string>,
  node: string,
): Promise<void> {
  const folder = join(room, 'start')
  const files = filesUpTo(10)
  const commands = commandsOf(1)
  const named = new Set(commands.split(/\s+/))
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  // What ours stand on is not published yet, either.
  const others = [...tarballs].filter(([name]) => !named.has(name))
  const manifest = JSON.parse(files.get('package.json') ?? '') as Manifest
  const overrides = Object.fromEntries(others.map(([name, path]) => [name, `file:${path}`]))
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, overrides }))
  const fromTarballs = commands.replaceAll(
    /(?<=\s)@yuzuru\/[\w-]+/g,
    (name) => `file:${tarballs.get(name) ?? name}`,
  )
  const env = {
    ...process.env,
    PATH: `${dirname(node)}:${process.env['PATH']}`,
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_loglevel: 'error',
  }
  await run('sh', ['-e', '-c', fromTarballs], { cwd: folder, env })
  await run('npm', ['run', 'typecheck'], { cwd: folder, env })
  await run('npm', ['test'], { cwd: folder, env })
}

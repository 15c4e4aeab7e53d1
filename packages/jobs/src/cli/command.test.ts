import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { jobs as kinds } from '../../test/command-config.ts'
import { queue } from '../../test/queue.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { jobStats } from '../queue/job-stats.ts'
import { readArguments } from './read-arguments.ts'
import { perform, runCommand } from './run-command.ts'

const CLI = fileURLToPath(new URL('../cli.ts', import.meta.url))
const CONFIG = fileURLToPath(new URL('../../test/command-config.ts', import.meta.url))
type Kind = (typeof kinds)[number]
const [fine, failing, long] = kinds as [Kind, Kind, Kind]

/** Programs take their time to start. */
const POLL = { timeout: 60_000 }

const CLOSED = { [Symbol.asyncDispose]: async (): Promise<void> => undefined }

/** A queue, and the command line at work on it. */
async function open() {
  const { db, url } = await queue()
  const start = (...args: string[]) => {
    const env = { ...process.env, DATABASE_URL: url }
    const child = spawn(process.execPath, [CLI, ...args, '--config', CONFIG], { env })
    onTestFinished(() => void child.kill('SIGKILL'))
    return child
  }
  const command = async (...args: string[]) => {
    const child = start(...args)
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ])
    return { stdout, stderr, code: code as number }
  }
  /** The same in this process, without a module. */
  const here = async (...args: string[]): Promise<string> => {
    const asked = readArguments(args)
    if (asked === undefined) throw new Error('Expected no --help')
    let written = ''
    const write = (said: string): void => void (written += said)
    const terminal = { stdout: { write }, stderr: { write }, env: {} }
    const config = { db: db as never, jobs: kinds, crons: undefined, ...CLOSED }
    await perform(asked, config, terminal)
    return written
  }
  return { db, start, command, here }
}

/** Runs it in this process; what it does never comes to the database. */
async function refused(...args: string[]) {
  let stderr = ''
  const terminal = {
    stdout: { write: () => undefined },
    stderr: { write: (said: string) => void (stderr += said) },
    env: {},
  }
  return { code: await runCommand(args, terminal), stderr }
}

describe('yuzuru-jobs', () => {
  test('drains, lists and puts back', async () => {
    const { db, command, here } = await open()
    await enqueueMany(db, fine, [{ n: 1 }, { n: 2 }])
    const failed = await enqueue(db, failing, { n: 3 })
    const drained = await command('drain', '--concurrency', '2')
    expect(drained.stdout).toMatch(
      / works on fine, failing, long\ncompleted 2, failed 1, to be retried 0\n$/,
    )
    expect(drained.stderr).toBe(`failing ${failed.id} failed: rejected\n`)
    expect(drained.code).toBe(0)

    const listed = await command('list', '--tag', 'shop', '--limit', '1')
    const [titles, first, more] = listed.stdout.split('\n')
    expect(titles).toMatch(/^id +kind +state +try +enqueued/)
    expect(first).toMatch(/^[\da-f-]{36} {2}fine +completed +1\/\d/)
    const after = more?.replace('More: --after ', '') ?? ''
    const second = await here('list', '--tag', 'shop', '--limit', '1', '--after', after)
    expect(second).toContain('fine')
    expect(second.split('\n')[1]?.slice(0, 36)).not.toBe(first?.slice(0, 36))
    expect(await here('retry', failed.id)).toBe('It is in the queue again\n')
    expect((await getJob(db, failed.id))?.state).toBe('waiting')
    await expect(here('retry', failed.id)).rejects.toThrow(`There is no failed job ${failed.id}`)
  })

  test('puts back a kind, pauses, resumes and says how the queue stands', async () => {
    const { db, here } = await open()
    const failed = await enqueue(db, failing, { n: 3 })
    await here('drain')
    const json = await here('list', '--state', 'failed', '--kind', 'failing', '--json')
    expect(JSON.parse(json)).toMatchObject({ id: failed.id, state: 'failed', name: 'failing' })
    expect(await here('retry', '--kind', 'failing')).toMatch(/^1 are in the queue again/)
    expect(await here('pause', '--kind', 'failing')).toBe('It is paused now\n')
    expect(await here('pause', '--kind', 'failing')).toBe('It was paused already\n')
    expect(await here('drain')).toContain('completed 0, failed 0')
    const stats = await here('stats')
    expect(stats).toContain('Paused: kind failing')
    expect(Math.max(...stats.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80)
    expect(JSON.parse(await here('stats', '--json'))).toMatchObject({ waiting: 1 })
    expect(await here('resume', '--kind', 'failing')).toBe('It is not paused now\n')
    expect(await jobStats(db)).toMatchObject({ paused: [] })
  })

  test('sets how many of a kind or a queue run at once, shows that, and ends it', async () => {
    const { db, here } = await open()
    const scale = async (...args: string[]): Promise<string> => await here('scale', ...args)
    expect(await scale('--queue', 'mail', '--concurrency', '3')).toBe(
      'It is at most 3 at once now\n',
    )
    expect(await scale('--queue', 'mail', '--concurrency', '3')).toBe(
      'It was at most 3 at once already\n',
    )
    await scale('--kind', 'failing', '--concurrency', '1')
    expect(await here('stats')).toContain('At most: kind failing 1, queue mail 3')
    expect(await scale('--kind', 'failing', '--concurrency', 'none')).toBe(
      'It is without a number now\n',
    )
    expect(await jobStats(db)).toMatchObject({ scaled: [{ queue: 'mail', concurrency: 3 }] })
  })

  test('runs until SIGTERM, and gives back what it ran with its attempt', async () => {
    const { db, start } = await open()
    const { id } = await enqueue(db, long, { n: 1 })
    const child = start('run', '--grace', '0')
    const said = text(child.stdout)
    await expect.poll(async () => (await getJob(db, id))?.state, POLL).toBe('running')
    child.kill('SIGTERM')
    const [code] = await once(child, 'exit')
    expect(code).toBe(143)
    expect(await said).toContain('completed 0, failed 0')
    expect(await getJob(db, id)).toMatchObject({ state: 'waiting', attempt: 0 })
  })

  test('goes on though nobody reads what it says, and ends where it only says something', async () => {
    const { db, start } = await open()
    const { id } = await enqueue(db, long, { n: 1 })
    const ends: string[] = []
    const unread = (...args: string[]) => {
      const child = start(...args)
      child.stdout.destroy()
      return { child, stderr: text(child.stderr), ended: once(child, 'exit') }
    }
    const { child, stderr, ended } = unread('run', '--grace', '0')
    const others = [['--help'], ['stats', '--watch', '--every', '1']].map((args) => unread(...args))
    await expect.poll(async () => (await getJob(db, id))?.state, POLL).toBe('running')
    for (const other of others) {
      const [code] = await other.ended
      ends.push(`${code} ${await other.stderr}`)
    }
    expect(ends).toEqual(['0 ', '0 '])
    child.kill('SIGTERM')
    expect(await ended).toEqual([143, null])
    expect(await stderr).toBe('')
    expect(await getJob(db, id)).toMatchObject({ state: 'waiting', attempt: 0 })
  })

  test('shows how the queue stands line by line where there is no terminal, until it is stopped', async () => {
    const { start } = await open()
    const child = start('stats', '--watch', '--every', '1')
    let lines = ''
    for await (const chunk of child.stdout) {
      lines += String(chunk)
      if (lines.split('\n').length > 2) break
    }
    expect(lines).toMatch(/^\S+Z waiting 0, running 0, .*\n\S+Z waiting 0/)
    expect(lines).not.toContain('\u001B')
    if (child.exitCode === null) child.kill('SIGINT')
    const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode]
    expect(code).toBe(130)
  })

  test('says in a sentence what is wrong with the command, and does nothing', async () => {
    for (const [args, message] of [
      [[], 'Expected a command of run, drain, stats, list, retry, pause, resume, scale, got none'],
      [['go'], 'got "go"'],
      [['run', 'now'], 'Expected nothing more after run, got "now"'],
      [['run', '--watch'], 'Expected no --watch with run'],
      [['run', '--color'], "Unknown option '--color'"],
      [['run'], 'Found no yuzuru-jobs.config.ts'],
      [['run', '--config', 'none.ts'], 'Found no none.ts'],
      [['run', '--concurrency', '0', '--config', CONFIG], 'Expected --concurrency to be'],
      [['retry', '--config', CONFIG], 'either the id of a job or --kind'],
      [['retry', 'x', '--config', CONFIG], 'to be a UUID, got "x"'],
      [['pause', '--config', CONFIG], 'either --kind or --queue'],
      [['scale', '--config', CONFIG, '--queue', 'q'], 'to have --concurrency, a number or none'],
      [['scale', '--config', CONFIG, '--concurrency', '1'], 'either --kind or --queue'],
      [
        ['scale', '--config', CONFIG, '--queue', 'q', '--concurrency', '0'],
        'Expected --concurrency to be a whole number from 1 to 100000',
      ],
      [['list', '--state', 'done', '--config', CONFIG], 'Expected states to be some of'],
    ] as const) {
      const { stderr, code } = await refused(...args)
      expect(stderr).toContain(message)
      expect(stderr).toMatch(/^[^\n]+ \(see yuzuru-jobs --help\)\n$/)
      expect(code, message).toBe(2)
    }
  })

  test('says in a sentence what is wrong with the module, or the database', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'yuzuru-jobs-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    let files = 0
    for (const [source, message] of [
      [
        'export const jobs = []',
        'does not export { db, jobs, crons? }: Expected jobs to be an array',
      ],
      ['throw new Error("no\\nurl")', 'could not be loaded: no url'],
      ['export const jobs = [', 'could not be loaded: '],
    ] as const) {
      // Another name each time: a module is loaded once.
      const file = join(folder, `${files++}.mjs`)
      await writeFile(file, source)
      const { stderr, code } = await refused('stats', '--config', file)
      expect(stderr).toContain(message)
      expect(stderr.trim().split('\n')).toHaveLength(1)
      expect(code).toBe(1)
    }
    const child = spawn(process.execPath, [CLI, 'stats', '--config', CONFIG], {
      env: { ...process.env, DATABASE_URL: 'postgres://nobody:geheim@127.0.0.1:1/none' },
    })
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
    expect([stderr.trim().split('\n').length, code]).toEqual([1, 1])
    expect(stderr).not.toContain('geheim')
  })
})

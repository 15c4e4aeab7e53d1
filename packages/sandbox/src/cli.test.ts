import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { describeSandbox } from './describe-sandbox.ts'
import { environmentOf } from './environment-of.ts'
import { signalsToPass } from './run-command.ts'
import { startSandbox } from './sandbox.ts'

const CLI = fileURLToPath(new URL('cli.ts', import.meta.url))

type Command = ChildProcess & { stdout: NodeJS.ReadableStream }

const start = (...options: readonly string[]): Command => startWith(process.env, ...options)

function startWith(env: NodeJS.ProcessEnv, ...options: readonly string[]): Command {
  const child = spawn(process.execPath, [CLI, ...options], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

describe('yuzuru-sandbox', () => {
  it('prints where everything is, and stops on Ctrl-C', async () => {
    const child = start('--services', 'smtp,s3', '--json')
    const [line] = await once(createInterface(child.stdout), 'line')
    const { smtp, s3, ...others } = JSON.parse(String(line))
    expect(others).toEqual({})
    expect(s3).toMatchObject({ endpoint: /^http:\/\/127\.0\.0\.1:\d+$/.exec(s3.endpoint)?.[0] })
    const port = Number(new URL(smtp.url).port)
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.destroy()
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([0, null])
    await expect(once(connect(port, '127.0.0.1'), 'connect')).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    })
  })

  it.each([
    [
      ['--services', 'mysql'],
      'Expected services among postgres, s3, smtp, stripe, google, got mysql\n',
    ],
    [
      ['--services', 'smtp', '--buckets', 'plans'],
      'Expected s3 among the services for --buckets, got others\n',
    ],
    [['--services', 'smtp', '--'], 'Expected a command after --, got nothing\n'],
  ])('says what it expected instead of %j', async (options, message) => {
    const child = start(...options)
    const [said, [code]] = await Promise.all([text(child.stderr!), once(child, 'exit')])
    expect(said).toBe(message)
    expect(code).toBe(1)
  })

  describe('with a command', () => {
    it('runs it with all addresses in its environment, and ends with its exit code', async () => {
      const program = `const { DATABASE_URL, SMTP_URL, S3_BUCKET, S3_ENDPOINT, KEPT } = process.env
        const { port } = new URL(SMTP_URL)
        require('node:net').connect(port, '127.0.0.1').once('data', () => {
          console.log(JSON.stringify({ DATABASE_URL, S3_BUCKET, S3_ENDPOINT, KEPT, port }))
          process.exit(3)
        })`
      const child = startWith(
        {
          ...process.env,
          KEPT: 'kept',
          DATABASE_URL: undefined,
          S3_ENDPOINT: 'https://live.example',
        },
        '--services',
        'smtp,s3',
        '--buckets',
        'plans,bills',
        '--',
        process.execPath,
        '-e',
        program,
      )
      const [out, said, [code]] = await Promise.all([
        text(child.stdout),
        text(child.stderr!),
        once(child, 'exit'),
      ])
      // What it prints is its own; the table is beside it.
      const { port, S3_ENDPOINT, ...others } = JSON.parse(out)
      expect(others).toEqual({ S3_BUCKET: 'plans', KEPT: 'kept' })
      // Never what is live, when the sandbox has it.
      expect(S3_ENDPOINT).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
      expect(said).toContain(S3_ENDPOINT)
      expect(code).toBe(3)
      await expect(once(connect(port, '127.0.0.1'), 'connect')).rejects.toMatchObject({
        code: 'ECONNREFUSED',
      })
    })

    it.each(['SIGTERM', 'SIGINT'] as const)(
      'passes %s on, and is there until the command has ended',
      async (signal) => {
        const program = `process.on('${signal}', () => {
            require('node:net').connect(process.env.SMTP_PORT, process.env.SMTP_HOST)
              .once('data', (greeting) => { console.log(String(greeting).slice(0, 3)); process.exit(7) })
          })
          setInterval(() => {}, 1_000)
          console.log('ready')`
        const child = start('--services', 'smtp', '--', process.execPath, '-e', program)
        const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
        expect((await lines.next()).value).toBe('ready')
        const ended = once(child, 'exit')
        child.kill(signal)
        expect((await lines.next()).value).toBe('220')
        expect(await ended).toEqual([7, null])
      },
    )

    it.each([
      [
        'is ended by a signal',
        [process.execPath, '-e', `process.kill(process.pid, 'SIGKILL')`],
        137,
      ],
      ['is not there', ['no-such-command-of-anybody'], 127],
    ])('that %s, it says so as a shell does', async (_, command, expected) => {
      const child = start('--services', 'smtp', '--json', '--', ...command)
      const [said, [code]] = await Promise.all([text(child.stderr!), once(child, 'exit')])
      expect(code).toBe(expected)
      expect(said.split('\n')[0]).toMatch(/^\{"smtp":/)
    })

    it('hears Ctrl-C of a terminal, which the command hears itself, and passes nothing twice', () => {
      expect(signalsToPass(true)).toEqual(['SIGTERM'])
      expect(signalsToPass(false)).toEqual(['SIGINT', 'SIGTERM', 'SIGHUP'])
    })
  })

  it('has a name in the environment for each thing that it prints', async () => {
    await using sandbox = await startSandbox()
    const environment = environmentOf(sandbox, 'plans')
    const printed = Object.values(describeSandbox(sandbox)).flatMap((each) => Object.values(each))
    expect(Object.values(environment)).toEqual(expect.arrayContaining(printed))
    expect(Object.keys(environment)).toEqual([
      'DATABASE_URL',
      'S3_ENDPOINT',
      'S3_REGION',
      'S3_ACCESS_KEY_ID',
      'S3_SECRET_ACCESS_KEY',
      'S3_BUCKET',
      'SMTP_URL',
      'SMTP_HOST',
      'SMTP_PORT',
      'SMTP_USER',
      'SMTP_PASSWORD',
      'STRIPE_URL',
      'STRIPE_SECRET_KEY',
      'STRIPE_PUBLISHABLE_KEY',
      'STRIPE_WEBHOOK_SECRET',
      'GOOGLE_URL',
      'GOOGLE_AUTH_URL',
      'GOOGLE_TOKEN_URL',
      'GOOGLE_CLIENT_ID',
      'GOOGLE_CLIENT_SECRET',
    ])
  })
})

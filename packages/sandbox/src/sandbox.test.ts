import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { once } from 'node:events'
import { createTransport } from 'nodemailer'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { startSandbox, type Sandbox } from './sandbox.ts'
import { SERVICE_NAMES } from './service-name.ts'
import { addressOf } from './services.ts'
import { startSmtp } from './smtp/start-smtp.ts'

const refused = async (port: number): Promise<unknown> =>
  once(connect(port, '127.0.0.1'), 'connect').then(
    () => 'connected',
    (error: unknown) => error,
  )

describe('startSandbox', () => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await startSandbox()
  })
  afterAll(() => sandbox.close())

  it('starts everything, on the loopback interface only', () => {
    expect(sandbox.services).toEqual(SERVICE_NAMES)
    for (const name of SERVICE_NAMES) expect(addressOf(sandbox[name]).host).toBe('127.0.0.1')
  })

  it('puts a proxy in front of any service', async () => {
    const mail = await sandbox.faults.inFrontOf('smtp')
    const transport = createTransport(mail.url(sandbox.smtp.url))
    const arrived = sandbox.smtp.inbox.waitFor({ to: 'by-proxy@example.jp' })
    await transport.sendMail({ from: 'a@example.jp', to: 'by-proxy@example.jp', text: 'hello' })
    expect((await arrived).text.trim()).toBe('hello')
    const google = await sandbox.faults.inFrontOf('google')
    google.set({ status: { code: 503, retryAfterSeconds: 1 } })
    const response = await fetch(google.url(sandbox.google.tokenUrl), { method: 'POST' })
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    const stripe = await sandbox.faults.inFrontOf('stripe')
    const list = await fetch(stripe.url(`${sandbox.stripe.url}/v1/customers`), {
      headers: { authorization: `Bearer ${sandbox.stripe.secretKey}` },
    })
    expect(list.status).toBe(200)
  })

  it('loses the reply to a COMMIT that PostgreSQL has done', async () => {
    const url = await sandbox.postgres.createDatabase()
    const proxy = await sandbox.faults.inFrontOf('postgres')
    const direct = new Client(url)
    await direct.connect()
    await direct.query('create table plans (id int)')
    const client = new Client(proxy.url(url))
    client.on('error', () => {})
    await client.connect()
    await client.query('begin')
    proxy.set({ dropReply: { when: 'commit' } })
    // Only the statement counts, not what is bound to it.
    await client.query('insert into plans select 1 where $1 <> $2', ['committed?', 'commit'])
    await client.query({ name: 'commit', text: 'select 1' })
    await expect(client.query('commit')).rejects.toThrow()
    expect((await direct.query('select id from plans')).rows).toEqual([{ id: 1 }])
    await direct.end()
  })
})

describe('a part of the sandbox', () => {
  it('has a clear word for a service that was not started', async () => {
    await using sandbox = await startSandbox({ services: ['smtp'] })
    expect(sandbox.services).toEqual(['smtp'])
    expect(() => sandbox.postgres).toThrow('postgres was not started')
    await expect(sandbox.faults.inFrontOf('s3')).rejects.toThrow('s3 was not started')
  })

  it('closes once, with its proxies, and leaves nothing behind', async () => {
    const base = await mkdtemp(join(tmpdir(), 'yuzuru-base-test-'))
    onTestFinished(() => rm(base, { recursive: true, force: true }))
    vi.stubEnv('TMPDIR', base)
    const sandbox = await startSandbox({ services: ['s3', 'smtp'] })
    expect(await readdir(base)).toHaveLength(1)
    const proxy = await sandbox.faults.inFrontOf('s3')
    await Promise.all([sandbox.close(), sandbox.close()])
    for (const port of [sandbox.s3.port, sandbox.smtp.port, proxy.port]) {
      expect(await refused(port)).toMatchObject({ code: 'ECONNREFUSED' })
    }
    expect(await readdir(base)).toEqual([])
  })

  it('closes the services that started when another one can not', async () => {
    await using taken = await startSmtp()
    const free = await startSmtp()
    await free.close()
    const failing = startSandbox({
      services: ['s3', 'smtp'],
      s3: { port: free.port },
      smtp: { port: taken.port },
    })
    await expect(failing).rejects.toThrow(/did not start: smtp \(.*EADDRINUSE/)
    expect(await refused(free.port)).toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('keeps its data in its folder', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'yuzuru-kept-test-'))
    onTestFinished(() => rm(dir, { recursive: true, force: true }))
    const services = ['postgres', 'smtp'] as const
    const first = await startSandbox({ dir, services })
    const data = dirname(first.postgres.dataDir)
    onTestFinished(() => rm(data, { recursive: true, force: true }))
    const { url } = first.postgres
    const transport = createTransport(first.smtp.url)
    await transport.sendMail({ from: 'a@example.jp', to: 'b@example.jp', text: 'kept' })
    await first.postgres.createDatabase({ name: 'kept' })
    await first.close()
    await using second = await startSandbox({
      dir,
      services,
      postgres: { port: Number(new URL(url).port) },
    })
    expect(second.smtp.inbox.messages.map(({ text }) => text.trim())).toEqual(['kept'])
    expect(second.postgres.url).toBe(url)
    await expect(second.postgres.createDatabase({ name: 'kept' })).rejects.toThrow('already exists')
  })

  it('refuses wrong options before it starts anything', async () => {
    const services = ['mysql'] as unknown as []
    await expect(startSandbox({ services })).rejects.toThrow('Expected services among postgres')
    await expect(startSandbox({ dir: '' })).rejects.toThrow(TypeError)
  })
})

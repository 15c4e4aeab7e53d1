import { taskGroup } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { EVIL, fillQueue } from '../../test/dashboard-world.ts'
import { queue } from '../../test/queue.ts'
import { type AuditEntry, dashboard, type DashboardOptions } from '../dashboard.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { jobStats } from '../queue/job-stats.ts'
import { scaleQueue } from '../queue/scale-queue.ts'
import { listCrons } from '../cron/list-crons.ts'

const HERE = { incoming: { socket: { remoteAddress: '127.0.0.1' } } }

/** A dashboard with what it shows, and a browser that keeps cookies. */
async function open(options: Partial<DashboardOptions> = {}) {
  const { db } = await queue()
  const world = await fillQueue(db)
  const audited: AuditEntry[] = []
  const audit = (entry: AuditEntry): void => void audited.push(entry)
  const show = dashboard({ db, audit, timeZone: 'Asia/Tokyo', ...options } as DashboardOptions)
  const cookies = new Map<string, string>()
  const send = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers)
    headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '))
    const response = await show(new Request(`http://localhost${path}`, { ...init, headers }), HERE)
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      cookies.set(name, value)
    }
    return response
  }
  const text = async (path: string): Promise<string> => (await send(path)).text()
  const post = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    send(`${options.basePath ?? ''}/act`, {
      method: 'POST',
      body: new URLSearchParams(fields).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    })
  /** Asks for an action, and says yes. */
  const confirm = async (action: string, target: string): Promise<Response> => {
    const page = await text(`/confirm?${new URLSearchParams({ action, target }).toString()}`)
    const token = /name="token" value="([^"]+)"/.exec(page)?.[1] ?? ''
    return await post({ action, target, token })
  }
  return { db, world, audited, show, send, text, post, confirm, cookies }
}

const pagesOf = ({ failedId, steppedId }: { failedId: string; steppedId: string }): string[] => [
  '/',
  '/jobs',
  ...['due', 'later', 'failed', 'completed', 'cancelled'].map((list) => `/jobs?list=${list}`),
  '/jobs?list=failed&kind=send-invoice&queue=billing',
  `/job?id=${failedId}`,
  `/job?id=${steppedId}`,
  '/tagged?tag=some',
  '/crons',
  '/workers',
]

describe('the dashboard', () => {
  test('shows all there is, and leads to nothing that is missing, in both languages', async () => {
    const { db, text, world, send } = await open()
    for (const lang of ['en', 'ja']) {
      for (const path of pagesOf(world)) {
        const page = await text(`${path}${path.includes('?') ? '&' : '?'}lang=${lang}`)
        expect(page).toContain(`<html lang="${lang}">`)
        for (const [, href = ''] of page.matchAll(/href="([^"#]+)"/g)) {
          expect((await send(href.replaceAll('&amp;', '&'))).status, href).toBe(200)
        }
      }
    }
    const overview = await text('/?lang=en')
    for (const each of ['send-invoice', 'monthly-report', 'rejected', 'Throughput']) {
      expect(overview).toContain(each)
    }
    const crons = await text('/crons')
    expect(crons).toContain('30 2 * * *')
    // Its next times, in its zone: those of the night, half past two.
    const [next] =
      (await listCrons(db)).find(({ name }) => name === 'nightly-reminders')?.nextTimes ?? []
    expect(crons).toContain(`datetime="${next?.toISOString()}"`)
    const steps = await text(`/job?id=${world.steppedId}`)
    for (const each of ['charge', 'write the PDF', 'asleep']) expect(steps).toContain(each)
  })

  test('shows the workers with their leases, and each failed attempt of a job with its error', async () => {
    const { text, world } = await open()
    await taskGroup(async (group) => {
      const working = group.spawn(world.work)
      await world.begun
      const workers = await text('/workers?lang=en')
      expect(workers).toContain('sync-calendar, remind-staff')
      expect(workers).toMatch(/\d+ s left/)
      working.cancel('the test is over')
    })
    const failed = await text(`/job?id=${world.failedId}&lang=en`)
    const attempts = [...failed.matchAll(/<td class="number">(\d)<\/td>.*?<b>(\w+)<\/b>/g)]
    expect(attempts.map(([, attempt, code]) => [attempt, code])).toEqual([
      ['2', 'rejected'],
      ['1', 'rejected'],
    ])
  })

  test('is in the language that its option says, where a browser asks for neither', async () => {
    for (const [language, expected] of [[undefined, 'en'] as const, ['ja', 'ja'] as const]) {
      const { send, world } = await open({ language })
      for (const path of [...pagesOf(world), '/nothing']) {
        const page = await send(path, { headers: { 'accept-language': 'fr, *' } })
        expect(await page.text(), path).toContain(`<html lang="${expected}">`)
      }
    }
    const { text } = await open({ language: 'ja' })
    expect(await text('/?lang=en')).toContain('<html lang="en">')
    expect(await text('/jobs')).toContain('<html lang="en">')
    await expect(open({ language: 'fr' as 'ja' })).rejects.toThrow(
      'Expected language to be en or ja, got',
    )
  })

  test('shows what anybody put into a name, a payload or an error as text', async () => {
    const { db, text, world } = await open({ canSeePayloads: () => true })
    const { id } = await enqueue(
      db,
      defineJob<object>({ name: EVIL, queue: EVIL, run: async () => undefined }),
      {
        [EVIL]: EVIL,
      },
      { key: EVIL },
    )
    for (const path of [
      ...pagesOf(world),
      `/job?id=${id}`,
      `/jobs?kind=${encodeURIComponent(EVIL)}`,
    ]) {
      const page = await text(path)
      expect(page).not.toContain('<img')
      expect(page).not.toMatch(/<script(?! src=")/)
      expect(page).not.toContain('\'"</script')
    }
    expect(await text(`/job?id=${id}`)).toContain('&lt;img src=x')
  })

  test('runs and loads nothing but its own files, and is in no other page', async () => {
    const { send, world } = await open()
    for (const path of [...pagesOf(world), '/style.css', '/live.js', '/nothing']) {
      const { headers } = await send(path)
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'$/,
      )
      expect(headers.get('content-security-policy')).not.toContain('unsafe')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
    const page = await (await send('/')).text()
    expect(page).not.toMatch(/(?:src|href|action)="(?:https?:)?\/\//)
    expect(page).not.toMatch(/ (?:style|on\w+)="/)
  })

  test('shows what limits and groups hold back', async () => {
    const { db, text } = await open()
    const job = defineJob<object>({
      name: 'held-back',
      group: () => 'one',
      run: async () => undefined,
    })
    for (let n = 0; n < 4; n += 1) await enqueue(db, job, {})
    const lane = (await jobStats(db)).lanes.find(({ name }) => name === 'held-back')
    expect(lane?.held).toBeGreaterThanOrEqual(3)
    const page = await text('/?lang=en')
    expect(page).toContain(`and ${lane?.held} held by a limit or a group`)
    const row = page.split('<tr>').find((each) => each.includes('held-back'))
    expect(row).toContain(`<td class="number wide">${lane?.held}</td>`)
  })

  test('finds the jobs of a tag, page by page, each once', async () => {
    const { db, text, send } = await open()
    const job = defineJob<object>({ name: 'tagged', run: async () => undefined })
    const all = await enqueueMany(
      db,
      job,
      Array.from({ length: 60 }, () => ({})),
      { tags: [EVIL] },
    )
    const seen: string[] = []
    let path = `/tagged?${new URLSearchParams({ tag: EVIL, lang: 'en' }).toString()}`
    for (let pages = 1; ; pages += 1) {
      const page = await text(path)
      expect(page).not.toContain('<img')
      seen.push(...[...page.matchAll(/<code class="id">([^<]+)/g)].map(([, id = '']) => id))
      const next = /class="next">[^"]*"[^"]*" href="([^"]+)"/.exec(page)?.[1]
      if (next === undefined) {
        expect(pages).toBe(2)
        break
      }
      path = next.replaceAll('&amp;', '&')
    }
    expect(seen.toSorted()).toEqual(all.map(({ id }) => id).toSorted())
    expect(await text('/tagged?tag=none&lang=en')).toContain('There are none here')
    for (const query of ['', '?tag=', '?tag=%00', `?tag=${'x'.repeat(201)}`]) {
      expect((await send(`/tagged${query}`)).status, query).toBe(404)
    }
    expect((await send('/tagged?tag=a&after=x')).status).toBe(200)
  })

  test('hides the values of a payload and a key, also from those who may write', async () => {
    const { db, text, world, send } = await open({
      canWrite: () => true,
      canSeePayloads: (request) => request.headers.has('x-doctor'),
    })
    const keyed = await enqueue(
      db,
      defineJob<object>({ name: 'keyed', run: async () => undefined }),
      {},
      { key: 'jiro@example.jp' },
    )
    const hidden = (await text(`/job?id=${world.failedId}`)) + (await text(`/job?id=${keyed.id}`))
    for (const each of ['hanako', 'taro@', 'jiro@', 'tok_1234']) expect(hidden).not.toContain(each)
    const shown = await send(`/job?id=${world.failedId}`, { headers: { 'x-doctor': '1' } })
    const page = await shown.text()
    expect(page).toContain('hanako@example.jp')
    expect(page).not.toContain('tok_1234')
  })

  test('is for requests of this machine alone, unless allowed', async () => {
    const { db, show } = await open()
    expect((await show(new Request('http://localhost/'), HERE)).status).toBe(200)
    expect((await show(new Request('http://localhost/'))).status).toBe(403)
    expect((await show(new Request('http://evil.test/'), HERE)).status).toBe(403)
    // What is true in JavaScript, and is no yes.
    for (const yes of [{}, 1, 'no'] as never[]) {
      const careless = dashboard({ db, allow: () => yes })
      expect((await careless(new Request('http://localhost/live.js'))).status).toBe(403)
    }
    const allowed = dashboard({ db, allow: async () => true })
    expect((await allowed(new Request('https://jobs.example/'))).status).toBe(200)
  })

  test('says when the database fails, and not how', async () => {
    const { db, send, text } = await open({ liveMs: 500 })
    await sql`alter table yuzuru_jobs rename to gone`.execute(db)
    const response = await send('/jobs?list=due')
    expect(response.status).toBe(503)
    expect(await response.text()).toMatch(/not_migrated/)
    expect(await text('/jobs?list=due')).not.toContain('relation')
  })

  test('takes any path, query and method', async () => {
    const { send } = await open()
    for (const [path, status] of [
      ['/jobs?list=x&after=%00&kind=%00&queue=', 200],
      ['/job?id=x', 404],
      ['/job', 404],
      ['/nothing', 404],
      ['/act', 405],
      ['/?lang=xx&done=x&jobs=1e999', 200],
      ['/crons?done=paused', 200],
    ] as const) {
      expect((await send(path)).status, path).toBe(status)
      expect((await send(path, { method: 'HEAD' })).status, path).toBe(status)
      expect((await send(path, { method: 'DELETE' })).status, path).toBe(405)
    }
  })
})

describe('below another path the dashboard', () => {
  test.each([
    ['as the router gives it', '/admin/jobs'],
    ['with the first part taken off', '/jobs'],
    ['with all of it taken off', ''],
  ])('has links that lead back to it, %s', async (_what, seen) => {
    const { db } = await queue()
    const world = await fillQueue(db)
    const show = dashboard({ db, basePath: '/admin/jobs', allow: () => true, canWrite: () => true })
    const at = (path: string): Promise<Response> =>
      show(new Request(`http://10.0.0.1:3000${seen}${path}`))
    for (const path of pagesOf(world)) {
      const response = await at(path)
      expect(response.status, path).toBe(200)
      const links = [
        ...(await response.text()).matchAll(/(?:href|src|action|data-source)="([^"#]+)"/g),
      ]
      for (const [, link = ''] of links) expect(link).toMatch(/^\/admin\/jobs\//)
    }
    if (seen !== '') expect((await at('')).status).toBe(200)
    const confirm = await at(`/confirm?action=cancel&target=${world.runningId}`)
    expect(confirm.headers.get('set-cookie')).toContain(
      'Path=/admin/jobs; HttpOnly; SameSite=Strict',
    )
  })
})

describe('a dashboard that may write', () => {
  const canWrite = (): boolean => true

  test('cancels, retries and puts back all of a kind, each once it was confirmed, and writes down who asked', async () => {
    const { db, world, confirm, send, audited, text } = await open({ canWrite })
    const cancelled = await confirm('cancel', world.runningId)
    expect([cancelled.status, cancelled.headers.get('location')]).toEqual([
      303,
      `/job?id=${world.runningId}&done=cancelled&jobs=1`,
    ])
    expect((await getJob(db, world.runningId))?.state).toBe('cancelled')
    await confirm('retry', world.failedId)
    expect((await getJob(db, world.failedId))?.state).toBe('waiting')
    const redriven = await confirm('redrive', 'send-invoice')
    expect(redriven.headers.get('location')).toBe(
      '/jobs?list=failed&kind=send-invoice&done=redriven&jobs=3',
    )
    expect(await text(redriven.headers.get('location') ?? '')).toContain('3 are in the queue again')
    expect((await send('/jobs?list=failed')).status).toBe(200)
    expect(audited.map(({ action, target }) => [action, target])).toEqual([
      ['cancel', world.runningId],
      ['retry', world.failedId],
      ['redrive', 'send-invoice'],
    ])
    expect(audited[0]?.request).toBeInstanceOf(Request)
  })

  test('pauses a cron, and lets it go on', async () => {
    const { db, confirm, text } = await open({ canWrite })
    const paused = async (): Promise<boolean[]> =>
      (await listCrons(db)).map(({ pausedAt }) => pausedAt !== undefined)
    await confirm('pause-cron', 'nightly-reminders')
    expect(await paused()).toEqual([false, true])
    expect(await text('/crons')).toContain('paused')
    await confirm('resume-cron', 'nightly-reminders')
    expect(await paused()).toEqual([false, false])
    const again = await confirm('resume-cron', 'nightly-reminders')
    expect(again.headers.get('location')).toBe('/crons?done=unchanged&jobs=0')
  })

  test('shows how many of a kind or a queue run at once, where that was set', async () => {
    const { db, text } = await open({ canWrite })
    await scaleQueue(db, { queue: 'billing' }, 7)
    const overview = await text('/?lang=en')
    expect(overview).toContain('At once, on all machines')
    expect(overview).toContain('<td class="number">7</td>')
    expect(await text('/?lang=ja')).toContain('全体の同時実行数')
  })

  test('pauses a kind and a queue, shows that, and lets them go on', async () => {
    const { db, confirm, text, audited } = await open({ canWrite })
    const paused = async (): Promise<unknown[]> =>
      (await jobStats(db)).paused.map(({ job, queue }) => job ?? { queue })
    const offered = await text('/jobs?list=due&kind=monthly-report&queue=reports&lang=en')
    for (const each of ['Pause the kind', 'Pause the queue']) expect(offered).toContain(each)
    expect(await text('/?lang=en')).not.toContain('Resume the')
    const done = await confirm('pause-kind', 'monthly-report')
    expect(done.headers.get('location')).toBe('/?done=paused&jobs=0')
    await confirm('pause-queue', 'billing')
    expect(await paused()).toEqual(['monthly-report', { queue: 'billing' }])
    const overview = await text('/?lang=en')
    for (const each of ['Resume the kind', 'Resume the queue', 'badge paused']) {
      expect(overview).toContain(each)
    }
    expect(await text('/jobs?kind=monthly-report&lang=en')).toContain('Resume the kind')
    await confirm('resume-kind', 'monthly-report')
    await confirm('resume-queue', 'billing')
    expect(await paused()).toEqual([])
    const again = await confirm('resume-queue', 'billing')
    expect(again.headers.get('location')).toBe('/?done=unchanged&jobs=0')
    expect(audited.map(({ action, target }) => `${action} ${target}`)).toEqual([
      'pause-kind monthly-report',
      'pause-queue billing',
      'resume-kind monthly-report',
      'resume-queue billing',
      'resume-queue billing',
    ])
  })

  test('does not do what it can’t write down', async () => {
    const { db, world, confirm } = await open({
      canWrite,
      audit: () => Promise.reject(new Error('the disk is full')),
    })
    const response = await confirm('cancel', world.runningId)
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('disk')
    expect((await getJob(db, world.runningId))?.state).toBe('waiting')
  })

  test('refuses a form that is not its own, and what is no form', async () => {
    const { db, world, text, post, cookies, audited } = await open({ canWrite })
    const page = await text(`/confirm?action=cancel&target=${world.runningId}`)
    const token = /name="token" value="([^"]+)"/.exec(page)?.[1] ?? ''
    const kept = new Map(cookies)
    for (const [what, fields, headers] of [
      ['without a token', {}, {}],
      [
        'with another token',
        { token: `${token.startsWith('x') ? 'y' : 'x'}${token.slice(1)}` },
        {},
      ],
      ['of another site', { token }, { 'sec-fetch-site': 'cross-site' }],
      ['of a neighbour', { token }, { 'sec-fetch-site': 'same-site' }],
      ['as JSON', { token }, { 'content-type': 'application/json' }],
      ['as plain text', { token }, { 'content-type': 'text/plain' }],
      ['that is long', { token, more: 'x'.repeat(5_000) }, {}],
      ['without the cookie', { token }, {}],
    ] as const) {
      cookies.clear()
      if (what !== 'without the cookie') for (const [name, value] of kept) cookies.set(name, value)
      const all = { action: 'cancel', target: world.runningId, ...fields } as Record<string, string>
      expect((await post(all, { ...headers })).status, what).toBe(403)
    }
    expect((await getJob(db, world.runningId))?.state).toBe('waiting')
    expect(audited).toEqual([])
  })

  test('takes the form of an older tab, through a proxy that is known by another name', async () => {
    const { db, world, text, post } = await open({ canWrite, allow: () => true })
    const first = await text(`/confirm?action=cancel&target=${world.runningId}`)
    await text(`/confirm?action=retry&target=${world.failedId}`)
    const token = /name="token" value="([^"]+)"/.exec(first)?.[1] ?? ''
    const proxied = {
      origin: 'https://jobs.example',
      'x-forwarded-proto': 'https',
      'sec-fetch-site': 'same-origin',
    }
    const response = await post({ action: 'cancel', target: world.runningId, token }, proxied)
    expect(response.status).toBe(303)
    expect((await getJob(db, world.runningId))?.state).toBe('cancelled')
  })

  test('writes nothing for those who may only look', async () => {
    const { db, world, text, post, cookies, send } = await open()
    expect(await text(`/job?id=${world.failedId}`)).not.toContain('/confirm')
    expect((await send(`/confirm?action=retry&target=${world.failedId}`)).status).toBe(403)
    cookies.set('yuzuru_jobs_form', 'a'.repeat(43))
    const response = await post({ action: 'retry', target: world.failedId, token: 'a'.repeat(43) })
    expect(response.status).toBe(403)
    expect((await getJob(db, world.failedId))?.state).toBe('failed')
  })

  test('knows nothing of other actions, and of what they can’t be done to', async () => {
    const { confirm, send } = await open({ canWrite })
    for (const [action, target] of [
      ['cancel', 'x'],
      ['x', '00000000-0000-4000-8000-000000000000'],
      ['redrive', ''],
      ['pause-cron', 'x'.repeat(201)],
      ['pause-queue', ''],
      ['resume-kind', 'x'.repeat(201)],
    ] as const) {
      const query = new URLSearchParams({ action, target })
      expect((await send(`/confirm?${query.toString()}`)).status, action).toBe(404)
      expect((await confirm(action, target)).status, action).toBe(403)
    }
  })
})

import { Cancelled, IoError, TimeoutError } from '@yuzuru/concurrency'
import { ID } from '../job/expect.ts'
import { getJob } from '../queue/get-job.ts'
import type { Predicate, ServerInfo } from './access.ts'
import { act } from './actions.ts'
import { answer, fileAt, plain, seeOther } from './answers.ts'
import {
  actionIn,
  type Asked,
  below,
  isOfJob,
  isTarget,
  nameIn,
  noticeIn,
  pathOf,
  placeOf,
} from './asked.ts'
import { Confirm, wordsOf } from './confirm-page.tsx'
import { cookieOf, cookieText, formToken, isOwnForm } from './csrf.ts'
import type { DashboardSettings } from './dashboard-options.ts'
import { type JobLook, JobPage } from './job-page.tsx'
import { listJobs, LISTS } from './job-list.ts'
import { Jobs, listName } from './jobs-page.tsx'
import { Live } from './live.ts'
import { type Language, languageOf, type Look, say } from './look.ts'
import { liveContent, type LiveName, liveText, liveTitle, messagePage, pageOf } from './pages.tsx'
import { readForm } from './read-form.ts'
import { Snapshots } from './snapshot.ts'
import { loadSteps } from './step-looks.ts'
import { findTagged, Tagged } from './tagged-page.tsx'

const LANGUAGE_COOKIE = 'yuzuru_jobs_lang'

const LIVE: Readonly<Record<string, LiveName>> = {
  '/': 'overview',
  '/crons': 'crons',
  '/workers': 'workers',
}

/** Answers the requests of {@link dashboard}. */
export class Dashboard {
  readonly #settings: DashboardSettings
  readonly #snapshots: Snapshots
  readonly #live: Live

  constructor(settings: DashboardSettings) {
    this.#settings = settings
    this.#snapshots = new Snapshots(this.#settings)
    this.#live = new Live(this.#settings, this.#snapshots)
  }

  /** Never throws, but for a cancel of the request itself. */
  async fetch(request: Request, info: ServerInfo): Promise<Response> {
    const { basePath, timeZone, language: fallback } = this.#settings
    const language = languageOf(request, cookieOf(request, LANGUAGE_COOKIE), fallback)
    const stranger: Look = {
      base: basePath,
      language,
      timeZone,
      canWrite: false,
      canSeePayloads: false,
    }
    try {
      const response = await this.#allowed(request, info, stranger)
      return request.method === 'HEAD' ? new Response(null, response) : response
    } catch (error) {
      if (Cancelled.isInstance(error)) throw error
      return await failurePage(stranger, error)
    }
  }

  async #allowed(request: Request, info: ServerInfo, stranger: Look): Promise<Response> {
    const { allow, canWrite, canSeePayloads, basePath } = this.#settings
    const may = async (predicate: Predicate): Promise<boolean> => {
      const said: unknown = await predicate(request, info)
      // Not merely truthy: a predicate that gives back an object by mistake must not open the door.
      return said === true
    }
    if (!(await may(allow))) {
      return plain(
        403,
        'The dashboard is for requests of this machine only, unless its option "allow" says otherwise.',
      )
    }
    const { pathname, searchParams } = new URL(request.url)
    const path = below(basePath, pathname)
    const file = fileAt(path)
    if (file !== undefined) return file
    const look: Look = {
      ...stranger,
      canWrite: await may(canWrite),
      canSeePayloads: await may(canSeePayloads),
    }
    const asked = { request, path, query: searchParams, look }
    if (path === '/act') return await this.#act(asked)
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return plain(405, 'Only GET', { allow: 'GET, HEAD' })
    }
    return await this.#page(asked)
  }

  async #page(asked: Asked): Promise<Response> {
    const { path } = asked
    if (path === '/live') return this.#follow(asked)
    const live = LIVE[path]
    if (live !== undefined) return await this.#livePage(asked, live)
    if (path === '/jobs') return await this.#jobs(asked)
    if (path === '/tagged') return await this.#tagged(asked)
    if (path === '/job') return await this.#job(asked)
    if (path === '/confirm') return await this.#confirm(asked)
    return await missingPage(asked.look)
  }

  async #livePage(asked: Asked, name: LiveName): Promise<Response> {
    const { look, path } = asked
    const snapshot = await this.#snapshots.get()
    const notice = noticeIn(asked)
    const parts = { title: liveTitle(look, name), page: name, path, live: name, notice }
    return await pageOf(
      look,
      { ...parts, cookies: this.#chosen(asked) },
      liveContent(look, name, snapshot),
    )
  }

  #follow({ request, query, look }: Asked): Response {
    const name = Object.values(LIVE).find((each) => each === query.get('view')) ?? 'overview'
    // Nobody reads the answer to HEAD.
    if (request.method === 'HEAD') return plain(405, 'Only GET', { allow: 'GET' })
    const stream = this.#live.follow((snapshot) => liveText(look, name, snapshot), request.signal)
    if (stream === undefined) {
      return plain(503, 'Too many pages are followed', { 'retry-after': '30' })
    }
    return answer(stream, {
      headers: {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store, no-transform',
        // nginx would keep it back.
        'x-accel-buffering': 'no',
      },
    })
  }

  async #jobs(asked: Asked): Promise<Response> {
    const { query, look, path } = asked
    const list = LISTS.find((each) => each === query.get('list')) ?? 'failed'
    const [queue, name, after] = [nameIn(query, 'queue'), nameIn(query, 'kind'), query.get('after')]
    const request = { list, queue, name, after: after ?? undefined }
    const { db, timeoutMs } = this.#settings
    const page = await listJobs(db, request, { timeoutMs })
    const title = `${say(look, 'Jobs', 'ジョブ')}: ${listName(look, list)}`
    const parts = {
      title,
      page: 'jobs' as const,
      path: pathOf(path, query),
      notice: noticeIn(asked),
    }
    const { paused } = (await this.#snapshots.get()).stats
    const content = <Jobs look={look} request={request} page={page} paused={paused} />
    return await pageOf(look, { ...parts, cookies: this.#chosen(asked) }, content)
  }

  async #tagged(asked: Asked): Promise<Response> {
    const { query, look, path } = asked
    const tag = nameIn(query, 'tag')
    if (tag === undefined) return await missingPage(look)
    const { db, timeoutMs } = this.#settings
    const found = await findTagged(db, tag, query.get('after'), { timeoutMs })
    const { now } = await this.#snapshots.get()
    const title = `${say(look, 'Tag', 'タグ')}: ${tag}`
    const parts = { title, page: 'jobs' as const, path: pathOf(path, query) }
    const content = <Tagged look={look} tag={tag} found={found} now={now} />
    return await pageOf(look, { ...parts, cookies: this.#chosen(asked) }, content)
  }

  async #job(asked: Asked): Promise<Response> {
    const { query, look, path } = asked
    const shown = await this.#load(query.get('id')?.trim() ?? '')
    if (shown === undefined) return await missingPage(look)
    const parts = {
      title: shown.job.name,
      page: 'jobs' as const,
      path: pathOf(path, query),
      notice: noticeIn(asked),
      cookies: this.#chosen(asked),
    }
    return await pageOf(look, parts, <JobPage look={look} shown={shown} />)
  }

  async #load(id: string): Promise<JobLook | undefined> {
    if (!ID.test(id)) return undefined
    const { db, timeoutMs } = this.#settings
    const job = await getJob(db, id, { timeoutMs })
    if (job === undefined) return undefined
    const steps = await loadSteps(db, id, { timeoutMs })
    const { running, workers, now } = await this.#snapshots.get()
    const found = job.state === 'running' ? running.find((each) => each.id === job.id) : undefined
    const worker = workers.find((each) => each.id === found?.worker)
    return { job, steps, running: found, worker, now }
  }

  async #confirm(asked: Asked): Promise<Response> {
    const { request, query, look, path } = asked
    const { basePath } = this.#settings
    if (!look.canWrite) return await readOnlyPage(look)
    const [action, target] = [actionIn(query.get('action')), query.get('target') ?? '']
    if (action === undefined || !isTarget(action, target)) return await missingPage(look)
    const name = isOfJob(action) ? (await this.#load(target))?.job.name : undefined
    const { token, cookie } = formToken(request, basePath)
    const question = { action, target, name, back: placeOf(look.base, action, target), token }
    const parts = {
      title: wordsOf(look, action).title,
      path: pathOf(path, query),
      cookies: [cookie],
    }
    return await pageOf(look, parts, <Confirm look={look} question={question} />)
  }

  async #act({ request, look }: Asked): Promise<Response> {
    if (request.method !== 'POST') return plain(405, 'Only POST', { allow: 'POST' })
    if (!look.canWrite) return await readOnlyPage(look)
    const form = await readForm(request)
    if (form === undefined || !isOwnForm(request, form.get('token'))) {
      return await messagePage(
        look,
        403,
        say(look, 'Nothing was done', '実行しませんでした'),
        say(
          look,
          'The form did not come from this page, or cookies are off. Go back and try again.',
          'このページのフォームではないか、Cookieが無効です。戻ってもう一度お試しください。',
        ),
      )
    }
    const [action, target] = [actionIn(form.get('action')), form.get('target') ?? '']
    if (action === undefined || !isTarget(action, target)) return await missingPage(look)
    await this.#settings.audit({ action, target, request })
    const { outcome, jobs } = await act(this.#settings, action, target)
    this.#snapshots.forget()
    const place = placeOf(look.base, action, target)
    return seeOther(`${place}${place.includes('?') ? '&' : '?'}done=${outcome}&jobs=${jobs}`)
  }

  /** The language that was chosen, for the pages that follow. */
  #chosen({ request, query, look }: Asked): (string | undefined)[] {
    const asked: Language | undefined = query.has('lang') ? look.language : undefined
    if (asked === undefined) return []
    return [cookieText(request, this.#settings.basePath, LANGUAGE_COOKIE, asked, 'Lax')]
  }
}

async function missingPage(look: Look): Promise<Response> {
  const title = say(look, 'Nothing is here', '見つかりません')
  const text = say(
    look,
    'There is no such page, or the job was pruned.',
    'ページがないか、ジョブが整理されています。',
  )
  return await messagePage(look, 404, title, text)
}

async function readOnlyPage(look: Look): Promise<Response> {
  const title = say(look, 'Read-only', '閲覧のみ')
  const text = say(
    look,
    'You may look, and not change anything.',
    '閲覧のみ可能で、操作はできません。',
  )
  return await messagePage(look, 403, title, text)
}

/** What went wrong, without its words: they may hold what is not for everybody who may look. */
async function failurePage(look: Look, error: unknown): Promise<Response> {
  if (IoError.isInstance(error) || TimeoutError.isInstance(error)) {
    const code = IoError.isInstance(error) ? error.code : 'timeout'
    const title = say(look, 'The database did not answer', 'データベースが応答しません')
    const text = say(
      look,
      `Try again in a moment (${code}).`,
      `しばらくしてからお試しください（${code}）。`,
    )
    return await messagePage(look, 503, title, text)
  }
  const kind = error instanceof Error ? error.name : typeof error
  process.emitWarning(`a page of the dashboard failed: ${kind}`, 'DashboardWarning')
  const title = say(look, 'Something went wrong', 'エラーが発生しました')
  return await messagePage(
    look,
    500,
    title,
    say(look, 'It was not done.', '実行されませんでした。'),
  )
}

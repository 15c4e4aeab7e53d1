import type { Child, JSXNode } from 'hono/jsx'
import { answer, VERSION } from './answers.ts'
import { Crons } from './crons-page.tsx'
import { Frame, Nothing, type PageName } from './layout.tsx'
import { type Look, say } from './look.ts'
import { Overview } from './overview-page.tsx'
import type { Snapshot } from './snapshot.ts'
import { Workers } from './workers-page.tsx'

/** What a page is made of besides its content. */
export interface PageParts {
  readonly title: string
  readonly page?: PageName | undefined
  /** The path and query of the page, without the base. */
  readonly path: string
  readonly live?: PageName | undefined
  /** What was done before it was asked for. */
  readonly notice?: string | undefined
  readonly status?: number | undefined
  readonly cookies?: readonly (string | undefined)[] | undefined
}

/** What an element is as text; all that is in it is escaped. */
async function written(element: unknown): Promise<string> {
  return await (element as JSXNode).toString()
}

/** A whole page. */
export async function pageOf(look: Look, parts: PageParts, content: Child): Promise<Response> {
  const { title, page, path, live, notice, status = 200, cookies = [] } = parts
  const html = await written(
    <Frame look={look} title={title} page={page} version={VERSION} path={path} live={live}>
      {notice === undefined ? null : (
        <p class="notice" role="status">
          {notice}
        </p>
      )}
      {content}
    </Frame>,
  )
  const headers = { 'content-type': 'text/html; charset=utf-8', vary: 'accept-language, cookie' }
  return answer(`<!doctype html>${html}`, { status, headers, cookies })
}

/** The pages that are brought up to date. */
export type LiveName = Exclude<PageName, 'jobs'>

/** What such a page is called. */
export function liveTitle(look: Look, name: LiveName): string {
  const titles: Readonly<Record<LiveName, string>> = {
    overview: say(look, 'Overview', '概要'),
    crons: say(look, 'Crons', '定期実行'),
    workers: say(look, 'Workers', 'ワーカー'),
  }
  return titles[name]
}

/** What such a page shows. */
export function liveContent(look: Look, name: LiveName, snapshot: Snapshot): Child {
  if (name === 'crons') return <Crons look={look} crons={snapshot.crons} now={snapshot.now} />
  if (name === 'workers') return <Workers look={look} workers={snapshot.workers} />
  return <Overview look={look} snapshot={snapshot} />
}

/** The same as text, for an update. */
export async function liveText(look: Look, name: LiveName, snapshot: Snapshot): Promise<string> {
  return await written(<>{liveContent(look, name, snapshot)}</>)
}

/** A page of a few words. */
export async function messagePage(
  look: Look,
  status: number,
  title: string,
  text: string,
): Promise<Response> {
  const content = (
    <section class="card">
      <Nothing>{text}</Nothing>
      <p>
        <a href={`${look.base}/`}>{say(look, 'Overview', '概要')}</a>
      </p>
    </section>
  )
  return await pageOf(look, { title, path: '/', status }, content)
}

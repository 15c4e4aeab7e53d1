import type { Child, FC } from 'hono/jsx'
import { moment, relative } from './format.ts'
import { type Look, say } from './look.ts'

/** The pages that the navigation has. */
export type PageName = 'overview' | 'jobs' | 'crons' | 'workers'

const NAVIGATION: readonly (readonly [PageName, string, string, string])[] = [
  ['overview', '/', 'Overview', '概要'],
  ['jobs', '/jobs', 'Jobs', 'ジョブ'],
  ['crons', '/crons', 'Crons', '定期実行'],
  ['workers', '/workers', 'Workers', 'ワーカー'],
]

/** What the frame of a page needs to know. */
export interface FrameProps {
  readonly look: Look
  readonly title: string
  readonly page?: PageName | undefined
  /** Changes with the style and the script: both are kept by browsers. */
  readonly version: string
  /** The path and query of the page, without the base, for the other language. */
  readonly path: string
  /** The view whose updates the page follows. */
  readonly live?: PageName | undefined
  readonly children?: Child
}

/** The frame around every page. */
export const Frame: FC<FrameProps> = ({ look, title, page, version, path, live, children }) => {
  const { base, language } = look
  const other = language === 'ja' ? 'en' : 'ja'
  return (
    <html lang={language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>{`${title} · yuzuru jobs`}</title>
        <link rel="icon" href={`${base}/icon.svg?v=${version}`} type="image/svg+xml" />
        <link rel="stylesheet" href={`${base}/style.css?v=${version}`} />
        {live === undefined ? null : <script src={`${base}/live.js?v=${version}`} defer />}
      </head>
      <body>
        <a class="skip" href="#main">
          {say(look, 'Skip to content', '本文へ移動')}
        </a>
        <header>
          <a class="brand" href={`${base}/`}>
            <Mark />
            yuzuru <b>jobs</b>
          </a>
          <nav aria-label={say(look, 'Pages', 'ページ')}>
            {NAVIGATION.map(([name, href, en, ja]) => (
              <a href={`${base}${href}`} aria-current={name === page ? 'page' : undefined}>
                {say(look, en, ja)}
              </a>
            ))}
          </nav>
          <a
            class="language"
            href={`${base}${withLanguage(path, other)}`}
            lang={other}
            hreflang={other}
          >
            {other === 'ja' ? '日本語' : 'English'}
          </a>
        </header>
        <main id="main" tabindex={-1}>
          <div class="title">
            <h1>{title}</h1>
            {live === undefined ? null : <LiveState look={look} view={live} path={path} />}
          </div>
          {live === undefined ? children : <div id="live">{children}</div>}
        </main>
        <footer>
          {look.canWrite
            ? say(look, 'Changes are allowed.', '操作できます。')
            : say(look, 'Read-only.', '閲覧のみです。')}{' '}
          {say(look, `Times are in ${look.timeZone}.`, `時刻は ${look.timeZone} です。`)}
        </footer>
      </body>
    </html>
  )
}

/** Whether the page is brought up to date; a button stops that. Without a script there is a link instead. */
const LiveState: FC<{ look: Look; view: PageName; path: string }> = ({ look, view, path }) => (
  <div
    class="live"
    id="live-state"
    data-source={`${look.base}/live?view=${view}&lang=${look.language}`}
    data-on={say(look, 'Live', '自動更新中')}
    data-off={say(look, 'Paused', '停止中')}
    data-lost={say(look, 'Connection lost; trying again', '接続が切れました。再接続しています')}
    data-trouble={say(look, 'The database did not answer', 'データベースが応答しません')}
    data-pause={say(look, 'Pause updates', '更新を止める')}
    data-resume={say(look, 'Resume updates', '更新を再開')}
  >
    <a class="quiet" href={`${look.base}${path}`}>
      {say(look, 'Refresh', '再読み込み')}
    </a>
  </div>
)

const Mark: FC = () => (
  <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" class="mark">
    <circle class="peel" cx="12" cy="13" r="9" />
    <path class="segments" d="M12 6.5v13M5.5 13h13M7.6 8.4l8.8 9.2M16.4 8.4l-8.8 9.2" />
    <path class="leaf" d="M12 4.5c1-3 4-4 6.5-3.5C18 4 15.5 5.5 12 4.5z" />
  </svg>
)

function withLanguage(path: string, language: string): string {
  const url = new URL(path, 'http://localhost')
  url.searchParams.set('lang', language)
  return `${url.pathname}${url.search}`
}

/** A moment by how long ago it is, with the date for those who ask. */
export const When: FC<{ look: Look; at: number | undefined; now: number }> = ({ look, at, now }) =>
  at === undefined ? (
    <span class="soft">{noTime(look)}</span>
  ) : (
    <time datetime={isoOf(at)} title={moment(look, at)}>
      {relative(look, at, now)}
    </time>
  )

/** What is said of a job that waits for another, or for an event. */
export const noTime = (look: Look): string =>
  say(look, 'when what it waits for has come', '待っているものが来たとき')

const isoOf = (at: number): string | undefined =>
  Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : undefined

/** A table that can be scrolled by keyboard where it is wider than the page. */
export const Table: FC<{ label: string; children?: Child }> = ({ label, children }) => (
  <div class="scroll" role="region" aria-label={label} tabindex={0}>
    <table>{children}</table>
  </div>
)

/** What is said where there is nothing to show. */
export const Nothing: FC<{ children?: Child }> = ({ children }) => <p class="nothing">{children}</p>

/** What is said of a list without jobs. */
export const NoJobs: FC<{ look: Look }> = ({ look }) => (
  <Nothing>{say(look, 'There are none here.', '該当するジョブはありません。')}</Nothing>
)

/** The way to what a list has beyond this page, if it has more. */
export const NextPage: FC<{ look: Look; href: string | undefined }> = ({ look, href }) =>
  href === undefined ? null : (
    <p class="next">
      <a class="button quiet" href={href}>
        {say(look, 'Next page', '次のページ')}
      </a>
    </p>
  )

/** A part of a page with its heading. */
export const Card: FC<{ title: string; more?: Child; children?: Child }> = ({
  title,
  more,
  children,
}) => (
  <section class="card">
    <div class="head">
      <h2>{title}</h2>
      {more}
    </div>
    {children}
  </section>
)

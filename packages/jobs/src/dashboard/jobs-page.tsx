import type { FC } from 'hono/jsx'
import type { Pause } from '../queue/job-stats.ts'
import { count, moment } from './format.ts'
import { type JobPage, type ListedJob, LISTS, type ListName, type ListRequest } from './job-list.ts'
import { NextPage, NoJobs, noTime, Nothing, Table, When } from './layout.tsx'
import { confirmLink, jobLink, listLink } from './links.ts'
import { type Look, say } from './look.ts'
import { ChangePause } from './paused-list.tsx'
import { FindByTag } from './tagged-page.tsx'

/** What a list is called. */
export function listName(look: Pick<Look, 'language'>, list: ListName): string {
  const names: Readonly<Record<ListName, string>> = {
    due: say(look, 'Due', '待機中'),
    later: say(look, 'For later', '予約'),
    failed: say(look, 'Failed', '失敗'),
    completed: say(look, 'Completed', '完了'),
    cancelled: say(look, 'Cancelled', '中止'),
  }
  return names[list]
}

/** A list of jobs, with the ways to the others. */
export const Jobs: FC<{
  look: Look
  request: ListRequest
  page: JobPage
  paused: readonly Pause[]
}> = ({ look, request, page, paused }) => {
  const { list, queue, name } = request
  return (
    <>
      <form
        class="find"
        method="get"
        action={`${look.base}/job`}
        role="search"
        aria-label={say(look, 'Id', 'ID')}
      >
        <label for="find">{say(look, 'Find by id', 'IDで検索')}</label>
        <input
          id="find"
          name="id"
          required
          autocomplete="off"
          spellcheck={false}
          pattern="\s*[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\s*"
          title={say(look, 'The id of a job: a UUID', 'ジョブのID（UUID）')}
        />
        <button>{say(look, 'Find', '検索')}</button>
      </form>
      <FindByTag look={look} />
      <nav class="tabs" aria-label={say(look, 'Lists', '一覧')}>
        {LISTS.map((each) => (
          <a
            href={listLink(look.base, { list: each, queue, name })}
            aria-current={each === list ? 'true' : undefined}
          >
            {listName(look, each)}
          </a>
        ))}
      </nav>
      {queue === undefined && name === undefined ? null : (
        <p class="filter">
          {say(look, 'Only ', '絞り込み: ')}
          <b>{name ?? say(look, 'all kinds', 'すべての種類')}</b>
          {queue === undefined ? null : (
            <span class="soft">
              {' '}
              {say(look, 'in the queue', 'キュー')} {queue}
            </span>
          )}{' '}
          <a href={listLink(look.base, { list })}>{say(look, 'Show all', '絞り込みを解除')}</a>
          {list === 'failed' && name !== undefined && look.canWrite ? (
            <a class="button" href={confirmLink(look.base, 'redrive', name)}>
              {say(look, 'Retry all of this kind', 'この種類をすべて再実行')}
            </a>
          ) : null}
          {look.canWrite && name !== undefined ? (
            <ChangePause look={look} isPaused={paused.some(({ job }) => job === name)} job={name} />
          ) : null}
          {look.canWrite && queue !== undefined ? (
            <ChangePause
              look={look}
              isPaused={paused.some((each) => each.queue === queue)}
              queue={queue}
            />
          ) : null}
        </p>
      )}
      <section class="card">
        {list === 'failed' ? (
          <FailedList look={look} jobs={page.jobs} now={page.now} />
        ) : (
          <List look={look} list={list} jobs={page.jobs} now={page.now} />
        )}
        <NextPage
          look={look}
          href={
            page.next === undefined
              ? undefined
              : listLink(look.base, { list, queue, name, after: page.next })
          }
        />
      </section>
    </>
  )
}

const List: FC<{ look: Look; list: ListName; jobs: readonly ListedJob[]; now: number }> = ({
  look,
  list,
  jobs,
  now,
}) => {
  if (jobs.length === 0) return <NoJobs look={look} />
  const isOpen = list === 'due' || list === 'later'
  return (
    <Table label={listName(look, list)}>
      <thead>
        <tr>
          <th scope="col">{say(look, 'Kind', '種類')}</th>
          <th scope="col">{isOpen ? say(look, 'Due', '実行予定') : say(look, 'Ended', '終了')}</th>
          <th scope="col" class="number wide">
            {say(look, 'Attempt', '試行')}
          </th>
          <th scope="col" class="number wide">
            {say(look, 'Priority', '優先度')}
          </th>
          <th scope="col" class="wide">
            {say(look, 'Id', 'ID')}
          </th>
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => (
          <tr>
            <th scope="row">
              <Kind look={look} job={job} />
            </th>
            <td>
              <When look={look} at={job.finishedAt ?? job.runAt} now={now} />
              {job.isRunning ? (
                <span class="badge running">{say(look, 'running', '実行中')}</span>
              ) : null}
            </td>
            <td class="number wide">
              {job.attempt}/{job.attempts}
            </td>
            <td class="number wide">{count(look, job.priority)}</td>
            <td class="wide">
              <code class="id">{job.id}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}

const Kind: FC<{ look: Look; job: ListedJob }> = ({ look, job }) => (
  <>
    <a
      href={jobLink(look.base, job.id)}
      title={job.runAt === undefined ? noTime(look) : moment(look, job.runAt)}
    >
      {job.name}
    </a>
    <span class="soft"> {job.queue}</span>
  </>
)

/** Jobs that failed, with what each failed with. */
export const FailedList: FC<{ look: Look; jobs: readonly ListedJob[]; now: number }> = ({
  look,
  jobs,
  now,
}) => {
  if (jobs.length === 0) {
    return <Nothing>{say(look, 'None has failed.', '失敗したジョブはありません。')}</Nothing>
  }
  return (
    <ul class="list">
      {jobs.map((job) => (
        <li>
          <p>
            <Kind look={look} job={job} />{' '}
            <When look={look} at={job.finishedAt ?? job.runAt} now={now} />{' '}
            <span class="soft">
              {say(
                look,
                `after ${job.attempt} of ${job.attempts} attempts`,
                `試行 ${job.attempt}/${job.attempts}`,
              )}
            </span>
            {look.canWrite ? (
              <a class="button small" href={confirmLink(look.base, 'retry', job.id)}>
                {say(look, 'Retry', '再実行')}
                <span class="hidden">
                  {' '}
                  {job.name} {job.id}
                </span>
              </a>
            ) : null}
          </p>
          {job.error === undefined ? null : (
            <p class="error">
              <b>{job.error.code ?? job.error.name}</b> {job.error.message}
            </p>
          )}
        </li>
      ))}
    </ul>
  )
}

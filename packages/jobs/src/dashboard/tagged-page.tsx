import type { IoOptions } from '@yuzuru/concurrency'
import type { Queryable } from '@yuzuru/db'
import type { FC } from 'hono/jsx'
import { ID } from '../job/expect.ts'
import { findJobs, type FoundJobs } from '../queue/find-jobs.ts'
import { NextPage, NoJobs, Table, When } from './layout.tsx'
import { jobLink, tagLink } from './links.ts'
import { type Look, say } from './look.ts'
import { stateName } from './state-name.ts'

/** How many jobs one page has. */
const PAGE_SIZE = 50

/** One page of the jobs that have a tag. What is no place is the beginning. */
export async function findTagged(
  db: Queryable<unknown>,
  tag: string,
  after: string | null,
  options: IoOptions,
): Promise<FoundJobs> {
  const place = after !== null && ID.test(after) ? after : undefined
  return await findJobs(db, { ...options, tags: [tag], limit: PAGE_SIZE, after: place })
}

/** Asks for a tag. */
export const FindByTag: FC<{ look: Look; tag?: string }> = ({ look, tag = '' }) => (
  <form
    class="find"
    method="get"
    action={`${look.base}/tagged`}
    role="search"
    aria-label={say(look, 'Tag', 'タグ')}
  >
    <label for="tag">{say(look, 'Find by tag', 'タグで検索')}</label>
    <input
      id="tag"
      name="tag"
      required
      maxlength={200}
      autocomplete="off"
      spellcheck={false}
      value={tag}
    />
    <button>{say(look, 'Find', '検索')}</button>
  </form>
)

/** The jobs of a tag, the latest first. */
export const Tagged: FC<{ look: Look; tag: string; found: FoundJobs; now: number }> = ({
  look,
  tag,
  found: { jobs, next },
  now,
}) => (
  <>
    <FindByTag look={look} tag={tag} />
    <section class="card">
      {jobs.length === 0 ? (
        <NoJobs look={look} />
      ) : (
        <Table label={tag}>
          <thead>
            <tr>
              <th scope="col">{say(look, 'Kind', '種類')}</th>
              <th scope="col">{say(look, 'State', '状態')}</th>
              <th scope="col">{say(look, 'Enqueued', '登録')}</th>
              <th scope="col" class="wide">
                {say(look, 'Id', 'ID')}
              </th>
            </tr>
          </thead>
          <tbody>
            {jobs.map((job) => (
              <tr>
                <th scope="row">
                  <a href={jobLink(look.base, job.id)}>{job.name}</a>
                  <span class="soft"> {job.queue}</span>
                </th>
                <td>
                  <span class={`badge ${job.state}`}>{stateName(look, job.state)}</span>
                </td>
                <td>
                  <When look={look} at={job.enqueuedAt.getTime()} now={now} />
                </td>
                <td class="wide">
                  <code class="id">{job.id}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
      <NextPage look={look} href={next === undefined ? undefined : tagLink(look.base, tag, next)} />
    </section>
  </>
)

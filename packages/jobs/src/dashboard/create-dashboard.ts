import { Dashboard } from './dashboard.tsx'
import { type DashboardOptions, dashboardSettings } from './dashboard-options.ts'

/**
 * Makes a `fetch` handler that shows how the queue stands: queues with their rates and ages, throughput and latency, what
 * runs and what it waits for, failed attempts, steps, crons and workers, brought up to date while one looks. Without
 * `canWrite` it changes nothing. With it jobs are cancelled and retried and crons paused, each after a question, by a form
 * that no other site can send; none of this needs JavaScript.
 *
 * Pages read parts of indexes, however long the queue is. They load nothing from elsewhere.
 *
 * @throws {TypeError} when an option is unknown or out of its range
 * @example
 * const jobsPages = dashboard({
 *   db,
 *   basePath: '/admin/jobs',
 *   allow: (request) => isAdmin(request),
 *   canWrite: (request) => isAdmin(request),
 *   audit: ({ action, target }) => log(`${action} ${target}`),
 * })
 * app.all('/admin/jobs/*', (c) => jobsPages(c.req.raw, c.env))
 */
export function dashboard<DB>(
  options: DashboardOptions<DB>,
): (request: Request, info?: unknown) => Promise<Response> {
  const pages = new Dashboard(dashboardSettings(options))
  return (request, info) =>
    pages.fetch(request, typeof info === 'object' && info !== null ? info : undefined)
}

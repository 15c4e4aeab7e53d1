import { html, raw } from 'hono/html'
import type { Call, Heard } from './caller.ts'
import type { ChaosResult } from './chaos.ts'
import { figuresOf, type Strike } from './strikes.ts'

const WIDTH = 960
const HEIGHT = 240
const COLOURS: Readonly<Record<Heard, string>> = {
  ok: '#2f7d4f',
  refused: '#c77700',
  cut: '#b3261e',
  silent: '#5b2a86',
}

/** One page that stands by itself: the tables of a run, and each request as a dot over the faults. */
export async function htmlReport(
  seed: number,
  { findings, strikes, calls }: ChaosResult,
): Promise<string> {
  const met = figuresOf(strikes, calls)
  const page = html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width" />
      <title>Chaos, seed ${seed}</title>
      <style>
        :root {
          color-scheme: light dark;
        }
        body {
          font:
            16px/1.5 system-ui,
            sans-serif;
          max-width: 60rem;
          margin: 2rem auto;
          padding: 0 1rem;
        }
        table {
          border-collapse: collapse;
          width: 100%;
          margin: 1rem 0 2rem;
        }
        th,
        td {
          text-align: left;
          padding: 0.25rem 0.75rem 0.25rem 0;
          border-bottom: 1px solid #8884;
          white-space: pre-line;
        }
        svg {
          width: 100%;
          height: auto;
        }
      </style>
      <h1>Chaos, seed ${seed}</h1>
      <table>
        <tr>
          <th></th>
          <th>What must hold</th>
          <th>Found</th>
        </tr>
        ${findings.map(
          ({ what, found, holds }) =>
            html`<tr>
              <td>${holds ? 'held' : 'BROKEN'}</td>
              <td>${what}</td>
              <td>${found}</td>
            </tr>`,
        )}
      </table>
      <h2>Requests</h2>
      <p>
        Each dot is a request: when it was sent, and how long it took (logarithmic). The bands are
        the faults.
        ${Object.entries(COLOURS).map(
          ([heard, colour]) => html`<span style="color:${colour}">● ${heard}</span> `,
        )}
      </p>
      ${raw(plot(strikes, calls))}
      <table>
        <tr>
          <th>Fault</th>
          <th>Struck at</th>
          <th>Over at</th>
          <th>Met by</th>
          <th>Requests</th>
          <th>Failed and said so</th>
          <th>Silent</th>
          <th>Recovered after</th>
        </tr>
        ${strikes.map(
          ({ fault, struckAt, overAt }, index) =>
            html`<tr>
              <td>${fault.boundary}: ${fault.name}</td>
              <td>${(struckAt / 1_000).toFixed(1)} s</td>
              <td>${(overAt / 1_000).toFixed(1)} s</td>
              <td>${met[index]?.met}</td>
              <td>${met[index]?.calls}</td>
              <td>${met[index]?.failed}</td>
              <td>${met[index]?.silent}</td>
              <td>${met[index]?.recoveredMs.toFixed(0)} ms</td>
            </tr>`,
        )}
      </table>
    </html>`
  return (await page).toString()
}

/** Numbers and the texts of this program only: nothing in it needs to be escaped. */
function plot(strikes: readonly Strike[], calls: readonly Call[]): string {
  const end = Math.max(1, ...calls.map(({ at, ms }) => at + ms))
  const x = (ms: number): string => ((ms / end) * WIDTH).toFixed(1)
  const y = (ms: number): string => {
    // From 1 ms at the bottom to 100 s at the top.
    const decades = Math.log10(Math.min(Math.max(ms, 1), 100_000))
    return (HEIGHT - (decades / 5) * HEIGHT).toFixed(1)
  }
  const bands = strikes.map(({ fault, struckAt, overAt }) => {
    const width = (((overAt - struckAt) / end) * WIDTH).toFixed(1)
    const title = `<title>${fault.boundary}: ${fault.name}</title>`
    return `<rect x="${x(struckAt)}" width="${width}" height="${HEIGHT}" fill="#8883">${title}</rect>`
  })
  const scale = [10, 100, 1_000, 10_000].map((ms) => {
    const label = `<text x="2" y="${y(ms)}" font-size="10" fill="currentColor">${ms} ms</text>`
    return `<line x2="${WIDTH}" y1="${y(ms)}" y2="${y(ms)}" stroke="#8886"/>${label}`
  })
  const dots = calls.map(
    ({ at, ms, heard }) =>
      `<circle cx="${x(at)}" cy="${y(ms)}" r="2" fill="${COLOURS[heard]}" fill-opacity="0.7"/>`,
  )
  const label = 'role="img" aria-label="How long each request took, over the faults"'
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" ${label}>${[...bands, ...scale, ...dots].join('')}</svg>`
}

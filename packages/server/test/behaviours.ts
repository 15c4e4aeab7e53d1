import { io as callOut, IoError, TimeoutError, withTimeout } from '@yuzuru/concurrency'
import { HttpProblem } from '../src/problems/http-problem.ts'
import { afterResponse, currentRequest } from '../src/request/current-request.ts'

/** What is asked, what the handler does, and what the client must see: the same everywhere. */
export interface Behaviour {
  readonly path?: string
  readonly method?: 'GET' | 'HEAD'
  readonly headers?: Readonly<Record<string, string>>
  readonly handle: () => Promise<string>
  readonly status: number
  /** The type of the answer, without its character set. */
  readonly type?: string
  readonly retryAfter?: string
  /** The whole body: a text, or what is in its JSON. */
  readonly body: string | Readonly<Record<string, unknown>>
  /** Whether the log has the error. */
  readonly isLogged?: boolean
}

const failing = (failure: unknown) => (): Promise<string> => Promise.reject(failure)

const io = (code: string, retryable: boolean, outcome: 'none' | 'unknown') =>
  failing(
    new IoError('the host db-7 says password=hunter2', {
      boundary: 'db',
      operation: 'insert',
      code,
      retryable,
      outcome,
      cause: new Error('hunter2'),
    }),
  )

/** What a client throws whose source, a function of the handler, has thrown a problem. */
const sourceFailed = (members: { readonly outcome?: 'none' } = {}): Promise<string> =>
  Promise.reject(
    new IoError('the bucket plans-7 says hunter2', {
      boundary: 'storage',
      operation: 'upload',
      code: 'source_failed',
      retryable: false,
      outcome: 'none',
      cause: new HttpProblem(415, 'That is no PDF', members),
    }),
  )

/** Has had an effect by the time it fails: whatever the last call says of itself, the request cannot say `none`. */
const behindAnEffect = (fail: () => Promise<string>) => async (): Promise<string> => {
  const call = { boundary: 'db', operation: 'insert', effect: 'write' } as const
  await callOut(call, {}, async () => {})
  return await fail()
}

const problem = (status: number, title: string, members: object = {}): Record<string, unknown> => ({
  type: 'about:blank',
  status,
  title,
  ...members,
  requestId: 'r-1',
})

const serverError = problem(500, 'Internal Server Error')
const late = { code: 'deadline_expired', retryable: true }

/** Every request carries `x-request-id: r-1`; its time is bounded by `x-budget`. */
export const behaviours: Readonly<Record<string, Behaviour>> = {
  'an answer': { handle: async () => 'hello', status: 200, body: 'hello' },
  'an empty answer': { handle: async () => '', status: 200, body: '' },
  'the request’s id and name': {
    path: '/plans/42?secret=hunter2',
    handle: async () => `${currentRequest()?.id} ${currentRequest()?.name}`,
    status: 200,
    body: 'r-1 GET /plans/:id',
  },
  'HEAD has no body': {
    method: 'HEAD',
    handle: async () => 'hello',
    status: 200,
    body: '',
  },
  'HEAD of a failure': { method: 'HEAD', handle: io('lost', true, 'none'), status: 503, body: '' },
  'an unknown path': {
    path: '/no/such/path',
    handle: async () => 'not called',
    status: 404,
    body: problem(404, 'Not Found'),
  },
  'a problem': {
    handle: failing(
      new HttpProblem(422, 'Incomplete', {
        code: 'incomplete',
        detail: 'A plan has a title',
        fields: { title: 'is missing' },
        retryAfterMs: 1_500,
        cause: new Error('hunter2'),
      }),
    ),
    status: 422,
    retryAfter: '2',
    body: problem(422, 'Incomplete', {
      detail: 'A plan has a title',
      code: 'incomplete',
      fields: { title: 'is missing' },
    }),
  },
  'a problem for a browser': {
    headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' },
    handle: failing(new HttpProblem(404, 'No <plan>')),
    status: 404,
    type: 'text/html',
    body:
      '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">' +
      '<title>No &lt;plan&gt;</title><main><h1>404 No &lt;plan&gt;</h1>' +
      '<p><small>r-1</small></p></main>',
  },
  'a problem for a program that also takes HTML': {
    headers: { accept: 'application/json, text/html' },
    handle: failing(new HttpProblem(404, 'No plan')),
    status: 404,
    body: problem(404, 'No plan'),
  },
  'something behind it is overloaded': {
    handle: io('overloaded', true, 'none'),
    status: 503,
    retryAfter: '1',
    body: problem(503, 'Service Unavailable', {
      code: 'overloaded',
      retryable: true,
      outcome: 'none',
    }),
  },
  'something behind it took too long': {
    handle: io('timeout', true, 'unknown'),
    status: 504,
    body: problem(504, 'Gateway Timeout', { code: 'timeout', retryable: true, outcome: 'unknown' }),
  },
  'something behind it is lost for now': {
    handle: io('connection_lost', true, 'unknown'),
    status: 503,
    body: problem(503, 'Service Unavailable', {
      code: 'connection_lost',
      retryable: true,
      outcome: 'unknown',
    }),
  },
  'something behind it refuses for good': {
    handle: io('forbidden', false, 'none'),
    status: 502,
    body: problem(502, 'Bad Gateway', { code: 'forbidden', retryable: false, outcome: 'none' }),
    isLogged: true,
  },
  'something behind it is overloaded, behind an effect': {
    handle: behindAnEffect(() => io('overloaded', true, 'none')()),
    status: 503,
    retryAfter: '1',
    body: problem(503, 'Service Unavailable', {
      code: 'overloaded',
      retryable: true,
      outcome: 'unknown',
    }),
  },
  'a timeout of the handler’s own, behind an effect': {
    handle: behindAnEffect(() => withTimeout(0, async () => 'never')),
    status: 504,
    body: problem(504, 'Gateway Timeout', { ...late, outcome: 'unknown' }),
  },
  'a problem that says that nothing has happened, behind an effect': {
    handle: behindAnEffect(async () => {
      throw new HttpProblem(409, 'Busy', { outcome: 'none' })
    }),
    status: 409,
    body: problem(409, 'Busy', { outcome: 'unknown' }),
  },
  'a problem that says nothing of it, behind an effect': {
    handle: behindAnEffect(async () => {
      throw new HttpProblem(409, 'Busy')
    }),
    status: 409,
    body: problem(409, 'Busy'),
  },
  'a problem that the source of an upload throws': {
    handle: () => sourceFailed(),
    status: 415,
    body: problem(415, 'That is no PDF'),
  },
  'a problem that the source of an upload throws, behind an effect': {
    handle: behindAnEffect(() => sourceFailed()),
    status: 415,
    body: problem(415, 'That is no PDF', { outcome: 'unknown' }),
  },
  'a problem of a source that says that nothing has happened, behind an effect': {
    handle: behindAnEffect(() => sourceFailed({ outcome: 'none' })),
    status: 415,
    body: problem(415, 'That is no PDF', { outcome: 'unknown' }),
  },
  'a problem of a source, behind an effect in a scope of the handler’s own': {
    handle: () =>
      withTimeout(
        1_000,
        behindAnEffect(() => sourceFailed()),
      ),
    status: 415,
    body: problem(415, 'That is no PDF', { outcome: 'unknown' }),
  },
  'a mistake of the program': {
    handle: failing(new TypeError('password=hunter2')),
    status: 500,
    body: serverError,
    isLogged: true,
  },
  'a thrown text': {
    handle: failing('password=hunter2'),
    status: 500,
    body: serverError,
    isLogged: true,
  },
  'a thrown object with a status': {
    // As a client of another service has it: its 404 is not ours.
    handle: failing(Object.assign(new Error('hunter2'), { status: 404, statusCode: 404 })),
    status: 500,
    body: serverError,
    isLogged: true,
  },
  'an error that hides its fields': {
    handle: failing(
      new Proxy(new Error('hunter2'), {
        get(target, key) {
          if (key === 'status' || key === 'validation' || key === 'getResponse') throw target
          return Reflect.get(target, key) as unknown
        },
      }),
    ),
    status: 500,
    body: serverError,
    isLogged: true,
  },
  'a timeout of the handler’s own': {
    handle: () => withTimeout(0, async () => 'never'),
    status: 504,
    body: problem(504, 'Gateway Timeout', { ...late, outcome: 'none' }),
  },
  'a timeout with an effect': {
    handle: failing(
      new TimeoutError('hunter2', { scope: 'charge', timeoutMs: 1, outcome: 'unknown' }),
    ),
    status: 504,
    body: problem(504, 'Gateway Timeout', { ...late, outcome: 'unknown' }),
  },
  'a budget that is spent': {
    headers: { 'x-budget': '0' },
    handle: async () => 'not called',
    status: 504,
    body: problem(504, 'Gateway Timeout', { ...late, outcome: 'none' }),
  },
  'a budget that is none': {
    headers: { 'x-budget': '-1' },
    handle: async () => 'hello',
    status: 200,
    body: 'hello',
  },
  'work for after the answer that fails': {
    handle: async () => {
      afterResponse(() => {
        throw new Error('hunter2')
      })
      return 'hello'
    },
    status: 200,
    body: 'hello',
    isLogged: true,
  },
}

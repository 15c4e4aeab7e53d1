import { Cancelled, IoError, type Outcome, outcomeOf, TimeoutError } from '@yuzuru/concurrency'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { HTTPException } from 'hono/http-exception'
import { type AppContext, pageContext } from './environment.ts'
import { Invalid } from './invalid.ts'
import { logFailure } from './log-failure.ts'
import type { Text } from './language.ts'
import { Problems } from './form.tsx'
import { Layout } from './layout.tsx'

interface Failure {
  readonly status: ContentfulStatusCode
  readonly code: string
  readonly text: Text
}

const WRONG_INPUT = {
  code: 'invalid',
  text: { ja: '入力内容をご確認ください', en: 'Please check your input' },
}

const REFUSALS: Partial<Record<Invalid['status'], Omit<Failure, 'status'>>> = {
  402: { code: 'payment_required', text: { ja: 'ご契約が必要です', en: 'Not subscribed' } },
  403: { code: 'forbidden', text: { ja: '権限がありません', en: 'Not allowed' } },
  404: { code: 'not_found', text: { ja: '見つかりません', en: 'Not found' } },
  421: { code: 'misdirected', text: { ja: '宛先が違います', en: 'Misdirected' } },
  429: { code: 'rate_limited', text: { ja: '回数が多すぎます', en: 'Too many' } },
}

/**
 * Answers with what went wrong, as a page or as JSON: in full if the sender can correct it, else briefly.
 */
export async function answerFailure(c: AppContext, error: unknown): Promise<Response> {
  const outcome = outcomeFor(c, error)
  const failure = failureOf(error, outcome)
  if (failure.status >= 500) logFailure(`${c.req.method} ${c.req.path}: ${String(error)}`)
  const problems = error instanceof Invalid ? error.problems : []
  const language = c.get('language') ?? 'ja'
  c.status(failure.status)
  // The rest of a body that is too large is not read, so the connection cannot be reused.
  if (failure.status === 413) c.header('connection', 'close')
  if (wantsJson(c)) {
    const fields = problems.map(({ field, text }) => ({ field, message: text[language] }))
    const message = failure.text[language]
    return c.json({ error: { code: failure.code, message, outcome, fields } })
  }
  return await c.html(
    <Layout context={{ ...pageContext(c), language }} title={failure.text}>
      <Problems problems={problems} language={language} fields={[]} />
      <p>
        <a href="/">{{ ja: 'ホームへ戻る', en: 'Back to the start' }[language]}</a>
      </p>
    </Layout>,
  )
}

function wantsJson(c: AppContext): boolean {
  return c.req.path.startsWith('/api/') || !(c.req.header('accept') ?? '').includes('text/html')
}

/**
 * Whether the request may have changed something. The error speaks only for the call that failed: a read
 * that fails after a commit has no effect, but the request has had one.
 */
function outcomeFor(c: AppContext, error: unknown): Outcome {
  // The handler refused on purpose, and does so before anything has happened.
  if (error instanceof Invalid || error instanceof HTTPException) return 'none'
  return c.get('scope')?.outcome === 'none' ? (outcomeOf(error) ?? 'unknown') : 'unknown'
}

/** The message that a person gets for a failure with that `outcome`. */
export function failureOf(error: unknown, outcome: Outcome): Failure {
  if (error instanceof Invalid) {
    return { status: error.status, ...(REFUSALS[error.status] ?? WRONG_INPUT) }
  }
  if (error instanceof HTTPException && error.status < 500) {
    const text = { ja: 'リクエストを受け付けられません', en: 'The request was refused' }
    return { status: error.status, code: 'refused', text }
  }
  const late = Cancelled.isInstance(error) && error.source === 'timeout'
  if (TimeoutError.isInstance(error) || late) {
    const text = { ja: '時間内に処理できませんでした', en: 'This took too long and was stopped' }
    return { status: 504, code: 'timeout', text }
  }
  if (Cancelled.isInstance(error)) {
    return { status: 503, code: 'cancelled', text: { ja: '中断されました', en: 'Interrupted' } }
  }
  if (IoError.isInstance(error)) {
    const text =
      outcome === 'none'
        ? {
            ja: '外部サービスに接続できませんでした。何も変更されていません。もう一度お試しください',
            en: 'A service could not be reached. Nothing has changed; please try again',
          }
        : {
            ja: '外部サービスの応答が途絶えました。処理されたかもしれないため、状態をご確認ください',
            en: 'A service stopped answering. It may have done its work: please check before you try again',
          }
    return { status: error.retryable ? 503 : 502, code: error.code, text }
  }
  return {
    status: 500,
    code: 'unexpected',
    text: { ja: 'エラーが発生しました', en: 'Something failed' },
  }
}

import type { RefusalCode } from '@yuzuru/concurrency/boundary'
import { problemOfRefusal } from '../problems/problem-of.ts'
import { writeAnswer } from '../problems/write-problem.ts'
import type { RequestLife } from './request-life.ts'

/** Answers a request that is not begun. It makes no error: what is refused has to cost next to nothing. */
export function writeRefusal(code: RefusalCode, life: RequestLife): void {
  if (life.response.destroyed) return
  writeAnswer(problemOfRefusal(code, life.context.id), life.request, life.response)
}

import { STATUS_CODES } from 'node:http'
import type { ErrorHandler, NotFoundHandler } from 'hono'
import { HttpProblem } from '../problems/http-problem.ts'
import { problem } from '../problems/problem.ts'
import { refusalOf } from './refusal.ts'

/**
 * Makes a problem of every error, hono's `HTTPException` too.
 *
 * @example
 * app.onError(onError)
 */
export const onError: ErrorHandler = (error, c) => problem(refusalOf(error), c.req.header('accept'))

/**
 * Answers a path that no route has: 404 as a problem.
 *
 * @example
 * app.notFound(notFound)
 */
export const notFound: NotFoundHandler = (c) =>
  problem(new HttpProblem(404, STATUS_CODES[404] as string), c.req.header('accept'))
